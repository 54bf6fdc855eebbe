/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_settings.c - every setting of profiles, peers, identities, proposals and policies reaches
 * the field that the IKE engine or the data plane reads: one row each, at a value that is not the
 * default. A property of those menus without a row fails the test.
 */
#include "load.h"

#include "control/crypto/suite.h"
#include "control/model/apply.h"
#include "control/model/schema.h"

enum part { PROFILE, PEER, IDENTITY, PROPOSAL, POLICY, PARTS };

static const struct {
	enum menu_id menu;
	const char *group;
	const char *rest;      /* rows that are there besides */
	const char *usual[10]; /* what a row has unless the setting says otherwise */
} parts[PARTS] = {
	[PROFILE] = {MENU_PROFILE,
		     "profile",
		     ", { name = \"second\"; lifetime = \"3h\"; }",
		     {" name = \"f\";"}},
	[PEER] = {MENU_PEER,
		  "peer",
		  "",
		  {" name = \"p\";", " address = \"192.0.2.9\";", " profile = \"f\";"}},
	[IDENTITY] = {MENU_IDENTITY, "identity", "", {" peer = \"p\";", " secret = \"a secret\";"}},
	[PROPOSAL] = {MENU_PROPOSAL,
		      "proposal",
		      ", { name = \"second\"; lifetime = \"3h\"; }",
		      {" name = \"e\";"}},
	[POLICY] = {MENU_POLICY,
		    "policy",
		    ", { template = true; group = \"branches\"; src-address = \"192.168.1.0/24\"; "
		    "dst-address = \"10.9.0.0/16\"; proposal = \"e\"; }",
		    {" peer = \"p\";", " tunnel = true;", " src-address = \"192.168.1.0/24\";",
		     " dst-address = \"10.1.0.0/16\";", " proposal = \"e\";"}},
};

/* Whose field. */
enum root { IKE_PEER, IKE_CHILD, DP_POLICY };

struct setting {
	enum part part;
	const char *text; /* more of the row, or instead */
	enum root root;
	size_t at, size;
	uint64_t otherwise, value;
};

#define FIELD(root, type, field)                                                                   \
	root, offsetof(struct type, field), sizeof(((struct type *)NULL)->field)
#define P(field) FIELD(IKE_PEER, ike_peer_conf, field)
#define C(field) FIELD(IKE_CHILD, ike_child_conf, field)
#define D(field) FIELD(DP_POLICY, abi_policy, field)
#define IKE2	 "exchange-mode = \"ike2\"; "

