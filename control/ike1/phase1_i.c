/* SPDX-License-Identifier: BSD-3-Clause */
/* phase1_i.c - main mode as initiator; see phase1.h. */
#include "control/ike1/phase1.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/ike/dhwork.h"
#include "control/ike/ident.h"
#include "control/ike/party.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike1/info.h"

static int send_msg1(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	const struct ike_profile_conf *profile = &sa->peer->conf.profile;
	struct ike1_out o;
	size_t body, len;
	int r;

	seal_begin(&o, sa, IKE1_EXCH_MAIN, 0, false, false);
	ike_msg_open(&o.b, IKE1_PLD_SA);
	body = o.b.w.pos;
	r = prop_build_ike(&o.b.w, profile);
	if (r != 0)
		return r;
	len = o.b.w.pos - body;
	ike_msg_close(&o.b);
	natd_vendor_add_all(&o.b, profile->nat_traversal);
	r = seal_finish(&o);
	if (r != 0)
		return r;
	r = phase1_keep(&sa->hs->sai_b, &sa->hs->sai_len, o.buf + body, len);
	return r != 0 ? r : exchange_ask(e, &sa->x, o.buf, o.len, now);
}

void phase1_start(struct ike_engine *e, struct ike_peer *peer, enum ike_sa_state state,
		  const char *mode, phase1_first *send, uint64_t now)
{
	struct ike_endpoint at = ike_sa_first_endpoint(peer);
	struct ike_sa *sa = ike_sa_new(e, peer, false, &at, 0, now);
	int r;

	if (sa == NULL) {
		refuse_log(e, IKE_LOG_ERROR, peer, NULL, 0, "cannot begin phase 1: %s",
			   strerror(errno));
		return;
	}
	sa->state = state;
	e->counters.phase1_started++;
	peer->attempt = sa;
	refuse_log(e, IKE_LOG_INFO, peer, sa, 0, "initiating %s Mode IKE_SA", mode);
	r = send(e, sa, now);
	if (r == 0)
		return;
	refuse_log(e, IKE_LOG_ERROR, peer, sa, 0, "cannot begin phase 1: %s", strerror(-r));
	ike_sa_free(e, sa, now);
}

void phase1_begin(struct ike_engine *e, struct ike_peer *peer, uint64_t now)
{
	phase1_start(e, peer, SA_MSG1_SENT, "Main", send_msg1, now);
}

int phase1_take_choice(struct ike_sa *sa, struct ike1_in *in, const struct ike_profile_conf *offer,
		       struct prop_diff *diff)
{
	const struct ike_payload *p = ike_msg_find(&in->msg, IKE1_PLD_SA);
	struct prop_choice choice;
	struct prop_sa props;
	int r;

	if (p == NULL || prop_decode(&props, 1, &p->sa, &in->msg.error) != 0 ||
	    !prop_single(&props))
		return -EBADMSG;
	r = prop_select_ike(&props, offer, &choice, diff);
	if (r != 0)
		return r;
	sa->encr = choice.encr;
	sa->hash = choice.hash;
	sa->group = choice.group;
	sa->lifetime = offer->lifetime;
	return 0;
}

enum ike_rx phase1_wrong_choice(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in,
				const struct prop_diff *diff, const char *message)
{
	char received[IKE_EVIDENCE_TEXT], configured[IKE_EVIDENCE_TEXT];
	struct refuse r = {
		.code = IKE_P1_ALG_MISMATCH,
		.message = message,
		.classic = "no suitable proposal found",
		.received = received,
		.configured = configured,
		.advice = "the peer answered with what we did not offer: an error of the peer",
	};

	r.diff = diff;
	refuse_diff_print(diff, received, configured);
	refuse(e, sa->peer, sa, &in->d->src, &r);
	return IKE_RX_refused;
}

