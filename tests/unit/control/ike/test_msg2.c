/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_msg2.c - bodies of IKEv2's payloads: as they are built, and with each field wrong.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/msg.h"

static struct ike_msg m;
static uint8_t buf[1024];
static const struct ike_hdr hdr = {
	.ispi = 1, .rspi = 2, .version = IKE_VERSION_2, .exchange = IKE2_EXCH_INFO, .msgid = 7};

/* One payload in an inner chain, from a heap copy of the right size. */
static int parse(uint8_t type, const void *body, size_t len)
{
	static uint8_t *copy;

	free(copy);
	copy = calloc(1, len + 4);
	copy[2] = (uint8_t)((len + 4) >> 8);
	copy[3] = (uint8_t)(len + 4);
	memcpy(copy + 4, body, len);
	return ike_msg_parse_inner(&m, &hdr, type, copy, len + 4);
}

static void built_payloads_are_read_again(void **state)
{
	static const uint32_t spis[] = {0xc0000001, 0xc0000002};
	struct ike_view spi = {(const uint8_t *)"SPI!", 4};
	struct ike_builder b;
	size_t len;

	(void)state;
	ike_msg_begin(&b, buf, sizeof(buf), &hdr);
	ike2_msg_add_ke(&b, 19, "public", 6);
	ike2_msg_add_typed(&b, IKE2_PLD_IDI, IKE1_ID_FQDN, "a.example", 9);
	ike2_msg_add_typed(&b, IKE2_PLD_AUTH, IKE2_AUTH_PSK, "hash", 4);
	ike2_msg_add_notify(&b, IKE_PROTO_ESP, spi, IKE2_N_REKEY_SA, "xy", 2);
	ike2_msg_add_delete(&b, spis, 2);
	ike2_msg_add_delete(&b, NULL, 0);
	assert_int_equal(ike_msg_finish(&b, 0, &len), 0);
	assert_int_equal(ike_msg_parse(&m, buf, len), 0);
	assert_int_equal(m.n, 6);
	assert_int_equal(m.pld[0].ke.group, 19);
	assert_memory_equal(m.pld[0].ke.data.data, "public", 6);
	assert_int_equal(m.pld[1].id.type, IKE1_ID_FQDN);
	assert_int_equal(m.pld[1].id.data.len, 9);
	assert_int_equal(m.pld[2].auth.method, IKE2_AUTH_PSK);
	assert_memory_equal(m.pld[2].auth.data.data, "hash", 4);
	assert_int_equal(m.pld[3].notify.type, IKE2_N_REKEY_SA);
	assert_int_equal(m.pld[3].notify.spi.len, 4);
	assert_int_equal(m.pld[3].notify.data.len, 2);
	assert_int_equal(ike_delete_spi(&m.pld[4].del, 1), 0xc0000002);
	assert_int_equal(m.pld[5].del.protocol, IKE_PROTO_IKE);
	assert_int_equal(m.pld[5].del.count, 0);
}

