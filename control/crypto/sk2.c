/* SPDX-License-Identifier: BSD-3-Clause */
/* sk2.c - protection of IKEv2 messages through OpenSSL 3; see sk2.h. */
#include "control/crypto/sk2.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "control/crypto/sk.h"

#define COUNTER_IV 8u /* of CTR and AEADs: RFC 5930 section 3.1, RFC 5282 section 3.1 */

/* Where things are in a message, checked. */
struct span {
	const struct suite_encr *encr;
	const struct suite_integ *integ; /* NULL: AEAD */
	struct sk_ike2_sizes s;
	uint8_t *iv, *text, *icv;
	size_t aad_len, text_len;
};

int sk_ike2_sizes(const struct keymat_ike2 *k, struct sk_ike2_sizes *s)
{
	const struct suite_encr *e = suite_encr_find(k->encr, k->key_bits);
	const struct suite_integ *a = suite_integ_find(k->integ);

	if (!e || !e->cipher || (e->icv_len != 0) != (a == NULL))
		return -ENOTSUP;
	s->random_iv = e->block != 0;
	s->iv = e->block ? e->block : COUNTER_IV;
	s->icv = e->icv_len ? e->icv_len : a->icv_len;
	s->block = e->block ? e->block : 1;
	return 0;
}

static int find_span(struct span *p, const struct keymat_ike2 *k, uint8_t *msg, size_t iv_at,
		     size_t len)
{
	int r = sk_ike2_sizes(k, &p->s);

	if (r != 0)
		return r;
	if (len > INT_MAX || iv_at > len || len - iv_at < (size_t)p->s.iv + p->s.icv + 1)
		return -EINVAL;
	p->encr = suite_encr_find(k->encr, k->key_bits);
	p->integ = suite_integ_find(k->integ);
	p->iv = msg + iv_at;
	p->text = p->iv + p->s.iv;
	p->text_len = len - iv_at - p->s.iv - p->s.icv;
	p->icv = p->text + p->text_len;
	p->aad_len = iv_at;
	return p->text_len % p->s.block != 0 ? -EINVAL : 0;
}

/* What the cipher takes as IV: CBC the IV; CTR salt, IV and a block counter from 1 (RFC 5930
 * section 3.1); AEADs salt and IV. */
static void full_iv(const struct span *p, const uint8_t *key, uint8_t iv[SUITE_MAX_BLOCK])
{
	memset(iv, 0, SUITE_MAX_BLOCK);
	if (p->s.random_iv) {
		memcpy(iv, p->iv, p->s.iv);
		return;
	}
	memcpy(iv, key + p->encr->key_len, p->encr->salt_len);
	memcpy(iv + p->encr->salt_len, p->iv, p->s.iv);
	iv[SUITE_MAX_BLOCK - 1] = 1;
}

/* The checksum of an AEAD: given by encryption, wanted by decryption. */
static bool run_aead(EVP_CIPHER_CTX *ctx, const struct span *p, const uint8_t *msg, bool encrypt)
{
	uint8_t rest[SUITE_MAX_BLOCK];
	int n = 0;

	if (!encrypt && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, p->s.icv, p->icv) != 1)
		return false;
	if (EVP_CipherUpdate(ctx, NULL, &n, msg, (int)p->aad_len) != 1 ||
	    EVP_CipherUpdate(ctx, p->text, &n, p->text, (int)p->text_len) != 1 ||
	    (size_t)n != p->text_len || EVP_CipherFinal_ex(ctx, rest, &n) != 1 || n != 0)
		return false;
	return !encrypt || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, p->s.icv, p->icv) == 1;
}

static bool run_plain(EVP_CIPHER_CTX *ctx, const struct span *p)
{
	int n = 0;

	return EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
	       EVP_CipherUpdate(ctx, p->text, &n, p->text, (int)p->text_len) == 1 &&
	       (size_t)n == p->text_len;
}

/* -EBADMSG: an AEAD's checksum is wrong, or the library failed in the middle of decrypting. */
static int run_cipher(const struct keymat_ike2 *k, enum keymat_side from, const struct span *p,
		      const uint8_t *msg, bool encrypt)
{
	const uint8_t *key = k->sk_e[from];
	uint8_t iv[SUITE_MAX_BLOCK];
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, p->encr->cipher, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int r = -EIO;

	full_iv(p, key, iv);
	if (cipher && ctx && EVP_CipherInit_ex2(ctx, cipher, key, iv, encrypt, NULL) == 1) {
		bool done = p->integ ? run_plain(ctx, p) : run_aead(ctx, p, msg, encrypt);

		r = done ? 0 : encrypt || p->integ ? -EIO : -EBADMSG;
	}
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	OPENSSL_cleanse(iv, sizeof(iv));
	return r;
}

/* HMAC over everything before the checksum, cut to its length. */
static int checksum(const struct keymat_ike2 *k, enum keymat_side from, const struct span *p,
		    const uint8_t *msg, uint8_t out[SUITE_MAX_HASH])
{
	const struct prf_piece piece = {msg, (size_t)(p->icv - msg)};

	return prf_hmac(p->integ->hash, k->sk_a[from], k->integ_len, &piece, 1, out);
}

int sk_ike2_seal(const struct keymat_ike2 *k, enum keymat_side from, uint8_t *msg, size_t iv_at,
		 size_t len)
{
	uint8_t sum[SUITE_MAX_HASH];
	struct span p;
	int r = find_span(&p, k, msg, iv_at, len);

	if (r == 0)
		r = run_cipher(k, from, &p, msg, true);
	if (r != 0 || !p.integ)
		return r;
	r = checksum(k, from, &p, msg, sum);
	if (r == 0)
		memcpy(p.icv, sum, p.s.icv);
	return r;
}

int sk_ike2_open(const struct keymat_ike2 *k, enum keymat_side from, uint8_t *msg, size_t iv_at,
		 size_t len, size_t *plain_len)
{
	uint8_t sum[SUITE_MAX_HASH];
	struct span p;
	size_t pad;
	int r = find_span(&p, k, msg, iv_at, len);

	*plain_len = 0;
	if (r != 0)
		return r == -EINVAL ? -EBADMSG : r;
	if (p.integ) {
		r = checksum(k, from, &p, msg, sum);
		if (r != 0)
			return r;
		if (!sk_equal(p.icv, p.s.icv, sum, p.s.icv))
			return -EBADMSG;
	}
	r = run_cipher(k, from, &p, msg, false);
	if (r != 0)
		return r;
	pad = p.text[p.text_len - 1];
	if (pad + 1 > p.text_len)
		return -EBADMSG;
	*plain_len = p.text_len - pad - 1;
	return 0;
}
