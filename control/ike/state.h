/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * state.h - the engine's own state, shared by the files of control/ike and control/ike1 and by
 * nobody else.
 *
 * Who owns what: the engine owns peers; a peer owns its policies, IKE SAs and child SA pairs; an
 * IKE SA owns its exchanges. A pair is negotiated through an IKE SA and outlives it when another
 * one of the same party can take it over (struct child_sa.owner moves), or when the peer deletes
 * the IKE SA alone.
 */
#ifndef ESPGW_IKE_STATE_H
#define ESPGW_IKE_STATE_H

#include <sys/queue.h>

#include "control/ike/engine.h"
#include "control/ike/engine_counters.h"
#include "control/ike/guard.h"
#include "control/ike/peers.h"
#include "control/ike/table.h"
#include "control/ike/timers.h"

struct dhwork_item;

struct ike_engine {
	struct ike_ops ops;
	void *ctx;
	struct timers timers;
	struct guard guard;
	struct peers peers;
	struct table sas; /* IKE SAs by our own cookie */
	struct table
		sas_first;  /* responders by the initiator's cookie and address: message 1 again */
	struct table pairs; /* child SA pairs by token */
	TAILQ_HEAD(unseen_sas, ike_sa) unseen; /* responders without message 3, oldest first */
	TAILQ_HEAD(dhwork_items, dhwork_item) dhwork; /* jobs that are out */
	unsigned n_dh_strangers, n_dh_peers;
	struct dhwork_item *again;	  /* what waited for it comes again */
	TAILQ_HEAD(probes, probe) probes; /* under way */
	unsigned n_probes;
	size_t budget; /* bytes that may still answer the datagram of now, see ike_sa_send() */
	uint64_t next_id, next_token;
	bool ending;	   /* nothing is sent any more */
	uint16_t frag1_id; /* of the last message that was sent in pieces */
	uint64_t now;	   /* of the call being served: for logs and evidence */
	uint64_t stranger_filled, stranger_silent; /* refuse_log_stranger() */
	unsigned stranger_used;
	struct ike_counters counters;
};

/** Random bytes from the caller's source. 0 or -errno. */
int state_random(struct ike_engine *e, void *buf, size_t len);
/** Uniform enough below n (n > 0), for jitter only; 0 when the source fails. */
uint64_t state_random_below(struct ike_engine *e, uint64_t n);

#endif
