/* SPDX-License-Identifier: BSD-3-Clause */
/* crypto_ctr.c - AES in counter mode (RFC 3686): both directions encrypt the counter. */
#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/crypto_impl.h"

static void job_fill(IMB_JOB *job, const struct crypto_op *op, uint8_t *counter)
{
	const uint32_t at = SA_ESP_HEADER + op->sa->iv_len;

	crypto_nonce(counter, op->sa, op->esp + SA_ESP_HEADER);
	job->enc_keys = sa_cipher_keys(op->sa);
	job->dec_keys = sa_cipher_keys(op->sa);
	job->key_len_in_bytes = crypto_ciphers[op->sa->cipher].key_len;
	job->iv = counter;
	job->iv_len_in_bytes = sizeof(counter[0]) * 16;
	job->src = op->esp + at;
	job->dst = op->esp + at;
	job->cipher_start_src_offset_in_bytes = 0;
	job->msg_len_to_cipher_in_bytes = op->len - at;
}

void crypto_ctr_pass(struct crypto *c, struct crypto_op *ops, const struct crypto_part *g,
		     unsigned int cipher)
{
	IMB_KEY_SIZE_BYTES size = (IMB_KEY_SIZE_BYTES)crypto_ciphers[cipher].key_len;

	for (unsigned int i = 0; i < g->n; i++)
		job_fill(&c->own.job[i], &ops[g->index[i]], c->counter[i]);
	if (IMB_SUBMIT_CIPHER_BURST_NOCHECK(c->mgr, c->own.job, g->n, IMB_CIPHER_CNTR,
					    IMB_DIR_ENCRYPT, size) == g->n)
		return;
	for (unsigned int i = 0; i < g->n; i++)
		ops[g->index[i]].ok = false;
}
