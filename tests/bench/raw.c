/* SPDX-License-Identifier: BSD-3-Clause */
/* raw.c - intel-ipsec-mb alone: see raw.h. */
#include "tests/bench/raw.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define NO_COMPAT_IMB_API_053
#include <intel-ipsec-mb.h>
#include <rte_cycles.h>

#include "dataplane/api/messages.h"

#define RAW_STRIDE  2368u /* bytes from packet to packet: an odd number of cache lines */
#define RAW_BURST   32u
#define RAW_PAGE    (2u << 20)
#define RAW_ESP	    8u
#define RAW_IV	    16u
#define RAW_IV_AEAD 8u
#define RAW_START                                                                                  \
	62u /* where ESP starts: behind Ethernet, IPv4, UDP and a little room,                     \
	       unaligned as in an mbuf */

#define CBC(name, key, integ_key, icv, integ)                                                      \
	{                                                                                          \
		name, ABI_ENCR_AES_CBC, key, integ_key, icv, integ, 0                              \
	}
#define AEAD(name, encr, key)                                                                      \
	{                                                                                          \
		name, encr, key, 0, 16, ABI_INTEG_NONE, 4                                          \
	}

const struct raw_suite raw_suites[] = {
	CBC("aes128-md5", 16, 16, 12, ABI_INTEG_HMAC_MD5_96),
	CBC("aes128-sha1", 16, 20, 12, ABI_INTEG_HMAC_SHA1_96),
	CBC("aes128-sha256", 16, 32, 16, ABI_INTEG_HMAC_SHA2_256_128),
	CBC("aes256-sha256", 32, 32, 16, ABI_INTEG_HMAC_SHA2_256_128),
	CBC("aes256-sha512", 32, 64, 32, ABI_INTEG_HMAC_SHA2_512_256),
	AEAD("aes128-gcm", ABI_ENCR_AES_GCM_16, 16),
	AEAD("aes256-gcm", ABI_ENCR_AES_GCM_16, 32),
	AEAD("chacha20", ABI_ENCR_CHACHA20_POLY1305, 32),
};
const unsigned int n_raw_suites = sizeof(raw_suites) / sizeof(raw_suites[0]);

/* Of one SA. A job needs the lines of the states and those of one direction's schedule. */
struct raw_key {
	_Alignas(64) uint8_t states[128]; /* inner, and from RAW_OUTER on outer */
	_Alignas(64) uint32_t enc[15 * 4];
	_Alignas(64) uint32_t dec[15 * 4];
};

struct raw {
	const struct raw_suite *suite;
	IMB_MGR *mgr;
	uint8_t *buf;
	uint8_t (*tag)[64];
	unsigned int n;
	IMB_HASH_ALG hash;
	struct raw_key *keys;
	unsigned int n_keys;
	uint32_t *key_of; /* by buffer */
	struct gcm_key_data gcm;
	struct gcm_context_data gcm_context;
	_Alignas(16) uint8_t nonce[16];
};

static void raw_one_block(struct raw *r, const uint8_t *block, uint8_t *digest)
{
	switch (r->suite->integ) {
	case ABI_INTEG_HMAC_MD5_96:
		r->hash = IMB_AUTH_MD5;
		IMB_MD5_ONE_BLOCK(r->mgr, block, digest);
		break;
	case ABI_INTEG_HMAC_SHA1_96:
		r->hash = IMB_AUTH_HMAC_SHA_1;
		IMB_SHA1_ONE_BLOCK(r->mgr, block, digest);
		break;
	case ABI_INTEG_HMAC_SHA2_256_128:
		r->hash = IMB_AUTH_HMAC_SHA_256;
		IMB_SHA256_ONE_BLOCK(r->mgr, block, digest);
		break;
	default:
		r->hash = IMB_AUTH_HMAC_SHA_512;
		IMB_SHA512_ONE_BLOCK(r->mgr, block, digest);
		break;
	}
}

/* Where the outer state is: behind the inner one, in the same line if both fit. */
static unsigned int raw_outer(const struct raw *r)
{
	return r->suite->integ == ABI_INTEG_HMAC_SHA2_512_256 ? 64 : 32;
}

