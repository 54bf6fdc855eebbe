/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memory.h - memory that lives as long as a model: texts, each kept once, and bytes. It is given
 * back as a whole, wiped.
 */
#ifndef ESPGW_MODEL_MEMORY_H
#define ESPGW_MODEL_MEMORY_H

#include <stddef.h>

struct model_memory;

/** NULL + ENOMEM. */
struct model_memory *memory_new(void);
/** Wipes all of it. NULL is fine. */
void memory_free(struct model_memory *mem);

/** len bytes (0: one all the same), zeroed, at any address. NULL + ENOMEM. */
void *memory_take(struct model_memory *mem, size_t len);
/** The one copy of a text. NULL + ENOMEM. */
const char *memory_text(struct model_memory *mem, const char *s);
/** No more texts will come: forget which there are. One that comes all the same is kept, though
 * not found again by its equals of before. */
void memory_seal(struct model_memory *mem);

#endif
