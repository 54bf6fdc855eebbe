/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_prop2.c - SA payloads of IKEv2: built and decoded again, chosen from, cut and changed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/crypto/suite.h"
#include "control/ike/prop2.h"

static uint8_t buf[4096];
static struct prop2_sa sa;
static struct ike_parse_error error;
static struct prop2_choice choice;
static struct prop_diff diff;

static int decode(size_t len)
{
	struct ike_pld_sa pld = {.proposals = {buf, len}};

	return prop2_decode(&sa, &pld, &error);
}

static struct prop2_want ike_want(void)
{
	return (struct prop2_want){.protocol = IKE_PROTO_IKE,
				   .n_encr = 3,
				   .n_integ = 2,
				   .n_prf = 2,
				   .n_dh = 2,
				   .encr = {{12, 256}, {20, 128}, {12, 128}},
				   .integ = {12, 2},
				   .prf = {5, 2},
				   .dh = {19, 14}};
}

static struct prop2_want esp_want(void)
{
	return (struct prop2_want){.protocol = IKE_PROTO_ESP,
				   .spi_len = 4,
				   .n_encr = 1,
				   .n_integ = 1,
				   .encr = {{12, 128}},
				   .integ = {2}};
}

static size_t build(const struct prop2_want *w, const char *spi)
{
	struct wire_writer out;

	wire_writer_init(&out, buf, sizeof(buf));
	assert_int_equal(prop2_build(&out, w, (const uint8_t *)spi), 0);
	return out.pos;
}

static void an_offer_splits_aeads_from_the_others(void **state)
{
	struct prop2_want w = ike_want();

	(void)state;
	assert_int_equal(decode(build(&w, NULL)), 0);
	assert_int_equal(sa.n_proposals, 2);
	assert_int_equal(sa.proposals[0].number, 1);
	assert_int_equal(sa.proposals[0].n, 2 + 2 + 2 + 2);
	assert_int_equal(sa.proposals[1].number, 2);
	assert_int_equal(sa.proposals[1].n, 1 + 2 + 2);
	assert_int_equal(sa.transforms[sa.proposals[1].first].id, 20);
	assert_int_equal(sa.transforms[sa.proposals[1].first].key_bits, 128);
	assert_false(prop2_single(&sa));
}

static void the_first_acceptable_of_each_type_is_chosen(void **state)
{
	struct prop2_want w = ike_want(), mine = ike_want();

	(void)state;
	assert_int_equal(decode(build(&w, NULL)), 0);
	assert_int_equal(prop2_select(&sa, &mine, 0, &choice, &diff), 0);
	assert_int_equal(choice.number, 1);
	assert_int_equal(choice.encr.key_bits, 256);
	assert_int_equal(choice.integ, 12);
	assert_int_equal(choice.prf, SUITE_HASH_SHA256);
	assert_int_equal(choice.group, 19);
	assert_int_equal(prop2_select(&sa, &mine, 14, &choice, &diff), 0);
	assert_int_equal(choice.group, 14);
	mine.n_encr = 1;
	mine.encr[0] = (struct ike_encr_choice){20, 128};
	assert_int_equal(prop2_select(&sa, &mine, 0, &choice, &diff), 0);
	assert_int_equal(choice.number, 2);
	assert_int_equal(choice.integ, 0);
}

static void an_answer_is_single_and_chosen_again(void **state)
{
	struct prop2_want w = ike_want();
	struct wire_writer out;

	(void)state;
	assert_int_equal(decode(build(&w, NULL)), 0);
	assert_int_equal(prop2_select(&sa, &w, 0, &choice, NULL), 0);
	wire_writer_init(&out, buf, sizeof(buf));
	assert_int_equal(prop2_build_answer(&out, &choice, NULL, 0), 0);
	assert_int_equal(decode(out.pos), 0);
	assert_true(prop2_single(&sa));
	assert_int_equal(prop2_select(&sa, &w, 0, &choice, NULL), 0);
	assert_int_equal(choice.encr.key_bits, 256);
}

