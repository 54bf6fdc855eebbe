/* SPDX-License-Identifier: BSD-3-Clause */
/* esp_in_words.h - packets, and what is known of them, in whole words: for those of esp_in with
 * nothing special about them (esp_in_run.c, esp_in_each.c). */
#ifndef ESPGW_IPSEC_ESP_IN_WORDS_H
#define ESPGW_IPSEC_ESP_IN_WORDS_H

#include <tmmintrin.h>

#include "dataplane/ipsec/esp_in_impl.h"
#include "dataplane/ipsec/trailer.h"
#include "dataplane/net/ip4.h"

/* The fields of pkt_meta, of held and of an IPv4 header, as they lie in words. */
_Static_assert(
	offsetof(struct pkt_meta, verdict) == 0 && offsetof(struct pkt_meta, flags) == 2 &&
		offsetof(struct pkt_meta, proto) == 3 && offsetof(struct pkt_meta, l3_off) == 4 &&
		offsetof(struct pkt_meta, l4_off) == 5 && offsetof(struct pkt_meta, in_port) == 6 &&
		offsetof(struct pkt_meta, ip_len) == 8 &&
		offsetof(struct pkt_meta, src_port) == 10 &&
		offsetof(struct pkt_meta, dst_port) == 12 && offsetof(struct pkt_meta, src) == 16 &&
		offsetof(struct pkt_meta, dst) == 20 && offsetof(struct pkt_meta, sa_slot) == 24 &&
		RTE_BYTE_ORDER == RTE_LITTLE_ENDIAN,
	"words of pkt_meta");
_Static_assert(offsetof(struct held, wire) == 8 && offsetof(struct held, flags) == 10 &&
		       offsetof(struct held, tos) == 11 && offsetof(struct held, packet) == 12 &&
		       offsetof(struct held, in_port) == 14 && offsetof(struct held, why) == 15 &&
		       sizeof(struct held) == 16,
	       "words of held, which has two bytes where pkt_meta has them");

#define META_FLAGS   16
#define META_PROTO   24
#define META_L3_OFF  32
#define META_L4_OFF  40
#define META_IN_PORT 48
#define HELD_TOS     24
#define HELD_PACKET  32
#define HELD_WHY     56

#define ONE(byte) ((uint64_t)UINT8_MAX << (byte))
/* Where headers are; and of which family, and if it is in UDP. */
#define META_PLACE (ONE(META_L3_OFF) | ONE(META_L4_OFF))
#define META_ENDS  (META_PLACE | (uint64_t)FOUND_FLAGS << META_FLAGS)
#define HELD_META  (ONE(META_FLAGS) | ONE(META_IN_PORT))
/* A reason to drop it, or a mark of the outer header that the inner one may have to take over:
 * ecn_may_change(). */
#define REFUSED_OR_ECN (ONE(HELD_WHY) | (uint64_t)1 << HELD_TOS)

/* Version 4, no options, neither offset nor MF, in the first word of a header; and DF. */
#define IP4_SIMPLE_MASK ((uint64_t)0xff3f << 48 | 0xff)
#define IP4_SIMPLE	0x45
#define IP4_DF_BIT	54

#define TCP_AT	  (IP4_HEADER + 13u) /* flags */
#define TCP_LEAST (IP4_HEADER + 20u)
#define UDP_LEAST (IP4_HEADER + 8u)
#define TCP_SYN	  2u

/* The first word of an inner packet's meta, but for what it says itself. */
#define INNER_META                                                                                 \
	(PKT_FORWARD | (uint64_t)PKT_F_FROM_SA << META_FLAGS |                                     \
	 (uint64_t)IP4_ETHER_ROOM << META_L3_OFF |                                                 \
	 (uint64_t)(IP4_ETHER_ROOM + IP4_HEADER) << META_L4_OFF)

static inline uint64_t load64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void store64(void *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

/* len bytes that were decrypted: how many are payload that is called next, behind a right trailer;
 * or 0. */
static inline uint32_t payload_of(const uint8_t *text, uint32_t len, uint8_t next)
{
	uint16_t end;
	uint32_t last, pad;

	memcpy(&end, text + len - SA_ESP_TRAILER, sizeof(end));
	last = end;
	pad = (uint8_t)last;
	if (last >> 8 != next || pad + SA_ESP_TRAILER > len ||
	    !trailer_pad_is_right(text + len - SA_ESP_TRAILER, pad))
		return 0;
	return len - SA_ESP_TRAILER - pad;
}

/* TCP, but no SYN, whose MSS is looked at; or UDP. */
static inline bool is_plain_proto(const uint8_t *ip, uint8_t proto, uint32_t len)
{
	if (proto == IPPROTO_UDP)
		return true;
	return proto == IPPROTO_TCP && len >= TCP_LEAST && (ip[TCP_AT] & TCP_SYN) == 0;
}

/* Is at ip IPv4 with nothing special about it? Its length, or 0. avail: bytes there are. */
static inline uint32_t inner_len(const uint8_t *ip, uint32_t avail)
{
	uint64_t first;
	uint32_t len;

	if (avail < UDP_LEAST)
		return 0;
	first = load64(ip);
	len = rte_be_to_cpu_16((uint16_t)(first >> 16));
	if (unlikely((first & IP4_SIMPLE_MASK) != IP4_SIMPLE || len > avail || len < UDP_LEAST ||
		     !is_plain_proto(ip, ip[9], len) || !ip4_cksum_ok(ip, IP4_HEADER)))
		return 0;
	return len;
}

/* As parse_plain() of the packet at ip, of which there are UDP_LEAST bytes. held: the second word.
 */
static inline void inner_meta(struct pkt_meta *meta, const uint8_t *ip, uint32_t len, uint64_t slot,
			      uint64_t held)
{
	/* What is from the source address on: ports behind the length, addresses, in host order. */
	const __m128i order = _mm_setr_epi8(-1, -1, 9, 8, 11, 10, -1, -1, 3, 2, 1, 0, 7, 6, 5, 4);
	__m128i ends = _mm_loadu_si128((const __m128i *)(const void *)(ip + 12));
	uint64_t first = load64(ip), about;

	about = INNER_META | (first >> IP4_DF_BIT & 1) * PKT_F_DF << META_FLAGS |
		(uint64_t)ip[9] << META_PROTO | (held & ONE(META_IN_PORT));
	store64(&meta->verdict, about);
	_mm_storeu_si128((__m128i *)(void *)&meta->ip_len, _mm_shuffle_epi8(ends, order));
	meta->ip_len = (uint16_t)len;
	store64(&meta->sa_slot, slot);
}

/* Nothing of the packet but these len bytes, behind room for Ethernet. */
static inline void inner_borders(struct rte_mbuf *m, const uint8_t *ip, uint32_t len)
{
	m->data_off = (uint16_t)(ip - (const uint8_t *)m->buf_addr - IP4_ETHER_ROOM);
	m->data_len = (uint16_t)(IP4_ETHER_ROOM + len);
	m->pkt_len = IP4_ETHER_ROOM + len;
}

#endif
