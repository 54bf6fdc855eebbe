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

#define SPD_CACHE_BUCKETS 65536u /* 4 MiB; 16 bits of the hash */
#define SPD_CACHE_WAYS	  3u

/** A flow as its packets show it: addresses, and what spd_cache_rest() makes of the rest. */
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

#define SPD_CACHE_TAKEN	  (1ull << 22)
#define SPD_CACHE_IN_BITS 22u /* more than policies take, with a sign for what is none of them */

struct spd_cache_bucket {
	_Alignas(64) uint64_t addrs[SPD_CACHE_WAYS];
	uint64_t rest[SPD_CACHE_WAYS]; /* and the inbound match below; 0: empty */
	uint32_t out[SPD_CACHE_WAYS];
	uint32_t serial; /* of all of them */
};
_Static_assert(sizeof(struct spd_cache_bucket) == 64, "a hit costs one cache line");

/** Ports, protocol, and whether a fragment hides the ports; as it stands in a bucket. */
static inline uint64_t spd_cache_rest(uint16_t src_port, uint16_t dst_port, uint8_t proto,
				      bool no_ports)
{
	return (uint64_t)src_port << 48 | (uint64_t)dst_port << 32 | (uint64_t)proto << 24 |
	       (uint64_t)no_ports << 23 | SPD_CACHE_TAKEN;
}

/** Of spd_cache_rest(): the ports, and whether there are any. */
#define SPD_CACHE_PORTS ((uint64_t)UINT32_MAX << 32 | 1ull << 23)

/* The same for IPv6, whose flows are larger: one cache line each, two places in a bucket. */
#define SPD_CACHE_BUCKETS6 65536u /* 8 MiB; 16 bits of the hash */
#define SPD_CACHE_WAYS6	   2u

struct spd_flow6 {
	uint64_t addrs[4]; /* as they are sent, and rest spd_cache_rest(), both as far as they */
	uint64_t rest;	   /* make a difference */
};

struct spd_cache_entry6 {
	_Alignas(64) struct spd_flow6 flow;
	struct spd_matches match;
	uint32_t serial; /* 0: empty */
};

struct spd_cache_bucket6 {
	struct spd_cache_entry6 way[SPD_CACHE_WAYS6];
};
_Static_assert(sizeof(struct spd_cache_entry6) == 64, "a look at a flow costs one cache line");

struct spd_cache {
	uint64_t key[5];
	struct spd_cache_bucket bucket[SPD_CACHE_BUCKETS];
	struct spd_cache_bucket6 bucket6[SPD_CACHE_BUCKETS6];
};

/** One per worker. NULL without memory or randomness. */
struct spd_cache *spd_cache_create(int socket);
void spd_cache_free(struct spd_cache *c);

/** A hash, and the two buckets where flows of that hash may be. */
static inline uint32_t spd_cache_hash(const struct spd_cache *c, const struct spd_flow *f)
{
	__uint128_t product = (__uint128_t)(f->addrs ^ c->key[0]) * ((f->rest ^ c->key[1]) | 1);
	uint64_t hash = (uint64_t)(product >> 64) ^ (uint64_t)product;

	return (uint32_t)(hash ^ hash >> 32);
}

static inline struct spd_cache_bucket *spd_cache_first(struct spd_cache *c, uint32_t hash)
{
	return &c->bucket[hash & (SPD_CACHE_BUCKETS - 1)];
}

static inline struct spd_cache_bucket *spd_cache_second(struct spd_cache *c, uint32_t hash)
{
	return &c->bucket[hash >> 16];
}

static inline bool spd_cache_is(const struct spd_cache_bucket *b, unsigned int way,
				const struct spd_flow *f)
{
	return b->addrs[way] == f->addrs && (b->rest[way] ^ f->rest) >> SPD_CACHE_IN_BITS == 0;
}

/** Is the flow in that bucket? */
static inline bool spd_cache_find(const struct spd_cache_bucket *b, const struct spd_flow *f,
				  uint32_t serial, struct spd_matches *match)
{
	for (unsigned int i = 0; i < SPD_CACHE_WAYS; i++) {
		if (!spd_cache_is(b, i, f) || b->serial != serial)
			continue;
		match->out = b->out[i];
		match->in = (uint32_t)((int32_t)((uint32_t)b->rest[i] << 10) >> 10);
		return true;
	}
	return false;
}

/** Put a flow of that hash, unless it is there. */
void spd_cache_put(struct spd_cache *c, uint32_t hash, const struct spd_flow *f, uint32_t serial,
		   struct spd_matches match);

/** High and low half of a product, folded; 0 only by chance, as the factors are keyed. */
static inline uint64_t spd_cache_fold(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * (b | 1);

	return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

static inline uint32_t spd_cache_hash6(const struct spd_cache *c, const struct spd_flow6 *f)
{
	uint64_t src = spd_cache_fold(f->addrs[0] ^ c->key[0], f->addrs[1] ^ c->key[1]);
	uint64_t dst = spd_cache_fold(f->addrs[2] ^ c->key[2], f->addrs[3] ^ c->key[3]);
	uint64_t hash = spd_cache_fold(src + f->rest, dst ^ c->key[4]);

	return (uint32_t)(hash ^ hash >> 32);
}

static inline struct spd_cache_bucket6 *spd_cache_first6(struct spd_cache *c, uint32_t hash)
{
	return &c->bucket6[hash & (SPD_CACHE_BUCKETS6 - 1)];
}

static inline struct spd_cache_bucket6 *spd_cache_second6(struct spd_cache *c, uint32_t hash)
{
	return &c->bucket6[hash >> 16];
}

static inline bool spd_cache_same6(const struct spd_flow6 *a, const struct spd_flow6 *b)
{
	return ((a->addrs[0] ^ b->addrs[0]) | (a->addrs[1] ^ b->addrs[1]) |
		(a->addrs[2] ^ b->addrs[2]) | (a->addrs[3] ^ b->addrs[3]) | (a->rest ^ b->rest)) ==
	       0;
}

/** Is the flow in that place of the bucket? */
static inline bool spd_cache_way6(const struct spd_cache_bucket6 *b, unsigned int way,
				  const struct spd_flow6 *f, uint32_t serial,
				  struct spd_matches *match)
{
	const struct spd_cache_entry6 *e = &b->way[way];

	if (e->serial != serial || !spd_cache_same6(&e->flow, f))
		return false;
	*match = e->match;
	return true;
}

static inline bool spd_cache_find6(const struct spd_cache_bucket6 *b, const struct spd_flow6 *f,
				   uint32_t serial, struct spd_matches *match)
{
	return spd_cache_way6(b, 0, f, serial, match) || spd_cache_way6(b, 1, f, serial, match);
}

/** Put a flow of that hash, unless it is there. */
void spd_cache_put6(struct spd_cache *c, uint32_t hash, const struct spd_flow6 *f, uint32_t serial,
		    struct spd_matches match);

#endif
