/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * early.h - ESP packets that come before the SA they are for.
 *
 * A peer that answers our request for a pair may send through it at once, and its packets may come
 * before its answer has been read here and the SA installed. Control says which SPIs it has offered
 * (ABI_CMD_SPI_EXPECT). Packets for these wait, EARLY_MAX of a worker, EARLY_NS each; then they are
 * what all others without an SA are: in-no-states. Nothing in them is believed before their SA is
 * there. Who guesses an SPI that is expected makes one worker keep a few buffers for a moment.
 */
#ifndef ESPGW_EARLY_H
#define ESPGW_EARLY_H

#include <stdbool.h>
#include <stdint.h>

struct rte_mbuf;
struct worker;

#define EARLY_MAX 32u
#define EARLY_NS  200000000ull

/* Which SPI is expected in each slot of the SAD: the manager writes, workers read. */
struct early_spis {
	uint32_t mask;
	uint32_t spi[]; /* 0: none */
};

/* What one worker keeps, oldest first. */
struct early {
	uint16_t n;
	struct rte_mbuf *kept[EARLY_MAX];
	uint64_t since[EARLY_MAX];
};

/** max_sas: a power of two. NULL: no memory. */
struct early_spis *early_spis_create(uint32_t max_sas, int socket);
void early_spis_free(struct early_spis *s);
/** The SA of this SPI may come. It takes the place of an earlier one of its slot. */
void early_expect(struct early_spis *s, uint32_t spi);

/** The SA of this SPI is gone: what still comes for it does not wait. */
void early_forget(struct early_spis *s, uint32_t spi);

/** Keep a packet that was dropped for want of an SA (meta->l4_off is its ESP header). False: nobody
 * expects it, its SA is not for it, or there is no room; it stays the caller's. */
bool early_keep(struct worker *w, struct rte_mbuf *m);
/** Those whose SA is there now, oldest first, as they came from parse (PKT_ESP_IN); at most
 * EARLY_MAX. Drops what has waited too long. How many. */
uint16_t early_take(struct worker *w, struct rte_mbuf **out);
/** Those of the n packets, which are for SAs, whose SPI has older ones kept here: their SA was not
 * there a moment ago, so they wait behind those, or are dropped where there is no room. The others
 * stay in pkts, in order. How many. */
uint16_t early_follow(struct worker *w, struct rte_mbuf **pkts, uint16_t n);
/** Free what is kept. */
void early_clear(struct early *e);

#endif
