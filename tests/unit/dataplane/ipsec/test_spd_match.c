/* SPDX-License-Identifier: BSD-3-Clause */
/* test_spd_match.c - the compiled policies, with and without the cache, against the linear matcher.
 */
#include "tests/unit/dataplane/ipsec/spdkit.h"

#include <rte_malloc.h>

#include "dataplane/ipsec/spd_impl.h"

static uint64_t seed = 3;

static uint32_t rnd(uint32_t below)
{
	return (uint32_t)(random_next(&seed) >> 16) % below;
}

static uint32_t expected(uint32_t n, const struct selector *sel, bool inbound)
{
	int i = spd_match_linear(spdkit_policies, n, sel, inbound);

	return i < 0 ? SPD_NO_MATCH : (uint32_t)i;
}

/* A few values that ranges begin and end with, so that packets meet their borders. */
static uint32_t pool_addr(void)
{
	static const uint32_t some[] = {0,
					1,
					IP(10, 0, 0, 0),
					IP(10, 0, 0, 255),
					IP(10, 0, 1, 0),
					IP(10, 100, 1, 6),
					IP(127, 255, 255, 255),
					IP(128, 0, 0, 0),
					IP(192, 168, 0, 0),
					IP(192, 168, 255, 255),
					UINT32_MAX - 1,
					UINT32_MAX};
	uint32_t a = some[rnd(sizeof(some) / sizeof(some[0]))];

	switch (rnd(4)) {
	case 0:
		return a + rnd(3) - 1;
	case 1:
		return a + (1u << rnd(32));
	case 2:
		return (uint32_t)random_next(&seed);
	default:
		return a;
	}
}

static uint16_t pool_port(void)
{
	static const uint16_t some[] = {0, 1, 53, 443, 1023, 1024, 32767, 32768, 65534, 65535};

	return rnd(3) == 0 ? (uint16_t)random_next(&seed)
			   : some[rnd(sizeof(some) / sizeof(some[0]))];
}

static uint8_t pool_proto(void)
{
	static const uint8_t some[] = {1, 6, 17, 47, 50, 89, 132, 255};

	return some[rnd(sizeof(some))];
}

static struct abi_range random_range(void)
{
	uint32_t a = pool_addr(), b = pool_addr();
	uint16_t p = pool_port(), q = pool_port();
	struct abi_range r;

	switch (rnd(5)) {
	case 0:
		r = espkit_range(0, UINT32_MAX);
		break;
	case 1:
		r = espkit_range(a, a);
		break;
	case 2: {
		uint32_t mask = UINT32_MAX << rnd(32);

		r = espkit_range(a & mask, a | ~mask);
		break;
	}
	default:
		r = espkit_range(a < b ? a : b, a < b ? b : a);
		break;
	}
	if (rnd(3) == 0) {
		r.port_lo = p < q ? p : q;
		r.port_hi = p < q ? q : p;
	}
	return r;
}

static void random_policies(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		spdkit_policies[i] = spdkit_policy((uint8_t)(1 + rnd(3)));
		spdkit_policies[i].policy_id = i + 1;
		spdkit_policies[i].local = random_range();
		spdkit_policies[i].remote = random_range();
		if (rnd(2) == 0)
			spdkit_policies[i].local.protocol = pool_proto();
		if (rnd(4) == 0)
			spdkit_policies[i].remote.protocol = spdkit_policies[i].local.protocol;
	}
}

static uint32_t near(uint32_t n, bool local)
{
	const struct abi_range *r;
	uint32_t a;

	if (n == 0 || rnd(4) == 0)
		return pool_addr();
	r = local ? &spdkit_policies[rnd(n)].local : &spdkit_policies[rnd(n)].remote;
	a = get32(rnd(2) ? r->lo : r->hi);
	return rnd(2) ? a : a + rnd(3) - 1;
}

