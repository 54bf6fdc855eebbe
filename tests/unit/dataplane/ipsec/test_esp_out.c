/* SPDX-License-Identifier: BSD-3-Clause */
/* test_esp_out.c - outbound ESP, taken apart by OpenSSL. */
#include "tests/unit/dataplane/ipsec/espkit.h"

static void send_and_expect(const struct frame *f, uint32_t seq)
{
	struct rte_mbuf *m = espkit_clear(f);

	assert_int_equal(espkit_send(&m), DROP_NONE);
	espkit_expect_sent(m, f, seq);
	rte_pktmbuf_free(m);
}

static void every_suite_and_length_opens_elsewhere(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < REFERENCE_SUITES; s++) {
		for (uint8_t encap = ABI_ENCAP_NONE; encap <= ABI_ENCAP_UDP; encap++) {
			uint32_t seq = 1;

			espkit_pair(&reference_suites[s], encap);
			for (size_t len = 0; len <= 128; len++) {
				struct frame f = espkit_udp_out(len);

				send_and_expect(&f, seq++);
			}
			for (size_t len = espkit_mtu() - 28 - 40; len <= espkit_mtu() - 28; len++) {
				struct frame f = espkit_udp_out(len);

				send_and_expect(&f, seq++);
			}
		}
	}
}

/* Some packets name slots without an SA, and some SAs have limits, which is not what most have. */
static void a_burst_of_many_sas_keeps_order_and_numbers(void **state)
{
	enum { SAS = 6, ROUNDS = 200 };
	struct frame f[WORKER_BURST];
	struct rte_mbuf *m[WORKER_BURST];
	uint32_t seq[SAS] = {0};
	unsigned int of[WORKER_BURST];
	uint64_t seed = 99;

	(void)state;
	for (unsigned int i = 0; i < SAS; i++) {
		struct abi_sa_add c = espkit_out();

		c.slot = 20 + i;
		c.spi = 0x20000 + i;
		c.life.hard_packets = i % 3 == 1 ? 1u << 30 : 0;
		espkit_add(&c);
	}
	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (unsigned int i = 0; i < WORKER_BURST; i++) {
			of[i] = (unsigned int)(random_next(&seed) % (SAS + 2));
			f[i] = espkit_udp_out(random_next(&seed) % 1300);
			m[i] = espkit_clear(&f[i]);
			pkt_meta(m[i])->sa_slot = 20 + of[i];
		}
		esp_out_burst(kit.w, m, WORKER_BURST);
		for (unsigned int i = 0; i < WORKER_BURST; i++) {
			struct reference_esp e;
			uint8_t inner[ESPKIT_MAX_INNER];

			if (of[i] >= SAS) { /* no such SA */
				assert_int_equal(pkt_meta(m[i])->verdict, PKT_DROP);
				assert_int_equal(pkt_meta(m[i])->reason,
						 DROP_OUT_BUNDLE_CHECK_ERRORS);
				rte_pktmbuf_free(m[i]);
				continue;
			}
			assert_int_equal(pkt_meta(m[i])->verdict, PKT_FORWARD);
			assert_int_equal(espkit_open(m[i], &e, inner), f[i].len - ETH);
			assert_memory_equal(inner, f[i].b + ETH, f[i].len - ETH);
			assert_int_equal(e.spi, 0x20000 + of[i]);
			assert_int_equal(e.seq, ++seq[of[i]]);
			rte_pktmbuf_free(m[i]);
		}
	}
	for (unsigned int i = 0; i < SAS; i++) {
		assert_int_equal(espkit_counters(20 + i)->packets, seq[i]);
		assert_int_equal(espkit_counters(20 + i)->hits, seq[i]);
		assert_int_equal(sad_slot(esp.sad, 20 + i)->volume.packets,
				 i % 3 == 1 ? seq[i] : 0);
	}
}

