/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_sk2.c - protection of IKEv2 messages: every suite against OpenSSL used directly, every bit
 * changed, every length.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "control/crypto/sk2.h"

#define IV_AT 32u
#define TEXT  48u
#define ROOM  160u

/* Every row that IKE may use, with an integrity algorithm when it needs one. */
static bool suite_at(size_t i, uint16_t integ, struct keymat_ike2 *k)
{
	const struct suite_encr *e = suite_encr_at(i);
	const struct suite_integ *a = suite_integ_find(integ);

	memset(k, 0, sizeof(*k));
	if (e->cipher == NULL)
		return false;
	k->prf = SUITE_HASH_SHA256;
	k->encr = e->id;
	k->key_bits = e->key_bits;
	k->integ = e->icv_len ? 0 : integ;
	k->len = 32;
	k->encr_len = (uint8_t)(e->key_len + e->salt_len);
	k->integ_len = e->icv_len ? 0 : a->key_len;
	for (size_t n = 0; n < sizeof(k->sk_e[0]); n++) {
		k->sk_e[0][n] = (uint8_t)(n * 3 + 1);
		k->sk_e[1][n] = (uint8_t)(n * 5 + 2);
	}
	memset(k->sk_a[0], 0x11, sizeof(k->sk_a[0]));
	memset(k->sk_a[1], 0x22, sizeof(k->sk_a[1]));
	return true;
}

/* A message before protection, pad bytes at its end; its length. */
static size_t fill(const struct keymat_ike2 *k, uint8_t *msg, uint8_t pad)
{
	struct sk_ike2_sizes s;

	assert_int_equal(sk_ike2_sizes(k, &s), 0);
	for (size_t i = 0; i < ROOM; i++)
		msg[i] = (uint8_t)(i * 11);
	msg[IV_AT + s.iv + TEXT - 1] = pad;
	return IV_AT + s.iv + TEXT + s.icv;
}

static void seals_as_openssl_does_by_itself(void **state)
{
	const struct suite_encr *e;

	(void)state;
	for (size_t i = 0; (e = suite_encr_at(i)) != NULL; i++) {
		uint8_t msg[ROOM], twin[ROOM], iv[16] = {0}, tag[64];
		EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
		struct sk_ike2_sizes s;
		struct keymat_ike2 k;
		size_t len;
		int n;

		if (suite_at(i, 12, &k)) {
			len = fill(&k, msg, 3);
			assert_int_equal(sk_ike2_sizes(&k, &s), 0);
			memcpy(twin, msg, sizeof(twin));
			if (e->block != 0) {
				memcpy(iv, twin + IV_AT, e->block);
			} else {
				memcpy(iv, k.sk_e[1] + e->key_len, 4);
				memcpy(iv + 4, twin + IV_AT, 8);
				iv[15] = e->icv_len ? 0 : 1;
			}
			assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_get_cipherbyname(e->cipher),
							    NULL, k.sk_e[1], iv),
					 1);
			EVP_CIPHER_CTX_set_padding(ctx, 0);
			if (e->icv_len != 0)
				EVP_EncryptUpdate(ctx, NULL, &n, twin, IV_AT);
			EVP_EncryptUpdate(ctx, twin + IV_AT + s.iv, &n, twin + IV_AT + s.iv, TEXT);
			EVP_EncryptFinal_ex(ctx, tag, &n);
			if (e->icv_len != 0) {
				EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, tag);
			} else {
				struct prf_piece all = {twin, len - s.icv};

				prf_hmac(SUITE_HASH_SHA256, k.sk_a[1], 32, &all, 1, tag);
			}
			memcpy(twin + len - s.icv, tag, s.icv);
			assert_int_equal(sk_ike2_seal(&k, KEYMAT_R, msg, IV_AT, len), 0);
			assert_memory_equal(msg, twin, len);
		}
		EVP_CIPHER_CTX_free(ctx);
	}
}

static void opens_what_was_sealed_for_that_direction_only(void **state)
{
	static const uint16_t integs[] = {1, 2, 12, 13, 14};
	const struct suite_encr *e;

	(void)state;
	for (size_t i = 0; (e = suite_encr_at(i)) != NULL; i++) {
		for (size_t a = 0; a < sizeof(integs) / sizeof(integs[0]); a++) {
			uint8_t msg[ROOM], copy[ROOM], plain[ROOM];
			struct sk_ike2_sizes s;
			struct keymat_ike2 k;
			size_t len, n;

			if (!suite_at(i, integs[a], &k))
				continue;
			len = fill(&k, msg, 5);
			memcpy(plain, msg, sizeof(plain));
			assert_int_equal(sk_ike2_sizes(&k, &s), 0);
			assert_int_equal(sk_ike2_seal(&k, KEYMAT_I, msg, IV_AT, len), 0);
			memcpy(copy, msg, sizeof(copy));
			assert_int_equal(sk_ike2_open(&k, KEYMAT_R, copy, IV_AT, len, &n),
					 -EBADMSG);
			assert_int_equal(sk_ike2_open(&k, KEYMAT_I, msg, IV_AT, len, &n), 0);
			assert_int_equal(n, TEXT - 6);
			assert_memory_equal(msg + IV_AT + s.iv, plain + IV_AT + s.iv, n);
		}
	}
}

static void every_changed_bit_and_every_cut_is_noticed(void **state)
{
	const struct suite_encr *e;

	(void)state;
	for (size_t i = 0; (e = suite_encr_at(i)) != NULL; i++) {
		uint8_t msg[ROOM], copy[ROOM];
		struct keymat_ike2 k;
		size_t len, n;

		if (!suite_at(i, 2, &k))
			continue;
		len = fill(&k, msg, 0);
		assert_int_equal(sk_ike2_seal(&k, KEYMAT_I, msg, IV_AT, len), 0);
		for (size_t bit = 0; bit < len * 8; bit++) {
			memcpy(copy, msg, len);
			copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_int_equal(sk_ike2_open(&k, KEYMAT_I, copy, IV_AT, len, &n),
					 -EBADMSG);
			assert_int_equal(n, 0);
		}
		for (size_t cut = IV_AT - 1; cut < len; cut++) {
			memcpy(copy, msg, len);
			assert_int_equal(sk_ike2_open(&k, KEYMAT_I, copy, IV_AT, cut, &n),
					 -EBADMSG);
		}
	}
}

static void a_pad_length_beyond_the_text_is_malformed(void **state)
{
	uint8_t msg[ROOM];
	struct keymat_ike2 k;
	size_t len, n;

	(void)state;
	assert_true(suite_at(0, 12, &k));
	len = fill(&k, msg, TEXT);
	assert_int_equal(sk_ike2_seal(&k, KEYMAT_I, msg, IV_AT, len), 0);
	assert_int_equal(sk_ike2_open(&k, KEYMAT_I, msg, IV_AT, len, &n), -EBADMSG);
	len = fill(&k, msg, TEXT - 1);
	assert_int_equal(sk_ike2_seal(&k, KEYMAT_I, msg, IV_AT, len), 0);
	assert_int_equal(sk_ike2_open(&k, KEYMAT_I, msg, IV_AT, len, &n), 0);
	assert_int_equal(n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seals_as_openssl_does_by_itself),
		cmocka_unit_test(opens_what_was_sealed_for_that_direction_only),
		cmocka_unit_test(every_changed_bit_and_every_cut_is_noticed),
		cmocka_unit_test(a_pad_length_beyond_the_text_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
