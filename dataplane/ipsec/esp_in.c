/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * esp_in.c - from an ESP packet to the inner one, in the order of RFC 4303 section 3.4: SA, replay
 * pre-check, ICV, replay window, decryption, trailer; then the inner packet against the selectors
 * of its SA (RFC 4301 section 5.2). Nothing of a packet is believed, and nothing but the packet
 * itself changes, before its ICV was right.
 */
#include "dataplane/ipsec/esp.h"

#include <rte_prefetch.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/ecn.h"
#include "dataplane/ipsec/esp_in_ahead.h"
#include "dataplane/ipsec/esp_in_impl.h"
#include "dataplane/ipsec/esp_shape.h"
#include "dataplane/ipsec/inbound.h"
#include "dataplane/ipsec/mss.h"
#include "dataplane/ipsec/own.h"
#include "dataplane/ipsec/sad_impl.h"
#include "dataplane/ipsec/selector.h"
#include "dataplane/ipsec/warm.h"
#include "dataplane/ipsec/trailer.h"
#include "dataplane/net/ip4.h"
#include "dataplane/net/ip6.h"
#include "dataplane/net/parse.h"
#include "dataplane/stages.h"

/* Which SA, if any, and may it be used for this packet? */
static enum drop_reason find_sa(struct worker *w, struct rte_mbuf *m, uint32_t spi,
				struct found *found)
{
	struct pkt_meta *meta = pkt_meta(m);
	uint8_t encap = meta->flags & PKT_F_UDP_ENCAP ? ABI_ENCAP_UDP : ABI_ENCAP_NONE;
	struct sa *sa = sad_lookup_in(w->tables->sad, spi);
	uint64_t endpoint;

	if (sa == NULL)
		return DROP_IN_NO_STATES;
	meta->sa_slot = sa->slot;
	endpoint = __atomic_load_n(&sa->endpoint, __ATOMIC_RELAXED);
	if ((uint32_t)endpoint != meta->dst)
		return DROP_IN_NO_STATES;
	if (unlikely(sa->shape & SA_SHAPE_OUTER6) && !esp_shape_is_to(sa, m))
		return DROP_IN_NO_STATES;
	if (endpoint != sa_endpoint(meta->dst, encap))
		return DROP_IN_STATE_MISMATCHES;
	*found = (struct found){.sa = sa,
				.first = FOUND_NO_BLOCK,
				.ends = (uint64_t)spi << 32 | meta->dst,
				.flags = meta->flags & FOUND_FLAGS};
	if (meta->flags & PKT_F_IPV6)
		memcpy(found->to.b, pkt_l3(m) + IP6_OFF_DST, sizeof(found->to.b));
	switch (sa_state(sa)) {
	case SA_LIVE:
		if (unlikely(sa->limited) && volume_spent(&sa->volume))
			found->why = DROP_IN_STATE_EXPIRED;
		break;
	case SA_EXPIRED:
		found->why = DROP_IN_STATE_EXPIRED;
		break;
	default:
		found->why = DROP_IN_STATE_INVALID;
		break;
	}
	return (enum drop_reason)found->why;
}

static inline enum drop_reason look_up(struct worker *w, struct rte_mbuf *m, uint32_t spi,
				       struct found *found)
{
	struct pkt_meta *meta = pkt_meta(m);

	if (unlikely(found->ends != ((uint64_t)spi << 32 | meta->dst) ||
		     found->flags != (meta->flags & FOUND_FLAGS) ||
		     ((meta->flags & PKT_F_IPV6) &&
		      !ip6_equal(found->to.b, pkt_l3(m) + IP6_OFF_DST))))
		return find_sa(w, m, spi, found);
	meta->sa_slot = found->sa->slot;
	return (enum drop_reason)found->why;
}

/* Everything that can be said before the ICV. Takes the packet into the batch. */
static inline enum drop_reason check(struct worker *w, struct rte_mbuf **m, struct found *found,
				     struct batch *b)
{
	struct pkt_meta *meta = pkt_meta(*m);
	uint32_t len = meta->ip_len - (uint32_t)(meta->l4_off - meta->l3_off), text;
	const uint8_t *ip;
	enum drop_reason why;
	struct sa *sa;
	uint8_t *esp;
	uint64_t seq;

