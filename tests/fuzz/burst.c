/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * burst.c - see burst.h.
 *
 * Each packet that is sealed carries its own number in the input where nothing alters it, so that
 * what leaves the site can be told apart. The model is a stupid one: numbers of an SA only grow, so
 * a fresh packet with nothing wrong about it must get through, once, and one that comes late only
 * while it is in the window.
 */
#include "tests/fuzz/burst.h"

#include <string.h>

#include <rte_byteorder.h>
#include <rte_ip.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/site.h"
#include "tests/unit/dataplane/harness.h"

#define RECORD	   4u
#define HEADER	   20u
#define HEADER6	   40u
#define INNER6	   0x80u /* of the last byte of a record, where the SA carries it */
#define MADE_MAX   128u
#define BURST_MAX  160u
#define FRAME_MAX  2048u
#define OUTER	   (14u + 20u)
#define OUTER6	   (14u + 40u)
#define OUTER_SRC  (14u + 15u) /* last byte of the address it comes from */
#define OUTER6_SRC (14u + 23u)
#define BRIEF	   16u
#define MARK	   0x65737067u /* then the number of the packet */
#define PIECE_MIN  64u	       /* headers lie in one piece */
#define FAR_HOST   HARNESS_IP(10, 100, 1, 6)
#define HOST	   HARNESS_IP(192, 168, 1, 12)

enum action {
	FRESH,
	FRESH_TOO,
	AGAIN,	/* a packet of before, as it was sealed */
	FORGED, /* one byte of what is authenticated; the packet itself may come later */
	AHEAD,	/* numbers are left out */
	INNER,	/* an inner packet with something odd about it */
	OUTER_HEADER,
	END /* of the burst */
};

struct made {
	uint8_t lane;
	bool loose;    /* may get through or not, but once */
	bool genuine;  /* it has come as it was sealed */
	bool barred;   /* the outer header forbids the inner packet */
	uint8_t times; /* it got through */
	uint64_t seq;
	size_t len;
	uint8_t frame[FRAME_MAX];
};

static const struct site_tunnel lanes[] = {
	{.slot = 8, .suite = "aes128+sha1", .narrow = true, .window = 64},
	{.slot = 9, .suite = "aes128+md5", .udp = true, .narrow = true, .window = 128},
	{.slot = 10,
	 .suite = "aes256+sha256",
	 .narrow = true,
	 .inner6 = true,
	 .esn = true,
	 .window = 64,
	 .start = (1ull << 32) - 20},
	{.slot = 11,
	 .suite = "aes128gcm",
	 .udp = true,
	 .narrow = true,
	 .inner6 = true,
	 .window = 1024},
	{.slot = 12, .suite = "aes128ctr+sha256_96", .window = 64},
	{.slot = 13,
	 .suite = "3des+sha1",
	 .narrow = true,
	 .limited = true,
	 .brief = true,
	 .window = 64},
	{.slot = 14,
	 .suite = "aes192+sha384",
	 .outer6 = true,
	 .narrow = true,
	 .inner6 = true,
	 .window = 64},
	{.slot = 15, .suite = "chacha20poly1305", .udp = true, .esn = true, .window = 128},
};
#define LANES (sizeof(lanes) / sizeof(lanes[0]))

static struct {
	struct made made[MADE_MAX];
	unsigned int n_made;
	uint64_t next[LANES];	 /* highest number sealed, */
	uint64_t top[LANES];	 /* that came, */
	uint64_t moved[LANES];	 /* and where from, if from elsewhere */
	uint64_t packets[LANES]; /* counted before */
	struct site_piece burst[BURST_MAX];
	uint8_t room[BURST_MAX][FRAME_MAX];
	unsigned int n_burst;
} t;

static void put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void fix_sum(uint8_t *ip)
{
	size_t len = (size_t)(ip[0] & 15) * 4;

	put16(ip + 10, 0);
	if (len >= 20)
		put16(ip + 10, rte_be_to_cpu_16((uint16_t)~rte_raw_cksum(ip, len)));
}

/* --- what is sealed --- */

