/* SPDX-License-Identifier: BSD-3-Clause */
/* test_secret.c - secrets are wiped when freed, locked, and never fall back to the ordinary heap.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <openssl/crypto.h>

#include "control/secret.h"

#define ARENA (64u * 1024)

/* XORed with 0x5a, so that the pattern itself stands nowhere in the image of this test. */
static const uint8_t veiled[16] = {0x9d, 0x17, 0xe3, 0x42, 0xb8, 0x6c, 0x05, 0xf1,
				   0x3a, 0xd4, 0x7e, 0x89, 0x21, 0xcb, 0x50, 0x96};

static void reveal(volatile uint8_t *out)
{
	for (size_t i = 0; i < sizeof(veiled); i++)
		out[i] = veiled[i] ^ 0x5a;
}

static size_t count_marks(const uint8_t *mem, size_t len)
{
	size_t n = 0;

	for (size_t at = 0; at + sizeof(veiled) <= len; at++) {
		size_t i = 0;

		while (i < sizeof(veiled) && mem[at + i] == (veiled[i] ^ 0x5a))
			i++;
		n += i == sizeof(veiled);
	}
	return n;
}

static void wipes_on_free(void **state)
{
	uint8_t mark[sizeof(veiled)];
	struct secret *a, *b;
	const uint8_t *arena;

	(void)state;
	reveal(mark);
	a = secret_new(mark, sizeof(mark));
	b = secret_new(mark, sizeof(mark));
	assert_non_null(a);
	assert_non_null(b);
	assert_memory_equal(a->data, mark, sizeof(mark));
	/* both lie in one arena, so a window over both of them stays readable after the frees */
	arena = (const uint8_t *)((uintptr_t)a & ~(uintptr_t)(ARENA / 16 - 1));
	assert_int_equal(count_marks(arena, ARENA / 16), 2);
	secret_free(a);
	assert_int_equal(count_marks(arena, ARENA / 16), 1);
	secret_free(b);
	assert_int_equal(count_marks(arena, ARENA / 16), 0);
}

static void wipes_records(void **state)
{
	uint8_t mark[sizeof(veiled)];
	const uint8_t *arena;
	uint8_t *p = secret_alloc(600);

	(void)state;
	reveal(mark);
	assert_non_null(p);
	memcpy(p + 500, mark, sizeof(mark));
	arena = (const uint8_t *)((uintptr_t)p & ~(uintptr_t)(ARENA / 16 - 1));
	assert_int_equal(count_marks(arena, ARENA / 16), 1);
	secret_release(p, 600);
	assert_int_equal(count_marks(arena, ARENA / 16), 0);
}

static void lives_in_the_arena(void **state)
{
	struct secret *s = secret_new("x", 1);

	(void)state;
	assert_int_equal(CRYPTO_secure_allocated(s), 1);
	secret_free(s);
}

static void full_arena_is_refused(void **state)
{
	static struct secret *all[ARENA / 64];
	size_t n = 0;

	(void)state;
	while (n < sizeof(all) / sizeof(all[0])) {
		all[n] = secret_new(NULL, 1000);
		if (all[n] == NULL)
			break;
		n++;
	}
	assert_in_range(n, ARENA / 1024 / 2, ARENA / 1024);
	while (n > 0)
		secret_free(all[--n]);
	secret_free(NULL);
	assert_null(secret_new(NULL, SIZE_MAX));
}

static void compares_length_and_bytes(void **state)
{
	struct secret *s = secret_new("123456", 6);

	(void)state;
	assert_true(secret_equal(s, "123456", 6));
	assert_false(secret_equal(s, "123457", 6));
	assert_false(secret_equal(s, "123456", 5));
	assert_false(secret_equal(s, "1234567", 7));
	secret_free(s);
}

static void forbids_core_dumps(void **state)
{
	struct rlimit r;

	(void)state;
	assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
	assert_int_equal(getrlimit(RLIMIT_CORE, &r), 0);
	assert_int_equal(r.rlim_max, 0);
}

static int setup(void **state)
{
	(void)state;
	return secret_setup(ARENA) < 0;
}

static int teardown(void **state)
{
	(void)state;
	secret_teardown();
	return secret_new("x", 1) != NULL; /* no arena, no secret */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wipes_on_free),
		cmocka_unit_test(wipes_records),
		cmocka_unit_test(lives_in_the_arena),
		cmocka_unit_test(full_arena_is_refused),
		cmocka_unit_test(compares_length_and_bytes),
		cmocka_unit_test(forbids_core_dumps),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
