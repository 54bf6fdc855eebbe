/* SPDX-License-Identifier: BSD-3-Clause */
/* test_regex_bound.c - what passes compiles in little memory; what is ordinary passes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <malloc.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/regex_bound.h"

static void ordinary_expressions_pass(void **state)
{
	static const char *const good[] = {
		"",
		"^192\\.168\\.[0-9]+\\.[0-9]+$",
		"a+b+c+d+e+f+g+h+",
		"(a|b)*",
		"[[:alpha:]]{1,16}",
		"x{2,3}y{0,64}",
		"[]+{]",
		"^(([0-9a-f]{2}:){5}[0-9a-f]{2})$",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (regex_bound_check(good[i]))
			fail_msg("%s: %s", good[i], regex_bound_check(good[i]));
}

static void costly_expressions_do_not(void **state)
{
	static const char *const bad[] = {
		"((a{1,255}){1,255}){1,255}",
		"a{4000}",
		"(((((((((((a+)+)+)+)+)+)+)+)+)+)+)+",
		"a++++++++++++++++",
		"(x)\\1",
		"a{99999999999999999999}",
		"a{64}{64}",
		"[a]{50}{50}",
		")(a{50}){50}",
		"(a{50}){50",
		"[[:alpha:]]{50}{50}",
		"[^]]{50}{50}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!regex_bound_check(bad[i]))
			fail_msg("%s passes", bad[i]);
}

/* Whatever passes, valid or not, is compiled without asking for much. */
static void what_passes_is_cheap_to_compile(void **state)
{
	static const char alphabet[] = "aab+++*?{}{}0123,()()[]|^$\\.:";
	size_t most = 0;

	(void)state;
	srandom(10);
	for (int i = 0; i < 20000; i++) {
		char re[64];
		int n = (int)(random() % 60);
		size_t before;
		regex_t compiled;

		for (int k = 0; k < n; k++)
			re[k] = alphabet[(size_t)random() % (sizeof(alphabet) - 1)];
		re[n] = '\0';
		if (regex_bound_check(re))
			continue;
		before = mallinfo2().uordblks + mallinfo2().hblkhd;
		if (regcomp(&compiled, re, REG_EXTENDED | REG_NOSUB) == 0) {
			size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;

			most = after > before && after - before > most ? after - before : most;
			regfree(&compiled);
		}
	}
	assert_true(most < 8u << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_expressions_pass),
		cmocka_unit_test(costly_expressions_do_not),
		cmocka_unit_test(what_passes_is_cheap_to_compile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
