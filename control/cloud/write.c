/* SPDX-License-Identifier: BSD-3-Clause */
/* write.c - what was read of a cloud, as our configuration; see cloud.h. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "control/cloud/cloud.h"
#include "control/crypto/suite.h"
#include "control/model/addr.h"
#include "control/model/domains.h"
#include "control/model/duration.h"

struct writer {
	const struct cloud_config *c;
	const struct cloud_request *req;
	enum cloud_end ours;
	struct text *out, *why;
};

/* A string of libconfig. */
static void put_string(struct text *out, const char *s)
{
	text_puts(out, "\"");
	for (; *s; s++) {
		unsigned char ch = (unsigned char)*s;

		if (ch == '"' || ch == '\\')
			text_printf(out, "\\%c", ch);
		else if (iscntrl(ch))
			text_printf(out, "\\x%02x", ch);
		else
			text_add(out, s, 1);
	}
	text_puts(out, "\"");
}

static void put(struct text *out, const char *key, const char *value)
{
	text_printf(out, " %s = ", key);
	put_string(out, value);
	text_puts(out, ";");
}

static void put_time(struct text *out, const char *key, uint64_t seconds)
{
	char buf[DURATION_TEXT];

	put(out, key, duration_print(seconds, buf));
}

/* A secret that would be read as something else is written in hexadecimal. */
static void put_secret(struct text *out, const char *psk)
{
	bool plain = strncasecmp(psk, "0x", 2) != 0;

	for (const char *p = psk; *p; p++)
		plain &= isprint((unsigned char)*p) != 0;
	if (plain) {
		put(out, "secret", psk);
		return;
	}
	text_puts(out, " secret = \"0x");
	for (; *psk; psk++)
		text_printf(out, "%02x", (unsigned char)*psk);
	text_puts(out, "\";");
}

static const char *base_name(const struct writer *w)
{
	if (w->req->name != NULL)
		return w->req->name;
	return w->c->vendor == CLOUD_ALIBABA ? "alibaba" : "tencent";
}

/* Is tunnel i to be written? */
static bool wanted(const struct writer *w, size_t i)
{
	return w->req->tunnel == 0 || w->req->tunnel == i + 1;
}

/* NAME, or NAME-1 and NAME-2. */
static void tunnel_name(const struct writer *w, size_t i, char *buf, size_t cap)
{
	if (w->c->n_tunnels == 1 || w->req->tunnel != 0)
		snprintf(buf, cap, "%s", base_name(w));
	else
		snprintf(buf, cap, "%s-%zu", base_name(w), i + 1);
}

/* Alibaba says no type: its strongSwan takes what has an @ for a mailbox, and a leading one off. */
static void id_text(const struct writer *w, const struct cloud_tunnel *t, enum cloud_end e,
		    char *buf, size_t cap)
{
	const char *id = t->id[e];
	bool guessed = w->c->vendor == CLOUD_ALIBABA;
	char addr[ADDR_MAX_TEXT];
	struct abi_addr parsed;

	if (*id == '\0')
		snprintf(buf, cap, "address:%s", addr_text(&t->at[e], addr));
	else if (!t->fqdn[e] && addr_parse(id, &parsed) == 0)
		snprintf(buf, cap, "address:%s", id);
	else if (guessed && *id != '@' && strchr(id, '@') != NULL)
		snprintf(buf, cap, "user-fqdn:%s", id);
	else
		snprintf(buf, cap, "fqdn:%s", id + (guessed && *id == '@'));
}

static uint32_t weak_of(const struct cloud_tunnel *t)
{
	const struct suite_encr *e = suite_encr_find_name(t->enc);
	const struct suite_encr *esp = suite_encr_find_name(t->esp_enc);
	const struct suite_digest *h = suite_digest_find_name(t->hash);
	const struct suite_integ *a = suite_integ_find_name(t->esp_auth);
	const struct suite_group *g = suite_group_find_name(t->dh);
	const struct suite_group *p = suite_group_find_name(t->pfs);
	uint32_t weak = t->mode == IKE_MODE_IKE2 ? 0 : SUITE_WEAK_IKEV1;

	weak |= t->mode == IKE_MODE_AGGRESSIVE ? SUITE_WEAK_AGGRESSIVE : 0;
	weak |= (e != NULL ? e->weak : 0) | (esp != NULL ? esp->weak : 0);
	weak |= (h != NULL ? h->weak : 0) | (g != NULL ? g->weak : 0) | (p != NULL ? p->weak : 0);
	if (esp == NULL || esp->icv_len == 0)
		weak |= a != NULL ? a->weak : 0;
	return weak & ~(uint32_t)SUITE_WEAK_NOTICE;
}

static bool is_any(const struct cloud_pair *p)
{
	return p->net[CLOUD_LOCAL].len == 0 && p->net[CLOUD_REMOTE].len == 0;
}

