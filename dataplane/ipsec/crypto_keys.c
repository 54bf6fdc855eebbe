/* SPDX-License-Identifier: BSD-3-Clause */
/* crypto_keys.c - key schedules of an SA, and their end. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <rte_common.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/crypto_impl.h"

_Static_assert(_Alignof(struct gcm_key_data) <= 64, "keys are on a cache line");

/* The manager thread's. */
static IMB_MGR *expander;

static uint8_t *cipher_keys(struct sa *sa)
{
	return sa->keys + sa->cipher_at;
}

static uint8_t *hash_states(struct sa *sa)
{
	return sa->keys + (size_t)sa->hash_at * SA_KEY_UNIT;
}

/* CBC decrypts with the inverse schedule; CTR only ever encrypts (RFC 3686 section 2.1). */
static void expand_aes(struct sa *sa, const uint8_t *key)
{
	const struct crypto_cipher_info *info = &crypto_ciphers[sa->cipher];
	bool inverse = sa->direction == ABI_DIR_IN && info->encr == ABI_ENCR_AES_CBC;
	_Alignas(16) uint8_t enc[15 * 16], dec[15 * 16];

	switch (info->key_len) {
	case 16:
		IMB_AES_KEYEXP_128(expander, key, enc, dec);
		break;
	case 24:
		IMB_AES_KEYEXP_192(expander, key, enc, dec);
		break;
	default:
		IMB_AES_KEYEXP_256(expander, key, enc, dec);
		break;
	}
	memcpy(cipher_keys(sa), inverse ? dec : enc, info->schedule);
	explicit_bzero(enc, sizeof(enc));
	explicit_bzero(dec, sizeof(dec));
}

static void expand_des(struct sa *sa, const uint8_t *key)
{
	for (unsigned int i = 0; i < 3; i++)
		IMB_DES_KEYSCHED(expander,
				 (uint64_t *)(void *)(cipher_keys(sa) + i * IMB_DES_KEY_SCHED_SIZE),
				 key + 8 * i);
}

/* Rounds of AES, and powers of the hash key. */
static void expand_gcm(struct sa *sa, const uint8_t *key)
{
	struct gcm_key_data *to = (struct gcm_key_data *)(void *)cipher_keys(sa);

	switch (sa->cipher) {
	case CRYPTO_AES128_GCM:
		IMB_AES128_GCM_PRE(expander, key, to);
		break;
	case CRYPTO_AES192_GCM:
		IMB_AES192_GCM_PRE(expander, key, to);
		break;
	default:
		IMB_AES256_GCM_PRE(expander, key, to);
		break;
	}
}

static void expand_cipher(struct sa *sa, const uint8_t *key)
{
	switch (crypto_ciphers[sa->cipher].encr) {
	case ABI_ENCR_AES_CBC:
	case ABI_ENCR_AES_CTR:
		expand_aes(sa, key);
		break;
	case ABI_ENCR_3DES:
		expand_des(sa, key);
		break;
	case ABI_ENCR_AES_GCM_16:
		expand_gcm(sa, key);
		break;
	case ABI_ENCR_CHACHA20_POLY1305:
		memcpy(cipher_keys(sa), key, 32);
		break;
	default:
		break;
	}
}

/* State of the hash after the block (key xor byte): RFC 2104 section 4. Keys here are never longer
 * than a block, so none needs to be hashed first. */
static void hash_key_block(uint8_t *out, const struct crypto_hash_info *h, const uint8_t *key,
			   uint8_t byte)
{
	_Alignas(64) uint8_t pad[128], state[64];

	memset(pad, byte, sizeof(pad));
	for (unsigned int i = 0; i < h->key_len; i++)
		pad[i] ^= key[i];
	switch (h->alg) {
	case IMB_AUTH_MD5:
		IMB_MD5_ONE_BLOCK(expander, pad, state);
		break;
	case IMB_AUTH_HMAC_SHA_1:
		IMB_SHA1_ONE_BLOCK(expander, pad, state);
		break;
	case IMB_AUTH_HMAC_SHA_256:
		IMB_SHA256_ONE_BLOCK(expander, pad, state);
		break;
	case IMB_AUTH_HMAC_SHA_384:
		IMB_SHA384_ONE_BLOCK(expander, pad, state);
		break;
	default:
		IMB_SHA512_ONE_BLOCK(expander, pad, state);
		break;
	}
	memcpy(out, state, h->state);
	explicit_bzero(pad, sizeof(pad));
	explicit_bzero(state, sizeof(state));
}

/* The same but for parity, the lowest bit of each byte. */
static bool same_des_key(const uint8_t *a, const uint8_t *b)
{
	uint8_t diff = 0;

	for (unsigned int i = 0; i < 8; i++)
		diff |= (a[i] ^ b[i]) & 0xfe;
	return diff == 0;
}

bool crypto_key_ok(const struct sa *sa, const uint8_t *encr_key)
{
	return sa->cipher != CRYPTO_3DES_CBC ||
	       !(same_des_key(encr_key, encr_key + 8) || same_des_key(encr_key + 8, encr_key + 16));
}

size_t crypto_sa_bytes(const struct sa *suite)
{
	/* The schedule comes last. */
	size_t end = suite->cipher_at + (size_t)crypto_ciphers[suite->cipher].schedule;

	return RTE_MAX(offsetof(struct sa, keys) + end, sizeof(*suite));
}

int crypto_set_keys(struct sa *sa, const uint8_t *encr_key, const uint8_t *integ_key,
		    const uint8_t *salt)
{
	if (expander == NULL)
		expander = crypto_manager();
	if (expander == NULL)
		return -ENODEV;
	expand_cipher(sa, encr_key);
	if (crypto_ciphers[sa->cipher].salt_len != 0)
		memcpy(sa->salt, salt, sizeof(sa->salt));
	if (sa->hash == CRYPTO_NO_HASH)
		return 0;
	hash_key_block(hash_states(sa), &crypto_hashes[sa->hash], integ_key, 0x36);
	hash_key_block(hash_states(sa) + sa->state_len, &crypto_hashes[sa->hash], integ_key, 0x5c);
	return 0;
}

void crypto_wipe_keys(struct sa *sa)
{
	explicit_bzero(sa->salt, sizeof(sa->salt));
	explicit_bzero(cipher_keys(sa), crypto_ciphers[sa->cipher].schedule);
	explicit_bzero(hash_states(sa), 2 * (size_t)sa->state_len);
}
