/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * selftest.c - suite_self_test(): known answers of every row of the suite tables, through the same
 * functions that IKE uses. A library that computes wrongly, or was built without an algorithm (or
 * runs in FIPS mode), is found out at start, not by a peer.
 *
 * Lacking is what cannot even be begun; whatever fails after a first result is wrong.
 */
#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include "control/crypto/dh.h"
#include "control/crypto/kat.h"
#include "control/crypto/keymat.h"
#include "control/crypto/prf.h"
#include "control/crypto/sk.h"
#include "control/crypto/sk2.h"
#include "control/crypto/suite.h"

#define N_OF(a)	  (sizeof(a) / sizeof((a)[0]))
#define MAX_AAD	  8
#define MAX_TEXT  96
#define TEST_HASH SUITE_HASH_SHA256
#define TEST_SUM  12 /* HMAC-SHA2-256-128: struct suite_integ.id */

enum outcome { RIGHT, LACKING, WRONG };

/* Bytes written to out; 0 for what does not fit or is no hex: no answer is empty. */
static size_t unhex(const char *hex, uint8_t *out, size_t cap)
{
	size_t len = 0;

	return hex && OPENSSL_hexstr2buf_ex(out, cap, &len, hex, '\0') == 1 ? len : 0;
}

static bool is(const uint8_t *got, size_t len, const char *hex)
{
	uint8_t want[DH_MAX_PUBLIC];

	return len != 0 && unhex(hex, want, sizeof(want)) == len && memcmp(got, want, len) == 0;
}

static enum outcome test_digest(const struct suite_digest *d)
{
	const struct prf_piece abc = {"abc", 3}, text = {KAT_HMAC_TEXT, strlen(KAT_HMAC_TEXT)};
	uint8_t digest[SUITE_MAX_HASH], hmac[SUITE_MAX_HASH];

	if (prf_digest(d->hash, &abc, 1, digest) != 0 ||
	    prf_hmac(d->hash, (const uint8_t *)KAT_HMAC_KEY, strlen(KAT_HMAC_KEY), &text, 1,
		     hmac) != 0)
		return LACKING;
	return is(digest, d->len, kat_digests[d->hash].digest) &&
			       is(hmac, d->len, kat_digests[d->hash].hmac)
		       ? RIGHT
		       : WRONG;
}

static enum outcome test_ike1(const struct suite_encr *e, const struct kat_encr *kat)
{
	struct keymat_ike1 k = {.encr = e->id, .key_bits = e->key_bits, .encr_key_len = e->key_len};
	uint8_t iv[SUITE_MAX_BLOCK], buf[MAX_TEXT];
	size_t len = unhex(kat->text, buf, sizeof(buf));

	unhex(kat->key, k.encr_key, sizeof(k.encr_key));
	unhex(kat->iv, iv, sizeof(iv));
	if (sk_ike1_encrypt(&k, iv, buf, len) != 0)
		return LACKING;
	if (!is(buf, len, kat->sealed))
		return WRONG;
	unhex(kat->iv, iv, sizeof(iv));
	return sk_ike1_decrypt(&k, iv, buf, len) == 0 && is(buf, len, kat->text) ? RIGHT : WRONG;
}

/* Of its own message, and not with one bit changed. */
static bool opens(const struct keymat_ike2 *k, uint8_t *msg, size_t iv_at, size_t len)
{
	uint8_t copy[MAX_AAD + SK_IKE2_MAX_IV + MAX_TEXT + SK_IKE2_MAX_ICV];
	size_t plain;

	memcpy(copy, msg, len);
	copy[0] ^= 1;
	return sk_ike2_open(k, KEYMAT_I, copy, iv_at, len, &plain) == -EBADMSG &&
	       sk_ike2_open(k, KEYMAT_I, msg, iv_at, len, &plain) == 0;
}

static enum outcome test_ike2(const struct suite_encr *e, const struct kat_encr *kat)
{
	struct keymat_ike2 k = {.prf = TEST_HASH,
				.encr = e->id,
				.key_bits = e->key_bits,
				.integ = e->icv_len ? 0 : TEST_SUM,
				.encr_len = (uint8_t)(e->key_len + e->salt_len),
				.integ_len = e->icv_len ? 0 : suite_integ_find(TEST_SUM)->key_len};
	uint8_t msg[MAX_AAD + SK_IKE2_MAX_IV + MAX_TEXT + SK_IKE2_MAX_ICV];
	size_t aad = unhex(kat->aad, msg, MAX_AAD);
	size_t iv = unhex(kat->iv, msg + aad, SK_IKE2_MAX_IV);
	uint8_t *text = msg + aad + iv;
	size_t n = unhex(kat->text, text, MAX_TEXT);
	struct sk_ike2_sizes s;

