/* SPDX-License-Identifier: BSD-3-Clause */
/* ip4.h - what IPv4 addresses may be, and the checksum arithmetic that every stage shares. */
#ifndef ESPGW_NET_IP4_H
#define ESPGW_NET_IP4_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>

#define IP4_ETHER_ROOM                                                                             \
	RTE_ETHER_HDR_LEN   /* every packet keeps this much in front of its IP header */
#define IP4_HEADER	20u /* without options */
#define IP4_TTL		64u /* of what we make (RFC 1700's default) */
#define IP4_FLAG_DF	0x4000u
#define IP4_FLAG_MF	0x2000u
#define IP4_OFFSET_MASK 0x1fffu

/** A source that no packet may carry: 0/8, 127/8, multicast, class E and broadcast (RFC 1812
 * section 5.3.7). Host order. */
static inline bool ip4_martian_source(uint32_t addr)
{
	return addr - (1u << 24) >= 0xdf000000u || addr >> 24 == 127;
}

/** A destination that is never forwarded: the same ranges; we route no multicast. Host order. */
static inline bool ip4_martian_destination(uint32_t addr)
{
	return ip4_martian_source(addr);
}

static inline uint16_t ip4_load16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t ip4_load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return rte_be_to_cpu_32(v);
}

static inline void ip4_store16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void ip4_store32(uint8_t *p, uint32_t v)
{
	v = rte_cpu_to_be_32(v);
	memcpy(p, &v, sizeof(v));
}

/** The netmask of a prefix length of 0 to 32. */
static inline uint32_t ip4_mask(unsigned int prefix_len)
{
	return prefix_len == 0 ? 0 : UINT32_MAX << (32 - prefix_len);
}

/**
 * The checksum field after one 16-bit word under it went from before to after (RFC 1624 equation
 * 3). All three in host order.
 */
static inline uint16_t ip4_cksum_adjust(uint16_t cksum, uint16_t before, uint16_t after)
{
	uint32_t sum = (uint16_t)~cksum + (uint32_t)(uint16_t)~before + after;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/** Is the checksum of a header of ihl bytes right (RFC 1071 section 1)? ihl: a multiple of 4, 20 or
 * more. */
static inline bool ip4_cksum_ok(const uint8_t *ip, unsigned int ihl)
{
	uint64_t sum, half;
	uint32_t word;

	/* Words of any size will do, carries being added again. A loop takes longer. */
	memcpy(&sum, ip, 8);
	memcpy(&half, ip + 8, 8);
	memcpy(&word, ip + 16, 4);
	sum += half;
	sum += sum < half;
	sum += word;
	sum += sum < word;
	for (unsigned int i = IP4_HEADER; i < ihl; i += 4) {
		memcpy(&word, ip + i, sizeof(word));
		sum += word;
		sum += sum < word;
	}
	/* Folding 16 bits onto 16 changes nothing modulo 0xffff; the compiler multiplies. */
	return sum != 0 && sum % 0xffff == 0;
}

/** Write the header checksum of len bytes of IPv4 header. */
static inline void ip4_set_cksum(uint8_t *ip, unsigned int len)
{
	uint16_t sum;

	memset(ip + 10, 0, 2);
	sum = (uint16_t)~rte_raw_cksum(ip, len);
	memcpy(ip + 10, &sum, 2);
}

struct ip4_template {
	uint32_t src; /* host order */
	uint32_t dst;
	uint16_t total_len;
	uint16_t id;
	uint16_t fragment; /* IP4_FLAG_DF or 0 */
	uint8_t proto;
	uint8_t tos;
};

/** Write a 20-byte header with TTL 64 and its checksum. */
static inline void ip4_write(uint8_t *ip, const struct ip4_template *t)
{
	ip[0] = 0x45;
	ip[1] = t->tos;
	ip4_store16(ip + 2, t->total_len);
	ip4_store16(ip + 4, t->id);
	ip4_store16(ip + 6, t->fragment);
	ip[8] = IP4_TTL;
	ip[9] = t->proto;
	ip4_store32(ip + 12, t->src);
	ip4_store32(ip + 16, t->dst);
	ip4_set_cksum(ip, IP4_HEADER);
}

#endif
