/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * evidence.h - why something was refused or failed, in a form that diagnosis can reason from: a
 * stable code, which message, what was received against what is configured, and who has to change
 * what. One record per peer and code, the latest one, with how often it happened.
 */
#ifndef ESPGW_IKE_EVIDENCE_H
#define ESPGW_IKE_EVIDENCE_H

#include <stdint.h>

#include "control/ike/conf.h"

#define IKE_CODES(X)                                                                               \
	X(P1_PSK_MISMATCH)                                                                         \
	X(P1_VERSION_MISMATCH)                                                                     \
	X(P1_MODE_MISMATCH)                                                                        \
	X(P1_NO_PROPOSAL)                                                                          \
	X(P1_ALG_MISMATCH)                                                                         \
	X(P1_DH_MISMATCH)                                                                          \
	X(P1_LIFETIME_MISMATCH)                                                                    \
	X(P1_ID_MISMATCH)                                                                          \
	X(P1_MALFORMED)                                                                            \
	X(P1_UNEXPLAINED)                                                                          \
	X(PEER_SILENT)                                                                             \
	X(PEER_DEAD)                                                                               \
	X(PEER_DOES_NOT_KNOW_US)                                                                   \
	X(P2_TS_MISMATCH)                                                                          \
	X(P2_ALG_MISMATCH)                                                                         \
	X(P2_PFS_MISMATCH)                                                                         \
	X(P2_ENCAP_MISMATCH)                                                                       \
	X(P2_LIFETIME_MISMATCH)                                                                    \
	X(P2_MALFORMED)                                                                            \
	X(P2_SILENT)                                                                               \
	X(P2_INSTALL_FAILED)                                                                       \
	X(P2_UNEXPLAINED)

#define IKE_CODE_ENUM(name) IKE_##name,
enum ike_code { IKE_CODES(IKE_CODE_ENUM) IKE_CODE_COUNT };

#define IKE_EVIDENCE_TEXT 256

struct ike_evidence {
	enum ike_code code;
	uint64_t first, last; /* ns; first and latest time */
	uint64_t count;
	struct abi_addr remote;
	uint32_t policy_id;		    /* phase 2; 0 = none */
	char message[48];		    /* "main mode message 1" */
	char received[IKE_EVIDENCE_TEXT];   /* what the peer said */
	char configured[IKE_EVIDENCE_TEXT]; /* what we have */
	char advice[IKE_EVIDENCE_TEXT];	    /* which side must change what */
};

/** "P1_PSK_MISMATCH"; never NULL. */
const char *ike_code_name(enum ike_code code);

#endif
