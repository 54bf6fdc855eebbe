/* SPDX-License-Identifier: BSD-3-Clause */
/* test_main.c - main mode and quick mode between two engines on a good network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/crypto/suite.h"
#include "tests/sim/sim.h"

static void passive(struct sim *s, int i)
{
	s->node[i].conf.passive = true;
}

static void comes_up_with_one_pair(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, 1);
	passive(&s, 1);
	sim_start(&s);
	sim_run(&s, s.now + 5 * SIM_SEC);
	assert_true(sim_agreed(&s, 0));
	assert_int_equal(sim_ike_sas(&s, 0, "established"), 1);
	assert_int_equal(sim_ike_sas(&s, 1, "established"), 1);
	assert_int_equal(sim_current(&s, 0, 0)->sa.encap, ABI_ENCAP_NONE);
	assert_true(sim_counters_add_up(&s, 0) && sim_counters_add_up(&s, 1));
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_up_with_one_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
