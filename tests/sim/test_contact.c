/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_contact.c - IKEv1, where DELETE has no answer: an initiator that heard none goes on with
 * pairs that the responder, which is passive, has no more. It learns of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/child_sa.h"
#include "control/ike/ike_sa.h"
#include "control/ike/peers.h"
#include "control/ike/state.h"
#include "control/ike1/contact.h"
#include "tests/sim/forge.h"
#include "tests/sim/sim.h"

enum { AGGRESSIVE = 4, INFO = 5, A = 0, B = 1 };

static const enum ike_exchange_mode modes[] = {IKE_MODE_MAIN, IKE_MODE_AGGRESSIVE};

static void run(struct sim *s, unsigned ms)
{
	sim_run(s, s->now + ms * SIM_MS);
}

static void init(struct sim *s, uint64_t seed, enum ike_exchange_mode mode)
{
	sim_init(s, seed);
	s->node[B].conf.passive = true;
	for (int i = 0; i < 2; i++) {
		s->node[i].conf.mode = mode;
		s->node[i].esp_every = 500 * SIM_MS;
	}
}

static void come_up(struct sim *s)
{
	sim_start(s);
	run(s, 3000);
	assert_true(sim_agreed(s, 0));
}

/* B ends all it has with a peer, or with all, and not a word of it arrives. */
static void forget(struct sim *s, const char *peer)
{
	s->net.loss_pct = 100;
	ike_engine_terminate(s->node[B].engine, peer, s->now);
	s->node[B].due = s->now;
	run(s, 500);
	s->net.loss_pct = 0;
}

/* A's next phase 1, by which it learns nothing: it has a pair. */
static void anew(struct sim *s)
{
	assert_int_equal(ike_engine_rekey(s->node[A].engine, "peer1", true, s->now), 0);
	s->node[A].due = s->now;
}

static void responder_says_that_it_has_nothing(void **state)
{
	struct sim s;

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		init(&s, 1 + k, modes[k]);
		come_up(&s);
		forget(&s, NULL);
		anew(&s);
		run(&s, 2000);
		assert_int_equal(sim_installed(&s, A), 1);
		assert_int_equal(sim_installed(&s, B), 0);
		run(&s, CONTACT_FIRST_S * 1000);
		assert_true(sim_working(&s, 0));
		assert_int_equal(sim_installed(&s, A), 1);
		assert_int_equal(sim_counters(&s, A)->initial_contact, 1);
		run(&s, 300 * 1000);
		assert_int_equal(sim_counters(&s, A)->initial_contact, 1);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

static bool lose_infos(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	const uint64_t *until = ctx;

	(void)d;
	return from != B || data[18] != INFO || s->now >= *until;
}

static void it_says_so_again(void **state)
{
	uint64_t until;
	struct sim s;

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		init(&s, 3 + k, modes[k]);
		for (int i = 0; i < 2; i++)
			s.node[i].conf.profile.dpd_interval = 0;
		come_up(&s);
		forget(&s, NULL);
		until = s.now + 40 * SIM_SEC;
		s.net.hook = lose_infos;
		s.net.hook_ctx = &until;
		anew(&s);
		run(&s, 39 * 1000);
		assert_int_equal(sim_installed(&s, B), 0);
		run(&s, 60 * 1000);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

static void setting_holds_it_back(void **state)
{
	struct sim s;

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		init(&s, 5 + k, IKE_MODE_MAIN);
		s.node[B].conf.send_initial_contact = k == 0;
		s.node[B].conf.suppress_initial_contact = k == 0;
		come_up(&s);
		forget(&s, NULL);
		anew(&s);
		run(&s, 300 * 1000);
		assert_int_equal(sim_counters(&s, A)->initial_contact, 0);
		assert_int_equal(sim_installed(&s, A), 1);
		assert_int_equal(sim_installed(&s, B), 0);
		sim_fini(&s);
	}
}

/* Most peers do, and some never say that it is their first contact. */
static void initiator_that_begins_a_pair_is_told_nothing(void **state)
{
	struct sim s;

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		init(&s, 7 + k, modes[k]);
		s.node[A].conf.send_initial_contact = false;
		come_up(&s);
		run(&s, 300 * 1000);
		assert_int_equal(sim_counters(&s, A)->initial_contact, 0);
		sim_fini(&s);
	}
}

/* Two connections between two addresses, told apart by their mode. */
static void fill_two(struct sim *s, struct ike_peer_conf two[2][2])
{
	for (int i = 0; i < 2; i++) {
		struct sim_node *n = &s->node[i];

		n->children[1] = n->children[0];
		n->children[1].policy_id = SIM_POLICY(1);
		n->children[1].local = sim_net_range(i == A ? "192.168.2.0" : "10.100.2.0", 24);
		n->children[1].remote = sim_net_range(i == A ? "10.100.2.0" : "192.168.2.0", 24);
		two[i][0] = two[i][1] = n->conf;
		strcpy(two[i][1].name, "other");
		two[i][1].mode = IKE_MODE_AGGRESSIVE;
		two[i][1].children = &n->children[1];
	}
}

