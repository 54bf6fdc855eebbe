/* SPDX-License-Identifier: BSD-3-Clause */
/* restore.c - IKE SAs into records and back; see record.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "control/crypto/prf.h"
#include "control/ike/child_sa.h"
#include "control/ike/generate.h"
#include "control/ike/party.h"
#include "control/ike/record.h"
#include "control/ike/refuse.h"
#include "control/ike/roam.h"
#include "control/ike/state.h"
#include "control/ike/version.h"
#include "control/ike2/ike2.h"

#define PROBE_MS   3000u  /* liveness of what was restored is asked within this */
#define RENEW_MS   20000u /* IKEv1: pairs are made anew within this */
#define RETIRE_MS  5000u
#define ENSURE_SEC 2u

/* What a record was made under: with any other configuration it is not for us. */
static int conf_digest(struct ike_peer *peer, uint64_t ispi, uint64_t rspi,
		       uint8_t out[PEERS_DIGEST])
{
	const uint64_t spis[2] = {ispi, rspi};
	struct prf_piece pieces[] = {{spis, sizeof(spis)}, {peer->digest, PEERS_DIGEST}};
	int r = peer->has_digest ? 0 : peers_digest(peer, peer->digest);

	peer->has_digest = r == 0;
	return r != 0 ? r : prf_digest(SUITE_HASH_SHA256, pieces, 2, out);
}

/* Established, or as good as: the answer that lets the peer use it is on its way. */
static bool is_kept(const struct child_sa *c)
{
	return c->state == CHILD_DELETING ||
	       (c->held &&
		(c->state == CHILD_ESTABLISHED || (c->state == CHILD_INSTALLED && !c->initiator &&
						   c->policy->peer->v->owns_children)));
}

static void fill_pairs(struct record *r, const struct ike_sa *sa)
{
	const struct child_sa *c;

	for (size_t i = 0; i < sa->peer->n_policies; i++) {
		TAILQ_FOREACH (c, &sa->peer->policies[i].pairs, of_policy) {
			struct record_pair *p = &r->pairs[r->n_pairs];

			if (c->owner != sa || !is_kept(c))
				continue;
			if (r->n_pairs == RECORD_PAIRS) {
				r->left_out++;
				continue;
			}
			*p = (struct record_pair){.policy_id = c->policy->conf.policy_id,
						  .spi_in = c->spi_in,
						  .spi_out = c->spi_out,
						  .initiator = c->initiator,
						  .current = c->current,
						  .superseded = c->superseded,
						  .deleting = c->state == CHILD_DELETING,
						  .lifetime = c->lifetime,
						  .kilobytes = c->kilobytes,
						  .added = c->added,
						  .soft_time = c->soft_time,
						  .hard_time = c->hard_time,
						  .rekey_time = c->rekey_time,
						  .seen = c->seen,
						  .n_local = c->n_local,
						  .n_remote = c->n_remote};
			memcpy(p->local, c->local, sizeof(p->local));
			memcpy(p->remote, c->remote, sizeof(p->remote));
			r->n_pairs++;
		}
	}
}

static void fill1(struct record *r, const struct ike_sa *sa)
{
	const struct exchange_msgids *m = &sa->msgids;
	uint16_t n = m->n < RECORD_MSGIDS ? m->n : RECORD_MSGIDS;

	r->keys1 = *sa->keys;
	r->fragments = sa->fragments;
	memcpy(r->iv, sa->iv, sizeof(r->iv));
	r->dpd_first = sa->dpd_first;
	r->dpd_sent = sa->dpd_sent;
	r->dpd_seen = sa->dpd_seen;
	r->dpd_seen_any = sa->dpd_seen_any;
	/* the latest ones end before m->next when the ring is full */
	for (uint16_t i = 0; i < n; i++)
		r->msgids[i] = m->ids[(m->next + m->n - n + i) % m->n];
	r->n_msgids = n;
}

