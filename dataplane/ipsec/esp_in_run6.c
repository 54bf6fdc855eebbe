/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * esp_in_run6.c - IPv6 that came out of one SA, one packet behind the other in a burst: the twin of
 * the second half of esp_in_run.c, under the same rules.
 */
#include "dataplane/ipsec/esp_in_ahead.h"
#include "dataplane/ipsec/esp_in_impl.h"
#include "dataplane/ipsec/esp_in_words.h"
#include "dataplane/ipsec/sa6.h"

#define TCP_AT6	   (IP6_HEADER + 13u) /* flags */
#define TCP_LEAST6 (IP6_HEADER + 20u)
#define UDP_LEAST6 (IP6_HEADER + 8u)

/* The first word of an inner packet's meta, but for protocol and port. */
#define INNER_META6                                                                                \
	(PKT_FORWARD | (uint64_t)(PKT_F_FROM_SA | PKT_F_IPV6 | PKT_F_DF) << META_FLAGS |           \
	 (uint64_t)IP6_ETHER_ROOM << META_L3_OFF |                                                 \
	 (uint64_t)(IP6_ETHER_ROOM + IP6_HEADER) << META_L4_OFF)

/* What all packets of a run share. */
struct clear {
	const struct sa *sa;
	uint64_t slot; /* the last word of pkt_meta */
	/* Source and destination, as sent, of a packet that was found right; all zero: none yet. */
	uint64_t addrs[PARSE_ADDRS6 / sizeof(uint64_t)];
};

/* May packets between those of the header at ip come out of the SA, to be forwarded (RFC 4301
 * section 5.2), whatever else they show? */
static __rte_noinline bool judge_addrs(struct clear *c, struct parse_run6 *parse, const uint8_t *ip)
{
	const struct selector6 s = {.src = ip + IP6_OFF_SRC, .dst = ip + IP6_OFF_DST};

	if (!parse_between_others6(parse, ip) || !sa6_selects(c->sa, &s, true))
		return false;
	memcpy(c->addrs, ip + IP6_OFF_SRC, sizeof(c->addrs));
	return true;
}

/* Nobody is at the address of zeros, so what is known of none is never found right. */
static inline bool knows_addrs(struct clear *c, struct parse_run6 *parse, const uint8_t *ip)
{
	return likely(parse_same_addrs6(c->addrs, ip) && c->addrs[0] != 0) ||
	       judge_addrs(c, parse, ip);
}

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

uint16_t esp_in_run6_deliver(const struct batch *b, struct parse_run6 *parse,
			     struct rte_mbuf **pkts, uint16_t first, struct tally *t)
{
	const struct sa *sa = b->op[first].sa;
	const uint32_t head = SA_ESP_HEADER + (uint32_t)sa->iv_len;
	struct clear c = {.sa = sa, .slot = sa->slot};
	uint64_t bytes = 0, wire = 0;
	unsigned int k, n = b->n;

	if (sa->shape & SA_SHAPE_TRANSPORT)
		return first;
	for (k = first; k < n; k++) {
		const struct crypto_op *op = &b->op[k];
		uint64_t held = load64(&b->held[k].wire);
		struct rte_mbuf *m = pkts[(uint16_t)(held >> HELD_PACKET)];
		const uint8_t *text = op->esp + head;
		uint32_t len;

		if (k + PREFETCH_GAP < n)
			rte_prefetch0(b->op[k + PREFETCH_GAP].esp + head);
		if (unlikely(op->sa != sa || !op->ok || (held & REFUSED_OR_ECN) != 0))
			break;
		len = inner_len6(text, payload_of(text, op->len - head, NEXT_HEADER_IPV6));
		if (unlikely(len == 0 || !knows_addrs(&c, parse, text)))
			break;
		inner_meta6(pkt_meta(m), text, len, c.slot, held);
		inner_borders(m, text, len);
		bytes += len;
		wire += (uint16_t)held;
	}
	t->packets += k - first;
	t->bytes += bytes;
	t->wire_bytes += wire;
	return (uint16_t)k;
}
