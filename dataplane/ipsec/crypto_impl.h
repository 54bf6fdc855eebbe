/* SPDX-License-Identifier: BSD-3-Clause */
/* crypto_impl.h - what the files of the crypto engine share; nobody else includes it. */
#ifndef ESPGW_IPSEC_CRYPTO_IMPL_H
#define ESPGW_IPSEC_CRYPTO_IMPL_H

/* The library's old short names (CBC, MD5, ENCRYPT...) are not wanted. */
#define NO_COMPAT_IMB_API_053
#include <intel-ipsec-mb.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/iv.h"

/* Jobs of the burst interface carry a session since 1.4. */
#define CRYPTO_JOB_SESSIONS (IMB_VERSION_NUM >= IMB_VERSION(1, 4, 0))

struct crypto {
	IMB_MGR *mgr;
	struct iv_gen iv;
	_Alignas(64) uint8_t tag[CRYPTO_BURST][SA_MAX_ICV];
	_Alignas(64) IMB_JOB job[CRYPTO_BURST];
};

struct crypto_cipher_info {
	const char *name;
	uint8_t encr;	 /* IANA number */
	uint8_t key_len; /* bytes */
	uint8_t iv_len;
	uint8_t block;
};

struct crypto_hash_info {
	const char *name;
	uint8_t integ; /* IANA number */
	uint8_t key_len;
	uint8_t icv_len;
	uint8_t block;
	IMB_HASH_ALG alg;
};

extern const struct crypto_cipher_info crypto_ciphers[CRYPTO_CIPHERS];
extern const struct crypto_hash_info crypto_hashes[CRYPTO_HASHES];

#endif
