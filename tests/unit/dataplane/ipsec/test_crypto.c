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
#include "tests/unit/dataplane/ipsec/sakit.h"
#include "tests/vectors/aes_cbc_rfc.h"
#include "tests/vectors/esp_suites_rfc.h"
#include "tests/vectors/hmac_rfc.h"

#define ROOM	9216u
#define ROUNDS	850u /* of CRYPTO_BURST packets: more than 10^5 */
#define MAX_LEN 9000u

static struct crypto *engine;
static uint64_t seed = 1;
static bool any_length; /* packets need not fill blocks */

struct end { /* one SA, both directions */
	const struct reference_suite *suite;
	uint8_t encr_key[40]; /* and salt */
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

static const struct reference_suite *find_suite(uint8_t encr, size_t encr_key_len, uint8_t integ)
{
	for (unsigned int i = 0; i < REFERENCE_SUITES; i++)
		if (reference_suites[i].encr == encr &&
		    reference_suites[i].encr_key_len == encr_key_len &&
		    reference_suites[i].integ == integ)
			return &reference_suites[i];
	fail_msg("no suite %u %zu %u", encr, encr_key_len, integ);
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
		const struct reference_suite *s = find_suite(ABI_ENCR_NULL, 0, hmac_rfc[i].integ);
		struct crypto_op op = {.esp = data, .len = (uint16_t)len, .ok = true};
		struct sa *sa;

		assert_int_equal(unhex(hmac_rfc[i].key, key), s->integ_key_len);
		sa = sakit_make(s, ABI_DIR_OUT, NULL, key);
		op.sa = sa;
		crypto_seal(engine, &op, 1);
		assert_true(op.ok);
		if (memcmp(data + len, want, n) != 0)
			fail_msg("%s", hmac_rfc[i].source);
		free(sa);
	}
}

/* A vector of an AEAD as an ESP packet. An AAD of 12 bytes is one with an extended number. */
static void aead_vector(const struct aead_rfc *v, uint8_t encr)
{
	uint8_t key[32], aad[12], nonce[12], esp[256], plain[160], want[160];
	size_t kl = unhex(v->key, key), al = unhex(v->aad, aad), n = unhex(v->plain, plain);
	struct end e = {.suite = find_suite(encr, kl, ABI_INTEG_NONE)};
	struct crypto_op op = {.esp = esp, .len = (uint16_t)(16 + n), .ok = true};

	assert_int_equal(unhex(v->nonce, nonce), 12);
	assert_int_equal(unhex(v->cipher, want), n + 16);
	memcpy(e.encr_key, key, kl);
	memcpy(e.encr_key + kl, nonce, 4);
	e.out = sakit_make(e.suite, ABI_DIR_OUT, e.encr_key, NULL);
	e.in = sakit_make(e.suite, ABI_DIR_IN, e.encr_key, NULL);
	e.out->esn = e.in->esn = al == 12 ? SA_ESN_BYTES : 0;
	memcpy(esp, aad, 4);
	memcpy(esp + 4, aad + al - 4, 4);
	memcpy(esp + 8, nonce + 4, 8);
	memcpy(esp + 16, plain, n);
	if (al == 12)
		op.seq_hi = (uint32_t)aad[4] << 24 | (uint32_t)aad[5] << 16 |
			    (uint32_t)aad[6] << 8 | aad[7];
	op.sa = e.out;
	crypto_seal(engine, &op, 1);
	if (!op.ok || memcmp(esp + 16, want, n + 16) != 0)
		fail_msg("%s, encryption", v->source);
	op.sa = e.in;
	crypto_verify(engine, &op, 1);
	crypto_open(engine, &op, 1);
	if (!op.ok || memcmp(esp + 16, plain, n) != 0)
		fail_msg("%s, decryption", v->source);
	free(e.out);
	free(e.in);
}

static void aead_vectors(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < sizeof(gcm_rfc) / sizeof(gcm_rfc[0]); i++)
		aead_vector(&gcm_rfc[i], ABI_ENCR_AES_GCM_16);
	for (unsigned int i = 0; i < sizeof(chacha_rfc) / sizeof(chacha_rfc[0]); i++)
		aead_vector(&chacha_rfc[i], ABI_ENCR_CHACHA20_POLY1305);
}

