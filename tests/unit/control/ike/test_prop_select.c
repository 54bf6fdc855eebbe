/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_prop_select.c - offers, choices, answers and differences.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/crypto/suite.h"
#include "control/ike/prop.h"
#include "tests/unit/control/ike/sabody.h"

static struct sabody s;
static struct prop_sa sa;
static struct prop_diff diff;
static struct prop_choice choice;
static char text[512];

static const struct ike_profile_conf profile = {
	.encr = {{12, 128}, {3, 0}},
	.n_encr = 2,
	.hash = {SUITE_HASH_MD5, SUITE_HASH_SHA256},
	.n_hash = 2,
	.dh = {1, 14},
	.n_dh = 2,
	.lifetime = 86400,
};

static const struct ike_proposal_conf proposal = {
	.name = "p2",
	.encr = {{12, 128}, {12, 256}},
	.n_encr = 2,
	.integ = {ABI_INTEG_HMAC_MD5_96, ABI_INTEG_HMAC_SHA2_256_128},
	.n_integ = 2,
	.lifetime = 1800,
};
static const struct prop_esp_want plain = {.conf = &proposal, .mode = ABI_MODE_TUNNEL};
static const struct prop_esp_want natt = {
	.conf = &proposal, .mode = ABI_MODE_TUNNEL, .natt = true, .encap = IKE1_ENCAP_UDP_TUNNEL};

static void decode(int phase, const uint8_t *body, size_t len)
{
	struct ike_pld_sa pld = {.proposals = {body, len}};
	struct ike_parse_error error;

	assert_int_equal(prop_decode(&sa, phase, &pld, &error), 0);
}

/* Decodes a whole SA body: DOI and situation in front. */
static void decode_body(int phase, const struct wire_writer *w)
{
	assert_memory_equal(w->buf, "\0\0\0\1\0\0\0\1", 8);
	decode(phase, w->buf + 8, w->pos - 8);
}

static void begin_ike(uint8_t n)
{
	sabody_begin(&s);
	sabody_proposal(&s, 0, 1, IKE_PROTO_IKE, 0, n);
}

static int select_ike(void)
{
	sabody_end_proposal(&s);
	decode(1, s.b.data, s.b.len);
	return prop_select_ike(&sa, &profile, &choice, &diff);
}

static void begin_esp(uint8_t n)
{
	sabody_begin(&s);
	sabody_proposal(&s, 0, 1, IKE_PROTO_ESP, 4, n);
}

static int select_esp(const struct prop_esp_want *want)
{
	sabody_end_proposal(&s);
	decode(2, s.b.data, s.b.len);
	return prop_select_esp(&sa, want, &choice, &diff);
}

static void assert_diff(const char *want)
{
	assert_string_equal(prop_diff_print(&diff, text, sizeof(text)), want);
}