static void each_type_that_differs_is_named(void **state)
{
	static const enum prop_type types[] = {PROP_ENCR, PROP_INTEG, PROP_HASH, PROP_GROUP};
	struct prop2_want w = ike_want();

	(void)state;
	w.n_encr = 1;
	for (size_t i = 0; i < 4; i++) {
		struct prop2_want mine = w;

		mine.encr[0].key_bits = types[i] == PROP_ENCR ? 192 : mine.encr[0].key_bits;
		mine.integ[0] = mine.integ[1] = types[i] == PROP_INTEG ? 14 : 12;
		mine.prf[0] = mine.prf[1] = types[i] == PROP_HASH ? 7 : 5;
		mine.dh[0] = mine.dh[1] = types[i] == PROP_GROUP ? 20 : 19;
		assert_int_equal(decode(build(&w, NULL)), 0);
		assert_int_equal(prop2_select(&sa, &mine, 0, &choice, &diff), -ENOENT);
		for (int t = 0; t < PROP_TYPES; t++)
			assert_int_equal(diff.types[t].mismatch, t == (int)types[i]);
		assert_int_equal(diff.phase, PROP_PHASE_IKE2);
	}
}

static void pfs_differs_in_both_directions(void **state)
{
	struct prop2_want with = esp_want(), without = esp_want();

	(void)state;
	with.n_dh = 1;
	with.dh[0] = 2;
	assert_int_equal(decode(build(&with, "abcd")), 0);
	assert_int_equal(prop2_select(&sa, &without, 0, &choice, &diff), -ENOENT);
	assert_true(diff.types[PROP_GROUP].mismatch);
	assert_int_equal(diff.types[PROP_GROUP].received[0].value, 2);
	assert_int_equal(decode(build(&without, "abcd")), 0);
	assert_int_equal(prop2_select(&sa, &with, 0, &choice, &diff), -ENOENT);
	assert_true(diff.types[PROP_GROUP].mismatch);
	without.any_dh = true; /* IKE_AUTH */
	assert_int_equal(decode(build(&with, "abcd")), 0);
	assert_int_equal(prop2_select(&sa, &without, 0, &choice, &diff), 0);
	assert_int_equal(choice.group, 0);
}

/* The transforms of an ESP proposal by hand. */
static size_t hand(const uint8_t (*transforms)[4], size_t n)
{
	size_t at = 0;
	const uint8_t head[] = {0, 0, 0, 0, 1, 3, 4, (uint8_t)n, 'a', 'b', 'c', 'd'};

	memcpy(buf, head, sizeof(head));
	at = sizeof(head);
	for (size_t i = 0; i < n; i++) {
		bool key = transforms[i][2] != 0;
		const uint8_t t[] = {i + 1 < n ? 3 : 0,
				     0,
				     0,
				     key ? 12 : 8,
				     transforms[i][0],
				     0,
				     0,
				     transforms[i][1],
				     0x80,
				     14,
				     0,
				     transforms[i][2]};

		memcpy(buf + at, t, key ? 12 : 8);
		at += key ? 12 : 8;
	}
	buf[2] = (uint8_t)(at >> 8);
	buf[3] = (uint8_t)at;
	return at;
}

static void every_subset_of_types_is_judged(void **state)
{
	/* type, id, key bits; taken: bits of those present that make it acceptable */
	static const uint8_t all[][4] = {{1, 12, 128}, {3, 2, 0}, {5, 0, 0},
					 {4, 2, 0},    {2, 5, 0}, {77, 1, 0}};
	struct prop2_want w = esp_want();

	(void)state;
	for (unsigned mask = 1; mask < 64; mask++) {
		uint8_t some[6][4];
		size_t n = 0;
		bool good = (mask & 3) == 3 && (mask & ~7u) == 0;

		for (unsigned i = 0; i < 6; i++) {
			if (mask >> i & 1)
				memcpy(some[n++], all[i], 4);
		}
		assert_int_equal(decode(hand(some, n)), 0);
		assert_int_equal(prop2_select(&sa, &w, 0, &choice, &diff), good ? 0 : -ENOENT);
	}
}

