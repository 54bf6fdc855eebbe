/* SPDX-License-Identifier: BSD-3-Clause */
/* child_r.c - pairs of ESP SAs as responder: which policy, what of its selectors, answer (RFC 7296
 * sections 1.3.1, 1.3.3, 2.9, 2.25). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "control/ike/child_nat.h"
#include "control/ike/child_sa.h"
#include "control/ike/dhwork.h"
#include "control/ike/generate.h"
#include "control/ike/lifetime.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike2/ike2.h"

/* What the peer asked for, as it is judged. */
struct request {
	struct ike2_in *in;
	struct prop2_sa props;
	struct prop2_choice choice;
	struct ts2_list local, remote; /* ours is what the initiator calls responder */
	struct abi_range n_local_r[ABI_MAX_SELECTORS], n_remote_r[ABI_MAX_SELECTORS];
	size_t n_local, n_remote;
	bool transport;
	struct child_sa *old; /* to be replaced */
	uint8_t *data;	      /* of the refusing notify */
	size_t *data_len;
};

static const char *request_name(const struct ike2_task *t)
{
	return t->kind == IKE2_AUTH ? "IKE_AUTH request" : "CREATE_CHILD_SA request";
}

static void print_lists(char *buf, size_t cap, const struct request *rq)
{
	char l[IKE_EVIDENCE_TEXT / 2], r[IKE_EVIDENCE_TEXT / 2];

	snprintf(buf, cap, "%s === %s", ts2_print(rq->local.r, rq->local.n, l, sizeof(l)),
		 ts2_print(rq->remote.r, rq->remote.n, r, sizeof(r)));
}

/* why: what a template covers, but cannot be; NULL: nothing covers it. */
static uint16_t no_policy(struct ike_engine *e, const struct ike2_task *t, const struct request *rq,
			  const char *why)
{
	char received[IKE_EVIDENCE_TEXT + 8], configured[IKE_EVIDENCE_TEXT] = "none";
	char classic[IKE_EVIDENCE_TEXT + 128];
	const struct ike_peer *peer = t->sa->peer;
	struct refuse r = {
		.code = IKE_P2_TS_MISMATCH,
		.message = request_name(t),
		.classic = classic,
		.received = received,
		.configured = configured,
		.advice = why,
		.msgid = rq->in->hdr.msgid,
	};
	size_t at = 0;

	if (why == NULL)
		r.advice =
			generate_advice(peer, "set src-address and dst-address of a policy here, "
					      "or the subnets at the peer, so that each side's "
					      "local is the other's remote, with equal masks");
	r.ts_local = rq->local.r;
	r.n_local = rq->local.n;
	r.ts_remote = rq->remote.r;
	r.n_remote = rq->remote.n;
	print_lists(received, sizeof(received), rq);
	for (size_t i = 0; i < peer->n_configured && at < sizeof(configured) - 1; i++) {
		char l[TS_MAX_TEXT], m[TS_MAX_TEXT];
		int n = snprintf(configured + at, sizeof(configured) - at, "%s%s === %s",
				 i > 0 ? ", " : "",
				 ts_print(&peer->policies[i].conf.local, l, sizeof(l)),
				 ts_print(&peer->policies[i].conf.remote, m, sizeof(m)));

		at += n > 0 ? (size_t)n : 0;
	}
	(void)generate_print(peer, configured, at, sizeof(configured));
	snprintf(classic, sizeof(classic),
		 "traffic selectors %s inacceptable, sending TS_UNACCEPTABLE", received);
	refuse(e, t->sa->peer, t->sa, &rq->in->d->src, &r);
	return IKE2_N_TS_UNACCEPTABLE;
}

static uint16_t no_proposal(struct ike_engine *e, const struct ike2_task *t,
			    const struct request *rq, const struct prop_diff *diff)
{
	char received[IKE_EVIDENCE_TEXT], configured[IKE_EVIDENCE_TEXT];
	struct refuse r = {
		.code = refuse_diff_code(diff),
		.message = request_name(t),
		.classic = "no acceptable proposal found; no matching proposal found, sending "
			   "NO_PROPOSAL_CHOSEN",
		.received = received,
		.configured = configured,
		.advice = "set the proposal (or pfs-group) here to one of the received values, or "
			  "the peer's phase 2 to one of the configured ones",
		.policy_id = t->policy->conf.policy_id,
		.msgid = rq->in->hdr.msgid,
	};

	r.diff = diff;
	refuse_diff_print(diff, received, configured);
	refuse(e, t->sa->peer, t->sa, &rq->in->d->src, &r);
	return IKE2_N_NO_PROPOSAL_CHOSEN;
}

