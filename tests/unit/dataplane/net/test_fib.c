/* SPDX-License-Identifier: BSD-3-Clause */
/* test_fib.c - routes against a linear twin, precedence, and every record that must be refused. */
#include "dataplane/net/leg.h"
#include "tests/unit/dataplane/net/netkit.h"

#include <stdlib.h>

#include "dataplane/net/port.h"
#include "dataplane/net/route.h"

static struct abi_address address(uint16_t port, uint32_t addr, uint8_t prefix_len)
{
	return (struct abi_address){.port = port, .prefix_len = prefix_len, .addr = abi4(addr)};
}

static struct abi_route route(uint32_t dst, uint8_t prefix_len, uint32_t gw, uint8_t distance)
{
	struct abi_route r = {.port = ABI_PORT_ANY,
			      .prefix_len = prefix_len,
			      .distance = distance,
			      .dst = abi4(dst)};

	if (gw != 0)
		r.gateway = abi4(gw);
	return r;
}

static uint32_t build_status(const struct abi_address *a, uint32_t na, const struct abi_route *r,
			     uint32_t nr)
{
	uint32_t status = 99;
	struct fib *f = fib_build(a, na, r, nr, 2, SOCKET_ID_ANY, &status);

	assert_int_equal(f != NULL, status == ABI_OK);
	fib_free(f);
	return status;
}

static uint32_t address_status(uint16_t port, uint32_t addr, uint8_t prefix_len)
{
	const struct abi_address a = address(port, addr, prefix_len);

	return build_status(&a, 1, NULL, 0);
}

/* The route record on top of the site's two addresses. */
static uint32_t route_status(const struct abi_route *r, uint32_t n)
{
	const struct abi_address a[] = {address(0, LAN_US, 24), address(1, WAN_US, 24)};

	return build_status(a, 2, r, n);
}

static void refuses_addresses_that_cannot_be(void **state)
{
	struct abi_address a = address(0, LAN_US, 24);

	(void)state;
	assert_int_equal(address_status(0, LAN_US, 24), ABI_OK);
	assert_int_equal(address_status(2, LAN_US, 24), ABI_ERR_FIELD);
	assert_int_equal(address_status(0, LAN_US, 0), ABI_ERR_FIELD);
	assert_int_equal(address_status(0, LAN_US, 33), ABI_ERR_FIELD);
	assert_int_equal(address_status(0, IP(192, 168, 1, 0), 24), ABI_ERR_FIELD);
	assert_int_equal(address_status(0, IP(192, 168, 1, 255), 24), ABI_ERR_FIELD);
	assert_int_equal(address_status(0, IP(192, 168, 1, 0), 31), ABI_OK);
	assert_int_equal(address_status(0, IP(192, 168, 1, 255), 32), ABI_OK);
	assert_int_equal(address_status(0, IP(127, 0, 0, 1), 8), ABI_ERR_FIELD);
	assert_int_equal(address_status(0, IP(0, 1, 2, 3), 24), ABI_ERR_FIELD);
	assert_int_equal(address_status(0, IP(224, 0, 0, 5), 24), ABI_ERR_FIELD);
	a.addr.family = 6;
	assert_int_equal(build_status(&a, 1, NULL, 0), ABI_ERR_FIELD);
	a.addr.family = 4;
	a.addr.bytes[15] = 1;
	assert_int_equal(build_status(&a, 1, NULL, 0), ABI_ERR_FIELD);
}

static void refuses_an_address_twice_and_a_network_on_two_ports(void **state)
{
	struct abi_address a[2] = {address(0, LAN_US, 24), address(1, LAN_US, 24)};

	(void)state;
	assert_int_equal(build_status(a, 2, NULL, 0), ABI_ERR_EXISTS);
	a[1] = address(0, LAN_US, 16);
	assert_int_equal(build_status(a, 2, NULL, 0), ABI_ERR_EXISTS);
	a[1] = address(1, LAN_HOST, 24);
	assert_int_equal(build_status(a, 2, NULL, 0), ABI_ERR_EXISTS);
	a[1] = address(0, LAN_HOST, 24);
	assert_int_equal(build_status(a, 2, NULL, 0), ABI_OK);
	a[1] = address(1, IP(192, 168, 2, 1), 16);
	assert_int_equal(build_status(a, 2, NULL, 0), ABI_OK);
}

