/* SPDX-License-Identifier: BSD-3-Clause */
/* test_nat_id.c - my-id=auto behind a NAT: the private address that goes out is told, once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/ident.h"
#include "control/ike/ike.h"
#include "tests/sim/sim.h"

#define PRIVATE "192.168.77.5"
#define PUBLIC	"203.0.113.9"
#define WARNING "behind NAT with my-id=auto"

static const enum ike_exchange_mode modes[] = {IKE_MODE_MAIN, IKE_MODE_AGGRESSIVE, IKE_MODE_IKE2};

/* Node behind has a private address and begins; the other knows the public one. */
static void init(struct sim *s, int behind, enum ike_exchange_mode mode)
{
	sim_init(s, 40 + (unsigned)mode);
	s->node[0].conf.mode = s->node[1].conf.mode = mode;
	s->node[1 - behind].conf.passive = true;
	s->node[behind].addr = sim_addr(PRIVATE);
	s->node[behind].conf.local = s->node[behind].addr;
	s->node[behind].nat = sim_addr(PUBLIC);
	s->node[1 - behind].conf.remote = s->node[behind].nat;
}

static void run(struct sim *s, unsigned seconds)
{
	sim_run(s, s->now + seconds * SIM_SEC);
}

static unsigned warnings(const struct sim *s, int i)
{
	unsigned n = 0;

	for (const char *at = s->node[i].log; (at = strstr(at, WARNING)) != NULL; at++)
		n++;
	return n;
}

static void the_private_address_is_named(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		for (int behind = 0; behind < 2; behind++) {
			struct sim s;

			init(&s, behind, modes[i]);
			sim_start(&s);
			run(&s, 5);
			assert_true(sim_agreed(&s, 0));
			assert_int_equal(warnings(&s, behind), 1);
			assert_true(sim_logged(&s, behind, "the identity sent is " PRIVATE));
			assert_true(sim_logged(&s, behind, "\"address:<public>\""));
			assert_true(sim_logged(&s, behind, "have the peer expect " PRIVATE));
			assert_int_equal(warnings(&s, 1 - behind), 0);
			sim_fini(&s);
		}
	}
}

/* The case it is for: the peer refuses, each attempt fails, and the log is not flooded. In
 * aggressive mode the first message is refused, which brings no word of the NAT. */
static void once_for_all_attempts(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct sim s;
		struct abi_addr public = sim_addr(PUBLIC);

		init(&s, 0, modes[i]);
		assert_int_equal(ident_from_addr(&s.node[1].conf.remote_id, &public), 0);
		sim_start(&s);
		run(&s, 300);
		assert_int_equal(sim_ike_sas(&s, 1, "established"), 0);
		assert_true(sim_counters(&s, 0)->phase1_failed > 2);
		assert_int_equal(warnings(&s, 0), modes[i] != IKE_MODE_AGGRESSIVE);

		/* And what it says helps. */
		s.node[0].conf.my_id = s.node[1].conf.remote_id;
		assert_int_equal(sim_configure(&s, 0), 0);
		run(&s, 70);
		assert_true(sim_agreed(&s, 0));
		assert_int_equal(warnings(&s, 0), modes[i] != IKE_MODE_AGGRESSIVE);
		sim_fini(&s);
	}
}

/* As the configuration file's "auto" arrives, and as an address that somebody wrote. */
static void only_what_nobody_chose_is_told(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		for (int chosen = 0; chosen < 2; chosen++) {
			struct sim s;

			init(&s, 0, modes[i]);
			assert_int_equal(
				ident_from_addr(&s.node[0].conf.my_id, &s.node[0].conf.local), 0);
			s.node[0].conf.my_id_auto = !chosen;
			sim_start(&s);
			run(&s, 5);
			assert_true(sim_agreed(&s, 0));
			assert_int_equal(warnings(&s, 0), !chosen);
			sim_fini(&s);
		}
	}
}

static void without_a_nat_nothing_is_told(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct sim s;

		sim_init(&s, 60 + i);
		s.node[0].conf.mode = s.node[1].conf.mode = modes[i];
		s.node[1].conf.passive = true;
		sim_start(&s);
		run(&s, 5);
		assert_true(sim_agreed(&s, 0));
		assert_int_equal(warnings(&s, 0) + warnings(&s, 1), 0);
		sim_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_private_address_is_named),
		cmocka_unit_test(once_for_all_attempts),
		cmocka_unit_test(only_what_nobody_chose_is_told),
		cmocka_unit_test(without_a_nat_nothing_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
