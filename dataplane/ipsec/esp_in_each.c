/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * esp_in_each.c - a burst of many SAs, inbound: each packet by itself.
 *
 * As in esp_out_each.c there is nothing for packets to share, so what each of them needs is asked
 * for some packets ahead, and then looked at in as few words as there are. Nothing here refuses a
 * packet that is not genuine yet: what is not usual goes to esp_in.c, in its place of the burst.
 */
#include "dataplane/ipsec/esp_in_ahead.h"
#include "dataplane/ipsec/esp_in_impl.h"
#include "dataplane/ipsec/esp_in_words6.h"
#include "dataplane/ipsec/own.h"
#include "dataplane/ipsec/sa6.h"
#include "dataplane/ipsec/sad.h"

#define INNER_AHEAD 4u /* packets: the inner one, */
#define COUNT_AHEAD 6u /* and its SA and counters */
_Static_assert(COUNT_AHEAD <= BATCH_BEHIND && INNER_AHEAD <= BATCH_BEHIND,
	       "a look ahead stays inside of what lies behind the last op");

/* --- before the ICV --- */

/* Of many SAs most are alike, and so are their packets: as the last one was that was usual. */
struct usual {
	uint64_t gate; /* of the SA; 0: none yet */
	uint64_t suite;
	uint64_t ends;	 /* META_ENDS */
	uint64_t encap;	 /* sa_endpoint() of no address */
	uint64_t op;	 /* crypto_op_end() of no bytes */
	uint32_t l3;	 /* bytes before the outer packet, */
	uint32_t l4;	 /* before ESP, */
	uint32_t least;	 /* in the smallest outer packet there is, */
	uint32_t around; /* and of an outer packet before ESP and behind the trailer */
	uint32_t part;	 /* a multiple of block, and no 64 KB: bits that are not set then */
	bool six;	 /* between IPv6 addresses */
	bool narrow6;	 /* SA_SHAPE_NARROW6 */
	uint8_t shapes;	 /* of all that were learned */
};

/* False: it is not a usual SA. */
static __rte_noinline bool learn_usual(struct usual *u, const struct sa *sa, uint64_t about)
{
	uint64_t gate = sa_gate(sa);
	uint32_t l3 = (uint8_t)(about >> META_L3_OFF), l4 = (uint8_t)(about >> META_L4_OFF);
	uint8_t encap = about >> META_FLAGS & PKT_F_UDP_ENCAP ? ABI_ENCAP_UDP : ABI_ENCAP_NONE;
	uint32_t around = l4 - l3 + sa->icv_len;
	bool six = (about >> META_FLAGS & PKT_F_IPV6) != 0;

	if (sa_gate_in(gate) != SA_GATE_IN || !sa->windowed ||
	    six != ((sa->shape & SA_SHAPE_OUTER6) != 0))
		return false;
	*u = (struct usual){.gate = gate,
			    .suite = sa->suite,
			    .ends = about & META_ENDS,
			    .encap = sa_endpoint(0, encap),
			    .op = crypto_op_end(0, 0, sa->kind),
			    .l3 = l3,
			    .l4 = l4,
			    .least = around + SA_ESP_HEADER + sa->iv_len + sa->block,
			    .around = around,
			    .part = (uint32_t)UINT16_MAX << 16 | (sa->block - 1u),
			    .six = six,
			    .narrow6 = sa_gate_is_narrow6(gate),
			    .shapes = u->shapes | sa->shape};
	return true;
}

/* about: the first word of the packet's meta. */
static inline bool is_usual(struct usual *u, const struct sa *sa, uint64_t about)
{
	return likely(sa_gate(sa) == u->gate && sa->suite == u->suite &&
		      (about & META_ENDS) == u->ends) ||
	       learn_usual(u, sa, about);
}

/* May the number be taken? alone: as in batch; one that has become rare is not asked about. */
static inline bool is_open(const struct replay *r, uint64_t seq, bool alone)
{
	return alone ? replay_is_new_alone(r, seq) : replay_check(r, seq);
}

/* Is the packet at ip between IPv6 addresses, to the local end of the SA? Not while the manager
 * changes that: then esp_in.c has to see. */
