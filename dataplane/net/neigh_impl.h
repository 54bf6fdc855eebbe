/* SPDX-License-Identifier: BSD-3-Clause */
/* neigh_impl.h - what the state machine of neigh.c and neighbour discovery share; for neigh*.c. */
#ifndef ESPGW_NET_NEIGH_IMPL_H
#define ESPGW_NET_NEIGH_IMPL_H

#include "dataplane/net/ip4.h"
#include "dataplane/net/neigh_table.h"
#include "dataplane/net/port.h"

#define NEIGH_SECOND 1000000000ull
/* After so long a neighbour in use is asked whether it is still there: RFC 4861's PROBE. */
#define NEIGH_REASK ((NEIGH_REACHABLE_S - NEIGH_TRIES) * NEIGH_SECOND)

static inline void neigh_ethernet(uint8_t eth[RTE_ETHER_HDR_LEN], uint8_t port, uint64_t value,
				  uint16_t type)
{
	memcpy(eth, &value, RTE_ETHER_ADDR_LEN);
	memcpy(eth + 6, &ports[port].mac, RTE_ETHER_ADDR_LEN);
	ip4_store16(eth + 12, type);
}

static inline struct ip6 neigh_key_ip6(struct neigh_key key)
{
	uint64_t be[2] = {rte_cpu_to_be_64(key.hi), rte_cpu_to_be_64(key.lo)};
	struct ip6 a;

	memcpy(a.b, be, sizeof(a.b));
	return a;
}

/** neigh.c: the neighbour's MAC was heard at that time; what waits for it is sent. */
void neigh_confirm(struct neigh *t, const struct neigh_io *io, int at,
		   const struct rte_ether_addr *mac, uint64_t now);

/** neigh6.c: neigh_burst() for IPv6 packets. */
void neigh6_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n);
/** Port (into meta) and next hop of an IPv6 packet by today's routes; false: there is none. */
bool neigh6_next_hop(const struct neigh_io *io, struct rte_mbuf *m, struct neigh_key *key);
/** Send a solicitation for key: to its group, or to known. */
void neigh6_ask(const struct neigh_io *io, uint8_t port, struct neigh_key key,
		const struct rte_ether_addr *known);

#endif
