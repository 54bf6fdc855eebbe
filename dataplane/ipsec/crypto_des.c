/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crypto_des.c - 3DES in CBC mode (RFC 2451), for peers that know nothing better. The library has
 * it only behind its job queue: whatever is left in the lanes is flushed at the end, so the queue
 * is empty between passes.
 */
#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/crypto_impl.h"

/* 2.0's lanes give a few packets of a burst with many lengths a wrong text; one job alone is right.
 */
#define FLUSH_EACH CRYPTO_JOB_SESSIONS

/* The three schedules of an SA, as the library wants to be told of them. */
struct schedules {
	const void *key[3];
};

static void job_fill(IMB_JOB *job, struct crypto_op *op, struct schedules *keys,
		     IMB_CIPHER_DIRECTION dir)
{
	const uint32_t at = SA_ESP_HEADER + op->sa->iv_len;

	for (unsigned int i = 0; i < 3; i++)
		keys->key[i] = sa_cipher_keys(op->sa) + i * IMB_DES_KEY_SCHED_SIZE;
	job->cipher_mode = IMB_CIPHER_DES3;
	job->cipher_direction = dir;
	job->chain_order = dir == IMB_DIR_ENCRYPT ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
	job->hash_alg = IMB_AUTH_NULL;
	job->enc_keys = keys->key;
	job->dec_keys = keys->key;
	job->key_len_in_bytes = 24;
	job->iv = op->esp + SA_ESP_HEADER;
	job->iv_len_in_bytes = IMB_DES_BLOCK_SIZE;
	job->src = op->esp + at;
	job->dst = op->esp + at;
	job->cipher_start_src_offset_in_bytes = 0;
	job->msg_len_to_cipher_in_bytes = op->len - at;
	job->user_data = op;
	op->ok = false; /* until the job is back */
}

static void job_done(const IMB_JOB *job)
{
	((struct crypto_op *)job->user_data)->ok = job->status == IMB_STATUS_COMPLETED;
}

static void flush(struct crypto *c)
{
	for (IMB_JOB *job = IMB_FLUSH_JOB(c->mgr); job != NULL; job = IMB_FLUSH_JOB(c->mgr))
		job_done(job);
}

void crypto_des_pass(struct crypto *c, struct crypto_op *ops, const struct crypto_part *g,
		     IMB_CIPHER_DIRECTION dir)
{
	struct schedules keys[CRYPTO_BURST];
	IMB_JOB *job;

	for (unsigned int i = 0; i < g->n; i++) {
		job_fill(IMB_GET_NEXT_JOB(c->mgr), &ops[g->index[i]], &keys[i], dir);
		for (job = IMB_SUBMIT_JOB_NOCHECK(c->mgr); job != NULL;
		     job = IMB_GET_COMPLETED_JOB(c->mgr))
			job_done(job);
		if (FLUSH_EACH)
			flush(c);
	}
	flush(c);
}
