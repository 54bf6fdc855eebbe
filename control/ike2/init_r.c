/* SPDX-License-Identifier: BSD-3-Clause */
/* init_r.c - IKE_SA_INIT as responder (RFC 7296 sections 1.2, 2.6, 2.7). */
#include <errno.h>
#include <string.h>

#include "control/ike/dhwork.h"
#include "control/ike/admit.h"
#include "control/ike/party.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike2/ike2.h"

enum ike_rx ike2_malformed(struct ike_engine *e, struct ike_sa *sa, const struct ike2_in *in,
			   const char *message, const char *what)
{
	struct refuse r = {
		.code = IKE_P1_MALFORMED,
		.message = message,
		.classic = "message parsing failed",
		.received = in->msg.error.reason != IKE_PARSE_OK
				    ? ike_parse_reason_text(in->msg.error.reason)
				    : what,
		.advice = "nothing to configure here: the message breaks RFC 7296; look for what "
			  "changes packets on the way, or at the peer's software",
		.msgid = in->hdr.msgid,
	};

	refuse(e, sa->peer, sa, &in->d->src, &r);
	return IKE_RX_malformed;
}

/* An answer that needs no SA of ours: one notify, our SPI is zero. */
static void tell(struct ike_engine *e, const struct ike_sa *like, uint16_t type, const void *data,
		 size_t len)
{
	struct ike_sa stateless = *like;
	struct ike2_out o;

	stateless.rspi = 0;
	ike2_seal_begin(&o, &stateless, IKE2_EXCH_SA_INIT, 0, true, false);
	ike2_add_notify(&o, type, data, len);
	if (ike2_seal_finish(e, &o, &stateless) == 0)
		ike_sa_send(e, &stateless, o.buf, o.len);
}

static enum ike_rx no_proposal(struct ike_engine *e, struct ike_sa *sa, const struct ike2_in *in,
			       const struct prop_diff *diff)
{
	char received[IKE_EVIDENCE_TEXT], configured[IKE_EVIDENCE_TEXT];
	struct refuse r = {
		.code = refuse_diff_code(diff),
		.message = "IKE_SA_INIT request",
		.classic = "no suitable proposal found; received proposals inacceptable, sending "
			   "NO_PROPOSAL_CHOSEN",
		.received = received,
		.configured = configured,
		.advice = "set the profile here to one of the received values, or the peer's "
			  "phase 1 to one of the configured ones",
	};

	r.diff = diff;
	refuse_diff_print(diff, received, configured);
	refuse(e, sa->peer, sa, &in->d->src, &r);
	tell(e, sa, IKE2_N_NO_PROPOSAL_CHOSEN, NULL, 0);
	return IKE_RX_refused;
}

static enum ike_rx other_group(struct ike_engine *e, struct ike_sa *sa, const struct ike2_in *in,
			       uint16_t got, uint16_t want)
{
	const uint8_t data[] = {(uint8_t)(want >> 8), (uint8_t)want};

	refuse_log_stranger(e, IKE_LOG_INFO, sa->peer, sa, 0,
			    "DH group %u unacceptable, requesting %u", got, want);
	(void)in;
	tell(e, sa, IKE2_N_INVALID_KE_PAYLOAD, data, sizeof(data));
	return IKE_RX_refused;
}

static int put_response(struct ike_engine *e, struct ike_sa *sa, const struct prop2_choice *choice,
			struct ike2_out *o)
{
	struct ike2_sa *v2 = sa->v2;
	const uint8_t *public;
	size_t len;
	int r;

	ike2_seal_begin(o, sa, IKE2_EXCH_SA_INIT, 0, true, false);
	ike_msg_open(&o->b, IKE2_PLD_SA);
	r = prop2_build_answer(&o->b.w, choice, NULL, 0);
	ike_msg_close(&o->b);
	if (r != 0)
		return r;
	public = dh_public(v2->hs->dh, &len);
	ike2_msg_add_ke(&o->b, choice->group, public, len);
	ike_msg_add(&o->b, IKE2_PLD_NONCE, v2->nr, v2->nr_len);
	r = ike2_put_nat(o, sa);
	if (v2->fragments)
		ike2_add_notify(o, IKE2_N_FRAGMENTATION_SUPPORTED, NULL, 0);
	ike2_add_notify(o, IKE2_N_CHILDLESS_IKEV2_SUPPORTED, NULL, 0); /* RFC 6023 */
	return r != 0 ? r : ike2_seal_finish(e, o, sa);
}

