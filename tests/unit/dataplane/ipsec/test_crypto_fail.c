/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_crypto_fail.c - a library that fails: what it did not do is not taken for done, the bursts
 * behind it are right, and one that computes wrongly is found out before the first packet.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/crypto_impl.h"
#include "tests/unit/dataplane/harness.h"
#include "tests/unit/dataplane/ipsec/reference.h"
#include "tests/unit/dataplane/ipsec/sakit.h"

#define TEXT 112u
#define HEAD (SA_ESP_HEADER + IV_LEN)
#define ROOM (HEAD + TEXT + SA_MAX_ICV)

static struct crypto *engine;
static uint64_t seed = 11;
static uint8_t buf[CRYPTO_BURST][ROOM], before[CRYPTO_BURST][ROOM];

struct end { /* one SA, both directions */
	const struct reference_suite *suite;
	uint8_t encr_key[40], integ_key[64];
	struct sa *out, *in;
};

/* --- the library, and what is done to it --- */

struct calls {
	burst_fn_t get, submit, flush;
	submit_cipher_burst_t cipher;
	submit_hash_burst_t hash;
	submit_job_t job;
	flush_job_t flush_job;
};

static struct calls real;
static unsigned int fail_at; /* the how-manyth call from now on; 0: none */

static bool fails(void)
{
	return fail_at != 0 && --fail_at == 0;
}

static uint32_t bad_get(IMB_MGR *mgr, const uint32_t n, IMB_JOB **jobs)
{
	return fails() ? 0 : real.get(mgr, n, jobs);
}

static uint32_t bad_submit(IMB_MGR *mgr, const uint32_t n, IMB_JOB **jobs)
{
	return fails() ? 0 : real.submit(mgr, n, jobs);
}

/* All is done, but it does not say so. */
static uint32_t silent_submit(IMB_MGR *mgr, const uint32_t n, IMB_JOB **jobs)
{
	uint32_t done = real.submit(mgr, n, jobs);

	return fails() ? 0 : done;
}

/* What is in the lanes stays there. */
static uint32_t bad_flush(IMB_MGR *mgr, const uint32_t n, IMB_JOB **jobs)
{
	return fails() ? 0 : real.flush(mgr, n, jobs);
}

static uint32_t bad_cipher(IMB_MGR *mgr, IMB_JOB *jobs, const uint32_t n,
			   const IMB_CIPHER_MODE mode, const IMB_CIPHER_DIRECTION dir,
			   const IMB_KEY_SIZE_BYTES size)
{
	return fails() ? n - 1 : real.cipher(mgr, jobs, n, mode, dir, size);
}

static uint32_t bad_hash(IMB_MGR *mgr, IMB_JOB *jobs, const uint32_t n, const IMB_HASH_ALG alg)
{
	return fails() ? n - 1 : real.hash(mgr, jobs, n, alg);
}

static IMB_JOB *kept; /* by the library, until it is flushed */

static IMB_JOB *late_job(IMB_MGR *mgr)
{
	IMB_JOB *job = real.job(mgr);

	if (!fails())
		return job;
	kept = job;
	return NULL;
}

static IMB_JOB *late_flush(IMB_MGR *mgr)
{
	IMB_JOB *job = kept;

	kept = NULL;
	return job != NULL ? job : real.flush_job(mgr);
}

/* It is done with, and was no good. */
static IMB_JOB *bad_job(IMB_MGR *mgr)
{
	IMB_JOB *job = real.job(mgr);

	if (fails())
		job->status = IMB_STATUS_INTERNAL_ERROR;
	return job;
}

static void remember(void)
{
	real = (struct calls){.get = engine->queue->get_next_burst,
			      .submit = engine->queue->submit_burst_nocheck,
			      .flush = engine->queue->flush_burst,
			      .cipher = engine->mgr->submit_cipher_burst_nocheck,
			      .hash = engine->mgr->submit_hash_burst_nocheck,
			      .job = engine->mgr->submit_job_nocheck,
			      .flush_job = engine->mgr->flush_job};
}

static void repair(void)
{
	fail_at = 0;
	engine->queue->get_next_burst = real.get;
	engine->queue->submit_burst_nocheck = real.submit;
	engine->queue->flush_burst = real.flush;
	engine->mgr->submit_cipher_burst_nocheck = real.cipher;
	engine->mgr->submit_hash_burst_nocheck = real.hash;
	engine->mgr->submit_job_nocheck = real.job;
	engine->mgr->flush_job = real.flush_job;
}

