/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmtu.c - ICMP errors that say our outer packets are too big: believed when they quote what
 * we sent lately, and nothing changes when they do not (RFC 4301 section 8.2).
 */
#include "tests/unit/dataplane/ipsec/espkit.h"

#include "dataplane/ipsec/pmtu.h"
#include "dataplane/net/parse.h"
#include "dataplane/net/unreach.h"

#define S      1000000000ull
#define ROUTER IP(113, 87, 48, 77)
#define LAST   5000u /* number of the last packet sent */

static struct pmtu *p;

static int begin(void **state)
{
	int rc = espkit_begin(state);

	p = pmtu_create();
	sad_slot(esp.sad, OUT_SLOT)->seq = LAST;
	kit.w->quote_full = 0;
	return p != NULL ? rc : -1;
}

static int end(void **state)
{
	pmtu_free(p);
	return espkit_end(state);
}

/* What a router sends about an outer packet of ours; `quoted` bytes behind its IP header. */
static struct frame too_big_udp(uint32_t spi, uint32_t seq, unsigned int mtu, size_t quoted,
				unsigned int port)
{
	struct frame f = frame_ipv4(ROUTER, WAN_US, 1, 8 + 20 + quoted);
	uint8_t *icmp = f.b + ETH + 20, *ip = icmp + 8, *esp_at = ip + 20;
	uint8_t bytes[64] = {0};

	memset(icmp, 0, 8 + 20 + quoted);
	icmp[0] = 3;
	icmp[1] = 4;
	put16(icmp + 6, mtu);
	ip[0] = 0x45;
	put16(ip + 2, 1480);
	put16(ip + 6, 0x4000);
	ip[8] = 60;
	ip[9] = port != 0 ? 17 : 50;
	put32(ip + 12, WAN_US);
	put32(ip + 16, PEER);
	if (port != 0) {
		put16(bytes, NATT_PORT);
		put16(bytes + 2, port);
		put16(bytes + 4, 1460);
	}
	put32(bytes + (port != 0 ? 8 : 0), spi);
	put32(bytes + (port != 0 ? 12 : 4), seq);
	memcpy(esp_at, bytes, quoted);
	put16(icmp + 2, ref_cksum(icmp, 8 + 20 + quoted));
	return f;
}

static struct frame too_big(uint32_t spi, uint32_t seq, unsigned int mtu)
{
	return too_big_udp(spi, seq, mtu, 8, 0);
}

/* As a worker and then the manager have it. */
static bool learned(const struct frame *f, uint16_t path)
{
	struct rte_mbuf *m = kit_parse(f);
	enum drop_reason why = DROP_NET_LOCAL;
	bool changed = false;
	struct quote q;

	assert_int_equal(pkt_meta(m)->verdict, PKT_LOCAL);
	if (quote_is(pkt_meta(m)))
		why = quote_screen(kit.w, m);
	if (why == DROP_NONE) {
		assert_int_equal(pkt_meta(m)->verdict, PKT_SLOW);
		assert_true(quote_read(m, &q));
		changed = pmtu_learn(p, esp.sad, &q, path, kit.w->now, NULL);
	}
	rte_pktmbuf_free(m);
	return changed;
}

static uint16_t path(void)
{
	uint8_t peer[16];

	put32(peer, PEER);
	return pmtu_get(p, 4, peer, 1500, kit.w->now);
}

static void believes_what_quotes_a_packet_of_ours(void **state)
{
	struct frame f = too_big(OUT_SPI, LAST, 1400);

	(void)state;
	assert_int_equal(path(), 1500);
	assert_true(learned(&f, 1500));
	assert_int_equal(path(), 1400);
	f = too_big(OUT_SPI, 1, 576);
	assert_true(learned(&f, 1500));
	assert_int_equal(path(), 576);
}

static void believes_no_forged_ones(void **state)
{
	const struct frame forged[] = {
		too_big(OUT_SPI + 1, LAST, 1400),
		too_big(IN_SPI, LAST, 1400),
		too_big(0, LAST, 1400),
		too_big(OUT_SPI, LAST + 1, 1400),
		too_big(OUT_SPI, 0, 1400),
		too_big(OUT_SPI, UINT32_MAX, 1400),
		too_big(OUT_SPI, LAST + (1u << 31), 1400),
		too_big(OUT_SPI, LAST, 0),
		too_big(OUT_SPI, LAST, 68),
		too_big(OUT_SPI, LAST, 575),
		too_big(OUT_SPI, LAST, 1500),
		too_big(OUT_SPI, LAST, 1501),
		too_big(OUT_SPI, LAST, 65535),
		too_big_udp(OUT_SPI, LAST, 1400, 7, 0),
		too_big_udp(OUT_SPI, LAST, 1400, 16, 4500),
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		if (learned(&forged[i], 1500))
			fail_msg("number %u was believed", i);
		assert_int_equal(path(), 1500);
		kit.w->now += S;
	}
}

