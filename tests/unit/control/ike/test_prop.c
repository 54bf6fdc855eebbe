/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_prop.c - decoding of SA payloads: every count and length wrong in turn, attributes of both
 * forms, and what spoils a transform without spoiling the message.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/prop.h"
#include "tests/unit/control/ike/sabody.h"

static struct sabody s;
static struct prop_sa sa;
static struct ike_parse_error error;

/* Decodes from a heap copy of exactly the right size. */
static enum ike_parse_reason decode(int phase)
{
	static uint8_t *copy;
	struct ike_pld_sa pld = {.doi = 1, .situation = 1, .proposals_offset = 40};
	int r;

	free(copy);
	copy = malloc(s.b.len ? s.b.len : 1);
	assert_non_null(copy);
	memcpy(copy, s.b.data, s.b.len);
	pld.proposals = (struct ike_view){copy, s.b.len};
	r = prop_decode(&sa, phase, &pld, &error);
	assert_true(r == 0 || (r == -EBADMSG && sa.n_proposals == 0 && sa.n_transforms == 0));
	assert_int_equal(r == 0, error.reason == IKE_PARSE_OK);
	return error.reason;
}

static void one_ike_proposal(void)
{
	sabody_begin(&s);
	sabody_proposal(&s, 0, 1, IKE_PROTO_IKE, 0, 1);
	sabody_ike(&s, 0, 1, 7, 128, 1, 1, 1);
	sabody_end_proposal(&s);
}

static void phase1_attributes_arrive(void **state)
{
	const struct prop_transform *t = &sa.transforms[0];

	(void)state;
	sabody_begin(&s);
	sabody_proposal(&s, 0, 9, IKE_PROTO_IKE, 8, 1);
	sabody_transform(&s, 0, 3, 1);
	sabody_attr(&s, IKE1_P1_ENCR, 7);
	sabody_attr(&s, IKE1_P1_KEY_LENGTH, 256);
	sabody_attr(&s, IKE1_P1_HASH, 4);
	sabody_attr(&s, IKE1_P1_AUTH, 1);
	sabody_attr(&s, IKE1_P1_GROUP, 14);
	sabody_attr(&s, IKE1_P1_LIFE_TYPE, 1);
	sabody_long_attr(&s, IKE1_P1_LIFE_DURATION, "\0\1\x51\x80", 4);
	sabody_attr(&s, IKE1_P1_LIFE_TYPE, 2);
	sabody_attr(&s, IKE1_P1_LIFE_DURATION, 4096);
	sabody_end_transform(&s);
	sabody_end_proposal(&s);
	assert_int_equal(decode(1), IKE_PARSE_OK);
	assert_int_equal(sa.n_proposals, 1);
	assert_int_equal(sa.proposals[0].number, 9);
	assert_int_equal(sa.proposals[0].spi.len, 8);
	assert_int_equal(t->number, 3);
	assert_int_equal(t->encr, 7);
	assert_int_equal(t->key_bits, 256);
	assert_int_equal(t->hash, 4);
	assert_int_equal(t->auth, 1);
	assert_int_equal(t->group, 14);
	assert_int_equal(t->seconds, 86400);
	assert_int_equal(t->kilobytes, 4096);
	assert_int_equal(t->bad_attr, 0);
	assert_memory_equal(t->raw.data, s.b.data + s.transform_at, t->raw.len);
	assert_int_equal(t->raw.len, s.b.len - s.transform_at);
	assert_true(prop_single(&sa));
}

