/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bench_cores.c - one SA served by several workers, against one worker alone.
 *
 *   out         every worker has inner flows of its own (receive-side scaling), all one outbound SA
 *   in          every worker has a receive queue of its own, all one inbound SA
 *   in, spray   all packets come to one worker, who gives bursts to the others (spray.h)
 *
 * One and several take turns. out and in give the sum of what the workers did, each measured on its
 * own clock while it worked; spray the time from the first packet to the last. The share is that
 * divided by as many times what one worker alone did. Packets of a flow that left out of order, and
 * drops, are counted: there should be none.
 */
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <rte_cycles.h>
#include <rte_pause.h>

#include "dataplane/ipsec/sad.h"
#include "dataplane/order.h"
#include "dataplane/spray.h"
#include "tests/bench/sizes.h"
#include "tests/unit/dataplane/crew.h"
#include "tests/unit/dataplane/tunnels.h"

#define WINDOW	   (9 * WORKER_BURST) /* packets of one worker between two barriers */
#define WINDOWS	   24u
#define WARM	   4u
#define MAX_ROUNDS 101u
#define REPLAY	   65536u
#define PACKETS	   16384u

enum way { WAY_OUT, WAY_IN, WAY_SPRAY, WAYS };

static const char *const way_names[WAYS] = {"out", "in", "in, spray"};

static struct {
	enum way way;
	uint16_t len[WINDOW];
	unsigned int n; /* members that run */
	unsigned int arrived;
	unsigned int phase;
	bool over;
	uint64_t sent; /* by all, in this window */
	double cycles[CREW_MAX][WINDOWS];
} run;

/* Of each flow, and a flow is one member's: its numbers only rise. */
static struct seen {
	_Alignas(64) uint32_t last;
	uint64_t reordered;
} seen[CREW_MAX];

/* Who waits goes on polling: others may wait for the turn of what it has. */
static void barrier(struct worker *w)
{
	unsigned int phase = __atomic_load_n(&run.phase, __ATOMIC_ACQUIRE), spins = 0;

	if (__atomic_add_fetch(&run.arrived, 1, __ATOMIC_ACQ_REL) == run.n) {
		__atomic_store_n(&run.arrived, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&run.phase, phase + 1, __ATOMIC_RELEASE);
		return;
	}
	while (__atomic_load_n(&run.phase, __ATOMIC_ACQUIRE) == phase) {
		pipeline_poll(w);
		if (++spins % 1024 == 0)
			sched_yield();
		else
			rte_pause();
	}
}

static void see(uint32_t flow, uint32_t first, uint32_t last, uint64_t reordered)
{
	struct seen *f = &seen[flow % CREW_MAX];

	reordered += __atomic_exchange_n(&f->last, last, __ATOMIC_RELAXED) >= first;
	if (reordered != 0)
		__atomic_fetch_add(&f->reordered, reordered, __ATOMIC_RELAXED);
}

/* Outbound the packets are sealed, and what is looked at is the order of the SA's numbers; inbound
 * they are in clear, and say themselves what flow they are of. Once for each run of a flow, as the
 * line is shared. */
static void look(uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	uint32_t now = 0, first = 0, last = 0;
	uint64_t reordered = 0;

	for (uint16_t i = 0; i < n; i++) {
		uint32_t flow = 0, number = port == 0 ? 0 : tunnels_sequence(pkts[i]);

		if (port == 0)
			tunnels_read(pkts[i], &flow, &number);
		if (i != 0 && flow != now) {
			see(now, first, last, reordered);
			reordered = 0;
		} else if (i != 0) {
			reordered += last >= number;
		}
		if (i == 0 || flow != now)
			first = number;
		now = flow;
		last = number;
	}
	see(now, first, last, reordered);
}

static void sent(struct crew_member *m, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	(void)m;
	if (n != 0)
		look(port, pkts, n);
	rte_pktmbuf_free_bulk(pkts, n);
	__atomic_fetch_add(&run.sent, n, __ATOMIC_RELEASE);
}

static void make_packets(struct crew_member *m, struct rte_mbuf **pkts, uint32_t number)
{
	static const uint32_t tunnel[WINDOW];
	static pthread_mutex_t peer = PTHREAD_MUTEX_INITIALIZER; /* it is one */

	if (run.way != WAY_OUT) {
		int err;

		pthread_mutex_lock(&peer);
		err = tunnels_sealed(&m->w, m->crew->pool, tunnel, m->index, number, run.len, pkts,
				     WINDOW);
		pthread_mutex_unlock(&peer);
		if (err != 0)
			abort();
		return;
	}
	for (unsigned int i = 0; i < WINDOW; i++) {
		pkts[i] = tunnels_clear(m->crew->pool, 0, m->index, number + i, run.len[i]);
		if (pkts[i] == NULL)
			abort();
	}
}