/* Cipher s with the salt and IV given: both directions. */
static void cipher_vector(const char *source, const struct reference_suite *s,
			  const uint8_t *key_and_salt, const char *iv, const char *plain,
			  const char *text)
{
	uint8_t esp[128] = {0}, ik[20] = {0}, clear[64], want[64];
	size_t n = unhex(plain, clear), at = 8u + s->iv_len;
	struct sa *out = sakit_make(s, ABI_DIR_OUT, key_and_salt, ik);
	struct sa *in = sakit_make(s, ABI_DIR_IN, key_and_salt, ik);
	struct crypto_op op = {.sa = out, .esp = esp, .len = (uint16_t)(at + n), .ok = true};

	assert_int_equal(unhex(iv, esp + 8), s->iv_len);
	memcpy(esp + at, clear, n);
	assert_int_equal(unhex(text, want), n);
	crypto_seal(engine, &op, 1);
	if (!op.ok || memcmp(esp + at, want, n) != 0)
		fail_msg("%s, encryption", source);
	op.sa = in;
	crypto_verify(engine, &op, 1);
	assert_true(op.ok);
	crypto_open(engine, &op, 1);
	if (!op.ok || memcmp(esp + at, clear, n) != 0)
		fail_msg("%s, decryption", source);
	free(out);
	free(in);
}

static void aes_cbc_vectors(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < AES_CBC_RFC_COUNT; i++) {
		uint8_t key[32];
		size_t n = unhex(aes_cbc_rfc[i].key, key);

		cipher_vector(aes_cbc_rfc[i].source,
			      find_suite(ABI_ENCR_AES_CBC, n, ABI_INTEG_HMAC_SHA1_96), key,
			      aes_cbc_rfc[i].iv, aes_cbc_rfc[i].plain, aes_cbc_rfc[i].cipher);
	}
}

static void aes_ctr_vectors(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < sizeof(ctr_rfc) / sizeof(ctr_rfc[0]); i++) {
		uint8_t key[36];
		size_t n = unhex(ctr_rfc[i].key, key);

		unhex(ctr_rfc[i].salt, key + n);
		cipher_vector(ctr_rfc[i].source,
			      find_suite(ABI_ENCR_AES_CTR, n, ABI_INTEG_HMAC_SHA1_96), key,
			      ctr_rfc[i].iv, ctr_rfc[i].plain, ctr_rfc[i].cipher);
	}
}

static void des_vectors(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < sizeof(des_rfc) / sizeof(des_rfc[0]); i++) {
		uint8_t key[24];

		assert_int_equal(unhex(des_rfc[i].key, key), sizeof(key));
		cipher_vector(des_rfc[i].source,
			      find_suite(ABI_ENCR_3DES, sizeof(key), ABI_INTEG_HMAC_SHA1_96), key,
			      des_rfc[i].iv, des_rfc[i].plain, des_rfc[i].cipher);
	}
}

static void make_ends(struct end *e, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		e[i].suite = &reference_suites[i % REFERENCE_SUITES];
		reference_fill(&seed, e[i].encr_key, sizeof(e[i].encr_key));
		reference_fill(&seed, e[i].integ_key, sizeof(e[i].integ_key));
		e[i].out = sakit_make(e[i].suite, ABI_DIR_OUT, e[i].encr_key, e[i].integ_key);
		e[i].in = sakit_make(e[i].suite, ABI_DIR_IN, e[i].encr_key, e[i].integ_key);
		/* The first of each suite without. */
		e[i].out->esn = e[i].in->esn = i / REFERENCE_SUITES % 2 == 1 ? SA_ESN_BYTES : 0;
		if (e[i].out->esn != 0)
			e[i].out->kind = e[i].in->kind |= SA_KIND_ESN;
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
	if (!any_length) {
		len = len / e->suite->block * e->suite->block;
		if (len == 0)
			len = e->suite->block;
	}
	len += 8u + e->suite->iv_len;
	reference_fill(&seed, esp, len);
	return (uint16_t)len;
}

static size_t random_len(void)
{
	uint64_t x = random_next(&seed);

	return x % 16 == 0 ? (x >> 8) % MAX_LEN : (x >> 8) % 1500;
}

static void reference_check(const struct end *e, const uint8_t *before, const uint8_t *after,
			    uint16_t len, uint32_t seq_hi)
{
	static uint8_t want[ROOM];

	memcpy(want, before, len);
	reference_protect(e->suite, e->encr_key, e->integ_key, e->out->esn != 0 ? &seq_hi : NULL,
			  want, len);
	if (memcmp(want, after, len + e->suite->icv_len) != 0)
		fail_msg("%s, %u bytes: differs from OpenSSL", e->suite->name, len);
}

