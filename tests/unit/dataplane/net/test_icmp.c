/* SPDX-License-Identifier: BSD-3-Clause */
/* test_icmp.c - errors parsed back byte by byte, what is never answered, and echo replies. */
#include "tests/unit/dataplane/net/netkit.h"

#include "dataplane/net/echo.h"
#include "dataplane/net/icmp.h"

/* The one captured error; checks its frame, both checksums and its quote of f. */
static const uint8_t *captured(const struct frame *f, uint32_t src, uint32_t dst, size_t quote)
{
	const struct rte_mbuf *m;
	const uint8_t *ip;

	assert_int_equal(kit.n_out, 1);
	m = kit.out[0];
	assert_int_equal(m->nb_segs, 1);
	assert_int_equal(m->data_len, ETH + 28 + quote);
	ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH);
	assert_int_equal(ip[0], 0x45);
	assert_int_equal(get16(ip + 2), 28 + quote);
	assert_int_equal(ip[8], 64);
	assert_int_equal(ip[9], 1);
	assert_int_equal(ref_cksum(ip, 20), 0);
	assert_int_equal(get32(ip + 12), src);
	assert_int_equal(get32(ip + 16), dst);
	assert_int_equal(ref_cksum(ip + 20, 8 + quote), 0);
	assert_memory_equal(ip + 28, f->b + ETH, quote);
	return ip + 20;
}

static void error_about(const struct frame *f, uint8_t extra_flags, uint8_t type, uint8_t code,
			uint16_t mtu)
{
	struct rte_mbuf *m = kit_parse(f);

	pkt_meta(m)->flags |= extra_flags;
	icmp_error(kit.w, m, type, code, mtu);
	assert_int_equal(rte_pktmbuf_pkt_len(m), f->len);
	rte_pktmbuf_free(m);
}

static void quotes_the_packet_it_is_about(void **state)
{
	struct frame f = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 100);
	const uint8_t *icmp;

	(void)state;
	error_about(&f, 0, 11, 0, 0);
	icmp = captured(&f, LAN_US, LAN_HOST, 128);
	assert_int_equal(icmp[0], 11);
	assert_int_equal(icmp[1], 0);
	assert_int_equal(get32(icmp + 4), 0);
	assert_int_equal(pkt_meta(kit.out[0])->flags, PKT_F_ORIGIN);
}

static void tells_the_mtu(void **state)
{
	struct frame f = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 1400);
	const uint8_t *icmp;

	(void)state;
	error_about(&f, 0, 3, 4, 1374);
	icmp = captured(&f, LAN_US, LAN_HOST, 548); /* 576 in all (RFC 1812) */
	assert_int_equal(icmp[0], 3);
	assert_int_equal(icmp[1], 4);
	assert_int_equal(get16(icmp + 4), 0);
	assert_int_equal(get16(icmp + 6), 1374);
}

static void quotes_any_length_up_to_the_limit(void **state)
{
	(void)state;
	for (size_t len = 0; len < 700; len += 7) {
		struct frame f = frame_ipv4(LAN_HOST, FAR_HOST, 47, len);

		kit.w->now += 1000000000;
		error_about(&f, 0, 3, 0, 0);
		captured(&f, LAN_US, LAN_HOST, 20 + len < 548 ? 20 + len : 548);
		kit_clear();
	}
}

static void never_answers_icmp_errors(void **state)
{
	(void)state;
	for (unsigned int type = 0; type < 256; type++) {
		struct frame f = frame_icmp(LAN_HOST, FAR_HOST, (uint8_t)type, 0, 20);
		bool error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;

		kit.w->now += 1000000000;
		error_about(&f, 0, 11, 0, 0);
		assert_int_equal(kit.n_out, error ? 0 : 1);
		kit_clear();
	}
}

