/* SPDX-License-Identifier: BSD-3-Clause */
/* test_gateway.c - what control does in which order, with the real engine and model and a fake
 * dataplane. */
#include "gateway_fixture.h"

static void policies_come_first_and_ike_last(void **state)
{
	static const uint16_t order[] = {
		ABI_CMD_POLICY_BEGIN, ABI_CMD_POLICY,  ABI_CMD_POLICY_COMMIT, ABI_CMD_NET_BEGIN,
		ABI_CMD_ADDRESS,      ABI_CMD_ADDRESS, ABI_CMD_ROUTE,	      ABI_CMD_NET_COMMIT};
	struct fixture *x = *state;
	union {
		struct abi_msg msg;
		struct abi_generation gen;
		struct abi_policy pol;
		struct abi_address addr;
		uint8_t slot[ABI_COMMAND_SLOT];
	} c;
	struct abi_packet p;

	turn(x);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		assert_int_equal(fake_segment_take(&x->f, &c), 1);
		assert_int_equal(c.msg.type, order[i]);
		if (i == 1)
			assert_int_equal(c.pol.action, ABI_ACT_PROTECT);
		if (i == 3)
			assert_int_equal(c.gen.count, 3);
		if (i == 4) /* lan's address, at lan's place in the port table */
			assert_int_equal(c.addr.port, 1);
		assert_int_equal(injected(x), 0);
		fake_segment_reply(&x->f, &c.msg, ABI_OK);
		turn(x);
	}
	settle(x);
	assert_true(injected(x) >= 1);
	abi_ring_get(&x->f.inject, &p);
	assert_int_equal(p.msg.type, ABI_PACKET_IKE);
	assert_int_equal(p.dst.bytes[0], 119);
	assert_int_equal(p.src.bytes[0], 113);
	assert_int_equal(p.dst_port, 500);
	assert_int_equal(p.flags, 0);
	assert_int_equal(p.port, ABI_PORT_ANY);
	assert_true(p.data_len >= 28);
}

static void without_policies_nothing_leaves(void **state)
{
	struct fixture *x = *state;
	uint8_t slot[ABI_COMMAND_SLOT];
	struct abi_msg m;

	for (unsigned int i = 0; i < 8; i++) {
		turn(x);
		while (fake_segment_take(&x->f, slot) == 1) {
			memcpy(&m, slot, sizeof(m));
			fake_segment_reply(&x->f, &m,
					   m.type == ABI_CMD_POLICY_COMMIT ? ABI_ERR_NO_SPACE
									   : ABI_OK);
		}
	}
	assert_int_equal(injected(x), 0);
}

static void a_missing_port_loses_only_its_addresses(void **state)
{
	struct fixture *x = *state;
	union {
		struct abi_msg msg;
		struct abi_generation gen;
		struct abi_address addr;
		uint8_t slot[ABI_COMMAND_SLOT];
	} c;
	unsigned int addresses = 0;

	memset(fake_segment_area(&x->f, ABI_AREA_PORTS), 0, 2 * sizeof(struct abi_port));
	strcpy(((struct abi_port *)fake_segment_area(&x->f, ABI_AREA_PORTS))->name, "wan");
	turn(x);
	while (fake_segment_take(&x->f, &c) == 1) {
		if (c.msg.type == ABI_CMD_NET_BEGIN)
			assert_int_equal(c.gen.count, 2);
		addresses += c.msg.type == ABI_CMD_ADDRESS;
		fake_segment_reply(&x->f, &c.msg, ABI_OK);
		turn(x);
	}
	assert_int_equal(addresses, 1);
}

static void a_new_dataplane_gets_everything_again(void **state)
{
	struct fixture *x = *state;

	settle(x);
	assert_true(injected(x) >= 1);
	fake_segment_remove(&x->f);
	x->now += 2 * SEC;
	fake_segment_make(&x->f, "gateway", 8, x->now);
	name_ports(x);
	gateway_turn(x->g, x->now);
	for (unsigned int i = 0; i < 5; i++)
		turn(x); /* retransmits would be due, but nothing is in force yet */
	assert_int_equal(abi_ring_avail(&x->f.command), 8);
	assert_int_equal(injected(x), 0);
	fake_segment_serve(&x->f, x->now);
	for (unsigned int i = 0; i < 100 && injected(x) == 0; i++)
		turn(x);
	assert_true(injected(x) >= 1);
}

static void a_good_reload_is_applied_whole(void **state)
{
	struct fixture *x = *state;
	char *message = NULL;

	settle(x);
	write_config(x, SECOND_POLICY);
	assert_int_equal(gateway_reload(x->g, &message), 0);
	assert_non_null(strstr(message, "2 policies"));
	free(message);
	assert_int_equal(x->g->setup.plan->n_policies, 1); /* not before it is in force */
	assert_int_equal(gateway_reload(x->g, &message), -EBUSY);
	free(message);
	assert_int_equal(serve_reload(x, ABI_OK), 2);
	assert_int_equal(x->g->setup.plan->n_policies, 2);
}

