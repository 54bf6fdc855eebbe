/* SPDX-License-Identifier: BSD-3-Clause */
/* test_prop_esp.c - ESP suites beyond CBC in IKEv1 proposals: AEADs, CTR, 3DES, NULL; volumes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/prop.h"
#include "tests/unit/control/ike/sabody.h"

static struct prop_sa sa;
static struct prop_diff diff;
static struct prop_choice choice;
static struct sabody s;
static char text[512];

static const struct ike_proposal_conf mixed = {
	.name = "mixed",
	.encr = {{ABI_ENCR_AES_GCM_16, 256},
		 {ABI_ENCR_AES_CBC, 128},
		 {ABI_ENCR_AES_CTR, 192},
		 {ABI_ENCR_3DES, 0},
		 {ABI_ENCR_NULL, 0}},
	.n_encr = 5,
	.integ = {ABI_INTEG_HMAC_SHA2_256_128, ABI_INTEG_HMAC_SHA1_96},
	.n_integ = 2,
	.lifetime = 1800,
	.lifebytes = 1843200,
};
static const struct ike_proposal_conf gcm = {
	.name = "gcm", .encr = {{ABI_ENCR_AES_GCM_16, 128}}, .n_encr = 1, .lifetime = 1800};

static void decode(const uint8_t *body, size_t len)
{
	struct ike_pld_sa pld = {.proposals = {body, len}};
	struct ike_parse_error error;

	assert_int_equal(prop_decode(&sa, 2, &pld, &error), 0);
}

static void build(const struct ike_proposal_conf *conf)
{
	struct prop_esp_want want = {
		.conf = conf, .mode = ABI_MODE_TUNNEL, .kilobytes = conf->lifebytes};
	static uint8_t buf[2048];
	struct wire_writer w;

	wire_writer_init(&w, buf, sizeof(buf));
	assert_int_equal(prop_build_esp(&w, &want, 0xc0ffee01), 0);
	decode(buf + 8, w.pos - 8);
}

/* The verdict on one transform. */
static int verdict(const struct ike_proposal_conf *conf, uint8_t id, uint16_t bits, uint16_t auth)
{
	struct prop_esp_want want = {.conf = conf, .mode = ABI_MODE_TUNNEL};

	sabody_begin(&s);
	sabody_proposal(&s, 0, 1, IKE_PROTO_ESP, 4, 1);
	sabody_esp(&s, 0, 1, id, bits, auth, IKE1_ENCAP_TUNNEL, 0);
	sabody_end_proposal(&s);
	decode(s.b.data, s.b.len);
	return prop_select_esp(&sa, &want, &choice, &diff);
}

static void assert_diff(const char *expected)
{
	assert_string_equal(prop_diff_print(&diff, text, sizeof(text)), expected);
}

static void an_aead_is_offered_once_and_without_auth(void **state)
{
	static const struct {
		uint8_t id;
		uint16_t bits, auth;
	} expected[] = {{20, 256, 0}, {12, 128, 5}, {12, 128, 2}, {13, 192, 5}, {13, 192, 2},
			{3, 0, 5},    {3, 0, 2},    {11, 0, 5},	  {11, 0, 2}};

	(void)state;
	build(&mixed);
	assert_int_equal(sa.n_transforms, 9);
	for (size_t i = 0; i < 9; i++) {
		assert_int_equal(sa.transforms[i].id, expected[i].id);
		assert_int_equal(sa.transforms[i].key_bits, expected[i].bits);
		assert_int_equal(sa.transforms[i].auth, expected[i].auth);
		assert_int_equal(sa.transforms[i].seconds, 1800);
		assert_int_equal(sa.transforms[i].kilobytes, 1843200);
		assert_int_equal(sa.transforms[i].bad_attr, 0);
	}
}

static void a_proposal_of_aeads_needs_no_integrity_list(void **state)
{
	(void)state;
	build(&gcm);
	assert_int_equal(sa.n_transforms, 1);
	assert_int_equal(sa.transforms[0].auth, 0);
	assert_int_equal(sa.transforms[0].kilobytes, 0);
}

