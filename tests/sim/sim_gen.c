/* SPDX-License-Identifier: BSD-3-Clause */
/* sim_gen.c - what a data plane holds of generated policies; see sim.h. */
#include <assert.h>
#include <string.h>

#include "tests/sim/sim_priv.h"

static bool is_used(const struct sim_node *n, uint32_t id)
{
	for (size_t i = 0; i < n->conf.n_children; i++)
		if (n->conf.children[i].policy_id == id)
			return true;
	for (int i = 0; i < SIM_GENERATED; i++)
		if (n->generated[i].id == id)
			return true;
	return false;
}

/* The lowest id that is free, so that both nodes have the same ones. */
uint32_t sim_policy_add(void *ctx, const struct ike_generated *what)
{
	struct sim_node *n = ctx;
	uint32_t id = SIM_POLICY(0);
	unsigned max = n->max_generated != 0 ? n->max_generated : SIM_GENERATED;

	assert(strcmp(what->peer, n->conf.name) == 0);
	for (unsigned i = 0; i < max; i++) {
		if (n->generated[i].id != 0)
			continue;
		if (what->conf->policy_id != 0)
			id = what->conf->policy_id;
		assert(what->conf->policy_id == 0 || !is_used(n, id));
		while (is_used(n, id))
			id++;
		n->generated[i] = (struct sim_generated){id, what->template_id, *what->conf,
							 *ike_child_more(what->conf)};
		n->generated[i].conf.more = &n->generated[i].more;
		n->n_generated++;
		n->generations++;
		return id;
	}
	return 0;
}

void sim_policy_remove(void *ctx, uint32_t policy_id)
{
	struct sim_node *n = ctx;

	for (int i = 0; i < SIM_PAIRS; i++)
		assert(!n->pairs[i].used || n->pairs[i].sa.policy_id != policy_id);
	for (int i = 0; i < SIM_GENERATED; i++) {
		if (n->generated[i].id != policy_id)
			continue;
		memset(&n->generated[i], 0, sizeof(n->generated[i]));
		n->n_generated--;
		return;
	}
	assert(!"no such policy");
}