static void the_tutorials_offer_has_its_known_bytes(void **state)
{
	static const uint8_t want[] = {
		0,    0,  0, 1,	 0,    0,  0,	 1,    /* DOI, situation */
		0,    0,  0, 48, 1,    1,  0,	 1,    /* proposal 1, ISAKMP, one transform */
		0,    0,  0, 40, 1,    1,  0,	 0,    /* transform 1, KEY_IKE */
		0x80, 1,  0, 7,	 0x80, 14, 0,	 128,  /* AES-CBC 128 */
		0x80, 2,  0, 1,	 0x80, 3,  0,	 1,    /* MD5, pre-shared key */
		0x80, 4,  0, 1,	 0x80, 11, 0,	 1,    /* modp768, seconds */
		0,    12, 0, 4,	 0,    1,  0x51, 0x80, /* 86400, more than 16 bits */
	};
	struct ike_profile_conf conf = profile;
	uint8_t buf[256];
	struct wire_writer w;

	(void)state;
	conf.n_encr = conf.n_hash = conf.n_dh = 1;
	wire_writer_init(&w, buf, sizeof(buf));
	assert_int_equal(prop_build_ike(&w, &conf), 0);
	assert_int_equal(w.pos, sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
}

static void ike_offer_is_the_cross_product_in_order(void **state)
{
	static const uint16_t want[8][4] = {
		{7, 128, 1, 1}, {7, 128, 1, 14}, {7, 128, 4, 1}, {7, 128, 4, 14},
		{5, 0, 1, 1},	{5, 0, 1, 14},	 {5, 0, 4, 1},	 {5, 0, 4, 14},
	};
	uint8_t buf[1024];
	struct wire_writer w;

	(void)state;
	wire_writer_init(&w, buf, sizeof(buf));
	assert_int_equal(prop_build_ike(&w, &profile), 0);
	decode_body(1, &w);
	assert_int_equal(sa.n_proposals, 1);
	assert_int_equal(sa.n_transforms, 8);
	for (size_t i = 0; i < 8; i++) {
		const struct prop_transform *t = &sa.transforms[i];

		assert_int_equal(t->number, i + 1);
		assert_int_equal(t->encr, want[i][0]);
		assert_int_equal(t->key_bits, want[i][1]);
		assert_int_equal(t->hash, want[i][2]);
		assert_int_equal(t->group, want[i][3]);
		assert_int_equal(t->auth, IKE1_AUTH_PSK);
		assert_int_equal(t->seconds, 86400);
		assert_int_equal(t->kilobytes, 0);
		assert_int_equal(t->bad_attr, 0);
	}
	/* and it is acceptable to one configured alike */
	assert_int_equal(prop_select_ike(&sa, &profile, &choice, NULL), 0);
	assert_int_equal(choice.transform->number, 1);
}

static void esp_offer_is_the_cross_product_in_order(void **state)
{
	struct ike_proposal_conf conf = proposal;
	struct prop_esp_want want = natt;
	uint8_t buf[1024];
	struct wire_writer w;

	(void)state;
	conf.pfs_group = 14;
	want.conf = &conf;
	wire_writer_init(&w, buf, sizeof(buf));
	assert_int_equal(prop_build_esp(&w, &want, 0xc0ffee01), 0);
	decode_body(2, &w);
	assert_int_equal(sa.n_transforms, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(sa.transforms[i].encr, 12);
		assert_int_equal(sa.transforms[i].key_bits, i < 2 ? 128 : 256);
		assert_int_equal(sa.transforms[i].auth, i % 2 ? 5 : 1);
		assert_int_equal(sa.transforms[i].encap, IKE1_ENCAP_UDP_TUNNEL);
		assert_int_equal(sa.transforms[i].group, 14);
		assert_int_equal(sa.transforms[i].seconds, 1800);
	}
	assert_int_equal(prop_select_esp(&sa, &want, &choice, NULL), 0);
	assert_int_equal(choice.spi, 0xc0ffee01);
}

static void offers_are_capped_and_still_valid(void **state)
{
	struct ike_profile_conf conf = {.n_encr = 8, .n_hash = 8, .n_dh = 8, .lifetime = 60};
	static uint8_t buf[8192];
	struct wire_writer w;

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		conf.encr[i] = (struct ike_encr_choice){12, 256};
		conf.hash[i] = SUITE_HASH_SHA512;
		conf.dh[i] = 21;
	}
	wire_writer_init(&w, buf, sizeof(buf));
	assert_int_equal(prop_build_ike(&w, &conf), 0);
	decode_body(1, &w);
	assert_int_equal(sa.n_transforms, IKE_MAX_TRANSFORMS);
}

static void unknown_or_missing_algorithms_are_not_offered(void **state)
{
	struct ike_profile_conf conf = profile;
	struct ike_proposal_conf p2 = proposal;
	struct prop_esp_want want = plain;
	static uint8_t buf[1024];
	struct wire_writer w;

	(void)state;
	want.conf = &p2;
	wire_writer_init(&w, buf, sizeof(buf));
	conf.dh[1] = 23;
	assert_int_equal(prop_build_ike(&w, &conf), -EINVAL);
	conf = profile;
	conf.hash[0] = 77;
	assert_int_equal(prop_build_ike(&w, &conf), -EINVAL);
	conf = profile;
	conf.encr[1].key_bits = 1;
	assert_int_equal(prop_build_ike(&w, &conf), -EINVAL);
	conf = profile;
	conf.n_hash = 0;
	assert_int_equal(prop_build_ike(&w, &conf), -EINVAL);
	conf.n_hash = 9;
	assert_int_equal(prop_build_ike(&w, &conf), -EINVAL);
	p2.encr[0] = (struct ike_encr_choice){28, 0}; /* not in IKEv1 */
	assert_int_equal(prop_build_esp(&w, &want, 256), -EINVAL);
	p2 = proposal;
	p2.pfs_group = 23;
	assert_int_equal(prop_build_esp(&w, &want, 256), -EINVAL);
	p2 = proposal;
	p2.n_integ = 0;
	assert_int_equal(prop_build_esp(&w, &want, 256), -EINVAL);
	for (size_t cap = 0; cap < 60; cap++) {
		wire_writer_init(&w, buf, cap);
		assert_int_equal(prop_build_ike(&w, &profile), -ENOSPC);
		wire_writer_init(&w, buf, cap);
		assert_int_equal(prop_build_esp(&w, &plain, 256), -ENOSPC);
	}
}

