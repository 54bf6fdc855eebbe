/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * esp_out.c - from an inner packet with an SA to the finished outer packet.
 *
 * A burst goes through in three steps: admit (is the SA usable, does the packet fit), build (room,
 * headers, IV, padding; sequence numbers are taken for a whole burst with one atomic add per SA),
 * and finish after the crypto engine. What had to be fragmented leaves its first piece in the place
 * of the packet; the other pieces go through the same steps afterwards and on to routing by
 * themselves.
 */
#include "dataplane/ipsec/esp.h"

#include <errno.h>

#include <rte_prefetch.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/ecn.h"
#include "dataplane/ipsec/esp_out_impl.h"
#include "dataplane/ipsec/esp_shape.h"
#include "dataplane/ipsec/mss.h"
#include "dataplane/ipsec/mtu.h"
#include "dataplane/ipsec/outer4.h"
#include "dataplane/ipsec/own.h"
#include "dataplane/ipsec/sad.h"
#include "dataplane/ipsec/selector.h"
#include "dataplane/ipsec/warm.h"
#include "dataplane/ipsec/trailer.h"
#include "dataplane/net/frag.h"
#include "dataplane/net/icmp.h"
#include "dataplane/net/ip6.h"
#include "dataplane/order.h"
#include "dataplane/pipeline.h"
#include "dataplane/stages.h"

#define ICMP_UNREACHABLE 3u
#define ICMP_FRAG_NEEDED 4u

static inline bool selected(const struct flow *f, const struct pkt_meta *meta)
{
	const struct sa *sa = f->sa;
	struct selector s;

	if (likely(sa->is_narrow))
		return sa_narrow_match(&sa->narrow, meta->src, meta->dst);
	s = selector_of(meta);
	return sa_range_match(sa->local, sa->n_local, s.src, s.proto, s.src_port, s.ports) &&
	       sa_range_match(sa->remote, sa->n_remote, s.dst, s.proto, s.dst_port, s.ports);
}

/* Keeps the first of n pieces, or says why there are none. */
static enum drop_reason keep_pieces(struct rte_mbuf **m, struct rte_mbuf **pieces, int n,
				    struct extra *extra)
{
	if (n < 1)
		return n == -ENOMEM ? DROP_NET_NO_BUFFER : DROP_OUT_ERRORS;
	*m = pieces[0];
	for (int i = 1; i < n; i++)
		extra->pkts[extra->n++] = pieces[i];
	return DROP_NONE;
}

/* Larger than the SA carries: tell the sender (RFC 1191), or split before encryption (RFC 4301
 * section 8.1: pieces of the inner packet, so the peer needs no reassembly); or leave it to the
 * outer packet, where the SA says so. */
static enum drop_reason too_big(struct worker *w, struct rte_mbuf **m, uint16_t mtu, uint8_t df,
				struct extra *extra)
{
	struct rte_mbuf *pieces[EXTRA_MAX + 1];
	int n;

	if (df == ABI_DF_CLEAR)
		return DROP_NONE;
	if (extra == NULL)
		return DROP_OUT_ERRORS;
	if (pkt_meta(*m)->flags & PKT_F_DF) {
		icmp_error(w, *m, ICMP_UNREACHABLE, ICMP_FRAG_NEEDED, mtu);
		return DROP_NET_TOO_BIG;
	}
	n = frag_ipv4(w->pool, *m, mtu, pieces, (uint16_t)(1 + EXTRA_MAX - extra->n));
	return keep_pieces(m, pieces, n, extra);
}

/* IPv6, or transport mode. Of IPv6 our own packets, and those put together here (reasm.h), may be
 * split before encryption, into pieces that pass behind the tunnel, too. */
static __rte_noinline enum drop_reason admit_shape(struct worker *w, const struct flow *f,
						   struct rte_mbuf **m, struct extra *extra)
{
	struct rte_mbuf *pieces[EXTRA_MAX + 1];
	enum drop_reason why = esp_shape_admit(w, f->sa, &f->outer, m, extra == NULL);
	const struct pkt_meta *meta = pkt_meta(*m);
	int n;

