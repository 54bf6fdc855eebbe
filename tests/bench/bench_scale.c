/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bench_scale.c - what many SAs, policies and flows cost a packet, and what changing them costs
 * the worker that moves packets meanwhile.
 *
 * cost     two sites in one process take turns, one with one tunnel and one with as many as asked
 *          for: scale_cost.h
 * change   a manager with its segment and rings serves commands on a thread of its own, as the data
 *          plane does: SAs installed as fast as they are served, then SAs replaced and policies
 *          exchanged at a given rate while a worker moves packets and watches its own polls
 */
#include <getopt.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/resource.h>
#include <unistd.h>

#include <jansson.h>
#include <rte_cycles.h>
#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>

#include "dataplane/arena.h"
#include "dataplane/clock.h"
#include "dataplane/ipsec/sad.h"
#include "dataplane/manager.h"
#include "dataplane/net/neigh.h"
#include "dataplane/net/route.h"
#include "dataplane/pipeline.h"
#include "tests/bench/scale_cost.h"
#include "tests/unit/dataplane/tunnels.h"

#define RATE	  10000u /* changes a second */
#define TURNS	  6u	 /* without and with changes, */
#define TURNS_MAX 200u
#define TURN	  0.5 /* of so many seconds each */
#define BATCH	  64u /* commands under way */

struct options {
	struct scale_cost cost;
	uint32_t installed;
	uint32_t turns;
};

static uint64_t n_sent;

enum phase {
	PHASE_QUIET,
	PHASE_REFUSED, /* as many commands, which change nothing */
	PHASE_SAS,
	PHASE_POLICIES,
	PHASES,
	PHASE_BETWEEN = PHASES
};

/* Passes of the worker's loop. One in which it lost its CPU to another thread tells nothing; what
 * the hypervisor takes cannot be told from the rest, so it is seen in the quiet turns, too. */
struct gaps {
	uint64_t passes, switched, longest, over[3];
	uint64_t fed, lost;
	double seconds;
	double rate[TURNS_MAX]; /* of pauses, in each turn */
};

static const unsigned int over_us[] = {20, 50, 1000};
#define PAUSE 1u /* the one of them that a worker may not have */

struct plane {
	struct harness *h;
	struct segment segment;
	struct rte_rcu_qsbr *rcu;
	struct worker *workers[1];
	struct manager manager;
	struct abi_ring_view command, event;
	char dir[64];
	pthread_t manager_thread, worker_thread;
	bool stop;
	uint64_t longest_tick; /* cycles */
	uint32_t changes;
	unsigned int phase;	      /* now */
	struct gaps gaps[PHASES + 1]; /* the worker's, but for the seconds */
};

static struct plane plane;

static uint16_t count_ports(void *ctx, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	(void)ctx;
	(void)port;
	n_sent += n;
	rte_pktmbuf_free_bulk(pkts, n);
	return n;
}

static void use_lines(struct plane *p)
{
	struct worker *w = &p->h->worker;

	worker_take_lines(w, &p->segment);
	w->rcu = p->rcu;
	p->workers[0] = w;
}

