/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rekey.c - a new IKE SA in place of an old one (RFC 7296 sections 1.3.2, 2.8, 2.18, 2.25.2). Pairs
 * move to the new one, which the side that began the rekey makes known by deleting the old one.
 * When both begin, two come about: that with the lowest of the four nonces loses (section 2.8.1)
 * and is deleted by who began it; pairs stay with the old one until that is known.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "control/ike/dhwork.h"
#include "control/ike/child_sa.h"
#include "control/ike/party.h"
#include "control/ike/record.h"
#include "control/ike/refuse.h"
#include "control/ike/roam.h"
#include "control/ike/state.h"
#include "control/ike2/ike2.h"

#define AGAIN_S	  4u
#define CROSSED_S 5u /* the loser of two first SAs is deleted after this */

static struct ike2_task *find_task(const struct ike_sa *sa)
{
	struct ike2_task *t;

	TAILQ_FOREACH (t, &sa->v2->tasks, of_sa) {
		if (t->kind == IKE2_REKEY)
			return t;
	}
	return NULL;
}

void ike2_rekey(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	if (sa->state != SA_ESTABLISHED || find_task(sa) != NULL || sa->v2->heir != 0)
		return;
	if (party_elsewhere(sa)) {
		refuse_log(e, IKE_LOG_NOTICE, sa->peer, sa, 0,
			   "the peer's name stands for another address: a new IKE_SA is made there "
			   "instead of rekeying this one");
		sa->rekey_due = true;
		party_connect_in(e, sa->peer, now);
		return;
	}
	/* A rekey of an operator, or of one whose authentication holds longer, is one all the same.
	 */
	if (sa->rekey_due && sa->auth_ends != 0 && sa->auth_ends <= sa->ends) {
		ike2_reauth(e, sa, now);
		return;
	}
	if (ike2_task_new(e, sa, IKE2_REKEY, IKE2_WAITING) == NULL) {
		timers_arm(&e->timers, &sa->life, now + AGAIN_S * TIMERS_SEC);
		return;
	}
	ike2_task_run(e, sa, now);
}

/* An SA in the making, at the place of the old one. */
static struct ike_sa *new_sa(struct ike_engine *e, const struct ike_sa *old, bool responder,
			     uint64_t ispi, uint64_t now)
{
	struct ike_sa *sa = ike_sa_new(e, old->peer, responder, &old->at, ispi, now);

	if (sa == NULL)
		return NULL;
	sa->state = SA_SUCCESSOR;
	ike2_sa_drop_handshake(sa);
	sa->id_remote = old->id_remote;
	sa->v2->fragments = old->v2->fragments;
	sa->natt = old->natt;
	sa->placed = old->placed;
	sa->auth_ends = old->auth_ends; /* a rekey proves nothing anew */
	sa->auth_responder = old->auth_responder;
	sa->nat_local = old->nat_local;
	sa->nat_remote = old->nat_remote;
	return sa;
}

static void put_spi(uint64_t spi, uint8_t out[8])
{
	uint64_t be = htobe64(spi);

	memcpy(out, &be, sizeof(be));
}

static int put_request(struct ike2_out *o, const struct ike2_task *t)
{
	const struct ike_sa *sa = t->sa, *next = t->successor;
	struct prop2_want want;
	const uint8_t *public;
	uint8_t spi[8];
	size_t len;
	int r;

	prop2_want_ike(&want, &sa->peer->conf.profile, true);
	put_spi(next->ispi, spi);
	ike2_seal_begin(o, sa, IKE2_EXCH_CREATE_CHILD, sa->v2->next_out, false, true);
	ike_msg_open(&o->b, IKE2_PLD_SA);
	r = prop2_build(&o->b.w, &want, spi);
	ike_msg_close(&o->b);
	ike_msg_add(&o->b, IKE2_PLD_NONCE, next->v2->ni, next->v2->ni_len);
	public = dh_public(t->dh, &len);
	ike2_msg_add_ke(&o->b, dh_group(t->dh), public, len);
	return r;
}

