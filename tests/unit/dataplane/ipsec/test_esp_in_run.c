/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_esp_in_run.c - inbound bursts of one SA, or of many, and what disturbs them, against the
 * plain twin: the same packets, each in a burst of its own, which share nothing.
 */
#include "dataplane/ipsec/warm.h"
#include "dataplane/order.h"
#include "tests/unit/dataplane/ipsec/twinkit.h"

#define SLOTS  TWIN_SLOTS
#define RUN    TWIN_RUN
#define TWIN   TWIN_TWIN
#define WINDOW TWIN_WINDOW
#define ROUNDS 60u
#define NEAR   300u /* numbers that come again: inside the window, wherever a burst moves it */
#define BIG    (1u << 30)

enum kind {
	PLAIN, /* and all beyond SPECIAL */
	SYN,
	ICMP,
	FRAGMENT,
	OPTIONS,
	OUTER_OPTIONS,
	WRONG_SUM,
	ELSEWHERE,
	TO_US,
	FROM_US,
	NOWHERE, /* no source or destination of a packet that is forwarded */
	PADDED,	 /* RFC 4303 section 2.7 */
	LONGER,	 /* than what was sealed */
	SHORT,
	FEWER, /* bytes than its protocol's header takes, and padding behind them */
	BAD_PAD,
	DUMMY,
	IPV6,
	FORGED,
	FORGED_AGAIN, /* and its number was taken by a burst before */
	CUT,
	UNEVEN, /* genuine, but no whole blocks, or less than one */
	EMPTY,	/* genuine, and not even a trailer */
	SHARED,
	MARKED,
	MOVED,
	AGAIN,
	TOO_OLD,
	OTHER_ENCAP,
	OTHER_OF_US, /* an address of ours, but not the SA's */
	OTHER_SA,
	NO_SA,
	SPECIAL
};

static uint64_t seed = 43;
static uint64_t next[SLOTS]; /* number to be sent */
static bool esn;
static const struct reference_suite *suite; /* of the first SA */
static uint8_t encap;
static bool many; /* SAs in each burst */
static bool wide; /* they may carry anything */
static enum {
	ALIKE,
	LIMITED,
	TRANSPORT,
	UNWINDOWED,
	OTHER_SUITE,
	IN_UDP, /* or not, where the others are */
} second;	/* what every second one is */

static unsigned int any(unsigned int n)
{
	return (unsigned int)(random_next(&seed) % n);
}

static void make_tcp(struct frame *f, bool syn)
{
	uint8_t *tcp = f->b + ETH + 20;

	f->b[ETH + 9] = 6;
	memset(tcp, 0, 24);
	tcp[12] = 6 << 4;
	tcp[13] = syn ? 2 : 16;
	tcp[20] = 2;
	tcp[21] = 4;
	put16(tcp + 22, 1460);
}

static struct frame inner_of(enum kind kind)
{
	static const uint8_t nop[4] = {1, 1, 1, 0};
	struct frame f = frame_udp(FAR_HOST + any(2), LAN_HOST, any(65536), any(65536), NULL,
				   kind == SHORT ? 0 : 24 + any(1200));