	if (why != DROP_NONE || extra == NULL || !esp_shape_may_split(f->sa, meta))
		return why;
	n = frag_ipv6(w->pool, *m, IP6_MTU_MIN, pieces, (uint16_t)(1 + EXTRA_MAX - extra->n));
	return keep_pieces(m, pieces, n, extra);
}

static __rte_always_inline enum drop_reason admit(struct worker *w, struct flow *f,
						  struct rte_mbuf **m, struct extra *extra)
{
	struct pkt_meta *meta = pkt_meta(*m);
	const struct sa *sa = f->sa;
	uint16_t mtu;

	if (unlikely(!f->plain) && f->unusable != DROP_NONE)
		return (enum drop_reason)f->unusable;
	if (unlikely((!f->plain && (sa->shape & SA_SHAPE_TRANSPORT)) || (meta->flags & PKT_F_IPV6)))
		return admit_shape(w, f, m, extra);
	/* Pieces were looked at whole. */
	if (extra != NULL && !selected(f, meta))
		return DROP_OUT_BUNDLE_ERRORS;
	if (!own_packet(w, m))
		return DROP_NET_NO_BUFFER;
	mtu = (uint16_t)__atomic_load_n(&sa->mtu, __ATOMIC_RELAXED);
	if (mss_concerns(meta))
		mss_clamp(sa, *m, mtu);
	if (unlikely(pkt_meta(*m)->ip_len > mtu))
		return too_big(w, m, mtu, sa->df, extra);
	return DROP_NONE;
}

/* RFC 4303 section 3.3.3: numbers are given out in order and never used twice; the manager keeps
 * the limit ahead, and at 2^32 - 1 it ends. One for each packet of the burst: those that are not
 * admitted leave the last of them unused. */
static void reserve(const struct worker *w, struct batch *b)
{
	for (unsigned int i = 0; i < b->n_flows; i++) {
		struct flow *f = &b->flow[i];

		if (f->unusable != DROP_NONE)
			continue;
		f->limit = __atomic_load_n(&f->sa->seq_limit, __ATOMIC_ACQUIRE);
		f->seq = __atomic_fetch_add(&f->sa->seq, f->n, __ATOMIC_RELAXED) + 1;
		f->block = order_take(w->order, f->sa, f->seq, f->n, w->now);
		f->numbered = true;
	}
}

/* Without other workers a number is taken when it is used, and nothing has to be known before. */
static void number_alone(struct flow *f)
{
	f->limit = __atomic_load_n(&f->sa->seq_limit, __ATOMIC_ACQUIRE);
	f->seq = __atomic_load_n(&f->sa->seq, __ATOMIC_RELAXED) + 1;
	f->block = ORDER_NONE;
	f->numbered = true;
}

/* Can packets of f have numbers? Beside other workers not when nothing was reserved: theirs must
 * not be used again. An SA that comes in the middle of a burst would do that; RCU keeps it out. */
static inline bool has_numbers(const struct worker *w, struct flow *f)
{
	if (likely(f->numbered))
		return true;
	if (w->order != NULL)
		return false;
	number_alone(f);
	return true;
}

static void keep_alone(const struct batch *b)
{
	for (unsigned int i = 0; i < b->n_flows; i++)
		if (b->flow[i].numbered)
			__atomic_store_n(&b->flow[i].sa->seq, b->flow[i].seq - 1, __ATOMIC_RELAXED);
}

static inline int write_iv(struct crypto *c, struct batch *b, const struct flow *f, uint8_t *iv)
{
	const uint8_t *from;

	if (unlikely(!f->plain) && f->sa->iv_len != AES_IV)
		return f->sa->iv_len == 0 ? 0 : crypto_iv8(c, f->sa, f->seq, iv);
	from = take_iv(c, b);
	if (from == NULL)
		return -EIO;
	memcpy(iv, from, AES_IV);
	return 0;
}

