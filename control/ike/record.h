/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * record.h - an established IKE SA as a flat, versioned record: keys, message ids, the cached
 * answer and the request that is out, its child SA pairs. It is written through ops->sa_save()
 * before anything is sent that it must know of, so an engine that is made anew after a crash goes
 * on where the old one was: no message id of ours is used for other content (RFC 7296 section 2.2),
 * no IV of a counter mode comes twice, a repeated request gets the same answer.
 *
 * The digest of the configuration covers the pre-shared key. With the SPIs in it no two records say
 * that their keys are equal, and none can be looked up in a list made before. A key to it would not
 * help: who reads a record has the keys of the SA beside it, with which a pre-shared key is guessed
 * as well.
 *
 * Not recorded: SAs in the making, SAs that are being replaced or deleted, and what is being
 * negotiated. A request that is out is repeated; what its answer brings is taken back.
 */
#ifndef ESPGW_IKE_RECORD_H
#define ESPGW_IKE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "control/crypto/keymat2.h"
#include "control/ike/engine.h"
#include "control/ike/ike.h"
#include "control/ike/ike_sa.h"

#define RECORD_VERSION 3u
#define RECORD_PAIRS   256u /* more go on until they expire, but end with a restart */
#define RECORD_MAX_LEN                                                                             \
	(128u * 1024u - 16u)	       /* of all there is room for, twice over for messages        \
					*/
#define RECORD_MSGIDS  EXCHANGE_MSGIDS /* IKEv1: all that are known, so none comes again */
#define RECORD_IV_STEP 65536u

struct record_pair {
	uint32_t policy_id, spi_in, spi_out;
	bool initiator, current, superseded;
	bool deleting; /* the peer is still to be told: spi_in, and policy_id if not 0 */
	uint32_t lifetime;
	uint64_t kilobytes, added, soft_time, hard_time, rekey_time, seen;
	uint16_t n_local, n_remote;
	struct abi_range local[ABI_MAX_SELECTORS], remote[ABI_MAX_SELECTORS];
};

/* All of a record, taken apart. */
struct record {
	uint8_t ike_version;
	char peer[IKE_CONF_NAME];
	uint8_t conf[PEERS_DIGEST]; /* of the peer's configuration, and of the SPIs: see above */
	uint64_t ispi, rspi, established, ends, auth_ends, last_seen;
	bool responder, nat_local, nat_remote, dpd, fragments;
	struct ike_endpoint at;
	uint8_t natt;
	uint32_t lifetime;
	uint16_t encr, key_bits, hash, integ, group;
	struct ike_identity_conf id_remote;
	/* IKEv1 */
	struct keymat_ike1 keys1;
	uint8_t iv[SUITE_MAX_BLOCK];
	uint32_t dpd_first, dpd_sent, dpd_seen;
	bool dpd_seen_any;
	uint16_t n_msgids;
	uint32_t msgids[RECORD_MSGIDS];
	/* IKEv2 */
	struct keymat_ike2 keys2;
	uint64_t iv_number;
	uint32_t next_out, next_in;
	bool have_last, asking;
	uint8_t last[EXCHANGE_DIGEST];
	uint16_t answer_len, request_len;
	uint8_t answer[IKE_MAX_MESSAGE], request[IKE_MAX_MESSAGE];
	uint8_t request_exchange;
	uint32_t request_spi; /* of the pair it would make; 0 = none */
	uint16_t n_pairs;
	unsigned left_out; /* there are so many more; not recorded */
	struct record_pair pairs[RECORD_PAIRS];
};

/** Wipes what is used of a record. */
void record_wipe(struct record *r);

/** Into bytes; the length, or 0: it does not fit. */
size_t record_encode(const struct record *r, uint8_t *buf, size_t cap);
/** 0, or -EBADMSG: not one of this version, whole and unchanged, or with a field out of its domain.
 */
int record_decode(struct record *r, const uint8_t *buf, size_t len);

/** Write the SA's record, or take it back when the SA is not one to be kept. */
void record_save(struct ike_engine *e, struct ike_sa *sa);
void record_forget(struct ike_engine *e, struct ike_sa *sa);

#endif
