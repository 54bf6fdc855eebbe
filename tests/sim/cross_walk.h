/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cross_walk.h - all paths of a case, without running their common beginnings again: at a choice
 * the process forks, the child goes on with one of what can be chosen, and when it has ended the
 * parent goes on with the next. Nothing is left out and nothing is taken for equal: each leaf of
 * the tree is a run of its own to its end. A run that crashes is one that failed; the walk goes on.
 */
#ifndef ESPGW_SIM_CROSS_WALK_H
#define ESPGW_SIM_CROSS_WALK_H

#include <stdatomic.h>

#include "tests/sim/cross.h"

/* Of many runs; in memory that processes share. */
struct cross_sum {
	_Atomic unsigned long runs, bad, crashed;
	_Atomic unsigned most_sent, deepest; /* messages, choices */
	_Atomic uint64_t ends;		     /* sum of cross_hash() of all runs */
};

/** Did a run end well? */
typedef bool cross_judge(const struct cross_case *c, const struct cross_end *end);

/** Memory for a sum that children write to; all zero. */
struct cross_sum *cross_sum_new(void);
void cross_sum_free(struct cross_sum *sum);
/** Add b to a; the greater of the two maxima. */
void cross_sum_add(struct cross_sum *a, const struct cross_sum *b);

/** Count a run and how it ended; the first that failed are printed. */
void cross_count(const struct cross_case *c, const struct cross_path *path,
		 const struct cross_end *end, cross_judge *is_well, struct cross_sum *sum);

/** Go through all paths of a case: by fork(), */
void cross_walk(const struct cross_case *c, cross_judge *is_well, struct cross_sum *sum);
/** or each from its beginning: slower, and what cross_walk() is compared with. */
void cross_replay(const struct cross_case *c, cross_judge *is_well, struct cross_sum *sum);

/** Call one(k, ctx) for each k < n with k % of == shard, in so many processes at a time, whoever is
 * free taking the next; false: one of them crashed. */
bool cross_share(unsigned n, unsigned jobs, unsigned shard, unsigned of,
		 void (*one)(unsigned k, void *ctx), void *ctx);

#endif
