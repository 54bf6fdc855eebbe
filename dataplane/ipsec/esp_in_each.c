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
#include "dataplane/ipsec/esp_in_words.h"
#include "dataplane/ipsec/own.h"
#include "dataplane/ipsec/sad.h"

#define INNER_AHEAD 4u /* packets: the inner one, */
#define COUNT_AHEAD 6u /* and its SA and counters */

/* A multiple of block, and no 64 KB: bits that are not set then. */
static inline uint32_t part_bits(uint32_t block)
{
	return (uint32_t)UINT16_MAX << 16 | (block - 1);
}

/* May the number be taken? alone: as in batch; one that has become rare is not asked about. */
static inline bool is_open(const struct replay *r, uint64_t seq, bool alone)
{
	return alone ? replay_is_new_alone(r, seq) : replay_check(r, seq);
}

/* Everything that can be said before the ICV, when it is a usual packet of a usual SA that nothing
 * is to be said against. False: it is not, and nothing was written. */
static __rte_always_inline bool take(struct batch *b, const struct sa *sa, struct rte_mbuf *m,
				     uint32_t i, bool alone)
{
	struct pkt_meta *meta = pkt_meta(m);
	uint64_t about = load64(meta), esp, seq;
	uint32_t wire = meta->ip_len, k = b->n;
	uint32_t l3 = (uint8_t)(about >> META_L3_OFF), l4 = (uint8_t)(about >> META_L4_OFF);
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);
	uint8_t encap = about >> META_FLAGS & PKT_F_UDP_ENCAP ? ABI_ENCAP_UDP : ABI_ENCAP_NONE;
	uint32_t least;

	if (unlikely(!sa->windowed))
		return false;
	least = l4 - l3 + SA_ESP_HEADER + sa->iv_len + sa->icv_len + sa->block;
	if (unlikely(((wire - least) & part_bits(sa->block)) != 0 || m->data_len < l3 + wire ||
		     !own_is(m)))
		return false;
	esp = load64(data + l4);
	seq = rte_be_to_cpu_32((uint32_t)(esp >> 32));
	if (unlikely(rte_be_to_cpu_32((uint32_t)esp) != sa->spi || sa_gate_in(sa) != SA_GATE_IN ||
		     __atomic_load_n(&sa->endpoint, __ATOMIC_RELAXED) !=
			     sa_endpoint(meta->dst, encap) ||
		     !is_open(sa_replay(sa), seq, alone)))
		return false;
	meta->sa_slot = sa->slot;
	b->held[k].seq = seq;
	store64(&b->held[k].wire, (about & HELD_META) | wire | (uint64_t)i << HELD_PACKET |
					  (uint64_t)data[l3 + 1] << HELD_TOS);
	crypto_op_set(&b->op[k], sa, data + l4, seq, wire - (l4 - l3) - sa->icv_len);
	b->flags |= (uint8_t)(about >> META_FLAGS);
	b->n = (uint16_t)(k + 1);
	return true;
}

static __rte_always_inline void check(struct worker *w, struct batch *b, struct rte_mbuf **pkts,
				      uint16_t n, bool alone)
{
	struct found found = {.udp = FOUND_NO_UDP};
	struct ahead a;

	look_first(w->tables->sad, &a, pkts, n);
	for (unsigned int i = 0; i < n; i++) {
		look_ahead(&a, i);
		warm_counters(w, a.sa[i]);
		if (!alone && i + WINDOW_AHEAD < n)
			warm_window(a.sa[i + WINDOW_AHEAD], warm_seq(pkts[i + WINDOW_AHEAD]));
		if (unlikely(!take(b, a.sa[i], pkts[i], i, alone)))
			esp_in_check_one(w, b, &found, pkts, (uint16_t)i);
	}
	b->several = true;
}

void esp_in_each_check(struct worker *w, struct batch *b, struct rte_mbuf **pkts, uint16_t n)
{
	if (b->alone)
		check(w, b, pkts, n, true);
	else
		check(w, b, pkts, n, false);
}

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

/* What is known of packets before, and asked only once while it stays the same. */
struct judged {
	const struct fib *fib;
	uint32_t dst; /* nobody's here; 0: none yet */
};

/* Is it certain that the address is neither ours nor none at all to come from or to go to? */
static inline bool is_plain_host(const struct judged *j, uint32_t addr)
{
	return !ip4_martian_source(addr) && fib_is_stranger(j->fib, addr);
}

/* May packets between those two be forwarded, and come out of the SA (RFC 4301 section 5.2)? */
static inline bool may_pass(struct judged *j, const struct sa *sa, uint32_t src, uint32_t dst)
{
	if (unlikely(dst != j->dst || dst == 0)) {
		if (!is_plain_host(j, dst))
			return false;
		j->dst = dst;
	}
	return sa_narrow_match(&sa->narrow, dst, src) && is_plain_host(j, src);
}

/* held: the second word. False: it is not a usual one, and nothing was written. */
static inline bool deliver(struct worker *w, struct judged *j, const struct crypto_op *op,
			   struct rte_mbuf *m, uint64_t held)
{
	const struct sa *sa = op->sa;
	uint32_t head = SA_ESP_HEADER + (uint32_t)sa->iv_len, len, src, dst;
	const uint8_t *ip = op->esp + head;
	struct abi_sa_counters *c;

	if (unlikely(!op->ok || (held & REFUSED_OR_ECN) != 0 || !sa_carries_narrow(sa)))
		return false;
	len = inner_len(ip, payload_of(ip, op->len - head));
	if (unlikely(len == 0))
		return false;
	src = ip4_load32(ip + 12);
	dst = ip4_load32(ip + 16);
	if (unlikely(!may_pass(j, sa, src, dst)))
		return false;
	inner_meta(pkt_meta(m), ip, len, src | (uint64_t)dst << 32, sa->slot, held);
	inner_borders(m, ip, len);
	c = worker_sa(w, sa->slot);
	c->packets++;
	c->bytes += len;
	c->wire_bytes += (uint16_t)held;
	c->last_used = w->now;
	if (unlikely(sa->limited))
		sad_spend(w->tables->sad, sa->slot, 1, len);
	return true;
}

void esp_in_each_deliver(struct worker *w, struct batch *b, struct parse_run *parse,
			 struct rte_mbuf **pkts)
{
	struct judged judged = {.fib = parse->fib};
	unsigned int n = b->n, known = parse->fib != NULL ? n : 0; /* for is_plain_host() */

	for (unsigned int k = 0; k < n; k++) {
		uint64_t held = load64(&b->held[k].wire);

		if (k + INNER_AHEAD < n)
			rte_prefetch0(b->op[k + INNER_AHEAD].esp + SA_ESP_HEADER + AES_IV);
		if (k + COUNT_AHEAD < n)
			warm_deliver(w, b->op[k + COUNT_AHEAD].sa);
		if (unlikely(k >= known || !deliver(w, &judged, &b->op[k],
						    pkts[(uint16_t)(held >> HELD_PACKET)], held)))
			esp_in_deliver_one(w, b, parse, pkts, (uint16_t)k);
	}
}
