/* SPDX-License-Identifier: BSD-3-Clause */
/* test_esp_in.c - inbound ESP made by OpenSSL: what is genuine comes through, each wrong thing is
 * dropped for its own reason. */
#include "tests/unit/dataplane/ipsec/espkit.h"

static void every_suite_and_length_comes_through(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < REFERENCE_SUITES; s++) {
		for (uint8_t encap = ABI_ENCAP_NONE; encap <= ABI_ENCAP_UDP; encap++) {
			espkit_pair(&reference_suites[s], encap);
			for (size_t len = 0; len <= 128; len++) {
				struct frame inner = espkit_udp_in(len);
				struct frame outer = espkit_sealed(&inner, NULL);

				espkit_expect_delivered(&outer, &inner);
			}
			for (size_t len = 1300; len < 1340; len++) {
				struct frame inner = espkit_udp_in(len);
				struct frame outer = espkit_sealed(&inner, NULL);

				espkit_expect_delivered(&outer, &inner);
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
			unsigned int of = (unsigned int)(random_next(&seed) % SAS);
			struct reference_esp e = espkit_next(++seq[of]);
			struct frame f;

			e.spi = sad_slot(esp.sad, 20 + of)->spi;
			inner[i] = espkit_udp_in(random_next(&seed) % 1300);
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
			whole = espkit_sealed_udp(20, NULL);
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
			harness_clear_lines(kit.h);
		}
	}
}

static void any_changed_byte_is_dropped(void **state)
{
	const struct sa *sa;
	struct frame good = espkit_sealed_udp(40, NULL);

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
		assert_int_equal(sa_replay(sa)->top, 0);
		assert_int_equal(sa->moved, 0);
	}
	assert_int_equal(espkit_reason(&good), DROP_NONE);
	assert_int_equal(espkit_counters(IN_SLOT)->packets, 1);
}

static void an_spi_that_is_not_an_inbound_sa_finds_no_state(void **state)
{
	struct reference_esp e = espkit_next(1);
	struct frame f = espkit_sealed_udp(8, &e);

	(void)state;
	/* 0 is never sent, those below 256 are reserved (RFC 4303 section 2.1); slot 0 is free, and
	 * then not. */
	for (uint32_t spi = 0; spi < 600; spi++) {
		struct abi_sa_add c = espkit_in();

		if (spi == 300) {
			c.slot = 0;
			c.spi = 64 * ESPKIT_SAS;
			espkit_add(&c);
		}
		put32(f.b + ETH + 20, spi % 300);
		assert_int_equal(espkit_reason(&f), DROP_IN_NO_STATES);
	}
	espkit_remove(0);
	e = espkit_next(1);
	e.spi = OUT_SPI;
	f = espkit_sealed_udp(8, &e);
	assert_int_equal(espkit_reason(&f), DROP_IN_NO_STATES);
	e.spi = IN_SPI + ESPKIT_SAS; /* same slot, other SPI */
	f = espkit_sealed_udp(8, &e);
	assert_int_equal(espkit_reason(&f), DROP_IN_NO_STATES);
}

static void the_wrong_one_of_our_addresses_finds_no_state(void **state)
{
	struct frame f = espkit_sealed_udp(8, NULL);

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
	f = espkit_sealed_udp(8, NULL);
	assert_int_equal(espkit_reason(&f), DROP_IN_STATE_MISMATCHES);
	espkit_pair(esp.suite, ABI_ENCAP_UDP);
	esp.encap = ABI_ENCAP_NONE;
	f = espkit_sealed_udp(8, NULL);
	assert_int_equal(espkit_reason(&f), DROP_IN_STATE_MISMATCHES);
}

