/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_prf.c - digests, HMAC and prf+ against published cases and against a plain twin.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/crypto/prf.h"
#include "tests/unit/control/crypto/hex.h"
#include "tests/unit/control/crypto/vectors_hmac.h"

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

static void hmac_gives_the_published_results(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(hmac_vectors); i++) {
		const struct hmac_vector *v = &hmac_vectors[i];
		struct hex key = hex_parse(v->key), data = hex_parse(v->data);
		struct hex mac = hex_parse(v->mac);
		struct prf_piece piece = HEX_PIECE(data);
		uint8_t out[SUITE_MAX_HASH];

		assert_int_equal(prf_hmac(v->hash, key.data, key.len, &piece, 1, out), 0);
		if (memcmp(out, mac.data, mac.len) != 0)
			fail_msg("%s", v->source);
	}
}

static void integrity_rows_truncate_as_published(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(auth_vectors); i++) {
		const struct hmac_vector *v = &auth_vectors[i];
		struct hex key = hex_parse(v->key), data = hex_parse(v->data);
		struct hex mac = hex_parse(v->mac);
		struct prf_piece piece = HEX_PIECE(data);
		const struct suite_integ *t = NULL;
		uint8_t out[SUITE_MAX_HASH];

		for (size_t k = 0; suite_integ_at(k); k++) {
			if (suite_integ_at(k)->hash == v->hash &&
			    suite_integ_at(k)->id == suite_integ_at(k)->wire)
				t = suite_integ_at(k);
		}
		assert_non_null(t);
		assert_int_equal(t->key_len, key.len);
		assert_int_equal(t->icv_len, mac.len);
		assert_int_equal(prf_hmac(t->hash, key.data, key.len, &piece, 1, out), 0);
		assert_memory_equal(out, mac.data, t->icv_len);
	}
}

/* RFC 1321 appendix A.5, FIPS 180-4 examples: the digests of "abc". */
static void digests_give_the_published_results(void **state)
{
	static const struct {
		enum suite_hash hash;
		const char *digest;
	} v[] = {
		{SUITE_HASH_MD5, "900150983cd24fb0d6963f7d28e17f72"},
		{SUITE_HASH_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{SUITE_HASH_SHA256,
		 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{SUITE_HASH_SHA384,
		 "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
		 "8086072ba1e7cc2358baeca134c825a7"},
		{SUITE_HASH_SHA512,
		 "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
	};
	const struct prf_piece pieces[] = {{"a", 1}, {NULL, 0}, {"bc", 2}};
	uint8_t out[SUITE_MAX_HASH];

	(void)state;
	for (size_t i = 0; i < N_OF(v); i++) {
		struct hex want = hex_parse(v[i].digest);

		assert_int_equal(prf_digest(v[i].hash, pieces, 3, out), 0);
		assert_int_equal(suite_digest_find(v[i].hash)->len, want.len);
		assert_memory_equal(out, want.data, want.len);
	}
}

static void pieces_do_not_change_the_result(void **state)
{
	uint8_t data[64], whole[SUITE_MAX_HASH], split[SUITE_MAX_HASH];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	for (size_t at = 0; at <= sizeof(data); at++) {
		const struct prf_piece one = {data, sizeof(data)};
		const struct prf_piece two[] = {{data, at}, {data + at, sizeof(data) - at}};

		assert_int_equal(prf_hmac(SUITE_HASH_SHA256, data, 20, &one, 1, whole), 0);
		assert_int_equal(prf_hmac(SUITE_HASH_SHA256, data, 20, two, 2, split), 0);
		assert_memory_equal(whole, split, 32);
	}
}

/* An empty key must not mean "the last one": RFC 2104 pads it with zeros like any short key. */
static void empty_key_equals_a_zero_key(void **state)
{
	static const uint8_t zero[64];
	const struct prf_piece piece = {"x", 1};
	uint8_t a[SUITE_MAX_HASH], b[SUITE_MAX_HASH];

	(void)state;
	assert_int_equal(prf_hmac(SUITE_HASH_SHA1, NULL, 0, &piece, 1, a), 0);
	assert_int_equal(prf_hmac(SUITE_HASH_SHA1, zero, sizeof(zero), &piece, 1, b), 0);
	assert_memory_equal(a, b, 20);
}

static void unknown_hash_is_refused(void **state)
{
	uint8_t out[SUITE_MAX_HASH];

	(void)state;
	for (int h = 6; h < 300; h++) {
		assert_int_equal(prf_digest((enum suite_hash)h, NULL, 0, out), -ENOTSUP);
		assert_int_equal(prf_hmac((enum suite_hash)h, out, 1, NULL, 0, out), -ENOTSUP);
		assert_int_equal(prf_plus((enum suite_hash)h, out, 1, NULL, 0, out, 1), -ENOTSUP);
	}
	assert_int_equal(prf_digest(SUITE_HASH_NONE, NULL, 0, out), -ENOTSUP);
}

/* The twin writes RFC 7296 section 2.13 down block by block into one long buffer. */
static void prf_plus_equals_its_plain_twin(void **state)
{
	const uint8_t key[] = "a key", seed[] = "Ni|Nr|SPIi|SPIr";
	const struct prf_piece pieces[] = {{seed, 5}, {seed + 5, sizeof(seed) - 5}};
	uint8_t twin[10 * 32], block[32 + sizeof(seed) + 1], out[sizeof(twin)];

	(void)state;
	for (size_t n = 0; n < 10; n++) {
		size_t at = 0;
		struct prf_piece in;

		if (n) {
			memcpy(block, twin + (n - 1) * 32, 32);
			at = 32;
		}
		memcpy(block + at, seed, sizeof(seed));
		at += sizeof(seed);
		block[at++] = (uint8_t)(n + 1);
		in = (struct prf_piece){block, at};
		assert_int_equal(
			prf_hmac(SUITE_HASH_SHA256, key, sizeof(key), &in, 1, twin + n * 32), 0);
	}
	for (size_t len = 0; len <= sizeof(twin); len++) {
		memset(out, 0xee, sizeof(out));
		assert_int_equal(prf_plus(SUITE_HASH_SHA256, key, sizeof(key), pieces, 2, out, len),
				 0);
		assert_memory_equal(out, twin, len);
		assert_true(len == sizeof(out) || out[len] == 0xee);
	}
}

static void prf_plus_stops_at_255_blocks(void **state)
{
	static uint8_t out[256 * 16];
	const struct prf_piece piece = {"s", 1};

	(void)state;
	assert_int_equal(prf_plus(SUITE_HASH_MD5, out, 0, &piece, 1, out, 255 * 16), 0);
	assert_int_equal(prf_plus(SUITE_HASH_MD5, out, 0, &piece, 1, out, 255 * 16 + 1), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hmac_gives_the_published_results),
		cmocka_unit_test(integrity_rows_truncate_as_published),
		cmocka_unit_test(digests_give_the_published_results),
		cmocka_unit_test(pieces_do_not_change_the_result),
		cmocka_unit_test(empty_key_equals_a_zero_key),
		cmocka_unit_test(unknown_hash_is_refused),
		cmocka_unit_test(prf_plus_equals_its_plain_twin),
		cmocka_unit_test(prf_plus_stops_at_255_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
