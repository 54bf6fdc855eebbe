/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * prf.h - digests, the HMAC pseudo-random functions of both IKE versions and IKEv2's prf+.
 * Input comes in pieces, so nothing secret is glued together in scratch buffers.
 */
#ifndef ESPGW_CRYPTO_PRF_H
#define ESPGW_CRYPTO_PRF_H

#include <stddef.h>
#include <stdint.h>

#include "control/crypto/suite.h"

struct prf_piece {
	const void *data;
	size_t len;
};

#define PRF_PLUS_MAX_BLOCKS 255 /* RFC 7296 section 2.13 */

/** hash(pieces) into out: suite_digest.len bytes. 0, -ENOTSUP (hash) or -EIO. */
int prf_digest(enum suite_hash hash, const struct prf_piece *pieces, size_t n, uint8_t *out);

/** HMAC(key, pieces) into out: suite_digest.len bytes. Keys of any length, empty too. 0, -ENOTSUP
 * or -EIO; out is zeroed on error. */
int prf_hmac(enum suite_hash hash, const uint8_t *key, size_t key_len,
	     const struct prf_piece *pieces, size_t n, uint8_t *out);

/** prf+(key, pieces) of RFC 7296 section 2.13 into out: out_len bytes. 0, -EINVAL when out_len
 * needs more than 255 blocks or pieces more than 6, -ENOTSUP or -EIO. */
int prf_plus(enum suite_hash hash, const uint8_t *key, size_t key_len,
	     const struct prf_piece *pieces, size_t n, uint8_t *out, size_t out_len);

#endif
