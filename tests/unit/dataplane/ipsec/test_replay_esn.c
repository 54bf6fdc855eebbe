/* SPDX-License-Identifier: BSD-3-Clause */
/* test_replay_esn.c - extended sequence numbers: which half was not sent (RFC 4303 appendix A2),
 * and the window across 2^32. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/ipsec/replay.h"
#include "tests/unit/dataplane/ipsec/reference.h"

#define G (1ull << 32)

static const uint32_t windows[] = {64, 65, 100, 128, 1000, 1024, 4096, 65535, 65536};
#define WINDOWS (sizeof(windows) / sizeof(windows[0]))

static uint64_t seed = 5;

static struct replay *make(uint32_t window, uint64_t start)
{
	struct replay *r = aligned_alloc(64, 64 + replay_bytes(window));

	assert_non_null(r);
	replay_init(r, (uint64_t *)(void *)r + 8, window, start);
	return r;
}

static bool take(struct replay *r, uint64_t seq)
{
	if (!replay_check(r, seq) || replay_take_block(r, seq & ~31ull, 1u << (seq & 31)) == 0)
		return false;
	replay_advance(r, seq);
	return true;
}

/* Appendix A2.2, word by word: T is the top of the window, W its size, B its bottom. 0 when the
 * upper half would be -1 or 2^32. */
static uint64_t appendix_a2(uint64_t top, uint32_t w, uint32_t seql)
{
	uint32_t tl = (uint32_t)top, th = (uint32_t)(top >> 32), bl = tl - w + 1, seqh;

	if (tl >= w - 1) { /* case A: the window lies within one subspace */
		if (seql < bl && th == UINT32_MAX)
			return 0;
		seqh = seql >= bl ? th : th + 1;
	} else { /* case B: it spans two */
		if (seql >= bl && th == 0)
			return 0;
		seqh = seql >= bl ? th - 1 : th;
	}
	return (uint64_t)seqh << 32 | seql;
}

static bool left_of(uint64_t top, uint32_t window, uint64_t seq)
{
	return top >= window && seq <= top - window;
}

static uint64_t infer(uint64_t top, uint32_t window, uint32_t low)
{
	struct replay *r = make(window, top);
	uint64_t seq = replay_infer(r, low);

	/* Behind the last number comes a small one, which is left of the window. */
	if (left_of(top, window, seq))
		seq = 0;
	free(r);
	return seq;
}