static void begin_two(struct sim *s, struct ike_peer_conf two[2][2])
{
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ike_engine_set_peers(s->node[i].engine, two[i], 2, s->now), 0);
		s->node[i].due = s->now;
	}
	run(s, 3000);
	assert_true(sim_agreed(s, 0));
	assert_true(sim_agreed(s, 1));
}

static void start_two(struct sim *s)
{
	struct ike_peer_conf two[2][2];

	fill_two(s, two);
	begin_two(s, two);
}

/* Many forget by address: who has one connection left does not say that it has nothing. */
static void another_connection_stays(void **state)
{
	struct sim s;
	uint32_t spi;

	(void)state;
	init(&s, 9, IKE_MODE_MAIN);
	start_two(&s);
	spi = sim_current(&s, A, 1)->sa.in.spi;
	forget(&s, "peer0");
	anew(&s);
	run(&s, 100 * 1000);
	assert_int_equal(sim_counters(&s, A)->initial_contact, 0);
	assert_true(sim_agreed(&s, 1));
	/* It is for the same peer alone. */
	s.net.loss_pct = 100;
	ike_engine_terminate(s.node[A].engine, "peer1", s.now);
	s.node[A].due = s.now;
	run(&s, 100);
	s.net.loss_pct = 0;
	run(&s, 10 * 1000);
	assert_int_equal(sim_counters(&s, B)->initial_contact, 3);
	assert_true(sim_agreed(&s, 0));
	assert_true(sim_agreed(&s, 1));
	assert_int_equal(sim_current(&s, A, 1)->sa.in.spi, spi);
	sim_fini(&s);
}

/* As when their time is over, and no next one is made. */
static void end_ike_sas_of(struct sim *s, const char *name)
{
	for (int i = 0; i < 2; i++) {
		struct ike_engine *e = s->node[i].engine;
		struct ike_peer *peer = peers_find_name(&e->peers, name);

		while (!TAILQ_EMPTY(&peer->sas))
			ike_sa_free(e, TAILQ_FIRST(&peer->sas), s->now);
		s->node[i].due = s->now;
	}
}

/* Pairs outlive their IKE SAs: one of another connection is something that the host has. */
static void pair_of_another_connection_stays(void **state)
{
	struct sim s;
	uint32_t spi;

	(void)state;
	init(&s, 9, IKE_MODE_MAIN);
	start_two(&s);
	/* the second one, of a peer that makes no IKE SA for it as long as it lasts */
	for (int i = 0; i < 2; i++)
		peers_find_name(&s.node[i].engine->peers, "other")->conf.passive = true;
	spi = sim_current(&s, A, 1)->sa.in.spi;
	end_ike_sas_of(&s, "other");
	forget(&s, "peer0");
	anew(&s);
	run(&s, 20 * 1000);
	assert_int_equal(sim_counters(&s, A)->initial_contact, 0);
	assert_true(sim_agreed(&s, 1));
	assert_int_equal(sim_current(&s, A, 1)->sa.in.spi, spi);
	sim_fini(&s);
}

/* The aggressive connection is that of another host behind A's NAT, which gives it another port. */
static bool from_other_port(struct sim *s, int from, struct ike_datagram *d, uint8_t *data,
			    void *ctx)
{
	uint8_t *cookie = ctx;

	(void)s;
	if (d->keepalive)
		return true;
	if (data[18] == AGGRESSIVE)
		memcpy(cookie, data, 8);
	if (from == A && d->marker && memcmp(cookie, data, 8) == 0)
		d->src_port += s->node[A].forwards;
	return true;
}

struct behind_nat {
	bool no_natt[2]; /* of the connection, of the other one */
	uint16_t apart;	 /* the other one's port */
	bool b_begins;	 /* the other one, through a port that is forwarded */
	unsigned told;
};

static void start_behind_nat(struct sim *s, const struct behind_nat *t)
{
	struct ike_peer_conf two[2][2];

	s->node[A].nat = sim_addr("203.0.113.9");
	s->node[A].forwards = t->apart;
	s->node[B].conf.remote = s->node[A].nat;
	fill_two(s, two);
	for (int i = 0; i < 2; i++) {
		two[i][0].profile.nat_traversal = !t->no_natt[0];
		two[i][1].profile.nat_traversal = !t->no_natt[1];
	}
	if (t->b_begins) {
		two[A][1].passive = true;
		two[B][1].passive = false;
		two[B][1].port = (uint16_t)(4500 + s->node[A].nat_ports + t->apart);
	}
	begin_two(s, two);
}

