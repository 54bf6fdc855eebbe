/* SPDX-License-Identifier: BSD-3-Clause */
/* neigh_table.c - the manager's side of the neighbour table: writing slots, holding packets. */
#include "dataplane/net/neigh_table.h"

#include <rte_malloc.h>
#include <rte_random.h>

#include "dataplane/net/punt.h"

static void publish(struct neigh *t, int at, struct neigh_key key, uint64_t value)
{
	struct neigh_slot *s = &t->slots[at];
	uint32_t seq = s->seq;

	__atomic_store_n(&s->seq, seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&s->key.hi, key.hi, __ATOMIC_RELAXED);
	__atomic_store_n(&s->key.lo, key.lo, __ATOMIC_RELAXED);
	__atomic_store_n(&s->value, value, __ATOMIC_RELAXED);
	/* 0 means "never used". */
	__atomic_store_n(&s->seq, seq + 2 != 0 ? seq + 2 : 2, __ATOMIC_RELEASE);
}

void neigh_table_change(struct neigh *t, int at, enum neigh_state s,
			const struct rte_ether_addr *mac)
{
	const struct neigh_slot *slot = &t->slots[at];
	enum neigh_state before = neigh_value_state(slot->value);

	t->n_asked += (uint32_t)(s == NEIGH_ASKED) - (before == NEIGH_ASKED);
	t->n_entries += (uint32_t)(s != NEIGH_FREE) - (before != NEIGH_FREE);
	publish(t, at, slot->key, neigh_value(s, neigh_value_port(slot->value), mac));
}

/* An entry that nobody misses; entries in these two states hold no packets. -1: none. */
static int find_victim(const struct neigh *t)
{
	int victim = -1;

	for (int i = 0; i < (int)NEIGH_SLOTS; i++) {
		enum neigh_state s = neigh_value_state(t->slots[i].value);

		if (s == NEIGH_FAILED)
			return i;
		if (s == NEIGH_KNOWN && !neigh_table_used(t, i) &&
		    (victim < 0 || t->entries[i].confirmed < t->entries[victim].confirmed))
			victim = i;
	}
	return victim;
}

int neigh_table_insert(struct neigh *t, uint8_t port, struct neigh_key key, enum neigh_state s,
		       const struct rte_ether_addr *mac)
{
	uint32_t h = neigh_table_hash(t, port, key);

	if (s == NEIGH_ASKED && t->n_asked >= NEIGH_ASKED_MAX)
		return -1;
	if (t->n_entries >= NEIGH_MAX) {
		int victim = find_victim(t);

		if (victim < 0)
			return -1;
		neigh_table_change(t, victim, NEIGH_FREE, NULL);
	}
	for (uint32_t i = 0; i < NEIGH_PROBE; i++) {
		int at = (int)((h + i) & (NEIGH_SLOTS - 1));

		if (neigh_value_state(t->slots[at].value) != NEIGH_FREE)
			continue;
		t->entries[at] =
			(struct neigh_entry){.first = NEIGH_NO_HELD, .last = NEIGH_NO_HELD};
		neigh_table_unuse(t, at);
		publish(t, at, key, neigh_value(s, port, mac));
		t->n_entries++;
		t->n_asked += s == NEIGH_ASKED;
		return at;
	}
	return -1;
}

struct rte_mbuf *neigh_table_take(struct neigh *t, int at)
{
	struct neigh_entry *e = &t->entries[at];
	uint16_t i = e->first;

	if (e->held == 0)
		return NULL;
	e->first = t->held[i].next;
	e->held--;
	t->held[i].next = t->free_held;
	t->free_held = i;
	return t->held[i].m;
}

struct rte_mbuf *neigh_table_hold(struct neigh *t, int at, struct rte_mbuf *m)
{
	struct neigh_entry *e = &t->entries[at];
	struct rte_mbuf *oldest = NULL;
	uint16_t i;

	if (e->held == NEIGH_HOLD) {
		if (punt_is_injected(pkt_meta(t->held[e->first].m)) &&
		    !punt_is_injected(pkt_meta(m)))
			return m; /* no data in the place of IKE */
		oldest = neigh_table_take(t, at);
	}
	i = t->free_held;
	if (i == NEIGH_NO_HELD)
		return m;
	t->free_held = t->held[i].next;
	t->held[i] = (struct neigh_held){.m = m, .next = NEIGH_NO_HELD};
	if (e->held++ == 0)
		e->first = i;
	else
		t->held[e->last].next = i;
	e->last = i;
	return oldest;
}

struct neigh *neigh_create(int socket)
{
	struct neigh *t = rte_zmalloc_socket("neigh", sizeof(*t), RTE_CACHE_LINE_SIZE, socket);

	if (t == NULL)
		return NULL;
	t->seed = rte_rand();
	for (uint16_t i = 0; i < NEIGH_HOLD_TOTAL; i++)
		t->held[i].next = i + 1u < NEIGH_HOLD_TOTAL ? (uint16_t)(i + 1) : NEIGH_NO_HELD;
	return t;
}

void neigh_free(struct neigh *t)
{
	rte_free(t);
}