static void refuses_more_than_fits(void **state)
{
	static struct abi_address a[FIB_MAX_ADDRESSES + 1];

	(void)state;
	for (uint32_t i = 0; i <= FIB_MAX_ADDRESSES; i++)
		a[i] = address(0, IP(10, 0, i, 1), 24);
	assert_int_equal(build_status(a, FIB_MAX_ADDRESSES, NULL, 0), ABI_OK);
	assert_int_equal(build_status(a, FIB_MAX_ADDRESSES + 1, NULL, 0), ABI_ERR_NO_SPACE);
	assert_int_equal(build_status(a, 1, NULL, FIB_MAX_ROUTES + 1), ABI_ERR_NO_SPACE);
}

static void refuses_routes_that_cannot_be(void **state)
{
	const uint32_t net = IP(10, 1, 0, 0);
	struct abi_route r;

	(void)state;
	r = route(net, 16, WAN_GW, 1);
	assert_int_equal(route_status(&r, 1), ABI_OK);
	r = route(net + 1, 16, WAN_GW, 1); /* host bits */
	assert_int_equal(route_status(&r, 1), ABI_ERR_FIELD);
	r = route(net, 33, WAN_GW, 1);
	assert_int_equal(route_status(&r, 1), ABI_ERR_FIELD);
	r = route(IP(224, 0, 0, 0), 4, WAN_GW, 1);
	assert_int_equal(route_status(&r, 1), ABI_ERR_FIELD);
	r = route(IP(127, 0, 0, 0), 8, WAN_GW, 1);
	assert_int_equal(route_status(&r, 1), ABI_ERR_FIELD);
	r = route(net, 16, IP(172, 16, 0, 1), 1); /* gateway not connected */
	assert_int_equal(route_status(&r, 1), ABI_ERR_FIELD);
	r = route(net, 16, WAN_US, 1); /* gateway is us */
	assert_int_equal(route_status(&r, 1), ABI_ERR_FIELD);
	r = route(net, 16, WAN_US | 255, 1); /* gateway is a broadcast address */
	assert_int_equal(route_status(&r, 1), ABI_ERR_FIELD);
	r = route(net, 16, WAN_GW, 1);
	r.port = 0; /* the gateway is on port 1 */
	assert_int_equal(route_status(&r, 1), ABI_ERR_FIELD);
	r.port = 1;
	assert_int_equal(route_status(&r, 1), ABI_OK);
	r.port = 2;
	assert_int_equal(route_status(&r, 1), ABI_ERR_FIELD);
	r = route(net, 16, 0, 1); /* on link, of no port */
	assert_int_equal(route_status(&r, 1), ABI_ERR_FIELD);
	r.port = 1;
	assert_int_equal(route_status(&r, 1), ABI_OK);
	r.gateway.family = 6;
	assert_int_equal(route_status(&r, 1), ABI_ERR_FIELD);
	r = route(net, 16, WAN_GW, 1);
	r.dst.family = 0;
	assert_int_equal(route_status(&r, 1), ABI_ERR_FIELD);
}

static void refuses_an_on_link_route_on_a_port_without_address(void **state)
{
	const struct abi_address a = address(0, LAN_US, 24);
	struct abi_route r = route(IP(10, 1, 0, 0), 16, 0, 1);

	(void)state;
	r.port = 1;
	assert_int_equal(build_status(&a, 1, &r, 1), ABI_ERR_FIELD);
}

static void refuses_a_route_twice_and_too_many_to_one_destination(void **state)
{
	struct abi_route r[LEG_MAX + 1] = {route(IP(10, 1, 0, 0), 16, WAN_GW, 1)};

	(void)state;
	for (uint32_t i = 1; i <= LEG_MAX; i++)
		r[i] = route(IP(10, 1, 0, 0), 16, WAN_GW + i, 1 + i % 2);
	assert_int_equal(route_status(r, 2), ABI_OK);
	assert_int_equal(route_status(r, LEG_MAX), ABI_OK);
	assert_int_equal(route_status(r, LEG_MAX + 1), ABI_ERR_NO_SPACE);
	r[1] = r[0];
	assert_int_equal(route_status(r, 2), ABI_ERR_EXISTS);
	r[1].distance = 2;
	assert_int_equal(route_status(r, 2), ABI_ERR_EXISTS);
	r[1].dst = abi4(IP(10, 2, 0, 0));
	assert_int_equal(route_status(r, 2), ABI_OK);
}