/* IPv4; len bytes, which are zeros. */
static void make_header4(uint8_t *ip, uint8_t b, size_t len)
{
	ip[0] = 0x45;
	ip[1] = (uint8_t)(b & 0xfc); /* not capable of ECN */
	put16(ip + 2, (unsigned int)len);
	ip[6] = b & 4 ? 0x40 : 0;
	ip[8] = 64;
	ip[9] = b & 1 ? 6 : 17;
	put32(ip + 12, FAR_HOST + (b >> 3 & 1));
	put32(ip + 16, HOST);
	fix_sum(ip);
}

static void make_header6(uint8_t *ip, uint8_t b, size_t len)
{
	put16(ip, 6u << 12 | (b & 0xfcu) << 4);
	put16(ip + 4, (unsigned int)(len - HEADER6));
	ip[6] = b & 1 ? 6 : 17;
	ip[7] = 64;
	memcpy(ip + 8, site_far6, sizeof(site_far6));
	ip[8 + 15] ^= b >> 3 & 1;
	memcpy(ip + 24, site_host6, sizeof(site_host6));
}

/* UDP, or TCP when b is odd, of some length; id behind its header. */
static size_t make_inner(uint8_t *ip, bool six, uint8_t b, uint8_t c, uint32_t id)
{
	size_t at = six ? HEADER6 : HEADER, head = at + (b & 1 ? 20u : 8u);
	size_t len = head + 8 + (size_t)(b & 2 ? c * 5u : c);

	memset(ip, 0x5a, len);
	memset(ip, 0, head);
	if (six)
		make_header6(ip, b, len);
	else
		make_header4(ip, b, len);
	put16(ip + at, 1000);
	put16(ip + at + 2, 2000);
	if (b & 1)
		put16(ip + at + 12, 5u << 12 | (b & 16 ? 2u : 16u)); /* SYN or ACK */
	else
		put16(ip + at + 4, (unsigned int)(len - at));
	put32(ip + head, MARK);
	put32(ip + head + 4, id);
	return len;
}

/* Something odd: of headers and lengths. */
static size_t alter_inner(uint8_t *ip, size_t len, struct reference_esp *e, uint8_t b, uint8_t c)
{
	if (b & 32)
		e->next_header = c;
	if (b & 64)
		e->bad_pad = true;
	if (b & 128)
		e->pad_length = c;
	if ((b & 0xe0) == 0) {
		bool six = e->next_header == 41;

		ip[c % (six ? HEADER6 + 8 : HEADER + 8)] ^= (uint8_t)(c | 1);
		if (!six && (c & 64))
			fix_sum(ip);
	}
	if ((b & 0xe0) == 0xe0) /* RFC 4303 section 2.7 */
		memset(ip + len, 0, c);
	return (b & 0xe0) == 0xe0 ? len + c : len;
}

static struct made *make(enum action action, unsigned int lane, bool six, uint8_t b, uint8_t c)
{
	static uint8_t inner[FRAME_MAX];
	struct made *m = &t.made[t.n_made];
	struct reference_esp e = {.next_header = six ? 41 : 4, .pad = -1, .pad_length = -1};
	size_t len;

	if (t.n_made == MADE_MAX)
		return NULL;
	*m = (struct made){.lane = (uint8_t)lane};
	t.next[lane] += 1 + (action == AHEAD ? (uint64_t)c << (b & 7) : 0);
	m->seq = t.next[lane];
	e.seq = (uint32_t)m->seq;
	e.esn = lanes[lane].esn;
	e.seq_hi = (uint32_t)(m->seq >> 32);
	memset(e.iv, b, sizeof(e.iv));
	len = make_inner(inner, six, b, lanes[lane].brief ? c % BRIEF : c, t.n_made);
	if (action == INNER) {
		m->loose = true;
		len = alter_inner(inner, len, &e, b, c);
	}
	m->len = site_seal_for(&lanes[lane], &e, inner, len, m->frame);
	t.n_made++;
	return m;
}

/* --- what comes --- */

