/* SPDX-License-Identifier: BSD-3-Clause */
/* test_frag1.c - IKEv1 messages in pieces: both ways, over bad networks, and from liars. argv[1]:
 * seeds of bad networks (default 60). */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/ike_sa.h"
#include "control/ike/state.h"
#include "tests/sim/sim.h"

#define FRAGMENT 132

static unsigned n_seeds = 60;

/* Quick modes of more than one datagram: a large group, and every transform there is. */
static void init_large(struct sim *s, uint64_t seed, bool aggressive)
{
	static const uint16_t integ[] = {ABI_INTEG_HMAC_SHA1_96, ABI_INTEG_HMAC_SHA2_256_128,
					 ABI_INTEG_HMAC_SHA2_384_192, ABI_INTEG_HMAC_SHA2_512_256};

	sim_init(s, seed);
	s->node[1].conf.passive = true;
	for (int i = 0; i < 2; i++) {
		struct ike_proposal_conf *p = &s->node[i].children[0].proposal;

		if (aggressive)
			s->node[i].conf.mode = IKE_MODE_AGGRESSIVE;
		for (uint16_t k = 0; k < 3; k++)
			p->encr[k] = (struct ike_encr_choice){12, (uint16_t)(128 + 64 * k)};
		p->n_encr = 3;
		memcpy(p->integ, integ, sizeof(integ));
		p->n_integ = 4;
		p->pfs_group = 17;
	}
}

static void run(struct sim *s, unsigned seconds)
{
	sim_run(s, s->now + seconds * SIM_SEC);
}

static void finish_agreed(struct sim *s)
{
	assert_true(sim_agreed(s, 0));
	assert_true(sim_counters_add_up(s, 0) && sim_counters_add_up(s, 1));
	sim_fini(s);
}

struct seen {
	unsigned pieces[2];
	size_t longest;
};

static bool look(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct seen *seen = ctx;

	(void)s;
	seen->pieces[from] += d->len > 16 && data[16] == FRAGMENT;
	if (d->len > seen->longest)
		seen->longest = d->len;
	return true;
}

static void long_messages_travel_in_pieces(void **state)
{
	(void)state;
	for (int aggressive = 0; aggressive < 2; aggressive++) {
		struct seen seen = {0};
		struct sim s;

		init_large(&s, 1, aggressive);
		s.net.hook = look;
		s.net.hook_ctx = &seen;
		sim_start(&s);
		run(&s, 5);
		assert_int_equal(seen.pieces[0], 2); /* quick mode message 1 */
		assert_in_range(seen.longest, 1000, 1232);
		finish_agreed(&s);
	}
}

/* The responder has not heard that the initiator does this, and does not say that it does. */
static bool drop_vendor_id(struct sim *s, int from, struct ike_datagram *d, uint8_t *data,
			   void *ctx)
{
	static const uint8_t id[4] = {0x40, 0x48, 0xb7, 0xd5};

	for (size_t i = 28; from == 0 && data[18] == 2 && i + 4 <= d->len; i++) {
		if (memcmp(data + i, id, sizeof(id)) == 0)
			data[i] ^= 0xff;
	}
	return look(s, from, d, data, ctx);
}

static void who_does_not_say_so_gets_whole_messages(void **state)
{
	struct seen seen = {0};
	struct sim s;

	(void)state;
	init_large(&s, 2, false);
	s.net.hook = drop_vendor_id;
	s.net.hook_ctx = &seen;
	sim_start(&s);
	run(&s, 5);
	assert_int_equal(seen.pieces[0] + seen.pieces[1], 0);
	assert_true(seen.longest > 1232);
	finish_agreed(&s);
}

static void pieces_survive_bad_networks(void **state)
{
	(void)state;
	for (unsigned i = 0; i < n_seeds; i++) {
		struct sim s;

		init_large(&s, 100 + i, i % 2);
		s.net.loss_pct = (unsigned)(sim_random(&s) % 26);
		s.net.dup_pct = (unsigned)(sim_random(&s) % 26);
		s.net.delay_max = sim_random(&s) % (300 * SIM_MS);
		for (int n = 0; n < 2; n++)
			s.node[n].children[0].proposal.pfs_group = 14; /* 2048 bits: less work */
		for (int n = 0; n < 2; n++) /* and more transforms for it */
			for (uint16_t k = 0; k < 8; k++)
				s.node[n].children[0].proposal.encr[k] = (struct ike_encr_choice){
					12, (uint16_t)(128 + 64 * (k % 3))};
		s.node[0].children[0].proposal.n_encr = s.node[1].children[0].proposal.n_encr = 8;
		sim_start(&s);
		run(&s, 60);
		s.net.loss_pct = s.net.dup_pct = 0;
		s.net.delay_max = 20 * SIM_MS;
		run(&s, 240);
		finish_agreed(&s);
	}
}

