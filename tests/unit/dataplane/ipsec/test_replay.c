/* SPDX-License-Identifier: BSD-3-Clause */
/* test_replay.c - the replay window: a numbered table, a naive twin, and two threads. */
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

static struct replay *make(uint32_t window, uint64_t start)
{
	size_t bytes = 64 + replay_bytes(window);
	struct replay *r = aligned_alloc(64, bytes);

	assert_non_null(r);
	memset(r, 0x11, bytes); /* blocks that would be newer than any that comes */
	replay_init(r, (uint64_t *)(void *)r + 8, window, start);
	return r;
}

/* A block of one number. */
static bool take(struct replay *r, uint64_t seq)
{
	return replay_take_block(r, seq & ~31ull, 1u << (seq & 31)) != 0;
}

/* What esp_in does with one packet whose ICV is good. */
static bool accept(struct replay *r, uint64_t seq)
{
	if (!replay_check(r, seq) || !take(r, seq))
		return false;
	replay_advance(r, seq);
	return true;
}

/* The same, when it is the only worker. What it holds for new is, and it holds no other for new
 * that is not left of the block of the edge. */
static bool accept_alone(struct replay *r, uint64_t seq)
{
	bool open = replay_check_alone(r, seq), taken;
	uint64_t top = r->top;

	assert_int_equal(replay_is_new_alone(r, seq), open && seq >= (top & ~31ull));
	taken = replay_accept_alone(r, seq);
	assert_int_equal(taken, open);
	assert_int_equal(r->top, seq > top ? seq : top);
	return taken;
}

struct step {
	uint64_t seq;
	bool want;
};

static void walk(uint32_t window, uint64_t start, uint64_t end, const struct step *steps, size_t n)
{
	struct replay *r = make(window, start), *alone = make(window, start);

	for (size_t i = 0; i < n; i++)
		if (accept(r, steps[i].seq) != steps[i].want ||
		    accept_alone(alone, steps[i].seq) != steps[i].want)
			fail_msg("step %zu, sequence number %lu: expected %d", i + 1,
				 (unsigned long)steps[i].seq, steps[i].want);
	assert_int_equal(r->top, end);
	assert_int_equal(alone->top, end);
	free(alone);
	free(r);
}

#define WALK(window, start, end, steps)                                                            \
	walk(window, start, end, steps, sizeof(steps) / sizeof((steps)[0]))

static void window_of_64_follows_the_table(void **state)
{
	static const struct step steps[] = {
		/* 1 */ {0, false},
		/* 2 */ {1, true},
		/* 3 */ {1, false},
		/* 4 */ {3, true},
		/* 5 */ {2, true},
		/* 6 */ {2, false},
		/* 7 */ {3, false},
		/* 8 */ {64, true},
		/* 9 */ {64, false},
		/* 10 */ {4, true},
		/* 11 */ {66, true},
		/* 12: two left of the edge at 66 - 64 */ {2, false},
		/* 13 */ {3, false},
		/* 14 */ {5, true},
		/* 15 */ {65, true},
		/* 16 */ {65, false},
		/* 17: a jump of exactly the window */ {130, true},
		/* 18: now left of it */ {66, false},
		/* 19: its last one */ {67, true},
		/* 20 */ {67, false},
		/* 21 */ {129, true},
		/* 22: a jump far beyond the ring */ {100000, true},
		/* 23: never seen, but left */ {99936, false},
		/* 24 */ {99937, true},
		/* 25 */ {99937, false},
		/* 26: same cell as 100000 in the ring, long gone */ {131, false},
		/* 27 */ {99999, true},
		/* 28 */ {100000, false},
		/* 29 */ {0, false},
		/* 30 */ {UINT32_MAX - 1, true},
		/* 31 */ {UINT32_MAX, true},
		/* 32 */ {UINT32_MAX, false},
		/* 33 */ {UINT32_MAX - 63, true},
		/* 34 */ {UINT32_MAX - 64, false},
		/* 35: extended numbers go on */ {1ull << 32, true},
		/* 36 */ {1ull << 32, false},
		/* 37 */ {UINT32_MAX - 62, true},
		/* 38 */ {UINT32_MAX - 63, false},
	};

	(void)state;
	WALK(64, 0, 1ull << 32, steps);
}

