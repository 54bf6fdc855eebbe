/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * perfrag6.h - the per-fragment headers of IPv6 (RFC 8200 section 4.5): the extension headers that
 * stand in front of the fragment header, in each fragment. rte_ip_frag knows of none, so they are
 * put aside while a fragment waits, into the buffer in front of the frame. The whole packet has
 * those of its first fragment; what others have does not count.
 */
#ifndef ESPGW_NET_PERFRAG6_H
#define ESPGW_NET_PERFRAG6_H

#include "dataplane/pkt.h"

/** Bytes of them in a fragment that parse has let pass; ip: its IPv6 header. */
uint32_t perfrag6_len(const uint8_t *ip);

/** Bytes of those that each piece of the packet must have, of len bytes: headers for every router,
 * and all up to a routing header. *next: where the last header before the rest names its type. */
uint32_t perfrag6_needed(const uint8_t *ip, uint32_t len, uint32_t *next);

/** Move the frame's and the IPv6 header right before the fragment header. meta->l4_off is the
 * number of bytes put aside from then on; the other offsets count from the new start of the frame.
 */
void perfrag6_park(struct rte_mbuf *m);

/** The reverse, when the fragment header has been taken out as rte_ip_frag does that: by moving
 * what stands before it. */
void perfrag6_unpark(struct rte_mbuf *m);

#endif
