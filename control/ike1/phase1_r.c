/* SPDX-License-Identifier: BSD-3-Clause */
/* phase1_r.c - main mode as responder; see phase1.h. */
#include "control/ike1/phase1.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ike/admit.h"
#include "control/ike/dhwork.h"
#include "control/ike/ident.h"
#include "control/ike/lifetime.h"
#include "control/ike/party.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike1/contact.h"
#include "control/ike1/info.h"
#include "control/ike1/quick.h"

static enum ike_rx no_proposal(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in,
			       const struct prop_diff *diff, const char *message)
{
	char received[IKE_EVIDENCE_TEXT], configured[IKE_EVIDENCE_TEXT];
	struct refuse r = {
		.code = refuse_diff_code(diff),
		.message = message,
		.classic = "no suitable proposal found; no proposal found, sending "
			   "NO_PROPOSAL_CHOSEN",
		.received = received,
		.configured = configured,
		.advice = "set the profile here to one of the received values, or the peer's "
			  "phase 1 to one of the configured ones",
	};

	r.diff = diff;
	refuse_diff_print(diff, received, configured);
	refuse(e, sa->peer, sa, &in->d->src, &r);
	phase1_notify(e, sa, IKE1_N_NO_PROPOSAL_CHOSEN);
	return IKE_RX_refused;
}

static enum ike_rx wrong_lifetime(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in,
				  uint64_t offered, const char *message)
{
	char received[64], configured[64];
	struct refuse r = {
		.code = IKE_P1_LIFETIME_MISMATCH,
		.message = message,
		.classic = "no suitable proposal found, sending NO_PROPOSAL_CHOSEN",
		.received = received,
		.configured = configured,
		.advice =
			"set the same phase 1 lifetime on both sides, or proposal-check=obey here",
	};

	snprintf(received, sizeof(received), "lifetime %llu s", (unsigned long long)offered);
	snprintf(configured, sizeof(configured), "lifetime %u s", sa->peer->conf.profile.lifetime);
	refuse(e, sa->peer, sa, &in->d->src, &r);
	phase1_notify(e, sa, IKE1_N_NO_PROPOSAL_CHOSEN);
	return IKE_RX_refused;
}

enum ike_rx phase1_choose(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in,
			  struct prop_sa *props, struct prop_choice *choice, const char *message)
{
	const struct ike_profile_conf *profile = &sa->peer->conf.profile;
	const struct ike_payload *p = ike_msg_find(&in->msg, IKE1_PLD_SA);
	enum lifetime_verdict verdict;
	struct prop_diff diff;

	if (p == NULL || prop_decode(props, 1, &p->sa, &in->msg.error) != 0)
		return phase1_malformed(e, sa, in, message, "no SA payload");
	if (prop_select_ike(props, profile, choice, &diff) != 0)
		return no_proposal(e, sa, in, &diff, message);
	verdict = lifetime_check(profile->proposal_check, profile->lifetime, choice->seconds,
				 profile->lifetime, &sa->lifetime);
	if (verdict == LIFETIME_REFUSED)
		return wrong_lifetime(e, sa, in, choice->seconds, message);
	sa->hs->claimed = verdict == LIFETIME_SHORTENED;
	sa->encr = choice->encr;
	sa->hash = choice->hash;
	sa->group = choice->group;
	phase1_take_vendors(sa, &in->msg);
	return phase1_keep(&sa->hs->sai_b, &sa->hs->sai_len, p->body.data, p->body.len) == 0
		       ? IKE_RX_handled
		       : IKE_RX_internal;
}

/* Choose from message 1 and answer with message 2. */
static enum ike_rx answer_msg1(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	static const char message[] = "main mode message 1";
	struct prop_choice choice;
	struct prop_sa props;
	struct ike1_out o;
	enum ike_rx rx;

	if (seal_parse(in) != 0)
		return phase1_malformed(e, sa, in, message, "no SA payload");
	rx = phase1_choose(e, sa, in, &props, &choice, message);
	if (rx != IKE_RX_handled)
		return rx;
	seal_begin(&o, sa, IKE1_EXCH_MAIN, 0, false, false);
	ike_msg_open(&o.b, IKE1_PLD_SA);
	if (prop_build_answer(&o.b.w, &choice, 1, 0) != 0)
		return IKE_RX_internal;
	ike_msg_close(&o.b);
	natd_vendor_add(&o.b, sa->natt);
	natd_vendor_add(&o.b, NATD_VENDOR_DPD);
	if (sa->fragments)
		natd_vendor_add(&o.b, NATD_VENDOR_FRAGMENTATION);
	if (seal_finish(&o) != 0 || exchange_answer(e, &sa->x, o.buf, o.len, in->now) != 0)
		return IKE_RX_internal;
	return IKE_RX_handled;
}

enum ike_rx phase1_r_msg1(struct ike_engine *e, struct ike_peer *peer, struct ike1_in *in)
{
	const struct ike_datagram *d = in->d;
	struct ike_endpoint at = {.local = d->dst,
				  .remote = d->src,
				  .local_port = d->dst_port,
				  .remote_port = d->src_port,
				  .marker = d->marker};
	enum guard_verdict v = admit_first(e, d, in->now);
	struct ike_sa *sa;
	enum ike_rx rx;

