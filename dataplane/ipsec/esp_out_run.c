/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * esp_out_run.c - packets of one SA, one behind the other in a burst: the most of what a tunnel
 * between two sites carries.
 *
 * What they share is read once and stays in registers, which the stores into packets would
 * otherwise have read anew each time. Nothing here refuses a packet: the run ends before one that
 * wants a closer look, and esp_out.c gives it that.
 */
#include "dataplane/ipsec/ecn.h"
#include "dataplane/ipsec/esp_out_impl.h"
#include "dataplane/ipsec/mss.h"
#include "dataplane/ipsec/mtu.h"
#include "dataplane/ipsec/outer4.h"
#include "dataplane/ipsec/own.h"
#include "dataplane/ipsec/trailer.h"

#define META_IN_PORT 48 /* bits before it in the first word */

_Static_assert(offsetof(struct pkt_meta, in_port) * 8 == META_IN_PORT &&
		       offsetof(struct pkt_meta, ip_len) == 8 &&
		       RTE_BYTE_ORDER == RTE_LITTLE_ENDIAN,
	       "what changes from packet to packet");
/* Such SAs have AES-CBC: what is between the outer header and the inner packet, and the block. */
#define HEAD  (SA_ESP_HEADER + AES_IV)
#define BLOCK 16u

/* What all packets of a run share. */
struct shared {
	struct sa_outer outer;
	struct way way;
	uint64_t meta[sizeof(struct pkt_meta) / sizeof(uint64_t)]; /* but for port and length */
	uint32_t slot;
	uint32_t mtu;		  /* of the SA, and no more than makes an IPv4 packet */
	uint32_t around;	  /* bytes of the outer packet that are not encrypted */
	uint32_t local, locals;	  /* the lowest address, and how many more there are */
	uint32_t remote, remotes; /* the same */
};

/* False: the SA has no such packets. */
static inline bool shared_read(const struct flow *f, struct shared *s)
{
	const struct sa *sa = f->sa;
	uint32_t most = UINT16_MAX - IP4_ETHER_ROOM - f->size.around - BLOCK;
	struct pkt_meta meta = f->meta;

	s->slot = sa->slot;
	s->mtu = RTE_MIN(__atomic_load_n(&sa->mtu, __ATOMIC_RELAXED), most);
	s->around = f->size.around - SA_ESP_TRAILER;
	s->local = sa->narrow.local_lo;
	s->locals = sa->narrow.local_hi - sa->narrow.local_lo;
	s->remote = sa->narrow.remote_lo;
	s->remotes = sa->narrow.remote_hi - sa->narrow.remote_lo;
	s->outer = f->outer;
	s->way = f->way;
	/* All of them or none: one that asks would have the others ask, too. */
	if (s->around + ((s->mtu + SA_ESP_TRAILER + BLOCK - 1) & ~(BLOCK - 1)) <= f->way.mtu)
		meta.verdict = PKT_SEND;
	meta.in_port = 0;
	meta.ip_len = 0;
	meta.trim = f->block;
	memcpy(s->meta, &meta, sizeof(meta));
	return sa->block == BLOCK && sa->is_narrow && sa->narrow.local_lo <= sa->narrow.local_hi &&
	       sa->narrow.remote_lo <= sa->narrow.remote_hi;
}

/* One whose building cannot fail. at: where the inner packet lies in its buffer; head: bytes to be
 * put in front of it, and with all the others they are len. */
