/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_bursts6.c - IPv6 through route and neigh in bursts, where one packet profits from the one
 * before: each leaves as it does alone.
 */
#include "tests/random.h"
#include "tests/unit/dataplane/net/nd6kit.h"

#define ROUNDS 20000u
#define MOST   40u /* packets of a burst */
#define NEAR   "2001:db8:1::13"
#define GONE   "2001:db8:1::14"
#define NEVER  "2001:db8:1::15"
#define OTHER  "2001:db8:2::77" /* a gateway, too */

static uint64_t seed;

/* Hosts here and behind one gateway or two, and where no packet goes. */
static const char *const dsts[] = {
	LAN6_HOST,	 NEAR,	GONE,	 NEVER,	  OTHER, WAN6_GW, FAR6_HOST,
	"2001:db8:a::7", PEER6, LINK6_A, LAN6_US, ALL6,	 "::1",	  "fd::1"};

static struct fib6 *build_legs(void)
{
	const struct abi_address a[] = {{.port = 0, .prefix_len = 64, .addr = abi6(LAN6_US)},
					{.port = 1, .prefix_len = 64, .addr = abi6(WAN6_US)}};
	struct abi_route r[] = {
		{.prefix_len = 48, .dst = abi6("2001:db8:a::"), .gateway = abi6(WAN6_GW)},
		{.prefix_len = 48, .dst = abi6("2001:db8:a::"), .gateway = abi6(OTHER)},
		{.prefix_len = 48, .dst = abi6("2001:db8:ffff::"), .gateway = abi6(WAN6_GW)}};
	uint32_t status;

	for (unsigned int i = 0; i < RTE_DIM(r); i++) {
		r[i].port = ABI_PORT_ANY;
		r[i].distance = 1;
	}
	return fib6_build(a, RTE_DIM(a), r, RTE_DIM(r), 2, SOCKET_ID_ANY, &status);
}

static void meet(const char *host, uint8_t port, enum neigh_state s, uint8_t mac)
{
	const struct rte_ether_addr at = {{2, 0, 0, 0, 9, mac}};

	assert_true(neigh_table_insert(nk.table, port, neigh_key6(ip6(host).b), s,
				       s == NEIGH_KNOWN ? &at : NULL) >= 0);
}

static int begin(void **state)
{
	if (nd6kit_begin(state) != 0)
		return -1;
	meet(LAN6_HOST, 0, NEIGH_KNOWN, 1);
	meet(NEAR, 0, NEIGH_KNOWN, 2);
	meet(GONE, 0, NEIGH_FAILED, 0);
	meet(OTHER, 1, NEIGH_KNOWN, 3);
	meet(WAN6_GW, 1, NEIGH_KNOWN, 4);
	meet(WAN6_GW, 0, NEIGH_KNOWN, 5);
	meet(LINK6_A, 0, NEIGH_KNOWN, 6);
	meet(LINK6_A, 1, NEIGH_KNOWN, 7);
	return 0;
}

static bool one_in(uint32_t n)
{
	return random_below(&seed, n) == 0;
}

static struct rte_mbuf *packet(const char *dst, bool odd)
{
	static const uint8_t said[] = {PKT_F_ORIGIN, PKT_F_FROM_SA, PKT_F_ORIGIN | PKT_F_FROM_SA,
				       PKT_F_ORIGIN | PKT_F_FROM_SA | PKT_F_PROTECTED};
	struct frame f = frame6_udp(LAN6_HOST, dst, 1, 2, NULL, 10);
	struct rte_mbuf *m = harness_mbuf(kit.h, f.b, f.len);

	*pkt_meta(m) = (struct pkt_meta){.verdict = PKT_FORWARD,
					 .flags = PKT_F_IPV6 | PKT_F_DF,
					 .proto = 17,
					 .l3_off = ETH,
					 .l4_off = ETH + 40,
					 .in_port = (uint8_t)random_below(&seed, 2),
					 .ip_len = (uint16_t)(f.len - ETH),
					 .src_port = (uint16_t)random_below(&seed, 8),
					 .dst_port = 2,
					 .sa_slot = PKT_NO_SA};
	if (one_in(8))
		pkt_meta(m)->flags |= said[random_below(&seed, RTE_DIM(said))];
	if (odd && one_in(8))
		pkt_meta(m)->verdict = PKT_LOCAL;
	return m;
}

static struct rte_mbuf *ipv4(void)
{
	struct frame f = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 10);

	return kit_parse(&f);
}

struct twins {
	uint16_t n;
	struct rte_mbuf *burst[MOST]; /* together */
	struct rte_mbuf *alone[MOST]; /* one by one */
};

static void add(struct twins *t, struct rte_mbuf *m)
{
	struct rte_mbuf *copy = harness_mbuf(kit.h, rte_pktmbuf_mtod(m, void *), m->data_len);

	*pkt_meta(copy) = *pkt_meta(m);
	t->burst[t->n] = m;
	t->alone[t->n++] = copy;
}

/* Mostly to one or two, now and then with what is no IPv6 to be forwarded. */
static void draw(struct twins *t)
{
	const char *often = dsts[random_below(&seed, RTE_DIM(dsts))];
	const char *also = dsts[random_below(&seed, RTE_DIM(dsts))];
	uint32_t n = 1 + random_below(&seed, MOST), spread = 1 + random_below(&seed, 20);
	bool odd = one_in(4);

	t->n = 0;
	while (t->n < n) {
		if (odd && one_in(8))
			add(t, ipv4());
		else if (one_in(spread))
			add(t, packet(dsts[random_below(&seed, RTE_DIM(dsts))], odd));
		else
			add(t, packet(one_in(8) ? also : often, odd));
	}
}