/* --- SAs and bursts --- */

static struct end make_end_of(uint8_t encr, uint8_t key_len, uint8_t integ)
{
	struct end e = {.suite = NULL};

	for (unsigned int i = 0; i < REFERENCE_SUITES; i++)
		if (reference_suites[i].encr == encr &&
		    reference_suites[i].encr_key_len == key_len &&
		    reference_suites[i].integ == integ)
			e.suite = &reference_suites[i];
	assert_non_null(e.suite);
	reference_fill(&seed, e.encr_key, sizeof(e.encr_key));
	reference_fill(&seed, e.integ_key, sizeof(e.integ_key));
	e.out = sakit_make(e.suite, ABI_DIR_OUT, e.encr_key, e.integ_key);
	e.in = sakit_make(e.suite, ABI_DIR_IN, e.encr_key, e.integ_key);
	return e;
}

static struct end make_end(uint8_t integ)
{
	return make_end_of(ABI_ENCR_AES_CBC, 16, integ);
}

static void free_end(struct end *e)
{
	free(e->out);
	free(e->in);
}

/* n packets of n_ends SAs in turn, sealed by the reference or not at all. */
static void make_burst(struct crypto_op *op, const struct end *ends, unsigned int n_ends,
		       unsigned int n, bool sealed)
{
	for (unsigned int i = 0; i < n; i++) {
		const struct end *e = &ends[i % n_ends];

		reference_fill(&seed, buf[i], HEAD + TEXT);
		memcpy(before[i], buf[i], HEAD + TEXT);
		if (sealed)
			reference_protect(e->suite, e->encr_key, e->integ_key, NULL, buf[i],
					  HEAD + TEXT);
		op[i] = (struct crypto_op){.sa = sealed ? e->in : e->out,
					   .esp = buf[i],
					   .len = HEAD + TEXT,
					   .ok = true};
	}
}

/* Sealed as OpenSSL does, opened again, and a forged one refused. */
static void expect_right(const struct end *ends, unsigned int n_ends, unsigned int n)
{
	struct crypto_op op[CRYPTO_BURST];

	make_burst(op, ends, n_ends, n, false);
	crypto_seal(engine, op, (uint16_t)n);
	for (unsigned int i = 0; i < n; i++) {
		const struct end *e = &ends[i % n_ends];

		assert_true(op[i].ok);
		reference_protect(e->suite, e->encr_key, e->integ_key, NULL, before[i],
				  HEAD + TEXT);
		assert_memory_equal(before[i], buf[i], HEAD + TEXT + e->suite->icv_len);
	}
	make_burst(op, ends, n_ends, n, true);
	buf[n / 2][HEAD] ^= 1;
	crypto_verify(engine, op, (uint16_t)n);
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(op[i].ok, i != n / 2);
	crypto_open(engine, op, (uint16_t)n);
	for (unsigned int i = 0; i < n; i++)
		if (i != n / 2)
			assert_memory_equal(before[i], buf[i], HEAD + TEXT);
}

enum pass { SEAL, VERIFY, OPEN };

/* Which packets of a burst. */
struct range {
	unsigned int first;
	unsigned int end;
};

static const struct range all = {.end = CRYPTO_BURST};

/* Packet i, which op has done, is as OpenSSL has it. */
static void expect_done(const struct end *e, const struct crypto_op *op, unsigned int i,
			enum pass pass)
{
	assert_true(op->ok);
	if (pass == SEAL) {
		reference_protect(e->suite, e->encr_key, e->integ_key, NULL, before[i],
				  HEAD + TEXT);
		assert_memory_equal(before[i], buf[i], HEAD + TEXT + e->suite->icv_len);
	} else if (pass == OPEN) {
		assert_memory_equal(before[i], buf[i], HEAD + TEXT);
	}
}

/* A burst whose call-th call of the library in that pass meets the failure: genuine packets, none
 * of which may be taken for it where the call was for them; the others are right. */
