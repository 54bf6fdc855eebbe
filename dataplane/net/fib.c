/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fib.c - our addresses and the longest-prefix match, built whole from one generation of records.
 *
 * The routes live in an rte_fib of type DIR24_8 with two-byte next hops: 32 MB, one memory access
 * per look-up, room for two generations in a process that runs on 512 MB without hugepages (four
 * bytes would need 64 MB each, rte_lpm the same; the tree of RTE_FIB_DUMMY needs little but walks
 * up to 32 nodes per packet). What rte_fib stores is an index into hops[]: 0 no route, 1 ours, 2
 * broadcast, then one entry per address and route.
 *
 * Entries of one prefix go in from the weakest to the strongest, the later replacing the earlier:
 * routes, connected networks, broadcast addresses, our own addresses. Several routes of one prefix
 * are one hop with legs: which of them a packet takes depends on its flow, and on the links of
 * that moment, so nothing is built anew when a link comes or goes.
 *
 * A table is read-only once fib_build() has returned it.
 */
#include "dataplane/net/route.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_fib.h>
#include <rte_malloc.h>

#include "dataplane/net/ip4.h"
#include "dataplane/net/leg.h"

#define HOP_NONE  0u
#define HOP_LOCAL 1u
#define HOP_BCAST 2u
#define HOP_FIRST 3u

_Static_assert(FIB_OWN_SLOTS >= 4 * FIB_MAX_ADDRESSES, "own addresses are found in few steps");
_Static_assert(HOP_FIRST + FIB_MAX_ADDRESSES + FIB_MAX_ROUTES < 1u << 15, "two-byte next hops");

struct own_address {
	uint32_t addr;
	uint32_t mask;
	uint8_t port;
	uint8_t prefix_len;
};

struct fib {
	struct fib_own own; /* first: fib_is_stranger() */
	struct rte_fib *lpm;
	uint32_t n_addrs;
	uint32_t n_hops;
	struct own_address addrs[FIB_MAX_ADDRESSES];
	struct fib_hop *legs; /* of every destination with several, by distance */
	struct leg *leg;      /* the same ones */
	uint32_t n_legs;
	struct fib_hop hops[]; /* next_hop 0: the destination itself; FIB_LEGS: index of the first
				  leg, and in source how many */
};

/* A route record after its fields have been checked. */
struct plan {
	uint32_t dst;
	uint32_t gateway;
	uint32_t source;
	uint8_t prefix_len;
	uint8_t distance;
	uint8_t port;
};

_Static_assert(offsetof(struct fib, own) == 0, "fib_is_stranger()");

bool fib_is_local(const struct fib *f, uint32_t addr)
{
	uint32_t i = fib_own_slot(addr);

	if (f == NULL)
		return false;
	while (f->own.slot[i] != 0) {
		if (f->own.slot[i] == addr)
			return true;
		i = (i + 1) % FIB_OWN_SLOTS;
	}
	return false;
}

static void local_insert(struct fib *f, uint32_t addr)
{
	uint32_t i = fib_own_slot(addr);

	while (f->own.slot[i] != 0)
		i = (i + 1) % FIB_OWN_SLOTS;
	f->own.slot[i] = addr;
}

bool fib_is_port_address(const struct fib *f, uint8_t port, uint32_t addr)
{
	for (uint32_t i = 0; i < f->n_addrs; i++)
		if (f->addrs[i].addr == addr && f->addrs[i].port == port)
			return true;
	return false;
}

uint32_t fib_port_address(const struct fib *f, uint8_t port, uint32_t peer)
{
	uint32_t first = 0;

	for (uint32_t i = 0; i < f->n_addrs; i++) {
		const struct own_address *a = &f->addrs[i];

		if (a->port != port)
			continue;
		if (((a->addr ^ peer) & a->mask) == 0)
			return a->addr;
		if (first == 0)
			first = a->addr;
	}
	return first;
}

bool fib_address(const struct fib *f, unsigned int i, uint8_t *port, uint32_t *addr)
{
	if (i >= f->n_addrs)
		return false;
	*port = f->addrs[i].port;
	*addr = f->addrs[i].addr;
	return true;
}

void fib_lookup_bulk(const struct fib *f, const uint32_t *dst, struct fib_hop *hops, unsigned int n)
{
	uint64_t index[WORKER_BURST];
	uint32_t addr[WORKER_BURST];

	memcpy(addr, dst, n * sizeof(*dst));
	rte_fib_lookup_bulk(f->lpm, addr, index, (int)n);
	for (unsigned int i = 0; i < n; i++) {
		hops[i] = f->hops[index[i]];
		if (hops[i].next_hop == 0 && hops[i].kind != FIB_LEGS)
			hops[i].next_hop = dst[i];
	}
}

