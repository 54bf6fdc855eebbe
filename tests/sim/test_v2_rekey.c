/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_v2_rekey.c - rekeying of pairs and IKE SAs of IKEv2, by time and by operators, from either
 * side and from both at once, under steady traffic of which nothing may be lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/ike.h"
#include "tests/sim/sim.h"

static void init(struct sim *s, uint64_t seed)
{
	sim_init(s, seed);
	for (int i = 0; i < 2; i++)
		s->node[i].conf.mode = IKE_MODE_IKE2;
}

/* Between ESP packets of each side. */
#define BUSY (2 * SIM_MS)
#define IDLE (100 * SIM_MS)

static void pace(struct sim *s, uint64_t every)
{
	for (int i = 0; i < 2; i++)
		s->node[i].esp_every = every;
}

static void start_traffic(struct sim *s)
{
	s->net.delay_max = 15 * SIM_MS;
	pace(s, IDLE);
	sim_start(s);
	sim_run(s, s->now + 12 * SIM_SEC);
	assert_true(sim_working(s, 0));
	pace(s, BUSY);
	sim_run(s, s->now + IDLE);
	for (int i = 0; i < 2; i++)
		s->node[i].esp_no_sa = s->node[i].esp_lost = 0;
}

/* A minute: packets close together while something may happen, then a few. */
static void settle(struct sim *s)
{
	sim_run(s, s->now + 5 * SIM_SEC);
	pace(s, IDLE);
	sim_run(s, s->now + 55 * SIM_SEC);
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
	assert_true(sim_agreed(s, 0));
	for (int i = 0; i < 2; i++)
		assert_int_equal(sim_ike_sas(s, i, NULL), 1);
	sim_fini(s);
}

static void run(struct sim *s, unsigned ms)
{
	sim_run(s, s->now + ms * SIM_MS);
}

static void pairs_are_replaced_before_they_expire(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct sim s;

		init(&s, 1000 + i);
		s.node[1].conf.passive = i & 1;
		for (int n = 0; n < 2; n++) {
			s.node[n].children[0].proposal.lifetime = 20;
			s.node[n].children[0].proposal.pfs_group = i & 2 ? 19 : 0;
		}
		start_traffic(&s);
		run(&s, 120000);
		assert_true(sim_counters(&s, 0)->quick_established >= 6);
		assert_nothing_lost(&s);
		assert_true(sim_working(&s, 0));
		sim_fini(&s);
	}
}

static void ike_sas_are_replaced_before_they_expire(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct sim s;

		init(&s, 2000 + i);
		for (int n = 0; n < 2; n++)
			s.node[n].conf.profile.lifetime = (i & 1) == (unsigned)n ? 60 : 86400;
		start_traffic(&s);
		run(&s, 300000);
		assert_true(sim_counters(&s, 0)->phase1_established >= 4);
		assert_nothing_lost(&s);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

static void an_operator_rekeys_either(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct sim s;

		init(&s, 3000 + i);
		s.node[1].conf.passive = i & 4;
		start_traffic(&s);
		assert_int_equal(sim_rekey(&s, i & 1, i & 2), 0);
		run(&s, 30000);
		finish(&s);
	}
}

/* Requests that cross, at every distance in time: pairs, IKE SAs, and one of each. */
static void crossing_rekeys_leave_one(void **state)
{
	(void)state;
	for (unsigned what = 0; what < 4; what++) {
		for (unsigned i = 0; i < 60; i++) {
			struct sim s;

			init(&s, 4000 + i);
			s.node[1].conf.passive = true;
			for (int n = 0; n < 2; n++)
				s.node[n].children[0].proposal.pfs_group = i & 1 ? 19 : 0;
			start_traffic(&s);
			assert_int_equal(sim_rekey(&s, i & 2 ? 0 : 1, what & 1), 0);
			run(&s, i);
			assert_int_equal(sim_rekey(&s, i & 2 ? 1 : 0, what & 2), 0);
			settle(&s);
			finish(&s);
		}
	}
}

