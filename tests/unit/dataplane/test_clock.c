/* SPDX-License-Identifier: BSD-3-Clause */
/* test_clock.c - the TSC clock: rate, calibration, monotony, and a writer caught in the act. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/clock.h"

#define GHZ 1000000000ull
#define S   1000000000ull

static void converts_at_the_given_frequency(void **state)
{
	struct clock c;

	(void)state;
	clock_init(&c, 2 * GHZ, 1000, 5 * S);
	assert_int_equal(clock_at(&c, 1000, 0), 5 * S);
	assert_in_range(clock_at(&c, 1000 + 2 * GHZ, 0), 6 * S - 1, 6 * S);
	/* A day without calibration: 64 bits of product would not be enough. */
	assert_in_range(clock_at(&c, 1000 + 86400 * 2 * GHZ, 0), 86405 * S - 100000,
			86405 * S + 100000);
}

static void learns_the_real_rate(void **state)
{
	struct clock c;

	(void)state;
	clock_init(&c, 2 * GHZ, 0, 0); /* EAL said 2 GHz, it is 2.1 GHz */
	clock_calibrate(&c, 21 * GHZ, 10 * S);
	assert_in_range(clock_at(&c, 42 * GHZ, 0), 20 * S - 100, 20 * S);
}

static void never_goes_back(void **state)
{
	struct clock c;
	uint64_t t;

	(void)state;
	clock_init(&c, 2 * GHZ, 0, 0);
	t = clock_at(&c, 20 * GHZ, 0);
	clock_calibrate(&c, 21 * GHZ, 9 * S); /* we were ahead */
	assert_int_equal(clock_at(&c, 21 * GHZ, t), t);
	assert_true(clock_at(&c, 24 * GHZ, t) > t);
}

static void keeps_its_time_while_the_manager_writes(void **state)
{
	struct clock c;

	(void)state;
	clock_init(&c, 2 * GHZ, 0, 0);
	c.seq++;
	assert_int_equal(clock_at(&c, 2 * GHZ, 77), 77);
	c.seq++;
	assert_true(clock_at(&c, 2 * GHZ, 77) > 77);
}

static void ignores_a_clock_that_stands_still(void **state)
{
	struct clock c;

	(void)state;
	clock_init(&c, 2 * GHZ, 100, 100);
	clock_calibrate(&c, 100, 100);
	clock_calibrate(&c, 50, 200);
	assert_in_range(clock_at(&c, 100 + 2 * GHZ, 0), S + 99, S + 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(converts_at_the_given_frequency),
		cmocka_unit_test(learns_the_real_rate),
		cmocka_unit_test(never_goes_back),
		cmocka_unit_test(keeps_its_time_while_the_manager_writes),
		cmocka_unit_test(ignores_a_clock_that_stands_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
