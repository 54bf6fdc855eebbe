/* SPDX-License-Identifier: BSD-3-Clause */
/* test_parse.c - what each packet is taken for, and every bad field. */
#include "tests/unit/dataplane/net/netkit.h"

#include "dataplane/net/parse.h"

static void drops(const struct frame *f, enum drop_reason reason)
{
	struct pkt_meta meta = kit_classify(f);

	assert_int_equal(meta.verdict, PKT_DROP);
	assert_int_equal(meta.reason, reason);
}

static void goes(const struct frame *f, enum pkt_verdict verdict)
{
	struct pkt_meta meta = kit_classify(f);

	assert_int_equal(meta.verdict, verdict);
}

static void forwards_transit_with_its_ports(void **state)
{
	struct frame f = frame_udp(LAN_HOST, FAR_HOST, 1111, 2222, NULL, 40);
	struct rte_mbuf *m;
	struct pkt_meta *meta;

	(void)state;
	f.b[ETH + 6] = 0x40; /* DF */
	frame_fix(&f);
	m = kit_parse(&f);
	meta = pkt_meta(m);
	assert_int_equal(meta->verdict, PKT_FORWARD);
	assert_int_equal(meta->src, LAN_HOST);
	assert_int_equal(meta->dst, FAR_HOST);
	assert_int_equal(meta->proto, 17);
	assert_int_equal(meta->src_port, 1111);
	assert_int_equal(meta->dst_port, 2222);
	assert_int_equal(meta->l3_off, 14);
	assert_int_equal(meta->l4_off, 34);
	assert_int_equal(meta->ip_len, 68);
	assert_int_equal(meta->flags, PKT_F_DF);
	assert_int_equal(meta->in_port, 0);
	assert_int_equal(meta->sa_slot, PKT_NO_SA);
	rte_pktmbuf_free(m);
}

static void gives_type_and_code_of_icmp(void **state)
{
	struct frame f = frame_icmp(LAN_HOST, FAR_HOST, 3, 4, 20);
	struct pkt_meta meta = kit_classify(&f);

	(void)state;
	assert_int_equal(meta.src_port, 0x0304);
	assert_int_equal(meta.dst_port, 0);
}

static void cuts_ethernet_padding(void **state)
{
	struct frame f = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 3);
	struct rte_mbuf *m;

	(void)state;
	f.len = 60;
	m = kit_parse(&f);
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	assert_int_equal(rte_pktmbuf_pkt_len(m), ETH + 20 + 8 + 3);
	rte_pktmbuf_free(m);
}

static void takes_frames_for_us_only(void **state)
{
	struct frame f = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 3);

	(void)state;
	goes(&f, PKT_FORWARD);
	f.b[5] ^= 1;
	drops(&f, DROP_NET_L2);
	memset(f.b, 0xff, 6); /* broadcast is for ARP */
	drops(&f, DROP_NET_L2);
	memcpy(f.b, "\x01\x00\x5e\x00\x00\x05", 6);
	drops(&f, DROP_NET_L2);
	memcpy(f.b, &ports[0].mac, 6);
	f.b[6] = 1; /* a group as source */
	drops(&f, DROP_NET_L2);
}

static void refuses_other_ethertypes(void **state)
{
	static const uint16_t types[] = {0x0000, 0x05dc, 0x0801, 0x8100,
					 0x88a8, 0x8863, 0x88cc, 0xffff};
	struct frame f = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 3);

	(void)state;
	for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		put16(f.b + 12, types[i]);
		drops(&f, DROP_NET_L2);
	}
}

static void refuses_frames_whose_vlan_tag_the_device_took_off(void **state)
{
	struct frame f = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 3);
	struct rte_mbuf *m = harness_mbuf(kit.h, f.b, f.len);

	(void)state;
	m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	m->vlan_tci = 7;
	parse_burst(kit.w, 0, &m, 1);
	assert_int_equal(pkt_meta(m)->verdict, PKT_DROP);
	assert_int_equal(pkt_meta(m)->reason, DROP_NET_L2);
	rte_pktmbuf_free(m);
}

