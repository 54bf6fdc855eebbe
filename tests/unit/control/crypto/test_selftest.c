/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_selftest.c - the self-test at start, with a library that computes one thing wrongly or lacks
 * it. The linker gives calls of __wrap_x() instead of OpenSSL's x(), which is __real_x().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

#include "control/crypto/suite.h"

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

/* What is wrong, or lacking, and of which row; at: the call of that row that meets it, 0 = all. */
enum what {
	SOUND,
	DIGEST,
	HMAC,
	CIPHER,
	TAG,
	VERDICT,
	KEYS,
	LACK_DIGEST,
	LACK_HMAC,
	LACK_ENCR,
	LACK_DH
};

static struct {
	enum what what;
	const char *row;
	unsigned int at, calls;
} fault;

static bool hit(enum what what, const char *row)
{
	return fault.what == what && row && strcmp(fault.row, row) == 0 &&
	       (++fault.calls == fault.at || fault.at == 0);
}

static const char *digest_named(const char *name)
{
	for (size_t i = 0; suite_digest_at(i); i++) {
		if (strcmp(suite_digest_at(i)->digest, name) == 0)
			return suite_digest_at(i)->name;
	}
	return NULL;
}

static const char *digest_long(size_t len)
{
	for (size_t i = 0; suite_digest_at(i); i++) {
		if (suite_digest_at(i)->len == len)
			return suite_digest_at(i)->name;
	}
	return NULL;
}

static const char *encr_of(const EVP_CIPHER_CTX *ctx)
{
	for (size_t i = 0; suite_encr_at(i); i++) {
		const struct suite_encr *e = suite_encr_at(i);

		if (e->cipher && EVP_CIPHER_is_a(EVP_CIPHER_CTX_get0_cipher(ctx), e->cipher))
			return e->name;
	}
	return NULL;
}

/* modp2048 and modp2048s256 are of one length. */
static const char *modp_of(const BIGNUM *p)
{
	BIGNUM *p14 = BN_get_rfc3526_prime_2048(NULL);
	bool is_24 = BN_num_bits(p) == 2048 && BN_cmp(p, p14) != 0;
	const char *name = NULL;

	BN_free(p14);
	for (size_t i = 0; !name && suite_group_at(i); i++) {
		const struct suite_group *g = suite_group_at(i);

		if (g->bits == BN_num_bits(p) && is_24 == (g->id == 24))
			name = g->name;
	}
	return name;
}

static const char *curve_of(const EC_GROUP *curve)
{
	for (size_t i = 0; suite_group_at(i); i++) {
		const struct suite_group *g = suite_group_at(i);

		if (g->kind == SUITE_GROUP_ECP && g->bits == EC_GROUP_get_degree(curve))
			return g->name;
	}
	return NULL;
}

/* NOLINTBEGIN: names are the linker's */
#define WRAP(type, name, ...)                                                                      \
	type __real_##name(__VA_ARGS__);                                                           \
	type __wrap_##name(__VA_ARGS__);                                                           \
	type __wrap_##name(__VA_ARGS__)

WRAP(int, EVP_DigestFinal_ex, EVP_MD_CTX *ctx, unsigned char *out, unsigned int *len)
{
	const char *row = digest_named(EVP_MD_get0_name(EVP_MD_CTX_get0_md(ctx)));
	int r = __real_EVP_DigestFinal_ex(ctx, out, len);

	out[0] ^= hit(DIGEST, row);
	return r;
}

WRAP(int, EVP_MAC_final, EVP_MAC_CTX *ctx, unsigned char *out, size_t *len, size_t cap)
{
	int r = __real_EVP_MAC_final(ctx, out, len, cap);

	out[*len - 1] ^= hit(HMAC, digest_long(*len));
	return r;
}

WRAP(int, EVP_CipherUpdate, EVP_CIPHER_CTX *ctx, unsigned char *out, int *n,
     const unsigned char *in, int len)
{
	int r = __real_EVP_CipherUpdate(ctx, out, n, in, len);

	if (out)
		out[len - 1] ^= hit(CIPHER, encr_of(ctx));
	return r;
}

