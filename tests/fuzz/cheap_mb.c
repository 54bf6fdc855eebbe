/* SPDX-License-Identifier: BSD-3-Clause */
/* cheap_mb.c - see cheap_mb.h. Expanded keys are the keys, states of hashes 8 bytes. */
#include "tests/fuzz/cheap_mb.h"

#include <stdbool.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define LANES 16u /* of jobs; those of HMAC-MD5 half of it */

void cheap_stream(uint64_t key, const uint8_t *iv, size_t iv_len, uint8_t *dst, const uint8_t *src,
		  size_t len)
{
	uint64_t s = cheap_stir(cheap_absorb(key, iv, iv_len)), v;
	size_t at;

	for (at = 0; at + 8 <= len; at += 8) {
		memcpy(&v, src + at, 8);
		v ^= s += 0x9e3779b97f4a7c15u;
		memcpy(dst + at, &v, 8);
	}
	for (s = cheap_stir(s); at < len; at++, s >>= 8)
		dst[at] = src[at] ^ (uint8_t)s;
}

uint64_t cheap_first_block(IMB_HASH_ALG alg, const uint8_t *block)
{
	bool wide = alg == IMB_AUTH_HMAC_SHA_384 || alg == IMB_AUTH_HMAC_SHA_512;

	return cheap_stir(cheap_absorb((uint64_t)alg, block, wide ? 128 : 64));
}

void cheap_hmac(IMB_HASH_ALG alg, uint64_t inner, uint64_t outer, const uint8_t *data, size_t len,
		uint8_t *tag, size_t tag_len)
{
	uint64_t s = cheap_absorb(inner + (uint64_t)alg, data, len) + len;

	cheap_squeeze(cheap_absorb(outer, &s, sizeof(s)), tag, tag_len);
}

void cheap_tag(uint64_t key, const uint8_t nonce[12], const uint8_t *aad, size_t aad_len,
	       const uint8_t *text, size_t len, uint8_t *tag)
{
	uint64_t s = cheap_stir(cheap_absorb(~key, nonce, 12)) + aad_len;

	cheap_squeeze(cheap_absorb(cheap_absorb(s, aad, aad_len), text, len) + len, tag, 16);
}

/* --- keys --- */

/* For so many rounds. */
static void expand(const void *key, void *enc, void *dec, size_t len, size_t rounds)
{
	memset(enc, 0, (rounds + 1) * 16);
	memset(dec, 0, (rounds + 1) * 16);
	memcpy(enc, key, len);
	for (size_t i = 0; i < len; i++) /* who takes the one for the other is found out */
		((uint8_t *)dec)[i] = (uint8_t) ~((const uint8_t *)key)[i];
}

static void expand_128(const void *key, void *enc, void *dec)
{
	expand(key, enc, dec, 16, 10);
}

static void expand_192(const void *key, void *enc, void *dec)
{
	expand(key, enc, dec, 24, 12);
}

static void expand_256(const void *key, void *enc, void *dec)
{
	expand(key, enc, dec, 32, 14);
}

static int expand_des(uint64_t *to, const void *key)
{
	memset(to, 0, IMB_DES_KEY_SCHED_SIZE);
	memcpy(to, key, 8);
	return 0;
}

static void gcm_pre(const void *key, struct gcm_key_data *to, size_t len)
{
	memset(to, 0, sizeof(*to));
	memcpy(to, key, len);
}

static void gcm_pre_128(const void *key, struct gcm_key_data *to)
{
	gcm_pre(key, to, 16);
}

static void gcm_pre_192(const void *key, struct gcm_key_data *to)
{
	gcm_pre(key, to, 24);
}

static void gcm_pre_256(const void *key, struct gcm_key_data *to)
{
	gcm_pre(key, to, 32);
}

static void first_block(IMB_HASH_ALG alg, const void *block, void *state, size_t len)
{
	uint64_t s = cheap_first_block(alg, block);

	memset(state, 0, len);
	memcpy(state, &s, sizeof(s));
}

static void block_md5(const void *block, void *state)
{
	first_block(IMB_AUTH_MD5, block, state, 16);
}

static void block_sha1(const void *block, void *state)
{
	first_block(IMB_AUTH_HMAC_SHA_1, block, state, 20);
}

static void block_sha256(const void *block, void *state)
{
	first_block(IMB_AUTH_HMAC_SHA_256, block, state, 32);
}

static void block_sha384(const void *block, void *state)
{
	first_block(IMB_AUTH_HMAC_SHA_384, block, state, 64);
}

static void block_sha512(const void *block, void *state)
{
	first_block(IMB_AUTH_HMAC_SHA_512, block, state, 64);
}

/* --- jobs --- */

/* The bytes that expand() was given. */
static uint64_t key_of(const IMB_JOB *job, size_t len, IMB_CIPHER_DIRECTION dir)
{
	uint8_t key[32];

	FUZZ_CHECK(len == 16 || len == 24 || len == 32);
	memcpy(key, dir == IMB_DIR_ENCRYPT ? job->enc_keys : job->dec_keys, len);
	for (size_t i = 0; i < len && dir == IMB_DIR_DECRYPT; i++)
		key[i] = (uint8_t)~key[i];
	return cheap_absorb(0, key, len);
}

