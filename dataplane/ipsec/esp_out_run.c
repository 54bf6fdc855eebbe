/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * esp_out_run.c - packets of one SA, one behind the other in a burst: the most of what a tunnel
 * between two sites carries.
 *
 * What they share is read once and stays in registers, which the stores into packets would
 * otherwise have read anew each time. Nothing here refuses a packet: the run ends before one that
 * wants a closer look, and esp_out.c gives it that. There is a function for each form of a run, the
 * same one with what the compiler then knows.
 */
#include "dataplane/ipsec/ecn.h"
#include "dataplane/ipsec/esp_out_impl.h"
#include "dataplane/ipsec/mss.h"
#include "dataplane/ipsec/mtu.h"
#include "dataplane/ipsec/outer4.h"
#include "dataplane/ipsec/outer6.h"
#include "dataplane/ipsec/own.h"
#include "dataplane/ipsec/sa6.h"
#include "dataplane/ipsec/trailer.h"

#define META_IN_PORT 48 /* bits before it in the first word */

_Static_assert(offsetof(struct pkt_meta, in_port) * 8 == META_IN_PORT &&
		       offsetof(struct pkt_meta, ip_len) == 8 &&
		       RTE_BYTE_ORDER == RTE_LITTLE_ENDIAN,
	       "what changes from packet to packet");

/* What differs from run to run, and is known when a function is compiled. */
struct form {
	uint8_t outer; /* bytes of the outer header with ESP's */
	bool cbc;      /* AES-CBC; else the IV is the packet's number */
	bool six;      /* IPv6 inside */
};

/* What all packets of a run share. */
struct shared {
	struct sa_outer outer;
	struct way way;
	uint64_t meta[sizeof(struct pkt_meta) / sizeof(uint64_t)]; /* but for port and length */
	uint32_t slot;
	uint32_t mtu;		  /* of the SA, and no more than makes an outer packet */
	uint32_t around;	  /* bytes of the outer packet that are not encrypted */
	uint32_t local, locals;	  /* the lowest address, and how many more there are */
	uint32_t remote, remotes; /* the same */
};

/* Source and destination of the last IPv6 packet that was found inside of the selectors. */
struct pair6 {
	__m128i addr[2];
};

static inline uint32_t iv_len(struct form form)
{
	return form.cbc ? AES_IV : sizeof(uint64_t);
}

static inline uint32_t block(struct form form)
{
	return form.cbc ? SA_AES_BLOCK : 4;
}

/* Of bytes to be encrypted around an inner packet of len bytes. */
static inline uint32_t text_len(struct form form, uint32_t len)
{
	return (len + SA_ESP_TRAILER + block(form) - 1) & ~(block(form) - 1);
}

bool esp_out_runs(const struct flow *f)
{
	const struct sa *sa = f->sa;

	if (sa->shape & (SA_SHAPE_TRANSPORT | SA_SHAPE_MARKS))
		return false;
	/* IVs of 16 bytes are AES-CBC's, of 8 also 3DES's. */
	return sa->iv_len == AES_IV || (sa->iv_len == sizeof(uint64_t) && sa->block == 4);
}

static inline void shared_read(const struct flow *f, struct form form, struct shared *s)
{
	const struct sa *sa = f->sa;
	uint32_t most = UINT16_MAX - IP4_ETHER_ROOM - f->size.around - block(form);
	struct pkt_meta meta = f->meta;

	s->slot = sa->slot;
	s->mtu = RTE_MIN(__atomic_load_n(&sa->mtu, __ATOMIC_RELAXED), most);
	s->around = f->size.around - SA_ESP_TRAILER;
	s->local = sa->narrow.local_lo;
	s->locals = sa->narrow.local_hi - sa->narrow.local_lo;
	s->remote = sa->narrow.remote_lo;
	s->remotes = sa->narrow.remote_hi - sa->narrow.remote_lo;
	s->outer = f->outer;
	s->outer.length = form.outer;
	s->way = f->way;
	/* All of them or none: one that asks would have the others ask, too. */
	if (s->around + text_len(form, s->mtu) <= f->way.mtu)
		meta.verdict = PKT_SEND;
	meta.in_port = 0;
	meta.ip_len = 0;
	meta.trim = f->block;
	memcpy(s->meta, &meta, sizeof(meta));
}

/* --- selectors --- */

static bool narrow_is_usable(const struct sa *sa)
{
	return sa->is_narrow && sa->narrow.local_lo <= sa->narrow.local_hi &&
	       sa->narrow.remote_lo <= sa->narrow.remote_hi;
}

static inline bool pair6_is(const struct pair6 *p, const uint8_t *ip)
{
	const __m128i *addr = (const __m128i *)(const void *)(ip + IP6_OFF_SRC);
	__m128i src = _mm_cmpeq_epi8(_mm_loadu_si128(addr), p->addr[0]);
	__m128i dst = _mm_cmpeq_epi8(_mm_loadu_si128(addr + 1), p->addr[1]);

	return _mm_movemask_epi8(_mm_and_si128(src, dst)) == 0xffff;
}