static void an_aead_goes_with_no_integrity_or_with_none(void **state)
{
	static const uint8_t alone[][4] = {{1, 20, 128}, {5, 0, 0}},
			     none[][4] = {{1, 20, 128}, {3, 0, 0}, {5, 0, 0}},
			     both[][4] = {{1, 20, 128}, {3, 2, 0}, {5, 0, 0}};
	struct prop2_want w = esp_want();

	(void)state;
	w.encr[0] = (struct ike_encr_choice){20, 128};
	assert_int_equal(decode(hand(alone, 2)), 0);
	assert_int_equal(prop2_select(&sa, &w, 0, &choice, &diff), 0);
	assert_int_equal(decode(hand(none, 3)), 0);
	assert_int_equal(prop2_select(&sa, &w, 0, &choice, &diff), 0);
	assert_int_equal(decode(hand(both, 3)), 0);
	assert_int_equal(prop2_select(&sa, &w, 0, &choice, &diff), -ENOENT);
}

static void wrong_key_lengths_are_never_chosen(void **state)
{
	struct prop2_want w = esp_want();
	uint8_t t[][4] = {{1, 12, 0}, {3, 2, 0}, {5, 0, 0}};

	(void)state;
	for (unsigned bits = 0; bits < 256; bits++) {
		t[0][2] = (uint8_t)bits;
		assert_int_equal(decode(hand(t, 3)), 0);
		assert_int_equal(prop2_select(&sa, &w, 0, &choice, &diff),
				 bits == 128 ? 0 : -ENOENT);
	}
	t[0][2] = 128;
	t[1][2] = 96; /* a key length where none belongs */
	assert_int_equal(decode(hand(t, 3)), 0);
	assert_int_equal(prop2_select(&sa, &w, 0, &choice, &diff), -ENOENT);
}

static void cut_and_changed_payloads_never_overrun(void **state)
{
	struct prop2_want w = ike_want(), mine = ike_want();
	size_t len = build(&w, NULL);
	uint8_t good[1024];

	(void)state;
	memcpy(good, buf, len);
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *copy = malloc(cut + 1);
		struct ike_pld_sa pld = {.proposals = {copy, cut}};

		memcpy(copy, good, cut);
		assert_int_equal(prop2_decode(&sa, &pld, &error), -EBADMSG);
		assert_int_equal(sa.n_proposals, 0);
		free(copy);
	}
	for (size_t at = 0; at < len; at++) {
		for (unsigned v = 0; v < 256; v++) {
			uint8_t *copy = malloc(len);
			struct ike_pld_sa pld = {.proposals = {copy, len}};

			memcpy(copy, good, len);
			copy[at] = (uint8_t)v;
			if (prop2_decode(&sa, &pld, &error) == 0)
				(void)prop2_select(&sa, &mine, 0, &choice, &diff);
			free(copy);
		}
	}
}

static void what_is_not_in_the_tables_is_not_offered(void **state)
{
	struct wire_writer out;
	struct prop2_want w;

	(void)state;
	for (int i = 0; i < 6; i++) {
		w = ike_want();
		if (i == 0)
			w.encr[0].id = 99;
		else if (i == 1)
			w.integ[0] = 99;
		else if (i == 2)
			w.dh[0] = 22;
		else if (i == 3)
			w.n_dh = 0;
		else if (i == 4)
			w.n_integ = 0;
		else
			w.encr[0] = (struct ike_encr_choice){11, 0}; /* NULL in IKE */
		wire_writer_init(&out, buf, sizeof(buf));
		assert_int_equal(prop2_build(&out, &w, NULL), -EINVAL);
	}
	w = ike_want();
	wire_writer_init(&out, buf, 20);
	assert_int_equal(prop2_build(&out, &w, NULL), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_offer_splits_aeads_from_the_others),
		cmocka_unit_test(the_first_acceptable_of_each_type_is_chosen),
		cmocka_unit_test(an_answer_is_single_and_chosen_again),
		cmocka_unit_test(each_type_that_differs_is_named),
		cmocka_unit_test(pfs_differs_in_both_directions),
		cmocka_unit_test(every_subset_of_types_is_judged),
		cmocka_unit_test(an_aead_goes_with_no_integrity_or_with_none),
		cmocka_unit_test(wrong_key_lengths_are_never_chosen),
		cmocka_unit_test(cut_and_changed_payloads_never_overrun),
		cmocka_unit_test(what_is_not_in_the_tables_is_not_offered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
