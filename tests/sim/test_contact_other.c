/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_contact_other.c - IKEv1: a responder that has something else with the peer's host, or may
 * have, does not say that it has nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/ike_sa.h"
#include "control/ike/peers.h"
#include "control/ike/state.h"
#include "control/ike1/contact.h"
#include "tests/sim/contactkit.h"

enum { MAIN = 2, AGGRESSIVE = 4 };

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

static void set_two(struct sim *s, struct ike_peer_conf two[2][2])
{
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ike_engine_set_peers(s->node[i].engine, two[i], 2, s->now), 0);
		s->node[i].due = s->now;
	}
	contact_run(s, 3000);
}

static void begin_two(struct sim *s, struct ike_peer_conf two[2][2])
{
	set_two(s, two);
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
	contact_init(&s, 9, IKE_MODE_MAIN);
	start_two(&s);
	spi = sim_current(&s, A, 1)->sa.in.spi;
	contact_forget(&s, "peer0");
	contact_anew(&s);
	contact_run(&s, 100 * 1000);
	assert_int_equal(contact_told(&s), 0);
	assert_true(sim_agreed(&s, 1));
	/* It is for the same peer alone. */
	s.net.loss_pct = 100;
	ike_engine_terminate(s.node[A].engine, "peer1", s.now);
	s.node[A].due = s.now;
	contact_run(&s, 100);
	s.net.loss_pct = 0;
	contact_run(&s, 10 * 1000);
	assert_int_equal(sim_counters(&s, B)->initial_contact, 3);
	assert_true(sim_agreed(&s, 0));
	assert_true(sim_agreed(&s, 1));
	assert_int_equal(sim_current(&s, A, 1)->sa.in.spi, spi);
	sim_fini(&s);
}

/* The IKE SA of the second connection goes, as of a peer that makes none as long as the pair is
 * there. */
static void leave_pair_alone(struct sim *s)
{
	for (int i = 0; i < 2; i++)
		peers_find_name(&s->node[i].engine->peers, "other")->conf.passive = true;
	for (int i = 0; i < 2; i++)
		contact_end_ike_sas(s, i, "other");
}

static void use_ipv6(struct sim *s)
{
	for (int i = 0; i < 2; i++) {
		s->node[i].addr = sim_addr(i == A ? "2001:db8:1::1" : "2001:db8:2::1");
		s->node[1 - i].conf.remote = s->node[i].conf.local = s->node[i].addr;
		s->node[i].conf.remote_prefix_len = 128;
	}
}

/* Pairs outlive their IKE SAs: one of another connection is something that the host has. */
static void pair_of_another_connection_stays(void **state)
{
	struct sim s;
	uint32_t spi;

	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		contact_init(&s, 9, IKE_MODE_MAIN);
		if (v6)
			use_ipv6(&s);
		start_two(&s);
		spi = sim_current(&s, A, 1)->sa.in.spi;
		leave_pair_alone(&s);
		contact_forget(&s, "peer0");
		contact_anew(&s);
		contact_run(&s, 20 * 1000);
		assert_int_equal(contact_told(&s), 0);
		assert_true(sim_agreed(&s, 1));
		assert_int_equal(sim_current(&s, A, 1)->sa.in.spi, spi);
		sim_fini(&s);
	}
}

static void pair_that_goes_does_not_count(void **state)
{
	struct sim s;

	(void)state;
	contact_init(&s, 9, IKE_MODE_MAIN);
	start_two(&s);
	leave_pair_alone(&s);
	contact_forget(&s, "peer0");
	contact_anew(&s);
	contact_run(&s, 1500);
	ike_engine_flush_children(s.node[B].engine, s.now);
	s.node[B].due = s.now;
	contact_run(&s, CONTACT_FIRST_S * 1000 - 1000);
	assert_int_equal(sim_installed(&s, B), 1);
	assert_int_equal(contact_told(&s), 1);
	sim_fini(&s);
}

/* Nor the pair of an IKE SA that is gone: which of them had it is not known. */
static void other_hosts_of_a_network_do_not_count(void **state)
{
	struct ike_peer_conf two[2][2];
	struct sim s;

	(void)state;
	for (unsigned gone = 0; gone < 2; gone++) {
		contact_init(&s, 10, IKE_MODE_MAIN);
		s.node[A].also = sim_addr("113.87.48.201");
		fill_two(&s, two);
		two[A][1].local = s.node[A].also;
		two[B][1].remote = sim_addr("113.87.48.0");
		two[B][1].remote_prefix_len = 24;
		begin_two(&s, two);
		if (gone)
			leave_pair_alone(&s);
		contact_forget(&s, "peer0");
		contact_anew(&s);
		contact_run(&s, CONTACT_FIRST_S * 1000 + 1000);
		assert_int_equal(contact_told(&s), 1);
		assert_true(sim_working(&s, 0));
		assert_true(sim_agreed(&s, 1));
		sim_fini(&s);
	}
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
		contact_init(&s, 14 + k, IKE_MODE_MAIN);
		s.net.hook = from_other_port;
		s.net.hook_ctx = cookie;
		start_behind_nat(&s, &cases[k]);
		before = contact_told(&s);
		contact_forget(&s, "peer0");
		contact_anew(&s);
		contact_run(&s, 20 * 1000);
		assert_int_equal(contact_told(&s), before + cases[k].told);
		assert_int_equal(sim_working(&s, 0), cases[k].told);
		assert_true(sim_agreed(&s, 1));
		sim_fini(&s);
	}
}

