/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * esp_out_each.c - a burst of many SAs: each packet by itself.
 *
 * Where most packets have an SA of their own there is nothing to share, and to look for it costs
 * more than the work itself. Each packet is built from its SA in place, its lines asked for some
 * packets ahead, so that memory and CPU work at the same time. What is not plain goes the way of
 * esp_out.c, in its place of the burst: numbers of an SA are given out in the order of its packets.
 */
#include "dataplane/ipsec/ecn.h"
#include "dataplane/ipsec/esp_out_impl.h"
#include "dataplane/ipsec/mss.h"
#include "dataplane/ipsec/mtu.h"
#include "dataplane/ipsec/outer4.h"
#include "dataplane/ipsec/own.h"
#include "dataplane/ipsec/sad_impl.h"
#include "dataplane/ipsec/trailer.h"
#include "dataplane/ipsec/warm.h"

#define SLOT_AHEAD  48u /* packets: the way to its SA, */
#define SA_AHEAD    32u /* the SA, */
#define AGAIN_AHEAD 12u /* what of it has not come yet; */
#define COUNT_AHEAD 16u /* and when all is done, its counters once more */

#define SHORT_IV     8u
#define META_PROTO   24 /* bits before it in the first word of pkt_meta */
#define META_L3_OFF  32
#define META_L4_OFF  40
#define META_IN_PORT 48

_Static_assert(offsetof(struct pkt_meta, verdict) == 0 && offsetof(struct pkt_meta, flags) == 2 &&
		       offsetof(struct pkt_meta, proto) * 8 == META_PROTO &&
		       offsetof(struct pkt_meta, l3_off) * 8 == META_L3_OFF &&
		       offsetof(struct pkt_meta, l4_off) * 8 == META_L4_OFF &&
		       offsetof(struct pkt_meta, in_port) * 8 == META_IN_PORT &&
		       offsetof(struct pkt_meta, ip_len) == 8 &&
		       offsetof(struct pkt_meta, src_port) == 10 &&
		       offsetof(struct pkt_meta, dst_port) == 12 &&
		       offsetof(struct pkt_meta, src) == 16 &&
		       offsetof(struct pkt_meta, dst) == 20 &&
		       offsetof(struct pkt_meta, sa_slot) == 24 &&
		       RTE_BYTE_ORDER == RTE_LITTLE_ENDIAN,
	       "words of pkt_meta");

/* The first word of an outer packet's meta, but for protocol and port. */
#define OUTER_META                                                                                 \
	(PKT_FORWARD | (uint64_t)(PKT_F_PROTECTED | PKT_F_DF) << 16 |                              \
	 (uint64_t)IP4_ETHER_ROOM << META_L3_OFF |                                                 \
	 (uint64_t)(IP4_ETHER_ROOM + IP4_HEADER) << META_L4_OFF)

static inline void store64(uint8_t *to, uint64_t v)
{
	memcpy(to, &v, sizeof(v));
}

/* The IV of packet number seq, which is taken when it is used: there are no more of AES than
 * packets. room: for others. NULL: there is none. */
static inline const uint8_t *iv_of(struct crypto *c, struct batch *b, const struct sa *sa,
				   uint64_t seq, uint8_t *room)
{
	if (likely(sa->iv_len == AES_IV))
		return rest_of_ivs(c, b);
	return sa->iv_len == 0 || crypto_iv8(c, sa, seq, room) == 0 ? room : NULL;
}

static inline void write_iv(struct batch *b, const struct sa *sa, const uint8_t *iv, uint8_t *to)
{
	if (likely(sa->iv_len == AES_IV)) {
		memcpy(to, iv, AES_IV);
		b->iv = iv + AES_IV;
	} else if (sa->iv_len != 0) {
		memcpy(to, iv, SHORT_IV);
	}
}

/* In whole words; the block of order.h is ORDER_NONE, 0. */
static inline void write_meta(struct pkt_meta *meta, uint32_t slot, const struct sa_brief *o,
			      uint32_t len)
{
	bool udp = o->encap == ABI_ENCAP_UDP;
	uint64_t proto = udp ? IPPROTO_UDP : IPPROTO_ESP;
	uint32_t ports = udp ? rte_be_to_cpu_32((uint32_t)(o->third >> 32)) : 0;
	uint32_t src = rte_be_to_cpu_32((uint32_t)(o->second >> 32));
	uint32_t dst = rte_be_to_cpu_32((uint32_t)o->third);
	uint8_t *to = (uint8_t *)meta;

	ports = ports << 16 | ports >> 16; /* they were swapped together */
	store64(to, OUTER_META | proto << META_PROTO | (uint64_t)meta->in_port << META_IN_PORT);
	store64(to + 8, len | (uint64_t)ports << 16);
	store64(to + 16, src | (uint64_t)dst << 32);
	store64(to + 24, slot);
}

/* A usual packet of a usual SA: as admit() and build() of esp_out.c do. False: it is not, and
 * nothing was done that they do not do again: an IV of 3DES may be lost, and an MSS be clamped. */
