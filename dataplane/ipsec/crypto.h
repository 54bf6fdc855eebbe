/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crypto.h - intel-ipsec-mb for ESP: one multi-buffer manager and one IV generator per worker, key
 * schedules per SA, and three passes over a burst.
 *
 * Outbound is crypto_seal(): encrypt, then the ICV over the result. Inbound is crypto_verify(), by
 * which the caller drops what is not genuine, and crypto_open() for the rest (RFC 4303 section
 * 3.4.4: verify first). A pass takes packets of any SAs and suites in any order: it sorts them into
 * groups of one algorithm, because the lanes of the library take jobs of different keys but not of
 * different algorithms, and returns only when all are done.
 */
#ifndef ESPGW_IPSEC_CRYPTO_H
#define ESPGW_IPSEC_CRYPTO_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/ipsec/sa.h"

#define CRYPTO_BURST 128u /* packets of one pass at most: WORKER_BURST */

enum crypto_cipher {
	CRYPTO_NULL = 0, /* RFC 2410 */
	CRYPTO_AES128_CBC,
	CRYPTO_AES192_CBC,
	CRYPTO_AES256_CBC,
	CRYPTO_CIPHERS
};

enum crypto_hash {
	CRYPTO_MD5_96 = 0,
	CRYPTO_SHA1_96,
	CRYPTO_SHA256_128,
	CRYPTO_SHA384_192,
	CRYPTO_SHA512_256,
	CRYPTO_HASHES
};

struct crypto;

/** One ESP packet of a pass. It lies in one piece from the ESP header to the end of the ICV. */
struct crypto_op {
	const struct sa *sa;
	uint8_t *esp; /* ESP header; the IV follows, then payload and trailer, then the ICV */
	uint16_t len; /* from the ESP header to the end of the trailer: what the ICV covers */
	bool ok;      /* in: do it; out: done, and for crypto_verify() the ICV is right */
};

/** One per worker, on that NUMA socket. NULL when the library or the CPU cannot. */
struct crypto *crypto_create(int socket);
void crypto_free(struct crypto *c);

/** Known-answer test of every cipher and hash, alone and with all lanes full; once at start. 0, or
 * -EIO with the algorithm's name in *failed. */
int crypto_selftest(const char **failed);

/**
 * Set the suite of an SA by its IANA numbers: cipher, hash, iv_len, block, icv_len. 0, -ENOTSUP
 * when this build does not do it, -EINVAL when a key length does not fit it (RFC 3602 section 2.2,
 * RFC 2403, RFC 2404, RFC 4868 section 2.1.1).
 */
int crypto_suite(struct sa *sa, uint8_t encr, uint8_t integ, uint8_t encr_key_len,
		 uint8_t integ_key_len, uint8_t salt_len);

/**
 * Expand the keys of an SA whose suite and direction are set into sa->keys. The caller wipes its
 * copies. The manager's thread only. 0, or -ENODEV when the library cannot.
 */
int crypto_set_keys(struct sa *sa, const uint8_t *encr_key, const uint8_t *integ_key);
void crypto_wipe_keys(struct sa *sa);

/** An unpredictable 16-byte IV (RFC 3602 section 3), never given twice. 0, or -EIO. */
int crypto_iv(struct crypto *c, uint8_t iv[16]);

/** Encrypt in place, then write the ICV behind. n <= CRYPTO_BURST, as below. */
void crypto_seal(struct crypto *c, struct crypto_op *ops, uint16_t n);
/** Compare the ICVs, in constant time. A suite that does both halves at once (HMAC-MD5) is
 * decrypted, too; when it is not genuine its text is worth nothing then. */
void crypto_verify(struct crypto *c, struct crypto_op *ops, uint16_t n);
/** Decrypt in place what crypto_verify() has not. */
void crypto_open(struct crypto *c, struct crypto_op *ops, uint16_t n);

#endif
