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
#define NEIGH_HOLD	  16u /* packets held per next hop */
#define NEIGH_REACHABLE_S 30u /* then asked again, unicast, while still used */
#define NEIGH_TRIES	  4u  /* one a second, then the entry and its packets go */

struct neigh *neigh_create(int socket);
void neigh_free(struct neigh *t);

/** Stage: write the Ethernet header from out_port and next_hop; unknown neighbour: PKT_SLOW. */
void neigh_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

/* The manager's side. send() takes an mbuf whose meta has out_port set and Ethernet header written.
 */
struct neigh_io {
	void (*send)(void *ctx, struct rte_mbuf *m);
	void (*drop)(void *ctx, struct rte_mbuf *m, enum drop_reason reason);
	struct rte_mempool *pool;
	const struct fib *fib;
	void *ctx;
};

/** A packet whose next hop is not known: hold it and ask. Takes it. */
void neigh_hold(struct neigh *t, const struct neigh_io *io, struct rte_mbuf *m, uint64_t now);
/** An ARP packet that came in on meta->in_port: learn, answer. Takes it. */
void neigh_arp_input(struct neigh *t, const struct neigh_io *io, struct rte_mbuf *m, uint64_t now);
/** Ask again, age, give up. Call about every 100 ms. */
void neigh_tick(struct neigh *t, const struct neigh_io *io, uint64_t now);
/** Announce our own addresses (gratuitous ARP) after a change of addresses or link. */
void neigh_announce(struct neigh *t, const struct neigh_io *io);

#endif
