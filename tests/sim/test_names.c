/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_names.c - a peer whose address is what a name stands for: not known at first, another one
 * later, in both versions. Node 0 has the name, node 1 is whom it stands for.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/sim.h"

#define LIFE 200u

static const enum ike_exchange_mode modes[] = {IKE_MODE_MAIN, IKE_MODE_AGGRESSIVE, IKE_MODE_IKE2};
#define MODES (sizeof(modes) / sizeof(modes[0]))

/* What the name stands for; "": it does not resolve. */
static void resolve(struct sim *s, const char *to)
{
	struct ike_peer_conf *c = &s->node[0].conf;
	static const struct abi_addr none;

	c->remote = *to != '\0' ? sim_addr(to) : none;
	c->remote_prefix_len = *to != '\0' ? 32 : 0;
	c->local = *to != '\0' ? s->node[0].addr : none; /* by the route there */
	c->my_id_auto = true;
	c->my_id.type = IKE_ID_IPV4;
	c->my_id.len = *to != '\0' ? 4 : 0;
	memset(c->my_id.data, 0, sizeof(c->my_id.data));
	memcpy(c->my_id.data, c->local.bytes, c->my_id.len);
}

#define FIRST  "119.91.254.122"
#define SECOND "119.91.254.123"
#define NOBODY "198.51.100.1"

static void init(struct sim *s, enum ike_exchange_mode mode, uint64_t seed)
{
	sim_init(s, seed);
	s->node[1].also = sim_addr(SECOND);
	for (int i = 0; i < 2; i++) {
		s->node[i].conf.mode = mode;
		s->node[i].conf.profile.lifetime = LIFE;
		s->node[i].children[0].proposal.lifetime = 100;
		s->node[i].esp_every = 20 * SIM_MS;
	}
	s->node[0].conf.named = true;
	s->node[1].conf.passive = true;
	s->node[1].conf.local.family = 0;
	memset(s->node[1].conf.local.bytes, 0, sizeof(s->node[1].conf.local.bytes));
	resolve(s, "");
}

struct look {
	unsigned first, second;
};

static void look_at(void *ctx, const struct ike_sa_info *info)
{
	struct abi_addr first = sim_addr(FIRST), second = sim_addr(SECOND);
	struct look *l = ctx;

	if (strcmp(info->state, "established") != 0)
		return;
	l->first += memcmp(&info->remote, &first, sizeof(first)) == 0;
	l->second += memcmp(&info->remote, &second, sizeof(second)) == 0;
}

/* Is there one established IKE SA, with the second address or the first? */
static void assert_at(struct sim *s, bool second)
{
	struct look l = {0};

	ike_engine_visit_sas(s->node[0].engine, look_at, &l);
	assert_int_equal(l.second, second);
	assert_int_equal(l.first, !second);
}

static void up(struct sim *s, enum ike_exchange_mode mode, uint64_t seed)
{
	init(s, mode, seed);
	resolve(s, FIRST);
	sim_start(s);
	sim_run(s, s->now + 10 * SIM_SEC);
	assert_true(sim_agreed(s, 0));
	assert_at(s, false);
	s->node[0].esp_lost = s->node[1].esp_lost = 0;
	s->node[0].esp_no_sa = s->node[1].esp_no_sa = 0;
}

static void assert_nothing_lost(struct sim *s)
{
	for (int i = 0; i < 2; i++) {
		assert_int_equal(s->node[i].esp_lost, 0);
		assert_int_equal(s->node[i].esp_no_sa, 0);
	}
}

