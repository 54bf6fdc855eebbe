/* SPDX-License-Identifier: BSD-3-Clause */
/* test_esp_out_mtu.c - what fits the path: the MTU of an SA, packets split or refused, MSS. */
#include "tests/unit/dataplane/ipsec/espkit.h"

#include "dataplane/ipsec/mtu.h"

static void mtu_is_exact_for_every_suite_and_path(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < REFERENCE_SUITES; s++) {
		for (uint8_t encap = ABI_ENCAP_NONE; encap <= ABI_ENCAP_UDP; encap++) {
			const struct sa *sa;

			espkit_pair(&reference_suites[s], encap);
			sa = sad_slot(esp.sad, OUT_SLOT);
			for (uint16_t path = 576; path <= 1600; path++) {
				uint16_t mtu = mtu_inner(sa, sa->outer.length, path);

				assert_true(mtu_outer(sa, sa->outer.length, mtu) <= path);
				assert_true(mtu_outer(sa, sa->outer.length, mtu + 1) > path);
			}
		}
	}
}

static void largest_packet_fills_the_path(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < REFERENCE_SUITES; s++) {
		struct frame f;
		struct rte_mbuf *m;
		unsigned int len;

		espkit_pair(&reference_suites[s], ABI_ENCAP_UDP);
		f = espkit_udp_out(espkit_mtu() - 28);
		m = espkit_clear(&f);
		assert_int_equal(espkit_send(&m), DROP_NONE);
		espkit_expect_sent(m, &f, 1);
		len = m->data_len - ETH;
		assert_true(len <= 1500 && len + esp.suite->block > 1500);
		rte_pktmbuf_free(m);
	}
}

static void too_big_with_df_is_answered_with_the_inner_mtu(void **state)
{
	struct frame f = espkit_udp_out(espkit_mtu() - 28 + 1);
	const uint8_t *ip;
	struct rte_mbuf *m;

	(void)state;
	put16(f.b + ETH + 6, 0x4000);
	frame_fix(&f);
	m = espkit_clear(&f);
	assert_int_equal(espkit_send(&m), DROP_NET_TOO_BIG);
	rte_pktmbuf_free(m);
	assert_int_equal(kit.n_out, 1);
	ip = rte_pktmbuf_mtod_offset(kit.out[0], const uint8_t *, ETH);
	assert_int_equal(get32(ip + 16), LAN_HOST);
	assert_int_equal(ip[20], 3);
	assert_int_equal(ip[21], 4);
	assert_int_equal(get16(ip + 26), espkit_mtu());
	assert_int_equal(espkit_counters(OUT_SLOT)->packets, 0);
}

/* Put the payload of one decrypted piece at its offset; its end. */
static size_t place(const struct rte_mbuf *m, uint8_t *whole, bool *last)
{
	struct reference_esp e;
	uint8_t inner[ESPKIT_MAX_INNER];
	long len = espkit_open(m, &e, inner);
	size_t at;

	assert_true(len > 20 && (uint32_t)len <= espkit_mtu());
	assert_int_equal(ref_cksum(inner, 20), 0);
	at = (get16(inner + 6) & 0x1fff) * 8u;
	*last = *last || (get16(inner + 6) & 0x2000) == 0;
	memcpy(whole + at, inner + 20, (size_t)len - 20);
	return at + (size_t)len - 20;
}

static void too_big_without_df_is_split_before_encryption(void **state)
{
	(void)state;
	for (size_t len = espkit_mtu() - 28 + 1; len < 1900; len += 37) {
		struct frame f = espkit_udp_out(len);
		struct rte_mbuf *m = espkit_clear(&f);
		uint8_t whole[ESPKIT_MAX_INNER];
		bool last = false;
		size_t end, n;

		assert_int_equal(espkit_send(&m), DROP_NONE);
		assert_true(esp.n_routed >= 1);
		end = place(m, whole, &last);
		for (unsigned int i = 0; i < esp.n_routed; i++) {
			assert_int_equal(pkt_meta(esp.routed[i])->flags,
					 PKT_F_PROTECTED | PKT_F_DF);
			n = place(esp.routed[i], whole, &last);
			end = n > end ? n : end;
		}
		assert_true(last);
		assert_int_equal(end, f.len - ETH - 20);
		assert_memory_equal(whole, f.b + ETH + 20, end);
		rte_pktmbuf_free(m);
		rte_pktmbuf_free_bulk(esp.routed, esp.n_routed);
		esp.n_routed = 0;
	}
}

static void a_whole_burst_can_be_split(void **state)
{
	struct frame f = espkit_udp_out(1500);
	struct rte_mbuf *m[WORKER_BURST];

	(void)state;
	for (unsigned int i = 0; i < WORKER_BURST; i++)
		m[i] = espkit_clear(&f);
	esp_out_burst(kit.w, m, WORKER_BURST);
	for (unsigned int i = 0; i < WORKER_BURST; i++)
		assert_int_equal(pkt_meta(m[i])->verdict, PKT_FORWARD);
	assert_int_equal(esp.n_routed, WORKER_BURST);
	assert_int_equal(espkit_counters(OUT_SLOT)->packets, 2 * WORKER_BURST);
	rte_pktmbuf_free_bulk(m, WORKER_BURST);
}

