/* SPDX-License-Identifier: BSD-3-Clause */
/* test_edit.c - where settings and elements are found in a text, and what patches make of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "control/model/edit.h"

static struct edit edit;

static void assert_span(const char *s, struct edit_span span, const char *expected)
{
	assert_int_equal(span.end - span.at, strlen(expected));
	assert_memory_equal(s + span.at, expected, strlen(expected));
}

static void settings_are_found_among_comments_and_strings(void **state)
{
	const char *s = "# a = 1;\n/* b = 2; */ /*/ a = 4; /*/ a = \"x;}\\\"\" \"y\"; // a = 3\n"
			"bb : { a = 5 }\nc=(1,2);b = 0x1F";
	struct edit_span all = {0, strlen(s)};
	struct edit_setting got;

	(void)state;
	assert_true(edit_find_setting(s, all, "a", &got));
	assert_span(s, got.value, "\"x;}\\\"\" \"y\"");
	assert_true(got.closed);
	assert_true(edit_find_setting(s, all, "bb", &got));
	assert_span(s, got.value, "{ a = 5 }");
	assert_false(got.closed);
	assert_true(edit_find_setting(s, edit_inside(got.value), "a", &got));
	assert_span(s, got.value, "5");
	assert_true(edit_find_setting(s, all, "c", &got));
	assert_span(s, got.value, "(1,2)");
	assert_true(edit_find_setting(s, all, "b", &got));
	assert_span(s, got.value, "0x1F");
	assert_false(edit_find_setting(s, all, "d", &got));
}

static void elements_come_in_order_with_their_commas(void **state)
{
	const char *s = "{ a = \"}\"; }, # one, two\n ( {}, {} ) /* , */ , 3";
	static const char *const expected[] = {"{ a = \"}\"; }", "( {}, {} )", "3"};
	struct edit_span e;
	size_t pos = 0, n = 0;

	(void)state;
	while (edit_next_element(s, strlen(s), &pos, &e))
		assert_span(s, e, expected[n++]);
	assert_int_equal(n, 3);
	assert_int_equal(pos, strlen(s));
}

static void patches_apply_in_the_order_of_the_text(void **state)
{
	struct text out = {0};

	(void)state;
	text_puts(edit_patch(&edit, 4, 5), "E");
	text_puts(edit_patch(&edit, 1, 1), "1");
	text_puts(edit_patch(&edit, 1, 1), "2");
	text_puts(edit_patch(&edit, 1, 2), "B");
	edit_patch(&edit, 2, 4);
	assert_int_equal(edit_apply(&edit, "abcdef", 6, &out), 0);
	assert_string_equal(out.s, "a12BEf");
	text_free(&out);
	edit_free(&edit);
}

static void patches_that_overlap_or_leave_the_text_are_refused(void **state)
{
	struct text out = {0};

	(void)state;
	edit_patch(&edit, 0, 3);
	edit_patch(&edit, 2, 4);
	assert_int_equal(edit_apply(&edit, "abcdef", 6, &out), -22);
	edit_free(&edit);
	edit_patch(&edit, 5, 7);
	assert_int_equal(edit_apply(&edit, "abcdef", 6, &out), -22);
	edit_free(&edit);
	text_free(&out);
}

static void a_patch_without_memory_is_told(void **state)
{
	struct text out = {0};

	(void)state;
	edit_patch(&edit, 0, 1)->failed = true;
	assert_int_equal(edit_apply(&edit, "abc", 3, &out), -12);
	edit_free(&edit);
	text_free(&out);
}

static void too_many_patches_are_told(void **state)
{
	struct text out = {0};

	(void)state;
	for (int i = 0; i < EDIT_MAX_PATCHES; i++)
		assert_non_null(edit_patch(&edit, 0, 0));
	assert_null(edit_patch(&edit, 0, 0));
	assert_int_equal(edit_apply(&edit, "", 0, &out), -12);
	edit_free(&edit);
	edit.failed = false;
	text_free(&out);
}

/* Whatever the bytes are: within bounds, and it ends. */
static void any_bytes_are_survived(void **state)
{
	static const char bytes[] = "{}()[]\"\\=:;,#/* \nab1-";

	(void)state;
	srandom(3);
	for (int round = 0; round < 20000; round++) {
		size_t len = (size_t)random() % 40, pos = 0;
		char *s = malloc(len + 1);
		struct edit_setting one;
		struct edit_span e;

		for (size_t i = 0; i < len; i++)
			s[i] = bytes[(size_t)random() % (sizeof(bytes) - 1)];
		while (edit_next_setting(s, len, &pos, &one))
			assert_true(one.value.end <= len && one.end <= len && pos <= len);
		for (pos = 0; edit_next_element(s, len, &pos, &e);)
			assert_true(e.end <= len && pos <= len && e.at < e.end);
		free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_are_found_among_comments_and_strings),
		cmocka_unit_test(elements_come_in_order_with_their_commas),
		cmocka_unit_test(patches_apply_in_the_order_of_the_text),
		cmocka_unit_test(patches_that_overlap_or_leave_the_text_are_refused),
		cmocka_unit_test(a_patch_without_memory_is_told),
		cmocka_unit_test(too_many_patches_are_told),
		cmocka_unit_test(any_bytes_are_survived),
	};

	return cmocka_run_group_tests_name("edit", tests, NULL, NULL);
}