static uint16_t other_mode(struct ike_engine *e, const struct ike2_task *t,
			   const struct request *rq)
{
	struct refuse r = {
		.code = IKE_P2_ENCAP_MISMATCH,
		.message = request_name(t),
		.classic = "no acceptable proposal found, sending NO_PROPOSAL_CHOSEN",
		.received = "tunnel mode",
		.configured = "transport mode",
		.advice = "set tunnel=yes for the policy here, or transport mode at the peer",
		.policy_id = t->policy->conf.policy_id,
		.msgid = rq->in->hdr.msgid,
	};

	refuse(e, t->sa->peer, t->sa, &rq->in->d->src, &r);
	return IKE2_N_NO_PROPOSAL_CHOSEN;
}

/* How well a policy fits what is asked for: 0 not at all; then what both have in common, all of
 * what is asked for, exactly the same. */
static int fit(const struct ike_child_conf *conf, const struct request *rq)
{
	struct abi_range local[ABI_MAX_SELECTORS], remote[ABI_MAX_SELECTORS];
	struct abi_range out[ABI_MAX_SELECTORS];
	size_t n_local = ts2_of_conf(conf, true, local);
	size_t n_remote = ts2_of_conf(conf, false, remote);

	if (ts2_narrow(local, n_local, &rq->local, out, ABI_MAX_SELECTORS) == 0 ||
	    ts2_narrow(remote, n_remote, &rq->remote, out, ABI_MAX_SELECTORS) == 0)
		return 0;
	if (!ts2_within(rq->local.r, rq->local.n, local, n_local) ||
	    !ts2_within(rq->remote.r, rq->remote.n, remote, n_remote))
		return 1;
	return ts2_within(local, n_local, rq->local.r, rq->local.n) &&
			       ts2_within(remote, n_remote, rq->remote.r, rq->remote.n)
		       ? 3
		       : 2;
}

/* A generated one is found through its template, which knows whose it is, but for a rekey. */
static struct ike_policy *find_policy(const struct ike2_task *t, struct request *rq)
{
	struct ike_peer *peer = t->sa->peer;
	struct ike_policy *best = NULL;
	struct abi_range ours[ABI_MAX_SELECTORS];
	int best_fit = 0;
	size_t n;

	for (size_t i = 0; i < peer->n_policies; i++) {
		struct ike_policy *policy = &peer->policies[i];
		bool old = rq->old != NULL && rq->old->policy == policy;
		int f = policy->generated && !old ? 0 : fit(&policy->conf, rq);

		/* A rekey is for the policy of the old pair, if its selectors allow. */
		if (f > 0 && old)
			f = 4;
		if (f > best_fit) {
			best = policy;
			best_fit = f;
		}
	}
	for (size_t i = 0; i < peer->n_templates; i++) {
		int f = fit(&peer->templates[i].conf, rq);

		f = f > 2 ? 2 : f;
		if (f > best_fit) {
			best = &peer->templates[i];
			best_fit = f;
		}
	}
	if (best == NULL)
		return NULL;
	n = ts2_of_conf(&best->conf, true, ours);
	rq->n_local = ts2_narrow(ours, n, &rq->local, rq->n_local_r, ABI_MAX_SELECTORS);
	n = ts2_of_conf(&best->conf, false, ours);
	rq->n_remote = ts2_narrow(ours, n, &rq->remote, rq->n_remote_r, ABI_MAX_SELECTORS);
	return best;
}

