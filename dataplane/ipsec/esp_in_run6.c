/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * esp_in_run6.c - IPv6 that came out of one SA, one packet behind the other in a burst: the twin of
 * the second half of esp_in_run.c, under the same rules.
 */
#include "dataplane/ipsec/esp_in_ahead.h"
#include "dataplane/ipsec/esp_in_impl.h"
#include "dataplane/ipsec/esp_in_words6.h"
#include "dataplane/ipsec/sa6.h"

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

uint16_t esp_in_run6_deliver(const struct batch *b, struct parse_run6 *parse,
			     struct rte_mbuf **pkts, uint16_t first, struct tally *t)
{
	const struct crypto_op *op = &b->op[first], *end = &b->op[b->n];
	const struct held *h = &b->held[first];
	const struct sa *sa = op->sa;
	const uint32_t head = SA_ESP_HEADER + (uint32_t)sa->iv_len;
	struct clear c = {.sa = sa, .slot = sa->slot};
	uint64_t bytes = 0, wire = 0;
	uint32_t done;

	if (sa->shape & SA_SHAPE_TRANSPORT)
		return first;
	for (; op < end; op++, h++) {
		uint64_t held = load64(&h->wire);
		const uint8_t *text = op->esp + head;
		struct rte_mbuf *m;
		uint32_t len;

		if (op + PREFETCH_GAP < end)
			rte_prefetch0(op[PREFETCH_GAP].esp + head);
		if (unlikely(op->sa != sa || !op->ok || (held & REFUSED_OR_ECN) != 0))
			break;
		len = inner_len6(text, payload_of(text, op->len - head, NEXT_HEADER_IPV6));
		if (unlikely(len == 0 || !knows_addrs(&c, parse, text)))
			break;
		m = pkts[(uint16_t)(held >> HELD_PACKET)];
		inner_meta6(pkt_meta(m), text, len, c.slot, held);
		inner_borders(m, text, len);
		bytes += len;
		wire += (uint16_t)held;
	}
	done = (uint32_t)(h - &b->held[first]);
	t->packets += done;
	t->bytes += bytes;
	t->wire_bytes += wire;
	return (uint16_t)(first + done);
}
