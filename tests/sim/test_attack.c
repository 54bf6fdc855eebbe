/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_attack.c - attacks that do not need the secret (replay, reflection, spoofed first messages),
 * those of a peer that has it, and habits of strange peers.
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

static size_t put_notify(uint8_t *p, uint16_t type, uint32_t doi)
{
	memset(p, 0, 28);
	p[3] = 28;
	p[7] = (uint8_t)doi;
	p[8] = 1;
	p[9] = 16;
	p[10] = (uint8_t)(type >> 8);
	p[11] = (uint8_t)type;
	return 28;
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

/* --- strange peers --- */

/* A peer that forgot all says so in an exchange of its own. */
static void initial_contact_may_come_alone(void **state)
{
	uint8_t n[28];
	struct sim s;

	(void)state;
	init(&s, 7, NULL);
	s.node[0].conf.send_initial_contact = false;
	sim_start(&s);
	run(&s, 2000);
	sim_restart(&s, 0);
	run(&s, 500);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 2);
	assert_int_equal(sim_installed(&s, 1), 2);
	assert_true(forge_send(&s, 0, INFO, 77, 11, n, put_notify(n, 24578, 1), FORGE_RIGHT));
	assert_int_equal(sim_counters(&s, 1)->initial_contact, 1);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 1);
	assert_int_equal(sim_installed(&s, 1), 1);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

static size_t add_initial_contact(void *ctx, uint8_t *next, uint8_t *p, size_t len, size_t cap)
{
	size_t at = 0, n;

	(void)ctx;
	while (*next != 0 && at + 4 <= len) {
		n = (size_t)p[at + 2] << 8 | p[at + 3];
		next = &p[at];
		at += n;
	}
	if (at + 28 > cap)
		return len;
	*next = 11;
	return at + put_notify(p + at, 24578, 1);
}

static bool contact_in_6(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	bool *done = ctx;

	if (from == 1 && data[18] == MAIN)
		*done |= forge_message(s, from, data, &d->len, 4096, add_initial_contact, NULL);
	return true;
}

static void initial_contact_may_come_in_message_6(void **state)
{
	bool done = false;
	struct sim s;

	(void)state;
	init(&s, 8, NULL);
	sim_start(&s);
	run(&s, 2000);
	s.net.hook = contact_in_6;
	s.net.hook_ctx = &done;
	assert_int_equal(ike_engine_rekey(s.node[0].engine, "peer1", true, s.now), 0);
	s.node[0].due = s.now;
	run(&s, 300);
	assert_true(done);
	assert_int_equal(sim_counters(&s, 0)->initial_contact, 1);
	assert_int_equal(sim_ike_sas(&s, 0, NULL), 1);
	assert_int_equal(sim_installed(&s, 0), 0);
	s.net.hook = NULL;
	run(&s, 200 * 1000); /* the forger left both with different IVs: DPD finds out */
	assert_true(sim_working(&s, 0));
	sim_fini(&s);
}

/* A quick mode of ours is under way when the peer deletes its IKE SA, and another one is left. */
static void rekey_goes_on_through_another_ike_sa(void **state)
{
	struct tape t = {.from = 0, .exchange = QUICK, .lose = true};
	uint8_t del[28] = {[3] = 28, [7] = 1, [8] = 1, [9] = 16, [11] = 1};
	struct sim s;

	(void)state;
	init(&s, 9, NULL);
	sim_start(&s);
	run(&s, 2000);
	assert_int_equal(ike_engine_rekey(s.node[0].engine, "peer1", true, s.now), 0);
	s.node[0].due = s.now;
	run(&s, 300);
	assert_int_equal(sim_ike_sas(&s, 0, NULL), 2);
	s.net.hook = record;
	s.net.hook_ctx = &t;
	assert_int_equal(ike_engine_rekey(s.node[0].engine, "peer1", false, s.now), 0);
	s.node[0].due = s.now;
	run(&s, 300);
	assert_int_equal(t.n, 1);
	memcpy(del + 12, t.data[0], 16); /* the cookies of the SA it went through */
	assert_true(forge_send(&s, 1, INFO, 78, 12, del, sizeof(del), FORGE_RIGHT));
	assert_int_equal(sim_ike_sas(&s, 0, NULL), 1);
	s.net.hook = NULL;
	assert_int_equal(s.node[0].installs, 1);
	run(&s, 2000);
	assert_int_equal(s.node[0].installs, 2);
	assert_true(sim_working(&s, 0));
	sim_fini(&s);
}

/* Message 6 is lost, and what the peer says next cannot be read: no reason to despair. */
static bool lose_6(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	unsigned *n = ctx;

	(void)s;
	(void)d;
	return from == 0 || data[18] != MAIN || (data[19] & 1) == 0 || ++*n > 3;
}

