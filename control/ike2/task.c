/* SPDX-License-Identifier: BSD-3-Clause */
/* task.c - requests of ours one after the other, and answers; see ike2.h. */
#include <stdio.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "control/ike/child_sa.h"
#include "control/ike/dhwork.h"
#include "control/ike/party.h"
#include "control/ike/refuse.h"
#include "control/ike/roam.h"
#include "control/ike/state.h"
#include "control/ike2/ike2.h"

#define ALIVE_LEAST_S 4u /* for three datagrams */

static void install_timeout(struct ike_engine *e, struct timer *timer, uint64_t now)
{
	struct ike2_task *t = TABLE_ENTRY(timer, struct ike2_task, end);

	if (t->pair != NULL)
		ike2_child_result(e, t->pair, -ETIMEDOUT, now);
}

struct ike2_task *ike2_task_new(struct ike_engine *e, struct ike_sa *sa, enum ike2_task_kind kind,
				enum ike2_task_state state)
{
	struct ike2_task *t;

	(void)e;
	if (sa->v2->n_tasks >= IKE2_MAX_TASKS)
		return NULL;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	t->sa = sa;
	t->kind = kind;
	t->state = state;
	timers_init_one(&t->end, install_timeout);
	TAILQ_INSERT_TAIL(&sa->v2->tasks, t, of_sa);
	sa->v2->n_tasks++;
	return t;
}

void ike2_task_free(struct ike_engine *e, struct ike2_task *t, uint64_t now)
{
	struct child_sa *pair = t->pair;
	struct ike_sa *successor = t->successor;

	if (t->kind == IKE2_PROBE && t->state == IKE2_WAITING)
		roam_forget(t->sa);
	TAILQ_REMOVE(&t->sa->v2->tasks, t, of_sa);
	t->sa->v2->n_tasks--;
	timers_cancel(&e->timers, &t->end);
	if (pair != NULL) {
		t->pair = NULL;
		pair->task = NULL;
		child_remove(e, pair, now);
	}
	dh_free(t->dh);
	ike2_bytes_free(&t->ready);
	OPENSSL_clear_free(t, sizeof(*t));
	if (successor != NULL)
		ike_sa_free(e, successor, now);
}

struct ike2_task *ike2_task_asked(const struct ike_sa *sa)
{
	struct ike2_task *t;

	TAILQ_FOREACH (t, &sa->v2->tasks, of_sa) {
		if (t->state == IKE2_ASKED)
			return t;
	}
	return NULL;
}

bool ike2_task_making(const struct ike_sa *sa)
{
	const struct ike2_task *t = ike2_task_asked(sa);

	return t != NULL && t->kind == IKE2_CHILD;
}

bool ike2_task_answering(const struct ike_sa *sa)
{
	const struct ike2_task *t;

	TAILQ_FOREACH (t, &sa->v2->tasks, of_sa) {
		if (t->state == IKE2_ANSWERING)
			return true;
	}
	return false;
}

bool ike2_busy(const struct ike_sa *sa)
{
	struct ike2_task *t;

	TAILQ_FOREACH (t, &sa->v2->tasks, of_sa) {
		if (t->kind == IKE2_CHILD || t->kind == IKE2_REKEY)
			return true;
	}
	return false;
}

/* Any request asks whether the peer is alive (RFC 7296 section 2.4). One lost datagram is no answer
 * to that. */
static void limit(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	const struct ike_profile_conf *p = &sa->peer->conf.profile;
	uint64_t s = (uint64_t)p->dpd_interval * p->dpd_max_failures;

	if (s != 0 && ike_sa_up(sa))
		exchange_limit(e, &sa->x,
			       now + (s > ALIVE_LEAST_S ? s : ALIVE_LEAST_S) * TIMERS_SEC);
}