static void raw_set_key(struct raw *r, struct raw_key *k, unsigned int number)
{
	uint8_t key[64], block[128];

	for (unsigned int i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 7 + 1 + number + (i == 0 ? number >> 8 : 0));
	if (raw_is_aead(r->suite)) {
		memcpy(k->enc, key, 32); /* ChaCha20 takes its key as it is */
		if (r->suite->encr_key_len == 16)
			IMB_AES128_GCM_PRE(r->mgr, key, &r->gcm);
		else
			IMB_AES256_GCM_PRE(r->mgr, key, &r->gcm);
		return;
	}
	if (r->suite->encr_key_len == 16)
		IMB_AES_KEYEXP_128(r->mgr, key, k->enc, k->dec);
	else
		IMB_AES_KEYEXP_256(r->mgr, key, k->enc, k->dec);
	memset(block, 0x36, sizeof(block));
	for (unsigned int i = 0; i < r->suite->integ_key_len; i++)
		block[i] ^= key[i];
	raw_one_block(r, block, k->states);
	memset(block, 0x5c, sizeof(block));
	for (unsigned int i = 0; i < r->suite->integ_key_len; i++)
		block[i] ^= key[i];
	raw_one_block(r, block, k->states + raw_outer(r));
}

/* On large pages, if there are any, as the gateway's SAs and packets are. */
static void *raw_pages(size_t bytes)
{
	size_t whole = (bytes + RAW_PAGE - 1) & ~(size_t)(RAW_PAGE - 1);
	void *p = aligned_alloc(RAW_PAGE, whole);

	if (p != NULL)
		madvise(p, whole, MADV_HUGEPAGE);
	return p;
}

static int raw_set_keys(struct raw *r, unsigned int n)
{
	free(r->keys);
	r->keys = raw_pages(n * sizeof(*r->keys));
	if (r->keys == NULL)
		return -1;
	for (unsigned int i = 0; i < n; i++)
		raw_set_key(r, &r->keys[i], i);
	r->n_keys = n;
	return 0;
}

int raw_use_keys(struct raw *r, unsigned int n)
{
	return n == 0 || raw_is_aead(r->suite) ? -1 : raw_set_keys(r, n);
}

void raw_choose_key(struct raw *r, unsigned int i, uint32_t key)
{
	if (i < r->n && key < r->n_keys)
		r->key_of[i] = key;
}

struct raw *raw_create(const struct raw_suite *suite, unsigned int n)
{
	struct raw *r = aligned_alloc(64, (sizeof(*r) + 63) & ~(size_t)63);

	if (r == NULL)
		return NULL;
	memset(r, 0, sizeof(*r));
	r->suite = suite;
	r->n = n;
	r->mgr = alloc_mb_mgr(0);
	r->buf = raw_pages((size_t)n * RAW_STRIDE);
	r->tag = calloc(n, sizeof(*r->tag));
	r->key_of = calloc(n, sizeof(*r->key_of));
	if (r->mgr == NULL || r->buf == NULL || r->tag == NULL || r->key_of == NULL) {
		raw_free(r);
		return NULL;
	}
	init_mb_mgr_auto(r->mgr, NULL);
	for (size_t i = 0; i < (size_t)n * RAW_STRIDE; i++)
		r->buf[i] = (uint8_t)(i * 31);
	if (raw_set_keys(r, 1) != 0) {
		raw_free(r);
		return NULL;
	}
	return r;
}

void raw_free(struct raw *r)
{
	if (r == NULL)
		return;
	if (r->mgr != NULL)
		free_mb_mgr(r->mgr);
	free(r->buf);
	free(r->tag);
	free(r->keys);
	free(r->key_of);
	free(r);
}

