/* SPDX-License-Identifier: BSD-3-Clause */
/* test_crypto.c - the crypto engine: published vectors, and OpenSSL as its twin. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/ipsec/crypto.h"
#include "tests/unit/dataplane/harness.h"
#include "tests/unit/dataplane/ipsec/reference.h"
#include "tests/vectors/aes_cbc_rfc.h"
#include "tests/vectors/hmac_rfc.h"

#define ROOM	9216u
#define ROUNDS	1700u /* of CRYPTO_BURST packets: more than 10^5 */
#define MAX_LEN 9000u

static struct crypto *engine;
static uint64_t seed = 1;

struct end { /* one SA, both directions */
	const struct reference_suite *suite;
	uint8_t encr_key[32];
	uint8_t integ_key[64];
	struct sa *out;
	struct sa *in;
};

static int group_setup(void **state)
{
	(void)state;
	if (harness_eal() != 0)
		return -1;
	engine = crypto_create(-1);
	return engine != NULL ? 0 : -1;
}

static int group_teardown(void **state)
{
	(void)state;
	crypto_free(engine);
	return 0;
}

static size_t unhex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		char two[3] = {hex[2 * i], hex[2 * i + 1], 0};

		out[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	return n;
}

static struct sa *make_sa(const struct reference_suite *s, uint8_t direction, const uint8_t *ek,
			  const uint8_t *ik)
{
	struct sa *sa = aligned_alloc(64, sizeof(*sa));

	assert_non_null(sa);
	memset(sa, 0, sizeof(*sa));
	sa->direction = direction;
	assert_int_equal(crypto_suite(sa, s->encr, s->integ, s->encr_key_len, s->integ_key_len, 0),
			 0);
	assert_int_equal(crypto_set_keys(sa, ek, ik), 0);
	assert_int_equal(sa->iv_len, s->iv_len);
	assert_int_equal(sa->icv_len, s->icv_len);
	assert_int_equal(sa->block, s->block);
	return sa;
}

static const struct reference_suite *find_suite(uint8_t encr_key_len, uint8_t integ)
{
	for (unsigned int i = 0; i < REFERENCE_SUITES; i++)
		if (reference_suites[i].encr_key_len == encr_key_len &&
		    reference_suites[i].integ == integ)
			return &reference_suites[i];
	fail_msg("no suite %u %u", encr_key_len, integ);
	return NULL;
}

static void selftest_passes(void **state)
{
	const char *failed = "?";

	(void)state;
	assert_int_equal(crypto_selftest(&failed), 0);
	assert_null(failed);
}

static void hmac_vectors(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < HMAC_RFC_COUNT; i++) {
		uint8_t key[64], data[256], want[64];
		size_t len = unhex(hmac_rfc[i].data, data), n = unhex(hmac_rfc[i].icv, want);
		const struct reference_suite *s = find_suite(0, hmac_rfc[i].integ);
		struct crypto_op op = {.esp = data, .len = (uint16_t)len, .ok = true};
		struct sa *sa;

		assert_int_equal(unhex(hmac_rfc[i].key, key), s->integ_key_len);
		sa = make_sa(s, ABI_DIR_OUT, NULL, key);
		op.sa = sa;
		crypto_seal(engine, &op, 1);
		assert_true(op.ok);
		if (memcmp(data + len, want, n) != 0)
			fail_msg("%s", hmac_rfc[i].source);
		free(sa);
	}
}

