/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_attack.c - attacks that do not need the secret (replay, reflection, spoofed first messages),
 * and those of a peer that has it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/forge.h"

#define KEPT 16

enum { MAIN = 2, INFO = 5, QUICK = 32 };

/* Datagrams on their way, kept for later; some exchanges may be lost meanwhile. */
struct tape {
	int from;
	uint8_t exchange; /* which are kept; 0: all */
	bool lose;
	uint8_t data[KEPT][2048];
	size_t len[KEPT];
	bool marker[KEPT];
	unsigned n;
};

static bool record(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct tape *t = ctx;
	unsigned i = t->n % KEPT;

	(void)s;
	if (from != t->from || d->len > sizeof(t->data[0]) || d->len < 28 ||
	    (t->exchange != 0 && data[18] != t->exchange))
		return true;
	memcpy(t->data[i], data, d->len);
	t->len[i] = d->len;
	t->marker[i] = d->marker;
	t->n++;
	return !t->lose;
}

static void play(struct sim *s, const struct tape *t, unsigned i, int to)
{
	sim_inject(s, to, t->data[i], t->len[i], t->marker[i]);
}

static void init(struct sim *s, uint64_t seed, struct tape *t)
{
	sim_init(s, seed);
	s->node[1].conf.passive = true;
	if (t != NULL) {
		s->net.hook = record;
		s->net.hook_ctx = t;
	}
}

static void run(struct sim *s, unsigned ms)
{
	sim_run(s, s->now + ms * SIM_MS);
}

/* --- without the secret --- */

static void spoofed_first_messages_lock_nobody_out(void **state)
{
	struct tape t = {.from = 0, .exchange = MAIN, .lose = true};
	struct sim s;

	(void)state;
	init(&s, 1, &t);
	sim_start(&s);
	run(&s, 100);
	assert_int_equal(t.n, 1);
	for (unsigned i = 0; i < 200; i++) {
		t.data[0][0] = (uint8_t)i; /* the initiator's cookie */
		t.data[0][1] ^= 0x55;
		play(&s, &t, 0, 1);
		assert_true(sim_ike_sas(&s, 1, "message-2-sent") <= 5);
		s.net.hook = NULL;
		run(&s, 100);
	}
	assert_true(sim_working(&s, 0));
	assert_true(sim_counters_add_up(&s, 1));
	sim_fini(&s);
}

/* What a dead peer does not say, our own words must not. */
static void own_probes_sent_back_keep_no_dead_peer_alive(void **state)
{
	struct tape t = {.from = 0, .exchange = INFO};
	struct sim s;

	(void)state;
	init(&s, 2, NULL);
	sim_start(&s);
	run(&s, 3000);
	assert_true(sim_agreed(&s, 0));
	s.node[1].dead = true;
	s.node[1].due = UINT64_MAX;
	s.net.hook = record;
	s.net.hook_ctx = &t;
	for (unsigned i = 0, played = 0; i < 50; i++) {
		run(&s, 1000);
		for (; played < t.n; played++)
			play(&s, &t, played % KEPT, 0);
	}
	assert_true(t.n >= 4);
	assert_int_equal(sim_counters(&s, 0)->dpd_dead, 1);
	sim_fini(&s);
}

