/* SPDX-License-Identifier: BSD-3-Clause */
/* test_ike.c - ciphers of a profile against the IKE version of the peers that use it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/control/model/load.h"

#define SITE(profile, peer)                                                                        \
	"interface = ( { name = \"wan\"; device = \"net_null0\"; } );\n"                           \
	"ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"wan\"; } );\n"             \
	"ipsec = {\n"                                                                              \
	"profile = ( { name = \"f\"; hash-algorithm = \"sha256\"; " profile " } );\n"              \
	"peer = ( { name = \"p\"; profile = \"f\"; address = \"192.0.2.9\"; " peer " } );\n"       \
	"identity = ( { peer = \"p\"; secret = \"0123456789012345678901234\"; } ); }; };\n"

static const struct {
	const char *text, *told; /* NULL: nothing is told */
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
	{SITE("dh-group = \"ecp256\";",
	      "allow-weak = \"ikev1,aggressive\"; exchange-mode = \"aggressive\";"),
	 NULL},
	{SITE("dh-group = \"ecp256\"; enc-algorithm = \"3des\";", "exchange-mode = \"ike2\";"),
	 "t.conf:4: /ip ipsec profile \"f\": enc-algorithm: 3des is weak"},
};

static void profiles_are_taken_or_refused_for_a_reason(void **state)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(profiles_are_taken_or_refused_for_a_reason),
	};

	return cmocka_run_group_tests(tests, load_setup, load_teardown);
}
