/* SPDX-License-Identifier: BSD-3-Clause */
/* esp_in_ahead.h - what packets of a burst some way ahead of esp_in are going to read. */
#ifndef ESPGW_IPSEC_ESP_IN_AHEAD_H
#define ESPGW_IPSEC_ESP_IN_AHEAD_H

#include <rte_prefetch.h>

#include "dataplane/ipsec/sad_impl.h"
#include "dataplane/ipsec/warm.h"

/* Packets of many SAs that go through the steps together: of more, what the first step has brought
 * is far away again in the last one. */
#define MANY_BURST   (WORKER_BURST / 2)
#define PREFETCH_GAP 4u
#define TEXT_LINES   3u	 /* of a packet, the first of which prefetch_packets() asks for */
#define SA_AHEAD     32u /* packets of a burst of many SAs: the SA, */
#define AGAIN_AHEAD  16u /* what of it has not come yet, */
#define WINDOW_AHEAD 6u	 /* and what it leads to when others take numbers, too */

/* As in esp_out.c. */
static inline void prefetch_packets(struct rte_mbuf **pkts, uint16_t i, uint16_t n)
{
	if (i + 2 * PREFETCH_GAP < n) {
		rte_mbuf_prefetch_part1(pkts[i + 2 * PREFETCH_GAP]);
		rte_mbuf_prefetch_part2(pkts[i + 2 * PREFETCH_GAP]);
	}
	if (i + PREFETCH_GAP < n)
		rte_prefetch0(rte_pktmbuf_mtod(pkts[i + PREFETCH_GAP], const void *));
}

/* What is hashed of a small packet, or before the core sees that it is a stream: the library asks
 * for nothing ahead, and what a device has written is no nearer than the third level. */
static inline void prefetch_text(struct rte_mbuf **pkts, unsigned int i, unsigned int n)
{
	const uint8_t *data;

	if (i + PREFETCH_GAP >= n)
		return;
	data = rte_pktmbuf_mtod(pkts[i + PREFETCH_GAP], const uint8_t *);
	for (unsigned int k = 1; k < TEXT_LINES; k++)
		rte_prefetch0(data + k * RTE_CACHE_LINE_MIN_SIZE);
}

/* The SAs of a burst of many, as far as their packets can be believed: who they say they are for.
 * Behind the last packet there are as many as are looked at ahead, of nobody. */
struct ahead {
	struct sa *const *slot[WORKER_BURST + SA_AHEAD];
	const struct sa *sa[WORKER_BURST + SA_AHEAD];
};

/* What is behind the last packet. */
static struct sa *const empty_slot;

/* six: there are packets between IPv6 addresses in the burst. */
static inline void find_ahead(struct ahead *a, unsigned int i, bool six)
{
	const struct sa *sa = __atomic_load_n(a->slot[i], __ATOMIC_ACQUIRE);

	a->sa[i] = sa != NULL ? sa : &sad_nobody;
	warm_work(a->sa[i]);
	if (six)
		warm_outer(a->sa[i]);
}

/* What packets some way ahead are going to read: the SA; and the keys of this one, which are read
 * when all have been checked. */
static inline void look_ahead(struct ahead *a, unsigned int i, bool six)
{
	find_ahead(a, i + SA_AHEAD, six);
	warm_work_again(a->sa[i + AGAIN_AHEAD]);
	if (six)
		warm_outer_again(a->sa[i + AGAIN_AHEAD]);
	warm_keys(a->sa[i]);
}

/* Flags of the packet. */
static inline uint8_t find_slot(const struct sad *s, struct ahead *a, struct rte_mbuf **pkts,
				unsigned int i)
{
	a->slot[i] = &s->slot[warm_spi(pkts[i]) & s->mask];
	rte_prefetch0(a->slot[i]);
	return pkt_meta(pkts[i])->flags;
}

/* The way to all SAs. PKT_F_... of any of the packets. */
static inline uint8_t find_slots(const struct sad *s, struct ahead *a, struct rte_mbuf **pkts,
				 unsigned int n)
{
	unsigned int i = 0;
	uint8_t flags = 0;

	for (; i + 2 * PREFETCH_GAP < n; i++) {
		rte_mbuf_prefetch_part1(pkts[i + 2 * PREFETCH_GAP]);
		rte_mbuf_prefetch_part2(pkts[i + 2 * PREFETCH_GAP]);
		rte_prefetch0(rte_pktmbuf_mtod(pkts[i + PREFETCH_GAP], const void *));
		flags |= find_slot(s, a, pkts, i);
	}
	for (; i < n; i++) {
		prefetch_packets(pkts, (uint16_t)i, (uint16_t)n);
		flags |= find_slot(s, a, pkts, i);
	}
	for (; i < n + SA_AHEAD; i++)
		a->slot[i] = &empty_slot;
	return flags;
}

/* The first SAs, which nobody has looked ahead to. */
static inline void look_first(struct ahead *a, bool six)
{
	for (unsigned int i = 0; i < SA_AHEAD; i++)
		find_ahead(a, i, six);
}

#endif