int ike2_rekey_ask(struct ike_engine *e, struct ike2_task *t, uint64_t now)
{
	struct ike_sa *next = t->successor;
	struct ike2_out o;
	int r = t->dh == NULL ? ike2_task_pair(e, t->sa, t->sa->group) : 0;

	if (r != 0)
		return r;
	if (next == NULL)
		next = t->successor = new_sa(e, t->sa, false, 0, now);
	if (next == NULL)
		return -ENOMEM;
	next->v2->ni_len = IKE_NONCE_LEN;
	r = state_random(e, next->v2->ni, IKE_NONCE_LEN);
	if (r == 0 && t->dh == NULL)
		r = dhwork_new(e, t->sa->group, &t->dh);
	if (r == 0)
		r = put_request(&o, t);
	if (r == 0)
		r = ike2_task_ask(e, t, &o, now);
	if (r == 0)
		refuse_log(e, IKE_LOG_INFO, t->sa->peer, t->sa, t->sa->x.msgid,
			   "initiating IKE_SA rekeying");
	return r;
}

/* Pairs, those that the data plane still installs as well, and requests that wait go on with the
 * new SA. */
static void hand_over(struct ike_engine *e, struct ike_sa *old, struct ike_sa *next, uint64_t now)
{
	struct ike2_task *t, *following;
	struct child_sa *c;

	for (size_t i = 0; i < old->peer->n_policies; i++) {
		TAILQ_FOREACH (c, &old->peer->policies[i].pairs, of_policy) {
			if (c->owner == old)
				c->owner = next;
		}
	}
	roam_inherit(e, old, next, now);
	for (t = TAILQ_FIRST(&old->v2->tasks); t != NULL; t = following) {
		following = TAILQ_NEXT(t, of_sa);
		if (t->kind == IKE2_PROBE && t->state == IKE2_WAITING) {
			ike2_task_free(e, t, now); /* it is the new one's to ask */
			continue;
		}
		if ((t->state != IKE2_WAITING && t->state != IKE2_INSTALLING) ||
		    t->kind == IKE2_REKEY)
			continue;
		TAILQ_REMOVE(&old->v2->tasks, t, of_sa);
		old->v2->n_tasks--;
		t->sa = next;
		TAILQ_INSERT_TAIL(&next->v2->tasks, t, of_sa);
		next->v2->n_tasks++;
	}
	if (ike_sa_up(old))
		old->state = SA_REPLACED;
	if (next->state == SA_REPLACED && !next->closing) { /* it has waited */
		next->state = SA_ESTABLISHED;
		ike_sa_start_timers(e, next, now);
	}
	record_save(e, next); /* it may be long until it sends something, */
	record_save(e, old);  /* and pairs are to be found once only */
	ike2_task_run(e, next, now);
}

static void come_up(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	sa->state = SA_ESTABLISHED;
	sa->established = sa->last_seen = now;
	sa->ends = now + (uint64_t)sa->lifetime * TIMERS_SEC;
	e->counters.phase1_established++;
	ike_sa_start_timers(e, sa, now);
}

/* The peer is to delete it; if it does not, we do. */
static void await_delete(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	sa->state = SA_REPLACED;
	sa->closing = true;
	sa->ends = now + IKE2_CLOSE_S * TIMERS_SEC;
	timers_arm(&e->timers, &sa->life, sa->ends);
}

static void delete_sa(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	await_delete(e, sa, now);
	if (ike2_task_new(e, sa, IKE2_DELETE_IKE, IKE2_WAITING) != NULL)
		ike2_task_run(e, sa, now);
}

bool ike2_rekey_retire(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	if (sa->closing)
		return false;
	delete_sa(e, sa, now);
	return true;
}

static struct ike_sa *take_heir(struct ike_sa *sa)
{
	struct ike_sa *heir;

	TAILQ_FOREACH (heir, &sa->peer->sas, of_peer) {
		if (sa->v2->heir != 0 && heir->id == sa->v2->heir)
			break;
	}
	sa->v2->heir = 0;
	return heir != NULL && ike_sa_up(heir) ? heir : NULL;
}

void ike2_rekey_settle(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike_sa *heir = take_heir(sa);

	if (heir != NULL)
		hand_over(e, sa, heir, now);
}

void ike2_rekey_in_use(struct ike_engine *e, struct ike_sa *heir, uint64_t now)
{
	struct ike_sa *old;

	TAILQ_FOREACH (old, &heir->peer->sas, of_peer) {
		if (old->v2->heir != heir->id)
			continue;
		hand_over(e, old, heir, now);
		if (!old->closing)
			await_delete(e, old, now);
	}
}

