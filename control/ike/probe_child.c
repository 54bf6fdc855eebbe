/* SPDX-License-Identifier: BSD-3-Clause */
/* probe_child.c - see probe_child.h. */
#include "control/ike/probe_child.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/crypto/suite.h"
#include "control/ike/child_sa.h"
#include "control/ike/ike_sa.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike/version.h"

#define LOOK_MS	  100u
#define PACE_MS	  1000u /* between the beginnings of two */
#define ANSWER_MS 8000u

struct probe_child {
	struct ike_probe_child seen; /* first: the result */
	struct ike_peer *peer;
	struct timer timer;
	struct ike_proposal_conf tried; /* what we ask for, in place of the policy's */
	unsigned at;			/* row under way */
	bool asked;
	uint64_t since; /* when it was asked */
	unsigned failures;
	uint64_t token; /* of the pair that came of it; 0 = none yet */
};

static struct ike_policy *policy_of(const struct probe_child *p)
{
	for (size_t i = 0; i < p->peer->n_configured; i++) {
		if (p->peer->policies[i].conf.policy_id == p->seen.policy_id)
			return &p->peer->policies[i];
	}
	return NULL;
}

/* It need not send yet. */
static bool has_pair(const struct ike_policy *policy)
{
	const struct child_sa *c;

	TAILQ_FOREACH (c, &policy->pairs, of_policy) {
		if (c->state == CHILD_ESTABLISHED)
			return true;
	}
	return false;
}

/* An answer that is late is judged by what the policy says, and what is half made goes. */
static void put_back(struct ike_engine *e, struct probe_child *p, struct ike_policy *policy,
		     uint64_t now)
{
	struct child_sa *c = p->token != 0 ? child_find_token(e, p->token) : NULL;

	if (policy != NULL)
		policy->tried = NULL;
	if (c != NULL && c->state < CHILD_ESTABLISHED)
		child_delete_now(e, c, now);
	p->token = 0;
}

static void end(struct ike_engine *e, struct probe_child *p, struct ike_policy *policy,
		enum probe_child_end why, uint64_t now)
{
	put_back(e, p, policy, now);
	p->seen.ended = now;
	p->seen.end = why;
	p->seen.n = p->at + (why == PROBE_CHILD_DONE); /* else that one has no answer */
	if (policy != NULL)
		child_ensure_in(e, policy, now + PACE_MS * TIMERS_MS);
}

/* --- candidates --- */

static void add_encr(struct ike_proposal_conf *c, struct ike_encr_choice encr, uint32_t weak)
{
	const struct suite_encr *s = suite_encr_find(encr.id, encr.key_bits);

	for (unsigned i = 0; i < c->n_encr; i++) {
		if (c->encr[i].id == encr.id && c->encr[i].key_bits == encr.key_bits)
			return;
	}
	if (s != NULL && (s->weak & ~weak) == 0 && c->n_encr < 5)
		c->encr[c->n_encr++] = encr;
}

static void add_integ(struct ike_proposal_conf *c, uint16_t integ, uint32_t weak)
{
	const struct suite_integ *s = suite_integ_find(integ);

	for (unsigned i = 0; i < c->n_integ; i++) {
		if (c->integ[i] == integ)
			return;
	}
	if (s != NULL && (s->weak & ~weak) == 0 && c->n_integ < 5)
		c->integ[c->n_integ++] = integ;
}

/* Ours first, then the others that products have by default: not more than an IKEv1 message with
 * all combinations holds. */
