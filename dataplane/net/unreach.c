/* SPDX-License-Identifier: BSD-3-Clause */
/* unreach.c - see unreach.h. Every byte of these packets may be forged. */
#include "dataplane/net/unreach.h"

#include "dataplane/net/ip4.h"
#include "dataplane/net/ip6.h"
#include "dataplane/net/parse.h"
#include "dataplane/net/quote.h"

#define UDP_HEADER 8u
#define MARKER	   4u
#define SPI	   8u

/* The quoted UDP header, and what is there of the message behind it. */
static bool read_udp(struct abi_packet *p, struct abi_unreachable *u, const uint8_t *udp,
		     uint32_t len)
{
	static const uint8_t zero[MARKER];

	if (len < UDP_HEADER)
		return false;
	p->dst_port = ip4_load16(udp);
	p->src_port = ip4_load16(udp + 2);
	udp += UDP_HEADER;
	len -= UDP_HEADER;
	if (p->dst_port == PARSE_PORT_NATT) { /* without the marker it was ESP */
		if (len < MARKER || memcmp(udp, zero, MARKER) != 0)
			return false;
		p->flags = ABI_PKT_F_MARKER;
		udp += MARKER;
		len -= MARKER;
	} else if (p->dst_port != PARSE_PORT_IKE) {
		return false;
	}
	if (len >= SPI)
		memcpy(u->ispi, udp, SPI);
	return p->src_port != 0;
}

static bool read4(struct abi_packet *p, struct abi_unreachable *u, const uint8_t *outer,
		  const uint8_t *icmp, uint32_t len)
{
	const uint8_t *ip = icmp + ICMP4_HEADER;

	if (len < ICMP4_HEADER + IP4_HEADER || rte_raw_cksum(icmp, len) != 0xffff)
		return false;
	/* We send no options, and nothing that a first fragment would not show. */
	if (ip[0] != 0x45 || (ip4_load16(ip + 6) & IP4_OFFSET_MASK) != 0 || ip[9] != IPPROTO_UDP ||
	    memcmp(ip + 12, outer + 16, 4) != 0)
		return false;
	u->from.family = p->src.family = p->dst.family = 4;
	memcpy(u->from.bytes, outer + 12, 4);
	memcpy(p->dst.bytes, ip + 12, 4);
	memcpy(p->src.bytes, ip + 16, 4);
	return read_udp(p, u, ip + IP4_HEADER, len - ICMP4_HEADER - IP4_HEADER);
}

static bool read6(struct abi_packet *p, struct abi_unreachable *u, const uint8_t *outer,
		  const uint8_t *icmp, uint32_t len)
{
	const uint8_t *ip = icmp + ICMP6_HEADER;

	if (len < ICMP6_HEADER + IP6_HEADER ||
	    ip6_cksum(outer + IP6_OFF_SRC, outer + IP6_OFF_DST, IP6_PROTO_ICMP, icmp, len) != 0)
		return false;
	if (ip[0] >> 4 != 6 || ip[6] != IPPROTO_UDP ||
	    !ip6_equal(ip + IP6_OFF_SRC, outer + IP6_OFF_DST))
		return false;
	u->from.family = p->src.family = p->dst.family = 6;
	memcpy(u->from.bytes, outer + IP6_OFF_SRC, IP6_ADDR);
	memcpy(p->dst.bytes, ip + IP6_OFF_SRC, IP6_ADDR);
	memcpy(p->src.bytes, ip + IP6_OFF_DST, IP6_ADDR);
	return read_udp(p, u, ip + IP6_HEADER, len - ICMP6_HEADER - IP6_HEADER);
}

bool unreach_read(const struct rte_mbuf *m, struct abi_packet *p)
{
	const struct pkt_meta *meta = pkt_meta((struct rte_mbuf *)(uintptr_t)m);
	const uint8_t *ip = pkt_l3(m);
	uint32_t head = (uint32_t)meta->l4_off - meta->l3_off, len;
	struct abi_unreachable u = {.type = (uint8_t)(meta->src_port >> 8),
				    .code = (uint8_t)meta->src_port};
	bool ok;

	if (head > meta->ip_len || (uint32_t)meta->l3_off + meta->ip_len > m->data_len)
		return false;
	len = meta->ip_len - head;
	memset(p, 0, ABI_PACKET_FIXED);
	ok = meta->flags & PKT_F_IPV6 ? read6(p, &u, ip, ip + head, len)
				      : read4(p, &u, ip, ip + head, len);
	p->msg.type = ABI_PACKET_UNREACHABLE;
	p->data_len = sizeof(u);
	p->msg.length = (uint16_t)(ABI_PACKET_FIXED + sizeof(u));
	p->port = meta->in_port;
	memcpy(p->data, &u, sizeof(u));
	return ok;
}

enum drop_reason unreach_screen(struct worker *w, struct rte_mbuf *m)
{
	struct pkt_meta *meta = pkt_meta(m);
	struct abi_packet p;

	/* Our IKE travels outside of every SA, and so does what is said about it. */
	if ((meta->flags & PKT_F_FROM_SA) || !unreach_read(m, &p) ||
	    !quote_take_token(&w->unreach_full, w->now))
		return DROP_NET_LOCAL;
	meta->verdict = PKT_SLOW;
	return DROP_NONE;
}
