/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_net.c - frames of both families into the stages of dataplane/net. An input is a row of
 * records: one byte that says how, two of length, then the frame. State (neighbours, the clock)
 * lives on within an input.
 *
 * how: bit 0 port, bit 1 fix the IPv4 header checksum or that of what IPv6 carries, bit 2 it is an
 * inner packet of an SA, bit 3 a second passes, bit 4 the bytes are a record of the inject ring,
 * bit 5 a policy is for single ports, so that fragments in transit are put together as those to us
 * are.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/net/dad.h"
#include "dataplane/net/fib6.h"
#include "dataplane/net/frag.h"
#include "dataplane/net/icmp.h"
#include "dataplane/net/ip4.h"
#include "dataplane/net/nd.h"
#include "dataplane/net/neigh.h"
#include "dataplane/net/parse.h"
#include "dataplane/net/port.h"
#include "dataplane/net/punt.h"
#include "dataplane/net/quote.h"
#include "dataplane/net/unreach.h"
#include "dataplane/net/reasm.h"
#include "dataplane/net/route.h"
#include "dataplane/pipeline.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/dataplane/harness.h"

#define HOW_PORT   1u
#define HOW_FIX	   2u
#define HOW_INNER  4u
#define HOW_TICK   8u
#define HOW_INJECT 16u
#define HOW_PORTS  32u
#define HEADROOM   128u
#define FRAME_MAX  2048u
#define OUT_MAX	   256u
#define PIECES	   16u /* held at most */
#define TIMEOUT_MS 5000u
#define NS_PER_MS  1000000u

static struct harness *h;
static struct neigh_io io;
static struct dad dad;
static struct rte_mbuf *again[OUT_MAX];
static unsigned int n_again;

void pipeline_reenter(struct worker *w, struct rte_mbuf *m)
{
	(void)w;
	FUZZ_CHECK(m->data_len == m->pkt_len && m->data_len > IP4_ETHER_ROOM);
	FUZZ_CHECK(n_again < OUT_MAX);
	again[n_again++] = m;
}

/* The real one lives in the pipeline; here reassembly alone drops through it. */
void pipeline_drop(struct worker *w, struct rte_mbuf *m, enum drop_reason reason)
{
	(void)w;
	FUZZ_CHECK(reason == DROP_NET_REASSEMBLY || reason == DROP_NET_NO_BUFFER);
	rte_pktmbuf_free(m);
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

static struct abi_addr v6(uint8_t net, uint8_t host)
{
	return (struct abi_addr){6, {0}, {0x20, 1, 0x0d, 0xb8, [5] = net, [15] = host}};
}

static struct fib6 *build6(void)
{
	const struct abi_address addrs[] = {
		{.port = 0, .prefix_len = 64, .addr = v6(1, 1)},  /* 2001:db8:1::1 */
		{.port = 1, .prefix_len = 64, .addr = v6(2, 1)}}; /* 2001:db8:2::1 */
	const struct abi_route route = {
		.port = ABI_PORT_ANY, .dst = {.family = 6}, .gateway = v6(2, 0xfe)};
	uint32_t status;

	return fib6_build(addrs, 2, &route, 1, 2, SOCKET_ID_ANY, &status);
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
		ports[i].mtu = 1280;
	}
	n_ports = 2;
	h->tables.fib = fib_build(addrs, 2, &route, 1, 2, SOCKET_ID_ANY, &status);
	h->tables.neigh = neigh_create(SOCKET_ID_ANY);
	h->tables.neigh6 = neigh_create(SOCKET_ID_ANY);
	h->tables.fib6 = build6();
	FUZZ_CHECK(h->tables.fib != NULL && h->tables.neigh != NULL);
	FUZZ_CHECK(h->tables.fib6 != NULL && h->tables.neigh6 != NULL);
	h->worker.reasm = reasm_create(0, PIECES, TIMEOUT_MS, SOCKET_ID_ANY);
	FUZZ_CHECK(h->worker.reasm != NULL);
	io = (struct neigh_io){.send = take,
			       .drop = drop,
			       .pool = h->pool,
			       .fib = h->tables.fib,
			       .fib6 = h->tables.fib6,
			       .dad = &dad};
}

static void parse_one(uint8_t how, struct rte_mbuf **m)
{
	if (!(how & HOW_INNER)) {
		parse_burst(&h->worker, how & HOW_PORT, m, 1);
		return;
	}
	pkt_meta(*m)->flags = PKT_F_FROM_SA;
	if ((*m)->data_len > IP6_ETHER_ROOM &&
	    *rte_pktmbuf_mtod_offset(*m, const uint8_t *, IP6_ETHER_ROOM) >> 4 == 6)
		parse_ipv6(&h->worker, *m, IP6_ETHER_ROOM);
	else
		parse_ipv4(&h->worker, *m, IP4_ETHER_ROOM);
}

