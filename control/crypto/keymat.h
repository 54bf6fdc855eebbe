/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * keymat.h - key derivation and authentication hashes of IKEv1 with a pre-shared key (RFC 2409
 * section 5 and appendix B). All "_b" bodies are payload contents without the generic header.
 * Functions return 0, -EINVAL (a length out of its domain), -ENOTSUP (suite) or -EIO (OpenSSL);
 * on error outputs are zeroed.
 */
#ifndef ESPGW_CRYPTO_KEYMAT_H
#define ESPGW_CRYPTO_KEYMAT_H

#include "control/crypto/prf.h"
#include "control/crypto/suite.h"

#define KEYMAT_COOKIE  8
#define KEYMAT_MAX_OUT (SUITE_MAX_ENCR_KEY + SUITE_MAX_SALT + SUITE_MAX_INTEG)

/* Keys of one IKEv1 SA. Plain values, so that a snapshot can carry them; wipe with
 * keymat_ike1_wipe(). */
struct keymat_ike1 {
	enum suite_hash hash;
	uint16_t encr;	      /* struct suite_encr.id */
	uint16_t key_bits;    /* struct suite_encr.key_bits */
	uint8_t len;	      /* bytes of each SKEYID */
	uint8_t encr_key_len; /* bytes */
	uint8_t skeyid[SUITE_MAX_HASH];
	uint8_t skeyid_d[SUITE_MAX_HASH];
	uint8_t skeyid_a[SUITE_MAX_HASH];
	uint8_t skeyid_e[SUITE_MAX_HASH];
	uint8_t encr_key[SUITE_MAX_ENCR_KEY];
};

/* What phase 1 brought together. cky are the cookies as on the wire. */
struct keymat_ike1_input {
	enum suite_hash hash;
	uint16_t encr, key_bits;
	struct prf_piece psk;
	struct prf_piece ni_b, nr_b;
	struct prf_piece gxy;
	uint8_t cky_i[KEYMAT_COOKIE], cky_r[KEYMAT_COOKIE];
};

/**
 * SKEYID = prf(psk, Ni_b | Nr_b), SKEYID_d, _a, _e, and the phase 1 cipher key: the first bytes of
 * SKEYID_e, or of Ka = K1 | K2 .. with K1 = prf(SKEYID_e, 0) when SKEYID_e is too short
 * (appendix B).
 */
int keymat_ike1_psk(struct keymat_ike1 *k, const struct keymat_ike1_input *in);
void keymat_ike1_wipe(struct keymat_ike1 *k);

/** IV of the first encrypted phase 1 message: hash(g^xi | g^xr), first iv_len bytes (appendix B).
 * iv_len 1..SUITE_MAX_BLOCK. */
int keymat_ike1_phase1_iv(enum suite_hash hash, const struct prf_piece *gxi,
			  const struct prf_piece *gxr, uint8_t *iv, size_t iv_len);

/** IV of the first message of a phase 2 or informational exchange: hash(last phase 1 CBC output
 * block | M-ID). last: iv_len bytes. */
int keymat_ike1_phase2_iv(enum suite_hash hash, const uint8_t *last, uint32_t msgid, uint8_t *iv,
			  size_t iv_len);

/* Inputs of HASH_I and HASH_R, named as in section 5. Both sides give the same; the initiator's
 * values are always i. */
struct keymat_ike1_auth {
	struct prf_piece gxi, gxr;
	uint8_t cky_i[KEYMAT_COOKIE], cky_r[KEYMAT_COOKIE];
	struct prf_piece sai_b; /* the whole SA payload body of message 1, as it was sent */
	struct prf_piece id_b;	/* IDii_b for HASH_I, IDir_b for HASH_R */
};

/** HASH_I = prf(SKEYID, g^xi | g^xr | CKY-I | CKY-R | SAi_b | IDii_b), k->len bytes. */
int keymat_ike1_hash_i(const struct keymat_ike1 *k, const struct keymat_ike1_auth *a, uint8_t *out);
/** HASH_R = prf(SKEYID, g^xr | g^xi | CKY-R | CKY-I | SAi_b | IDir_b), k->len bytes. */
int keymat_ike1_hash_r(const struct keymat_ike1 *k, const struct keymat_ike1_auth *a, uint8_t *out);

/** HASH(1) of quick mode, and of informational exchanges: prf(SKEYID_a, M-ID | rest), rest being
 * all payloads after the HASH payload with their headers, without padding (sections 5.5, 5.7). */
int keymat_ike1_hash1(const struct keymat_ike1 *k, uint32_t msgid, const struct prf_piece *rest,
		      uint8_t *out);
/** HASH(2) = prf(SKEYID_a, M-ID | Ni_b | rest). */
int keymat_ike1_hash2(const struct keymat_ike1 *k, uint32_t msgid, const struct prf_piece *ni_b,
		      const struct prf_piece *rest, uint8_t *out);
/** HASH(3) = prf(SKEYID_a, 0 | M-ID | Ni_b | Nr_b). */
int keymat_ike1_hash3(const struct keymat_ike1 *k, uint32_t msgid, const struct prf_piece *ni_b,
		      const struct prf_piece *nr_b, uint8_t *out);

/* One direction's key material of a quick mode (section 5.5). The SPI is the receiver's. */
struct keymat_ike1_quick {
	const struct prf_piece *gxy; /* quick mode's own; NULL without PFS */
	uint8_t protocol;	     /* IKE_PROTO_ESP */
	uint32_t spi;		     /* host order */
	struct prf_piece ni_b, nr_b;
};

/** KEYMAT = K1 | K2 | .., K1 = prf(SKEYID_d, [g(qm)^xy |] protocol | SPI | Ni_b | Nr_b),
 * Kn = prf(SKEYID_d, Kn-1 | ..). ESP takes the encryption key first, its salt behind it where it
 * has one (RFC 3686 section 5.1, RFC 4106 section 8.1), then the integrity key (RFC 2407
 * section 4.5 via RFC 2401 section 4.4.3). out_len 1..KEYMAT_MAX_OUT; the caller wipes.
 */
int keymat_ike1_quick(const struct keymat_ike1 *k, const struct keymat_ike1_quick *q, uint8_t *out,
		      size_t out_len);

#endif
