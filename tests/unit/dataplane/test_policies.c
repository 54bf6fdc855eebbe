/* SPDX-License-Identifier: BSD-3-Clause */
/* test_policies.c - generations: their order, and that a policy keeps its index while it lives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/policies.h"

#define MAX 8u

static struct policies p;
static uint32_t gone[64];
static unsigned int n_gone;

static struct abi_policy policy(uint32_t generation, uint32_t id)
{
	return (struct abi_policy){
		.generation = generation,
		.policy_id = id,
		.action = ABI_ACT_DISCARD,
		.local = {.family = 4, .port_hi = 65535, .hi = {255, 255, 255, 255}},
		.remote = {.family = 4, .port_hi = 65535, .hi = {255, 255, 255, 255}}};
}

static void on_gone(void *ctx, uint32_t index)
{
	(void)ctx;
	gone[n_gone++] = index;
}

static uint16_t commit(uint32_t generation, const uint32_t *ids, uint32_t n, uint32_t *detail)
{
	uint16_t status = policies_begin(&p, generation, n);

	for (uint32_t i = 0; i < n && status == ABI_OK; i++) {
		struct abi_policy rec = policy(generation, ids[i]);

		status = policies_add(&p, &rec, detail);
	}
	if (status == ABI_OK)
		status = policies_check_commit(&p, generation, n);
	if (status == ABI_OK)
		status = policies_assign(&p, detail);
	if (status == ABI_OK)
		policies_accept(&p, on_gone, NULL);
	return status;
}

static int setup(void **state)
{
	(void)state;
	n_gone = 0;
	return policies_create(&p, MAX);
}

static int teardown(void **state)
{
	(void)state;
	policies_free(&p);
	return 0;
}

static void keeps_the_index_of_a_policy_that_stays(void **state)
{
	uint32_t first[] = {30, 10, 20}, second[] = {5, 20, 30}, detail, i30, i20, i10;

	(void)state;
	assert_int_equal(commit(1, first, 3, &detail), ABI_OK);
	i30 = policies_index(&p, 30);
	i20 = policies_index(&p, 20);
	i10 = policies_index(&p, 10);
	assert_int_equal(commit(2, second, 3, &detail), ABI_OK);
	assert_int_equal(policies_index(&p, 30), i30);
	assert_int_equal(policies_index(&p, 20), i20);
	assert_int_equal(policies_index(&p, 10), POLICIES_NONE);
	assert_int_equal(n_gone, 1);
	assert_int_equal(gone[0], i10);
	assert_int_equal(p.id[i10], 0);
	assert_int_equal(p.id[i20], 20);
	/* and it is in no other hand before its grace period */
	assert_int_not_equal(policies_index(&p, 5), i10);
}

static void gives_an_index_again_only_after_release(void **state)
{
	uint32_t all[MAX], other[] = {100}, detail = 0, freed;

	(void)state;
	for (uint32_t i = 0; i < MAX; i++)
		all[i] = i + 1;
	assert_int_equal(commit(1, all, MAX, &detail), ABI_OK);
	freed = policies_index(&p, 8);
	assert_int_equal(commit(2, all, MAX - 1, &detail), ABI_OK);
	all[7] = 100;
	assert_int_equal(commit(3, all, MAX, &detail), ABI_ERR_NO_SPACE);
	assert_int_equal(policies_index(&p, 100), POLICIES_NONE);
	assert_int_equal(policies_index(&p, 7), 6);
	policies_release(&p, freed);
	assert_int_equal(commit(4, all, MAX, &detail), ABI_OK);
	assert_int_equal(policies_index(&p, other[0]), freed);
}

static void refuses_two_policies_of_one_id(void **state)
{
	uint32_t ids[] = {3, 9, 4, 9, 5}, detail = 77;

	(void)state;
	assert_int_equal(commit(1, ids, 5, &detail), ABI_ERR_FIELD);
	assert_int_equal(detail, 3);
	assert_int_equal(p.n_live, 0);
}

