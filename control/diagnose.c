/* SPDX-License-Identifier: BSD-3-Clause */
/* diagnose.c - gathers what is known of a peer; see diagnose.h. */
#include "control/diagnose.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/crypto/suite.h"
#include "control/diag/diag.h"
#include "control/gateway.h"
#include "control/ike/probe.h"
#include "control/ike/probe_child.h"
#include "control/ike/timers.h"
#include "control/ike/ts.h"
#include "control/model/model.h"
#include "control/model/text.h"
#include "control/model/weak.h"

/* With more policies than this, who takes whose packets is looked for only when one peer is asked
 * for: it takes time with the square. */
#define SHADOW_ALL 512u

#define PROBE_SHOWN  (3 * TIMERS_SEC)	/* a result that is older is asked for anew */
#define PROBE_RECENT (300 * TIMERS_SEC) /* one that is older explains nothing */

static void read_counters(struct gateway *g)
{
	const struct segmap *m = dataplane_map(g->dp);

	if (g->watch_request == g->request && g->request != 0)
		return;
	(void)totals_collect(&g->totals, m);
	g->totals_request = g->request;
	(void)watch_read(&g->watch, &g->totals, children_table(g->children), m, g->now);
	g->watch_request = g->request;
}

void diagnose_tick(struct gateway *g)
{
	if (g->watch.turned != 0 && g->now - g->watch.turned < WATCH_TURN)
		return;
	if (dataplane_map(g->dp)->base == NULL)
		return;
	(void)totals_collect(&g->totals, dataplane_map(g->dp));
	(void)watch_read(&g->watch, &g->totals, children_table(g->children), dataplane_map(g->dp),
			 g->now);
	watch_turn(&g->watch, g->now);
}

/* What goes through the SAs of a policy: the first of its networks. */
static const struct abi_range *used(const struct ike_child_conf *c, bool local)
{
	const struct ike_child_more *more = ike_child_more(c);

	if (more->n_use_local == 0)
		return local ? &c->local : &c->remote;
	return local ? &more->use_local[0] : &more->use_remote[0];
}

void diagnose_truth(struct gateway *g, uint32_t policy_id, struct truth *out)
{
	const struct setup_policy *p = setup_find(&g->setup, policy_id);

	*out = (struct truth){.code = IKE_CODE_COUNT};
	if (p == NULL)
		return;
	read_counters(g);
	watch_truth(&g->watch, policy_id, dataplane_map(g->dp), used(p->child, true),
		    used(p->child, false), g->now, out);
}

/* --- one peer --- */

struct gather {
	struct gateway *g;
	struct diag_peer peer;
	struct diag_policy *policies;
	struct ike_evidence *evidence;
	size_t room;
	char allow_weak[SUITE_MAX_NAME * 2];
	bool alone; /* no other peer is asked for */
	bool failed;
};

static void take_evidence(void *ctx, const char *peer, const struct ike_evidence *ev)
{
	struct gather *x = ctx;

	(void)peer;
	if (x->peer.n_evidence == x->room) {
		size_t room = x->room * 2 + 8;
		void *more = realloc(x->evidence, room * sizeof(*x->evidence));

		if (more == NULL) {
			x->failed = true;
			return;
		}
		x->evidence = more;
		x->room = room;
	}
	x->evidence[x->peer.n_evidence++] = *ev;
	x->peer.nat_local |= ev->nat_local;
}

/* Its name, as long as there is something wrong with it. */
static void take_name(struct gather *x)
{
	struct ike_evidence ev;

	if (names_io_evidence(x->g, x->peer.conf, &ev))
		take_evidence(x, x->peer.conf->name, &ev);
}

static void take_ike_sa(void *ctx, const struct ike_sa_info *info)
{
	struct gather *x = ctx;

	if (x->peer.state[0] == '\0' || info->established > x->peer.up_since)
		x->peer.state = info->state;
	if (info->established > x->peer.up_since)
		x->peer.up_since = info->established;
}

