/* SPDX-License-Identifier: BSD-3-Clause */
/* test_slow.c - what workers hand to the manager: packets without SA, ARP, unknown neighbours, IKE;
 * and IKE on its way out. Every packet is accounted for. */
#include "tests/unit/dataplane/slowkit.h"

#include <rte_byteorder.h>
#include <rte_ip.h>

#include "dataplane/ipsec/sad.h"
#include "dataplane/known.h"

#define PUNT_SLOTS 4u /* of the fixture */

/* These two of RouterOS's counters are the manager's; test_counters.c provokes the others. */
static void expect_only(enum drop_reason why, uint64_t n)
{
	for (unsigned int i = 0; i < ABI_DROP_SLOTS; i++) {
		assert_int_equal(drops(i), i == why ? n : 0);
		assert_int_equal(f->workers[0]->counters->drops[i], 0);
	}
}

/* A packet of 10.1.0.1 to 10.2.0.1 as spd_out leaves it when its policy has no SA. */
static void push_acquire(uint32_t index)
{
	static const uint8_t frame[64] = {[12] = 8, [14] = 0x45};
	struct rte_mbuf *m = harness_mbuf(f->h, frame, sizeof(frame));

	*pkt_meta(m) = (struct pkt_meta){.verdict = PKT_SLOW,
					 .reason = PKT_SLOW_ACQUIRE,
					 .proto = 17,
					 .l3_off = 14,
					 .src = 0x0a010001,
					 .dst = 0x0a020001,
					 .src_port = 1234,
					 .dst_port = 53,
					 .sa_slot = index};
	assert_int_equal(rte_ring_enqueue(slow, m), 0);
}

static void asks_for_an_sa_once_and_releases_when_it_is_there(void **state)
{
	struct abi_sa_add sa = fixture_sa(1, ABI_DIR_OUT, 7);
	struct abi_ev_acquire ev;
	struct rte_mbuf *m = NULL;
	uint32_t index;

	(void)state;
	fixture_policy(f, 7);
	index = policies_index(&f->manager.policies, 7);
	for (int i = 0; i < 5; i++)
		push_acquire(index);
	fixture_tick(f, 1);
	assert_true(fixture_event(f, ABI_EV_ACQUIRE, &ev, sizeof(ev)));
	assert_int_equal(ev.policy_id, 7);
	assert_int_equal(ev.protocol, 17);
	assert_int_equal(ev.dst_port, 53);
	assert_memory_equal(ev.src.bytes, "\x0a\x01\x00\x01", 4);
	assert_false(fixture_event(f, ABI_EV_ACQUIRE, &ev, sizeof(ev)));
	assert_int_equal(f->manager.hold.n, 5);
	assert_int_equal(rte_ring_count(reply), 0);
	assert_int_equal(fixture_ask(f, &sa, ABI_CMD_SA_ADD, sizeof(sa), NULL), ABI_OK);
	assert_int_equal(rte_ring_count(reply), 5);
	assert_int_equal(rte_ring_dequeue(reply, (void **)&m), 0);
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	assert_int_equal(pkt_meta(m)->sa_slot, PKT_NO_SA);
	rte_pktmbuf_free(m);
	empty(reply);
	assert_int_equal(harness_in_use(f->h), 0);
}

/* A command as the ring hands it over, without the tick that follows. */
static void run_command(void *record, uint16_t type, size_t len)
{
	*(struct abi_msg *)record = (struct abi_msg){type, (uint16_t)len, 1000};
	command_run(&f->manager, record, len);
}

/* Every other command of that tick would be time for newer packets to pass. */
static void releases_with_the_command_that_brings_the_sa(void **state)
{
	struct abi_sa_add sa = fixture_sa(1, ABI_DIR_OUT, 7);
	struct abi_sa_update update = {.slot = sa.slot, .spi = sa.spi, .what = ABI_SA_UPD_CURRENT};
	struct rte_mbuf *m = NULL;

	(void)state;
	fixture_policy(f, 7);
	sa.flags &= (uint8_t)~ABI_SA_F_CURRENT;
	for (unsigned int i = 0; i < 3; i++)
		push_acquire(policies_index(&f->manager.policies, 7));
	fixture_tick(f, 1);
	run_command(&sa, ABI_CMD_SA_ADD, sizeof(sa)); /* not to be used yet */
	assert_int_equal(rte_ring_count(reply), 0);
	assert_int_equal(f->manager.hold.n, 3);
	run_command(&update, ABI_CMD_SA_UPDATE, sizeof(update));
	assert_int_equal(rte_ring_count(reply), 3);
	assert_int_equal(f->manager.hold.n, 0);
	empty(reply);
	/* and with the one that brings it current */
	sa = fixture_sa(2, ABI_DIR_OUT, 7);
	push_acquire(policies_index(&f->manager.policies, 7));
	slow_poll(&f->manager);
	assert_int_equal(f->manager.hold.n, 1);
	run_command(&sa, ABI_CMD_SA_ADD, sizeof(sa));
	assert_int_equal(rte_ring_dequeue(reply, (void **)&m), 0);
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	rte_pktmbuf_free(m);
	assert_int_equal(harness_in_use(f->h), 0);
}

