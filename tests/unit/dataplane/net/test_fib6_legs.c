/* SPDX-License-Identifier: BSD-3-Clause */
/* test_fib6_legs.c - several IPv6 routes to one destination: distance, links, flows. */
#include "tests/unit/dataplane/net/fib6kit.h"

static void takes_the_route_of_least_distance(void **state)
{
	struct fib6 *f;

	(void)state;
	site();
	route("2001:db8:a::", 48, WAN6_GW, ABI_PORT_ANY)->distance = 5;
	route("2001:db8:a::", 48, "2001:db8:2::77", ABI_PORT_ANY)->distance = 2;
	route("2001:db8:1::", 64, "2001:db8:2::77", ABI_PORT_ANY)->distance = 0;
	f = build(ABI_OK);
	expect_hop(f, FAR6_HOST, 1, "2001:db8:2::77", WAN6_US);
	expect(f, LAN6_HOST, 0, LAN6_HOST, LAN6_US); /* a connected network beats them all */
	fib6_free(f);
}

/* What a flow from that port on takes. */
static const struct fib6_hop *leg_of(const struct fib6 *f, const char *dst, uint16_t sport,
				     uint8_t flags)
{
	struct pkt_meta meta = {.proto = 17, .src_port = sport, .dst_port = 53, .flags = flags};
	struct ip6 d = ip6(dst);
	const struct fib6_hop *hop;
	uint8_t ip[40] = {0};
	uint32_t handle;

	memcpy(ip + IP6_OFF_SRC, ip6(LAN6_HOST).b, 16);
	memcpy(ip + IP6_OFF_DST, d.b, 16);
	fib6_lookup_bulk(f, &d, &handle, 1);
	hop = fib6_hop_of(f, handle);
	assert_non_null(hop);
	assert_int_equal(hop->kind, FIB_LEGS);
	hop = fib6_leg(f, hop, fib6_flow_hash(ip, &meta));
	assert_int_equal(hop->kind, FIB_VIA);
	assert_ptr_equal(fib6_hop_of(f, hop->handle), hop);
	return hop;
}

static void spreads_flows_over_routes_of_one_distance(void **state)
{
	unsigned int taken[5] = {0};
	struct fib6 *f;

	(void)state;
	site();
	route("::", 0, "2001:db8:2::f1", ABI_PORT_ANY);
	route("::", 0, "2001:db8:2::f4", ABI_PORT_ANY)->distance = 2;
	route("::", 0, "2001:db8:2::f2", ABI_PORT_ANY);
	route("::", 0, "fe80::f3", 1);
	f = build(ABI_OK);
	for (uint16_t i = 0; i < 30000; i++) {
		const struct fib6_hop *hop = leg_of(f, PEER6, i, 0);

		assert_int_equal(hop->port, 1);
		assert_memory_equal(hop->source.b, ip6(WAN6_US).b, 16);
		assert_in_range(hop->next.b[15], 0xf1, 0xf3);
		/* A flow keeps to its route. */
		assert_ptr_equal(leg_of(f, PEER6, i, 0), hop);
		taken[hop->next.b[15] - 0xf0]++;
	}
	for (unsigned int i = 1; i <= 3; i++)
		assert_in_range(taken[i], 9000, 11000);
	/* Only the first fragment of a packet shows its ports. */
	for (uint16_t i = 0; i < 1000; i++)
		assert_ptr_equal(leg_of(f, PEER6, i, PKT_F_FRAGMENT),
				 leg_of(f, PEER6, 0, PKT_F_FRAGMENT | PKT_F_NONFIRST));
	fib6_free(f);
}