static void stage(struct twins *t, void (*run)(struct worker *, struct rte_mbuf **, uint16_t))
{
	run(kit.w, t->burst, t->n);
	kit_clear();
	for (uint16_t i = 0; i < t->n; i++) {
		run(kit.w, &t->alone[i], 1);
		kit_clear();
		assert_memory_equal(pkt_meta(t->burst[i]), pkt_meta(t->alone[i]),
				    sizeof(struct pkt_meta));
		assert_memory_equal(rte_pktmbuf_mtod(t->burst[i], void *),
				    rte_pktmbuf_mtod(t->alone[i], void *), t->burst[i]->data_len);
	}
}

/* What is dropped goes no further. */
static void sieve(struct twins *t)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < t->n; i++) {
		if (pkt_meta(t->burst[i])->verdict == PKT_FORWARD) {
			t->burst[n] = t->burst[i];
			t->alone[n++] = t->alone[i];
			continue;
		}
		rte_pktmbuf_free(t->burst[i]);
		rte_pktmbuf_free(t->alone[i]);
	}
	t->n = n;
}

/* The tables have changed since it was routed; or the same handle, but another port. */
static void confuse(struct twins *t)
{
	for (uint16_t i = 0; i < t->n; i++) {
		struct pkt_meta *meta = pkt_meta(t->burst[i]);

		if (one_in(6))
			meta->next_hop ^= 1u << FIB6_INDEX_BITS;
		else if (one_in(6))
			meta->out_port ^= 1;
		*pkt_meta(t->alone[i]) = *meta;
	}
}

static void each_leaves_as_it_does_alone(void **state)
{
	struct fib6 *site = kit.h->tables.fib6;
	unsigned int forwarded = 0, slow = 0, dropped = 0;
	struct twins t;

	(void)state;
	seed = 20;
	kit.h->tables.fib6 = build_legs();
	assert_non_null(kit.h->tables.fib6);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		kit.w->now += 1000000000;
		draw(&t);
		stage(&t, route_burst);
		if (!one_in(4))
			sieve(&t);
		if (one_in(4))
			confuse(&t);
		if (one_in(16))
			kit.h->tables.neigh6 = NULL;
		stage(&t, neigh_burst);
		kit.h->tables.neigh6 = nk.table;
		for (uint16_t k = 0; k < t.n; k++) {
			forwarded += pkt_meta(t.burst[k])->verdict == PKT_FORWARD;
			slow += pkt_meta(t.burst[k])->verdict == PKT_SLOW;
			dropped += pkt_meta(t.burst[k])->verdict == PKT_DROP;
		}
		rte_pktmbuf_free_bulk(t.burst, t.n);
		rte_pktmbuf_free_bulk(t.alone, t.n);
	}
	assert_true(forwarded > ROUNDS && slow > ROUNDS / 2 && dropped > ROUNDS / 2);
	fib6_free(kit.h->tables.fib6);
	kit.h->tables.fib6 = site;
}

/* Legs of one destination: of one burst, the flows take both. */
static void flows_of_a_burst_take_all_legs(void **state)
{
	struct fib6 *site = kit.h->tables.fib6;
	struct rte_mbuf *m[MOST];
	uint32_t ways = 0;

	(void)state;
	kit.h->tables.fib6 = build_legs();
	assert_non_null(kit.h->tables.fib6);
	for (unsigned int i = 0; i < MOST; i++) {
		m[i] = packet(FAR6_HOST, false);
		pkt_meta(m[i])->src_port = (uint16_t)i;
		pkt_meta(m[i])->flags = PKT_F_IPV6;
	}
	route_burst(kit.w, m, MOST);
	neigh_burst(kit.w, m, MOST);
	for (unsigned int i = 0; i < MOST; i++) {
		assert_int_equal(pkt_meta(m[i])->verdict, PKT_FORWARD);
		ways |= 1u << *rte_pktmbuf_mtod_offset(m[i], uint8_t *, 5);
	}
	assert_int_equal(ways, 1u << 3 | 1u << 4);
	rte_pktmbuf_free_bulk(m, MOST);
	fib6_free(kit.h->tables.fib6);
	kit.h->tables.fib6 = site;
}

/* A neighbour is in use whichever way a packet takes to it. */
static void notes_each_neighbour_of_a_burst(void **state)
{
	static const char *const hosts[] = {LAN6_HOST, NEAR, WAN6_GW, OTHER};
	struct rte_mbuf *m[12];
	uint64_t value;

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(m); i++) {
		m[i] = packet(hosts[i / 3], false);
		pkt_meta(m[i])->flags = PKT_F_IPV6;
	}
	route_burst(kit.w, m, RTE_DIM(m));
	neigh_burst(kit.w, m, RTE_DIM(m));
	for (unsigned int i = 0; i < RTE_DIM(hosts); i++)
		assert_true(neigh_table_used(
			nk.table,
			neigh_table_find(nk.table, i >= 2, neigh_key6(ip6(hosts[i]).b), &value)));
	rte_pktmbuf_free_bulk(m, RTE_DIM(m));
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, neighkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_leaves_as_it_does_alone),
		T(flows_of_a_burst_take_all_legs),
		T(notes_each_neighbour_of_a_burst),
	};

	return cmocka_run_group_tests(tests, kit6_setup, kit6_teardown);
}