static void resumed_window_takes_nothing_up_to_its_start(void **state)
{
	static const struct step steps[] = {
		{1, false},   {999, false},  {1000, false}, {968, false}, {1001, true},
		{992, false}, {1001, false}, {1003, true},  {1002, true}, {1000, false},
	};

	(void)state;
	WALK(128, 1000, 1003, steps);
}

static void resumed_at_a_block_edge(void **state)
{
	(void)state;
	for (uint64_t start = 1; start < 300; start++) {
		struct replay *r = make(64, start);

		for (uint64_t s = 0; s <= start; s++)
			assert_false(replay_check(r, s));
		for (uint64_t s = 0; s <= start; s++)
			assert_false(take(r, s));
		for (uint64_t s = 0; s <= start; s++)
			assert_false(accept_alone(r, s));
		assert_true(accept_alone(r, start + 1));
		free(r);
	}
}

static void check_alone_changes_nothing(void **state)
{
	struct replay *r = make(64, 0);

	(void)state;
	assert_true(replay_check(r, 500));
	assert_true(replay_check(r, 500));
	assert_int_equal(r->top, 0);
	assert_true(accept(r, 1));
	free(r);
}

/* Until the edge moves, numbers of a block whose cell a newer one has taken are still right of it:
 * they are lost, and cost no decryption. */
static void what_a_newer_block_has_replaced_is_not_open(void **state)
{
	struct replay *r = make(64, 0);
	uint64_t ahead = 32ull * (r->mask + 1);

	(void)state;
	assert_true(replay_check(r, 5));
	assert_true(take(r, ahead + 1));
	assert_int_equal(r->top, 0);
	assert_int_equal(replay_open_block(r, 0), 0);
	assert_false(replay_check(r, 5));
	assert_false(take(r, 5));
	assert_int_equal(replay_open_block(r, ahead), ~2u);
	free(r);
}

/* The same of one worker, but for the block of the edge itself: that is known beside it, and closed
 * when the edge moves. */
static void what_a_newer_block_has_replaced_is_lost_when_the_edge_moves(void **state)
{
	struct replay *r = make(64, 0);
	uint64_t ahead = 32ull * (r->mask + 1);

	(void)state;
	assert_true(replay_accept_alone(r, 1));
	assert_true(replay_take_alone(r, 40));
	assert_true(replay_take_alone(r, ahead + 40));
	assert_true(replay_take_alone(r, ahead + 1));
	assert_int_equal(r->top, 1);
	assert_true(replay_take_alone(r, 5));
	assert_false(replay_take_alone(r, 5));
	assert_false(replay_take_alone(r, 1));
	assert_false(replay_take_alone(r, 41));
	replay_advance_alone(r, 40); /* whose block is not known any more: none is new */
	assert_false(replay_take_alone(r, 41));
	replay_advance_alone(r, ahead + 1);
	assert_int_equal(replay_open_block_alone(r, 0), 0);
	assert_int_equal(replay_open_block_alone(r, ahead), ~2u);
	assert_int_equal(replay_open_block_alone(r, ahead + 32), ~(1u << 8));
	free(r);
}

static void the_edge_never_moves_back(void **state)
{
	struct replay *r = make(64, 0);

	(void)state;
	assert_true(replay_advance(r, 10));
	assert_false(replay_advance(r, 10));
	assert_false(replay_advance(r, 9));
	assert_int_equal(r->top, 10);
	replay_advance_alone(r, 9);
	assert_int_equal(r->top, 10);
	replay_advance_alone(r, 11);
	assert_int_equal(r->top, 11);
	free(r);
}

