/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_esp_in_run6.c - inbound bursts with IPv6 inside or outside, and what disturbs them, against
 * the plain twin of twinkit.h; test_esp_in_run.c is for IPv4 in IPv4.
 */
#include "tests/unit/dataplane/ipsec/shapekit.h"
#include "tests/unit/dataplane/ipsec/twinkit.h"

#define ROUNDS 60u
#define NEAR   300u
#define BIG    (1u << 30)
#define NET    7u /* the last byte of a network's address, and of a host's */
#define HOST   15u

enum kind {
	PLAIN, /* and all beyond SPECIAL */
	FOUR,
	SYN,
	ICMP,
	EXTENDED,
	FRAGMENT,
	OTHER_VERSION,
	OTHER_NEXT,
	ELSEWHERE,
	TO_US,
	FROM_US,
	NOWHERE,
	NOBODY,
	PADDED,
	LONGER,
	SHORT,
	FEWER,
	BAD_PAD,
	DUMMY,
	FORGED,
	CUT,
	UNEVEN,
	SHARED,
	MARKED,
	MOVED,
	AGAIN,
	TOO_OLD,
	OUTER_EXTENDED,
	OTHER_OF_US,
	OTHER_SA,
	NO_SA,
	SPECIAL
};

static uint64_t seed = 47;
static uint64_t next[TWIN_SLOTS]; /* number to be sent */
static bool esn;

static unsigned int any(unsigned int n)
{
	return (unsigned int)(random_next(&seed) % n);
}

static void make_tcp(struct frame *f, bool syn)
{
	uint8_t *tcp = f->b + ETH + 40;

	f->b[ETH + 6] = 6;
	memset(tcp, 0, 24);
	tcp[12] = 6 << 4;
	tcp[13] = syn ? 2 : 16;
	tcp[20] = 2;
	tcp[21] = 4;
	put16(tcp + 22, 1460);
}

/* One of those that no packet in transit has, or only on its link. */
static void put_nobody(uint8_t *addr)
{
	static const uint8_t nobody[][ADDR6] = {{0},
						{[15] = 1},
						{[10] = 0xff, 0xff, 10, 1, 2, 3},
						{0xfe, 0x80, [15] = 9},
						{0xff, 5, [15] = 2}};

	memcpy(addr, nobody[any(5)], ADDR6);
}

/* Where addresses are wrong, most of them is right. */
static void spoil_addresses(struct frame *f, enum kind kind)
{
	uint8_t *src = f->b + ETH + 8, *dst = f->b + ETH + 24;

	if (kind == ELSEWHERE)
		(any(2) ? src : dst)[any(2) ? NET : any(NET)] ^= (uint8_t)(1 + any(255));
	if (kind == TO_US)
		memcpy(dst, any(2) ? lan6_us : lan6_us_too, ADDR6);
	if (kind == FROM_US)
		memcpy(src, any(2) ? wan6_us : lan6_us, ADDR6);
	if (kind == NOWHERE)
		put_nobody(any(2) ? src : dst);
	if (kind == NOBODY)
		memset(src, 0, 2 * ADDR6);
}

static struct frame inner_of(enum kind kind)
{
	struct frame f = frame6_udp(far6_host, lan6_host, any(65536), any(65536),
				    kind == SHORT ? 0 : 24 + any(1200));
	uint8_t *ip = f.b + ETH;

	if (kind == FOUR)
		return espkit_udp_in(any(1200));
	if (kind == SYN || any(2))
		make_tcp(&f, kind == SYN);
	if (kind == ICMP)
		ip[6] = 58;
	frame_set_tos(&f, (uint8_t)any(256));
	ip[8 + HOST] ^= (uint8_t)any(2);
	ip[24 + HOST] ^= (uint8_t)any(2);
	spoil_addresses(&f, kind);
	if (kind == EXTENDED)
		frame6_extend(&f, any(2) ? 0 : 60, 8);
	if (kind == FRAGMENT) {
		frame6_extend(&f, 44, 8);
		put16(ip + 42, any(3) * 8);
	}
	if (kind == OTHER_VERSION)
		ip[0] ^= (uint8_t)(0x10 << any(4));
	if (kind == PADDED)
		f.len += any(60);
	if (kind == LONGER)
		put16(ip + 4, (unsigned int)(f.len - ETH - 40 + 1 + any(30)));
	if (kind == FEWER)
		put16(ip + 4, any(22));
	if (kind == SHORT)
		f.len = ETH + 40 + any(9);
	if (kind == SHORT && any(2))
		put16(ip + 4, (unsigned int)(f.len - ETH - 40));
	return f;
}

static uint64_t number_of(enum kind kind, unsigned int at, uint64_t top)
{
	uint64_t seq = next[at] += 1 + (any(8) == 0 ? any(3) : 0);

	if (kind == AGAIN && seq > NEAR)
		seq -= any(NEAR);
	if (kind == TOO_OLD && top > TWIN_WINDOW + 100)
		seq = top - TWIN_WINDOW - any(100);
	return seq;
}

