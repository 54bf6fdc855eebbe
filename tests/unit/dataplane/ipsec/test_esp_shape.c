/* SPDX-License-Identifier: BSD-3-Clause */
/* test_esp_shape.c - tunnels of every pair of families, plain and in UDP, both ways, against
 * OpenSSL and headers made by hand. */
#include "tests/unit/dataplane/ipsec/shapekit.h"

static const char *const suites[] = {"aes128+sha1",	"aes256+sha256",    "null+sha512",
				     "3des+md5",	"aes128ctr+sha256", "aes128gcm",
				     "chacha20poly1305"};
#define SUITES (sizeof(suites) / sizeof(suites[0]))

/* The four pairs of families, plain and in UDP. */
static struct shape nth_shape(unsigned int k)
{
	return (struct shape){.outer6 = (k & 1) != 0,
			      .encap = k & 4 ? ABI_ENCAP_UDP : ABI_ENCAP_NONE};
}

static void expect_sent(const struct frame *f, uint32_t seq)
{
	bool six = f->b[ETH] >> 4 == 6;
	struct rte_mbuf *m = espkit_clear(f);
	uint8_t inner[2200];
	struct reference_esp e;
	const struct pkt_meta *meta;
	long len;

	assert_int_equal(espkit_send(&m), DROP_NONE);
	meta = pkt_meta(m);
	assert_int_equal(meta->verdict, PKT_FORWARD);
	assert_true(meta->flags & PKT_F_PROTECTED);
	assert_int_equal((meta->flags & PKT_F_IPV6) != 0, shape.outer6);
	assert_int_equal(meta->ip_len, m->data_len - ETH);
	len = shapekit_open(m, &e, inner);
	assert_int_equal(len, f->len - ETH);
	assert_memory_equal(inner, f->b + ETH, (size_t)len);
	assert_int_equal(e.spi, OUT_SPI);
	assert_int_equal(e.seq, seq);
	assert_int_equal(e.next_header, six ? 41 : 4);
	assert_true(e.pad < esp.suite->block);
	rte_pktmbuf_free(m);
}

static void every_shape_goes_out(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < SUITES; s++)
		for (unsigned int k = 0; k < 8; k++) {
			shapekit_pair(suites[s], nth_shape(k));
			for (uint32_t i = 0; i < 40; i++) {
				struct frame f = shapekit_inner((k & 2) != 0, true, i * 31);

				expect_sent(&f, i + 1);
			}
			assert_int_equal(espkit_counters(OUT_SLOT)->packets, 40 * (s * 8 + k + 1));
		}
}

/* Inner IPv4 alone is what is built packet by packet; all others go another way in between. */
static void add_every_shape(const char *suite, uint32_t first)
{
	espkit_pair(espkit_suite(suite), ABI_ENCAP_NONE); /* for its keys */
	espkit_remove(OUT_SLOT);
	espkit_remove(IN_SLOT);
	for (unsigned int k = 0; k < 8; k++) {
		struct abi_sa_add c;

		shape = nth_shape(k);
		esp.encap = shape.encap;
		c = shapekit_out();
		c.slot = first + k;
		c.spi = 0x20000 + k;
		if ((k & 2) == 0)
			c.n_local = c.n_remote = 1;
		espkit_add(&c);
	}
}

/* Lengths around what is looked ahead. */
static void bursts_of_many_sas_of_every_shape_go_out(void **state)
{
	enum { FIRST = 20, MOST = 97 };
	static const uint16_t lengths[] = {8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, MOST};
	uint64_t seed = 77;

	(void)state;
	for (unsigned int s = 0; s < 12 * SUITES; s++) {
		uint32_t seq[8] = {0}, of[MOST];
		struct rte_mbuf *m[MOST];
		struct frame f[MOST];
		uint16_t n = lengths[s % 12];

		add_every_shape(suites[s / 12], FIRST);
		for (uint16_t i = 0; i < n; i++) {
			of[i] = i == 0 ? s % 8 : (uint32_t)random_next(&seed) % 8;
			f[i] = shapekit_inner((of[i] & 2) != 0, true, random_next(&seed) % 1000);
			m[i] = espkit_clear(&f[i]);
			pkt_meta(m[i])->sa_slot = FIRST + of[i];
		}
		esp_out_burst(kit.w, m, n);
		for (uint16_t i = 0; i < n; i++) {
			struct reference_esp e;
			uint8_t inner[2200];

			shape = nth_shape(of[i]);
			assert_int_equal(pkt_meta(m[i])->verdict, PKT_FORWARD);
			assert_int_equal(shapekit_open(m[i], &e, inner), f[i].len - ETH);
			assert_memory_equal(inner, f[i].b + ETH, f[i].len - ETH);
			assert_int_equal(e.spi, 0x20000 + of[i]);
			assert_int_equal(e.seq, ++seq[of[i]]);
			rte_pktmbuf_free(m[i]);
		}
		for (uint32_t k = 0; k < 8; k++)
			espkit_remove(FIRST + k);
	}
}

