/* SPDX-License-Identifier: BSD-3-Clause */
/* test_truth.c - the truth table of traffic, row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/diag/truth.h"

#define N 0
#define S 50

static const struct {
	uint64_t fact[TRUTH_FACTS];
	enum truth_state state;
	enum ike_code code;
} rows[] = {
	{{N, N, S, S, S, S}, TRUTH_NOT_PASSING, IKE_NO_RETURN_FROM_LAN},
	{{S, S, N, N, N, N}, TRUTH_NOT_PASSING, IKE_NO_REPLY_FROM_PEER},
	{{S, S, S, N, N, N}, TRUTH_NOT_PASSING, IKE_NOT_VERIFIED},
	{{N, N, S, N, N, N}, TRUTH_NOT_PASSING, IKE_NOT_VERIFIED},
	{{S, S, S, S, N, N}, TRUTH_NOT_PASSING, IKE_PEER_NATS_TUNNEL_TRAFFIC},
	{{N, N, S, S, N, N}, TRUTH_NOT_PASSING, IKE_PEER_NATS_TUNNEL_TRAFFIC},
	{{S, S, S, S, S, N}, TRUTH_NOT_PASSING, IKE_LAN_UNREACHABLE},
	{{N, N, S, S, S, N}, TRUTH_NOT_PASSING, IKE_LAN_UNREACHABLE},
	{{S, S, S, S, S, S}, TRUTH_PASSING, IKE_CODE_COUNT},
	{{N, N, N, N, N, N}, TRUTH_IDLE, IKE_CODE_COUNT},
	/* some are lost, some pass: it passes */
	{{S, S, S, S / 2, S / 3, S / 4}, TRUTH_PASSING, IKE_CODE_COUNT},
	/* too few to say */
	{{2, 2, N, N, N, N}, TRUTH_IDLE, IKE_CODE_COUNT},
};

static void each_row_has_its_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct truth t = {0};

		memcpy(t.fact, rows[i].fact, sizeof(t.fact));
		truth_judge(&t, true);
		if (t.state != rows[i].state || t.code != rows[i].code)
			fail_msg("row %zu: %d %s", i, (int)t.state, ike_code_name(t.code));
	}
}

static void without_an_sa_only_waiting_traffic_tells(void **state)
{
	struct truth t = {.fact = {S, N, N, N, N, N}};

	(void)state;
	truth_judge(&t, false);
	assert_int_equal(t.state, TRUTH_NOT_PASSING);
	assert_int_equal(t.code, IKE_NO_SA_FOR_TRAFFIC);
	t = (struct truth){.fact = {S, S, N, N, N, N}};
	truth_judge(&t, false);
	assert_int_equal(t.state, TRUTH_IDLE);
}

/* All 3^6 combinations of none, few and some: a verdict that names a fact has that fact at none. */
static void no_verdict_contradicts_its_facts(void **state)
{
	static const uint64_t levels[] = {0, TRUTH_FEW - 1, 1000};

	(void)state;
	for (unsigned c = 0; c < 729; c++) {
		struct truth t = {0};
		unsigned x = c;

		for (int i = 0; i < TRUTH_FACTS; i++, x /= 3)
			t.fact[i] = levels[x % 3];
		truth_judge(&t, c & 1);
		assert_true((t.state == TRUTH_NOT_PASSING) == (t.code != IKE_CODE_COUNT));
		if (t.code == IKE_NO_REPLY_FROM_PEER)
			assert_int_equal(t.fact[TRUTH_RECEIVED], 0);
		if (t.code == IKE_NOT_VERIFIED)
			assert_int_equal(t.fact[TRUTH_VERIFIED], 0);
		if (t.code == IKE_PEER_NATS_TUNNEL_TRAFFIC)
			assert_int_equal(t.fact[TRUTH_PASSED], 0);
		if (t.code == IKE_LAN_UNREACHABLE)
			assert_int_equal(t.fact[TRUTH_DELIVERED], 0);
		if (t.code == IKE_NO_RETURN_FROM_LAN)
			assert_int_equal(t.fact[TRUTH_MATCHED], 0);
		if (t.state == TRUTH_PASSING)
			assert_true(t.fact[TRUTH_DELIVERED] >= TRUTH_FEW);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_has_its_verdict),
		cmocka_unit_test(without_an_sa_only_waiting_traffic_tells),
		cmocka_unit_test(no_verdict_contradicts_its_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
