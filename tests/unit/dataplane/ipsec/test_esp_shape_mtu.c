/* SPDX-License-Identifier: BSD-3-Clause */
/* test_esp_shape_mtu.c - what fits the path when IPv6 is inside or outside: exact sizes, ICMPv6 too
 * big and its floor of 1280 bytes, MSS. */
#include "tests/unit/dataplane/ipsec/shapekit.h"

static const char *const suites[] = {"aes128+sha1", "null+sha512", "3des+md5", "aes256gcm",
				     "chacha20poly1305"};
#define SUITES (sizeof(suites) / sizeof(suites[0]))

static struct shape nth_shape(unsigned int k)
{
	return (struct shape){.outer6 = (k & 1) != 0,
			      .encap = k & 4 ? ABI_ENCAP_UDP : ABI_ENCAP_NONE};
}

/* An inner packet of just that length. */
static struct frame sized(bool six, uint32_t len)
{
	return shapekit_inner(six, true, len - (six ? 48 : 28));
}

/* Pieces of one ESP packet over IPv6, the first in m, put together: what they carry is f. */
static void expect_pieces(const struct rte_mbuf *m, const struct frame *f)
{
	uint8_t whole[ETH + 4096], inner[4096];
	struct reference_esp e;
	struct rte_mbuf *again;
	size_t end = 0;

	memcpy(whole, rte_pktmbuf_mtod(m, uint8_t *), ETH + 40);
	for (unsigned int i = 0; i <= esp.n_routed; i++) {
		const struct rte_mbuf *p = i == 0 ? m : esp.routed[i - 1];
		const uint8_t *ip = rte_pktmbuf_mtod_offset(p, const uint8_t *, ETH), *fh = ip + 40;
		size_t at = get16(fh + 2) & 0xfff8, len = get16(ip + 4) - 8;

		assert_int_equal(p->data_len, ETH + 48 + len);
		assert_true(48 + len <= 1280);
		assert_int_equal(ip[6], 44);
		assert_int_equal(at, end);
		assert_int_equal(get16(fh + 2) & 1, i != esp.n_routed);
		assert_true(pkt_meta((struct rte_mbuf *)(uintptr_t)p)->flags & PKT_F_PROTECTED);
		memcpy(whole + ETH + 40 + at, fh + 8, len);
		whole[ETH + 6] = fh[0];
		end = at + len;
	}
	put16(whole + ETH + 4, (unsigned int)end);
	again = harness_mbuf(kit.h, whole, ETH + 40 + end);
	assert_non_null(again);
	assert_int_equal(shapekit_open(again, &e, inner), f->len - ETH);
	assert_memory_equal(inner, f->b + ETH, f->len - ETH);
	rte_pktmbuf_free(again);
}

static void free_routed(void)
{
	rte_pktmbuf_free_bulk(esp.routed, esp.n_routed);
	esp.n_routed = 0;
}

static enum drop_reason send(const struct frame *f, uint16_t *outer, bool *df)
{
	struct rte_mbuf *m = espkit_clear(f);
	enum drop_reason why = espkit_send(&m);

	*outer = pkt_meta(m)->ip_len;
	*df = (pkt_meta(m)->flags & PKT_F_DF) != 0;
	if (why == DROP_NONE && (pkt_meta(m)->flags & PKT_F_FRAGMENT))
		expect_pieces(m, f);
	rte_pktmbuf_free(m);
	return why;
}

static void the_largest_packet_fills_the_path(void **state)
{
	uint16_t outer;
	bool df;

	(void)state;
	for (unsigned int s = 0; s < SUITES; s++)
		for (unsigned int k = 0; k < 8; k++) {
			struct frame f;

			shapekit_pair(suites[s], nth_shape(k));
			f = sized((k & 2) != 0, espkit_mtu());
			assert_int_equal(send(&f, &outer, &df), DROP_NONE);
			assert_true(outer <= 1500 && outer + esp.suite->block > 1500);
			assert_true(df);
		}
}

