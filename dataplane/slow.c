/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * slow.c - packets that a worker could not finish: ARP, ND, unknown neighbours, PROTECT policies
 * without an SA, IKE; and IKE from control on its way out.
 */
#include <string.h>

#include <rte_byteorder.h>

#include "dataplane/ipsec/pmtu.h"
#include "dataplane/ipsec/sad.h"
#include "dataplane/known.h"
#include "dataplane/log.h"
#include "dataplane/manager.h"
#include "dataplane/net/echo.h"
#include "dataplane/net/ip6.h"
#include "dataplane/net/punt.h"
#include "dataplane/net/unreach.h"
#include "dataplane/pipeline.h"

#define RESERVED_IKE   64u /* slots of a reply ring */
#define RESERVED_NEIGH 64u

/* As arp_make() and nd_make() leave it: there is nothing in it that was parsed. */
static bool is_neigh(const struct pkt_meta *meta)
{
	return meta->verdict == PKT_SLOW && meta->l3_off == 0;
}

/* Slots of a reply ring that are not for that packet: IKE may have all, ARP and ND all but those
 * for IKE. What waited for a neighbour has no more than other data. */
static unsigned int reserved(const struct pkt_meta *meta)
{
	if (meta->verdict == PKT_PUNT || punt_is_injected(meta))
		return 0;
	return is_neigh(meta) ? RESERVED_IKE : RESERVED_IKE + RESERVED_NEIGH;
}

void slow_reply(struct manager *m, struct rte_mbuf *p, enum pkt_verdict verdict)
{
	struct rte_ring *reply = m->s.workers[0]->reply;

	pkt_meta(p)->verdict = (uint8_t)verdict;
	if (rte_ring_free_count(reply) <= reserved(pkt_meta(p)) ||
	    rte_ring_sp_enqueue(reply, p) != 0)
		manager_drop(m, p, DROP_NET_SLOW_FULL);
}

/* --- callbacks of neigh and hold --- */

static void neigh_send(void *ctx, struct rte_mbuf *p)
{
	slow_reply(ctx, p, PKT_SLOW); /* finished: as it stands */
}

static void held_release(void *ctx, struct rte_mbuf *p)
{
	slow_reply(ctx, p, PKT_FORWARD);
}

static void drop(void *ctx, struct rte_mbuf *p, enum drop_reason reason)
{
	manager_drop(ctx, p, reason);
}

void slow_init(struct manager *m)
{
	m->neigh_io = (struct neigh_io){.send = neigh_send,
					.drop = drop,
					.pool = m->s.pool,
					.fib = m->s.tables->fib,
					.fib6 = m->s.tables->fib6,
					.dad = m->dad,
					.ctx = m};
	m->hold.drop = drop;
	m->hold.release = held_release;
	m->hold.ctx = m;
}

/* --- slow rings --- */

static struct abi_addr addr4(uint32_t ip)
{
	rte_be32_t be = rte_cpu_to_be_32(ip);
	struct abi_addr a = {.family = 4};

	memcpy(a.bytes, &be, sizeof(be));
	return a;
}

/* One of the addresses of a packet, which is at off in its header. */
static struct abi_addr addr6(struct rte_mbuf *p, unsigned int off)
{
	struct abi_addr a = {.family = 6};

	memcpy(a.bytes, pkt_l3(p) + off, sizeof(a.bytes));
	return a;
}

static void acquire(struct manager *m, struct rte_mbuf *p)
{
	struct pkt_meta *meta = pkt_meta(p);
	uint32_t index = meta->sa_slot;
	struct abi_ev_acquire ev = {
		.msg = {.type = ABI_EV_ACQUIRE, .length = sizeof(ev)},
		.protocol = meta->proto,
		.src_port = meta->src_port,
		.dst_port = meta->dst_port,
		.src = addr4(meta->src),
		.dst = addr4(meta->dst),
	};

	if (meta->flags & PKT_F_IPV6) {
		ev.src = addr6(p, IP6_OFF_SRC);
		ev.dst = addr6(p, IP6_OFF_DST);
	}
	meta->sa_slot = PKT_NO_SA; /* it was no SA's but the policy's index */
	/* The policy may have gone while the packet was in the ring. */
	if (index >= m->policies.max || m->policies.id[index] == 0) {
		manager_drop(m, p, DROP_OUT_POLICY_DEAD);
		return;
	}
	ev.policy_id = m->policies.id[index];
	if (hold_put(&m->hold, index, p, m->now))
		segment_event(m->s.segment, &ev, sizeof(ev));
}

/* The end of the punt ring is for hosts with an SA, whatever strangers send. */
static bool has_room(struct manager *m, const struct rte_mbuf *p)
{
	struct abi_ring_view *ring = &m->s.segment->punt;

	return abi_ring_avail(ring) > (int64_t)ring->slots / 4 ||
	       known_source(m->s.tables->known, p);
}

static void punt(struct manager *m, struct rte_mbuf *p)
{
	struct abi_packet record;
	enum drop_reason why = punt_from_mbuf(p, &record);

	if (why == DROP_NONE && !has_room(m, p))
		why = DROP_NET_PUNT_FULL;
	if (why == DROP_NONE &&
	    abi_ring_put(&m->s.segment->punt, &record, ABI_PACKET_FIXED + record.data_len) != 0)
		why = DROP_NET_PUNT_FULL;
	if (why != DROP_NONE)
		manager_drop(m, p, why);
	else
		rte_pktmbuf_free(p);
}

