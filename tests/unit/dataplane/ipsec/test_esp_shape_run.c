/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_esp_shape_run.c - bursts of one SA with IPv6 inside or outside, or without AES-CBC, come out
 * as the same packets do one by one.
 */
#include "tests/unit/dataplane/ipsec/outtwin.h"

static const char *const suites[] = {"aes128+sha1", "aes256+sha256",	"aes128gcm",
				     "aes256gcm",   "aes128ctr+sha256", "chacha20poly1305",
				     "3des+sha1",   "null+sha512"};

static void bursts_are_built_as_single_packets_are(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(suites); i++)
		for (unsigned int k = 0; k < 4; k++)
			outtwin_compare_sas(suites[i], outtwin_shape(k), NETS);
}

static void nor_do_other_selectors_matter(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 12; i++) {
		outtwin_compare_sas("aes128+sha1", outtwin_shape(i & 1), HOSTS);
		outtwin_compare_sas("aes128gcm", outtwin_shape(i & 1), PORTS);
		outtwin_compare_sas("aes128+sha1", outtwin_shape(i & 1), TWO);
	}
}

static void nor_does_it_matter_that_there_are_other_workers(void **state)
{
	(void)state;
	twins.among_others = true;
	for (unsigned int k = 0; k < 4; k++) {
		outtwin_compare_sas("aes128+sha1", outtwin_shape(k), NETS);
		outtwin_compare_sas("aes128gcm", outtwin_shape(k), HOSTS);
	}
	twins.among_others = false;
}

static void nor_do_marks(void **state)
{
	static const struct shape marks[] = {
		{.df = ABI_DF_CLEAR},
		{.df = ABI_DF_COPY},
		{.dscp = ABI_DSCP_SET | 46},
		{.outer6 = true, .dscp = ABI_DSCP_SET | 46},
	};

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(marks); i++) {
		outtwin_compare_sas("aes128+sha1", marks[i], NETS);
		outtwin_compare_sas("aes128gcm", marks[i], NETS);
	}
}

/* --- selectors --- */

static struct rte_mbuf *between(const uint8_t *src, const uint8_t *dst)
{
	struct frame f = shapekit_inner(true, true, 100);
	struct rte_mbuf *m = outtwin_packet(&f, PLAIN, RUN, 0);

	memcpy(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH + 8), src, ADDR6);
	memcpy(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH + 24), dst, ADDR6);
	return m;
}

/* Each packet as if it were alone; frees them. */
static void expect_let_through(struct rte_mbuf **m, const bool *through, uint16_t n)
{
	esp_out_burst(kit.w, m, n);
	for (uint16_t i = 0; i < n; i++) {
		assert_int_equal(pkt_meta(m[i])->verdict, through[i] ? PKT_FORWARD : PKT_DROP);
		if (!through[i])
			assert_int_equal(pkt_meta(m[i])->reason, DROP_OUT_BUNDLE_ERRORS);
	}
	rte_pktmbuf_free_bulk(m, n);
}

static void not_one_byte_of_the_addresses_may_differ(void **state)
{
	static const bool through[] = {true, true, false, true, true};
	struct rte_mbuf *m[5];

	(void)state;
	outtwin_add("aes128+sha1", (struct shape){.outer6 = true}, HOSTS);
	for (unsigned int k = 0; k < 2 * ADDR6; k++) {
		for (unsigned int i = 0; i < 5; i++)
			m[i] = between(lan6_host, far6_host);
		*rte_pktmbuf_mtod_offset(m[2], uint8_t *, ETH + 8 + k) ^= (uint8_t)(1u << k % 8);
		expect_let_through(m, through, 5);
	}
	outtwin_remove();
}

/* What was found last counts, of both addresses together; and nothing at first. */
static void what_was_found_is_forgotten_with_the_next(void **state)
{
	static const bool through[] = {true, true, true, false, false, true, false, true, true};
	static const bool first[] = {false, false, true, true};
	static const uint8_t nobody[ADDR6];
	uint8_t near2[ADDR6], far2[ADDR6], out[ADDR6];

	(void)state;
	memcpy(near2, lan6_host, ADDR6);
	memcpy(far2, far6_host, ADDR6);
	memcpy(out, far6_host, ADDR6);
	near2[15] ^= 0x44;
	far2[15] ^= 0x44;
	out[7] ^= 1;
	outtwin_add("aes128gcm", (struct shape){.outer6 = false}, NETS);
	struct rte_mbuf *m[] = {between(lan6_host, far6_host),
				between(near2, far6_host),
				between(near2, far2),
				between(near2, out),
				between(out, far2),
				between(lan6_host, far6_host),
				between(far6_host, lan6_host),
				between(lan6_host, far6_host),
				between(near2, far2)};
	struct rte_mbuf *zero[] = {between(nobody, nobody), between(nobody, nobody),
				   between(near2, far2), between(near2, far2)};

	expect_let_through(m, through, RTE_DIM(m));
	expect_let_through(zero, first, RTE_DIM(zero));
	outtwin_remove();
}

