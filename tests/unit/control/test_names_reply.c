/* SPDX-License-Identifier: BSD-3-Clause */
/* test_names_reply.c - A and AAAA in one answer, in whatever order they come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "control/names_reply.h"

#define MANY (HOSTS_MAX_ANSWERS + 3)

/* count addresses of a family, the n-th of which ends with n. */
static void add(struct names_answer *a, uint8_t family, size_t count, uint32_t ttl)
{
	size_t len = family == 4 ? 4 : 16;
	uint8_t addrs[MANY * 16] = {0};

	for (size_t i = 0; i < count; i++) {
		addrs[i * len] = family == 4 ? 198 : 0x20;
		addrs[i * len + len - 1] = (uint8_t)i;
	}
	names_reply_add(a, family, count, ttl, addrs);
}

/* So many of IPv4, then so many of IPv6, each from its first one on. */
static void assert_has(const struct names_answer *a, size_t four, size_t six)
{
	assert_int_equal(a->status, NAMES_FOUND);
	assert_int_equal(a->n, four + six);
	for (size_t i = 0; i < a->n; i++) {
		bool is4 = i < four;

		assert_int_equal(a->addrs[i].family, is4 ? 4 : 6);
		assert_int_equal(a->addrs[i].bytes[0], is4 ? 198 : 0x20);
		assert_int_equal(a->addrs[i].bytes[is4 ? 3 : 15], is4 ? i : i - four);
	}
}

static void a_comes_before_aaaa_whichever_came_first(void **state)
{
	(void)state;
	for (int first = 4; first <= 6; first += 2) {
		struct names_answer a = {0};

		add(&a, (uint8_t)first, 2, 60);
		add(&a, (uint8_t)(10 - first), 2, 30);
		names_reply_end(&a);
		assert_has(&a, 2, 2);
		assert_int_equal(a.ttl, 30);
	}
}

/* What AAAA there are is no reason to do without an A. */
static void a_has_room_whatever_came_before(void **state)
{
	(void)state;
	for (size_t four = 1; four <= MANY; four++) {
		size_t kept = four < HOSTS_MAX_ANSWERS ? four : HOSTS_MAX_ANSWERS;
		struct names_answer a = {0}, b = {0};

		add(&a, 6, MANY, 60);
		add(&a, 4, four, 60);
		names_reply_end(&a);
		assert_has(&a, kept, HOSTS_MAX_ANSWERS - kept);
		add(&b, 4, four, 60);
		add(&b, 6, MANY, 60);
		names_reply_end(&b);
		assert_has(&b, kept, HOSTS_MAX_ANSWERS - kept);
	}
}

static void the_shorter_time_to_live_counts(void **state)
{
	struct names_answer a = {0}, b = {0};

	(void)state;
	add(&a, 4, 1, 30);
	add(&a, 6, 1, 60);
	assert_int_equal(a.ttl, 30);
	names_reply_fail(&b, 6, NAMES_TIMEOUT);
	add(&b, 4, 1, 60);
	assert_int_equal(b.ttl, 60);
}

static void a_family_is_missing_when_nobody_said_that_there_is_none(void **state)
{
	static const enum names_status unknown[] = {NAMES_TIMEOUT, NAMES_SERVER, NAMES_BAD_ANSWER,
						    NAMES_NOT_ASKED};

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		struct names_answer a = {0}, b = {0};

		names_reply_fail(&a, 6, unknown[i]);
		add(&a, 4, 1, 60);
		names_reply_end(&a);
		assert_has(&a, 1, 0);
		assert_true(a.missing6);
		assert_false(a.missing4);
		add(&b, 6, 1, 60);
		names_reply_fail(&b, 4, unknown[i]);
		names_reply_end(&b);
		assert_has(&b, 0, 1);
		assert_true(b.missing4);
		assert_false(b.missing6);
	}
	for (int i = 0; i < 2; i++) {
		struct names_answer a = {0};

		add(&a, 4, 1, 60);
		names_reply_fail(&a, 6, i == 0 ? NAMES_NO_ADDRESS : NAMES_NO_NAME);
		names_reply_end(&a);
		assert_has(&a, 1, 0);
		assert_false(a.missing6);
	}
}

static void what_says_more_is_why_there_is_none(void **state)
{
	static const enum names_status t[][3] = {
		{NAMES_NO_ADDRESS, NAMES_NO_ADDRESS, NAMES_NO_ADDRESS},
		{NAMES_NO_ADDRESS, NAMES_TIMEOUT, NAMES_TIMEOUT},
		{NAMES_TIMEOUT, NAMES_NO_ADDRESS, NAMES_TIMEOUT},
		{NAMES_TIMEOUT, NAMES_NO_NAME, NAMES_NO_NAME},
		{NAMES_NO_NAME, NAMES_TIMEOUT, NAMES_NO_NAME},
		{NAMES_SERVER, NAMES_TIMEOUT, NAMES_SERVER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct names_answer a = {0};

		names_reply_fail(&a, 4, t[i][0]);
		names_reply_fail(&a, 6, t[i][1]);
		names_reply_end(&a);
		assert_int_equal(a.status, t[i][2]);
		assert_int_equal(a.n, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_comes_before_aaaa_whichever_came_first),
		cmocka_unit_test(a_has_room_whatever_came_before),
		cmocka_unit_test(the_shorter_time_to_live_counts),
		cmocka_unit_test(a_family_is_missing_when_nobody_said_that_there_is_none),
		cmocka_unit_test(what_says_more_is_why_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
