/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_msg_build.c - building: what is built parses back, fits, and holds no stray byte.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/msg.h"

static const struct ike_hdr hdr = {.ispi = 0x0102030405060708u,
				   .rspi = 0x1112131415161718u,
				   .version = IKE_VERSION_1,
				   .exchange = IKE1_EXCH_INFO,
				   .flags = IKE1_FLAG_ENCRYPTION,
				   .msgid = 0xa1b2c3d4};

static void build_all(struct ike_builder *b, uint8_t *buf, size_t cap)
{
	static const uint32_t spis[] = {0x100, 0xfffffffe};
	const struct ike_pld_notify n = {.doi = 1,
					 .protocol = IKE_PROTO_IKE,
					 .type = IKE1_N_R_U_THERE,
					 .spi = {(const uint8_t *)"0123456789abcdef", 16},
					 .data = {(const uint8_t *)"\0\0\0\7", 4}};

	ike_msg_begin(b, buf, cap, &hdr);
	ike_msg_add_blank(b, IKE1_PLD_HASH, 20);
	ike_msg_add(b, IKE1_PLD_NONCE, "nonce of 16 byte", 16);
	ike_msg_add_notify(b, &n);
	ike_msg_add_delete(b, spis, 2, 0, 0);
	ike_msg_add_delete(b, NULL, 0, hdr.ispi, hdr.rspi);
	ike_msg_open(b, IKE1_PLD_ID);
	wire_put_u32(&b->w, 0x01000000);
	wire_put_u32(&b->w, 0x0a000001);
	ike_msg_close(b);
}

static void what_is_built_parses_back(void **state)
{
	uint8_t buf[512];
	struct ike_builder b;
	struct ike_msg m;
	size_t len, body;

	(void)state;
	build_all(&b, buf, sizeof(buf));
	body = ike_msg_size(&b);
	assert_int_equal(ike_msg_finish(&b, 16, &len), 0);
	assert_int_equal((len - IKE_HDR_LEN) % 16, 0);
	assert_true(len >= body && len < body + 16);
	assert_int_equal(ike_msg_parse_plain(&m, buf, len, true), 0);
	assert_true(m.hdr.ispi == hdr.ispi && m.hdr.rspi == hdr.rspi);
	assert_int_equal(m.hdr.msgid, hdr.msgid);
	assert_int_equal(m.hdr.flags, hdr.flags);
	assert_int_equal(m.hdr.exchange, hdr.exchange);
	assert_int_equal(m.n, 6);
	assert_int_equal(m.end, body);
	assert_int_equal(m.pld[0].body.len, 20);
	assert_memory_equal(m.pld[1].body.data, "nonce of 16 byte", 16);
	assert_int_equal(m.pld[2].notify.type, IKE1_N_R_U_THERE);
	assert_int_equal(m.pld[2].notify.spi.len, 16);
	assert_memory_equal(m.pld[2].notify.data.data, "\0\0\0\7", 4);
	assert_int_equal(m.pld[3].del.protocol, IKE_PROTO_ESP);
	assert_int_equal(ike_delete_spi(&m.pld[3].del, 1), 0xfffffffe);
	assert_int_equal(m.pld[4].del.protocol, IKE_PROTO_IKE);
	assert_memory_equal(m.pld[4].del.spis.data, buf, 16); /* the cookies of the header */
	assert_int_equal(m.pld[5].id.type, 1);
}

static void a_blank_is_where_it_says(void **state)
{
	uint8_t buf[64];
	struct ike_builder b;
	size_t at, len;
	struct ike_msg m;

	(void)state;
	ike_msg_begin(&b, buf, sizeof(buf), &hdr);
	at = ike_msg_add_blank(&b, IKE1_PLD_HASH, 16);
	assert_int_equal(ike_msg_finish(&b, 0, &len), 0);
	memset(buf + at, 0x5a, 16);
	assert_int_equal(ike_msg_parse_plain(&m, buf, len, false), 0);
	assert_memory_equal(m.pld[0].body.data, "ZZZZZZZZZZZZZZZZ", 16);
}