/* Nor is it another SA's, in a burst of its own or in the same. */
static void what_was_found_is_of_one_sa(void **state)
{
	static const bool through[] = {true, true, false, false};
	struct rte_mbuf *m[4];
	struct abi_sa_add c;

	(void)state;
	outtwin_add("aes128+sha1", (struct shape){.outer6 = true}, NETS);
	espkit_remove(RUN + 1);
	c = outtwin_sa(RUN + 1);
	c.ts_remote[1] = c.ts_local[1];
	espkit_add(&c);
	for (unsigned int at = 2; at <= 4; at += 2) {
		for (unsigned int i = 0; i < 4; i++) {
			m[i] = between(lan6_host, far6_host);
			if (i >= 2)
				pkt_meta(m[i])->sa_slot = RUN + 1;
		}
		if (at == 4) {
			expect_let_through(m, through, 4);
		} else {
			expect_let_through(m, through, 2);
			expect_let_through(m + 2, through + 2, 2);
		}
	}
	outtwin_remove();
}

/* Source and destination are two, even where one may be the other. */
static void what_was_found_is_in_its_place(void **state)
{
	static const bool through[] = {true, true, false, true};
	struct rte_mbuf *m[] = {between(lan6_host, lan6_host), between(lan6_host, lan6_host),
				between(lan6_host, far6_host), between(lan6_host, lan6_host)};
	struct abi_sa_add c;

	(void)state;
	outtwin_add("aes128+sha1", (struct shape){.outer6 = true}, NETS);
	espkit_remove(RUN);
	c = outtwin_sa(RUN);
	c.ts_remote[1] = c.ts_local[1];
	espkit_add(&c);
	expect_let_through(m, through, RTE_DIM(m));
	outtwin_remove();
}

/* --- sizes --- */

/* The same pieces: of the packet before it is encrypted, or of what is larger than its path. */
static void expect_routed_alike(unsigned int of_run)
{
	assert_int_equal(esp.n_routed, 2 * of_run);
	for (unsigned int i = 0; i < of_run; i++) {
		const struct rte_mbuf *a = esp.routed[i], *b = esp.routed[of_run + i];

		assert_int_equal(a->data_len, b->data_len);
		outtwin_expect_headers_alike(a, b);
	}
	rte_pktmbuf_free_bulk(esp.routed, esp.n_routed);
	esp.n_routed = 0;
}

static struct rte_mbuf *sized(uint32_t slot, uint32_t len, uint8_t origin, bool df)
{
	struct frame f = shapekit_inner(twins.six, true, len - (twins.six ? 48 : 28));
	struct rte_mbuf *m = espkit_clear(&f);

	pkt_meta(m)->sa_slot = slot;
	pkt_meta(m)->flags =
		(uint8_t)((pkt_meta(m)->flags & ~PKT_F_DF) | origin | (df ? PKT_F_DF : 0));
	return m;
}

/* The last packet of a burst has len bytes of IP: how many pieces more it falls into. */
static unsigned int compare_last(uint32_t len, uint8_t origin, bool df)
{
	struct twin_burst p = {.n = 0};
	unsigned int of_run;

	outtwin_put(&p, PLAIN);
	outtwin_put(&p, PLAIN);
	p.slot[2] = RUN;
	p.kind[2] = PLAIN;
	p.m[2] = p.given[0][2] = sized(RUN, len, origin, df);
	p.twin[2] = p.given[1][2] = sized(TWIN, len, origin, df);
	p.n++;
	esp_out_burst(kit.w, p.m, 3);
	of_run = esp.n_routed;
	for (unsigned int i = 0; i < 3; i++)
		esp_out_burst(kit.w, &p.twin[i], 1);
	kit_clear();
	expect_routed_alike(of_run);
	if (of_run == 0)
		assert_int_equal(pkt_meta(p.m[2])->flags & PKT_F_FRAGMENT, 0);
	if (pkt_meta(p.m[2])->verdict != PKT_DROP) {
		p.given[0][2] = p.m[2]; /* the first piece */
		p.given[1][2] = p.twin[2];
	}
	outtwin_expect_alike(&p);
	return of_run;
}

static void set_mtu(uint32_t mtu)
{
	for (uint32_t i = 0; i < SLOTS; i++)
		sad_slot(esp.sad, RUN + i)->mtu = sad_slot(esp.sad, TWIN + i)->mtu = (uint16_t)mtu;
}

/* Ours, and what was put together here: from one byte more than is carried whole. */
static void what_may_be_split_is_not_built_whole(void **state)
{
	(void)state;
	twins.six = true;
	for (unsigned int k = 0; k < 4; k++) {
		outtwin_add(k & 2 ? "aes128gcm" : "aes128+sha1", outtwin_shape(k & 1), NETS);
		assert_int_equal(compare_last(1280, 0, false), 0);
		assert_int_equal(compare_last(1281, 0, false), 1);
		assert_int_equal(compare_last(1281, 0, true), 0);
		assert_int_equal(compare_last(1281, PKT_F_ORIGIN, false), 0);
		assert_int_equal(compare_last(outtwin_mtu(), PKT_F_ORIGIN, false), 0);
		assert_int_equal(compare_last(outtwin_mtu() + 1, PKT_F_ORIGIN, false), 1);
		outtwin_remove();
	}
}

