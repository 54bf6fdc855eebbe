/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * esp_out_each.h - packets of a burst of many SAs, each built from its SA in place: what both files
 * of esp_out_each have in common, which differ in what is inside and outside.
 */
#ifndef ESPGW_IPSEC_ESP_OUT_EACH_H
#define ESPGW_IPSEC_ESP_OUT_EACH_H

#include "dataplane/ipsec/ecn.h"
#include "dataplane/ipsec/esp_out_impl.h"
#include "dataplane/ipsec/mss.h"
#include "dataplane/ipsec/outer4.h"
#include "dataplane/ipsec/outer6.h"
#include "dataplane/ipsec/own.h"
#include "dataplane/ipsec/sa6.h"
#include "dataplane/ipsec/sad_impl.h"
#include "dataplane/ipsec/trailer.h"
#include "dataplane/ipsec/warm.h"

#define EACH_SA_AHEAD	32u /* packets: where the SA is, */
#define EACH_WORK_AHEAD 16u /* its lines */

#define EACH_SHORT_IV 8u

/* What differs between packets, and is known when a function is compiled. */
struct each_form {
	uint8_t outer; /* bytes of the outer header with ESP's */
	bool cbc;      /* AES-CBC; else the SA is asked */
	bool six;      /* IPv6 inside */
};

/* Where the first packet goes, and mostly others, too: SAs of a gateway have few peers, or many
 * behind one; who goes elsewhere asks for its way afterwards. */
struct each_peer {
	uint64_t sends;	  /* verdict and port of those that take that way */
	uint64_t addr[2]; /* outer destination as it is sent; of IPv4 the first 4 bytes */
	uint32_t mtu[2];  /* of packets over IPv4 and IPv6; 0: none of them goes there */
	struct way way;
};

/* The packets of a burst and their SAs. Behind the last packet it stands again as often as is
 * looked ahead, so that nobody has to ask if there is one. */
struct each_owners {
	struct rte_mbuf *pkt[WORKER_BURST + EACH_SA_AHEAD];
	struct sa *sa[WORKER_BURST + EACH_SA_AHEAD];
	const struct sad *sad;
};

/* What all packets of a burst are built with. */
struct each {
	struct crypto *crypto;
	struct batch *batch;
	struct each_owners *owners;
	struct each_peer peer;
};

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

static inline void each_store(uint8_t *to, uint64_t v)
{
	memcpy(to, &v, sizeof(v));
}

static inline bool each_is_over6(struct each_form form)
{
	return form.outer == OUTER6_PLAIN;
}

/* The first word of an outer packet's meta, but for verdict and ports. */
static inline uint64_t each_meta_first(struct each_form form)
{
	const uint64_t six = each_is_over6(form) ? PKT_F_IPV6 : 0;
	const uint64_t head = each_is_over6(form) ? IP6_HEADER : IP4_HEADER;
	const uint64_t proto = form.outer == OUTER4_UDP ? IPPROTO_UDP : IPPROTO_ESP;

	return (PKT_F_PROTECTED | PKT_F_DF | six) << 16 | proto << META_PROTO |
	       (uint64_t)IP4_ETHER_ROOM << META_L3_OFF | (IP4_ETHER_ROOM + head) << META_L4_OFF;
}

/* ip: the outer header. */
static inline bool each_goes_to(const struct each_peer *p, struct each_form form, const uint8_t *ip)
{
	uint64_t dst[2];
	uint32_t dst4;

	if (each_is_over6(form)) {
		memcpy(dst, ip + IP6_OFF_DST, sizeof(dst));
		return ((dst[0] ^ p->addr[0]) | (dst[1] ^ p->addr[1])) == 0;
	}
	memcpy(&dst4, ip + 16, sizeof(dst4));
	return dst4 == (uint32_t)p->addr[0];
}

/* In whole words; the block of order.h is ORDER_NONE, 0. ip: the outer header, o what it was
 * written from, when it is IPv4. */
static inline void each_write_meta(struct pkt_meta *meta, uint32_t slot, struct each_form form,
				   const uint8_t *ip, const struct sa_brief *o, uint32_t len,
				   const struct each_peer *p)
{
	bool sends = len <= p->mtu[each_is_over6(form)] && each_goes_to(p, form, ip);
	const bool six = each_is_over6(form), udp = form.outer == OUTER4_UDP;
	uint32_t ports = udp ? rte_be_to_cpu_32((uint32_t)(o->third >> 32)) : 0;
	uint64_t ends = six ? 0 : rte_be_to_cpu_64(o->second >> 32 | o->third << 32);
	uint8_t *to = (uint8_t *)meta;

	/* What was swapped together stands the wrong way round. */
	ports = ports << 16 | ports >> 16;
	each_store(to, each_meta_first(form) | (sends ? p->sends : PKT_FORWARD) |
			       (uint64_t)meta->in_port << META_IN_PORT);
	each_store(to + 8, len | (uint64_t)ports << 16);
	each_store(to + 16, ends << 32 | ends >> 32);
	each_store(to + 24, slot | (uint64_t)p->way.next_hop << META_NEXT_HOP);
}

