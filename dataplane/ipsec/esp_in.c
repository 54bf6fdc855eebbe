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
#include "dataplane/ipsec/esp_shape.h"
#include "dataplane/ipsec/mss.h"
#include "dataplane/ipsec/own.h"
#include "dataplane/ipsec/sad.h"
#include "dataplane/ipsec/selector.h"
#include "dataplane/ipsec/trailer.h"
#include "dataplane/net/ip4.h"
#include "dataplane/net/parse.h"

struct batch {
	uint16_t n;
	uint8_t packet_of[WORKER_BURST];
	struct sa *sa[WORKER_BURST];
	struct crypto_op op[WORKER_BURST];
};

/* Which SA, if any, and may it be used for this packet? */
static enum drop_reason find_sa(struct worker *w, const struct rte_mbuf *m, struct pkt_meta *meta,
				const uint8_t *esp, struct sa **found)
{
	struct sa *sa = sad_lookup_in(w->tables->sad, ip4_load32(esp));
	uint8_t encap = meta->flags & PKT_F_UDP_ENCAP ? ABI_ENCAP_UDP : ABI_ENCAP_NONE;
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
	*found = sa;
	switch (sa_state(sa)) {
	case SA_LIVE:
		return DROP_NONE;
	case SA_EXPIRED:
		return DROP_IN_STATE_EXPIRED;
	default:
		return DROP_IN_STATE_INVALID;
	}
}

/* Everything that can be said before the ICV. Fills op. */
static enum drop_reason check(struct worker *w, struct rte_mbuf **m, struct sa **sa,
			      struct crypto_op *op)
{
	struct pkt_meta *meta = pkt_meta(*m);
	uint32_t len = meta->ip_len - (uint32_t)(meta->l4_off - meta->l3_off), text;
	enum drop_reason why;
	uint8_t *esp;

	if (!own_packet(w, m))
		return DROP_IN_BUFFER_ERRORS;
	meta = pkt_meta(*m);
	if (len < SA_ESP_HEADER || (*m)->data_len < meta->l4_off + len)
		return DROP_IN_HEADER_ERRORS;
	esp = rte_pktmbuf_mtod_offset(*m, uint8_t *, meta->l4_off);
	why = find_sa(w, *m, meta, esp, sa);
	if (why != DROP_NONE)
		return why;
	text = SA_ESP_HEADER + (*sa)->iv_len;
	/* At least one block, whole blocks (RFC 4303 section 2.4). */
	if (len < text + (*sa)->block + (*sa)->icv_len ||
	    ((len - text - (*sa)->icv_len) & ((*sa)->block - 1u)) != 0)
		return DROP_IN_STATE_PROTOCOL_ERRORS;
	if ((*sa)->replay != NULL && !replay_check((*sa)->replay, ip4_load32(esp + 4)))
		return DROP_IN_STATE_SEQUENCE_ERRORS;
	*op = (struct crypto_op){
		.sa = *sa, .esp = esp, .len = (uint16_t)(len - (*sa)->icv_len), .ok = true};
	return DROP_NONE;
}

static void check_all(struct worker *w, struct batch *b, struct rte_mbuf **pkts, uint16_t n)
{
	b->n = 0;
	for (uint16_t i = 0; i < n; i++) {
		enum drop_reason why;

		rte_prefetch0(rte_pktmbuf_mtod_offset(pkts[i], const void *, pkts[i]->data_len));
		why = check(w, &pkts[i], &b->sa[b->n], &b->op[b->n]);
		if (why != DROP_NONE) {
			pkt_drop(pkts[i], why);
			continue;
		}
		b->packet_of[b->n++] = (uint8_t)i;
	}
}

/* A peer behind a NAT may come from elsewhere; only a packet newer than all before says so (RFC
 * 7296 section 2.23 wants it authenticated, and a replayed one must not turn us back). */
