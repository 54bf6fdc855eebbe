/* SPDX-License-Identifier: BSD-3-Clause */
/* child_sa.c - pairs of ESP SAs; see child_sa.h. */
#include "control/ike/child_sa.h"

#include <stdlib.h>
#include <string.h>

#include "control/ike/generate.h"
#include "control/ike/ike_sa.h"
#include "control/ike/lifetime.h"
#include "control/ike/party.h"
#include "control/ike/probe_child.h"
#include "control/ike/record.h"
#include "control/ike/refuse.h"
#include "control/ike/roam.h"
#include "control/ike/state.h"
#include "control/ike/ts2.h"
#include "control/ike/version.h"

#define AGAIN_S 5u /* after the peer deleted what was not finished */

static timer_fn act;
static void promote(struct ike_engine *e, struct ike_policy *policy, uint64_t now);

static uint64_t token_hash(const struct ike_engine *e, uint64_t token)
{
	return table_hash(&e->pairs, &token, sizeof(token));
}

static const struct ike_version *version(const struct child_sa *c)
{
	return c->policy->peer->v;
}

static bool making(const struct child_sa *c)
{
	return c->quick != NULL || c->task != NULL;
}

struct child_sa *child_new(struct ike_engine *e, struct ike_policy *policy, bool initiator,
			   uint64_t now)
{
	struct child_sa *c = calloc(1, sizeof(*c)), *other;

	if (c == NULL)
		return NULL;
	c->token = ++e->next_token;
	c->policy = policy;
	c->initiator = initiator;
	c->begun = c->added = now;
	c->local[0] = policy->conf.local;
	c->remote[0] = policy->conf.remote;
	c->n_local = c->n_remote = 1;
	timers_init_one(&c->life, lifetime_child);
	timers_init_one(&c->action, act);
	TAILQ_FOREACH (other, &policy->pairs, of_policy) {
		if (other->state < CHILD_ESTABLISHED && other->initiator != initiator)
			child_cross(c, other);
	}
	TAILQ_INSERT_HEAD(&policy->pairs, c, of_policy);
	table_insert(&e->pairs, &c->by_token, token_hash(e, c->token));
	return c;
}

/* What the data plane is to let through, of what was agreed. How many. */
static uint16_t put_selectors(const struct child_sa *c, bool local, struct abi_range *out)
{
	const struct ike_child_more *more = ike_child_more(&c->policy->conf);
	const struct abi_range *use = local ? more->use_local : more->use_remote;
	size_t n_use = local ? more->n_use_local : more->n_use_remote;
	struct ts2_list agreed = {.n = local ? c->n_local : c->n_remote};

	for (unsigned i = 0; i < agreed.n; i++)
		agreed.r[i] = generate_widened(c->policy, local ? &c->local[i] : &c->remote[i]);
	memset(out, 0, ABI_MAX_SELECTORS * sizeof(*out));
	if (n_use != 0)
		return (uint16_t)ts2_narrow(use, n_use, &agreed, out, ABI_MAX_SELECTORS);
	memcpy(out, agreed.r, agreed.n * sizeof(*out));
	return agreed.n;
}

void child_install(struct ike_engine *e, struct child_sa *c, struct ike_child_sa *sa, uint64_t now)
{
	lifetime_start_child(e, c, now);
	c->state = CHILD_INSTALLING;
	c->held = true;
	sa->token = c->token;
	sa->ike_sa = c->owner->id;
	sa->policy_id = c->policy->conf.policy_id;
	sa->peer = c->policy->peer->conf.name;
	sa->comment = c->policy->conf.comment;
	sa->mode = c->policy->conf.mode;
	sa->replay_window = c->policy->conf.replay_window;
	sa->df = c->policy->conf.df;
	sa->dscp = c->policy->conf.dscp;
	sa->keep_mss = c->policy->conf.keep_mss;
	sa->soft_time = c->soft_time;
	sa->hard_time = c->hard_time;
	c->policy->kilobytes = c->kilobytes;
	lifetime_volume(e, c, sa);
	sa->current = c->first =
		c->initiator && version(c)->owns_children && child_current(c->policy) == NULL;
	sa->n_local = put_selectors(c, true, sa->ts_local);
	sa->n_remote = put_selectors(c, false, sa->ts_remote);
	probe_child_note(e, c, sa);
	e->ops.child_install(e->ctx, sa);
}

