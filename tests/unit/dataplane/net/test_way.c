/* SPDX-License-Identifier: BSD-3-Clause */
/* test_way.c - the way out, found once for many: the same as routes and neighbours say one by one,
 * or none. */
#include "dataplane/net/way.h"
#include "tests/unit/dataplane/net/neighkit.h"

#define N	4u
#define WAN_GW2 IP(113, 87, 48, 2)
#define NOBODY	IP(192, 168, 1, 77)

static struct fib *site, *other; /* the kit's, and what a test has in its place */

static int begin(void **state)
{
	site = kit.h->tables.fib;
	other = NULL;
	return neighkit_begin(state);
}

static int end(void **state)
{
	kit.h->tables.fib = site;
	fib_free(other);
	kit.h->tables.neigh = nk.table;
	ports[0].mtu = ports[1].mtu = 1500;
	return neighkit_end(state);
}

static void know(uint8_t port, uint32_t addr, enum neigh_state s, const uint8_t *mac)
{
	struct rte_ether_addr a;

	memcpy(&a, mac, sizeof(a));
	assert_int_not_equal(neigh_table_insert(nk.table, port, neigh_key4(addr), s, &a), -1);
}

/* Whatever the routes say beside the kind: it is not to be looked at. */
static void know_next_hop(uint32_t dst)
{
	struct fib_hop hop;
	uint64_t value;

	fib_lookup_bulk(kit.h->tables.fib, &dst, &hop, 1);
	if (neigh_table_find(nk.table, hop.port, neigh_key4(hop.next_hop), &value) < 0)
		know(hop.port, hop.next_hop, NEIGH_KNOWN, neighkit_a);
}

static struct way find(uint32_t dst)
{
	struct way way;

	memset(&way, 0x5a, sizeof(way));
	way_find(kit.w, dst, &way);
	return way;
}

static void expect_none(uint32_t dst)
{
	static const uint8_t nothing[RTE_ETHER_HDR_LEN];
	struct way way = find(dst);

	assert_false(way.known);
	assert_int_equal(way.next_hop, 0);
	assert_int_equal(way.mtu, 0);
	assert_int_equal(way.port, 0);
	assert_memory_equal(way.ether, nothing, sizeof(nothing));
}

static void expect_way(uint32_t dst, uint8_t port, uint32_t next_hop, const uint8_t *mac)
{
	struct way way = find(dst);
	uint8_t frame[RTE_ETHER_HDR_LEN + 1] = {[RTE_ETHER_HDR_LEN] = 0x45};

	assert_true(way.known);
	assert_int_equal(way.port, port);
	assert_int_equal(way.next_hop, next_hop);
	assert_int_equal(way.mtu, ports[port].mtu);
	way_write(frame, &way);
	assert_memory_equal(frame, mac, 6);
	assert_memory_equal(frame + 6, &ports[port].mac, 6);
	assert_int_equal(get16(frame + 12), 0x0800);
	assert_int_equal(frame[RTE_ETHER_HDR_LEN], 0x45);
}

/* The site, and n routes to everywhere, the nearest first. */
static void use_routes(const uint32_t *gateway, uint32_t n)
{
	const struct abi_address addrs[] = {
		{.port = 0, .prefix_len = 24, .addr = abi4(LAN_US)},
		{.port = 1, .prefix_len = 24, .addr = abi4(WAN_US)},
	};
	struct abi_route routes[2];
	uint32_t status;

	for (uint32_t i = 0; i < n; i++)
		routes[i] = (struct abi_route){.port = ABI_PORT_ANY,
					       .distance = (uint8_t)(1 + i),
					       .dst = abi4(0),
					       .gateway = abi4(gateway[i])};
	fib_free(other);
	other = fib_build(addrs, 2, routes, n, 2, SOCKET_ID_ANY, &status);
	assert_non_null(other);
	kit.h->tables.fib = other;
}

