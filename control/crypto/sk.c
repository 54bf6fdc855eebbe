/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sk.c - IKEv1 message encryption through OpenSSL 3.
 */
#include "control/crypto/sk.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

size_t sk_ike1_block(const struct keymat_ike1 *k)
{
	const struct suite_encr *e = suite_encr_find(k->encr, k->key_bits);

	return e ? e->block : 0;
}

size_t sk_ike1_padded(const struct keymat_ike1 *k, size_t len)
{
	size_t block = sk_ike1_block(k);

	return block ? (len + block - 1) / block * block : len;
}

static int run_cbc(const struct keymat_ike1 *k, uint8_t *iv, uint8_t *buf, size_t len, int encrypt)
{
	const struct suite_encr *e = suite_encr_find(k->encr, k->key_bits);
	uint8_t next[SUITE_MAX_BLOCK];
	EVP_CIPHER_CTX *ctx = NULL;
	EVP_CIPHER *cipher = NULL;
	int n = 0, r = -EIO;

	if (!e)
		return -ENOTSUP;
	if (len == 0 || len % e->block != 0 || len > INT_MAX)
		return -EINVAL;
	if (!encrypt)
		memcpy(next, buf + len - e->block, e->block);
	cipher = EVP_CIPHER_fetch(NULL, e->cipher, NULL);
	ctx = EVP_CIPHER_CTX_new();
	if (!cipher || !ctx ||
	    EVP_CipherInit_ex2(ctx, cipher, k->encr_key, iv, encrypt, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(ctx, 0) != 1 ||
	    EVP_CipherUpdate(ctx, buf, &n, buf, (int)len) != 1 || (size_t)n != len)
		goto fail;
	if (encrypt)
		memcpy(next, buf + len - e->block, e->block);
	memcpy(iv, next, e->block);
	r = 0;
fail:
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return r;
}

int sk_ike1_encrypt(const struct keymat_ike1 *k, uint8_t *iv, uint8_t *buf, size_t len)
{
	return run_cbc(k, iv, buf, len, 1);
}

int sk_ike1_decrypt(const struct keymat_ike1 *k, uint8_t *iv, uint8_t *buf, size_t len)
{
	return run_cbc(k, iv, buf, len, 0);
}

bool sk_equal(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	return a_len != 0 && a_len == b_len && CRYPTO_memcmp(a, b, a_len) == 0;
}