/* Make room around the packet and fill it, all but what the crypto engine writes. */
static __rte_always_inline enum drop_reason build(struct worker *w, struct batch *b, struct flow *f,
						  struct rte_mbuf *m)
{
	struct pkt_meta *meta = pkt_meta(m);
	struct crypto_op *op = &b->op[b->n_ops];
	uint8_t in_port = meta->in_port;
	uint16_t inner = meta->ip_len, pad = mtu_pad(inner, f->sa->block);
	uint32_t text = (uint32_t)inner + pad, len = f->size.around + text;
	uint8_t *ip, tos;

	if (m->data_len < (uint32_t)meta->l3_off + inner || len > UINT16_MAX - IP4_ETHER_ROOM)
		return DROP_OUT_ERRORS;
	tos = pkt_l3(m)[1];
	ip = wrap(m, meta->l3_off, f->size.head, len);
	if (ip == NULL)
		return DROP_OUT_ERRORS;
	if (write_iv(w->crypto, b, f, ip + f->outer.length) != 0)
		return DROP_OUT_STATE_PROTOCOL_ERRORS;
	outer4_write(ip, &f->outer, ecn_outer_tos(tos), (uint16_t)len, (uint32_t)f->seq);
	trailer_write(ip + f->size.head + inner, pad, NEXT_HEADER_IPV4);
	crypto_op_set(op, f->sa, ip + f->size.esp, f->seq, f->size.covered + text);
	way_write(ip - IP4_ETHER_ROOM, &f->way);
	*meta = f->meta;
	if (len <= f->way.mtu)
		meta->verdict = PKT_SEND;
	meta->in_port = in_port;
	meta->ip_len = (uint16_t)len;
	b->inner_of[b->n_ops] = inner;
	f->bytes += inner;
	f->wire_bytes += len;
	return DROP_NONE;
}

/* A packet of any shape, built: does it leave as it is, by a way that is known? */
static void send_shape(struct flow *f, struct rte_mbuf *m)
{
	struct pkt_meta *meta = pkt_meta(m);

	f->unfinished |= esp_shape_is_unfinished(f->sa, &f->outer, meta);
	if (meta->ip_len > f->way.mtu || esp_shape_is_to_split(f->sa, meta))
		return;
	way_write(rte_pktmbuf_mtod(m, uint8_t *), &f->way);
	meta->verdict = PKT_SEND;
	meta->out_port = f->way.port;
	meta->next_hop = f->way.next_hop;
}

/* The same for all but IPv4 in a tunnel over IPv4. */
static enum drop_reason build_shape(struct worker *w, struct batch *b, struct flow *f,
				    struct rte_mbuf *m)
{
	const struct esp_seal seal = {.sa = f->sa, .outer = &f->outer, .seq = f->seq};
	enum drop_reason why = esp_shape_build(w, &seal, m, &b->op[b->n_ops]);

	if (why != DROP_NONE)
		return why;
	b->inner_of[b->n_ops] = pkt_meta(m)->trim;
	f->bytes += pkt_meta(m)->trim;
	f->wire_bytes += pkt_meta(m)->ip_len;
	send_shape(f, m);
	return DROP_NONE;
}

/* An admitted packet, number i of the burst: into the batch. */
static __rte_always_inline enum drop_reason take(struct worker *w, struct batch *b, struct flow *f,
						 struct rte_mbuf *m, uint16_t i)
{
	enum drop_reason why;

	if (f->seq > f->limit)
		return DROP_OUT_STATE_SEQUENCE_ERRORS;
	if (unlikely(!f->plain || (pkt_meta(m)->flags & PKT_F_IPV6)) &&
	    esp_shape_is(f->sa, pkt_meta(m)))
		why = build_shape(w, b, f, m);
	else
		why = build(w, b, f, m);
	if (unlikely(why != DROP_NONE))
		return why;
	f->seq++;
	f->done++;
	pkt_meta(m)->trim = f->block;
	b->packet_of[b->n_ops++] = i;
	return DROP_NONE;
}

