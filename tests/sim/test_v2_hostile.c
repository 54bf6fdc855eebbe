/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_v2_hostile.c - what strangers and the path can do to IKEv2: floods, changed bytes, repeated
 * messages, notifies in clear. Established tunnels do not notice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/ike.h"
#include "control/ike/state.h"
#include "control/ike2/ike2.h"
#include "tests/sim/sim.h"

#define KEPT 64

struct seen {
	struct {
		uint8_t data[2048];
		size_t len;
		int from;
		bool marker;
	} m[KEPT];
	unsigned n;
	unsigned change_pct; /* so many messages have a byte changed on the way */
	uint64_t largest_answer;
};

static struct seen seen; /* big: not on the stack */

static bool look(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct seen *k = ctx;

	if (k->n < KEPT && d->len <= sizeof(k->m[0].data)) {
		memcpy(k->m[k->n].data, data, d->len);
		k->m[k->n].len = d->len;
		k->m[k->n].from = from;
		k->m[k->n++].marker = d->marker;
	}
	if (k->change_pct > sim_random(s) % 100)
		data[sim_random(s) % d->len] ^= (uint8_t)(1 + sim_random(s) % 255);
	return true;
}

static void init(struct sim *s, uint64_t seed)
{
	memset(&seen, 0, sizeof(seen));
	sim_init(s, seed);
	for (int i = 0; i < 2; i++)
		s->node[i].conf.mode = IKE_MODE_IKE2;
	s->node[1].conf.passive = true;
	s->net.hook = look;
	s->net.hook_ctx = &seen;
}

static void run(struct sim *s, unsigned seconds)
{
	sim_run(s, s->now + seconds * SIM_SEC);
}

static void finish(struct sim *s)
{
	assert_true(sim_agreed(s, 0));
	assert_true(sim_counters_add_up(s, 0) && sim_counters_add_up(s, 1));
	sim_fini(s);
}

/* First messages in the peer's name: then the peer itself must bring a cookie, and gets in. */
static void a_flood_makes_cookies_needed(void **state)
{
	struct sim s;
	uint64_t before;

	(void)state;
	init(&s, 1);
	sim_start(&s);
	run(&s, 5);
	assert_true(sim_agreed(&s, 0));
	for (unsigned i = 0; i < 20; i++) {
		seen.m[0].data[0] = (uint8_t)i;
		seen.m[0].data[7] ^= 0x55;
		sim_inject(&s, 1, seen.m[0].data, seen.m[0].len, false);
	}
	assert_true(sim_counters(&s, 1)->cookies_sent >= 10);
	before = sim_counters(&s, 1)->cookies_sent;
	ike_engine_terminate(s.node[0].engine, "peer1", s.now);
	s.node[0].due = s.now;
	run(&s, 5);
	assert_true(sim_counters(&s, 1)->cookies_sent > before);
	finish(&s);
}

static void a_cookie_is_not_good_for_another_spi(void **state)
{
	struct sim s;
	uint64_t answered;
	unsigned with_cookie = 0;

	(void)state;
	init(&s, 2);
	sim_start(&s);
	run(&s, 5);
	for (unsigned i = 0; i < 6; i++) {
		seen.m[0].data[0] = (uint8_t)(i + 1);
		sim_inject(&s, 1, seen.m[0].data, seen.m[0].len, false);
	}
	ike_engine_terminate(s.node[0].engine, "peer1", s.now);
	s.node[0].due = s.now;
	seen.n = 0;
	run(&s, 2);
	for (unsigned i = 0; i < seen.n; i++) {
		if (seen.m[i].data[18] == IKE2_EXCH_SA_INIT && seen.m[i].from == 0 &&
		    seen.m[i].data[16] == IKE2_PLD_NOTIFY)
			with_cookie = i;
	}
	assert_int_not_equal(with_cookie, 0);
	answered = sim_counters(&s, 1)->phase1_answered;
	seen.m[with_cookie].data[3] ^= 1;
	for (int i = 0; i < 3; i++)
		sim_inject(&s, 1, seen.m[with_cookie].data, seen.m[with_cookie].len, false);
	assert_int_equal(sim_counters(&s, 1)->phase1_answered, answered);
	finish(&s);
}

/* Lets no first message with a cookie through. */
static bool hold_cookies(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	look(s, from, d, data, ctx);
	return from != 0 || data[18] != IKE2_EXCH_SA_INIT || data[16] != IKE2_PLD_NOTIFY;
}

/* While the flood lasted the peer was told to bring a cookie; a repeat of its message without one
 * comes late, when none is needed any more. The peer signs the one with the cookie. */
