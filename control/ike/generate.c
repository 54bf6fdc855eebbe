/* SPDX-License-Identifier: BSD-3-Clause */
/* generate.c - policies from templates; see generate.h. */
#include "control/ike/generate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ike/child_sa.h"
#include "control/ike/dhwork.h"
#include "control/ike/ident.h"
#include "control/ike/ike_sa.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike/ts.h"
#include "control/ike/ts2.h"

struct ike_policy *generate_find(const struct ike_peer *peer, const struct abi_range *local,
				 const struct abi_range *remote)
{
	for (size_t i = 0; i < peer->n_templates; i++) {
		const struct ike_child_conf *c = &peer->templates[i].conf;

		if (ts_contains(&c->local, local) && ts_contains(&c->remote, remote))
			return &peer->templates[i];
	}
	return NULL;
}

bool generate_is_template(const struct ike_policy *policy)
{
	const struct ike_peer *peer = policy->peer;

	return peer->n_templates != 0 && policy >= peer->templates &&
	       policy < peer->templates + peer->n_templates;
}

/* Packets have one family and one protocol; a policy that none can match is refused. */
static bool possible(const struct generate_want *w)
{
	uint8_t protocol = 0;

	if (w->n_local == 0 || w->n_remote == 0)
		return false;
	for (size_t i = 0; i < w->n_local + w->n_remote; i++) {
		const struct abi_range *r =
			i < w->n_local ? &w->local[i] : &w->remote[i - w->n_local];

		if (r->family != w->local[0].family ||
		    (r->protocol != 0 && protocol != 0 && r->protocol != protocol))
			return false;
		if (r->protocol != 0)
			protocol = r->protocol;
	}
	return true;
}

struct abi_range generate_widened(const struct ike_policy *policy, const struct abi_range *r)
{
	struct abi_range w = *r;

	if (policy->generated && policy->peer->conf.generate == IKE_GENERATE_OVERRIDE) {
		w.port_lo = 0;
		w.port_hi = UINT16_MAX;
	}
	return w;
}

/* As they are put in force. */
static bool same_side(const struct ike_policy *policy, bool local, const struct abi_range *want,
		      size_t n)
{
	struct abi_range has[ABI_MAX_SELECTORS];

	if (ts2_of_conf(&policy->conf, local, has) != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct abi_range a = generate_widened(policy, &has[i]);
		struct abi_range b = generate_widened(policy, &want[i]);

		if (memcmp(&a, &b, sizeof(a)) != 0)
			return false;
	}
	return true;
}

static bool same(const struct ike_policy *policy, const struct ike_policy *template,
		 const struct generate_want *w)
{
	return policy->generated && policy->template == template &&
	       same_side(policy, true, w->local, w->n_local) &&
	       same_side(policy, false, w->remote, w->n_remote);
}

bool generate_beside(const struct child_sa *a, const struct child_sa *b)
{
	return a->policy == b->policy && a->policy->generated &&
	       a->policy->peer->conf.generate == IKE_GENERATE_OVERRIDE &&
	       (a->n_local != b->n_local || a->n_remote != b->n_remote ||
		memcmp(a->local, b->local, a->n_local * sizeof(a->local[0])) != 0 ||
		memcmp(a->remote, b->remote, a->n_remote * sizeof(a->remote[0])) != 0);
}

static bool is_of(const struct ike_policy *policy, const struct ike_sa *sa)
{
	return policy->peer == sa->peer && ident_equal(policy->party, &sa->id_remote);
}

bool generate_speaks_for(const struct ike_sa *sa, const struct child_sa *c)
{
	if (c->policy->generated)
		return is_of(c->policy, sa);
	return c->owner == NULL || ike_sa_same_party(c->owner, sa);
}

bool generate_has_pair(const struct ike_sa *sa)
{
	const struct child_sa *c;

	for (size_t i = 0; i < sa->peer->n_policies; i++) {
		TAILQ_FOREACH (c, &sa->peer->policies[i].pairs, of_policy) {
			if (c->state != CHILD_DELETING && generate_speaks_for(sa, c))
				return true;
		}
	}
	return false;
}

