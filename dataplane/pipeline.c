/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pipeline.c - wires the stages as pipeline.h draws them.
 *
 * A pass takes at most WORKER_BURST packets. Every packet is in exactly one batch at any time, and
 * stages make no packets of their own but through the bounded re-entry list (and frag_burst(), into
 * its own array), so no batch can overflow. Order within a flow is kept: batches are filled in
 * order and never sorted.
 */
#include "dataplane/pipeline.h"

#include <stdbool.h>

#include <rte_ethdev.h>

#include "dataplane/ipsec/esp.h"
#include "dataplane/ipsec/spd.h"
#include "dataplane/net/frag.h"
#include "dataplane/net/icmp.h"
#include "dataplane/net/neigh.h"
#include "dataplane/net/parse.h"
#include "dataplane/net/port.h"
#include "dataplane/net/reasm.h"
#include "dataplane/net/route.h"
#include "dataplane/net/way.h"
#include "dataplane/order.h"
#include "dataplane/pipeline_impl.h"
#include "dataplane/sample.h"
#include "dataplane/spray.h"
#include "dataplane/stages.h"

#define REENTER_ROUNDS 4 /* an ICMP error, its fragments; what is left waits for the next pass */
#define FRAG_ROOM      (4 * WORKER_BURST) /* pieces a burst may fall into */

/* Where the packets of one pass wait for their next stage. */
struct lanes {
	struct batch esp_in;
	struct batch local;
	struct batch forward;
	struct batch pieces; /* fragments that are needed whole */
};

void pipeline_drop(struct worker *w, struct rte_mbuf *m, enum drop_reason reason)
{
	uint32_t sa = pkt_meta(m)->sa_slot;

	if (reason == DROP_NONE || reason >= DROP_MAX)
		reason = DROP_IN_ERRORS;
	sample_take(w, m, reason);
	w->counters->drops[reason]++;
	if (reason <= DROP_IPSEC_LAST && sa < w->max_sas)
		worker_count_sa_drop(w, sa, reason);
	rte_pktmbuf_free(m);
}

/* --- from "forward" to the wire --- */

static void address_and_send(struct worker *w, struct batch *b)
{
	uint64_t t = stage_start(w);

	neigh_burst(w, b->pkts, b->n);
	stage_end(w, STAGE_NEIGH, t, b->n);
	keep_forward(w, b, PKT_SLOW_NEIGH);
	tx_burst(w, b->pkts, b->n);
}

/* At least one packet is larger than its port's MTU. */
static void split_and_send(struct worker *w, struct batch *b)
{
	struct rte_mbuf *pieces[FRAG_ROOM];
	struct batch some;
	uint16_t n = frag_burst(w, b->pkts, b->n, pieces, FRAG_ROOM);

	for (uint16_t i = 0; i < n; i = (uint16_t)(i + WORKER_BURST)) {
		some.n = RTE_MIN((uint16_t)(n - i), (uint16_t)WORKER_BURST);
		memcpy(some.pkts, &pieces[i], some.n * sizeof(some.pkts[0]));
		keep_forward(w, &some, PKT_SLOW_NEIGH);
		address_and_send(w, &some);
	}
}

static void route_and_send(struct worker *w, struct batch *b)
{
	uint64_t t = stage_start(w);

	if (b->n == 0)
		return;
	route_burst(w, b->pkts, b->n);
	stage_end(w, STAGE_ROUTE, t, b->n);
	keep_forward(w, b, PKT_SLOW_NEIGH);
	if (likely(frag_all_fit(b->pkts, b->n) && !w->split6)) {
		address_and_send(w, b);
	} else { /* a burst has room for its packets, not for their pieces */
		turn_hold(w, b, PKT_FORWARD);
		split_and_send(w, b);
	}
	b->n = 0;
}

static bool find_ways(struct worker *w, struct batch *b)
{
	uint64_t t = stage_start(w);
	bool found = way_burst(w, b->pkts, b->n);

	/* Those that have none ask once more, and are counted then. */
	stage_end(w, STAGE_ROUTE, t, found ? b->n : 0);
	return found;
}

