/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * standby_io.c - which of two tunnels carries the traffic of a policy with a standby: the first one
 * while it is fit, else the second one while that is. A tunnel is fit with an SA pair, unless a
 * host behind it is watched (/tool netwatch, peer=) and does not answer. The data plane sends
 * through the policy that stands first, so the two change places. It says in which order they stand
 * (abi_policy_status.place): a control that is started anew begins with that, as it knows no better
 * until the hosts have answered, or not.
 */
#include <stdlib.h>
#include <string.h>

#include "control/children.h"
#include "control/gateway.h"
#include "control/log.h"
#include "control/model/standby.h"

#define LOOK  100000000ull  /* ns between two looks */
#define QUIET 1000000000ull /* ns that a choice stands at least */

struct ready {
	uint32_t *ids; /* of policies with an SA pair, sorted */
	size_t n;
};

static int by_id(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* One pass for all: with thousands of tunnels one for each would take all the time there is. */
static bool collect(struct gateway *g, struct ready *out)
{
	struct sa_table *t = children_table(g->children);
	struct sa_pair *p;
	size_t n = 0;

	if (t == NULL)
		return false;
	TAILQ_FOREACH (p, sa_table_all(t), link)
		n += p->state == SA_PAIR_READY;
	*out = (struct ready){.ids = calloc(n + 1, sizeof(*out->ids))};
	if (out->ids == NULL)
		return false;
	TAILQ_FOREACH (p, sa_table_all(t), link)
		if (p->state == SA_PAIR_READY)
			out->ids[out->n++] = p->policy_id;
	qsort(out->ids, out->n, sizeof(*out->ids), by_id);
	return true;
}

static bool has_pair(const struct ready *ready, uint32_t policy_id)
{
	return bsearch(&policy_id, ready->ids, ready->n, sizeof(*ready->ids), by_id) != NULL;
}

/* Of a host that was not heard of yet, nor has missed enough, this is believed: */
enum doubt { IS_FIT, IS_UNFIT };

static bool answers(const struct gateway *g, const char *peer, enum doubt doubt)
{
	for (size_t i = 0; i < g->netwatch.n; i++) {
		const struct netwatch_row *r = &g->netwatch.rows[i];

		if (r->conf.probe && strcmp(r->conf.peer, peer) == 0 &&
		    (r->state == NETWATCH_DOWN ||
		     (r->state == NETWATCH_UNKNOWN && doubt == IS_UNFIT)))
			return false;
	}
	return true;
}

static bool is_fit(const struct gateway *g, const struct ready *ready, size_t policy,
		   enum doubt doubt)
{
	const struct model_plan *plan = g->setup.plan;

	return answers(g, plan->policy_peers[policy], doubt) &&
	       has_pair(ready, plan->policies[policy].policy_id);
}

/* Should the two change places? The first of the plan is the second one while they are swapped. */
static bool is_due(const struct gateway *g, const struct ready *ready, const struct plan_standby *s)
{
	/* Back to the one that is meant as soon as it is known to be fit (it was left because it
	 * was not); away from it only to one that is. */
	if (s->swapped)
		return is_fit(g, ready, s->second, IS_UNFIT);
	return !is_fit(g, ready, s->first, IS_FIT) && is_fit(g, ready, s->second, IS_FIT);
}

static void tell(size_t n, const char *from, const char *to)
{
	log_notice(&log_ipsec, "%zu policies of %s go through %s now", n, from, to);
}

/* All that is due; says so for each two tunnels, whose policies lie side by side. How many. */
static size_t swap_due(struct gateway *g, const struct ready *ready)
{
	struct model_plan *plan = g->setup.plan;
	const char *from = "", *to = "";
	size_t n = 0, said = 0;

	for (size_t i = 0; i < plan->n_standbys; i++) {
		struct plan_standby *s = &plan->standbys[i];

		if (g->now < s->quiet || !is_due(g, ready, s))
			continue;
		standby_swap(plan, s);
		s->quiet = g->now + QUIET;
		if (n != said && (strcmp(to, plan->policy_peers[s->first]) != 0 ||
				  strcmp(from, plan->policy_peers[s->second]) != 0)) {
			tell(n - said, from, to);
			said = n;
		}
		to = plan->policy_peers[s->first];
		from = plan->policy_peers[s->second];
		n++;
	}
	if (n != said)
		tell(n - said, from, to);
	return n;
}

void standby_io_tick(struct gateway *g)
{
	struct model_plan *plan = g->setup.plan;
	struct ready ready;
	size_t n;

	if (plan->n_standbys == 0 || g->has_pending || g->now < plan->standby_look)
		return;
	plan->standby_look = g->now + LOOK;
	if (!collect(g, &ready))
		return;
	n = swap_due(g, &ready);
	free(ready.ids);
	if (n == 0)
		return;
	g->generated.changed = true; /* the data plane gets all of them anew */
	g->generated.due = g->now;
}

/* --- a control of before --- */

struct placed {
	uint32_t id; /* first: by_id() */
	uint32_t place;
};

/* Policies of the table in force, sorted; NULL: none. */
static struct placed *read_places(const struct segmap *m, size_t *n)
{
	struct placed *list = NULL;
	struct abi_policy_status s;

	*n = 0;
	if (m->base != NULL)
		list = calloc(m->hdr.max_policies, sizeof(*list));
	for (uint32_t i = 0; list != NULL && segmap_policy(m, i, &s); i++)
		if (s.policy_id != 0)
			list[(*n)++] = (struct placed){.id = s.policy_id, .place = s.place};
	if (*n > 1)
		qsort(list, *n, sizeof(*list), by_id);
	return list;
}

static const struct placed *find(const struct placed *list, size_t n, uint32_t id)
{
	return bsearch(&id, list, n, sizeof(*list), by_id);
}

void standby_io_restore(struct gateway *g, struct model_plan *plan)
{
	struct placed *list = NULL;
	size_t n = 0, restored = 0;

	if (plan->n_standbys != 0)
		list = read_places(dataplane_map(g->dp), &n);
	for (size_t i = 0; list != NULL && i < plan->n_standbys; i++) {
		struct plan_standby *s = &plan->standbys[i];
		const struct placed *meant = find(list, n, plan->policies[s->first].policy_id);
		const struct placed *other = find(list, n, plan->policies[s->second].policy_id);

		if (s->swapped || meant == NULL || other == NULL || meant->place < other->place)
			continue;
		standby_swap(plan, s);
		restored++;
	}
	free(list);
	if (restored != 0)
		log_notice(&log_ipsec, "%zu policies still go through their standby's tunnel",
			   restored);
}