static void do_stream(const IMB_JOB *job, uint64_t key)
{
	cheap_stream(key, job->iv, job->iv_len_in_bytes, job->dst,
		     job->src + job->cipher_start_src_offset_in_bytes,
		     job->msg_len_to_cipher_in_bytes);
}

static uint32_t cipher_burst(IMB_MGR *mgr, IMB_JOB *jobs, const uint32_t n,
			     const IMB_CIPHER_MODE mode, const IMB_CIPHER_DIRECTION dir,
			     const IMB_KEY_SIZE_BYTES key_size)
{
	(void)mgr;
	for (uint32_t i = 0; i < n; i++) {
		FUZZ_CHECK(
			mode == IMB_CIPHER_CNTR ||
			(mode == IMB_CIPHER_CBC && jobs[i].msg_len_to_cipher_in_bytes % 16 == 0));
		FUZZ_CHECK(jobs[i].iv_len_in_bytes == 16);
		do_stream(&jobs[i], key_of(&jobs[i], (size_t)key_size, dir));
	}
	return n;
}

static void do_hmac(const IMB_JOB *job, IMB_HASH_ALG alg)
{
	uint64_t inner, outer;

	memcpy(&inner, job->u.HMAC._hashed_auth_key_xor_ipad, sizeof(inner));
	memcpy(&outer, job->u.HMAC._hashed_auth_key_xor_opad, sizeof(outer));
	cheap_hmac(alg, inner, outer, job->src + job->hash_start_src_offset_in_bytes,
		   job->msg_len_to_hash_in_bytes, job->auth_tag_output,
		   job->auth_tag_output_len_in_bytes);
}

static uint32_t hash_burst(IMB_MGR *mgr, IMB_JOB *jobs, const uint32_t n, const IMB_HASH_ALG alg)
{
	(void)mgr;
	for (uint32_t i = 0; i < n; i++)
		do_hmac(&jobs[i], alg);
	return n;
}

static void do_des(IMB_JOB *job)
{
	const void *const *schedules = job->enc_keys;
	uint64_t key = 0;

	FUZZ_CHECK(job->msg_len_to_cipher_in_bytes % 8 == 0 && job->iv_len_in_bytes == 8);
	for (unsigned int i = 0; i < 3; i++)
		key = cheap_absorb(key, schedules[i], 8);
	do_stream(job, key);
	job->status = IMB_STATUS_COMPLETED;
}

static void do_chacha(IMB_JOB *job)
{
	uint64_t key = cheap_absorb(0, job->enc_keys, 32);
	bool seal = job->cipher_direction == IMB_DIR_ENCRYPT;

	FUZZ_CHECK(job->key_len_in_bytes == 32 && job->iv_len_in_bytes == 12 &&
		   job->msg_len_to_hash_in_bytes == job->msg_len_to_cipher_in_bytes &&
		   job->auth_tag_output_len_in_bytes == 16);
	if (seal)
		do_stream(job, key);
	cheap_tag(key, job->iv, job->u.CHACHA20_POLY1305.aad,
		  job->u.CHACHA20_POLY1305.aad_len_in_bytes, seal ? job->dst : job->src,
		  job->msg_len_to_hash_in_bytes, job->auth_tag_output);
	if (!seal)
		do_stream(job, key);
	job->status = IMB_STATUS_COMPLETED;
}

/* --- the queue of jobs: of 3DES as many wait as there are lanes --- */

static struct {
	uint32_t first, done, next; /* given back, done, submitted */
} lanes;

static IMB_JOB *next_job(IMB_MGR *mgr)
{
	return &mgr->jobs[lanes.next];
}

static void do_lanes(IMB_MGR *mgr)
{
	for (; lanes.done < lanes.next; lanes.done++)
		do_des(&mgr->jobs[lanes.done]);
}

static IMB_JOB *completed_job(IMB_MGR *mgr)
{
	if (lanes.first == lanes.done)
		return NULL;
	return &mgr->jobs[lanes.first++];
}

static IMB_JOB *flush_job(IMB_MGR *mgr)
{
	if (lanes.first == lanes.next) {
		lanes.first = lanes.done = lanes.next = 0;
		return NULL;
	}
	do_lanes(mgr);
	return completed_job(mgr);
}

static IMB_JOB *submit_job(IMB_MGR *mgr)
{
	IMB_JOB *job = next_job(mgr);

	if (job->cipher_mode == IMB_CIPHER_CHACHA20_POLY1305) {
		do_chacha(job);
		return job;
	}
	FUZZ_CHECK(job->cipher_mode == IMB_CIPHER_DES3 && job->hash_alg == IMB_AUTH_NULL &&
		   lanes.next + 1 < IMB_MAX_JOBS);
	if (++lanes.next - lanes.done == LANES)
		do_lanes(mgr);
	return completed_job(mgr);
}