/* One burst through seal, compared with OpenSSL; then back through verify and open. */
static void burst(struct end *ends, unsigned int n_ends, unsigned int n, bool one_suite)
{
	static uint8_t before[CRYPTO_BURST][ROOM], work[CRYPTO_BURST][ROOM];
	struct crypto_op op[CRYPTO_BURST];
	const struct end *of[CRYPTO_BURST];
	unsigned int first = (unsigned int)(random_next(&seed) % n_ends);

	for (unsigned int i = 0; i < n; i++) {
		of[i] = &ends[one_suite ? first : random_next(&seed) % n_ends];
		op[i] = (struct crypto_op){.sa = of[i]->out,
					   .esp = work[i],
					   .seq_hi = (uint32_t)random_next(&seed),
					   .ok = true,
					   .kind = of[i]->out->kind};
		op[i].len = make_packet(of[i], random_len(), before[i]);
		memcpy(work[i], before[i], op[i].len);
	}
	crypto_seal(engine, op, (uint16_t)n);
	for (unsigned int i = 0; i < n; i++) {
		assert_true(op[i].ok);
		reference_check(of[i], before[i], work[i], op[i].len, op[i].seq_hi);
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
	static const uint16_t below[] = {0, 272, 1024, UINT16_MAX};
	struct end ends[REFERENCE_SUITES * 3];

	(void)state;
	make_ends(ends, REFERENCE_SUITES * 3);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		crypto_choose(engine, below[i / 4 % RTE_DIM(below)]);
		burst(ends, REFERENCE_SUITES * 3,
		      i % 4 == 0 ? 1 + (unsigned int)(random_next(&seed) % CRYPTO_BURST)
				 : CRYPTO_BURST,
		      i % 2 == 0);
	}
	crypto_choose(engine, 0);
	free_ends(ends, REFERENCE_SUITES * 3);
}

/* Jobs say what they said in the burst before, but for what differs: a cipher with one hash after
 * the other, a hash with one cipher after the other. */
static void suites_agree_behind_each_other(void **state)
{
	struct end ends[2 * REFERENCE_SUITES];

	(void)state;
	make_ends(ends, 2 * REFERENCE_SUITES);
	for (unsigned int step = 1; step <= 6; step += 5)
		for (unsigned int i = 0; i < 2 * REFERENCE_SUITES; i++)
			burst(&ends[i * step % (2 * REFERENCE_SUITES)], 1,
			      i % 3 == 0 ? 40 : CRYPTO_BURST, true);
	free_ends(ends, 2 * REFERENCE_SUITES);
}

/* HMAC-MD5 takes a burst in parts (crypto_impl.h): more than one of them beside other hashes, and
 * of every cipher. */
static void parts_of_a_hash_agree_among_others(void **state)
{
	struct end ends[2 * REFERENCE_SUITES], used[2 * REFERENCE_SUITES];
	unsigned int n = 0, others = 0;

	(void)state;
	make_ends(ends, 2 * REFERENCE_SUITES);
	for (unsigned int i = 0; i < 2 * REFERENCE_SUITES; i++)
		if (ends[i].suite->integ == ABI_INTEG_HMAC_MD5_96 || (i % 17 == 1 && others++ < 3))
			used[n++] = ends[i];
	assert_int_equal(n, 2 * 8 + 3);
	for (unsigned int i = 0; i < 60; i++)
		burst(used, n, CRYPTO_BURST, false);
	free_ends(ends, 2 * REFERENCE_SUITES);
}

/* The suites that need no block: any length from 0 on, the ICV right behind. */
static void counter_suites_agree_at_any_length(void **state)
{
	enum { COUNTER_ROUNDS = 450 }; /* of CRYPTO_BURST packets: more than 10^5 */
	struct end ends[2 * REFERENCE_SUITES];
	unsigned int n = 0;

	(void)state;
	make_ends(ends, 2 * REFERENCE_SUITES);
	for (unsigned int i = 0; i < 2 * REFERENCE_SUITES; i++) {
		if (ends[i].suite->salt_len == 0) {
			free_ends(&ends[i], 1);
			continue;
		}
		ends[n++] = ends[i];
	}
	any_length = true;
	for (unsigned int i = 0; i < COUNTER_ROUNDS; i++)
		burst(ends, n, CRYPTO_BURST, i % 2 == 0);
	any_length = false;
	free_ends(ends, n);
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
			reference_check(&ends[k], before, work, op.len, 0);
		}
	}
	free_ends(ends, REFERENCE_SUITES);
}

/* What crypto_verify() leaves of a forged packet: all as it was, but for the text of AEADs, which
 * is zeros. */
