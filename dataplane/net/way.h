/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * way.h - how packets to one destination leave, found once for many: what route_burst() and
 * neigh_burst() would write into each of them.
 */
#ifndef ESPGW_NET_WAY_H
#define ESPGW_NET_WAY_H

#include <string.h>

#include <rte_ether.h>

#include "dataplane/worker.h"

struct way {
	uint32_t next_hop; /* as in struct pkt_meta */
	uint16_t mtu; /* of the port: no IP packet that is longer goes this way; 0: none does */
	uint8_t port;
	bool known; /* else all is zero: ask those stages, who do what is to be done about it */
	uint8_t ether[RTE_ETHER_HDR_LEN]; /* the frame's header */
};

/** The way of IPv4 packets to dst (host order), if there is one route to it and the next hop's MAC
 * is known. Holds for the burst at hand. */
void way_find(const struct worker *w, uint32_t dst, struct way *way);
/** The same of IPv6 packets; dst: 16 bytes in network order. */
void way6_find(const struct worker *w, const uint8_t *dst, struct way *way);

/**
 * Stage, of IPv4 packets alone: route_burst() and neigh_burst() in one for n <= WORKER_BURST that
 * all have a way which takes them. Those that are not PKT_SEND already become so. False: one has
 * none, and those stages are to speak about all of them, whatever is written in some by now.
 */
bool way_burst(const struct worker *w, struct rte_mbuf **pkts, uint16_t n);

/** The header of a frame that begins there. */
static inline void way_write(uint8_t *frame, const struct way *way)
{
	memcpy(frame, way->ether, sizeof(way->ether));
}

#endif
