/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * handover.c - packets from a worker to the manager, and what else is left of a batch.
 *
 * IKE has a ring of its own, which the manager serves first: a peer that asks whether we are there
 * is answered whatever else the workers cannot finish. The end of that ring is for hosts with an SA
 * alone, whatever strangers send. Of the other ring data takes no more than half: without ARP and
 * ND nothing is sent, IKE neither; and there IKE of ours waits for its neighbour.
 */
#include "dataplane/known.h"
#include "dataplane/net/punt.h"
#include "dataplane/pipeline_impl.h"

static bool hand_ike(struct worker *w, struct rte_mbuf *m)
{
	w->counters->punted++;
	if (rte_ring_free_count(w->ike) < rte_ring_get_capacity(w->ike) / 4 &&
	    !known_source(w->tables->known, m))
		return false;
	return rte_ring_sp_enqueue(w->ike, m) == 0;
}

static bool hand_other(struct worker *w, struct rte_mbuf *m, enum pkt_slow why)
{
	bool data = why == PKT_SLOW_ACQUIRE ||
		    (why == PKT_SLOW_NEIGH && !punt_is_injected(pkt_meta(m)));

	if (data && rte_ring_free_count(w->slow) <= rte_ring_get_capacity(w->slow) / 2)
		return false;
	return rte_ring_sp_enqueue(w->slow, m) == 0;
}

void handover(struct worker *w, struct rte_mbuf *m, enum pkt_slow why)
{
	pkt_meta(m)->reason = (uint8_t)why;
	if (why == PKT_SLOW_IKE ? hand_ike(w, m) : hand_other(w, m, why))
		return;
	if (why == PKT_SLOW_ACQUIRE)
		pkt_meta(m)->sa_slot = PKT_NO_SA; /* it was a policy's index */
	pipeline_drop(w, m, DROP_NET_SLOW_FULL);
}

void keep_forward(struct worker *w, struct batch *b, enum pkt_slow why)
{
	uint16_t n = 0;

	if (likely(batch_all_are(b->pkts, b->n, PKT_FORWARD)))
		return;

	for (uint16_t i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->pkts[i];
		const struct pkt_meta *meta = pkt_meta(m);

		if (meta->verdict == PKT_FORWARD)
			b->pkts[n++] = m;
		else if (meta->verdict == PKT_SLOW)
			handover(w, m, why);
		else
			pipeline_drop(w, m,
				      meta->verdict == PKT_DROP ? meta->reason : DROP_OUT_ERRORS);
	}
	b->n = n;
}