/* Of two hosts behind one NAT one hears nothing of what is said to the other, at its port. */
static void another_host_behind_the_nat_does_not_count(void **state)
{
	static const struct behind_nat cases[] = {
		{.apart = 1000, .told = 1},
		{.apart = 0},
		{.apart = 1000, .no_natt = {true, false}},
		{.apart = 1000, .no_natt = {false, true}},
		{.apart = 1000, .b_begins = true},
	};
	uint8_t cookie[8] = {0};
	uint64_t before;
	struct sim s;

	(void)state;
	for (unsigned k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		init(&s, 14 + k, IKE_MODE_MAIN);
		s.net.hook = from_other_port;
		s.net.hook_ctx = cookie;
		start_behind_nat(&s, &cases[k]);
		before = sim_counters(&s, A)->initial_contact;
		forget(&s, "peer0");
		anew(&s);
		run(&s, 20 * 1000);
		assert_int_equal(sim_counters(&s, A)->initial_contact, before + cases[k].told);
		assert_int_equal(sim_working(&s, 0), cases[k].told);
		assert_true(sim_agreed(&s, 1));
		sim_fini(&s);
	}
}

/* It comes late, when a pair has been made through the IKE SA that it comes with. */
static void newer_pair_stays(void **state)
{
	uint8_t n[28] = {[3] = 28, [7] = 1, [8] = 1, [9] = 16, [10] = 0x60, [11] = 0x02};
	struct sim s;
	uint32_t spi;

	(void)state;
	init(&s, 10, IKE_MODE_MAIN);
	come_up(&s);
	spi = sim_current(&s, A, 0)->sa.in.spi;
	assert_true(forge_send(&s, B, INFO, 77, 11, n, sizeof(n), FORGE_WRONG));
	assert_int_equal(sim_counters(&s, A)->initial_contact, 0);
	assert_true(forge_send(&s, B, INFO, 78, 11, n, sizeof(n), FORGE_RIGHT));
	assert_int_equal(sim_counters(&s, A)->initial_contact, 1);
	run(&s, 10 * 1000);
	assert_true(sim_agreed(&s, 0));
	assert_int_equal(sim_current(&s, A, 0)->sa.in.spi, spi);
	sim_fini(&s);
}

static void flush(struct sim *s)
{
	ike_engine_flush_children(s->node[B].engine, s->now);
	s->node[B].due = s->now;
}

/* The IKE SA stays, so there is no first contact: the pair's DELETE comes again. */
static void delete_of_the_only_pair_is_repeated(void **state)
{
	struct sim s;

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		init(&s, 11 + k, modes[k]);
		come_up(&s);
		s.net.loss_pct = 100;
		flush(&s);
		run(&s, 20 * 1000);
		assert_int_equal(sim_installed(&s, A), 1);
		assert_int_equal(sim_installed(&s, B), 0);
		s.net.loss_pct = 0;
		run(&s, 30 * 1000);
		assert_true(sim_agreed(&s, 0));
		assert_int_equal(sim_counters(&s, A)->dpd_dead, 0);
		sim_fini(&s);
	}
}

static void no_more_delete_than_is_of_use(void **state)
{
	struct sim s;
	uint64_t sent;

	(void)state;
	init(&s, 13, IKE_MODE_MAIN);
	come_up(&s);
	flush(&s);
	run(&s, 300 * 1000);
	assert_true(sim_agreed(&s, 0));
	sent = sim_counters(&s, B)->delete_sent;
	assert_int_equal(sent, CHILD_DELETES);
	/* A peer that makes a pair when there is traffic for it, and there is none. */
	s.node[A].conf.on_demand = true;
	assert_int_equal(sim_configure(&s, A), 0);
	ike_engine_acquire(s.node[A].engine, SIM_POLICY(0), s.now);
	run(&s, 100 * 1000);
	assert_true(sim_agreed(&s, 0));
	sent = sim_counters(&s, B)->delete_sent;
	flush(&s);
	run(&s, 300 * 1000);
	assert_int_equal(sim_installed(&s, A), 0);
	assert_int_equal(sim_counters(&s, B)->delete_sent, sent + CHILD_TOLD);
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(responder_says_that_it_has_nothing),
		cmocka_unit_test(it_says_so_again),
		cmocka_unit_test(setting_holds_it_back),
		cmocka_unit_test(initiator_that_begins_a_pair_is_told_nothing),
		cmocka_unit_test(another_connection_stays),
		cmocka_unit_test(pair_of_another_connection_stays),
		cmocka_unit_test(another_host_behind_the_nat_does_not_count),
		cmocka_unit_test(newer_pair_stays),
		cmocka_unit_test(delete_of_the_only_pair_is_repeated),
		cmocka_unit_test(no_more_delete_than_is_of_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
