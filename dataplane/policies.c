/* SPDX-License-Identifier: BSD-3-Clause */
/* policies.c - receives generations of policies and keeps their indices; see policies.h. */
#include "dataplane/policies.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/check.h"

int policies_create(struct policies *p, uint32_t max)
{
	*p = (struct policies){.max = max};
	p->taken = calloc(max, sizeof(*p->taken));
	p->id = calloc(max, sizeof(*p->id));
	p->live = calloc(max, sizeof(*p->live));
	p->records = calloc(max, sizeof(*p->records));
	p->index = calloc(max, sizeof(*p->index));
	p->next = calloc(max, sizeof(*p->next));
	if (p->taken && p->id && p->live && p->records && p->index && p->next)
		return 0;
	policies_free(p);
	return -ENOMEM;
}

void policies_free(struct policies *p)
{
	free(p->taken);
	free(p->id);
	free(p->live);
	free(p->records);
	free(p->index);
	free(p->next);
	*p = (struct policies){0};
}

uint16_t policies_begin(struct policies *p, uint32_t generation, uint32_t count)
{
	p->open = false;
	if (count > p->max)
		return ABI_ERR_NO_SPACE;
	p->open = true;
	p->generation = generation;
	p->count = count;
	p->got = 0;
	return ABI_OK;
}

uint16_t policies_add(struct policies *p, const struct abi_policy *record, uint32_t *detail)
{
	uint16_t status;

	if (!p->open || record->generation != p->generation || p->got == p->count)
		return ABI_ERR_SEQUENCE;
	status = check_policy(record, detail);
	if (status == ABI_OK)
		p->records[p->got++] = *record;
	return status;
}

uint16_t policies_check_commit(struct policies *p, uint32_t generation, uint32_t count)
{
	bool ok = p->open && generation == p->generation && count == p->count && p->got == count;

	p->open = false;
	return ok ? ABI_OK : ABI_ERR_SEQUENCE;
}

static int by_id(const void *a, const void *b)
{
	const struct policies_entry *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

uint32_t policies_index(const struct policies *p, uint32_t id)
{
	const struct policies_entry key = {.id = id};
	const struct policies_entry *e = bsearch(&key, p->live, p->n_live, sizeof(*p->live), by_id);

	return e ? e->index : POLICIES_NONE;
}

static uint32_t next_free(const struct policies *p, uint32_t from)
{
	while (from < p->max && p->taken[from])
		from++;
	return from;
}

static int by_id_and_record(const void *a, const void *b)
{
	const struct policies_entry *x = a, *y = b;

	return x->id != y->id ? by_id(a, b) : (x->index > y->index) - (x->index < y->index);
}

/* Two records of one policy: the same SA protects both. */
static bool one_policy(const struct abi_policy *a, const struct abi_policy *b)
{
	return a->action == ABI_ACT_PROTECT && b->action == ABI_ACT_PROTECT && a->mode == b->mode &&
	       a->flags == b->flags &&
	       memcmp(&a->tunnel_local, &b->tunnel_local, sizeof(a->tunnel_local)) == 0 &&
	       memcmp(&a->tunnel_remote, &b->tunnel_remote, sizeof(a->tunnel_remote)) == 0;
}

uint16_t policies_assign(struct policies *p, uint32_t *detail)
{
	uint32_t free_index = next_free(p, 0), n = 0, first = 0;

	for (uint32_t i = 0; i < p->got; i++)
		p->next[i] = (struct policies_entry){.id = p->records[i].policy_id, .index = i};
	qsort(p->next, p->got, sizeof(*p->next), by_id_and_record);
	for (uint32_t i = 0; i < p->got; i++) {
		uint32_t record = p->next[i].index, id = p->next[i].id;

		if (n == 0 || p->next[n - 1].id != id) {
			uint32_t index = policies_index(p, id);

			if (index == POLICIES_NONE) {
				if (free_index == p->max)
					return ABI_ERR_NO_SPACE;
				index = free_index;
				free_index = next_free(p, free_index + 1);
			}
			p->next[n++] = (struct policies_entry){.id = id, .index = index};
			first = record;
		} else if (!one_policy(&p->records[first], &p->records[record])) {
			*detail = record;
			return ABI_ERR_FIELD;
		}
		p->index[record] = p->next[n - 1].index;
	}
	p->n_next = n;
	return ABI_OK;
}

void policies_accept(struct policies *p, void (*gone)(void *ctx, uint32_t index), void *ctx)
{
	struct policies_entry *old = p->live;

	for (uint32_t i = 0; i < p->n_live; i++)
		if (!bsearch(&old[i], p->next, p->n_next, sizeof(*p->next), by_id)) {
			p->id[old[i].index] = 0;
			gone(ctx, old[i].index);
		}
	p->live = p->next;
	p->n_live = p->n_next;
	p->next = old;
	for (uint32_t i = 0; i < p->n_live; i++) {
		p->taken[p->live[i].index] = true;
		p->id[p->live[i].index] = p->live[i].id;
	}
}

void policies_release(struct policies *p, uint32_t index)
{
	p->taken[index] = false;
}