static void unusable_sas_have_their_reasons(void **state)
{
	struct sa *sa = sad_slot(esp.sad, IN_SLOT);
	struct frame f = espkit_sealed_udp(8, NULL);

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
	struct frame f = espkit_sealed_udp(8, &e);

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
	struct frame f = espkit_sealed_udp(100, NULL);
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

/* Packet i of a burst in disorder: a number around the edge, often that of the one before. */
static struct rte_mbuf *disorderly(uint32_t top, uint32_t *seq, bool *good)
{
	uint64_t x = random_next(&esp.seed);
	uint32_t low = top > 140 ? top - 140 : 1;
	struct reference_esp e;
	struct frame f;

	*seq = x % 4 == 0 && *seq != 0 ? *seq + (uint32_t)(x >> 8) % 3
				       : low + (uint32_t)(x >> 8) % 240;
	*good = (x >> 32) % 8 != 0;
	e = espkit_next(*seq);
	f = espkit_sealed_udp(20, &e);
	f.b[f.len - 1] ^= *good ? 0 : 1;
	return kit_parse(&f);
}

/* With copies and forgeries among them, against a byte per number that was taken. */
static void bursts_in_disorder_take_each_number_once(void **state)
{
	static bool taken[8192];
	uint32_t top = 0, last = 0;

	(void)state;
	memset(taken, 0, sizeof(taken));
	for (unsigned int round = 0; round < 60; round++) {
		struct rte_mbuf *m[64];
		uint32_t seq[64], edge = top;
		bool good[64], known[64];

		for (unsigned int i = 0; i < 64; i++) {
			m[i] = disorderly(top, &last, &good[i]);
			seq[i] = last;
			known[i] = last + 128 <= edge || taken[last];
		}
		esp_in_burst(kit.w, m, 64);
		for (unsigned int i = 0; i < 64; i++) {
			enum drop_reason want = known[i]	? DROP_IN_STATE_SEQUENCE_ERRORS
						: !good[i]	? DROP_IN_STATE_PROTOCOL_ERRORS
						: taken[seq[i]] ? DROP_IN_STATE_SEQUENCE_ERRORS
								: DROP_NONE;

			assert_int_equal(pkt_meta(m[i])->reason, want);
			assert_int_equal(pkt_meta(m[i])->verdict,
					 want == DROP_NONE ? PKT_FORWARD : PKT_DROP);
			taken[seq[i]] |= want == DROP_NONE;
			top = want == DROP_NONE && seq[i] > top ? seq[i] : top;
			rte_pktmbuf_free(m[i]);
		}
		assert_int_equal(sa_replay(sad_lookup_in(kit.w->tables->sad, IN_SPI))->top, top);
	}
	assert_true(top > 3000);
}

static void without_a_window_nothing_is_a_replay(void **state)
{
	struct abi_sa_add c = espkit_in();
	struct frame f;

	(void)state;
	espkit_remove(IN_SLOT);
	c.replay_window = 0;
	espkit_add(&c);
	f = espkit_sealed_udp(8, NULL);
	assert_int_equal(espkit_reason(&f), DROP_NONE);
	assert_int_equal(espkit_reason(&f), DROP_NONE);
	assert_int_equal(with_seq(0), DROP_NONE);
}

static void a_shared_packet_is_copied_not_written(void **state)
{
	struct frame f = espkit_sealed_udp(200, NULL);
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
	struct frame f = espkit_sealed_udp(200, NULL);
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
	struct frame f = espkit_sealed_udp(200, NULL);
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
	struct frame f = espkit_sealed_udp(200, NULL);
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
	struct frame f = espkit_sealed_udp(200, NULL);
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
		struct frame inner = espkit_udp_in(i * 9), f = espkit_sealed(&inner, NULL);

		assert_int_equal(espkit_reason(&f), DROP_NONE);
		bytes += inner.len - ETH;
		wire += f.len - ETH;
	}
	assert_int_equal(c->packets, 50);
	assert_int_equal(c->bytes, bytes);
	assert_int_equal(c->wire_bytes, wire);
	assert_int_equal(c->last_used, kit.w->now);
}

static void set_source(struct frame *f, uint32_t addr, unsigned int port)
{
	put32(f->b + ETH + 12, addr);
	put16(f->b + ETH + 20, port);
	frame_fix(f);
}

/* A packet with the next number after n, good in all but its source. */
static void genuine_from(uint32_t addr, uint64_t n)
{
	struct reference_esp e = espkit_next(n);
	struct frame f = espkit_sealed_udp(8, &e);

	set_source(&f, addr, 31000);
	assert_int_equal(espkit_reason(&f), DROP_NONE);
}

