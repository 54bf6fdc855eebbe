/* SPDX-License-Identifier: BSD-3-Clause */
/* test_policy.c - policies: what level=use asks for, templates, and what comes of them. */
#include "load.h"

#include "control/model/apply.h"
#include "control/model/problem.h"

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

/* --- templates: a file of two peers, one of which has policies generated --- */

#define BRANCHES(identity, more)                                                                   \
	"interface = ( { name = \"wan\"; device = \"net_null0\"; } );\n"                           \
	"ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"wan\"; } );\n"             \
	"route = ( { gateway = \"192.0.2.1\"; } );\n"                                              \
	"ipsec = { profile = ( { name = \"f\"; hash-algorithm = \"sha256\"; dh-group = "           \
	"\"ecp256\"; } );\n"                                                                       \
	"proposal = ( { name = \"a\"; auth-algorithms = \"sha256\"; pfs-group = \"none\"; },\n"    \
	"{ name = \"old\"; auth-algorithms = \"md5\"; pfs-group = \"none\"; } );\n"                \
	"peer = ( { name = \"any\"; profile = \"f\"; address = \"0.0.0.0/0\"; exchange-mode = "    \
	"\"ike2\"; passive = true; } );\n"                                                         \
	"identity = ( { peer = \"any\"; secret = \"0123456789012345678901234\"; " identity         \
	" } );\n" /* line 8 */                                                                     \
		more "}; };\n"
#define GROUP  "policy-group = ( { name = \"g\"; } );\n"
#define STRICT "generate-policy = \"port-strict\"; policy-template-group = \"g\";"
#define TEMPLATE(more)                                                                             \
	"{ template = true; src-address = \"10.1.0.0/16\"; dst-address = \"10.2.0.0/16\"; "        \
	"proposal = \"a\"; " more " }"
#define DISCARD                                                                                    \
	"{ action = \"discard\"; src-address = \"10.1.0.0/16\"; dst-address = \"10.2.0.0/16\"; }"

