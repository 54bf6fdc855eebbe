/* SPDX-License-Identifier: BSD-3-Clause */
/* test_v2_reauth.c - reauthentication: new IKE SAs with new pairs in time, and no packet lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/forge2.h"

#define LIFE   100u
#define POLICY 5u

static void init(struct sim *s, uint64_t seed, unsigned policies)
{
	sim_init(s, seed);
	for (int i = 0; i < 2; i++) {
		struct sim_node *n = &s->node[i];

		n->conf.mode = IKE_MODE_IKE2;
		n->conf.profile.lifetime = LIFE;
		n->esp_every = 20 * SIM_MS;
		for (unsigned k = 1; k < policies; k++) {
			char a[24], b[24];

			snprintf(a, sizeof(a), "192.168.%u.0", 1 + k);
			snprintf(b, sizeof(b), "10.100.%u.0", 1 + k);
			n->children[k] = n->children[0];
			n->children[k].policy_id = SIM_POLICY(k);
			n->children[k].local = sim_net_range(i == 0 ? a : b, 24);
			n->children[k].remote = sim_net_range(i == 0 ? b : a, 24);
		}
		n->conf.n_children = policies;
	}
	s->node[1].conf.passive = true;
}

static void start(struct sim *s)
{
	sim_start(s);
	/* When both began, one of the IKE SAs goes within 10 s. */
	sim_run(s, s->now + (s->node[1].conf.passive ? 5 : 20) * SIM_SEC);
	for (unsigned k = 0; k < s->node[0].conf.n_children; k++)
		assert_true(sim_agreed(s, k));
	for (int i = 0; i < 2; i++) {
		s->node[i].esp_lost = s->node[i].esp_no_sa = 0;
		assert_int_equal(sim_ike_sas(s, i, "established"), 1);
	}
}

static void need_whole(struct sim *s)
{
	for (int i = 0; i < 2; i++) {
		assert_int_equal(s->node[i].esp_lost, 0);
		assert_int_equal(s->node[i].esp_no_sa, 0);
		assert_int_equal(sim_counters(s, i)->dpd_dead, 0);
		assert_int_equal(sim_evidence(s, i, IKE_PEER_NO_REAUTH), 0);
	}
	sim_run(s, s->now + 20 * SIM_SEC);
	for (unsigned k = 0; k < s->node[0].conf.n_children; k++)
		assert_true(sim_working(s, k));
}

static void the_initiator_makes_before_it_breaks(void **state)
{
	for (unsigned policies = 1; policies <= POLICY; policies += POLICY - 1) {
		struct sim s;

		(void)state;
		init(&s, 1, policies);
		s.node[0].conf.profile.reauthentication = true;
		start(&s);
		sim_run(&s, s.now + 1000 * SIM_SEC);
		/* each at 85 to 89 s of 100 */
		assert_in_range(sim_counters(&s, 0)->phase1_started, 11, 13);
		assert_int_equal(sim_counters(&s, 1)->phase1_answered,
				 sim_counters(&s, 0)->phase1_started);
		assert_false(sim_logged(&s, 0, "initiating IKE_SA rekeying"));
		need_whole(&s);
		sim_fini(&s);
	}
}

static void the_initiator_comes_again_when_it_is_told(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 2, POLICY);
	s.node[1].conf.profile.reauthentication = true;
	s.node[0].conf.profile.lifetime = 86400;
	start(&s);
	assert_true(sim_logged(&s, 0, "received AUTH_LIFETIME of 100 s"));
	sim_run(&s, s.now + 1000 * SIM_SEC);
	assert_in_range(sim_counters(&s, 0)->phase1_started, 11, 13);
	need_whole(&s);
	sim_fini(&s);
}

/* New IKE SAs do not get through. */
static bool lose_init(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	(void)s;
	(void)d;
	return from != 0 || data[18] != 34 || !*(bool *)ctx;
}

static void who_does_not_come_again_is_named_and_dropped(void **state)
{
	bool lose = false;
	struct sim s;

	(void)state;
	init(&s, 3, 1);
	s.node[1].conf.profile.reauthentication = true;
	s.net.hook = lose_init;
	s.net.hook_ctx = &lose;
	start(&s);
	lose = true;
	sim_run(&s, s.now + 80 * SIM_SEC);
	assert_int_equal(sim_evidence(&s, 1, IKE_PEER_NO_REAUTH), 0);
	sim_run(&s, s.now + 25 * SIM_SEC);
	assert_int_equal(sim_evidence(&s, 1, IKE_PEER_NO_REAUTH), 1);
	assert_true(sim_logged(&s, 1, "initiator did not reauthenticate as requested"));
	assert_null(sim_current(&s, 1, 0));
	lose = false;
	sim_run(&s, s.now + 70 * SIM_SEC);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

/* A rekey, by an operator or by the peer, proves nothing anew. */
static void a_rekey_does_not_put_it_off(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 4, 1);
	s.node[1].conf.profile.reauthentication = true;
	start(&s);
	sim_run(&s, s.now + 40 * SIM_SEC);
	ike_engine_rekey(s.node[0].engine, "peer1", true, s.now);
	sim_run(&s, s.now + SIM_SEC);
	assert_true(sim_logged(&s, 0, "IKE_SA rekeyed"));
	assert_int_equal(sim_counters(&s, 0)->phase1_started, 1);
	sim_run(&s, s.now + 59 * SIM_SEC);
	assert_int_equal(sim_counters(&s, 0)->phase1_started, 2);
	need_whole(&s);
	sim_fini(&s);
}

