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
#include "control/ike/party.h"
#include "control/ike/peers.h"
#include "control/ike/state.h"
#include "control/ike1/contact.h"
#include "tests/sim/contactkit.h"
#include "tests/sim/forge.h"

enum { AGGRESSIVE = 4, INFO = 5, QUICK = 32 };

/* INITIAL-CONTACT */
static const uint8_t notify[28] = {[3] = 28, [7] = 1, [8] = 1, [9] = 16, [10] = 0x60, [11] = 0x02};

static const enum ike_exchange_mode modes[] = {IKE_MODE_MAIN, IKE_MODE_AGGRESSIVE};

static void come_up(struct sim *s)
{
	sim_start(s);
	contact_run(s, 3000);
	assert_true(sim_agreed(s, 0));
}

static void responder_says_that_it_has_nothing(void **state)
{
	struct sim s;

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		contact_init(&s, 1 + k, modes[k]);
		come_up(&s);
		contact_forget(&s, NULL);
		contact_anew(&s);
		contact_run(&s, 2000);
		assert_int_equal(sim_installed(&s, A), 1);
		assert_int_equal(sim_installed(&s, B), 0);
		contact_run(&s, CONTACT_FIRST_S * 1000);
		assert_true(sim_working(&s, 0));
		assert_int_equal(sim_installed(&s, A), 1);
		assert_int_equal(contact_told(&s), 1);
		contact_run(&s, 300 * 1000);
		assert_int_equal(contact_told(&s), 1);
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
		contact_init(&s, 3 + k, modes[k]);
		for (int i = 0; i < 2; i++)
			s.node[i].conf.profile.dpd_interval = 0;
		come_up(&s);
		contact_forget(&s, NULL);
		until = s.now + 40 * SIM_SEC;
		s.net.hook = lose_infos;
		s.net.hook_ctx = &until;
		contact_anew(&s);
		contact_run(&s, 39 * 1000);
		assert_int_equal(sim_installed(&s, B), 0);
		contact_run(&s, 60 * 1000);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

static void setting_holds_it_back(void **state)
{
	struct sim s;

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		contact_init(&s, 5 + k, IKE_MODE_MAIN);
		s.node[B].conf.send_initial_contact = k == 0;
		s.node[B].conf.suppress_initial_contact = k == 0;
		come_up(&s);
		contact_forget(&s, NULL);
		contact_anew(&s);
		contact_run(&s, 300 * 1000);
		assert_int_equal(contact_told(&s), 0);
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
		contact_init(&s, 7 + k, modes[k]);
		s.node[A].conf.send_initial_contact = false;
		come_up(&s);
		contact_run(&s, 300 * 1000);
		assert_int_equal(contact_told(&s), 0);
		sim_fini(&s);
	}
}

static bool lose_quicks(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	(void)s;
	(void)from;
	(void)d;
	(void)ctx;
	return data[18] != QUICK;
}

/* In phase 1, or alone behind it. */
static void who_said_that_it_has_nothing_is_told_nothing(void **state)
{
	enum { PHASE_1, ALONE, NEVER };
	struct sim s;

	(void)state;
	for (int said = PHASE_1; said <= NEVER; said++) {
		contact_init(&s, 14, IKE_MODE_MAIN);
		s.node[A].conf.send_initial_contact = said == PHASE_1;
		s.net.hook = lose_quicks;
		sim_start(&s);
		contact_run(&s, 1000);
		if (said == ALONE)
			assert_true(forge_send(&s, A, INFO, 77, 11, notify, sizeof(notify),
					       FORGE_RIGHT));
		assert_int_equal(sim_counters(&s, B)->initial_contact, said != NEVER);
		contact_run(&s, CONTACT_FIRST_S * 1000);
		assert_int_equal(contact_told(&s), said == NEVER);
		sim_fini(&s);
	}
}

static bool count_infos(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	unsigned *count = ctx;

	(void)s;
	(void)d;
	if (from != B || data[18] != INFO)
		return true;
	++*count;
	return false;
}

static void it_gives_up_at_last(void **state)
{
	unsigned count = 0;
	struct sim s;

	(void)state;
	contact_init(&s, 15, IKE_MODE_MAIN);
	for (int i = 0; i < 2; i++)
		s.node[i].conf.profile.dpd_interval = 0;
	come_up(&s);
	contact_forget(&s, NULL);
	s.net.hook = count_infos;
	s.net.hook_ctx = &count;
	contact_anew(&s);
	contact_run(&s, (CONTACT_FIRST_S * (1 + 2) - 1) * 1000);
	assert_int_equal(count, 1);
	contact_run(&s, (CONTACT_FIRST_S * (4 + 8) + 2) * 1000);
	assert_int_equal(count, 4);
	contact_run(&s, 1000 * 1000);
	assert_int_equal(count, CONTACT_TIMES);
	sim_fini(&s);
}

