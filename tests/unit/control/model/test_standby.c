/* SPDX-License-Identifier: BSD-3-Clause */
/* test_standby.c - policies that stand in for others: which pairs there are, and what is no pair.
 */
#include "load.h"

#include "control/model/apply.h"
#include "control/model/standby.h"

#define SITE(policies)                                                                             \
	"interface = ( { name = \"wan\"; device = \"net_null0\"; } );\n"                           \
	"ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"wan\"; } );\n"             \
	"ipsec = { profile = ( { name = \"f\"; hash-algorithm = \"sha256\"; dh-group = "           \
	"\"ecp256\"; } );\n"                                                                       \
	"proposal = ( { name = \"a\"; auth-algorithms = \"sha256\"; pfs-group = \"none\"; } );\n"  \
	"peer = ( { name = \"p\"; profile = \"f\"; address = \"192.0.2.9\"; exchange-mode = "      \
	"\"ike2\"; }, { name = \"q\"; profile = \"f\"; address = \"192.0.2.8\"; exchange-mode = "  \
	"\"ike2\"; } );\n"                                                                         \
	"identity = ( { peer = \"p\"; secret = \"0123456789012345678901234\"; },\n"                \
	"{ peer = \"q\"; secret = \"0123456789012345678901234\"; } );\n"                           \
	"policy = ( " policies " ); }; };\n" /* line 8 */
#define POLICY(peer, dst, more)                                                                    \
	"{ peer = \"" peer "\"; tunnel = true; src-address = \"10.1.0.0/16\"; dst-address = "      \
	"\"" dst "\"; proposal = \"a\"; " more " }"
#define NET	"10.2.0.0/16"
#define STANDBY "standby = true;"

static void assert_refused(const char *text, const char *what)
{
	char *told;
	struct model *m = load_text(text, &told);

	if (m != NULL || !strstr(told, what))
		fail_msg("told \"%s\" instead of \"%s\"", told, what);
	free(told);
	model_free(m);
}

static void two_policies_of_the_same_traffic_are_a_pair(void **state)
{
	static struct problems problems;
	struct model *m = load_good(SITE(POLICY("p", "10.3.0.0/16", "disabled = true;") ", " POLICY(
		"p", "10.9.0.0/16",
		"") ", " POLICY("p", NET, "") ", " POLICY("q", "10.9.0.0/16",
							  STANDBY) ", " POLICY("q", NET, STANDBY)));
	struct model_plan *plan;

	(void)state;
	problems_init(&problems);
	plan = model_plan_new(m, NULL, &problems);
	assert_non_null(plan);
	assert_int_equal(plan->n_policies, 4);
	assert_int_equal(plan->n_standbys, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct plan_standby *s = &plan->standbys[i];

		assert_int_equal(s->second, s->first + 2);
		assert_string_equal(plan->policy_peers[s->first], "p");
		assert_string_equal(plan->policy_peers[s->second], "q");
		assert_memory_equal(&plan->policies[s->first].remote,
				    &plan->policies[s->second].remote, sizeof(struct abi_range));
		assert_int_not_equal(plan->policies[s->first].policy_id,
				     plan->policies[s->second].policy_id);
		assert_false(s->swapped);
	}
	assert_int_equal(plan->peers[1].n_children, 2); /* it negotiates all the same */
	model_plan_free(plan);
	model_free(m);
}

/* What a reload changes elsewhere does not bring traffic back to a tunnel that was left. */
static void those_that_changed_places_stay_so_with_a_reload(void **state)
{
	static struct problems problems;
	struct model *m = load_good(SITE(POLICY("p", NET, "") ", " POLICY("q", NET, STANDBY)));
	struct model *more =
		load_good(SITE(POLICY("p", "10.8.0.0/16", "") ", " POLICY("p", NET, "") ", " POLICY(
			"q", NET, STANDBY) ", " POLICY("q", "10.8.0.0/16", STANDBY)));
	struct model_plan *plan, *next, *back;

	(void)state;
	problems_init(&problems);
	plan = model_plan_new(m, NULL, &problems);
	assert_non_null(plan);
	standby_swap(plan, &plan->standbys[0]);
	next = model_plan_new(more, plan, &problems);
	assert_non_null(next);
	assert_int_equal(next->n_standbys, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct plan_standby *s = &next->standbys[i];
		bool old = s->first == 1;

		assert_int_equal(s->swapped, old);
		assert_string_equal(next->policy_peers[s->first], old ? "q" : "p");
		assert_int_equal(next->policies[s->first].policy_id == plan->policies[0].policy_id,
				 old);
	}
	standby_swap(plan, &plan->standbys[0]);
	back = model_plan_new(more, plan, &problems);
	assert_non_null(back);
	assert_false(back->standbys[0].swapped || back->standbys[1].swapped);
	model_plan_free(plan);
	model_plan_free(next);
	model_plan_free(back);
	model_free(m);
	model_free(more);
}

static void what_is_no_pair_is_refused(void **state)
{
	(void)state;
	assert_refused(SITE(POLICY("p", NET, "") ", " POLICY("q", NET, "")),
		       "t.conf:8: /ip ipsec policy: it covers the same packets as the one in line "
		       "8 and would never be used; nearest accepted: standby = true");
	assert_refused(SITE(POLICY("p", NET, "") ", " POLICY("q", "10.9.0.0/16", STANDBY)),
		       "standby: no earlier policy has the same addresses");
	assert_refused(SITE(POLICY("q", NET, STANDBY) ", " POLICY("p", NET, "")),
		       "standby: no earlier policy has the same addresses");
	assert_refused(SITE(POLICY("p", NET, "") ", " POLICY("p", NET, STANDBY)),
		       "standby: the earlier policy has the same peer");
	assert_refused(SITE(POLICY("p", NET, "") ", " POLICY("q", NET, STANDBY) ", " POLICY(
			       "q", NET, STANDBY)),
		       "standby: there is another standby for the same policy");
	assert_refused(SITE("{ action = \"discard\"; src-address = \"10.1.0.0/16\"; dst-address = "
			    "\"" NET "\"; }, " POLICY("q", NET, STANDBY)),
		       "standby: only action=encrypt stands in for action=encrypt");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_policies_of_the_same_traffic_are_a_pair),
		cmocka_unit_test(those_that_changed_places_stay_so_with_a_reload),
		cmocka_unit_test(what_is_no_pair_is_refused),
	};

	return cmocka_run_group_tests(tests, load_setup, load_teardown);
}