static struct selector random_packet(uint32_t n)
{
	struct pkt_meta m = {.src = near(n, true),
			     .dst = near(n, false),
			     .src_port = pool_port(),
			     .dst_port = pool_port(),
			     .proto = pool_proto(),
			     .flags = rnd(8) == 0 ? PKT_F_NONFIRST | PKT_F_FRAGMENT : 0};

	return selector_of(&m);
}

static void swap_ends(struct selector *s)
{
	uint32_t a = s->src;
	uint16_t p = s->src_port;

	s->src = s->dst;
	s->dst = a;
	s->src_port = s->dst_port;
	s->dst_port = p;
}

static void compiled_policies_agree_with_the_linear_matcher(void **state)
{
	static const uint32_t sizes[] = {1,  2,	 3,  4,	 5,  6,	 7,  8,	 10,  12,
					 15, 20, 25, 30, 40, 50, 60, 80, 100, 150};
	unsigned int hits = 0;

	(void)state;
	for (unsigned int round = 0; round < 20; round++) {
		uint32_t n = sizes[round];
		struct spd *s;

		random_policies(n);
		s = spdkit_build(n);
		for (unsigned int i = 0; i < 50000; i++) {
			struct selector sel = random_packet(n);
			bool inbound = i & 1;
			uint32_t want, got;

			if (inbound)
				swap_ends(&sel);
			want = expected(n, &sel, inbound);
			got = spd_match(s, &sel, inbound);
			if (want != got)
				fail_msg("set %u of %u, packet %u: %u instead of %u", round, n, i,
					 got, want);
			hits += want != SPD_NO_MATCH;
		}
		spd_free(s);
	}
	/* A test in which nothing matches would say nothing. */
	assert_true(hits > 300000 && hits < 990000);
}

/* What is asked before a look-up is left out: exact to the network of 256 addresses. */
static void remote_ends_reach_to_their_networks(void **state)
{
	unsigned int within = 0;

	(void)state;
	for (unsigned int round = 0; round < 60; round++) {
		uint32_t n = 1 + round % 3;
		struct spd *s;

		random_policies(n);
		s = spdkit_build(n);
		for (unsigned int i = 0; i < 2000; i++) {
			uint32_t a = near(n, false) + ((rnd(5) - 2) << 8);
			bool want = false;

			for (uint32_t k = 0; k < n; k++)
				want |= a >> 8 >= get32(spdkit_policies[k].remote.lo) >> 8 &&
					a >> 8 <= get32(spdkit_policies[k].remote.hi) >> 8;
			if (spd_reaches(s, a) != want)
				fail_msg("set %u: %08x", round, a);
			within += want;
		}
		spd_free(s);
	}
	assert_true(within > 30000 && within < 110000);
}

static void borders_of_a_range_are_inside_and_no_more(void **state)
{
	static const uint32_t lo[] = {0, 1, IP(10, 0, 0, 3), IP(127, 255, 255, 255), UINT32_MAX};
	static const uint32_t hi[] = {0, 7, IP(10, 0, 4, 0), IP(128, 0, 0, 0), UINT32_MAX};

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		struct abi_policy p = spdkit_policy(ABI_ACT_DISCARD);
		struct spd *s;

		p.local = espkit_range(lo[i], hi[i]);
		spdkit_policies[0] = p;
		s = spdkit_build(1);
		for (int64_t a = (int64_t)lo[i] - 2; a <= (int64_t)lo[i] + 2; a++) {
			struct selector sel = {.src = (uint32_t)a,
					       .dst = IP(10, 100, 1, 0),
					       .proto = 6,
					       .ports = true};

			assert_int_equal(spd_match(s, &sel, false), expected(1, &sel, false));
		}
		for (int64_t a = (int64_t)hi[i] - 2; a <= (int64_t)hi[i] + 2; a++) {
			struct selector sel = {.src = (uint32_t)a,
					       .dst = IP(10, 100, 1, 255),
					       .proto = 6,
					       .ports = true};

			assert_int_equal(
				spd_match(s, &sel, false),
				(uint32_t)a >= lo[i] && (uint32_t)a <= hi[i] ? 0 : SPD_NO_MATCH);
		}
		spd_free(s);
	}
}