static inline bool fits(const struct shared *s, const struct rte_mbuf *m,
			const struct pkt_meta *meta, uint32_t at, uint32_t head, uint32_t len)
{
	return meta->sa_slot == s->slot && own_is(m) && (meta->flags & PKT_F_IPV6) == 0 &&
	       meta->src - s->local <= s->locals && meta->dst - s->remote <= s->remotes &&
	       meta->ip_len <= s->mtu && m->data_len >= (uint32_t)meta->l3_off + meta->ip_len &&
	       at >= head + IP4_ETHER_ROOM && at + len <= m->buf_len + head;
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

/* inner: the packet; head: bytes in front of it; text: bytes to be encrypted. */
static inline void build(const struct shared *s, struct rte_mbuf *m, uint8_t *inner, uint32_t head,
			 uint32_t text, uint64_t seq, const uint8_t *iv)
{
	struct pkt_meta *meta = pkt_meta(m);
	uint32_t len = s->around + text, inner_len = meta->ip_len;
	uint8_t tos = inner[1];

	m->data_off = (uint16_t)(m->data_off + meta->l3_off - head - IP4_ETHER_ROOM);
	m->data_len = (uint16_t)(IP4_ETHER_ROOM + len);
	m->pkt_len = IP4_ETHER_ROOM + len;
	way_write(inner - head - IP4_ETHER_ROOM, &s->way);
	memcpy(inner - AES_IV, iv, AES_IV);
	outer4_write(inner - head, &s->outer, ecn_outer_tos(tos), (uint16_t)len, (uint32_t)seq);
	trailer_write(inner + inner_len, (uint16_t)(text - SA_ESP_TRAILER - inner_len),
		      NEXT_HEADER_IPV4);
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
	b->iv += (size_t)n * AES_IV;
	f->seq += n;
	f->hits = (uint16_t)(f->hits + n);
	f->done = (uint16_t)(f->done + n);
}

/* outer: bytes of the outer header with ESP's, which the compiler knows. */
static __rte_always_inline uint16_t take(struct batch *b, struct flow *f, struct rte_mbuf **pkts,
					 uint16_t first, uint8_t outer)
{
	const uint32_t head = outer + AES_IV;
	const uint8_t *iv = b->iv;
	uint64_t bytes = 0, texts = 0, seq = f->seq;
	unsigned int i, end = b->n, n = b->n;
	struct crypto_op *op = &b->op[b->n_ops];
	uint16_t *inner_of = &b->inner_of[b->n_ops];
	const struct sa *sa = f->sa;
	struct shared s;

	if (!shared_read(f, &s) || seq > f->limit)
		return first;
	s.outer.length = outer;
	if (f->limit - seq < end - first)
		end = (unsigned int)(first + (f->limit - seq) + 1);
	for (i = first; i < end; i++) {
		struct rte_mbuf *m = pkts[i];
		struct pkt_meta *meta = pkt_meta(m);
		uint32_t at = m->data_off + (uint32_t)meta->l3_off, len = meta->ip_len;
		uint32_t text = (len + SA_ESP_TRAILER + BLOCK - 1) & ~(BLOCK - 1);
		uint8_t *inner = (uint8_t *)m->buf_addr + at;

		prefetch_packets(pkts, i, n);
		if (unlikely(!fits(&s, m, meta, at, head, s.around + text)))
			break;
		if (unlikely(mss_concerns(meta)))
			mss_clamp(sa, m, s.mtu);
		build(&s, m, inner, head, text, seq, iv);
		crypto_op_set(op, sa, inner - HEAD, seq, HEAD + text);
		*inner_of = (uint16_t)len;
		bytes += len;
		texts += text;
		op++;
		inner_of++;
		seq++;
		iv += AES_IV;
	}
	note_run(b, f, first, (uint16_t)i);
	f->bytes += bytes;
	f->wire_bytes += (i - first) * s.around + texts;
	return (uint16_t)i;
}

uint16_t esp_out_run(struct worker *w, struct batch *b, struct flow *f, struct rte_mbuf **pkts,
		     uint16_t first)
{
	if (rest_of_ivs(w->crypto, b) == NULL)
		return first;
	return f->outer.length == OUTER4_PLAIN ? take(b, f, pkts, first, OUTER4_PLAIN)
	       : f->outer.length == OUTER4_UDP ? take(b, f, pkts, first, OUTER4_UDP)
					       : first;
}
