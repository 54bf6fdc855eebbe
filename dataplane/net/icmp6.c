/* SPDX-License-Identifier: BSD-3-Clause */
/* icmp6.c - ICMPv6 errors about what we drop, and answers to echo requests. */
#include "dataplane/net/icmp6.h"

#include "dataplane/net/fib6.h"
#include "dataplane/net/icmp.h"
#include "dataplane/pipeline.h"

#define TYPE_OF(p) ((p) >> 8)
#define ECN_MASK   0x03u

static const struct fib6 *table(const struct worker *w)
{
	return __atomic_load_n(&w->tables->fib6, __ATOMIC_ACQUIRE);
}

/* In a fragment but the first the type is not seen; what it answers is its first part's affair. */
static bool is_quiet_icmp(const struct pkt_meta *meta)
{
	unsigned int type = TYPE_OF(meta->src_port);

	if (meta->proto != IP6_PROTO_ICMP)
		return false;
	return meta->flags & PKT_F_NONFIRST || type <= ICMP6_ERROR_LAST ||
	       type == ICMP6_ND_REDIRECT;
}

/* RFC 4443 section 2.4 (e). */
static bool may_answer(const struct fib6 *f, const struct pkt_meta *meta, const uint8_t *ip)
{
	const uint8_t *src = ip + IP6_OFF_SRC;
	struct fib6_hop hop;

	if ((meta->flags & PKT_F_ORIGIN) || is_quiet_icmp(meta) ||
	    ip6_is_multicast(ip + IP6_OFF_DST))
		return false;
	/* Neither to ourselves (outer packets of a tunnel) nor to where no route leads. */
	return !ip6_martian_destination(src) && fib6_lookup(f, src, &hop);
}

/* Our address to answer from; false = better say nothing. */
static bool error_source(const struct fib6 *f, const struct pkt_meta *meta, const uint8_t *ip,
			 struct ip6 *source)
{
	const struct ip6 *a;
	struct fib6_hop hop;

	if (meta->flags & PKT_F_FROM_SA) {
		if (!fib6_lookup(f, ip + IP6_OFF_DST, &hop))
			return false;
		*source = hop.source;
	} else {
		a = fib6_port_address(f, meta->in_port, ip + IP6_OFF_SRC);
		if (a == NULL)
			return false;
		*source = *a;
	}
	return !ip6_is_link_local(source->b);
}

static void write_error(uint8_t *p, const struct ip6_template *t, const uint8_t *quoted,
			uint16_t type_code, uint32_t value)
{
	uint8_t *icmp = p + IP6_ETHER_ROOM + IP6_HEADER;
	uint16_t sum;

	memset(p, 0, IP6_ETHER_ROOM);
	ip6_write(p + IP6_ETHER_ROOM, t);
	ip4_store16(icmp, type_code);
	ip4_store16(icmp + 2, 0);
	ip4_store32(icmp + 4, value);
	memcpy(icmp + ICMP6_HEADER, quoted, t->payload_len - ICMP6_HEADER);
	sum = ip6_cksum(t->src, t->dst, IP6_PROTO_ICMP, icmp, t->payload_len);
	memcpy(icmp + 2, &sum, sizeof(sum));
}

void icmp6_error(struct worker *w, const struct rte_mbuf *m, uint8_t type, uint8_t code,
		 uint32_t value)
{
	const struct pkt_meta *meta = pkt_meta((struct rte_mbuf *)(uintptr_t)m);
	const uint8_t *ip = pkt_l3(m);
	const uint16_t quote = (uint16_t)RTE_MIN(
		RTE_MIN((unsigned int)meta->ip_len, (unsigned int)m->data_len - meta->l3_off),
		IP6_MTU_MIN - IP6_HEADER - ICMP6_HEADER);
	const struct fib6 *f = table(w);
	struct ip6 source;
	struct ip6_template t = {.src = source.b,
				 .dst = ip + IP6_OFF_SRC,
				 .payload_len = (uint16_t)(ICMP6_HEADER + quote),
				 .next_header = IP6_PROTO_ICMP,
				 .hop_limit = IP6_HOP_LIMIT};
	struct rte_mbuf *e;
	uint8_t *p;

	if (!may_answer(f, meta, ip) || !error_source(f, meta, ip, &source) || !icmp_take_token(w))
		return;
	e = rte_pktmbuf_alloc(w->pool);
	if (e == NULL)
		return;
	*pkt_meta(e) = (struct pkt_meta){.in_port = meta->in_port,
					 .flags = PKT_F_ORIGIN | PKT_F_IPV6 |
						  (meta->flags & PKT_F_FROM_SA),
					 .sa_slot = PKT_NO_SA};
	p = (uint8_t *)rte_pktmbuf_append(e,
					  (uint16_t)(IP6_ETHER_ROOM + IP6_HEADER + t.payload_len));
	if (p == NULL) {
		rte_pktmbuf_free(e);
		return;
	}
	write_error(p, &t, ip, (uint16_t)(type << 8 | code), value);
	pipeline_reenter(w, e);
}

