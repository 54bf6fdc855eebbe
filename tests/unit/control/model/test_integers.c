/* SPDX-License-Identifier: BSD-3-Clause */
/* test_integers.c - integers of any size are taken with their true value, or refused. */
#include "load.h"

#include "control/model/integers.h"
#include "control/model/source.h"

/* The text after integers_widen(), or NULL; what it tells in *told (malloc()ed both). */
static char *widened(const char *text, char **told)
{
	struct problems problems;
	struct source s;
	char *out = NULL;

	load_write("t.conf", text, strlen(text), 0600);
	problems_init(&problems);
	assert_int_equal(source_read(&s, "t.conf", &problems), 0);
	if (integers_widen(&s, &problems) == 0)
		out = strdup(s.text.s);
	*told = problems_text(&problems);
	assert_int_equal(problems.n_errors == 0, out != NULL);
	problems_free(&problems);
	source_free(&s);
	return out;
}

static void assert_widened(const char *text, const char *expected)
{
	char *told, *out = widened(text, &told);

	assert_non_null(out);
	assert_string_equal(out, expected);
	assert_string_equal(told, "");
	free(told);
	free(out);
}

static void assert_refused(const char *text, const char *expected)
{
	char *told, *out = widened(text, &told);

	assert_null(out);
	assert_string_equal(told, expected);
	free(told);
}

static void integers_are_marked_as_long_ones(void **state)
{
	(void)state;
	assert_widened("a = 0;\n", "a = 0L;\n");
	assert_widened("a=-1;b:+2;\n", "a=-1L;b:+2L;\n");
	assert_widened("a = [1,4294967299, -3];\n", "a = [1L,4294967299L, -3L];\n");
	assert_widened("a = (0xFFFFFFFF,0X10);\n", "a = (0xFFFFFFFFL,0X10L);\n");
	assert_widened("a = 9223372036854775807;\n", "a = 9223372036854775807L;\n");
	assert_widened("a = -9223372036854775808;\n", "a = -9223372036854775808L;\n");
	assert_widened("a = 0x7fffffffffffffff;\n", "a = 0x7fffffffffffffffL;\n");
	assert_widened("a = 00000000000000000000000010;\n", "a = 00000000000000000000000010L;\n");
	assert_widened("a = 7", "a = 7L\n");
	assert_widened("", "");
}

static void what_is_marked_already_stays(void **state)
{
	(void)state;
	assert_widened("a = 1L; b = 2LL; c = 0xfL; d = -3L;\n",
		       "a = 1L; b = 2LL; c = 0xfL; d = -3L;\n");
}