static void first_match_wins(void **state)
{
	struct selector sel = {.src = LAN_HOST, .dst = FAR_HOST, .proto = 6, .ports = true};
	struct spd *s;

	(void)state;
	for (uint32_t i = 0; i < 40; i++) {
		spdkit_policies[i] = spdkit_policy(ABI_ACT_PROTECT);
		if (i < 17) /* not for this packet */
			spdkit_policies[i].remote =
				espkit_range(IP(10, 200, 0, 0), IP(10, 200, i, 0));
	}
	s = spdkit_build(40);
	assert_int_equal(spd_match(s, &sel, false), 17);
	spd_free(s);
}

static bool discards(uint32_t n, const struct selector *flow, bool in)
{
	uint32_t match = expected(n, flow, in);

	return match != SPD_NO_MATCH && spdkit_policies[match].action == ABI_ACT_DISCARD;
}

static void ask_for_no_ports(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		spdkit_policies[i].local.port_lo = spdkit_policies[i].remote.port_lo = 0;
		spdkit_policies[i].local.port_hi = spdkit_policies[i].remote.port_hi = UINT16_MAX;
	}
}

/* Networks with so many bits for hosts or more: what the cache takes for one flow. */
static void ask_for_networks(uint32_t n, unsigned int bits)
{
	for (uint32_t i = 0; i < n; i++) {
		struct abi_range *ends[] = {&spdkit_policies[i].local, &spdkit_policies[i].remote};

		for (unsigned int k = 0; k < 2; k++) {
			uint32_t hosts = (1u << (bits + rnd(3))) - 1, lo = get32(ends[k]->lo);
			uint32_t hi = get32(ends[k]->hi);
			struct abi_range net = espkit_range(lo & ~hosts, hi | hosts);

			memcpy(ends[k]->lo, net.lo, sizeof(net.lo));
			memcpy(ends[k]->hi, net.hi, sizeof(net.hi));
		}
	}
}

/* Each border of a range alone makes flows be told apart by the bits above it. */
static void addresses_are_told_apart_by_the_bits_ranges_end_in(void **state)
{
	static const struct {
		uint32_t add[4]; /* to the borders of two networks of 256 addresses */
		uint32_t shown;
	} cases[] = {
		{{0, 0, 0, 0}, 0xffffff00},    {{16, 0, 0, 0}, 0xfffffff0},
		{{0, -4u, 0, 0}, 0xfffffffc},  {{0, 0, 1, 0}, 0xffffffff},
		{{0, 0, 0, -64u}, 0xffffffc0}, {{16, 0, 0, -2u}, 0xfffffffe},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint32_t *add = cases[i].add;
		struct spd *s;

		spdkit_policies[0] = spdkit_policy(ABI_ACT_PROTECT);
		spdkit_policies[0].local = spdkit_policies[0].remote = espkit_range(0, UINT32_MAX);
		spdkit_policies[1] = spdkit_policy(ABI_ACT_PROTECT);
		spdkit_policies[1].policy_id++;
		spdkit_policies[1].local =
			espkit_range(IP(10, 0, 0, 0) + add[0], IP(10, 0, 0, 255) + add[1]);
		spdkit_policies[1].remote =
			espkit_range(IP(10, 1, 0, 0) + add[2], IP(10, 1, 0, 255) + add[3]);
		s = spdkit_build(1);
		assert_int_equal(s->shown_addrs, 0);
		spd_free(s);
		s = spdkit_build(2);
		assert_int_equal(s->shown_addrs >> 32, cases[i].shown);
		assert_int_equal((uint32_t)s->shown_addrs, cases[i].shown);
		spd_free(s);
	}
}

