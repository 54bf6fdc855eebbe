/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * aggr.h - IKEv1 aggressive mode with a pre-shared key (RFC 2409 section 5.4, NAT traversal by RFC
 * 3947 section 3.2), both roles: aggr_i.c and aggr_r.c. What main mode does as well is phase1.h's.
 *
 *   1 ->  SA, KE, Ni, IDii, vendor IDs
 *   2 <-  SA, KE, Nr, IDir, HASH_R, vendor IDs, NAT-D, NAT-D
 *   3 ->* HASH_I, NAT-D, NAT-D, N(INITIAL-CONTACT)
 *
 * Whoever asks gets HASH_R and may guess the key from it at leisure: that is why it needs to be
 * allowed. There is one Diffie-Hellman group, the first configured one, for message 1 already
 * carries a public value of it. We send message 3 encrypted and take it either way; in clear it
 * counts for its HASH_I alone.
 *
 * The responder answers message 1 with one exponentiation and computes the shared secret when
 * message 3 comes, whose sender has seen our cookie. It sends message 2 again when message 1 comes
 * again, or something that shows that the initiator went on and message 3 was lost.
 */
#ifndef ESPGW_IKE1_AGGR_H
#define ESPGW_IKE1_AGGR_H

#include "control/ike1/fsm.h"

/** Send message 1 to a peer. */
void aggr_begin(struct ike_engine *e, struct ike_peer *peer, uint64_t now);
/** Message 1 from a peer's address: admits, finds the peer by its identity, chooses, answers. peer:
 * one of those who may come from there, to log with. */
enum ike_rx aggr_r_msg1(struct ike_engine *e, struct ike_peer *peer, struct ike1_in *in);

/* Handlers of the transition table. */
fsm_handler aggr_i_msg2, aggr_r_msg3;
/** Something encrypted of what follows phase 1, before message 3. */
fsm_handler aggr_r_early;
/** A half-open SA ends: what the initiator sent instead of message 3 tells why. */
void aggr_r_timed_out(struct ike_engine *e, const struct ike_sa *sa);

#endif