/* The ICMP error that was sent last: its type, code and MTU. */
static void expect_too_big(bool six, uint32_t mtu)
{
	const uint8_t *ip, *icmp;

	assert_int_equal(kit.n_out, 1);
	ip = rte_pktmbuf_mtod_offset(kit.out[0], const uint8_t *, ETH);
	icmp = ip + (six ? 40 : 20);
	if (six) {
		size_t len = kit.out[0]->data_len - ETH - 40;

		assert_int_equal(ip[6], 58);
		assert_memory_equal(ip + 24, lan6_host, ADDR6);
		assert_int_equal(ref_cksum6(ip, 58, icmp, len), 0);
		assert_int_equal(icmp[0], 2);
		assert_int_equal(icmp[1], 0);
		assert_int_equal(get32(icmp + 4), mtu);
	} else {
		assert_int_equal(get32(ip + 16), LAN_HOST);
		assert_int_equal(icmp[0], 3);
		assert_int_equal(icmp[1], 4);
		assert_int_equal(get16(icmp + 6), mtu);
	}
	kit_clear();
	kit.n_out = 0;
}

static void one_byte_more_is_answered_with_the_inner_mtu(void **state)
{
	uint16_t outer;
	bool df;

	(void)state;
	for (unsigned int s = 0; s < SUITES; s++)
		for (unsigned int k = 0; k < 8; k++) {
			bool six = (k & 2) != 0;
			struct frame f;

			kit.w->now += 1000000000;
			shapekit_pair(suites[s], nth_shape(k));
			f = sized(six, espkit_mtu() + 1);
			if (!six) {
				put16(f.b + ETH + 6, 0x4000);
				frame_fix(&f);
			}
			assert_int_equal(send(&f, &outer, &df), DROP_NET_TOO_BIG);
			expect_too_big(six, espkit_mtu());
			assert_int_equal(sad_slot(esp.sad, OUT_SLOT)->seq, 0);
		}
}

/* Pieces of an IPv4 packet go through a tunnel over IPv6 as through any. */
static void ipv4_without_df_is_split_before_encryption(void **state)
{
	uint8_t inner[2100];
	struct frame f;
	struct rte_mbuf *m;

	(void)state;
	shapekit_pair("aes128+sha1", (struct shape){.outer6 = true});
	f = sized(false, espkit_mtu() + 300);
	m = espkit_clear(&f);
	assert_int_equal(espkit_send(&m), DROP_NONE);
	assert_int_equal(esp.n_routed, 1);
	for (unsigned int i = 0; i < 2; i++) {
		struct reference_esp e;
		long len = shapekit_open(i == 0 ? m : esp.routed[0], &e, inner);

		assert_true(len > 20 && (uint32_t)len <= espkit_mtu());
		assert_int_equal(e.seq, i + 1);
		assert_int_equal(get16(inner + 6) & 0x2000, i == 0 ? 0x2000 : 0);
	}
	rte_pktmbuf_free(m);
}

/* RFC 8200 section 5: nobody has to send less than 1280 bytes, so up to there it is the outer
 * packet that may be split. */
static void below_1280_bytes_the_outer_packet_may_be_split(void **state)
{
	uint16_t outer;
	bool df;

	(void)state;
	for (unsigned int k = 0; k < 4; k++) {
		struct frame f;

		shapekit_pair("aes128+sha1",
			      (struct shape){.outer6 = k & 1, .encap = k & 2 ? ABI_ENCAP_UDP : 0});
		sad_slot(esp.sad, OUT_SLOT)->mtu = 1000;
		f = sized(true, 1000);
		assert_int_equal(send(&f, &outer, &df), DROP_NONE);
		assert_true(df);
		f = sized(true, 1001);
		assert_int_equal(send(&f, &outer, &df), DROP_NONE);
		assert_false(df);
		f = sized(true, 1280);
		assert_int_equal(send(&f, &outer, &df), DROP_NONE);
		assert_false(df);
		assert_int_equal(esp.n_routed, shape.outer6 ? 1 : 0);
		free_routed();
		f = sized(true, 1281);
		assert_int_equal(send(&f, &outer, &df), DROP_NET_TOO_BIG);
		expect_too_big(true, 1280);
		kit.w->now += 1000000000;
	}
}