static void expect_delivered(const struct frame *outer, const struct frame *inner)
{
	bool six = inner->b[ETH] >> 4 == 6;
	struct rte_mbuf *m;
	enum drop_reason why = espkit_receive(outer, &m);
	const struct pkt_meta *meta = pkt_meta(m);

	if (why != DROP_NONE)
		fail_msg("%s: dropped for reason %d", esp.suite->name, why);
	assert_int_equal(meta->verdict, PKT_FORWARD);
	assert_true(meta->flags & PKT_F_FROM_SA);
	assert_int_equal((meta->flags & PKT_F_IPV6) != 0, six);
	assert_int_equal(meta->sa_slot, IN_SLOT);
	assert_int_equal(meta->l3_off, ETH);
	assert_int_equal(meta->ip_len, inner->len - ETH);
	assert_int_equal(meta->src_port, 53);
	assert_int_equal(meta->dst_port, 4000);
	assert_int_equal(m->data_len, inner->len);
	assert_int_equal(m->pkt_len, inner->len);
	assert_memory_equal(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH), inner->b + ETH,
			    inner->len - ETH);
	rte_pktmbuf_free(m);
}

static uint8_t next_of(const struct frame *inner)
{
	return inner->b[ETH] >> 4 == 6 ? 41 : 4;
}

static struct frame seal(const struct frame *inner, size_t tfc)
{
	return shapekit_seal(inner->b + ETH, inner->len - ETH, next_of(inner), tfc);
}

/* With and without padding against traffic analysis (RFC 4303 section 2.7). */
static void every_shape_comes_in(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < SUITES; s++)
		for (unsigned int k = 0; k < 8; k++) {
			shapekit_pair(suites[s], nth_shape(k));
			for (size_t i = 0; i < 40; i++) {
				struct frame inner = shapekit_inner((k & 2) != 0, false, i * 31);
				struct frame f = seal(&inner, i % 3 * 50);

				expect_delivered(&f, &inner);
			}
			assert_int_equal(espkit_counters(IN_SLOT)->packets, 40 * (s * 8 + k + 1));
		}
}

static enum drop_reason reason_of(struct frame f)
{
	return espkit_reason(&f);
}

static void damaged_and_repeated_packets_are_dropped(void **state)
{
	(void)state;
	for (unsigned int k = 0; k < 8; k++) {
		struct frame inner = shapekit_inner((k & 2) != 0, false, 20), f, bad;

		shapekit_pair("aes128+sha1", nth_shape(k));
		f = seal(&inner, 0);
		for (size_t at = f.len - (inner.len - ETH) - 40; at < f.len; at++) {
			bad = f;
			bad.b[at] ^= 0x10;
			if (shape.outer6 && shape.encap == ABI_ENCAP_UDP)
				put16(bad.b + ETH + 46, 0); /* allowed (RFC 6935 section 5) */
			assert_int_not_equal(reason_of(bad), DROP_NONE);
		}
		assert_int_equal(reason_of(f), DROP_NONE);
		assert_int_equal(reason_of(f), DROP_IN_STATE_SEQUENCE_ERRORS);
	}
}