static void a_route_without_link_gives_way_to_the_next_distance(void **state)
{
	unsigned int lan = 0;
	struct fib6 *f;

	(void)state;
	site();
	route("::", 0, WAN6_GW, ABI_PORT_ANY);
	route("::", 0, LAN6_HOST, ABI_PORT_ANY)->distance = 2;
	route("2001:db8:b::", 48, WAN6_GW, ABI_PORT_ANY);
	route("2001:db8:b::", 48, LAN6_HOST, ABI_PORT_ANY);
	f = build(ABI_OK);
	expect_hop(f, PEER6, 1, WAN6_GW, WAN6_US);
	ports[1].link_up = false;
	expect_hop(f, PEER6, 0, LAN6_HOST, LAN6_US);
	for (uint16_t i = 0; i < 100; i++)
		assert_int_equal(leg_of(f, "2001:db8:b::1", i, 0)->port, 0);
	ports[0].link_up = false; /* nothing helps: as if all had one */
	expect_hop(f, PEER6, 1, WAN6_GW, WAN6_US);
	ports[0].link_up = ports[1].link_up = true;
	expect_hop(f, PEER6, 1, WAN6_GW, WAN6_US);
	for (uint16_t i = 0; i < 100; i++)
		lan += leg_of(f, "2001:db8:b::1", i, 0)->port == 0;
	assert_in_range(lan, 25, 75);
	fib6_free(f);
}

/* Whichever leg a flow takes, its neighbour is one that may be asked for. */
static void what_any_leg_reaches_is_on_its_link(void **state)
{
	struct ip6 far = ip6(FAR6_HOST), gw = ip6(WAN6_GW);
	struct fib6 *f;

	(void)state;
	site();
	route("2001:db8:a::", 48, NULL, 0);
	route("2001:db8:a::", 48, NULL, 1)->distance = 2;
	f = build(ABI_OK);
	assert_true(fib6_is_on_link(f, 0, far.b));
	assert_true(fib6_is_on_link(f, 1, far.b));
	fib6_free(f);
	net.routes[1].gateway = abi6(WAN6_GW);
	f = build(ABI_OK);
	assert_true(fib6_is_on_link(f, 0, far.b));
	assert_false(fib6_is_on_link(f, 1, far.b));
	assert_true(fib6_is_on_link(f, 1, gw.b));
	fib6_free(f);
}

/* A flow may take either, so what is said of the way must hold for both. */
static void the_narrowest_of_several_routes_counts(void **state)
{
	struct fib6 *f;

	(void)state;
	site();
	route("::", 0, WAN6_GW, ABI_PORT_ANY);
	route("::", 0, LAN6_HOST, ABI_PORT_ANY);
	route("2001:db8:b::", 48, WAN6_GW, ABI_PORT_ANY);
	route("2001:db8:b::", 48, LAN6_HOST, ABI_PORT_ANY)->distance = 2;
	f = build(ABI_OK);
	ports[0].mtu = 1400;
	assert_int_equal(fib6_mtu(f, ip6(PEER6).b), 1400);
	assert_int_equal(fib6_mtu(f, ip6(WAN6_GW).b), 1500);
	assert_int_equal(fib6_mtu(f, ip6("2001:db8:b::1").b), 1500);
	ports[1].link_up = false;
	assert_int_equal(fib6_mtu(f, ip6("2001:db8:b::1").b), 1400);
	ports[1].link_up = true;
	ports[0].link_up = false;
	assert_int_equal(fib6_mtu(f, ip6(PEER6).b), 1500);
	ports[0].link_up = true;
	ports[0].mtu = 1500;
	assert_int_equal(fib6_mtu(f, ip6(WAN6_US).b), 0);
	assert_int_equal(fib6_mtu(f, ip6(LINK6_A).b), 0);
	assert_int_equal(fib6_mtu(NULL, ip6(PEER6).b), 0);
	fib6_free(f);
}

static void takes_so_many_routes_to_one_destination(void **state)
{
	(void)state;
	site();
	for (unsigned int i = 0; i < LEG_MAX; i++)
		route("::", 0, "2001:db8:2::f0", ABI_PORT_ANY)->gateway.bytes[15] += i;
	fib6_free(build(ABI_OK));
	route("::", 0, "2001:db8:2::a", ABI_PORT_ANY)->distance = 9;
	build(ABI_ERR_NO_SPACE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(takes_the_route_of_least_distance),
		T(spreads_flows_over_routes_of_one_distance),
		T(a_route_without_link_gives_way_to_the_next_distance),
		T(what_any_leg_reaches_is_on_its_link),
		T(the_narrowest_of_several_routes_counts),
		T(takes_so_many_routes_to_one_destination),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