/* Is the packet inside of the selectors? Then others between its addresses are, too. */
static __rte_noinline bool pair6_find(struct pair6 *p, const struct sa *sa, struct rte_mbuf *m)
{
	const struct pkt_meta *meta = pkt_meta(m);
	const uint8_t *ip = pkt_l3(m);
	const struct selector6 s = selector6_of(meta, ip);

	if (!sa6_selects(sa, &s, false))
		return false;
	memcpy(p, ip + IP6_OFF_SRC, sizeof(*p));
	return true;
}

/* Do addresses alone decide, and is the packet, the first of a run, let through by them? */
static bool pair6_start(struct pair6 *p, const struct sa *sa, struct rte_mbuf *m)
{
	const struct sa6 *six = sa->six;

	return six != NULL && sa6_addresses_only(six->local, six->n_local) &&
	       sa6_addresses_only(six->remote, six->n_remote) &&
	       m->data_len >= pkt_meta(m)->l3_off + IP6_HEADER && pair6_find(p, sa, m);
}

static inline bool selected4(const struct shared *s, const struct pkt_meta *meta)
{
	return meta->src - s->local <= s->locals && meta->dst - s->remote <= s->remotes;
}

/* --- packets --- */

/* One whose building cannot fail; of IPv6 more is asked below. at: where the inner packet lies in
 * its buffer; head: bytes to be put in front of it, and with all the others they are len. */
static inline bool fits(const struct shared *s, struct form form, const struct rte_mbuf *m,
			const struct pkt_meta *meta, uint32_t at, uint32_t head, uint32_t len)
{
	return meta->sa_slot == s->slot && own_is(m) &&
	       (meta->flags & PKT_F_IPV6) == (form.six ? PKT_F_IPV6 : 0) &&
	       (form.six || selected4(s, meta)) && meta->ip_len <= s->mtu &&
	       m->data_len >= (uint32_t)meta->l3_off + meta->ip_len &&
	       at >= head + IP4_ETHER_ROOM && at + len <= m->buf_len + head;
}

/* Not less than a header, and none that is split before encryption (esp_shape_may_split()). */
static inline bool fits6(const struct pkt_meta *meta)
{
	return meta->ip_len >= IP6_HEADER &&
	       ((meta->flags & PKT_F_DF) != 0 || meta->ip_len <= IP6_MTU_MIN);
}

/* As pkt_meta() of an outer packet, in whole words. */
static inline void write_meta(const struct shared *s, struct pkt_meta *meta, uint32_t len)
{
	uint64_t first = s->meta[0] | (uint64_t)meta->in_port << META_IN_PORT;
	uint64_t second = s->meta[1] | len;
	uint8_t *to = (uint8_t *)meta;

	memcpy(to, &first, sizeof(first));
	memcpy(to + 8, &second, sizeof(second));
	memcpy(to + 16, &s->meta[2], 16);
}

static inline void write_iv(struct form form, uint8_t *at, uint64_t seq, const uint8_t *iv)
{
	uint64_t number = rte_cpu_to_be_64(seq);

	if (form.cbc)
		memcpy(at, iv, AES_IV);
	else /* as crypto_iv8() */
		memcpy(at, &number, sizeof(number));
}

/* inner: the packet; head: bytes in front of it; text: bytes to be encrypted. */
static inline void build(const struct shared *s, struct form form, struct rte_mbuf *m,
			 uint8_t *inner, uint32_t head, uint32_t text, uint64_t seq,
			 const uint8_t *iv)
{
	struct pkt_meta *meta = pkt_meta(m);
	uint32_t len = s->around + text, inner_len = meta->ip_len;
	uint8_t tos = ecn_outer_tos(form.six ? ip6_traffic_class(inner) : inner[1]);

	m->data_off = (uint16_t)(m->data_off + meta->l3_off - head - IP4_ETHER_ROOM);
	m->data_len = (uint16_t)(IP4_ETHER_ROOM + len);
	m->pkt_len = IP4_ETHER_ROOM + len;
	way_write(inner - head - IP4_ETHER_ROOM, &s->way);
	write_iv(form, inner - iv_len(form), seq, iv);
	if (form.outer == OUTER6_PLAIN)
		outer6_write(inner - head, &s->outer, tos, (uint16_t)len, (uint32_t)seq);
	else
		outer4_write(inner - head, &s->outer, tos, (uint16_t)len, (uint32_t)seq);
	trailer_write(inner + inner_len, (uint16_t)(text - SA_ESP_TRAILER - inner_len),
		      form.six ? NEXT_HEADER_IPV6 : NEXT_HEADER_IPV4);
	write_meta(s, meta, len);
}

