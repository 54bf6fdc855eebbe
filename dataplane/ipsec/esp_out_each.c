/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * esp_out_each.c - a burst of many SAs: each packet by itself.
 *
 * Where most packets have an SA of their own there is nothing to share, and to look for it costs
 * more than the work itself. Each packet is built from its SA in place, its lines asked for some
 * packets ahead, so that memory and CPU work at the same time. What is not plain goes the way of
 * esp_out.c, in its place of the burst: numbers of an SA are given out in the order of its packets.
 */
#include <errno.h>

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

/* Is it one for seal_plain()? */
static inline bool is_plain(const struct sa *sa, const struct rte_mbuf *m,
			    const struct pkt_meta *meta)
{
	return sa->plain && sa_state(sa) == SA_LIVE && !sa->limited &&
	       !(meta->flags & PKT_F_IPV6) && own_is(m) &&
	       meta->ip_len <= __atomic_load_n(&sa->mtu, __ATOMIC_RELAXED);
}

static inline int write_iv(struct crypto *c, struct batch *b, const struct sa *sa, uint64_t seq,
			   uint8_t *iv)
{
	const uint8_t *from;

	if (unlikely(sa->iv_len != AES_IV))
		return sa->iv_len == 0 ? 0 : crypto_iv8(c, sa, seq, iv);
	from = take_iv(c, b);
	if (from == NULL)
		return -EIO;
	memcpy(iv, from, AES_IV);
	return 0;
}

static inline void write_meta(struct pkt_meta *meta, const struct sa *sa, const struct sa_brief *o,
			      uint16_t len)
{
	bool udp = o->encap == ABI_ENCAP_UDP;

	*meta = (struct pkt_meta){
		.verdict = PKT_FORWARD,
		.flags = PKT_F_PROTECTED | PKT_F_DF,
		.proto = udp ? IPPROTO_UDP : IPPROTO_ESP,
		.l3_off = IP4_ETHER_ROOM,
		.l4_off = IP4_ETHER_ROOM + IP4_HEADER,
		.in_port = meta->in_port,
		.ip_len = len,
		.trim = 0, /* ORDER_NONE */
		.src = rte_be_to_cpu_32((uint32_t)(o->second >> 32)),
		.dst = rte_be_to_cpu_32((uint32_t)o->third),
		.src_port = udp ? rte_be_to_cpu_16((uint16_t)(o->third >> 32)) : 0,
		.dst_port = udp ? rte_be_to_cpu_16((uint16_t)(o->third >> 48)) : 0,
		.sa_slot = sa->slot};
}

/* As build() of esp_out.c does. */
static inline enum drop_reason seal_plain(struct worker *w, struct batch *b, struct sa *sa,
					  const struct sa_brief *o, struct rte_mbuf *m)
{
	struct pkt_meta *meta = pkt_meta(m);
	struct crypto_op *op = &b->op[b->n_ops];
	uint64_t seq = __atomic_load_n(&sa->seq, __ATOMIC_RELAXED) + 1;
	uint16_t inner = meta->ip_len, pad = mtu_pad(inner, sa->block);
	uint32_t head = (uint32_t)o->length + sa->iv_len;
	uint32_t text = (uint32_t)inner + pad + SA_ESP_TRAILER, len = head + text + sa->icv_len;
	uint8_t *ip, tos;

	if (m->data_len < (uint32_t)meta->l3_off + inner || len > UINT16_MAX - IP4_ETHER_ROOM)
		return DROP_OUT_ERRORS;
	if (seq > __atomic_load_n(&sa->seq_limit, __ATOMIC_ACQUIRE))
		return DROP_OUT_STATE_SEQUENCE_ERRORS;
	tos = rte_pktmbuf_mtod_offset(m, const uint8_t *, meta->l3_off)[1];
	ip = wrap(m, meta->l3_off, head, len);
	if (ip == NULL)
		return DROP_OUT_ERRORS;
	if (write_iv(w->crypto, b, sa, seq, ip + o->length) != 0)
		return DROP_OUT_STATE_PROTOCOL_ERRORS;
	outer4_write_brief(ip, o, ecn_outer_tos(tos), (uint16_t)len, (uint32_t)seq);
	trailer_write(ip + head + inner, pad, NEXT_HEADER_IPV4);
	*op = (struct crypto_op){.sa = sa,
				 .esp = ip + o->length - SA_ESP_HEADER,
				 .seq_hi = (uint32_t)(seq >> 32),
				 .len = (uint16_t)(SA_ESP_HEADER + sa->iv_len + text),
				 .ok = true};
	write_meta(meta, sa, o, (uint16_t)len);
	b->inner_of[b->n_ops] = inner;
	b->wire_of[b->n_ops] = (uint16_t)len;
	__atomic_store_n(&sa->seq, seq, __ATOMIC_RELAXED);
	return DROP_NONE;
}

