/* SPDX-License-Identifier: BSD-3-Clause */
/* test_parse_inner.c - packets that come out of an SA or from ourselves. */
#include "tests/unit/dataplane/net/netkit.h"

#include "dataplane/net/parse.h"

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

#define T(f) cmocka_unit_test_setup_teardown(f, kit_begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(parses_inner_packets),
		T(takes_no_esp_or_ike_from_inside),
		T(lets_only_ourselves_use_our_addresses),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
