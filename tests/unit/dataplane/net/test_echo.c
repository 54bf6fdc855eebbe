/* SPDX-License-Identifier: BSD-3-Clause */
/* test_echo.c - pings that control sends, their answers, and word of pings out of tunnels. */
#include "tests/unit/dataplane/net/netkit.h"

#include "dataplane/net/echo.h"
#include "dataplane/net/icmp.h"

#define HOST IP(119, 91, 254, 122)
#define LEN  24u /* ICMP header and data */

static struct frame ping(uint8_t type, uint16_t id, uint16_t seq)
{
	struct frame f = frame_ipv4(HOST, WAN_US, 1, LEN);
	uint8_t *icmp = f.b + ETH + 20;

	memset(icmp, 0, LEN);
	icmp[0] = type;
	put16(icmp + 4, id);
	put16(icmp + 6, seq);
	put16(icmp + 2, ref_cksum(icmp, LEN));
	return f;
}

static void read_echo(const struct abi_packet *p, struct abi_echo *e)
{
	assert_int_equal(p->msg.type, ABI_PACKET_ECHO);
	assert_int_equal(p->data_len, sizeof(*e));
	assert_int_equal(p->msg.length, ABI_PACKET_FIXED + sizeof(*e));
	memcpy(e, p->data, sizeof(*e));
}

static void the_answer_to_our_ping_goes_to_control(void **state)
{
	struct frame f = ping(0, ABI_ECHO_ID, 77);
	struct rte_mbuf *m = kit_parse(&f);
	struct abi_packet p;
	struct abi_echo e;

	(void)state;
	memset(&kit.w->echo_full, 0, sizeof(kit.w->echo_full));
	local_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->verdict, PKT_SLOW);
	assert_int_equal(local_slow_kind(pkt_meta(m)), PKT_SLOW_ECHO);
	assert_true(echo_read(m, &p));
	read_echo(&p, &e);
	assert_int_equal(e.type, 0);
	assert_int_equal(e.seq, 77);
	assert_int_equal(get32(p.src.bytes), HOST);
	assert_int_equal(get32(p.dst.bytes), WAN_US);
	rte_pktmbuf_free(m);
}

static void answers_to_others_and_broken_ones_end_here(void **state)
{
	struct frame f = ping(0, 4711, 1);
	struct rte_mbuf *m = kit_parse(&f);

	(void)state;
	memset(&kit.w->echo_full, 0, sizeof(kit.w->echo_full));
	local_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->reason, DROP_NET_LOCAL);
	rte_pktmbuf_free(m);
	f = ping(0, ABI_ECHO_ID, 1);
	f.b[ETH + 20 + 10]++;
	m = kit_parse(&f);
	local_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->reason, DROP_NET_CHECKSUM);
	rte_pktmbuf_free(m);
}

static void a_flood_of_answers_is_bounded(void **state)
{
	unsigned int passed = 0;

	(void)state;
	memset(&kit.w->echo_full, 0, sizeof(kit.w->echo_full));
	for (int i = 0; i < 2000; i++) {
		struct frame f = ping(0, ABI_ECHO_ID, (uint16_t)i);
		struct rte_mbuf *m = kit_parse(&f);

		local_burst(kit.w, &m, 1);
		passed += pkt_meta(m)->verdict == PKT_SLOW;
		rte_pktmbuf_free(m);
	}
	assert_in_range(passed, 1, 100);
}

/* An answer in clear, or out of the SA in that slot. */
static bool answer_passes(uint32_t slot)
{
	struct frame f = ping(0, ABI_ECHO_ID, 1);
	struct rte_mbuf *m = kit_parse(&f);
	bool passed;

	pkt_meta(m)->sa_slot = slot;
	if (slot != PKT_NO_SA)
		pkt_meta(m)->flags |= PKT_F_FROM_SA;
	local_burst(kit.w, &m, 1);
	passed = pkt_meta(m)->verdict == PKT_SLOW;
	rte_pktmbuf_free(m);
	return passed;
}

/* Else who floods makes all other hosts look dead. */
static void a_flood_of_answers_costs_other_tunnels_none(void **state)
{
	(void)state;
	memset(&kit.w->echo_full, 0, sizeof(kit.w->echo_full));
	for (unsigned int i = 0; answer_passes(PKT_NO_SA); i++)
		assert_true(i < 1000);
	assert_true(answer_passes(5));
	for (unsigned int i = 0; answer_passes(5); i++)
		assert_true(i < 1000);
	assert_true(answer_passes(6));
	assert_false(answer_passes(PKT_NO_SA));
	assert_false(answer_passes(5));
}

/* What lies in the slow ring now; NULL: nothing. */
static struct rte_mbuf *noticed(void)
{
	void *m = NULL;

	return kit.w->slow != NULL && rte_ring_sc_dequeue(kit.w->slow, &m) == 0 ? m : NULL;
}