struct child_sa *child_current(const struct ike_policy *policy)
{
	struct child_sa *c;

	TAILQ_FOREACH (c, &policy->pairs, of_policy) {
		if (c->current)
			return c;
	}
	return NULL;
}

bool child_pending(const struct ike_policy *policy)
{
	struct child_sa *c;

	TAILQ_FOREACH (c, &policy->pairs, of_policy) {
		if (c->state < CHILD_ESTABLISHED)
			return true;
	}
	return false;
}

static void delete_after(struct ike_engine *e, struct child_sa *c, uint64_t now, unsigned ms)
{
	timers_arm(&e->timers, &c->action, now + ms * TIMERS_MS);
}

/* c lost its policy to by, or never gets it. Who began the losing pair of a crossing, or a rekey,
 * deletes it; in a crossing both began one. */
static void supersede(struct ike_engine *e, struct child_sa *c, const struct child_sa *by,
		      uint64_t now)
{
	bool ours = c->crossed == by->token ? c->initiator : by->initiator || by->crossed != 0;

	if (c->superseded)
		return;
	c->superseded = true;
	if (generate_beside(c, by)) { /* it receives for as long as the peer keeps it */
		timers_cancel(&e->timers, &c->action);
		return;
	}
	delete_after(e, c, now, ours ? CHILD_DELETE_OLD_MS : CHILD_DELETE_LATE_MS);
	c->ours_to_delete = ours;
	/* Some peers move to the new pair when they hear of the end of the old one: before that. */
	if (ours && c->hard_time > now && c->action.due > now + (c->hard_time - now) / 2)
		timers_arm(&e->timers, &c->action, now + (c->hard_time - now) / 2);
}

static void take_over(struct ike_engine *e, struct child_sa *c, uint64_t now)
{
	struct child_sa *other;

	timers_cancel(&e->timers, &c->action);
	TAILQ_FOREACH (other, &c->policy->pairs, of_policy) {
		if (other == c)
			continue;
		other->current = false;
		if (other->state == CHILD_ESTABLISHED)
			supersede(e, other, c, now);
	}
	c->current = true;
	c->superseded = false;
	e->ops.child_current(e->ctx, c->token);
	if (c->owner != NULL)
		record_save(e, c->owner);
	if (c->rekey_due)
		child_ensure_in(e, c->policy, now);
}

static void log_established(struct ike_engine *e, const struct child_sa *c)
{
	char local[ABI_MAX_SELECTORS * TS_MAX_TEXT], remote[sizeof(local)];

	refuse_log(e, IKE_LOG_NOTICE, c->policy->peer, c->owner, c->msgid,
		   "CHILD_SA established with SPIs %08x_i %08x_o and TS %s === %s", c->spi_in,
		   c->spi_out, ts2_print(c->local, c->n_local, local, sizeof(local)),
		   ts2_print(c->remote, c->n_remote, remote, sizeof(remote)));
}

/* ns until the new pair sends, though nothing has come in on it. The peer has it when it has done
 * with the last message, and what goes out before is lost; so long as the current pair lasts there
 * is no hurry. If we began, how long the exchange took tells how busy the peer is. */
static uint64_t switch_after(const struct child_sa *c, const struct child_sa *current, uint64_t now)
{
	uint64_t took = now - c->begun, wait = CHILD_SWITCH_TIMES * took;
	uint64_t least = CHILD_SWITCH_MS * TIMERS_MS, most = CHILD_SWITCH_LATE_MS * TIMERS_MS;

	if (!c->initiator)
		return most;
	if (current == NULL)
		return (took > least ? least : took) + CHILD_FIRST_MS * TIMERS_MS;
	if (wait > most)
		wait = most;
	if (current->hard_time < now + 2 * wait)
		wait = current->hard_time > now ? (current->hard_time - now) / 2 : 0;
	return wait > least ? wait : least;
}

