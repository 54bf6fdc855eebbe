/* SPDX-License-Identifier: BSD-3-Clause */
/* icmp.c - ICMP errors about what we drop, and answers to echo requests. */
#include "dataplane/net/icmp.h"

#include <netinet/in.h>

#include "dataplane/net/echo.h"
#include "dataplane/net/icmp6.h"
#include "dataplane/net/ip4.h"
#include "dataplane/net/quote.h"
#include "dataplane/net/unreach.h"
#include "dataplane/net/route.h"
#include "dataplane/pipeline.h"

#define ERROR_MAX   576u  /* as much of the original as fits in this (RFC 1812 section 4.3.2.3) */
#define ERROR_TOS   0xc0u /* precedence 6, internetwork control (RFC 1812 section 4.3.2.5) */
#define INTERVAL_NS (1000000000u / ICMP4_RATE)
#define CODE_OF(p)  ((p)&0xffu)
#define TYPE_OF(p)  ((p) >> 8)
#define ECN_MASK    0x03u

static bool is_icmp_error(const struct pkt_meta *meta)
{
	unsigned int type = TYPE_OF(meta->src_port);

	return meta->proto == IPPROTO_ICMP &&
	       (type == ICMP4_UNREACHABLE || type == ICMP4_SOURCE_QUENCH ||
		type == ICMP4_REDIRECT || type == ICMP4_TIME_EXCEEDED ||
		type == ICMP4_PARAMETER_PROBLEM);
}

/* Token bucket as the time at which it would be full again: no division, one word of state. */
bool icmp_take_token(struct worker *w)
{
	uint64_t full = w->icmp_full > w->now ? w->icmp_full : w->now;

	if (full - w->now > (uint64_t)(ICMP4_BURST - 1) * INTERVAL_NS)
		return false;
	w->icmp_full = full + INTERVAL_NS;
	return true;
}

/* Our address to answer from; 0 = better say nothing. */
static uint32_t error_source(const struct fib *f, const struct pkt_meta *meta)
{
	struct fib_hop hop;

	if (!(meta->flags & PKT_F_FROM_SA))
		return fib_port_address(f, meta->in_port, meta->src);
	return fib_lookup(f, meta->dst, &hop) ? hop.source : 0;
}

/* RFC 1812 section 4.3.2.7: what is never answered. Martian addresses have not come this far. */
static bool may_answer(const struct fib *f, const struct pkt_meta *meta)
{
	struct fib_hop hop;

	if ((meta->flags & (PKT_F_NONFIRST | PKT_F_ORIGIN)) || is_icmp_error(meta))
		return false;
	fib_lookup_bulk(f, &meta->dst, &hop, 1);
	if (hop.kind == FIB_BROADCAST)
		return false;
	/* Neither to ourselves (outer packets of a tunnel) nor to where no route leads. */
	fib_lookup_bulk(f, &meta->src, &hop, 1);
	return hop.kind == FIB_VIA || hop.kind == FIB_LEGS;
}

void icmp_error(struct worker *w, const struct rte_mbuf *m, uint8_t type, uint8_t code,
		uint16_t mtu)
{
	const struct fib *f = __atomic_load_n(&w->tables->fib, __ATOMIC_ACQUIRE);
	const struct pkt_meta *meta = pkt_meta((struct rte_mbuf *)(uintptr_t)m);
	uint16_t quote = RTE_MIN(meta->ip_len, (uint16_t)(ERROR_MAX - IP4_HEADER - ICMP4_HEADER));
	struct ip4_template ip = {.dst = meta->src,
				  .total_len = (uint16_t)(IP4_HEADER + ICMP4_HEADER + quote),
				  .fragment = IP4_FLAG_DF,
				  .proto = IPPROTO_ICMP,
				  .tos = ERROR_TOS};
	struct rte_mbuf *e;
	uint16_t sum;
	uint8_t *p;

	if (meta->flags & PKT_F_IPV6) {
		icmp6_error_like(w, m, type, code, mtu);
		return;
	}
	if (f == NULL || !may_answer(f, meta))
		return;
	ip.src = error_source(f, meta);
	if (ip.src == 0 || !icmp_take_token(w))
		return;
	e = rte_pktmbuf_alloc(w->pool);
	if (e == NULL)
		return;
	*pkt_meta(e) = (struct pkt_meta){.in_port = meta->in_port,
					 .flags = PKT_F_ORIGIN | (meta->flags & PKT_F_FROM_SA),
					 .sa_slot = PKT_NO_SA};
	p = (uint8_t *)rte_pktmbuf_append(e, (uint16_t)(IP4_ETHER_ROOM + ip.total_len));
	if (p == NULL) {
		rte_pktmbuf_free(e);
		return;
	}
	memset(p, 0, IP4_ETHER_ROOM);
	p += IP4_ETHER_ROOM;
	ip4_write(p, &ip);
	p += IP4_HEADER;
	memset(p, 0, ICMP4_HEADER);
	p[0] = type;
	p[1] = code;
	ip4_store16(p + 6, mtu); /* RFC 1191 section 4; zero in the others */
	memcpy(p + ICMP4_HEADER, pkt_l3(m), quote);
	sum = (uint16_t)~rte_raw_cksum(p, ICMP4_HEADER + (size_t)quote);
	memcpy(p + 2, &sum, sizeof(sum));
	pipeline_reenter(w, e);
}

