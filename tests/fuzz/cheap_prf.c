/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cheap_prf.c - the interface of control/crypto/prf.h over a fast mix of no strength, for fuzz
 * targets: a wrong key or byte still gives another result. prf.c itself has its own tests.
 */
#include "control/crypto/prf.h"

#include <errno.h>
#include <string.h>

static uint64_t stir(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u; /* splitmix64 */
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static uint64_t absorb(uint64_t s, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t v;

	for (; len >= 8; len -= 8, p += 8) {
		memcpy(&v, p, 8);
		s = (s ^ v) * 0x9e3779b97f4a7c15u;
		s ^= s >> 29;
	}
	for (; len > 0; len--)
		s = (s ^ *p++) * 0x100000001b3u;
	return s;
}

static void squeeze(uint64_t s, uint8_t *out, size_t len)
{
	for (size_t at = 0; at < len; at += 8) {
		uint64_t v = stir(s += 0x9e3779b97f4a7c15u);
		size_t n = len - at < 8 ? len - at : 8;

		memcpy(out + at, &v, n);
	}
}

int prf_hmac(enum suite_hash hash, const uint8_t *key, size_t key_len,
	     const struct prf_piece *pieces, size_t n, uint8_t *out)
{
	const struct suite_digest *d = suite_digest_find(hash);
	uint64_t s = stir((uint64_t)hash + 1);

	if (!d)
		return -ENOTSUP;
	s = stir(absorb(s, key, key_len) + key_len);
	for (size_t i = 0; i < n; i++)
		s = absorb(s, pieces[i].data, pieces[i].len);
	squeeze(s, out, d->len);
	return 0;
}

int prf_digest(enum suite_hash hash, const struct prf_piece *pieces, size_t n, uint8_t *out)
{
	return prf_hmac(hash, (const uint8_t *)"", 0, pieces, n, out);
}

int prf_plus(enum suite_hash hash, const uint8_t *key, size_t key_len,
	     const struct prf_piece *pieces, size_t n, uint8_t *out, size_t out_len)
{
	const struct suite_digest *d = suite_digest_find(hash);
	uint64_t s = stir((uint64_t)hash + 2);

	if (!d)
		return -ENOTSUP;
	if (n > 6 || out_len > (size_t)d->len * PRF_PLUS_MAX_BLOCKS)
		return -EINVAL;
	s = stir(absorb(s, key, key_len) + key_len);
	for (size_t i = 0; i < n; i++)
		s = absorb(s, pieces[i].data, pieces[i].len);
	squeeze(s, out, out_len);
	return 0;
}
