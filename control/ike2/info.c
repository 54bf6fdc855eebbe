/* SPDX-License-Identifier: BSD-3-Clause */
/* info.c - INFORMATIONAL exchanges: DELETE and liveness (RFC 7296 sections 1.4, 1.4.1, 2.4). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/ike/child_sa.h"
#include "control/ike/party.h"
#include "control/ike/refuse.h"
#include "control/ike/roam.h"
#include "control/ike/state.h"
#include "control/ike2/ike2.h"

#define LEAVE_MS 30u /* for the data plane to change, and what it sent to arrive */

int ike2_info_ask(struct ike_engine *e, struct ike2_task *t, uint64_t now)
{
	struct ike_sa *sa = t->sa;
	struct ike2_out o;
	int r;

	ike2_seal_begin(&o, sa, IKE2_EXCH_INFO, sa->v2->next_out, false, true);
	if (t->kind == IKE2_DELETE_CHILD) {
		ike2_msg_add_delete(&o.b, &t->spi, 1);
		refuse_log(e, IKE_LOG_INFO, sa->peer, sa, sa->v2->next_out,
			   "sending DELETE for ESP CHILD_SA with SPI %08x", t->spi);
		e->counters.delete_sent++;
	} else if (t->kind == IKE2_DELETE_IKE) {
		ike2_msg_add_delete(&o.b, NULL, 0);
		refuse_log(e, IKE_LOG_INFO, sa->peer, sa, sa->v2->next_out,
			   "sending DELETE for IKE_SA");
		e->counters.delete_sent++;
	} else if (t->kind == IKE2_PROBE) {
		if (!roam_may_ask(sa, now))
			return -ECANCELED;
		roam_asked(e, sa);
	} else {
		e->counters.dpd_sent++;
	}
	r = ike2_task_ask(e, t, &o, now);
	if (r != 0 && t->kind == IKE2_PROBE)
		roam_failed(e, sa, now);
	return r;
}

void ike2_delete_child(struct ike_engine *e, struct ike_peer *peer, struct ike_sa *sa, uint32_t spi,
		       uint64_t now)
{
	struct ike2_task *t;

	(void)peer;
	if (sa == NULL || !ike_sa_up(sa))
		return;
	t = ike2_task_new(e, sa, IKE2_DELETE_CHILD, IKE2_WAITING);
	if (t == NULL)
		return;
	t->spi = spi;
	ike2_task_run(e, sa, now);
}

void ike2_delete_ike_sa(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike2_out o;

	(void)now;
	if (!sa->v2->keyed)
		return;
	/* The SA goes with this call, so nothing repeats it; a peer that misses it finds out by
	 * its own liveness check. */
	ike2_seal_begin(&o, sa, IKE2_EXCH_INFO, sa->v2->next_out, false, true);
	ike2_msg_add_delete(&o.b, NULL, 0);
	if (ike2_seal_finish(e, &o, sa) != 0)
		return;
	sa->v2->next_out++;
	e->counters.delete_sent++;
	refuse_log(e, IKE_LOG_INFO, sa->peer, sa, sa->v2->next_out - 1,
		   "sending DELETE for IKE_SA");
	ike_sa_send(e, sa, o.buf, o.len);
}

static struct child_sa *find_spi_in(const struct ike_sa *sa, uint32_t spi)
{
	struct child_sa *c;

	for (size_t i = 0; i < sa->peer->n_policies; i++) {
		TAILQ_FOREACH (c, &sa->peer->policies[i].pairs, of_policy) {
			if (c->owner == sa && c->spi_in == spi)
				return c;
		}
	}
	return NULL;
}

enum ike_rx ike2_lost_response(struct ike_engine *e, struct ike2_task *t, const struct ike2_in *in)
{
	struct ike_sa *sa = t->sa;
	uint32_t spi = t->spi;

	ike2_task_free(e, t, in->now);
	if (spi != 0 && ike2_find_error(&in->msg) == NULL) /* a pair whose keys nobody has */
		ike2_delete_child(e, sa->peer, sa, spi, in->now);
	return IKE_RX_handled;
}

enum ike_rx ike2_info_response(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in)
{
	struct ike2_task *t = ike2_task_asked(sa);
	enum ike2_task_kind kind;
	struct child_sa *c;

	if (t != NULL && t->kind == IKE2_LOST)
		return ike2_lost_response(e, t, in);
	if (t == NULL || (t->kind != IKE2_DELETE_CHILD && t->kind != IKE2_DELETE_IKE &&
			  t->kind != IKE2_ALIVE && t->kind != IKE2_PROBE))
		return IKE_RX_wrong_state;
	kind = t->kind;
	c = kind == IKE2_DELETE_CHILD ? find_spi_in(sa, t->spi) : NULL;
	ike2_task_free(e, t, in->now);
	if (kind == IKE2_DELETE_IKE)
		party_lost(e, sa, in->now);
	else if (c != NULL && c->state == CHILD_DELETING)
		child_linger(e, c, in->now);
	return IKE_RX_handled;
}

