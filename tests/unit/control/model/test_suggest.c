/* SPDX-License-Identifier: BSD-3-Clause */
/* test_suggest.c - edit distance against a naive twin, and what counts as near. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "control/model/suggest.h"

/* By its definition, in exponential time. */
static size_t naive(const char *a, const char *b)
{
	size_t best, d;

	if (!*a || !*b)
		return strlen(a) + strlen(b);
	best = naive(a + 1, b + 1) + (*a != *b);
	d = naive(a + 1, b) + 1;
	best = d < best ? d : best;
	d = naive(a, b + 1) + 1;
	best = d < best ? d : best;
	if (a[1] && b[1] && a[0] == b[1] && a[1] == b[0]) {
		d = naive(a + 2, b + 2) + 1;
		best = d < best ? d : best;
	}
	return best;
}

static void agrees_with_the_definition(void **state)
{
	(void)state;
	srandom(2);
	for (int i = 0; i < 3000; i++) {
		char a[7] = "", b[7] = "";
		int na = (int)(random() % 6), nb = (int)(random() % 6);

		for (int k = 0; k < na; k++)
			a[k] = (char)('a' + random() % 3);
		for (int k = 0; k < nb; k++)
			b[k] = (char)('a' + random() % 3);
		assert_int_equal(suggest_distance(a, b), naive(a, b));
	}
}

static const char *nearest(const char *word, char *buf, size_t size)
{
	static const char *const known[] = {"dh-group", "hash-algorithm", "enc-algorithm", "name"};
	struct suggest s;

	suggest_start(&s, word);
	for (size_t i = 0; i < 4; i++)
		suggest_offer(&s, known[i]);
	return suggest_text(&s, buf, size);
}

static void offers_the_nearest_word_only_when_it_is_near(void **state)
{
	char buf[128], longest[200];

	(void)state;
	assert_string_equal(nearest("dh-gruop", buf, sizeof(buf)), "; did you mean \"dh-group\"?");
	assert_string_equal(nearest("Hash-Algoritm", buf, sizeof(buf)),
			    "; did you mean \"hash-algorithm\"?");
	assert_string_equal(nearest("wholly-different", buf, sizeof(buf)), "");
	assert_string_equal(nearest("", buf, sizeof(buf)), "");
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_string_equal(nearest(longest, buf, sizeof(buf)), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_definition),
		cmocka_unit_test(offers_the_nearest_word_only_when_it_is_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