static void aes_cbc_vectors(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < AES_CBC_RFC_COUNT; i++) {
		uint8_t key[32], ik[20] = {0}, esp[8 + 16 + 64 + 32] = {0}, plain[64], want[64];
		size_t kl = unhex(aes_cbc_rfc[i].key, key), n = unhex(aes_cbc_rfc[i].plain, plain);
		const struct reference_suite *s = find_suite((uint8_t)kl, ABI_INTEG_HMAC_SHA1_96);
		struct sa *out = make_sa(s, ABI_DIR_OUT, key, ik);
		struct sa *in = make_sa(s, ABI_DIR_IN, key, ik);
		struct crypto_op op = {
			.sa = out, .esp = esp, .len = (uint16_t)(8 + 16 + n), .ok = true};

		unhex(aes_cbc_rfc[i].iv, esp + 8);
		memcpy(esp + 24, plain, n);
		assert_int_equal(unhex(aes_cbc_rfc[i].cipher, want), n);
		crypto_seal(engine, &op, 1);
		if (!op.ok || memcmp(esp + 24, want, n) != 0)
			fail_msg("%s, encryption", aes_cbc_rfc[i].source);
		op.sa = in;
		crypto_verify(engine, &op, 1);
		assert_true(op.ok);
		crypto_open(engine, &op, 1);
		if (!op.ok || memcmp(esp + 24, plain, n) != 0)
			fail_msg("%s, decryption", aes_cbc_rfc[i].source);
		free(out);
		free(in);
	}
}

static void make_ends(struct end *e, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		e[i].suite = &reference_suites[i % REFERENCE_SUITES];
		reference_fill(&seed, e[i].encr_key, sizeof(e[i].encr_key));
		reference_fill(&seed, e[i].integ_key, sizeof(e[i].integ_key));
		e[i].out = make_sa(e[i].suite, ABI_DIR_OUT, e[i].encr_key, e[i].integ_key);
		e[i].in = make_sa(e[i].suite, ABI_DIR_IN, e[i].encr_key, e[i].integ_key);
	}
}

static void free_ends(struct end *e, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		free(e[i].out);
		free(e[i].in);
	}
}

/* A packet of random content for SA e: header, IV, len bytes of text. Its length without ICV. */
static uint16_t make_packet(const struct end *e, size_t len, uint8_t *esp)
{
	len = len / e->suite->block * e->suite->block;
	if (len == 0)
		len = e->suite->block;
	len += 8u + e->suite->iv_len;
	reference_fill(&seed, esp, len);
	return (uint16_t)len;
}

static size_t random_len(void)
{
	uint64_t x = reference_random(&seed);

	return x % 16 == 0 ? (x >> 8) % MAX_LEN : (x >> 8) % 1500;
}

static void reference_check(const struct end *e, const uint8_t *before, const uint8_t *after,
			    uint16_t len)
{
	static uint8_t want[ROOM];
	size_t at = 8u + e->suite->iv_len;

	memcpy(want, before, len);
	reference_cipher(e->suite, true, e->encr_key, want + 8, before + at, want + at, len - at);
	reference_icv(e->suite, e->integ_key, want, len, want + len);
	if (memcmp(want, after, len + e->suite->icv_len) != 0)
		fail_msg("%s, %u bytes: differs from OpenSSL", e->suite->name, len);
}

/* One burst through seal, compared with OpenSSL; then back through verify and open. */
static void burst(struct end *ends, unsigned int n_ends, unsigned int n, bool one_suite)
{
	static uint8_t before[CRYPTO_BURST][ROOM], work[CRYPTO_BURST][ROOM];
	struct crypto_op op[CRYPTO_BURST];
	const struct end *of[CRYPTO_BURST];
	unsigned int first = (unsigned int)(reference_random(&seed) % n_ends);

	for (unsigned int i = 0; i < n; i++) {
		of[i] = &ends[one_suite ? first : reference_random(&seed) % n_ends];
		op[i] = (struct crypto_op){.sa = of[i]->out, .esp = work[i], .ok = true};
		op[i].len = make_packet(of[i], random_len(), before[i]);
		memcpy(work[i], before[i], op[i].len);
	}
	crypto_seal(engine, op, (uint16_t)n);
	for (unsigned int i = 0; i < n; i++) {
		assert_true(op[i].ok);
		reference_check(of[i], before[i], work[i], op[i].len);
		op[i].sa = of[i]->in;
	}
	crypto_verify(engine, op, (uint16_t)n);
	for (unsigned int i = 0; i < n; i++)
		assert_true(op[i].ok);
	crypto_open(engine, op, (uint16_t)n);
	for (unsigned int i = 0; i < n; i++)
		if (!op[i].ok || memcmp(work[i], before[i], op[i].len) != 0)
			fail_msg("%s, %u bytes: does not come back", of[i]->suite->name, op[i].len);
}