struct ike_sa *generate_speaker(const struct child_sa *current)
{
	return current->owner != NULL ? ike_sa_best_of(current->owner) : NULL;
}

/* Has someone else a pair of it? One whose IKE SA is gone has nobody to speak for it. */
static bool anothers(const struct ike_policy *policy, const struct ike_sa *sa)
{
	const struct child_sa *c;

	if (is_of(policy, sa))
		return false;
	TAILQ_FOREACH (c, &policy->pairs, of_policy) {
		if (c->owner != NULL)
			return true;
	}
	return false;
}

/* Have two lists of selectors packets in common? Those of want are not widened yet. */
static bool meet(const struct ike_policy *policy, bool local, const struct abi_range *want,
		 size_t n_want, bool any_port)
{
	struct abi_range r[ABI_MAX_SELECTORS], common;
	size_t n = ts2_of_conf(&policy->conf, local, r);

	for (size_t i = 0; i < n * n_want; i++) {
		struct abi_range has = generate_widened(policy, &r[i % n]), asks = want[i / n];

		if (any_port) {
			asks.port_lo = 0;
			asks.port_hi = UINT16_MAX;
		}
		if (ts_intersect(&has, &asks, &common))
			return true;
	}
	return false;
}

static bool meets(const struct ike_policy *policy, const struct ike_sa *sa,
		  const struct generate_want *w)
{
	bool any_port = sa->peer->conf.generate == IKE_GENERATE_OVERRIDE;

	return policy->generated && anothers(policy, sa) &&
	       meet(policy, true, w->local, w->n_local, any_port) &&
	       meet(policy, false, w->remote, w->n_remote, any_port);
}

/* It has nothing but pairs that receive no more, whose DELETE goes on being repeated. */
static bool is_over(const struct ike_policy *policy)
{
	const struct child_sa *c;

	TAILQ_FOREACH (c, &policy->pairs, of_policy) {
		if (c->state != CHILD_DELETING || c->held)
			return false;
	}
	return true;
}

/* Nobody waits for the selectors of another party until that has heard of the end of its pairs. */
static void end_over(struct ike_engine *e, const struct ike_sa *sa, const struct generate_want *w,
		     uint64_t now)
{
	struct ike_peer *peer;

	TAILQ_FOREACH (peer, &e->peers.list, next) {
		for (size_t i = peer->n_configured; i < peer->n_policies; i++) {
			struct ike_policy *policy = &peer->policies[i];

			if (!meets(policy, sa, w) || !is_over(policy))
				continue;
			while (!TAILQ_EMPTY(&policy->pairs))
				child_remove(e, TAILQ_FIRST(&policy->pairs), now);
			(void)generate_end(e, policy, now);
		}
	}
}

/* Would some traffic of another party go to this one, or this one's to another? The older policy
 * has it, but which one is older changes, and neither should wait for it. */
static bool meets_another(const struct ike_engine *e, const struct ike_sa *sa,
			  const struct generate_want *w)
{
	const struct ike_peer *peer;

	TAILQ_FOREACH (peer, &e->peers.list, next) {
		for (size_t i = peer->n_configured; i < peer->n_policies; i++) {
			if (meets(&peer->policies[i], sa, w))
				return true;
		}
	}
	return false;
}

static struct ike_policy *free_place(struct ike_peer *peer)
{
	for (size_t i = peer->n_configured; i < peer->n_policies; i++) {
		if (!peer->policies[i].generated)
			return &peer->policies[i];
	}
	if (peer->n_policies == peer->cap_policies)
		return NULL;
	peers_init_policy(&peer->policies[peer->n_policies], peer, child_ensure);
	return &peer->policies[peer->n_policies++];
}

/* A place for one more of a party. NULL: none. */
static struct ike_policy *place(struct ike_peer *peer, const struct ike_sa *sa)
{
	unsigned party = 0;

	for (size_t i = peer->n_configured; i < peer->n_policies; i++)
		party += peer->policies[i].generated && is_of(&peer->policies[i], sa);
	return party < GENERATE_MAX_PARTY ? free_place(peer) : NULL;
}

