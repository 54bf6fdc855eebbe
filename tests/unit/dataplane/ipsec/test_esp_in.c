/* SPDX-License-Identifier: BSD-3-Clause */
/* test_esp_in.c - inbound ESP made by OpenSSL: what is genuine comes through, each wrong thing is
 * dropped for its own reason. */
#include "tests/unit/dataplane/ipsec/espkit.h"

static struct frame inner_udp(size_t len)
{
	return frame_udp(FAR_HOST, LAN_HOST, 53, 4000, NULL, len);
}

static struct frame sealed_udp(size_t len, const struct reference_esp *e)
{
	struct frame f = inner_udp(len);

	return espkit_sealed(&f, e);
}

static void expect_delivered(const struct frame *outer, const struct frame *inner)
{
	struct rte_mbuf *m;
	enum drop_reason why = espkit_receive(outer, &m);
	const struct pkt_meta *meta = pkt_meta(m);

	if (why != DROP_NONE)
		fail_msg("%s: dropped for reason %d", esp.suite->name, why);
	assert_int_equal(meta->verdict, PKT_FORWARD);
	assert_true(meta->flags & PKT_F_FROM_SA);
	assert_int_equal(meta->sa_slot, IN_SLOT);
	assert_int_equal(meta->l3_off, ETH);
	assert_int_equal(meta->ip_len, inner->len - ETH);
	assert_int_equal(meta->src, get32(inner->b + ETH + 12));
	assert_int_equal(meta->dst, get32(inner->b + ETH + 16));
	assert_int_equal(m->data_len, inner->len);
	assert_int_equal(m->pkt_len, inner->len);
	assert_memory_equal(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH), inner->b + ETH,
			    inner->len - ETH);
	rte_pktmbuf_free(m);
}

static void every_suite_and_length_comes_through(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < REFERENCE_SUITES; s++) {
		for (uint8_t encap = ABI_ENCAP_NONE; encap <= ABI_ENCAP_UDP; encap++) {
			espkit_pair(&reference_suites[s], encap);
			for (size_t len = 0; len <= 128; len++) {
				struct frame inner = inner_udp(len);
				struct frame outer = espkit_sealed(&inner, NULL);

				expect_delivered(&outer, &inner);
			}
			for (size_t len = 1300; len < 1340; len++) {
				struct frame inner = inner_udp(len);
				struct frame outer = espkit_sealed(&inner, NULL);

				expect_delivered(&outer, &inner);
			}
		}
	}
}

static void bursts_of_many_sas_come_through(void **state)
{
	enum { SAS = 6, ROUNDS = 100 };
	struct rte_mbuf *m[WORKER_BURST];
	struct frame inner[WORKER_BURST];
	uint32_t seq[SAS] = {0};
	uint64_t seed = 11;

	(void)state;
	for (unsigned int i = 0; i < SAS; i++) {
		struct abi_sa_add c = espkit_in();

		c.slot = 20 + i;
		c.spi = 0x30000 + 20 + i;
		espkit_add(&c);
	}
	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (unsigned int i = 0; i < WORKER_BURST; i++) {
			unsigned int of = (unsigned int)(reference_random(&seed) % SAS);
			struct reference_esp e = espkit_next(++seq[of]);
			struct frame f;

			e.spi = sad_slot(esp.sad, 20 + of)->spi;
			inner[i] = inner_udp(reference_random(&seed) % 1300);
			f = espkit_sealed(&inner[i], &e);
			if (i % 8 == 7) /* and some forgeries between them */
				f.b[f.len - 1] ^= 1;
			m[i] = kit_parse(&f);
		}
		esp_in_burst(kit.w, m, WORKER_BURST);
		for (unsigned int i = 0; i < WORKER_BURST; i++) {
			const struct pkt_meta *meta = pkt_meta(m[i]);

			if (i % 8 == 7) {
				assert_int_equal(meta->verdict, PKT_DROP);
				assert_int_equal(meta->reason, DROP_IN_STATE_PROTOCOL_ERRORS);
			} else {
				assert_int_equal(meta->verdict, PKT_FORWARD);
				assert_int_equal(m[i]->data_len, inner[i].len);
				assert_memory_equal(rte_pktmbuf_mtod_offset(m[i], uint8_t *, ETH),
						    inner[i].b + ETH, inner[i].len - ETH);
			}
			rte_pktmbuf_free(m[i]);
		}
	}
}

