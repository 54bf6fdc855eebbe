/* SPDX-License-Identifier: BSD-3-Clause */
/* child.c - pairs of ESP SAs as initiator (RFC 7296 sections 1.2, 1.3.1, 1.3.3, 2.9). */
#include "control/ike/dhwork.h"
#include "control/ike/child_nat.h"
#include "control/ike/child_sa.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "control/ike/lifetime.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike2/ike2.h"

#define BACKOFF_FIRST_S 5u
#define BACKOFF_LAST_S	60u
#define SOON_S		2u /* after TEMPORARY_FAILURE */

void ike2_child_start(struct ike_engine *e, struct ike_sa *sa, struct ike_policy *policy,
		      uint64_t now)
{
	struct ike2_task *t;

	TAILQ_FOREACH (t, &sa->v2->tasks, of_sa) {
		if (t->policy == policy && t->kind == IKE2_CHILD && t->state == IKE2_WAITING)
			return;
	}
	if (child_nat_postpones(e, sa, policy, "CREATE_CHILD_SA request", now))
		return;
	t = ike2_task_new(e, sa, IKE2_CHILD, IKE2_WAITING);
	if (t == NULL) {
		child_ensure_in(e, policy, now + BACKOFF_FIRST_S * TIMERS_SEC);
		return;
	}
	t->policy = policy;
	ike2_task_run(e, sa, now);
}

int ike2_child_new(struct ike_engine *e, struct ike2_task *t, bool initiator, uint64_t now)
{
	struct child_sa *c = child_new(e, t->policy, initiator, now);

	if (c == NULL)
		return -ENOMEM;
	c->owner = t->sa;
	c->task = t;
	c->msgid = initiator ? t->sa->v2->next_out : t->sa->v2->next_in - 1;
	c->lifetime = t->policy->conf.proposal.lifetime;
	c->kilobytes = t->policy->conf.proposal.lifebytes;
	t->pair = c;
	t->spi = c->spi_in = e->ops.spi_alloc(e->ctx);
	if (c->spi_in == 0)
		return -ENOSPC;
	if (initiator && e->ops.spi_expect != NULL)
		e->ops.spi_expect(e->ctx, c->spi_in);
	return 0;
}

void ike2_put_spi(uint32_t spi, uint8_t out[4])
{
	out[0] = (uint8_t)(spi >> 24);
	out[1] = (uint8_t)(spi >> 16);
	out[2] = (uint8_t)(spi >> 8);
	out[3] = (uint8_t)spi;
}

static void put_rekey(struct ike2_out *o, const struct child_sa *old)
{
	uint8_t spi[4];

	ike2_put_spi(old->spi_in, spi);
	ike2_msg_add_notify(&o->b, IKE_PROTO_ESP, (struct ike_view){spi, sizeof(spi)},
			    IKE2_N_REKEY_SA, NULL, 0);
}

int ike2_put_ts(struct ike2_out *o, uint8_t type, const struct abi_range *r, size_t n)
{
	int e;

	ike_msg_open(&o->b, type);
	e = ts2_put(&o->b.w, r, n);
	ike_msg_close(&o->b);
	return e;
}

int ike2_child_put_offer(struct ike2_out *o, const struct ike2_task *t)
{
	const struct ike_child_conf *conf = &t->policy->conf;
	struct abi_range ts[ABI_MAX_SELECTORS];
	uint8_t spi_b[4];
	struct prop2_want want;
	int r;

	prop2_want_esp(&want, peers_offer(t->policy), t->kind == IKE2_AUTH);
	ike2_put_spi(t->pair->spi_in, spi_b);
	ike_msg_open(&o->b, IKE2_PLD_SA);
	r = prop2_build(&o->b.w, &want, spi_b);
	ike_msg_close(&o->b);
	if (r != 0)
		return r;
	if (t->kind == IKE2_CHILD)
		ike_msg_add(&o->b, IKE2_PLD_NONCE, t->ni, t->ni_len);
	if (t->dh != NULL) {
		size_t len;
		const uint8_t *public = dh_public(t->dh, &len);

		ike2_msg_add_ke(&o->b, dh_group(t->dh), public, len);
	}
	if (conf->mode == ABI_MODE_TRANSPORT)
		ike2_add_notify(o, IKE2_N_USE_TRANSPORT_MODE, NULL, 0);
	r = ike2_put_ts(o, IKE2_PLD_TSI, ts, ts2_of_conf(conf, true, ts));
	return r != 0 ? r : ike2_put_ts(o, IKE2_PLD_TSR, ts, ts2_of_conf(conf, false, ts));
}