static void the_peers_first_acceptable_transform_wins(void **state)
{
	(void)state;
	begin_ike(3);
	sabody_ike(&s, 3, 1, 7, 256, 4, 1, 14); /* aes-256: not ours */
	sabody_ike(&s, 3, 2, 5, 0, 4, 1, 14);	/* our last choice, the peer's first */
	sabody_ike(&s, 0, 3, 7, 128, 1, 1, 1);
	assert_int_equal(select_ike(), 0);
	assert_int_equal(choice.transform->number, 2);
	assert_int_equal(choice.encr.id, 3);
	assert_int_equal(choice.encr.key_bits, 0);
	assert_int_equal(choice.hash, SUITE_HASH_SHA256);
	assert_int_equal(choice.group, 14);
}

/* P4: every subset of the attributes; only the whole set is a proposal. */
static void every_attribute_of_phase1_is_needed(void **state)
{
	(void)state;
	for (unsigned int mask = 0; mask < 32; mask++) {
		begin_ike(1);
		sabody_ike(&s, 0, 1, mask & 1 ? 7 : 0, mask & 2 ? 128 : 0, mask & 4 ? 1 : 0,
			   mask & 8 ? 1 : 0, mask & 16 ? 1 : 0);
		assert_int_equal(select_ike(), mask == 31 ? 0 : -ENOENT);
	}
}

static void key_lengths_must_be_a_configured_one(void **state)
{
	(void)state;
	for (uint32_t bits = 1; bits <= 0xffff; bits++) {
		begin_ike(1);
		sabody_ike(&s, 0, 1, 7, (uint16_t)bits, 1, 1, 1);
		assert_int_equal(select_ike(), bits == 128 ? 0 : -ENOENT);
	}
	begin_ike(1);
	sabody_ike(&s, 0, 1, 5, 168, 1, 1, 1); /* 3DES has no key length */
	assert_int_equal(select_ike(), -ENOENT);
}

/* P5: all numbers of every enumerated attribute; exactly the configured ones are taken. */
static void only_configured_numbers_are_taken(void **state)
{
	(void)state;
	for (uint32_t v = 1; v <= 0xffff; v++) {
		begin_ike(1);
		sabody_ike(&s, 0, 1, 7, 128, 1, 1, (uint16_t)v);
		assert_int_equal(select_ike(), v == 1 || v == 14 ? 0 : -ENOENT);
		begin_ike(1);
		sabody_ike(&s, 0, 1, 7, 128, (uint16_t)v, 1, 1);
		assert_int_equal(select_ike(), v == 1 || v == 4 ? 0 : -ENOENT);
		begin_ike(1);
		sabody_ike(&s, 0, 1, 7, 128, 1, (uint16_t)v, 1);
		assert_int_equal(select_ike(), v == 1 ? 0 : -ENOENT);
		begin_ike(1);
		sabody_ike(&s, 0, 1, (uint16_t)v, 128, 1, 1, 1);
		assert_int_equal(select_ike(), v == 7 ? 0 : -ENOENT);
	}
}

static void an_unknown_attribute_refuses_only_its_transform(void **state)
{
	(void)state;
	begin_ike(2);
	sabody_ike(&s, 3, 1, 7, 128, 1, 1, 1);
	sabody_attr(&s, 16384, 1); /* private use, appended to transform 1 */
	sabody_end_transform(&s);
	sabody_ike(&s, 0, 2, 7, 128, 4, 1, 14);
	assert_int_equal(select_ike(), 0);
	assert_int_equal(choice.transform->number, 2);
}

