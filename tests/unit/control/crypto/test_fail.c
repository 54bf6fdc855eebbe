/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_fail.c - every allocation inside OpenSSL fails once, and every call of ours of ciphers,
 * digests and MACs: each function reports an error and leaves nothing secret behind, or does its
 * whole work (strongSwan's CVE-2013-2944 was a library error taken for success).
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
#include <openssl/evp.h>

#include "control/crypto/dh.h"
#include "control/crypto/keymat.h"
#include "control/crypto/keymat2.h"
#include "control/crypto/prf.h"
#include "control/crypto/sk.h"
#include "control/crypto/sk2.h"

/* Allocations, and calls, still to succeed; -1 = all do. */
static long allocations = -1, calls = -1;
static bool failed;

static bool count_down(long *left)
{
	if (*left < 0 || (*left)-- > 0)
		return false;
	*left = -1; /* once */
	failed = true;
	return true;
}

static void *failing_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return count_down(&allocations) ? NULL : malloc(n);
}

static void *failing_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return count_down(&allocations) ? NULL : realloc(p, n);
}

static void plain_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* A function of the library that fails without doing anything. */
#define FAILING(type, bad, name, args, given)                                                      \
	type __real_##name args;                                                                   \
	type __wrap_##name args;                                                                   \
	type __wrap_##name args                                                                    \
	{                                                                                          \
		return count_down(&calls) ? (bad) : __real_##name given;                           \
	}

FAILING(EVP_CIPHER *, NULL, EVP_CIPHER_fetch, (OSSL_LIB_CTX * l, const char *a, const char *p),
	(l, a, p))
FAILING(EVP_CIPHER_CTX *, NULL, EVP_CIPHER_CTX_new, (void), ())
FAILING(int, 0, EVP_CIPHER_CTX_set_padding, (EVP_CIPHER_CTX * c, int on), (c, on))
FAILING(int, 0, EVP_CIPHER_CTX_ctrl, (EVP_CIPHER_CTX * c, int type, int arg, void *p),
	(c, type, arg, p))
FAILING(int, 0, EVP_CipherInit_ex2,
	(EVP_CIPHER_CTX * c, const EVP_CIPHER *t, const unsigned char *key, const unsigned char *iv,
	 int enc, const OSSL_PARAM *p),
	(c, t, key, iv, enc, p))
FAILING(int, 0, EVP_CipherUpdate,
	(EVP_CIPHER_CTX * c, unsigned char *out, int *n, const unsigned char *in, int len),
	(c, out, n, in, len))
FAILING(int, 0, EVP_CipherFinal_ex, (EVP_CIPHER_CTX * c, unsigned char *out, int *n), (c, out, n))
FAILING(EVP_MD *, NULL, EVP_MD_fetch, (OSSL_LIB_CTX * l, const char *a, const char *p), (l, a, p))
FAILING(EVP_MD_CTX *, NULL, EVP_MD_CTX_new, (void), ())
FAILING(int, 0, EVP_DigestInit_ex2, (EVP_MD_CTX * c, const EVP_MD *t, const OSSL_PARAM *p),
	(c, t, p))
FAILING(int, 0, EVP_DigestUpdate, (EVP_MD_CTX * c, const void *d, size_t n), (c, d, n))
FAILING(int, 0, EVP_DigestFinal_ex, (EVP_MD_CTX * c, unsigned char *out, unsigned int *n),
	(c, out, n))
FAILING(EVP_MAC_CTX *, NULL, EVP_MAC_CTX_new, (EVP_MAC * m), (m))
FAILING(int, 0, EVP_MAC_init,
	(EVP_MAC_CTX * c, const unsigned char *key, size_t n, const OSSL_PARAM p[]), (c, key, n, p))
FAILING(int, 0, EVP_MAC_update, (EVP_MAC_CTX * c, const unsigned char *d, size_t n), (c, d, n))
FAILING(int, 0, EVP_MAC_final, (EVP_MAC_CTX * c, unsigned char *out, size_t *n, size_t cap),
	(c, out, n, cap))

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

static int derive2(const struct keymat_ike2 *old, uint8_t *out)
{
	const struct keymat_ike2_input in = {.prf = SUITE_HASH_SHA256,
					     .encr = 20,
					     .key_bits = 256,
					     .gir = {"gxy", 3},
					     .ni = {"Ni", 2},
					     .nr = {"Nr", 2}};
	struct keymat_ike2 k;
	int r = keymat_ike2_derive(&k, &in, old);

	memcpy(out, &k, sizeof(k));
	return r;
}

static const struct keymat_ike2 gcm = {.prf = SUITE_HASH_SHA256,
				       .encr = 20,
				       .key_bits = 128,
				       .len = 32,
				       .encr_len = 20,
				       .sk_d = {1},
				       .sk_p = {{2}, {3}},
				       .sk_e = {{4}, {5}}};
static const struct keymat_ike2 cbc = {.prf = SUITE_HASH_SHA256,
				       .encr = 12,
				       .key_bits = 128,
				       .integ = 12,
				       .len = 32,
				       .encr_len = 16,
				       .integ_len = 32,
				       .sk_a = {{6}, {7}},
				       .sk_e = {{4}, {5}}};

static int run_first_keys2(uint8_t *out)
{
	return derive2(NULL, out);
}

static int run_next_keys2(uint8_t *out)
{
	return derive2(&gcm, out);
}

