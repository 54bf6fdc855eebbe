/* SPDX-License-Identifier: BSD-3-Clause */
/* test_esp_shape_way.c - packets of every shape that know their way when they are built, and those
 * that have to ask. */
#include "dataplane/ipsec/warm.h"
#include "dataplane/net/neigh_table.h"
#include "tests/unit/dataplane/ipsec/outtwin.h"

static void bursts_know_it_as_single_packets_do(void **state)
{
	(void)state;
	outtwin_know_gateways();
	for (unsigned int i = 0; i < 8; i++) {
		twins.among_others = i >= 4;
		twins.sends = 0;
		outtwin_compare_sas(i & 2 ? "aes128gcm" : "aes128+sha1", outtwin_shape(i & 1),
				    NETS);
		outtwin_compare_sas("aes256+sha256", outtwin_shape(2 | (i & 1)), NETS);
		assert_in_range(twins.sends, 4 * ROUNDS * WORKER_BURST / 8, UINT32_MAX);
	}
	twins.among_others = false;
	outtwin_forget_gateways();
}

/* All of n plain packets: how many of them know their way. */
static unsigned int count_sends(struct shape s, bool inner6, uint16_t n)
{
	unsigned int known_by_all;

	twins.six = inner6;
	twins.sends = 0;
	outtwin_add("aes128+sha1", s, NETS);
	outtwin_compare(n, UINT32_MAX, NULL);
	outtwin_remove();
	known_by_all = twins.sends;
	return known_by_all;
}

static void all_know_the_way_or_none_does(void **state)
{
	(void)state;
	for (unsigned int k = 0; k < 8; k++) {
		const struct shape s = outtwin_shape(k & 3);
		struct neigh **t = s.outer6 ? &kit.h->tables.neigh6 : &kit.h->tables.neigh, *had;

		assert_int_equal(count_sends(s, (k & 4) != 0, 40), 0);
		outtwin_know_gateways();
		assert_int_equal(count_sends(s, (k & 4) != 0, 40), 80);
		had = *t; /* that of the other family does not help */
		*t = NULL;
		assert_int_equal(count_sends(s, (k & 4) != 0, 40), 0);
		*t = had;
		outtwin_forget_gateways();
	}
}

static void transport_mode_asks_for_its_way(void **state)
{
	struct shape s = {.outer6 = true, .transport = true};
	struct frame f = frame6_udp(wan6_us, peer6, 4000, 53, 100);
	uint8_t text[ESPKIT_MAX_INNER];
	struct reference_esp e;
	struct rte_mbuf *m[2];

	(void)state;
	outtwin_know_gateways();
	shapekit_pair("aes128+sha1", s);
	for (unsigned int i = 0; i < 2; i++) {
		m[i] = harness_mbuf(kit.h, f.b, f.len);
		*pkt_meta(m[i]) = (struct pkt_meta){.verdict = PKT_FORWARD,
						    .flags = PKT_F_ORIGIN | PKT_F_IPV6,
						    .proto = 17,
						    .l3_off = ETH,
						    .l4_off = ETH + 40,
						    .ip_len = (uint16_t)(f.len - ETH),
						    .src_port = 4000,
						    .dst_port = 53,
						    .sa_slot = OUT_SLOT};
	}
	esp_out_burst(kit.w, m, 2);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(pkt_meta(m[i])->verdict, PKT_FORWARD);
		assert_int_equal(shapekit_open(m[i], &e, text), 108);
		assert_int_equal(e.next_header, 17);
	}
	rte_pktmbuf_free_bulk(m, 2);
	outtwin_forget_gateways();
}

/* The port carries less than the SA: those of a run all ask, as the large ones must. */
static void a_smaller_port_is_asked_about_each(void **state)
{
	(void)state;
	outtwin_know_gateways();
	for (unsigned int k = 0; k < 4; k++) {
		uint32_t outer;

		twins.six = (k & 2) != 0;
		outtwin_add("aes128+sha1", outtwin_shape(k & 1), NETS);
		outer = (outtwin_shape(k & 1).outer6 ? 48 : 28) + 16 + 12 + outtwin_mtu() + 2;
		ports[1].mtu = (uint16_t)outer;
		twins.sends = 0;
		outtwin_compare(40, UINT32_MAX, NULL);
		assert_int_equal(twins.sends, 80);
		ports[1].mtu = (uint16_t)(outer - 1);
		twins.sends = 0;
		outtwin_compare(40, UINT32_MAX, NULL);
		assert_in_range(twins.sends, 0, 40);
		ports[1].mtu = 1500;
		outtwin_remove();
	}
	outtwin_forget_gateways();
}

