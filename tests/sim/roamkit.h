/* SPDX-License-Identifier: BSD-3-Clause */
/* roamkit.h - two nodes with a tunnel, one of them behind a NAT that moves it about, or seems to.
 */
#ifndef ESPGW_TEST_ROAMKIT_H
#define ESPGW_TEST_ROAMKIT_H

#include "tests/sim/sim.h"

#define R_BEHIND 0 /* the node behind the NAT; the other follows */
#define R_FIXED	 1

/** A node as sim_init() made it, with this in it, until it has a tunnel. */
void roam_start(struct sim *s, bool v2);
/** Both at once. */
void roam_init(struct sim *s, uint64_t seed, bool v2);
/** Counters of the node that follows. */
const struct ike_counters *roam_fixed(const struct sim *s);
/** To it, a captured ESP packet comes, once, from anywhere. */
void roam_spoof_esp(struct sim *s, const char *addr, uint16_t port);

#endif
