/* SPDX-License-Identifier: BSD-3-Clause */
/* test_spd6_match.c - policies for IPv6, among those for IPv4, against the linear matcher:
 * compiled, through the cache, and in bursts of both families. */
#include "tests/unit/dataplane/ipsec/spdkit.h"

#include "dataplane/ipsec/spd_impl.h"

static uint64_t seed = 11;

static uint32_t rnd(uint32_t below)
{
	return (uint32_t)(random_next(&seed) >> 16) % below;
}

/* Add d, -1 to 1, to the number that an address is. */
static void step(uint8_t *a, int d)
{
	for (unsigned int i = 16; i > 0 && d != 0; i--) {
		unsigned int v = a[i - 1] + (unsigned int)d;

		a[i - 1] = (uint8_t)v;
		d = d > 0 ? v > 255 : (v & 0x80000000u) != 0 ? -1 : 0;
	}
}

/* Words of zeros, of ones and of little else make ranges with ragged edges meet in every word. */
static void pool_addr(uint8_t *a)
{
	static const uint32_t words[] = {
		0, 1, 2, 0x20010db8, 0x7fffffff, 0x80000000, UINT32_MAX - 1, UINT32_MAX};

	for (unsigned int i = 0; i < 4; i++)
		put32(a + 4 * i, i == 0 && rnd(2) ? 0x20010db8 : words[rnd(8)]);
	if (rnd(6) == 0)
		reference_fill(&seed, a + rnd(16), 1);
	if (rnd(3) == 0)
		step(a, (int)rnd(3) - 1);
}

static uint16_t pool_port(void)
{
	static const uint16_t some[] = {0, 1, 53, 443, 1023, 1024, 32767, 32768, 65534, 65535};

	return rnd(3) == 0 ? (uint16_t)random_next(&seed) : some[rnd(10)];
}

static uint8_t pool_proto(void)
{
	static const uint8_t some[] = {1, 6, 17, 47, 50, 58, 89, 132, 255};

	return some[rnd(sizeof(some))];
}

static void set_ports(struct abi_range *r)
{
	uint16_t p = pool_port(), q = pool_port();

	r->port_hi = UINT16_MAX;
	if (rnd(3) == 0) {
		r->port_lo = p < q ? p : q;
		r->port_hi = p < q ? q : p;
	}
}

static struct abi_range random_range6(void)
{
	struct abi_range r = {.family = 6};
	uint8_t a[16], b[16];
	unsigned int len = rnd(129);

	pool_addr(a);
	pool_addr(b);
	set_ports(&r);
	switch (rnd(5)) {
	case 0: /* everything */
		memset(r.hi, 0xff, 16);
		break;
	case 1: /* one address */
		memcpy(r.lo, a, 16);
		memcpy(r.hi, a, 16);
		break;
	case 2: /* a prefix */
		for (unsigned int i = 0; i < 128; i++) {
			uint8_t bit = (uint8_t)(0x80 >> i % 8);

			r.lo[i / 8] |= i < len ? a[i / 8] & bit : 0;
			r.hi[i / 8] |= i < len ? a[i / 8] & bit : bit;
		}
		break;
	default:
		memcpy(r.lo, memcmp(a, b, 16) < 0 ? a : b, 16);
		memcpy(r.hi, memcmp(a, b, 16) < 0 ? b : a, 16);
		break;
	}
	return r;
}

static struct abi_range random_range4(void)
{
	uint32_t a = IP(10, 0, 0, 0) + rnd(4) * 256, b = a + rnd(1024);
	struct abi_range r = espkit_range(a, b);

	set_ports(&r);
	return r;
}

/* Of every five policies about one is for IPv4. */
static void random_policies(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		bool six = rnd(5) != 0;
		struct abi_policy *p = &spdkit_policies[i];

		*p = spdkit_policy((uint8_t)(ABI_ACT_DISCARD + rnd(2)));
		p->policy_id = i + 1;
		p->local = six ? random_range6() : random_range4();
		p->remote = six ? random_range6() : random_range4();
		if (rnd(2) == 0)
			p->local.protocol = pool_proto();
		if (rnd(4) == 0)
			p->remote.protocol = p->local.protocol;
	}
}

/* Near an end of some policy's range, mostly. */
static void near(uint8_t *a, uint32_t n, bool local)
{
	const struct abi_range *r =
		local ? &spdkit_policies[rnd(n)].local : &spdkit_policies[rnd(n)].remote;

	if (rnd(4) == 0 || r->family != 6) {
		pool_addr(a);
		return;
	}
	memcpy(a, rnd(2) ? r->lo : r->hi, 16);
	if (rnd(2))
		step(a, (int)rnd(3) - 1);
}

/* What there is to see of a packet. */
struct packet {
	struct pkt_meta meta;
	uint8_t ip[40];
};