static const struct setting settings[] = {
	{PROFILE, "hash-algorithm = \"sha512,sha256\";", P(profile.hash[0]), SUITE_HASH_SHA1,
	 SUITE_HASH_SHA512},
	{PROFILE, "hash-algorithm = \"sha512,sha256\";", P(profile.hash[1]), 0, SUITE_HASH_SHA256},
	{PROFILE, "hash-algorithm = \"sha512,sha256\";", P(profile.n_hash), 1, 2},
	{PROFILE, "prf-algorithm = \"sha384\";", P(profile.prf), 0, SUITE_HASH_SHA384},
	{PROFILE, "enc-algorithm = \"aes-256,3des\";", P(profile.encr[0].key_bits), 128, 256},
	{PROFILE, "enc-algorithm = \"aes-256,3des\";", P(profile.encr[1].id), 0, 3},
	{PROFILE, "enc-algorithm = \"aes-256,3des\";", P(profile.n_encr), 1, 2},
	{PROFILE, "dh-group = \"ecp384\";", P(profile.dh[0]), 14, 20},
	{PROFILE, "dh-group = \"ecp384\";", P(profile.n_dh), 2, 1},
	{PROFILE, "lifetime = \"2h\";", P(profile.lifetime), 86400, 7200},
	{PROFILE, "lifebytes = 5000;", P(profile.lifebytes), 0, 5000},
	{PROFILE, "proposal-check = \"claim\";", P(profile.proposal_check), IKE_CHECK_OBEY,
	 IKE_CHECK_CLAIM},
	{PROFILE, "proposal-check = \"strict\";", P(profile.proposal_check), IKE_CHECK_OBEY,
	 IKE_CHECK_STRICT},
	{PROFILE, "proposal-check = \"exact\";", P(profile.proposal_check), IKE_CHECK_OBEY,
	 IKE_CHECK_EXACT},
	{PROFILE, "nat-traversal = false;", P(profile.nat_traversal), true, false},
	{PROFILE, "dpd-interval = \"20s\";", P(profile.dpd_interval), 8, 20},
	{PROFILE, "dpd-interval = \"disable-dpd\";", P(profile.dpd_interval), 8, 0},
	{PROFILE, "dpd-maximum-failures = 9;", P(profile.dpd_max_failures), 4, 9},
	{PROFILE, "reauthentication = true;", P(profile.reauthentication), false, true},

	{PEER, "address = \"192.0.2.77\";", P(remote.bytes[3]), 9, 77},
	{PEER, "address = \"192.0.2.64/26\";", P(remote_prefix_len), 32, 26},
	{PEER, "address = \"192.0.2.64/26\";", P(passive), false, true},
	{PEER, "address = \"gw.example.net\";", P(named), false, true},
	{PEER, "port = 4501;", P(port), 500, 4501},
	{PEER, "local-address = \"192.168.1.1\";", P(local.bytes[1]), 0, 168},
	{PEER, "profile = \"second\";", P(profile.lifetime), 86400, 10800},
	{PEER, "exchange-mode = \"aggressive\";", P(mode), IKE_MODE_MAIN, IKE_MODE_AGGRESSIVE},
	{PEER, "exchange-mode = \"ike2\";", P(mode), IKE_MODE_MAIN, IKE_MODE_IKE2},
	{PEER, "passive = true;", P(passive), false, true},
	{PEER, "start = \"traffic\";", P(on_demand), false, true},
	{PEER, "send-initial-contact = false;", P(send_initial_contact), true, false},
	{PEER, "comment = \"zwei\";", P(comment[0]), 0, 'z'},
	{PEER, IKE2 "multi-selector = \"any\";", C(local.hi[0]), 192, 255},

	{IDENTITY, "secret = \"0x0102030405\";", P(psk_len), 8, 5},
	{IDENTITY, "my-id = \"key-id:kk\";", P(my_id.type), IKE_ID_IPV4, IKE_ID_KEY_ID},
	{IDENTITY, "my-id = \"key-id:kk\";", P(my_id.len), 4, 2},
	{IDENTITY, "my-id = \"key-id:kk\";", P(my_id.data[0]), 192, 'k'},
	{IDENTITY, "my-id = \"key-id:kk\";", P(my_id_auto), true, false},
	{IDENTITY, "remote-id = \"fqdn:far.example\";", P(remote_id.type), IKE_ID_AUTO,
	 IKE_ID_FQDN},
	{IDENTITY, "remote-id = \"fqdn:far.example\";", P(remote_id.data[0]), 0, 'f'},
	{IDENTITY, "remote-id = \"ignore\";", P(remote_id.type), IKE_ID_AUTO, IKE_ID_IGNORE},
	{IDENTITY, "generate-policy = \"port-strict\"; policy-template-group = \"branches\";",
	 P(generate), IKE_GENERATE_NO, IKE_GENERATE_STRICT},
	{IDENTITY, "generate-policy = \"port-override\"; policy-template-group = \"branches\";",
	 P(generate), IKE_GENERATE_NO, IKE_GENERATE_OVERRIDE},
	{IDENTITY, "generate-policy = \"port-strict\"; policy-template-group = \"branches\";",
	 P(template_group[0]), 0, 'b'},
	{IDENTITY, "generate-policy = \"port-strict\"; policy-template-group = \"branches\";",
	 P(n_templates), 0, 1},

	{PROPOSAL, "auth-algorithms = \"sha256,sha512\";", C(proposal.integ[0]),
	 ABI_INTEG_HMAC_SHA1_96, ABI_INTEG_HMAC_SHA2_256_128},
	{PROPOSAL, "auth-algorithms = \"sha256,sha512\";", C(proposal.n_integ), 1, 2},
	{PROPOSAL, "enc-algorithms = \"aes-128-cbc\";", C(proposal.encr[0].key_bits), 256, 128},
	{PROPOSAL, "enc-algorithms = \"aes-128-cbc\";", C(proposal.n_encr), 3, 1},
	{PROPOSAL, "lifetime = \"1h\";", C(proposal.lifetime), 1800, 3600},
	{PROPOSAL, "lifebytes = 7000;", C(proposal.lifebytes), 0, 7000},
	{PROPOSAL, "pfs-group = \"ecp256\";", C(proposal.pfs_group), 2, 19},
	{PROPOSAL, "pfs-group = \"none\";", C(proposal.pfs_group), 2, 0},

	{POLICY, "proposal = \"second\";", C(proposal.lifetime), 1800, 10800},
	{POLICY, "proposal = \"second\";", C(proposal.name[0]), 'e', 's'},
	{POLICY, "tunnel = false; src-address = \"192.0.2.2/32\"; dst-address = \"192.0.2.9/32\";",
	 C(mode), ABI_MODE_TUNNEL, ABI_MODE_TRANSPORT},
	{POLICY, "src-address = \"192.168.1.128/25\";", C(local.lo[3]), 0, 128},
	{POLICY, "dst-address = \"10.2.0.0/16\";", C(remote.lo[1]), 1, 2},
	{POLICY, "protocol = \"tcp\";", C(local.protocol), 0, 6},
	{POLICY, "protocol = \"tcp\"; src-port = 80;", C(local.port_lo), 0, 80},
	{POLICY, "protocol = \"tcp\"; dst-port = 443;", C(remote.port_hi), 65535, 443},
	{POLICY, "action = \"discard\";", D(action), ABI_ACT_PROTECT, ABI_ACT_DISCARD},
	{POLICY, "action = \"none\";", D(action), ABI_ACT_PROTECT, ABI_ACT_BYPASS},
	{POLICY, "level = \"use\"; allow-clear = true;", D(flags), 0, ABI_POL_F_ALLOW_CLEAR},
	{POLICY, "dont-fragment = \"clear\";", C(df), ABI_DF_SET, ABI_DF_CLEAR},
	{POLICY, "dscp = 46;", C(dscp), ABI_DSCP_COPY, ABI_DSCP_SET | 46},
	{POLICY, "change-tcp-mss = false;", C(keep_mss), 0, 1},
	{POLICY, "replay-window = 1024;", C(replay_window), 128, 1024},
	{POLICY, "comment = \"zwei\";", C(comment[0]), 0, 'z'},
};