/* They have come from a policy as one packet each. */
static void pieces_for_many_sas_are_no_hits(void **state)
{
	const uint32_t slot[] = {OUT_SLOT, OUT_SLOT + 20};
	struct frame f = espkit_udp_out(1500);
	struct abi_sa_add other = espkit_out();
	struct rte_mbuf *m[WORKER_BURST];

	(void)state;
	other.slot = slot[1];
	espkit_add(&other);
	for (unsigned int i = 0; i < WORKER_BURST; i++) {
		m[i] = espkit_clear(&f);
		pkt_meta(m[i])->sa_slot = slot[i % 2];
	}
	esp_out_burst(kit.w, m, WORKER_BURST);
	assert_int_equal(esp.n_routed, WORKER_BURST);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(espkit_counters(slot[i])->hits, WORKER_BURST / 2);
		assert_int_equal(espkit_counters(slot[i])->packets, WORKER_BURST);
	}
	rte_pktmbuf_free_bulk(m, WORKER_BURST);
}

static struct frame syn(unsigned int mss, unsigned int nops, uint8_t flags)
{
	struct frame f = frame_ipv4(LAN_HOST, FAR_HOST, 6, 28);
	uint8_t *tcp = f.b + ETH + 20;

	memset(tcp, 0, 28);
	put16(tcp, 40000);
	put16(tcp + 2, 443);
	tcp[12] = 7 << 4;
	tcp[13] = flags;
	memset(tcp + 20, 1, nops);
	tcp[20 + nops] = 2;
	tcp[21 + nops] = 4;
	put16(tcp + 22 + nops, mss);
	return f;
}

/* Sum over pseudo header and segment, checksum field included: 0 when it is right. */
static uint16_t tcp_sum(const uint8_t *ip)
{
	uint8_t b[12 + 2000];
	size_t len = get16(ip + 2) - 20;

	memcpy(b, ip + 12, 8);
	put16(b + 8, 6);
	put16(b + 10, (unsigned int)len);
	memcpy(b + 12, ip + 20, len);
	return ref_cksum(b, 12 + len);
}

static unsigned int mss_after(struct frame f, unsigned int nops)
{
	struct reference_esp e;
	uint8_t inner[ESPKIT_MAX_INNER];
	struct rte_mbuf *m;

	put16(f.b + ETH + 36, 0);
	put16(f.b + ETH + 36, tcp_sum(f.b + ETH));
	m = espkit_clear(&f);
	assert_int_equal(espkit_send(&m), DROP_NONE);
	assert_int_equal(espkit_open(m, &e, inner), 48);
	assert_int_equal(tcp_sum(inner), 0);
	rte_pktmbuf_free(m);
	return get16(inner + 42 + nops);
}

static void mss_of_a_syn_is_lowered_to_the_tunnel(void **state)
{
	unsigned int fits = espkit_mtu() - 40;

	(void)state;
	for (unsigned int nops = 0; nops <= 4; nops++) {
		assert_int_equal(mss_after(syn(1460, nops, 0x02), nops), fits);
		assert_int_equal(mss_after(syn(65535, nops, 0x12), nops), fits);
		assert_int_equal(mss_after(syn(fits + 1, nops, 0x02), nops), fits);
		assert_int_equal(mss_after(syn(fits, nops, 0x02), nops), fits);
		assert_int_equal(mss_after(syn(536, nops, 0x02), nops), 536);
		/* No SYN: no option to be read. */
		assert_int_equal(mss_after(syn(1460, nops, 0x10), nops), 1460);
	}
}

static void is_syn_with(struct rte_mbuf *m, unsigned int mss)
{
	struct reference_esp e;
	uint8_t inner[ESPKIT_MAX_INNER];

	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	assert_int_equal(espkit_open(m, &e, inner), 48);
	assert_int_equal(get16(inner + 42), mss);
}

/* One by one, in a run, and in a burst of many SAs, of which every second one lowers it. */
static void an_sa_that_is_to_keep_it_does(void **state)
{
	enum { N = 40 };
	const unsigned int fits = espkit_mtu() - 40;
	struct abi_sa_add c = espkit_out();
	struct frame f = syn(1460, 0, 0x02);
	struct rte_mbuf *m[N];

	(void)state;
	c.slot = OUT_SLOT + 1;
	espkit_add(&c);
	espkit_remove(OUT_SLOT);
	c.slot = OUT_SLOT;
	c.flags |= ABI_SA_F_KEEP_MSS;
	espkit_add(&c);
	assert_int_equal(mss_after(f, 0), 1460);
	for (unsigned int many = 0; many < 2; many++) {
		for (unsigned int i = 0; i < N; i++) {
			m[i] = espkit_clear(&f);
			pkt_meta(m[i])->sa_slot = OUT_SLOT + (many ? i % 2 : 0);
		}
		esp_out_burst(kit.w, m, N);
		for (unsigned int i = 0; i < N; i++)
			is_syn_with(m[i], many && i % 2 ? fits : 1460);
		rte_pktmbuf_free_bulk(m, N);
	}
}

static void broken_tcp_options_are_left_alone(void **state)
{
	uint64_t seed = 5;

	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		struct frame f = syn(1460, 0, 0x02);
		struct rte_mbuf *m;

		reference_fill(&seed, f.b + ETH + 32, 16);
		f.b[ETH + 33] |= 0x02;
		m = espkit_clear(&f);
		assert_int_equal(espkit_send(&m), DROP_NONE);
		rte_pktmbuf_free(m);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, espkit_begin, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(mtu_is_exact_for_every_suite_and_path),
		CASE(largest_packet_fills_the_path),
		CASE(too_big_with_df_is_answered_with_the_inner_mtu),
		CASE(too_big_without_df_is_split_before_encryption),
		CASE(a_whole_burst_can_be_split),
		CASE(pieces_for_many_sas_are_no_hits),
		CASE(mss_of_a_syn_is_lowered_to_the_tunnel),
		CASE(an_sa_that_is_to_keep_it_does),
		CASE(broken_tcp_options_are_left_alone),
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