static void watch_peer(struct sa *sa, struct rte_mbuf *m, uint64_t seq)
{
	const struct pkt_meta *meta = pkt_meta(m);
	uint64_t from;

	if ((meta->flags & PKT_F_UDP_ENCAP) == 0 ||
	    seq <= __atomic_load_n(&sa->replay->top, __ATOMIC_RELAXED))
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

static enum drop_reason take_number(struct batch *b, uint16_t k, struct rte_mbuf *m)
{
	struct sa *sa = b->sa[k];
	uint64_t seq = ip4_load32(b->op[k].esp + 4);

	if (!b->op[k].ok)
		return DROP_IN_STATE_PROTOCOL_ERRORS;
	if (sa->replay == NULL)
		return DROP_NONE;
	if (!replay_take(sa->replay, seq))
		return DROP_IN_STATE_SEQUENCE_ERRORS;
	watch_peer(sa, m, seq);
	return DROP_NONE;
}

/* After the ICVs: numbers of genuine packets are taken, the others dropped. The right edge of a
 * window moves once for a run of packets of one SA. */
static void authenticated(struct batch *b, struct rte_mbuf **pkts)
{
	struct replay *run = NULL;
	uint64_t top = 0;

	for (uint16_t k = 0; k < b->n; k++) {
		struct rte_mbuf *m = pkts[b->packet_of[k]];
		enum drop_reason why = take_number(b, k, m);
		uint64_t seq = ip4_load32(b->op[k].esp + 4);

		b->op[k].ok = why == DROP_NONE;
		if (why != DROP_NONE) {
			pkt_drop(m, why);
			continue;
		}
		if (b->sa[k]->replay != run) {
			if (run != NULL)
				replay_advance(run, top);
			run = b->sa[k]->replay;
			top = 0;
		}
		top = seq > top ? seq : top;
	}
	if (run != NULL)
		replay_advance(run, top);
}

/* Leave nothing but the inner packet behind 14 bytes of room. What follows it is traffic flow
 * confidentiality padding (RFC 4303 section 2.7). */
static enum drop_reason strip(struct rte_mbuf *m, const struct crypto_op *op)
{
	uint8_t *text = op->esp + SA_ESP_HEADER + op->sa->iv_len;
	uint32_t len = op->len - SA_ESP_HEADER - op->sa->iv_len, before;
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
	before = (uint32_t)(text - rte_pktmbuf_mtod(m, uint8_t *)) - IP4_ETHER_ROOM;
	rte_pktmbuf_adj(m, (uint16_t)before);
	rte_pktmbuf_trim(m, (uint16_t)(m->data_len - IP4_ETHER_ROOM - inner));
	return DROP_NONE;
}

/* The SA's local side is where we send from, so here it is the destination. */
static bool selected(const struct sa *sa, const struct pkt_meta *meta)
{
	struct selector s = selector_of(meta);

	return sa_range_match(sa->remote, sa->n_remote, s.src, s.proto, s.src_port, s.ports) &&
	       sa_range_match(sa->local, sa->n_local, s.dst, s.proto, s.dst_port, s.ports);
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
		mss_clamp(m, __atomic_load_n(&out->mtu, __ATOMIC_RELAXED));
}

/* What was delivered from one SA in a run of packets. */
struct tally {
	const struct sa *sa;
	uint32_t policy;
	uint32_t packets;
	uint64_t bytes;
	uint64_t wire_bytes;
};

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
	if (t->policy != SAD_NONE)
		worker_policy(w, t->policy)->in_hits += t->packets;
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

/* IPv4 out of a tunnel over IPv4: is it one that may come out of this SA? */
static enum drop_reason unwrap(struct worker *w, struct rte_mbuf *m, const struct crypto_op *op)
{
	struct pkt_meta *meta = pkt_meta(m);
	uint8_t tos = rte_pktmbuf_mtod_offset(m, const uint8_t *, meta->l3_off)[1];
	enum drop_reason why = strip(m, op);

	if (why != DROP_NONE)
		return why;
	meta->flags = PKT_F_FROM_SA;
	parse_ipv4(w, m, IP4_ETHER_ROOM);
	meta->flags |= PKT_F_FROM_SA;
	meta->sa_slot = op->sa->slot;
	if (meta->verdict != PKT_FORWARD && meta->verdict != PKT_LOCAL)
		return (enum drop_reason)meta->reason;
	if (!selected(op->sa, meta))
		return DROP_IN_NO_POLICIES;
	return take_ecn(m, tos);
}

/* A genuine packet, decrypted. */
static enum drop_reason deliver(struct worker *w, struct rte_mbuf *m, const struct crypto_op *op,
				struct tally *tally)
{
	const struct sa *sa = op->sa;
	struct pkt_meta *meta = pkt_meta(m);
	uint32_t policy = __atomic_load_n(&sa->policy, __ATOMIC_RELAXED);
	uint16_t wire = meta->ip_len;
	enum drop_reason why;

	if (unlikely(sa->shape != 0 || op->esp[op->len - 1] == NEXT_HEADER_IPV6))
		why = esp_shape_unwrap(w, m, op);
	else
		why = unwrap(w, m, op);
	if (why != DROP_NONE)
		return why;
	clamp(w, m, policy);
	tally_add(w, tally, sa, policy, meta->ip_len, wire);
	return DROP_NONE;
}

void esp_in_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	struct tally tally = {.sa = NULL};
	struct batch b;

	check_all(w, &b, pkts, n);
	crypto_verify(w->crypto, b.op, b.n);
	authenticated(&b, pkts);
	crypto_open(w->crypto, b.op, b.n);
	for (uint16_t k = 0; k < b.n; k++) {
		struct rte_mbuf *m = pkts[b.packet_of[k]];
		enum drop_reason why;

		if (pkt_meta(m)->verdict == PKT_DROP)
			continue;
		why = b.op[k].ok ? deliver(w, m, &b.op[k], &tally) : DROP_IN_ERRORS;
		if (why != DROP_NONE)
			pkt_drop(m, why);
	}
	tally_write(w, &tally);
}