/* An inbound SA is nothing that they could leave through, nor is one of another policy. */
static void holds_on_when_another_sa_comes(void **state)
{
	struct abi_sa_add in = fixture_sa(1, ABI_DIR_IN, 7);
	struct abi_sa_add other = fixture_sa(2, ABI_DIR_OUT, 8);

	(void)state;
	assert_int_equal(fixture_policies(f, 7, 2), ABI_OK);
	push_acquire(policies_index(&f->manager.policies, 7));
	fixture_tick(f, 1);
	assert_int_equal(fixture_ask(f, &in, ABI_CMD_SA_ADD, sizeof(in), NULL), ABI_OK);
	assert_int_equal(f->manager.hold.n, 1);
	assert_int_equal(fixture_ask(f, &other, ABI_CMD_SA_ADD, sizeof(other), NULL), ABI_OK);
	assert_int_equal(f->manager.hold.n, 1);
	assert_int_equal(rte_ring_count(reply), 0);
}

/* A router's word about packet seq of that SA, as a worker hands it on. */
static void push_too_big(uint32_t spi, uint32_t seq, uint16_t mtu)
{
	uint8_t frame[14 + 20 + 8 + 28] = {[12] = 8,
					   [14] = 0x45,
					   [34] = 3,
					   [35] = 4,
					   [40] = (uint8_t)(mtu >> 8),
					   [41] = (uint8_t)mtu,
					   [42] = 0x45,
					   [51] = 50,
					   [54] = 192,
					   [56] = 2,
					   [57] = 1,
					   [58] = 192,
					   [60] = 2,
					   [61] = 2};
	const rte_be32_t esp[2] = {rte_cpu_to_be_32(spi), rte_cpu_to_be_32(seq)};
	struct rte_mbuf *m;
	uint16_t sum;

	memcpy(frame + 62, esp, sizeof(esp));
	sum = (uint16_t)~rte_raw_cksum(frame + 34, sizeof(frame) - 34);
	memcpy(frame + 36, &sum, sizeof(sum));
	m = harness_mbuf(f->h, frame, sizeof(frame));
	*pkt_meta(m) = (struct pkt_meta){.verdict = PKT_SLOW,
					 .reason = PKT_SLOW_PMTU,
					 .proto = 1,
					 .l3_off = 14,
					 .l4_off = 34,
					 .ip_len = sizeof(frame) - 14,
					 .dst = 0xc0000201,
					 .src_port = 0x0304,
					 .sa_slot = PKT_NO_SA};
	assert_int_equal(rte_ring_enqueue(slow, m), 0);
}

static void a_narrow_path_narrows_the_sa(void **state)
{
	struct abi_sa_add add = fixture_sa(1, ABI_DIR_OUT, 7);
	struct sa *sa;
	uint32_t before;

	(void)state;
	fixture_policy(f, 7);
	assert_int_equal(fixture_ask(f, &add, ABI_CMD_SA_ADD, sizeof(add), NULL), ABI_OK);
	sa = sad_slot(f->h->tables.sad, 1);
	fixture_tick(f, 10000000);
	before = sa->mtu;
	sa->seq = 10;
	push_too_big(add.spi, 11, 1400);
	push_too_big(add.spi + 1, 10, 1400);
	fixture_tick(f, 10000000);
	assert_int_equal(sa->mtu, before);
	assert_int_equal(drops(DROP_NET_PMTU), 2);
	push_too_big(add.spi, 10, 1300);
	fixture_tick(f, 10000000);
	fixture_tick(f, 10000000);
	assert_int_equal(drops(DROP_NET_PMTU), 2);
	assert_in_range(sa->mtu, before - 216, before - 192);
	/* It holds for ten minutes. */
	fixture_tick(f, 599000000000);
	assert_in_range(sa->mtu, before - 216, before - 192);
	fixture_tick(f, 2000000000);
	assert_int_equal(sa->mtu, before);
	assert_int_equal(harness_in_use(f->h), 0);
}

