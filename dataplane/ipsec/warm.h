/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * warm.h - with thousands of SAs in use, those of a burst are in no cache. Their lines are asked
 * for some packets before the first that needs them, so that the waits for memory overlap, with
 * each other and with work. A burst of few SAs, the common one, is told apart by three of its
 * packets.
 */
#ifndef ESPGW_IPSEC_WARM_H
#define ESPGW_IPSEC_WARM_H

#include <rte_prefetch.h>

#include "dataplane/ipsec/sa.h"
#include "dataplane/net/ip4.h"
#include "dataplane/worker.h"

#define WARM_LEAST 8u /* packets of a burst worth looking at */

#define WARM_LINE 64u
#define WARM_SA	  5u /* lines of an SA: all that AES-128 and most hashes take; */
#define WARM_WORK 2u /* but for these only the library reads them */

/** Into the second level, which takes more requests at a time than the first and has room for those
 * of a whole burst. */
static inline void warm_lines(const void *from, unsigned int lines)
{
	for (unsigned int i = 0; i < lines; i++)
		rte_prefetch1((const uint8_t *)from + i * WARM_LINE);
}

/*
 * At times a CPU shared with others takes no request for the second level at all, and one for the
 * first forgets those that it has no room for. So inbound everything but keys is asked for twice,
 * far ahead into the second level, and some packets ahead into the first: the one is there mostly,
 * the other nearly always. Outbound the first request would hold up those behind it: once.
 */
static inline void warm_near(const void *from, unsigned int lines)
{
	for (unsigned int i = 0; i < lines; i++)
		rte_prefetch0((const uint8_t *)from + i * WARM_LINE);
}

static inline const void *warm_from(const struct sa *sa)
{
	return (const uint8_t *)sa + SA_LINE0;
}

/** Ask for what a packet is going to read of the SA, but for the cells of its window; NULL: there
 * is none. */
static inline void warm_sa(const struct sa *sa)
{
	if (sa != NULL)
		warm_lines(warm_from(sa), WARM_SA);
}

/** What a packet is checked or built with: the state of its SA, selectors, window or header. */
static inline void warm_work(const struct sa *sa)
{
	warm_lines(warm_from(sa), WARM_WORK);
}

static inline void warm_work_again(const struct sa *sa)
{
	warm_near(warm_from(sa), WARM_WORK);
}

/** Inbound, between IPv6 addresses: the one that packets are sent to is in the outer header. */
static inline void warm_outer(const struct sa *sa)
{
	warm_lines(&sa->outer, 1);
}

static inline void warm_outer_again(const struct sa *sa)
{
	warm_near(&sa->outer, 1);
}

/**
 * The keys. Nobody reads them before all packets have been built or checked, so they are asked for
 * last, when it matters to none of these how long they take: asked for with the rest they hold up
 * the other lines, of which a core takes some 16 at a time.
 */
static inline void warm_keys(const struct sa *sa)
{
	warm_lines((const uint8_t *)warm_from(sa) + WARM_WORK * WARM_LINE, WARM_SA - WARM_WORK);
}

/** HMAC's states, of SAs from which nothing else of their line is asked for. */
static inline void warm_states(const struct sa *sa)
{
	warm_lines(&sa->narrow, 1);
}

/** Where is counted in the end: asked for when everything else has been. */
static inline void warm_counters(const struct worker *w, const struct sa *sa)
{
	warm_lines(worker_sa(w, sa->slot), 1);
}

/** Where in the window the number is that a packet says it has. */
static inline void warm_window(const struct sa *sa, uint32_t seq)
{
	if (sa != NULL && sa_replay(sa) != NULL)
		rte_prefetch0(&sa_replay(sa)->cell[seq >> 5 & sa_replay(sa)->mask]);
}

/** warm_sa() for all SAs of n packets. */
void warm_out(const struct worker *w, struct rte_mbuf *const *pkts, uint16_t n);

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
