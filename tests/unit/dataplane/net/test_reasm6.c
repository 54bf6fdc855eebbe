/* SPDX-License-Identifier: BSD-3-Clause */
/* test_reasm6.c - IPv6 fragments to our own address put together (RFC 8200 section 4.5). */
#include "tests/unit/dataplane/net/reasmkit.h"

#define LIMIT 64u
#define V6    40u

static int begin(void **state)
{
	reasmkit_start(LIMIT);
	return kit_begin(state);
}

static void in_any_order(void **state)
{
	static const uint8_t order[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
					    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		struct rte_mbuf *m = NULL;

		for (unsigned int k = 0; k < 3; k++) {
			unsigned int n = order[i][k];

			assert_null(m);
			m = feed6(0x10000u + i, n * 800, n < 2, some + (size_t)n * 800,
				  n < 2 ? 800 : 77);
		}
		assert_non_null(m);
		expect_whole6(m, some, 1677);
	}
	assert_int_equal(reasm_held(kit.w->reasm), 0);
}

/* The identification has 32 bits here, and all of them count. */
static void identifications_are_kept_apart(void **state)
{
	(void)state;
	assert_null(feed6(0x10001, 0, true, some, 800));
	assert_null(feed6(0x20001, 800, false, some, 80));
	expect_whole6(feed6(0x10001, 800, false, some + 800, 80), some, 880);
	kit.w->now += 2 * TIMEOUT_MS * MS;
	reasm_expire(kit.w);
	assert_int_equal(rise(DROP_NET_REASSEMBLY), 1);
}

/* RFC 5722. */
static void overlaps_take_the_whole(void **state)
{
	(void)state;
	assert_null(feed6(1, 0, true, some, 800));
	assert_null(feed6(1, 792, true, some + 792, 808));
	assert_null(feed6(1, 1600, false, some + 1600, 77));
	kit.w->now += 2 * TIMEOUT_MS * MS;
	reasm_expire(kit.w);
	assert_int_equal(rise(DROP_NET_REASSEMBLY), 3);
}

static void congestion_of_one_is_that_of_all(void **state)
{
	struct frame f = piece6(1, 0, true, 50, some, 800);
	struct rte_mbuf *m;

	(void)state;
	f.b[ETH + 1] = 0x20;
	assert_null(feed_frame(&f, 0));
	f = piece6(1, 800, false, 50, some, 80);
	f.b[ETH + 1] = 0x30;
	m = feed_frame(&f, 0);
	assert_non_null(m);
	assert_int_equal(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH)[1], 0x30);
	rte_pktmbuf_free(m);
}

static void headers_before_the_fragment_header_are_refused(void **state)
{
	struct frame f = piece6(1, 0, true, 50, some, 800);

	(void)state;
	memmove(f.b + ETH + V6 + 8, f.b + ETH + V6, 808);
	memcpy(f.b + ETH + V6, "\x2c\x00\x01\x04\x00\x00\x00\x00", 8); /* PadN */
	f.b[ETH + 6] = 60;
	f.len += 8;
	put16(f.b + ETH + 4, 816);
	assert_null(feed_frame(&f, 0));
	assert_int_equal(reasm_held(kit.w->reasm), 0);
	assert_int_equal(rise(DROP_NET_REASSEMBLY), 1);
}

/* RFC 6980. */
static void neighbour_discovery_does_not_come_in_pieces(void **state)
{
	uint8_t solicit[32] = {135};
	struct frame f = piece6(1, 0, true, 58, solicit, sizeof(solicit));
	struct pkt_meta meta = kit_classify(&f);

	(void)state;
	assert_int_equal(meta.verdict, PKT_DROP);
	assert_int_equal(meta.reason, DROP_NET_FRAGMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_any_order, begin, reasmkit_end),
		cmocka_unit_test_setup_teardown(identifications_are_kept_apart, begin,
						reasmkit_end),
		cmocka_unit_test_setup_teardown(overlaps_take_the_whole, begin, reasmkit_end),
		cmocka_unit_test_setup_teardown(congestion_of_one_is_that_of_all, begin,
						reasmkit_end),
		cmocka_unit_test_setup_teardown(headers_before_the_fragment_header_are_refused,
						begin, reasmkit_end),
		cmocka_unit_test_setup_teardown(neighbour_discovery_does_not_come_in_pieces, begin,
						reasmkit_end),
	};

	return cmocka_run_group_tests(tests, reasmkit_setup6, reasmkit_teardown6);
}
