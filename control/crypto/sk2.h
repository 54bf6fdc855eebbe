/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sk2.h - protection of IKEv2 messages (the SK payload, RFC 7296 section 3.14): a cipher with an
 * HMAC over everything before the checksum, or an AEAD whose associated data is everything before
 * the IV (RFC 5282). Integrity is verified before a byte is decrypted.
 *
 *   header .. SK's generic header | IV | payloads, padding, pad length | ICV
 *   0                               iv_at                              len - icv   len
 */
#ifndef ESPGW_CRYPTO_SK2_H
#define ESPGW_CRYPTO_SK2_H

#include "control/crypto/keymat2.h"

#define SK_IKE2_MAX_IV	SUITE_MAX_BLOCK
#define SK_IKE2_MAX_ICV 32u

struct sk_ike2_sizes {
	uint8_t iv;	/* bytes */
	uint8_t icv;	/* bytes */
	uint8_t block;	/* what is encrypted is a multiple of this */
	bool random_iv; /* CBC: the IV must be unpredictable; else it must only never come twice */
};

/** 0 or -ENOTSUP. */
int sk_ike2_sizes(const struct keymat_ike2 *k, struct sk_ike2_sizes *s);

/**
 * Protect in place. msg holds everything but ciphertext and checksum: the IV is at iv_at, what is
 * to be encrypted follows, its last byte the pad length, then room for the checksum. from: who
 * sends. 0, -EINVAL (lengths), -ENOTSUP, -EIO (then msg is undefined and must not be sent).
 */
int sk_ike2_seal(const struct keymat_ike2 *k, enum keymat_side from, uint8_t *msg, size_t iv_at,
		 size_t len);
/**
 * Verify and decrypt in place. On success *plain_len payload bytes follow the IV, padding taken
 * off. 0, -EBADMSG (wrong checksum or lengths; msg's ciphertext is unchanged or undefined), or
 * another -errno.
 */
int sk_ike2_open(const struct keymat_ike2 *k, enum keymat_side from, uint8_t *msg, size_t iv_at,
		 size_t len, size_t *plain_len);

#endif
