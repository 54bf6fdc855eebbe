/* SPDX-License-Identifier: BSD-3-Clause */
/* test_fib6.c - IPv6 addresses and routes against the records, and against a naive twin. */
#include "tests/unit/dataplane/net/fib6kit.h"

static void finds_connected_networks_and_gateways(void **state)
{
	struct fib6 *f;

	(void)state;
	site();
	route("::", 0, WAN6_GW, ABI_PORT_ANY);
	route("2001:db8:a::", 48, "2001:db8:1::77", 0);
	route("2001:db8:b::", 48, "fe80::99", 1);
	route("2001:db8:c::", 48, NULL, 0);
	f = build(ABI_OK);
	expect(f, LAN6_HOST, 0, LAN6_HOST, LAN6_US);
	expect(f, "2001:db8:2::1234", 1, "2001:db8:2::1234", WAN6_US);
	expect(f, "2a00::1", 1, WAN6_GW, WAN6_US);
	expect(f, FAR6_HOST, 0, "2001:db8:1::77", LAN6_US);
	expect(f, "2001:db8:b::1", 1, "fe80::99", WAN6_US);
	expect(f, "2001:db8:c::1", 0, "2001:db8:c::1", LAN6_US);
	expect(f, LAN6_US, -1, NULL, NULL);
	expect(f, "ff02::1", -1, NULL, NULL);
	expect(f, "fe80::1", -1, NULL, NULL);
	fib6_free(f);
}

static void is_nothing_without_records(void **state)
{
	uint32_t status = 99;
	struct fib6_hop hop;
	struct ip6 a = ip6(LAN6_HOST);

	(void)state;
	assert_null(fib6_build(NULL, 0, NULL, 0, 2, SOCKET_ID_ANY, &status));
	assert_int_equal(status, ABI_OK);
	assert_false(fib6_lookup(NULL, a.b, &hop));
	assert_false(fib6_is_local(NULL, a.b));
	assert_false(fib6_is_port_address(NULL, 0, a.b));
	assert_false(fib6_is_port_group(NULL, 0, ip6(ALL6).b));
	assert_false(fib6_is_on_link(NULL, 0, a.b));
	assert_null(fib6_port_address(NULL, 0, a.b));
	assert_null(fib6_address(NULL, 0));
	assert_null(fib6_link_hop(NULL, 0));
	assert_null(fib6_hop_of(NULL, 1));
	fib6_free(NULL);
}

static void makes_a_link_local_address_of_the_mac(void **state)
{
	struct ip6 link = ip6(LINK6_US), link1 = ip6(LINK6_US1), peer = ip6(LINK6_A);
	struct fib6 *f;

	(void)state;
	address(0, LAN6_US, 64);
	f = build(ABI_OK);
	assert_true(fib6_is_port_address(f, 0, link.b));
	assert_false(fib6_is_port_address(f, 1, link1.b)); /* IPv6 is off there */
	assert_false(fib6_is_local(f, link.b));
	assert_memory_equal(fib6_port_address(f, 0, peer.b), link.b, 16);
	assert_null(fib6_port_address(f, 1, peer.b));
	assert_null(fib6_link_hop(f, 1));
	assert_int_equal(fib6_link_hop(f, 0)->port, 0);
	assert_true(fib6_is_on_link(f, 0, peer.b));
	assert_false(fib6_is_on_link(f, 1, peer.b));
	assert_false(fib6_is_on_link(f, 0, link.b));
	fib6_free(f);
	address(0, "fe80::abcd", 64);
	f = build(ABI_OK);
	assert_false(fib6_is_port_address(f, 0, link.b)); /* a configured one takes its place */
	assert_memory_equal(fib6_port_address(f, 0, peer.b), ip6("fe80::abcd").b, 16);
	fib6_free(f);
}

