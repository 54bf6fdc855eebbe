/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_parse.c - one frame into parse, at the speed of parse; fuzz_net has what follows. The first
 * byte says how: bit 0 the port, bit 1 mend the IPv4 header checksum, bit 2 the frame is cut into
 * two segments, bit 3 it is an inner packet.
 *
 * What it is taken for behind others between the same addresses, in one burst, it is taken for
 * alone; and if it is IPv6, by the whole of the parser.
 */
#include <string.h>

#include "dataplane/net/fib6.h"
#include "dataplane/net/ip4.h"
#include "dataplane/net/ip6.h"
#include "dataplane/net/parse.h"
#include "dataplane/net/parse_impl.h"
#include "dataplane/net/port.h"
#include "dataplane/net/route.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/dataplane/harness.h"

#define HOW_PORT  1u
#define HOW_FIX	  2u
#define HOW_CHAIN 4u
#define HOW_INNER 8u
#define FRAME_MAX 2048u
#define PAYLOAD	  40u

static struct harness *h;

/* The seeds' site: 192.168.1.1/24 and 113.87.48.200/24, */
static struct fib *build4(void)
{
	const struct abi_address a[2] = {
		{.port = 0, .prefix_len = 24, .addr = {4, {0}, {192, 168, 1, 1}}},
		{.port = 1, .prefix_len = 24, .addr = {4, {0}, {113, 87, 48, 200}}}};
	uint32_t status;

	return fib_build(a, 2, NULL, 0, 2, SOCKET_ID_ANY, &status);
}

/* 2001:db8:1::1/64 and 2001:db8:2::1/64. */
static struct fib6 *build6(void)
{
	struct abi_address a[2] = {
		{.port = 0, .prefix_len = 64, .addr = {6, {0}, {0x20, 1, 0x0d, 0xb8, 0, 1}}},
		{.port = 1, .prefix_len = 64, .addr = {6, {0}, {0x20, 1, 0x0d, 0xb8, 0, 2}}}};
	uint32_t status;

	a[0].addr.bytes[15] = a[1].addr.bytes[15] = 1;
	return fib6_build(a, 2, NULL, 0, 2, SOCKET_ID_ANY, &status);
}

static void down(void)
{
	harness_pipe_free(h);
	harness_free(h);
}

static void up(void)
{
	h = harness_create(16, 4, 64);
	FUZZ_CHECK(h != NULL && harness_pipe_create(h) == 0 && atexit(down) == 0);
	fib_free(h->tables.fib);
	h->tables.fib = build4();
	h->tables.fib6 = build6();
	FUZZ_CHECK(h->tables.fib != NULL && h->tables.fib6 != NULL);
}

static void mend(uint8_t *frame, size_t len)
{
	uint8_t *ip = frame + IP4_ETHER_ROOM;
	unsigned int ihl;
	uint16_t sum;

	if (len < IP4_ETHER_ROOM + IP4_HEADER)
		return;
	ihl = (ip[0] & 0x0fu) * 4;
	if (ihl < IP4_HEADER || len < IP4_ETHER_ROOM + ihl)
		return;
	ip4_store16(ip + 10, 0);
	sum = (uint16_t)~rte_raw_cksum(ip, ihl);
	memcpy(ip + 10, &sum, 2);
}

/* The second half of m in a segment of its own. */
static struct rte_mbuf *cut(struct rte_mbuf *m)
{
	uint16_t half = m->data_len / 2;
	struct rte_mbuf *tail = harness_mbuf(h, rte_pktmbuf_mtod_offset(m, const void *, half),
					     (size_t)(m->data_len - half));

	FUZZ_CHECK(tail != NULL);
	rte_pktmbuf_trim(m, (uint16_t)(m->data_len - half));
	FUZZ_CHECK(rte_pktmbuf_chain(m, tail) == 0);
	return m;
}

/* What the stages after parse rely on. */
static void check(const struct rte_mbuf *m)
{
	const struct pkt_meta *meta = pkt_meta((struct rte_mbuf *)(uintptr_t)m);

	FUZZ_CHECK(meta->verdict <= PKT_SLOW);
	if (meta->verdict == PKT_DROP) {
		FUZZ_CHECK(meta->reason > DROP_NONE && meta->reason < DROP_MAX);
		return;
	}
	FUZZ_CHECK(m->nb_segs == 1 && m->data_len == m->pkt_len);
	FUZZ_CHECK(meta->l3_off == IP4_ETHER_ROOM);
	if (meta->verdict == PKT_SLOW) /* ARP, or neighbour discovery */
		return;
	FUZZ_CHECK(meta->l3_off + meta->ip_len <= m->data_len);
	FUZZ_CHECK(meta->l4_off > meta->l3_off && meta->l4_off <= m->data_len);
	FUZZ_CHECK(!(meta->flags & PKT_F_NONFIRST) || (meta->flags & PKT_F_FRAGMENT));
	if (meta->flags & PKT_F_NONFIRST)
		FUZZ_CHECK(meta->src_port == 0 && meta->dst_port == 0);
	if (meta->flags & PKT_F_IPV6)
		FUZZ_CHECK(meta->src == 0 && meta->dst == 0);
	if (meta->verdict == PKT_ESP_IN) /* SPI and sequence number are there */
		FUZZ_CHECK(meta->l4_off + 8 <= m->data_len);
}

/* An ESP packet in a frame for that port, from and to where the other one is. */
static struct rte_mbuf *esp_like(const uint8_t *frame, uint8_t port)
{
	uint8_t esp[IP4_ETHER_ROOM + IP4_HEADER + PAYLOAD] = {0};

