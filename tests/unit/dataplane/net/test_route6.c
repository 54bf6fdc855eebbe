/* SPDX-License-Identifier: BSD-3-Clause */
/* test_route6.c - hop limit, where IPv6 packets leave, and what is too big for there. */
#include "tests/unit/dataplane/net/netkit6.h"

#include <errno.h>

#include "dataplane/net/frag.h"
#include "dataplane/net/icmp6.h"

static struct rte_mbuf *routed(const struct frame *f, uint8_t extra_flags)
{
	struct rte_mbuf *m = kit_parse(f);

	pkt_meta(m)->verdict = PKT_FORWARD;
	pkt_meta(m)->flags |= extra_flags;
	route_burst(kit.w, &m, 1);
	return m;
}

static void leaves(const char *dst, uint8_t port, const char *next)
{
	struct frame f = frame6_udp("2001:db8:5::5", dst, 1, 2, NULL, 10);
	struct rte_mbuf *m = routed(&f, 0);
	const struct fib6_hop *hop = fib6_hop_of(kit.h->tables.fib6, pkt_meta(m)->next_hop);
	struct ip6 want = next != NULL ? ip6(next) : (struct ip6){{0}};

	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	assert_int_equal(pkt_meta(m)->out_port, port);
	assert_non_null(hop);
	assert_memory_equal(hop->next.b, want.b, 16);
	rte_pktmbuf_free(m);
}

static void stops(const char *dst, uint8_t flags, enum drop_reason why, unsigned int errors)
{
	struct frame f = frame6_udp(LAN6_HOST, FAR6_HOST, 1, 2, NULL, 10);
	struct rte_mbuf *m = kit_parse(&f);
	struct ip6 d = ip6(dst);

	memcpy(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH + 24), d.b, 16);
	pkt_meta(m)->flags |= flags;
	route_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->verdict, PKT_DROP);
	assert_int_equal(pkt_meta(m)->reason, why);
	assert_int_equal(kit.n_out, errors);
	kit_clear();
	rte_pktmbuf_free(m);
}

static void sends_to_neighbours_and_gateways(void **state)
{
	(void)state;
	leaves(LAN6_HOST, 0, NULL);
	leaves("2001:db8:2::77", 1, NULL);
	leaves(FAR6_HOST, 1, WAN6_GW);
}

static void stops_what_leads_nowhere(void **state)
{
	(void)state;
	stops(LAN6_US, 0, DROP_NET_MARTIAN, 0);
	stops("ff02::1", PKT_F_ORIGIN, DROP_NET_MARTIAN, 0);
	stops("::1", 0, DROP_NET_MARTIAN, 0);
	stops(LINK6_A, 0, DROP_NET_MARTIAN, 0);
	stops(LINK6_A, PKT_F_FROM_SA, DROP_NET_MARTIAN, 0);
	stops(FAR6_HOST, PKT_F_ORIGIN | PKT_F_FROM_SA, DROP_OUT_POLICY_BLOCKED, 0);
}

static void speaks_to_the_link_it_was_asked_from(void **state)
{
	struct frame f = frame6_icmp(LINK6_US, LINK6_A, 129, 0, 10);
	struct rte_mbuf *m = harness_mbuf(kit.h, f.b, f.len);

	(void)state;
	*pkt_meta(m) = (struct pkt_meta){.verdict = PKT_FORWARD,
					 .flags = PKT_F_ORIGIN | PKT_F_IPV6,
					 .l3_off = ETH,
					 .in_port = 1};
	route_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	assert_int_equal(pkt_meta(m)->out_port, 1);
	rte_pktmbuf_free(m);
}

static void says_that_there_is_no_route(void **state)
{
	struct fib6 *with_default = kit.h->tables.fib6;
	struct abi_address a = {.port = 0, .prefix_len = 64, .addr = abi6(LAN6_US)};
	const uint8_t *icmp;
	uint32_t status;
	struct frame f = frame6_udp(LAN6_HOST, FAR6_HOST, 1, 2, NULL, 10);
	struct rte_mbuf *m;

	(void)state;
	kit.h->tables.fib6 = fib6_build(&a, 1, NULL, 0, 2, SOCKET_ID_ANY, &status);
	m = routed(&f, 0);
	assert_int_equal(pkt_meta(m)->reason, DROP_NET_NO_ROUTE);
	assert_int_equal(kit.n_out, 1);
	icmp = rte_pktmbuf_mtod_offset(kit.out[0], const uint8_t *, ETH + 40);
	assert_int_equal(get16(icmp), 0x0100);
	rte_pktmbuf_free(m);
	fib6_free(kit.h->tables.fib6);
	kit.h->tables.fib6 = NULL;
	kit_clear();
	m = routed(&f, 0);
	assert_int_equal(pkt_meta(m)->reason, DROP_NET_NO_ROUTE);
	assert_int_equal(kit.n_out, 0);
	rte_pktmbuf_free(m);
	kit.h->tables.fib6 = with_default;
}