static void a_peer_that_moved_is_reported_once(void **state)
{
	const uint32_t elsewhere = IP(203, 0, 113, 77);
	struct frame f, old;
	struct abi_sa_add c;

	(void)state;
	espkit_pair(esp.suite, ABI_ENCAP_UDP);
	old = espkit_sealed_udp(8, NULL);
	assert_int_equal(espkit_reason(&old), DROP_NONE);
	espkit_tick(kit.w->now);
	assert_int_equal(esp.events, 1); /* first traffic */
	esp.events = 0;
	/* Neither a forgery nor a replay nor an old packet moves it. */
	f = espkit_sealed_udp(8, NULL);
	f.b[f.len - 1] ^= 1;
	set_source(&f, elsewhere, 31000);
	assert_int_equal(espkit_reason(&f), DROP_IN_STATE_PROTOCOL_ERRORS);
	f = old;
	set_source(&f, elsewhere, 31000);
	assert_int_equal(espkit_reason(&f), DROP_IN_STATE_SEQUENCE_ERRORS);
	struct reference_esp e = espkit_next(50);

	f = espkit_sealed_udp(8, &e);
	assert_int_equal(espkit_reason(&f), DROP_NONE);
	genuine_from(elsewhere, 40);
	espkit_tick(kit.w->now);
	assert_int_equal(esp.events, 0);
	/* A new genuine one does. */
	genuine_from(elsewhere, 60);
	espkit_tick(kit.w->now);
	espkit_tick(kit.w->now);
	assert_int_equal(esp.events, 1);
	assert_int_equal(esp.event[0].msg.type, ABI_EV_PEER_MOVED);
	assert_int_equal(esp.event[0].slot, IN_SLOT);
	assert_int_equal(esp.event[0].remote_port, 31000);
	assert_int_equal(get32(esp.event[0].remote.bytes), elsewhere);
	/* Control knows better, and will be told again. */
	esp.events = 0;
	c = espkit_in();
	espkit_same_endpoint(&c);
	espkit_tick(kit.w->now);
	assert_int_equal(esp.events, 0);
	genuine_from(elsewhere, 61);
	espkit_tick(kit.w->now);
	assert_int_equal(esp.events, 1);
	assert_int_equal(esp.event[0].remote_port, 31000);
}

/* Whatever comes, nothing is delivered and nothing is lost. */
static void random_bytes_are_never_delivered(void **state)
{
	uint64_t seed = 17;

	(void)state;
	for (unsigned int i = 0; i < 100000; i++) {
		uint8_t bytes[1500];
		size_t len = random_next(&seed) % 300;
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
	assert_int_equal(sa_replay(sad_slot(esp.sad, IN_SLOT))->top, 0);
	assert_int_equal(harness_in_use(kit.h), 0);
}

/* volume.h: a burst is done to its end, the next one is not begun. */
static void a_lifetime_that_ends_in_a_run_ends_behind_it(void **state)
{
	enum { N = 40, LIMIT = 60 };
	struct abi_sa_add c;
	struct frame inner = espkit_udp_in(100);

	(void)state;
	espkit_remove(IN_SLOT);
	c = espkit_in();
	c.life.hard_packets = LIMIT;
	espkit_add(&c);
	for (unsigned int burst = 0; burst < 3; burst++) {
		struct rte_mbuf *m[N];

		for (unsigned int i = 0; i < N; i++) {
			struct frame f = espkit_sealed(&inner, NULL);

			m[i] = kit_parse(&f);
		}
		esp_in_burst(kit.w, m, N);
		for (unsigned int i = 0; i < N; i++) {
			const struct pkt_meta *meta = pkt_meta(m[i]);

			assert_int_equal(meta->verdict, burst < 2 ? PKT_FORWARD : PKT_DROP);
			if (burst == 2)
				assert_int_equal(meta->reason, DROP_IN_STATE_EXPIRED);
			rte_pktmbuf_free(m[i]);
		}
	}
	assert_int_equal(espkit_counters(IN_SLOT)->packets, 2 * N);
	assert_int_equal(sad_slot(esp.sad, IN_SLOT)->volume.packets, 2 * N);
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
		CASE(bursts_in_disorder_take_each_number_once),
		CASE(without_a_window_nothing_is_a_replay),
		CASE(a_shared_packet_is_copied_not_written),
		CASE(an_indirect_packet_is_copied_not_written),
		CASE(memory_of_others_is_copied_not_written),
		CASE(a_packet_in_pieces_is_put_together),
		CASE(without_buffers_a_shared_packet_is_a_buffer_error),
		CASE(inner_packets_and_bytes_are_counted),
		CASE(a_peer_that_moved_is_reported_once),
		CASE(random_bytes_are_never_delivered),
		CASE(a_lifetime_that_ends_in_a_run_ends_behind_it),
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
