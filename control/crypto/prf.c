/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * prf.c - digests and HMAC through OpenSSL 3. Algorithms are fetched once and kept: a fetch costs
 * more than an HMAC of a short message.
 */
#include "control/crypto/prf.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MAC *hmac;

static void fetch_hmac(void)
{
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
}

int prf_digest(enum suite_hash hash, const struct prf_piece *pieces, size_t n, uint8_t *out)
{
	const struct suite_digest *d = suite_digest_find(hash);
	EVP_MD_CTX *ctx;
	EVP_MD *md;
	unsigned int len = 0;
	int r = -EIO;

	if (!d)
		return -ENOTSUP;
	md = EVP_MD_fetch(NULL, d->digest, NULL);
	ctx = EVP_MD_CTX_new();
	if (!md || !ctx || EVP_DigestInit_ex2(ctx, md, NULL) != 1)
		goto fail;
	for (size_t i = 0; i < n; i++) {
		if (EVP_DigestUpdate(ctx, pieces[i].data, pieces[i].len) != 1)
			goto fail;
	}
	if (EVP_DigestFinal_ex(ctx, out, &len) == 1 && len == d->len)
		r = 0;
fail:
	if (r)
		memset(out, 0, d->len);
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(md);
	return r;
}

int prf_hmac(enum suite_hash hash, const uint8_t *key, size_t key_len,
	     const struct prf_piece *pieces, size_t n, uint8_t *out)
{
	static const uint8_t no_key[1];
	const struct suite_digest *d = suite_digest_find(hash);
	OSSL_PARAM params[2];
	EVP_MAC_CTX *ctx;
	size_t len = 0;
	int r = -EIO;

	if (!d)
		return -ENOTSUP;
	pthread_once(&once, fetch_hmac);
	ctx = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
	if (!ctx)
		goto fail;
	/* The parameter takes a non-const pointer but only reads from it. */
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)d->digest, 0);
	params[1] = OSSL_PARAM_construct_end();
	/* A NULL key means "keep the old one" to OpenSSL, never an empty key. */
	if (EVP_MAC_init(ctx, key_len ? key : no_key, key_len, params) != 1)
		goto fail;
	for (size_t i = 0; i < n; i++) {
		if (EVP_MAC_update(ctx, pieces[i].data, pieces[i].len) != 1)
			goto fail;
	}
	if (EVP_MAC_final(ctx, out, &len, d->len) == 1 && len == d->len)
		r = 0;
fail:
	if (r)
		OPENSSL_cleanse(out, d->len);
	EVP_MAC_CTX_free(ctx);
	return r;
}

int prf_plus(enum suite_hash hash, const uint8_t *key, size_t key_len,
	     const struct prf_piece *pieces, size_t n, uint8_t *out, size_t out_len)
{
	const struct suite_digest *d = suite_digest_find(hash);
	struct prf_piece in[8];
	uint8_t t[SUITE_MAX_HASH];
	uint8_t count = 1;
	size_t done = 0;
	int r = 0;

	if (!d)
		return -ENOTSUP;
	if (n > 6 || out_len > (size_t)d->len * PRF_PLUS_MAX_BLOCKS)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		in[i + 1] = pieces[i];
	in[0] = (struct prf_piece){t, 0};
	in[n + 1] = (struct prf_piece){&count, 1};
	while (done < out_len) {
		size_t part = out_len - done < d->len ? out_len - done : d->len;

		r = prf_hmac(hash, key, key_len, in, n + 2, t);
		if (r)
			break;
		memcpy(out + done, t, part);
		done += part;
		in[0].len = d->len;
		count++;
	}
	if (r)
		OPENSSL_cleanse(out, out_len);
	OPENSSL_cleanse(t, sizeof(t));
	return r;
}
