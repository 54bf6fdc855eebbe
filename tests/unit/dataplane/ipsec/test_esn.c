/* SPDX-License-Identifier: BSD-3-Clause */
/* test_esn.c - extended sequence numbers on whole packets, OpenSSL being the other end. */
#include "tests/unit/dataplane/ipsec/espkit.h"

#define G (1ull << 32)

/* A pair of SAs with extended numbers, all up to start being used. */
static void esn_pair(const struct reference_suite *s, uint64_t start)
{
	struct abi_sa_add c;

	espkit_pair(s, ABI_ENCAP_NONE);
	espkit_remove(OUT_SLOT);
	espkit_remove(IN_SLOT);
	c = espkit_out();
	c.flags |= ABI_SA_F_ESN;
	c.seq_start = start;
	espkit_add(&c);
	c = espkit_in();
	c.flags |= ABI_SA_F_ESN | ABI_SA_F_RESUME;
	c.seq_start = start;
	espkit_add(&c);
	esp.esn = true;
}

static void expect_sent(const struct rte_mbuf *m, const struct frame *f, uint64_t seq)
{
	esp.seq_hi = (uint32_t)(seq >> 32);
	espkit_expect_sent(m, f, (uint32_t)seq);
}

static struct frame sealed(const struct frame *inner, uint64_t seq)
{
	struct reference_esp e = espkit_next((uint32_t)seq);

	e.esn = true;
	e.seq_hi = (uint32_t)(seq >> 32);
	return espkit_sealed(inner, &e);
}

static uint64_t top(void)
{
	return sa_replay(sad_slot(esp.sad, IN_SLOT))->top;
}

static void every_suite_sends_across_the_edge(void **state)
{
	struct rte_mbuf *m[12];
	struct frame f[12];

	(void)state;
	for (unsigned int s = 0; s < REFERENCE_SUITES; s++) {
		esn_pair(&reference_suites[s], G - 7);
		for (unsigned int i = 0; i < 12; i++) {
			f[i] = espkit_udp_out(i * 7);
			m[i] = espkit_clear(&f[i]);
		}
		esp_out_burst(kit.w, m, 12);
		for (unsigned int i = 0; i < 12; i++) {
			assert_int_equal(pkt_meta(m[i])->verdict, PKT_FORWARD);
			expect_sent(m[i], &f[i], G - 6 + i);
		}
		rte_pktmbuf_free_bulk(m, 12);
	}
}

/* Two SAs take turns. */
static void every_suite_sends_across_the_edge_in_bursts_of_many_sas(void **state)
{
	struct rte_mbuf *m[12];
	struct frame f[12];

	(void)state;
	for (unsigned int s = 0; s < REFERENCE_SUITES; s++) {
		struct abi_sa_add c;

		esn_pair(&reference_suites[s], G - 4);
		c = espkit_out();
		c.slot = OUT_SLOT + 1;
		c.flags |= ABI_SA_F_ESN;
		c.seq_start = G - 4;
		espkit_add(&c);
		for (unsigned int i = 0; i < 12; i++) {
			f[i] = espkit_udp_out(i * 7);
			m[i] = espkit_clear(&f[i]);
			pkt_meta(m[i])->sa_slot = OUT_SLOT + i % 2;
		}
		esp_out_burst(kit.w, m, 12);
		for (unsigned int i = 0; i < 12; i++) {
			assert_int_equal(pkt_meta(m[i])->verdict, PKT_FORWARD);
			expect_sent(m[i], &f[i], G - 3 + i / 2);
		}
		rte_pktmbuf_free_bulk(m, 12);
		espkit_remove(OUT_SLOT + 1);
	}
}

static void every_suite_receives_across_the_edge(void **state)
{
	/* Out of order, on both sides of 2^32, the first one before and the last one far behind. */
	static const int order[] = {-3, 2, 0, -1, 1, -60, 30, -33, 29, 60, 100};

	(void)state;
	for (unsigned int s = 0; s < REFERENCE_SUITES; s++) {
		esn_pair(&reference_suites[s], G - 90);
		for (unsigned int i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
			struct frame inner = espkit_udp_in(i * 9);
			struct frame outer = sealed(&inner, G + (uint64_t)order[i]);

			espkit_expect_delivered(&outer, &inner);
			assert_int_equal(espkit_reason(&outer), DROP_IN_STATE_SEQUENCE_ERRORS);
		}
		assert_int_equal(top(), G + 100);
	}
}