/* There was a pair, of which A knows the end. */
static void who_has_begun_a_pair_is_told_nothing(void **state)
{
	struct sim s;

	(void)state;
	contact_init(&s, 16, IKE_MODE_MAIN);
	s.node[A].conf.send_initial_contact = false;
	sim_start(&s);
	contact_run(&s, 1500);
	assert_true(sim_agreed(&s, 0));
	s.net.hook = lose_quicks;
	ike_engine_flush_children(s.node[A].engine, s.now);
	s.node[A].due = s.now;
	contact_run(&s, CONTACT_FIRST_S * 1000);
	assert_int_equal(sim_ike_sas(&s, B, NULL), 1);
	assert_int_equal(contact_told(&s), 0);
	sim_fini(&s);
}

/* It comes late, when a pair has been made through the IKE SA that it comes with. */
static void newer_pair_stays(void **state)
{
	struct sim s;
	uint32_t spi;

	(void)state;
	contact_init(&s, 10, IKE_MODE_MAIN);
	come_up(&s);
	spi = sim_current(&s, A, 0)->sa.in.spi;
	assert_true(forge_send(&s, B, INFO, 77, 11, notify, sizeof(notify), FORGE_WRONG));
	assert_int_equal(contact_told(&s), 0);
	assert_true(forge_send(&s, B, INFO, 78, 11, notify, sizeof(notify), FORGE_RIGHT));
	assert_int_equal(contact_told(&s), 1);
	contact_run(&s, 10 * 1000);
	assert_true(sim_agreed(&s, 0));
	assert_int_equal(sim_current(&s, A, 0)->sa.in.spi, spi);
	sim_fini(&s);
}

static void flush_of(struct sim *s, int i)
{
	ike_engine_flush_children(s->node[i].engine, s->now);
	s->node[i].due = s->now;
}

static void flush(struct sim *s)
{
	flush_of(s, B);
}

/* The IKE SA stays, so there is no first contact: the pair's DELETE comes again. */
static void delete_of_the_only_pair_is_repeated(void **state)
{
	struct sim s;

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		contact_init(&s, 11 + k, modes[k]);
		come_up(&s);
		s.net.loss_pct = 100;
		flush(&s);
		contact_run(&s, 20 * 1000);
		assert_int_equal(sim_installed(&s, A), 1);
		assert_int_equal(sim_installed(&s, B), 0);
		s.net.loss_pct = 0;
		contact_run(&s, 30 * 1000);
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
	contact_init(&s, 13, IKE_MODE_MAIN);
	come_up(&s);
	flush(&s);
	contact_run(&s, 300 * 1000);
	assert_true(sim_agreed(&s, 0));
	sent = sim_counters(&s, B)->delete_sent;
	assert_int_equal(sent, CHILD_DELETES);
	/* A peer that makes a pair when there is traffic for it, and there is none. */
	s.node[A].conf.on_demand = true;
	assert_int_equal(sim_configure(&s, A), 0);
	ike_engine_acquire(s.node[A].engine, SIM_POLICY(0), s.now);
	contact_run(&s, 100 * 1000);
	assert_true(sim_agreed(&s, 0));
	sent = sim_counters(&s, B)->delete_sent;
	flush(&s);
	contact_run(&s, 60 * 1000); /* the last two come 31 and 63 s after the second one */
	assert_int_equal(sim_counters(&s, B)->delete_sent, sent + CHILD_TOLD - 1);
	contact_run(&s, 240 * 1000);
	assert_int_equal(sim_installed(&s, A), 0);
	assert_int_equal(sim_counters(&s, B)->delete_sent, sent + CHILD_TOLD);
	sim_fini(&s);
}

static void pair_that_goes_receives_for_a_moment(void **state)
{
	struct ike_engine *e;
	struct sim s;
	uint64_t sent;

	(void)state;
	contact_init(&s, 24, IKE_MODE_MAIN);
	come_up(&s);
	sent = sim_counters(&s, B)->delete_sent;
	s.net.loss_pct = 100;
	e = s.node[B].engine;
	child_delete(e, TAILQ_FIRST(&peers_find_policy(&e->peers, SIM_POLICY(0))->pairs), s.now);
	s.node[B].due = s.now;
	contact_run(&s, 2500);
	assert_int_equal(sim_installed(&s, B), 1);
	contact_run(&s, 3000);
	assert_int_equal(sim_installed(&s, B), 0);
	assert_int_equal(sim_counters(&s, B)->delete_sent, sent + CHILD_DELETES + 2);
	sim_fini(&s);
}

