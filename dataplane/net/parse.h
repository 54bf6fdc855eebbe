/* SPDX-License-Identifier: BSD-3-Clause */
/* parse.h - classify once: every length and checksum of Ethernet, IP and what follows it, checked
 * here. */
#ifndef ESPGW_NET_PARSE_H
#define ESPGW_NET_PARSE_H

#include "dataplane/worker.h"

/** UDP ports that IKE owns (RFC 7296 section 2, RFC 3948). */
#define PARSE_PORT_IKE	500u
#define PARSE_PORT_NATT 4500u

/**
 * Stage: fill the meta of packets that came in on port. ESP, IKE, local or forward is decided here.
 * An ARP packet becomes PKT_SLOW with meta->ip_len 0, which no other packet has; IPv6 neighbour
 * discovery (solicitations and advertisements, length, hop limit and checksum right) PKT_SLOW with
 * PKT_F_IPV6. On return a packet
 * that is not PKT_DROP lies in one segment and ends with its IP packet (Ethernet padding is cut).
 */
void parse_burst(struct worker *w, uint8_t port, struct rte_mbuf **pkts, uint16_t n);

/** The same for packets that another core has received. */
void parse_taken(struct worker *w, uint8_t port, struct rte_mbuf **pkts, uint16_t n);

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

/**
 * The same for an IPv6 packet (RFC 8200), under the same contract. meta gets PKT_F_IPV6 and
 * PKT_F_DF, src and dst 0; proto and l4_off are those behind the extension headers, of which there
 * may be 8 that end within 247 bytes from the start of the mbuf: longer chains are net-header, as
 * is a first fragment that does not hold its whole chain (RFC 7112). In a fragment but the first
 * proto is the type of what the fragmentable part starts with, which may be an extension header,
 * and l4_off the place behind the fragment header. An atomic fragment (RFC 6946) is no fragment.
 * ICMPv6: type and code in src_port. Link-local addresses and groups are not for inner packets:
 * net-martian.
 */
void parse_ipv6(struct worker *w, struct rte_mbuf *m, uint8_t l3_off);

/**
 * Parse what was put together from fragments: as parse_burst() where the fragments came in clear,
 * as parse_ipv4() where they carry PKT_F_FROM_SA. meta->l3_off and flags are those of a fragment.
 */
void parse_whole(struct worker *w, struct rte_mbuf *m);

#endif
