/* SPDX-License-Identifier: BSD-3-Clause */
/* fsm.c - the way in for IKEv2: which SA, which message may come in which state, message ids,
 * repeats (RFC 7296 sections 2.1 to 2.3, 2.21). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/ike/dhwork.h"
#include "control/ike/party.h"
#include "control/ike/refuse.h"
#include "control/ike/roam.h"
#include "control/ike/state.h"
#include "control/ike/version.h"
#include "control/ike2/ike2.h"

/* A cell that is not listed drops the message. */
static ike2_handler *const table[SA_STATES][IKE2_EVENTS] = {
	[SA_INIT_SENT] =
		{
			[IKE2_EV_INIT_RESPONSE] = ike2_init_response,
		},
	[SA_AUTH_SENT] =
		{
			[IKE2_EV_AUTH_RESPONSE] = ike2_auth_response,
		},
	[SA_INIT_ANSWERED] =
		{
			[IKE2_EV_AUTH_REQUEST] = ike2_auth_request,
		},
	[SA_ESTABLISHED] =
		{
			[IKE2_EV_CHILD_REQUEST] = ike2_create_request,
			[IKE2_EV_CHILD_RESPONSE] = ike2_create_response,
			[IKE2_EV_INFO_REQUEST] = ike2_info_request,
			[IKE2_EV_INFO_RESPONSE] = ike2_info_response,
		},
	[SA_REPLACED] =
		{
			[IKE2_EV_CHILD_REQUEST] = ike2_create_request,
			[IKE2_EV_CHILD_RESPONSE] = ike2_create_response,
			[IKE2_EV_INFO_REQUEST] = ike2_info_request,
			[IKE2_EV_INFO_RESPONSE] = ike2_info_response,
		},
};

enum ike2_event ike2_fsm_event(const struct ike_hdr *h)
{
	bool response = h->flags & IKE2_FLAG_RESPONSE;

	switch (h->exchange) {
	case IKE2_EXCH_SA_INIT:
		return response ? IKE2_EV_INIT_RESPONSE : IKE2_EV_INIT_REQUEST;
	case IKE2_EXCH_AUTH:
		return response ? IKE2_EV_AUTH_RESPONSE : IKE2_EV_AUTH_REQUEST;
	case IKE2_EXCH_CREATE_CHILD:
		return response ? IKE2_EV_CHILD_RESPONSE : IKE2_EV_CHILD_REQUEST;
	case IKE2_EXCH_INFO:
		return response ? IKE2_EV_INFO_RESPONSE : IKE2_EV_INFO_REQUEST;
	default:
		return IKE2_EV_OTHER;
	}
}

ike2_handler *ike2_fsm_cell(enum ike_sa_state state, enum ike2_event event)
{
	return table[state][event];
}

/* A request that came before: the answer once more, when there is one by now. */
static enum ike_rx repeat(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in)
{
	struct exchange *x = &sa->v2->answer;

	if (in->hdr.msgid + 1 != sa->v2->next_in)
		return IKE_RX_replayed;
	/* In smaller fragments than before it is the same request (RFC 7383 section 2.5.2), and its
	 * sender waits for the answer still. */
	if (!exchange_is_repeat(x, in->d->data, in->d->len) &&
	    (x->repeats >= EXCHANGE_REPEATS_AUTH || !ike2_frag_is_first(sa, in)))
		return IKE_RX_replayed;
	exchange_repeat(e, x, ike_sa_up(sa) ? EXCHANGE_REPEATS_AUTH : EXCHANGE_REPEATS,
			ike_sa_up(sa) ? in->d : NULL);
	return IKE_RX_repeat;
}

/* Authentic, but it cannot be read (section 2.21.3). */
static enum ike_rx unreadable(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in,
			      bool response)
{
	uint8_t type = in->msg.error.payload;
	bool critical = in->msg.error.reason == IKE_PARSE_CRITICAL;

	ike2_malformed(e, sa, in, ike_exchange_name(in->hdr.exchange), "no IKE message");
	if (!response)
		ike2_answer_notify(e, sa, in,
				   critical ? IKE2_N_UNSUPPORTED_CRITICAL_PAYLOAD
					    : IKE2_N_INVALID_SYNTAX,
				   &type, critical ? 1 : 0);
	if (!response && critical && ike_sa_up(sa))
		return IKE_RX_malformed;
	if (ike_sa_up(sa))
		party_lost(e, sa, in->now);
	else
		party_failed(e, sa, in->now);
	return IKE_RX_malformed;
}