static void expect_failed(const struct end *e, struct range failed, enum pass pass,
			  unsigned int call)
{
	struct crypto_op op[CRYPTO_BURST];
	const uint16_t n = CRYPTO_BURST;

	make_burst(op, e, 1, n, pass != SEAL);
	if (pass == OPEN) {
		crypto_verify(engine, op, n);
		for (unsigned int i = 0; i < n; i++)
			assert_true(op[i].ok);
	}
	fail_at = call;
	if (pass == SEAL)
		crypto_seal(engine, op, n);
	else if (pass == VERIFY)
		crypto_verify(engine, op, n);
	else
		crypto_open(engine, op, n);
	assert_int_equal(fail_at, 0);
	for (unsigned int i = 0; i < n; i++) {
		if (i >= failed.first && i < failed.end)
			assert_false(op[i].ok);
		else
			expect_done(e, &op[i], i, pass);
	}
}

/* The same keys as those of ends[1], which met the failure, those of another hash, others, and all
 * of them mixed, behind it. */
static void expect_recovered(const struct end *ends)
{
	repair();
	for (unsigned int i = 0; i < 4; i++)
		expect_right(&ends[(i + 1) % 3], 1, i % 2 ? CRYPTO_BURST : 40);
	expect_right(ends, 3, CRYPTO_BURST);
	expect_right(ends, 1, CRYPTO_BURST);
}

static void break_queue(unsigned int how)
{
	static const burst_fn_t submits[] = {bad_submit, silent_submit};

	if (how == 0)
		engine->queue->get_next_burst = bad_get;
	else if (how == 3)
		engine->queue->flush_burst = bad_flush;
	else
		engine->queue->submit_burst_nocheck = submits[how - 1];
}

/* HMAC-MD5 goes through a queue, in parts of bursts of at most IMB_MAX_BURST_SIZE jobs: one of
 * these is refused, or what waits in the lanes at the end of a part does not come out. */
static void a_queue_that_fails_fails_its_part_alone(void **state)
{
	struct end ends[3] = {make_end(ABI_INTEG_HMAC_MD5_96), make_end(ABI_INTEG_HMAC_MD5_96),
			      make_end(ABI_INTEG_HMAC_SHA1_96)};
	static const struct range part[] = {{0, CRYPTO_QUEUED}, {CRYPTO_QUEUED, CRYPTO_BURST}};

	(void)state;
	for (unsigned int round = 0; round < 2 * 4 * 4 * 2; round++) {
		unsigned int how = round / 2 % 4, call = round / 8 % 4, of_part = call / 2;

		if (how == 3 && call % 2 != 0)
			continue; /* there is one flush in a part */
		expect_right(&ends[round / 32], 1, CRYPTO_BURST);
		break_queue(how);
		expect_failed(&ends[1], part[of_part], round % 2 ? SEAL : VERIFY,
			      1 + (how == 3 ? of_part : call));
		expect_recovered(ends);
	}
	for (unsigned int i = 0; i < 3; i++)
		free_end(&ends[i]);
}

static void a_burst_that_fails_fails_alone(void **state)
{
	static const struct {
		enum pass pass;
		bool cipher;
	} rounds[] = {{SEAL, true}, {SEAL, false}, {VERIFY, false}, {OPEN, true}};
	const struct range few = {.end = CRYPTO_DECRYPTED};
	struct end ends[3] = {make_end(ABI_INTEG_HMAC_SHA1_96), make_end(ABI_INTEG_HMAC_SHA1_96),
			      make_end(ABI_INTEG_HMAC_MD5_96)};

	(void)state;
	for (unsigned int round = 0; round < sizeof(rounds) / sizeof(rounds[0]); round++) {
		expect_right(&ends[round % 2], 1, CRYPTO_BURST);
		if (rounds[round].cipher)
			engine->mgr->submit_cipher_burst_nocheck = bad_cipher;
		else
			engine->mgr->submit_hash_burst_nocheck = bad_hash;
		expect_failed(&ends[1], rounds[round].pass == OPEN ? few : all, rounds[round].pass,
			      1);
		expect_recovered(ends);
	}
	for (unsigned int i = 0; i < 3; i++)
		free_end(&ends[i]);
}

/* --- IVs --- */

#define IVS_SEEN 8000u

struct ivs {
	uint8_t all[IVS_SEEN][IV_LEN];
	unsigned int n;
	const uint8_t *last;		/* where those of the last call were given out */
	unsigned int last_at, last_end; /* and where these are in all */
};

static bool is_there(const struct ivs *ivs, const uint8_t *iv)
{
	for (unsigned int i = 0; i < ivs->n; i++)
		if (memcmp(ivs->all[i], iv, IV_LEN) == 0)
			return true;
	return false;
}