static void is_that_of_the_route_and_its_neighbour(void **state)
{
	(void)state;
	know(1, WAN_GW, NEIGH_KNOWN, neighkit_a);
	know(0, LAN_HOST, NEIGH_KNOWN, neighkit_b);
	ports[1].mtu = 1400;
	expect_way(PEER, 1, WAN_GW, neighkit_a);
	expect_way(WAN_GW, 1, WAN_GW, neighkit_a);
	expect_way(LAN_HOST, 0, LAN_HOST, neighkit_b);
}

static void is_none_to_where_nothing_is_sent(void **state)
{
	(void)state;
	know(1, WAN_GW, NEIGH_KNOWN, neighkit_a);
	for (unsigned int i = 0; i < KIT_NOWHERE; i++) {
		know_next_hop(kit_nowhere[i]);
		expect_none(kit_nowhere[i]);
	}
}

static void is_none_without_routes_or_neighbours(void **state)
{
	(void)state;
	know(1, WAN_GW, NEIGH_KNOWN, neighkit_a);
	use_routes(NULL, 0);
	expect_none(PEER);
	kit.h->tables.fib = NULL;
	expect_none(PEER);
	kit.h->tables.fib = site;
	kit.h->tables.neigh = NULL;
	expect_none(PEER);
	kit.h->tables.neigh = nk.table;
	expect_way(PEER, 1, WAN_GW, neighkit_a);
}

/* By which a packet goes is its flow's affair. */
static void is_none_by_several_routes(void **state)
{
	const uint32_t gateway[] = {WAN_GW, WAN_GW2};

	(void)state;
	know(1, WAN_GW, NEIGH_KNOWN, neighkit_a);
	know(1, WAN_GW2, NEIGH_KNOWN, neighkit_b);
	use_routes(gateway, 2);
	know_next_hop(PEER);
	expect_none(PEER);
	use_routes(&gateway[1], 1);
	expect_way(PEER, 1, WAN_GW2, neighkit_b);
}

static void is_none_to_a_neighbour_that_is_not_known(void **state)
{
	int at;

	(void)state;
	expect_none(LAN_HOST);
	assert_false(neighkit_push(LAN_HOST)); /* asked now */
	expect_none(LAN_HOST);
	neighkit_arp(2, neighkit_a, LAN_HOST, LAN_US, 0);
	expect_way(LAN_HOST, 0, LAN_HOST, neighkit_a);
	know(0, NOBODY, NEIGH_FAILED, neighkit_b);
	expect_none(NOBODY);
	at = neigh_table_insert(nk.table, 1, neigh_key4(WAN_GW), NEIGH_KNOWN, NULL);
	neigh_table_change(nk.table, at, NEIGH_FREE, NULL);
	expect_none(PEER);
	know(0, WAN_GW, NEIGH_KNOWN, neighkit_a); /* behind another port */
	expect_none(PEER);
}

/* Or else it is not asked again while it is in use, and forgotten. */
static void marks_the_neighbour_as_used(void **state)
{
	uint64_t value;
	int at;

	(void)state;
	know(0, LAN_HOST, NEIGH_KNOWN, neighkit_a);
	at = neigh_table_find(nk.table, 0, neigh_key4(LAN_HOST), &value);
	assert_false(neigh_table_used(nk.table, at));
	find(LAN_HOST);
	assert_true(neigh_table_used(nk.table, at));
}

static void follows_a_neighbour_that_changes(void **state)
{
	struct rte_ether_addr b;
	uint64_t value;

	(void)state;
	memcpy(&b, neighkit_b, sizeof(b));
	know(1, WAN_GW, NEIGH_KNOWN, neighkit_a);
	expect_way(PEER, 1, WAN_GW, neighkit_a);
	neigh_table_change(nk.table, neigh_table_find(nk.table, 1, neigh_key4(WAN_GW), &value),
			   NEIGH_KNOWN, &b);
	expect_way(PEER, 1, WAN_GW, neighkit_b);
}

/* --- a burst --- */

