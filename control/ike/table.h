/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * table.h - an intrusive chained hash table. Entries embed struct table_node, so inserting never
 * allocates and never fails: when the bucket array cannot grow, chains get longer. The caller
 * hashes (table_hash, seeded, so a stranger cannot aim at one chain) and compares.
 */
#ifndef ESPGW_IKE_TABLE_H
#define ESPGW_IKE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define TABLE_ENTRY(node, type, member) ((type *)((char *)(node)-offsetof(type, member)))

struct table_node {
	struct table_node *next;
	uint64_t hash;
};

struct table {
	struct table_node **buckets;
	size_t n_buckets; /* a power of two */
	size_t count;
	uint64_t seed;
};

/** Seed is secret and random. 0 or -ENOMEM. */
int table_init(struct table *t, uint64_t seed);
/** Frees the buckets only; entries are their owners'. */
void table_fini(struct table *t);

/** Seeded hash of len bytes. */
uint64_t table_hash(const struct table *t, const void *key, size_t len);

void table_insert(struct table *t, struct table_node *n, uint64_t hash);
/** The node must be in the table. */
void table_remove(struct table *t, struct table_node *n);
/** The first node with this hash; table_next() gives the others. NULL at the end. */
struct table_node *table_first(const struct table *t, uint64_t hash);
struct table_node *table_next(const struct table_node *n);

#endif
