/* SPDX-License-Identifier: BSD-3-Clause */
/* test_ike.c - ciphers and secrets against the IKE version and mode of the peers that use them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/crypto/suite.h"
#include "tests/unit/control/model/load.h"

#define SITE_WITH(secret, profile, peer)                                                           \
	"interface = ( { name = \"wan\"; device = \"net_null0\"; } );\n"                           \
	"ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"wan\"; } );\n"             \
	"ipsec = {\n"                                                                              \
	"profile = ( { name = \"f\"; hash-algorithm = \"sha256\"; " profile " } );\n"              \
	"peer = ( { name = \"p\"; profile = \"f\"; address = \"192.0.2.9\"; " peer " } );\n"       \
	"identity = ( { peer = \"p\"; secret = \"" secret "\"; } ); }; };\n"
#define SITE(profile, peer) SITE_WITH("0123456789012345678901234", profile, peer)
#define AGGRESSIVE(weak)    "exchange-mode = \"aggressive\"; allow-weak = \"" weak "\";"
#define SECRET(n, weak)	    SITE_WITH(n, "dh-group = \"ecp256\";", AGGRESSIVE(weak))

static const struct {
	const char *text, *told; /* NULL: nothing is told; refused but with a warning alone */
} cases[] = {
	{SITE("dh-group = \"x25519\"; enc-algorithm = \"aes-256-gcm,chacha20poly1305,aes-256\";",
	      "exchange-mode = \"ike2\";"),
	 NULL},
	{SITE("dh-group = \"ecp256,modp8192\";", "exchange-mode = \"ike2\";"), NULL},
	{SITE("dh-group = \"ecp256\"; enc-algorithm = \"aes-256,aes-128-gcm\";",
	      "allow-weak = \"ikev1\";"),
	 "t.conf:4: /ip ipsec profile \"f\": enc-algorithm: aes-128-gcm has no number in phase 1 "
	 "of "
	 "IKEv1, which peer \"p\" speaks: it needs exchange-mode=ike2; nearest accepted: "
	 "\"aes-256\""},
	{SITE("dh-group = \"ecp256\"; enc-algorithm = \"aes-128-gcm\";",
	      "allow-weak = \"ikev1\"; disabled = true;"),
	 NULL},
	{SECRET("01234567890123456789", "ikev1,aggressive"), NULL},
	{SECRET("0123456789012345678", "ikev1,aggressive"),
	 "t.conf:6: /ip ipsec identity: secret: one of fewer than 20 bytes in aggressive mode is "
	 "weak; to use it nevertheless add \"short-secret\" to allow-weak of /ip ipsec peer \"p\""},
	{SECRET("0123456789012345678", "ikev1,aggressive,short-secret"), "t.conf:6: warning: "},
	{SITE_WITH("0123456789012345678", "dh-group = \"ecp256\";", "exchange-mode = \"ike2\";"),
	 "t.conf:6: warning: "},
	{SITE("dh-group = \"ecp256\"; enc-algorithm = \"3des\";", "exchange-mode = \"ike2\";"),
	 "t.conf:4: /ip ipsec profile \"f\": enc-algorithm: 3des is weak"},
};

static void profiles_are_taken_or_refused_for_a_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *told;
		struct model *m = load_text(cases[i].text, &told);
		bool taken = cases[i].told == NULL || strstr(cases[i].told, "warning") != NULL;

		if ((m != NULL) != taken ||
		    (cases[i].told ? !strstr(told, cases[i].told) : *told != '\0'))
			fail_msg("case %zu: expected\n%s\ntold\n%s", i, cases[i].told, told);
		model_free(m);
		free(told);
	}
}

/* Each use of what the self-test did not find; nothing where it is not used. */
static void what_this_openssl_lacks_is_refused_where_it_is_used(void **state)
{
	static const struct {
		const char *lacking, *property;
	} rows[] = {
		{"sha256", "hash-algorithm"},
		{"sha512", "prf-algorithm"},
		{"aes-192", "enc-algorithm"},
		{"ecp384", "dh-group"},
		{"sha384", NULL},
		{"x25519", NULL},
	};
	static const char text[] = SITE("prf-algorithm = \"sha512\"; dh-group = "
					"\"ecp256,ecp384\"; enc-algorithm = \"aes-256,aes-192\";",
					"exchange-mode = \"ike2\";");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *told, want[128];
		struct model *m;

		suite_note_lacking(rows[i].lacking);
		m = load_text(text, &told);
		suite_note_lacking(NULL);
		snprintf(want, sizeof(want),
			 "/ip ipsec profile \"f\": %s: %s is not available in this OpenSSL",
			 rows[i].property ? rows[i].property : "", rows[i].lacking);
		if ((m == NULL) != (rows[i].property != NULL) ||
		    (rows[i].property ? !strstr(told, want) : *told != '\0'))
			fail_msg("without %s: told\n%s", rows[i].lacking, told);
		model_free(m);
		free(told);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(profiles_are_taken_or_refused_for_a_reason),
		cmocka_unit_test(what_this_openssl_lacks_is_refused_where_it_is_used),
	};

	return cmocka_run_group_tests(tests, load_setup, load_teardown);
}
