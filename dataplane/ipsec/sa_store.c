/* SPDX-License-Identifier: BSD-3-Clause */
/* sa_store.c - see sa_store.h. */
#include "dataplane/ipsec/sa_store.h"

#include <stdint.h>
#include <string.h>

#include <rte_common.h>
#include <rte_malloc.h>

#include "dataplane/arena.h"

#define LINE	    64u
#define HEAP_HEADER 128u /* of rte_malloc: so that pieces lie next to each other, too */
#define PIECE_BYTES (SA_STORE_PIECE - HEAP_HEADER)
#define USED_WORDS  16u /* as many bits as a piece has lines */

/* On a border of SA_STORE_PIECE, so that what lies in it leads to it. */
struct sa_piece {
	_Alignas(LINE) struct sa_store *store;
	struct sa_piece *next; /* of those with room */
	struct sa_piece *before;
	uint32_t each; /* bytes */
	uint32_t room; /* how many there are places for */
	uint32_t n;    /* how many are taken */
	uint64_t used[USED_WORDS];
	_Alignas(LINE) uint8_t place[];
};
_Static_assert(PIECE_BYTES / LINE <= USED_WORDS * 64, "a bit for each place");
_Static_assert(SA_STORE_MAX < PIECE_BYTES - sizeof(struct sa_piece), "one fits");

static struct sa_piece **list_of(struct sa_store *st, size_t each)
{
	return &st->open[each / LINE % SA_STORE_CLASSES];
}

static void link_piece(struct sa_piece *p)
{
	struct sa_piece **list = list_of(p->store, p->each);

	p->before = NULL;
	p->next = *list;
	if (p->next != NULL)
		p->next->before = p;
	*list = p;
}

static void unlink_piece(struct sa_piece *p)
{
	if (p->next != NULL)
		p->next->before = p->before;
	if (p->before != NULL)
		p->before->next = p->next;
	else
		*list_of(p->store, p->each) = p->next;
}

static struct sa_piece *piece_make(struct sa_store *st, uint32_t each, int socket)
{
	struct sa_piece *p = arena_zmalloc("sas", PIECE_BYTES, SA_STORE_PIECE, socket);

	if (p == NULL)
		return NULL;
	p->store = st;
	p->each = each;
	p->room = (uint32_t)((PIECE_BYTES - sizeof(*p)) / each);
	link_piece(p);
	return p;
}

/* A place of a piece that has one. */
static uint32_t place_find(const struct sa_piece *p)
{
	uint32_t word = 0;

	while (p->used[word] == UINT64_MAX)
		word++;
	return word * 64 + (uint32_t)__builtin_ctzll(~p->used[word]);
}

void *sa_store_take(struct sa_store *st, size_t bytes, int socket)
{
	uint32_t each = (uint32_t)RTE_ALIGN_CEIL(bytes, (size_t)LINE), at;
	struct sa_piece *p;

	if (bytes == 0 || bytes > SA_STORE_MAX)
		return NULL;
	p = *list_of(st, each);
	while (p != NULL && p->each != each)
		p = p->next;
	if (p == NULL)
		p = piece_make(st, each, socket);
	if (p == NULL)
		return NULL;
	at = place_find(p);
	p->used[at / 64] |= 1ull << (at % 64);
	if (++p->n == p->room)
		unlink_piece(p);
	return memset(p->place + (size_t)at * each, 0, each);
}

void sa_store_give(void *place)
{
	struct sa_piece *p = (struct sa_piece *)RTE_PTR_ALIGN_FLOOR(place, SA_STORE_PIECE);
	uint32_t at;

	if (place == NULL)
		return;
	at = (uint32_t)((size_t)((uint8_t *)place - p->place) / p->each);
	p->used[at / 64] &= ~(1ull << (at % 64));
	if (p->n-- == p->room)
		link_piece(p);
	if (p->n != 0)
		return;
	unlink_piece(p);
	rte_free(p);
}
