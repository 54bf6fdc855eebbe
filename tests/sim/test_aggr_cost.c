/* SPDX-License-Identifier: BSD-3-Clause */
/* test_aggr_cost.c - what a stranger may cost in aggressive mode, where message 2 needs a key pair.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/sim.h"

/* Node 0 begins, node 1 waits. */
static void init_aggressive(struct sim *s, uint64_t seed)
{
	sim_init(s, seed);
	s->node[0].conf.mode = s->node[1].conf.mode = IKE_MODE_AGGRESSIVE;
	s->node[1].conf.passive = true;
}

static void run(struct sim *s, unsigned seconds)
{
	sim_run(s, s->now + seconds * SIM_SEC);
}

static bool keep_first(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	uint8_t *kept = ctx;

	(void)s;
	if (from == 0 && data[18] == 4 && (data[19] & 1) == 0 && d->len < 1024) {
		memcpy(kept + 2, data, d->len);
		kept[0] = (uint8_t)(d->len >> 8);
		kept[1] = (uint8_t)d->len;
	}
	return false;
}

/* A genuine message 1 under ever new cookies, in the name of many addresses. */
static void strangers_cost_a_bounded_number_of_exponentiations(void **state)
{
	static uint8_t kept[1026];
	struct ike_datagram d;
	uint64_t answered;
	struct sim s;

	(void)state;
	init_aggressive(&s, 13);
	s.node[1].conf.remote = sim_addr("0.0.0.0");
	s.node[1].conf.remote_prefix_len = 0;
	s.net.hook = keep_first;
	s.net.hook_ctx = kept;
	sim_start(&s);
	run(&s, 1);
	d = (struct ike_datagram){.dst = s.node[1].addr,
				  .src_port = 500,
				  .dst_port = 500,
				  .data = kept + 2,
				  .len = (size_t)kept[0] << 8 | kept[1]};
	assert_true(d.len > 28);
	for (unsigned i = 0; i < 3000; i++) {
		d.src = sim_addr("198.18.0.0");
		d.src.bytes[2] = (uint8_t)(i >> 8);
		d.src.bytes[3] = (uint8_t)i;
		kept[2] = (uint8_t)i;
		kept[3] = (uint8_t)(i >> 8);
		ike_engine_input(s.node[1].engine, &d, s.now);
	}
	answered = sim_counters(&s, 1)->phase1_answered;
	assert_in_range(answered, 150, 200);
	assert_int_equal(sim_counters(&s, 1)->guard_rate, 3000 - answered);
	s.node[1].due = s.now;
	run(&s, 35);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 0);
	sim_fini(&s);
}

/* With a slow group fewer wait, so that others are not kept waiting for long. */
static void slow_groups_leave_room(void **state)
{
	static uint8_t kept[2050];
	struct ike_datagram d;
	struct sim s;

	(void)state;
	init_aggressive(&s, 23);
	s.node[0].conf.profile.dh[0] = s.node[1].conf.profile.dh[0] = 16; /* modp4096 */
	s.node[1].conf.remote = sim_addr("0.0.0.0");
	s.node[1].conf.remote_prefix_len = 0;
	s.node[1].dh_delay_max = 1;
	s.net.hook = keep_first;
	s.net.hook_ctx = kept;
	sim_start(&s);
	run(&s, 1);
	d = (struct ike_datagram){.dst = s.node[1].addr,
				  .src_port = 500,
				  .dst_port = 500,
				  .data = kept + 2,
				  .len = (size_t)kept[0] << 8 | kept[1]};
	assert_true(d.len > 28);
	for (unsigned i = 0; i < 300; i++) {
		d.src = sim_addr("198.18.0.0");
		d.src.bytes[2] = (uint8_t)(i >> 8);
		d.src.bytes[3] = (uint8_t)i;
		kept[2] = (uint8_t)i;
		ike_engine_input(s.node[1].engine, &d, s.now);
	}
	assert_int_equal(s.node[1].dh_out, 256 / 4);
	s.node[1].due = s.now;
	run(&s, 35);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 0);
	assert_int_equal(s.node[1].dh_out, 0);
	sim_fini(&s);
}

/* Half-open SAs are as many as one source may have; who is refused by its identity ends none. */
static void a_refused_identity_displaces_nobody(void **state)
{
	static const uint8_t address[] = {113, 87, 48, 200};
	static uint8_t kept[1026];
	struct ike_datagram d;
	unsigned before;
	uint8_t *id;
	struct sim s;

	(void)state;
	init_aggressive(&s, 24);
	s.node[1].conf.remote_id = (struct ike_identity_conf){.type = IKE_ID_IPV4, .len = 4};
	memcpy(s.node[1].conf.remote_id.data, address, sizeof(address));
	s.net.hook = keep_first;
	s.net.hook_ctx = kept;
	sim_start(&s);
	run(&s, 1);
	d = (struct ike_datagram){.src = s.node[0].addr,
				  .dst = s.node[1].addr,
				  .src_port = 500,
				  .dst_port = 500,
				  .data = kept + 2,
				  .len = (size_t)kept[0] << 8 | kept[1]};
	id = memmem(kept + 2, d.len, address, sizeof(address));
	assert_non_null(id);
	for (unsigned i = 0; i < 8; i++) {
		kept[2] = (uint8_t)i;
		ike_engine_input(s.node[1].engine, &d, s.now);
	}
	before = sim_ike_sas(&s, 1, NULL);
	assert_in_range(before, 3, 7);
	id[3]++;
	for (unsigned i = 8; i < 16; i++) {
		kept[2] = (uint8_t)i;
		ike_engine_input(s.node[1].engine, &d, s.now);
	}
	assert_int_equal(sim_ike_sas(&s, 1, NULL), before);
	s.node[0].dead = true;
	s.node[0].due = UINT64_MAX;
	s.node[1].due = s.now;
	run(&s, 35);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 0);
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strangers_cost_a_bounded_number_of_exponentiations),
		cmocka_unit_test(slow_groups_leave_room),
		cmocka_unit_test(a_refused_identity_displaces_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