static void expect_last(const struct ivs *ivs)
{
	unsigned int n = ivs->last_end - ivs->last_at;

	if (ivs->last != NULL)
		assert_memory_equal(ivs->last, ivs->all[ivs->last_at], n * (size_t)IV_LEN);
}

/* n of them, none of which was there before; or none at all. Those of the call before are where
 * they were, as iv.h says. */
static bool take_ivs(struct ivs *ivs, unsigned int n)
{
	const uint8_t *iv = crypto_ivs(engine, (uint16_t)n);
	unsigned int at = ivs->n;

	if (iv == NULL) {
		expect_last(ivs);
		return false;
	}
	assert_in_range(n, 1, IVS_SEEN - at);
	for (unsigned int i = 0; i < n; i++) {
		if (is_there(ivs, iv + (size_t)i * IV_LEN))
			fail_msg("IV %u was given out before", ivs->n);
		memcpy(ivs->all[ivs->n++], iv + (size_t)i * IV_LEN, IV_LEN);
	}
	expect_last(ivs);
	ivs->last = iv;
	ivs->last_at = at;
	ivs->last_end = ivs->n;
	return true;
}

static void no_iv_comes_again_when_no_others_can_be_made(void **state)
{
	static struct ivs ivs;
	unsigned int n_failed = 0;

	(void)state;
	for (unsigned int i = 0; i < 5; i++)
		assert_true(take_ivs(&ivs, 100));
	while (ivs.n < IVS_SEEN - 4 * IV_STOCK) {
		unsigned int in_a_row = (unsigned int)(random_next(&seed) % 4);

		for (unsigned int i = 0; i < in_a_row; i++) {
			unsigned int n = 1 + (unsigned int)(random_next(&seed) % IV_STOCK);

			engine->mgr->submit_cipher_burst_nocheck = bad_cipher;
			fail_at = 1;
			n_failed += !take_ivs(&ivs, n);
		}
		repair();
		assert_true(take_ivs(&ivs, 1 + (unsigned int)(random_next(&seed) % 100)));
	}
	assert_true(n_failed > 20);
}

/* ChaCha20-Poly1305 is a job, done when it is submitted, or kept for a while, or done wrong: in
 * each place of a burst, whose other packets are right. */
static void a_job_that_fails_fails_alone_and_none_is_left_behind(void **state)
{
	struct end e = make_end_of(ABI_ENCR_CHACHA20_POLY1305, 32, ABI_INTEG_NONE);
	struct crypto_op op[8];

	(void)state;
	for (unsigned int round = 0; round < 4 * 8; round++) {
		bool late = round & 1, seal = round & 2;

		make_burst(op, &e, 1, 8, !seal);
		engine->mgr->submit_job_nocheck = late ? late_job : bad_job;
		engine->mgr->flush_job = late_flush;
		fail_at = 1 + round / 4;
		if (seal)
			crypto_seal(engine, op, 8);
		else
			crypto_verify(engine, op, 8);
		assert_null(kept);
		for (unsigned int i = 0; i < 8; i++) {
			assert_int_equal(op[i].ok, late || i != round / 4);
			if (!seal && op[i].ok)
				assert_memory_equal(before[i], buf[i], SA_ESP_HEADER + 8 + TEXT);
		}
		repair();
	}
	free_end(&e);
}

/* --- the test at start, with a library that computes wrongly --- */

static enum { SOUND, CIPHER, HASH, QUEUE, GCM128, GCM192, GCM256, JOBS, FAULTS } fault;
static submit_cipher_burst_t sound_cipher;
static submit_hash_burst_t sound_hash;
static burst_fn_t sound_flush;
static aes_gcm_enc_dec_t sound_gcm;
static submit_job_t sound_job;

/* One lane of many is wrong. */
static uint32_t wrong_cipher(IMB_MGR *mgr, IMB_JOB *jobs, const uint32_t n,
			     const IMB_CIPHER_MODE mode, const IMB_CIPHER_DIRECTION dir,
			     const IMB_KEY_SIZE_BYTES size)
{
	uint32_t done = sound_cipher(mgr, jobs, n, mode, dir, size);

	if (n > 1 && dir == IMB_DIR_ENCRYPT)
		jobs[n / 2].dst[0] ^= 1;
	return done;
}

