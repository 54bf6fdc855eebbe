/* SPDX-License-Identifier: BSD-3-Clause */
/* shapekit.c - see shapekit.h. */
#include "tests/unit/dataplane/ipsec/shapekit.h"

#include "dataplane/net/fib6.h"

const uint8_t lan6_us[ADDR6] = {0x20, 1, 0xd, 0xb8, 0, 10, [15] = 1};
const uint8_t lan6_host[ADDR6] = {0x20, 1, 0xd, 0xb8, 0, 10, [15] = 0x12};
const uint8_t wan6_us[ADDR6] = {0x20, 1, 0xd, 0xb8, 0, 1, [15] = 0x20};
const uint8_t wan6_us_too[ADDR6] = {0x20, 1, 0xd, 0xb8, 0, 1, [15] = 0x21};
const uint8_t lan6_us_too[ADDR6] = {0x20, 1, 0xd, 0xb8, 0, 10, [15] = 0x20};
const uint8_t peer6[ADDR6] = {0x20, 1, 0xd, 0xb8, 0, 2, [14] = 0x91, [15] = 0x22};
const uint8_t far6_host[ADDR6] = {0x20, 1, 0xd, 0xb8, 0, 11, [15] = 6};
static const uint8_t wan6_gw[ADDR6] = {0x20, 1, 0xd, 0xb8, 0, 1, [15] = 1};

struct shape shape;

static struct abi_addr abi6(const uint8_t *addr)
{
	struct abi_addr a = {.family = 6};

	memcpy(a.bytes, addr, ADDR6);
	return a;
}

int shapekit_setup(void **state)
{
	const struct abi_address addrs[] = {
		{.port = 0, .prefix_len = 64, .addr = abi6(lan6_us)},
		{.port = 1, .prefix_len = 64, .addr = abi6(wan6_us)},
		{.port = 0, .prefix_len = 64, .addr = abi6(lan6_us_too)},
		{.port = 1, .prefix_len = 64, .addr = abi6(wan6_us_too)},
	};
	const struct abi_route route = {.port = ABI_PORT_ANY,
					.distance = 1,
					.dst = {.family = 6},
					.gateway = abi6(wan6_gw)};
	uint32_t status;

	if (espkit_setup(state) != 0)
		return -1;
	kit.h->tables.fib6 = fib6_build(addrs, 4, &route, 1, 2, SOCKET_ID_ANY, &status);
	return kit.h->tables.fib6 != NULL ? 0 : -1;
}

int shapekit_teardown(void **state)
{
	fib6_free(kit.h->tables.fib6);
	kit.h->tables.fib6 = NULL;
	return espkit_teardown(state);
}

/* The network of an address with a prefix of 64, or the address alone. */
static struct abi_range range6(const uint8_t *addr, bool alone)
{
	struct abi_range r = {.family = 6, .port_hi = UINT16_MAX};

	memcpy(r.lo, addr, ADDR6);
	memcpy(r.hi, addr, ADDR6);
	if (!alone) {
		memset(r.lo + 8, 0, 8);
		memset(r.hi + 8, 0xff, 8);
	}
	return r;
}

static struct abi_sa_add dress(struct abi_sa_add c)
{
	c.mode = shape.transport ? ABI_MODE_TRANSPORT : ABI_MODE_TUNNEL;
	if (shape.outer6) {
		c.local = abi6(wan6_us);
		c.remote = abi6(peer6);
	}
	c.n_local = c.n_remote = 2;
	c.ts_local[1] = range6(shape.transport ? wan6_us : lan6_host, shape.transport);
	c.ts_remote[1] = range6(shape.transport ? peer6 : far6_host, shape.transport);
	if (shape.transport) {
		c.ts_local[0] = espkit_range(WAN_US, WAN_US);
		c.ts_remote[0] = espkit_range(PEER, PEER);
	}
	return c;
}

struct abi_sa_add shapekit_out(void)
{
	struct abi_sa_add c = dress(espkit_out());

	c.df = shape.df;
	c.dscp = shape.dscp;
	return c;
}

struct abi_sa_add shapekit_in(void)
{
	return dress(espkit_in());
}

void shapekit_pair(const char *suite, struct shape s)
{
	struct abi_sa_add c;

	shape = s;
	espkit_pair(espkit_suite(suite), s.encap); /* for its keys */
	espkit_remove(OUT_SLOT);
	espkit_remove(IN_SLOT);
	c = shapekit_out();
	espkit_add(&c);
	c = shapekit_in();
	espkit_add(&c);
}

struct frame frame6(const uint8_t *src, const uint8_t *dst, uint8_t next, size_t len)
{
	struct frame f = {.len = ETH + 40 + len};
	uint8_t *ip = f.b + ETH;

	memcpy(f.b, &ports[0].mac, 6);
	memcpy(f.b + 6, "\x02\x00\x00\x00\x01\x12", 6);
	put16(f.b + 12, 0x86dd);
	ip[0] = 0x60;
	put16(ip + 4, (unsigned int)len);
	ip[6] = next;
	ip[7] = 63;
	memcpy(ip + 8, src, ADDR6);
	memcpy(ip + 24, dst, ADDR6);
	for (size_t i = 0; i < len; i++)
		ip[40 + i] = (uint8_t)i;
	return f;
}

uint16_t ref_cksum6(const uint8_t *ip, uint8_t proto, const uint8_t *l4, size_t len)
{
	uint8_t all[40 + 4096] = {0};

	assert_true(len <= 4096);
	memcpy(all, ip + 8, 32);
	put32(all + 32, (uint32_t)len);
	all[39] = proto;
	memcpy(all + 40, l4, len);
	return ref_cksum(all, 40 + len);
}

