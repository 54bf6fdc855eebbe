/* SPDX-License-Identifier: BSD-3-Clause */
/* test_algorithms.c - the table of groups says what the suite table and the model say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "control/console/algorithms.h"
#include "control/crypto/suite.h"
#include "control/model/menus.h"

static uint64_t ticks;

/* A clock on which a key pair takes 1 us, and a secret, too. */
static uint64_t clock_of_test(void)
{
	return ticks += 1000;
}

static json_t *table(void)
{
	struct text out = {0};
	json_t *rows;

	assert_int_equal(algorithms_dh(clock_of_test, 1, true, &out), 0);
	rows = json_loads(out.s, 0, NULL);
	assert_non_null(rows);
	text_free(&out);
	return rows;
}

static json_t *row_of(json_t *rows, const char *name)
{
	size_t i;
	json_t *row;

	json_array_foreach (rows, i, row)
		if (strcmp(json_string_value(json_object_get(row, "name")), name) == 0)
			return row;
	return NULL;
}

static const char *text_of(json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

static void every_group_is_there_as_the_suites_have_it(void **state)
{
	json_t *rows = table();
	const struct suite_group *g;

	(void)state;
	for (size_t i = 0; (g = suite_group_at(i)) != NULL; i++) {
		json_t *row = row_of(rows, g->name);
		char use[64] = "yes";

		assert_non_null(row);
		assert_int_equal(json_integer_value(json_object_get(row, "group")), g->id);
		assert_int_equal(json_integer_value(json_object_get(row, "bits")), g->bits);
		if (g->weak)
			snprintf(use, sizeof(use), "allow-weak=%s", suite_weak_word(g->weak));
		assert_string_equal(text_of(row, "use"), use);
		assert_true(json_real_value(json_object_get(row, "key-pair-us")) == 1.0);
		assert_true(json_real_value(json_object_get(row, "secret-us")) == 1.0);
		/* What RFC 8247 advises against takes a word. */
		assert_int_equal(strstr(text_of(row, "rfc8247"), "NOT") != NULL, g->weak != 0);
	}
	json_decref(rows);
}

static void what_the_configuration_refuses_is_refused(void **state)
{
	const struct domain_word *w = schema_menu(MENU_PROFILE)->props[PROFILE_DH].domain->words;
	json_t *rows = table();
	unsigned int n = 0;

	(void)state;
	for (; w->name; w++) {
		json_t *row = row_of(rows, w->name);

		if (!row) /* another name of one */
			continue;
		assert_int_equal(strncmp(text_of(row, "use"), "refused: ", 9) == 0,
				 w->refused != NULL);
		assert_int_equal(json_object_get(row, "key-pair-us") == NULL, w->refused != NULL);
		n++;
	}
	assert_int_equal(n, json_array_size(rows));
	json_decref(rows);
}

static void text_has_a_line_for_each(void **state)
{
	struct text out = {0};

	(void)state;
	assert_int_equal(algorithms_dh(clock_of_test, 1, false, &out), 0);
	assert_non_null(strstr(out.s, "group  name           bits  RFC 8247   key pair/us    "
				      "secret/us  use\n"));
	assert_non_null(strstr(out.s, "    1  modp768         768  MUST NOT           1.0          "
				      "1.0  allow-weak=modp768\n"));
	assert_non_null(strstr(out.s,
			       "    3  ec2n155         155  not named            -            "
			       "-  refused: EC2N groups are not implemented\n"));
	text_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_group_is_there_as_the_suites_have_it),
		cmocka_unit_test(what_the_configuration_refuses_is_refused),
		cmocka_unit_test(text_has_a_line_for_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
