/* SPDX-License-Identifier: BSD-3-Clause */
/* test_vlan.c - VLANs as ports: tags come off, tags go on, and what belongs to no port is dropped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include <rte_ether.h>
#include <rte_ip.h>

#include "dataplane/net/parse.h"
#include "dataplane/net/port.h"
#include "dataplane/net/vlan.h"
#include "dataplane/pipeline.h"
#include "tests/unit/dataplane/harness.h"

#define LEN 60u /* of a frame without tag */

static struct harness *h;
static char err[256];

static int set_up(void **state)
{
	(void)state;
	h = harness_create(16, 16, 127);
	return h && harness_pipe_create(h) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	harness_pipe_free(h);
	harness_free(h);
	return 0;
}

/* Port 2 is VLAN 100 of port 1, the next hop's side; port 3 VLAN 4094 of port 0. */
static int begin(void **state)
{
	(void)state;
	vlan_close_all();
	harness_ports();
	memset(h->worker_counters, 0, sizeof(*h->worker_counters));
	memset(h->port_counters, 0, sizeof(*h->port_counters) * WORKER_MAX_PORTS * HARNESS_LINES);
	return vlan_open("office", "port1", 100, 1500, err, sizeof(err)) == 0 &&
			       vlan_open("guests", "port0", 4094, 1400, err, sizeof(err)) == 0
		       ? 0
		       : -1;
}

static int end(void **state)
{
	(void)state;
	harness_clear_sent(h);
	vlan_close_all();
	return harness_in_use(h) == 0 ? 0 : -1;
}

/* 192.0.2.9 to 192.168.1.12, to the MAC of ports 1 and 2; tags go between MACs and type. */
static struct rte_mbuf *frame(const uint16_t *tags, unsigned int n_tags)
{
	uint8_t b[LEN + 8] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 2, 0x54};
	unsigned int at = 12;
	struct rte_ipv4_hdr *ip;

	for (unsigned int i = 0; i < n_tags; i++) {
		b[at++] = 0x81;
		b[at++] = 0;
		b[at++] = (uint8_t)(tags[i] >> 8);
		b[at++] = (uint8_t)tags[i];
	}
	b[at++] = 8;
	b[at++] = 0;
	ip = (struct rte_ipv4_hdr *)(b + at);
	ip->version_ihl = 0x45;
	ip->total_length = RTE_BE16(LEN - 14);
	ip->time_to_live = 9;
	ip->next_proto_id = 47;
	ip->src_addr = rte_cpu_to_be_32(HARNESS_IP(192, 0, 2, 9));
	ip->dst_addr = rte_cpu_to_be_32(HARNESS_IP(192, 168, 1, 12));
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	return harness_mbuf(h, b, LEN + 4 * n_tags);
}

/* What parse makes of m when it comes in on a port. */
static struct pkt_meta parsed(struct rte_mbuf *m, uint8_t port)
{
	struct pkt_meta meta;

	parse_burst(&h->worker, port, &m, 1);
	meta = *pkt_meta(m);
	if (meta.verdict == PKT_FORWARD) {
		const uint8_t *eth = rte_pktmbuf_mtod(m, const uint8_t *);

		assert_int_equal(m->data_len, LEN);
		assert_int_equal(meta.l3_off, 14);
		assert_memory_equal(eth, "\x02\0\0\0\0\x02\x02\0\0\0\x02\x54\x08\0\x45", 15);
	}
	rte_pktmbuf_free(m);
	return meta;
}

static void expect_refused(struct rte_mbuf *m, uint8_t port)
{
	struct pkt_meta meta = parsed(m, port);

	assert_int_equal(meta.verdict, PKT_DROP);
	assert_int_equal(meta.reason, DROP_NET_L2);
}