/* Mostly they know their way. If not all do, all ask, so that none overtakes another. */
static void send_sealed(struct worker *w, struct batch *b)
{
	if (b->n == 0)
		return;
	if (likely(batch_all_are(b->pkts, b->n, PKT_SEND)) || find_ways(w, b)) {
		tx_burst(w, b->pkts, b->n);
		return;
	}
	for (uint16_t i = 0; i < b->n; i++) {
		struct pkt_meta *meta = pkt_meta(b->pkts[i]);

		if (meta->verdict == PKT_SEND)
			meta->verdict = PKT_FORWARD;
	}
	keep_forward(w, b, PKT_SLOW_ACQUIRE);
	route_and_send(w, b);
}

/* What the policies have spoken about. */
static void outbound(struct worker *w, struct batch *b)
{
	struct batch clear, protect;

	clear.n = protect.n = 0;
	keep_forward(w, b, PKT_SLOW_ACQUIRE);
	for (uint16_t i = 0; i < b->n; i++)
		batch_push((pkt_meta(b->pkts[i])->flags & PKT_F_PROTECTED) ? &protect : &clear,
			   b->pkts[i]);
	turn_hold(w, &protect, PKT_FORWARD);
	if (protect.n != 0) {
		turn_send_late(w);
		esp_out_burst(w, protect.pkts, protect.n);
		turn_send_late(w);
	}
	route_and_send(w, &clear);
	send_sealed(w, &protect);
	b->n = 0;
}

/* RFC 4301 section 5.2: what came in clear must not match a policy that protects it. */
static void check_clear(struct worker *w, struct batch *b)
{
	struct batch clear;

	clear.n = 0;
	for (uint16_t i = 0; i < b->n; i++)
		if (!(pkt_meta(b->pkts[i])->flags & (PKT_F_FROM_SA | PKT_F_ORIGIN)))
			batch_push(&clear, b->pkts[i]);
	if (clear.n != 0)
		spd_in_burst(w, clear.pkts, clear.n);
}

/* Policies look at ports, which only the first piece of a packet shows (RFC 4301 section 7). */
static void make_whole(struct worker *w, struct batch *b)
{
	struct batch pieces;
	uint16_t n = 0;

	pieces.n = 0;
	for (uint16_t i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->pkts[i];
		uint8_t flags = pkt_meta(m)->flags;

		if ((flags & (PKT_F_FRAGMENT | PKT_F_ORIGIN)) == PKT_F_FRAGMENT)
			batch_push(&pieces, m);
		else
			b->pkts[n++] = m;
	}
	b->n = n;
	turn_hold(w, &pieces, PKT_REASSEMBLE);
	if (pieces.n == 0)
		return;
	pieces.n = reasm_burst(w, pieces.pkts, pieces.n);
	esp_in_whole(w, pieces.pkts, pieces.n);
	for (uint16_t i = 0; i < pieces.n; i++)
		batch_push(b, pieces.pkts[i]);
	keep_forward(w, b, PKT_SLOW_NEIGH);
}

static void forward(struct worker *w, struct batch *b)
{
	uint64_t t;

	if (unlikely(spd_selects_ports(w)))
		make_whole(w, b);
	if (b->n == 0)
		return;
	t = stage_start(w);
	ttl_burst(w, b->pkts, b->n);
	stage_end(w, STAGE_TTL, t, b->n);
	keep_forward(w, b, PKT_SLOW_NEIGH);
	t = stage_start(w);
	spd_transit_burst(w, b->pkts, b->n);
	stage_end(w, STAGE_SPD, t, b->n);
	outbound(w, b);
}

/* --- from the wire to "forward" --- */

/* A burst is mostly of one kind. */
static bool sort_alike(struct lanes *l, struct rte_mbuf **pkts, uint16_t n)
{
	uint8_t verdict = pkt_meta(pkts[0])->verdict;
	struct batch *to = verdict == PKT_ESP_IN ? &l->esp_in : &l->forward;

	if ((verdict != PKT_ESP_IN && verdict != PKT_FORWARD) || !batch_all_are(pkts, n, verdict))
		return false;
	memcpy(&to->pkts[to->n], pkts, n * sizeof(*pkts));
	to->n = (uint16_t)(to->n + n);
	return true;
}

