/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * scale_change.h - what changing many SAs and policies costs the worker that moves packets
 * meanwhile. A manager with its segment and rings serves commands on a thread of its own, as the
 * data plane does: SAs installed as fast as they are served, then SAs replaced and policies
 * exchanged at a given rate while a worker moves packets and watches its own polls.
 */
#ifndef ESPGW_BENCH_SCALE_CHANGE_H
#define ESPGW_BENCH_SCALE_CHANGE_H

#include <stdint.h>

#define SCALE_CHANGE_TURNS 200u /* at most */
#define SCALE_CHANGE_SAS   256u /* at least */

struct scale_change {
	uint32_t policies;  /* of more than 10000 that many */
	uint32_t installed; /* SAs */
	uint32_t turns;	    /* half a second each, of everything that is compared */
};

/** Print it. 0, or -1 when there is no data plane or it refused what it should not. */
int scale_change(const struct scale_change *o);

#endif
