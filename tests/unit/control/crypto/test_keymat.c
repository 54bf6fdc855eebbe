/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_keymat.c - IKEv1 key derivation against recorded sessions and independent computation.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/crypto/dh.h"
#include "control/crypto/keymat.h"
#include "tests/unit/control/crypto/hex.h"
#include "tests/unit/control/crypto/vectors_kdf.h"

/*
 * Two phase 1 sessions with a foreign daemon, as recorded in the unit test
 * IKEv1HandshakeSessionSecretsTest of RUB-NDS/IPsec-StateMachineExtractor (Ruhr University Bochum):
 * PSK "AAAA", AES-128, SHA1, modp1024, responder's identity IPv4 10.0.3.10.
 */
struct session {
	const char *cky_i, *cky_r, *ni, *nr, *gxi, *gxr, *gxy;
	const char *skeyid, *skeyid_d, *skeyid_a, *skeyid_e, *iv, *hash_r;
};

static const char sa_body[] =
	"00000001000000010000002c01010001000000240101000080010007800e008080020002800400028003"
	"0001800b0001800c7080";
static const char id_body[] = "010000000a00030a";

static const struct session sessions[] = {
	{
		.cky_i = "7116900aa5c2880d",
		.cky_r = "047ad6f8b3d0abb7",
		.ni = "4654fdd74594982a",
		.nr = "3673e64987b4956dbb8b933399251a5abf88f557a723b802b345f838667e9a4e",
		.gxi = "75fb75db0749d4b15d9bb067b63399f790246dd7919d0c0a88fc34dd76eb9ad2"
		       "04e162b261914c0966a2d32d05178d4c0f0ec3817692fca675678f2fd2a68691"
		       "88b943e33ad44cc859a5af98d6d5332c538cff4174ee737c8624de910cc40bd9"
		       "53f7940d1b2d8a681cee03c85199fbe773bfa100ffea5fcb82eed25a399b0b3e",
		.gxr = "2096a31ff922e5224d9d19f06a41e2d9aebe1180d4e5cbc3d6ea166e2b8810d5"
		       "ddd048375025ae9bf895ad40c508cd8b9398bded0d00ae7e77c1a1eb31930495"
		       "106892630152a926a45037606cda4651340082fc10558786b4d8c4e6d72222d5"
		       "80d9a30d9c3b7fe9c348a6eadc5e79a24fe4b4364297b5ff71914ef8a6980e73",
		.gxy = "19B67B23EB5F792EC9D7E11D16501CA20F2A2D0B230D525CD824DFB16867B515"
		       "DC2CE9560B20B2149BFB360C1662C26A5AD7FE1FAA86E66213238C80B2ED46CC"
		       "B821BF5043093027EB6E32C71685A093306DF20C24190C7F93947FA21E56D10E"
		       "4C5B7063B2B4DC1747F1DF0BD46975D1825EEDE335E3ACBAD71A063CECF866C7",
		.skeyid = "49856BC53F30DB8CE55F5BEFAE9E42431279550C",
		.skeyid_d = "E5D7368180A8766F09C90CC9AC15182D3CD492EE",
		.skeyid_a = "92DE109FE83047C95812B600820F1476CD24AA49",
		.skeyid_e = "DE5D24679AD21491E63E2D7173017769CD7B9BC5",
		.iv = "139568606DF1337CBCBC8FA7D201C8A8",
		.hash_r = "BA8C49CFD796BDC78E63FF6B5A858FC289DAD933",
	},
	{
		.cky_i = "dc3f1d7452b2c376",
		.cky_r = "5f17969262b7829b",
		.ni = "18eeeee5b29ef938",
		.nr = "cf6306dcc088a94c1983462f97a3128ecdefbe4a1925cffddedd526215648099",
		.gxi = "a8b04c567a6bb3ab17da6a07f3f1667e6c70fb992ffe0a01dccc0877214c1936"
		       "cc13a66aa97e4cd9ebfd61f6a7119859bba763255b54364d37a59f969d230f87"
		       "7cce6d77ca843e5f0cb24e354d51a429aabf75238f5a17ef5801f3b02d9f35dc"
		       "d3562c35e6aeff67e9c71961f9313b6306c2c1adb428d6e70e713f894d9b7eda",
		.gxr = "7947cdf90ed5f07ca325c9c9e6de95a82e5728b2e1daf44866100723ad2bed0f"
		       "09e8383cf89c7645c805c2942d4aebfa1b6c351a9666faa1f4988c3a557cb411"
		       "a3b73fd3e094144e646ef5eb85118a61f06c6359e0f19b43a99720b49ae32215"
		       "5d462004be5e09140cfc843e0622c6735bc90ab730577fc311b23b25a8d283fa",
		.gxy = "9FC4267E99D40EE7AA19492615990548621EBED0AE925A0810C2F4BF30A100F6"
		       "B13201BAC4595281E5F2FB6FAF56F9CDA292991B40B41A48CFBA7713140DE178"
		       "4DBD525C0CB88A4D3B4B46D7CABD539CDD1E79EDE000420CFFE9ED8BCA0B2FE0"
		       "9208D9D3145F55F68CE0E3C6C479616B64F3EB451CD4CE268310BCDC766BA8A2",
		.skeyid = "505E91CA4127FE30D9CAD15F6176E8C504D2D612",
		.skeyid_d = "571D06B00EDA6D375310377F3B3E0994A936E0F2",
		.skeyid_a = "1DE7B88B63DEEA0BB41374C6F9514F64B894E083",
		.skeyid_e = "84FAF4DF7DCEC32AC45F13A485E732632160F596",
		.iv = "0E09ED33BAC3584D1D10762A9BD026C1",
		.hash_r = "DDB2CF1067913E83EA6633B8B174BC8CE559B9D1",
	},
};

