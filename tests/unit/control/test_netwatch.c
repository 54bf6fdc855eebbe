/* SPDX-License-Identifier: BSD-3-Clause */
/* test_netwatch.c - pings of ours and of a cloud, on a virtual clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "control/netwatch.h"

#define MS 1000000ull

static struct netwatch w;
static uint64_t now;
static unsigned pings, events[5];
static uint16_t last_seq;

static void on_ping(void *ctx, const struct netwatch_row *row)
{
	(void)ctx;
	pings++;
	last_seq = row->seq;
}

static void on_event(void *ctx, const struct netwatch_row *row, enum netwatch_event what)
{
	(void)ctx;
	(void)row;
	events[what]++;
}

static const struct netwatch_ops ops = {.ping = on_ping, .event = on_event};

static struct plan_watch conf(uint32_t probe, uint32_t expect)
{
	struct plan_watch c = {.name = "a",
			       .host = {.family = 4, .bytes = {169, 254, 1, 1}},
			       .src = {.family = 4, .bytes = {169, 254, 1, 2}},
			       .interval = 1000,
			       .failures = 3,
			       .probe = probe,
			       .expect_interval = expect,
			       .expect_failures = 3};

	return c;
}

static void begin(uint32_t probe, uint32_t expect)
{
	struct plan_watch c = conf(probe, expect);

	memset(events, 0, sizeof(events));
	pings = 0;
	now = 1000 * MS;
	netwatch_init(&w, &ops, NULL);
	assert_int_equal(netwatch_configure(&w, &c, 1, now), 0);
}

/* To a later time, waking up just when it is asked for. */
static void run(uint64_t ms)
{
	uint64_t end = now + ms * MS;

	while (w.next <= end) {
		now = w.next > now ? w.next : now;
		netwatch_tick(&w, now);
		assert_true(w.next > now);
	}
	now = end;
}

static void come(uint8_t type, uint16_t seq)
{
	struct plan_watch c = conf(0, 0);
	struct abi_echo e = {.type = type, .seq = seq};

	netwatch_input(&w, &c.host, &c.src, &e, now);
}

static void a_host_is_up_with_its_first_answer(void **state)
{
	(void)state;
	begin(1, 0);
	run(0);
	assert_int_equal(pings, 1);
	run(40);
	assert_int_equal(w.rows[0].state, NETWATCH_UNKNOWN);
	come(0, last_seq);
	assert_int_equal(w.rows[0].state, NETWATCH_UP);
	assert_int_equal(w.rows[0].rtt, 40 * MS);
	assert_int_equal(events[NETWATCH_HOST_UP], 1);
	run(3000);
	assert_int_equal(pings, 4);
	netwatch_free(&w);
}

static void it_is_down_after_so_many_failures_in_a_row(void **state)
{
	(void)state;
	begin(1, 0);
	run(0);
	come(0, last_seq);
	run(2999); /* those at 1 s and 2 s, the first of them missed */
	assert_int_equal(w.rows[0].missed, 1);
	come(0, last_seq); /* not in a row */
	assert_int_equal(w.rows[0].missed, 0);
	run(3001); /* 3, 4, 5, 6 s: 3 missed */
	assert_int_equal(w.rows[0].state, NETWATCH_DOWN);
	assert_int_equal(events[NETWATCH_HOST_DOWN], 1);
	run(5000);
	assert_int_equal(events[NETWATCH_HOST_DOWN], 1);
	come(0, last_seq);
	assert_int_equal(w.rows[0].state, NETWATCH_UP);
	assert_int_equal(events[NETWATCH_HOST_UP], 2);
	netwatch_free(&w);
}

static void one_that_never_answered_is_down_too(void **state)
{
	(void)state;
	begin(1, 0);
	run(3000);
	assert_int_equal(w.rows[0].state, NETWATCH_DOWN);
	netwatch_free(&w);
}

static void only_answers_to_the_last_two_count_and_once(void **state)
{
	(void)state;
	begin(1, 0);
	run(2000);
	assert_int_equal(last_seq, 3);
	come(0, 1);
	come(0, 4);
	come(0, 40000);
	assert_int_equal(w.rows[0].received, 0);
	come(0, 2); /* late, but it is there */
	assert_int_equal(w.rows[0].state, NETWATCH_UP);
	come(0, 2);
	assert_int_equal(w.rows[0].received, 1);
	assert_true(w.rows[0].open);
	come(0, 3);
	assert_false(w.rows[0].open);
	netwatch_free(&w);
}

