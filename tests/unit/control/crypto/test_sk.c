/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_sk.c - IKEv1 message encryption: published CBC cases, IV chaining, bad lengths; comparison.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/crypto/sk.h"
#include "tests/unit/control/crypto/hex.h"

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

static struct keymat_ike1 key_of(uint16_t encr, uint16_t bits, const uint8_t *key, size_t len)
{
	struct keymat_ike1 k = {.hash = SUITE_HASH_SHA1,
				.encr = encr,
				.key_bits = bits,
				.encr_key_len = (uint8_t)len};

	memcpy(k.encr_key, key, len);
	return k;
}

struct cbc_case {
	uint16_t encr, bits;
	const char *key, *iv, *plain, *cipher;
};

static const struct cbc_case cbc_cases[] = {
	/* RFC 3602 section 4, cases 1 to 4. */
	{12, 128, "06a9214036b8a15b512e03d534120006", "3dafba429d9eb430b422da802c9fac41",
	 "53696e676c6520626c6f636b206d7367", "e353779c1079aeb82708942dbe77181a"},
	{12, 128, "c286696d887c9aa0611bbb3e2025a45a", "562e17996d093d28ddb3ba695a2e6f58",
	 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	 "d296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1"},
	{12, 128, "6c3ea0477630ce21a2ce334aa746c2cd", "c782dc4c098c66cbd9cd27d825682c81",
	 "5468697320697320612034382d62797465206d657373616765202865786163746c7920332041455320626c"
	 "6f636b7329",
	 "d0a02b3836451753d493665d33f0e8862dea54cdb293abc7506939276772f8d5021c19216bad525c8579695d"
	 "83ba2684"},
	{12, 128, "56e47a38c5598974bc46903dba290349", "8ce82eefbea0da3c44699ed7db51b7d9",
	 "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
	 "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf",
	 "c30e32ffedc0774e6aff6af0869f71aa0f3af07a9a31a9c684db207eb0ef8e4e"
	 "35907aa632c3ffdf868bb7b29d3d46ad83ce9f9a102ee99d49a53e87f4c3da55"},
	/* NIST SP 800-38A appendix F.2.3 and F.2.5, first two blocks. */
	{12, 192, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
	 "000102030405060708090a0b0c0d0e0f",
	 "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
	 "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a"},
	{12, 256, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
	 "000102030405060708090a0b0c0d0e0f",
	 "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
	 "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"},
};

static void cbc_gives_the_published_results(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cbc_cases); i++) {
		const struct cbc_case *c = &cbc_cases[i];
		struct hex key = hex_parse(c->key), iv = hex_parse(c->iv), iv2 = iv;
		struct hex plain = hex_parse(c->plain), cipher = hex_parse(c->cipher), buf = plain;
		struct keymat_ike1 k = key_of(c->encr, c->bits, key.data, key.len);

		assert_int_equal(sk_ike1_encrypt(&k, iv.data, buf.data, buf.len), 0);
		assert_memory_equal(buf.data, cipher.data, cipher.len);
		assert_memory_equal(iv.data, cipher.data + cipher.len - 16, 16);
		assert_int_equal(sk_ike1_decrypt(&k, iv2.data, buf.data, buf.len), 0);
		assert_memory_equal(buf.data, plain.data, plain.len);
		assert_memory_equal(iv2.data, cipher.data + cipher.len - 16, 16);
	}
}

