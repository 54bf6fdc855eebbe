/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_ident.c - identities: every type with every length, comparison, printing of anything.
 */
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/ident.h"

static struct ike_identity_conf id, other;
static char text[IDENT_MAX_TEXT];

static int decode(struct ike_identity_conf *out, uint8_t type, const void *data, size_t len)
{
	return ident_decode(out, type, (struct ike_view){data, len});
}

/* P7: type for type, length for length. */
static void every_type_with_every_length(void **state)
{
	static uint8_t data[65535];
	static const struct ike_identity_conf none;
	static const size_t lengths[] = {0,  1,	 2,   3,   4,	5,   8,	   15,	 16,
					 17, 32, 255, 256, 257, 258, 1024, 65535};

	(void)state;
	memset(data, 'a', sizeof(data));
	for (unsigned int type = 0; type < 256; type++) {
		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			size_t len = lengths[i];
			int want = len == 0 ? -EINVAL : len > 256 ? -EMSGSIZE : 0;

			if (type == 1 || type == 5)
				want = len == (type == 1 ? 4u : 16u) ? 0 : -EINVAL;
			else if (type != 2 && type != 3 && type != 9 && type != 11)
				want = -ENOTSUP;
			memset(&id, 0xee, sizeof(id));
			assert_int_equal(decode(&id, (uint8_t)type, data, len), want);
			if (want) {
				assert_memory_equal(&id, &none, sizeof(id));
				continue;
			}
			assert_int_equal(id.type, type);
			assert_int_equal(id.len, len);
			assert_memory_equal(id.data, data, len);
		}
	}
}

static void text_with_a_nul_is_refused(void **state)
{
	(void)state;
	assert_int_equal(decode(&id, 2, "a.example\0.evil", 15), -EINVAL);
	assert_int_equal(decode(&id, 3, "a@b\0", 4), -EINVAL);
	assert_int_equal(decode(&id, 11, "a\0b", 3), 0); /* a key id is bytes */
}

static void domains_compare_without_case(void **state)
{
	(void)state;
	decode(&id, 2, "GW.Example.com", 14);
	decode(&other, 2, "gw.example.COM", 14);
	assert_true(ident_equal(&id, &other));
	decode(&id, 3, "bob@Example.com", 15);
	decode(&other, 3, "bob@example.com", 15);
	assert_true(ident_equal(&id, &other));
	decode(&other, 3, "Bob@example.com", 15);
	assert_false(ident_equal(&id, &other));
	decode(&id, 3, "b@b@c", 5);
	decode(&other, 3, "B@b@c", 5);
	assert_false(ident_equal(&id, &other));
	decode(&id, 11, "Key", 3);
	decode(&other, 11, "key", 3);
	assert_false(ident_equal(&id, &other));
}

static void type_and_length_must_agree(void **state)
{
	(void)state;
	decode(&id, 2, "abcd", 4);
	decode(&other, 11, "abcd", 4);
	assert_false(ident_equal(&id, &other));
	decode(&other, 1, "abcd", 4);
	assert_false(ident_equal(&id, &other));
	decode(&other, 2, "abc", 3);
	assert_false(ident_equal(&id, &other));
	decode(&other, 2, "abce", 4);
	assert_false(ident_equal(&id, &other));
}

static void auto_and_ignore_match_anything(void **state)
{
	struct ike_identity_conf conf = {.type = IKE_ID_AUTO};

	(void)state;
	decode(&id, 2, "a", 1);
	assert_true(ident_match(&conf, &id));
	conf.type = IKE_ID_IGNORE;
	assert_true(ident_match(&conf, &id));
	decode(&conf, 2, "b", 1);
	assert_false(ident_match(&conf, &id));
	decode(&conf, 2, "A", 1);
	assert_true(ident_match(&conf, &id));
}

static void addresses_become_identities(void **state)
{
	struct abi_addr addr = {.family = 4, .bytes = {10, 0, 0, 1}};

	(void)state;
	assert_int_equal(ident_from_addr(&id, &addr), 0);
	assert_string_equal(ident_print(&id, text, sizeof(text)), "ipv4:10.0.0.1");
	addr.family = 6;
	assert_int_equal(ident_from_addr(&id, &addr), 0);
	assert_int_equal(id.len, 16);
	assert_string_equal(ident_print(&id, text, sizeof(text)), "ipv6:a00:1::");
	addr.family = 5;
	assert_int_equal(ident_from_addr(&id, &addr), -EINVAL);
}

