/* SPDX-License-Identifier: BSD-3-Clause */
/* parse_plain.h - parse_ipv4() for what most packets are, in the middle of a stage's loop. */
#ifndef ESPGW_NET_PARSE_PLAIN_H
#define ESPGW_NET_PARSE_PLAIN_H

#include <netinet/in.h>
#include <stdbool.h>

#include <rte_branch_prediction.h>

#include "dataplane/net/ip4.h"
#include "dataplane/net/route.h"

/** What parse_plain() keeps from packet to packet of a burst. */
struct parse_run {
	const struct fib *fib;
	uint64_t addrs; /* source and destination it found fit to be forwarded last; 0: none */
};

static inline struct parse_run parse_run_start(const struct worker *w)
{
	return (struct parse_run){.fib = __atomic_load_n(&w->tables->fib, __ATOMIC_ACQUIRE)};
}

/** May packets between those two, in host order, pass through us? */
static inline bool parse_between_others(struct parse_run *run, uint32_t src, uint32_t dst)
{
	uint64_t addrs = (uint64_t)src << 32 | dst;

	if (likely(addrs == run->addrs))
		return addrs != 0; /* nobody's to nobody's, and none known yet */
	if (ip4_martian_source(src) || ip4_martian_destination(dst) ||
	    fib_is_local(run->fib, src) || fib_is_local(run->fib, dst))
		return false;
	run->addrs = addrs;
	return true;
}

/**
 * Parse the packet of len bytes at ip, l3_off from the start of its mbuf: IPv4 in one piece, no
 * options, no fragment, TCP or UDP, between other hosts. *given says nothing but flags of
 * PKT_F_FROM_SA, PKT_F_ORIGIN or none, in_port and sa_slot; *meta is filled as by parse_ipv4(),
 * verdict PKT_FORWARD. False: nothing was written, and parse_ipv4() has to look.
 */
static inline bool parse_plain(struct parse_run *run, const struct pkt_meta *given,
			       struct pkt_meta *meta, const uint8_t *ip, uint32_t len,
			       uint8_t l3_off)
{
	uint32_t need = IP4_HEADER + 8, src, dst;
	uint16_t fragment;
	uint8_t proto;

	if (len < need || ip[0] != 0x45)
		return false;
	proto = ip[9];
	if (proto == IPPROTO_TCP)
		need = IP4_HEADER + 20;
	else if (proto != IPPROTO_UDP)
		return false;
	fragment = ip4_load16(ip + 6);
	if ((fragment & (IP4_FLAG_MF | IP4_OFFSET_MASK)) != 0 || ip4_load16(ip + 2) != len ||
	    len < need || !ip4_cksum_ok(ip, IP4_HEADER))
		return false;
	src = ip4_load32(ip + 12);
	dst = ip4_load32(ip + 16);
	if (!parse_between_others(run, src, dst))
		return false;
	/* All of it at once: to read back a part of what was just written would take its time. */
	*meta = (struct pkt_meta){
		.verdict = PKT_FORWARD,
		.flags = (uint8_t)(given->flags | (fragment & IP4_FLAG_DF ? PKT_F_DF : 0)),
		.proto = proto,
		.l3_off = l3_off,
		.l4_off = (uint8_t)(l3_off + IP4_HEADER),
		.in_port = given->in_port,
		.ip_len = (uint16_t)len,
		.src_port = ip4_load16(ip + IP4_HEADER),
		.dst_port = ip4_load16(ip + IP4_HEADER + 2),
		.src = src,
		.dst = dst,
		.sa_slot = given->sa_slot};
	return true;
}

#endif
