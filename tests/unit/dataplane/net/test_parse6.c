/* SPDX-License-Identifier: BSD-3-Clause */
/* test_parse6.c - verdicts on IPv6 frames: addresses, IKE and ESP to us, ND, inner packets. */
#include "tests/unit/dataplane/net/netkit6.h"

#include "dataplane/net/parse.h"

static void drops(const struct frame *f, enum drop_reason why)
{
	struct pkt_meta meta = kit_classify(f);

	assert_int_equal(meta.verdict, PKT_DROP);
	assert_int_equal(meta.reason, why);
}

static void becomes(const struct frame *f, enum pkt_verdict verdict)
{
	assert_int_equal(kit_classify(f).verdict, verdict);
}

static void describes_a_packet_in_transit(void **state)
{
	struct frame f = frame6_udp(LAN6_HOST, FAR6_HOST, 1000, 2000, NULL, 30);
	struct rte_mbuf *m;
	struct pkt_meta meta;

	(void)state;
	f.len += 7; /* Ethernet padding */
	m = kit_parse(&f);
	meta = *pkt_meta(m);
	assert_int_equal(m->data_len, ETH + 40 + 38);
	rte_pktmbuf_free(m);
	assert_int_equal(meta.verdict, PKT_FORWARD);
	assert_int_equal(meta.flags, PKT_F_IPV6 | PKT_F_DF);
	assert_int_equal(meta.proto, 17);
	assert_int_equal(meta.l3_off, ETH);
	assert_int_equal(meta.l4_off, ETH + 40);
	assert_int_equal(meta.ip_len, 78);
	assert_int_equal(meta.src_port, 1000);
	assert_int_equal(meta.dst_port, 2000);
	assert_int_equal(meta.src | meta.dst, 0);
	assert_int_equal(meta.sa_slot, PKT_NO_SA);
}

static void shows_type_and_code_of_icmpv6(void **state)
{
	struct frame f = frame6_icmp(LAN6_HOST, FAR6_HOST, 1, 4, 40);
	struct pkt_meta meta = kit_classify(&f);

	(void)state;
	assert_int_equal(meta.src_port, 0x0104);
	assert_int_equal(meta.dst_port, 0);
	/* ICMP of IPv4 is no protocol with ports here. */
	f = frame6(LAN6_HOST, FAR6_HOST, 1, 4);
	meta = kit_classify(&f);
	assert_int_equal(meta.verdict, PKT_FORWARD);
	assert_int_equal(meta.src_port, 0);
}

static void refuses_headers_that_lie(void **state)
{
	struct frame good = frame6_udp(LAN6_HOST, FAR6_HOST, 1, 2, NULL, 30), f = good;

	(void)state;
	f.b[ETH] = 0x45;
	drops(&f, DROP_NET_HEADER);
	f = good;
	put16(f.b + ETH + 4, 39); /* more than there is */
	drops(&f, DROP_NET_HEADER);
	f = good;
	put16(f.b + ETH + 4, 7); /* less than UDP takes */
	drops(&f, DROP_NET_HEADER);
	f = good;
	put16(f.b + ETH + 4, 65535);
	drops(&f, DROP_NET_HEADER);
	f = frame6(LAN6_HOST, FAR6_HOST, 59, 0);
	becomes(&f, PKT_FORWARD);
}

