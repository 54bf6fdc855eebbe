/* SPDX-License-Identifier: BSD-3-Clause */
/* test_crypto_suite.c - which suites there are, what keys they take, and their IVs. */
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

static struct crypto *engine;
static uint64_t seed = 1;

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
}

/* Nothing lies over anything else or beyond the end, and the library has its schedules where it
 * wants them: GCM's and those to encrypt with on a cache line. */
static void expect_places(const struct sa *sa)
{
	bool in = sa->direction == ABI_DIR_IN;
	size_t first = offsetof(struct sa, keys) + (in ? sizeof(struct replay) : sizeof(uint64_t));
	size_t ipad = (size_t)(sa_ipad(sa) - (const uint8_t *)sa);
	size_t opad = (size_t)(sa_opad(sa) - (const uint8_t *)sa);
	size_t cipher = (size_t)(sa_cipher_keys(sa) - (const uint8_t *)sa);

	assert_true(ipad >= first);
	assert_int_equal(opad - ipad, crypto_hashes[sa->hash].state);
	assert_true(cipher >= opad + crypto_hashes[sa->hash].state);
	assert_true(crypto_sa_bytes(sa) >= cipher + crypto_ciphers[sa->cipher].schedule);
	assert_int_equal(cipher % (in && sa->hash != CRYPTO_NO_HASH ? 16 : 64), 0);
}

static void each_key_has_its_own_place(void **state)
{
	static const uint8_t directions[] = {ABI_DIR_IN, ABI_DIR_OUT};

	(void)state;
	for (unsigned int i = 0; i < 2 * REFERENCE_SUITES; i++) {
		const struct reference_suite *s = &reference_suites[i / 2];
		struct sa sa = {.direction = directions[i % 2]};

		assert_int_equal(crypto_suite(&sa, s->encr, s->integ, s->encr_key_len,
					      s->integ_key_len, s->salt_len),
				 0);
		expect_places(&sa);
		assert_int_not_equal(sa.kind, 0);
		/* What sa.h and warm.h promise. */
		if (sa.cipher == CRYPTO_AES128_CBC && sa.hash == CRYPTO_SHA1_96)
			assert_true(crypto_sa_bytes(&sa) - SA_LINE0 <= 5 * 64);
	}
}

static bool is_aead(unsigned int encr)
{
	return encr == ABI_ENCR_AES_GCM_16 || encr == ABI_ENCR_CHACHA20_POLY1305;
}

static void every_combination_of_numbers_is_done_or_refused(void **state)
{
	struct sa sa;

	(void)state;
	for (unsigned int encr = 0; encr < 256; encr++)
		for (unsigned int integ = 0; integ < 256; integ++) {
			bool done = false;

			for (unsigned int i = 0; i < REFERENCE_SUITES; i++)
				done = done || (reference_suites[i].encr == encr &&
						reference_suites[i].integ == integ);
			/* No key is 255 bytes long. */
			assert_int_equal(
				crypto_suite(&sa, (uint8_t)encr, (uint8_t)integ, 255, 0, 0),
				done ? -EINVAL : -ENOTSUP);
		}
}

static void lengths_of_keys_and_salt_are_checked(void **state)
{
	struct sa sa;

	(void)state;
	for (unsigned int i = 0; i < REFERENCE_SUITES; i++) {
		const struct reference_suite *s = &reference_suites[i];

		for (unsigned int len = 0; len < 256; len++) {
			bool known = false;

			for (unsigned int k = 0; k < REFERENCE_SUITES; k++)
				known = known || (reference_suites[k].encr == s->encr &&
						  reference_suites[k].encr_key_len == len);
			assert_int_equal(crypto_suite(&sa, s->encr, s->integ, (uint8_t)len,
						      s->integ_key_len, s->salt_len),
					 known ? 0 : -EINVAL);
			assert_int_equal(crypto_suite(&sa, s->encr, s->integ, s->encr_key_len,
						      (uint8_t)len, s->salt_len),
					 len == s->integ_key_len ? 0 : -EINVAL);
			assert_int_equal(crypto_suite(&sa, s->encr, s->integ, s->encr_key_len,
						      s->integ_key_len, (uint8_t)len),
					 len == s->salt_len ? 0 : -EINVAL);
		}
		assert_int_equal(s->salt_len,
				 is_aead(s->encr) || s->encr == ABI_ENCR_AES_CTR ? 4 : 0);
	}
}

/* RFC 2451 section 2.3. */
static void keys_that_make_single_des_are_refused(void **state)
{
	struct sa sa;
	uint8_t key[24];

	(void)state;
	reference_fill(&seed, key, sizeof(key));
	assert_int_equal(crypto_suite(&sa, ABI_ENCR_3DES, ABI_INTEG_HMAC_SHA1_96, 24, 20, 0), 0);
	assert_true(crypto_key_ok(&sa, key));
	memcpy(key + 16, key, 8); /* two keys: weaker, but not single DES */
	assert_true(crypto_key_ok(&sa, key));
	for (unsigned int i = 0; i < 8; i++)
		key[8 + i] = key[i] ^ 1; /* parity does not count */
	assert_false(crypto_key_ok(&sa, key));
	reference_fill(&seed, key, 8);
	assert_false(crypto_key_ok(&sa, key));
	reference_fill(&seed, key, sizeof(key));
	memcpy(key + 8, key, 8);
	assert_false(crypto_key_ok(&sa, key));
}

