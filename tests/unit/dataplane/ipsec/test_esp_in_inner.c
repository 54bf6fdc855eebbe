/* SPDX-License-Identifier: BSD-3-Clause */
/* test_esp_in_inner.c - what genuine inbound packets contain: trailers, inner headers, selectors.
 */
#include "tests/unit/dataplane/ipsec/espkit.h"

static enum drop_reason with_trailer(int pad, bool bad_pad, int pad_length, uint8_t next)
{
	static uint32_t seq;
	struct reference_esp e = espkit_next(seq = seq % 100 + 1);
	struct frame f;

	espkit_pair(esp.suite, esp.encap);
	e.pad = pad;
	e.bad_pad = bad_pad;
	e.pad_length = pad_length;
	e.next_header = next;
	f = espkit_sealed_udp(8, &e); /* 36 bytes: the least pad is 10 */
	return espkit_reason(&f);
}

static void trailers_of_genuine_packets_are_checked(void **state)
{
	(void)state;
	assert_int_equal(with_trailer(10, false, -1, 4), DROP_NONE);
	/* More pad than needed is allowed, up to 255 (RFC 4303 section 2.4). */
	for (int pad = 26; pad < 255; pad += 16)
		assert_int_equal(with_trailer(pad, false, -1, 4), DROP_NONE);
	assert_int_equal(with_trailer(10, true, -1, 4), DROP_IN_STATE_PROTOCOL_ERRORS);
	/* 36 + 10 + 2 bytes of text: no pad length above 46 fits, and 46 leaves nothing. */
	for (int said = 0; said < 256; said++) {
		enum drop_reason why = with_trailer(10, false, said, 4);

		if (said == 10)
			assert_int_equal(why, DROP_NONE);
		else if (said == 0) /* reads pad as confidentiality padding */
			assert_int_equal(why, DROP_NONE);
		else
			assert_int_equal(why, DROP_IN_STATE_PROTOCOL_ERRORS);
	}
}

static void next_headers_of_genuine_packets_are_checked(void **state)
{
	(void)state;
	for (unsigned int next = 0; next < 256; next++) {
		enum drop_reason why = with_trailer(-1, false, -1, (uint8_t)next);

		if (next == 4)
			assert_int_equal(why, DROP_NONE);
		else if (next == 59)
			assert_int_equal(why, DROP_NET_CONSUMED);
		else
			assert_int_equal(why, DROP_IN_STATE_MODE_ERRORS);
	}
}

static enum drop_reason with_inner(struct frame f)
{
	struct frame outer = espkit_sealed(&f, NULL);

	return espkit_reason(&outer);
}

static void inner_headers_of_genuine_packets_are_checked(void **state)
{
	struct frame f;

	(void)state;
	f = espkit_udp_in(30);
	f.b[ETH] = 0x65;
	frame_fix(&f);
	assert_int_equal(with_inner(f), DROP_NET_HEADER);
	f = espkit_udp_in(30);
	f.b[ETH] = 0x44;
	assert_int_equal(with_inner(f), DROP_NET_HEADER);
	f = espkit_udp_in(30);
	f.b[ETH + 10] ^= 1;
	assert_int_equal(with_inner(f), DROP_NET_CHECKSUM);
	/* Longer than what came. */
	f = espkit_udp_in(30);
	put16(f.b + ETH + 2, 59);
	frame_fix(&f);
	assert_int_equal(with_inner(f), DROP_IN_STATE_PROTOCOL_ERRORS);
	/* Shorter than its own header. */
	for (unsigned int len = 0; len < 20; len++) {
		f = espkit_udp_in(30);
		put16(f.b + ETH + 2, len);
		frame_fix(&f);
		assert_int_equal(with_inner(f), DROP_NET_HEADER);
	}
	/* No room for an IPv4 header at all. */
	for (size_t len = 0; len < 20; len++) {
		f = espkit_udp_in(30);
		f.len = ETH + len;
		assert_int_equal(with_inner(f), DROP_IN_STATE_PROTOCOL_ERRORS);
	}
}

static void confidentiality_padding_is_taken_off(void **state)
{
	(void)state;
	for (size_t more = 1; more < 200; more += 9) {
		struct frame inner = espkit_udp_in(50), padded = inner, outer;

		memset(padded.b + padded.len, 0xcc, more);
		padded.len += more;
		outer = espkit_sealed(&padded, NULL);
		espkit_expect_delivered(&outer, &inner);
	}
}

