/* SPDX-License-Identifier: BSD-3-Clause */
/* way.c - see way.h. */
#include "dataplane/net/way.h"

#include "dataplane/net/neigh_impl.h"
#include "dataplane/net/route.h"

/* Of a hop whose kind is FIB_VIA. */
static void way_by(const struct worker *w, const struct fib_hop *hop, struct way *way)
{
	struct neigh *t = __atomic_load_n(&w->tables->neigh, __ATOMIC_ACQUIRE);
	uint64_t value;
	int at;

	*way = (struct way){.known = false};
	if (t == NULL)
		return;
	at = neigh_table_find(t, hop->port, neigh_key4(hop->next_hop), &value);
	if (at < 0 || neigh_value_state(value) != NEIGH_KNOWN)
		return;
	neigh_table_use(t, at);
	way->next_hop = hop->next_hop;
	way->mtu = ports[hop->port].mtu;
	way->port = hop->port;
	neigh_ethernet(way->ether, hop->port, value, RTE_ETHER_TYPE_IPV4);
	way->known = true;
}

void way_find(const struct worker *w, uint32_t dst, struct way *way)
{
	const struct fib *f = __atomic_load_n(&w->tables->fib, __ATOMIC_ACQUIRE);
	struct fib_hop hop;

	*way = (struct way){.known = false};
	if (f == NULL || ip4_martian_destination(dst))
		return;
	fib_lookup_bulk(f, &dst, &hop, 1);
	if (hop.kind == FIB_VIA)
		way_by(w, &hop, way);
}

/* Destinations of n packets; false when one is not to be asked about. */
static bool destinations(struct rte_mbuf **pkts, uint16_t n, uint32_t *dst)
{
	bool ask = true;

	for (uint16_t i = 0; i < n; i++) {
		const struct pkt_meta *meta = pkt_meta(pkts[i]);

		dst[i] = meta->dst;
		ask &= (meta->verdict == PKT_FORWARD || meta->verdict == PKT_SEND) &&
		       (meta->flags & PKT_F_IPV6) == 0 && !ip4_martian_destination(meta->dst);
	}
	return ask;
}

bool way_burst(const struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	const struct fib *f = __atomic_load_n(&w->tables->fib, __ATOMIC_ACQUIRE);
	struct fib_hop hops[WORKER_BURST];
	uint32_t dst[WORKER_BURST];
	struct way way = {.known = false};

	if (f == NULL || n == 0 || !destinations(pkts, n, dst))
		return false;
	fib_lookup_bulk(f, dst, hops, n);
	for (uint16_t i = 0; i < n; i++) {
		struct pkt_meta *meta = pkt_meta(pkts[i]);

		if (hops[i].kind != FIB_VIA)
			return false;
		if (hops[i].next_hop != way.next_hop || hops[i].port != way.port)
			way_by(w, &hops[i], &way);
		if (!way.known || meta->ip_len > way.mtu)
			return false;
		way_write(rte_pktmbuf_mtod(pkts[i], uint8_t *), &way);
		meta->out_port = way.port;
		meta->next_hop = way.next_hop;
		meta->verdict = PKT_SEND;
	}
	return true;
}