static void every_truncation_is_dropped(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < REFERENCE_SUITES; s++) {
		for (uint8_t encap = ABI_ENCAP_NONE; encap <= ABI_ENCAP_UDP; encap++) {
			struct frame whole;
			size_t head, full;

			espkit_pair(&reference_suites[s], encap);
			whole = sealed_udp(20, NULL);
			head = ETH + 20 + (encap == ABI_ENCAP_UDP ? 8 : 0);
			full = whole.len - head;
			for (size_t len = 0; len < full; len++) {
				struct frame f = espkit_wrap(whole.b + head, len);
				enum drop_reason why = espkit_reason(&f);

				if (len < 8)
					assert_int_equal(why, DROP_IN_HEADER_ERRORS);
				else
					assert_int_equal(why, DROP_IN_STATE_PROTOCOL_ERRORS);
			}
			assert_int_equal(espkit_counters(IN_SLOT)->packets, 0);
			assert_int_equal(espkit_reason(&whole), DROP_NONE);
			memset(kit.h->sa_counters, 0,
			       ESPKIT_SAS * kit.w->stride * sizeof(*kit.h->sa_counters));
		}
	}
}

static void any_changed_byte_is_dropped(void **state)
{
	const struct sa *sa;
	struct frame good = sealed_udp(40, NULL);

	(void)state;
	sa = sad_slot(esp.sad, IN_SLOT);
	for (size_t at = ETH + 20; at < good.len; at++) {
		struct frame f = good;
		enum drop_reason why;

		f.b[at] ^= 0x40;
		why = espkit_reason(&f);
		if (at < ETH + 24)
			assert_int_equal(why, DROP_IN_NO_STATES);
		else
			assert_int_equal(why, DROP_IN_STATE_PROTOCOL_ERRORS);
		/* What is not genuine moves nothing. */
		assert_int_equal(sa->replay->top, 0);
		assert_int_equal(sa->moved, 0);
	}
	assert_int_equal(espkit_reason(&good), DROP_NONE);
	assert_int_equal(espkit_counters(IN_SLOT)->packets, 1);
}

static void an_spi_that_is_not_an_inbound_sa_finds_no_state(void **state)
{
	(void)state;
	for (uint32_t spi = 0; spi < 300; spi++) {
		struct reference_esp e = espkit_next(1);
		struct frame f;

		e.spi = spi;
		if (spi == 0)
			continue;
		f = sealed_udp(8, &e);
		assert_int_equal(espkit_reason(&f), DROP_IN_NO_STATES);
	}
	struct reference_esp e = espkit_next(1);
	struct frame f;

	e.spi = OUT_SPI;
	f = sealed_udp(8, &e);
	assert_int_equal(espkit_reason(&f), DROP_IN_NO_STATES);
	e.spi = IN_SPI + ESPKIT_SAS; /* same slot, other SPI */
	f = sealed_udp(8, &e);
	assert_int_equal(espkit_reason(&f), DROP_IN_NO_STATES);
}

static void the_wrong_one_of_our_addresses_finds_no_state(void **state)
{
	struct frame f = sealed_udp(8, NULL);

	(void)state;
	put32(f.b + ETH + 16, LAN_US);
	frame_fix(&f);
	assert_int_equal(espkit_reason(&f), DROP_IN_NO_STATES);
}