static void answers_first_fragments_only(void **state)
{
	struct frame f = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 64);

	(void)state;
	put16(f.b + ETH + 6, 0x2000);
	frame_fix(&f);
	error_about(&f, 0, 11, 0, 0);
	assert_int_equal(kit.n_out, 1);
	kit_clear();
	put16(f.b + ETH + 6, 0x2004);
	frame_fix(&f);
	error_about(&f, 0, 11, 0, 0);
	assert_int_equal(kit.n_out, 0);
}

static void answers_neither_broadcast_nor_itself_nor_the_unroutable(void **state)
{
	struct frame f = frame_udp(LAN_HOST, LAN_HOST | 255, 1, 2, NULL, 10);

	(void)state;
	error_about(&f, 0, 3, 0, 0);
	assert_int_equal(kit.n_out, 0);
	f = frame_udp(LAN_US | 255, FAR_HOST, 1, 2, NULL, 10);
	error_about(&f, 0, 3, 0, 0);
	assert_int_equal(kit.n_out, 0);
	f = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 10);
	error_about(&f, PKT_F_ORIGIN, 3, 0, 0);
	assert_int_equal(kit.n_out, 0);
}

/* An inner packet is answered from beside its destination, so that the policy's SA takes it. */
static void answers_inner_packets_from_the_inside(void **state)
{
	struct frame f = frame_udp(FAR_HOST, LAN_HOST, 1, 2, NULL, 10);

	(void)state;
	error_about(&f, PKT_F_FROM_SA, 11, 0, 0);
	captured(&f, LAN_US, FAR_HOST, 38);
	assert_int_equal(pkt_meta(kit.out[0])->flags, PKT_F_ORIGIN | PKT_F_FROM_SA);
}

static void is_limited_in_burst_and_rate(void **state)
{
	struct frame f = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 10);
	unsigned int sent = 0;

	(void)state;
	for (unsigned int i = 0; i < 3 * ICMP4_BURST; i++)
		error_about(&f, 0, 11, 0, 0);
	assert_int_equal(kit.n_out, ICMP4_BURST);
	kit_clear();
	/* A flood for one second, in steps of 0.1 ms. */
	for (unsigned int i = 0; i < 10000; i++) {
		kit.w->now += 100000;
		error_about(&f, 0, 11, 0, 0);
		sent += kit.n_out;
		kit_clear();
	}
	assert_in_range(sent, ICMP4_RATE - 1, ICMP4_RATE + 1);
}

static void says_nothing_when_buffers_are_out(void **state)
{
	struct frame f = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 10);
	struct rte_mbuf *m = kit_parse(&f), *all[2100];
	unsigned int n = 0;

	(void)state;
	while ((all[n] = rte_pktmbuf_alloc(kit.h->pool)) != NULL)
		n++;
	icmp_error(kit.w, m, 11, 0, 0);
	assert_int_equal(kit.n_out, 0);
	rte_pktmbuf_free_bulk(all, n);
	rte_pktmbuf_free(m);
}

static struct rte_mbuf *local(const struct frame *f)
{
	struct rte_mbuf *m = kit_parse(f);

	assert_int_equal(pkt_meta(m)->verdict, PKT_LOCAL);
	local_burst(kit.w, &m, 1);
	return m;
}

static void answers_echo_requests(void **state)
{
	(void)state;
	for (size_t len = 0; len < 1400; len += 11) {
		struct frame f = frame_icmp(LAN_HOST, WAN_US, 8, 0, len);
		const uint8_t *ip;
		struct pkt_meta *meta;
		struct rte_mbuf *m;

		f.b[ETH + 1] = 0xb9; /* DSCP stays, ECN does not */
		frame_fix(&f);
		m = local(&f);
		meta = pkt_meta(m);
		ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH);
		assert_int_equal(meta->verdict, PKT_FORWARD);
		assert_int_equal(meta->flags, PKT_F_ORIGIN);
		assert_int_equal(meta->src, WAN_US);
		assert_int_equal(meta->dst, LAN_HOST);
		assert_int_equal(m->data_len, f.len);
		assert_int_equal(ref_cksum(ip, 20), 0);
		assert_int_equal(get32(ip + 12), WAN_US);
		assert_int_equal(get32(ip + 16), LAN_HOST);
		assert_int_equal(ip[1], 0xb8);
		assert_int_equal(ip[8], 64);
		assert_int_equal(ip[20], 0);
		assert_int_equal(ref_cksum(ip + 20, 8 + len), 0);
		assert_memory_equal(ip + 24, f.b + ETH + 24, 4 + len);
		rte_pktmbuf_free(m);
	}
}