static struct packet random_packet(uint32_t n)
{
	struct packet p = {.meta = {.src_port = pool_port(),
				    .dst_port = pool_port(),
				    .proto = pool_proto(),
				    .verdict = PKT_FORWARD,
				    .flags = PKT_F_IPV6}};

	if (rnd(8) == 0)
		p.meta.flags |= PKT_F_FRAGMENT | PKT_F_NONFIRST;
	p.ip[0] = 0x60;
	near(p.ip + 8, n, true);
	near(p.ip + 24, n, false);
	return p;
}

static uint32_t expected6(uint32_t n, const struct packet *p, bool inbound)
{
	struct selector6 sel = selector6_of(&p->meta, p->ip);
	int i = spd_match6_linear(spdkit_policies, n, &sel, inbound);

	return i < 0 ? SPD_NO_MATCH : (uint32_t)i;
}

static void compiled_policies_agree_with_the_linear_matcher(void **state)
{
	static const uint32_t sizes[] = {1,  2,	 3,  4,	 5,  6,	 7,  8,	 10, 12,
					 15, 18, 20, 22, 25, 30, 35, 40, 45, 50};
	unsigned int hits = 0;

	(void)state;
	for (unsigned int round = 0; round < 20; round++) {
		uint32_t n = sizes[round];
		struct spd *s;

		random_policies(n);
		s = spdkit_build(n);
		for (unsigned int i = 0; i < 50000; i++) {
			struct packet p = random_packet(n);
			struct selector6 sel = selector6_of(&p.meta, p.ip);
			uint32_t want = expected6(n, &p, i & 1);
			uint32_t got = spd_match6(s, &sel, i & 1);

			if (want != got)
				fail_msg("set %u of %u, packet %u: %u instead of %u", round, n, i,
					 got, want);
			hits += want != SPD_NO_MATCH;
		}
		spd_free(s);
	}
	/* A test in which nothing matches would say nothing. */
	assert_true(hits > 100000 && hits < 990000);
}

/* What is asked before a look-up is left out. */
static void remote_ends_reach_to_their_addresses(void **state)
{
	unsigned int within = 0;

	(void)state;
	for (unsigned int round = 0; round < 200; round++) {
		uint32_t n = 1 + round % 12;
		struct spd *s;

		random_policies(n);
		for (uint32_t k = 0; k < n; k++) /* of few, that many do not cover everything */
			if (rnd(2))
				spdkit_policies[k].remote = random_range4();
		for (uint32_t k = 0; k < n; k++)
			spdkit_policies[k].local.family = spdkit_policies[k].remote.family;
		s = spdkit_build(n);
		for (unsigned int i = 0; i < 2000; i++) {
			bool want = false;
			uint8_t a[16];

			near(a, n, false);
			for (uint32_t k = 0; k < n; k++) {
				const struct abi_range *r = &spdkit_policies[k].remote;

				want |= r->family == 6 && memcmp(a, r->lo, 16) >= 0 &&
					memcmp(a, r->hi, 16) <= 0;
			}
			if (spd_reaches6(s, a) != want)
				fail_msg("set %u, address %u", round, i);
			within += want;
		}
		spd_free(s);
	}
	assert_true(within > 100000 && within < 300000);
}

/* Every place where two words can differ, edges ragged or not. */
static void borders_of_a_range_are_inside_and_no_more(void **state)
{
	static const uint32_t edge[] = {0, 7, UINT32_MAX};
	uint8_t lo[16], hi[16];

	(void)state;
	for (unsigned int k = 0; k < 4 * 81; k++) {
		struct packet p = {.meta = {.proto = 6}};
		struct selector6 sel = selector6_of(&p.meta, p.ip);
		struct spd *s;

		memset(lo, 0, 16);
		memset(hi, 0, 16);
		for (unsigned int i = 0, pick = k / 4; i < 4; i++, pick /= 3) {
			put32(lo + 4 * i, i < k % 4 ? 7 : i == k % 4 ? 5 : edge[pick % 3]);
			put32(hi + 4 * i, i < k % 4    ? 7
					  : i == k % 4 ? 6 + k % 5
						       : edge[2 - pick % 3]);
		}
		spdkit_one_policy6(lo, hi);
		s = spdkit_build(1);
		memcpy(p.ip + 8, lo, 16);
		assert_int_equal(spd_match6(s, &sel, false), 0);
		step(p.ip + 8, -1);
		assert_int_equal(spd_match6(s, &sel, false), SPD_NO_MATCH);
		memcpy(p.ip + 8, hi, 16);
		assert_int_equal(spd_match6(s, &sel, false), 0);
		step(p.ip + 8, 1);
		assert_int_equal(spd_match6(s, &sel, false), SPD_NO_MATCH);
		spd_free(s);
	}
}

