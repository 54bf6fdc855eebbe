/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crew.h - several workers on one site: what a test or bench of many cores puts on top of a
 * harness with a pipeline. They share its tables; each has counter lines, crypto engine, caches,
 * transmit buffers and a thread of its own.
 */
#ifndef ESPGW_TESTS_CREW_H
#define ESPGW_TESTS_CREW_H

#include <pthread.h>
#include <stdbool.h>

#include "dataplane/pipeline.h"
#include "tests/unit/dataplane/harness.h"

#define CREW_MAX 8u

struct crew;

struct crew_member {
	struct worker w;
	struct crew *crew;
	unsigned int index;
	void *ctx; /* the caller's */
	pthread_t thread;
	void (*run)(struct crew_member *m);
};

struct crew {
	struct harness *h;
	struct rte_mempool *pool; /* with a cache for every thread */
	struct rte_rcu_qsbr *rcu; /* a member online is member->index */
	unsigned int n;
	struct crew_member *member[CREW_MAX];
	struct reasm *reasm[CREW_MAX];
	struct abi_worker_counters *worker_counters;
	struct abi_sa_counters *sa_counters; /* [n + 1][max_sas] */
	struct abi_sa_drops *sa_drops;
	struct abi_policy_counters *policy_counters;
	struct abi_port_counters *port_counters;
	/* Takes what a member sends. */
	void (*sent)(struct crew_member *m, uint8_t port, struct rte_mbuf **pkts, uint16_t n);
};

/**
 * n workers over h, on which harness_pipe_create() has been called, with n_mbufs packets. NULL when
 * something is missing.
 */
struct crew *crew_create(struct harness *h, unsigned int n, bool spray, unsigned int n_mbufs,
			 void (*sent)(struct crew_member *m, uint8_t port, struct rte_mbuf **pkts,
				      uint16_t n));
void crew_free(struct crew *c);

/** The buffers in an order as after hours of traffic: the one they were made in the core would
 * fetch by itself, and one worker alone would keep it for ever. Before anything is in use. */
void crew_shuffle(struct crew *c);

/** run() on a thread for each member, until all have returned. A member that reads tables while
 * others change them reports crew_quiescent() now and then. */
int crew_run(struct crew *c, void (*run)(struct crew_member *m));
void crew_quiescent(struct crew_member *m);

/** Sums over all members. */
uint64_t crew_drops(const struct crew *c, enum drop_reason reason);
uint64_t crew_all_drops(const struct crew *c);
struct abi_sa_counters crew_sa(const struct crew *c, uint32_t slot);

#endif