	unhex(kat->key, k.sk_e[KEYMAT_I], sizeof(k.sk_e[KEYMAT_I]));
	if (sk_ike2_sizes(&k, &s) != 0 || s.iv != iv)
		return WRONG;
	if (sk_ike2_seal(&k, KEYMAT_I, msg, aad, aad + iv + n + s.icv) != 0)
		return LACKING;
	return is(text, n + e->icv_len, kat->sealed) && opens(&k, msg, aad, aad + iv + n + s.icv) &&
			       is(text, n, kat->text)
		       ? RIGHT
		       : WRONG;
}

static enum outcome test_encr(const struct suite_encr *e)
{
	enum outcome o = WRONG;

	if (!e->cipher)
		return RIGHT; /* none to test */
	for (size_t i = 0; i < N_OF(kat_encrs); i++) {
		if (kat_encrs[i].id != e->id || kat_encrs[i].key_bits != e->key_bits)
			continue;
		o = test_ike2(e, &kat_encrs[i]);
		if (o == RIGHT && e->ike1 != 0)
			o = test_ike1(e, &kat_encrs[i]);
	}
	return o;
}

/* Those of MODP are long: their hash is compared. */
static enum outcome judge_pair(const struct kat_group *kat, const struct prf_piece *public,
			       const struct prf_piece *secret)
{
	const struct prf_piece both[] = {*public, *secret};
	uint8_t sum[SUITE_MAX_HASH];
	bool same;

	if (kat->public)
		same = is(public->data, public->len, kat->public) &&
		       is(secret->data, secret->len, kat->secret);
	else if (prf_digest(TEST_HASH, both, 2, sum) != 0)
		return LACKING;
	else
		same = is(sum, suite_digest_find(TEST_HASH)->len, kat->secret);
	return same ? RIGHT : WRONG;
}

static enum outcome test_pair(const struct suite_group *g, const struct kat_group *kat)
{
	uint8_t seed[DH_MAX_SEED] = {0}, peer[DH_MAX_PUBLIC], secret[DH_MAX_SECRET];
	size_t seed_len = kat->seed ? strlen(kat->seed) / 2 : 0;
	struct prf_piece public, shared = {secret, 0};
	enum outcome o = WRONG;
	size_t peer_len;
	struct dh *dh;

	if (seed_len > g->seed_len)
		return WRONG;
	if (!kat->seed)
		memset(seed, 0x5a, g->seed_len);
	unhex(kat->seed, seed + g->seed_len - seed_len, seed_len);
	dh = dh_new(g->id, seed, g->seed_len);
	if (!dh)
		return LACKING;
	public.data = dh_public(dh, &public.len);
	peer_len = public.len;
	if (!kat->peer)
		memcpy(peer, public.data, peer_len);
	else
		peer_len = unhex(kat->peer, peer, sizeof(peer));
	if ((!kat->peer && g->bits > KAT_MODP_SECRET) ||
	    dh_derive(dh, peer, peer_len, secret, sizeof(secret), &shared.len) == 0)
		o = judge_pair(kat, &public, &shared);
	dh_free(dh);
	return o;
}

static enum outcome test_group(const struct suite_group *g)
{
	for (size_t i = 0; i < N_OF(kat_groups); i++) {
		if (kat_groups[i].id == g->id)
			return test_pair(g, &kat_groups[i]);
	}
	return WRONG;
}

static int judge(enum outcome o, const char *name, const char **failed)
{
	if (o == LACKING)
		suite_note_lacking(name);
	if (o != WRONG)
		return 0;
	*failed = name;
	return -EIO;
}

/* Digests first: what follows stands on them. */
int suite_self_test(const char **failed)
{
	const struct suite_digest *d;
	const struct suite_encr *e;
	const struct suite_group *g;
	int r = 0;

	*failed = NULL;
	suite_note_lacking(NULL);
	for (size_t i = 0; r == 0 && (d = suite_digest_at(i)) != NULL; i++)
		r = judge(test_digest(d), d->name, failed);
	for (size_t i = 0; r == 0 && (e = suite_encr_at(i)) != NULL; i++)
		r = judge(test_encr(e), e->name, failed);
	for (size_t i = 0; r == 0 && (g = suite_group_at(i)) != NULL; i++)
		r = judge(test_group(g), g->name, failed);
	return r;
}
