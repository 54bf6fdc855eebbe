/* SPDX-License-Identifier: BSD-3-Clause */
/* test_selectors.c - multi-selector: which policies of a peer share one pair of SAs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/model/apply.h"
#include "control/model/selectors.h"
#include "tests/unit/control/model/load.h"

#define SITE(peer, policies)                                                                       \
	"interface = ( { name = \"wan\"; device = \"net_null0\"; } );\n"                           \
	"ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"wan\"; } );\n"             \
	"ipsec = { settings = { allow-weak = \"ikev1\"; };\n"                                      \
	"profile = ( { name = \"f\"; hash-algorithm = \"sha256\"; dh-group = \"ecp256\"; } );\n"   \
	"proposal = ( { name = \"a\"; auth-algorithms = \"sha256\"; pfs-group = \"none\"; },\n"    \
	"             { name = \"b\"; auth-algorithms = \"sha512\"; pfs-group = \"none\"; } );\n"  \
	"peer = ( { name = \"p\"; profile = \"f\"; address = \"192.0.2.9\"; " peer " } );\n"       \
	"identity = ( { peer = \"p\"; secret = \"0123456789012345678901234\"; } );\n"              \
	"policy = (" policies "); }; };\n"
#define IKE2(multi) "exchange-mode = \"ike2\"; multi-selector = \"" multi "\";"
#define POLICY(src, dst, proposal)                                                                 \
	"{ peer = \"p\"; tunnel = true; src-address = \"" src "\"; dst-address = \"" dst           \
	"\"; proposal = \"" proposal "\"; }"
#define FOUR                                                                                       \
	POLICY("10.1.0.0/16", "10.2.0.0/16", "a")                                                  \
	"," POLICY("10.1.0.0/16", "10.3.0.0/16", "a") "," POLICY(                                  \
		"10.4.0.0/16", "10.2.0.0/16", "a") "," POLICY("10.4.0.0/16", "10.3.0.0/16", "a")
#define THREE                                                                                      \
	POLICY("10.1.0.0/16", "10.2.0.0/16", "a")                                                  \
	"," POLICY("10.1.0.0/16", "10.3.0.0/16", "a") "," POLICY("10.4.0.0/16", "10.2.0.0/16", "a")

static struct model *load(const char *text)
{
	char *told;
	struct model *m = load_text(text, &told);

	if (m == NULL || *told != '\0')
		fail_msg("%s", told);
	free(told);
	return m;
}

static struct model_plan *plan_of(const struct model *m)
{
	static struct problems problems;
	struct model_plan *plan;

	problems_init(&problems);
	plan = model_plan_new(m, NULL, &problems);
	assert_non_null(plan);
	problems_free(&problems);
	return plan;
}

static void one_sa_takes_all_combinations(void **state)
{
	struct model *m = load(SITE(IKE2("single-sa"), FOUR));
	struct model_plan *plan = plan_of(m);
	const struct ike_child_conf *c = plan->peers[0].children;

	(void)state;
	assert_int_equal(plan->peers[0].n_children, 1);
	assert_int_equal(ike_child_more(c)->n_local, 1);
	assert_int_equal(ike_child_more(c)->n_remote, 1);
	assert_int_equal(c->local.lo[1], 1);
	assert_int_equal(ike_child_more(c)->local[0].lo[1], 4);
	assert_int_equal(c->remote.lo[1], 2);
	assert_int_equal(ike_child_more(c)->remote[0].lo[1], 3);
	assert_int_equal(plan->n_policies, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(plan->policies[i].policy_id, c->policy_id);
		assert_int_equal(plan->policy_ids[i], c->policy_id);
	}
	model_plan_free(plan);
	model_free(m);
}

static void each_proposal_has_its_own_sa(void **state)
{
	struct model *m = load(SITE(IKE2("single-sa"),
				    POLICY("10.1.0.0/16", "10.2.0.0/16", "a") "," POLICY(
					    "10.1.0.0/16", "10.3.0.0/16",
					    "b") "," POLICY("10.1.0.0/16", "10.5.0.0/16", "a")));
	struct model_plan *plan = plan_of(m);

	(void)state;
	assert_int_equal(plan->peers[0].n_children, 2);
	assert_int_equal(ike_child_more(&plan->peers[0].children[0])->n_remote, 1);
	assert_int_equal(ike_child_more(&plan->peers[0].children[0])->remote[0].lo[1], 5);
	assert_int_equal(ike_child_more(&plan->peers[0].children[1])->n_remote, 0);
	assert_int_equal(plan->policies[0].policy_id, plan->policies[2].policy_id);
	assert_int_not_equal(plan->policies[0].policy_id, plan->policies[1].policy_id);
	model_plan_free(plan);
	model_free(m);
}

/* Nor is there one for policies whose packets are treated in different ways. */
static void each_treatment_has_its_own_sa(void **state)
{
#define WITH(more)                                                                                 \
	SITE(IKE2("single-sa"),                                                                    \
	     POLICY("10.1.0.0/16", "10.2.0.0/16", "a") "," POLICY("10.1.0.0/16", "10.3.0.0/16",    \
								  "a\"; " more " comment = \""))
	static const char *const texts[] = {
		WITH(""),
		WITH("dont-fragment = \"clear\";"),
		WITH("dscp = 46;"),
		WITH("change-tcp-mss = false;"),
		WITH("replay-window = 1024;"),
		WITH("protocol = \"tcp\";"),
		WITH("level = \"use\"; allow-clear = true;"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct model *m = load_good(texts[i]);
		struct model_plan *plan = plan_of(m);

		assert_int_equal(plan->peers[0].n_children, i == 0 ? 1 : 2);
		model_plan_free(plan);
		model_free(m);
	}
}

static void per_pair_shares_nothing(void **state)
{
	static const char *const texts[] = {
		SITE(IKE2("per-pair"), FOUR), SITE("exchange-mode = \"ike2\";", FOUR),
		SITE("multi-selector = \"auto\";", FOUR), /* IKEv1 */
		SITE(IKE2("auto"), THREE),		  /* not all combinations */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct model *m = load(texts[i]);
		struct model_plan *plan = plan_of(m);

		assert_int_equal(plan->peers[0].n_children, plan->n_policies);
		model_plan_free(plan);
		model_free(m);
	}
}

static void auto_learns_once(void **state)
{
	struct model *m = load(SITE(IKE2("auto"), FOUR));
	struct model_plan *plan = plan_of(m), *next;
	static struct problems problems;

	(void)state;
	assert_int_equal(plan->peers[0].n_children, 1);
	assert_false(selectors_learn(m, "nobody"));
	assert_true(selectors_learn(m, "p"));
	assert_false(selectors_learn(m, "p"));
	problems_init(&problems);
	next = model_plan_new(m, plan, &problems);
	assert_non_null(next);
	assert_int_equal(next->peers[0].n_children, 4);
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(next->policies[i].policy_id,
					     next->policies[k].policy_id);
	assert_int_equal(next->policies[0].policy_id, plan->policies[0].policy_id);
	problems_free(&problems);
	model_plan_free(plan);
	model_plan_free(next);
	model_free(m);
}

static void what_cannot_be_shared_is_refused(void **state)
{
	static const struct {
		const char *text, *told;
	} cases[] = {
		{SITE(IKE2("single-sa"), THREE),
		 "one SA protects each local network to each remote one: a policy for 10.4.0.0/16 "
		 "to 10.3.0.0/16 is missing; or say per-pair"},
		{SITE(IKE2("any"), THREE), /* the peer could send what no policy has */
		 "multi-selector=any, and one SA protects each local network to each remote one"},
		{SITE(IKE2("single-sa"),
		      POLICY("10.1.0.0/16", "10.2.0.0/16", "a") "," POLICY(
			      "10.1.0.0/16", "10.3.0.0/16",
			      "a") "," POLICY("10.1.0.0/16", "10.4.0.0/16",
					      "a") "," POLICY("10.1.0.0/16", "10.5.0.0/16",
							      "a") "," POLICY("10.1.0.0/16",
									      "10.6.0.0/16", "a")),
		 "an SA has at most 4 networks on either side"},
		{SITE("multi-selector = \"single-sa\";", FOUR),
		 "multi-selector: single-sa needs exchange-mode=ike2"},
		{SITE(IKE2("any"), POLICY("10.1.0.0/16", "10.2.0.0/16",
					  "a") "," POLICY("10.1.0.0/16", "10.3.0.0/16", "b")),
		 "multi-selector=any: one SA for all its policies, so all need the same proposal"},
		{SITE(IKE2("some"), FOUR), "multi-selector: \"some\" is not known; accepted: "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *told;
		struct model *m = load_text(cases[i].text, &told);

		if (m != NULL || !strstr(told, cases[i].told))
			fail_msg("case %zu: told\n%s", i, told);
		free(told);
	}
}

static void any_negotiates_everything_and_uses_what_policies_cover(void **state)
{
	static const char *const texts[] = {SITE(IKE2("any"), FOUR),
					    SITE("multi-selector = \"any\";", FOUR)};

	(void)state;
	for (size_t t = 0; t < 2; t++) {
		struct model *m = load(texts[t]);
		struct model_plan *plan = plan_of(m);
		const struct ike_child_conf *c = plan->peers[0].children;

		assert_int_equal(plan->peers[0].n_children, 1);
		assert_int_equal(ike_child_more(c)->n_local + ike_child_more(c)->n_remote, 0);
		assert_int_equal(c->local.lo[0] | c->remote.lo[0], 0);
		assert_int_equal(c->local.hi[3] & c->remote.hi[3], 255);
		assert_int_equal(c->local.port_hi, 65535);
		assert_int_equal(ike_child_more(c)->n_use_local, 2);
		assert_int_equal(ike_child_more(c)->n_use_remote, 2);
		assert_int_equal(ike_child_more(c)->use_local[1].lo[1], 4);
		assert_int_equal(ike_child_more(c)->use_remote[1].lo[1], 3);
		assert_int_equal(plan->n_policies, 4); /* nothing but these is matched */
		for (size_t i = 0; i < 4; i++) {
			assert_int_equal(plan->policies[i].policy_id, c->policy_id);
			assert_int_equal(plan->policies[i].local.lo[0], 10);
		}
		model_plan_free(plan);
		model_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_sa_takes_all_combinations),
		cmocka_unit_test(each_proposal_has_its_own_sa),
		cmocka_unit_test(each_treatment_has_its_own_sa),
		cmocka_unit_test(per_pair_shares_nothing),
		cmocka_unit_test(auto_learns_once),
		cmocka_unit_test(what_cannot_be_shared_is_refused),
		cmocka_unit_test(any_negotiates_everything_and_uses_what_policies_cover),
	};

	return cmocka_run_group_tests(tests, load_setup, load_teardown);
}
