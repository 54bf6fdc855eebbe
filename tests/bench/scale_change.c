/* SPDX-License-Identifier: BSD-3-Clause */
/* scale_change.c - see scale_change.h. */
#include "tests/bench/scale_change.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/resource.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>

#include "dataplane/arena.h"
#include "dataplane/clock.h"
#include "dataplane/heap.h"
#include "dataplane/ipsec/sad.h"
#include "dataplane/ipsec/spd.h"
#include "dataplane/manager.h"
#include "dataplane/net/neigh.h"
#include "dataplane/net/route.h"
#include "dataplane/pipeline.h"
#include "tests/unit/dataplane/tunnels.h"

#define RATE  10000u /* changes a second */
#define TURN  0.5    /* seconds */
#define BATCH 64u    /* commands under way */
_Static_assert(SCALE_CHANGE_SAS >= 4 * BATCH, "a quarter of the SAs is replaced in turn");

static uint64_t n_sent;

enum phase {
	PHASE_QUIET,
	PHASE_REFUSED, /* as many commands, which change nothing */
	PHASE_SAS,
	PHASE_BUILT, /* tables of policies, which nobody gets */
	PHASE_POLICIES,
	PHASES,
	PHASE_BETWEEN = PHASES
};

static const char *const name[PHASES] = {
	[PHASE_QUIET] = "undisturbed",	      [PHASE_REFUSED] = "as many commands refused",
	[PHASE_SAS] = "SAs change",	      [PHASE_BUILT] = "policies compiled for nobody",
	[PHASE_POLICIES] = "policies change",
};

/* Passes of the worker's loop. One in which it lost its CPU to another thread tells nothing; what
 * the hypervisor takes cannot be told from the rest, so it is seen in the quiet turns, too. */
struct gaps {
	uint64_t passes, switched, longest, over[3];
	uint64_t fed, lost;
	double seconds;
	double rate[SCALE_CHANGE_TURNS]; /* of pauses, in each turn */
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

static struct abi_policy policy(const struct plane *p, uint32_t t, uint32_t generation)
{
	struct abi_sa_add c = tunnels_sa_out(p->h, t, &tunnels_sha1);

	return (struct abi_policy){.generation = generation,
				   .policy_id = t + 1,
				   .action = ABI_ACT_PROTECT,
				   .mode = ABI_MODE_TUNNEL,
				   .local = c.ts_local[0],
				   .remote = c.ts_remote[0],
				   .tunnel_local = c.local,
				   .tunnel_remote = c.remote};
}

static void install_policies(struct plane *p, uint32_t n, uint32_t generation)
{
	struct abi_generation g = {.generation = generation, .count = n};
	uint64_t got = put(p, &g, ABI_CMD_POLICY_BEGIN, sizeof(g));

	for (uint32_t t = 0; t < n; t++) {
		struct abi_policy pol = policy(p, t, generation);

		got += put(p, &pol, ABI_CMD_POLICY, sizeof(pol));
	}
	got += put(p, &g, ABI_CMD_POLICY_COMMIT, sizeof(g));
	wait_answers(p, got, n + 2);
}

/* The work of it without the exchange: another thread's use of caches and memory is no pause that a
 * table in force has made. */
static void build_policies(const struct plane *p, uint32_t n)
{
	static struct abi_policy table[SPD_MAX_POLICIES];
	static uint32_t index[SPD_MAX_POLICIES];
	uint32_t status, detail;

	for (uint32_t t = 0; t < n; t++) {
		table[t] = policy(p, t, 1);
		index[t] = t;
	}
	spd_free(spd_build(table, index, n, 1, SOCKET_ID_ANY, &status, &detail));
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
static uint64_t take_turn(struct plane *p, enum phase phase, const struct scale_change *o,
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
	for (; phase >= PHASE_BUILT && seconds_since(start) < TURN; changes++) {
		if (phase == PHASE_BUILT)
			build_policies(p, policies);
		else
			install_policies(p, policies, ++generation);
	}
	enter(p, PHASE_BETWEEN);
	g->rate[turn] = (double)(g->over[PAUSE] - before) / (g->seconds - seconds);
	return changes;
}

/* What a phase has added to what there is in another: the mean of all turns, and how far off that
 * may be (its standard error). */
static void report_added(const struct plane *p, enum phase phase, enum phase without,
			 unsigned int turns)
{
	double sum = 0, squares = 0;

	for (unsigned int i = 0; i < turns; i++) {
		double more = p->gaps[phase].rate[i] - p->gaps[without].rate[i];

		sum += more;
		squares += more * more;
	}
	sum /= turns;
	printf("    %+.1f (+- %.1f) more a second over %u us than %s\n", sum,
	       sqrt((squares / turns - sum * sum) / (turns - 1)), over_us[PAUSE], name[without]);
}

/* Without and with changes in turn, so that all meet the same of what else goes on here. */
static void measure_pauses(struct plane *p, const struct scale_change *o, uint32_t policies)
{
	uint64_t sas = 0, tables = 0;

	for (unsigned int i = 0; i < o->turns; i++) {
		take_turn(p, PHASE_QUIET, o, policies, i);
		take_turn(p, PHASE_REFUSED, o, policies, i);
		sas += take_turn(p, PHASE_SAS, o, policies, i);
		take_turn(p, PHASE_BUILT, o, policies, i);
		tables += take_turn(p, PHASE_POLICIES, o, policies, i);
	}
	printf("  %.0f changes of SAs a second; all %u policies exchanged %.1f times a second\n",
	       (double)sas / p->gaps[PHASE_SAS].seconds, policies,
	       (double)tables / p->gaps[PHASE_POLICIES].seconds);
	for (unsigned int phase = 0; phase < PHASES; phase++) {
		report_worker(&p->gaps[phase], name[phase]);
		if (phase != PHASE_QUIET)
			report_added(p, phase, PHASE_QUIET, o->turns);
	}
	report_added(p, PHASE_POLICIES, PHASE_BUILT, o->turns);
}

static void measure_changes(struct plane *p, const struct scale_change *o, uint32_t policies)
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

int scale_change(const struct scale_change *o)
{
	uint32_t max_sas = 16, policies = RTE_MIN(o->policies, 10000u);
	struct plane *p = &plane;
	int err;

	while (max_sas < o->installed)
		max_sas *= 2;
	heap_keep(); /* as the data plane's main() */
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
