/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * gateway6.h - the IPv6 half of the gateway's site:
 *
 *   host 2001:db8:1::12 - port 0 [gateway] port 1 - next hop 2001:db8:c8::1 ... peer
 * 2001:db8:fe::2, host 2001:db8:2:T::6, T the tunnel's number, of 16 bits
 */
#ifndef ESPGW_BENCH_GATEWAY6_H
#define ESPGW_BENCH_GATEWAY6_H

#include "dataplane/api/messages.h"
#include "tests/unit/dataplane/harness.h"

/** Addresses, routes and neighbours. 0, or -1, said on stderr. */
int gateway6_site(struct harness *h);

/** The two ends of tunnels. */
struct abi_addr gateway6_us(void);
struct abi_addr gateway6_peer(void);
/** The networks behind them, of 64 bits. */
struct abi_range gateway6_lan(void);
struct abi_range gateway6_far(unsigned int tunnel);

#define GATEWAY6_CLEAR UINT16_MAX /* no tunnel's number, but of a host that no policy is for */

/** A UDP packet of len bytes behind an Ethernet header, from the LAN's host to the tunnel's far one
 * or (back) the other way. NULL without buffers. */
struct rte_mbuf *gateway6_inner(struct rte_mempool *pool, unsigned int tunnel, bool back,
				uint16_t len, uint32_t flow);

#endif
