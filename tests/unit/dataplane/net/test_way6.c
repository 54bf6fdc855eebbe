/* SPDX-License-Identifier: BSD-3-Clause */
/* test_way6.c - the way out of IPv6 packets, found once for many: the same as routes and neighbours
 * say one by one, or none. */
#include "dataplane/net/way.h"
#include "tests/unit/dataplane/net/nd6kit.h"

#define WAN6_GW2 "2001:db8:2::fd"
#define NOBODY6	 "2001:db8:1::77"

static struct fib6 *site, *other; /* the kit's, and what a test has in its place */

static int begin(void **state)
{
	site = kit.h->tables.fib6;
	other = NULL;
	return nd6kit_begin(state);
}

static int end(void **state)
{
	kit.h->tables.fib6 = site;
	fib6_free(other);
	kit.h->tables.neigh6 = nk.table;
	ports[0].mtu = ports[1].mtu = 1500;
	return neighkit_end(state);
}

static struct neigh_key key(const char *addr)
{
	return neigh_key6(ip6(addr).b);
}

static void know(uint8_t port, const char *addr, enum neigh_state s, const uint8_t *mac)
{
	struct rte_ether_addr a;

	memcpy(&a, mac, sizeof(a));
	assert_int_not_equal(neigh_table_insert(nk.table, port, key(addr), s, &a), -1);
}

static struct way find(const char *dst)
{
	struct ip6 to = ip6(dst);
	struct way way;

	memset(&way, 0x5a, sizeof(way));
	way6_find(kit.w, to.b, &way);
	return way;
}

static void expect_none(const char *dst)
{
	static const uint8_t nothing[RTE_ETHER_HDR_LEN];
	struct way way = find(dst);

	assert_false(way.known);
	assert_int_equal(way.next_hop, 0);
	assert_int_equal(way.mtu, 0);
	assert_int_equal(way.port, 0);
	assert_memory_equal(way.ether, nothing, sizeof(nothing));
}

/* What the stages make of a finished outer packet to dst. The caller's. */
static struct rte_mbuf *one_by_one(const char *dst)
{
	struct frame f = frame6("2001:db8:5::5", dst, 50, 100);
	struct rte_mbuf *m = kit_parse(&f);

	pkt_meta(m)->verdict = PKT_FORWARD;
	pkt_meta(m)->flags |= PKT_F_PROTECTED;
	route_burst(kit.w, &m, 1);
	neigh_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	return m;
}

static void expect_way(const char *dst, uint8_t port, const uint8_t *mac)
{
	struct way way = find(dst);
	struct rte_mbuf *m = one_by_one(dst);
	uint8_t frame[RTE_ETHER_HDR_LEN + 1] = {[RTE_ETHER_HDR_LEN] = 0x60};

	assert_true(way.known);
	assert_int_equal(way.port, port);
	assert_int_equal(way.mtu, ports[port].mtu);
	way_write(frame, &way);
	assert_memory_equal(frame, mac, 6);
	assert_memory_equal(frame + 6, &ports[port].mac, 6);
	assert_int_equal(get16(frame + 12), 0x86dd);
	assert_int_equal(frame[RTE_ETHER_HDR_LEN], 0x60);
	assert_int_equal(way.port, pkt_meta(m)->out_port);
	assert_int_equal(way.next_hop, pkt_meta(m)->next_hop);
	assert_memory_equal(frame, rte_pktmbuf_mtod(m, uint8_t *), RTE_ETHER_HDR_LEN);
	rte_pktmbuf_free(m);
}

/* The site, and n routes to everywhere, of one distance. */
static void use_routes(const char *const *gateway, uint32_t n)
{
	const struct abi_address addrs[] = {
		{.port = 0, .prefix_len = 64, .addr = abi6(LAN6_US)},
		{.port = 1, .prefix_len = 64, .addr = abi6(WAN6_US)},
	};
	struct abi_route routes[2];
	uint32_t status;

	for (uint32_t i = 0; i < n; i++)
		routes[i] = (struct abi_route){.port = ABI_PORT_ANY,
					       .distance = 1,
					       .dst = abi6("::"),
					       .gateway = abi6(gateway[i])};
	fib6_free(other);
	other = fib6_build(addrs, 2, routes, n, 2, SOCKET_ID_ANY, &status);
	assert_non_null(other);
	kit.h->tables.fib6 = other;
}

