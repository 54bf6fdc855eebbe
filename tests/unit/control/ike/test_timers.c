/* SPDX-License-Identifier: BSD-3-Clause */
/* test_timers.c - the heap of timers, against a plain array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/timers.h"

#define N 200

static uint64_t rng_state = 1;

static uint64_t rng(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state;
}

static void nothing(struct ike_engine *e, struct timer *t, uint64_t now)
{
	(void)e;
	(void)t;
	(void)now;
}

static void empty_heap_has_nothing_due(void **state)
{
	struct timers h = {0};

	(void)state;
	assert_null(timers_pop(&h, UINT64_MAX));
	assert_int_equal(timers_next(&h), TIMERS_NEVER);
}

static void arming_again_moves_a_timer(void **state)
{
	struct timers h = {0};
	struct timer t;

	(void)state;
	timers_init_one(&t, nothing);
	timers_arm(&h, &t, 10);
	timers_arm(&h, &t, 20);
	assert_int_equal(h.count, 1);
	assert_null(timers_pop(&h, 19));
	assert_ptr_equal(timers_pop(&h, 20), &t);
	assert_false(t.armed);
	assert_null(timers_pop(&h, UINT64_MAX));
}

static void never_disarms(void **state)
{
	struct timers h = {0};
	struct timer t;

	(void)state;
	timers_init_one(&t, nothing);
	timers_arm(&h, &t, 10);
	timers_arm(&h, &t, TIMERS_NEVER);
	assert_false(t.armed);
	timers_cancel(&h, &t);
	assert_int_equal(h.count, 0);
}

/* The twin: who is armed, and when. */
static void behaves_as_an_array_does(void **state)
{
	struct timers h = {0};
	struct timer t[N];
	uint64_t due[N], now = 0;
	size_t armed = 0;

	(void)state;
	for (int i = 0; i < N; i++) {
		timers_init_one(&t[i], nothing);
		due[i] = TIMERS_NEVER;
	}
	for (int step = 0; step < 300000; step++) {
		unsigned i = (unsigned)(rng() % N);
		uint64_t first = TIMERS_NEVER;
		struct timer *popped;

		switch (rng() % 4) {
		case 0:
		case 1:
			armed += due[i] == TIMERS_NEVER;
			due[i] = now + rng() % 1000;
			timers_arm(&h, &t[i], due[i]);
			break;
		case 2:
			armed -= due[i] != TIMERS_NEVER;
			due[i] = TIMERS_NEVER;
			timers_cancel(&h, &t[i]);
			break;
		case 3:
			now += rng() % 20;
			popped = timers_pop(&h, now);
			for (int k = 0; k < N; k++)
				first = due[k] < first ? due[k] : first;
			if (first > now) {
				assert_null(popped);
				break;
			}
			assert_non_null(popped);
			assert_int_equal(due[popped - t], first);
			due[popped - t] = TIMERS_NEVER;
			armed--;
			break;
		}
		assert_int_equal(h.count, armed);
		first = TIMERS_NEVER;
		for (int k = 0; k < N; k++)
			first = due[k] < first ? due[k] : first;
		assert_int_equal(timers_next(&h), first);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_heap_has_nothing_due),
		cmocka_unit_test(arming_again_moves_a_timer),
		cmocka_unit_test(never_disarms),
		cmocka_unit_test(behaves_as_an_array_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
