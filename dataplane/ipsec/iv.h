/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * iv.h - unpredictable CBC IVs: keystream of AES-128 in counter mode under a random key of the
 * worker's own, made in blocks. RFC 3602 section 3 wants an IV that nobody can foresee, and a
 * keystream is that; a block cipher under one key never gives the same block twice, so neither does
 * the same IV come again.
 */
#ifndef ESPGW_IPSEC_IV_H
#define ESPGW_IPSEC_IV_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#define IV_LEN	 16u
#define IV_STOCK 448u /* IVs of one refill: CRYPTO_BURST */

struct IMB_MGR;

struct iv_gen {
	_Alignas(64) uint8_t stock[2][IV_STOCK * IV_LEN]; /* the last bit of refills says which */
	_Alignas(16) uint8_t schedule[11 * 16];
	uint64_t refills;
	uint32_t left;
};

/** Key the generator from the kernel's random source. 0 or -errno. */
int iv_init(struct iv_gen *g, struct IMB_MGR *mgr);
/** Make the next IV_STOCK IVs. 0, or -EIO when the library does not do the cipher: those that were
 * left then still are. */
int iv_refill(struct iv_gen *g, struct IMB_MGR *mgr);

/**
 * n <= IV_STOCK IVs, one behind the other, none of which anybody else is given. They stay there for
 * the next IV_STOCK IVs that are taken. NULL when there are none.
 */
static inline const uint8_t *iv_take(struct iv_gen *g, struct IMB_MGR *mgr, unsigned int n)
{
	if (__builtin_expect(g->left < n, 0) && iv_refill(g, mgr) != 0)
		return NULL;
	g->left -= n;
	return &g->stock[g->refills & 1][g->left * IV_LEN];
}

#endif