static void spoil_outer6(struct frame *f, enum kind kind)
{
	static const uint8_t *const ours[] = {lan6_us, wan6_us_too, lan6_us_too};
	uint8_t *ip = f->b + ETH;

	if (kind == MOVED)
		ip[8 + HOST] = (uint8_t)any(3);
	if (kind == OTHER_OF_US)
		memcpy(ip + 24, ours[any(3)], ADDR6);
	if (ip[6] == 17 && kind != CUT) {
		put16(ip + 46, 0);
		put16(ip + 46, ref_cksum6(ip, 17, ip + 40, f->len - ETH - 40));
	}
	if (kind == OUTER_EXTENDED)
		frame6_extend(f, any(2) ? 60 : 0, any(2) ? 8 : 16);
	if (kind == CUT)
		put16(ip + 4, (unsigned int)(f->len - ETH - 40 - any(30)));
}

static void spoil_outer4(struct frame *f, enum kind kind)
{
	uint8_t *ip = f->b + ETH;

	if (kind == MOVED)
		put32(ip + 12, PEER + any(3));
	if (kind == OTHER_OF_US)
		put32(ip + 16, LAN_US);
	if (kind == CUT)
		put16(ip + 2, (unsigned int)(f->len - ETH - any(30)));
	frame_fix(f);
}

/* What the peer does to it on the way. */
static void spoil(struct frame *f, enum kind kind)
{
	if (kind == FORGED)
		f->b[f->len - 1 - any(40)] ^= (uint8_t)(1 + any(255));
	frame_set_tos(f, (uint8_t)(kind == MARKED ? any(256) : any(64) << 2));
	if (shape.outer6)
		spoil_outer6(f, kind);
	else
		spoil_outer4(f, kind);
}

static struct frame seal(const struct frame *inner, const struct reference_esp *e)
{
	uint8_t bytes[2600];
	size_t len = reference_seal(esp.suite, esp.in_key, esp.in_auth, e, inner->b + ETH,
				    inner->len - ETH, bytes);

	return shapekit_wrap(bytes, len);
}

