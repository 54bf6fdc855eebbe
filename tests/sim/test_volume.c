/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_volume.c - lifetimes in kilobytes: agreed both ways, and pairs replaced without loss however
 * fast a volume is used up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/ike.h"
#include "tests/sim/sim.h"

#define KB 1024u

static void init(struct sim *s, uint64_t seed, uint32_t kb0, uint32_t kb1)
{
	sim_init(s, seed);
	s->node[1].conf.passive = true;
	s->node[0].children[0].proposal.lifebytes = kb0;
	s->node[1].children[0].proposal.lifebytes = kb1;
}

static void run(struct sim *s, unsigned ms)
{
	sim_run(s, s->now + ms * SIM_MS);
}

/* What is left of an agreed volume at the side that began the pair, and at the other. */
static void assert_limits(const struct sim *s, uint64_t kb)
{
	for (int n = 0; n < 2; n++) {
		const struct ike_child_sa *sa = &sim_current(s, n, 0)->sa;

		assert_in_range(sa->soft_bytes, kb * KB / 100 * (n == 0 ? 74 : 90),
				kb * KB / 100 * (n == 0 ? 80 : 96) + KB);
		assert_true(sa->hard_bytes >= kb * KB &&
			    sa->hard_bytes >= sa->soft_bytes + IKE_VOLUME_GRACE);
	}
}

static void the_initiators_volume_counts_when_obeyed(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 1, 1843200, 0);
	sim_start(&s);
	run(&s, 3000);
	assert_true(sim_agreed(&s, 0));
	assert_limits(&s, 1843200);
	sim_fini(&s);
	init(&s, 2, 5000, 4000);
	sim_start(&s);
	run(&s, 3000);
	assert_limits(&s, 5000);
	sim_fini(&s);
}

static void who_says_nothing_leaves_it_to_the_other(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 3, 0, 4000);
	sim_start(&s);
	run(&s, 3000);
	assert_true(sim_agreed(&s, 0));
	assert_int_equal(sim_current(&s, 0, 0)->sa.hard_bytes, 0);
	assert_in_range(sim_current(&s, 1, 0)->sa.soft_bytes, 3600 * KB, 3850 * KB);
	sim_fini(&s);
}

/* The peer goes on counting by what it asked for. */
static void what_the_peer_asked_for_is_offered_when_we_replace(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 5, 7000, 0);
	sim_start(&s);
	run(&s, 3000);
	assert_int_equal(ike_engine_rekey(s.node[1].engine, "peer0", false, s.now), 0);
	s.node[1].due = s.now;
	run(&s, 20000);
	assert_true(sim_agreed(&s, 0));
	assert_int_equal(sim_counters(&s, 1)->quick_started, 1);
	assert_in_range(sim_current(&s, 1, 0)->sa.soft_bytes, 70 * KB * 74, 70 * KB * 80);
	assert_in_range(sim_current(&s, 0, 0)->sa.soft_bytes, 70 * KB * 90, 70 * KB * 97);
	sim_fini(&s);
}

static void proposal_check_judges_volumes(void **state)
{
	static const struct {
		enum ike_proposal_check check;
		uint32_t theirs, ours;
		uint64_t agreed; /* 0: refused */
	} t[] = {
		{IKE_CHECK_STRICT, 5000, 4000, 0},   {IKE_CHECK_STRICT, 3000, 4000, 3000},
		{IKE_CHECK_STRICT, 5000, 0, 5000},   {IKE_CHECK_EXACT, 3000, 4000, 0},
		{IKE_CHECK_EXACT, 4000, 4000, 4000}, {IKE_CHECK_CLAIM, 5000, 4000, 4000},
		{IKE_CHECK_CLAIM, 3000, 4000, 3000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct sim s;

		init(&s, 10 + i, t[i].theirs, t[i].ours);
		s.node[1].conf.profile.proposal_check = t[i].check;
		sim_start(&s);
		run(&s, 3000);
		if (t[i].agreed != 0) {
			assert_limits(&s, t[i].agreed); /* told back by RESPONDER-LIFETIME */
		} else {
			assert_null(sim_current(&s, 1, 0));
			assert_true(sim_evidence(&s, 1, IKE_P2_LIFETIME_MISMATCH) > 0);
		}
		sim_fini(&s);
	}
}

/* Both ways at size bytes every SIM_MS. */
static void run_traffic(struct sim *s, uint64_t size, unsigned seconds)
{
	s->net.delay_max = 15 * SIM_MS;
	for (int i = 0; i < 2; i++)
		s->node[i].esp_every = SIM_MS;
	sim_start(s);
	run(s, 2000);
	assert_true(sim_working(s, 0));
	for (int i = 0; i < 2; i++) {
		s->node[i].esp_size = size;
		s->node[i].esp_no_sa = s->node[i].esp_lost = 0;
	}
	run(s, seconds * 1000);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(s->node[i].esp_lost, 0);
		assert_int_equal(s->node[i].esp_no_sa, 0);
	}
	assert_true(sim_working(s, 0));
}