static void encoding_is_decoding_backwards(void **state)
{
	uint8_t buf[300];
	struct wire_writer w;

	(void)state;
	decode(&id, 2, "gw.example", 10);
	wire_writer_init(&w, buf, sizeof(buf));
	ident_put_ike1(&w, &id, 500);
	assert_int_equal(w.pos, 14);
	assert_memory_equal(buf, "\2\x11\1\xf4gw.example", 14);
	wire_writer_init(&w, buf, sizeof(buf));
	ident_put_ike1(&w, &id, 0);
	assert_memory_equal(buf, "\2\0\0\0gw.example", 14);
	assert_int_equal(decode(&other, buf[0], buf + 4, w.pos - 4), 0);
	assert_true(ident_equal(&id, &other));
}

static void phase1_ids_name_ike_or_nothing(void **state)
{
	(void)state;
	for (uint32_t protocol = 0; protocol < 256; protocol++) {
		for (uint32_t port = 0; port <= 0xffff; port += port < 5000 ? 1 : 7919) {
			struct ike_pld_id pld = {.protocol = (uint8_t)protocol,
						 .port = (uint16_t)port};
			bool ok = (protocol == 0 && port == 0) ||
				  (protocol == 17 && (port == 0 || port == 500 || port == 4500));

			assert_int_equal(ident_port_ok(&pld), ok);
		}
	}
}

static void texts_are_readable_and_harmless(void **state)
{
	(void)state;
	decode(&id, 2, "gw.example", 10);
	assert_string_equal(ident_print(&id, text, sizeof(text)), "fqdn:gw.example");
	decode(&id, 3, "a b\n%s\x1b[31m\\\xff", 13);
	assert_string_equal(ident_print(&id, text, sizeof(text)),
			    "user-fqdn:a\\x20b\\x0a%s\\x1b\\x5b31m\\x5c\\xff");
	decode(&id, 11, "office-1", 8);
	assert_string_equal(ident_print(&id, text, sizeof(text)), "key-id:office-1");
	decode(&id, 11, "\0\1\xfe", 3);
	assert_string_equal(ident_print(&id, text, sizeof(text)), "key-id:0x0001fe");
	decode(&id, 9, "\x30\x00", 2);
	assert_string_equal(ident_print(&id, text, sizeof(text)), "dn:0x3000");
	memset(&id, 0, sizeof(id));
	assert_string_equal(ident_print(&id, text, sizeof(text)), "auto");
	id.type = IKE_ID_IGNORE;
	assert_string_equal(ident_print(&id, text, sizeof(text)), "ignore");
	id.type = (enum ike_id_type)77;
	assert_string_equal(ident_print(&id, text, sizeof(text)), "type-77");
}

/* Every byte: a letter that means no more than itself anywhere, or its number. */
static void only_plain_letters_stand_for_themselves(void **state)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "!%*+,-./:=?@^_~";
	char want[32];

	(void)state;
	for (unsigned b = 1; b < 256; b++) {
		const uint8_t c = (uint8_t)b;

		decode(&id, 2, &c, 1);
		snprintf(want, sizeof(want), strchr(plain, (int)b) ? "fqdn:%c" : "fqdn:\\x%02x", b);
		assert_string_equal(ident_print(&id, text, sizeof(text)), want);
	}
}

static void longest_identities_print_whole_and_cut_ones_end(void **state)
{
	uint8_t data[256];

	(void)state;
	memset(data, 0x01, sizeof(data));
	decode(&id, 3, data, sizeof(data));
	assert_int_equal(strlen(ident_print(&id, text, sizeof(text))), 10 + 4 * 256);
	for (size_t cap = 1; cap < 100; cap++) {
		char *buf = malloc(cap);

		assert_non_null(buf);
		for (uint8_t type = 1; type <= 11; type++) {
			if (decode(&id, type, data, 16) == 0)
				assert_true(strlen(ident_print(&id, buf, cap)) < cap);
		}
		free(buf);
	}
	/* A length beyond the array, as a broken caller might leave it, is not believed. */
	id.type = IKE_ID_KEY_ID;
	id.len = 60000;
	assert_true(strlen(ident_print(&id, text, sizeof(text))) <= 9 + 2 * 256);
	other = id;
	assert_false(ident_equal(&id, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_with_every_length),
		cmocka_unit_test(text_with_a_nul_is_refused),
		cmocka_unit_test(domains_compare_without_case),
		cmocka_unit_test(type_and_length_must_agree),
		cmocka_unit_test(auto_and_ignore_match_anything),
		cmocka_unit_test(addresses_become_identities),
		cmocka_unit_test(encoding_is_decoding_backwards),
		cmocka_unit_test(phase1_ids_name_ike_or_nothing),
		cmocka_unit_test(texts_are_readable_and_harmless),
		cmocka_unit_test(longest_identities_print_whole_and_cut_ones_end),
		cmocka_unit_test(only_plain_letters_stand_for_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
