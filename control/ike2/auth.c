/* SPDX-License-Identifier: BSD-3-Clause */
/* auth.c - IKE_AUTH with a pre-shared key, both roles (RFC 7296 sections 1.2, 2.15, 2.16). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/crypto/sk.h"
#include "control/ike/child_nat.h"
#include "control/ike/child_sa.h"
#include "control/ike/ident.h"
#include "control/ike/party.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike2/ike2.h"

int ike2_put_auth(struct ike2_out *o, const struct ike_sa *sa)
{
	uint8_t type = sa->responder ? IKE2_PLD_IDR : IKE2_PLD_IDI;
	struct ike_identity_conf id;
	uint8_t hash[SUITE_MAX_HASH];
	size_t body;
	int r;

	ike_sa_my_id(sa, &id);
	body = o->b.w.pos + IKE_PLD_HDR_LEN;
	ike2_msg_add_typed(&o->b, type, (uint8_t)id.type, id.data, id.len);
	if (!sa->responder && sa->v2->hs->first_contact)
		ike2_add_notify(o, IKE2_N_INITIAL_CONTACT, NULL, 0);
	if (o->b.w.overflow)
		return -ENOSPC;
	r = ike2_auth(sa, !sa->responder, (struct ike_view){o->buf + body, 4u + id.len}, hash);
	if (r == 0)
		ike2_msg_add_typed(&o->b, IKE2_PLD_AUTH, IKE2_AUTH_PSK, hash, sa->v2->keys.len);
	return r;
}

/* The policy that the first child SA is for: one that has none and is wanted, else any. */
static struct ike_policy *first_policy(const struct ike_sa *sa, uint64_t now)
{
	struct ike_peer *peer = sa->peer;
	struct ike_policy *any = NULL;

	for (size_t i = 0; i < peer->n_configured; i++) {
		struct ike_policy *policy = &peer->policies[i];

		if (child_nat_hinders(sa, policy))
			continue;
		if (child_current(policy) == NULL && !child_pending(policy) &&
		    party_wants(policy, now))
			return policy;
		if (any == NULL)
			any = policy;
	}
	return any;
}

bool ike2_auth_hindered(struct ike_engine *e, const struct ike_sa *sa, uint64_t now)
{
	struct ike_peer *peer = sa->peer;

	if (peer->n_configured == 0 || first_policy(sa, now) != NULL)
		return false;
	child_nat_refuse(e, sa, &peer->policies[0], "IKE_AUTH request", 1);
	return true;
}

int ike2_auth_ask(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike_policy *policy = first_policy(sa, now);
	struct ike2_task *t = ike2_task_new(e, sa, IKE2_AUTH, IKE2_WAITING);
	struct ike2_out o;
	int r = -ENOMEM;

	if (t == NULL || policy == NULL)
		goto fail;
	t->policy = policy;
	sa->v2->hs->first_contact = party_first_contact(sa);
	r = ike2_child_new(e, t, true, now);
	if (r != 0)
		goto fail;
	ike2_seal_begin(&o, sa, IKE2_EXCH_AUTH, sa->v2->next_out, false, true);
	r = ike2_put_auth(&o, sa);
	if (r == 0)
		r = ike2_child_put_offer(&o, t);
	if (r == 0)
		r = ike2_task_ask(e, t, &o, now);
	if (r == 0)
		return 0;
fail:
	if (t != NULL)
		ike2_task_free(e, t, now);
	return r;
}

static enum ike_rx wrong_key(struct ike_engine *e, struct ike_sa *sa, const struct ike2_in *in)
{
	struct refuse r = {
		.code = IKE_P1_PSK_MISMATCH,
		.message = sa->responder ? "IKE_AUTH request" : "IKE_AUTH response",
		.classic = "tried 1 shared key for the peer, but MAC mismatched",
		.received = "an AUTH payload made with another secret",
		.advice = "the pre-shared keys differ: set the same secret here and at the peer "
			  "(look for blanks at its ends); behind NAT the peer must hold it for the "
			  "address or identity it sees",
		.msgid = in->hdr.msgid,
	};

	refuse(e, sa->peer, sa, &in->d->src, &r);
	return IKE_RX_unauthentic;
}

