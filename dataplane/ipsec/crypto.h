/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crypto.h - intel-ipsec-mb for ESP: one multi-buffer manager and one IV generator per worker, key
 * schedules per SA, and three passes over a burst.
 *
 * Outbound is crypto_seal(): encrypt, then the ICV over the result. Inbound is crypto_verify(), by
 * which the caller drops what is not genuine, and crypto_open() for the rest (RFC 4303 section
 * 3.4.4: verify first); an AEAD does both in crypto_verify(). A pass takes packets of any SAs and
 * suites in any order: it sorts them into groups of one algorithm, because the lanes of the library
 * take jobs of different keys but not of different algorithms, and returns only when all are done.
 */
#ifndef ESPGW_IPSEC_CRYPTO_H
#define ESPGW_IPSEC_CRYPTO_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "dataplane/ipsec/sa.h"

#define CRYPTO_BURST 448u /* packets of one pass at most: WORKER_BURST */

enum crypto_cipher {
	CRYPTO_NULL = 0, /* RFC 2410 */
	CRYPTO_AES128_CBC,
	CRYPTO_AES192_CBC,
	CRYPTO_AES256_CBC,
	CRYPTO_AES128_CTR, /* RFC 3686 */
	CRYPTO_AES192_CTR,
	CRYPTO_AES256_CTR,
	CRYPTO_3DES_CBC,   /* RFC 2451 */
	CRYPTO_AES128_GCM, /* RFC 4106, ICV of 16 bytes. From here on: AEADs, which need no hash */
	CRYPTO_AES192_GCM,
	CRYPTO_AES256_GCM,
	CRYPTO_CHACHA20_POLY1305, /* RFC 7634 */
	CRYPTO_CIPHERS
};
#define CRYPTO_AEAD_FIRST CRYPTO_AES128_GCM

enum crypto_hash {
	CRYPTO_MD5_96 = 0,
	CRYPTO_SHA1_96,
	CRYPTO_SHA256_128,
	CRYPTO_SHA384_192,
	CRYPTO_SHA512_256,
	CRYPTO_SHA256_96, /* not RFC 4868's ICV, but some peers' */
	CRYPTO_NO_HASH,	  /* the cipher is an AEAD */
	CRYPTO_HASHES
};

struct crypto;

/** One ESP packet of a pass. It lies in one piece from the ESP header to the end of the ICV. */
struct crypto_op {
	const struct sa *sa;
	uint8_t *esp;	 /* ESP header; the IV follows, then payload and trailer, then the ICV */
	uint32_t seq_hi; /* ESN: the half of the number that is not sent */
	uint16_t len;	 /* from the ESP header to the end of the trailer: what the ICV covers */
	bool ok;	 /* in: do it; out: done, and for crypto_verify() the ICV is right */
	uint8_t kind;	 /* sa->kind: of thousands of SAs nobody has to ask each; 0: ask it */
};

_Static_assert(offsetof(struct crypto_op, len) == offsetof(struct crypto_op, seq_hi) + 4 &&
		       offsetof(struct crypto_op, ok) == offsetof(struct crypto_op, seq_hi) + 6 &&
		       offsetof(struct crypto_op, kind) == offsetof(struct crypto_op, seq_hi) + 7 &&
		       sizeof(struct crypto_op) == offsetof(struct crypto_op, seq_hi) + 8 &&
		       __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "the end of an op is one word");

/** The end of an op that is to be done. */
static inline uint64_t crypto_op_end(uint64_t seq, uint32_t len, uint8_t kind)
{
	return seq >> 32 | (uint64_t)len << 32 | (uint64_t) true << 48 | (uint64_t)kind << 56;
}

/** Write an op to be done for packet number seq. */
static inline void crypto_op_set(struct crypto_op *op, const struct sa *sa, uint8_t *esp,
				 uint64_t seq, uint32_t len)
{
	uint64_t end = crypto_op_end(seq, len, sa->kind);

	op->sa = sa;
	op->esp = esp;
	memcpy(&op->seq_hi, &end, sizeof(end));
}

/** One per worker, on that NUMA socket. NULL when the library or the CPU cannot. */
struct crypto *crypto_create(int socket);
void crypto_free(struct crypto *c);

