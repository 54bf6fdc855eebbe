/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * probe_child.h - ask a peer that refuses our phase 2 which it takes: real negotiations of one
 * policy, each with all algorithms that are allowed and another PFS group, one after the other and
 * at most one a second, until one is taken. The pair that comes of it is deleted at once, and the
 * policy is as it was: what to configure is the operator's to say.
 */
#ifndef ESPGW_IKE_PROBE_CHILD_H
#define ESPGW_IKE_PROBE_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "control/ike/conf.h"
#include "control/ike/probe.h"

struct child_sa;
struct ike_child_sa;
struct ike_engine;
struct ike_peer;

#define PROBE_CHILD_MAX 12u

/* Why it has ended. What was asked before the last two stands; what was not yet answered does not.
 */
enum probe_child_end {
	PROBE_CHILD_DONE = 0, /* taken, or nothing is left to ask for */
	PROBE_CHILD_UP,	      /* the policy has a pair of its own meanwhile */
	PROBE_CHILD_GONE      /* phase 1 ended, or a reload took the policy */
};

struct ike_probe_child {
	uint64_t begun, ended; /* ns; ended 0: under way */
	enum probe_child_end end;
	bool ike2; /* whose numbers the notifies are */
	uint32_t policy_id;
	unsigned n;
	struct probe_child_row {
		uint16_t group;	      /* PFS; 0 = none */
		enum probe_said said; /* PROBE_TAKES: it took encr and integ */
		uint16_t notify;
		struct ike_encr_choice encr;
		uint16_t integ; /* ABI_INTEG_NONE with an AEAD */
	} rows[PROBE_CHILD_MAX];
};

/** Begin, for the first policy of the peer without a pair. weak: bits of enum suite_weak that may
 * be offered. 0, -ENOENT (no such peer), -ENOTCONN (phase 1 is not up), -EALREADY (every policy has
 * a pair), -EBUSY (the last one began less than PROBE_AGAIN_S ago: its result stands), -ENOMEM. */
int ike_engine_probe_child(struct ike_engine *e, const char *peer, uint32_t weak, uint64_t now);
/** Result of the last one, NULL when there was none. Valid until the next call into the engine. */
const struct ike_probe_child *ike_engine_probe_child_result(const struct ike_engine *e,
							    const char *peer);

/* for the engine */

/** A pair goes to the data plane: what was agreed. */
void probe_child_note(struct ike_engine *e, const struct child_sa *c,
		      const struct ike_child_sa *sa);
/** The peer goes. */
void probe_child_free(struct ike_engine *e, struct ike_peer *peer);

#endif