static bool is_routed(const struct cloud_config *c)
{
	return c->n_pairs == 1 && is_any(&c->pair[0]);
}

static void put_peer(const struct writer *w, const struct cloud_tunnel *t, const char *name)
{
	static const char *const modes[] = {[IKE_MODE_MAIN] = "main",
					    [IKE_MODE_AGGRESSIVE] = "aggressive",
					    [IKE_MODE_IKE2] = "ike2"};
	uint32_t weak = weak_of(t);
	char buf[SUITE_MAX_NAME * 2];

	text_puts(w->out, " {");
	put(w->out, "name", name);
	put(w->out, "address", addr_text(&t->at[!w->ours], buf));
	put(w->out, "profile", name);
	put(w->out, "exchange-mode", modes[t->mode]);
	if (is_routed(w->c))
		put(w->out, "multi-selector", "any");
	else if (w->c->single_sa)
		put(w->out, "multi-selector", "single-sa");
	if (weak != 0)
		put(w->out, "allow-weak", suite_weak_print(weak, buf, sizeof(buf)));
	if (t->label[0] != '\0')
		text_puts(w->out, "\n   "), put(w->out, "comment", t->label);
	text_puts(w->out, " }");
}

static void put_identity(const struct writer *w, const struct cloud_tunnel *t, const char *name)
{
	char id[CLOUD_TEXT + 16];

	text_puts(w->out, " {");
	put(w->out, "peer", name);
	if (t->psk[0] != '\0')
		put_secret(w->out, t->psk);
	else
		text_puts(w->out, " # secret = \"…\": the file has none\n   ");
	id_text(w, t, w->ours, id, sizeof(id));
	put(w->out, "my-id", id);
	id_text(w, t, !w->ours, id, sizeof(id));
	put(w->out, "remote-id", id);
	text_puts(w->out, " }");
}

static void put_profile(const struct writer *w, const struct cloud_tunnel *t, const char *name)
{
	text_puts(w->out, " {");
	put(w->out, "name", name);
	put(w->out, "enc-algorithm", t->enc);
	put(w->out, "hash-algorithm", t->hash);
	put(w->out, "dh-group", t->dh);
	put_time(w->out, "lifetime", t->lifetime);
	text_puts(w->out, " }");
}

static void put_proposal(const struct writer *w, const struct cloud_tunnel *t, const char *name)
{
	const struct suite_encr *esp = suite_encr_find_name(t->esp_enc);

	text_puts(w->out, " {");
	put(w->out, "name", name);
	put(w->out, "enc-algorithms", t->esp_enc);
	put(w->out, "auth-algorithms", esp != NULL && esp->icv_len != 0 ? "null" : t->esp_auth);
	put(w->out, "pfs-group", t->pfs);
	put_time(w->out, "lifetime", t->esp_lifetime);
	if (t->esp_kilobytes != 0)
		text_printf(w->out, " lifebytes = %llu;", (unsigned long long)t->esp_kilobytes);
	text_puts(w->out, " }");
}

typedef void put_fn(const struct writer *w, const struct cloud_tunnel *t, const char *name);

static void put_list(const struct writer *w, const char *key, put_fn *fn)
{
	char name[IKE_CONF_NAME];
	bool first = true;

	text_printf(w->out, "%s = (", key);
	for (size_t i = 0; i < w->c->n_tunnels; i++) {
		if (!wanted(w, i))
			continue;
		text_puts(w->out, first ? "\n " : ",\n ");
		first = false;
		tunnel_name(w, i, name, sizeof(name));
		fn(w, &w->c->tunnel[i], name);
	}
	text_puts(w->out, " );\n");
}

static void put_net(const struct writer *w, const char *key, const struct cloud_net *net)
{
	char addr[ADDR_MAX_TEXT], buf[ADDR_MAX_TEXT + 4];

	snprintf(buf, sizeof(buf), "%s/%u", addr_text(&net->addr, addr), net->len);
	put(w->out, key, buf);
}

/* What the user says begins with our side. */
static void put_policy(const struct writer *w, const struct cloud_pair *pair, const char *name,
		       bool standby)
{
	enum cloud_end ours = is_routed(w->c) ? CLOUD_LOCAL : w->ours;

	text_puts(w->out, w->out->s[w->out->len - 1] == '(' ? "\n  {" : ",\n  {");
	put(w->out, "peer", name);
	text_puts(w->out, " tunnel = true;");
	put_net(w, "src-address", &pair->net[ours]);
	put_net(w, "dst-address", &pair->net[!ours]);
	put(w->out, "proposal", name);
	text_puts(w->out, standby ? " standby = true; }" : " }");
}

