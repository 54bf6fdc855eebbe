/* SPDX-License-Identifier: BSD-3-Clause */
/* perfrag6.c - see perfrag6.h. */
#include "dataplane/net/perfrag6.h"

#include "dataplane/net/ip6.h"

#define UNIT	  8u /* extension headers are a multiple of it, but for the fragment header */
#define CHAIN_MAX 8u /* parse6.c lets no longer one pass */

static uint32_t header_len(const uint8_t *p)
{
	return UNIT + UNIT * p[1];
}

uint32_t perfrag6_len(const uint8_t *ip)
{
	uint32_t at = IP6_HEADER;
	uint8_t next = ip[6];

	for (unsigned int i = 0; i < CHAIN_MAX && next != IP6_EXT_FRAGMENT; i++) {
		next = ip[at];
		at += header_len(ip + at);
	}
	return at - IP6_HEADER;
}

uint32_t perfrag6_needed(const uint8_t *ip, uint32_t len, uint32_t *next)
{
	uint32_t at = IP6_HEADER, needed = 0;
	uint8_t type = ip[6];

	*next = 6;
	for (unsigned int i = 0; i < CHAIN_MAX && at + UNIT <= len; i++) {
		uint32_t end = at + header_len(ip + at);

		if (end > len || (type != IP6_EXT_HOP_BY_HOP && type != IP6_EXT_ROUTING &&
				  type != IP6_EXT_DESTINATION))
			break;
		if (type != IP6_EXT_DESTINATION) {
			needed = end - IP6_HEADER;
			*next = at;
		}
		type = ip[at];
		at = end;
	}
	return needed;
}

/* Where the last of len bytes of headers begins. */
static uint32_t last_header(const uint8_t *p, uint32_t len)
{
	uint32_t at = 0;

	while (at + header_len(p + at) < len)
		at += header_len(p + at);
	return at;
}

void perfrag6_park(struct rte_mbuf *m)
{
	struct pkt_meta *meta = pkt_meta(m);
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *), *ip = frame + meta->l3_off;
	uint32_t len = perfrag6_len(ip), head = meta->l3_off + IP6_HEADER;
	uint8_t parked[UINT8_MAX]; /* l4_off was behind them */

	meta->l4_off = (uint8_t)len;
	if (len == 0)
		return;
	memcpy(parked, frame + head, len);
	/* The last one names the fragment header, of course; the place is for what came first. */
	parked[last_header(parked, len)] = ip[6];
	ip[6] = IP6_EXT_FRAGMENT;
	ip4_store16(ip + 4, (uint16_t)(ip4_load16(ip + 4) - len));
	memmove(frame + len, frame, head);
	memcpy(frame, parked, len);
	meta->ip_len = (uint16_t)(meta->ip_len - len);
	rte_pktmbuf_adj(m, (uint16_t)len);
}

void perfrag6_unpark(struct rte_mbuf *m)
{
	const struct pkt_meta *meta = pkt_meta(m);
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *), *ip = frame + meta->l3_off;
	uint32_t len = meta->l4_off, head = meta->l3_off + IP6_HEADER, last;
	uint8_t parked[UINT8_MAX];

	if (len == 0)
		return;
	memcpy(parked, frame - IP6_FRAGMENT_HEADER - len, len);
	last = last_header(parked, len);
	RTE_SWAP(parked[last], ip[6]);
	memmove(frame - len, frame, head);
	memcpy(frame - len + head, parked, len);
	rte_pktmbuf_prepend(m, (uint16_t)len);
}
