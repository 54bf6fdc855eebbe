/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bench_cores.c - one SA served by several workers, against one worker alone.
 *
 *   out         every worker has inner flows of its own (receive-side scaling), all one outbound SA
 *   in          every worker has a receive queue of its own, all one inbound SA
 *   in, spray   all packets come to one worker, who gives bursts to the others (spray.h)
 *
 * Three crews take turns on the same threads, window by window: one worker alone; several on the
 * one SA; and as many that share nothing, each with an SA of its own. out and in give the sum of
 * what the workers did, each measured on its own clock while it worked; spray how fast packets left
 * while the receiving worker had more, from when all had work (pace.h). The share is that divided
 * by as many times what one worker alone did in the window before; "apart" is the share of the
 * workers that share nothing: what caches, memory and clock leave on this machine, which may give
 * two workers one core's halves. Packets of a flow that left out of order, and drops, are counted:
 * there should be none.
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
#include "dataplane/stages.h"
#include "tests/bench/pace.h"
#include "tests/bench/sizes.h"
#include "tests/unit/dataplane/crew.h"
#include "tests/unit/dataplane/tunnels.h"

#define WINDOW	   (5 * WORKER_BURST)  /* packets of one worker between two barriers */
#define FAT_WINDOW (30 * WORKER_BURST) /* of one that receives them all */
#define FAT_START  (5 * WORKER_BURST)  /* have left: all have work */
#define FAT_END	   (23 * WORKER_BURST) /* and there is still more */
#define WINDOWS	   24u		       /* make a round */
#define WARM	   4u
#define MAX_ROUNDS 101u
#define REPLAY	   65536u
#define PACKETS	   16384u
#define TUNNELS	   (2 + CREW_MAX)
#define SAMPLES	   (MAX_ROUNDS * WINDOWS)

enum way { WAY_OUT, WAY_IN, WAY_SPRAY, WAYS };
enum kind { KIND_ONE, KIND_MANY, KIND_APART, KINDS };

static const char *const way_names[WAYS] = {"out", "in", "in, spray"};

/* One worker in one crew: what it is, and what it did. */
struct place {
	_Alignas(64) struct worker *w;
	struct rte_mempool *pool;
	enum kind kind;
	uint32_t tunnel;
	uint32_t flow;
	uint32_t number; /* of the next packet */
	struct stages stages;
	double cycles[SAMPLES]; /* a packet took */
	double stage[STAGES_N][SAMPLES];
};

/* Of each flow, and a flow is one member's: its numbers only rise. */
struct seen {
	_Alignas(64) uint32_t last;
	uint64_t reordered;
};

static struct {
	enum way way;
	unsigned int samples;
	unsigned int window; /* packets */
	unsigned int n;	     /* threads */
	uint16_t len[FAT_WINDOW];
	struct place place[KINDS][CREW_MAX];
	struct seen seen[KINDS][CREW_MAX];
	_Alignas(64) unsigned int arrived;
	_Alignas(64) unsigned int phase;
} run;

static bool has_work(const struct place *p)
{
	return p->kind != KIND_ONE || p == &run.place[KIND_ONE][0];
}

static bool receives(const struct place *p)
{
	return has_work(p) &&
	       (run.way != WAY_SPRAY || p->kind != KIND_MANY || p == &run.place[KIND_MANY][0]);
}

/* Who waits goes on polling: others may wait for the turn of what it has. */
static void barrier(const struct place *p)
{
	unsigned int phase = __atomic_load_n(&run.phase, __ATOMIC_ACQUIRE), spins = 0;

	if (__atomic_add_fetch(&run.arrived, 1, __ATOMIC_ACQ_REL) == run.n) {
		__atomic_store_n(&run.arrived, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&run.phase, phase + 1, __ATOMIC_RELEASE);
		return;
	}
	while (__atomic_load_n(&run.phase, __ATOMIC_ACQUIRE) == phase) {
		if (p->kind == KIND_MANY)
			pipeline_poll(p->w);
		if (++spins % 1024 == 0)
			sched_yield();
		else
			rte_pause();
	}
}

