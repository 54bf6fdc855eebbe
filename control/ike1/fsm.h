/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fsm.h - which message may come in which state of an IKEv1 SA. One table; a cell that is not
 * listed drops the message.
 */
#ifndef ESPGW_IKE1_FSM_H
#define ESPGW_IKE1_FSM_H

#include "control/ike/engine_counters.h"
#include "control/ike1/seal.h"

enum fsm_event {
	FSM_MAIN = 0,
	FSM_MAIN_ENCRYPTED,
	FSM_QUICK,
	FSM_QUICK_ENCRYPTED,
	FSM_INFO,
	FSM_INFO_ENCRYPTED,
	FSM_AGGRESSIVE,
	FSM_AGGRESSIVE_ENCRYPTED,
	FSM_OTHER,
	FSM_EVENTS,
};

typedef enum ike_rx fsm_handler(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in);

/** Handler: the same for a message on an SA. */
fsm_handler fsm_other;
/** Of a header: exchange type and encryption flag. */
enum fsm_event fsm_event_of(const struct ike_hdr *h);
/** NULL: drop. */
fsm_handler *fsm_cell(enum ike_sa_state state, enum fsm_event event);
/** An exchange of a type that we do not speak: evidence by its name, no answer. sa may be NULL.
 * Returns IKE_RX_refused. */
enum ike_rx fsm_refuse(struct ike_engine *e, struct ike_peer *peer, const struct ike_sa *sa,
		       const struct ike1_in *in);
/** Give a message to its handler. The SA may be gone afterwards. */
enum ike_rx fsm_run(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in);

#endif
