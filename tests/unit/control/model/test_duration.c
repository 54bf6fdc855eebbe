/* SPDX-License-Identifier: BSD-3-Clause */
/* test_duration.c - times in RouterOS's syntax, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <string.h>

#include "control/model/duration.h"

static void reads_every_form(void **state)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} good[] = {
		{"1d", 86400},
		{"30m", 1800},
		{"24m", 1440},
		{"8s", 8},
		{"1h30m", 5400},
		{"10m43s", 643},
		{"00:30:00", 1800},
		{"1w2d", 777600},
		{"1d02:00:00", 93600},
		{"1d 02:00:00", 93600},
		{"90", 90},
		{"0s", 0},
		{"00:05", 300},
		{"1w2d3h4m5s", 788645},
		{"23h51m23s", 85883},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint64_t s = 0;

		assert_int_equal(duration_parse(good[i].text, &s), 0);
		assert_int_equal(s, good[i].seconds);
	}
}

static void refuses_what_is_no_time(void **state)
{
	static const char *const bad[] = {"",
					  "d",
					  "1x",
					  "1m1h",
					  "1m1m",
					  "m30",
					  "-1s",
					  "1.5h",
					  "1d2",
					  "00:60",
					  "1:2:60",
					  "1:",
					  "1:2:3:4",
					  " 1s",
					  "1s ",
					  "1h00:30:00x",
					  "999999999999s",
					  "99999999999999999999999w",
					  "1s5"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t s = 7;

		if (duration_parse(bad[i], &s) == 0)
			fail_msg("\"%s\" was read as %lu", bad[i], (unsigned long)s);
	}
}

static void round_trips_at_random(void **state)
{
	char text[DURATION_TEXT];

	(void)state;
	srandom(1);
	for (int i = 0; i < 100000; i++) {
		uint64_t s = (uint64_t)random() >> (random() % 31), back = ~s;

		assert_int_equal(duration_parse(duration_print(s, text), &back), 0);
		assert_int_equal(back, s);
	}
}

static void prints_as_routeros(void **state)
{
	char text[DURATION_TEXT];

	(void)state;
	assert_string_equal(duration_print(634, text), "10m34s");
	assert_string_equal(duration_print(0, text), "0s");
	assert_string_equal(duration_print(777600, text), "1w2d");
	assert_string_equal(duration_print(1440, text), "24m");
	assert_true(strlen(duration_print(UINT64_MAX, text)) < DURATION_TEXT);
}

static void dates_have_both_forms(void **state)
{
	char text[DURATION_TEXT];
	uint64_t s = 0;

	(void)state;
	assert_string_equal(duration_print_date(1661707330, text), "aug/28/2022 17:22:10");
	assert_int_equal(duration_parse_date(text, &s), 0);
	assert_int_equal(s, 1661707330);
	assert_string_equal(duration_print_iso(1661707330, text), "2022-08-28T17:22:10Z");
	s = 0;
	assert_int_equal(duration_parse_date(text, &s), 0);
	assert_int_equal(s, 1661707330);
	assert_string_equal(duration_print_iso(UINT64_MAX, text), "9999-12-30T23:59:59Z");
}

static void refuses_what_is_no_date(void **state)
{
	static const char *const bad[] = {"",
					  "aug/28/2022",
					  "foo/28/2022 17:22:10",
					  "aug/32/2022 17:22:10",
					  "aug/28/1901 17:22:10",
					  "2022-13-28T17:22:10Z",
					  "2022-08-28T25:22:10Z",
					  "2022-08-28T17:22:10Zx"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t s;

		assert_int_equal(duration_parse_date(bad[i], &s), -EINVAL);
	}
}

static void routeros_dates_are_local_and_iso_is_not(void **state)
{
	char buf[DURATION_TEXT];
	uint64_t seconds;

	(void)state;
	setenv("TZ", "CST-8", 1);
	tzset();
	assert_string_equal(duration_print_date(1661678530, buf), "aug/28/2022 17:22:10");
	assert_string_equal(duration_print_iso(1661678530, buf), "2022-08-28T09:22:10Z");
	assert_int_equal(duration_parse_date("aug/28/2022 17:22:10", &seconds), 0);
	assert_int_equal(seconds, 1661678530);
	setenv("TZ", "UTC0", 1);
	tzset();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_form),
		cmocka_unit_test(refuses_what_is_no_time),
		cmocka_unit_test(round_trips_at_random),
		cmocka_unit_test(prints_as_routeros),
		cmocka_unit_test(routeros_dates_are_local_and_iso_is_not),
		cmocka_unit_test(dates_have_both_forms),
		cmocka_unit_test(refuses_what_is_no_date),
	};

	setenv("TZ", "UTC0", 1); /* dates are printed in local time */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