static void a_tagged_frame_comes_in_on_its_own_port(void **state)
{
	const uint16_t tag = 100, with_priority = 0xe000 | 100;

	(void)state;
	assert_int_equal(parsed(frame(&tag, 1), 1).in_port, 2);
	assert_int_equal(parsed(frame(&with_priority, 1), 1).in_port, 2);
	assert_int_equal(parsed(frame(NULL, 0), 1).in_port, 1);
	assert_int_equal(h->port_counters[2].rx_packets, 2);
	assert_int_equal(h->port_counters[2].rx_bytes, 2 * LEN);
}

static void a_tag_that_the_device_took_off_counts_as_well(void **state)
{
	struct rte_mbuf *m = frame(NULL, 0);

	(void)state;
	m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	m->vlan_tci = 0x2000 | 100;
	assert_int_equal(parsed(m, 1).in_port, 2);
	m = frame(NULL, 0);
	m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	m->vlan_tci = 101;
	expect_refused(m, 1);
}

static void a_tag_that_the_device_left_in_is_taken_out(void **state)
{
	const uint16_t tag = 100;
	struct rte_mbuf *m = frame(&tag, 1);

	(void)state;
	m->ol_flags |= RTE_MBUF_F_RX_VLAN;
	m->vlan_tci = 100;
	assert_int_equal(parsed(m, 1).in_port, 2);
}

static void priority_alone_is_no_vlan(void **state)
{
	const uint16_t tag = 0xe000;

	(void)state;
	assert_int_equal(parsed(frame(&tag, 1), 1).in_port, 1);
}

static void vlans_of_no_port_are_refused(void **state)
{
	const uint16_t unknown = 101, of_the_other = 4094, reserved = 4095;

	(void)state;
	expect_refused(frame(&unknown, 1), 1);
	expect_refused(frame(&of_the_other, 1), 1);
	expect_refused(frame(&reserved, 1), 1);
}

static void tags_within_tags_are_refused(void **state)
{
	const uint16_t two[] = {100, 100};
	struct rte_mbuf *m = frame(two, 2);

	(void)state;
	expect_refused(m, 1);
	m = frame(two, 1); /* the outer one was taken off */
	m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	m->vlan_tci = 100;
	expect_refused(m, 1);
	m = frame(NULL, 0);
	m->ol_flags |= RTE_MBUF_F_RX_QINQ | RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	m->vlan_tci = 100;
	expect_refused(m, 1);
}

static void a_tag_alone_is_refused(void **state)
{
	const uint16_t tag = 100;

	(void)state;
	for (uint16_t len = 14; len < 18; len++) {
		struct rte_mbuf *m = frame(&tag, 1);

		rte_pktmbuf_trim(m, (uint16_t)(m->data_len - len));
		expect_refused(m, 1);
	}
}

static void what_others_hold_is_not_written_to(void **state)
{
	const uint16_t tag = 100;
	struct rte_mbuf *m = frame(&tag, 1);
	uint8_t before[LEN + 4];

	(void)state;
	memcpy(before, rte_pktmbuf_mtod(m, void *), sizeof(before));
	rte_mbuf_refcnt_update(m, 1);
	expect_refused(m, 1);
	assert_memory_equal(rte_pktmbuf_mtod(m, void *), before, sizeof(before));
	assert_false(vlan_tag(m, 7) && rte_mbuf_refcnt_read(m) > 1);
	rte_pktmbuf_free(m);
}

static void a_tag_needs_room_in_front(void **state)
{
	struct rte_mbuf *m = frame(NULL, 0);

	(void)state;
	rte_pktmbuf_prepend(m, RTE_PKTMBUF_HEADROOM - 3);
	assert_false(vlan_tag(m, 7));
	rte_pktmbuf_free(m);
}

/* Whole way: from the VLAN to the LAN; and made there, like an answer to ARP, out with its tag. */
static void what_leaves_through_a_vlan_has_its_tag(void **state)
{
	struct rte_mbuf *m = frame(NULL, 0);
	const uint8_t *eth;

	(void)state;
	pkt_meta(m)->verdict = PKT_SLOW; /* finished, as it stands */
	pkt_meta(m)->out_port = 2;
	assert_int_equal(rte_ring_enqueue(h->worker.reply, m), 0);
	n_ports = 0; /* nothing to receive from */
	pipeline_poll(&h->worker);
	assert_int_equal(h->n_sent, 1);
	assert_int_equal(h->sent_port[0], 2);
	eth = rte_pktmbuf_mtod(h->sent[0], const uint8_t *);
	assert_int_equal(h->sent[0]->data_len, LEN + 4);
	assert_memory_equal(eth, "\x02\0\0\0\0\x02\x02\0\0\0\x02\x54\x81\0\0\x64\x08\0\x45", 19);
	assert_int_equal(h->port_counters[2].tx_packets, 1);
}

