/* SPDX-License-Identifier: BSD-3-Clause */
/* reference.c - ESP by OpenSSL, for the tests. */
#include "tests/unit/dataplane/ipsec/reference.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define SUITE(c, e, ek, iv, blk, sl, h, i, ik, icv)                                                \
	{                                                                                          \
		.name = c h, .encr = e, .encr_key_len = ek, .integ = i, .integ_key_len = ik,       \
		.icv_len = icv, .iv_len = iv, .block = blk, .salt_len = sl                         \
	}
#define SUITES(c, e, ek, iv, blk, sl)                                                              \
	SUITE(c, e, ek, iv, blk, sl, "+md5", ABI_INTEG_HMAC_MD5_96, 16, 12),                       \
		SUITE(c, e, ek, iv, blk, sl, "+sha1", ABI_INTEG_HMAC_SHA1_96, 20, 12),             \
		SUITE(c, e, ek, iv, blk, sl, "+sha256", ABI_INTEG_HMAC_SHA2_256_128, 32, 16),      \
		SUITE(c, e, ek, iv, blk, sl, "+sha384", ABI_INTEG_HMAC_SHA2_384_192, 48, 24),      \
		SUITE(c, e, ek, iv, blk, sl, "+sha512", ABI_INTEG_HMAC_SHA2_512_256, 64, 32),      \
		SUITE(c, e, ek, iv, blk, sl, "+sha256_96", ABI_INTEG_HMAC_SHA2_256_96, 32, 12)
#define AEAD(c, e, ek) SUITE(c, e, ek, 8, 4, 4, "", ABI_INTEG_NONE, 0, 16)

const struct reference_suite reference_suites[REFERENCE_SUITES] = {
	SUITES("aes128", ABI_ENCR_AES_CBC, 16, 16, 16, 0),
	SUITES("aes192", ABI_ENCR_AES_CBC, 24, 16, 16, 0),
	SUITES("aes256", ABI_ENCR_AES_CBC, 32, 16, 16, 0),
	SUITES("null", ABI_ENCR_NULL, 0, 0, 4, 0),
	SUITES("aes128ctr", ABI_ENCR_AES_CTR, 16, 8, 4, 4),
	SUITES("aes192ctr", ABI_ENCR_AES_CTR, 24, 8, 4, 4),
	SUITES("aes256ctr", ABI_ENCR_AES_CTR, 32, 8, 4, 4),
	SUITES("3des", ABI_ENCR_3DES, 24, 8, 8, 0),
	AEAD("aes128gcm", ABI_ENCR_AES_GCM_16, 16),
	AEAD("aes192gcm", ABI_ENCR_AES_GCM_16, 24),
	AEAD("aes256gcm", ABI_ENCR_AES_GCM_16, 32),
	AEAD("chacha20poly1305", ABI_ENCR_CHACHA20_POLY1305, 32),
};

static void need(bool ok)
{
	if (!ok)
		abort();
}

const EVP_CIPHER *reference_cipher(const struct reference_suite *s)
{
	unsigned int k = s->encr_key_len / 8u - 2u; /* 16, 24, 32 bytes */

	switch (s->encr) {
	case ABI_ENCR_3DES:
		return EVP_des_ede3_cbc();
	case ABI_ENCR_AES_CTR:
		return k == 0 ? EVP_aes_128_ctr() : k == 1 ? EVP_aes_192_ctr() : EVP_aes_256_ctr();
	case ABI_ENCR_AES_GCM_16:
		return k == 0 ? EVP_aes_128_gcm() : k == 1 ? EVP_aes_192_gcm() : EVP_aes_256_gcm();
	case ABI_ENCR_CHACHA20_POLY1305:
		return EVP_chacha20_poly1305();
	default:
		return k == 0 ? EVP_aes_128_cbc() : k == 1 ? EVP_aes_192_cbc() : EVP_aes_256_cbc();
	}
}

