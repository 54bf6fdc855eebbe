/* SPDX-License-Identifier: BSD-3-Clause */
/* test_children.c - installing, removing and the events of pairs against a fake dataplane. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "childkit.h"
#include "control/log.h"
#include "control/secret.h"

static void adds_inbound_first_with_its_keys(void **state)
{
	struct childkit *x = *state;
	struct ike_child_sa sa = childkit_child(x, 1);
	union {
		struct abi_sa_add add;
		uint8_t slot[ABI_COMMAND_SLOT];
	} in, out;

	children_install(x->c, &sa, x->now);
	dataplane_poll(x->d, x->now);
	assert_int_equal(fake_segment_take(&x->f, &in), 1);
	assert_int_equal(fake_segment_take(&x->f, &out), 1);
	assert_int_equal(in.add.direction, ABI_DIR_IN);
	assert_int_equal(in.add.spi, sa.in.spi);
	assert_int_equal(in.add.slot, sa.in.spi & 63);
	assert_memory_equal(in.add.encr_key, sa.in.encr_key, 32);
	assert_memory_equal(in.add.integ_key, sa.in.integ_key, 64);
	assert_int_equal(in.add.flags, 0);
	assert_int_equal(out.add.direction, ABI_DIR_OUT);
	assert_int_equal(out.add.flags, ABI_SA_F_CURRENT);
	assert_int_equal(out.add.replay_window, 0);
	assert_int_not_equal(out.add.slot, in.add.slot);
	assert_int_equal(in.add.cookie, out.add.cookie);
	assert_int_equal(in.add.cookie >> 32, CHILDKIT_POLICY);
	assert_int_equal(x->results, 0); /* not before both are confirmed */
	fake_segment_reply(&x->f, &in.add.msg, ABI_OK);
	dataplane_poll(x->d, x->now);
	assert_int_equal(x->results, 0);
	fake_segment_reply(&x->f, &out.add.msg, ABI_OK);
	dataplane_poll(x->d, x->now);
	assert_int_equal(x->results, 1);
	assert_int_equal(x->last_rc, 0);
}

/* Only who writes an outer header marks it. */
static void marks_of_the_outer_header_go_with_the_outbound_tunnel(void **state)
{
	struct childkit *x = *state;
	struct ike_child_sa sa = childkit_child(x, 1);
	struct sa_pair *p;

	for (int transport = 0; transport < 2; transport++) {
		sa = childkit_child(x, 1 + (uint64_t)transport);
		sa.mode = transport ? ABI_MODE_TRANSPORT : ABI_MODE_TUNNEL;
		sa.df = ABI_DF_CLEAR;
		sa.dscp = ABI_DSCP_SET | 46;
		sa.keep_mss = transport;
		sa.salt_len = 4;
		children_install(x->c, &sa, x->now);
		p = sa_table_find(children_table(x->c), sa.token);
		assert_non_null(p);
		assert_int_equal(p->in.add.df, ABI_DF_SET);
		assert_int_equal(p->in.add.dscp, ABI_DSCP_COPY);
		assert_int_equal(p->out.add.df, transport ? ABI_DF_SET : ABI_DF_CLEAR);
		assert_int_equal(p->out.add.dscp, transport ? ABI_DSCP_COPY : ABI_DSCP_SET | 46);
		assert_int_equal(p->in.add.flags & ABI_SA_F_KEEP_MSS, 0);
		assert_int_equal((p->out.add.flags & ABI_SA_F_KEEP_MSS) != 0, transport);
		assert_int_equal(p->out.add.salt_len, 4);
	}
}

/* Whatever else the heap holds: keys are in locked memory alone. */
static void no_keys_stay_in_the_record(void **state)
{
	struct childkit *x = *state;
	struct sa_pair *p = childkit_install(x, 1);

	assert_null(memmem(p, sizeof(*p), "\xe1\xe1\xe1\xe1", 4));
	assert_int_equal(((struct sa_keys *)(void *)p->in.keys->data)->encr_key[0], 0xe1);
}

