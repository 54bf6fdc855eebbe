/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * retire.h - what was unpublished waits here, in order, until no worker can still see it.
 *
 * A grace period is a token of rte_rcu_qsbr: it has passed when every worker has reported a
 * quiescent state since. Nobody waits for it: the manager looks once per tick. An answer that must
 * not come before that (SA_DELETE, SYNC) stands in the same queue behind what it waits for.
 */
#ifndef ESPGW_RETIRE_H
#define ESPGW_RETIRE_H

#include <stdbool.h>
#include <stdint.h>

struct rte_rcu_qsbr;

enum retire_kind {
	RETIRE_SA,     /* value = slot */
	RETIRE_POLICY, /* value = policy index */
	RETIRE_SPD,    /* ptr */
	RETIRE_FIB,    /* ptr */
	RETIRE_FIB6,   /* ptr */
	RETIRE_REPLY,  /* value = command, request_id: answer with ABI_OK */
};

struct retire_item {
	uint64_t token;
	void *ptr;
	enum retire_kind kind;
	uint32_t value;
	uint32_t request_id;
};

struct retire {
	struct rte_rcu_qsbr *rcu;
	struct retire_item *items;
	uint32_t size;
	uint32_t first;
	uint32_t used;
};

/** Room for size items. 0 or -ENOMEM. */
int retire_create(struct retire *r, struct rte_rcu_qsbr *rcu, uint32_t size);
void retire_free(struct retire *r);

static inline uint32_t retire_room(const struct retire *r)
{
	return r->size - r->used;
}

/** Queue item (token is filled in here). The caller has made sure of room; false when there is
 * none.
 */
bool retire_push(struct retire *r, struct retire_item item);

/** Take the oldest item if its grace period has passed. */
bool retire_pop(struct retire *r, struct retire_item *item);

/** Take the oldest item whether or not; for the end, when no worker runs. */
bool retire_pop_any(struct retire *r, struct retire_item *item);

#endif