static void a_ping_out_of_a_tunnel_is_answered_and_told_of(void **state)
{
	struct rte_ring *own = kit.w->slow;
	struct frame f = ping(8, 11, 12);
	struct rte_mbuf *m = kit_parse(&f), *copy;
	struct abi_packet p;
	struct abi_echo e;
	uint64_t made;

	(void)state;
	kit.w->slow = rte_ring_create("echo", 8, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	assert_non_null(kit.w->slow);
	memset(&kit.w->echo_full, 0, sizeof(kit.w->echo_full));
	made = kit.w->counters->made;
	local_burst(kit.w, &m, 1); /* in clear: nobody is told */
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	assert_null(noticed());
	rte_pktmbuf_free(m);
	m = kit_parse(&f);
	pkt_meta(m)->flags |= PKT_F_FROM_SA;
	local_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	assert_int_equal(pkt_meta(m)->dst, HOST);
	copy = noticed();
	assert_non_null(copy);
	assert_int_equal(pkt_meta(copy)->reason, PKT_SLOW_ECHO);
	assert_true(echo_is_notice(pkt_meta(copy)));
	assert_true(echo_read(copy, &p));
	read_echo(&p, &e);
	assert_int_equal(e.type, 8);
	assert_int_equal(e.id, 11);
	assert_int_equal(e.seq, 12);
	assert_int_equal(get32(p.src.bytes), HOST);
	rte_pktmbuf_free(copy);
	for (int i = 0; i < 12; i++) { /* a full ring costs nobody an answer */
		rte_pktmbuf_free(m);
		m = kit_parse(&f);
		pkt_meta(m)->flags |= PKT_F_FROM_SA;
		local_burst(kit.w, &m, 1);
		assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	}
	rte_pktmbuf_free(m);
	for (made++; (copy = noticed()) != NULL; made++)
		rte_pktmbuf_free(copy);
	assert_int_equal(kit.w->counters->made, made); /* the books stay whole */
	rte_ring_free(kit.w->slow);
	kit.w->slow = own;
}

static struct abi_packet wish(void)
{
	const struct abi_echo e = {.type = 8, .id = ABI_ECHO_ID, .seq = 5};
	struct abi_packet p = {
		.msg = {.type = ABI_PACKET_ECHO, .length = ABI_PACKET_FIXED + sizeof(e)},
		.src.family = 4,
		.dst.family = 4,
		.port = ABI_PORT_ANY,
		.data_len = sizeof(e)};

	put32(p.src.bytes, WAN_US);
	put32(p.dst.bytes, HOST);
	memcpy(p.data, &e, sizeof(e));
	return p;
}

static struct rte_mbuf *made(const struct abi_packet *p)
{
	return echo_to_mbuf(p, kit.w->tables->fib, kit.w->pool);
}

static void controls_ping_is_whole_and_goes_through_the_spd(void **state)
{
	struct abi_packet p = wish();
	struct rte_mbuf *m = made(&p);
	const uint8_t *ip;

	(void)state;
	assert_non_null(m);
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	assert_int_equal(pkt_meta(m)->flags, PKT_F_ORIGIN);
	ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, pkt_meta(m)->l3_off);
	assert_int_equal(ref_cksum(ip, 20), 0);
	assert_int_equal(ref_cksum(ip + 20, pkt_meta(m)->ip_len - 20u), 0);
	assert_int_equal(get32(ip + 12), WAN_US);
	assert_int_equal(get32(ip + 16), HOST);
	assert_int_equal(ip[20], 8);
	assert_int_equal(ip[26] << 8 | ip[27], 5);
	rte_pktmbuf_free(m);
}

static void control_may_send_nothing_else(void **state)
{
	static const struct {
		size_t off;
		uint8_t flip;
	} wrong[] = {
		{offsetof(struct abi_packet, src.family), 2},
		{offsetof(struct abi_packet, src.bytes[0]), 1}, /* not our address */
		{offsetof(struct abi_packet, src.bytes[9]), 1}, /* behind an IPv4 address */
		{offsetof(struct abi_packet, dst.bytes[15]), 1},
		{offsetof(struct abi_packet, dst.pad[1]), 1},
		{offsetof(struct abi_packet, data[2]), 1},	   /* padding */
		{offsetof(struct abi_packet, dst.bytes[0]), 0x87}, /* 240.x */
		{offsetof(struct abi_packet, src_port), 1},
		{offsetof(struct abi_packet, dst_port), 1},
		{offsetof(struct abi_packet, port), 1},
		{offsetof(struct abi_packet, flags), 1},
		{offsetof(struct abi_packet, pad), 1},
		{offsetof(struct abi_packet, data_len), 1},
		{offsetof(struct abi_packet, msg.length), 1},
		{offsetof(struct abi_packet, data[0]), 8}, /* an answer */
		{offsetof(struct abi_packet, data[4]), 1}, /* another identifier */
	};
	struct abi_packet to_us = wish();

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct abi_packet p = wish();

		((uint8_t *)&p)[wrong[i].off] ^= wrong[i].flip;
		assert_null(made(&p));
	}
	put32(to_us.dst.bytes, WAN_US);
	assert_null(made(&to_us));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)
		T(the_answer_to_our_ping_goes_to_control),
		T(answers_to_others_and_broken_ones_end_here),
		T(a_flood_of_answers_is_bounded),
		T(a_flood_of_answers_costs_other_tunnels_none),
		T(a_ping_out_of_a_tunnel_is_answered_and_told_of),
		T(controls_ping_is_whole_and_goes_through_the_spd),
		T(control_may_send_nothing_else),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
