/* SPDX-License-Identifier: BSD-3-Clause */
/* reasmkit.c - see reasmkit.h. */
#include "tests/unit/dataplane/net/reasmkit.h"

#include "dataplane/net/fib6.h"
#include "dataplane/net/parse.h"

#define MF 0x2000u
#define V6 40u

uint64_t fed;
uint8_t some[70000];
static uint64_t drops_before[ABI_DROP_SLOTS];

/* The real one lives in the pipeline. */
void pipeline_drop(struct worker *w, struct rte_mbuf *m, enum drop_reason reason)
{
	w->counters->drops[reason]++;
	rte_pktmbuf_free(m);
}

uint64_t rise(enum drop_reason why)
{
	return kit.w->counters->drops[why] - drops_before[why];
}

void reasmkit_start(uint32_t limit)
{
	kit.w->reasm = reasm_create(0, limit, TIMEOUT_MS, SOCKET_ID_ANY);
	assert_non_null(kit.w->reasm);
	memcpy(drops_before, kit.w->counters->drops, sizeof(drops_before));
	fed = 0;
}

int reasmkit_end(void **state)
{
	reasm_free(kit.w->reasm);
	kit.w->reasm = NULL;
	return kit_end(state);
}

struct rte_mbuf *feed_frame(const struct frame *f, uint8_t flags)
{
	struct rte_mbuf *m = kit_parse(f);

	fed++;
	assert_int_not_equal(pkt_meta(m)->verdict, PKT_DROP);
	pkt_meta(m)->flags |= flags;
	return reasm_burst(kit.w, &m, 1) == 1 ? m : NULL;
}

struct frame piece(uint16_t id, unsigned int offset, bool more, const uint8_t *data, size_t len)
{
	struct frame f = frame_ipv4(LAN_HOST, FAR_HOST, GRE, len);

	put16(f.b + ETH + 4, id);
	put16(f.b + ETH + 6, (more ? MF : 0) | offset / 8);
	memcpy(f.b + ETH + 20, data, len);
	frame_fix(&f);
	return f;
}

struct rte_mbuf *feed(uint16_t id, unsigned int offset, bool more, const uint8_t *data, size_t len)
{
	struct frame f = piece(id, offset, more, data, len);

	return feed_frame(&f, 0);
}

void expect_whole(struct rte_mbuf *m, uint16_t id, const uint8_t *data, size_t len)
{
	const struct pkt_meta *meta = pkt_meta(m);
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH);

	assert_int_equal(m->nb_segs, 1);
	assert_int_equal(m->data_len, ETH + 20 + len);
	assert_int_equal(get16(ip + 2), 20 + len);
	assert_int_equal(get16(ip + 4), id);
	assert_int_equal(get16(ip + 6), 0);
	assert_int_equal(ref_cksum(ip, 20), 0);
	assert_memory_equal(ip + 20, data, len);
	assert_int_equal(meta->verdict, PKT_FORWARD);
	assert_int_equal(meta->flags, 0);
	assert_int_equal(meta->ip_len, 20 + len);
	assert_int_equal(meta->l4_off, ETH + 20);
	rte_pktmbuf_free(m);
}

int reasmkit_setup(void **state)
{
	uint64_t seed = 3;

	for (size_t i = 0; i < sizeof(some); i++)
		some[i] = (uint8_t)random_next(&seed);
	return kit_setup(state);
}

/* --- IPv6 --- */

static const uint8_t us[16] = {0x20, 1, 0xd, 0xb8, 0, 1, [15] = 1};
static const uint8_t host[16] = {0x20, 1, 0xd, 0xb8, 0, 1, [15] = 0x12};

int reasmkit_setup6(void **state)
{
	struct abi_address a = {.port = 0, .prefix_len = 64, .addr = {.family = 6}};
	uint32_t status = 0;
	int rc = reasmkit_setup(state);

	memcpy(a.addr.bytes, us, sizeof(us));
	if (rc == 0)
		kit.h->tables.fib6 = fib6_build(&a, 1, NULL, 0, n_ports, SOCKET_ID_ANY, &status);
	return rc == 0 && kit.h->tables.fib6 != NULL ? 0 : -1;
}

int reasmkit_teardown6(void **state)
{
	fib6_free(kit.h->tables.fib6);
	kit.h->tables.fib6 = NULL;
	return kit_teardown(state);
}

struct frame piece6(uint32_t id, unsigned int offset, bool more, uint8_t next, const uint8_t *data,
		    size_t len)
{
	struct frame f = {.len = ETH + V6 + 8 + len};
	uint8_t *ip = f.b + ETH;

	memcpy(f.b, &ports[0].mac, 6);
	memcpy(f.b + 6, "\x02\x00\x00\x00\x01\x12", 6);
	put16(f.b + 12, 0x86dd);
	ip[0] = 0x60;
	put16(ip + 4, (unsigned int)(8 + len));
	ip[6] = 44;
	ip[7] = 63;
	memcpy(ip + 8, host, 16);
	memcpy(ip + 24, us, 16);
	ip[V6] = next;
	put16(ip + V6 + 2, offset | (more ? 1 : 0));
	put32(ip + V6 + 4, id);
	memcpy(ip + V6 + 8, data, len);
	return f;
}

struct rte_mbuf *feed6(uint32_t id, unsigned int offset, bool more, const uint8_t *data, size_t len)
{
	struct frame f = piece6(id, offset, more, 50, data, len);

	return feed_frame(&f, 0);
}

void expect_whole6(struct rte_mbuf *m, const uint8_t *data, size_t len)
{
	const struct pkt_meta *meta = pkt_meta(m);
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH);

	assert_int_equal(m->nb_segs, 1);
	assert_int_equal(m->data_len, ETH + V6 + len);
	assert_int_equal(get16(ip + 4), len);
	assert_int_equal(ip[6], 50);
	assert_memory_equal(ip + 8, host, 16);
	assert_memory_equal(ip + 24, us, 16);
	assert_memory_equal(ip + V6, data, len);
	assert_int_equal(meta->verdict, PKT_ESP_IN);
	assert_int_equal(meta->flags & (PKT_F_IPV6 | PKT_F_FRAGMENT | PKT_F_NONFIRST), PKT_F_IPV6);
	assert_int_equal(meta->ip_len, V6 + len);
	assert_int_equal(meta->l4_off, ETH + V6);
	rte_pktmbuf_free(m);
}
