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
	for (uint32_t at = 0; at < op->len + CRYPTO_AEAD_ICV; at += LINE)
		rte_prefetch0(op->esp + at);
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

/* Op i of the group; the one after is on its way then. */
static inline struct crypto_op *take(struct crypto_op *ops, const struct crypto_group *g,
				     unsigned int i)
{
	if (i + 1u < g->n)
		prefetch_text(&ops[g->index[i + 1]]);
	return &ops[g->index[i]];
}

/* Where the run of ops with the cipher of op i ends. */
static unsigned int run_end(const struct crypto_op *ops, const struct crypto_group *g,
			    unsigned int i)
{
	unsigned int cipher = ops[g->index[i]].sa->cipher;

	while (i < g->n && ops[g->index[i]].sa->cipher == cipher)
		i++;
	return i;
}

static const struct gcm_key_data *gcm_key(const struct crypto_op *op)
{
	return (const struct gcm_key_data *)(const void *)op->sa->keys.cipher;
}

static void gcm_seal(struct crypto *c, struct crypto_op *ops, const struct crypto_group *g,
		     unsigned int i, unsigned int end, aes_gcm_enc_dec_t encrypt)
{
	for (; i < end; i++) {
		const struct crypto_op *op = take(ops, g, i);
		struct text t;

		text_of(&t, op);
		encrypt(gcm_key(op), &c->gcm, t.at, t.at, t.len, t.nonce, t.aad.at, t.aad.len,
			t.at + t.len, CRYPTO_AEAD_ICV);
	}
}

static void gcm_open(struct crypto *c, struct crypto_op *ops, const struct crypto_group *g,
		     unsigned int i, unsigned int end, aes_gcm_enc_dec_t decrypt)
{
	for (; i < end; i++) {
		struct crypto_op *op = take(ops, g, i);
		_Alignas(16) uint8_t tag[CRYPTO_AEAD_ICV];
		struct text t;

		text_of(&t, op);
		decrypt(gcm_key(op), &c->gcm, t.at, t.at, t.len, t.nonce, t.aad.at, t.aad.len, tag,
			sizeof(tag));
		verdict(op, &t, tag);
	}
}

static bool chacha_job(struct crypto *c, const struct crypto_op *op, const struct text *t,
		       IMB_CIPHER_DIRECTION dir, uint8_t *tag)
{
	IMB_JOB *job = IMB_GET_NEXT_JOB(c->mgr);

	job->cipher_mode = IMB_CIPHER_CHACHA20_POLY1305;
	job->hash_alg = IMB_AUTH_CHACHA20_POLY1305;
	job->cipher_direction = dir;
	job->chain_order = dir == IMB_DIR_ENCRYPT ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
	job->enc_keys = op->sa->keys.cipher;
	job->dec_keys = op->sa->keys.cipher;
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
	job = IMB_SUBMIT_JOB_NOCHECK(c->mgr);
	return job != NULL && job->status == IMB_STATUS_COMPLETED;
}

static void chacha_seal(struct crypto *c, struct crypto_op *ops, const struct crypto_group *g,
			unsigned int i, unsigned int end)
{
	for (; i < end; i++) {
		struct crypto_op *op = take(ops, g, i);
		struct text t;

		text_of(&t, op);
		op->ok = chacha_job(c, op, &t, IMB_DIR_ENCRYPT, t.at + t.len);
	}
}

static void chacha_open(struct crypto *c, struct crypto_op *ops, const struct crypto_group *g,
			unsigned int i, unsigned int end)
{
	for (; i < end; i++) {
		struct crypto_op *op = take(ops, g, i);
		uint8_t tag[CRYPTO_AEAD_ICV];
		struct text t;

		text_of(&t, op);
		op->ok = chacha_job(c, op, &t, IMB_DIR_DECRYPT, tag);
		if (op->ok)
			verdict(op, &t, tag);
	}
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

void crypto_aead_pass(struct crypto *c, struct crypto_op *ops, const struct crypto_group *g,
		      bool seal)
{
	for (unsigned int i = 0, end; i < g->n; i = end) {
		unsigned int cipher = ops[g->index[i]].sa->cipher;

		end = run_end(ops, g, i);
		if (cipher == CRYPTO_CHACHA20_POLY1305)
			(seal ? chacha_seal : chacha_open)(c, ops, g, i, end);
		else if (seal)
			gcm_seal(c, ops, g, i, end, gcm_kernel(c->mgr, cipher, true));
		else
			gcm_open(c, ops, g, i, end, gcm_kernel(c->mgr, cipher, false));
	}
}