static const EVP_MD *hash_of(const struct reference_suite *s)
{
	switch (s->integ) {
	case ABI_INTEG_HMAC_MD5_96:
		return EVP_md5();
	case ABI_INTEG_HMAC_SHA1_96:
		return EVP_sha1();
	case ABI_INTEG_HMAC_SHA2_256_128:
	case ABI_INTEG_HMAC_SHA2_256_96:
		return EVP_sha256();
	case ABI_INTEG_HMAC_SHA2_384_192:
		return EVP_sha384();
	default:
		return EVP_sha512();
	}
}

static void store32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static uint32_t load32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static EVP_CIPHER_CTX *context(void)
{
	static EVP_CIPHER_CTX *ctx;

	if (ctx == NULL)
		ctx = EVP_CIPHER_CTX_new();
	need(ctx != NULL && EVP_CIPHER_CTX_reset(ctx) == 1);
	return ctx;
}

void reference_iv(const struct reference_suite *s, const uint8_t *key, const uint8_t *iv,
		  uint8_t out[16])
{
	memset(out, 0, 16);
	memcpy(out, key + s->encr_key_len, s->salt_len);
	memcpy(out + s->salt_len, iv, s->iv_len);
	if (s->encr == ABI_ENCR_AES_CTR)
		out[15] = 1;
}

static void cipher(const struct reference_suite *s, bool encrypt, const uint8_t *key,
		   const uint8_t *iv, uint8_t *text, size_t len)
{
	EVP_CIPHER_CTX *ctx = context();
	uint8_t full[16];
	int n = 0;

	if (s->encr == ABI_ENCR_NULL)
		return;
	reference_iv(s, key, iv, full);
	need(EVP_CipherInit_ex(ctx, reference_cipher(s), NULL, key, full, encrypt) == 1);
	need(EVP_CIPHER_CTX_set_padding(ctx, 0) == 1);
	need(EVP_CipherUpdate(ctx, text, &n, text, (int)len) == 1 && (size_t)n == len);
}

/* RFC 4303 section 2.2.1: the upper half is covered, behind the packet, but not sent. */
static void icv(const struct reference_suite *s, const uint8_t *key, const uint32_t *seq_hi,
		const uint8_t *esp, size_t len, uint8_t *out)
{
	static uint8_t copy[70000];
	uint8_t whole[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	need(len + 4 <= sizeof(copy));
	memcpy(copy, esp, len);
	if (seq_hi != NULL) {
		store32(copy + len, *seq_hi);
		len += 4;
	}
	need(HMAC(hash_of(s), key, s->integ_key_len, copy, len, whole, &n) != NULL);
	need(n >= s->icv_len);
	memcpy(out, whole, s->icv_len);
}

/* The tag is written when encrypting, compared when not. */
static bool aead(const struct reference_suite *s, bool encrypt, const uint8_t *key,
		 const uint32_t *seq_hi, uint8_t *esp, size_t len)
{
	EVP_CIPHER_CTX *ctx = context();
	size_t at = 8u + s->iv_len, text = len - at, aad_len = 8;
	uint8_t nonce[16], aad[12];
	int n = 0;

	memcpy(aad, esp, 8);
	if (seq_hi != NULL) {
		store32(aad + 4, *seq_hi);
		memcpy(aad + 8, esp + 4, 4);
		aad_len = 12;
	}
	reference_iv(s, key, esp + 8, nonce);
	need(EVP_CipherInit_ex(ctx, reference_cipher(s), NULL, key, nonce, encrypt) == 1);
	need(EVP_CipherUpdate(ctx, NULL, &n, aad, (int)aad_len) == 1);
	need(EVP_CipherUpdate(ctx, esp + at, &n, esp + at, (int)text) == 1 && (size_t)n == text);
	if (!encrypt)
		need(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, s->icv_len, esp + len) == 1);
	if (EVP_CipherFinal_ex(ctx, esp + len, &n) != 1)
		return false;
	if (encrypt)
		need(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, s->icv_len, esp + len) == 1);
	return true;
}