static void a_refused_half_takes_the_other_back(void **state)
{
	struct childkit *x = *state;
	struct ike_child_sa sa = childkit_child(x, 1);
	union {
		struct abi_msg msg;
		struct abi_sa_delete del;
		uint8_t slot[ABI_COMMAND_SLOT];
	} c;

	children_install(x->c, &sa, x->now);
	dataplane_poll(x->d, x->now);
	fake_segment_take(&x->f, &c);
	fake_segment_reply(&x->f, &c.msg, ABI_OK);
	fake_segment_take(&x->f, &c);
	fake_segment_reply(&x->f, &c.msg, ABI_ERR_UNSUPPORTED);
	dataplane_poll(x->d, x->now);
	assert_int_equal(x->results, 1);
	assert_int_equal(x->last_rc, -EOPNOTSUPP);
	assert_int_equal(fake_segment_take(&x->f, &c), 1);
	assert_int_equal(c.msg.type, ABI_CMD_SA_DELETE);
	assert_int_equal(c.del.spi, sa.in.spi);
	assert_int_equal(fake_segment_take(&x->f, &c), 0);
	fake_segment_reply(&x->f, &c.msg, ABI_OK);
	childkit_turn(x);
	assert_int_equal(sa_table_used(children_table(x->c)), 0);
}

static void without_answers_both_are_deleted(void **state)
{
	struct childkit *x = *state;
	struct ike_child_sa sa = childkit_child(x, 1);
	uint8_t slot[ABI_COMMAND_SLOT];

	children_install(x->c, &sa, x->now);
	dataplane_poll(x->d, x->now);
	while (fake_segment_take(&x->f, slot) == 1)
		;
	for (unsigned int i = 0; i < 10; i++) {
		x->now += CHILDKIT_SEC / 4;
		fake_segment_beat(&x->f, x->now);
		dataplane_poll(x->d, x->now);
	}
	assert_int_equal(x->last_rc, -ETIMEDOUT);
	assert_int_equal(childkit_turn(x), 2); /* two deletes: the adds may have been done */
	assert_int_equal(sa_table_used(children_table(x->c)), 0);
}

static void a_full_table_is_reported_in_the_next_tick(void **state)
{
	struct childkit *x = *state;
	struct ike_child_sa sa = childkit_child(x, 1);

	while (sa_table_take_slot(children_table(x->c)) != SA_TABLE_NONE)
		;
	children_install(x->c, &sa, x->now);
	assert_int_equal(x->results, 0); /* never from inside the engine's call */
	children_tick(x->c, x->now);
	assert_int_equal(x->results, 1);
	assert_int_equal(x->last_rc, -ENOSPC);
}

static void without_a_dataplane_installing_fails(void **state)
{
	struct childkit *x = *state;
	struct ike_child_sa sa = childkit_child(x, 1);

	x->f.hdr->state = ABI_STATE_GONE;
	x->now += CHILDKIT_SEC;
	dataplane_poll(x->d, x->now);
	children_install(x->c, &sa, x->now);
	children_tick(x->c, x->now);
	assert_int_equal(x->results, 1);
	assert_int_equal(x->last_rc, -ENOTCONN);
}

static void removing_deletes_both_and_frees_the_slots(void **state)
{
	struct childkit *x = *state;
	struct sa_pair *p = childkit_install(x, 1);
	uint32_t in = p->in.add.slot, out = p->out.add.slot;

	children_remove(x->c, 1);
	assert_null(sa_table_find(children_table(x->c), 1));
	assert_int_equal(childkit_turn(x), 2);
	assert_int_equal(fake_segment_sa(&x->f, in)->state, ABI_SA_FREE);
	assert_int_equal(fake_segment_sa(&x->f, out)->state, ABI_SA_FREE);
	assert_int_equal(sa_table_used(children_table(x->c)), 0);
	children_remove(x->c, 1); /* unknown by now */
	assert_int_equal(childkit_turn(x), 0);
}

static void removing_while_adding_waits_for_the_answers(void **state)
{
	struct childkit *x = *state;
	struct ike_child_sa sa = childkit_child(x, 1);

	children_install(x->c, &sa, x->now);
	children_remove(x->c, 1);
	childkit_turn(x);
	childkit_turn(x);
	assert_int_equal(x->results, 0); /* the engine asked for no answer any more */
	assert_int_equal(sa_table_used(children_table(x->c)), 0);
	for (uint32_t s = 0; s < 64; s++)
		assert_int_equal(fake_segment_sa(&x->f, s)->state, ABI_SA_FREE);
}