static const struct rte_ether_addr host_mac = {{2, 0, 0, 0, 2, 0x77}};

/* In place of that in the slot: between IPv6 addresses or not, to the peer or to a host of ours. */
static void put_sa(uint32_t slot, bool outer6, bool to_host, bool transport)
{
	static const uint8_t host[ADDR6] = {0x20, 1, 0xd, 0xb8, 0, 1, [15] = 0x77};
	struct abi_sa_add c;

	twins.sa[slot - RUN] = (struct twin_sa){.suite = "aes128+sha1",
						.shape = {.outer6 = outer6, .transport = transport},
						.selectors = transport ? NETS : SIX};
	espkit_remove(slot);
	c = outtwin_sa(slot);
	if (to_host && outer6) {
		memcpy(c.remote.bytes, host, ADDR6);
		neigh_table_insert(kit.h->tables.neigh6, 1, neigh_key6(host), NEIGH_KNOWN,
				   &host_mac);
	} else if (to_host) {
		c.remote = abi4(WAN_GW + 0x76);
		neigh_table_insert(kit.h->tables.neigh, 1, neigh_key4(WAN_GW + 0x76), NEIGH_KNOWN,
				   &host_mac);
	}
	espkit_add(&c);
}

/* Two packets of one SA and two of another in turn, n of them. What is not certain to go the way of
 * the first is routed by itself, where a burst is large enough to be one of many SAs. */
static void expect_own_ways(const uint32_t slot[2], uint16_t n)
{
	struct frame f = shapekit_inner(true, true, 100);
	bool many = n >= WARM_LEAST && slot[0] != slot[1];
	struct rte_mbuf *m[WORKER_BURST];

	for (unsigned int i = 0; i < n; i++)
		m[i] = outtwin_packet(&f, PLAIN, slot[i / 2 % 2], 0);
	esp_out_burst(kit.w, m, n);
	for (unsigned int i = 0; i < n; i++) {
		const uint8_t *ether = rte_pktmbuf_mtod(m[i], const uint8_t *);
		uint32_t which = slot[i / 2 % 2] - RUN;

		if (many && i / 2 % 2 != 0) {
			assert_int_equal(pkt_meta(m[i])->verdict, PKT_FORWARD);
			continue;
		}
		assert_int_equal(pkt_meta(m[i])->verdict, PKT_SEND);
		assert_memory_equal(ether, which & 2 ? &host_mac : &outtwin_gateway, 6);
		assert_int_equal(get16(ether + 12), twins.sa[which].shape.outer6 ? 0x86dd : 0x0800);
	}
	rte_pktmbuf_free_bulk(m, n);
}

/* Several peers in one burst: each its own, in whichever order they come. */
static void ways_are_not_mixed_up(void **state)
{
	(void)state;
	outtwin_know_gateways();
	for (unsigned int k = 0; k < 4; k++)
		put_sa(RUN + k, (k & 1) != 0, (k & 2) != 0, false);
	for (unsigned int k = 0; k < 16; k++) {
		const uint32_t slot[] = {RUN + k / 4, RUN + k % 4};

		expect_own_ways(slot, WARM_LEAST - 2);
		expect_own_ways(slot, WARM_LEAST);
	}
	outtwin_forget_gateways();
}

/* Nor where the address of one begins like that of the other, which is of another family. */
static void families_are_not_mixed_up(void **state)
{
	const uint32_t slot[2][2] = {{RUN, RUN + 1}, {RUN + 1, RUN}};
	struct abi_sa_add c;

	(void)state;
	outtwin_know_gateways();
	put_sa(RUN, false, false, false);
	put_sa(RUN + 1, true, false, false);
	for (unsigned int k = 0; k < 2; k++) {
		espkit_remove(RUN);
		c = outtwin_sa(RUN);
		c.remote = abi4(IP(0x20, 1, 0xd, 0xb8)); /* 2001:db8::, as peer6 is */
		espkit_add(&c);
		espkit_remove(RUN + 1);
		c = outtwin_sa(RUN + 1);
		memset(c.remote.bytes + 4, 0, ADDR6 - 4);
		espkit_add(&c);
		expect_own_ways(slot[k], WARM_LEAST);
	}
	outtwin_forget_gateways();
}

