/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_v2_faults.c - IKEv2 on networks that lose, repeat, reorder and delay, from seeds: both sides
 * end with exactly one agreed pair and one IKE SA. Arguments: how many seeds, and the first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/sim.h"

static unsigned long n_seeds = 150, first_seed = 1;

static void draw_network(struct sim *s)
{
	s->net.loss_pct = (unsigned)(sim_random(s) % 31);
	s->net.dup_pct = (unsigned)(sim_random(s) % 31);
	s->net.delay_min = (1 + sim_random(s) % 50) * SIM_MS;
	s->net.delay_max = s->net.delay_min + sim_random(s) % (1500 * SIM_MS);
	sim_slow_dh(s);
}

static void act(struct sim *s)
{
	int node = (int)(sim_random(s) & 1);
	const char *peer = node == 0 ? "peer1" : "peer0";
	struct ike_engine *e = s->node[node].engine;

	switch (sim_random(s) % 4) {
	case 0:
		(void)ike_engine_rekey(e, peer, true, s->now);
		break;
	case 1:
	case 2:
		(void)ike_engine_rekey(e, peer, false, s->now);
		break;
	default:
		ike_engine_flush_children(e, s->now);
		break;
	}
	s->node[node].due = s->now;
}

static void print_child(void *ctx, const struct ike_child_info *info)
{
	print_message("  %s %08x %08x sa %llu%s\n", (const char *)ctx, info->spi_in, info->spi_out,
		      (unsigned long long)info->ike_sa, info->current ? " current" : "");
}

static void print_state(const struct sim *s)
{
	ike_engine_visit_children(s->node[0].engine, print_child, "A");
	ike_engine_visit_children(s->node[1].engine, print_child, "B");
}

static bool one_seed(uint64_t seed, bool acts)
{
	struct sim s;
	bool ok;

	sim_init(&s, seed);
	for (int i = 0; i < 2; i++) {
		s.node[i].conf.mode = IKE_MODE_IKE2;
		s.node[i].children[0].proposal.pfs_group = sim_random(&s) & 1 ? 19 : 0;
	}
	s.node[0].children[0].proposal.pfs_group = s.node[1].children[0].proposal.pfs_group;
	s.node[1].conf.passive = sim_random(&s) & 1;
	draw_network(&s);
	sim_start(&s);
	sim_run(&s, s.now + 120 * SIM_SEC);
	for (int i = 0; i < 4 && acts; i++) {
		act(&s);
		sim_run(&s, s.now + sim_random(&s) % (10 * SIM_SEC));
	}
	/* A good network for the rest, so that it must end well. */
	s.net.loss_pct = 0;
	sim_run(&s, s.now + 180 * SIM_SEC);
	ok = sim_agreed(&s, 0) && sim_counters_add_up(&s, 0) && sim_counters_add_up(&s, 1) &&
	     sim_ike_sas(&s, 0, NULL) == 1 && sim_ike_sas(&s, 1, NULL) == 1;
	if (!ok)
		print_message("seed %llu%s: agreed %d, IKE SAs %u %u\n", (unsigned long long)seed,
			      acts ? " with acts" : "", sim_agreed(&s, 0), sim_ike_sas(&s, 0, NULL),
			      sim_ike_sas(&s, 1, NULL));
	if (!ok)
		print_state(&s);
	sim_fini(&s);
	return ok;
}

static void all_seeds(bool acts)
{
	unsigned bad = 0;

	for (unsigned long i = 0; i < n_seeds && bad < 5; i++)
		bad += !one_seed(first_seed + i, acts);
	assert_int_equal(bad, 0);
}

static void comes_up_whatever_the_network_does(void **state)
{
	(void)state;
	all_seeds(false);
}

static void rekeys_whatever_the_network_does(void **state)
{
	(void)state;
	all_seeds(true);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_up_whatever_the_network_does),
		cmocka_unit_test(rekeys_whatever_the_network_does),
	};

	n_seeds = sim_count(argc, argv, 1, n_seeds);
	if (argc > 2)
		first_seed = strtoul(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