static void gives_arp_to_the_manager(void **state)
{
	struct frame f = {.len = 42};
	struct pkt_meta meta;

	(void)state;
	memset(f.b, 0xff, 6);
	f.b[6] = 2;
	put16(f.b + 12, 0x0806);
	meta = kit_classify(&f);
	assert_int_equal(meta.verdict, PKT_SLOW);
	assert_int_equal(meta.ip_len, 0);
	memcpy(f.b, &ports[0].mac, 6);
	goes(&f, PKT_SLOW);
	f.b[5] ^= 1;
	drops(&f, DROP_NET_L2);
}

static void refuses_bad_ip_headers(void **state)
{
	const struct frame good = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 10);
	struct frame f = good;
	uint8_t *ip = f.b + ETH;

	(void)state;
	for (unsigned int v = 0; v < 16; v++) {
		if (v == 4)
			continue;
		ip[0] = (uint8_t)(v << 4 | 5);
		frame_fix(&f);
		drops(&f, DROP_NET_HEADER);
	}
	f = good;
	for (unsigned int ihl = 0; ihl < 5; ihl++) {
		ip[0] = (uint8_t)(0x40 | ihl);
		drops(&f, DROP_NET_HEADER);
	}
	ip[0] = 0x4f; /* 60 bytes of header in 38 of packet */
	drops(&f, DROP_NET_HEADER);
	f = good;
	put16(ip + 2, 19); /* shorter than the header */
	frame_fix(&f);
	drops(&f, DROP_NET_HEADER);
	put16(ip + 2, 39); /* longer than what came */
	frame_fix(&f);
	drops(&f, DROP_NET_HEADER);
	put16(ip + 2, 0xffff);
	frame_fix(&f);
	drops(&f, DROP_NET_HEADER);
}

static void checks_every_bit_of_the_header_checksum(void **state)
{
	const struct frame good = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 10);

	(void)state;
	for (unsigned int bit = 8 * 8; bit < 20 * 8; bit++) { /* from TTL on */
		struct frame f = good;

		f.b[ETH + bit / 8] ^= (uint8_t)(1u << bit % 8);
		drops(&f, DROP_NET_CHECKSUM);
	}
}

static void refuses_martian_addresses(void **state)
{
	static const uint32_t bad[] = {
		0,
		IP(0, 1, 2, 3),
		IP(0, 255, 255, 255),
		IP(127, 0, 0, 0),
		IP(127, 0, 0, 1),
		IP(127, 255, 255, 255),
		IP(224, 0, 0, 0),
		IP(224, 0, 0, 1),
		IP(239, 255, 255, 255),
		IP(240, 0, 0, 1),
		IP(255, 255, 255, 255),
	};
	static const uint32_t good[] = {
		IP(1, 0, 0, 0),
		IP(126, 255, 255, 255),
		IP(128, 0, 0, 0),
		IP(223, 255, 255, 255),
	};
	struct frame f;

	(void)state;
	for (unsigned int i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		f = frame_udp(good[i], FAR_HOST, 1, 2, NULL, 3);
		goes(&f, PKT_FORWARD);
	}
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f = frame_udp(bad[i], FAR_HOST, 1, 2, NULL, 3);
		drops(&f, DROP_NET_MARTIAN);
		f = frame_udp(LAN_HOST, bad[i], 1, 2, NULL, 3);
		drops(&f, DROP_NET_MARTIAN);
	}
	f = frame_udp(LAN_US, FAR_HOST, 1, 2, NULL, 3);
	drops(&f, DROP_NET_MARTIAN);
	f = frame_udp(WAN_US, LAN_US, 1, 2, NULL, 3);
	drops(&f, DROP_NET_MARTIAN);
	f = frame_udp(IP(169, 254, 1, 2), FAR_HOST, 1, 2, NULL, 3); /* cloud health checks */
	goes(&f, PKT_FORWARD);
}