static void takes_frames_to_us_and_our_groups_only(void **state)
{
	struct frame f = frame6_udp(LAN6_HOST, FAR6_HOST, 1, 2, NULL, 3);

	(void)state;
	f.b[5] ^= 1;
	drops(&f, DROP_NET_L2);
	memset(f.b, 0xff, 6);
	drops(&f, DROP_NET_L2);
	/* A unicast packet in a group's frame is not routed. */
	f = frame6_udp(LAN6_HOST, FAR6_HOST, 1, 2, NULL, 3);
	frame6_to_group(&f);
	drops(&f, DROP_NET_L2);
	f = frame6_icmp(LAN6_HOST, "ff02::fb", 128, 0, 8);
	frame6_to_group(&f);
	drops(&f, DROP_NET_L2);
	f = frame6_icmp(LAN6_HOST, ALL6, 128, 0, 8);
	frame6_to_group(&f);
	becomes(&f, PKT_LOCAL);
	f = frame6_icmp(LAN6_HOST, "ff02::2", 128, 0, 8);
	frame6_to_group(&f);
	becomes(&f, PKT_LOCAL);
	f.b[6] = 1; /* a group as source */
	drops(&f, DROP_NET_L2);
}

static void refuses_addresses_that_no_host_has(void **state)
{
	static const char *const nobody[] = {
		"::", "::1", "::192.0.2.1", "::ffff:192.0.2.1", "ff02::5", "ff0e::1", "fe80::77"};
	static const char *const ours[] = {LAN6_US, WAN6_US, LINK6_US};
	struct frame f;

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(nobody); i++) {
		f = frame6_udp(nobody[i], FAR6_HOST, 1, 2, NULL, 3);
		drops(&f, DROP_NET_MARTIAN);
		f = frame6_udp(LAN6_HOST, nobody[i], 1, 2, NULL, 3);
		drops(&f, DROP_NET_MARTIAN);
	}
	for (unsigned int i = 0; i < RTE_DIM(ours); i++) {
		f = frame6_udp(ours[i], FAR6_HOST, 1, 2, NULL, 3);
		drops(&f, DROP_NET_MARTIAN);
		f = frame6_udp(ours[i], LAN6_US, 1, 2, NULL, 3);
		drops(&f, DROP_NET_MARTIAN);
	}
}

static void knows_its_own_addresses(void **state)
{
	struct frame f = frame6_icmp(LAN6_HOST, LAN6_US, 128, 0, 8);

	(void)state;
	becomes(&f, PKT_LOCAL);
	f = frame6_icmp(LAN6_HOST, WAN6_US, 128, 0, 8);
	becomes(&f, PKT_LOCAL);
	f = frame6_icmp(LINK6_A, LINK6_US, 128, 0, 8);
	becomes(&f, PKT_LOCAL);
	f = frame6_icmp(LINK6_A, LAN6_US, 128, 0, 8);
	becomes(&f, PKT_LOCAL);
	f = frame6_icmp(LINK6_A, LINK6_US1, 128, 0, 8); /* the other port's */
	drops(&f, DROP_NET_MARTIAN);
}

static const uint8_t esp[40] = {1}, ike[40] = {0, 0, 0, 0, 1};

static void finds_esp_and_ike(void **state)
{
	struct frame f = frame6(PEER6, WAN6_US, 50, 60);
	struct pkt_meta meta;

	(void)state;
	becomes(&f, PKT_ESP_IN);
	f = frame6(PEER6, WAN6_US, 50, 7);
	drops(&f, DROP_IN_HEADER_ERRORS);
	f = frame6_udp(PEER6, WAN6_US, 4500, 4500, esp, sizeof(esp));
	meta = kit_classify(&f);
	assert_int_equal(meta.verdict, PKT_ESP_IN);
	assert_true(meta.flags & PKT_F_UDP_ENCAP);
	assert_int_equal(meta.l4_off, ETH + 48);
	f = frame6_udp(PEER6, WAN6_US, 4500, 4500, ike, sizeof(ike));
	becomes(&f, PKT_PUNT);
	f = frame6_udp(PEER6, WAN6_US, 500, 500, ike, sizeof(ike));
	becomes(&f, PKT_PUNT);
	f = frame6_udp(PEER6, WAN6_US, 4500, 4500, "\xff", 1);
	drops(&f, DROP_NET_KEEPALIVE);
	f = frame6_udp(PEER6, WAN6_US, 500, 500, NULL, 0);
	drops(&f, DROP_NET_HEADER);
	f = frame6_udp(PEER6, WAN6_US, 500, 501, ike, sizeof(ike));
	becomes(&f, PKT_LOCAL);
	f = frame6_udp(PEER6, FAR6_HOST, 500, 500, ike, sizeof(ike));
	becomes(&f, PKT_FORWARD);
}

