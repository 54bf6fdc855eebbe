/* SPDX-License-Identifier: BSD-3-Clause */
/* report.c - see report.h. */
#include "tests/bench/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <rte_cycles.h>

#define BAR_WIDTH 50 /* characters of a ratio of 2 */

struct report {
	json_t *rows;
	json_t *before; /* an earlier run's; NULL: none */
	bool stages;	/* print them */
};

struct report *report_create(bool stages)
{
	struct report *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->stages = stages;
	r->rows = json_array();
	if (r->rows == NULL) {
		free(r);
		return NULL;
	}
	return r;
}

void report_free(struct report *r)
{
	if (r == NULL)
		return;
	json_decref(r->rows);
	json_decref(r->before);
	free(r);
}

static int is_row(json_t *row)
{
	static const char *const numbers[] = {"workers",	"sas",	 "policies",  "packets",
					      "cycles_gateway", "ratio", "ratio_min", "ratio_max"};

	if (!json_is_string(json_object_get(row, "suite")) ||
	    !json_is_string(json_object_get(row, "direction")) ||
	    json_object_get(row, "size") == NULL)
		return 0;
	for (unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!json_is_number(json_object_get(row, numbers[i])))
			return 0;
	return 1;
}

int report_compare(struct report *r, const char *file)
{
	json_error_t error;
	json_t *rows = json_load_file(file, 0, &error), *row;
	size_t i;

	if (rows == NULL) {
		fprintf(stderr, "%s:%d: %s\n", file, error.line, error.text);
		return -1;
	}
	if (!json_is_array(rows) || json_array_size(rows) == 0) {
		fprintf(stderr, "%s: not the rows of a run (--json writes them)\n", file);
		json_decref(rows);
		return -1;
	}
	json_array_foreach (rows, i, row) {
		if (!is_row(row)) {
			fprintf(stderr, "%s: entry %zu is not a row of a run\n", file, i + 1);
			json_decref(rows);
			return -1;
		}
	}
	r->before = rows;
	return 0;
}

static json_t *json_size(const struct report_row *row)
{
	return row->size == 0 ? json_string("imix") : json_integer(row->size);
}

static json_t *json_row(const struct report_row *row)
{
	json_t *stages = json_object();

	for (unsigned int i = 0; i < row->n_stages; i++)
		json_object_set_new(stages, row->stages[i].name, json_real(row->stages[i].cycles));
	return json_pack("{s:s s:s s:o s:i s:i s:i s:i s:f s:f s:f s:f s:f s:f s:o}", "suite",
			 row->suite, "direction", row->direction, "size", json_size(row), "workers",
			 (int)row->workers, "sas", (int)row->sas, "policies", (int)row->policies,
			 "packets", (int)row->packets, "cycles_gateway", row->gateway, "cycles_raw",
			 row->raw, "cycles_forward", row->forward, "ratio", row->ratio, "ratio_min",
			 row->ratio_min, "ratio_max", row->ratio_max, "stages", stages);
}

/* The same point of the earlier run, borrowed, or NULL. */
static json_t *earlier(const struct report *r, json_t *row)
{
	static const char *const keys[] = {"suite", "direction", "size",   "workers",
					   "sas",   "policies",	 "packets"};
	json_t *other;
	size_t i;

	json_array_foreach (r->before, i, other) {
		unsigned int k = 0;

		while (k < sizeof(keys) / sizeof(keys[0]) &&
		       json_equal(json_object_get(row, keys[k]), json_object_get(other, keys[k])))
			k++;
		if (k == sizeof(keys) / sizeof(keys[0]))
			return other;
	}
	return NULL;
}

static double number(json_t *row, const char *key)
{
	return json_number_value(json_object_get(row, key));
}

void report_head(const struct report *r)
{
	printf("cycles per packet; ratio = gateway / (raw + forward)\n"
	       "%-14s %-3s %5s %3s %6s %6s %8s %8s %8s %7s %7s  %-18s%s\n",
	       "suite", "dir", "size", "wrk", "sas", "pols", "gateway", "raw", "forward", "Mpps",
	       "Gbit/s", "ratio (min..max)", r->before != NULL ? "  before, change" : "");
}

void report_add(struct report *r, const struct report_row *row)
{
	double pps = (double)rte_get_tsc_hz() / row->gateway * row->workers;
	json_t *now = json_row(row), *then;
	char size[8] = "imix";

	if (row->size != 0)
		snprintf(size, sizeof(size), "%u", row->size);
	printf("%-14s %-3s %5s %3u %6u %6u %8.0f %8.0f %8.0f %7.2f %7.2f  %.2f (%.2f..%.2f)",
	       row->suite, row->direction, size, row->workers, row->sas, row->policies,
	       row->gateway, row->raw, row->forward, pps / 1e6, pps * row->mean_len * 8 / 1e9,
	       row->ratio, row->ratio_min, row->ratio_max);
	then = earlier(r, now);
	if (then != NULL)
		printf("  %.2f %+.0f %%", number(then, "ratio"),
		       100 * (row->ratio / number(then, "ratio") - 1));
	printf("\n");
	if (r->stages)
		for (unsigned int i = 0; i < row->n_stages; i++)
			printf("%40s %8.1f\n", row->stages[i].name, row->stages[i].cycles);
	fflush(stdout);
	json_array_append_new(r->rows, now);
}

static void print_name(json_t *row)
{
	json_t *size = json_object_get(row, "size");
	char text[8] = "imix";

	if (json_is_integer(size))
		snprintf(text, sizeof(text), "%d", (int)json_integer_value(size));
	printf("%-14s %-3s %5s", json_string_value(json_object_get(row, "suite")),
	       json_string_value(json_object_get(row, "direction")), text);
}

static void print_bars(const struct report *r)
{
	json_t *row;
	size_t i;

	printf("\nratio; a bar as long as this line is 2.0:\n%25s ", "");
	for (unsigned int k = 0; k < BAR_WIDTH; k++)
		putchar(k == BAR_WIDTH / 2 ? '1' : '-');
	printf("\n");
	json_array_foreach (r->rows, i, row) {
		double ratio = number(row, "ratio");
		int len = (int)(ratio * BAR_WIDTH / 2 + 0.5);

		print_name(row);
		printf(" ");
		for (int k = 0; k < len && k < 2 * BAR_WIDTH; k++)
			putchar('#');
		printf(" %.2f\n", ratio);
	}
}

void report_end(const struct report *r)
{
	unsigned int slower = 0, met = 0;
	json_t *row, *then;
	size_t i;

	print_bars(r);
	if (r->before == NULL)
		return;
	printf("\n");
	json_array_foreach (r->rows, i, row) {
		then = earlier(r, row);
		met += then != NULL;
		if (then == NULL || number(row, "ratio") <= number(then, "ratio_max"))
			continue;
		slower++;
		printf("slower: ");
		print_name(row);
		printf("  %.2f, before %.2f (%.2f..%.2f)\n", number(row, "ratio"),
		       number(then, "ratio"), number(then, "ratio_min"), number(then, "ratio_max"));
	}
	printf("%u rows compared, %u slower than all the earlier run saw\n", met, slower);
}

int report_write(const struct report *r, const char *file)
{
	if (json_dump_file(r->rows, file, JSON_INDENT(1)) == 0)
		return 0;
	fprintf(stderr, "%s: cannot be written\n", file);
	return -1;
}