static void takes_several_records_of_one_policy(void **state)
{
	uint32_t detail = 77;

	(void)state;
	for (uint32_t differ = 0; differ < 3; differ++) {
		assert_int_equal(policies_begin(&p, differ, 4), ABI_OK);
		for (uint32_t i = 0; i < 4; i++) {
			struct abi_policy rec = policy(differ, i == 1 ? 5 : 9);

			rec.local.lo[0] = (uint8_t)i;
			if (i != 1) {
				rec.action = ABI_ACT_PROTECT;
				rec.mode = ABI_MODE_TUNNEL;
				rec.tunnel_remote.family = 4;
				rec.tunnel_remote.bytes[0] = differ == 1 && i == 3;
				rec.flags = differ == 2 && i == 2 ? ABI_POL_F_ALLOW_CLEAR : 0;
			}
			assert_int_equal(policies_add(&p, &rec, &detail), ABI_OK);
		}
		assert_int_equal(policies_check_commit(&p, differ, 4), ABI_OK);
		if (differ != 0) {
			assert_int_equal(policies_assign(&p, &detail), ABI_ERR_FIELD);
			assert_int_equal(detail, differ == 1 ? 3 : 2);
			continue;
		}
		assert_int_equal(policies_assign(&p, &detail), ABI_OK);
		assert_int_equal(p.n_next, 2);
		assert_int_equal(p.index[0], p.index[2]);
		assert_int_equal(p.index[0], p.index[3]);
		assert_int_not_equal(p.index[0], p.index[1]);
		policies_accept(&p, on_gone, NULL);
		assert_int_equal(p.n_live, 2);
		assert_int_equal(policies_index(&p, 9), p.index[0]);
	}
	assert_int_equal(n_gone, 0);
}

static void refuses_records_out_of_order(void **state)
{
	struct abi_policy rec = policy(7, 1), other = policy(8, 2);
	uint32_t detail;

	(void)state;
	assert_int_equal(policies_add(&p, &rec, &detail), ABI_ERR_SEQUENCE);
	assert_int_equal(policies_check_commit(&p, 0, 0), ABI_ERR_SEQUENCE);
	assert_int_equal(policies_begin(&p, 7, MAX + 1), ABI_ERR_NO_SPACE);
	assert_int_equal(policies_add(&p, &rec, &detail), ABI_ERR_SEQUENCE);
	assert_int_equal(policies_begin(&p, 7, 1), ABI_OK);
	assert_int_equal(policies_add(&p, &other, &detail), ABI_ERR_SEQUENCE);
	assert_int_equal(policies_add(&p, &rec, &detail), ABI_OK);
	assert_int_equal(policies_add(&p, &rec, &detail), ABI_ERR_SEQUENCE); /* more than count */
	assert_int_equal(policies_check_commit(&p, 8, 1), ABI_ERR_SEQUENCE);
	assert_int_equal(policies_check_commit(&p, 7, 1), ABI_ERR_SEQUENCE); /* forgotten now */
	assert_int_equal(policies_begin(&p, 9, 2), ABI_OK);
	assert_int_equal(policies_check_commit(&p, 9, 2), ABI_ERR_SEQUENCE); /* fewer than count */
}

/* Against a twin that remembers everything: an index has one owner, and is not given away while a
 * worker may still count on it. */
static void agrees_with_a_naive_twin(void **state)
{
	uint32_t owner[MAX] = {0}; /* 0 free, else id; waiting ones keep the id + 1000 */
	uint32_t ids[MAX], detail;

	(void)state;
	srand(5);
	for (uint32_t g = 1; g < 20000; g++) {
		uint32_t n = 0;

		for (uint32_t id = 1; id <= 12 && n < MAX; id++)
			if (rand() % 3 == 0)
				ids[n++] = id;
		for (uint32_t i = 0; i < n; i++) { /* shuffle */
			uint32_t k = (uint32_t)rand() % n, t = ids[i];

			ids[i] = ids[k];
			ids[k] = t;
		}
		n_gone = 0;
		if (commit(g, ids, n, &detail) == ABI_OK) {
			for (uint32_t i = 0; i < n_gone; i++)
				owner[gone[i]] += 1000;
			for (uint32_t i = 0; i < n; i++) {
				uint32_t at = policies_index(&p, ids[i]);

				assert_true(at < MAX);
				assert_true(owner[at] == 0 || owner[at] == ids[i]);
				owner[at] = ids[i];
			}
			for (uint32_t at = 0; at < MAX; at++)
				assert_int_equal(p.id[at], owner[at] > 1000 ? 0 : owner[at]);
		}
		for (uint32_t at = 0; at < MAX; at++)
			if (owner[at] > 1000 && rand() % 2) {
				policies_release(&p, at);
				owner[at] = 0;
			}
	}
}

int main(void)
{
#define WITH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH(keeps_the_index_of_a_policy_that_stays),
		WITH(gives_an_index_again_only_after_release),
		WITH(refuses_two_policies_of_one_id),
		WITH(takes_several_records_of_one_policy),
		WITH(refuses_records_out_of_order),
		WITH(agrees_with_a_naive_twin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