static int plane_create(struct plane *p, uint32_t max_sas, uint32_t policies)
{
	const struct segment_geometry g = {.max_sas = max_sas,
					   .max_policies = policies,
					   .workers = 1,
					   .max_ports = WORKER_MAX_PORTS,
					   .command_slots = 1024,
					   .event_slots = 4096,
					   .punt_slots = 16,
					   .inject_slots = 16};
	char err[256] = "out of memory";
	struct fib *fib;

	p->h = harness_create(16, policies, 4095);
	snprintf(p->dir, sizeof(p->dir), "/tmp/espgw-scale-XXXXXX");
	if (p->h == NULL || harness_pipe_create(p->h) != 0 || mkdtemp(p->dir) == NULL ||
	    segment_create(&p->segment, p->dir, "scale", &g, err, sizeof(err)) != 0)
		goto fail;
	p->rcu = rte_zmalloc("rcu", rte_rcu_qsbr_get_memsize(1), 64);
	if (p->rcu == NULL || rte_rcu_qsbr_init(p->rcu, 1) != 0)
		goto fail;
	rte_rcu_qsbr_thread_register(p->rcu, 0);
	use_lines(p);
	sad_free(p->h->tables.sad);
	p->h->tables.sad = sad_create(max_sas, policies,
				      segment_area(&p->segment, ABI_AREA_SA_STATUS), SOCKET_ID_ANY);
	p->h->max_sas = max_sas;
	fib = p->h->tables.fib;
	pipeline_free(&p->h->worker);
	if (p->h->tables.sad == NULL ||
	    pipeline_create(&p->h->worker, count_ports, p, SOCKET_ID_ANY) != 0 ||
	    manager_create(&p->manager,
			   &(struct manager_setup){.segment = &p->segment,
						   .tables = &p->h->tables,
						   .workers = p->workers,
						   .n_workers = 1,
						   .pool = p->h->pool,
						   .rcu = p->rcu},
			   err, sizeof(err)) != 0)
		goto fail;
	/* The manager begins without routes; the harness's, and the neighbours on them, go on. */
	fib_free(p->h->tables.fib);
	p->h->tables.fib = fib;
	p->manager.neigh_io.fib = fib;
	p->manager.next_slow_tick = UINT64_MAX; /* pretended ports have no link to poll */
	abi_ring_attach(&p->command, segment_area(&p->segment, ABI_AREA_COMMAND), 1024,
			ABI_COMMAND_SLOT, true, false);
	abi_ring_attach(&p->event, segment_area(&p->segment, ABI_AREA_EVENT), 4096, ABI_EVENT_SLOT,
			false, false);
	return 0;
fail:
	fprintf(stderr, "no data plane: %s\n", err);
	return -1;
}

static bool stopped(const struct plane *p)
{
	return __atomic_load_n(&p->stop, __ATOMIC_RELAXED);
}

static void *manage(void *arg)
{
	const struct timespec idle = {.tv_nsec = 500000};
	struct plane *p = arg;
	/* The harness has met its neighbours at a time of its own. */
	uint64_t epoch = clock_monotonic() - p->h->worker.now;

	while (!stopped(p)) {
		uint64_t start = rte_rdtsc(), took;
		bool work = manager_tick(&p->manager, clock_monotonic() - epoch);

		took = rte_rdtsc() - start;
		p->longest_tick = RTE_MAX(p->longest_tick, took);
		if (!work)
			nanosleep(&idle, NULL);
	}
	return NULL;
}

static uint64_t switches(void)
{
	struct rusage u;

	return getrusage(RUSAGE_THREAD, &u) == 0 ? (uint64_t)(u.ru_nvcsw + u.ru_nivcsw) : 0;
}

static void note_gap(struct gaps *g, uint64_t gap, bool switched)
{
	g->passes++;
	if (switched) {
		g->switched++;
		return;
	}
	g->longest = RTE_MAX(g->longest, gap);
	for (unsigned int i = 0; i < RTE_DIM(over_us); i++)
		g->over[i] += gap * 1000000 > over_us[i] * rte_get_tsc_hz();
}

/* A small burst each poll: the gap between two is what a packet would have waited. */
static void *work(void *arg)
{
	struct plane *p = arg;
	struct worker *w = &p->h->worker;
	struct rte_mbuf *pkts[8];

	rte_rcu_qsbr_thread_online(p->rcu, 0);
	for (uint32_t k = 0; !stopped(p); k++) {
		struct gaps *g = &p->gaps[__atomic_load_n(&p->phase, __ATOMIC_RELAXED)];
		uint64_t before, start, gap;

		for (unsigned int i = 0; i < 8; i++)
			pkts[i] = tunnels_clear(p->h->pool, k % 16, 0, 0, 100);
		n_sent = 0;
		before = switches();
		start = rte_rdtsc_precise();
		pipeline_input(w, 0, pkts, 8);
		rte_rcu_qsbr_quiescent(p->rcu, 0);
		gap = rte_rdtsc_precise() - start;
		note_gap(g, gap, switches() != before);
		g->fed += 8;
		g->lost += 8 - n_sent;
	}
	rte_rcu_qsbr_thread_offline(p->rcu, 0);
	return NULL;
}

static uint64_t refused, wanted; /* commands; of those so many as a control */

static unsigned int take_answers(struct plane *p)
{
	_Alignas(8) uint8_t slot[ABI_EVENT_SLOT];
	unsigned int n = 0;

	while (abi_ring_get(&p->event, slot) == 1) {
		const struct abi_ev_reply *ev = (const void *)slot;

		if (ev->msg.type != ABI_EV_REPLY)
			continue;
		refused += ev->status != ABI_OK;
		n++;
	}
	return n;
}

