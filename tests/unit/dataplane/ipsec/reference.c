/* SPDX-License-Identifier: BSD-3-Clause */
/* reference.c - ESP by OpenSSL, for the tests. */
#include "tests/unit/dataplane/ipsec/reference.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define SUITE(c, e, ek, iv, blk, h, i, ik, icv)                                                    \
	{                                                                                          \
		.name = c "+" h, .encr = e, .encr_key_len = ek, .integ = i, .integ_key_len = ik,   \
		.icv_len = icv, .iv_len = iv, .block = blk                                         \
	}
#define SUITES(c, e, ek, iv, blk)                                                                  \
	SUITE(c, e, ek, iv, blk, "md5", ABI_INTEG_HMAC_MD5_96, 16, 12),                            \
		SUITE(c, e, ek, iv, blk, "sha1", ABI_INTEG_HMAC_SHA1_96, 20, 12),                  \
		SUITE(c, e, ek, iv, blk, "sha256", ABI_INTEG_HMAC_SHA2_256_128, 32, 16),           \
		SUITE(c, e, ek, iv, blk, "sha384", ABI_INTEG_HMAC_SHA2_384_192, 48, 24),           \
		SUITE(c, e, ek, iv, blk, "sha512", ABI_INTEG_HMAC_SHA2_512_256, 64, 32)

const struct reference_suite reference_suites[REFERENCE_SUITES] = {
	SUITES("aes128", ABI_ENCR_AES_CBC, 16, 16, 16),
	SUITES("aes192", ABI_ENCR_AES_CBC, 24, 16, 16),
	SUITES("aes256", ABI_ENCR_AES_CBC, 32, 16, 16),
	SUITES("null", ABI_ENCR_NULL, 0, 0, 4),
};

static void need(bool ok)
{
	if (!ok)
		abort();
}

static const EVP_CIPHER *cipher_of(const struct reference_suite *s)
{
	switch (s->encr_key_len) {
	case 16:
		return EVP_aes_128_cbc();
	case 24:
		return EVP_aes_192_cbc();
	default:
		return EVP_aes_256_cbc();
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
		return EVP_sha256();
	case ABI_INTEG_HMAC_SHA2_384_192:
		return EVP_sha384();
	default:
		return EVP_sha512();
	}
}

void reference_cipher(const struct reference_suite *s, bool encrypt, const uint8_t *key,
		      const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t len)
{
	static EVP_CIPHER_CTX *ctx;
	int n = 0;

	if (s->encr == ABI_ENCR_NULL) {
		memmove(out, in, len);
		return;
	}
	if (ctx == NULL)
		ctx = EVP_CIPHER_CTX_new();
	need(ctx != NULL && EVP_CIPHER_CTX_reset(ctx) == 1);
	need(EVP_CipherInit_ex(ctx, cipher_of(s), NULL, key, iv, encrypt) == 1);
	need(EVP_CIPHER_CTX_set_padding(ctx, 0) == 1);
	need(EVP_CipherUpdate(ctx, out, &n, in, (int)len) == 1 && (size_t)n == len);
}

void reference_icv(const struct reference_suite *s, const uint8_t *key, const uint8_t *in,
		   size_t len, uint8_t *icv)
{
	uint8_t whole[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	need(HMAC(hash_of(s), key, s->integ_key_len, in, len, whole, &n) != NULL);
	need(n >= s->icv_len);
	memcpy(icv, whole, s->icv_len);
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

size_t reference_seal(const struct reference_suite *s, const uint8_t *encr_key,
		      const uint8_t *integ_key, const struct reference_esp *e,
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
	len += pad + 2;
	reference_cipher(s, true, encr_key, out + 8, out + at, out + at, len);
	reference_icv(s, integ_key, out, at + len, out + at + len);
	return at + len + s->icv_len;
}

long reference_open(const struct reference_suite *s, const uint8_t *encr_key,
		    const uint8_t *integ_key, const uint8_t *esp, size_t len,
		    struct reference_esp *e, uint8_t *out)
{
	uint8_t icv[64], plain[65536];
	size_t at = 8 + s->iv_len, n;

	if (len < at + s->block + s->icv_len)
		return -1;
	reference_icv(s, integ_key, esp, len - s->icv_len, icv);
	if (memcmp(icv, esp + len - s->icv_len, s->icv_len) != 0)
		return -1;
	n = len - s->icv_len - at;
	if (n % s->block != 0)
		return -1;
	reference_cipher(s, false, encr_key, esp + 8, esp + at, plain, n);
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

uint64_t reference_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 2685821657736338717ull;
}

void reference_fill(uint64_t *state, void *out, size_t len)
{
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(reference_random(state) >> 32);
}
