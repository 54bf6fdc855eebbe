/* SPDX-License-Identifier: BSD-3-Clause */
/* test_route.c - the forwarding stages: TTL and where a packet leaves. */
#include "tests/unit/dataplane/net/netkit.h"

static void decrements_ttl_and_keeps_the_checksum_right(void **state)
{
	uint64_t seed = 99;

	(void)state;
	for (unsigned int i = 0; i < 50000; i++) {
		struct frame f = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 8);
		uint8_t *ip = f.b + ETH;
		unsigned int ttl = 2 + (unsigned int)(random_next(&seed) % 254);
		struct rte_mbuf *m;

		ip[8] = (uint8_t)ttl;
		put16(ip + 4, (unsigned int)random_next(&seed)); /* moves the checksum about */
		frame_fix(&f);
		m = kit_parse(&f);
		ttl_burst(kit.w, &m, 1);
		assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
		ip = rte_pktmbuf_mtod_offset(m, uint8_t *, ETH);
		assert_int_equal(ip[8], ttl - 1);
		assert_int_equal(ref_cksum(ip, 20), 0);
		rte_pktmbuf_free(m);
	}
}

static void answers_an_expired_ttl(void **state)
{
	(void)state;
	for (uint8_t ttl = 0; ttl < 2; ttl++) {
		struct frame f = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 8);
		struct rte_mbuf *m;
		const uint8_t *ip;

		f.b[ETH + 8] = ttl;
		frame_fix(&f);
		m = kit_parse(&f);
		ttl_burst(kit.w, &m, 1);
		assert_int_equal(pkt_meta(m)->verdict, PKT_DROP);
		assert_int_equal(pkt_meta(m)->reason, DROP_NET_TTL);
		assert_int_equal(kit.n_out, 1);
		ip = rte_pktmbuf_mtod_offset(kit.out[0], const uint8_t *, ETH);
		assert_int_equal(ip[20], 11);
		assert_int_equal(ip[21], 0);
		assert_int_equal(get32(ip + 16), LAN_HOST);
		rte_pktmbuf_free(m);
		kit_clear();
	}
}

static void leaves_the_ttl_of_our_own_alone(void **state)
{
	struct frame f = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 8);
	struct rte_mbuf *m;

	(void)state;
	f.b[ETH + 8] = 1;
	frame_fix(&f);
	m = kit_parse(&f);
	pkt_meta(m)->flags |= PKT_F_ORIGIN;
	ttl_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	assert_memory_equal(rte_pktmbuf_mtod(m, void *), f.b, f.len);
	rte_pktmbuf_free(m);
}

static struct rte_mbuf *route(uint32_t src, uint32_t dst, uint8_t flags)
{
	struct frame f = frame_udp(src, dst, 1, 2, NULL, 8);
	struct rte_mbuf *m = kit_parse(&f);

	/* Whatever parse thinks: the stage is asked about what we made ourselves, too. */
	pkt_meta(m)->verdict = PKT_FORWARD;
	pkt_meta(m)->flags |= flags;
	route_burst(kit.w, &m, 1);
	return m;
}

static void sends_to_the_gateway_or_the_host_itself(void **state)
{
	struct rte_mbuf *m = route(LAN_HOST, FAR_HOST, 0);

	(void)state;
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	assert_int_equal(pkt_meta(m)->out_port, 1);
	assert_int_equal(pkt_meta(m)->next_hop, WAN_GW);
	rte_pktmbuf_free(m);
	m = route(FAR_HOST, LAN_HOST, PKT_F_FROM_SA);
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	assert_int_equal(pkt_meta(m)->out_port, 0);
	assert_int_equal(pkt_meta(m)->next_hop, LAN_HOST);
	rte_pktmbuf_free(m);
}

static void drops_what_must_not_be_forwarded(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < KIT_NOWHERE; i++) {
		struct rte_mbuf *m = route(LAN_HOST, kit_nowhere[i], PKT_F_ORIGIN);

		assert_int_equal(pkt_meta(m)->verdict, PKT_DROP);
		assert_int_equal(pkt_meta(m)->reason, DROP_NET_MARTIAN);
		assert_int_equal(kit.n_out, 0);
		rte_pktmbuf_free(m);
	}
}

