/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_flood.c - 100,000 first messages a second with forged addresses, for some seconds of virtual
 * time: the peer we have an SA with loses nothing, memory is bounded, a new honest peer gets in,
 * and no more goes out to a forged address than three times what came from it. argv[1]: seconds
 * (default 1).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/dhwork.h"
#include "control/ike/guard.h"
#include "control/ike/ike.h"
#include "tests/sim/sim.h"

#define PER_MS 100u

static unsigned seconds = 1;

static const enum ike_exchange_mode modes[] = {IKE_MODE_MAIN, IKE_MODE_IKE2};

struct flood {
	uint8_t data[2048]; /* the first message that the real peer sent */
	size_t len;
	bool lose; /* keep it for ourselves */
	struct abi_addr forged;
	uint64_t bytes_in, bytes_out, repeats;
};

static bool watch(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct flood *f = ctx;

	(void)s;
	if (from != 0 || f->len != 0 || d->len > sizeof(f->data))
		return true;
	memcpy(f->data, data, d->len);
	f->len = d->len;
	return !f->lose;
}

/* Node 1 takes anybody; its first messages wait in a ring and an inbox. */
static void init(struct sim *s, enum ike_exchange_mode mode, struct flood *f)
{
	memset(f, 0, sizeof(*f));
	sim_init(s, 11 + (uint64_t)mode);
	for (int i = 0; i < 2; i++) {
		s->node[i].conf.mode = mode;
		s->node[i].conf.profile.dpd_interval = 1;
		s->node[i].esp_every = 20 * SIM_MS;
	}
	s->node[1].conf.passive = true;
	s->node[1].conf.remote = sim_addr("0.0.0.0");
	s->node[1].conf.remote_prefix_len = 0;
	s->node[1].ring = 1024;
	s->net.hook = watch;
	s->net.hook_ctx = f;
	sim_start(s);
}

/* A first message of its own SPI and address; the nonce and all else as the real one's. */
static void forge(struct sim *s, struct flood *f)
{
	uint64_t spi = sim_random(s) | 1, from = sim_random(s);
	struct ike_datagram d = {.src = {.family = 4},
				 .dst = s->node[1].addr,
				 .src_port = 500,
				 .dst_port = 500,
				 .data = f->data,
				 .len = f->len};

	memcpy(f->data, &spi, sizeof(spi));
	memcpy(d.src.bytes, &from, 4);
	f->bytes_in += d.len;
	sim_arrive(s, 1, &d);
}

static void flood_for(struct sim *s, struct flood *f, unsigned ms)
{
	for (unsigned i = 0; i < ms; i++) {
		for (unsigned k = 0; k < PER_MS; k++)
			forge(s, f);
		sim_run(s, s->now + SIM_MS);
	}
}

static void assert_bounded(const struct sim *s)
{
	assert_true(sim_ike_sas(s, 1, NULL) <= GUARD_HALF_OPEN_TOTAL + 2);
	assert_true(s->node[1].inbox.n[INBOX_FIRST] <= INBOX_ROOM_FIRST);
	assert_int_equal(s->node[1].ring_lost, 0);
}

static void established_peers_lose_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		/* With IKEv1 a new IKE SA begins with a first message. */
		bool sealed = modes[i] == IKE_MODE_IKE2;
		const struct ike_counters *a, *b;
		struct flood f;
		struct sim s;

		init(&s, modes[i], &f);
		sim_run(&s, s.now + 2 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		for (unsigned k = 0; k < 4 * seconds; k++) {
			flood_for(&s, &f, 125);
			assert_int_equal(
				ike_engine_rekey(s.node[0].engine, "peer1", sealed && k % 2, s.now),
				0);
			s.node[0].due = s.now;
			flood_for(&s, &f, 125);
			assert_bounded(&s);
		}
		a = sim_counters(&s, 0);
		b = sim_counters(&s, 1);
		assert_int_equal(a->tx_retransmit, 0); /* not one answer was late */
		assert_int_equal(a->dpd_dead + b->dpd_dead, 0);
		assert_int_equal(b->inbox_known, 0);
		assert_true(a->quick_established > 1 + seconds / 2);
		assert_true(b->rx_limited > 50000 * seconds);
		if (modes[i] == IKE_MODE_IKE2)
			assert_true(b->cookies_sent > 50000 * seconds);
		assert_true(sim_working(&s, 0));
		sim_fini(&s);
	}
}

