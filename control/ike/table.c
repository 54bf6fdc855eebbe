/* SPDX-License-Identifier: BSD-3-Clause */
/* table.c - intrusive chained hash table; see table.h. */
#include "control/ike/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_FIRST_BUCKETS 64u

static uint64_t mix(uint64_t h)
{
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdULL;
	h ^= h >> 33;
	h *= 0xc4ceb9fe1a85ec53ULL;
	return h ^ (h >> 33);
}

int table_init(struct table *t, uint64_t seed)
{
	t->buckets = calloc(TABLE_FIRST_BUCKETS, sizeof(t->buckets[0]));
	if (t->buckets == NULL)
		return -ENOMEM;
	t->n_buckets = TABLE_FIRST_BUCKETS;
	t->count = 0;
	t->seed = seed;
	return 0;
}

void table_fini(struct table *t)
{
	free(t->buckets);
	memset(t, 0, sizeof(*t));
}

uint64_t table_hash(const struct table *t, const void *key, size_t len)
{
	const uint8_t *p = key;
	uint64_t h = mix(t->seed ^ len), word;
	size_t n;

	for (; len > 0; p += n, len -= n) {
		n = len < sizeof(word) ? len : sizeof(word);
		word = 0;
		memcpy(&word, p, n);
		h = mix(h ^ word) + t->seed;
	}
	return h;
}

static struct table_node **bucket(const struct table *t, uint64_t hash)
{
	return &t->buckets[hash & (t->n_buckets - 1)];
}

static void grow(struct table *t)
{
	struct table old = *t;
	struct table_node *n, *next;

	t->n_buckets *= 2;
	t->buckets = calloc(t->n_buckets, sizeof(t->buckets[0]));
	if (t->buckets == NULL) {
		*t = old;
		return;
	}
	for (size_t i = 0; i < old.n_buckets; i++) {
		for (n = old.buckets[i]; n != NULL; n = next) {
			struct table_node **b = bucket(t, n->hash);

			next = n->next;
			n->next = *b;
			*b = n;
		}
	}
	free(old.buckets);
}

void table_insert(struct table *t, struct table_node *n, uint64_t hash)
{
	struct table_node **b;

	if (t->count >= t->n_buckets)
		grow(t);
	b = bucket(t, hash);
	n->hash = hash;
	n->next = *b;
	*b = n;
	t->count++;
}

void table_remove(struct table *t, struct table_node *n)
{
	struct table_node **p = bucket(t, n->hash);

	while (*p != n)
		p = &(*p)->next;
	*p = n->next;
	n->next = NULL;
	t->count--;
}

static struct table_node *skip_others(struct table_node *n, uint64_t hash)
{
	while (n != NULL && n->hash != hash)
		n = n->next;
	return n;
}

struct table_node *table_first(const struct table *t, uint64_t hash)
{
	return skip_others(*bucket(t, hash), hash);
}

struct table_node *table_next(const struct table_node *n)
{
	return skip_others(n->next, n->hash);
}
