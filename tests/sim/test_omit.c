/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_omit.c - each message that brings a tunnel up, with each of its payloads missing, twice, of
 * another type, of another length, alone; peers that are configured away at each moment; what stays
 * in memory afterwards, and what of it goes out.
 */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fuzz/engine_input.h"
#include "tests/sim/forge.h"
#include "tests/sim/forge2.h"
#include "tests/sim/sim.h"

static const enum ike_exchange_mode modes[] = {IKE_MODE_MAIN, IKE_MODE_AGGRESSIVE, IKE_MODE_IKE2};

static void init(struct sim *s, uint64_t seed, enum ike_exchange_mode mode)
{
	sim_init(s, seed);
	for (int i = 0; i < 2; i++) {
		s->node[i].conf.mode = mode;
		s->node[i].children[0].proposal.pfs_group = 19;
	}
	s->node[1].conf.passive = true;
}

/* The n-th message on the way is changed. */
struct change {
	enum ike_exchange_mode mode;
	unsigned at, seen;
	struct edit edit;
	bool changed;
};

static size_t edit(void *ctx, uint8_t *next, uint8_t *payloads, size_t len, size_t cap)
{
	struct change *c = ctx;

	c->changed = true;
	return edit_payloads(&c->edit, next, payloads, len, cap);
}

static bool hook(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct change *c = ctx;
	bool v2 = c->mode == IKE_MODE_IKE2, sealed = v2 ? data[16] == 46 : (data[19] & 1) != 0;

	if (d->len <= 28 || c->seen++ != c->at)
		return true;
	if (sealed) {
		(void)(v2 ? forge2_message(s, from, data, &d->len, 4096, edit, c)
			  : forge_message(s, from, data, &d->len, 4096, edit, c));
		return true;
	}
	d->len = 28 + edit(c, &data[16], data + 28, d->len - 28, 4096);
	data[26] = (uint8_t)(d->len >> 8);
	data[27] = (uint8_t)d->len;
	return true;
}

static bool one(enum ike_exchange_mode mode, unsigned at, const struct edit *e)
{
	struct change c = {.mode = mode, .at = at, .edit = *e};
	struct sim s;

	init(&s, 1 + at, mode);
	s.net.hook = hook;
	s.net.hook_ctx = &c;
	sim_start(&s);
	sim_run(&s, s.now + 5 * SIM_SEC);
	s.net.hook = NULL;
	for (unsigned i = 0; i < 30 && !sim_agreed(&s, 0); i++)
		sim_run(&s, s.now + 60 * SIM_SEC);
	assert_true(sim_agreed(&s, 0));
	assert_true(sim_counters_add_up(&s, 0) && sim_counters_add_up(&s, 1));
	sim_fini(&s);
	return c.changed;
}

static void every_payload_may_be_missing_or_wrong(void **state)
{
	static const struct edit edits[] = {
		{.kind = EDIT_DROP},
		{.kind = EDIT_TWICE},
		{.kind = EDIT_TYPE, .at = 77},
		{.kind = EDIT_TYPE, .at = 11},
		{.kind = EDIT_CUT, .at = 0},
		{.kind = EDIT_CUT, .at = 3},
		{.kind = EDIT_INSERT, .at = 4, .bytes = {1, 2, 3, 4}, .len = 4},
		{.kind = EDIT_ALONE},
	};
	unsigned changed = 0;

	(void)state;
	for (size_t m = 0; m < 3; m++) {
		for (unsigned at = 0; at < 9; at++) {
			for (uint8_t which = 0; which < 6; which++) {
				struct edit e = edits[(at + which) % 8];

				for (size_t k = 0; k < (which < 3 ? 8u : 1u); k++) {
					if (which < 3)
						e = edits[k];
					e.which = which;
					/* NAT-D: nobody signs it in IKEv1, and it says that there
					 * is a NAT. */
					if (modes[m] == IKE_MODE_MAIN && e.kind == EDIT_INSERT &&
					    which >= 2)
						continue;
					changed += one(modes[m], at, &e);
				}
			}
		}
	}
	assert_true(changed > 400);
}