static void the_wrong_encapsulation_is_a_mismatch(void **state)
{
	struct frame f;

	(void)state;
	esp.encap = ABI_ENCAP_UDP;
	f = sealed_udp(8, NULL);
	assert_int_equal(espkit_reason(&f), DROP_IN_STATE_MISMATCHES);
	espkit_pair(esp.suite, ABI_ENCAP_UDP);
	esp.encap = ABI_ENCAP_NONE;
	f = sealed_udp(8, NULL);
	assert_int_equal(espkit_reason(&f), DROP_IN_STATE_MISMATCHES);
}

static void unusable_sas_have_their_reasons(void **state)
{
	struct sa *sa = sad_slot(esp.sad, IN_SLOT);
	struct frame f = sealed_udp(8, NULL);

	(void)state;
	sa->state = SA_LARVAL;
	assert_int_equal(espkit_reason(&f), DROP_IN_STATE_INVALID);
	sa->state = SA_DEAD;
	assert_int_equal(espkit_reason(&f), DROP_IN_STATE_INVALID);
	sa->state = SA_EXPIRED;
	assert_int_equal(espkit_reason(&f), DROP_IN_STATE_EXPIRED);
	sa->state = SA_LIVE;
	assert_int_equal(espkit_reason(&f), DROP_NONE);
}

static enum drop_reason with_seq(uint32_t seq)
{
	struct reference_esp e = espkit_next(seq);
	struct frame f = sealed_udp(8, &e);

	return espkit_reason(&f);
}

static void replays_and_late_packets_are_sequence_errors(void **state)
{
	(void)state;
	assert_int_equal(with_seq(0), DROP_IN_STATE_SEQUENCE_ERRORS);
	assert_int_equal(with_seq(1), DROP_NONE);
	assert_int_equal(with_seq(1), DROP_IN_STATE_SEQUENCE_ERRORS);
	assert_int_equal(with_seq(1000), DROP_NONE);
	assert_int_equal(with_seq(1000 - 128), DROP_IN_STATE_SEQUENCE_ERRORS);
	assert_int_equal(with_seq(1000 - 127), DROP_NONE);
	assert_int_equal(with_seq(1000 - 127), DROP_IN_STATE_SEQUENCE_ERRORS);
	assert_int_equal(with_seq(UINT32_MAX), DROP_NONE);
	assert_int_equal(espkit_counters(IN_SLOT)->packets, 4);
}

static void a_copy_in_the_same_burst_is_dropped(void **state)
{
	struct frame f = sealed_udp(100, NULL);
	struct rte_mbuf *m[WORKER_BURST];
	unsigned int passed = 0;

	(void)state;
	for (unsigned int i = 0; i < WORKER_BURST; i++)
		m[i] = kit_parse(&f);
	esp_in_burst(kit.w, m, WORKER_BURST);
	for (unsigned int i = 0; i < WORKER_BURST; i++) {
		passed += pkt_meta(m[i])->verdict == PKT_FORWARD;
		if (i > 0)
			assert_int_equal(pkt_meta(m[i])->reason, DROP_IN_STATE_SEQUENCE_ERRORS);
	}
	assert_int_equal(passed, 1);
	rte_pktmbuf_free_bulk(m, WORKER_BURST);
}

static void without_a_window_nothing_is_a_replay(void **state)
{
	struct abi_sa_add c = espkit_in();
	struct frame f;

	(void)state;
	espkit_remove(IN_SLOT);
	c.replay_window = 0;
	espkit_add(&c);
	f = sealed_udp(8, NULL);
	assert_int_equal(espkit_reason(&f), DROP_NONE);
	assert_int_equal(espkit_reason(&f), DROP_NONE);
	assert_int_equal(with_seq(0), DROP_NONE);
}

static enum drop_reason with_trailer(int pad, bool bad_pad, int pad_length, uint8_t next)
{
	static uint32_t seq;
	struct reference_esp e = espkit_next(seq = seq % 100 + 1);
	struct frame f;

	espkit_pair(esp.suite, esp.encap);
	e.pad = pad;
	e.bad_pad = bad_pad;
	e.pad_length = pad_length;
	e.next_header = next;
	f = sealed_udp(8, &e); /* 36 bytes: the least pad is 10 */
	return espkit_reason(&f);
}

