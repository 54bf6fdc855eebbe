/* SPDX-License-Identifier: BSD-3-Clause */
/* nd.h - neighbour solicitations and advertisements (RFC 4861), read and written; no state. */
#ifndef ESPGW_NET_ND_H
#define ESPGW_NET_ND_H

#include <stdbool.h>

#include <rte_ether.h>
#include <rte_mbuf.h>

#include "dataplane/net/icmp6.h"
#include "dataplane/net/ip6.h"

#define ND_F_ROUTER    0x80u /* of an advertisement */
#define ND_F_SOLICITED 0x40u
#define ND_F_OVERRIDE  0x20u

struct nd {
	uint8_t type;  /* ICMP6_ND_SOLICIT or ICMP6_ND_ADVERT */
	uint8_t flags; /* ND_F_*, of an advertisement */
	bool has_mac;  /* the link-layer address option: the source's or the target's */
	struct rte_ether_addr mac;
	struct ip6 src;
	struct ip6 dst;
	struct ip6 target;
};

/**
 * Copy the message of m out; meta is parse's (verdict PKT_SLOW with PKT_F_IPV6: hop limit, length
 * and checksum are right). False unless it is one that RFC 4861 sections 7.1.1 and 7.1.2 let pass,
 * its options whole and its link-layer address one that a host can have.
 */
bool nd_read(const struct rte_mbuf *m, struct nd *n);

/**
 * A frame of n to the MAC dst, sent from the MAC of port, with the link-layer address option when
 * n->has_mac; meta says out_port and nothing to parse. NULL when no buffer is left.
 */
struct rte_mbuf *nd_make(struct rte_mempool *pool, uint8_t port, const struct rte_ether_addr *dst,
			 const struct nd *n);

#endif
