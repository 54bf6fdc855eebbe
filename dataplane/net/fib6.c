/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fib6.c - our IPv6 addresses and the longest-prefix match, built whole from one generation.
 *
 * The routes live in an rte_fib6 of type TRIE: 24 bits at once, then 8 at a time. Its next hops
 * take two bytes (32 MB for the first step) as long as the number of steps behind allows, else
 * four. What it stores is an index into hops[]: 0 no route, 1 ours, then one entry per port for
 * hosts on its link, then one per network and route. Nothing is allocated while there is no IPv6
 * address.
 *
 * Entries of one prefix go in from the weakest to the strongest, the later replacing the earlier:
 * routes, connected networks, our own addresses. Link-local addresses are not in it: they mean
 * something else on every link. Several routes of one prefix are one entry, FIB_LEGS, with theirs
 * behind it (leg.h).
 *
 * A table is read-only once fib6_build() has returned it.
 */
#include "dataplane/net/fib6.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_fib6.h>
#include <rte_malloc.h>

#include "dataplane/net/leg.h"

#define HOP_NONE    0u
#define HOP_LOCAL   1u
#define HOP_LINK    2u /* one per port */
#define HOP_FIRST   (HOP_LINK + WORKER_MAX_PORTS)
#define INDEX_MASK  ((1u << FIB6_INDEX_BITS) - 1)
#define SERIAL_MAX  ((1u << (24 - FIB6_INDEX_BITS)) - 1)
#define LINK_PREFIX 64u

_Static_assert(FIB6_LOCAL_SLOTS >= 4 * FIB6_MAX_ADDRESSES, "own addresses are found in few steps");
/* A prefix of several routes has an entry of its own. */
#define HOPS(n_addrs, n_routes) (HOP_FIRST + (n_addrs) + (n_routes) + (n_routes) / 2)
_Static_assert(HOPS(FIB6_MAX_ADDRESSES, FIB6_MAX_ROUTES) <= INDEX_MASK, "index of a handle");

struct fib6 {
	struct fib6_local local; /* first: fib6_is_stranger() */
	struct rte_fib6 *lpm;
	uint32_t serial; /* 1..SERIAL_MAX */
	uint32_t n_own;
	uint32_t n_hops;
	uint8_t on[WORKER_MAX_PORTS];
	struct ip6 link[WORKER_MAX_PORTS]; /* the port's first link-local address, when on */
	struct fib6_own own[FIB6_MAX_OWN];
	struct leg *leg; /* of hops[i], where that is one of several routes */
	struct fib6_hop hops[];
};

/* A route record after its fields have been checked. */
struct plan {
	struct ip6 dst;
	struct ip6 gateway; /* ::: none */
	struct ip6 source;
	uint8_t prefix_len;
	uint8_t distance;
	uint8_t port;
};

/* --- what the workers ask --- */

bool fib6_is_local(const struct fib6 *f, const uint8_t *addr)
{
	if (f == NULL)
		return false;
	for (uint32_t i = fib6_local_slot(addr); !ip6_is_unspecified(f->local.slot[i].b);
	     i = (i + 1) % FIB6_LOCAL_SLOTS)
		if (ip6_equal(f->local.slot[i].b, addr))
			return true;
	return false;
}

static void local_insert(struct fib6 *f, const struct ip6 *addr)
{
	uint32_t i = fib6_local_slot(addr->b);

	while (!ip6_is_unspecified(f->local.slot[i].b))
		i = (i + 1) % FIB6_LOCAL_SLOTS;
	f->local.slot[i] = *addr;
}

bool fib6_is_port_address(const struct fib6 *f, uint8_t port, const uint8_t *addr)
{
	for (uint32_t i = 0; f != NULL && i < f->n_own; i++)
		if (f->own[i].port == port && ip6_equal(f->own[i].addr.b, addr))
			return true;
	return false;
}

bool fib6_is_port_group(const struct fib6 *f, uint8_t port, const uint8_t *addr)
{
	if (f == NULL || port >= WORKER_MAX_PORTS || !f->on[port])
		return false;
	if (ip6_is_all(addr, 1) || ip6_is_all(addr, 2))
		return true;
	if (!ip6_is_solicited(addr))
		return false;
	for (uint32_t i = 0; i < f->n_own; i++)
		if (f->own[i].port == port && memcmp(f->own[i].addr.b + 13, addr + 13, 3) == 0)
			return true;
	return false;
}

