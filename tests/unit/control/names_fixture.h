/* SPDX-License-Identifier: BSD-3-Clause */
/* names_fixture.h - names of peers on a virtual clock, with a resolver of the test's. */
#ifndef ESPGW_TESTS_NAMES_FIXTURE_H
#define ESPGW_TESTS_NAMES_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/log.h"
#include "control/model/addr.h"
#include "control/model/file.h"
#include "control/model/model.h"
#include "control/model/problem.h"
#include "control/names.h"

#define SEC  1000000000ull
#define MANY 200u

struct fixture {
	struct names *n;
	struct model *m;
	uint64_t now;
	unsigned asked, refuse; /* refuse: questions that cannot be sent */
	char peer[64], host[256];
	uint64_t serial;
	uint8_t family;
	char path[64];
	uint64_t serials[MANY]; /* of the last question for each */
};

static inline int ask(void *ctx, const struct names_question *q)
{
	struct fixture *x = ctx;
	unsigned k;

	if (x->refuse > 0) {
		x->refuse--;
		return -ENETUNREACH;
	}
	x->asked++;
	if (sscanf(q->peer, "p%u", &k) == 1 && k < MANY)
		x->serials[k] = q->serial;
	snprintf(x->peer, sizeof(x->peer), "%s", q->peer);
	snprintf(x->host, sizeof(x->host), "%s", q->host);
	x->serial = q->serial;
	x->family = q->family;
	return 0;
}

static const struct names_ops ops = {ask};

static inline void write_peers_from(struct fixture *x, const char *host, const char *more,
				    unsigned from, unsigned n)
{
	FILE *f = fopen(x->path, "w");

	assert_non_null(f);
	fchmod(fileno(f), 0600);
	fprintf(f, "interface = ( { name = \"wan\"; device = \"net_null0\"; } );\n"
		   "ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"wan\"; } );\n"
		   "ipsec = { profile = ( { name = \"f\"; hash-algorithm = \"sha256\"; dh-group = "
		   "\"ecp256\"; } );\n peer = (");
	for (unsigned i = from; i < n; i++) {
		char first[16] = "";

		if (i != 0)
			snprintf(first, sizeof(first), "x%u.", i);
		fprintf(f,
			"%s{ name = \"p%u\"; profile = \"f\"; exchange-mode = \"ike2\"; address = "
			"\"%s%s\"; %s }",
			i > from ? "," : "", i, first, host, more);
	}
	fprintf(f, ");\n identity = (");
	for (unsigned i = from; i < n; i++)
		fprintf(f, "%s{ peer = \"p%u\"; secret = \"0123456789012345678901234\"; }",
			i > from ? "," : "", i);
	fprintf(f, "); }; };\n");
	fclose(f);
}

/* The first peer of the file twice, the second one at an address. */
static inline void take_address(struct fixture *x, const char *address)
{
	char text[4096], *peers, *ids;
	FILE *f = fopen(x->path, "r");

	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	peers = strstr(text, "peer = (") + strlen("peer = (");
	ids = strstr(text, "identity = (") + strlen("identity = (");
	f = fopen(x->path, "w");
	fprintf(f,
		"%.*s { name = \"q\"; profile = \"f\"; exchange-mode = \"ike2\"; address = \"%s\"; "
		"}, %.*s { peer = \"q\"; secret = \"0123456789012345678901234\"; }, %s",
		(int)(peers - text), text, address, (int)(ids - peers), peers, ids);
	fclose(f);
}

static inline void load_written(struct fixture *x)
{
	struct problems *p = malloc(sizeof(*p));

	problems_init(p);
	model_free(x->m);
	x->m = model_load(x->path, p);
	if (!x->m)
		fail_msg("%s", problems_text(p));
	problems_free(p);
	free(p);
	assert_int_equal(names_follow(x->n, x->m, x->now), 0);
}

static inline void load_peers(struct fixture *x, const char *host, const char *more, unsigned n)
{
	write_peers_from(x, host, more, 0, n);
	load_written(x);
}

static inline void load(struct fixture *x, const char *host, const char *more)
{
	load_peers(x, host, more, 1);
}

static inline int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	log_setup(-1, LOG_LEVEL_DEBUG);
	log_reset();
	snprintf(x->path, sizeof(x->path), "/tmp/espgw-test-names-%d", (int)getpid());
	x->now = 1000 * SEC;
	x->n = names_new(12345);
	names_use(x->n, &ops, x);
	load(x, "vpn.example.com", "");
	*state = x;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *x = *state;

	names_free(x->n);
	model_free(x->m);
	unlink(x->path);
	free(x);
	return 0;
}

/* One turn, with the choice that the gateway makes when something changed. */
static inline bool tick(struct fixture *x)
{
	bool changed = names_tick(x->n, x->now);

	if (changed) {
		assert_int_equal(hosts_place(x->m, names_hosts(x->n)), 0);
		(void)names_settle(x->n, true);
	}
	return changed;
}

/* Time goes by in steps of a second; how many questions went out. Nobody answers. */
static inline unsigned run(struct fixture *x, unsigned seconds)
{
	unsigned before = x->asked;

	while (seconds-- > 0) {
		x->now += SEC;
		tick(x);
	}
	return x->asked - before;
}

static inline void answer(struct fixture *x, uint32_t ttl, const char *a, const char *b)
{
	struct names_answer ans = {.status = NAMES_FOUND, .ttl = ttl};

	if (a && addr_parse(a, &ans.addrs[ans.n]) == 0)
		ans.n++;
	if (b && addr_parse(b, &ans.addrs[ans.n]) == 0)
		ans.n++;
	names_answer(x->n, x->peer, x->serial, &ans, x->now);
}

static inline void no_answer(struct fixture *x, enum names_status status)
{
	const struct names_answer ans = {.status = status};

	names_answer(x->n, x->peer, x->serial, &ans, x->now);
}

static inline void assert_in_use(struct fixture *x, const char *want)
{
	char text[ADDR_MAX_TEXT];
	struct names_state s;

	assert_true(names_look(x->n, "p0", &s));
	assert_string_equal(addr_text(&s.addr, text), want);
}

static inline void count_line(void *ctx, const struct log_line *l)
{
	struct {
		const char *what;
		unsigned n;
	} *c = ctx;

	c->n += strstr(l->text, c->what) != NULL;
}

static inline unsigned logged(const char *what)
{
	struct {
		const char *what;
		unsigned n;
	} c = {what, 0};

	log_visit(count_line, &c);
	return c.n;
}

#endif