static void expect_refused(const struct end *e, struct crypto_op *op, const uint8_t *sealed)
{
	static const uint8_t zeros[128];
	size_t at = 8u + e->suite->iv_len;
	uint8_t before[128];

	memcpy(before, op->esp, sizeof(before));
	op->ok = true;
	crypto_verify(engine, op, 1);
	assert_false(op->ok);
	if (e->suite->integ == ABI_INTEG_NONE)
		memcpy(before + at, zeros, op->len - at);
	assert_memory_equal(op->esp, before, sizeof(before));
	memcpy(op->esp, sealed, sizeof(before));
}

static void any_flipped_bit_is_refused(void **state)
{
	struct end ends[REFERENCE_SUITES];
	uint8_t work[128], sealed[128];

	(void)state;
	make_ends(ends, REFERENCE_SUITES);
	for (unsigned int k = 0; k < REFERENCE_SUITES; k++) {
		struct crypto_op op = {.sa = ends[k].out, .esp = work, .ok = true};

		op.len = make_packet(&ends[k], 32, work);
		crypto_seal(engine, &op, 1);
		memcpy(sealed, work, sizeof(sealed));
		op.sa = ends[k].in;
		for (unsigned int b = 0; b < 8u * (op.len + ends[k].suite->icv_len); b++) {
			work[b / 8] ^= (uint8_t)(1u << b % 8);
			expect_refused(&ends[k], &op, sealed);
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

/* The engine keeps jobs that are the same from burst to burst; an SA that is gone leaves its place
 * to the next one. */
static void an_sa_where_another_was_has_its_own_keys(void **state)
{
	static _Alignas(64) uint8_t place[16384];
	static uint8_t before[ROOM], work[ROOM];
	struct end ends[REFERENCE_SUITES];

	(void)state;
	make_ends(ends, REFERENCE_SUITES);
	for (unsigned int i = 0; i < REFERENCE_SUITES * REFERENCE_SUITES * 2; i++) {
		/* One suite after each other one. */
		const struct end *e =
			&ends[(i % 2 ? i / 2 : i / 2 / REFERENCE_SUITES) % REFERENCE_SUITES];
		struct crypto_op op = {
			.sa = (const struct sa *)(void *)place, .esp = work, .ok = true};

		memset(place, 0, sizeof(place));
		assert_true(crypto_sa_bytes(e->out) <= sizeof(place));
		memcpy(place, e->out, crypto_sa_bytes(e->out));
		op.len = make_packet(e, 64, before);
		memcpy(work, before, op.len);
		crypto_seal(engine, &op, 1);
		assert_true(op.ok);
		reference_check(e, before, work, op.len, 0);
	}
	free_ends(ends, REFERENCE_SUITES);
}

static void wiping_leaves_no_key_byte(void **state)
{
	struct end ends[REFERENCE_SUITES];

	(void)state;
	make_ends(ends, REFERENCE_SUITES);
	for (unsigned int k = 0; k < REFERENCE_SUITES; k++) {
		struct sa *sa = ends[k].out;
		const uint8_t *keys = (const uint8_t *)&sa->keys;
		size_t size = crypto_sa_bytes(sa) - offsetof(struct sa, keys);
		uint8_t left = 0, were = 0;

		for (size_t i = 0; i < size; i++)
			were |= keys[i];
		assert_int_not_equal(were, 0);
		crypto_wipe_keys(sa);
		for (size_t i = 0; i < size; i++)
			left |= keys[i];
		for (unsigned int i = 0; i < sizeof(sa->salt); i++)
			left |= sa->salt[i];
		assert_int_equal(left, 0);
	}
	free_ends(ends, REFERENCE_SUITES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selftest_passes),
		cmocka_unit_test(hmac_vectors),
		cmocka_unit_test(aes_cbc_vectors),
		cmocka_unit_test(aes_ctr_vectors),
		cmocka_unit_test(des_vectors),
		cmocka_unit_test(aead_vectors),
		cmocka_unit_test(agrees_with_openssl_at_every_short_length),
		cmocka_unit_test(agrees_with_openssl_on_random_bursts),
		cmocka_unit_test(suites_agree_behind_each_other),
		cmocka_unit_test(parts_of_a_hash_agree_among_others),
		cmocka_unit_test(counter_suites_agree_at_any_length),
		cmocka_unit_test(any_flipped_bit_is_refused),
		cmocka_unit_test(what_is_not_ok_is_left_alone),
		cmocka_unit_test(an_unknown_algorithm_is_an_engine_failure),
		cmocka_unit_test(an_sa_where_another_was_has_its_own_keys),
		cmocka_unit_test(wiping_leaves_no_key_byte),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
