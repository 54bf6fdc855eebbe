/* SPDX-License-Identifier: BSD-3-Clause */
/* memory.c - blocks that are filled from the start, and a set of the texts in them. */
#include "control/model/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/fnv.h"

#define BLOCK 4096u /* with its head */

struct block {
	struct block *next;
	size_t size, used;
	uint8_t data[];
};

struct model_memory {
	struct block *blocks; /* the first is the one being filled */
	const char **texts;   /* open addressing, NULL = free; at most half full */
	size_t slots, n_texts;
};

struct model_memory *memory_new(void)
{
	return calloc(1, sizeof(struct model_memory));
}

void memory_free(struct model_memory *mem)
{
	struct block *next;

	if (mem == NULL)
		return;
	for (struct block *b = mem->blocks; b != NULL; b = next) {
		next = b->next;
		explicit_bzero(b->data, b->used);
		free(b);
	}
	free(mem->texts);
	free(mem);
}

static struct block *add_block(struct model_memory *mem, size_t len)
{
	size_t usual = BLOCK - sizeof(struct block);
	size_t size = len > usual ? len : usual;
	struct block *b = len < SIZE_MAX / 2 ? calloc(1, sizeof(*b) + size) : NULL;

	if (b == NULL)
		return NULL;
	b->size = size;
	b->next = mem->blocks;
	mem->blocks = b;
	return b;
}

void *memory_take(struct model_memory *mem, size_t len)
{
	struct block *b = mem->blocks;
	uint8_t *p;

	len += len == 0;
	if (b == NULL || b->size - b->used < len)
		b = add_block(mem, len);
	if (b == NULL)
		return NULL;
	p = b->data + b->used;
	b->used += len;
	return p;
}

static size_t hash(const char *s)
{
	uint64_t h = fnv_hash(s, strlen(s));

	return (size_t)(h ^ h >> 32);
}

/* Where the text is, or would be. */
static const char **place(const struct model_memory *mem, const char *s)
{
	size_t i = hash(s) & (mem->slots - 1);

	while (mem->texts[i] != NULL && strcmp(mem->texts[i], s) != 0)
		i = (i + 1) & (mem->slots - 1);
	return &mem->texts[i];
}

static int make_room(struct model_memory *mem)
{
	struct model_memory more = {.slots = mem->slots != 0 ? 2 * mem->slots : 64};

	if (2 * (mem->n_texts + 1) <= mem->slots)
		return 0;
	more.texts = calloc(more.slots, sizeof(*more.texts));
	if (more.texts == NULL)
		return -1;
	for (size_t i = 0; i < mem->slots; i++)
		if (mem->texts[i] != NULL)
			*place(&more, mem->texts[i]) = mem->texts[i];
	free(mem->texts);
	mem->texts = more.texts;
	mem->slots = more.slots;
	return 0;
}

const char *memory_text(struct model_memory *mem, const char *s)
{
	size_t len = strlen(s) + 1;
	const char **at;
	char *copy;

	if (make_room(mem) != 0)
		return NULL;
	at = place(mem, s);
	if (*at != NULL)
		return *at;
	copy = memory_take(mem, len);
	if (copy == NULL)
		return NULL;
	*at = memcpy(copy, s, len);
	mem->n_texts++;
	return copy;
}

void memory_seal(struct model_memory *mem)
{
	free(mem->texts);
	mem->texts = NULL;
	mem->slots = mem->n_texts = 0;
}