/* A site without a default route: only its two networks. */
static void answers_what_has_no_route(void **state)
{
	const struct abi_address addrs[] = {
		{.port = 0, .prefix_len = 24, .addr = abi4(LAN_US)},
		{.port = 1, .prefix_len = 24, .addr = abi4(WAN_US)},
	};
	struct fib *site = kit.h->tables.fib;
	uint32_t status;
	struct rte_mbuf *m;

	(void)state;
	kit.h->tables.fib = fib_build(addrs, 2, NULL, 0, 2, SOCKET_ID_ANY, &status);
	assert_non_null(kit.h->tables.fib);
	m = route(LAN_HOST, FAR_HOST, 0);
	assert_int_equal(pkt_meta(m)->reason, DROP_NET_NO_ROUTE);
	assert_int_equal(kit.n_out, 1);
	assert_int_equal(rte_pktmbuf_mtod(kit.out[0], uint8_t *)[ETH + 20], 3);
	assert_int_equal(rte_pktmbuf_mtod(kit.out[0], uint8_t *)[ETH + 21], 0);
	kit_clear();
	rte_pktmbuf_free(m);
	m = route(LAN_US, FAR_HOST, PKT_F_ORIGIN); /* nobody to tell */
	assert_int_equal(pkt_meta(m)->reason, DROP_NET_NO_ROUTE);
	assert_int_equal(kit.n_out, 0);
	rte_pktmbuf_free(m);
	m = route(FAR_HOST, PEER, PKT_F_FROM_SA); /* nothing to answer from */
	assert_int_equal(pkt_meta(m)->reason, DROP_NET_NO_ROUTE);
	assert_int_equal(kit.n_out, 0);
	rte_pktmbuf_free(m);
	fib_free(kit.h->tables.fib);
	kit.h->tables.fib = site;
}

static void has_no_route_before_the_first_table(void **state)
{
	struct fib *site = kit.h->tables.fib;
	struct rte_mbuf *m;

	(void)state;
	kit.h->tables.fib = NULL;
	m = route(LAN_HOST, FAR_HOST, 0);
	assert_int_equal(pkt_meta(m)->reason, DROP_NET_NO_ROUTE);
	rte_pktmbuf_free(m);
	kit.h->tables.fib = site;
}

/* An answer to an inner packet that no policy took must not reach the wire in clear. */
static void keeps_answers_to_inner_packets_inside(void **state)
{
	struct rte_mbuf *m = route(LAN_US, FAR_HOST, PKT_F_ORIGIN | PKT_F_FROM_SA);

	(void)state;
	assert_int_equal(pkt_meta(m)->reason, DROP_OUT_POLICY_BLOCKED);
	rte_pktmbuf_free(m);
	m = route(WAN_US, PEER, PKT_F_ORIGIN | PKT_F_FROM_SA | PKT_F_PROTECTED);
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	rte_pktmbuf_free(m);
}

static void handles_a_burst_of_all_kinds(void **state)
{
	struct rte_mbuf *pkts[WORKER_BURST];

	(void)state;
	for (uint32_t i = 0; i < WORKER_BURST; i++) {
		struct frame f = frame_udp(LAN_HOST, IP(10, 0, 0, i), 1, 2, NULL, 8);

		pkts[i] = kit_parse(&f);
		if (i % 3 == 0)
			pkt_drop(pkts[i], DROP_NET_TTL); /* dropped before: stays so */
	}
	route_burst(kit.w, pkts, WORKER_BURST);
	for (uint32_t i = 0; i < WORKER_BURST; i++) {
		if (i % 3 == 0)
			assert_int_equal(pkt_meta(pkts[i])->reason, DROP_NET_TTL);
		else
			assert_int_equal(pkt_meta(pkts[i])->next_hop, WAN_GW);
		rte_pktmbuf_free(pkts[i]);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(decrements_ttl_and_keeps_the_checksum_right),
		T(answers_an_expired_ttl),
		T(leaves_the_ttl_of_our_own_alone),
		T(sends_to_the_gateway_or_the_host_itself),
		T(drops_what_must_not_be_forwarded),
		T(answers_what_has_no_route),
		T(has_no_route_before_the_first_table),
		T(keeps_answers_to_inner_packets_inside),
		T(handles_a_burst_of_all_kinds),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
