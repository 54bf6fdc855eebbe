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

#define SA_AHEAD    32u /* packets: where the SA is, */
#define WORK_AHEAD  16u /* its lines; */
#define COUNT_AHEAD 24u /* when all is done, its counters, which nobody reads before */

#define SHORT_IV      8u
#define META_PROTO    24 /* bits before it in the first word of pkt_meta */
#define META_L3_OFF   32
#define META_L4_OFF   40
#define META_IN_PORT  48
#define META_OUT_PORT 56
#define META_NEXT_HOP 32 /* the same in the last word */

_Static_assert(offsetof(struct pkt_meta, verdict) == 0 && offsetof(struct pkt_meta, flags) == 2 &&
		       offsetof(struct pkt_meta, proto) * 8 == META_PROTO &&
		       offsetof(struct pkt_meta, l3_off) * 8 == META_L3_OFF &&
		       offsetof(struct pkt_meta, l4_off) * 8 == META_L4_OFF &&
		       offsetof(struct pkt_meta, in_port) * 8 == META_IN_PORT &&
		       offsetof(struct pkt_meta, out_port) * 8 == META_OUT_PORT &&
		       offsetof(struct pkt_meta, ip_len) == 8 &&
		       offsetof(struct pkt_meta, src_port) == 10 &&
		       offsetof(struct pkt_meta, dst_port) == 12 &&
		       offsetof(struct pkt_meta, src) == 16 &&
		       offsetof(struct pkt_meta, dst) == 20 &&
		       offsetof(struct pkt_meta, sa_slot) == 24 &&
		       offsetof(struct pkt_meta, next_hop) == 28 &&
		       RTE_BYTE_ORDER == RTE_LITTLE_ENDIAN,
	       "words of pkt_meta");

/* The first word of an outer packet's meta, but for verdict, protocol and ports. */
#define OUTER_META                                                                                 \
	((uint64_t)(PKT_F_PROTECTED | PKT_F_DF) << 16 | (uint64_t)IP4_ETHER_ROOM << META_L3_OFF |  \
	 (uint64_t)(IP4_ETHER_ROOM + IP4_HEADER) << META_L4_OFF)

static inline void store64(uint8_t *to, uint64_t v)
{
	memcpy(to, &v, sizeof(v));
}

/* The IV of packet number seq of an SA without AES-CBC, in room. NULL: there is none. */
static inline const uint8_t *short_iv(struct crypto *c, const struct sa *sa, uint64_t seq,
				      uint8_t *room)
{
	return sa->iv_len == 0 || crypto_iv8(c, sa, seq, room) == 0 ? room : NULL;
}

static inline void write_iv(struct batch *b, bool cbc, uint32_t iv_len, const uint8_t *iv,
			    uint8_t *to)
{
	if (cbc) {
		memcpy(to, iv, AES_IV);
		b->iv = iv + AES_IV;
	} else if (iv_len != 0) {
		memcpy(to, iv, SHORT_IV);
	}
}

/* Where the first packet goes, and mostly others, too: SAs of a gateway have few peers, or many
 * behind one; who goes elsewhere asks for its way afterwards. */
struct peer {
	uint64_t sends; /* verdict and port of those that take that way */
	uint32_t addr;	/* outer destination, in network order */
	uint32_t mtu;	/* 0: the way is not known */
	struct way way;
};

/* In whole words; the block of order.h is ORDER_NONE, 0. */
static inline void write_meta(struct pkt_meta *meta, uint32_t slot, const struct sa_brief *o,
			      uint32_t len, const struct peer *p)
{
	bool sends = (uint32_t)o->third == p->addr && len <= p->mtu;
	bool udp = o->encap == ABI_ENCAP_UDP;
	uint64_t proto = udp ? IPPROTO_UDP : IPPROTO_ESP;
	uint32_t ports = udp ? rte_be_to_cpu_32((uint32_t)(o->third >> 32)) : 0;
	uint64_t ends = rte_be_to_cpu_64(o->second >> 32 | o->third << 32);
	uint8_t *to = (uint8_t *)meta;

	/* What was swapped together stands the wrong way round. */
	ports = ports << 16 | ports >> 16;
	store64(to, OUTER_META | (sends ? p->sends : PKT_FORWARD) | proto << META_PROTO |
			    (uint64_t)meta->in_port << META_IN_PORT);
	store64(to + 8, len | (uint64_t)ports << 16);
	store64(to + 16, ends << 32 | ends >> 32);
	store64(to + 24, slot | (uint64_t)p->way.next_hop << META_NEXT_HOP);
}