/* Parse a copy that ends where its memory ends, so that a sanitizer sees every byte too many. */
static void parse_tight(uint8_t how, const uint8_t *b, size_t len)
{
	struct rte_mbuf *m = harness_mbuf(h, "", 0);
	uint8_t *mem = malloc(HEADROOM + len);
	void *addr = m->buf_addr;
	uint16_t off = m->data_off;
	struct nd nd;

	FUZZ_CHECK(mem != NULL);
	memcpy(mem + HEADROOM, b, len);
	m->buf_addr = mem;
	m->data_off = HEADROOM;
	m->data_len = (uint16_t)len;
	m->pkt_len = (uint32_t)len;
	parse_one(how, &m);
	if (pkt_meta(m)->verdict == PKT_SLOW && pkt_meta(m)->flags & PKT_F_IPV6)
		nd_read(m, &nd);
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
		neigh_hold(meta->flags & PKT_F_IPV6 ? h->tables.neigh6 : h->tables.neigh, &io, m,
			   h->worker.now);
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

/* From parse on. */
static void go_on(struct rte_mbuf *m)
{
	struct abi_packet record;
	struct quote quote;

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
		if (quote_is(pkt_meta(m))) {
			quote_read(m, &quote);
			rte_pktmbuf_free(m);
		} else if (unreach_is(pkt_meta(m))) {
			FUZZ_CHECK(unreach_read(m, &record));
			rte_pktmbuf_free(m);
		} else if (pkt_meta(m)->flags & PKT_F_IPV6)
			neigh_nd_input(h->tables.neigh6, &io, m, h->worker.now);
		else
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

static bool is_needed_whole(uint8_t how, const struct pkt_meta *meta)
{
	return meta->verdict == PKT_REASSEMBLE ||
	       ((how & HOW_PORTS) && meta->verdict == PKT_FORWARD &&
		(meta->flags & PKT_F_FRAGMENT));
}

static void whole_way(uint8_t how, const uint8_t *b, size_t len)
{
	struct rte_mbuf *m = harness_mbuf(h, b, len);
	const struct pkt_meta *meta;

	FUZZ_CHECK(m != NULL);
	parse_one(how, &m);
	if (is_needed_whole(how, pkt_meta(m))) {
		if (reasm_burst(&h->worker, &m, 1) == 0)
			return;
		meta = pkt_meta(m);
		FUZZ_CHECK(m->nb_segs == 1 && !(meta->flags & PKT_F_FRAGMENT));
		FUZZ_CHECK(meta->verdict == PKT_DROP ||
			   m->data_len == IP4_ETHER_ROOM + meta->ip_len);
	}
	FUZZ_CHECK(pkt_meta(m)->verdict != PKT_REASSEMBLE);
	go_on(m);
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

/* ICMPv6 and UDP right behind the IPv6 header: else hardly anything would get past parse. */
static void fix6(uint8_t *ip, size_t avail)
{
	size_t len = ip4_load16(ip + 4);
	uint8_t *field = ip + IP6_HEADER + (ip[6] == IP6_PROTO_ICMP ? 2 : 6);
	uint16_t sum;

	if ((ip[6] != IP6_PROTO_ICMP && ip[6] != IPPROTO_UDP) || len < 8 ||
	    len > avail - IP6_HEADER)
		return;
	memset(field, 0, sizeof(sum));
	sum = ip6_cksum(ip + IP6_OFF_SRC, ip + IP6_OFF_DST, ip[6], ip + IP6_HEADER, (uint32_t)len);
	memcpy(field, &sum, sizeof(sum));
}

static void fix(uint8_t *b, size_t len)
{
	uint8_t *ip = b + IP4_ETHER_ROOM;
	size_t ihl = (ip[0] & 15u) * 4u;

	if (len >= IP6_ETHER_ROOM + IP6_HEADER && ip[0] >> 4 == 6)
		fix6(ip, len - IP6_ETHER_ROOM);
	else if (len >= IP4_ETHER_ROOM + IP4_HEADER && ihl >= IP4_HEADER &&
		 IP4_ETHER_ROOM + ihl <= len)
		ip4_set_cksum(ip, (unsigned int)ihl);
}

static void record(uint8_t how, const uint8_t *data, size_t len)
{
	uint8_t b[FRAME_MAX];

	memcpy(b, data, len);
	if (how & HOW_TICK) {
		h->worker.now += 1000 * NS_PER_MS;
		reasm_expire(&h->worker);
		neigh_tick(h->tables.neigh, &io, h->worker.now);
		neigh_tick(h->tables.neigh6, &io, h->worker.now);
		dad_tick(&dad, &io, h->worker.now);
	}
	if (how & HOW_INJECT) {
		inject(b, len);
		return;
	}
	if (how & HOW_FIX)
		fix(b, len);
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
	dad = (struct dad){.n = 0};
	dad_update(&dad, h->tables.fib6);
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
	h->worker.now += 2ull * TIMEOUT_MS * NS_PER_MS;
	reasm_expire(&h->worker);
	FUZZ_CHECK(reasm_held(h->worker.reasm) == 0);
	neigh_flush(h->tables.neigh, &io);
	neigh_flush(h->tables.neigh6, &io);
	FUZZ_CHECK(harness_in_use(h) == 0);
	return 0;
}