static struct fib *build(const struct abi_address *a, uint32_t na, const struct abi_route *r,
			 uint32_t nr)
{
	uint32_t status;
	struct fib *f = fib_build(a, na, r, nr, 2, SOCKET_ID_ANY, &status);

	assert_non_null(f);
	return f;
}

static void picks_the_lowest_distance(void **state)
{
	const struct abi_address a = address(1, WAN_US, 24);
	const struct abi_route r[] = {route(0, 0, WAN_GW + 2, 20), route(0, 0, WAN_GW + 1, 10),
				      route(0, 0, WAN_GW + 3, 30)};
	struct fib *f = build(&a, 1, r, 3);
	struct fib_hop hop;

	(void)state;
	assert_true(fib_lookup(f, PEER, &hop));
	assert_int_equal(hop.next_hop, WAN_GW + 1);
	assert_int_equal(hop.port, 1);
	assert_int_equal(hop.source, WAN_US);
	fib_free(f);
}

static struct fib_hop leg_of(const struct fib *f, uint32_t dst, uint16_t sport, uint8_t flags)
{
	struct pkt_meta meta = {.src = LAN_HOST,
				.dst = dst,
				.proto = 17,
				.src_port = sport,
				.dst_port = 53,
				.flags = flags};
	struct fib_hop hop;

	fib_lookup_bulk(f, &dst, &hop, 1);
	assert_int_equal(hop.kind, FIB_LEGS);
	return fib_leg(f, &hop, dst, fib_flow_hash(&meta));
}

static void spreads_flows_over_routes_of_one_distance(void **state)
{
	const struct abi_address a = address(1, WAN_US, 24);
	const struct abi_route r[] = {route(0, 0, WAN_GW + 1, 1), route(0, 0, WAN_GW + 4, 2),
				      route(0, 0, WAN_GW + 2, 1), route(0, 0, WAN_GW + 3, 1)};
	struct fib *f = build(&a, 1, r, 4);
	unsigned int taken[5] = {0};

	(void)state;
	for (uint16_t i = 0; i < 30000; i++) {
		struct fib_hop hop = leg_of(f, PEER, i, 0);

		assert_int_equal(hop.kind, FIB_VIA);
		assert_int_equal(hop.port, 1);
		assert_int_equal(hop.source, WAN_US);
		assert_in_range(hop.next_hop, WAN_GW + 1, WAN_GW + 3);
		/* A flow keeps to its route. */
		assert_int_equal(leg_of(f, PEER, i, 0).next_hop, hop.next_hop);
		taken[hop.next_hop - WAN_GW]++;
	}
	for (unsigned int i = 1; i <= 3; i++)
		assert_in_range(taken[i], 9000, 11000);
	fib_free(f);
}

/* Only the first fragment of a packet shows its ports. */
static void all_fragments_of_a_packet_take_one_route(void **state)
{
	const struct abi_address a = address(1, WAN_US, 24);
	const struct abi_route r[] = {route(0, 0, WAN_GW + 1, 1), route(0, 0, WAN_GW + 2, 1)};
	struct fib *f = build(&a, 1, r, 2);

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		struct fib_hop first = leg_of(f, PEER + i, (uint16_t)(i * 77), PKT_F_FRAGMENT);
		struct fib_hop later = leg_of(f, PEER + i, 0, PKT_F_FRAGMENT | PKT_F_NONFIRST);

		assert_int_equal(first.next_hop, later.next_hop);
	}
	fib_free(f);
}

