/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_esp_in_each.c - inbound bursts of many SAs: a packet made to look like those before it, and
 * what the peer cannot send at all.
 */
#include "dataplane/ipsec/esp_in_impl.h"
#include "dataplane/ipsec/warm.h"
#include "tests/unit/dataplane/ipsec/espkit.h"

#define N    10u
#define ODD  7u		 /* the packet that something is done to */
#define NOPS 0x01010101u /* IP options that say nothing */
_Static_assert(N >= WARM_LEAST && N / 2 % 2 == 1 && ODD % 2 == 1, "a look sees both SAs");

static struct rte_mbuf *m[N];

/* The SA of packet i: one has 0, 2, 4..., the other the rest. */
static uint32_t spi_of(unsigned int i)
{
	return i % 2 == 0 ? 0x12345614u : NOPS;
}

static uint32_t slot_of(unsigned int i)
{
	return spi_of(i) % ESPKIT_SAS;
}

/* start: numbers up to there are taken. */
static void add_pair(const char *first, const char *second, uint64_t start)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct abi_sa_add c;

		esp.suite = espkit_suite(i == 0 ? first : second);
		c = espkit_in();
		c.slot = slot_of(i);
		c.spi = spi_of(i);
		c.flags |= start != 0 ? ABI_SA_F_RESUME : 0;
		c.seq_start = start;
		espkit_add(&c);
	}
}

/* Packet i, with number seq, of the SA with that SPI. */
static struct frame sealed(unsigned int i, uint32_t seq, uint32_t spi)
{
	struct reference_esp e = espkit_next(seq);

	e.spi = spi;
	return espkit_sealed_udp(100 + i, &e);
}

static void take(unsigned int i, const struct frame *f)
{
	m[i] = kit_parse(f);
	assert_int_equal(pkt_meta(m[i])->verdict, PKT_ESP_IN);
}

/* Numbers from first on, two of each. */
static void make_all(uint32_t first)
{
	for (unsigned int i = 0; i < N; i++) {
		struct frame f = sealed(i, first + i / 2, spi_of(i));

		take(i, &f);
	}
}

/* Another one in the place of packet ODD. */
static void make_odd(const struct frame *f)
{
	rte_pktmbuf_free(m[ODD]);
	take(ODD, f);
}

static void expect(unsigned int i, enum drop_reason why)
{
	const struct pkt_meta *meta = pkt_meta(m[i]);

	if (why == DROP_NONE) {
		assert_int_equal(meta->verdict, PKT_FORWARD);
	} else {
		assert_int_equal(meta->verdict, PKT_DROP);
		assert_int_equal(meta->reason, why);
	}
}

/* All go through, but for packet ODD. */
static void expect_odd(enum drop_reason why)
{
	esp_in_burst(kit.w, m, N);
	for (unsigned int i = 0; i < N; i++)
		expect(i, i == ODD ? why : DROP_NONE);
	rte_pktmbuf_free_bulk(m, N);
	assert_int_equal(espkit_counters(slot_of(0))->packets, N / 2);
	assert_int_equal(espkit_counters(slot_of(1))->packets, N / 2 - (why != DROP_NONE));
}

/* The slot is the same. */
static void an_spi_that_is_another_ones_finds_no_state(void **state)
{
	struct frame f;

	(void)state;
	add_pair("aes128+sha1", "aes128+sha1", 0);
	make_all(1);
	f = sealed(ODD, 100, spi_of(ODD) + ESPKIT_SAS);
	make_odd(&f);
	expect_odd(DROP_IN_NO_STATES);
}

/* Where ESP is in a packet without options they say the same as ESP does: SPI and number. Their
 * length is one of whole blocks. */
static void options_that_look_like_esp_are_none(void **state)
{
	uint8_t opt[16];
	struct frame f;

	(void)state;
	add_pair("aes128+sha1", "aes128+sha1", NOPS - N);
	make_all(NOPS - N + 1);
	f = sealed(ODD, NOPS, spi_of(ODD));
	memset(opt, (int)(NOPS & 0xff), sizeof(opt));
	frame_options(&f, opt, sizeof(opt));
	make_odd(&f);
	expect_odd(DROP_NONE);
}

