/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cheap_prf.c - the interface of control/crypto/prf.h over a fast mix of no strength, for fuzz
 * targets: a wrong key or byte still gives another result. prf.c itself has its own tests.
 */
#include "control/crypto/prf.h"

#include <errno.h>

#include "tests/fuzz/cheap_mix.h"

int prf_hmac(enum suite_hash hash, const uint8_t *key, size_t key_len,
	     const struct prf_piece *pieces, size_t n, uint8_t *out)
{
	const struct suite_digest *d = suite_digest_find(hash);
	uint64_t s = cheap_stir((uint64_t)hash + 1);

	if (!d)
		return -ENOTSUP;
	s = cheap_stir(cheap_absorb(s, key, key_len) + key_len);
	for (size_t i = 0; i < n; i++)
		s = cheap_absorb(s, pieces[i].data, pieces[i].len);
	cheap_squeeze(s, out, d->len);
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
	uint64_t s = cheap_stir((uint64_t)hash + 2);

	if (!d)
		return -ENOTSUP;
	if (n > 6 || out_len > (size_t)d->len * PRF_PLUS_MAX_BLOCKS)
		return -EINVAL;
	s = cheap_stir(cheap_absorb(s, key, key_len) + key_len);
	for (size_t i = 0; i < n; i++)
		s = cheap_absorb(s, pieces[i].data, pieces[i].len);
	cheap_squeeze(s, out, out_len);
	return 0;
}
