/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bench_load.c - what a worker does with packets that come at a given rate: how long they stay in
 * it, and the rate up to which none is lost (after RFC 2544 sections 26.1 and 26.2).
 *
 * Packet i of a trial arrives at start + i * gap on the worker's own clock, in a receive queue of
 * QUEUE packets that is kept in arithmetic: no generator thread competes for the machine. The
 * worker takes what has arrived, at most a burst, as a poll of a port does. A packet's latency runs
 * from its arrival to its hand-over to the port. All rates are shares of the capacity, the rate at
 * which the same packets went through when they were all there. Nothing here is a wire: to the
 * figures of a device under test the two ports' own queues are added.
 *
 * A trial on a machine that is taken away for a while loses packets that the gateway would not;
 * so a rate counts as lossless when most of its trials were.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "dataplane/worker.h"
#include "tests/bench/gateway.h"
#include "tests/bench/raw.h"
#include "tests/bench/sizes.h"

#define TRIAL	     4096u /* packets */
#define QUEUE	     1024u /* descriptors of a receive queue */
#define PINGS	     200u
#define PING_GAP_US  50u
#define TRIALS	     9u
#define TRIALS_QUICK 3u
#define SEARCH_STEPS 7u /* halvings: to 1 % of the capacity */

struct load {
	struct gateway *g;
	enum gateway_path path;
	unsigned int trials;
	uint16_t len[TRIAL];
	double latency[TRIAL * TRIALS]; /* cycles */
	unsigned int n_latency;
	double capacity; /* cycles per packet with all packets there at once */
};

/* What has left since *seen left now. */
static void take_latencies(struct load *l, uint64_t *seen, const uint64_t *arrival, uint64_t now)
{
	uint64_t sent = gateway_sent(l->g);

	for (; *seen < sent; (*seen)++)
		l->latency[l->n_latency++] = (double)(now - arrival[*seen]);
}

/* n packets, one every gap cycles. Their latencies are added to l->latency. The number of packets
 * lost, or -1. */
static int trial(struct load *l, double gap, unsigned int n)
{
	static uint64_t arrival[TRIAL]; /* of those that were not lost, in order */
	unsigned int next = 0, kept = 0, lost = 0;
	uint64_t start, now, seen = 0;

	if (gateway_prepare(l->g, l->path, l->len, n) != 0)
		return -1;
	start = rte_rdtsc_precise();
	while (next < n) {
		double since = (double)(rte_rdtsc() - start) / gap;
		unsigned int there = since >= n - 1 ? n : (unsigned int)since + 1, some;

		if (there - next > QUEUE) { /* the queue was full: the newest did not get in */
			some = there - next - QUEUE;
			gateway_lose(l->g, there - some, some);
			lost += some;
		} else {
			some = 0;
		}
		there -= some;
		while (next < there) {
			unsigned int burst = RTE_MIN(there - next, WORKER_BURST);

			for (unsigned int i = 0; i < burst; i++)
				arrival[kept++] = start + (uint64_t)((next + i) * gap);
			gateway_input(l->g, l->path, next, burst);
			now = rte_rdtsc_precise();
			take_latencies(l, &seen, arrival, now);
			next += burst;
		}
		next += some;
	}
	return gateway_sent(l->g) == kept ? (int)lost : -1;
}

/* Cycles per packet when nothing has to wait for its arrival. */
static int find_capacity(struct load *l)
{
	double cost[TRIALS];

	for (unsigned int i = 0; i < l->trials; i++) {
		uint64_t cycles = gateway_run(l->g, l->path, l->len, TRIAL);

		if (cycles == UINT64_MAX)
			return -1;
		cost[i] = (double)cycles / TRIAL;
	}
	l->capacity = sizes_quantile(cost, l->trials, 0.5);
	return 0;
}

static double microseconds(double cycles)
{
	return cycles * 1e6 / (double)rte_get_tsc_hz();
}

static void print_latencies(struct load *l)
{
	printf(" %7.2f %8.2f", microseconds(sizes_quantile(l->latency, l->n_latency, 0.5)),
	       microseconds(sizes_quantile(l->latency, l->n_latency, 0.99)));
	l->n_latency = 0;
}

static int at_share(struct load *l, double share)
{
	for (unsigned int i = 0; i < l->trials; i++)
		if (trial(l, l->capacity / share, TRIAL) < 0)
			return -1;
	print_latencies(l);
	return 0;
}

