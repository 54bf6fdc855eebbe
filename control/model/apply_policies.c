/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * apply_policies.c - policies for the data plane, and their ids.
 *
 * An id outlives reloads and restarts, because SAs and counters hang on it: it is a hash of what
 * the policy is, moved on where two hash alike. What the plan in force has already given out is
 * taken over first, so that reordering the file cannot swap two that collided.
 */
#include <stdlib.h>
#include <string.h>

#include "control/model/addr.h"
#include "control/model/apply_ipsec.h"
#include "control/model/model.h"
#include "control/model/policy_key.h"
#include "control/model/selectors.h"
#include "control/model/templates.h"
#include "control/model/transport.h"
#include "control/model/validate.h"

struct draft {
	struct policy_key key;
	uint32_t hash;
	uint32_t id;
};

struct drafts {
	struct draft *list;
	size_t n;
	uint32_t *used; /* open addressing, 0 = free */
	size_t slots;	/* a power of two, more than twice what it holds */
};

static bool take(struct drafts *d, uint32_t id)
{
	size_t i = id & (d->slots - 1);

	for (; d->used[i]; i = (i + 1) & (d->slots - 1))
		if (d->used[i] == id)
			return false;
	d->used[i] = id;
	return true;
}

static bool same_policy(const struct abi_policy *old, const char *old_peer, const struct draft *d)
{
	return old->action == d->key.action &&
	       memcmp(&old->local, &d->key.local, sizeof(old->local)) == 0 &&
	       memcmp(&old->remote, &d->key.remote, sizeof(old->remote)) == 0 &&
	       strcmp(old_peer, d->key.peer) == 0;
}

static int by_hash(const void *a, const void *b)
{
	const struct draft *const *x = a, *const *y = b;

	return ((*x)->hash > (*y)->hash) - ((*x)->hash < (*y)->hash);
}

/* Ids of the plan in force: a policy that is still there keeps its own. */
static int take_over(struct drafts *d, const struct model_plan *previous)
{
	const struct draft **sorted = calloc(d->n + 1, sizeof(*sorted));

	if (!sorted)
		return -1;
	for (size_t i = 0; i < d->n; i++)
		sorted[i] = &d->list[i];
	if (d->n)
		qsort(sorted, d->n, sizeof(*sorted), by_hash);
	for (size_t i = 0; previous && i < previous->n_policies; i++) {
		const struct abi_policy *old = &previous->policies[i];
		struct policy_key key = {.local = old->local,
					 .remote = old->remote,
					 .action = old->action,
					 .peer = previous->policy_peers[i]};
		struct draft probe = {.hash = policy_key_hash(&key)}, *probe_p = &probe;
		const struct draft **hit = NULL;

		if (d->n)
			hit = bsearch(&probe_p, sorted, d->n, sizeof(*sorted), by_hash);
		while (hit && hit > sorted && hit[-1]->hash == probe.hash)
			hit--;
		for (; hit && hit < sorted + d->n && (*hit)->hash == probe.hash; hit++) {
			struct draft *mine = &d->list[*hit - d->list];

			if (!mine->id && same_policy(old, key.peer, mine) &&
			    take(d, old->policy_id))
				mine->id = old->policy_id;
		}
	}
	free(sorted);
	return 0;
}

static int number(struct drafts *d, const struct model_plan *previous)
{
	for (d->slots = 64; d->slots < 4 * d->n; d->slots *= 2)
		;
	d->used = calloc(d->slots, sizeof(*d->used));
	if (!d->used || take_over(d, previous))
		return -1;
	for (size_t i = 0; i < d->n; i++) {
		uint32_t id = d->list[i].hash & ~PLAN_ID_GENERATED;

		while (!d->list[i].id) {
			if (id && take(d, id))
				d->list[i].id = id;
			id = (id + 1) & ~PLAN_ID_GENERATED;
		}
	}
	return 0;
}

/* Policies that share one pair of SAs have one id, that of the first. */
static int share(struct drafts *d, const struct model *m)
{
	uint32_t *leader = selectors_leaders(m);
	uint32_t *id = calloc(m->table[MENU_POLICY].n + 1, sizeof(*id));

	for (size_t i = 0; leader && id && i < d->n; i++)
		id[d->list[i].key.row] = d->list[i].id;
	for (size_t i = 0; leader && id && i < d->n; i++)
		d->list[i].id = id[leader[d->list[i].key.row]];
	free(id);
	free(leader);
	return leader && id ? 0 : -1;
}

static void fill(struct abi_policy *p, const struct model *m, const struct model_row *row,
		 const struct draft *d)
{
	const struct value *v = row->values;
	const struct model_row *peer;

	*p = (struct abi_policy){
		.policy_id = d->id,
		.action = d->key.action,
		.mode = transport_is(row) ? ABI_MODE_TRANSPORT : ABI_MODE_TUNNEL,
		.local = d->key.local,
		.remote = d->key.remote,
	};
	if (p->action != ABI_ACT_PROTECT)
		return;
	if (validate_policy_allows_clear(row))
		p->flags = ABI_POL_F_ALLOW_CLEAR;
	peer = &m->table[MENU_PEER].rows[v[POLICY_PEER].num];
	p->tunnel_local = apply_local(m, peer);
	if (peer->values[PEER_ADDRESS].prefix_len == addr_bits(&peer->values[PEER_ADDRESS].addr))
		p->tunnel_remote = peer->values[PEER_ADDRESS].addr;
}

/* A policy whose peer is disabled stays: its packets wait or drop, they do not leave in clear. */
int apply_policies(struct model_plan *plan, const struct model *m,
		   const struct model_plan *previous)
{
	const struct model_table *t = &m->table[MENU_POLICY];
	struct drafts d = {.list = calloc(t->n + 1, sizeof(*d.list))};
	int rc = -1;

	plan->policies = calloc(t->n + 1, sizeof(*plan->policies));
	plan->policy_peers = calloc(t->n + 1, sizeof(*plan->policy_peers));
	plan->policy_ids = calloc(t->n + 1, sizeof(*plan->policy_ids));
	plan->templates = calloc(t->n + 1, sizeof(*plan->templates));
	if (!plan->templates || !d.list || !plan->policies || !plan->policy_peers ||
	    !plan->policy_ids)
		goto out;
	for (size_t i = 0; i < t->n; i++) {
		if (templates_is(&t->rows[i]))
			plan->templates[plan->n_templates++] = (struct plan_template){
				.id = templates_id(m, &t->rows[i]), .before = d.n};
		if (!validate_active(&t->rows[i], POLICY_DISABLED) || templates_is(&t->rows[i]))
			continue;
		policy_key_make(&d.list[d.n].key, &t->rows[i], (uint32_t)i);
		d.list[d.n].hash = policy_key_hash(&d.list[d.n].key);
		d.n++;
	}
	if (number(&d, previous))
		goto out;
	plan->n_policy_ids = t->n;
	if (share(&d, m))
		goto out;
	for (size_t i = 0; i < d.n; i++) {
		const struct draft *one = &d.list[i];

		fill(&plan->policies[i], m, &t->rows[one->key.row], one);
		plan->policy_ids[one->key.row] = one->id;
		strncpy(plan->policy_peers[i], one->key.peer, IKE_CONF_NAME - 1);
	}
	plan->n_policies = d.n;
	rc = 0;
out:
	free(d.list);
	free(d.used);
	return rc;
}
