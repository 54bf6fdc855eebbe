/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dh.h - Diffie-Hellman for IKE: MODP groups 1, 2, 5, 14..18 (RFC 2409 section 6, RFC 3526) and 24
 * (RFC 5114), ECP groups 19..21 (RFC 5903), Curve25519 (RFC 8031).
 *
 * Everything here is pure and thread-safe: a pool thread may run dh_new() or dh_derive() while
 * another uses other objects. Randomness comes in as a seed, so a run can be repeated.
 */
#ifndef ESPGW_CRYPTO_DH_H
#define ESPGW_CRYPTO_DH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DH_MAX_PUBLIC 1024 /* modp8192 */
#define DH_MAX_SECRET 1024
#define DH_MAX_SEED   80

struct dh;

/**
 * A fresh key pair of a group.
 * seed: exactly suite_group.seed_len unpredictable bytes; the caller wipes its copy.
 *   MODP: the private exponent, its top bit set here (at least twice the group's strength).
 *   MODP of group 24: 1 + seed mod (q - 1), the seed 64 bits longer than q.
 *   ECP: d = 1 + seed mod (n - 1), seed being 64 bits longer than n (FIPS 186-4 appendix B.4.1).
 *   X25519: the private key (RFC 7748 section 5 clamps it).
 * NULL + errno: ENOTSUP (no such group), EINVAL (seed length), EIO (OpenSSL failed).
 */
struct dh *dh_new(uint16_t group, const uint8_t *seed, size_t seed_len);

/** Wipes the private key, when nobody else holds it. NULL is fine. */
void dh_free(struct dh *dh);
/** One more holder, who calls dh_free() as well. Holders count on one thread. Returns dh. */
struct dh *dh_hold(struct dh *dh);

uint16_t dh_group(const struct dh *dh);

/** Our public value as it goes into the KE payload, padded to suite_group.public_len; the object's.
 */
const uint8_t *dh_public(const struct dh *dh, size_t *len);

/**
 * Check a peer's public value (RFC 6989 section 2): exact length; MODP: 1 < y < p - 1, in group 24
 * also y ^ q = 1 mod p; ECP: both
 * coordinates below p and the point on the curve. 0, -ENOTSUP (group) or -EINVAL. For X25519 only
 * the length can be checked here; dh_derive() refuses an all-zero result.
 */
int dh_check_public(uint16_t group, const uint8_t *peer, size_t len);

/**
 * The shared secret g^xy, suite_group.secret_len bytes with leading zeros kept (RFC 2409 section
 * 5, RFC 5903 section 7: x coordinate only). Checks the peer's value first.
 * secret: DH_MAX_SECRET bytes are always enough; *len gets what was written. The caller wipes it.
 * 0, -EINVAL (peer's value), -ENOSPC (cap) or -EIO; on error nothing secret is left in secret.
 */
int dh_derive(const struct dh *dh, const uint8_t *peer, size_t peer_len, uint8_t *secret,
	      size_t cap, size_t *len);
/**
 * Keep what dh_derive() gave for a value of the peer, computed elsewhere: status, and with 0 the
 * secret. The next dh_derive() with the same value gives the same without computing. The latest
 * only; wiped with the private key. 0 or -ENOMEM.
 */
int dh_remember(struct dh *dh, const uint8_t *peer, size_t peer_len, int status,
		const uint8_t *secret, size_t len);
/** Is the answer for this value at hand? */
bool dh_remembers(const struct dh *dh, const uint8_t *peer, size_t peer_len);

#endif
