/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * standby_io.c - which of two tunnels carries the traffic of a policy with a standby: the first one
 * while it is fit, else the second one while that is. A tunnel is fit with an SA pair, unless a
 * host behind it is watched (/tool netwatch, peer=) and does not answer. The data plane sends
 * through the policy that stands first, so the two change places.
 */
#include <string.h>

#include "control/children.h"
#include "control/gateway.h"
#include "control/log.h"

#define LOOK  100000000ull  /* ns between two looks */
#define QUIET 1000000000ull /* ns that a choice stands at least */

static bool has_pair(struct gateway *g, uint32_t policy_id)
{
	struct sa_table *t = children_table(g->children);
	struct sa_pair *p;

	if (t == NULL)
		return false;
	TAILQ_FOREACH (p, sa_table_all(t), link)
		if (p->policy_id == policy_id && p->state == SA_PAIR_READY)
			return true;
	return false;
}

static bool answers(const struct gateway *g, const char *peer)
{
	for (size_t i = 0; i < g->netwatch.n; i++) {
		const struct netwatch_row *r = &g->netwatch.rows[i];

		if (r->conf.probe && r->state == NETWATCH_DOWN && strcmp(r->conf.peer, peer) == 0)
			return false;
	}
	return true;
}

static bool is_fit(struct gateway *g, size_t policy)
{
	const struct model_plan *plan = g->setup.plan;

	return answers(g, plan->policy_peers[policy]) &&
	       has_pair(g, plan->policies[policy].policy_id);
}

static void swap(struct model_plan *plan, struct plan_standby *s)
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

/* Should the two change places? The first of the plan is the second one while they are swapped. */
static bool is_due(struct gateway *g, const struct plan_standby *s)
{
	bool in_use = is_fit(g, s->first), other = is_fit(g, s->second);

	/* Back to the one that is meant as soon as it is fit; away from it only to one that is. */
	return s->swapped ? other : !in_use && other;
}

void standby_io_tick(struct gateway *g)
{
	struct model_plan *plan = g->setup.plan;
	const char *from = NULL, *to = NULL;
	size_t n = 0;

	if (plan->n_standbys == 0 || g->has_pending || g->now < plan->standby_look)
		return;
	plan->standby_look = g->now + LOOK;
	for (size_t i = 0; i < plan->n_standbys; i++) {
		struct plan_standby *s = &plan->standbys[i];

		if (g->now < s->quiet || !is_due(g, s))
			continue;
		swap(plan, s);
		s->quiet = g->now + QUIET;
		to = plan->policy_peers[s->first];
		from = plan->policy_peers[s->second];
		n++;
	}
	if (n == 0)
		return;
	log_notice(&log_ipsec, "%zu policies of %s go through %s now", n, from, to);
	g->generated.changed = true; /* the data plane gets all of them anew */
	g->generated.due = g->now;
}