/* The packet's place in the batch. */
static inline void note(struct batch *b, uint32_t i, uint32_t inner, uint32_t len)
{
	uint32_t k = b->n_ops;

	b->inner_of[k] = (uint16_t)inner;
	b->wire_of[k] = (uint16_t)len;
	b->packet_of[k] = (uint16_t)i;
	b->n_ops = (uint16_t)(k + 1);
}

/* A usual packet of a usual SA: as admit() and build() of esp_out.c do. cbc: the SA is
 * SA_PLAIN_CBC; outer: bytes of its outer header with ESP's. Both are constants to the compiler,
 * which has hardly registers enough. False: it is not, and nothing was done. */
static __rte_always_inline bool take(struct crypto *c, struct batch *b, const struct peer *p,
				     struct sa *sa, struct rte_mbuf *m, uint32_t i, bool cbc,
				     uint8_t outer)
{
	struct pkt_meta *meta = pkt_meta(m);
	const uint32_t iv_len = cbc ? AES_IV : sa->iv_len, block = cbc ? AES_IV : sa->block;
	uint32_t at = m->data_off + (uint32_t)meta->l3_off, inner = meta->ip_len;
	uint32_t text = (inner + SA_ESP_TRAILER + block - 1) & ~(block - 1), head, len, mtu;
	uint8_t room[SHORT_IV], *ip = (uint8_t *)m->buf_addr + at, tos;
	struct sa_brief o;
	const uint8_t *iv;
	uint64_t seq;

	if (unlikely(!sa_brief_read(sa, &o) || o.length != outer))
		return false;
	o.length = outer;
	o.encap = outer == OUTER4_UDP ? ABI_ENCAP_UDP : ABI_ENCAP_NONE;
	head = (uint32_t)outer + iv_len;
	len = head + text + sa->icv_len;
	mtu = __atomic_load_n(&sa->mtu, __ATOMIC_RELAXED);
	seq = __atomic_load_n(&sa->seq, __ATOMIC_RELAXED) + 1;
	if (unlikely((meta->flags & PKT_F_IPV6) || !own_is(m) || inner > mtu ||
		     m->data_len < meta->l3_off + inner ||
		     seq > __atomic_load_n(&sa->seq_limit, __ATOMIC_ACQUIRE) ||
		     !sa_narrow_match(&sa->narrow, meta->src, meta->dst) ||
		     at < head + IP4_ETHER_ROOM || at - head + len > m->buf_len))
		return false;
	iv = cbc ? rest_of_ivs(c, b) : short_iv(c, sa, seq, room);
	if (unlikely(iv == NULL))
		return false;
	if (unlikely(mss_concerns(meta)))
		mss_clamp(sa, m, mtu);
	tos = ip[1];
	m->data_off = (uint16_t)(at - head - IP4_ETHER_ROOM);
	m->data_len = (uint16_t)(IP4_ETHER_ROOM + len);
	m->pkt_len = IP4_ETHER_ROOM + len;
	way_write(ip - head - IP4_ETHER_ROOM, &p->way);
	write_iv(b, cbc, iv_len, iv, ip - iv_len);
	outer4_write_brief(ip - head, &o, sa->spi, ecn_outer_tos(tos), (uint16_t)len,
			   (uint32_t)seq);
	trailer_write(ip + inner, (uint16_t)(text - SA_ESP_TRAILER - inner), NEXT_HEADER_IPV4);
	crypto_op_set(&b->op[b->n_ops], sa, ip - iv_len - SA_ESP_HEADER, seq,
		      SA_ESP_HEADER + iv_len + text);
	write_meta(meta, sa->slot, &o, len, p);
	note(b, i, inner, len);
	__atomic_store_n(&sa->seq, seq, __ATOMIC_RELAXED);
	return true;
}

/* The packets of a burst and their SAs. Behind the last packet it stands again as often as is
 * looked ahead, so that nobody has to ask if there is one. */
struct owners {
	struct rte_mbuf *pkt[WORKER_BURST + SA_AHEAD];
	struct sa *sa[WORKER_BURST + SA_AHEAD];
};

