/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * party.h - the IKE SAs that a peer's party has with us, of either version: new attempts with
 * back-off, taking over from older SAs, what follows when one is lost.
 */
#ifndef ESPGW_IKE_PARTY_H
#define ESPGW_IKE_PARTY_H

#include "control/ike/ike_sa.h"

/** Begin an IKE SA with a peer at due, unless it is passive, cannot be reached by address, begins
 * on demand and there is none, or an attempt is under way. */
void party_connect_in(struct ike_engine *e, struct ike_peer *peer, uint64_t due);
timer_fn party_start; /* timer of struct ike_peer */
/** May a pair of the policy be begun by us now: by one who begins on demand, only when traffic
 * waits for it, or goes through it. */
bool party_wants(const struct ike_policy *policy, uint64_t now);

/** Its name stands for another address now, where the next IKE SA is made: at due, when there is
 * none. An attempt at the old address that has got nowhere ends. */
void party_moved(struct ike_engine *e, struct ike_peer *peer, uint64_t due);
/** Is it of before that, so that instead of rekeying it we make one at the new address? */
bool party_elsewhere(const struct ike_sa *sa);

/** A responder's half-open SA has waited long enough. */
void party_timed_out(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
/** An unfinished SA ends: freed; an attempt of ours is repeated later. */
void party_failed(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
/** An established SA ended (expired, deleted): freed; a new one is made when we may. */
void party_lost(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
/** The peer does not answer: all its SAs of this party go, without a word; then as party_lost(). */
void party_dead(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
/** The peer's key is verified and our last message is out: take over from older SAs. */
void party_established(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
/** The peer says that older SAs of this party are forgotten: they go (RFC 2407 section 4.6.3.3, RFC
 * 7296 section 2.4). */
void party_initial_contact(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
/** Is nothing else between the peer and us, so that INITIAL-CONTACT may say so? */
bool party_first_contact(const struct ike_sa *sa);

#endif
