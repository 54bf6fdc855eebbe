/* SPDX-License-Identifier: BSD-3-Clause */
/* esp.h - RFC 4303 in tunnel and transport mode, IPv4 and IPv6, plain or in UDP (RFC 3948), as two
 * pipeline stages. What is not IPv4 in a tunnel over IPv4 is done by esp_shape.h. */
#ifndef ESPGW_IPSEC_ESP_H
#define ESPGW_IPSEC_ESP_H

#include "dataplane/worker.h"

/**
 * Stage: packets with meta->sa_slot = outbound SA and PKT_F_PROTECTED. Inner TTL is already
 * decremented. On return a good one is the finished outer packet behind 14 bytes of Ethernet
 * room, meta describing it, verdict PKT_FORWARD, or PKT_SEND when its way is known (net/way.h). Too
 * big with DF: ICMP 3/4 with the inner MTU and net-too-big. Too big without DF: fragmented before
 * encryption (RFC 4301 section 8); the first piece takes the packet's place, the others leave
 * through pipeline_route(). Outside the SA's selectors: out-bundle-errors. pkts[i] may be replaced
 * by a copy (own.h).
 */
void esp_out_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

/**
 * Stage: verdict PKT_ESP_IN, l4_off at the ESP header. A good one is the inner packet behind 14
 * bytes of Ethernet room, PKT_F_FROM_SA set, selectors checked, meta filled by parse_ipv4():
 * verdict PKT_FORWARD or PKT_LOCAL. A dummy packet (RFC 4303 section 2.6) is net-consumed. pkts[i]
 * may be replaced by a copy (own.h).
 */
void esp_in_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

/**
 * Stage: what came out of an SA (PKT_F_FROM_SA) in fragments and is whole again, parsed: must be in
 * the selectors of its SA, or in-no-policies. Others are left alone.
 */
void esp_in_whole(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

#endif