static void with_df_cleared_nothing_is_too_big(void **state)
{
	uint16_t outer;
	bool df;

	(void)state;
	for (unsigned int k = 0; k < 4; k++) {
		bool six = (k & 2) != 0;
		struct frame f;

		shapekit_pair("aes128+sha1", (struct shape){.outer6 = k & 1, .df = ABI_DF_CLEAR});
		f = sized(six, espkit_mtu() + 200);
		if (!six) {
			put16(f.b + ETH + 6, 0x4000);
			frame_fix(&f);
		}
		assert_int_equal(send(&f, &outer, &df), DROP_NONE);
		assert_false(df);
		assert_int_equal(kit.n_out, 0);
		assert_int_equal(esp.n_routed, shape.outer6 ? 1 : 0);
		assert_true(shape.outer6 ? outer <= 1280 : outer > 1500);
		free_routed();
	}
}

static struct frame syn6(const uint8_t *src, const uint8_t *dst, unsigned int mss)
{
	struct frame f = frame6(src, dst, 6, 24);
	uint8_t *tcp = f.b + ETH + 40;

	memset(tcp, 0, 24);
	put16(tcp, 4000);
	put16(tcp + 2, 80);
	tcp[12] = 0x60;
	tcp[13] = 0x02;
	tcp[20] = 2;
	tcp[21] = 4;
	put16(tcp + 22, mss);
	put16(tcp + 16, ref_cksum6(f.b + ETH, 6, tcp, 24));
	return f;
}

static void expect_mss(const uint8_t *ip, unsigned int mss)
{
	assert_int_equal(get16(ip + 62), mss);
	assert_int_equal(ref_cksum6(ip, 6, ip + 40, 24), 0);
}

static void mss_of_a_syn_is_lowered_both_ways(void **state)
{
	uint8_t inner[2100];
	struct reference_esp e;
	struct rte_mbuf *m;
	struct frame f;
	unsigned int fits;

	(void)state;
	for (unsigned int k = 0; k < 4; k++) {
		shapekit_pair("aes128+sha1",
			      (struct shape){.outer6 = k & 1, .encap = k & 2 ? ABI_ENCAP_UDP : 0});
		fits = espkit_mtu() - 60;
		for (unsigned int mss = fits - 1; mss <= 1500; mss += mss < fits + 2 ? 1 : 50) {
			f = syn6(lan6_host, far6_host, mss);
			m = espkit_clear(&f);
			assert_int_equal(espkit_send(&m), DROP_NONE);
			assert_int_equal(shapekit_open(m, &e, inner), 64);
			expect_mss(inner, mss < fits ? mss : fits);
			rte_pktmbuf_free(m);
			f = syn6(far6_host, lan6_host, mss);
			f = shapekit_seal(f.b + ETH, 64, 41, 0);
			assert_int_equal(espkit_receive(&f, &m), DROP_NONE);
			expect_mss(rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH),
				   mss < fits ? mss : fits);
			rte_pktmbuf_free(m);
		}
	}
}

/* Both ways it is the outbound SA that says so. */
static void an_sa_that_is_to_keep_it_does(void **state)
{
	uint8_t inner[2100];
	struct reference_esp e;
	struct abi_sa_add c;
	struct rte_mbuf *m;
	struct frame f = syn6(lan6_host, far6_host, 1440);

	(void)state;
	shapekit_pair("aes128+sha1", (struct shape){0});
	espkit_remove(OUT_SLOT);
	c = shapekit_out();
	c.flags |= ABI_SA_F_KEEP_MSS;
	espkit_add(&c);
	m = espkit_clear(&f);
	assert_int_equal(espkit_send(&m), DROP_NONE);
	assert_int_equal(shapekit_open(m, &e, inner), 64);
	expect_mss(inner, 1440);
	rte_pktmbuf_free(m);
	f = syn6(far6_host, lan6_host, 1440);
	f = shapekit_seal(f.b + ETH, 64, 41, 0);
	assert_int_equal(espkit_receive(&f, &m), DROP_NONE);
	expect_mss(rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH), 1440);
	rte_pktmbuf_free(m);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, espkit_begin_empty, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_largest_packet_fills_the_path),
		CASE(one_byte_more_is_answered_with_the_inner_mtu),
		CASE(ipv4_without_df_is_split_before_encryption),
		CASE(below_1280_bytes_the_outer_packet_may_be_split),
		CASE(with_df_cleared_nothing_is_too_big),
		CASE(mss_of_a_syn_is_lowered_both_ways),
		CASE(an_sa_that_is_to_keep_it_does),
	};

	return cmocka_run_group_tests(tests, shapekit_setup, shapekit_teardown);
}