static void raw_fill(struct raw *r, IMB_JOB *job, bool encrypt, unsigned int i, uint16_t inner_len)
{
	uint8_t *esp = r->buf + (size_t)i * RAW_STRIDE + RAW_START;
	uint16_t clen = raw_cipher_len(r->suite, inner_len);
	const struct raw_key *k = &r->keys[r->key_of[i]];

	job->cipher_mode = IMB_CIPHER_CBC;
	job->cipher_direction = encrypt ? IMB_DIR_ENCRYPT : IMB_DIR_DECRYPT;
	job->chain_order = encrypt ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
	job->enc_keys = k->enc;
	job->dec_keys = k->dec;
	job->key_len_in_bytes = r->suite->encr_key_len;
	job->src = esp;
	job->dst = esp + RAW_ESP + RAW_IV;
	job->cipher_start_src_offset_in_bytes = RAW_ESP + RAW_IV;
	job->msg_len_to_cipher_in_bytes = clen;
	job->iv = esp + RAW_ESP;
	job->iv_len_in_bytes = RAW_IV;
	job->hash_alg = r->hash;
	job->hash_start_src_offset_in_bytes = 0;
	job->msg_len_to_hash_in_bytes = RAW_ESP + RAW_IV + clen;
	job->u.HMAC._hashed_auth_key_xor_ipad = k->states;
	job->u.HMAC._hashed_auth_key_xor_opad = k->states + raw_outer(r);
	job->auth_tag_output = encrypt ? esp + RAW_ESP + RAW_IV + clen : r->tag[i];
	job->auth_tag_output_len_in_bytes = r->suite->icv_len;
}

/* ChaCha20-Poly1305. The nonce is the same for all: its bytes make no
 * difference in time. */
static void raw_fill_aead(struct raw *r, IMB_JOB *job, bool encrypt, unsigned int i,
			  uint16_t inner_len)
{
	uint8_t *esp = r->buf + (size_t)i * RAW_STRIDE + RAW_START;
	uint8_t *text = esp + RAW_ESP + RAW_IV_AEAD;
	uint16_t clen = raw_cipher_len(r->suite, inner_len);

	job->cipher_mode = IMB_CIPHER_CHACHA20_POLY1305;
	job->hash_alg = IMB_AUTH_CHACHA20_POLY1305;
	job->cipher_direction = encrypt ? IMB_DIR_ENCRYPT : IMB_DIR_DECRYPT;
	job->chain_order = encrypt ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
	job->enc_keys = r->keys->enc;
	job->dec_keys = r->keys->enc;
	job->key_len_in_bytes = r->suite->encr_key_len;
	job->src = text;
	job->dst = text;
	job->cipher_start_src_offset_in_bytes = 0;
	job->msg_len_to_cipher_in_bytes = clen;
	job->hash_start_src_offset_in_bytes = 0;
	job->msg_len_to_hash_in_bytes = clen;
	job->iv = r->nonce;
	job->iv_len_in_bytes = 12;
	job->u.CHACHA20_POLY1305.aad = esp;
	job->u.CHACHA20_POLY1305.aad_len_in_bytes = RAW_ESP;
	job->auth_tag_output = encrypt ? text + clen : r->tag[i];
	job->auth_tag_output_len_in_bytes = r->suite->icv_len;
}

static void raw_gcm(struct raw *r, aes_gcm_enc_dec_t kernel, bool encrypt, unsigned int i,
		    uint16_t inner_len)
{
	uint8_t *esp = r->buf + (size_t)i * RAW_STRIDE + RAW_START;
	uint8_t *text = esp + RAW_ESP + RAW_IV_AEAD;
	uint16_t clen = raw_cipher_len(r->suite, inner_len);

	kernel(&r->gcm, &r->gcm_context, text, text, clen, r->nonce, esp, RAW_ESP,
	       encrypt ? text + clen : r->tag[i], r->suite->icv_len);
}

