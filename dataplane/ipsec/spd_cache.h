/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spd_cache.h - remembers which policy a flow matched: per worker, of fixed size. A bucket is one
 * cache line with three places; a flow that finds them taken goes to another bucket, and when that
 * is full, too, the oldest of its first one gives way. So there is nothing to search, age or
 * overflow; whoever floods it makes us ask the ACL again, no more. The hash is keyed so that nobody
 * outside can aim at a bucket. Entries of another table than today's do not match: each table has a
 * serial number of its own.
 */
#ifndef ESPGW_IPSEC_SPD_CACHE_H
#define ESPGW_IPSEC_SPD_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SPD_CACHE_BUCKETS 65536u /* 4 MiB */
#define SPD_CACHE_WAYS	  3u

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

struct spd_cache_bucket {
	_Alignas(64) uint64_t addrs[SPD_CACHE_WAYS];
	uint64_t what[SPD_CACHE_WAYS]; /* spd_cache_what(); 0: empty */
	uint32_t ports[SPD_CACHE_WAYS];
	uint32_t serial; /* of all of them */
};
_Static_assert(sizeof(struct spd_cache_bucket) == 64, "a hit costs one cache line");

/* The same for IPv6, whose flows are larger: one cache line each. */
#define SPD_CACHE_BUCKETS6 4096u /* 512 KiB, which nothing touches where there is no IPv6 */

struct spd_flow6 {
	uint64_t addrs[4];
	uint64_t rest;
};

struct spd_cache_entry6 {
	_Alignas(64) struct spd_flow6 flow;
	struct spd_matches match;
	uint32_t serial; /* 0: empty */
};

struct spd_cache_bucket6 {
	struct spd_cache_entry6 way[2];
};
_Static_assert(sizeof(struct spd_cache_bucket6) == 128, "a look at a flow costs one cache line");

struct spd_cache {
	uint64_t key[5];
	struct spd_cache_bucket bucket[SPD_CACHE_BUCKETS];
	struct spd_cache_bucket6 bucket6[SPD_CACHE_BUCKETS6];
};

/** One per worker. NULL without memory or randomness. */
struct spd_cache *spd_cache_create(int socket);
void spd_cache_free(struct spd_cache *c);

/** The two buckets where a flow may be. */
struct spd_cache_place {
	struct spd_cache_bucket *first;
	struct spd_cache_bucket *second;
};

static inline struct spd_cache_place spd_cache_place(struct spd_cache *c, const struct spd_flow *f)
{
	__uint128_t product =
		(__uint128_t)(f->addrs ^ c->key[0]) * (uint64_t)((f->rest ^ c->key[1]) | 1);
	uint64_t hash = (uint64_t)(product >> 64) ^ (uint64_t)product;

	hash ^= hash >> 32;
	return (struct spd_cache_place){&c->bucket[hash & (SPD_CACHE_BUCKETS - 1)],
					&c->bucket[hash >> 16 & (SPD_CACHE_BUCKETS - 1)]};
}

/* Protocol and whether there are ports, 16 bits; a bit that no flow has set, for a place taken. */
static inline uint64_t spd_cache_kind(const struct spd_flow *f)
{
	return (f->rest & 0xffff) | 1;
}

/* That, and both matches in 24 bits each: policies are fewer, and what stands for none of them is
 * found at the upper end. */
static inline uint64_t spd_cache_what(const struct spd_flow *f, struct spd_matches m)
{
	return spd_cache_kind(f) << 48 | (uint64_t)(m.out & 0xffffff) << 24 | (m.in & 0xffffff);
}

static inline uint32_t spd_cache_match(uint64_t what)
{
	return (uint32_t)((int32_t)((uint32_t)what << 8) >> 8);
}

/** Is the flow in that very bucket? */
static inline bool spd_cache_find(const struct spd_cache_bucket *b, const struct spd_flow *f,
				  uint32_t serial, struct spd_matches *match)
{
	uint64_t kind = spd_cache_kind(f);

	for (unsigned int i = 0; i < SPD_CACHE_WAYS; i++) {
		if (b->addrs[i] != f->addrs || b->ports[i] != (uint32_t)(f->rest >> 16) ||
		    b->what[i] >> 48 != kind || b->serial != serial)
			continue;
		match->out = spd_cache_match(b->what[i] >> 24);
		match->in = spd_cache_match(b->what[i]);
		return true;
	}
	return false;
}

/** Put a flow that is in neither of its buckets. */
void spd_cache_put(struct spd_cache_place p, const struct spd_flow *f, uint32_t serial,
		   struct spd_matches match);

/** High and low half of a product, folded; 0 only by chance, as the factors are keyed. */
static inline uint64_t spd_cache_fold(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * (b | 1);

	return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

static inline struct spd_cache_bucket6 *spd_cache_bucket6(struct spd_cache *c,
							  const struct spd_flow6 *f)
{
	uint64_t src = spd_cache_fold(f->addrs[0] ^ c->key[0], f->addrs[1] ^ c->key[1]);
	uint64_t dst = spd_cache_fold(f->addrs[2] ^ c->key[2], f->addrs[3] ^ c->key[3]);
	uint64_t hash = spd_cache_fold(src + f->rest, dst ^ c->key[4]);

	return &c->bucket6[(hash ^ hash >> 32) & (SPD_CACHE_BUCKETS6 - 1)];
}

static inline bool spd_cache_find6(const struct spd_cache_bucket6 *b, const struct spd_flow6 *f,
				   uint32_t serial, struct spd_matches *match)
{
	for (unsigned int i = 0; i < 2; i++) {
		const struct spd_cache_entry6 *e = &b->way[i];

		if (e->serial == serial && memcmp(&e->flow, f, sizeof(*f)) == 0) {
			*match = e->match;
			return true;
		}
	}
	return false;
}

static inline void spd_cache_put6(struct spd_cache_bucket6 *b, const struct spd_flow6 *f,
				  uint32_t serial, struct spd_matches match)
{
	b->way[1] = b->way[0];
	b->way[0] = (struct spd_cache_entry6){.flow = *f, .serial = serial, .match = match};
}

#endif