/* Nor where one bit of the address is another. */
static void nor_are_neighbouring_peers(void **state)
{
	const uint32_t slot[] = {RUN, RUN + 1};
	struct abi_sa_add c;

	(void)state;
	outtwin_know_gateways();
	for (unsigned int bit = 0; bit < 128 + 32; bit++) {
		bool six = bit < 128;
		unsigned int at = six ? bit : bit - 128;

		if (six && at / 8 < 2) /* that is no address of a peer */
			continue;
		put_sa(RUN, six, false, false);
		put_sa(RUN + 1, six, false, false);
		espkit_remove(RUN + 1);
		c = outtwin_sa(RUN + 1);
		c.remote.bytes[at / 8] ^= (uint8_t)(1u << at % 8);
		if (espkit_try_add(&c) != ABI_OK)
			continue;
		expect_own_ways(slot, WARM_LEAST);
		espkit_remove(RUN + 1);
	}
	outtwin_forget_gateways();
}

/* The same peer's SA in transport mode says nothing about it. */
static void nor_is_that_of_transport_mode_taken_for_one(void **state)
{
	struct frame f = shapekit_inner(true, true, 100);
	struct rte_mbuf *m[4];

	(void)state;
	outtwin_know_gateways();
	for (unsigned int k = 0; k < 2; k++) {
		put_sa(RUN, k != 0, false, true);
		put_sa(RUN + 1, k != 0, false, false);
		for (unsigned int i = 0; i < 4; i++)
			m[i] = outtwin_packet(&f, PLAIN, i < 2 ? RUN : RUN + 1, 0);
		esp_out_burst(kit.w, m, 4);
		for (unsigned int i = 0; i < 4; i++)
			assert_int_equal(pkt_meta(m[i])->verdict, i < 2 ? PKT_DROP : PKT_SEND);
		rte_pktmbuf_free_bulk(m, 4);
	}
	outtwin_forget_gateways();
}

/* Nor that of an SA that is of no use any more, which is not looked for. */
static void nor_is_that_of_an_expired_sa(void **state)
{
	struct frame f = shapekit_inner(true, true, 100);
	struct rte_mbuf *m[4];

	(void)state;
	for (unsigned int k = 0; k < 2; k++) {
		outtwin_know_gateways();
		put_sa(RUN, k != 0, false, false);
		put_sa(RUN + 1, k != 0, false, false);
		for (unsigned int round = 0; round < 2; round++) {
			for (unsigned int i = 0; i < 4; i++)
				m[i] = outtwin_packet(&f, PLAIN, i < 2 ? RUN : RUN + 1, 0);
			esp_out_burst(kit.w, m, 4);
			for (unsigned int i = 0; i < 4; i++)
				assert_int_equal(pkt_meta(m[i])->verdict, round == 0 ? PKT_SEND
									  : i < 2    ? PKT_DROP
										     : PKT_FORWARD);
			rte_pktmbuf_free_bulk(m, 4);
			if (round == 0)
				outtwin_forget_gateways();
			sad_slot(esp.sad, RUN)->state = SA_EXPIRED;
		}
		sad_slot(esp.sad, RUN)->state = SA_LIVE;
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, outtwin_begin, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(bursts_know_it_as_single_packets_do),
		CASE(all_know_the_way_or_none_does),
		CASE(transport_mode_asks_for_its_way),
		CASE(a_smaller_port_is_asked_about_each),
		CASE(ways_are_not_mixed_up),
		CASE(families_are_not_mixed_up),
		CASE(nor_are_neighbouring_peers),
		CASE(nor_is_that_of_transport_mode_taken_for_one),
		CASE(nor_is_that_of_an_expired_sa),
	};

	return cmocka_run_group_tests(tests, shapekit_setup, shapekit_teardown);
}