	memcpy(esp, &ports[port].mac, RTE_ETHER_ADDR_LEN);
	esp[6] = 2;
	esp[12] = 0x08;
	esp[IP4_ETHER_ROOM] = 0x45;
	esp[IP4_ETHER_ROOM + 3] = IP4_HEADER + PAYLOAD;
	esp[IP4_ETHER_ROOM + 9] = 50;
	memcpy(esp + IP4_ETHER_ROOM + 12, frame + IP4_ETHER_ROOM + 12, 8);
	mend(esp, sizeof(esp));
	return harness_mbuf(h, esp, sizeof(esp));
}

/* The same of IPv6, with any payload. */
static struct rte_mbuf *six_like(const uint8_t *frame, uint8_t port, uint8_t next)
{
	uint8_t six[IP6_ETHER_ROOM + IP6_HEADER + PAYLOAD] = {0};

	memcpy(six, &ports[port].mac, RTE_ETHER_ADDR_LEN);
	six[6] = 2;
	ip4_store16(six + 12, RTE_ETHER_TYPE_IPV6);
	six[IP6_ETHER_ROOM] = 0x60;
	six[IP6_ETHER_ROOM + 5] = PAYLOAD;
	six[IP6_ETHER_ROOM + 6] = next;
	memcpy(six + IP6_ETHER_ROOM + IP6_OFF_SRC, frame + IP6_ETHER_ROOM + IP6_OFF_SRC,
	       2 * sizeof(struct ip6));
	return harness_mbuf(h, six, sizeof(six));
}

static bool is_ipv6(const uint8_t *frame, size_t len)
{
	return len >= IP6_ETHER_ROOM && ip4_load16(frame + 12) == RTE_ETHER_TYPE_IPV6;
}

static void check_same(const struct pkt_meta *meta, const struct pkt_meta *is)
{
	FUZZ_CHECK(meta->verdict == is->verdict);
	if (is->verdict == PKT_DROP)
		FUZZ_CHECK(meta->reason == is->reason);
	else
		FUZZ_CHECK(memcmp(meta, is, sizeof(*is)) == 0);
}

/* Alone it was taken for what the whole of the parser says. */
static void check_whole6(const struct pkt_meta *is, const uint8_t *frame, size_t len, uint8_t port)
{
	struct pkt_meta meta = {.in_port = port, .sa_slot = PKT_NO_SA};
	enum drop_reason why;

	if (!is_ipv6(frame, len) || memcmp(frame, &ports[port].mac, RTE_ETHER_ADDR_LEN) != 0 ||
	    frame[6] & RTE_ETHER_GROUP_ADDR)
		return;
	why = parse_packet6(h->tables.fib6, &meta, frame + IP6_ETHER_ROOM,
			    (uint32_t)(len - IP6_ETHER_ROOM), IP6_ETHER_ROOM, true);
	if (why != DROP_NONE) {
		meta.verdict = PKT_DROP;
		meta.reason = (uint8_t)why;
	}
	check_same(&meta, is);
}

static void check_behind(const struct rte_mbuf *alone, const uint8_t *frame, size_t len,
			 uint8_t port)
{
	const struct pkt_meta *is = pkt_meta((struct rte_mbuf *)(uintptr_t)alone);
	struct rte_mbuf *m[3];
	uint16_t n = 0;

	check_whole6(is, frame, len, port);
	if (is_ipv6(frame, len) && len >= IP6_ETHER_ROOM + IP6_HEADER) {
		m[n++] = six_like(frame, port, 50);
		m[n++] = six_like(frame, port, 17);
	} else if (len >= IP4_ETHER_ROOM + IP4_HEADER) {
		m[n++] = esp_like(frame, port);
	}
	m[n] = harness_mbuf(h, frame, len);
	for (uint16_t i = 0; i <= n; i++)
		FUZZ_CHECK(m[i] != NULL);
	parse_burst(&h->worker, port, m, (uint16_t)(n + 1));
	check_same(pkt_meta(m[n]), is);
	FUZZ_CHECK(is->verdict == PKT_DROP || m[n]->data_len == alone->data_len);
	rte_pktmbuf_free_bulk(m, n + 1u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t how, frame[FRAME_MAX];
	struct rte_mbuf *m;

	if (h == NULL)
		up();
	if (size < 1 || size - 1 > FRAME_MAX)
		return 0;
	how = data[0];
	memcpy(frame, data + 1, size - 1);
	if (how & HOW_FIX)
		mend(frame, size - 1);
	m = harness_mbuf(h, frame, size - 1);
	FUZZ_CHECK(m != NULL);
	if ((how & HOW_CHAIN) && !(how & HOW_INNER) && m->data_len > 1)
		m = cut(m);
	if (how & HOW_INNER) {
		*pkt_meta(m) = (struct pkt_meta){.verdict = PKT_FORWARD,
						 .flags = PKT_F_FROM_SA,
						 .sa_slot = 1,
						 .l3_off = IP4_ETHER_ROOM};
		if (m->data_len > IP4_ETHER_ROOM && frame[IP4_ETHER_ROOM] >> 4 == 6)
			parse_ipv6(&h->worker, m, IP4_ETHER_ROOM);
		else
			parse_ipv4(&h->worker, m, IP4_ETHER_ROOM);
	} else {
		parse_burst(&h->worker, how & HOW_PORT, &m, 1);
	}
	check(m);
	if (!(how & (HOW_INNER | HOW_CHAIN)))
		check_behind(m, frame, size - 1, how & HOW_PORT);
	rte_pktmbuf_free(m);
	FUZZ_CHECK(harness_in_use(h) == 0);
	return 0;
}