/* The suites of each kind: an HMAC by lanes, HMAC-MD5 by jobs, ciphers apart, AEADs. */
static const char *const kinds[] = {"aes128+sha1",    "aes256+sha512", "aes128+md5",
				    "null+md5",	      "null+sha256",   "aes128ctr+md5",
				    "aes256ctr+sha1", "3des+md5",      "3des+sha384",
				    "aes128gcm",      "aes256gcm",     "chacha20poly1305"};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void a_wrong_half_fails_the_icv_and_moves_nothing(void **state)
{
	(void)state;
	for (unsigned int k = 0; k < KINDS; k++) {
		struct frame inner = espkit_udp_in(40), outer;

		esn_pair(espkit_suite(kinds[k]), 3 * G + 1000);
		/* The right lower half, sealed with every other upper half near. */
		for (uint64_t high = 1; high <= 5; high++) {
			if (high == 3)
				continue;
			outer = sealed(&inner, high * G + 1001);
			assert_int_equal(espkit_reason(&outer), DROP_IN_STATE_PROTOCOL_ERRORS);
			/* Left of the window, it would have to be of the next subspace. */
			outer = sealed(&inner, (high == 4 ? 3 : high) * G + 500);
			assert_int_equal(espkit_reason(&outer), DROP_IN_STATE_PROTOCOL_ERRORS);
		}
		assert_int_equal(top(), 3 * G + 1000);
		outer = sealed(&inner, 3 * G + 1001);
		espkit_expect_delivered(&outer, &inner);
		assert_int_equal(top(), 3 * G + 1001);
	}
}

static void the_upper_half_is_needed_on_both_sides(void **state)
{
	struct frame inner = espkit_udp_in(40), outer;
	struct reference_esp e;

	(void)state;
	/* Without extended numbers the same packet is another one, even where the half is 0. */
	for (unsigned int k = 0; k < KINDS; k++) {
		esn_pair(espkit_suite(kinds[k]), 0);
		e = espkit_next(1);
		outer = espkit_sealed(&inner, &e);
		assert_int_equal(espkit_reason(&outer), DROP_IN_STATE_PROTOCOL_ERRORS);
		espkit_pair(espkit_suite(kinds[k]), ABI_ENCAP_NONE);
		outer = sealed(&inner, 1);
		assert_int_equal(espkit_reason(&outer), DROP_IN_STATE_PROTOCOL_ERRORS);
	}
}

static void number_0_is_never_valid(void **state)
{
	struct frame inner = espkit_udp_in(40), outer;

	(void)state;
	esn_pair(espkit_suite("aes128gcm"), 0);
	outer = sealed(&inner, 0);
	assert_int_equal(espkit_reason(&outer), DROP_IN_STATE_SEQUENCE_ERRORS);
	/* Below a new SA's first number there is nothing either. */
	outer = sealed(&inner, UINT32_MAX);
	assert_int_equal(espkit_reason(&outer), DROP_IN_STATE_SEQUENCE_ERRORS);
	outer = sealed(&inner, 1);
	espkit_expect_delivered(&outer, &inner);
}

static void a_mixed_burst_is_told_apart(void **state)
{
	enum { N = 60 };
	struct frame inner[N], outer[N];
	struct rte_mbuf *m[N];
	struct abi_sa_add c;

	(void)state;
	esn_pair(espkit_suite("aes128+sha1"), 5 * G - 20);
	c = espkit_in(); /* the same keys without */
	c.slot = 20;
	c.spi = 0x55555500u + 20;
	espkit_add(&c);
	for (unsigned int i = 0; i < N; i++) {
		struct reference_esp e = espkit_next(i + 1);

		inner[i] = espkit_udp_in(i * 3);
		e.spi = c.spi;
		outer[i] = i % 3 == 0 ? espkit_sealed(&inner[i], &e)
				      : sealed(&inner[i], 5 * G - 19 + i);
		if (i % 7 == 0)
			outer[i].b[outer[i].len - 1] ^= 1;
		m[i] = kit_parse(&outer[i]);
	}
	esp_in_burst(kit.w, m, N);
	for (unsigned int i = 0; i < N; i++)
		assert_int_equal(pkt_meta(m[i])->verdict, i % 7 == 0 ? PKT_DROP : PKT_FORWARD);
	assert_int_equal(top(), 5 * G - 19 + N - 1);
	rte_pktmbuf_free_bulk(m, N);
}

static void numbers_end_long_before_they_wrap(void **state)
{
	struct frame f = espkit_udp_out(10);

	(void)state;
	esn_pair(espkit_suite("aes128gcm"), SA_ESN_MAX - 3);
	for (uint64_t i = 0; i < 3; i++) {
		struct rte_mbuf *m = espkit_clear(&f);

		assert_int_equal(espkit_send(&m), DROP_NONE);
		expect_sent(m, &f, SA_ESN_MAX - 2 + i);
		rte_pktmbuf_free(m);
	}
	for (unsigned int i = 0; i < 200; i++) {
		struct rte_mbuf *m = espkit_clear(&f);

		assert_int_equal(espkit_send(&m), DROP_OUT_STATE_SEQUENCE_ERRORS);
		rte_pktmbuf_free(m);
		espkit_tick(kit.w->now);
	}
	assert_int_equal(kit.h->sa_status[OUT_SLOT].seq, SA_ESN_MAX);
	assert_int_equal(kit.h->sa_status[OUT_SLOT].seq_mark, SA_ESN_MAX);
}

