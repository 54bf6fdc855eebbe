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

exchange_give_up phase1_give_up, phase1_silent;

/* Shared steps of the two roles. */

/** Writes and sends message 1 of a new SA. 0 or -errno. */
typedef int phase1_first(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
/** Make an SA for a peer, in that state, and send its first message; mode is for the log. */
void phase1_start(struct ike_engine *e, struct ike_peer *peer, enum ike_sa_state state,
		  const char *mode, phase1_first *send, uint64_t now);

/** Take KE and nonce of message 3 or 4; checks them. 0 or -EBADMSG. */
int phase1_take_ke(struct ike_sa *sa, const struct ike_msg *m);
/** Make our key pair and nonce. 0 or -errno. */
int phase1_make_ke(struct ike_engine *e, struct ike_sa *sa);
/** Compute all keys and the first IV. 0 or -errno. */
int phase1_derive(struct ike_sa *sa);
/** As much of it as HASH_I and HASH_R need: no exponentiation. 0 or -errno. */
int phase1_derive_auth(struct ike_sa *sa);
/** Write our KE and nonce payloads. */
void phase1_put_ke(struct ike_sa *sa, struct ike1_out *o);
/** Write our NAT-D payloads, if NAT traversal is agreed on. 0 or -errno. */
int phase1_put_nat(struct ike_sa *sa, struct ike1_out *o);
/** Write our ID payload; *id_b is its body in o. */
void phase1_put_id(const struct ike_sa *sa, struct ike1_out *o, struct ike_view *id_b);
/** Write an INITIAL-CONTACT notify. */
void phase1_put_initial_contact(const struct ike_sa *sa, struct ike1_out *o);
/** What the vendor IDs of the peer's first message say. */
void phase1_take_vendors(struct ike_sa *sa, const struct ike_msg *m);
/** The answer to our offer must be one transform of it: taken into sa. 0, -EBADMSG or -ENOENT with
 * *diff filled. */
int phase1_take_choice(struct ike_sa *sa, struct ike1_in *in, const struct ike_profile_conf *offer,
		       struct prop_diff *diff);
/** Choose from the peer's offer, into sa; keeps its SA payload. IKE_RX_handled, or a refusal that
 * was recorded and told to the peer. */
enum ike_rx phase1_choose(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in,
			  struct prop_sa *props, struct prop_choice *choice, const char *message);
/** Keep a copy of a payload's body for the hashes. 0 or -ENOMEM. */
int phase1_keep(uint8_t **to, size_t *to_len, const uint8_t *body, size_t len);
/** NAT detection from a message with NAT-D payloads. */
void phase1_take_nat(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in);
/** HASH_I (initiator) or HASH_R over an ID payload body. 0 or -errno. */
int phase1_hash(const struct ike_sa *sa, bool of_initiator, struct ike_view id_b, uint8_t *out);
/** The responder's part is done: as party_established(); and when we shortened the lifetime that
 * the peer wants, it is told (RFC 2407 section 4.6.3.1). */
void phase1_r_done(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
/** Record and log refusals; return IKE_RX_undecryptable and IKE_RX_refused. */
enum ike_rx phase1_wrong_key(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in,
			     const char *message);
enum ike_rx phase1_wrong_id(struct ike_engine *e, struct ike_peer *peer, const struct ike_sa *sa,
			    const struct ike1_in *in, const struct ike_identity_conf *got,
			    const char *message);
enum ike_rx phase1_wrong_choice(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in,
				const struct prop_diff *diff, const char *message);
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