uint32_t fib_flow_hash(const struct pkt_meta *meta)
{
	uint64_t both =
		meta->flags & PKT_F_FRAGMENT ? 0 : (uint64_t)meta->src_port << 16 | meta->dst_port;

	return leg_mix(((uint64_t)meta->src << 32 | meta->dst) +
		       (both << 8 | meta->proto) * 0x9e3779b97f4a7c15ull);
}

struct fib_hop fib_leg(const struct fib *f, const struct fib_hop *hop, uint32_t dst, uint32_t hash)
{
	uint32_t i = leg_of_flow(&f->leg[hop->next_hop], hop->source, hash);
	struct fib_hop chosen = f->legs[hop->next_hop + i];

	if (chosen.next_hop == 0)
		chosen.next_hop = dst;
	return chosen;
}

bool fib_lookup(const struct fib *f, uint32_t dst, struct fib_hop *hop)
{
	fib_lookup_bulk(f, &dst, hop, 1);
	if (hop->kind == FIB_LEGS)
		*hop = fib_leg(f, hop, dst, leg_mix(dst));
	return hop->kind == FIB_VIA;
}

uint16_t fib_mtu(const struct fib *f, uint32_t dst)
{
	struct fib_hop hop;

	fib_lookup_bulk(f, &dst, &hop, 1);
	if (hop.kind == FIB_LEGS)
		return leg_mtu(&f->leg[hop.next_hop], hop.source);
	return hop.kind == FIB_VIA ? ports[hop.port].mtu : 0;
}

bool fib_is_on_link(const struct fib *f, uint8_t port, uint32_t addr)
{
	const struct fib_hop *legs;
	struct fib_hop hop;

	fib_lookup_bulk(f, &addr, &hop, 1);
	if (hop.kind != FIB_LEGS)
		return hop.kind == FIB_VIA && hop.port == port && hop.next_hop == addr;
	/* By which of them a packet goes is its flow's affair. */
	legs = &f->legs[hop.next_hop];
	for (uint32_t i = 0; i < hop.source; i++)
		if (legs[i].port == port && (legs[i].next_hop == 0 || legs[i].next_hop == addr))
			return true;
	return false;
}

/* IPv4 of an ABI address, host order; -EINVAL when it is something else. */
static int abi_ipv4(const struct abi_addr *a, uint32_t *out)
{
	static const uint8_t zero[12];

	if (a->family != 4 || memcmp(a->bytes + 4, zero, sizeof(zero)) != 0)
		return -EINVAL;
	*out = ip4_load32(a->bytes);
	return 0;
}

/* Network or broadcast address; a /31 has neither (RFC 3021), a /32 is no network. */
static bool is_edge(const struct own_address *a, uint32_t host)
{
	return a->prefix_len < 31 && ((host & ~a->mask) == 0 || (host | a->mask) == UINT32_MAX);
}

static uint32_t check_address(const struct fib *f, const struct abi_address *rec,
			      uint16_t port_count, struct own_address *a)
{
	if (rec->port >= port_count || rec->prefix_len == 0 || rec->prefix_len > 32 ||
	    abi_ipv4(&rec->addr, &a->addr) < 0 || ip4_martian_source(a->addr))
		return ABI_ERR_FIELD;
	a->port = (uint8_t)rec->port;
	a->prefix_len = rec->prefix_len;
	a->mask = ip4_mask(rec->prefix_len);
	if (is_edge(a, a->addr))
		return ABI_ERR_FIELD;
	for (uint32_t i = 0; i < f->n_addrs; i++) {
		const struct own_address *o = &f->addrs[i];

		if (o->addr == a->addr)
			return ABI_ERR_EXISTS;
		if (o->mask == a->mask && ((o->addr ^ a->addr) & a->mask) == 0 &&
		    o->port != a->port)
			return ABI_ERR_EXISTS;
	}
	return ABI_OK;
}

static uint32_t take_addresses(struct fib *f, const struct abi_address *recs, uint32_t n,
			       uint16_t port_count)
{
	for (uint32_t i = 0; i < n; i++) {
		struct own_address a;
		uint32_t status = check_address(f, &recs[i], port_count, &a);

		if (status != ABI_OK)
			return status;
		f->addrs[f->n_addrs++] = a;
		local_insert(f, a.addr);
	}
	return ABI_OK;
}