static void a_rekey_under_way_ends_with_its_peer(void **state)
{
	(void)state;
	for (int node = 0; node < 2; node++) {
		struct sim s;

		init(&s, 8000);
		s.node[1].conf.passive = true;
		start_traffic(&s);
		assert_int_equal(sim_rekey(&s, node, true), 0);
		run(&s, 1);
		s.node[node].children[0].proposal.lifetime += 100;
		assert_int_equal(sim_configure(&s, node), 0);
		s.node[node].due = s.now;
		run(&s, 200000);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

static bool note_answer(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	uint64_t *at = ctx;

	(void)d;
	if (from == 1 && data[18] == IKE2_EXCH_INFO && (data[19] & IKE2_FLAG_RESPONSE) != 0 &&
	    *at == 0)
		*at = s->now;
	return true;
}

/* Some peers move to the new pair when the old one is deleted, and what they sent last on the old
 * one comes after their answer. */
static void what_was_sent_before_a_delete_is_taken(void **state)
{
	uint64_t answered = 0;
	struct sim s;

	(void)state;
	init(&s, 7000);
	for (int n = 0; n < 2; n++)
		s.node[n].conf.profile.dpd_interval = 600;
	start_traffic(&s);
	s.net.hook = note_answer;
	s.net.hook_ctx = &answered;
	assert_int_equal(sim_rekey(&s, 0, false), 0);
	while (answered == 0)
		run(&s, 20);
	run(&s, 500);
	assert_int_equal(sim_installed(&s, 0), 2);
	run(&s, 1000);
	assert_int_equal(sim_installed(&s, 0), 1);
	finish(&s);
}

static bool lose_one(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	int *left = ctx;

	(void)s;
	(void)from;
	(void)d;
	(void)data;
	return (*left)-- != 0;
}

/* Rekeys and deletes that cross, and one datagram of what follows is lost: whichever it is. */
static void one_loss_does_not_part_the_sides(void **state)
{
	static const unsigned distances[] = {0, 4, 8, 12, 20, 40};

	(void)state;
	for (unsigned what = 0; what < 6; what++) {
		for (unsigned i = 0; i < 60; i++) {
			int left = -1;
			struct sim s;

			init(&s, 6000 + 60 * what + i);
			s.node[1].conf.passive = true;
			s.net.hook = lose_one;
			s.net.hook_ctx = &left;
			start_traffic(&s);
			left = (int)(i / 6);
			if (what < 4) {
				assert_int_equal(sim_rekey(&s, i & 1, what & 1), 0);
			} else {
				ike_engine_flush_children(s.node[i & 1].engine, s.now);
				s.node[i & 1].due = s.now;
			}
			run(&s, distances[i % 6]);
			if (what < 5)
				assert_int_equal(sim_rekey(&s, !(i & 1), what != 0 && what != 1),
						 0);
			else /* when there is one just then */
				(void)ike_engine_rekey(s.node[i & 1].engine,
						       i & 1 ? "peer0" : "peer1", false, s.now);
			settle(&s);
			assert_true(sim_agreed(&s, 0));
			for (int n = 0; n < 2; n++)
				assert_int_equal(sim_ike_sas(&s, n, NULL), 1);
			if (what < 4)
				assert_nothing_lost(&s);
			sim_fini(&s);
		}
	}
}

static void a_flush_crosses_a_rekey(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		struct sim s;

		init(&s, 5000 + i);
		s.node[1].conf.passive = i & 1;
		start_traffic(&s);
		assert_int_equal(sim_rekey(&s, i & 2 ? 0 : 1, i & 4), 0);
		run(&s, i);
		ike_engine_flush_children(s.node[i & 8 ? 0 : 1].engine, s.now);
		s.node[i & 8 ? 0 : 1].due = s.now;
		settle(&s);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

/* The data plane of node 0 is slow: the IKE SA is replaced and gone before the pair that came with
 * it is installed. The peer has its half already. */
static void a_pair_that_is_installed_moves_with_its_ike_sa(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 10; seed++) {
		uint64_t installs[2];
		struct sim s;

		init(&s, 700 + seed);
		s.node[1].conf.passive = true;
		start_traffic(&s);
		for (int i = 0; i < 2; i++)
			installs[i] = s.node[i].installs;
		s.node[0].install_delay_max = 2 * SIM_SEC;
		assert_int_equal(sim_rekey(&s, 0, false), 0);
		run(&s, 70);
		assert_int_equal(sim_rekey(&s, 0, true), 0);
		settle(&s);
		for (int i = 0; i < 2; i++)
			assert_int_equal(s.node[i].installs, installs[i] + 1);
		finish(&s);
	}
}

/* The answer to a rekey takes long to get through, or its initiator takes long over a large group:
 * until it has the new pair, traffic stays with the old one. */
static bool lose_answers(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	const uint64_t *until = ctx;

	(void)d;
	return from != 1 || data[18] != IKE2_EXCH_CREATE_CHILD || s->now >= *until;
}

static void a_slow_initiator_is_waited_for(void **state)
{
	uint64_t until, before;
	struct sim s;

	(void)state;
	init(&s, 70);
	start_traffic(&s);
	until = s.now + 12 * SIM_SEC;
	before = sim_counters(&s, 1)->quick_established;
	s.net.hook = lose_answers;
	s.net.hook_ctx = &until;
	pace(&s, IDLE);
	assert_int_equal(sim_rekey(&s, 0, false), 0);
	sim_run(&s, s.now + 30 * SIM_SEC);
	assert_int_equal(sim_counters(&s, 1)->quick_established, before + 1);
	settle(&s);
	finish(&s);
}

/* DELETE of what was replaced gets lost. */
static bool lose_old_delete(struct sim *s, int from, struct ike_datagram *d, uint8_t *data,
			    void *ctx)
{
	(void)s;
	(void)from;
	(void)d;
	return data[18] != 37 || memcmp(data, ctx, 8) != 0;
}

/* That the peer is alive is not to be asked through an IKE SA that it may have forgotten: it took
 * the DELETE, and its answer got lost. */
static void a_lost_answer_to_a_delete_is_no_dead_peer(void **state)
{
	uint8_t old[8];
	struct sim s;

	(void)state;
	init(&s, 4100);
	for (int i = 0; i < 2; i++) {
		s.node[i].conf.profile.dpd_interval = 2;
		s.node[i].conf.profile.dpd_max_failures = 2;
	}
	start_traffic(&s);
	sim_first_cookie(&s, 0, old);
	s.net.hook = lose_old_delete;
	s.net.hook_ctx = old;
	assert_int_equal(sim_rekey(&s, 0, true), 0);
	settle(&s);
	assert_int_equal(sim_counters(&s, 0)->dpd_dead, 0);
	finish(&s);
}

/* The new IKE SA ends while the old one still waits to be deleted: the old one is no way back. */
static void what_is_being_deleted_is_not_revived(void **state)
{
	uint8_t old[8];
	struct sim s;

	(void)state;
	init(&s, 4000);
	s.node[1].conf.passive = true;
	sim_start(&s);
	run(&s, 3000);
	sim_first_cookie(&s, 0, old);
	s.net.hook = lose_old_delete;
	s.net.hook_ctx = old;
	assert_int_equal(sim_rekey(&s, 1, true), 0);
	run(&s, 1000);
	assert_int_equal(sim_ike_sas(&s, 0, "established"), 1);
	assert_int_equal(sim_ike_sas(&s, 0, "replaced"), 1);
	ike_engine_terminate(s.node[1].engine, NULL, s.now);
	s.node[1].due = s.now;
	run(&s, 8000); /* a connection of so short a life is made again after 5 s */
	assert_true(sim_working(&s, 0));
	assert_int_equal(sim_counters(&s, 0)->dpd_dead, 0);
	run(&s, 20000);
	assert_int_equal(sim_ike_sas(&s, 0, NULL), 1);
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_are_replaced_before_they_expire),
		cmocka_unit_test(ike_sas_are_replaced_before_they_expire),
		cmocka_unit_test(an_operator_rekeys_either),
		cmocka_unit_test(a_rekey_under_way_ends_with_its_peer),
		cmocka_unit_test(what_was_sent_before_a_delete_is_taken),
		cmocka_unit_test(crossing_rekeys_leave_one),
		cmocka_unit_test(one_loss_does_not_part_the_sides),
		cmocka_unit_test(a_flush_crosses_a_rekey),
		cmocka_unit_test(a_pair_that_is_installed_moves_with_its_ike_sa),
		cmocka_unit_test(a_slow_initiator_is_waited_for),
		cmocka_unit_test(what_is_being_deleted_is_not_revived),
		cmocka_unit_test(a_lost_answer_to_a_delete_is_no_dead_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