static void the_wrong_family_address_or_encapsulation_finds_no_sa(void **state)
{
	struct frame inner = shapekit_inner(true, false, 20), f;

	(void)state;
	shapekit_pair("aes128+sha1", (struct shape){.outer6 = true});
	f = seal(&inner, 0);
	memcpy(f.b + ETH + 24, lan6_us, ADDR6); /* ours, but not this SA's */
	assert_int_equal(reason_of(f), DROP_IN_NO_STATES);
	shape.outer6 = false;
	assert_int_equal(reason_of(seal(&inner, 0)), DROP_IN_NO_STATES);
	shape.outer6 = true;
	shape.encap = ABI_ENCAP_UDP;
	assert_int_equal(reason_of(seal(&inner, 0)), DROP_IN_STATE_MISMATCHES);
	shapekit_pair("aes128+sha1", (struct shape){.encap = ABI_ENCAP_NONE});
	shape.outer6 = true;
	assert_int_equal(reason_of(seal(&inner, 0)), DROP_IN_NO_STATES);
}

/* Of IPv6 addresses the endpoint in a word says nothing. */
static void nor_does_it_in_a_burst_of_many_sas(void **state)
{
	enum { FIRST = 20, N = 10, ODD = 7 };
	struct frame inner = shapekit_inner(false, false, 100);
	struct rte_mbuf *m[N];

	(void)state;
	shapekit_pair("aes128+sha1", (struct shape){.outer6 = true});
	for (uint32_t k = 0; k < 2; k++) {
		struct abi_sa_add c = shapekit_in();

		c.slot = FIRST + k;
		c.spi = IN_SPI - IN_SLOT + FIRST + k;
		espkit_add(&c);
	}
	for (uint32_t i = 0; i < N; i++) {
		struct reference_esp e = espkit_next(1 + i / 2);
		uint8_t bytes[2100];
		struct frame f;

		e.spi = IN_SPI - IN_SLOT + FIRST + i % 2;
		f = shapekit_wrap(bytes, reference_seal(esp.suite, esp.in_key, esp.in_auth, &e,
							inner.b + ETH, inner.len - ETH, bytes));
		if (i == ODD)
			memcpy(f.b + ETH + 24, lan6_us, ADDR6);
		m[i] = kit_parse(&f);
		assert_int_equal(pkt_meta(m[i])->verdict, PKT_ESP_IN);
	}
	esp_in_burst(kit.w, m, N);
	for (uint32_t i = 0; i < N; i++) {
		assert_int_equal(pkt_meta(m[i])->verdict, i == ODD ? PKT_DROP : PKT_FORWARD);
		if (i == ODD)
			assert_int_equal(pkt_meta(m[i])->reason, DROP_IN_NO_STATES);
		rte_pktmbuf_free(m[i]);
	}
}

static void packets_outside_the_selectors_are_dropped(void **state)
{
	struct frame f;
	struct rte_mbuf *m;

	(void)state;
	shapekit_pair("aes128+sha1", (struct shape){.outer6 = true});
	f = frame6_udp(peer6, lan6_host, 53, 4000, 20);
	assert_int_equal(reason_of(seal(&f, 0)), DROP_IN_NO_POLICIES);
	f = frame6_udp(far6_host, peer6, 53, 4000, 20);
	assert_int_equal(reason_of(seal(&f, 0)), DROP_IN_NO_POLICIES);
	f = frame6_udp(lan6_host, peer6, 4000, 53, 20);
	m = espkit_clear(&f);
	assert_int_equal(espkit_send(&m), DROP_OUT_BUNDLE_ERRORS);
	rte_pktmbuf_free(m);
	/* A source of ours, come out of a tunnel. */
	f = frame6_udp(lan6_us, lan6_host, 53, 4000, 20);
	assert_int_equal(reason_of(seal(&f, 0)), DROP_NET_MARTIAN);
}