/* The packet's place in the batch. */
static inline void each_note(struct batch *b, uint32_t k, uint32_t i, uint32_t inner, uint32_t len)
{
	b->inner_of[k] = (uint16_t)inner;
	b->wire_of[k] = (uint16_t)len;
	b->packet_of[k] = (uint16_t)i;
}

/* The IV of packet number seq of an SA without AES-CBC, in room. NULL: there is none. */
static inline const uint8_t *each_short_iv(struct crypto *c, const struct sa *sa, uint64_t seq,
					   uint8_t *room)
{
	return sa->iv_len == 0 || crypto_iv8(c, sa, seq, room) == 0 ? room : NULL;
}

static inline void each_write_iv(bool cbc, uint32_t iv_len, const uint8_t *iv, uint8_t *to)
{
	if (cbc)
		memcpy(to, iv, AES_IV);
	else if (iv_len != 0)
		memcpy(to, iv, EACH_SHORT_IV);
}

/* The outer header at ip, in front of the packet, over what is left of its frame's. o: what it is
 * written from, when it is IPv4. False: it is being changed, or none of that form. */
static inline bool each_write_outer(uint8_t *ip, const struct sa *sa, struct each_form form,
				    struct sa_brief *o, uint8_t tos, uint16_t len, uint32_t seq)
{
	if (each_is_over6(form))
		return outer6_write_now(ip, sa, tos, len, seq);
	if (!sa_brief_read(sa, o) || o->length != form.outer)
		return false;
	o->length = form.outer;
	o->encap = form.outer == OUTER4_UDP ? ABI_ENCAP_UDP : ABI_ENCAP_NONE;
	outer4_write_brief(ip, o, sa->spi, tos, len, seq);
	return true;
}

/* Of that family, let through by the SA's selectors, and of IPv6 none that is split before
 * encryption (esp_shape_may_split()); all that it says of its length is there. */
static inline bool each_admits(const struct sa *sa, struct each_form form, const struct rte_mbuf *m,
			       const struct pkt_meta *meta, const uint8_t *ip)
{
	if (m->data_len < meta->l3_off + (uint32_t)meta->ip_len)
		return false;
	if (!form.six)
		return (meta->flags & PKT_F_IPV6) == 0 &&
		       sa_narrow_match(&sa->narrow, meta->src, meta->dst);
	return (meta->flags & PKT_F_IPV6) != 0 && meta->ip_len >= IP6_HEADER &&
	       ((meta->flags & PKT_F_DF) != 0 || meta->ip_len <= IP6_MTU_MIN) &&
	       sa6_narrow_match(&sa->narrow6, ip + IP6_OFF_SRC, ip + IP6_OFF_DST);
}

/* Of that form, with selectors in short for what it carries, and nothing special about it? */
static inline bool each_is_usual(const struct sa *sa, struct each_form form)
{
	const uint64_t over6 = (uint64_t)SA_SHAPE_OUTER6 << SA_GATE(shape);
	const uint64_t narrow = form.six ? (uint64_t)SA_SHAPE_NARROW6 << SA_GATE(shape)
					 : 1ull << SA_GATE(is_narrow);

	return (sa_gate(sa) & (SA_GATE_OUT_ASKS | over6 | narrow)) ==
		       (SA_GATE_OUT | narrow | (each_is_over6(form) ? over6 : 0)) &&
	       (sa->iv_len == AES_IV) == form.cbc;
}

/*
 * A usual packet of a usual SA, number i and op number k: as admit() and build() of esp_out.c do.
 * iv: of AES-CBC. The form is a constant to the compiler, which has hardly registers enough. False:
 * it is not, and nothing was done.
 */