const struct ip6 *fib6_port_address(const struct fib6 *f, uint8_t port, const uint8_t *peer)
{
	const struct ip6 *first = NULL;

	if (f == NULL || port >= WORKER_MAX_PORTS || !f->on[port])
		return NULL;
	if (ip6_is_link_local(peer))
		return &f->link[port];
	for (uint32_t i = 0; i < f->n_own; i++) {
		const struct fib6_own *o = &f->own[i];

		if (o->port != port || o->link_local)
			continue;
		if (ip6_same_net(o->addr.b, peer, o->prefix_len))
			return &o->addr;
		if (first == NULL)
			first = &o->addr;
	}
	return first != NULL ? first : &f->link[port];
}

const struct fib6_own *fib6_address(const struct fib6 *f, unsigned int i)
{
	return f != NULL && i < f->n_own ? &f->own[i] : NULL;
}

void fib6_lookup_bulk(const struct fib6 *f, const struct ip6 *dst, uint32_t *handles,
		      unsigned int n)
{
	uint64_t index[WORKER_BURST];
	struct ip6 addr[WORKER_BURST];

	memcpy(addr, dst, n * sizeof(*dst));
	/* Its address type differs between DPDK's releases, its layout does not. */
	rte_fib6_lookup_bulk(f->lpm, (void *)addr, index, (int)n);
	for (unsigned int i = 0; i < n; i++)
		handles[i] = f->serial << FIB6_INDEX_BITS | (uint32_t)index[i];
}

const struct fib6_hop *fib6_hop_of(const struct fib6 *f, uint32_t handle)
{
	uint32_t index = handle & INDEX_MASK;

	if (f == NULL || handle >> FIB6_INDEX_BITS != f->serial || index >= f->n_hops)
		return NULL;
	return &f->hops[index];
}

const struct fib6_hop *fib6_link_hop(const struct fib6 *f, uint8_t port)
{
	return f != NULL && port < WORKER_MAX_PORTS && f->on[port] ? &f->hops[HOP_LINK + port]
								   : NULL;
}

static uint64_t fold(const uint8_t *a)
{
	return ip6_hi(a) ^ ip6_lo(a) * 0x9e3779b97f4a7c15ull;
}

uint32_t fib6_flow_hash(const uint8_t *ip, const struct pkt_meta *meta)
{
	uint64_t more = meta->flags & PKT_F_FRAGMENT
				? 0
				: (uint64_t)meta->src_port << 24 | (uint64_t)meta->dst_port << 8 |
					  meta->proto;

	return leg_mix(fold(ip + IP6_OFF_SRC) * 0xd6e8feb86659fd93ull + fold(ip + IP6_OFF_DST) +
		       more * 0x9e3779b97f4a7c15ull);
}

const struct fib6_hop *fib6_leg(const struct fib6 *f, const struct fib6_hop *hop, uint32_t hash)
{
	const struct fib6_hop *first = hop + 1;

	return first + leg_of_flow(&f->leg[first - f->hops], hop->legs, hash);
}

static const struct fib6_hop *find(const struct fib6 *f, const uint8_t *dst)
{
	struct ip6 addr;
	uint32_t handle;

	if (f == NULL || ip6_martian_destination(dst))
		return NULL;
	memcpy(addr.b, dst, sizeof(addr.b));
	fib6_lookup_bulk(f, &addr, &handle, 1);
	return &f->hops[handle & INDEX_MASK];
}

bool fib6_lookup(const struct fib6 *f, const uint8_t *dst, struct fib6_hop *hop)
{
	const struct fib6_hop *found = find(f, dst);

	if (found == NULL)
		return false;
	if (found->kind == FIB_LEGS)
		found = fib6_leg(f, found, leg_mix(fold(dst)));
	*hop = *found;
	if (ip6_is_unspecified(hop->next.b))
		memcpy(hop->next.b, dst, sizeof(hop->next.b));
	return hop->kind == FIB_VIA;
}

uint16_t fib6_mtu(const struct fib6 *f, const uint8_t *dst)
{
	const struct fib6_hop *hop = find(f, dst);

	if (hop != NULL && hop->kind == FIB_LEGS)
		return leg_mtu(&f->leg[hop + 1 - f->hops], hop->legs);
	return hop != NULL && hop->kind == FIB_VIA ? ports[hop->port].mtu : 0;
}

/* Without a gateway, or with this one? */
static bool reaches(const struct fib6_hop *hop, uint8_t port, const uint8_t *addr)
{
	return hop->kind == FIB_VIA && hop->port == port &&
	       (ip6_is_unspecified(hop->next.b) || ip6_equal(hop->next.b, addr));
}