static void selectors_ask_for_ports_and_icmp_types(void **state)
{
	struct frame f = frame6_udp(far6_host, lan6_host, 53, 4000, 20);
	struct abi_sa_add c;

	(void)state;
	shapekit_pair("aes128+sha1", (struct shape){.outer6 = true});
	for (unsigned int port = 3999; port <= 4001; port++) {
		espkit_remove(IN_SLOT);
		c = shapekit_in();
		c.ts_local[1].protocol = 17;
		c.ts_local[1].port_lo = c.ts_local[1].port_hi = (uint16_t)port;
		espkit_add(&c);
		assert_int_equal(reason_of(seal(&f, 0)),
				 port == 4000 ? DROP_NONE : DROP_IN_NO_POLICIES);
	}
	f = frame6(far6_host, lan6_host, 58, 8);
	f.b[ETH + 40] = 129;
	f.b[ETH + 41] = 0;
	for (unsigned int type = 128; type <= 130; type++) {
		espkit_remove(IN_SLOT);
		c = shapekit_in();
		c.ts_remote[1].protocol = 58;
		c.ts_remote[1].port_lo = c.ts_remote[1].port_hi = (uint16_t)(type << 8);
		espkit_add(&c);
		assert_int_equal(reason_of(seal(&f, 0)),
				 type == 129 ? DROP_NONE : DROP_IN_NO_POLICIES);
	}
}

static void a_family_the_sa_does_not_carry_is_a_mode_error(void **state)
{
	struct frame four = shapekit_inner(false, false, 40), six = shapekit_inner(true, false, 40);

	(void)state;
	for (unsigned int k = 0; k < 4; k++) {
		struct abi_sa_add c;

		shapekit_pair("aes128+sha1", nth_shape(k & 1));
		espkit_remove(IN_SLOT);
		c = shapekit_in();
		c.n_local = c.n_remote = 1;
		if (k & 2) {
			c.ts_local[0] = c.ts_local[1];
			c.ts_remote[0] = c.ts_remote[1];
		}
		espkit_add(&c);
		assert_int_equal(reason_of(seal(&four, 0)),
				 k & 2 ? DROP_IN_STATE_MODE_ERRORS : DROP_NONE);
		assert_int_equal(reason_of(seal(&six, 0)),
				 k & 2 ? DROP_NONE : DROP_IN_STATE_MODE_ERRORS);
	}
}

/* RFC 6040 figure 4, written out: rows by inner field, columns by outer. */
static void ecn_of_both_families_follows_the_table(void **state)
{
	static const int want[4][4] = {
		/* Not-ECT, ECT(1), ECT(0), CE outside */
		[0] = {0, 0, 0, -1},
		[1] = {1, 1, 1, 3},
		[2] = {2, 1, 2, 3},
		[3] = {3, 3, 3, 3},
	};

	(void)state;
	for (unsigned int k = 0; k < 4 * 16; k++) {
		unsigned int in = k >> 2 & 3, out = k >> 4 & 3;
		struct frame inner = shapekit_inner((k & 2) != 0, false, 20), f;
		struct rte_mbuf *m;

		shapekit_pair("aes128+sha1", nth_shape(k & 1));
		frame_set_tos(&inner, (uint8_t)(0xb8 | in));
		f = seal(&inner, 0);
		frame_set_tos(&f, (uint8_t)(0x20 | out));
		if (want[in][out] < 0) {
			assert_int_equal(reason_of(f), DROP_IN_ERRORS);
			continue;
		}
		assert_int_equal(espkit_receive(&f, &m), DROP_NONE);
		frame_set_tos(&inner, (uint8_t)(0xb8 | want[in][out]));
		assert_memory_equal(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH), inner.b + ETH,
				    inner.len - ETH);
		rte_pktmbuf_free(m);
	}
}

static uint8_t sent_tos(const struct frame *inner, bool *df)
{
	struct rte_mbuf *m = espkit_clear(inner);
	struct frame f = {.len = 0};

	assert_int_equal(espkit_send(&m), DROP_NONE);
	f.len = m->data_len;
	memcpy(f.b, rte_pktmbuf_mtod(m, uint8_t *), f.len);
	*df = (pkt_meta(m)->flags & PKT_F_DF) != 0;
	if (f.b[ETH] >> 4 == 4) {
		assert_int_equal(ref_cksum(f.b + ETH, 20), 0);
		assert_int_equal(*df, (get16(f.b + ETH + 6) & 0x4000) != 0);
	}
	rte_pktmbuf_free(m);
	return frame_tos(&f);
}