/* Cut the options of a request out: their answer would be ours to make up (RFC 1122 section
 * 3.2.2.6), and RFC 7126 advises against it. */
static void strip_options(struct rte_mbuf *m, struct pkt_meta *meta)
{
	unsigned int extra = (unsigned int)(meta->l4_off - meta->l3_off) - IP4_HEADER;
	uint8_t *ip = pkt_l3(m);

	if (extra == 0)
		return;
	memmove(ip + extra, ip, IP4_HEADER);
	rte_pktmbuf_adj(m, (uint16_t)extra);
	meta->ip_len = (uint16_t)(meta->ip_len - extra);
	meta->l4_off = (uint8_t)(meta->l4_off - extra);
}

static enum drop_reason answer_echo(struct worker *w, struct rte_mbuf *m)
{
	struct pkt_meta *meta = pkt_meta(m);
	uint8_t *icmp = rte_pktmbuf_mtod_offset(m, uint8_t *, meta->l4_off);
	unsigned int len = meta->ip_len - (unsigned int)(meta->l4_off - meta->l3_off);
	const uint16_t request = ICMP4_ECHO_REQUEST << 8;
	struct ip4_template ip;
	const uint8_t *old;

	if (meta->proto != IPPROTO_ICMP || meta->src_port != request)
		return DROP_NET_LOCAL;
	if (rte_raw_cksum(icmp, len) != 0xffff)
		return DROP_NET_CHECKSUM;
	echo_notice(w, m);
	icmp[0] = ICMP4_ECHO_REPLY;
	ip4_store16(icmp + 2, ip4_cksum_adjust(ip4_load16(icmp + 2), request, 0));
	strip_options(m, meta);
	old = pkt_l3(m);
	ip = (struct ip4_template){.src = meta->dst,
				   .dst = meta->src,
				   .total_len = meta->ip_len,
				   .id = ip4_load16(old + 4),
				   .fragment = ip4_load16(old + 6) & IP4_FLAG_DF,
				   .proto = IPPROTO_ICMP,
				   .tos = old[1] & (uint8_t)~ECN_MASK};
	ip4_write(pkt_l3(m), &ip);
	meta->src = ip.src;
	meta->dst = ip.dst;
	meta->src_port = 0;
	meta->flags |= PKT_F_ORIGIN;
	meta->sa_slot = PKT_NO_SA;
	meta->verdict = PKT_FORWARD;
	return DROP_NONE;
}

enum pkt_slow local_slow_kind(const struct pkt_meta *meta)
{
	if (quote_is(meta))
		return PKT_SLOW_PMTU;
	if (unreach_is(meta))
		return PKT_SLOW_UNREACH;
	if (echo_is_reply(meta))
		return PKT_SLOW_ECHO;
	return meta->flags & PKT_F_IPV6 ? PKT_SLOW_ND : PKT_SLOW_ARP;
}

void local_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		enum drop_reason why = DROP_NET_LOCAL;

		if (quote_is(pkt_meta(pkts[i])))
			why = quote_screen(w, pkts[i]);
		else if (unreach_is(pkt_meta(pkts[i])))
			why = unreach_screen(w, pkts[i]);
		else if (echo_is_reply(pkt_meta(pkts[i])))
			why = echo_screen(w, pkts[i]);
		else if (pkt_meta(pkts[i])->verdict == PKT_LOCAL)
			why = pkt_meta(pkts[i])->flags & PKT_F_IPV6 ? icmp6_answer(w, pkts[i])
								    : answer_echo(w, pkts[i]);
		if (why != DROP_NONE)
			pkt_drop(pkts[i], why);
	}
}