/* While the request waited, the peer may have made the pair. */
static bool still_wanted(const struct ike_policy *policy, const struct ike_sa *sa)
{
	const struct child_sa *c = child_current(policy);

	if (policy->conf.policy_id == 0 ||
	    (policy->generated && (c == NULL || !ike_sa_same_party(c->owner, sa))))
		return false; /* it ended; another one may have its place */

	TAILQ_FOREACH (c, &policy->pairs, of_policy) {
		if (c->state < CHILD_ESTABLISHED)
			return false;
		if (c->state == CHILD_ESTABLISHED && !c->superseded && !c->rekey_due)
			return false;
	}
	return true;
}

int ike2_child_ask(struct ike_engine *e, struct ike2_task *t, uint64_t now)
{
	const struct child_sa *old = child_current(t->policy);
	uint16_t group = peers_offer(t->policy)->pfs_group;
	struct ike_sa *sa = t->sa;
	struct ike2_out o;
	int r;

	if (!still_wanted(t->policy, sa))
		return -ECANCELED;
	r = group != 0 ? ike2_task_pair(e, sa, group) : 0;
	if (r != 0)
		return r;
	if (old != NULL && old->owner != sa)
		old = NULL;
	r = ike2_child_new(e, t, true, now);
	t->replaces = old != NULL ? old->token : 0;
	if (t->pair != NULL)
		t->pair->replaces = t->replaces;
	t->ni_len = IKE_NONCE_LEN;
	if (r == 0)
		r = state_random(e, t->ni, IKE_NONCE_LEN);
	if (r == 0 && group != 0)
		r = dhwork_new(e, group, &t->dh);
	if (r != 0)
		return r;
	ike2_seal_begin(&o, sa, IKE2_EXCH_CREATE_CHILD, sa->v2->next_out, false, true);
	if (old != NULL)
		put_rekey(&o, old);
	r = ike2_child_put_offer(&o, t);
	if (r == 0)
		r = ike2_task_ask(e, t, &o, now);
	if (r == 0)
		e->counters.quick_started++;
	return r;
}

void ike2_child_failed(struct ike_engine *e, struct ike2_task *t, uint64_t now)
{
	struct ike_policy *policy = t->policy;
	uint64_t s = BACKOFF_FIRST_S;

	e->counters.quick_failed++;
	ike2_task_free(e, t, now);
	for (unsigned i = 0; i < policy->failures && s < BACKOFF_LAST_S; i++)
		s *= 2;
	if (s > BACKOFF_LAST_S)
		s = BACKOFF_LAST_S;
	policy->failures++;
	timers_cancel(&e->timers, &policy->ensure); /* of the IKE SA that came up with it */
	child_ensure_in(e, policy,
			now + s * TIMERS_SEC + state_random_below(e, s * TIMERS_SEC / 10));
}

static enum ike_code code_of(uint16_t type)
{
	switch (type) {
	case IKE2_N_TS_UNACCEPTABLE:
	case IKE2_N_SINGLE_PAIR_REQUIRED:
		return IKE_P2_TS_MISMATCH;
	case IKE2_N_NO_PROPOSAL_CHOSEN:
		return IKE_P2_ALG_MISMATCH;
	case IKE2_N_INVALID_KE_PAYLOAD:
		return IKE_P2_PFS_MISMATCH;
	default:
		return IKE_P2_UNEXPLAINED;
	}
}

static const char *advice_of(enum ike_code code)
{
	switch (code) {
	case IKE_P2_TS_MISMATCH:
		return "the peer has no connection for these subnets: set src-address and "
		       "dst-address here, or the subnets there, so that each side's local is the "
		       "other's remote, with equal masks";
	case IKE_P2_ALG_MISMATCH:
		return "the peer accepts none of our phase 2 proposals: compare encryption, "
		       "authentication and PFS group of both sides";
	case IKE_P2_PFS_MISMATCH:
		return "the peer wants another PFS group: set pfs-group here to the one it uses, "
		       "or its own to ours";
	default:
		return "see the peer's log for its reason";
	}
}

/* What the peer says is over soon, or what it does not know any more: no evidence against anybody.
 * True: dealt with. */
static bool refused_for_now(struct ike_engine *e, struct ike2_task *t, uint16_t type, uint64_t now)
{
	struct child_sa *old = t->replaces != 0 ? child_find_token(e, t->replaces) : NULL;
	struct ike_policy *policy = t->policy;

	if (type != IKE2_N_TEMPORARY_FAILURE && type != IKE2_N_CHILD_SA_NOT_FOUND)
		return false;
	refuse_log(e, IKE_LOG_INFO, t->sa->peer, t->sa, t->pair != NULL ? t->pair->msgid : 0,
		   "received %s notify, trying again", ike2_notify_name(type));
	ike2_task_free(e, t, now);
	/* RFC 7296 section 2.25: what it does not have is gone here too. */
	if (type == IKE2_N_CHILD_SA_NOT_FOUND && old != NULL && old->state == CHILD_ESTABLISHED)
		child_remove(e, old, now);
	/* Not in step with the peer, which may be told the same by us. */
	child_ensure_in(e, policy,
			now + SOON_S * TIMERS_SEC + state_random_below(e, SOON_S * TIMERS_SEC));
	return true;
}

