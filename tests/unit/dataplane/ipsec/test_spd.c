/* SPDX-License-Identifier: BSD-3-Clause */
/* test_spd.c - the compiled policies against the linear matcher, and what a match means. */
#include "tests/unit/dataplane/ipsec/espkit.h"

#include <rte_malloc.h>

#include "dataplane/ipsec/spd.h"
#include "dataplane/ipsec/spd_cache.h"

#define MAX_POLICIES 300u

static struct abi_policy policies[MAX_POLICIES];
static uint32_t indices[MAX_POLICIES];
static uint64_t seed = 3;

static uint32_t rnd(uint32_t below)
{
	return (uint32_t)(reference_random(&seed) >> 16) % below;
}

static struct abi_policy policy(uint8_t action)
{
	struct abi_policy p = {
		.msg = {.type = ABI_CMD_POLICY, .length = sizeof(p)},
		.policy_id = 1,
		.action = action,
		.mode = ABI_MODE_TUNNEL,
	};

	p.local = espkit_range(IP(192, 168, 1, 0), IP(192, 168, 1, 255));
	p.remote = espkit_range(IP(10, 100, 1, 0), IP(10, 100, 1, 255));
	return p;
}

static struct spd *build(uint32_t n)
{
	uint32_t status, detail;
	struct spd *s;

	for (uint32_t i = 0; i < n; i++)
		indices[i] = i % ESPKIT_POLICIES;
	s = spd_build(policies, indices, n, 9, SOCKET_ID_ANY, &status, &detail);
	if (s == NULL)
		fail_msg("not built: status %u, policy %u", status, detail);
	assert_int_equal(status, ABI_OK);
	return s;
}

static void install(uint32_t n)
{
	spd_free(kit.h->tables.spd);
	kit.h->tables.spd = build(n);
}

static void install_one(struct abi_policy p)
{
	policies[0] = p;
	indices[0] = 0;
	spd_free(kit.h->tables.spd);
	kit.h->tables.spd = build(1);
}

static int begin(void **state)
{
	kit.w->spd_cache = spd_cache_create(SOCKET_ID_ANY);
	return kit.w->spd_cache != NULL ? espkit_begin(state) : -1;
}

static int end(void **state)
{
	spd_free(kit.h->tables.spd);
	kit.h->tables.spd = NULL;
	spd_cache_free(kit.w->spd_cache);
	kit.w->spd_cache = NULL;
	return espkit_end(state);
}

static uint32_t expected(uint32_t n, const struct selector *sel, bool inbound)
{
	int i = spd_match_linear(policies, n, sel, inbound);

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
		return (uint32_t)reference_random(&seed);
	default:
		return a;
	}
}

static uint16_t pool_port(void)
{
	static const uint16_t some[] = {0, 1, 53, 443, 1023, 1024, 32767, 32768, 65534, 65535};

	return rnd(3) == 0 ? (uint16_t)reference_random(&seed)
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
		policies[i] = policy((uint8_t)(1 + rnd(3)));
		policies[i].policy_id = i + 1;
		policies[i].local = random_range();
		policies[i].remote = random_range();
		if (rnd(2) == 0)
			policies[i].local.protocol = pool_proto();
		if (rnd(4) == 0)
			policies[i].remote.protocol = policies[i].local.protocol;
	}
}

static uint32_t near(uint32_t n, bool local)
{
	const struct abi_range *r;
	uint32_t a;

	if (n == 0 || rnd(4) == 0)
		return pool_addr();
	r = local ? &policies[rnd(n)].local : &policies[rnd(n)].remote;
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
		s = build(n);
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

static void borders_of_a_range_are_inside_and_no_more(void **state)
{
	static const uint32_t lo[] = {0, 1, IP(10, 0, 0, 3), IP(127, 255, 255, 255), UINT32_MAX};
	static const uint32_t hi[] = {0, 7, IP(10, 0, 4, 0), IP(128, 0, 0, 0), UINT32_MAX};

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		struct abi_policy p = policy(ABI_ACT_DISCARD);
		struct spd *s;

		p.local = espkit_range(lo[i], hi[i]);
		policies[0] = p;
		s = build(1);
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
		policies[i] = policy(ABI_ACT_PROTECT);
		if (i < 17) /* not for this packet */
			policies[i].remote = espkit_range(IP(10, 200, 0, 0), IP(10, 200, i, 0));
	}
	s = build(40);
	assert_int_equal(spd_match(s, &sel, false), 17);
	spd_free(s);
}

static struct rte_mbuf *packet(uint32_t src, uint32_t dst, unsigned int port)
{
	struct frame f = frame_udp(src, dst, 4000, port, NULL, 8);

