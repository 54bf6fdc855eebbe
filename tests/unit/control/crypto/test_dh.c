/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_dh.c - key agreement: published cases, agreement of both sides, and every public value that
 * a peer must not send (RFC 6989).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bn.h>

#include "control/crypto/dh.h"
#include "control/crypto/suite.h"
#include "tests/unit/control/crypto/hex.h"

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

struct ecp_case {
	uint16_t group;
	const char *i, *gi, *r, *gr, *girx;
};

/* RFC 5903 section 8. */
static const struct ecp_case ecp_cases[] = {
	{19, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
	 "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
	 "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
	 "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
	 "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
	 "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
	 "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de"},
	{20,
	 "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655"
	 "e35b538041e649ee3faef896783ab194",
	 "667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6"
	 "de3ac808acb4bdb4c88732aee95f41aa"
	 "9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38e"
	 "eb9fcff3c2c947dae69b4c634573a81c",
	 "41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942"
	 "e0308312916b8ed2960e4bd55a7448fc",
	 "e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d"
	 "0d1ac43a0336def96fda41d0774a3571"
	 "dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1ff"
	 "f83fa40142209dff5eaad96db9e6386c",
	 "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4"
	 "d603135569b9e9d09cf5d4a270f59746"},
	{21,
	 "0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a0"
	 "95aa85a30fe1c2952c6771d937ba9777f5957b2639bab072462f68c27a57382d4a52",
	 "0015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ecbe"
	 "e1e3bf42e00b8e380aeae57c2d107564941885942af5a7f4601723c4195d176ced3e"
	 "017cae20b6641d2eeb695786d8c946146239d099e18e1d5a514c739d7cb4a10a"
	 "d8a788015ac405d7799dc75e7b7d5b6cf2261a6a7f1507438bf01beb6ca3926f9582",
	 "0145ba99a847af43793fdd0e872e7cdfa16be30fdc780f97bccc3f078380201e"
	 "9c677d600b343757a3bdbf2a3163e4c2f869cca7458aa4a4effc311f5cb151685eb9",
	 "00d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a21"
	 "9b97c356436adc6e95bb0352f6be64a6c2912d4ef2d0433ced2b6171640012d9460f"
	 "015c68226383956e3bd066e797b623c27ce0eac2f551a10c2c724d9852077b87"
	 "220b6536c5c408a1d2aebb8e86d678ae49cb57091f4732296579ab44fcd17f0fc56a",
	 "01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04"
	 "d1427e73ca4baa240a34786859810c06b3c715a3a8cc3151f2bee417996d19f3ddea"},
};

/* The seed for a given private key d: dh_new() takes d = 1 + seed mod (n - 1). */
static void seed_for(const char *d, uint16_t group, uint8_t *seed)
{
	struct hex h = hex_parse(d);
	size_t len = suite_group_find(group)->seed_len;

	memset(seed, 0, len);
	memcpy(seed + len - h.len, h.data, h.len);
	for (size_t i = len; i-- > 0 && seed[i]-- == 0;)
		;
}

static void ecp_groups_give_the_published_results(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(ecp_cases); i++) {
		const struct ecp_case *c = &ecp_cases[i];
		struct hex gi = hex_parse(c->gi), gr = hex_parse(c->gr), want = hex_parse(c->girx);
		size_t seed_len = suite_group_find(c->group)->seed_len;
		uint8_t seed[DH_MAX_SEED], secret[DH_MAX_SECRET];
		struct dh *a, *b;
		size_t len;

		seed_for(c->i, c->group, seed);
		a = dh_new(c->group, seed, seed_len);
		seed_for(c->r, c->group, seed);
		b = dh_new(c->group, seed, seed_len);
		assert_non_null(a);
		assert_non_null(b);
		assert_memory_equal(dh_public(a, &len), gi.data, gi.len);
		assert_int_equal(len, gi.len);
		assert_memory_equal(dh_public(b, &len), gr.data, gr.len);
		assert_int_equal(dh_derive(a, gr.data, gr.len, secret, sizeof(secret), &len), 0);
		assert_int_equal(len, want.len);
		assert_memory_equal(secret, want.data, want.len);
		assert_int_equal(dh_derive(b, gi.data, gi.len, secret, sizeof(secret), &len), 0);
		assert_memory_equal(secret, want.data, want.len);
		dh_free(a);
		dh_free(b);
	}
}

