/* SPDX-License-Identifier: BSD-3-Clause */
/* test_v2_window.c - a request that comes before the one before it is answered (RFC 7296 section
 * 2.3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/state.h"
#include "control/ike2/ike2.h"
#include "tests/sim/forge2.h"

struct answers { /* of node 1, by message id */
	unsigned n[16];
	uint8_t exchange[16];
	bool lose; /* those on their way */
};

static struct answers answers;

static bool note(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct answers *a = ctx;

	(void)s;
	(void)d;
	if (from != 1 || (data[19] & 0x20) == 0)
		return true;
	assert_true(data[23] < 16);
	a->n[data[23]]++;
	a->exchange[data[23]] = data[18];
	return !a->lose;
}

static struct ike_sa *initiator(const struct sim *s)
{
	struct ike_peer *peer = TAILQ_FIRST(&s->node[0].engine->peers.list);

	return TAILQ_FIRST(&peer->sas);
}

static void run(struct sim *s, unsigned ms)
{
	sim_run(s, s->now + ms * SIM_MS);
}

/* Node 0 rekeys its pair; node 1 has taken the request, and its data plane has not answered. The
 * request's message id. */
static uint32_t start(struct sim *s, uint64_t seed, int status)
{
	uint32_t id;

	memset(&answers, 0, sizeof(answers));
	sim_init(s, seed);
	for (int i = 0; i < 2; i++)
		s->node[i].conf.mode = IKE_MODE_IKE2;
	s->node[1].conf.passive = true;
	s->net.hook = note;
	s->net.hook_ctx = &answers;
	sim_start(s);
	run(s, 3000);
	assert_true(sim_agreed(s, 0));
	s->node[1].install_delay_max = 900 * SIM_MS;
	s->node[1].install_status = status;
	ike_engine_rekey(s->node[0].engine, "peer1", false, s->now);
	s->node[0].due = s->now;
	run(s, 15);
	id = initiator(s)->v2->next_out - 1;
	assert_int_equal(s->node[1].installs, 2);
	assert_int_equal(answers.n[id], 0);
	return id;
}

static void say_too_early(struct sim *s, uint8_t next, const void *payloads, size_t len)
{
	assert_true(forge2_send(s, 0, IKE2_EXCH_INFO, next, payloads, len));
	initiator(s)->v2->next_out--; /* the engine knows of none */
	run(s, 15);
}

static void it_is_not_answered_first(void **state)
{
	struct sim s;

	(void)state;
	for (int refused = 0; refused < 2; refused++) {
		uint32_t id = start(&s, 1 + (uint64_t)refused, refused ? -12 : 0);

		say_too_early(&s, 0, "", 0);
		assert_int_equal(answers.n[id + 1], 0);
		assert_int_equal(sim_counters(&s, 1)->rx_wrong_state, 1);
		s.node[1].install_status = 0;
		answers.lose = true;
		run(&s, 900);
		assert_int_equal(answers.n[id], 1);
		/* Lost: the same one comes again. */
		answers.lose = false;
		run(&s, 1500);
		assert_int_equal(answers.n[id], 2);
		assert_int_equal(answers.exchange[id], IKE2_EXCH_CREATE_CHILD);
		assert_int_equal(sim_counters(&s, 0)->tx_retransmit, 1);
		run(&s, 30000);
		assert_true(sim_agreed(&s, 0));
		assert_int_equal(sim_counters(&s, 0)->dpd_dead, 0);
		sim_fini(&s);
	}
}

/* A peer that gives up for good need not wait. */
static void the_end_is_taken_at_once(void **state)
{
	static const uint8_t del[] = {0, 0, 0, 8, IKE_PROTO_IKE, 0, 0, 0};
	static const uint8_t syntax[] = {0, 0, 0, 8, 0, 0, 0, IKE2_N_INVALID_SYNTAX};
	struct sim s;

	(void)state;
	for (int i = 0; i < 2; i++) {
		(void)start(&s, 3, 0);
		say_too_early(&s, i ? IKE2_PLD_NOTIFY : IKE2_PLD_DELETE, i ? syntax : del,
			      i ? sizeof(syntax) : sizeof(del));
		assert_int_equal(sim_ike_sas(&s, 1, NULL), 0);
		run(&s, 1000);
		assert_int_equal(sim_installed(&s, 1), 0);
		sim_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_not_answered_first),
		cmocka_unit_test(the_end_is_taken_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
