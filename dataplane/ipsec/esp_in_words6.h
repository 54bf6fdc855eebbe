/* SPDX-License-Identifier: BSD-3-Clause */
/* esp_in_words6.h - what of esp_in_words.h is about inner packets, for IPv6. */
#ifndef ESPGW_IPSEC_ESP_IN_WORDS6_H
#define ESPGW_IPSEC_ESP_IN_WORDS6_H

#include "dataplane/ipsec/esp_in_words.h"
#include "dataplane/net/ip6.h"

#define TCP_AT6	   (IP6_HEADER + 13u) /* flags */
#define TCP_LEAST6 (IP6_HEADER + 20u)
#define UDP_LEAST6 (IP6_HEADER + 8u)

/* The first word of an inner packet's meta, but for protocol and port. */
#define INNER_META6                                                                                \
	(PKT_FORWARD | (uint64_t)(PKT_F_FROM_SA | PKT_F_IPV6 | PKT_F_DF) << META_FLAGS |           \
	 (uint64_t)IP6_ETHER_ROOM << META_L3_OFF |                                                 \
	 (uint64_t)(IP6_ETHER_ROOM + IP6_HEADER) << META_L4_OFF)

/* TCP, but no SYN, whose MSS is looked at; or UDP. */
static inline bool is_plain_proto6(const uint8_t *ip, uint32_t len)
{
	if (ip[6] == IPPROTO_UDP)
		return true;
	return ip[6] == IPPROTO_TCP && len >= TCP_LEAST6 && (ip[TCP_AT6] & TCP_SYN) == 0;
}

/* Is at ip IPv6 with nothing special about it? Its length, or 0. avail: bytes there are. */
static inline uint32_t inner_len6(const uint8_t *ip, uint32_t avail)
{
	uint32_t len;

	if (avail < UDP_LEAST6)
		return 0;
	len = IP6_HEADER + (uint32_t)ip4_load16(ip + 4);
	if (unlikely(ip[0] >> 4 != 6 || len > avail || len < UDP_LEAST6 ||
		     !is_plain_proto6(ip, len)))
		return 0;
	return len;
}

/* As parse_ipv6() of the packet at ip. held: the second word. */
static inline void inner_meta6(struct pkt_meta *meta, const uint8_t *ip, uint32_t len,
			       uint64_t slot, uint64_t held)
{
	uint64_t both = ip4_load32(ip + IP6_HEADER); /* ports */

	store64(&meta->verdict,
		INNER_META6 | (uint64_t)ip[6] << META_PROTO | (held & ONE(META_IN_PORT)));
	store64(&meta->ip_len, len | both >> 16 << 16 | (both & UINT16_MAX) << 32);
	store64(&meta->src, 0);
	store64(&meta->sa_slot, slot);
}

#endif
