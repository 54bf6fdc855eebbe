/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * arena.h - memory for what packets read at random: SAs, flow caches, policies.
 *
 * Where EAL has no hugepages its memory lies on pages of 4 KB, and each of thousands of SAs on
 * another one: finding the page takes longer than reading the SA. Memory of this process alone may
 * have large pages without anybody reserving them (madvise(2), MADV_HUGEPAGE), which the kernel
 * grants where transparent_hugepage/enabled is "madvise" or "always". It becomes a heap of
 * rte_malloc that grows as needed, and rte_free() gives memory back to it. Without an arena
 * memory is EAL's.
 */
#ifndef ESPGW_ARENA_H
#define ESPGW_ARENA_H

#include <stddef.h>

/** For the life of the process, once, after rte_eal_init(). 0, -EEXIST when there is one already,
 * or another -errno: not fatal, things are only slower. */
int arena_create(void);

/** As rte_zmalloc_socket(), from the arena if possible. The manager's thread, or before there are
 * others. */
void *arena_zmalloc(const char *what, size_t bytes, unsigned int align, int socket);

/** Bytes in use, of EAL's heap of the socket, too. */
size_t arena_used(int socket);

#endif