struct frame frame6_udp(const uint8_t *src, const uint8_t *dst, unsigned int sport,
			unsigned int dport, size_t len)
{
	struct frame f = frame6(src, dst, 17, 8 + len);
	uint8_t *udp = f.b + ETH + 40;

	put16(udp, sport);
	put16(udp + 2, dport);
	put16(udp + 4, (unsigned int)(8 + len));
	put16(udp + 6, 0);
	put16(udp + 6, ref_cksum6(f.b + ETH, 17, udp, 8 + len));
	return f;
}

void frame6_extend(struct frame *f, uint8_t type, size_t len)
{
	uint8_t *ip = f->b + ETH;

	memmove(ip + 40 + len, ip + 40, f->len - ETH - 40);
	memset(ip + 40, 0, len);
	ip[40] = ip[6];
	ip[41] = (uint8_t)(len / 8 - 1);
	ip[42] = 1; /* PadN */
	ip[43] = (uint8_t)(len - 4);
	ip[6] = type;
	f->len += len;
	put16(ip + 4, (unsigned int)(f->len - ETH - 40));
}

static bool is_six(const uint8_t *ip)
{
	return ip[0] >> 4 == 6;
}

void frame_set_tos(struct frame *f, uint8_t tos)
{
	uint8_t *ip = f->b + ETH;

	if (is_six(ip)) {
		ip[0] = (uint8_t)(0x60 | tos >> 4);
		ip[1] = (uint8_t)((ip[1] & 15) | tos << 4);
		return;
	}
	ip[1] = tos;
	frame_fix(f);
}

uint8_t frame_tos(const struct frame *f)
{
	const uint8_t *ip = f->b + ETH;

	return is_six(ip) ? (uint8_t)(ip[0] << 4 | ip[1] >> 4) : ip[1];
}

struct frame shapekit_inner(bool six, bool out, size_t len)
{
	if (!six)
		return out ? espkit_udp_out(len) : espkit_udp_in(len);
	return out ? frame6_udp(lan6_host, far6_host, 4000, 53, len)
		   : frame6_udp(far6_host, lan6_host, 53, 4000, len);
}

/* The outer IP header; how long it is. */
static size_t check_outer(const uint8_t *ip, size_t len, uint8_t proto)
{
	if (!shape.outer6) {
		assert_int_equal(ip[0], 0x45);
		assert_int_equal(get16(ip + 2), len);
		assert_int_equal(ref_cksum(ip, 20), 0);
		if (!shape.transport)
			assert_int_equal(ip[8], 64);
		assert_int_equal(ip[9], proto);
		assert_int_equal(get32(ip + 12), WAN_US);
		assert_int_equal(get32(ip + 16), PEER);
		return 20;
	}
	assert_int_equal(ip[0] >> 4, 6);
	assert_int_equal(get16(ip + 4), len - 40);
	assert_int_equal(ip[6], proto);
	if (!shape.transport)
		assert_int_equal(ip[7], 64);
	assert_memory_equal(ip + 8, wan6_us, ADDR6);
	assert_memory_equal(ip + 24, peer6, ADDR6);
	return 40;
}

static void check_udp(const uint8_t *ip, const uint8_t *udp, size_t len)
{
	assert_int_equal(get16(udp), NATT_PORT);
	assert_int_equal(get16(udp + 2), NATT_PORT);
	assert_int_equal(get16(udp + 4), len);
	if (!shape.outer6) {
		assert_int_equal(get16(udp + 6), 0);
		return;
	}
	assert_int_not_equal(get16(udp + 6), 0);
	assert_int_equal(ref_cksum6(ip, 17, udp, len), 0);
}

long shapekit_open(const struct rte_mbuf *m, struct reference_esp *e, uint8_t *out)
{
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH);
	size_t len = m->data_len - ETH, head;
	long opened;

	assert_int_equal(m->pkt_len, m->data_len);
	head = check_outer(ip, len, shape.encap == ABI_ENCAP_UDP ? 17 : 50);
	if (shape.encap == ABI_ENCAP_UDP) {
		check_udp(ip, ip + head, len - head);
		head += 8;
	}
	e->esn = esp.esn;
	e->seq_hi = esp.seq_hi;
	opened =
		reference_open(esp.suite, esp.out_key, esp.out_auth, ip + head, len - head, e, out);
	if (opened >= 0)
		espkit_expect_iv(ip + head, e);
	return opened;
}

struct frame shapekit_wrap(const uint8_t *bytes, size_t len)
{
	struct frame f;

	if (!shape.outer6)
		return espkit_wrap(bytes, len);
	if (shape.encap == ABI_ENCAP_NONE) {
		f = frame6(peer6, wan6_us, 50, len);
		memcpy(f.b + ETH + 40, bytes, len);
		return f;
	}
	f = frame6_udp(peer6, wan6_us, NATT_PORT, NATT_PORT, len);
	memcpy(f.b + ETH + 48, bytes, len);
	put16(f.b + ETH + 46, 0);
	put16(f.b + ETH + 46, ref_cksum6(f.b + ETH, 17, f.b + ETH + 40, 8 + len));
	return f;
}

struct frame shapekit_seal(const uint8_t *payload, size_t len, uint8_t next, size_t tfc)
{
	struct reference_esp e = espkit_next(++esp.peer_seq);
	uint8_t text[2100] = {0}, bytes[2600];

	assert_true(len + tfc <= sizeof(text));
	memcpy(text, payload, len);
	e.next_header = next;
	len = reference_seal(esp.suite, esp.in_key, esp.in_auth, &e, text, len + tfc, bytes);
	return shapekit_wrap(bytes, len);
}