static inline bool is_to_local6(const struct sa *sa, const uint8_t *ip)
{
	uint64_t local[2];

	return sa_local6_read(sa, local) && ip6_equal((const uint8_t *)local, ip + IP6_OFF_DST);
}

/* Everything that can be said before the ICV, when it is a usual packet of a usual SA that nothing
 * is to be said against; what is known of it goes to *op and *h. False: it is not, and these say
 * nothing. alone: as in batch; six: it may be between IPv6 addresses. */
static __rte_always_inline bool take(struct usual *u, const struct sa *sa, struct rte_mbuf *m,
				     struct crypto_op *op, struct held *h, uint32_t i, bool alone,
				     bool six)
{
	struct pkt_meta *meta = pkt_meta(m);
	uint64_t about = load64(meta), esp;
	uint32_t wire = meta->ip_len, seq;
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *), tos;

	if (unlikely(!is_usual(u, sa, about) || ((wire - u->least) & u->part) != 0 ||
		     m->data_len < u->l3 + wire || !own_is(m)))
		return false;
	esp = load64(data + u->l4);
	seq = rte_be_to_cpu_32((uint32_t)(esp >> 32));
	if (unlikely(rte_be_to_cpu_32((uint32_t)esp) != sa->spi ||
		     __atomic_load_n(&sa->endpoint, __ATOMIC_RELAXED) != (u->encap | meta->dst) ||
		     !is_open(sa_window(sa), seq, alone)))
		return false;
	tos = data[u->l3 + 1];
	if (six && u->six) {
		if (unlikely(!is_to_local6(sa, data + u->l3)))
			return false;
		tos = ip6_traffic_class(data + u->l3);
	}
	if (unlikely(u->narrow6))
		warm_lines(&sa->narrow6, 1); /* for after the ICV, as keys */
	meta->sa_slot = sa->slot;
	op->sa = sa;
	op->esp = data + u->l4;
	store64(&op->seq_hi, u->op | (uint64_t)(wire - u->around) << 32);
	h->seq = seq;
	store64(&h->wire, (about & HELD_META) | wire);
	h->tos = tos;
	h->packet = (uint16_t)i;
	return true;
}

static __rte_always_inline void check(struct worker *w, struct batch *b, struct rte_mbuf **pkts,
				      uint16_t n, struct ahead *a, bool alone, bool six)
{
	struct abi_sa_counters *lines = w->sa_counters;
	struct found found = {.flags = FOUND_NONE};
	struct usual usual = {.gate = 0};
	struct crypto_op *op = b->op; /* the next ones: counted here, not in *b */
	struct held *h = b->held;
	uint32_t flags = 0;

	look_first(a, six);
	for (unsigned int i = 0; i < n; i++) {
		look_ahead(a, i, six);
		warm_lines(&lines[a->sa[i]->slot], 1);
		if (!alone && i + WINDOW_AHEAD < n)
			warm_window(a->sa[i + WINDOW_AHEAD], warm_seq(pkts[i + WINDOW_AHEAD]));
		if (likely(take(&usual, a->sa[i], pkts[i], op, h, i, alone, six))) {
			op++;
			flags |= (h++)->flags;
			continue;
		}
		b->n = (uint16_t)(h - b->held);
		usual.shapes |= a->sa[i]->shape;
		esp_in_check_one(w, b, &found, pkts, (uint16_t)i);
		op = &b->op[b->n];
		h = &b->held[b->n];
	}
	b->n = (uint16_t)(h - b->held);
	b->flags |= (uint8_t)flags;
	b->shapes = usual.shapes;
	b->several = true;
}

void esp_in_each_check(struct worker *w, struct batch *b, struct rte_mbuf **pkts, uint16_t n)
{
	struct ahead a;
	bool six = (find_slots(w->tables->sad, &a, pkts, n) & PKT_F_IPV6) != 0;

	if (unlikely(six)) {
		if (b->alone)
			check(w, b, pkts, n, &a, true, true);
		else
			check(w, b, pkts, n, &a, false, true);
	} else if (b->alone) {
		check(w, b, pkts, n, &a, true, false);
	} else {
		check(w, b, pkts, n, &a, false, false);
	}
}

/* --- after it --- */