/* Settings that are no field of one row: tests that have them. */
static const struct {
	enum part part;
	const char *name;
} elsewhere[] = {
	{PROFILE, "name"},	     /* that of a reference, above */
	{PROFILE, "comment"},	     /* for readers */
	{PEER, "name"},		     /* test_apply.c */
	{PEER, "disabled"},	     /* test_apply.c */
	{PEER, "allow-weak"},	     /* test_file.c: what may be configured at all */
	{IDENTITY, "peer"},	     /* test_apply.c */
	{IDENTITY, "auth-method"},   /* one word */
	{IDENTITY, "disabled"},	     /* below */
	{IDENTITY, "comment"},	     /* for readers */
	{PROPOSAL, "name"},	     /* that of a reference, above */
	{PROPOSAL, "disabled"},	     /* refused of one that is in use */
	{PROPOSAL, "comment"},	     /* for readers */
	{POLICY, "peer"},	     /* test_apply.c */
	{POLICY, "ipsec-protocols"}, /* one word */
	{POLICY, "template"},	     /* above, with policy-template-group */
	{POLICY, "group"},	     /* above, with policy-template-group */
	{POLICY, "standby"},	     /* test_standby.c */
	{POLICY, "disabled"},	     /* below */
};

/* Whether a text sets the property that usual sets, or one of this name. */
static bool sets(const char *text, const char *name, size_t len)
{
	for (const char *at = text; (at = strstr(at, name)) != NULL; at++)
		if ((at == text || at[-1] == ' ') && strncmp(at + len, " = ", 3) == 0)
			return true;
	return false;
}

static size_t put_part(char *to, size_t size, enum part part, const char *text)
{
	size_t n = (size_t)snprintf(to, size, "%s = ( { %s", parts[part].group, text);

	for (size_t i = 0; i < 10 && parts[part].usual[i] != NULL; i++) {
		const char *usual = parts[part].usual[i];
		size_t len = strcspn(usual + 1, " ");
		char name[32];

		snprintf(name, sizeof(name), "%.*s", (int)len, usual + 1);
		if (!sets(text, name, len))
			n += (size_t)snprintf(to + n, size - n, "%s", usual);
	}
	return n + (size_t)snprintf(to + n, size - n, " }%s );\n", parts[part].rest);
}

