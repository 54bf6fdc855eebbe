/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_scale.c - many tunnels in one process: two engines with N peers each come up, are rekeyed,
 * and end. Arguments: N of IKEv1 (default 500) and of IKEv2. No assertion on time, but anything
 * that grows with N per packet shows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/many.h"
#include "tests/sim/sim.h"

static unsigned n_peers = 500, n_peers_v2;

static void come_up_and_rekey(enum ike_exchange_mode mode, unsigned count)
{
	const struct many m = {.count = count, .mode = mode, .group = 19, .hub_initiates = 1};
	uint64_t now = 1000000000000ULL;
	struct many_node n[2];

	many_init(n, &m, now);
	/* All come from one address, and the guard lets its rate through: retries do the rest. */
	many_advance(n, &now, now + (900 + count / 5) * 1000000000ULL);
	for (int i = 0; i < 2; i++) {
		const struct ike_counters *c = ike_engine_counters(n[i].engine);

		assert_int_equal(n[i].pairs, count);
		assert_int_equal(n[i].reserved, 0);
		assert_true(c->quick_established >= count);
	}
	many_advance(n, &now, now + 24000 * 1000000000ULL);
	assert_true(ike_engine_counters(n[0].engine)->quick_established >= 2 * count);
	ike_engine_terminate(n[1].engine, NULL, now);
	many_settle(n, now);
	assert_int_equal(n[1].pairs, 0);
	many_fini(n);
}

static void many_tunnels_come_up_and_are_rekeyed(void **state)
{
	(void)state;
	come_up_and_rekey(IKE_MODE_MAIN, n_peers);
}

static void many_tunnels_of_ike2_come_up_and_are_rekeyed(void **state)
{
	(void)state;
	come_up_and_rekey(IKE_MODE_IKE2, n_peers_v2);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_tunnels_come_up_and_are_rekeyed),
		cmocka_unit_test(many_tunnels_of_ike2_come_up_and_are_rekeyed),
	};

	n_peers = (unsigned)sim_count(argc, argv, 1, n_peers);
	n_peers_v2 = (unsigned)sim_count(argc, argv, 2, n_peers);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