/* The connected network that holds gw: the longest, on port when one is asked for. */
static const struct own_address *connected(const struct fib *f, uint32_t gw, uint16_t port)
{
	const struct own_address *best = NULL;

	for (uint32_t i = 0; i < f->n_addrs; i++) {
		const struct own_address *a = &f->addrs[i];

		if (((a->addr ^ gw) & a->mask) != 0 || (port != ABI_PORT_ANY && a->port != port))
			continue;
		if (best == NULL || a->prefix_len > best->prefix_len)
			best = a;
	}
	return best;
}

static uint32_t check_route(const struct fib *f, const struct abi_route *rec, uint16_t port_count,
			    struct plan *p)
{
	const struct own_address *net;

	if (rec->prefix_len > 32 || abi_ipv4(&rec->dst, &p->dst) < 0 ||
	    (p->dst & ~ip4_mask(rec->prefix_len)) != 0 ||
	    (rec->prefix_len != 0 && ip4_martian_destination(p->dst)) ||
	    (rec->port != ABI_PORT_ANY && rec->port >= port_count))
		return ABI_ERR_FIELD;
	p->prefix_len = rec->prefix_len;
	p->distance = rec->distance;
	if (rec->gateway.family == 0) {
		if (rec->port == ABI_PORT_ANY)
			return ABI_ERR_FIELD;
		p->port = (uint8_t)rec->port;
		p->gateway = 0;
		p->source = fib_port_address(f, p->port, p->dst);
		/* Without an address of ours there, nobody could be asked for a neighbour. */
		return p->source != 0 ? ABI_OK : ABI_ERR_FIELD;
	}
	if (abi_ipv4(&rec->gateway, &p->gateway) < 0)
		return ABI_ERR_FIELD;
	net = connected(f, p->gateway, rec->port);
	if (net == NULL || is_edge(net, p->gateway) || fib_is_local(f, p->gateway))
		return ABI_ERR_FIELD;
	p->port = net->port;
	p->source = net->addr;
	return ABI_OK;
}

static int plan_order(const void *a, const void *b)
{
	const struct plan *x = a, *y = b;

	if (x->dst != y->dst)
		return x->dst < y->dst ? -1 : 1;
	if (x->prefix_len != y->prefix_len)
		return x->prefix_len < y->prefix_len ? -1 : 1;
	return (x->distance > y->distance) - (x->distance < y->distance);
}

static bool same_prefix(const struct plan *x, const struct plan *y)
{
	return x->dst == y->dst && x->prefix_len == y->prefix_len;
}

static bool same_route(const struct plan *x, const struct plan *y)
{
	return same_prefix(x, y) && x->gateway == y->gateway && x->port == y->port;
}

/* How many plans from the i-th on have its prefix. */
static uint32_t legs_at(const struct plan *plans, uint32_t n, uint32_t i)
{
	uint32_t k = 1;

	while (i + k < n && same_prefix(&plans[i], &plans[i + k]))
		k++;
	return k;
}

/* Sorts the plans by prefix, then distance. */
static uint32_t sort_routes(struct plan *plans, uint32_t n)
{
	qsort(plans, n, sizeof(*plans), plan_order);
	for (uint32_t i = 0; i < n;) {
		uint32_t legs = legs_at(plans, n, i);

		if (legs > LEG_MAX)
			return ABI_ERR_NO_SPACE;
		for (uint32_t a = i; a < i + legs; a++)
			for (uint32_t b = i; b < a; b++)
				if (same_route(&plans[a], &plans[b]))
					return ABI_ERR_EXISTS;
		i += legs;
	}
	return ABI_OK;
}

static int insert_hop(struct fib *f, uint32_t net, uint8_t prefix_len, uint8_t port,
		      uint32_t next_hop, uint32_t source)
{
	f->hops[f->n_hops] = (struct fib_hop){
		.kind = FIB_VIA, .port = port, .next_hop = next_hop, .source = source};
	return rte_fib_add(f->lpm, net, prefix_len, f->n_hops++);
}

/* One prefix, by its n routes. */
static int insert_legs(struct fib *f, const struct plan *plans, uint32_t n)
{
	struct fib_hop *hop = &f->hops[f->n_hops];

	if (n == 1)
		return insert_hop(f, plans->dst, plans->prefix_len, plans->port, plans->gateway,
				  plans->source);
	*hop = (struct fib_hop){.kind = FIB_LEGS, .next_hop = f->n_legs, .source = n};
	for (uint32_t i = 0; i < n; i++) {
		f->leg[f->n_legs] =
			(struct leg){.port = plans[i].port, .distance = plans[i].distance};
		f->legs[f->n_legs++] = (struct fib_hop){.kind = FIB_VIA,
							.port = plans[i].port,
							.next_hop = plans[i].gateway,
							.source = plans[i].source};
	}
	return rte_fib_add(f->lpm, plans->dst, plans->prefix_len, f->n_hops++);
}