/* The exchange that a response must be of. */
static bool fits_request(const struct ike_sa *sa, uint8_t exchange)
{
	const struct ike2_task *t = ike2_task_asked(sa);

	if (t == NULL)
		return false;
	switch (t->kind) {
	case IKE2_LOST:
		return exchange == t->exchange;
	case IKE2_AUTH:
		return exchange == IKE2_EXCH_AUTH;
	case IKE2_CHILD:
	case IKE2_REKEY:
		return exchange == IKE2_EXCH_CREATE_CHILD;
	default:
		return exchange == IKE2_EXCH_INFO;
	}
}

/* What went aside says whether the peer is there, when that is where the answer comes from. */
static void take_answer(struct ike_engine *e, struct ike_sa *sa, const struct ike2_in *in)
{
	bool aside = sa->x.aside;

	exchange_settle(e, &sa->x);
	sa->x.aside = false;
	if (aside && roam_is_asked(sa, in->d))
		roam_answered(e, sa, in->now);
	else if (aside)
		roam_failed(e, sa, in->now);
}

/* It is the peer's and it is new: from here on the message counts. */
static void take_up(struct ike_engine *e, struct ike_sa *sa, const struct ike2_in *in,
		    bool response)
{
	if (response) {
		take_answer(e, sa, in);
	} else {
		struct exchange *x = &sa->v2->answer;

		sa->v2->next_in++;
		if (in->fragmented) {
			x->have_last = in->digest.have_last;
			memcpy(x->last, in->digest.last, sizeof(x->last));
		} else {
			exchange_took(x, in->d->data, in->d->len);
		}
		free(x->msg); /* the answer to the one before it */
		x->msg = NULL;
		x->len = 0;
	}
	sa->last_seen = in->now;
	roam_heard(e, sa, in->d, in->now);
	if (!response)
		sa->v2->answer.aside = roam_aside(sa, in->d);
}

static bool uses_group(const struct ike_peer *peer, uint16_t group)
{
	for (size_t i = 0; i < peer->conf.profile.n_dh; i++) {
		if (peer->conf.profile.dh[i] == group)
			return true;
	}
	for (size_t i = 0; i < peer->n_policies; i++) {
		if (peer->policies[i].conf.proposal.pfs_group == group)
			return true;
	}
	for (size_t i = 0; i < peer->n_templates; i++) {
		if (peer->templates[i].conf.proposal.pfs_group == group)
			return true;
	}
	return false;
}

/* A KE payload in a message of which nothing has been taken up yet. The last one of several
 * fragments cannot come again alone: its secret is computed on the spot. */
static bool waits_for_dh(struct ike_engine *e, struct ike_sa *sa, const struct ike2_in *in,
			 bool response, enum ike_rx *rx)
{
	const struct ike_payload *ke = ike_msg_find(&in->msg, IKE2_PLD_KE);
	const struct ike2_task *t = response ? ike2_task_asked(sa) : NULL;

	if (ke == NULL || in->fragmented || in->hdr.exchange != IKE2_EXCH_CREATE_CHILD)
		return false;
	if (!response)
		return uses_group(sa->peer, ke->ke.group) &&
		       dhwork_agree(e, sa, ke->ke.group, ke->ke.data.data, ke->ke.data.len, in->d,
				    rx);
	return t != NULL && t->dh != NULL && ke->ke.group == dh_group(t->dh) &&
	       dhwork_derive(e, sa, t->dh, ke->ke.data.data, ke->ke.data.len, in->d, rx);
}

static int derive_keys(struct ike_sa *sa)
{
	struct ike2_handshake *hs = sa->v2->hs;

	if (sa->v2->keyed || hs == NULL)
		return 0;
	return ike2_derive(sa, hs->dh, hs->peer_public, hs->peer_public_len, NULL);
}

/* Runs a handler; sends what waits, when the SA is still there. */
static enum ike_rx dispatch(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in,
			    ike2_handler *handler)
{
	uint64_t ispi = sa->ispi, rspi = sa->rspi;
	enum ike_rx rx = handler(e, sa, in);

	sa = ike_sa_find(e, ispi, rspi);
	if (sa != NULL)
		ike2_task_run(e, sa, in->now);
	return rx;
}

/* The window is one (section 2.3): a request waits for the answer to the one before it, which would
 * else be answered after this one and in its place (section 2.1). A peer that gives up may end the
 * IKE SA all the same: then there is nothing left to answer. m: NULL while it is not known. */
static bool too_early(const struct ike_sa *sa, uint8_t exchange, const struct ike_msg *m)
{
	return ike2_task_answering(sa) &&
	       (exchange != IKE2_EXCH_INFO || (m != NULL && !ike2_ends_sa(m)));
}