/* The flow of packet i, mostly that of the packet before. */
static inline struct flow *flow_of(struct worker *w, struct batch *b, struct flow *last,
				   struct rte_mbuf **pkts, uint16_t i)
{
	uint32_t slot = pkt_meta(pkts[i])->sa_slot;

	return likely(last != NULL && last->sa->slot == slot) ? last : esp_out_flow(w, b, slot);
}

enum drop_reason esp_out_take(struct worker *w, struct batch *b, struct rte_mbuf **pkts, uint16_t i,
			      struct extra *extra)
{
	struct flow *f = esp_out_flow(w, b, pkt_meta(pkts[i])->sa_slot);
	enum drop_reason why = DROP_OUT_BUNDLE_CHECK_ERRORS;

	if (f == NULL)
		return why;
	f->hits++;
	why = admit(w, f, &pkts[i], extra);
	if (why != DROP_NONE)
		return why;
	number_alone(f);
	b->flow_of[i] = f->size.index;
	why = take(w, b, f, pkts[i], i);
	__atomic_store_n(&f->sa->seq, f->seq - 1, __ATOMIC_RELAXED);
	return why;
}

/* Admitted, numbered and built at once. */
static void take_one(struct worker *w, struct batch *b, struct flow *f, struct rte_mbuf **pkts,
		     uint16_t i, struct extra *extra)
{
	enum drop_reason why = DROP_OUT_BUNDLE_CHECK_ERRORS;

	if (likely(f != NULL)) {
		f->hits++;
		why = admit(w, f, &pkts[i], extra);
	}
	if (likely(why == DROP_NONE)) {
		why = DROP_OUT_ERRORS;
		if (likely(has_numbers(w, f))) {
			b->flow_of[i] = f->size.index;
			why = take(w, b, f, pkts[i], i);
		}
	}
	if (unlikely(why != DROP_NONE))
		pkt_drop(pkts[i], why);
}

/* Do packets of this flow, of one family, come one behind the other? */
static inline bool is_run(const struct flow *f, struct rte_mbuf **pkts, uint16_t i, uint16_t n)
{
	const struct pkt_meta *next;

	if (f == NULL || !f->runs || i + 1 >= n)
		return false;
	next = pkt_meta(pkts[i + 1]);
	return next->sa_slot == f->sa->slot &&
	       ((next->flags ^ pkt_meta(pkts[i])->flags) & PKT_F_IPV6) == 0;
}

static void take_all(struct worker *w, struct batch *b, struct rte_mbuf **pkts, struct extra *extra)
{
	struct flow *f = NULL;
	uint16_t i = 0;

	while (i < b->n) {
		uint16_t end = i;

		f = flow_of(w, b, f, pkts, i);
		if (likely(is_run(f, pkts, i, b->n) && extra != NULL && has_numbers(w, f)))
			end = esp_out_run(w, b, f, pkts, i);
		if (unlikely(end == i)) {
			prefetch_packets(pkts, i, b->n);
			take_one(w, b, f, pkts, end++, extra);
		}
		i = end;
	}
}

/* One worker: a number is taken when it is used. */
static void take_alone(struct worker *w, struct batch *b, struct rte_mbuf **pkts,
		       struct extra *extra)
{
	take_all(w, b, pkts, extra);
	keep_alone(b);
}

/* Several: how many numbers a flow needs is known before the first is taken. */
static void take_among_others(struct worker *w, struct batch *b, struct rte_mbuf **pkts,
			      struct extra *extra)
{
	struct flow *f = NULL;

	for (uint16_t i = 0; i < b->n; i++) {
		prefetch_mbuf(pkts, i, b->n);
		f = flow_of(w, b, f, pkts, i);
		if (likely(f != NULL))
			f->n++;
	}
	reserve(w, b);
	take_all(w, b, pkts, extra);
}

/* Did all go well, and is nothing left to do? */
static bool all_done(const struct batch *b)
{
	bool ok = true, unfinished = false;

	for (uint16_t i = 0; i < b->n_flows; i++)
		unfinished |= b->flow[i].unfinished;
	for (uint16_t k = 0; k < b->n_ops; k++)
		ok &= b->op[k].ok;
	return likely(ok && !unfinished);
}

