/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ip6.h - IPv6: what addresses may be, the header we write, and the checksum over the pseudo
 * header. Addresses are 16 bytes in network order wherever they lie; struct ip6 is one kept.
 */
#ifndef ESPGW_NET_IP6_H
#define ESPGW_NET_IP6_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>

#include "dataplane/net/ip4.h"

#define IP6_ETHER_ROOM IP4_ETHER_ROOM
#define IP6_HEADER     40u
#define IP6_ADDR       16u
#define IP6_OFF_SRC    8u /* in the header */
#define IP6_OFF_DST    24u
#define IP6_HOP_LIMIT  64u   /* of what we make (IANA's default) */
#define IP6_HOP_ND     255u  /* RFC 4861 section 7.1: proof that no router was on the way */
#define IP6_MTU_MIN    1280u /* every link carries this much (RFC 8200 section 5) */

/* Extension headers (IANA "IPv6 Extension Header Types"); AH and ESP count as what is carried. */
#define IP6_EXT_HOP_BY_HOP  0u
#define IP6_EXT_ROUTING	    43u
#define IP6_EXT_FRAGMENT    44u
#define IP6_EXT_DESTINATION 60u
#define IP6_PROTO_ICMP	    58u
#define IP6_PROTO_NONE	    59u

#define IP6_FRAGMENT_HEADER 8u
#define IP6_FRAGMENT_MORE   1u	    /* in the second 16-bit word */
#define IP6_FRAGMENT_OFFSET 0xfff8u /* the offset in bytes, as the field lies */

struct ip6 {
	uint8_t b[IP6_ADDR];
};
_Static_assert(sizeof(struct ip6) == IP6_ADDR, "ip6");

static inline uint64_t ip6_load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return rte_be_to_cpu_64(v);
}

static inline uint64_t ip6_hi(const uint8_t *a)
{
	return ip6_load64(a);
}

static inline uint64_t ip6_lo(const uint8_t *a)
{
	return ip6_load64(a + 8);
}

static inline bool ip6_equal(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, IP6_ADDR) == 0;
}

static inline bool ip6_is_unspecified(const uint8_t *a)
{
	static const uint8_t zero[IP6_ADDR];

	return memcmp(a, zero, sizeof(zero)) == 0;
}

static inline bool ip6_is_multicast(const uint8_t *a)
{
	return a[0] == 0xff;
}

/** fe80::/10: valid on its link alone, never forwarded (RFC 4291 section 2.5.6). */
static inline bool ip6_is_link_local(const uint8_t *a)
{
	return ip6_hi(a) >> 54 == 0xfe80u >> 6;
}

/**
 * What no host on a wire can have: ::/96 (unspecified, loopback, the IPv4-compatible addresses of
 * RFC 4291 section 2.5.5.1) and ::ffff:0:0/96 (section 2.5.5.2), an IPv4 address in disguise.
 */
static inline bool ip6_is_nobody(const uint8_t *a)
{
	return ip6_hi(a) == 0 && (ip6_lo(a) >> 32 == 0 || ip6_lo(a) >> 32 == 0xffff);
}

/** A source that no packet may carry. */
static inline bool ip6_martian_source(const uint8_t *a)
{
	return ip6_is_multicast(a) || ip6_is_nobody(a);
}

/** A destination that is never forwarded; we route no multicast. */
static inline bool ip6_martian_destination(const uint8_t *a)
{
	return ip6_martian_source(a) || ip6_is_link_local(a);
}

/** Do a and b agree in their first len bits (0 to 128)? */
static inline bool ip6_same_net(const uint8_t *a, const uint8_t *b, unsigned int len)
{
	uint64_t hi = ip6_hi(a) ^ ip6_hi(b), lo = ip6_lo(a) ^ ip6_lo(b);

	if (len < 64)
		return len == 0 || hi >> (64 - len) == 0;
	return hi == 0 && (len == 64 || lo >> (128 - len) == 0);
}

/** a with all bits behind the first len zero. */
static inline struct ip6 ip6_net(const uint8_t *a, unsigned int len)
{
	struct ip6 n;

	memcpy(n.b, a, sizeof(n.b));
	for (unsigned int i = 0; i<IP6_ADDR; i++, len = len> 8 ? len - 8 : 0)
		if (len < 8)
			n.b[i] &= (uint8_t)(0xff00u >> len);
	return n;
}

/** fe80::/64 with the interface identifier of a MAC (RFC 4291 appendix A). */
static inline struct ip6 ip6_link_local(const struct rte_ether_addr *mac)
{
	const uint8_t *m = mac->addr_bytes;

	return (struct ip6){
		{0xfe, 0x80, 0, 0, 0, 0, 0, 0, m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]}};
}

/** The solicited-node multicast address of a (RFC 4291 section 2.7.1). */
static inline struct ip6 ip6_solicited(const uint8_t *a)
{
	return (struct ip6){{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a[13], a[14], a[15]}};
}

static inline bool ip6_is_solicited(const uint8_t *a)
{
	return ip6_hi(a) == 0xff02ull << 48 && ip6_lo(a) >> 24 == 0x1ff;
}

/** ff02::1 (low 1) and ff02::2 (low 2): all nodes, all routers of the link. */
static inline bool ip6_is_all(const uint8_t *a, uint64_t low)
{
	return ip6_hi(a) == 0xff02ull << 48 && ip6_lo(a) == low;
}

/** The Ethernet group of a multicast address (RFC 2464 section 7). */
static inline struct rte_ether_addr ip6_group_mac(const uint8_t *a)
{
	return (struct rte_ether_addr){{0x33, 0x33, a[12], a[13], a[14], a[15]}};
}

/**
 * The checksum over pseudo header (RFC 8200 section 8.1) and len bytes of upper layer at l4, as it
 * lies in memory: what to store when its field is zero; 0 when the field holds the right one.
 */
static inline uint16_t ip6_cksum(const uint8_t *src, const uint8_t *dst, uint8_t proto,
				 const uint8_t *l4, uint32_t len)
{
	uint8_t pseudo[40] = {0};
	uint32_t sum;

	memcpy(pseudo, src, IP6_ADDR);
	memcpy(pseudo + 16, dst, IP6_ADDR);
	ip4_store32(pseudo + 32, len);
	pseudo[39] = proto;
	sum = (uint32_t)rte_raw_cksum(pseudo, sizeof(pseudo)) + rte_raw_cksum(l4, len);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

struct ip6_template {
	const uint8_t *src;
	const uint8_t *dst;
	uint16_t payload_len; /* everything behind the 40 bytes */
	uint8_t next_header;
	uint8_t hop_limit;
	uint8_t traffic_class;
};

/** Write a 40-byte header, flow label 0. src and dst may not lie in it. */
static inline void ip6_write(uint8_t *ip, const struct ip6_template *t)
{
	ip4_store32(ip, 6u << 28 | (uint32_t)t->traffic_class << 20);
	ip4_store16(ip + 4, t->payload_len);
	ip[6] = t->next_header;
	ip[7] = t->hop_limit;
	memcpy(ip + IP6_OFF_SRC, t->src, IP6_ADDR);
	memcpy(ip + IP6_OFF_DST, t->dst, IP6_ADDR);
}

static inline uint8_t ip6_traffic_class(const uint8_t *ip)
{
	return (uint8_t)(ip4_load16(ip) >> 4);
}

#endif
