/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_reasm.c - fragments to whole packets, and what never becomes one. Every buffer is counted
 * once and given back.
 */
#include "tests/unit/dataplane/net/reasmkit.h"

#include <stdlib.h>

#define LIMIT 64u

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
			m = feed((uint16_t)i, n * 800, n < 2, some + (size_t)n * 800,
				 n < 2 ? 800 : 77);
		}
		assert_non_null(m);
		expect_whole(m, (uint16_t)i, some, 1677);
	}
	assert_int_equal(reasm_held(kit.w->reasm), 0);
	assert_int_equal(rise(DROP_NET_CONSUMED), 12);
	assert_int_equal(rise(DROP_NET_REASSEMBLY), 0);
}

/* Each of these takes the datagram with it, whatever comes afterwards. */
static void overlaps_take_the_whole(void **state)
{
	static const struct {
		unsigned int offset[3], len[3];
	} bad[] = {
		{{0, 792, 1600}, {800, 808, 77}}, /* a step back over the first */
		{{0, 800, 1592}, {800, 800, 85}}, /* the last over the middle */
		{{0, 0, 1600}, {800, 1600, 77}},  /* two first ones */
		{{0, 400, 1600}, {800, 400, 77}}, /* inside another, and a hole */
		{{0, 800, 800}, {800, 800, 877}}, /* the last over all of the middle */
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (unsigned int k = 0; k < 3; k++)
			assert_null(feed((uint16_t)i, bad[i].offset[k], k < 2,
					 some + bad[i].offset[k], bad[i].len[k]));
	kit.w->now += TIMEOUT_MS * MS + 20 * MS;
	reasm_expire(kit.w);
	assert_int_equal(reasm_held(kit.w->reasm), 0);
	assert_int_equal(rise(DROP_NET_REASSEMBLY), fed);
}

static void doubled_pieces_take_the_whole(void **state)
{
	static const uint8_t order[3][4] = {{0, 0, 1, 2}, {0, 1, 1, 2}, {0, 2, 2, 1}};

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		for (unsigned int k = 0; k < 4; k++) {
			unsigned int n = order[i][k];

			assert_null(feed((uint16_t)i, n * 800, n < 2, some + (size_t)n * 800, 800));
		}
	kit.w->now += TIMEOUT_MS * MS + 20 * MS;
	reasm_expire(kit.w);
	assert_int_equal(reasm_held(kit.w->reasm), 0);
	assert_int_equal(rise(DROP_NET_REASSEMBLY), fed);
}

static void at_most_eight_pieces(void **state)
{
	struct rte_mbuf *m = NULL;

	(void)state;
	for (unsigned int k = 0; k < 8; k++) {
		assert_null(m);
		m = feed(1, k * 800, k < 7, some + (size_t)k * 800, 800);
	}
	assert_non_null(m);
	assert_ptr_equal(m->pool, kit.h->large);
	expect_whole(m, 1, some, 6400);
	for (unsigned int k = 0; k < 9; k++)
		assert_null(feed(2, k * 800, k < 8, some + (size_t)k * 800, 800));
	kit.w->now += TIMEOUT_MS * MS + 20 * MS;
	reasm_expire(kit.w);
	assert_int_equal(rise(DROP_NET_REASSEMBLY), 9);
}

static void what_cannot_be_part_of_anything(void **state)
{
	(void)state;
	assert_null(feed(1, 8, true, some, 801)); /* not a multiple of 8 */
	assert_null(feed(1, 8, true, some, 0));
	assert_null(feed(1, 8, false, some, 0));
	assert_int_equal(reasm_held(kit.w->reasm), 0);
	assert_int_equal(rise(DROP_NET_REASSEMBLY), 3);
}

/* A first piece with options makes the whole longer than its own pieces say. */
static void not_beyond_what_a_header_can_say(void **state)
{
	static const uint8_t nops[40] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
					 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
					 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
	struct frame f = piece(1, 0, true, some, 1600);
	struct rte_mbuf *m[REASM_MAX_PIECES], *rest;
	const uint32_t total = 65512; /* 65532 with a plain header, 65572 with that */
	uint8_t *ip;

	(void)state;
	frame_options(&f, nops, sizeof(nops));
	assert_null(feed_frame(&f, 0));
	for (unsigned int k = 0, at = 1600; at < total; k++) {
		uint32_t len = RTE_MIN(total - at, 10000u);

		f = piece(1, at, at + len < total, some, 8);
		m[k] = kit_parse(&f);
		rest = rte_pktmbuf_alloc(kit.h->large);
		*pkt_meta(rest) = *pkt_meta(m[k]);
		ip = (uint8_t *)rte_pktmbuf_append(rest, (uint16_t)(ETH + 20 + len)) + ETH;
		memcpy(ip, f.b + ETH, 20);
		put16(ip + 2, 20 + len);
		pkt_meta(rest)->ip_len = (uint16_t)(20 + len);
		rte_pktmbuf_free(m[k]);
		fed++;
		assert_int_equal(reasm_burst(kit.w, &rest, 1), 0);
		at += len;
	}
	assert_int_equal(reasm_held(kit.w->reasm), 0);
	assert_int_equal(rise(DROP_NET_REASSEMBLY), fed);
}

static void late_ones_are_dropped(void **state)
{
	(void)state;
	assert_null(feed(1, 0, true, some, 800));
	kit.w->now += TIMEOUT_MS * MS / 2;
	assert_null(feed(2, 0, true, some, 800));
	reasm_expire(kit.w);
	assert_int_equal(reasm_held(kit.w->reasm), 2);
	kit.w->now += TIMEOUT_MS * MS / 2 + 20 * MS;
	reasm_expire(kit.w);
	assert_int_equal(reasm_held(kit.w->reasm), 1);
	assert_int_equal(rise(DROP_NET_REASSEMBLY), 1);
	expect_whole(feed(2, 800, false, some + 800, 80), 2, some, 880);
	assert_null(feed(1, 800, false, some + 800, 80));
}

/* A flood of first pieces: bounded, and what comes after it is still put together. */
static void floods_push_out_the_oldest(void **state)
{
	struct rte_mbuf *m;

	(void)state;
	for (unsigned int i = 0; i < 5000; i++) {
		assert_null(feed((uint16_t)i, 0, true, some, 64));
		assert_in_range(reasm_held(kit.w->reasm), 1, LIMIT);
		assert_in_range(harness_in_use(kit.h), 1, LIMIT);
	}
	assert_int_equal(rise(DROP_NET_REASSEMBLY), 5000 - reasm_held(kit.w->reasm));
	assert_null(feed(9999, 0, true, some, 800));
	m = feed(9999, 800, false, some + 800, 80);
	assert_non_null(m);
	expect_whole(m, 9999, some, 880);
}

/* Neither meets the other: somebody outside cannot mix his bytes into what was authenticated. */
static void clear_and_protected_are_kept_apart(void **state)
{
	struct frame first = piece(1, 0, true, some, 800), last = piece(1, 800, false, some, 80);
	struct rte_mbuf *m;

	(void)state;
	assert_null(feed_frame(&first, PKT_F_FROM_SA));
	assert_null(feed_frame(&last, 0));
	assert_int_equal(reasm_held(kit.w->reasm), 2);
	m = feed_frame(&last, PKT_F_FROM_SA);
	assert_non_null(m);
	assert_int_equal(pkt_meta(m)->flags, PKT_F_FROM_SA);
	rte_pktmbuf_free(m);
}

static struct rte_mbuf *feed_sa(const struct frame *f, uint32_t slot, uint32_t spi)
{
	struct rte_mbuf *m = kit_parse(f);

	fed++;
	pkt_meta(m)->flags |= PKT_F_FROM_SA;
	pkt_meta(m)->sa_slot = slot;
	pkt_meta(m)->next_hop = spi;
	return reasm_burst(kit.w, &m, 1) == 1 ? m : NULL;
}

static void nor_do_those_of_two_sas_mix(void **state)
{
	struct frame first = piece(1, 0, true, some, 800), last = piece(1, 800, false, some, 80);
	struct frame odd = last;

	(void)state;
	assert_null(feed_sa(&first, 1, 100));
	assert_null(feed_sa(&last, 2, 100));
	assert_null(feed_sa(&first, 1, 100));
	assert_null(feed_sa(&last, 1, 101));
	odd.b[ETH + 9] = 89; /* another protocol */
	frame_fix(&odd);
	assert_null(feed_sa(&first, 1, 100));
	assert_null(feed_sa(&odd, 1, 100));
	assert_int_equal(rise(DROP_NET_REASSEMBLY), 6);
}

/* RFC 3168 section 5.3. */
static void congestion_of_one_is_that_of_all(void **state)
{
	static const struct {
		uint8_t tos[2];
		int want; /* -1: dropped */
	} table[] = {{{0, 0}, 0}, {{2, 2}, 2},	{{2, 3}, 3},
		     {{3, 1}, 3}, {{0, 3}, -1}, {{3, 0}, -1}};

	(void)state;
	for (unsigned int i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct rte_mbuf *m = NULL;

		for (unsigned int k = 0; k < 2; k++) {
			struct frame f = piece(1, k * 800, k == 0, some, 800);

			f.b[ETH + 1] = table[i].tos[k];
			frame_fix(&f);
			m = feed_frame(&f, 0);
		}
		assert_int_equal(m != NULL, table[i].want >= 0);
		if (m == NULL)
			continue;
		assert_int_equal(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH)[1], table[i].want);
		rte_pktmbuf_free(m);
	}
}