static void assert_hex(const uint8_t *got, size_t len, const char *want)
{
	struct hex h = hex_parse(want);

	assert_int_equal(len, h.len);
	assert_memory_equal(got, h.data, len);
}

static void derives_the_recorded_sessions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sessions) / sizeof(sessions[0]); i++) {
		const struct session *s = &sessions[i];
		struct hex ni = hex_parse(s->ni), nr = hex_parse(s->nr), gxy = hex_parse(s->gxy);
		struct hex gxi = hex_parse(s->gxi), gxr = hex_parse(s->gxr);
		struct hex ci = hex_parse(s->cky_i), cr = hex_parse(s->cky_r);
		struct hex sa = hex_parse(sa_body), id = hex_parse(id_body);
		struct prf_piece pi = HEX_PIECE(gxi), pr = HEX_PIECE(gxr);
		struct keymat_ike1_input in = {.hash = SUITE_HASH_SHA1,
					       .encr = 12,
					       .key_bits = 128,
					       .psk = {"AAAA", 4},
					       .ni_b = HEX_PIECE(ni),
					       .nr_b = HEX_PIECE(nr),
					       .gxy = HEX_PIECE(gxy)};
		struct keymat_ike1_auth a = {
			.gxi = pi, .gxr = pr, .sai_b = HEX_PIECE(sa), .id_b = HEX_PIECE(id)};
		struct keymat_ike1 k;
		uint8_t iv[16], hash[SUITE_MAX_HASH];

		memcpy(in.cky_i, ci.data, 8);
		memcpy(in.cky_r, cr.data, 8);
		memcpy(a.cky_i, ci.data, 8);
		memcpy(a.cky_r, cr.data, 8);
		assert_int_equal(keymat_ike1_psk(&k, &in), 0);
		assert_hex(k.skeyid, k.len, s->skeyid);
		assert_hex(k.skeyid_d, k.len, s->skeyid_d);
		assert_hex(k.skeyid_a, k.len, s->skeyid_a);
		assert_hex(k.skeyid_e, k.len, s->skeyid_e);
		assert_int_equal(k.encr_key_len, 16);
		assert_memory_equal(k.encr_key, k.skeyid_e, 16);
		assert_int_equal(keymat_ike1_phase1_iv(SUITE_HASH_SHA1, &pi, &pr, iv, 16), 0);
		assert_hex(iv, 16, s->iv);
		assert_int_equal(keymat_ike1_hash_r(&k, &a, hash), 0);
		assert_hex(hash, k.len, s->hash_r);
	}
}