bool fib6_is_on_link(const struct fib6 *f, uint8_t port, const uint8_t *addr)
{
	const struct fib6_hop *hop;

	if (f == NULL || port >= WORKER_MAX_PORTS || !f->on[port])
		return false;
	if (ip6_is_link_local(addr))
		return !fib6_is_port_address(f, port, addr);
	hop = find(f, addr);
	if (hop == NULL || hop->kind != FIB_LEGS)
		return hop != NULL && reaches(hop, port, addr);
	/* By which of them a packet goes is its flow's affair. */
	for (uint8_t i = 1; i <= hop->legs; i++)
		if (reaches(hop + i, port, addr))
			return true;
	return false;
}

/* --- building --- */

static bool abi_ipv6(const struct abi_addr *a, struct ip6 *out)
{
	memcpy(out->b, a->bytes, sizeof(out->b));
	return a->family == 6;
}

static uint32_t check_address(const struct fib6 *f, const struct abi_address *rec,
			      uint16_t port_count, struct fib6_own *a)
{
	if (rec->port >= port_count || rec->prefix_len == 0 || rec->prefix_len > 128 ||
	    !abi_ipv6(&rec->addr, &a->addr) || ip6_martian_source(a->addr.b) ||
	    ports[rec->port].mtu < IP6_MTU_MIN)
		return ABI_ERR_FIELD;
	a->port = (uint8_t)rec->port;
	a->prefix_len = rec->prefix_len;
	a->link_local = ip6_is_link_local(a->addr.b);
	for (uint32_t i = 0; i < f->n_own; i++) {
		const struct fib6_own *o = &f->own[i];

		if (ip6_equal(o->addr.b, a->addr.b) && (!a->link_local || o->port == a->port))
			return ABI_ERR_EXISTS;
		if (!a->link_local && !o->link_local && o->port != a->port &&
		    o->prefix_len == a->prefix_len &&
		    ip6_same_net(o->addr.b, a->addr.b, a->prefix_len))
			return ABI_ERR_EXISTS;
	}
	return ABI_OK;
}

static void take_address(struct fib6 *f, const struct fib6_own *a)
{
	f->own[f->n_own++] = *a;
	f->on[a->port] = 1;
	if (!a->link_local)
		local_insert(f, &a->addr);
	else if (ip6_is_unspecified(f->link[a->port].b))
		f->link[a->port] = a->addr;
}

static uint32_t take_addresses(struct fib6 *f, const struct abi_address *recs, uint32_t n,
			       uint16_t port_count)
{
	for (uint32_t i = 0; i < n; i++) {
		struct fib6_own a;
		uint32_t status = check_address(f, &recs[i], port_count, &a);

		if (status != ABI_OK)
			return status;
		take_address(f, &a);
	}
	for (uint8_t i = 0; i < port_count; i++) {
		const struct fib6_own a = {.addr = ip6_link_local(&ports[i].mac),
					   .port = i,
					   .prefix_len = LINK_PREFIX,
					   .link_local = true};

		if (f->on[i] && ip6_is_unspecified(f->link[i].b))
			take_address(f, &a);
		f->hops[HOP_LINK + i] =
			(struct fib6_hop){.kind = f->on[i] ? FIB_VIA : FIB_NONE,
					  .port = i,
					  .handle = f->serial << FIB6_INDEX_BITS | (HOP_LINK + i),
					  .source = f->link[i]};
	}
	return ABI_OK;
}

/* The connected network that holds gw: the longest, on port when one is asked for. */
static const struct fib6_own *connected(const struct fib6 *f, const uint8_t *gw, uint16_t port)
{
	const struct fib6_own *best = NULL;

	for (uint32_t i = 0; i < f->n_own; i++) {
		const struct fib6_own *a = &f->own[i];

		if (a->link_local || !ip6_same_net(a->addr.b, gw, a->prefix_len) ||
		    (port != ABI_PORT_ANY && a->port != port))
			continue;
		if (best == NULL || a->prefix_len > best->prefix_len)
			best = a;
	}
	return best;
}