static void a_template_is_a_bound_and_no_policy(void **state)
{
	static struct problems problems;
	struct model *m = load_good(BRANCHES(
		STRICT, GROUP "policy = ( " DISCARD ", " TEMPLATE("group = \"g\";") ", " TEMPLATE(
				"dst-port = 5; protocol = \"tcp\"; group "
				"= \"g\";") ", " TEMPLATE("") " );\n"));
	struct model_plan *plan;
	const struct ike_peer_conf *p;

	(void)state;
	problems_init(&problems);
	plan = model_plan_new(m, NULL, &problems);
	assert_non_null(plan);
	p = &plan->peers[0];
	assert_int_equal(plan->n_policies, 1);
	assert_int_equal(plan->policy_ids[1], 0);
	assert_int_equal(p->n_children, 0);
	assert_int_equal(p->generate, IKE_GENERATE_STRICT);
	assert_string_equal(p->template_group, "g");
	assert_int_equal(p->n_templates, 2); /* the third is another group's */
	assert_int_equal(p->templates[0].local.lo[1], 1);
	assert_int_equal(p->templates[0].remote.hi[1], 2);
	assert_int_equal(p->templates[0].mode, ABI_MODE_TUNNEL);
	assert_int_equal(p->templates[0].proposal.integ[0], ABI_INTEG_HMAC_SHA2_256_128);
	assert_int_equal(p->templates[1].remote.port_lo, 5);
	assert_int_equal(p->templates[1].local.protocol, 6);
	assert_int_equal(plan->n_templates, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(plan->templates[i].before, 1);
	assert_int_equal(plan->templates[0].id, p->templates[0].policy_id);
	assert_int_equal(plan->templates[1].id, p->templates[1].policy_id);
	assert_int_not_equal(plan->templates[0].id, plan->templates[2].id);
	assert_true((plan->policies[0].policy_id & PLAN_ID_GENERATED) == 0);
	model_plan_free(plan);
	problems_free(&problems);
	model_free(m);
}

static void without_a_group_it_is_the_default_one(void **state)
{
	struct model *m = load_good(BRANCHES("generate-policy = \"port-override\";",
					     "policy = ( " TEMPLATE("") " );\n"));

	(void)state;
	model_free(m);
}

static const struct {
	const char *text, *told;
} bad_templates[] = {
	{BRANCHES(STRICT, GROUP),
	 "t.conf:8: /ip ipsec identity: generate-policy: group \"g\" has no policy with template"},
	{BRANCHES(STRICT, "policy = ( " TEMPLATE("group = \"g\";") " );\n"),
	 "there is no /ip ipsec policy group named \"g\""},
	{BRANCHES(STRICT, GROUP "policy = ( " TEMPLATE("group = \"g\"; peer = \"any\";") " );\n"),
	 "t.conf:10: /ip ipsec policy: a template: peer: it is for all peers"},
	{BRANCHES(STRICT, GROUP "policy = ( " TEMPLATE("group = \"g\"; tunnel = false;") " );\n"),
	 "a template: tunnel: generated policies are tunnels"},
	{BRANCHES(STRICT,
		  GROUP "policy = ( " TEMPLATE("group = \"g\"; action = \"none\";") " );\n"),
	 "a template: action: only encrypt"},
	{BRANCHES(STRICT,
		  GROUP "policy = ( " TEMPLATE("group = \"g\"; level = \"use\"; allow-clear "
					       "= true;") " );\n"),
	 "a template: level: use would have peers choose what passes in clear"},
	{BRANCHES(STRICT, GROUP "policy = ( " TEMPLATE("group = \"g\";") ",\n" TEMPLATE(
				  "group = \"g\";") " );\n"),
	 "t.conf:11: /ip ipsec policy: a template: it covers the same as the one in line 10"},
	{BRANCHES("", "policy = ( { action = \"discard\"; src-address = \"10.1.0.0/16\"; "
		      "dst-address = \"10.2.0.0/16\"; group = \"default\"; } );\n"),
	 "group: means nothing without template = true"},
	{BRANCHES(STRICT, GROUP "policy = ( { template = true; group = \"g\"; src-address = "
				"\"10.1.0.0/16\"; dst-address = \"10.2.0.0/16\"; proposal = "
				"\"old\"; } );\n"),
	 "t.conf:6: /ip ipsec proposal \"old\": auth-algorithms: md5 is weak"},
};

static void who_never_begins_cannot_begin_with_traffic(void **state)
{
	static const char text[] =
		"interface = ( { name = \"wan\"; device = \"net_null0\"; } );\n"
		"ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"wan\"; } );\n"
		"ipsec = { profile = ( { name = \"f\"; hash-algorithm = \"sha256\"; dh-group = "
		"\"ecp256\"; } );\n"
		"peer = ( { name = \"p\"; address = \"192.0.2.9\"; profile = \"f\"; start = "
		"\"traffic\"; passive = true; exchange-mode = \"ike2\"; },\n"
		"{ name = \"q\"; address = \"192.0.2.0/24\"; profile = \"f\"; start = "
		"\"traffic\"; exchange-mode = \"ike2\"; } );\n"
		"}; };\n";

	(void)state;
	assert_told(
		text, false,
		"t.conf:4: /ip ipsec peer \"p\": start: traffic means nothing with passive=yes: "
		"we never begin then\n");
	assert_told(text, false,
		    "t.conf:5: /ip ipsec peer \"q\": start: traffic means nothing with a network");
}

#define PROFILE(more, peer)                                                                        \
	"interface = ( { name = \"wan\"; device = \"net_null0\"; } );\n"                           \
	"ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"wan\"; } );\n"             \
	"ipsec = { settings = { allow-weak = \"ikev1\"; };\n"                                      \
	"profile = ( { name = \"f\"; hash-algorithm = \"sha256\"; dh-group = \"ecp256\"; " more    \
	" } );\n" /* line 4 */                                                                     \
	"peer = ( { name = \"p\"; profile = \"f\"; address = \"192.0.2.9\"; " peer " } );\n"       \
	"identity = ( { peer = \"p\"; secret = \"0123456789012345678901234\"; } ); }; };\n"
#define V1 ""
#define V2 "exchange-mode = \"ike2\";"

static void what_means_nothing_to_a_version_is_warned_of(void **state)
{
	static const struct {
		const char *text, *told;
	} cases[] = {
		{PROFILE("prf-algorithm = \"sha384\";", V1),
		 "prf-algorithm: with peer \"p\": is not"},
		{PROFILE("nat-traversal = false;", V1),
		 "nat-traversal: with peer \"p\": NAT is not"},
		{PROFILE("nat-traversal = false;", V2),
		 "nat-traversal: with peer \"p\": is not used"},
		{PROFILE("lifebytes = 1000;", V2), "lifebytes: with peer \"p\": is not used"},
		{PROFILE("proposal-check = \"strict\";", V2),
		 "proposal-check: with peer \"p\": is"},
	};
	static const char *const quiet[] = {
		PROFILE("prf-algorithm = \"sha384\";", V2), PROFILE("lifebytes = 1000;", V1),
		PROFILE("proposal-check = \"strict\";", V1), PROFILE("", V2), PROFILE("", V1)};
	char *told;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_told(cases[i].text, true, cases[i].told);
	for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++) {
		model_free(load_text(quiet[i], &told));
		assert_string_equal(told, "");
		free(told);
	}
}

