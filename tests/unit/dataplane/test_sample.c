/* SPDX-License-Identifier: BSD-3-Clause */
/* test_sample.c - what is kept of dropped packets, and that nobody reads half a sample. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/api/sample.h"
#include "dataplane/sample.h"
#include "tests/random.h"
#include "tests/unit/dataplane/harness.h"

#define ROUNDS	200000u
#define PAYLOAD 0xa5

static struct harness *h;

static int set_up(void **state)
{
	(void)state;
	h = harness_create(4, 4, 63);
	return h ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	harness_free(h);
	return 0;
}

static int begin(void **state)
{
	(void)state;
	memset(h->samples, 0, sizeof(*h->samples) * ABI_DROP_SLOTS * ABI_SAMPLES);
	memset(h->worker_counters, 0, sizeof(*h->worker_counters));
	h->worker.samples = h->samples;
	return 0;
}

/* A frame: Ethernet, then these IP bytes, then payload to 200 bytes. */
static struct rte_mbuf *frame(uint16_t type, const uint8_t *ip, size_t len)
{
	uint8_t b[200];

	memset(b, PAYLOAD, sizeof(b));
	memset(b, 0x02, 12);
	b[12] = (uint8_t)(type >> 8);
	b[13] = (uint8_t)type;
	if (len != 0)
		memcpy(b + 14, ip, len);
	return harness_mbuf(h, b, sizeof(b));
}

/* Drop m the way the pipeline does and give its sample back. */
static struct abi_drop_sample take(struct rte_mbuf *m, enum drop_reason why)
{
	uint64_t before = h->worker.counters->drops[why]++;
	struct abi_drop_sample s;

	h->worker.counters->drops[why]--;
	sample_take(&h->worker, m, why);
	h->worker.counters->drops[why]++;
	rte_pktmbuf_free(m);
	assert_true(abi_sample_read(&h->samples[why * ABI_SAMPLES + before % ABI_SAMPLES], &s));
	return s;
}

static void expect_text(const struct abi_drop_sample *s, const char *want)
{
	char text[ABI_SAMPLE_TEXT];

	abi_sample_text(s, text);
	assert_string_equal(text, want);
}

static void expect_no_payload(const struct abi_drop_sample *s)
{
	assert_null(memchr(s->bytes, PAYLOAD, sizeof(s->bytes)));
}

/* clang-format off */
#define IP4(proto, fragment) 0x45, 0, 0, 186, 0, 1, fragment, 0, 64, proto, 0, 0, \
	10, 100, 1, 6, 192, 168, 1, 12
#define IP6(next) 0x60, 0, 0, 0, 0, 146, next, 64, \
	0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, \
	0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2

static const struct {
	uint8_t ip[80];
	size_t len;
	uint16_t type;
	size_t kept; /* after Ethernet */
	const char *text;
} headers[] = {
	{{IP4(17, 0), 0, 53, 0xf, 0xa0, 0, 166, 0, 0}, 28, 0x0800, 28,
	 "10.100.1.6>192.168.1.12 udp 53>4000"},
	{{IP4(6, 0), 0, 80, 0xf, 0xa0, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 2, 0, 0, 0, 0, 0, 0}, 40, 0x0800, 40,
	 "10.100.1.6>192.168.1.12 tcp 80>4000"},
	{{IP4(50, 0), 0x12, 0x34, 0x56, 0x78, 0, 0, 0, 9}, 28, 0x0800, 28,
	 "10.100.1.6>192.168.1.12 esp spi=0x12345678 seq=9"},
	{{IP4(1, 0), 3, 4, 0, 0, 0, 0, 0, 0}, 28, 0x0800, 28,
	 "10.100.1.6>192.168.1.12 icmp type=3 code=4"},
	{{IP4(17, 1)}, 20, 0x0800, 20, "10.100.1.6>192.168.1.12 proto=17 fragment at 2048"},
	{{IP4(47, 0), 0, 0, 8, 0, 0, 0, 0, 0}, 28, 0x0800, 28, "10.100.1.6>192.168.1.12 proto=47"},
	{{IP6(17), 0, 53, 0xf, 0xa0, 0, 146, 0, 0}, 48, 0x86dd, 48, "2001:db8::1>2001:db8::2 udp 53>4000"},
	{{0}, 0, 0x88cc, 0, "02:02:02:02:02:02>02:02:02:02:02:02 type=0x88cc"},
	{{0x44}, 1, 0x0800, 0, "02:02:02:02:02:02>02:02:02:02:02:02 type=0x0800"},
};
/* clang-format on */

