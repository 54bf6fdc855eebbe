/* SPDX-License-Identifier: BSD-3-Clause */
/* test_parse_inner.c - packets that come out of an SA or from ourselves. */
#include "tests/unit/dataplane/net/netkit.h"

#include "dataplane/net/ip4.h"
#include "dataplane/net/parse.h"
#include "dataplane/net/parse_plain.h"

/* parse_ipv4(): what lies behind l3_off must be the packet, no more and no less. */
static struct pkt_meta inner(const struct frame *f, uint8_t flags)
{
	struct rte_mbuf *m = harness_mbuf(kit.h, f->b, f->len);
	struct pkt_meta meta;

	assert_non_null(m);
	pkt_meta(m)->flags = flags;
	pkt_meta(m)->in_port = 1;
	pkt_meta(m)->sa_slot = 5;
	parse_ipv4(kit.w, m, ETH);
	meta = *pkt_meta(m);
	rte_pktmbuf_free(m);
	return meta;
}

static void parses_inner_packets(void **state)
{
	struct frame f = frame_udp(FAR_HOST, LAN_HOST, 9, 10, NULL, 33);
	struct pkt_meta meta = inner(&f, PKT_F_FROM_SA | PKT_F_UDP_ENCAP | PKT_F_DF);

	(void)state;
	assert_int_equal(meta.verdict, PKT_FORWARD);
	assert_int_equal(meta.flags, PKT_F_FROM_SA);
	assert_int_equal(meta.sa_slot, 5);
	assert_int_equal(meta.in_port, 1);
	assert_int_equal(meta.dst_port, 10);
	f.len++;
	meta = inner(&f, PKT_F_FROM_SA);
	assert_int_equal(meta.reason, DROP_NET_HEADER);
	f.len -= 2;
	meta = inner(&f, PKT_F_FROM_SA);
	assert_int_equal(meta.reason, DROP_NET_HEADER);
}

static void takes_no_esp_or_ike_from_inside(void **state)
{
	struct frame f = frame_udp(FAR_HOST, LAN_US, 500, 500, "ike", 3);

	(void)state;
	assert_int_equal(inner(&f, PKT_F_FROM_SA).verdict, PKT_LOCAL);
	f = frame_ipv4(FAR_HOST, WAN_US, 50, 60);
	assert_int_equal(inner(&f, PKT_F_FROM_SA).verdict, PKT_LOCAL);
}

static void lets_only_ourselves_use_our_addresses(void **state)
{
	struct frame f = frame_udp(LAN_US, LAN_HOST, 9, 10, NULL, 33);

	(void)state;
	assert_int_equal(inner(&f, PKT_F_FROM_SA).reason, DROP_NET_MARTIAN);
	assert_int_equal(inner(&f, 0).reason, DROP_NET_MARTIAN);
	assert_int_equal(inner(&f, PKT_F_ORIGIN).verdict, PKT_FORWARD);
	assert_int_equal(inner(&f, PKT_F_ORIGIN).flags, PKT_F_ORIGIN);
}

static void sums_headers_as_the_book_does(void **state)
{
	uint64_t seed = 1;
	uint8_t ip[60];

	(void)state;
	for (unsigned int i = 0; i < 100000; i++) {
		unsigned int ihl = 20 + 4 * (i % 11);

		for (unsigned int k = 0; k < ihl; k++) {
			ip[k] = i % 3 == 0 ? (uint8_t)(0 - random_below(&seed, 2))
					   : (uint8_t)random_below(&seed, 256);
		}
		ip[0] = (uint8_t)(0x40 | ihl / 4);
		if (i % 2 == 0) {
			put16(ip + 10, 0);
			put16(ip + 10, ref_cksum(ip, ihl));
		}
		assert_int_equal(ip4_cksum_ok(ip, ihl), ref_cksum(ip, ihl) == 0);
	}
}

/* Whatever parse_plain() takes, parse_ipv4() takes, too, and says the same about. */
static bool plain(struct parse_run *run, const struct frame *f)
{
	struct rte_mbuf *m = harness_mbuf(kit.h, f->b, f->len);
	struct pkt_meta meta = {.flags = PKT_F_FROM_SA, .in_port = 1, .sa_slot = 5};
	bool taken;

	*pkt_meta(m) = meta;
	taken = parse_plain(run, &meta, pkt_meta(m),
			    rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH),
			    (uint32_t)(f->len - ETH), ETH);
	if (!taken)
		assert_memory_equal(pkt_meta(m), &meta, sizeof(meta));
	meta = *pkt_meta(m);
	rte_pktmbuf_free(m);
	if (taken) {
		struct pkt_meta want = inner(f, PKT_F_FROM_SA);

		assert_memory_equal(&meta, &want, sizeof(meta));
		assert_int_equal(meta.verdict, PKT_FORWARD);
	}
	return taken;
}

static void plain_packets_parse_as_others_do(void **state)
{
	static const uint32_t ends[] = {FAR_HOST, LAN_HOST, LAN_US, WAN_US, IP(127, 0, 0, 1), 0};
	struct parse_run run = parse_run_start(kit.w);
	unsigned int taken = 0;
	uint64_t seed = 11;

	(void)state;
	for (unsigned int i = 0; i < 300000; i++) {
		uint64_t x = random_next(&seed);
		uint32_t src = x & 4 ? FAR_HOST : ends[(x >> 8) % 6];
		uint32_t dst = x & 8 ? LAN_HOST : ends[(x >> 16) % 6];
		struct frame f = x & 1 ? frame_udp(src, dst, 7, 8, NULL, (x >> 24) % 30)
				       : frame_ipv4(src, dst, x & 2 ? 6 : 17, (x >> 24) % 30);

		for (unsigned int k = (x >> 32) % 3; k > 0; k--)
			f.b[ETH + random_next(&seed) % (f.len - ETH)] = (uint8_t)random_next(&seed);
		if (x & 16)
			frame_fix(&f);
		taken += plain(&run, &f);
	}
	assert_true(taken > 10000);
}

/* Before a burst has met any addresses, those that are nobody's are not known either. */
static void plain_packets_from_nobody_to_nobody_are_not_taken(void **state)
{
	struct parse_run run = parse_run_start(kit.w);
	struct frame f = frame_udp(0, 0, 7, 8, NULL, 20);

	(void)state;
	assert_false(plain(&run, &f));
	assert_int_equal(inner(&f, PKT_F_FROM_SA).reason, DROP_NET_MARTIAN);
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(sums_headers_as_the_book_does),
		T(parses_inner_packets),
		T(takes_no_esp_or_ike_from_inside),
		T(lets_only_ourselves_use_our_addresses),
		T(plain_packets_parse_as_others_do),
		T(plain_packets_from_nobody_to_nobody_are_not_taken),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