/* The plan of a configuration with one setting more; NULL: with none. */
static struct model_plan *plan_with(const struct setting *s)
{
	static struct problems problems;
	struct model_plan *plan;
	struct model *m;
	char text[4096];
	int n = snprintf(text, sizeof(text),
			 "interface = ( { name = \"lan\"; device = \"n1\"; }, { name = \"wan\"; "
			 "device = \"n2\"; } );\n"
			 "ip = { address = ( { address = \"192.168.1.1/24\"; interface = \"lan\"; "
			 "},\n{ address = \"192.0.2.2/24\"; interface = \"wan\"; } );\n"
			 "ipsec = { settings = { allow-weak = "
			 "\"ikev1,modp1024,sha1,3des,aggressive,short-secret\"; };\n"
			 "policy-group = ( { name = \"branches\"; } );\n");

	for (int part = 0; part < PARTS; part++)
		n += (int)put_part(text + n, sizeof(text) - (size_t)n, (enum part)part,
				   s != NULL && (int)s->part == part ? s->text : "");
	snprintf(text + n, sizeof(text) - (size_t)n, "}; };\n");
	m = load_good(text);
	problems_init(&problems);
	plan = model_plan_new(m, NULL, &problems);
	assert_non_null(plan);
	problems_free(&problems);
	model_free(m);
	return plan;
}

static uint64_t field(const struct model_plan *plan, const struct setting *s)
{
	const void *root = s->root == IKE_PEER	  ? (const void *)&plan->peers[0]
			   : s->root == IKE_CHILD ? (const void *)&plan->peers[0].children[0]
						  : (const void *)&plan->policies[0];
	const uint8_t *at = (const uint8_t *)root + s->at;
	uint32_t u32;
	uint16_t u16;
	size_t size;

	assert_int_equal(plan->n_peers, 1);
	assert_true(s->root != IKE_CHILD || plan->peers[0].n_children == 1);
	switch (s->size) {
	case 1:
		return *at;
	case sizeof(u16):
		memcpy(&u16, at, sizeof(u16));
		return u16;
	case sizeof(u32):
		memcpy(&u32, at, sizeof(u32));
		return u32;
	default:
		assert_int_equal(s->size, sizeof(size));
		memcpy(&size, at, sizeof(size));
		return size;
	}
}

static void every_setting_arrives(void **state)
{
	struct model_plan *usual = plan_with(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		const struct setting *s = &settings[i];
		struct model_plan *plan = plan_with(s);

		if (field(usual, s) != s->otherwise || field(plan, s) != s->value)
			fail_msg("%s %s gives %llu instead of %llu, else %llu instead of %llu",
				 parts[s->part].group, s->text, (unsigned long long)field(plan, s),
				 (unsigned long long)s->value, (unsigned long long)field(usual, s),
				 (unsigned long long)s->otherwise);
		model_plan_free(plan);
	}
	model_plan_free(usual);
}

static void a_disabled_row_is_as_if_it_were_not_there(void **state)
{
	static const struct setting identity = {.part = IDENTITY, .text = "disabled = true;"},
				    policy = {.part = POLICY, .text = "disabled = true;"};
	struct model_plan *plan = plan_with(NULL);

	(void)state;
	assert_int_equal(plan->n_peers, 1);
	assert_int_equal(plan->n_policies, 1);
	model_plan_free(plan);
	plan = plan_with(&identity);
	assert_int_equal(plan->n_peers, 0);
	assert_int_equal(plan->n_policies, 1); /* it stays closed */
	model_plan_free(plan);
	plan = plan_with(&policy);
	assert_int_equal(plan->n_peers, 1);
	assert_int_equal(plan->n_policies, 0);
	assert_int_equal(plan->peers[0].n_children, 0);
	model_plan_free(plan);
}

static bool has_row(enum part part, const char *name)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (settings[i].part == part && sets(settings[i].text, name, strlen(name)))
			return true;
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		if (elsewhere[i].part == part && strcmp(elsewhere[i].name, name) == 0)
			return true;
	return false;
}

static void no_setting_is_left_out(void **state)
{
	(void)state;
	for (int part = 0; part < PARTS; part++) {
		const struct menu *menu = schema_menu(parts[part].menu);

		for (size_t i = 0; i < menu->n_props; i++) {
			const struct prop *p = &menu->props[i];

			if ((p->flags & (PROP_F_RUNTIME | PROP_F_REFUSED)) == 0 &&
			    !has_row((enum part)part, p->name))
				fail_msg("%s of %s is not tested", p->name, menu->path);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_setting_arrives),
		cmocka_unit_test(a_disabled_row_is_as_if_it_were_not_there),
		cmocka_unit_test(no_setting_is_left_out),
	};

	return cmocka_run_group_tests(tests, load_setup, load_teardown);
}
