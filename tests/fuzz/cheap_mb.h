/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cheap_mb.h - intel-ipsec-mb's interface, as far as the data plane uses it, over a fast mix of no
 * strength, for fuzz targets: another key, IV, length or byte still gives another result. Linked
 * with --wrap=init_mb_mgr_auto and --wrap=init_mb_mgr_avx2, it takes the place of all that a
 * manager's pointers lead to. Jobs wait in lanes as the library's do.
 *
 * What follows is for the other end of the SA.
 */
#ifndef ESPGW_FUZZ_CHEAP_MB_H
#define ESPGW_FUZZ_CHEAP_MB_H

#include <stddef.h>
#include <stdint.h>

#define NO_COMPAT_IMB_API_053
#include <intel-ipsec-mb.h>

#include "tests/fuzz/cheap_mix.h"

/** Encrypt, or decrypt, with that key (cheap_absorb() of its bytes into 0). */
void cheap_stream(uint64_t key, const uint8_t *iv, size_t iv_len, uint8_t *dst, const uint8_t *src,
		  size_t len);

/** State of a hash after its first block; HMAC's result from two of these. */
uint64_t cheap_first_block(IMB_HASH_ALG alg, const uint8_t *block);
void cheap_hmac(IMB_HASH_ALG alg, uint64_t inner, uint64_t outer, const uint8_t *data, size_t len,
		uint8_t *tag, size_t tag_len);

/** The tag of an AEAD, 16 bytes, over the ciphertext. */
void cheap_tag(uint64_t key, const uint8_t nonce[12], const uint8_t *aad, size_t aad_len,
	       const uint8_t *text, size_t len, uint8_t *tag);

void __wrap_init_mb_mgr_auto(IMB_MGR *mgr, IMB_ARCH *arch);
void __real_init_mb_mgr_auto(IMB_MGR *mgr, IMB_ARCH *arch);
void __wrap_init_mb_mgr_avx2(IMB_MGR *mgr);
void __real_init_mb_mgr_avx2(IMB_MGR *mgr);

#endif