static void sort(struct worker *w, struct lanes *l, struct rte_mbuf **pkts, uint16_t n)
{
	if (n == 0 || sort_alike(l, pkts, n))
		return;
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];
		const struct pkt_meta *meta = pkt_meta(m);

		switch (meta->verdict) {
		case PKT_ESP_IN:
			batch_push(&l->esp_in, m);
			break;
		case PKT_LOCAL:
			batch_push(&l->local, m);
			break;
		case PKT_FORWARD:
			batch_push(&l->forward, m);
			break;
		case PKT_REASSEMBLE:
			batch_push(&l->pieces, m);
			break;
		case PKT_PUNT:
			handover(w, m, PKT_SLOW_IKE);
			break;
		case PKT_SLOW:
			handover(w, m, local_slow_kind(meta));
			break;
		default:
			if (meta->reason != DROP_IN_NO_STATES || !early_keep(w, m))
				pipeline_drop(w, m, meta->reason);
			break;
		}
	}
}

static void decrypt_batch(struct worker *w, struct lanes *l, struct rte_mbuf **pkts, uint16_t n)
{
	turn_send_late(w);
	esp_in_burst(w, pkts, n);
	turn_send_late(w);
	sort(w, l, pkts, n);
	/* A tunnel inside a tunnel ends here: one level of ESP is all a policy can ask for. */
	for (uint16_t i = 0; i < l->esp_in.n; i++)
		pipeline_drop(w, l->esp_in.pkts[i], DROP_IN_TEMPLATE_MISMATCHES);
	l->esp_in.n = 0;
}

static void decrypt(struct worker *w, struct lanes *l)
{
	struct rte_mbuf *pkts[WORKER_BURST];
	uint16_t n = l->esp_in.n;

	if (n == 0)
		return;
	memcpy(pkts, l->esp_in.pkts, n * sizeof(pkts[0]));
	l->esp_in.n = 0;
	decrypt_batch(w, l, pkts, n);
}

/* The same for a burst that has a turn: what it forwards, decrypted or in clear, leaves then. */
static void decrypt_in_turn(struct worker *w, struct lanes *l, uint16_t turn)
{
	decrypt(w, l);
	for (uint16_t i = 0; i < l->forward.n; i++)
		pkt_meta(l->forward.pkts[i])->trim = turn;
}

/* Packets that may leave in a turn? */
static bool has_any(const struct lanes *l)
{
	return (l->esp_in.n | l->forward.n) != 0;
}

/* Fragments to whole packets, which go where they would have gone at once. */
static void gather(struct worker *w, struct lanes *l)
{
	struct batch b;

	if (likely(l->pieces.n == 0))
		return;
	b.n = reasm_burst(w, l->pieces.pkts, l->pieces.n);
	memcpy(b.pkts, l->pieces.pkts, b.n * sizeof(b.pkts[0]));
	l->pieces.n = 0;
	esp_in_whole(w, b.pkts, b.n);
	sort(w, l, b.pkts, b.n);
}

/* To our own addresses: the clear ones pass the same check as transit; an answer goes forward. */
static void local(struct worker *w, struct lanes *l)
{
	struct batch b;

	if (l->local.n == 0)
		return;
	b.n = 0;
	check_clear(w, &l->local);
	for (uint16_t i = 0; i < l->local.n; i++) {
		struct rte_mbuf *m = l->local.pkts[i];

		if (pkt_meta(m)->verdict == PKT_LOCAL)
			batch_push(&b, m);
		else
			pipeline_drop(w, m, pkt_meta(m)->reason);
	}
	l->local.n = 0;
	local_burst(w, b.pkts, b.n);
	sort(w, l, b.pkts, b.n);
	for (uint16_t i = 0; i < l->local.n; i++)
		pipeline_drop(w, l->local.pkts[i], DROP_NET_LOCAL);
	l->local.n = 0;
}