static void wants_a_udp_checksum_but_of_esp(void **state)
{
	struct frame f = frame6_udp(PEER6, WAN6_US, 4500, 4500, esp, sizeof(esp));

	(void)state;
	put16(f.b + ETH + 46, 0);
	becomes(&f, PKT_ESP_IN);
	put16(f.b + ETH + 46, 1);
	drops(&f, DROP_NET_CHECKSUM);
	f = frame6_udp(PEER6, WAN6_US, 4500, 4500, ike, sizeof(ike));
	put16(f.b + ETH + 46, 0);
	drops(&f, DROP_NET_CHECKSUM);
	f = frame6_udp(PEER6, WAN6_US, 500, 500, ike, sizeof(ike));
	put16(f.b + ETH + 46, 0);
	drops(&f, DROP_NET_CHECKSUM);
	f = frame6_udp(PEER6, WAN6_US, 500, 500, ike, sizeof(ike));
	f.b[ETH + 50] ^= 1;
	drops(&f, DROP_NET_CHECKSUM);
	f = frame6_udp(PEER6, WAN6_US, 500, 500, ike, sizeof(ike));
	put16(f.b + ETH + 44, 47); /* UDP's length is not IPv6's */
	drops(&f, DROP_NET_HEADER);
}

/* A neighbour solicitation for LAN6_US as a host would send it. */
static struct frame solicitation(void)
{
	struct frame f = frame6_icmp(LAN6_HOST, "ff02::1:ff00:1", 135, 0, 24);
	struct ip6 target = ip6(LAN6_US);

	memcpy(f.b + ETH + 48, target.b, 16);
	memcpy(f.b + ETH + 64, "\x01\x01\x02\x00\x00\x00\x01\x12", 8);
	f.b[ETH + 7] = 255;
	frame6_fix(&f);
	frame6_to_group(&f);
	return f;
}

static void lets_neighbour_discovery_of_the_link_pass_only(void **state)
{
	struct frame good = solicitation(), f = good;

	(void)state;
	becomes(&f, PKT_SLOW);
	assert_int_equal(kit_classify(&f).flags & PKT_F_IPV6, PKT_F_IPV6);
	f.b[ETH + 7] = 254;
	drops(&f, DROP_NET_ND);
	f = good;
	f.b[ETH + 50] ^= 1;
	drops(&f, DROP_NET_ND);
	f = good;
	frame6_fragment(&f, 0); /* RFC 6980, atomic or not */
	drops(&f, DROP_NET_ND);
	for (uint8_t type = 133; type <= 137; type++) {
		f = good;
		f.b[ETH + 40] = type;
		frame6_fix(&f);
		if (type == 135 || type == 136)
			becomes(&f, PKT_SLOW);
		else
			drops(&f, DROP_NET_ND);
	}
	f = good; /* from nobody: duplicate address detection */
	memset(f.b + ETH + 8, 0, 16);
	frame6_fix(&f);
	becomes(&f, PKT_SLOW);
	f.b[ETH + 40] = 128;
	frame6_fix(&f);
	drops(&f, DROP_NET_MARTIAN);
}

/* parse_ipv6(): what lies behind l3_off must be the packet, no more and no less. */
static struct pkt_meta inner(const struct frame *f, uint8_t flags)
{
	struct rte_mbuf *m = harness_mbuf(kit.h, f->b, f->len);
	struct pkt_meta meta;

	assert_non_null(m);
	pkt_meta(m)->flags = flags;
	pkt_meta(m)->sa_slot = 5;
	parse_ipv6(kit.w, m, ETH);
	meta = *pkt_meta(m);
	rte_pktmbuf_free(m);
	return meta;
}

