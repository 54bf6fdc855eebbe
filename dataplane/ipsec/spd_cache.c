/* SPDX-License-Identifier: BSD-3-Clause */
/* spd_cache.c - memory and key of a worker's flow cache, and how flows come into it. */
#include "dataplane/ipsec/spd_cache.h"

#include <sys/random.h>

#include <rte_malloc.h>

#include "dataplane/arena.h"

struct spd_cache *spd_cache_create(int socket)
{
	struct spd_cache *c = arena_zmalloc("spd_cache", sizeof(*c), 64, socket);

	if (c != NULL)
		memset(c, 0, sizeof(*c)); /* no page of it is to be made while packets wait */
	if (c != NULL && getrandom(c->key, sizeof(c->key), 0) != (ssize_t)sizeof(c->key)) {
		rte_free(c);
		return NULL;
	}
	return c;
}

/* The place of the flow, or a free one; SPD_CACHE_WAYS: neither. */
static unsigned int way_of(struct spd_cache_bucket *b, const struct spd_flow *f, uint32_t serial)
{
	unsigned int i = 0;

	if (b->serial != serial) {
		memset(b->rest, 0, sizeof(b->rest));
		b->serial = serial;
	}
	while (i < SPD_CACHE_WAYS && b->rest[i] != 0 && !spd_cache_is(b, i, f))
		i++;
	return i;
}

/* The last place is free then. */
static void drop_oldest(struct spd_cache_bucket *b)
{
	for (unsigned int i = 1; i < SPD_CACHE_WAYS; i++) {
		b->addrs[i - 1] = b->addrs[i];
		b->rest[i - 1] = b->rest[i];
		b->out[i - 1] = b->out[i];
	}
}

void spd_cache_put(struct spd_cache *c, uint32_t hash, const struct spd_flow *f, uint32_t serial,
		   struct spd_matches match)
{
	struct spd_cache_bucket *b = spd_cache_first(c, hash);
	unsigned int i = way_of(b, f, serial);

	if (i == SPD_CACHE_WAYS) {
		b = spd_cache_second(c, hash);
		i = way_of(b, f, serial);
	}
	if (i == SPD_CACHE_WAYS) {
		b = spd_cache_first(c, hash);
		i = SPD_CACHE_WAYS - 1;
		drop_oldest(b);
	}
	b->addrs[i] = f->addrs;
	b->rest[i] = f->rest | (match.in & (SPD_CACHE_TAKEN - 1));
	b->out[i] = match.out;
}

/* The place of the flow, or a free one; SPD_CACHE_WAYS6: neither. */
static unsigned int way6_of(const struct spd_cache_bucket6 *b, const struct spd_flow6 *f,
			    uint32_t serial)
{
	unsigned int i = 0;

	while (i < SPD_CACHE_WAYS6 && b->way[i].serial == serial &&
	       !spd_cache_same6(&b->way[i].flow, f))
		i++;
	return i;
}

void spd_cache_put6(struct spd_cache *c, uint32_t hash, const struct spd_flow6 *f, uint32_t serial,
		    struct spd_matches match)
{
	struct spd_cache_bucket6 *b = spd_cache_first6(c, hash);
	unsigned int i = way6_of(b, f, serial);

	if (i == SPD_CACHE_WAYS6) {
		b = spd_cache_second6(c, hash);
		i = way6_of(b, f, serial);
	}
	if (i == SPD_CACHE_WAYS6) {
		b = spd_cache_first6(c, hash);
		i = SPD_CACHE_WAYS6 - 1;
		memmove(&b->way[0], &b->way[1], i * sizeof(b->way[0])); /* the oldest goes */
	}
	b->way[i] = (struct spd_cache_entry6){.flow = *f, .serial = serial, .match = match};
}

void spd_cache_free(struct spd_cache *c)
{
	rte_free(c);
}