static void clear(struct ike_policy *policy)
{
	ike_child_free_more(&policy->conf);
	free(policy->party);
	policy->party = NULL;
	memset(&policy->conf, 0, sizeof(policy->conf));
	policy->generated = false;
}

/* 0 or -ENOMEM: c is as it was. */
static int take_selectors(struct ike_child_conf *c, const struct generate_want *w)
{
	struct ike_child_more more = {.n_local = (uint8_t)(w->n_local - 1),
				      .n_remote = (uint8_t)(w->n_remote - 1)};
	struct ike_child_conf fresh = *c;

	memcpy(more.local, w->local + 1, more.n_local * sizeof(w->local[0]));
	memcpy(more.remote, w->remote + 1, more.n_remote * sizeof(w->remote[0]));
	fresh.local = w->local[0];
	fresh.remote = w->remote[0];
	if (ike_child_own_more(&fresh, &more) != 0)
		return -ENOMEM;
	ike_child_free_more(c);
	*c = fresh;
	return 0;
}

static int fill(struct ike_policy *policy, struct ike_policy *template,
		const struct generate_want *w, const struct ike_identity_conf *party)
{
	policy->conf = template->conf;
	policy->conf.policy_id = 0;
	policy->party = malloc(sizeof(*policy->party));
	if (policy->party == NULL || take_selectors(&policy->conf, w) != 0) {
		clear(policy);
		return -ENOMEM;
	}
	*policy->party = *party;
	policy->generated = true;
	policy->template = template;
	policy->failures = 0;
	policy->kilobytes = 0;
	policy->volume_told = 0;
	return 0;
}

/* Have it put in force. Its id, 0: it cannot be. */
static uint32_t announce(struct ike_engine *e, const struct ike_policy *policy)
{
	struct ike_child_more more = *ike_child_more(&policy->conf);
	struct ike_child_conf conf = policy->conf;
	const struct ike_generated what = {.peer = policy->peer->conf.name,
					   .template_id = policy->template->conf.policy_id,
					   .conf = &conf};

	conf.local = generate_widened(policy, &conf.local);
	conf.remote = generate_widened(policy, &conf.remote);
	for (size_t i = 0; i < more.n_local; i++)
		more.local[i] = generate_widened(policy, &more.local[i]);
	for (size_t i = 0; i < more.n_remote; i++)
		more.remote[i] = generate_widened(policy, &more.remote[i]);
	conf.more = &more;
	return e->ops.policy_add(e->ctx, &what);
}

static void tell(struct ike_engine *e, struct ike_sa *sa, const struct generate_want *w)
{
	char l[ABI_MAX_SELECTORS * TS_MAX_TEXT], r[sizeof(l)];

	refuse_log(e, IKE_LOG_NOTICE, sa->peer, sa, 0,
		   "policy %s === %s generated from template group \"%s\"",
		   ts2_print(w->local, w->n_local, l, sizeof(l)),
		   ts2_print(w->remote, w->n_remote, r, sizeof(r)), sa->peer->conf.template_group);
}

struct ike_policy *generate_take(struct ike_engine *e, struct ike_sa *sa,
				 struct ike_policy *template, const struct generate_want *want,
				 uint64_t now)
{
	struct ike_peer *peer = sa->peer;
	struct ike_policy *policy = NULL;

	errno = EINVAL;
	if (!possible(want))
		return NULL;
	end_over(e, sa, want, now);
	for (size_t i = peer->n_configured; i < peer->n_policies; i++) {
		if (same(&peer->policies[i], template, want))
			policy = &peer->policies[i];
	}
	errno = EEXIST;
	if (meets_another(e, sa, want))
		return NULL;
	if (policy != NULL) { /* with other ports, if they are overridden: for the newest pair */
		errno = EAGAIN;
		if (take_selectors(&policy->conf, want) != 0)
			return NULL;
		*policy->party = sa->id_remote;
		return policy;
	}
	errno = ENOSPC;
	policy = e->ops.policy_add != NULL ? place(peer, sa) : NULL;
	if (policy == NULL)
		return NULL;
	errno = EAGAIN;
	if (fill(policy, template, want, &sa->id_remote) != 0)
		return NULL;
	policy->conf.policy_id = announce(e, policy);
	if (policy->conf.policy_id == 0) {
		clear(policy);
		errno = EAGAIN;
		return NULL;
	}
	peers_add_policy(&e->peers, policy);
	child_ensure_in(e, policy, now); /* should nothing come of it */
	tell(e, sa, want);
	return policy;
}

