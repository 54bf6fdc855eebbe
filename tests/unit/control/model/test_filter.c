/* SPDX-License-Identifier: BSD-3-Clause */
/* test_filter.c - "where": the tutorial's filters, every operator, and a naive twin at random. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "control/model/filter.h"
#include "sa_table.h"

/* Which of the three rows pass, as bits; -1 when the filter is refused. */
static int passing(const char *expr, struct text *why, struct text *hint)
{
	struct filter *f = filter_new(schema_menu(MENU_INSTALLED_SA), expr, why, hint);
	struct value v[INSTALLED_SA_PROPS];
	int bits = 0;

	if (!f)
		return -1;
	for (int i = 0; i < 3; i++) {
		sa_table_get(i, v);
		bits |= filter_match(f, v) << i;
	}
	filter_free(f);
	return bits;
}

static void assert_rows(const char *expr, int bits)
{
	struct text why = {0}, hint = {0};
	int got = passing(expr, &why, &hint);

	if (got != bits)
		fail_msg("%s: rows %x, expected %x %s", expr, (unsigned)got, (unsigned)bits,
			 why.s ? why.s : "");
	text_free(&why);
	text_free(&hint);
}

static void assert_refused(const char *expr, const char *expected)
{
	struct text why = {0}, hint = {0};

	assert_int_equal(passing(expr, &why, &hint), -1);
	if (strcmp(why.s, expected) != 0)
		fail_msg("%s:\n%s\nexpected\n%s", expr, why.s, expected);
	text_free(&why);
	text_free(&hint);
}

static void the_tutorials_filter_finds_its_two_sas(void **state)
{
	(void)state;
	assert_rows("(spi=0x2953159 or spi=0x8051BFF6) and (src-address=\"113.87.48.200:4500\" or "
		    "dst-address~\"113.87.48.200\")",
		    3);
}

static void the_tutorials_filter_finds_its_peer(void **state)
{
	struct text why = {0}, hint = {0};
	struct filter *f =
		filter_new(schema_menu(MENU_ACTIVE_PEERS), "comment=to_tencent", &why, &hint);
	struct value v[ACTIVE_PEERS_PROPS];

	(void)state;
	assert_non_null(f);
	sa_table_peer(v);
	assert_true(filter_match(f, v));
	value_set_text(&v[ACTIVE_COMMENT], "to_tencent2");
	assert_false(filter_match(f, v));
	filter_free(f);
}

static void spis_are_numbers(void **state)
{
	(void)state;
	assert_rows("spi=0x2953159", 1);
	assert_rows("spi=0x02953159", 1);
	assert_rows("spi=43331929", 1);
	assert_rows("spi=0X2953159", 1);
	assert_rows("spi!=43331929", 6);
	assert_rows("spi<0x2953159", 4);
	assert_rows("spi>=0x2953159", 3);
}

static void every_type_compares_as_what_it_is(void **state)
{
	(void)state;
	assert_rows("current-bytes>4000", 2);
	assert_rows("current-bytes<=3303", 5);
	assert_rows("expires-in<20m", 7);
	assert_rows("expires-in=00:19:17", 7);
	assert_rows("expires-in>1157", 0);
	assert_rows("addtime>\"aug/28/2022 17:22:09\"", 7);
	assert_rows("addtime<2022-08-28T17:22:10Z", 0);
	assert_rows("seen-traffic=yes", 4);
	assert_rows("seen-traffic=true", 4);
	assert_rows("seen-traffic", 4);
	assert_rows("!seen-traffic", 3);
	assert_rows("state=dying", 4);
	assert_rows("state<dyinh", 4);
	assert_rows("src-address=198.51.100.7", 4);
	assert_rows("src-address=113.87.48.200", 0); /* its port is part of it */
	assert_rows("src-address>119.0.0.0", 5);
	assert_rows("src-address in 113.87.48.0/24", 2);
	assert_rows("src-address in 0.0.0.0/0", 7);
	assert_rows("add-lifetime=\"24m/30m\"", 7);
	assert_rows("comment=\"branch one\"", 4);
	assert_rows("comment", 4);
	assert_rows("comment=\"\"", 3);
	assert_rows("comment!=\"\"", 4);
	assert_rows("comment!=x", 7);
	assert_rows("comment<zzz", 4); /* what is not set is neither less nor more */
	assert_rows("seq<5 or seq>5 or seq=5", 0);
}

