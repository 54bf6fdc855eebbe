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

/* Message 1 as it was sent; it does not arrive. */
struct first {
	uint8_t data[1024];
	struct ike_datagram d;
};

static bool keep_first(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct first *kept = ctx;

	(void)s;
	if (from == 0 && data[18] == 4 && (data[19] & 1) == 0 && d->len <= sizeof(kept->data)) {
		memcpy(kept->data, data, d->len);
		kept->d = *d;
		kept->d.data = kept->data;
	}
	return false;
}

static void begin(struct sim *s, struct first *kept)
{
	memset(kept, 0, sizeof(*kept));
	s->net.hook = keep_first;
	s->net.hook_ctx = kept;
	sim_start(s);
	run(s, 1);
	assert_true(kept->d.len > 28);
}

/* The same from a node that takes anybody. */
static void begin_as_anybody(struct sim *s, struct first *kept)
{
	s->node[1].conf.remote = sim_addr("0.0.0.0");
	s->node[1].conf.remote_prefix_len = 0;
	begin(s, kept);
}

/* Number i of many, each with a cookie and an address of its own. */
static void say_as_stranger(struct sim *s, struct first *kept, unsigned i)
{
	kept->d.src = sim_addr("198.18.0.0");
	kept->d.src.bytes[2] = kept->data[1] = (uint8_t)(i >> 8);
	kept->d.src.bytes[3] = kept->data[0] = (uint8_t)i;
	ike_engine_input(s->node[1].engine, &kept->d, s->now);
}

/* A genuine message 1 under ever new cookies, in the name of many addresses. */
static void strangers_cost_a_bounded_number_of_exponentiations(void **state)
{
	static struct first kept;
	uint64_t answered;
	struct sim s;

	(void)state;
	init_aggressive(&s, 13);
	begin_as_anybody(&s, &kept);
	for (unsigned i = 0; i < 3000; i++)
		say_as_stranger(&s, &kept, i);
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
	static struct first kept;
	struct sim s;

	(void)state;
	init_aggressive(&s, 23);
	s.node[0].conf.profile.dh[0] = s.node[1].conf.profile.dh[0] = 16; /* modp4096 */
	s.node[1].dh_delay_max = 1;
	begin_as_anybody(&s, &kept);
	for (unsigned i = 0; i < 300; i++)
		say_as_stranger(&s, &kept, i);
	assert_int_equal(s.node[1].dh_out, 256 / 4);
	s.node[1].due = s.now;
	run(&s, 35);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 0);
	assert_int_equal(s.node[1].dh_out, 0);
	sim_fini(&s);
}

/* Who has its half-open SAs and is refused for the rate gets no further ones for that. */
static void a_refusal_for_the_rate_frees_no_room(void **state)
{
	static struct first kept;
	struct ike_datagram d;
	unsigned before;
	struct sim s;

	(void)state;
	init_aggressive(&s, 25);
	begin_as_anybody(&s, &kept);
	d = kept.d;
	d.src = sim_addr("192.0.2.77");
	for (unsigned i = 0; i < 6; i++) {
		kept.data[0] = (uint8_t)i;
		kept.data[2] = 0x77;
		ike_engine_input(s.node[1].engine, &d, s.now);
	}
	for (unsigned i = 0; i < 300; i++) /* until the rate of all is used up */
		say_as_stranger(&s, &kept, i);
	before = sim_ike_sas(&s, 1, NULL);
	for (unsigned i = 6; i < 12; i++) {
		kept.data[0] = (uint8_t)i;
		ike_engine_input(s.node[1].engine, &d, s.now);
	}
	assert_int_equal(sim_ike_sas(&s, 1, NULL), before);
	run(&s, 5);
	for (unsigned i = 12; i < 18; i++) {
		kept.data[0] = (uint8_t)i;
		ike_engine_input(s.node[1].engine, &d, s.now);
	}
	assert_int_equal(sim_ike_sas(&s, 1, NULL), before);
	s.node[1].due = s.now;
	run(&s, 40);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 0);
	sim_fini(&s);
}

/* Half-open SAs are as many as one source may have; who is refused by its identity ends none. */
static void a_refused_identity_displaces_nobody(void **state)
{
	static const uint8_t address[] = {113, 87, 48, 200};
	static struct first kept;
	unsigned before;
	uint8_t *id;
	struct sim s;

	(void)state;
	init_aggressive(&s, 24);
	s.node[1].conf.remote_id = (struct ike_identity_conf){.type = IKE_ID_IPV4, .len = 4};
	memcpy(s.node[1].conf.remote_id.data, address, sizeof(address));
	begin(&s, &kept);
	id = memmem(kept.data, kept.d.len, address, sizeof(address));
	assert_non_null(id);
	for (unsigned i = 0; i < 8; i++) {
		kept.data[0] = (uint8_t)i;
		ike_engine_input(s.node[1].engine, &kept.d, s.now);
	}
	before = sim_ike_sas(&s, 1, NULL);
	assert_in_range(before, 3, 7);
	id[3]++;
	for (unsigned i = 8; i < 16; i++) {
		kept.data[0] = (uint8_t)i;
		ike_engine_input(s.node[1].engine, &kept.d, s.now);
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
		cmocka_unit_test(a_refusal_for_the_rate_frees_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
