/* SPDX-License-Identifier: BSD-3-Clause */
/* aggr_i.c - aggressive mode as initiator; see aggr.h. */
#include "control/ike1/aggr.h"

#include <errno.h>
#include <string.h>

#include "control/crypto/sk.h"
#include "control/ike/dhwork.h"
#include "control/ike/ident.h"
#include "control/ike/party.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike1/info.h"
#include "control/ike1/phase1.h"

static const char message_2[] = "aggressive mode message 2";

/* What we offer: everything configured, but of the groups the first alone. */
static struct ike_profile_conf offer_of(const struct ike_sa *sa)
{
	struct ike_profile_conf offer = sa->peer->conf.profile;

	offer.n_dh = 1;
	return offer;
}

static int send_msg1(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike_profile_conf offer = offer_of(sa);
	struct ike1_handshake *hs = sa->hs;
	struct ike_view id_b;
	struct ike1_out o;
	size_t body, len;
	int r;

	sa->group = offer.dh[0];
	r = phase1_make_ke(e, sa);
	if (r != 0)
		return r;
	seal_begin(&o, sa, IKE1_EXCH_AGGRESSIVE, 0, false, false);
	ike_msg_open(&o.b, IKE1_PLD_SA);
	body = o.b.w.pos;
	r = prop_build_ike(&o.b.w, &offer);
	if (r != 0)
		return r;
	len = o.b.w.pos - body;
	ike_msg_close(&o.b);
	phase1_put_ke(sa, &o);
	phase1_put_id(sa, &o, &id_b);
	natd_vendor_add_all(&o.b, offer.nat_traversal);
	r = seal_finish(&o);
	if (r == 0)
		r = phase1_keep(&hs->sai_b, &hs->sai_len, o.buf + body, len);
	if (r == 0)
		r = phase1_keep(&hs->idii_b, &hs->idii_len, id_b.data, id_b.len);
	return r != 0 ? r : exchange_ask(e, &sa->x, o.buf, o.len, now);
}

void aggr_begin(struct ike_engine *e, struct ike_peer *peer, uint64_t now)
{
	phase1_start(e, peer, SA_AGGR1_SENT, "Aggressive", send_msg1, now);
}

/* Keys from message 2, then its HASH_R. */
static enum ike_rx check_hash(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in,
			      const struct ike_payload **id)
{
	const struct ike_payload *hash = ike_msg_find(&in->msg, IKE1_PLD_HASH);
	uint8_t expected[SUITE_MAX_HASH];
	enum ike_rx rx;
	int r;

	*id = ike_msg_find(&in->msg, IKE1_PLD_ID);
	if (*id == NULL || hash == NULL || phase1_take_ke(sa, &in->msg) != 0)
		return phase1_malformed(e, sa, in, message_2, "no or bad KE, nonce, ID or HASH");
	if (dhwork_derive(e, sa, sa->hs->dh, sa->hs->peer_public, sa->hs->peer_public_len, in->d,
			  &rx))
		return rx;
	r = phase1_derive(sa);
	if (r == -EINVAL)
		return phase1_malformed(e, sa, in, message_2, "a KE that leads to no secret");
	if (r != 0 || phase1_hash(sa, false, (*id)->body, expected) != 0)
		return IKE_RX_internal;
	if (sk_equal(hash->body.data, hash->body.len, expected, sa->keys->len))
		return IKE_RX_handled;
	phase1_wrong_key(e, sa, in, message_2);
	if (sa->hs->undecryptable == 1)
		phase1_notify(e, sa, IKE1_N_AUTHENTICATION_FAILED);
	return IKE_RX_unauthentic;
}

static enum ike_rx take_msg2(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	const struct ike_identity_conf *want = &sa->peer->conf.remote_id;
	struct ike_profile_conf offer = offer_of(sa);
	const struct ike_payload *id = NULL;
	struct ike_identity_conf got;
	struct prop_diff diff;
	enum ike_rx rx;
	int r = phase1_take_choice(sa, in, &offer, &diff);

	if (r == -ENOENT)
		return phase1_wrong_choice(e, sa, in, &diff, message_2);
	if (r != 0)
		return phase1_malformed(e, sa, in, message_2, "not one SA with one transform");
	phase1_take_vendors(sa, &in->msg);
	rx = check_hash(e, sa, in, &id);
	if (rx != IKE_RX_handled)
		return rx;
	if (ident_decode(&got, id->id.type, id->id.data) != 0 || !ident_port_ok(&id->id))
		return phase1_malformed(e, sa, in, message_2, "an identity of unknown form");
	sa->id_remote = got;
	if (want->type == IKE_ID_AUTO || ident_match(want, &got))
		return IKE_RX_handled;
	return phase1_wrong_id(e, sa->peer, sa, in, &got, message_2);
}

static int send_msg3(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike_view id_b = {sa->hs->idii_b, sa->hs->idii_len};
	uint8_t hash[SUITE_MAX_HASH], iv[SUITE_MAX_BLOCK];
	struct ike1_out o;
	int r = phase1_hash(sa, true, id_b, hash);

	if (r != 0)
		return r;
	seal_begin(&o, sa, IKE1_EXCH_AGGRESSIVE, 0, true, false);
	ike_msg_add(&o.b, IKE1_PLD_HASH, hash, sa->keys->len);
	r = phase1_put_nat(sa, &o);
	if (r != 0)
		return r;
	if (party_first_contact(sa))
		phase1_put_initial_contact(sa, &o);
	memcpy(iv, sa->iv, sizeof(iv));
	r = seal_close(&o, sa, iv);
	if (r == 0)
		r = exchange_answer(e, &sa->x, o.buf, o.len, now);
	if (r == 0)
		memcpy(sa->iv, iv, sizeof(iv));
	return r;
}

/* Message 2 told who it is not for: nothing of it stays, another may come. */
static enum ike_rx forget(struct ike_sa *sa, enum ike_rx rx)
{
	sa->rspi = 0;
	keymat_ike1_wipe(sa->keys);
	return rx;
}

enum ike_rx aggr_i_msg2(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	enum ike_rx rx;

	/* With our own cookie, KE and nonce for the peer's, HASH_R would equal HASH_I. */
	if (in->hdr.rspi == 0 || in->hdr.rspi == sa->ispi || seal_parse(in) != 0)
		return phase1_malformed(e, sa, in, message_2, "no responder cookie");
	sa->rspi = in->hdr.rspi;
	rx = take_msg2(e, sa, in);
	if (rx == IKE_RX_refused && sa->keys->len != 0) { /* authentic, but not who we want */
		info_notify(e, sa, IKE_PROTO_IKE, IKE1_N_AUTHENTICATION_FAILED, false, NULL, 0);
		party_failed(e, sa, in->now);
		return rx;
	}
	if (rx != IKE_RX_handled)
		return forget(sa, rx);
	phase1_take_nat(e, sa, in);
	ike_sa_float(sa);
	if (send_msg3(e, sa, in->now) != 0)
		return forget(sa, IKE_RX_internal);
	exchange_took(&sa->x, in->d->data, in->d->len);
	party_established(e, sa, in->now);
	return IKE_RX_handled;
}
