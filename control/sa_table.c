/* SPDX-License-Identifier: BSD-3-Clause */
/* sa_table.c - slots, SPIs and pairs. */
#include "control/sa_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/secret.h"

#define BUCKETS	  4096u
#define SPI_TRIES 64u

struct slot {
	struct sa_pair *pair; /* NULL: free, or only reserved */
	uint32_t reserved;    /* the SPI it waits for, 1 for an outbound SA, 0 for none */
	uint32_t recent[SA_TABLE_HISTORY];
	uint8_t next_recent;
};

struct sa_table {
	const struct sa_table_ops *ops;
	void *ctx;
	uint32_t size, used, cursor;
	struct slot *slot;
	struct sa_pair_list all;
	LIST_HEAD(, sa_pair) bucket[BUCKETS];
};

struct sa_table *sa_table_new(uint32_t max_sas, const struct sa_table_ops *ops, void *ctx)
{
	struct sa_table *t;
	uint32_t start;

	if (!abi_is_pow2(max_sas, ABI_MAX_SAS_LIMIT)) {
		errno = EINVAL;
		return NULL;
	}
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	t->slot = calloc(max_sas, sizeof(*t->slot));
	if (t->slot == NULL || ops->random(ctx, &start, sizeof(start)) != 0) {
		free(t->slot);
		free(t);
		return NULL;
	}
	t->ops = ops;
	t->ctx = ctx;
	t->size = max_sas;
	t->cursor = start & (max_sas - 1);
	TAILQ_INIT(&t->all);
	return t;
}

void sa_table_free(struct sa_table *t)
{
	struct sa_pair *p;

	if (t == NULL)
		return;
	while ((p = TAILQ_FIRST(&t->all)) != NULL)
		sa_table_remove(t, p);
	free(t->slot);
	free(t);
}

uint32_t sa_table_size(const struct sa_table *t)
{
	return t->size;
}

uint32_t sa_table_used(const struct sa_table *t)
{
	return t->used;
}

static bool is_free(const struct slot *s)
{
	return s->pair == NULL && s->reserved == 0;
}

/* Next fit: the slot that has rested longest comes next. */
static uint32_t find_slot(struct sa_table *t)
{
	if (t->used >= t->size)
		return SA_TABLE_NONE;
	for (uint32_t i = 0; i < t->size; i++) {
		uint32_t at = (t->cursor + i) & (t->size - 1);

		if (is_free(&t->slot[at]) && t->ops->slot_free(t->ctx, at)) {
			t->cursor = at + 1;
			return at;
		}
	}
	return SA_TABLE_NONE;
}

static bool was_recent(const struct slot *s, uint32_t spi)
{
	for (unsigned int i = 0; i < SA_TABLE_HISTORY; i++)
		if (s->recent[i] == spi)
			return true;
	return false;
}

static void remember(struct slot *s, uint32_t spi)
{
	s->recent[s->next_recent] = spi;
	s->next_recent = (uint8_t)((s->next_recent + 1) % SA_TABLE_HISTORY);
}

uint32_t sa_table_take_spi(struct sa_table *t)
{
	uint32_t at = find_slot(t);
	struct slot *s;

	if (at == SA_TABLE_NONE)
		return 0;
	s = &t->slot[at];
	for (unsigned int try = 0; try < SPI_TRIES; try++) {
		uint32_t r, spi;

		if (t->ops->random(t->ctx, &r, sizeof(r)) != 0)
			return 0;
		spi = (r & ~(t->size - 1)) | at;
		if (spi < ABI_SPI_MIN || was_recent(s, spi))
			continue;
		remember(s, spi);
		s->reserved = spi;
		t->used++;
		return spi;
	}
	return 0;
}

uint32_t sa_table_take_slot(struct sa_table *t)
{
	uint32_t at = find_slot(t);

	if (at == SA_TABLE_NONE)
		return at;
	t->slot[at].reserved = 1;
	t->used++;
	return at;
}

void sa_table_release_spi(struct sa_table *t, uint32_t spi)
{
	struct slot *s = &t->slot[spi & (t->size - 1)];

	if (s->reserved != spi || spi < ABI_SPI_MIN)
		return;
	s->reserved = 0;
	t->used--;
}

void sa_table_release_slot(struct sa_table *t, uint32_t slot)
{
	if (slot >= t->size || t->slot[slot].reserved == 0)
		return;
	t->slot[slot].reserved = 0;
	t->used--;
}

static size_t bucket_of(uint64_t token)
{
	return (size_t)((token * 0x9e3779b97f4a7c15ull) >> 52) % BUCKETS;
}

struct sa_pair *sa_table_find(const struct sa_table *t, uint64_t token)
{
	struct sa_pair *p;

	if (token == 0)
		return NULL;
	LIST_FOREACH(p, &t->bucket[bucket_of(token)], by_token)
	if (p->token == token)
		return p;
	return NULL;
}