static void is_that_of_the_route_and_its_neighbour(void **state)
{
	(void)state;
	know(1, WAN6_GW, NEIGH_KNOWN, neighkit_a);
	know(0, LAN6_HOST, NEIGH_KNOWN, neighkit_b);
	ports[1].mtu = 1400;
	expect_way(PEER6, 1, neighkit_a);
	expect_way(WAN6_GW, 1, neighkit_a);
	expect_way(LAN6_HOST, 0, neighkit_b);
}

/* Though a neighbour of that address is known behind each port. */
static void is_none_to_where_nothing_is_sent(void **state)
{
	static const char *const nowhere[] = {
		"::",	   "::1",   "::192.0.2.1", "::ffff:192.0.2.1", "fe80::12", "ff02::1",
		"ff0e::1", LAN6_US, WAN6_US};

	(void)state;
	know(1, WAN6_GW, NEIGH_KNOWN, neighkit_a);
	for (unsigned int i = 0; i < RTE_DIM(nowhere); i++) {
		know(0, nowhere[i], NEIGH_KNOWN, neighkit_b);
		know(1, nowhere[i], NEIGH_KNOWN, neighkit_b);
		expect_none(nowhere[i]);
	}
}

static void is_none_without_routes_or_neighbours(void **state)
{
	(void)state;
	know(1, WAN6_GW, NEIGH_KNOWN, neighkit_a);
	know(0, PEER6, NEIGH_KNOWN, neighkit_a);
	use_routes(NULL, 0);
	expect_none(PEER6);
	kit.h->tables.fib6 = NULL;
	expect_none(PEER6);
	kit.h->tables.fib6 = site;
	kit.h->tables.neigh6 = NULL;
	expect_none(PEER6);
	kit.h->tables.neigh6 = nk.table;
	expect_way(PEER6, 1, neighkit_a);
}

/* By which a packet goes is its flow's affair. */
static void is_none_by_several_routes(void **state)
{
	static const char *const gateway[] = {WAN6_GW, WAN6_GW2};

	(void)state;
	know(1, WAN6_GW, NEIGH_KNOWN, neighkit_a);
	know(1, WAN6_GW2, NEIGH_KNOWN, neighkit_b);
	know(0, PEER6, NEIGH_KNOWN, neighkit_b); /* what stands in a hop of that kind */
	use_routes(gateway, 2);
	expect_none(PEER6);
	use_routes(&gateway[1], 1);
	expect_way(PEER6, 1, neighkit_b);
}

static void is_none_to_a_neighbour_that_is_not_known(void **state)
{
	int at;

	(void)state;
	expect_none(LAN6_HOST);
	know(0, LAN6_HOST, NEIGH_ASKED, neighkit_a);
	expect_none(LAN6_HOST);
	know(0, NOBODY6, NEIGH_FAILED, neighkit_b);
	expect_none(NOBODY6);
	at = neigh_table_insert(nk.table, 1, key(WAN6_GW), NEIGH_KNOWN, NULL);
	neigh_table_change(nk.table, at, NEIGH_FREE, NULL);
	expect_none(PEER6);
	know(0, WAN6_GW, NEIGH_KNOWN, neighkit_a); /* behind another port */
	expect_none(PEER6);
}

/* Or else it is not asked again while it is in use, and forgotten. */
static void marks_the_neighbour_as_used(void **state)
{
	uint64_t value;
	int at;

	(void)state;
	know(0, LAN6_HOST, NEIGH_KNOWN, neighkit_a);
	at = neigh_table_find(nk.table, 0, key(LAN6_HOST), &value);
	assert_false(neigh_table_used(nk.table, at));
	find(LAN6_HOST);
	assert_true(neigh_table_used(nk.table, at));
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(is_that_of_the_route_and_its_neighbour),   T(is_none_to_where_nothing_is_sent),
		T(is_none_without_routes_or_neighbours),     T(is_none_by_several_routes),
		T(is_none_to_a_neighbour_that_is_not_known), T(marks_the_neighbour_as_used),
	};

	return cmocka_run_group_tests(tests, kit6_setup, kit6_teardown);
}
