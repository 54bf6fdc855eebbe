/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_v2_restore.c - restarts of espgw-control around rekeys of IKE SAs of IKEv2. ESP stands for
 * liveness, so nothing may be sent through an IKE SA for long after it was made.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/ike_sa.h"
#include "control/ike/state.h"
#include "tests/sim/roamkit.h"
#include "tests/sim/sim.h"

static void init(struct sim *s, uint64_t seed)
{
	sim_init(s, seed);
	for (int i = 0; i < 2; i++) {
		s->node[i].conf.mode = IKE_MODE_IKE2;
		s->node[i].keeps = true;
		s->node[i].esp_every = 50 * SIM_MS;
	}
	s->node[1].conf.passive = true;
	sim_start(s);
	sim_run(s, s->now + 3 * SIM_SEC);
	assert_true(sim_agreed(s, 0));
}

static void an_ike_sa_that_a_rekey_made_goes_on(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) { /* who rekeyed, or both; who is killed */
		uint8_t before[8], after[8];
		struct sim s;

		init(&s, 40 + i);
		assert_int_equal(sim_rekey(&s, i & 1, true), 0);
		if (i & 4)
			assert_int_equal(sim_rekey(&s, !(i & 1), true), 0);
		sim_run(&s, s.now + 20 * SIM_SEC);
		assert_int_equal(sim_ike_sas(&s, 0, NULL), 1);
		sim_first_cookie(&s, 0, before);
		assert_int_equal(sim_kill(&s, i >> 1 & 1), 1);
		sim_run(&s, s.now + 60 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		sim_first_cookie(&s, 0, after);
		assert_memory_equal(before, after, 8);
		for (int k = 0; k < 2; k++)
			assert_int_equal(s.node[k].esp_lost + s.node[k].esp_no_sa, 0);
		sim_fini(&s);
	}
}

static void one_whose_rekey_is_refused_goes_on(void **state)
{
	uint8_t before[8], after[8];
	struct sim s;

	(void)state;
	init(&s, 50);
	sim_first_cookie(&s, 0, before);
	TAILQ_FIRST(&s.node[1].engine->peers.list)->conf.profile.dh[0] = 14;
	assert_int_equal(sim_rekey(&s, 0, true), 0);
	sim_run(&s, s.now + SIM_SEC);
	assert_true(sim_evidence(&s, 0, IKE_P1_NO_PROPOSAL) > 0);
	assert_int_equal(sim_kill(&s, 0), 1);
	sim_run(&s, s.now + 10 * SIM_SEC);
	assert_true(sim_agreed(&s, 0));
	sim_first_cookie(&s, 0, after);
	assert_memory_equal(before, after, 8);
	sim_fini(&s);
}

/* What goes through the old IKE SA is lost once the peer has its new one. */
static bool cut_old(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	(void)s;
	if (d->keepalive || memcmp(data, ctx, 8) != 0)
		return true;
	return data[18] == 36 && (from == 1 || (data[19] & 0x20) != 0);
}

/* It waits for the answer to our own request longer than its first keepalive is due in. */
static void one_that_waited_keeps_its_nat_mapping(void **state)
{
	uint8_t old[8];
	uint64_t sent;
	struct sim s;

	(void)state;
	sim_init(&s, 11);
	for (int i = 0; i < 2; i++)
		s.node[i].conf.profile.dpd_interval = 120;
	roam_start(&s, true);
	sim_first_cookie(&s, 0, old);
	s.net.hook = cut_old;
	s.net.hook_ctx = old;
	assert_int_equal(sim_rekey(&s, 0, true), 0);
	assert_int_equal(sim_rekey(&s, 1, true), 0);
	sim_run(&s, s.now + 27 * SIM_SEC);
	assert_int_equal(sim_rekey(&s, 1, false),
			 0); /* through the new one: it is in use from here on */
	sim_run(&s, s.now + 60 * SIM_SEC);
	assert_int_equal(sim_ike_sas(&s, 0, "established"), 1);
	sent = sim_counters(&s, 0)->tx_keepalive;
	sim_run(&s, s.now + 60 * SIM_SEC);
	assert_in_range(sim_counters(&s, 0)->tx_keepalive, sent + 2, sent + 4);
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ike_sa_that_a_rekey_made_goes_on),
		cmocka_unit_test(one_whose_rekey_is_refused_goes_on),
		cmocka_unit_test(one_that_waited_keeps_its_nat_mapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