struct sa_pair *sa_table_add(struct sa_table *t, uint64_t token, uint32_t policy_id)
{
	struct sa_pair *p;
	uint32_t nonce;

	if (sa_table_find(t, token) != NULL) {
		errno = EEXIST;
		return NULL;
	}
	if (t->ops->random(t->ctx, &nonce, sizeof(nonce)) != 0) {
		errno = EIO;
		return NULL;
	}
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return NULL;
	p->token = token;
	p->policy_id = policy_id;
	p->cookie = sa_table_cookie(policy_id, nonce);
	TAILQ_INSERT_TAIL(&t->all, p, link);
	if (token != 0)
		LIST_INSERT_HEAD(&t->bucket[bucket_of(token)], p, by_token);
	return p;
}

int sa_table_set_ranges(struct sa_pair *p, const struct abi_range *local, uint16_t n_local,
			const struct abi_range *remote, uint16_t n_remote)
{
	struct abi_range *ranges = calloc((size_t)n_local + n_remote + 1, sizeof(*ranges));

	if (ranges == NULL)
		return -ENOMEM;
	memcpy(ranges, local, n_local * sizeof(*ranges));
	memcpy(ranges + n_local, remote, n_remote * sizeof(*ranges));
	free(p->ranges);
	p->ranges = ranges;
	p->n_local = n_local;
	p->n_remote = n_remote;
	return 0;
}

int sa_table_bind(struct sa_table *t, struct sa_pair *p, struct sa_half *h)
{
	struct slot *s;

	if (h->add.slot >= t->size)
		return -ERANGE;
	s = &t->slot[h->add.slot];
	if (s->pair != NULL)
		return -EEXIST;
	if (s->reserved == 0)
		t->used++;
	s->reserved = 0;
	s->pair = p;
	return 0;
}

static void unbind(struct sa_table *t, const struct sa_pair *p, const struct sa_half *h)
{
	if (!sa_half_exists(h) || h->add.slot >= t->size || t->slot[h->add.slot].pair != p)
		return;
	t->slot[h->add.slot].pair = NULL;
	t->used--;
}

void sa_table_set_token(struct sa_table *t, struct sa_pair *p, uint64_t token)
{
	sa_table_forget_token(t, p);
	p->token = token;
	LIST_INSERT_HEAD(&t->bucket[bucket_of(token)], p, by_token);
}

void sa_table_forget_token(struct sa_table *t, struct sa_pair *p)
{
	(void)t;
	if (p->token != 0)
		LIST_REMOVE(p, by_token);
	p->token = 0;
}

void sa_table_remove(struct sa_table *t, struct sa_pair *p)
{
	unbind(t, p, &p->in);
	unbind(t, p, &p->out);
	TAILQ_REMOVE(&t->all, p, link);
	sa_table_forget_token(t, p);
	secret_free(p->in.keys);
	secret_free(p->out.keys);
	free(p->ranges);
	free(p);
}

struct sa_pair *sa_table_at(const struct sa_table *t, uint32_t slot, struct sa_half **half)
{
	struct sa_pair *p = slot < t->size ? t->slot[slot].pair : NULL;

	if (p == NULL)
		return NULL;
	*half = sa_half_exists(&p->in) && p->in.add.slot == slot ? &p->in : &p->out;
	return p;
}

struct sa_pair_list *sa_table_all(struct sa_table *t)
{
	return &t->all;
}

static bool place_inbound(struct sa_table *t, struct sa_pair *p)
{
	if (!sa_half_exists(&p->in))
		return true;
	p->in.add.slot = p->in.add.spi & (t->size - 1);
	return sa_table_bind(t, p, &p->in) == 0;
}

static bool place_outbound(struct sa_table *t, struct sa_pair *p)
{
	if (!sa_half_exists(&p->out))
		return true;
	p->out.add.slot = find_slot(t);
	return p->out.add.slot != SA_TABLE_NONE && sa_table_bind(t, p, &p->out) == 0;
}

int sa_table_resize(struct sa_table *t, uint32_t max_sas,
		    void (*lost)(void *ctx, struct sa_pair *p), void *ctx)
{
	struct slot *fresh = calloc(max_sas, sizeof(*fresh));
	struct sa_pair *p, *next;

	if (fresh == NULL)
		return -ENOMEM;
	free(t->slot);
	t->slot = fresh;
	t->size = max_sas;
	t->used = 0;
	t->cursor &= max_sas - 1;
	/* inbound first: they have no choice */
	for (p = TAILQ_FIRST(&t->all); p != NULL; p = next) {
		next = TAILQ_NEXT(p, link);
		if (!place_inbound(t, p)) {
			p->in.add.msg.type = p->out.add.msg.type = 0;
			lost(ctx, p);
		}
	}
	for (p = TAILQ_FIRST(&t->all); p != NULL; p = next) {
		next = TAILQ_NEXT(p, link);
		if (!place_outbound(t, p)) {
			p->out.add.msg.type = 0;
			lost(ctx, p);
		}
	}
	return 0;
}