/* The peer's SPIs: ours go back in the answer, unless we are deleting those pairs ourselves
 * (section 1.4.1). The pairs that go, for after the answer; how many. */
static size_t take_delete(struct ike_engine *e, struct ike_sa *sa, const struct ike_pld_delete *del,
			  uint64_t *tokens, uint32_t *spis)
{
	size_t n = 0;

	for (size_t i = 0; i < del->count; i++) {
		uint32_t spi = ike_delete_spi(del, i);
		struct child_sa *c = spi != 0 ? child_find_spi_out(sa->peer, spi) : NULL;
		bool twice = false;

		if (c != NULL && c->owner != sa)
			c = NULL;
		for (size_t k = 0; k < n && c != NULL; k++)
			twice |= tokens[k] == c->token;
		refuse_log(e, IKE_LOG_INFO, sa->peer, sa, 0,
			   "received DELETE for %sESP CHILD_SA with SPI %08x",
			   c == NULL ? "unknown " : "", spi);
		if (c == NULL && ike2_task_making(sa)) {
			memmove(sa->v2->gone, sa->v2->gone + 1, sizeof(sa->v2->gone) - sizeof(spi));
			sa->v2->gone[IKE2_GONE - 1] = spi;
		}
		if (c == NULL || twice || c->state == CHILD_DELETING)
			continue;
		e->counters.delete_received++;
		tokens[n] = c->token;
		spis[n++] = c->spi_in;
	}
	return n;
}

/* With its answer the peer lets go of the pairs too. Traffic that goes through one of them moves to
 * another one first, and what was sent before gets there. False: there is no such pair. */
static bool leaves_first(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct child_sa *c;
	bool any = false;

	for (size_t i = 0; i < sa->peer->n_policies; i++) {
		c = child_current(&sa->peer->policies[i]);
		if (c != NULL && c->owner == sa)
			any |= child_leave(e, c, now);
	}
	return any;
}

static enum ike_rx take_delete_ike(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in,
				   struct ike2_out *o)
{
	e->counters.delete_received++;
	refuse_log(e, IKE_LOG_NOTICE, sa->peer, sa, in->hdr.msgid, "received DELETE for IKE_SA");
	if (leaves_first(e, sa, in->now)) {
		sa->state = SA_REPLACED;
		sa->closing = sa->v2->leaving = true;
		timers_arm(&e->timers, &sa->dpd_timer, in->now + LEAVE_MS * TIMERS_MS);
		return IKE_RX_handled;
	}
	(void)ike2_answer(e, sa, o, in->now);
	party_lost(e, sa, in->now);
	return IKE_RX_handled;
}

static void left(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike2_out o;

	ike2_seal_begin(&o, sa, IKE2_EXCH_INFO, sa->v2->next_in - 1, true, true);
	(void)ike2_answer(e, sa, &o, now);
	party_lost(e, sa, now);
}

/* What an initiator says who does not believe our IKE_AUTH response, or cannot read what we sent:
 * the IKE SA is no more (sections 2.21.2, 2.21.3). */
static const struct ike_pld_notify *find_end(const struct ike_msg *m)
{
	const struct ike_pld_notify *n = ike2_find_error(m);

	return n != NULL && (n->type == IKE2_N_AUTHENTICATION_FAILED ||
			     n->type == IKE2_N_INVALID_SYNTAX)
		       ? n
		       : NULL;
}

bool ike2_ends_sa(const struct ike_msg *m)
{
	const struct ike_payload *p = ike_msg_find(m, IKE2_PLD_DELETE);

	for (; p != NULL; p = ike_msg_next(m, p)) {
		if (p->del.protocol == IKE_PROTO_IKE)
			return true;
	}
	return find_end(m) != NULL;
}

static enum ike_rx take_end(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in,
			    struct ike2_out *o, uint16_t type)
{
	char classic[96];
	struct refuse r = {
		.code = type == IKE2_N_AUTHENTICATION_FAILED ? IKE_P1_PSK_MISMATCH
							     : IKE_P1_UNEXPLAINED,
		.message = "INFORMATIONAL request",
		.classic = classic,
		.received = ike2_notify_name(type),
		.advice = "the peer takes back what was agreed: most likely it expects another "
			  "identity of us: compare my-id here with its remote ID",
		.msgid = in->hdr.msgid,
		.notify = type,
		.proven = true,
	};