static void takes_the_route_whose_port_has_a_link(void **state)
{
	struct fib6 *site = kit.h->tables.fib6;
	const struct abi_address a[] = {{.port = 0, .prefix_len = 64, .addr = abi6(LAN6_US)},
					{.port = 1, .prefix_len = 64, .addr = abi6(WAN6_US)}};
	const struct abi_route r[] = {
		{.port = ABI_PORT_ANY, .distance = 1, .dst = abi6("::"), .gateway = abi6(WAN6_GW)},
		{.port = 0, .distance = 2, .dst = abi6("::"), .gateway = abi6(LINK6_A)},
	};
	uint32_t status;

	(void)state;
	kit.h->tables.fib6 = fib6_build(a, 2, r, 2, 2, SOCKET_ID_ANY, &status);
	leaves(FAR6_HOST, 1, WAN6_GW);
	ports[1].link_up = false;
	leaves(FAR6_HOST, 0, LINK6_A);
	ports[1].link_up = true;
	leaves(FAR6_HOST, 1, WAN6_GW);
	fib6_free(kit.h->tables.fib6);
	kit.h->tables.fib6 = site;
}

static void counts_hops(void **state)
{
	struct frame f = frame6_udp(LAN6_HOST, FAR6_HOST, 1, 2, NULL, 10);

	(void)state;
	for (unsigned int hops = 0; hops < 256; hops++) {
		struct rte_mbuf *m;

		f.b[ETH + 7] = (uint8_t)hops;
		kit.w->now += 1000000000;
		m = kit_parse(&f);
		ttl_burst(kit.w, &m, 1);
		if (hops <= 1) {
			assert_int_equal(pkt_meta(m)->reason, DROP_NET_TTL);
			assert_int_equal(kit.n_out, 1);
			assert_int_equal(
				get16(rte_pktmbuf_mtod_offset(kit.out[0], uint8_t *, ETH + 40)),
				0x0300);
		} else {
			assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
			f.b[ETH + 7]--;
			assert_memory_equal(rte_pktmbuf_mtod(m, uint8_t *), f.b, f.len);
			assert_int_equal(kit.n_out, 0);
		}
		rte_pktmbuf_free(m);
		kit_clear();
	}
}

static void counts_no_hop_of_its_own_packets(void **state)
{
	struct frame f = frame6_udp(LAN6_HOST, FAR6_HOST, 1, 2, NULL, 10);
	struct rte_mbuf *m = kit_parse(&f);

	(void)state;
	pkt_meta(m)->flags |= PKT_F_ORIGIN;
	ttl_burst(kit.w, &m, 1);
	assert_memory_equal(rte_pktmbuf_mtod(m, uint8_t *), f.b, f.len);
	rte_pktmbuf_free(m);
}

/* Both families in one burst, as they come from a wire. */
static void routes_a_mixed_burst(void **state)
{
	struct frame six = frame6_udp(LAN6_HOST, FAR6_HOST, 1, 2, NULL, 10);
	struct frame four = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 10);
	struct rte_mbuf *m[WORKER_BURST];

	(void)state;
	for (unsigned int i = 0; i < WORKER_BURST; i++)
		m[i] = kit_parse(i % 3 == 0 ? &six : &four);
	ttl_burst(kit.w, m, WORKER_BURST);
	route_burst(kit.w, m, WORKER_BURST);
	for (unsigned int i = 0; i < WORKER_BURST; i++) {
		const struct pkt_meta *meta = pkt_meta(m[i]);

		assert_int_equal(meta->verdict, PKT_FORWARD);
		assert_int_equal(meta->out_port, 1);
		if (i % 3 == 0)
			assert_non_null(fib6_hop_of(kit.h->tables.fib6, meta->next_hop));
		else
			assert_int_equal(meta->next_hop, WAN_GW);
		rte_pktmbuf_free(m[i]);
	}
}