static void parses_inner_packets(void **state)
{
	struct frame f = frame6_udp(FAR6_HOST, LAN6_HOST, 9, 10, NULL, 33);
	struct pkt_meta meta = inner(&f, PKT_F_FROM_SA | PKT_F_UDP_ENCAP);

	(void)state;
	assert_int_equal(meta.verdict, PKT_FORWARD);
	assert_int_equal(meta.flags, PKT_F_FROM_SA | PKT_F_IPV6 | PKT_F_DF);
	assert_int_equal(meta.sa_slot, 5);
	f.len++;
	assert_int_equal(inner(&f, PKT_F_FROM_SA).reason, DROP_NET_HEADER);
	f.len -= 2;
	assert_int_equal(inner(&f, PKT_F_FROM_SA).reason, DROP_NET_HEADER);
	f = frame6_udp(FAR6_HOST, LAN6_US, 500, 500, ike, sizeof(ike));
	assert_int_equal(inner(&f, PKT_F_FROM_SA).verdict, PKT_LOCAL);
	f = frame6(FAR6_HOST, WAN6_US, 50, 60);
	assert_int_equal(inner(&f, PKT_F_FROM_SA).verdict, PKT_LOCAL);
}

static void takes_nothing_of_a_link_from_inside(void **state)
{
	struct frame f = solicitation();

	(void)state;
	assert_int_equal(inner(&f, PKT_F_FROM_SA).reason, DROP_NET_MARTIAN);
	f = frame6_icmp(LINK6_A, LAN6_US, 128, 0, 8);
	assert_int_equal(inner(&f, PKT_F_FROM_SA).reason, DROP_NET_MARTIAN);
	f = frame6_icmp(FAR6_HOST, LINK6_US, 128, 0, 8);
	assert_int_equal(inner(&f, PKT_F_FROM_SA).reason, DROP_NET_MARTIAN);
	f = frame6_icmp(FAR6_HOST, LINK6_A, 128, 0, 8);
	assert_int_equal(inner(&f, PKT_F_FROM_SA | PKT_F_ORIGIN).reason, DROP_NET_MARTIAN);
	f = frame6_icmp(LAN6_US, LAN6_HOST, 129, 0, 8);
	assert_int_equal(inner(&f, PKT_F_FROM_SA).reason, DROP_NET_MARTIAN);
	assert_int_equal(inner(&f, PKT_F_ORIGIN).verdict, PKT_FORWARD);
	f = frame6_icmp(FAR6_HOST, LAN6_US, 135, 0, 24);
	assert_int_equal(inner(&f, PKT_F_FROM_SA).reason, DROP_NET_ND);
}

static void is_off_without_addresses(void **state)
{
	struct fib6 *f6 = kit.h->tables.fib6;
	struct frame f = frame6_icmp(LAN6_HOST, LAN6_US, 128, 0, 8), nd = solicitation();

	(void)state;
	kit.h->tables.fib6 = NULL;
	becomes(&f, PKT_FORWARD); /* and there is no route then */
	drops(&nd, DROP_NET_L2);
	kit.h->tables.fib6 = f6;
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(describes_a_packet_in_transit),
		T(shows_type_and_code_of_icmpv6),
		T(refuses_headers_that_lie),
		T(takes_frames_to_us_and_our_groups_only),
		T(refuses_addresses_that_no_host_has),
		T(knows_its_own_addresses),
		T(finds_esp_and_ike),
		T(wants_a_udp_checksum_but_of_esp),
		T(lets_neighbour_discovery_of_the_link_pass_only),
		T(parses_inner_packets),
		T(takes_nothing_of_a_link_from_inside),
		T(is_off_without_addresses),
	};

	return cmocka_run_group_tests(tests, kit6_setup, kit6_teardown);
}
