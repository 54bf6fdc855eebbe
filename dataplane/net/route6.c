/* SPDX-License-Identifier: BSD-3-Clause */
/* route6.c - hop limit, and where an IPv6 packet leaves (RFC 8200 section 3, RFC 4291). */
#include "dataplane/net/route6.h"

#include "dataplane/net/fib6.h"
#include "dataplane/net/icmp6.h"

void route6_hop_limit(struct worker *w, struct rte_mbuf *m)
{
	uint8_t *ip = rte_pktmbuf_mtod_offset(m, uint8_t *, pkt_meta(m)->l3_off);

	if (ip[7] > 1) {
		ip[7]--;
		return;
	}
	icmp6_error(w, m, ICMP6_TIME_EXCEEDED, ICMP6_CODE_HOP_LIMIT, 0);
	pkt_drop(m, DROP_NET_TTL);
}

static const uint8_t *destination(struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod_offset(m, const uint8_t *, pkt_meta(m)->l3_off + IP6_OFF_DST);
}

/* Only to a host of the link that we speak of, and only of our own. */
static const struct fib6_hop *link_hop(const struct fib6 *f, const struct pkt_meta *meta)
{
	if ((meta->flags & (PKT_F_ORIGIN | PKT_F_FROM_SA)) != PKT_F_ORIGIN)
		return NULL;
	return fib6_link_hop(f, meta->in_port);
}

static void route_one(struct worker *w, const struct fib6 *f, struct rte_mbuf *m, uint32_t handle)
{
	const uint8_t *dst = destination(m);
	struct pkt_meta *meta = pkt_meta(m);
	const struct fib6_hop *hop;

	if (route_would_leak(meta)) {
		pkt_drop(m, DROP_OUT_POLICY_BLOCKED);
		return;
	}
	hop = ip6_is_link_local(dst) ? link_hop(f, meta) : fib6_hop_of(f, handle);
	if (hop != NULL && hop->kind == FIB_LEGS)
		hop = fib6_leg(f, hop, fib6_flow_hash(dst - IP6_OFF_DST, meta));
	if (hop == NULL || hop->kind == FIB_LOCAL ||
	    (ip6_martian_destination(dst) && !ip6_is_link_local(dst))) {
		pkt_drop(m, DROP_NET_MARTIAN);
	} else if (hop->kind != FIB_VIA) {
		icmp6_error(w, m, ICMP6_UNREACHABLE, ICMP6_CODE_NO_ROUTE, 0);
		pkt_drop(m, DROP_NET_NO_ROUTE);
	} else {
		meta->out_port = hop->port;
		meta->next_hop = hop->handle;
	}
}

void route6_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	const struct fib6 *f = __atomic_load_n(&w->tables->fib6, __ATOMIC_ACQUIRE);
	struct ip6 dst[WORKER_BURST];
	uint32_t handles[WORKER_BURST];

	if (n == 0)
		return;
	if (f == NULL) {
		for (uint16_t i = 0; i < n; i++)
			pkt_drop(pkts[i], DROP_NET_NO_ROUTE);
		return;
	}
	for (uint16_t i = 0; i < n; i++)
		memcpy(dst[i].b, destination(pkts[i]), sizeof(dst[i].b));
	fib6_lookup_bulk(f, dst, handles, n);
	for (uint16_t i = 0; i < n; i++)
		route_one(w, f, pkts[i], handles[i]);
}
