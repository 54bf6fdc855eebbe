/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_probe.c - what a probe finds out about the other side and the way to it, and silence that is
 * seen before an attempt has ended.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/ike.h"
#include "control/ike/probe.h"
#include "tests/sim/sim.h"

/* What gets lost. */
struct way {
	uint16_t no_port;
	size_t longest; /* 0: any length passes */
};

static bool pass(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	const struct way *w = ctx;

	(void)s;
	(void)from;
	(void)data;
	return d->src_port != w->no_port && d->dst_port != w->no_port &&
	       (w->longest == 0 || d->len <= w->longest);
}

/* Both passive: nothing but the probe is on the way. */
static void quiet(struct sim *s, struct way *w, enum ike_exchange_mode ours,
		  enum ike_exchange_mode theirs)
{
	sim_init(s, 77);
	s->node[0].conf.mode = ours;
	s->node[1].conf.mode = theirs;
	s->node[0].conf.passive = s->node[1].conf.passive = true;
	s->net.hook = pass;
	s->net.hook_ctx = w;
	sim_start(s);
}

static const struct ike_probe *probed(struct sim *s, bool aggressive)
{
	const char *name = s->node[0].conf.name;
	const struct ike_probe *p;

	assert_int_equal(ike_engine_probe(s->node[0].engine, name, aggressive, s->now), 0);
	s->node[0].due = s->now;
	assert_int_equal(ike_engine_probe(s->node[0].engine, name, aggressive, s->now), -EBUSY);
	sim_run(s, s->now + 8 * SIM_SEC);
	p = ike_engine_probe_result(s->node[0].engine, name);
	assert_non_null(p);
	assert_true(p->ended > p->begun);
	assert_int_equal(sim_ike_sas(s, 0, NULL), 0);
	return p;
}

static void the_version_and_mode_that_are_spoken_are_found(void **state)
{
	static const enum ike_exchange_mode modes[] = {IKE_MODE_MAIN, IKE_MODE_AGGRESSIVE,
						       IKE_MODE_IKE2};
	static const enum probe_ask asks[] = {PROBE_MAIN, PROBE_AGGRESSIVE, PROBE_IKE2};

	(void)state;
	for (int ours = 0; ours < 3; ours++) {
		for (int theirs = 0; theirs < 3; theirs++) {
			struct way open = {0};
			const struct ike_probe *p;
			struct sim s;

			quiet(&s, &open, modes[ours], modes[theirs]);
			p = probed(&s, true);
			for (int i = 0; i < 3; i++)
				assert_int_equal(p->rows[asks[i]].said == PROBE_TAKES, i == theirs);
			sim_fini(&s);
		}
	}
}

static void aggressive_mode_is_asked_only_when_it_is_wanted(void **state)
{
	struct way open = {0};
	struct sim s;

	(void)state;
	quiet(&s, &open, IKE_MODE_MAIN, IKE_MODE_AGGRESSIVE);
	assert_int_equal(probed(&s, false)->rows[PROBE_AGGRESSIVE].said, PROBE_NOT_ASKED);
	sim_fini(&s);
}

static void an_offer_that_is_not_taken_is_told_from_one_that_is(void **state)
{
	struct way open = {0};
	struct sim s;

	(void)state;
	for (int ike = 1; ike <= 2; ike++) {
		quiet(&s, &open, ike == 2 ? IKE_MODE_IKE2 : IKE_MODE_MAIN,
		      ike == 2 ? IKE_MODE_IKE2 : IKE_MODE_MAIN);
		s.node[1].conf.profile.encr[0].key_bits = 256;
		assert_int_equal(sim_configure(&s, 1), 0);
		assert_int_equal(probed(&s, false)->rows[ike == 2 ? PROBE_IKE2 : PROBE_MAIN].said,
				 PROBE_NO_PROPOSAL);
		/* with all there is it takes one: it is not that we are not known */
		assert_int_equal(ike_engine_probe_result(s.node[0].engine, s.node[0].conf.name)
					 ->rows[ike == 2 ? PROBE_WIDE2 : PROBE_WIDE1_MORE]
					 .said,
				 PROBE_TAKES);
		sim_fini(&s);
	}
}

static void ports_and_lengths_are_told_apart(void **state)
{
	static const struct {
		struct way way;
		bool small, natt, large, fragments;
	} cases[] = {
		{{0, 0}, true, true, true, true},      {{500, 0}, false, true, true, true},
		{{4500, 0}, true, false, true, true},  {{0, 1000}, true, true, false, false},
		{{0, 1400}, true, true, true, false},  {{4500, 1400}, true, false, true, false},
		{{0, 20}, false, false, false, false},
	};

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		enum ike_exchange_mode mode = i % 2 ? IKE_MODE_IKE2 : IKE_MODE_MAIN;
		struct way way = cases[i / 2].way;
		const struct ike_probe *p;
		struct sim s;

		quiet(&s, &way, mode, mode);
		p = probed(&s, false);
		assert_int_equal(probe_heard(p, PROBE_SMALL), cases[i / 2].small);
		assert_int_equal(probe_heard(p, PROBE_4500), cases[i / 2].natt);
		assert_int_equal(probe_heard(p, PROBE_LARGE), cases[i / 2].large);
		assert_int_equal(probe_heard(p, PROBE_FRAGMENTS), cases[i / 2].fragments);
		sim_fini(&s);
	}
}

