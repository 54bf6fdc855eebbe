/* SPDX-License-Identifier: BSD-3-Clause */
/* aggr_r.c - aggressive mode as responder; see aggr.h. */
#include "control/ike1/aggr.h"

#include <errno.h>
#include <string.h>

#include "control/crypto/sk.h"
#include "control/ike/admit.h"
#include "control/ike/dhwork.h"
#include "control/ike/ident.h"
#include "control/ike/party.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike1/info.h"
#include "control/ike1/phase1.h"

static const char message_1[] = "aggressive mode message 1";
static const char message_3[] = "aggressive mode message 3";

/* HASH_R over message 2's ID payload. */
static int put_hash(struct ike_sa *sa, struct ike1_out *o, struct ike_view id_b)
{
	uint8_t hash[SUITE_MAX_HASH];
	int r = phase1_derive_auth(sa);

	if (r == 0)
		r = phase1_hash(sa, false, id_b, hash);
	if (r == 0)
		ike_msg_add(&o->b, IKE1_PLD_HASH, hash, sa->keys->len);
	return r;
}

static enum ike_rx send_msg2(struct ike_engine *e, struct ike_sa *sa,
			     const struct prop_choice *choice, uint64_t now)
{
	struct ike_view id_b;
	struct ike1_out o;
	int r = phase1_make_ke(e, sa);

	if (r != 0)
		return IKE_RX_internal;
	seal_begin(&o, sa, IKE1_EXCH_AGGRESSIVE, 0, false, false);
	ike_msg_open(&o.b, IKE1_PLD_SA);
	if (prop_build_answer(&o.b.w, choice, 1, 0) != 0)
		return IKE_RX_internal;
	ike_msg_close(&o.b);
	phase1_put_ke(sa, &o);
	phase1_put_id(sa, &o, &id_b);
	r = put_hash(sa, &o, id_b);
	if (r != 0)
		return IKE_RX_internal;
	natd_vendor_add(&o.b, sa->natt);
	natd_vendor_add(&o.b, NATD_VENDOR_DPD);
	if (sa->fragments)
		natd_vendor_add(&o.b, NATD_VENDOR_FRAGMENTATION);
	if (phase1_put_nat(sa, &o) != 0 || seal_finish(&o) != 0 ||
	    exchange_answer(e, &sa->x, o.buf, o.len, now) != 0)
		return IKE_RX_internal;
	return IKE_RX_handled;
}

/* Message 1, parsed, of the peer that its identity belongs to. */
static enum ike_rx answer_msg1(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	const struct ike_payload *id = ike_msg_find(&in->msg, IKE1_PLD_ID);
	struct prop_choice choice;
	struct prop_sa props;
	enum ike_rx rx = phase1_choose(e, sa, in, &props, &choice, message_1);

	if (rx != IKE_RX_handled)
		return rx;
	if (phase1_take_ke(sa, &in->msg) != 0)
		return phase1_malformed(e, sa, in, message_1, "no or bad KE or nonce payload");
	if (phase1_keep(&sa->hs->idii_b, &sa->hs->idii_len, id->body.data, id->body.len) != 0)
		return IKE_RX_internal;
	return send_msg2(e, sa, &choice, in->now);
}

/* Nobody who may come from there has this identity. */
static enum ike_rx unknown_identity(struct ike_engine *e, struct ike_peer *peer,
				    const struct ike1_in *in, const struct ike_identity_conf *got)
{
	struct ike_sa like = {.peer = peer,
			      .responder = true,
			      .unseen = true,
			      .ispi = in->hdr.ispi,
			      .at = {.local = in->d->dst,
				     .remote = in->d->src,
				     .local_port = in->d->dst_port,
				     .remote_port = in->d->src_port,
				     .marker = in->d->marker}};

	phase1_wrong_id(e, peer, NULL, in, got, message_1);
	phase1_notify(e, &like, IKE1_N_AUTHENTICATION_FAILED);
	return IKE_RX_refused;
}

static struct ike_sa *new_sa(struct ike_engine *e, struct ike_peer *peer, const struct ike1_in *in)
{
	const struct ike_datagram *d = in->d;
	struct ike_endpoint at = {.local = d->dst,
				  .remote = d->src,
				  .local_port = d->dst_port,
				  .remote_port = d->src_port,
				  .marker = d->marker};
	struct ike_sa *sa = ike_sa_new(e, peer, true, &at, in->hdr.ispi, in->now);

