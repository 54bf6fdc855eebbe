/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bench_esp.c - cost of ESP per packet, and its ratio to intel-ipsec-mb alone on the same jobs in
 * the same run.
 *
 * Raw and gateway alternate window by window, so that a change of the machine's speed meets both;
 * each figure is the median over the windows; the ratio, gateway to raw and forward together, is
 * taken alternation by alternation. The sizes of a mix come in another order each time, the same
 * for all three (sizes.h). Gbit/s counts inner IP packets. Reports, never judges.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "tests/bench/gateway.h"
#include "tests/bench/raw.h"
#include "tests/bench/report.h"
#include "tests/bench/sizes.h"

/* Packets of an alternation, each in a buffer of its own: few enough to stay in a core's caches; or
 * as many as a gateway's queues and pools hold, and then each is in no cache of this core when its
 * turn comes, as what a NIC has written. */
#define WINDOW	     WORKER_BURST
#define WINDOW_MAX   (18 * WORKER_BURST)
#define MAX_ROUNDS   1001u
#define ROUNDS	     101u
#define ROUNDS_QUICK 15u
#define ROUNDS_MIN   7u
#define STAGE_ROUNDS 15u

/* How long one is, and how many there are. */
struct measure {
	unsigned int rounds;
	unsigned int packets;
	struct gateway_shape shape;
};

static int measure(struct gateway *g, struct raw *r, bool out, uint16_t *len,
		   const struct measure *how, struct report_row *row)
{
	static double gw[MAX_ROUNDS], raw[MAX_ROUNDS], fwd[MAX_ROUNDS], ratio[MAX_ROUNDS];

	for (unsigned int i = 0; i < how->rounds + 2; i++) {
		unsigned int k = i < 2 ? 0 : i - 2; /* the first two warm up */
		uint64_t a, b, c;

		sizes_shuffle(len, how->packets);
		a = raw_run(r, out, len, how->packets);
		b = gateway_run(g, out ? GATEWAY_OUT : GATEWAY_IN, len, how->packets);
		c = gateway_run(g, GATEWAY_FORWARD, len, how->packets);
		if (a == UINT64_MAX || b == UINT64_MAX || c == UINT64_MAX)
			return -1;
		raw[k] = (double)a / how->packets;
		gw[k] = (double)b / how->packets;
		fwd[k] = (double)c / how->packets;
		ratio[k] = gw[k] / (raw[k] + fwd[k]);
	}
	row->ratio = sizes_quantile(ratio, how->rounds, 0.5);
	row->ratio_min = ratio[0];
	row->ratio_max = ratio[how->rounds - 1];
	row->gateway = sizes_quantile(gw, how->rounds, 0.5);
	row->raw = sizes_quantile(raw, how->rounds, 0.5);
	row->forward = sizes_quantile(fwd, how->rounds, 0.5);
	return 0;
}

/* Where the cycles go, in windows of their own: to look costs cycles, too. Medians. Raw comes
 * before each, as before those of the ratio: what it leaves of the caches belongs to the figure. */
static int measure_stages(struct gateway *g, struct raw *r, bool out, uint16_t *len,
			  unsigned int packets, struct report_row *row)
{
	enum gateway_path path = out ? GATEWAY_OUT : GATEWAY_IN;
	static double cycles[STAGES_N][STAGE_ROUNDS];
	const struct stages *s = gateway_stages(g);

	for (unsigned int i = 0; i < STAGE_ROUNDS; i++) {
		sizes_shuffle(len, packets);
		if (raw_run(r, out, len, packets) == UINT64_MAX ||
		    gateway_prepare(g, path, len, packets) != 0)
			return -1;
		gateway_measure(g, true);
		gateway_input(g, path, 0, packets);
		gateway_measure(g, false);
		for (unsigned int k = 0; k < STAGES_N; k++)
			cycles[k][i] = (double)s->stage[k].cycles / packets;
	}
	row->n_stages = 0;
	for (unsigned int k = 0; k < STAGES_N && row->n_stages < REPORT_STAGES; k++)
		if (s->stage[k].packets != 0)
			row->stages[row->n_stages++] = (struct report_stage){
				.name = stages_name(k),
				.cycles = sizes_quantile(cycles[k], STAGE_ROUNDS, 0.5)};
	return 0;
}

static int bench_suite(const struct raw_suite *suite, const struct measure *how, struct report *out)
{
	static uint16_t len[WINDOW_MAX];
	struct gateway *g = gateway_create(suite, how->shape, how->packets);
	struct raw *r = raw_create(suite, how->packets);
	int err = g == NULL || r == NULL ? -1 : 0;

	for (unsigned int i = 0; err == 0 && i < 2 * SIZES; i++) {
		bool outbound = i % 2 == 0;
		struct report_row row = {.suite = suite->name,
					 .direction = outbound ? "out" : "in",
					 .size = sizes[i / 2],
					 .workers = 1,
					 .sas = 1,
					 .policies = 1,
					 .packets = how->packets};

		row.mean_len = sizes_fill(len, how->packets, sizes[i / 2]);
		err = measure(g, r, outbound, len, how, &row);
		if (err == 0)
			err = measure_stages(g, r, outbound, len, how->packets, &row);
		if (err != 0) {
			fprintf(stderr, "%s %s %u: packets were lost, no figure\n", row.suite,
				row.direction, row.size);
			break;
		}
		report_add(out, &row);
	}
	raw_free(r);
	gateway_free(g);
	return err;
}