/* The first template that has both ends whole. */
static struct ike_policy *covering(struct ike_peer *peer, const struct generate_want *w)
{
	for (size_t i = 0; i < peer->n_templates; i++) {
		const struct ike_child_conf *c = &peer->templates[i].conf;

		if (ts2_within(w->local, w->n_local, &c->local, 1) &&
		    ts2_within(w->remote, w->n_remote, &c->remote, 1))
			return &peer->templates[i];
	}
	return NULL;
}

struct ike_policy *generate_again(struct ike_engine *e, struct ike_peer *peer,
				  const struct ike_identity_conf *party, uint32_t policy_id,
				  const struct generate_want *want, uint64_t now)
{
	struct ike_policy *policy = peers_find_policy(&e->peers, policy_id);
	struct ike_policy *template = covering(peer, want);

	if (policy != NULL)
		return policy->peer == peer ? policy : NULL;
	if (template == NULL || policy_id == 0 || e->ops.policy_add == NULL || !possible(want))
		return NULL;
	policy = free_place(peer);
	if (policy == NULL || fill(policy, template, want, party) != 0)
		return NULL;
	policy->conf.policy_id = policy_id;
	policy->conf.policy_id = announce(e, policy);
	if (policy->conf.policy_id != 0) {
		peers_add_policy(&e->peers, policy);
		child_ensure_in(e, policy, now);
		return policy;
	}
	clear(policy);
	return NULL;
}

bool generate_end(struct ike_engine *e, struct ike_policy *policy, uint64_t now)
{
	(void)now;
	if (!policy->generated)
		return false;
	if (!TAILQ_EMPTY(&policy->pairs))
		return true;
	refuse_log(e, IKE_LOG_NOTICE, policy->peer, NULL, 0,
		   "generated policy of template group \"%s\" ends with its last SA",
		   policy->peer->conf.template_group);
	e->ops.policy_remove(e->ctx, policy->conf.policy_id);
	peers_remove_policy(&e->peers, policy);
	timers_cancel(&e->timers, &policy->ensure);
	if (policy->dh_waits)
		dhwork_forget(e, policy);
	clear(policy);
	return true;
}

size_t generate_print(const struct ike_peer *peer, char *buf, size_t at, size_t cap)
{
	int n;

	if (peer->conf.generate == IKE_GENERATE_NO || at >= cap)
		return at;
	n = snprintf(buf + at, cap - at, "%stemplate group \"%s\":", at > 0 ? "; " : "",
		     peer->conf.template_group);
	at += n > 0 ? (size_t)n : 0;
	for (size_t i = 0; i < peer->n_templates && at < cap; i++) {
		char l[TS_MAX_TEXT], r[TS_MAX_TEXT];
		const struct ike_child_conf *c = &peer->templates[i].conf;

		n = snprintf(buf + at, cap - at, "%s %s === %s", i > 0 ? "," : "",
			     ts_print(&c->local, l, sizeof(l)), ts_print(&c->remote, r, sizeof(r)));
		at += n > 0 ? (size_t)n : 0;
	}
	return at;
}

const char *generate_advice(const struct ike_peer *peer, const char *advice)
{
	if (peer->conf.generate == IKE_GENERATE_NO)
		return advice;
	return "widen src-address or dst-address of a template of the group here, or have the peer "
	       "ask for networks that lie within one, with the peer's local as our remote";
}

const char *generate_why(int error)
{
	switch (error) {
	case EEXIST:
		return "another party has traffic of these selectors";
	case EINVAL:
		return "no packet has both ends";
	case EAGAIN:
		return "the data plane takes no more policies at present";
	default:
		return "too many policies are generated already";
	}
}