/* Does a hold the lowest of the four nonces? */
static bool loses(const struct ike_sa *a, const struct ike_sa *b)
{
	const struct ike2_sa *x = a->v2, *y = b->v2;
	bool xi = child_nonce_compare(x->ni, x->ni_len, x->nr, x->nr_len) < 0;
	bool yi = child_nonce_compare(y->ni, y->ni_len, y->nr, y->nr_len) < 0;

	return child_nonce_compare(xi ? x->ni : x->nr, xi ? x->ni_len : x->nr_len,
				   yi ? y->ni : y->nr, yi ? y->ni_len : y->nr_len) < 0;
}

void ike2_rekey_crossed(struct ike_engine *e, struct ike_sa *a, struct ike_sa *b, uint64_t now)
{
	struct ike_sa *loser = loses(a, b) ? a : b;
	uint64_t ends = now + (loser->responder ? IKE2_CLOSE_S : CROSSED_S) * TIMERS_SEC;

	(loser == a ? b : a)->state = SA_ESTABLISHED;
	loser->state = SA_REPLACED;
	if (loser->ends < ends)
		return;
	loser->ends = ends;
	timers_arm(&e->timers, &loser->life, ends);
}

static void log_rekeyed(struct ike_engine *e, const struct ike_sa *old, const struct ike_sa *next)
{
	refuse_log(e, IKE_LOG_NOTICE, old->peer, old, 0,
		   "IKE_SA rekeyed, the new one has SPIs %016llx_i %016llx_r",
		   (unsigned long long)next->ispi, (unsigned long long)next->rspi);
}

/* Our rekey succeeded. */
static void succeeded(struct ike_engine *e, struct ike_sa *old, struct ike_sa *next, uint64_t now)
{
	struct ike_sa *heir = take_heir(old);

	come_up(e, next, now);
	log_rekeyed(e, old, next);
	if (heir != NULL && loses(next, heir)) {
		hand_over(e, old, heir, now);
		await_delete(e, old, now);
		delete_sa(e, next, now);
		return;
	}
	hand_over(e, old, next, now);
	if (heir != NULL)
		await_delete(e, heir, now);
	delete_sa(e, old, now);
}

static enum ike_rx failed(struct ike_engine *e, struct ike2_task *t, uint64_t now)
{
	struct ike_sa *sa = t->sa;

	ike2_task_free(e, t, now);
	ike2_rekey_settle(e, sa, now);
	if (sa->state == SA_REPLACED && !sa->closing)
		await_delete(e, sa, now);
	record_save(e, sa); /* it was not, while it seemed to end */
	if (sa->state == SA_ESTABLISHED && now + AGAIN_S * TIMERS_SEC < sa->ends)
		timers_arm(&e->timers, &sa->life,
			   now + AGAIN_S * TIMERS_SEC +
				   state_random_below(e, AGAIN_S * TIMERS_SEC));
	return IKE_RX_handled;
}

/* The peer wants another group: once, if it is ours. */
static bool again_with_group(struct ike_engine *e, struct ike2_task *t,
			     const struct ike_pld_notify *n, uint64_t now)
{
	const struct ike_profile_conf *conf = &t->sa->peer->conf.profile;
	uint16_t group;

	if (n->type != IKE2_N_INVALID_KE_PAYLOAD || n->data.len != 2 ||
	    dh_group(t->dh) != t->sa->group)
		return false;
	group = (uint16_t)(n->data.data[0] << 8 | n->data.data[1]);
	for (size_t i = 0; i < conf->n_dh; i++) {
		if (conf->dh[i] == group && group != t->sa->group)
			return dhwork_new(e, group, &t->dh) == 0 && ike2_rekey_ask(e, t, now) == 0;
	}
	return false;
}

static enum ike_rx refused(struct ike_engine *e, struct ike2_task *t, uint16_t type, uint64_t now)
{
	struct refuse r = {
		.code = type == IKE2_N_NO_PROPOSAL_CHOSEN   ? IKE_P1_NO_PROPOSAL
			: type == IKE2_N_INVALID_KE_PAYLOAD ? IKE_P1_DH_MISMATCH
							    : IKE_P1_UNEXPLAINED,
		.message = "CREATE_CHILD_SA request for the IKE_SA",
		.classic = "IKE_SA rekeying failed",
		.received = ike2_notify_name(type),
		.notify = type,
		.proven = true,
		.advice = "the peer does not rekey the IKE SA with what made it: see its log",
	};

