/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * phase1.h - IKEv1 main mode with a pre-shared key (RFC 2409 section 5.4), both roles, and what
 * follows when it succeeds or fails. phase1_i.c is the initiator, phase1_r.c the responder,
 * phase1.c what both share.
 *
 *   1 ->  SA, vendor IDs                       2 <-  SA, vendor IDs
 *   3 ->  KE, Ni, NAT-D, NAT-D                 4 <-  KE, Nr, NAT-D, NAT-D
 *   5 ->* IDii, HASH_I, N(INITIAL-CONTACT)     6 <-* IDir, HASH_R
 */
#ifndef ESPGW_IKE1_PHASE1_H
#define ESPGW_IKE1_PHASE1_H

#include "control/ike1/fsm.h"

/* Handlers of the transition table. */
fsm_handler phase1_i_msg2, phase1_i_msg4, phase1_i_msg6, phase1_r_msg3, phase1_r_msg5;
/** Message 1 of a peer that the guard has not seen yet: admits, chooses, answers. */
enum ike_rx phase1_r_msg1(struct ike_engine *e, struct ike_peer *peer, struct ike1_in *in);
/** Send message 1 to a peer. */
void phase1_begin(struct ike_engine *e, struct ike_peer *peer, uint64_t now);

exchange_give_up phase1_give_up;

/* Shared steps of the two roles. */

/** Take KE and nonce of message 3 or 4; checks them. 0 or -EBADMSG. */
int phase1_take_ke(struct ike_sa *sa, const struct ike_msg *m);
/** Make our key pair and nonce. 0 or -errno. */
int phase1_make_ke(struct ike_engine *e, struct ike_sa *sa);
/** Compute all keys and the first IV. 0 or -errno. */
int phase1_derive(struct ike_sa *sa);
/** Write KE, nonce and NAT-D payloads of message 3 or 4. 0 or -errno. */
int phase1_put_ke(struct ike_sa *sa, struct ike1_out *o);
/** NAT detection from message 3 or 4. */
void phase1_take_nat(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in);
/** HASH_I (initiator) or HASH_R over an ID payload body. 0 or -errno. */
int phase1_hash(const struct ike_sa *sa, bool of_initiator, struct ike_view id_b, uint8_t *out);
/** Opens message 5 or 6, verifies its HASH and identity. On IKE_RX_handled the identity is in
 * sa->id_remote. */
enum ike_rx phase1_take_auth(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in,
			     const char *message);
/** Does message 5 or 6 carry INITIAL-CONTACT? */
bool phase1_has_initial_contact(const struct ike_msg *m);
/** Record and log a malformed message of phase 1; returns IKE_RX_malformed. */
enum ike_rx phase1_malformed(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in,
			     const char *message, const char *what);
/** Send an unprotected error notify, once, for a refused message. */
void phase1_notify(struct ike_engine *e, const struct ike_sa *sa, uint16_t type);

#endif