static uint8_t *add_frame(const struct made *m, uint8_t split)
{
	uint8_t *frame = t.room[t.n_burst];

	memcpy(frame, m->frame, m->len);
	t.burst[t.n_burst++] =
		(struct site_piece){.bytes = frame,
				    .len = m->len,
				    .first = split & 1 ? PIECE_MIN + (split >> 1 & 63) : m->len,
				    .shared = (split & 3) == 2};
	return frame;
}

/* It has come as it was sealed, from there: what is to be seen of it. */
static void note_genuine(struct made *m, const uint8_t *frame)
{
	const struct site_tunnel *s = &lanes[m->lane];
	uint64_t from = (uint64_t)frame[OUTER] << 40 | (uint64_t)frame[OUTER + 1] << 32 |
			get32(frame + 14 + 12);

	/* When what is newer came before it, it need not get through any more. */
	m->loose |= !m->genuine && m->seq + s->window <= t.top[m->lane];
	m->genuine = true;
	if (m->seq <= t.top[m->lane])
		return;
	t.top[m->lane] = m->seq;
	from |= 1ull << 48;
	if (s->udp && from != site_peer() && from != t.moved[m->lane])
		t.moved[m->lane] = from;
}

/* From another port or address; congestion experienced, which our inner packets cannot say. */
static void alter_outer(struct made *m, uint8_t *frame, uint8_t b, uint8_t c)
{
	bool six = lanes[m->lane].outer6;

	if (b & 1)
		frame[six ? OUTER6_SRC : OUTER_SRC] ^= (uint8_t)(c & 3);
	if ((b & 2) && lanes[m->lane].udp)
		frame[OUTER + 1] ^= (uint8_t)(c & 7);
	if ((b & 4) && six)
		put16(frame + 14, 6u << 12 | (unsigned int)c << 4);
	else if (b & 4)
		frame[14 + 1] = c;
	if ((b & 4) && (c & 3) == 3) {
		m->barred |= !m->genuine;
		m->loose = true;
	}
	if (!six)
		fix_sum(frame + 14);
}

/* Destination options: nothing but padding. */
static void add_options6(struct site_piece *f, uint8_t *frame)
{
	memmove(frame + OUTER6 + 8, frame + OUTER6, f->len - OUTER6);
	memcpy(frame + OUTER6, "\x32\0\1\4\0\0\0\0", 8);
	f->len += 8;
	frame[14 + 6] = 60;
	put16(frame + 18, (unsigned int)(f->len - OUTER6));
}

static void add_options(struct site_piece *f, uint8_t *frame)
{
	memmove(frame + OUTER + 4, frame + OUTER, f->len - OUTER);
	memcpy(frame + OUTER, "\1\1\1", 4);
	f->len += 4;
	frame[14] = 0x46;
	put16(frame + 16, (unsigned int)(f->len - 14));
	fix_sum(frame + 14);
}

static void forge(const struct made *m, uint8_t *frame, uint8_t b, uint8_t c)
{
	bool six = lanes[m->lane].outer6;
	size_t esp = (six ? OUTER6 : OUTER) + (lanes[m->lane].udp ? 8u : 0u);

	if (b & 1) { /* shorter, by whole blocks perhaps */
		size_t cut = 1u + c % 64u;

		if (six) {
			put16(frame + 18, (unsigned int)(m->len - OUTER6 - cut));
			return;
		}
		put16(frame + 16, (unsigned int)(m->len - 14 - cut));
		if (lanes[m->lane].udp)
			put16(frame + OUTER + 4, (unsigned int)(m->len - OUTER - cut));
		fix_sum(frame + 14);
		return;
	}
	frame[esp + 4 + (c * 7u) % (m->len - esp - 4)] ^= (uint8_t)(b | 1);
	if (b & 2) { /* from elsewhere */
		frame[six ? OUTER6_SRC : OUTER_SRC] ^= 1;
		if (!six)
			fix_sum(frame + 14);
	}
}

/* --- what becomes of it --- */

/* Of a packet between the sites: what it carries, which is of *proto; or NULL. */
static const uint8_t *upper_layer(const uint8_t *frame, size_t len, uint8_t *proto)
{
	const uint8_t *ip = frame + 14;

	if (len >= 14 + HEADER6 + 8 && frame[12] == 0x86 && frame[13] == 0xdd) {
		*proto = ip[6];
		return ip + HEADER6;
	}
	if (len < 14 + HEADER + 8 || frame[12] != 8 || frame[13] != 0)
		return NULL;
	*proto = ip[9];
	return ip + (size_t)(ip[0] & 15) * 4;
}