static void every_number_of_a_large_window_is_taken_once(void **state)
{
	struct replay *r = make(REPLAY_WINDOW_MAX, 0), *alone = make(REPLAY_WINDOW_MAX, 0);

	(void)state;
	assert_true(accept(r, REPLAY_WINDOW_MAX));
	assert_true(accept_alone(alone, REPLAY_WINDOW_MAX));
	for (uint64_t s = REPLAY_WINDOW_MAX - 1; s >= 1; s--)
		assert_true(accept(r, s) && accept_alone(alone, s));
	for (uint64_t s = 0; s <= REPLAY_WINDOW_MAX; s++)
		assert_false(accept(r, s) || accept_alone(alone, s));
	free(alone);
	free(r);
}

/* The twin: one byte per number ever, and the definition of RFC 4303 section 3.4.3. */
struct twin {
	uint8_t *seen;
	uint64_t top;
	uint32_t window;
};

static bool twin_accept(struct twin *t, uint64_t seq)
{
	if (seq == 0 || (t->top >= t->window && seq <= t->top - t->window) || t->seen[seq])
		return false;
	t->seen[seq] = 1;
	if (seq > t->top)
		t->top = seq;
	return true;
}

static void agrees_with_the_naive_twin(void **state)
{
	static const uint32_t windows[] = {64, 65, 100, 128, 1000, 1024, 4096, 65536};
	const uint64_t numbers = 1u << 25;
	uint64_t seed = 42;

	(void)state;
	for (size_t k = 0; k < sizeof(windows) / sizeof(windows[0]); k++) {
		struct replay *r = make(windows[k], 0), *alone = make(windows[k], 0);
		struct twin t = {calloc(1, numbers), 0, windows[k]};
		uint64_t at = 1;

		assert_non_null(t.seen);
		for (unsigned int i = 0; i < 130000; i++) {
			uint64_t x = random_next(&seed), seq;
			bool want;

			if (x % 1000 == 0)
				at += (x >> 20) % (3ull * windows[k]);
			at += x % 3;
			seq = at + (x >> 32) % 40;
			if ((x & 3) == 0)
				seq -= (x >> 40) % (windows[k] + 70) < seq
					       ? (x >> 40) % (windows[k] + 70)
					       : seq;
			assert_true(seq < numbers);
			want = twin_accept(&t, seq);
			if (accept(r, seq) != want || accept_alone(alone, seq) != want)
				fail_msg("window %u, packet %u, number %lu", windows[k], i,
					 (unsigned long)seq);
			assert_int_equal(r->top, t.top);
		}
		free(t.seen);
		free(alone);
		free(r);
	}
}

/* The same numbers to two windows, to one in blocks and to the other one by one. */
static void a_block_is_its_numbers_one_by_one(void **state)
{
	static const uint32_t windows[] = {64, 100, 128, 1000, 4096};
	uint64_t seed = 7;

	(void)state;
	for (size_t k = 0; k < sizeof(windows) / sizeof(windows[0]); k++) {
		struct replay *blocks = make(windows[k], 0), *singles = make(windows[k], 0);
		struct replay *alone = make(windows[k], 0);
		uint64_t at = 0;

		for (unsigned int i = 0; i < 100000; i++) {
			uint64_t x = random_next(&seed), back = (x >> 8) % (windows[k] + 400);
			uint64_t first;
			uint32_t bits = (uint32_t)(x >> 32), taken = 0;

			at += x % 97 == 0 ? (x >> 20) % (3ull * windows[k]) : x % 40;
			first = (x % 3 == 0 && back < at ? at - back : at) & ~31ull;
			if (x % 5 == 0)
				bits &= bits >> 7;
			for (unsigned int b = 0; b < 32; b++)
				if (bits >> b & 1 && take(singles, first + b))
					taken |= 1u << b;
			if (replay_take_block(blocks, first, bits) != taken ||
			    replay_take_block_alone(alone, first, bits) != taken)
				fail_msg("window %u, block %lu of %08x", windows[k],
					 (unsigned long)first, bits);
			for (unsigned int b = 0; b < 32; b++)
				if (taken >> b & 1) {
					replay_advance(singles, first + b);
					replay_advance(blocks, first + b);
					replay_advance_alone(alone, first + b);
				}
		}
		assert_int_equal(blocks->top, singles->top);
		assert_int_equal(alone->top, singles->top);
		for (uint64_t back = 0; back < windows[k] + 64; back += 32)
			assert_int_equal(replay_open_block_alone(alone, (at & ~31ull) + 64 - back),
					 replay_open_block(blocks, (at & ~31ull) + 64 - back));
		free(alone);
		free(blocks);
		free(singles);
	}
}