static uint32_t wrong_hash(IMB_MGR *mgr, IMB_JOB *jobs, const uint32_t n, const IMB_HASH_ALG alg)
{
	uint32_t done = sound_hash(mgr, jobs, n, alg);

	if (n > 1)
		jobs[n / 2].auth_tag_output[0] ^= 1;
	return done;
}

static uint32_t wrong_flush(IMB_MGR *mgr, const uint32_t n, IMB_JOB **jobs)
{
	uint32_t done = sound_flush(mgr, n, jobs);

	if (done != 0)
		jobs[done - 1]->auth_tag_output[0] ^= 1;
	return done;
}

static void wrong_gcm(const struct gcm_key_data *key, struct gcm_context_data *ctx, uint8_t *out,
		      uint8_t const *in, uint64_t len, const uint8_t *iv, uint8_t const *aad,
		      uint64_t aad_len, uint8_t *tag, uint64_t tag_len)
{
	sound_gcm(key, ctx, out, in, len, iv, aad, aad_len, tag, tag_len);
	tag[tag_len - 1] ^= 1;
}

static IMB_JOB *wrong_job(IMB_MGR *mgr)
{
	IMB_JOB *job = sound_job(mgr);

	if (job != NULL)
		job->dst[0] ^= 1;
	return job;
}

/* The linker gives calls of init_mb_mgr_auto() to the first, and the library's to the second. */
void __wrap_init_mb_mgr_auto(IMB_MGR *mgr, IMB_ARCH *arch);
void __real_init_mb_mgr_auto(IMB_MGR *mgr, IMB_ARCH *arch);

void __wrap_init_mb_mgr_auto(IMB_MGR *mgr, IMB_ARCH *arch)
{
	aes_gcm_enc_dec_t *const gcm[] = {&mgr->gcm128_enc, &mgr->gcm192_enc, &mgr->gcm256_enc};

	__real_init_mb_mgr_auto(mgr, arch);
	sound_cipher = mgr->submit_cipher_burst_nocheck;
	sound_hash = mgr->submit_hash_burst_nocheck;
	sound_flush = mgr->flush_burst;
	sound_job = mgr->submit_job_nocheck;
	if (fault == CIPHER)
		mgr->submit_cipher_burst_nocheck = wrong_cipher;
	else if (fault == HASH)
		mgr->submit_hash_burst_nocheck = wrong_hash;
	else if (fault == QUEUE)
		mgr->flush_burst = wrong_flush;
	else if (fault == JOBS)
		mgr->submit_job_nocheck = wrong_job;
	for (unsigned int i = 0; i < 3; i++)
		if (fault == GCM128 + i) {
			sound_gcm = *gcm[i];
			*gcm[i] = wrong_gcm;
		}
}

static void a_library_that_is_wrong_is_found_out(void **state)
{
	static const char *const name[FAULTS] = {NULL,		"AES-128-CBC",	    "HMAC-SHA1-96",
						 "HMAC-MD5-96", "AES-128-GCM",	    "AES-192-GCM",
						 "AES-256-GCM", "ChaCha20-Poly1305"};
	const char *failed;

	(void)state;
	for (fault = CIPHER; fault < FAULTS; fault++) {
		failed = NULL;
		assert_int_equal(crypto_selftest(&failed), -EIO);
		assert_string_equal(failed, name[fault]);
	}
	fault = SOUND;
	assert_int_equal(crypto_selftest(&failed), 0);
	assert_null(failed);
}

static int test_setup(void **state)
{
	(void)state;
	remember();
	return 0;
}

static int test_teardown(void **state)
{
	(void)state;
	repair();
	return 0;
}

static int group_setup(void **state)
{
	(void)state;
	if (harness_eal() != 0)
		return -1;
	engine = crypto_create(-1);
	if (engine == NULL)
		return -1;
	crypto_choose(engine, 0); /* all of a pass by one implementation */
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	crypto_free(engine);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_queue_that_fails_fails_its_part_alone, test_setup,
						test_teardown),
		cmocka_unit_test_setup_teardown(a_burst_that_fails_fails_alone, test_setup,
						test_teardown),
		cmocka_unit_test_setup_teardown(no_iv_comes_again_when_no_others_can_be_made,
						test_setup, test_teardown),
		cmocka_unit_test_setup_teardown(
			a_job_that_fails_fails_alone_and_none_is_left_behind, test_setup,
			test_teardown),
		cmocka_unit_test(a_library_that_is_wrong_is_found_out),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