/* Put a command, taking answers while there is no room. Returns answers. */
static unsigned int put(struct plane *p, void *record, uint16_t type, size_t len)
{
	static uint32_t id;
	unsigned int n = 0;

	*(struct abi_msg *)record = (struct abi_msg){type, (uint16_t)len, ++id};
	while (abi_ring_put(&p->command, record, len) != 0)
		n += take_answers(p);
	return n + take_answers(p);
}

static double seconds_since(uint64_t start)
{
	return (double)(rte_rdtsc() - start) / (double)rte_get_tsc_hz();
}

static void wait_answers(struct plane *p, uint64_t got, uint64_t want)
{
	while (got < want)
		got += take_answers(p);
}

static void install_policies(struct plane *p, uint32_t n, uint32_t generation)
{
	struct abi_generation g = {.generation = generation, .count = n};
	uint64_t got = put(p, &g, ABI_CMD_POLICY_BEGIN, sizeof(g));

	for (uint32_t t = 0; t < n; t++) {
		struct abi_sa_add c = tunnels_sa_out(p->h, t, &tunnels_sha1);
		struct abi_policy pol = {.generation = generation,
					 .policy_id = t + 1,
					 .action = ABI_ACT_PROTECT,
					 .mode = ABI_MODE_TUNNEL,
					 .local = c.ts_local[0],
					 .remote = c.ts_remote[0],
					 .tunnel_local = c.local,
					 .tunnel_remote = c.remote};

		got += put(p, &pol, ABI_CMD_POLICY, sizeof(pol));
	}
	got += put(p, &g, ABI_CMD_POLICY_COMMIT, sizeof(g));
	wait_answers(p, got, n + 2);
}

static void install_sas(struct plane *p, uint32_t n, uint32_t policies)
{
	uint64_t got = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct abi_sa_add c = tunnels_sa_out(p->h, i % policies, &tunnels_sha1);

		c.slot = i;
		c.spi = 0x10000 + i;
		c.flags = i < policies ? ABI_SA_F_CURRENT : 0;
		got += put(p, &c, ABI_CMD_SA_ADD, sizeof(c));
	}
	wait_answers(p, got, n);
}

/* Remove BATCH SAs that carry nothing, and put others in their slots once they are gone. */
static void replace_sas(struct plane *p, uint32_t first, uint32_t round)
{
	uint64_t got = 0;

	for (uint32_t i = 0; i < BATCH; i++) {
		struct abi_sa_delete d = {.slot = first + i,
					  .spi = 0x10000 + first + i + round * 0x1000000};

		got += put(p, &d, ABI_CMD_SA_DELETE, sizeof(d));
	}
	wait_answers(p, got, BATCH);
	got = 0;
	for (uint32_t i = 0; i < BATCH; i++) {
		struct abi_sa_add c = tunnels_sa_out(p->h, 0, &tunnels_sha1);

		c.slot = first + i;
		c.spi = 0x10000 + first + i + (round + 1) * 0x1000000;
		c.flags = 0;
		got += put(p, &c, ABI_CMD_SA_ADD, sizeof(c));
	}
	wait_answers(p, got, BATCH);
}

/* As many commands as replace_sas() has, for SAs that there are not. */
static void be_refused(struct plane *p)
{
	uint64_t before = refused;

	for (uint32_t k = 0; k < 2; k++) {
		uint64_t got = 0;

		for (uint32_t i = 0; i < BATCH; i++) {
			struct abi_sa_delete d = {.slot = i, .spi = i};

			got += put(p, &d, ABI_CMD_SA_DELETE, sizeof(d));
		}
		wait_answers(p, got, BATCH);
	}
	wanted += refused - before;
}

/* RATE commands a second for a turn. Returns how many. */
static uint64_t change_sas(struct plane *p, uint32_t first, uint32_t n, bool refuse)
{
	uint64_t start = rte_rdtsc(), sent = 0;

	while (seconds_since(start) < TURN) {
		uint32_t k = p->changes;

		if (refuse)
			be_refused(p);
		else
			replace_sas(p, first + k % (n / BATCH) * BATCH, k / (n / BATCH));
		p->changes += !refuse;
		sent += 2 * BATCH;
		while ((double)sent > seconds_since(start) * RATE)
			usleep(200);
	}
	return sent;
}

