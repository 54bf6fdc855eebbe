/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crypto_aead.c - AES-GCM (RFC 4106) and ChaCha20-Poly1305 (RFC 7634), one packet at a time.
 *
 * Both are parallel within a packet, so there are no lanes to fill and no order to find: GCM calls
 * the library's kernel directly, which costs less than a job, and a burst of jobs or of the QUIC
 * interface would come down to the same calls. ChaCha20-Poly1305 has its best kernel behind a job,
 * which is done when its submission returns. What is hidden is memory: the next packet is fetched
 * while this one is worked on.
 */
#include <rte_prefetch.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/crypto_impl.h"

#define LINE 64u

/* What the tag covers beside the text: the ESP header, with all 64 bits of the number between its
 * halves when they are extended (RFC 4106 section 5, RFC 7634 section 2.1). */
struct aad {
	const uint8_t *at;
	uint32_t len;
	uint8_t store[12];
};

/* The text of a packet, between IV and ICV, and its nonce. */
struct text {
	_Alignas(16) uint8_t nonce[16];
	struct aad aad;
	uint8_t *at;
	uint32_t len;
};

static inline void text_of(struct text *t, const struct crypto_op *op)
{
	const uint32_t at = SA_ESP_HEADER + 8;

	t->at = op->esp + at;
	t->len = op->len - at;
	crypto_nonce(t->nonce, op->sa, op->esp + SA_ESP_HEADER);
	t->aad.at = op->esp;
	t->aad.len = SA_ESP_HEADER;
	if (op->sa->esn) {
		uint32_t high = __builtin_bswap32(op->seq_hi);

		memcpy(t->aad.store, op->esp, 4);
		memcpy(t->aad.store + 4, &high, 4);
		memcpy(t->aad.store + 8, op->esp + 4, 4);
		t->aad.at = t->aad.store;
		t->aad.len = sizeof(t->aad.store);
	}
}

static inline void prefetch_text(const struct crypto_op *op)
{
	const uint8_t *at = op->esp, *end = at + op->len + CRYPTO_AEAD_ICV;

	for (; at < end; at += 4 * LINE) {
		rte_prefetch0(at);
		rte_prefetch0(at + LINE);
		rte_prefetch0(at + 2 * LINE);
		rte_prefetch0(at + 3 * LINE);
	}
}

static inline bool tag_equal(const uint8_t *a, const uint8_t *b)
{
	uint64_t x[2], y[2], diff;

	memcpy(x, a, sizeof(x));
	memcpy(y, b, sizeof(y));
	diff = (x[0] ^ y[0]) | (x[1] ^ y[1]);
	__asm__ volatile("" : "+r"(diff));
	return diff == 0;
}

/* Text under a wrong tag is what a forger chose: nobody is to see it. */
static void verdict(struct crypto_op *op, const struct text *t, const uint8_t *tag)
{
	op->ok = tag_equal(tag, t->at + t->len);
	if (!op->ok)
		memset(t->at, 0, t->len);
}

static const struct gcm_key_data *gcm_key(const struct crypto_op *op)
{
	return (const struct gcm_key_data *)(const void *)sa_cipher_keys(op->sa);
}

static inline void gcm_one(struct crypto *c, struct crypto_op *op, aes_gcm_enc_dec_t kernel,
			   bool seal)
{
	_Alignas(16) uint8_t tag[CRYPTO_AEAD_ICV];
	struct text t;

	text_of(&t, op);
	kernel(gcm_key(op), &c->gcm, t.at, t.at, t.len, t.nonce, t.aad.at, t.aad.len,
	       seal ? t.at + t.len : tag, CRYPTO_AEAD_ICV);
	if (!seal)
		verdict(op, &t, tag);
}

/* The library has kept this job, as the best kernel of 1.3 never does: nothing may stay behind that
 * is still to write into a packet. */
static bool fetch(struct crypto *c, const IMB_JOB *job)
{
	const IMB_JOB *done;
	bool ok = false;

	while ((done = IMB_FLUSH_JOB(c->mgr)) != NULL)
		ok |= done == job && done->status == IMB_STATUS_COMPLETED;
	return ok;
}

