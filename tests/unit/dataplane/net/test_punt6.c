/* SPDX-License-Identifier: BSD-3-Clause */
/* test_punt6.c - IKE over IPv6 into records and out of them, and what control may not send. */
#include "tests/unit/dataplane/net/netkit6.h"
#include "tests/unit/dataplane/net/puntkit.h"

static struct abi_packet record(const char *src, const char *dst, unsigned int port,
				const void *data, size_t len, uint16_t flags)
{
	return punt_record(abi6(src), abi6(dst), port, port, data, len, flags);
}

static void punts_with_addresses_of_family_6(void **state)
{
	static const uint8_t pad[16];
	struct frame f = frame6_udp(PEER6, WAN6_US, 4500, 4500, "\0\0\0\0quick", 9);
	struct abi_addr src = abi6(PEER6), dst = abi6(WAN6_US);
	struct abi_packet p;
	struct rte_mbuf *m;

	(void)state;
	frame6_extend(&f, 60, pad, 16); /* whatever stands between */
	m = kit_parse(&f);
	assert_int_equal(pkt_meta(m)->verdict, PKT_PUNT);
	assert_int_equal(punt_from_mbuf(m, &p), DROP_NONE);
	assert_memory_equal(&p.src, &src, sizeof(src));
	assert_memory_equal(&p.dst, &dst, sizeof(dst));
	assert_int_equal(p.data_len, 5);
	assert_memory_equal(p.data, "quick", 5);
	assert_int_equal(p.flags, ABI_PKT_F_MARKER);
	rte_pktmbuf_free(m);
}

static void injects_a_datagram_with_its_checksum(void **state)
{
	struct ip6 src = ip6(WAN6_US), dst = ip6(PEER6);

	(void)state;
	for (size_t len = 1; len < 1984; len += 31) {
		static const uint8_t data[1984] = {0x5a, 1, 2, 3};
		struct abi_packet p = record(WAN6_US, PEER6, 500, data, len, 0);
		struct rte_mbuf *m = punt_inject(&p);
		const struct pkt_meta *meta = pkt_meta(m);
		const uint8_t *ip = rte_pktmbuf_mtod_offset(m, uint8_t *, ETH);

		assert_int_equal(meta->flags, PKT_F_ORIGIN | PKT_F_IPV6); /* and no DF */
		assert_int_equal(meta->verdict, PKT_FORWARD);
		assert_int_equal(meta->ip_len, 48 + len);
		assert_int_equal(m->data_len, ETH + 48 + len);
		assert_int_equal(get32(ip), 0x60000000);
		assert_int_equal(get16(ip + 4), 8 + len);
		assert_int_equal(ip[6], 17);
		assert_int_equal(ip[7], 64);
		assert_memory_equal(ip + 8, src.b, 16);
		assert_memory_equal(ip + 24, dst.b, 16);
		assert_int_equal(get16(ip + 40), 500);
		assert_int_equal(get16(ip + 44), 8 + len);
		assert_int_not_equal(get16(ip + 46), 0);
		assert_int_equal(ref6_cksum(ip, 17, ip + 40, 8 + len), 0);
		assert_memory_equal(ip + 48, data, len);
		rte_pktmbuf_free(m);
	}
}

/* A sum of zero goes out as 0xffff: zero means "none", which IPv6 forbids. */
static void never_sends_a_checksum_of_zero(void **state)
{
	unsigned int seen = 0;

	(void)state;
	for (unsigned int i = 0; i < 65536; i++) {
		uint8_t data[2] = {(uint8_t)(i >> 8), (uint8_t)i};
		struct abi_packet p = record(WAN6_US, PEER6, 500, data, 2, 0);
		struct rte_mbuf *m = punt_inject(&p);
		unsigned int sum = get16(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH + 46));

		assert_int_not_equal(sum, 0);
		seen += sum == 0xffff;
		rte_pktmbuf_free(m);
	}
	assert_true(seen >= 1);
}

static void comes_back_as_it_went(void **state)
{
	struct abi_packet p = record(WAN6_US, PEER6, 4500, "there and back", 14, ABI_PKT_F_MARKER);
	struct rte_mbuf *m = punt_inject(&p);
	struct frame f = {.len = m->data_len};
	struct abi_packet back;
	struct ip6 us = ip6(WAN6_US), peer = ip6(PEER6);

	(void)state;
	memcpy(f.b, rte_pktmbuf_mtod(m, void *), f.len);
	rte_pktmbuf_free(m);
	memcpy(f.b, &ports[0].mac, 6);
	f.b[6] = 2;
	put16(f.b + 12, 0x86dd);
	memcpy(f.b + ETH + 8, peer.b, 16); /* the checksum does not mind */
	memcpy(f.b + ETH + 24, us.b, 16);
	m = kit_parse(&f);
	assert_int_equal(pkt_meta(m)->verdict, PKT_PUNT);
	assert_int_equal(punt_from_mbuf(m, &back), DROP_NONE);
	assert_int_equal(back.flags, ABI_PKT_F_MARKER);
	assert_int_equal(back.data_len, 14);
	assert_memory_equal(back.data, "there and back", 14);
	rte_pktmbuf_free(m);
}

static void sends_keepalives(void **state)
{
	struct abi_packet p = record(WAN6_US, PEER6, 4500, "\xff", 1, 0);
	struct rte_mbuf *m = punt_inject(&p);
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, uint8_t *, ETH);

	(void)state;
	assert_int_equal(get16(ip + 4), 9);
	assert_int_equal(ip[48], 0xff);
	assert_int_equal(ref6_cksum(ip, 17, ip + 40, 9), 0);
	rte_pktmbuf_free(m);
}

static void refuses_what_control_must_not_send(void **state)
{
	const struct abi_packet good = record(WAN6_US, PEER6, 500, "ike", 3, 0);
	static const char *const bad_src[] = {PEER6, "::", "ff02::1", LINK6_US1};
	static const char *const bad_dst[] = {WAN6_US,	 LAN6_US,   "::",    "::1",
					      "ff02::1", "ff0e::1", LINK6_A, "::ffff:1.2.3.4"};
	struct abi_packet p = good;
	struct rte_mbuf *m = punt_inject(&p);

	(void)state;
	assert_non_null(m);
	rte_pktmbuf_free(m);
	for (unsigned int i = 0; i < RTE_DIM(bad_src); i++) {
		p.src = abi6(bad_src[i]);
		punt_refused(&p);
	}
	p = good;
	for (unsigned int i = 0; i < RTE_DIM(bad_dst); i++) {
		p.dst = abi6(bad_dst[i]);
		punt_refused(&p);
	}
	p = good;
	p.dst = abi4(PEER); /* two families */
	punt_refused(&p);
	p = good;
	p.src = abi4(WAN_US);
	punt_refused(&p);
	p = good;
	p.src.pad[1] = 1;
	punt_refused(&p);
	p = good;
	p.src.family = p.dst.family = 7;
	punt_refused(&p);
	p = good;
	assert_null(punt_to_mbuf(&p, kit.h->tables.fib, NULL, kit.h->pool));
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(punts_with_addresses_of_family_6),
		T(injects_a_datagram_with_its_checksum),
		T(never_sends_a_checksum_of_zero),
		T(comes_back_as_it_went),
		T(sends_keepalives),
		T(refuses_what_control_must_not_send),
	};

	return cmocka_run_group_tests(tests, kit6_setup, kit6_teardown);
}