static void a_lost_message_is_sent_again_and_no_more_than_that(void **state)
{
	struct way closed = {.longest = 20};
	struct sim s;
	uint64_t sent;

	(void)state;
	quiet(&s, &closed, IKE_MODE_IKE2, IKE_MODE_IKE2);
	sent = s.ike_sent;
	probed(&s, true);
	assert_int_equal(s.ike_sent - sent, 3 * 5); /* three versions, two ports */
	sim_fini(&s);
}

static void a_probe_ends_with_its_peer(void **state)
{
	struct way closed = {.longest = 20};
	struct sim s;

	(void)state;
	quiet(&s, &closed, IKE_MODE_IKE2, IKE_MODE_IKE2);
	assert_int_equal(ike_engine_probe(s.node[0].engine, s.node[0].conf.name, false, s.now), 0);
	s.node[0].conf.profile.lifetime++;
	assert_int_equal(sim_configure(&s, 0), 0);
	assert_null(ike_engine_probe_result(s.node[0].engine, s.node[0].conf.name));
	assert_int_equal(ike_engine_probe(s.node[0].engine, "nobody", false, s.now), -ENOENT);
	sim_run(&s, s.now + 10 * SIM_SEC);
	sim_fini(&s);
}

static void look(void *ctx, const char *peer, const struct ike_evidence *ev)
{
	(void)peer;
	*(struct ike_evidence *)ctx = *ev;
}

static void silence_is_seen_before_the_attempt_has_ended(void **state)
{
	(void)state;
	for (int ike = 1; ike <= 2; ike++) {
		struct way no_natt = {.no_port = 4500};
		struct ike_evidence ev = {.code = IKE_CODE_COUNT};
		struct sim s;

		sim_init(&s, 5);
		s.node[1].conf.passive = true;
		for (int i = 0; i < 2; i++)
			s.node[i].conf.mode = ike == 2 ? IKE_MODE_IKE2 : IKE_MODE_MAIN;
		s.node[0].nat = s.node[1].conf.remote = sim_addr("198.51.100.7");
		s.net.hook = pass;
		s.net.hook_ctx = &no_natt;
		sim_start(&s);
		sim_run(&s, s.now + 2 * SIM_SEC);
		ike_engine_visit_evidence(s.node[0].engine, NULL, look, &ev);
		assert_int_equal(ev.code, IKE_CODE_COUNT);
		sim_run(&s, s.now + 4 * SIM_SEC);
		ike_engine_visit_evidence(s.node[0].engine, NULL, look, &ev);
		assert_int_equal(ev.cause, IKE_CAUSE_PORT_4500);
		assert_true(ev.pending);
		assert_true(ev.sent > 0 && ev.answered > 0);
		assert_false(sim_logged(&s, 0, ike_code_name(ev.code)));
		sim_run(&s, s.now + 75 * SIM_SEC);
		ike_engine_visit_evidence(s.node[0].engine, NULL, look, &ev);
		assert_int_equal(ev.count, ev.pending ? 2 : 1);
		assert_true(sim_logged(&s, 0, ike_code_name(ev.code)));
		sim_fini(&s);
	}
}

static void icmp_is_kept_with_the_evidence_and_ends_nothing(void **state)
{
	struct way closed = {.longest = 20};
	struct ike_evidence ev = {.code = IKE_CODE_COUNT};
	struct ike_unreachable u = {.type = 3, .code = 13, .remote_port = 500};
	struct sim s;

	(void)state;
	sim_init(&s, 6);
	s.node[1].conf.passive = true;
	s.net.hook = pass;
	s.net.hook_ctx = &closed;
	u.local = s.node[0].addr;
	u.remote = s.node[1].addr;
	u.from = sim_addr("203.0.113.9");
	sim_start(&s);
	sim_run(&s, s.now + SIM_SEC);
	for (int i = 0; i < 100; i++)
		ike_engine_unreachable(s.node[0].engine, &u, s.now);
	assert_int_equal(sim_ike_sas(&s, 0, NULL), 1);
	sim_run(&s, s.now + 4 * SIM_SEC);
	ike_engine_visit_evidence(s.node[0].engine, NULL, look, &ev);
	assert_int_equal(ev.code, IKE_PEER_SILENT);
	assert_true(ev.icmp.heard);
	assert_int_equal(ev.icmp.code, 13);
	assert_memory_equal(ev.icmp.from.bytes, u.from.bytes, 4);
	s.net.hook = NULL;
	sim_run(&s, s.now + 60 * SIM_SEC);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_version_and_mode_that_are_spoken_are_found),
		cmocka_unit_test(aggressive_mode_is_asked_only_when_it_is_wanted),
		cmocka_unit_test(an_offer_that_is_not_taken_is_told_from_one_that_is),
		cmocka_unit_test(ports_and_lengths_are_told_apart),
		cmocka_unit_test(a_lost_message_is_sent_again_and_no_more_than_that),
		cmocka_unit_test(a_probe_ends_with_its_peer),
		cmocka_unit_test(silence_is_seen_before_the_attempt_has_ended),
		cmocka_unit_test(icmp_is_kept_with_the_evidence_and_ends_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