	if (kind == SYN || any(2))
		make_tcp(&f, kind == SYN);
	if (kind == ICMP)
		f = frame_icmp(FAR_HOST, LAN_HOST, 0, 0, any(100));
	f.b[ETH + 1] = (uint8_t)any(256);
	f.b[ETH + 6] = kind == FRAGMENT ? 0x20 : any(2) ? 0x40 : 0;
	if (kind == ELSEWHERE)
		put32(f.b + ETH + (any(2) ? 12 : 16), any(2) ? IP(10, 100, 2, 6) : 0);
	if (kind == TO_US)
		put32(f.b + ETH + 16, IP(192, 168, 1, 1));
	if (kind == FROM_US)
		put32(f.b + ETH + 12, any(2) ? IP(192, 168, 1, 1) : WAN_US);
	if (kind == NOWHERE)
		put32(f.b + ETH + (any(2) ? 12 : 16), any(2) ? IP(127, 0, 0, 1) : 0);
	if (kind == OPTIONS)
		frame_options(&f, nop, sizeof(nop));
	frame_fix(&f);
	if (kind == WRONG_SUM)
		f.b[ETH + 10 + any(2)] ^= (uint8_t)(1 + any(255));
	if (kind == PADDED)
		f.len += any(60);
	if (kind == LONGER) {
		put16(f.b + ETH + 2, (unsigned int)(f.len - ETH + 1 + any(30)));
		frame_fix(&f);
	}
	if (kind == FEWER) {
		put16(f.b + ETH + 2, 20 + any(20));
		frame_fix(&f);
	}
	if (kind == SHORT)
		f.len = ETH + 20 + any(9);
	if (kind == UNEVEN && any(2))
		f.len = ETH; /* then there is nothing but a trailer */
	return f;
}

static uint64_t number_of(enum kind kind, unsigned int at, uint64_t top)
{
	uint64_t seq = next[at] += 1 + (any(8) == 0 ? any(3) : 0);

	if (kind == AGAIN && seq > NEAR)
		seq -= any(NEAR);
	if (kind == TOO_OLD && top > WINDOW + 100)
		seq = top - WINDOW - any(100);
	if (kind == FORGED_AGAIN && top != 0)
		seq = top; /* which is none of this burst */
	return seq;
}

/* What the peer does to it on the way. */
static void spoil(struct frame *f, enum kind kind)
{
	static const uint8_t nop[8] = {1, 1, 1, 1, 1, 1, 1, 0};

	f->b[ETH + 1] = kind == MARKED ? (uint8_t)any(256) : (uint8_t)(any(64) << 2);
	if (kind == OUTER_OPTIONS)
		frame_options(f, nop + 4, 4);
	if (kind == OTHER_ENCAP && esp.encap == ABI_ENCAP_UDP && any(2))
		frame_options(f, nop, sizeof(nop)); /* then ESP is where it would be in UDP */
	if (kind == MOVED)
		put32(f->b + ETH + 12, PEER + any(3));
	if (kind == MOVED && esp.encap == ABI_ENCAP_UDP)
		put16(f->b + ETH + 20, NATT_PORT + any(3));
	if (kind == OTHER_OF_US)
		put32(f->b + ETH + 16, LAN_US);
	if (kind == FORGED || kind == FORGED_AGAIN)
		f->b[f->len - 1 - any(40)] ^= (uint8_t)(1 + any(255));
	if (kind == CUT)
		put16(f->b + ETH + 2, (unsigned int)(f->len - ETH - any(30)));
	frame_fix(f);
}

/* The only ones that whoever has the key can make so: those of a stream cipher. */
#define UNEVEN_BLOCK 4u

static int uneven_pad(size_t len)
{
	int pad = (int)any(8);

	return pad + ((len + 2 + (unsigned int)pad) % UNEVEN_BLOCK == 0);
}

static struct frame sealed_empty(const struct reference_esp *e)
{
	uint8_t bytes[SA_ESP_HEADER + sizeof(e->iv) + SA_MAX_ICV];
	size_t len = SA_ESP_HEADER + (size_t)esp.suite->iv_len;

	put32(bytes, e->spi);
	put32(bytes + 4, e->seq);
	memcpy(bytes + SA_ESP_HEADER, e->iv, esp.suite->iv_len);
	reference_protect(esp.suite, esp.in_key, esp.in_auth, e->esn ? &e->seq_hi : NULL, bytes,
			  len);
	return espkit_wrap(bytes, len + esp.suite->icv_len);
}

/* What is made from now on is for SA number i, or of it. */
static void turn_to(uint32_t i)
{
	bool other = i % 2 != 0;

	esp.suite = other && second == OTHER_SUITE ? espkit_suite("aes256+sha256") : suite;
	esp.encap = encap;
	if (other && second == IN_UDP)
		esp.encap = encap == ABI_ENCAP_UDP ? ABI_ENCAP_NONE : ABI_ENCAP_UDP;
}