static void patterns_match_what_print_shows(void **state)
{
	(void)state;
	assert_rows("spi~\"^0x2953\"", 1);
	assert_rows("src-address~\"4500$\"", 3);
	assert_rows("comment~\"one|two\"", 4);
	assert_rows("comment~\"^$\"", 3);
	assert_rows("expires-in~m", 7);
	assert_rows("dst-address~^113\\.", 1);
}

static void and_binds_more_than_or_and_not_more_than_and(void **state)
{
	(void)state;
	assert_rows("spi=0x1000 or spi=0x2953159 and state=dying", 4);
	assert_rows("(spi=0x1000 or spi=0x2953159) and state=mature", 1);
	assert_rows("!spi=0x1000 and state=mature", 3);
	assert_rows("!(spi=0x1000 or state=mature)", 0);
	assert_rows("  spi = 0x1000  ||  spi= 0x2953159 && ! state = dying ", 5);
}

static void equals_with_a_pattern_gets_a_hint(void **state)
{
	struct text why = {0}, hint = {0};

	(void)state;
	assert_int_equal(passing("src-address=\"^192.*\" or dst-address~\"113.87\"", &why, &hint),
			 1);
	assert_string_equal(hint.s,
			    "where: src-address: \"=\" compares literally; for a pattern use "
			    "\"~\"\n");
	text_free(&hint);
	assert_int_equal(passing("state=mature", &why, &hint), 3);
	assert_int_equal(hint.len, 0);
	text_free(&why);
	text_free(&hint);
}

static void says_what_is_wrong(void **state)
{
	(void)state;
	assert_refused("sqi=1",
		       "where: /ip ipsec installed-sa has no property \"sqi\"; did you mean "
		       "\"spi\"?");
	assert_refused("spi=banana", "where: spi: \"banana\" is not a value it can have");
	assert_refused("expires-in>soon", "where: expires-in: \"soon\" is not a value it can have");
	assert_refused("esp=maybe", "where: esp: \"maybe\" is not a value it can have");
	assert_refused("spi=1 spi=2", "where: \"and\" or \"or\" is missing at character 7");
	assert_refused("(spi=1", "where: \")\" is missing at character 7");
	assert_refused("spi=1)", "where: \"and\" or \"or\" is missing at character 6");
	assert_refused("", "where: the name of a property is missing at character 1");
	assert_refused("spi=1 and", "where: the name of a property is missing at character 10");
	assert_refused("spi=",
		       "where: a value is missing, its quotes are not closed or an escape is "
		       "unknown at character 5");
	assert_refused("comment=\"x", "where: a value is missing, its quotes are not closed or an "
				      "escape is unknown at character 11");
	assert_refused("state in 10.0.0.0/8",
		       "where: \"in\" needs a property that is an address at character 20");
	assert_refused(
		"src-address in here",
		"where: \"in\" needs a network like 10.0.0.0/8 or 2001:db8::/32 at character 20");
	assert_refused("src-address<here", "where: not an address at character 17");
}

static void secrets_cannot_be_asked_for(void **state)
{
	(void)state;
	assert_refused("enc-key~\"^df\"", "where: secrets cannot be filtered by, at character 8");
	assert_refused("auth-key", "where: secrets cannot be filtered by, at character 9");
}

static void costly_patterns_are_refused(void **state)
{
	char expr[400] = "comment~\"";

	(void)state;
	memset(expr + 9, 'a', 300);
	strcat(expr, "\"");
	assert_refused(expr, "where: pattern string is longer than the limit set by the "
			     "application at character 311");
	assert_refused("comment~\"((a{1,255}){1,255}){1,255}\"",
		       "where: regular expression is too large at character 37");
	assert_refused("comment~\"(\"", "where: missing closing parenthesis at character 12");
	assert_rows("comment~\"n{1,16}\"", 4);
}

static void size_and_depth_are_bounded(void **state)
{
	char deep[200] = "", *longest = calloc(1, 8000);

	(void)state;
	for (int i = 0; i < 70; i++)
		strcat(deep, "!");
	strcat(deep, "esp");
	assert_refused(deep, "where: nested too deeply at character 65");
	for (int i = 0; i < 300; i++)
		strcat(longest, i ? " or esp" : "esp");
	assert_refused(longest, "where: too many conditions at character 901");
	memset(longest, ' ', 5000);
	assert_refused(longest, "where: too long");
	free(longest);
}

/* --- the naive twin: numbers and texts of the three rows, by hand --- */