static enum ike_rx wrong_id(struct ike_engine *e, struct ike_sa *sa, const struct ike2_in *in,
			    const struct ike_identity_conf *got)
{
	char want_text[IDENT_MAX_TEXT], got_text[IDENT_MAX_TEXT], classic[IDENT_MAX_TEXT * 2 + 64];
	struct refuse r = {
		.code = IKE_P1_ID_MISMATCH,
		.message = sa->responder ? "IKE_AUTH request" : "IKE_AUTH response",
		.classic = classic,
		.received = got_text,
		.configured = want_text,
		.advice =
			"set remote-id here to what the peer sends, or the peer's own ID (LocalId, "
			"my-id) to what is expected here; type and value must both agree",
		.msgid = in->hdr.msgid,
	};

	ident_print(&sa->peer->conf.remote_id, want_text, sizeof(want_text));
	r.id = got;
	ident_print(got, got_text, sizeof(got_text));
	snprintf(classic, sizeof(classic), "%s '%s' does not match to '%s'",
		 sa->responder ? "IDii" : "IDir", got_text, want_text);
	refuse(e, sa->peer, sa, &in->d->src, &r);
	return IKE_RX_refused;
}

/* Several peers may have one address: the identity, not proven yet, says which secret to try. */
static void find_peer(struct ike_engine *e, struct ike_sa *sa, const struct ike_identity_conf *got)
{
	struct ike_peer *peer =
		peers_choose(&e->peers, &sa->at.remote, &sa->at.local, IKE_MODE_IKE2, got);

	if (peer != NULL && peer != sa->peer &&
	    memcmp(&peer->conf.profile, &sa->peer->conf.profile, sizeof(peer->conf.profile)) == 0)
		ike_sa_rehome(sa, peer);
}

enum ike_rx ike2_take_auth(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in)
{
	const char *message = sa->responder ? "IKE_AUTH request" : "IKE_AUTH response";
	const struct ike_identity_conf *want;
	const struct ike_payload *id, *auth;
	struct ike_identity_conf got;
	uint8_t expected[SUITE_MAX_HASH];
	int known;

	id = ike_msg_find(&in->msg, sa->responder ? IKE2_PLD_IDI : IKE2_PLD_IDR);
	auth = ike_msg_find(&in->msg, IKE2_PLD_AUTH);
	if (id == NULL || auth == NULL)
		return ike2_malformed(e, sa, in, message, "no ID and AUTH payloads");
	if (auth->auth.method != IKE2_AUTH_PSK)
		return ike2_malformed(e, sa, in, message,
				      "authentication by another method than a pre-shared key");
	known = ident_decode(&got, id->id.type, id->id.data);
	if (known == 0 && sa->responder)
		find_peer(e, sa, &got);
	want = &sa->peer->conf.remote_id;
	if (ike2_auth(sa, sa->responder, id->body, expected) != 0)
		return IKE_RX_internal;
	if (!sk_equal(auth->auth.data.data, auth->auth.data.len, expected, sa->v2->keys.len))
		return wrong_key(e, sa, in);
	if (known != 0)
		return ike2_malformed(e, sa, in, message, "an identity of unknown form");
	if (want->type != IKE_ID_AUTO && !ident_match(want, &got))
		return wrong_id(e, sa, in, &got);
	sa->id_remote = got;
	sa->last_seen = in->now;
	return IKE_RX_handled;
}

/* The responder refuses: its key is not proven, but nobody else can make this message. */
static enum ike_rx refused(struct ike_engine *e, struct ike_sa *sa, const struct ike2_in *in,
			   uint16_t type)
{
	char classic[96];
	struct refuse r = {
		.code = IKE_P1_UNEXPLAINED,
		.message = "IKE_AUTH request",
		.classic = classic,
		.received = ike2_notify_name(type),
		.advice = "most likely the pre-shared keys differ, or the peer expects another "
			  "identity than ours: compare the secret, and my-id here with its remote "
			  "ID",
		.msgid = in->hdr.msgid,
	};

	snprintf(classic, sizeof(classic), "received %s error notify", ike2_notify_name(type));
	r.notify = type;
	r.proven = true;
	if (type == IKE2_N_AUTHENTICATION_FAILED)
		r.code = IKE_P1_PSK_MISMATCH;
	refuse(e, sa->peer, sa, &in->d->src, &r);
	party_failed(e, sa, in->now);
	return IKE_RX_refused;
}

/* We do not say that we speak it, so neither side may use it (RFC 4555 section 3.1). */
static void note_mobike(struct ike_engine *e, const struct ike_sa *sa, const struct ike2_in *in)
{
	if (ike2_find_notify(&in->msg, IKE2_N_MOBIKE_SUPPORTED) != NULL)
		refuse_log(e, IKE_LOG_INFO, sa->peer, sa, in->hdr.msgid,
			   "the peer supports MOBIKE, which is not spoken here; behind a NAT it is "
			   "followed without");
}

