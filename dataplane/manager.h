/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * manager.h - the thread that is no worker: serves control's commands, builds tables and swaps
 * them, and does for the workers what may wait, allocate or call the kernel.
 *
 *   manager.c   the tick: what is due when
 *   command.c   command ring: records in, handlers, replies
 *   tables.c    policy and address/route generations: built aside, swapped, the old ones retired
 *   slow.c      slow and inject rings: ARP, unknown neighbours, packets without SA, IKE
 *
 * Everything in struct manager belongs to this thread alone. What lies in the segment is written
 * for others and never read back, but for the rings.
 */
#ifndef ESPGW_MANAGER_H
#define ESPGW_MANAGER_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/hold.h"
#include "dataplane/net/neigh.h"
#include "dataplane/policies.h"
#include "dataplane/retire.h"
#include "dataplane/segment.h"
#include "dataplane/worker.h"

struct dad; /* dataplane/net/dad.h */

#define MANAGER_BATCH 64u /* records or packets of one ring served per tick */

struct manager_setup {
	struct segment *segment;
	struct tables *tables; /* sad, neigh and neigh6 set; spd, fib and fib6 are made here */
	struct worker **workers;
	unsigned int n_workers;
	struct rte_mempool *pool;
	struct rte_rcu_qsbr *rcu;
	struct clock *clock; /* NULL: not calibrated (tests) */
};

/* What the manager knows of a slot without asking shared memory. */
struct manager_sa {
	uint32_t spi; /* 0: no SA of this run */
	uint32_t policy_id;
	uint32_t known; /* where its remote address is counted */
	uint8_t direction;
	bool retiring;
};

struct manager_net {
	bool open;
	uint32_t generation;
	uint32_t count;
	struct manager_net_family {
		uint32_t n_addrs;
		uint32_t n_routes;
		struct abi_address *addrs;
		struct abi_route *routes;
	} of[2]; /* IPv4, IPv6 */
};

struct manager {
	struct manager_setup s;
	struct worker self; /* the manager's counter lines: it drops packets as workers do */
	struct policies policies;
	struct manager_net net;
	struct manager_sa *sas; /* [max_sas] */
	struct hold hold;
	struct retire retire;
	struct neigh_io neigh_io;
	struct pmtu *pmtu;
	struct dad *dad;
	uint64_t now;
	uint64_t next_sa_tick, next_slow_tick, next_calibration;
	bool command_fault, inject_fault; /* said once */
	bool link_up[WORKER_MAX_PORTS];
};

/** 0, or -errno with a line in err. Until the first generation of policies there is no SPD,
 * and nothing passes. */
int manager_create(struct manager *m, const struct manager_setup *setup, char *err, size_t err_len);

/** After the workers have stopped. Frees the tables that it made, too. */
void manager_free(struct manager *m);

/** One round at time now (CLOCK_MONOTONIC ns). True when there was something to do: come back at
 * once. Never waits. */
bool manager_tick(struct manager *m, uint64_t now);

/* --- between the manager's files --- */

/** Count a drop on the manager's lines and free. */
void manager_drop(struct manager *m, struct rte_mbuf *p, enum drop_reason reason);

void manager_reply(struct manager *m, uint32_t request_id, uint16_t command, uint16_t status,
		   uint32_t detail);

/** command.c: serve up to MANAGER_BATCH commands. Returns how many. */
unsigned int command_poll(struct manager *m);
/** command.c: one record of len bytes, of a private copy. Always answers once, now or later. */
void command_run(struct manager *m, const void *record, size_t len);
/** command.c: the grace period of an SA's removal is over. */
void command_reclaim_sa(struct manager *m, uint32_t slot);

/** tables.c */
int tables_create(struct manager *m, char *err, size_t err_len);
void tables_free(struct manager *m);
uint16_t tables_commit_policies(struct manager *m, const struct abi_generation *g,
				uint32_t *detail);
uint16_t tables_net_begin(struct manager *m, const struct abi_generation *g);
uint16_t tables_net_address(struct manager *m, const struct abi_address *a, uint32_t *detail);
uint16_t tables_net_route(struct manager *m, const struct abi_route *r, uint32_t *detail);
uint16_t tables_commit_net(struct manager *m, const struct abi_generation *g);
/** The grace period of an item of kind SPD, FIB or POLICY is over. */
void tables_reclaim(struct manager *m, const struct retire_item *item);
/** Refresh the policies' status lines. */
void tables_status(struct manager *m);

/** manager.c: MTU of the port towards an address (as in struct quote); 0: no route. */
uint16_t manager_port_mtu(const struct manager *m, uint8_t family, const uint8_t *remote);

/** slow.c: up to MANAGER_BATCH packets of every IKE ring and every slow ring, and of the inject
 * ring. */
unsigned int slow_poll(struct manager *m);
unsigned int slow_poll_inject(struct manager *m);
/** slow.c: release held packets whose SA is there, drop those that waited too long. */
void slow_tick(struct manager *m);
/** An SA may have come for this policy (any index): packets that were held for it go on at once, so
 * that as few newer ones as can be are ahead of them. */
void slow_release(struct manager *m, uint32_t policy);
void slow_init(struct manager *m);
/** slow.c: hand a packet to worker 0. IKE, and ARP and ND (PKT_SLOW) have room where others have
 * none. */
void slow_reply(struct manager *m, struct rte_mbuf *p, enum pkt_verdict verdict);

#endif