static void inner_packets_outside_the_selectors_are_dropped(void **state)
{
	(void)state;
	assert_int_equal(with_inner(frame_udp(IP(10, 100, 0, 255), LAN_HOST, 1, 2, NULL, 8)),
			 DROP_IN_NO_POLICIES);
	assert_int_equal(with_inner(frame_udp(IP(10, 100, 2, 0), LAN_HOST, 1, 2, NULL, 8)),
			 DROP_IN_NO_POLICIES);
	assert_int_equal(with_inner(frame_udp(FAR_HOST, IP(192, 168, 2, 0), 1, 2, NULL, 8)),
			 DROP_IN_NO_POLICIES);
	/* Our own side spoofed as source: selectors swapped the wrong way would take it. */
	assert_int_equal(with_inner(frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 8)),
			 DROP_IN_NO_POLICIES);
	/* The gateway's own address is in the selector, its WAN address is not. */
	assert_int_equal(with_inner(frame_udp(FAR_HOST, WAN_US, 1, 2, NULL, 8)),
			 DROP_IN_NO_POLICIES);
	assert_int_equal(
		with_inner(frame_udp(IP(10, 100, 1, 0), IP(192, 168, 1, 254), 1, 2, NULL, 8)),
		DROP_NONE);
	assert_int_equal(espkit_counters(IN_SLOT)->packets, 1);
}

/* Where selectors let everything through, as much is asked of each packet of a burst of many SAs.
 */
static void in_bursts_of_many_sas_nothing_comes_for_nobody(void **state)
{
	enum { N = 16 };
	static const uint32_t dst[] = {0, IP(127, 0, 0, 1), IP(224, 0, 0, 1), LAN_HOST};
	struct fib *fib = kit.h->tables.fib;
	uint32_t seq = 0;

	(void)state;
	for (uint32_t slot = 20; slot < 22; slot++) {
		struct abi_sa_add c = espkit_in();

		c.slot = slot;
		c.spi = 0x30000 + slot;
		c.ts_local[0] = c.ts_remote[0] = espkit_range(0, UINT32_MAX);
		espkit_add(&c);
	}
	for (unsigned int k = 0; k < 2 * RTE_DIM(dst); k++) {
		struct rte_mbuf *m[N];

		for (uint32_t i = 0; i < N; i++) {
			struct frame inner = frame_udp(FAR_HOST, dst[k / 2], 1, 2, NULL, 8), f;
			struct reference_esp e = espkit_next(seq + i / 2 + 1);

			e.spi = 0x30000 + 20 + i % 2;
			f = espkit_sealed(&inner, &e);
			m[i] = kit_parse(&f);
		}
		seq += N / 2;
		kit.h->tables.fib = k % 2 ? NULL : fib; /* before there are any addresses */
		esp_in_burst(kit.w, m, N);
		kit.h->tables.fib = fib;
		for (uint32_t i = 0; i < N; i++)
			assert_int_equal(pkt_meta(m[i])->verdict,
					 dst[k / 2] == LAN_HOST ? PKT_FORWARD : PKT_DROP);
		rte_pktmbuf_free_bulk(m, N);
	}
}

static void selectors_of_ports_and_protocols(void **state)
{
	struct abi_sa_add c = espkit_in();
	struct frame f;

	(void)state;
	espkit_remove(IN_SLOT);
	c.n_remote = 2;
	c.ts_remote[0].protocol = 17;
	c.ts_remote[0].port_lo = c.ts_remote[0].port_hi = 53;
	c.ts_remote[1] = espkit_range(IP(10, 100, 1, 6), IP(10, 100, 1, 6));
	c.ts_remote[1].protocol = 1;
	espkit_add(&c);
	assert_int_equal(with_inner(espkit_udp_in(8)), DROP_NONE);
	assert_int_equal(with_inner(frame_udp(FAR_HOST, LAN_HOST, 54, 4000, NULL, 8)),
			 DROP_IN_NO_POLICIES);
	assert_int_equal(with_inner(frame_icmp(FAR_HOST, LAN_HOST, 8, 0, 8)), DROP_NONE);
	assert_int_equal(with_inner(frame_icmp(IP(10, 100, 1, 7), LAN_HOST, 8, 0, 8)),
			 DROP_IN_NO_POLICIES);
	f = espkit_udp_in(64); /* a piece shows no ports: it is needed whole, where it can match */
	put16(f.b + ETH + 6, 100);
	frame_fix(&f);
	assert_int_equal(with_inner(f), DROP_NONE);
	f.b[ETH + 9] = 6;
	frame_fix(&f);
	assert_int_equal(with_inner(f), DROP_IN_NO_POLICIES);
}