/* Pairs that are known here by their SPI only. */
static void fill_deletes(struct record *r, const struct ike_sa *sa)
{
	const struct ike2_task *t;

	TAILQ_FOREACH (t, &sa->v2->tasks, of_sa) {
		if (t->kind == IKE2_DELETE_CHILD && t->state == IKE2_WAITING &&
		    r->n_pairs < RECORD_PAIRS)
			r->pairs[r->n_pairs++] =
				(struct record_pair){.spi_in = t->spi, .deleting = true};
	}
}

/* False: what is out cannot be taken back. */
static bool fill2(struct record *r, const struct ike_sa *sa)
{
	const struct ike2_sa *v2 = sa->v2;
	const struct ike2_task *t = ike2_task_asked(sa);

	r->keys2 = v2->keys;
	r->iv_number = v2->iv;
	r->fragments = v2->fragments;
	r->next_in = v2->next_in;
	r->next_out = v2->next_out;
	r->have_last = v2->answer.have_last;
	memcpy(r->last, v2->answer.last, sizeof(r->last));
	if (v2->answer.msg != NULL && v2->answer.len <= sizeof(r->answer)) {
		memcpy(r->answer, v2->answer.msg, v2->answer.len);
		r->answer_len = (uint16_t)v2->answer.len;
	}
	fill_deletes(r, sa);
	if (!sa->x.asking || sa->x.msg == NULL)
		return true;
	if (sa->x.len > sizeof(r->request) ||
	    (t != NULL && (t->kind == IKE2_REKEY || t->kind == IKE2_DELETE_IKE)))
		return false;
	/* It is recorded before it is sent, and counted after. */
	r->asking = true;
	r->next_out = sa->x.msgid + 1;
	memcpy(r->request, sa->x.msg, sa->x.len);
	r->request_len = (uint16_t)sa->x.len;
	r->request_exchange = sa->x.msg[18];
	if (t != NULL) {
		r->request_spi = t->kind == IKE2_LOST || t->kind == IKE2_CHILD ? t->spi : 0;
		return true;
	}
	for (const struct ike2_task *w = TAILQ_FIRST(&v2->tasks); w != NULL;
	     w = TAILQ_NEXT(w, of_sa)) {
		if (w->pair != NULL && w->state <= IKE2_ASKED &&
		    r->request_exchange == IKE2_EXCH_CREATE_CHILD)
			r->request_spi = w->spi;
	}
	return true;
}

/* A rekey that is about to go out is still a waiting task when its message is recorded. */
static bool is_ending(const struct ike_sa *sa)
{
	const struct ike2_task *t;

	if (sa->v2 == NULL)
		return false;
	TAILQ_FOREACH (t, &sa->v2->tasks, of_sa) {
		if (t->kind == IKE2_DELETE_IKE || (t->kind == IKE2_REKEY && t->successor != NULL))
			return true;
	}
	return sa->closing || sa->v2->heir != 0;
}

/* All of the latest pairs would go to waste silently otherwise. */
static void tell_left_out(struct ike_engine *e, struct ike_sa *sa, const struct record *r)
{
	if (r->left_out == 0 || sa->left_out)
		return;
	sa->left_out = true;
	refuse_log(e, IKE_LOG_WARN, sa->peer, sa, 0,
		   "more than %u CHILD_SAs on one IKE_SA: those beyond are made anew after a "
		   "restart of espgw-control, the others go on",
		   RECORD_PAIRS);
}

static bool fill(struct record *r, const struct ike_sa *sa)
{
	memset(r, 0, offsetof(struct record, pairs));
	if (sa->state != SA_ESTABLISHED || is_ending(sa) ||
	    conf_digest(sa->peer, sa->ispi, sa->rspi, r->conf) != 0)
		return false;
	r->ike_version = sa->peer->v->number;
	memcpy(r->peer, sa->peer->conf.name, sizeof(r->peer));
	r->peer[sizeof(r->peer) - 1] = '\0';
	r->ispi = sa->ispi;
	r->rspi = sa->rspi;
	r->established = sa->established;
	r->ends = sa->ends;
	r->auth_ends = sa->auth_ends;
	/* ESP is no sign of an IKE SA on which nothing was heard. */
	r->last_seen = sa->heard > sa->established ? sa->last_seen : sa->established;
	r->responder = sa->responder;
	r->nat_local = sa->nat_local;
	r->nat_remote = sa->nat_remote;
	r->dpd = sa->dpd;
	r->at = sa->at;
	r->natt = (uint8_t)sa->natt;
	r->lifetime = sa->lifetime;
	r->encr = sa->encr.id;
	r->key_bits = sa->encr.key_bits;
	r->hash = sa->hash;
	r->group = sa->group;
	r->id_remote = sa->id_remote;
	fill_pairs(r, sa);
	if (r->ike_version == 2)
		return fill2(r, sa);
	fill1(r, sa);
	return true;
}

