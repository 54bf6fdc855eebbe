/* SPDX-License-Identifier: BSD-3-Clause */
/* route.h - our addresses and the IPv4 routes (rte_fib): built whole by the manager, read by the
 * workers. */
#ifndef ESPGW_NET_ROUTE_H
#define ESPGW_NET_ROUTE_H

#include <stdbool.h>

#include "dataplane/api/messages.h"
#include "dataplane/worker.h"

struct fib_hop {
	uint8_t port;
	uint32_t next_hop; /* host order: the gateway, or the destination itself on a connected
			      network */
	uint32_t source;   /* our address on that port, for packets we make */
};

/** Build from the records of one generation. NULL + *status (enum abi_status) when they do not fit
 * together. */
struct fib *fib_build(const struct abi_address *addrs, uint32_t n_addrs,
		      const struct abi_route *routes, uint32_t n_routes, uint16_t n_ports,
		      int socket, uint32_t *status);
void fib_free(struct fib *f);

/** Longest-prefix match; false when there is no route. Addresses in host order. Any thread. */
bool fib_lookup(const struct fib *f, uint32_t dst, struct fib_hop *hop);
/** Is it one of our own addresses (on any port)? */
bool fib_is_local(const struct fib *f, uint32_t addr);
/** Our address on port whose network holds peer, or the first of the port; 0 = none. */
uint32_t fib_port_address(const struct fib *f, uint8_t port, uint32_t peer);

/** Stage: decrement the TTL of what we forward (not PKT_F_ORIGIN); TTL expired is answered (ICMP)
 * and dropped. */
void ttl_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n);
/** Stage: meta->out_port and next_hop; martians and unroutable packets dropped, those with an ICMP
 * answer sent. */
void route_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

#endif
