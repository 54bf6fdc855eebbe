/* SPDX-License-Identifier: BSD-3-Clause */
/* test_pattern.c - ordinary expressions match as expected; costly ones end soon, one way or
 * another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/model/pattern.h"

static bool matches(const char *re, const char *subject)
{
	char why[128] = "";
	struct pattern *p = pattern_new(re, why, sizeof(why));
	bool hit;

	if (!p)
		fail_msg("%s: %s", re, why);
	hit = pattern_match(p, subject);
	pattern_free(p);
	return hit;
}

static void ordinary_expressions_match(void **state)
{
	(void)state;
	assert_true(matches("", "x"));
	assert_true(matches("113.87.48.200", "113.87.48.200:4500"));
	assert_true(matches("^192\\.168\\.[0-9]+\\.[0-9]+$", "192.168.1.12"));
	assert_false(matches("^192\\.168\\.[0-9]+\\.[0-9]+$", "192.168.1.12:80"));
	assert_true(matches("^10.100.1.*:[0-9]+", "10.100.1.6:18888"));
	assert_true(matches("(est|lar)", "established"));
	assert_true(matches("^(([0-9a-f]{2}:){5}[0-9a-f]{2})$", "02:00:00:00:01:12"));
	assert_true(matches("[[:alpha:]]{3}", "abc"));
	assert_false(matches("est$", "established"));
}

static void wrong_expressions_are_refused_with_a_reason(void **state)
{
	static const char *const bad[] = {"(", "[a", "a{3,2}", "*a", "(?<", "\\"};
	char why[128];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why[0] = '\0';
		assert_null(pattern_new(bad[i], why, sizeof(why)));
		assert_true(why[0] != '\0');
	}
}

static void long_and_deep_expressions_are_refused(void **state)
{
	char re[PATTERN_MAX_LEN + 2], why[128];

	(void)state;
	memset(re, 'a', sizeof(re));
	re[PATTERN_MAX_LEN + 1] = '\0';
	assert_null(pattern_new(re, why, sizeof(why)));
	memset(re, '(', 60);
	memset(re + 60, ')', 60);
	re[120] = '\0';
	assert_null(pattern_new(re, why, sizeof(why)));
	assert_null(pattern_new("((a{1,255}){1,255}){1,255}", why, sizeof(why)));
}

/* Classic traps: each is given up after a bounded number of steps, and then it is no match. */
static void traps_end_without_a_match(void **state)
{
	char subject[2001];

	(void)state;
	memset(subject, 'a', sizeof(subject) - 1);
	subject[sizeof(subject) - 1] = '\0';
	assert_false(matches("(a+)+b", subject));
	assert_false(matches("(a|a)*b", subject));
	assert_false(matches("(.*)(.*)(.*)(.*)(.*)(.*)b", subject));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_expressions_match),
		cmocka_unit_test(wrong_expressions_are_refused_with_a_reason),
		cmocka_unit_test(long_and_deep_expressions_are_refused),
		cmocka_unit_test(traps_end_without_a_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
