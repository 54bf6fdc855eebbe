/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_amplify.c - an address that may be forged gets at most IKE_AMPLIFICATION bytes for each that
 * came from it: first messages of every mode, whole, with payloads left out or cut, in pieces, each
 * again and again; and an answer that would be longer is not sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/crypto/suite.h"
#include "control/ike/ike.h"
#include "tests/fuzz/engine_input.h"
#include "tests/sim/sim.h"

#define CAP 4096u

/* Node 0 says one thing that is lost; from then on its address is a stranger's. */
struct stranger {
	struct sim sim;
	uint8_t said[CAP];
	size_t len;
	uint8_t answer[CAP]; /* the newest */
	size_t got;	     /* bytes, for the datagram of now */
	uint64_t in, out;
};

static bool watch(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct stranger *z = ctx;

	(void)s;
	assert_true(d->len <= CAP);
	if (from == 0 && z->len == 0) {
		memcpy(z->said, data, d->len);
		z->len = d->len;
	} else if (from == 1) {
		memcpy(z->answer, data, d->len);
		z->got += d->len;
	}
	return false;
}

static void init(struct stranger *z, enum ike_exchange_mode mode, uint16_t group)
{
	memset(z, 0, sizeof(*z));
	sim_init(&z->sim, 31);
	for (int i = 0; i < 2; i++) {
		struct ike_peer_conf *c = &z->sim.node[i].conf;

		c->mode = mode;
		c->profile.hash[0] = SUITE_HASH_SHA512;
		c->profile.dh[0] = group;
	}
	z->sim.node[1].conf.passive = true;
	z->sim.node[1].conf.my_id.type = IKE_ID_KEY_ID;
	z->sim.node[1].conf.my_id.len = 255;
	z->sim.net.hook = watch;
	z->sim.net.hook_ctx = z;
}

static void begin(struct stranger *z)
{
	sim_start(&z->sim);
	sim_run(&z->sim, z->sim.now + 100 * SIM_MS);
	assert_true(z->len > 28);
	z->sim.node[0].dead = true;
	z->sim.node[0].due = UINT64_MAX;
}

/* How many bytes come back. */
static size_t say(struct stranger *z, const uint8_t *data, size_t len)
{
	struct ike_datagram d = {.src = z->sim.node[0].addr,
				 .dst = z->sim.node[1].addr,
				 .src_port = 500,
				 .dst_port = 500,
				 .data = data,
				 .len = len};

	z->got = 0;
	ike_engine_input(z->sim.node[1].engine, &d, z->sim.now);
	sim_run(&z->sim, z->sim.now + 20 * SIM_MS);
	assert_true(z->got <= IKE_AMPLIFICATION * len);
	z->in += len;
	z->out += z->got;
	return z->got;
}

static void set_length(uint8_t *msg, size_t len)
{
	msg[26] = (uint8_t)(len >> 8);
	msg[27] = (uint8_t)len;
}

/* What was said, changed, under a cookie of its own; its length. */
static size_t variant(const struct stranger *z, const struct edit *e, uint8_t number, uint8_t *out)
{
	size_t len = z->len;

	memcpy(out, z->said, z->len);
	out[0] = number;
	if (e != NULL)
		len = 28 + edit_payloads(e, &out[16], out + 28, z->len - 28, CAP - 28);
	set_length(out, len);
	return len;
}

/* The rest of the exchange as pieces of one message each, in clear or as if protected. */
static void say_pieces(struct stranger *z, const uint8_t *msg, bool ike2)
{
	uint8_t piece[300];

	for (uint8_t n = 1; n <= 4; n++) {
		memset(piece, n, sizeof(piece));
		memcpy(piece, msg, 28);
		memcpy(piece + 8, z->answer + 8, 8); /* the SA's, if there is one */
		piece[16] = ike2 ? 53 : 132;
		piece[18] = ike2 ? 35 : msg[18];
		piece[23] = ike2 ? 1 : 0;
		set_length(piece, sizeof(piece));
		memset(piece + 28, 0, 8);
		piece[30] = (uint8_t)(((sizeof(piece) - 28) >> 8) & 0xff);
		piece[31] = (uint8_t)(sizeof(piece) - 28);
		piece[33] = ike2 ? n : 1;
		piece[34] = ike2 ? 0 : n;
		piece[35] = ike2 ? 4 : n == 4;
		(void)say(z, piece, sizeof(piece));
		(void)say(z, piece, sizeof(piece));
	}
}