static void see(enum kind kind, uint32_t flow, uint32_t first, uint32_t last, uint64_t reordered)
{
	struct seen *f = &run.seen[kind][flow % CREW_MAX];

	reordered += __atomic_exchange_n(&f->last, last, __ATOMIC_RELAXED) >= first;
	if (reordered != 0)
		__atomic_fetch_add(&f->reordered, reordered, __ATOMIC_RELAXED);
}

/* Outbound the packets are sealed, and what is looked at is the order of the SA's numbers; inbound
 * they are in clear, and say themselves what flow they are of. Once for each run of a flow, as the
 * line is shared. */
static void look(const struct place *p, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	uint32_t now = 0, first = 0, last = 0;
	uint64_t reordered = 0;

	for (uint16_t i = 0; i < n; i++) {
		uint32_t flow = p->kind == KIND_MANY ? 0 : p->flow;
		uint32_t number = port == 0 ? 0 : tunnels_sequence(pkts[i]);

		if (port == 0)
			tunnels_read(pkts[i], &flow, &number);
		if (i != 0 && flow != now) {
			see(p->kind, now, first, last, reordered);
			reordered = 0;
		} else if (i != 0) {
			reordered += last >= number;
		}
		if (i == 0 || flow != now)
			first = number;
		now = flow;
		last = number;
	}
	see(p->kind, now, first, last, reordered);
}

static void sent(struct crew_member *m, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	const struct place *p = m->ctx;

	if (n != 0)
		look(p, port, pkts, n);
	rte_pktmbuf_free_bulk(pkts, n);
	if (run.way == WAY_SPRAY && p->kind != KIND_APART)
		pace_left(n);
}

static void make_packets(struct place *p, struct rte_mbuf **pkts)
{
	uint32_t tunnel[FAT_WINDOW];
	static pthread_mutex_t peer = PTHREAD_MUTEX_INITIALIZER; /* it is one */
	int err = 0;

	if (run.way != WAY_OUT) {
		for (unsigned int i = 0; i < run.window; i++)
			tunnel[i] = p->tunnel;
		pthread_mutex_lock(&peer);
		err = tunnels_sealed(p->w, p->pool, tunnel, p->flow, p->number, run.len, pkts,
				     (uint16_t)run.window);
		pthread_mutex_unlock(&peer);
	}
	for (unsigned int i = 0; run.way == WAY_OUT && i < run.window; i++) {
		pkts[i] = tunnels_clear(p->pool, p->tunnel, p->flow, p->number + i, run.len[i]);
		if (pkts[i] == NULL)
			err = -1;
	}
	if (err != 0)
		abort();
	p->number += run.window;
}

static void wait_while_busy(struct worker *w)
{
	while (w->order != NULL && order_busy(w->order))
		pipeline_poll(w);
}

static void feed(struct worker *w, struct rte_mbuf **pkts)
{
	uint8_t port = run.way == WAY_OUT ? 0 : 1;

	for (unsigned int i = 0; i < run.window; i += WORKER_BURST) {
		wait_while_busy(w);
		pipeline_input(w, port, pkts + i, WORKER_BURST);
		if (w->spray != NULL) /* what a poll says of a worker that has received that */
			spray_polled(w->spray, WORKER_BURST);
	}
}

static void help(struct worker *w)
{
	while (pace_total() < run.window)
		if (pipeline_poll(w) == 0)
			rte_pause();
}

/* What waits for its turn is not done. The cycles that sending it took: not those of waiting for
 * the others, who come to the end of the window as it happens. */
static uint64_t drain(struct worker *w)
{
	uint64_t cycles = 0;

	while (w->order != NULL && order_waiting(w->order) != 0) {
		uint64_t start = rte_rdtsc();
		unsigned int before = order_waiting(w->order);

		pipeline_poll(w);
		if (order_waiting(w->order) < before)
			cycles += rte_rdtsc() - start;
	}
	return cycles;
}

/* One window; the cycles a packet took. */
static double timed(struct place *p, struct rte_mbuf **pkts)
{
	struct worker *w = p->w;
	bool sprays = run.way == WAY_SPRAY && p->kind != KIND_APART;
	uint64_t start;

	barrier(p);
	if (w->spray != NULL) /* as it would be, had this not stopped and begun again */
		for (unsigned int i = 0; sprays && i < SPRAY_FULL_RUNS; i++)
			spray_received(w->spray, true);
	start = rte_rdtsc_precise();
	if (receives(p))
		feed(w, pkts);
	start = rte_rdtsc_precise() - start;
	if (!sprays)
		return (double)(start + drain(w)) / run.window;
	help(w);
	return pace_cycles(FAT_START, FAT_END);
}