static void templates_that_cannot_be_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_templates) / sizeof(bad_templates[0]); i++)
		assert_told(bad_templates[i].text, false, bad_templates[i].told);
}

static void what_stands_behind_a_template_is_warned_of(void **state)
{
	static const char *const closed = BRANCHES(
		STRICT, GROUP "policy = ( " TEMPLATE("group = \"g\";") ", " DISCARD " );\n");
	static const char *const apart = BRANCHES(
		STRICT,
		GROUP "policy = ( " TEMPLATE(
			"group = \"g\"; protocol = \"tcp\"; dst-port = 5;") ",\n{ peer = "
									    "\"any\"; tunnel = "
									    "true; proposal = "
									    "\"a\"; src-address "
									    "= \"10.0.0.0/8\"; "
									    "dst-address = "
									    "\"10.2.1.0/24\"; "
									    "protocol = "
									    "\"tcp\"; dst-port = "
									    "6; } );\n");
	char *told;

	(void)state;
	assert_told(BRANCHES(STRICT,
			     GROUP "policy = ( " DISCARD ", " TEMPLATE("group = \"g\";") " );\n"),
		    true, "while no peer has asked for it, what it covers leaves IN CLEAR");
	assert_told(BRANCHES(STRICT,
			     GROUP "policy = ( " TEMPLATE(
				     "group = \"g\";") ",\n{ action = \"discard\"; "
						       "src-address = \"10.1.0.0/16\"; dst-address "
						       "= \"10.2.1.0/24\"; } );\n"),
		    true, "leaves IN CLEAR");
	assert_told(BRANCHES(STRICT,
			     GROUP "policy = ( " TEMPLATE(
				     "group = \"g\";") ",\n{ peer = \"any\"; tunnel = "
						       "true; proposal = \"a\"; src-address = "
						       "\"10.0.0.0/8\"; dst-address = "
						       "\"10.2.1.0/24\"; } );\n"),
		    true, "may take traffic of the policy in line 11");
	/* A part of it, by protocol, leaves the rest open. */
	assert_told(
		BRANCHES(STRICT,
			 GROUP "policy = ( " TEMPLATE(
				 "group = \"g\";") ",\n{ action = \"discard\"; protocol = \"tcp\"; "
						   "src-address = \"10.1.0.0/16\"; dst-address "
						   "= \"10.2.0.0/16\"; } );\n"),
		true, "leaves IN CLEAR");
	model_free(load_text(closed, &told));
	assert_string_equal(told, "");
	free(told);
	/* Other ports are other traffic. */
	model_free(load_text(apart, &told));
	assert_null(strstr(told, "may take"));
	free(told);
}

static void a_group_that_is_not_used_is_warned_of(void **state)
{
	(void)state;
	assert_told(BRANCHES("policy-template-group = \"g\";",
			     GROUP "policy = ( " TEMPLATE("group = \"g\";") " );\n"),
		    true, "policy-template-group: \"g\" is not used with generate-policy=no");
}

#define BETWEEN(src, dst)                                                                          \
	"{ peer = \"p\"; tunnel = true; src-address = \"" src "\"; dst-address = \"" dst           \
	"\"; proposal = \"a\"; }"

static void public_addresses_inside_are_warned_of_once(void **state)
{
	char *told;

	(void)state;
	assert_told(SITE(BETWEEN("10.1.0.0/16", "11.0.0.0/8")), true,
		    "t.conf:8: warning: /ip ipsec policy: dst-address: 11.0.0.0/8 is not private "
		    "address space (RFC 1918, RFC 6598): a cloud");
	assert_told(
		SITE(BETWEEN("10.1.0.0/16", "10.2.0.0/16") ", " BETWEEN(
			"52.1.0.0/16", "10.2.0.0/16") ", " BETWEEN("52.2.0.0/16", "10.2.0.0/16")),
		true,
		"src-address: 52.1.0.0/16 is not private address space (RFC 1918, RFC 6598) (2 "
		"policies have such addresses)");
	model_free(load_text(SITE(BETWEEN("10.1.0.0/16", "0.0.0.0/0")), &told));
	assert_string_equal(told, "");
	free(told);
}