/* --- that of bursts: HMAC-MD5 alone --- */

static struct {
	uint32_t next, waiting;
} queue;

static uint32_t next_burst(IMB_MGR *mgr, const uint32_t n, IMB_JOB **jobs)
{
	for (uint32_t i = 0; i < n; i++)
		jobs[i] = &mgr->jobs[queue.next + i];
	return n;
}

/* The oldest ones, so many. */
static uint32_t do_queue(IMB_MGR *mgr, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++, queue.waiting--) {
		IMB_JOB *job = &mgr->jobs[queue.next - queue.waiting];

		if (job->hash_alg != IMB_AUTH_NULL)
			do_hmac(job, job->hash_alg);
		job->status = IMB_STATUS_COMPLETED;
	}
	if (queue.waiting == 0)
		queue.next = 0;
	return n;
}

static uint32_t submit_burst(IMB_MGR *mgr, const uint32_t n, IMB_JOB **jobs)
{
	bool waits = n != 0 && jobs[0]->hash_alg == IMB_AUTH_MD5;

	queue.next += n;
	queue.waiting += n;
	FUZZ_CHECK(queue.next <= IMB_MAX_JOBS);
	if (waits && queue.waiting < LANES / 2)
		return 0;
	return do_queue(mgr, waits ? queue.waiting - LANES / 2 + 1 : queue.waiting);
}

static uint32_t flush_burst(IMB_MGR *mgr, const uint32_t max, IMB_JOB **jobs)
{
	(void)jobs;
	return do_queue(mgr, queue.waiting < max ? queue.waiting : max);
}

/* --- AES-GCM --- */

static void gcm(const struct gcm_key_data *key_data, size_t key_len, bool seal, uint8_t *out,
		const uint8_t *in, uint64_t len, const uint8_t *iv, const uint8_t *aad,
		uint64_t aad_len, uint8_t *tag)
{
	uint64_t key = cheap_absorb(0, key_data, key_len);

	if (!seal)
		cheap_tag(key, iv, aad, aad_len, in, len, tag);
	cheap_stream(key, iv, 12, out, in, len);
	if (seal)
		cheap_tag(key, iv, aad, aad_len, out, len, tag);
}

#define GCM(name, key_len, seal)                                                                   \
	static void name(const struct gcm_key_data *key, struct gcm_context_data *ctx,             \
			 uint8_t *out, const uint8_t *in, uint64_t len, const uint8_t *iv,         \
			 const uint8_t *aad, uint64_t aad_len, uint8_t *tag, uint64_t tag_len)     \
	{                                                                                          \
		(void)ctx;                                                                         \
		FUZZ_CHECK(tag_len == 16);                                                         \
		gcm(key, key_len, seal, out, in, len, iv, aad, aad_len, tag);                      \
	}

GCM(gcm_enc_128, 16, true)
GCM(gcm_enc_192, 24, true)
GCM(gcm_enc_256, 32, true)
GCM(gcm_dec_128, 16, false)
GCM(gcm_dec_192, 24, false)
GCM(gcm_dec_256, 32, false)

/* --- in the place of the library --- */

static void use_keys(IMB_MGR *mgr)
{
	mgr->keyexp_128 = expand_128;
	mgr->keyexp_192 = expand_192;
	mgr->keyexp_256 = expand_256;
	mgr->des_key_sched = expand_des;
	mgr->gcm128_pre = gcm_pre_128;
	mgr->gcm192_pre = gcm_pre_192;
	mgr->gcm256_pre = gcm_pre_256;
	mgr->md5_one_block = block_md5;
	mgr->sha1_one_block = block_sha1;
	mgr->sha256_one_block = block_sha256;
	mgr->sha384_one_block = block_sha384;
	mgr->sha512_one_block = block_sha512;
}

static void use(IMB_MGR *mgr)
{
	use_keys(mgr);
	mgr->submit_cipher_burst_nocheck = cipher_burst;
	mgr->submit_hash_burst_nocheck = hash_burst;
	mgr->get_next_job = next_job;
	mgr->submit_job_nocheck = submit_job;
	mgr->get_completed_job = completed_job;
	mgr->flush_job = flush_job;
	mgr->get_next_burst = next_burst;
	mgr->submit_burst_nocheck = submit_burst;
	mgr->flush_burst = flush_burst;
	mgr->gcm128_enc = gcm_enc_128;
	mgr->gcm192_enc = gcm_enc_192;
	mgr->gcm256_enc = gcm_enc_256;
	mgr->gcm128_dec = gcm_dec_128;
	mgr->gcm192_dec = gcm_dec_192;
	mgr->gcm256_dec = gcm_dec_256;
	queue.next = queue.waiting = 0;
}

void __wrap_init_mb_mgr_auto(IMB_MGR *mgr, IMB_ARCH *arch)
{
	__real_init_mb_mgr_auto(mgr, arch);
	use(mgr);
}

void __wrap_init_mb_mgr_avx2(IMB_MGR *mgr)
{
	__real_init_mb_mgr_avx2(mgr);
	use(mgr);
}