static void unreachable(struct manager *m, struct rte_mbuf *p)
{
	struct abi_packet record;
	enum drop_reason why = DROP_NET_CONSUMED;

	if (!unreach_read(p, &record))
		why = DROP_NET_LOCAL;
	else if (abi_ring_put(&m->s.segment->punt, &record, record.msg.length) != 0)
		why = DROP_NET_PUNT_FULL;
	manager_drop(m, p, why);
}

/* A full ring loses it: control sends again. */
static void echo(struct manager *m, struct rte_mbuf *p)
{
	struct abi_packet record;
	enum drop_reason why = DROP_NET_CONSUMED;

	if (!echo_read(p, &record))
		why = DROP_NET_LOCAL;
	else if (abi_ring_put(&m->s.segment->punt, &record, record.msg.length) != 0)
		why = DROP_NET_PUNT_FULL;
	if (echo_is_notice(pkt_meta(p)))
		rte_pktmbuf_free(p); /* a copy: what it says was no packet's end */
	else
		manager_drop(m, p, why);
}

/* The SAs' own MTUs follow at their next tick. */
static void too_big(struct manager *m, struct rte_mbuf *p)
{
	bool known = false;
	struct quote q;

	if (quote_read(p, &q))
		pmtu_learn(m->pmtu, m->s.tables->sad, &q, manager_port_mtu(m, q.family, q.remote),
			   m->now, &known);
	manager_drop(m, p, known ? DROP_NET_CONSUMED : DROP_NET_PMTU);
}

static void one(struct manager *m, struct rte_mbuf *p)
{
	struct pkt_meta *meta = pkt_meta(p);
	uint8_t why = meta->reason;

	meta->reason = DROP_NONE;
	switch (why) {
	case PKT_SLOW_ARP:
		neigh_arp_input(m->s.tables->neigh, &m->neigh_io, p, m->now);
		break;
	case PKT_SLOW_ND:
		neigh_nd_input(m->s.tables->neigh6, &m->neigh_io, p, m->now);
		break;
	case PKT_SLOW_NEIGH:
		neigh_hold(meta->flags & PKT_F_IPV6 ? m->s.tables->neigh6 : m->s.tables->neigh,
			   &m->neigh_io, p, m->now);
		break;
	case PKT_SLOW_ACQUIRE:
		acquire(m, p);
		break;
	case PKT_SLOW_IKE:
		punt(m, p);
		break;
	case PKT_SLOW_UNREACH:
		unreachable(m, p);
		break;
	case PKT_SLOW_ECHO:
		echo(m, p);
		break;
	case PKT_SLOW_PMTU:
		too_big(m, p);
		break;
	default:
		manager_drop(m, p, DROP_IN_ERRORS);
		break;
	}
}

static unsigned int take(struct manager *m, struct rte_ring *r)
{
	struct rte_mbuf *pkts[MANAGER_BATCH];
	unsigned int n = rte_ring_sc_dequeue_burst(r, (void **)pkts, MANAGER_BATCH, NULL);

	for (unsigned int i = 0; i < n; i++)
		one(m, pkts[i]);
	return n;
}

unsigned int slow_poll(struct manager *m)
{
	unsigned int total = 0;

	for (unsigned int w = 0; w < m->s.n_workers; w++)
		total += take(m, m->s.workers[w]->ike);
	for (unsigned int w = 0; w < m->s.n_workers; w++)
		total += take(m, m->s.workers[w]->slow);
	return total;
}

/* --- inject ring --- */

static void inject(struct manager *m, const struct abi_packet *record)
{
	struct rte_mbuf *p;

	if (record->data_len > sizeof(record->data) ||
	    record->msg.length != ABI_PACKET_FIXED + record->data_len) {
		m->self.counters->drops[DROP_OUT_ERRORS]++;
		return;
	}
	p = record->msg.type == ABI_PACKET_ECHO
		    ? echo_to_mbuf(record, m->s.tables->fib, m->s.pool)
		    : punt_to_mbuf(record, m->s.tables->fib, m->s.tables->fib6, m->s.pool);
	if (!p) {
		m->self.counters->drops[DROP_OUT_ERRORS]++;
		return;
	}
	/* IKE from route on, never through the SPD. */
	slow_reply(m, p, record->msg.type == ABI_PACKET_ECHO ? PKT_FORWARD : PKT_PUNT);
}

unsigned int slow_poll_inject(struct manager *m)
{
	struct abi_packet record;
	unsigned int n;
	int ret = 0;

	for (n = 0; n < MANAGER_BATCH; n++) {
		ret = abi_ring_get(&m->s.segment->inject, &record);
		if (ret <= 0)
			break;
		inject(m, &record);
	}
	if (ret < 0 && !m->inject_fault)
		log_error(
			"inject ring: control wrote an impossible index; no IKE is sent any more, "
			"traffic goes on");
	m->inject_fault |= ret < 0;
	return n;
}

/* --- held packets --- */

void slow_release(struct manager *m, uint32_t policy)
{
	const struct sa *sa;

	if (m->hold.n == 0 || policy >= m->hold.max_policies)
		return;
	sa = sad_lookup_out(m->s.tables->sad, policy);
	if (sa && sa_state(sa) == SA_LIVE)
		hold_release(&m->hold, policy);
}

void slow_tick(struct manager *m)
{
	const struct hold_entry *e, *next;

	hold_expire(&m->hold, m->now);
	for (e = TAILQ_FIRST(&m->hold.by_age); e; e = next) {
		unsigned int before = m->hold.n;

		next = TAILQ_NEXT(e, by_age);
		slow_release(m, e->policy);
		if (m->hold.n != before) /* e and others of its policy are gone */
			next = TAILQ_FIRST(&m->hold.by_age);
	}
}