static inline enum drop_reason take_plain(struct worker *w, struct batch *b, struct sa *sa,
					  const struct sa_brief *o, struct rte_mbuf *m, uint16_t i)
{
	const struct pkt_meta *meta = pkt_meta(m);
	enum drop_reason why = DROP_OUT_BUNDLE_ERRORS;

	if (likely(sa_narrow_match(&sa->narrow, meta->src, meta->dst))) {
		if (mss_concerns(meta))
			mss_clamp(m, sa->mtu);
		why = seal_plain(w, b, sa, o, m);
	}
	if (unlikely(why != DROP_NONE)) {
		worker_sa(w, sa->slot)->hits++;
		return why;
	}
	b->flow_of[i] = FLOW_NONE;
	b->packet_of[b->n_ops++] = (uint8_t)i;
	return DROP_NONE;
}

static inline struct sa *sa_of(const struct sad *s, struct rte_mbuf *m)
{
	struct sa *sa = sad_in_slot(s, pkt_meta(m)->sa_slot);

	warm_sa(sa);
	return sa;
}

/* What packets some way ahead are going to read. */
static inline void look_ahead(const struct sad *s, struct rte_mbuf **pkts, struct sa **sa,
			      uint16_t i, uint16_t n)
{
	if (i + SLOT_AHEAD < n)
		rte_prefetch0(&s->slot[pkt_meta(pkts[i + SLOT_AHEAD])->sa_slot & s->mask]);
	if (i + SA_AHEAD < n)
		sa[i + SA_AHEAD] = sa_of(s, pkts[i + SA_AHEAD]);
	if (i + AGAIN_AHEAD < n)
		warm_again_out(sa[i + AGAIN_AHEAD]);
}

void esp_out_each(struct worker *w, struct batch *b, struct rte_mbuf **pkts, struct extra *extra)
{
	const struct sad *s = w->tables->sad;
	struct sa *sa[WORKER_BURST];

	for (uint16_t i = 0; i < b->n && i < SA_AHEAD; i++)
		sa[i] = sa_of(s, pkts[i]);
	for (uint16_t i = 0; i < b->n; i++) {
		struct sa_brief o;
		enum drop_reason why;

		look_ahead(s, pkts, sa, i, b->n);
		prefetch_packets(pkts, i, b->n);
		if (likely(sa[i] != NULL && extra != NULL &&
			   is_plain(sa[i], pkts[i], pkt_meta(pkts[i])) && sa_brief_read(sa[i], &o)))
			why = take_plain(w, b, sa[i], &o, pkts[i], i);
		else
			why = esp_out_take(w, b, pkts, i, extra);
		if (unlikely(why != DROP_NONE))
			pkt_drop(pkts[i], why);
	}
	for (uint16_t k = 0; k < b->n_ops; k++)
		warm_counters(w, b->op[k].sa);
}

void esp_out_each_count(struct worker *w, const struct batch *b, struct rte_mbuf **pkts)
{
	for (uint16_t k = 0; k < b->n_ops; k++) {
		struct abi_sa_counters *c = worker_sa(w, b->op[k].sa->slot);

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
	}
}