struct known {
	const char *prop;
	const char *text[3];
	long number[3]; /* when it is one */
	bool is_number;
};

static const struct known known[] = {
	{"current-bytes", {"3303", "4121", "0"}, {3303, 4121, 0}, true},
	{"current-packets", {"19", "25", "0"}, {19, 25, 0}, true},
	{"state", {"mature", "mature", "dying"}, {0}, false},
	{"comment", {"", "", "branch one"}, {0}, false},
	{"enc-algorithm", {"aes-cbc", "aes-cbc", "aes-cbc"}, {0}, false},
};

struct out {
	char text[3000];
	size_t len;
};

static void say(struct out *o, const char *s)
{
	o->len += (size_t)snprintf(o->text + o->len, sizeof(o->text) - o->len, "%s", s);
}

static bool sign(int op, int c)
{
	const bool by[] = {c == 0, c != 0, c<0, c> 0, c <= 0, c >= 0};

	return by[op];
}

static int leaf(struct out *o)
{
	static const char *const ops[] = {"=", "!=", "<", ">", "<=", ">="};
	static const char *const words[] = {"mature", "dying", "branch one", "aes-cbc", "m"};
	const struct known *k = &known[random() % 5];
	int op = (int)(random() % 6), bits = 0;
	long number = random() % 3 ? k->number[random() % 3] : random() % 5000;
	const char *word = words[random() % 5];
	char value[64];

	if (k->is_number)
		snprintf(value, sizeof(value), random() % 2 ? "%ld" : "0x%lx", number);
	else
		snprintf(value, sizeof(value), "\"%s\"", word);
	say(o, k->prop);
	say(o, ops[op]);
	say(o, value);
	for (int i = 0; i < 3; i++) {
		int c = strcmp(k->text[i], word);

		if (k->is_number)
			c = k->number[i] < number ? -1 : k->number[i] > number;
		if (!k->text[i][0])
			bits |= (op == 1) << i; /* not set */
		else
			bits |= sign(op, c) << i;
	}
	return bits;
}

/* Writes an expression and returns the rows that must pass, with parentheses wherever they matter
 * (and here and there where they do not). */
static int expression(struct out *o, int depth)
{
	int kind = depth == 0 ? 0 : (int)(random() % 4), bits;

	switch (kind) {
	case 1:
		say(o, "!(");
		bits = ~expression(o, depth - 1) & 7;
		say(o, ")");
		return bits;
	case 2:
	case 3:
		say(o, "(");
		bits = expression(o, depth - 1);
		say(o, kind == 2 ? ") and (" : ") or (");
		bits = kind == 2 ? bits & expression(o, depth - 1)
				 : bits | expression(o, depth - 1);
		say(o, ")");
		return bits;
	default:
		return leaf(o);
	}
}

static void agrees_with_the_naive_twin(void **state)
{
	(void)state;
	srandom(5);
	for (int i = 0; i < 20000; i++) {
		struct out o = {"", 0};
		int bits = expression(&o, 4);

		assert_rows(o.text, bits);
	}
}

static void survives_anything(void **state)
{
	static const char alphabet[] = "spi=01x!<>~()\"\\ andor&|in comment-{}[]*^$src-address:.";

	(void)state;
	srandom(6);
	for (int i = 0; i < 50000; i++) {
		struct text why = {0}, hint = {0};
		char expr[64];
		int n = (int)(random() % 60);

		for (int k = 0; k < n; k++)
			expr[k] = alphabet[(size_t)random() % (sizeof(alphabet) - 1)];
		expr[n] = '\0';
		if (passing(expr, &why, &hint) < 0)
			assert_true(why.len > 0);
		text_free(&why);
		text_free(&hint);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tutorials_filter_finds_its_two_sas),
		cmocka_unit_test(the_tutorials_filter_finds_its_peer),
		cmocka_unit_test(spis_are_numbers),
		cmocka_unit_test(every_type_compares_as_what_it_is),
		cmocka_unit_test(patterns_match_what_print_shows),
		cmocka_unit_test(and_binds_more_than_or_and_not_more_than_and),
		cmocka_unit_test(equals_with_a_pattern_gets_a_hint),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(secrets_cannot_be_asked_for),
		cmocka_unit_test(costly_patterns_are_refused),
		cmocka_unit_test(size_and_depth_are_bounded),
		cmocka_unit_test(agrees_with_the_naive_twin),
		cmocka_unit_test(survives_anything),
	};

	setenv("TZ", "UTC0", 1); /* dates are printed in local time */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
