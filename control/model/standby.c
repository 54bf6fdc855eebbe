/* SPDX-License-Identifier: BSD-3-Clause */
/* standby.c - policies that stand in for others; see standby.h. */
#include "control/model/standby.h"

#include <stdlib.h>
#include <string.h>

#include "control/model/model.h"
#include "control/model/policy_key.h"
#include "control/model/problem.h"
#include "control/model/templates.h"
#include "control/model/validate.h"

bool standby_is(const struct model_row *policy)
{
	return policy->values[POLICY_STANDBY].num != 0;
}

static void error(const struct model_row *row, struct problems *problems, const char *what)
{
	problems_error(problems, row->file, model_line(row, POLICY_STANDBY),
		       "/ip ipsec policy: standby: %s", what);
}

bool standby_pairs(const struct model_row *first, const struct model_row *row,
		   struct problems *problems)
{
	if (!standby_is(row))
		return false;
	if (first == NULL)
		error(row, problems,
		      "no earlier policy has the same addresses, ports and protocol");
	else if (standby_is(first))
		error(row, problems, "there is another standby for the same policy; one is all");
	else if (policy_action(first) != ABI_ACT_PROTECT || policy_action(row) != ABI_ACT_PROTECT)
		error(row, problems, "only action=encrypt stands in for action=encrypt");
	else if (first->values[POLICY_PEER].num == row->values[POLICY_PEER].num)
		error(row, problems, "the earlier policy has the same peer; it needs another one");
	return true;
}

/* Policies in force, sorted so that those of the same traffic are neighbours; key.row is the index
 * in plan->policies. */
static size_t collect(struct policy_key *keys, const struct model_row **rows, const struct model *m)
{
	const struct model_table *t = &m->table[MENU_POLICY];
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (!validate_active(&t->rows[i], POLICY_DISABLED) || templates_is(&t->rows[i]))
			continue;
		rows[n] = &t->rows[i];
		policy_key_make(&keys[n], &t->rows[i], (uint32_t)n);
		n++;
	}
	if (n > 1)
		qsort(keys, n, sizeof(*keys), policy_key_order);
	return n;
}

void standby_swap(struct model_plan *plan, struct plan_standby *s)
{
	struct abi_policy policy = plan->policies[s->first];
	char peer[IKE_CONF_NAME];

	memcpy(peer, plan->policy_peers[s->first], sizeof(peer));
	plan->policies[s->first] = plan->policies[s->second];
	plan->policies[s->second] = policy;
	memcpy(plan->policy_peers[s->first], plan->policy_peers[s->second], sizeof(peer));
	memcpy(plan->policy_peers[s->second], peer, sizeof(peer));
	s->swapped = !s->swapped;
}

/* A reload must not send through a tunnel that was left because it is down. */
static void keep_swapped(struct model_plan *plan, const struct model_plan *previous)
{
	for (size_t i = 0; previous != NULL && i < previous->n_standbys; i++) {
		const struct plan_standby *old = &previous->standbys[i];
		uint32_t in_use = previous->policies[old->first].policy_id;
		uint32_t meant = previous->policies[old->second].policy_id;

		for (size_t k = 0; old->swapped && k < plan->n_standbys; k++) {
			struct plan_standby *s = &plan->standbys[k];

			if (!s->swapped && plan->policies[s->second].policy_id == in_use &&
			    plan->policies[s->first].policy_id == meant) {
				standby_swap(plan, s);
				break;
			}
		}
	}
}

int standby_plan(struct model_plan *plan, const struct model *m, const struct model_plan *previous)
{
	size_t rows_n = m->table[MENU_POLICY].n, n;
	struct policy_key *keys = calloc(rows_n + 1, sizeof(*keys));
	const struct model_row **rows = calloc(rows_n + 1, sizeof(*rows));
	int rc = -1;

	plan->standbys = calloc(rows_n / 2 + 1, sizeof(*plan->standbys));
	if (!keys || !rows || !plan->standbys)
		goto out;
	n = collect(keys, rows, m);
	for (size_t i = 1; i < n; i++)
		if (standby_is(rows[keys[i].row]) &&
		    policy_key_same_traffic(&keys[i - 1], &keys[i]))
			plan->standbys[plan->n_standbys++] = (struct plan_standby){
				.first = keys[i - 1].row, .second = keys[i].row};
	keep_swapped(plan, previous);
	rc = 0;
out:
	free(keys);
	free(rows);
	return rc;
}
