/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_dh.c - Diffie-Hellman that is done elsewhere and takes its time: both IKE versions come up
 * and rekey, nothing else waits for it, what waits is bounded, and results for what is gone are
 * thrown away.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/dhwork.h"
#include "tests/sim/sim.h"

static const enum ike_exchange_mode modes[] = {IKE_MODE_MAIN, IKE_MODE_IKE2};

static void init(struct sim *s, uint64_t seed, enum ike_exchange_mode mode)
{
	sim_init(s, seed);
	for (int i = 0; i < 2; i++) {
		s->node[i].conf.mode = mode;
		s->node[i].children[0].proposal.pfs_group = 19;
		s->node[i].dh_delay_max = 50 * SIM_MS;
		s->node[i].esp_every = 100 * SIM_MS;
	}
	s->node[1].conf.passive = true;
}

static void comes_up_and_rekeys(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2 * 20; i++) {
		struct sim s;
		uint64_t jobs;

		init(&s, 100 + i, modes[i % 2]);
		sim_start(&s);
		sim_run(&s, s.now + 5 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		for (int node = 0; node < 2; node++) {
			jobs = s.node[0].dh_jobs + s.node[1].dh_jobs;
			assert_int_equal(sim_rekey(&s, node, false), 0);
			sim_run(&s, s.now + 3 * SIM_SEC);
			assert_true(sim_working(&s, 0));
			assert_true(s.node[0].dh_jobs + s.node[1].dh_jobs >= jobs + 3);
			if (modes[i % 2] != IKE_MODE_IKE2)
				continue;
			assert_int_equal(sim_rekey(&s, node, true), 0);
			sim_run(&s, s.now + 3 * SIM_SEC);
			assert_true(sim_working(&s, 0));
		}
		sim_run(&s, s.now + 30 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		/* Nothing had to be sent twice: no message was dropped to wait. */
		assert_int_equal(sim_counters(&s, 0)->tx_retransmit, 0);
		assert_int_equal(sim_counters(&s, 1)->tx_retransmit, 0);
		assert_int_equal(sim_counters(&s, 0)->dh_busy, 0);
		assert_true(sim_counters_add_up(&s, 0) && sim_counters_add_up(&s, 1));
		sim_fini(&s);
	}
}

/* Both rekey at the same moment: each waits for its own pair and for the other's request. */
static void crossing_rekeys_end_well(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2 * 30; i++) {
		struct sim s;

		init(&s, 300 + i, modes[i % 2]);
		sim_start(&s);
		sim_run(&s, s.now + 5 * SIM_SEC);
		for (int node = 0; node < 2; node++)
			assert_int_equal(
				sim_rekey(&s, node, modes[i % 2] == IKE_MODE_IKE2 && i % 4 < 2), 0);
		sim_run(&s, s.now + 60 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

/* While a job takes ten seconds, liveness is asked and answered. */
static void dpd_does_not_wait(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct sim s;
		uint64_t before;

		init(&s, 400 + i, modes[i]);
		sim_start(&s);
		sim_run(&s, s.now + 20 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		s.node[1].dh_delay_max = 600 * SIM_SEC;
		assert_int_equal(sim_rekey(&s, 1, false), 0);
		s.node[0].esp_every = s.node[1].esp_every = 3600 * SIM_SEC;
		sim_run(&s, s.now + 10 * SIM_SEC);
		before = sim_counters(&s, 0)->dpd_received;
		sim_run(&s, s.now + 60 * SIM_SEC);
		assert_int_equal(s.node[1].dh_out, 1);
		assert_true(sim_counters(&s, 0)->dpd_received > before ||
			    modes[i] == IKE_MODE_IKE2);
		assert_int_equal(sim_counters(&s, 0)->dpd_dead, 0);
		assert_int_equal(sim_counters(&s, 1)->dpd_dead, 0);
		assert_true(sim_working(&s, 0));
		sim_fini(&s);
	}
}

/* The SA ends, the engine is replaced, the configuration goes: results come for nobody. */
static void results_for_the_dead_are_thrown_away(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2 * 60; i++) {
		struct sim s;

		init(&s, 500 + i, modes[i % 2]);
		for (int k = 0; k < 2; k++)
			s.node[k].dh_delay_max = 200 * SIM_MS;
		sim_start(&s);
		sim_run(&s, s.now + sim_random(&s) % (1200 * SIM_MS));
		switch (i / 2 % 3) {
		case 0:
			ike_engine_terminate(s.node[i / 6 % 2].engine, NULL, s.now);
			break;
		case 1:
			sim_restart(&s, (int)(i / 6 % 2));
			break;
		default:
			s.node[0].conf.profile.lifetime -= 60;
			assert_int_equal(sim_configure(&s, 0), 0);
			break;
		}
		s.node[0].due = s.node[1].due = s.now;
		if (i % 4 == 0) { /* and nothing may be left over when all ends here */
			sim_fini(&s);
			continue;
		}
		sim_run(&s, s.now + 120 * SIM_SEC);
		assert_true(sim_working(&s, 0));
		assert_int_equal(s.node[0].dh_out + s.node[1].dh_out, 0);
		sim_fini(&s);
	}
}

/* No room for jobs: messages are dropped and counted, and it comes up by repeats. */
static void a_full_pool_drops_and_counts(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct sim s;

		init(&s, 700 + i, modes[i]);
		s.node[1].dh_delay_max = 100 * SIM_MS;
		s.node[1].dh_room = 1;
		s.node[1].dh_out = 1; /* as if another's were there */
		sim_start(&s);
		sim_run(&s, s.now + 10 * SIM_SEC);
		assert_false(sim_working(&s, 0));
		assert_true(sim_counters(&s, 1)->dh_busy > 1);
		assert_int_equal(sim_counters(&s, 1)->dh_busy, sim_counters(&s, 1)->rx_limited);
		s.node[1].dh_out = 0;
		sim_run(&s, s.now + 60 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_up_and_rekeys),
		cmocka_unit_test(crossing_rekeys_end_well),
		cmocka_unit_test(dpd_does_not_wait),
		cmocka_unit_test(results_for_the_dead_are_thrown_away),
		cmocka_unit_test(a_full_pool_drops_and_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
