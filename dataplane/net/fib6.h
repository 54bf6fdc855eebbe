/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fib6.h - our IPv6 addresses and routes (rte_fib6): built whole by the manager from one
 * generation, read by the workers; the twin of route.h.
 *
 * IPv6 is on at a port that has an IPv6 address. Such a port also has a link-local one: the first
 * that is configured, or else the one made of its MAC (RFC 4291 sections 2.1 and appendix A).
 * Addresses are 16 bytes in network order. Every function but fib6_build() takes f == NULL for "no
 * IPv6 at all".
 */
#ifndef ESPGW_NET_FIB6_H
#define ESPGW_NET_FIB6_H

#include <stdbool.h>

#include "dataplane/api/messages.h"
#include "dataplane/net/ip6.h"
#include "dataplane/net/route.h"

#define FIB6_MAX_ADDRESSES FIB_MAX_ADDRESSES
#define FIB6_MAX_ROUTES	   FIB_MAX_ROUTES
#define FIB6_MAX_OWN	   (FIB6_MAX_ADDRESSES + WORKER_MAX_PORTS) /* with the link-local ones */

/*
 * meta->next_hop of a routed IPv6 packet: the entry of the table it was routed by, and that table's
 * serial number, so that a stage that already sees the next generation notices. Always below 2^24,
 * as no IPv4 next hop is, and never 0.
 */
#define FIB6_INDEX_BITS 14u

struct fib6_hop {
	uint8_t kind; /* enum fib_kind (never FIB_BROADCAST); what follows is set for FIB_VIA */
	uint8_t port;
	uint8_t legs;	   /* of FIB_LEGS: how many */
	uint32_t handle;   /* for meta->next_hop */
	struct ip6 next;   /* the gateway, or the destination itself on a connected network */
	struct ip6 source; /* our address for packets we make: the gateway's network's, or the
			      destination's */
};

struct fib6_own {
	struct ip6 addr;
	uint8_t port;
	uint8_t prefix_len;
	bool link_local;
};

/**
 * Build from the records of one generation that are of family 6. NULL + *status (enum abi_status):
 * ABI_OK when there is not one record, else as fib_build(): ABI_ERR_FIELD for an address, prefix,
 * port or gateway that cannot be, also for an address on a port whose MTU is below 1280 (RFC 8200
 * section 5), ABI_ERR_EXISTS for an address given twice, one network on two ports, or a route given
 * twice, ABI_ERR_NO_SPACE beyond FIB6_MAX_* or LEG_MAX (leg.h says which of several routes to one
 * destination count). A gateway is a host of a connected network, or link-local and then the route
 * must name the port. Allocates; the manager's thread; reads ports[].
 */
struct fib6 *fib6_build(const struct abi_address *addrs, uint32_t n_addrs,
			const struct abi_route *routes, uint32_t n_routes, uint16_t port_count,
			int socket, uint32_t *status);
void fib6_free(struct fib6 *f);

/** Longest-prefix match, legs chosen for the destination alone; false when there is no route to
 * another host there. A link-local dst has none: see fib6_link_hop(). Any thread. */
bool fib6_lookup(const struct fib6 *f, const uint8_t *dst, struct fib6_hop *hop);
/** The same for n <= WORKER_BURST destinations: a handle for meta->next_hop each, whatever the
 * kind. f is not NULL. */
void fib6_lookup_bulk(const struct fib6 *f, const struct ip6 *dst, uint32_t *handles,
		      unsigned int n);
/** The entry of a handle; NULL when it is of another generation. A next that is all zero stands
 * for the packet's destination. FIB_LEGS: fib6_leg() says which, and that has a handle too. */
const struct fib6_hop *fib6_hop_of(const struct fib6 *f, uint32_t handle);
/** The leg of a FIB_LEGS entry for the flow of this hash. Any thread. */
const struct fib6_hop *fib6_leg(const struct fib6 *f, const struct fib6_hop *hop, uint32_t hash);
/** Packets of one flow have one hash; so have all fragments of a packet. ip: its IPv6 header. */
uint32_t fib6_flow_hash(const uint8_t *ip, const struct pkt_meta *meta);
/** MTU of the port towards dst, the least one where several routes count. 0: no route. */
uint16_t fib6_mtu(const struct fib6 *f, const uint8_t *dst);
/** The entry for hosts on the link of port without a route, link-local ones above all; NULL when
 * IPv6 is off there. */
const struct fib6_hop *fib6_link_hop(const struct fib6 *f, uint8_t port);

/* Own addresses but link-local ones, hashed by open addressing; :: = free. What a fib6 begins with;
 * fib6.c writes it. */
#define FIB6_LOCAL_BITS	 8u
#define FIB6_LOCAL_SLOTS (1u << FIB6_LOCAL_BITS) /* at most a quarter used */

struct fib6_local {
	struct ip6 slot[FIB6_LOCAL_SLOTS];
};

static inline uint32_t fib6_local_slot(const uint8_t *a)
{
	uint64_t h = (ip6_hi(a) ^ ip6_lo(a) * 0x9e3779b97f4a7c15ull) * 0xd6e8feb86659fd93ull;

	return (uint32_t)(h >> (64 - FIB6_LOCAL_BITS));
}

/** Is it one of our own addresses on any port, link-local ones excepted? */
bool fib6_is_local(const struct fib6 *f, const uint8_t *addr);
/** The same for those who ask about many packets, inline: true is certain, false asks for
 * fib6_is_local(). */
static inline bool fib6_is_stranger(const struct fib6 *f, const uint8_t *addr)
{
	const struct fib6_local *local = (const struct fib6_local *)(const void *)f;

	return f == NULL || ip6_is_unspecified(local->slot[fib6_local_slot(addr)].b);
}
/** Is it one of our own addresses on this very port, link-local ones included? */
bool fib6_is_port_address(const struct fib6 *f, uint8_t port, const uint8_t *addr);
/** Is it a multicast group that we listen to on port: all nodes, all routers, or solicited-node of
 * an address there (RFC 4291 section 2.8)? */
bool fib6_is_port_group(const struct fib6 *f, uint8_t port, const uint8_t *addr);
/** Is it a host, not ours, that is reached through port without a gateway? Every link-local host
 * is, where IPv6 is on. */
bool fib6_is_on_link(const struct fib6 *f, uint8_t port, const uint8_t *addr);
/** Our address on port to speak to peer with: link-local to link-local, else that of the network
 * that holds peer, else the first one there that is not link-local, else the link-local one. NULL:
 * IPv6 is off there. */
const struct ip6 *fib6_port_address(const struct fib6 *f, uint8_t port, const uint8_t *peer);
/** The i-th of our addresses; NULL past the last. */
const struct fib6_own *fib6_address(const struct fib6 *f, unsigned int i);

#endif
