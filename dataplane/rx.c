/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rx.c - the start of the pipeline: what a port has received.
 *
 * A queue that is not emptied overflows, and what finds no room in it is lost, whatever it is: of
 * twice as much as we can carry every second question of a peer whether we are there. So a pass
 * that has not seen a queue's end takes more than it will carry, and carries no more than the queue
 * holds: as much as that comes meanwhile.
 * What the gateway lives on (IKE, ARP, neighbour discovery) goes ahead of the rest, which waits
 * here in order, and what does not fit there is dropped as net-overload. That costs receiving and
 * dropping, and is bounded (may_look()): at least about half of the time goes into carrying,
 * however many ports are overloaded. Of what goes ahead strangers' IKE is at most half.
 */
#include <netinet/in.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include "dataplane/known.h"
#include "dataplane/net/ip4.h"
#include "dataplane/net/ip6.h"
#include "dataplane/net/parse.h"
#include "dataplane/net/port.h"
#include "dataplane/net/vlan.h"
#include "dataplane/pipeline_impl.h"
#include "dataplane/sample.h"

#define RX_FULL	    32u /* what some drivers give at most for one asking */
#define RX_LOOK	    3u	/* bursts received to carry one, however long it takes */
#define RX_LOOK_MAX 24u
#define RX_AHEAD    4u /* one packet in so many may go ahead: nobody's flood shuts data out */
#define RX_STRANGE  8u /* nor that of strangers the peers */
#define PREFETCHED  8u /* packets between the one looked at and that to be */
#define UDP_HEADER  8u
#define ND_FIRST    133u /* RFC 4861 section 4 */
#define ND_LAST	    137u
#define ND_HOPS	    255u /* RFC 4861 section 7.1: else it is from beyond the link */

static uint16_t receive(const struct worker *w, uint8_t port, struct rte_mbuf **pkts, uint16_t max)
{
	uint16_t n = 0, got;

	do {
		got = rte_eth_rx_burst(ports[port].ethdev, (uint16_t)w->index, pkts + n,
				       (uint16_t)(max - n));
		n = (uint16_t)(n + got);
	} while (got >= RX_FULL && n < max);
	return n;
}

static void count(struct worker *w, uint8_t port, struct rte_mbuf *const *pkts, uint16_t n)
{
	struct abi_port_counters *c = &w->port_counters[port];

	for (uint16_t i = 0; i < n; i++)
		c->rx_bytes += pkts[i]->pkt_len;
	c->rx_packets += n;
}

/* UDP of len bytes: IKE, and no ESP in UDP (RFC 3948 section 2.2)? */
static bool is_ike(const uint8_t *udp, uint32_t len)
{
	if (len < UDP_HEADER + 4)
		return false;
	switch (ip4_load16(udp + 2)) {
	case PARSE_PORT_IKE:
		return true;
	case PARSE_PORT_NATT:
		return ip4_load32(udp + UDP_HEADER) == 0;
	default:
		return false;
	}
}

static enum rx_rank rank_ike(const struct known *known, const uint8_t *src, uint32_t len)
{
	return known_addr(known, src, len) ? RX_URGENT : RX_STRANGERS;
}

static enum rx_rank rank_ip4(const struct known *known, const uint8_t *ip, uint32_t len)
{
	uint32_t header;

	if (len < IP4_HEADER || ip[9] != IPPROTO_UDP ||
	    (ip4_load16(ip + 6) & (IP4_FLAG_MF | IP4_OFFSET_MASK)) != 0)
		return RX_DATA;
	header = (ip[0] & 0x0fu) * 4;
	if (header < IP4_HEADER || header >= len || !is_ike(ip + header, len - header))
		return RX_DATA;
	return rank_ike(known, ip + 12, 4);
}

static enum rx_rank rank_ip6(const struct known *known, const uint8_t *ip, uint32_t len)
{
	uint8_t type;

	if (len <= IP6_HEADER)
		return RX_DATA;
	type = ip[IP6_HEADER];
	if (ip[6] == IPPROTO_ICMPV6)
		return ip[7] == ND_HOPS && type >= ND_FIRST && type <= ND_LAST ? RX_URGENT
									       : RX_DATA;
	if (ip[6] != IPPROTO_UDP || !is_ike(ip + IP6_HEADER, len - IP6_HEADER))
		return RX_DATA;
	return rank_ike(known, ip + IP6_OFF_SRC, 16);
}

enum rx_rank rx_rank(const struct known *known, const struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	uint32_t off = RTE_ETHER_HDR_LEN, len = m->data_len;
	uint16_t type;

	if (len < off + VLAN_TAG)
		return RX_DATA;
	type = ip4_load16(frame + 12);
	if (type == RTE_ETHER_TYPE_VLAN) {
		type = ip4_load16(frame + 16);
		off += VLAN_TAG;
	}
	switch (type) {
	case RTE_ETHER_TYPE_ARP:
		return RX_URGENT;
	case RTE_ETHER_TYPE_IPV4:
		return rank_ip4(known, frame + off, len - off);
	case RTE_ETHER_TYPE_IPV6:
		return rank_ip6(known, frame + off, len - off);
	default:
		return RX_DATA;
	}
}