static void integrity_is_an_aeads_or_an_algorithms_never_both_or_none(void **state)
{
	(void)state;
	assert_int_equal(verdict(&mixed, 20, 256, 0), 0);
	assert_int_equal(choice.encr.id, ABI_ENCR_AES_GCM_16);
	assert_int_equal(choice.integ, ABI_INTEG_NONE);
	assert_int_equal(verdict(&mixed, 20, 256, 5), -ENOENT);
	assert_diff("integ: received sha256; configured none, sha256, sha1");
	assert_int_equal(verdict(&mixed, 12, 128, 0), -ENOENT);
	assert_diff("integ: received none; configured none, sha256, sha1");
	assert_int_equal(verdict(&mixed, 13, 192, 0), -ENOENT);
	assert_int_equal(verdict(&mixed, 3, 0, 0), -ENOENT);
	assert_int_equal(verdict(&mixed, 11, 0, 0), -ENOENT); /* neither: never */
	assert_int_equal(verdict(&mixed, 13, 192, 2), 0);
	assert_int_equal(choice.integ, ABI_INTEG_HMAC_SHA1_96);
	assert_int_equal(verdict(&mixed, 3, 0, 5), 0);
	assert_int_equal(verdict(&mixed, 11, 0, 5), 0);
}

static void key_lengths_are_exact(void **state)
{
	(void)state;
	assert_int_equal(verdict(&mixed, 20, 0, 0), -ENOENT); /* RFC 4106 section 8.3: mandatory */
	assert_int_equal(verdict(&mixed, 20, 128, 0), -ENOENT);
	assert_diff("encr: received aes-128-gcm; configured aes-256-gcm, aes-128-cbc, aes-192-ctr, "
		    "3des, null");
	assert_int_equal(verdict(&mixed, 13, 0, 2), -ENOENT);
	assert_int_equal(verdict(&mixed, 3, 192, 2), -ENOENT); /* 3DES has one length */
}

static void short_icvs_and_other_aeads_are_named(void **state)
{
	(void)state;
	assert_int_equal(verdict(&gcm, 18, 128, 0), -ENOENT);
	assert_diff("encr: received aes-gcm-8-128; configured aes-128-gcm");
	assert_int_equal(verdict(&gcm, 19, 128, 0), -ENOENT);
	assert_int_equal(verdict(&gcm, 16, 128, 0), -ENOENT);
	assert_diff("encr: received aes-ccm-16-128; configured aes-128-gcm");
	/* No cipher of ours, so nothing is said about the integrity it lacks or has. */
	assert_int_equal(verdict(&mixed, 22, 128, 5), -ENOENT);
	assert_true(strncmp(prop_diff_print(&diff, text, sizeof(text)),
			    "encr: received camellia-cbc-128;", 32) == 0);
}

static void a_chosen_aead_goes_back_as_it_came(void **state)
{
	uint8_t buf[256];
	struct wire_writer w;

	(void)state;
	assert_int_equal(verdict(&gcm, 20, 128, 0), 0);
	assert_string_equal(prop_transform_print(2, choice.transform, text, sizeof(text)),
			    "esp aes-128-gcm/none/no-pfs/tunnel");
	wire_writer_init(&w, buf, sizeof(buf));
	assert_int_equal(prop_build_answer(&w, &choice, 2, 0x1234), 0);
	decode(buf + 8, w.pos - 8);
	assert_true(prop_single(&sa));
	assert_int_equal(sa.transforms[0].id, 20);
	assert_int_equal(sa.transforms[0].key_bits, 128);
	assert_int_equal(sa.transforms[0].auth, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_aead_is_offered_once_and_without_auth),
		cmocka_unit_test(a_proposal_of_aeads_needs_no_integrity_list),
		cmocka_unit_test(integrity_is_an_aeads_or_an_algorithms_never_both_or_none),
		cmocka_unit_test(key_lengths_are_exact),
		cmocka_unit_test(short_icvs_and_other_aeads_are_named),
		cmocka_unit_test(a_chosen_aead_goes_back_as_it_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