/* RFC 4106 section 3.1, RFC 7634 section 2, RFC 3686 section 3.1: the IV must never repeat. */
static void ivs_of_counter_suites_are_the_number(void **state)
{
	static const uint64_t numbers[] = {1, 255, 0x123456789abcdef0, UINT32_MAX, UINT64_MAX};
	struct sa sa;

	(void)state;
	for (unsigned int i = 0; i < REFERENCE_SUITES; i++) {
		const struct reference_suite *s = &reference_suites[i];

		if (s->salt_len == 0)
			continue;
		assert_int_equal(crypto_suite(&sa, s->encr, s->integ, s->encr_key_len,
					      s->integ_key_len, s->salt_len),
				 0);
		for (unsigned int k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++) {
			uint8_t iv[8];

			assert_int_equal(crypto_iv8(engine, &sa, numbers[k], iv), 0);
			for (unsigned int b = 0; b < 8; b++)
				assert_int_equal(iv[b], numbers[k] >> (56 - 8 * b) & 0xff);
		}
	}
}

static void ivs_of_3des_do_not_follow_the_number(void **state)
{
	struct sa sa;
	uint8_t a[8], b[8];

	(void)state;
	assert_int_equal(crypto_suite(&sa, ABI_ENCR_3DES, ABI_INTEG_HMAC_SHA1_96, 24, 20, 0), 0);
	assert_int_equal(crypto_iv8(engine, &sa, 7, a), 0);
	assert_int_equal(crypto_iv8(engine, &sa, 7, b), 0);
	assert_memory_not_equal(a, b, 8);
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

/* Taken by the burst and one by one in between; a burst's stay as they are until the next one. */
static void ivs_of_bursts_are_nobody_elses(void **state)
{
	enum { IVS = 60000 };
	uint8_t(*iv)[16] = calloc(IVS, 16);
	unsigned int n = 0;

	(void)state;
	assert_non_null(iv);
	while (n < IVS - 2 * CRYPTO_BURST) {
		uint64_t x = random_next(&seed);
		unsigned int burst = 1 + (unsigned int)(x % CRYPTO_BURST);
		unsigned int single = (unsigned int)(x >> 32) % CRYPTO_BURST;
		const uint8_t *from = crypto_ivs(engine, (uint16_t)burst);

		assert_non_null(from);
		for (unsigned int i = 0; i < single; i++)
			assert_int_equal(crypto_iv(engine, iv[n + burst + i]), 0);
		memcpy(iv[n], from, burst * 16u);
		n += burst + single;
	}
	qsort(iv, n, 16, compare_iv);
	for (unsigned int i = 1; i < n; i++)
		assert_memory_not_equal(iv[i - 1], iv[i], 16);
	free(iv);
}

/* --- the order in which packets go into the lanes --- */

/* All of n, the longest first but for those so long that they count as one length. */
static void expect_sorted(const struct crypto_group *g, const struct crypto_op *op, uint16_t n)
{
	bool seen[CRYPTO_BURST] = {false};
	unsigned int before = UINT16_MAX;

	assert_int_equal(g->n, n);
	for (unsigned int i = 0; i < n; i++) {
		unsigned int bin = RTE_MIN(op[g->index[i]].len / CRYPTO_BIN, 127u);

		assert_in_range(g->index[i], 0, n - 1u);
		assert_false(seen[g->index[i]]);
		seen[g->index[i]] = true;
		assert_in_range(bin, 0, before);
		before = bin;
	}
}

/* Bursts of few lengths and of many, of which one is that of hardly any, or of nearly all. */
static void a_burst_is_sorted_longest_first(void **state)
{
	static const uint16_t most[] = {64, 300, 1500, 9000};
	struct crypto_op op[CRYPTO_BURST];
	struct crypto_group g;

	(void)state;
	for (unsigned int round = 0; round < 4000; round++) {
		unsigned int usual = round % 5, longest = most[round / 5 % RTE_DIM(most)];
		uint16_t min = UINT16_MAX, max = 0, len = (uint16_t)(round % longest);

		g.n = (uint16_t)(round % 3 == 0 ? 16 + random_next(&seed) % (CRYPTO_BURST - 15)
						: CRYPTO_BURST);
		for (unsigned int i = 0; i < g.n; i++) {
			op[i].len = random_next(&seed) % 4 < usual
					    ? len
					    : (uint16_t)(random_next(&seed) % longest);
			min = RTE_MIN(min, op[i].len);
			max = RTE_MAX(max, op[i].len);
			g.index[i] = (uint16_t)i;
		}
		crypto_sort(&g, op, min, max);
		expect_sorted(&g, op, g.n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suites_are_checked),
		cmocka_unit_test(each_key_has_its_own_place),
		cmocka_unit_test(every_combination_of_numbers_is_done_or_refused),
		cmocka_unit_test(lengths_of_keys_and_salt_are_checked),
		cmocka_unit_test(keys_that_make_single_des_are_refused),
		cmocka_unit_test(ivs_of_counter_suites_are_the_number),
		cmocka_unit_test(ivs_of_3des_do_not_follow_the_number),
		cmocka_unit_test(ivs_do_not_repeat_and_look_random),
		cmocka_unit_test(ivs_of_bursts_are_nobody_elses),
		cmocka_unit_test(a_burst_is_sorted_longest_first),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