/* Port and source of a route through p->gateway. */
static uint32_t check_gateway(const struct fib6 *f, const struct abi_route *rec, struct plan *p)
{
	const struct fib6_own *net;

	if (!abi_ipv6(&rec->gateway, &p->gateway) || ip6_martian_source(p->gateway.b))
		return ABI_ERR_FIELD;
	if (ip6_is_link_local(p->gateway.b)) {
		if (rec->port == ABI_PORT_ANY || !f->on[rec->port] ||
		    fib6_is_port_address(f, (uint8_t)rec->port, p->gateway.b))
			return ABI_ERR_FIELD;
		p->port = (uint8_t)rec->port;
		p->source = *fib6_port_address(f, p->port, p->dst.b);
		return ABI_OK;
	}
	net = connected(f, p->gateway.b, rec->port);
	if (net == NULL || fib6_is_local(f, p->gateway.b))
		return ABI_ERR_FIELD;
	p->port = net->port;
	p->source = net->addr;
	return ABI_OK;
}

static uint32_t check_route(const struct fib6 *f, const struct abi_route *rec, uint16_t port_count,
			    struct plan *p)
{
	struct ip6 net;

	if (rec->prefix_len > 128 || !abi_ipv6(&rec->dst, &p->dst) ||
	    (rec->port != ABI_PORT_ANY && rec->port >= port_count))
		return ABI_ERR_FIELD;
	net = ip6_net(p->dst.b, rec->prefix_len);
	/* ::/0 and other short prefixes begin with zeros and are none the worse for it. */
	if (!ip6_equal(net.b, p->dst.b) ||
	    (rec->prefix_len > 8 && ip6_martian_destination(p->dst.b)) || p->dst.b[0] == 0xff)
		return ABI_ERR_FIELD;
	p->prefix_len = rec->prefix_len;
	p->distance = rec->distance;
	if (rec->gateway.family != 0)
		return check_gateway(f, rec, p);
	if (rec->port == ABI_PORT_ANY || !f->on[rec->port])
		return ABI_ERR_FIELD;
	p->port = (uint8_t)rec->port;
	p->gateway = (struct ip6){{0}};
	p->source = *fib6_port_address(f, p->port, p->dst.b);
	return ABI_OK;
}

static int prefix_order(const struct plan *x, const struct plan *y)
{
	int dst = memcmp(x->dst.b, y->dst.b, IP6_ADDR);

	return dst != 0 ? dst : x->prefix_len - y->prefix_len;
}

static int plan_order(const void *a, const void *b)
{
	const struct plan *x = a, *y = b;
	int prefix = prefix_order(x, y);

	return prefix != 0 ? prefix : x->distance - y->distance;
}

static bool same_route(const struct plan *x, const struct plan *y)
{
	return x->port == y->port && ip6_equal(x->gateway.b, y->gateway.b);
}

/* How many plans from the i-th on have its prefix. */
static uint32_t legs_at(const struct plan *plans, uint32_t n, uint32_t i)
{
	uint32_t k = 1;

	while (i + k < n && prefix_order(&plans[i], &plans[i + k]) == 0)
		k++;
	return k;
}

/* Sorts the plans by prefix, then distance. */
static uint32_t sort_routes(struct plan *plans, uint32_t n)
{
	qsort(plans, n, sizeof(*plans), plan_order);
	for (uint32_t i = 0; i < n;) {
		uint32_t end = i + legs_at(plans, n, i);

		if (end - i > LEG_MAX)
			return ABI_ERR_NO_SPACE;
		for (; i < end; i++)
			for (uint32_t k = i + 1; k < end; k++)
				if (same_route(&plans[i], &plans[k]))
					return ABI_ERR_EXISTS;
	}
	return ABI_OK;
}

static int lpm_add(struct fib6 *f, const struct ip6 *net, uint8_t prefix_len, uint32_t index)
{
	return rte_fib6_add(f->lpm, (const void *)net, prefix_len, index);
}

static uint32_t add_hop(struct fib6 *f, const struct plan *p)
{
	uint32_t index = f->n_hops++;

	f->hops[index] = (struct fib6_hop){.kind = FIB_VIA,
					   .port = p->port,
					   .handle = f->serial << FIB6_INDEX_BITS | index,
					   .next = p->gateway,
					   .source = p->source};
	f->leg[index] = (struct leg){.port = p->port, .distance = p->distance};
	return index;
}

static int insert_hop(struct fib6 *f, const struct plan *p)
{
	return lpm_add(f, &p->dst, p->prefix_len, add_hop(f, p));
}

/* One prefix, by its n routes. */
static int insert_legs(struct fib6 *f, const struct plan *plans, uint32_t n)
{
	uint32_t index;

	if (n == 1)
		return insert_hop(f, plans);
	index = f->n_hops++;
	f->hops[index] = (struct fib6_hop){.kind = FIB_LEGS,
					   .legs = (uint8_t)n,
					   .handle = f->serial << FIB6_INDEX_BITS | index};
	for (uint32_t i = 0; i < n; i++)
		add_hop(f, &plans[i]);
	return lpm_add(f, &plans->dst, plans->prefix_len, index);
}

