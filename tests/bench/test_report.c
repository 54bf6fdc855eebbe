/* SPDX-License-Identifier: BSD-3-Clause */
/* test_report.c - the rows that scripts/bench writes for programs, and what it takes for such. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/bench/report.h"

#define NUMBERS                                                                                    \
	"workers", "sas", "policies", "packets", "cycles_gateway", "ratio", "ratio_min", "ratio_max"

static char file[] = "/tmp/espgw-rows-XXXXXX";

static int begin(void **state)
{
	int fd = mkstemp(strcpy(file, "/tmp/espgw-rows-XXXXXX"));

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int end(void **state)
{
	(void)state;
	return unlink(file);
}

static struct report_row row_of(const char *direction, unsigned int size, double ratio)
{
	struct report_row row = {.suite = "aes128-sha1",
				 .direction = direction,
				 .size = size,
				 .mean_len = size != 0 ? size : 355,
				 .workers = 1,
				 .sas = 2,
				 .policies = 3,
				 .packets = 448,
				 .gateway = 500,
				 .raw = 400,
				 .forward = 100,
				 .ratio = ratio,
				 .ratio_min = ratio - 0.25,
				 .ratio_max = ratio + 0.25,
				 .n_stages = 1};

	row.stages[0] = (struct report_stage){.name = "parse", .cycles = 37.5};
	return row;
}

/* Rows of both directions, of a size and of IMIX, in the file. */
static void write_rows(double ratio)
{
	struct report *r = report_create(false);
	const struct report_row out = row_of("out", 512, ratio), in = row_of("in", 0, ratio);

	assert_non_null(r);
	report_add(r, &out);
	report_add(r, &in);
	assert_int_equal(report_write(r, file), 0);
	report_free(r);
}

static void rows_say_what_was_measured(void **state)
{
	static const char *const numbers[] = {NUMBERS, "cycles_raw", "cycles_forward"};
	static const double values[] = {1, 2, 3, 448, 500, 1.25, 1.0, 1.5, 400, 100};
	json_t *rows, *row;

	(void)state;
	write_rows(1.25);
	rows = json_load_file(file, 0, NULL);
	assert_int_equal(json_array_size(rows), 2);
	row = json_array_get(rows, 0);
	assert_int_equal(json_object_size(row), 14);
	assert_string_equal(json_string_value(json_object_get(row, "suite")), "aes128-sha1");
	assert_string_equal(json_string_value(json_object_get(row, "direction")), "out");
	assert_int_equal(json_integer_value(json_object_get(row, "size")), 512);
	for (unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_true(json_number_value(json_object_get(row, numbers[i])) == values[i]);
	row = json_object_get(row, "stages");
	assert_true(json_real_value(json_object_get(row, "parse")) == 37.5);
	row = json_array_get(rows, 1);
	assert_string_equal(json_string_value(json_object_get(row, "direction")), "in");
	assert_string_equal(json_string_value(json_object_get(row, "size")), "imix");
	json_decref(rows);
}

/* What report_end() prints of rows with that ratio, held against the file; caller frees. */
static char *compared(double ratio)
{
	const struct report_row out = row_of("out", 512, ratio), other = row_of("out", 64, 9);
	struct report *r = report_create(false);
	char *text = NULL;
	FILE *was = stdout;
	size_t len;

	assert_int_equal(report_compare(r, file), 0);
	stdout = open_memstream(&text, &len);
	report_head(r);
	report_add(r, &out);
	report_add(r, &other); /* that the earlier run had not */
	report_end(r);
	fclose(stdout);
	stdout = was;
	report_free(r);
	return text;
}

static void rows_are_held_against_those_of_before(void **state)
{
	char *text;

	(void)state;
	write_rows(1.25);
	text = compared(1.5); /* as slow as the slowest of then */
	assert_non_null(strstr(text, "1 rows compared, 0 slower"));
	assert_non_null(strstr(text, "  1.25 +20 %\n"));
	free(text);
	text = compared(1.75);
	assert_non_null(strstr(text, "1 rows compared, 1 slower"));
	assert_non_null(strstr(text, "1.75, before 1.25 (1.00..1.50)"));
	free(text);
}

static void nothing_else_is_taken_for_rows(void **state)
{
	static const char *const texts[] = {"", "[", "[]", "{}", "[1]", "[{}]"};
	static const char *const keys[] = {"suite", "direction", "size", NUMBERS};
	struct report *r = report_create(false);
	json_t *rows;
	FILE *f;

	(void)state;
	for (unsigned int i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		f = fopen(file, "w");
		assert_non_null(f);
		fputs(texts[i], f);
		fclose(f);
		assert_int_equal(report_compare(r, file), -1);
	}
	for (unsigned int i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		write_rows(1);
		rows = json_load_file(file, 0, NULL);
		json_object_del(json_array_get(rows, 1), keys[i]);
		assert_int_equal(json_dump_file(rows, file, 0), 0);
		json_decref(rows);
		assert_int_equal(report_compare(r, file), -1);
	}
	assert_int_equal(report_compare(r, "/nonexistent"), -1);
	assert_int_equal(report_write(r, "/nonexistent/rows"), -1);
	report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows_say_what_was_measured, begin, end),
		cmocka_unit_test_setup_teardown(rows_are_held_against_those_of_before, begin, end),
		cmocka_unit_test_setup_teardown(nothing_else_is_taken_for_rows, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
