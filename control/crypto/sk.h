/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sk.h - encryption of IKE messages. IKEv1: CBC over everything after the ISAKMP header, the last
 * ciphertext block of a message being the IV of the next in the same exchange (RFC 2409 section
 * 5 and appendix B). No integrity here: IKEv1 authenticates with HASH payloads.
 */
#ifndef ESPGW_CRYPTO_SK_H
#define ESPGW_CRYPTO_SK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/crypto/keymat.h"

/** len rounded up to whole blocks of the cipher; a full message gets no extra block. */
size_t sk_ike1_padded(const struct keymat_ike1 *k, size_t len);

/** Bytes of the cipher's block and IV: 8 or 16; 0 when k names no known suite. */
size_t sk_ike1_block(const struct keymat_ike1 *k);

/**
 * Encrypt or decrypt in place. iv: one block, replaced by the last ciphertext block.
 * len: a positive multiple of the block, else -EINVAL and nothing is touched. -ENOTSUP, -EIO (then
 * buf is undefined and iv unchanged).
 */
int sk_ike1_encrypt(const struct keymat_ike1 *k, uint8_t *iv, uint8_t *buf, size_t len);
int sk_ike1_decrypt(const struct keymat_ike1 *k, uint8_t *iv, uint8_t *buf, size_t len);

/** True when both are equal in length and content; time depends on the lengths only. Two empty
 * values are not equal: an absent hash never verifies. */
bool sk_equal(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);

#endif
