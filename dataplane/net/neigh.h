/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * neigh.h - neighbours: of IPv4 by ARP (RFC 826), of IPv6 by neighbour discovery (RFC 4861), in a
 * table each, so that a scan of one does not take the other's. The manager writes, the workers
 * read. A worker that finds no entry gives the packet to the manager (PKT_SLOW), who holds a few
 * per next hop, asks, and sends them back when the answer comes.
 */
#ifndef ESPGW_NET_NEIGH_H
#define ESPGW_NET_NEIGH_H

#include "dataplane/worker.h"

struct dad; /* dataplane/net/dad.h */

#define NEIGH_MAX	  1024u
#define NEIGH_ASKED_MAX	  512u /* of them unanswered at a time: a scan must not take the table */
#define NEIGH_HOLD	  16u /* packets held per next hop; the oldest goes first, but no IKE for data */
#define NEIGH_HOLD_TOTAL  1024u /* and over all of them: a scan must not take the packet pool */
#define NEIGH_REACHABLE_S 30u	/* then asked again, unicast, while still used */
#define NEIGH_TRIES	  4u	/* one a second, then the entry and its packets go */
#define NEIGH_FAILED_S	  3u	/* for so long nobody asks again */
#define NEIGH_LOCK_S	  1u	/* a MAC just confirmed is not replaced by another */

struct neigh *neigh_create(int socket);
/** The packets still held must have been given back before, by neigh_flush(). */
void neigh_free(struct neigh *t);

/**
 * Stage: write the Ethernet header from out_port and next_hop; unknown neighbour: PKT_SLOW; one
 * that just failed to answer: ICMP host unreachable and net-no-neighbour. IPv6 packets are looked
 * for in w->tables->neigh6.
 */
void neigh_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

/* The manager's side. send() takes an mbuf whose meta has out_port set and Ethernet header written
 * (verdict PKT_LOCAL: as it stands); drop() takes one that is done with. */
struct neigh_io {
	void (*send)(void *ctx, struct rte_mbuf *m);
	void (*drop)(void *ctx, struct rte_mbuf *m, enum drop_reason reason);
	struct rte_mempool *pool;
	const struct fib *fib;	 /* of the current generation; NULL: no addresses yet */
	const struct fib6 *fib6; /* the same; NULL: no IPv6 */
	struct dad *dad;	 /* which of our IPv6 addresses are in use; NULL: all */
	void *ctx;
};

/** A packet whose next hop is not known: hold it and ask. Takes it. t is the table of its family;
 * the next hop of an IPv6 packet is found again, by today's routes. */
void neigh_hold(struct neigh *t, const struct neigh_io *io, struct rte_mbuf *m, uint64_t now);
/**
 * An ARP packet that came in on meta->in_port: learn, answer. Takes it. Learnt is only a sender on
 * the link of that port that asks for our address or that we know or have asked for; never one that
 * uses an address of ours. Answered are requests for an address of that very port. What is none of
 * these is dropped as net-arp, the rest as net-consumed.
 */
void neigh_arp_input(struct neigh *t, const struct neigh_io *io, struct rte_mbuf *m, uint64_t now);
/**
 * A neighbour solicitation or advertisement that came in on meta->in_port, as parse passed it:
 * learn, answer, and notice who uses an address of ours. Takes it. Learnt is only who solicits an
 * address of ours on this link, or whom we know or have asked for. What is none of these is dropped
 * as net-nd, the rest as net-consumed. t is the table of IPv6.
 */
void neigh_nd_input(struct neigh *t, const struct neigh_io *io, struct rte_mbuf *m, uint64_t now);
/** Ask again, age, give up, forget what is no longer on a link. Call about every 100 ms. */
void neigh_tick(struct neigh *t, const struct neigh_io *io, uint64_t now);
/** Announce our own addresses (gratuitous ARP) after a change of addresses or link. */
void neigh_announce(struct neigh *t, const struct neigh_io *io);
/** Forget who is behind a port: its link is down, another network may be there when it is back. */
void neigh_flush_port(struct neigh *t, const struct neigh_io *io, uint8_t port);
/** Forget everybody; held packets are dropped as net-no-neighbour. */
void neigh_flush(struct neigh *t, const struct neigh_io *io);

#endif