void record_forget(struct ike_engine *e, struct ike_sa *sa)
{
	if (sa->slot != 0)
		e->ops.sa_forget(e->ctx, sa->slot);
	sa->slot = 0;
}

void record_save(struct ike_engine *e, struct ike_sa *sa)
{
	static struct record
		r; /* 130 KiB, touched as far as it is used; the engine has one thread */
	static uint8_t buf[RECORD_MAX_LEN];
	size_t len;

	if (e->ops.sa_save == NULL || sa->gone)
		return;
	len = fill(&r, sa) ? record_encode(&r, buf, sizeof(buf)) : 0;
	if (len != 0)
		sa->slot = e->ops.sa_save(e->ctx, sa->slot, buf, len);
	else
		record_forget(e, sa);
	tell_left_out(e, sa, &r);
	record_wipe(&r);
	OPENSSL_cleanse(buf, len);
}

/* The peer may not know yet that it is gone. */
static void restore_delete(struct ike_engine *e, struct ike_sa *sa, struct ike_policy *policy,
			   const struct record_pair *p, uint64_t now)
{
	struct child_sa *c = policy != NULL ? child_new(e, policy, p->initiator, now) : NULL;

	sa->peer->v->child_delete(e, sa->peer, sa, p->spi_in, now);
	if (c == NULL)
		return;
	c->owner = sa;
	c->spi_in = p->spi_in;
	c->state = CHILD_DELETING;
	c->deletes = 1;
	if (!sa->peer->v->owns_children)
		timers_arm(&e->timers, &c->action, now + CHILD_DELETE_GRACE_MS * TIMERS_MS);
}

/* One that was generated is so again, if it had a pair that goes on. */
static struct ike_policy *policy_of(struct ike_engine *e, struct ike_peer *peer,
				    const struct ike_identity_conf *party,
				    const struct record_pair *p, uint64_t now)
{
	struct ike_policy *policy = peers_find_policy(&e->peers, p->policy_id);
	struct generate_want want = {.n_local = p->n_local, .n_remote = p->n_remote};

	if (policy == NULL && !p->deleting && peer->n_templates != 0) {
		memcpy(want.local, p->local, sizeof(want.local));
		memcpy(want.remote, p->remote, sizeof(want.remote));
		policy = generate_again(e, peer, party, p->policy_id, &want, now);
	}
	return policy != NULL && policy->peer == peer ? policy : NULL;
}

static void restore_pair(struct ike_engine *e, struct ike_sa *sa, const struct record_pair *p,
			 uint64_t now)
{
	struct ike_policy *policy = policy_of(e, sa->peer, &sa->id_remote, p, now);
	struct child_sa *c = NULL;

	if (policy != NULL && !p->deleting)
		c = child_new(e, policy, p->initiator, now);
	if (c != NULL)
		c->held = e->ops.child_adopt(e->ctx, c->token, p->policy_id, p->spi_in, p->spi_out);
	if (c == NULL || !c->held) {
		if (c != NULL)
			child_remove(e, c, now);
		restore_delete(e, sa, policy, p, now);
		return;
	}
	c->owner = sa;
	c->state = CHILD_ESTABLISHED;
	c->spi_in = p->spi_in;
	c->spi_out = p->spi_out;
	c->lifetime = p->lifetime;
	c->kilobytes = p->kilobytes;
	c->added = p->added;
	c->soft_time = p->soft_time;
	c->hard_time = p->hard_time;
	c->rekey_time = p->rekey_time;
	c->seen = p->seen;
	c->n_local = p->n_local;
	c->n_remote = p->n_remote;
	memcpy(c->local, p->local, sizeof(c->local));
	memcpy(c->remote, p->remote, sizeof(c->remote));
	c->current = p->current && child_current(policy) == NULL;
	c->superseded = p->superseded;
	c->ours_to_delete = p->superseded;
	timers_arm(&e->timers, &c->life, now < c->rekey_time ? c->rekey_time : c->hard_time);
	if (now >= c->rekey_time && !c->superseded)
		child_rekey(e, c, now);
	if (c->superseded || !c->current)
		timers_arm(&e->timers, &c->action, now + RETIRE_MS * TIMERS_MS);
}