static void trailers_of_genuine_packets_are_checked(void **state)
{
	(void)state;
	assert_int_equal(with_trailer(10, false, -1, 4), DROP_NONE);
	/* More pad than needed is allowed, up to 255 (RFC 4303 section 2.4). */
	for (int pad = 26; pad < 255; pad += 16)
		assert_int_equal(with_trailer(pad, false, -1, 4), DROP_NONE);
	assert_int_equal(with_trailer(10, true, -1, 4), DROP_IN_STATE_PROTOCOL_ERRORS);
	/* 36 + 10 + 2 bytes of text: no pad length above 46 fits, and 46 leaves nothing. */
	for (int said = 0; said < 256; said++) {
		enum drop_reason why = with_trailer(10, false, said, 4);

		if (said == 10)
			assert_int_equal(why, DROP_NONE);
		else if (said == 0) /* reads pad as confidentiality padding */
			assert_int_equal(why, DROP_NONE);
		else
			assert_int_equal(why, DROP_IN_STATE_PROTOCOL_ERRORS);
	}
}

static void next_headers_of_genuine_packets_are_checked(void **state)
{
	(void)state;
	for (unsigned int next = 0; next < 256; next++) {
		enum drop_reason why = with_trailer(-1, false, -1, (uint8_t)next);

		if (next == 4)
			assert_int_equal(why, DROP_NONE);
		else if (next == 59)
			assert_int_equal(why, DROP_NET_CONSUMED);
		else
			assert_int_equal(why, DROP_IN_STATE_MODE_ERRORS);
	}
}

static enum drop_reason with_inner(struct frame f)
{
	struct frame outer = espkit_sealed(&f, NULL);

	return espkit_reason(&outer);
}

static void inner_headers_of_genuine_packets_are_checked(void **state)
{
	struct frame f;

	(void)state;
	f = inner_udp(30);
	f.b[ETH] = 0x65;
	frame_fix(&f);
	assert_int_equal(with_inner(f), DROP_NET_HEADER);
	f = inner_udp(30);
	f.b[ETH] = 0x44;
	assert_int_equal(with_inner(f), DROP_NET_HEADER);
	f = inner_udp(30);
	f.b[ETH + 10] ^= 1;
	assert_int_equal(with_inner(f), DROP_NET_CHECKSUM);
	/* Longer than what came. */
	f = inner_udp(30);
	put16(f.b + ETH + 2, 59);
	frame_fix(&f);
	assert_int_equal(with_inner(f), DROP_IN_STATE_PROTOCOL_ERRORS);
	/* Shorter than its own header. */
	for (unsigned int len = 0; len < 20; len++) {
		f = inner_udp(30);
		put16(f.b + ETH + 2, len);
		frame_fix(&f);
		assert_int_equal(with_inner(f), DROP_NET_HEADER);
	}
	/* No room for an IPv4 header at all. */
	for (size_t len = 0; len < 20; len++) {
		f = inner_udp(30);
		f.len = ETH + len;
		assert_int_equal(with_inner(f), DROP_IN_STATE_PROTOCOL_ERRORS);
	}
}

static void confidentiality_padding_is_taken_off(void **state)
{
	(void)state;
	for (size_t more = 1; more < 200; more += 9) {
		struct frame inner = inner_udp(50), padded = inner, outer;

		memset(padded.b + padded.len, 0xcc, more);
		padded.len += more;
		outer = espkit_sealed(&padded, NULL);
		expect_delivered(&outer, &inner);
	}
}

