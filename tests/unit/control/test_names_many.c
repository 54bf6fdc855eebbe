/* SPDX-License-Identifier: BSD-3-Clause */
/* test_names_many.c - more names than may be asked for at a time: whose turn it is, and when. */
#include "names_fixture.h"

#define MOST	NAMES_ASKING_MOST
#define FOREVER 86400u

/* Answers the k-th peer's latest question. */
static void answer_one(struct fixture *x, unsigned k)
{
	struct names_answer a = {.status = NAMES_FOUND, .ttl = FOREVER, .n = 1};
	char peer[16];

	snprintf(peer, sizeof(peer), "p%u", k);
	a.addrs[0] = (struct abi_addr){.family = 4, .bytes = {198, 51, 100, (uint8_t)(k + 1)}};
	names_answer(x->n, peer, x->serials[k], &a, x->now);
}

static void so_many_are_asked_for_at_a_time(void **state)
{
	struct fixture *x = *state;

	load_peers(x, "vpn.example.com", "", MOST + 8);
	assert_int_equal(run(x, 1), MOST);
	assert_int_equal(run(x, NAMES_GIVE_UP - 2), 0);
}

static void an_answer_makes_room_for_the_next(void **state)
{
	struct fixture *x = *state;

	load_peers(x, "vpn.example.com", "", MOST + 8);
	run(x, 1);
	for (unsigned i = 0; i < 8; i++) {
		answer_one(x, i);
		assert_int_equal(run(x, 1), 1);
		assert_int_not_equal(x->serials[MOST + i], 0);
	}
	answer_one(x, 8);
	assert_int_equal(run(x, 1), 0); /* there is nobody left */
}

/* As soon as it has failed, not when it is tried again. */
static void a_question_that_is_given_up_makes_room_for_the_next(void **state)
{
	struct fixture *x = *state;

	load_peers(x, "vpn.example.com", "", MOST + 8);
	run(x, 1);
	assert_int_equal(run(x, NAMES_GIVE_UP + 1), 8);
}

static void a_peer_that_is_no_more_makes_room_for_the_next(void **state)
{
	struct fixture *x = *state;

	load_peers(x, "vpn.example.com", "", MOST + 8);
	run(x, 1);
	write_peers_from(x, "vpn.example.com", "", 3, MOST + 8);
	load_written(x);
	assert_int_equal(run(x, 1), 3);
	assert_int_equal(run(x, 10), 0);
}

/* --- a resolver that has the answer at once, as that of a hosts file has --- */

static int ask_at_once(void *ctx, const struct names_question *q)
{
	struct fixture *x = ctx;
	const struct names_answer a = {
		.status = NAMES_FOUND,
		.ttl = FOREVER,
		.n = 1,
		.addrs = {{.family = 4, .bytes = {198, 51, 100, 7}}},
	};

	x->asked++;
	names_answer(x->n, q->peer, q->serial, &a, x->now);
	return 0;
}

/* It reads a file for each, and other work waits meanwhile. */
static void a_turn_asks_for_so_many_and_the_next_goes_on(void **state)
{
	static const struct names_ops at_once = {ask_at_once};
	struct fixture *x = *state;
	unsigned left = 3 * MOST + 5;

	names_use(x->n, &at_once, x);
	load_peers(x, "vpn.example.com", "", left);
	while (left > 0) {
		unsigned now = left < MOST ? left : MOST, before = x->asked;

		(void)names_tick(x->n, x->now); /* the clock stands still */
		assert_int_equal(x->asked - before, now);
		left -= now;
	}
	assert_int_equal(run(x, 1000), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(so_many_are_asked_for_at_a_time),
		T(an_answer_makes_room_for_the_next),
		T(a_question_that_is_given_up_makes_room_for_the_next),
		T(a_peer_that_is_no_more_makes_room_for_the_next),
		T(a_turn_asks_for_so_many_and_the_next_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