/* RFC 7748 section 6.1. */
static void x25519_gives_the_published_results(void **state)
{
	struct hex a =
		hex_parse("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
	struct hex ka =
		hex_parse("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
	struct hex kb =
		hex_parse("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
	struct hex want =
		hex_parse("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
	uint8_t secret[DH_MAX_SECRET];
	struct dh *dh = dh_new(31, a.data, a.len);
	size_t len;

	(void)state;
	assert_non_null(dh);
	assert_memory_equal(dh_public(dh, &len), ka.data, ka.len);
	assert_int_equal(len, 32);
	assert_int_equal(dh_derive(dh, kb.data, kb.len, secret, sizeof(secret), &len), 0);
	assert_int_equal(len, 32);
	assert_memory_equal(secret, want.data, 32);
	dh_free(dh);
}

static void *must_new(uint16_t group, uint8_t fill)
{
	uint8_t seed[DH_MAX_SEED];
	struct dh *dh;

	memset(seed, fill, sizeof(seed));
	dh = dh_new(group, seed, suite_group_find(group)->seed_len);
	assert_non_null(dh);
	return dh;
}

/* The prime of a MODP group, from the library. */
static BIGNUM *prime_of(uint16_t group)
{
	switch (group) {
	case 1:
		return BN_get_rfc2409_prime_768(NULL);
	case 2:
		return BN_get_rfc2409_prime_1024(NULL);
	case 5:
		return BN_get_rfc3526_prime_1536(NULL);
	case 14:
		return BN_get_rfc3526_prime_2048(NULL);
	case 15:
		return BN_get_rfc3526_prime_3072(NULL);
	case 16:
		return BN_get_rfc3526_prime_4096(NULL);
	case 17:
		return BN_get_rfc3526_prime_6144(NULL);
	default:
		return BN_get_rfc3526_prime_8192(NULL);
	}
}

static const uint16_t modp_groups[] = {1, 2, 5, 14, 15, 16, 17, 18};

/* Group 1 typed from RFC 2409 section 6.1; RFC 3526: the first and last 64 bits of every prime are
 * ones. */
static void modp_primes_have_their_published_shape(void **state)
{
	static const char oakley1[] =
		"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22"
		"514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6"
		"F44C42E9A63A3620FFFFFFFFFFFFFFFF";
	BIGNUM *p1 = NULL;

	(void)state;
	assert_int_equal(BN_hex2bn(&p1, oakley1), 192);
	for (size_t i = 0; i < N_OF(modp_groups); i++) {
		const struct suite_group *g = suite_group_find(modp_groups[i]);
		BIGNUM *p = prime_of(g->id);

		assert_int_equal(BN_num_bits(p), g->bits);
		assert_int_equal(g->public_len * 8, g->bits);
		assert_int_equal(g->secret_len, g->public_len);
		for (int bit = 0; bit < 64; bit++) {
			assert_true(BN_is_bit_set(p, bit));
			assert_true(BN_is_bit_set(p, g->bits - 1 - bit));
		}
		if (g->id == 1)
			assert_int_equal(BN_cmp(p, p1), 0);
		BN_free(p);
	}
	BN_free(p1);
}

/* Twin: (2^a)^b by BN_mod_exp, with a and b built from the seeds as dh.h says. */
static void modp_secret_equals_its_plain_twin(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(modp_groups); i++) {
		const struct suite_group *g = suite_group_find(modp_groups[i]);
		uint8_t seed[DH_MAX_SEED], secret[DH_MAX_SECRET], twin[DH_MAX_SECRET];
		BIGNUM *p = prime_of(g->id), *a = BN_new(), *b = BN_new(), *v = BN_new();
		BN_CTX *ctx = BN_CTX_new();
		struct dh *da = must_new(g->id, 0x12), *db = must_new(g->id, 0x34);
		const uint8_t *pub;
		size_t len;

		memset(seed, 0x12, sizeof(seed));
		BN_bin2bn(seed, g->seed_len, a);
		BN_set_bit(a, g->seed_len * 8 - 1);
		memset(seed, 0x34, sizeof(seed));
		BN_bin2bn(seed, g->seed_len, b);
		BN_set_bit(b, g->seed_len * 8 - 1);
		BN_set_word(v, 2);
		assert_int_equal(BN_mod_exp(v, v, a, p, ctx), 1);
		assert_int_equal(BN_bn2binpad(v, twin, g->public_len), g->public_len);
		assert_memory_equal(dh_public(da, &len), twin, g->public_len);
		assert_int_equal(BN_mod_exp(v, v, b, p, ctx), 1);
		assert_int_equal(BN_bn2binpad(v, twin, g->public_len), g->public_len);
		pub = dh_public(da, &len);
		assert_int_equal(dh_derive(db, pub, len, secret, sizeof(secret), &len), 0);
		assert_int_equal(len, g->secret_len);
		assert_memory_equal(secret, twin, len);
		pub = dh_public(db, &len);
		assert_int_equal(dh_derive(da, pub, len, secret, sizeof(secret), &len), 0);
		assert_memory_equal(secret, twin, len);
		dh_free(da);
		dh_free(db);
		BN_free(p);
		BN_free(a);
		BN_free(b);
		BN_free(v);
		BN_CTX_free(ctx);
	}
}

/* Refused by the check, by the derivation, and nothing is left behind. */
static void assert_refused(const struct dh *dh, const uint8_t *peer, size_t len)
{
	static const uint8_t untouched[DH_MAX_SECRET];
	uint8_t secret[DH_MAX_SECRET] = {0};
	size_t out = 1;

	assert_int_equal(dh_derive(dh, peer, len, secret, sizeof(secret), &out), -EINVAL);
	assert_int_equal(out, 0);
	assert_memory_equal(secret, untouched, sizeof(secret));
}

static void modp_refuses_0_1_and_p_minus_1_upwards(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(modp_groups); i++) {
		uint16_t id = modp_groups[i];
		size_t n = suite_group_find(id)->public_len;
		uint8_t y[DH_MAX_PUBLIC];
		BIGNUM *p = prime_of(id);
		struct dh *dh = must_new(id, 0x77);

		for (BN_ULONG w = 0; w < 4; w++) { /* 0, 1 bad; 2, 3 good */
			memset(y, 0, sizeof(y));
			y[n - 1] = (uint8_t)w;
			assert_int_equal(dh_check_public(id, y, n), w < 2 ? -EINVAL : 0);
			if (w < 2)
				assert_refused(dh, y, n);
		}
		BN_sub_word(p, 2); /* p - 2 good; p - 1, p, p + 1 bad */
		for (int k = 0; k < 4; k++) {
			assert_int_equal(BN_bn2binpad(p, y, (int)n), (int)n);
			assert_int_equal(dh_check_public(id, y, n), k ? -EINVAL : 0);
			if (k)
				assert_refused(dh, y, n);
			BN_add_word(p, 1);
		}
		memset(y, 0xff, sizeof(y));
		assert_refused(dh, y, n);
		BN_free(p);
		dh_free(dh);
	}
}

/* RFC 5114 section 2.3: public values are of order q; the smallest numbers, p - 1 and the negative
 * of a good one are not (RFC 6989 section 2.2). */
static void group_24_refuses_other_subgroups(void **state)
{
	struct dh *a = must_new(24, 0x12), *b = must_new(24, 0x34);
	uint8_t y[256], sa[DH_MAX_SECRET], sb[DH_MAX_SECRET];
	BIGNUM *v = BN_new(), *p = NULL;
	size_t len, la, lb;

	(void)state;
	memcpy(y, dh_public(a, &len), sizeof(y));
	assert_int_equal(len, sizeof(y));
	assert_int_equal(dh_check_public(24, y, len), 0);
	assert_int_equal(dh_derive(b, y, len, sb, sizeof(sb), &lb), 0);
	assert_int_equal(dh_derive(a, dh_public(b, &len), len, sa, sizeof(sa), &la), 0);
	assert_int_equal(la, 256);
	assert_int_equal(lb, 256);
	assert_memory_equal(sa, sb, la);
	/* p, typed from the RFC. */
	assert_int_not_equal(BN_hex2bn(&p,
				       "87A8E61DB4B6663CFFBBD19C651959998CEEF608660DD0F25D2CEED4"
				       "435E3B00E00DF8F1D61957D4FAF7DF4561B2AA3016C3D91134096FAA"
				       "3BF4296D830E9A7C209E0C6497517ABD5A8A9D306BCF67ED91F9E672"
				       "5B4758C022E0B1EF4275BF7B6C5BFC11D45F9088B941F54EB1E59BB8"
				       "BC39A0BF12307F5C4FDB70C581B23F76B63ACAE1CAA6B7902D525267"
				       "35488A0EF13C6D9A51BFA4AB3AD8347796524D8EF6A167B5A41825D9"
				       "67E144E5140564251CCACB83E6B486F6B3CA3F7971506026C0B857F6"
				       "89962856DED4010ABD0BE621C3A3960A54E710C375F26375D7014103"
				       "A4B54330C198AF126116D2276E11715F693877FAD7EF09CADB094AE9"
				       "1E1A1597"),
			     0);
	assert_int_equal(BN_num_bits(p), 2048);
	assert_int_equal(BN_check_prime(p, NULL, NULL), 1);
	BN_bin2bn(y, sizeof(y), v);
	BN_sub(v, p, v); /* -y is of order 2q */
	assert_int_equal(BN_bn2binpad(v, y, sizeof(y)), sizeof(y));
	assert_int_equal(dh_check_public(24, y, sizeof(y)), -EINVAL);
	assert_refused(b, y, sizeof(y));
	for (unsigned w = 0; w < 4; w++) {
		memset(y, 0, sizeof(y));
		y[sizeof(y) - 1] = (uint8_t)w;
		assert_int_equal(dh_check_public(24, y, sizeof(y)), -EINVAL);
	}
	BN_sub_word(p, 1);
	assert_int_equal(BN_bn2binpad(p, y, sizeof(y)), sizeof(y));
	assert_refused(b, y, sizeof(y));
	BN_free(v);
	BN_free(p);
	dh_free(a);
	dh_free(b);
}

static void every_group_refuses_wrong_lengths(void **state)
{
	uint8_t y[DH_MAX_PUBLIC + 1];

	(void)state;
	for (size_t i = 0; suite_group_at(i); i++) {
		const struct suite_group *g = suite_group_at(i);
		struct dh *dh = must_new(g->id, 0x55);
		size_t len;

		memset(y, 0, sizeof(y));
		memcpy(y, dh_public(dh, &len), g->public_len);
		for (size_t n = 0; n <= sizeof(y); n++) {
			if (n == g->public_len)
				continue;
			assert_int_equal(dh_check_public(g->id, y, n), -EINVAL);
			assert_refused(dh, y, n);
		}
		assert_int_equal(dh_check_public(g->id, y, g->public_len), 0);
		dh_free(dh);
	}
}

static void ecp_refuses_points_off_the_curve(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(ecp_cases); i++) {
		uint16_t id = ecp_cases[i].group;
		struct hex good = hex_parse(ecp_cases[i].gr), bad;
		struct dh *dh = must_new(id, 0x66);

		assert_int_equal(dh_check_public(id, good.data, good.len), 0);
		for (size_t at = 0; at < good.len; at += 7) {
			bad = good;
			bad.data[at] ^= 1;
			assert_int_equal(dh_check_public(id, bad.data, bad.len), -EINVAL);
			assert_refused(dh, bad.data, bad.len);
		}
		memset(bad.data, 0, bad.len); /* "infinity" as some encode it */
		assert_refused(dh, bad.data, bad.len);
		memset(bad.data, 0xff, bad.len); /* coordinates at or above p */
		assert_refused(dh, bad.data, bad.len);
		dh_free(dh);
	}
}

/* RFC 7748 section 6: points of small order give zero. The list: 0, 1, p - 1, p, p + 1. */
static void x25519_refuses_points_of_small_order(void **state)
{
	static const char *const bad[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	struct dh *dh = must_new(31, 0x42);

	(void)state;
	for (size_t i = 0; i < N_OF(bad); i++) {
		struct hex h = hex_parse(bad[i]);

		assert_refused(dh, h.data, h.len);
	}
	dh_free(dh);
}

static void groups_outside_the_table_are_refused(void **state)
{
	uint8_t seed[DH_MAX_SEED] = {1};

	(void)state;
	for (uint32_t id = 0; id <= UINT16_MAX; id++) {
		if (suite_group_find((uint16_t)id))
			continue;
		errno = 0;
		assert_null(dh_new((uint16_t)id, seed, sizeof(seed)));
		assert_int_equal(errno, ENOTSUP);
		assert_int_equal(dh_check_public((uint16_t)id, seed, sizeof(seed)), -ENOTSUP);
	}
}

static void seed_must_have_the_whole_length(void **state)
{
	uint8_t seed[DH_MAX_SEED] = {1};

	(void)state;
	for (size_t i = 0; suite_group_at(i); i++) {
		const struct suite_group *g = suite_group_at(i);

		assert_true(g->seed_len <= DH_MAX_SEED);
		assert_true(g->public_len <= DH_MAX_PUBLIC);
		assert_true(g->secret_len <= DH_MAX_SECRET);
		assert_null(dh_new(g->id, seed, g->seed_len - 1U));
		assert_int_equal(errno, EINVAL);
		assert_null(dh_new(g->id, seed, 0));
	}
}

static void the_same_seed_gives_the_same_key(void **state)
{
	(void)state;
	for (size_t i = 0; suite_group_at(i); i++) {
		const struct suite_group *g = suite_group_at(i);
		struct dh *a = must_new(g->id, 9), *b = must_new(g->id, 9),
			  *c = must_new(g->id, 99);
		size_t len;
		const uint8_t *pa = dh_public(a, &len), *pb = dh_public(b, &len);
		const uint8_t *pc = dh_public(c, &len);

		assert_int_equal(len, g->public_len);
		assert_int_equal(dh_group(a), g->id);
		assert_memory_equal(pa, pb, len);
		assert_memory_not_equal(pa, pc, len);
		dh_free(a);
		dh_free(b);
		dh_free(c);
	}
}

static void too_small_a_secret_buffer_is_refused(void **state)
{
	struct dh *a = must_new(14, 1), *b = must_new(14, 2);
	uint8_t secret[DH_MAX_SECRET];
	size_t len, out;
	const uint8_t *pub = dh_public(b, &len);

	(void)state;
	assert_int_equal(dh_derive(a, pub, len, secret, 255, &out), -ENOSPC);
	assert_int_equal(dh_derive(a, pub, len, secret, 256, &out), 0);
	dh_free(a);
	dh_free(b);
	dh_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ecp_groups_give_the_published_results),
		cmocka_unit_test(x25519_gives_the_published_results),
		cmocka_unit_test(modp_primes_have_their_published_shape),
		cmocka_unit_test(modp_secret_equals_its_plain_twin),
		cmocka_unit_test(modp_refuses_0_1_and_p_minus_1_upwards),
		cmocka_unit_test(group_24_refuses_other_subgroups),
		cmocka_unit_test(every_group_refuses_wrong_lengths),
		cmocka_unit_test(ecp_refuses_points_off_the_curve),
		cmocka_unit_test(x25519_refuses_points_of_small_order),
		cmocka_unit_test(groups_outside_the_table_are_refused),
		cmocka_unit_test(seed_must_have_the_whole_length),
		cmocka_unit_test(the_same_seed_gives_the_same_key),
		cmocka_unit_test(too_small_a_secret_buffer_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
