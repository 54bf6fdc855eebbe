/* SPDX-License-Identifier: BSD-3-Clause */
/* parse_impl.h - what the parsers of IPv4 and IPv6 share; for parse*.c alone. */
#ifndef ESPGW_NET_PARSE_IMPL_H
#define ESPGW_NET_PARSE_IMPL_H

#include <stdbool.h>

#include "dataplane/net/ip4.h"
#include "dataplane/net/parse.h"

#define PARSE_ESP_HEADER 8u /* SPI and sequence number (RFC 4303 section 2) */
#define PARSE_UDP_HEADER 8u

struct fib6;

/** The least that a transport header takes (not ICMP's for IPv6); 0 for what has no ports. */
unsigned int parse_transport_header(uint8_t proto);

/** The len bytes of UDP payload at data came to our port 4500 (RFC 3948 section 2): keepalive, IKE
 * behind the marker, or ESP. Sets verdict, and for ESP flag and l4_off. */
enum drop_reason parse_natt(struct pkt_meta *meta, const uint8_t *data, unsigned int len);

/** ESP in UDP as peers send it, neither marker nor keepalive and without a checksum (RFC 3948
 * sections 2.1 to 2.3). udp has len bytes. */
static inline bool parse_is_plain_natt(const uint8_t *udp, uint32_t len)
{
	return len >= PARSE_UDP_HEADER + PARSE_ESP_HEADER &&
	       ip4_load16(udp + 2) == PARSE_PORT_NATT && ip4_load16(udp + 4) == len &&
	       ip4_load16(udp + 6) == 0 && ip4_load32(udp + PARSE_UDP_HEADER) != 0;
}

/**
 * The IPv6 packet at ip, avail bytes present, l3_off from the start of the mbuf: fills all of meta
 * but in_port and sa_slot; meta->flags keeps what it has. outer: it came from the wire.
 */
enum drop_reason parse_packet6(const struct fib6 *f, struct pkt_meta *meta, const uint8_t *ip,
			       uint32_t avail, uint8_t l3_off, bool outer);

/** parse_whole() for IPv6. outer: the fragments came from the wire. */
void parse_whole6(struct worker *w, struct rte_mbuf *m, bool outer);

#endif
