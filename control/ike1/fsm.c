/* SPDX-License-Identifier: BSD-3-Clause */
/* fsm.c - the transition table of IKEv1 SAs; see fsm.h. */
#include "control/ike1/fsm.h"

#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike1/aggr.h"
#include "control/ike1/info.h"
#include "control/ike1/phase1.h"
#include "control/ike1/quick.h"

static fsm_handler *const table[SA_STATES][FSM_EVENTS] = {
	[SA_MSG1_SENT] =
		{
			[FSM_MAIN] = phase1_i_msg2,
			[FSM_INFO] = info_unprotected,
		},
	[SA_MSG3_SENT] =
		{
			[FSM_MAIN] = phase1_i_msg4,
			[FSM_INFO] = info_unprotected,
		},
	[SA_MSG5_SENT] =
		{
			[FSM_MAIN_ENCRYPTED] = phase1_i_msg6,
			[FSM_INFO] = info_unprotected,
			[FSM_INFO_ENCRYPTED] = info_message,
		},
	[SA_MSG2_SENT] =
		{
			[FSM_MAIN] = phase1_r_msg3,
			[FSM_INFO] = info_unprotected,
		},
	[SA_MSG4_SENT] =
		{
			[FSM_MAIN_ENCRYPTED] = phase1_r_msg5,
			[FSM_INFO] = info_unprotected,
		},
	[SA_AGGR1_SENT] =
		{
			[FSM_AGGRESSIVE] = aggr_i_msg2,
			[FSM_INFO] = info_unprotected,
		},
	[SA_AGGR2_SENT] =
		{
			[FSM_AGGRESSIVE] = aggr_r_msg3,
			[FSM_AGGRESSIVE_ENCRYPTED] = aggr_r_msg3,
			[FSM_QUICK_ENCRYPTED] = aggr_r_early,
			[FSM_INFO] = info_unprotected,
			[FSM_INFO_ENCRYPTED] = aggr_r_early,
		},
	[SA_ESTABLISHED] =
		{
			[FSM_QUICK_ENCRYPTED] = quick_message,
			[FSM_INFO] = info_unprotected,
			[FSM_INFO_ENCRYPTED] = info_message,
			[FSM_OTHER] = fsm_other,
		},
	[SA_REPLACED] =
		{
			[FSM_QUICK_ENCRYPTED] = quick_message,
			[FSM_INFO] = info_unprotected,
			[FSM_INFO_ENCRYPTED] = info_message,
			[FSM_OTHER] = fsm_other,
		},
};

enum fsm_event fsm_event_of(const struct ike_hdr *h)
{
	bool encrypted = ike_hdr_encrypted(h);

	switch (h->exchange) {
	case IKE1_EXCH_MAIN:
		return encrypted ? FSM_MAIN_ENCRYPTED : FSM_MAIN;
	case IKE1_EXCH_QUICK:
		return encrypted ? FSM_QUICK_ENCRYPTED : FSM_QUICK;
	case IKE1_EXCH_INFO:
		return encrypted ? FSM_INFO_ENCRYPTED : FSM_INFO;
	case IKE1_EXCH_AGGRESSIVE:
		return encrypted ? FSM_AGGRESSIVE_ENCRYPTED : FSM_AGGRESSIVE;
	default:
		return FSM_OTHER;
	}
}

fsm_handler *fsm_cell(enum ike_sa_state state, enum fsm_event event)
{
	return table[state][event];
}

enum ike_rx fsm_refuse(struct ike_engine *e, struct ike_peer *peer, const struct ike_sa *sa,
		       const struct ike1_in *in)
{
	struct refuse r = {
		.code = IKE_P1_MODE_MISMATCH,
		.message = sa == NULL ? "first message" : "message on an IKE SA",
		.classic = "exchange type not supported",
		.received = ike_exchange_name(in->hdr.exchange),
		.configured = "main or aggressive mode, then quick mode",
		.advice = "this exchange is not spoken here: set main mode at the peer",
		.msgid = in->hdr.msgid,
	};

	if (in->hdr.exchange == IKE1_EXCH_TRANSACTION)
		r.advice = "switch off XAuth and mode config at the peer: a gateway joins networks "
			   "and hands out no addresses";
	else if (in->hdr.exchange == IKE1_EXCH_NEW_GROUP)
		r.advice = "new group mode is not spoken here: name a DH group that both sides "
			   "know";
	refuse(e, peer, sa, &in->d->src, &r);
	return IKE_RX_refused;
}

enum ike_rx fsm_other(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	return fsm_refuse(e, sa->peer, sa, in);
}

static bool is_phase1(const struct ike_hdr *h)
{
	return h->exchange == IKE1_EXCH_MAIN || h->exchange == IKE1_EXCH_AGGRESSIVE;
}

/* Phase 1: the message that was taken up last, once more. In main mode only responders answer it
 * again; an initiator has its own schedule. In aggressive mode whoever sent the last message has
 * nothing more to come, so both do, but for the responder after message 3. */
static bool is_repeat(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in)
{
	bool main_mode = in->hdr.exchange == IKE1_EXCH_MAIN, up = ike_sa_up(sa);

	if (!is_phase1(&in->hdr) || !exchange_is_repeat(&sa->x, in->d->data, in->d->len))
		return false;
	if (main_mode ? sa->responder : sa->responder != up)
		exchange_repeat(e, &sa->x, up ? EXCHANGE_REPEATS_AUTH : EXCHANGE_REPEATS, NULL);
	return true;
}

enum ike_rx fsm_run(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	enum fsm_event event = fsm_event_of(&in->hdr);
	fsm_handler *handler;

	if (is_repeat(e, sa, in))
		return IKE_RX_repeat;
	/* Phase 1 has message id 0, everything else has not (RFC 2408 section 3.1). An
	 * unprotected notify may carry any, and what is not spoken too. */
	if (event != FSM_INFO && event != FSM_OTHER && is_phase1(&in->hdr) != (in->hdr.msgid == 0))
		return IKE_RX_malformed;
	handler = fsm_cell(sa->state, event);
	if (handler == NULL) {
		refuse_log_stranger(e, IKE_LOG_DEBUG, sa->peer, sa, in->hdr.msgid,
				    "ignoring %s message in state %s",
				    ike_exchange_name(in->hdr.exchange), ike_sa_state_name(sa));
		return IKE_RX_wrong_state;
	}
	/* What no key protects is taken from the peer's address only. */
	if (!ike_hdr_encrypted(&in->hdr) && !peers_addr_equal(&in->d->src, &sa->at.remote))
		return IKE_RX_wrong_address;
	return handler(e, sa, in);
}
