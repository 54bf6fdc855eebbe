/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * watch.h - the six facts about each policy's traffic (control/diag/truth.h), from the counters of
 * the segment: over the last 10 to 20 seconds when anything moved in them, else since the policy
 * came up.
 *
 * Counts of drops are those of live SAs, so a rekey may make a difference negative: it counts as
 * nothing then. Whether a packet reached its host is not counted per policy: what shows that it did
 * not is a drop sample of the policy's addresses for want of a route or neighbour.
 */
#ifndef ESPGW_CONTROL_WATCH_H
#define ESPGW_CONTROL_WATCH_H

#include <stddef.h>

#include "control/diag/truth.h"
#include "control/sa_table.h"
#include "control/segmap.h"
#include "control/totals.h"

#define WATCH_TURN 10000000000ull /* ns between two snapshots */

/* Counts at one moment, cumulative. */
struct watch_counts {
	uint64_t matched, sent, received, verified, passed;
	uint64_t replayed;    /* of what was not verified */
	uint64_t undelivered; /* of all policies: no route or no neighbour */
};

struct watch_row {
	uint32_t policy_id;
	bool up;
	uint64_t up_time, old_time, mid_time; /* ns */
	struct watch_counts now, up_counts, old, mid;
};

struct watch {
	struct watch_row *rows; /* by policy_id */
	size_t n;
	uint64_t turned; /* ns; 0 = never */
};

void watch_free(struct watch *w);

/** Read what the counters say now; totals must be fresh. t may be NULL. 0 or -ENOMEM. */
int watch_read(struct watch *w, const struct totals *totals, struct sa_table *t,
	       const struct segmap *m, uint64_t now);
/** Keep what was just read as a snapshot. */
void watch_turn(struct watch *w, uint64_t now);

/** The facts of a policy and what they mean, as of the last watch_read(). local and remote are its
 * selectors, for the samples. */
void watch_truth(const struct watch *w, uint32_t policy_id, const struct segmap *m,
		 const struct abi_range *local, const struct abi_range *remote, uint64_t now,
		 struct truth *out);

#endif
