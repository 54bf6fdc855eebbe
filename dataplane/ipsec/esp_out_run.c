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
#include "dataplane/ipsec/trailer.h"

/* The fields of an mbuf from data_off on, as one number: one segment that nobody shares. */
#define ALONE	   ((uint64_t)1 << 16 | (uint64_t)1 << 32)
#define ALONE_MASK ((uint64_t)UINT32_MAX << 16)

_Static_assert(offsetof(struct rte_mbuf, refcnt) == offsetof(struct rte_mbuf, rearm_data) + 2 &&
		       offsetof(struct rte_mbuf, nb_segs) ==
			       offsetof(struct rte_mbuf, rearm_data) + 4,
	       "data_off, refcnt and nb_segs lie together");

/* What all packets of a run share. */
struct shared {
	struct sa_outer outer;
	struct pkt_meta meta;
	uint32_t slot;
	uint32_t mtu;  /* of the SA, and no more than makes an IPv4 packet */
	uint32_t head; /* as in struct flow */
	uint32_t around;
	uint32_t covered;
	uint32_t esp;
	uint32_t block;		  /* less one */
	uint32_t local, locals;	  /* the lowest address, and how many more there are */
	uint32_t remote, remotes; /* the same */
};

/* False: the SA has no such packets. */
static inline bool shared_read(const struct flow *f, struct shared *s)
{
	const struct sa *sa = f->sa;
	uint32_t most = UINT16_MAX - IP4_ETHER_ROOM - f->size.around - sa->block;

	s->slot = sa->slot;
	s->mtu = RTE_MIN(__atomic_load_n(&sa->mtu, __ATOMIC_RELAXED), most);
	s->head = f->size.head;
	s->around = f->size.around;
	s->covered = f->size.covered;
	s->esp = f->size.esp;
	s->block = sa->block - 1u;
	s->local = sa->narrow.local_lo;
	s->locals = sa->narrow.local_hi - sa->narrow.local_lo;
	s->remote = sa->narrow.remote_lo;
	s->remotes = sa->narrow.remote_hi - sa->narrow.remote_lo;
	s->outer = f->outer;
	s->meta = f->meta;
	s->meta.trim = f->block;
	return sa->is_narrow && sa->narrow.local_lo <= sa->narrow.local_hi &&
	       sa->narrow.remote_lo <= sa->narrow.remote_hi;
}

/* One whose building cannot fail. inner: bytes in front of the inner packet in its buffer. */
static inline bool fits(const struct shared *s, const struct rte_mbuf *m,
			const struct pkt_meta *meta, uint32_t inner, uint32_t len)
{
	uint64_t rearm;

	memcpy(&rearm, m->rearm_data, sizeof(rearm));
	return (rearm & ALONE_MASK) == ALONE && RTE_MBUF_DIRECT(m) &&
	       (meta->flags & PKT_F_IPV6) == 0 && meta->src - s->local <= s->locals &&
	       meta->dst - s->remote <= s->remotes && meta->ip_len <= s->mtu &&
	       m->data_len >= (uint32_t)meta->l3_off + meta->ip_len &&
	       inner >= s->head + IP4_ETHER_ROOM && inner - s->head + len <= m->buf_len;
}

static inline void build(const struct shared *s, struct rte_mbuf *m, uint8_t *ip, uint32_t len,
			 uint64_t seq, const uint8_t *iv)
{
	struct pkt_meta *meta = pkt_meta(m), now = s->meta;
	uint16_t inner = meta->ip_len, pad = (uint16_t)(len - s->around - inner);
	uint8_t tos = ip[s->head + 1];

	m->data_off = (uint16_t)(ip - (const uint8_t *)m->buf_addr - IP4_ETHER_ROOM);
	m->data_len = (uint16_t)(IP4_ETHER_ROOM + len);
	m->pkt_len = IP4_ETHER_ROOM + len;
	memcpy(ip + s->outer.length, iv, AES_IV);
	outer4_write(ip, &s->outer, ecn_outer_tos(tos), (uint16_t)len, (uint32_t)seq);
	trailer_write(ip + s->head + inner, pad, NEXT_HEADER_IPV4);
	now.in_port = meta->in_port;
	now.ip_len = (uint16_t)len;
	*meta = now;
}

uint16_t esp_out_run(struct worker *w, struct batch *b, struct flow *f, struct rte_mbuf **pkts,
		     uint16_t i)
{
	uint16_t first = i, n = b->n, op = b->n_ops;
	uint64_t seq = f->seq, limit = f->limit, bytes = 0, wire = 0;
	const uint8_t *iv = rest_of_ivs(w->crypto, b);
	struct sa *sa = f->sa;
	struct shared s;

	if (!shared_read(f, &s) || iv == NULL)
		return first;
	for (; i < n && seq <= limit; i++, op++, seq++, iv += AES_IV) {
		struct rte_mbuf *m = pkts[i];
		struct pkt_meta *meta = pkt_meta(m);
		uint32_t inner = m->data_off + (uint32_t)meta->l3_off, ip_len = meta->ip_len;
		uint32_t text = (ip_len + SA_ESP_TRAILER + s.block) & ~s.block;
		uint32_t len = s.around - SA_ESP_TRAILER + text;
		uint8_t *ip = (uint8_t *)m->buf_addr + inner - s.head;

		prefetch_packets(pkts, i, n);
		if (unlikely(meta->sa_slot != s.slot || !fits(&s, m, meta, inner, len)))
			break;
		if (mss_concerns(meta))
			mss_clamp(m, s.mtu);
		build(&s, m, ip, len, seq, iv);
		b->op[op] = (struct crypto_op){.sa = sa,
					       .esp = ip + s.esp,
					       .seq_hi = (uint32_t)(seq >> 32),
					       .len = (uint16_t)(s.covered - SA_ESP_TRAILER + text),
					       .ok = true};
		b->inner_of[op] = (uint16_t)ip_len;
		b->packet_of[op] = (uint8_t)i;
		b->flow_of[i] = f->size.index;
		bytes += ip_len;
		wire += len;
	}
	b->n_ops = op;
	b->iv = iv;
	f->seq = seq;
	f->bytes += bytes;
	f->wire_bytes += wire;
	f->hits = (uint16_t)(f->hits + i - first);
	f->n = (uint16_t)(f->n + i - first);
	f->done = (uint16_t)(f->done + i - first);
	return i;
}
