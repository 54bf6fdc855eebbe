/* SPDX-License-Identifier: BSD-3-Clause */
/* spd_cache.c - memory and key of a worker's flow cache. */
#include "dataplane/ipsec/spd_cache.h"

#include <sys/random.h>

#include <rte_malloc.h>

struct spd_cache *spd_cache_create(int socket)
{
	struct spd_cache *c = rte_zmalloc_socket("spd_cache", sizeof(*c), 64, socket);

	if (c != NULL && getrandom(c->key, sizeof(c->key), 0) != (ssize_t)sizeof(c->key)) {
		rte_free(c);
		return NULL;
	}
	return c;
}

void spd_cache_free(struct spd_cache *c)
{
	rte_free(c);
}