static void phase2_attributes_arrive(void **state)
{
	const struct prop_transform *t = &sa.transforms[0];

	(void)state;
	sabody_begin(&s);
	sabody_proposal(&s, 0, 1, IKE_PROTO_ESP, 4, 1);
	sabody_transform(&s, 0, 1, 12);
	sabody_attr(&s, IKE1_P2_LIFE_TYPE, 2);
	sabody_long_attr(&s, IKE1_P2_LIFE_DURATION, "\0\x46\x50\0", 4);
	sabody_attr(&s, IKE1_P2_LIFE_TYPE, 1);
	sabody_attr(&s, IKE1_P2_LIFE_DURATION, 1800);
	sabody_attr(&s, IKE1_P2_ENCAP, 61443);
	sabody_attr(&s, IKE1_P2_AUTH, 5);
	sabody_attr(&s, IKE1_P2_KEY_LENGTH, 192);
	sabody_attr(&s, IKE1_P2_GROUP, 2);
	sabody_attr(&s, IKE1_P2_ESN, 1);
	sabody_end_transform(&s);
	sabody_end_proposal(&s);
	assert_int_equal(decode(2), IKE_PARSE_OK);
	assert_int_equal(t->encr, 12);
	assert_int_equal(t->encap, 61443);
	assert_int_equal(t->auth, 5);
	assert_int_equal(t->key_bits, 192);
	assert_int_equal(t->group, 2);
	assert_int_equal(t->esn, 1);
	assert_int_equal(t->seconds, 1800);
	assert_int_equal(t->kilobytes, 4608000);
	assert_int_equal(t->bad_attr, 0);
}

/* A variable attribute of any length up to 8 bytes, and longer with leading zeros, is a number. */
static void variable_attributes_of_any_length_are_numbers(void **state)
{
	(void)state;
	for (uint16_t len = 0; len <= 20; len++) {
		uint8_t data[20] = {0};

		if (len)
			data[len - 1] = 7;
		sabody_begin(&s);
		sabody_proposal(&s, 0, 1, IKE_PROTO_IKE, 0, 1);
		sabody_transform(&s, 0, 1, 1);
		sabody_long_attr(&s, IKE1_P1_ENCR, data, len);
		sabody_end_transform(&s);
		sabody_end_proposal(&s);
		assert_int_equal(decode(1), IKE_PARSE_OK);
		assert_int_equal(sa.transforms[0].encr, len ? 7 : 0);
		assert_int_equal(sa.transforms[0].bad_attr, len ? 0 : IKE1_P1_ENCR);
	}
}

static void spoil(uint16_t phase, uint16_t type, const void *data, uint16_t len, uint16_t bad)
{
	sabody_begin(&s);
	sabody_proposal(&s, 0, 1, phase == 1 ? IKE_PROTO_IKE : IKE_PROTO_ESP, phase == 1 ? 0 : 4,
			1);
	sabody_transform(&s, 0, 1, phase == 1 ? 1 : 12);
	sabody_long_attr(&s, type, data, len);
	sabody_end_transform(&s);
	sabody_end_proposal(&s);
	assert_int_equal(decode(phase), IKE_PARSE_OK);
	assert_int_equal(sa.transforms[0].bad_attr, bad);
}

static void values_out_of_their_domain_spoil_the_transform(void **state)
{
	(void)state;
	spoil(1, IKE1_P1_GROUP, "\1\0\0", 3, IKE1_P1_GROUP);		 /* 65536 */
	spoil(1, IKE1_P1_HASH, "\1\0\0\0\0\0\0\0\1", 9, IKE1_P1_HASH);	 /* 2^64 + 1 */
	spoil(1, IKE1_P1_HASH, "\0\0", 2, IKE1_P1_HASH);		 /* reserved */
	spoil(1, IKE1_P1_PRF, "\0\1", 2, IKE1_P1_PRF);			 /* not negotiated */
	spoil(1, IKE1_P1_LIFE_DURATION, "\1", 1, IKE1_P1_LIFE_DURATION); /* without type */
	spoil(1, IKE1_P1_LIFE_TYPE, "\3", 1, IKE1_P1_LIFE_TYPE);
	spoil(2, IKE1_P2_KEY_ROUNDS, "\1", 1, IKE1_P2_KEY_ROUNDS);
	spoil(2, 0x7fff, "\1", 1, 0x7fff);
	spoil(2, 0, "\1", 1, 0xffff);
	spoil(1, IKE1_P1_ENCR, "\7", 1, 0);
}

static void attributes_given_twice_spoil_the_transform(void **state)
{
	(void)state;
	for (uint16_t type = 1; type <= 4; type++) {
		sabody_begin(&s);
		sabody_proposal(&s, 0, 1, IKE_PROTO_IKE, 0, 1);
		sabody_transform(&s, 0, 1, 1);
		sabody_attr(&s, type, 1);
		sabody_attr(&s, type, 1);
		sabody_end_transform(&s);
		sabody_end_proposal(&s);
		assert_int_equal(decode(1), IKE_PARSE_OK);
		assert_int_equal(sa.transforms[0].bad_attr, type);
	}
}

