/* SPDX-License-Identifier: BSD-3-Clause */
/* diagkit.c - see diagkit.h. */
#include "tests/sim/diagkit.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/crypto/suite.h"
#include "control/model/file.h"
#include "control/model/model.h"
#include "control/model/problem.h"
#include "control/model/weak.h"

/* One row to a line, so that a row is found and edited as text. */
static const char conf[] =
	"interface = ( { name = \"lan\"; device = \"net_null0\"; },\n"
	"  { name = \"wan\"; device = \"net_null1\"; } );\n"
	"ip = {\n"
	"  address = ( { address = \"%s\"; interface = \"lan\"; },\n"
	"    { address = \"%s\"; interface = \"wan\"; } );\n"
	"  route = ( { gateway = \"%s\"; } );\n"
	"  ipsec = {\n"
	"    profile = ( { name = \"p\"; enc-algorithm = \"aes-128\"; hash-algorithm = \"sha1\";"
	" dh-group = \"ecp256\"; } );\n"
	"    peer = ( { name = \"far\"; address = \"%s\"; profile = \"p\"; exchange-mode = \"%s\";"
	" passive = %s; allow-weak = \"%s\"; } );\n"
	"    identity = ( { peer = \"far\"; secret = \"%s\"; } );\n"
	"    proposal = ( { name = \"q\"; auth-algorithms = \"sha1\";"
	" enc-algorithms = \"aes-128-cbc\"; pfs-group = \"none\"; } );\n"
	"    policy = ( { peer = \"far\"; tunnel = true; src-address = \"%s\"; dst-address = "
	"\"%s\";"
	" proposal = \"q\"; } );\n"
	"  };\n"
	"};\n";

void diagkit_init(struct diagkit *k, uint64_t seed, const char *mode)
{
	const char *weak = strcmp(mode, "aggressive") == 0 ? "ikev1,aggressive" : "ikev1";

	memset(k, 0, sizeof(*k));
	sim_init(&k->s, seed);
	snprintf(k->conf[0], sizeof(k->conf[0]), conf, "192.168.1.1/24", "113.87.48.200/24",
		 "113.87.48.1", "119.91.254.122", mode, "false", weak, DIAGKIT_SECRET,
		 "192.168.1.0/24", "10.100.1.0/24");
	snprintf(k->conf[1], sizeof(k->conf[1]), conf, "10.100.1.1/24", "119.91.254.122/24",
		 "119.91.254.1", "113.87.48.200", mode, "true", weak, DIAGKIT_SECRET,
		 "10.100.1.0/24", "192.168.1.0/24");
}

static void drop_model(struct diagkit *k, int side)
{
	model_plan_free(k->plan[side]);
	model_free(k->model[side]);
	k->plan[side] = NULL;
	k->model[side] = NULL;
}

void diagkit_fini(struct diagkit *k)
{
	sim_fini(&k->s);
	for (int i = 0; i < 2; i++) {
		drop_model(k, i);
		text_free(&k->text[i]);
		text_free(&k->routeros[i]);
	}
}

/* The row's text, from { to }; the row that has both values. */
static char *find_row(char *text, const char *menu, const char *key, const char *value,
		      const char *key2, const char *value2)
{
	const char *dot = strrchr(menu, '.');
	char want[64], a[256], b[256], *at, *end;

	snprintf(want, sizeof(want), "\n    %s = (", dot != NULL ? dot + 1 : menu);
	at = strstr(text, want);
	assert_non_null(at);
	end = strstr(at, ");");
	snprintf(a, sizeof(a), " %s = \"%s\";", key != NULL ? key : "", value);
	snprintf(b, sizeof(b), " %s = \"%s\";", key2 != NULL ? key2 : "", value2);
	while ((at = strchr(at, '{')) != NULL && at < end) {
		char *close = strchr(at, '}'), *ka = strstr(at, a), *kb = strstr(at, b);

		if ((key == NULL || (ka != NULL && ka < close)) &&
		    (key2 == NULL || (kb != NULL && kb < close)))
			return at;
		at = close;
	}
	return NULL;
}

