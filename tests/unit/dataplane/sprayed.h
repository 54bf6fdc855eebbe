/* SPDX-License-Identifier: BSD-3-Clause */
/* sprayed.h - what the tests of spray.h share: a crew on two tunnels, packets for its first member,
 * and what left, in the order it did. */
#ifndef ESPGW_TESTS_SPRAYED_H
#define ESPGW_TESTS_SPRAYED_H

#include "dataplane/spray.h"
#include "tests/unit/dataplane/crew.h"

#ifndef __has_feature
#define __has_feature(x) 0 /* gcc */
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define SPRAYED_BURSTS                                                                             \
	40u /* each is a hundred times as long, and members that wait take the CPU                 \
	     */
#else
#define SPRAYED_BURSTS 600u
#endif
#define SPRAYED_WORKERS	    3u
#define SPRAYED_LEN	    100u
#define SPRAYED_FLOW	    7u
#define SPRAYED_CLEAR_EVERY 16u /* packets of a mixed burst */

extern struct sprayed {
	struct harness *h;
	struct crew *crew;
	uint32_t *out; /* numbers that left, in the order they left; room for SPRAYED_BURSTS */
	uint64_t n_out;
	bool watch;		 /* note the numbers of ESP that leaves, less 1, and this: */
	uint64_t open_when_sent; /* the least number of open turns while packets left */
} sprayed;

/** For cmocka, around each test. */
int sprayed_setup(void **state);
int sprayed_teardown(void **state);

/** n packets, numbers from `number` on, that the peer of tunnel 0 has sealed. */
void sprayed_sealed(struct worker *w, uint32_t number, struct rte_mbuf **pkts, uint16_t n);
/** One as it comes to port 1 in clear: from where no policy looks at it to the site, or from the
 * site on to the far host of tunnel 1. */
struct rte_mbuf *sprayed_clear(uint32_t number, bool to_tunnel);
/** A burst of sealed ones, and a clear one in so many. */
void sprayed_mixed(struct worker *w, uint32_t number, struct rte_mbuf **pkts);

/** What makes the worker give away what comes to port 1. */
void sprayed_saturate(struct worker *w);
/** And another take it. */
void sprayed_make_idle(struct worker *w);
/** A burst that w gives away, numbers from 0 on, and other may take. */
void sprayed_give(struct worker *w, struct worker *other);
/** Of a burst that was taken: it is gone. */
void sprayed_end_turn(struct worker *w, const struct spray_burst *b);

/** n packets have left, and the i-th is number i. */
void sprayed_expect_in_order(uint64_t n);
/** Within a burst packets in clear and decrypted ones are of different flows, and may change
 * places: put those in order that left from place `first` on. */
void sprayed_sort_burst(uint64_t first);

#endif
