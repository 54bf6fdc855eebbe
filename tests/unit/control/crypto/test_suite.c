/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_suite.c - the suite tables: every number finds its row and no other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/crypto/suite.h"
#include "dataplane/api/messages.h"

static void group_ids_outside_the_table_are_unknown(void **state)
{
	static const uint16_t known[] = {1, 2, 5, 14, 15, 16, 17, 18, 19, 20, 21, 24, 31};
	size_t found = 0;

	(void)state;
	for (uint32_t id = 0; id <= UINT16_MAX; id++) {
		const struct suite_group *g = suite_group_find((uint16_t)id);

		if (!g)
			continue;
		assert_int_equal(g->id, id);
		assert_int_equal(g->id, known[found]);
		found++;
	}
	assert_int_equal(found, sizeof(known) / sizeof(known[0]));
}

static void ike1_values_find_their_rows_only(void **state)
{
	(void)state;
	for (uint32_t v = 0; v <= UINT16_MAX; v++) {
		const struct suite_digest *d = suite_digest_find_ike1(v);
		const struct suite_integ *t = suite_integ_find_auth1(v);

		assert_int_equal(d != NULL, v == 1 || v == 2 || (v >= 4 && v <= 6));
		assert_int_equal(t != NULL, v == 1 || v == 2 || (v >= 5 && v <= 7));
		assert_true(!d || d->ike1 == v);
		assert_true(!t || t->auth1 == v);
		/* AES wants its key length, 3DES none: RFC 3602 section 5.3. */
		assert_int_equal(suite_encr_find_ike1(v, 0) != NULL, v == 5);
		assert_int_equal(suite_encr_find_ike1(v, 256) != NULL, v == 7);
		assert_int_equal(suite_encr_find_ike1(7, v) != NULL,
				 v == 128 || v == 192 || v == 256);
		assert_int_equal(suite_encr_find_esp1(12, v) != NULL,
				 v == 128 || v == 192 || v == 256);
		assert_int_equal(suite_encr_find_esp1(v, 128) != NULL,
				 v == 12 || v == 13 || v == 20);
		assert_int_equal(suite_encr_find_esp1(v, 0) != NULL, v == 3 || v == 11);
		assert_int_equal(suite_esp1_is_aead(v), v == 14 || v == 15 || v == 16 || v == 18 ||
								v == 19 || v == 20 || v == 23);
	}
}

static void values_above_16_bits_find_nothing(void **state)
{
	(void)state;
	assert_null(suite_digest_find_ike1(0x10001));
	assert_null(suite_integ_find_auth1(0x10001));
	assert_null(suite_encr_find_ike1(0x10007, 128));
	assert_null(suite_encr_find_ike1(7, 0x10080));
}

static void names_lead_back_to_their_rows(void **state)
{
	(void)state;
	for (size_t i = 0; suite_encr_at(i); i++) {
		assert_ptr_equal(suite_encr_find_name(suite_encr_at(i)->name), suite_encr_at(i));
		assert_ptr_equal(suite_encr_find_name(suite_encr_at(i)->name2), suite_encr_at(i));
	}
	for (size_t i = 0; suite_digest_at(i); i++)
		assert_ptr_equal(suite_digest_find_name(suite_digest_at(i)->name),
				 suite_digest_at(i));
	for (size_t i = 0; suite_integ_at(i); i++)
		assert_ptr_equal(suite_integ_find_name(suite_integ_at(i)->name), suite_integ_at(i));
	for (size_t i = 0; suite_group_at(i); i++)
		assert_ptr_equal(suite_group_find_name(suite_group_at(i)->name), suite_group_at(i));
	assert_null(suite_encr_find_name("aes-512"));
	assert_null(suite_group_find_name(""));
}

static void esp_rows_carry_the_contract_numbers(void **state)
{
	(void)state;
	assert_int_equal(suite_encr_find_name("aes-128-cbc")->id, ABI_ENCR_AES_CBC);
	assert_int_equal(suite_encr_find_name("3des")->id, ABI_ENCR_3DES);
	assert_int_equal(suite_integ_find_name("md5")->id, ABI_INTEG_HMAC_MD5_96);
	assert_int_equal(suite_integ_find_name("sha1")->id, ABI_INTEG_HMAC_SHA1_96);
	assert_int_equal(suite_integ_find_name("sha256")->id, ABI_INTEG_HMAC_SHA2_256_128);
	assert_int_equal(suite_integ_find_name("sha384")->id, ABI_INTEG_HMAC_SHA2_384_192);
	assert_int_equal(suite_integ_find_name("sha512")->id, ABI_INTEG_HMAC_SHA2_512_256);
	assert_int_equal(suite_integ_find_name("sha256_96")->id, ABI_INTEG_HMAC_SHA2_256_96);
	assert_int_equal(suite_encr_find_name("aes-256-ctr")->id, ABI_ENCR_AES_CTR);
	assert_int_equal(suite_encr_find_name("aes-192-gcm")->id, ABI_ENCR_AES_GCM_16);
	assert_int_equal(suite_encr_find_name("chacha20poly1305")->id, ABI_ENCR_CHACHA20_POLY1305);
	assert_int_equal(suite_encr_find_name("null")->id, ABI_ENCR_NULL);
	for (size_t i = 0; suite_encr_at(i); i++) {
		const struct suite_encr *e = suite_encr_at(i);

		assert_true(e->key_len <= SUITE_MAX_ENCR_KEY && e->salt_len <= SUITE_MAX_SALT);
		assert_true(e->key_bits == 0 || e->key_bits == e->key_len * 8);
		/* IKEv1 takes what its suite_esp1_is_aead() says. */
		assert_true(e->esp1 == 0 || suite_esp1_is_aead(e->esp1) == (e->icv_len != 0));
	}
	for (size_t i = 0; suite_integ_at(i); i++)
		assert_true(suite_integ_at(i)->icv_len < suite_integ_at(i)->key_len);
}