/* Session 2's informational exchange d8029d42, whose IV follows from the phase 1 IV when no message
 * was encrypted in between, as the recorded test has it. */
static void derives_the_recorded_phase2_iv(void **state)
{
	struct hex last = hex_parse(sessions[1].iv);
	uint8_t iv[16];

	(void)state;
	assert_int_equal(keymat_ike1_phase2_iv(SUITE_HASH_SHA1, last.data, 0xd8029d42, iv, 16), 0);
	assert_hex(iv, 16, "0BF60ED4C34FEA8A12077A204DFD413F");
}

/* The inputs of tests/vectors/ike1_kdf.py. */
static uint8_t in_ni[16], in_nr[32], in_gxy[32];

static void fill_inputs(struct keymat_ike1_input *in, const struct kdf_vector *v)
{
	for (size_t i = 0; i < 32; i++) {
		in_ni[i % 16] = (uint8_t)(i % 16);
		in_nr[i] = (uint8_t)(100 + i);
		in_gxy[i] = (uint8_t)(200 + i);
	}
	*in = (struct keymat_ike1_input){.hash = v->hash,
					 .encr = v->encr,
					 .key_bits = v->bits,
					 .psk = {"123456", 6},
					 .ni_b = {in_ni, sizeof(in_ni)},
					 .nr_b = {in_nr, sizeof(in_nr)},
					 .gxy = {in_gxy, sizeof(in_gxy)}};
	memcpy(in->cky_i, "INITIATE", 8);
	memcpy(in->cky_r, "RESPONDS", 8);
}

#define FOR_EACH_VECTOR(v)                                                                         \
	for (const struct kdf_vector *v = kdf_vectors;                                             \
	     v < kdf_vectors + sizeof(kdf_vectors) / sizeof(kdf_vectors[0]); v++)

static void derives_what_python_derives(void **state)
{
	(void)state;
	FOR_EACH_VECTOR(v)
	{
		struct keymat_ike1_input in;
		struct keymat_ike1 k;

		fill_inputs(&in, v);
		assert_int_equal(keymat_ike1_psk(&k, &in), 0);
		assert_hex(k.skeyid, k.len, v->skeyid);
		assert_hex(k.skeyid_d, k.len, v->skeyid_d);
		assert_hex(k.skeyid_a, k.len, v->skeyid_a);
		assert_hex(k.skeyid_e, k.len, v->skeyid_e);
		assert_hex(k.encr_key, k.encr_key_len, v->encr_key);
	}
}

static void hashes_what_python_hashes(void **state)
{
	(void)state;
	FOR_EACH_VECTOR(v)
	{
		struct keymat_ike1_auth a = {.gxi = {"GXI", 3},
					     .gxr = {"GXR!", 4},
					     .sai_b = {"SA body", 7},
					     .id_b = {"ID body", 7}};
		const struct prf_piece rest = {"rest of the message", 19};
		struct keymat_ike1_input in;
		struct keymat_ike1 k;
		uint8_t out[SUITE_MAX_HASH];

		fill_inputs(&in, v);
		memcpy(a.cky_i, in.cky_i, 8);
		memcpy(a.cky_r, in.cky_r, 8);
		assert_int_equal(keymat_ike1_psk(&k, &in), 0);
		assert_int_equal(keymat_ike1_hash_i(&k, &a, out), 0);
		assert_hex(out, k.len, v->hash_i);
		assert_int_equal(keymat_ike1_hash_r(&k, &a, out), 0);
		assert_hex(out, k.len, v->hash_r);
		assert_int_equal(keymat_ike1_hash1(&k, 0x12345678, &rest, out), 0);
		assert_hex(out, k.len, v->hash1);
		assert_int_equal(keymat_ike1_hash2(&k, 0x12345678, &in.ni_b, &rest, out), 0);
		assert_hex(out, k.len, v->hash2);
		assert_int_equal(keymat_ike1_hash3(&k, 0x12345678, &in.ni_b, &in.nr_b, out), 0);
		assert_hex(out, k.len, v->hash3);
	}
}