static bool chacha_job(struct crypto *c, const struct crypto_op *op, const struct text *t,
		       IMB_CIPHER_DIRECTION dir, uint8_t *tag)
{
	IMB_JOB *job = IMB_GET_NEXT_JOB(c->mgr), *done;

	job->cipher_mode = IMB_CIPHER_CHACHA20_POLY1305;
	job->hash_alg = IMB_AUTH_CHACHA20_POLY1305;
	job->cipher_direction = dir;
	job->chain_order = dir == IMB_DIR_ENCRYPT ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
	job->enc_keys = sa_cipher_keys(op->sa);
	job->dec_keys = sa_cipher_keys(op->sa);
	job->key_len_in_bytes = 32;
	job->iv = t->nonce;
	job->iv_len_in_bytes = 12;
	job->u.CHACHA20_POLY1305.aad = t->aad.at;
	job->u.CHACHA20_POLY1305.aad_len_in_bytes = t->aad.len;
	job->src = t->at;
	job->dst = t->at;
	job->cipher_start_src_offset_in_bytes = 0;
	job->msg_len_to_cipher_in_bytes = t->len;
	job->hash_start_src_offset_in_bytes = 0;
	job->msg_len_to_hash_in_bytes = t->len;
	job->auth_tag_output = tag;
	job->auth_tag_output_len_in_bytes = CRYPTO_AEAD_ICV;
	done = IMB_SUBMIT_JOB_NOCHECK(c->mgr);
	if (__builtin_expect(done != job, 0))
		return fetch(c, job);
	return job->status == IMB_STATUS_COMPLETED;
}

static inline void chacha_one(struct crypto *c, struct crypto_op *op, bool seal)
{
	uint8_t tag[CRYPTO_AEAD_ICV];
	struct text t;

	text_of(&t, op);
	op->ok = chacha_job(c, op, &t, seal ? IMB_DIR_ENCRYPT : IMB_DIR_DECRYPT,
			    seal ? t.at + t.len : tag);
	if (seal)
		return;
	if (op->ok)
		verdict(op, &t, tag);
	else /* undone, done in part, or done and not judged */
		memset(t.at, 0, t.len);
}

static aes_gcm_enc_dec_t gcm_kernel(const IMB_MGR *mgr, unsigned int cipher, bool seal)
{
	switch (cipher) {
	case CRYPTO_AES128_GCM:
		return seal ? mgr->gcm128_enc : mgr->gcm128_dec;
	case CRYPTO_AES192_GCM:
		return seal ? mgr->gcm192_enc : mgr->gcm192_dec;
	default:
		return seal ? mgr->gcm256_enc : mgr->gcm256_dec;
	}
}

/* One loop for each kernel and direction; kernel is NULL for ChaCha20-Poly1305. */
static inline __attribute__((always_inline)) unsigned int
run(struct crypto *c, struct crypto_op *ops, unsigned int n, aes_gcm_enc_dec_t kernel, bool seal)
{
	unsigned int cipher = ops[0].sa->cipher, i = 0;

	do {
		if (i + 1 < n)
			prefetch_text(&ops[i + 1]);
		if (__builtin_expect(!ops[i].ok, 0))
			continue;
		if (kernel != NULL)
			gcm_one(c, &ops[i], kernel, seal);
		else
			chacha_one(c, &ops[i], seal);
	} while (++i < n && ops[i].sa->cipher == cipher);
	return i;
}

unsigned int crypto_aead_run(struct crypto *c, struct crypto_op *ops, unsigned int n, bool seal)
{
	unsigned int cipher;

	if (n == 0)
		return 0;
	cipher = ops[0].sa->cipher;
	if (cipher < CRYPTO_AEAD_FIRST || cipher >= CRYPTO_CIPHERS)
		return 0;
	if (cipher == CRYPTO_CHACHA20_POLY1305)
		return seal ? run(c, ops, n, NULL, true) : run(c, ops, n, NULL, false);
	return seal ? run(c, ops, n, gcm_kernel(c->mgr, cipher, true), true)
		    : run(c, ops, n, gcm_kernel(c->mgr, cipher, false), false);
}
