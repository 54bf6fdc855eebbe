/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_ts2.c - traffic selector payloads of IKEv2 and narrowing, against counting addresses.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/ts2.h"

static struct ts2_list list;

static struct abi_range range(uint8_t lo, uint8_t hi)
{
	return (struct abi_range){
		.family = 4, .port_hi = UINT16_MAX, .lo = {10, 0, 0, lo}, .hi = {10, 0, 0, hi}};
}

/* Decodes a body as msg.c would have split it. */
static int decode(const uint8_t *body, size_t len)
{
	struct ike_pld_ts pld = {.count = body[0], .selectors = {body + 4, len - 4}};

	return ts2_decode(&list, &pld);
}

static void written_selectors_come_back(void **state)
{
	struct abi_range r[3] = {range(0, 255),
				 range(7, 7),
				 {.family = 6, .protocol = 6, .port_lo = 80, .port_hi = 90}};
	uint8_t buf[256];
	struct wire_writer w;

	(void)state;
	r[2].lo[0] = 0x20;
	memset(r[2].hi, 0xff, 16);
	wire_writer_init(&w, buf, sizeof(buf));
	assert_int_equal(ts2_put(&w, r, 3), 0);
	assert_int_equal(w.pos, 4 + 16 + 16 + 40);
	assert_int_equal(decode(buf, w.pos), 0);
	assert_int_equal(list.n, 3);
	for (int i = 0; i < 3; i++)
		assert_true(ts_equal(&list.r[i], &r[i]));
	assert_int_equal(ts2_put(&w, r, 0), -EINVAL);
	r[0].hi[0] = 9;
	assert_int_equal(ts2_put(&w, r, 1), -EINVAL);
}

static void bad_selectors_are_malformed_and_strange_ones_left_out(void **state)
{
	static const struct {
		uint8_t type, len;
		uint16_t lo, hi;
		uint8_t from, to;
		int r, n;
	} cases[] = {
		{7, 16, 0, 65535, 1, 2, 0, 1},	      {7, 16, 5, 4, 1, 2, -EBADMSG, 0},
		{7, 16, 0, 65535, 2, 1, -EBADMSG, 0}, {7, 15, 0, 65535, 1, 2, -EBADMSG, 0},
		{8, 16, 0, 65535, 1, 2, -EBADMSG, 0}, {9, 16, 0, 65535, 2, 1, 0, 0},
		{7, 16, 65535, 0, 1, 2, 0, 0},	      {7, 3, 0, 0, 1, 2, -EBADMSG, 0},
		{7, 17, 0, 65535, 1, 2, -EBADMSG, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t b[20] = {1,
				 0,
				 0,
				 0,
				 cases[i].type,
				 0,
				 0,
				 cases[i].len,
				 (uint8_t)(cases[i].lo >> 8),
				 (uint8_t)cases[i].lo,
				 (uint8_t)(cases[i].hi >> 8),
				 (uint8_t)cases[i].hi,
				 10,
				 0,
				 0,
				 cases[i].from,
				 10,
				 0,
				 0,
				 cases[i].to};

		assert_int_equal(decode(b, sizeof(b)), cases[i].r);
		assert_int_equal(list.n, cases[i].n);
	}
}

static void narrowing_leaves_what_both_have(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct abi_range ours[3], out[16];
		bool want[64] = {0}, got[64] = {0};
		size_t n;

		list.n = 3;
		for (int i = 0; i < 6; i++) {
			uint8_t a, b;

			seed = seed * 1103515245u + 12345u;
			a = seed >> 16 & 63;
			b = seed >> 24 & 63;
			if (i < 3)
				ours[i] = range(a < b ? a : b, a < b ? b : a);
			else
				list.r[i - 3] = range(a < b ? a : b, a < b ? b : a);
		}
		n = ts2_narrow(ours, 3, &list, out, 16);
		for (uint8_t x = 0; x < 64; x++) {
			struct abi_range one = range(x, x);

			want[x] = ts2_within(&one, 1, ours, 3) && ts2_within(&one, 1, list.r, 3);
			got[x] = ts2_within(&one, 1, out, n);
		}
		assert_memory_equal(want, got, sizeof(want));
		for (size_t i = 0; i < n; i++) {
			for (size_t k = 0; k < n; k++)
				assert_true(i == k || !ts_contains(&out[i], &out[k]));
		}
	}
}

static void narrowing_stops_at_what_fits(void **state)
{
	struct abi_range ours = range(0, 255), out[2];

	(void)state;
	list.n = 3;
	for (uint8_t i = 0; i < 3; i++)
		list.r[i] = range((uint8_t)(i * 10), (uint8_t)(i * 10 + 5));
	assert_int_equal(ts2_narrow(&ours, 1, &list, out, 2), 2);
	assert_true(ts_equal(&out[0], &list.r[0]));
	assert_true(ts_equal(&out[1], &list.r[1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_selectors_come_back),
		cmocka_unit_test(bad_selectors_are_malformed_and_strange_ones_left_out),
		cmocka_unit_test(narrowing_leaves_what_both_have),
		cmocka_unit_test(narrowing_stops_at_what_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
