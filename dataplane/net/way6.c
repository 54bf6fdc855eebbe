/* SPDX-License-Identifier: BSD-3-Clause */
/* way6.c - way.h for IPv6: what route6_burst() and neigh6_burst() say about one destination. */
#include "dataplane/net/fib6.h"
#include "dataplane/net/neigh_impl.h"
#include "dataplane/net/way.h"

/* Of a hop whose kind is FIB_VIA, towards dst. */
static void way_by(struct neigh *t, const struct fib6_hop *hop, const uint8_t *dst, struct way *way)
{
	const uint8_t *next = ip6_is_unspecified(hop->next.b) ? dst : hop->next.b;
	uint64_t value;
	int at = neigh_table_find(t, hop->port, neigh_key6(next), &value);

	if (at < 0 || neigh_value_state(value) != NEIGH_KNOWN)
		return;
	neigh_table_use(t, at);
	way->next_hop = hop->handle;
	way->mtu = ports[hop->port].mtu;
	way->port = hop->port;
	neigh_ethernet(way->ether, hop->port, value, RTE_ETHER_TYPE_IPV6);
	way->known = true;
}

void way6_find(const struct worker *w, const uint8_t *dst, struct way *way)
{
	const struct fib6 *f = __atomic_load_n(&w->tables->fib6, __ATOMIC_ACQUIRE);
	struct neigh *t = __atomic_load_n(&w->tables->neigh6, __ATOMIC_ACQUIRE);
	const struct fib6_hop *hop;
	uint32_t handle;
	struct ip6 to;

	*way = (struct way){.known = false};
	if (f == NULL || t == NULL || ip6_martian_destination(dst))
		return;
	memcpy(to.b, dst, sizeof(to.b));
	fib6_lookup_bulk(f, &to, &handle, 1);
	hop = fib6_hop_of(f, handle);
	if (hop != NULL && hop->kind == FIB_VIA)
		way_by(t, hop, dst, way);
}
