/* SPDX-License-Identifier: BSD-3-Clause */
/* test_spd.c - what a match means, and what is no policy. */
#include "tests/unit/dataplane/ipsec/spdkit.h"

#include "dataplane/ipsec/sad_impl.h"

static void install_one(struct abi_policy p)
{
	spdkit_policies[0] = p;
	spdkit_install(1);
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
	spdkit_policies[0] = spdkit_policy(ABI_ACT_PROTECT);
	kit.h->tables.spd =
		spd_build(spdkit_policies, &index, 1, 1, SOCKET_ID_ANY, &status, &detail);
	m = outbound(LAN_HOST, FAR_HOST, 53);
	assert_int_equal(m.verdict, PKT_FORWARD);
	assert_true(m.flags & PKT_F_PROTECTED);
	assert_int_equal(m.sa_slot, OUT_SLOT);
	assert_int_equal(worker_policy(kit.w, ESPKIT_POLICY)->out_hits, 0); /* the SA's */
	sad_slot(esp.sad, OUT_SLOT)->life.hard_time = kit.w->now + 1;
	espkit_tick(kit.w->now + 2);
	m = outbound(LAN_HOST, FAR_HOST, 53);
	expect_drop(m, DROP_OUT_STATE_EXPIRED);
	assert_int_equal(m.sa_slot, OUT_SLOT);
	espkit_remove(OUT_SLOT);
	m = outbound(LAN_HOST, FAR_HOST, 53);
	assert_int_equal(m.verdict, PKT_SLOW);
	assert_int_equal(m.sa_slot, ESPKIT_POLICY);
	assert_false(m.flags & PKT_F_PROTECTED);
	assert_int_equal(worker_policy(kit.w, ESPKIT_POLICY)->out_hits, 2);
}