static bool put(struct rx_backlog *b, struct rte_mbuf *m)
{
	if (b->n == RX_BACKLOG)
		return false;
	b->pkts[(b->first + b->n++) % RX_BACKLOG] = m;
	return true;
}

/* What found no room, as pipeline_drop() would; of so many only the last leave samples. */
static void drop(struct worker *w, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t unseen = n > ABI_SAMPLES ? (uint16_t)(n - ABI_SAMPLES) : 0;
	uint64_t *drops = &w->counters->drops[DROP_NET_OVERLOAD];

	*drops += unseen;
	for (uint16_t i = unseen; i < n; i++) {
		*pkt_meta(pkts[i]) = (struct pkt_meta){.in_port = port, .sa_slot = PKT_NO_SA};
		sample_take(w, pkts[i], DROP_NET_OVERLOAD);
		++*drops;
	}
	w->counters->rx_packets += n; /* what is carried is counted by the pass */
	rte_pktmbuf_free_bulk(pkts, n);
}

/* May a pass that began to look at "since" go on, having received that many packets to carry a
 * burst? It always looks at a few bursts, and at more for as long as packets were carried since the
 * last look at any port: at least half of the time goes into that, whatever comes. */
static bool may_look(const struct pipeline *p, uint64_t since, unsigned int looked,
		     unsigned int burst)
{
	return looked < RX_LOOK * burst ||
	       (looked < RX_LOOK_MAX * burst && p->clock() - since < since - p->carry);
}

/* What goes ahead in this pass. */
struct ahead {
	struct rte_mbuf **out;
	uint16_t n, strange;
	uint16_t most; /* packets carried */
};

/* The urgent of n received packets ahead, the rest behind what waits. */
static void sort_out(struct worker *w, uint8_t port, struct rte_mbuf **pkts, uint16_t n,
		     struct ahead *a)
{
	struct rx_backlog *b = &w->pipe->backlog[port];
	uint16_t over = 0;

	for (uint16_t i = 0; i < n; i++) {
		enum rx_rank rank = RX_DATA;

		if (i + PREFETCHED < n)
			rte_prefetch0(rte_pktmbuf_mtod(pkts[i + PREFETCHED], void *));
		if (a->n < a->most / RX_AHEAD)
			rank = rx_rank(w->tables->known, pkts[i]);
		if (rank == RX_URGENT ||
		    (rank == RX_STRANGERS && a->strange++ < a->most / RX_STRANGE))
			a->out[a->n++] = pkts[i];
		else if (!put(b, pkts[i]))
			pkts[over++] = pkts[i];
	}
	drop(w, port, pkts, over);
}

/* More than will be carried: the n packets that have come, and what the queue has besides. */
static void look_ahead(struct worker *w, uint8_t port, uint16_t n, uint64_t since, struct ahead *a)
{
	struct rte_mbuf *pkts[WORKER_BURST];
	unsigned int looked = 0;

	memcpy(pkts, a->out, n * sizeof(pkts[0]));
	for (;;) {
		sort_out(w, port, pkts, n, a);
		looked += n;
		if (n < ports[port].full || !may_look(w->pipe, since, looked, a->most))
			break;
		n = receive(w, port, pkts, WORKER_BURST);
		count(w, port, pkts, n);
	}
	w->pipe->carry = w->pipe->clock();
}

uint16_t rx_burst(struct worker *w, uint8_t port, struct rte_mbuf **pkts)
{
	struct rx_backlog *b = &w->pipe->backlog[port];
	struct ahead a = {.out = pkts, .most = ports[port].full};
	uint64_t since = unlikely(b->n != 0) ? w->pipe->clock() : 0;
	uint16_t n = receive(w, port, pkts, WORKER_BURST);

	count(w, port, pkts, n);
	if (likely(b->n == 0)) {
		bool pressed = b->pressed;

		b->pressed = n >= a.most;
		if (!b->pressed)
			return n;
		since = w->pipe->clock();
		if (!pressed) /* what was before is no time for this */
			w->pipe->carry = since;
	}
	look_ahead(w, port, n, since, &a);
	for (; a.n < a.most && b->n != 0; b->n--) {
		pkts[a.n++] = b->pkts[b->first];
		b->first = (uint16_t)((b->first + 1) % RX_BACKLOG);
	}
	return a.n;
}

void rx_clear(struct rx_backlog *b)
{
	for (; b->n != 0; b->n--, b->first = (uint16_t)((b->first + 1) % RX_BACKLOG))
		rte_pktmbuf_free(b->pkts[b->first]);
}