enum ike_rx ike2_auth_response(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in)
{
	struct ike2_task *t = ike2_task_asked(sa);
	const struct ike_pld_notify *n = ike2_find_error(&in->msg);
	enum ike_rx rx;

	if (n != NULL && ike_msg_find(&in->msg, IKE2_PLD_AUTH) == NULL)
		return refused(e, sa, in, n->type);
	rx = ike2_take_auth(e, sa, in);
	if (rx != IKE_RX_handled) {
		/* The peer believes in an SA that is none. */
		ike2_delete_ike_sa(e, sa, in->now);
		party_failed(e, sa, in->now);
		return rx;
	}
	t->state = IKE2_INSTALLING;
	memcpy(t->ni, sa->v2->ni, sa->v2->ni_len);
	memcpy(t->nr, sa->v2->nr, sa->v2->nr_len);
	t->ni_len = sa->v2->ni_len;
	t->nr_len = sa->v2->nr_len;
	sa->initial_contact = ike2_find_notify(&in->msg, IKE2_N_INITIAL_CONTACT) != NULL;
	ike2_reauth_begin(sa, in->now);
	ike2_take_auth_lifetime(e, sa, in);
	note_mobike(e, sa, in);
	party_established(e, sa, in->now);
	return ike2_child_answered(e, t, in);
}

/* Kept a while to say it again: the answer may be lost. */
static void refuse_auth(struct ike_engine *e, struct ike_sa *sa, const struct ike2_in *in,
			uint16_t type)
{
	ike2_answer_notify(e, sa, in, type, NULL, 0);
	sa->state = SA_REFUSED;
	timers_arm(&e->timers, &sa->life, in->now + IKE2_REFUSED_S * TIMERS_SEC);
}

/* The key is verified; the pair is refused or its installation has begun. */
static enum ike_rx answer(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in)
{
	struct ike2_task *t = ike2_task_new(e, sa, IKE2_AUTH, IKE2_ANSWERING);
	uint8_t data[8];
	size_t data_len = 0;
	struct ike2_out o;
	uint16_t refusal = 0;
	int r = -ENOMEM;

	if (t == NULL)
		return IKE_RX_internal;
	memcpy(t->ni, sa->v2->ni, sa->v2->ni_len);
	memcpy(t->nr, sa->v2->nr, sa->v2->nr_len);
	t->ni_len = sa->v2->ni_len;
	t->nr_len = sa->v2->nr_len;
	ike2_seal_begin(&o, sa, IKE2_EXCH_AUTH, in->hdr.msgid, true, true);
	r = ike2_put_auth(&o, sa);
	ike2_reauth_begin(sa, in->now);
	ike2_put_auth_lifetime(&o, sa);
	/* Without SA payload: childless (RFC 6023). */
	if (r == 0 && ike_msg_find(&in->msg, IKE2_PLD_SA) != NULL) {
		refusal = ike2_child_judge(e, t, in, &o, data, &data_len);
		if (refusal == 0)
			return IKE_RX_handled; /* the data plane is asked */
	}
	if (refusal != 0)
		ike2_add_notify(&o, refusal, data, data_len);
	ike2_task_free(e, t, in->now);
	if (r == 0)
		r = ike2_answer(e, sa, &o, in->now);
	if (r != 0)
		return IKE_RX_internal;
	party_established(e, sa, in->now);
	return IKE_RX_handled;
}

enum ike_rx ike2_auth_request(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in)
{
	enum ike_rx rx = ike2_take_auth(e, sa, in);

	ike_sa_seen(e, sa);
	ike_sa_move(sa, in->d);
	if (rx == IKE_RX_handled) {
		note_mobike(e, sa, in);
		sa->initial_contact = ike2_find_notify(&in->msg, IKE2_N_INITIAL_CONTACT) != NULL;
		rx = answer(e, sa, in);
		if (rx != IKE_RX_internal)
			return rx;
	}
	refuse_auth(e, sa, in,
		    rx == IKE_RX_malformed  ? IKE2_N_INVALID_SYNTAX
		    : rx == IKE_RX_internal ? IKE2_N_TEMPORARY_FAILURE
					    : IKE2_N_AUTHENTICATION_FAILED);
	return rx;
}
