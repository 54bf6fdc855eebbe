/* SPDX-License-Identifier: BSD-3-Clause */
/* retire.c - the queue of what waits for a grace period; see retire.h. */
#include "dataplane/retire.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_rcu_qsbr.h>

int retire_create(struct retire *r, struct rte_rcu_qsbr *rcu, uint32_t size)
{
	*r = (struct retire){.rcu = rcu, .size = size};
	r->items = calloc(size, sizeof(*r->items));
	return r->items ? 0 : -ENOMEM;
}

void retire_free(struct retire *r)
{
	free(r->items);
	r->items = NULL;
	r->size = r->used = 0;
}

bool retire_push(struct retire *r, struct retire_item item)
{
	if (r->used == r->size)
		return false;
	item.token = rte_rcu_qsbr_start(r->rcu);
	r->items[(r->first + r->used) % r->size] = item;
	r->used++;
	return true;
}

bool retire_pop_any(struct retire *r, struct retire_item *item)
{
	if (r->used == 0)
		return false;
	*item = r->items[r->first];
	r->first = (r->first + 1) % r->size;
	r->used--;
	return true;
}

bool retire_pop(struct retire *r, struct retire_item *item)
{
	if (r->used == 0 || rte_rcu_qsbr_check(r->rcu, r->items[r->first].token, false) != 1)
		return false;
	return retire_pop_any(r, item);
}