static void listens_to_its_groups(void **state)
{
	struct fib6 *f;

	(void)state;
	site();
	address(0, "2001:db8:1::abcd:ef12", 64);
	f = build(ABI_OK);
	assert_true(fib6_is_port_group(f, 0, ip6("ff02::1").b));
	assert_true(fib6_is_port_group(f, 0, ip6("ff02::2").b));
	assert_true(fib6_is_port_group(f, 0, ip6("ff02::1:ffcd:ef12").b));
	assert_true(fib6_is_port_group(f, 0, ip6("ff02::1:ff00:1").b));
	assert_false(fib6_is_port_group(f, 1, ip6("ff02::1:ffcd:ef12").b));
	assert_false(fib6_is_port_group(f, 0, ip6("ff02::1:ffcd:ef13").b));
	assert_false(fib6_is_port_group(f, 0, ip6("ff02::3").b));
	assert_false(fib6_is_port_group(f, 0, ip6("ff05::1").b));
	assert_false(fib6_is_port_group(f, 0, ip6("ff02::2:ff00:1").b));
	fib6_free(f);
}

static void prefers_the_source_of_the_network(void **state)
{
	struct fib6 *f;

	(void)state;
	site();
	address(0, "2001:db8:7::1", 64);
	f = build(ABI_OK);
	assert_memory_equal(fib6_port_address(f, 0, ip6("2001:db8:7::9").b), ip6("2001:db8:7::1").b,
			    16);
	assert_memory_equal(fib6_port_address(f, 0, ip6(FAR6_HOST).b), ip6(LAN6_US).b, 16);
	assert_true(fib6_is_local(f, ip6("2001:db8:7::1").b));
	assert_false(fib6_is_local(f, ip6("2001:db8:7::2").b));
	fib6_free(f);
}

static void refuses_addresses_that_cannot_be(void **state)
{
	static const char *const bad[] = {"::", "::1", "ff02::1", "::ffff:1.2.3.4", "::1.2.3.4"};

	(void)state;
	site();
	for (unsigned int i = 0; i < RTE_DIM(bad); i++) {
		address(0, bad[i], 64);
		refused(ABI_ERR_FIELD);
	}
	address(2, LAN6_HOST, 64);
	refused(ABI_ERR_FIELD);
	address(0, LAN6_HOST, 0);
	refused(ABI_ERR_FIELD);
	address(0, LAN6_HOST, 129);
	refused(ABI_ERR_FIELD);
	address(0, LAN6_HOST, 64)->addr.family = 4;
	refused(ABI_ERR_FIELD);
	address(0, WAN6_US, 128);
	refused(ABI_ERR_EXISTS);
	address(1, LAN6_HOST, 64); /* one network on two ports */
	refused(ABI_ERR_EXISTS);
	address(0, "fe80::5", 64);
	address(1, "fe80::5", 64); /* every link has its own */
	fib6_free(build(ABI_OK));
}

static void wants_1280_bytes_of_a_link(void **state)
{
	(void)state;
	ports[1].mtu = 1279;
	site();
	build(ABI_ERR_FIELD);
	ports[1].mtu = 1280;
	fib6_free(build(ABI_OK));
	ports[1].mtu = 1500;
}