static void each_wrong_field_is_malformed(void **state)
{
	static const struct {
		uint8_t type;
		const char *body;
		size_t len;
		int r;
	} cases[] = {
		{IKE2_PLD_KE, "\0\x13\0\0", 4, -EBADMSG},
		{IKE2_PLD_KE, "\0\x13\0\0x", 5, 0},
		{IKE2_PLD_IDI, "\x02\0\0\0", 4, -EBADMSG},
		{IKE2_PLD_AUTH, "\x02\0\0\0", 4, -EBADMSG},
		{IKE2_PLD_NONCE, "0123456789abcde", 15, -EBADMSG},
		{IKE2_PLD_NONCE, "0123456789abcdef", 16, 0},
		{IKE2_PLD_NOTIFY, "\0\0\0\0", 4, 0},
		{IKE2_PLD_NOTIFY, "\0\x01\0\0", 4, -EBADMSG},
		{IKE2_PLD_NOTIFY, "\0\x11\0\0aaaabbbbccccddddee", 22, -EBADMSG},
		{IKE2_PLD_DELETE, "\x01\0\0\0", 4, 0},
		{IKE2_PLD_DELETE,
		 "\x01\x08\0\x01"
		 "aaaabbbb",
		 12, -EBADMSG},
		{IKE2_PLD_DELETE,
		 "\x03\x04\0\x01"
		 "aaaa",
		 8, 0},
		{IKE2_PLD_DELETE,
		 "\x03\x04\0\x02"
		 "aaaa",
		 8, -EBADMSG},
		{IKE2_PLD_DELETE,
		 "\x03\x04\xff\xff"
		 "aaaa",
		 8, -EBADMSG},
		{IKE2_PLD_DELETE,
		 "\x03\x03\0\x01"
		 "aaa",
		 7, -EBADMSG},
		{IKE2_PLD_TSI, "\0\0\0\0", 4, -EBADMSG},
		{IKE2_PLD_TSI,
		 "\x01\0\0\0\x07\0\0\x08"
		 "abcd",
		 12, 0},
		{IKE2_PLD_TSI,
		 "\x01\0\0\0\x07\0\0\x03"
		 "abcd",
		 12, -EBADMSG},
		{IKE2_PLD_TSI,
		 "\x01\0\0\0\x07\0\0\x09"
		 "abcd",
		 12, -EBADMSG},
		{IKE2_PLD_TSI,
		 "\x01\0\0\0\x07\0\0\x07"
		 "abcd",
		 12, -EBADMSG},
		{IKE2_PLD_TSI,
		 "\x02\0\0\0\x07\0\0\x08"
		 "abcd",
		 12, -EBADMSG},
		{IKE2_PLD_TSI,
		 "\xff\0\0\0\x07\0\0\x08"
		 "abcd",
		 12, -EBADMSG},
		{IKE2_PLD_SK, "", 0, -EBADMSG},
		{IKE2_PLD_SKF, "aaaa", 4, -EBADMSG},
		{IKE1_PLD_HASH, "", 0, 0}, /* of the other version: unknown, not critical */
		{250, "", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].type, cases[i].body, cases[i].len), cases[i].r);
		assert_int_equal(m.n, cases[i].r == 0);
		assert_int_equal(m.error.reason != IKE_PARSE_OK, cases[i].r != 0);
	}
	assert_false(m.pld[0].known);
}

static void an_unknown_critical_payload_is_named(void **state)
{
	uint8_t body[4] = {0, 0x80, 0, 4};

	(void)state;
	assert_int_equal(ike_msg_parse_inner(&m, &hdr, 200, body, 4), -EBADMSG);
	assert_int_equal(m.error.reason, IKE_PARSE_CRITICAL);
	assert_int_equal(m.error.payload, 200);
	assert_int_equal(ike_msg_parse_inner(&m, &hdr, IKE2_PLD_VENDOR, body, 4), 0);
}

static void an_empty_chain_is_an_empty_message(void **state)
{
	(void)state;
	assert_int_equal(ike_msg_parse_inner(&m, &hdr, IKE_PLD_NONE, buf, 0), 0);
	assert_int_equal(m.n, 0);
	assert_int_equal(ike_msg_parse_inner(&m, &hdr, IKE_PLD_NONE, buf, 1), -EBADMSG);
	assert_int_equal(m.error.reason, IKE_PARSE_TRAILING);
}

static void payloads_beyond_the_cap_are_refused(void **state)
{
	static uint8_t many[1000 * 4];

	(void)state;
	for (size_t n = 1; n <= 1000; n++) {
		for (size_t i = 0; i < n; i++)
			memcpy(many + i * 4, i + 1 < n ? "\x2b\0\0\x04" : "\0\0\0\x04", 4);
		assert_int_equal(ike_msg_parse_inner(&m, &hdr, IKE2_PLD_VENDOR, many, n * 4),
				 n <= IKE_MAX_PAYLOADS ? 0 : -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_payloads_are_read_again),
		cmocka_unit_test(each_wrong_field_is_malformed),
		cmocka_unit_test(an_unknown_critical_payload_is_named),
		cmocka_unit_test(an_empty_chain_is_an_empty_message),
		cmocka_unit_test(payloads_beyond_the_cap_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