static void the_cases_of_appendix_a2(void **state)
{
	static const struct {
		uint64_t top;
		uint32_t window;
		uint32_t low;
		uint64_t want;
	} step[] = {
		/* A new SA: nothing before number 1, so nothing below the window. */
		/* 1 */ {0, 64, 0, 0},
		/* 2 */ {0, 64, 1, 1},
		/* 3: the last that is not taken for one below */ {0, 64, 0xffffffc0, 0xffffffc0},
		/* 4: would be number -63 */ {0, 64, 0xffffffc1, 0},
		/* 5 */ {0, 64, UINT32_MAX, 0},
		/* Case A: Tl >= W - 1. */
		/* 6: bottom of the window */ {1000, 64, 937, 937},
		/* 7: just left of it: the next subspace */ {1000, 64, 936, G + 936},
		/* 8: top */ {1000, 64, 1000, 1000},
		/* 9: right of it */ {1000, 64, 1001, 1001},
		/* 10: far right */ {1000, 64, UINT32_MAX, UINT32_MAX},
		/* 11: number 2^32, whose lower half is 0 */ {1000, 64, 0, G},
		/* 12: Tl = W - 1 is case A still */ {G + 63, 64, 0, G},
		/* 13 */ {G + 63, 64, UINT32_MAX, G + UINT32_MAX},
		/* 14: at the edge of the subspace */
		{UINT32_MAX, 64, UINT32_MAX - 63, UINT32_MAX - 63},
		/* 15 */ {UINT32_MAX, 64, UINT32_MAX - 64, 2 * G - 65},
		/* 16 */ {UINT32_MAX, 64, 0, G},
		/* 17 */ {UINT32_MAX, 65536, 5, G + 5},
		/* 18 */ {7 * G + 70000, 65536, 4465, 7 * G + 4465},
		/* 19 */ {7 * G + 70000, 65536, 4464, 8 * G + 4464},
		/* Case B: Tl < W - 1, the window straddles 2^32. */
		/* 20: bottom */ {G, 64, UINT32_MAX - 62, UINT32_MAX - 62},
		/* 21: left of it, so far ahead */ {G, 64, UINT32_MAX - 63, 2 * G - 64},
		/* 22 */ {G, 64, UINT32_MAX, UINT32_MAX},
		/* 23 */ {G, 64, 0, G},
		/* 24 */ {G, 64, 1, G + 1},
		/* 25 */ {G + 62, 64, UINT32_MAX, UINT32_MAX},
		/* 26 */ {G + 62, 64, UINT32_MAX - 1, 2 * G - 2},
		/* 27 */ {3 * G + 5, 65536, 0xffff0006, 3 * G - 65530},
		/* 28 */ {3 * G + 5, 65536, 0xffff0005, 4 * G - 65531},
		/* The end of all numbers. */
		/* 29 */ {UINT64_MAX - 1, 64, UINT32_MAX, UINT64_MAX},
		/* 30 */ {UINT64_MAX, 64, UINT32_MAX, UINT64_MAX},
		/* 31: there is nothing behind it */ {UINT64_MAX, 64, 0, 0},
		/* 32 */ {UINT64_MAX, 64, UINT32_MAX - 64, 0},
		/* 33 */ {UINT64_MAX, 65536, 0xffff0000, UINT64_MAX - 65535},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(step) / sizeof(step[0]); i++) {
		assert_int_equal(appendix_a2(step[i].top, step[i].window, step[i].low),
				 step[i].want);
		if (infer(step[i].top, step[i].window, step[i].low) != step[i].want)
			fail_msg("step %u: %lx", i + 1,
				 (unsigned long)infer(step[i].top, step[i].window, step[i].low));
	}
}

/* Near 0, near a multiple of 2^32, near the end, or anywhere. */
static uint64_t random_top(void)
{
	uint64_t x = random_next(&seed), near = (x >> 8) % 140000;

	switch (x % 4) {
	case 0:
		return near;
	case 1:
		return UINT64_MAX - near;
	case 2:
		return random_next(&seed) / G * G + near - 70000;
	default:
		return random_next(&seed);
	}
}

static void agrees_with_appendix_a2(void **state)
{
	(void)state;
	for (unsigned int k = 0; k < WINDOWS; k++) {
		struct replay *r = make(windows[k], 0);

		for (unsigned int i = 0; i < 120000; i++) {
			uint64_t top = random_top(), want, got;
			uint32_t low = (uint32_t)random_next(&seed);

			if (i % 2 == 0)
				low = (uint32_t)(top - windows[k] + low % (2 * windows[k] + 100));
			r->top = top;
			want = appendix_a2(top, windows[k], low);
			got = replay_infer(r, low);
			if (got != want && !(want == 0 && left_of(top, windows[k], got)))
				fail_msg("window %u, top %lx, sent %x: %lx, not %lx", windows[k],
					 (unsigned long)top, low, (unsigned long)got,
					 (unsigned long)want);
		}
		free(r);
	}
}

/* The last numbers there are. */
static void the_window_works_up_to_the_last_number(void **state)
{
	(void)state;
	for (unsigned int k = 0; k < WINDOWS; k++) {
		struct replay *r = make(windows[k], UINT64_MAX - 200000);

		assert_true(take(r, UINT64_MAX - 1));
		assert_false(take(r, UINT64_MAX - 1));
		assert_true(take(r, UINT64_MAX));
		assert_false(take(r, UINT64_MAX));
		assert_true(take(r, UINT64_MAX - windows[k] + 1));
		assert_false(take(r, UINT64_MAX - windows[k]));
		assert_false(take(r, 0));
		assert_false(take(r, 1));
		assert_int_equal(r->top, UINT64_MAX);
		free(r);
	}
}

#define NUMBERS (1u << 20)
#define FIRST	(3 * G - NUMBERS / 2)

/* One byte per number ever sent, and the definition. */
struct twin {
	uint8_t *seen;
	uint64_t top;
	uint32_t window;
};