static void quick_mode_keys_are_python_s_at_every_length(void **state)
{
	(void)state;
	FOR_EACH_VECTOR(v)
	{
		struct hex plain = hex_parse(v->keymat), pfs = hex_parse(v->keymat_pfs);
		struct keymat_ike1_quick q = {.protocol = 3, .spi = 0xc0ffee01};
		struct keymat_ike1_input in;
		struct keymat_ike1 k;
		uint8_t out[KEYMAT_MAX_OUT + 1];

		fill_inputs(&in, v);
		assert_int_equal(keymat_ike1_psk(&k, &in), 0);
		q.ni_b = in.ni_b;
		q.nr_b = in.nr_b;
		for (size_t len = 1; len <= KEYMAT_MAX_OUT; len++) {
			memset(out, 0xee, sizeof(out));
			q.gxy = NULL;
			assert_int_equal(keymat_ike1_quick(&k, &q, out, len), 0);
			assert_memory_equal(out, plain.data, len);
			q.gxy = &in.gxy;
			assert_int_equal(keymat_ike1_quick(&k, &q, out, len), 0);
			assert_memory_equal(out, pfs.data, len);
			assert_int_equal(out[len], 0xee);
		}
		assert_int_equal(keymat_ike1_quick(&k, &q, out, 0), -EINVAL);
		assert_int_equal(keymat_ike1_quick(&k, &q, out, KEYMAT_MAX_OUT + 1), -EINVAL);
	}
}

static void unknown_suites_leave_no_keys(void **state)
{
	static const struct keymat_ike1 none;
	struct keymat_ike1_input in;
	struct keymat_ike1 k;

	(void)state;
	fill_inputs(&in, &kdf_vectors[0]);
	in.key_bits = 129;
	memset(&k, 0xee, sizeof(k));
	assert_int_equal(keymat_ike1_psk(&k, &in), -ENOTSUP);
	assert_memory_equal(&k, &none, sizeof(k));
	in.key_bits = 0;
	in.hash = SUITE_HASH_NONE;
	assert_int_equal(keymat_ike1_psk(&k, &in), -ENOTSUP);
	assert_memory_equal(&k, &none, sizeof(k));
}

static void iv_lengths_are_checked(void **state)
{
	const struct prf_piece p = {"x", 1};
	uint8_t iv[SUITE_MAX_BLOCK + 1] = {0};

	(void)state;
	assert_int_equal(keymat_ike1_phase1_iv(SUITE_HASH_MD5, &p, &p, iv, 0), -EINVAL);
	assert_int_equal(keymat_ike1_phase1_iv(SUITE_HASH_MD5, &p, &p, iv, 16), 0);
	assert_int_equal(keymat_ike1_phase1_iv(SUITE_HASH_SHA512, &p, &p, iv, 17), -EINVAL);
	assert_int_equal(keymat_ike1_phase1_iv(SUITE_HASH_NONE, &p, &p, iv, 8), -ENOTSUP);
	assert_int_equal(keymat_ike1_phase2_iv(SUITE_HASH_MD5, iv, 1, iv, 17), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(derives_the_recorded_sessions),
		cmocka_unit_test(derives_the_recorded_phase2_iv),
		cmocka_unit_test(derives_what_python_derives),
		cmocka_unit_test(hashes_what_python_hashes),
		cmocka_unit_test(quick_mode_keys_are_python_s_at_every_length),
		cmocka_unit_test(unknown_suites_leave_no_keys),
		cmocka_unit_test(iv_lengths_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
