/* SPDX-License-Identifier: BSD-3-Clause */
/* test_arena.c - memory of the arena: empty, apart from each other, and as much as is wanted. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <rte_malloc.h>

#include "dataplane/arena.h"
#include "tests/unit/dataplane/harness.h"

#define BLOCKS 12000u
#define LARGE  ((size_t)9 << 20) /* more than half a piece: EAL's */

static uint8_t *block[BLOCKS];

static size_t size_of(unsigned int i)
{
	return 64 + (size_t)(i * 2654435761u >> 20); /* up to 4 KB: 25 MB in all, several pieces */
}

static bool is_all(const uint8_t *p, size_t n, uint8_t byte)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != byte)
			return false;
	return true;
}

static void take_all(void)
{
	for (unsigned int i = 0; i < BLOCKS; i++) {
		block[i] = arena_zmalloc("test", size_of(i), 64, SOCKET_ID_ANY);
		assert_non_null(block[i]);
		assert_int_equal((uintptr_t)block[i] % 64, 0);
		assert_true(is_all(block[i], size_of(i), 0));
		memset(block[i], (int)(i | 1), size_of(i));
	}
}

static void give_all(void)
{
	for (unsigned int i = 0; i < BLOCKS; i++) {
		assert_true(is_all(block[i], size_of(i), (uint8_t)(i | 1)));
		rte_free(block[i]);
	}
}

static void blocks_are_empty_and_apart_and_come_again(void **state)
{
	size_t before = arena_used(0);

	(void)state;
	for (unsigned int round = 0; round < 3; round++) {
		take_all();
		assert_true(arena_used(0) > before + ((size_t)20 << 20));
		give_all();
		assert_int_equal(arena_used(0), before);
	}
}

static void what_is_too_large_for_it_comes_from_eal(void **state)
{
	struct rte_malloc_socket_stats before, after;
	uint8_t *p;

	(void)state;
	assert_int_equal(rte_malloc_get_socket_stats(0, &before), 0);
	p = arena_zmalloc("test", LARGE, 64, SOCKET_ID_ANY);
	assert_non_null(p);
	assert_true(is_all(p, LARGE, 0));
	assert_int_equal(rte_malloc_get_socket_stats(0, &after), 0);
	assert_true(after.heap_allocsz_bytes >= before.heap_allocsz_bytes + LARGE);
	rte_free(p);
}

static void there_is_one_arena(void **state)
{
	(void)state;
	(void)arena_create(); /* the harness's, if the kernel grants any */
	assert_true(arena_create() != 0);
}

static int begin(void **state)
{
	(void)state;
	return harness_eal();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_empty_and_apart_and_come_again),
		cmocka_unit_test(what_is_too_large_for_it_comes_from_eal),
		cmocka_unit_test(there_is_one_arena),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
