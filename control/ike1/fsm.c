/* SPDX-License-Identifier: BSD-3-Clause */
/* fsm.c - the transition table of IKEv1 SAs; see fsm.h. */
#include "control/ike1/fsm.h"

#include "control/ike/refuse.h"
#include "control/ike/state.h"
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
	[SA_ESTABLISHED] =
		{
			[FSM_QUICK_ENCRYPTED] = quick_message,
			[FSM_INFO] = info_unprotected,
			[FSM_INFO_ENCRYPTED] = info_message,
		},
	[SA_REPLACED] =
		{
			[FSM_QUICK_ENCRYPTED] = quick_message,
			[FSM_INFO] = info_unprotected,
			[FSM_INFO_ENCRYPTED] = info_message,
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
		return FSM_AGGRESSIVE;
	default:
		return FSM_OTHER;
	}
}

fsm_handler *fsm_cell(enum ike_sa_state state, enum fsm_event event)
{
	return table[state][event];
}

/* Phase 1: the message that was taken up last, once more. Only responders answer it again; an
 * initiator has its own schedule. */
static bool is_repeat(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in)
{
	if (in->hdr.exchange != IKE1_EXCH_MAIN ||
	    !exchange_is_repeat(&sa->x, in->d->data, in->d->len))
		return false;
	if (sa->responder)
		exchange_repeat(e, &sa->x,
				ike_sa_up(sa) ? EXCHANGE_REPEATS_AUTH : EXCHANGE_REPEATS);
	return true;
}

enum ike_rx fsm_run(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	enum fsm_event event = fsm_event_of(&in->hdr);
	fsm_handler *handler;

	if (is_repeat(e, sa, in))
		return IKE_RX_repeat;
	/* Phase 1 has message id 0, everything else has not (RFC 2408 section 3.1). An
	 * unprotected notify may carry any. */
	if (event != FSM_INFO && (in->hdr.exchange == IKE1_EXCH_MAIN) != (in->hdr.msgid == 0))
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