static void inner_packets_outside_the_selectors_are_dropped(void **state)
{
	(void)state;
	assert_int_equal(with_inner(frame_udp(IP(10, 100, 0, 255), LAN_HOST, 1, 2, NULL, 8)),
			 DROP_IN_NO_POLICIES);
	assert_int_equal(with_inner(frame_udp(IP(10, 100, 2, 0), LAN_HOST, 1, 2, NULL, 8)),
			 DROP_IN_NO_POLICIES);
	assert_int_equal(with_inner(frame_udp(FAR_HOST, IP(192, 168, 2, 0), 1, 2, NULL, 8)),
			 DROP_IN_NO_POLICIES);
	/* Our own side spoofed as source: selectors swapped the wrong way would take it. */
	assert_int_equal(with_inner(frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 8)),
			 DROP_IN_NO_POLICIES);
	/* The gateway's own address is in the selector, its WAN address is not. */
	assert_int_equal(with_inner(frame_udp(FAR_HOST, WAN_US, 1, 2, NULL, 8)),
			 DROP_IN_NO_POLICIES);
	assert_int_equal(
		with_inner(frame_udp(IP(10, 100, 1, 0), IP(192, 168, 1, 254), 1, 2, NULL, 8)),
		DROP_NONE);
	assert_int_equal(espkit_counters(IN_SLOT)->packets, 1);
}

static void selectors_of_ports_and_protocols(void **state)
{
	struct abi_sa_add c = espkit_in();
	struct frame f;

	(void)state;
	espkit_remove(IN_SLOT);
	c.n_remote = 2;
	c.ts_remote[0].protocol = 17;
	c.ts_remote[0].port_lo = c.ts_remote[0].port_hi = 53;
	c.ts_remote[1] = espkit_range(IP(10, 100, 1, 6), IP(10, 100, 1, 6));
	c.ts_remote[1].protocol = 1;
	espkit_add(&c);
	assert_int_equal(with_inner(inner_udp(8)), DROP_NONE);
	assert_int_equal(with_inner(frame_udp(FAR_HOST, LAN_HOST, 54, 4000, NULL, 8)),
			 DROP_IN_NO_POLICIES);
	assert_int_equal(with_inner(frame_icmp(FAR_HOST, LAN_HOST, 8, 0, 8)), DROP_NONE);
	assert_int_equal(with_inner(frame_icmp(IP(10, 100, 1, 7), LAN_HOST, 8, 0, 8)),
			 DROP_IN_NO_POLICIES);
	f = inner_udp(64); /* a non-first fragment shows no ports */
	put16(f.b + ETH + 6, 100);
	frame_fix(&f);
	assert_int_equal(with_inner(f), DROP_IN_NO_POLICIES);
}

static void to_the_gateway_itself_is_local(void **state)
{
	struct frame inner = frame_icmp(FAR_HOST, LAN_US, 8, 0, 32);
	struct frame f = espkit_sealed(&inner, NULL);
	struct rte_mbuf *m;

	(void)state;
	assert_int_equal(espkit_receive(&f, &m), DROP_NONE);
	assert_int_equal(pkt_meta(m)->verdict, PKT_LOCAL);
	assert_true(pkt_meta(m)->flags & PKT_F_FROM_SA);
	assert_int_equal(pkt_meta(m)->sa_slot, IN_SLOT);
	rte_pktmbuf_free(m);
}

/* RFC 6040 figure 4, row: inner 00 01 10 11, column: outer 00 01 10 11; 9: drop. */
static void congestion_marks_follow_the_table(void **state)
{
	static const unsigned int want[4][4] = {
		{0, 0, 0, 9},
		{1, 1, 1, 3},
		{2, 1, 2, 3},
		{3, 3, 3, 3},
	};

	(void)state;
	for (unsigned int in = 0; in < 4; in++) {
		for (unsigned int out = 0; out < 4; out++) {
			struct frame inner = inner_udp(16), f;
			struct rte_mbuf *m;
			enum drop_reason why;
			const uint8_t *ip;

			inner.b[ETH + 1] = (uint8_t)(0xb8 | in);
			frame_fix(&inner);
			f = espkit_sealed(&inner, NULL);
			f.b[ETH + 1] = (uint8_t)(0x28 | out);
			frame_fix(&f);
			why = espkit_receive(&f, &m);
			ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH);
			if (want[in][out] == 9) {
				assert_int_equal(why, DROP_IN_ERRORS);
			} else {
				assert_int_equal(why, DROP_NONE);
				assert_int_equal(ip[1], 0xb8 | want[in][out]);
				assert_int_equal(ref_cksum(ip, 20), 0);
			}
			rte_pktmbuf_free(m);
		}
	}
}