static int insert_connected(struct fib6 *f)
{
	int rc = 0;

	/* From the last to the first: of two addresses in one network the first gives the source.
	 */
	for (uint32_t i = f->n_own; i-- > 0 && rc == 0;) {
		const struct fib6_own *a = &f->own[i];
		const struct plan p = {.dst = ip6_net(a->addr.b, a->prefix_len),
				       .source = a->addr,
				       .prefix_len = a->prefix_len,
				       .port = a->port};

		if (!a->link_local)
			rc = insert_hop(f, &p);
	}
	for (uint32_t i = 0; i < f->n_own && rc == 0; i++)
		if (!f->own[i].link_local)
			rc = lpm_add(f, &f->own[i].addr, 128, HOP_LOCAL);
	return rc;
}

/* How many steps of 8 bits a prefix takes behind the first 24. */
static uint32_t steps(uint8_t prefix_len)
{
	return prefix_len <= 24 ? 0 : (prefix_len - 24u + 7) / 8;
}

static int create_lpm(struct fib6 *f, const struct plan *plans, uint32_t n, int socket)
{
	static unsigned int number; /* rte_fib6 wants names, and two generations live at once */
	struct rte_fib6_conf conf = {.type = RTE_FIB6_TRIE,
				     .default_nh = HOP_NONE,
				     .max_routes = (int)(n + 2 * f->n_own + 1)};
	uint32_t tbl8 = 1;
	char name[32];

	for (uint32_t i = 0; i < n; i++)
		tbl8 += steps(plans[i].prefix_len);
	for (uint32_t i = 0; i < f->n_own; i++)
		tbl8 += steps(f->own[i].prefix_len) + steps(128);
	conf.trie.num_tbl8 = tbl8;
	conf.trie.nh_sz = tbl8 < 1u << 15 ? RTE_FIB6_TRIE_2B : RTE_FIB6_TRIE_4B;
	snprintf(name, sizeof(name), "routes6-%u", number++);
	f->lpm = rte_fib6_create(name, socket, &conf);
	return f->lpm != NULL ? 0 : -ENOMEM;
}

static int insert_all(struct fib6 *f, const struct plan *plans, uint32_t n, int socket)
{
	int rc = create_lpm(f, plans, n, socket);

	for (uint32_t i = 0; i < n && rc == 0;) {
		uint32_t legs = legs_at(plans, n, i);

		rc = insert_legs(f, &plans[i], legs);
		i += legs;
	}
	return rc == 0 ? insert_connected(f) : rc;
}

static struct fib6 *allocate(uint32_t n_addrs, uint32_t n_routes, int socket)
{
	static uint32_t serial;
	struct fib6 *f = rte_zmalloc_socket(
		"fib6", sizeof(*f) + HOPS(n_addrs, n_routes) * sizeof(f->hops[0]),
		RTE_CACHE_LINE_SIZE, socket);

	if (f == NULL)
		return NULL;
	f->leg = rte_calloc_socket("fib6", HOPS(n_addrs, n_routes), sizeof(*f->leg), 0, socket);
	if (f->leg == NULL) {
		rte_free(f);
		return NULL;
	}
	serial = serial % SERIAL_MAX + 1;
	f->serial = serial;
	f->hops[HOP_LOCAL].kind = FIB_LOCAL;
	f->n_hops = HOP_FIRST;
	return f;
}

struct fib6 *fib6_build(const struct abi_address *addrs, uint32_t n_addrs,
			const struct abi_route *routes, uint32_t n_routes, uint16_t port_count,
			int socket, uint32_t *status)
{
	struct plan *plans = NULL;
	struct fib6 *f = NULL;

	*status = ABI_OK;
	if (n_addrs == 0 && n_routes == 0)
		return NULL;
	*status = ABI_ERR_NO_SPACE;
	if (n_addrs > FIB6_MAX_ADDRESSES || n_routes > FIB6_MAX_ROUTES ||
	    port_count > WORKER_MAX_PORTS)
		return NULL;
	plans = calloc(n_routes + 1u, sizeof(*plans));
	f = allocate(n_addrs, n_routes, socket);
	if (plans == NULL || f == NULL)
		goto fail;

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
	fib6_free(f);
	return NULL;
}

void fib6_free(struct fib6 *f)
{
	if (f == NULL)
		return;
	rte_fib6_free(f->lpm);
	rte_free(f->leg);
	rte_free(f);
}