static void reenter_all(struct worker *w)
{
	struct pipeline *p = w->pipe;
	struct batch b, sealed;

	for (unsigned int round = 0; round < REENTER_ROUNDS && p->n_reenter != 0; round++) {
		uint16_t n = p->n_reenter, left = n;
		struct rte_mbuf *all[REENTER_MAX];

		memcpy(all, p->reenter, n * sizeof(all[0]));
		p->n_reenter = 0;
		while (left != 0) {
			b.n = sealed.n = 0;
			for (unsigned int i = 0; i < WORKER_BURST && left != 0; i++, left--) {
				struct rte_mbuf *m = all[n - left];

				batch_push(pkt_meta(m)->flags & PKT_F_PROTECTED ? &sealed : &b, m);
			}
			forward(w, &b);
			route_and_send(w, &sealed);
		}
	}
}

/* What is in the lanes behind decryption, through the rest. */
static void finish_lanes(struct worker *w, struct lanes *l)
{
	gather(w, l);
	local(w, l);
	forward(w, &l->forward);
	reenter_all(w);
}

static void run_lanes(struct worker *w, struct lanes *l, uint16_t turn)
{
	if (turn == ORDER_NONE)
		decrypt(w, l);
	else
		decrypt_in_turn(w, l, turn);
	finish_lanes(w, l);
}

/* ESP that came before its SA; or fragments that others have handed over. Not both in one pass: a
 * batch holds one burst. */
static void tend(struct worker *w, bool early)
{
	struct lanes l;

	l.esp_in.n = l.local.n = l.forward.n = l.pieces.n = 0;
	if (early)
		l.esp_in.n = early_take(w, l.esp_in.pkts);
	else
		l.pieces.n = reasm_handed(w, l.pieces.pkts);
	if ((l.pieces.n | l.esp_in.n) == 0)
		return;
	gather(w, &l);
	run_lanes(w, &l, has_any(&l) ? turn_take(w, SPRAY_ANY_PORT) : ORDER_NONE);
}

/* The SA of packets that wait may have come since the last look at them: not this burst first,
 * which would shut them out of a narrow window. */
static void go_behind(struct worker *w, struct lanes *l)
{
	tend(w, true);
	l->esp_in.n = early_follow(w, l->esp_in.pkts, l->esp_in.n);
}

static void run(struct worker *w, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	struct lanes l;
	uint64_t t = stage_start(w);

	if (unlikely(t != 0))
		stages_received(w, n);
	if (w->spray) {
		spray_received(w->spray, n >= ports[port].full);
		if (w->pipe->early.n == 0 && spray_give(w->spray, port, pkts, n))
			return;
	}
	l.esp_in.n = l.local.n = l.forward.n = l.pieces.n = 0;
	w->split6 = false;
	t = stage_start(w);
	parse_burst(w, port, pkts, n);
	stage_end(w, STAGE_PARSE, t, n);
	sort(w, &l, pkts, n);
	gather(w, &l);
	if (unlikely(w->pipe->early.n != 0 && l.esp_in.n != 0))
		go_behind(w, &l);
	if (w->spray)
		spray_kept(w->spray, port, n, l.esp_in.n);
	run_lanes(w, &l, has_any(&l) ? turn_take(w, port) : ORDER_NONE);
}

/* What was held goes on: pieces before they were put together, packets to be sealed, to be split.
 */
static void resume(struct worker *w, struct batch *b)
{
	struct batch pieces, protect, large;

	pieces.n = protect.n = large.n = 0;
	for (uint16_t i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->pkts[i];
		struct pkt_meta *meta = pkt_meta(m);

		if (meta->verdict == PKT_REASSEMBLE)
			batch_push(&pieces, m);
		else
			batch_push(meta->flags & PKT_F_PROTECTED ? &protect : &large, m);
		meta->verdict = PKT_FORWARD;
		w->split6 |= (meta->flags & (PKT_F_IPV6 | PKT_F_DF)) == PKT_F_IPV6;
	}
	forward(w, &pieces);
	turn_judge_again(w, &protect);
	outbound(w, &protect);
	route_and_send(w, &large);
	reenter_all(w);
}

static void flush(struct worker *w)
{
	enum order_next next;
	struct batch b;

	tx_flush(w);
	while (w->order && (next = order_next(w->order, w->tables->sad, w->now, b.pkts, &b.n)) !=
				   ORDER_NOTHING) {
		if (next == ORDER_HELD) {
			resume(w, &b);
		} else {
			tx_burst_now(w, b.pkts, b.n);
		}
		tx_flush(w);
	}
}