static void families_do_not_meet(void **state)
{
	struct selector four = {.src = LAN_HOST, .dst = FAR_HOST, .proto = 6, .ports = true};
	uint8_t ip[40] = {0};
	struct selector6 six = {.src = ip + 8, .dst = ip + 24, .proto = 6, .ports = true};
	static const uint8_t none[16], all[16] = {255, 255, 255, 255, 255, 255, 255, 255,
						  255, 255, 255, 255, 255, 255, 255, 255};
	struct spd *s;

	(void)state;
	spdkit_one_policy6(none, all);
	s = spdkit_build(1);
	assert_int_equal(spd_match6(s, &six, false), 0);
	assert_int_equal(spd_match(s, &four, false), SPD_NO_MATCH);
	spd_free(s);
	spdkit_policies[1] = spdkit_policies[0];
	spdkit_policies[0] = spdkit_policy(ABI_ACT_DISCARD);
	spdkit_policies[1].policy_id = 2;
	s = spdkit_build(2);
	assert_int_equal(spd_match6(s, &six, false), 1);
	assert_int_equal(spd_match(s, &four, false), 0);
	spd_free(s);
	s = spdkit_build(1);
	assert_int_equal(spd_match6(s, &six, false), SPD_NO_MATCH);
	spd_free(s);
}

static bool needs_whole(void)
{
	spdkit_install(1);
	return spd_selects_ports(kit.w);
}

/* A fragment that begins inside destination options shows no protocol, either. */
static void fragments_are_to_be_whole_where_a_policy_asks_for_more_than_they_show(void **state)
{
	static const uint8_t none[16], all[16] = {255, 255, 255, 255, 255, 255, 255, 255,
						  255, 255, 255, 255, 255, 255, 255, 255};

	(void)state;
	spdkit_one_policy6(none, all);
	assert_false(needs_whole());
	spdkit_policies[0].remote.port_hi = 443;
	assert_true(needs_whole());
	spdkit_one_policy6(none, all);
	spdkit_policies[0].local.protocol = 6;
	assert_true(needs_whole());
	spdkit_policies[0] = spdkit_policy(ABI_ACT_DISCARD);
	spdkit_policies[0].local.protocol = 6;
	assert_false(needs_whole());
}

static void too_many_ragged_ranges_are_refused(void **state)
{
	enum { MANY = 6000 }; /* of 49 rules each */
	struct abi_policy *p = calloc(MANY, sizeof(*p));
	uint32_t *index = calloc(MANY, sizeof(*index)), status, detail;
	uint8_t lo[16] = {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1};
	uint8_t hi[16] = {0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1};

	(void)state;
	assert_true(p != NULL && index != NULL);
	spdkit_one_policy6(lo, hi);
	spdkit_policies[0].remote = spdkit_policies[0].local;
	for (unsigned int i = 0; i < MANY; i++)
		p[i] = spdkit_policies[0];
	assert_null(spd_build(p, index, MANY, 9, SOCKET_ID_ANY, &status, &detail));
	assert_int_equal(status, ABI_ERR_NO_SPACE);
	free(p);
	free(index);
}

/* Another flow, though there is little to tell it by. */
static struct packet altered(struct packet p)
{
	switch (rnd(8)) {
	case 0:
		step(p.ip + 8, rnd(2) ? 1 : -1);
		break;
	case 1:
		step(p.ip + 24, rnd(2) ? 1 : -1);
		break;
	case 6:
		p.ip[8 + rnd(16)] ^= (uint8_t)(1u << rnd(8));
		break;
	case 7:
		p.ip[24 + rnd(16)] ^= (uint8_t)(1u << rnd(8));
		break;
	case 2:
		p.meta.src_port = pool_port();
		break;
	case 3:
		p.meta.dst_port = pool_port();
		break;
	case 4:
		p.meta.proto = pool_proto();
		break;
	default:
		p.meta.flags ^= PKT_F_FRAGMENT | PKT_F_NONFIRST;
		break;
	}
	return p;
}

/* Those for one family, or (0) both. */
static void allow_any_port(uint32_t n, uint8_t family)
{
	for (uint32_t i = 0; i < n; i++) {
		if (family != 0 && spdkit_policies[i].local.family != family)
			continue;
		spdkit_policies[i].local.port_lo = spdkit_policies[i].remote.port_lo = 0;
		spdkit_policies[i].local.port_hi = spdkit_policies[i].remote.port_hi = UINT16_MAX;
	}
}

static void make_prefix(struct abi_range *r, unsigned int len)
{
	for (unsigned int i = 0; i < 128; i++) {
		uint8_t bit = (uint8_t)(0x80 >> i % 8);

		if (i >= len) {
			r->lo[i / 8] &= (uint8_t)~bit;
			r->hi[i / 8] |= bit;
		} else {
			r->hi[i / 8] = (uint8_t)((r->hi[i / 8] & ~bit) | (r->lo[i / 8] & bit));
		}
	}
}

