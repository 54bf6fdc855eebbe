/* SPDX-License-Identifier: BSD-3-Clause */
/* crypto.c - suites, key schedules, and the engine of a worker. */
#include "dataplane/ipsec/crypto.h"

#include <errno.h>
#include <string.h>

#include <rte_malloc.h>

#include "dataplane/ipsec/crypto_impl.h"
#include "dataplane/worker.h"

_Static_assert(CRYPTO_BURST == WORKER_BURST, "a pass takes a worker's burst");
_Static_assert(CRYPTO_BURST <= IMB_MAX_BURST_SIZE, "a pass is one burst of the library");

const struct crypto_cipher_info crypto_ciphers[CRYPTO_CIPHERS] = {
	[CRYPTO_NULL] = {"NULL", ABI_ENCR_NULL, 0, 0, 4},
	[CRYPTO_AES128_CBC] = {"AES-128-CBC", ABI_ENCR_AES_CBC, 16, 16, 16},
	[CRYPTO_AES192_CBC] = {"AES-192-CBC", ABI_ENCR_AES_CBC, 24, 16, 16},
	[CRYPTO_AES256_CBC] = {"AES-256-CBC", ABI_ENCR_AES_CBC, 32, 16, 16},
};

const struct crypto_hash_info crypto_hashes[CRYPTO_HASHES] = {
	[CRYPTO_MD5_96] = {"HMAC-MD5-96", ABI_INTEG_HMAC_MD5_96, 16, 12, 64, IMB_AUTH_MD5},
	[CRYPTO_SHA1_96] = {"HMAC-SHA1-96", ABI_INTEG_HMAC_SHA1_96, 20, 12, 64,
			    IMB_AUTH_HMAC_SHA_1},
	[CRYPTO_SHA256_128] = {"HMAC-SHA2-256-128", ABI_INTEG_HMAC_SHA2_256_128, 32, 16, 64,
			       IMB_AUTH_HMAC_SHA_256},
	[CRYPTO_SHA384_192] = {"HMAC-SHA2-384-192", ABI_INTEG_HMAC_SHA2_384_192, 48, 24, 128,
			       IMB_AUTH_HMAC_SHA_384},
	[CRYPTO_SHA512_256] = {"HMAC-SHA2-512-256", ABI_INTEG_HMAC_SHA2_512_256, 64, 32, 128,
			       IMB_AUTH_HMAC_SHA_512},
};

/* Only for key schedules: the manager thread's. */
static IMB_MGR *expander;

static IMB_MGR *manager_create(void)
{
	IMB_MGR *mgr = alloc_mb_mgr(0);
	IMB_ARCH arch = IMB_ARCH_NONE;

	if (mgr == NULL)
		return NULL;
	init_mb_mgr_auto(mgr, &arch);
	if (arch == IMB_ARCH_NONE || imb_get_errno(mgr) != 0) {
		free_mb_mgr(mgr);
		return NULL;
	}
	return mgr;
}

struct crypto *crypto_create(int socket)
{
	struct crypto *c = rte_zmalloc_socket("crypto", sizeof(*c), 64, socket);

	if (c == NULL)
		return NULL;
	c->mgr = manager_create();
	if (c->mgr == NULL || iv_init(&c->iv, c->mgr) != 0) {
		crypto_free(c);
		return NULL;
	}
	return c;
}

void crypto_free(struct crypto *c)
{
	if (c == NULL)
		return;
	if (c->mgr != NULL)
		free_mb_mgr(c->mgr);
	explicit_bzero(c, sizeof(*c));
	rte_free(c);
}

int crypto_iv(struct crypto *c, uint8_t iv[16])
{
	return iv_take(&c->iv, c->mgr, iv);
}

int crypto_suite(struct sa *sa, uint8_t encr, uint8_t integ, uint8_t encr_key_len,
		 uint8_t integ_key_len, uint8_t salt_len)
{
	unsigned int cipher, hash;
	bool known = false;

	for (cipher = 0; cipher < CRYPTO_CIPHERS; cipher++) {
		known = known || crypto_ciphers[cipher].encr == encr;
		if (crypto_ciphers[cipher].encr == encr &&
		    crypto_ciphers[cipher].key_len == encr_key_len)
			break;
	}
	for (hash = 0; hash < CRYPTO_HASHES; hash++)
		if (crypto_hashes[hash].integ == integ)
			break;
	if (!known || hash == CRYPTO_HASHES)
		return -ENOTSUP;
	if (cipher == CRYPTO_CIPHERS || crypto_hashes[hash].key_len != integ_key_len ||
	    salt_len != 0)
		return -EINVAL;
	sa->cipher = (uint8_t)cipher;
	sa->hash = (uint8_t)hash;
	sa->iv_len = crypto_ciphers[cipher].iv_len;
	sa->block = crypto_ciphers[cipher].block;
	sa->icv_len = crypto_hashes[hash].icv_len;
	return 0;
}

static void expand_cipher(struct sa *sa, const uint8_t *key)
{
	_Alignas(16) uint8_t enc[15 * 16], dec[15 * 16];

	switch (sa->cipher) {
	case CRYPTO_AES128_CBC:
		IMB_AES_KEYEXP_128(expander, key, enc, dec);
		break;
	case CRYPTO_AES192_CBC:
		IMB_AES_KEYEXP_192(expander, key, enc, dec);
		break;
	case CRYPTO_AES256_CBC:
		IMB_AES_KEYEXP_256(expander, key, enc, dec);
		break;
	default:
		return;
	}
	memcpy(sa->keys.cipher, sa->direction == ABI_DIR_IN ? dec : enc, sizeof(sa->keys.cipher));
	explicit_bzero(enc, sizeof(enc));
	explicit_bzero(dec, sizeof(dec));
}

/* State of the hash after the block (key xor byte): RFC 2104 section 4. Keys here are never longer
 * than a block, so none needs to be hashed first. */
static void hash_key_block(uint8_t *out, const struct crypto_hash_info *h, const uint8_t *key,
			   uint8_t byte)
{
	_Alignas(64) uint8_t pad[128];

	memset(pad, byte, sizeof(pad));
	for (unsigned int i = 0; i < h->key_len; i++)
		pad[i] ^= key[i];
	switch (h->alg) {
	case IMB_AUTH_MD5:
		IMB_MD5_ONE_BLOCK(expander, pad, out);
		break;
	case IMB_AUTH_HMAC_SHA_1:
		IMB_SHA1_ONE_BLOCK(expander, pad, out);
		break;
	case IMB_AUTH_HMAC_SHA_256:
		IMB_SHA256_ONE_BLOCK(expander, pad, out);
		break;
	case IMB_AUTH_HMAC_SHA_384:
		IMB_SHA384_ONE_BLOCK(expander, pad, out);
		break;
	default:
		IMB_SHA512_ONE_BLOCK(expander, pad, out);
		break;
	}
	explicit_bzero(pad, sizeof(pad));
}

int crypto_set_keys(struct sa *sa, const uint8_t *encr_key, const uint8_t *integ_key)
{
	if (expander == NULL)
		expander = manager_create();
	if (expander == NULL)
		return -ENODEV;
	expand_cipher(sa, encr_key);
	hash_key_block(sa->keys.ipad, &crypto_hashes[sa->hash], integ_key, 0x36);
	hash_key_block(sa->keys.opad, &crypto_hashes[sa->hash], integ_key, 0x5c);
	return 0;
}

void crypto_wipe_keys(struct sa *sa)
{
	explicit_bzero(&sa->keys, sizeof(sa->keys));
}
