/* SPDX-License-Identifier: BSD-3-Clause */
/* test_port.c - devices that need no privilege: opened, refused with a reason, closed, opened
 * again.
 */
#include "tests/unit/dataplane/net/netkit.h"

#include <errno.h>
#include <stdio.h>

#include <rte_ethdev.h>

static char err[256];

static int open_port(const char *name, const char *devargs, uint16_t mtu, uint16_t workers)
{
	err[0] = '\0';
	return port_open(name, devargs, mtu, workers, kit.h->pool, err, sizeof(err));
}

static int begin(void **state)
{
	n_ports = 0;
	memset(ports, 0, sizeof(ports));
	return kit_begin(state);
}

static int end(void **state)
{
	port_close_all();
	return rte_eth_dev_count_avail() == 0 ? kit_end(state) : -1;
}

static void assert_err(const char *part)
{
	if (strstr(err, part) == NULL)
		fail_msg("'%s' does not say '%s'", err, part);
}

static void opens_a_device_with_a_queue_per_worker(void **state)
{
	struct rte_mbuf *pkts[32];

	(void)state;
	assert_int_equal(open_port("lan", "net_null0", 0, 3), 0);
	assert_int_equal(n_ports, 1);
	assert_string_equal(ports[0].name, "lan");
	assert_int_equal(ports[0].mtu, 1500);
	assert_int_equal(ports[0].rx_queues, 3);
	assert_int_equal(ports[0].tx_queues, 3);
	assert_int_equal(ports[0].full, port_full_burst(0)); /* it does not say how long they are */
	for (uint16_t q = 0; q < 3; q++) {
		uint16_t n = rte_eth_rx_burst(ports[0].ethdev, q, pkts, 32);

		assert_int_equal(n, 32); /* the null device makes packets */
		assert_int_equal(rte_eth_tx_burst(ports[0].ethdev, q, pkts, n), n);
	}
}

static void knows_when_a_queue_was_full(void **state)
{
	(void)state;
	assert_int_equal(port_full_burst(0), 224);
	assert_int_equal(port_full_burst(1), 1);
	assert_int_equal(port_full_burst(64), 56);
	assert_int_equal(port_full_burst(256), 224);
	assert_int_equal(port_full_burst(512), WORKER_BURST);
	assert_int_equal(port_full_burst(PORT_RX_DESCRIPTORS), WORKER_BURST);
	assert_int_equal(port_full_burst(UINT16_MAX), WORKER_BURST);
}

static void opens_many_and_again_after_closing(void **state)
{
	char name[16], dev[16];

	(void)state;
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < 4; i++) {
			snprintf(name, sizeof(name), "p%u", i);
			snprintf(dev, sizeof(dev), "net_null%u", i);
			assert_int_equal(open_port(name, dev, 1400, 1), 0);
			assert_int_equal(ports[i].mtu, 1400);
		}
		assert_int_equal(n_ports, 4);
		port_close_all();
		assert_int_equal(n_ports, 0);
		assert_int_equal(rte_eth_dev_count_avail(), 0);
	}
}

static void carries_packets_through_a_ring_device(void **state)
{
	struct frame f = frame_udp(LAN_HOST, FAR_HOST, 1, 2, "over the ring", 13);
	struct rte_mbuf *m = harness_mbuf(kit.h, f.b, f.len), *got[4];

	(void)state;
	assert_int_equal(open_port("loop", "net_ring0", 1500, 1), 0);
	assert_int_equal(rte_eth_tx_burst(ports[0].ethdev, 0, &m, 1), 1);
	assert_int_equal(rte_eth_rx_burst(ports[0].ethdev, 0, got, 4), 1);
	assert_memory_equal(rte_pktmbuf_mtod(got[0], void *), f.b, f.len);
	rte_pktmbuf_free(got[0]);
}

