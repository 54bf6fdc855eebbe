/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * enforce.h - policies on their way into force: those of a plan with those that were generated
 * among them.
 *
 * The data plane takes policies as a whole, so each change means all of them. One push at a time is
 * under way; what changes meanwhile goes with the next. SAs of policies that are not in the queue
 * yet wait until they are (children_hold()), so a policy is in force before its first SA.
 */
#ifndef ESPGW_CONTROL_ENFORCE_H
#define ESPGW_CONTROL_ENFORCE_H

#include "control/push.h"

struct gateway;

#define ENFORCE_AGAIN	 1000000000ull /* ns, after policies were refused */
#define ENFORCE_PATIENCE 1000000000ull /* ns that generated ones wait for room in the queue */

/** Queue a plan, addresses and routes too. done(g, rc) as of push_start(). 0 or -errno. */
int enforce_plan(struct gateway *g, const struct model_plan *plan, push_done_fn *done);
/** A plan was not answered, so nobody knows what is in force: queue it again, as it is by then,
 * once the data plane is there. */
void enforce_again(struct gateway *g, push_done_fn *done);
/** A policy was generated; its SAs wait for it. */
void enforce_generated(struct gateway *g);
/** Each turn: queue what was not answered, and policies that changed. */
void enforce_tick(struct gateway *g);

#endif