static void put_policies(const struct writer *w)
{
	bool routed = is_routed(w->c);
	const struct cloud_pair *list = routed ? w->req->routed : w->c->pair;
	size_t n = routed ? w->req->n_routed : w->c->n_pairs;
	char name[IKE_CONF_NAME];

	text_puts(w->out, "policy = (");
	for (size_t k = 0; k < w->c->n_tunnels; k++) {
		if (!wanted(w, k))
			continue;
		tunnel_name(w, k, name, sizeof(name));
		for (size_t i = 0; i < n; i++)
			put_policy(w, &list[i], name, k > 0 && w->req->tunnel == 0);
	}
	text_puts(w->out, " );\n");
}

static int complain(const struct writer *w, const char *what)
{
	text_puts(w->why, what);
	return -EINVAL;
}

/* What our configuration takes. */
static int check_tunnel(const struct writer *w, const struct cloud_tunnel *t)
{
	const uint64_t times[] = {t->lifetime, t->esp_lifetime};

	for (size_t i = 0; i < 2; i++)
		if (times[i] < (uint64_t)domain_profile_lifetime.min ||
		    times[i] > (uint64_t)domain_profile_lifetime.max)
			return complain(w, i == 0 ? "IKE lifetime: 5 to 31536000 s here"
						  : "IPsec lifetime: 5 to 31536000 s here");
	if (t->esp_kilobytes > UINT32_MAX)
		return complain(w, "IPSECSaLifetimeTraffic: at most 4294967295 kB here");
	if (strlen(t->label) >= IKE_CONF_NAME)
		return complain(w, "the name of a tunnel: at most 63 bytes here");
	for (const char *p = t->label; *p; p++)
		if (iscntrl((unsigned char)*p))
			return complain(w, "the name of a tunnel holds a control character");
	return 0;
}

static bool is_name(const char *name)
{
	size_t len = strlen(name);

	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && strchr("._-", *p) == NULL)
			return false;
	return len > 0 && len <= IKE_CONF_NAME - 4;
}

static int check(const struct writer *w)
{
	int rc = 0;

	if (!is_name(base_name(w)))
		return complain(w, "--name: 1 to 60 letters, digits, dots, _ and -");
	if (w->req->tunnel > w->c->n_tunnels)
		return complain(w, "--tunnel: there are not so many");
	if (is_routed(w->c) && w->req->n_routed == 0)
		return complain(w, "the cloud routes by destination and does not say which "
				   "networks go through the tunnel; say them with --networks "
				   "OURS=THEIRS");
	if (!is_routed(w->c) && w->req->n_routed != 0)
		return complain(w,
				"--networks: the file says which networks go through the tunnel");
	for (size_t i = 0; i < w->c->n_tunnels && rc == 0; i++)
		rc = wanted(w, i) ? check_tunnel(w, &w->c->tunnel[i]) : 0;
	return rc;
}

/* Its health check has no place inside of ip.ipsec: said, so that it is not overlooked. */
static void put_probe(const struct writer *w, const struct cloud_tunnel *t)
{
	char host[ADDR_MAX_TEXT], mine[ADDR_MAX_TEXT];

	if (t->probe[CLOUD_LOCAL].family == 0)
		return;
	addr_text(&t->probe[!w->ours], host);
	addr_text(&t->probe[w->ours], mine);
	text_printf(w->out,
		    "# The cloud pings %s from %s. To answer and watch that, beside ip.ipsec:\n"
		    "#   ip.address += { address = \"%s/32\"; interface = \"…\"; }\n"
		    "#   tool.netwatch += { name = \"%s\"; host = \"%s\"; src-address = \"%s\"; "
		    "expect-interval = 5000; }\n"
		    "# and the policies must cover both addresses.\n",
		    mine, host, mine, base_name(w), host, mine);
}

int cloud_write(const struct cloud_config *c, const struct cloud_request *req, enum cloud_end ours,
		struct text *out, struct text *why)
{
	const struct writer w = {.c = c, .req = req, .ours = ours, .out = out, .why = why};
	int rc = check(&w);

	if (rc != 0)
		return rc;
	text_printf(
		out,
		"# From %s: goes inside of ip.ipsec, by @include. It holds secrets: chmod 600.\n"
		"# Phase 2 DH group (PFS) where nobody says one: Alibaba modp1024, Tencent none, "
		"RouterOS modp1024.\n",
		c->vendor == CLOUD_ALIBABA ? "Alibaba" : "Tencent");
	for (size_t i = 0; i < c->n_tunnels; i++)
		if (wanted(&w, i))
			put_probe(&w, &c->tunnel[i]);
	put_list(&w, "profile", put_profile);
	put_list(&w, "peer", put_peer);
	put_list(&w, "identity", put_identity);
	put_list(&w, "proposal", put_proposal);
	put_policies(&w);
	return out->failed ? -ENOMEM : 0;
}