static void dscp_is_copied_or_set_and_ecn_copied(void **state)
{
	(void)state;
	for (unsigned int k = 0; k < 4 * 256; k++) {
		struct frame inner = shapekit_inner((k & 2) != 0, true, 20);
		uint8_t tos = (uint8_t)(k >> 2);
		struct shape s = nth_shape(k & 1);
		bool df;

		if (k < 4)
			continue;
		frame_set_tos(&inner, tos);
		shapekit_pair("null+sha1", s);
		assert_int_equal(sent_tos(&inner, &df), tos);
		s.dscp = ABI_DSCP_SET | (tos >> 2 ^ 21);
		shapekit_pair("null+sha1", s);
		assert_int_equal(sent_tos(&inner, &df),
				 (uint8_t)((tos >> 2 ^ 21) << 2 | (tos & 3)));
	}
}

static void df_is_set_copied_or_cleared(void **state)
{
	bool df;

	(void)state;
	for (unsigned int k = 0; k < 24; k++) {
		bool inner_df = (k & 1) != 0, six = (k & 2) != 0, outer6 = (k & 4) != 0;
		uint8_t mode = (uint8_t)(k / 8);
		struct frame f = shapekit_inner(six, true, 20);

		if (inner_df && !six) {
			put16(f.b + ETH + 6, 0x4000);
			frame_fix(&f);
		}
		shapekit_pair("null+sha1", (struct shape){.outer6 = outer6, .df = mode});
		sent_tos(&f, &df);
		if (mode == ABI_DF_SET)
			assert_true(df);
		else if (mode == ABI_DF_CLEAR)
			assert_false(df);
		else /* IPv6 is not fragmented on its way */
			assert_int_equal(df, inner_df || six || outer6);
	}
}

/* Pieces of outer packets with the same identification would be put together wrongly. */
static void sas_side_by_side_do_not_identify_packets_alike(void **state)
{
	uint16_t id[2][4];

	(void)state;
	shapekit_pair("null+sha1", (struct shape){.df = ABI_DF_CLEAR});
	for (uint32_t k = 0; k < 2; k++) {
		struct abi_sa_add c = shapekit_out();

		c.df = ABI_DF_CLEAR;
		c.spi += k;
		espkit_remove(OUT_SLOT);
		espkit_add(&c);
		for (unsigned int i = 0; i < 4; i++) {
			struct frame f = shapekit_inner(false, true, 20);
			struct rte_mbuf *m = espkit_clear(&f);

			assert_int_equal(espkit_send(&m), DROP_NONE);
			id[k][i] = get16(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH + 4));
			for (unsigned int before = 0; before < 4 * k + i; before++)
				assert_int_not_equal(id[k][i], id[before / 4][before % 4]);
			rte_pktmbuf_free(m);
		}
	}
}

static void the_flow_label_is_the_sas(void **state)
{
	uint32_t label[2] = {0, 0};

	(void)state;
	shapekit_pair("null+sha1", (struct shape){.outer6 = true});
	for (unsigned int i = 0; i < 8; i++) {
		struct frame f = shapekit_inner((i & 1) != 0, true, 20 * i);
		struct rte_mbuf *m = espkit_clear(&f);

		assert_int_equal(espkit_send(&m), DROP_NONE);
		label[1] = get32(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH)) & 0xfffff;
		if (i != 0)
			assert_int_equal(label[0], label[1]);
		assert_int_not_equal(label[1], 0);
		label[0] = label[1];
		rte_pktmbuf_free(m);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, espkit_begin_empty, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_shape_goes_out),
		CASE(bursts_of_many_sas_of_every_shape_go_out),
		CASE(every_shape_comes_in),
		CASE(damaged_and_repeated_packets_are_dropped),
		CASE(the_wrong_family_address_or_encapsulation_finds_no_sa),
		CASE(nor_does_it_in_a_burst_of_many_sas),
		CASE(packets_outside_the_selectors_are_dropped),
		CASE(selectors_ask_for_ports_and_icmp_types),
		CASE(a_family_the_sa_does_not_carry_is_a_mode_error),
		CASE(ecn_of_both_families_follows_the_table),
		CASE(dscp_is_copied_or_set_and_ecn_copied),
		CASE(df_is_set_copied_or_cleared),
		CASE(sas_side_by_side_do_not_identify_packets_alike),
		CASE(the_flow_label_is_the_sas),
	};

	return cmocka_run_group_tests(tests, shapekit_setup, shapekit_teardown);
}