static void a_route_without_link_gives_way_to_the_next_distance(void **state)
{
	const struct abi_address a[] = {address(0, LAN_US, 24), address(1, WAN_US, 24)};
	const struct abi_route r[] = {route(0, 0, WAN_GW, 1), route(0, 0, LAN_HOST, 2),
				      route(IP(10, 9, 0, 0), 16, WAN_GW, 1),
				      route(IP(10, 9, 0, 0), 16, LAN_HOST, 1)};
	struct fib *f = build(a, 2, r, 4);
	unsigned int lan = 0;
	struct fib_hop hop;

	(void)state;
	assert_true(fib_lookup(f, PEER, &hop));
	assert_int_equal(hop.next_hop, WAN_GW);
	ports[1].link_up = false;
	assert_true(fib_lookup(f, PEER, &hop));
	assert_int_equal(hop.next_hop, LAN_HOST);
	assert_int_equal(hop.source, LAN_US);
	for (uint16_t i = 0; i < 100; i++)
		assert_int_equal(leg_of(f, IP(10, 9, 1, 1), i, 0).next_hop, LAN_HOST);
	ports[0].link_up = false; /* nothing helps: as if all had one */
	assert_true(fib_lookup(f, PEER, &hop));
	assert_int_equal(hop.next_hop, WAN_GW);
	ports[0].link_up = ports[1].link_up = true;
	assert_true(fib_lookup(f, PEER, &hop));
	assert_int_equal(hop.next_hop, WAN_GW);
	for (uint16_t i = 0; i < 100; i++)
		lan += leg_of(f, IP(10, 9, 1, 1), i, 0).next_hop == LAN_HOST;
	assert_in_range(lan, 25, 75);
	fib_free(f);
}

/* Whichever leg a flow takes, its neighbour is one that may be asked for. */
static void what_any_leg_reaches_is_on_its_link(void **state)
{
	const struct abi_address a[] = {address(0, LAN_US, 24), address(1, WAN_US, 24)};
	struct abi_route r[] = {route(IP(10, 9, 0, 0), 16, 0, 1), route(IP(10, 9, 0, 0), 16, 0, 1)};
	struct fib *f;

	(void)state;
	r[1].port = 1;
	r[0].port = 0;
	f = build(a, 2, r, 2);
	for (uint32_t i = 1; i < 100; i++)
		for (uint16_t sport = 0; sport < 8; sport++) {
			uint32_t dst = IP(10, 9, 0, 0) + i;
			struct fib_hop hop = leg_of(f, dst, sport, 0);

			assert_true(fib_is_on_link(f, hop.port, dst));
		}
	fib_free(f);
	r[1] = route(IP(10, 9, 0, 0), 16, WAN_GW, 1);
	f = build(a, 2, r, 2);
	assert_true(fib_is_on_link(f, 0, IP(10, 9, 0, 1)));
	assert_false(fib_is_on_link(f, 1, IP(10, 9, 0, 1)));
	fib_free(f);
}

/* A flow may take either, so what is said of the way must hold for both. */
static void the_narrowest_of_several_routes_counts(void **state)
{
	const struct abi_address a[] = {address(0, LAN_US, 24), address(1, WAN_US, 24)};
	const struct abi_route r[] = {route(0, 0, WAN_GW, 1), route(0, 0, LAN_HOST, 1),
				      route(IP(10, 9, 0, 0), 16, WAN_GW, 1),
				      route(IP(10, 9, 0, 0), 16, LAN_HOST, 2)};
	struct fib *f = build(a, 2, r, 4);

	(void)state;
	ports[0].mtu = 1400;
	for (uint32_t i = 0; i < 32; i++)
		assert_int_equal(fib_mtu(f, PEER + i), 1400);
	assert_int_equal(fib_mtu(f, WAN_GW), 1500);
	assert_int_equal(fib_mtu(f, IP(10, 9, 1, 1)), 1500);
	ports[1].link_up = false;
	assert_int_equal(fib_mtu(f, IP(10, 9, 1, 1)), 1400);
	ports[1].link_up = true;
	ports[0].link_up = false;
	assert_int_equal(fib_mtu(f, PEER), 1500);
	ports[0].link_up = true;
	ports[0].mtu = 1500;
	assert_int_equal(fib_mtu(f, WAN_US), 0);
	fib_free(f);
}

/* Without a gateway the destination is the next hop, also of a leg. */
static void a_leg_may_be_on_link(void **state)
{
	const struct abi_address a[] = {address(0, LAN_US, 24), address(1, WAN_US, 24)};
	struct abi_route r[] = {route(IP(10, 9, 0, 0), 16, 0, 1),
				route(IP(10, 9, 0, 0), 16, WAN_GW, 2)};
	struct fib_hop hop;
	struct fib *f;

	(void)state;
	r[0].port = 0;
	f = build(a, 2, r, 2);
	assert_true(fib_lookup(f, IP(10, 9, 3, 4), &hop));
	assert_int_equal(hop.port, 0);
	assert_int_equal(hop.next_hop, IP(10, 9, 3, 4));
	fib_free(f);
}