static void widen(struct ike_proposal_conf *c, uint32_t weak)
{
	static const struct ike_encr_choice ciphers[] = {{ABI_ENCR_AES_CBC, 256},
							 {ABI_ENCR_AES_CBC, 128},
							 {ABI_ENCR_3DES, 0},
							 {ABI_ENCR_AES_GCM_16, 256},
							 {ABI_ENCR_AES_GCM_16, 128}};
	static const uint16_t integs[] = {ABI_INTEG_HMAC_SHA2_256_128, ABI_INTEG_HMAC_SHA1_96,
					  ABI_INTEG_HMAC_MD5_96, ABI_INTEG_HMAC_SHA2_512_256,
					  ABI_INTEG_HMAC_SHA2_384_192};

	for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++)
		add_encr(c, ciphers[i], weak);
	for (size_t i = 0; i < sizeof(integs) / sizeof(integs[0]); i++)
		add_integ(c, integs[i], weak);
}

static void add_group(struct ike_probe_child *s, uint16_t group, uint32_t weak)
{
	const struct suite_group *g = group != 0 ? suite_group_find(group) : NULL;

	for (unsigned i = 0; i < s->n; i++) {
		if (s->rows[i].group == group)
			return;
	}
	if (s->n < PROBE_CHILD_MAX && (group == 0 || (g != NULL && (g->weak & ~weak) == 0)))
		s->rows[s->n++].group = group;
}

/* Ours, none, and those of the products' defaults. */
static void list_groups(struct probe_child *p, uint32_t weak)
{
	static const uint16_t groups[] = {0, 14, 2, 5, 15, 19, 20, 16, 31, 1, 24};

	add_group(&p->seen, p->tried.pfs_group, weak);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		add_group(&p->seen, groups[i], weak);
	for (unsigned i = 0; i < p->seen.n; i++)
		p->seen.rows[i].said = PROBE_WAITS;
}

/* --- one after the other --- */

static bool ask(struct ike_engine *e, struct probe_child *p, struct ike_policy *policy,
		uint64_t now)
{
	struct ike_sa *sa = ike_sa_best(p->peer);

	if (sa == NULL)
		return false;
	if (child_pending(policy)) /* another attempt: later */
		return true;
	timers_cancel(&e->timers, &policy->ensure);
	p->tried.pfs_group = p->seen.rows[p->at].group;
	policy->tried = &p->tried;
	p->failures = policy->failures;
	p->since = now;
	p->asked = true;
	p->token = 0;
	p->peer->v->child_start(e, sa, policy, now);
	return true;
}

static uint16_t refusal(const struct probe_child *p)
{
	const struct peer_evidence *ev;

	TAILQ_FOREACH (ev, &p->peer->evidence, next) {
		if (ev->ev.policy_id == p->seen.policy_id && ev->ev.last >= p->since &&
		    ev->ev.notify != 0)
			return ev->ev.notify;
	}
	return 0;
}

/* Has the one under way ended? */
static bool answered(struct ike_engine *e, struct probe_child *p, struct ike_policy *policy,
		     uint64_t now)
{
	struct probe_child_row *row = &p->seen.rows[p->at];
	struct child_sa *c = p->token != 0 ? child_find_token(e, p->token) : NULL;

	if (c != NULL && c->state == CHILD_ESTABLISHED) {
		row->said = PROBE_TAKES;
		child_delete_now(e, c, now);
		return true;
	}
	if (policy->failures != p->failures) {
		row->notify = refusal(p);
		row->said = row->notify == 0 ? PROBE_NOTHING
			    : row->notify == IKE2_N_NO_PROPOSAL_CHOSEN ||
					    row->notify == IKE2_N_INVALID_KE_PAYLOAD
				    ? PROBE_NO_PROPOSAL
				    : PROBE_REFUSES;
		return true;
	}
	if (now - p->since < ANSWER_MS * TIMERS_MS)
		return false;
	row->said = PROBE_NOTHING;
	return true;
}

