/* SPDX-License-Identifier: BSD-3-Clause */
/* parse_esp6.h - ESP in IPv6 as peers send it, between addresses that are known; for parse.c. */
#ifndef ESPGW_NET_PARSE_ESP6_H
#define ESPGW_NET_PARSE_ESP6_H

#include "dataplane/net/parse_impl.h"
#include "dataplane/net/parse_plain6.h"

/** The last addresses that ESP of this burst was taken between, as they are sent; all zero: none
 * yet. None is of one link alone: that is another address at the next port, or in a VLAN. */
struct parse_ends6 {
	uint64_t addrs[PARSE_ADDRS6 / sizeof(uint64_t)];
};

/** ESP was taken from the packet at ip, which came to our own MAC. */
static inline void parse_ends6_learn(struct parse_ends6 *ends, const uint8_t *ip)
{
	if (!ip6_is_link_local(ip + IP6_OFF_SRC) && !ip6_is_link_local(ip + IP6_OFF_DST))
		memcpy(ends->addrs, ip + IP6_OFF_SRC, sizeof(ends->addrs));
}

/** Is the IPv6 header at ip, which is there, between those? */
static inline bool parse_ends6_match(const struct parse_ends6 *ends, const uint8_t *ip)
{
	return parse_same_addrs6(ends->addrs, ip) && (ends->addrs[2] | ends->addrs[3]) != 0;
}

/**
 * The IPv6 packet at ip, of which avail bytes (less than 64 KB) are there, its header for certain,
 * between those: ESP right behind the header, in UDP without a checksum (RFC 6935) or not. *meta
 * says nothing but in_port and sa_slot; it is filled as by parse_packet6(). False: nothing was
 * written.
 */
static inline bool parse_esp6(struct pkt_meta *meta, const uint8_t *ip, uint32_t avail)
{
	uint32_t payload = ip4_load16(ip + 4), len = IP6_HEADER + payload;
	uint8_t proto = ip[6];

	if (ip[0] >> 4 != 6 || len > avail || payload < PARSE_ESP_HEADER)
		return false;
	if (proto == IPPROTO_ESP) {
		meta->flags = PKT_F_IPV6 | PKT_F_DF;
		meta->l4_off = IP6_ETHER_ROOM + IP6_HEADER;
	} else {
		if (proto != IPPROTO_UDP || !parse_is_plain_natt(ip + IP6_HEADER, payload))
			return false;
		meta->flags = PKT_F_IPV6 | PKT_F_DF | PKT_F_UDP_ENCAP;
		meta->l4_off = IP6_ETHER_ROOM + IP6_HEADER + PARSE_UDP_HEADER;
		meta->src_port = ip4_load16(ip + IP6_HEADER);
		meta->dst_port = PARSE_PORT_NATT;
	}
	meta->verdict = PKT_ESP_IN;
	meta->proto = proto;
	meta->l3_off = IP6_ETHER_ROOM;
	meta->ip_len = (uint16_t)len;
	return true;
}

#endif
