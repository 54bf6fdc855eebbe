/* SPDX-License-Identifier: BSD-3-Clause */
/* punt.h - IKE datagrams between the wire and the punt and inject rings; the manager's thread. */
#ifndef ESPGW_NET_PUNT_H
#define ESPGW_NET_PUNT_H

#include <netinet/in.h>
#include <stdbool.h>

#include "dataplane/api/messages.h"
#include "dataplane/worker.h"

/** Fill p from a PKT_PUNT packet, marker stripped and flagged. DROP_NONE or why not: net-punt-size
 * when it does not fit. m stays the caller's. Of p->data only data_len bytes are written. */
enum drop_reason punt_from_mbuf(const struct rte_mbuf *m, struct abi_packet *p);

/**
 * Build Ethernet room, IPv4 or IPv6, and UDP around an injected datagram, marker put in front when
 * flagged; checks every field of p: source address ours and destination a host that is not; from
 * port 500 without marker, or from port 4500 either with it or as a keepalive (one byte 0xff); port
 * ABI_PORT_ANY. DF is clear, for IPv6 too, which we may fragment as its source: IKE has no other
 * way past a small MTU (RFC 7383 is control's). No link-local addresses. The packet goes out
 * through "route", never through the SPD (RFC 4301 section 3.2: IKE is bypassed). NULL when it is
 * refused or no buffer is left. The manager's thread.
 */
struct rte_mbuf *punt_to_mbuf(const struct abi_packet *p, const struct fib *fib,
			      const struct fib6 *fib6, struct rte_mempool *pool);

/** Is it a packet of punt_to_mbuf(), or a piece of one? What else the gateway makes in UDP is ESP,
 * which is sealed. */
static inline bool punt_is_injected(const struct pkt_meta *meta)
{
	return (meta->flags & (PKT_F_ORIGIN | PKT_F_PROTECTED)) == PKT_F_ORIGIN &&
	       meta->proto == IPPROTO_UDP;
}

#endif
