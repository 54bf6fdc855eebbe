/* SPDX-License-Identifier: BSD-3-Clause */
/* wipe.c - see wipe.h. */
#include "control/console/wipe.h"

#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void wipe_free(void *p)
{
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

void *wipe_realloc(void *p, size_t len)
{
	size_t had = p ? malloc_usable_size(p) : 0;
	void *q = malloc(len);

	if (!q)
		return NULL;
	if (had)
		memcpy(q, p, had < len ? had : len);
	wipe_free(p);
	return q;
}

void wipe_setup(void)
{
	json_set_alloc_funcs(malloc, wipe_free);
}
