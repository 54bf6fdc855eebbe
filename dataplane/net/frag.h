/* SPDX-License-Identifier: BSD-3-Clause */
/* frag.h - fragmentation (RFC 791 section 3.2): before encryption, and where a packet leaves.
 */
#ifndef ESPGW_NET_FRAG_H
#define ESPGW_NET_FRAG_H

#include <stdbool.h>

#include "dataplane/worker.h"

#define FRAG_MTU_MIN 68u /* every link carries this much (RFC 791 section 3.2) */

/**
 * Split the IPv4 packet of m (meta valid, one segment, DF not set) into pieces of at most mtu bytes
 * of IP each. A piece lies in one segment of its own behind 14 bytes of Ethernet room; its meta is
 * m's with ip_len, l4_off and the fragment flags set right and no ports but in the first. Frees m.
 * Returns the number of pieces, or, m still the caller's: -EINVAL when mtu is below FRAG_MTU_MIN or
 * room pieces do not hold it, -ENOTSUP with DF, -ENOMEM.
 */
int frag_ipv4(struct rte_mempool *pool, struct rte_mbuf *m, uint16_t mtu, struct rte_mbuf **pieces,
	      uint16_t room);

/**
 * The same for an IPv6 packet of our own, as its source may (RFC 8200 section 4.5), or one that
 * came in pieces (reasm.h): PKT_F_DF, which parse sets on every IPv6 packet, must be clear.
 * Headers for every router, and all up to a routing header, go into every piece. -ENOTSUP too for
 * what is a fragment already; the least mtu is 1280.
 */
int frag_ipv6(struct rte_mempool *pool, struct rte_mbuf *m, uint16_t mtu, struct rte_mbuf **pieces,
	      uint16_t room);

/** Is none of the packets, all with out_port set, larger than its port's MTU? Then frag_burst() has
 * nothing to do. */
bool frag_all_fit(struct rte_mbuf **pkts, uint16_t n);

/**
 * Stage between route and neighbour, the one that makes packets: copies pkts to out in order, and
 * in place of one larger than its out_port's MTU its pieces. Those of IPv6 have 1280 bytes, which
 * every path carries, and so has what was put together here. With DF, which other IPv6 has unless
 * it is ours: ICMP 3/4 or ICMPv6 "too big" and net-too-big (RFC 1191 section 3, RFC 8201); no room
 * in out or in the pool: net-no-buffer. Returns the number in out; room >= n.
 */
uint16_t frag_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n, struct rte_mbuf **out,
		    uint16_t room);

#endif
