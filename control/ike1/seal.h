/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * seal.h - encrypted IKEv1 messages: opening received ones, closing ours, and the HASH payload that
 * protects phase 2 and informational exchanges (RFC 2409 section 5.5, 5.7, appendix B).
 *
 * IVs chain within an exchange. A received message moves the caller's IV only when the caller says
 * so, after it has verified the message: garbage must not break the chain.
 */
#ifndef ESPGW_IKE1_SEAL_H
#define ESPGW_IKE1_SEAL_H

#include "control/ike/engine.h"
#include "control/ike/msg.h"
#include "control/ike/ike_sa.h"

/* A received datagram on its way through the engine. plain and msg are filled by seal_open(). */
struct ike1_in {
	const struct ike_datagram *d;
	struct ike_hdr hdr;
	uint64_t now;
	struct ike_msg msg;
	uint8_t plain[IKE_MAX_MESSAGE];
	uint8_t next_iv[SUITE_MAX_BLOCK]; /* the IV after this message */
};

/* A message of ours being built. */
struct ike1_out {
	struct ike_builder b;
	size_t hash_at; /* body of the HASH payload; 0 = none */
	size_t hash_end;
	size_t len;
	uint8_t buf[IKE_MAX_MESSAGE];
};

/** The IV a phase 2 or informational exchange with this message id starts with. 0 or -errno. */
int seal_first_iv(const struct ike_sa *sa, uint32_t msgid, uint8_t *iv);

/** Decrypt with iv (not changed) and parse. 0, -EBADMSG (it makes no sense: wrong key or forged),
 * or another -errno of the library. */
int seal_open(const struct ike_sa *sa, struct ike1_in *in, const uint8_t *iv);
/** Parse a message that is not encrypted. 0 or -EBADMSG. */
int seal_parse(struct ike1_in *in);

/** The first payload must be a HASH that equals this. */
bool seal_hash_ok(const struct ike_sa *sa, const struct ike1_in *in, const uint8_t *expected);
/** HASH(1) of a received message: covers everything after the HASH payload. */
bool seal_hash1_ok(const struct ike_sa *sa, const struct ike1_in *in);

/** Begin a message of sa. with_hash: opens with a HASH payload that seal_hash1() or the caller
 * fills. */
void seal_begin(struct ike1_out *o, const struct ike_sa *sa, uint8_t exchange, uint32_t msgid,
		bool encrypted, bool with_hash);
/** What the HASH covers: all payloads after it. */
struct prf_piece seal_covered(const struct ike1_out *o);
void seal_set_hash(struct ike1_out *o, const struct ike_sa *sa, const uint8_t *hash);
/** Fill in HASH(1). 0 or -errno. */
int seal_hash1(struct ike1_out *o, const struct ike_sa *sa, uint32_t msgid);
/** Finish in clear. 0 or -ENOSPC. */
int seal_finish(struct ike1_out *o);
/** Pad, encrypt with iv, which becomes the next. 0 or -errno. */
int seal_close(struct ike1_out *o, const struct ike_sa *sa, uint8_t *iv);

#endif