static void other_protocols_and_bundles_are_refused(void **state)
{
	(void)state;
	sabody_begin(&s);
	sabody_proposal(&s, 0, 1, IKE_PROTO_AH, 4, 1);
	sabody_esp(&s, 0, 1, 12, 128, 1, 1, 0);
	assert_int_equal(select_esp(&plain), -ENOENT);
	assert_diff("protocol: received ah; configured esp");
	sabody_begin(&s);
	for (int i = 0; i < 2; i++) {
		sabody_proposal(&s, i ? 0 : 2, 1, i ? IKE_PROTO_AH : IKE_PROTO_ESP, 4, 1);
		sabody_esp(&s, 0, 1, 12, 128, 1, 1, 0);
		sabody_end_proposal(&s);
	}
	decode(2, s.b.data, s.b.len);
	assert_int_equal(prop_select_esp(&sa, &plain, &choice, &diff), -ENOENT);
	assert_diff("protocol: received esp-in-bundle; configured esp (nearest of 2 transforms)");
}

static void phases_are_not_mixed_up(void **state)
{
	(void)state;
	begin_ike(1);
	sabody_ike(&s, 0, 1, 7, 128, 1, 1, 1);
	sabody_end_proposal(&s);
	decode(1, s.b.data, s.b.len);
	assert_int_equal(prop_select_esp(&sa, &plain, &choice, &diff), -ENOENT);
	decode(2, s.b.data, s.b.len);
	assert_int_equal(prop_select_ike(&sa, &profile, &choice, &diff), -ENOENT);
}

static void pfs_must_be_the_same_on_both_sides(void **state)
{
	struct ike_proposal_conf conf = proposal;
	struct prop_esp_want want = plain;

	(void)state;
	want.conf = &conf;
	begin_esp(1);
	sabody_esp(&s, 0, 1, 12, 128, 1, 1, 2);
	assert_int_equal(select_esp(&want), -ENOENT);
	assert_diff("dh-group: received modp1024; configured none");
	conf.pfs_group = 2;
	begin_esp(1);
	sabody_esp(&s, 0, 1, 12, 128, 1, 1, 2);
	assert_int_equal(select_esp(&want), 0);
	assert_int_equal(choice.group, 2);
	begin_esp(1);
	sabody_esp(&s, 0, 1, 12, 128, 1, 1, 0);
	assert_int_equal(select_esp(&want), -ENOENT);
	assert_diff("dh-group: received none; configured modp1024");
}

static void esp_needs_integrity_and_32_bit_sequence_numbers(void **state)
{
	(void)state;
	begin_esp(1);
	sabody_esp(&s, 0, 1, 12, 128, 0, 1, 0);
	assert_int_equal(select_esp(&plain), -ENOENT);
	assert_diff("integ: received none; configured md5, sha256");
	begin_esp(1);
	sabody_esp(&s, 0, 1, 12, 128, 1, 1, 0);
	sabody_attr(&s, IKE1_P2_ESN, 1);
	sabody_end_transform(&s);
	assert_int_equal(select_esp(&plain), -ENOENT);
	assert_diff("esn: received 64-bit; configured none");
}

