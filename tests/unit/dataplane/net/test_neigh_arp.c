/* SPDX-License-Identifier: BSD-3-Clause */
/* test_neigh_arp.c - what is answered, announced and learnt by ARP, and hostile ARP. */
#include "tests/unit/dataplane/net/neighkit.h"

static void answers_for_an_address_on_its_own_port_only(void **state)
{
	(void)state;
	neighkit_arp(1, neighkit_a, LAN_HOST, LAN_US, 0);
	assert_int_equal(nk.n_sent, 1);
	neighkit_expect_arp(0, neighkit_a, 2, LAN_US, LAN_HOST);
	assert_int_equal(nk.n_dropped[DROP_NET_CONSUMED], 1);
	neighkit_clear();
	neighkit_arp(1, neighkit_b, LAN_HOST + 1, WAN_US, 0); /* ours, but not here */
	neighkit_arp(1, neighkit_b, WAN_GW, LAN_US, 1);
	neighkit_arp(1, neighkit_b, LAN_HOST + 1, LAN_HOST + 2, 0); /* somebody else's business */
	assert_int_equal(nk.n_sent, 0);
	assert_int_equal(nk.n_dropped[DROP_NET_ARP], 3);
	assert_false(neighkit_push(LAN_HOST + 1));
}

static void answers_a_probe_without_learning(void **state)
{
	(void)state;
	neighkit_arp(1, neighkit_a, 0, LAN_US, 0);
	assert_int_equal(nk.n_sent, 1);
	neighkit_expect_arp(0, neighkit_a, 2, LAN_US, 0);
	assert_int_equal(nk.table->n_entries, 0);
}

/* Who claims an address of ours, or one that is not on this link, is counted and never learnt. */
static void never_learns_a_spoofed_sender(void **state)
{
	static const uint32_t senders[] = {LAN_US,	 WAN_US,	 WAN_GW, FAR_HOST,
					   LAN_US | 255, LAN_US & ~255u, ~0u,	 IP(127, 0, 0, 1)};

	(void)state;
	for (unsigned int i = 0; i < sizeof(senders) / sizeof(senders[0]); i++) {
		for (unsigned int op = 1; op <= 2; op++) {
			neighkit_arp(op, neighkit_b, senders[i], LAN_US, 0);
			neighkit_arp(op, neighkit_b, senders[i], senders[i], 0); /* gratuitous */
		}
	}
	assert_int_equal(nk.n_sent, 0);
	assert_int_equal(nk.table->n_entries, 0);
	assert_int_equal(nk.n_dropped[DROP_NET_ARP], 4 * sizeof(senders) / sizeof(senders[0]));
}

static void does_not_learn_from_unasked_replies(void **state)
{
	(void)state;
	neighkit_arp(2, neighkit_b, LAN_HOST, LAN_US, 0);
	neighkit_arp(2, neighkit_b, LAN_HOST, LAN_HOST, 0);
	neighkit_arp(1, neighkit_b, LAN_HOST, LAN_HOST, 0);
	assert_int_equal(nk.table->n_entries, 0);
	assert_int_equal(nk.n_dropped[DROP_NET_ARP], 3);
}

static void follows_a_known_host_to_another_mac_but_not_at_once(void **state)
{
	struct rte_mbuf *m;

	(void)state;
	neighkit_arp(1, neighkit_a, LAN_HOST, LAN_US, 0);
	neighkit_arp(1, neighkit_b, LAN_HOST, LAN_HOST, 0); /* within the lock */
	m = neighkit_outgoing(LAN_HOST);
	neighkit_stage(m);
	assert_memory_equal(rte_pktmbuf_mtod(m, void *), neighkit_a, 6);
	rte_pktmbuf_free(m);
	nk.now += NEIGH_LOCK_S * NEIGHKIT_SECOND;
	neighkit_arp(1, neighkit_b, LAN_HOST, LAN_HOST, 0);
	m = neighkit_outgoing(LAN_HOST);
	neighkit_stage(m);
	assert_memory_equal(rte_pktmbuf_mtod(m, void *), neighkit_b, 6);
	rte_pktmbuf_free(m);
}

static void refuses_malformed_arp(void **state)
{
	static const struct {
		unsigned int off, val;
	} bad[] = {{14, 6}, {16, 0x86dd}, {18, 0x0605}, {18, 0x0804}, {20, 0}, {20, 3}, {20, 9}};
	static const uint8_t group[6] = {1, 0, 0, 0, 0, 1}, zero[6];
	struct frame f = {.len = 42};
	struct rte_mbuf *m;
	unsigned int want = 0;

	(void)state;
	memcpy(f.b + 22, neighkit_a, 6);
	put16(f.b + 14, 1);
	put16(f.b + 16, 0x0800);
	put16(f.b + 18, 0x0604);
	put16(f.b + 20, 1);
	put32(f.b + 28, LAN_HOST);
	put32(f.b + 38, LAN_US);
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct frame g = f;

		put16(g.b + bad[i].off, bad[i].val);
		m = harness_mbuf(kit.h, g.b, g.len);
		neigh_arp_input(nk.table, &nk.io, m, nk.now);
		assert_int_equal(nk.n_dropped[DROP_NET_ARP], ++want);
	}
	for (size_t len = 0; len < 42; len++) {
		m = harness_mbuf(kit.h, f.b, f.len); /* the rest lies behind its end */
		rte_pktmbuf_trim(m, (uint16_t)(f.len - len));
		neigh_arp_input(nk.table, &nk.io, m, nk.now);
		assert_int_equal(nk.n_dropped[DROP_NET_ARP], ++want);
	}
	neighkit_arp(1, group, LAN_HOST, LAN_US, 0);
	neighkit_arp(1, zero, LAN_HOST, LAN_US, 0);
	neighkit_arp(1, neighkit_all, LAN_HOST, LAN_US, 0);
	neighkit_arp(1, (const uint8_t *)&ports[0].mac, LAN_HOST, LAN_US, 0);
	assert_int_equal(nk.n_dropped[DROP_NET_ARP], want + 4);
	assert_int_equal(nk.n_sent, 0);
	m = harness_mbuf(kit.h, f.b, f.len);
	neigh_arp_input(nk.table, &nk.io, m, nk.now);
	assert_int_equal(nk.n_sent, 1);
}

static void announces_every_address_on_its_port(void **state)
{
	(void)state;
	neigh_announce(nk.table, &nk.io);
	assert_int_equal(nk.n_sent, 2);
	neighkit_expect_arp(0, neighkit_all, 1, LAN_US, LAN_US);
	neighkit_expect_arp(1, neighkit_all, 1, WAN_US, WAN_US);
	assert_int_equal(pkt_meta(nk.sent[0])->out_port, 0);
	assert_int_equal(pkt_meta(nk.sent[1])->out_port, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, neighkit_begin, neighkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(answers_for_an_address_on_its_own_port_only),
		T(answers_a_probe_without_learning),
		T(never_learns_a_spoofed_sender),
		T(does_not_learn_from_unasked_replies),
		T(follows_a_known_host_to_another_mac_but_not_at_once),
		T(refuses_malformed_arp),
		T(announces_every_address_on_its_port),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