/* Up to 1280 bytes IPv6 is admitted, though the path carries less. */
static void what_is_larger_than_its_path_may_be_fragmented_behind(void **state)
{
	(void)state;
	twins.six = true;
	for (unsigned int k = 0; k < 4; k++) {
		bool outer6 = outtwin_shape(k & 1).outer6;
		uint32_t whole = k & 2 ? 1206 : 1198; /* up to 1280 bytes outside */

		outtwin_add(k & 2 ? "aes128gcm" : "aes128+sha1", outtwin_shape(k & 1), NETS);
		set_mtu(1100);
		for (unsigned int i = 0; i < 2; i++) {
			assert_int_equal(compare_last(1100, 0, true), 0);
			assert_int_equal(compare_last(1101, 0, true), 0);
			assert_int_equal(compare_last(whole, 0, true), 0);
			assert_int_equal(compare_last(whole + 1, 0, true), outer6 ? 1 : 0);
			assert_int_equal(compare_last(1280, 0, true), outer6 ? 1 : 0);
			assert_int_equal(compare_last(1281, 0, true), 0); /* refused */
			if (i == 0)
				outtwin_know_gateways();
		}
		outtwin_forget_gateways();
		outtwin_remove();
	}
}

/* Whatever else of its SA is built by itself, before it or behind. */
static void one_to_be_fragmented_may_be_among_others(void **state)
{
	struct frame f = shapekit_inner(true, true, 100);
	struct rte_mbuf *m[3];

	(void)state;
	twins.six = true;
	outtwin_add("aes128+sha1", outtwin_shape(1), NETS);
	set_mtu(1100);
	m[0] = outtwin_packet(&f, CHAINED, RUN, 0);
	m[1] = sized(RUN, 1280, 0, true);
	m[2] = outtwin_packet(&f, CHAINED, RUN, 0);
	esp_out_burst(kit.w, m, 3);
	assert_int_equal(esp.n_routed, 1);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(pkt_meta(m[i])->verdict, PKT_FORWARD);
		assert_int_equal((pkt_meta(m[i])->flags & PKT_F_FRAGMENT) != 0, i == 1);
	}
	rte_pktmbuf_free_bulk(m, 3);
	outtwin_remove();
}

/* --- the SA --- */

static void the_last_numbers_are_the_same(void **state)
{
	(void)state;
	twins.six = true;
	for (unsigned int left = 0; left < 40; left++) {
		outtwin_add(left % 2 ? "aes128gcm" : "aes128+sha1", outtwin_shape(1), NETS);
		for (uint32_t i = 0; i < SLOTS; i++) {
			struct sa *a = sad_slot(esp.sad, RUN + i), *b = sad_slot(esp.sad, TWIN + i);

			a->seq = a->seq_limit - left;
			b->seq = b->seq_limit - left;
		}
		outtwin_compare(30, UINT32_MAX, NULL);
		assert_int_equal(sad_slot(esp.sad, RUN)->seq,
				 sad_slot(esp.sad, RUN)->seq_limit - (left > 30 ? left - 30 : 0));
		outtwin_remove();
	}
}

static void one_that_is_of_no_use_any_more_is_found_out(void **state)
{
	(void)state;
	for (unsigned int k = 0; k < 2 * ESPKIT_SPOILS; k++) {
		twins.six = (k & 1) != 0;
		outtwin_add("aes128+sha1", outtwin_shape(1), NETS);
		espkit_spoil(RUN, k / 2);
		espkit_spoil(TWIN, k / 2);
		outtwin_compare(50, UINT32_MAX, NULL);
		for (uint32_t i = 0; i < SLOTS; i++) {
			espkit_mend(RUN + i);
			espkit_mend(TWIN + i);
		}
		outtwin_remove();
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, outtwin_begin, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(bursts_are_built_as_single_packets_are),
		CASE(nor_do_other_selectors_matter),
		CASE(nor_does_it_matter_that_there_are_other_workers),
		CASE(nor_do_marks),
		CASE(not_one_byte_of_the_addresses_may_differ),
		CASE(what_was_found_is_forgotten_with_the_next),
		CASE(what_was_found_is_of_one_sa),
		CASE(what_was_found_is_in_its_place),
		CASE(what_may_be_split_is_not_built_whole),
		CASE(what_is_larger_than_its_path_may_be_fragmented_behind),
		CASE(one_to_be_fragmented_may_be_among_others),
		CASE(the_last_numbers_are_the_same),
		CASE(one_that_is_of_no_use_any_more_is_found_out),
	};

	return cmocka_run_group_tests(tests, shapekit_setup, shapekit_teardown);
}
