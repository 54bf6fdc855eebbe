/* SPDX-License-Identifier: BSD-3-Clause */
/* test_slow_reply.c - what the manager gives worker 0 to send: what waited for a neighbour, and who
 * has room in the ring when it is short. */
#include "tests/unit/dataplane/slowkit.h"

#include "dataplane/net/port.h"

/* A packet for 192.0.2.9, whom nobody knows. */
static void push_for_neighbour(uint8_t flags)
{
	static const uint8_t packet[60] = {[12] = 8, [14] = 0x45};
	struct rte_mbuf *m = harness_mbuf(f->h, packet, sizeof(packet));

	*pkt_meta(m) = (struct pkt_meta){.reason = PKT_SLOW_NEIGH,
					 .verdict = PKT_SLOW,
					 .flags = flags,
					 .proto = 17,
					 .l3_off = 14,
					 .out_port = 1,
					 .next_hop = 0xc0000209,
					 .sa_slot = PKT_NO_SA};
	assert_int_equal(rte_ring_enqueue(slow, m), 0);
}

static const uint8_t its_mac[6] = {2, 0, 0, 0, 9, 9};

/* It answers us, or asks for us. */
static void push_arp(uint8_t op)
{
	uint8_t arp[42] = {[12] = 8, [13] = 6, [15] = 1, [16] = 8, [18] = 6, [19] = 4, [21] = op};
	struct rte_mbuf *m;

	memcpy(arp, &ports[1].mac, 6);
	memcpy(arp + 6, its_mac, 6);
	memcpy(arp + 22, its_mac, 6);
	memcpy(arp + 28, "\xc0\x00\x02\x09", 4);
	memcpy(arp + 32, &ports[1].mac, 6);
	memcpy(arp + 38, "\xc0\x00\x02\x01", 4);
	m = harness_mbuf(f->h, arp, sizeof(arp));
	pkt_meta(m)->reason = PKT_SLOW_ARP;
	pkt_meta(m)->l3_off = 14;
	pkt_meta(m)->in_port = 1;
	assert_int_equal(rte_ring_enqueue(slow, m), 0);
}

static void holds_packets_of_an_unknown_neighbour_until_it_answers(void **state)
{
	struct rte_mbuf *m = NULL;

	(void)state;
	push_for_neighbour(0);
	fixture_tick(f, 1);
	assert_int_equal(rte_ring_count(reply), 1); /* the question */
	empty(reply);
	push_arp(2);
	fixture_tick(f, 1);
	assert_int_equal(rte_ring_dequeue(reply, (void **)&m), 0);
	assert_int_equal(pkt_meta(m)->verdict, PKT_SLOW); /* sent as it stands */
	assert_memory_equal(rte_pktmbuf_mtod(m, uint8_t *), its_mac, 6);
	rte_pktmbuf_free(m);
}

static void fill_reply(void)
{
	for (unsigned int i = 0; i < 2000; i++)
		slow_reply(&f->manager, harness_mbuf(f->h, "x", 1), PKT_FORWARD);
}

/* Held packets come in bulk when their SA does, and answers to ARP as often as anybody asks. */
static void keeps_room_for_ike_in_the_reply_ring(void **state)
{
	struct abi_packet p = datagram(10);

	(void)state;
	fill_reply();
	assert_in_range(rte_ring_free_count(reply), 100, 200);
	for (unsigned int i = 0; i < 200; i++)
		slow_reply(&f->manager, harness_mbuf(f->h, "x", 1), PKT_SLOW);
	assert_in_range(rte_ring_free_count(reply), 50, 100);
	assert_int_equal(abi_ring_put(&f->inject, &p, p.msg.length), 0);
	fixture_tick(f, 1);
	assert_int_equal(drops(DROP_NET_SLOW_FULL), 2200 - rte_ring_count(reply) + 1);
	empty(reply);
	assert_int_equal(harness_in_use(f->h), 0);
}

/* Data that waited for its neighbour is data still, IKE is IKE, and ARP is answered. */
static void keeps_room_for_arp_whatever_waited_for_a_neighbour(void **state)
{
	unsigned int room;

	(void)state;
	for (unsigned int i = 0; i < 10; i++)
		push_for_neighbour(i == 5 ? PKT_F_ORIGIN : 0);
	fixture_tick(f, 1);
	fill_reply();
	room = rte_ring_free_count(reply);
	push_arp(2);
	fixture_tick(f, 1);
	assert_int_equal(rte_ring_free_count(reply), room - 1); /* IKE */
	push_for_neighbour(0);					/* who is known now */
	fixture_tick(f, 1);
	assert_int_equal(rte_ring_free_count(reply), room - 1);
	push_arp(1);
	fixture_tick(f, 1);
	assert_int_equal(rte_ring_free_count(reply), room - 2);
	empty(reply);
	assert_int_equal(harness_in_use(f->h), 0);
}

/* And when ARP has taken its own part. */
static void ike_that_waited_for_a_neighbour_has_the_room_of_ike(void **state)
{
	unsigned int room;

	(void)state;
	push_for_neighbour(PKT_F_ORIGIN);
	fixture_tick(f, 1);
	fill_reply();
	for (unsigned int i = 0; i < 200; i++)
		slow_reply(&f->manager, harness_mbuf(f->h, "x", 1), PKT_SLOW);
	room = rte_ring_free_count(reply);
	push_arp(2);
	fixture_tick(f, 1);
	assert_int_equal(rte_ring_free_count(reply), room - 1);
	empty(reply);
}

static void loses_nothing_when_the_reply_ring_is_full(void **state)
{
	unsigned int before, room = rte_ring_free_count(reply);

	(void)state;
	while (rte_ring_free_count(reply) > 1)
		assert_int_equal(rte_ring_enqueue(reply, harness_mbuf(f->h, "x", 1)), 0);
	before = harness_in_use(f->h);
	for (int i = 0; i < 3; i++) {
		struct abi_packet p = datagram(10);

		assert_int_equal(abi_ring_put(&f->inject, &p, p.msg.length), 0);
	}
	fixture_tick(f, 1);
	assert_true(room > 100);
	assert_int_equal(drops(DROP_NET_SLOW_FULL), 2);
	assert_int_equal(harness_in_use(f->h), before + 1);
}

int main(void)
{
#define WITH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH(holds_packets_of_an_unknown_neighbour_until_it_answers),
		WITH(keeps_room_for_ike_in_the_reply_ring),
		WITH(keeps_room_for_arp_whatever_waited_for_a_neighbour),
		WITH(ike_that_waited_for_a_neighbour_has_the_room_of_ike),
		WITH(loses_nothing_when_the_reply_ring_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