static void clear_is_allowed_only_where_the_policy_says_so(void **state)
{
	struct abi_policy p = spdkit_policy(ABI_ACT_PROTECT);
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

/* Expired or not: once there is an SA, what is in clear is not the peer's. */
static void with_an_sa_no_clear_packet_comes_in(void **state)
{
	uint32_t index = ESPKIT_POLICY, status, detail;

	(void)state;
	spdkit_policies[0] = spdkit_policy(ABI_ACT_PROTECT);
	spdkit_policies[0].flags = ABI_POL_F_ALLOW_CLEAR;
	kit.h->tables.spd =
		spd_build(spdkit_policies, &index, 1, 1, SOCKET_ID_ANY, &status, &detail);
	expect_drop(inbound(FAR_HOST, LAN_HOST, 53), DROP_IN_TEMPLATE_MISMATCHES);
	sad_slot(esp.sad, OUT_SLOT)->life.hard_time = kit.w->now + 1;
	espkit_tick(kit.w->now + 2);
	expect_drop(inbound(FAR_HOST, LAN_HOST, 53), DROP_IN_TEMPLATE_MISMATCHES);
	espkit_remove(OUT_SLOT);
	assert_int_equal(inbound(FAR_HOST, LAN_HOST, 53).verdict, PKT_FORWARD);
}

static void discard_and_bypass(void **state)
{
	struct pkt_meta m;

	(void)state;
	install_one(spdkit_policy(ABI_ACT_DISCARD));
	expect_drop(outbound(LAN_HOST, FAR_HOST, 53), DROP_OUT_POLICY_BLOCKED);
	expect_drop(inbound(FAR_HOST, LAN_HOST, 53), DROP_IN_POLICY_BLOCKED);
	/* The other way round it is nobody's. */
	assert_int_equal(inbound(LAN_HOST, FAR_HOST, 53).verdict, PKT_FORWARD);
	assert_int_equal(worker_policy(kit.w, 0)->out_hits, 1);
	assert_int_equal(worker_policy(kit.w, 0)->in_hits, 1);
	install_one(spdkit_policy(ABI_ACT_BYPASS));
	m = outbound(LAN_HOST, FAR_HOST, 53);
	assert_int_equal(m.verdict, PKT_FORWARD);
	assert_int_equal(m.sa_slot, PKT_NO_SA);
	assert_int_equal(inbound(FAR_HOST, LAN_HOST, 53).verdict, PKT_FORWARD);
}

static void a_transport_policy_is_not_for_transit(void **state)
{
	struct abi_policy p = spdkit_policy(ABI_ACT_PROTECT);

	(void)state;
	p.mode = ABI_MODE_TRANSPORT;
	install_one(p);
	expect_drop(outbound(LAN_HOST, FAR_HOST, 53), DROP_OUT_STATE_MODE_ERRORS);
}

static void without_policies_everything_is_bypassed(void **state)
{
	(void)state;
	spdkit_install(0);
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
	struct abi_policy p = spdkit_policy(ABI_ACT_DISCARD);

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
	struct abi_policy p = spdkit_policy(ABI_ACT_DISCARD);
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
	struct abi_policy p = spdkit_policy(ABI_ACT_DISCARD);
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

/* What came out of an SA, and what we made, is not asked about the way in. */
static void transit_asks_for_the_way_in_only_in_clear(void **state)
{
	static const struct {
		uint8_t flags;
		uint8_t verdict;
		uint8_t reason;
	} cases[] = {{0, PKT_DROP, DROP_IN_POLICY_BLOCKED},
		     {PKT_F_FROM_SA, PKT_FORWARD, 0},
		     {PKT_F_ORIGIN, PKT_FORWARD, 0}};

	(void)state;
	install_one(spdkit_policy(ABI_ACT_DISCARD));
	for (unsigned int i = 0; i < 3; i++) {
		/* From the remote side, so the policy matches inbound and not outbound. */
		struct rte_mbuf *m = packet(FAR_HOST, LAN_HOST, 53);

		pkt_meta(m)->flags |= cases[i].flags;
		pkt_meta(m)->sa_slot = 5;
		spd_transit_burst(kit.w, &m, 1);
		assert_int_equal(pkt_meta(m)->verdict, cases[i].verdict);
		assert_int_equal(pkt_meta(m)->reason, cases[i].reason);
		if (cases[i].verdict == PKT_FORWARD)
			assert_int_equal(pkt_meta(m)->sa_slot, PKT_NO_SA);
		rte_pktmbuf_free(m);
	}
}

static void a_new_table_is_obeyed_at_once(void **state)
{
	(void)state;
	install_one(spdkit_policy(ABI_ACT_BYPASS));
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(outbound(LAN_HOST, FAR_HOST, 53).verdict, PKT_FORWARD);
	install_one(spdkit_policy(ABI_ACT_DISCARD));
	expect_drop(outbound(LAN_HOST, FAR_HOST, 53), DROP_OUT_POLICY_BLOCKED);
	spdkit_install(0);
	assert_int_equal(outbound(LAN_HOST, FAR_HOST, 53).verdict, PKT_FORWARD);
}

static uint32_t refused(const struct abi_policy *p)
{
	uint32_t status, detail, index[2] = {0, 1};

	spdkit_policies[0] = spdkit_policy(ABI_ACT_BYPASS);
	spdkit_policies[1] = *p;
	assert_null(spd_build(spdkit_policies, index, 2, 1, SOCKET_ID_ANY, &status, &detail));
	assert_int_equal(detail, 1);
	return status;
}

static uint64_t seed = 17;

static uint32_t any(uint32_t n)
{
	return (uint32_t)(random_next(&seed) >> 16) % n;
}

/* Of all kinds, one net at the other side for each, and SAs in all the states they may be in. */
static void install_many(void)
{
	const uint32_t out[] = {7, 7 | SAD_OUT_EXPIRED, 7 | SAD_OUT_TRANSPORT, SAD_NONE, 8, 9};

	for (uint32_t i = 0; i < ESPKIT_POLICIES; i++) {
		struct abi_policy p =
			spdkit_policy((uint8_t)(any(3) ? ABI_ACT_PROTECT : 1 + any(3)));

		p.policy_id = i + 1;
		p.mode = any(6) ? ABI_MODE_TUNNEL : ABI_MODE_TRANSPORT;
		p.flags = any(4) ? 0 : ABI_POL_F_ALLOW_CLEAR;
		p.local = espkit_range(0, UINT32_MAX);
		p.remote = espkit_range(IP(10, 100, i, 0), IP(10, 100, i, 255));
		spdkit_policies[i] = p;
		esp.sad->out[i] = out[any(RTE_DIM(out))];
	}
	spdkit_install(ESPKIT_POLICIES);
}

/* To and from nets with policies, and some without. */
static struct pkt_meta any_packet(void)
{
	static const uint8_t flags[] = {0, PKT_F_FROM_SA, PKT_F_ORIGIN};

	return (struct pkt_meta){.verdict = PKT_FORWARD,
				 .flags = flags[any(3)],
				 .proto = 17,
				 .src = any(3) ? LAN_HOST : IP(10, 100, any(ESPKIT_POLICIES), 1),
				 .dst = IP(10, 100, any(ESPKIT_POLICIES + 1), 2),
				 .sa_slot = 5};
}

static void judge(unsigned int how, struct rte_mbuf **m, uint16_t n)
{
	(how == 0 ? spd_in_burst : how == 1 ? spd_out_burst : spd_transit_burst)(kit.w, m, n);
}

/* What the burst has counted is taken back by its packets, one by one. */
static void expect_judged_alike(unsigned int how, struct rte_mbuf **m,
				const struct pkt_meta *before, uint16_t n)
{
	struct abi_policy_counters counted[ESPKIT_POLICIES];

	for (uint32_t i = 0; i < ESPKIT_POLICIES; i++) {
		counted[i] = *worker_policy(kit.w, i);
		memset(worker_policy(kit.w, i), 0, sizeof(counted[i]));
	}
	for (uint16_t i = 0; i < n; i++) {
		struct pkt_meta burst = *pkt_meta(m[i]);

		*pkt_meta(m[i]) = before[i];
		judge(how, &m[i], 1);
		assert_memory_equal(&burst, pkt_meta(m[i]), sizeof(burst));
	}
	for (uint32_t i = 0; i < ESPKIT_POLICIES; i++) {
		assert_memory_equal(&counted[i], worker_policy(kit.w, i), sizeof(counted[i]));
		memset(worker_policy(kit.w, i), 0, sizeof(counted[i]));
	}
}

static void bursts_of_many_policies_are_judged_as_single_packets_are(void **state)
{
	struct pkt_meta before[WORKER_BURST];
	struct rte_mbuf *m[WORKER_BURST];

	(void)state;
	assert_int_equal(rte_pktmbuf_alloc_bulk(kit.h->pool, m, WORKER_BURST), 0);
	for (unsigned int round = 0; round < 300; round++) {
		uint16_t n = (uint16_t)(1 + any(WORKER_BURST));

		install_many();
		for (uint16_t i = 0; i < n; i++)
			*pkt_meta(m[i]) = before[i] = any_packet();
		judge(round % 3, m, n);
		expect_judged_alike(round % 3, m, before, n);
	}
	rte_pktmbuf_free_bulk(m, WORKER_BURST);
}

static void fields_out_of_their_domain_are_refused(void **state)
{
	const struct abi_policy good = spdkit_policy(ABI_ACT_PROTECT);
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
	p.local.family = 6; /* and the other end is of family 4 */
	assert_int_equal(refused(&p), ABI_ERR_FIELD);
	p.remote.family = 6;
	p.remote.lo[0] = p.remote.hi[0] + 1;
	assert_int_equal(refused(&p), ABI_ERR_FIELD);
	p = good;
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

#define CASE(f) cmocka_unit_test_setup_teardown(f, spdkit_begin, spdkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(protect_names_the_current_sa),
		CASE(clear_is_allowed_only_where_the_policy_says_so),
		CASE(with_an_sa_no_clear_packet_comes_in),
		CASE(discard_and_bypass),
		CASE(a_transport_policy_is_not_for_transit),
		CASE(without_policies_everything_is_bypassed),
		CASE(without_a_table_nothing_passes),
		CASE(fragments_without_ports_match_only_policies_without_ports),
		CASE(a_fragment_is_not_taken_for_a_flow_with_ports_0),
		CASE(icmp_matches_by_type_and_code),
		CASE(transit_asks_for_the_way_in_only_in_clear),
		CASE(a_new_table_is_obeyed_at_once),
		CASE(bursts_of_many_policies_are_judged_as_single_packets_are),
		CASE(fields_out_of_their_domain_are_refused),
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