static void early_informational_does_not_end_phase_1(void **state)
{
	uint8_t n[28];
	unsigned lost = 0;
	struct sim s;

	(void)state;
	init(&s, 10, NULL);
	s.net.hook = lose_6;
	s.net.hook_ctx = &lost;
	sim_start(&s);
	run(&s, 100);
	assert_int_equal(sim_ike_sas(&s, 0, "message-5-sent"), 1);
	assert_true(forge_send(&s, 1, INFO, 79, 11, n, put_notify(n, 24578, 1), FORGE_RIGHT));
	run(&s, 20 * 1000);
	assert_int_equal(sim_counters(&s, 0)->phase1_started, 1);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

/* A NAT gives the peer another port: its ESP shows it first, and probes must reach it. */
static bool note_port(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	uint16_t *port = ctx;

	(void)s;
	(void)data;
	if (from == 1)
		*port = (uint16_t)(d->dst_port + 20000);
	return true;
}

static void ike_follows_moved_esp(void **state)
{
	struct abi_addr moved = sim_addr("203.0.113.9");
	uint16_t port = 0;
	struct sim s;

	(void)state;
	init(&s, 11, NULL);
	s.node[0].nat = moved;
	s.node[1].conf.remote = moved;
	s.net.hook = note_port;
	s.net.hook_ctx = &port;
	sim_start(&s);
	run(&s, 3000);
	assert_true(sim_agreed(&s, 0));
	assert_int_equal(port, 24500);
	ike_engine_child_moved(s.node[1].engine, sim_current(&s, 1, 0)->sa.token, &moved, 24600,
			       s.now);
	ike_engine_child_moved(s.node[1].engine, 9999, &moved, 24700, s.now);
	ike_engine_flush_children(s.node[1].engine, s.now);
	assert_int_equal(port, 24600);
	/* Where there is no NAT, nobody moves. */
	ike_engine_child_moved(s.node[0].engine, sim_current(&s, 0, 0)->sa.token, &moved, 24600,
			       s.now);
	run(&s, 30 * 1000);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

/* The only transform of message 1 gets a lifetime of 1000 kB. */
static size_t add_kilobytes(void *ctx, uint8_t *next, uint8_t *p, size_t len, size_t cap)
{
	static const uint8_t life[8] = {0x80, 1, 0, 2, 0x80, 2, 0x03, 0xe8};
	size_t end = (size_t)p[2] << 8 | p[3];

	(void)ctx;
	if (*next != 1 || end > len || end < 32 || len + sizeof(life) > cap)
		return len;
	memmove(p + end + sizeof(life), p + end, len - end);
	memcpy(p + end, life, sizeof(life));
	for (size_t at = 3; at <= 27; at += 12) /* SA, proposal, transform: all under 248 */
		p[at] = (uint8_t)(p[at] + sizeof(life));
	return len + sizeof(life);
}

static bool kilobytes_in_1(struct sim *s, int from, struct ike_datagram *d, uint8_t *data,
			   void *ctx)
{
	bool *done = ctx;

	if (from == 0 && data[18] == QUICK && !*done)
		*done = forge_message(s, from, data, &d->len, 4096, add_kilobytes, NULL);
	return true;
}

static void lifetimes_in_kilobytes_have_a_soft_end(void **state)
{
	const struct sim_pair *p;
	bool done = false;
	struct sim s;

	(void)state;
	init(&s, 12, NULL);
	s.net.hook = kilobytes_in_1;
	s.net.hook_ctx = &done;
	sim_start(&s);
	run(&s, 100);
	/* Changed under way, the exchange does not end; the pair is installed before message 2. */
	assert_true(done);
	assert_int_equal(s.node[1].installs, 1);
	assert_int_equal(s.node[1].pairs[0].sa.hard_bytes, 1000 * 1024);
	assert_int_equal(s.node[1].pairs[0].sa.soft_bytes, 800 * 1024);
	run(&s, 120 * 1000);
	p = sim_current(&s, 1, 0);
	assert_true(sim_agreed(&s, 0) && p->sa.hard_bytes == 0);
	ike_engine_child_expired(s.node[1].engine, p->sa.token, false, s.now);
	s.node[1].due = s.now;
	run(&s, 3000);
	assert_true(sim_working(&s, 0) && sim_installed(&s, 1) == 2);
	sim_fini(&s);
}

/* SPIs counted from the same number after each start, and no INITIAL-CONTACT. */
static void peers_may_give_an_spi_again(void **state)
{
	uint32_t spi;
	struct sim s;

	(void)state;
	init(&s, 13, NULL);
	s.node[0].conf.send_initial_contact = false;
	spi = s.node[0].next_spi;
	sim_start(&s);
	run(&s, 3000);
	assert_true(sim_agreed(&s, 0));
	for (unsigned i = 0; i < 3; i++) {
		s.node[0].next_spi = spi;
		sim_restart(&s, 0);
		run(&s, 1000);
		assert_true(sim_agreed(&s, 0));
		assert_int_equal(sim_current(&s, 0, 0)->sa.in.spi, spi + 0x101);
	}
	assert_int_equal(sim_evidence(&s, 1, IKE_P2_MALFORMED), 0);
	sim_fini(&s);
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

/* The refusal of an identity goes where message 5 came from. */
static void refusal_reaches_who_changed_port(void **state)
{
	uint16_t port = 0;
	struct sim s;

	(void)state;
	init(&s, 15, NULL);
	s.node[0].nat = s.node[1].conf.remote = sim_addr("203.0.113.9");
	s.node[1].conf.remote_id =
		(struct ike_identity_conf){.type = IKE_ID_FQDN, .len = 1, .data = "x"};
	s.net.hook = note_port;
	s.net.hook_ctx = &port;
	sim_start(&s);
	run(&s, 500);
	assert_int_equal(port, 24500);
	assert_int_equal(sim_evidence(&s, 0, IKE_P1_ID_MISMATCH), 1);
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
		cmocka_unit_test(names_without_end_are_bounded),
		cmocka_unit_test(initial_contact_may_come_alone),
		cmocka_unit_test(initial_contact_may_come_in_message_6),
		cmocka_unit_test(rekey_goes_on_through_another_ike_sa),
		cmocka_unit_test(early_informational_does_not_end_phase_1),
		cmocka_unit_test(ike_follows_moved_esp),
		cmocka_unit_test(peers_may_give_an_spi_again),
		cmocka_unit_test(costly_public_values_are_tried_once),
		cmocka_unit_test(refusal_reaches_who_changed_port),
		cmocka_unit_test(lifetimes_in_kilobytes_have_a_soft_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