	if (v != GUARD_ADMIT)
		return admit_refused(e, peer, v);
	sa = ike_sa_new(e, peer, true, &at, in->hdr.ispi, in->now);
	if (sa == NULL) {
		guard_release(&e->guard, &d->src);
		return IKE_RX_internal;
	}
	sa->state = SA_MSG2_SENT;
	ike_sa_index_first(e, sa);
	rx = answer_msg1(e, sa, in);
	if (rx != IKE_RX_handled) {
		ike_sa_free(e, sa, in->now);
		return rx;
	}
	e->counters.phase1_answered++;
	exchange_took(&sa->x, d->data, d->len);
	timers_arm(&e->timers, &sa->life, in->now + IKE_HALF_OPEN_S * TIMERS_SEC);
	refuse_log_stranger(e, IKE_LOG_INFO, peer, sa, 0, "received Main Mode request");
	return IKE_RX_handled;
}

enum ike_rx phase1_r_msg3(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	struct ike1_out o;
	enum ike_rx rx;
	int r;

	if (seal_parse(in) != 0 || phase1_take_ke(sa, &in->msg) != 0)
		return phase1_malformed(e, sa, in, "main mode message 3",
					"no or bad KE or nonce payload");
	if (dhwork_agree(e, sa, sa->group, sa->hs->peer_public, sa->hs->peer_public_len, in->d,
			 &rx))
		return rx;
	sa->at.remote_port = in->d->src_port;
	sa->at.local_port = in->d->dst_port;
	sa->at.marker = in->d->marker;
	r = phase1_make_ke(e, sa);
	if (r == 0)
		r = phase1_derive(sa);
	if (r == -EINVAL) { /* costs us an exponentiation: not again */
		phase1_malformed(e, sa, in, "main mode message 3", "a KE that leads to no secret");
		party_failed(e, sa, in->now);
		return IKE_RX_malformed;
	}
	if (r != 0)
		return IKE_RX_internal;
	phase1_take_nat(e, sa, in);
	seal_begin(&o, sa, IKE1_EXCH_MAIN, 0, false, false);
	phase1_put_ke(sa, &o);
	r = phase1_put_nat(sa, &o);
	if (r == 0)
		r = seal_finish(&o);
	if (r == 0)
		r = exchange_answer(e, &sa->x, o.buf, o.len, in->now);
	if (r != 0)
		return IKE_RX_internal;
	exchange_took(&sa->x, in->d->data, in->d->len);
	sa->state = SA_MSG4_SENT;
	ike_sa_seen(e, sa);
	return IKE_RX_handled;
}

void phase1_r_done(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct quick_life life = {.seconds = sa->lifetime};
	bool claimed = sa->hs->claimed;
	uint8_t data[QUICK_LIFETIME_LEN];
	struct wire_writer w;

	party_established(e, sa, now);
	contact_start(e, sa, now);
	if (!claimed)
		return;
	wire_writer_init(&w, data, sizeof(data));
	quick_put_lifetime(&w, &life);
	(void)info_notify(e, sa, IKE_PROTO_IKE, IKE1_N_RESPONDER_LIFETIME, true, data, w.pos);
}

static int send_msg6(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	uint8_t hash[SUITE_MAX_HASH];
	struct ike1_out o;
	struct ike_view id_b;
	int r;

	seal_begin(&o, sa, IKE1_EXCH_MAIN, 0, true, false);
	phase1_put_id(sa, &o, &id_b);
	r = phase1_hash(sa, false, id_b, hash);
	if (r != 0)
		return r;
	ike_msg_add(&o.b, IKE1_PLD_HASH, hash, sa->keys->len);
	r = seal_close(&o, sa, sa->iv);
	return r != 0 ? r : exchange_answer(e, &sa->x, o.buf, o.len, now);
}

enum ike_rx phase1_r_msg5(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	struct ike_endpoint before = sa->at;
	uint8_t iv[SUITE_MAX_BLOCK];
	enum ike_rx rx;

	memcpy(iv, sa->iv, sizeof(iv));
	rx = phase1_take_auth(e, sa, in, "main mode message 5");
	if (rx == IKE_RX_refused) { /* but authentic */
		ike_sa_move(sa, in->d);
		info_notify(e, sa, IKE_PROTO_IKE, IKE1_N_AUTHENTICATION_FAILED, false, NULL, 0);
		party_failed(e, sa, in->now);
		return rx;
	}
	if (rx != IKE_RX_handled)
		return rx;
	ike_sa_move(sa, in->d);
	if (send_msg6(e, sa, in->now) != 0) {
		sa->at = before;
		memcpy(sa->iv, iv, sizeof(iv));
		return IKE_RX_internal;
	}
	exchange_took(&sa->x, in->d->data, in->d->len);
	sa->initial_contact = phase1_has_initial_contact(&in->msg);
	phase1_r_done(e, sa, in->now);
	return IKE_RX_handled;
}