static void encapsulation_follows_nat_detection(void **state)
{
	static const struct {
		uint16_t encap;
		bool plain_ok, natt_ok;
	} t[] = {{0, false, false}, {1, true, false},	  {2, false, false},	 {3, false, true},
		 {4, false, false}, {61443, false, true}, {61444, false, false}, {9, false, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		begin_esp(1);
		sabody_esp(&s, 0, 1, 12, 256, 5, t[i].encap, 0);
		assert_int_equal(select_esp(&plain), t[i].plain_ok ? 0 : -ENOENT);
		assert_int_equal(prop_select_esp(&sa, &natt, &choice, NULL),
				 t[i].natt_ok ? 0 : -ENOENT);
	}
}

static void esp_choice_names_the_contracts_numbers(void **state)
{
	(void)state;
	begin_esp(2);
	sabody_esp(&s, 3, 1, 3, 0, 2, 1, 0);
	sabody_esp(&s, 0, 2, 12, 256, 5, 1, 0);
	assert_int_equal(select_esp(&plain), 0);
	assert_int_equal(choice.encr.id, ABI_ENCR_AES_CBC);
	assert_int_equal(choice.encr.key_bits, 256);
	assert_int_equal(choice.integ, ABI_INTEG_HMAC_SHA2_256_128);
	assert_int_equal(choice.spi, 0x400);
	assert_int_equal(choice.group, 0);
	assert_string_equal(prop_transform_print(2, choice.transform, text, sizeof(text)),
			    "esp aes-256-cbc/sha256/no-pfs/tunnel");
}

/* RFC 2409 section 5: what was chosen goes back with not a bit changed but the chain byte. */
static void answer_echoes_the_transform_as_received(void **state)
{
	uint8_t buf[256], received[128];
	struct wire_writer w;
	size_t len;

	(void)state;
	sabody_begin(&s);
	sabody_proposal(&s, 0, 5, IKE_PROTO_IKE, 8, 2);
	sabody_transform(&s, 3, 7, 1);
	sabody_long_attr(&s, IKE1_P1_LIFE_TYPE, "\0\0\0\1", 4); /* unusual, and kept */
	sabody_long_attr(&s, IKE1_P1_LIFE_DURATION, "\0\0\0\0\0\0\x0e\x10", 8);
	sabody_attr(&s, IKE1_P1_GROUP, 14);
	sabody_attr(&s, IKE1_P1_KEY_LENGTH, 128);
	sabody_attr(&s, IKE1_P1_AUTH, 1);
	sabody_attr(&s, IKE1_P1_HASH, 4);
	sabody_attr(&s, IKE1_P1_ENCR, 7);
	sabody_end_transform(&s);
	len = s.b.len - s.transform_at;
	memcpy(received, s.b.data + s.transform_at, len);
	sabody_ike(&s, 0, 8, 7, 128, 1, 1, 1);
	assert_int_equal(select_ike(), 0);
	assert_int_equal(choice.transform->number, 7);
	assert_int_equal(choice.seconds, 3600);
	wire_writer_init(&w, buf, sizeof(buf));
	assert_int_equal(prop_build_answer(&w, &choice, 1, 0), 0);
	received[0] = 0;
	assert_memory_equal(buf + 8, "\0\0", 2);
	assert_memory_equal(buf + 12, "\5\1\0\1", 4);
	assert_memory_equal(buf + 16, received, len);
	assert_int_equal(w.pos, 16 + len);
	decode_body(1, &w);
	assert_true(prop_single(&sa));
	for (size_t cap = 0; cap < w.pos; cap++) {
		struct wire_writer small;
		uint8_t out[256];

		wire_writer_init(&small, out, cap);
		assert_int_equal(prop_build_answer(&small, &choice, 1, 0), -ENOSPC);
	}
}

static void esp_answer_carries_our_spi(void **state)
{
	uint8_t buf[256];
	struct wire_writer w;

	(void)state;
	begin_esp(2);
	sabody_esp(&s, 3, 1, 12, 192, 1, 1, 0);
	sabody_esp(&s, 0, 2, 12, 128, 1, 1, 0);
	assert_int_equal(select_esp(&plain), 0);
	wire_writer_init(&w, buf, sizeof(buf));
	assert_int_equal(prop_build_answer(&w, &choice, 2, 0xdeadbeef), 0);
	decode_body(2, &w);
	assert_int_equal(prop_select_esp(&sa, &plain, &choice, NULL), 0);
	assert_int_equal(choice.spi, 0xdeadbeef);
	assert_int_equal(choice.transform->number, 2);
}

static void diff_names_each_type_in_turn(void **state)
{
	static const struct {
		uint16_t encr, bits, hash, auth, group;
		const char *want;
	} t[] = {
		{7, 256, 1, 1, 1, "encr: received aes-256; configured aes-128, 3des"},
		{7, 0, 1, 1, 1, "encr: received aes; configured aes-128, 3des"},
		{0, 0, 1, 1, 1, "encr: received none; configured aes-128, 3des"},
		{7, 128, 2, 1, 1, "hash: received sha1; configured md5, sha256"},
		{7, 128, 1, 3, 1, "auth-method: received rsa-signature; configured pre-shared-key"},
		{7, 128, 1, 65001, 1,
		 "auth-method: received xauth-psk-initiator; configured pre-shared-key"},
		{7, 128, 1, 1, 2, "dh-group: received modp1024; configured modp768, modp2048"},
		{7, 256, 2, 1, 2,
		 "encr: received aes-256; configured aes-128, 3des | hash: received sha1; "
		 "configured md5, sha256 | dh-group: received modp1024; configured modp768, "
		 "modp2048"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		begin_ike(1);
		sabody_ike(&s, 0, 1, t[i].encr, t[i].bits, t[i].hash, t[i].auth, t[i].group);
		assert_int_equal(select_ike(), -ENOENT);
		assert_diff(t[i].want);
	}
}

static void diff_takes_the_nearest_transform(void **state)
{
	(void)state;
	begin_ike(3);
	sabody_ike(&s, 3, 1, 7, 256, 2, 1, 2);
	sabody_ike(&s, 3, 2, 7, 128, 2, 1, 1); /* only the hash is wrong */
	sabody_ike(&s, 0, 3, 8, 128, 1, 1, 1); /* as near, but later */
	assert_int_equal(select_ike(), -ENOENT);
	assert_int_equal(diff.nearest_number, 2);
	assert_int_equal(diff.n_transforms, 3);
	assert_diff("hash: received sha1; configured md5, sha256 (nearest of 3 transforms)");
	/* what was received altogether is kept for a diagnosis */
	assert_int_equal(diff.types[PROP_ENCR].n_received, 3);
	assert_int_equal(diff.types[PROP_ENCR].received[0].bits, 256);
	assert_int_equal(diff.types[PROP_ENCR].received[2].value, 8);
	assert_int_equal(diff.types[PROP_HASH].n_received, 2);
}

static void diff_survives_more_values_than_it_keeps(void **state)
{
	(void)state;
	begin_ike(IKE_MAX_TRANSFORMS);
	for (unsigned int i = 1; i <= IKE_MAX_TRANSFORMS; i++)
		sabody_ike(&s, i < IKE_MAX_TRANSFORMS ? 3 : 0, (uint8_t)i, 7, (uint16_t)(1000 + i),
			   1, 1, 1);
	assert_int_equal(select_ike(), -ENOENT);
	assert_int_equal(diff.types[PROP_ENCR].n_received, IKE_MAX_TRANSFORMS);
	assert_int_equal(diff.types[PROP_ENCR].received[PROP_DIFF_MAX - 1].bits,
			 1000 + PROP_DIFF_MAX);
}

static void printing_survives_every_buffer(void **state)
{
	(void)state;
	begin_ike(1);
	sabody_ike(&s, 0, 1, 7, 256, 2, 1, 2);
	assert_int_equal(select_ike(), -ENOENT);
	for (size_t cap = 1; cap < 200; cap++) {
		char *buf = malloc(cap);

		assert_non_null(buf);
		assert_ptr_equal(prop_diff_print(&diff, buf, cap), buf);
		assert_true(strlen(buf) < cap);
		free(buf);
	}
	for (int phase = 1; phase <= 2; phase++)
		for (int type = 0; type < PROP_TYPES; type++)
			for (uint32_t v = 0; v <= 0xffff; v += 13)
				assert_true(strlen(prop_value_print((uint8_t)phase,
								    (enum prop_type)type,
								    (uint16_t)v, (uint16_t)v, text,
								    SUITE_MAX_NAME)) > 0);
	assert_string_equal(prop_type_name(PROP_TYPES), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tutorials_offer_has_its_known_bytes),
		cmocka_unit_test(ike_offer_is_the_cross_product_in_order),
		cmocka_unit_test(esp_offer_is_the_cross_product_in_order),
		cmocka_unit_test(offers_are_capped_and_still_valid),
		cmocka_unit_test(unknown_or_missing_algorithms_are_not_offered),
		cmocka_unit_test(the_peers_first_acceptable_transform_wins),
		cmocka_unit_test(every_attribute_of_phase1_is_needed),
		cmocka_unit_test(key_lengths_must_be_a_configured_one),
		cmocka_unit_test(only_configured_numbers_are_taken),
		cmocka_unit_test(an_unknown_attribute_refuses_only_its_transform),
		cmocka_unit_test(other_protocols_and_bundles_are_refused),
		cmocka_unit_test(phases_are_not_mixed_up),
		cmocka_unit_test(pfs_must_be_the_same_on_both_sides),
		cmocka_unit_test(esp_needs_integrity_and_32_bit_sequence_numbers),
		cmocka_unit_test(encapsulation_follows_nat_detection),
		cmocka_unit_test(esp_choice_names_the_contracts_numbers),
		cmocka_unit_test(answer_echoes_the_transform_as_received),
		cmocka_unit_test(esp_answer_carries_our_spi),
		cmocka_unit_test(diff_names_each_type_in_turn),
		cmocka_unit_test(diff_takes_the_nearest_transform),
		cmocka_unit_test(diff_survives_more_values_than_it_keeps),
		cmocka_unit_test(printing_survives_every_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
