/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_million.c - a thousand packets a second go each way while the IKE SA is replaced ten times
 * and more before it expires: not one is lost. Argument: thousands of packets each way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/sim/sim.h"

static unsigned long thousands = 120;

static void none_is_lost(enum ike_exchange_mode mode)
{
	struct sim s;

	sim_init(&s, 41);
	s.net.delay_min = 1 * SIM_MS;
	s.net.delay_max = 30 * SIM_MS;
	s.node[1].conf.passive = true;
	for (int i = 0; i < 2; i++) {
		s.node[i].conf.mode = mode;
		s.node[i].conf.profile.lifetime = (uint32_t)(thousands / 10);
		s.node[i].esp_every = 1 * SIM_MS;
	}
	sim_start(&s);
	sim_run(&s, s.now + 3 * SIM_SEC);
	assert_true(sim_working(&s, 0));
	for (int i = 0; i < 2; i++)
		s.node[i].esp_lost = s.node[i].esp_no_sa = s.node[i].esp_sent = 0;
	sim_run(&s, s.now + thousands * SIM_SEC);
	assert_true(sim_counters(&s, 0)->phase1_established > 10);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(s.node[i].esp_sent, 1000 * thousands);
		assert_int_equal(s.node[i].esp_lost, 0);
		assert_int_equal(s.node[i].esp_no_sa, 0);
	}
	print_message("%llu IKE SAs\n",
		      (unsigned long long)sim_counters(&s, 0)->phase1_established);
	sim_fini(&s);
}

static void in_main_mode(void **state)
{
	(void)state;
	none_is_lost(IKE_MODE_MAIN);
}

static void in_aggressive_mode(void **state)
{
	(void)state;
	none_is_lost(IKE_MODE_AGGRESSIVE);
}

static void in_ike2(void **state)
{
	(void)state;
	none_is_lost(IKE_MODE_IKE2);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_main_mode),
		cmocka_unit_test(in_aggressive_mode),
		cmocka_unit_test(in_ike2),
	};

	if (argc > 1)
		thousands = strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
