/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_keymat2.c - IKEv2 key derivation against a second implementation, and what it refuses.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/crypto/keymat2.h"
#include "tests/unit/control/crypto/hex.h"
#include "tests/unit/control/crypto/vectors_kdf2.h"

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

static uint8_t ni[16], nr[32], gir[32];

static struct keymat_ike2_input input_of(const struct kdf2_vector *v)
{
	struct keymat_ike2_input in = {.prf = (enum suite_hash)v->hash,
				       .encr = v->encr,
				       .key_bits = v->bits,
				       .integ = v->integ,
				       .gir = {gir, sizeof(gir)},
				       .ni = {ni, sizeof(ni)},
				       .nr = {nr, sizeof(nr)}};

	for (size_t i = 0; i < sizeof(ni); i++)
		ni[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(nr); i++)
		nr[i] = (uint8_t)(100 + i);
	for (size_t i = 0; i < sizeof(gir); i++)
		gir[i] = (uint8_t)(200 + i);
	memcpy(in.spi_i, "INITIATE", 8);
	memcpy(in.spi_r, "RESPONDS", 8);
	return in;
}

static void assert_keys(const struct keymat_ike2 *k, const char *text)
{
	struct hex h = hex_parse(text);
	const uint8_t *p = h.data;

	assert_int_equal(h.len, 3 * k->len + 2 * k->integ_len + 2 * k->encr_len);
	assert_memory_equal(k->sk_d, p, k->len);
	p += k->len;
	assert_memory_equal(k->sk_a[KEYMAT_I], p, k->integ_len);
	p += k->integ_len;
	assert_memory_equal(k->sk_a[KEYMAT_R], p, k->integ_len);
	p += k->integ_len;
	assert_memory_equal(k->sk_e[KEYMAT_I], p, k->encr_len);
	p += k->encr_len;
	assert_memory_equal(k->sk_e[KEYMAT_R], p, k->encr_len);
	p += k->encr_len;
	assert_memory_equal(k->sk_p[KEYMAT_I], p, k->len);
	p += k->len;
	assert_memory_equal(k->sk_p[KEYMAT_R], p, k->len);
}

static void keys_equal_the_second_implementation(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(kdf2_vectors); i++) {
		const struct kdf2_vector *v = &kdf2_vectors[i];
		struct keymat_ike2_input in = input_of(v);
		struct keymat_ike2 k, k2;

		assert_int_equal(keymat_ike2_derive(&k, &in, NULL), 0);
		assert_keys(&k, v->keys);
		assert_int_equal(keymat_ike2_derive(&k2, &in, &k), 0);
		assert_keys(&k2, v->rekeyed);
	}
}

static void child_keys_equal_the_second_implementation(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(kdf2_vectors); i++) {
		const struct kdf2_vector *v = &kdf2_vectors[i];
		struct keymat_ike2_input in = input_of(v);
		struct hex plain = hex_parse(v->child), pfs = hex_parse(v->child_pfs);
		struct keymat_ike2 k;
		uint8_t out[136];

		assert_int_equal(keymat_ike2_derive(&k, &in, NULL), 0);
		assert_int_equal(keymat_ike2_child(&k, NULL, &in.ni, &in.nr, out, plain.len), 0);
		assert_memory_equal(out, plain.data, plain.len);
		assert_int_equal(keymat_ike2_child(&k, &in.gir, &in.ni, &in.nr, out, pfs.len), 0);
		assert_memory_equal(out, pfs.data, pfs.len);
	}
}

static void auth_equals_the_second_implementation(void **state)
{
	struct keymat_ike2_auth a = {.psk = {"123456", 6},
				     .message = {"the first message", 17},
				     .nonce = {"the other's nonce", 17},
				     .id_b = {"\x01\0\0\0\x0a\0\0\1", 8}};

	(void)state;
	for (size_t i = 0; i < N_OF(kdf2_vectors); i++) {
		const struct kdf2_vector *v = &kdf2_vectors[i];
		struct keymat_ike2_input in = input_of(v);
		struct hex want = hex_parse(v->auth_r);
		uint8_t out[SUITE_MAX_HASH];
		struct keymat_ike2 k;

		assert_int_equal(keymat_ike2_derive(&k, &in, NULL), 0);
		assert_int_equal(keymat_ike2_auth_psk(&k, KEYMAT_R, &a, out), 0);
		assert_int_equal(want.len, k.len);
		assert_memory_equal(out, want.data, want.len);
		assert_int_equal(keymat_ike2_auth_psk(&k, KEYMAT_I, &a, out), 0);
		assert_memory_not_equal(out, want.data, want.len);
	}
}

static void suites_that_do_not_go_together_are_refused(void **state)
{
	static const struct {
		uint16_t prf, encr, bits, integ;
		int r;
	} cases[] = {
		{SUITE_HASH_SHA256, 12, 128, 0, -EINVAL},  /* nobody protects it */
		{SUITE_HASH_SHA256, 20, 128, 12, -EINVAL}, /* both do */
		{SUITE_HASH_SHA256, 12, 100, 12, -ENOTSUP},
		{SUITE_HASH_NONE, 12, 128, 12, -ENOTSUP},
		{SUITE_HASH_SHA256, 12, 128, 77, -ENOTSUP},
		{SUITE_HASH_SHA256, 11, 0, 12, -ENOTSUP},
	};
	struct kdf2_vector v = {0};
	struct keymat_ike2 zero = {0}, k;

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct keymat_ike2_input in;

		v.hash = cases[i].prf;
		v.encr = cases[i].encr;
		v.bits = cases[i].bits;
		v.integ = cases[i].integ;
		in = input_of(&v);
		memset(&k, 0xee, sizeof(k));
		assert_int_equal(keymat_ike2_derive(&k, &in, NULL), cases[i].r);
		assert_memory_equal(&k, &zero, sizeof(k));
	}
}

static void lengths_out_of_their_domain_are_refused(void **state)
{
	static uint8_t big[600];
	struct keymat_ike2_input in = input_of(&kdf2_vectors[1]);
	struct keymat_ike2 k;
	uint8_t out[2 * KEYMAT_MAX_OUT + 1];

	(void)state;
	assert_int_equal(keymat_ike2_derive(&k, &in, NULL), 0);
	assert_int_equal(keymat_ike2_child(&k, NULL, &in.ni, &in.nr, out, 0), -EINVAL);
	assert_int_equal(keymat_ike2_child(&k, NULL, &in.ni, &in.nr, out, sizeof(out)), -EINVAL);
	assert_int_equal(keymat_ike2_child(&k, NULL, &in.ni, &in.nr, out, sizeof(out) - 1), 0);
	in.ni = (struct prf_piece){big, sizeof(big)};
	assert_int_equal(keymat_ike2_derive(&k, &in, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_equal_the_second_implementation),
		cmocka_unit_test(child_keys_equal_the_second_implementation),
		cmocka_unit_test(auth_equals_the_second_implementation),
		cmocka_unit_test(suites_that_do_not_go_together_are_refused),
		cmocka_unit_test(lengths_out_of_their_domain_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