/* Built packet by packet; lengths up to the MTU. */
static void every_suite_opens_elsewhere_from_bursts_of_many_sas(void **state)
{
	enum { SAS = 6, N = 64 };
	uint64_t seed = 5;

	(void)state;
	for (unsigned int k = 0; k < 2 * REFERENCE_SUITES; k++) {
		struct frame f[N];
		struct rte_mbuf *m[N];
		uint32_t seq[SAS] = {0};
		unsigned int of[N];

		espkit_pair(&reference_suites[k / 2], k % 2 ? ABI_ENCAP_UDP : ABI_ENCAP_NONE);
		for (unsigned int i = 0; i < SAS; i++) {
			struct abi_sa_add c = espkit_out();

			c.slot = 20 + i;
			c.spi = 0x20000 + i;
			espkit_add(&c);
		}
		for (unsigned int i = 0; i < N; i++) {
			size_t most = espkit_mtu() - 28;

			of[i] = (unsigned int)(random_next(&seed) % SAS);
			f[i] = espkit_udp_out(i % 4 == 0 ? most - i / 4
							 : random_next(&seed) % most);
			m[i] = espkit_clear(&f[i]);
			pkt_meta(m[i])->sa_slot = 20 + of[i];
		}
		esp_out_burst(kit.w, m, N);
		for (unsigned int i = 0; i < N; i++) {
			struct reference_esp e;
			uint8_t inner[ESPKIT_MAX_INNER];

			assert_int_equal(pkt_meta(m[i])->verdict, PKT_FORWARD);
			assert_int_equal(espkit_open(m[i], &e, inner), f[i].len - ETH);
			assert_memory_equal(inner, f[i].b + ETH, f[i].len - ETH);
			assert_int_equal(e.spi, 0x20000 + of[i]);
			assert_int_equal(e.seq, ++seq[of[i]]);
			rte_pktmbuf_free(m[i]);
		}
		for (unsigned int i = 0; i < SAS; i++)
			espkit_remove(20 + i);
	}
}

/* Bursts of many SAs and few: what is not sent was sent there all the same. */
static void what_a_policy_has_sent_to_an_sa_is_a_hit(void **state)
{
	enum { SAS = 20 };
	struct rte_mbuf *m[SAS];
	struct frame f = espkit_udp_out(100);

	(void)state;
	put32(f.b + ETH + 12, 0x01020304); /* no address of the site */
	frame_fix(&f);
	for (unsigned int i = 0; i < SAS; i++) {
		struct abi_sa_add c = espkit_out();

		c.slot = 20 + i;
		c.spi = 0x20000 + i;
		espkit_add(&c);
		m[i] = espkit_clear(&f);
		pkt_meta(m[i])->sa_slot = 20 + i;
	}
	esp_out_burst(kit.w, m, SAS);
	for (unsigned int i = 0; i < SAS; i++) {
		assert_int_equal(pkt_meta(m[i])->reason, DROP_OUT_BUNDLE_ERRORS);
		assert_int_equal(espkit_counters(20 + i)->hits, 1);
		pkt_meta(m[i])->verdict = PKT_FORWARD;
		pkt_meta(m[i])->sa_slot = 20;
	}
	esp_out_burst(kit.w, m, SAS);
	assert_int_equal(espkit_counters(20)->hits, 1 + SAS);
	assert_int_equal(espkit_counters(20)->packets, 0);
	rte_pktmbuf_free_bulk(m, SAS);
}

static void meta_describes_the_outer_packet(void **state)
{
	struct frame f = espkit_udp_out(100);
	struct rte_mbuf *m = espkit_clear(&f);
	const struct pkt_meta *meta;

	(void)state;
	assert_int_equal(espkit_send(&m), DROP_NONE);
	meta = pkt_meta(m);
	assert_int_equal(meta->verdict, PKT_FORWARD);
	assert_int_equal(meta->flags, PKT_F_PROTECTED | PKT_F_DF);
	assert_int_equal(meta->l3_off, ETH);
	assert_int_equal(meta->l4_off, ETH + 20);
	assert_int_equal(meta->proto, 50);
	assert_int_equal(meta->src, WAN_US);
	assert_int_equal(meta->dst, PEER);
	assert_int_equal(meta->ip_len, m->data_len - ETH);
	assert_int_equal(meta->sa_slot, OUT_SLOT);
	rte_pktmbuf_free(m);
}

static void tos_is_copied_and_df_set(void **state)
{
	(void)state;
	for (unsigned int tos = 0; tos < 256; tos++) {
		struct frame f = espkit_udp_out(20);
		struct rte_mbuf *m;
		const uint8_t *ip;

		f.b[ETH + 1] = (uint8_t)tos;
		frame_fix(&f);
		m = espkit_clear(&f);
		assert_int_equal(espkit_send(&m), DROP_NONE);
		ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH);
		assert_int_equal(ip[1], tos);
		assert_int_equal(get16(ip + 6), 0x4000);
		espkit_expect_sent(m, &f, tos + 1);
		rte_pktmbuf_free(m);
	}
}