static inline bool take(struct worker *w, struct batch *b, struct sa *sa, struct rte_mbuf *m,
			uint16_t i)
{
	struct pkt_meta *meta = pkt_meta(m);
	struct crypto_op *op = &b->op[b->n_ops];
	uint32_t inner = meta->ip_len, l3 = meta->l3_off, mtu, pad, head, text, len;
	uint8_t room[SHORT_IV], *ip, tos;
	struct sa_brief o;
	const uint8_t *iv;
	uint64_t seq;

	if (unlikely(sa_gate_out(sa) != SA_GATE_OUT || !sa_brief_read(sa, &o)))
		return false;
	mtu = __atomic_load_n(&sa->mtu, __ATOMIC_RELAXED);
	seq = __atomic_load_n(&sa->seq, __ATOMIC_RELAXED) + 1;
	if (unlikely((meta->flags & PKT_F_IPV6) || !own_is(m) || inner > mtu ||
		     m->data_len < l3 + inner ||
		     seq > __atomic_load_n(&sa->seq_limit, __ATOMIC_ACQUIRE) ||
		     !sa_narrow_match(&sa->narrow, meta->src, meta->dst)))
		return false;
	pad = mtu_pad((uint16_t)inner, sa->block);
	head = (uint32_t)o.length + sa->iv_len;
	text = inner + pad + SA_ESP_TRAILER;
	len = head + text + sa->icv_len;
	iv = iv_of(w->crypto, b, sa, seq, room);
	if (unlikely(iv == NULL || len > UINT16_MAX - IP4_ETHER_ROOM))
		return false;
	tos = rte_pktmbuf_mtod_offset(m, const uint8_t *, l3)[1];
	if (mss_concerns(meta))
		mss_clamp(m, mtu);
	ip = wrap(m, (uint8_t)l3, head, len);
	if (unlikely(ip == NULL))
		return false;
	write_iv(b, sa, iv, ip + o.length);
	outer4_write_brief(ip, &o, ecn_outer_tos(tos), (uint16_t)len, (uint32_t)seq);
	trailer_write(ip + head + inner, (uint16_t)pad, NEXT_HEADER_IPV4);
	crypto_op_set(op, sa, ip + o.length - SA_ESP_HEADER, seq,
		      SA_ESP_HEADER + sa->iv_len + text);
	write_meta(meta, sa->slot, &o, len);
	b->inner_of[b->n_ops] = (uint16_t)inner;
	b->wire_of[b->n_ops] = (uint16_t)len;
	b->flow_of[i] = FLOW_NONE;
	b->packet_of[b->n_ops++] = (uint8_t)i;
	__atomic_store_n(&sa->seq, seq, __ATOMIC_RELAXED);
	return true;
}

/* Of the next packets: sad_nobody where there is none, so that nobody has to ask. */
static inline struct sa *sa_of(const struct sad *s, struct rte_mbuf *m)
{
	const struct sa *sa = sad_in_slot(s, pkt_meta(m)->sa_slot);

	return (struct sa *)(uintptr_t)(sa != NULL ? sa : &sad_nobody);
}

/* What packets some way ahead are going to read, and where this one is counted in the end. */
static inline void look_ahead(const struct worker *w, struct rte_mbuf **pkts, struct sa **sa,
			      uint32_t i, uint32_t n)
{
	const struct sad *s = w->tables->sad;

	if (i + SLOT_AHEAD < n)
		rte_prefetch0(&s->slot[pkt_meta(pkts[i + SLOT_AHEAD])->sa_slot & s->mask]);
	if (i + SA_AHEAD < n) {
		sa[i + SA_AHEAD] = sa_of(s, pkts[i + SA_AHEAD]);
		warm_sa(sa[i + SA_AHEAD]);
	}
	if (i + AGAIN_AHEAD < n)
		warm_again_out(sa[i + AGAIN_AHEAD]);
	warm_counters(w, sa[i]);
}

void esp_out_each(struct worker *w, struct batch *b, struct rte_mbuf **pkts, struct extra *extra)
{
	struct sa *sa[WORKER_BURST];

	for (uint16_t i = 0; i < b->n && i < SA_AHEAD; i++) {
		sa[i] = sa_of(w->tables->sad, pkts[i]);
		warm_sa(sa[i]);
	}
	for (uint16_t i = 0; i < b->n; i++) {
		enum drop_reason why;

		look_ahead(w, pkts, sa, i, b->n);
		prefetch_packets(pkts, i, b->n);
		if (likely(extra != NULL && take(w, b, sa[i], pkts[i], i)))
			continue;
		why = esp_out_take(w, b, pkts, i, extra);
		if (unlikely(why != DROP_NONE))
			pkt_drop(pkts[i], why);
	}
}

void esp_out_each_count(struct worker *w, const struct batch *b, struct rte_mbuf **pkts)
{
	for (uint16_t k = 0; k < b->n_ops; k++) {
		const struct sa *sa = b->op[k].sa;
		struct abi_sa_counters *c = worker_sa(w, sa->slot);

		if (k + COUNT_AHEAD < b->n_ops)
			warm_near(worker_sa(w, b->op[k + COUNT_AHEAD].sa->slot), 1);
		if (b->flow_of[b->packet_of[k]] != FLOW_NONE)
			continue;
		c->hits++;
		if (unlikely(!b->op[k].ok)) {
			pkt_drop(pkts[b->packet_of[k]], DROP_OUT_STATE_PROTOCOL_ERRORS);
			continue;
		}
		c->packets++;
		c->bytes += b->inner_of[k];
		c->wire_bytes += b->wire_of[k];
		c->last_used = w->now;
		if (unlikely(sa->limited)) /* since it was taken */
			sad_spend(w->tables->sad, sa->slot, 1, b->inner_of[k]);
	}
}