/* A finished outer packet, about whose way nothing is known. */
static struct rte_mbuf *sealed(uint32_t dst, size_t len)
{
	struct frame f = frame_ipv4(LAN_HOST, FAR_HOST, 50, len);
	struct rte_mbuf *m = kit_parse(&f);

	memset(rte_pktmbuf_mtod(m, void *), 0x5a, ETH);
	put32(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH + 16), dst);
	pkt_meta(m)->dst = dst;
	pkt_meta(m)->verdict = PKT_FORWARD;
	pkt_meta(m)->flags |= PKT_F_PROTECTED | PKT_F_DF;
	pkt_meta(m)->out_port = 77;
	pkt_meta(m)->next_hop = 77;
	return m;
}

static void make(struct rte_mbuf **m, const uint32_t *dst, unsigned int n)
{
	for (unsigned int i = 0; i < N; i++)
		m[i] = sealed(dst[i % n], 100);
}

/* The same frames, with the same meta but for the verdict, as routes and neighbours make. Frees
 * them. */
static void expect_as_one_by_one(struct rte_mbuf **m, const uint32_t *dst, unsigned int n)
{
	for (unsigned int i = 0; i < N; i++) {
		struct rte_mbuf *twin = sealed(dst[i % n], 100);

		route_burst(kit.w, &twin, 1);
		neigh_burst(kit.w, &twin, 1);
		assert_int_equal(pkt_meta(twin)->verdict, PKT_FORWARD);
		assert_int_equal(pkt_meta(m[i])->verdict, PKT_SEND);
		pkt_meta(twin)->verdict = PKT_SEND;
		assert_memory_equal(pkt_meta(m[i]), pkt_meta(twin), sizeof(struct pkt_meta));
		assert_int_equal(m[i]->data_len, twin->data_len);
		assert_memory_equal(rte_pktmbuf_mtod(m[i], void *), rte_pktmbuf_mtod(twin, void *),
				    twin->data_len);
		rte_pktmbuf_free(twin);
		rte_pktmbuf_free(m[i]);
	}
}

static void know_all(void)
{
	know(1, WAN_GW, NEIGH_KNOWN, neighkit_a);
	know(0, LAN_HOST, NEIGH_KNOWN, neighkit_b);
	know(1, WAN_GW2, NEIGH_KNOWN, neighkit_b);
}

/* To one peer; to two hosts in turn, by one port and by two. */
static void a_burst_finds_what_single_packets_do(void **state)
{
	static const uint32_t dst[][2] = {{PEER, PEER},
					  {PEER, FAR_HOST},
					  {PEER, WAN_GW2},
					  {PEER, LAN_HOST},
					  {LAN_HOST, PEER}};
	struct rte_mbuf *m[N];

	(void)state;
	know_all();
	for (unsigned int i = 0; i < RTE_DIM(dst); i++) {
		make(m, dst[i], 2);
		assert_true(way_burst(kit.w, m, N));
		expect_as_one_by_one(m, dst[i], 2);
	}
}

/* They are asked about as the others: what they knew may have changed. */
static void those_that_know_theirs_may_be_among_them(void **state)
{
	static const uint32_t dst[] = {PEER, LAN_HOST};
	struct rte_mbuf *m[N];

	(void)state;
	know_all();
	make(m, dst, 2);
	pkt_meta(m[0])->verdict = pkt_meta(m[3])->verdict = PKT_SEND;
	assert_true(way_burst(kit.w, m, N));
	expect_as_one_by_one(m, dst, 2);
}

static void marks_all_neighbours_as_used(void **state)
{
	static const uint32_t dst[] = {PEER, LAN_HOST, PEER, WAN_GW2};
	struct rte_mbuf *m[N];
	uint64_t value;

	(void)state;
	know_all();
	make(m, dst, N);
	assert_true(way_burst(kit.w, m, N));
	for (uint8_t port = 0; port < 2; port++) {
		uint32_t addr = port == 0 ? LAN_HOST : WAN_GW;

		assert_true(neigh_table_used(
			nk.table, neigh_table_find(nk.table, port, neigh_key4(addr), &value)));
	}
	expect_as_one_by_one(m, dst, N);
}