static bool twin_take(struct twin *t, uint64_t seq)
{
	if (seq <= t->top - t->window || t->seen[seq - FIRST])
		return false;
	t->seen[seq - FIRST] = 1;
	if (seq > t->top)
		t->top = seq;
	return true;
}

/* A packet comes with the lower half of its number; a wrong guess is a wrong ICV. */
static bool receive(struct replay *r, uint64_t seq)
{
	uint64_t guess = replay_infer(r, (uint32_t)seq);

	return replay_check(r, guess) && guess == seq && take(r, guess);
}

static void reordered_and_repeated_across_the_edge(void **state)
{
	(void)state;
	for (unsigned int k = 0; k < WINDOWS; k++) {
		struct replay *r = make(windows[k], FIRST);
		struct twin t = {calloc(1, NUMBERS), FIRST, windows[k]};
		uint64_t at = FIRST;
		unsigned int packets = 0;

		assert_non_null(t.seen);
		t.seen[0] = 1;
		while (at < FIRST + NUMBERS - 100) {
			uint64_t x = random_next(&seed), back = 0;

			/* 10 numbers on and up to more than a window back. */
			at += x % 11;
			if ((x >> 8) % 2 == 0)
				back = (x >> 16) % (windows[k] + 40);
			if (back > at - FIRST)
				continue;
			if (receive(r, at - back) != twin_take(&t, at - back))
				fail_msg("window %u, number %lx, top %lx", windows[k],
					 (unsigned long)(at - back), (unsigned long)t.top);
			assert_int_equal(r->top, t.top);
			packets++;
		}
		assert_true(packets > 120000);
		assert_true(t.top > 3 * G);
		free(t.seen);
		free(r);
	}
}

#define SHARED (1u << 18)
#define AT     (6 * G - SHARED / 2)

struct shared {
	struct replay *r;
	uint8_t *taken; /* how often each number was */
	unsigned int who;
	unsigned int wrong; /* guesses */
};

/* Every number, every other pair of them the other way round; the edge moves under both. */
static void *receive_all(void *arg)
{
	struct shared *s = arg;

	for (uint32_t i = 1; i < SHARED; i++) {
		uint64_t seq = AT + (s->who ? (i ^ 1u) : i), guess;

		if (seq <= AT)
			continue;
		guess = replay_infer(s->r, (uint32_t)seq);
		/* Only what the other has left behind the window meanwhile may be guessed wrong. */
		if (guess != seq &&
		    !left_of(__atomic_load_n(&s->r->top, __ATOMIC_RELAXED), s->r->window, seq))
			s->wrong++;
		if (guess == seq && replay_check(s->r, guess) &&
		    replay_take_block(s->r, guess & ~31ull, 1u << (guess & 31)) != 0)
			__atomic_add_fetch(&s->taken[guess - AT], 1, __ATOMIC_RELAXED);
		if (i % 32 == 0)
			replay_advance(s->r, seq);
	}
	return NULL;
}

static void two_workers_agree_on_the_half_across_the_edge(void **state)
{
	struct replay *r = make(REPLAY_WINDOW_MAX, AT);
	uint8_t *taken = calloc(1, SHARED + 2);
	struct shared s[2] = {{r, taken, 0, 0}, {r, taken, 1, 0}};
	unsigned int missed = 0;
	pthread_t t[2];

	(void)state;
	assert_non_null(taken);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&t[i], NULL, receive_all, &s[i]), 0);
	for (unsigned int i = 0; i < 2; i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(s[i].wrong, 0);
	}
	for (uint32_t i = 1; i < SHARED; i++) {
		assert_true(taken[i] <= 1);
		missed += taken[i] == 0;
	}
	/* The one in front finds each number free or taken by the other. */
	assert_true(missed < SHARED / 100);
	assert_true(r->top > 6 * G);
	free(taken);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cases_of_appendix_a2),
		cmocka_unit_test(agrees_with_appendix_a2),
		cmocka_unit_test(the_window_works_up_to_the_last_number),
		cmocka_unit_test(reordered_and_repeated_across_the_edge),
		cmocka_unit_test(two_workers_agree_on_the_half_across_the_edge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