/* The other side rekeyed, and is the initiator of what that made: nobody failed to come. */
static void a_rekey_by_the_responder_blames_nobody(void **state)
{
	for (int who = 0; who < 2; who++) {
		struct sim s;

		(void)state;
		init(&s, 5, 1);
		s.node[who].conf.profile.reauthentication = true;
		start(&s);
		sim_run(&s, s.now + 40 * SIM_SEC);
		ike_engine_rekey(s.node[1].engine, "peer0", true, s.now);
		sim_run(&s, s.now + SIM_SEC);
		assert_true(sim_logged(&s, 1, "IKE_SA rekeyed"));
		sim_run(&s, s.now + 400 * SIM_SEC);
		assert_in_range(sim_counters(&s, 0)->phase1_started, 5, 6);
		need_whole(&s);
		sim_fini(&s);
	}
}

/* The peer answers a rekey when authentication is over, and says nothing more. */
struct held {
	uint8_t data[2048];
	struct ike_datagram d;
	bool holds;
};

static bool hold_response(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct held *h = ctx;

	(void)s;
	if (from != 0 || !h->holds)
		return true;
	if (h->d.len == 0 && data[18] == 36 && (data[19] & 0x20) != 0 &&
	    d->len <= sizeof(h->data)) {
		memcpy(h->data, data, d->len);
		h->d = *d;
		h->d.data = h->data;
	}
	return false;
}

static void a_rekey_that_ends_late_does_not_outlive_it(void **state)
{
	struct held held = {.holds = false};
	struct sim s;

	(void)state;
	init(&s, 7, 1);
	s.node[1].conf.profile.reauthentication = true;
	s.node[1].conf.profile.dpd_interval = 0;
	s.net.hook = hold_response;
	s.net.hook_ctx = &held;
	start(&s);
	sim_run(&s, s.now + 75 * SIM_SEC);
	held.holds = true;
	ike_engine_rekey(s.node[1].engine, "peer0", true, s.now);
	sim_run(&s, s.now + 21 * SIM_SEC);
	assert_true(held.d.len != 0);
	sim_arrive(&s, 1, &held.d);
	assert_true(sim_logged(&s, 1, "IKE_SA rekeyed"));
	sim_run(&s, s.now + 40 * SIM_SEC);
	assert_int_equal(sim_ike_sas(&s, 1, "established"), 0);
	assert_null(sim_current(&s, 1, 0));
	held.holds = false;
	sim_run(&s, s.now + 120 * SIM_SEC);
	assert_true(sim_working(&s, 0));
	sim_fini(&s);
}

/* What the responder asks for is far off: until then a rekey is enough. */
static void a_far_end_needs_no_new_authentication_yet(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 6, 1);
	s.node[1].conf.profile.reauthentication = true;
	s.node[1].conf.profile.lifetime = UINT32_MAX;
	start(&s);
	assert_true(sim_logged(&s, 0, "received AUTH_LIFETIME of 4294967295 s"));
	sim_run(&s, s.now + 500 * SIM_SEC);
	assert_true(sim_logged(&s, 0, "IKE_SA rekeyed"));
	assert_int_equal(sim_counters(&s, 0)->phase1_started, 1);
	need_whole(&s);
	sim_fini(&s);
}

/* Only the responder sends: nothing of the initiator's has shown it the new pair when the old one
 * goes. */
static void what_only_the_responder_sends_gets_through(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 8, 1);
	s.node[0].esp_every = 100000 * SIM_SEC;
	s.node[0].conf.profile.reauthentication = true;
	s.node[1].esp_every = 2 * SIM_MS;
	s.net.delay_max = 20 * SIM_MS; /* answers overtake packets */
	start(&s);
	sim_run(&s, s.now + 470 * SIM_SEC);
	assert_in_range(sim_counters(&s, 0)->phase1_started, 5, 7);
	need_whole(&s);
	sim_fini(&s);
}

/* Control is killed in between: it is known still when the time is over. */
static void a_restart_does_not_forget_it(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 9, 1);
	s.node[1].conf.profile.reauthentication = true;
	s.node[0].conf.profile.lifetime = 86400;
	s.node[0].keeps = true;
	start(&s);
	sim_run(&s, s.now + 40 * SIM_SEC);
	assert_int_equal(sim_kill(&s, 0), 1);
	assert_int_equal(sim_counters(&s, 0)->phase1_started, 0);
	sim_run(&s, s.now + 55 * SIM_SEC);
	assert_int_equal(sim_counters(&s, 0)->phase1_started, 1);
	need_whole(&s);
	sim_fini(&s);
}