	return kit_parse(&f);
}

static struct pkt_meta outbound(uint32_t src, uint32_t dst, unsigned int port)
{
	struct rte_mbuf *m = packet(src, dst, port);
	struct pkt_meta meta;

	spd_out_burst(kit.w, &m, 1);
	meta = *pkt_meta(m);
	rte_pktmbuf_free(m);
	return meta;
}

static struct pkt_meta inbound(uint32_t src, uint32_t dst, unsigned int port)
{
	struct rte_mbuf *m = packet(src, dst, port);
	struct pkt_meta meta;

	spd_in_burst(kit.w, &m, 1);
	meta = *pkt_meta(m);
	rte_pktmbuf_free(m);
	return meta;
}

static void expect_drop(struct pkt_meta m, enum drop_reason why)
{
	assert_int_equal(m.verdict, PKT_DROP);
	assert_int_equal(m.reason, why);
}

static void protect_names_the_current_sa(void **state)
{
	struct pkt_meta m;
	uint32_t index = ESPKIT_POLICY, status, detail;

	(void)state;
	policies[0] = policy(ABI_ACT_PROTECT);
	kit.h->tables.spd = spd_build(policies, &index, 1, 1, SOCKET_ID_ANY, &status, &detail);
	m = outbound(LAN_HOST, FAR_HOST, 53);
	assert_int_equal(m.verdict, PKT_FORWARD);
	assert_true(m.flags & PKT_F_PROTECTED);
	assert_int_equal(m.sa_slot, OUT_SLOT);
	assert_int_equal(worker_policy(kit.w, ESPKIT_POLICY)->out_hits, 1);
	sad_slot(esp.sad, OUT_SLOT)->state = SA_EXPIRED;
	m = outbound(LAN_HOST, FAR_HOST, 53);
	expect_drop(m, DROP_OUT_STATE_EXPIRED);
	assert_int_equal(m.sa_slot, OUT_SLOT);
	espkit_remove(OUT_SLOT);
	m = outbound(LAN_HOST, FAR_HOST, 53);
	assert_int_equal(m.verdict, PKT_SLOW);
	assert_int_equal(m.sa_slot, ESPKIT_POLICY);
	assert_false(m.flags & PKT_F_PROTECTED);
	assert_int_equal(worker_policy(kit.w, ESPKIT_POLICY)->out_hits, 3);
}

static void clear_is_allowed_only_where_the_policy_says_so(void **state)
{
	struct abi_policy p = policy(ABI_ACT_PROTECT);
	struct pkt_meta m;

	(void)state;
	install_one(p);
	assert_int_equal(outbound(LAN_HOST, FAR_HOST, 53).verdict, PKT_SLOW);
	expect_drop(inbound(FAR_HOST, LAN_HOST, 53), DROP_IN_TEMPLATE_MISMATCHES);
	p.flags = ABI_POL_F_ALLOW_CLEAR;
	install_one(p);
	m = outbound(LAN_HOST, FAR_HOST, 53);
	assert_int_equal(m.verdict, PKT_FORWARD);
	assert_false(m.flags & PKT_F_PROTECTED);
	assert_int_equal(inbound(FAR_HOST, LAN_HOST, 53).verdict, PKT_FORWARD);
}

static void discard_and_bypass(void **state)
{
	struct pkt_meta m;

	(void)state;
	install_one(policy(ABI_ACT_DISCARD));
	expect_drop(outbound(LAN_HOST, FAR_HOST, 53), DROP_OUT_POLICY_BLOCKED);
	expect_drop(inbound(FAR_HOST, LAN_HOST, 53), DROP_IN_POLICY_BLOCKED);
	/* The other way round it is nobody's. */
	assert_int_equal(inbound(LAN_HOST, FAR_HOST, 53).verdict, PKT_FORWARD);
	assert_int_equal(worker_policy(kit.w, 0)->out_hits, 1);
	assert_int_equal(worker_policy(kit.w, 0)->in_hits, 1);
	install_one(policy(ABI_ACT_BYPASS));
	m = outbound(LAN_HOST, FAR_HOST, 53);
	assert_int_equal(m.verdict, PKT_FORWARD);
	assert_int_equal(m.sa_slot, PKT_NO_SA);
	assert_int_equal(inbound(FAR_HOST, LAN_HOST, 53).verdict, PKT_FORWARD);
}