static void cuts_options_out_of_the_answer(void **state)
{
	static const uint8_t record_route[12] = {7, 11, 4};
	struct frame f = frame_icmp(LAN_HOST, LAN_US, 8, 0, 56);
	const struct frame plain = f;
	const uint8_t *ip;
	struct rte_mbuf *m;

	(void)state;
	frame_options(&f, record_route, 12);
	m = local(&f);
	ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH);
	assert_int_equal(m->data_len, plain.len);
	assert_int_equal(pkt_meta(m)->ip_len, plain.len - ETH);
	assert_int_equal(pkt_meta(m)->l4_off, 34);
	assert_int_equal(ip[0], 0x45);
	assert_int_equal(ref_cksum(ip, 20), 0);
	assert_int_equal(ref_cksum(ip + 20, 64), 0);
	assert_memory_equal(ip + 24, plain.b + ETH + 24, 60);
	rte_pktmbuf_free(m);
}

static void keeps_the_mark_of_a_tunnel_on_the_answer(void **state)
{
	struct frame f = frame_icmp(FAR_HOST, LAN_US, 8, 0, 56);
	struct rte_mbuf *m = kit_parse(&f);
	void *word;

	(void)state;
	pkt_meta(m)->flags |= PKT_F_FROM_SA;
	local_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->flags, PKT_F_ORIGIN | PKT_F_FROM_SA);
	assert_int_equal(pkt_meta(m)->sa_slot, PKT_NO_SA);
	rte_pktmbuf_free(m);
	/* the manager's copy of the request */
	assert_int_equal(rte_ring_dequeue(kit.w->slow, &word), 0);
	assert_true(echo_is_notice(pkt_meta(word)));
	assert_int_equal(pkt_meta(word)->sa_slot, PKT_NO_SA);
	rte_pktmbuf_free(word);
}

static void drops_echo_with_a_bad_checksum(void **state)
{
	struct frame f = frame_icmp(LAN_HOST, LAN_US, 8, 0, 33);
	struct rte_mbuf *m;

	(void)state;
	f.b[f.len - 1] ^= 1;
	m = local(&f);
	assert_int_equal(pkt_meta(m)->reason, DROP_NET_CHECKSUM);
	rte_pktmbuf_free(m);
}

static void drops_the_rest(void **state)
{
	(void)state;
	for (unsigned int type = 0; type < 256; type++) {
		for (unsigned int code = 0; code < 2; code++) {
			struct frame f =
				frame_icmp(LAN_HOST, LAN_US, (uint8_t)type, (uint8_t)code, 8);
			struct rte_mbuf *m;

			if (type == 8 && code == 0)
				continue;
			m = local(&f);
			assert_int_equal(pkt_meta(m)->verdict, PKT_DROP);
			assert_int_equal(pkt_meta(m)->reason, DROP_NET_LOCAL);
			rte_pktmbuf_free(m);
		}
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(quotes_the_packet_it_is_about),
		T(tells_the_mtu),
		T(quotes_any_length_up_to_the_limit),
		T(never_answers_icmp_errors),
		T(answers_first_fragments_only),
		T(answers_neither_broadcast_nor_itself_nor_the_unroutable),
		T(answers_inner_packets_from_the_inside),
		T(is_limited_in_burst_and_rate),
		T(says_nothing_when_buffers_are_out),
		T(answers_echo_requests),
		T(cuts_options_out_of_the_answer),
		T(keeps_the_mark_of_a_tunnel_on_the_answer),
		T(drops_echo_with_a_bad_checksum),
		T(drops_the_rest),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
