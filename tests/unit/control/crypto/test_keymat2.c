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

/* A case of NIST's IKEv2 KDF validation (SHA-1), as published with an open implementation's tests:
 * its 132 bytes are just those of AES-128 with SHA-1. */
static void a_published_case_comes_out(void **state)
{
	struct hex hni = hex_parse("32b50d5f4a3763f3"), hnr = hex_parse("9206a04b26564cb1");
	struct hex spi_i = hex_parse("34c9e7c188868785"), spi_r = hex_parse("3ff77d760d2b2199");
	struct hex g =
		hex_parse("4b2c1f971981a8ad8d0abeafabf38cf75fc8349c148142465ed9c8b516b8be52");
	struct hex g2 =
		hex_parse("863f3c9d06efd39d2b907b97f8699e5dd5251ef64a2a176f36ee40c87d4f9330");
	struct hex child = hex_parse(
		"8059e3ee8810e6c3a91bc8bcd2a7a41151b8d0e6ae239c7b38093ad85ef4c5811a8e7b5d1cdabd95"
		"60b2d5e092d1f24e2d4b85eccdf0ad0dc9abd94b51ee71814ca6dbc8bb51b6309f5b9545c7eb35cf"
		"5580b1e521a8fe20754a2d883ba0c2cf285f524aea6545b33106bc03e614296d319d41d4b50b3f51"
		"0b1c0a22f3e664994d234cb4");
	struct hex pfs = hex_parse(
		"bb43244c1860ad65ee1e211ffe8bb3661750c8f89cb9f547df7f4fa61d37301628190e38c66232ea"
		"b4b3ab14c400a5197dd3730ed4820a8a10394d51e1c0400052f63ebd36b0e7ef53aaed31eba4a508"
		"0d7d4b5666023a8bbb5ffb7857240f9a05884d1b7d2f933708450b7b3288f1fc863ab49fa901227c"
		"ffc06e27899c7054d56fd74c");
	struct hex reseed = hex_parse("63e81194946ebd05df7df5ebf5d8750056bf1f1d");
	struct keymat_ike2_input in = {.prf = SUITE_HASH_SHA1,
				       .encr = 12,
				       .key_bits = 128,
				       .integ = 2,
				       .gir = HEX_PIECE(g),
				       .ni = HEX_PIECE(hni),
				       .nr = HEX_PIECE(hnr)};
	const struct prf_piece gnew = HEX_PIECE(g2);
	const struct prf_piece seeds[] = {HEX_PIECE(hni), HEX_PIECE(hnr), HEX_PIECE(spi_i),
					  HEX_PIECE(spi_r)};
	struct keymat_ike2 k, k2;
	uint8_t out[132];

	(void)state;
	memcpy(in.spi_i, spi_i.data, 8);
	memcpy(in.spi_r, spi_r.data, 8);
	assert_int_equal(keymat_ike2_derive(&k, &in, NULL), 0);
	assert_keys(&k,
		    "a14293677cc80ff8f9cc0eee30d895da9d8f405666e30ef0dfcb63c634a46002a2a63080e514a0"
		    "62768b76606f9fa5e992204fc5a670bde3f10d6b027113936a5c55b648a194ae587b0088d52204"
		    "b702c979fa280870d2ed41efa9c549fd11198af1670b143d384bd275c5f594cf266b05ebadca85"
		    "5e4249520a441a81157435a7a56cc4");
	assert_int_equal(keymat_ike2_child(&k, NULL, &in.ni, &in.nr, out, sizeof(out)), 0);
	assert_memory_equal(out, child.data, sizeof(out));
	assert_int_equal(keymat_ike2_child(&k, &gnew, &in.ni, &in.nr, out, sizeof(out)), 0);
	assert_memory_equal(out, pfs.data, sizeof(out));
	in.gir = gnew;
	assert_int_equal(keymat_ike2_derive(&k2, &in, &k), 0);
	assert_int_equal(prf_plus(SUITE_HASH_SHA1, reseed.data, reseed.len, seeds, 4, out, 132), 0);
	assert_memory_equal(k2.sk_d, out, 20);
	assert_memory_equal(k2.sk_p[KEYMAT_R], out + 112, 20);
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
		cmocka_unit_test(a_published_case_comes_out),
		cmocka_unit_test(suites_that_do_not_go_together_are_refused),
		cmocka_unit_test(lengths_out_of_their_domain_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