int ike2_task_ask(struct ike_engine *e, struct ike2_task *t, struct ike2_out *o, uint64_t now)
{
	struct ike_sa *sa = t->sa;
	int r = ike2_seal_finish(e, o, sa);

	if (r != 0)
		return r;
	sa->x.msgid = sa->v2->next_out;
	sa->x.aside = t->kind == IKE2_PROBE;
	r = exchange_ask(e, &sa->x, o->buf, o->len, now);
	if (r != 0)
		return r;
	t->state = IKE2_ASKED;
	sa->v2->next_out++;
	limit(e, sa, now);
	return 0;
}

static void pair_made(struct ike_engine *e, void *who, uint64_t now)
{
	ike2_task_run(e, who, now);
}

int ike2_task_pair(struct ike_engine *e, struct ike_sa *sa, uint16_t group)
{
	int r = dhwork_wait(e, group, &sa->v2->dh_waits, pair_made, sa);

	return r == -EBUSY ? 0 : r; /* so many of our own: on the spot */
}

static int ask(struct ike_engine *e, struct ike2_task *t, uint64_t now)
{
	switch (t->kind) {
	case IKE2_CHILD:
		return ike2_child_ask(e, t, now);
	case IKE2_REKEY:
		return ike2_rekey_ask(e, t, now);
	default:
		return ike2_info_ask(e, t, now);
	}
}

void ike2_task_run(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike2_task *t, *next;

	if (!ike_sa_up(sa) || sa->v2->dh_waits || ike2_task_asked(sa) != NULL)
		return;
	for (t = TAILQ_FIRST(&sa->v2->tasks); t != NULL; t = next) {
		int r;

		next = TAILQ_NEXT(t, of_sa);
		if (t->state != IKE2_WAITING)
			continue;
		r = ask(e, t, now);
		if (r == 0 || r == -EINPROGRESS)
			return;
		if (r == -ECANCELED) { /* not needed any more */
			ike2_task_free(e, t, now);
			continue;
		}
		refuse_log(e, IKE_LOG_ERROR, sa->peer, sa, sa->v2->next_out,
			   "cannot send a request: %s", r == -ENOSPC ? "no room" : strerror(-r));
		if (t->kind == IKE2_CHILD)
			ike2_child_failed(e, t, now);
		else
			ike2_task_free(e, t, now);
	}
}

int ike2_answer(struct ike_engine *e, struct ike_sa *sa, struct ike2_out *o, uint64_t now)
{
	int r = ike2_seal_finish(e, o, sa);

	return r != 0 ? r : exchange_answer(e, &sa->v2->answer, o->buf, o->len, now);
}

void ike2_answer_notify(struct ike_engine *e, struct ike_sa *sa, const struct ike2_in *in,
			uint16_t type, const void *data, size_t len)
{
	struct ike2_out o;

	ike2_seal_begin(&o, sa, in->hdr.exchange, in->hdr.msgid, true, true);
	ike2_add_notify(&o, type, data, len);
	(void)ike2_answer(e, sa, &o, in->now);
}

/* What a refusal without proof is told with. */
struct told {
	char classic[128], received[96];
};

static void name_refusal(const struct ike2_handshake *hs, struct told *t, struct refuse *r)
{
	const char *name = ike2_notify_name(hs->told_type);

	r->received = name;
	r->classic = t->classic;
	snprintf(t->classic, sizeof(t->classic), "received %s error notify; IKE_SA_INIT failed",
		 name);
	if (hs->told_type == IKE2_N_NO_PROPOSAL_CHOSEN)
		snprintf(t->classic, sizeof(t->classic),
			 "parsed IKE_SA_INIT response 0 [ N(NO_PROP) ]; received %s notify error; "
			 "IKE_SA_INIT failed",
			 name);
	if (hs->told_payload == 0)
		return;
	snprintf(t->received, sizeof(t->received),
		 "%s: payload type %u, and none is sent as critical", name, hs->told_payload);
	r->received = t->received;
}