/** Have packets of fewer than so many bytes (a multiple of 16, or UINT16_MAX) hashed and encrypted
 * by the narrow implementation where there are two, whatever is quicker: for tests. */
void crypto_choose(struct crypto *c, uint16_t below);

/** Known-answer test of every cipher and hash, alone and with all lanes full; once at start. 0, or
 * -EIO with the algorithm's name in *failed. */
int crypto_selftest(const char **failed);

/**
 * Set the suite of an SA by its IANA numbers: cipher, hash, iv_len, block, icv_len. 0, -ENOTSUP
 * when this build does not do it, -EINVAL when the length of a key or of the salt does not fit it
 * (RFC 3602 section 2.2, RFC 3686 section 5.1, RFC 2451 section 2.2, RFC 4106 section 8.1, RFC 7634
 * section 2; RFC 2403, RFC 2404, RFC 4868 section 2.1.1). An AEAD goes with ABI_INTEG_NONE, and
 * nothing else does.
 */
int crypto_suite(struct sa *sa, uint8_t encr, uint8_t integ, uint8_t encr_key_len,
		 uint8_t integ_key_len, uint8_t salt_len);

/** May this key be used with the cipher of sa? Not when it makes single DES of 3DES (RFC 2451
 * section 2.3). */
bool crypto_key_ok(const struct sa *sa, const uint8_t *encr_key);

/** Bytes of a struct sa of this suite with its keys. */
size_t crypto_sa_bytes(const struct sa *suite);

/**
 * Expand the keys of an SA of crypto_sa_bytes(), whose suite and direction are set, into sa->keys,
 * and keep the salt (NULL when the suite has none). The caller wipes its copies. The manager's
 * thread only. 0, or -ENODEV when the library cannot.
 */
int crypto_set_keys(struct sa *sa, const uint8_t *encr_key, const uint8_t *integ_key,
		    const uint8_t *salt);
/** Overwrite keys and salt. The suite must still be set. */
void crypto_wipe_keys(struct sa *sa);

/** An unpredictable 16-byte IV (RFC 3602 section 3), never given twice. 0, or -EIO. */
int crypto_iv(struct crypto *c, uint8_t iv[16]);
/** The same for n <= CRYPTO_BURST packets, one behind the other; to be read before the worker's
 * next burst. NULL when there are none. */
const uint8_t *crypto_ivs(struct crypto *c, uint16_t n);

/** An unpredictable 8-byte IV (RFC 2451 section 3). 0, or -EIO. */
int crypto_iv_des(struct crypto *c, uint8_t iv[8]);

/**
 * The 8-byte IV of packet number seq: unpredictable for 3DES, else the number itself, which never
 * comes twice under one key (RFC 3686 section 3.1, RFC 4106 section 3.1, RFC 7634 section 2). 0, or
 * -EIO.
 */
static inline int crypto_iv8(struct crypto *c, const struct sa *sa, uint64_t seq, uint8_t iv[8])
{
	if (__builtin_expect(sa->cipher == CRYPTO_3DES_CBC, 0))
		return crypto_iv_des(c, iv);
	seq = __builtin_bswap64(seq);
	memcpy(iv, &seq, sizeof(seq));
	return 0;
}

/** The IV of packet number seq, sa->iv_len bytes of it. 0, or -EIO. */
static inline int crypto_write_iv(struct crypto *c, const struct sa *sa, uint64_t seq, uint8_t *iv)
{
	if (sa->iv_len == 16)
		return crypto_iv(c, iv);
	return sa->iv_len == 0 ? 0 : crypto_iv8(c, sa, seq, iv);
}

/** Encrypt in place, then write the ICV behind. n <= CRYPTO_BURST, as below. */
void crypto_seal(struct crypto *c, struct crypto_op *ops, uint16_t n);
/** Compare the ICVs, in constant time. An AEAD is decrypted in place, too; the text of a packet
 * that is not genuine is zeros then. */
void crypto_verify(struct crypto *c, struct crypto_op *ops, uint16_t n);
/** Decrypt in place what crypto_verify() has not. */
void crypto_open(struct crypto *c, struct crypto_op *ops, uint16_t n);

#endif