/* What the worker does from here on belongs to another phase. */
static void enter(struct plane *p, enum phase phase)
{
	static uint64_t since;

	if (since != 0)
		p->gaps[p->phase].seconds += seconds_since(since);
	since = rte_rdtsc();
	__atomic_store_n(&p->phase, phase, __ATOMIC_RELAXED);
}

static void report_worker(const struct gaps *g, const char *what)
{
	printf("  worker, %s: %lu passes, %lu of them lost the CPU; the others: longest %.0f us,",
	       what, (unsigned long)g->passes, (unsigned long)g->switched,
	       (double)g->longest * 1e6 / (double)rte_get_tsc_hz());
	for (unsigned int i = 0; i < RTE_DIM(over_us); i++)
		printf(" %.1f/s over %u us,", (double)g->over[i] / g->seconds, over_us[i]);
	printf(" %lu of %lu packets lost\n", (unsigned long)g->lost, (unsigned long)g->fed);
}

/* One turn. Returns how many changes there were. */
static uint64_t take_turn(struct plane *p, enum phase phase, const struct options *o,
			  uint32_t policies, unsigned int turn)
{
	static uint32_t generation = 1;
	struct gaps *g = &p->gaps[phase];
	uint64_t before, start, changes = 0;
	double seconds;

	enter(p, phase);
	before = g->over[PAUSE];
	seconds = g->seconds;
	start = rte_rdtsc();
	if (phase == PHASE_SAS || phase == PHASE_REFUSED)
		changes = change_sas(p, o->installed / 2, o->installed / 4, phase == PHASE_REFUSED);
	else if (phase == PHASE_QUIET)
		usleep((useconds_t)(TURN * 1e6));
	for (; phase == PHASE_POLICIES && seconds_since(start) < TURN; changes++)
		install_policies(p, policies, ++generation);
	enter(p, PHASE_BETWEEN);
	g->rate[turn] = (double)(g->over[PAUSE] - before) / (g->seconds - seconds);
	return changes;
}

/* What the changes have added to what there is without them: the mean of all turns, and how far off
 * that may be (its standard error). */
static void report_added(const struct plane *p, enum phase phase, unsigned int turns)
{
	double sum = 0, squares = 0;

	for (unsigned int i = 0; i < turns; i++) {
		double more = p->gaps[phase].rate[i] - p->gaps[PHASE_QUIET].rate[i];

		sum += more;
		squares += more * more;
	}
	sum /= turns;
	printf("    %+.1f (+- %.1f) a second over %u us beside what there is without\n", sum,
	       sqrt((squares / turns - sum * sum) / (turns - 1)), over_us[PAUSE]);
}

/* Without and with changes in turn, so that all meet the same of what else goes on here. */
static void measure_pauses(struct plane *p, const struct options *o, uint32_t policies)
{
	uint64_t sas = 0, tables = 0;

	for (unsigned int i = 0; i < o->turns; i++) {
		take_turn(p, PHASE_QUIET, o, policies, i);
		take_turn(p, PHASE_REFUSED, o, policies, i);
		sas += take_turn(p, PHASE_SAS, o, policies, i);
		tables += take_turn(p, PHASE_POLICIES, o, policies, i);
	}
	printf("  %.0f changes of SAs a second; all %u policies exchanged %.1f times a second\n",
	       (double)sas / p->gaps[PHASE_SAS].seconds, policies,
	       (double)tables / p->gaps[PHASE_POLICIES].seconds);
	report_worker(&p->gaps[PHASE_QUIET], "undisturbed");
	report_worker(&p->gaps[PHASE_REFUSED], "as many commands refused");
	report_added(p, PHASE_REFUSED, o->turns);
	report_worker(&p->gaps[PHASE_SAS], "SAs change");
	report_added(p, PHASE_SAS, o->turns);
	report_worker(&p->gaps[PHASE_POLICIES], "policies change");
	report_added(p, PHASE_POLICIES, o->turns);
}

static void measure_changes(struct plane *p, const struct options *o, uint32_t policies)
{
	double us = 1e6 / (double)rte_get_tsc_hz();
	size_t before = arena_used(0);
	uint64_t start = rte_rdtsc();

	install_policies(p, policies, 1);
	printf("  %u policies in %.0f ms\n", policies, 1e3 * seconds_since(start));
	start = rte_rdtsc();
	install_sas(p, o->installed, policies);
	printf("  %u SAs at %.0f a second, %.0f bytes each; segment %.0f MB\n", o->installed,
	       o->installed / seconds_since(start), (double)(arena_used(0) - before) / o->installed,
	       (double)p->segment.own.segment_size / 1048576);
	p->longest_tick = 0;
	sleep(1);
	printf("  manager alone: longest tick %.0f us\n", (double)p->longest_tick * us);
	pthread_create(&p->worker_thread, NULL, work, p);
	measure_pauses(p, o, policies);
}

