/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * natd.h - NAT detection (RFC 3947 and its drafts) and the vendor IDs of IKEv1.
 *
 * Spoken variants, best first: RFC 3947, draft -03, -02 ("\n" and not). All four hash alike and
 * float to port 4500; the drafts use payload numbers 130, 131 and modes 61443, 61444. Draft -00
 * stays on port 500 with another marker: known by name, not spoken.
 */
#ifndef ESPGW_IKE_NATD_H
#define ESPGW_IKE_NATD_H

#include "control/crypto/suite.h"
#include "control/ike/msg.h"
#include "dataplane/api/messages.h"

enum natd_vendor {
	NATD_VENDOR_UNKNOWN = 0,
	NATD_VENDOR_RFC3947,
	NATD_VENDOR_DRAFT_03,
	NATD_VENDOR_DRAFT_02_N,
	NATD_VENDOR_DRAFT_02,
	NATD_VENDOR_DRAFT_00,
	NATD_VENDOR_DPD, /* RFC 3706 */
	NATD_VENDOR_XAUTH,
	NATD_VENDOR_UNITY,
	NATD_VENDOR_FRAGMENTATION, /* of IKEv1: control/ike1/frag1.h */
	NATD_VENDOR_STRONGSWAN,
	NATD_VENDOR_COUNT,
};

/** Which vendor ID a VENDOR payload's body is. Versioned ones match by prefix. */
enum natd_vendor natd_vendor_find(struct ike_view body);
const char *natd_vendor_name(enum natd_vendor v); /* "RFC 3947", "DPD", ..; static */
/** Add VENDOR payloads of all we speak: the NAT-T variants best first when natt, then DPD and
 * FRAGMENTATION. */
void natd_vendor_add_all(struct ike_builder *b, bool natt);
/** Add one. Nothing for NATD_VENDOR_UNKNOWN. */
void natd_vendor_add(struct ike_builder *b, enum natd_vendor v);
/** The best NAT-T variant among the VENDOR payloads of a message (RFC 3947, -03, -02, in our order
 * of preference); NATD_VENDOR_UNKNOWN when there is none. */
enum natd_vendor natd_variant(const struct ike_msg *m);
/** True when the message carries the vendor ID. */
bool natd_vendor_has(const struct ike_msg *m, enum natd_vendor v);

/** Payload type numbers of the variant on the wire. */
uint8_t natd_payload_type(enum natd_vendor variant);	/* NAT-D */
uint8_t natd_oa_payload_type(enum natd_vendor variant); /* NAT-OA */
/** Encapsulation attribute for a mode (enum abi_mode): variant's UDP number when natt, else 1, 2.
 */
uint16_t natd_encap_mode(enum natd_vendor variant, bool natt, uint8_t mode);

/** HASH(CKY-I | CKY-R | IP | port), RFC 3947 section 3.2; out: suite_digest.len bytes. 0, -EINVAL
 * (family), -ENOTSUP or -EIO. */
int natd_hash(enum suite_hash hash, uint64_t ispi, uint64_t rspi, const struct abi_addr *addr,
	      uint16_t port, uint8_t *out);

struct natd_result {
	bool seen;	 /* the message has at least two NAT-D payloads */
	bool local_nat;	 /* we are behind one: the peer sees us elsewhere; send keepalives */
	bool remote_nat; /* the peer is */
};

/** Compare the NAT-D payloads of a message with the addresses it came with: the first is the hash
 * of our address as the peer sees it, the others of the peer's own (RFC 3947 section 3.2).
 * 0 or an error of natd_hash(). */
int natd_check(const struct ike_msg *m, enum suite_hash hash, const struct abi_addr *local,
	       uint16_t local_port, const struct abi_addr *remote, uint16_t remote_port,
	       struct natd_result *out);

/** Add our two NAT-D payloads to a message whose header cookies are ispi, rspi: remote's hash
 * first. 0 or an error of natd_hash(). */
int natd_add(struct ike_builder *b, enum natd_vendor variant, enum suite_hash hash, uint64_t ispi,
	     uint64_t rspi, const struct abi_addr *local, uint16_t local_port,
	     const struct abi_addr *remote, uint16_t remote_port);

#endif
