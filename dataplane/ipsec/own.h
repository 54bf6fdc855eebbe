/* SPDX-License-Identifier: BSD-3-Clause */
/* own.h - packets we may write in place: in one piece, and held by nobody else. */
#ifndef ESPGW_IPSEC_OWN_H
#define ESPGW_IPSEC_OWN_H

#include <stdbool.h>
#include <string.h>

#include "dataplane/linear.h"

/* The fields of an mbuf from data_off on, as one number: one segment that nobody shares. */
#define OWN_ALONE      ((uint64_t)1 << 16 | (uint64_t)1 << 32)
#define OWN_ALONE_MASK ((uint64_t)UINT32_MAX << 16)

_Static_assert(offsetof(struct rte_mbuf, refcnt) == offsetof(struct rte_mbuf, rearm_data) + 2 &&
		       offsetof(struct rte_mbuf, nb_segs) ==
			       offsetof(struct rte_mbuf, rearm_data) + 4,
	       "data_off, refcnt and nb_segs lie together");

static inline bool own_is(const struct rte_mbuf *m)
{
	uint64_t rearm;

	memcpy(&rearm, m->rearm_data, sizeof(rearm));
	return (rearm & OWN_ALONE_MASK) == OWN_ALONE && RTE_MBUF_DIRECT(m);
}

/**
 * Replace *m by a copy of our own when it is in pieces, attached to another's buffer, or shared;
 * our hold on the original is given up. False when there is no buffer, or none large enough: *m is
 * then as before.
 */
static inline bool own_packet(struct worker *w, struct rte_mbuf **m)
{
	struct rte_mbuf *copy;

	if (__builtin_expect(own_is(*m), 1))
		return true;
	copy = linear_copy(w, *m);
	if (copy == NULL)
		return false;
	rte_pktmbuf_free(*m);
	*m = copy;
	return true;
}

#endif