static void a_new_peer_gets_in(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct flood f;
		struct sim s;

		init(&s, modes[i], &f);
		sim_run(&s, s.now + 2 * SIM_SEC);
		ike_engine_terminate(s.node[0].engine, NULL, s.now);
		if (modes[i] == IKE_MODE_MAIN) { /* no cookies: it must be known by its address */
			s.node[1].conf.remote = s.node[0].addr;
			s.node[1].conf.remote_prefix_len = 32;
		}
		assert_int_equal(sim_configure(&s, 1), 0);
		flood_for(&s, &f, 50);
		s.node[0].due = s.now;
		flood_for(&s, &f, 1500);
		assert_true(sim_working(&s, 0));
		sim_fini(&s);
	}
}

/* A gateway that takes anybody under one configuration has a flood in anybody's name; who it knows
 * by address gets in all the same, in aggressive mode too, where each answer costs much more. */
static void who_is_known_by_address_gets_in(void **state)
{
	static const enum ike_exchange_mode no_cookies[] = {IKE_MODE_MAIN, IKE_MODE_AGGRESSIVE};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct ike_peer_conf confs[2];
		struct flood f;
		struct sim s;

		init(&s, no_cookies[i], &f);
		sim_run(&s, s.now + 2 * SIM_SEC);
		ike_engine_terminate(s.node[0].engine, NULL, s.now);
		confs[0] = confs[1] = s.node[1].conf;
		confs[0].remote = s.node[0].addr;
		confs[0].remote_prefix_len = 32;
		strcpy(confs[1].name, "anybody");
		confs[1].n_children = 0;
		assert_int_equal(ike_engine_set_peers(s.node[1].engine, confs, 2, s.now), 0);
		flood_for(&s, &f, 100);
		s.node[0].due = s.now;
		flood_for(&s, &f, 1500);
		assert_true(sim_counters(&s, 1)->guard_rate > 10000);
		assert_true(sim_working(&s, 0));
		sim_fini(&s);
	}
}

/* All that node 1 sends goes to forged addresses here. */
static bool tally(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct flood *f = ctx;

	(void)s;
	(void)data;
	if (from == 1)
		f->bytes_out += d->len;
	return from == 1 ? false : watch(s, from, d, data, ctx);
}

/* Each kind of first message, each repeated: what is answered is bounded by what came. */
static void answers_do_not_amplify(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2 * 5; i++) {
		struct flood f = {.lose = true};
		struct ike_datagram d;
		struct sim s;

		sim_init(&s, 50 + i);
		for (int k = 0; k < 2; k++)
			s.node[k].conf.mode = modes[i % 2];
		s.node[1].conf.passive = true;
		switch (i / 2) {
		case 1: /* refused: another cipher */
			s.node[0].conf.profile.encr[0].key_bits = 256;
			break;
		case 2: /* another group */
			s.node[0].conf.profile.dh[0] = 31;
			break;
		case 3: /* the group is asked for */
			s.node[0].conf.profile.dh[0] = 31;
			s.node[0].conf.profile.dh[1] = 19;
			s.node[0].conf.profile.n_dh = 2;
			break;
		case 4: /* the other version */
			s.node[0].conf.mode = modes[1 - i % 2];
			break;
		default:
			break;
		}
		s.net.hook = tally;
		s.net.hook_ctx = &f;
		sim_start(&s);
		sim_run(&s, s.now + 100 * SIM_MS);
		assert_true(f.len > 0);
		d = (struct ike_datagram){.src = s.node[0].addr,
					  .dst = s.node[1].addr,
					  .src_port = 500,
					  .dst_port = 500,
					  .data = f.data,
					  .len = f.len};
		for (unsigned n = 0; n < 50; n++) {
			f.data[0] = (uint8_t)(n / 10); /* each SPI ten times */
			f.bytes_in += d.len;
			sim_arrive(&s, 1, &d);
			sim_run(&s, s.now + 20 * SIM_MS);
			assert_true(f.bytes_out <= IKE_AMPLIFICATION * f.bytes_in);
		}
		/* Repeats are answered less and less: all in all hardly more than came. */
		assert_true(f.bytes_out <= f.bytes_in);
		/* Half-open SAs time out without a word. */
		f.bytes_in = f.bytes_out;
		s.node[0].dead = true;
		s.node[0].due = UINT64_MAX;
		sim_run(&s, s.now + 120 * SIM_SEC);
		assert_int_equal(f.bytes_out, f.bytes_in);
		assert_int_equal(sim_ike_sas(&s, 1, NULL), 0);
		sim_fini(&s);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(established_peers_lose_nothing),
		cmocka_unit_test(a_new_peer_gets_in),
		cmocka_unit_test(who_is_known_by_address_gets_in),
		cmocka_unit_test(answers_do_not_amplify),
	};

	if (argc > 1)
		seconds = (unsigned)strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
