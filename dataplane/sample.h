/* SPDX-License-Identifier: BSD-3-Clause */
/* sample.h - keeps the headers of the packets that were dropped last, for each reason. */
#ifndef ESPGW_SAMPLE_H
#define ESPGW_SAMPLE_H

#include "dataplane/worker.h"

/**
 * Keep m's headers among w's samples of this reason, in place of the oldest, before the drop is
 * counted. struct abi_drop_sample says what is kept; only what lies in the first segment is read.
 * Does nothing when w has no samples.
 */
void sample_take(struct worker *w, const struct rte_mbuf *m, enum drop_reason reason);

#endif
