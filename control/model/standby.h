/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * standby.h - two tunnels for the same networks, of which one carries the traffic: a policy with
 * standby=yes stands in for an earlier one with the same addresses. Both negotiate, each with its
 * own peer, and the data plane takes what comes out of either; which of the two it sends through is
 * a matter of their order, which control changes (control/standby_io.c).
 */
#ifndef ESPGW_MODEL_STANDBY_H
#define ESPGW_MODEL_STANDBY_H

#include <stdbool.h>

#include "control/model/apply.h"

struct model;
struct model_row;
struct problems;

/** Has the policy standby=yes? */
bool standby_is(const struct model_row *policy);

/** May row cover the same packets as first, the policy before it? Tells what is wrong with a
 * standby. first NULL: no other policy covers the same. */
bool standby_pairs(const struct model_row *first, const struct model_row *row,
		   struct problems *problems);

/** Fill plan->standbys, when all of the plan's policies and peers are made. Those that have changed
 * places in previous (NULL: none) have here, too. 0 or -1: no memory. */
int standby_plan(struct model_plan *plan, const struct model *m, const struct model_plan *previous);

/** Have the two change places. */
void standby_swap(struct model_plan *plan, struct plan_standby *s);

#endif