void reference_protect(const struct reference_suite *s, const uint8_t *encr_key,
		       const uint8_t *integ_key, const uint32_t *seq_hi, uint8_t *esp, size_t len)
{
	size_t at = 8u + s->iv_len;

	if (s->integ == ABI_INTEG_NONE) {
		aead(s, true, encr_key, seq_hi, esp, len);
		return;
	}
	cipher(s, true, encr_key, esp + 8, esp + at, len - at);
	icv(s, integ_key, seq_hi, esp, len, esp + len);
}

/* The other way; esp is changed. */
static bool unprotect(const struct reference_suite *s, const uint8_t *encr_key,
		      const uint8_t *integ_key, const uint32_t *seq_hi, uint8_t *esp, size_t len)
{
	size_t at = 8u + s->iv_len;
	uint8_t want[64];

	if (s->integ == ABI_INTEG_NONE)
		return aead(s, false, encr_key, seq_hi, esp, len);
	icv(s, integ_key, seq_hi, esp, len, want);
	if (memcmp(want, esp + len, s->icv_len) != 0)
		return false;
	cipher(s, false, encr_key, esp + 8, esp + at, len - at);
	return true;
}

size_t reference_build(const struct reference_suite *s, const struct reference_esp *e,
		       const uint8_t *payload, size_t len, uint8_t *out)
{
	size_t at = 8 + s->iv_len, pad = 0;

	if (e->pad >= 0)
		pad = (size_t)e->pad;
	else
		while ((len + pad + 2) % s->block != 0)
			pad++;
	store32(out, e->spi);
	store32(out + 4, e->seq);
	memcpy(out + 8, e->iv, s->iv_len);
	memcpy(out + at, payload, len);
	for (size_t i = 0; i < pad; i++)
		out[at + len + i] = (uint8_t)(e->bad_pad ? 0xa5 : i + 1);
	out[at + len + pad] = (uint8_t)(e->pad_length >= 0 ? (size_t)e->pad_length : pad);
	out[at + len + pad + 1] = e->next_header;
	return at + len + pad + 2;
}

size_t reference_seal(const struct reference_suite *s, const uint8_t *encr_key,
		      const uint8_t *integ_key, const struct reference_esp *e,
		      const uint8_t *payload, size_t len, uint8_t *out)
{
	len = reference_build(s, e, payload, len, out);
	reference_protect(s, encr_key, integ_key, e->esn ? &e->seq_hi : NULL, out, len);
	return len + s->icv_len;
}

long reference_open(const struct reference_suite *s, const uint8_t *encr_key,
		    const uint8_t *integ_key, const uint8_t *esp, size_t len,
		    struct reference_esp *e, uint8_t *out)
{
	static uint8_t copy[65536];
	const uint8_t *plain = copy + 8 + s->iv_len;
	size_t at = 8 + s->iv_len, n;

	if (len < at + s->block + s->icv_len || len > sizeof(copy))
		return -1;
	n = len - s->icv_len - at;
	if (n % s->block != 0)
		return -1;
	memcpy(copy, esp, len);
	if (!unprotect(s, encr_key, integ_key, e->esn ? &e->seq_hi : NULL, copy, len - s->icv_len))
		return -1;
	e->spi = load32(esp);
	e->seq = load32(esp + 4);
	memcpy(e->iv, esp + 8, s->iv_len);
	e->next_header = plain[n - 1];
	e->pad = plain[n - 2];
	if ((size_t)e->pad + 2 > n)
		return -1;
	for (int i = 0; i < e->pad; i++)
		if (plain[n - 2 - (size_t)e->pad + (size_t)i] != i + 1)
			return -1;
	n -= (size_t)e->pad + 2;
	memcpy(out, plain, n);
	return (long)n;
}

void reference_fill(uint64_t *state, void *out, size_t len)
{
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(random_next(state) >> 32);
}
