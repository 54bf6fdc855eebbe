/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * neigh_table.h - the table behind neigh.h: entries by port and address, and the packets they hold.
 *
 * Open addressing over four times as many slots as entries, at most PROBE steps, a seeded hash.
 * What a worker needs lies in a 32-byte slot guarded by a sequence number: odd while the manager
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

#include "dataplane/net/ip6.h"
#include "dataplane/net/neigh.h"

#define NEIGH_SLOTS   4096u
#define NEIGH_PROBE   16u
#define NEIGH_NO_HELD UINT16_MAX

_Static_assert(NEIGH_SLOTS >= 4 * NEIGH_MAX, "entries are found in few steps");
_Static_assert((NEIGH_SLOTS & (NEIGH_SLOTS - 1)) == 0, "slots are masked");

enum neigh_state { NEIGH_FREE = 0, NEIGH_ASKED, NEIGH_KNOWN, NEIGH_FAILED };

/* An address: IPv6, or IPv4 (host order) in lo below hi 0, which no IPv6 neighbour has. */
struct neigh_key {
	uint64_t hi;
	uint64_t lo;
};

struct neigh_slot {
	uint32_t seq; /* 0: never used */
	uint32_t pad;
	uint64_t value; /* MAC in the low 48 bits, then port, then enum neigh_state */
	struct neigh_key key;
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
	uint64_t seed;
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

static inline struct neigh_key neigh_key4(uint32_t addr)
{
	return (struct neigh_key){.lo = addr};
}

static inline struct neigh_key neigh_key6(const uint8_t *addr)
{
	return (struct neigh_key){.hi = ip6_hi(addr), .lo = ip6_lo(addr)};
}

static inline bool neigh_key_is6(struct neigh_key key)
{
	return key.hi != 0;
}

static inline bool neigh_key_equal(struct neigh_key a, struct neigh_key b)
{
	return ((a.hi ^ b.hi) | (a.lo ^ b.lo)) == 0;
}

static inline uint32_t neigh_table_hash(const struct neigh *t, uint8_t port, struct neigh_key key)
{
	uint64_t h = (key.lo ^ t->seed) + port * 0x9e3779b97f4a7c15ull;

	h = (h ^ h >> 32) * 0xd6e8feb86659fd93ull + key.hi;
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93ull;
	return (uint32_t)(h ^ h >> 32);
}

/** Index of the entry of key on port, its value in *value; -1 when there is none. Any thread. */
static inline int neigh_table_find(const struct neigh *t, uint8_t port, struct neigh_key key,
				   uint64_t *value)
{
	uint32_t h = neigh_table_hash(t, port, key);

	for (uint32_t i = 0; i < NEIGH_PROBE; i++) {
		uint32_t at = (h + i) & (NEIGH_SLOTS - 1);
		const struct neigh_slot *s = &t->slots[at];
		uint32_t seq = __atomic_load_n(&s->seq, __ATOMIC_ACQUIRE);
		struct neigh_key found = {.hi = __atomic_load_n(&s->key.hi, __ATOMIC_RELAXED),
					  .lo = __atomic_load_n(&s->key.lo, __ATOMIC_RELAXED)};
		uint64_t v = __atomic_load_n(&s->value, __ATOMIC_RELAXED);

		if (seq == 0) /* never used: nothing was ever put behind it */
			return -1;
		if (!neigh_key_equal(found, key) || neigh_value_port(v) != port ||
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
int neigh_table_insert(struct neigh *t, uint8_t port, struct neigh_key key, enum neigh_state s,
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