static void wait_while_busy(struct worker *w)
{
	while (w->order != NULL && order_busy(w->order))
		pipeline_poll(w);
}

static void feed(struct worker *w, struct rte_mbuf **pkts)
{
	uint8_t port = run.way == WAY_OUT ? 0 : 1;

	for (unsigned int i = 0; i < WINDOW; i += WORKER_BURST) {
		wait_while_busy(w);
		pipeline_input(w, port, pkts + i, WORKER_BURST);
	}
}

static void help(struct worker *w)
{
	while (__atomic_load_n(&run.sent, __ATOMIC_ACQUIRE) < WINDOW)
		if (pipeline_poll(w) == 0)
			rte_pause();
}

/* One window; the cycles a packet took. */
static double window(struct crew_member *m, struct rte_mbuf **pkts)
{
	struct worker *w = &m->w;
	uint64_t start;

	if (w->spray != NULL) /* as it would be, had this not stopped and begun again */
		for (unsigned int i = 0; run.way == WAY_SPRAY && i < SPRAY_FULL_RUNS; i++)
			spray_received(w->spray, WORKER_BURST);
	barrier(w);
	start = rte_rdtsc_precise();
	if (run.way != WAY_SPRAY || m->index == 0)
		feed(w, pkts);
	if (run.way == WAY_SPRAY)
		help(w);
	return (double)(rte_rdtsc_precise() - start) / WINDOW;
}

static void work(struct crew_member *m)
{
	static struct rte_mbuf *all[CREW_MAX][WINDOW];
	struct rte_mbuf **pkts = all[m->index];
	uint32_t number = 1;

	for (unsigned int i = 0; i < WINDOWS + WARM; i++, number += WINDOW) {
		double cycles;

		if (run.way != WAY_SPRAY || m->index == 0)
			make_packets(m, pkts, number);
		if (m->index == 0)
			run.sent = 0;
		barrier(&m->w);
		cycles = window(m, pkts);
		if (i >= WARM)
			run.cycles[m->index][i - WARM] = cycles;
		barrier(&m->w);
	}
	while (m->w.order != NULL && (order_waiting(m->w.order) != 0 ||
				      (m->w.spray != NULL && spray_open(m->w.spray) != 0)))
		pipeline_poll(&m->w);
}

/* Packets per cycle of the whole crew. */
static double crew_rate(struct crew *c)
{
	struct sa *sa = sad_slot(c->h->tables.sad, tunnels_slot_out(0));
	double rate = 0;

	sa->sent = sa->seq; /* one worker alone does not say what it has sent */
	memset(seen, 0, sizeof(seen));
	run.n = c->n;
	run.arrived = 0;
	if (crew_run(c, work) != 0)
		return 0;
	for (unsigned int i = 0; i < (run.way == WAY_SPRAY ? 1 : c->n); i++)
		rate += 1 / sizes_quantile(run.cycles[i], WINDOWS, 0.5);
	return rate;
}

struct row {
	enum way way;
	uint16_t size;
	unsigned int workers;
	double mean_len, one, many, share, share_min, share_max;
	uint64_t reordered, drops;
};

static uint64_t count_reordered(void)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < CREW_MAX; i++)
		sum += seen[i].reordered;
	return sum;
}

static void measure(struct crew *one, struct crew *many, unsigned int rounds, struct row *row)
{
	static double alone[MAX_ROUNDS], all[MAX_ROUNDS], share[MAX_ROUNDS];
	uint64_t drops = crew_all_drops(many) + crew_all_drops(one);

	run.way = row->way;
	row->mean_len = sizes_fill(run.len, WINDOW, row->size);
	for (unsigned int i = 0; i < rounds; i++) {
		alone[i] = crew_rate(one);
		row->reordered += count_reordered();
		all[i] = crew_rate(many);
		row->reordered += count_reordered();
		share[i] = all[i] / (alone[i] * many->n);
	}
	row->one = sizes_quantile(alone, rounds, 0.5);
	row->many = sizes_quantile(all, rounds, 0.5);
	row->share = sizes_quantile(share, rounds, 0.5);
	row->share_min = share[0];
	row->share_max = share[rounds - 1];
	row->drops = crew_all_drops(many) + crew_all_drops(one) - drops;
}

