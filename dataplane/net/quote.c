/* SPDX-License-Identifier: BSD-3-Clause */
/* quote.c - see quote.h. Every byte of these packets may be forged, the quoted ones above all. */
#include "dataplane/net/quote.h"

#include "dataplane/api/messages.h"
#include "dataplane/ipsec/sad.h"
#include "dataplane/net/ip4.h"
#include "dataplane/net/ip6.h"
#include "dataplane/net/parse.h"

#define ESP_HEADER  8u
#define UDP_HEADER  8u
#define INTERVAL_NS (1000000000u / QUOTE_RATE)

/* UDP and ESP headers, as far as they are there. */
static bool read_esp(struct quote *q, uint8_t proto, const uint8_t *p, uint32_t len)
{
	q->encap = ABI_ENCAP_NONE;
	if (proto == IPPROTO_UDP && len >= UDP_HEADER) {
		q->encap = ABI_ENCAP_UDP;
		q->local_port = ip4_load16(p);
		q->remote_port = ip4_load16(p + 2);
		p += UDP_HEADER;
		len -= UDP_HEADER;
	} else if (proto != IPPROTO_ESP) {
		return false;
	}
	if (len < ESP_HEADER)
		return false;
	q->spi = ip4_load32(p);
	q->seq = ip4_load32(p + 4);
	return true;
}

static bool read4(struct quote *q, const uint8_t *icmp, uint32_t len)
{
	const uint8_t *ip = icmp + ICMP4_HEADER;
	uint32_t ihl;

	if (len < ICMP4_HEADER + IP4_HEADER || rte_raw_cksum(icmp, len) != 0xffff)
		return false;
	len -= ICMP4_HEADER;
	ihl = (ip[0] & 0x0fu) * 4;
	/* We send no options, and nothing that a first fragment would not show. */
	if (ip[0] >> 4 != 4 || ihl != IP4_HEADER || (ip4_load16(ip + 6) & IP4_OFFSET_MASK) != 0)
		return false;
	q->family = 4;
	q->mtu = ip4_load16(icmp + 6);
	memcpy(q->local, ip + 12, 4);
	memcpy(q->remote, ip + 16, 4);
	return read_esp(q, ip[9], ip + IP4_HEADER, len - IP4_HEADER);
}

static bool read6(struct quote *q, const uint8_t *outer, const uint8_t *icmp, uint32_t len)
{
	const uint8_t *ip = icmp + ICMP6_HEADER;

	if (len < ICMP6_HEADER + IP6_HEADER ||
	    ip6_cksum(outer + IP6_OFF_SRC, outer + IP6_OFF_DST, IP6_PROTO_ICMP, icmp, len) != 0)
		return false;
	len -= ICMP6_HEADER;
	if (ip[0] >> 4 != 6)
		return false;
	q->family = 6;
	q->mtu = ip4_load32(icmp + 4);
	memcpy(q->local, ip + IP6_OFF_SRC, IP6_ADDR);
	memcpy(q->remote, ip + IP6_OFF_DST, IP6_ADDR);
	return read_esp(q, ip[6], ip + IP6_HEADER, len - IP6_HEADER);
}

bool quote_read(const struct rte_mbuf *m, struct quote *q)
{
	const struct pkt_meta *meta = pkt_meta((struct rte_mbuf *)(uintptr_t)m);
	const uint8_t *ip = pkt_l3(m);
	uint32_t head = (uint32_t)meta->l4_off - meta->l3_off, len;

	if (head > meta->ip_len || (uint32_t)meta->l3_off + meta->ip_len > m->data_len)
		return false;
	len = meta->ip_len - head;
	*q = (struct quote){.family = 0};
	if (meta->flags & PKT_F_IPV6)
		return read6(q, ip, ip + head, len) && ip6_equal(q->local, ip + IP6_OFF_DST);
	return read4(q, ip + head, len) && ip4_load32(q->local) == meta->dst;
}

/* As icmp_error()'s bucket: the time at which it would be full again. */
bool quote_take_token(uint64_t *bucket, uint64_t now)
{
	uint64_t full = *bucket > now ? *bucket : now;

	if (full - now > (uint64_t)(QUOTE_BURST - 1) * INTERVAL_NS)
		return false;
	*bucket = full + INTERVAL_NS;
	return true;
}

enum drop_reason quote_screen(struct worker *w, struct rte_mbuf *m)
{
	struct pkt_meta *meta = pkt_meta(m);
	struct quote q;

	/* Our packets travel outside of every SA, and so does what is said about them. Who has not
	 * seen them does not know their SPIs, and gets at no token. */
	if ((meta->flags & PKT_F_FROM_SA) || !quote_read(m, &q) ||
	    !sad_may_send(w->tables->sad, q.spi) || !quote_take_token(&w->quote_full, w->now))
		return DROP_NET_PMTU;
	meta->verdict = PKT_SLOW;
	return DROP_NONE;
}