/* The same packet for slot and its twin. */
static void make_pair(enum kind kind, uint32_t at, struct rte_mbuf **m, uint64_t top)
{
	struct frame inner = inner_of(kind);
	struct reference_esp e = espkit_next(0);
	uint64_t seq = number_of(kind, at % SLOTS, top), was = seed;
	uint8_t own;

	turn_to(at);
	own = esp.encap;
	e.seq = (uint32_t)seq;
	e.esn = esn;
	e.seq_hi = (uint32_t)(seq >> 32);
	e.bad_pad = kind == BAD_PAD;
	if (kind == BAD_PAD && any(2))
		e.pad_length = 255;
	if (kind == DUMMY)
		e.next_header = 59;
	if (kind == IPV6)
		e.next_header = 41;
	if (kind == UNEVEN && esp.suite->block == UNEVEN_BLOCK)
		e.pad = uneven_pad(inner.len - ETH);
	was = seed;
	for (unsigned int i = 0; i < 2; i++) {
		struct frame f;

		e.spi = IN_SPI - IN_SLOT + (i == 0 ? RUN : TWIN) + at;
		seed = was; /* the same for both */
		if (kind == OTHER_ENCAP)
			esp.encap = own == ABI_ENCAP_UDP ? ABI_ENCAP_NONE : ABI_ENCAP_UDP;
		f = kind == EMPTY ? sealed_empty(&e) : espkit_sealed(&inner, &e);
		esp.encap = own;
		spoil(&f, kind);
		m[i] = kit_parse(&f);
		pkt_meta(m[i])->in_port = (uint8_t)(seq % 3);
		if (kind == SHARED)
			rte_mbuf_refcnt_update(m[i], 1);
	}
	if (pkt_meta(m[0])->verdict == PKT_ESP_IN)
		return;
	rte_pktmbuf_free_bulk(m, 2); /* so little is left of it that parse_burst() drops it */
	make_pair(PLAIN, at, m, top);
}

static uint64_t top_of(uint32_t at)
{
	const struct replay *r = sa_replay(sad_slot(esp.sad, RUN + at));

	return r != NULL ? r->top : 0;
}

static unsigned int compare_burst(uint16_t n, unsigned int disturbed, struct order *order)
{
	struct rte_mbuf *given[WORKER_BURST][2];

	for (uint16_t i = 0; i < n; i++) {
		/* Three of them say that a burst is of one SA. */
		bool fixed = i == 0 || i == n / 2 || i == n - 1;
		enum kind kind = any(disturbed) == 0 ? (enum kind)any(SPECIAL) : PLAIN;
		uint32_t at = kind == OTHER_SA && !fixed ? 1 : kind == NO_SA && !fixed ? SLOTS : 0;

		if (many && at == 0)
			at = fixed ? i != 0 : any(SLOTS);
		make_pair(kind, at, given[i], top_of(at % SLOTS));
	}
	return twin_compare(given, n, order);
}

struct setting {
	const char *suite;
	uint8_t encap;
	bool narrow;
	bool limited;
	bool esn;
	bool window;
	bool others;
};

