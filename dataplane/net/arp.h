/* SPDX-License-Identifier: BSD-3-Clause */
/* arp.h - ARP packets for IPv4 over Ethernet (RFC 826), read and written; no state. */
#ifndef ESPGW_NET_ARP_H
#define ESPGW_NET_ARP_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_mbuf.h>

#define ARP_REQUEST 1u
#define ARP_REPLY   2u

struct arp {
	uint16_t op;
	struct rte_ether_addr sender_mac;
	struct rte_ether_addr target_mac; /* nothing in a request */
	uint32_t sender; /* IPv4, host order; 0 in a probe (RFC 5227 section 2.1.1) */
	uint32_t target;
};

/**
 * Copy the ARP of frame m out. False unless it is a request or reply for IPv4 over Ethernet, whole,
 * and its sender's MAC is one that a host can have.
 */
bool arp_read(const struct rte_mbuf *m, struct arp *a);

/** A frame of a to the MAC dst, sent by a->sender_mac; meta says out_port and nothing to parse.
 * NULL when no buffer is left. */
struct rte_mbuf *arp_make(struct rte_mempool *pool, uint8_t port, const struct rte_ether_addr *dst,
			  const struct arp *a);

#endif