void diagkit_set(struct diagkit *k, int side, const char *menu, const char *key, const char *value,
		 const char *key2, const char *value2, const char *prop, const char *rhs)
{
	char *text = k->conf[side], old[sizeof(k->conf[0])], want[64], *row, *at, *end;

	strcpy(old, text);
	row = find_row(old, menu, key, value, key2, value2);
	if (row == NULL)
		fail_msg("no row of %s with %s=%s in:\n%s", menu, key, value, old);
	snprintf(want, sizeof(want), " %s = ", prop);
	at = strstr(row, want);
	end = strchr(row, '}');
	if (at == NULL || at > end)
		at = row + 1, end = at;
	else
		end = strchr(at, ';') + 1;
	snprintf(text, sizeof(k->conf[0]), "%.*s %s = %s;%s", (int)(at - old), old, prop, rhs, end);
}

void diagkit_load(struct diagkit *k, int side)
{
	static struct problems problems;
	struct sim_node *n = &k->s.node[side];
	char path[] = "/tmp/espgw-diag-XXXXXX", *told;
	int fd = mkstemp(path);
	size_t len = strlen(k->conf[side]);

	assert_true(fd >= 0 && write(fd, k->conf[side], len) == (ssize_t)len && close(fd) == 0);
	drop_model(k, side);
	problems_init(&problems);
	k->model[side] = model_load(path, &problems);
	if (k->model[side] != NULL)
		k->plan[side] = model_plan_new(k->model[side], NULL, &problems);
	unlink(path);
	told = problems_text(&problems);
	if (k->plan[side] == NULL)
		fail_msg("refused:\n%s%s", told, k->conf[side]);
	free(told);
	problems_free(&problems);
	n->conf = k->plan[side]->peers[0];
	assert_in_range(n->conf.n_children, 1, SIM_CHILDREN);
	for (size_t i = 0; i < n->conf.n_children; i++) {
		n->children[i] = n->conf.children[i];
		n->children[i].policy_id = SIM_POLICY((unsigned)i);
	}
	n->conf.children = n->children;
	assert_int_equal(sim_configure(&k->s, side), 0);
}

/* --- diagnosis --- */

struct gather {
	struct diag_peer peer;
	struct diag_policy policies[SIM_CHILDREN];
	struct ike_evidence evidence[IKE_EVIDENCE_MAX];
};

static void take_evidence(void *ctx, const char *peer, const struct ike_evidence *ev)
{
	struct gather *x = ctx;

	(void)peer;
	assert_true(x->peer.n_evidence < IKE_EVIDENCE_MAX);
	x->evidence[x->peer.n_evidence++] = *ev;
}

static void take_sa(void *ctx, const struct ike_sa_info *info)
{
	struct gather *x = ctx;

	if (info->established > x->peer.up_since)
		x->peer.up_since = info->established;
}

static void take_pair(void *ctx, const struct ike_child_info *info)
{
	struct gather *x = ctx;
	struct diag_policy *p = &x->policies[info->policy_id - SIM_POLICY(0)];

	p->up = true;
	p->up_since = info->added > p->up_since ? info->added : p->up_since;
	p->n_local = info->n_local;
	p->n_remote = info->n_remote;
	memcpy(p->local, info->ts_local, info->n_local * sizeof(p->local[0]));
	memcpy(p->remote, info->ts_remote, info->n_remote * sizeof(p->remote[0]));
}

void diagkit_diagnose(struct diagkit *k, int side)
{
	static struct diag_report r;
	struct sim_node *n = &k->s.node[side];
	const struct model_row *row = model_find(k->model[side], MENU_PEER, "far");
	char weak[SUITE_MAX_NAME * 2];
	struct gather *x = calloc(1, sizeof(*x));

	assert_non_null(x);
	x->peer = (struct diag_peer){.conf = &n->conf,
				     .profile = "p",
				     .weak = weak_allowed(k->model[side], row),
				     .allow_weak = suite_weak_print(
					     weak_allowed(k->model[side], row), weak, sizeof(weak)),
				     .state = "",
				     .now = k->s.now,
				     .evidence = x->evidence,
				     .policies = x->policies,
				     .n_policies = n->conf.n_children};
	for (size_t i = 0; i < n->conf.n_children; i++) {
		x->policies[i].conf = &n->children[i];
		x->policies[i].truth.code = IKE_CODE_COUNT;
	}
	ike_engine_visit_evidence(n->engine, NULL, take_evidence, x);
	ike_engine_visit_sas(n->engine, take_sa, x);
	ike_engine_visit_children(n->engine, take_pair, x);
	diag_reason(&r, &x->peer);
	text_free(&k->text[side]);
	diag_text(&r, DIAG_EN, &k->text[side]);
	k->n_codes[side] = r.n;
	for (size_t i = 0; i < r.n; i++) {
		k->codes[side][i] = r.findings[i].code;
		k->sure[side][i] = r.findings[i].confidence;
	}
	x->peer.vendor = IKE_VENDOR_ROUTEROS;
	text_free(&k->routeros[side]);
	diag_text(&r, DIAG_ZH, &k->routeros[side]);
	free(x);
}