static void nothing_a_stranger_says_is_answered_with_more(void **state)
{
	static const enum ike_exchange_mode modes[] = {IKE_MODE_MAIN, IKE_MODE_AGGRESSIVE,
						       IKE_MODE_IKE2};
	static const uint16_t groups[] = {1, 14, 31};
	static const enum edit_kind kinds[] = {EDIT_KINDS, EDIT_DROP, EDIT_CUT, EDIT_TWICE};
	static struct stranger z;

	(void)state;
	for (size_t i = 0; i < 9; i++) {
		uint64_t answered = 0;
		uint8_t number = 0;

		init(&z, modes[i / 3], groups[i % 3]);
		begin(&z);
		for (uint8_t k = 0; k < 4 * 12; k++) {
			struct edit e = {.kind = kinds[k % 4], .which = k / 4, .at = 8};
			uint8_t msg[CAP];
			size_t len = variant(&z, k % 4 == 0 ? NULL : &e, ++number, msg);

			memset(z.answer, 0, sizeof(z.answer));
			for (unsigned n = 0; n < 5; n++)
				answered += say(&z, msg, len) > 0;
			say_pieces(&z, msg, modes[i / 3] == IKE_MODE_IKE2);
			z.sim.now += 31 * SIM_SEC; /* no limit but the budget's */
			z.sim.node[1].due = z.sim.now;
		}
		assert_true(answered > 50);
		assert_true(z.out <= IKE_AMPLIFICATION * z.in);
		assert_true(sim_counters_add_up(&z.sim, 1));
		sim_fini(&z.sim);
	}
}

static unsigned count_payloads(const uint8_t *msg, size_t len)
{
	uint8_t next = msg[16];
	unsigned n = 0;

	for (size_t at = 28; next != 0 && at + 4 <= len; n++) {
		next = msg[at];
		at += (size_t)(msg[at + 2] << 8 | msg[at + 3]);
	}
	return n;
}

/* What was said, as short as it may be: SA, KE, 8 bytes of nonce, ID. */
static void shorten(struct stranger *z)
{
	static const struct edit no_vendor = {.kind = EDIT_DROP, .which = 4};
	static const struct edit short_nonce = {.kind = EDIT_CUT, .which = 2, .at = 8};
	uint8_t msg[CAP];

	while (count_payloads(z->said, z->len) > 4) {
		z->len = variant(z, &no_vendor, 1, msg);
		memcpy(z->said, msg, z->len);
	}
	z->len = variant(z, &short_nonce, 1, msg);
	memcpy(z->said, msg, z->len);
}

/* Message 1 of aggressive mode, and ever longer identities in what answers it. */
static void an_answer_that_is_too_long_is_not_sent(void **state)
{
	static struct stranger z;
	unsigned sent = 0, held_back = 0;

	(void)state;
	for (uint16_t id_len = 3; id_len <= 255; id_len += 12) {
		const struct ike_counters *c;
		size_t got;

		init(&z, IKE_MODE_AGGRESSIVE, 31);
		z.sim.node[1].conf.my_id.len = id_len;
		begin(&z);
		shorten(&z);
		got = say(&z, z.said, z.len);
		c = sim_counters(&z.sim, 1);
		assert_int_equal(c->rx_handled, 1);
		assert_int_equal(c->phase1_answered, 1);
		assert_int_equal(c->tx_budget, got == 0);
		sent += got > 0;
		held_back += got == 0;
		for (unsigned n = 2; got == 0 && n < 5; n++) { /* nor when it comes again */
			assert_int_equal(say(&z, z.said, z.len), 0);
			assert_int_equal(c->tx_budget, n);
		}
		assert_int_equal(c->tx, got > 0);
		sim_fini(&z.sim);
	}
	assert_true(sent > 0 && held_back > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_a_stranger_says_is_answered_with_more),
		cmocka_unit_test(an_answer_that_is_too_long_is_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
