/* SPDX-License-Identifier: BSD-3-Clause */
/* test_pmtu6.c - ICMPv6 "packet too big" about outer IPv6 packets of ours (RFC 8201 section 4). */
#include "tests/unit/dataplane/ipsec/espkit.h"

#include "dataplane/ipsec/pmtu.h"
#include "tests/unit/dataplane/net/netkit6.h"

#define LAST   700u
#define ROUTER "2001:db8:5::5"

static struct pmtu *p;

static int setup(void **state)
{
	struct abi_address a = {.port = 0, .prefix_len = 64, .addr = abi6(LAN6_US)};
	uint32_t status = 0;
	int rc = espkit_setup(state);

	if (rc == 0)
		kit.h->tables.fib6 = fib6_build(&a, 1, NULL, 0, n_ports, SOCKET_ID_ANY, &status);
	return rc == 0 && kit.h->tables.fib6 != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	fib6_free(kit.h->tables.fib6);
	kit.h->tables.fib6 = NULL;
	return espkit_teardown(state);
}

static int begin(void **state)
{
	struct abi_sa_add c;
	int rc = espkit_begin(state);

	p = pmtu_create();
	kit.w->quote_full = 0;
	espkit_remove(OUT_SLOT);
	c = espkit_out();
	c.local = abi6(LAN6_US);
	c.remote = abi6(PEER6);
	espkit_add(&c);
	sad_slot(esp.sad, OUT_SLOT)->seq = LAST;
	return p != NULL ? rc : -1;
}

static int end(void **state)
{
	pmtu_free(p);
	return espkit_end(state);
}

static struct frame too_big(uint32_t spi, uint32_t seq, uint32_t mtu, size_t quoted)
{
	struct frame f = frame6_icmp(ROUTER, LAN6_US, 2, 0, 40 + quoted);
	uint8_t *icmp = f.b + ETH + 40, *ip = icmp + 8, bytes[8];

	put32(icmp + 4, mtu);
	memset(ip, 0, 40);
	ip[0] = 0x60;
	put16(ip + 4, 1400);
	ip[6] = 50;
	ip[7] = 60;
	memcpy(ip + 8, ip6(LAN6_US).b, 16);
	memcpy(ip + 24, ip6(PEER6).b, 16);
	put32(bytes, spi);
	put32(bytes + 4, seq);
	memcpy(ip + 40, bytes, quoted);
	frame6_fix(&f);
	return f;
}

static bool learned(const struct frame *f)
{
	struct rte_mbuf *m = kit_parse(f);
	bool changed = false;
	struct quote q;

	assert_int_equal(pkt_meta(m)->verdict, PKT_LOCAL);
	assert_true(quote_is(pkt_meta(m)));
	if (quote_screen(kit.w, m) == DROP_NONE) {
		assert_true(quote_read(m, &q));
		changed = pmtu_learn(p, esp.sad, &q, 1500, kit.w->now, NULL);
	}
	rte_pktmbuf_free(m);
	return changed;
}

static uint16_t path(void)
{
	return pmtu_get(p, 6, ip6(PEER6).b, 1500, kit.w->now);
}

static void believes_what_quotes_a_packet_of_ours(void **state)
{
	struct frame f = too_big(OUT_SPI, LAST, 1400, 8);

	(void)state;
	assert_true(learned(&f));
	assert_int_equal(path(), 1400);
	f = too_big(OUT_SPI, 1, 1280, 8);
	assert_true(learned(&f));
	assert_int_equal(path(), 1280);
}

static void believes_no_forged_ones(void **state)
{
	const struct frame forged[] = {
		too_big(OUT_SPI + 1, LAST, 1400, 8),   too_big(OUT_SPI, LAST + 1, 1400, 8),
		too_big(OUT_SPI, 0, 1400, 8),	       too_big(OUT_SPI, LAST, 0, 8),
		too_big(OUT_SPI, LAST, 68, 8),	       too_big(OUT_SPI, LAST, 1279, 8),
		too_big(OUT_SPI, LAST, 1500, 8),       too_big(OUT_SPI, LAST, 65536 + 1400, 8),
		too_big(OUT_SPI, LAST, UINT32_MAX, 8), too_big(OUT_SPI, LAST, 1400, 7),
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(forged) / sizeof(forged[0]); i++)
		if (learned(&forged[i]))
			fail_msg("number %u was believed", i);
	assert_int_equal(path(), 1500);
}

static void one_wrong_bit_is_enough(void **state)
{
	(void)state;
	for (unsigned int at = 0; at < 44 * 8; at++) {
		struct frame f = too_big(OUT_SPI, LAST, 1400, 8);

		if (at == 4) /* the version has been */
			at = 8 * 8;
		f.b[ETH + 48 + at / 8] ^= (uint8_t)(0x80 >> at % 8);
		frame6_fix(&f);
		kit.w->now += 1000000000;
		if (learned(&f))
			fail_msg("bit %u of the quote does not matter", at);
	}
	assert_int_equal(path(), 1500);
}

static void wants_the_checksum_to_be_right(void **state)
{
	struct frame f = too_big(OUT_SPI, LAST, 1400, 8);

	(void)state;
	f.b[ETH + 42] ^= 1;
	assert_false(learned(&f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(believes_what_quotes_a_packet_of_ours, begin, end),
		cmocka_unit_test_setup_teardown(believes_no_forged_ones, begin, end),
		cmocka_unit_test_setup_teardown(one_wrong_bit_is_enough, begin, end),
		cmocka_unit_test_setup_teardown(wants_the_checksum_to_be_right, begin, end),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
