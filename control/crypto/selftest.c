/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * selftest.c - suite_self_test(): every row of the suite tables once through OpenSSL, so that a
 * library built without one of them (or in FIPS mode) is found out at start, not by a peer.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "control/crypto/dh.h"
#include "control/crypto/keymat.h"
#include "control/crypto/prf.h"
#include "control/crypto/sk.h"
#include "control/crypto/sk2.h"
#include "control/crypto/suite.h"

static int test_digest(const struct suite_digest *d)
{
	const struct prf_piece piece = {"espgw", 5};
	uint8_t out[SUITE_MAX_HASH];
	int r = prf_digest(d->hash, &piece, 1, out);

	return r ? r : prf_hmac(d->hash, (const uint8_t *)"key", 3, &piece, 1, out);
}

static int test_encr(const struct suite_encr *e)
{
	struct keymat_ike1 k = {.hash = SUITE_HASH_SHA256,
				.encr = e->id,
				.key_bits = e->key_bits,
				.encr_key_len = e->key_len};
	uint8_t iv[SUITE_MAX_BLOCK] = {0}, iv2[SUITE_MAX_BLOCK] = {0};
	uint8_t buf[4 * SUITE_MAX_BLOCK] = "round trip";
	uint8_t want[sizeof(buf)];
	int r;

	if (e->ike1 == 0)
		return 0;
	for (size_t i = 0; i < e->key_len; i++)
		k.encr_key[i] = (uint8_t)(i * 7 + 1);
	memcpy(want, buf, sizeof(buf));
	r = sk_ike1_encrypt(&k, iv, buf, sizeof(buf));
	if (r == 0)
		r = sk_ike1_decrypt(&k, iv2, buf, sizeof(buf));
	if (r == 0 && memcmp(buf, want, sizeof(buf)) != 0)
		r = -EIO;
	return r;
}

/* The same through IKEv2: sealed, opened, and refused with one bit changed. */
static int test_encr2(const struct suite_encr *e)
{
	struct keymat_ike2 k = {.prf = SUITE_HASH_SHA256,
				.encr = e->id,
				.key_bits = e->key_bits,
				.integ = e->icv_len ? 0 : 12,
				.len = 32,
				.encr_len = (uint8_t)(e->key_len + e->salt_len),
				.integ_len = e->icv_len ? 0 : 32};
	uint8_t buf[SK_IKE2_MAX_IV + 2 * SUITE_MAX_BLOCK + SK_IKE2_MAX_ICV + 32] = "associated";
	const uint8_t text[2 * SUITE_MAX_BLOCK] = "round trip";
	const size_t iv_at = 32;
	struct sk_ike2_sizes s;
	size_t len, plain;
	int r = sk_ike2_sizes(&k, &s);

	if (r != 0)
		return r;
	for (size_t i = 0; i < k.encr_len; i++)
		k.sk_e[KEYMAT_I][i] = (uint8_t)(i * 7 + 1);
	len = iv_at + s.iv + sizeof(text) + s.icv;
	memcpy(buf + iv_at + s.iv, text, sizeof(text));
	r = sk_ike2_seal(&k, KEYMAT_I, buf, iv_at, len);
	buf[0] ^= 1;
	if (r == 0 && sk_ike2_open(&k, KEYMAT_I, buf, iv_at, len, &plain) != -EBADMSG)
		r = -EIO;
	buf[0] ^= 1;
	/* A failed AEAD may have decrypted on the way: start from the plaintext again. */
	memcpy(buf + iv_at + s.iv, text, sizeof(text));
	if (r == 0)
		r = sk_ike2_seal(&k, KEYMAT_I, buf, iv_at, len);
	if (r == 0)
		r = sk_ike2_open(&k, KEYMAT_I, buf, iv_at, len, &plain);
	if (r == 0 &&
	    (plain != sizeof(text) - 1 || memcmp(buf + iv_at + s.iv, text, sizeof(text)) != 0))
		r = -EIO;
	return r;
}

/* Both sides from fixed seeds: only whether they agree counts here. */
static int test_group(const struct suite_group *g)
{
	uint8_t seed[DH_MAX_SEED], s1[DH_MAX_SECRET], s2[DH_MAX_SECRET];
	const uint8_t *p1, *p2;
	size_t n1, n2, l1, l2;
	struct dh *a, *b;
	int r = -EIO;

	memset(seed, 0x5a, sizeof(seed));
	a = dh_new(g->id, seed, g->seed_len);
	memset(seed, 0xa7, sizeof(seed));
	b = dh_new(g->id, seed, g->seed_len);
	if (!a || !b)
		goto fail;
	p1 = dh_public(a, &n1);
	p2 = dh_public(b, &n2);
	r = dh_derive(a, p2, n2, s1, sizeof(s1), &l1);
	if (r == 0)
		r = dh_derive(b, p1, n1, s2, sizeof(s2), &l2);
	if (r == 0 && (l1 != g->secret_len || l2 != l1 || memcmp(s1, s2, l1) != 0))
		r = -EIO;
fail:
	dh_free(a);
	dh_free(b);
	return r;
}

int suite_self_test(char *failed, size_t cap)
{
	const struct suite_digest *d;
	const struct suite_encr *e;
	const struct suite_group *g;

	for (size_t i = 0; (d = suite_digest_at(i)) != NULL; i++) {
		if (test_digest(d) != 0) {
			snprintf(failed, cap, "%s", d->name);
			return -ENOTSUP;
		}
	}
	for (size_t i = 0; (e = suite_encr_at(i)) != NULL; i++) {
		if (e->cipher && (test_encr(e) != 0 || test_encr2(e) != 0)) {
			snprintf(failed, cap, "%s", e->name);
			return -ENOTSUP;
		}
	}
	for (size_t i = 0; (g = suite_group_at(i)) != NULL; i++) {
		if (test_group(g) != 0) {
			snprintf(failed, cap, "%s", g->name);
			return -ENOTSUP;
		}
	}
	return 0;
}
