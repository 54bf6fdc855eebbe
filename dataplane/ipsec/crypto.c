/* SPDX-License-Identifier: BSD-3-Clause */
/* crypto.c - the suites, and the engine of a worker. */
#include "dataplane/ipsec/crypto.h"

#include <errno.h>
#include <string.h>

#include <rte_malloc.h>

#include "dataplane/ipsec/crypto_impl.h"
#include "dataplane/worker.h"

_Static_assert(CRYPTO_BURST == WORKER_BURST, "a pass takes a worker's burst");

#define AES_SCHEDULE(rounds) (((rounds) + 1) * 16)
#define GCM_SCHEDULE	     sizeof(struct gcm_key_data)

const struct crypto_cipher_info crypto_ciphers[CRYPTO_CIPHERS] = {
	[CRYPTO_NULL] = {"NULL", ABI_ENCR_NULL, 0, 0, 4, 0, 0},
	[CRYPTO_AES128_CBC] = {"AES-128-CBC", ABI_ENCR_AES_CBC, 16, 16, 16, 0, AES_SCHEDULE(10)},
	[CRYPTO_AES192_CBC] = {"AES-192-CBC", ABI_ENCR_AES_CBC, 24, 16, 16, 0, AES_SCHEDULE(12)},
	[CRYPTO_AES256_CBC] = {"AES-256-CBC", ABI_ENCR_AES_CBC, 32, 16, 16, 0, AES_SCHEDULE(14)},
	[CRYPTO_AES128_CTR] = {"AES-128-CTR", ABI_ENCR_AES_CTR, 16, 8, 4, 4, AES_SCHEDULE(10)},
	[CRYPTO_AES192_CTR] = {"AES-192-CTR", ABI_ENCR_AES_CTR, 24, 8, 4, 4, AES_SCHEDULE(12)},
	[CRYPTO_AES256_CTR] = {"AES-256-CTR", ABI_ENCR_AES_CTR, 32, 8, 4, 4, AES_SCHEDULE(14)},
	[CRYPTO_3DES_CBC] = {"3DES-CBC", ABI_ENCR_3DES, 24, 8, 8, 0, 3 * IMB_DES_KEY_SCHED_SIZE},
	[CRYPTO_AES128_GCM] = {"AES-128-GCM", ABI_ENCR_AES_GCM_16, 16, 8, 4, 4, GCM_SCHEDULE},
	[CRYPTO_AES192_GCM] = {"AES-192-GCM", ABI_ENCR_AES_GCM_16, 24, 8, 4, 4, GCM_SCHEDULE},
	[CRYPTO_AES256_GCM] = {"AES-256-GCM", ABI_ENCR_AES_GCM_16, 32, 8, 4, 4, GCM_SCHEDULE},
	[CRYPTO_CHACHA20_POLY1305] = {"ChaCha20-Poly1305", ABI_ENCR_CHACHA20_POLY1305, 32, 8, 4, 4,
				      32},
};

const struct crypto_hash_info crypto_hashes[CRYPTO_HASHES] = {
	[CRYPTO_MD5_96] = {"HMAC-MD5-96", ABI_INTEG_HMAC_MD5_96, 16, 12, 64, 16, IMB_AUTH_MD5},
	[CRYPTO_SHA1_96] = {"HMAC-SHA1-96", ABI_INTEG_HMAC_SHA1_96, 20, 12, 64, 20,
			    IMB_AUTH_HMAC_SHA_1},
	[CRYPTO_SHA256_128] = {"HMAC-SHA2-256-128", ABI_INTEG_HMAC_SHA2_256_128, 32, 16, 64, 32,
			       IMB_AUTH_HMAC_SHA_256},
	[CRYPTO_SHA384_192] = {"HMAC-SHA2-384-192", ABI_INTEG_HMAC_SHA2_384_192, 48, 24, 128, 64,
			       IMB_AUTH_HMAC_SHA_384},
	[CRYPTO_SHA512_256] = {"HMAC-SHA2-512-256", ABI_INTEG_HMAC_SHA2_512_256, 64, 32, 128, 64,
			       IMB_AUTH_HMAC_SHA_512},
	[CRYPTO_SHA256_96] = {"HMAC-SHA2-256-96", ABI_INTEG_HMAC_SHA2_256_96, 32, 12, 64, 32,
			      IMB_AUTH_HMAC_SHA_256},
	[CRYPTO_NO_HASH] = {"none", ABI_INTEG_NONE, 0, CRYPTO_AEAD_ICV, 0, 0, IMB_AUTH_NULL},
};

IMB_MGR *crypto_manager(void)
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

/* For jobs by bursts, from its first slot on: initialising leaves it somewhere behind, and a burst
 * that is all done sets it back. */