/* After the crypto engine. */
static void finish_all(struct worker *w, struct batch *b, struct rte_mbuf **pkts)
{
	for (uint16_t k = 0; k < b->n_ops; k++) {
		uint16_t flow = b->flow_of[b->packet_of[k]];
		struct rte_mbuf **m = &pkts[b->packet_of[k]];
		enum drop_reason why = DROP_OUT_STATE_PROTOCOL_ERRORS;
		struct flow *f;

		if (flow == FLOW_NONE)
			continue;
		f = &b->flow[flow];
		if (b->op[k].ok && !f->unfinished)
			continue;
		if (b->op[k].ok)
			why = esp_shape_finish(w, f->sa, m, &f->outer);
		if (why == DROP_NONE)
			continue;
		f->done--;
		f->bytes -= b->inner_of[k];
		f->wire_bytes -= pkt_meta(*m)->ip_len;
		pkt_drop(*m, why);
	}
}

/* pieces: no policy was asked about them. */
static void count_all(struct worker *w, const struct batch *b, bool pieces)
{
	for (uint16_t i = 0; i < b->n_flows; i++) {
		const struct flow *f = &b->flow[i];
		struct abi_sa_counters *c = worker_sa(w, f->sa->slot);

		if (!pieces)
			c->hits += f->hits;
		if (f->done == 0)
			continue;
		c->packets += f->done;
		c->bytes += f->bytes;
		c->wire_bytes += f->wire_bytes;
		c->last_used = w->now;
		if (unlikely(f->sa->limited))
			sad_spend(w->tables->sad, f->sa->slot, f->done, f->bytes);
	}
}

/* n packets through all steps. extra: where pieces go; NULL: the packets are such pieces. */
static void protect(struct worker *w, struct rte_mbuf **pkts, uint16_t n, struct extra *extra)
{
	struct batch b;
	uint64_t t = stage_start(w);
	bool many = extra != NULL && warm_has_many_out(pkts, n);

	b.n = n;
	b.n_flows = b.n_ops = 0;
	b.iv = NULL;
	if (unlikely(many) && w->order != NULL)
		warm_out(w, pkts, n);
	if (w->order != NULL)
		take_among_others(w, &b, pkts, extra);
	else if (unlikely(many))
		esp_out_each(w, &b, pkts, extra);
	else
		take_alone(w, &b, pkts, extra);
	t = stage_end(w, STAGE_OUT_BUILD, t, n);
	crypto_seal(w->crypto, b.op, b.n_ops);
	t = stage_end(w, STAGE_OUT_SEAL, t, b.n_ops);
	if (!all_done(&b))
		finish_all(w, &b, pkts);
	count_all(w, &b, extra == NULL);
	if (unlikely(many) && w->order == NULL)
		esp_out_each_count(w, &b, pkts);
	stage_end(w, STAGE_OUT_FINISH, t, b.n_ops);
}

static void protect_extra(struct worker *w, struct extra *extra)
{
	for (uint16_t at = 0; at < extra->n; at = (uint16_t)(at + WORKER_BURST)) {
		uint16_t n = RTE_MIN((uint16_t)(extra->n - at), (uint16_t)WORKER_BURST);

		protect(w, &extra->pkts[at], n, NULL);
		w->counters->made += n;
		for (uint16_t i = 0; i < n; i++) {
			struct rte_mbuf *m = extra->pkts[at + i];

			if (pkt_meta(m)->verdict == PKT_SEND)
				pkt_meta(m)->verdict = PKT_FORWARD; /* in turn with the others */
			if (pkt_meta(m)->verdict == PKT_FORWARD)
				pipeline_route(w, m);
			else
				pipeline_drop(w, m, (enum drop_reason)pkt_meta(m)->reason);
		}
	}
}

void esp_out_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	struct extra extra;

	extra.n = 0;
	protect(w, pkts, n, &extra);
	if (extra.n != 0)
		protect_extra(w, &extra);
}
