/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ident.h - identities of peers: decode, encode, compare, print. Both IKE versions; type numbers
 * agree (RFC 2407 section 4.6.2.1, RFC 7296 section 3.5).
 */
#ifndef ESPGW_IKE_IDENT_H
#define ESPGW_IKE_IDENT_H

#include "control/ike/conf.h"
#include "control/ike/msg.h"
#include "control/ike/wire.h"

#define IDENT_MAX_TEXT 1088 /* what ident_print() needs at most, NUL included */

/**
 * From the type and data of an ID payload. Checks the length that the type demands (4 or 16 for
 * addresses, else 1 .. sizeof data). Accepts addresses, FQDN, USER_FQDN, KEY_ID, and DER_ASN1_DN
 * as bytes; text with a NUL inside is refused. 0, -ENOTSUP (type), -EMSGSIZE or -EINVAL (length,
 * NUL); *id is all zero on error.
 */
int ident_decode(struct ike_identity_conf *id, uint8_t type, struct ike_view data);

/** The body of an IKEv1 phase 1 ID payload: type, protocol 17 and port 500 (or 0 and 0 with port
 * 0, as behind NAT; RFC 3947 section 4 allows both), data. */
void ident_put_ike1(struct wire_writer *w, const struct ike_identity_conf *id, uint16_t port);
/** True when protocol and port of a phase 1 ID are 0/0, 17/500, 17/4500 or 17/0 (RFC 2407 section
 * 4.6.2 and RFC 3947 section 4). */
bool ident_port_ok(const struct ike_pld_id *pld);

/** An address as identity. 0 or -EINVAL (family). */
int ident_from_addr(struct ike_identity_conf *id, const struct abi_addr *addr);

/** Type and data equal. FQDN and the domain of USER_FQDN compare without case (ASCII). */
bool ident_equal(const struct ike_identity_conf *a, const struct ike_identity_conf *b);

/** Does what a peer sent satisfy what is configured for it? IKE_ID_AUTO and IKE_ID_IGNORE: always
 * (RouterOS's auto accepts any identity; the pre-shared key was found by the peer's address).
 * Others: ident_equal(). */
bool ident_match(const struct ike_identity_conf *configured,
		 const struct ike_identity_conf *received);

/** "ipv4:1.2.3.4", "fqdn:a.example", "user-fqdn:a@b", "key-id:text or 0xhex", "dn:0xhex", "auto",
 * "ignore". Everything outside printable ASCII, and backslash, as \xNN. Returns buf. */
char *ident_print(const struct ike_identity_conf *id, char *buf, size_t cap);

#endif