#define SHARED_NUMBERS 400000u

struct shared {
	struct replay *r;
	uint8_t *taken; /* how often each number was */
	unsigned int who;
};

static void *take_all(void *arg)
{
	struct shared *s = arg;

	/* Both offer every number, each in blocks that the other one has half of. */
	for (uint32_t i = 1; i < SHARED_NUMBERS; i++) {
		uint32_t seq = s->who ? (i ^ 7u) : i;

		if (seq != 0 && replay_check(s->r, seq) && take(s->r, seq))
			__atomic_add_fetch(&s->taken[seq], 1, __ATOMIC_RELAXED);
		if (i % 32 == 0)
			replay_advance(s->r, seq);
	}
	return NULL;
}

static void *take_blocks(void *arg)
{
	static const uint32_t ask[2] = {0x5a5a5a5a, UINT32_MAX};
	struct shared *s = arg;

	for (uint32_t i = 0; i < 2 * SHARED_NUMBERS / 32; i++) {
		uint32_t first = i / 2 * 32;
		uint32_t taken = replay_take_block(s->r, first, ask[i % 2]);

		for (unsigned int b = 0; b < 32; b++)
			if (taken >> b & 1) /* what was not asked for counts as taken twice */
				__atomic_add_fetch(&s->taken[first + b],
						   ask[i % 2] >> b & 1 ? 1 : 2, __ATOMIC_RELAXED);
		replay_advance(s->r, first + 31);
	}
	return NULL;
}

static void workers_never_take_a_number_twice(void **state)
{
	struct replay *r = make(REPLAY_WINDOW_MAX, 0);
	uint8_t *taken = calloc(1, SHARED_NUMBERS + 32);
	struct shared s[3] = {{r, taken, 0}, {r, taken, 1}, {r, taken, 2}};
	pthread_t t[3];
	unsigned int missed = 0;

	(void)state;
	assert_non_null(taken);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(
			pthread_create(&t[i], NULL, i == 2 ? take_blocks : take_all, &s[i]), 0);
	for (unsigned int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	for (uint32_t i = 1; i < SHARED_NUMBERS; i++) {
		assert_true(taken[i] <= 1);
		missed += taken[i] == 0;
	}
	/* The one in front always finds its numbers free or taken by the other. */
	assert_true(missed < SHARED_NUMBERS / 100);
	free(taken);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(window_of_64_follows_the_table),
		cmocka_unit_test(resumed_window_takes_nothing_up_to_its_start),
		cmocka_unit_test(resumed_at_a_block_edge),
		cmocka_unit_test(check_alone_changes_nothing),
		cmocka_unit_test(what_a_newer_block_has_replaced_is_not_open),
		cmocka_unit_test(what_a_newer_block_has_replaced_is_lost_when_the_edge_moves),
		cmocka_unit_test(the_edge_never_moves_back),
		cmocka_unit_test(every_number_of_a_large_window_is_taken_once),
		cmocka_unit_test(agrees_with_the_naive_twin),
		cmocka_unit_test(a_block_is_its_numbers_one_by_one),
		cmocka_unit_test(workers_never_take_a_number_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
