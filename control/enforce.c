/* SPDX-License-Identifier: BSD-3-Clause */
/* enforce.c - policies on their way into force; see enforce.h. */
#include "control/enforce.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/gateway.h"
#include "control/log.h"

#define MARKS 2 /* commands before and after the policies */

/* Who wants many policies stands back for others' commands, but not for ever: these may never end.
 * One push of this kind is under way at a time, so the others keep what it leaves of the queue. */
static bool has_room(struct gateway *g, size_t n)
{
	struct generated *all = &g->generated;
	size_t waiting = dataplane_pending(g->dp);

	if (waiting == 0 || waiting + n <= DATAPLANE_QUEUE_PEERS)
		return true;
	if (all->patience == 0)
		all->patience = g->now + ENFORCE_PATIENCE;
	return g->now >= all->patience && waiting + n <= DATAPLANE_QUEUE_MAX - MARKS;
}

/* The policies of a plan and the generated ones; whole: addresses and routes too. */
static int push(struct gateway *g, const struct model_plan *plan, bool whole, push_done_fn *done)
{
	struct push_what what = {.net = whole ? plan : NULL};
	struct abi_policy *all;
	int rc = -ENOMEM;

	if (!whole && !has_room(g, plan->n_policies + g->generated.n_records))
		return -EAGAIN;
	all = generated_merge(&g->generated, plan, &what.n_policies);
	what.policies = all;
	if (all != NULL)
		rc = push_start(g->dp, &what, done, g);
	free(all);
	if (rc != 0)
		return rc;
	g->generated.changed = false;
	g->generated.patience = 0;
	children_release(g->children);
	return 0;
}

int enforce_plan(struct gateway *g, const struct model_plan *plan, push_done_fn *done)
{
	g->unanswered = NULL;
	return push(g, plan, true, done);
}

void enforce_again(struct gateway *g, push_done_fn *done)
{
	g->unanswered = done;
}

static const struct model_plan *newest(const struct gateway *g)
{
	return g->has_pending ? g->pending.plan : g->setup.plan;
}

static void again(struct gateway *g)
{
	push_done_fn *done = g->unanswered;

	if (done == NULL || dataplane_link(g->dp) != DATAPLANE_UP)
		return;
	if (enforce_plan(g, newest(g), done) == 0)
		log_notice(&log_system, "dataplane: sent the configuration again");
	else /* no room for it: at the next turn */
		g->unanswered = done;
}

/* What is there stays in force; with time, or fewer policies, it may fit. */
static void pushed(void *ctx, int rc)
{
	struct gateway *g = ctx;

	g->generated.pushing = false;
	if (rc == 0 || rc == -ENOTCONN)
		return;
	log_error(&log_ipsec, "the dataplane refused generated policies: %s", strerror(-rc));
	g->generated.changed = true;
	g->generated.due = g->now + ENFORCE_AGAIN;
}

void enforce_generated(struct gateway *g)
{
	g->generated.changed = true;
	g->generated.due = 0;
	children_hold(g->children);
}

void enforce_tick(struct gateway *g)
{
	struct generated *all = &g->generated;

	again(g);
	if (!all->changed || all->pushing || g->now < all->due ||
	    dataplane_map(g->dp)->base == NULL)
		return;
	all->pushing = push(g, newest(g), false, pushed) == 0; /* else again at the next turn */
}