static void the_clouds_check_that_stays_away_is_counted_down(void **state)
{
	(void)state;
	begin(0, 2000);
	for (int i = 0; i < 5; i++) {
		run(2000);
		come(8, (uint16_t)i);
	}
	assert_int_equal(pings, 0);
	assert_int_equal(events[NETWATCH_PINGS_COME], 1);
	run(2999);
	assert_int_equal(events[NETWATCH_PINGS_LATE], 0);
	run(1);
	assert_int_equal(events[NETWATCH_PINGS_LATE], 1);
	/* 3 of 2 s each that do not come, and the last one's own time: 8 s after the last */
	assert_int_equal(netwatch_countdown(&w.rows[0], now), 5000 * MS);
	run(4999);
	assert_int_equal(events[NETWATCH_PINGS_LOST], 0);
	run(1);
	assert_int_equal(events[NETWATCH_PINGS_LOST], 1);
	assert_int_equal(netwatch_countdown(&w.rows[0], now), 0);
	assert_int_equal(w.rows[0].peer, NETWATCH_DOWN);
	run(60000);
	come(8, 9);
	assert_int_equal(events[NETWATCH_PINGS_COME], 2);
	run(3000);
	assert_int_equal(events[NETWATCH_PINGS_LATE], 2);
	come(8, 10); /* in time */
	assert_int_equal(events[NETWATCH_PINGS_COME], 3);
	assert_int_equal(events[NETWATCH_PINGS_LOST], 1);
	netwatch_free(&w);
}

static void one_that_never_came_is_told_once(void **state)
{
	(void)state;
	begin(0, 1000);
	run(3999);
	assert_int_equal(events[NETWATCH_PINGS_LOST], 0);
	run(60000);
	assert_int_equal(events[NETWATCH_PINGS_LOST], 1);
	assert_int_equal(events[NETWATCH_PINGS_LATE], 0);
	netwatch_free(&w);
}

static void pings_of_others_are_not_its(void **state)
{
	struct plan_watch c = conf(1, 0);
	struct abi_echo e = {.type = 8};
	struct abi_addr other = {.family = 4, .bytes = {10}};

	(void)state;
	begin(1, 1000);
	netwatch_input(&w, &other, &c.src, &e, now);
	netwatch_input(&w, &c.host, &other, &e, now);
	assert_int_equal(w.rows[0].heard, 0);
	netwatch_input(&w, &c.host, &c.src, &e, now);
	assert_int_equal(w.rows[0].heard, 1);
	netwatch_free(&w);
}

static void what_stays_as_it_was_keeps_its_state(void **state)
{
	struct plan_watch c[2] = {conf(1, 0), conf(1, 0)};

	(void)state;
	begin(1, 0);
	run(0);
	come(0, last_seq);
	strcpy(c[0].name, "b");
	c[0].host.bytes[3] = 77;
	assert_int_equal(netwatch_configure(&w, c, 2, now), 0);
	assert_int_equal(netwatch_find(&w, "a")->state, NETWATCH_UP);
	assert_int_equal(netwatch_find(&w, "b")->state, NETWATCH_UNKNOWN);
	c[1].failures = 4;
	assert_int_equal(netwatch_configure(&w, c, 2, now), 0);
	assert_int_equal(netwatch_find(&w, "a")->state, NETWATCH_UNKNOWN);
	assert_int_equal(netwatch_configure(&w, NULL, 0, now), 0);
	assert_true(w.next == UINT64_MAX);
	netwatch_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_is_up_with_its_first_answer),
		cmocka_unit_test(it_is_down_after_so_many_failures_in_a_row),
		cmocka_unit_test(one_that_never_answered_is_down_too),
		cmocka_unit_test(only_answers_to_the_last_two_count_and_once),
		cmocka_unit_test(the_clouds_check_that_stays_away_is_counted_down),
		cmocka_unit_test(one_that_never_came_is_told_once),
		cmocka_unit_test(pings_of_others_are_not_its),
		cmocka_unit_test(what_stays_as_it_was_keeps_its_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