static void finds_a_gateway_through_the_closest_network(void **state)
{
	const struct abi_address a[] = {address(0, IP(10, 0, 0, 1), 8),
					address(1, IP(10, 1, 0, 1), 16)};
	struct abi_route r = route(0, 0, IP(10, 1, 0, 9), 1);
	struct fib *f = build(a, 2, &r, 1);
	struct fib_hop hop;

	(void)state;
	assert_true(fib_lookup(f, PEER, &hop));
	assert_int_equal(hop.port, 1);
	assert_int_equal(hop.source, IP(10, 1, 0, 1));
	fib_free(f);
	r.port = 0; /* asked for: the wider one */
	f = build(a, 2, &r, 1);
	assert_true(fib_lookup(f, PEER, &hop));
	assert_int_equal(hop.port, 0);
	fib_free(f);
}

static void prefers_a_connected_network_to_a_route(void **state)
{
	const struct abi_address a[] = {address(0, LAN_US, 24), address(1, WAN_US, 24)};
	const struct abi_route r = route(IP(192, 168, 1, 0), 24, WAN_GW, 0);
	struct fib *f = build(a, 2, &r, 1);
	struct fib_hop hop;

	(void)state;
	assert_true(fib_lookup(f, LAN_HOST, &hop));
	assert_int_equal(hop.port, 0);
	assert_int_equal(hop.next_hop, LAN_HOST);
	fib_free(f);
}

static void knows_its_own_and_the_broadcast_addresses(void **state)
{
	const uint32_t dst[] = {LAN_US, LAN_US | 255,	 LAN_US & ~255u, LAN_HOST,
				PEER,	IP(10, 0, 0, 0), IP(10, 0, 0, 1)};
	const uint8_t kind[] = {FIB_LOCAL, FIB_BROADCAST, FIB_BROADCAST, FIB_VIA,
				FIB_NONE,  FIB_LOCAL,	  FIB_VIA};
	const struct abi_address a[] = {address(0, LAN_US, 24), address(1, IP(10, 0, 0, 0), 31)};
	struct fib *f = build(a, 2, NULL, 0);
	struct fib_hop hops[7];

	(void)state;
	fib_lookup_bulk(f, dst, hops, 7);
	for (unsigned int i = 0; i < 7; i++) {
		assert_int_equal(hops[i].kind, kind[i]);
		assert_int_equal(fib_is_local(f, dst[i]), kind[i] == FIB_LOCAL);
		assert_int_equal(fib_is_on_link(f, hops[i].port, dst[i]), kind[i] == FIB_VIA);
		assert_false(fib_is_on_link(f, (uint8_t)(1 - hops[i].port), dst[i]));
	}
	assert_true(fib_is_port_address(f, 0, LAN_US));
	assert_false(fib_is_port_address(f, 1, LAN_US));
	assert_false(fib_is_local(NULL, LAN_US));
	fib_free(f);
}

static void gives_the_address_beside_the_peer(void **state)
{
	const struct abi_address a[] = {address(0, LAN_US, 24), address(0, IP(172, 16, 0, 1), 16),
					address(1, WAN_US, 24)};
	struct fib *f = build(a, 3, NULL, 0);
	uint32_t addr = 0;
	uint8_t port = 9;

	(void)state;
	assert_int_equal(fib_port_address(f, 0, IP(172, 16, 9, 9)), IP(172, 16, 0, 1));
	assert_int_equal(fib_port_address(f, 0, PEER), LAN_US);
	assert_int_equal(fib_port_address(f, 1, LAN_HOST), WAN_US);
	assert_int_equal(fib_port_address(f, 5, LAN_HOST), 0);
	assert_true(fib_address(f, 2, &port, &addr));
	assert_int_equal(addr, WAN_US);
	assert_int_equal(port, 1);
	assert_false(fib_address(f, 3, &port, &addr));
	fib_free(f);
}

/* The stupid twin: every record, longest prefix wins. */
static const struct abi_route *linear(const struct abi_route *r, uint32_t n, uint32_t dst)
{
	const struct abi_route *best = NULL;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t net = get32(r[i].dst.bytes);
		uint32_t mask = r[i].prefix_len == 0 ? 0 : ~0u << (32 - r[i].prefix_len);

		if ((dst & mask) != net)
			continue;
		if (best == NULL || r[i].prefix_len > best->prefix_len)
			best = &r[i];
	}
	return best;
}

