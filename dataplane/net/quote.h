/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * quote.h - ICMP errors that say a packet of ours is too big (RFC 1191 section 4, RFC 8201 section
 * 4, RFC 4443 section 3.2), and what they quote of it. Anybody can send them, so this only looks;
 * ipsec/pmtu.h decides whether to believe.
 */
#ifndef ESPGW_NET_QUOTE_H
#define ESPGW_NET_QUOTE_H

#include <netinet/in.h>
#include <stdbool.h>

#include "dataplane/net/icmp.h"
#include "dataplane/net/icmp6.h"
#include "dataplane/worker.h"

/* Per second and worker, and how many may come in one burst: what is beyond is dropped. */
#define QUOTE_RATE  100u
#define QUOTE_BURST 20u

/** The ESP packet that is quoted. Addresses are in network order, IPv4 in the first 4 bytes and the
 * rest zero; ports in host order, 0 without UDP. */
struct quote {
	uint8_t family; /* 4 or 6 */
	uint8_t encap;	/* enum abi_encap */
	uint16_t local_port;
	uint16_t remote_port;
	uint8_t local[16];
	uint8_t remote[16];
	uint32_t spi;
	uint32_t seq;
	uint32_t mtu; /* of the link that it did not fit; 0: the router does not say */
};

/** Does the packet to us, as parse left it, say that one of ours was too big? */
static inline bool quote_is(const struct pkt_meta *meta)
{
	if (meta->flags & PKT_F_IPV6)
		return meta->proto == IPPROTO_ICMPV6 && meta->src_port == ICMP6_TOO_BIG << 8;
	return meta->proto == IPPROTO_ICMP &&
	       meta->src_port == (ICMP4_UNREACHABLE << 8 | ICMP4_CODE_TOO_BIG);
}

/**
 * Take the quote out of m, for which quote_is() is true. False when the checksum is wrong, or it is
 * not ESP, plain or in UDP 4500, from the address that m was sent to, or ends before the sequence
 * number: routers that quote no more than 8 bytes behind the IP header (RFC 792) say nothing about
 * ESP in UDP that could be checked.
 */
bool quote_read(const struct rte_mbuf *m, struct quote *q);

/** One of QUOTE_RATE a second and QUOTE_BURST at a time. A kind of ICMP error has a bucket of its
 * own, so that one that anybody can make does not use up another's. */
bool quote_take_token(uint64_t *bucket, uint64_t now);

/**
 * local_burst()'s part for such a packet: in clear, sound, about an SPI that we send with, and not
 * too many of them: verdict PKT_SLOW. Else net-pmtu.
 */
enum drop_reason quote_screen(struct worker *w, struct rte_mbuf *m);

#endif