/* Twin: the same bytes as one message and cut at every block give the same ciphertext. */
static void messages_chain_like_one_long_message(void **state)
{
	static const struct {
		uint16_t encr, bits;
	} suites[] = {{12, 128}, {12, 192}, {12, 256}, {3, 0}};

	(void)state;
	for (size_t s = 0; s < N_OF(suites); s++) {
		uint8_t key[32], whole[96], cut[96], iv1[16] = {7}, iv2[16];
		struct keymat_ike1 k;
		size_t block;

		for (size_t i = 0; i < sizeof(key); i++)
			key[i] = (uint8_t)(3 * i + 1);
		k = key_of(suites[s].encr, suites[s].bits, key,
			   suite_encr_find(suites[s].encr, suites[s].bits)->key_len);
		block = sk_ike1_block(&k);
		assert_int_equal(block, suites[s].encr == 3 ? 8 : 16);
		for (size_t at = block; at < sizeof(whole); at += block) {
			memset(iv1, 7, sizeof(iv1));
			memset(iv2, 7, sizeof(iv2));
			for (size_t i = 0; i < sizeof(whole); i++)
				whole[i] = cut[i] = (uint8_t)i;
			assert_int_equal(sk_ike1_encrypt(&k, iv1, whole, sizeof(whole)), 0);
			assert_int_equal(sk_ike1_encrypt(&k, iv2, cut, at), 0);
			assert_int_equal(sk_ike1_encrypt(&k, iv2, cut + at, sizeof(cut) - at), 0);
			assert_memory_equal(whole, cut, sizeof(whole));
			assert_memory_equal(iv1, iv2, block);
			memset(iv2, 7, sizeof(iv2));
			assert_int_equal(sk_ike1_decrypt(&k, iv2, cut, at), 0);
			assert_int_equal(sk_ike1_decrypt(&k, iv2, cut + at, sizeof(cut) - at), 0);
			for (size_t i = 0; i < sizeof(cut); i++)
				assert_int_equal(cut[i], i);
		}
	}
}

static void broken_blocks_are_refused_untouched(void **state)
{
	uint8_t key[32] = {1}, iv[16], buf[64], iv0[16] = {5}, buf0[64] = {6};
	struct keymat_ike1 k = key_of(12, 128, key, 16);

	(void)state;
	for (size_t len = 0; len <= sizeof(buf); len++) {
		memcpy(iv, iv0, sizeof(iv));
		memcpy(buf, buf0, sizeof(buf));
		if (len && len % 16 == 0)
			continue;
		assert_int_equal(sk_ike1_decrypt(&k, iv, buf, len), -EINVAL);
		assert_int_equal(sk_ike1_encrypt(&k, iv, buf, len), -EINVAL);
		assert_memory_equal(iv, iv0, sizeof(iv));
		assert_memory_equal(buf, buf0, sizeof(buf));
	}
	k.encr = 99;
	assert_int_equal(sk_ike1_encrypt(&k, iv, buf, 16), -ENOTSUP);
	assert_int_equal(sk_ike1_block(&k), 0);
}

static void padding_fills_the_last_block_only(void **state)
{
	uint8_t key[32] = {0};
	struct keymat_ike1 aes = key_of(12, 256, key, 32), des = key_of(3, 0, key, 24);

	(void)state;
	assert_int_equal(sk_ike1_padded(&aes, 0), 0);
	assert_int_equal(sk_ike1_padded(&aes, 1), 16);
	assert_int_equal(sk_ike1_padded(&aes, 16), 16);
	assert_int_equal(sk_ike1_padded(&aes, 17), 32);
	assert_int_equal(sk_ike1_padded(&des, 17), 24);
}

static void equal_wants_the_same_length_and_bytes(void **state)
{
	uint8_t a[32], b[33];

	(void)state;
	for (size_t i = 0; i < sizeof(a); i++)
		a[i] = b[i] = (uint8_t)i;
	b[32] = 32;
	assert_true(sk_equal(a, 32, b, 32));
	assert_false(sk_equal(a, 32, b, 33));
	assert_false(sk_equal(a, 32, b, 31));
	assert_false(sk_equal(a, 0, b, 0));
	assert_false(sk_equal(NULL, 0, NULL, 0));
	for (size_t i = 0; i < sizeof(a); i++) {
		b[i] ^= 0x80;
		assert_false(sk_equal(a, 32, b, 32));
		b[i] ^= 0x80;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cbc_gives_the_published_results),
		cmocka_unit_test(messages_chain_like_one_long_message),
		cmocka_unit_test(broken_blocks_are_refused_untouched),
		cmocka_unit_test(padding_fills_the_last_block_only),
		cmocka_unit_test(equal_wants_the_same_length_and_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
