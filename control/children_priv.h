/* SPDX-License-Identifier: BSD-3-Clause */
/* children_priv.h - what children.c and adopt.c share; nobody else includes it. */
#ifndef ESPGW_CONTROL_CHILDREN_PRIV_H
#define ESPGW_CONTROL_CHILDREN_PRIV_H

#include "control/children.h"

#define CHILDREN_FAILED_MAX 256u

struct children {
	struct dataplane *dp;
	const struct children_ops *ops;
	void *ctx;
	struct sa_table *table;
	unsigned int due; /* pairs in the table whose failure the engine does not know yet */
	struct {
		uint64_t token;
		int rc;
	} failed[CHILDREN_FAILED_MAX]; /* installs that did not even get a pair */
	unsigned int n_failed;
	unsigned int reap; /* pairs to be freed in the next tick */
	unsigned int n_adopted;
	bool hold; /* adds are not sent for the moment */
	unsigned int n_held;
	unsigned int n_switching;      /* pairs that wait to become current */
	uint64_t wishes, wishes_heard; /* commands to send through a pair: child_current.c */
	LIST_HEAD(, wish) unanswered;
	uint64_t now; /* of the last tick */
	uint64_t next_retire;
	uint8_t *left_dead; /* per slot: a dead line of an earlier dataplane, free for us */
	uint32_t left_dead_n;
};

int children_make_table(struct children *c);
/** Remove a pair: its SAs from the dataplane, then itself. */
void children_drop(struct children *c, struct sa_pair *p);
int children_send_add(struct children *c, struct sa_pair *p, struct sa_half *h,
		      dataplane_reply_fn *fn);
void children_delete_half(struct children *c, struct sa_pair *p, struct sa_half *h,
			  dataplane_reply_fn *fn);
/** The policy sends through this pair from now on. */
void children_make_current(struct children *c, struct sa_pair *p);
/** We asked for it to send, and the dataplane may not have heard. */
bool children_is_unheard(const struct children *c, const struct sa_pair *p);
/** The pairs are on their way into another dataplane: ask for those that the last one may not have
 * heard of, in the same order. */
void children_ask_again(struct children *c);
/** Of a dataplane that does not call back any more. */
void children_forget_wishes(struct children *c);
/** Pairs that have waited long enough become current. */
void children_switch_due(struct children *c);
void children_fail_later(struct children *c, uint64_t token, int rc);

/** adopt.c: is an adopted pair carrying this policy's traffic? */
bool children_serves_adopted(const struct children *c, uint32_t policy_id);
/** adopt.c: a new pair is in; note which adopted ones it replaces. */
void children_replaced(struct children *c, const struct sa_pair *by);
/** adopt.c: remove adopted pairs that nobody uses any more. */
void children_retire(struct children *c, uint64_t now);

#endif
