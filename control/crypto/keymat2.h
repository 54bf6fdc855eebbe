/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * keymat2.h - key derivation and pre-shared key authentication of IKEv2 (RFC 7296 sections 2.13 to
 * 2.18). Functions return 0, -EINVAL (a length out of its domain), -ENOTSUP (suite) or -EIO
 * (OpenSSL); on error outputs are zeroed.
 */
#ifndef ESPGW_CRYPTO_KEYMAT2_H
#define ESPGW_CRYPTO_KEYMAT2_H

#include "control/crypto/keymat.h"

/* Keys of one IKEv2 SA. Plain values, so that a snapshot can carry them; wipe with
 * keymat_ike2_wipe(). i: of messages that the original initiator sends, r: of the others. */
struct keymat_ike2 {
	enum suite_hash prf;
	uint16_t encr;	   /* struct suite_encr.id */
	uint16_t key_bits; /* struct suite_encr.key_bits */
	uint16_t integ;	   /* struct suite_integ.id; 0 with an AEAD */
	uint8_t len;	   /* bytes of SK_d and SK_p: what the PRF gives */
	uint8_t encr_len;  /* bytes of SK_e: key, then salt (RFC 5282 section 7.1) */
	uint8_t integ_len; /* bytes of SK_a */
	uint8_t sk_d[SUITE_MAX_HASH];
	uint8_t sk_a[2][SUITE_MAX_INTEG]; /* [KEYMAT_I], [KEYMAT_R] */
	uint8_t sk_e[2][SUITE_MAX_ENCR_KEY + SUITE_MAX_SALT];
	uint8_t sk_p[2][SUITE_MAX_HASH];
};

enum keymat_side { KEYMAT_I = 0, KEYMAT_R = 1 };

/* What IKE_SA_INIT, or CREATE_CHILD_SA for an IKE SA, brought together. SPIs as on the wire. */
struct keymat_ike2_input {
	enum suite_hash prf;
	uint16_t encr, key_bits, integ;
	struct prf_piece gir, ni, nr;
	uint8_t spi_i[KEYMAT_COOKIE], spi_r[KEYMAT_COOKIE];
};

/**
 * SKEYSEED = prf(Ni | Nr, g^ir), or with old prf(SK_d (old), g^ir | Ni | Nr) by the old SA's PRF
 * (section 2.18); then SK_d, SK_ai, SK_ar, SK_ei, SK_er, SK_pi, SK_pr from prf+(SKEYSEED, Ni | Nr |
 * SPIi | SPIr) (section 2.14). -EINVAL when integ and the cipher do not go together.
 */
int keymat_ike2_derive(struct keymat_ike2 *k, const struct keymat_ike2_input *in,
		       const struct keymat_ike2 *old);
void keymat_ike2_wipe(struct keymat_ike2 *k);

/** KEYMAT = prf+(SK_d, [g^ir |] Ni | Nr) (section 2.17): initiator's encryption key with its salt
 * and integrity key, then the responder's. gir NULL without PFS. The caller wipes. */
int keymat_ike2_child(const struct keymat_ike2 *k, const struct prf_piece *gir,
		      const struct prf_piece *ni, const struct prf_piece *nr, uint8_t *out,
		      size_t out_len);

/* What one side signs (section 2.15). */
struct keymat_ike2_auth {
	struct prf_piece psk;
	struct prf_piece message; /* its own IKE_SA_INIT message, whole */
	struct prf_piece nonce;	  /* the other side's, the payload's body */
	struct prf_piece id_b;	  /* its ID payload's body */
};

/** AUTH = prf(prf(psk, "Key Pad for IKEv2"), message | nonce | prf(SK_p, id_b)), k->len bytes. */
int keymat_ike2_auth_psk(const struct keymat_ike2 *k, enum keymat_side side,
			 const struct keymat_ike2_auth *a, uint8_t *out);

#endif
