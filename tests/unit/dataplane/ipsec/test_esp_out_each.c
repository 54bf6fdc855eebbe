/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_esp_out_each.c - bursts of many SAs with IPv6 inside or outside come out as the same packets
 * do one by one.
 */
#include "tests/unit/dataplane/ipsec/outtwin.h"

static const char *const suites[] = {"aes128+sha1",	 "aes256+sha256", "aes128gcm",
				     "aes128ctr+sha256", "3des+sha1",	  "chacha20poly1305",
				     "null+sha512"};

static struct twin_sa like(const char *suite, unsigned int outside, enum twin_selectors of)
{
	return (struct twin_sa){.suite = suite, .shape = outtwin_shape(outside), .selectors = of};
}

static void begin(void)
{
	shapekit_pair("aes128+sha1", outtwin_shape(0)); /* keys */
}

static void bursts_are_built_as_single_packets_are(void **state)
{
	(void)state;
	begin();
	for (unsigned int i = 0; i < RTE_DIM(suites); i++)
		for (unsigned int k = 0; k < 12; k++) {
			static const enum twin_selectors of[] = {NETS, SIX, ANYTHING};

			for (unsigned int n = 0; n < SLOTS; n++)
				twins.sa[n] = like(suites[i], k & 3, of[k / 4]);
			outtwin_compare_all();
		}
}

static void nor_does_it_matter_that_they_are_of_several_kinds(void **state)
{
	(void)state;
	begin();
	for (unsigned int round = 0; round < 40; round++) {
		for (unsigned int n = 0; n < SLOTS; n++)
			twins.sa[n] = like(suites[outtwin_any(RTE_DIM(suites))], outtwin_any(4),
					   (enum twin_selectors)outtwin_any(RANGES + 1));
		twins.sa[outtwin_any(SLOTS)].esn = outtwin_any(3) == 0;
		twins.sa[outtwin_any(SLOTS)].limited = outtwin_any(3) == 0;
		if (outtwin_any(3) == 0)
			twins.sa[outtwin_any(SLOTS)].shape.dscp = ABI_DSCP_SET | 46;
		if (outtwin_any(3) == 0)
			twins.sa[0] = (struct twin_sa){.suite = suites[round % RTE_DIM(suites)],
						       .shape = {.transport = true}};
		outtwin_compare_all();
	}
}

static void nor_does_it_matter_that_the_way_is_known(void **state)
{
	(void)state;
	begin();
	outtwin_know_gateways();
	for (unsigned int k = 0; k < 8; k++) {
		twins.sends = 0;
		for (unsigned int n = 0; n < SLOTS; n++)
			twins.sa[n] = like(k & 4 ? "aes128gcm" : "aes128+sha1", k & 3,
					   n % 2 ? SIX : NETS);
		outtwin_compare_all();
		assert_in_range(twins.sends, 2 * ROUNDS * WORKER_BURST / 8, UINT32_MAX);
	}
	outtwin_forget_gateways();
}

/* --- selectors --- */

/* In bursts of two SAs, of which one is asked about; through: which of its addresses may differ. */
static void expect_let_through(enum twin_selectors of, unsigned int byte, uint8_t bit, bool through)
{
	struct frame f = shapekit_inner(true, true, 100);
	struct rte_mbuf *m[10];

	for (unsigned int i = 0; i < RTE_DIM(m); i++)
		m[i] = outtwin_packet(&f, PLAIN, RUN + i % 2, 0);
	*rte_pktmbuf_mtod_offset(m[4], uint8_t *, ETH + 8 + byte) ^= bit;
	esp_out_burst(kit.w, m, RTE_DIM(m));
	for (unsigned int i = 0; i < RTE_DIM(m); i++) {
		bool sent = i != 4 || through;

		if ((pkt_meta(m[i])->verdict == PKT_FORWARD) != sent)
			fail_msg("selectors %d, bit %u of byte %u: packet %u was %s", (int)of, bit,
				 byte, i, sent ? "refused" : "let through");
		if (!sent)
			assert_int_equal(pkt_meta(m[i])->reason, DROP_OUT_BUNDLE_ERRORS);
	}
	rte_pktmbuf_free_bulk(m, RTE_DIM(m));
}

