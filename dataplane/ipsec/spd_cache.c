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

/* A place that is free for this table; SPD_CACHE_WAYS: none. */
static unsigned int free_way(struct spd_cache_bucket *b, uint32_t serial)
{
	unsigned int i = 0;

	if (b->serial != serial) {
		memset(b->what, 0, sizeof(b->what));
		b->serial = serial;
	}
	while (i < SPD_CACHE_WAYS && b->what[i] != 0)
		i++;
	return i;
}

/* The first place is free then. */
static void drop_oldest(struct spd_cache_bucket *b)
{
	for (unsigned int i = SPD_CACHE_WAYS - 1; i > 0; i--) {
		b->addrs[i] = b->addrs[i - 1];
		b->what[i] = b->what[i - 1];
		b->ports[i] = b->ports[i - 1];
	}
}

void spd_cache_put(struct spd_cache_place p, const struct spd_flow *f, uint32_t serial,
		   struct spd_matches match)
{
	struct spd_cache_bucket *to = p.first;
	unsigned int i = free_way(to, serial);

	if (i == SPD_CACHE_WAYS) {
		to = p.second;
		i = free_way(to, serial);
	}
	if (i == SPD_CACHE_WAYS) {
		to = p.first;
		i = 0;
		drop_oldest(to);
	}
	to->addrs[i] = f->addrs;
	to->ports[i] = (uint32_t)(f->rest >> 16);
	to->what[i] = spd_cache_what(f, match);
}

void spd_cache_free(struct spd_cache *c)
{
	rte_free(c);
}