static void headers_are_kept_and_no_payload(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct rte_mbuf *m = frame(headers[i].type, headers[i].ip, headers[i].len);
		struct abi_drop_sample s = take(m, DROP_NET_L2);

		assert_int_equal(s.l2_len, 14);
		assert_int_equal(s.kept, 14 + headers[i].kept);
		expect_text(&s, headers[i].text);
		expect_no_payload(&s);
		assert_int_equal(s.length, 200);
		assert_int_equal(s.sa_slot, ABI_SAMPLE_NO_SA);
		assert_int_equal(s.time, h->worker.now);
	}
}

static void a_tag_is_part_of_the_frames_header(void **state)
{
	static const uint8_t tagged[] = {0, 100, 8, 0, IP4(17, 0), 0, 53, 0, 54, 0, 166, 0, 0};
	struct abi_drop_sample s;

	(void)state;
	s = take(frame(0x8100, tagged, sizeof(tagged)), DROP_NET_L2);
	assert_int_equal(s.l2_len, 18);
	expect_text(&s, "10.100.1.6>192.168.1.12 udp 53>54");
	expect_no_payload(&s);
}

/* In the 14 bytes before the inner packet lies what was there: ciphertext, an IV. */
static void of_what_came_out_of_an_sa_nothing_but_inner_headers(void **state)
{
	struct rte_mbuf *m = frame(0x0800, headers[0].ip, headers[0].len);
	struct abi_drop_sample s;

	(void)state;
	memset(rte_pktmbuf_mtod(m, void *), PAYLOAD, 14);
	pkt_meta(m)->flags = PKT_F_FROM_SA;
	pkt_meta(m)->sa_slot = 3;
	s = take(m, DROP_IN_NO_POLICIES);
	assert_int_equal(s.l2_len, 0);
	assert_int_equal(s.kept, 28);
	assert_int_equal(s.sa_slot, 3);
	expect_text(&s, headers[0].text);
	expect_no_payload(&s);
}

static void what_is_no_ip_out_of_an_sa_leaves_nothing(void **state)
{
	struct rte_mbuf *m = frame(0x0800, NULL, 0);
	struct abi_drop_sample s;

	(void)state;
	pkt_meta(m)->flags = PKT_F_FROM_SA;
	s = take(m, DROP_NET_HEADER);
	assert_int_equal(s.kept, 0);
	expect_no_payload(&s);
	expect_text(&s, "nothing kept");
}

static void the_last_eight_stay(void **state)
{
	struct abi_drop_sample s = {0};
	uint64_t seen = 0;

	(void)state;
	for (unsigned int i = 0; i < 21; i++)
		take(frame(0x0800, headers[2].ip, headers[2].len), DROP_IN_NO_STATES);
	for (unsigned int i = 0; i < ABI_SAMPLES; i++) {
		assert_true(abi_sample_read(&h->samples[DROP_IN_NO_STATES * ABI_SAMPLES + i], &s));
		assert_int_equal(s.reason, DROP_IN_NO_STATES);
		seen |= 1ull << s.number;
	}
	assert_int_equal(seen, 0xffull << 14); /* 14th to 21st */
	for (unsigned int r = 1; r < DROP_MAX; r++)
		if (r != DROP_IN_NO_STATES)
			assert_false(abi_sample_read(&h->samples[r * ABI_SAMPLES], &s));
}

static void without_room_nothing_is_kept(void **state)
{
	struct rte_mbuf *m = frame(0x0800, headers[0].ip, headers[0].len);
	struct abi_drop_sample s;

	(void)state;
	h->worker.samples = NULL;
	sample_take(&h->worker, m, DROP_NET_TTL);
	rte_pktmbuf_free(m);
	assert_false(abi_sample_read(&h->samples[DROP_NET_TTL * ABI_SAMPLES], &s));
}

