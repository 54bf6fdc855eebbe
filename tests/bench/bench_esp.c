/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bench_esp.c - cost of ESP per packet, and its ratio to intel-ipsec-mb alone on the same jobs in
 * the same run.
 *
 * Raw and gateway alternate window by window, so that a change of the machine's speed meets both;
 * each figure is the median over the windows, the ratio is taken pair by pair. Gbit/s counts inner
 * IP packets. Reports, never judges.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <rte_cycles.h>

#include "tests/bench/gateway.h"
#include "tests/bench/raw.h"

/* Packets per measurement: few enough that they stay in the caches. */
#define WINDOW	   512u
#define MAX_ROUNDS 1001u

struct row {
	const char *suite;
	const char *direction;
	const char *size;
	double mean_len;
	double gateway, raw, forward; /* cycles per packet, medians */
	double ratio, ratio_lo, ratio_hi;
};

static const struct {
	const char *name;
	uint16_t len; /* 0: IMIX, 64/570/1420 at 7:4:1 */
} sizes[] = {{"64", 64}, {"512", 512}, {"1420", 1420}, {"imix", 0}};

static double fill_lengths(uint16_t *len, unsigned int n, uint16_t fixed)
{
	static const uint16_t mix[12] = {64, 570, 64, 64, 1420, 570, 64, 64, 570, 64, 570, 64};
	uint32_t seed = 12345;
	double sum = 0;

	for (unsigned int i = 0; i < n; i++)
		len[i] = fixed ? fixed : mix[i % 12];
	for (unsigned int i = n - 1; !fixed && i > 0; i--) { /* shuffled, always alike */
		unsigned int j = (seed = seed * 1664525 + 1013904223) % (i + 1);
		uint16_t t = len[i];

		len[i] = len[j];
		len[j] = t;
	}
	for (unsigned int i = 0; i < n; i++)
		sum += len[i];
	return sum / n;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double quantile(double *v, unsigned int n, double q)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[(unsigned int)((n - 1) * q)];
}

static int measure(struct gateway *g, struct raw *r, bool out, const uint16_t *len,
		   unsigned int rounds, struct row *row)
{
	static double gw[MAX_ROUNDS], raw[MAX_ROUNDS], fwd[MAX_ROUNDS], ratio[MAX_ROUNDS];

	for (unsigned int i = 0; i < rounds + 2; i++) {
		uint64_t a = raw_run(r, out, len, WINDOW);
		uint64_t b = gateway_run(g, out ? GATEWAY_OUT : GATEWAY_IN, len, WINDOW);
		uint64_t c = gateway_run(g, GATEWAY_FORWARD, len, WINDOW);
		unsigned int k = i < 2 ? 0 : i - 2; /* the first two warm up */

		if (a == UINT64_MAX || b == UINT64_MAX || c == UINT64_MAX)
			return -1;
		raw[k] = (double)a / WINDOW;
		gw[k] = (double)b / WINDOW;
		fwd[k] = (double)c / WINDOW;
		ratio[k] = gw[k] / raw[k];
	}
	row->ratio = quantile(ratio, rounds, 0.5);
	row->ratio_lo = quantile(ratio, rounds, 0.25);
	row->ratio_hi = quantile(ratio, rounds, 0.75);
	row->gateway = quantile(gw, rounds, 0.5);
	row->raw = quantile(raw, rounds, 0.5);
	row->forward = quantile(fwd, rounds, 0.5);
	return 0;
}

static void print_row(const struct row *r)
{
	double hz = (double)rte_get_tsc_hz();
	double pps = hz / r->gateway;

	printf("%-14s %-4s %5s %9.0f %9.0f %9.0f %8.2f %9.2f   %5.2f (%.2f..%.2f)  %5.2f\n",
	       r->suite, r->direction, r->size, r->gateway, r->raw, r->forward, pps / 1e6,
	       pps * r->mean_len * 8 / 1e9, r->ratio, r->ratio_lo, r->ratio_hi,
	       r->gateway / (r->raw + r->forward));
	fflush(stdout);
}

static json_t *json_row(const struct row *r)
{
	return json_pack("{s:s s:s s:s s:i s:i s:i s:f s:f s:f s:f s:f s:f}", "suite", r->suite,
			 "direction", r->direction, "size", r->size, "workers", 1, "sas", 1,
			 "policies", 1, "cycles_gateway", r->gateway, "cycles_raw", r->raw,
			 "cycles_forward", r->forward, "ratio", r->ratio, "ratio_min", r->ratio_lo,
			 "ratio_max", r->ratio_hi);
}

static int bench_suite(const struct raw_suite *suite, unsigned int rounds, json_t *out)
{
	static uint16_t len[WINDOW];
	struct gateway *g = gateway_create(suite, WINDOW);
	struct raw *r = raw_create(suite, WINDOW);
	int err = g == NULL || r == NULL ? -1 : 0;

	for (unsigned int i = 0; err == 0 && i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		bool outbound = i % 2 == 0;
		struct row row = {.suite = suite->name,
				  .direction = outbound ? "out" : "in",
				  .size = sizes[i / 2].name};

		row.mean_len = fill_lengths(len, WINDOW, sizes[i / 2].len);
		err = measure(g, r, outbound, len, rounds, &row);
		if (err != 0) {
			fprintf(stderr, "%s %s %s: packets were lost, no figure\n", row.suite,
				row.direction, row.size);
			break;
		}
		print_row(&row);
		json_array_append_new(out, json_row(&row));
	}
	raw_free(r);
	gateway_free(g);
	return err;
}

static void usage(FILE *f)
{
	fprintf(f, "bench_esp [--quick] [--rounds N] [--suite NAME] [--json FILE]\n"
		   "suites:");
	for (unsigned int i = 0; i < n_raw_suites; i++)
		fprintf(f, " %s", raw_suites[i].name);
	fprintf(f, "\n");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"quick", no_argument, NULL, 'q'},	 {"rounds", required_argument, NULL, 'r'},
		{"suite", required_argument, NULL, 's'}, {"json", required_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},	 {NULL, 0, NULL, 0}};
	const char *only = NULL, *file = NULL;
	unsigned int rounds = 101, ran = 0;
	json_t *rows = json_array();
	int c, err = 0;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'q') {
			rounds = 15;
		} else if (c == 'r') {
			rounds = (unsigned int)strtoul(optarg, NULL, 10);
		} else if (c == 's') {
			only = optarg;
		} else if (c == 'j') {
			file = optarg;
		} else {
			usage(c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : 2;
		}
	}
	if (rounds == 0 || rounds > MAX_ROUNDS || optind != argc) {
		usage(stderr);
		return 2;
	}
	printf("%-14s %-4s %5s %9s %9s %9s %8s %9s   %-18s  %s\n", "suite", "dir", "size",
	       "gateway", "raw", "forward", "Mpps", "Gbit/s", "gw/raw (quartiles)",
	       "gw/(raw+forward)");
	for (unsigned int i = 0; err == 0 && i < n_raw_suites; i++) {
		if (only != NULL && strcmp(only, raw_suites[i].name) != 0)
			continue;
		ran++;
		err = bench_suite(&raw_suites[i], rounds, rows);
	}
	if (ran == 0) {
		fprintf(stderr, "no suite is called %s\n", only);
		usage(stderr);
		return 2;
	}
	if (err == 0 && file != NULL && json_dump_file(rows, file, JSON_INDENT(1)) != 0) {
		fprintf(stderr, "%s: cannot be written\n", file);
		err = -1;
	}
	json_decref(rows);
	return err == 0 ? 0 : 1;
}