/* Packets first to end - 1 have gone into the batch. */
static void note_run(struct batch *b, struct flow *f, uint16_t first, uint16_t end)
{
	uint16_t n = (uint16_t)(end - first);

	for (unsigned int k = 0; k < n; k++) {
		b->flow_of[first + k] = f->size.index;
		b->packet_of[b->n_ops + k] = (uint16_t)(first + k);
	}
	b->n_ops = (uint16_t)(b->n_ops + n);
	f->seq += n;
	f->hits = (uint16_t)(f->hits + n);
	f->done = (uint16_t)(f->done + n);
}

static __rte_always_inline uint16_t take(struct batch *b, struct flow *f, struct rte_mbuf **pkts,
					 uint16_t first, struct form form)
{
	const uint32_t behind_ip = SA_ESP_HEADER + iv_len(form), head = form.outer + iv_len(form);
	const uint8_t *iv = b->iv;
	uint64_t bytes = 0, texts = 0, seq = f->seq;
	unsigned int i, end = b->n, n = b->n;
	struct crypto_op *op = &b->op[b->n_ops];
	uint16_t *inner_of = &b->inner_of[b->n_ops];
	const struct sa *sa = f->sa;
	struct shared s;
	struct pair6 pair;

	if (seq > f->limit ||
	    !(form.six ? pair6_start(&pair, sa, pkts[first]) : narrow_is_usable(sa)))
		return first;
	shared_read(f, form, &s);
	if (f->limit - seq < end - first)
		end = (unsigned int)(first + (f->limit - seq) + 1);
	for (i = first; i < end; i++) {
		struct rte_mbuf *m = pkts[i];
		struct pkt_meta *meta = pkt_meta(m);
		uint32_t at = m->data_off + (uint32_t)meta->l3_off, len = meta->ip_len;
		uint32_t text = text_len(form, len);
		uint8_t *inner = (uint8_t *)m->buf_addr + at;

		prefetch_packets(pkts, i, n);
		if (unlikely(!fits(&s, form, m, meta, at, head, s.around + text)))
			break;
		if (form.six && unlikely(!fits6(meta) ||
					 (!pair6_is(&pair, inner) && !pair6_find(&pair, sa, m))))
			break;
		if (unlikely(mss_concerns(meta)))
			mss_clamp(sa, m, s.mtu);
		build(&s, form, m, inner, head, text, seq, iv);
		crypto_op_set(op, sa, inner - behind_ip, seq, behind_ip + text);
		*inner_of = (uint16_t)len;
		bytes += len;
		texts += text;
		op++;
		inner_of++;
		seq++;
		if (form.cbc)
			iv += AES_IV;
	}
	note_run(b, f, first, (uint16_t)i);
	b->iv = iv;
	f->bytes += bytes;
	f->wire_bytes += (i - first) * s.around + texts;
	return (uint16_t)i;
}

/* A function for one form. */
#define RUN(name, outer, cbc, six)                                                                 \
	static __rte_noinline uint16_t name(struct batch *b, struct flow *f,                       \
					    struct rte_mbuf **pkts, uint16_t first)                \
	{                                                                                          \
		return take(b, f, pkts, first, (struct form){outer, cbc, six});                    \
	}

/* Forms over one header. */
#define RUNS(name, outer)                                                                          \
	RUN(name##_cbc_4, outer, true, false)                                                      \
	RUN(name##_cbc_6, outer, true, true)                                                       \
	RUN(name##_4, outer, false, false)                                                         \
	RUN(name##_6, outer, false, true)                                                          \
	static uint16_t name(struct batch *b, struct flow *f, struct rte_mbuf **pkts,              \
			     uint16_t first)                                                       \
	{                                                                                          \
		bool six = (pkt_meta(pkts[first])->flags & PKT_F_IPV6) != 0;                       \
                                                                                                   \
		if (f->sa->iv_len == AES_IV)                                                       \
			return six ? name##_cbc_6(b, f, pkts, first)                               \
				   : name##_cbc_4(b, f, pkts, first);                              \
		return six ? name##_6(b, f, pkts, first) : name##_4(b, f, pkts, first);            \
	}

RUNS(over4, OUTER4_PLAIN)
RUNS(over_udp4, OUTER4_UDP)
RUNS(over6, OUTER6_PLAIN)

uint16_t esp_out_run(struct worker *w, struct batch *b, struct flow *f, struct rte_mbuf **pkts,
		     uint16_t first)
{
	if (f->sa->iv_len == AES_IV && rest_of_ivs(w->crypto, b) == NULL)
		return first;
	switch (f->outer.length) {
	case OUTER4_PLAIN:
		return over4(b, f, pkts, first);
	case OUTER4_UDP:
		return over_udp4(b, f, pkts, first);
	case OUTER6_PLAIN:
		return over6(b, f, pkts, first);
	default: /* UDP between IPv6 addresses has a checksum */
		return first;
	}
}