/* The same packet for slot and its twin. */
static void make_pair(enum kind kind, uint32_t at, struct rte_mbuf **m, uint64_t top)
{
	struct frame inner = inner_of(kind);
	struct reference_esp e = espkit_next(0);
	uint64_t seq = number_of(kind, at % TWIN_SLOTS, top), was;

	e.seq = (uint32_t)seq;
	e.esn = esn;
	e.seq_hi = (uint32_t)(seq >> 32);
	e.next_header = kind == FOUR ? 4 : kind == DUMMY ? 59 : 41;
	if (kind == OTHER_NEXT)
		e.next_header = any(2) ? 4 : (uint8_t)any(256);
	e.bad_pad = kind == BAD_PAD;
	if (kind == BAD_PAD && any(2))
		e.pad_length = 255;
	if (kind == UNEVEN && esp.suite->block == 4)
		e.pad = (int)any(8);
	was = seed;
	for (unsigned int i = 0; i < 2; i++) {
		struct frame f;

		e.spi = IN_SPI - IN_SLOT + (i == 0 ? TWIN_RUN : TWIN_TWIN) + at;
		seed = was; /* the same for both */
		f = seal(&inner, &e);
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
	const struct replay *r = sa_replay(sad_slot(esp.sad, TWIN_RUN + at));

	return r != NULL ? r->top : 0;
}

static unsigned int compare_burst(uint16_t n, unsigned int disturbed, struct order *order)
{
	struct rte_mbuf *given[WORKER_BURST][2];

	for (uint16_t i = 0; i < n; i++) {
		/* Three of them say that a burst is of one SA. */
		bool fixed = i == 0 || i == n / 2 || i == n - 1;
		enum kind kind = any(disturbed) == 0 ? (enum kind)any(SPECIAL) : PLAIN;
		uint32_t at = kind == OTHER_SA && !fixed ? 1 : 0;

		if (kind == NO_SA && !fixed)
			at = TWIN_SLOTS;
		make_pair(kind, at, given[i], top_of(at % TWIN_SLOTS));
	}
	return twin_compare(given, n, order);
}

struct setting {
	const char *suite;
	bool outer6;
	uint8_t encap;
	enum { NETS, MORE_NETS, PORTS, NO_IPV4, ANYTHING, TRANSPORT } selectors;
	bool limited;
	bool esn;
	bool window;
	bool others;
};

static void set_selectors(struct abi_sa_add *c, const struct setting *s)
{
	static const struct abi_range any6 = {
		.family = 6, .port_hi = UINT16_MAX, .hi = {[0 ... ADDR6 - 1] = UINT8_MAX}};

	switch (s->selectors) {
	case NETS:
		break;
	case MORE_NETS:
		c->ts_remote[c->n_remote] = c->ts_remote[1];
		c->ts_remote[c->n_remote].lo[NET] = c->ts_remote[c->n_remote].hi[NET] = 3;
		c->n_remote++;
		break;
	case PORTS:
		c->ts_remote[1].port_lo = 20000;
		break;
	case NO_IPV4:
		c->ts_local[0] = c->ts_local[1];
		c->ts_remote[0] = c->ts_remote[1];
		c->n_local = c->n_remote = 1;
		break;
	case TRANSPORT: /* which carries none of these, though they would be of the SA */
		c->mode = ABI_MODE_TRANSPORT;
		/* fallthrough */
	case ANYTHING:
		c->ts_local[0] = c->ts_remote[0] = espkit_range(0, UINT32_MAX);
		c->ts_local[1] = c->ts_remote[1] = any6;
		break;
	}
}

static void add_sas(const struct setting *s, uint64_t start)
{
	for (uint32_t i = 0; i < 2 * TWIN_SLOTS; i++) {
		struct abi_sa_add c = shapekit_in();

		c.slot = i < TWIN_SLOTS ? TWIN_RUN + i : TWIN_TWIN + i - TWIN_SLOTS;
		c.spi = IN_SPI - IN_SLOT + c.slot;
		c.replay_window = s->window ? TWIN_WINDOW : 0;
		c.life.hard_packets = s->limited ? BIG : 0;
		if (s->esn)
			c.flags |= ABI_SA_F_ESN;
		if (start != 0)
			c.flags |= ABI_SA_F_RESUME;
		c.seq_start = start;
		set_selectors(&c, s);
		espkit_add(&c);
	}
	for (uint32_t i = 0; i < TWIN_SLOTS; i++)
		next[i] = start;
}

static void compare_sas(const struct setting *s)
{
	uint64_t out_of_turn = 0;
	struct order *order = s->others ? order_create(SOCKET_ID_ANY, &out_of_turn) : NULL;
	unsigned int delivered = 0;

	assert_int_equal(order != NULL, s->others);
	shapekit_pair(s->suite, (struct shape){.outer6 = s->outer6, .encap = s->encap});
	esn = s->esn;
	add_sas(s, esn ? (1ull << 32) - 500 : 0);
	for (unsigned int round = 0; round < ROUNDS; round++)
		delivered +=
			compare_burst((uint16_t)(1 + any(WORKER_BURST / 4)), 1 + any(30), order);
	delivered += compare_burst(WORKER_BURST, 30, order);
	if (s->selectors != TRANSPORT)
		assert_in_range(delivered, ROUNDS * 10, ROUNDS * WORKER_BURST);
	for (uint32_t i = 0; i < TWIN_SLOTS; i++) {
		espkit_remove(TWIN_RUN + i);
		espkit_remove(TWIN_TWIN + i);
	}
	order_free(order);
}

static void ipv6_in_ipv4_is_opened_as_single_packets_are(void **state)
{
	static const struct setting settings[] = {
		{"aes128+sha1", false, ABI_ENCAP_NONE, NETS, false, false, true, false},
		{"aes256+sha256", false, ABI_ENCAP_UDP, MORE_NETS, true, false, true, false},
		{"aes128gcm", false, ABI_ENCAP_NONE, NO_IPV4, false, true, true, true},
		{"aes128gcm", false, ABI_ENCAP_NONE, PORTS, false, false, false, false},
		{"aes128+sha1", false, ABI_ENCAP_NONE, ANYTHING, false, false, true, false},
		{"aes128+sha1", false, ABI_ENCAP_NONE, TRANSPORT, false, false, true, false},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		compare_sas(&settings[i]);
}

static void so_is_what_comes_between_ipv6_addresses(void **state)
{
	static const struct setting settings[] = {
		{"aes128+sha1", true, ABI_ENCAP_NONE, NETS, false, false, true, false},
		{"aes128gcm", true, ABI_ENCAP_NONE, NO_IPV4, true, false, true, true},
		{"aes128+md5", true, ABI_ENCAP_NONE, MORE_NETS, false, true, true, false},
		{"aes128+sha1", true, ABI_ENCAP_NONE, PORTS, false, false, false, false},
		{"aes128+sha1", true, ABI_ENCAP_UDP, NETS, true, false, true, false},
		{"aes128gcm", true, ABI_ENCAP_UDP, NETS, false, true, true, true},
		{"aes128gcm", true, ABI_ENCAP_NONE, ANYTHING, false, false, true, false},
		{"aes128+sha1", true, ABI_ENCAP_NONE, TRANSPORT, false, false, true, false},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		compare_sas(&settings[i]);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, espkit_begin_empty, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(ipv6_in_ipv4_is_opened_as_single_packets_are),
		CASE(so_is_what_comes_between_ipv6_addresses),
	};

	return cmocka_run_group_tests(tests, shapekit_setup, shapekit_teardown);
}