static void what_is_held_is_sent_when_it_may_be(void **state)
{
	struct childkit *x = *state;
	struct ike_child_sa sa = childkit_child(x, 1), other = childkit_child(x, 2);
	const struct abi_addr moved = {.family = 4, .bytes = {198, 51, 100, 7}};
	union {
		struct abi_sa_add add;
		uint8_t slot[ABI_COMMAND_SLOT];
	} out;

	sa.current = false;
	children_hold(x->c);
	children_install(x->c, &sa, x->now);
	children_install(x->c, &other, x->now);
	children_current(x->c, 1); /* goes with the adds, as does another address */
	children_moved(x->c, 1, &moved, 4501);
	children_remove(x->c, 2);
	assert_int_equal(childkit_turn(x), 0);
	assert_int_equal(x->results, 0);
	children_release(x->c);
	children_release(x->c); /* once is enough */
	dataplane_poll(x->d, x->now);
	assert_int_equal(fake_segment_take(&x->f, &out), 1);
	fake_segment_reply(&x->f, &out.add.msg, ABI_OK);
	assert_int_equal(fake_segment_take(&x->f, &out), 1);
	assert_int_equal(out.add.direction, ABI_DIR_OUT);
	assert_int_equal(out.add.flags, ABI_SA_F_CURRENT);
	assert_int_equal(out.add.remote_port, 4501);
	assert_memory_equal(&out.add.remote, &moved, sizeof(moved));
	fake_segment_reply(&x->f, &out.add.msg, ABI_OK);
	assert_int_equal(fake_segment_take(&x->f, &out), 0);
	childkit_turn(x);
	assert_int_equal(x->results, 1);
	assert_int_equal(x->last_rc, 0);
	assert_null(sa_table_find(children_table(x->c), 2));
}

static void what_is_held_fails_with_the_dataplane(void **state)
{
	struct childkit *x = *state;
	struct ike_child_sa sa = childkit_child(x, 1);

	children_hold(x->c);
	children_install(x->c, &sa, x->now);
	x->f.hdr->state = ABI_STATE_GONE;
	x->now += CHILDKIT_SEC;
	dataplane_poll(x->d, x->now);
	children_tick(x->c, x->now);
	assert_int_equal(x->results, 1);
	assert_int_equal(x->last_rc, -ENOTCONN);
	children_release(x->c);
	children_tick(x->c, x->now);
	assert_int_equal(x->results, 1);
	assert_int_equal(sa_table_used(children_table(x->c)), 0);
}

static void a_delete_that_finds_no_room_is_repeated(void **state)
{
	struct childkit *x = *state;
	uint8_t slot[ABI_COMMAND_SLOT];
	struct abi_msg m;

	childkit_install(x, 1);
	children_remove(x->c, 1);
	dataplane_poll(x->d, x->now);
	while (fake_segment_take(&x->f, slot) == 1) {
		memcpy(&m, slot, sizeof(m));
		assert_int_equal(m.type, ABI_CMD_SA_DELETE);
		fake_segment_reply(&x->f, &m, ABI_ERR_NO_SPACE);
	}
	dataplane_poll(x->d, x->now);
	assert_int_equal(sa_table_used(children_table(x->c)), 2);
	assert_int_equal(childkit_turn(x), 2);
	assert_int_equal(sa_table_used(children_table(x->c)), 0);
}

static void events_reach_the_engine_once(void **state)
{
	struct childkit *x = *state;
	struct sa_pair *p = childkit_install(x, 9);

	childkit_event(x, &p->in, p->cookie, ABI_EV_FIRST_TRAFFIC, 0);
	childkit_event(x, &p->in, p->cookie, ABI_EV_FIRST_TRAFFIC, 0);
	childkit_event(x, &p->out, p->cookie, ABI_EV_FIRST_TRAFFIC, 0);
	assert_int_equal(x->first, 1);
	assert_int_equal(x->last_token, 9);
	childkit_event(x, &p->in, p->cookie, ABI_EV_SA_EXPIRE, ABI_EXPIRE_SOFT);
	childkit_event(x, &p->out, p->cookie, ABI_EV_SA_EXPIRE, ABI_EXPIRE_SOFT);
	assert_int_equal(x->soft, 1);
	assert_int_equal(x->limit, ABI_LIMIT_TIME);
	childkit_event(x, &p->out, p->cookie, ABI_EV_SA_EXPIRE, ABI_EXPIRE_HARD);
	assert_int_equal(x->hard, 1);
}

