/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_esp_in_run6.c - inbound bursts of one SA, or of many, with IPv6 inside or outside, and what
 * disturbs them, against the plain twin of twinkit.h; test_esp_in_run.c is for IPv4 in IPv4.
 */
#include "dataplane/ipsec/sa6.h"
#include "dataplane/ipsec/warm.h"
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
static const char *suite;  /* of the first SA, */
static struct shape usual; /* and its shape */
static bool many;	   /* SAs in each burst */
static unsigned int fours; /* of so many packets one carries IPv4; 0: none */
/* What every second SA is: of another family outside, or with IPv4 where the others are without. */
static enum {
	ALIKE,
	LIMITED,
	IN_TRANSPORT,
	UNWINDOWED,
	OTHER_SUITE,
	OTHER_ENCAP,
	OTHER_FAMILY,
	WITH_PORTS,
	WITH_MORE_NETS,
	WITHOUT_IPV4
} second;

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

/* One of those that no packet in transit has, or only on its link; or just its network. */
static void put_nobody(uint8_t *addr)
{
	static const uint8_t nobody[][ADDR6] = {{0},
						{[15] = 1},
						{[10] = 0xff, 0xff, 10, 1, 2, 3},
						{0xfe, 0x80, [15] = 9},
						{0xff, 5, [15] = 2}};

	memcpy(addr, nobody[any(5)], any(2) ? ADDR6 : ADDR6 / 2);
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

/* Not always where IPv4 may go. */
static struct frame inner4(void)
{
	struct frame f = espkit_udp_in(any(1200));

	if (any(8) == 0)
		put32(f.b + ETH + (any(2) ? 12 : 16),
		      any(2) ? IP(10, 100, 2, 6) : IP(192, 168, 1, 1));
	frame_fix(&f);
	return f;
}

static struct frame inner_of(enum kind kind)
{
	struct frame f = frame6_udp(far6_host, lan6_host, any(65536), any(65536),
				    kind == SHORT ? 0 : 24 + any(1200));
	uint8_t *ip = f.b + ETH;

	if (kind == FOUR)
		return inner4();
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

/* What is made from now on is for SA number i, or of it. */
static void turn_to(uint32_t i)
{
	bool other = i % 2 != 0;

	shape = usual;
	esp.suite = espkit_suite(other && second == OTHER_SUITE ? "aes128gcm" : suite);
	shape.outer6 ^= other && second == OTHER_FAMILY;
	if (other && second == OTHER_ENCAP)
		shape.encap = usual.encap == ABI_ENCAP_UDP ? ABI_ENCAP_NONE : ABI_ENCAP_UDP;
	esp.encap = shape.encap;
}

/* The same packet for slot and its twin. */
static void make_pair(enum kind kind, uint32_t at, struct rte_mbuf **m, uint64_t top)
{
	struct frame inner = inner_of(kind);
	struct reference_esp e = espkit_next(0);
	uint64_t seq = number_of(kind, at % TWIN_SLOTS, top), was;

	turn_to(at);
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
		if (many && at == 0)
			at = fixed ? i != 0 : any(TWIN_SLOTS);
		if (kind == PLAIN && fours != 0 && any(fours) == 0)
			kind = FOUR;
		make_pair(kind, at, given[i], top_of(at % TWIN_SLOTS));
	}
	return twin_compare(given, n, order);
}

struct setting {
	const char *suite;
	bool outer6;
	uint8_t encap;
	enum selectors { NETS, MORE_NETS, PORTS, NO_IPV4, ANYTHING, TRANSPORT } selectors;
	bool limited;
	bool esn;
	bool window;
	bool others;
};

static void set_selectors(struct abi_sa_add *c, enum selectors selectors)
{
	static const struct abi_range any6 = {
		.family = 6, .port_hi = UINT16_MAX, .hi = {[0 ... ADDR6 - 1] = UINT8_MAX}};

	switch (selectors) {
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

static enum selectors selectors_of(const struct setting *s, bool other)
{
	if (other && second == IN_TRANSPORT)
		return TRANSPORT;
	if (other && second == WITH_PORTS)
		return PORTS;
	if (other && second == WITH_MORE_NETS)
		return MORE_NETS;
	if (other && second == WITHOUT_IPV4)
		return s->selectors == NO_IPV4 ? NETS : NO_IPV4;
	return s->selectors;
}

static void add_sas(const struct setting *s, uint64_t start)
{
	for (uint32_t i = 0; i < 2 * TWIN_SLOTS; i++) {
		bool other = i % 2 != 0;
		struct abi_sa_add c;

		turn_to(i);
		c = shapekit_in();
		c.slot = i < TWIN_SLOTS ? TWIN_RUN + i : TWIN_TWIN + i - TWIN_SLOTS;
		c.spi = IN_SPI - IN_SLOT + c.slot;
		c.replay_window = s->window && !(other && second == UNWINDOWED) ? TWIN_WINDOW : 0;
		c.life.hard_packets = s->limited || (other && second == LIMITED) ? BIG : 0;
		if (s->esn)
			c.flags |= ABI_SA_F_ESN;
		if (start != 0)
			c.flags |= ABI_SA_F_RESUME;
		c.seq_start = start;
		set_selectors(&c, selectors_of(s, other));
		espkit_add(&c);
	}
	for (uint32_t i = 0; i < TWIN_SLOTS; i++)
		next[i] = start;
}

static void begin_sas(const struct setting *s, uint64_t start)
{
	usual = (struct shape){.outer6 = s->outer6, .encap = s->encap};
	suite = s->suite;
	esn = s->esn;
	shapekit_pair(suite, usual);
	add_sas(s, start);
}

/* Whatever was done to it. */
static void remove_sa(uint32_t slot)
{
	struct sa *sa = sad_slot(esp.sad, slot);

	sa->spi = IN_SPI - IN_SLOT + slot;
	sa->direction = ABI_DIR_IN;
	sa->state = SA_LIVE;
	sa->outer_gen &= ~1u;
	espkit_remove(slot);
}

static void remove_sas(void)
{
	for (uint32_t i = 0; i < 2 * TWIN_SLOTS; i++)
		remove_sa(i < TWIN_SLOTS ? TWIN_RUN + i : TWIN_TWIN + i - TWIN_SLOTS);
}

static void compare_sas(const struct setting *s)
{
	uint64_t out_of_turn = 0;
	struct order *order = s->others ? order_create(SOCKET_ID_ANY, &out_of_turn) : NULL;
	unsigned int delivered = 0;

	assert_int_equal(order != NULL, s->others);
	begin_sas(s, s->esn ? (1ull << 32) - 500 : 0);
	for (unsigned int round = 0; round < ROUNDS; round++)
		delivered +=
			compare_burst((uint16_t)((many ? WARM_LEAST : 1) + any(WORKER_BURST / 4)),
				      1 + any(30), order);
	delivered += compare_burst(WORKER_BURST, 30, order);
	if (s->selectors != TRANSPORT)
		assert_in_range(delivered, ROUNDS * 10, ROUNDS * WORKER_BURST);
	remove_sas();
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

static void nor_does_it_matter_how_many_sas_they_are_of(void **state)
{
	static const struct setting settings[] = {
		{"aes128+sha1", true, ABI_ENCAP_NONE, NETS, false, false, true, false},
		{"aes256+sha256", true, ABI_ENCAP_UDP, NETS, false, false, true, true},
		{"aes128gcm", true, ABI_ENCAP_NONE, NO_IPV4, false, false, true, true},
		{"aes128+md5", false, ABI_ENCAP_NONE, NO_IPV4, false, false, true, false},
		{"aes128gcm", false, ABI_ENCAP_UDP, NO_IPV4, false, false, true, false},
		{"aes128+sha1", false, ABI_ENCAP_NONE, NETS, false, false, true, false},
		{"aes128+sha1", true, ABI_ENCAP_NONE, ANYTHING, false, false, true, false},
		{"aes128+sha1", true, ABI_ENCAP_NONE, PORTS, false, false, true, false},
		{"aes128+sha1", true, ABI_ENCAP_NONE, MORE_NETS, true, false, true, false},
		{"aes128gcm", true, ABI_ENCAP_NONE, NETS, false, true, true, false},
		{"aes128+sha1", false, ABI_ENCAP_UDP, NO_IPV4, false, true, true, true},
		{"aes128+sha1", true, ABI_ENCAP_NONE, NETS, false, false, false, false},
		{"aes128+sha1", true, ABI_ENCAP_NONE, TRANSPORT, false, false, true, false},
	};

	(void)state;
	many = true;
	for (unsigned int i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		for (fours = 0; fours <= 2; fours += 2)
			compare_sas(&settings[i]);
	many = false;
	fours = 0;
}

static void nor_does_it_matter_that_some_of_them_are_usual_ones(void **state)
{
	static const struct setting settings[] = {
		{"aes128+sha1", true, ABI_ENCAP_NONE, NETS, false, false, true, false},
		{"aes128+md5", false, ABI_ENCAP_UDP, NO_IPV4, false, false, true, false},
		{"aes256+sha256", true, ABI_ENCAP_UDP, ANYTHING, false, false, true, true},
	};

	(void)state;
	many = true;
	fours = 3;
	for (second = LIMITED; second <= WITHOUT_IPV4; second++)
		for (unsigned int i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
			compare_sas(&settings[i]);
	many = false;
	second = ALIKE;
	fours = 0;
}

static void nor_that_there_are_no_addresses_of_the_other_family(void **state)
{
	static const struct setting plain = {"aes128+sha1", true,  ABI_ENCAP_NONE, ANYTHING,
					     false,	    false, true,	   false};
	struct fib *fib = kit.h->tables.fib;

	(void)state;
	many = true;
	fours = 2;
	kit.h->tables.fib = NULL;
	compare_sas(&plain);
	kit.h->tables.fib = fib;
	fours = 0;
	many = false;
}

/* What the manager may do to an SA, and its twin, between two bursts or in the middle of one. */
#define CHANGES 9u

static void change_sa(struct sa *sa, unsigned int what)
{
	switch (what) {
	case 0:
	case 1:
		sa->state = what == 0 ? SA_EXPIRED : SA_DEAD;
		break;
	case 2:
		sa->direction = ABI_DIR_OUT;
		break;
	case 3:
		sa->limited = 1;
		sa->volume.hard_packets = 0;
		break;
	case 4:
		sa->endpoint = sa_endpoint(0, ABI_ENCAP_UDP);
		break;
	case 5:
		sa->spi++;
		break;
	case 6:
	case 7:
		sa->outer.header[SA6_OUTER_LOCAL + (what == 6 ? NET : HOST)]++;
		break;
	default:
		sa->outer_gen++; /* nobody waits until it is even */
		break;
	}
}

static void one_of_many_sas_that_is_of_no_use_any_more_is_found_out(void **state)
{
	const uint16_t n = WORKER_BURST / 2; /* esp_in takes no more of many SAs at a time */
	static const struct setting plain = {"aes128+sha1", true,  ABI_ENCAP_NONE, NETS,
					     false,	    false, true,	   false};

	(void)state;
	many = true;
	for (unsigned int what = 0; what < CHANGES; what++) {
		begin_sas(&plain, 0);
		change_sa(sad_slot(esp.sad, TWIN_RUN + 1), what);
		change_sa(sad_slot(esp.sad, TWIN_TWIN + 1), what);
		/* Of the other SA, about every second one, are delivered. */
		assert_in_range(compare_burst(n, 1000, NULL), n / 4, 3 * n / 4);
		remove_sas();
	}
	many = false;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, espkit_begin_empty, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(ipv6_in_ipv4_is_opened_as_single_packets_are),
		CASE(so_is_what_comes_between_ipv6_addresses),
		CASE(nor_does_it_matter_how_many_sas_they_are_of),
		CASE(nor_does_it_matter_that_some_of_them_are_usual_ones),
		CASE(nor_that_there_are_no_addresses_of_the_other_family),
		CASE(one_of_many_sas_that_is_of_no_use_any_more_is_found_out),
	};

	return cmocka_run_group_tests(tests, shapekit_setup, shapekit_teardown);
}
