/* SPDX-License-Identifier: BSD-3-Clause */
/* test_roam.c - a NAT gives the peer another address or port, or somebody pretends that it did.
 * argv[1]: seeds of the random part (default 60). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/roamkit.h"

static unsigned long n_seeds;

static void a_new_port_costs_one_probe_and_one_round_trip(void **state)
{
	for (int v2 = 0; v2 < 2; v2++) {
		const struct sim_pair *p;
		uint64_t lost;
		struct sim s;

		(void)state;
		roam_init(&s, 1, v2);
		lost = s.node[R_FIXED].esp_lost;
		s.node[R_BEHIND].nat_ports = 21000;
		sim_run(&s, s.now + 2 * SIM_SEC);
		assert_int_equal(roam_fixed(&s)->roam_asked, 1);
		assert_int_equal(roam_fixed(&s)->roam_moved, 1);
		assert_int_equal(roam_fixed(&s)->roam_failed, 0);
		p = sim_current(&s, R_FIXED, 0);
		assert_int_equal(p->sa.remote_port, 25500);
		/* 5 ms to us at most 20 ms after the change, 10 ms for the probe: what left us
		 * before that is lost, one packet each 20 ms. */
		assert_in_range(s.node[R_FIXED].esp_lost - lost, 1, 2);
		assert_int_equal(s.node[R_BEHIND].esp_lost, 0);
		/* IKE went along. */
		ike_engine_rekey(s.node[R_FIXED].engine, "peer0", false, s.now);
		sim_run(&s, s.now + 20 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

static void a_new_address_moves_ike_and_all_pairs(void **state)
{
	for (int v2 = 0; v2 < 2; v2++) {
		struct sim s;

		(void)state;
		roam_init(&s, 2, v2);
		s.node[R_BEHIND].nat = sim_addr("198.51.100.77");
		sim_run(&s, s.now + 2 * SIM_SEC);
		assert_int_equal(roam_fixed(&s)->roam_moved, 1);
		assert_int_equal(s.node[R_FIXED].moves, 1);
		assert_memory_equal(&sim_current(&s, R_FIXED, 0)->sa.remote, &s.node[R_BEHIND].nat,
				    sizeof(struct abi_addr));
		sim_run(&s, s.now + 60 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		assert_int_equal(roam_fixed(&s)->dpd_dead, 0);
		sim_fini(&s);
	}
}

/* No ESP: the peer's own liveness check shows where it is, and is answered there. */
static void a_message_of_ike_shows_it_as_well(void **state)
{
	for (int v2 = 0; v2 < 2; v2++) {
		struct sim s;

		(void)state;
		roam_init(&s, 3, v2);
		s.node[0].esp_every = s.node[1].esp_every = 1000 * SIM_SEC;
		sim_run(&s, s.now + SIM_SEC);
		s.node[R_FIXED].conf.profile.dpd_interval = 0;
		s.node[R_BEHIND].nat_ports = 21000;
		sim_run(&s, s.now + 60 * SIM_SEC);
		assert_int_equal(roam_fixed(&s)->roam_moved, 1);
		assert_int_equal(sim_current(&s, R_FIXED, 0)->sa.remote_port, 25500);
		assert_int_equal(sim_counters(&s, R_BEHIND)->dpd_dead, 0);
		assert_int_equal(roam_fixed(&s)->dpd_dead, 0);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

static bool lose_answers(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	(void)s;
	(void)d;
	(void)data;
	(void)ctx;
	return from != R_FIXED;
}

/* What is deleted and only still to be told, after a restart, is no data plane's any more: nobody
 * is told that it moved. */
static void what_the_dataplane_does_not_hold_is_not_moved(void **state)
{
	struct sim s;

	(void)state;
	roam_init(&s, 12, true);
	s.net.hook = lose_answers;
	ike_engine_flush_children(s.node[R_FIXED].engine, s.now);
	assert_int_equal(sim_kill(&s, R_FIXED), 1);
	s.net.hook = NULL;
	s.node[R_BEHIND].nat_ports = 21000;
	ike_engine_flush_children(s.node[R_BEHIND].engine, s.now);
	s.node[R_BEHIND].due = s.now;
	sim_run(&s, s.now + 60 * SIM_SEC);
	assert_int_equal(roam_fixed(&s)->roam_moved, 1);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

static void a_spoofed_source_costs_a_probe_and_moves_nothing(void **state)
{
	for (int v2 = 0; v2 < 2; v2++) {
		uint64_t lost, sent;
		struct sim s;

		(void)state;
		roam_init(&s, 4, v2);
		lost = s.node[R_FIXED].esp_lost;
		sent = s.ike_sent;
		for (unsigned i = 0; i < 100; i++) {
			roam_spoof_esp(&s, "192.0.2.66", (uint16_t)(4500 + i));
			sim_run(&s, s.now + 10 * SIM_MS);
		}
		/* One place was asked, twice; the answer to what then went to the old one is no
		 * answer from there. */
		assert_int_equal(roam_fixed(&s)->roam_asked, 1);
		assert_true(s.ike_sent - sent <= 4);
		sim_run(&s, s.now + 10 * SIM_SEC);
		assert_int_equal(roam_fixed(&s)->roam_asked, 1);
		assert_int_equal(roam_fixed(&s)->roam_failed, 1);
		assert_int_equal(roam_fixed(&s)->roam_moved, 0);
		assert_int_equal(sim_current(&s, R_FIXED, 0)->sa.remote_port, 24500);
		assert_int_equal(s.node[R_FIXED].esp_lost, lost);
		/* And a real move is still followed. */
		s.node[R_BEHIND].nat_ports = 21000;
		sim_run(&s, s.now + 2 * SIM_SEC);
		assert_int_equal(roam_fixed(&s)->roam_moved, 1);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

/* Whoever goes on with it gets a probe of two messages at most every 64 s in the end. */
static void probes_become_rare(void **state)
{
	for (int v2 = 0; v2 < 2; v2++) {
		struct sim s;

		(void)state;
		roam_init(&s, 5, v2);
		for (unsigned i = 0; i < 6000; i++) {
			roam_spoof_esp(&s, i % 2 ? "192.0.2.66" : "203.0.113.9",
				       (uint16_t)(1000 + i));
			sim_run(&s, s.now + 100 * SIM_MS);
		}
		assert_in_range(roam_fixed(&s)->roam_asked, 5, 16);
		assert_int_equal(roam_fixed(&s)->roam_moved, 0);
		assert_int_equal(roam_fixed(&s)->dpd_dead, 0);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

/* On the path: the probe is sent on to the peer, whose answer comes from where the peer is. */
static bool forward_probe(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	(void)data;
	(void)ctx;
	if (from == R_BEHIND)
		(*(unsigned *)ctx)++;
	(void)s;
	(void)d;
	return true;
}

static void an_answer_from_the_old_place_moves_nothing(void **state)
{
	unsigned answers = 0;
	struct sim s;

	(void)state;
	roam_init(&s, 6, true);
	/* The NAT knows both mappings: what goes to the new one reaches the peer, and its answer
	 * comes back through the old one. */
	s.net.hook = forward_probe;
	s.net.hook_ctx = &answers;
	s.node[R_BEHIND].forwards = 23;
	roam_spoof_esp(&s, "203.0.113.9", 24523);
	sim_run(&s, s.now + 5 * SIM_SEC);
	assert_int_equal(roam_fixed(&s)->roam_asked, 1);
	assert_int_equal(roam_fixed(&s)->roam_failed, 1);
	assert_int_equal(roam_fixed(&s)->roam_moved, 0);
	assert_true(answers >= 1);
	assert_int_equal(roam_fixed(&s)->tx_retransmit, 0);
	sim_fini(&s);
}

static void who_is_behind_the_nat_follows_nobody(void **state)
{
	for (int v2 = 0; v2 < 2; v2++) {
		struct abi_addr from = sim_addr("192.0.2.66");
		struct sim s;

		(void)state;
		roam_init(&s, 7, v2);
		ike_engine_child_moved(s.node[R_BEHIND].engine,
				       sim_current(&s, R_BEHIND, 0)->sa.token, &from, 4500, s.now);
		sim_run(&s, s.now + 10 * SIM_SEC);
		assert_int_equal(sim_counters(&s, R_BEHIND)->roam_asked, 0);
		assert_int_equal(sim_counters(&s, R_BEHIND)->roam_moved, 0);
		sim_fini(&s);
	}
}

/* A request of ours is out, to a mapping that is gone: it reaches the peer all the same. */
static void a_request_that_is_out_does_not_stop_it(void **state)
{
	for (int v2 = 0; v2 < 2; v2++) {
		struct sim s;

		(void)state;
		roam_init(&s, 8, v2);
		s.node[R_BEHIND].nat_ports = 21000;
		ike_engine_rekey(s.node[R_FIXED].engine, "peer0", false, s.now);
		sim_run(&s, s.now + 4 * SIM_SEC);
		assert_int_equal(roam_fixed(&s)->roam_moved, 1);
		sim_run(&s, s.now + 20 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		assert_int_equal(sim_current(&s, R_FIXED, 0)->sa.remote_port, 25500);
		sim_fini(&s);
	}
}

/* Both probes are lost: the peer, which is still there, is asked again after the pause. */
static bool lose_to_peer(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	(void)s;
	(void)d;
	(void)data;
	return from != R_FIXED || *(bool *)ctx;
}

static void a_lost_probe_is_made_up_for(void **state)
{
	for (int v2 = 0; v2 < 2; v2++) {
		bool passes = false;
		struct sim s;

		(void)state;
		roam_init(&s, 9, v2);
		s.net.hook = lose_to_peer;
		s.net.hook_ctx = &passes;
		s.node[R_BEHIND].nat_ports = 21000;
		sim_run(&s, s.now + 3500 * SIM_MS);
		assert_int_equal(roam_fixed(&s)->roam_failed, 1);
		passes = true;
		sim_run(&s, s.now + 6 * SIM_SEC);
		assert_int_equal(roam_fixed(&s)->roam_moved, 1);
		sim_run(&s, s.now + 20 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

/* Requests of ours of one exchange do not get through for now. */
struct lossy {
	uint8_t exchange;
	unsigned lose;
};

static bool lose_exchange(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct lossy *l = ctx;

	(void)s;
	(void)d;
	if (from != R_FIXED || data[18] != l->exchange || (data[19] & 0x20) != 0 || l->lose == 0)
		return true;
	l->lose--;
	return false;
}

/* The new IKE SA must know what the old one did: the data plane tells it once. */
static void a_rekey_of_the_ike_sa_does_not_forget_it(void **state)
{
	for (int who = 0; who < 2; who++) {
		struct lossy lossy = {.exchange = 37, .lose = 1};
		struct sim s;

		(void)state;
		roam_init(&s, 10, true);
		s.net.hook = who == R_BEHIND ? lose_exchange : NULL; /* its probe is lost */
		s.net.hook_ctx = &lossy;
		s.node[R_BEHIND].nat_ports = 21000;
		ike_engine_rekey(s.node[who].engine, who == 0 ? "peer1" : "peer0", true, s.now);
		sim_run(&s, s.now + 4 * SIM_SEC);
		assert_true(sim_logged(&s, R_FIXED, "IKE_SA rekeyed"));
		assert_int_equal(roam_fixed(&s)->roam_moved, 1);
		assert_int_equal(sim_current(&s, R_FIXED, 0)->sa.remote_port, 25500);
		sim_run(&s, s.now + 20 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

/* Phase 1 anew from another place, before anything else came from there: what goes on with it is
 * there as well. */
static void pairs_go_where_their_new_ike_sa_is(void **state)
{
	struct sim s;

	(void)state;
	roam_init(&s, 11, false);
	s.node[0].esp_every = s.node[1].esp_every = 1000 * SIM_SEC;
	sim_run(&s, s.now + SIM_SEC);
	s.node[R_BEHIND].nat_ports = 21000;
	ike_engine_rekey(s.node[R_BEHIND].engine, "peer1", true, s.now);
	sim_run(&s, s.now + 2 * SIM_SEC);
	assert_int_equal(roam_fixed(&s)->phase1_answered, 2);
	assert_int_equal(sim_current(&s, R_FIXED, 0)->sa.remote_port, 25500);
	sim_fini(&s);
}

/* The data plane tells once, and who was told is gone. */
static void a_restart_meanwhile_does_not_stop_it(void **state)
{
	for (int v2 = 0; v2 < 2; v2++) {
		bool passes = false;
		struct sim s;

		(void)state;
		roam_init(&s, 12, v2);
		s.node[R_FIXED].keeps = true;
		ike_engine_rekey(s.node[R_FIXED].engine, "peer0", false, s.now);
		sim_run(&s, s.now + 40 * SIM_SEC);
		s.net.hook = lose_to_peer;
		s.net.hook_ctx = &passes;
		s.node[R_BEHIND].nat_ports = 21000;
		sim_run(&s, s.now + 500 * SIM_MS);
		assert_int_equal(roam_fixed(&s)->roam_asked, 1);
		assert_int_equal(sim_kill(&s, R_FIXED), 1);
		passes = true;
		sim_run(&s, s.now + 4 * SIM_SEC);
		assert_int_equal(roam_fixed(&s)->roam_moved, 1);
		assert_int_equal(sim_current(&s, R_FIXED, 0)->sa.remote_port, 25500);
		sim_run(&s, s.now + 60 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

/* After a probe that went elsewhere the peer, which is where it was, has its full time to answer.
 */
static bool lose_one_home(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	(void)data;
	if (from != R_FIXED || memcmp(&d->dst, &s->node[R_BEHIND].addr, sizeof(d->dst)) != 0 ||
	    *(unsigned *)ctx == 0)
		return true;
	--*(unsigned *)ctx;
	return false;
}

static void a_spoof_and_one_loss_do_not_end_it(void **state)
{
	unsigned lose = 1;
	struct sim s;

	(void)state;
	sim_init(&s, 13);
	s.node[R_FIXED].conf.profile.dpd_interval = 1;
	s.node[R_FIXED].conf.profile.dpd_max_failures = 1;
	roam_start(&s, true);
	roam_spoof_esp(&s, "192.0.2.66", 4500);
	s.net.hook = lose_one_home;
	s.net.hook_ctx = &lose;
	sim_run(&s, s.now + 10 * SIM_SEC);
	assert_int_equal(roam_fixed(&s)->roam_failed, 1);
	assert_int_equal(lose, 0);
	assert_int_equal(roam_fixed(&s)->dpd_dead, 0);
	sim_fini(&s);
}

/* A peer that moves all the time costs the data plane and the log little. */
static void moves_are_taken_one_a_second(void **state)
{
	for (int v2 = 0; v2 < 2; v2++) {
		uint64_t moves;
		struct sim s;

		(void)state;
		roam_init(&s, 15, v2);
		moves = s.node[R_FIXED].moves;
		for (unsigned i = 0; i < 250; i++) {
			s.node[R_BEHIND].nat_ports = (uint16_t)(20001 + i);
			sim_run(&s, s.now + 40 * SIM_MS);
		}
		assert_in_range(roam_fixed(&s)->roam_moved, 1, 10);
		assert_in_range(s.node[R_FIXED].moves - moves, 1, 30);
		sim_run(&s, s.now + 10 * SIM_SEC);
		assert_int_equal(sim_current(&s, R_FIXED, 0)->sa.remote_port,
				 4500 + s.node[R_BEHIND].nat_ports);
		sim_run(&s, s.now + 60 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

/* A request that is sent on from many places, and its answer lost: its sender gets it all the same
 * when it asks again. */
struct copy {
	uint8_t data[2048];
	size_t len;
	struct ike_datagram d;
	bool answer_lost;
};

static bool copy_request(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct copy *c = ctx;
	bool answer = (data[19] & 0x20) != 0;

	(void)s;
	if (from == R_BEHIND && !answer && c->len == 0 && data[18] == 36) {
		assert_true(d->len <= sizeof(c->data));
		memcpy(c->data, data, d->len);
		c->len = d->len;
		c->d = *d;
	}
	if (from == R_FIXED && answer && data[18] == 36 && !c->answer_lost) {
		c->answer_lost = true;
		return false;
	}
	return true;
}

static void repeats_from_elsewhere_do_not_use_up_the_answer(void **state)
{
	struct copy c = {.len = 0};
	struct sim s;

	(void)state;
	roam_init(&s, 14, true);
	s.net.hook = copy_request;
	s.net.hook_ctx = &c;
	ike_engine_rekey(s.node[R_BEHIND].engine, "peer1", false, s.now);
	sim_run(&s, s.now + 500 * SIM_MS);
	assert_true(c.answer_lost);
	c.d.data = c.data;
	c.d.len = c.len;
	c.d.src = sim_addr("192.0.2.66");
	for (unsigned i = 0; i < 100; i++) {
		c.d.src_port = (uint16_t)(4500 + i);
		sim_arrive(&s, R_FIXED, &c.d);
	}
	sim_run(&s, s.now + 3 * SIM_SEC);
	assert_int_equal(sim_counters(&s, R_BEHIND)->tx_retransmit, 1);
	assert_true(sim_working(&s, 0));
	sim_run(&s, s.now + 100 * SIM_SEC);
	assert_int_equal(sim_counters(&s, R_BEHIND)->dpd_dead, 0);
	sim_fini(&s);
}

/* Moves, spoofs, rekeys and restarts at random, with loss: in the end both are where they are. */
static void act(struct sim *s, uint64_t dice)
{
	int who = (int)(dice >> 40) & 1;

	switch (dice % 6) {
	case 0:
		if (sim_current(s, R_FIXED, 0) != NULL)
			roam_spoof_esp(s, "192.0.2.66", (uint16_t)(dice >> 8 | 1));
		break;
	case 1:
		s->node[R_BEHIND].nat.bytes[3] = (uint8_t)(dice >> 8);
		break;
	case 2:
		(void)ike_engine_rekey(s->node[who].engine, who == 0 ? "peer1" : "peer0",
				       dice >> 41 & 1, s->now);
		break;
	case 3:
		if (dice >> 41 & 1)
			(void)sim_kill(s, R_FIXED);
		break;
	default:
		s->node[R_BEHIND].nat_ports = (uint16_t)(20000 + (dice >> 8) % 9000);
	}
}

static void random_moves_end_well(void **state)
{
	for (uint64_t seed = 0; seed < n_seeds; seed++) {
		struct sim s;

		(void)state;
		sim_init(&s, 100 + seed);
		s.node[R_FIXED].keeps = true;
		s.node[R_FIXED].conf.remote_prefix_len = 24;
		s.node[R_BEHIND].conf.profile.reauthentication = seed % 4 == 1;
		s.node[R_BEHIND].conf.profile.lifetime = seed % 4 == 1 ? 60 : 86400;
		roam_start(&s, seed % 2);
		s.net.loss_pct = 10;
		for (unsigned i = 0; i < 20; i++) {
			uint64_t dice = sim_random(&s);

			act(&s, dice);
			sim_run(&s, s.now + (dice >> 32) % (i % 2 ? 10000 : 50) * SIM_MS);
		}
		s.net.loss_pct = 0;
		sim_run(&s, s.now + 200 * SIM_SEC);
		assert_true(sim_working(&s, 0));
		assert_int_equal(sim_current(&s, R_FIXED, 0)->sa.remote_port,
				 4500 + s.node[R_BEHIND].nat_ports);
		assert_memory_equal(&sim_current(&s, R_FIXED, 0)->sa.remote, &s.node[R_BEHIND].nat,
				    sizeof(struct abi_addr));
		assert_true(sim_counters_add_up(&s, 0) && sim_counters_add_up(&s, 1));
		sim_fini(&s);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_port_costs_one_probe_and_one_round_trip),
		cmocka_unit_test(a_new_address_moves_ike_and_all_pairs),
		cmocka_unit_test(a_message_of_ike_shows_it_as_well),
		cmocka_unit_test(what_the_dataplane_does_not_hold_is_not_moved),
		cmocka_unit_test(a_spoofed_source_costs_a_probe_and_moves_nothing),
		cmocka_unit_test(probes_become_rare),
		cmocka_unit_test(an_answer_from_the_old_place_moves_nothing),
		cmocka_unit_test(who_is_behind_the_nat_follows_nobody),
		cmocka_unit_test(a_request_that_is_out_does_not_stop_it),
		cmocka_unit_test(a_lost_probe_is_made_up_for),
		cmocka_unit_test(a_rekey_of_the_ike_sa_does_not_forget_it),
		cmocka_unit_test(pairs_go_where_their_new_ike_sa_is),
		cmocka_unit_test(a_restart_meanwhile_does_not_stop_it),
		cmocka_unit_test(a_spoof_and_one_loss_do_not_end_it),
		cmocka_unit_test(repeats_from_elsewhere_do_not_use_up_the_answer),
		cmocka_unit_test(moves_are_taken_one_a_second),
		cmocka_unit_test(random_moves_end_well),
	};

	n_seeds = sim_count(argc, argv, 1, 60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