	if (!own_packet(w, m))
		return DROP_IN_BUFFER_ERRORS;
	meta = pkt_meta(*m);
	if (len < SA_ESP_HEADER || (*m)->data_len < meta->l4_off + len)
		return DROP_IN_HEADER_ERRORS;
	ip = pkt_l3(*m);
	esp = rte_pktmbuf_mtod_offset(*m, uint8_t *, meta->l4_off);
	why = look_up(w, *m, ip4_load32(esp), found);
	if (why != DROP_NONE)
		return why;
	sa = found->sa;
	text = SA_ESP_HEADER + sa->iv_len;
	/* At least one block, whole blocks (RFC 4303 section 2.4). */
	if (len < text + sa->block + sa->icv_len ||
	    ((len - text - sa->icv_len) & (sa->block - 1u)) != 0)
		return DROP_IN_STATE_PROTOCOL_ERRORS;
	seq = ip4_load32(esp + 4);
	if (unlikely(sa->esn != 0))
		seq = replay_infer(sa_replay(sa), (uint32_t)seq);
	if (sa_replay(sa) != NULL && found_is_replay(found, seq, b->alone))
		return DROP_IN_STATE_SEQUENCE_ERRORS;
	b->held[b->n] =
		(struct held){.seq = seq,
			      .wire = meta->ip_len,
			      .tos = meta->flags & PKT_F_IPV6 ? ip6_traffic_class(ip) : ip[1],
			      .in_port = meta->in_port,
			      .flags = meta->flags};
	b->flags |= meta->flags;
	b->several |= b->n != 0 && b->op[0].sa != sa;
	crypto_op_set(&b->op[b->n], sa, esp, seq, len - sa->icv_len);
	return DROP_NONE;
}

static __rte_always_inline void check_one(struct worker *w, struct batch *b, struct found *found,
					  struct rte_mbuf **pkts, uint16_t i)
{
	enum drop_reason why = check(w, &pkts[i], found, b);

	if (likely(why == DROP_NONE))
		b->held[b->n++].packet = (uint16_t)i;
	else
		pkt_drop(pkts[i], why);
}

void esp_in_check_one(struct worker *w, struct batch *b, struct found *found,
		      struct rte_mbuf **pkts, uint16_t i)
{
	check_one(w, b, found, pkts, i);
}

static void check_all(struct worker *w, struct batch *b, struct rte_mbuf **pkts, uint16_t n)
{
	struct found found = {.flags = FOUND_NONE};

	b->n = 0;
	b->flags = 0;
	b->several = false;
	b->alone = w->order == NULL;
	b->many = warm_has_many_in(pkts, n);
	if (unlikely(b->many)) {
		esp_in_each_check(w, b, pkts, n);
		return;
	}
	for (uint16_t i = 0; i < n;) {
		prefetch_packets(pkts, i, n);
		prefetch_text(pkts, i, n);
		check_one(w, b, &found, pkts, i++);
		if (likely(found.sa != NULL))
			i = esp_in_run_check(b, &found, pkts, i, n);
	}
}

/* A peer behind a NAT may come from elsewhere; only a packet newer than all before says so (RFC
 * 7296 section 2.23 wants it authenticated, and a replayed one must not turn us back). */
static void watch_peer(struct sa *sa, struct rte_mbuf *m, uint64_t seq)
{
	const struct pkt_meta *meta = pkt_meta(m);
	uint64_t from;

	if (seq <= __atomic_load_n(&sa_replay(sa)->top, __ATOMIC_RELAXED))
		return;
	if (unlikely(sa->shape & SA_SHAPE_OUTER6)) {
		esp_shape_watch_peer(sa, m);
		return;
	}
	from = sa_peer(meta->src, meta->src_port);
	if (from != __atomic_load_n(&sa->peer, __ATOMIC_RELAXED) &&
	    from != __atomic_load_n(&sa->moved, __ATOMIC_RELAXED))
		__atomic_store_n(&sa->moved, from, __ATOMIC_RELAXED);
}

/* The edge moves after the burst, and what that takes meanwhile must not push out the window. */
_Static_assert(WORKER_BURST <= REPLAY_SPARE, "the ring has room for the window and a burst");

/* Numbers of one window and one block of it, which are taken together. */
struct claim {
	struct replay *replay;
	uint64_t first;
	uint64_t top; /* highest number of the window so far */
	uint32_t bits;
	uint16_t from; /* packets of the batch from here on */
	bool alone;    /* no other worker takes any */
};