/* P12: every byte of a message is written, whatever was in the buffer. */
static void no_byte_of_the_buffer_shines_through(void **state)
{
	uint8_t a[512], c[512];
	struct ike_builder b;
	size_t len_a, len_c;

	(void)state;
	memset(a, 0xaa, sizeof(a));
	memset(c, 0x55, sizeof(c));
	build_all(&b, a, sizeof(a));
	assert_int_equal(ike_msg_finish(&b, 16, &len_a), 0);
	build_all(&b, c, sizeof(c));
	assert_int_equal(ike_msg_finish(&b, 16, &len_c), 0);
	assert_int_equal(len_a, len_c);
	assert_memory_equal(a, c, len_a);
}

static void every_buffer_too_small_is_reported(void **state)
{
	uint8_t *buf;
	uint8_t whole[512];
	struct ike_builder b;
	size_t need, len;

	(void)state;
	build_all(&b, whole, sizeof(whole));
	assert_int_equal(ike_msg_finish(&b, 16, &need), 0);
	for (size_t cap = 0; cap < need; cap++) {
		buf = malloc(cap ? cap : 1);
		assert_non_null(buf);
		build_all(&b, buf, cap);
		assert_int_equal(ike_msg_finish(&b, 16, &len), -ENOSPC);
		assert_int_equal(len, 0);
		free(buf);
	}
}

static void nothing_longer_than_the_cap_is_built(void **state)
{
	static uint8_t buf[2 * IKE_MAX_MESSAGE], body[IKE_MAX_MESSAGE];
	struct ike_builder b;
	size_t len;

	(void)state;
	ike_msg_begin(&b, buf, sizeof(buf), &hdr);
	ike_msg_add(&b, IKE1_PLD_VENDOR, body, IKE_MAX_MESSAGE - 32);
	assert_int_equal(ike_msg_finish(&b, 0, &len), 0);
	assert_int_equal(len, IKE_MAX_MESSAGE);
	ike_msg_begin(&b, buf, sizeof(buf), &hdr);
	ike_msg_add(&b, IKE1_PLD_VENDOR, body, IKE_MAX_MESSAGE - 31);
	assert_int_equal(ike_msg_finish(&b, 0, &len), -ENOSPC);
}

static void padding_comes_only_when_needed(void **state)
{
	(void)state;
	for (size_t body = 0; body < 40; body++) {
		static const size_t blocks[] = {0, 1, 8, 16};

		for (size_t i = 0; i < 4; i++) {
			static const uint8_t data[64] = {1};
			size_t block = blocks[i] ? blocks[i] : 1;
			uint8_t buf[128];
			struct ike_builder b;
			size_t len;

			ike_msg_begin(&b, buf, sizeof(buf), &hdr);
			ike_msg_add(&b, IKE1_PLD_VENDOR, data, body);
			assert_int_equal(ike_msg_finish(&b, blocks[i], &len), 0);
			assert_int_equal(len, IKE_HDR_LEN + (4 + body + block - 1) / block * block);
		}
	}
}

static void too_many_spis_and_too_long_an_spi_are_refused(void **state)
{
	static uint8_t buf[1024];
	static const uint32_t spis[IKE_MAX_SPIS + 1] = {0x100};
	struct ike_pld_notify n = {.spi = {buf, IKE_MAX_COOKIE + 1}};
	struct ike_builder b;
	size_t len;

	(void)state;
	ike_msg_begin(&b, buf, sizeof(buf), &hdr);
	ike_msg_add_delete(&b, spis, IKE_MAX_SPIS, 0, 0);
	assert_int_equal(ike_msg_finish(&b, 0, &len), 0);
	ike_msg_begin(&b, buf, sizeof(buf), &hdr);
	ike_msg_add_delete(&b, spis, IKE_MAX_SPIS + 1, 0, 0);
	assert_int_equal(ike_msg_finish(&b, 0, &len), -ENOSPC);
	ike_msg_begin(&b, buf, sizeof(buf), &hdr);
	ike_msg_add_notify(&b, &n);
	assert_int_equal(ike_msg_finish(&b, 0, &len), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_built_parses_back),
		cmocka_unit_test(a_blank_is_where_it_says),
		cmocka_unit_test(no_byte_of_the_buffer_shines_through),
		cmocka_unit_test(every_buffer_too_small_is_reported),
		cmocka_unit_test(nothing_longer_than_the_cap_is_built),
		cmocka_unit_test(padding_comes_only_when_needed),
		cmocka_unit_test(too_many_spis_and_too_long_an_spi_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