/* The pair that the peer wants to replace. 0, or the notify that refuses. */
static uint16_t find_old(struct ike2_task *t, struct request *rq)
{
	const struct ike_pld_notify *n = ike2_find_notify(&rq->in->msg, IKE2_N_REKEY_SA);
	struct child_sa *c;
	struct wire_reader r;

	if (n == NULL || t->kind == IKE2_AUTH)
		return 0;
	wire_reader_init(&r, n->spi.data, n->spi.len, 0);
	c = child_find_spi_out(t->sa->peer, wire_get_u32(&r));
	if (n->protocol != IKE_PROTO_ESP || n->spi.len != 4 || c == NULL || c->owner != t->sa)
		return ike2_task_making(t->sa) ? IKE2_N_TEMPORARY_FAILURE
					       : IKE2_N_CHILD_SA_NOT_FOUND;
	if (c->state != CHILD_ESTABLISHED)
		return IKE2_N_TEMPORARY_FAILURE;
	rq->old = c;
	return 0;
}

/* A group of its own needs a KE payload of it (sections 1.3, 2.7). */
static uint16_t check_ke(const struct request *rq)
{
	const struct ike_payload *ke = ike_msg_find(&rq->in->msg, IKE2_PLD_KE);
	uint16_t group = rq->choice.group;

	if (group == 0)
		return 0;
	if (ke == NULL || ke->ke.group != group) {
		rq->data[0] = (uint8_t)(group >> 8);
		rq->data[1] = (uint8_t)group;
		*rq->data_len = 2;
		return IKE2_N_INVALID_KE_PAYLOAD;
	}
	return dh_check_public(group, ke->ke.data.data, ke->ke.data.len) == 0
		       ? 0
		       : IKE2_N_INVALID_SYNTAX;
}

/* The template becomes a policy of what it leaves of the request (section 2.9), now that nothing
 * else speaks against it. */
static uint16_t generate(struct ike_engine *e, struct ike2_task *t, const struct request *rq)
{
	struct generate_want want = {.n_local = rq->n_local, .n_remote = rq->n_remote};
	struct ike_policy *policy;

	memcpy(want.local, rq->n_local_r, rq->n_local * sizeof(want.local[0]));
	memcpy(want.remote, rq->n_remote_r, rq->n_remote * sizeof(want.remote[0]));
	policy = generate_take(e, t->sa, t->policy, &want, rq->in->now);
	if (policy == NULL && errno == EAGAIN) { /* nothing is wrong with the request */
		refuse_log(e, IKE_LOG_WARN, t->sa->peer, t->sa, rq->in->hdr.msgid,
			   "%s, sending TEMPORARY_FAILURE", generate_why(errno));
		return IKE2_N_TEMPORARY_FAILURE;
	}
	if (policy == NULL)
		return no_policy(e, t, rq, generate_why(errno));
	t->policy = policy;
	return 0;
}

/* Nothing has its selectors: would a policy take its proposals? Who mends the one should know of
 * the other. */
static void also_no_proposal(struct ike_engine *e, struct ike2_task *t, struct request *rq)
{
	struct ike_peer *peer = t->sa->peer;
	struct prop2_want want;
	struct prop_diff diff;

	for (size_t i = peer->n_configured; i-- > 0;) {
		t->policy = &peer->policies[i];
		prop2_want_esp(&want, &t->policy->conf.proposal, t->kind == IKE2_AUTH);
		if (prop2_select(&rq->props, &want, 0, &rq->choice, &diff) == 0)
			goto done;
	}
	if (t->policy != NULL)
		(void)no_proposal(e, t, rq, &diff);
done:
	t->policy = NULL;
}

