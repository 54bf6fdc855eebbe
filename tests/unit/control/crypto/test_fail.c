/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_fail.c - every allocation inside OpenSSL fails once: each function reports an error and
 * leaves nothing secret behind, or does its whole work (strongSwan's CVE-2013-2944 was a library
 * error taken for success).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "control/crypto/dh.h"
#include "control/crypto/keymat.h"
#include "control/crypto/prf.h"
#include "control/crypto/sk.h"

static long until_failure = -1; /* allocations still to succeed; -1 = all do */
static bool failed;

static bool fails_now(void)
{
	if (until_failure < 0 || until_failure-- > 0)
		return false;
	until_failure = -1; /* once */
	failed = true;
	return true;
}

static void *failing_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails_now() ? NULL : malloc(n);
}

static void *failing_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails_now() ? NULL : realloc(p, n);
}

static void plain_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* One piece of work: 0 or -errno, result in out. */
struct work {
	const char *name;
	int (*run)(uint8_t *out);
	size_t out_len;
};

static uint8_t seed[DH_MAX_SEED], peer[5][DH_MAX_PUBLIC];
static const uint16_t groups[5] = {1, 14, 19, 21, 31};

static int derive_in(size_t i, uint8_t *out)
{
	const struct suite_group *g = suite_group_find(groups[i]);
	struct dh *dh = dh_new(g->id, seed, g->seed_len);
	size_t len;
	int r;

	if (!dh)
		return -errno;
	r = dh_derive(dh, peer[i], g->public_len, out, DH_MAX_SECRET, &len);
	dh_free(dh);
	return r;
}

static int run_modp768(uint8_t *out)
{
	return derive_in(0, out);
}

static int run_modp2048(uint8_t *out)
{
	return derive_in(1, out);
}

static int run_ecp256(uint8_t *out)
{
	return derive_in(2, out);
}

static int run_ecp521(uint8_t *out)
{
	return derive_in(3, out);
}

static int run_x25519(uint8_t *out)
{
	return derive_in(4, out);
}

static int run_check(uint8_t *out)
{
	int r = dh_check_public(14, peer[1], suite_group_find(14)->public_len);

	if (r == 0)
		r = dh_check_public(19, peer[2], suite_group_find(19)->public_len);
	out[0] = r == 0;
	return r;
}

static int run_digest(uint8_t *out)
{
	const struct prf_piece p = {"abc", 3};

	return prf_digest(SUITE_HASH_SHA256, &p, 1, out);
}

static int run_hmac(uint8_t *out)
{
	const struct prf_piece p = {"abc", 3};

	return prf_hmac(SUITE_HASH_SHA512, (const uint8_t *)"key", 3, &p, 1, out);
}

static int run_prf_plus(uint8_t *out)
{
	const struct prf_piece p = {"abc", 3};

	return prf_plus(SUITE_HASH_MD5, (const uint8_t *)"key", 3, &p, 1, out, 80);
}

static int run_keymat(uint8_t *out)
{
	const struct keymat_ike1_input in = {.hash = SUITE_HASH_MD5,
					     .encr = 12,
					     .key_bits = 256,
					     .psk = {"123456", 6},
					     .ni_b = {"Ni", 2},
					     .nr_b = {"Nr", 2},
					     .gxy = {"gxy", 3}};
	struct keymat_ike1 k;
	int r = keymat_ike1_psk(&k, &in);

	memcpy(out, &k, sizeof(k));
	return r;
}

static int run_quick(uint8_t *out)
{
	const struct keymat_ike1 k = {.hash = SUITE_HASH_MD5, .len = 16, .skeyid_d = {1, 2, 3}};
	const struct keymat_ike1_quick q = {
		.protocol = 3, .spi = 256, .ni_b = {"Ni", 2}, .nr_b = {"Nr", 2}};

	return keymat_ike1_quick(&k, &q, out, 96);
}

static int run_cbc(uint8_t *out)
{
	const struct keymat_ike1 k = {.encr = 12, .key_bits = 128, .encr_key = {1, 2, 3}};
	uint8_t iv[16] = {0}, buf[32] = {0}; /* undefined after an error, by contract */
	int r = sk_ike1_encrypt(&k, iv, buf, sizeof(buf));

	if (r == 0)
		memcpy(out, buf, sizeof(buf));
	return r;
}

static const struct work works[] = {
	{"modp768", run_modp768, 96},	{"modp2048", run_modp2048, 256},
	{"ecp256", run_ecp256, 32},	{"ecp521", run_ecp521, 66},
	{"x25519", run_x25519, 32},	{"check", run_check, 1},
	{"digest", run_digest, 32},	{"hmac", run_hmac, 64},
	{"prf_plus", run_prf_plus, 80}, {"keymat", run_keymat, sizeof(struct keymat_ike1)},
	{"quick", run_quick, 96},	{"cbc", run_cbc, 32},
};

static void every_failed_allocation_is_reported(void **state)
{
	static const uint8_t zero[DH_MAX_SECRET];

	(void)state;
	for (size_t w = 0; w < sizeof(works) / sizeof(works[0]); w++) {
		uint8_t good[DH_MAX_SECRET] = {0}, out[DH_MAX_SECRET];
		size_t errors = 0;

		assert_int_equal(works[w].run(good), 0);
		for (long n = 0;; n++) {
			int r;

			memset(out, 0, sizeof(out));
			failed = false;
			until_failure = n;
			r = works[w].run(out);
			until_failure = -1;
			ERR_clear_error();
			if (r == 0 && memcmp(out, good, works[w].out_len) != 0)
				fail_msg("%s: wrong result after failure %ld", works[w].name, n);
			if (r != 0 && memcmp(out, zero, works[w].out_len) != 0)
				fail_msg("%s: something left after failure %ld", works[w].name, n);
			errors += r != 0;
			if (!failed) {
				assert_int_equal(r, 0);
				break;
			}
			assert_true(n < 10000);
		}
		if (errors == 0)
			fail_msg("%s: no allocation mattered", works[w].name);
	}
}

static int make_peers(void **state)
{
	(void)state;
	memset(seed, 0x31, sizeof(seed));
	for (size_t i = 0; i < 5; i++) {
		const struct suite_group *g = suite_group_find(groups[i]);
		struct dh *dh = dh_new(g->id, seed, g->seed_len);
		const uint8_t *pub;
		size_t len;

		if (!dh)
			return -1;
		pub = dh_public(dh, &len);
		memcpy(peer[i], pub, len);
		dh_free(dh);
	}
	seed[3] ^= 0x7f;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_failed_allocation_is_reported),
	};

	if (CRYPTO_set_mem_functions(failing_malloc, failing_realloc, plain_free) != 1)
		return 1; /* OpenSSL has allocated already: nothing would be tested */
	return cmocka_run_group_tests(tests, make_peers, NULL);
}
