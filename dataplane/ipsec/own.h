/* SPDX-License-Identifier: BSD-3-Clause */
/* own.h - packets we may write in place: in one piece, and held by nobody else. */
#ifndef ESPGW_IPSEC_OWN_H
#define ESPGW_IPSEC_OWN_H

#include <stdbool.h>

#include "dataplane/linear.h"

static inline bool own_is(const struct rte_mbuf *m)
{
	return m->nb_segs == 1 && RTE_MBUF_DIRECT(m) && rte_mbuf_refcnt_read(m) == 1;
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