/* 2560 kB at 1 Gbit/s are used up in 21 ms, far less than a message takes. */
static void a_tiny_volume_at_line_rate_loses_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct sim s;

		init(&s, 30 + i, 2560, 2560);
		s.node[1].conf.passive = i & 1;
		s.net.loss_pct = i & 2 ? 10 : 0; /* of IKE */
		run_traffic(&s, 125000, 60);
		/* The pace is bounded, and so is what the log says of it. */
		assert_in_range(s.node[0].installs, 12, 90);
		assert_true(sim_installed(&s, 0) < 20);
		assert_true(sim_logged(&s, 0, "lifetime of 2560 kB is used up in 0.") ||
			    sim_logged(&s, 0, "lifetime of 2560 kB is used up in 1.") ||
			    sim_logged(&s, 0, "lifetime of 2560 kB is used up in 2."));
		sim_fini(&s);
	}
}

static void a_sensible_volume_is_replaced_in_its_time(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 40, 25000, 0);
	run_traffic(&s, 1250, 100); /* 10 Mbit/s: 80 % of it lasts 16 s */
	assert_in_range(s.node[0].installs, 6, 8);
	assert_int_equal(sim_counters(&s, 1)->quick_started, 0);
	assert_false(sim_logged(&s, 0, "is used up"));
	sim_fini(&s);
}

/* A new pair may reach its soft end before the policy sends through it. */
static void a_soft_end_before_the_pair_is_current_is_not_forgotten(void **state)
{
	const struct sim_pair *p;
	struct sim s;
	unsigned before;

	(void)state;
	init(&s, 50, 0, 0);
	sim_start(&s);
	run(&s, 3000);
	assert_int_equal(ike_engine_rekey(s.node[0].engine, "peer1", false, s.now), 0);
	s.node[0].due = s.now;
	run(&s, 300); /* established, but traffic moves after a second */
	p = NULL;
	for (int k = 0; k < SIM_PAIRS; k++)
		if (s.node[0].pairs[k].used && !s.node[0].pairs[k].current)
			p = &s.node[0].pairs[k];
	assert_non_null(p);
	before = s.node[0].installs;
	ike_engine_child_expired(s.node[0].engine, p->sa.token, false, ABI_LIMIT_SEQUENCE, s.now);
	s.node[0].due = s.now;
	run(&s, 5000);
	assert_int_equal(s.node[0].installs, before + 1);
	sim_fini(&s);
}

static void a_spent_sequence_space_replaces_at_once(void **state)
{
	struct sim s;
	unsigned before;

	(void)state;
	init(&s, 60, 0, 0);
	sim_start(&s);
	run(&s, 300);
	assert_true(sim_agreed(&s, 0));
	before = s.node[0].installs;
	ike_engine_child_expired(s.node[0].engine, sim_current(&s, 0, 0)->sa.token, false,
				 ABI_LIMIT_SEQUENCE, s.now);
	s.node[0].due = s.now;
	run(&s, 100);
	assert_int_equal(s.node[0].installs, before + 1);
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_initiators_volume_counts_when_obeyed),
		cmocka_unit_test(who_says_nothing_leaves_it_to_the_other),
		cmocka_unit_test(what_the_peer_asked_for_is_offered_when_we_replace),
		cmocka_unit_test(proposal_check_judges_volumes),
		cmocka_unit_test(a_tiny_volume_at_line_rate_loses_nothing),
		cmocka_unit_test(a_sensible_volume_is_replaced_in_its_time),
		cmocka_unit_test(a_soft_end_before_the_pair_is_current_is_not_forgotten),
		cmocka_unit_test(a_spent_sequence_space_replaces_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
