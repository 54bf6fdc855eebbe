/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * names_evdns.c - names through evdns; see names_evdns.h.
 *
 * A and AAAA are asked for at the same time, and answered for together. A name with a dot is asked
 * for as it is: with the search list of resolv.conf another name than the one that was written
 * could answer for it.
 */
#include "control/names_evdns.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <event2/dns.h>
#include <event2/event.h>

#include "control/gateway.h"
#include "control/hosts_file.h"
#include "control/ike/conf.h"
#include "control/log.h"
#include "control/model/hostname.h"
#include "control/names.h"
#include "control/names_reply.h"

#define HOSTS_FILE_TTL 300u /* s: looked at again after this */

/* Its part for one family. */
struct half {
	struct ask *q;
	uint8_t family;
};

/* A question that is out. */
struct ask {
	struct names_evdns *r;
	struct evdns_base *via;
	struct half a, aaaa;
	char peer[IKE_CONF_NAME];
	uint64_t serial;
	unsigned out; /* of A and AAAA */
	struct names_answer answer;
	TAILQ_ENTRY(ask) link;
};

struct names_evdns {
	struct event_base *base;
	struct evdns_base *dns; /* NULL: resolv.conf was not read yet */
	struct evdns_base *old; /* of the one before; it ends with the questions that are out */
	struct names *names;
	const char *resolv_conf, *hosts;
	struct stat read; /* resolv.conf as it was read */
	TAILQ_HEAD(asks, ask) asks;
};

/* --- answers --- */

static enum names_status status_of(int result)
{
	switch (result) {
	case DNS_ERR_NOTEXIST:
		return NAMES_NO_NAME;
	case DNS_ERR_NODATA:
		return NAMES_NO_ADDRESS;
	case DNS_ERR_TIMEOUT:
		return NAMES_TIMEOUT;
	case DNS_ERR_SERVERFAILED:
	case DNS_ERR_NOTIMPL:
	case DNS_ERR_REFUSED:
		return NAMES_SERVER;
	case DNS_ERR_FORMAT:
	case DNS_ERR_TRUNCATED:
	case DNS_ERR_UNKNOWN:
		return NAMES_BAD_ANSWER;
	default:
		return NAMES_NOT_ASKED;
	}
}

static void answer(struct ask *q)
{
	struct names_evdns *r = q->r;

	if (--q->out > 0)
		return;
	names_reply_end(&q->answer);
	TAILQ_REMOVE(&r->asks, q, link);
	names_answer(r->names, q->peer, q->serial, &q->answer, gateway_clock());
	free(q);
}

static void on_result(int result, char type, int count, int ttl, void *addresses, void *arg)
{
	const struct half *h = arg;
	enum names_status status = result == DNS_ERR_NONE ? NAMES_NO_ADDRESS : status_of(result);

	if (result == DNS_ERR_NONE && type == (h->family == 4 ? DNS_IPv4_A : DNS_IPv6_AAAA) &&
	    count > 0 && addresses != NULL)
		names_reply_add(&h->q->answer, h->family, (size_t)count,
				ttl > 0 ? (uint32_t)ttl : 0, addresses);
	else
		names_reply_fail(&h->q->answer, h->family, status);
	answer(h->q);
}

/* --- questions --- */

/* What evdns says of its name servers: for who looks for it. */
static void on_log(int is_warning, const char *text)
{
	(void)is_warning;
	log_debug(&log_system, "dns: %s", text);
}

static bool has_changed(const struct names_evdns *r)
{
	struct stat s = {0};

	(void)stat(r->resolv_conf, &s); /* none is one, too */
	return s.st_ino != r->read.st_ino || s.st_size != r->read.st_size ||
	       s.st_mtim.tv_sec != r->read.st_mtim.tv_sec ||
	       s.st_mtim.tv_nsec != r->read.st_mtim.tv_nsec;
}

static void forget(struct evdns_base **dns)
{
	if (*dns != NULL)
		evdns_base_free(*dns, 0);
	*dns = NULL;
}

static bool is_used(const struct names_evdns *r, const struct evdns_base *dns)
{
	const struct ask *q;

	TAILQ_FOREACH (q, &r->asks, link)
		if (q->via == dns)
			return true;
	return false;
}

/* Questions that are out would be lost with it: they go on beside the new one. With many names
 * there are always some. False: those of the one before are still out, too. */