/* Who knows no SPI can say that IKE was not delivered, as often as he likes. */
static void other_errors_do_not_drown_them(void **state)
{
	struct frame forged = too_big_udp(0, 0, 0, 24, 500), f = too_big(OUT_SPI, LAST, 1400);
	uint8_t *icmp = forged.b + ETH + 20;

	(void)state;
	icmp[1] = 3;
	put16(icmp + 8 + 20, 500);
	put16(icmp + 2, 0);
	put16(icmp + 2, ref_cksum(icmp, 8 + 20 + 24));
	kit.w->unreach_full = 0;
	for (unsigned int i = 0; i < 1000; i++) {
		struct rte_mbuf *m = kit_parse(&forged);

		assert_true(unreach_is(pkt_meta(m)));
		assert_int_equal(unreach_screen(kit.w, m) == DROP_NONE, i < QUOTE_BURST);
		rte_pktmbuf_free(m);
	}
	assert_true(learned(&f, 1500));
}

/* The message with another bit in what it quotes: nothing is learned of it. */
static void bit_matters(struct frame *f, unsigned int at)
{
	uint8_t *icmp = f->b + ETH + 20;

	icmp[8 + at / 8] ^= (uint8_t)(0x80 >> at % 8);
	put16(icmp + 2, 0);
	put16(icmp + 2, ref_cksum(icmp, 36));
	if (learned(f, 1500))
		fail_msg("bit %u of the quote does not matter", at);
	kit.w->now += S;
}

/* Every single bit of the quoted headers counts. */
static void one_wrong_bit_is_enough(void **state)
{
	(void)state;
	for (unsigned int at = 12 * 8; at < 28 * 8; at++) {
		struct frame f = too_big(OUT_SPI, LAST, 1400);

		/* Numbers just below the last one were sent, too. */
		if (at >= 26 * 8 && (LAST ^ 1u << (7 - at % 8 + (27 - at / 8) * 8)) <= LAST)
			continue;
		bit_matters(&f, at);
	}
	assert_int_equal(path(), 1500);
}

/* Of another version, with options, or behind a first fragment: what follows is no ESP of ours. */
static void quoted_headers_are_such_as_we_send(void **state)
{
	(void)state;
	for (unsigned int at = 0; at < 8 * 8; at++) {
		struct frame f = too_big(OUT_SPI, LAST, 1400);

		if (at == 8)
			at = 6 * 8 + 3; /* the offset, behind its flags */
		bit_matters(&f, at);
	}
	assert_int_equal(path(), 1500);
}

static void wants_the_checksum_to_be_right(void **state)
{
	struct frame f = too_big(OUT_SPI, LAST, 1400);

	(void)state;
	f.b[ETH + 22] ^= 1;
	assert_false(learned(&f, 1500));
	assert_int_equal(path(), 1500);
}

static void reads_esp_in_udp_where_enough_is_quoted(void **state)
{
	struct frame f;

	(void)state;
	espkit_pair(espkit_suite("aes128+sha1"), ABI_ENCAP_UDP);
	sad_slot(esp.sad, OUT_SLOT)->seq = LAST;
	f = too_big_udp(OUT_SPI, LAST, 1400, 8, NATT_PORT); /* RFC 792's least: no SPI */
	assert_false(learned(&f, 1500));
	f = too_big_udp(OUT_SPI, LAST, 1400, 15, NATT_PORT);
	assert_false(learned(&f, 1500));
	f = too_big_udp(OUT_SPI, LAST, 1400, 16, NATT_PORT + 1); /* not the peer's port */
	assert_false(learned(&f, 1500));
	f = too_big(OUT_SPI, LAST, 1400); /* we do not send it plain */
	assert_false(learned(&f, 1500));
	f = too_big_udp(OUT_SPI, LAST, 1400, 16, NATT_PORT);
	assert_true(learned(&f, 1500));
	assert_int_equal(path(), 1400);
}

