/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_net.c - frames into the stages of dataplane/net. An input is a row of records: one byte that
 * says how, two of length, then the frame. State (neighbours, the clock) lives on within an input.
 *
 * how: bit 0 port, bit 1 fix the IPv4 header checksum, bit 2 it is an inner packet of an SA, bit 3
 * a second passes, bit 4 the bytes are a record of the inject ring.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/net/frag.h"
#include "dataplane/net/icmp.h"
#include "dataplane/net/ip4.h"
#include "dataplane/net/neigh.h"
#include "dataplane/net/parse.h"
#include "dataplane/net/port.h"
#include "dataplane/net/punt.h"
#include "dataplane/net/route.h"
#include "dataplane/pipeline.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/dataplane/harness.h"

#define HOW_PORT   1u
#define HOW_FIX	   2u
#define HOW_INNER  4u
#define HOW_TICK   8u
#define HOW_INJECT 16u
#define HEADROOM   128u
#define FRAME_MAX  2048u
#define OUT_MAX	   256u

static struct harness *h;
static struct neigh_io io;
static struct rte_mbuf *again[OUT_MAX];
static unsigned int n_again;

void pipeline_reenter(struct worker *w, struct rte_mbuf *m)
{
	(void)w;
	FUZZ_CHECK(m->data_len == m->pkt_len && m->data_len > IP4_ETHER_ROOM);
	FUZZ_CHECK(n_again < OUT_MAX);
	again[n_again++] = m;
}

static void take(void *ctx, struct rte_mbuf *m)
{
	(void)ctx;
	FUZZ_CHECK(pkt_meta(m)->out_port < n_ports);
	rte_pktmbuf_free(m);
}

static void drop(void *ctx, struct rte_mbuf *m, enum drop_reason reason)
{
	(void)ctx;
	FUZZ_CHECK(reason > DROP_NONE && reason < DROP_MAX);
	rte_pktmbuf_free(m);
}

static struct abi_addr v4(uint32_t addr)
{
	struct abi_addr a = {.family = 4};

	ip4_store32(a.bytes, addr);
	return a;
}

static void set_up(void)
{
	const struct abi_address addrs[] = {
		{.port = 0, .prefix_len = 24, .addr = v4(0xc0a80101)},	/* 192.168.1.1 */
		{.port = 1, .prefix_len = 24, .addr = v4(0x715730c8)}}; /* 113.87.48.200 */
	const struct abi_route route = {
		.port = ABI_PORT_ANY, .dst = v4(0), .gateway = v4(0x71573001)};
	uint32_t status;

	h = harness_create(64, 16, 1023);
	FUZZ_CHECK(h != NULL);
	for (uint8_t i = 0; i < 2; i++) {
		ports[i].mac = (struct rte_ether_addr){{2, 0, 0, 0, 0, (uint8_t)(i + 1)}};
		ports[i].mtu = 576;
	}
	n_ports = 2;
	h->tables.fib = fib_build(addrs, 2, &route, 1, 2, SOCKET_ID_ANY, &status);
	h->tables.neigh = neigh_create(SOCKET_ID_ANY);
	FUZZ_CHECK(h->tables.fib != NULL && h->tables.neigh != NULL);
	io = (struct neigh_io){.send = take, .drop = drop, .pool = h->pool, .fib = h->tables.fib};
}

/* Parse a copy that ends where its memory ends, so that a sanitizer sees every byte too many. */
static void parse_tight(uint8_t how, const uint8_t *b, size_t len)
{
	struct rte_mbuf *m = harness_mbuf(h, "", 0);
	uint8_t *mem = malloc(HEADROOM + len);
	void *addr = m->buf_addr;
	uint16_t off = m->data_off;

	FUZZ_CHECK(mem != NULL);
	memcpy(mem + HEADROOM, b, len);
	m->buf_addr = mem;
	m->data_off = HEADROOM;
	m->data_len = (uint16_t)len;
	m->pkt_len = (uint32_t)len;
	if (how & HOW_INNER) {
		pkt_meta(m)->flags = PKT_F_FROM_SA;
		parse_ipv4(&h->worker, m, IP4_ETHER_ROOM);
	} else {
		parse_burst(&h->worker, how & HOW_PORT, &m, 1);
	}
	if (pkt_meta(m)->verdict == PKT_LOCAL)
		local_burst(&h->worker, &m, 1);
	FUZZ_CHECK(m->data_len <= len);
	m->buf_addr = addr;
	m->data_off = off;
	rte_pktmbuf_free(m);
	free(mem);
}