void ike2_child_refused(struct ike_engine *e, struct ike2_task *t, uint16_t type, uint64_t now)
{
	char local[TS_MAX_TEXT], remote[TS_MAX_TEXT], ours[2 * TS_MAX_TEXT + 32], classic[96];
	enum ike_code code = code_of(type);
	struct refuse r = {
		.code = code,
		.message = t->kind == IKE2_AUTH ? "IKE_AUTH request" : "CREATE_CHILD_SA request",
		.classic = classic,
		.received = type != 0 ? ike2_notify_name(type) : "an answer without a CHILD_SA",
		.configured = ours,
		.advice = advice_of(code),
		.policy_id = t->policy->conf.policy_id,
		.msgid = t->pair->msgid,
		.notify = type,
		.proven = true,
	};

	if (refused_for_now(e, t, type, now))
		return;
	snprintf(ours, sizeof(ours), "%s === %s",
		 ts_print(&t->policy->conf.local, local, sizeof(local)),
		 ts_print(&t->policy->conf.remote, remote, sizeof(remote)));
	snprintf(classic, sizeof(classic),
		 "received %s notify, no CHILD_SA built; failed to establish CHILD_SA, keeping "
		 "IKE_SA",
		 ike2_notify_name(type));
	refuse(e, t->sa->peer, t->sa, NULL, &r);
	ike2_child_failed(e, t, now);
}

/* An answer that does not fit what we asked: the peer holds a pair that we do not. */
static enum ike_rx wrong_answer(struct ike_engine *e, struct ike2_task *t, const struct ike2_in *in,
				enum ike_code code, const char *what, const struct prop_diff *diff)
{
	char received[IKE_EVIDENCE_TEXT], configured[IKE_EVIDENCE_TEXT];
	struct ike_sa *sa = t->sa;
	uint32_t spi = t->pair->spi_in;
	struct refuse r = {
		.code = code,
		.message = t->kind == IKE2_AUTH ? "IKE_AUTH response" : "CREATE_CHILD_SA response",
		.classic = "no acceptable proposal found, failed to establish CHILD_SA, keeping "
			   "IKE_SA",
		.received = what,
		.advice = "the peer answered with what we did not offer: an error of the peer",
		.policy_id = t->policy->conf.policy_id,
		.msgid = in->hdr.msgid,
	};

	if (diff != NULL) {
		r.diff = diff;
		refuse_diff_print(diff, received, configured);
		r.received = received;
		r.configured = configured;
	}
	refuse(e, sa->peer, sa, &in->d->src, &r);
	ike2_child_failed(e, t, in->now);
	ike2_delete_child(e, sa->peer, sa, spi, in->now);
	return IKE_RX_refused;
}

/* The selectors of the answer: some or all of what we offered (section 2.9). */
static bool take_selectors(struct ike2_task *t, const struct ike_msg *m)
{
	const struct ike_payload *i = ike_msg_find(m, IKE2_PLD_TSI);
	const struct ike_payload *r = ike_msg_find(m, IKE2_PLD_TSR);
	struct abi_range local[ABI_MAX_SELECTORS], remote[ABI_MAX_SELECTORS];
	size_t n_local = ts2_of_conf(&t->policy->conf, true, local);
	size_t n_remote = ts2_of_conf(&t->policy->conf, false, remote);
	struct child_sa *c = t->pair;
	struct ts2_list tsi, tsr;

	if (i == NULL || r == NULL || ts2_decode(&tsi, &i->ts) != 0 ||
	    ts2_decode(&tsr, &r->ts) != 0 || tsi.n == 0 || tsr.n == 0 ||
	    tsi.n > ABI_MAX_SELECTORS || tsr.n > ABI_MAX_SELECTORS ||
	    !ts2_within(tsi.r, tsi.n, local, n_local) ||
	    !ts2_within(tsr.r, tsr.n, remote, n_remote))
		return false;
	memcpy(c->local, tsi.r, tsi.n * sizeof(tsi.r[0]));
	memcpy(c->remote, tsr.r, tsr.n * sizeof(tsr.r[0]));
	c->n_local = tsi.n;
	c->n_remote = tsr.n;
	return true;
}

