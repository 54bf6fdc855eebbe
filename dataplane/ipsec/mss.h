/* SPDX-License-Identifier: BSD-3-Clause */
/* mss.h - lower the MSS that a TCP SYN announces to what the tunnel carries (RFC 4459 section
 * 3.2). */
#ifndef ESPGW_IPSEC_MSS_H
#define ESPGW_IPSEC_MSS_H

#include <rte_mbuf.h>

#include "dataplane/ipsec/sa.h"
#include "dataplane/pkt.h"

#define MSS_HEADERS  40u /* IPv4 and TCP without options (RFC 6691) */
#define MSS_HEADERS6 60u /* the same with IPv6 */

/**
 * Given an inner packet with meta valid, in one segment and nobody else's, and the outbound SA that
 * carries it or its answers: when it is a TCP SYN whose MSS option says more than mtu - 40 (IPv6:
 * 60), write that, checksum included. Others are not touched, nor any when the SA is to keep them.
 */
void mss_clamp(const struct sa *sa, struct rte_mbuf *m, uint32_t mtu);

/** Is it worth the call? */
static inline int mss_concerns(const struct pkt_meta *meta)
{
	return meta->proto == 6 && (meta->flags & PKT_F_NONFIRST) == 0;
}

#endif