static uint64_t raw_run_gcm(struct raw *r, bool encrypt, const uint16_t *inner_len, unsigned int n)
{
	bool small = r->suite->encr_key_len == 16;
	aes_gcm_enc_dec_t kernel = encrypt ? small ? r->mgr->gcm128_enc : r->mgr->gcm256_enc
				   : small ? r->mgr->gcm128_dec
					   : r->mgr->gcm256_dec;
	uint64_t start = rte_rdtsc_precise();

	for (unsigned int i = 0; i < n; i++) {
		uint8_t *ahead = r->buf + (size_t)((i + 1) % r->n) * RAW_STRIDE + RAW_START;

		for (unsigned int at = 0; at < inner_len[(i + 1) % n]; at += 64)
			__builtin_prefetch(ahead + at);
		raw_gcm(r, kernel, encrypt, i % r->n, inner_len[i]);
	}
	return rte_rdtsc_precise() - start;
}

static unsigned int raw_count(IMB_JOB **jobs, unsigned int n)
{
	unsigned int good = 0;

	for (unsigned int i = 0; i < n; i++)
		good += jobs[i]->status == IMB_STATUS_COMPLETED;
	return good;
}

/* Packets as they come from a device, or from gateway_prepare(): just written. */
static void raw_arrive(struct raw *r, const uint16_t *inner_len, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		memset(r->buf + (size_t)(i % r->n) * RAW_STRIDE + RAW_START, 0x5a,
		       RAW_ESP + RAW_IV + inner_len[i]);
}

/* The first two lines of a packet, which the device has written. */
static void raw_fetch(const struct raw *r, unsigned int i)
{
	const uint8_t *esp = r->buf + (size_t)(i % r->n) * RAW_STRIDE + RAW_START;

	__builtin_prefetch(esp + RAW_ESP);
	__builtin_prefetch(esp + RAW_ESP + 64);
}

/* Packets first to end - 1, burst by burst. How many of these or of those
 * before came out. */
static unsigned int raw_submit(struct raw *r, bool encrypt, const uint16_t *inner_len,
			       unsigned int first, unsigned int end)
{
	IMB_JOB *jobs[RAW_BURST];
	unsigned int done = first, good = 0;
	bool aead = raw_is_aead(r->suite);

	while (done < end) {
		unsigned int want = end - done < RAW_BURST ? end - done : RAW_BURST;
		unsigned int got = IMB_GET_NEXT_BURST(r->mgr, want, jobs);

		if (got == 0) { /* every job slot is in a lane */
			got = IMB_FLUSH_BURST(r->mgr, RAW_BURST, jobs);
			good += raw_count(jobs, got);
			continue;
		}
		for (unsigned int i = 0; i < got; i++) {
			if (i + 4 < got)
				raw_fetch(r, done + i + 4);
			(aead ? raw_fill_aead : raw_fill)(r, jobs[i], encrypt, (done + i) % r->n,
							  inner_len[done + i]);
		}
		done += got;
		good += raw_count(jobs, IMB_SUBMIT_BURST_NOCHECK(r->mgr, got, jobs));
	}
	return good;
}

uint64_t raw_run(struct raw *r, bool encrypt, const uint16_t *inner_len, unsigned int n)
{
	unsigned int before = n < RAW_BURST ? n : RAW_BURST, good;
	uint64_t start, end;

	raw_arrive(r, inner_len, n);
	if (r->suite->encr == ABI_ENCR_AES_GCM_16)
		return raw_run_gcm(r, encrypt, inner_len, n);
	/*
	 * As in the middle of a steady stream: what the timed jobs leave in the lanes
	 * of cipher and hash the next burst would push out, and what the one before
	 * left there they push out. With empty lanes at the start the first jobs
	 * would come for nothing.
	 */
	good = raw_submit(r, encrypt, inner_len, n - before, n);
	start = rte_rdtsc_precise();
	good += raw_submit(r, encrypt, inner_len, 0, n);
	end = rte_rdtsc_precise();
	/* Job by job: 1.3's IMB_FLUSH_BURST divides a negative offset by an unsigned
	 * size when the queue has wrapped, and then returns jobs twice. */
	for (IMB_JOB *job = IMB_FLUSH_JOB(r->mgr); job != NULL; job = IMB_FLUSH_JOB(r->mgr))
		good += job->status == IMB_STATUS_COMPLETED;
	return good == n + before ? end - start : UINT64_MAX;
}