static void less_than_the_outer_header_says_is_not_read(void **state)
{
	(void)state;
	add_pair("aes128+sha1", "aes128+sha1", 0);
	make_all(1);
	assert_int_equal(rte_pktmbuf_trim(m[ODD], 1), 0);
	expect_odd(DROP_IN_HEADER_ERRORS);
}

/* A packet stands where it would with the longer IV of the SA before. */
static void an_inner_packet_starts_behind_the_iv_of_its_own_suite(void **state)
{
	const size_t more = 8;
	struct frame inner = espkit_udp_in(100), f;
	struct reference_esp e;

	(void)state;
	add_pair("aes128+sha1", "aes128gcm", 0);
	for (unsigned int i = 0; i < N; i++) {
		esp.suite = espkit_suite(i % 2 == 0 ? "aes128+sha1" : "aes128gcm");
		f = sealed(i, 1 + i / 2, spi_of(i));
		take(i, &f);
	}
	memmove(inner.b + ETH + more, inner.b + ETH, inner.len - ETH);
	memset(inner.b + ETH, 0, more);
	inner.len += more;
	e = espkit_next(100);
	e.spi = spi_of(ODD);
	esp.suite = espkit_suite("aes128gcm");
	f = espkit_sealed(&inner, &e);
	make_odd(&f);
	expect_odd(DROP_NET_HEADER);
}

static void each_number_is_taken_once_up_to_the_last(void **state)
{
	static const uint32_t starts[] = {(1u << 31) - 3, UINT32_MAX - N / 2};

	(void)state;
	for (unsigned int k = 0; k < 2; k++) {
		add_pair("aes128+sha1", "aes128+sha1", starts[k]);
		for (unsigned int turn = 0; turn < 2; turn++) {
			make_all(starts[k] + 1);
			esp_in_burst(kit.w, m, N);
			for (unsigned int i = 0; i < N; i++)
				expect(i, turn == 0 ? DROP_NONE : DROP_IN_STATE_SEQUENCE_ERRORS);
			rte_pktmbuf_free_bulk(m, N);
		}
		for (unsigned int i = 0; i < 2; i++) {
			assert_int_equal(sa_replay(sad_slot(esp.sad, slot_of(i)))->top,
					 starts[k] + N / 2);
			espkit_remove(slot_of(i));
		}
	}
}

/* The steps of esp_in, but the library has not decrypted the first packet, nor packet ODD. known:
 * ops say what kind they are of. */
static void fail_some(bool known)
{
	struct batch b = {.many = true, .alone = true};
	struct parse_run parse = parse_run_start(kit.w);

	add_pair("aes128+sha1", "aes128+sha1", 0);
	make_all(1);
	esp_in_each_check(kit.w, &b, m, N);
	assert_int_equal(b.n, N);
	for (unsigned int i = 0; i < N && !known; i++)
		b.op[i].kind = 0;
	crypto_verify(kit.w->crypto, b.op, b.n);
	assert_false(esp_in_each_number(&b));
	crypto_open(kit.w->crypto, b.op, b.n);
	b.op[0].ok = b.op[ODD].ok = false;
	esp_in_each_deliver(kit.w, &b, &parse, m);
	for (unsigned int i = 0; i < N; i++)
		expect(i, i == 0 || i == ODD ? DROP_IN_ERRORS : DROP_NONE);
	rte_pktmbuf_free_bulk(m, N);
	assert_int_equal(espkit_counters(slot_of(0))->packets, N / 2 - 1);
	assert_int_equal(espkit_counters(slot_of(1))->packets, N / 2 - 1);
}

static void what_was_not_decrypted_is_not_delivered(void **state)
{
	(void)state;
	fail_some(true);
}

static void nor_is_it_when_the_op_does_not_say_its_kind(void **state)
{
	(void)state;
	fail_some(false);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, espkit_begin, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_spi_that_is_another_ones_finds_no_state),
		CASE(options_that_look_like_esp_are_none),
		CASE(less_than_the_outer_header_says_is_not_read),
		CASE(an_inner_packet_starts_behind_the_iv_of_its_own_suite),
		CASE(each_number_is_taken_once_up_to_the_last),
		CASE(what_was_not_decrypted_is_not_delivered),
		CASE(nor_is_it_when_the_op_does_not_say_its_kind),
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