static int run_child2(uint8_t *out)
{
	const struct prf_piece ni = {"Ni", 2}, nr = {"Nr", 2};

	return keymat_ike2_child(&gcm, NULL, &ni, &nr, out, 96);
}

static int run_auth2(uint8_t *out)
{
	const struct keymat_ike2_auth a = {.psk = {"123456", 6},
					   .message = {"message", 7},
					   .nonce = {"Nr", 2},
					   .id_b = {"id", 2}};

	return keymat_ike2_auth_psk(&gcm, KEYMAT_I, &a, out);
}

#define IV_AT 32u
#define TEXT  48u
#define WHOLE (IV_AT + 16 + TEXT + 16) /* of both suites; the shorter one's IV is 8 */

static int seal2(const struct keymat_ike2 *k, uint8_t *out)
{
	uint8_t msg[WHOLE] = "what must not be seen, nor told from what is: never, in no case";
	size_t len = k == &gcm ? WHOLE - 8 : WHOLE;
	int r;

	memset(msg + IV_AT, 'c', TEXT + 16);
	msg[len - 16 - 1] = 0; /* no padding */
	r = sk_ike2_seal(k, KEYMAT_I, msg, IV_AT, len);
	if (r == 0) /* else undefined, by contract, and not to be sent */
		memcpy(out, msg, len);
	return r;
}

static int run_seal_cbc2(uint8_t *out)
{
	return seal2(&cbc, out);
}

static int run_seal_gcm2(uint8_t *out)
{
	return seal2(&gcm, out);
}

static uint8_t sealed[2][WHOLE];

static int open2(const struct keymat_ike2 *k, uint8_t *out)
{
	size_t len = k == &gcm ? WHOLE - 8 : WHOLE, plain_len;
	uint8_t msg[WHOLE];
	int r;

	memcpy(msg, sealed[k == &gcm], len);
	r = sk_ike2_open(k, KEYMAT_I, msg, IV_AT, len, &plain_len);
	if (r == 0)
		memcpy(out, msg + IV_AT, len - IV_AT);
	out[WHOLE] = (uint8_t)plain_len;
	return r;
}

static int run_open_cbc2(uint8_t *out)
{
	return open2(&cbc, out);
}

static int run_open_gcm2(uint8_t *out)
{
	return open2(&gcm, out);
}

#define DH_WORKS 6u

static const struct work works[] = {
	{"modp768", run_modp768, 96},
	{"modp2048", run_modp2048, 256},
	{"ecp256", run_ecp256, 32},
	{"ecp521", run_ecp521, 66},
	{"x25519", run_x25519, 32},
	{"check", run_check, 1},
	{"digest", run_digest, 32},
	{"hmac", run_hmac, 64},
	{"prf_plus", run_prf_plus, 80},
	{"keymat", run_keymat, sizeof(struct keymat_ike1)},
	{"quick", run_quick, 96},
	{"cbc", run_cbc, 32},
	{"first keys of IKEv2", run_first_keys2, sizeof(struct keymat_ike2)},
	{"next keys of IKEv2", run_next_keys2, sizeof(struct keymat_ike2)},
	{"keys of a child SA", run_child2, 96},
	{"AUTH", run_auth2, 32},
	{"seal SK, CBC", run_seal_cbc2, WHOLE},
	{"seal SK, GCM", run_seal_gcm2, WHOLE},
	{"open SK, CBC", run_open_cbc2, WHOLE + 1},
	{"open SK, GCM", run_open_gcm2, WHOLE + 1},
};

/* Fails what left counts, one after the other. */
static void fail_each(const struct work *w, long *left)
{
	static const uint8_t zero[DH_MAX_SECRET];
	uint8_t good[DH_MAX_SECRET] = {0}, out[DH_MAX_SECRET];
	size_t errors = 0;

	assert_int_equal(w->run(good), 0);
	for (long n = 0;; n++) {
		int r;

		memset(out, 0, sizeof(out));
		failed = false;
		*left = n;
		r = w->run(out);
		*left = -1;
		ERR_clear_error();
		if (r == 0 && memcmp(out, good, w->out_len) != 0)
			fail_msg("%s: wrong result after failure %ld", w->name, n);
		if (r != 0 && memcmp(out, zero, w->out_len) != 0)
			fail_msg("%s: something left after failure %ld", w->name, n);
		errors += r != 0;
		if (!failed) {
			assert_int_equal(r, 0);
			break;
		}
		assert_true(n < 10000);
	}
	if (errors == 0)
		fail_msg("%s: no failure mattered", w->name);
}

static void every_failed_allocation_is_reported(void **state)
{
	(void)state;
	for (size_t w = 0; w < sizeof(works) / sizeof(works[0]); w++)
		fail_each(&works[w], &allocations);
}

/* As when a provider has gone, or has lost an algorithm. Diffie-Hellman calls none of these. */
static void every_failed_call_is_reported(void **state)
{
	(void)state;
	for (size_t w = DH_WORKS; w < sizeof(works) / sizeof(works[0]); w++)
		fail_each(&works[w], &calls);
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
	return seal2(&cbc, sealed[0]) == 0 && seal2(&gcm, sealed[1]) == 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_failed_allocation_is_reported),
		cmocka_unit_test(every_failed_call_is_reported),
	};

	if (CRYPTO_set_mem_functions(failing_malloc, failing_realloc, plain_free) != 1)
		return 1; /* OpenSSL has allocated already: nothing would be tested */
	return cmocka_run_group_tests(tests, make_peers, NULL);
}
