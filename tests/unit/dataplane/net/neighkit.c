/* SPDX-License-Identifier: BSD-3-Clause */
/* neighkit.c - see neighkit.h. */
#include "tests/unit/dataplane/net/neighkit.h"

const uint8_t neighkit_a[6] = {2, 0, 0, 0, 1, 0x12};
const uint8_t neighkit_b[6] = {2, 0, 0, 0, 1, 0x13};
const uint8_t neighkit_all[6] = {255, 255, 255, 255, 255, 255};

static void rec_send(void *ctx, struct rte_mbuf *m)
{
	(void)ctx;
	assert_true(nk.n_sent < NEIGHKIT_SENT);
	assert_int_equal(pkt_meta(m)->verdict, PKT_LOCAL);
	nk.sent[nk.n_sent++] = m;
}

static void rec_drop(void *ctx, struct rte_mbuf *m, enum drop_reason reason)
{
	(void)ctx;
	nk.n_dropped[reason]++;
	rte_pktmbuf_free(m);
}

struct neighkit nk = {.io = {.send = rec_send, .drop = rec_drop}};

void neighkit_clear(void)
{
	rte_pktmbuf_free_bulk(nk.sent, nk.n_sent);
	nk.n_sent = 0;
}

int neighkit_begin(void **state)
{
	kit_begin(state);
	nk.table = neigh_create(SOCKET_ID_ANY);
	kit.h->tables.neigh = nk.table;
	nk.io.pool = kit.h->pool;
	nk.io.fib = kit.h->tables.fib;
	nk.now = 1000 * NEIGHKIT_SECOND;
	memset(nk.n_dropped, 0, sizeof(nk.n_dropped));
	return nk.table != NULL ? 0 : -1;
}

int neighkit_end(void **state)
{
	neigh_flush(nk.table, &nk.io);
	neigh_free(nk.table);
	neighkit_clear();
	return kit_end(state);
}

struct rte_mbuf *neighkit_outgoing(uint32_t next_hop)
{
	struct frame f = frame_udp(PEER, next_hop, 1, 2, NULL, 10);
	struct rte_mbuf *m = kit_parse(&f);

	pkt_meta(m)->out_port = 0;
	pkt_meta(m)->next_hop = next_hop;
	return m;
}

enum pkt_verdict neighkit_stage(struct rte_mbuf *m)
{
	neigh_burst(kit.w, &m, 1);
	return (enum pkt_verdict)pkt_meta(m)->verdict;
}

bool neighkit_push(uint32_t next_hop)
{
	struct rte_mbuf *m = neighkit_outgoing(next_hop);
	enum pkt_verdict v = neighkit_stage(m);

	if (v == PKT_SLOW) {
		neigh_hold(nk.table, &nk.io, m, nk.now);
		return false;
	}
	if (v == PKT_DROP)
		nk.n_dropped[pkt_meta(m)->reason]++;
	rte_pktmbuf_free(m);
	return v == PKT_FORWARD;
}

void neighkit_arp(unsigned int op, const uint8_t *sha, uint32_t spa, uint32_t tpa, uint8_t port)
{
	struct frame f = {.len = 60};
	struct rte_mbuf *m;

	memcpy(f.b, op == 1 ? neighkit_all : (const uint8_t *)&ports[port].mac, 6);
	memcpy(f.b + 6, sha, 6);
	put16(f.b + 12, 0x0806);
	put16(f.b + 14, 1);
	put16(f.b + 16, 0x0800);
	put16(f.b + 18, 0x0604);
	put16(f.b + 20, op);
	memcpy(f.b + 22, sha, 6);
	put32(f.b + 28, spa);
	put32(f.b + 38, tpa);
	m = harness_mbuf(kit.h, f.b, f.len);
	pkt_meta(m)->in_port = port;
	neigh_arp_input(nk.table, &nk.io, m, nk.now);
}

void neighkit_expect_arp(unsigned int i, const uint8_t *dst, unsigned int op, uint32_t spa,
			 uint32_t tpa)
{
	const uint8_t *b;

	assert_true(i < nk.n_sent);
	b = rte_pktmbuf_mtod(nk.sent[i], const uint8_t *);
	assert_int_equal(nk.sent[i]->data_len, 60);
	assert_memory_equal(b, dst, 6);
	assert_memory_equal(b + 6, &ports[pkt_meta(nk.sent[i])->out_port].mac, 6);
	assert_int_equal(get16(b + 12), 0x0806);
	assert_int_equal(get16(b + 14), 1);
	assert_int_equal(get16(b + 16), 0x0800);
	assert_int_equal(get16(b + 18), 0x0604);
	assert_int_equal(get16(b + 20), op);
	assert_memory_equal(b + 22, b + 6, 6);
	assert_int_equal(get32(b + 28), spa);
	assert_int_equal(get32(b + 38), tpa);
}

void neighkit_pass(uint64_t ms)
{
	for (uint64_t i = 0; i < ms; i += 100) {
		nk.now += NEIGHKIT_SECOND / 10;
		neigh_tick(nk.table, &nk.io, nk.now);
	}
}
