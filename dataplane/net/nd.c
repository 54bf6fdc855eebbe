/* SPDX-License-Identifier: BSD-3-Clause */
/* nd.c - the bytes of neighbour discovery. */
#include "dataplane/net/nd.h"

#include "dataplane/net/port.h"
#include "dataplane/pkt.h"

#define ND_FIXED      24u /* ICMPv6 header, flags, target */
#define OFF_FLAGS     4u
#define OFF_TARGET    8u
#define OPTION_SOURCE 1u /* link-layer address (RFC 4861 section 4.6.1) */
#define OPTION_TARGET 2u
#define OPTION_UNIT   8u
#define OPTIONS_MAX   16u /* a message has one or two; more are somebody's attempt */

static uint8_t option_of(uint8_t type)
{
	return type == ICMP6_ND_SOLICIT ? OPTION_SOURCE : OPTION_TARGET;
}

/* RFC 4861 section 4.6: types not known are skipped, a length of zero ends the message's life. */
static bool read_options(struct nd *n, const uint8_t *p, unsigned int len)
{
	for (unsigned int count = 0; len > 0; count++) {
		unsigned int size = len >= 2 ? p[1] * OPTION_UNIT : 0;

		if (size == 0 || size > len || count == OPTIONS_MAX)
			return false;
		if (p[0] == option_of(n->type) && !n->has_mac) {
			memcpy(&n->mac, p + 2, sizeof(n->mac));
			n->has_mac = size == OPTION_UNIT;
			if (!n->has_mac || !rte_is_valid_assigned_ether_addr(&n->mac))
				return false;
		}
		p += size;
		len -= size;
	}
	return true;
}

/* RFC 4861 sections 7.1.1 and 7.1.2. */
static bool is_valid(const struct nd *n)
{
	if (ip6_is_multicast(n->target.b) || ip6_is_nobody(n->target.b))
		return false;
	if (n->type == ICMP6_ND_ADVERT)
		return !ip6_is_unspecified(n->src.b) &&
		       (!ip6_is_multicast(n->dst.b) || !(n->flags & ND_F_SOLICITED));
	return !ip6_is_unspecified(n->src.b) || (ip6_is_solicited(n->dst.b) && !n->has_mac);
}

bool nd_read(const struct rte_mbuf *m, struct nd *n)
{
	const struct pkt_meta *meta = pkt_meta((struct rte_mbuf *)(uintptr_t)m);
	const uint8_t *ip = pkt_l3(m);
	const uint8_t *p = rte_pktmbuf_mtod_offset(m, const uint8_t *, meta->l4_off);
	unsigned int end = (unsigned int)meta->l3_off + meta->ip_len;

	if (end > m->data_len || meta->l4_off + ND_FIXED > end)
		return false;
	*n = (struct nd){.type = p[0]};
	if ((n->type != ICMP6_ND_SOLICIT && n->type != ICMP6_ND_ADVERT) || p[1] != 0)
		return false;
	if (n->type == ICMP6_ND_ADVERT)
		n->flags = p[OFF_FLAGS];
	memcpy(n->src.b, ip + IP6_OFF_SRC, IP6_ADDR);
	memcpy(n->dst.b, ip + IP6_OFF_DST, IP6_ADDR);
	memcpy(n->target.b, p + OFF_TARGET, IP6_ADDR);
	return read_options(n, p + ND_FIXED, end - meta->l4_off - ND_FIXED) && is_valid(n);
}

struct rte_mbuf *nd_make(struct rte_mempool *pool, uint8_t port, const struct rte_ether_addr *dst,
			 const struct nd *n)
{
	const uint16_t len = ND_FIXED + (n->has_mac ? OPTION_UNIT : 0);
	const struct ip6_template t = {.src = n->src.b,
				       .dst = n->dst.b,
				       .payload_len = len,
				       .next_header = IP6_PROTO_ICMP,
				       .hop_limit = IP6_HOP_ND};
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	uint16_t sum;
	uint8_t *p;

	if (m == NULL)
		return NULL;
	p = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)(RTE_ETHER_HDR_LEN + IP6_HEADER + len));
	if (p == NULL) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	*pkt_meta(m) = (struct pkt_meta){
		.verdict = PKT_LOCAL, .in_port = port, .out_port = port, .sa_slot = PKT_NO_SA};
	memcpy(p, dst, RTE_ETHER_ADDR_LEN);
	memcpy(p + 6, &ports[port].mac, RTE_ETHER_ADDR_LEN);
	ip4_store16(p + 12, RTE_ETHER_TYPE_IPV6);
	ip6_write(p + RTE_ETHER_HDR_LEN, &t);
	p += RTE_ETHER_HDR_LEN + IP6_HEADER;
	memset(p, 0, len);
	p[0] = n->type;
	p[OFF_FLAGS] = n->flags;
	memcpy(p + OFF_TARGET, n->target.b, IP6_ADDR);
	if (n->has_mac) {
		p[ND_FIXED] = option_of(n->type);
		p[ND_FIXED + 1] = 1;
		memcpy(p + ND_FIXED + 2, &n->mac, RTE_ETHER_ADDR_LEN);
	}
	sum = ip6_cksum(t.src, t.dst, IP6_PROTO_ICMP, p, len);
	memcpy(p + 2, &sum, sizeof(sum));
	return m;
}