/* Bursts of packets that come again and again, through the cache, against the linear matcher; some
 * out of SAs, of which those of one flow are a burst that may need no look-up at all. Tables that
 * ask for ports and such that do not, of any ranges and of networks. */
static void the_cache_changes_nothing(void **state)
{
	enum { FLOWS = 3000, BURSTS = 3000 };
	static struct rte_mbuf *m[WORKER_BURST];
	static struct selector flow[FLOWS];
	static struct pkt_meta metas[FLOWS];

	(void)state;
	for (unsigned int i = 0; i < WORKER_BURST; i++) {
		m[i] = rte_pktmbuf_alloc(kit.h->pool);
		assert_non_null(m[i]);
	}
	for (unsigned int round = 0; round < 8; round++) {
		uint32_t n = 10 + 30 * (round % 4);

		random_policies(n);
		if (round >= 4)
			ask_for_networks(n, 2 * (round - 3));
		for (uint32_t i = 0; i < n; i++)
			spdkit_policies[i].action = spdkit_policies[i].action == ABI_ACT_PROTECT
							    ? ABI_ACT_BYPASS
							    : ABI_ACT_DISCARD;
		if (round % 2 == 1)
			ask_for_no_ports(n);
		spdkit_install(n);
		for (unsigned int i = 0; i < FLOWS; i++) {
			metas[i] = (struct pkt_meta){.src = near(n, true),
						     .dst = near(n, false),
						     .src_port = pool_port(),
						     .dst_port = pool_port(),
						     .proto = pool_proto(),
						     .verdict = PKT_FORWARD};
			flow[i] = selector_of(&metas[i]);
		}
		for (unsigned int k = 0; k < BURSTS; k++) {
			unsigned int at[WORKER_BURST];
			bool from_sa = k % 4 == 3, both = from_sa || k % 4 == 2;
			bool in = both || k % 4 == 1;

			for (unsigned int i = 0; i < WORKER_BURST; i++) {
				at[i] = rnd(rnd(2) ? FLOWS : 50);
				if (from_sa && k % 8 == 3)
					at[i] = at[0];
				*pkt_meta(m[i]) = metas[at[i]];
				pkt_meta(m[i])->flags = from_sa ? PKT_F_FROM_SA : 0;
			}
			(both ? spd_transit_burst
			 : in ? spd_in_burst
			      : spd_out_burst)(kit.w, m, WORKER_BURST);
			for (unsigned int i = 0; i < WORKER_BURST; i++) {
				bool drop = in && !from_sa && discards(n, &flow[at[i]], true);

				if (!in || both)
					drop = drop || discards(n, &flow[at[i]], false);
				assert_int_equal(pkt_meta(m[i])->verdict,
						 drop ? PKT_DROP : PKT_FORWARD);
			}
		}
	}
	rte_pktmbuf_free_bulk(m, WORKER_BURST);
}

static void many_tables_in_a_row_leak_nothing(void **state)
{
	struct rte_malloc_socket_stats before, after;

	(void)state;
	random_policies(50);
	spd_free(spdkit_build(50));
	rte_malloc_get_socket_stats(0, &before);
	for (unsigned int i = 0; i < 50; i++)
		spd_free(spdkit_build(50));
	rte_malloc_get_socket_stats(0, &after);
	assert_int_equal(before.alloc_count, after.alloc_count);
	assert_int_equal(before.heap_allocsz_bytes, after.heap_allocsz_bytes);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, spdkit_begin, spdkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(compiled_policies_agree_with_the_linear_matcher),
		CASE(remote_ends_reach_to_their_networks),
		CASE(borders_of_a_range_are_inside_and_no_more),
		CASE(first_match_wins),
		CASE(addresses_are_told_apart_by_the_bits_ranges_end_in),
		CASE(the_cache_changes_nothing),
		CASE(many_tables_in_a_row_leak_nothing),
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
