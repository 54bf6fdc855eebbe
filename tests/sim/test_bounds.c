/* SPDX-License-Identifier: BSD-3-Clause */
/* test_bounds.c - what a peer with the right key may still make us keep: exchanges and tasks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/state.h"
#include "control/ike1/quick.h"
#include "control/ike2/ike2.h"
#include "tests/sim/forge.h"
#include "tests/sim/sim.h"

struct kept { /* payloads of quick mode 1, without HASH */
	uint8_t next, data[2048];
	size_t len;
};

static size_t keep(void *ctx, uint8_t *next, uint8_t *payloads, size_t len, size_t cap)
{
	struct kept *k = ctx;

	(void)cap;
	assert_true(len <= sizeof(k->data));
	k->next = *next;
	k->len = len;
	memcpy(k->data, payloads, len);
	return len;
}

static bool first_quick(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct kept *k = ctx;

	if (k->len == 0 && data[18] == IKE1_EXCH_QUICK)
		assert_true(forge_message(s, from, data, &d->len, 4096, keep, ctx));
	return true;
}

static struct ike_sa *newest(struct sim *s, int node)
{
	return TAILQ_FIRST(&TAILQ_FIRST(&s->node[node].engine->peers.list)->sas);
}

/* A data plane that says nothing: each would wait for it. */
static void quick_modes_are_bounded(void **state)
{
	static struct kept kept;
	unsigned waiting = 0;
	struct quick *q;
	struct sim s;

	(void)state;
	sim_init(&s, 5);
	s.node[1].conf.passive = true;
	s.net.hook = first_quick;
	s.net.hook_ctx = &kept;
	sim_start(&s);
	sim_run(&s, s.now + 5 * SIM_SEC);
	assert_true(kept.len > 0 && sim_agreed(&s, 0));
	s.node[1].mute_dataplane = true;
	for (uint32_t id = 0; id < 200; id++) {
		assert_true(forge_send(&s, 0, IKE1_EXCH_QUICK, 0x51000000u + id, kept.next,
				       kept.data, kept.len, FORGE_RIGHT));
		assert_true(newest(&s, 1)->n_quicks <= QUICK_KEPT);
	}
	TAILQ_FOREACH (q, &newest(&s, 1)->quicks, of_sa)
		waiting += q->state == QUICK_R_INSTALL;
	assert_in_range(waiting, 1, QUICK_MAX_ANSWERED); /* one of a policy */
	assert_true(sim_installed(&s, 1) <= QUICK_MAX_ANSWERED + 2);
	s.node[1].mute_dataplane = false;
	sim_run(&s, s.now + 2500 * SIM_SEC);
	assert_true(sim_working(&s, 0));
	sim_fini(&s);
}

/* An operator who asks again and again while the peer is silent. */
static void tasks_are_bounded(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, 6);
	for (int i = 0; i < 2; i++)
		s.node[i].conf.mode = IKE_MODE_IKE2;
	s.node[1].conf.passive = true;
	sim_start(&s);
	sim_run(&s, s.now + 5 * SIM_SEC);
	assert_true(sim_agreed(&s, 0));
	s.node[1].dead = true;
	for (unsigned i = 0; i < 300; i++) {
		(void)ike_engine_rekey(s.node[0].engine, "peer1", i % 2, s.now);
		assert_true(newest(&s, 0)->v2->n_tasks <= IKE2_MAX_TASKS);
		sim_run(&s, s.now + SIM_MS);
	}
	s.node[1].dead = false;
	sim_run(&s, s.now + 200 * SIM_SEC);
	assert_true(sim_working(&s, 0));
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quick_modes_are_bounded),
		cmocka_unit_test(tasks_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
