/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * keymat.c - IKEv1 key derivation, RFC 2409 section 5 and appendix B.
 */
#include "control/crypto/keymat.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

static void put_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* Appendix B: the cipher key is the head of SKEYID_e, or of K1 | K2 | .. when that is too short:
 * K1 = prf(SKEYID_e, 0), Kn = prf(SKEYID_e, Kn-1). */
static int derive_encr_key(struct keymat_ike1 *k)
{
	static const uint8_t zero;
	uint8_t block[SUITE_MAX_HASH];
	struct prf_piece in = {&zero, 1};
	size_t done = 0;
	int r = 0;

	if (k->len >= k->encr_key_len) {
		memcpy(k->encr_key, k->skeyid_e, k->encr_key_len);
		return 0;
	}
	while (done < k->encr_key_len) {
		size_t left = k->encr_key_len - done;
		size_t part = left < k->len ? left : k->len;

		r = prf_hmac(k->hash, k->skeyid_e, k->len, &in, 1, block);
		if (r)
			break;
		memcpy(k->encr_key + done, block, part);
		done += part;
		in = (struct prf_piece){block, k->len};
	}
	OPENSSL_cleanse(block, sizeof(block));
	return r;
}

int keymat_ike1_psk(struct keymat_ike1 *k, const struct keymat_ike1_input *in)
{
	const struct suite_digest *d = suite_digest_find(in->hash);
	const struct suite_encr *e = suite_encr_find(in->encr, in->key_bits);
	struct prf_piece nonces[] = {in->ni_b, in->nr_b};
	struct prf_piece s[] = {{NULL, 0},
				in->gxy,
				{in->cky_i, KEYMAT_COOKIE},
				{in->cky_r, KEYMAT_COOKIE},
				{NULL, 1}};
	static const uint8_t number[3] = {0, 1, 2};
	uint8_t *out[3] = {k->skeyid_d, k->skeyid_a, k->skeyid_e};
	int r;

	memset(k, 0, sizeof(*k));
	if (!d || !e || e->ike1 == 0)
		return -ENOTSUP;
	k->hash = in->hash;
	k->encr = in->encr;
	k->key_bits = in->key_bits;
	k->len = d->len;
	k->encr_key_len = e->key_len;
	r = prf_hmac(in->hash, in->psk.data, in->psk.len, nonces, 2, k->skeyid);
	for (size_t i = 0; i < 3 && r == 0; i++) {
		s[0] = i == 0 ? (struct prf_piece){NULL, 0}
			      : (struct prf_piece){out[i - 1], d->len};
		s[4].data = &number[i];
		r = prf_hmac(in->hash, k->skeyid, d->len, s, 5, out[i]);
	}
	if (r == 0)
		r = derive_encr_key(k);
	if (r)
		keymat_ike1_wipe(k);
	return r;
}

void keymat_ike1_wipe(struct keymat_ike1 *k)
{
	OPENSSL_cleanse(k, sizeof(*k));
}

static int digest_iv(enum suite_hash hash, const struct prf_piece *pieces, size_t n, uint8_t *iv,
		     size_t iv_len)
{
	const struct suite_digest *d = suite_digest_find(hash);
	uint8_t out[SUITE_MAX_HASH];
	int r;

	if (!d)
		return -ENOTSUP;
	if (iv_len == 0 || iv_len > SUITE_MAX_BLOCK || iv_len > d->len)
		return -EINVAL;
	r = prf_digest(hash, pieces, n, out);
	memcpy(iv, out, iv_len);
	return r;
}

int keymat_ike1_phase1_iv(enum suite_hash hash, const struct prf_piece *gxi,
			  const struct prf_piece *gxr, uint8_t *iv, size_t iv_len)
{
	const struct prf_piece in[] = {*gxi, *gxr};

	return digest_iv(hash, in, 2, iv, iv_len);
}

int keymat_ike1_phase2_iv(enum suite_hash hash, const uint8_t *last, uint32_t msgid, uint8_t *iv,
			  size_t iv_len)
{
	uint8_t id[4];
	const struct prf_piece in[] = {{last, iv_len}, {id, sizeof(id)}};

	put_be32(id, msgid);
	return digest_iv(hash, in, 2, iv, iv_len);
}

int keymat_ike1_hash_i(const struct keymat_ike1 *k, const struct keymat_ike1_auth *a, uint8_t *out)
{
	const struct prf_piece in[] = {
		a->gxi,	  a->gxr, {a->cky_i, KEYMAT_COOKIE}, {a->cky_r, KEYMAT_COOKIE},
		a->sai_b, a->id_b};

	return prf_hmac(k->hash, k->skeyid, k->len, in, 6, out);
}

int keymat_ike1_hash_r(const struct keymat_ike1 *k, const struct keymat_ike1_auth *a, uint8_t *out)
{
	const struct prf_piece in[] = {
		a->gxr,	  a->gxi, {a->cky_r, KEYMAT_COOKIE}, {a->cky_i, KEYMAT_COOKIE},
		a->sai_b, a->id_b};

	return prf_hmac(k->hash, k->skeyid, k->len, in, 6, out);
}

int keymat_ike1_hash1(const struct keymat_ike1 *k, uint32_t msgid, const struct prf_piece *rest,
		      uint8_t *out)
{
	uint8_t id[4];
	const struct prf_piece in[] = {{id, sizeof(id)}, *rest};

	put_be32(id, msgid);
	return prf_hmac(k->hash, k->skeyid_a, k->len, in, 2, out);
}

int keymat_ike1_hash2(const struct keymat_ike1 *k, uint32_t msgid, const struct prf_piece *ni_b,
		      const struct prf_piece *rest, uint8_t *out)
{
	uint8_t id[4];
	const struct prf_piece in[] = {{id, sizeof(id)}, *ni_b, *rest};

	put_be32(id, msgid);
	return prf_hmac(k->hash, k->skeyid_a, k->len, in, 3, out);
}

int keymat_ike1_hash3(const struct keymat_ike1 *k, uint32_t msgid, const struct prf_piece *ni_b,
		      const struct prf_piece *nr_b, uint8_t *out)
{
	uint8_t id[5] = {0};
	const struct prf_piece in[] = {{id, sizeof(id)}, *ni_b, *nr_b};

	put_be32(id + 1, msgid);
	return prf_hmac(k->hash, k->skeyid_a, k->len, in, 3, out);
}

int keymat_ike1_quick(const struct keymat_ike1 *k, const struct keymat_ike1_quick *q, uint8_t *out,
		      size_t out_len)
{
	uint8_t block[SUITE_MAX_HASH], head[5];
	struct prf_piece in[] = {{block, 0},
				 q->gxy ? *q->gxy : (struct prf_piece){NULL, 0},
				 {head, sizeof(head)},
				 q->ni_b,
				 q->nr_b};
	size_t done = 0;
	int r = 0;

	if (out_len == 0 || out_len > KEYMAT_MAX_OUT || k->len == 0)
		return -EINVAL;
	head[0] = q->protocol;
	put_be32(head + 1, q->spi);
	while (done < out_len) {
		size_t part = out_len - done < k->len ? out_len - done : k->len;

		r = prf_hmac(k->hash, k->skeyid_d, k->len, in, 5, block);
		if (r)
			break;
		memcpy(out + done, block, part);
		done += part;
		in[0].len = k->len;
	}
	if (r)
		OPENSSL_cleanse(out, out_len);
	OPENSSL_cleanse(block, sizeof(block));
	return r;
}