static void a_bad_reload_changes_nothing(void **state)
{
	struct fixture *x = *state;
	const struct model *before;
	char *message = NULL;

	settle(x);
	before = x->g->setup.model;
	write_config(x, ", { peer = \"clowd\"; tunnel = true; src-address = \"1.2.3.0/24\"; "
			"dst-address = \"1.2.4.0/24\"; }");
	assert_int_not_equal(gateway_reload(x->g, &message), 0);
	assert_non_null(strstr(message, "clowd"));
	assert_non_null(strstr(message, "nothing was changed"));
	free(message);
	turn(x);
	assert_int_equal(abi_ring_avail(&x->f.command), 0);
	assert_ptr_equal(x->g->setup.model, before);
	write_config(x, "");
	chmod(x->path, 0644);
	assert_int_not_equal(gateway_reload(x->g, &message), 0);
	free(message);
	assert_ptr_equal(x->g->setup.model, before);
}

static void a_reload_that_does_not_fit_is_refused(void **state)
{
	struct fixture *x = *state;
	char *message = NULL;

	settle(x);
	memset(fake_segment_area(&x->f, ABI_AREA_PORTS), 0, sizeof(struct abi_port));
	assert_int_not_equal(gateway_reload(x->g, &message), 0);
	assert_non_null(strstr(message, "interface \"wan\""));
	free(message);
}

static void a_reload_the_dataplane_refuses_is_undone(void **state)
{
	struct fixture *x = *state;
	char *message = NULL;

	settle(x);
	write_config(x, SECOND_POLICY);
	assert_int_equal(gateway_reload(x->g, &message), 0);
	free(message);
	assert_int_equal(serve_reload(x, ABI_ERR_NO_SPACE), 2);
	assert_int_equal(x->g->setup.plan->n_policies, 1);
	assert_int_equal(serve_reload(x, ABI_OK), 1); /* the one of before, again */
	assert_true(x->g->gate_open);
}

static void a_dataplane_that_was_stuck_gets_everything_again(void **state)
{
	struct fixture *x = *state;

	turn(x);
	stick(x, 3);
	assert_true(x->g->gate_open);
	assert_true(injected(x) >= 1);
}

static void a_reload_that_was_not_answered_is_not_undone(void **state)
{
	struct fixture *x = *state;
	char *message = NULL;

	settle(x);
	write_config(x, SECOND_POLICY);
	assert_int_equal(gateway_reload(x->g, &message), 0);
	free(message);
	stick(x, 3);
	assert_int_equal(x->g->setup.plan->n_policies, 2);
	assert_false(x->g->has_pending);
	assert_true(x->g->gate_open);
}

static void ignore(void *arg, int rc, const struct abi_ev_reply *reply)
{
	unsigned int *answers = arg;

	(void)rc;
	(void)reply;
	++*answers;
}

/* Room for the policies and not for the routes: the ones without the others would be in force. */
static void a_reload_that_finds_no_room_leaves_nothing_in_the_queue(void **state)
{
	const struct abi_generation sync = {.msg.type = ABI_CMD_SYNC};
	struct fixture *x = *state;
	unsigned int answers = 0;
	char *message = NULL;
	size_t before;

	settle(x);
	for (unsigned int left = 1; left < 9; left++) {
		before = dataplane_pending(x->g->dp);
		for (; before < DATAPLANE_QUEUE_MAX - left; before++)
			assert_int_equal(
				dataplane_command(x->g->dp, &sync, sizeof(sync), ignore, &answers),
				0);
		write_config(x, SECOND_POLICY);
		assert_int_equal(gateway_reload(x->g, &message), -ENOBUFS);
		free(message);
		assert_int_equal(dataplane_pending(x->g->dp), before);
		dataplane_retract(x->g->dp, 8 + 1 - left);
	}
	assert_int_equal(x->g->setup.plan->n_policies, 1);
	dataplane_retract(x->g->dp, dataplane_pending(x->g->dp));
	assert_int_equal(answers, 0);
	assert_int_equal(gateway_reload(x->g, &message), 0);
	free(message);
	settle(x);
	assert_int_equal(x->g->setup.plan->n_policies, 2);
}

static void found_sas_are_adopted_before_the_peers_start(void **state)
{
	struct fixture *x = *state;
	uint32_t id = x->g->setup.policy[0].id;
	struct abi_sa_status s = {
		.state = ABI_SA_MATURE,
		.cookie = sa_table_cookie(id, 5),
		.policy_id = id,
		.local = {.family = 4, .bytes = {113, 87, 48, 200}},
		.remote = {.family = 4, .bytes = {119, 91, 254, 122}},
	};

	s.spi = 0x1003;
	s.direction = ABI_DIR_IN;
	*fake_segment_sa(&x->f, 3) = s;
	s.spi = 0x77777777;
	s.direction = ABI_DIR_OUT;
	*fake_segment_sa(&x->f, 4) = s;
	settle(x);
	assert_true(children_has_adopted(x->g->children, "cloud"));
	assert_true(x->g->setup.plan->peers[0].suppress_initial_contact);
	assert_int_equal(fake_segment_sa(&x->f, 3)->state, ABI_SA_MATURE);
	/* and an orderly end removes them */
	gateway_stop(x->g);
	assert_false(gateway_stopped(x->g));
	settle(x);
	assert_true(gateway_stopped(x->g));
	assert_int_equal(fake_segment_sa(&x->f, 3)->state, ABI_SA_FREE);
	assert_int_equal(fake_segment_sa(&x->f, 4)->state, ABI_SA_FREE);
}

