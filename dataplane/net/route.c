/* SPDX-License-Identifier: BSD-3-Clause */
/* route.c - the two forwarding stages: TTL, and where a packet leaves (RFC 1812 section 5.2, 5.3).
 */
#include "dataplane/net/route.h"

#include <string.h>

#include "dataplane/net/icmp.h"
#include "dataplane/net/ip4.h"
#include "dataplane/net/route6.h"

/* RFC 1812 section 5.3.1, with the checksum carried along (RFC 1624). */
static void ttl_one(struct worker *w, struct rte_mbuf *m)
{
	uint8_t *ip = pkt_l3(m);
	uint16_t before = ip4_load16(ip + 8);

	if (ip[8] <= 1) {
		icmp_error(w, m, ICMP4_TIME_EXCEEDED, ICMP4_CODE_TTL, 0);
		pkt_drop(m, DROP_NET_TTL);
		return;
	}
	ip[8]--;
	ip4_store16(ip + 10, ip4_cksum_adjust(ip4_load16(ip + 10), before, ip4_load16(ip + 8)));
}

void ttl_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		const struct pkt_meta *meta = pkt_meta(pkts[i]);

		if (meta->verdict != PKT_FORWARD)
			continue;
		if (likely(!(meta->flags & (PKT_F_ORIGIN | PKT_F_IPV6))))
			ttl_one(w, pkts[i]);
		else if (!(meta->flags & PKT_F_ORIGIN))
			route6_hop_limit(w, pkts[i]);
	}
}

static void route_one(struct worker *w, const struct fib *f, struct rte_mbuf *m,
		      const struct fib_hop *hop)
{
	struct pkt_meta *meta = pkt_meta(m);
	struct fib_hop leg;

	if (route_would_leak(meta)) {
		pkt_drop(m, DROP_OUT_POLICY_BLOCKED);
		return;
	}
	switch ((enum fib_kind)hop->kind) {
	case FIB_VIA:
		meta->out_port = hop->port;
		meta->next_hop = hop->next_hop;
		return;
	case FIB_NONE:
		icmp_error(w, m, ICMP4_UNREACHABLE, ICMP4_CODE_NET, 0);
		pkt_drop(m, DROP_NET_NO_ROUTE);
		return;
	case FIB_LEGS:
		leg = fib_leg(f, hop, meta->dst, fib_flow_hash(meta));
		meta->out_port = leg.port;
		meta->next_hop = leg.next_hop;
		return;
	case FIB_LOCAL:
	case FIB_BROADCAST:
		break;
	}
	pkt_drop(m, DROP_NET_MARTIAN);
}

/* The hops of n packets; one when all go to one destination, as those of a tunnel do. */
static unsigned int find_hops(const struct fib *f, struct rte_mbuf **pkts, uint16_t n,
			      struct fib_hop *hops)
{
	uint32_t dst[WORKER_BURST], differ = 0;
	unsigned int found;

	for (uint16_t i = 0; i < n; i++) {
		dst[i] = pkt_meta(pkts[i])->dst;
		differ |= dst[i] ^ dst[0];
	}
	found = differ == 0 ? 1 : n;
	if (f != NULL)
		fib_lookup_bulk(f, dst, hops, found);
	else
		memset(hops, 0, found * sizeof(*hops));
	return found;
}

void route_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	const struct fib *f = __atomic_load_n(&w->tables->fib, __ATOMIC_ACQUIRE);
	struct fib_hop hops[WORKER_BURST];
	struct rte_mbuf *six[WORKER_BURST];
	unsigned int found;
	uint16_t n_six = 0;

	if (n == 0)
		return;
	if (route6_is_all(pkts, n)) {
		route6_burst(w, pkts, n);
		return;
	}
	found = find_hops(f, pkts, n, hops);
	for (uint16_t i = 0; i < n; i++) {
		struct pkt_meta *meta = pkt_meta(pkts[i]);

		if (meta->verdict != PKT_FORWARD)
			continue;
		/* IPv6 has 0 here, which is nobody's. */
		if (likely(!ip4_martian_destination(meta->dst)))
			route_one(w, f, pkts[i], &hops[found == 1 ? 0 : i]);
		else if (meta->flags & PKT_F_IPV6)
			six[n_six++] = pkts[i];
		else
			pkt_drop(pkts[i], DROP_NET_MARTIAN);
	}
	if (n_six != 0)
		route6_burst(w, six, n_six);
}