static uint16_t judge(struct ike_engine *e, struct ike2_task *t, struct request *rq)
{
	struct ike_msg *m = &rq->in->msg;
	const struct ike_payload *p = ike_msg_find(m, IKE2_PLD_SA);
	const struct ike_payload *tsi = ike_msg_find(m, IKE2_PLD_TSI);
	const struct ike_payload *tsr = ike_msg_find(m, IKE2_PLD_TSR);
	const struct ike_payload *ke = ike_msg_find(m, IKE2_PLD_KE);
	struct prop2_want want;
	struct prop_diff diff;
	uint16_t refusal;

	if (p == NULL || tsi == NULL || tsr == NULL ||
	    prop2_decode(&rq->props, &p->sa, &m->error) != 0 ||
	    ts2_decode(&rq->remote, &tsi->ts) != 0 || ts2_decode(&rq->local, &tsr->ts) != 0 ||
	    (t->kind == IKE2_CHILD && ike2_take_nonce(m, t->ni, &t->ni_len) != 0))
		return IKE2_N_INVALID_SYNTAX;
	refusal = find_old(t, rq);
	if (refusal != 0)
		return refusal;
	t->policy = find_policy(t, rq);
	rq->transport = ike2_find_notify(m, IKE2_N_USE_TRANSPORT_MODE) != NULL;
	if (rq->transport && child_nat_hinders(t->sa, t->policy)) {
		child_nat_refuse(e, t->sa, t->policy, request_name(t), rq->in->hdr.msgid);
		return IKE2_N_NO_PROPOSAL_CHOSEN;
	}
	if (t->policy == NULL) {
		also_no_proposal(e, t, rq);
		return no_policy(e, t, rq, NULL);
	}
	prop2_want_esp(&want, &t->policy->conf.proposal, t->kind == IKE2_AUTH);
	if (prop2_select(&rq->props, &want, ke != NULL ? ke->ke.group : 0, &rq->choice, &diff) != 0)
		return no_proposal(e, t, rq, &diff);
	if (!rq->transport && t->policy->conf.mode == ABI_MODE_TRANSPORT)
		return other_mode(e, t, rq);
	refusal = check_ke(rq);
	if (refusal == 0 && generate_is_template(t->policy))
		refusal = generate(e, t, rq);
	if (refusal == 0 && !child_make_room(e, t->policy, rq->in->now))
		refusal = IKE2_N_NO_ADDITIONAL_SAS;
	return refusal;
}

/* SA, Nr, KE, TSi, TSr: the peer's selectors are TSi. */
static int put_answer(struct ike2_out *o, const struct ike2_task *t, const struct request *rq)
{
	uint8_t spi_b[4];
	int r;

	ike2_put_spi(t->pair->spi_in, spi_b);
	ike_msg_open(&o->b, IKE2_PLD_SA);
	r = prop2_build_answer(&o->b.w, &rq->choice, spi_b, sizeof(spi_b));
	ike_msg_close(&o->b);
	if (r != 0)
		return r;
	if (t->kind == IKE2_CHILD)
		ike_msg_add(&o->b, IKE2_PLD_NONCE, t->nr, t->nr_len);
	if (t->dh != NULL) {
		size_t len;
		const uint8_t *public = dh_public(t->dh, &len);

		ike2_msg_add_ke(&o->b, dh_group(t->dh), public, len);
	}
	if (t->policy->conf.mode == ABI_MODE_TRANSPORT)
		ike2_add_notify(o, IKE2_N_USE_TRANSPORT_MODE, NULL, 0);
	r = ike2_put_ts(o, IKE2_PLD_TSI, rq->n_remote_r, rq->n_remote);
	return r != 0 ? r : ike2_put_ts(o, IKE2_PLD_TSR, rq->n_local_r, rq->n_local);
}

static void take_selectors(struct child_sa *c, const struct request *rq)
{
	memcpy(c->local, rq->n_local_r, sizeof(c->local));
	memcpy(c->remote, rq->n_remote_r, sizeof(c->remote));
	c->n_local = (uint16_t)rq->n_local;
	c->n_remote = (uint16_t)rq->n_remote;
}

/* Both sides began one at the same time, and ours is finished already: it was made in place of the
 * same old pair, or the peer asks as if there were none. That is a crossing too (2.8.1). */
static void note_crossing(struct child_sa *c, const struct child_sa *old)
{
	uint64_t replaces = old != NULL ? old->token : 0;
	struct child_sa *newer;

	if (c->crossed != 0)
		return;
	TAILQ_FOREACH (newer, &c->policy->pairs, of_policy) {
		if (newer != c && newer->initiator && newer->owner == c->owner &&
		    newer->replaces == replaces && newer->state == CHILD_ESTABLISHED &&
		    !newer->superseded) {
			child_cross(c, newer);
			return;
		}
	}
}