static int idle_ping(struct load *l)
{
	if (trial(l, (double)rte_get_tsc_hz() * PING_GAP_US / 1e6, PINGS) < 0)
		return -1;
	print_latencies(l);
	return 0;
}

/* The largest share of the capacity at which most trials lose nothing, by halving. */
static int find_lossless(struct load *l, double *share)
{
	double low = 0, high = 1;

	for (unsigned int step = 0; step < SEARCH_STEPS; step++) {
		double middle = (low + high) / 2;
		unsigned int clean = 0;

		for (unsigned int i = 0; i < l->trials; i++) {
			int lost = trial(l, l->capacity / middle, TRIAL);

			if (lost < 0)
				return -1;
			clean += lost == 0;
			l->n_latency = 0;
		}
		if (2 * clean > l->trials)
			low = middle;
		else
			high = middle;
	}
	*share = low;
	return 0;
}

static int load_row(struct load *l, const char *suite, uint16_t size)
{
	static const double shares[] = {0.1, 0.5, 0.9};
	double mean = sizes_fill(l->len, TRIAL, size), lossless, mpps;
	char text[8] = "imix";

	if (size != 0)
		snprintf(text, sizeof(text), "%u", size);
	if (find_capacity(l) != 0)
		return -1;
	mpps = (double)rte_get_tsc_hz() / l->capacity / 1e6;
	printf("%-14s %-7s %5s %7.2f %7.2f", suite,
	       l->path == GATEWAY_OUT  ? "out"
	       : l->path == GATEWAY_IN ? "in"
				       : "forward",
	       text, mpps, mpps * mean * 8 / 1e3);
	if (idle_ping(l) != 0)
		return -1;
	for (unsigned int i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
		if (at_share(l, shares[i]) != 0)
			return -1;
	if (find_lossless(l, &lossless) != 0)
		return -1;
	printf(" %7.0f %% %7.2f\n", 100 * lossless, lossless * mpps);
	fflush(stdout);
	return 0;
}

static int load_suite(const struct raw_suite *suite, unsigned int trials)
{
	static struct load l;
	int err;

	l.g = gateway_create(suite, (struct gateway_shape){0}, TRIAL);
	l.trials = trials;
	l.n_latency = 0;
	err = l.g == NULL ? -1 : 0;
	for (int path = GATEWAY_OUT; path <= GATEWAY_FORWARD && err == 0; path++) {
		l.path = (enum gateway_path)path;
		for (unsigned int i = 0; i < SIZES && err == 0; i++)
			err = load_row(&l, suite->name, sizes[i]);
	}
	if (err != 0)
		fprintf(stderr, "\n%s: packets went missing, no figure\n", suite->name);
	gateway_free(l.g);
	return err;
}

static void usage(FILE *f)
{
	fprintf(f,
		"bench_load [--quick] [--suite NAME]\n"
		"  --quick       %u trials a figure instead of %u\n"
		"  --suite NAME  one of:",
		TRIALS_QUICK, TRIALS);
	for (unsigned int i = 0; i < n_raw_suites; i++)
		fprintf(f, " %s", raw_suites[i].name);
	fprintf(f, "; all, one after the other, without it\n");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"quick", no_argument, NULL, 'q'},
						{"suite", required_argument, NULL, 's'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	unsigned int trials = TRIALS, ran = 0;
	const char *only = NULL;
	int c, err = 0;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'q') {
			trials = TRIALS_QUICK;
		} else if (c == 's') {
			only = optarg;
		} else {
			usage(c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : 2;
		}
	}
	printf("one worker; latency in microseconds, p50 and p99, at shares of the capacity\n"
	       "%-14s %-7s %5s %7s %7s %16s %16s %16s %16s %9s %7s\n",
	       "suite", "path", "size", "Mpps", "Gbit/s", "one ping", "10 %", "50 %", "90 %",
	       "lossless", "Mpps");
	for (unsigned int i = 0; i < n_raw_suites && err == 0; i++) {
		if (only != NULL && strcmp(only, raw_suites[i].name) != 0)
			continue;
		ran++;
		err = load_suite(&raw_suites[i], trials);
	}
	if (ran == 0 || optind != argc) {
		usage(stderr);
		return 2;
	}
	return err == 0 ? 0 : 1;
}
