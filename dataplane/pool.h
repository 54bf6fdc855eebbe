/* SPDX-License-Identifier: BSD-3-Clause */
/* pool.h - packet buffers, laid out so that their cache lines do not fight for the same places. */
#ifndef ESPGW_POOL_H
#define ESPGW_POOL_H

#include <stdint.h>

#include <rte_mbuf.h>

/**
 * n buffers of room bytes each, headroom included, with a cache of that many per lcore; as
 * rte_pktmbuf_pool_create(), and freed with rte_mempool_free(). NULL and rte_errno.
 */
struct rte_mempool *pool_create(const char *name, unsigned int n, unsigned int cache, uint16_t room,
				int socket);

#endif