static int restore1(struct ike_sa *sa, const struct record *r)
{
	*sa->keys = r->keys1;
	sa->fragments = r->fragments;
	memcpy(sa->iv, r->iv, sizeof(sa->iv));
	for (uint16_t i = 0; i < r->n_msgids; i++)
		exchange_msgid_add(&sa->msgids, r->msgids[i]);
	return sa->msgids.n == r->n_msgids ? 0 : -ENOMEM;
}

static int restore2(struct ike_engine *e, struct ike_sa *sa, const struct record *r)
{
	struct ike2_sa *v2 = sa->v2;
	struct ike2_bytes answer = {NULL, 0};
	struct ike2_task *t;

	v2->keys = r->keys2;
	ike2_sa_keyed(v2);
	v2->iv = r->iv_number + RECORD_IV_STEP;
	v2->fragments = r->fragments;
	v2->next_out = r->next_out;
	v2->next_in = r->next_in;
	v2->answer.have_last = r->have_last;
	memcpy(v2->answer.last, r->last, sizeof(v2->answer.last));
	if (r->answer_len != 0 && ike2_bytes_set(&answer, r->answer, r->answer_len) != 0)
		return -ENOMEM;
	v2->answer.msg = answer.data;
	v2->answer.len = answer.len;
	if (!r->asking)
		return 0;
	t = ike2_task_new(e, sa, IKE2_LOST, IKE2_ASKED);
	if (t == NULL)
		return -ENOMEM;
	t->exchange = r->request_exchange;
	t->spi = r->request_spi;
	sa->x.msgid = r->next_out - 1;
	return 0;
}

/* In IKEv1 the last message of quick mode, and DELETE, have no answer: what was under way when we
 * ended may have left the peer with other pairs than ours. A new one on both sides ends that.
 * False: it is the peer who has to begin, and it may think that all is well. */
static bool renew(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike_policy *policy;
	struct child_sa *c;

	for (size_t i = 0; i < sa->peer->n_policies; i++) {
		policy = &sa->peer->policies[i];
		c = child_current(policy);
		if (c == NULL && sa->peer->conf.passive && i < sa->peer->n_configured)
			return false;
		if (policy->generated && (c == NULL || c->owner != sa))
			continue;
		if (c == NULL)
			continue;
		policy->renew_until = now + 2 * RENEW_MS * TIMERS_MS;
		if (c->life.armed)
			timers_arm(&e->timers, &c->life,
				   now + (1000 + state_random_below(e, RENEW_MS)) * TIMERS_MS);
	}
	return sa->peer->n_templates == 0 || generate_has_pair(sa);
}

static bool start(struct ike_engine *e, struct ike_sa *sa, const struct record *r, uint64_t now)
{
	ike_sa_start_timers(e, sa, now);
	if (r->dpd_sent != 0) { /* the peer may want them in order, and may send ours back */
		sa->dpd_first = r->dpd_first;
		sa->dpd_sent = sa->dpd_acked = r->dpd_sent;
	}
	sa->dpd_seen = r->dpd_seen; /* also of a peer that we never ask ourselves */
	sa->dpd_seen_any = r->dpd_seen_any;
	if (sa->dpd_timer.armed)
		timers_arm(&e->timers, &sa->dpd_timer,
			   now + state_random_below(e, PROBE_MS) * TIMERS_MS);
	for (unsigned i = r->n_pairs; i > 0; i--) /* the newest first, as they were */
		restore_pair(e, sa, &r->pairs[i - 1], now);
	roam_place(e, sa); /* what was told to who is gone is told again */
	if (r->asking)
		(void)exchange_ask(e, &sa->x, r->request, r->request_len, now);
	timers_cancel(&e->timers, &sa->peer->start);
	if (!sa->peer->v->owns_children && !renew(e, sa, now)) {
		sa->peer->v->delete_ike_sa(e, sa, now); /* so that it begins anew */
		ike_sa_free(e, sa, now);
		return false;
	}
	child_ensure_all(e, sa->peer, now + ENSURE_SEC * TIMERS_SEC);
	refuse_log(e, IKE_LOG_NOTICE, sa->peer, sa, 0, "IKE_SA goes on after a restart");
	return true;
}