WRAP(int, EVP_CIPHER_CTX_ctrl, EVP_CIPHER_CTX *ctx, int what, int len, void *p)
{
	int r = __real_EVP_CIPHER_CTX_ctrl(ctx, what, len, p);

	if (what == EVP_CTRL_AEAD_GET_TAG)
		((uint8_t *)p)[len - 1] ^= hit(TAG, encr_of(ctx));
	return r;
}

/* Whatever the tag. */
WRAP(int, EVP_CipherFinal_ex, EVP_CIPHER_CTX *ctx, unsigned char *out, int *n)
{
	int r = __real_EVP_CipherFinal_ex(ctx, out, n);

	if (!hit(VERDICT, encr_of(ctx)))
		return r;
	*n = 0;
	return 1;
}

WRAP(int, BN_mod_exp_mont_consttime, BIGNUM *v, const BIGNUM *base, const BIGNUM *key,
     const BIGNUM *p, BN_CTX *ctx, BN_MONT_CTX *mont)
{
	int r = __real_BN_mod_exp_mont_consttime(v, base, key, p, ctx, mont);

	if (hit(KEYS, modp_of(p)))
		BN_set_word(v, 3);
	return r;
}

WRAP(int, EC_POINT_get_affine_coordinates, const EC_GROUP *curve, const EC_POINT *point, BIGNUM *x,
     BIGNUM *y, BN_CTX *ctx)
{
	int r = __real_EC_POINT_get_affine_coordinates(curve, point, x, y, ctx);

	if (hit(KEYS, curve_of(curve)))
		BN_set_word(x, 1);
	return r;
}

WRAP(int, EVP_PKEY_get_raw_public_key, const EVP_PKEY *key, unsigned char *out, size_t *len)
{
	int r = __real_EVP_PKEY_get_raw_public_key(key, out, len);

	out[0] ^= hit(KEYS, "x25519");
	return r;
}

WRAP(int, EVP_PKEY_derive, EVP_PKEY_CTX *ctx, unsigned char *out, size_t *len)
{
	int r = __real_EVP_PKEY_derive(ctx, out, len);

	out[0] ^= hit(KEYS, "x25519");
	return r;
}

WRAP(EVP_MD *, EVP_MD_fetch, OSSL_LIB_CTX *lib, const char *name, const char *props)
{
	return hit(LACK_DIGEST, digest_named(name)) ? NULL : __real_EVP_MD_fetch(lib, name, props);
}

WRAP(int, EVP_MAC_init, EVP_MAC_CTX *ctx, const unsigned char *key, size_t len,
     const OSSL_PARAM params[])
{
	return hit(LACK_HMAC, digest_named(params[0].data))
		       ? 0
		       : __real_EVP_MAC_init(ctx, key, len, params);
}

WRAP(EVP_CIPHER *, EVP_CIPHER_fetch, OSSL_LIB_CTX *lib, const char *name, const char *props)
{
	for (size_t i = 0; suite_encr_at(i); i++) {
		const struct suite_encr *e = suite_encr_at(i);

		if (e->cipher && strcmp(e->cipher, name) == 0 && hit(LACK_ENCR, e->name))
			return NULL;
	}
	return __real_EVP_CIPHER_fetch(lib, name, props);
}

WRAP(EC_GROUP *, EC_GROUP_new_by_curve_name, int nid)
{
	const char *row = nid == NID_secp384r1	 ? "ecp384"
			  : nid == NID_secp521r1 ? "ecp521"
						 : "ecp256";

	return hit(LACK_DH, row) ? NULL : __real_EC_GROUP_new_by_curve_name(nid);
}

WRAP(EVP_PKEY *, EVP_PKEY_new_raw_private_key, int type, ENGINE *e, const unsigned char *key,
     size_t len)
{
	return hit(LACK_DH, "x25519") ? NULL
				      : __real_EVP_PKEY_new_raw_private_key(type, e, key, len);
}