static void add_sas(const struct setting *s, uint64_t start)
{
	suite = espkit_suite(s->suite);
	encap = s->encap;
	for (uint32_t i = 0; i < 2 * SLOTS; i++) {
		struct abi_sa_add c;

		turn_to(i);
		c = espkit_in();
		c.slot = i < SLOTS ? RUN + i : TWIN + i - SLOTS;
		c.spi = IN_SPI - IN_SLOT + c.slot;
		bool other = second == LIMITED && i % 2 != 0;

		c.replay_window = s->window && (second != UNWINDOWED || i % 2 == 0) ? WINDOW : 0;
		c.life.hard_packets = s->limited || other ? BIG : 0;
		if (second == TRANSPORT && i % 2 != 0)
			c.mode = ABI_MODE_TRANSPORT;
		if (wide)
			c.ts_local[0] = c.ts_remote[0] = espkit_range(0, UINT32_MAX);
		if (s->esn)
			c.flags |= ABI_SA_F_ESN;
		if (start != 0)
			c.flags |= ABI_SA_F_RESUME;
		c.seq_start = start;
		if (!s->narrow || other) {
			c.n_remote = 2;
			c.ts_remote[1] = espkit_range(IP(10, 200, 1, 0), IP(10, 200, 1, 255));
		}
		espkit_add(&c);
	}
	for (uint32_t i = 0; i < SLOTS; i++)
		next[i] = start;
}

static void compare_sas(const struct setting *s)
{
	uint64_t out_of_turn = 0;
	struct order *order = s->others ? order_create(SOCKET_ID_ANY, &out_of_turn) : NULL;
	unsigned int delivered = 0;

	assert_int_equal(order != NULL, s->others);
	espkit_pair(espkit_suite(s->suite), s->encap);
	esn = s->esn;
	/* Extended numbers go over 2^32 here. Those of a burst of many SAs are of no use to
	 * esp_in_each.c then: that they do not come there at all (sa_gate_in()) saves only time. */
	add_sas(s, esn ? (1ull << 32) - 500 : 0);
	for (unsigned int round = 0; round < ROUNDS; round++)
		delivered +=
			compare_burst((uint16_t)((many ? WARM_LEAST : 1) + any(WORKER_BURST / 4)),
				      1 + any(30), order);
	delivered += compare_burst(WORKER_BURST, 30, order);
	assert_in_range(delivered, ROUNDS * 10, ROUNDS * WORKER_BURST);
	for (uint32_t i = 0; i < SLOTS; i++) {
		espkit_remove(RUN + i);
		espkit_remove(TWIN + i);
	}
	order_free(order);
}

