/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * esp_in_run.c - inbound packets of one SA, one behind the other in a burst: the most of what a
 * tunnel between two sites carries.
 *
 * Between addresses of either family; what is in the tunnel is IPv4 here, IPv6 in esp_in_run6.c. As
 * in esp_out_run.c what they share stays in registers, and nothing here refuses a packet: the
 * run ends before one that wants a closer look, and esp_in.c gives it that.
 */
#include "dataplane/ipsec/esp_in_ahead.h"
#include "dataplane/ipsec/esp_in_impl.h"
#include "dataplane/ipsec/esp_in_words.h"
#include "dataplane/ipsec/own.h"

/* --- before the ICV --- */

/* What all packets of a run share. */
struct claimed {
	uint64_t meta; /* the first word of pkt_meta, as far as META_ENDS goes */
	uint32_t spi;  /* as it is sent */
	uint32_t dst;
	uint32_t slot;
	uint32_t l3;	/* bytes before the outer packet, */
	uint32_t l4;	/* before ESP, */
	uint32_t least; /* and in the smallest outer packet there is */
	uint32_t part;	/* more than that is in whole blocks, and no 64 KB: bits that are not set */
	uint32_t icv;
};

/* m: the packet that the run starts with. */
static inline struct claimed claimed_read(const struct found *f, struct rte_mbuf *m)
{
	const struct sa *sa = f->sa;
	const struct pkt_meta *meta = pkt_meta(m);
	uint32_t around = SA_ESP_HEADER + (uint32_t)sa->iv_len + sa->icv_len;

	return (struct claimed){
		.meta = (load64(meta) & META_PLACE) | (uint64_t)f->flags << META_FLAGS,
		.spi = rte_cpu_to_be_32((uint32_t)(f->ends >> 32)),
		.dst = (uint32_t)f->ends,
		.slot = sa->slot,
		.l3 = meta->l3_off,
		.l4 = meta->l4_off,
		.least = (uint32_t)(meta->l4_off - meta->l3_off) + around + sa->block,
		.part = (uint32_t)UINT16_MAX << 16 | (sa->block - 1u),
		.icv = sa->icv_len};
}

/* Is the packet at ip between IPv6 addresses, to the one that the SA was found for? */
static inline bool is_to_found(const struct found *f, const uint8_t *ip)
{
	uint64_t is[2], was[2];

	memcpy(is, ip + IP6_OFF_DST, sizeof(is));
	memcpy(was, f->to.b, sizeof(was));
	return ((is[0] ^ was[0]) | (is[1] ^ was[1])) == 0;
}

/* wire: bytes of the outer packet; about: the first word of its meta; esp: of ESP. */
static inline bool is_claimed(const struct claimed *c, const struct rte_mbuf *m, uint32_t dst,
			      uint32_t wire, uint64_t about, uint64_t esp)
{
	return (about & META_ENDS) == c->meta && (uint32_t)esp == c->spi && dst == c->dst &&
	       ((wire - c->least) & c->part) == 0 && m->data_len >= c->l3 + wire && own_is(m);
}

/* usual: with a window, and numbers are not extended; six: between IPv6 addresses. */
static __rte_always_inline unsigned int check(struct batch *b, struct found *found,
					      struct rte_mbuf **pkts, unsigned int first,
					      unsigned int n, bool usual, bool six)
{
	const struct claimed c = claimed_read(found, pkts[first]);
	struct replay *replay = sa_replay(found->sa);
	const struct sa *sa = found->sa;
	struct found f = *found; /* nobody else's, so that it may stay in registers */
	struct crypto_op *op = &b->op[b->n];
	struct held *h = &b->held[b->n];
	uint64_t all = 0;
	unsigned int i;

	for (i = first; i < n; i++) {
		struct rte_mbuf *m = pkts[i];
		struct pkt_meta *meta = pkt_meta(m);
		uint64_t about = load64(meta), esp, seq;
		uint32_t wire = meta->ip_len;
		uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *), tos;

		prefetch_packets(pkts, (uint16_t)i, (uint16_t)n);
		prefetch_text(pkts, i, n);
		if (unlikely(m->data_len < c.l4 + SA_ESP_HEADER))
			break;
		esp = load64(data + c.l4);
		if (unlikely(!is_claimed(&c, m, meta->dst, wire, about, esp) ||
			     (six && !is_to_found(&f, data + c.l3))))
			break;
		seq = rte_be_to_cpu_32((uint32_t)(esp >> 32));
		if (!usual && sa->esn != 0)
			seq = replay_infer(replay, (uint32_t)seq);
		if (unlikely((usual || replay != NULL) && found_is_replay(&f, seq, b->alone)))
			break;
		meta->sa_slot = c.slot;
		h->seq = seq;
		tos = six ? ip6_traffic_class(data + c.l3) : data[c.l3 + 1];
		store64(&h->wire, (about & HELD_META) | wire | (uint64_t)i << HELD_PACKET |
					  (uint64_t)tos << HELD_TOS);
		crypto_op_set(op++, sa, data + c.l4, seq, wire - (c.l4 - c.l3) - c.icv);
		h++;
		all |= about;
	}
	b->several |= b->n != 0 && b->op[0].sa != sa;
	b->flags |= (uint8_t)(all >> META_FLAGS);
	b->n = (uint16_t)(b->n + i - first);
	*found = f;
	return i;
}