/* Whatever the packet and whatever meta says: no more than there is, and always readable. */
static void anything_may_be_dropped(void **state)
{
	uint64_t seed = 99;

	(void)state;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint8_t b[128];
		struct abi_drop_sample s;
		char text[ABI_SAMPLE_TEXT];
		struct rte_mbuf *m;

		for (unsigned int k = 0; k < sizeof(b); k += 8)
			memcpy(b + k, &(uint64_t){random_next(&seed)}, 8);
		if (seed % 2) {
			b[12] = 8;
			b[13] = 0;
			b[14] = (uint8_t)((seed >> 8) % 4 ? 0x45 : 0x60 | (seed >> 16 & 15));
		}
		m = harness_mbuf(h, b, random_next(&seed) % sizeof(b));
		pkt_meta(m)->flags = (uint8_t)random_next(&seed);
		pkt_meta(m)->l3_off = (uint8_t)(seed >> 8);
		pkt_meta(m)->in_port = (uint8_t)(seed >> 16);
		s = take(m, 1 + seed % (DROP_MAX - 1));
		assert_true(s.kept <= s.length && s.l2_len <= s.kept);
		abi_sample_text(&s, text);
	}
}

/* --- readers beside the writer --- */

static struct abi_drop_sample place;
static uint32_t done;

static void *write_on(void *arg)
{
	(void)arg;
	for (uint64_t n = 1; n <= 10 * ROUNDS; n++) {
		struct abi_drop_sample s = {.reason = DROP_NET_TTL,
					    .kept = ABI_SAMPLE_BYTES,
					    .number = n,
					    .time = ~n,
					    .sa_slot = (uint32_t)n};

		memset(s.bytes, (uint8_t)n, sizeof(s.bytes));
		abi_sample_write(&place, &s);
	}
	__atomic_store_n(&done, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void expect_whole(const struct abi_drop_sample *s)
{
	assert_true(s->time == ~s->number && s->sa_slot == (uint32_t)s->number);
	for (unsigned int k = 0; k < sizeof(s->bytes); k++)
		assert_int_equal(s->bytes[k], (uint8_t)s->number);
}

static void a_reader_sees_whole_samples_or_none(void **state)
{
	struct abi_drop_sample s = {0};
	pthread_t writer;

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, write_on, NULL), 0);
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE))
		if (abi_sample_read(&place, &s))
			expect_whole(&s);
	pthread_join(writer, NULL);
	assert_true(abi_sample_read(&place, &s));
	expect_whole(&s);
	assert_int_equal(s.number, 10 * ROUNDS);
}

static void nonsense_in_the_segment_is_not_taken(void **state)
{
	struct abi_drop_sample good = {.version = 2, .reason = DROP_NET_TTL, .kept = 20}, s;

	(void)state;
	assert_true(abi_sample_read(&good, &s));
	s = good;
	s.version = 3;
	assert_false(abi_sample_read(&s, &good));
	s.version = 0;
	assert_false(abi_sample_read(&s, &good));
	s = (struct abi_drop_sample){.version = 2, .reason = DROP_MAX, .kept = 20};
	assert_false(abi_sample_read(&s, &good));
	s = (struct abi_drop_sample){.version = 2, .reason = 1, .kept = ABI_SAMPLE_BYTES + 1};
	assert_false(abi_sample_read(&s, &good));
	s = (struct abi_drop_sample){.version = 2, .reason = 1, .kept = 20, .l2_len = 21};
	assert_false(abi_sample_read(&s, &good));
}

#define CASE(f) cmocka_unit_test_setup(f, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(headers_are_kept_and_no_payload),
		CASE(a_tag_is_part_of_the_frames_header),
		CASE(of_what_came_out_of_an_sa_nothing_but_inner_headers),
		CASE(what_is_no_ip_out_of_an_sa_leaves_nothing),
		CASE(the_last_eight_stay),
		CASE(without_room_nothing_is_kept),
		CASE(anything_may_be_dropped),
		CASE(a_reader_sees_whole_samples_or_none),
		CASE(nonsense_in_the_segment_is_not_taken),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
