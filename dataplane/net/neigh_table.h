/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * neigh_table.h - the table behind neigh.h: entries by port and address, and the packets they hold.
 *
 * Open addressing over four times as many slots as entries, at most PROBE steps, a seeded hash.
 * What a worker needs lies in a 16-byte slot guarded by a sequence number: odd while the manager
 * writes, and compared again after the read. A reader that meets a write takes it for "not there":
 * the packet goes to the manager, who looks again. So no worker ever waits, and nothing has to be
 * freed after a grace period.
 *
 * Only neigh_table_find() and neigh_table_use() are for workers, the rest is the manager's.
 */
#ifndef ESPGW_NET_NEIGH_TABLE_H
#define ESPGW_NET_NEIGH_TABLE_H

#include <stdint.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_mbuf.h>

#include "dataplane/net/neigh.h"

#define NEIGH_SLOTS   4096u
#define NEIGH_PROBE   16u
#define NEIGH_NO_HELD UINT16_MAX

_Static_assert(NEIGH_SLOTS >= 4 * NEIGH_MAX, "entries are found in few steps");
_Static_assert((NEIGH_SLOTS & (NEIGH_SLOTS - 1)) == 0, "slots are masked");

enum neigh_state { NEIGH_FREE = 0, NEIGH_ASKED, NEIGH_KNOWN, NEIGH_FAILED };

struct neigh_slot {
	uint32_t seq; /* 0: never used */
	uint32_t addr;
	uint64_t value; /* MAC in the low 48 bits, then port, then enum neigh_state */
};

/* The manager's part of an entry; same index as its slot. */
struct neigh_entry {
	uint64_t confirmed; /* KNOWN: when the neighbour was last heard; FAILED: since when */
	uint64_t asked;	    /* last request */
	uint16_t first;	    /* held packets, oldest first; NEIGH_NO_HELD */
	uint16_t last;
	uint8_t held;
	uint8_t tries;
};

struct neigh_held {
	struct rte_mbuf *m;
	uint16_t next;
};

struct neigh {
	struct neigh_slot slots[NEIGH_SLOTS];
	uint8_t used[NEIGH_SLOTS]; /* set by workers, cleared by the manager */
	uint32_t seed;
	uint32_t n_entries;
	uint32_t n_asked;
	uint16_t free_held;
	struct neigh_entry entries[NEIGH_SLOTS];
	struct neigh_held held[NEIGH_HOLD_TOTAL];
};

static inline enum neigh_state neigh_value_state(uint64_t value)
{
	return (enum neigh_state)(value >> 56);
}

static inline uint8_t neigh_value_port(uint64_t value)
{
	return (uint8_t)(value >> 48);
}

static inline uint64_t neigh_value(enum neigh_state s, uint8_t port,
				   const struct rte_ether_addr *mac)
{
	uint64_t v = 0;

	if (mac != NULL)
		memcpy(&v, mac, sizeof(*mac));
	return v | (uint64_t)port << 48 | (uint64_t)s << 56;
}

static inline uint32_t neigh_table_hash(const struct neigh *t, uint8_t port, uint32_t addr)
{
	uint32_t h = (addr ^ t->seed) + port * 0x85ebca6bu;

	h = (h ^ h >> 16) * 0x7feb352du;
	h = (h ^ h >> 15) * 0x846ca68bu;
	return h ^ h >> 16;
}

/** Index of the entry of addr on port, its value in *value; -1 when there is none. Any thread. */
static inline int neigh_table_find(const struct neigh *t, uint8_t port, uint32_t addr,
				   uint64_t *value)
{
	uint32_t h = neigh_table_hash(t, port, addr);

	for (uint32_t i = 0; i < NEIGH_PROBE; i++) {
		uint32_t at = (h + i) & (NEIGH_SLOTS - 1);
		const struct neigh_slot *s = &t->slots[at];
		uint32_t seq = __atomic_load_n(&s->seq, __ATOMIC_ACQUIRE);
		uint32_t found = __atomic_load_n(&s->addr, __ATOMIC_RELAXED);
		uint64_t v = __atomic_load_n(&s->value, __ATOMIC_RELAXED);

		if (seq == 0) /* never used: nothing was ever put behind it */
			return -1;
		if (found != addr || neigh_value_port(v) != port ||
		    neigh_value_state(v) == NEIGH_FREE)
			continue;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (seq % 2 != 0 || __atomic_load_n(&s->seq, __ATOMIC_RELAXED) != seq)
			return -1;
		*value = v;
		return (int)at;
	}
	return -1;
}

/** A worker sent through the entry. */
static inline void neigh_table_use(struct neigh *t, int at)
{
	if (__atomic_load_n(&t->used[at], __ATOMIC_RELAXED) == 0)
		__atomic_store_n(&t->used[at], 1, __ATOMIC_RELAXED);
}

/** Has one since neigh_table_unuse()? */
static inline bool neigh_table_used(const struct neigh *t, int at)
{
	return __atomic_load_n(&t->used[at], __ATOMIC_RELAXED) != 0;
}

static inline void neigh_table_unuse(struct neigh *t, int at)
{
	__atomic_store_n(&t->used[at], 0, __ATOMIC_RELAXED);
}

/**
 * A new entry; when the table is full one gives way that failed, or else the known one unused for
 * longest. -1: no room, or NEIGH_ASKED_MAX reached.
 */
int neigh_table_insert(struct neigh *t, uint8_t port, uint32_t addr, enum neigh_state s,
		       const struct rte_ether_addr *mac);
/** Another state for the entry; to NEIGH_FREE only when it holds no packet. */
void neigh_table_change(struct neigh *t, int at, enum neigh_state s,
			const struct rte_ether_addr *mac);

/** Keep m behind the entry. What had to give way is returned: the oldest of NEIGH_HOLD, or m itself
 * when NEIGH_HOLD_TOTAL are held; else NULL. */
struct rte_mbuf *neigh_table_hold(struct neigh *t, int at, struct rte_mbuf *m);
/** The oldest packet held behind the entry; NULL. */
struct rte_mbuf *neigh_table_take(struct neigh *t, int at);

#endif