/* All of the request is good: our half, and both messages kept for AUTH. The shared secret waits
 * for IKE_AUTH, which only an initiator that got this answer can send. */
static int respond(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in,
		   const struct prop2_choice *choice, const struct ike_payload *ke)
{
	struct ike2_handshake *hs = sa->v2->hs;
	struct ike2_out o;
	int r;

	memcpy(hs->peer_public, ke->ke.data.data, ke->ke.data.len);
	hs->peer_public_len = ke->ke.data.len;
	ike2_take_choice(sa, choice);
	ike2_take_nat(e, sa, in);
	sa->v2->fragments = ike2_find_notify(&in->msg, IKE2_N_FRAGMENTATION_SUPPORTED) != NULL;
	sa->v2->nr_len = IKE_NONCE_LEN;
	r = state_random(e, sa->v2->nr, IKE_NONCE_LEN);
	if (r == 0)
		r = dhwork_new(e, choice->group, &hs->dh);
	if (r == 0)
		r = put_response(e, sa, choice, &o);
	if (r == 0)
		r = ike2_bytes_set(&hs->init_i, in->d->data, in->d->len);
	if (r == 0)
		r = ike2_bytes_set(&hs->init_r, o.buf, o.len);
	return r != 0 ? r : exchange_answer(e, &sa->v2->answer, o.buf, o.len, in->now);
}

static enum ike_rx judge(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in)
{
	const struct ike_payload *p = ike_msg_find(&in->msg, IKE2_PLD_SA);
	const struct ike_payload *ke = ike_msg_find(&in->msg, IKE2_PLD_KE);
	struct prop2_choice choice;
	struct prop2_want want;
	struct prop2_sa props;
	struct prop_diff diff;

	if (p == NULL || ke == NULL || prop2_decode(&props, &p->sa, &in->msg.error) != 0 ||
	    ike2_take_nonce(&in->msg, sa->v2->ni, &sa->v2->ni_len) != 0)
		return ike2_malformed(e, sa, in, "IKE_SA_INIT request", "not one SA, KE and nonce");
	prop2_want_ike(&want, &sa->peer->conf.profile, false);
	if (prop2_select(&props, &want, ke->ke.group, &choice, &diff) != 0)
		return no_proposal(e, sa, in, &diff);
	if (ke->ke.group != choice.group)
		return other_group(e, sa, in, ke->ke.group, choice.group);
	if (ke->ke.data.len > DH_MAX_PUBLIC ||
	    dh_check_public(choice.group, ke->ke.data.data, ke->ke.data.len) != 0)
		return ike2_malformed(e, sa, in, "IKE_SA_INIT request", "a bad KE payload");
	return respond(e, sa, in, &choice, ke) == 0 ? IKE_RX_handled : IKE_RX_internal;
}

static bool have_secret(struct ike_engine *e)
{
	struct guard *g = &e->guard;

	if (!g->has_secret)
		g->has_secret = state_random(e, g->secret, sizeof(g->secret)) == 0;
	return g->has_secret;
}

/* RFC 7296 section 2.6: no state for who has not shown that it gets our answers. True: it may go
 * on. */
static bool cookie_ok(struct ike_engine *e, const struct ike2_in *in, struct ike_sa *like)
{
	const struct ike_payload *first = in->msg.n > 0 ? &in->msg.pld[0] : NULL;
	const struct ike_payload *nonce = ike_msg_find(&in->msg, IKE2_PLD_NONCE);
	uint8_t cookie[GUARD_COOKIE];
	struct ike_view given = {NULL, 0};

	if (!guard_wants_cookie(&e->guard, &in->d->src) || nonce == NULL)
		return true;
	if (!have_secret(e))
		return false;
	if (first->type == IKE2_PLD_NOTIFY && first->notify.type == IKE2_N_COOKIE)
		given = first->notify.data;
	if (guard_cookie_ok(&e->guard, &in->d->src, in->hdr.ispi, nonce->body, given, in->now))
		return true;
	if (guard_cookie(&e->guard, &in->d->src, in->hdr.ispi, nonce->body, in->now, cookie) == 0)
		tell(e, like, IKE2_N_COOKIE, cookie, sizeof(cookie));
	e->counters.cookies_sent++;
	return false;
}

/* Our key pair is made before there is an SA; a group that is refused needs none. */
static bool awaits_pair(struct ike_engine *e, const struct ike_peer *peer, struct ike2_in *in,
			enum ike_rx *rx)
{
	const struct ike_payload *ke = ike_msg_find(&in->msg, IKE2_PLD_KE);
	const struct ike_profile_conf *conf = &peer->conf.profile;
	bool ours = false;

