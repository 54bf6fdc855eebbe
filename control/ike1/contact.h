/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * contact.h - INITIAL-CONTACT of a responder (RFC 2407 section 4.6.3.3). DELETE has no answer: an
 * initiator that heard none of them goes on with pairs that we have no more, and since it has some
 * it begins none. When it comes with a new IKE SA, does not say that it has nothing else, and
 * begins nothing, while we have nothing at all, it is told so, in exchanges of their own until one
 * has been of use. An initiator that begins a pair at once, as most do, is told nothing. There are
 * initiators that take nothing from it: strongSwan but notes it when it comes after phase 1.
 */
#ifndef ESPGW_IKE1_CONTACT_H
#define ESPGW_IKE1_CONTACT_H

#include "control/ike/timers.h"

struct ike_engine;
struct ike_sa;

#define CONTACT_FIRST_S 3u /* after phase 1; then each after twice the time */
#define CONTACT_TIMES	6u

/** A responder's IKE SA has come up. */
void contact_start(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
/** The peer has said that it has nothing, or the SA goes. */
void contact_stop(struct ike_engine *e, struct ike_sa *sa);
timer_fn contact_tick; /* timer of struct ike_sa */

#endif
