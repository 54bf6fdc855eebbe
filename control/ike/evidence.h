/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * evidence.h - why something was refused or failed, in a form that diagnosis can reason from: a
 * stable code, which message, what was received against what is configured, as data and as text.
 * One record per peer, code, policy and side that refused: the latest, with how often it happened;
 * at most IKE_EVIDENCE_MAX per peer, of which the one that was not seen for longest makes room.
 */
#ifndef ESPGW_IKE_EVIDENCE_H
#define ESPGW_IKE_EVIDENCE_H

#include <stdint.h>

#include "control/ike/conf.h"

struct prop_diff; /* control/ike/prop.h */

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
	/* the DNS name in its address: control/names.h */                                         \
	X(PEER_NAME_UNRESOLVED)                                                                    \
	X(PEER_NAME_UNUSABLE)                                                                      \
	X(P2_TS_MISMATCH)                                                                          \
	X(P2_ALG_MISMATCH)                                                                         \
	X(P2_PFS_MISMATCH)                                                                         \
	X(P2_ENCAP_MISMATCH)                                                                       \
	X(P2_LIFETIME_MISMATCH)                                                                    \
	X(P2_MALFORMED)                                                                            \
	X(P2_SILENT)                                                                               \
	X(P2_INSTALL_FAILED)                                                                       \
	X(P2_UNEXPLAINED)                                                                          \
	X(TS_PARTIAL)                                                                              \
	X(PEER_NO_REAUTH)                                                                          \
	/* traffic: control/diag/truth.h */                                                        \
	X(NO_RETURN_FROM_LAN)                                                                      \
	X(NOTHING_FROM_PEER)                                                                       \
	X(NOT_MATCHED)                                                                             \
	X(NO_REPLY_FROM_PEER)                                                                      \
	X(NO_SA_FOR_TRAFFIC)                                                                       \
	X(NOT_VERIFIED)                                                                            \
	X(PEER_NATS_TUNNEL_TRAFFIC)                                                                \
	X(LAN_UNREACHABLE)

#define IKE_CODE_ENUM(name) IKE_##name,
enum ike_code { IKE_CODES(IKE_CODE_ENUM) IKE_CODE_COUNT };

/* What tells apart the cases that share a code. */
enum ike_cause {
	IKE_CAUSE_NONE = 0,
	IKE_CAUSE_NO_ANSWER, /* nothing came back to our first message */
	IKE_CAUSE_PORT_4500, /* what went to port 500 was answered, what went to 4500 was not */
	IKE_CAUSE_HALF_WAY,  /* the same port, but a later (larger) message was not answered */
	IKE_CAUSE_NAT,	     /* transport mode, and a NAT between both */
	/* a peer's name: */
	IKE_CAUSE_NAME_MISSING, /* DNS knows no such name */
	IKE_CAUSE_NAME_FAMILY,	/* it has addresses of the other family alone, or none */
	IKE_CAUSE_NAME_SERVER,	/* no name server gives an answer */
	IKE_CAUSE_NAME_ADDRESS, /* what it stands for is no peer's: loopback, our own */
	IKE_CAUSE_NAME_TAKEN,	/* it stands for the address of another peer */
	IKE_CAUSE_NAME_ROUTE,	/* no route leads there */
};

/* What ICMP says of a message that is not answered: anybody can send that. */
struct ike_icmp {
	bool heard;
	uint8_t type, code; /* ICMPv6's when from is one */
	uint16_t port;	    /* where the message went */
	struct abi_addr from;
};

#define IKE_EVIDENCE_TEXT 256
#define IKE_EVIDENCE_MAX  24u /* records per peer */

struct ike_evidence {
	enum ike_code code;
	uint64_t first, last; /* ns; first and latest time */
	uint64_t count;
	uint8_t version; /* 1 or 2: what we speak with the peer */
	bool initiator;	 /* our side of the IKE SA */
	bool nat_local;	 /* a NAT changed our address on the way */
	uint16_t notify; /* the peer refused, with this notify; 0 = it did not say so */
	bool proven;	 /* the notify came protected by keys that only the peer has */
	enum ike_cause cause;
	uint16_t group;		     /* the group that an INVALID_KE_PAYLOAD asked for; 0 = none */
	struct prop_diff *diff;	     /* proposals of which none was acceptable; NULL = none */
	struct ike_identity_conf id; /* type IKE_ID_AUTO: none; else what the peer said it is */
	uint16_t n_local, n_remote;  /* selectors the peer asked for, in our view */
	struct abi_range ts_local[ABI_MAX_SELECTORS], ts_remote[ABI_MAX_SELECTORS];
	uint16_t sent;	   /* silence: bytes of the message that got no answer */
	uint16_t answered; /* of the largest one of that attempt that got one; 0 = none did */
	struct ike_icmp icmp;
	bool pending; /* no more than what is seen so far: the attempt goes on */
	struct abi_addr local, remote;
	uint32_t policy_id;		    /* phase 2; 0 = none */
	char message[48];		    /* "main mode message 1" */
	char received[IKE_EVIDENCE_TEXT];   /* what the peer said */
	char configured[IKE_EVIDENCE_TEXT]; /* what we have */
	char advice[IKE_EVIDENCE_TEXT];	    /* which side must change what */
};

/** "P1_PSK_MISMATCH"; never NULL. */
const char *ike_code_name(enum ike_code code);

#endif
