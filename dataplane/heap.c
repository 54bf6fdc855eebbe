/* SPDX-License-Identifier: BSD-3-Clause */
/* heap.c - see heap.h. */
#include "dataplane/heap.h"

#include <errno.h>
#include <malloc.h>

int heap_keep(void)
{
	/* No end of it is cut off, and nothing large lies outside of it (mallopt(3)). */
	return mallopt(M_TRIM_THRESHOLD, -1) == 1 && mallopt(M_MMAP_MAX, 0) == 1 ? 0 : -ENOTSUP;
}