static void ethernet_padding_is_not_sent(void **state)
{
	struct frame f = frame_ipv4(LAN_HOST, FAR_HOST, 99, 3), padded = f;

	(void)state;
	memset(padded.b + padded.len, 0xee, 32);
	padded.len += 32;
	struct rte_mbuf *m = espkit_clear(&padded);

	assert_int_equal(espkit_send(&m), DROP_NONE);
	espkit_expect_sent(m, &f, 1);
	rte_pktmbuf_free(m);
}

static void ivs_differ_from_packet_to_packet(void **state)
{
	enum { N = 600 };
	static uint8_t iv[N][16];

	(void)state;
	for (unsigned int i = 0; i < N; i++) {
		struct frame f = espkit_udp_out(10);
		struct rte_mbuf *m = espkit_clear(&f);

		assert_int_equal(espkit_send(&m), DROP_NONE);
		memcpy(iv[i], rte_pktmbuf_mtod_offset(m, uint8_t *, ETH + 28), 16);
		rte_pktmbuf_free(m);
		for (unsigned int k = 0; k < i; k++)
			assert_memory_not_equal(iv[k], iv[i], 16);
	}
}

static void numbers_end_at_the_last_and_never_wrap(void **state)
{
	struct abi_sa_add c = espkit_out();
	struct frame f = espkit_udp_out(10);

	(void)state;
	espkit_remove(OUT_SLOT);
	c.seq_start = UINT32_MAX - 3;
	espkit_add(&c);
	for (uint32_t i = 0; i < 3; i++)
		send_and_expect(&f, UINT32_MAX - 2 + i);
	for (unsigned int i = 0; i < 200; i++) {
		struct rte_mbuf *m = espkit_clear(&f);

		assert_int_equal(espkit_send(&m), DROP_OUT_STATE_SEQUENCE_ERRORS);
		rte_pktmbuf_free(m);
		espkit_tick(kit.w->now);
	}
	assert_int_equal(kit.h->sa_status[OUT_SLOT].seq, UINT32_MAX);
	assert_int_equal(kit.h->sa_status[OUT_SLOT].seq_mark, UINT32_MAX);
}

static void a_burst_across_the_end_sends_only_what_is_left(void **state)
{
	struct abi_sa_add c = espkit_out();
	struct frame f = espkit_udp_out(10);
	struct rte_mbuf *m[8];

	(void)state;
	espkit_remove(OUT_SLOT);
	c.seq_start = UINT32_MAX - 5;
	espkit_add(&c);
	for (unsigned int i = 0; i < 8; i++)
		m[i] = espkit_clear(&f);
	esp_out_burst(kit.w, m, 8);
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(pkt_meta(m[i])->verdict, i < 5 ? PKT_FORWARD : PKT_DROP);
	espkit_expect_sent(m[4], &f, UINT32_MAX);
	rte_pktmbuf_free_bulk(m, 8);
}

static void numbers_stay_below_the_promised_mark(void **state)
{
	struct frame f = espkit_udp_out(10);
	struct sa *sa = sad_slot(esp.sad, OUT_SLOT);
	struct rte_mbuf *m;

	(void)state;
	/* As when the manager has not come round for long. */
	sa->seq = sa->seq_limit;
	m = espkit_clear(&f);
	assert_int_equal(espkit_send(&m), DROP_OUT_STATE_SEQUENCE_ERRORS);
	rte_pktmbuf_free(m);
	espkit_tick(kit.w->now);
	m = espkit_clear(&f);
	assert_int_equal(espkit_send(&m), DROP_NONE);
	rte_pktmbuf_free(m);
}

static enum drop_reason send_with_slot(uint32_t slot)
{
	struct frame f = espkit_udp_out(10);
	struct rte_mbuf *m = espkit_clear(&f);
	enum drop_reason why;

	pkt_meta(m)->sa_slot = slot;
	why = espkit_send(&m);
	rte_pktmbuf_free(m);
	return why;
}

