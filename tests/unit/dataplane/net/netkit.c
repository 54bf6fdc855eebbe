/* SPDX-License-Identifier: BSD-3-Clause */
/* netkit.c - frames, the site, and the captured end of the pipeline. */
#include "tests/unit/dataplane/net/netkit.h"

#include "dataplane/net/parse.h"

struct kit kit;

/* Weak: a test of the whole pipeline has the real one. */
__attribute__((weak)) void pipeline_reenter(struct worker *w, struct rte_mbuf *m)
{
	(void)w;
	assert_true(kit.n_out < sizeof(kit.out) / sizeof(kit.out[0]));
	kit.out[kit.n_out++] = m;
}

void kit_clear(void)
{
	rte_pktmbuf_free_bulk(kit.out, kit.n_out);
	kit.n_out = 0;
}

struct frame frame_fragment(uint32_t dst, unsigned int word, uint8_t proto, size_t len)
{
	struct frame f = frame_ipv4(LAN_HOST, dst, proto, len);

	put16(f.b + ETH + 6, word);
	frame_fix(&f);
	return f;
}

struct abi_addr abi4(uint32_t addr)
{
	struct abi_addr a = {.family = 4};

	put32(a.bytes, addr);
	return a;
}

static struct fib *build_site(void)
{
	const struct abi_address addrs[] = {
		{.port = 0, .prefix_len = 24, .addr = abi4(LAN_US)},
		{.port = 1, .prefix_len = 24, .addr = abi4(WAN_US)},
	};
	const struct abi_route route = {
		.port = ABI_PORT_ANY, .distance = 1, .dst = abi4(0), .gateway = abi4(WAN_GW)};
	uint32_t status;

	return fib_build(addrs, 2, &route, 1, 2, SOCKET_ID_ANY, &status);
}

const uint32_t kit_nowhere[KIT_NOWHERE] = {0,
					   IP(0, 0, 0, 1),
					   IP(127, 0, 0, 1),
					   IP(224, 0, 0, 5),
					   IP(255, 255, 255, 255),
					   LAN_US | 255,
					   LAN_US & ~255u,
					   WAN_US | 255,
					   LAN_US,
					   WAN_US};

int kit_setup(void **state)
{
	(void)state;
	kit.h = harness_create(64, 16, 2047);
	if (kit.h == NULL)
		return -1;
	kit.w = &kit.h->worker;
	for (uint8_t i = 0; i < 2; i++) {
		ports[i].mac = (struct rte_ether_addr){{2, 0, 0, 0, 0, (uint8_t)(i + 1)}};
		ports[i].mtu = 1500;
		ports[i].rx_queues = 1;
		ports[i].full = WORKER_BURST;
	}
	n_ports = 2;
	ports[0].link_up = ports[1].link_up = true;
	kit.h->tables.fib = build_site();
	return kit.h->tables.fib != NULL ? 0 : -1;
}

int kit_teardown(void **state)
{
	(void)state;
	fib_free(kit.h->tables.fib);
	harness_free(kit.h);
	return 0;
}

int kit_begin(void **state)
{
	(void)state;
	kit.w->now += 3600ull * 1000000000;
	return 0;
}

int kit_end(void **state)
{
	(void)state;
	kit_clear();
	return harness_in_use(kit.h) == 0 ? 0 : -1;
}

void put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

unsigned int get16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static uint32_t ref_sum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static uint16_t ref_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint16_t ref_cksum(const uint8_t *p, size_t len)
{
	return ref_fold(ref_sum(p, len));
}

uint16_t ref_udp_cksum(const uint8_t *ip)
{
	unsigned int ihl = (ip[0] & 15u) * 4;
	const uint8_t *udp = ip + ihl;
	unsigned int len = get16(udp + 4);
	uint32_t sum = ref_sum(ip + 12, 8) + 17 + len + ref_sum(udp, 6) + ref_sum(udp + 8, len - 8);
	uint16_t v = ref_fold(sum);

	return v == 0 ? 0xffff : v;
}

struct frame frame_ipv4(uint32_t src, uint32_t dst, uint8_t proto, size_t len)
{
	struct frame f = {.len = ETH + 20 + len};
	uint8_t *ip = f.b + ETH;

