/* SPDX-License-Identifier: BSD-3-Clause */
/* test_natd.c - IKEv1: what NAT detection says is changed on the way, which no HASH covers, so the
 * two sides disagree on whether ESP goes inside UDP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/ike.h"
#include "tests/sim/sim.h"

struct liar {
	int of;		/* whose message is changed */
	unsigned times; /* so often */
	unsigned done;
};

/* Another hash in each NAT-D payload of a message of main mode. */
static bool change_natd(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct liar *l = ctx;
	uint8_t type = data[16];
	bool any = false;

	(void)s;
	if (from != l->of || data[18] != IKE1_EXCH_MAIN || (data[19] & 1) || l->done >= l->times)
		return true;
	for (size_t at = 28; type != 0 && at + 4 < d->len;) {
		size_t len = (size_t)data[at + 2] << 8 | data[at + 3];

		if (type == IKE1_PLD_NATD) {
			data[at + 4] ^= 0x55;
			any = true;
		}
		type = data[at];
		at += len > 4 ? len : 4;
	}
	l->done += any;
	return true;
}

static void start(struct sim *s, struct liar *l, uint64_t seed)
{
	sim_init(s, seed);
	s->node[1].conf.passive = true;
	s->net.hook = change_natd;
	s->net.hook_ctx = l;
	sim_start(s);
}

/* Once, by chance or by malice: phase 1 is made anew, which finds the same on both sides. */
static void one_change_costs_one_phase_1(void **state)
{
	struct sim s;

	(void)state;
	for (int of = 0; of < 2; of++) {
		struct liar l = {.of = of, .times = 1};

		start(&s, &l, 1 + (uint64_t)of);
		sim_run(&s, s.now + 20 * SIM_SEC);
		assert_int_equal(l.done, 1);
		assert_true(sim_agreed(&s, 0));
		assert_int_equal(sim_current(&s, 0, 0)->sa.encap, ABI_ENCAP_NONE);
		assert_int_equal(sim_counters(&s, 0)->phase1_established, 2);
		assert_true(sim_logged(&s, 1, "to detect it anew"));
		sim_fini(&s);
	}
}

/* All the time: that costs phase 1 anew now and then, not always. */
static void a_change_each_time_is_bounded(void **state)
{
	struct sim s;

	(void)state;
	for (int of = 0; of < 2; of++) {
		struct liar l = {.of = of, .times = 1000000};

		start(&s, &l, 3 + (uint64_t)of);
		sim_run(&s, s.now + 3600 * SIM_SEC);
		assert_in_range(sim_counters(&s, 0)->phase1_established, 3, 8);
		assert_int_equal(sim_installed(&s, 0) + sim_installed(&s, 1), 0);
		l.times = 0;
		sim_run(&s, s.now + 700 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

/* What NAT detection has no part in ends no phase 1. */
static void other_differences_end_nothing(void **state)
{
	struct sim s;

	(void)state;
	for (int nat = 0; nat < 2; nat++) {
		struct liar l = {.times = 0};

		sim_init(&s, 5);
		s.node[1].conf.passive = true;
		s.node[1].children[0].proposal.integ[0] = ABI_INTEG_HMAC_SHA2_256_128;
		if (nat) {
			s.node[0].nat = sim_addr("203.0.113.9");
			s.node[1].conf.remote = s.node[0].nat;
		}
		s.net.hook = change_natd;
		s.net.hook_ctx = &l;
		sim_start(&s);
		sim_run(&s, s.now + 60 * SIM_SEC);
		assert_true(sim_evidence(&s, 1, IKE_P2_ALG_MISMATCH) > 0);
		assert_int_equal(sim_counters(&s, 0)->phase1_established, 1);
		assert_false(sim_logged(&s, 1, "to detect it anew"));
		sim_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_change_costs_one_phase_1),
		cmocka_unit_test(a_change_each_time_is_bounded),
		cmocka_unit_test(other_differences_end_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
