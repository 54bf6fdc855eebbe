/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_parse.c - one frame into parse, at the speed of parse; fuzz_net has what follows. The first
 * byte says how: bit 0 the port, bit 1 mend the IPv4 header checksum, bit 2 the frame is cut into
 * two segments, bit 3 it is an inner packet.
 *
 * What it is taken for behind ESP between the same addresses, in one burst, it is taken for alone.
 */
#include <string.h>

#include "dataplane/net/fib6.h"
#include "dataplane/net/ip4.h"
#include "dataplane/net/parse.h"
#include "dataplane/net/port.h"
#include "dataplane/net/route.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/dataplane/harness.h"

#define HOW_PORT  1u
#define HOW_FIX	  2u
#define HOW_CHAIN 4u
#define HOW_INNER 8u
#define FRAME_MAX 2048u

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
	uint8_t esp[IP4_ETHER_ROOM + IP4_HEADER + 40] = {0};

	memcpy(esp, &ports[port].mac, RTE_ETHER_ADDR_LEN);
	esp[6] = 2;
	esp[12] = 0x08;
	esp[IP4_ETHER_ROOM] = 0x45;
	esp[IP4_ETHER_ROOM + 3] = IP4_HEADER + 40;
	esp[IP4_ETHER_ROOM + 9] = 50;
	memcpy(esp + IP4_ETHER_ROOM + 12, frame + IP4_ETHER_ROOM + 12, 8);
	mend(esp, sizeof(esp));
	return harness_mbuf(h, esp, sizeof(esp));
}

static void check_behind(const struct rte_mbuf *alone, const uint8_t *frame, size_t len,
			 uint8_t port)
{
	const struct pkt_meta *is = pkt_meta((struct rte_mbuf *)(uintptr_t)alone), *meta;
	struct rte_mbuf *m[2];

	if (len < IP4_ETHER_ROOM + IP4_HEADER)
		return;
	m[0] = esp_like(frame, port);
	m[1] = harness_mbuf(h, frame, len);
	FUZZ_CHECK(m[0] != NULL && m[1] != NULL);
	parse_burst(&h->worker, port, m, 2);
	meta = pkt_meta(m[1]);
	FUZZ_CHECK(meta->verdict == is->verdict);
	if (is->verdict == PKT_DROP)
		FUZZ_CHECK(meta->reason == is->reason);
	else
		FUZZ_CHECK(memcmp(meta, is, sizeof(*is)) == 0 && m[1]->data_len == alone->data_len);
	rte_pktmbuf_free_bulk(m, 2);
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