bool diagkit_found(const struct diagkit *k, int side, enum ike_code code, enum diag_confidence sure)
{
	for (size_t i = 0; i < k->n_codes[side]; i++) {
		if (k->codes[side][i] == code && k->sure[side][i] == sure)
			return true;
	}
	return false;
}

/* --- pasting --- */

static void with_secret(char *rhs, size_t cap)
{
	if (strstr(rhs, DIAG_THE_SECRET) != NULL)
		snprintf(rhs, cap, "\"%s\"", DIAGKIT_SECRET);
}

/* ip.ipsec.profile name="p": enc-algorithm = "aes-128,aes-256"; */
static bool paste_here(struct diagkit *k, int side, const char *line)
{
	char menu[64], key[32], value[128], key2[32], value2[128], prop[64], rhs[256];

	if (sscanf(line,
		   " %63[a-z.-] %31[a-z-]=\"%127[^\"]\" %31[a-z-]=\"%127[^\"]\": %63[a-z-] = "
		   "%255[^;];",
		   menu, key, value, key2, value2, prop, rhs) == 7) {
		with_secret(rhs, sizeof(rhs));
		diagkit_set(k, side, menu, key, value, key2, value2, prop, rhs);
		return true;
	}
	if (sscanf(line, " %63[a-z.-] %31[a-z-]=\"%127[^\"]\": %63[a-z-] = %255[^;];", menu, key,
		   value, prop, rhs) != 5)
		return false;
	with_secret(rhs, sizeof(rhs));
	diagkit_set(k, side, menu, key, value, NULL, NULL, prop, rhs);
	return true;
}

/* /ip ipsec profile set [find name=<profile>] enc-algorithm=aes-128 x=y */
static bool paste_routeros(struct diagkit *k, int side, const char *line)
{
	char menu[32], path[64];
	const char *at;
	int used = 0;

	if (sscanf(line, " /ip ipsec %31[a-z] set [find %*[^]]]%n", menu, &used) != 1 || used == 0)
		return false;
	snprintf(path, sizeof(path), "ip.ipsec.%s", menu);
	for (at = line + used; *at == ' ';) {
		char prop[64], value[128], rhs[160];
		int n = 0;

		if (sscanf(at, " %63[a-z-]=%n", prop, &n) != 1 || n == 0)
			break;
		at += n;
		n = *at == '<' ? (int)strlen(DIAG_THE_SECRET) : (int)strcspn(at, " ");
		snprintf(value, sizeof(value), "%.*s", n, at);
		at += n;
		if (strcmp(value, "yes") == 0 || strcmp(value, "no") == 0)
			snprintf(rhs, sizeof(rhs), "%s", value[0] == 'y' ? "true" : "false");
		else
			snprintf(rhs, sizeof(rhs), "\"%s\"", value);
		with_secret(rhs, sizeof(rhs));
		diagkit_set(k, side, path, NULL, "", NULL, NULL, prop, rhs);
	}
	return true;
}

static unsigned paste(struct diagkit *k, const struct text *text, int side,
		      bool (*one)(struct diagkit *, int, const char *))
{
	char *copy = strdup(text->s), *rest, *line;
	unsigned n = 0;

	assert_non_null(copy);
	for (line = strtok_r(copy, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, "      ", 6) == 0)
			n += one(k, side, line);
	}
	free(copy);
	if (n > 0)
		diagkit_load(k, side);
	return n;
}

unsigned diagkit_cure_here(struct diagkit *k, int side)
{
	return paste(k, &k->text[side], side, paste_here);
}

unsigned diagkit_cure_peer(struct diagkit *k, int side)
{
	return paste(k, &k->routeros[side], 1 - side, paste_routeros);
}