static void sees_links_change(void **state)
{
	(void)state;
	assert_int_equal(open_port("loop", "net_ring0", 1500, 1), 0);
	assert_true(ports[0].link_up);
	assert_false(port_poll_links());
	assert_int_equal(rte_eth_dev_set_link_down(ports[0].ethdev), 0);
	assert_true(port_poll_links());
	assert_false(ports[0].link_up);
	assert_false(port_poll_links());
	assert_int_equal(rte_eth_dev_set_link_up(ports[0].ethdev), 0);
	assert_true(port_poll_links());
	assert_true(ports[0].link_up);
}

static void says_which_device_is_missing(void **state)
{
	(void)state;
	assert_true(open_port("wan", "net_nosuch0", 0, 1) < 0);
	assert_err("'net_nosuch0'");
	assert_int_equal(open_port("wan", "net_af_packet0,iface=espgw-none", 0, 1), -ENODEV);
	assert_err("no interface 'espgw-none'");
	assert_int_equal(open_port("wan", "net_af_packet0", 0, 1), -EINVAL);
	assert_err("iface=");
	assert_true(open_port("wan", "0000:ff:1f.7", 0, 1) < 0);
	assert_err("'0000:ff:1f.7'");
	assert_true(open_port("wan", "", 0, 1) < 0);
	assert_int_equal(n_ports, 0);
}

static void refuses_a_name_or_device_twice(void **state)
{
	(void)state;
	assert_int_equal(open_port("lan", "net_null0", 0, 1), 0);
	assert_int_equal(open_port("lan", "net_null1", 0, 1), -EEXIST);
	assert_err("'lan'");
	assert_int_equal(open_port("wan", "net_null0", 0, 1), -EEXIST);
	assert_err("port 'lan' already");
	assert_int_equal(n_ports, 1);
	assert_int_equal(rte_eth_dev_count_avail(), 1);
}

static void refuses_bad_names(void **state)
{
	char name[ABI_NAME_LEN + 1];

	(void)state;
	memset(name, 'x', ABI_NAME_LEN);
	name[ABI_NAME_LEN] = '\0';
	assert_int_equal(open_port(name, "net_null0", 0, 1), -EINVAL);
	assert_int_equal(open_port("", "net_null0", 0, 1), -EINVAL);
	assert_int_equal(open_port(name + 1, "net_null0", 0, 1), 0);
}

static void refuses_mtus_that_do_not_fit(void **state)
{
	(void)state;
	assert_int_equal(open_port("lan", "net_null0", 67, 1), -EINVAL);
	assert_err("MTU 67");
	assert_int_equal(open_port("lan", "net_null0", 9000, 1), -EINVAL);
	assert_err("buffers");
	assert_int_equal(rte_eth_dev_count_avail(), 0);
	assert_int_equal(open_port("lan", "net_null0", 68, 1), 0);
}

static void refuses_workers_the_device_has_no_queues_for(void **state)
{
	(void)state;
	assert_int_equal(open_port("loop", "net_ring0", 0, 100), -EINVAL);
	assert_err("transmit queues");
	assert_int_equal(rte_eth_dev_count_avail(), 0);
}

static void refuses_more_ports_than_there_is_room_for(void **state)
{
	char name[16], dev[16];

	(void)state;
	for (unsigned int i = 0; i <= WORKER_MAX_PORTS; i++) {
		int rc;

		snprintf(name, sizeof(name), "p%u", i);
		snprintf(dev, sizeof(dev), "net_null%u", i);
		rc = open_port(name, dev, 0, 1);
		assert_int_equal(rc, i < WORKER_MAX_PORTS ? 0 : -ENOSPC);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(opens_a_device_with_a_queue_per_worker),
		T(knows_when_a_queue_was_full),
		T(opens_many_and_again_after_closing),
		T(carries_packets_through_a_ring_device),
		T(sees_links_change),
		T(says_which_device_is_missing),
		T(refuses_a_name_or_device_twice),
		T(refuses_bad_names),
		T(refuses_mtus_that_do_not_fit),
		T(refuses_workers_the_device_has_no_queues_for),
		T(refuses_more_ports_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
