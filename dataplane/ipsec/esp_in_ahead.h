/* SPDX-License-Identifier: BSD-3-Clause */
/* esp_in_ahead.h - what packets of a burst some way ahead of esp_in are going to read. */
#ifndef ESPGW_IPSEC_ESP_IN_AHEAD_H
#define ESPGW_IPSEC_ESP_IN_AHEAD_H

#include <rte_prefetch.h>

#include "dataplane/ipsec/sad_impl.h"
#include "dataplane/ipsec/warm.h"

#define PREFETCH_GAP 4u
#define SLOT_AHEAD   48u /* packets of a burst of many SAs: the way to an SA, */
#define SA_AHEAD     32u /* the SA, */
#define AGAIN_AHEAD  16u /* what of it has not come yet, */
#define WINDOW_AHEAD 6u	 /* and what it leads to */

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

/* The SAs of a burst of many, as far as their packets can be believed: who they say they are for.
 */
struct ahead {
	uint32_t slot[WORKER_BURST];
	const struct sa *sa[WORKER_BURST];
};

static inline void find_ahead(const struct sad *s, struct ahead *a, uint16_t i)
{
	a->sa[i] = sad_in_slot(s, a->slot[i]);
	warm_sa(a->sa[i]);
}

/* What packets some way ahead are going to read: the SA, its window; and the keys of this one,
 * which are read when all have been checked. */
static inline void look_ahead(const struct sad *s, struct ahead *a, struct rte_mbuf **pkts,
			      uint16_t i, uint16_t n)
{
	if (i + SLOT_AHEAD < n)
		rte_prefetch0(&s->slot[a->slot[i + SLOT_AHEAD]]);
	if (i + SA_AHEAD < n)
		find_ahead(s, a, (uint16_t)(i + SA_AHEAD));
	if (i + AGAIN_AHEAD < n)
		warm_again_in(a->sa[i + AGAIN_AHEAD]);
	if (i + WINDOW_AHEAD < n)
		warm_window(a->sa[i + WINDOW_AHEAD], warm_seq(pkts[i + WINDOW_AHEAD]));
	warm_keys(a->sa[i]);
}

/* The way to all SAs, and the first of them, which nobody has looked ahead to. */
static inline void look_first(const struct sad *s, struct ahead *a, struct rte_mbuf **pkts,
			      uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		prefetch_packets(pkts, i, n);
		a->slot[i] = warm_spi(pkts[i]) & s->mask;
		rte_prefetch1(&s->slot[a->slot[i]]);
	}
	for (uint16_t i = 0; i < n && i < SA_AHEAD; i++)
		find_ahead(s, a, i);
	for (uint16_t i = 0; i < n && i < WINDOW_AHEAD; i++)
		warm_window(a->sa[i], warm_seq(pkts[i]));
}

/* When all of it is decrypted: its SA, and where it is counted. */
static inline void warm_deliver(const struct worker *w, const struct sa *sa)
{
	warm_inner(sa);
	warm_near(worker_sa(w, sa->slot), 1);
}

#endif
