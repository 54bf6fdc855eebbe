/* SPDX-License-Identifier: BSD-3-Clause */
/* test_esp.c - what a proposal may say: ciphers, integrity, volumes, and who must permit what. */
#include "load.h"

#include "control/model/apply.h"

/* A site with one peer; proposal "e" is in line 8. */
#define SITE(allow, proposal)                                                                      \
	"interface = ( { name = \"wan\"; device = \"net_null0\"; } );\n"                           \
	"ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"wan\"; } );\n"             \
	"ipsec = {\n"                                                                              \
	"profile = ( { name = \"f\"; dh-group = \"ecp256\"; hash-algorithm = \"sha256\"; } );\n"   \
	"peer = ( { name = \"p\"; profile = \"f\"; address = \"192.0.2.9\"; allow-weak = \"" allow \
	"\"; } );\n"                                                                               \
	"identity = ( { peer = \"p\"; secret = \"0123456789012345678901234\"; } );\n"              \
	"policy = ( { peer = \"p\"; proposal = \"e\"; tunnel = true; src-address = "               \
	"\"10.1.0.0/16\"; dst-address = \"10.2.0.0/16\"; } );\n"                                   \
	"proposal = ( { name = \"e\"; pfs-group = \"none\"; " proposal " } ); }; };\n"

static const struct {
	const char *text, *told; /* NULL: nothing is told */
} cases[] = {
	{SITE("ikev1", "auth-algorithms = \"null\"; enc-algorithms = \"aes-256-gcm,aes-128-gcm\";"),
	 NULL},
	/* RouterOS's exports say an algorithm with gcm, too: it is not used, so it is not weak. */
	{SITE("ikev1", "auth-algorithms = \"md5\"; enc-algorithms = \"aes-256-gcm\";"), NULL},
	{SITE("ikev1", "enc-algorithms = \"aes-256-gcm\";"), NULL}, /* sha1 is the default */
	{SITE("ikev1", "auth-algorithms = \"null,sha256\"; enc-algorithms = "
		       "\"aes-128-gcm,aes-128-ctr\";"),
	 NULL},
	{SITE("ikev1",
	      "auth-algorithms = \"sha512\"; enc-algorithms = \"aes-192-ctr\"; lifebytes = "
	      "2560;"),
	 NULL},
	{SITE("ikev1,3des", "auth-algorithms = \"sha256\"; enc-algorithms = \"3des\";"), NULL},
	{SITE("ikev1,null", "auth-algorithms = \"sha256\"; enc-algorithms = \"null\";"), NULL},
	/* IKEv2 needs no permission, and has a number for it. */
	{SITE("sha1\"; exchange-mode = \"ike2",
	      "auth-algorithms = \"null\"; enc-algorithms = \"chacha20poly1305\";"),
	 NULL},
	{SITE("ikev1", "auth-algorithms = \"null\"; enc-algorithms = \"aes-128-cbc\";"),
	 "t.conf:8: /ip ipsec proposal \"e\": auth-algorithms: null leaves packets of aes-128-cbc "
	 "without integrity (RFC 8221 section 4); nearest accepted: \"sha256\"\n"},
	{SITE("ikev1", "auth-algorithms = \"null\"; enc-algorithms = \"aes-128-gcm,aes-128-ctr\";"),
	 "t.conf:8: /ip ipsec proposal \"e\": auth-algorithms: null leaves packets of aes-128-ctr"},
	{SITE("ikev1", "auth-algorithms = \"null,sha256\"; enc-algorithms = \"aes-128-cbc\";"),
	 "t.conf:8: /ip ipsec proposal \"e\": auth-algorithms: null leaves packets of aes-128-cbc"},
	{SITE("ikev1,null", "auth-algorithms = \"null\"; enc-algorithms = \"null\";"),
	 "t.conf:8: /ip ipsec proposal \"e\": auth-algorithms: null leaves packets of null "
	 "without"},
	{SITE("ikev1", "auth-algorithms = \"md5\"; enc-algorithms = \"aes-128-gcm,aes-128-cbc\";"),
	 "t.conf:8: /ip ipsec proposal \"e\": auth-algorithms: md5 is weak"},
	{SITE("ikev1", "auth-algorithms = \"sha256_96,sha256\"; enc-algorithms = \"aes-128-cbc\";"),
	 "t.conf:8: /ip ipsec proposal \"e\": auth-algorithms: sha256_96 and sha256 have one "
	 "number "
	 "on the wire"},
	{SITE("ikev1",
	      "auth-algorithms = \"sha256_96\"; enc-algorithms = \"aes-128-cbc,aes-128-gcm\";"),
	 "t.conf:8: /ip ipsec proposal \"e\": auth-algorithms: sha256_96 does not go with "
	 "aes-128-gcm"},
	{SITE("ikev1", "auth-algorithms = \"sha256\"; enc-algorithms = \"3des\";"),
	 "t.conf:8: /ip ipsec proposal \"e\": enc-algorithms: 3des is weak; to use it nevertheless "
	 "add \"3des\" to allow-weak"},
	{SITE("ikev1", "auth-algorithms = \"sha256\"; enc-algorithms = \"null\";"),
	 "t.conf:8: /ip ipsec proposal \"e\": enc-algorithms: null is weak; to use it nevertheless "
	 "add \"null\" to allow-weak"},
	{SITE("ikev1", "auth-algorithms = \"null\"; enc-algorithms = \"chacha20poly1305\";"),
	 "t.conf:8: /ip ipsec proposal \"e\": enc-algorithms: chacha20poly1305 has no number in "
	 "IKEv1, which peer \"p\" speaks: it needs exchange-mode=ike2; nearest accepted: "
	 "\"aes-256-gcm\"\n"},
	{SITE("ikev1",
	      "auth-algorithms = \"sha256\"; enc-algorithms = \"aes-256-cbc\"; lifebytes = "
	      "\"4294967296\";"),
	 "t.conf:8: /ip ipsec proposal \"e\": lifebytes: \"4294967296\" is not a number"},
};