/* One window of one crew. sample: where to note it. */
static void window(struct place *p, struct rte_mbuf **pkts, unsigned int sample)
{
	struct stages before;

	if (receives(p))
		make_packets(p, pkts);
	if (p == &run.place[p->kind][0])
		pace_start();
	before = p->stages;
	barrier(p);
	if (has_work(p)) {
		p->cycles[sample] = timed(p, pkts);
		for (unsigned int s = 0; s < STAGES_N; s++)
			p->stage[s][sample] =
				(double)(p->stages.stage[s].cycles - before.stage[s].cycles) /
				run.window;
	} else {
		barrier(p);
	}
	barrier(p);
}

static void work(struct crew_member *m)
{
	static struct rte_mbuf *all[CREW_MAX][FAT_WINDOW];

	for (unsigned int i = 0; i < WARM + run.samples; i++)
		for (unsigned int k = 0; k < KINDS; k++)
			window(&run.place[k][m->index], all[m->index], i < WARM ? 0 : i - WARM);
	while (order_waiting(m->w.order) != 0 || spray_open(m->w.spray) != 0)
		pipeline_poll(&m->w);
}

/* Packets per cycle of a whole crew, over the samples of one round. */
static double crew_rate(enum kind kind, unsigned int round)
{
	bool alone = kind == KIND_ONE || (run.way == WAY_SPRAY && kind == KIND_MANY);
	double rate = 0, v[WINDOWS];

	for (unsigned int i = 0; i < (alone ? 1 : run.n); i++) {
		memcpy(v, &run.place[kind][i].cycles[round * WINDOWS], sizeof(v));
		rate += 1 / sizes_quantile(v, WINDOWS, 0.5);
	}
	return rate;
}

struct row {
	enum way way;
	uint16_t size;
	unsigned int workers;
	double mean_len, one, many, share, share_min, share_max, apart, of_apart;
	double stage[KINDS]
		    [STAGES_N + 1]; /* cycles of one worker for a packet; the last: the rest */
	uint64_t reordered, drops;
};

static uint64_t count_reordered(void)
{
	uint64_t sum = 0;

	for (unsigned int k = 0; k < KINDS; k++)
		for (unsigned int i = 0; i < CREW_MAX; i++)
			sum += run.seen[k][i].reordered;
	return sum;
}

static uint64_t count_drops(struct crew *const *crews, unsigned int n)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < n; i++)
		sum += crew_all_drops(crews[i]);
	return sum;
}

/* Of all workers' windows the median, of each stage and of what is left of the whole. */
static void sum_up_stages(struct row *row)
{
	static double v[CREW_MAX * SAMPLES];

	for (unsigned int k = 0; k < KINDS; k++) {
		double rest = 0;

		for (unsigned int s = 0; s <= STAGES_N; s++) {
			unsigned int n = 0;

			for (unsigned int i = 0; i < (k == KIND_ONE ? 1 : run.n); i++)
				for (unsigned int j = 0; j < run.samples; j++)
					v[n++] = s < STAGES_N ? run.place[k][i].stage[s][j]
							      : run.place[k][i].cycles[j];
			row->stage[k][s] = sizes_quantile(v, n, 0.5);
			rest += row->stage[k][s];
		}
		row->stage[k][STAGES_N] -= rest - row->stage[k][STAGES_N];
	}
}