struct one_row {
	unsigned int n;
	struct value v[MENU_MAX_PROPS + ABI_DROP_SLOTS];
	size_t n_values;
};

static bool take_row(void *arg, uint64_t id, const struct value *values)
{
	struct one_row *r = arg;

	(void)id;
	r->n++;
	memcpy(r->v, values, r->n_values * sizeof(*values));
	return true;
}

static void statistics_sum_the_workers(void **state)
{
	struct fixture *x = *state;
	struct abi_worker_counters *w = fake_segment_area(&x->f, ABI_AREA_WORKER_COUNTERS);
	struct menu_source *src;
	struct one_row r = {.n_values = STATISTICS_PROPS};

	settle(x);
	w[0].drops[DROP_IN_NO_STATES] = 3;
	w[2].drops[DROP_IN_NO_STATES] = 4;
	w[1].drops[DROP_OUT_POLICY_ERRORS] = 1;
	src = &x->g->source[MENU_STATISTICS];
	src->rows(src->ctx, take_row, &r);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.v[STAT_ID(DROP_IN_NO_STATES)].num, 7);
	assert_int_equal(r.v[STAT_ID(DROP_OUT_POLICY_ERRORS)].num, 1);
	assert_int_equal(r.v[STAT_ID(DROP_IN_ERRORS)].num, 0);
	assert_true(r.v[STAT_ID(DROP_IN_ERRORS)].set);
}

static void interfaces_show_their_port(void **state)
{
	struct fixture *x = *state;
	const struct menu_key wan = {.name = "wan"}, none = {.name = "gone"};
	struct menu_source *src = &x->g->source[MENU_INTERFACE];
	struct value v[INTERFACE_PROPS] = {0};

	settle(x);
	src->fill(src->ctx, &wan, v);
	assert_int_equal(v[INTERFACE_RUNNING].num, 1);
	assert_string_equal(v[INTERFACE_MAC].text, "02:00:00:00:00:AB");
	memset(v, 0, sizeof(v));
	src->fill(src->ctx, &none, v);
	assert_int_equal(v[INTERFACE_RUNNING].num, 0);
	assert_false(v[INTERFACE_MAC].set);
}

static void a_policy_without_sas_says_so(void **state)
{
	struct fixture *x = *state;
	const struct menu_key key = {.policy_id = x->g->setup.policy[0].id};
	struct menu_source *src = &x->g->source[MENU_POLICY];
	struct value v[POLICY_PROPS] = {0};

	settle(x);
	src->fill(src->ctx, &key, v);
	assert_int_equal(v[POLICY_ACTIVE].num, 0);
	assert_int_equal(v[POLICY_PH2_COUNT].num, 0);
	assert_string_equal(v[POLICY_PH2_STATE].text, "no-phase2");
	assert_int_equal(v[POLICY_ID].num, key.policy_id);
}

static void active_peers_show_the_attempt(void **state)
{
	struct fixture *x = *state;
	struct menu_source *src = &x->g->source[MENU_ACTIVE_PEERS];
	struct one_row r = {.n_values = ACTIVE_PEERS_PROPS};

	settle(x);
	src->rows(src->ctx, take_row, &r);
	assert_int_equal(r.n, 1);
	assert_true(r.v[ACTIVE_STATE].set);
	assert_false(r.v[ACTIVE_UPTIME].set);
	assert_int_equal(r.v[ACTIVE_PH2_TOTAL].num, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(policies_come_first_and_ike_last),
		T(without_policies_nothing_leaves),
		T(a_missing_port_loses_only_its_addresses),
		T(a_new_dataplane_gets_everything_again),
		T(a_good_reload_is_applied_whole),
		T(a_bad_reload_changes_nothing),
		T(a_reload_that_does_not_fit_is_refused),
		T(a_reload_the_dataplane_refuses_is_undone),
		T(a_dataplane_that_was_stuck_gets_everything_again),
		T(a_reload_that_was_not_answered_is_not_undone),
		T(a_reload_that_finds_no_room_leaves_nothing_in_the_queue),
		T(found_sas_are_adopted_before_the_peers_start),
		T(statistics_sum_the_workers),
		T(interfaces_show_their_port),
		T(a_policy_without_sas_says_so),
		T(active_peers_show_the_attempt),
	};

	log_setup(-1, LOG_LEVEL_INFO);
	if (secret_setup(1 << 20) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