static int insert_connected(struct fib *f)
{
	int rc = 0;

	/* From the last to the first: of two addresses in one network the first gives the source.
	 */
	for (uint32_t i = f->n_addrs; i-- > 0 && rc == 0;) {
		const struct own_address *a = &f->addrs[i];

		rc = insert_hop(f, a->addr & a->mask, a->prefix_len, a->port, 0, a->addr);
	}
	for (uint32_t i = 0; i < f->n_addrs && rc == 0; i++) {
		const struct own_address *a = &f->addrs[i];

		if (a->prefix_len >= 31)
			continue;
		rc = rte_fib_add(f->lpm, a->addr & a->mask, 32, HOP_BCAST);
		if (rc == 0)
			rc = rte_fib_add(f->lpm, a->addr | ~a->mask, 32, HOP_BCAST);
	}
	for (uint32_t i = 0; i < f->n_addrs && rc == 0; i++)
		rc = rte_fib_add(f->lpm, f->addrs[i].addr, 32, HOP_LOCAL);
	return rc;
}

static int insert_all(struct fib *f, const struct plan *plans, uint32_t n, int socket)
{
	static unsigned int serial; /* rte_fib wants names, and two generations live at once */
	struct rte_fib_conf conf = {
		.type = RTE_FIB_DIR24_8,
		.default_nh = HOP_NONE,
		.max_routes = (int)(n + 4 * f->n_addrs + 1),
		.dir24_8 = {.nh_sz = RTE_FIB_DIR24_8_2B, .num_tbl8 = n + 4 * f->n_addrs + 1},
	};
	char name[32];
	int rc = 0;

	snprintf(name, sizeof(name), "routes%u", serial++);
	f->lpm = rte_fib_create(name, socket, &conf);
	if (f->lpm == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < n && rc == 0;) {
		uint32_t legs = legs_at(plans, n, i);

		rc = insert_legs(f, &plans[i], legs);
		i += legs;
	}
	return rc == 0 ? insert_connected(f) : rc;
}

struct fib *fib_build(const struct abi_address *addrs, uint32_t n_addrs,
		      const struct abi_route *routes, uint32_t n_routes, uint16_t port_count,
		      int socket, uint32_t *status)
{
	struct plan *plans = NULL;
	struct fib *f = NULL;

	*status = ABI_ERR_NO_SPACE;
	if (n_addrs > FIB_MAX_ADDRESSES || n_routes > FIB_MAX_ROUTES ||
	    port_count > WORKER_MAX_PORTS)
		return NULL;
	plans = calloc(n_routes + 1u, sizeof(*plans));
	f = rte_zmalloc_socket("fib",
			       sizeof(*f) + (HOP_FIRST + n_addrs + n_routes) * sizeof(f->hops[0]),
			       RTE_CACHE_LINE_SIZE, socket);
	if (plans == NULL || f == NULL)
		goto fail;
	f->legs = rte_calloc_socket("fib", n_routes + 1u, sizeof(*f->legs), 0, socket);
	f->leg = rte_calloc_socket("fib", n_routes + 1u, sizeof(*f->leg), 0, socket);
	if (f->legs == NULL || f->leg == NULL)
		goto fail;
	f->hops[HOP_LOCAL].kind = FIB_LOCAL;
	f->hops[HOP_BCAST].kind = FIB_BROADCAST;
	f->n_hops = HOP_FIRST;

	*status = take_addresses(f, addrs, n_addrs, port_count);
	for (uint32_t i = 0; i < n_routes && *status == ABI_OK; i++)
		*status = check_route(f, &routes[i], port_count, &plans[i]);
	if (*status == ABI_OK)
		*status = sort_routes(plans, n_routes);
	if (*status == ABI_OK && insert_all(f, plans, n_routes, socket) < 0)
		*status = ABI_ERR_NO_SPACE;
	if (*status != ABI_OK)
		goto fail;
	free(plans);
	return f;
fail:
	free(plans);
	fib_free(f);
	return NULL;
}

void fib_free(struct fib *f)
{
	if (f == NULL)
		return;
	rte_fib_free(f->lpm);
	rte_free(f->legs);
	rte_free(f->leg);
	rte_free(f);
}