static bool queue_start(IMB_MGR *mgr)
{
	IMB_JOB *job;

	if (IMB_GET_NEXT_BURST(mgr, 1, &job) != 1)
		return false;
	job->cipher_mode = IMB_CIPHER_NULL;
	job->cipher_direction = IMB_DIR_ENCRYPT;
	job->chain_order = IMB_ORDER_CIPHER_HASH;
	job->hash_alg = IMB_AUTH_NULL;
#if CRYPTO_JOB_SESSIONS
	imb_set_session(mgr, job);
#endif
	return IMB_SUBMIT_BURST_NOCHECK(mgr, 1, &job) == 1 &&
	       IMB_GET_NEXT_BURST(mgr, 1, &job) == 1 && job == mgr->jobs;
}

static IMB_MGR *queue_create(void)
{
	IMB_MGR *mgr = crypto_manager();

	if (mgr == NULL || queue_start(mgr))
		return mgr;
	free_mb_mgr(mgr);
	return NULL;
}

void crypto_queue_reset(struct crypto *c)
{
	IMB_ARCH arch;

	init_mb_mgr_auto(c->queue, &arch);
	queue_start(c->queue); /* if not, its next burst fails, too, and comes here */
	c->queued = (struct crypto_set){.job = c->queue->jobs};
}

/* 256-bit vectors, and SHA-NI where the CPU has it, beside those of 512 bits. */
static IMB_MGR *narrow_create(const IMB_MGR *wide)
{
	IMB_MGR *mgr;

	if (wide->used_arch <= IMB_ARCH_AVX2)
		return NULL;
	mgr = alloc_mb_mgr(0);
	if (mgr == NULL)
		return NULL;
	init_mb_mgr_avx2(mgr);
	if (imb_get_errno(mgr) == 0)
		return mgr;
	free_mb_mgr(mgr);
	return NULL;
}

struct crypto *crypto_create(int socket)
{
	struct crypto *c = rte_zmalloc_socket("crypto", sizeof(*c), 64, socket);

	if (c == NULL)
		return NULL;
	c->mgr = crypto_manager();
	c->queue = queue_create();
	if (c->mgr == NULL || c->queue == NULL || iv_init(&c->iv, c->mgr) != 0) {
		crypto_free(c);
		return NULL;
	}
	c->own.job = c->job;
	c->queued.job = c->queue->jobs;
	c->narrow = narrow_create(c->mgr);
	crypto_tune(c);
	return c;
}

void crypto_free(struct crypto *c)
{
	if (c == NULL)
		return;
	if (c->mgr != NULL)
		free_mb_mgr(c->mgr);
	if (c->narrow != NULL)
		free_mb_mgr(c->narrow);
	if (c->queue != NULL)
		free_mb_mgr(c->queue);
	explicit_bzero(c, sizeof(*c));
	rte_free(c);
}

const uint8_t *crypto_ivs(struct crypto *c, uint16_t n)
{
	return iv_take(&c->iv, c->mgr, n);
}

int crypto_iv(struct crypto *c, uint8_t iv[16])
{
	const uint8_t *from = iv_take(&c->iv, c->mgr, 1);

	if (from == NULL)
		return -EIO;
	memcpy(iv, from, IV_LEN);
	return 0;
}

int crypto_iv_des(struct crypto *c, uint8_t iv[8])
{
	const uint8_t *from = iv_take(&c->iv, c->mgr, 1);

	if (from == NULL)
		return -EIO;
	memcpy(iv, from, 8);
	return 0;
}

static bool is_aead(uint8_t encr)
{
	return encr == ABI_ENCR_AES_GCM_16 || encr == ABI_ENCR_CHACHA20_POLY1305;
}

/* Where in sa.keys things are. The library wants the keys of GCM on a cache line, and schedules to
 * encrypt with on lines of their own. */
static void set_places(struct sa *sa)
{
	const size_t before = offsetof(struct sa, keys) % 64;
	bool in = sa->direction == ABI_DIR_IN;
	size_t first = in ? SA_KEYS_IN : SA_KEYS_OUT, align;

	sa->state_len = crypto_hashes[sa->hash].state;
	align = in && sa->hash != CRYPTO_NO_HASH ? 16 : 64;
	sa->hash_at = (uint8_t)(first / SA_KEY_UNIT);
	sa->cipher_at =
		(uint8_t)(RTE_ALIGN_CEIL(before + first + 2u * sa->state_len, align) - before);
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
	if (!known || hash == CRYPTO_HASHES || is_aead(encr) != (hash == CRYPTO_NO_HASH))
		return -ENOTSUP;
	if (cipher == CRYPTO_CIPHERS || crypto_hashes[hash].key_len != integ_key_len ||
	    crypto_ciphers[cipher].salt_len != salt_len)
		return -EINVAL;
	sa->cipher = (uint8_t)cipher;
	sa->hash = (uint8_t)hash;
	sa->kind = (uint8_t)((cipher + 1) << 4 | hash);
	sa->iv_len = crypto_ciphers[cipher].iv_len;
	sa->block = crypto_ciphers[cipher].block;
	sa->icv_len = crypto_hashes[hash].icv_len;
	set_places(sa);
	return 0;
}
