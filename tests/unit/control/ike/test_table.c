/* SPDX-License-Identifier: BSD-3-Clause */
/* test_table.c - the hash table, against a plain array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/table.h"

#define N 2000

struct entry {
	struct table_node node;
	uint64_t key;
	int in;
};

static struct entry *find(const struct table *t, uint64_t key)
{
	struct table_node *n = table_first(t, table_hash(t, &key, sizeof(key)));

	for (; n != NULL; n = table_next(n)) {
		struct entry *e = TABLE_ENTRY(n, struct entry, node);

		if (e->key == key)
			return e;
	}
	return NULL;
}

static void behaves_as_an_array_does(void **state)
{
	static struct entry e[N];
	uint64_t rng = 1;
	size_t count = 0;
	struct table t;

	(void)state;
	assert_int_equal(table_init(&t, 99), 0);
	for (unsigned i = 0; i < N; i++)
		e[i].key = i * 0x100000001ULL;
	for (int step = 0; step < 200000; step++) {
		struct entry *x;

		rng = rng * 6364136223846793005ULL + 1442695040888963407ULL;
		x = &e[(rng >> 33) % N];
		assert_ptr_equal(find(&t, x->key), x->in ? x : NULL);
		if (x->in)
			table_remove(&t, &x->node);
		else
			table_insert(&t, &x->node, table_hash(&t, &x->key, sizeof(x->key)));
		count += x->in ? -1 : 1;
		x->in = !x->in;
		assert_int_equal(t.count, count);
	}
	assert_true(t.n_buckets >= 512);
	table_fini(&t);
}

static void equal_hashes_are_told_apart_by_the_caller(void **state)
{
	struct entry a = {.key = 1}, b = {.key = 2};
	struct table t;

	(void)state;
	assert_int_equal(table_init(&t, 1), 0);
	table_insert(&t, &a.node, 7);
	table_insert(&t, &b.node, 7);
	assert_ptr_equal(table_first(&t, 7), &b.node);
	assert_ptr_equal(table_next(&b.node), &a.node);
	assert_null(table_next(&a.node));
	assert_null(table_first(&t, 7 + 64));
	table_fini(&t);
}

static void seed_and_length_change_the_hash(void **state)
{
	static const uint8_t zeros[16];
	struct table t, u;

	(void)state;
	assert_int_equal(table_init(&t, 1), 0);
	assert_int_equal(table_init(&u, 2), 0);
	assert_true(table_hash(&t, zeros, 8) != table_hash(&u, zeros, 8));
	assert_true(table_hash(&t, zeros, 8) != table_hash(&t, zeros, 9));
	table_fini(&t);
	table_fini(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behaves_as_an_array_does),
		cmocka_unit_test(equal_hashes_are_told_apart_by_the_caller),
		cmocka_unit_test(seed_and_length_change_the_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