/* P5: all attribute types, both phases: known ones land, no other does. */
static void every_attribute_type_is_known_or_spoils(void **state)
{
	(void)state;
	for (int phase = 1; phase <= 2; phase++) {
		for (uint16_t type = 0; type < 0x8000; type++) {
			bool known = phase == 1
					     ? (type >= 1 && type <= 4) || type == 11 || type == 14
					     : type == 1 || (type >= 3 && type <= 6) || type == 11;

			sabody_begin(&s);
			sabody_proposal(&s, 0, 1, phase == 1 ? 1 : 3, phase == 1 ? 0 : 4, 1);
			sabody_transform(&s, 0, 1, 1);
			sabody_attr(&s, type, 1);
			sabody_end_transform(&s);
			sabody_end_proposal(&s);
			assert_int_equal(decode(phase), IKE_PARSE_OK);
			assert_int_equal(sa.transforms[0].bad_attr == 0, known);
		}
	}
}

/* P2 inside SA: each of the two lengths wrong in turn. */
static void nested_lengths_out_of_bounds_are_refused(void **state)
{
	(void)state;
	for (int which = 0; which < 2; which++) {
		for (uint32_t len = 0; len <= 0xffff; len += len < 80 ? 1 : 997) {
			size_t at, right;

			one_ike_proposal();
			at = which ? s.transform_at : s.proposal_at;
			right = s.b.len - at;
			bytes_set_n(&s.b, at + 2, len, 2);
			assert_int_equal(decode(1) == IKE_PARSE_OK, len == right);
			if (len < 4 || len > right)
				assert_int_equal(error.reason, IKE_PARSE_PAYLOAD_LENGTH);
			assert_true(len == right || error.offset >= 40);
		}
	}
}

static void every_truncation_is_refused(void **state)
{
	size_t whole;

	(void)state;
	one_ike_proposal();
	whole = s.b.len;
	for (size_t len = 0; len < whole; len++) {
		one_ike_proposal();
		s.b.len = len;
		assert_int_not_equal(decode(1), IKE_PARSE_OK);
	}
}

static void next_bytes_other_than_the_own_type_are_refused(void **state)
{
	(void)state;
	for (int which = 0; which < 2; which++) {
		for (int v = 1; v < 256; v++) {
			one_ike_proposal();
			s.b.data[which ? s.transform_at : s.proposal_at] = (uint8_t)v;
			decode(1);
			/* The own type promises another, which is not there. */
			if (v == (which ? 3 : 2))
				assert_int_equal(error.reason,
						 which ? IKE_PARSE_BODY : IKE_PARSE_SHORT);
			else
				assert_int_equal(error.reason, IKE_PARSE_NESTED);
		}
	}
}

static void transform_count_must_agree_with_the_chain(void **state)
{
	(void)state;
	for (int claimed = 0; claimed < 256; claimed++) {
		sabody_begin(&s);
		sabody_proposal(&s, 0, 1, IKE_PROTO_IKE, 0, (uint8_t)claimed);
		sabody_ike(&s, 3, 1, 7, 128, 1, 1, 1);
		sabody_ike(&s, 3, 2, 7, 192, 1, 1, 1);
		sabody_ike(&s, 0, 3, 7, 256, 1, 1, 1);
		sabody_end_proposal(&s);
		assert_int_equal(decode(1) == IKE_PARSE_OK, claimed == 3);
	}
}

/* P4: SPI sizes; P6 with them. ESP's is 4 bytes and no reserved value. */
static void spi_sizes_must_fit_the_protocol(void **state)
{
	(void)state;
	for (int protocol = 0; protocol < 6; protocol++) {
		for (int size = 0; size < 256; size++) {
			bool ipsec = protocol == 2 || protocol == 3;

			sabody_begin(&s);
			sabody_proposal(&s, 0, 1, (uint8_t)protocol, (uint8_t)size, 1);
			sabody_ike(&s, 0, 1, 7, 128, 1, 1, 1);
			sabody_end_proposal(&s);
			assert_int_equal(decode(1) == IKE_PARSE_OK, ipsec ? size == 4 : size <= 16);
		}
	}
	for (uint32_t spi = 0; spi < 300; spi++) {
		sabody_begin(&s);
		sabody_proposal(&s, 0, 1, IKE_PROTO_ESP, 4, 1);
		bytes_set_n(&s.b, 8, spi, 4);
		sabody_esp(&s, 0, 1, 12, 128, 1, 1, 0);
		sabody_end_proposal(&s);
		assert_int_equal(decode(2) == IKE_PARSE_OK, spi >= 256);
	}
}