static void before_it_resolves_nothing_is_sent_and_then_the_tunnel_comes_up(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES; m++) {
		struct sim s;

		init(&s, modes[m], 1 + m);
		sim_start(&s);
		sim_run(&s, s.now + 100 * SIM_SEC);
		assert_int_equal(s.ike_sent, 0);
		ike_engine_acquire(s.node[0].engine, SIM_POLICY(0), s.now);
		assert_int_equal(ike_engine_rekey(s.node[0].engine, "peer1", true, s.now), -ENOENT);
		resolve(&s, FIRST);
		assert_int_equal(sim_configure(&s, 0), 0);
		sim_run(&s, s.now + 5 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

static void a_tunnel_that_is_up_stays_until_its_ike_sa_is_replaced(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES; m++) {
		struct sim s;
		uint64_t answered;

		up(&s, modes[m], 11 + m);
		answered = sim_counters(&s, 1)->phase1_answered;
		resolve(&s, SECOND);
		assert_int_equal(sim_configure(&s, 0), 0);
		sim_run(&s, s.now + LIFE / 2 * SIM_SEC); /* a child is rekeyed there, too */
		assert_at(&s, false);
		assert_int_equal(sim_counters(&s, 1)->phase1_answered, answered);
		sim_run(&s, s.now + LIFE * SIM_SEC);
		assert_at(&s, true);
		assert_nothing_lost(&s);
		assert_int_equal(s.node[0].failures, 0);
		assert_true(sim_working(&s, 0));
		/* and is rekeyed there as ever */
		sim_run(&s, s.now + 3 * LIFE * SIM_SEC);
		assert_at(&s, true);
		assert_nothing_lost(&s);
		sim_fini(&s);
	}
}

static void an_operator_can_have_it_replaced_at_once(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES; m++) {
		struct sim s;

		up(&s, modes[m], 21 + m);
		resolve(&s, SECOND);
		assert_int_equal(sim_configure(&s, 0), 0);
		sim_run(&s, s.now + 5 * SIM_SEC);
		assert_at(&s, false);
		assert_int_equal(ike_engine_rekey(s.node[0].engine, "peer1", true, s.now), 0);
		s.node[0].due = 0;
		sim_run(&s, s.now + 15 * SIM_SEC);
		assert_at(&s, true);
		assert_nothing_lost(&s);
		sim_fini(&s);
	}
}

static void when_it_fails_it_is_made_at_the_new_address(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES; m++) {
		struct abi_addr none = {0};
		struct sim s;

		up(&s, modes[m], 31 + m);
		/* the line got another address; the name follows when it is asked for again */
		s.node[1].addr = s.node[1].also;
		s.node[1].also = none;
		sim_restart(&s, 1);
		sim_run(&s, s.now + 60 * SIM_SEC);
		assert_true(s.node[0].failures > 0);
		resolve(&s, SECOND);
		assert_int_equal(sim_configure(&s, 0), 0);
		sim_run(&s, s.now + 5 * SIM_SEC);
		assert_at(&s, true);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

static void an_attempt_that_has_got_nowhere_ends_with_its_address(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES; m++) {
		struct sim s;

		init(&s, modes[m], 41 + m);
		resolve(&s, NOBODY);
		sim_start(&s);
		sim_run(&s, s.now + 10 * SIM_SEC);
		resolve(&s, SECOND);
		assert_int_equal(sim_configure(&s, 0), 0);
		sim_run(&s, s.now + 2 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		assert_at(&s, true);
		sim_fini(&s);
	}
}

static void each_failed_attempt_is_told(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES; m++) {
		struct sim s;

		init(&s, modes[m], 51 + m);
		resolve(&s, NOBODY);
		sim_start(&s);
		sim_run(&s, s.now + 1000 * SIM_SEC);
		assert_int_equal(s.node[0].failures, sim_counters(&s, 0)->phase1_failed);
		assert_in_range(s.node[0].failures, 3, 100);
		sim_fini(&s);
	}
}

static void as_responder_it_is_known_by_the_address_it_has(void **state)
{
	(void)state;
	for (size_t m = 0; m < MODES; m++) {
		struct sim s;

		init(&s, modes[m], 61 + m);
		s.node[0].conf.named = false;
		resolve(&s, FIRST);
		s.node[1].conf.named = true;
		s.node[1].conf.remote = sim_addr(NOBODY);
		sim_start(&s);
		sim_run(&s, s.now + 5 * SIM_SEC);
		assert_int_equal(sim_counters(&s, 1)->phase1_established, 0);
		s.node[1].conf.remote = s.node[0].addr;
		assert_int_equal(sim_configure(&s, 1), 0);
		sim_run(&s, s.now + 150 * SIM_SEC);
		assert_true(sim_working(&s, 0));
		/* not by the one it had */
		s.node[1].conf.remote = sim_addr(NOBODY);
		assert_int_equal(sim_configure(&s, 1), 0);
		sim_restart(&s, 0);
		sim_run(&s, s.now + 20 * SIM_SEC);
		assert_int_equal(sim_ike_sas(&s, 0, "established"), 0);
		sim_fini(&s);
	}
}

