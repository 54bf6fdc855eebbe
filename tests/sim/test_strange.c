/* SPDX-License-Identifier: BSD-3-Clause */
/* test_strange.c - habits of peers that are odd, but allowed or at large. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/ike.h"
#include "tests/sim/forge.h"

enum { MAIN = 2, INFO = 5, QUICK = 32 };

static void init(struct sim *s, uint64_t seed)
{
	sim_init(s, seed);
	s->node[1].conf.passive = true;
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

/* A peer that forgot all says so in an exchange of its own. */
static void initial_contact_may_come_alone(void **state)
{
	uint8_t n[28];
	struct sim s;

	(void)state;
	init(&s, 7);
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
	init(&s, 8);
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
static bool lose_quick(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	uint8_t *cookies = ctx;

	(void)s;
	(void)d;
	if (from != 0 || data[18] != QUICK)
		return true;
	memcpy(cookies, data, 16);
	cookies[16]++;
	return false;
}

static void rekey_goes_on_through_another_ike_sa(void **state)
{
	uint8_t cookies[17] = {0};
	uint8_t del[28] = {[3] = 28, [7] = 1, [8] = 1, [9] = 16, [11] = 1};
	struct sim s;

	(void)state;
	init(&s, 9);
	sim_start(&s);
	run(&s, 2000);
	assert_int_equal(ike_engine_rekey(s.node[0].engine, "peer1", true, s.now), 0);
	s.node[0].due = s.now;
	run(&s, 300);
	assert_int_equal(sim_ike_sas(&s, 0, NULL), 2);
	s.net.hook = lose_quick;
	s.net.hook_ctx = cookies;
	assert_int_equal(ike_engine_rekey(s.node[0].engine, "peer1", false, s.now), 0);
	s.node[0].due = s.now;
	run(&s, 300);
	assert_int_equal(cookies[16], 1);
	memcpy(del + 12, cookies, 16); /* the cookies of the SA it went through */
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
	init(&s, 10);
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

static bool note_port(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	uint16_t *port = ctx;

	(void)s;
	(void)data;
	if (from == 1)
		*port = (uint16_t)(d->dst_port + 20000);
	return true;
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
	init(&s, 12);
	s.net.hook = kilobytes_in_1;
	s.net.hook_ctx = &done;
	sim_start(&s);
	run(&s, 100);
	/* Changed under way, the exchange does not end; the pair is installed before message 2. */
	assert_true(done);
	assert_int_equal(s.node[1].installs, 1);
	/* We did not begin it, so we are the second to replace it. */
	assert_in_range(s.node[1].pairs[0].sa.soft_bytes, 900 * 1024, 961 * 1024);
	assert_int_equal(s.node[1].pairs[0].sa.hard_bytes,
			 s.node[1].pairs[0].sa.soft_bytes + IKE_VOLUME_GRACE);
	run(&s, 120 * 1000);
	p = sim_current(&s, 1, 0);
	assert_true(sim_agreed(&s, 0) && p->sa.hard_bytes == 0);
	ike_engine_child_expired(s.node[1].engine, p->sa.token, false, ABI_LIMIT_BYTES, s.now);
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
	init(&s, 13);
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

/* The refusal of an identity goes where message 5 came from. */
static void refusal_reaches_who_changed_port(void **state)
{
	uint16_t port = 0;
	struct sim s;

	(void)state;
	init(&s, 15);
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

/* 1800 s offered, 600 s in the transform of the answer. */
static size_t shorten(void *ctx, uint8_t *next, uint8_t *p, size_t len, size_t cap)
{
	static const uint8_t life[8] = {0x80, 1, 0, 1, 0x80, 2, 0x07, 0x08};
	bool *done = ctx;

	(void)next;
	(void)cap;
	for (size_t at = 0; at + sizeof(life) <= len && !*done; at++) {
		if (memcmp(p + at, life, sizeof(life)) != 0)
			continue;
		p[at + 6] = 0x02;
		p[at + 7] = 0x58;
		*done = true;
	}
	return len;
}

static bool shorten_2(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	bool *done = ctx;

	if (from == 1 && data[18] == QUICK && !*done)
		(void)forge_message(s, from, data, &d->len, 4096, shorten, done);
	return true;
}

static void shorter_lifetime_of_an_answer_counts(void **state)
{
	bool done = false;
	struct sim s;

	(void)state;
	init(&s, 16);
	s.net.hook = shorten_2;
	s.net.hook_ctx = &done;
	sim_start(&s);
	run(&s, 100);
	assert_true(done);
	assert_int_equal(s.node[0].installs, 1);
	assert_in_range((s.node[0].pairs[0].sa.hard_time - s.now) / SIM_SEC, 590, 600);
	s.net.hook = NULL;
	run(&s, 60 * 1000);
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(initial_contact_may_come_alone),
		cmocka_unit_test(initial_contact_may_come_in_message_6),
		cmocka_unit_test(rekey_goes_on_through_another_ike_sa),
		cmocka_unit_test(early_informational_does_not_end_phase_1),
		cmocka_unit_test(lifetimes_in_kilobytes_have_a_soft_end),
		cmocka_unit_test(peers_may_give_an_spi_again),
		cmocka_unit_test(refusal_reaches_who_changed_port),
		cmocka_unit_test(shorter_lifetime_of_an_answer_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