/* What somebody else holds is copied, and stays as it was. */
static void shared_pieces_stay_as_they_are(void **state)
{
	struct frame f = piece(1, 0, true, some, 800);
	struct rte_mbuf *m = kit_parse(&f), *held = m;

	(void)state;
	rte_mbuf_refcnt_update(m, 1);
	assert_int_equal(reasm_burst(kit.w, &m, 1), 0);
	m = feed(1, 800, false, some + 800, 80);
	expect_whole(m, 1, some, 880);
	assert_int_equal(rte_mbuf_refcnt_read(held), 1);
	assert_int_equal(held->data_len, f.len);
	assert_memory_equal(rte_pktmbuf_mtod(held, void *), f.b, f.len);
	rte_pktmbuf_free(held);
}

/* Two workers: wherever the pieces come in, one of them has the whole. */
static void workers_meet_at_one_of_them(void **state)
{
	struct worker two[2] = {*kit.w, *kit.w};
	struct reasm *all[2];
	unsigned int whole[2] = {0, 0};

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		all[i] = reasm_create(i, LIMIT, TIMEOUT_MS, SOCKET_ID_ANY);
		two[i].reasm = all[i];
		two[i].index = i;
	}
	for (unsigned int i = 0; i < 2; i++)
		reasm_connect(all[i], all, 2);
	for (uint16_t id = 0; id < 200; id++) {
		for (unsigned int k = 0; k < 3; k++) {
			struct frame f = piece(id, k * 800, k < 2, some + (size_t)k * 800, 800);
			struct rte_mbuf *m = kit_parse(&f);
			unsigned int at = (id + k) % 2;

			if (reasm_burst(&two[at], &m, 1) == 1) {
				expect_whole(m, id, some, 2400);
				whole[at]++;
			}
		}
		for (unsigned int i = 0; i < 2; i++) {
			struct rte_mbuf *m[WORKER_BURST];
			uint16_t n = reasm_handed(&two[i], m);

			if (reasm_burst(&two[i], m, n) == 1) {
				expect_whole(m[0], id, some, 2400);
				whole[i]++;
			}
		}
	}
	assert_int_equal(whole[0] + whole[1], 200);
	assert_in_range(whole[0], 60, 140);
	reasm_free(all[0]);
	reasm_free(all[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_any_order, begin, reasmkit_end),
		cmocka_unit_test_setup_teardown(overlaps_take_the_whole, begin, reasmkit_end),
		cmocka_unit_test_setup_teardown(doubled_pieces_take_the_whole, begin, reasmkit_end),
		cmocka_unit_test_setup_teardown(at_most_eight_pieces, begin, reasmkit_end),
		cmocka_unit_test_setup_teardown(what_cannot_be_part_of_anything, begin,
						reasmkit_end),
		cmocka_unit_test_setup_teardown(not_beyond_what_a_header_can_say, begin,
						reasmkit_end),
		cmocka_unit_test_setup_teardown(late_ones_are_dropped, begin, reasmkit_end),
		cmocka_unit_test_setup_teardown(floods_push_out_the_oldest, begin, reasmkit_end),
		cmocka_unit_test_setup_teardown(clear_and_protected_are_kept_apart, begin,
						reasmkit_end),
		cmocka_unit_test_setup_teardown(nor_do_those_of_two_sas_mix, begin, reasmkit_end),
		cmocka_unit_test_setup_teardown(congestion_of_one_is_that_of_all, begin,
						reasmkit_end),
		cmocka_unit_test_setup_teardown(shared_pieces_stay_as_they_are, begin,
						reasmkit_end),
		cmocka_unit_test_setup_teardown(workers_meet_at_one_of_them, begin, reasmkit_end),
	};

	return cmocka_run_group_tests(tests, reasmkit_setup, kit_teardown);
}
