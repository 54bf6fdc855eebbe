/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_wire.c - the reader and writer at and past their bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/wire.h"

static const uint8_t data[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static void reads_big_endian(void **state)
{
	struct wire_reader r;

	(void)state;
	wire_reader_init(&r, data, sizeof(data), 100);
	assert_int_equal(wire_get_u8(&r), 0x01);
	assert_int_equal(wire_get_u16(&r), 0x0203);
	assert_int_equal(wire_get_u32(&r), 0x04050607);
	assert_true(wire_get_u64(&r) == 0x08090a0b0c0d0e0fu);
	assert_int_equal(wire_left(&r), 0);
	assert_int_equal(wire_offset(&r), 115);
	assert_int_equal(r.error, 0);
}

static void first_error_stays_with_its_offset(void **state)
{
	struct wire_reader r;

	(void)state;
	wire_reader_init(&r, data, 5, 100);
	wire_get_u16(&r);
	assert_int_equal(wire_get_u32(&r), 0);
	assert_int_equal(r.error, WIRE_SHORT);
	assert_int_equal(r.error_at, 102);
	/* The bytes that are there are not given out any more. */
	assert_int_equal(wire_get_u8(&r), 0);
	assert_int_equal(wire_left(&r), 0);
	wire_fail(&r, 77);
	assert_int_equal(r.error, WIRE_SHORT);
	assert_null(wire_get_bytes(&r, 1).data);
	assert_int_equal(wire_get_rest(&r).len, 0);
}

static void every_read_past_the_end_gives_zero(void **state)
{
	(void)state;
	for (size_t len = 0; len < 9; len++) {
		struct wire_reader r;

		wire_reader_init(&r, data, len, 0);
		assert_true((wire_get_u64(&r) != 0) == (len == 8));
		wire_reader_init(&r, data, len, 0);
		assert_int_equal(wire_get_bytes(&r, 5).len, len >= 5 ? 5 : 0);
		assert_int_equal(r.error, len >= 5 ? 0 : WIRE_SHORT);
		wire_reader_init(&r, data, len, 0);
		wire_skip(&r, SIZE_MAX);
		assert_int_equal(r.error, WIRE_SHORT);
	}
}

static void sub_reader_ends_where_it_was_told(void **state)
{
	struct wire_reader r, sub;

	(void)state;
	wire_reader_init(&r, data, sizeof(data), 0);
	wire_skip(&r, 3);
	sub = wire_get_sub(&r, 2);
	assert_int_equal(wire_get_u16(&sub), 0x0405);
	assert_int_equal(wire_get_u8(&sub), 0);
	assert_int_equal(sub.error_at, 5);
	assert_int_equal(r.error, 0);
	assert_int_equal(wire_get_u8(&r), 6);
	sub = wire_get_sub(&r, 100);
	assert_int_equal(r.error, WIRE_SHORT);
	assert_int_equal(sub.error, WIRE_SHORT);
	assert_int_equal(sub.error_at, 6);
}

static void empty_buffer_may_be_null(void **state)
{
	struct wire_reader r;

	(void)state;
	wire_reader_init(&r, NULL, 0, 0);
	assert_int_equal(wire_get_rest(&r).len, 0);
	assert_int_equal(r.error, 0);
	assert_int_equal(wire_get_u8(&r), 0);
	assert_int_equal(r.error, WIRE_SHORT);
}

static void writes_what_it_reads(void **state)
{
	uint8_t buf[sizeof(data)];
	struct wire_writer w;

	(void)state;
	wire_writer_init(&w, buf, sizeof(buf));
	wire_put_u8(&w, 1);
	wire_put_u16(&w, 0x0203);
	wire_put_u32(&w, 0x04050607);
	wire_put_u64(&w, 0x08090a0b0c0d0e0fu);
	assert_false(w.overflow);
	assert_memory_equal(buf, data, sizeof(data));
	wire_put_bytes(&w, NULL, 0);
	assert_false(w.overflow);
}

static void overflow_stays_and_nothing_is_written_past(void **state)
{
	uint8_t buf[8];
	struct wire_writer w;

	(void)state;
	for (size_t cap = 0; cap < 7; cap++) {
		memset(buf, 0xee, sizeof(buf));
		wire_writer_init(&w, buf, cap);
		wire_put_bytes(&w, data, 7);
		assert_true(w.overflow);
		wire_put_u8(&w, 1); /* would fit; comes too late */
		wire_put_zero(&w, 1);
		assert_int_equal(w.pos, 0);
		for (size_t i = 0; i < sizeof(buf); i++)
			assert_int_equal(buf[i], 0xee);
	}
}

static void patches_only_what_was_written(void **state)
{
	uint8_t buf[8] = {0};
	struct wire_writer w;

	(void)state;
	wire_writer_init(&w, buf, sizeof(buf));
	wire_put_zero(&w, 4);
	wire_patch_u16(&w, 2, 0x1234);
	wire_patch_u16(&w, 3, 0xffff);
	wire_patch_u32(&w, 1, 0xffffffff);
	wire_patch_u8(&w, SIZE_MAX, 0xff);
	assert_memory_equal(buf, "\0\0\x12\x34\0\0\0\0", 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_big_endian),
		cmocka_unit_test(first_error_stays_with_its_offset),
		cmocka_unit_test(every_read_past_the_end_gives_zero),
		cmocka_unit_test(sub_reader_ends_where_it_was_told),
		cmocka_unit_test(empty_buffer_may_be_null),
		cmocka_unit_test(writes_what_it_reads),
		cmocka_unit_test(overflow_stays_and_nothing_is_written_past),
		cmocka_unit_test(patches_only_what_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
