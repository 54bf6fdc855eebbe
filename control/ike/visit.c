/* SPDX-License-Identifier: BSD-3-Clause */
/* visit.c - what operators see of the engine: IKE SAs, child SA pairs, evidence, counters. */
#include <string.h>

#include "control/ike/child_sa.h"
#include "control/ike/engine.h"
#include "control/ike/ike_sa.h"
#include "control/ike/state.h"
#include "control/ike/version.h"

static void visit_sa(const struct ike_sa *sa, ike_sa_visit *fn, void *ctx)
{
	struct ike_sa_info info = {
		.id = sa->id,
		.peer = sa->peer->conf.name,
		.comment = sa->peer->conf.comment,
		.responder = sa->responder,
		.natt = sa->nat_local || sa->nat_remote,
		.dynamic = !peers_can_start(sa->peer),
		.state = ike_sa_state_name(sa),
		.version = sa->peer->v->number,
		.id_remote = sa->id_remote,
		.local = sa->at.local,
		.remote = sa->at.remote,
		.local_port = sa->at.local_port,
		.remote_port = sa->at.remote_port,
		.established = sa->established,
		.last_seen = sa->last_seen,
		.ispi = sa->ispi,
		.rspi = sa->rspi,
	};
	const struct child_sa *c;

	for (size_t i = 0; i < sa->peer->n_policies; i++) {
		TAILQ_FOREACH (c, &sa->peer->policies[i].pairs, of_policy)
			info.ph2_total +=
				c->owner == sa && c->state >= CHILD_ESTABLISHED && c->held;
	}
	fn(ctx, &info);
}

static void visit_sas_of(const struct ike_peer *peer, ike_sa_visit *fn, void *ctx)
{
	const struct ike_sa *sa;

	TAILQ_FOREACH (sa, &peer->sas, of_peer)
		visit_sa(sa, fn, ctx);
}

void ike_engine_visit_sas(const struct ike_engine *e, ike_sa_visit *fn, void *ctx)
{
	const struct ike_peer *peer;

	TAILQ_FOREACH (peer, &e->peers.list, next)
		visit_sas_of(peer, fn, ctx);
}

static void visit_child(const struct child_sa *c, ike_child_visit *fn, void *ctx)
{
	struct ike_child_info info = {
		.token = c->token,
		.ike_sa = c->owner != NULL ? c->owner->id : 0,
		.policy_id = c->policy->conf.policy_id,
		.peer = c->policy->peer->conf.name,
		.comment = c->policy->conf.comment,
		.spi_in = c->spi_in,
		.spi_out = c->spi_out,
		.current = c->current,
		.added = c->added,
		.soft_time = c->soft_time,
		.hard_time = c->hard_time,
		.n_local = c->n_local,
		.n_remote = c->n_remote,
		.ts_local = c->local,
		.ts_remote = c->remote,
	};

	fn(ctx, &info);
}

static void visit_children_of(const struct ike_peer *peer, ike_child_visit *fn, void *ctx)
{
	const struct child_sa *c;

	for (size_t i = 0; i < peer->n_policies; i++) {
		TAILQ_FOREACH (c, &peer->policies[i].pairs, of_policy) {
			if (c->state >= CHILD_ESTABLISHED && c->held)
				visit_child(c, fn, ctx);
		}
	}
}

void ike_engine_visit_children(const struct ike_engine *e, ike_child_visit *fn, void *ctx)
{
	const struct ike_peer *peer;

	TAILQ_FOREACH (peer, &e->peers.list, next)
		visit_children_of(peer, fn, ctx);
}

void ike_engine_visit_peer(const struct ike_engine *e, const char *name, ike_sa_visit *sa_fn,
			   ike_child_visit *child_fn, ike_evidence_visit *evidence_fn, void *ctx)
{
	const struct ike_peer *peer = peers_find_name(&e->peers, name);
	const struct peer_evidence *ev;

	if (peer == NULL)
		return;
	visit_sas_of(peer, sa_fn, ctx);
	visit_children_of(peer, child_fn, ctx);
	TAILQ_FOREACH (ev, &peer->evidence, next)
		evidence_fn(ctx, peer->conf.name, &ev->ev);
}

void ike_engine_visit_evidence(const struct ike_engine *e, const char *name, ike_evidence_visit *fn,
			       void *ctx)
{
	const struct ike_peer *peer;
	const struct peer_evidence *ev;

	TAILQ_FOREACH (peer, &e->peers.list, next) {
		if (name != NULL && strncmp(peer->conf.name, name, IKE_CONF_NAME) != 0)
			continue;
		TAILQ_FOREACH (ev, &peer->evidence, next)
			fn(ctx, peer->conf.name, &ev->ev);
	}
}

enum ike_vendor ike_engine_peer_vendor(const struct ike_engine *e, const char *name)
{
	const struct ike_peer *peer = peers_find_name(&e->peers, name);

	return peer != NULL ? peer->vendor : IKE_VENDOR_UNKNOWN;
}

const struct ike_counters *ike_engine_counters(const struct ike_engine *e)
{
	return &e->counters;
}