static void treats_options_by_the_book(void **state)
{
	static const struct {
		uint8_t opt[8];
		enum drop_reason want;
	} table[] = {
		{{1, 1, 1, 1, 1, 1, 1, 1}, DROP_NONE},
		{{0, 0, 0, 0, 0, 0, 0, 0}, DROP_NONE},
		{{0, 9, 9, 9, 9, 9, 9, 9}, DROP_NONE},		 /* nothing counts after the end */
		{{7, 7, 4, 0, 0, 0, 0, 0}, DROP_NONE},		 /* record route */
		{{1, 148, 4, 0, 0, 0, 0, 0}, DROP_NONE},	 /* router alert */
		{{0x83, 7, 4, 1, 2, 3, 4, 0}, DROP_NET_MARTIAN}, /* loose source route */
		{{1, 0x89, 7, 4, 1, 2, 3, 4}, DROP_NET_MARTIAN}, /* strict */
		{{7, 0, 0, 0, 0, 0, 0, 0}, DROP_NET_HEADER},
		{{7, 1, 0, 0, 0, 0, 0, 0}, DROP_NET_HEADER},
		{{7, 9, 4, 0, 0, 0, 0, 0}, DROP_NET_HEADER},
		{{1, 1, 1, 1, 1, 1, 1, 7}, DROP_NET_HEADER},
		{{7, 7, 4, 0, 0, 0, 0, 7}, DROP_NET_HEADER},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct frame f = frame_udp(LAN_HOST, FAR_HOST, 5, 6, NULL, 3);
		struct pkt_meta meta;

		frame_options(&f, table[i].opt, 8);
		meta = kit_classify(&f);
		if (table[i].want != DROP_NONE) {
			assert_int_equal(meta.verdict, PKT_DROP);
			assert_int_equal(meta.reason, table[i].want);
		} else {
			assert_int_equal(meta.verdict, PKT_FORWARD);
			assert_int_equal(meta.l4_off, 42);
			assert_int_equal(meta.dst_port, 6);
		}
	}
}

static void knows_fragments(void **state)
{
	struct frame f = frame_fragment(FAR_HOST, 0x2000, 17, 64);
	struct pkt_meta meta = kit_classify(&f);

	(void)state;
	assert_int_equal(meta.verdict, PKT_FORWARD);
	assert_int_equal(meta.flags, PKT_F_FRAGMENT);
	assert_int_equal(meta.src_port, 0x0001);
	f = frame_fragment(FAR_HOST, 0x2001, 17, 64);
	meta = kit_classify(&f);
	assert_int_equal(meta.verdict, PKT_FORWARD);
	assert_int_equal(meta.flags, PKT_F_FRAGMENT | PKT_F_NONFIRST);
	assert_int_equal(meta.src_port, 0);
	f = frame_fragment(FAR_HOST, 0x0010, 17, 3); /* the last piece may be short */
	meta = kit_classify(&f);
	assert_int_equal(meta.verdict, PKT_FORWARD);
	f = frame_fragment(FAR_HOST, 0x2000, 6, 16); /* a first piece that hides TCP's flags */
	drops(&f, DROP_NET_HEADER);
	f = frame_fragment(FAR_HOST, 0x2001, 6, 64); /* one that overwrites them */
	drops(&f, DROP_NET_FRAGMENT);
	f = frame_fragment(FAR_HOST, 0x1fff, 17, 24); /* ends beyond 65535 */
	drops(&f, DROP_NET_HEADER);
}

static void wants_its_own_packets_whole(void **state)
{
	static const uint8_t protos[] = {1, 6, 17, 50};

	(void)state;
	for (unsigned int i = 0; i < sizeof(protos); i++) {
		struct frame f = frame_fragment(LAN_US, 0x2000, protos[i], 64);

		assert_int_equal(kit_classify(&f).verdict, PKT_REASSEMBLE);
		f = frame_fragment(LAN_US, 0x0008, protos[i], 64);
		assert_int_equal(kit_classify(&f).verdict, PKT_REASSEMBLE);
	}
}

static void wants_whole_transport_headers(void **state)
{
	static const struct {
		uint8_t proto;
		unsigned int least;
	} table[] = {{1, 8}, {6, 20}, {17, 8}, {33, 12}, {132, 12}, {136, 8}, {47, 0}, {89, 0}};

	(void)state;
	for (unsigned int i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		for (unsigned int len = 0; len <= table[i].least; len++) {
			struct frame f = frame_ipv4(LAN_HOST, FAR_HOST, table[i].proto, len);

			if (len < table[i].least)
				drops(&f, DROP_NET_HEADER);
			else
				goes(&f, PKT_FORWARD);
		}
	}
}

