/* SPDX-License-Identifier: BSD-3-Clause */
/* crypto_jobs.h - what a job of the library says: what is alike for all of a kind, where the keys
 * are, and the packet. crypto_burst.c alone includes it. */
#ifndef ESPGW_IPSEC_CRYPTO_JOBS_H
#define ESPGW_IPSEC_CRYPTO_JOBS_H

#include "dataplane/ipsec/crypto_impl.h"

#define CBC_HEAD (SA_ESP_HEADER + IV_LEN)

/* Bytes into an SA of a suite: keys of the cipher, states of HMAC; 0: each has to be asked, which
 * of thousands costs another look at its first cache line. SAs of a pass are of one direction, so
 * those of one suite are alike. */
struct crypto_places {
	uint16_t cipher;
	uint16_t ipad;
	uint16_t opad;
};

static inline struct crypto_places crypto_places_of(const struct sa *sa)
{
	const uint8_t *from = (const uint8_t *)sa;

	return (struct crypto_places){.cipher = (uint16_t)(sa_cipher_keys(sa) - from),
				      .ipad = (uint16_t)(sa_ipad(sa) - from),
				      .opad = (uint16_t)(sa_opad(sa) - from)};
}

static inline void cipher_fill_kind(IMB_JOB *job, unsigned int cipher)
{
	job->key_len_in_bytes = crypto_ciphers[cipher].key_len;
	job->iv_len_in_bytes = IV_LEN;
	job->cipher_start_src_offset_in_bytes = CBC_HEAD;
}

static inline void cipher_fill_keys(IMB_JOB *job, const struct sa *sa,
				    const struct crypto_places *at)
{
	const uint8_t *keys =
		at->cipher != 0 ? (const uint8_t *)sa + at->cipher : sa_cipher_keys(sa);

	job->enc_keys = keys;
	job->dec_keys = keys;
}

static inline void cipher_fill(IMB_JOB *job, const struct crypto_op *op)
{
	job->iv = op->esp + SA_ESP_HEADER;
	job->src = op->esp;
	job->dst = op->esp + CBC_HEAD;
	job->msg_len_to_cipher_in_bytes = op->len - CBC_HEAD;
}

/* What only jobs of the queue have to say. */
static inline void queue_fill(const struct crypto *c, IMB_JOB *job)
{
	job->cipher_mode = IMB_CIPHER_NULL;
	job->cipher_direction = IMB_DIR_ENCRYPT;
	job->chain_order = IMB_ORDER_HASH_CIPHER;
	job->hash_alg = crypto_hashes[CRYPTO_MD5_96].alg;
#if CRYPTO_JOB_SESSIONS
	imb_set_session(c->queue, job);
#else
	(void)c;
#endif
}

static inline void hash_fill_kind(const struct crypto *c, IMB_JOB *job, unsigned int hash)
{
	job->hash_start_src_offset_in_bytes = 0;
	job->auth_tag_output_len_in_bytes = crypto_hashes[hash].icv_len;
	if (hash == CRYPTO_MD5_96)
		queue_fill(c, job);
}

static inline void hash_fill_keys(IMB_JOB *job, const struct sa *sa, const struct crypto_places *at)
{
	const uint8_t *from = (const uint8_t *)sa;

	job->u.HMAC._hashed_auth_key_xor_ipad = at->ipad != 0 ? from + at->ipad : sa_ipad(sa);
	job->u.HMAC._hashed_auth_key_xor_opad = at->ipad != 0 ? from + at->opad : sa_opad(sa);
}

/* esn: any in the burst has extended numbers. */
static inline void hash_fill(IMB_JOB *job, const struct crypto_op *op, uint8_t *tag, bool esn)
{
	job->src = op->esp;
	job->msg_len_to_hash_in_bytes = op->len + (esn ? op->sa->esn : 0u);
	job->auth_tag_output = tag;
}

static inline void seal_fill(IMB_JOB *job, const struct crypto_op *op, bool esn)
{
	cipher_fill(job, op);
	hash_fill(job, op, op->esp + op->len, esn);
}

#endif