static void tick(struct ike_engine *e, struct timer *t, uint64_t now)
{
	struct probe_child *p = TABLE_ENTRY(t, struct probe_child, timer);
	struct ike_policy *policy = policy_of(p);
	uint64_t next = now + LOOK_MS * TIMERS_MS;

	if (policy != NULL && !p->asked && has_pair(policy)) {
		end(e, p, policy, PROBE_CHILD_UP, now); /* there is nothing left to ask for */
		return;
	}
	if (policy == NULL || (!p->asked && !ask(e, p, policy, now))) {
		end(e, p, policy, PROBE_CHILD_GONE, now);
		return;
	}
	if (p->asked && answered(e, p, policy, now)) {
		/* Another reason than the proposal is the same for all. */
		if (p->seen.rows[p->at].said != PROBE_NO_PROPOSAL || p->at + 1 == p->seen.n) {
			end(e, p, policy, PROBE_CHILD_DONE, now);
			return;
		}
		p->at++;
		p->asked = false;
		put_back(e, p, policy, now);
		timers_cancel(&e->timers, &policy->ensure);
		if (p->since + PACE_MS * TIMERS_MS > next)
			next = p->since + PACE_MS * TIMERS_MS;
	}
	timers_arm(&e->timers, &p->timer, next);
}

void probe_child_note(struct ike_engine *e, const struct child_sa *c, const struct ike_child_sa *sa)
{
	struct probe_child *p = c->policy->peer->probe_child;

	(void)e;
	if (p == NULL || p->seen.ended != 0 || !p->asked || !c->initiator ||
	    c->policy->conf.policy_id != p->seen.policy_id)
		return;
	p->token = c->token;
	p->seen.rows[p->at].encr =
		(struct ike_encr_choice){sa->encr, (uint16_t)(8 * sa->encr_key_len)};
	if (suite_encr_find(sa->encr, (uint16_t)(8 * sa->encr_key_len)) == NULL)
		p->seen.rows[p->at].encr.key_bits = 0; /* of one length only */
	p->seen.rows[p->at].integ = sa->integ;
}

static struct ike_policy *without_pair(const struct ike_peer *peer)
{
	for (size_t i = 0; i < peer->n_configured; i++) {
		if (!has_pair(&peer->policies[i]))
			return &peer->policies[i];
	}
	return NULL;
}

int ike_engine_probe_child(struct ike_engine *e, const char *name, uint32_t weak, uint64_t now)
{
	struct ike_peer *peer = peers_find_name(&e->peers, name);
	struct ike_policy *policy;
	struct probe_child *p;

	if (peer == NULL)
		return -ENOENT;
	p = peer->probe_child;
	if (p != NULL && (p->seen.ended == 0 || now - p->seen.begun < PROBE_AGAIN_S * TIMERS_SEC))
		return -EBUSY;
	if (ike_sa_best(peer) == NULL)
		return -ENOTCONN;
	policy = without_pair(peer);
	if (policy == NULL)
		return -EALREADY;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	e->now = now;
	probe_child_free(e, peer);
	peer->probe_child = p;
	p->peer = peer;
	p->seen.begun = now;
	p->seen.ike2 = peer->v->number == 2;
	p->seen.policy_id = policy->conf.policy_id;
	p->tried = policy->conf.proposal;
	widen(&p->tried, weak);
	list_groups(p, weak);
	refuse_log(e, IKE_LOG_INFO, peer, NULL, 0, "probing what the peer takes in phase 2");
	timers_init_one(&p->timer, tick);
	timers_arm(&e->timers, &p->timer, now);
	return 0;
}

const struct ike_probe_child *ike_engine_probe_child_result(const struct ike_engine *e,
							    const char *name)
{
	const struct ike_peer *peer = peers_find_name(&e->peers, name);

	return peer != NULL && peer->probe_child != NULL ? &peer->probe_child->seen : NULL;
}

void probe_child_free(struct ike_engine *e, struct ike_peer *peer)
{
	struct probe_child *p = peer->probe_child;

	if (p == NULL)
		return;
	timers_cancel(&e->timers, &p->timer);
	if (p->seen.ended == 0)
		put_back(e, p, policy_of(p), e->now);
	free(p);
	peer->probe_child = NULL;
}