/* Sequence numbers know old probes when their message ids are forgotten. */
static void old_probes_and_answers_are_replays(void **state)
{
	struct tape t = {.from = 0, .exchange = INFO};
	struct sim s;

	(void)state;
	init(&s, 3, &t);
	sim_start(&s);
	run(&s, 60 * 1000);
	s.net.hook = NULL;
	assert_true(t.n >= 2);
	run(&s, 8 * 1000 * 1000);
	for (unsigned i = 0; i < t.n && i < KEPT; i++) {
		for (int to = 0; to < 2; to++) {
			uint64_t before = sim_counters(&s, to)->rx_replayed;

			play(&s, &t, i, to); /* to 0: its own, sent back */
			assert_int_equal(sim_counters(&s, to)->rx_replayed, before + 1);
		}
	}
	run(&s, 100 * 1000);
	assert_int_equal(sim_counters(&s, 0)->dpd_dead + sim_counters(&s, 1)->dpd_dead, 0);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

static void replayed_quick_modes_are_refused_few_times(void **state)
{
	struct tape t = {.from = 0, .exchange = QUICK};
	uint64_t tx;
	struct sim s;

	(void)state;
	init(&s, 4, &t);
	s.node[1].children[0].local = sim_net_range("10.100.2.0", 24);
	sim_start(&s);
	run(&s, 2000);
	assert_true(t.n >= 1);
	assert_true(sim_evidence(&s, 1, IKE_P2_TS_MISMATCH) == 1);
	tx = sim_counters(&s, 1)->tx;
	for (unsigned i = 0; i < 100; i++)
		play(&s, &t, 0, 1);
	assert_in_range(sim_counters(&s, 1)->tx - tx, 1, 3);
	assert_int_equal(sim_evidence(&s, 1, IKE_P2_TS_MISMATCH), 1);
	run(&s, 61 * 1000);
	tx = sim_counters(&s, 1)->tx;
	play(&s, &t, 0, 1);
	assert_int_equal(sim_counters(&s, 1)->tx, tx);
	sim_fini(&s);
}

struct echo {
	uint8_t message; /* 2: our cookie; 4: our KE and nonce */
	uint8_t ke[64], nonce[32];
	bool have;
};

/* KE and nonce payloads open messages 3 and 4 here: ECP 256, 32 bytes. */
static bool echo(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct echo *x = ctx;

	(void)s;
	if (data[18] != MAIN || d->len < 28)
		return true;
	if (x->message == 2 && from == 1 && data[16] == 1)
		memcpy(data + 8, data, 8);
	if (x->message != 4 || data[16] != 4)
		return true;
	if (from == 0) {
		memcpy(x->ke, data + 32, 64);
		memcpy(x->nonce, data + 100, 32);
		x->have = true;
	} else if (x->have) {
		memcpy(data + 32, x->ke, 64);
		memcpy(data + 100, x->nonce, 32);
	}
	return true;
}

static void echoes_are_malformed(void **state)
{
	(void)state;
	for (uint8_t message = 2; message <= 4; message += 2) {
		struct echo x = {.message = message};
		struct sim s;

		init(&s, 5, NULL);
		s.net.hook = echo;
		s.net.hook_ctx = &x;
		sim_start(&s);
		run(&s, 900);
		assert_int_equal(
			sim_ike_sas(&s, 0, message == 2 ? "message-1-sent" : "message-3-sent"), 1);
		assert_int_equal(sim_evidence(&s, 0, IKE_P1_MALFORMED), 1);
		s.net.hook = NULL;
		run(&s, 120 * 1000);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

/* A public value that leads to no secret is found only by computing it. */
static bool zero_ke(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct tape *t = ctx;

	if (data[18] == MAIN && from == 0 && data[16] == 4)
		memset(data + 32, 0, 32);
	return record(s, from, d, data, t);
}

static void costly_public_values_are_tried_once(void **state)
{
	struct tape t = {.from = 0, .exchange = MAIN};
	uint64_t malformed;
	struct sim s;

	(void)state;
	init(&s, 14, &t);
	s.net.hook = zero_ke;
	s.node[0].conf.profile.dh[0] = s.node[1].conf.profile.dh[0] = 31;
	sim_start(&s);
	run(&s, 100);
	assert_int_equal(t.n, 2);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 0);
	malformed = sim_counters(&s, 1)->rx_malformed;
	for (unsigned i = 0; i < 100; i++)
		play(&s, &t, 1, 1);
	assert_int_equal(sim_counters(&s, 1)->rx_malformed, malformed);
	assert_int_equal(sim_counters(&s, 1)->rx_unknown_sa, 100);
	s.net.hook = NULL;
	run(&s, 120 * 1000);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

/* --- with it --- */

/* A restart with a new name each time: nothing replaces anything. */
static void names_without_end_are_bounded(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 6, NULL);
	for (int i = 0; i < 2; i++)
		s.node[i].conf.profile.dpd_interval = 0;
	s.node[0].conf.my_id = (struct ike_identity_conf){.type = IKE_ID_KEY_ID, .len = 4};
	sim_start(&s);
	for (unsigned i = 0; i < 150; i++) {
		s.node[0].conf.my_id.data[0] = (uint8_t)i;
		sim_restart(&s, 0);
		run(&s, 500);
		assert_true(sim_ike_sas(&s, 1, NULL) <= 66);
		assert_true(sim_installed(&s, 1) <= 17);
	}
	assert_true(sim_working(&s, 0));
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spoofed_first_messages_lock_nobody_out),
		cmocka_unit_test(own_probes_sent_back_keep_no_dead_peer_alive),
		cmocka_unit_test(old_probes_and_answers_are_replays),
		cmocka_unit_test(replayed_quick_modes_are_refused_few_times),
		cmocka_unit_test(echoes_are_malformed),
		cmocka_unit_test(costly_public_values_are_tried_once),
		cmocka_unit_test(names_without_end_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
