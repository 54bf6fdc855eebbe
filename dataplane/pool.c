/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pool.c - see pool.h.
 *
 * A mempool keeps every object within one page. Without hugepages that is one buffer to 4 KB, all
 * at the same offset: the headers of all packets share the same few sets of the first-level cache,
 * and a burst does not fit, however small. So there the buffers lie one behind the other, at an odd
 * number of cache lines, which also takes two thirds of the memory. To devices, where there are
 * any, the addresses are contiguous, because IOVAs are virtual addresses. EAL's own memory cannot
 * be in large pages then; this asks the kernel for transparent ones, which need no setting up: a
 * core knows the addresses of 4,000 packets' pages at best, and looks up the others' one by one.
 * But for devices EAL maps only the memory it knows (VFIO): where it has found any, that is used.
 */
#include "dataplane/pool.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_memzone.h>

#define LARGE_PAGE (2ul << 20)

/* len bytes from a large page's start on; NULL and errno. Large pages or not, as the kernel has. */
static void *map_large(size_t len)
{
	size_t all = len + LARGE_PAGE, before;
	uint8_t *p = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	before = -(uintptr_t)p % LARGE_PAGE;
	if (before != 0)
		munmap(p, before);
	if (all - before > len)
		munmap(p + before + len, all - before - len);
	madvise(p + before, len, MADV_HUGEPAGE);
	return p + before;
}

static void unmap(struct rte_mempool_memhdr *chunk, void *len)
{
	munmap(chunk->addr, (uintptr_t)len);
}

/* len bytes for mp's objects. Their number, or -errno. */
static int populate_large(struct rte_mempool *mp, size_t len)
{
	size_t all = RTE_ALIGN_CEIL(len, LARGE_PAGE);
	void *mem = map_large(all);
	int ret;

	if (mem == NULL)
		return -errno;
	ret = rte_mempool_populate_iova(mp, mem, (rte_iova_t)(uintptr_t)mem, len, unmap,
					(void *)all);
	if (ret <= 0)
		munmap(mem, all);
	return ret;
}

static void free_zone(struct rte_mempool_memhdr *chunk, void *zone)
{
	(void)chunk;
	rte_memzone_free(zone);
}

/* The same of EAL's memory. */
static int populate_known(struct rte_mempool *mp, size_t len)
{
	const struct rte_memzone *zone;
	char name[RTE_MEMZONE_NAMESIZE];
	int ret;

	snprintf(name, sizeof(name), "P_%.28s", mp->name);
	zone = rte_memzone_reserve_aligned(name, len, mp->socket_id, 0, RTE_CACHE_LINE_SIZE);
	if (zone == NULL)
		return -rte_errno;
	ret = rte_mempool_populate_iova(mp, zone->addr, zone->iova, zone->len, free_zone,
					(void *)(uintptr_t)zone);
	if (ret <= 0)
		rte_memzone_free(zone);
	return ret;
}

/* Memory for mp's objects, in one piece. 0 or -errno. */
static int populate(struct rte_mempool *mp)
{
	size_t len = (size_t)(mp->header_size + mp->elt_size + mp->trailer_size) * mp->size;
	int ret =
		rte_eth_dev_count_avail() == 0 ? populate_large(mp, len) : populate_known(mp, len);

	if (ret < 0)
		return ret;
	return (unsigned int)ret == mp->size ? 0 : -ENOSPC;
}

static struct rte_mempool *create_packed(const char *name, unsigned int n, unsigned int cache,
					 uint16_t room, int socket)
{
	struct rte_pktmbuf_pool_private data = {.mbuf_data_room_size = room};
	struct rte_mempool *mp =
		rte_mempool_create_empty(name, n, (unsigned int)sizeof(struct rte_mbuf) + room,
					 cache, sizeof(data), socket, RTE_MEMPOOL_F_NO_IOVA_CONTIG);
	int ret;

	if (mp == NULL)
		return NULL;
	ret = rte_mempool_set_ops_byname(mp, rte_mbuf_best_mempool_ops(), NULL);
	if (ret == 0) {
		rte_pktmbuf_pool_init(mp, &data);
		ret = populate(mp);
	}
	if (ret != 0) {
		rte_mempool_free(mp);
		rte_errno = -ret;
		return NULL;
	}
	rte_mempool_obj_iter(mp, rte_pktmbuf_init, NULL);
	return mp;
}

struct rte_mempool *pool_create(const char *name, unsigned int n, unsigned int cache, uint16_t room,
				int socket)
{
	if (rte_eal_has_hugepages() || rte_eal_iova_mode() != RTE_IOVA_VA)
		return rte_pktmbuf_pool_create(name, n, cache, 0, room, socket);
	return create_packed(name, n, cache, room, socket);
}