static void limits_are_told_at_three_quarters_and_at_the_end(void **state)
{
	static const struct {
		uint64_t start;
		unsigned int events;
	} at[] = {{G, 0}, {3 * G, 0}, {SA_ESN_SOFT - 1, 0}, {SA_ESN_SOFT, 1}, {SA_ESN_MAX, 2}};

	(void)state;
	for (unsigned int i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		esn_pair(espkit_suite("aes128+sha1"), at[i].start);
		esp.events = 0;
		espkit_tick(kit.w->now);
		assert_int_equal(esp.events, at[i].events);
		for (unsigned int k = 0; k < esp.events; k++)
			assert_int_equal(esp.event[k].limit, ABI_LIMIT_SEQUENCE);
	}
}

static void the_mark_crosses_the_edge(void **state)
{
	const struct abi_sa_status *st = &kit.h->sa_status[OUT_SLOT];

	(void)state;
	esn_pair(espkit_suite("aes128gcm"), G - SAD_SEQ_AHEAD - 5);
	assert_int_equal(st->seq_mark, G - 5);
	assert_int_equal(st->flags, ABI_SA_F_ESN);
	sad_slot(esp.sad, OUT_SLOT)->seq = G - 100;
	espkit_tick(kit.w->now);
	assert_int_equal(st->seq_mark, G - 100 + SAD_SEQ_AHEAD);
	assert_int_equal(sad_slot(esp.sad, OUT_SLOT)->seq_limit, st->seq_mark);
	assert_int_equal(esp.events, 0);
}

static void what_cannot_be_done_is_refused(void **state)
{
	struct abi_sa_add c;

	(void)state;
	espkit_remove(IN_SLOT);
	espkit_remove(OUT_SLOT);
	c = espkit_in();
	c.flags |= ABI_SA_F_ESN;
	c.replay_window = 0;
	assert_int_equal(espkit_try_add(&c), ABI_ERR_FIELD);
	assert_int_equal(esp.wrong_at, offsetof(struct abi_sa_add, replay_window));
	c = espkit_out();
	c.flags |= ABI_SA_F_ESN;
	c.seq_start = SA_ESN_MAX + 1;
	assert_int_equal(espkit_try_add(&c), ABI_ERR_FIELD);
	assert_int_equal(esp.wrong_at, offsetof(struct abi_sa_add, seq_start));
	c.seq_start = SA_ESN_MAX;
	assert_int_equal(espkit_try_add(&c), ABI_OK);
	/* The IV of this suite is the number: whoever resumes it has to know where. */
	espkit_remove(OUT_SLOT);
	esp.suite = espkit_suite("aes128gcm");
	c = espkit_out();
	c.flags |= ABI_SA_F_RESUME;
	assert_int_equal(espkit_try_add(&c), ABI_ERR_FIELD);
	assert_int_equal(esp.wrong_at, offsetof(struct abi_sa_add, seq_start));
	c.seq_start = SAD_SEQ_AHEAD;
	assert_int_equal(espkit_try_add(&c), ABI_OK);
}

/* RFC 4106 section 3.1: the 8 bytes of IV are the whole number, so that none comes again. */
static void ivs_of_aeads_are_the_number(void **state)
{
	static const char *const suites[] = {"aes128gcm", "aes256gcm", "chacha20poly1305",
					     "aes128ctr+sha1"};

	(void)state;
	for (unsigned int k = 0; k < sizeof(suites) / sizeof(suites[0]); k++) {
		struct frame f = espkit_udp_out(20);

		esn_pair(espkit_suite(suites[k]), 9 * G - 3);
		for (uint64_t i = 0; i < 6; i++) {
			struct rte_mbuf *m = espkit_clear(&f);
			const uint8_t *iv;

			assert_int_equal(espkit_send(&m), DROP_NONE);
			iv = rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH + 28);
			assert_int_equal((uint64_t)get32(iv) << 32 | get32(iv + 4), 9 * G - 2 + i);
			rte_pktmbuf_free(m);
		}
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, espkit_begin, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_suite_sends_across_the_edge),
		CASE(every_suite_sends_across_the_edge_in_bursts_of_many_sas),
		CASE(every_suite_receives_across_the_edge),
		CASE(a_wrong_half_fails_the_icv_and_moves_nothing),
		CASE(the_upper_half_is_needed_on_both_sides),
		CASE(number_0_is_never_valid),
		CASE(a_mixed_burst_is_told_apart),
		CASE(numbers_end_long_before_they_wrap),
		CASE(limits_are_told_at_three_quarters_and_at_the_end),
		CASE(the_mark_crosses_the_edge),
		CASE(what_cannot_be_done_is_refused),
		CASE(ivs_of_aeads_are_the_number),
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