static void a_shared_packet_is_copied_not_written(void **state)
{
	struct frame f = sealed_udp(200, NULL);
	struct rte_mbuf *m = kit_parse(&f), *other = m;

	(void)state;
	rte_mbuf_refcnt_update(m, 1);
	esp_in_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	assert_ptr_not_equal(m, other);
	assert_int_equal(rte_mbuf_refcnt_read(other), 1);
	assert_int_equal(other->data_len, f.len);
	assert_memory_equal(rte_pktmbuf_mtod(other, uint8_t *), f.b, f.len);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(other);
}

static void an_indirect_packet_is_copied_not_written(void **state)
{
	struct frame f = sealed_udp(200, NULL);
	struct rte_mbuf *direct = kit_parse(&f), *m = rte_pktmbuf_clone(direct, kit.h->pool);

	(void)state;
	assert_non_null(m);
	*pkt_meta(m) = *pkt_meta(direct);
	esp_in_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	assert_memory_equal(rte_pktmbuf_mtod(direct, uint8_t *), f.b, f.len);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(direct);
}

static void ext_free(void *addr, void *opaque)
{
	(void)addr;
	(*(unsigned int *)opaque)++;
}

static void memory_of_others_is_copied_not_written(void **state)
{
	static uint8_t theirs[4096] __attribute__((aligned(64)));
	struct frame f = sealed_udp(200, NULL);
	struct rte_mbuf *m = kit_parse(&f), *ext = rte_pktmbuf_alloc(kit.h->pool);
	struct rte_mbuf_ext_shared_info *info;
	uint16_t room = sizeof(theirs);
	unsigned int freed = 0;

	(void)state;
	info = rte_pktmbuf_ext_shinfo_init_helper(theirs, &room, ext_free, &freed);
	assert_non_null(info);
	memcpy(theirs, f.b, f.len);
	rte_pktmbuf_attach_extbuf(ext, theirs, RTE_BAD_IOVA, room, info);
	ext->data_len = (uint16_t)f.len;
	ext->pkt_len = (uint32_t)f.len;
	*pkt_meta(ext) = *pkt_meta(m);
	rte_pktmbuf_free(m);
	esp_in_burst(kit.w, &ext, 1);
	assert_int_equal(pkt_meta(ext)->verdict, PKT_FORWARD);
	assert_memory_equal(theirs, f.b, f.len);
	assert_int_equal(freed, 1);
	rte_pktmbuf_free(ext);
}

static void a_packet_in_pieces_is_put_together(void **state)
{
	struct frame f = sealed_udp(200, NULL);
	struct rte_mbuf *m = kit_parse(&f), *tail = rte_pktmbuf_alloc(kit.h->pool);

	(void)state;
	memcpy(rte_pktmbuf_append(tail, 100), f.b + f.len - 100, 100);
	rte_pktmbuf_trim(m, 100);
	assert_int_equal(rte_pktmbuf_chain(m, tail), 0);
	esp_in_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	assert_int_equal(m->nb_segs, 1);
	rte_pktmbuf_free(m);
}

static void without_buffers_a_shared_packet_is_a_buffer_error(void **state)
{
	struct frame f = sealed_udp(200, NULL);
	struct rte_mbuf *m = kit_parse(&f), *other = m, *all[4096];
	unsigned int n = 0;

	(void)state;
	while (n < 4096 && (all[n] = rte_pktmbuf_alloc(kit.h->pool)) != NULL)
		n++;
	rte_mbuf_refcnt_update(m, 1);
	esp_in_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->verdict, PKT_DROP);
	assert_int_equal(pkt_meta(m)->reason, DROP_IN_BUFFER_ERRORS);
	assert_ptr_equal(m, other);
	rte_pktmbuf_free_bulk(all, n);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(m);
}