/* The peer says so, too: it has ended the pair, or begins the next one. */
static void delete_is_not_repeated_to_who_knows(void **state)
{
	uint64_t sent;
	struct sim s;

	(void)state;
	for (unsigned both = 0; both < 2; both++) {
		contact_init(&s, 17, IKE_MODE_MAIN);
		come_up(&s);
		sent = sim_counters(&s, B)->delete_sent;
		s.node[B].mute_dataplane = true; /* the next one takes long */
		flush(&s);
		if (both)
			flush_of(&s, A);
		contact_run(&s, 5000);
		assert_int_equal(sim_counters(&s, B)->delete_sent,
				 sent + (both ? 1 : CHILD_DELETES));
		sim_fini(&s);
	}
}

static void initiator_that_has_an_ike_sa_does_not_say_that_it_has_nothing(void **state)
{
	struct sim s;

	(void)state;
	contact_init(&s, 18, IKE_MODE_MAIN);
	s.node[B].children[0].proposal.encr[0].key_bits = 256; /* no pair comes of it */
	sim_start(&s);
	contact_run(&s, 1000);
	contact_anew(&s);
	contact_run(&s, 1000);
	assert_int_equal(sim_ike_sas(&s, B, NULL), 2);
	assert_int_equal(sim_counters(&s, B)->initial_contact, 1);
	sim_fini(&s);
}

static void begin(struct sim *s)
{
	struct ike_engine *e = s->node[A].engine;

	party_connect_in(e, peers_find_name(&e->peers, "peer1"), s->now);
	s->node[A].due = s->now;
}

static void initiator_that_has_a_pair_does_not_say_that_it_has_nothing(void **state)
{
	struct sim s;

	(void)state;
	for (unsigned going = 0; going < 2; going++) {
		contact_init(&s, 19, IKE_MODE_MAIN);
		come_up(&s);
		contact_end_ike_sas(&s, A, "peer1");
		if (going)
			flush_of(&s, A);
		begin(&s);
		contact_run(&s, 1000);
		assert_int_equal(sim_ike_sas(&s, A, "established"), 1);
		assert_int_equal(sim_counters(&s, B)->initial_contact, 1 + going);
		sim_fini(&s);
	}
}

/* A's cookie is known by its first message. */
static bool lose_msg3_of_b(struct sim *s, int from, struct ike_datagram *d, uint8_t *data,
			   void *ctx)
{
	static const uint8_t none[8];
	uint8_t *cookie = ctx;
	bool first = memcmp(data + 8, none, 8) == 0;

	(void)s;
	(void)d;
	if (from == A && first)
		memcpy(cookie, data, 8);
	return from == A || first || data[18] != AGGRESSIVE || memcmp(cookie, data, 8) == 0;
}

/* Of aggressive mode the initiator is up first: B, by which A is the responder, too. */
static void initiator_that_answers_does_not_say_that_it_has_nothing(void **state)
{
	uint8_t cookie[8] = {0};
	struct sim s;

	(void)state;
	contact_init(&s, 20, IKE_MODE_AGGRESSIVE);
	s.node[B].conf.passive = false;
	s.net.hook = lose_msg3_of_b;
	s.net.hook_ctx = cookie;
	sim_start(&s);
	contact_run(&s, 1000);
	assert_int_equal(sim_ike_sas(&s, A, "aggressive-2-sent"), 1);
	assert_int_equal(sim_counters(&s, B)->initial_contact, 0);
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(responder_says_that_it_has_nothing),
		cmocka_unit_test(it_says_so_again),
		cmocka_unit_test(setting_holds_it_back),
		cmocka_unit_test(initiator_that_begins_a_pair_is_told_nothing),
		cmocka_unit_test(who_said_that_it_has_nothing_is_told_nothing),
		cmocka_unit_test(it_gives_up_at_last),
		cmocka_unit_test(who_has_begun_a_pair_is_told_nothing),
		cmocka_unit_test(newer_pair_stays),
		cmocka_unit_test(delete_of_the_only_pair_is_repeated),
		cmocka_unit_test(no_more_delete_than_is_of_use),
		cmocka_unit_test(pair_that_goes_receives_for_a_moment),
		cmocka_unit_test(delete_is_not_repeated_to_who_knows),
		cmocka_unit_test(initiator_that_has_an_ike_sa_does_not_say_that_it_has_nothing),
		cmocka_unit_test(initiator_that_has_a_pair_does_not_say_that_it_has_nothing),
		cmocka_unit_test(initiator_that_answers_does_not_say_that_it_has_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