static __rte_always_inline bool each_take(const struct each *e, uint32_t i, uint32_t k,
					  const uint8_t *iv, struct each_form form)
{
	struct sa *sa = e->owners->sa[i];
	struct rte_mbuf *m = e->owners->pkt[i];
	struct pkt_meta *meta = pkt_meta(m);
	const uint32_t iv_len = form.cbc ? AES_IV : sa->iv_len;
	const uint32_t block = form.cbc ? AES_IV : sa->block, head = form.outer + iv_len;
	uint32_t at = m->data_off + (uint32_t)meta->l3_off, inner = meta->ip_len;
	uint32_t text = (inner + SA_ESP_TRAILER + block - 1) & ~(block - 1);
	uint32_t len = head + text + sa->icv_len;
	uint32_t mtu = __atomic_load_n(&sa->mtu, __ATOMIC_RELAXED);
	uint64_t seq = __atomic_load_n(&sa->seq, __ATOMIC_RELAXED) + 1;
	uint8_t room[EACH_SHORT_IV], *ip = (uint8_t *)m->buf_addr + at, tos;
	struct sa_brief o;

	if (unlikely(!each_is_usual(sa, form) || !own_is(m) || inner > mtu ||
		     seq > __atomic_load_n(&sa->seq_limit, __ATOMIC_ACQUIRE) ||
		     !each_admits(sa, form, m, meta, ip) || at < head + IP4_ETHER_ROOM ||
		     at - head + len > m->buf_len))
		return false;
	tos = ecn_outer_tos(form.six ? ip6_traffic_class(ip) : ip[1]);
	if (!form.cbc)
		iv = each_short_iv(e->crypto, sa, seq, room);
	if (unlikely(iv == NULL ||
		     !each_write_outer(ip - head, sa, form, &o, tos, (uint16_t)len, (uint32_t)seq)))
		return false;
	if (unlikely(mss_concerns(meta)))
		mss_clamp(sa, m, mtu);
	m->data_off = (uint16_t)(at - head - IP4_ETHER_ROOM);
	m->data_len = (uint16_t)(IP4_ETHER_ROOM + len);
	m->pkt_len = IP4_ETHER_ROOM + len;
	way_write(ip - head - IP4_ETHER_ROOM, &e->peer.way);
	each_write_iv(form.cbc, iv_len, iv, ip - iv_len);
	trailer_write(ip + inner, (uint16_t)(text - SA_ESP_TRAILER - inner),
		      form.six ? NEXT_HEADER_IPV6 : NEXT_HEADER_IPV4);
	crypto_op_set(&e->batch->op[k], sa, ip - iv_len - SA_ESP_HEADER, seq,
		      SA_ESP_HEADER + iv_len + text);
	each_write_meta(meta, sa->slot, form, ip - head, &o, len, &e->peer);
	each_note(e->batch, k, i, inner, len);
	__atomic_store_n(&sa->seq, seq, __ATOMIC_RELAXED);
	return true;
}

static inline void each_find_owner(struct each_owners *o, uint32_t i)
{
	const struct sa *sa = sad_in_slot(o->sad, pkt_meta(o->pkt[i])->sa_slot);

	o->sa[i] = (struct sa *)(uintptr_t)(sa != NULL ? sa : &sad_nobody);
}

/* The lines of an SA that a packet of that form is built with. */
static inline void each_warm(const struct sa *sa, struct each_form form)
{
	warm_near(&sa->spi, 1);
	if (!form.six || !each_is_over6(form))
		warm_near(&sa->narrow, 1); /* or the header in short */
	if (form.six)
		warm_near(&sa->narrow6, 1);
	if (each_is_over6(form))
		warm_near(&sa->outer, 1);
}

/* What packets after number i are going to need, mostly of the same form. To ask for an SA's lines
 * as soon as it is found would have them wait for that. */
static inline void each_look_ahead(struct each_owners *o, uint32_t i, struct each_form form)
{
	each_find_owner(o, i + EACH_SA_AHEAD);
	each_warm(o->sa[i + EACH_WORK_AHEAD], form);
	if (form.six && each_is_over6(form))
		warm_states(o->sa[i]);
	warm_keys(o->sa[i]);
	prefetch_mbuf_of(o->pkt[i + 2 * PREFETCH_GAP]);
	prefetch_frame(o->pkt[i + PREFETCH_GAP]);
}

/* Packets of that form, from number i on. Number of the first that is not a usual one. */
static __rte_always_inline uint32_t each_run(const struct each *e, uint32_t i,
					     struct each_form form)
{
	struct batch *b = e->batch;
	const uint8_t *iv = form.cbc ? rest_of_ivs(e->crypto, b) : NULL;
	uint32_t n = b->n, k = b->n_ops;

	for (; i < n; i++, k++) {
		each_look_ahead(e->owners, i, form);
		if (unlikely(!each_take(e, i, k, iv, form)))
			break;
		if (form.cbc)
			iv += AES_IV;
	}
	b->n_ops = (uint16_t)k;
	if (form.cbc)
		b->iv = iv;
	return i;
}

/* A function for one form. */
#define EACH_RUN(name, outer, cbc, six)                                                            \
	static __rte_noinline uint32_t name(const struct each *e, uint32_t i)                      \
	{                                                                                          \
		return each_run(e, i, (struct each_form){outer, cbc, six});                        \
	}

/** each_run() of packets of the form of number i, which has IPv6 inside or outside. */
uint32_t esp_out_each6(const struct each *e, uint32_t i);

#endif