void child_established(struct ike_engine *e, struct child_sa *c, uint64_t now)
{
	const struct child_sa *current = child_current(c->policy);
	struct child_sa *rival = c->crossed != 0 ? child_find_token(e, c->crossed) : NULL;
	struct ike_sa *best = ike_sa_best_of(c->owner);

	log_established(e, c);
	e->counters.quick_established++;
	c->state = CHILD_ESTABLISHED;
	c->policy->failures = 0;
	c->owner->ph2_total++;
	version(c)->child_made(c);
	if (c->unwanted) {
		child_delete_now(e, c, now);
		return;
	}
	if (!version(c)->owns_children && best != NULL && best != c->owner) {
		/* The IKE SA was replaced meanwhile. A peer may drop what it made on the old one
		 * together with it, so make this pair anew soon. */
		c->owner = best;
		if (c->initiator)
			timers_arm(&e->timers, &c->life, now + TIMERS_SEC);
	}
	if (rival != NULL && rival->state == CHILD_ESTABLISHED && child_loses(c, rival)) {
		supersede(e, c, rival, now);
		if (c->first && rival->current) /* the rival came up while c was installed */
			e->ops.child_current(e->ctx, rival->token);
	} else if (c->initiator != version(c)->owns_children && (current != NULL || c->initiator))
		timers_arm(&e->timers, &c->action, now + switch_after(c, current, now));
	else
		take_over(e, c, now);
	record_save(e, c->owner);
}

/* A superseded pair has waited long enough. The peer may see a crossing otherwise than we do, or
 * not at all: where it sent first last is where it is. */
static void retire(struct ike_engine *e, struct child_sa *c, uint64_t now)
{
	const struct child_sa *current = child_current(c->policy);

	if (current != NULL && c->crossed != 0 && c->seen > current->seen)
		take_over(e, c, now);
	else if (c->ours_to_delete ||
		 (current != NULL && (current->seen != 0 || version(c)->owns_children)))
		child_delete(e, c, now); /* when the answer is certain, waiting is over */
	else
		delete_after(e, c, now, CHILD_DELETE_LATE_MS);
}

/* action timer: what comes next for the pair. */
static void act(struct ike_engine *e, struct timer *t, uint64_t now)
{
	struct child_sa *c = TABLE_ENTRY(t, struct child_sa, action);

	if (c->state == CHILD_ESTABLISHED && !c->superseded) {
		take_over(e, c, now);
	} else if (c->state == CHILD_ESTABLISHED) {
		retire(e, c, now);
	} else if (c->state != CHILD_DELETING || !child_tell_again(e, c, now)) {
		child_remove(e, c, now);
	}
}

void child_first_traffic(struct ike_engine *e, struct child_sa *c, uint64_t now)
{
	if (c->seen == 0)
		c->seen = now;
	if (c->state == CHILD_INSTALLED && !c->initiator && making(c))
		version(c)->child_proven(e, c, now);
	else if (c->state == CHILD_ESTABLISHED && !c->current && !c->superseded)
		take_over(e, c, now);
}

/* Unlinks; the policy is looked after by the caller. */
static void destroy(struct ike_engine *e, struct child_sa *c)
{
	if (c->held)
		e->ops.child_remove(e->ctx, c->token);
	else if (c->state == CHILD_NEGOTIATING && c->spi_in != 0)
		e->ops.spi_release(e->ctx, c->spi_in);
	timers_cancel(&e->timers, &c->life);
	timers_cancel(&e->timers, &c->action);
	TAILQ_REMOVE(&c->policy->pairs, c, of_policy);
	table_remove(&e->pairs, &c->by_token);
	if (c->policy->generated && TAILQ_EMPTY(&c->policy->pairs))
		child_ensure_in(e, c->policy, e->now); /* ends it, once nobody looks at it */
	free(c->low_nonce);
	free(c);
}

void child_remove(struct ike_engine *e, struct child_sa *c, uint64_t now)
{
	struct ike_policy *policy = c->policy;
	bool established = c->state >= CHILD_ESTABLISHED;

	if (making(c)) { /* its exchange ends with it */
		version(c)->child_abandon(e, c, now);
		return;
	}
	destroy(e, c);
	if (established && child_current(policy) == NULL)
		promote(e, policy, now);
}

/* The policy has no current pair: the newest other one takes over, else a new one is made. */
static void promote(struct ike_engine *e, struct ike_policy *policy, uint64_t now)
{
	struct child_sa *c;

	TAILQ_FOREACH (c, &policy->pairs, of_policy) {
		if (c->state == CHILD_ESTABLISHED) {
			take_over(e, c, now);
			if (c->rekey_due || now >= c->rekey_time)
				child_rekey(e, c, now);
			return;
		}
	}
	child_ensure_in(e, policy, now + 100 * TIMERS_MS);
}

