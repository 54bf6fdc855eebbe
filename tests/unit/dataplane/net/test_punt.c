/* SPDX-License-Identifier: BSD-3-Clause */
/* test_punt.c - IKE into records and out of them, there and back, and what control may not send. */
#include "tests/unit/dataplane/net/puntkit.h"

static struct abi_packet record(unsigned int sport, unsigned int dport, const void *data,
				size_t len, uint16_t flags)
{
	return punt_record(abi4(WAN_US), abi4(PEER), sport, dport, data, len, flags);
}

static void punts_port_500_whole(void **state)
{
	struct frame f = frame_udp(PEER, WAN_US, 1500, 500, "main mode", 9);
	struct rte_mbuf *m = kit_parse(&f);
	struct abi_packet p;

	(void)state;
	assert_int_equal(pkt_meta(m)->verdict, PKT_PUNT);
	assert_int_equal(punt_from_mbuf(m, &p), DROP_NONE);
	assert_int_equal(p.msg.type, ABI_PACKET_IKE);
	assert_int_equal(p.msg.length, ABI_PACKET_FIXED + 9);
	assert_int_equal(p.data_len, 9);
	assert_memory_equal(p.data, "main mode", 9);
	assert_int_equal(p.src.family, 4);
	assert_int_equal(get32(p.src.bytes), PEER);
	assert_int_equal(get32(p.dst.bytes), WAN_US);
	assert_int_equal(p.src_port, 1500);
	assert_int_equal(p.dst_port, 500);
	assert_int_equal(p.port, 0);
	assert_int_equal(p.flags, 0);
	rte_pktmbuf_free(m);
}

static void strips_and_flags_the_marker(void **state)
{
	struct frame f = frame_udp(PEER, WAN_US, 32001, 4500, "\0\0\0\0quick", 9);
	struct rte_mbuf *m = kit_parse(&f);
	struct abi_packet p;

	(void)state;
	assert_int_equal(punt_from_mbuf(m, &p), DROP_NONE);
	assert_int_equal(p.flags, ABI_PKT_F_MARKER);
	assert_int_equal(p.data_len, 5);
	assert_memory_equal(p.data, "quick", 5);
	rte_pktmbuf_free(m);
}

static void leaves_nothing_of_an_earlier_record(void **state)
{
	static const uint8_t zero[12];
	struct frame f = frame_udp(PEER, WAN_US, 500, 500, "x", 1);
	struct rte_mbuf *m = kit_parse(&f);
	struct abi_packet p;

	(void)state;
	memset(&p, 0xff, sizeof(p));
	assert_int_equal(punt_from_mbuf(m, &p), DROP_NONE);
	assert_int_equal(p.msg.request_id, 0);
	assert_int_equal(p.pad, 0);
	assert_memory_equal(p.src.bytes + 4, zero, 12);
	assert_memory_equal(p.src.pad, zero, 3);
	rte_pktmbuf_free(m);
}

static void punts_up_to_what_a_record_holds(void **state)
{
	static uint8_t data[ABI_PACKET_SLOT];
	struct abi_packet p;

	(void)state;
	for (size_t len = sizeof(p.data) - 3; len <= sizeof(p.data) + 3; len++) {
		struct frame f = frame_udp(PEER, WAN_US, 500, 500, data, len);
		struct rte_mbuf *m = kit_parse(&f);

		assert_int_equal(punt_from_mbuf(m, &p),
				 len <= sizeof(p.data) ? DROP_NONE : DROP_NET_PUNT_SIZE);
		rte_pktmbuf_free(m);
	}
}

static void builds_a_datagram_by_the_book(void **state)
{
	uint64_t seed = 8;
	uint8_t data[sizeof(((struct abi_packet *)0)->data)];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)random_next(&seed);
	for (size_t len = 1; len <= sizeof(data); len += 1 + len / 5) {
		for (unsigned int marker = 0; marker < 2; marker++) {
			unsigned int port = marker ? 4500 : 500, skip = marker ? 4 : 0;
			struct abi_packet p =
				record(port, 31000, data, len, marker ? ABI_PKT_F_MARKER : 0);
			struct rte_mbuf *m = punt_inject(&p);
			const uint8_t *ip, *udp;

			assert_non_null(m);
			ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH);
			udp = ip + 20;
			assert_int_equal(m->data_len, ETH + 28 + skip + len);
			assert_int_equal(ip[0], 0x45);
			assert_int_equal(get16(ip + 2), 28 + skip + len);
			assert_int_equal(get16(ip + 6), 0); /* DF clear */
			assert_int_equal(ip[8], 64);
			assert_int_equal(ip[9], 17);
			assert_int_equal(ref_cksum(ip, 20), 0);
			assert_int_equal(get32(ip + 12), WAN_US);
			assert_int_equal(get32(ip + 16), PEER);
			assert_int_equal(get16(udp), port);
			assert_int_equal(get16(udp + 2), 31000);
			assert_int_equal(get16(udp + 4), 8 + skip + len);
			assert_int_equal(get16(udp + 6), ref_udp_cksum(ip));
			assert_memory_equal(udp + 8, "\0\0\0\0", skip);
			assert_memory_equal(udp + 8 + skip, data, len);
			assert_int_equal(pkt_meta(m)->flags, PKT_F_ORIGIN);
			assert_int_equal(pkt_meta(m)->dst, PEER);
			assert_int_equal(pkt_meta(m)->ip_len, 28 + skip + len);
			rte_pktmbuf_free(m);
		}
	}
}