static void proposals_are_taken_or_refused_for_a_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *told;
		struct model *m = load_text(cases[i].text, &told);

		if ((m == NULL) != (cases[i].told != NULL) ||
		    (cases[i].told ? !strstr(told, cases[i].told) : *told != '\0'))
			fail_msg("case %zu: expected\n%s\ntold\n%s", i, cases[i].told, told);
		model_free(m);
		free(told);
	}
}

static void a_foreign_cipher_is_told_once_however_many_use_it(void **state)
{
	char *told, *first;

	(void)state;
	assert_null(load_text(
		"interface = ( { name = \"wan\"; device = \"net_null0\"; } );\n"
		"ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"wan\"; } );\n"
		"ipsec = {\n"
		"profile = ( { name = \"f\"; dh-group = \"ecp256\"; hash-algorithm = \"sha256\"; } "
		");\n"
		"peer = ( { name = \"p\"; profile = \"f\"; address = \"192.0.2.9\"; allow-weak = "
		"\"ikev1\"; } );\n"
		"identity = ( { peer = \"p\"; secret = \"0123456789012345678901234\"; } );\n"
		"policy = ( { peer = \"p\"; proposal = \"e\"; tunnel = true; src-address = "
		"\"10.1.0.0/16\"; dst-address = \"10.2.0.0/16\"; }, { peer = \"p\"; proposal = "
		"\"e\"; tunnel = true; src-address = \"10.1.0.0/16\"; dst-address = "
		"\"10.3.0.0/16\"; } );\n"
		"proposal = ( { name = \"e\"; pfs-group = \"none\"; enc-algorithms = "
		"\"chacha20poly1305\"; } ); }; };\n",
		&told));
	first = strstr(told, "chacha20poly1305 has no number");
	assert_non_null(first);
	assert_null(strstr(first + 1, "chacha20poly1305 has no number"));
	free(told);
}

/* Found by fuzz_conf: there is no row of a peer to look at. */
static void a_site_without_peers_may_discard(void **state)
{
	(void)state;
	model_free(load_good("interface = ( { name = \"wan\"; device = \"net_null0\"; } );\n"
			     "ip = { ipsec = { policy = ( { action = \"discard\"; src-address = "
			     "\"10.0.0.0/8\"; dst-address = \"0.0.0.0/0\"; } ); }; };\n"));
}

static void the_engine_gets_numbers_without_null(void **state)
{
	static struct problems problems;
	struct model *m = load_good(SITE("ikev1", "auth-algorithms = \"null,sha256\"; "
						  "enc-algorithms = \"aes-192-gcm,aes-256-ctr\"; "
						  "lifebytes = 2560;"));
	struct model_plan *plan;
	const struct ike_proposal_conf *p;

	(void)state;
	problems_init(&problems);
	plan = model_plan_new(m, NULL, &problems);
	assert_non_null(plan);
	p = &plan->peers[0].children[0].proposal;
	assert_int_equal(p->n_encr, 2);
	assert_int_equal(p->encr[0].id, ABI_ENCR_AES_GCM_16);
	assert_int_equal(p->encr[0].key_bits, 192);
	assert_int_equal(p->encr[1].id, ABI_ENCR_AES_CTR);
	assert_int_equal(p->n_integ, 1);
	assert_int_equal(p->integ[0], ABI_INTEG_HMAC_SHA2_256_128);
	assert_int_equal(p->lifebytes, 2560);
	problems_free(&problems);
	model_plan_free(plan);
	model_free(m);
}

static void a_short_icv_is_taken_with_a_warning(void **state)
{
	static const char *const sites[] = {
		SITE("ikev1,3des", "auth-algorithms = \"sha256_96\"; enc-algorithms = "
				   "\"aes-128-cbc,aes-128-ctr,3des\";"),
		SITE("ikev1,sha1", "auth-algorithms = \"sha1,sha256_96\"; enc-algorithms = "
				   "\"aes-128-cbc\";"),
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		static struct problems problems;
		struct model_plan *plan;
		struct model *m;
		char *told;

		m = load_text(sites[i], &told);
		assert_non_null(m);
		assert_non_null(strstr(told, "t.conf:8: warning: /ip ipsec proposal \"e\": "
					     "auth-algorithms: sha256_96 cuts the ICV"));
		problems_init(&problems);
		plan = model_plan_new(m, NULL, &problems);
		assert_non_null(plan);
		assert_int_equal(plan->peers[0].children[0].proposal.integ[i],
				 ABI_INTEG_HMAC_SHA2_256_96);
		problems_free(&problems);
		model_plan_free(plan);
		model_free(m);
		free(told);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proposals_are_taken_or_refused_for_a_reason),
		cmocka_unit_test(a_foreign_cipher_is_told_once_however_many_use_it),
		cmocka_unit_test(a_site_without_peers_may_discard),
		cmocka_unit_test(a_short_icv_is_taken_with_a_warning),
		cmocka_unit_test(the_engine_gets_numbers_without_null),
	};

	return cmocka_run_group_tests(tests, load_setup, load_teardown);
}