static void inner_packets_and_bytes_are_counted(void **state)
{
	const struct abi_sa_counters *c = espkit_counters(IN_SLOT);
	uint64_t bytes = 0, wire = 0;

	(void)state;
	for (size_t i = 0; i < 50; i++) {
		struct frame inner = inner_udp(i * 9), f = espkit_sealed(&inner, NULL);

		assert_int_equal(espkit_reason(&f), DROP_NONE);
		bytes += inner.len - ETH;
		wire += f.len - ETH;
	}
	assert_int_equal(c->packets, 50);
	assert_int_equal(c->bytes, bytes);
	assert_int_equal(c->wire_bytes, wire);
	assert_int_equal(c->last_used, kit.w->now);
	assert_int_equal(worker_policy(kit.w, ESPKIT_POLICY)->in_hits, 50);
}

static void set_source(struct frame *f, uint32_t addr, unsigned int port)
{
	put32(f->b + ETH + 12, addr);
	put16(f->b + ETH + 20, port);
	frame_fix(f);
}

static void a_peer_that_moved_is_reported_once(void **state)
{
	const uint32_t elsewhere = IP(203, 0, 113, 77);
	struct frame f, old;

	(void)state;
	espkit_pair(esp.suite, ABI_ENCAP_UDP);
	old = sealed_udp(8, NULL);
	assert_int_equal(espkit_reason(&old), DROP_NONE);
	espkit_tick(kit.w->now);
	assert_int_equal(esp.events, 1); /* first traffic */
	esp.events = 0;
	/* Neither a forgery nor a replay nor an old packet moves it. */
	f = sealed_udp(8, NULL);
	f.b[f.len - 1] ^= 1;
	set_source(&f, elsewhere, 31000);
	assert_int_equal(espkit_reason(&f), DROP_IN_STATE_PROTOCOL_ERRORS);
	f = old;
	set_source(&f, elsewhere, 31000);
	assert_int_equal(espkit_reason(&f), DROP_IN_STATE_SEQUENCE_ERRORS);
	struct reference_esp e = espkit_next(50);

	f = sealed_udp(8, &e);
	assert_int_equal(espkit_reason(&f), DROP_NONE);
	e = espkit_next(40);
	f = sealed_udp(8, &e);
	set_source(&f, elsewhere, 31000);
	assert_int_equal(espkit_reason(&f), DROP_NONE);
	espkit_tick(kit.w->now);
	assert_int_equal(esp.events, 0);
	/* A new genuine one does. */
	e = espkit_next(60);
	f = sealed_udp(8, &e);
	set_source(&f, elsewhere, 31000);
	assert_int_equal(espkit_reason(&f), DROP_NONE);
	espkit_tick(kit.w->now);
	espkit_tick(kit.w->now);
	assert_int_equal(esp.events, 1);
	assert_int_equal(esp.event[0].msg.type, ABI_EV_PEER_MOVED);
	assert_int_equal(esp.event[0].slot, IN_SLOT);
	assert_int_equal(esp.event[0].remote_port, 31000);
	assert_int_equal(get32(esp.event[0].remote.bytes), elsewhere);
}

static void a_syn_from_the_peer_learns_our_limit(void **state)
{
	struct frame inner = frame_ipv4(FAR_HOST, LAN_HOST, 6, 24), f;
	uint8_t *tcp = inner.b + ETH + 20;
	struct rte_mbuf *m;

	(void)state;
	memset(tcp, 0, 24);
	tcp[12] = 6 << 4;
	tcp[13] = 0x12;
	tcp[20] = 2;
	tcp[21] = 4;
	put16(tcp + 22, 1460);
	f = espkit_sealed(&inner, NULL);
	assert_int_equal(espkit_receive(&f, &m), DROP_NONE);
	assert_int_equal(get16(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH + 42)),
			 sad_slot(esp.sad, OUT_SLOT)->mtu - 40);
	rte_pktmbuf_free(m);
}

