/* SPDX-License-Identifier: BSD-3-Clause */
/* test_ports.c - selectors with ranges of ports (RFC 7296 section 3.13.1): agreed on, narrowed,
 * refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/sim/sim.h"

static void ports(struct abi_range *r, uint8_t protocol, uint16_t lo, uint16_t hi)
{
	r->protocol = protocol;
	r->port_lo = lo;
	r->port_hi = hi;
}

/* TCP from our 1000-1999 to any port of theirs; the other side has these ports of ours. */
static void start(struct sim *s, uint16_t lo, uint16_t hi, uint64_t seed)
{
	sim_init(s, seed);
	for (int i = 0; i < 2; i++) {
		struct ike_child_conf *c = &s->node[i].children[0];

		s->node[i].conf.mode = IKE_MODE_IKE2;
		ports(i == 0 ? &c->local : &c->remote, 6, i == 0 ? 1000 : lo, i == 0 ? 1999 : hi);
		ports(i == 0 ? &c->remote : &c->local, 6, 0, UINT16_MAX);
	}
	s->node[1].conf.passive = true;
	sim_start(s);
	sim_run(s, s->now + 10 * SIM_SEC);
}

static void assert_range(const struct sim *s, uint16_t lo, uint16_t hi)
{
	const struct sim_pair *a = sim_current(s, 0, 0), *b = sim_current(s, 1, 0);

	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal(a->sa.ts_local[0].port_lo, lo);
	assert_int_equal(a->sa.ts_local[0].port_hi, hi);
	assert_int_equal(a->sa.ts_remote[0].port_hi, UINT16_MAX);
	assert_int_equal(a->sa.ts_local[0].protocol, 6);
	assert_int_equal(b->sa.ts_remote[0].port_lo, lo);
	assert_int_equal(b->sa.ts_remote[0].port_hi, hi);
}

static void a_range_is_agreed_on(void **state)
{
	struct sim s;

	(void)state;
	start(&s, 1000, 1999, 1);
	assert_true(sim_agreed(&s, 0));
	assert_range(&s, 1000, 1999);
	sim_fini(&s);
}

static void what_both_have_is_taken(void **state)
{
	static const uint16_t cases[][4] = {{1500, 2500, 1500, 1999},
					    {0, 1000, 1000, 1000},
					    {1200, 1300, 1200, 1300},
					    {0, UINT16_MAX, 1000, 1999}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sim s;

		start(&s, cases[i][0], cases[i][1], 10 + i);
		assert_range(&s, cases[i][2], cases[i][3]);
		sim_fini(&s);
	}
}

static void nothing_in_common_is_refused(void **state)
{
	struct sim s;

	(void)state;
	start(&s, 2000, 2500, 20);
	assert_null(sim_current(&s, 0, 0));
	assert_true(sim_evidence(&s, 0, IKE_P2_TS_MISMATCH) > 0);
	assert_true(sim_evidence(&s, 1, IKE_P2_TS_MISMATCH) > 0);
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_is_agreed_on),
		cmocka_unit_test(what_both_have_is_taken),
		cmocka_unit_test(nothing_in_common_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
