/* SPDX-License-Identifier: BSD-3-Clause */
/* keymat2.c - IKEv2 key derivation; see keymat2.h. */
#include "control/crypto/keymat2.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#define SKEYS_MAX                                                                                  \
	(3 * SUITE_MAX_HASH + 2 * SUITE_MAX_INTEG + 2 * (SUITE_MAX_ENCR_KEY + SUITE_MAX_SALT))

static int set_suite(struct keymat_ike2 *k, const struct keymat_ike2_input *in)
{
	const struct suite_digest *d = suite_digest_find(in->prf);
	const struct suite_encr *e = suite_encr_find(in->encr, in->key_bits);
	const struct suite_integ *a = suite_integ_find(in->integ);

	memset(k, 0, sizeof(*k));
	if (!d || !e || !e->cipher || (in->integ != 0 && !a))
		return -ENOTSUP;
	if ((e->icv_len != 0) != (a == NULL))
		return -EINVAL;
	k->prf = in->prf;
	k->encr = in->encr;
	k->key_bits = in->key_bits;
	k->integ = in->integ;
	k->len = d->len;
	k->encr_len = (uint8_t)(e->key_len + e->salt_len);
	k->integ_len = a ? a->key_len : 0;
	return 0;
}

/* SKEYSEED of a first SA: a PRF with keys of any length takes both nonces whole (section 2.14). */
static int first_seed(const struct keymat_ike2_input *in, uint8_t *seed)
{
	uint8_t nonces[512];

	if (in->ni.len + in->nr.len > sizeof(nonces))
		return -EINVAL;
	memcpy(nonces, in->ni.data, in->ni.len);
	memcpy(nonces + in->ni.len, in->nr.data, in->nr.len);
	return prf_hmac(in->prf, nonces, in->ni.len + in->nr.len, &in->gir, 1, seed);
}

static int rekey_seed(const struct keymat_ike2_input *in, const struct keymat_ike2 *old,
		      uint8_t *seed)
{
	const struct prf_piece pieces[] = {in->gir, in->ni, in->nr};

	return prf_hmac(old->prf, old->sk_d, old->len, pieces, 3, seed);
}

/* Deals the bytes of prf+ out in the order of section 2.14. */
static void deal(struct keymat_ike2 *k, const uint8_t *p)
{
	struct {
		uint8_t *to;
		size_t len;
	} parts[] = {
		{k->sk_d, k->len},
		{k->sk_a[KEYMAT_I], k->integ_len},
		{k->sk_a[KEYMAT_R], k->integ_len},
		{k->sk_e[KEYMAT_I], k->encr_len},
		{k->sk_e[KEYMAT_R], k->encr_len},
		{k->sk_p[KEYMAT_I], k->len},
		{k->sk_p[KEYMAT_R], k->len},
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		memcpy(parts[i].to, p, parts[i].len);
		p += parts[i].len;
	}
}

int keymat_ike2_derive(struct keymat_ike2 *k, const struct keymat_ike2_input *in,
		       const struct keymat_ike2 *old)
{
	const struct prf_piece pieces[] = {
		in->ni, in->nr, {in->spi_i, KEYMAT_COOKIE}, {in->spi_r, KEYMAT_COOKIE}};
	uint8_t seed[SUITE_MAX_HASH], out[SKEYS_MAX];
	size_t seed_len;
	int r = set_suite(k, in);

	if (r != 0) {
		memset(k, 0, sizeof(*k));
		return r;
	}
	seed_len = old ? old->len : k->len;
	r = old ? rekey_seed(in, old, seed) : first_seed(in, seed);
	if (r == 0)
		r = prf_plus(k->prf, seed, seed_len, pieces, 4, out,
			     3u * k->len + 2u * k->integ_len + 2u * k->encr_len);
	if (r == 0)
		deal(k, out);
	else
		keymat_ike2_wipe(k);
	OPENSSL_cleanse(seed, sizeof(seed));
	OPENSSL_cleanse(out, sizeof(out));
	return r;
}

void keymat_ike2_wipe(struct keymat_ike2 *k)
{
	OPENSSL_cleanse(k, sizeof(*k));
}

int keymat_ike2_child(const struct keymat_ike2 *k, const struct prf_piece *gir,
		      const struct prf_piece *ni, const struct prf_piece *nr, uint8_t *out,
		      size_t out_len)
{
	const struct prf_piece pieces[] = {gir ? *gir : (struct prf_piece){NULL, 0}, *ni, *nr};

	if (out_len == 0 || out_len > 2 * KEYMAT_MAX_OUT || k->len == 0)
		return -EINVAL;
	return prf_plus(k->prf, k->sk_d, k->len, pieces, 3, out, out_len);
}

int keymat_ike2_auth_psk(const struct keymat_ike2 *k, enum keymat_side side,
			 const struct keymat_ike2_auth *a, uint8_t *out)
{
	static const char pad[] = "Key Pad for IKEv2";
	const struct prf_piece pad_piece = {pad, sizeof(pad) - 1};
	uint8_t key[SUITE_MAX_HASH], id[SUITE_MAX_HASH];
	const struct prf_piece octets[] = {a->message, a->nonce, {id, k->len}};
	int r;

	r = prf_hmac(k->prf, a->psk.data, a->psk.len, &pad_piece, 1, key);
	if (r == 0)
		r = prf_hmac(k->prf, k->sk_p[side], k->len, &a->id_b, 1, id);
	if (r == 0)
		r = prf_hmac(k->prf, key, k->len, octets, 3, out);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(id, sizeof(id));
	return r;
}