static void finish(struct rte_mbuf *m)
{
	const struct pkt_meta *meta = pkt_meta(m);

	if (meta->verdict == PKT_SLOW)
		neigh_hold(h->tables.neigh, &io, m, h->worker.now);
	else if (meta->verdict == PKT_FORWARD)
		take(NULL, m);
	else
		drop(NULL, m, (enum drop_reason)meta->reason);
}

static void forward(struct rte_mbuf *m)
{
	struct rte_mbuf *out[OUT_MAX];
	uint16_t n;

	FUZZ_CHECK(m->data_len == IP4_ETHER_ROOM + pkt_meta(m)->ip_len);
	ttl_burst(&h->worker, &m, 1);
	route_burst(&h->worker, &m, 1);
	if (pkt_meta(m)->verdict != PKT_FORWARD) {
		finish(m);
		return;
	}
	n = frag_burst(&h->worker, &m, 1, out, OUT_MAX);
	neigh_burst(&h->worker, out, RTE_MIN(n, (uint16_t)WORKER_BURST));
	for (uint16_t i = 0; i < n; i++)
		finish(out[i]);
}

static void punt(struct rte_mbuf *m)
{
	struct abi_packet p;
	enum drop_reason why = punt_from_mbuf(m, &p);

	FUZZ_CHECK(why == DROP_NONE || why == DROP_NET_PUNT_SIZE);
	FUZZ_CHECK(why != DROP_NONE ||
		   (p.data_len > 0 && p.msg.length == ABI_PACKET_FIXED + p.data_len));
	rte_pktmbuf_free(m);
}

static void whole_way(uint8_t how, const uint8_t *b, size_t len)
{
	struct rte_mbuf *m = harness_mbuf(h, b, len);

	FUZZ_CHECK(m != NULL);
	if (how & HOW_INNER) {
		pkt_meta(m)->flags = PKT_F_FROM_SA;
		parse_ipv4(&h->worker, m, IP4_ETHER_ROOM);
	} else {
		parse_burst(&h->worker, how & HOW_PORT, &m, 1);
	}
	if (pkt_meta(m)->verdict == PKT_LOCAL)
		local_burst(&h->worker, &m, 1);
	switch (pkt_meta(m)->verdict) {
	case PKT_FORWARD:
		forward(m);
		break;
	case PKT_PUNT:
		punt(m);
		break;
	case PKT_SLOW:
		neigh_arp_input(h->tables.neigh, &io, m, h->worker.now);
		break;
	case PKT_ESP_IN:
		FUZZ_CHECK(pkt_meta(m)->l4_off + 8u <= m->data_len);
		rte_pktmbuf_free(m);
		break;
	default:
		finish(m);
		break;
	}
}

static void inject(const uint8_t *b, size_t len)
{
	struct abi_packet p = {.msg = {.type = 0}};
	struct rte_mbuf *m;

	memcpy(&p, b, RTE_MIN(len, sizeof(p)));
	m = punt_to_mbuf(&p, h->tables.fib, h->tables.fib6, h->pool);
	if (m != NULL)
		forward(m);
}

static void record(uint8_t how, const uint8_t *data, size_t len)
{
	uint8_t b[FRAME_MAX];

	memcpy(b, data, len);
	if (how & HOW_TICK) {
		h->worker.now += 1000000000;
		neigh_tick(h->tables.neigh, &io, h->worker.now);
	}
	if (how & HOW_INJECT) {
		inject(b, len);
		return;
	}
	if (how & HOW_FIX && len >= IP4_ETHER_ROOM + IP4_HEADER &&
	    IP4_ETHER_ROOM + (b[IP4_ETHER_ROOM] & 15u) * 4 <= len && (b[IP4_ETHER_ROOM] & 15u) >= 5)
		ip4_set_cksum(b + IP4_ETHER_ROOM, (b[IP4_ETHER_ROOM] & 15u) * 4);
	parse_tight(how, b, len);
	whole_way(how, b, len);
	for (unsigned int i = 0; i < n_again; i++)
		rte_pktmbuf_free(again[i]);
	n_again = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (h == NULL)
		set_up();
	while (size >= 3) {
		uint8_t how = data[0];
		size_t len = ip4_load16(data + 1) % FRAME_MAX;

		data += 3;
		size -= 3;
		len = RTE_MIN(len, size);
		record(how, data, len);
		data += len;
		size -= len;
	}
	neigh_flush(h->tables.neigh, &io);
	FUZZ_CHECK(harness_in_use(h) == 0);
	return 0;
}
