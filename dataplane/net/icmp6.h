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
#define ICMP6_ND_LAST		137u
#define ICMP6_CODE_NO_ROUTE	0u /* of UNREACHABLE */
#define ICMP6_CODE_PROHIBITED	1u
#define ICMP6_CODE_ADDRESS	3u
#define ICMP6_CODE_PORT		4u
#define ICMP6_CODE_HOP_LIMIT	0u /* of TIME_EXCEEDED */

#define ICMP6_HEADER 8u

#endif
