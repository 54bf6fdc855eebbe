/* SPDX-License-Identifier: BSD-3-Clause */
/* iv.c - the IV generator of a worker. */
#include "dataplane/ipsec/iv.h"

#include <string.h>
#include <sys/random.h>

#include "dataplane/ipsec/crypto_impl.h"

static const uint8_t zeros[IV_STOCK * IV_LEN];

int iv_init(struct iv_gen *g, struct IMB_MGR *mgr)
{
	uint8_t key[16];
	_Alignas(16) uint8_t unused[11 * 16];

	memset(g, 0, sizeof(*g));
	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return -EIO;
	IMB_AES_KEYEXP_128(mgr, key, g->schedule, unused);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(unused, sizeof(unused));
	return iv_refill(g, mgr);
}

int iv_refill(struct iv_gen *g, struct IMB_MGR *mgr)
{
	/* Counter block: number of the refill, then the library's 64-bit block counter. One that
	 * fails is not counted: what it made nobody was given. */
	uint64_t counter[2] = {g->refills, 0};
	IMB_JOB job;

	memset(&job, 0, sizeof(job));
	job.cipher_mode = IMB_CIPHER_CNTR;
	job.cipher_direction = IMB_DIR_ENCRYPT;
	job.hash_alg = IMB_AUTH_NULL;
	job.chain_order = IMB_ORDER_CIPHER_HASH;
	job.enc_keys = g->schedule;
	job.dec_keys = g->schedule;
	job.key_len_in_bytes = IMB_KEY_128_BYTES;
	job.iv = (const uint8_t *)counter;
	job.iv_len_in_bytes = sizeof(counter);
	job.src = zeros;
	job.dst = g->stock[(g->refills + 1) & 1];
	job.msg_len_to_cipher_in_bytes = sizeof(g->stock[0]);
	if (IMB_SUBMIT_CIPHER_BURST_NOCHECK(mgr, &job, 1, IMB_CIPHER_CNTR, IMB_DIR_ENCRYPT,
					    IMB_KEY_128_BYTES) != 1)
		return -EIO;
	g->refills++;
	g->left = IV_STOCK;
	return 0;
}
