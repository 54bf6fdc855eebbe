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

static void remember(void)
{
	real = (struct calls){.get = engine->queue->get_next_burst,
			      .submit = engine->queue->submit_burst_nocheck,
			      .flush = engine->queue->flush_burst,
			      .cipher = engine->mgr->submit_cipher_burst_nocheck,
			      .hash = engine->mgr->submit_hash_burst_nocheck};
}

static void repair(void)
{
	fail_at = 0;
	engine->queue->get_next_burst = real.get;
	engine->queue->submit_burst_nocheck = real.submit;
	engine->queue->flush_burst = real.flush;
	engine->mgr->submit_cipher_burst_nocheck = real.cipher;
	engine->mgr->submit_hash_burst_nocheck = real.hash;
}

/* --- SAs and bursts --- */

static struct sa *make_sa(const struct end *e, uint8_t direction)
{
	const struct reference_suite *s = e->suite;
	struct sa suite = {.direction = direction}, *sa;
	size_t size;

	assert_int_equal(crypto_suite(&suite, s->encr, s->integ, s->encr_key_len, s->integ_key_len,
				      s->salt_len),
			 0);
	size = (crypto_sa_bytes(&suite) + 63) / 64 * 64;
	sa = aligned_alloc(64, size);
	assert_non_null(sa);
	memset(sa, 0, size);
	*sa = suite;
	assert_int_equal(crypto_set_keys(sa, e->encr_key, e->integ_key, NULL), 0);
	return sa;
}

static struct end make_end(uint8_t integ)
{
	struct end e = {.suite = NULL};

	for (unsigned int i = 0; i < REFERENCE_SUITES; i++)
		if (reference_suites[i].encr == ABI_ENCR_AES_CBC &&
		    reference_suites[i].encr_key_len == 16 && reference_suites[i].integ == integ)
			e.suite = &reference_suites[i];
	assert_non_null(e.suite);
	reference_fill(&seed, e.encr_key, sizeof(e.encr_key));
	reference_fill(&seed, e.integ_key, sizeof(e.integ_key));
	e.out = make_sa(&e, ABI_DIR_OUT);
	e.in = make_sa(&e, ABI_DIR_IN);
	return e;
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

/* A burst that meets the failure: genuine packets, none of which may be taken for it. */
static void expect_none(const struct end *e, unsigned int n, bool seal)
{
	struct crypto_op op[CRYPTO_BURST];

	make_burst(op, e, 1, n, !seal);
	if (seal)
		crypto_seal(engine, op, (uint16_t)n);
	else
		crypto_verify(engine, op, (uint16_t)n);
	for (unsigned int i = 0; i < n; i++)
		assert_false(op[i].ok);
}

/* The same keys, others, those of another hash, and all of them mixed, behind the failure. */
static void expect_recovered(const struct end *ends)
{
	repair();
	for (unsigned int i = 0; i < 4; i++)
		expect_right(&ends[i % 3], 1, i % 2 ? CRYPTO_BURST : 40);
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

/* HMAC-MD5 goes through a queue, in bursts of at most IMB_MAX_BURST_SIZE jobs: the first or the
 * second is refused, or what waits in the lanes does not come out. */
static void a_queue_that_fails_fails_its_burst_alone(void **state)
{
	struct end ends[3] = {make_end(ABI_INTEG_HMAC_MD5_96), make_end(ABI_INTEG_HMAC_MD5_96),
			      make_end(ABI_INTEG_HMAC_SHA1_96)};

	(void)state;
	remember();
	expect_right(ends, 3, CRYPTO_BURST);
	for (unsigned int round = 0; round < 2 * 4 * 2 * 2; round++) {
		unsigned int how = round / 2 % 4, call = 1 + round / 8 % 2;

		if (how == 3 && call == 2)
			continue; /* there is one flush in a pass */
		expect_right(&ends[round / 16], 1, CRYPTO_BURST);
		break_queue(how);
		fail_at = call;
		expect_none(&ends[1], CRYPTO_BURST, round % 2);
		expect_recovered(ends);
	}
	for (unsigned int i = 0; i < 3; i++)
		free_end(&ends[i]);
}

static void a_burst_that_fails_fails_alone(void **state)
{
	struct end ends[3] = {make_end(ABI_INTEG_HMAC_SHA1_96), make_end(ABI_INTEG_HMAC_SHA1_96),
			      make_end(ABI_INTEG_HMAC_MD5_96)};

	(void)state;
	remember();
	expect_right(ends, 3, CRYPTO_BURST);
	for (unsigned int round = 0; round < 3; round++) {
		expect_right(&ends[round % 2], 1, CRYPTO_BURST);
		if (round == 0)
			engine->mgr->submit_cipher_burst_nocheck = bad_cipher;
		else
			engine->mgr->submit_hash_burst_nocheck = bad_hash;
		fail_at = 1;
		expect_none(&ends[1], CRYPTO_BURST, round < 2);
		expect_recovered(ends);
	}
	for (unsigned int i = 0; i < 3; i++)
		free_end(&ends[i]);
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
		cmocka_unit_test(a_queue_that_fails_fails_its_burst_alone),
		cmocka_unit_test(a_burst_that_fails_fails_alone),
		cmocka_unit_test(a_library_that_is_wrong_is_found_out),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
