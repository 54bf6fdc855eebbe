/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_chaos.c - everything an operator, a reload, a data plane and a network can do, in random
 * order at random moments. Whatever happened: afterwards both ends agree on one pair again and on
 * the IKE SAs there are, and nothing is left over. argv[1]: rounds of each (default 120); argv[2]:
 * the first seed; argv[3]: of which test.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/sim.h"

static unsigned n_rounds = 120, first_seed = 1;

static uint64_t any_token(struct sim *s, int i)
{
	const struct sim_pair *p = &s->node[i].pairs[sim_random(s) % SIM_PAIRS];

	for (int k = 0; k < SIM_PAIRS && sim_random(s) % 8 != 0; k++) {
		p = &s->node[i].pairs[k];
		if (p->used && sim_random(s) % 2)
			break;
	}
	return p->used ? p->sa.token : sim_random(s) % 100;
}

static void reload(struct sim *s, int i)
{
	struct sim_node *n = &s->node[i];

	switch (sim_random(s) % 4) {
	case 0:
		n->conf.profile.lifetime = 30 + sim_random(s) % 1000;
		break;
	case 1:
		n->children[0].proposal.lifetime = 20 + sim_random(s) % 1000;
		break;
	case 2:
		assert_int_equal(ike_engine_set_peers(n->engine, NULL, 0, s->now), 0);
		break;
	case 3: /* the same again */
		break;
	}
	assert_int_equal(sim_configure(s, i), 0);
}

static void one_thing(struct sim *s)
{
	int i = (int)(sim_random(s) % 2);
	struct sim_node *n = &s->node[i];
	const char *peer = n->conf.name;

	switch (sim_random(s) % 14) {
	case 0:
		ike_engine_terminate(n->engine, sim_random(s) % 2 ? peer : NULL, s->now);
		break;
	case 1:
		ike_engine_flush_children(n->engine, s->now);
		break;
	case 2:
	case 3:
		(void)ike_engine_rekey(n->engine, peer, sim_random(s) % 2, s->now);
		break;
	case 4:
		reload(s, i);
		break;
	case 5:
		ike_engine_child_expired(n->engine, any_token(s, i), sim_random(s) % 2,
					 (uint8_t)(sim_random(s) % 5), s->now);
		break;
	case 6:
		ike_engine_child_first_traffic(n->engine, any_token(s, i), s->now);
		break;
	case 7:
		ike_engine_acquire(n->engine, SIM_POLICY(sim_random(s) % 2), s->now);
		break;
	case 8: /* an answer that nobody asked for */
		ike_engine_child_result(n->engine, sim_random(s) % 100000, -EIO, s->now);
		break;
	case 9:
		n->install_status = sim_random(s) % 2 ? -ENOMEM : 0;
		break;
	case 10:
		n->mute_dataplane = sim_random(s) % 4 == 0;
		break;
	case 11:
		s->net.loss_pct = (unsigned)(sim_random(s) % 60);
		break;
	case 12:
		s->net.dup_pct = (unsigned)(sim_random(s) % 50);
		s->net.delay_max = s->net.delay_min + sim_random(s) % (300 * SIM_MS);
		break;
	case 13:
		if (sim_random(s) % 4 == 0)
			sim_restart(s, i);
		break;
	}
	n->due = s->now;
}

/* Whether both ends agree again. */
static bool round_of(uint64_t seed, enum ike_exchange_mode mode)
{
	struct sim s;
	unsigned alone;
	bool agreed;

	sim_init(&s, seed);
	s.node[1].conf.passive = seed & 1;
	for (int i = 0; i < 2; i++) {
		s.node[i].conf.mode = mode;
		s.node[i].esp_every = 500 * SIM_MS;
		s.node[i].children[0].proposal.pfs_group = seed & 2 ? 19 : 0;
	}
	sim_slow_dh(&s);
	sim_start(&s);
	for (unsigned k = 0; k < 60; k++) {
		sim_run(&s, s.now + sim_random(&s) % (seed & 4 ? 3 * SIM_SEC : 60 * SIM_MS));
		one_thing(&s);
	}
	s.net.loss_pct = s.net.dup_pct = 0;
	s.net.delay_max = 20 * SIM_MS;
	for (int i = 0; i < 2; i++) {
		s.node[i].install_status = 0;
		s.node[i].mute_dataplane = false;
		s.node[i].conf.profile.lifetime = 86400;
		s.node[i].children[0].proposal.lifetime = 1800;
		assert_int_equal(sim_configure(&s, i), 0);
	}
	sim_run(&s, s.now + 240 * SIM_SEC);
	alone = sim_ike_sas_alone(&s, 0) + sim_ike_sas_alone(&s, 1);
	agreed = sim_agreed(&s, 0) && alone == 0;
	if (!agreed)
		fprintf(stderr, "mode %d seed %llu: %u and %u pairs, %u IKE SAs of one side\n",
			mode, (unsigned long long)seed, sim_installed(&s, 0), sim_installed(&s, 1),
			alone);
	for (int i = 0; i < 2; i++) {
		assert_true(sim_counters_add_up(&s, i));
		assert_int_equal(s.node[i].n_reserved, 0);
	}
	sim_fini(&s);
	return agreed;
}

/* All of them, so that one run names every seed that fails. */
static void rounds_of(enum ike_exchange_mode mode, unsigned n)
{
	unsigned failed = 0;

	for (unsigned i = 0; i < n; i++)
		failed += !round_of(first_seed + i, mode);
	assert_int_equal(failed, 0);
}

static void main_mode_settles_whatever_happened(void **state)
{
	(void)state;
	rounds_of(IKE_MODE_MAIN, n_rounds);
}

static void aggressive_mode_settles_whatever_happened(void **state)
{
	(void)state;
	rounds_of(IKE_MODE_AGGRESSIVE, n_rounds);
}

static void ike2_settles_whatever_happened(void **state)
{
	(void)state;
	rounds_of(IKE_MODE_IKE2, n_rounds);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(main_mode_settles_whatever_happened),
		cmocka_unit_test(aggressive_mode_settles_whatever_happened),
		cmocka_unit_test(ike2_settles_whatever_happened),
	};

	if (argc > 1)
		n_rounds = (unsigned)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		first_seed = (unsigned)strtoul(argv[2], NULL, 10);
	if (argc > 3)
		cmocka_set_test_filter(argv[3]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