static void unusable_sas_have_their_reasons(void **state)
{
	struct sa *sa = sad_slot(esp.sad, OUT_SLOT);

	(void)state;
	assert_int_equal(send_with_slot(OUT_SLOT), DROP_NONE);
	assert_int_equal(send_with_slot(IN_SLOT), DROP_OUT_BUNDLE_ERRORS);
	assert_int_equal(send_with_slot(40), DROP_OUT_BUNDLE_CHECK_ERRORS);
	assert_int_equal(send_with_slot(UINT32_MAX), DROP_OUT_BUNDLE_CHECK_ERRORS);
	sa->state = SA_EXPIRED;
	assert_int_equal(send_with_slot(OUT_SLOT), DROP_OUT_STATE_EXPIRED);
	sa->state = SA_DEAD;
	assert_int_equal(send_with_slot(OUT_SLOT), DROP_OUT_BUNDLE_CHECK_ERRORS);
	sa->state = SA_LIVE;
	/* The manager is in the middle of changing the outer header. */
	sa->outer_gen++;
	assert_int_equal(send_with_slot(OUT_SLOT), DROP_OUT_BUNDLE_CHECK_ERRORS);
	sa->outer_gen++;
	sa->hash = CRYPTO_HASHES;
	assert_int_equal(send_with_slot(OUT_SLOT), DROP_OUT_STATE_PROTOCOL_ERRORS);
	assert_int_equal(espkit_counters(OUT_SLOT)->packets, 1);
}

static enum drop_reason send_frame(const struct frame *f)
{
	struct rte_mbuf *m = espkit_clear(f);
	enum drop_reason why = espkit_send(&m);

	rte_pktmbuf_free(m);
	return why;
}

static void packets_outside_the_selectors_do_not_use_the_sa(void **state)
{
	struct abi_sa_add c = espkit_out();
	struct frame f;

	(void)state;
	f = frame_udp(IP(192, 168, 2, 1), FAR_HOST, 4000, 53, NULL, 8);
	assert_int_equal(send_frame(&f), DROP_OUT_BUNDLE_ERRORS);
	f = frame_udp(LAN_HOST, IP(10, 100, 2, 0), 4000, 53, NULL, 8);
	assert_int_equal(send_frame(&f), DROP_OUT_BUNDLE_ERRORS);
	espkit_remove(OUT_SLOT);
	c.ts_remote[0].protocol = 17;
	c.ts_remote[0].port_lo = c.ts_remote[0].port_hi = 53;
	espkit_add(&c);
	f = espkit_udp_out(8);
	assert_int_equal(send_frame(&f), DROP_NONE);
	f = frame_udp(LAN_HOST, FAR_HOST, 4000, 54, NULL, 8);
	assert_int_equal(send_frame(&f), DROP_OUT_BUNDLE_ERRORS);
	f = frame_icmp(LAN_HOST, FAR_HOST, 8, 0, 8);
	assert_int_equal(send_frame(&f), DROP_OUT_BUNDLE_ERRORS);
}

static void a_shared_packet_is_copied_not_written(void **state)
{
	struct frame f = espkit_udp_out(200);
	struct rte_mbuf *m = espkit_clear(&f), *other = m;

	(void)state;
	rte_mbuf_refcnt_update(m, 1);
	assert_int_equal(espkit_send(&m), DROP_NONE);
	assert_ptr_not_equal(m, other);
	espkit_expect_sent(m, &f, 1);
	assert_int_equal(rte_mbuf_refcnt_read(other), 1);
	assert_int_equal(other->data_len, f.len);
	assert_memory_equal(rte_pktmbuf_mtod(other, uint8_t *), f.b, f.len);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(other);
}

static void an_indirect_packet_is_copied_not_written(void **state)
{
	struct frame f = espkit_udp_out(200);
	struct rte_mbuf *direct = espkit_clear(&f);
	struct rte_mbuf *m = rte_pktmbuf_clone(direct, kit.h->pool);

	(void)state;
	assert_non_null(m);
	*pkt_meta(m) = *pkt_meta(direct);
	assert_int_equal(espkit_send(&m), DROP_NONE);
	espkit_expect_sent(m, &f, 1);
	assert_memory_equal(rte_pktmbuf_mtod(direct, uint8_t *), f.b, f.len);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(direct);
}

