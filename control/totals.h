/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * totals.h - what each policy has carried, SAs that are gone and dataplanes that were restarted
 * included: live SAs, plus the totals that the dataplane folds dead SAs into, plus what the
 * segments before this one had come to.
 */
#ifndef ESPGW_CONTROL_TOTALS_H
#define ESPGW_CONTROL_TOTALS_H

#include "control/segmap.h"

struct totals_row {
	uint32_t policy_id;
	uint64_t out_hits, in_hits;
	uint64_t out_packets, out_bytes, in_packets, in_bytes;
};

struct totals {
	struct totals_row *base; /* of earlier segments, sorted by policy_id */
	size_t n_base;
	struct totals_row *now; /* base and this segment, sorted; as of the last totals_collect() */
	size_t n_now;
};

void totals_free(struct totals *t);

/** Read the tables. 0 or -ENOMEM (the rows of before stay). */
int totals_collect(struct totals *t, const struct segmap *m);

/** This segment goes away: what it has becomes the base. 0 or -ENOMEM. */
int totals_keep(struct totals *t, const struct segmap *m);

/** The row of a policy as of the last totals_collect(); zeros when there is none. */
struct totals_row totals_of(const struct totals *t, uint32_t policy_id);

#endif