/* Of so many bits or fewer: nobody asks for the others. */
static void allow_networks_alone(uint32_t n, unsigned int local, unsigned int remote)
{
	for (uint32_t i = 0; i < n; i++) {
		if (spdkit_policies[i].local.family != 6)
			continue;
		make_prefix(&spdkit_policies[i].local, local - rnd(rnd(2) ? 1 : local));
		make_prefix(&spdkit_policies[i].remote, remote - rnd(rnd(2) ? 1 : remote));
	}
}

static bool discards(uint32_t match)
{
	return match != SPD_NO_MATCH && spdkit_policies[match].action == ABI_ACT_DISCARD;
}

static bool is_dropped(uint32_t n, const struct packet *p, bool inbound)
{
	struct selector four;
	int i;

	if (p->meta.flags & PKT_F_IPV6)
		return discards(expected6(n, p, inbound));
	four = selector_of(&p->meta);
	i = spd_match_linear(spdkit_policies, n, &four, inbound);
	return i >= 0 && discards((uint32_t)i);
}

static struct packet random_mixed(uint32_t n)
{
	struct packet p = random_packet(n);

	if (rnd(3) == 0) {
		p.meta.flags &= (uint8_t)~PKT_F_IPV6;
		p.meta.src = IP(10, 0, 0, 0) + rnd(2048);
		p.meta.dst = IP(10, 0, 0, 0) + rnd(2048);
	}
	return p;
}

/* Bursts of packets that come again and again, through the cache, with those that would be dropped
 * only by a policy of the other family among them. */
static void the_cache_and_the_mixture_change_nothing(void **state)
{
	enum { FLOWS = 3000, BURSTS = 3000 };
	static struct packet flow[FLOWS];
	static struct rte_mbuf *m[WORKER_BURST];

	(void)state;
	for (unsigned int i = 0; i < WORKER_BURST; i++) {
		m[i] = rte_pktmbuf_alloc(kit.h->pool);
		assert_non_null(m[i]);
		assert_non_null(rte_pktmbuf_append(m[i], 40));
	}
	static const unsigned int most[][2] = {{1, 1},	 {40, 40}, {63, 20},  {64, 64},
					       {65, 64}, {64, 66}, {100, 90}, {60, 127}};

	for (unsigned int round = 0; round < 8 + 8; round++) {
		uint32_t n = 10 + 12 * (round % 4);

		random_policies(n);
		if (round >= 8)
			allow_networks_alone(n, most[round - 8][0], most[round - 8][1]);
		if (round >= 4)
			allow_any_port(n, round % 4 == 0 ? 4 : round % 4 == 1 ? 6 : 0);
		spdkit_install(n);
		for (unsigned int i = 0; i < FLOWS; i++)
			flow[i] = i & 1 ? altered(flow[i - 1]) : random_mixed(n);
		for (unsigned int k = 0; k < BURSTS; k++) {
			unsigned int at[WORKER_BURST];
			bool both = k % 3 == 2, in = both || k % 3 == 1;
			bool from_sa = k % 6 == 5; /* and few, that all may go where none reaches */
			uint16_t len = (uint16_t)(from_sa ? 1 + rnd(3) : WORKER_BURST);

			for (unsigned int i = 0; i < len; i++) {
				at[i] = rnd(rnd(2) ? FLOWS : 50);
				if (i > 0 && rnd(2))
					at[i] = at[i - 1] ^ rnd(2);
				*pkt_meta(m[i]) = flow[at[i]].meta;
				pkt_meta(m[i])->flags |= from_sa ? PKT_F_FROM_SA : 0;
				memcpy(rte_pktmbuf_mtod(m[i], uint8_t *), flow[at[i]].ip, 40);
			}
			(both ? spd_transit_burst
			 : in ? spd_in_burst
			      : spd_out_burst)(kit.w, m, len);
			for (unsigned int i = 0; i < len; i++) {
				bool drop = in && !from_sa && is_dropped(n, &flow[at[i]], true);

				if (!in || both)
					drop = drop || is_dropped(n, &flow[at[i]], false);
				assert_int_equal(pkt_meta(m[i])->verdict,
						 drop ? PKT_DROP : PKT_FORWARD);
			}
		}
	}
	rte_pktmbuf_free_bulk(m, WORKER_BURST);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, spdkit_begin, spdkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(compiled_policies_agree_with_the_linear_matcher),
		CASE(remote_ends_reach_to_their_addresses),
		CASE(borders_of_a_range_are_inside_and_no_more),
		CASE(families_do_not_meet),
		CASE(fragments_are_to_be_whole_where_a_policy_asks_for_more_than_they_show),
		CASE(too_many_ragged_ranges_are_refused),
		CASE(the_cache_and_the_mixture_change_nothing),
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
