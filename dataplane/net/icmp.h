/* SPDX-License-Identifier: BSD-3-Clause */
/* icmp.h - the ICMP we send (RFC 792, 1191, 1812): errors about packets we drop, and echo replies.
 */
#ifndef ESPGW_NET_ICMP_H
#define ESPGW_NET_ICMP_H

#include <stdbool.h>

#include "dataplane/worker.h"

/* IANA "ICMP Type Numbers"; only what we send or must recognise. */
#define ICMP4_ECHO_REPLY	0u
#define ICMP4_UNREACHABLE	3u
#define ICMP4_SOURCE_QUENCH	4u
#define ICMP4_REDIRECT		5u
#define ICMP4_ECHO_REQUEST	8u
#define ICMP4_TIME_EXCEEDED	11u
#define ICMP4_PARAMETER_PROBLEM 12u
#define ICMP4_CODE_NET		0u /* of UNREACHABLE */
#define ICMP4_CODE_HOST		1u
#define ICMP4_CODE_TOO_BIG	4u
#define ICMP4_CODE_PROHIBITED	13u
#define ICMP4_CODE_TTL		0u /* of TIME_EXCEEDED */

#define ICMP4_HEADER 8u

/* Errors per second and worker, and how many may go in one burst (RFC 1812 section 4.3.2.8). */
#define ICMP4_RATE  1000u
#define ICMP4_BURST 50u

/** May one more ICMP error go now? Takes its token. */
bool icmp_take_token(struct worker *w);

/**
 * Answer packet m (meta valid) with an ICMP error, sent through pipeline_reenter().
 * m itself stays the caller's. Rate-limited per worker; never about ICMP errors, fragments but the
 * first, or broadcast (RFC 1812 4.3.2.7). mtu is for type 3 code 4, else 0.
 *
 * About a packet that came out of an SA (PKT_F_FROM_SA) the answer carries that flag too, has our
 * address beside the packet's destination as its source, and is not sent when there is none: it
 * must go back through a tunnel and never in clear (route_burst() sees to that).
 *
 * About an IPv6 packet the ICMPv6 error of that meaning is sent (icmp6.h).
 */
void icmp_error(struct worker *w, const struct rte_mbuf *m, uint8_t type, uint8_t code,
		uint16_t mtu);

/** What parse and local_burst() have for the manager: packets with PKT_SLOW. */
enum pkt_slow local_slow_kind(const struct pkt_meta *meta);

/**
 * Stage: packets to our own addresses. An echo request becomes its reply in place: verdict
 * PKT_FORWARD, PKT_F_ORIGIN, meta describing it, to be sent on from "forward"; PKT_F_FROM_SA stays
 * and has the effect told above. The rest: net-local, or what is wrong with it.
 */
void local_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

#endif