static void reaches_a_million_packets_back(void **state)
{
	struct frame f = too_big(OUT_SPI, 3u * PMTU_REACH - PMTU_REACH, 1400);

	(void)state;
	sad_slot(esp.sad, OUT_SLOT)->seq = 3ull * PMTU_REACH;
	assert_false(learned(&f, 1500));
	f = too_big(OUT_SPI, 3u * PMTU_REACH - PMTU_REACH + 1, 1400);
	assert_true(learned(&f, 1500));
	/* Extended numbers: the low half is all that is quoted. */
	sad_slot(esp.sad, OUT_SLOT)->seq = (5ull << 32) + 3;
	f = too_big(OUT_SPI, UINT32_MAX, 1300);
	assert_true(learned(&f, 1500));
	assert_int_equal(path(), 1300);
}

static void only_gets_narrower_until_it_is_old(void **state)
{
	struct frame f = too_big(OUT_SPI, LAST, 1300);

	(void)state;
	assert_true(learned(&f, 1500));
	f = too_big(OUT_SPI, LAST, 1350);
	assert_false(learned(&f, 1500));
	assert_int_equal(path(), 1300);
	kit.w->now += PMTU_LIFE_NS / 2;
	assert_int_equal(path(), 1300);
	f = too_big(OUT_SPI, LAST, 1300); /* still so: it counts from now */
	assert_false(learned(&f, 1500));
	kit.w->now += PMTU_LIFE_NS / 2 + 1;
	assert_int_equal(path(), 1300);
	kit.w->now += PMTU_LIFE_NS / 2;
	assert_int_equal(path(), 1500);
	f = too_big(OUT_SPI, LAST, 1350);
	assert_true(learned(&f, 1500));
	assert_int_equal(path(), 1350);
}

static void dead_sas_speak_for_nobody(void **state)
{
	struct frame f = too_big(OUT_SPI, LAST, 1300);

	(void)state;
	assert_int_equal(sad_delete(esp.sad, OUT_SLOT, OUT_SPI), ABI_OK);
	assert_false(learned(&f, 1500));
	sad_reclaim(esp.sad, OUT_SLOT);
	kit.w->now += S;
	assert_false(learned(&f, 1500));
	assert_null(sad_next_out(esp.sad, OUT_SPI, NULL));
}

/* Peers choose SPIs: two may choose the same. */
static void finds_each_sa_of_an_spi(void **state)
{
	struct abi_sa_add c = espkit_out();
	struct frame f = too_big(OUT_SPI, LAST, 1300);

	(void)state;
	c.slot = OUT_SLOT + 1;
	c.remote = abi4(PEER + 1);
	espkit_add(&c);
	c.slot = OUT_SLOT + 3;
	c.spi++;
	espkit_add(&c);
	assert_true(learned(&f, 1500));
	espkit_remove(OUT_SLOT);
	kit.w->now += PMTU_LIFE_NS + S;
	assert_false(learned(&f, 1500));
	assert_int_equal(sad_next_out(esp.sad, OUT_SPI, NULL)->slot, OUT_SLOT + 1);
	assert_null(sad_next_out(esp.sad, OUT_SPI, sad_next_out(esp.sad, OUT_SPI, NULL)));
}

static void floods_are_cut_off(void **state)
{
	struct frame f = too_big(OUT_SPI, LAST, 1400);
	unsigned int passed = 0;

	(void)state;
	for (unsigned int i = 0; i < 10000; i++) {
		struct rte_mbuf *m = kit_parse(&f);

		passed += quote_screen(kit.w, m) == DROP_NONE;
		rte_pktmbuf_free(m);
		kit.w->now += S / 10000;
	}
	assert_in_range(passed, QUOTE_RATE, QUOTE_RATE + QUOTE_BURST);
}

/* Our outer packets are in no SA, and so is what is said about them. */
static void what_comes_out_of_an_sa_is_not_believed(void **state)
{
	struct frame f = too_big(OUT_SPI, LAST, 1400);
	struct rte_mbuf *m = kit_parse(&f);

	(void)state;
	pkt_meta(m)->flags |= PKT_F_FROM_SA;
	assert_int_equal(quote_screen(kit.w, m), DROP_NET_PMTU);
	assert_int_equal(kit.w->quote_full, 0); /* and costs no token */
	rte_pktmbuf_free(m);
}

/* Who does not see our packets does not know their SPIs, and takes nothing from who does. */
static void forged_floods_leave_room_for_true_ones(void **state)
{
	struct frame truth = too_big(OUT_SPI, LAST, 1400);
	uint64_t seed = 7;

	(void)state;
	for (unsigned int i = 0; i < 10000; i++) {
		uint32_t spi = (uint32_t)random_next(&seed);
		struct frame f = too_big(spi != OUT_SPI ? spi : 0, LAST, 1400);
		struct rte_mbuf *m = kit_parse(&f);

		assert_int_equal(quote_screen(kit.w, m), DROP_NET_PMTU);
		rte_pktmbuf_free(m);
	}
	assert_true(learned(&truth, 1500));
	assert_int_equal(path(), 1400);
}