static void agrees_with_openssl_on_random_bursts(void **state)
{
	struct end ends[REFERENCE_SUITES * 3];

	(void)state;
	make_ends(ends, REFERENCE_SUITES * 3);
	for (unsigned int i = 0; i < ROUNDS; i++)
		burst(ends, REFERENCE_SUITES * 3,
		      i % 4 == 0 ? 1 + (unsigned int)(reference_random(&seed) % CRYPTO_BURST)
				 : CRYPTO_BURST,
		      i % 2 == 0);
	free_ends(ends, REFERENCE_SUITES * 3);
}

static void agrees_with_openssl_at_every_short_length(void **state)
{
	struct end ends[REFERENCE_SUITES];
	uint8_t before[256], work[256];

	(void)state;
	make_ends(ends, REFERENCE_SUITES);
	for (unsigned int k = 0; k < REFERENCE_SUITES; k++) {
		for (size_t len = ends[k].suite->block; len <= 128; len += ends[k].suite->block) {
			struct crypto_op op = {.sa = ends[k].out, .esp = work, .ok = true};

			op.len = make_packet(&ends[k], len, before);
			memcpy(work, before, op.len);
			crypto_seal(engine, &op, 1);
			assert_true(op.ok);
			reference_check(&ends[k], before, work, op.len);
		}
	}
	free_ends(ends, REFERENCE_SUITES);
}

static void any_flipped_bit_of_the_icv_is_refused(void **state)
{
	struct end ends[REFERENCE_SUITES];
	uint8_t work[128], copy[128], good[128];

	(void)state;
	make_ends(ends, REFERENCE_SUITES);
	for (unsigned int k = 0; k < REFERENCE_SUITES; k++) {
		struct crypto_op op = {.sa = ends[k].out, .esp = work, .ok = true};
		unsigned int bits = ends[k].suite->icv_len * 8u;
		unsigned int text = 8u + ends[k].suite->iv_len;

		op.len = make_packet(&ends[k], 32, work);
		crypto_seal(engine, &op, 1);
		op.sa = ends[k].in;
		memcpy(good, work, sizeof(good));
		for (unsigned int b = 0; b < bits; b++) {
			work[op.len + b / 8] ^= (uint8_t)(1u << b % 8);
			memcpy(copy, work, sizeof(copy));
			op.ok = true;
			crypto_verify(engine, &op, 1);
			assert_false(op.ok);
			/* HMAC-MD5 is decrypted meanwhile. */
			if (ends[k].suite->integ == ABI_INTEG_HMAC_MD5_96)
				memcpy(work + text, copy + text, op.len - text);
			assert_memory_equal(copy, work, sizeof(copy));
			memcpy(work, good, sizeof(work));
		}
		op.ok = true;
		crypto_verify(engine, &op, 1);
		assert_true(op.ok);
	}
	free_ends(ends, REFERENCE_SUITES);
}

static void what_is_not_ok_is_left_alone(void **state)
{
	struct end ends[1];
	uint8_t work[2][128] = {{0}}, copy[128];
	struct crypto_op op[2];

	(void)state;
	make_ends(ends, 1);
	for (unsigned int i = 0; i < 2; i++) {
		op[i] = (struct crypto_op){.sa = ends[0].out, .esp = work[i], .ok = i == 1};
		op[i].len = make_packet(&ends[0], 32, work[i]);
	}
	memcpy(copy, work[0], sizeof(copy));
	crypto_seal(engine, op, 2);
	assert_false(op[0].ok);
	assert_true(op[1].ok);
	assert_memory_equal(copy, work[0], sizeof(copy));
	free_ends(ends, 1);
}

static void an_unknown_algorithm_is_an_engine_failure(void **state)
{
	struct end ends[1];
	uint8_t work[128], copy[128];
	struct crypto_op op = {.esp = work, .ok = true};

	(void)state;
	make_ends(ends, 1);
	op.sa = ends[0].out;
	op.len = make_packet(&ends[0], 32, work);
	memcpy(copy, work, sizeof(copy));
	ends[0].out->cipher = CRYPTO_CIPHERS;
	crypto_seal(engine, &op, 1);
	assert_false(op.ok);
	assert_memory_equal(copy, work, sizeof(copy));
	ends[0].out->cipher = CRYPTO_AES128_CBC;
	ends[0].out->hash = CRYPTO_HASHES;
	op.ok = true;
	crypto_seal(engine, &op, 1);
	assert_false(op.ok);
	free_ends(ends, 1);
}