static inline void find_owner(struct owners *o, const struct sad *s, uint32_t i)
{
	const struct sa *sa = sad_in_slot(s, pkt_meta(o->pkt[i])->sa_slot);

	o->sa[i] = (struct sa *)(uintptr_t)(sa != NULL ? sa : &sad_nobody);
}

/* The first packets' SAs, which nobody has looked ahead to. */
static void look_first(struct owners *o, const struct sad *s, struct rte_mbuf *const *pkts,
		       uint32_t n)
{
	memcpy(o->pkt, pkts, n * sizeof(o->pkt[0]));
	for (uint32_t i = n; i < n + SA_AHEAD; i++)
		o->pkt[i] = pkts[n - 1];
	for (uint32_t i = 0; i < SA_AHEAD; i++)
		find_owner(o, s, i);
	for (uint32_t i = 0; i < WORK_AHEAD; i++)
		warm_work_again(o->sa[i]);
}

/* What packets after number i are going to need. To ask for an SA's lines as soon as it is found
 * would have them wait for that. */
static inline void look_ahead(struct owners *o, const struct sad *s, uint32_t i)
{
	find_owner(o, s, i + SA_AHEAD);
	warm_work_again(o->sa[i + WORK_AHEAD]);
	warm_keys(o->sa[i]);
	prefetch_mbuf_of(o->pkt[i + 2 * PREFETCH_GAP]);
	prefetch_frame(o->pkt[i + PREFETCH_GAP]);
}

static void find_peer(const struct worker *w, const struct sa *first, struct peer *p)
{
	struct sa_brief o;

	*p = (struct peer){.mtu = 0};
	if ((sa_gate_out(first) != SA_GATE_OUT(SA_PLAIN_CBC) &&
	     sa_gate_out(first) != SA_GATE_OUT(SA_PLAIN)) ||
	    !sa_brief_read(first, &o))
		return;
	p->addr = (uint32_t)o.third;
	way_find(w, rte_be_to_cpu_32(p->addr), &p->way);
	p->mtu = p->way.mtu;
	p->sends = PKT_SEND | (uint64_t)p->way.port << META_OUT_PORT;
}

/* False: not a usual one. */
static inline bool take_any(struct crypto *c, struct batch *b, const struct peer *p, struct sa *sa,
			    struct rte_mbuf *m, uint32_t i)
{
	uint64_t gate = sa_gate_out(sa);
	uint8_t outer = sa_brief_length(sa);

	if (likely(gate == SA_GATE_OUT(SA_PLAIN_CBC)))
		return outer == OUTER4_PLAIN ? take(c, b, p, sa, m, i, true, OUTER4_PLAIN)
					     : take(c, b, p, sa, m, i, true, OUTER4_UDP);
	return gate == SA_GATE_OUT(SA_PLAIN) && take(c, b, p, sa, m, i, false, outer);
}

void esp_out_each(struct worker *w, struct batch *b, struct rte_mbuf **pkts, struct extra *extra)
{
	const struct sad *s = w->tables->sad;
	uint32_t n = b->n;
	struct owners owners;
	struct peer peer;

	look_first(&owners, s, pkts, n);
	find_peer(w, owners.sa[0], &peer);
	for (uint32_t i = 0; i < n; i++)
		b->flow_of[i] = FLOW_NONE;
	for (uint32_t i = 0; i < n; i++) {
		enum drop_reason why;

		look_ahead(&owners, s, i);
		if (likely(take_any(w->crypto, b, &peer, owners.sa[i], pkts[i], i)))
			continue;
		why = esp_out_take(w, b, pkts, (uint16_t)i, extra);
		if (unlikely(why != DROP_NONE))
			pkt_drop(pkts[i], why);
	}
}

void esp_out_each_count(struct worker *w, const struct batch *b, struct rte_mbuf **pkts)
{
	uint32_t n = b->n_ops;
	bool all = b->n_flows == 0; /* were built here */

	for (uint32_t k = 0; k < n && k < COUNT_AHEAD; k++)
		warm_near(worker_sa(w, b->op[k].sa->slot), 1);
	for (uint32_t k = 0; k < n; k++) {
		const struct sa *sa = b->op[k].sa;
		struct abi_sa_counters *c = worker_sa(w, sa->slot);

		if (k + COUNT_AHEAD < n)
			warm_near(worker_sa(w, b->op[k + COUNT_AHEAD].sa->slot), 1);
		if (unlikely(!all) && b->flow_of[b->packet_of[k]] != FLOW_NONE)
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