/* A sum of zero is sent as all ones: zero would mean "no checksum" (RFC 768). */
static void never_sends_a_zero_checksum(void **state)
{
	struct abi_packet p = record(500, 500, "\0\0", 2, 0);
	struct rte_mbuf *m = punt_inject(&p);
	const uint8_t *udp = rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH + 20);

	(void)state;
	memcpy(p.data, udp + 6, 2); /* what was missing to all ones */
	rte_pktmbuf_free(m);
	m = punt_inject(&p);
	assert_int_equal(get16(rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH + 26)), 0xffff);
	rte_pktmbuf_free(m);
}

static void goes_there_and_back(void **state)
{
	struct abi_packet p = record(4500, 4500, "there and back", 14, ABI_PKT_F_MARKER), back;
	struct rte_mbuf *m = punt_inject(&p);
	struct frame f = {.len = m->data_len};

	(void)state;
	/* As the peer would answer: the addresses the other way round, the checksums still hold. */
	memcpy(f.b, rte_pktmbuf_mtod(m, void *), f.len);
	rte_pktmbuf_free(m);
	memcpy(f.b, &ports[0].mac, 6);
	f.b[6] = 2;
	put16(f.b + 12, 0x0800);
	put32(f.b + ETH + 12, PEER);
	put32(f.b + ETH + 16, WAN_US);
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
	struct abi_packet p = record(4500, 4500, "\xff", 1, 0);
	struct rte_mbuf *m = punt_inject(&p);

	(void)state;
	assert_non_null(m);
	assert_int_equal(m->data_len, ETH + 29);
	assert_int_equal(rte_pktmbuf_mtod(m, uint8_t *)[ETH + 28], 0xff);
	rte_pktmbuf_free(m);
}

static void refuses_what_a_peer_would_take_for_esp(void **state)
{
	struct abi_packet p = record(4500, 4500, "\1\2\3\4\5\6\7\10", 8, 0);

	(void)state;
	punt_refused(&p);
	p = record(4500, 4500, "\xfe", 1, 0);
	punt_refused(&p);
	p = record(4500, 4500, "\xff\xff", 2, 0);
	punt_refused(&p);
}

static void refuses_other_ports_and_addresses(void **state)
{
	const struct abi_packet good = record(500, 500, "ike", 3, 0);
	struct abi_packet p = good;

	(void)state;
	p.src_port = 501;
	punt_refused(&p);
	p = good;
	p.dst_port = 0;
	punt_refused(&p);
	p = good;
	p.flags = ABI_PKT_F_MARKER; /* from 500 */
	punt_refused(&p);
	p = good;
	p.flags = 2;
	punt_refused(&p);
	p = good;
	p.port = 0;
	punt_refused(&p);
	p = good;
	p.src = abi4(PEER); /* not ours */
	punt_refused(&p);
	p = good;
	p.src.family = 6;
	punt_refused(&p);
	p = good;
	p.src.bytes[7] = 1;
	punt_refused(&p);
	p = good;
	p.dst = abi4(LAN_US); /* to ourselves */
	punt_refused(&p);
	p = good;
	p.dst = abi4(IP(224, 0, 0, 1));
	punt_refused(&p);
	p = good;
	p.dst.pad[1] = 1;
	punt_refused(&p);
	p = good;
	assert_null(punt_to_mbuf(&p, NULL, NULL, kit.h->pool));
}

static void refuses_lengths_that_do_not_agree(void **state)
{
	const struct abi_packet good = record(500, 500, "ike", 3, 0);
	static const uint32_t lens[] = {0, 2, 4, sizeof(good.data) + 1, 0x10003, ~0u};
	struct abi_packet p = good;

	(void)state;
	for (unsigned int i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		p.data_len = lens[i];
		punt_refused(&p);
	}
	p = good;
	p.data_len = 0;
	p.msg.length = ABI_PACKET_FIXED;
	punt_refused(&p);
	p.data_len = sizeof(p.data) + 1;
	p.msg.length = ABI_PACKET_FIXED + sizeof(p.data) + 1;
	punt_refused(&p);
	p = good;
	p.msg.type = 2;
	punt_refused(&p);
	p = good;
	p.pad = 1;
	punt_refused(&p);
}

static void survives_random_records(void **state)
{
	uint64_t seed = 31337;
	unsigned int built = 0;

	(void)state;
	for (unsigned int i = 0; i < 300000; i++) {
		struct abi_packet p = record(4500, 4500, "hello", 5, ABI_PKT_F_MARKER);
		struct rte_mbuf *m;

		for (unsigned int k = random_next(&seed) % 3; k > 0; k--)
			((uint8_t *)&p)[random_next(&seed) % ABI_PACKET_FIXED] ^=
				(uint8_t)random_next(&seed);
		m = punt_inject(&p);
		built += m != NULL;
		if (m != NULL) {
			assert_int_equal(pkt_meta(m)->src, WAN_US);
			rte_pktmbuf_free(m);
		}
	}
	assert_in_range(built, 100000, 250000);
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(punts_port_500_whole),
		T(strips_and_flags_the_marker),
		T(leaves_nothing_of_an_earlier_record),
		T(punts_up_to_what_a_record_holds),
		T(builds_a_datagram_by_the_book),
		T(never_sends_a_zero_checksum),
		T(goes_there_and_back),
		T(sends_keepalives),
		T(refuses_what_a_peer_would_take_for_esp),
		T(refuses_other_ports_and_addresses),
		T(refuses_lengths_that_do_not_agree),
		T(survives_random_records),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