static void drops_held_packets_with_their_policy(void **state)
{
	(void)state;
	fixture_policy(f, 7);
	push_acquire(policies_index(&f->manager.policies, 7));
	fixture_tick(f, 1);
	fixture_policy(f, 8);
	expect_only(DROP_OUT_POLICY_DEAD, 1);
	/* and one that was still in the ring, or names an index that never was */
	push_acquire(FIXTURE_POLICIES - 1);
	push_acquire(FIXTURE_POLICIES);
	push_acquire(UINT32_MAX);
	fixture_tick(f, 1);
	expect_only(DROP_OUT_POLICY_DEAD, 4);
	assert_int_equal(harness_in_use(f->h), 0);
}

static void drops_held_packets_after_30_seconds(void **state)
{
	(void)state;
	fixture_policy(f, 7);
	for (unsigned int i = 0; i < 3; i++)
		push_acquire(policies_index(&f->manager.policies, 7));
	fixture_tick(f, 1);
	fixture_tick(f, HOLD_NS - 2);
	assert_int_equal(f->manager.hold.n, 3);
	expect_only(DROP_OUT_NO_STATES, 0);
	fixture_tick(f, 2);
	expect_only(DROP_OUT_NO_STATES, 3);
	assert_int_equal(harness_in_use(f->h), 0);
}

static void holds_no_more_than_its_bounds(void **state)
{
	(void)state;
	fixture_policy(f, 7);
	for (int i = 0; i < 1000; i++) {
		push_acquire(policies_index(&f->manager.policies, 7));
		fixture_tick(f, 1);
	}
	assert_int_equal(f->manager.hold.n, HOLD_PER_POLICY);
	assert_int_equal(drops(DROP_OUT_NO_STATES), 1000 - HOLD_PER_POLICY);
	assert_int_equal(harness_in_use(f->h), HOLD_PER_POLICY);
}

/* An IKE datagram of 192.0.2.last:500 to us, 20 bytes of payload, as parse leaves it. */
static void push_ike_of(uint8_t last)
{
	uint8_t frame[62] = {[12] = 8, [14] = 0x45, [17] = 48, [23] = 17};
	struct rte_mbuf *m = NULL;

	memcpy(frame + 26, "\xc0\x00\x02\x09\xc0\x00\x02\x01", 8);
	memcpy(frame + 34, "\x01\xf4\x01\xf4\x00\x1c\x00\x00", 8);
	frame[29] = last;
	memset(frame + 42, 0x33, 20);
	m = harness_mbuf(f->h, frame, sizeof(frame));
	*pkt_meta(m) = (struct pkt_meta){.verdict = PKT_PUNT,
					 .reason = PKT_SLOW_IKE,
					 .proto = 17,
					 .l3_off = 14,
					 .l4_off = 34,
					 .in_port = 1,
					 .ip_len = 48,
					 .src = 0xc0000200 + last,
					 .dst = 0xc0000201,
					 .src_port = 500,
					 .dst_port = 500,
					 .sa_slot = PKT_NO_SA};
	assert_int_equal(rte_ring_enqueue(ike, m), 0);
}

static void push_ike(void)
{
	push_ike_of(9);
}

static void punts_ike_and_counts_what_control_does_not_take(void **state)
{
	struct abi_packet p;

	(void)state;
	for (int i = 0; i < 7; i++)
		push_ike();
	fixture_tick(f, 1);
	assert_int_equal(drops(DROP_NET_PUNT_FULL), 3); /* the ring holds 4 */
	assert_int_equal(abi_ring_get(&f->punt, &p), 1);
	assert_int_equal(p.msg.type, ABI_PACKET_IKE);
	assert_int_equal(p.data_len, 20);
	assert_int_equal(p.data[0], 0x33);
	assert_int_equal(p.src_port, 500);
	assert_memory_equal(p.src.bytes, "\xc0\x00\x02\x09", 4);
	assert_int_equal(harness_in_use(f->h), 0);
}

/* The last quarter of the punt ring, one slot here, is for hosts with an SA; as long as they have
 * one, wherever they have moved. */
