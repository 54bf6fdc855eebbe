/* SPDX-License-Identifier: BSD-3-Clause */
/* test_demand.c - a node that begins when there is traffic, in both versions of IKE: A has two
 * policies and B answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/sim.h"

#define A 0
#define B 1

static void init(struct sim *s, uint64_t seed, int version)
{
	sim_init(s, seed);
	for (int i = 0; i < 2; i++) {
		struct sim_node *n = &s->node[i];
		struct abi_range *ours = i == A ? &n->children[1].local : &n->children[1].remote;

		n->conf.mode = version == 2 ? IKE_MODE_IKE2 : IKE_MODE_MAIN;
		n->children[1] = n->children[0];
		n->children[1].policy_id = SIM_POLICY(1);
		*ours = sim_net_range("192.168.2.0", 24);
		n->conf.n_children = 2;
	}
	s->node[A].conf.on_demand = true;
	s->node[B].conf.passive = true;
	sim_start(s);
}

static void run(struct sim *s, unsigned seconds)
{
	sim_run(s, s->now + seconds * SIM_SEC);
}

static void acquire(struct sim *s, unsigned child)
{
	ike_engine_acquire(s->node[A].engine, SIM_POLICY(child), s->now);
	s->node[A].due = s->now;
}

static void nothing_begins_without_traffic(void **state)
{
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		init(&s, 1, v);
		run(&s, 3600);
		assert_int_equal(s.ike_sent, 0);
		sim_fini(&s);
	}
}

static void traffic_begins_the_policy_it_is_for_and_no_other(void **state)
{
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		for (unsigned child = 0; child < 2; child++) {
			init(&s, 2, v);
			run(&s, 60);
			acquire(&s, child);
			run(&s, 2);
			assert_true(sim_agreed(&s, child));
			run(&s, 600);
			assert_true(sim_agreed(&s, child));
			assert_null(sim_current(&s, A, 1 - child));
			/* the other one through the same IKE SA */
			acquire(&s, 1 - child);
			run(&s, 2);
			assert_true(sim_agreed(&s, 0) && sim_agreed(&s, 1));
			assert_int_equal(sim_ike_sas(&s, A, "established"), 1);
			assert_int_equal(sim_counters(&s, A)->phase1_started, 1);
			sim_fini(&s);
		}
	}
}

static void what_went_down_stays_down_until_there_is_traffic(void **state)
{
	struct sim s;
	uint64_t sent;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		init(&s, 3, v);
		acquire(&s, 0);
		run(&s, 60);
		assert_true(sim_agreed(&s, 0));
		ike_engine_terminate(s.node[B].engine, NULL, s.now);
		run(&s, 60);
		assert_int_equal(sim_installed(&s, A), 0);
		sent = s.ike_sent;
		run(&s, 3600);
		assert_int_equal(s.ike_sent, sent);
		acquire(&s, 0);
		run(&s, 2);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

static void a_pair_in_use_is_replaced_in_time(void **state)
{
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		init(&s, 4, v);
		ike_engine_set_peers(s.node[A].engine, NULL, 0, s.now);
		s.node[A].children[0].proposal.lifetime = 300;
		s.node[A].conf.profile.lifetime = 1000;
		assert_int_equal(sim_configure(&s, A), 0);
		for (int i = 0; i < 2; i++)
			s.node[i].esp_every = SIM_SEC;
		acquire(&s, 0);
		run(&s, 4000);
		assert_true(sim_working(&s, 0));
		assert_true(s.node[A].installs > 5);
		assert_true(sim_counters(&s, A)->phase1_established > 1);
		sim_fini(&s);
	}
}

/* Nobody answers: what traffic asks for is tried while it does, and not much longer. */
static void a_silent_peer_is_asked_while_there_is_traffic(void **state)
{
	struct sim s;
	uint64_t sent, before;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		init(&s, 5, v);
		s.node[B].dead = true;
		before = s.ike_sent;
		for (unsigned i = 0; i < 300; i++) { /* as the data plane does: once a second */
			acquire(&s, 0);
			run(&s, 1);
		}
		sent = s.ike_sent - before;
		assert_in_range(sent, 10, 80);
		run(&s, 120);
		sent = s.ike_sent;
		run(&s, 3600);
		assert_int_equal(s.ike_sent, sent);
		s.node[B].dead = false;
		sim_restart(&s, B);
		acquire(&s, 0);
		run(&s, 10);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

/* A refusal comes at once: back-off is what keeps traffic from making a storm of it. */
static void a_refusing_peer_is_not_flooded(void **state)
{
	struct sim s;
	uint64_t before;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		init(&s, 6, v);
		s.node[A].conf.profile.dh[0] = 14;
		assert_int_equal(sim_configure(&s, A), 0);
		before = s.ike_sent;
		for (unsigned i = 0; i < 300; i++) {
			acquire(&s, 0);
			run(&s, 1);
		}
		assert_in_range(s.ike_sent - before, 10, 400);
		sim_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_begins_without_traffic),
		cmocka_unit_test(traffic_begins_the_policy_it_is_for_and_no_other),
		cmocka_unit_test(what_went_down_stays_down_until_there_is_traffic),
		cmocka_unit_test(a_pair_in_use_is_replaced_in_time),
		cmocka_unit_test(a_silent_peer_is_asked_while_there_is_traffic),
		cmocka_unit_test(a_refusing_peer_is_not_flooded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