static void takes_plain_esp(void **state)
{
	struct frame f = frame_ipv4(PEER, WAN_US, 50, 100);
	struct pkt_meta meta = kit_classify(&f);

	(void)state;
	assert_int_equal(meta.verdict, PKT_ESP_IN);
	assert_int_equal(meta.l4_off, 34);
	assert_int_equal(meta.flags, 0);
	for (unsigned int len = 0; len < 8; len++) {
		f = frame_ipv4(PEER, WAN_US, 50, len);
		drops(&f, DROP_IN_HEADER_ERRORS);
	}
	f = frame_ipv4(PEER, FAR_HOST, 50, 100); /* somebody else's */
	goes(&f, PKT_FORWARD);
	f = frame_ipv4(0, 0, 50, 100); /* nobody's */
	drops(&f, DROP_NET_MARTIAN);
}

static void takes_esp_in_udp(void **state)
{
	static const uint8_t esp[40] = {0xc0, 0xff, 0xee, 0x01, 0, 0, 0, 1};
	struct frame f = frame_udp(PEER, WAN_US, 32001, 4500, esp, sizeof(esp));
	struct pkt_meta meta = kit_classify(&f);

	(void)state;
	assert_int_equal(meta.verdict, PKT_ESP_IN);
	assert_int_equal(meta.flags, PKT_F_UDP_ENCAP);
	assert_int_equal(meta.l4_off, 42);
	assert_int_equal(meta.src_port, 32001);
	assert_int_equal(meta.dst_port, 4500);
	put16(f.b + ETH + 26, 0); /* no checksum */
	goes(&f, PKT_ESP_IN);
}

/* RFC 3948 section 2, payload by payload. */
static void tells_keepalive_marker_and_esp_apart(void **state)
{
	static const struct {
		unsigned int dport, len;
		uint8_t data[12];
		enum pkt_verdict verdict;
		enum drop_reason reason;
	} table[] = {
		{4500, 1, {0xff}, PKT_DROP, DROP_NET_KEEPALIVE},
		{4500, 1, {0xfe}, PKT_DROP, DROP_IN_HEADER_ERRORS},
		{4500, 0, {0}, PKT_DROP, DROP_IN_HEADER_ERRORS},
		{4500, 2, {0xff, 0xff}, PKT_DROP, DROP_IN_HEADER_ERRORS},
		{4500, 3, {0, 0, 0}, PKT_DROP, DROP_IN_HEADER_ERRORS},
		{4500, 4, {0, 0, 0, 0}, PKT_DROP, DROP_NET_HEADER},
		{4500, 5, {0, 0, 0, 0, 9}, PKT_PUNT, 0},
		{4500, 4, {0, 0, 0, 1}, PKT_DROP, DROP_IN_HEADER_ERRORS},
		{4500, 7, {1, 2, 3, 4, 5, 6, 7}, PKT_DROP, DROP_IN_HEADER_ERRORS},
		{4500, 8, {1, 2, 3, 4, 5, 6, 7, 8}, PKT_ESP_IN, 0},
		{4500, 8, {0xff, 2, 3, 4, 5, 6, 7, 8}, PKT_ESP_IN, 0},
		{500, 0, {0}, PKT_DROP, DROP_NET_HEADER},
		{500, 1, {0xff}, PKT_PUNT, 0},
		{500, 8, {1, 2, 3, 4, 5, 6, 7, 8}, PKT_PUNT, 0},
		{501, 8, {1, 2, 3, 4, 5, 6, 7, 8}, PKT_LOCAL, 0},
		{4501, 8, {1, 2, 3, 4, 5, 6, 7, 8}, PKT_LOCAL, 0},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct frame f =
			frame_udp(PEER, WAN_US, 4500, table[i].dport, table[i].data, table[i].len);
		struct pkt_meta meta = kit_classify(&f);

		assert_int_equal(meta.verdict, table[i].verdict);
		assert_int_equal(meta.reason, table[i].reason);
		assert_int_equal(!!(meta.flags & PKT_F_UDP_ENCAP), meta.verdict == PKT_ESP_IN);
	}
}

static void wants_udp_length_to_be_ips(void **state)
{
	static const unsigned int ports_of_ours[] = {500, 4500};

	(void)state;
	for (unsigned int p = 0; p < 2; p++) {
		for (unsigned int len = 0; len < 70; len++) {
			struct frame f = frame_udp(PEER, WAN_US, 4500, ports_of_ours[p], NULL, 20);

			if (len == 28)
				continue;
			put16(f.b + ETH + 24, len);
			put16(f.b + ETH + 26, 0);
			drops(&f, p == 1 ? DROP_IN_HEADER_ERRORS : DROP_NET_HEADER);
		}
	}
}

