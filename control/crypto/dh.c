/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dh.c - Diffie-Hellman over OpenSSL's big numbers and curves.
 *
 * MODP and ECP go one level below EVP. EVP wants to draw the private key itself, while ours comes
 * from a seed; and for the named MODP groups it tests each public value with a full exponentiation
 * (y^q = 1), several times the cost of the key agreement, which RFC 6989 section 2.1 shows to be
 * needless for safe primes. The exponentiation and the point multiplication are OpenSSL's
 * constant-time ones.
 */
#include "control/crypto/dh.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>

#include "control/crypto/suite.h"

struct dh_memo {
	int status;
	uint8_t peer[DH_MAX_PUBLIC], secret[DH_MAX_SECRET];
};

struct dh {
	const struct suite_group *group;
	unsigned holders;
	struct dh_memo *memo; /* NULL: nothing */
	BIGNUM *key;	      /* MODP, ECP */
	EVP_PKEY *montgomery; /* X25519 */
	uint8_t public[DH_MAX_PUBLIC];
};

/* A number of group 24, RFC 5114 section 2.3, by OpenSSL's name for it: "p", "q", "g". The caller
 * frees. */
static BIGNUM *group24(const char *what)
{
	char name[] = "dh_2048_256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DHX", NULL);
	EVP_PKEY *group = NULL;
	BIGNUM *n = NULL;

	if (!ctx || EVP_PKEY_paramgen_init(ctx) != 1 || EVP_PKEY_CTX_set_params(ctx, params) != 1 ||
	    EVP_PKEY_paramgen(ctx, &group) != 1 || EVP_PKEY_get_bn_param(group, what, &n) != 1)
		n = NULL;
	EVP_PKEY_free(group);
	EVP_PKEY_CTX_free(ctx);
	return n;
}

/* RFC 2409 section 6.1 and 6.2, RFC 3526 sections 2 to 7, RFC 5114 section 2.3. The caller frees.
 */
static BIGNUM *modp_prime(uint16_t id)
{
	switch (id) {
	case 1:
		return BN_get_rfc2409_prime_768(NULL);
	case 2:
		return BN_get_rfc2409_prime_1024(NULL);
	case 5:
		return BN_get_rfc3526_prime_1536(NULL);
	case 14:
		return BN_get_rfc3526_prime_2048(NULL);
	case 15:
		return BN_get_rfc3526_prime_3072(NULL);
	case 16:
		return BN_get_rfc3526_prime_4096(NULL);
	case 17:
		return BN_get_rfc3526_prime_6144(NULL);
	case 18:
		return BN_get_rfc3526_prime_8192(NULL);
	case 24:
		return group24(OSSL_PKEY_PARAM_FFC_P);
	default:
		return NULL;
	}
}

static EC_GROUP *ecp_curve(uint16_t id)
{
	switch (id) {
	case 19:
		return EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	case 20:
		return EC_GROUP_new_by_curve_name(NID_secp384r1);
	case 21:
		return EC_GROUP_new_by_curve_name(NID_secp521r1);
	default:
		return NULL;
	}
}

/* out = base ^ key mod p, padded. */
static int modp_power(const struct suite_group *g, const BIGNUM *base, const BIGNUM *key,
		      uint8_t *out)
{
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *p = modp_prime(g->id);
	BIGNUM *v = BN_secure_new();
	int r = -EIO;

	if (ctx && p && v && BN_mod_exp_mont_consttime(v, base, key, p, ctx, NULL) == 1 &&
	    BN_bn2binpad(v, out, g->public_len) == g->public_len)
		r = 0;
	BN_clear_free(v);
	BN_free(p);
	BN_CTX_free(ctx);
	return r;
}