/* With peers to be watched the edge moves after that. */
static __rte_always_inline bool number(struct batch *b, bool watched)
{
	const struct crypto_op *op = b->op, *end = op + b->n;
	struct held *h = b->held;
	bool some = false;

	for (; op < end; op++, h++) {
		struct replay *r = sa_replay(op->sa);

		if (unlikely(!op->ok)) {
			h->why = DROP_IN_STATE_PROTOCOL_ERRORS;
			some = true;
		} else if (likely(r != NULL) &&
			   unlikely(!(watched ? replay_take_alone(r, h->seq)
					      : replay_accept_alone(r, h->seq)))) {
			h->why = DROP_IN_STATE_SEQUENCE_ERRORS;
			some = true;
		}
	}
	return some;
}

bool esp_in_each_number(struct batch *b)
{
	return b->flags & PKT_F_UDP_ENCAP ? number(b, true) : number(b, false);
}

/* --- when it is decrypted --- */

#define NO_HOST UINT64_MAX

/* What is known of packets before, and asked only once while it stays the same. */
struct judged {
	const struct fib *fib;
	const struct fib6 *fib6;
	uint64_t gate;	 /* of SAs that carry narrow or narrow6; 0: none yet */
	uint64_t dst;	 /* nobody's here; NO_HOST: none yet */
	struct ip6 dst6; /* the same; zeros: none yet */
	uint32_t done;	 /* the last two bytes of ops that were done, of one kind */
	uint32_t head;	 /* of these: bytes before the inner packet */
	bool asks6;	 /* there may be IPv6 */
	bool narrow;	 /* IPv4 can be judged here, */
	bool narrow6;	 /* and IPv6 */
};

/* False: it is not an op that was done, of an SA that carries narrow; or narrow6, when that is
 * asked. */
static __rte_noinline bool learn_done(struct judged *j, const struct crypto_op *op, uint64_t gate)
{
	/* is_plain_host() wants addresses of ours. */
	bool narrow = j->fib != NULL && sa_gate_is_narrow(gate);
	bool narrow6 = j->asks6 && sa_gate_is_narrow6(gate);

	if (!op->ok || !(narrow || narrow6))
		return false;
	j->narrow = narrow;
	j->narrow6 = narrow6;
	j->gate = gate;
	j->done = true | (uint32_t)op->kind << 8;
	j->head = SA_ESP_HEADER + (uint32_t)op->sa->iv_len;
	return true;
}

/* end: of the op. */
static inline bool is_done(struct judged *j, const struct crypto_op *op, uint64_t end)
{
	uint64_t gate = sa_gate(op->sa);

	return likely(end >> 48 == j->done && gate == j->gate) || learn_done(j, op, gate);
}

/* Is it certain that the address is neither ours nor none at all to come from or to go to? */
static inline bool is_plain_host(const struct judged *j, uint32_t addr)
{
	return !ip4_martian_source(addr) && fib_is_stranger(j->fib, addr);
}

/* May packets between those two be forwarded, and come out of the SA (RFC 4301 section 5.2)? */
static inline bool may_pass(struct judged *j, const struct sa *sa, uint32_t src, uint32_t dst)
{
	if (unlikely(dst != j->dst)) {
		if (!is_plain_host(j, dst))
			return false;
		j->dst = dst;
	}
	return sa_narrow_match(&sa->narrow, dst, src) && is_plain_host(j, src);
}

/* The same for the addresses of the IPv6 header at ip. */
static inline bool may_pass6(struct judged *j, const struct sa *sa, const uint8_t *ip)
{
	const uint8_t *src = ip + IP6_OFF_SRC, *dst = ip + IP6_OFF_DST;

	/* Nobody is at the address of zeros, so what is known of none is never found right. */
	if (unlikely(ip6_hi(j->dst6.b) == 0 || !ip6_equal(j->dst6.b, dst))) {
		if (!parse_is_other6(j->fib6, dst))
			return false;
		memcpy(j->dst6.b, dst, sizeof(j->dst6.b));
	}
	return sa6_narrow_match(&sa->narrow6, dst, src) && parse_is_other6(j->fib6, src);
}

/* The packet of text bytes at ip, trailer included, that came out of an SA that carries narrow: its
 * length, and its meta written; or 0, and nothing was written. held: the second word. */