uint16_t pipeline_help(struct worker *w)
{
	struct spray_burst b;
	struct lanes l;
	uint64_t t;

	if (!w->spray || !order_has_room(w->order) ||
	    !spray_take(w->spray, order_busy(w->order), &b))
		return 0;
	l.esp_in.n = l.local.n = l.forward.n = l.pieces.n = 0;
	w->split6 = false;
	t = stage_start(w);
	if (b.from == w->index)
		parse_burst(w, b.port, b.pkts, b.n);
	else
		parse_taken(w, b.port, b.pkts, b.n);
	stage_end(w, STAGE_PARSE, t, b.n);
	sort(w, &l, b.pkts, b.n);
	gather(w, &l);
	run_lanes(w, &l, order_take_turn(w->order, spray_done(w->spray, &b), b.ticket, w->now));
	flush(w);
	return b.n;
}

void pipeline_input(struct worker *w, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	while (n != 0) {
		uint16_t now = RTE_MIN(n, (uint16_t)WORKER_BURST);

		run(w, port, pkts, now);
		pkts += now;
		n = (uint16_t)(n - now);
	}
	flush(w);
}

void pipeline_route(struct worker *w, struct rte_mbuf *m)
{
	struct pipeline *p = w->pipe;

	if (p->n_reenter == REENTER_MAX)
		pipeline_drop(w, m, DROP_NET_NO_BUFFER);
	else
		p->reenter[p->n_reenter++] = m;
}

void pipeline_reenter(struct worker *w, struct rte_mbuf *m)
{
	enum drop_reason why = reenter_parse(w, m);

	if (why == DROP_NONE)
		pipeline_route(w, m);
	else
		pipeline_drop(w, m, why);
}

/* --- one poll --- */

static void take_replies(struct worker *w)
{
	struct rte_mbuf *pkts[WORKER_BURST];
	struct batch out, ike;
	unsigned int n = rte_ring_sc_dequeue_burst(w->reply, (void **)pkts, WORKER_BURST, NULL);

	out.n = ike.n = 0;
	for (unsigned int i = 0; i < n; i++) {
		uint8_t verdict = pkt_meta(pkts[i])->verdict;

		pkt_meta(pkts[i])->verdict = PKT_FORWARD;
		pkt_meta(pkts[i])->trim = ORDER_NONE; /* that was before */
		if (verdict == PKT_FORWARD)
			batch_push(&out, pkts[i]);
		else if (verdict == PKT_PUNT)
			batch_push(&ike, pkts[i]);
		else
			tx_burst_now(w, &pkts[i], 1);
	}
	if (out.n != 0) {
		spd_out_burst(w, out.pkts, out.n);
		outbound(w, &out);
	}
	route_and_send(w, &ike);
}

uint16_t pipeline_poll(struct worker *w)
{
	struct rte_mbuf *pkts[WORKER_BURST];
	uint32_t received = 0;
	bool full = false;

	if (w->order && order_busy(w->order)) {
		flush(w);
		return pipeline_help(w);
	}
	if (!rte_ring_empty(w->reply)) /* they waited for a neighbour: older than what comes now */
		take_replies(w);
	if (w->pipe->early.n != 0) { /* older, too: of a narrow window a new burst shuts them out */
		tend(w, true);
		if (w->order)
			flush(w);
	}
	for (uint8_t i = 0; i < n_ports; i++) {
		uint16_t n;

		if (w->index >= ports[i].rx_queues)
			continue;
		n = rx_burst(w, i, pkts);
		if (n == 0)
			continue;
		run(w, i, pkts, n);
		if (w->order)
			flush(w); /* order.h says why */
		received += n;
		full |= n >= ports[i].full;
	}
	tend(w, false);
	reasm_expire(w);
	if (w->pipe->n_reenter != 0)
		reenter_all(w);
	flush(w);
	w->counters->rx_packets += received;
	if (w->spray) {
		spray_polled(w->spray, (uint16_t)received);
		if (received < WORKER_BURST && !full)
			received += pipeline_help(w);
	}
	return (uint16_t)received;
}