static void a_transport_policy_is_not_for_transit(void **state)
{
	struct abi_policy p = policy(ABI_ACT_PROTECT);

	(void)state;
	p.mode = ABI_MODE_TRANSPORT;
	install_one(p);
	expect_drop(outbound(LAN_HOST, FAR_HOST, 53), DROP_OUT_STATE_MODE_ERRORS);
}

static void without_policies_everything_is_bypassed(void **state)
{
	(void)state;
	install(0);
	assert_int_equal(outbound(LAN_HOST, FAR_HOST, 53).verdict, PKT_FORWARD);
	assert_int_equal(inbound(FAR_HOST, LAN_HOST, 53).verdict, PKT_FORWARD);
}

static void without_a_table_nothing_passes(void **state)
{
	(void)state;
	expect_drop(outbound(LAN_HOST, FAR_HOST, 53), DROP_OUT_POLICY_ERRORS);
	expect_drop(inbound(FAR_HOST, LAN_HOST, 53), DROP_IN_POLICY_ERRORS);
}

static struct pkt_meta fragment_out(uint8_t proto, unsigned int offset)
{
	struct frame f = frame_ipv4(LAN_HOST, FAR_HOST, proto, 64);
	struct pkt_meta meta;
	struct rte_mbuf *m;

	put16(f.b + ETH + 20, 4000);
	put16(f.b + ETH + 22, 53);
	put16(f.b + ETH + 6, 0x2000 | offset);
	frame_fix(&f);
	m = kit_parse(&f);
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	spd_out_burst(kit.w, &m, 1);
	meta = *pkt_meta(m);
	rte_pktmbuf_free(m);
	return meta;
}

static void fragments_without_ports_match_only_policies_without_ports(void **state)
{
	struct abi_policy p = policy(ABI_ACT_DISCARD);

	(void)state;
	p.remote.port_lo = p.remote.port_hi = 53;
	p.remote.protocol = 17;
	install_one(p);
	expect_drop(fragment_out(17, 0), DROP_OUT_POLICY_BLOCKED);
	assert_int_equal(fragment_out(17, 100).verdict, PKT_FORWARD);
	/* Ports from 0 on are not "any" either. */
	p.remote.port_lo = 0;
	install_one(p);
	assert_int_equal(fragment_out(17, 100).verdict, PKT_FORWARD);
	p.remote.port_hi = UINT16_MAX;
	install_one(p);
	expect_drop(fragment_out(17, 100), DROP_OUT_POLICY_BLOCKED);
	assert_int_equal(fragment_out(6, 100).verdict, PKT_FORWARD);
}

static void a_fragment_is_not_taken_for_a_flow_with_ports_0(void **state)
{
	struct abi_policy p = policy(ABI_ACT_DISCARD);
	struct rte_mbuf *m;
	struct frame f = frame_udp(LAN_HOST, FAR_HOST, 0, 0, NULL, 8);

	(void)state;
	p.remote.protocol = 17;
	p.remote.port_lo = p.remote.port_hi = 0;
	install_one(p);
	m = kit_parse(&f);
	spd_out_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->reason, DROP_OUT_POLICY_BLOCKED);
	rte_pktmbuf_free(m);
	assert_int_equal(fragment_out(17, 100).verdict, PKT_FORWARD);
}

static void icmp_matches_by_type_and_code(void **state)
{
	struct abi_policy p = policy(ABI_ACT_DISCARD);
	struct frame f = frame_icmp(LAN_HOST, FAR_HOST, 8, 0, 8);
	struct rte_mbuf *m;

	(void)state;
	p.local.protocol = 1;
	p.local.port_lo = p.local.port_hi = p.remote.port_lo = p.remote.port_hi = 8 << 8;
	install_one(p);
	m = kit_parse(&f);
	spd_out_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->reason, DROP_OUT_POLICY_BLOCKED);
	rte_pktmbuf_free(m);
	f = frame_icmp(LAN_HOST, FAR_HOST, 0, 0, 8);
	m = kit_parse(&f);
	spd_out_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	rte_pktmbuf_free(m);
}

/* Bursts of packets that come again and again, through the cache, against the linear matcher. */
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
	for (unsigned int round = 0; round < 4; round++) {
		uint32_t n = 10 + 30 * round;

		random_policies(n);
		for (uint32_t i = 0; i < n; i++)
			policies[i].action = policies[i].action == ABI_ACT_PROTECT
						     ? ABI_ACT_BYPASS
						     : ABI_ACT_DISCARD;
		install(n);
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
			bool in = k & 1;

			for (unsigned int i = 0; i < WORKER_BURST; i++) {
				at[i] = rnd(rnd(2) ? FLOWS : 50);
				*pkt_meta(m[i]) = metas[at[i]];
			}
			if (in)
				spd_in_burst(kit.w, m, WORKER_BURST);
			else
				spd_out_burst(kit.w, m, WORKER_BURST);
			for (unsigned int i = 0; i < WORKER_BURST; i++) {
				uint32_t want = expected(n, &flow[at[i]], in);
				bool drop = want != SPD_NO_MATCH &&
					    policies[want].action == ABI_ACT_DISCARD;

				assert_int_equal(pkt_meta(m[i])->verdict,
						 drop ? PKT_DROP : PKT_FORWARD);
			}
		}
	}
	rte_pktmbuf_free_bulk(m, WORKER_BURST);
}