enum ike_rx phase1_i_msg2(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	static const char message[] = "main mode message 2";
	struct prop_diff diff;
	struct ike1_out o;
	enum ike_rx rx;
	int r;

	/* With our own cookie, KE and nonce for the peer's, HASH_R would equal HASH_I. */
	if (in->hdr.rspi == 0 || in->hdr.rspi == sa->ispi || seal_parse(in) != 0)
		return phase1_malformed(e, sa, in, message, "no responder cookie");
	r = phase1_take_choice(sa, in, &sa->peer->conf.profile, &diff);
	if (r == -ENOENT)
		return phase1_wrong_choice(e, sa, in, &diff, message);
	if (r != 0)
		return phase1_malformed(e, sa, in, message, "not one SA with one transform");
	if (dhwork_pair(e, sa, sa->group, in->d, &rx))
		return rx;
	phase1_take_vendors(sa, &in->msg);
	sa->rspi = in->hdr.rspi;
	r = phase1_make_ke(e, sa);
	if (r == 0) {
		seal_begin(&o, sa, IKE1_EXCH_MAIN, 0, false, false);
		phase1_put_ke(sa, &o);
		r = phase1_put_nat(sa, &o);
	}
	if (r == 0)
		r = seal_finish(&o);
	if (r == 0)
		r = exchange_ask(e, &sa->x, o.buf, o.len, in->now);
	if (r != 0) {
		sa->rspi = 0; /* message 2 may come again */
		return IKE_RX_internal;
	}
	exchange_took(&sa->x, in->d->data, in->d->len);
	sa->state = SA_MSG3_SENT;
	return IKE_RX_handled;
}

static int send_msg5(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	uint8_t hash[SUITE_MAX_HASH];
	struct ike1_out o;
	struct ike_view id_b;
	int r;

	seal_begin(&o, sa, IKE1_EXCH_MAIN, 0, true, false);
	phase1_put_id(sa, &o, &id_b);
	r = phase1_hash(sa, true, id_b, hash);
	if (r != 0)
		return r;
	ike_msg_add(&o.b, IKE1_PLD_HASH, hash, sa->keys->len);
	if (party_first_contact(sa))
		phase1_put_initial_contact(sa, &o);
	r = seal_close(&o, sa, sa->iv);
	return r != 0 ? r : exchange_ask(e, &sa->x, o.buf, o.len, now);
}

enum ike_rx phase1_i_msg4(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	enum ike_rx rx;
	int r;

	if (seal_parse(in) != 0 || phase1_take_ke(sa, &in->msg) != 0)
		return phase1_malformed(e, sa, in, "main mode message 4",
					"no or bad KE or nonce payload");
	if (dhwork_derive(e, sa, sa->hs->dh, sa->hs->peer_public, sa->hs->peer_public_len, in->d,
			  &rx))
		return rx;
	r = phase1_derive(sa);
	if (r != 0)
		return r == -EINVAL ? IKE_RX_malformed : IKE_RX_internal;
	phase1_take_nat(e, sa, in);
	ike_sa_float(sa);
	r = send_msg5(e, sa, in->now);
	if (r != 0)
		return IKE_RX_internal;
	exchange_took(&sa->x, in->d->data, in->d->len);
	sa->state = SA_MSG5_SENT;
	return IKE_RX_handled;
}

enum ike_rx phase1_i_msg6(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	enum ike_rx rx = phase1_take_auth(e, sa, in, "main mode message 6");

	if (rx == IKE_RX_refused) { /* authentic, but not who we want; the peer holds an SA now */
		info_notify(e, sa, IKE_PROTO_IKE, IKE1_N_AUTHENTICATION_FAILED, false, NULL, 0);
		info_delete_ike_sa(e, sa, in->now);
		party_failed(e, sa, in->now);
		return rx;
	}
	if (rx != IKE_RX_handled)
		return rx;
	exchange_settle(e, &sa->x);
	exchange_took(&sa->x, in->d->data, in->d->len);
	sa->initial_contact = phase1_has_initial_contact(&in->msg);
	party_established(e, sa, in->now);
	return IKE_RX_handled;
}