void icmp6_error_like(struct worker *w, const struct rte_mbuf *m, uint8_t type4, uint8_t code4,
		      uint16_t mtu)
{
	static const struct {
		uint8_t type4, code4, type, code;
	} pairs[] = {
		{ICMP4_UNREACHABLE, ICMP4_CODE_NET, ICMP6_UNREACHABLE, ICMP6_CODE_NO_ROUTE},
		{ICMP4_UNREACHABLE, ICMP4_CODE_HOST, ICMP6_UNREACHABLE, ICMP6_CODE_ADDRESS},
		{ICMP4_UNREACHABLE, ICMP4_CODE_TOO_BIG, ICMP6_TOO_BIG, 0},
		{ICMP4_UNREACHABLE, ICMP4_CODE_PROHIBITED, ICMP6_UNREACHABLE,
		 ICMP6_CODE_PROHIBITED},
		{ICMP4_TIME_EXCEEDED, ICMP4_CODE_TTL, ICMP6_TIME_EXCEEDED, ICMP6_CODE_HOP_LIMIT},
	};

	for (unsigned int i = 0; i < RTE_DIM(pairs); i++)
		if (pairs[i].type4 == type4 && pairs[i].code4 == code4)
			icmp6_error(w, m, pairs[i].type, pairs[i].code, mtu);
}

/* Move the IPv6 header up to what it carries: none of its extensions is for the answer. */
static uint8_t *strip_extensions(struct rte_mbuf *m, struct pkt_meta *meta)
{
	unsigned int extra = (unsigned int)(meta->l4_off - meta->l3_off) - IP6_HEADER;
	uint8_t *ip = pkt_l3(m);

	if (extra == 0)
		return ip;
	memmove(ip + extra, ip, IP6_HEADER);
	rte_pktmbuf_adj(m, (uint16_t)extra);
	meta->ip_len = (uint16_t)(meta->ip_len - extra);
	meta->l4_off = (uint8_t)(meta->l4_off - extra);
	return ip + extra;
}

static void write_reply(uint8_t *ip, uint16_t len, const struct ip6 *from)
{
	uint8_t *icmp = ip + IP6_HEADER;
	struct ip6 to;
	const struct ip6_template t = {.src = from->b,
				       .dst = to.b,
				       .payload_len = len,
				       .next_header = IP6_PROTO_ICMP,
				       .hop_limit = IP6_HOP_LIMIT,
				       .traffic_class = ip6_traffic_class(ip) & (uint8_t)~ECN_MASK};
	uint16_t sum;

	memcpy(to.b, ip + IP6_OFF_SRC, sizeof(to.b));
	ip6_write(ip, &t);
	icmp[0] = ICMP6_ECHO_REPLY;
	ip4_store16(icmp + 2, 0);
	sum = ip6_cksum(ip + IP6_OFF_SRC, ip + IP6_OFF_DST, IP6_PROTO_ICMP, icmp, len);
	memcpy(icmp + 2, &sum, sizeof(sum));
}

enum drop_reason icmp6_answer(struct worker *w, struct rte_mbuf *m)
{
	struct pkt_meta *meta = pkt_meta(m);
	uint8_t *ip = pkt_l3(m);
	uint16_t len = (uint16_t)(meta->ip_len - (meta->l4_off - meta->l3_off));
	const struct ip6 *port = NULL;
	struct ip6 from;

	if (meta->proto != IP6_PROTO_ICMP || meta->src_port != ICMP6_ECHO_REQUEST << 8 ||
	    len < ICMP6_HEADER)
		return DROP_NET_LOCAL;
	if (ip6_cksum(ip + IP6_OFF_SRC, ip + IP6_OFF_DST, IP6_PROTO_ICMP,
		      ip + (meta->l4_off - meta->l3_off), len) != 0)
		return DROP_NET_CHECKSUM;
	memcpy(from.b, ip + IP6_OFF_DST, sizeof(from.b));
	if (ip6_is_multicast(from.b)) {
		port = fib6_port_address(table(w), meta->in_port, ip + IP6_OFF_SRC);
		if (port == NULL)
			return DROP_NET_LOCAL;
		from = *port;
	}
	write_reply(strip_extensions(m, meta), len, &from);
	meta->src_port = ICMP6_ECHO_REPLY << 8;
	/* We are its source, who may fragment it. */
	meta->flags = (uint8_t)((meta->flags & ~PKT_F_DF) | PKT_F_ORIGIN);
	meta->sa_slot = PKT_NO_SA;
	meta->verdict = PKT_FORWARD;
	return DROP_NONE;
}