static void refuses_routes_that_cannot_be(void **state)
{
	(void)state;
	site();
	route("2001:db8:a::", 129, WAN6_GW, ABI_PORT_ANY);
	refused(ABI_ERR_FIELD);
	route("2001:db8:a::1", 64, WAN6_GW, ABI_PORT_ANY);
	refused(ABI_ERR_FIELD);
	route("ff00::", 8, WAN6_GW, ABI_PORT_ANY);
	refused(ABI_ERR_FIELD);
	route("fe80::", 64, WAN6_GW, ABI_PORT_ANY);
	refused(ABI_ERR_FIELD);
	route("::", 0, "2001:db8:3::1", ABI_PORT_ANY);
	refused(ABI_ERR_FIELD);
	route("::", 0, WAN6_US, ABI_PORT_ANY);
	refused(ABI_ERR_FIELD);
	route("::", 0, WAN6_GW, 0); /* not its port */
	refused(ABI_ERR_FIELD);
	route("::", 0, "fe80::99", ABI_PORT_ANY);
	refused(ABI_ERR_FIELD);
	route("::", 0, LINK6_US1, 1); /* ourselves */
	refused(ABI_ERR_FIELD);
	route("::", 0, "ff02::1", 1);
	refused(ABI_ERR_FIELD);
	route("::", 0, NULL, ABI_PORT_ANY);
	refused(ABI_ERR_FIELD);
	route("::", 0, NULL, 2);
	refused(ABI_ERR_FIELD);
	net.n_addrs = 1;
	route("::", 0, NULL, 1); /* no IPv6 there */
	refused(ABI_ERR_FIELD);
	route("2001:db8:a::", 48, WAN6_GW, ABI_PORT_ANY);
	route("2001:db8:a::", 48, WAN6_GW, 1)->distance = 7; /* the same once more */
	refused(ABI_ERR_EXISTS);
	fib6_free(build(ABI_OK));
}

static void tells_one_generation_from_the_next(void **state)
{
	struct fib6 *f, *g;
	struct fib6_hop hop;

	(void)state;
	site();
	f = build(ABI_OK);
	g = build(ABI_OK);
	assert_true(fib6_lookup(f, ip6(LAN6_HOST).b, &hop));
	assert_non_null(fib6_hop_of(f, hop.handle));
	assert_null(fib6_hop_of(g, hop.handle));
	fib6_free(f);
	fib6_free(g);
}

/* --- twin --- */