static void from_a_vlan_to_the_lan(void **state)
{
	const uint16_t tag = 100;
	struct rte_mbuf *m = frame(&tag, 1);

	(void)state;
	pipeline_input(&h->worker, 1, &m, 1);
	assert_int_equal(h->n_sent, 1);
	assert_int_equal(h->sent_port[0], 0);
	assert_int_equal(h->sent[0]->data_len, LEN);
}

static void refuses_what_cannot_be_opened(void **state)
{
	(void)state;
	assert_int_equal(vlan_open("a", "nobody", 5, 1500, err, sizeof(err)), -ENODEV);
	assert_int_equal(vlan_open("a", "office", 5, 1500, err, sizeof(err)), -ENODEV);
	assert_non_null(strstr(err, "VLAN itself"));
	assert_int_equal(vlan_open("a", "port1", 100, 1500, err, sizeof(err)), -EEXIST);
	assert_non_null(strstr(err, "office"));
	assert_int_equal(vlan_open("office", "port1", 101, 1500, err, sizeof(err)), -EEXIST);
	assert_int_equal(vlan_open("a", "port1", 101, 1501, err, sizeof(err)), -EINVAL);
	assert_int_equal(n_ports, 4);
	assert_int_equal(ports[2].vlan, 100);
	assert_int_equal(ports[2].ethdev, ports[1].ethdev);
	assert_int_equal(ports[2].rx_queues, 0);
}

static void reads_devices(void **state)
{
	char parent[ABI_NAME_LEN];
	uint16_t vid;

	(void)state;
	assert_int_equal(vlan_parse("vlan100@wan", &vid, parent), 0);
	assert_int_equal(vid, 100);
	assert_string_equal(parent, "wan");
	assert_int_equal(vlan_parse("vlan4094@a.b", &vid, parent), 0);
	assert_int_equal(vlan_parse("net_tap0,iface=lan0", &vid, parent), -ENOENT);
	assert_int_equal(vlan_parse("vlan0@wan", &vid, parent), -EINVAL);
	assert_int_equal(vlan_parse("vlan4095@wan", &vid, parent), -EINVAL);
	assert_int_equal(vlan_parse("vlan99999999999999999999@wan", &vid, parent), -EINVAL);
	assert_int_equal(vlan_parse("vlan12", &vid, parent), -EINVAL);
	assert_int_equal(vlan_parse("vlan12@", &vid, parent), -EINVAL);
	assert_int_equal(vlan_parse("vlan-12@wan", &vid, parent), -EINVAL);
	assert_int_equal(vlan_parse("vlan12.3@wan", &vid, parent), -EINVAL);
	assert_int_equal(vlan_parse("vlan12@a_name_that_is_longer_than_any_may_be", &vid, parent),
			 -EINVAL);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_tagged_frame_comes_in_on_its_own_port),
		CASE(a_tag_that_the_device_took_off_counts_as_well),
		CASE(a_tag_that_the_device_left_in_is_taken_out),
		CASE(priority_alone_is_no_vlan),
		CASE(vlans_of_no_port_are_refused),
		CASE(tags_within_tags_are_refused),
		CASE(a_tag_alone_is_refused),
		CASE(what_others_hold_is_not_written_to),
		CASE(a_tag_needs_room_in_front),
		CASE(what_leaves_through_a_vlan_has_its_tag),
		CASE(from_a_vlan_to_the_lan),
		CASE(refuses_what_cannot_be_opened),
		CASE(reads_devices),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
