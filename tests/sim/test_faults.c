/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_faults.c - handshakes over a network that loses, repeats, reorders and delays, many seeds.
 * However bad it was: when it is good again, both ends hold exactly one pair, the same one, and
 * nothing is left over. argv[1]: seeds to run (default 500); argv[2]: the first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/sim.h"

static unsigned n_seeds = 500, first_seed = 1;

/* Network, roles, suites and faults all follow from the seed. */
static void setup(struct sim *s, uint64_t seed)
{
	uint64_t dice;

	sim_init(s, seed);
	dice = sim_random(s);
	s->net.loss_pct = (unsigned)(dice % 31);
	s->net.dup_pct = (unsigned)(dice / 31 % 31);
	s->net.delay_min = 1 * SIM_MS;
	s->net.delay_max = s->net.delay_min + dice / 1000 % (400 * SIM_MS);
	s->node[1].conf.passive = (dice >> 50) % 2;
	s->node[0].conf.passive = !s->node[1].conf.passive && (dice >> 51) % 4 == 0;
	s->node[0].children[0].proposal.pfs_group = (dice >> 53) % 2 ? 19 : 0;
	s->node[1].children[0].proposal.pfs_group = s->node[0].children[0].proposal.pfs_group;
	s->node[1].conf.profile.nat_traversal = (dice >> 54) % 4 != 0;
	s->node[0].install_delay_max = (dice >> 56) % 2 ? 5 * SIM_MS : 900 * SIM_MS;
	if ((dice >> 57) % 3 == 0 && s->node[1].conf.passive) {
		s->node[0].nat = sim_addr("203.0.113.9");
		s->node[1].conf.remote = s->node[0].nat;
	}
	for (int i = 0; i < 2; i++) {
		s->node[i].esp_every = 500 * SIM_MS;
		if (seed % 2 == 0)
			s->node[i].conf.mode = IKE_MODE_AGGRESSIVE;
		sim_slow_dh(s);
	}
}

static void settles_after_bad_network(uint64_t seed)
{
	struct sim s;

	setup(&s, seed);
	sim_start(&s);
	sim_run(&s, s.now + 60 * SIM_SEC);
	s.net.loss_pct = s.net.dup_pct = 0;
	s.net.delay_max = 20 * SIM_MS;
	sim_run(&s, s.now + 240 * SIM_SEC);
	if (!sim_agreed(&s, 0)) {
		fprintf(stderr, "seed %llu: no single agreed pair (%u and %u installed)\n",
			(unsigned long long)seed, sim_installed(&s, 0), sim_installed(&s, 1));
		fail();
	}
	for (int i = 0; i < 2; i++) {
		assert_true(sim_counters_add_up(&s, i));
		assert_true(sim_ike_sas(&s, i, NULL) <= 2);
		assert_int_equal(s.node[i].n_reserved, 0);
		assert_int_equal(sim_ike_sas(&s, i, NULL), sim_ike_sas(&s, i, "established") +
								   sim_ike_sas(&s, i, "replaced"));
	}
	sim_fini(&s);
}

static void settles_for_every_seed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < n_seeds; i++)
		settles_after_bad_network(first_seed + i);
}

/* Everything is lost for half a minute, at any point of the handshake. */
static void comes_up_after_an_outage(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 120; i++) {
		struct sim s;

		sim_init(&s, 7000 + i);
		s.node[1].conf.passive = true;
		if (i >= 60)
			s.node[0].conf.mode = s.node[1].conf.mode = IKE_MODE_AGGRESSIVE;
		sim_start(&s);
		sim_run(&s, s.now + i % 60 * 2 * SIM_MS);
		s.net.loss_pct = 100;
		sim_run(&s, s.now + 30 * SIM_SEC);
		s.net.loss_pct = 0;
		sim_run(&s, s.now + 150 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

struct lose_nth {
	int from, nth, seen;
};

static bool lose_nth(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct lose_nth *l = ctx;

	(void)s;
	(void)d;
	(void)data;
	return from != l->from || l->seen++ != l->nth;
}

static void survives_the_loss_of_each_message(void **state)
{
	(void)state;
	for (int from = 0; from < 4; from++) {
		for (int nth = 0; nth < 6; nth++) {
			struct lose_nth l = {.from = from % 2, .nth = nth};
			struct sim s;

			sim_init(&s, 8000);
			if (from >= 2)
				s.node[0].conf.mode = s.node[1].conf.mode = IKE_MODE_AGGRESSIVE;
			s.node[1].conf.passive = true;
			s.net.hook = lose_nth;
			s.net.hook_ctx = &l;
			sim_start(&s);
			sim_run(&s, s.now + 4 * SIM_SEC);
			assert_true(sim_agreed(&s, 0));
			sim_fini(&s);
		}
	}
}

/* The last message of quick mode is lost for good, but traffic shows that it was sent. */
static bool lose_quick3(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	(void)s;
	(void)ctx;
	return from != 0 || data[18] != 32 || d->len > 100;
}

static void traffic_stands_for_a_lost_message_3(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, 8001);
	s.node[1].conf.passive = true;
	s.node[0].esp_every = 10 * SIM_MS;
	s.net.hook = lose_quick3;
	sim_start(&s);
	sim_run(&s, s.now + 2 * SIM_SEC);
	assert_true(sim_agreed(&s, 0));
	assert_int_equal(s.node[0].esp_lost, 0);
	sim_fini(&s);
}

/* Message 3 and the DELETEs are lost until 6 s. */
static bool lose_quick3_and_info(struct sim *s, int from, struct ike_datagram *d, uint8_t *data,
				 void *ctx)
{
	const uint64_t *until = ctx;

	if (from != 0 || s->now >= *until)
		return true;
	return data[18] != 5 && (data[18] != 32 || d->len > 100);
}

/* The initiator has dropped a pair; the responder still asks for message 3 of it. */
static void deleted_pair_is_not_confirmed(void **state)
{
	uint64_t until;
	struct sim s;

	(void)state;
	sim_init(&s, 8002);
	s.node[1].conf.passive = true;
	until = s.now + 6 * SIM_SEC;
	s.net.hook = lose_quick3_and_info;
	s.net.hook_ctx = &until;
	sim_start(&s);
	sim_run(&s, s.now + 2 * SIM_SEC);
	ike_engine_flush_children(s.node[0].engine, s.now);
	s.node[0].due = s.now;
	sim_run(&s, s.now + 30 * SIM_SEC);
	assert_int_equal(sim_counters(&s, 1)->quick_answered, 2);
	assert_int_equal(sim_counters(&s, 1)->quick_established, 1);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settles_for_every_seed),
		cmocka_unit_test(comes_up_after_an_outage),
		cmocka_unit_test(survives_the_loss_of_each_message),
		cmocka_unit_test(traffic_stands_for_a_lost_message_3),
		cmocka_unit_test(deleted_pair_is_not_confirmed),
	};

	if (argc > 1)
		n_seeds = (unsigned)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		first_seed = (unsigned)strtoul(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