bool child_leave(struct ike_engine *e, struct child_sa *c, uint64_t now)
{
	struct child_sa *other;

	TAILQ_FOREACH (other, &c->policy->pairs, of_policy) {
		if (other != c && other->owner != c->owner && other->state == CHILD_ESTABLISHED) {
			take_over(e, other, now);
			return true;
		}
	}
	return false;
}

static void stop_sending(struct ike_engine *e, struct child_sa *c, unsigned deletes, uint64_t now)
{
	c->state = CHILD_DELETING;
	c->deletes = deletes;
	if (!version(c)->owns_children || deletes == CHILD_TOLD)
		delete_after(e, c, now, CHILD_DELETE_GRACE_MS);
	else
		timers_cancel(&e->timers, &c->action); /* until the peer answers */
	if (c->owner != NULL)
		record_save(e, c->owner);
	if (!c->current)
		return;
	c->current = false;
	promote(e, c->policy, now);
}

void child_delete(struct ike_engine *e, struct child_sa *c, uint64_t now)
{
	if (c->state != CHILD_ESTABLISHED)
		return;
	c->policy->peer->v->child_delete(e, c->policy->peer, c->owner, c->spi_in, now);
	stop_sending(e, c, 1, now);
}

void child_linger(struct ike_engine *e, struct child_sa *c, uint64_t now)
{
	if (!c->held) {
		child_remove(e, c, now);
		return;
	}
	c->deletes = CHILD_TOLD;
	delete_after(e, c, now, CHILD_DELETE_GRACE_MS);
}

void child_deleted_by_peer(struct ike_engine *e, struct child_sa *c, uint64_t now)
{
	if (c->state == CHILD_ESTABLISHED) {
		if (!c->current) /* the one it was to replace may still be due */
			child_ensure_in(e, c->policy, now + AGAIN_S * TIMERS_SEC);
		stop_sending(e, c, CHILD_TOLD, now);
	} else if (c->state < CHILD_ESTABLISHED) {
		struct ike_policy *policy = c->policy;

		child_remove(e, c, now);
		child_ensure_in(e, policy, now + AGAIN_S * TIMERS_SEC);
	} else {
		c->deletes = CHILD_TOLD;
	}
}

/* The peer's quick mode has our answer, or is about to: its last message cannot be refused, and a
 * DELETE that came before our answer would find no pair there. */
static bool comes_up_at_peer(const struct child_sa *c)
{
	return !version(c)->owns_children && !c->initiator && making(c) &&
	       c->state >= CHILD_INSTALLING;
}

void child_delete_now(struct ike_engine *e, struct child_sa *c, uint64_t now)
{
	bool told = c->state == CHILD_DELETING && !version(c)->owns_children;

	c->unwanted = comes_up_at_peer(c);
	if (c->unwanted)
		return;
	if (c->state != CHILD_ESTABLISHED && !told) {
		child_remove(e, c, now);
		return;
	}
	if (!told)
		c->policy->peer->v->child_delete(e, c->policy->peer, c->owner, c->spi_in, now);
	if (c->held)
		e->ops.child_remove(e->ctx, c->token);
	c->held = false;
	timers_cancel(&e->timers, &c->life);
	if (!told) /* else its DELETE may be lost: the others still follow */
		stop_sending(e, c, 1, now);
}

void child_rekey(struct ike_engine *e, struct child_sa *c, uint64_t now)
{
	if (c->state != CHILD_ESTABLISHED || c->superseded)
		return;
	c->rekey_due = true;
	if (c->current)
		child_ensure_in(e, c->policy, now);
}

void child_rekey_volume(struct ike_engine *e, struct child_sa *c, uint64_t now)
{
	uint64_t pace = (c->initiator ? 1 : 2) * IKE_VOLUME_PACE_MS * TIMERS_MS;

	if (c->state != CHILD_ESTABLISHED || c->superseded)
		return;
	lifetime_tell_volume(e, c, now);
	if (now >= c->added + pace)
		child_rekey(e, c, now);
	else if (c->life.armed && c->life.due > c->added + pace)
		timers_arm(&e->timers, &c->life, c->added + pace);
}

struct child_sa *child_find_token(const struct ike_engine *e, uint64_t token)
{
	struct table_node *n = table_first(&e->pairs, token_hash(e, token));

	for (; n != NULL; n = table_next(n)) {
		struct child_sa *c = TABLE_ENTRY(n, struct child_sa, by_token);

		if (c->token == token)
			return c;
	}
	return NULL;
}