static void digits_elsewhere_are_no_integers(void **state)
{
	static const char *const same[] = {
		"a = \"99999999999999999999\";\n",
		"a = \"\\\"99999999999999999999\";\n",
		"a = \"\n99999999999999999999\n\";\n",
		"# 99999999999999999999\n",
		"// 99999999999999999999\n",
		"/* 99999999999999999999\n99999999999999999999 */\n",
		"sha-99999999999999999999 = \"x\";\n",
		"a_99999999999999999999*9 = true;\n",
		"a = 1.5; b = -0.99999999999999999999; c = .5; d = 99999999999999999999.;\n",
		"a = 1e5; b = -2E-7; c = 1.5e99999999999999999999;\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		assert_widened(same[i], same[i]);
}

#define RANGE                                                                                      \
	" digits is out of range; accepted: whole numbers from -9223372036854775808 to "           \
	"9223372036854775807, hexadecimal ones to 0x7fffffffffffffff\n"

static void what_64_bits_do_not_hold_is_refused(void **state)
{
	static const struct {
		const char *text;
		unsigned digits;
	} wrong[] = {
		{"9223372036854775808", 19},	 {"-9223372036854775809", 19},
		{"99999999999999999999999", 23}, {"0x8000000000000000", 16},
		{"0xFFFFFFFFFFFFFFFFFF", 18},	 {"9223372036854775808L", 19},
		{"0xffffffffffffffffLL", 16},	 {"+9223372036854775808", 19},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char text[128], told[256];

		snprintf(text, sizeof(text), "x = 1;\ny = [ 2,\n%s ];\n", wrong[i].text);
		snprintf(told, sizeof(told), "t.conf:3: a number of %u" RANGE, wrong[i].digits);
		assert_refused(text, told);
	}
}

static void each_is_told_at_its_place(void **state)
{
	(void)state;
	load_write("sub.conf", "\nb = 88888888888888888888;\n", 27, 0600);
	assert_refused(
		"/* 9\n\n */ c = \"\n\";\n@include \"sub.conf\"\na = 999999999999999999999;\n",
		"sub.conf:2: a number of 20" RANGE "t.conf:6: a number of 21" RANGE);
}

/* What begins and does not end, and what is no word at all. */
static void broken_texts_are_left_to_the_parser(void **state)
{
	static const char *const same[] = {
		"a = \"9", "a = \"\\", "/* 9",	       "/", "-", "+", ".", "0.",
		"*",	   "a = -;",   "a = \"\\\"9\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		char expected[32];

		snprintf(expected, sizeof(expected), "%s%s", same[i],
			 same[i][strlen(same[i]) - 1] == '\n' ? "" : "\n");
		assert_widened(same[i], expected);
	}
	assert_widened("a = 5foo;\n", "a = 5Lfoo;\n");
	assert_widened("a = 0x;\n", "a = 0Lx;\n");
	assert_widened("a = 5LLL;\n", "a = 5LLL;\n");
	assert_widened("a = 1e;\n", "a = 1Le;\n");
}

/* What the row readers make of it, with the parser in between. */
static void a_property_has_its_true_value(void **state)
{
	static const struct {
		const char *text;
		const char *told; /* NULL: taken as value */
		uint64_t value;
	} cases[] = {
		{"4294967295", NULL, 4294967295},
		{"0xFFFFFFFF", NULL, 4294967295},
		{"2147483648", NULL, 2147483648},
		{"2147483648L", NULL, 2147483648},
		{"4294967296", "\"4294967296\" is not a number from 0 to 4294967295\n", 0},
		{"4294967299", "\"4294967299\" is not a number from 0 to 4294967295\n", 0},
		{"0x100000003", "\"4294967299\" is not a number from 0 to 4294967295\n", 0},
		{"-4294967293", "\"-4294967293\" is not a number from 0 to 4294967295\n", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512], *told;
		struct model *m;

		snprintf(text, sizeof(text),
			 "interface = ( { name = \"wan\"; device = \"net_null1\"; } );\n"
			 "ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"wan\"; } "
			 ");\nipsec = {\nproposal = ( { name = \"e\"; lifebytes = %s; } ); }; };\n",
			 cases[i].text);
		m = load_text(text, &told);
		if (cases[i].told) {
			assert_null(m);
			assert_non_null(
				strstr(told, "t.conf:4: /ip ipsec proposal \"e\": lifebytes: "));
			assert_non_null(strstr(told, cases[i].told));
		} else {
			const struct model_table *t = &m->table[MENU_PROPOSAL];

			assert_int_equal(t->rows[t->n - 1].values[PROPOSAL_LIFEBYTES].num,
					 cases[i].value);
		}
		free(told);
		model_free(m);
	}
}

static void a_number_that_may_be_a_secret_is_not_repeated(void **state)
{
	char *told;

	(void)state;
	assert_null(load_text(
		"ip = { ipsec = { identity = ( { secret = 77777777777777777777; } ); }; };\n",
		&told));
	assert_null(strstr(told, "7777777"));
	free(told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_are_marked_as_long_ones),
		cmocka_unit_test(what_is_marked_already_stays),
		cmocka_unit_test(digits_elsewhere_are_no_integers),
		cmocka_unit_test(what_64_bits_do_not_hold_is_refused),
		cmocka_unit_test(each_is_told_at_its_place),
		cmocka_unit_test(broken_texts_are_left_to_the_parser),
		cmocka_unit_test(a_property_has_its_true_value),
		cmocka_unit_test(a_number_that_may_be_a_secret_is_not_repeated),
	};

	return cmocka_run_group_tests(tests, load_setup, load_teardown);
}