/* key = 1 + seed mod (q - 1); public = g ^ key. */
static int group24_new(struct dh *dh, const uint8_t *seed, size_t len)
{
	BIGNUM *g = group24(OSSL_PKEY_PARAM_FFC_G), *q1 = group24(OSSL_PKEY_PARAM_FFC_Q);
	BIGNUM *c = BN_secure_new();
	BN_CTX *ctx = BN_CTX_secure_new();
	int r = -EIO;

	if (!g || !q1 || !c || !ctx || !dh->key || !BN_bin2bn(seed, (int)len, c))
		goto fail;
	BN_set_flags(c, BN_FLG_CONSTTIME);
	if (BN_sub_word(q1, 1) == 1 && BN_nnmod(dh->key, c, q1, ctx) == 1 &&
	    BN_add_word(dh->key, 1) == 1)
		r = modp_power(dh->group, g, dh->key, dh->public);
fail:
	BN_clear_free(c);
	BN_CTX_free(ctx);
	BN_free(q1);
	BN_free(g);
	return r;
}

/* RFC 6989 section 2.2: its p is no safe prime, so y must be of order q. */
static int group24_check(const struct suite_group *g, const BIGNUM *y)
{
	uint8_t one[DH_MAX_PUBLIC];
	BIGNUM *q = group24(OSSL_PKEY_PARAM_FFC_Q);
	int r = q ? modp_power(g, y, q, one) : -EIO;

	BN_free(q);
	if (r)
		return r;
	for (size_t i = 0; i + 1 < g->public_len; i++)
		r |= one[i];
	return r == 0 && one[g->public_len - 1] == 1 ? 0 : -EINVAL;
}

static int modp_new(struct dh *dh, const uint8_t *seed, size_t len)
{
	BIGNUM *two;
	int r = -EIO;

	if (dh->group->id == 24)
		return group24_new(dh, seed, len);
	two = BN_new();
	if (two && dh->key && BN_bin2bn(seed, (int)len, dh->key) &&
	    BN_set_bit(dh->key, (int)len * 8 - 1) == 1 && BN_set_word(two, 2) == 1)
		r = modp_power(dh->group, two, dh->key, dh->public);
	BN_free(two);
	return r;
}

/* RFC 6989 sections 2.1 and 2.2: 1 < y < p - 1, and the order where it matters. On success *out is
 * y, the caller's. */
static int modp_import(const struct suite_group *g, const uint8_t *peer, BIGNUM **out)
{
	BIGNUM *p = modp_prime(g->id);
	BIGNUM *y = BN_bin2bn(peer, g->public_len, NULL);
	int r = -EIO;

	if (!p || !y || BN_sub_word(p, 1) != 1)
		goto fail;
	r = -EINVAL;
	if (BN_is_zero(y) || BN_is_one(y) || BN_cmp(y, p) >= 0)
		goto fail;
	r = g->id == 24 ? group24_check(g, y) : 0;
	if (r)
		goto fail;
	*out = y;
	y = NULL;
fail:
	BN_free(y);
	BN_free(p);
	return r;
}

static int modp_derive(const struct dh *dh, const uint8_t *peer, uint8_t *secret)
{
	BIGNUM *y = NULL;
	int r = modp_import(dh->group, peer, &y);

	if (r == 0)
		r = modp_power(dh->group, y, dh->key, secret);
	BN_free(y);
	return r;
}

/* RFC 6989 section 2.3: coordinates below p, point on the curve; all checked by
 * EC_POINT_oct2point(). The cofactor of these curves is 1, so no order check is due. */
static int ecp_import(const EC_GROUP *curve, const struct suite_group *g, const uint8_t *peer,
		      EC_POINT **out)
{
	uint8_t point[1 + DH_MAX_PUBLIC];
	EC_POINT *q = EC_POINT_new(curve);

	if (!q)
		return -EIO;
	point[0] = POINT_CONVERSION_UNCOMPRESSED;
	memcpy(point + 1, peer, g->public_len);
	if (EC_POINT_oct2point(curve, q, point, (size_t)g->public_len + 1, NULL) != 1) {
		EC_POINT_free(q);
		return -EINVAL;
	}
	*out = q;
	return 0;
}