struct child_sa *child_find_spi_out(const struct ike_peer *peer, uint32_t spi)
{
	struct child_sa *c;

	for (size_t i = 0; i < peer->n_policies; i++) {
		TAILQ_FOREACH (c, &peer->policies[i].pairs, of_policy) {
			if (c->state >= CHILD_INSTALLING && c->spi_out == spi)
				return c;
		}
	}
	return NULL;
}

void child_adopt(struct ike_engine *e, struct ike_sa *sa)
{
	struct ike_peer *peer = sa->peer;
	struct child_sa *c;

	for (size_t i = 0; i < peer->n_policies && !peer->v->owns_children; i++) {
		TAILQ_FOREACH (c, &peer->policies[i].pairs, of_policy) {
			if (c->state >= CHILD_ESTABLISHED && generate_speaks_for(sa, c))
				c->owner = sa;
		}
	}
	if (!peer->v->owns_children)
		roam_place(e, sa);
}

/* All pairs of an SA of IKEv2. */
static void remove_owned(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct child_sa *c, *next;

	for (size_t i = 0; i < sa->peer->n_policies; i++) {
		for (c = TAILQ_FIRST(&sa->peer->policies[i].pairs); c != NULL; c = next) {
			next = TAILQ_NEXT(c, of_policy);
			if (c->owner == sa)
				child_remove(e, c, now);
		}
	}
}

void child_disown(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike_sa *best = ike_sa_best_of(sa);
	struct child_sa *c;

	if (sa->peer->v->owns_children) {
		remove_owned(e, sa, now);
		return;
	}
	for (size_t i = 0; i < sa->peer->n_policies; i++) {
		TAILQ_FOREACH (c, &sa->peer->policies[i].pairs, of_policy) {
			if (c->owner != sa)
				continue;
			c->owner = best;
			/* The peer may have dropped the pair as well, and its DELETE got lost. */
			c->rekey_due |= best == NULL;
		}
	}
	if (best != NULL)
		roam_succeed(e, sa, best, now);
}

void child_ensure_in(struct ike_engine *e, struct ike_policy *policy, uint64_t due)
{
	if (!policy->ensure.armed || policy->ensure.due > due)
		timers_arm(&e->timers, &policy->ensure, due);
}

void child_ensure_all(struct ike_engine *e, struct ike_peer *peer, uint64_t due)
{
	for (size_t i = 0; i < peer->n_policies; i++)
		child_ensure_in(e, &peer->policies[i], due);
}

/* A pair is there that will take over by itself. */
static bool taking_over(const struct ike_policy *policy)
{
	struct child_sa *c;

	TAILQ_FOREACH (c, &policy->pairs, of_policy) {
		if (c->state == CHILD_ESTABLISHED && !c->current && !c->superseded)
			return true;
	}
	return false;
}

void child_ensure(struct ike_engine *e, struct timer *t, uint64_t now)
{
	struct ike_policy *policy = TABLE_ENTRY(t, struct ike_policy, ensure);
	struct child_sa *current = child_current(policy);
	struct ike_sa *sa;

	if (current == NULL && generate_end(e, policy, now))
		return;
	if (current != NULL ? !current->rekey_due
			    : policy->conf.policy_id == 0 ||
				      (now >= policy->renew_until &&
				       (policy->peer->conf.passive || !party_wants(policy, now))))
		return;
	if (taking_over(policy))
		return;
	if (child_pending(policy)) {
		child_ensure_in(e, policy, now + 3 * TIMERS_SEC);
		return;
	}
	sa = policy->generated ? generate_speaker(current) : ike_sa_best(policy->peer);
	if (sa == NULL) {
		party_connect_in(e, policy->peer, now);
		return;
	}
	policy->peer->v->child_start(e, sa, policy, now);
}

uint64_t child_last_seen(const struct ike_engine *e, const struct ike_sa *sa)
{
	const struct ike_peer *peer = sa->peer;
	const struct child_sa *c;
	uint64_t last = 0;

	if (e->ops.child_last_seen == NULL)
		return 0;
	for (size_t i = 0; i < peer->n_policies; i++)
		TAILQ_FOREACH (c, &peer->policies[i].pairs, of_policy) {
			uint64_t seen = c->owner == sa && c->held
						? e->ops.child_last_seen(e->ctx, c->token)
						: 0;

			last = seen > last ? seen : last;
		}
	return last;
}
