/* SPDX-License-Identifier: BSD-3-Clause */
/* test_policy.c - policies: what level=use asks for, and what comes of it. */
#include "load.h"

#include "control/model/apply.h"

#define SITE(policies)                                                                             \
	"interface = ( { name = \"wan\"; device = \"net_null0\"; } );\n"                           \
	"ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"wan\"; } );\n"             \
	"ipsec = { settings = { allow-weak = \"ikev1\"; };\n"                                      \
	"profile = ( { name = \"f\"; hash-algorithm = \"sha256\"; dh-group = \"ecp256\"; } );\n"   \
	"proposal = ( { name = \"a\"; auth-algorithms = \"sha256\"; pfs-group = \"none\"; } );\n"  \
	"peer = ( { name = \"p\"; profile = \"f\"; address = \"192.0.2.9\"; } );\n"                \
	"identity = ( { peer = \"p\"; secret = \"0123456789012345678901234\"; } );\n"              \
	"policy = ( " policies " ); }; };\n" /* line 8 */
#define POLICY(more)                                                                               \
	"{ peer = \"p\"; tunnel = true; src-address = \"10.1.0.0/16\"; dst-address = "             \
	"\"10.2.0.0/16\"; proposal = \"a\"; " more " }"

static void assert_told(const char *text, bool good, const char *what)
{
	char *told;
	struct model *m = load_text(text, &told);

	if ((m != NULL) != good || !strstr(told, what))
		fail_msg("told \"%s\" instead of \"%s\"", told, what);
	free(told);
	model_free(m);
}

static uint32_t flags_of(const char *text)
{
	static struct problems problems;
	struct model *m = load_good(text);
	struct model_plan *plan;
	uint32_t flags;

	problems_init(&problems);
	plan = model_plan_new(m, NULL, &problems);
	assert_non_null(plan);
	flags = plan->policies[0].flags;
	model_plan_free(plan);
	problems_free(&problems);
	model_free(m);
	return flags;
}

static void clear_text_passes_only_where_use_and_allow_clear_are_said(void **state)
{
	(void)state;
	assert_int_equal(flags_of(SITE(POLICY("level = \"use\"; allow-clear = true;"))),
			 ABI_POL_F_ALLOW_CLEAR);
	assert_int_equal(flags_of(SITE(POLICY(""))), 0);
	assert_int_equal(flags_of(SITE(POLICY("level = \"require\";"))), 0);
	assert_int_equal(flags_of(SITE(POLICY("level = \"unique\";"))), 0);
}

static void use_without_allow_clear_is_refused(void **state)
{
	(void)state;
	assert_told(SITE(POLICY("level = \"use\";")), false,
		    "t.conf:8: /ip ipsec policy: level: use sends what the policy covers in clear");
	assert_told(SITE(POLICY("level = \"use\"; allow-clear = false;")), false,
		    "add allow-clear = true if that is meant");
}

static void use_with_allow_clear_is_warned_of(void **state)
{
	(void)state;
	assert_told(SITE(POLICY("level = \"use\"; allow-clear = true;")), true,
		    "t.conf:8: warning: /ip ipsec policy: level: use: while there is no SA, "
		    "packets leave IN CLEAR");
}

static void what_would_have_no_effect_is_refused(void **state)
{
	(void)state;
	assert_told(SITE(POLICY("allow-clear = true;")), false,
		    "allow-clear: means nothing without level=use");
	assert_told(SITE("{ action = \"none\"; src-address = \"10.1.0.0/16\"; dst-address = "
			 "\"10.2.0.0/16\"; level = \"use\"; allow-clear = true; }"),
		    false, "level: use means nothing without action=encrypt");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clear_text_passes_only_where_use_and_allow_clear_are_said),
		cmocka_unit_test(use_without_allow_clear_is_refused),
		cmocka_unit_test(use_with_allow_clear_is_warned_of),
		cmocka_unit_test(what_would_have_no_effect_is_refused),
	};

	return cmocka_run_group_tests(tests, load_setup, load_teardown);
}