static void every_bit_of_the_networks_counts_and_none_of_hosts(void **state)
{
	(void)state;
	begin();
	for (unsigned int k = 0; k < 4; k++) {
		enum twin_selectors of = k & 1 ? SIX : HOSTS;

		for (unsigned int n = 0; n < SLOTS; n++)
			twins.sa[n] = like(k & 2 ? "aes128+sha1" : "aes128gcm", 1, of);
		outtwin_add_all();
		for (unsigned int bit = 0; bit < 2 * 8 * ADDR6; bit++)
			expect_let_through(of, bit / 8, (uint8_t)(1u << bit % 8),
					   of == SIX && bit / 8 % ADDR6 >= 8);
		outtwin_remove();
	}
}

/* ::1 to ::ffff:ffff:ffff:ffff of the near network, all but the last address of the far one. */
static void ranges_that_are_no_networks_have_their_ends(void **state)
{
	(void)state;
	begin();
	for (unsigned int n = 0; n < SLOTS; n++)
		twins.sa[n] = like("aes128+sha1", n % 2, RANGES);
	outtwin_add_all();
	for (uint32_t n = 0; n < SLOTS; n++)
		assert_int_equal(sad_slot(esp.sad, RUN + n)->shape & SA_SHAPE_NARROW6, 0);
	expect_let_through(RANGES, 15, 0x12, false); /* ::12 becomes ::0 */
	expect_let_through(RANGES, 15, 0x13, true);
	expect_let_through(RANGES, 7, 1, false);
	expect_let_through(RANGES, 31, 1, true);
	outtwin_remove();
}