static void caps_on_proposals_transforms_and_attributes_hold(void **state)
{
	(void)state;
	for (unsigned int n = 1; n <= 40; n++) {
		sabody_begin(&s);
		for (unsigned int i = 1; i <= n; i++) {
			sabody_proposal(&s, i < n ? 2 : 0, (uint8_t)i, IKE_PROTO_IKE, 0, 1);
			sabody_ike(&s, 0, 1, 7, 128, 1, 1, 1);
			sabody_end_proposal(&s);
		}
		assert_int_equal(decode(1),
				 n <= IKE_MAX_PROPOSALS ? IKE_PARSE_OK : IKE_PARSE_TOO_MANY);
		sabody_begin(&s);
		sabody_proposal(&s, 0, 1, IKE_PROTO_IKE, 0, (uint8_t)n);
		for (unsigned int i = 1; i <= n; i++)
			sabody_ike(&s, i < n ? 3 : 0, (uint8_t)i, 7, 128, 1, 1, 1);
		sabody_end_proposal(&s);
		assert_int_equal(decode(1),
				 n <= IKE_MAX_TRANSFORMS ? IKE_PARSE_OK : IKE_PARSE_TOO_MANY);
		sabody_begin(&s);
		sabody_proposal(&s, 0, 1, IKE_PROTO_IKE, 0, 1);
		sabody_transform(&s, 0, 1, 1);
		for (unsigned int i = 1; i <= n; i++)
			sabody_attr(&s, 100, 1);
		sabody_end_transform(&s);
		sabody_end_proposal(&s);
		assert_int_equal(decode(1), n <= IKE_MAX_ATTRS ? IKE_PARSE_OK : IKE_PARSE_TOO_MANY);
	}
}

static void the_largest_accepted_payload_fits(void **state)
{
	(void)state;
	sabody_begin(&s);
	for (unsigned int p = 1; p <= IKE_MAX_PROPOSALS; p++) {
		sabody_proposal(&s, p < IKE_MAX_PROPOSALS ? 2 : 0, (uint8_t)p, IKE_PROTO_IKE, 0,
				IKE_MAX_TRANSFORMS);
		for (unsigned int i = 1; i <= IKE_MAX_TRANSFORMS; i++)
			sabody_ike(&s, i < IKE_MAX_TRANSFORMS ? 3 : 0, (uint8_t)i, 7, 128, 1, 1, 1);
		sabody_end_proposal(&s);
	}
	assert_int_equal(decode(1), IKE_PARSE_OK);
	assert_int_equal(sa.n_transforms, IKE_MAX_PROPOSALS * IKE_MAX_TRANSFORMS);
	assert_int_equal(sa.proposals[7].first, 7 * IKE_MAX_TRANSFORMS);
	assert_false(prop_single(&sa));
}

static void bytes_after_the_last_proposal_are_refused(void **state)
{
	(void)state;
	one_ike_proposal();
	bytes_put_n(&s.b, 0, 1);
	assert_int_equal(decode(1), IKE_PARSE_TRAILING);
	/* and after the last transform, inside the proposal */
	one_ike_proposal();
	bytes_put_n(&s.b, 0, 1);
	sabody_end_proposal(&s);
	assert_int_equal(decode(1), IKE_PARSE_TRAILING);
	s.b.len = 0;
	assert_int_equal(decode(1), IKE_PARSE_SHORT);
}

static void proposals_of_one_number_are_a_bundle(void **state)
{
	static const uint8_t numbers[] = {1, 2, 2, 3};

	(void)state;
	sabody_begin(&s);
	for (unsigned int i = 0; i < 4; i++) {
		sabody_proposal(&s, i < 3 ? 2 : 0, numbers[i], IKE_PROTO_ESP, 4, 1);
		sabody_esp(&s, 0, 1, 12, 128, 1, 1, 0);
		sabody_end_proposal(&s);
	}
	assert_int_equal(decode(2), IKE_PARSE_OK);
	assert_false(sa.proposals[0].bundle);
	assert_true(sa.proposals[1].bundle);
	assert_true(sa.proposals[2].bundle);
	assert_false(sa.proposals[3].bundle);
}