#define TWIN_ROUTES 300u

static void agrees_with_a_linear_twin(void **state)
{
	static struct abi_route r[TWIN_ROUTES];
	const struct abi_address a = address(1, IP(203, 0, 113, 1), 24);
	uint64_t seed = 20260101;
	uint32_t n = 0;
	struct fib *f;

	(void)state;
	while (n < TWIN_ROUTES) {
		uint8_t len = (uint8_t)(4 + random_next(&seed) % 29);
		/* Few distinct high bits, so that prefixes nest. */
		uint32_t dst = IP(10, random_next(&seed) % 4, 0, 0) |
			       (uint32_t)(random_next(&seed) & 0xffff);
		uint32_t i;

		dst &= ~0u << (32 - len);
		for (i = 0; i < n; i++)
			if (get32(r[i].dst.bytes) == dst && r[i].prefix_len == len)
				break;
		if (i < n || dst == 0)
			continue;
		r[n] = route(dst, len, IP(203, 0, 113, 2 + n % 200), 1);
		n++;
	}
	f = build(&a, 1, r, n);
	for (unsigned int i = 0; i < 1000000; i++) {
		uint64_t x = random_next(&seed);
		uint32_t dst = i % 4 == 0 ? (uint32_t)x : IP(10, x % 5, 0, 0) | (x >> 8 & 0xffff);
		const struct abi_route *want;
		struct fib_hop hop;
		bool found;

		if (dst >> 8 == IP(203, 0, 113, 0) >> 8)
			continue;
		want = linear(r, n, dst);
		found = fib_lookup(f, dst, &hop);
		assert_int_equal(found, want != NULL);
		if (found)
			assert_int_equal(hop.next_hop, get32(want->gateway.bytes));
	}
	fib_free(f);
}

static void builds_the_largest_table_and_two_at_once(void **state)
{
	const struct abi_address a = address(1, WAN_US, 24);
	struct abi_route *r = calloc(FIB_MAX_ROUTES, sizeof(*r));
	struct fib *one, *two;
	struct fib_hop hop;

	(void)state;
	assert_non_null(r);
	for (uint32_t i = 0; i < FIB_MAX_ROUTES; i++)
		r[i] = route(IP(20, 0, 0, 128) + (i << 8), 32, WAN_GW, 1);
	one = build(&a, 1, r, FIB_MAX_ROUTES);
	two = build(&a, 1, r, 1);
	assert_true(fib_lookup(one, IP(20, 0, 0, 128) + ((FIB_MAX_ROUTES - 1) << 8), &hop));
	assert_false(fib_lookup(two, IP(20, 0, 0, 128) + ((FIB_MAX_ROUTES - 1) << 8), &hop));
	fib_free(one);
	assert_true(fib_lookup(two, IP(20, 0, 0, 128), &hop));
	fib_free(two);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_addresses_that_cannot_be),
		cmocka_unit_test(refuses_an_address_twice_and_a_network_on_two_ports),
		cmocka_unit_test(refuses_more_than_fits),
		cmocka_unit_test(refuses_routes_that_cannot_be),
		cmocka_unit_test(refuses_an_on_link_route_on_a_port_without_address),
		cmocka_unit_test(refuses_a_route_twice_and_too_many_to_one_destination),
		cmocka_unit_test(picks_the_lowest_distance),
		cmocka_unit_test(spreads_flows_over_routes_of_one_distance),
		cmocka_unit_test(all_fragments_of_a_packet_take_one_route),
		cmocka_unit_test(a_route_without_link_gives_way_to_the_next_distance),
		cmocka_unit_test(a_leg_may_be_on_link),
		cmocka_unit_test(the_narrowest_of_several_routes_counts),
		cmocka_unit_test(what_any_leg_reaches_is_on_its_link),
		cmocka_unit_test(finds_a_gateway_through_the_closest_network),
		cmocka_unit_test(prefers_a_connected_network_to_a_route),
		cmocka_unit_test(knows_its_own_and_the_broadcast_addresses),
		cmocka_unit_test(gives_the_address_beside_the_peer),
		cmocka_unit_test(agrees_with_a_linear_twin),
		cmocka_unit_test(builds_the_largest_table_and_two_at_once),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
