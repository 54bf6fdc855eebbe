/* SPDX-License-Identifier: BSD-3-Clause */
/* test_frag.c - pieces put together again, and what is not cut. */
#include "tests/unit/dataplane/net/netkit.h"

#include <errno.h>

#include "dataplane/net/frag.h"

#define ROOM 128

/* Put the pieces together by their own headers; the result is a payload and what is known of it. */
struct whole {
	unsigned int len; /* of payload */
	bool more;	  /* the last piece has MF */
	unsigned int first_offset;
	uint8_t payload[2100];
};

static struct whole reassemble(struct rte_mbuf **pieces, int n, uint16_t mtu)
{
	struct whole w = {.len = 0};
	unsigned int next = 0;

	for (int i = 0; i < n; i++) {
		const uint8_t *ip = rte_pktmbuf_mtod_offset(pieces[i], const uint8_t *, ETH);
		const struct pkt_meta *meta = pkt_meta(pieces[i]);
		unsigned int ihl = (ip[0] & 15u) * 4, total = get16(ip + 2);
		unsigned int offset = (get16(ip + 6) & 0x1fff) * 8;

		assert_int_equal(pieces[i]->nb_segs, 1);
		assert_int_equal(pieces[i]->data_len, ETH + total);
		assert_true(total <= mtu);
		assert_int_equal(ref_cksum(ip, ihl), 0);
		assert_int_equal(meta->ip_len, total);
		assert_int_equal(meta->l3_off, ETH);
		assert_int_equal(meta->l4_off, ETH + ihl);
		assert_true(meta->flags & PKT_F_FRAGMENT);
		assert_int_equal(!!(meta->flags & PKT_F_NONFIRST), offset != 0);
		assert_int_equal(meta->src_port, offset == 0 ? 1111 : 0);
		if (i == 0)
			w.first_offset = next = offset;
		assert_int_equal(offset, next);
		memcpy(w.payload + w.len, ip + ihl, total - ihl);
		w.len += total - ihl;
		next += total - ihl;
		w.more = (get16(ip + 6) & 0x2000) != 0;
		if (i + 1 < n)
			assert_true(w.more);
	}
	return w;
}

static void pieces_make_the_packet_again(void **state)
{
	uint64_t seed = 5;

	(void)state;
	for (unsigned int i = 0; i < 3000; i++) {
		size_t len = 100 + random_next(&seed) % 1800;
		uint16_t mtu = (uint16_t)(68 + random_next(&seed) % 1400);
		struct frame f = frame_udp(LAN_HOST, FAR_HOST, 1111, 2, NULL, len);
		struct rte_mbuf *pieces[ROOM], *m = kit_parse(&f);
		struct whole w;
		int n;

		if (28 + len <= mtu) {
			rte_pktmbuf_free(m);
			continue;
		}
		n = frag_ipv4(kit.h->pool, m, mtu, pieces, ROOM);
		assert_in_range(n, 2, ROOM);
		w = reassemble(pieces, n, mtu);
		assert_false(w.more);
		assert_int_equal(w.first_offset, 0);
		assert_int_equal(w.len, 8 + len);
		assert_memory_equal(w.payload, f.b + ETH + 20, 8 + len);
		rte_pktmbuf_free_bulk(pieces, (unsigned int)n);
	}
}

static void cuts_fragments_further(void **state)
{
	struct frame f = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 992);
	struct rte_mbuf *pieces[ROOM], *m;
	struct whole w;
	int n;

	(void)state;
	put16(f.b + ETH + 6, 0x2000 | 125); /* in the middle of something */
	frame_fix(&f);
	m = kit_parse(&f);
	n = frag_ipv4(kit.h->pool, m, 300, pieces, ROOM);
	assert_true(n > 1);
	w = reassemble(pieces, n, 300);
	assert_true(w.more);
	assert_int_equal(w.first_offset, 1000);
	assert_int_equal(w.len, 1000);
	assert_memory_equal(w.payload, f.b + ETH + 20, 1000);
	rte_pktmbuf_free_bulk(pieces, (unsigned int)n);
}

static void carries_options(void **state)
{
	static const uint8_t opt[4] = {148, 4, 0, 0}; /* router alert, copied into all */
	struct frame f = frame_udp(LAN_HOST, FAR_HOST, 1111, 2, NULL, 1000);
	struct rte_mbuf *pieces[ROOM], *m;
	struct whole w;
	int n;

	(void)state;
	frame_options(&f, opt, 4);
	m = kit_parse(&f);
	n = frag_ipv4(kit.h->pool, m, 576, pieces, ROOM);
	assert_int_equal(n, 2);
	w = reassemble(pieces, n, 576);
	assert_int_equal(w.len, 1008);
	assert_memory_equal(w.payload, f.b + ETH + 24, 1008);
	rte_pktmbuf_free_bulk(pieces, 2);
}

