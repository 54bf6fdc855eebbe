/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crypto_tune.c - which of the library's implementations a packet is given to.
 *
 * By itself the library takes the widest vectors there are: 16 packets at a time. Its code for
 * narrower ones has less to do around each packet, and where the CPU has instructions for a hash
 * (SHA-NI), which do two packets at a time, none waits for others of its length: for short packets
 * it is quicker, on some CPUs for all. No table of CPUs says which. The first engine finds out when
 * it is made, within a few milliseconds: bursts of some lengths through both in turn, the best time
 * of each counts. All engines do the same then.
 */
#include <pthread.h>
#include <string.h>

#include <rte_common.h>
#include <rte_cycles.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/crypto_impl.h"

#define JOBS	 96u
#define TURNS	 5u
#define LONGEST	 1448u
#define HEAD	 (SA_ESP_HEADER + IV_LEN)
#define SCHEDULE (15u * 16)

/* Bytes covered by the ICV, as crypto_op.len. */
static const uint16_t lengths[] = {104, 168, 296, 616, LONGEST};

/* One of the algorithms. */
struct trial {
	unsigned int cipher; /* CRYPTO_NULL: it is a hash */
	unsigned int hash;
};

static void fill(struct crypto *c, const struct trial *t, uint16_t len)
{
	static const uint8_t state[64];
	static _Alignas(64) const uint8_t schedule[SCHEDULE];
	static _Thread_local uint8_t text[LONGEST];

	for (unsigned int i = 0; i < JOBS; i++) {
		IMB_JOB *job = &c->job[i];

		job->src = text;
		job->dst = text;
		job->iv = text;
		job->iv_len_in_bytes = IV_LEN;
		job->enc_keys = schedule;
		job->key_len_in_bytes = crypto_ciphers[t->cipher].key_len;
		job->msg_len_to_cipher_in_bytes = len - HEAD;
		job->msg_len_to_hash_in_bytes = len;
		job->auth_tag_output = c->tag[i];
		job->auth_tag_output_len_in_bytes = crypto_hashes[t->hash].icv_len;
		job->u.HMAC._hashed_auth_key_xor_ipad = state;
		job->u.HMAC._hashed_auth_key_xor_opad = state;
	}
}

static unsigned int submit(struct crypto *c, IMB_MGR *mgr, const struct trial *t)
{
	if (t->cipher == CRYPTO_NULL)
		return IMB_SUBMIT_HASH_BURST_NOCHECK(mgr, c->job, JOBS, crypto_hashes[t->hash].alg);
	return IMB_SUBMIT_CIPHER_BURST_NOCHECK(
		mgr, c->job, JOBS, IMB_CIPHER_CBC, IMB_DIR_ENCRYPT,
		(IMB_KEY_SIZE_BYTES)crypto_ciphers[t->cipher].key_len);
}

/* Cycles of one burst; UINT64_MAX when it does not go through. */
static uint64_t run(struct crypto *c, IMB_MGR *mgr, const struct trial *t)
{
	uint64_t start = rte_rdtsc();

	return submit(c, mgr, t) == JOBS ? rte_rdtsc() - start : UINT64_MAX;
}

/* Here all are of one length. Ciphers of mixed bursts are done in two parts where narrow is to be
 * used, which costs: there that must be clearly quicker. Hashes of mixed bursts are done by one,
 * and wide lanes wait for each other: of medium length wide must be. */
static bool wide_wins(struct crypto *c, const struct trial *t, uint16_t len)
{
	uint64_t wide = UINT64_MAX, narrow = UINT64_MAX;

	fill(c, t, len);
	for (unsigned int i = 0; i < TURNS; i++) {
		wide = RTE_MIN(wide, run(c, c->mgr, t));
		narrow = RTE_MIN(narrow, run(c, c->narrow, t));
	}
	if (wide == UINT64_MAX || narrow == UINT64_MAX)
		return true;
	if (t->cipher != CRYPTO_NULL)
		return wide - wide / 32 < narrow;
	return len < LONGEST ? wide + wide / 32 < narrow : wide < narrow;
}

/* Where the lengths begin that wide is for. */
static uint16_t border(struct crypto *c, const struct trial *t)
{
	unsigned int k = 0;

	while (k < RTE_DIM(lengths) && !wide_wins(c, t, lengths[k]))
		k++;
	if (k == RTE_DIM(lengths))
		return UINT16_MAX;
	return k == 0 ? 0 : RTE_ALIGN_CEIL((lengths[k - 1] + lengths[k]) / 2, CRYPTO_BIN);
}

static void measure(struct crypto *c)
{
	for (unsigned int hash = CRYPTO_MD5_96 + 1; hash < CRYPTO_NO_HASH; hash++)
		c->narrow_hash[hash] = border(c, &(struct trial){.hash = hash});
	for (unsigned int k = CRYPTO_AES128_CBC; k <= CRYPTO_AES256_CBC; k++)
		c->narrow_cbc[k] = border(c, &(struct trial){.cipher = k, .hash = CRYPTO_NO_HASH});
	memset(c->job, 0, JOBS * sizeof(c->job[0]));
}

void crypto_tune(struct crypto *c)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static uint16_t hash[RTE_DIM(c->narrow_hash)], cbc[RTE_DIM(c->narrow_cbc)];
	static bool known;

	crypto_choose(c, 0);
	if (c->narrow == NULL)
		return;
	pthread_mutex_lock(&lock);
	if (!known) {
		measure(c);
		memcpy(hash, c->narrow_hash, sizeof(hash));
		memcpy(cbc, c->narrow_cbc, sizeof(cbc));
		known = true;
	}
	memcpy(c->narrow_hash, hash, sizeof(hash));
	memcpy(c->narrow_cbc, cbc, sizeof(cbc));
	pthread_mutex_unlock(&lock);
}

void crypto_choose(struct crypto *c, uint16_t below)
{
	for (unsigned int hash = 0; hash < CRYPTO_HASHES; hash++)
		c->narrow_hash[hash] = c->narrow != NULL ? below : 0;
	for (unsigned int k = 0; k < RTE_DIM(c->narrow_cbc); k++)
		c->narrow_cbc[k] = c->narrow != NULL ? below : 0;
}