static void suites_are_checked(void **state)
{
	struct sa sa;

	(void)state;
	for (unsigned int len = 0; len < 256; len++) {
		int want = len == 16 || len == 24 || len == 32 ? 0 : -EINVAL;

		assert_int_equal(crypto_suite(&sa, ABI_ENCR_AES_CBC, ABI_INTEG_HMAC_SHA1_96,
					      (uint8_t)len, 20, 0),
				 want);
		assert_int_equal(crypto_suite(&sa, ABI_ENCR_AES_CBC, ABI_INTEG_HMAC_SHA2_256_128,
					      16, (uint8_t)len, 0),
				 len == 32 ? 0 : -EINVAL);
	}
	assert_int_equal(crypto_suite(&sa, ABI_ENCR_AES_CBC, ABI_INTEG_HMAC_SHA1_96, 16, 20, 4),
			 -EINVAL);
	assert_int_equal(crypto_suite(&sa, ABI_ENCR_AES_CBC, ABI_INTEG_NONE, 16, 0, 0), -ENOTSUP);
	for (unsigned int encr = 0; encr < 256; encr++)
		if (encr != ABI_ENCR_AES_CBC && encr != ABI_ENCR_NULL)
			assert_int_equal(
				crypto_suite(&sa, (uint8_t)encr, ABI_INTEG_HMAC_SHA1_96, 16, 20, 0),
				-ENOTSUP);
}

static void wiping_leaves_no_key_byte(void **state)
{
	struct end ends[1];
	static const struct sa_keys none;

	(void)state;
	make_ends(ends, 1);
	assert_memory_not_equal(&ends[0].out->keys, &none, sizeof(none));
	crypto_wipe_keys(ends[0].out);
	assert_memory_equal(&ends[0].out->keys, &none, sizeof(none));
	free_ends(ends, 1);
}

static int compare_iv(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

static void ivs_do_not_repeat_and_look_random(void **state)
{
	enum { IVS = 100000 };
	uint8_t(*iv)[16] = calloc(IVS, 16);
	struct crypto *other = crypto_create(-1);
	uint64_t ones = 0;
	uint8_t theirs[16];

	(void)state;
	assert_non_null(iv);
	assert_non_null(other);
	for (unsigned int i = 0; i < IVS; i++)
		assert_int_equal(crypto_iv(engine, iv[i]), 0);
	for (unsigned int i = 0; i < IVS; i++)
		for (unsigned int k = 0; k < 16; k++)
			ones += (uint64_t)__builtin_popcount(iv[i][k]);
	/* 12.8 million bits: 0.5 +- 0.001 is seven standard deviations. */
	assert_in_range(ones, IVS * 64ull - 12800, IVS * 64ull + 12800);
	assert_int_equal(crypto_iv(other, theirs), 0);
	qsort(iv, IVS, 16, compare_iv);
	for (unsigned int i = 1; i < IVS; i++)
		assert_memory_not_equal(iv[i - 1], iv[i], 16);
	assert_null(bsearch(theirs, iv, IVS, 16, compare_iv));
	crypto_free(other);
	free(iv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selftest_passes),
		cmocka_unit_test(hmac_vectors),
		cmocka_unit_test(aes_cbc_vectors),
		cmocka_unit_test(agrees_with_openssl_at_every_short_length),
		cmocka_unit_test(agrees_with_openssl_on_random_bursts),
		cmocka_unit_test(any_flipped_bit_of_the_icv_is_refused),
		cmocka_unit_test(what_is_not_ok_is_left_alone),
		cmocka_unit_test(an_unknown_algorithm_is_an_engine_failure),
		cmocka_unit_test(suites_are_checked),
		cmocka_unit_test(wiping_leaves_no_key_byte),
		cmocka_unit_test(ivs_do_not_repeat_and_look_random),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
