/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * unreach.h - ICMP errors that say a message of IKE of ours was not delivered (RFC 792, RFC 4443
 * section 3.1). Anybody can send them: control takes them as a hint for people and nothing else
 * (RFC 7296 section 2.4).
 */
#ifndef ESPGW_NET_UNREACH_H
#define ESPGW_NET_UNREACH_H

#include <netinet/in.h>
#include <stdbool.h>

#include "dataplane/api/messages.h"
#include "dataplane/net/icmp.h"
#include "dataplane/net/icmp6.h"
#include "dataplane/worker.h"

/** Does the packet to us, as parse left it, say that one of ours did not arrive? Those that were
 * too big are quote.h's. */
static inline bool unreach_is(const struct pkt_meta *meta)
{
	if (meta->flags & PKT_F_IPV6)
		return meta->proto == IPPROTO_ICMPV6 && meta->src_port >> 8 == ICMP6_UNREACHABLE;
	return meta->proto == IPPROTO_ICMP && meta->src_port >> 8 == ICMP4_UNREACHABLE &&
	       meta->src_port != (ICMP4_UNREACHABLE << 8 | ICMP4_CODE_TOO_BIG);
}

/**
 * Fill a record ABI_PACKET_UNREACHABLE from m, for which unreach_is() is true. False when the
 * checksum is wrong, or what is quoted is not IKE from the address that m was sent to: from port
 * 500, or from 4500 with the non-ESP marker. Of p->data only data_len bytes are written.
 */
bool unreach_read(const struct rte_mbuf *m, struct abi_packet *p);

/** local_burst()'s part for such a packet: in clear, sound, about IKE, and not too many of them:
 * verdict PKT_SLOW. Else net-local. */
enum drop_reason unreach_screen(struct worker *w, struct rte_mbuf *m);

#endif
