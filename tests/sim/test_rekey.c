/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_rekey.c - rekeying of both phases, by time and by operators, from either side and from both
 * at once, under steady traffic of which nothing may be lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/sim.h"

static void start_traffic(struct sim *s)
{
	s->net.delay_max = 15 * SIM_MS;
	for (int i = 0; i < 2; i++)
		s->node[i].esp_every = 2 * SIM_MS;
	sim_start(s);
	sim_run(s, s->now + 3 * SIM_SEC);
	assert_true(sim_working(s, 0));
	for (int i = 0; i < 2; i++)
		s->node[i].esp_no_sa = s->node[i].esp_lost = 0;
}

static void assert_nothing_lost(const struct sim *s)
{
	for (int i = 0; i < 2; i++) {
		assert_int_equal(s->node[i].esp_lost, 0);
		assert_int_equal(s->node[i].esp_no_sa, 0);
	}
}

static void finish(struct sim *s)
{
	assert_nothing_lost(s);
	assert_true(sim_working(s, 0));
	sim_fini(s);
}

static void pairs_are_replaced_before_they_expire(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct sim s;

		sim_init(&s, 1000 + i);
		s.node[1].conf.passive = i & 1;
		for (int n = 0; n < 2; n++) {
			s.node[n].children[0].proposal.lifetime = 10;
			s.node[n].children[0].proposal.pfs_group = i & 2 ? 19 : 0;
		}
		start_traffic(&s);
		sim_run(&s, s.now + 60 * SIM_SEC);
		assert_in_range(s.node[0].installs, 6, 16);
		finish(&s);
	}
}

static void ike_sas_are_replaced_before_they_expire(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct sim s;

		sim_init(&s, 1100 + i);
		s.node[1].conf.passive = i & 1;
		s.node[0].conf.profile.lifetime = s.node[1].conf.profile.lifetime = 12;
		start_traffic(&s);
		sim_run(&s, s.now + 60 * SIM_SEC);
		assert_in_range(sim_counters(&s, 0)->phase1_established, 5, 14);
		assert_true(sim_ike_sas(&s, 0, NULL) <= 3);
		finish(&s);
	}
}

static void both_phases_every_few_seconds(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		struct sim s;

		sim_init(&s, 1200 + i);
		s.node[1].conf.passive = i % 3 == 0;
		for (int n = 0; n < 2; n++) {
			s.node[n].conf.profile.lifetime = 9 + i % 4;
			s.node[n].children[0].proposal.lifetime = 5 + i % 3;
		}
		start_traffic(&s);
		sim_run(&s, s.now + 60 * SIM_SEC);
		finish(&s);
	}
}

static void operators_rekey_either_side(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct sim s;
		int node = i & 1;

		sim_init(&s, 1300 + i);
		s.node[1].conf.passive = true;
		start_traffic(&s);
		for (int k = 0; k < 15; k++) {
			assert_int_equal(sim_rekey(&s, node, (i & 2) != 0), 0);
			sim_run(&s, s.now + 3 * SIM_SEC);
		}
		finish(&s);
	}
}

/* What happens on both sides at the same instant must end with one used pair. */
static void both_sides_rekey_at_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		struct sim s;

		sim_init(&s, 1400 + i);
		s.node[1].conf.passive = i & 1;
		start_traffic(&s);
		for (int k = 0; k < 5; k++) {
			assert_int_equal(sim_rekey(&s, 0, false), 0);
			sim_run(&s, s.now + (i % 10) * 4 * SIM_MS);
			assert_int_equal(sim_rekey(&s, 1, false), 0);
			sim_run(&s, s.now + 15 * SIM_SEC);
			assert_true(sim_agreed(&s, 0));
		}
		finish(&s);
	}
}