/* Bits of r from number len on are free. */
static void set_prefix(struct abi_range *r, unsigned int len)
{
	for (unsigned int bit = len; bit < 8 * ADDR6; bit++)
		r->lo[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
	memcpy(r->hi, r->lo, ADDR6);
	for (unsigned int bit = len; bit < 8 * ADDR6; bit++)
		r->hi[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
}

static bool is_narrow6(const struct abi_sa_add *c)
{
	bool narrow;

	espkit_add(c);
	narrow = (sad_slot(esp.sad, RUN)->shape & SA_SHAPE_NARROW6) != 0;
	espkit_remove(RUN);
	return narrow;
}

static void prefixes_of_any_length_are_told_from_other_ranges(void **state)
{
	(void)state;
	begin();
	twins.sa[0] = like("aes128+sha1", 0, SIX);
	for (unsigned int len = 0; len <= 128; len++)
		for (unsigned int side = 0; side < 2; side++) {
			struct abi_sa_add c = outtwin_sa(RUN);
			struct abi_range *r = side == 0 ? c.ts_local : c.ts_remote;

			set_prefix(r, len);
			assert_true(is_narrow6(&c));
			r->hi[15] ^= 1; /* of more than two addresses the last is not in it */
			assert_int_equal(is_narrow6(&c), len >= 127);
			if (len > 126)
				continue;
			r->lo[15] ^= 1; /* nor the first one */
			assert_false(is_narrow6(&c));
			r->hi[15] ^= 1; /* but the last */
			assert_false(is_narrow6(&c));
		}
}

/* Two addresses, of which the second is not the first with one bit more. */
static void nor_is_a_pair_of_addresses_a_prefix(void **state)
{
	struct abi_sa_add c;

	(void)state;
	begin();
	twins.sa[0] = like("aes128+sha1", 0, SIX);
	c = outtwin_sa(RUN);
	set_prefix(c.ts_remote, 64);
	memcpy(c.ts_remote[0].hi, c.ts_remote[0].lo, ADDR6);
	c.ts_remote[0].lo[15] = 1;
	c.ts_remote[0].hi[15] = 2;
	assert_false(is_narrow6(&c));
}

/* --- sizes --- */

/* Number 5 of a burst of several SAs has len bytes: how many pieces it falls into. */
static unsigned int pieces_of(uint32_t len, bool df)
{
	struct frame small = shapekit_inner(true, true, 100),
		     f = shapekit_inner(true, true, len - 48);
	struct rte_mbuf *m[10];
	unsigned int n;

	for (unsigned int i = 0; i < RTE_DIM(m); i++)
		m[i] = outtwin_packet(i == 5 ? &f : &small, PLAIN, RUN + i % 2, 0);
	if (!df)
		pkt_meta(m[5])->flags &= (uint8_t)~PKT_F_DF;
	esp_out_burst(kit.w, m, RTE_DIM(m));
	for (unsigned int i = 0; i < RTE_DIM(m); i++)
		assert_int_equal(pkt_meta(m[i])->verdict, PKT_FORWARD);
	n = 1 + esp.n_routed;
	rte_pktmbuf_free_bulk(esp.routed, esp.n_routed);
	esp.n_routed = 0;
	rte_pktmbuf_free_bulk(m, RTE_DIM(m));
	return n;
}

/* What was put together here, from one byte more than every path carries: before encryption. */
static void what_may_be_split_is_not_built_whole(void **state)
{
	(void)state;
	begin();
	for (unsigned int k = 0; k < 4; k++) {
		for (unsigned int n = 0; n < SLOTS; n++)
			twins.sa[n] = like(k & 2 ? "aes128gcm" : "aes128+sha1", k & 1, SIX);
		outtwin_add_all();
		assert_int_equal(pieces_of(1280, false), 1);
		assert_int_equal(pieces_of(1281, false), 2);
		assert_int_equal(pieces_of(1281, true), 1);
		outtwin_remove();
	}
}

/* --- the SA --- */

static void the_last_numbers_are_the_same(void **state)
{
	(void)state;
	begin();
	twins.many = twins.six = true;
	for (unsigned int left = 0; left < 20; left++) {
		for (unsigned int n = 0; n < SLOTS; n++)
			twins.sa[n] = like(left % 2 ? "aes128gcm" : "aes128+sha1", n, SIX);
		outtwin_add_all();
		for (uint32_t i = 0; i < SLOTS; i++) {
			struct sa *a = sad_slot(esp.sad, RUN + i), *b = sad_slot(esp.sad, TWIN + i);

			a->seq = a->seq_limit - left;
			b->seq = b->seq_limit - left;
		}
		outtwin_compare(60, UINT32_MAX, NULL);
		outtwin_remove();
	}
	twins.many = twins.six = false;
}

static void one_that_is_of_no_use_any_more_is_found_out(void **state)
{
	(void)state;
	begin();
	twins.many = true;
	for (unsigned int k = 0; k < 8 * ESPKIT_SPOILS; k++) {
		twins.six = (k & 4) != 0;
		for (unsigned int n = 0; n < SLOTS; n++)
			twins.sa[n] = like("aes128+sha1", k & 3, twins.six ? SIX : NETS);
		outtwin_add_all();
		for (uint32_t i = 0; i < 2; i++) {
			espkit_spoil(RUN + i, k / 8);
			espkit_spoil(TWIN + i, k / 8);
		}
		outtwin_compare(60, UINT32_MAX, NULL);
		for (uint32_t i = 0; i < SLOTS; i++) {
			espkit_mend(RUN + i);
			espkit_mend(TWIN + i);
		}
		outtwin_remove();
	}
	twins.many = twins.six = false;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, outtwin_begin, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(bursts_are_built_as_single_packets_are),
		CASE(nor_does_it_matter_that_they_are_of_several_kinds),
		CASE(nor_does_it_matter_that_the_way_is_known),
		CASE(every_bit_of_the_networks_counts_and_none_of_hosts),
		CASE(ranges_that_are_no_networks_have_their_ends),
		CASE(prefixes_of_any_length_are_told_from_other_ranges),
		CASE(nor_is_a_pair_of_addresses_a_prefix),
		CASE(what_may_be_split_is_not_built_whole),
		CASE(the_last_numbers_are_the_same),
		CASE(one_that_is_of_no_use_any_more_is_found_out),
	};

	return cmocka_run_group_tests(tests, shapekit_setup, shapekit_teardown);
}