	if (type == IKE2_N_TEMPORARY_FAILURE)
		refuse_log(e, IKE_LOG_INFO, t->sa->peer, t->sa, 0,
			   "received TEMPORARY_FAILURE notify, trying again");
	else
		refuse(e, t->sa->peer, t->sa, NULL, &r);
	return failed(e, t, now);
}

/* SA, KE and nonce of the peer into the new SA. 0, -EBADMSG or another -errno. */
static int take_answer(struct ike2_task *t, struct ike2_in *in)
{
	const struct ike_payload *p = ike_msg_find(&in->msg, IKE2_PLD_SA);
	const struct ike_payload *ke = ike_msg_find(&in->msg, IKE2_PLD_KE);
	struct ike_sa *next = t->successor;
	struct prop2_choice choice;
	struct prop2_want want;
	struct prop2_sa props;
	struct wire_reader r;

	prop2_want_ike(&want, &t->sa->peer->conf.profile, true);
	if (p == NULL || ke == NULL || prop2_decode(&props, &p->sa, &in->msg.error) != 0 ||
	    !prop2_single(&props) || prop2_select(&props, &want, 0, &choice, NULL) != 0 ||
	    choice.group != dh_group(t->dh) || ke->ke.group != choice.group ||
	    ike2_take_nonce(&in->msg, next->v2->nr, &next->v2->nr_len) != 0)
		return -EBADMSG;
	wire_reader_init(&r, choice.spi.data, choice.spi.len, 0);
	next->rspi = wire_get_u64(&r);
	if (next->rspi == 0)
		return -EBADMSG;
	ike2_take_choice(next, &choice);
	return ike2_derive(next, t->dh, ke->ke.data.data, ke->ke.data.len, t->sa);
}

enum ike_rx ike2_rekey_response(struct ike_engine *e, struct ike2_task *t, struct ike2_in *in)
{
	const struct ike_pld_notify *n = ike2_find_error(&in->msg);
	struct ike_sa *old = t->sa, *next = t->successor;

	if (n != NULL) {
		if (again_with_group(e, t, n, in->now))
			return IKE_RX_handled;
		return refused(e, t, n->type, in->now);
	}
	if (next == NULL)
		return failed(e, t, in->now);
	if (take_answer(t, in) != 0) {
		ike2_malformed(e, old, in, "CREATE_CHILD_SA response for the IKE_SA",
			       "not one SA, KE and nonce that fit our request");
		failed(e, t, in->now);
		return IKE_RX_malformed;
	}
	t->successor = NULL;
	ike2_task_free(e, t, in->now);
	succeeded(e, old, next, in->now);
	return IKE_RX_handled;
}

/* Something of ours is under way with the old SA that the new one could not finish. */
static bool too_busy(const struct ike_sa *sa)
{
	struct ike2_task *t;

	TAILQ_FOREACH (t, &sa->v2->tasks, of_sa) {
		if (t->state != IKE2_WAITING && t->kind != IKE2_ALIVE && t->kind != IKE2_PROBE &&
		    t->kind != IKE2_REKEY)
			return true;
	}
	return sa->closing;
}

static int put_answer(struct ike2_out *o, const struct ike_sa *old, const struct ike_sa *next,
		      const struct prop2_choice *choice, const struct dh *dh, uint32_t msgid)
{
	const uint8_t *public;
	uint8_t spi[8];
	size_t len;
	int r;

	put_spi(next->rspi, spi);
	ike2_seal_begin(o, old, IKE2_EXCH_CREATE_CHILD, msgid, true, true);
	ike_msg_open(&o->b, IKE2_PLD_SA);
	r = prop2_build_answer(&o->b.w, choice, spi, sizeof(spi));
	ike_msg_close(&o->b);
	ike_msg_add(&o->b, IKE2_PLD_NONCE, next->v2->nr, next->v2->nr_len);
	public = dh_public(dh, &len);
	ike2_msg_add_ke(&o->b, choice->group, public, len);
	return r;
}