static void says_too_big_and_never_cuts_in_transit(void **state)
{
	struct rte_mbuf *out[8], *m;
	const uint8_t *icmp;

	(void)state;
	ports[1].mtu = 1400;
	for (size_t len = 1350; len <= 1352; len++) {
		struct frame f = frame6_udp(LAN6_HOST, FAR6_HOST, 1, 2, NULL, len);

		m = routed(&f, 0);
		assert_int_equal(frag_all_fit(&m, 1), len <= 1352);
		rte_pktmbuf_free(m);
	}
	struct frame f = frame6_udp(LAN6_HOST, FAR6_HOST, 1, 2, NULL, 1353);

	m = routed(&f, 0);
	assert_false(frag_all_fit(&m, 1));
	assert_int_equal(frag_burst(kit.w, &m, 1, out, 8), 1);
	assert_int_equal(pkt_meta(out[0])->reason, DROP_NET_TOO_BIG);
	assert_int_equal(kit.n_out, 1);
	icmp = rte_pktmbuf_mtod_offset(kit.out[0], const uint8_t *, ETH + 40);
	assert_int_equal(get16(icmp), 0x0200);
	assert_int_equal(get32(icmp + 4), 1400);
	rte_pktmbuf_free(out[0]);
	ports[1].mtu = 1500;
}

/* Put pieces together the plain way and compare with what was cut. */
static void cuts_its_own_packets_as_their_source(void **state)
{
	(void)state;
	for (size_t len = 1300; len < 1990; len += 13) {
		struct frame f = frame6_udp(LAN6_US, FAR6_HOST, 500, 500, NULL, len);
		struct rte_mbuf *m = harness_mbuf(kit.h, f.b, f.len), *out[8];
		uint8_t whole[2100];
		uint32_t id = 0;
		size_t got = 0;
		int n;

		*pkt_meta(m) = (struct pkt_meta){.verdict = PKT_FORWARD,
						 .flags = PKT_F_ORIGIN | PKT_F_IPV6,
						 .proto = 17,
						 .l3_off = ETH,
						 .l4_off = ETH + 40,
						 .ip_len = (uint16_t)(f.len - ETH),
						 .src_port = 500,
						 .dst_port = 500};
		n = frag_ipv6(kit.h->pool, m, 1280, out, 8);
		assert_true(n > 0);
		for (int i = 0; i < n; i++) {
			const struct pkt_meta *meta = pkt_meta(out[i]);
			const uint8_t *ip = rte_pktmbuf_mtod_offset(out[i], uint8_t *, ETH);
			size_t part = get16(ip + 4) - 8u;

			assert_true(meta->ip_len <= 1280);
			assert_int_equal(out[i]->data_len, ETH + meta->ip_len);
			assert_int_equal(meta->ip_len, 48 + part);
			assert_int_equal(ip[6], 44);
			assert_int_equal(ip[40], 17);
			assert_int_equal(get16(ip + 42), got | (i + 1 < n));
			id = i == 0 ? get32(ip + 44) : id;
			assert_int_equal(get32(ip + 44), id);
			assert_memory_equal(ip + 8, f.b + ETH + 8, 32);
			assert_int_equal(meta->dst_port, i == 0 ? 500 : 0);
			assert_int_equal(!!(meta->flags & PKT_F_NONFIRST), i != 0);
			memcpy(whole + got, ip + 48, part);
			got += part;
			rte_pktmbuf_free(out[i]);
		}
		assert_int_equal(got, f.len - ETH - 40);
		assert_memory_equal(whole, f.b + ETH + 40, got);
	}
}

/* Headers for every router, and all before a routing header, are in every piece; what only the
 * receiver reads is cut (RFC 8200 section 4.5). */
