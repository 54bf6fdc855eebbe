/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spd_cache.h - remembers which policy a flow matched: per worker, of fixed size, two places per
 * bucket of one cache line. A new flow takes the first place and moves its holder to the second, so
 * there is nothing to search, age or overflow; whoever floods it makes us ask the ACL again, no
 * more. The hash is keyed so that nobody outside can aim at a bucket. Entries of another table than
 * today's do not match: each table has a serial number of its own.
 */
#ifndef ESPGW_IPSEC_SPD_CACHE_H
#define ESPGW_IPSEC_SPD_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#define SPD_CACHE_BUCKETS 8192u /* 512 KiB, two flows each */

/** A flow as its packets show it: addresses, and then ports, protocol, and whether a fragment hides
 * the ports. */
struct spd_flow {
	uint64_t addrs;
	uint64_t rest;
};

/** What it matched, and what its packets would match coming in from the other side: a packet in
 * clear needs both. */
struct spd_matches {
	uint32_t out;
	uint32_t in;
};

struct spd_cache_entry {
	struct spd_flow flow;
	struct spd_matches match;
	uint32_t serial; /* 0: empty */
};

struct spd_cache_bucket {
	_Alignas(64) struct spd_cache_entry way[2];
};
_Static_assert(sizeof(struct spd_cache_bucket) == 64, "a hit costs one cache line");

struct spd_cache {
	uint64_t key[2];
	struct spd_cache_bucket bucket[SPD_CACHE_BUCKETS];
};

/** One per worker. NULL without memory or randomness. */
struct spd_cache *spd_cache_create(int socket);
void spd_cache_free(struct spd_cache *c);

static inline struct spd_cache_bucket *spd_cache_bucket(struct spd_cache *c,
							const struct spd_flow *f)
{
	__uint128_t product =
		(__uint128_t)(f->addrs ^ c->key[0]) * (uint64_t)((f->rest ^ c->key[1]) | 1);
	uint64_t hash = (uint64_t)(product >> 64) ^ (uint64_t)product;

	return &c->bucket[(hash ^ hash >> 32) & (SPD_CACHE_BUCKETS - 1)];
}

static inline bool spd_cache_find(const struct spd_cache_bucket *b, const struct spd_flow *f,
				  uint32_t serial, struct spd_matches *match)
{
	for (unsigned int i = 0; i < 2; i++) {
		const struct spd_cache_entry *e = &b->way[i];

		if (e->flow.addrs == f->addrs && e->flow.rest == f->rest && e->serial == serial) {
			*match = e->match;
			return true;
		}
	}
	return false;
}

static inline void spd_cache_put(struct spd_cache_bucket *b, const struct spd_flow *f,
				 uint32_t serial, struct spd_matches match)
{
	b->way[1] = b->way[0];
	b->way[0] = (struct spd_cache_entry){.flow = *f, .serial = serial, .match = match};
}

#endif