/* True: not all were there to be taken, and the packets say so. */
static bool claim_take(struct batch *b, const struct claim *c, uint16_t end)
{
	uint32_t taken;

	if (c->bits == 0)
		return false;
	taken = c->alone ? replay_take_block_alone(c->replay, c->first, c->bits)
			 : replay_take_block(c->replay, c->first, c->bits);
	if (likely(taken == c->bits))
		return false;
	for (uint16_t k = c->from; k < end; k++) {
		struct held *h = &b->held[k];

		if (sa_replay(b->op[k].sa) == c->replay && (h->seq & ~31ull) == c->first &&
		    h->why == DROP_NONE && (taken >> (h->seq & 31) & 1) == 0)
			h->why = DROP_IN_STATE_SEQUENCE_ERRORS;
	}
	return true;
}

/* The right edge of a window moves once for a run of packets of one SA. A number that another has
 * taken moves it, too: it was genuine. With peers to be watched it moves after that. */
static void claim_advance(const struct batch *b, const struct claim *c)
{
	if (c->replay == NULL || (b->flags & PKT_F_UDP_ENCAP))
		return;
	if (c->alone)
		replay_advance_alone(c->replay, c->top);
	else
		replay_advance(c->replay, c->top);
}

/* The numbers of genuine packets are taken, run by run. True: some packets have to be dropped. */
static __rte_always_inline bool take_numbers(struct batch *b, bool alone, bool several)
{
	struct replay *replay = b->n != 0 ? sa_replay(b->op[0].sa) : NULL;
	struct claim c = {.alone = alone};
	bool some = false;

	for (uint16_t k = 0; k < b->n; k++) {
		struct held *h = &b->held[k];
		uint32_t bit = 1u << (h->seq & 31);

		if (unlikely(!b->op[k].ok)) {
			h->why = DROP_IN_STATE_PROTOCOL_ERRORS;
			some = true;
			continue;
		}
		if (several)
			replay = sa_replay(b->op[k].sa);
		if (replay == NULL)
			continue;
		if (replay != c.replay || (h->seq & ~31ull) != c.first) {
			some |= claim_take(b, &c, k);
			if (replay != c.replay) {
				claim_advance(b, &c);
				c.replay = replay;
				c.top = 0;
			}
			c.first = h->seq & ~31ull;
			c.bits = 0;
			c.from = k;
		}
		if (unlikely(c.bits & bit)) {
			h->why = DROP_IN_STATE_SEQUENCE_ERRORS;
			some = true;
		}
		c.bits |= bit;
		c.top = h->seq > c.top ? h->seq : c.top;
	}
	some |= claim_take(b, &c, b->n);
	claim_advance(b, &c);
	return some;
}

/* The crypto engine only reads it; find_sa() has found it to be written. */
static inline struct sa *found_sa(const struct crypto_op *op)
{
	return (struct sa *)(uintptr_t)op->sa;
}

/* Packets in UDP: one by one the peer, if it is newer than those before, and the window. */
static void watch_peers(const struct batch *b, struct rte_mbuf **pkts)
{
	for (uint16_t k = 0; k < b->n; k++) {
		const struct held *h = &b->held[k];
		struct sa *sa = found_sa(&b->op[k]);

		if (sa_replay(sa) == NULL || h->why == DROP_IN_STATE_PROTOCOL_ERRORS)
			continue;
		if (h->why == DROP_NONE && (h->flags & PKT_F_UDP_ENCAP))
			watch_peer(sa, pkts[h->packet], h->seq);
		if (b->alone)
			replay_advance_alone(sa_replay(sa), h->seq);
		else
			replay_advance(sa_replay(sa), h->seq);
	}
}

/* After the ICVs: numbers of genuine packets are taken, the others dropped. */
static void authenticated(struct batch *b, struct rte_mbuf **pkts)
{
	bool alone = b->alone, some;

	if (unlikely(b->many) && alone)
		some = esp_in_each_number(b);
	else
		some = b->several ? take_numbers(b, alone, true) : take_numbers(b, alone, false);

	for (uint16_t k = 0; some && k < b->n; k++) {
		const struct held *h = &b->held[k];

		if (h->why == DROP_NONE)
			continue;
		b->op[k].ok = false;
		pkt_drop(pkts[h->packet], (enum drop_reason)h->why);
	}
	if (unlikely(b->flags & PKT_F_UDP_ENCAP))
		watch_peers(b, pkts);
}

/* Leave nothing but the inner packet behind 14 bytes of room. What follows it is traffic flow
 * confidentiality padding (RFC 4303 section 2.7). */
