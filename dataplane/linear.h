/* SPDX-License-Identifier: BSD-3-Clause */
/* linear.h - packets in one piece: what comes in several segments, or is too large for an ordinary
 * buffer. */
#ifndef ESPGW_LINEAR_H
#define ESPGW_LINEAR_H

#include "dataplane/worker.h"

/* Bytes behind a packet's end that ESP may need: padding, pad length, next header, ICV. An ordinary
 * buffer has as many beyond the largest MTU (launch.c). */
#define LINEAR_TAIL 160u
/* Data room of a large buffer, head room included: about the most that an mbuf's 16 bits can say.
 * It holds an IP packet of 65170 bytes. */
#define LINEAR_LARGE_ROOM 65472u

/**
 * A copy of m, all of its segments, in one buffer of our own with its meta: from w->pool when it
 * fits there with room for ESP behind it, else from w->large. m stays the caller's. NULL when there
 * is no such buffer.
 */
struct rte_mbuf *linear_copy(struct worker *w, const struct rte_mbuf *m);

#endif