static void print_row(const struct row *r)
{
	double hz = (double)rte_get_tsc_hz();
	char size[8] = "imix";

	if (r->size != 0)
		snprintf(size, sizeof(size), "%u", r->size);
	printf("%-10s %5s %7u %9.2f %9.2f %9.2f %6.2f (%.2f..%.2f) %9lu %6lu\n", way_names[r->way],
	       size, r->workers, r->one * hz / 1e6, r->many * hz / 1e6,
	       r->many * hz * r->mean_len * 8 / 1e9, r->share, r->share_min, r->share_max,
	       (unsigned long)r->reordered, (unsigned long)r->drops);
	fflush(stdout);
}

static json_t *json_row(const struct row *r)
{
	double hz = (double)rte_get_tsc_hz();
	json_t *o = json_pack(
		"{s:s s:i s:i s:f s:f s:f s:f s:f s:I s:I}", "direction", way_names[r->way], "size",
		r->size, "workers", (int)r->workers, "mpps_one", r->one * hz / 1e6, "mpps_all",
		r->many * hz / 1e6, "share", r->share, "share_min", r->share_min, "share_max",
		r->share_max, "reordered", (json_int_t)r->reordered, "drops", (json_int_t)r->drops);

	if (r->size == 0)
		json_object_set_new(o, "size", json_string("imix"));
	return o;
}

static int bench(unsigned int workers, unsigned int rounds, json_t *out)
{
	struct harness *h = harness_create(tunnels_slots(1), 4, 1023);
	struct crew *one = NULL, *many = NULL;
	uint64_t wrong = 0;

	if (h == NULL || harness_pipe_create(h) != 0)
		return -1;
	sad_widen(h->tables.sad, SPRAY_NUMBERS);
	if (tunnels_create(h, 1, &tunnels_sha1, REPLAY) == 0) {
		one = crew_create(h, 1, false, PACKETS, sent);
		many = crew_create(h, workers, true, workers * PACKETS, sent);
	}
	for (unsigned int i = 0; one != NULL && many != NULL && i < WAYS * SIZES; i++) {
		struct row row = {
			.way = (enum way)(i % WAYS), .size = sizes[i / WAYS], .workers = workers};

		measure(one, many, rounds, &row);
		print_row(&row);
		json_array_append_new(out, json_row(&row));
		wrong += row.drops;
	}
	if (wrong != 0)
		for (unsigned int i = 0; i < DROP_MAX; i++)
			if (crew_drops(many, (enum drop_reason)i) != 0)
				fprintf(stderr, "drop reason %u: %lu\n", i,
					(unsigned long)crew_drops(many, (enum drop_reason)i));
	crew_free(many);
	crew_free(one);
	harness_pipe_free(h);
	harness_free(h);
	return one != NULL && many != NULL ? 0 : -1;
}

static int usage(FILE *f)
{
	fprintf(f,
		"bench_cores [--quick] [--workers N] [--rounds N] [--json FILE]\n"
		"  --workers N   2 to %u workers on one SA; without it 2 and 3\n"
		"  --rounds N    how often one worker and N take turns (7)\n"
		"  --json FILE   write the rows for programs\n",
		CREW_MAX);
	return f == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"quick", no_argument, NULL, 'q'},	   {"rounds", required_argument, NULL, 'r'},
		{"workers", required_argument, NULL, 'w'}, {"json", required_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},	   {NULL, 0, NULL, 0}};
	unsigned int rounds = 7, first = 2, last = 3;
	const char *file = NULL;
	json_t *rows = json_array();
	int c, err = 0;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'q')
			rounds = 3;
		else if (c == 'r')
			rounds = (unsigned int)strtoul(optarg, NULL, 10);
		else if (c == 'w')
			first = last = (unsigned int)strtoul(optarg, NULL, 10);
		else if (c == 'j')
			file = optarg;
		else
			return usage(c == 'h' ? stdout : stderr);
	}
	if (rounds == 0 || rounds > MAX_ROUNDS || first < 2 || last > CREW_MAX || optind != argc)
		return usage(stderr);
	printf("%-10s %5s %7s %9s %9s %9s %6s %12s %9s %6s\n", "direction", "size", "workers",
	       "Mpps 1", "Mpps N", "Gbit/s N", "share", "", "reordered", "drops");
	for (unsigned int n = first; err == 0 && n <= last; n++)
		err = bench(n, rounds, rows);
	if (err == 0 && file != NULL && json_dump_file(rows, file, JSON_INDENT(1)) != 0) {
		fprintf(stderr, "%s: cannot be written\n", file);
		err = -1;
	}
	json_decref(rows);
	return err == 0 ? 0 : 1;
}