/* The first crew is that of one worker, the second that of all. */
static int measure(struct crew *const *crews, unsigned int n, unsigned int rounds, struct row *row)
{
	static double alone[MAX_ROUNDS], all[MAX_ROUNDS], share[MAX_ROUNDS], apart[MAX_ROUNDS],
		of_apart[MAX_ROUNDS];
	uint64_t drops = count_drops(crews, n);

	run.way = row->way;
	run.window = row->way == WAY_SPRAY ? FAT_WINDOW : WINDOW;
	run.samples = rounds * WINDOWS;
	run.n = crews[1]->n;
	memset(run.seen, 0, sizeof(run.seen));
	for (unsigned int k = 0; k < KINDS; k++)
		for (unsigned int i = 0; i < CREW_MAX; i++)
			run.place[k][i].number = 1;
	row->mean_len = sizes_fill(run.len, run.window, row->size);
	if (crew_run(crews[1], work) != 0)
		return -1;
	for (unsigned int i = 0; i < rounds; i++) {
		alone[i] = crew_rate(KIND_ONE, i);
		all[i] = crew_rate(KIND_MANY, i);
		share[i] = all[i] / (alone[i] * run.n);
		apart[i] = crew_rate(KIND_APART, i) / (alone[i] * run.n);
		of_apart[i] = share[i] / apart[i];
	}
	sum_up_stages(row);
	row->one = sizes_quantile(alone, rounds, 0.5);
	row->many = sizes_quantile(all, rounds, 0.5);
	row->share = sizes_quantile(share, rounds, 0.5);
	row->share_min = share[0];
	row->share_max = share[rounds - 1];
	row->apart = sizes_quantile(apart, rounds, 0.5);
	row->of_apart = sizes_quantile(of_apart, rounds, 0.5);
	row->reordered = count_reordered();
	row->drops = count_drops(crews, n) - drops;
	return 0;
}

static void print_stages(const struct row *r)
{
	for (unsigned int s = 0; s <= STAGES_N; s++)
		if (s == STAGES_N || r->stage[KIND_ONE][s] + r->stage[KIND_MANY][s] > 0)
			printf("%24s %9.1f %9.1f %9.1f\n", s < STAGES_N ? stages_name(s) : "(rest)",
			       r->stage[KIND_ONE][s], r->stage[KIND_MANY][s],
			       r->stage[KIND_APART][s]);
}

static void print_row(const struct row *r)
{
	double hz = (double)rte_get_tsc_hz();
	char size[8] = "imix";

	if (r->size != 0)
		snprintf(size, sizeof(size), "%u", r->size);
	printf("%-10s %5s %7u %9.2f %9.2f %9.2f %6.2f (%.2f..%.2f) %6.2f %8.2f %9lu %6lu\n",
	       way_names[r->way], size, r->workers, r->one * hz / 1e6, r->many * hz / 1e6,
	       r->many * hz * r->mean_len * 8 / 1e9, r->share, r->share_min, r->share_max, r->apart,
	       r->of_apart, (unsigned long)r->reordered, (unsigned long)r->drops);
	fflush(stdout);
}

static json_t *json_row(const struct row *r)
{
	double hz = (double)rte_get_tsc_hz();
	json_t *o = json_pack("{s:s s:i s:i s:f s:f s:f s:f s:f s:f s:f s:I s:I}", "direction",
			      way_names[r->way], "size", r->size, "workers", (int)r->workers,
			      "mpps_one", r->one * hz / 1e6, "mpps_all", r->many * hz / 1e6,
			      "share", r->share, "share_min", r->share_min, "share_max",
			      r->share_max, "share_apart", r->apart, "of_apart", r->of_apart,
			      "reordered", (json_int_t)r->reordered, "drops", (json_int_t)r->drops);

	if (r->size == 0)
		json_object_set_new(o, "size", json_string("imix"));
	return o;
}

static void place(enum kind kind, unsigned int i, struct crew *c, unsigned int member,
		  uint32_t tunnel)
{
	struct place *p = &run.place[kind][i];

	c->member[member]->ctx = p;
	p->kind = kind;
	p->w = &c->member[member]->w;
	p->pool = c->pool;
	p->tunnel = tunnel;
	p->flow = i;
	p->w->stages = &p->stages;
	stages_switch(p->w, true);
}

/* One worker, all workers, and each apart. Those made, even when it is not all. */
static unsigned int make_crews(struct harness *h, unsigned int workers, struct crew **crews)
{
	unsigned int n;

	for (n = 0; n < 2 + workers; n++) {
		unsigned int size = n == 1 ? workers : 1;

		crews[n] = crew_create(h, size, n == 1, size * PACKETS, sent);
		if (crews[n] == NULL)
			return n;
		crew_shuffle(crews[n]);
	}
	place(KIND_ONE, 0, crews[0], 0, 0);
	for (unsigned int i = 0; i < workers; i++) {
		place(KIND_MANY, i, crews[1], i, 1);
		place(KIND_APART, i, crews[2 + i], 0, 2 + i);
	}
	return n;
}