	snprintf(classic, sizeof(classic), "received %s error notify", ike2_notify_name(type));
	refuse(e, sa->peer, sa, &in->d->src, &r);
	(void)ike2_answer(e, sa, o, in->now);
	party_lost(e, sa, in->now);
	return IKE_RX_refused;
}

/* Addresses change by MOBIKE alone when both sides have said that they speak it (RFC 4555 section
 * 3.1): what the peer wants all the same is answered and changes nothing. */
static void refuse_update(struct ike_engine *e, struct ike_sa *sa, const struct ike2_in *in)
{
	if (sa->v2->update_told || ike2_find_notify(&in->msg, IKE2_N_UPDATE_SA_ADDRESSES) == NULL)
		return;
	sa->v2->update_told = true;
	refuse_log(e, IKE_LOG_NOTICE, sa->peer, sa, in->hdr.msgid,
		   "ignoring UPDATE_SA_ADDRESSES: MOBIKE was not agreed on");
}

enum ike_rx ike2_info_request(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in)
{
	uint64_t tokens[IKE_MAX_SPIS];
	uint32_t spis[IKE_MAX_SPIS];
	const struct ike_pld_notify *end = find_end(&in->msg);
	const struct ike_payload *p;
	struct ike2_out o;
	size_t n = 0;

	ike2_seal_begin(&o, sa, IKE2_EXCH_INFO, in->hdr.msgid, true, true);
	if (end != NULL)
		return take_end(e, sa, in, &o, end->type);
	for (p = ike_msg_find(&in->msg, IKE2_PLD_DELETE); p != NULL;
	     p = ike_msg_next(&in->msg, p)) {
		if (p->del.protocol == IKE_PROTO_IKE)
			return take_delete_ike(e, sa, in, &o);
		if (p->del.protocol != IKE_PROTO_ESP || n != 0)
			continue;
		ike2_rekey_in_use(e, sa, in->now);
		n = take_delete(e, sa, &p->del, tokens, spis);
	}
	if (in->msg.n == 0)
		e->counters.dpd_received++;
	ike2_take_auth_lifetime(e, sa, in);
	refuse_update(e, sa, in);
	if (n > 0)
		ike2_msg_add_delete(&o.b, spis, n);
	if (ike2_answer(e, sa, &o, in->now) != 0)
		return IKE_RX_internal;
	for (size_t i = 0; i < n; i++) {
		struct child_sa *c = child_find_token(e, tokens[i]);

		if (c != NULL)
			child_deleted_by_peer(e, c, in->now);
	}
	return IKE_RX_handled;
}

int ike2_probe(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike2_task *t;

	TAILQ_FOREACH (t, &sa->v2->tasks, of_sa) {
		if (t->kind == IKE2_PROBE && t->state == IKE2_WAITING)
			break;
	}
	if (t == NULL) {
		t = ike2_task_new(e, sa, IKE2_PROBE, IKE2_WAITING);
		if (t == NULL)
			return -ENOMEM;
		TAILQ_REMOVE(&sa->v2->tasks, t, of_sa);
		TAILQ_INSERT_HEAD(&sa->v2->tasks, t, of_sa);
	}
	/* The window is one: what is out must be answered first, and may reach the peer there
	 * only. */
	if (sa->x.asking)
		ike_sa_send_to(e, sa, &sa->roam->to, sa->x.msg, sa->x.len);
	else
		ike2_task_run(e, sa, now);
	return 0;
}

static uint64_t interval(const struct ike_sa *sa)
{
	return (uint64_t)sa->peer->conf.profile.dpd_interval * TIMERS_SEC;
}

void ike2_alive_start(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	if (interval(sa) != 0)
		timers_arm(&e->timers, &sa->dpd_timer, now + interval(sa));
}

void ike2_alive_tick(struct ike_engine *e, struct timer *timer, uint64_t now)
{
	struct ike_sa *sa = TABLE_ENTRY(timer, struct ike_sa, dpd_timer);
	uint64_t esp;

	if (sa->v2->leaving) {
		left(e, sa, now);
		return;
	}
	if (!ike_sa_up(sa) || interval(sa) == 0)
		return;
	ike2_frag_expire(sa->v2, now);
	/* A peer whose ESP comes in lives and is not asked (section 2.4). */
	esp = child_last_seen(e, sa);
	if (esp > sa->last_seen)
		sa->last_seen = esp;
	if (now < sa->last_seen + interval(sa)) {
		timers_arm(&e->timers, timer, sa->last_seen + interval(sa));
		return;
	}
	timers_arm(&e->timers, timer, now + interval(sa));
	/* Whatever is out asks the same question. */
	if (ike2_task_asked(sa) == NULL && ike2_task_new(e, sa, IKE2_ALIVE, IKE2_WAITING) != NULL)
		ike2_task_run(e, sa, now);
}