/* The peer's name stands for another address now; what there is stays where it is. */
static void move_peer(struct sim *s)
{
	struct peers *peers = &s->node[B].engine->peers;
	struct ike_peer *peer = peers_find_name(peers, "peer0");
	struct ike_peer_conf c = peer->conf;

	c.remote = sim_addr("192.0.2.1");
	peers_move(peers, peer, &c);
}

/* Whether the next one was made through another mapping, and wherever its peer is expected. */
static void ike_sa_that_is_replaced_counts(void **state)
{
	enum { HERE, NAT, MOVED };
	struct sim s;

	(void)state;
	for (int where = HERE; where <= MOVED; where++) {
		contact_init(&s, 20, IKE_MODE_MAIN);
		if (where == NAT) {
			s.node[A].nat = sim_addr("203.0.113.9");
			s.node[B].conf.remote = s.node[A].nat;
		}
		sim_start(&s);
		contact_run(&s, 3000);
		contact_forget(&s, NULL);
		contact_anew(&s);
		contact_run(&s, 1000);
		s.node[A].nat_ports += 7;
		contact_anew(&s);
		contact_run(&s, 500);
		if (where == MOVED)
			move_peer(&s);
		contact_run(&s, CONTACT_FIRST_S * 1000);
		assert_int_equal(sim_ike_sas(&s, B, NULL), 2);
		assert_int_equal(contact_told(&s), 0);
		contact_run(&s, 10 * 1000);
		assert_int_equal(sim_ike_sas(&s, B, NULL), 1);
		assert_int_equal(contact_told(&s), 1);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

static bool lose_msg6(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	(void)s;
	(void)d;
	(void)ctx;
	return from != A || data[18] != MAIN || (data[19] & 1) == 0;
}

/* Of main mode the responder is up first: here A is, in the connection that B begins. */
static void ike_sa_that_the_peer_has_first_counts(void **state)
{
	struct ike_peer_conf two[2][2];
	uint64_t before;
	struct sim s;

	(void)state;
	contact_init(&s, 22, IKE_MODE_AGGRESSIVE);
	s.net.hook = lose_msg6;
	fill_two(&s, two);
	two[A][1].mode = two[B][1].mode = IKE_MODE_MAIN;
	two[A][1].passive = true;
	two[B][1].passive = false;
	set_two(&s, two);
	assert_true(sim_agreed(&s, 0));
	contact_forget(&s, "peer0");
	before = contact_told(&s);
	contact_anew(&s);
	contact_run(&s, CONTACT_FIRST_S * 1000 + 1000);
	assert_int_equal(sim_ike_sas(&s, B, "message-5-sent"), 1);
	assert_int_equal(contact_told(&s), before);
	sim_fini(&s);
}

static bool keep_msg1(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct ike_datagram *kept = ctx;

	(void)s;
	if (from == A && kept->len == 0 && data[18] == MAIN) {
		kept->len = d->len;
		memcpy((uint8_t *)kept->data, data, d->len);
	}
	return true;
}

/* Anybody can send its first message. */
static void half_open_ike_sa_does_not_count(void **state)
{
	uint8_t msg1[2048];
	struct ike_datagram kept = {.data = msg1};
	struct sim s;

	(void)state;
	contact_init(&s, 23, IKE_MODE_MAIN);
	s.net.hook = keep_msg1;
	s.net.hook_ctx = &kept;
	sim_start(&s);
	contact_run(&s, 3000);
	contact_forget(&s, NULL);
	contact_anew(&s);
	msg1[0] ^= 1;
	sim_inject(&s, B, msg1, kept.len, false);
	contact_run(&s, CONTACT_FIRST_S * 1000 + 1000);
	assert_int_equal(sim_ike_sas(&s, B, "message-2-sent"), 1);
	assert_int_equal(contact_told(&s), 1);
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_connection_stays),
		cmocka_unit_test(pair_of_another_connection_stays),
		cmocka_unit_test(pair_that_goes_does_not_count),
		cmocka_unit_test(other_hosts_of_a_network_do_not_count),
		cmocka_unit_test(another_host_behind_the_nat_does_not_count),
		cmocka_unit_test(ike_sa_that_is_replaced_counts),
		cmocka_unit_test(ike_sa_that_the_peer_has_first_counts),
		cmocka_unit_test(half_open_ike_sa_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