static void without_buffers_a_shared_packet_is_dropped(void **state)
{
	struct frame f = espkit_udp_out(200);
	struct rte_mbuf *m = espkit_clear(&f), *other = m, *all[4096];
	unsigned int n = 0;

	(void)state;
	while (n < 4096 && (all[n] = rte_pktmbuf_alloc(kit.h->pool)) != NULL)
		n++;
	rte_mbuf_refcnt_update(m, 1);
	assert_int_equal(espkit_send(&m), DROP_NET_NO_BUFFER);
	assert_ptr_equal(m, other);
	rte_pktmbuf_free_bulk(all, n);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(m);
}

static void without_room_around_it_a_packet_is_an_out_error(void **state)
{
	struct frame f = espkit_udp_out(10);
	struct rte_mbuf *m = espkit_clear(&f);

	(void)state;
	m->data_off = 0;
	memcpy(rte_pktmbuf_mtod(m, uint8_t *), f.b, f.len);
	assert_int_equal(espkit_send(&m), DROP_OUT_ERRORS);
	rte_pktmbuf_free(m);
}

static void inner_packets_and_bytes_are_counted(void **state)
{
	const struct abi_sa_counters *c = espkit_counters(OUT_SLOT);
	uint64_t bytes = 0, wire = 0;

	(void)state;
	for (size_t i = 0; i < 50; i++) {
		struct frame f = espkit_udp_out(i * 7);
		struct rte_mbuf *m = espkit_clear(&f);

		assert_int_equal(espkit_send(&m), DROP_NONE);
		bytes += f.len - ETH;
		wire += m->data_len - ETH;
		rte_pktmbuf_free(m);
	}
	assert_int_equal(c->packets, 50);
	assert_int_equal(c->bytes, bytes);
	assert_int_equal(c->wire_bytes, wire);
	assert_int_equal(c->last_used, kit.w->now);
}

static void a_moved_peer_is_followed(void **state)
{
	struct abi_sa_update u = {
		.msg = {.type = ABI_CMD_SA_UPDATE, .length = sizeof(u)},
		.slot = OUT_SLOT,
		.spi = OUT_SPI,
		.what = ABI_SA_UPD_ENDPOINT,
		.encap = ABI_ENCAP_UDP,
		.local_port = 4500,
		.remote_port = 31000,
		.local = abi4(WAN_US),
		.remote = abi4(IP(203, 0, 113, 9)),
	};
	struct frame f = espkit_udp_out(10);
	struct rte_mbuf *m = espkit_clear(&f);
	const uint8_t *ip;
	uint32_t detail;

	(void)state;
	assert_int_equal(sad_update(esp.sad, &u, &detail), ABI_OK);
	assert_int_equal(espkit_send(&m), DROP_NONE);
	ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH);
	assert_int_equal(ref_cksum(ip, 20), 0);
	assert_int_equal(get32(ip + 16), IP(203, 0, 113, 9));
	assert_int_equal(get16(ip + 22), 31000);
	assert_int_equal(pkt_meta(m)->dst, IP(203, 0, 113, 9));
	assert_int_equal(pkt_meta(m)->dst_port, 31000);
	rte_pktmbuf_free(m);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, espkit_begin, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_suite_and_length_opens_elsewhere),
		CASE(a_burst_of_many_sas_keeps_order_and_numbers),
		CASE(every_suite_opens_elsewhere_from_bursts_of_many_sas),
		CASE(what_a_policy_has_sent_to_an_sa_is_a_hit),
		CASE(meta_describes_the_outer_packet),
		CASE(tos_is_copied_and_df_set),
		CASE(ethernet_padding_is_not_sent),
		CASE(ivs_differ_from_packet_to_packet),
		CASE(numbers_end_at_the_last_and_never_wrap),
		CASE(a_burst_across_the_end_sends_only_what_is_left),
		CASE(numbers_stay_below_the_promised_mark),
		CASE(unusable_sas_have_their_reasons),
		CASE(packets_outside_the_selectors_do_not_use_the_sa),
		CASE(a_shared_packet_is_copied_not_written),
		CASE(an_indirect_packet_is_copied_not_written),
		CASE(without_buffers_a_shared_packet_is_dropped),
		CASE(without_room_around_it_a_packet_is_an_out_error),
		CASE(inner_packets_and_bytes_are_counted),
		CASE(a_moved_peer_is_followed),
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
