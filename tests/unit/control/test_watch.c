/* SPDX-License-Identifier: BSD-3-Clause */
/* test_watch.c - windows over counters: what counts as now, what as since the tunnel came up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/watch.h"

#define SEC 1000000000ull

static const struct abi_range anything = {.family = 4};

/* One policy; no segment: no drops, no samples. */
struct bench {
	struct watch w;
	struct totals totals;
	struct totals_row row;
	struct segmap map;
	uint64_t now;
};

static void move(struct bench *b, uint64_t out_hits, uint64_t out, uint64_t in)
{
	b->row.policy_id = 7;
	b->row.out_hits += out_hits;
	b->row.out_packets += out;
	b->row.in_packets += in;
	b->totals.now = &b->row;
	b->totals.n_now = 1;
}

static struct truth look(struct bench *b)
{
	struct truth t;

	assert_int_equal(watch_read(&b->w, &b->totals, NULL, &b->map, b->now), 0);
	b->w.rows[0].up = true; /* no SA table here */
	watch_truth(&b->w, 7, &b->map, &anything, &anything, b->now, &t);
	return t;
}

static void turn(struct bench *b, bool up)
{
	assert_int_equal(watch_read(&b->w, &b->totals, NULL, &b->map, b->now), 0);
	for (size_t i = 0; i < b->w.n; i++)
		b->w.rows[i].up = up;
	watch_turn(&b->w, b->now);
	b->now += WATCH_TURN;
}

static void a_policy_counts_from_its_beginning(void **state)
{
	struct bench b = {.now = 100 * SEC};
	struct truth t;

	(void)state;
	turn(&b, false); /* it is not there yet */
	move(&b, 5, 5, 0);
	t = look(&b);
	assert_int_equal(t.fact[TRUTH_MATCHED], 5);
	assert_int_equal(t.state, TRUTH_NOT_PASSING);
	assert_int_equal(t.code, IKE_NO_REPLY_FROM_PEER);
	watch_free(&b.w);
}

static void what_was_there_before_us_does_not_count(void **state)
{
	struct bench b = {.now = 100 * SEC};

	(void)state;
	move(&b, 1000, 1000, 0);
	turn(&b, true);
	assert_int_equal(look(&b).state, TRUTH_IDLE);
	watch_free(&b.w);
}

/* It passed for long; now nothing comes back. */
static void the_last_seconds_count_more_than_the_past(void **state)
{
	struct bench b = {.now = 100 * SEC};
	struct truth t;

	(void)state;
	turn(&b, true);
	for (int i = 0; i < 5; i++) {
		move(&b, 100, 100, 100);
		turn(&b, true);
	}
	assert_int_equal(look(&b).state, TRUTH_PASSING);
	for (int i = 0; i < 3; i++) {
		move(&b, 100, 100, 0);
		turn(&b, true);
	}
	t = look(&b);
	assert_int_equal(t.state, TRUTH_NOT_PASSING);
	assert_int_equal(t.code, IKE_NO_REPLY_FROM_PEER);
	assert_in_range(t.window, WATCH_TURN, 2 * WATCH_TURN);
	for (int i = 0; i < 3; i++) {
		move(&b, 100, 100, 100);
		turn(&b, true);
	}
	assert_int_equal(look(&b).state, TRUTH_PASSING);
	watch_free(&b.w);
}

/* A quiet time says nothing new: what was last known stands, since the tunnel came up. */
static void a_quiet_tunnel_keeps_its_verdict(void **state)
{
	struct bench b = {.now = 100 * SEC};

	(void)state;
	turn(&b, false);
	move(&b, 10, 10, 0);
	for (int i = 0; i < 6; i++)
		turn(&b, true);
	assert_int_equal(look(&b).code, IKE_NO_REPLY_FROM_PEER);
	watch_free(&b.w);
}

static void the_count_begins_anew_when_it_comes_up_anew(void **state)
{
	struct bench b = {.now = 100 * SEC};

	(void)state;
	turn(&b, false);
	move(&b, 10, 10, 0);
	turn(&b, true);
	turn(&b, false); /* down */
	turn(&b, true);
	turn(&b, true);
	turn(&b, true);
	assert_int_equal(look(&b).state, TRUTH_IDLE);
	watch_free(&b.w);
}

static void an_unknown_policy_is_idle(void **state)
{
	struct watch w = {0};
	struct segmap map = {0};
	struct truth t;

	(void)state;
	watch_truth(&w, 9, &map, &anything, &anything, 5, &t);
	assert_int_equal(t.state, TRUTH_IDLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_policy_counts_from_its_beginning),
		cmocka_unit_test(what_was_there_before_us_does_not_count),
		cmocka_unit_test(the_last_seconds_count_more_than_the_past),
		cmocka_unit_test(a_quiet_tunnel_keeps_its_verdict),
		cmocka_unit_test(the_count_begins_anew_when_it_comes_up_anew),
		cmocka_unit_test(an_unknown_policy_is_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
