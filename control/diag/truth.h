/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * truth.h - six facts about the traffic of a policy, and what they mean together: "established, not
 * passing" is a state, and which hop fails follows from the facts.
 */
#ifndef ESPGW_DIAG_TRUTH_H
#define ESPGW_DIAG_TRUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "control/ike/evidence.h"

/* Packets of a policy, in the order in which they meet these points. */
enum truth_fact {
	TRUTH_MATCHED = 0, /* from the LAN, the policy was the one to decide */
	TRUTH_SENT,	   /* left through an SA */
	TRUTH_RECEIVED,	   /* ESP came in for one of its SAs */
	TRUTH_VERIFIED,	   /* of these: genuine, and within the replay window */
	TRUTH_PASSED,	   /* of these: within the SA's selectors */
	TRUTH_DELIVERED,   /* of these: no sign that the LAN host could not be reached */
	TRUTH_FACTS,
};

#define TRUTH_FEW 3u /* fewer packets than this prove nothing */

enum truth_state {
	TRUTH_IDLE = 0,	   /* too little traffic to tell */
	TRUTH_PASSING,	   /* both ways, as far as we see */
	TRUTH_NOT_PASSING, /* code says where it ends */
};

struct truth {
	enum truth_state state;
	enum ike_code code; /* with TRUTH_NOT_PASSING */
	uint64_t fact[TRUTH_FACTS];
	uint64_t window; /* ns, how much time these counts cover */
	bool replayed;	 /* NOT_VERIFIED: it was the window, not the integrity check */
	struct abi_addr
		foreign; /* PEER_NATS_TUNNEL_TRAFFIC: a source that was seen; family 0 = none */
};

/** The verdict of the facts; up: the policy has SAs. replayed and foreign are left alone. */
void truth_judge(struct truth *t, bool up);

/** "matched", "sent", ..; static. */
const char *truth_fact_name(enum truth_fact fact);

#endif
