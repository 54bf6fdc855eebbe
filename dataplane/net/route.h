/* SPDX-License-Identifier: BSD-3-Clause */
/* route.h - our addresses and the IPv4 routes (rte_fib): built whole by the manager, read by the
 * workers. */
#ifndef ESPGW_NET_ROUTE_H
#define ESPGW_NET_ROUTE_H

#include <stdbool.h>

#include "dataplane/api/messages.h"
#include "dataplane/worker.h"

#define FIB_MAX_ADDRESSES 64u
#define FIB_MAX_ROUTES	  8192u

enum fib_kind {
	FIB_NONE = 0,  /* no route */
	FIB_VIA,       /* send to next_hop on port */
	FIB_LOCAL,     /* one of our own addresses */
	FIB_LEGS,      /* several routes: fib_leg() chooses */
	FIB_BROADCAST, /* network or broadcast address of a connected network (RFC 2644: not
			  forwarded) */
};

struct fib_hop {
	uint8_t kind; /* enum fib_kind; what follows is set for FIB_VIA only */
	uint8_t port;
	uint32_t next_hop; /* host order: the gateway, or the destination itself on a connected
			      network; FIB_LEGS: where the legs are */
	uint32_t source;   /* our address on that port, for packets we make */
};

/**
 * Build from the records of one generation. NULL + *status (enum abi_status) when they do not fit
 * together: ABI_ERR_FIELD for an address, prefix, port or gateway that cannot be, ABI_ERR_EXISTS
 * for an address given twice, one network on two ports, or a route given twice, ABI_ERR_NO_SPACE
 * beyond FIB_MAX_* or LEG_MAX (leg.h). Of several routes to one destination those of the lowest
 * distance count whose port has a link, and each flow keeps to one of them; a connected network
 * beats them all. A gateway must be a host of a connected network. Allocates; the manager's thread.
 */
struct fib *fib_build(const struct abi_address *addrs, uint32_t n_addrs,
		      const struct abi_route *routes, uint32_t n_routes, uint16_t n_ports,
		      int socket, uint32_t *status);
void fib_free(struct fib *f);

/** MTU of the port towards dst, the least one where several routes count: which of them a packet
 * takes depends on its flow. 0: no route. Any thread. */
uint16_t fib_mtu(const struct fib *f, uint32_t dst);

/** The leg of a FIB_LEGS hop for the flow of this hash: of those of the lowest distance that has
 * one with a link; without any, the first of all. Any thread. */
struct fib_hop fib_leg(const struct fib *f, const struct fib_hop *hop, uint32_t dst, uint32_t hash);
/** Packets of one flow have one hash; so have all fragments of a packet. */
uint32_t fib_flow_hash(const struct pkt_meta *meta);

/* Own addresses, hashed by open addressing; 0 = free. What a fib begins with; fib.c writes it. */
#define FIB_OWN_SLOTS 256u /* at most a quarter used */

struct fib_own {
	uint32_t slot[FIB_OWN_SLOTS];
};

static inline uint32_t fib_own_slot(uint32_t addr)
{
	return (addr * 0x9e3779b1u) >> 24;
}

/** Longest-prefix match, legs chosen for the destination alone; false when there is no route to
 * another host there. Addresses in host order. Any thread. */
bool fib_lookup(const struct fib *f, uint32_t dst, struct fib_hop *hop);
/** The same for n <= WORKER_BURST destinations, with the kind of each; FIB_LEGS are left to the
 * caller. */
void fib_lookup_bulk(const struct fib *f, const uint32_t *dst, struct fib_hop *hops,
		     unsigned int n);
/** Is it one of our own addresses (on any port)? f may be NULL: no addresses. */
bool fib_is_local(const struct fib *f, uint32_t addr);
/** The same for those who ask about every packet, inline: true is certain, false asks for
 * fib_is_local(). f is not NULL. */
static inline bool fib_is_stranger(const struct fib *f, uint32_t addr)
{
	const struct fib_own *own = (const struct fib_own *)(const void *)f;

	return own->slot[fib_own_slot(addr)] == 0;
}
/** Is it one of our own addresses, on this very port? */
bool fib_is_port_address(const struct fib *f, uint8_t port, uint32_t addr);
/** Is it a host (not ours, no broadcast) that is reached through port without a gateway? */
bool fib_is_on_link(const struct fib *f, uint8_t port, uint32_t addr);
/** Our address on port whose network holds peer, or the first of the port; 0 = none. */
uint32_t fib_port_address(const struct fib *f, uint8_t port, uint32_t peer);
/** The i-th of our addresses and its port; false past the last. */
bool fib_address(const struct fib *f, unsigned int i, uint8_t *port, uint32_t *addr);

/** Was it made by us about a packet from an SA, and no policy protects it? Then it must not leave.
 */
static inline bool route_would_leak(const struct pkt_meta *meta)
{
	const uint8_t reply_in_tunnel = PKT_F_ORIGIN | PKT_F_FROM_SA;

	return (meta->flags & (reply_in_tunnel | PKT_F_PROTECTED)) == reply_in_tunnel;
}

/** Stage: decrement the TTL or hop limit of what we forward (not PKT_F_ORIGIN); TTL expired is
 * answered (ICMP) and dropped. */
void ttl_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n);
/**
 * Stage: meta->out_port and next_hop (of IPv6 a handle, fib6.h); martians and unroutable packets
 * dropped, those with an ICMP answer sent. What we made about a packet from an SA (PKT_F_ORIGIN and
 * PKT_F_FROM_SA) and that no policy protected does not leave in clear: out-policy-blocked.
 */
void route_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

#endif