/* The new SA as responder: made, and the answer sent. NULL: it cannot be. */
static struct ike_sa *make(struct ike_engine *e, struct ike_sa *old, struct ike2_in *in,
			   const struct prop2_choice *choice, const struct ike_payload *ke)
{
	struct wire_reader reader;
	struct ike_sa *next;
	struct dh *dh = NULL;
	struct ike2_out o;
	uint64_t ispi;
	int r;

	wire_reader_init(&reader, choice->spi.data, choice->spi.len, 0);
	ispi = wire_get_u64(&reader);
	next = ispi != 0 ? new_sa(e, old, true, ispi, in->now) : NULL;
	if (next == NULL)
		return NULL;
	ike2_take_choice(next, choice);
	next->v2->nr_len = IKE_NONCE_LEN;
	r = state_random(e, next->v2->nr, IKE_NONCE_LEN);
	if (r == 0)
		r = ike2_take_nonce(&in->msg, next->v2->ni, &next->v2->ni_len);
	if (r == 0)
		r = dhwork_new(e, choice->group, &dh);
	if (r == 0)
		r = ike2_derive(next, dh, ke->ke.data.data, ke->ke.data.len, old);
	if (r == 0)
		r = put_answer(&o, old, next, choice, dh, in->hdr.msgid);
	if (r == 0)
		r = ike2_answer(e, old, &o, in->now);
	dh_free(dh);
	if (r == 0)
		return next;
	ike_sa_free(e, next, in->now);
	return NULL;
}

/* SAs that wait for the peer to delete them. One that makes new ones all the time without is told
 * to come later. */
static unsigned undeleted(const struct ike_sa *sa)
{
	const struct ike_sa *other;
	unsigned n = 0;

	TAILQ_FOREACH (other, &sa->peer->sas, of_peer)
		n += ike_sa_up(other) && other->closing && ike_sa_same_party(other, sa);
	return n;
}

/* What of the request refuses it; 0 = nothing. */
static uint16_t judge(struct ike_sa *sa, struct ike2_in *in, const struct ike_payload *p,
		      const struct ike_payload *ke, struct prop2_choice *choice)
{
	struct prop2_want want;
	struct prop2_sa props;

	memset(choice, 0, sizeof(*choice));
	/* one that crosses ours is enough */
	if (too_busy(sa) || sa->v2->heir != 0 || undeleted(sa) >= IKE2_MAX_CLOSING)
		return IKE2_N_TEMPORARY_FAILURE;
	if (ke == NULL || prop2_decode(&props, &p->sa, &in->msg.error) != 0)
		return IKE2_N_INVALID_SYNTAX;
	prop2_want_ike(&want, &sa->peer->conf.profile, true);
	if (prop2_select(&props, &want, ke->ke.group, choice, NULL) != 0)
		return IKE2_N_NO_PROPOSAL_CHOSEN;
	return ke->ke.group != choice->group ? IKE2_N_INVALID_KE_PAYLOAD : 0;
}

enum ike_rx ike2_rekey_request(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in,
			       const struct ike_payload *p)
{
	const struct ike_payload *ke = ike_msg_find(&in->msg, IKE2_PLD_KE);
	struct ike2_task *own = find_task(sa);
	struct prop2_choice choice;
	struct ike_sa *next;
	uint16_t refusal = judge(sa, in, p, ke, &choice);

	if (refusal != 0) {
		const uint8_t group[] = {(uint8_t)(choice.group >> 8), (uint8_t)choice.group};
		bool which = refusal == IKE2_N_INVALID_KE_PAYLOAD;

		ike2_answer_notify(e, sa, in, refusal, group, which ? sizeof(group) : 0);
		return refusal == IKE2_N_TEMPORARY_FAILURE ? IKE_RX_handled : IKE_RX_refused;
	}
	next = make(e, sa, in, &choice, ke);
	if (next == NULL) {
		ike2_answer_notify(e, sa, in, IKE2_N_TEMPORARY_FAILURE, NULL, 0);
		return IKE_RX_internal;
	}
	if (own != NULL && own->state == IKE2_WAITING) {
		ike2_task_free(e, own, in->now);
		own = NULL;
	}
	come_up(e, next, in->now);
	log_rekeyed(e, sa, next);
	if (own !=
	    NULL) { /* which of both stays is known when our answer comes: none is begun with */
		sa->v2->heir = next->id;
		next->state = SA_REPLACED;
		return IKE_RX_handled;
	}
	hand_over(e, sa, next, in->now);
	await_delete(e, sa, in->now);
	return IKE_RX_handled;
}