static void a_new_table_is_obeyed_at_once(void **state)
{
	(void)state;
	install_one(policy(ABI_ACT_BYPASS));
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(outbound(LAN_HOST, FAR_HOST, 53).verdict, PKT_FORWARD);
	install_one(policy(ABI_ACT_DISCARD));
	expect_drop(outbound(LAN_HOST, FAR_HOST, 53), DROP_OUT_POLICY_BLOCKED);
	install(0);
	assert_int_equal(outbound(LAN_HOST, FAR_HOST, 53).verdict, PKT_FORWARD);
}

static uint32_t refused(const struct abi_policy *p)
{
	uint32_t status, detail, index[2] = {0, 1};

	policies[0] = policy(ABI_ACT_BYPASS);
	policies[1] = *p;
	assert_null(spd_build(policies, index, 2, 1, SOCKET_ID_ANY, &status, &detail));
	assert_int_equal(detail, 1);
	return status;
}

static void fields_out_of_their_domain_are_refused(void **state)
{
	const struct abi_policy good = policy(ABI_ACT_PROTECT);
	struct abi_policy p;

	(void)state;
	p = good;
	p.policy_id = 0;
	assert_int_equal(refused(&p), ABI_ERR_FIELD);
	p = good;
	p.action = 0;
	assert_int_equal(refused(&p), ABI_ERR_FIELD);
	p.action = 4;
	assert_int_equal(refused(&p), ABI_ERR_FIELD);
	p = good;
	p.mode = 0;
	assert_int_equal(refused(&p), ABI_ERR_FIELD);
	p.mode = 3;
	assert_int_equal(refused(&p), ABI_ERR_FIELD);
	p = good;
	p.flags = 2;
	assert_int_equal(refused(&p), ABI_ERR_FIELD);
	p = good;
	p.local.family = 6;
	assert_int_equal(refused(&p), ABI_ERR_UNSUPPORTED);
	p.local.family = 0;
	assert_int_equal(refused(&p), ABI_ERR_FIELD);
	p = good;
	put32(p.remote.lo, IP(10, 100, 2, 0));
	assert_int_equal(refused(&p), ABI_ERR_FIELD);
	p = good;
	p.remote.port_lo = 2;
	p.remote.port_hi = 1;
	assert_int_equal(refused(&p), ABI_ERR_FIELD);
	p = good;
	p.local.protocol = 6;
	p.remote.protocol = 17;
	assert_int_equal(refused(&p), ABI_ERR_FIELD);
}

static void many_tables_in_a_row_leak_nothing(void **state)
{
	struct rte_malloc_socket_stats before, after;

	(void)state;
	random_policies(50);
	spd_free(build(50));
	rte_malloc_get_socket_stats(0, &before);
	for (unsigned int i = 0; i < 50; i++)
		spd_free(build(50));
	rte_malloc_get_socket_stats(0, &after);
	assert_int_equal(before.alloc_count, after.alloc_count);
	assert_int_equal(before.heap_allocsz_bytes, after.heap_allocsz_bytes);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(compiled_policies_agree_with_the_linear_matcher),
		CASE(borders_of_a_range_are_inside_and_no_more),
		CASE(first_match_wins),
		CASE(protect_names_the_current_sa),
		CASE(clear_is_allowed_only_where_the_policy_says_so),
		CASE(discard_and_bypass),
		CASE(a_transport_policy_is_not_for_transit),
		CASE(without_policies_everything_is_bypassed),
		CASE(without_a_table_nothing_passes),
		CASE(fragments_without_ports_match_only_policies_without_ports),
		CASE(a_fragment_is_not_taken_for_a_flow_with_ports_0),
		CASE(icmp_matches_by_type_and_code),
		CASE(the_cache_changes_nothing),
		CASE(a_new_table_is_obeyed_at_once),
		CASE(fields_out_of_their_domain_are_refused),
		CASE(many_tables_in_a_row_leak_nothing),
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
