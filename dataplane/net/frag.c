/* SPDX-License-Identifier: BSD-3-Clause */
/* frag.c - IPv4 fragmentation around rte_ip_frag, which leaves checksums and our fields to us. */
#define ALLOW_EXPERIMENTAL_API /* rte_ipv4_fragment_copy_nonseg_packet: pieces in one segment */
#include "dataplane/net/frag.h"

#include <errno.h>

#include <rte_ip_frag.h>

#include "dataplane/net/icmp.h"
#include "dataplane/net/ip6.h"
#include "dataplane/net/port.h"

/* One piece as rte_ip_frag left it, its IP header at the start: room, checksum, meta. */
static void finish_piece(struct rte_mbuf *piece, const struct pkt_meta *whole)
{
	struct pkt_meta *meta = pkt_meta(piece);
	uint8_t *ip = rte_pktmbuf_mtod(piece, uint8_t *);
	unsigned int ihl = (ip[0] & 0x0fu) * 4;
	uint16_t fragment = ip4_load16(ip + 6);

	ip4_set_cksum(ip, ihl);
	*meta = *whole;
	meta->l3_off = IP4_ETHER_ROOM;
	meta->l4_off = (uint8_t)(IP4_ETHER_ROOM + ihl);
	meta->ip_len = ip4_load16(ip + 2);
	meta->flags |= PKT_F_FRAGMENT;
	if (fragment & IP4_OFFSET_MASK) {
		meta->flags |= PKT_F_NONFIRST;
		meta->src_port = 0;
		meta->dst_port = 0;
	}
	/* A fresh buffer has more headroom than this. */
	memset(rte_pktmbuf_prepend(piece, IP4_ETHER_ROOM), 0, IP4_ETHER_ROOM);
}

int frag_ipv4(struct rte_mempool *pool, struct rte_mbuf *m, uint16_t mtu, struct rte_mbuf **pieces,
	      uint16_t room)
{
	const struct pkt_meta whole = *pkt_meta(m);
	int n;

	_Static_assert(RTE_PKTMBUF_HEADROOM >= IP4_ETHER_ROOM, "room in front of a piece");
	if (mtu < FRAG_MTU_MIN || m->nb_segs != 1)
		return -EINVAL;
	if (whole.flags & PKT_F_DF)
		return -ENOTSUP;
	rte_pktmbuf_adj(m, whole.l3_off);
	n = rte_ipv4_fragment_copy_nonseg_packet(m, pieces, room, mtu, pool);
	if (n < 0) {
		rte_pktmbuf_prepend(m, whole.l3_off);
		return n;
	}
	rte_pktmbuf_free(m);
	for (int i = 0; i < n; i++)
		finish_piece(pieces[i], &whole);
	return n;
}

/* Packet m into out; returns how many it became. Where it cannot be sent it stays, dropped. */
static uint16_t frag_one(struct worker *w, struct rte_mbuf *m, uint16_t mtu, struct rte_mbuf **out,
			 uint16_t room)
{
	int n;

	if (pkt_meta(m)->flags & PKT_F_DF) {
		icmp_error(w, m, ICMP4_UNREACHABLE, ICMP4_CODE_TOO_BIG, mtu);
		pkt_drop(m, DROP_NET_TOO_BIG);
	} else {
		n = pkt_meta(m)->flags & PKT_F_IPV6 ? frag_ipv6(w->pool, m, IP6_MTU_MIN, out, room)
						    : frag_ipv4(w->pool, m, mtu, out, room);
		if (n > 0)
			return (uint16_t)n;
		pkt_drop(m, DROP_NET_NO_BUFFER);
	}
	out[0] = m;
	return 1;
}

/* Another's, that was put together here (reasm.h): it may be 1280 bytes long whatever the port. */
static bool was_whole(const struct pkt_meta *meta)
{
	const uint8_t any = PKT_F_IPV6 | PKT_F_DF | PKT_F_ORIGIN | PKT_F_PROTECTED;

	return (meta->flags & any) == PKT_F_IPV6;
}

bool frag_all_fit(struct rte_mbuf **pkts, uint16_t n)
{
	bool larger = false;

	for (uint16_t i = 0; i < n; i++) {
		const struct pkt_meta *meta = pkt_meta(pkts[i]);

		larger |= meta->ip_len > ports[meta->out_port].mtu;
	}
	return !larger;
}

uint16_t frag_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n, struct rte_mbuf **out,
		    uint16_t room)
{
	uint16_t done = 0;

	for (uint16_t i = 0; i < n; i++) {
		const struct pkt_meta *meta = pkt_meta(pkts[i]);
		uint16_t left = (uint16_t)(n - 1 - i); /* each of those takes a place at least */
		uint16_t mtu = ports[meta->out_port].mtu;

		if (was_whole(meta))
			mtu = RTE_MIN(mtu, (uint16_t)IP6_MTU_MIN);
		if (meta->verdict == PKT_FORWARD && unlikely(meta->ip_len > mtu))
			done = (uint16_t)(done + frag_one(w, pkts[i], mtu, &out[done],
							  (uint16_t)(room - done - left)));
		else
			out[done++] = pkts[i];
	}
	return done;
}
