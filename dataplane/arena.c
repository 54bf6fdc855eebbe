/* SPDX-License-Identifier: BSD-3-Clause */
/* arena.c - see arena.h. */
#include "dataplane/arena.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

#include <rte_common.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_memory.h>

#define HEAP	  "espgw-arena"
#define HUGE_PAGE ((size_t)2 << 20)
#define PIECE	  ((size_t)16 << 20)
#define NO_ARENA  (-1)

static int arena = NO_ARENA; /* its socket, for rte_malloc */

/* Address space on a border of large pages; what is left over at both ends goes back. */
static void *reserve(size_t bytes)
{
	size_t room = bytes + HUGE_PAGE, before;
	uint8_t *all = mmap(NULL, room, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (all == MAP_FAILED)
		return NULL;
	before = RTE_PTR_ALIGN_CEIL(all, HUGE_PAGE) - all;
	if (before != 0)
		munmap(all, before);
	munmap(all + before + bytes, HUGE_PAGE - before);
	return all + before;
}

/* One more piece of memory for the heap, which clears all of it. */
static int grow(size_t bytes)
{
	void *at = reserve(bytes);

	if (at == NULL)
		return -ENOMEM;
	/* Keys lie here: not in a core file. */
	if (madvise(at, bytes, MADV_HUGEPAGE) == 0 && madvise(at, bytes, MADV_DONTDUMP) == 0 &&
	    rte_malloc_heap_memory_add(HEAP, at, bytes, NULL, (unsigned int)(bytes / HUGE_PAGE),
				       HUGE_PAGE) == 0)
		return 0;
	munmap(at, bytes);
	return -ENOTSUP;
}

int arena_create(void)
{
	int ret;

	if (arena != NO_ARENA)
		return -EEXIST;
	if (rte_malloc_heap_create(HEAP) != 0)
		return -rte_errno;
	ret = grow(PIECE);
	if (ret != 0) {
		rte_malloc_heap_destroy(HEAP);
		return ret;
	}
	arena = rte_malloc_heap_get_socket(HEAP);
	return 0;
}

void *arena_zmalloc(const char *what, size_t bytes, unsigned int align, int socket)
{
	void *p = NULL;

	if (arena != NO_ARENA && bytes <= PIECE / 2) {
		p = rte_zmalloc_socket(what, bytes, align, arena);
		if (p == NULL && grow(PIECE) == 0)
			p = rte_zmalloc_socket(what, bytes, align, arena);
	}
	return p != NULL ? p : rte_zmalloc_socket(what, bytes, align, socket);
}

static size_t used(int socket)
{
	struct rte_malloc_socket_stats st;

	return rte_malloc_get_socket_stats(socket, &st) == 0 ? st.heap_allocsz_bytes : 0;
}

size_t arena_used(int socket)
{
	return used(socket) + (arena != NO_ARENA ? used(arena) : 0);
}
