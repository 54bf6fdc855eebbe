/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hold.h - packets of PROTECT policies that have no SA yet, kept while control negotiates one.
 *
 * At most HOLD_PER_POLICY packets wait for a policy and HOLD_TOTAL for all, none longer than
 * HOLD_NS; the oldest gives way. The manager's thread alone.
 */
#ifndef ESPGW_HOLD_H
#define ESPGW_HOLD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "dataplane/api/counters.h"

struct rte_mbuf;

#define HOLD_PER_POLICY 32u
#define HOLD_TOTAL	512u
#define HOLD_NS		30000000000ull
#define HOLD_ACQUIRE_NS 1000000000ull /* between two ABI_EV_ACQUIRE of one policy */

struct hold_entry {
	TAILQ_ENTRY(hold_entry) by_age;
	TAILQ_ENTRY(hold_entry) by_policy; /* also links the free ones */
	struct rte_mbuf *m;
	uint64_t since;
	uint32_t policy; /* index */
};
TAILQ_HEAD(hold_list, hold_entry);

struct hold_policy {
	struct hold_list packets;
	uint32_t n;
	uint64_t next_acquire;
};

struct hold {
	struct hold_entry entries[HOLD_TOTAL];
	struct hold_list by_age;
	struct hold_list free;
	struct hold_policy *policies;
	uint32_t max_policies;
	uint32_t n;
	void (*drop)(void *ctx, struct rte_mbuf *m, enum drop_reason reason);
	void (*release)(void *ctx, struct rte_mbuf *m);
	void *ctx;
};

/** 0 or -ENOMEM. The callbacks take the packets. */
int hold_init(struct hold *h, uint32_t max_policies,
	      void (*drop)(void *ctx, struct rte_mbuf *m, enum drop_reason reason),
	      void (*release)(void *ctx, struct rte_mbuf *m), void *ctx);
/** Drops what is left, as out-no-states. */
void hold_destroy(struct hold *h);

/** Keep m for policy (an index below max_policies). True when control is to be asked for an SA now.
 */
bool hold_put(struct hold *h, uint32_t policy, struct rte_mbuf *m, uint64_t now);

/** Its SA is there: release the packets of policy, oldest first. */
void hold_release(struct hold *h, uint32_t policy);

/** The policy is gone: drop its packets as out-policy-dead and forget when control was asked. */
void hold_forget(struct hold *h, uint32_t policy);

/** Drop what has waited too long, as out-no-states. */
void hold_expire(struct hold *h, uint64_t now);

#endif