static void usage(FILE *f)
{
	fprintf(f,
		"bench_esp [--quick] [--rounds N] [--packets N] [--suite NAME] [--natt] "
		"[--inner6]\n"
		"          [--outer6] [--stages] "
		"[--json FILE] [--compare FILE]\n"
		"  --quick         %u alternations a row instead of %u\n"
		"  --rounds N      alternations a row, 7 to %u\n"
		"  --packets N     on the way at once, %u to %u, a multiple of %u (%u: they stay "
		"in "
		"the\n"
		"                  core's caches; of %u each comes from beyond, as from a NIC)\n"
		"  --suite NAME    only this one of:",
		ROUNDS_QUICK, ROUNDS, MAX_ROUNDS, WINDOW, WINDOW_MAX, WORKER_BURST, WINDOW,
		WINDOW_MAX);
	for (unsigned int i = 0; i < n_raw_suites; i++)
		fprintf(f, " %s", raw_suites[i].name);
	fprintf(f, "\n"
		   "  --natt          ESP in UDP, as through a NAT\n"
		   "  --inner6        IPv6 in the tunnel\n"
		   "  --outer6        a tunnel over IPv6\n"
		   "  --stages        show the cycles of each stage, too\n"
		   "  --json FILE     write the rows for programs\n"
		   "  --compare FILE  show each row beside that of a run saved with --json\n");
}

struct options {
	const char *suite;
	const char *json;
	const char *compare;
	struct measure how;
	bool stages;
};

/* 0; 1: end well; 2: end with usage. */
static int parse_options(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{"quick", no_argument, NULL, 'q'},	 {"rounds", required_argument, NULL, 'r'},
		{"suite", required_argument, NULL, 's'}, {"json", required_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},	 {"compare", required_argument, NULL, 'c'},
		{"stages", no_argument, NULL, 't'},	 {"packets", required_argument, NULL, 'p'},
		{"natt", no_argument, NULL, 'n'},	 {"inner6", no_argument, NULL, 'i'},
		{"outer6", no_argument, NULL, 'o'},	 {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'q')
			o->how.rounds = ROUNDS_QUICK;
		else if (c == 'r')
			o->how.rounds = (unsigned int)strtoul(optarg, NULL, 10);
		else if (c == 'p')
			o->how.packets = (unsigned int)strtoul(optarg, NULL, 10);
		else if (c == 's')
			o->suite = optarg;
		else if (c == 'j')
			o->json = optarg;
		else if (c == 'c')
			o->compare = optarg;
		else if (c == 't')
			o->stages = true;
		else if (c == 'n')
			o->how.shape.udp = true;
		else if (c == 'i')
			o->how.shape.inner6 = true;
		else if (c == 'o')
			o->how.shape.outer6 = true;
		else
			return c == 'h' ? 1 : 2;
	}
	return o->how.rounds < ROUNDS_MIN || o->how.rounds > MAX_ROUNDS ||
			       o->how.packets < WINDOW || o->how.packets > WINDOW_MAX ||
			       o->how.packets % WORKER_BURST != 0 || optind != argc
		       ? 2
		       : 0;
}

static int bench_all(const struct options *o, struct report *report)
{
	unsigned int ran = 0;
	int err = 0;

	for (unsigned int i = 0; err == 0 && i < n_raw_suites; i++) {
		if (o->suite != NULL && strcmp(o->suite, raw_suites[i].name) != 0)
			continue;
		if (ran++ == 0)
			report_head(report);
		err = bench_suite(&raw_suites[i], &o->how, report);
	}
	if (ran == 0) {
		fprintf(stderr, "no suite is called %s\n", o->suite);
		return 2;
	}
	if (err == 0)
		report_end(report);
	return err == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct options o = {.how = {.rounds = ROUNDS, .packets = WINDOW}};
	struct report *report;
	int err = parse_options(&o, argc, argv);

	if (err != 0) {
		usage(err == 1 ? stdout : stderr);
		return err == 1 ? 0 : 2;
	}
	report = report_create(o.stages);
	if (report == NULL || (o.compare != NULL && report_compare(report, o.compare) != 0)) {
		report_free(report);
		return 2;
	}
	err = bench_all(&o, report);
	if (err == 0 && o.json != NULL && report_write(report, o.json) != 0)
		err = 1;
	report_free(report);
	return err;
}