/* A piece for the SA of node 1, as from node 0. Returns the bytes. */
static size_t make_piece(const struct sim *s, uint8_t *m, uint16_t id, uint8_t number, bool last,
			 size_t len)
{
	const struct ike_peer *peer = TAILQ_FIRST(&s->node[1].engine->peers.list);
	const struct ike_sa *sa = TAILQ_FIRST(&peer->sas);
	uint64_t ispi = htobe64(sa->ispi), rspi = htobe64(sa->rspi);
	size_t total = 36 + len;

	memset(m, 0, total);
	memcpy(m, &ispi, 8);
	memcpy(m + 8, &rspi, 8);
	m[16] = FRAGMENT;
	m[17] = 0x10;
	m[18] = 2;
	m[26] = (uint8_t)(total >> 8);
	m[27] = (uint8_t)total;
	m[30] = (uint8_t)((len + 8) >> 8);
	m[31] = (uint8_t)(len + 8);
	m[32] = (uint8_t)(id >> 8);
	m[33] = (uint8_t)id;
	m[34] = number;
	m[35] = last;
	return total;
}

static void pieces_cost_a_bounded_amount(void **state)
{
	const struct ike_counters *c;
	uint8_t m[2048];
	struct sim s;

	(void)state;
	init_large(&s, 3, false);
	sim_start(&s);
	run(&s, 5);
	c = sim_counters(&s, 1);
	for (uint8_t i = 1; i <= 9; i++) /* 9 kB of a message that may have 8 */
		sim_inject(&s, 1, m, make_piece(&s, m, 7, i, false, 1000), false);
	assert_int_equal(c->rx_limited, 1);
	sim_inject(&s, 1, m, make_piece(&s, m, 8, 65, false, 100), false);
	sim_inject(&s, 1, m, make_piece(&s, m, 8, 0, false, 100), false);
	sim_inject(&s, 1, m, make_piece(&s, m, 8, 1, true, 0), false);
	assert_int_equal(c->rx_malformed, 3);
	sim_inject(&s, 1, m, make_piece(&s, m, 9, 2, true, 100), false);
	sim_inject(&s, 1, m, make_piece(&s, m, 9, 2, true, 100), false);
	assert_int_equal(c->rx_repeat, 1);
	sim_inject(&s, 1, m, make_piece(&s, m, 9, 1, false, 100), false);
	assert_int_equal(c->rx_malformed, 4); /* whole, but no message */
	finish_agreed(&s);
}

static void a_piece_of_pieces_is_refused(void **state)
{
	uint8_t m[2048], inner[1024];
	const struct ike_counters *c;
	size_t len;
	struct sim s;

	(void)state;
	init_large(&s, 4, false);
	sim_start(&s);
	run(&s, 5);
	c = sim_counters(&s, 1);
	len = make_piece(&s, inner, 1, 1, true, 100);
	(void)make_piece(&s, m, 2, 1, true, len);
	memcpy(m + 36, inner, len);
	sim_inject(&s, 1, m, 36 + len, false);
	assert_int_equal(c->rx_malformed, 1);
	m[8] ^= 1; /* an SA that is not there */
	sim_inject(&s, 1, m, 36 + len, false);
	assert_int_equal(c->rx_unknown_sa, 1);
	finish_agreed(&s);
}

static void pieces_come_from_the_peer_alone(void **state)
{
	uint8_t m[2048];
	struct ike_datagram d;
	struct sim s;

	(void)state;
	init_large(&s, 5, false);
	sim_start(&s);
	run(&s, 5);
	d = (struct ike_datagram){.src = sim_addr("198.51.100.7"),
				  .dst = s.node[1].addr,
				  .src_port = 500,
				  .dst_port = 500,
				  .data = m};
	d.len = make_piece(&s, m, 1, 1, false, 100);
	ike_engine_input(s.node[1].engine, &d, s.now);
	assert_int_equal(sim_counters(&s, 1)->rx_wrong_state, 1);
	finish_agreed(&s);
}

static void nonsense_in_pieces_changes_nothing(void **state)
{
	uint8_t m[2048];
	struct sim s;

	(void)state;
	init_large(&s, 6, true);
	sim_start(&s);
	run(&s, 5);
	for (unsigned i = 0; i < 5000; i++) {
		size_t len = sim_random(&s) % 1200;

		len = make_piece(&s, m, (uint16_t)(sim_random(&s) % 3),
				 (uint8_t)(sim_random(&s) % 6), sim_random(&s) % 4 == 0, len);
		if (sim_random(&s) % 8 == 0)
			m[28 + sim_random(&s) % (len - 28)] ^= (uint8_t)sim_random(&s);
		for (size_t at = 36; at < len; at += 1 + sim_random(&s) % 64)
			m[at] = (uint8_t)sim_random(&s);
		sim_inject(&s, 1, m, len, false);
	}
	assert_int_equal(ike_engine_rekey(s.node[0].engine, "peer1", false, s.now), 0);
	s.node[0].due = s.now;
	run(&s, 20);
	assert_int_equal(s.node[0].installs, 2);
	finish_agreed(&s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(long_messages_travel_in_pieces),
		cmocka_unit_test(who_does_not_say_so_gets_whole_messages),
		cmocka_unit_test(pieces_survive_bad_networks),
		cmocka_unit_test(pieces_cost_a_bounded_amount),
		cmocka_unit_test(a_piece_of_pieces_is_refused),
		cmocka_unit_test(pieces_come_from_the_peer_alone),
		cmocka_unit_test(nonsense_in_pieces_changes_nothing),
	};

	if (argc > 1)
		n_seeds = (unsigned)strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
