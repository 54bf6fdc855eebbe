/* SPDX-License-Identifier: BSD-3-Clause */
/* route6.h - the forwarding stages' part for IPv6; called by those of route.h. */
#ifndef ESPGW_NET_ROUTE6_H
#define ESPGW_NET_ROUTE6_H

#include <stdbool.h>

#include "dataplane/worker.h"

/** Are all n IPv6 packets with verdict PKT_FORWARD? */
static inline bool route6_is_all(struct rte_mbuf *const *pkts, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		const struct pkt_meta *meta = pkt_meta(pkts[i]);

		if (meta->verdict != PKT_FORWARD || !(meta->flags & PKT_F_IPV6))
			return false;
	}
	return true;
}

/** Decrement the hop limit of one packet that we forward; spent: ICMPv6 and net-ttl. */
void route6_hop_limit(struct worker *w, struct rte_mbuf *m);

/**
 * out_port and next_hop (a handle of fib6.h) of n IPv6 packets with verdict PKT_FORWARD, as
 * route_burst() for IPv4. What we say ourselves (PKT_F_ORIGIN) to a link-local host leaves through
 * the port that meta->in_port names.
 */
void route6_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

#endif