static bool is_between_sites(const uint8_t *ip)
{
	if (ip[0] >> 4 == 6)
		return memcmp(ip + 8, site_far6, 8) == 0 && memcmp(ip + 24, site_host6, 8) == 0;
	return (get32(ip + 12) ^ FAR_HOST) < 256 && (get32(ip + 16) ^ HOST) < 256;
}

static void on_sent(uint8_t port, const uint8_t *frame, size_t len)
{
	const uint8_t *l4;
	uint8_t proto;
	uint32_t id;

	l4 = port == SITE_LAN ? upper_layer(frame, len, &proto) : NULL;
	if (l4 == NULL || (proto != 6 && proto != 17))
		return;
	l4 += proto == 6 ? 20 : 8;
	if (l4 + 8 > frame + len || get32(l4) != MARK)
		return;
	id = get32(l4 + 4);
	FUZZ_CHECK(id < t.n_made);
	FUZZ_CHECK(t.made[id].genuine && !t.made[id].barred); /* never only forged */
	FUZZ_CHECK(is_between_sites(frame + 14));
	FUZZ_CHECK(++t.made[id].times == 1);
}

static void end_burst(void)
{
	uint64_t got[LANES] = {0}, loose[LANES] = {0};

	site_burst(SITE_WAN, t.burst, t.n_burst, on_sent);
	t.n_burst = 0;
	for (unsigned int i = 0; i < t.n_made; i++) {
		const struct made *m = &t.made[i];

		got[m->lane] += m->times;
		loose[m->lane] += m->loose;
		FUZZ_CHECK(!m->genuine || m->loose || m->times == 1);
	}
	for (unsigned int i = 0; i < LANES; i++) {
		uint64_t counted = site_packets(lanes[i].slot) - t.packets[i];

		FUZZ_CHECK(counted >= got[i] && counted <= got[i] + loose[i]);
		FUZZ_CHECK(site_top(lanes[i].slot) == t.top[i]);
		FUZZ_CHECK(site_moved(lanes[i].slot) == t.moved[i]);
	}
}

static void record(const uint8_t *r)
{
	enum action action = (enum action)(r[0] & 7);
	unsigned int lane = (r[0] >> 3 & 7) % LANES;
	struct made *m = NULL;
	uint8_t *frame;

	if (action == END || t.n_burst == BURST_MAX) {
		end_burst();
		return;
	}
	if (action == AGAIN)
		m = t.n_made != 0 ? &t.made[r[1] % t.n_made] : NULL;
	else
		m = make(action, lane, lanes[lane].inner6 && (r[3] & INNER6), r[1], r[2]);
	if (m == NULL)
		return;
	frame = add_frame(m, r[3]);
	if (action == FORGED) {
		forge(m, frame, r[1], r[2]);
		return;
	}
	if (action == OUTER_HEADER || (action == AGAIN && (r[2] & 1)))
		alter_outer(m, frame, r[1], r[2]);
	note_genuine(m, frame);
	if (action == OUTER_HEADER && (r[1] & 8)) {
		if (lanes[m->lane].outer6)
			add_options6(&t.burst[t.n_burst - 1], frame);
		else
			add_options(&t.burst[t.n_burst - 1], frame);
	}
}

void burst_create(void)
{
	for (unsigned int i = 0; i < LANES; i++)
		FUZZ_CHECK(site_add(&lanes[i]) == 0);
}

void burst_input(const uint8_t *data, size_t size)
{
	t.n_made = t.n_burst = 0;
	for (unsigned int i = 0; i < LANES; i++) {
		t.next[i] = t.top[i] = lanes[i].start;
		t.moved[i] = 0;
		t.packets[i] = site_packets(lanes[i].slot);
	}
	for (; size >= RECORD; size -= RECORD, data += RECORD)
		record(data);
	end_burst();
}
