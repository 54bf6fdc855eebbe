/* SPDX-License-Identifier: BSD-3-Clause */
/* test_sa_store.c - memory of SAs: empty, apart from each other, close together, and given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_memory.h>

#include "dataplane/arena.h"
#include "dataplane/ipsec/sa_store.h"
#include "tests/random.h"
#include "tests/unit/dataplane/harness.h"

#define PLACES 3000u
#define STEPS  60000u

static bool is_all(const uint8_t *p, size_t n, uint8_t byte)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != byte)
			return false;
	return true;
}

/* Sizes of a few suites, two of which meet in one list, and at times one of any. */
static size_t size_of(uint64_t x)
{
	static const size_t usual[] = {768, 700, 1216, 768 + 64 * SA_STORE_CLASSES};

	return x % 50 == 0 ? 1 + (x >> 8) % SA_STORE_MAX : usual[(x >> 8) % 4];
}

/* At random; everybody writes a mark of its own and finds it again. Beside it the arena itself says
 * whether all has been given back. */
static void places_are_empty_and_apart_and_given_back(void **state)
{
	static uint8_t *place[PLACES];
	static size_t size[PLACES];
	struct sa_store st = {.open = {NULL}};
	size_t before = arena_used(0);
	uint64_t seed = 11;

	(void)state;
	for (unsigned int step = 0; step < STEPS; step++) {
		uint64_t x = random_next(&seed);
		unsigned int i = (unsigned int)(x % PLACES);

		if (place[i] != NULL) {
			assert_true(is_all(place[i], size[i], (uint8_t)i));
			sa_store_give(place[i]);
			place[i] = NULL;
			continue;
		}
		size[i] = size_of(random_next(&seed));
		place[i] = sa_store_take(&st, size[i], SOCKET_ID_ANY);
		assert_non_null(place[i]);
		assert_int_equal((uintptr_t)place[i] % 64, 0);
		assert_true(is_all(place[i], size[i], 0));
		memset(place[i], (int)(uint8_t)i, size[i]);
	}
	for (unsigned int i = 0; i < PLACES; i++) {
		assert_true(place[i] == NULL || is_all(place[i], size[i], (uint8_t)i));
		sa_store_give(place[i]);
	}
	assert_int_equal(arena_used(0), before);
	for (unsigned int i = 0; i < SA_STORE_CLASSES; i++)
		assert_null(st.open[i]);
}

/* What the store is for. */
static void places_of_one_size_lie_next_to_each_other(void **state)
{
	struct sa_store st = {.open = {NULL}};
	size_t before = arena_used(0), used;
	uint8_t *place[1000];

	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		place[i] = sa_store_take(&st, 768, SOCKET_ID_ANY);
		assert_non_null(place[i]);
	}
	used = arena_used(0) - before;
	for (unsigned int i = 0; i < 1000; i++)
		sa_store_give(place[i]);
	assert_in_range(used, 1000 * 768, 1000 * 768 * 11 / 10);
}

static void what_is_freed_is_taken_first(void **state)
{
	struct sa_store st = {.open = {NULL}};
	uint8_t *a = sa_store_take(&st, 768, SOCKET_ID_ANY);
	uint8_t *b = sa_store_take(&st, 768, SOCKET_ID_ANY);
	uint8_t *c;

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	sa_store_give(a);
	c = sa_store_take(&st, 768, SOCKET_ID_ANY);
	assert_ptr_equal(c, a);
	sa_store_give(c);
	sa_store_give(b);
}

static void too_much_and_nothing_are_refused(void **state)
{
	struct sa_store st = {.open = {NULL}};

	(void)state;
	assert_null(sa_store_take(&st, 0, SOCKET_ID_ANY));
	assert_null(sa_store_take(&st, SA_STORE_MAX + 1, SOCKET_ID_ANY));
	sa_store_give(NULL);
}

static int begin(void **state)
{
	(void)state;
	return harness_eal();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_empty_and_apart_and_given_back),
		cmocka_unit_test(places_of_one_size_lie_next_to_each_other),
		cmocka_unit_test(what_is_freed_is_taken_first),
		cmocka_unit_test(too_much_and_nothing_are_refused),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