static void take_pair(void *ctx, const struct ike_child_info *info)
{
	struct gather *x = ctx;

	for (size_t i = 0; i < x->peer.n_policies; i++) {
		struct diag_policy *p = &x->policies[i];

		if (p->conf->policy_id != info->policy_id || (p->up && p->up_since > info->added))
			continue;
		p->up = true;
		p->up_since = info->added;
		p->n_local = info->n_local;
		p->n_remote = info->n_remote;
		memcpy(p->local, info->ts_local, info->n_local * sizeof(p->local[0]));
		memcpy(p->remote, info->ts_remote, info->n_remote * sizeof(p->remote[0]));
	}
}

/* An earlier policy that takes packets of this one. */
static uint32_t shadow(const struct model_plan *plan, const struct ike_child_conf *c)
{
	for (size_t i = 0; i < plan->n_policies; i++) {
		const struct abi_policy *p = &plan->policies[i];
		struct abi_range common;

		if (p->policy_id == c->policy_id)
			return 0;
		if (ts_equal(&p->local, used(c, true)) && ts_equal(&p->remote, used(c, false)))
			continue; /* one stands in for the other */
		if (ts_intersect(&p->local, used(c, true), &common) &&
		    ts_intersect(&p->remote, used(c, false), &common))
			return p->policy_id;
	}
	return 0;
}

static int take_policies(struct gather *x)
{
	const struct ike_peer_conf *c = x->peer.conf;

	x->policies = calloc(c->n_children + 1, sizeof(*x->policies));
	if (x->policies == NULL)
		return -ENOMEM;
	x->peer.policies = x->policies;
	x->peer.n_policies = c->n_children;
	for (size_t i = 0; i < c->n_children; i++) {
		x->policies[i].conf = &c->children[i];
		if (x->alone || x->g->setup.plan->n_policies <= SHADOW_ALL)
			x->policies[i].shadowed_by = shadow(x->g->setup.plan, &c->children[i]);
		diagnose_truth(x->g, c->children[i].policy_id, &x->policies[i].truth);
	}
	return 0;
}

static void take_model(struct gather *x)
{
	const struct model *m = x->g->setup.model;
	int i = model_find_index(m, MENU_PEER, x->peer.conf->name);
	const struct model_row *row;
	struct model_reading r;

	x->peer.profile = "default";
	x->peer.allow_weak = "";
	if (i < 0)
		return;
	row = model_read(m, MENU_PEER, (size_t)i, &r);
	x->peer.profile = model_name(m, MENU_PROFILE, row->values[PEER_PROFILE].num);
	x->peer.weak = weak_allowed(m, row);
	x->peer.allow_weak = x->peer.weak != 0 ? suite_weak_print(x->peer.weak, x->allow_weak,
								  sizeof(x->allow_weak))
					       : "";
}

static int report(struct gather *x, const struct console_diagnose *what, struct text *out)
{
	struct diag_report *r = malloc(sizeof(*r));
	int rc;

	rc = r != NULL ? take_policies(x) : -ENOMEM;
	if (rc != 0)
		goto done;
	x->peer.now = x->g->now;
	x->peer.state = "";
	x->peer.hide_sensitive = what->hide_sensitive;
	x->peer.vendor = what->vendor != IKE_VENDOR_UNKNOWN
				 ? what->vendor
				 : ike_engine_peer_vendor(x->g->engine, x->peer.conf->name);
	take_model(x);
	ike_engine_visit_peer(x->g->engine, x->peer.conf->name, take_ike_sa, take_pair,
			      take_evidence, x);
	take_name(x);
	x->peer.evidence = x->evidence;
	x->peer.probe = ike_engine_probe_result(x->g->engine, x->peer.conf->name);
	if (x->peer.probe != NULL &&
	    (x->peer.probe->ended == 0 || x->g->now - x->peer.probe->ended > PROBE_RECENT))
		x->peer.probe = NULL;
	x->peer.probe_child = ike_engine_probe_child_result(x->g->engine, x->peer.conf->name);
	if (x->peer.probe_child != NULL &&
	    (x->peer.probe_child->ended == 0 || x->peer.probe_child->end == PROBE_CHILD_GONE ||
	     x->g->now - x->peer.probe_child->ended > PROBE_RECENT))
		x->peer.probe_child = NULL;
	if (x->failed) {
		rc = -ENOMEM;
		goto done;
	}
	diag_reason(r, &x->peer);
	if (what->json)
		diag_json(r, what->zh ? DIAG_ZH : DIAG_EN, out);
	else
		diag_text(r, what->zh ? DIAG_ZH : DIAG_EN, out);
done:
	free(r);
	free(x->policies);
	free(x->evidence);
	return rc;
}

