/* SPDX-License-Identifier: BSD-3-Clause */
/* conf.c - further selectors of a child SA; see conf.h. */
#include "control/ike/conf.h"

#include <errno.h>
#include <stdlib.h>

int ike_child_own_more(struct ike_child_conf *c, const struct ike_child_more *more)
{
	struct ike_child_more *own = NULL;

	if (more != NULL && (more->n_local | more->n_remote | more->n_use_local)) {
		own = malloc(sizeof(*own));
		if (own == NULL)
			return -ENOMEM;
		*own = *more;
	}
	c->more = own;
	return 0;
}

void ike_child_free_more(struct ike_child_conf *c)
{
	free((void *)(uintptr_t)c->more);
	c->more = NULL;
}