static struct ike_sa *make(struct ike_engine *e, struct ike_peer *peer, const struct record *r,
			   uint64_t now)
{
	struct ike_sa *sa = ike_sa_new(e, peer, r->responder, &r->at, r->ispi, now);

	if (sa == NULL)
		return NULL;
	ike_sa_drop_handshake(sa);
	sa->encr = (struct ike_encr_choice){r->encr, r->key_bits};
	sa->hash = r->hash;
	sa->group = r->group;
	sa->natt = (enum natd_vendor)r->natt;
	sa->nat_local = r->nat_local;
	sa->nat_remote = r->nat_remote;
	sa->dpd = r->dpd;
	sa->lifetime = r->lifetime;
	sa->id_remote = r->id_remote;
	if (ike_sa_take_spis(e, sa, r->ispi, r->rspi) == 0 &&
	    (r->ike_version == 1 ? restore1(sa, r) : restore2(e, sa, r)) == 0) {
		sa->state = SA_ESTABLISHED;
		sa->established = sa->created = sa->placed = r->established;
		sa->ends = r->ends;
		sa->auth_ends = r->auth_ends;
		sa->auth_responder = r->responder; /* as good as always */
		sa->last_seen = r->last_seen;
		if (r->last_seen > r->established)
			sa->heard = r->last_seen;
		return sa;
	}
	ike_sa_free(e, sa, now);
	return NULL;
}

/* The peer of a record, configured as it was. NULL: there is none, or the SA's time is over. */
static struct ike_peer *peer_of(struct ike_engine *e, const struct record *r, uint64_t now)
{
	struct ike_peer *peer = peers_find_name(&e->peers, r->peer);
	uint8_t conf[sizeof(r->conf)];

	if (peer == NULL || peer->v->number != r->ike_version ||
	    conf_digest(peer, r->ispi, r->rspi, conf) != 0 ||
	    memcmp(conf, r->conf, sizeof(conf)) != 0 || r->established > now || now >= r->ends)
		return NULL;
	return peer;
}

int ike_engine_restore_policies(struct ike_engine *e, const uint8_t *data, size_t len, uint64_t now)
{
	static struct record r;
	struct ike_peer *peer;
	int rc = record_decode(&r, data, len);

	e->now = now;
	if (rc != 0)
		return rc;
	peer = peer_of(e, &r, now);
	for (unsigned i = r.n_pairs; i > 0 && peer != NULL; i--)
		(void)policy_of(e, peer, &r.id_remote, &r.pairs[i - 1], now);
	record_wipe(&r);
	return peer != NULL ? 0 : -ENOENT;
}

int ike_engine_restore(struct ike_engine *e, const uint8_t *data, size_t len, uint32_t slot,
		       uint64_t now)
{
	static struct record r;
	struct ike_peer *peer;
	struct ike_sa *sa;
	int rc = record_decode(&r, data, len);

	e->now = now;
	if (rc != 0)
		return rc;
	peer = peer_of(e, &r, now);
	rc = -ENOENT;
	if (peer != NULL) {
		sa = make(e, peer, &r, now);
		rc = sa != NULL ? 0 : -ENOMEM;
		if (sa != NULL) {
			sa->slot = slot;
			if (start(e, sa, &r, now))
				record_save(e, sa);
		}
	}
	record_wipe(&r);
	return rc;
}