/* x || y (RFC 5903 section 7) of a point; y may be NULL. */
static int ecp_export(const EC_GROUP *curve, const struct suite_group *g, const EC_POINT *point,
		      uint8_t *x, uint8_t *y)
{
	BIGNUM *bx = BN_secure_new(), *by = BN_secure_new();
	int n = g->secret_len;
	int r = -EIO;

	if (bx && by && EC_POINT_is_at_infinity(curve, point) == 0 &&
	    EC_POINT_get_affine_coordinates(curve, point, bx, by, NULL) == 1 &&
	    BN_bn2binpad(bx, x, n) == n && (!y || BN_bn2binpad(by, y, n) == n))
		r = 0;
	BN_clear_free(bx);
	BN_clear_free(by);
	return r;
}

static int ecp_new(struct dh *dh, const uint8_t *seed, size_t len)
{
	const struct suite_group *g = dh->group;
	EC_GROUP *curve = ecp_curve(g->id);
	EC_POINT *q = curve ? EC_POINT_new(curve) : NULL;
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *c = BN_secure_new(), *n1 = BN_new();
	int r = -EIO;

	if (!q || !ctx || !c || !n1 || !dh->key || !BN_bin2bn(seed, (int)len, c))
		goto fail;
	BN_set_flags(c, BN_FLG_CONSTTIME);
	if (EC_GROUP_get_order(curve, n1, NULL) != 1 || BN_sub_word(n1, 1) != 1 ||
	    BN_nnmod(dh->key, c, n1, ctx) != 1 || BN_add_word(dh->key, 1) != 1 ||
	    EC_POINT_mul(curve, q, dh->key, NULL, NULL, ctx) != 1)
		goto fail;
	r = ecp_export(curve, g, q, dh->public, dh->public + g->secret_len);
fail:
	BN_clear_free(c);
	BN_free(n1);
	BN_CTX_free(ctx);
	EC_POINT_free(q);
	EC_GROUP_free(curve);
	return r;
}

static int ecp_derive(const struct dh *dh, const uint8_t *peer, uint8_t *secret)
{
	EC_GROUP *curve = ecp_curve(dh->group->id);
	BN_CTX *ctx = BN_CTX_secure_new();
	EC_POINT *q = NULL, *s = curve ? EC_POINT_new(curve) : NULL;
	int r = -EIO;

	if (!s || !ctx)
		goto fail;
	r = ecp_import(curve, dh->group, peer, &q);
	if (r)
		goto fail;
	r = -EIO;
	if (EC_POINT_mul(curve, s, NULL, q, dh->key, ctx) == 1)
		r = ecp_export(curve, dh->group, s, secret, NULL);
fail:
	EC_POINT_clear_free(s);
	EC_POINT_free(q);
	BN_CTX_free(ctx);
	EC_GROUP_free(curve);
	return r;
}

static int x25519_new(struct dh *dh, const uint8_t *seed, size_t len)
{
	size_t n = dh->group->public_len;

	dh->montgomery = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, seed, len);
	if (!dh->montgomery || EVP_PKEY_get_raw_public_key(dh->montgomery, dh->public, &n) != 1 ||
	    n != dh->group->public_len)
		return -EIO;
	return 0;
}

/* OpenSSL refuses an all-zero result, as RFC 8031 section 2 wants. */
static int x25519_derive(const struct dh *dh, const uint8_t *peer, uint8_t *secret)
{
	EVP_PKEY *q =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, peer, dh->group->public_len);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(dh->montgomery, NULL);
	size_t n = dh->group->secret_len;
	int r = -EIO;

	if (q && ctx && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, q) == 1)
		r = EVP_PKEY_derive(ctx, secret, &n) == 1 && n == dh->group->secret_len ? 0
											: -EINVAL;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(q);
	return r;
}

struct dh *dh_new(uint16_t group, const uint8_t *seed, size_t seed_len)
{
	const struct suite_group *g = suite_group_find(group);
	struct dh *dh;
	int r;

