/* SPDX-License-Identifier: BSD-3-Clause */
/* contactkit.h - IKEv1: node A begins, and node B, which is passive, may lose what it has. */
#ifndef ESPGW_TEST_CONTACTKIT_H
#define ESPGW_TEST_CONTACTKIT_H

#include "tests/sim/sim.h"

#define A 0
#define B 1

void contact_run(struct sim *s, unsigned ms);
/** sim_init(), and B passive, and ESP both ways. */
void contact_init(struct sim *s, uint64_t seed, enum ike_exchange_mode mode);
/** B ends all it has with a peer, or with all, and not a word of it arrives. */
void contact_forget(struct sim *s, const char *peer);
/** A's next phase 1, by which it learns nothing: it has a pair. */
void contact_anew(struct sim *s);
/** As when their time is over, and no next one is made: pairs stay. */
void contact_end_ike_sas(struct sim *s, int i, const char *peer);
/** How often A was told INITIAL-CONTACT. */
uint64_t contact_told(const struct sim *s);

#endif