static int shared_secret(const struct ike2_task *t, const struct ike_msg *m, uint8_t *secret,
			 size_t *len)
{
	const struct ike_payload *ke = ike_msg_find(m, IKE2_PLD_KE);

	if (ke == NULL || ke->ke.group != dh_group(t->dh))
		return -EBADMSG;
	return dh_derive(t->dh, ke->ke.data.data, ke->ke.data.len, secret, DH_MAX_SECRET, len);
}

/* The pair was given up while we asked for it: the peer must not keep its half. */
static enum ike_rx not_wanted(struct ike_engine *e, struct ike2_task *t, bool refused, uint64_t now)
{
	struct ike_policy *policy = t->policy;
	struct ike_sa *sa = t->sa;
	uint32_t spi = t->spi;

	ike2_task_free(e, t, now);
	if (!refused)
		ike2_delete_child(e, sa->peer, sa, spi, now);
	child_ensure_in(e, policy, now + SOON_S * TIMERS_SEC);
	return IKE_RX_handled;
}

/* The peer made it, and deleted it before we heard of it. */
static bool deleted_already(struct ike_sa *sa, const struct ike_view *spi_b)
{
	struct wire_reader r;
	uint32_t spi;
	bool gone = false;

	wire_reader_init(&r, spi_b->data, spi_b->len, 0);
	spi = wire_get_u32(&r);
	for (unsigned i = 0; i < IKE2_GONE; i++)
		gone |= sa->v2->gone[i] == spi;
	memset(sa->v2->gone, 0, sizeof(sa->v2->gone));
	return gone;
}

static enum ike_rx take_answer(struct ike_engine *e, struct ike2_task *t, struct ike2_in *in)
{
	const struct ike_payload *p = ike_msg_find(&in->msg, IKE2_PLD_SA);
	bool transport = ike2_find_notify(&in->msg, IKE2_N_USE_TRANSPORT_MODE) != NULL;
	uint8_t secret[DH_MAX_SECRET];
	struct prf_piece gir = {secret, 0};
	struct prop2_choice choice;
	struct prop2_want want;
	struct prop2_sa props;
	struct prop_diff diff;
	int r = 0;

	if (p == NULL || prop2_decode(&props, &p->sa, &in->msg.error) != 0 ||
	    !prop2_single(&props) ||
	    (t->kind == IKE2_CHILD && ike2_take_nonce(&in->msg, t->nr, &t->nr_len) != 0))
		return wrong_answer(e, t, in, IKE_P2_MALFORMED, "not one SA and a nonce", NULL);
	prop2_want_esp(&want, peers_offer(t->policy), t->kind == IKE2_AUTH);
	if (prop2_select(&props, &want, 0, &choice, &diff) != 0)
		return wrong_answer(e, t, in, refuse_diff_code(&diff), NULL, &diff);
	if (deleted_already(t->sa, &choice.spi))
		return not_wanted(e, t, true, in->now);
	if (transport != (t->policy->conf.mode == ABI_MODE_TRANSPORT))
		return wrong_answer(e, t, in, IKE_P2_ENCAP_MISMATCH,
				    transport ? "transport mode" : "tunnel mode", NULL);
	if (!take_selectors(t, &in->msg))
		return wrong_answer(e, t, in, IKE_P2_TS_MISMATCH, "other selectors than offered",
				    NULL);
	if (t->dh != NULL)
		r = shared_secret(t, &in->msg, secret, &gir.len);
	if (r == 0) {
		t->state = IKE2_INSTALLING;
		r = ike2_child_install(e, t, &choice, t->dh != NULL ? &gir : NULL, in->now);
	}
	OPENSSL_cleanse(secret, sizeof(secret));
	if (r != 0)
		return wrong_answer(e, t, in, IKE_P2_MALFORMED,
				    "no or bad KE payload, or an SPI that cannot be", NULL);
	return IKE_RX_handled;
}

enum ike_rx ike2_child_answered(struct ike_engine *e, struct ike2_task *t, struct ike2_in *in)
{
	const struct ike_pld_notify *n = ike2_find_error(&in->msg);
	bool refused = ike_msg_find(&in->msg, IKE2_PLD_SA) == NULL;

	if (t->pair == NULL)
		return not_wanted(e, t, refused, in->now);
	if (!refused)
		return take_answer(e, t, in);
	ike2_child_refused(e, t, n != NULL ? n->type : 0, in->now);
	return IKE_RX_handled;
}

enum ike_rx ike2_create_response(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in)
{
	struct ike2_task *t = ike2_task_asked(sa);

	if (t != NULL && t->kind == IKE2_LOST)
		return ike2_lost_response(e, t, in);
	if (t == NULL || (t->kind != IKE2_CHILD && t->kind != IKE2_REKEY))
		return IKE_RX_wrong_state;
	if (t->kind == IKE2_REKEY)
		return ike2_rekey_response(e, t, in);
	return ike2_child_answered(e, t, in);
}
