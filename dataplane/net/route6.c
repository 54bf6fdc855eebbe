/* SPDX-License-Identifier: BSD-3-Clause */
/* route6.c - hop limit, and where an IPv6 packet leaves (RFC 8200 section 3, RFC 4291). */
#include "dataplane/net/route6.h"

#include "dataplane/net/fib6.h"
#include "dataplane/net/icmp6.h"

void route6_hop_limit(struct worker *w, struct rte_mbuf *m)
{
	uint8_t *ip = pkt_l3(m);

	if (ip[7] > 1) {
		ip[7]--;
		return;
	}
	icmp6_error(w, m, ICMP6_TIME_EXCEEDED, ICMP6_CODE_HOP_LIMIT, 0);
	pkt_drop(m, DROP_NET_TTL);
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
	const uint8_t *dst = pkt_l3(m) + IP6_OFF_DST;
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

/*
 * The packets from the first on that go where it goes, as all of a tunnel do: looked up once. How
 * many there are; they are done with. 0: the first one has no way, or one of its own.
 */
static uint16_t route_alike(const struct fib6 *f, struct rte_mbuf **pkts, uint16_t n)
{
	const struct fib6_hop *found, *hop;
	struct ip6 dst;
	uint32_t handle;
	uint16_t i;

	memcpy(dst.b, pkt_l3(pkts[0]) + IP6_OFF_DST, sizeof(dst.b));
	if (ip6_martian_destination(dst.b))
		return 0;
	fib6_lookup_bulk(f, &dst, &handle, 1);
	found = hop = fib6_hop_of(f, handle);
	if (found == NULL || (found->kind != FIB_VIA && found->kind != FIB_LEGS))
		return 0;
	for (i = 0; i < n; i++) {
		const uint8_t *to = pkt_l3(pkts[i]) + IP6_OFF_DST;
		struct pkt_meta *meta = pkt_meta(pkts[i]);

		if (!ip6_equal(to, dst.b) || route_would_leak(meta))
			break;
		if (unlikely(found->kind == FIB_LEGS))
			hop = fib6_leg(f, found, fib6_flow_hash(to - IP6_OFF_DST, meta));
		meta->out_port = hop->port;
		meta->next_hop = hop->handle;
	}
	return i;
}

/* Each to where it goes. */
static void route_each(struct worker *w, const struct fib6 *f, struct rte_mbuf **pkts, uint16_t n)
{
	struct ip6 dst[WORKER_BURST];
	uint32_t handles[WORKER_BURST];

	for (uint16_t i = 0; i < n; i++)
		memcpy(dst[i].b, pkt_l3(pkts[i]) + IP6_OFF_DST, sizeof(dst[i].b));
	fib6_lookup_bulk(f, dst, handles, n);
	for (uint16_t i = 0; i < n; i++)
		route_one(w, f, pkts[i], handles[i]);
}

void route6_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	const struct fib6 *f = __atomic_load_n(&w->tables->fib6, __ATOMIC_ACQUIRE);
	uint16_t done;

	if (n == 0)
		return;
	if (f == NULL) {
		for (uint16_t i = 0; i < n; i++)
			pkt_drop(pkts[i], DROP_NET_NO_ROUTE);
		return;
	}
	done = route_alike(f, pkts, n);
	if (done != n)
		route_each(w, f, pkts + done, (uint16_t)(n - done));
}