	if (sa == NULL)
		return NULL;
	sa->state = SA_AGGR2_SENT;
	ike_sa_index_first(e, sa);
	return sa;
}

/* Who sent message 1; *got is the identity. */
static enum ike_rx find_peer(struct ike_engine *e, struct ike_peer **peer, struct ike1_in *in,
			     struct ike_identity_conf *got)
{
	const struct ike_payload *id =
		seal_parse(in) == 0 ? ike_msg_find(&in->msg, IKE1_PLD_ID) : NULL;
	struct ike_peer *found;

	if (id == NULL || ident_decode(got, id->id.type, id->id.data) != 0 ||
	    !ident_port_ok(&id->id)) {
		struct ike_sa like = {.peer = *peer, .responder = true, .ispi = in->hdr.ispi};

		return phase1_malformed(e, &like, in, message_1, "no or bad ID payload");
	}
	found = peers_choose(&e->peers, &in->d->src, &in->d->dst, IKE_MODE_AGGRESSIVE, got);
	if (found == NULL)
		return unknown_identity(e, *peer, in, got);
	*peer = found;
	return IKE_RX_handled;
}

/* Our key pair is made before there is an SA; what is refused anyway needs none. */
static bool awaits_pair(struct ike_engine *e, const struct ike_peer *peer, struct ike1_in *in,
			enum ike_rx *rx)
{
	const struct ike_payload *p = ike_msg_find(&in->msg, IKE1_PLD_SA);
	struct prop_choice choice;
	struct prop_sa props;

	return p != NULL && prop_decode(&props, 1, &p->sa, &in->msg.error) == 0 &&
	       prop_select_ike(&props, &peer->conf.profile, &choice, NULL) == 0 &&
	       dhwork_pair(e, NULL, choice.group, in->d, rx);
}

enum ike_rx aggr_r_msg1(struct ike_engine *e, struct ike_peer *peer, struct ike1_in *in)
{
	const struct ike_datagram *d = in->d;
	struct ike_identity_conf got;
	bool room;
	enum guard_verdict v = admit_costly(e, d, in->now, &room);
	struct ike_sa *sa;
	enum ike_rx rx;

	if (!room)
		return admit_refused(e, peer, v);
	rx = find_peer(e, &peer, in, &got);
	if (rx == IKE_RX_handled)
		(void)awaits_pair(e, peer, in, &rx);
	if (rx == IKE_RX_handled)
		v = admit_room(e, d, v, in->now);
	if (v != GUARD_ADMIT)
		return rx == IKE_RX_handled ? admit_refused(e, peer, v) : rx;
	sa = rx == IKE_RX_handled ? new_sa(e, peer, in) : NULL;
	if (sa == NULL) {
		guard_release(&e->guard, &d->src);
		return rx == IKE_RX_handled ? IKE_RX_internal : rx;
	}
	sa->id_remote = got;
	rx = answer_msg1(e, sa, in);
	if (rx != IKE_RX_handled) {
		ike_sa_free(e, sa, in->now);
		return rx;
	}
	e->counters.phase1_answered++;
	exchange_took(&sa->x, d->data, d->len);
	timers_arm(&e->timers, &sa->life, in->now + IKE_HALF_OPEN_S * TIMERS_SEC);
	refuse_log_stranger(e, IKE_LOG_INFO, peer, sa, 0, "received Aggressive Mode request");
	return IKE_RX_handled;
}

/* All keys, as soon as somebody has answered to our cookie; once. */
static enum ike_rx derive(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	enum ike_rx rx;
	int r;

	if (sa->hs->derived)
		return IKE_RX_handled;
	if (dhwork_derive(e, sa, sa->hs->dh, sa->hs->peer_public, sa->hs->peer_public_len, in->d,
			  &rx))
		return rx;
	r = phase1_derive(sa);
	if (r == -EINVAL) {
		phase1_malformed(e, sa, in, message_1, "a KE that leads to no secret");
		party_failed(e, sa, in->now);
		return IKE_RX_malformed;
	}
	if (r != 0)
		return IKE_RX_internal;
	sa->hs->derived = true;
	ike_sa_seen(e, sa);
	return IKE_RX_handled;
}

