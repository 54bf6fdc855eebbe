/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * frag6.c - IPv6 fragmentation by the source (RFC 8200 section 4.5), for packets of our own.
 * Written here because rte_ip_frag's makes chains of indirect buffers, and a packet of ours is one
 * piece.
 */
#include "dataplane/net/frag.h"

#include <errno.h>

#include <rte_random.h>

#include "dataplane/net/ip6.h"

#define PIECE_HEADERS (IP6_HEADER + IP6_FRAGMENT_HEADER)

/* How the fragmentable part of a packet is cut. */
struct cut {
	const uint8_t *ip; /* header, then the fragmentable part */
	unsigned int len;  /* of that part */
	unsigned int step; /* bytes of it per piece, a multiple of 8 */
	uint32_t id;
};

static struct rte_mbuf *make_piece(struct rte_mempool *pool, const struct cut *c, unsigned int at,
				   const struct pkt_meta *whole)
{
	unsigned int n = RTE_MIN(c->step, c->len - at);
	struct rte_mbuf *piece = rte_pktmbuf_alloc(pool);
	struct pkt_meta *meta;
	uint8_t *p, *ip, *fh;

	if (piece == NULL)
		return NULL;
	p = (uint8_t *)rte_pktmbuf_append(piece, (uint16_t)(IP6_ETHER_ROOM + PIECE_HEADERS + n));
	if (p == NULL) {
		rte_pktmbuf_free(piece);
		return NULL;
	}
	memset(p, 0, IP6_ETHER_ROOM);
	ip = p + IP6_ETHER_ROOM;
	fh = ip + IP6_HEADER;
	memcpy(ip, c->ip, IP6_HEADER);
	ip4_store16(ip + 4, (uint16_t)(IP6_FRAGMENT_HEADER + n));
	ip[6] = IP6_EXT_FRAGMENT;
	fh[0] = c->ip[6];
	fh[1] = 0;
	ip4_store16(fh + 2, (uint16_t)(at | (at + n < c->len ? IP6_FRAGMENT_MORE : 0)));
	ip4_store32(fh + 4, c->id);
	memcpy(fh + IP6_FRAGMENT_HEADER, c->ip + IP6_HEADER + at, n);
	meta = pkt_meta(piece);
	*meta = *whole;
	meta->l3_off = IP6_ETHER_ROOM;
	meta->l4_off = IP6_ETHER_ROOM + PIECE_HEADERS;
	meta->ip_len = (uint16_t)(PIECE_HEADERS + n);
	meta->flags |= PKT_F_FRAGMENT;
	if (at != 0) {
		meta->flags |= PKT_F_NONFIRST;
		meta->src_port = 0;
		meta->dst_port = 0;
	}
	return piece;
}

int frag_ipv6(struct rte_mempool *pool, struct rte_mbuf *m, uint16_t mtu, struct rte_mbuf **pieces,
	      uint16_t room)
{
	const struct pkt_meta *meta = pkt_meta(m);
	struct cut c = {.ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, meta->l3_off),
			.len = meta->ip_len - IP6_HEADER,
			.step = (mtu - PIECE_HEADERS) & ~7u,
			.id = (uint32_t)rte_rand()};
	uint16_t n = 0;

	if (mtu < IP6_MTU_MIN || m->nb_segs != 1 || c.len > c.step * room)
		return -EINVAL;
	/* Headers for every router would have to go into every piece; we send none. */
	if ((meta->flags & (PKT_F_DF | PKT_F_FRAGMENT)) || c.ip[6] == IP6_EXT_HOP_BY_HOP ||
	    c.ip[6] == IP6_EXT_ROUTING)
		return -ENOTSUP;
	for (unsigned int at = 0; at < c.len; at += c.step) {
		pieces[n] = make_piece(pool, &c, at, meta);
		if (pieces[n++] == NULL) {
			rte_pktmbuf_free_bulk(pieces, n - 1u);
			return -ENOMEM;
		}
	}
	rte_pktmbuf_free(m);
	return n;
}
