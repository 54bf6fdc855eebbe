/* SPDX-License-Identifier: BSD-3-Clause */
/* parse_plain6.h - parse_ipv6() for what most packets are, in the middle of a stage's loop: the
 * twin of parse_plain.h. */
#ifndef ESPGW_NET_PARSE_PLAIN6_H
#define ESPGW_NET_PARSE_PLAIN6_H

#include <netinet/in.h>
#include <stdbool.h>

#include <rte_branch_prediction.h>

#include "dataplane/net/fib6.h"
#include "dataplane/worker.h"

#define PARSE_ADDRS6 (2 * IP6_ADDR) /* source and destination, which lie together */

/** What parse_plain6() keeps from packet to packet of a burst. */
struct parse_run6 {
	const struct fib6 *fib;
	/* The addresses it found fit to be forwarded last, as they are sent; all zero: none yet,
	 * and of no packet that is. */
	uint64_t addrs[PARSE_ADDRS6 / sizeof(uint64_t)];
};

static inline struct parse_run6 parse_run6_start(const struct worker *w)
{
	return (struct parse_run6){.fib = __atomic_load_n(&w->tables->fib6, __ATOMIC_ACQUIRE)};
}

/** Are those the same addresses as in the header at ip? */
static inline bool parse_same_addrs6(const uint64_t *addrs, const uint8_t *ip)
{
	return memcmp(addrs, ip + IP6_OFF_SRC, PARSE_ADDRS6) == 0;
}

/* Of a host elsewhere, and not of one link alone? */
static inline bool parse_is_other6(const struct fib6 *f, const uint8_t *addr)
{
	/* What is martian begins with 00, fe or ff. */
	if (unlikely((uint8_t)(addr[0] - 1) >= 0xfd) && ip6_martian_destination(addr))
		return false;
	return likely(fib6_is_stranger(f, addr)) || !fib6_is_local(f, addr);
}

/* In what the address at a differs from that of the header at ip; 0: in nothing. */
static inline uint64_t parse_differs6(const uint64_t *a, const uint8_t *ip)
{
	uint64_t b[2];

	memcpy(b, ip, sizeof(b));
	return (a[0] ^ b[0]) | (a[1] ^ b[1]);
}

/** May packets between the addresses of the header at ip pass through us? */
static inline bool parse_between_others6(struct parse_run6 *run, const uint8_t *ip)
{
	const uint8_t *src = ip + IP6_OFF_SRC, *dst = ip + IP6_OFF_DST;
	uint64_t other_src = parse_differs6(run->addrs, src);
	uint64_t other_dst = parse_differs6(run->addrs + 2, dst);
	bool known = (run->addrs[0] | run->addrs[1]) != 0;

	if (likely(known && (other_src | other_dst) == 0))
		return true;
	if (((other_src != 0 || !known) && !parse_is_other6(run->fib, src)) ||
	    ((other_dst != 0 || !known) && !parse_is_other6(run->fib, dst)))
		return false;
	memcpy(run->addrs, src, sizeof(run->addrs));
	return true;
}

/**
 * The IPv6 packet at ip, of which avail bytes (less than 64 KB) are there, l3_off from the start of
 * its mbuf: TCP or UDP behind the header itself, no extension header, between other hosts. *given
 * says nothing but flags of PKT_F_FROM_SA or none, in_port and sa_slot; *meta is filled as by
 * parse_ipv6(), verdict PKT_FORWARD, but its ip_len may be less than avail. False: nothing was
 * written, and parse_ipv6() has to look.
 */
static inline bool parse_plain6(struct parse_run6 *run, const struct pkt_meta *given,
				struct pkt_meta *meta, const uint8_t *ip, uint32_t avail,
				uint8_t l3_off)
{
	uint32_t need = IP6_HEADER + 8, len;
	uint8_t proto;

	if (avail < need || ip[0] >> 4 != 6)
		return false;
	proto = ip[6];
	if (proto == IPPROTO_TCP)
		need = IP6_HEADER + 20;
	else if (proto != IPPROTO_UDP)
		return false;
	len = IP6_HEADER + (uint32_t)ip4_load16(ip + 4);
	if (len < need || len > avail || !parse_between_others6(run, ip))
		return false;
	*meta = (struct pkt_meta){.verdict = PKT_FORWARD,
				  .flags = (uint8_t)(given->flags | PKT_F_IPV6 | PKT_F_DF),
				  .proto = proto,
				  .l3_off = l3_off,
				  .l4_off = (uint8_t)(l3_off + IP6_HEADER),
				  .in_port = given->in_port,
				  .ip_len = (uint16_t)len,
				  .src_port = ip4_load16(ip + IP6_HEADER),
				  .dst_port = ip4_load16(ip + IP6_HEADER + 2),
				  .sa_slot = given->sa_slot};
	return true;
}

#endif