static void a_short_icv_has_no_number_of_its_own_on_the_wire(void **state)
{
	const struct suite_integ *t = suite_integ_find_name("sha256_96");
	const struct suite_integ *full = suite_integ_find_name("sha256");
	char buf[SUITE_MAX_NAME];

	(void)state;
	assert_int_equal(t->icv_len, 12);
	assert_int_equal(t->wire, full->wire);
	assert_int_equal(t->auth1, full->auth1);
	assert_int_equal(t->key_len, full->key_len);
	assert_ptr_equal(suite_integ_find(t->id), t);
	assert_ptr_equal(suite_integ_find_wire(12), full);
	assert_ptr_equal(suite_integ_find_auth1(5), full);
	assert_null(suite_integ_find_wire(t->id));
	assert_string_equal(suite_print_integ2(t->id, buf, sizeof(buf)), "unknown(252)");
}

static void weak_words_are_the_documented_ones(void **state)
{
	char buf[2 * SUITE_MAX_NAME];

	(void)state;
	assert_string_equal(suite_weak_print(SUITE_WEAK_IKEV1 | SUITE_WEAK_MODP768 | SUITE_WEAK_MD5,
					     buf, sizeof(buf)),
			    "ikev1,modp768,md5");
	assert_string_equal(suite_weak_print(0, buf, sizeof(buf)), "");
	assert_string_equal(
		suite_weak_print(0x3ff, buf, sizeof(buf)),
		"ikev1,aggressive,modp768,modp1024,modp1536,md5,sha1,3des,null,modp2048s256");
	for (uint32_t bit = 1; bit <= SUITE_WEAK_MODP2048S256; bit <<= 1)
		assert_int_equal(suite_weak_find(suite_weak_word(bit)), bit);
	assert_int_equal(suite_weak_find("aes"), 0);
	assert_null(suite_weak_word(3));
	assert_int_equal(suite_group_find(1)->weak, SUITE_WEAK_MODP768);
	assert_int_equal(suite_group_find(14)->weak, 0);
	assert_int_equal(suite_digest_find_name("md5")->weak, SUITE_WEAK_MD5);
}

static void printing_survives_a_small_buffer(void **state)
{
	char buf[8];

	(void)state;
	for (size_t cap = 1; cap <= sizeof(buf); cap++) {
		memset(buf, 'x', sizeof(buf));
		suite_weak_print(0xff, buf, cap);
		assert_true(memchr(buf, '\0', cap) != NULL);
		suite_print_encr_ike1(60000, 65535, buf, cap);
		assert_true(memchr(buf, '\0', cap) != NULL);
	}
}

static void foreign_algorithms_have_names(void **state)
{
	char buf[SUITE_MAX_NAME];

	(void)state;
	assert_string_equal(suite_print_encr_ike1(7, 256, buf, sizeof(buf)), "aes-256");
	assert_string_equal(suite_print_encr_ike1(7, 0, buf, sizeof(buf)), "aes");
	assert_string_equal(suite_print_encr_ike1(8, 128, buf, sizeof(buf)), "camellia-128");
	assert_string_equal(suite_print_encr_ike1(77, 0, buf, sizeof(buf)), "unknown(77)");
	assert_string_equal(suite_print_encr_esp1(12, 128, buf, sizeof(buf)), "aes-128-cbc");
	assert_string_equal(suite_print_encr_esp1(3, 0, buf, sizeof(buf)), "3des");
	assert_string_equal(suite_print_encr_esp1(20, 128, buf, sizeof(buf)), "aes-128-gcm");
	assert_string_equal(suite_print_hash_ike1(3, buf, sizeof(buf)), "tiger");
	assert_string_equal(suite_print_auth1(9, buf, sizeof(buf)), "aes-xcbc");
	assert_string_equal(suite_print_group(24, buf, sizeof(buf)), "modp2048s256");
	assert_string_equal(suite_print_group(70000, buf, sizeof(buf)), "unknown(70000)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(group_ids_outside_the_table_are_unknown),
		cmocka_unit_test(ike1_values_find_their_rows_only),
		cmocka_unit_test(values_above_16_bits_find_nothing),
		cmocka_unit_test(names_lead_back_to_their_rows),
		cmocka_unit_test(esp_rows_carry_the_contract_numbers),
		cmocka_unit_test(a_short_icv_has_no_number_of_its_own_on_the_wire),
		cmocka_unit_test(weak_words_are_the_documented_ones),
		cmocka_unit_test(printing_survives_a_small_buffer),
		cmocka_unit_test(foreign_algorithms_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
