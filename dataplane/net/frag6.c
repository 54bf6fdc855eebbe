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
#include "dataplane/net/perfrag6.h"

/* How the fragmentable part of a packet is cut. */
struct cut {
	const uint8_t *ip; /* headers for each piece, then the fragmentable part */
	unsigned int head; /* of these headers */
	unsigned int next; /* where the last of them says what follows */
	unsigned int len;  /* of that part */
	unsigned int step; /* bytes of it per piece, a multiple of 8 */
	uint32_t id;
};

static struct rte_mbuf *make_piece(struct rte_mempool *pool, const struct cut *c, unsigned int at,
				   const struct pkt_meta *whole)
{
	unsigned int n = RTE_MIN(c->step, c->len - at), headers = c->head + IP6_FRAGMENT_HEADER;
	struct rte_mbuf *piece = rte_pktmbuf_alloc(pool);
	struct pkt_meta *meta;
	uint8_t *p, *ip, *fh;

	if (piece == NULL)
		return NULL;
	p = (uint8_t *)rte_pktmbuf_append(piece, (uint16_t)(IP6_ETHER_ROOM + headers + n));
	if (p == NULL) {
		rte_pktmbuf_free(piece);
		return NULL;
	}
	memset(p, 0, IP6_ETHER_ROOM);
	ip = p + IP6_ETHER_ROOM;
	fh = ip + c->head;
	memcpy(ip, c->ip, c->head);
	ip4_store16(ip + 4, (uint16_t)(headers - IP6_HEADER + n));
	ip[c->next] = IP6_EXT_FRAGMENT;
	fh[0] = c->ip[c->next];
	fh[1] = 0;
	ip4_store16(fh + 2, (uint16_t)(at | (at + n < c->len ? IP6_FRAGMENT_MORE : 0)));
	ip4_store32(fh + 4, c->id);
	memcpy(fh + IP6_FRAGMENT_HEADER, c->ip + c->head + at, n);
	meta = pkt_meta(piece);
	*meta = *whole;
	meta->l3_off = IP6_ETHER_ROOM;
	meta->l4_off = (uint8_t)(IP6_ETHER_ROOM + headers);
	meta->ip_len = (uint16_t)(headers + n);
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
	struct cut c = {.ip = pkt_l3(m), .id = (uint32_t)rte_rand()};
	uint16_t n = 0;

	if (mtu < IP6_MTU_MIN || m->nb_segs != 1)
		return -EINVAL;
	if (meta->flags & (PKT_F_DF | PKT_F_FRAGMENT))
		return -ENOTSUP;
	c.head = IP6_HEADER + perfrag6_needed(c.ip, meta->ip_len, &c.next);
	if (c.head > UINT8_MAX - IP6_ETHER_ROOM - IP6_FRAGMENT_HEADER)
		return -ENOTSUP;
	c.len = meta->ip_len - c.head;
	c.step = (mtu - c.head - IP6_FRAGMENT_HEADER) & ~7u;
	if (c.len > c.step * room)
		return -EINVAL;
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
