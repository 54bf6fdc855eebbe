/* SPDX-License-Identifier: BSD-3-Clause */
/* icmp6.h - the ICMPv6 we send (RFC 4443): errors about packets we drop, and echo replies. */
#ifndef ESPGW_NET_ICMP6_H
#define ESPGW_NET_ICMP6_H

#include "dataplane/worker.h"

/* IANA "ICMPv6 Type Numbers"; only what we send or must recognise. */
#define ICMP6_UNREACHABLE	1u
#define ICMP6_TOO_BIG		2u
#define ICMP6_TIME_EXCEEDED	3u
#define ICMP6_PARAMETER_PROBLEM 4u
#define ICMP6_ERROR_LAST	127u /* what is not above is an error (RFC 4443 section 2.1) */
#define ICMP6_ECHO_REQUEST	128u
#define ICMP6_ECHO_REPLY	129u
#define ICMP6_ND_FIRST		133u /* router solicitation to redirect (RFC 4861) */
#define ICMP6_ND_SOLICIT	135u
#define ICMP6_ND_ADVERT		136u
#define ICMP6_ND_REDIRECT	137u
#define ICMP6_ND_LAST		ICMP6_ND_REDIRECT
#define ICMP6_CODE_NO_ROUTE	0u /* of UNREACHABLE */
#define ICMP6_CODE_PROHIBITED	1u
#define ICMP6_CODE_ADDRESS	3u
#define ICMP6_CODE_PORT		4u
#define ICMP6_CODE_HOP_LIMIT	0u /* of TIME_EXCEEDED */

#define ICMP6_HEADER 8u

/**
 * Answer packet m (meta valid, PKT_F_IPV6) with an ICMPv6 error of at most 1280 bytes, sent through
 * pipeline_reenter(). m stays the caller's. The rules of icmp_error() hold, its token bucket is
 * used, and about PKT_F_FROM_SA the same is true. Never about ICMPv6 errors and redirects, nor to
 * groups or link-local hosts (RFC 4443 section 2.4 (e)). value is the MTU of a TOO_BIG, else 0.
 *
 * icmp_error() comes here by itself for IPv6 packets, with its ICMP types translated.
 */
void icmp6_error(struct worker *w, const struct rte_mbuf *m, uint8_t type, uint8_t code,
		 uint32_t value);

/** The same by type and code of ICMP for IPv4 (RFC 7915 section 4.2's pairs); what has no
 * counterpart is not sent. */
void icmp6_error_like(struct worker *w, const struct rte_mbuf *m, uint8_t type4, uint8_t code4,
		      uint16_t mtu);

/**
 * local_burst()'s part for an IPv6 packet: an echo request whose checksum is right becomes its
 * reply in place, without its extension headers. One to a group is answered from the address of
 * the port. DROP_NONE, or why it is dropped.
 */
enum drop_reason icmp6_answer(struct worker *w, struct rte_mbuf *m);

#endif