/* SAs known by their SPI, against a list of them; a crowd in one place is let through. */
static void knows_the_spis_that_it_sends_with(void **state)
{
	struct abi_sa_add c = espkit_out();
	uint32_t spi[ESPKIT_SAS] = {0};
	uint64_t seed = 11;

	(void)state;
	assert_true(sad_may_send(esp.sad, OUT_SPI));
	assert_false(sad_may_send(esp.sad, IN_SPI));
	espkit_remove(OUT_SLOT);
	espkit_remove(IN_SLOT);
	for (unsigned int i = 0; i < 20000; i++) {
		uint32_t ask = (uint32_t)(300 + random_next(&seed) % 40);
		bool there = false;

		c.slot = (uint32_t)(random_next(&seed) % 12);
		if (spi[c.slot] != 0) {
			espkit_remove(c.slot);
			spi[c.slot] = 0;
		} else {
			c.spi = (uint32_t)(300 + random_next(&seed) % 40);
			espkit_add(&c);
			spi[c.slot] = c.spi;
		}
		for (unsigned int k = 0; k < ESPKIT_SAS; k++)
			there |= spi[k] == ask;
		assert_int_equal(sad_may_send(esp.sad, ask), there);
	}
	for (c.slot = 0; c.slot < ESPKIT_SAS; c.slot++) {
		if (spi[c.slot] != 0)
			espkit_remove(c.slot);
		c.spi = 300;
		espkit_add(&c);
	}
	assert_true(sad_may_send(esp.sad, 300));
	assert_false(sad_may_send(esp.sad, 301));
}

/* More peers than there are places: the latest is known, and no other one's value is given. */
static void the_table_is_bounded(void **state)
{
	struct quote q = {.family = 4, .mtu = 1400, .spi = OUT_SPI, .seq = LAST};

	(void)state;
	put32(q.local, WAN_US);
	for (uint32_t i = 0; i < 4000; i++) {
		struct sa *sa = sad_slot(esp.sad, OUT_SLOT);

		put32(q.remote, PEER + i);
		put32(sa->outer.header + 16, PEER + i);
		q.mtu = 1300 + i % 100;
		kit.w->now++;
		assert_true(pmtu_learn(p, esp.sad, &q, 1500, kit.w->now, NULL));
		assert_int_equal(pmtu_get(p, 4, q.remote, 1500, kit.w->now), q.mtu);
	}
	for (uint32_t i = 0; i < 4000; i++) {
		uint16_t known;

		put32(q.remote, PEER + i);
		known = pmtu_get(p, 4, q.remote, 1500, kit.w->now);
		assert_true(known == 1500 || known == 1300 + i % 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(believes_what_quotes_a_packet_of_ours, begin, end),
		cmocka_unit_test_setup_teardown(believes_no_forged_ones, begin, end),
		cmocka_unit_test_setup_teardown(other_errors_do_not_drown_them, begin, end),
		cmocka_unit_test_setup_teardown(one_wrong_bit_is_enough, begin, end),
		cmocka_unit_test_setup_teardown(quoted_headers_are_such_as_we_send, begin, end),
		cmocka_unit_test_setup_teardown(wants_the_checksum_to_be_right, begin, end),
		cmocka_unit_test_setup_teardown(reads_esp_in_udp_where_enough_is_quoted, begin,
						end),
		cmocka_unit_test_setup_teardown(reaches_a_million_packets_back, begin, end),
		cmocka_unit_test_setup_teardown(only_gets_narrower_until_it_is_old, begin, end),
		cmocka_unit_test_setup_teardown(dead_sas_speak_for_nobody, begin, end),
		cmocka_unit_test_setup_teardown(finds_each_sa_of_an_spi, begin, end),
		cmocka_unit_test_setup_teardown(floods_are_cut_off, begin, end),
		cmocka_unit_test_setup_teardown(forged_floods_leave_room_for_true_ones, begin, end),
		cmocka_unit_test_setup_teardown(knows_the_spis_that_it_sends_with, begin, end),
		cmocka_unit_test_setup_teardown(the_table_is_bounded, begin, end),
		cmocka_unit_test_setup_teardown(what_comes_out_of_an_sa_is_not_believed, begin,
						end),
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