static void tell_drops(const struct crew *c)
{
	for (unsigned int i = 0; i < DROP_MAX; i++)
		if (crew_drops(c, (enum drop_reason)i) != 0)
			fprintf(stderr, "drop reason %u: %lu\n", i,
				(unsigned long)crew_drops(c, (enum drop_reason)i));
}

/* ways: a bit for each. */
static int bench(unsigned int workers, unsigned int rounds, bool stages, unsigned int ways,
		 json_t *out)
{
	struct harness *h = harness_create(tunnels_slots(TUNNELS), TUNNELS, 1023);
	struct crew *crews[2 + CREW_MAX] = {NULL};
	unsigned int n = 0;
	int err = -1;

	if (h == NULL || harness_pipe_create(h) != 0)
		return -1;
	sad_widen(h->tables.sad, SPRAY_NUMBERS);
	if (tunnels_create(h, TUNNELS, &tunnels_sha1, REPLAY) == 0)
		n = make_crews(h, workers, crews);
	if (n == 2 + workers)
		err = 0;
	for (unsigned int i = 0; err == 0 && i < WAYS * SIZES; i++) {
		struct row row = {
			.way = (enum way)(i % WAYS), .size = sizes[i / WAYS], .workers = workers};

		if ((ways >> row.way & 1) == 0)
			continue;
		err = measure(crews, n, rounds, &row);
		print_row(&row);
		if (stages)
			print_stages(&row);
		json_array_append_new(out, json_row(&row));
	}
	while (n > 0) {
		tell_drops(crews[--n]);
		crew_free(crews[n]);
	}
	harness_pipe_free(h);
	harness_free(h);
	return err;
}

static int usage(FILE *f)
{
	fprintf(f,
		"bench_cores [--quick] [--workers N] [--rounds N] [--way N] [--stages] [--json "
		"FILE]\n"
		"  --workers N   2 to %u workers on one SA; without it 2 and 3\n"
		"  --rounds N    rounds of %u windows, which one worker, N and N apart take in "
		"turn (7)\n"
		"  --way N       0 out, 1 in, 2 in with spray; without it all\n"
		"  --stages      a worker's cycles for a packet in each stage: alone, of N, apart\n"
		"  --json FILE   write the rows for programs\n",
		CREW_MAX, WINDOWS);
	return f == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"quick", no_argument, NULL, 'q'},	   {"rounds", required_argument, NULL, 'r'},
		{"workers", required_argument, NULL, 'w'}, {"json", required_argument, NULL, 'j'},
		{"stages", no_argument, NULL, 's'},	   {"way", required_argument, NULL, 'y'},
		{"help", no_argument, NULL, 'h'},	   {NULL, 0, NULL, 0}};
	unsigned int rounds = 7, first = 2, last = 3, ways = (1u << WAYS) - 1;
	const char *file = NULL;
	json_t *rows = json_array();
	bool stages = false;
	int c, err = 0;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'q')
			rounds = 3;
		else if (c == 'r')
			rounds = (unsigned int)strtoul(optarg, NULL, 10);
		else if (c == 'w')
			first = last = (unsigned int)strtoul(optarg, NULL, 10);
		else if (c == 'y')
			ways = 1u << (strtoul(optarg, NULL, 10) % WAYS);
		else if (c == 's')
			stages = true;
		else if (c == 'j')
			file = optarg;
		else
			return usage(c == 'h' ? stdout : stderr);
	}
	if (rounds == 0 || rounds > MAX_ROUNDS || first < 2 || last > CREW_MAX || optind != argc)
		return usage(stderr);
	printf("%-10s %5s %7s %9s %9s %9s %6s %12s %6s %8s %9s %6s\n", "direction", "size",
	       "workers", "Mpps 1", "Mpps N", "Gbit/s N", "share", "", "apart", "of apart",
	       "reordered", "drops");
	for (unsigned int n = first; err == 0 && n <= last; n++)
		err = bench(n, rounds, stages, ways, rows);
	if (err == 0 && file != NULL && json_dump_file(rows, file, JSON_INDENT(1)) != 0) {
		fprintf(stderr, "%s: cannot be written\n", file);
		err = -1;
	}
	json_decref(rows);
	return err == 0 ? 0 : 1;
}