static void bursts_are_opened_as_single_packets_are(void **state)
{
	static const struct setting settings[] = {
		{"aes128+md5", ABI_ENCAP_NONE, true, false, false, true, false},
		{"aes256+sha256", ABI_ENCAP_UDP, true, true, false, true, false},
		{"aes128gcm", ABI_ENCAP_NONE, true, false, false, true, false},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		compare_sas(&settings[i]);
}

static void nor_do_other_numbers_and_selectors_matter(void **state)
{
	static const struct setting settings[] = {
		{"aes128+sha1", ABI_ENCAP_NONE, true, false, true, true, false},
		{"aes128gcm", ABI_ENCAP_UDP, true, false, true, true, true},
		{"aes128+md5", ABI_ENCAP_UDP, false, true, false, true, false},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		compare_sas(&settings[i]);
}

static void nor_do_other_workers_or_a_window_that_is_off(void **state)
{
	static const struct setting settings[] = {
		{"aes128+md5", ABI_ENCAP_NONE, true, false, false, true, true},
		{"aes128+sha1", ABI_ENCAP_UDP, true, true, false, true, true},
		{"aes128+sha1", ABI_ENCAP_NONE, true, false, false, false, false},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		compare_sas(&settings[i]);
}

static void nor_does_it_matter_how_many_sas_they_are_of(void **state)
{
	static const struct setting settings[] = {
		{"aes128+sha1", ABI_ENCAP_NONE, true, false, false, true, false},
		{"aes128+md5", ABI_ENCAP_UDP, true, false, false, true, false},
		{"aes128gcm", ABI_ENCAP_NONE, false, false, false, true, false},
		{"aes256+sha256", ABI_ENCAP_NONE, true, true, false, true, false},
		{"aes128+sha1", ABI_ENCAP_UDP, true, false, true, true, false},
		{"aes128+sha1", ABI_ENCAP_NONE, true, false, false, false, false},
		{"aes128+sha1", ABI_ENCAP_NONE, true, false, false, true, true},
	};

	(void)state;
	many = true;
	for (unsigned int i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		compare_sas(&settings[i]);
	many = false;
}

static void nor_does_it_matter_that_some_of_them_are_usual_ones(void **state)
{
	static const struct setting settings[] = {
		{"aes128+sha1", ABI_ENCAP_NONE, true, false, false, true, false},
		{"aes128+md5", ABI_ENCAP_UDP, true, false, false, true, false},
		{"aes128gcm", ABI_ENCAP_UDP, true, false, false, true, true},
	};

	(void)state;
	many = true;
	for (second = LIMITED; second <= IN_UDP; second++)
		for (unsigned int i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
			compare_sas(&settings[i]);
	many = false;
	second = ALIKE;
}

static void nor_does_it_matter_that_they_may_carry_anything(void **state)
{
	static const struct setting settings[] = {
		{"aes128+sha1", ABI_ENCAP_NONE, true, false, false, true, false},
		{"aes128gcm", ABI_ENCAP_UDP, true, false, false, true, true},
	};

	(void)state;
	wide = true;
	for (unsigned int i = 0; i < 2 * sizeof(settings) / sizeof(settings[0]); i++) {
		many = i % 2 != 0;
		compare_sas(&settings[i / 2]);
	}
	many = wide = false;
}

/* What the manager may do to an SA, and its twin, between two bursts. */
static void change_sa(struct sa *sa, unsigned int what)
{
	switch (what) {
	case 0:
		sa->state = SA_EXPIRED;
		break;
	case 1:
		sa->state = SA_DEAD;
		break;
	case 2:
		sa->direction = ABI_DIR_OUT;
		break;
	case 3:
		sa->limited = 1;
		sa->volume.hard_packets = 0;
		break;
	case 4:
		sa->endpoint++;
		break;
	default:
		sa->spi++;
		break;
	}
}

static void one_of_many_sas_that_is_of_no_use_any_more_is_found_out(void **state)
{
	const uint16_t n = WORKER_BURST / 2; /* esp_in takes no more of many SAs at a time */
	static const struct setting plain = {"aes128+sha1", ABI_ENCAP_NONE, true, false,
					     false,	    true,	    false};

	(void)state;
	many = true;
	for (unsigned int what = 0; what < 6; what++) {
		espkit_pair(espkit_suite(plain.suite), plain.encap);
		add_sas(&plain, 0);
		change_sa(sad_slot(esp.sad, RUN + 1), what);
		change_sa(sad_slot(esp.sad, TWIN + 1), what);
		/* Of the other SA, about every second one, are delivered. */
		assert_in_range(compare_burst(n, 1000, NULL), n / 4, 3 * n / 4);
		for (uint32_t i = 0; i < SLOTS; i++) {
			sad_slot(esp.sad, RUN + i)->spi = IN_SPI - IN_SLOT + RUN + i;
			sad_slot(esp.sad, TWIN + i)->spi = IN_SPI - IN_SLOT + TWIN + i;
			sad_slot(esp.sad, RUN + i)->direction = ABI_DIR_IN;
			sad_slot(esp.sad, TWIN + i)->direction = ABI_DIR_IN;
			sad_slot(esp.sad, RUN + i)->state = SA_LIVE;
			sad_slot(esp.sad, TWIN + i)->state = SA_LIVE;
			espkit_remove(RUN + i);
			espkit_remove(TWIN + i);
		}
	}
	many = false;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, espkit_begin, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(bursts_are_opened_as_single_packets_are),
		CASE(nor_do_other_numbers_and_selectors_matter),
		CASE(nor_do_other_workers_or_a_window_that_is_off),
		CASE(nor_does_it_matter_how_many_sas_they_are_of),
		CASE(nor_does_it_matter_that_some_of_them_are_usual_ones),
		CASE(nor_does_it_matter_that_they_may_carry_anything),
		CASE(one_of_many_sas_that_is_of_no_use_any_more_is_found_out),
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