/* Our half of the pair, the answer kept, the data plane asked. 0 or -errno. */
static int make(struct ike_engine *e, struct ike2_task *t, struct request *rq, struct ike2_out *o)
{
	const struct ike_payload *ke = ike_msg_find(&rq->in->msg, IKE2_PLD_KE);
	uint8_t secret[DH_MAX_SECRET];
	struct prf_piece gir = {secret, 0};
	int r = ike2_child_new(e, t, false, rq->in->now);

	if (r != 0)
		return r;
	take_selectors(t->pair, rq);
	t->pair->replaces = rq->old != NULL ? rq->old->token : 0;
	note_crossing(t->pair, rq->old);
	if (t->kind == IKE2_CHILD) {
		t->nr_len = IKE_NONCE_LEN;
		r = state_random(e, t->nr, IKE_NONCE_LEN);
	}
	if (r == 0 && rq->choice.group != 0) {
		r = dhwork_new(e, rq->choice.group, &t->dh);
		if (r == 0)
			r = dh_derive(t->dh, ke->ke.data.data, ke->ke.data.len, secret,
				      sizeof(secret), &gir.len);
	}
	if (r == 0)
		r = put_answer(o, t, rq);
	if (r == 0)
		r = ike2_seal_finish(e, o, t->sa);
	if (r == 0)
		r = ike2_bytes_set(&t->ready, o->buf, o->len);
	if (r == 0)
		r = ike2_child_install(e, t, &rq->choice, t->dh != NULL ? &gir : NULL, rq->in->now);
	OPENSSL_cleanse(secret, sizeof(secret));
	return r;
}

uint16_t ike2_child_judge(struct ike_engine *e, struct ike2_task *t, struct ike2_in *in,
			  struct ike2_out *o, uint8_t *data, size_t *data_len)
{
	struct request rq = {.in = in, .data = data, .data_len = data_len};
	struct ike_builder before = o->b;
	struct child_sa *c;
	uint16_t refusal = judge(e, t, &rq);
	int r;

	if (refusal != 0)
		return refusal;
	e->counters.quick_answered++;
	r = make(e, t, &rq, o);
	if (r == 0)
		return 0;
	refuse_log(e, IKE_LOG_ERROR, t->sa->peer, t->sa, in->hdr.msgid,
		   "cannot make a CHILD_SA: %s", r == -ENOSPC ? "no free SPI" : strerror(-r));
	e->counters.quick_failed++;
	c = t->pair;
	if (c != NULL) {
		t->pair = NULL;
		c->task = NULL;
		child_remove(e, c, in->now);
	}
	o->b = before;
	return r == -EBADMSG ? IKE2_N_INVALID_SYNTAX : IKE2_N_TEMPORARY_FAILURE;
}

static bool rekeying(const struct ike_sa *sa)
{
	const struct ike2_task *t = ike2_task_asked(sa);

	return sa->closing || (t != NULL && t->kind == IKE2_REKEY);
}

enum ike_rx ike2_create_request(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in)
{
	const struct ike_payload *p = ike_msg_find(&in->msg, IKE2_PLD_SA);
	struct ike2_task *t;
	uint8_t data[8];
	size_t data_len = 0;
	struct ike2_out o;
	uint16_t refusal;

	if (p != NULL && ike_msg_find(&in->msg, IKE2_PLD_TSI) == NULL)
		return ike2_rekey_request(e, sa, in, p);
	if (rekeying(sa)) { /* section 2.25.2 */
		ike2_answer_notify(e, sa, in, IKE2_N_TEMPORARY_FAILURE, NULL, 0);
		return IKE_RX_handled;
	}
	ike2_rekey_in_use(e, sa, in->now);
	t = ike2_task_new(e, sa, IKE2_CHILD, IKE2_ANSWERING);
	if (t == NULL) {
		ike2_answer_notify(e, sa, in, IKE2_N_NO_ADDITIONAL_SAS, NULL, 0);
		return IKE_RX_limited;
	}
	ike2_seal_begin(&o, sa, IKE2_EXCH_CREATE_CHILD, in->hdr.msgid, true, true);
	refusal = ike2_child_judge(e, t, in, &o, data, &data_len);
	if (refusal == 0)
		return IKE_RX_handled;
	ike2_task_free(e, t, in->now);
	ike2_answer_notify(e, sa, in, refusal, data, data_len);
	return refusal == IKE2_N_INVALID_SYNTAX ? IKE_RX_malformed : IKE_RX_refused;
}