static const uint8_t lifetime_0[] = {0, 0, 0, 12, 0, 0, 0x40, 0x13, 0, 0, 0, 0};

/* A responder that wants it at once, over and over, is served at a bounded pace: each IKE SA lasts
 * 10 s whatever it says, of which 85 to 89 % are before the next one begins. */
static void an_impatient_responder_costs_a_bounded_number(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 50, 1);
	start(&s);
	for (unsigned i = 0; i < 60; i++) {
		(void)forge2_send(&s, 1, 37, 41, lifetime_0, sizeof(lifetime_0));
		s.node[0].due = s.now;
		sim_run(&s, s.now + SIM_SEC);
	}
	assert_true(sim_logged(&s, 0, "received AUTH_LIFETIME of 0 s"));
	assert_in_range(sim_counters(&s, 0)->phase1_started, 2, 9);
	sim_fini(&s);
}

/* When the first one that is told is followed, to the second: what a peer asks for counts from 10 s
 * on, less is 10 s. */
static uint64_t told_and_followed(uint8_t seconds)
{
	uint8_t told[sizeof(lifetime_0)];
	uint64_t since;
	struct sim s;

	memcpy(told, lifetime_0, sizeof(told));
	told[sizeof(told) - 1] = seconds;
	init(&s, 52, 1);
	start(&s);
	assert_int_equal(sim_counters(&s, 0)->phase1_started, 1);
	since = s.now;
	assert_true(forge2_send(&s, 1, 37, 41, told, sizeof(told)));
	s.node[0].due = s.now;
	while (sim_counters(&s, 0)->phase1_started == 1 && s.now < since + 100 * SIM_SEC)
		sim_run(&s, s.now + 100 * SIM_MS);
	since = s.now - since;
	sim_fini(&s);
	return since;
}

static void less_than_ten_seconds_are_ten(void **state)
{
	uint64_t ten = told_and_followed(10);

	(void)state;
	/* 85 to 89 % of what is from its beginning, 5 s ago, to the end in 10 s */
	assert_in_range(ten, 7700 * SIM_MS, 8500 * SIM_MS);
	assert_int_equal(told_and_followed(0), ten);
	assert_int_equal(told_and_followed(9), ten);
	assert_in_range(told_and_followed(20) - ten, 8 * SIM_SEC, 9 * SIM_SEC);
}

/* It is the responder's to say (RFC 4478 section 3). */
static void an_initiator_does_not_say_when(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 51, 1);
	start(&s);
	assert_true(forge2_send(&s, 0, 37, 41, lifetime_0, sizeof(lifetime_0)));
	sim_run(&s, s.now + 30 * SIM_SEC);
	assert_false(sim_logged(&s, 1, "received AUTH_LIFETIME"));
	assert_int_equal(sim_counters(&s, 0)->phase1_started, 1);
	assert_int_equal(sim_ike_sas(&s, 1, "established"), 1);
	sim_fini(&s);
}

static void both_ends_do_it(void **state)
{
	for (uint64_t seed = 10; seed < 20; seed++) {
		struct sim s;

		(void)state;
		init(&s, seed, 3);
		s.node[1].conf.passive = false;
		s.node[0].conf.profile.reauthentication = true;
		s.node[1].conf.profile.reauthentication = true;
		s.node[seed % 2].conf.profile.lifetime = LIFE * 9 / 10;
		start(&s);
		sim_run(&s, s.now + 1000 * SIM_SEC);
		need_whole(&s);
		sim_fini(&s);
	}
}

static void losses_do_not_stop_it(void **state)
{
	for (uint64_t seed = 20; seed < 40; seed++) {
		struct sim s;

		(void)state;
		init(&s, seed, 3);
		s.node[0].conf.profile.reauthentication = true;
		start(&s);
		s.net.loss_pct = 10;
		sim_run(&s, s.now + 500 * SIM_SEC);
		s.net.loss_pct = 0;
		sim_run(&s, s.now + 120 * SIM_SEC);
		for (unsigned k = 0; k < 3; k++)
			assert_true(sim_working(&s, k));
		assert_true(sim_counters_add_up(&s, 0) && sim_counters_add_up(&s, 1));
		sim_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_initiator_makes_before_it_breaks),
		cmocka_unit_test(the_initiator_comes_again_when_it_is_told),
		cmocka_unit_test(who_does_not_come_again_is_named_and_dropped),
		cmocka_unit_test(a_rekey_does_not_put_it_off),
		cmocka_unit_test(a_rekey_by_the_responder_blames_nobody),
		cmocka_unit_test(a_far_end_needs_no_new_authentication_yet),
		cmocka_unit_test(a_rekey_that_ends_late_does_not_outlive_it),
		cmocka_unit_test(both_ends_do_it),
		cmocka_unit_test(losses_do_not_stop_it),
		cmocka_unit_test(what_only_the_responder_sends_gets_through),
		cmocka_unit_test(a_restart_does_not_forget_it),
		cmocka_unit_test(an_impatient_responder_costs_a_bounded_number),
		cmocka_unit_test(less_than_ten_seconds_are_ten),
		cmocka_unit_test(an_initiator_does_not_say_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