uint16_t esp_in_run_check(struct batch *b, struct found *found, struct rte_mbuf **pkts,
			  uint16_t first, uint16_t n)
{
	const struct sa *sa = found->sa;
	bool usual = sa_replay(sa) != NULL && sa->esn == 0;
	unsigned int end = first;

	if (first == n || found->why != DROP_NONE)
		return first;
	if (unlikely(found->flags & PKT_F_IPV6))
		end = usual ? check(b, found, pkts, first, n, true, true)
			    : check(b, found, pkts, first, n, false, true);
	else
		end = usual ? check(b, found, pkts, first, n, true, false)
			    : check(b, found, pkts, first, n, false, false);
	return (uint16_t)end;
}

/* --- when it is decrypted --- */

/* What all packets of a run share. */
struct clear {
	const struct sa *sa;
	uint64_t slot;	/* the last word of pkt_meta */
	uint64_t addrs; /* source and destination, as sent, that were judged last, */
	bool known;	/* and found right */
};

/* May packets between those two, as sent, come out of the SA, to be forwarded (RFC 4301 section
 * 5.2)? */
static __rte_noinline bool judge_addrs(const struct sa *sa, struct parse_run *parse, uint64_t addrs)
{
	uint32_t src = rte_be_to_cpu_32((uint32_t)addrs);
	uint32_t dst = rte_be_to_cpu_32((uint32_t)(addrs >> 32));

	return parse_between_others(parse, src, dst) && sa_narrow_match(&sa->narrow, dst, src);
}

static inline bool knows_addrs(struct clear *c, struct parse_run *parse, uint64_t addrs)
{
	if (unlikely(addrs != c->addrs || !c->known)) {
		c->addrs = addrs;
		c->known = judge_addrs(c->sa, parse, addrs);
	}
	return c->known;
}

/* As parse_plain() of the packet at ip, and held against the SA. Its length; or 0, and nothing was
 * written. avail: bytes there are of it; held: the second word. */
static inline uint32_t accept_inner(struct clear *c, struct parse_run *parse, struct pkt_meta *meta,
				    const uint8_t *ip, uint32_t avail, uint64_t held)
{
	uint32_t len = inner_len(ip, avail);

	if (unlikely(len == 0 || !knows_addrs(c, parse, load64(ip + 12))))
		return 0;
	inner_meta(meta, ip, len, c->slot, held);
	return len;
}

uint16_t esp_in_run_deliver(const struct batch *b, struct parse_run *parse, struct rte_mbuf **pkts,
			    uint16_t first, struct tally *t)
{
	const struct sa *sa = b->op[first].sa;
	const uint32_t head = SA_ESP_HEADER + (uint32_t)sa->iv_len;
	struct clear c = {.sa = sa, .slot = sa->slot};
	uint64_t bytes = 0, wire = 0;
	unsigned int k, n = b->n;

	if ((sa->shape & SA_SHAPE_TRANSPORT) || !sa->is_narrow)
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
		len = accept_inner(&c, parse, pkt_meta(m), text,
				   payload_of(text, op->len - head, NEXT_HEADER_IPV4), held);
		if (unlikely(len == 0))
			break;
		inner_borders(m, text, len);
		bytes += len;
		wire += (uint16_t)held;
	}
	t->packets += k - first;
	t->bytes += bytes;
	t->wire_bytes += wire;
	return (uint16_t)k;
}