static inline uint32_t accept_narrow(struct judged *j, const struct sa *sa, struct rte_mbuf *m,
				     const uint8_t *ip, uint32_t text, uint64_t held)
{
	uint32_t len = inner_len(ip, payload_of(ip, text, NEXT_HEADER_IPV4));

	if (unlikely(len == 0 || !may_pass(j, sa, ip4_load32(ip + 12), ip4_load32(ip + 16))))
		return 0;
	inner_meta(pkt_meta(m), ip, len, sa->slot, held);
	return len;
}

/* The same for narrow6. */
static inline uint32_t accept_narrow6(struct judged *j, const struct sa *sa, struct rte_mbuf *m,
				      const uint8_t *ip, uint32_t text, uint64_t held)
{
	uint32_t len = inner_len6(ip, payload_of(ip, text, NEXT_HEADER_IPV6));

	if (unlikely(len == 0 || !may_pass6(j, sa, ip)))
		return 0;
	inner_meta6(pkt_meta(m), ip, len, sa->slot, held);
	return len;
}

/* held: the second word; six: as in judged. False: it is not a usual one, and nothing was
 * written. */
static __rte_always_inline bool deliver(struct worker *w, struct judged *j,
					struct abi_sa_counters *lines, const struct crypto_op *op,
					struct rte_mbuf *m, uint64_t held, bool six)
{
	const struct sa *sa = op->sa;
	uint64_t end = load64(&op->seq_hi);
	struct abi_sa_counters *c;
	uint32_t len = 0, text;
	const uint8_t *ip;

	if (unlikely((held & REFUSED_OR_ECN) != 0 || !is_done(j, op, end)))
		return false;
	ip = op->esp + j->head;
	text = (uint16_t)(end >> 32) - j->head;
	if (six && ip[text - 1] == NEXT_HEADER_IPV6)
		len = j->narrow6 ? accept_narrow6(j, sa, m, ip, text, held) : 0;
	else if (!six || j->narrow)
		len = accept_narrow(j, sa, m, ip, text, held);
	if (unlikely(len == 0))
		return false;
	inner_borders(m, ip, len);
	c = &lines[sa->slot];
	c->packets++;
	c->bytes += len;
	c->wire_bytes += (uint16_t)held;
	c->last_used = w->now;
	if (unlikely(sa->limited))
		sad_spend(w->tables->sad, sa->slot, 1, len);
	return true;
}

static __rte_always_inline void deliver_all(struct worker *w, struct batch *b,
					    struct parse_run *parse, struct rte_mbuf **pkts,
					    bool six)
{
	struct judged judged = {
		.fib = parse->fib, .fib6 = parse_run6_start(w).fib, .dst = NO_HOST, .asks6 = six};
	struct abi_sa_counters *lines = w->sa_counters;
	struct crypto_op *op, *end = b->op + b->n;
	const struct held *h = b->held;

	for (op = b->op; op < end; op++, h++) {
		uint64_t held = load64(&h->wire);
		struct rte_mbuf *m = pkts[(uint16_t)(held >> HELD_PACKET)];

		rte_prefetch0(op[INNER_AHEAD].esp + SA_ESP_HEADER + AES_IV);
		warm_work_again(op[COUNT_AHEAD].sa);
		if (six)
			warm_near(&op[COUNT_AHEAD].sa->narrow6, 1);
		warm_near(&lines[op[COUNT_AHEAD].sa->slot], 1);
		if (unlikely(!deliver(w, &judged, lines, op, m, held, six)))
			esp_in_deliver_one(w, b, parse, pkts, (uint16_t)(op - b->op));
	}
}

/* Out of the way of the other one, which wants all registers. */
static __rte_noinline void deliver_any(struct worker *w, struct batch *b, struct parse_run *parse,
				       struct rte_mbuf **pkts)
{
	deliver_all(w, b, parse, pkts, true);
}

void esp_in_each_deliver(struct worker *w, struct batch *b, struct parse_run *parse,
			 struct rte_mbuf **pkts)
{
	struct crypto_op *end = b->op + b->n;

	for (struct crypto_op *op = end; b->n != 0 && op < end + BATCH_BEHIND; op++)
		*op = end[-1];
	if (unlikely(b->shapes & SA_SHAPE_NARROW6))
		deliver_any(w, b, parse, pkts);
	else
		deliver_all(w, b, parse, pkts, false);
}
