/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * neigh.h - IPv4 neighbours (ARP, RFC 826). The manager writes, the workers read. A worker that
 * finds no entry gives the packet to the manager (PKT_SLOW), who holds a few per next hop, asks,
 * and sends them back when the answer comes.
 */
#ifndef ESPGW_NET_NEIGH_H
#define ESPGW_NET_NEIGH_H

#include "dataplane/worker.h"

#define NEIGH_MAX	  1024u
#define NEIGH_ASKED_MAX	  512u	/* of them unanswered at a time: a scan must not take the table */
#define NEIGH_HOLD	  16u	/* packets held per next hop; the oldest goes first */
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
 * that just failed to answer: ICMP host unreachable and net-no-neighbour.
 */
void neigh_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

/* The manager's side. send() takes an mbuf whose meta has out_port set and Ethernet header written
 * (verdict PKT_LOCAL: as it stands); drop() takes one that is done with. */
struct neigh_io {
	void (*send)(void *ctx, struct rte_mbuf *m);
	void (*drop)(void *ctx, struct rte_mbuf *m, enum drop_reason reason);
	struct rte_mempool *pool;
	const struct fib *fib; /* of the current generation; NULL: no addresses yet */
	void *ctx;
};

/** A packet whose next hop is not known: hold it and ask. Takes it. */
void neigh_hold(struct neigh *t, const struct neigh_io *io, struct rte_mbuf *m, uint64_t now);
/**
 * An ARP packet that came in on meta->in_port: learn, answer. Takes it. Learnt is only a sender on
 * the link of that port that asks for our address or that we know or have asked for; never one that
 * uses an address of ours. Answered are requests for an address of that very port. What is none of
 * these is dropped as net-arp, the rest as net-consumed.
 */
void neigh_arp_input(struct neigh *t, const struct neigh_io *io, struct rte_mbuf *m, uint64_t now);
/** Ask again, age, give up, forget what is no longer on a link. Call about every 100 ms. */
void neigh_tick(struct neigh *t, const struct neigh_io *io, uint64_t now);
/** Announce our own addresses (gratuitous ARP) after a change of addresses or link. */
void neigh_announce(struct neigh *t, const struct neigh_io *io);
/** Forget everybody; held packets are dropped as net-no-neighbour. */
void neigh_flush(struct neigh *t, const struct neigh_io *io);

#endif
