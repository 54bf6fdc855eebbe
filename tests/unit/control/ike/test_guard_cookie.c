/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_guard_cookie.c - when IKEv2 asks for cookies, and which it takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/guard.h"

#define SEC 1000000000ULL

static struct guard g;
static const struct abi_addr src = {.family = 4, .bytes = {192, 0, 2, 1}};
static const struct ike_view nonce = {(const uint8_t *)"0123456789abcdef", 16};

static int setup(void **state)
{
	(void)state;
	assert_int_equal(guard_init(&g, 7), 0);
	memset(g.secret, 0x42, sizeof(g.secret));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	guard_fini(&g);
	return 0;
}

static void a_cookie_is_good_for_what_it_was_made_for(void **state)
{
	const struct abi_addr other = {.family = 4, .bytes = {192, 0, 2, 2}};
	const struct ike_view nonce2 = {(const uint8_t *)"0123456789abcdeg", 16};
	uint8_t cookie[GUARD_COOKIE];
	struct ike_view v = {cookie, sizeof(cookie)};

	(void)state;
	assert_int_equal(guard_cookie(&g, &src, 5, nonce, 1000 * SEC, cookie), 0);
	assert_true(guard_cookie_ok(&g, &src, 5, nonce, v, 1000 * SEC));
	assert_false(guard_cookie_ok(&g, &src, 6, nonce, v, 1000 * SEC));
	assert_false(guard_cookie_ok(&g, &other, 5, nonce, v, 1000 * SEC));
	assert_false(guard_cookie_ok(&g, &src, 5, nonce2, v, 1000 * SEC));
	g.secret[0] ^= 1;
	assert_false(guard_cookie_ok(&g, &src, 5, nonce, v, 1000 * SEC));
	g.secret[0] ^= 1;
	for (size_t i = 0; i < sizeof(cookie); i++) {
		cookie[i] ^= 1;
		assert_false(guard_cookie_ok(&g, &src, 5, nonce, v, 1000 * SEC));
		cookie[i] ^= 1;
	}
	for (v.len = 0; v.len < sizeof(cookie); v.len++)
		assert_false(guard_cookie_ok(&g, &src, 5, nonce, v, 1000 * SEC));
}

static void a_cookie_grows_old(void **state)
{
	uint8_t cookie[GUARD_COOKIE];
	struct ike_view v = {cookie, sizeof(cookie)};

	(void)state;
	assert_int_equal(guard_cookie(&g, &src, 5, nonce, 960 * SEC, cookie), 0);
	assert_true(guard_cookie_ok(&g, &src, 5, nonce, v, 1019 * SEC));
	assert_true(guard_cookie_ok(&g, &src, 5, nonce, v, 1079 * SEC));
	assert_false(guard_cookie_ok(&g, &src, 5, nonce, v, 1080 * SEC));
	/* the number of the period comes round again; the period does not */
	assert_false(guard_cookie_ok(&g, &src, 5, nonce, v, 960 * SEC + 256 * 60 * SEC));
}

static void half_open_sas_make_cookies_needed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < GUARD_COOKIE_SOURCE; i++) {
		assert_false(guard_wants_cookie(&g, &src));
		assert_int_equal(guard_admit(&g, &src, i * SEC), GUARD_ADMIT);
	}
	assert_true(guard_wants_cookie(&g, &src));
	guard_release(&g, &src);
	assert_false(guard_wants_cookie(&g, &src));
	for (unsigned i = GUARD_COOKIE_SOURCE - 1; i < GUARD_COOKIE_TOTAL; i++) {
		struct abi_addr a = {.family = 4, .bytes = {10, 0, 0, (uint8_t)i}};

		assert_false(guard_wants_cookie(&g, &a));
		assert_int_equal(guard_admit(&g, &a, i * SEC), GUARD_ADMIT);
	}
	assert_true(guard_wants_cookie(&g, &(struct abi_addr){.family = 4, .bytes = {9}}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_cookie_is_good_for_what_it_was_made_for, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_cookie_grows_old, setup, teardown),
		cmocka_unit_test_setup_teardown(half_open_sas_make_cookies_needed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