static void to_the_gateway_itself_is_local(void **state)
{
	struct frame inner = frame_icmp(FAR_HOST, LAN_US, 8, 0, 32);
	struct frame f = espkit_sealed(&inner, NULL);
	struct rte_mbuf *m;

	(void)state;
	assert_int_equal(espkit_receive(&f, &m), DROP_NONE);
	assert_int_equal(pkt_meta(m)->verdict, PKT_LOCAL);
	assert_true(pkt_meta(m)->flags & PKT_F_FROM_SA);
	assert_int_equal(pkt_meta(m)->sa_slot, IN_SLOT);
	rte_pktmbuf_free(m);
}

/* RFC 6040 figure 4, row: inner 00 01 10 11, column: outer 00 01 10 11; 9: drop. */
static void congestion_marks_follow_the_table(void **state)
{
	static const unsigned int want[4][4] = {
		{0, 0, 0, 9},
		{1, 1, 1, 3},
		{2, 1, 2, 3},
		{3, 3, 3, 3},
	};

	(void)state;
	for (unsigned int in = 0; in < 4; in++) {
		for (unsigned int out = 0; out < 4; out++) {
			struct frame inner = espkit_udp_in(16), f;
			struct rte_mbuf *m;
			enum drop_reason why;
			const uint8_t *ip;

			inner.b[ETH + 1] = (uint8_t)(0xb8 | in);
			frame_fix(&inner);
			f = espkit_sealed(&inner, NULL);
			f.b[ETH + 1] = (uint8_t)(0x28 | out);
			frame_fix(&f);
			why = espkit_receive(&f, &m);
			ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH);
			if (want[in][out] == 9) {
				assert_int_equal(why, DROP_IN_ERRORS);
			} else {
				assert_int_equal(why, DROP_NONE);
				assert_int_equal(ip[1], 0xb8 | want[in][out]);
				assert_int_equal(ref_cksum(ip, 20), 0);
			}
			rte_pktmbuf_free(m);
		}
	}
}

static void a_syn_from_the_peer_learns_our_limit(void **state)
{
	struct frame inner = frame_ipv4(FAR_HOST, LAN_HOST, 6, 24), f;
	uint8_t *tcp = inner.b + ETH + 20;
	struct rte_mbuf *m;

	(void)state;
	memset(tcp, 0, 24);
	tcp[12] = 6 << 4;
	tcp[13] = 0x12;
	tcp[20] = 2;
	tcp[21] = 4;
	put16(tcp + 22, 1460);
	f = espkit_sealed(&inner, NULL);
	assert_int_equal(espkit_receive(&f, &m), DROP_NONE);
	assert_int_equal(get16(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH + 42)),
			 sad_slot(esp.sad, OUT_SLOT)->mtu - 40);
	rte_pktmbuf_free(m);
}

/* Genuine packets with random contents: delivered only with an inner packet that is in order. */
static void random_genuine_contents_are_survived(void **state)
{
	uint64_t seed = 19;
	unsigned int delivered = 0;

	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		struct frame inner = espkit_udp_in(random_next(&seed) % 200);
		struct reference_esp e = espkit_next(1 + i);
		size_t changes = random_next(&seed) % 4;
		struct frame f;

		for (size_t k = 0; k < changes; k++)
			inner.b[ETH + random_next(&seed) % (inner.len - ETH)] =
				(uint8_t)random_next(&seed);
		if (random_next(&seed) % 4 == 0)
			inner.len = ETH + random_next(&seed) % (inner.len - ETH + 1);
		e.pad_length = random_next(&seed) % 8 == 0 ? (int)(seed & 255) : -1;
		f = espkit_sealed(&inner, &e);
		delivered += espkit_reason(&f) == DROP_NONE;
	}
	assert_true(delivered > 1000 && delivered < 20000);
	assert_int_equal(harness_in_use(kit.h), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, espkit_begin, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(trailers_of_genuine_packets_are_checked),
		CASE(next_headers_of_genuine_packets_are_checked),
		CASE(inner_headers_of_genuine_packets_are_checked),
		CASE(confidentiality_padding_is_taken_off),
		CASE(inner_packets_outside_the_selectors_are_dropped),
		CASE(in_bursts_of_many_sas_nothing_comes_for_nobody),
		CASE(selectors_of_ports_and_protocols),
		CASE(to_the_gateway_itself_is_local),
		CASE(congestion_marks_follow_the_table),
		CASE(a_syn_from_the_peer_learns_our_limit),
		CASE(random_genuine_contents_are_survived),
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