/* What one in a burst may be that has no way; where it is does not matter. */
enum odd { UNKNOWN, LOCAL, MARTIAN, LONGER, IPV6, DROPPED, SLOW, ODDS };

static void make_odd(struct rte_mbuf *m, enum odd what)
{
	struct pkt_meta *meta = pkt_meta(m);

	if (what == UNKNOWN)
		meta->dst = NOBODY;
	else if (what == LOCAL)
		meta->dst = WAN_US;
	else if (what == MARTIAN)
		meta->dst = IP(127, 0, 0, 1);
	else if (what == LONGER)
		meta->ip_len = (uint16_t)(ports[1].mtu + 1);
	else if (what == IPV6)
		meta->flags |= PKT_F_IPV6;
	else if (what == DROPPED)
		pkt_drop(m, DROP_OUT_STATE_PROTOCOL_ERRORS);
	else
		meta->verdict = PKT_SLOW;
}

static void one_without_a_way_among_many_is_enough(void **state)
{
	static const uint32_t dst[] = {PEER};
	struct rte_mbuf *m[N];

	(void)state;
	know_all();
	know_next_hop(WAN_US);
	for (unsigned int k = 0; k < ODDS * N; k++) {
		struct pkt_meta odd;

		make(m, dst, 1);
		make_odd(m[k % N], (enum odd)(k / N));
		odd = *pkt_meta(m[k % N]);
		assert_false(way_burst(kit.w, m, N));
		assert_memory_equal(pkt_meta(m[k % N]), &odd, sizeof(odd));
		rte_pktmbuf_free_bulk(m, N);
	}
}

static void as_long_as_the_port_takes_is_not_too_long(void **state)
{
	static const uint32_t dst[] = {PEER};
	struct rte_mbuf *m[N];

	(void)state;
	know_all();
	ports[1].mtu = 120;
	make(m, dst, 1);
	assert_true(way_burst(kit.w, m, N));
	expect_as_one_by_one(m, dst, 1);
	ports[1].mtu = 119;
	make(m, dst, 1);
	assert_false(way_burst(kit.w, m, N));
	rte_pktmbuf_free_bulk(m, N);
}

static void a_burst_has_none_without_routes_or_neighbours(void **state)
{
	static const uint32_t dst[] = {PEER}, gateway[] = {WAN_GW, WAN_GW2};
	struct rte_mbuf *m[N];

	(void)state;
	know_all();
	make(m, dst, 1);
	assert_false(way_burst(kit.w, m, 0));
	kit.h->tables.neigh = NULL;
	assert_false(way_burst(kit.w, m, N));
	kit.h->tables.neigh = nk.table;
	kit.h->tables.fib = NULL;
	assert_false(way_burst(kit.w, m, N));
	use_routes(gateway, 2);
	know_next_hop(PEER);
	assert_false(way_burst(kit.w, m, N));
	use_routes(gateway, 1);
	assert_true(way_burst(kit.w, m, N));
	expect_as_one_by_one(m, dst, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(is_that_of_the_route_and_its_neighbour),
		T(is_none_to_where_nothing_is_sent),
		T(is_none_without_routes_or_neighbours),
		T(is_none_by_several_routes),
		T(is_none_to_a_neighbour_that_is_not_known),
		T(marks_the_neighbour_as_used),
		T(follows_a_neighbour_that_changes),
		T(a_burst_finds_what_single_packets_do),
		T(those_that_know_theirs_may_be_among_them),
		T(marks_all_neighbours_as_used),
		T(one_without_a_way_among_many_is_enough),
		T(as_long_as_the_port_takes_is_not_too_long),
		T(a_burst_has_none_without_routes_or_neighbours),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
