/* SPDX-License-Identifier: BSD-3-Clause */
/* test_hold.c - packets waiting for an SA: bounds, order, who gives way, and when control is asked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dataplane/hold.h"

#define POLICIES 64u
#define S	 1000000000ull

/* Packets are never looked into: numbers stand for them. */
static struct hold h;
static uintptr_t last;
static unsigned int n_drops, n_released;
static enum drop_reason reason;

static struct rte_mbuf *pkt(uintptr_t n)
{
	return (struct rte_mbuf *)n;
}

static void on_drop(void *ctx, struct rte_mbuf *m, enum drop_reason why)
{
	(void)ctx;
	last = (uintptr_t)m;
	reason = why;
	n_drops++;
}

static void on_release(void *ctx, struct rte_mbuf *m)
{
	(void)ctx;
	assert_true((uintptr_t)m > last || n_released == 0); /* oldest first */
	last = (uintptr_t)m;
	n_released++;
}

static int setup(void **state)
{
	(void)state;
	n_drops = n_released = 0;
	last = 0;
	return hold_init(&h, POLICIES, on_drop, on_release, NULL);
}

static int teardown(void **state)
{
	(void)state;
	hold_destroy(&h);
	return 0;
}

static void releases_in_order(void **state)
{
	(void)state;
	for (uintptr_t i = 1; i <= 20; i++)
		hold_put(&h, i % 2, pkt(i), i);
	hold_release(&h, 1);
	assert_int_equal(n_released, 10);
	assert_int_equal(last, 19);
	assert_int_equal(h.n, 10);
	n_released = 0;
	hold_release(&h, 0);
	assert_int_equal(n_released, 10);
	assert_int_equal(n_drops, 0);
	assert_int_equal(h.n, 0);
}

static void drops_the_policy_s_oldest_beyond_32(void **state)
{
	(void)state;
	hold_put(&h, 9, pkt(1000), 0);
	for (uintptr_t i = 1; i <= HOLD_PER_POLICY; i++)
		hold_put(&h, 3, pkt(i), 0);
	assert_int_equal(n_drops, 0);
	hold_put(&h, 3, pkt(100), 0);
	assert_int_equal(n_drops, 1);
	assert_int_equal(last, 1);
	assert_int_equal(reason, DROP_OUT_NO_STATES);
	assert_int_equal(h.policies[3].n, HOLD_PER_POLICY);
}

static void drops_the_oldest_of_all_beyond_512(void **state)
{
	(void)state;
	for (uintptr_t i = 1; i <= HOLD_TOTAL; i++)
		hold_put(&h, (uint32_t)(i % POLICIES), pkt(i), 0);
	assert_int_equal(n_drops, 0);
	hold_put(&h, 5, pkt(9999), 0);
	assert_int_equal(n_drops, 1);
	assert_int_equal(last, 1);
	assert_int_equal(h.n, HOLD_TOTAL);
}

static void asks_once_a_second_per_policy(void **state)
{
	(void)state;
	assert_true(hold_put(&h, 1, pkt(1), 10 * S));
	assert_false(hold_put(&h, 1, pkt(2), 10 * S + 1));
	assert_true(hold_put(&h, 2, pkt(3), 10 * S + 2));
	assert_false(hold_put(&h, 1, pkt(4), 11 * S - 1));
	assert_true(hold_put(&h, 1, pkt(5), 11 * S));
}

static void drops_as_policy_dead_when_the_policy_goes(void **state)
{
	(void)state;
	hold_put(&h, 1, pkt(1), S);
	hold_put(&h, 2, pkt(2), S);
	hold_forget(&h, 1);
	assert_int_equal(n_drops, 1);
	assert_int_equal(last, 1);
	assert_int_equal(reason, DROP_OUT_POLICY_DEAD);
	assert_int_equal(h.n, 1);
	assert_true(hold_put(&h, 1, pkt(3), S)); /* another policy has the index: asked anew */
}

static void drops_after_30_seconds(void **state)
{
	(void)state;
	hold_put(&h, 1, pkt(1), S);
	hold_put(&h, 1, pkt(2), 2 * S);
	hold_expire(&h, S + HOLD_NS - 1);
	assert_int_equal(n_drops, 0);
	hold_expire(&h, S + HOLD_NS);
	assert_int_equal(n_drops, 1);
	assert_int_equal(reason, DROP_OUT_NO_STATES);
	hold_expire(&h, 2 * S + HOLD_NS);
	assert_int_equal(n_drops, 2);
}

/* Whatever happens in whatever order, every packet comes out once and the bounds hold. */
static void loses_and_doubles_none_at_random(void **state)
{
	uintptr_t put = 0;

	(void)state;
	srand(4);
	for (int i = 0; i < 200000; i++) {
		uint32_t policy = (uint32_t)rand() % (rand() % 2 ? POLICIES : 4);

		if (rand() % 200 == 0) {
			last = 0;
			hold_forget(&h, policy);
		} else if (rand() % 100 == 0) {
			last = 0;
			hold_release(&h, policy);
		} else {
			hold_put(&h, policy, pkt(++put), (uint64_t)i * 1000000);
		}
		hold_expire(&h, (uint64_t)i * 1000000);
		assert_true(h.n <= HOLD_TOTAL);
		assert_true(h.policies[policy].n <= HOLD_PER_POLICY);
		assert_int_equal(put, n_drops + n_released + h.n);
	}
	hold_destroy(&h);
	assert_int_equal(put, n_drops + n_released);
}

int main(void)
{
#define WITH_HOLD(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_HOLD(releases_in_order),
		WITH_HOLD(drops_the_policy_s_oldest_beyond_32),
		WITH_HOLD(drops_the_oldest_of_all_beyond_512),
		WITH_HOLD(asks_once_a_second_per_policy),
		WITH_HOLD(drops_as_policy_dead_when_the_policy_goes),
		WITH_HOLD(drops_after_30_seconds),
		WITH_HOLD(loses_and_doubles_none_at_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