static inline enum drop_reason strip(struct rte_mbuf *m, const struct crypto_op *op,
				     uint16_t *inner_len)
{
	const uint8_t *text = op->esp + SA_ESP_HEADER + op->sa->iv_len;
	uint32_t len = op->len - SA_ESP_HEADER - op->sa->iv_len;
	uint8_t next;
	enum drop_reason why = trailer_check(text, &len, &next);
	uint16_t inner;

	if (why != DROP_NONE)
		return why;
	if (next != NEXT_HEADER_IPV4)
		return DROP_IN_STATE_MODE_ERRORS;
	if (len < IP4_HEADER)
		return DROP_IN_STATE_PROTOCOL_ERRORS;
	inner = ip4_load16(text + 2);
	if (inner > len)
		return DROP_IN_STATE_PROTOCOL_ERRORS;
	m->data_off = (uint16_t)(text - (const uint8_t *)m->buf_addr - IP4_ETHER_ROOM);
	m->data_len = (uint16_t)(IP4_ETHER_ROOM + inner);
	m->pkt_len = IP4_ETHER_ROOM + (uint32_t)inner;
	*inner_len = inner;
	return DROP_NONE;
}

static enum drop_reason take_ecn(struct rte_mbuf *m, uint8_t outer_tos)
{
	uint8_t *ip = rte_pktmbuf_mtod_offset(m, uint8_t *, IP4_ETHER_ROOM);
	uint8_t ecn = ecn_decapsulate(ip[1], outer_tos);
	uint16_t before = ip4_load16(ip);

	if (ecn == ECN_DROP)
		return DROP_IN_ERRORS;
	if (ecn == (ip[1] & ECN_MASK))
		return DROP_NONE;
	ip[1] = (uint8_t)((ip[1] & ~ECN_MASK) | ecn);
	ip4_store16(ip + 10, ip4_cksum_adjust(ip4_load16(ip + 10), before, ip4_load16(ip)));
	return DROP_NONE;
}

/* A SYN from the other side says how large our segments may get: no larger than the SA that will
 * carry them. */
static void clamp(struct worker *w, struct rte_mbuf *m, uint32_t policy)
{
	const struct sa *out;

	if (!mss_concerns(pkt_meta(m)))
		return;
	out = sad_lookup_out(w->tables->sad, policy);
	if (out != NULL)
		mss_clamp(out, m, __atomic_load_n(&out->mtu, __ATOMIC_RELAXED));
}

static void tally_write(struct worker *w, const struct tally *t)
{
	struct abi_sa_counters *c;

	if (t->packets == 0)
		return;
	c = worker_sa(w, t->sa->slot);
	c->packets += t->packets;
	c->bytes += t->bytes;
	c->wire_bytes += t->wire_bytes;
	c->last_used = w->now;
	if (unlikely(t->sa->limited))
		sad_spend(w->tables->sad, t->sa->slot, t->packets, t->bytes);
}

static void tally_add(struct worker *w, struct tally *t, const struct sa *sa, uint32_t policy,
		      uint16_t inner, uint16_t wire)
{
	if (t->sa != sa || t->policy != policy) {
		tally_write(w, t);
		*t = (struct tally){.sa = sa, .policy = policy};
	}
	t->packets++;
	t->bytes += inner;
	t->wire_bytes += wire;
}

static inline bool selected(const struct sa *sa, const struct pkt_meta *meta)
{
	if (likely(sa->is_narrow))
		return sa_narrow_match(&sa->narrow, meta->dst, meta->src);
	return inbound_selects(sa, meta);
}

/* IPv4 out of a tunnel over IPv4: is it one that may come out of this SA? */
static inline enum drop_reason unwrap(struct worker *w, struct parse_run *parse, struct rte_mbuf *m,
				      const struct crypto_op *op, const struct held *h)
{
	struct pkt_meta *meta = pkt_meta(m);
	struct pkt_meta given;
	const uint8_t *text = op->esp + SA_ESP_HEADER + op->sa->iv_len;
	uint16_t len;
	enum drop_reason why = strip(m, op, &len);

	if (why != DROP_NONE)
		return why;
	given = (struct pkt_meta){
		.flags = PKT_F_FROM_SA, .in_port = h->in_port, .sa_slot = op->sa->slot};
	if (!parse_plain(parse, &given, meta, text, len, IP4_ETHER_ROOM)) {
		*meta = given;
		parse_ipv4(w, m, IP4_ETHER_ROOM);
	}
	if (meta->verdict == PKT_DROP)
		return (enum drop_reason)meta->reason;
	if (unlikely(meta->flags & PKT_F_FRAGMENT))
		why = inbound_judge_piece(op->sa, meta);
	else if (!selected(op->sa, meta))
		why = DROP_IN_NO_POLICIES;
	if (why != DROP_NONE)
		return why;
	return ecn_may_change(h->tos) ? take_ecn(m, h->tos) : DROP_NONE;
}