	if (!g || seed_len != g->seed_len) {
		errno = g ? EINVAL : ENOTSUP;
		return NULL;
	}
	dh = calloc(1, sizeof(*dh));
	if (!dh)
		return NULL;
	dh->group = g;
	dh->holders = 1;
	if (g->kind == SUITE_GROUP_X25519) {
		r = x25519_new(dh, seed, seed_len);
	} else {
		dh->key = BN_secure_new();
		if (dh->key)
			BN_set_flags(dh->key, BN_FLG_CONSTTIME);
		r = g->kind == SUITE_GROUP_MODP ? modp_new(dh, seed, seed_len)
						: ecp_new(dh, seed, seed_len);
	}
	if (r) {
		dh_free(dh);
		errno = -r;
		return NULL;
	}
	return dh;
}

void dh_free(struct dh *dh)
{
	if (!dh || --dh->holders > 0)
		return;
	OPENSSL_clear_free(dh->memo, sizeof(*dh->memo));
	BN_clear_free(dh->key);
	EVP_PKEY_free(dh->montgomery);
	free(dh);
}

struct dh *dh_hold(struct dh *dh)
{
	dh->holders++;
	return dh;
}

uint16_t dh_group(const struct dh *dh)
{
	return dh->group->id;
}

const uint8_t *dh_public(const struct dh *dh, size_t *len)
{
	*len = dh->group->public_len;
	return dh->public;
}

int dh_check_public(uint16_t group, const uint8_t *peer, size_t len)
{
	const struct suite_group *g = suite_group_find(group);
	EC_GROUP *curve;
	EC_POINT *q = NULL;
	BIGNUM *y = NULL;
	int r = 0;

	if (!g)
		return -ENOTSUP;
	if (len != g->public_len)
		return -EINVAL;
	if (g->kind == SUITE_GROUP_MODP) {
		r = modp_import(g, peer, &y);
		BN_free(y);
	} else if (g->kind == SUITE_GROUP_ECP) {
		curve = ecp_curve(g->id);
		r = curve ? ecp_import(curve, g, peer, &q) : -EIO;
		EC_POINT_free(q);
		EC_GROUP_free(curve);
	}
	return r;
}

int dh_derive(const struct dh *dh, const uint8_t *peer, size_t peer_len, uint8_t *secret,
	      size_t cap, size_t *len)
{
	const struct suite_group *g = dh->group;
	int r;

	*len = 0;
	if (peer_len != g->public_len)
		return -EINVAL;
	if (cap < g->secret_len)
		return -ENOSPC;
	if (dh_remembers(dh, peer, peer_len)) {
		if (dh->memo->status == 0) {
			memcpy(secret, dh->memo->secret, g->secret_len);
			*len = g->secret_len;
		}
		return dh->memo->status;
	}
	if (g->kind == SUITE_GROUP_MODP)
		r = modp_derive(dh, peer, secret);
	else if (g->kind == SUITE_GROUP_ECP)
		r = ecp_derive(dh, peer, secret);
	else
		r = x25519_derive(dh, peer, secret);
	if (r) {
		OPENSSL_cleanse(secret, g->secret_len);
		return r;
	}
	*len = g->secret_len;
	return 0;
}

int dh_remember(struct dh *dh, const uint8_t *peer, size_t peer_len, int status,
		const uint8_t *secret, size_t len)
{
	const struct suite_group *g = dh->group;

	if (peer_len != g->public_len || (status == 0 && len != g->secret_len))
		return -EINVAL;
	if (!dh->memo)
		dh->memo = calloc(1, sizeof(*dh->memo));
	if (!dh->memo)
		return -ENOMEM;
	dh->memo->status = status;
	memcpy(dh->memo->peer, peer, peer_len);
	if (status == 0)
		memcpy(dh->memo->secret, secret, len);
	return 0;
}

bool dh_remembers(const struct dh *dh, const uint8_t *peer, size_t peer_len)
{
	return dh->memo && peer_len == dh->group->public_len &&
	       memcmp(dh->memo->peer, peer, peer_len) == 0;
}