static int probe_phase2(struct gateway *g, const struct console_probe *what, struct text *out)
{
	const struct ike_probe_child *p = ike_engine_probe_child_result(g->engine, what->peer);
	const struct model *m = g->setup.model;
	int i = model_find_index(m, MENU_PEER, what->peer), rc = 0;
	struct model_reading r;

	if (i < 0)
		return -ENOENT;
	if (p == NULL || (p->ended != 0 && g->now - p->ended > PROBE_SHOWN)) {
		rc = ike_engine_probe_child(
			g->engine, what->peer,
			weak_allowed(m, model_read(m, MENU_PEER, (size_t)i, &r)), g->now);
		g->next_tick = 0;
		p = ike_engine_probe_child_result(g->engine, what->peer);
	}
	if (rc != 0 && (rc != -EBUSY || p == NULL))
		return rc;
	if (p == NULL || p->ended == 0)
		return -EAGAIN;
	return diag_probe_child_report(what->peer, p, what->json, out) == 0 ? 0 : -ENOMEM;
}

int diagnose_probe(void *ctx, const struct console_probe *what, struct text *out)
{
	struct gateway *g = ctx;
	const struct ike_probe *p = ike_engine_probe_result(g->engine, what->peer);
	const struct model_plan *plan = g->setup.plan;
	int rc = 0;

	if (what->phase2)
		return probe_phase2(g, what, out);
	if (p != NULL && p->ended == 0)
		return -EAGAIN;
	if (p == NULL || g->now - p->ended > PROBE_SHOWN ||
	    (what->aggressive && p->rows[PROBE_AGGRESSIVE].said == PROBE_NOT_ASKED)) {
		rc = ike_engine_probe(g->engine, what->peer, what->aggressive, g->now);
		g->next_tick = 0;
		p = ike_engine_probe_result(g->engine, what->peer);
	}
	if (rc != 0 && (rc != -EBUSY || p == NULL))
		return rc;
	if (p == NULL || p->ended == 0)
		return -EAGAIN;
	for (size_t i = 0; i < plan->n_peers; i++) {
		if (strcmp(plan->peers[i].name, what->peer) == 0)
			return diag_probe_report(what->peer, &plan->peers[i].remote, p, what->json,
						 out) == 0
				       ? 0
				       : -ENOMEM;
	}
	return -ENOENT;
}

int diagnose_run(void *ctx, const struct console_diagnose *what, struct text *out)
{
	struct gateway *g = ctx;
	const struct model_plan *plan = g->setup.plan;
	size_t n = 0;

	if (what->json)
		text_puts(out, "[");
	for (size_t i = 0; i < plan->n_peers; i++) {
		struct gather x = {
			.g = g, .peer.conf = &plan->peers[i], .alone = what->peer != NULL};
		int rc;

		if (what->peer != NULL && strcmp(what->peer, plan->peers[i].name) != 0)
			continue;
		if (n++ > 0)
			text_puts(out, what->json ? "," : "\n");
		rc = report(&x, what, out);
		if (rc != 0)
			return rc;
	}
	if (what->json)
		text_puts(out, "]\n");
	return n > 0 || what->peer == NULL ? 0 : -ENOENT;
}

const char *diagnose_trouble(const struct gateway *g)
{
	switch (dataplane_link(g->dp)) {
	case DATAPLANE_DOWN:
		return "espgw-dataplane does not run, or as another instance: nothing passes";
	case DATAPLANE_SILENT:
		return "espgw-dataplane does not react";
	case DATAPLANE_FAULTY:
		return "espgw-dataplane broke the rules; it has to be started again";
	default:
		return g->gate_open ? NULL
				    : "the configuration is not in force yet; \"/log print\" may "
				      "say why";
	}
}
