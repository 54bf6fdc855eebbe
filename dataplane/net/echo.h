/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * echo.h - ICMP echo (RFC 792) as far as control has a part in it: pings that it sends from our
 * addresses, the answers to these, and word of pings that came out of a tunnel to one of our
 * addresses, such as a cloud's health check. IPv4 alone.
 */
#ifndef ESPGW_NET_ECHO_H
#define ESPGW_NET_ECHO_H

#include <netinet/in.h>
#include <stdbool.h>

#include "dataplane/api/messages.h"
#include "dataplane/net/icmp.h"
#include "dataplane/worker.h"

/** Is the packet to us, as parse left it, an answer to a ping? */
static inline bool echo_is_reply(const struct pkt_meta *meta)
{
	return !(meta->flags & PKT_F_IPV6) && meta->proto == IPPROTO_ICMP &&
	       meta->src_port == ICMP4_ECHO_REPLY << 8;
}

/** Is it word of a ping, made by echo_notice()? */
static inline bool echo_is_notice(const struct pkt_meta *meta)
{
	return !(meta->flags & PKT_F_IPV6) && meta->proto == IPPROTO_ICMP &&
	       meta->src_port == ICMP4_ECHO_REQUEST << 8;
}

/**
 * Fill a record ABI_PACKET_ECHO from m, for which one of the above is true. False when it is too
 * short, or a reply to what control has not sent (by its identifier). Of p->data only data_len
 * bytes are written.
 */
bool echo_read(const struct rte_mbuf *m, struct abi_packet *p);

/** local_burst()'s part for an answer: sound, to a ping of ours, and not too many of them: verdict
 * PKT_SLOW. Else net-local or net-checksum. */
enum drop_reason echo_screen(struct worker *w, struct rte_mbuf *m);

/** A ping out of an SA is about to be answered: a copy of its headers goes to the manager, if there
 * is room for it and there have not been too many. m is as it came, its checksum found right. */
void echo_notice(struct worker *w, const struct rte_mbuf *m);

/**
 * The ping that control asks for by a record ABI_PACKET_ECHO; every field of it is checked: source
 * address ours, destination a host that is not, IPv4. It goes out through the SPD. NULL when it is
 * refused or no buffer is left. The manager's thread.
 */
struct rte_mbuf *echo_to_mbuf(const struct abi_packet *p, const struct fib *fib,
			      struct rte_mempool *pool);

#endif