static void repeats_per_fragment_headers_in_each_piece(void **state)
{
	static const uint8_t hop[8] = {0, 0, 1, 4}, dst[16] = {0, 0, 1, 12}, srh[24] = {0, 0, 4, 0};
	static const struct {
		uint8_t type[4]; /* from the first to the last; 0 after the first: no more */
		size_t each;	 /* bytes of what each piece has */
		uint8_t then;	 /* type of what follows them */
	} cases[] = {
		{{0}, 8, 17},	    {{0, 60}, 8, 60}, {{60, 43}, 40, 17}, {{0, 60, 43, 60}, 48, 60},
		{{43, 60}, 24, 60}, {{60}, 0, 60},
	};

	(void)state;
	for (unsigned int k = 0; k < RTE_DIM(cases); k++) {
		struct frame f = frame6_udp(LAN6_HOST, FAR6_HOST, 500, 500, NULL, 1800);
		size_t each = cases[k].each, got = 0;
		struct rte_mbuf *m, *out[4];
		uint8_t whole[2100];
		int n;

		for (unsigned int i = 4; i-- > 0;) {
			uint8_t type = cases[k].type[i];

			if (type != 0 || i == 0)
				frame6_extend(&f, type,
					      type == 0	   ? hop
					      : type == 43 ? srh
							   : dst,
					      type == 0	   ? sizeof(hop)
					      : type == 43 ? sizeof(srh)
							   : sizeof(dst));
		}
		m = kit_parse(&f);
		assert_int_not_equal(pkt_meta(m)->verdict, PKT_DROP);
		pkt_meta(m)->flags = PKT_F_ORIGIN | PKT_F_IPV6;
		n = frag_ipv6(kit.h->pool, m, 1280, out, 4);
		assert_int_equal(n, 2);
		for (int i = 0; i < n; i++) {
			const uint8_t *ip = rte_pktmbuf_mtod_offset(out[i], uint8_t *, ETH);
			const uint8_t *fh = ip + 40 + each;
			size_t part = get16(ip + 4) - each - 8u;
			struct frame piece = {.len = out[i]->data_len};

			assert_int_equal(ip[6], each != 0 ? cases[k].type[0] : 44);
			assert_int_equal(fh[0], cases[k].then);
			assert_int_equal(get16(fh + 2), got | (i + 1 < n));
			assert_int_equal(pkt_meta(out[i])->l4_off, ETH + 48 + each);
			assert_true(pkt_meta(out[i])->ip_len <= 1280);
			memcpy(whole + got, fh + 8, part);
			got += part;
			/* parse finds a sound fragment in it. */
			memcpy(piece.b, f.b, ETH);
			memcpy(piece.b + ETH, ip, piece.len - ETH);
			m = kit_parse(&piece);
			assert_true(pkt_meta(m)->flags & PKT_F_FRAGMENT);
			rte_pktmbuf_free(m);
			rte_pktmbuf_free(out[i]);
		}
		assert_int_equal(got, f.len - ETH - 40 - each);
		assert_memory_equal(whole, f.b + ETH + 40 + each, got);
	}
}

static void cuts_nothing_that_is_not_its_own(void **state)
{
	struct frame f = frame6_udp(LAN6_HOST, FAR6_HOST, 1, 2, NULL, 1400);
	struct rte_mbuf *m = kit_parse(&f), *out[8];

	(void)state;
	assert_int_equal(frag_ipv6(kit.h->pool, m, 1280, out, 8), -ENOTSUP);
	pkt_meta(m)->flags = PKT_F_ORIGIN | PKT_F_IPV6;
	assert_int_equal(frag_ipv6(kit.h->pool, m, 1279, out, 8), -EINVAL);
	assert_int_equal(frag_ipv6(kit.h->pool, m, 1280, out, 1), -EINVAL);
	assert_int_equal(frag_ipv6(kit.h->pool, m, 1280, out, 2), 2);
	rte_pktmbuf_free_bulk(out, 2);
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(sends_to_neighbours_and_gateways),
		T(stops_what_leads_nowhere),
		T(speaks_to_the_link_it_was_asked_from),
		T(says_that_there_is_no_route),
		T(takes_the_route_whose_port_has_a_link),
		T(counts_hops),
		T(counts_no_hop_of_its_own_packets),
		T(routes_a_mixed_burst),
		T(says_too_big_and_never_cuts_in_transit),
		T(cuts_its_own_packets_as_their_source),
		T(repeats_per_fragment_headers_in_each_piece),
		T(cuts_nothing_that_is_not_its_own),
	};

	return cmocka_run_group_tests(tests, kit6_setup, kit6_teardown);
}
