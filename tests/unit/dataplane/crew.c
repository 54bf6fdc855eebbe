/* SPDX-License-Identifier: BSD-3-Clause */
/* crew.c - several workers on the tables of one harness. */
#include "tests/unit/dataplane/crew.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/spd_cache.h"
#include "dataplane/net/reasm.h"
#include "dataplane/order.h"
#include "dataplane/pool.h"
#include "dataplane/spray.h"
#include "tests/random.h"

#define POOL_CACHE 256u
#define DATA_ROOM  (RTE_PKTMBUF_HEADROOM + 2176)

static void *area(size_t n, size_t size)
{
	void *p = aligned_alloc(64, n * size);

	if (p)
		memset(p, 0, n * size);
	return p;
}

static struct rte_ring *ring(const char *what, const struct crew_member *m)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%s-%p", what, (const void *)m);
	return rte_ring_create(name, 1024, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

static uint16_t hand_over(void *ctx, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	struct crew_member *m = ctx;

	m->crew->sent(m, port, pkts, n);
	return n;
}

static int make_areas(struct crew *c)
{
	unsigned int lines = c->n + 1; /* of a row: the manager's, too */

	c->worker_counters = area(lines, sizeof(*c->worker_counters));
	c->sa_counters = area((size_t)c->h->max_sas * lines, sizeof(*c->sa_counters));
	c->sa_drops = area((size_t)c->h->max_sas * lines, sizeof(*c->sa_drops));
	c->policy_counters = area((size_t)c->h->max_policies * lines, sizeof(*c->policy_counters));
	c->port_counters = area((size_t)WORKER_MAX_PORTS * lines, sizeof(*c->port_counters));
	return c->worker_counters && c->sa_counters && c->sa_drops && c->policy_counters &&
			       c->port_counters
		       ? 0
		       : -1;
}

static int make_member(struct crew *c, unsigned int i, bool spray)
{
	struct crew_member *m = area(1, (sizeof(*m) + 63) & ~(size_t)63);
	struct worker *w = &m->w;

	if (!m)
		return -1;
	c->member[i] = m;
	m->crew = c;
	m->index = i;
	w->index = i;
	w->tables = &c->h->tables;
	w->pool = c->pool;
	w->rcu = c->rcu;
	w->now = c->h->worker.now;
	w->max_sas = c->h->max_sas;
	w->counters = c->worker_counters + i;
	w->sa_counters = c->sa_counters + abi_line(c->h->max_sas, 0, i);
	w->sa_drops = c->sa_drops + abi_line(c->h->max_sas, 0, i);
	w->policy_counters = c->policy_counters + abi_line(c->h->max_policies, 0, i);
	w->port_counters = c->port_counters + abi_line(WORKER_MAX_PORTS, 0, i);
	w->ike = ring("ike", m);
	w->slow = ring("slow", m);
	w->reply = ring("reply", m);
	w->crypto = crypto_create(SOCKET_ID_ANY);
	w->spd_cache = spd_cache_create(SOCKET_ID_ANY);
	w->reasm = c->reasm[i] =
		reasm_create(i, HARNESS_FRAGMENTS, HARNESS_FRAGMENT_MS, SOCKET_ID_ANY);
	w->order = c->n > 1 ? order_create(SOCKET_ID_ANY, &w->counters->out_of_turn) : NULL;
	w->spray = spray && c->n > 1 ? spray_create(i, c->n, SOCKET_ID_ANY) : NULL;
	if (!w->ike || !w->slow || !w->reasm || !w->reply || !w->crypto || !w->spd_cache ||
	    (c->n > 1 && !w->order) || (spray && c->n > 1 && !w->spray) ||
	    pipeline_create(w, hand_over, m, SOCKET_ID_ANY) != 0)
		return -1;
	for (unsigned int k = 0; w->spray && k < i; k++)
		spray_link(w->spray, c->member[k]->w.spray);
	return rte_rcu_qsbr_thread_register(c->rcu, i);
}

struct crew *crew_create(struct harness *h, unsigned int n, bool spray, unsigned int n_mbufs,
			 void (*sent)(struct crew_member *m, uint8_t port, struct rte_mbuf **pkts,
				      uint16_t n))
{
	struct crew *c = calloc(1, sizeof(*c));
	char name[32];

	if (!c || n > CREW_MAX)
		goto fail;
	c->h = h;
	c->n = n;
	c->sent = sent;
	snprintf(name, sizeof(name), "crew-%p", (void *)c);
	c->pool = pool_create(name, n_mbufs, POOL_CACHE, DATA_ROOM, SOCKET_ID_ANY);
	c->rcu = rte_zmalloc("rcu", rte_rcu_qsbr_get_memsize(CREW_MAX), RTE_CACHE_LINE_SIZE);
	if (!c->pool || !c->rcu || rte_rcu_qsbr_init(c->rcu, CREW_MAX) != 0 || make_areas(c) != 0)
		goto fail;
	for (unsigned int i = 0; i < n; i++)
		if (make_member(c, i, spray) != 0)
			goto fail;
	for (unsigned int i = 0; i < n; i++)
		reasm_connect(c->reasm[i], c->reasm, n);
	return c;
fail:
	fprintf(stderr, "no crew of %u workers\n", n);
	crew_free(c);
	return NULL;
}

void crew_shuffle(struct crew *c)
{
	unsigned int n = rte_mempool_avail_count(c->pool);
	struct rte_mbuf **all = calloc(n, sizeof(all[0]));
	uint64_t seed = 12345;
	int err = all == NULL ? -1 : rte_pktmbuf_alloc_bulk(c->pool, all, n);

	for (unsigned int i = n - 1; err == 0 && i > 0; i--) {
		unsigned int j = random_below(&seed, i + 1);
		struct rte_mbuf *m = all[i];

		all[i] = all[j];
		all[j] = m;
	}
	if (err == 0)
		rte_pktmbuf_free_bulk(all, n);
	free(all);
}

static void free_ring(struct rte_ring *r)
{
	void *m;

	while (r && rte_ring_dequeue(r, &m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(r);
}

static void free_member(struct crew_member *m)
{
	if (!m)
		return;
	pipeline_free(&m->w);
	free_ring(m->w.ike);
	free_ring(m->w.slow);
	free_ring(m->w.reply);
	crypto_free(m->w.crypto);
	spd_cache_free(m->w.spd_cache);
	reasm_free(m->w.reasm);
	order_free(m->w.order);
	spray_free(m->w.spray);
	free(m);
}

void crew_free(struct crew *c)
{
	if (!c)
		return;
	for (unsigned int i = 0; i < CREW_MAX; i++)
		free_member(c->member[i]);
	rte_mempool_free(c->pool);
	rte_free(c->rcu);
	free(c->worker_counters);
	free(c->sa_counters);
	free(c->sa_drops);
	free(c->policy_counters);
	free(c->port_counters);
	free(c);
}

/* On the i-th CPU that we may use, so that two members do not share one while another is free. */
static void pin(unsigned int i)
{
	cpu_set_t may, one;
	unsigned int k = 0;

	if (sched_getaffinity(0, sizeof(may), &may) != 0)
		return;
	i %= (unsigned int)CPU_COUNT(&may);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &may) && k++ == i) {
			CPU_ZERO(&one);
			CPU_SET(cpu, &one);
			pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
			return;
		}
}

static void *member_main(void *arg)
{
	struct crew_member *m = arg;

	pin(m->index);
	if (rte_thread_register() != 0)
		fprintf(stderr, "member %u has no packet cache\n", m->index);
	rte_rcu_qsbr_thread_online(m->crew->rcu, m->index);
	m->run(m);
	rte_rcu_qsbr_thread_offline(m->crew->rcu, m->index);
	rte_thread_unregister();
	return NULL;
}

void crew_quiescent(struct crew_member *m)
{
	rte_rcu_qsbr_quiescent(m->crew->rcu, m->index);
}

int crew_run(struct crew *c, void (*run)(struct crew_member *m))
{
	int ret = 0;
	unsigned int n;

	for (n = 0; n < c->n && ret == 0; n++) {
		c->member[n]->run = run;
		ret = pthread_create(&c->member[n]->thread, NULL, member_main, c->member[n]);
	}
	for (unsigned int i = 0; i < n; i++)
		if (ret == 0 || i + 1 < n)
			pthread_join(c->member[i]->thread, NULL);
	return ret == 0 ? 0 : -1;
}

uint64_t crew_drops(const struct crew *c, enum drop_reason reason)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < c->n; i++)
		sum += c->worker_counters[i].drops[reason];
	return sum;
}

uint64_t crew_all_drops(const struct crew *c)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < DROP_MAX; i++)
		sum += crew_drops(c, (enum drop_reason)i);
	return sum;
}

struct abi_sa_counters crew_sa(const struct crew *c, uint32_t slot)
{
	struct abi_sa_counters sum = {0};

	for (unsigned int i = 0; i < c->n; i++) {
		const struct abi_sa_counters *line = worker_sa(&c->member[i]->w, slot);

		sum.packets += line->packets;
		sum.bytes += line->bytes;
		sum.wire_bytes += line->wire_bytes;
		sum.drops += line->drops;
	}
	return sum;
}