/* A genuine packet, decrypted. */
static inline enum drop_reason deliver(struct worker *w, struct parse_run *parse,
				       struct rte_mbuf *m, const struct crypto_op *op,
				       const struct held *h, struct tally *tally)
{
	const struct sa *sa = op->sa;
	uint32_t policy = __atomic_load_n(&sa->clamp_by, __ATOMIC_RELAXED);
	enum drop_reason why;

	if (unlikely(sa->shape != 0 || op->esp[op->len - 1] == NEXT_HEADER_IPV6))
		why = esp_shape_unwrap(w, m, op, h->tos);
	else
		why = unwrap(w, parse, m, op, h);
	if (why != DROP_NONE)
		return why;
	clamp(w, m, policy);
	tally_add(w, tally, sa, policy, pkt_meta(m)->ip_len, h->wire);
	return DROP_NONE;
}

static __rte_always_inline void deliver_one(struct worker *w, struct batch *b,
					    struct parse_run *parse, struct rte_mbuf **pkts,
					    uint16_t k, struct tally *tally)
{
	const struct held *h = &b->held[k];
	struct rte_mbuf *m = pkts[h->packet];
	enum drop_reason why;

	if (unlikely(h->why != DROP_NONE))
		return;
	why = b->op[k].ok ? deliver(w, parse, m, &b->op[k], h, tally) : DROP_IN_ERRORS;
	if (unlikely(why != DROP_NONE))
		pkt_drop(m, why);
}

void esp_in_deliver_one(struct worker *w, struct batch *b, struct parse_run *parse,
			struct rte_mbuf **pkts, uint16_t k)
{
	struct tally tally = {.sa = NULL};

	deliver_one(w, b, parse, pkts, k, &tally);
	tally_write(w, &tally);
}

static void deliver_all(struct worker *w, struct batch *b, struct rte_mbuf **pkts)
{
	struct parse_run parse = parse_run_start(w);
	struct parse_run6 parse6 = parse_run6_start(w);
	struct tally tally = {.sa = NULL};

	for (uint16_t k = 0; k < b->n && k < PREFETCH_GAP; k++)
		prefetch_clear(&b->op[k]);
	if (unlikely(b->many)) {
		esp_in_each_deliver(w, b, &parse, pkts);
		return;
	}
	for (uint16_t k = 0; k < b->n;) {
		if (k + PREFETCH_GAP < b->n)
			prefetch_clear(&b->op[k + PREFETCH_GAP]);
		deliver_one(w, b, &parse, pkts, k++, &tally);
		/* One that was delivered has opened the tally. */
		if (k >= b->n || b->op[k].sa != tally.sa)
			continue;
		if (b->op[k].esp[b->op[k].len - 1] == NEXT_HEADER_IPV6)
			k = esp_in_run6_deliver(b, &parse6, pkts, k, &tally);
		else
			k = esp_in_run_deliver(b, &parse, pkts, k, &tally);
	}
	tally_write(w, &tally);
}

static void take_in(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	struct batch b;
	uint64_t t = stage_start(w);

	check_all(w, &b, pkts, n);
	t = stage_end(w, STAGE_IN_CHECK, t, n);
	crypto_verify(w->crypto, b.op, b.n);
	t = stage_end(w, STAGE_IN_VERIFY, t, b.n);
	authenticated(&b, pkts);
	t = stage_end(w, STAGE_IN_WINDOW, t, b.n);
	crypto_open(w->crypto, b.op, b.n);
	t = stage_end(w, STAGE_IN_OPEN, t, b.n);
	deliver_all(w, &b, pkts);
	stage_end(w, STAGE_IN_DELIVER, t, b.n);
}

void esp_in_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t most = warm_has_many_in(pkts, n) ? MANY_BURST : WORKER_BURST;

	while (n != 0) {
		uint16_t now = RTE_MIN(n, most);

		take_in(w, pkts, now);
		pkts += now;
		n = (uint16_t)(n - now);
	}
}

void esp_in_whole(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		const struct pkt_meta *meta = pkt_meta(pkts[i]);
		const struct sa *sa;

		if (!(meta->flags & PKT_F_FROM_SA) || meta->verdict == PKT_DROP)
			continue;
		sa = sad_slot(w->tables->sad, meta->sa_slot);
		if (sa == NULL || sa->spi != meta->next_hop || !esp_shape_selects(sa, pkts[i]))
			pkt_drop(pkts[i], DROP_IN_NO_POLICIES);
	}
}