static void a_late_message_without_its_cookie_does_no_harm(void **state)
{
	unsigned without = KEPT, with = KEPT;
	struct sim s;

	(void)state;
	init(&s, 3);
	sim_start(&s);
	run(&s, 5);
	for (unsigned i = 0; i < 6; i++) {
		seen.m[0].data[0] = (uint8_t)(i + 1);
		sim_inject(&s, 1, seen.m[0].data, seen.m[0].len, false);
	}
	ike_engine_terminate(s.node[0].engine, "peer1", s.now);
	s.node[0].due = s.now;
	seen.n = 0;
	s.net.hook = hold_cookies;
	run(&s, 32); /* the half-open ones end */
	for (unsigned i = 0; i < seen.n; i++) {
		if (seen.m[i].data[18] == IKE2_EXCH_SA_INIT && seen.m[i].from == 0 &&
		    seen.m[i].data[16] == IKE2_PLD_NOTIFY)
			with = i;
		else if (seen.m[i].data[18] == IKE2_EXCH_SA_INIT && seen.m[i].from == 0)
			without = i;
	}
	assert_true(with < KEPT && without < KEPT);
	assert_memory_equal(seen.m[with].data, seen.m[without].data, 8);
	assert_false(sim_agreed(&s, 0));
	s.net.hook = NULL;
	sim_inject(&s, 1, seen.m[without].data, seen.m[without].len, false);
	sim_inject(&s, 1, seen.m[with].data, seen.m[with].len, false);
	run(&s, 2);
	finish(&s);
}

static void changed_bytes_only_cost_time(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		struct sim s;

		init(&s, 100 + i);
		seen.change_pct = 30;
		s.node[0].children[0].proposal.lifetime = 60;
		sim_start(&s);
		run(&s, 120);
		seen.change_pct = 0;
		run(&s, 100);
		if (!sim_working(&s, 0)) /* the two sides change to a new pair one by one */
			run(&s, 7);
		assert_true(sim_working(&s, 0));
		assert_true(sim_counters_add_up(&s, 0) && sim_counters_add_up(&s, 1));
		sim_fini(&s);
	}
}

static const struct ike_sa *the_sa(const struct sim *s, int node)
{
	const struct ike_sa *sa;

	TAILQ_FOREACH (sa, &TAILQ_FIRST(&s->node[node].engine->peers.list)->sas, of_peer)
		if (sa->state == SA_ESTABLISHED)
			return sa;
	fail();
	return NULL;
}

/* Everything that went over the wire comes again, to both sides, twice. */
static void replays_change_nothing(void **state)
{
	uint32_t next_in[2], next_out[2];
	struct sim s;
	uint64_t installs[2], established[2];

	(void)state;
	init(&s, 3);
	sim_start(&s);
	run(&s, 5);
	ike_engine_rekey(s.node[0].engine, "peer1", false, s.now);
	s.node[0].due = s.now;
	run(&s, 60); /* half-open SAs that replays make are gone when they time out */
	s.net.hook = NULL;
	for (int n = 0; n < 2; n++) {
		installs[n] = s.node[n].installs;
		established[n] = sim_counters(&s, n)->phase1_established;
		next_in[n] = the_sa(&s, n)->v2->next_in;
		next_out[n] = the_sa(&s, n)->v2->next_out;
	}
	assert_in_range(next_in[1], 3, UINT32_MAX); /* the last request is not all there is */
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < seen.n; i++) {
			sim_inject(&s, 0, seen.m[i].data, seen.m[i].len, seen.m[i].marker);
			sim_inject(&s, 1, seen.m[i].data, seen.m[i].len, seen.m[i].marker);
		}
	}
	run(&s, 1);
	for (int n = 0; n < 2; n++) { /* none counts as the next one, nor is it read */
		assert_int_equal(the_sa(&s, n)->v2->next_in, next_in[n]);
		assert_int_equal(the_sa(&s, n)->v2->next_out, next_out[n]);
		assert_true(sim_counters(&s, n)->rx_replayed > 0);
	}
	run(&s, 60);
	for (int n = 0; n < 2; n++) {
		assert_int_equal(s.node[n].installs, installs[n]);
		assert_int_equal(sim_counters(&s, n)->phase1_established, established[n]);
		assert_int_equal(sim_ike_sas(&s, n, NULL), 1);
	}
	finish(&s);
}

/* Without keys nothing is believed: deletes, notifies, whatever the message id. */
static void clear_messages_change_nothing(void **state)
{
	struct sim s;
	uint8_t msg[64] = {0};

	(void)state;
	init(&s, 4);
	sim_start(&s);
	run(&s, 5);
	for (unsigned exchange = 0; exchange < 256; exchange++) {
		for (unsigned flags = 0; flags < 256; flags += 8) {
			for (unsigned id = 0; id < 4; id++) {
				memcpy(msg, seen.m[3].data, 16); /* both SPIs */
				msg[16] = IKE2_PLD_DELETE;
				msg[17] = IKE_VERSION_2;
				msg[18] = (uint8_t)exchange;
				msg[19] = (uint8_t)flags;
				msg[23] = (uint8_t)id;
				msg[27] = 36;
				memcpy(msg + 28, "\0\0\0\x08\x01\0\0\0", 8);
				sim_inject(&s, 0, msg, 36, false);
				sim_inject(&s, 1, msg, 36, false);
			}
		}
	}
	assert_int_equal(sim_counters(&s, 0)->delete_received, 0);
	run(&s, 30);
	finish(&s);
}

