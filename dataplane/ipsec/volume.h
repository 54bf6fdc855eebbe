/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * volume.h - lifetimes in bytes and packets, kept by the workers themselves: at line rate a volume
 * of some megabytes is gone between two looks of the manager.
 *
 * The workers of an SA add up in one line what they have passed, once per burst, and look at it
 * before the next: a hard limit is exceeded by no more than the burst that each of them was at.
 * Whoever passes a limit calls the manager (sad_spend()). SAs without such a lifetime have
 * sa.limited = 0 and nothing of this costs them anything.
 */
#ifndef ESPGW_IPSEC_VOLUME_H
#define ESPGW_IPSEC_VOLUME_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/messages.h"

/* A limit that is not set is never reached. */
struct volume {
	_Alignas(64) uint64_t bytes; /* inner, as the counters have them */
	uint64_t packets;
	uint64_t soft_bytes;
	uint64_t hard_bytes;
	uint64_t soft_packets;
	uint64_t hard_packets;
};

static inline uint64_t volume_or_none(uint64_t limit)
{
	return limit != 0 ? limit : UINT64_MAX;
}

/** Take the limits of a lifetime; the manager alone. True when it has any. */
static inline bool volume_set(struct volume *v, const struct abi_lifetime *l)
{
	__atomic_store_n(&v->soft_bytes, volume_or_none(l->soft_bytes), __ATOMIC_RELAXED);
	__atomic_store_n(&v->hard_bytes, volume_or_none(l->hard_bytes), __ATOMIC_RELAXED);
	__atomic_store_n(&v->soft_packets, volume_or_none(l->soft_packets), __ATOMIC_RELAXED);
	__atomic_store_n(&v->hard_packets, volume_or_none(l->hard_packets), __ATOMIC_RELAXED);
	return (l->soft_bytes | l->hard_bytes | l->soft_packets | l->hard_packets) != 0;
}

/** What was passed before there was a limit counts, too; the manager alone. */
static inline void volume_add_before(struct volume *v, uint64_t packets, uint64_t bytes)
{
	__atomic_fetch_add(&v->bytes, bytes, __ATOMIC_RELAXED);
	__atomic_fetch_add(&v->packets, packets, __ATOMIC_RELAXED);
}

/** Is a hard limit reached? */
static inline bool volume_spent(const struct volume *v)
{
	return __atomic_load_n(&v->bytes, __ATOMIC_RELAXED) >=
		       __atomic_load_n(&v->hard_bytes, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&v->packets, __ATOMIC_RELAXED) >=
		       __atomic_load_n(&v->hard_packets, __ATOMIC_RELAXED);
}

static inline bool volume_passes(uint64_t before, uint64_t after, const uint64_t *limit)
{
	uint64_t l = __atomic_load_n(limit, __ATOMIC_RELAXED);

	return before < l && after >= l;
}

/** Count what has passed. True when that reached a limit: once for each limit, whoever counts. */
static inline bool volume_add(struct volume *v, uint64_t packets, uint64_t bytes)
{
	uint64_t b = __atomic_fetch_add(&v->bytes, bytes, __ATOMIC_RELAXED);
	uint64_t p = __atomic_fetch_add(&v->packets, packets, __ATOMIC_RELAXED);

	return volume_passes(b, b + bytes, &v->soft_bytes) ||
	       volume_passes(b, b + bytes, &v->hard_bytes) ||
	       volume_passes(p, p + packets, &v->soft_packets) ||
	       volume_passes(p, p + packets, &v->hard_packets);
}

#endif
