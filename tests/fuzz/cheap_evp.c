/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cheap_evp.c - the few OpenSSL functions that sk.c and sk2.c encrypt with, over a mix of no
 * strength: linked with --wrap, so only our own calls come here. Key, IV, direction, lengths and
 * checksums matter as they do there. One context at a time, as there.
 */
#include <string.h>

#include <openssl/evp.h>

#include "control/crypto/suite.h"
#include "tests/fuzz/cheap_mix.h"

#define TAG 16

static struct {
	const struct suite_encr *row;
	uint64_t key, sum;
	int encrypt;
	size_t tag_len;
	uint8_t tag[TAG];
} ctx;

static uint64_t absorb(uint64_t s, const uint8_t *p, size_t len)
{
	uint64_t v;

	for (; len >= 8; len -= 8, p += 8) {
		memcpy(&v, p, 8);
		s = cheap_stir(s ^ v);
	}
	for (; len > 0; len--)
		s = (s ^ *p++) * 0x100000001b3u;
	return s;
}

EVP_CIPHER *__wrap_EVP_CIPHER_fetch(OSSL_LIB_CTX *lib, const char *name, const char *properties);
void __wrap_EVP_CIPHER_free(EVP_CIPHER *cipher);
EVP_CIPHER_CTX *__wrap_EVP_CIPHER_CTX_new(void);
void __wrap_EVP_CIPHER_CTX_free(EVP_CIPHER_CTX *c);
int __wrap_EVP_CIPHER_CTX_set_padding(EVP_CIPHER_CTX *c, int pad);
int __wrap_EVP_CipherInit_ex2(EVP_CIPHER_CTX *c, const EVP_CIPHER *cipher, const unsigned char *key,
			      const unsigned char *iv, int enc, const OSSL_PARAM *params);
int __wrap_EVP_CipherUpdate(EVP_CIPHER_CTX *c, unsigned char *out, int *out_len,
			    const unsigned char *in, int len);
int __wrap_EVP_CipherFinal_ex(EVP_CIPHER_CTX *c, unsigned char *out, int *out_len);
int __wrap_EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX *c, int type, int arg, void *ptr);
void __wrap_OPENSSL_cleanse(void *ptr, size_t len);

EVP_CIPHER *__wrap_EVP_CIPHER_fetch(OSSL_LIB_CTX *lib, const char *name, const char *properties)
{
	const struct suite_encr *row = NULL;

	(void)lib;
	(void)properties;
	for (size_t i = 0; (row = suite_encr_at(i)) != NULL; i++) {
		if (row->cipher == name) /* the table's own string */
			break;
	}
	return (EVP_CIPHER *)row;
}

void __wrap_EVP_CIPHER_free(EVP_CIPHER *cipher)
{
	(void)cipher;
}

EVP_CIPHER_CTX *__wrap_EVP_CIPHER_CTX_new(void)
{
	memset(&ctx, 0, sizeof(ctx));
	return (EVP_CIPHER_CTX *)&ctx;
}

void __wrap_EVP_CIPHER_CTX_free(EVP_CIPHER_CTX *c)
{
	(void)c;
}

int __wrap_EVP_CIPHER_CTX_set_padding(EVP_CIPHER_CTX *c, int pad)
{
	(void)c;
	return pad == 0;
}

int __wrap_EVP_CipherInit_ex2(EVP_CIPHER_CTX *c, const EVP_CIPHER *cipher, const unsigned char *key,
			      const unsigned char *iv, int enc, const OSSL_PARAM *params)
{
	(void)c;
	(void)params;
	ctx.row = (const struct suite_encr *)cipher;
	ctx.key = cheap_stir(absorb(absorb(7, key, ctx.row->key_len), iv, 8));
	ctx.sum = ctx.key;
	ctx.encrypt = enc;
	return 1;
}

int __wrap_EVP_CipherUpdate(EVP_CIPHER_CTX *c, unsigned char *out, int *out_len,
			    const unsigned char *in, int len)
{
	uint64_t s = ctx.key;

	(void)c;
	*out_len = len;
	if (out == NULL || !ctx.encrypt)
		ctx.sum = absorb(ctx.sum, in, (size_t)len);
	for (int i = 0; out != NULL && i < len; i++) {
		if (i % 8 == 0)
			s = cheap_stir(s + 0x9e3779b97f4a7c15u);
		out[i] = in[i] ^ (uint8_t)(s >> i % 8 * 8);
	}
	if (out != NULL && ctx.encrypt)
		ctx.sum = absorb(ctx.sum, out, (size_t)len);
	return 1;
}

static void make_tag(uint8_t out[TAG])
{
	uint64_t v[2] = {cheap_stir(ctx.sum + 1), cheap_stir(ctx.sum + 2)};

	memcpy(out, v, TAG);
}

int __wrap_EVP_CipherFinal_ex(EVP_CIPHER_CTX *c, unsigned char *out, int *out_len)
{
	uint8_t tag[TAG];

	(void)c;
	(void)out;
	*out_len = 0;
	make_tag(tag);
	return ctx.encrypt || ctx.tag_len == 0 || memcmp(tag, ctx.tag, ctx.tag_len) == 0;
}

int __wrap_EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX *c, int type, int arg, void *ptr)
{
	uint8_t tag[TAG];

	(void)c;
	if (arg <= 0 || arg > TAG)
		return 0;
	if (type == EVP_CTRL_AEAD_SET_TAG) {
		memcpy(ctx.tag, ptr, (size_t)arg);
		ctx.tag_len = (size_t)arg;
		return 1;
	}
	make_tag(tag);
	memcpy(ptr, tag, (size_t)arg);
	return type == EVP_CTRL_AEAD_GET_TAG;
}

/* The library's goes byte by byte where it is not told the processor. */
void __wrap_OPENSSL_cleanse(void *ptr, size_t len)
{
	if (len > 0)
		memset(ptr, 0, len);
}
