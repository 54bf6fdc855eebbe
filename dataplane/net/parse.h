/* SPDX-License-Identifier: BSD-3-Clause */
/* parse.h - classify once: every length and checksum of Ethernet, IPv4 and what follows it, checked
 * here. */
#ifndef ESPGW_NET_PARSE_H
#define ESPGW_NET_PARSE_H

#include "dataplane/worker.h"

/** Fill the meta of packets that came in on port. ESP, IKE, local or forward is decided here. */
void parse_burst(struct worker *w, uint8_t port, struct rte_mbuf **pkts, uint16_t n);

/**
 * Parse the IPv4 packet at l3_off of m (total length must be what follows it) into meta: addresses,
 * ports, flags, sets verdict PKT_FORWARD or PKT_LOCAL or PKT_DROP. Used for inner packets after
 * decryption and for packets we make.
 */
void parse_ipv4(struct worker *w, struct rte_mbuf *m, uint8_t l3_off);

#endif