static void both_sides_rekey_both_phases_at_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		struct sim s;

		sim_init(&s, 1500 + i);
		start_traffic(&s);
		for (int k = 0; k < 4; k++) {
			for (int n = 0; n < 2; n++) {
				assert_int_equal(sim_rekey(&s, n, true), 0);
				sim_run(&s, s.now + sim_random(&s) % (60 * SIM_MS));
				assert_int_equal(sim_rekey(&s, n, false), 0);
			}
			sim_run(&s, s.now + 20 * SIM_SEC);
			assert_true(sim_working(&s, 0));
		}
		sim_run(&s, s.now + 70 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		finish(&s);
	}
}

/* IKE messages get lost, ESP does not: what IKE makes of it must not cost a packet. */
static void lost_messages_cost_no_traffic(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		struct sim s;

		sim_init(&s, 1600 + i);
		s.node[1].conf.passive = i & 1;
		for (int n = 0; n < 2; n++) {
			s.node[n].conf.profile.lifetime = 60;
			s.node[n].children[0].proposal.lifetime = 40;
		}
		start_traffic(&s);
		s.net.loss_pct = 10;
		s.net.dup_pct = 10;
		sim_run(&s, s.now + 120 * SIM_SEC);
		finish(&s);
	}
}

static void expired_by_volume_is_replaced(void **state)
{
	const struct sim_pair *p;
	struct sim s;
	uint32_t spi;

	(void)state;
	sim_init(&s, 1);
	s.node[1].conf.passive = true;
	start_traffic(&s);
	p = sim_current(&s, 0, 0);
	spi = p->sa.in.spi;
	ike_engine_child_expired(s.node[0].engine, p->sa.token, false, ABI_LIMIT_BYTES, s.now);
	s.node[0].due = s.now;
	sim_run(&s, s.now + 10 * SIM_SEC);
	assert_true(sim_agreed(&s, 0));
	assert_int_not_equal(sim_current(&s, 0, 0)->sa.in.spi, spi);
	finish(&s);
}

static void soft_and_hard_times_are_24_and_30_minutes(void **state)
{
	const struct sim_pair *p;
	uint64_t start;
	struct sim s;

	(void)state;
	sim_init(&s, 2);
	s.node[1].conf.passive = true;
	start = s.now;
	sim_start(&s);
	sim_run(&s, s.now + SIM_SEC);
	p = sim_current(&s, 0, 0);
	assert_int_equal(p->sa.hard_time - p->sa.soft_time, 6 * 60 * SIM_SEC);
	assert_in_range(p->sa.soft_time, start + 24 * 60 * SIM_SEC,
			start + 24 * 60 * SIM_SEC + SIM_SEC);
	/* Replaced before the soft time, by the side that began it. */
	sim_run(&s, p->sa.soft_time);
	assert_int_equal(s.node[0].installs, 2);
	assert_int_equal(sim_counters(&s, 0)->quick_started, 2);
	assert_int_equal(sim_counters(&s, 1)->quick_started, 0);
	sim_run(&s, s.now + 20 * SIM_SEC);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

static void check_owner(void *ctx, const struct ike_sa_info *info)
{
	(void)ctx;
	assert_int_equal(info->ph2_total, strcmp(info->state, "established") == 0 ? 1 : 0);
}

static void pairs_outlive_a_deleted_ike_sa(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, 3);
	s.node[1].conf.passive = true;
	start_traffic(&s);
	assert_int_equal(sim_rekey(&s, 0, true), 0);
	sim_run(&s, s.now + SIM_SEC);
	assert_int_equal(sim_ike_sas(&s, 0, "replaced"), 1);
	for (int i = 0; i < 2; i++) /* the new SA has taken the pair over */
		ike_engine_visit_sas(s.node[i].engine, check_owner, NULL);
	sim_run(&s, s.now + 15 * SIM_SEC);
	assert_int_equal(sim_ike_sas(&s, 0, NULL), 1);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 1);
	assert_int_equal(s.node[0].installs, 1);
	finish(&s);
}

/* The side that answers drops all pairs, at every moment of a rekey: the initiator, whose half may
 * be complete by then, hears of it. */