static void each_limit_reaches_the_engine_once(void **state)
{
	struct childkit *x = *state;
	struct sa_pair *p = childkit_install(x, 9);

	for (uint8_t limit = ABI_LIMIT_TIME; limit <= ABI_LIMIT_SEQUENCE; limit++) {
		childkit_soft(x, &p->out, p->cookie, limit);
		childkit_soft(x, &p->in, p->cookie, limit);
		assert_int_equal(x->soft, limit);
		assert_int_equal(x->limit, limit);
	}
}

static void events_of_others_are_ignored(void **state)
{
	struct childkit *x = *state;
	struct sa_pair *p = childkit_install(x, 9);
	struct sa_half other = p->in;

	childkit_event(x, &p->in, p->cookie + 1, ABI_EV_SA_EXPIRE, ABI_EXPIRE_HARD);
	other.add.spi += 64;
	childkit_event(x, &other, p->cookie, ABI_EV_SA_EXPIRE, ABI_EXPIRE_HARD);
	other = p->in;
	other.add.slot = (other.add.slot + 1) & 63;
	if (other.add.slot == p->out.add.slot)
		other.add.slot = (other.add.slot + 1) & 63;
	childkit_event(x, &other, p->cookie, ABI_EV_SA_EXPIRE, ABI_EXPIRE_HARD);
	assert_int_equal(x->hard, 0);
}

static void a_moved_peer_moves_both_directions(void **state)
{
	const struct abi_addr remote = {.family = 4, .bytes = {198, 51, 100, 7}};
	struct childkit *x = *state;
	struct sa_pair *p = childkit_install(x, 1);
	union {
		struct abi_sa_update u;
		uint8_t slot[ABI_COMMAND_SLOT];
	} c;

	/* Whether the peer is there is the engine's to find out. */
	childkit_event(x, &p->in, p->cookie, ABI_EV_PEER_MOVED, 0);
	assert_int_equal(x->moved, 1);
	dataplane_poll(x->d, x->now);
	assert_int_equal(fake_segment_take(&x->f, &c), 0);
	children_moved(x->c, 2, &remote, 40001); /* no such pair */
	children_moved(x->c, 1, &remote, 40001);
	dataplane_poll(x->d, x->now);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(fake_segment_take(&x->f, &c), 1);
		assert_int_equal(c.u.msg.type, ABI_CMD_SA_UPDATE);
		assert_int_equal(c.u.what, ABI_SA_UPD_ENDPOINT);
		assert_int_equal(c.u.remote_port, 40001);
		assert_int_equal(c.u.remote.bytes[0], 198);
		assert_int_equal(c.u.local_port, 4500);
	}
	assert_int_equal(p->out.add.remote_port, 40001);
}

static void lost_events_are_made_up_for(void **state)
{
	struct childkit *x = *state;
	struct sa_pair *a = childkit_install(x, 1), *b = childkit_install(x, 2);

	fake_segment_sa(&x->f, a->in.add.slot)->seen_traffic = 1;
	fake_segment_sa(&x->f, a->out.add.slot)->state = ABI_SA_DYING;
	fake_segment_sa(&x->f, b->in.add.slot)->state = ABI_SA_FREE;
	x->f.hdr->events_missed = 5;
	childkit_turn(x);
	assert_int_equal(x->first, 1);
	assert_int_equal(x->soft, 1);
	assert_int_equal(x->hard, 1);
	childkit_turn(x);
	assert_null(sa_table_find(children_table(x->c), 2));
	assert_non_null(sa_table_find(children_table(x->c), 1));
}

#define T(name) cmocka_unit_test_setup_teardown(name, childkit_setup, childkit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(adds_inbound_first_with_its_keys),
		T(marks_of_the_outer_header_go_with_the_outbound_tunnel),
		T(no_keys_stay_in_the_record),
		T(a_refused_half_takes_the_other_back),
		T(without_answers_both_are_deleted),
		T(a_full_table_is_reported_in_the_next_tick),
		T(without_a_dataplane_installing_fails),
		T(removing_deletes_both_and_frees_the_slots),
		T(removing_while_adding_waits_for_the_answers),
		T(what_is_held_is_sent_when_it_may_be),
		T(what_is_held_fails_with_the_dataplane),
		T(a_delete_that_finds_no_room_is_repeated),
		T(events_reach_the_engine_once),
		T(each_limit_reaches_the_engine_once),
		T(events_of_others_are_ignored),
		T(a_moved_peer_moves_both_directions),
		T(lost_events_are_made_up_for),
	};

	log_setup(-1, LOG_LEVEL_INFO);
	if (secret_setup(1 << 20) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
