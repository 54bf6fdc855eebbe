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

/* Put n bytes of extension headers, the last of which names the next one, before the fragment
 * header of piece6(). */
static void extend(struct frame *f, uint8_t type, const uint8_t *ext, size_t n)
{
	memmove(f->b + ETH + V6 + n, f->b + ETH + V6, f->len - ETH - V6);
	memcpy(f->b + ETH + V6, ext, n);
	f->b[ETH + 6] = type;
	f->len += n;
	put16(f->b + ETH + 4, (unsigned int)(f->len - ETH - V6));
}

/* Chains of hop-by-hop (0), routing (43) and destination options (60), random in length, with PadN
 * in them; returns their length, type is the first one's. */
static size_t random_chain(uint64_t *seed, uint8_t *ext, uint8_t *type)
{
	static const uint8_t order[] = {0, 60, 43, 60};
	size_t n = 0, from = 6;

	*type = 44;
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int more = (unsigned int)(random_next(seed) % 5), len = 8 + 8 * more;
		uint8_t *p = ext + n;

		if (random_next(seed) % 2 == 0)
			continue;
		memset(p, 0, len);
		p[1] = (uint8_t)more;
		p[2] = order[i] == 43 ? 4 : 1; /* an SRH that is done, or PadN */
		p[3] = order[i] == 43 ? 0 : (uint8_t)(len - 4);
		if (from == 6)
			*type = order[i];
		else
			ext[from - V6] = order[i];
		from = V6 + n;
		n += len;
	}
	if (n != 0)
		ext[from - V6] = 44;
	return n;
}

/* The whole has what stands before the first fragment's fragment header, whatever the others have
 * (RFC 8200 section 4.5). */
static void keeps_the_headers_of_the_first(void **state)
{
	uint64_t seed = 8200;

	(void)state;
	for (unsigned int round = 0; round < 2000; round++) {
		uint8_t first[256], other[256], type, other_type;
		size_t n = random_chain(&seed, first, &type), len[3], at = 0;
		unsigned int start = (unsigned int)(random_next(&seed) % 3);
		struct rte_mbuf *m = NULL;
		const uint8_t *ip;
		struct frame f[3];

		for (unsigned int i = 0; i < 3; i++) {
			size_t k = random_chain(&seed, other, &other_type);

			len[i] = 8 * (1 + random_next(&seed) % 60) + (i == 2 ? 5 : 0);
			f[i] = piece6(round, (unsigned int)at, i < 2, 50, some + at, len[i]);
			extend(&f[i], i == 0 ? type : other_type, i == 0 ? first : other,
			       i == 0 ? n : k);
			at += len[i];
		}
		for (unsigned int i = 0; i < 3; i++) {
			assert_null(m);
			m = feed_frame(&f[(start + i) % 3], 0);
		}
		assert_non_null(m);
		ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH);
		assert_int_equal(m->data_len, ETH + V6 + n + at);
		assert_int_equal(get16(ip + 4), n + at);
		assert_memory_equal(ip - ETH, f[0].b, ETH);
		assert_memory_equal(ip + 8, f[0].b + ETH + 8, 32);
		assert_memory_equal(ip + V6 + n, some, at);
		assert_int_equal(ip[6], n != 0 ? type : 50);
		if (n != 0) {
			size_t last = 0;

			while (last + 8 + 8 * first[last + 1] < n)
				last += 8 + 8u * first[last + 1];
			first[last] = 50;
			assert_memory_equal(ip + V6, first, n);
		}
		assert_int_equal(pkt_meta(m)->verdict, PKT_ESP_IN);
		assert_int_equal(pkt_meta(m)->l4_off, ETH + V6 + n);
		rte_pktmbuf_free(m);
	}
	assert_int_equal(reasm_held(kit.w->reasm), 0);
	assert_int_equal(rise(DROP_NET_REASSEMBLY), 0);
}

static void incomplete_ones_with_headers_are_counted(void **state)
{
	struct frame f = piece6(1, 0, true, 50, some, 800);

	(void)state;
	extend(&f, 60, (const uint8_t *)"\x2c\x00\x01\x04\x00\x00\x00\x00", 8); /* PadN */
	assert_null(feed_frame(&f, 0));
	f = piece6(2, 0, true, 50, some, 0); /* nothing but headers */
	extend(&f, 60, (const uint8_t *)"\x2c\x00\x01\x04\x00\x00\x00\x00", 8);
	assert_int_equal(kit_classify(&f).verdict, PKT_DROP);
	assert_int_equal(reasm_held(kit.w->reasm), 1);
	kit.w->now += 2 * TIMEOUT_MS * MS;
	reasm_expire(kit.w);
	assert_int_equal(reasm_held(kit.w->reasm), 0);
	assert_int_equal(rise(DROP_NET_REASSEMBLY), 1);
}

/* Two workers: whatever headers a piece has, it gets to the same one. */
static void pieces_meet_whatever_their_headers(void **state)
{
	struct reasm *own = kit.w->reasm,
		     *other = reasm_create(1, LIMIT, TIMEOUT_MS, SOCKET_ID_ANY);
	struct reasm *all[] = {own, other};
	unsigned int here = 0, there = 0;

	(void)state;
	assert_non_null(other);
	reasm_connect(own, all, 2);
	reasm_connect(other, all, 2);
	for (uint32_t id = 0; id < 40; id++) {
		struct frame f = piece6(id, 0, true, 50, some, 800);
		uint32_t held = reasm_held(own);
		struct rte_mbuf *m;

		assert_null(feed_frame(&f, 0));
		held = reasm_held(own) - held;
		f = piece6(id, 800, false, 50, some + 800, 80);
		extend(&f, 60, (const uint8_t *)"\x2c\x00\x01\x04\x00\x00\x00\x00", 8);
		m = feed_frame(&f, 0);
		assert_true((m != NULL) == (held == 1));
		here += m != NULL;
		rte_pktmbuf_free(m);
	}
	kit.w->reasm = other;
	for (;;) {
		struct rte_mbuf *m[WORKER_BURST];
		uint16_t n = reasm_handed(kit.w, m);

		if (n == 0)
			break;
		n = reasm_burst(kit.w, m, n);
		there += n;
		rte_pktmbuf_free_bulk(m, n);
	}
	assert_int_equal(here + there, 40);
	assert_true(here > 5 && there > 5);
	assert_int_equal(reasm_held(own) + reasm_held(other), 0);
	kit.w->reasm = own;
	reasm_free(other);
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
		cmocka_unit_test_setup_teardown(keeps_the_headers_of_the_first, begin,
						reasmkit_end),
		cmocka_unit_test_setup_teardown(incomplete_ones_with_headers_are_counted, begin,
						reasmkit_end),
		cmocka_unit_test_setup_teardown(pieces_meet_whatever_their_headers, begin,
						reasmkit_end),
		cmocka_unit_test_setup_teardown(neighbour_discovery_does_not_come_in_pieces, begin,
						reasmkit_end),
	};

	return cmocka_run_group_tests(tests, reasmkit_setup6, reasmkit_teardown6);
}