static void assert_silent(const char *text)
{
	char *told;

	model_free(load_text(text, &told));
	assert_string_equal(told, "");
	free(told);
}

static void policies_of_a_peer_that_overlap_are_warned_of(void **state)
{
	(void)state;
	assert_told(
		SITE(BETWEEN("10.1.0.0/16", "10.2.0.0/16") ",\n" BETWEEN("10.1.4.0/24",
									 "10.2.0.0/15")),
		true,
		"t.conf:9: warning: /ip ipsec policy: it overlaps with the one in line 8 of the "
		"same peer");
	assert_silent(SITE(
		BETWEEN("10.1.0.0/16", "10.2.0.0/16") ",\n" BETWEEN("10.1.0.0/16", "10.3.0.0/16")));
	assert_silent(SITE(POLICY("protocol = \"tcp\";") ",\n" POLICY("protocol = \"udp\";")));
	assert_told(SITE(POLICY("protocol = \"tcp\";") ",\n" POLICY("")), true, "it overlaps");
	assert_silent(SITE(POLICY("protocol = \"tcp\"; dst-port = \"80\";") ",\n" POLICY(
		"protocol = \"tcp\"; dst-port = \"81\";")));
}

/* The hash of a warning of that text. */
#define TOLD_BY(...)                                                                               \
	({                                                                                         \
		uint64_t hash_;                                                                    \
		problems_init(&told);                                                              \
		problems_warn(&told, NULL, 0, __VA_ARGS__);                                        \
		hash_ = problems_hash(&told.list[0]);                                              \
		problems_free(&told);                                                              \
		hash_;                                                                             \
	})

static void lines_that_move_are_not_told_again(void **state)
{
	static const char overlaps[] = "%s overlaps with the one in line %u of \"%s\"";
	static struct problems told;
	uint64_t a;

	(void)state;
	a = TOLD_BY(overlaps, "x", 8u, "a");
	assert_true(TOLD_BY(overlaps, "x", 1009u, "a") == a);
	assert_true(TOLD_BY(overlaps, "x", 8u, "b") != a);
	assert_true(TOLD_BY(overlaps, "y", 8u, "a") != a);
	assert_true(TOLD_BY("lifetime %u", 8u) != TOLD_BY("lifetime %u", 9u));
	assert_true(TOLD_BY("line %u and line %u", 3u, 4u) ==
		    TOLD_BY("line %u and line %u", 5u, 66u));
	assert_true(TOLD_BY("line ") != TOLD_BY("line"));
}

static void names_that_look_like_lines_are_told_apart(void **state)
{
	static const char weak[] = "peer \"%s\": weak, as in line %u";
	static struct problems told;

	(void)state;
	assert_true(TOLD_BY(weak, "line 1", 7u) != TOLD_BY(weak, "line 2", 7u));
	assert_true(TOLD_BY(weak, "in line 1", 7u) == TOLD_BY(weak, "in line 1", 8u));
	assert_true(TOLD_BY("%s", "line 1") != TOLD_BY("%s", "line 2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clear_text_passes_only_where_use_and_allow_clear_are_said),
		cmocka_unit_test(use_without_allow_clear_is_refused),
		cmocka_unit_test(use_with_allow_clear_is_warned_of),
		cmocka_unit_test(what_would_have_no_effect_is_refused),
		cmocka_unit_test(a_template_is_a_bound_and_no_policy),
		cmocka_unit_test(without_a_group_it_is_the_default_one),
		cmocka_unit_test(templates_that_cannot_be_are_refused),
		cmocka_unit_test(what_means_nothing_to_a_version_is_warned_of),
		cmocka_unit_test(who_never_begins_cannot_begin_with_traffic),
		cmocka_unit_test(what_stands_behind_a_template_is_warned_of),
		cmocka_unit_test(a_group_that_is_not_used_is_warned_of),
		cmocka_unit_test(public_addresses_inside_are_warned_of_once),
		cmocka_unit_test(policies_of_a_peer_that_overlap_are_warned_of),
		cmocka_unit_test(lines_that_move_are_not_told_again),
		cmocka_unit_test(names_that_look_like_lines_are_told_apart),
	};

	return cmocka_run_group_tests(tests, load_setup, load_teardown);
}
