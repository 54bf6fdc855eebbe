/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * warm.h - with thousands of SAs in use, those of a burst are in no cache. Their lines are asked
 * for in passes over the whole burst before the first packet needs them, so that the waits for
 * memory overlap. A burst of few SAs, the common one, is told apart by three of its packets.
 */
#ifndef ESPGW_IPSEC_WARM_H
#define ESPGW_IPSEC_WARM_H

#include <rte_prefetch.h>

#include "dataplane/ipsec/sa.h"
#include "dataplane/net/ip4.h"
#include "dataplane/worker.h"

#define WARM_LEAST 8u /* packets of a burst worth looking at */

#define WARM_LINE 64u
#define WARM_HOT                                                                                   \
	((unsigned int)((offsetof(struct sa, keys) - offsetof(struct sa, state)) / WARM_LINE))
#define WARM_KEYS 4u /* lines of keys: all that AES-128 and most hashes take */

/** Into the second level, which takes more requests at a time than the first and has room for those
 * of a whole burst. */
static inline void warm_lines(const void *from, unsigned int lines)
{
	for (unsigned int i = 0; i < lines; i++)
		rte_prefetch1((const uint8_t *)from + i * WARM_LINE);
}

/** The CPU forgets requests when there are too many: what is needed late is asked for again, with
 * other work in between, and costs next to nothing if it is there. */
static inline void warm_again(const struct worker *w, const struct sa *sa)
{
	warm_lines(sa->keys, WARM_KEYS);
	warm_lines(worker_sa(w, sa->slot), 1);
}

/** Ask for what esp_in is going to read of the SAs of n packets with meta->l4_off at their ESP
 * header. Nothing is believed of the packets but that. */
void warm_in(const struct worker *w, struct rte_mbuf *const *pkts, uint16_t n);

struct spd_matches; /* spd_cache.h */

/** The same for the policies that n packets match outbound in s, which has some, and for what
 * esp_out is going to read of their SAs. */
void warm_policies(const struct worker *w, const struct spd *s, const struct spd_matches *match,
		   uint16_t n);

static inline uint32_t warm_spi(struct rte_mbuf *m)
{
	return ip4_load32(rte_pktmbuf_mtod_offset(m, const uint8_t *, pkt_meta(m)->l4_off));
}

static inline uint32_t warm_seq(struct rte_mbuf *m)
{
	return ip4_load32(rte_pktmbuf_mtod_offset(m, const uint8_t *, pkt_meta(m)->l4_off + 4));
}

static inline bool warm_has_many_out(struct rte_mbuf *const *pkts, uint16_t n)
{
	uint32_t first = n < WARM_LEAST ? 0 : pkt_meta(pkts[0])->sa_slot;

	return n >= WARM_LEAST &&
	       (pkt_meta(pkts[n / 2])->sa_slot != first || pkt_meta(pkts[n - 1])->sa_slot != first);
}

static inline bool warm_has_many_in(struct rte_mbuf *const *pkts, uint16_t n)
{
	uint32_t first = n < WARM_LEAST ? 0 : warm_spi(pkts[0]);

	return n >= WARM_LEAST &&
	       (warm_spi(pkts[n / 2]) != first || warm_spi(pkts[n - 1]) != first);
}

#endif