static bool retire(struct names_evdns *r)
{
	if (r->old != NULL)
		return false;
	r->old = r->dns;
	r->dns = NULL;
	return true;
}

static int read_conf(struct names_evdns *r)
{
	static const char *const options[][2] = {
		{"timeout:", "3"},  /* s, unless resolv.conf says otherwise; */
		{"attempts:", "3"}, /* the same */
		{"max-timeouts:",
		 "255"}, /* a silent server is asked again: there may be no other */
	};

	if (r->old != NULL && !is_used(r, r->old))
		forget(&r->old);
	if (r->dns != NULL && (!has_changed(r) || !retire(r)))
		return 0;
	r->read = (struct stat){0};
	(void)stat(r->resolv_conf, &r->read);
	r->dns = evdns_base_new(r->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (r->dns == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		(void)evdns_base_set_option(r->dns, options[i][0], options[i][1]);
	(void)evdns_base_resolv_conf_parse(r->dns, DNS_OPTIONS_ALL & ~DNS_OPTION_HOSTSFILE,
					   r->resolv_conf);
	if (evdns_base_count_nameservers(r->dns) > 0)
		return 0;
	forget(&r->dns); /* the next question tries again */
	return -ENETUNREACH;
}

static bool in_hosts_file(struct names_evdns *r, const struct names_question *q)
{
	struct names_answer a = {.status = NAMES_FOUND, .ttl = HOSTS_FILE_TTL};

	a.n = hosts_file_find(r->hosts, q->host, q->family, a.addrs, HOSTS_MAX_ANSWERS);
	if (a.n > 0)
		names_answer(r->names, q->peer, q->serial, &a, gateway_clock());
	return a.n > 0;
}

/* The answer may come before this returns. */
static void send_both(struct names_evdns *r, struct ask *q, const char *host, uint8_t family,
		      int flags)
{
	q->out = 1; /* ours, until all are sent */
	if (family != 6) {
		q->out++;
		if (evdns_base_resolve_ipv4(r->dns, host, flags, on_result, &q->a) == NULL)
			on_result(DNS_ERR_SHUTDOWN, 0, 0, 0, NULL, &q->a);
	}
	if (family != 4) {
		q->out++;
		if (evdns_base_resolve_ipv6(r->dns, host, flags, on_result, &q->aaaa) == NULL)
			on_result(DNS_ERR_SHUTDOWN, 0, 0, 0, NULL, &q->aaaa);
	}
	answer(q);
}

static int ask(void *ctx, const struct names_question *q)
{
	struct names_evdns *r = ctx;
	char host[HOSTNAME_MAX + 2];
	size_t len = strlen(q->host);
	struct ask *a;
	int rc;

	if (in_hosts_file(r, q))
		return 0;
	rc = read_conf(r);
	if (rc != 0)
		return rc;
	a = calloc(1, sizeof(*a));
	if (a == NULL || len >= sizeof(host) || len == 0 || strlen(q->peer) >= sizeof(a->peer)) {
		free(a);
		return -ENOMEM;
	}
	a->r = r;
	a->via = r->dns;
	a->a = (struct half){a, 4};
	a->aaaa = (struct half){a, 6};
	a->serial = q->serial;
	strcpy(a->peer, q->peer);
	TAILQ_INSERT_TAIL(&r->asks, a, link);
	memcpy(host, q->host, len + 1);
	if (host[len - 1] == '.')
		host[len - 1] = '\0';
	send_both(r, a, host, q->family, strchr(q->host, '.') != NULL ? DNS_QUERY_NO_SEARCH : 0);
	return 0;
}

static const struct names_ops ops = {.ask = ask};

struct names_evdns *names_evdns_new(struct event_base *base, struct names *n,
				    const char *resolv_conf, const char *hosts)
{
	struct names_evdns *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->base = base;
	r->names = n;
	r->resolv_conf = resolv_conf;
	r->hosts = hosts;
	TAILQ_INIT(&r->asks);
	evdns_set_log_fn(on_log);
	names_use(n, &ops, r);
	return r;
}

void names_evdns_free(struct names_evdns *r)
{
	struct ask *q;

	if (r == NULL)
		return;
	names_use(r->names, NULL, NULL);
	forget(&r->dns);
	forget(&r->old);
	while ((q = TAILQ_FIRST(&r->asks)) != NULL) {
		TAILQ_REMOVE(&r->asks, q, link);
		free(q);
	}
	free(r);
}