WRAP(EVP_PKEY_CTX *, EVP_PKEY_CTX_new_from_name, OSSL_LIB_CTX *lib, const char *name,
     const char *props)
{
	return hit(LACK_DH, "modp2048s256") ? NULL
					    : __real_EVP_PKEY_CTX_new_from_name(lib, name, props);
}
/* NOLINTEND */

static int run_with(enum what what, const char *row, unsigned int at, const char **failed)
{
	int r;

	fault.what = what;
	fault.row = row;
	fault.at = at;
	fault.calls = 0;
	r = suite_self_test(failed);
	fault.what = SOUND;
	return r;
}

static void every_row_gives_its_known_answer(void **state)
{
	const char *failed = "";

	(void)state;
	if (suite_self_test(&failed) != 0)
		fail_msg("%s", failed);
	assert_null(failed);
	assert_null(suite_lacking_at(0));
}

static void expect_found(enum what what, const char *row, unsigned int at)
{
	const char *failed = NULL;

	if (run_with(what, row, at, &failed) == 0 || !failed || strcmp(failed, row) != 0)
		fail_msg("fault %d of %s, call %u: found %s", what, row, at,
			 failed ? failed : "nothing");
	assert_true(fault.calls >= at);
}

static void a_wrong_result_is_found_out_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; suite_digest_at(i); i++) {
		expect_found(DIGEST, suite_digest_at(i)->name, 1);
		expect_found(HMAC, suite_digest_at(i)->name, 1);
	}
	for (size_t i = 0; suite_encr_at(i); i++) {
		const struct suite_encr *e = suite_encr_at(i);

		if (!e->cipher)
			continue;
		expect_found(CIPHER, e->name, 1); /* sealing */
		/* Opening; the one before of an AEAD is of what is not genuine. */
		expect_found(CIPHER, e->name, e->icv_len ? 3 : 2);
		if (e->icv_len) {
			expect_found(TAG, e->name, 1);
			expect_found(VERDICT, e->name, 2);
		}
		for (unsigned int at = 3; e->ike1 && at <= 4; at++)
			expect_found(CIPHER, e->name, at);
	}
}

/* Calls that compute one: the public value, the secret where it is asked for, between them in group
 * 24 the check of the order. */
static unsigned int calls_of(const struct suite_group *g)
{
	if (g->kind == SUITE_GROUP_MODP && g->bits > 2048)
		return 1;
	return g->id == 24 ? 3 : 2;
}

static void a_wrong_key_agreement_is_found_out_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; suite_group_at(i); i++) {
		for (unsigned int at = 1; at <= calls_of(suite_group_at(i)); at++)
			expect_found(KEYS, suite_group_at(i)->name, at);
	}
}

static void expect_lacking(enum what what, const char *row)
{
	const char *failed = NULL;

	if (run_with(what, row, 0, &failed) != 0)
		fail_msg("without %s: %s is wrong", row, failed);
	if (!suite_lacks(row))
		fail_msg("%s is not missed", row);
	/* The answers of others need sha256. */
	if (strcmp(row, "sha256") != 0)
		assert_null(suite_lacking_at(1));
}

static void what_the_library_lacks_is_told_apart(void **state)
{
	static const char *const groups[] = {"ecp256", "ecp384", "ecp521", "modp2048s256",
					     "x25519"};
	const char *failed;

	(void)state;
	for (size_t i = 0; suite_digest_at(i); i++) {
		expect_lacking(LACK_DIGEST, suite_digest_at(i)->name);
		expect_lacking(LACK_HMAC, suite_digest_at(i)->name);
	}
	for (size_t i = 0; suite_encr_at(i); i++) {
		if (suite_encr_at(i)->cipher)
			expect_lacking(LACK_ENCR, suite_encr_at(i)->name);
	}
	for (size_t i = 0; i < N_OF(groups); i++)
		expect_lacking(LACK_DH, groups[i]);
	assert_int_equal(suite_self_test(&failed), 0);
	assert_null(suite_lacking_at(0)); /* forgotten */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_gives_its_known_answer),
		cmocka_unit_test(a_wrong_result_is_found_out_by_name),
		cmocka_unit_test(a_wrong_key_agreement_is_found_out_by_name),
		cmocka_unit_test(what_the_library_lacks_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
