/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * worker.h - one worker lcore and what it owns.
 *
 * A worker never waits, allocates, logs or calls the kernel in its loop. What needs any of that
 * goes to the manager through the slow ring; what the manager wants sent comes back through the
 * reply ring. Tables (SAD, SPD, routes, neighbours) are built by the manager, published with a
 * pointer store, read by the workers and freed after every worker has passed a quiescent state
 * (rte_rcu_qsbr).
 */
#ifndef ESPGW_WORKER_H
#define ESPGW_WORKER_H

#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "dataplane/api/counters.h"
#include "dataplane/pkt.h"

/* Packets a pipeline pass handles at most. Each crypto pass ends with lanes that run empty, and the
 * more packets, the less of it that is; but a burst has to stay in the cache, and what comes
 * meanwhile in the ports' queues. A multiple of what drivers give and of the library's lanes.
 */
#define WORKER_BURST	 448u
#define WORKER_MAX_PORTS 32u

#define WORKER_ECHO_BUCKETS 8u

struct sad;    /* dataplane/ipsec/sad.h */
struct spd;    /* dataplane/ipsec/spd.h */
struct crypto; /* dataplane/ipsec/crypto.h: intel-ipsec-mb manager and IV generator of one worker */
struct spd_cache;  /* dataplane/ipsec/spd_cache.h: one worker's */
struct early_spis; /* dataplane/early.h */
struct known;	   /* dataplane/known.h */
struct fib;	   /* dataplane/net/route.h: addresses, routes */
struct fib6;	   /* dataplane/net/fib6.h: the same for IPv6 */
struct neigh;	   /* dataplane/net/neigh.h */
struct clock;	   /* dataplane/clock.h */
struct order;
struct spray;
struct reasm;
struct stages;
struct pipeline;
struct segment;
struct rte_rcu_qsbr;

/* Tables shared by all workers; each pointer is replaced as a whole by the manager (release store).
 */
struct tables {
	struct sad *sad; /* never replaced, its slots are */
	struct spd *spd;
	struct fib *fib;
	struct neigh *neigh;
	struct fib6 *fib6; /* NULL: no IPv6 address anywhere */
	struct neigh *neigh6;
	struct early_spis *early; /* never replaced; NULL: nothing is expected */
	struct known *known;	  /* never replaced; NULL: nobody is a stranger */
};

struct worker {
	unsigned int index; /* 0..workers-1: queue number, and the line in every counter area */
	unsigned int lcore;
	struct tables *tables;
	struct crypto *crypto;
	struct spd_cache *spd_cache; /* NULL: every packet asks the ACL */
	struct rte_mempool *pool;
	struct rte_mempool *large; /* buffers of 64 KB (linear.h); NULL: none */
	struct reasm *reasm;	   /* net/reasm.h; NULL: fragments to us are dropped */
	uint64_t now;		   /* ns, CLOCK_MONOTONIC's base, taken once per poll */
	uint64_t quote_full;	   /* quote_screen()'s token bucket, as icmp_full */
	uint64_t unreach_full;	   /* unreach_screen()'s */
	uint64_t icmp_full;	   /* icmp_error()'s token bucket: when it is full again */

	/* This worker's lines in the segment. Index: [sa slot], [policy index], [port]. */
	struct abi_worker_counters *counters;
	struct abi_sa_counters *sa_counters;
	struct abi_sa_drops *sa_drops;
	struct abi_policy_counters *policy_counters;
	struct abi_port_counters *port_counters;
	struct abi_drop_sample *samples; /* [ABI_DROP_SLOTS][ABI_SAMPLES]; NULL: none are kept */
	uint32_t max_sas;		 /* SA slots there are lines for */

	struct rte_ring *ike;  /* mbufs to the manager, PKT_SLOW_IKE; the same */
	struct rte_ring *slow; /* mbufs to the manager, see the rest of enum pkt_slow (single
				  producer: this worker) */
	struct rte_ring
		*reply; /* mbufs from the manager: PKT_FORWARD re-enters at spd_out, PKT_PUNT
			   (injected IKE) at route, any other is sent as it stands */

	struct order *order;	   /* order.h; NULL: it is the only worker */
	struct spray *spray;	   /* spray.h; NULL: it keeps all it receives to itself */
	struct pipeline *pipe;	   /* pipeline's own: transmit buffers and the re-entry list */
	struct rte_rcu_qsbr *rcu;  /* shared; this worker is thread "index" */
	const struct clock *clock; /* shared; the manager calibrates it */
	struct stages *stages;	   /* stages.h; NULL: cannot be measured */
	uint8_t measuring;	   /* set by any thread, atomically: count into stages */
	uint8_t idle_sleep;	   /* may sleep when nothing comes (see worker_run()) */
	uint8_t split6;		   /* a burst may hold IPv6 put together here (net/frag.h) */
	uint8_t stop;		   /* set by the manager's thread, atomically */

	/* echo_screen()'s and echo_notice()'s: who may send in clear, or through one SA, uses up
	 * nobody else's; SAs by slot. */
	struct {
		uint64_t clear;
		uint64_t answer[WORKER_ECHO_BUCKETS];
		uint64_t notice[WORKER_ECHO_BUCKETS];
	} echo_full;
};

/* The counter line of this worker for SA slot s, policy index p, port i. */
static inline struct abi_sa_counters *worker_sa(const struct worker *w, uint32_t s)
{
	return &w->sa_counters[s];
}

static inline struct abi_policy_counters *worker_policy(const struct worker *w, uint32_t p)
{
	return &w->policy_counters[p];
}

/**
 * Count a drop against SA slot s (reason 1..25; the worker's own line is pipeline_drop()'s, which
 * calls this for every dropped packet whose meta->sa_slot names an SA: stages need not).
 */
static inline void worker_count_sa_drop(struct worker *w, uint32_t s, enum drop_reason reason)
{
	w->sa_drops[s].count[reason]++;
	worker_sa(w, s)->drops++;
}

/** Point the worker at the lines of its index. */
void worker_take_lines(struct worker *w, const struct segment *s);

/**
 * The loop of one worker lcore, for rte_eal_remote_launch(): poll, run the pipeline, report a
 * quiescent state, until stop is set. With idle_sleep it sleeps for at most WORKER_SLEEP_NS at a
 * time once WORKER_IDLE_POLLS polls in a row have brought nothing; without, it never leaves the
 * CPU.
 */
int worker_run(void *worker);

#define WORKER_IDLE_POLLS 256u
#define WORKER_SLEEP_NS	  50000u

#endif
