/* SPDX-License-Identifier: BSD-3-Clause */
/* icmp.h - the ICMP we send (RFC 792, 1191, 1812): errors about packets we drop, and echo replies.
 */
#ifndef ESPGW_NET_ICMP_H
#define ESPGW_NET_ICMP_H

#include "dataplane/worker.h"

/**
 * Answer packet m (meta valid, IPv4 at l3_off) with an ICMP error, sent through pipeline_reenter().
 * m itself stays the caller's. Rate-limited per worker; never about ICMP errors, fragments but the
 * first, or broadcast (RFC 1812 4.3.2.7). mtu is for type 3 code 4, else 0.
 */
void icmp_error(struct worker *w, const struct rte_mbuf *m, uint8_t type, uint8_t code,
		uint16_t mtu);

/** Stage: packets to our own addresses: echo answered in place and sent on; the rest dropped as
 * net-local. */
void local_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

#endif