static void refuses_and_leaves_the_packet_as_it_was(void **state)
{
	struct frame f = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 1000);
	struct rte_mbuf *pieces[ROOM], *all[2100], *m = kit_parse(&f);
	unsigned int n = 0;

	(void)state;
	assert_int_equal(frag_ipv4(kit.h->pool, m, 67, pieces, ROOM), -EINVAL);
	assert_int_equal(frag_ipv4(kit.h->pool, m, 300, pieces, 3), -EINVAL);
	while ((all[n] = rte_pktmbuf_alloc(kit.h->pool)) != NULL)
		n++;
	rte_pktmbuf_free(all[--n]); /* one piece of two can be had */
	assert_int_equal(frag_ipv4(kit.h->pool, m, 576, pieces, ROOM), -ENOMEM);
	rte_pktmbuf_free_bulk(all, n);
	assert_int_equal(harness_in_use(kit.h), 1);
	pkt_meta(m)->flags |= PKT_F_DF;
	assert_int_equal(frag_ipv4(kit.h->pool, m, 576, pieces, ROOM), -ENOTSUP);
	assert_int_equal(m->data_len, f.len);
	assert_memory_equal(rte_pktmbuf_mtod(m, uint8_t *) + ETH, f.b + ETH, f.len - ETH);
	rte_pktmbuf_free(m);
}

static struct rte_mbuf *outgoing(size_t len, bool df)
{
	struct frame f = frame_udp(LAN_HOST, FAR_HOST, 1111, 2, NULL, len);
	struct rte_mbuf *m;

	put16(f.b + ETH + 6, df ? 0x4000 : 0);
	frame_fix(&f);
	m = kit_parse(&f);
	pkt_meta(m)->out_port = 1;
	return m;
}

static void passes_what_fits_in_order(void **state)
{
	struct rte_mbuf *pkts[3] = {outgoing(100, true), outgoing(1472, false), outgoing(5, false)};
	struct rte_mbuf *out[ROOM];

	(void)state;
	pkt_drop(pkts[2], DROP_NET_TTL);
	assert_int_equal(frag_burst(kit.w, pkts, 3, out, ROOM), 3);
	assert_memory_equal(out, pkts, sizeof(pkts));
	assert_int_equal(pkt_meta(out[2])->reason, DROP_NET_TTL);
	rte_pktmbuf_free_bulk(out, 3);
}

static void cuts_what_does_not_fit_in_place(void **state)
{
	struct rte_mbuf *pkts[3] = {outgoing(1, false), outgoing(1800, false), outgoing(2, false)};
	struct rte_mbuf *out[ROOM], *first = pkts[0], *last = pkts[2];

	(void)state;
	assert_int_equal(frag_burst(kit.w, pkts, 3, out, ROOM), 4);
	assert_ptr_equal(out[0], first);
	assert_ptr_equal(out[3], last);
	assert_int_equal(reassemble(out + 1, 2, 1500).len, 1808);
	assert_int_equal(pkt_meta(out[2])->out_port, 1);
	rte_pktmbuf_free_bulk(out, 4);
}

static void tells_the_sender_when_df_forbids(void **state)
{
	struct rte_mbuf *m = outgoing(1800, true), *out[ROOM];
	const uint8_t *ip;

	(void)state;
	assert_int_equal(frag_burst(kit.w, &m, 1, out, ROOM), 1);
	assert_int_equal(pkt_meta(out[0])->verdict, PKT_DROP);
	assert_int_equal(pkt_meta(out[0])->reason, DROP_NET_TOO_BIG);
	assert_int_equal(kit.n_out, 1);
	ip = rte_pktmbuf_mtod_offset(kit.out[0], const uint8_t *, ETH);
	assert_int_equal(ip[20], 3);
	assert_int_equal(ip[21], 4);
	assert_int_equal(get16(ip + 26), 1500);
	rte_pktmbuf_free(out[0]);
}

static void keeps_room_for_every_packet(void **state)
{
	struct rte_mbuf *pkts[8], *out[9];
	uint16_t n;
	unsigned int dropped = 0;

	(void)state;
	for (unsigned int i = 0; i < 8; i++)
		pkts[i] = outgoing(1800, false);
	n = frag_burst(kit.w, pkts, 8, out, 9);
	assert_int_equal(n, 9); /* one was cut in two, for the others there is no room */
	for (unsigned int i = 0; i < n; i++)
		dropped += pkt_meta(out[i])->reason == DROP_NET_NO_BUFFER;
	assert_int_equal(dropped, 7);
	rte_pktmbuf_free_bulk(out, n);
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(pieces_make_the_packet_again),
		T(cuts_fragments_further),
		T(carries_options),
		T(refuses_and_leaves_the_packet_as_it_was),
		T(passes_what_fits_in_order),
		T(cuts_what_does_not_fit_in_place),
		T(tells_the_sender_when_df_forbids),
		T(keeps_room_for_every_packet),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