static void explain_silence(const struct ike_sa *sa, struct told *t, struct refuse *r)
{
	const struct ike2_handshake *hs = sa->v2->hs;

	if (sa->state == SA_AUTH_SENT) {
		r->message = "IKE_AUTH request";
		r->received = "an answer to IKE_SA_INIT, then nothing";
		r->cause = sa->at.marker ? IKE_CAUSE_PORT_4500 : IKE_CAUSE_HALF_WAY;
		r->advice = sa->at.marker
				    ? "the peer stopped answering after IKE_SA_INIT: UDP 4500 "
				      "may be blocked, or its log says why"
				    : "the peer stopped answering after IKE_SA_INIT: see its "
				      "log";
	} else if (hs != NULL && hs->told) {
		name_refusal(hs, t, r);
		r->notify = hs->told_type;
		r->group = hs->told_group;
		r->cause = IKE_CAUSE_NONE;
		r->code = hs->told_type == IKE2_N_NO_PROPOSAL_CHOSEN	  ? IKE_P1_NO_PROPOSAL
			  : hs->told_type == IKE2_N_INVALID_KE_PAYLOAD	  ? IKE_P1_DH_MISMATCH
			  : hs->told_type == IKE2_N_INVALID_MAJOR_VERSION ? IKE_P1_VERSION_MISMATCH
			  : hs->told_type == IKE2_N_UNSUPPORTED_CRITICAL_PAYLOAD
				  ? IKE_PEER_DOES_NOT_KNOW_US
				  : IKE_P1_UNEXPLAINED;
		r->advice = r->code == IKE_P1_VERSION_MISMATCH
				    ? "the peer does not speak IKEv2: enable it there, or set "
				      "exchange-mode=main here"
				    : "compare encryption, hash and DH groups of both sides, and "
				      "our public address in the peer's configuration";
	}
}

static void no_answer(const struct exchange *x, struct told *t, struct refuse *r)
{
	*r = (struct refuse){
		.code = IKE_PEER_SILENT,
		.message = "IKE_SA_INIT request",
		.cause = IKE_CAUSE_NO_ANSWER,
		.classic = "establishing IKE_SA failed, peer not responding",
		.received = "nothing",
		.advice = "check that the peer is up, that its address is right here and ours is "
			  "there, and that UDP 500 and 4500 pass in both directions",
	};
	if (!ike_sa_up(x->sa))
		explain_silence(x->sa, t, r);
	refuse_silence(r, x);
}

void ike2_silent(struct ike_engine *e, struct exchange *x, uint64_t now)
{
	struct refuse r;
	struct told t;

	(void)now;
	if (ike_sa_up(x->sa))
		return;
	no_answer(x, &t, &r);
	refuse_pending(e, x->sa->peer, x->sa, &r);
}

void ike2_give_up(struct ike_engine *e, struct exchange *x, uint64_t now)
{
	struct ike_sa *sa = x->sa;
	struct refuse r;
	struct told t;

	no_answer(x, &t, &r);
	if (!ike_sa_up(sa)) {
		refuse(e, sa->peer, sa, NULL, &r);
		party_failed(e, sa, now);
		return;
	}
	if (sa->state == SA_REPLACED) { /* the peer may have forgotten it; it has another one */
		refuse_log(e, IKE_LOG_INFO, sa->peer, sa, x->msgid,
			   "giving up after retransmits on an IKE_SA that was replaced");
		party_lost(e, sa, now);
		return;
	}
	r.code = IKE_PEER_DEAD;
	r.cause = IKE_CAUSE_NONE;
	r.message = "request";
	r.classic = "giving up after retransmits, peer not responding";
	r.advice = "the peer or the path to it is down; its SAs are removed, and made again when "
		   "it answers";
	e->counters.dpd_dead++;
	refuse(e, sa->peer, sa, NULL, &r);
	party_dead(e, sa, now);
}
