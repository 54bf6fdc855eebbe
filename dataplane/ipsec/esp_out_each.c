/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * esp_out_each.c - a burst of many SAs: each packet by itself.
 *
 * Where most packets have an SA of their own there is nothing to share, and to look for it costs
 * more than the work itself. Each packet is built from its SA in place, its lines asked for some
 * packets ahead, so that memory and CPU work at the same time. What is not plain goes the way of
 * esp_out.c, in its place of the burst: numbers of an SA are given out in the order of its packets.
 */
#include "dataplane/ipsec/esp_out_each.h"

#define COUNT_AHEAD 40u /* packets: when all is done, the counters, which nobody reads before */

/* The first packets' SAs, which nobody has looked ahead to. */
static void look_first(struct each_owners *o, const struct sad *s, struct rte_mbuf *const *pkts,
		       uint32_t n)
{
	o->sad = s;
	memcpy(o->pkt, pkts, n * sizeof(o->pkt[0]));
	for (uint32_t i = n; i < n + EACH_SA_AHEAD; i++)
		o->pkt[i] = pkts[n - 1];
	for (uint32_t i = 0; i < EACH_SA_AHEAD; i++)
		each_find_owner(o, i);
	for (uint32_t i = 0; i < EACH_WORK_AHEAD; i++)
		warm_work_again(o->sa[i]);
}

static void find_peer(const struct worker *w, const struct sa *first, struct each_peer *p)
{
	bool over6 = (first->shape & SA_SHAPE_OUTER6) != 0;
	struct sa_outer o;

	*p = (struct each_peer){.sends = PKT_FORWARD};
	if (sa_state(first) != SA_LIVE || first->direction != ABI_DIR_OUT ||
	    !sa_outer_read(first, &o))
		return;
	if (over6) {
		memcpy(p->addr, o.header + IP6_OFF_DST, sizeof(p->addr));
		way6_find(w, o.header + IP6_OFF_DST, &p->way);
	} else {
		p->addr[0] = rte_cpu_to_be_32(o.remote);
		way_find(w, o.remote, &p->way);
	}
	p->mtu[over6] = p->way.mtu;
	p->sends = PKT_SEND | (uint64_t)p->way.port << META_OUT_PORT;
}

EACH_RUN(over4_cbc, OUTER4_PLAIN, true, false)
EACH_RUN(over4, OUTER4_PLAIN, false, false)
EACH_RUN(over_udp4_cbc, OUTER4_UDP, true, false)
EACH_RUN(over_udp4, OUTER4_UDP, false, false)

/* Packets of the form that number i has, as long as they come one behind the other. The first that
 * is none, or not a usual one. */
static uint32_t run(const struct each *e, uint32_t i)
{
	const struct sa *sa = e->owners->sa[i];
	bool cbc = sa->iv_len == AES_IV;

	if ((sa->shape & SA_SHAPE_OUTER6) != 0 ||
	    (pkt_meta(e->owners->pkt[i])->flags & PKT_F_IPV6) != 0)
		return esp_out_each6(e, i);
	if (sa_brief_length(sa) == OUTER4_PLAIN)
		return cbc ? over4_cbc(e, i) : over4(e, i);
	return cbc ? over_udp4_cbc(e, i) : over_udp4(e, i);
}

void esp_out_each(struct worker *w, struct batch *b, struct rte_mbuf **pkts, struct extra *extra)
{
	struct each_owners owners;
	struct each e = {.crypto = w->crypto, .batch = b, .owners = &owners};
	uint32_t n = b->n, i = 0;

	look_first(&owners, w->tables->sad, pkts, n);
	find_peer(w, owners.sa[0], &e.peer);
	for (uint32_t k = 0; k < n; k++)
		b->flow_of[k] = FLOW_NONE;
	while (i < n) {
		uint32_t end = run(&e, i);

		if (unlikely(end == i)) {
			enum drop_reason why = esp_out_take(w, b, pkts, (uint16_t)i, extra);

			if (why != DROP_NONE)
				pkt_drop(pkts[i], why);
			end++;
		}
		i = end;
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
