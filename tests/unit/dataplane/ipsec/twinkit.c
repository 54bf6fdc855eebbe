/* SPDX-License-Identifier: BSD-3-Clause */
/* twinkit.c - see twinkit.h. */
#include "tests/unit/dataplane/ipsec/twinkit.h"

#include "dataplane/ipsec/sa6.h"

static void expect_alike(struct rte_mbuf *m, struct rte_mbuf *twin)
{
	struct pkt_meta a = *pkt_meta(m), b = *pkt_meta(twin);

	assert_int_equal(a.verdict, b.verdict);
	assert_int_equal(a.reason, b.reason);
	assert_int_equal(a.sa_slot == PKT_NO_SA ? PKT_NO_SA : a.sa_slot + TWIN_TWIN - TWIN_RUN,
			 b.sa_slot);
	if (a.verdict == PKT_DROP)
		return;
	a.sa_slot = b.sa_slot;
	if (a.flags & PKT_F_FRAGMENT) /* the SPI */
		a.next_hop = b.next_hop;
	assert_memory_equal(&a, &b, sizeof(a));
	assert_int_equal(m->data_off, twin->data_off);
	assert_int_equal(m->pkt_len, twin->pkt_len);
	assert_int_equal(m->data_len, twin->data_len);
	assert_memory_equal(rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH),
			    rte_pktmbuf_mtod_offset(twin, const uint8_t *, ETH), m->data_len - ETH);
}

/* Of the numbers of a block: those that would be taken now. alone: by the only worker. */
static uint32_t open_now(const struct replay *r, uint64_t first, bool alone)
{
	return alone ? replay_open_block_alone(r, first) : replay_open_block(r, first);
}

/* a: of a worker that is alone, or is not. */
static void expect_windows_alike(const struct replay *a, bool alone, const struct replay *b)
{
	uint64_t top = a->top & ~31ull;

	assert_int_equal(a->top, b->top);
	for (uint64_t back = 0; back <= TWIN_WINDOW + 64 && back <= top + 64; back += 32)
		assert_int_equal(open_now(a, top + 64 - back, alone),
				 open_now(b, top + 64 - back, true));
}

/* Between IPv6 addresses. */
static void expect_moved_alike(const struct sa *a, const struct sa *b)
{
	struct sa_place6 x, y;

	assert_int_equal(a->six != NULL, b->six != NULL);
	if (a->six == NULL)
		return;
	assert_int_equal(sa6_moved_get(a->six, &x), sa6_moved_get(b->six, &y));
	assert_memory_equal(&x, &y, sizeof(x));
}

static void expect_sas_alike(bool alone)
{
	for (uint32_t i = 0; i < TWIN_SLOTS; i++) {
		const struct abi_sa_counters *x = espkit_counters(TWIN_RUN + i);
		const struct abi_sa_counters *y = espkit_counters(TWIN_TWIN + i);
		const struct sa *a = sad_slot(esp.sad, TWIN_RUN + i);
		const struct sa *b = sad_slot(esp.sad, TWIN_TWIN + i);

		assert_int_equal(x->packets, y->packets);
		assert_int_equal(x->bytes, y->bytes);
		assert_int_equal(x->wire_bytes, y->wire_bytes);
		assert_int_equal(x->last_used, y->last_used);
		assert_int_equal(a->volume.packets, b->volume.packets);
		assert_int_equal(a->volume.bytes, b->volume.bytes);
		assert_int_equal(a->moved, b->moved);
		expect_moved_alike(a, b);
		if (sa_replay(a) != NULL)
			expect_windows_alike(sa_replay(a), alone, sa_replay(b));
	}
}

static void release(struct rte_mbuf *m, struct rte_mbuf *given)
{
	if (m != given) /* a copy: our hold on the original is left */
		rte_pktmbuf_free(given);
	else if (rte_mbuf_refcnt_read(m) == 2)
		rte_mbuf_refcnt_update(m, -1);
	rte_pktmbuf_free(m);
}

unsigned int twin_compare(struct rte_mbuf *(*given)[2], uint16_t n, struct order *order)
{
	struct rte_mbuf *m[WORKER_BURST], *twin[WORKER_BURST];
	unsigned int delivered = 0;

	for (uint16_t i = 0; i < n; i++) {
		m[i] = given[i][0];
		twin[i] = given[i][1];
	}
	kit.w->order = order; /* says that there are other workers */
	esp_in_burst(kit.w, m, n);
	kit.w->order = NULL;
	for (uint16_t i = 0; i < n; i++)
		esp_in_burst(kit.w, &twin[i], 1);
	for (uint16_t i = 0; i < n; i++) {
		expect_alike(m[i], twin[i]);
		assert_int_equal(m[i] == given[i][0], twin[i] == given[i][1]); /* or a copy */
		delivered += pkt_meta(m[i])->verdict != PKT_DROP;
		release(m[i], given[i][0]);
		release(twin[i], given[i][1]);
	}
	expect_sas_alike(order == NULL);
	return delivered;
}