static enum ike_rx run_sealed(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in,
			      ike2_handler *handler)
{
	bool response = in->hdr.flags & IKE2_FLAG_RESPONSE;
	enum ike_rx rx;
	int r;

	if (response ? !sa->x.asking || in->hdr.msgid + 1 != sa->v2->next_out
		     : in->hdr.msgid != sa->v2->next_in)
		return IKE_RX_replayed;
	if (response ? !fits_request(sa, in->hdr.exchange) : too_early(sa, in->hdr.exchange, NULL))
		return IKE_RX_wrong_state;
	if (!sa->v2->keyed && sa->v2->hs != NULL &&
	    dhwork_derive(e, sa, sa->v2->hs->dh, sa->v2->hs->peer_public,
			  sa->v2->hs->peer_public_len, in->d, &rx))
		return rx;
	r = derive_keys(sa);
	if (r == -EINVAL) { /* costs us an exponentiation: not again */
		party_failed(e, sa, in->now);
		return IKE_RX_malformed;
	}
	if (r == 0)
		r = ike2_seal_open(sa, in);
	if (r == -EACCES)
		return IKE_RX_undecryptable;
	if (r == -EAGAIN || r == -EALREADY) /* of a fragment */
		return r == -EAGAIN ? IKE_RX_handled : IKE_RX_repeat;
	if (r != 0 && r != -EBADMSG)
		return IKE_RX_internal;
	if (!response && too_early(sa, in->hdr.exchange, &in->msg))
		return IKE_RX_wrong_state;
	if (r == 0 && waits_for_dh(e, sa, in, response, &rx))
		return rx;
	take_up(e, sa, in, response);
	if (r != 0)
		return unreadable(e, sa, in, response);
	return dispatch(e, sa, in, handler);
}

static enum ike_rx run(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in)
{
	enum ike2_event event = ike2_fsm_event(&in->hdr);
	bool response = in->hdr.flags & IKE2_FLAG_RESPONSE;
	ike2_handler *handler = ike2_fsm_cell(sa->state, event);

	/* Who is the original initiator is not a matter of opinion (section 3.1). */
	if (!(in->hdr.flags & IKE2_FLAG_INITIATOR) == sa->responder)
		return IKE_RX_malformed;
	if (!response && in->hdr.msgid + 1 == sa->v2->next_in)
		return repeat(e, sa, in);
	if (handler == NULL) {
		refuse_log_stranger(e, IKE_LOG_DEBUG, sa->peer, sa, in->hdr.msgid,
				    "ignoring %s message in state %s",
				    ike_exchange_name(in->hdr.exchange), ike_sa_state_name(sa));
		return IKE_RX_wrong_state;
	}
	if (event != IKE2_EV_INIT_RESPONSE)
		return run_sealed(e, sa, in, handler);
	/* What no key protects is taken from the peer's address only. */
	if (!peers_addr_equal(&in->d->src, &sa->at.remote))
		return IKE_RX_wrong_address;
	return handler(e, sa, in);
}

/* No SA of ours has these SPIs. */
static enum ike_rx stranger(struct ike_engine *e, struct ike2_in *in)
{
	struct ike_peer *peer;
	struct ike_sa *sa;

	if (in->hdr.rspi != 0)
		return IKE_RX_unknown_sa;
	if (in->hdr.ispi == 0 || in->hdr.msgid != 0 || !(in->hdr.flags & IKE2_FLAG_INITIATOR) ||
	    ike2_fsm_event(&in->hdr) != IKE2_EV_INIT_REQUEST)
		return IKE_RX_malformed;
	sa = ike_sa_find_first(e, in->hdr.ispi, &in->d->src);
	if (sa != NULL && (sa->v2 == NULL || sa->v2->next_in != 1))
		return IKE_RX_wrong_state;
	if (sa != NULL) {
		ike2_init_cookie_late(e, sa, in);
		return repeat(e, sa, in);
	}
	peer = peers_choose(&e->peers, &in->d->src, &in->d->dst, IKE_MODE_IKE2, NULL);
	if (peer == NULL)
		return IKE_RX_unknown_source;
	return ike2_init_request(e, peer, in);
}

enum ike_rx ike2_receive(struct ike_engine *e, const struct ike_datagram *d,
			 const struct ike_hdr *hdr, uint64_t now)
{
	struct ike_sa *sa = ike_sa_find(e, hdr->ispi, hdr->rspi);
	struct ike2_in in;
	enum ike_rx rx;

	in.d = d;
	in.hdr = *hdr;
	in.now = now;
	in.fragmented = false;
	in.msg.n = 0;
	in.msg.error.reason = IKE_PARSE_OK;
	rx = sa != NULL ? run(e, sa, &in) : stranger(e, &in);
	ike_vendor_note(e, d, &in.msg);
	return rx;
}