/* The peer, and its secret with it, goes away and comes again. */
static void peers_may_go_at_any_moment(void **state)
{
	(void)state;
	for (size_t m = 0; m < 3; m++) {
		for (uint64_t at = 0; at < 80; at += 2) {
			int i = (int)(at / 2 % 2);
			struct sim s;

			init(&s, 40 + at, modes[m]);
			sim_start(&s);
			sim_run(&s, s.now + at * SIM_MS);
			assert_int_equal(ike_engine_set_peers(s.node[i].engine, NULL, 0, s.now), 0);
			s.node[i].due = s.now;
			assert_int_equal(sim_ike_sas(&s, i, NULL), 0);
			assert_int_equal(sim_installed(&s, i), 0);
			sim_run(&s, s.now + 2 * SIM_SEC);
			assert_int_equal(sim_configure(&s, i), 0);
			for (unsigned k = 0; k < 30 && !sim_agreed(&s, 0); k++)
				sim_run(&s, s.now + 60 * SIM_SEC);
			assert_true(sim_agreed(&s, 0));
			sim_fini(&s);
		}
	}
}

static bool add_up(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	uint64_t *sum = ctx;

	(void)s;
	(void)from;
	for (size_t i = 0; i < d->len; i++)
		*sum = (*sum ^ data[i]) * 1099511628211ull;
	return true;
}

static void paint_stack(uint8_t value)
{
	volatile uint8_t deep[65536];

	for (size_t i = 0; i < sizeof(deep); i++)
		deep[i] = value;
}

/* What all messages of a tunnel add up to, with memory full of something before. */
static uint64_t all_messages(enum ike_exchange_mode mode, uint8_t poison)
{
	uint64_t sum = 14695981039346656037ull;
	struct sim s;

	(void)mallopt(M_PERTURB, poison);
	init(&s, 7, mode);
	s.net.hook = add_up;
	s.net.hook_ctx = &sum;
	sim_start(&s);
	for (unsigned i = 0; i < 200; i++) {
		paint_stack(poison);
		sim_run(&s, s.now + 100 * SIM_MS);
	}
	ike_engine_rekey(s.node[0].engine, "peer1", true, s.now);
	s.node[0].due = s.now;
	paint_stack(poison);
	sim_run(&s, s.now + 20 * SIM_SEC);
	assert_true(sim_working(&s, 0));
	sim_fini(&s);
	return sum;
}

static void no_message_holds_what_was_in_memory(void **state)
{
	(void)state;
	for (size_t m = 0; m < 3; m++)
		assert_int_equal(all_messages(modes[m], 0x55), all_messages(modes[m], 0xaa));
	(void)mallopt(M_PERTURB, 0);
}

static unsigned long n_malformed = 20000;

/* Nothing is kept of messages that are refused, however many come. */
static void refused_messages_leave_nothing(void **state)
{
	(void)state;
	for (size_t m = 0; m < 3; m++) {
		size_t before = 0;
		struct sim s;

		init(&s, 9, modes[m]);
		sim_start(&s);
		sim_run(&s, s.now + 5 * SIM_SEC);
		for (unsigned long i = 0; i < n_malformed; i++) {
			uint8_t buf[120];
			size_t len = sim_random(&s) % sizeof(buf);

			for (size_t k = 0; k < len; k++)
				buf[k] = (uint8_t)sim_random(&s);
			if (i % 2 == 0 && len >= 28) { /* the SA's own, with a right length */
				sim_first_cookie(&s, 1, buf);
				buf[17] = modes[m] == IKE_MODE_IKE2 ? 0x20 : 0x10;
				buf[24] = buf[25] = buf[26] = 0;
				buf[27] = (uint8_t)len;
			}
			sim_inject(&s, (int)(i / 2 % 2), buf, len, false);
			if (i % 64 == 0)
				sim_run(&s, s.now + SIM_MS);
			if (i == n_malformed / 4)
				before = mallinfo2().uordblks;
		}
		assert_true(mallinfo2().uordblks < before + 16384);
		assert_true(sim_counters_add_up(&s, 0) && sim_counters_add_up(&s, 1));
		sim_fini(&s);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_payload_may_be_missing_or_wrong),
		cmocka_unit_test(peers_may_go_at_any_moment),
		cmocka_unit_test(no_message_holds_what_was_in_memory),
		cmocka_unit_test(refused_messages_leave_nothing),
	};

	n_malformed = sim_count(argc, argv, 1, n_malformed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