static void keeps_room_for_ike_of_peers_when_strangers_flood(void **state)
{
	struct abi_sa_add sa = fixture_sa(1, ABI_DIR_IN, 0);
	struct abi_sa_update moved = {.slot = 1, .spi = sa.spi, .what = ABI_SA_UPD_ENDPOINT};
	struct abi_sa_delete gone = {.slot = 1, .spi = sa.spi};
	struct known *known = calloc(1, sizeof(*known));
	struct abi_packet p;

	(void)state;
	f->h->tables.known = known;
	assert_int_equal(fixture_ask(f, &sa, ABI_CMD_SA_ADD, sizeof(sa), NULL), ABI_OK);
	for (int i = 0; i < 7; i++)
		push_ike_of(9);
	push_ike_of(2);
	fixture_tick(f, 1);
	assert_int_equal(drops(DROP_NET_PUNT_FULL), 8 - PUNT_SLOTS);
	for (unsigned int i = 0; i < PUNT_SLOTS; i++)
		assert_int_equal(abi_ring_get(&f->punt, &p), 1);
	assert_memory_equal(p.src.bytes, "\xc0\x00\x02\x02", 4);
	moved.local = sa.local;
	moved.remote = sa.remote;
	moved.remote.bytes[3] = 9;
	assert_int_equal(fixture_ask(f, &moved, ABI_CMD_SA_UPDATE, sizeof(moved), NULL), ABI_OK);
	assert_true(known->sas[known_slot(known, &moved.remote)] == 1);
	assert_true(known->sas[known_slot(known, &sa.remote)] == 0);
	fixture_ask(f, &gone, ABI_CMD_SA_DELETE, sizeof(gone), NULL);
	fixture_grace(f);
	for (unsigned int i = 0; i < KNOWN_SLOTS; i++)
		assert_int_equal(known->sas[i], 0);
	f->h->tables.known = NULL;
	free(known);
}

static void serves_ike_before_what_else_workers_leave(void **state)
{
	struct abi_packet p;

	(void)state;
	fixture_policy(f, 7);
	for (unsigned int i = 0; i < 3 * MANAGER_BATCH; i++)
		push_acquire(policies_index(&f->manager.policies, 7));
	push_ike();
	fixture_tick(f, 1);
	assert_int_equal(abi_ring_get(&f->punt, &p), 1);
	assert_in_range(rte_ring_count(slow), 1, UINT32_MAX);
	empty(slow);
}

static void injects_ike_past_the_spd(void **state)
{
	struct abi_packet p = datagram(100);
	struct rte_mbuf *m = NULL;

	(void)state;
	assert_int_equal(abi_ring_put(&f->inject, &p, p.msg.length), 0);
	fixture_tick(f, 1);
	assert_int_equal(rte_ring_dequeue(reply, (void **)&m), 0);
	assert_int_equal(pkt_meta(m)->verdict, PKT_PUNT);
	assert_int_equal(rte_pktmbuf_pkt_len(m), 14 + 20 + 8 + 100);
	rte_pktmbuf_free(m);
}

static void refuses_injected_records_that_lie(void **state)
{
	const struct abi_packet good = datagram(100);
	struct abi_packet p;
	uint64_t refused = 0;

	(void)state;
#define REFUSED(change)                                                                            \
	do {                                                                                       \
		p = good;                                                                          \
		change;                                                                            \
		assert_int_equal(abi_ring_put(&f->inject, &p, sizeof(p)), 0);                      \
		fixture_tick(f, 1);                                                                \
		assert_int_equal(rte_ring_count(reply), 0);                                        \
		assert_int_equal(drops(DROP_OUT_ERRORS), ++refused);                               \
	} while (0)
	REFUSED(p.msg.type = 2);
	REFUSED(p.msg.length++);
	REFUSED(p.data_len = 101);
	REFUSED((p.data_len = sizeof(p.data) + 1, p.msg.length = sizeof(p) + 1));
	REFUSED((p.data_len = UINT32_MAX, p.msg.length = ABI_PACKET_FIXED - 1));
	REFUSED(p.src.bytes[3] = 2); /* not ours */
	REFUSED(p.src.family = 6);
	REFUSED(p.dst.family = 0);
#undef REFUSED
	assert_int_equal(harness_in_use(f->h), 0);
}

int main(void)
{
#define WITH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH(asks_for_an_sa_once_and_releases_when_it_is_there),
		WITH(releases_with_the_command_that_brings_the_sa),
		WITH(holds_on_when_another_sa_comes),
		WITH(a_narrow_path_narrows_the_sa),
		WITH(drops_held_packets_with_their_policy),
		WITH(drops_held_packets_after_30_seconds),
		WITH(holds_no_more_than_its_bounds),
		WITH(punts_ike_and_counts_what_control_does_not_take),
		WITH(keeps_room_for_ike_of_peers_when_strangers_flood),
		WITH(serves_ike_before_what_else_workers_leave),
		WITH(injects_ike_past_the_spd),
		WITH(refuses_injected_records_that_lie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
