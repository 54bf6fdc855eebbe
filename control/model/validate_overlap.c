/* SPDX-License-Identifier: BSD-3-Clause */
/* validate_overlap.c - policies of one peer that cover packets of each other, each with its SA. */
#include <stdlib.h>
#include <string.h>

#include "control/model/model.h"
#include "control/model/policy_key.h"
#include "control/model/problem.h"
#include "control/model/selectors.h"
#include "control/model/templates.h"
#include "control/model/validate.h"

#define OVERLAP_MAX 256u /* policies of one peer that are compared, each with each */

struct overlap {
	struct policy_key key;
	uint64_t peer;
};

static int order(const void *a, const void *b)
{
	const struct overlap *x = a, *y = b;

	if (x->peer != y->peer)
		return x->peer < y->peer ? -1 : 1;
	return (x->key.row > y->key.row) - (x->key.row < y->key.row);
}

static bool meet(const struct abi_range *a, const struct abi_range *b)
{
	return a->family == b->family &&
	       (a->protocol == b->protocol || a->protocol == 0 || b->protocol == 0) &&
	       a->port_lo <= b->port_hi && b->port_lo <= a->port_hi &&
	       memcmp(a->lo, b->hi, sizeof(a->lo)) <= 0 && memcmp(b->lo, a->hi, sizeof(b->lo)) <= 0;
}

/* Policies that have an SA of their own, those of a peer together. NULL: no memory. */
static struct overlap *collect(const struct model *m, size_t *n)
{
	const struct model_table *t = &m->table[MENU_POLICY];
	struct overlap *list = calloc(t->n + 1, sizeof(*list));

	*n = 0;
	for (size_t i = 0; list != NULL && i < t->n; i++) {
		const struct value *v = t->rows[i].values;
		const struct model_row *peer;

		if (!validate_active(&t->rows[i], POLICY_DISABLED) || !v[POLICY_PEER].set ||
		    policy_action(&t->rows[i]) != ABI_ACT_PROTECT || templates_is(&t->rows[i]))
			continue;
		peer = &m->table[MENU_PEER].rows[v[POLICY_PEER].num];
		if (peer->broken || selectors_mode(peer) != SELECTORS_PER_PAIR)
			continue;
		list[*n].peer = v[POLICY_PEER].num;
		policy_key_make(&list[(*n)++].key, &t->rows[i], (uint32_t)i);
	}
	if (*n > 1)
		qsort(list, *n, sizeof(*list), order);
	return list;
}

/* One line is enough for a peer. */
static void check_peer(const struct model *m, const struct overlap *of, size_t n,
		       struct problems *problems)
{
	const struct model_row *rows = m->table[MENU_POLICY].rows;

	for (size_t i = 1; i < n; i++) {
		for (size_t k = 0; k < i; k++) {
			const struct model_row *row = &rows[of[i].key.row];

			if (!meet(&of[i].key.local, &of[k].key.local) ||
			    !meet(&of[i].key.remote, &of[k].key.remote) ||
			    policy_key_same_traffic(&of[i].key, &of[k].key))
				continue;
			problems_warn(
				problems, row->file, row->line,
				"/ip ipsec policy: it overlaps with the one in line %u of "
				"the same peer, \"%s\": what both cover goes through the SA of the "
				"first, and at the peer perhaps through the other's (Tencent's "
				"gateways refuse mappings that overlap)",
				rows[of[k].key.row].line,
				m->table[MENU_PEER].rows[of[i].peer].values[PEER_NAME].text);
			return;
		}
	}
}

void validate_overlap(const struct model *m, struct problems *problems)
{
	size_t n, lo, hi;
	struct overlap *list = collect(m, &n);

	for (lo = 0; list != NULL && lo < n; lo = hi) {
		for (hi = lo; hi < n && list[hi].peer == list[lo].peer;)
			hi++;
		check_peer(m, list + lo, hi - lo < OVERLAP_MAX ? hi - lo : OVERLAP_MAX, problems);
	}
	free(list);
}