static void after_a_restart_tunnels_go_on_before_the_name_is_known(void **state)
{
	static const enum ike_exchange_mode both[] = {IKE_MODE_MAIN, IKE_MODE_IKE2};

	(void)state;
	for (size_t m = 0; m < 2; m++) {
		struct sim s;

		init(&s, both[m], 71 + m);
		s.node[0].keeps = true;
		resolve(&s, FIRST);
		sim_start(&s);
		sim_run(&s, s.now + 10 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		resolve(&s, "");
		assert_int_equal(sim_kill(&s, 0), 1);
		sim_run(&s, s.now + 10 * SIM_SEC);
		assert_at(&s, false);
		resolve(&s, FIRST);
		assert_int_equal(sim_configure(&s, 0), 0);
		sim_run(&s, s.now + 30 * SIM_SEC);
		assert_at(&s, false);
		assert_int_equal(sim_counters(&s, 1)->phase1_answered, 1);
		assert_true(sim_working(&s, 0));
		sim_fini(&s);
	}
}

static void after_a_restart_with_another_name_nothing_goes_on(void **state)
{
	struct sim s;

	(void)state;
	init(&s, IKE_MODE_IKE2, 73);
	s.node[0].keeps = true;
	s.node[0].conf.host = 1;
	resolve(&s, FIRST);
	sim_start(&s);
	sim_run(&s, s.now + 10 * SIM_SEC);
	assert_true(sim_agreed(&s, 0));
	resolve(&s, "");
	s.node[0].conf.host = 2;
	assert_int_equal(sim_kill(&s, 0), 0);
	sim_run(&s, s.now + 10 * SIM_SEC);
	assert_int_equal(sim_ike_sas(&s, 0, "established"), 0);
	sim_fini(&s);
}

static void many_names_may_be_unresolved_and_one_address_has_one_peer(void **state)
{
	struct ike_peer_conf two[2];
	struct sim s;

	(void)state;
	init(&s, IKE_MODE_IKE2, 81);
	two[0] = two[1] = s.node[0].conf;
	strcpy(two[1].name, "other");
	two[1].n_children = 0;
	assert_int_equal(ike_engine_set_peers(s.node[0].engine, two, 2, s.now), 0);
	resolve(&s, FIRST);
	two[0].remote = two[1].remote = s.node[0].conf.remote;
	two[0].remote_prefix_len = two[1].remote_prefix_len = 32;
	assert_int_equal(ike_engine_set_peers(s.node[0].engine, two, 2, s.now), -EEXIST);
	two[1].remote = sim_addr(SECOND);
	assert_int_equal(ike_engine_set_peers(s.node[0].engine, two, 2, s.now), 0);
	/* they change places */
	two[0].remote = sim_addr(SECOND);
	two[1].remote = sim_addr(FIRST);
	assert_int_equal(ike_engine_set_peers(s.node[0].engine, two, 2, s.now), 0);
	/* a name is no network */
	two[0].remote_prefix_len = 24;
	assert_int_equal(ike_engine_set_peers(s.node[0].engine, two, 2, s.now), -EINVAL);
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_it_resolves_nothing_is_sent_and_then_the_tunnel_comes_up),
		cmocka_unit_test(a_tunnel_that_is_up_stays_until_its_ike_sa_is_replaced),
		cmocka_unit_test(an_operator_can_have_it_replaced_at_once),
		cmocka_unit_test(when_it_fails_it_is_made_at_the_new_address),
		cmocka_unit_test(an_attempt_that_has_got_nowhere_ends_with_its_address),
		cmocka_unit_test(each_failed_attempt_is_told),
		cmocka_unit_test(as_responder_it_is_known_by_the_address_it_has),
		cmocka_unit_test(after_a_restart_tunnels_go_on_before_the_name_is_known),
		cmocka_unit_test(after_a_restart_with_another_name_nothing_goes_on),
		cmocka_unit_test(many_names_may_be_unresolved_and_one_address_has_one_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