static int bench_change(const struct options *o)
{
	uint32_t max_sas = 16, policies = RTE_MIN(o->cost.tunnels, 10000u);
	struct plane *p = &plane;
	int err;

	while (max_sas < o->installed)
		max_sas *= 2;
	err = plane_create(p, max_sas, policies);
	if (err == 0) {
		pthread_create(&p->manager_thread, NULL, manage, p);
		printf("commands through the ring\n");
		measure_changes(p, o, policies);
		__atomic_store_n(&p->stop, true, __ATOMIC_RELAXED);
		pthread_join(p->worker_thread, NULL);
		pthread_join(p->manager_thread, NULL);
		manager_free(&p->manager);
		if (refused != wanted) {
			fprintf(stderr, "%lu commands were refused\n",
				(unsigned long)(refused - wanted));
			err = -1;
		}
	}
	segment_remove(&p->segment);
	rmdir(p->dir);
	return err;
}

static int bench_cost(struct scale_cost *o, const char *file)
{
	int err;

	o->rows = json_array();
	err = o->rows != NULL ? scale_cost(o) : -1;
	if (err == 0 && file != NULL && json_dump_file(o->rows, file, JSON_INDENT(1)) != 0) {
		fprintf(stderr, "cannot write %s\n", file);
		err = -1;
	}
	json_decref(o->rows);
	return err;
}

static int usage(FILE *f)
{
	fprintf(f, "bench_scale [--sas N] [--flows N] [--installed N] [--rounds N] [--stages] "
		   "[--turns N] [--json FILE] [cost|change]\n"
		   "  --sas N        tunnels and policies, at most 20000 (10000)\n"
		   "  --flows N      flows of each tunnel (10)\n"
		   "  --installed N  SAs installed through the command ring (100000)\n"
		   "  --rounds N     turns of 448 packets (101)\n"
		   "  --turns N      turns without and with changes, 2 to 200 (6)\n"
		   "  --stages       show the cycles of each stage, too\n"
		   "  --json FILE    write the figures of cost for programs\n");
	return f == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"sas", required_argument, NULL, 's'},
						{"flows", required_argument, NULL, 'f'},
						{"installed", required_argument, NULL, 'i'},
						{"rounds", required_argument, NULL, 'r'},
						{"turns", required_argument, NULL, 'n'},
						{"stages", no_argument, NULL, 't'},
						{"json", required_argument, NULL, 'j'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	struct options o = {.cost = {.tunnels = 10000, .flows = 10, .rounds = 101},
			    .installed = 100000,
			    .turns = TURNS};
	const char *what, *file = NULL;
	int c, err = 0;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		uint32_t n = optarg != NULL ? (uint32_t)strtoul(optarg, NULL, 10) : 0;

		if (c == 's')
			o.cost.tunnels = n;
		else if (c == 'f')
			o.cost.flows = n;
		else if (c == 'i')
			o.installed = n;
		else if (c == 'r')
			o.cost.rounds = n;
		else if (c == 'n')
			o.turns = n;
		else if (c == 't')
			o.cost.stages = true;
		else if (c == 'j')
			file = optarg;
		else
			return usage(c == 'h' ? stdout : stderr);
	}
	what = optind < argc ? argv[optind] : "all";
	if (o.cost.tunnels == 0 || o.cost.tunnels > 20000 || o.cost.flows == 0 ||
	    o.cost.flows > 16384 || o.installed < 4 * BATCH ||
	    o.installed > ABI_MAX_SAS_LIMIT / 2 || o.cost.rounds == 0 ||
	    o.cost.rounds > SCALE_COST_ROUNDS || o.turns < 2 || o.turns > TURNS_MAX)
		return usage(stderr);
	if (strcmp(what, "change") != 0)
		err = bench_cost(&o.cost, file);
	if (err == 0 && strcmp(what, "cost") != 0)
		err = bench_change(&o);
	return err == 0 ? 0 : 1;
}