/* A version that is yet to come gets our own named, and nothing longer than what was sent. */
static void a_later_version_is_told_ours(void **state)
{
	struct sim s;

	(void)state;
	for (unsigned len = 28; len < 60; len++) {
		uint8_t msg[64] = {0};

		init(&s, 6);
		sim_start(&s);
		run(&s, 5);
		msg[0] = 1;
		msg[17] = 0x30;
		msg[18] = IKE2_EXCH_SA_INIT;
		msg[19] = IKE2_FLAG_INITIATOR;
		msg[27] = (uint8_t)len;
		seen.n = 0;
		sim_inject(&s, 1, msg, len, false);
		assert_int_equal(seen.n, len >= 36);
		if (seen.n == 1) {
			assert_int_equal(seen.m[0].len, 36);
			assert_int_equal(seen.m[0].data[17], IKE_VERSION_2);
			assert_int_equal(seen.m[0].data[35], IKE2_N_INVALID_MAJOR_VERSION);
		}
		msg[19] |= IKE2_FLAG_RESPONSE;
		sim_inject(&s, 1, msg, len, false);
		assert_int_equal(seen.n, len >= 36);
		finish(&s);
	}
}

/* An answer to IKE_SA_INIT that anybody can make: the attempt goes on and succeeds. */
static bool forge_refusal(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	static const uint16_t types[] = {IKE2_N_NO_PROPOSAL_CHOSEN, IKE2_N_INVALID_SYNTAX,
					 IKE2_N_AUTHENTICATION_FAILED, IKE2_N_INVALID_KE_PAYLOAD,
					 IKE2_N_COOKIE};
	uint8_t msg[64] = {0};
	unsigned *n = ctx;

	if (from != 1 || data[18] != IKE2_EXCH_SA_INIT || *n >= 5)
		return true;
	memcpy(msg, data, 8);
	msg[16] = IKE2_PLD_NOTIFY;
	msg[17] = IKE_VERSION_2;
	msg[18] = IKE2_EXCH_SA_INIT;
	msg[19] = IKE2_FLAG_RESPONSE;
	msg[27] = 38;
	msg[31] = 10;
	msg[34] = (uint8_t)(types[*n] >> 8);
	msg[35] = (uint8_t)types[*n];
	msg[37] = 99;
	++*n;
	(void)d;
	sim_inject(s, 0, msg, 38, false);
	return true;
}

static void forged_refusals_do_not_end_an_attempt(void **state)
{
	unsigned n = 0;
	struct sim s;

	(void)state;
	init(&s, 5);
	s.net.hook = forge_refusal;
	s.net.hook_ctx = &n;
	sim_start(&s);
	run(&s, 30);
	assert_true(n > 0);
	finish(&s);
}

/* The initiator's public value is one that leads to no secret, which computing it alone tells. */
static bool zero_ke(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	uint8_t type = data[16];

	for (size_t at = 28, len; type != 0 && at + 4 <= d->len; at += len) {
		len = (size_t)data[at + 2] << 8 | data[at + 3];
		if (data[18] == IKE2_EXCH_SA_INIT && from == 0 && type == IKE2_PLD_KE)
			memset(data + at + 8, 0, len - 8);
		type = data[18] == IKE2_EXCH_SA_INIT && len >= 8 ? data[at] : 0;
	}
	return look(s, from, d, data, ctx);
}

static void costly_public_values_are_tried_once(void **state)
{
	uint64_t unknown;
	struct sim s;

	(void)state;
	init(&s, 6);
	s.net.hook = zero_ke;
	s.node[0].conf.profile.dh[0] = s.node[1].conf.profile.dh[0] = 31;
	sim_start(&s);
	sim_run(&s, s.now + 500 * SIM_MS);
	assert_int_equal(seen.n, 3); /* IKE_SA_INIT and its answer, IKE_AUTH */
	assert_int_equal(seen.m[2].data[18], IKE2_EXCH_AUTH);
	assert_int_equal(sim_counters(&s, 1)->rx_malformed, 1);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 0);
	unknown = sim_counters(&s, 1)->rx_unknown_sa;
	for (unsigned i = 0; i < 100; i++)
		sim_inject(&s, 1, seen.m[2].data, seen.m[2].len, seen.m[2].marker);
	sim_run(&s, s.now + 100 * SIM_MS);
	assert_int_equal(sim_counters(&s, 1)->rx_malformed, 1);
	assert_int_equal(sim_counters(&s, 1)->rx_unknown_sa, unknown + 100);
	s.net.hook = NULL;
	run(&s, 120);
	finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_makes_cookies_needed),
		cmocka_unit_test(a_cookie_is_not_good_for_another_spi),
		cmocka_unit_test(a_late_message_without_its_cookie_does_no_harm),
		cmocka_unit_test(changed_bytes_only_cost_time),
		cmocka_unit_test(replays_change_nothing),
		cmocka_unit_test(costly_public_values_are_tried_once),
		cmocka_unit_test(clear_messages_change_nothing),
		cmocka_unit_test(a_later_version_is_told_ours),
		cmocka_unit_test(forged_refusals_do_not_end_an_attempt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