	for (size_t i = 0; ke != NULL && i < conf->n_dh; i++)
		ours |= conf->dh[i] == ke->ke.group;
	return ours && dhwork_pair(e, NULL, ke->ke.group, in->d, rx);
}

#define NEXT_PAYLOAD_AT 16u /* in the header */

/* What follows the cookie, with the type of its first payload. */
struct past_cookie {
	uint8_t type;
	struct ike_view rest;
};

static struct past_cookie past_cookie(const uint8_t *data, size_t len, bool has_cookie)
{
	size_t at = IKE_HDR_LEN, skip;

	if (!has_cookie)
		return (struct past_cookie){data[NEXT_PAYLOAD_AT], {data + at, len - at}};
	skip = (size_t)data[at + 2] << 8 | data[at + 3]; /* the parser has seen to it */
	return (struct past_cookie){data[at], {data + at + skip, len - at - skip}};
}

static bool begins_with_cookie(const struct ike_msg *m)
{
	return m->n > 0 && m->pld[0].type == IKE2_PLD_NOTIFY &&
	       m->pld[0].notify.type == IKE2_N_COOKIE;
}

void ike2_init_cookie_late(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in)
{
	struct ike2_handshake *hs = sa->v2->hs;
	const struct ike_payload *nonce;
	struct past_cookie then, now;

	if (sa->state != SA_INIT_ANSWERED || hs == NULL || !e->guard.has_secret ||
	    hs->init_i.len <= IKE_HDR_LEN || hs->init_i.data[NEXT_PAYLOAD_AT] == IKE2_PLD_NOTIFY ||
	    in->d->len <= hs->init_i.len || ike2_seal_parse(in) != 0 ||
	    !begins_with_cookie(&in->msg))
		return;
	nonce = ike_msg_find(&in->msg, IKE2_PLD_NONCE);
	if (nonce == NULL || !guard_cookie_ok(&e->guard, &in->d->src, in->hdr.ispi, nonce->body,
					      in->msg.pld[0].notify.data, in->now))
		return;
	then = past_cookie(hs->init_i.data, hs->init_i.len, false);
	now = past_cookie(in->d->data, in->d->len, true);
	if (then.type != now.type || then.rest.len != now.rest.len ||
	    memcmp(then.rest.data, now.rest.data, now.rest.len) != 0)
		return;
	if (ike2_bytes_set(&hs->init_i, in->d->data, in->d->len) == 0)
		exchange_took(&sa->v2->answer, in->d->data, in->d->len);
}

enum ike_rx ike2_init_request(struct ike_engine *e, struct ike_peer *peer, struct ike2_in *in)
{
	const struct ike_datagram *d = in->d;
	struct ike_endpoint at = {.local = d->dst,
				  .remote = d->src,
				  .local_port = d->dst_port,
				  .remote_port = d->src_port,
				  .marker = d->marker};
	struct ike_sa like = {
		.peer = peer, .responder = true, .unseen = true, .at = at, .ispi = in->hdr.ispi};
	enum guard_verdict v;
	struct ike_sa *sa;
	enum ike_rx rx;

	if (ike2_seal_parse(in) != 0)
		return IKE_RX_malformed;
	if (!cookie_ok(e, in, &like))
		return IKE_RX_limited;
	v = admit_first(e, d, in->now);
	if (v != GUARD_ADMIT)
		return admit_refused(e, peer, v);
	if (awaits_pair(e, peer, in, &rx)) {
		guard_release(&e->guard, &d->src);
		return rx;
	}
	sa = ike_sa_new(e, peer, true, &at, in->hdr.ispi, in->now);
	if (sa == NULL) {
		guard_release(&e->guard, &d->src);
		return IKE_RX_internal;
	}
	sa->state = SA_INIT_ANSWERED;
	ike_sa_index_first(e, sa);
	rx = judge(e, sa, in);
	if (rx != IKE_RX_handled) {
		ike_sa_free(e, sa, in->now);
		return rx;
	}
	e->counters.phase1_answered++;
	sa->v2->next_in = 1;
	exchange_took(&sa->v2->answer, d->data, d->len);
	timers_arm(&e->timers, &sa->life, in->now + IKE_HALF_OPEN_S * TIMERS_SEC);
	refuse_log_stranger(e, IKE_LOG_INFO, peer, sa, 0, "received IKE_SA_INIT request");
	return IKE_RX_handled;
}
