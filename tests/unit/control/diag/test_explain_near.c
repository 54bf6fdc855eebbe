/* SPDX-License-Identifier: BSD-3-Clause */
/* test_explain_near.c - the search that leaves cells out finds what one that fills all does. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "control/diag/explain.h"

#define ROUNDS 30000
#define TEXT   120u

static uint32_t seed = 1;

static unsigned any(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (unsigned)((uint64_t)seed * n >> 32);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned cell_of(unsigned f[TEXT + 1][64], const char *text, const char *pattern, size_t at,
			size_t i, bool no)
{
	unsigned v = least(f[at - 1][i - 1] + (text[at - 1] != pattern[i - 1]),
			   least(f[at - 1][i], f[at][i - 1]) + 1);

	if (i > 1 && at > 1 && text[at - 1] == pattern[i - 2] && text[at - 2] == pattern[i - 1])
		v = least(v, f[at - 2][i - 2] + 1);
	return no && i == 2 && v > 1 ? EXPLAIN_FAR : v;
}

/* The whole table. */
static unsigned twin(const char *text, size_t len, const char *pattern, size_t *end)
{
	static unsigned f[TEXT + 1][64];
	bool no = strncmp(pattern, "no ", 3) == 0;
	size_t n = strlen(pattern);
	unsigned best = EXPLAIN_FAR;

	for (size_t i = 0; i <= n; i++)
		f[0][i] = (no && i > 1 ? EXPLAIN_FAR : 0) + (unsigned)i;
	for (size_t at = 1; at <= len; at++) {
		f[at][0] = no && isalnum((unsigned char)text[at - 1]) ? EXPLAIN_FAR : 0;
		for (size_t i = 1; i <= n; i++)
			f[at][i] = cell_of(f, text, pattern, at, i, no);
		if (f[at][n] < best) {
			best = f[at][n];
			*end = at;
		}
	}
	return best <= n / 12 ? best : EXPLAIN_FAR;
}

/* Some noise, the pattern with a few typing errors, some noise. */
static size_t type(char *text, const char *pattern)
{
	size_t len = any(20), n = strlen(pattern), from = any(4) == 0 ? any((unsigned)n) : 0;

	for (size_t i = 0; i < len; i++)
		text[i] = "no palsr"[any(8)];
	for (size_t i = from; i < n && len < TEXT - 20; i++)
		text[len++] = pattern[i];
	for (unsigned k = any(6); k != 0 && len > 2; k--) {
		size_t at = any((unsigned)len - 1);
		char c = text[at];

		switch (any(4)) {
		case 0:
			text[at] = (char)('a' + any(26));
			break;
		case 1:
			memmove(&text[at], &text[at + 1], --len - at);
			break;
		case 2:
			memmove(&text[at + 1], &text[at], len++ - at);
			break;
		default:
			text[at] = text[at + 1];
			text[at + 1] = c;
		}
	}
	for (unsigned k = any(10); k != 0; k--)
		text[len++] = "no palsr"[any(8)];
	return len;
}

static void it_finds_what_the_whole_table_finds(void **state)
{
	static const char *const patterns[] = {
		"no proposal chosen for", "no such policy of the peer is known here and now",
		"abababababababababababababababab", "payload malformed, possible shared secret",
		"phase1 negotiation failed due to time up"};
	unsigned found[4] = {0};
	char text[TEXT];

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		const char *pattern = patterns[any(5)];
		size_t len = type(text, pattern), end = 0, want_end = 0;
		unsigned want = twin(text, len, pattern, &want_end);
		unsigned got = explain_near(text, len, pattern, &end);

		if (got != want || (want != EXPLAIN_FAR && end != want_end))
			fail_msg("%u at %zu, not %u at %zu: '%.*s' near '%s'", got, end, want,
				 want_end, (int)len, text, pattern);
		found[want < 3 ? want : 3]++;
	}
	for (unsigned i = 0; i < 4; i++)
		assert_true(found[i] > ROUNDS / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_finds_what_the_whole_table_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