	memcpy(f.b, &ports[0].mac, 6);
	memcpy(f.b + 6, "\x02\x00\x00\x00\x01\x12", 6);
	put16(f.b + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, (unsigned int)(20 + len));
	put16(ip + 4, 0x1234);
	ip[8] = 63;
	ip[9] = proto;
	put32(ip + 12, src);
	put32(ip + 16, dst);
	for (size_t i = 0; i < len; i++)
		ip[20 + i] = (uint8_t)i;
	frame_fix(&f);
	return f;
}

void frame_fix(struct frame *f)
{
	uint8_t *ip = f->b + ETH;

	put16(ip + 10, 0);
	put16(ip + 10, ref_cksum(ip, (ip[0] & 15u) * 4));
}

void frame_options(struct frame *f, const uint8_t *opt, size_t n)
{
	uint8_t *ip = f->b + ETH;

	memmove(ip + 20 + n, ip + 20, f->len - ETH - 20);
	memcpy(ip + 20, opt, n);
	ip[0] = (uint8_t)(0x45 + n / 4);
	f->len += n;
	put16(ip + 2, (unsigned int)(f->len - ETH));
	frame_fix(f);
}

struct frame frame_udp(uint32_t src, uint32_t dst, unsigned int sport, unsigned int dport,
		       const void *data, size_t len)
{
	struct frame f = frame_ipv4(src, dst, 17, 8 + len);
	uint8_t *udp = f.b + ETH + 20;

	put16(udp, sport);
	put16(udp + 2, dport);
	put16(udp + 4, (unsigned int)(8 + len));
	if (data != NULL && len != 0)
		memcpy(udp + 8, data, len);
	put16(udp + 6, ref_udp_cksum(f.b + ETH));
	return f;
}

struct frame frame_icmp(uint32_t src, uint32_t dst, uint8_t type, uint8_t code, size_t len)
{
	struct frame f = frame_ipv4(src, dst, 1, 8 + len);
	uint8_t *icmp = f.b + ETH + 20;

	icmp[0] = type;
	icmp[1] = code;
	put16(icmp + 2, 0);
	put16(icmp + 2, ref_cksum(icmp, 8 + len));
	return f;
}

struct rte_mbuf *kit_parse(const struct frame *f)
{
	struct rte_mbuf *m = harness_mbuf(kit.h, f->b, f->len);

	assert_non_null(m);
	parse_burst(kit.w, 0, &m, 1);
	return m;
}

struct pkt_meta kit_classify(const struct frame *f)
{
	struct rte_mbuf *m = kit_parse(f);
	struct pkt_meta meta = *pkt_meta(m);

	rte_pktmbuf_free(m);
	return meta;
}

struct pkt_meta kit_classify_behind(const struct frame *first, const uint8_t *bytes, size_t len)
{
	struct rte_mbuf *m = harness_mbuf(kit.h, "", 0), *burst[2];
	void *addr = m->buf_addr;
	uint16_t off = m->data_off;
	uint8_t *tight = malloc(len + 1); /* one byte in front: every offset is odd */
	struct pkt_meta meta;
	uint16_t n = 0;

	assert_non_null(tight);
	memcpy(tight + 1, bytes, len);
	m->buf_addr = tight;
	m->data_off = 1;
	m->data_len = (uint16_t)len;
	m->pkt_len = (uint32_t)len;
	if (first != NULL)
		burst[n++] = harness_mbuf(kit.h, first->b, first->len);
	burst[n++] = m;
	parse_burst(kit.w, 0, burst, n);
	meta = *pkt_meta(m);
	if (first != NULL)
		rte_pktmbuf_free(burst[0]);
	assert_true(m->data_len <= len && m->pkt_len == m->data_len);
	/* Of what goes to the slow path ARP has no IP header. */
	if (meta.verdict != PKT_DROP && (meta.verdict != PKT_SLOW || meta.ip_len != 0)) {
		assert_int_equal(m->data_len, ETH + meta.ip_len);
		assert_true(meta.l4_off <= m->data_len);
	}
	m->buf_addr = addr;
	m->data_off = off;
	free(tight);
	rte_pktmbuf_free(m);
	return meta;
}

struct pkt_meta kit_classify_tight(const uint8_t *bytes, size_t len)
{
	return kit_classify_behind(NULL, bytes, len);
}