/* Whatever comes, nothing is delivered and nothing is lost. */
static void random_bytes_are_never_delivered(void **state)
{
	uint64_t seed = 17;

	(void)state;
	for (unsigned int i = 0; i < 100000; i++) {
		uint8_t bytes[1500];
		size_t len = reference_random(&seed) % 300;
		struct frame f;
		enum drop_reason why;

		reference_fill(&seed, bytes, len);
		if (len >= 8) {
			put32(bytes, IN_SPI);
			put32(bytes + 4, 1 + i % 64);
		}
		f = espkit_wrap(bytes, len);
		why = espkit_reason(&f);
		assert_true(why != DROP_NONE);
	}
	assert_int_equal(espkit_counters(IN_SLOT)->packets, 0);
	assert_int_equal(sad_slot(esp.sad, IN_SLOT)->replay->top, 0);
	assert_int_equal(harness_in_use(kit.h), 0);
}

/* Genuine packets with random contents: delivered only with an inner packet that is in order. */
static void random_genuine_contents_are_survived(void **state)
{
	uint64_t seed = 19;
	unsigned int delivered = 0;

	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		struct frame inner = inner_udp(reference_random(&seed) % 200);
		struct reference_esp e = espkit_next(1 + i);
		size_t changes = reference_random(&seed) % 4;
		struct frame f;

		for (size_t k = 0; k < changes; k++)
			inner.b[ETH + reference_random(&seed) % (inner.len - ETH)] =
				(uint8_t)reference_random(&seed);
		if (reference_random(&seed) % 4 == 0)
			inner.len = ETH + reference_random(&seed) % (inner.len - ETH + 1);
		e.pad_length = reference_random(&seed) % 8 == 0 ? (int)(seed & 255) : -1;
		f = espkit_sealed(&inner, &e);
		delivered += espkit_reason(&f) == DROP_NONE;
	}
	assert_true(delivered > 1000 && delivered < 20000);
	assert_int_equal(harness_in_use(kit.h), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, espkit_begin, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_suite_and_length_comes_through),
		CASE(bursts_of_many_sas_come_through),
		CASE(every_truncation_is_dropped),
		CASE(any_changed_byte_is_dropped),
		CASE(an_spi_that_is_not_an_inbound_sa_finds_no_state),
		CASE(the_wrong_one_of_our_addresses_finds_no_state),
		CASE(the_wrong_encapsulation_is_a_mismatch),
		CASE(unusable_sas_have_their_reasons),
		CASE(replays_and_late_packets_are_sequence_errors),
		CASE(a_copy_in_the_same_burst_is_dropped),
		CASE(without_a_window_nothing_is_a_replay),
		CASE(trailers_of_genuine_packets_are_checked),
		CASE(next_headers_of_genuine_packets_are_checked),
		CASE(inner_headers_of_genuine_packets_are_checked),
		CASE(confidentiality_padding_is_taken_off),
		CASE(inner_packets_outside_the_selectors_are_dropped),
		CASE(selectors_of_ports_and_protocols),
		CASE(to_the_gateway_itself_is_local),
		CASE(congestion_marks_follow_the_table),
		CASE(a_shared_packet_is_copied_not_written),
		CASE(an_indirect_packet_is_copied_not_written),
		CASE(memory_of_others_is_copied_not_written),
		CASE(a_packet_in_pieces_is_put_together),
		CASE(without_buffers_a_shared_packet_is_a_buffer_error),
		CASE(inner_packets_and_bytes_are_counted),
		CASE(a_peer_that_moved_is_reported_once),
		CASE(a_syn_from_the_peer_learns_our_limit),
		CASE(random_bytes_are_never_delivered),
		CASE(random_genuine_contents_are_survived),
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
