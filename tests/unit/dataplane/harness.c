/* SPDX-License-Identifier: BSD-3-Clause */
/* harness.c - EAL, packet pool and a worker in plain memory. */
#include "tests/unit/dataplane/harness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mempool.h>

#include "dataplane/arena.h"
#include "dataplane/eal.h"
#include "dataplane/linear.h"

#define LARGE	  15u
#define DATA_ROOM (RTE_PKTMBUF_HEADROOM + 2176)

static bool eal_up;

static void clean_up(void)
{
	eal_stop(eal_up);
}

int harness_eal(void)
{
	static int state = 1; /* 1: not tried */
	static struct eal_args args;
	/* Pretended ports make ethdev complain. */
	static char no_telemetry[] = "--no-telemetry", quiet[] = "--log-level=*:critical";
	char *extra[] = {no_telemetry, quiet};
	char instance[32];
	struct eal_setup setup = {
		.instance = instance, .memory_mb = 1024, .extra = extra, .n_extra = 2};

	if (state != 1)
		return state;
	snprintf(instance, sizeof(instance), "test-%d", (int)getpid());
	state = -1;
	eal_up = eal_args_make(&args, &setup) == 0 && rte_eal_init(args.argc, args.argv) >= 0;
	if (!eal_up)
		fprintf(stderr, "EAL: %s\n", rte_strerror(rte_errno));
	else if (pkt_register() < 0)
		fprintf(stderr, "no room for the packet field\n");
	else
		state = arena_create() == -EEXIST ? -1 : 0;
	atexit(clean_up);
	return state;
}

static void *area(size_t n, size_t size)
{
	void *p = aligned_alloc(64, n * size);

	if (p)
		memset(p, 0, n * size);
	return p;
}

static struct rte_ring *ring(const char *what, const struct harness *h)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%s-%p", what, (const void *)h);
	return rte_ring_create(name, 1024, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

static void wire_worker(struct harness *h)
{
	struct worker *w = &h->worker;

	w->tables = &h->tables;
	w->pool = h->pool;
	w->large = h->large;
	w->now = 1000000000;
	w->max_sas = h->max_sas;
	w->counters = h->worker_counters;
	w->sa_counters = h->sa_counters;
	w->sa_drops = h->sa_drops;
	w->policy_counters = h->policy_counters;
	w->port_counters = h->port_counters;
	w->samples = h->samples;
	w->ike = ring("ike", h);
	w->slow = ring("slow", h);
	w->reply = ring("reply", h);
}

struct harness *harness_create(uint32_t max_sas, uint32_t max_policies, unsigned int n_mbufs)
{
	struct harness *h;
	char name[32];

	if (harness_eal() != 0)
		return NULL;
	h = area(1, (sizeof(*h) + 63) & ~(size_t)63);
	if (!h)
		return NULL;
	snprintf(name, sizeof(name), "pool-%p", (void *)h);
	h->max_sas = max_sas;
	h->max_policies = max_policies;
	h->pool = rte_pktmbuf_pool_create(name, n_mbufs, 0, 0, DATA_ROOM, SOCKET_ID_ANY);
	snprintf(name, sizeof(name), "large-%p", (void *)h);
	h->large = rte_pktmbuf_pool_create(name, LARGE, 0, 0, LINEAR_LARGE_ROOM, SOCKET_ID_ANY);
	h->sa_status = area(max_sas, sizeof(*h->sa_status));
	h->worker_counters = area(HARNESS_LINES, sizeof(*h->worker_counters));
	h->sa_counters = area((size_t)max_sas * HARNESS_LINES, sizeof(*h->sa_counters));
	h->sa_drops = area((size_t)max_sas * HARNESS_LINES, sizeof(*h->sa_drops));
	h->policy_counters =
		area((size_t)max_policies * HARNESS_LINES, sizeof(*h->policy_counters));
	h->port_counters =
		area((size_t)WORKER_MAX_PORTS * HARNESS_LINES, sizeof(*h->port_counters));
	h->samples = area((size_t)ABI_DROP_SLOTS * ABI_SAMPLES, sizeof(*h->samples));
	wire_worker(h);
	if (!h->pool || !h->large || !h->sa_status || !h->worker_counters || !h->sa_counters ||
	    !h->sa_drops || !h->policy_counters || !h->port_counters || !h->samples ||
	    !h->worker.ike || !h->worker.slow || !h->worker.reply) {
		fprintf(stderr, "harness: %s\n", rte_strerror(rte_errno));
		harness_free(h);
		return NULL;
	}
	return h;
}

static void free_ring(struct rte_ring *r)
{
	void *m;

	while (r && rte_ring_dequeue(r, &m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(r);
}

void harness_free(struct harness *h)
{
	if (!h)
		return;
	free_ring(h->worker.ike);
	free_ring(h->worker.slow);
	free_ring(h->worker.reply);
	rte_mempool_free(h->pool);
	rte_mempool_free(h->large);
	free(h->sa_status);
	free(h->worker_counters);
	free(h->sa_counters);
	free(h->sa_drops);
	free(h->policy_counters);
	free(h->port_counters);
	free(h->samples);
	free(h);
}

void harness_clear_lines(struct harness *h)
{
	memset(h->sa_counters, 0, (size_t)h->max_sas * HARNESS_LINES * sizeof(*h->sa_counters));
	memset(h->sa_drops, 0, (size_t)h->max_sas * HARNESS_LINES * sizeof(*h->sa_drops));
	memset(h->policy_counters, 0,
	       (size_t)h->max_policies * HARNESS_LINES * sizeof(*h->policy_counters));
}

struct rte_mbuf *harness_mbuf(struct harness *h, const void *bytes, size_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(h->pool);

	if (!m)
		return NULL;
	*pkt_meta(m) = (struct pkt_meta){.sa_slot = PKT_NO_SA};
	if (len > rte_pktmbuf_tailroom(m)) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), bytes, len);
	return m;
}

uint64_t harness_drops(const struct harness *h)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < ABI_DROP_SLOTS; i++)
		sum += h->worker.counters->drops[i];
	return sum;
}

unsigned int harness_in_use(const struct harness *h)
{
	return rte_mempool_in_use_count(h->pool) + rte_mempool_in_use_count(h->large);
}
