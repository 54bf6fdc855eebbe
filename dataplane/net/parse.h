/* SPDX-License-Identifier: BSD-3-Clause */
/* parse.h - classify once: every length and checksum of Ethernet, IPv4 and what follows it, checked
 * here. */
#ifndef ESPGW_NET_PARSE_H
#define ESPGW_NET_PARSE_H

#include "dataplane/worker.h"

/** UDP ports that IKE owns (RFC 7296 section 2, RFC 3948). */
#define PARSE_PORT_IKE	500u
#define PARSE_PORT_NATT 4500u

/**
 * Stage: fill the meta of packets that came in on port. ESP, IKE, local or forward is decided here.
 * An ARP packet becomes PKT_SLOW with meta->ip_len 0, which no other packet has. On return a packet
 * that is not PKT_DROP lies in one segment and ends with its IP packet (Ethernet padding is cut).
 */
void parse_burst(struct worker *w, uint8_t port, struct rte_mbuf **pkts, uint16_t n);

/**
 * Parse the IPv4 packet at l3_off of m (total length must be what follows it) into meta: addresses,
 * ports, flags, sets verdict PKT_FORWARD or PKT_LOCAL or PKT_DROP. Used for inner packets after
 * decryption and for packets we make.
 *
 * The caller has set meta->in_port, and meta->flags to PKT_F_FROM_SA, PKT_F_ORIGIN, both or
 * neither: these two are kept (as are sa_slot and in_port), and only what carries PKT_F_ORIGIN may
 * have a source of ours.
 */
void parse_ipv4(struct worker *w, struct rte_mbuf *m, uint8_t l3_off);

#endif