static bool covers(const uint8_t *net_addr, unsigned int len, const uint8_t *a)
{
	for (unsigned int i = 0; i < len; i++)
		if ((net_addr[i / 8] ^ a[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

/* The gateway's last byte of the best route, found the slow way; -1 = none, 0 = on link, -2 =
 * ours. */
static int naive(const uint8_t *a)
{
	int best = -1, best_len = -1;

	for (uint32_t i = 0; i < net.n_addrs; i++)
		if (memcmp(net.addrs[i].addr.bytes, a, 16) == 0)
			return -2;
	for (uint32_t i = 0; i < net.n_routes; i++) {
		const struct abi_route *r = &net.routes[i];

		if (covers(r->dst.bytes, r->prefix_len, a) && r->prefix_len > best_len) {
			best_len = r->prefix_len;
			best = r->gateway.bytes[15];
		}
	}
	for (uint32_t i = 0; i < net.n_addrs; i++)
		if (covers(net.addrs[i].addr.bytes, net.addrs[i].prefix_len, a) &&
		    net.addrs[i].prefix_len >= best_len)
			return 0;
	return best;
}

static void random_address(uint64_t *seed, uint8_t a[16])
{
	memset(a, 0, 16);
	a[0] = 0x20;
	a[1] = 1;
	/* Few bits, so that prefixes lie within each other. */
	for (unsigned int i = 2; i < 16; i++)
		a[i] = random_next(seed) % 3 == 0 ? (uint8_t)(1u << random_next(seed) % 8) : 0;
}

static bool known(const struct abi_route *r)
{
	for (const struct abi_route *o = net.routes; o < r; o++)
		if (o->prefix_len == r->prefix_len && memcmp(&o->dst, &r->dst, sizeof(r->dst)) == 0)
			return true;
	return false;
}

static void random_routes(uint64_t *seed)
{
	site();
	while (net.n_routes < 200) {
		char gateway[40];
		struct abi_route *r;
		struct ip6 n;

		snprintf(gateway, sizeof(gateway), "2001:db8:2::%x",
			 (unsigned int)(2 + random_next(seed) % 200));
		r = route("::", (uint8_t)(random_next(seed) % 129), gateway, ABI_PORT_ANY);
		random_address(seed, r->dst.bytes);
		n = ip6_net(r->dst.bytes, r->prefix_len);
		memcpy(r->dst.bytes, n.b, 16);
		if (known(r))
			net.n_routes--;
	}
}

static void agrees_with_a_naive_twin(void **state)
{
	uint64_t seed = 1812;
	unsigned int hits = 0;

	(void)state;
	for (unsigned int round = 0; round < 5; round++) {
		struct fib6 *f;

		net.n_addrs = net.n_routes = 0;
		random_routes(&seed);
		f = build(ABI_OK);
		for (unsigned int i = 0; i < 20000; i++) {
			uint8_t a[16];
			struct fib6_hop hop;
			int want;

			random_address(&seed, a);
			if (i % 2 == 0) /* near a route's network */
				memcpy(a, net.routes[i % 200].dst.bytes, random_next(&seed) % 17);
			if (a[0] != 0x20)
				continue;
			want = naive(a);
			assert_int_equal(fib6_lookup(f, a, &hop), want >= 0);
			if (want == 0)
				assert_memory_equal(hop.next.b, a, 16);
			else if (want > 0)
				assert_int_equal(hop.next.b[15], want);
			hits += want >= 0;
		}
		fib6_free(f);
	}
	assert_true(hits > 10000);
}

static void agrees_with_a_naive_twin_of_prefixes(void **state)
{
	uint64_t seed = 4291;

	(void)state;
	for (unsigned int i = 0; i < 100000; i++) {
		unsigned int len = random_next(&seed) % 129;
		uint8_t a[16], b[16];
		struct ip6 n;

		for (unsigned int k = 0; k < 16; k++)
			a[k] = b[k] = (uint8_t)random_next(&seed);
		b[random_next(&seed) % 16] ^= (uint8_t)(1u << random_next(&seed) % 8);
		assert_int_equal(ip6_same_net(a, b, len), covers(a, len, b));
		n = ip6_net(a, len);
		assert_true(covers(a, len, n.b));
		for (unsigned int k = len; k < 128; k++)
			assert_false(n.b[k / 8] >> (7 - k % 8) & 1);
	}
}

static void fits_as_many_as_it_promises(void **state)
{
	static struct abi_route many[FIB6_MAX_ROUTES + 1];
	uint32_t status = 99;
	struct fib6_hop hop;
	struct ip6 last = ip6("2001:db8:a::");
	struct fib6 *f;

	(void)state;
	site();
	for (uint32_t i = 0; i <= FIB6_MAX_ROUTES; i++) {
		many[i] = (struct abi_route){.port = ABI_PORT_ANY,
					     .prefix_len = 128,
					     .dst = abi6("2001:db8:a::"),
					     .gateway = abi6(WAN6_GW)};
		/* Each in a branch of its own from the 25th bit on. */
		put16(many[i].dst.bytes + 4, i);
		put16(many[i].dst.bytes + 14, i);
	}
	f = fib6_build(net.addrs, 2, many, FIB6_MAX_ROUTES, 2, SOCKET_ID_ANY, &status);
	assert_int_equal(status, ABI_OK);
	memcpy(last.b, many[FIB6_MAX_ROUTES - 1].dst.bytes, 16);
	assert_true(fib6_lookup(f, last.b, &hop));
	last.b[15] ^= 1;
	assert_false(fib6_lookup(f, last.b, &hop));
	fib6_free(f);
	assert_null(fib6_build(net.addrs, 2, many, FIB6_MAX_ROUTES + 1, 2, SOCKET_ID_ANY, &status));
	assert_int_equal(status, ABI_ERR_NO_SPACE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(finds_connected_networks_and_gateways),
		T(is_nothing_without_records),
		T(makes_a_link_local_address_of_the_mac),
		T(listens_to_its_groups),
		T(prefers_the_source_of_the_network),
		T(refuses_addresses_that_cannot_be),
		T(wants_1280_bytes_of_a_link),
		T(refuses_routes_that_cannot_be),
		T(tells_one_generation_from_the_next),
		T(agrees_with_a_naive_twin),
		T(agrees_with_a_naive_twin_of_prefixes),
		T(fits_as_many_as_it_promises),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
