/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * selector.h - what a packet shows to SPD and SA selectors (RFC 4301 section 4.4.1.1).
 *
 * ICMP's type and code stand in for both ports, as RFC 7296 section 3.13.1 writes them. A non-first
 * fragment has no ports, nor has a protocol without them: it matches only selectors of any port
 * (RFC 4301 section 7), which is why fragments are put together first where a policy or an SA is
 * for single ones (net/reasm.h).
 */
#ifndef ESPGW_IPSEC_SELECTOR_H
#define ESPGW_IPSEC_SELECTOR_H

#include <netinet/in.h>
#include <stdbool.h>

#include "dataplane/pkt.h"

struct selector {
	uint32_t src; /* host order */
	uint32_t dst;
	uint16_t src_port;
	uint16_t dst_port;
	uint8_t proto;
	bool ports; /* the ports are known */
};

/** The same of an IPv6 packet, whose addresses are where they lie in it, 16 bytes each. */
struct selector6 {
	const uint8_t *src;
	const uint8_t *dst;
	uint16_t src_port;
	uint16_t dst_port;
	uint8_t proto;
	bool ports;
};

static inline struct selector selector_of(const struct pkt_meta *m)
{
	struct selector s = {.src = m->src,
			     .dst = m->dst,
			     .src_port = m->src_port,
			     .dst_port = m->dst_port,
			     .proto = m->proto,
			     .ports = true};

	switch (m->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		break;
	case IPPROTO_ICMP:
		s.dst_port = s.src_port;
		break;
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
	case IPPROTO_UDPLITE:
		break;
	default:
		s.ports = false;
		break;
	}
	if (m->flags & PKT_F_NONFIRST)
		s.ports = false;
	if (!s.ports)
		s.src_port = s.dst_port = 0;
	return s;
}

/** ip: the IPv6 header of the packet. */
static inline struct selector6 selector6_of(const struct pkt_meta *m, const uint8_t *ip)
{
	struct selector6 s = {.src = ip + 8,
			      .dst = ip + 24,
			      .src_port = m->src_port,
			      .dst_port = m->dst_port,
			      .proto = m->proto};

	switch (m->proto) {
	case IPPROTO_ICMPV6:
		s.dst_port = s.src_port;
		break;
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
	case IPPROTO_UDPLITE:
		break;
	default:
		s.src_port = s.dst_port = 0;
		return s;
	}
	s.ports = (m->flags & PKT_F_NONFIRST) == 0;
	if (!s.ports)
		s.src_port = s.dst_port = 0;
	return s;
}

#endif