/* Opens message 3 and verifies its HASH_I. */
static enum ike_rx check_msg3(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	struct ike_view id_b = {sa->hs->idii_b, sa->hs->idii_len};
	bool encrypted = ike_hdr_encrypted(&in->hdr);
	const struct ike_payload *hash;
	uint8_t expected[SUITE_MAX_HASH];
	int r = encrypted ? seal_open(sa, in, sa->iv) : seal_parse(in);

	if (r == -EBADMSG)
		return encrypted ? phase1_wrong_key(e, sa, in, message_3)
				 : phase1_malformed(e, sa, in, message_3, "no HASH payload");
	if (r != 0 || phase1_hash(sa, true, id_b, expected) != 0)
		return IKE_RX_internal;
	hash = ike_msg_find(&in->msg, IKE1_PLD_HASH);
	if (hash != NULL && sk_equal(hash->body.data, hash->body.len, expected, sa->keys->len))
		return IKE_RX_handled;
	phase1_wrong_key(e, sa, in, message_3);
	return IKE_RX_unauthentic;
}

enum ike_rx aggr_r_msg3(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	bool encrypted = ike_hdr_encrypted(&in->hdr);
	enum ike_rx rx = derive(e, sa, in);

	if (rx == IKE_RX_handled)
		rx = check_msg3(e, sa, in);
	if (rx != IKE_RX_handled)
		return rx;
	if (encrypted)
		memcpy(sa->iv, in->next_iv, sizeof(sa->iv));
	phase1_take_nat(e, sa, in);
	ike_sa_move(sa, in->d);
	exchange_took(&sa->x, in->d->data, in->d->len);
	sa->initial_contact = encrypted && phase1_has_initial_contact(&in->msg);
	sa->last_seen = in->now;
	phase1_r_done(e, sa, in->now);
	return IKE_RX_handled;
}

/* The peer verified our key and does not want us. */
static enum ike_rx refused_early(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in,
				 uint16_t type)
{
	struct refuse r = {
		.code = IKE_P1_ID_MISMATCH,
		.message = "aggressive mode message 2",
		.classic = "received AUTHENTICATION_FAILED error notify",
		.received = ike1_notify_name(type),
		.advice = "the peer verified our secret and refused us: most likely it expects "
			  "another identity than ours; compare my-id here with its remote ID",
	};

	refuse(e, sa->peer, sa, &in->d->src, &r);
	party_failed(e, sa, in->now);
	return IKE_RX_handled;
}

enum ike_rx aggr_r_early(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	const struct ike_payload *p;
	uint8_t iv[SUITE_MAX_BLOCK];
	enum ike_rx rx = derive(e, sa, in);
	int r;

	if (rx != IKE_RX_handled)
		return rx;
	if (seal_first_iv(sa, in->hdr.msgid, iv) != 0)
		return IKE_RX_internal;
	r = seal_open(sa, in, iv);
	if (r != 0 && r != -EBADMSG)
		return IKE_RX_internal;
	if (r != 0 || !seal_hash1_ok(sa, in)) {
		/* Message 3 moves the IV, so what follows a lost one does not decrypt either. Its
		 * sender answers message 2 with it. */
		sa->hs->undecryptable++;
		exchange_repeat(e, &sa->x, EXCHANGE_REPEATS, NULL);
		return IKE_RX_undecryptable;
	}
	p = in->hdr.exchange == IKE1_EXCH_INFO ? ike_msg_find(&in->msg, IKE1_PLD_NOTIFY) : NULL;
	if (p != NULL && p->notify.type == IKE1_N_AUTHENTICATION_FAILED)
		return refused_early(e, sa, in, p->notify.type);
	exchange_repeat(e, &sa->x, EXCHANGE_REPEATS, NULL);
	return IKE_RX_handled;
}

void aggr_r_timed_out(struct ike_engine *e, const struct ike_sa *sa)
{
	bool refused =
		sa->hs != NULL && sa->hs->told && sa->hs->told_type == IKE1_N_AUTHENTICATION_FAILED;
	struct refuse r = {
		.code = IKE_P1_PSK_MISMATCH,
		.message = message_3,
		.classic = "half-open IKE_SA timed out; the initiator did not authenticate",
		.received = refused ? "AUTHENTICATION-FAILED instead of it"
				    : "what does not decrypt instead of it",
		.advice = "most likely the pre-shared keys differ: set the same secret here and at "
			  "the peer",
	};

	if (sa->state == SA_AGGR2_SENT && sa->hs != NULL && (refused || sa->hs->undecryptable > 0))
		refuse(e, sa->peer, sa, NULL, &r);
}