static void a_flush_reaches_who_has_half_a_pair(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		struct sim s;

		sim_init(&s, 9000);
		s.node[1].conf.passive = true;
		start_traffic(&s);
		assert_int_equal(sim_rekey(&s, 0, false), 0);
		sim_run(&s, s.now + i * SIM_MS);
		ike_engine_flush_children(s.node[1].engine, s.now);
		s.node[1].due = s.now;
		sim_run(&s, s.now + 15 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

static bool lose_info(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	(void)s;
	(void)d;
	(void)ctx;
	return from != 0 || data[18] != 5;
}

/* A peer that replaces and never deletes: what it leaves behind is deleted here. */
static void what_the_peer_leaves_is_deleted(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, 4);
	s.node[1].conf.passive = true;
	s.node[1].conf.profile.dpd_interval = 0;
	start_traffic(&s);
	s.net.hook = lose_info;
	for (int k = 0; k < 8; k++) {
		assert_int_equal(sim_rekey(&s, 0, true), 0);
		sim_run(&s, s.now + 3 * SIM_SEC);
		assert_int_equal(sim_rekey(&s, 0, false), 0);
		sim_run(&s, s.now + 3 * SIM_SEC);
		assert_true(sim_ike_sas(&s, 1, NULL) <= 2);
		assert_true(sim_installed(&s, 1) <= 3);
	}
	sim_run(&s, s.now + 20 * SIM_SEC);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 1);
	assert_int_equal(sim_installed(&s, 1), 1);
	finish(&s);
}

/* Virtual time from a rekey to its first packet, when the other side sends none. */
static uint64_t switched_after(uint64_t seed, uint64_t delay)
{
	const struct sim_pair *old;
	uint64_t begun;
	struct sim s;

	sim_init(&s, seed);
	s.node[1].conf.passive = true;
	sim_start(&s);
	sim_run(&s, s.now + 3 * SIM_SEC);
	old = sim_current(&s, 0, 0);
	assert_non_null(old);
	s.net.delay_min = s.net.delay_max = delay;
	begun = s.now;
	assert_int_equal(sim_rekey(&s, 0, false), 0);
	while (sim_current(&s, 0, 0) == old && s.now < begun + 30 * SIM_SEC)
		sim_run(&s, s.now + 50 * SIM_MS);
	begun = s.now - begun;
	s.net.delay_min = s.net.delay_max = 0;
	sim_run(&s, s.now + 30 * SIM_SEC);
	finish(&s);
	return begun;
}

/* A peer that takes seconds for what it does of the exchange has the pair later, too. */
static void a_slow_peer_is_given_time_for_message_3(void **state)
{
	(void)state;
	assert_in_range(switched_after(1, 10 * SIM_MS), 1 * SIM_SEC, 1200 * SIM_MS);
	assert_in_range(switched_after(2, 400 * SIM_MS), 4000 * SIM_MS, 4200 * SIM_MS);
	assert_in_range(switched_after(3, 900 * SIM_MS), 9000 * SIM_MS, 9200 * SIM_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_are_replaced_before_they_expire),
		cmocka_unit_test(ike_sas_are_replaced_before_they_expire),
		cmocka_unit_test(both_phases_every_few_seconds),
		cmocka_unit_test(operators_rekey_either_side),
		cmocka_unit_test(both_sides_rekey_at_once),
		cmocka_unit_test(both_sides_rekey_both_phases_at_once),
		cmocka_unit_test(lost_messages_cost_no_traffic),
		cmocka_unit_test(expired_by_volume_is_replaced),
		cmocka_unit_test(soft_and_hard_times_are_24_and_30_minutes),
		cmocka_unit_test(pairs_outlive_a_deleted_ike_sa),
		cmocka_unit_test(a_flush_reaches_who_has_half_a_pair),
		cmocka_unit_test(what_the_peer_leaves_is_deleted),
		cmocka_unit_test(a_slow_peer_is_given_time_for_message_3),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
