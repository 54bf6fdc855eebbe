/* SPDX-License-Identifier: BSD-3-Clause */
/* turn.c - where in the pipeline packets wait for their turn (order.h), but for the end (tx.c). */
#include "dataplane/ipsec/spd.h"
#include "dataplane/order.h"
#include "dataplane/pipeline_impl.h"
#include "dataplane/spray.h"

uint16_t turn_take(struct worker *w, uint8_t port)
{
	uint64_t ticket = 0;

	if (w->spray && order_has_room(w->order))
		ticket = spray_ticket(w->spray, port);
	if (ticket == 0)
		return ORDER_NONE;
	return order_take_turn(w->order, spray_own_done(w->spray), ticket, w->now);
}

void turn_hold(struct worker *w, struct batch *b, enum pkt_verdict verdict)
{
	uint16_t n = 0;

	if (!w->order || !order_has_turns(w->order))
		return;
	for (uint16_t i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->pkts[i];
		struct pkt_meta *meta = pkt_meta(m);

		if (order_hold(w->order, w->tables->sad, meta->trim, m))
			meta->verdict = (uint8_t)verdict;
		else
			b->pkts[n++] = m;
	}
	b->n = n;
}

void turn_judge_again(struct worker *w, struct batch *b)
{
	for (uint16_t i = 0; i < b->n; i++)
		pkt_meta(b->pkts[i])->flags &= (uint8_t)~PKT_F_PROTECTED;
	if (b->n != 0)
		spd_out_burst(w, b->pkts, b->n);
}

void turn_send_late(struct worker *w)
{
	struct batch b;

	if (!w->order || order_waiting(w->order) == 0)
		return;
	tx_flush(w);
	while (order_next_late(w->order, w->tables->sad, w->now, b.pkts, &b.n)) {
		tx_burst_now(w, b.pkts, b.n);
		tx_flush(w);
	}
}