/* Every byte of a valid body takes every value: no crash, and an error or a decoded structure. */
static void every_single_byte_change_is_survived(void **state)
{
	size_t refused = 0;

	(void)state;
	one_ike_proposal();
	for (size_t at = 0; at < s.b.len; at++) {
		uint8_t was = s.b.data[at];

		for (int v = 0; v < 256; v++) {
			s.b.data[at] = (uint8_t)v;
			refused += decode(1) != IKE_PARSE_OK;
			refused += decode(2) != IKE_PARSE_OK;
		}
		s.b.data[at] = was;
	}
	assert_true(refused > 1000);
}

static void put_value(struct prop_diff *d, enum prop_type type, uint16_t value, uint16_t bits)
{
	struct prop_diff_type *t = &d->types[type];

	t->received[t->n_received].value = value;
	t->received[t->n_received++].bits = bits;
}

/* Letter by letter what the clouds' error tables show. */
static void a_difference_in_strongswans_words(void **state)
{
	struct prop_diff d = {.phase = 2};
	char buf[256];

	(void)state;
	put_value(&d, PROP_ENCR, 12, 256); /* RFC 3602: ESP_AES */
	put_value(&d, PROP_INTEG, 2, 0);   /* HMAC-SHA */
	put_value(&d, PROP_GROUP, 2, 0);
	put_value(&d, PROP_ENCAP, IKE1_ENCAP_TUNNEL, 0);
	assert_string_equal(prop_diff_words(&d, true, buf, sizeof(buf)),
			    "ESP:AES_CBC_256/HMAC_SHA1_96/MODP_1024/NO_EXT_SEQ");
	assert_string_equal(prop_diff_words(&d, false, buf, sizeof(buf)), "ESP:NO_EXT_SEQ");
	assert_string_equal(prop_diff_words(&d, true, buf, 20), "ESP:AES_CBC_256/HMA");

	memset(&d, 0, sizeof(d));
	d.phase = 1;
	put_value(&d, PROP_ENCR, 5, 0); /* 3DES */
	put_value(&d, PROP_ENCR, 7, 128);
	put_value(&d, PROP_HASH, 4, 0); /* SHA2-256 */
	put_value(&d, PROP_GROUP, 19, 0);
	put_value(&d, PROP_GROUP, 24, 0);
	assert_string_equal(prop_diff_words(&d, true, buf, sizeof(buf)),
			    "IKE:3DES_CBC/AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/ECP_256/"
			    "MODP_2048_256");

	memset(&d, 0, sizeof(d));
	d.phase = PROP_PHASE_IKE2;
	put_value(&d, PROP_ENCR, 20, 256);
	put_value(&d, PROP_HASH, 5, 0);
	put_value(&d, PROP_GROUP, 31, 0);
	assert_string_equal(prop_diff_words(&d, true, buf, sizeof(buf)),
			    "IKE:AES_GCM_16_256/PRF_HMAC_SHA2_256/CURVE_25519");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_difference_in_strongswans_words),
		cmocka_unit_test(phase1_attributes_arrive),
		cmocka_unit_test(phase2_attributes_arrive),
		cmocka_unit_test(variable_attributes_of_any_length_are_numbers),
		cmocka_unit_test(values_out_of_their_domain_spoil_the_transform),
		cmocka_unit_test(attributes_given_twice_spoil_the_transform),
		cmocka_unit_test(every_attribute_type_is_known_or_spoils),
		cmocka_unit_test(nested_lengths_out_of_bounds_are_refused),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(next_bytes_other_than_the_own_type_are_refused),
		cmocka_unit_test(transform_count_must_agree_with_the_chain),
		cmocka_unit_test(spi_sizes_must_fit_the_protocol),
		cmocka_unit_test(caps_on_proposals_transforms_and_attributes_hold),
		cmocka_unit_test(the_largest_accepted_payload_fits),
		cmocka_unit_test(bytes_after_the_last_proposal_are_refused),
		cmocka_unit_test(proposals_of_one_number_are_a_bundle),
		cmocka_unit_test(every_single_byte_change_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
