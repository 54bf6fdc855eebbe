/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sa_store.h - memory of SAs, one next to the other.
 *
 * Packets of thousands of SAs find their pages in no TLB that is near, so how many pages the SAs
 * lie on costs a packet as much as how many lines it reads: even of a large page, as the host of a
 * virtual machine may have small ones below it. A heap would put a header between two SAs, and SAs
 * of the other direction and replay windows. A store has pieces of memory from the arena, each of
 * SAs of one size, and gives back those that are empty.
 *
 * Of one thread, the manager's.
 */
#ifndef ESPGW_IPSEC_SA_STORE_H
#define ESPGW_IPSEC_SA_STORE_H

#include <stddef.h>

#define SA_STORE_PIECE	 ((size_t)64 << 10) /* with what the heap puts in front */
#define SA_STORE_CLASSES 32u
#define SA_STORE_MAX	 ((size_t)16 << 10) /* bytes that can be taken at once */

struct sa_piece;

/** All zero: an empty one. */
struct sa_store {
	struct sa_piece *open[SA_STORE_CLASSES]; /* with room, by size; sizes may share a list */
};

/** Memory of so many bytes, all 0, on a cache line. NULL: there is none, or it is too much. */
void *sa_store_take(struct sa_store *st, size_t bytes, int socket);

/** What sa_store_take() gave, back to its store; the caller has wiped it. NULL is nothing. */
void sa_store_give(void *p);

#endif