static void checks_every_bit_of_the_udp_checksum(void **state)
{
	static const uint8_t ike[33] = {0x11, 0x22, 0x33, 0x44};
	const struct frame good = frame_udp(PEER, WAN_US, 500, 500, ike, sizeof(ike));

	(void)state;
	goes(&good, PKT_PUNT);
	for (size_t i = ETH + 28; i < good.len; i++) {
		struct frame f = good;

		f.b[i] ^= 0x10;
		drops(&f, DROP_NET_CHECKSUM);
	}
}

static void gives_the_rest_to_local(void **state)
{
	static const uint8_t protos[] = {1, 2, 6, 17, 47, 51, 255};

	(void)state;
	for (unsigned int i = 0; i < sizeof(protos); i++) {
		struct frame f = frame_ipv4(LAN_HOST, WAN_US, protos[i], 40);

		goes(&f, PKT_LOCAL);
	}
}

static void makes_one_segment_of_several(void **state)
{
	struct frame f = frame_udp(LAN_HOST, FAR_HOST, 7, 8, NULL, 1000);

	(void)state;
	for (unsigned int cut = 1; cut < f.len; cut += 13) {
		struct rte_mbuf *m = harness_mbuf(kit.h, f.b, cut);
		struct rte_mbuf *tail = harness_mbuf(kit.h, f.b + cut, f.len - cut);

		assert_int_equal(rte_pktmbuf_chain(m, tail), 0);
		parse_burst(kit.w, 0, &m, 1);
		assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
		assert_int_equal(m->nb_segs, 1);
		assert_int_equal(m->data_len, f.len);
		assert_memory_equal(rte_pktmbuf_mtod(m, void *), f.b, f.len);
		rte_pktmbuf_free(m);
	}
}

static void refuses_what_fits_no_segment(void **state)
{
	struct frame f = frame_udp(LAN_HOST, FAR_HOST, 7, 8, NULL, 2000);
	struct rte_mbuf *m = harness_mbuf(kit.h, f.b, f.len);
	struct rte_mbuf *tail = harness_mbuf(kit.h, f.b, f.len);

	(void)state;
	assert_int_equal(rte_pktmbuf_chain(m, tail), 0);
	kit.w->large = NULL;
	parse_burst(kit.w, 0, &m, 1);
	assert_int_equal(pkt_meta(m)->verdict, PKT_DROP);
	assert_int_equal(pkt_meta(m)->reason, DROP_NET_TOO_BIG);
	kit.w->large = kit.h->large;
	parse_burst(kit.w, 0, &m, 1);
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD); /* what is behind it is cut */
	assert_int_equal(m->nb_segs, 1);
	assert_int_equal(m->data_len, f.len);
	rte_pktmbuf_free(m);
}

static void has_no_addresses_before_the_first_table(void **state)
{
	struct frame f = frame_ipv4(PEER, WAN_US, 50, 60);
	struct fib *fib = kit.h->tables.fib;

	(void)state;
	kit.h->tables.fib = NULL;
	goes(&f, PKT_FORWARD);
	kit.h->tables.fib = fib;
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(forwards_transit_with_its_ports),
		T(gives_type_and_code_of_icmp),
		T(cuts_ethernet_padding),
		T(takes_frames_for_us_only),
		T(refuses_other_ethertypes),
		T(refuses_frames_whose_vlan_tag_the_device_took_off),
		T(gives_arp_to_the_manager),
		T(refuses_bad_ip_headers),
		T(checks_every_bit_of_the_header_checksum),
		T(refuses_martian_addresses),
		T(treats_options_by_the_book),
		T(knows_fragments),
		T(wants_its_own_packets_whole),
		T(wants_whole_transport_headers),
		T(takes_plain_esp),
		T(takes_esp_in_udp),
		T(tells_keepalive_marker_and_esp_apart),
		T(wants_udp_length_to_be_ips),
		T(checks_every_bit_of_the_udp_checksum),
		T(gives_the_rest_to_local),
		T(makes_one_segment_of_several),
		T(refuses_what_fits_no_segment),
		T(has_no_addresses_before_the_first_table),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
