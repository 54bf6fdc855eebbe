/* SPDX-License-Identifier: BSD-3-Clause */
/* test_children_restart.c - pairs resumed in a new dataplane, and adopted by a new control. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "childkit.h"
#include "control/log.h"
#include "control/secret.h"

/* --- the dataplane was restarted --- */

static void restart_dataplane(struct childkit *x)
{
	fake_segment_remove(&x->f);
	x->now += 2 * CHILDKIT_SEC;
	fake_segment_make(&x->f, "children", 8, x->now);
	x->resume = true;
}

static void resumes_with_the_marks_of_before(void **state)
{
	struct childkit *x = *state;
	struct sa_pair *p = childkit_install(x, 1);
	union {
		struct abi_sa_add add;
		uint8_t slot[ABI_COMMAND_SLOT];
	} in, out;

	fake_segment_sa(&x->f, p->out.add.slot)->seq = 1000;
	fake_segment_sa(&x->f, p->out.add.slot)->seq_mark = 1 << 20;
	fake_segment_sa(&x->f, p->in.add.slot)->seq = 777;
	restart_dataplane(x);
	dataplane_poll(x->d, x->now); /* notices, detaches */
	dataplane_poll(x->d, x->now += CHILDKIT_SEC / 5);
	assert_int_equal(fake_segment_take(&x->f, &in), 1);
	assert_int_equal(fake_segment_take(&x->f, &out), 1);
	assert_int_equal(in.add.seq_start, 777);
	assert_int_equal(in.add.flags, ABI_SA_F_RESUME);
	assert_int_equal(in.add.encr_key[0], 0xe1);
	assert_int_equal(in.add.slot, in.add.spi & 63);
	assert_int_equal(out.add.seq_start, 1 << 20);
	assert_int_equal(out.add.flags, ABI_SA_F_RESUME | ABI_SA_F_CURRENT);
	fake_segment_reply(&x->f, &in.add.msg, ABI_OK);
	fake_segment_reply(&x->f, &out.add.msg, ABI_OK);
	childkit_turn(x);
	assert_int_equal(x->hard, 0);
	assert_int_equal(x->results, 1); /* that of the first install */
	assert_int_equal(sa_table_find(children_table(x->c), 1)->state, SA_PAIR_READY);
}

/* Flags of the outbound SA as it is resumed, when the dead dataplane did not send through it. */
static uint32_t resumed_flags(struct childkit *x, const struct sa_pair *p)
{
	union {
		struct abi_sa_add add;
		uint8_t slot[ABI_COMMAND_SLOT];
	} c;

	fake_segment_sa(&x->f, p->out.add.slot)->current = 0;
	restart_dataplane(x);
	dataplane_poll(x->d, x->now);
	dataplane_poll(x->d, x->now += CHILDKIT_SEC / 5);
	assert_int_equal(fake_segment_take(&x->f, &c), 1);
	assert_int_equal(fake_segment_take(&x->f, &c), 1);
	assert_int_equal(c.add.direction, ABI_DIR_OUT);
	return c.add.flags;
}

static void what_a_dying_dataplane_did_not_hear_counts(void **state)
{
	struct childkit *x = *state;
	struct sa_pair *p = childkit_install(x, 1);

	children_current(x->c, 1);
	assert_int_equal(resumed_flags(x, p), ABI_SA_F_RESUME | ABI_SA_F_CURRENT);
}

static void the_segment_says_what_was_current(void **state)
{
	struct childkit *x = *state;
	struct sa_pair *p = childkit_install(x, 1);

	children_current(x->c, 1);
	childkit_turn(x); /* it answers */
	assert_int_equal(resumed_flags(x, p), ABI_SA_F_RESUME);
}

/* Of several wishes for one policy the last one counts, also for the older pair. */
static void wishes_are_repeated_in_their_order(void **state)
{
	struct childkit *x = *state;
	struct sa_pair *a = childkit_install(x, 1);
	union {
		struct abi_msg msg;
		struct abi_sa_update update;
		uint8_t slot[ABI_COMMAND_SLOT];
	} c;
	uint32_t last = 0;
	unsigned int updates = 0;

	childkit_install(x, 2);
	children_current(x->c, 2);
	children_current(x->c, 1);
	restart_dataplane(x);
	for (int i = 0; i < 3; i++) {
		dataplane_poll(x->d, x->now += CHILDKIT_SEC / 5);
		while (fake_segment_take(&x->f, &c) == 1) {
			if (c.msg.type == ABI_CMD_SA_UPDATE) {
				last = c.update.spi;
				updates++;
			}
			fake_segment_reply(&x->f, &c.msg, ABI_OK);
		}
		fake_segment_beat(&x->f, x->now);
	}
	assert_int_equal(updates, 2);
	assert_int_equal(last, a->out.add.spi);
}

/* Commands are answered in their order: who heard a later one has heard this one. */
static void a_wish_whose_answer_was_late_is_heard_with_the_next(void **state)
{
	struct childkit *x = *state;
	struct sa_pair *p = childkit_install(x, 1), *q = childkit_install(x, 2);
	uint8_t slot[ABI_COMMAND_SLOT];

	children_current(x->c, 1);
	dataplane_poll(x->d, x->now);
	assert_int_equal(fake_segment_take(&x->f, slot), 1);
	for (unsigned int i = 0; i < 10; i++) {
		x->now += CHILDKIT_SEC / 4;
		fake_segment_beat(&x->f, x->now);
		dataplane_poll(x->d, x->now);
	}
	children_current(x->c, 2);
	childkit_turn(x);
	fake_segment_sa(&x->f, q->out.add.slot)->current = 1;
	assert_int_equal(resumed_flags(x, p), ABI_SA_F_RESUME);
}

static void marks_in_the_new_segment_count_too(void **state)
{
	struct childkit *x = *state;
	struct sa_pair *p = childkit_install(x, 1);
	union {
		struct abi_sa_add add;
		uint8_t slot[ABI_COMMAND_SLOT];
	} c;

	fake_segment_sa(&x->f, p->out.add.slot)->seq_mark = 5000;
	restart_dataplane(x);
	*fake_segment_sa(&x->f, p->out.add.slot) = (struct abi_sa_status){
		.state = ABI_SA_DEAD, .spi = p->out.add.spi, .seq_mark = 9000};
	dataplane_poll(x->d, x->now);
	dataplane_poll(x->d, x->now += CHILDKIT_SEC / 5);
	fake_segment_take(&x->f, &c);
	fake_segment_take(&x->f, &c);
	assert_int_equal(c.add.direction, ABI_DIR_OUT);
	assert_int_equal(c.add.seq_start, 9000);
}

static void dead_lines_of_others_are_let_go(void **state)
{
	struct childkit *x = *state;
	union {
		struct abi_sa_delete del;
		uint8_t slot[ABI_COMMAND_SLOT];
	} c;

	restart_dataplane(x);
	*fake_segment_sa(&x->f, 5) = (struct abi_sa_status){.state = ABI_SA_DEAD, .spi = 0x1005};
	dataplane_poll(x->d, x->now);
	dataplane_poll(x->d, x->now += CHILDKIT_SEC / 5);
	assert_int_equal(fake_segment_take(&x->f, &c), 1);
	assert_int_equal(c.del.msg.type, ABI_CMD_SA_DELETE);
	assert_int_equal(c.del.slot, 5);
	assert_int_equal(c.del.spi, 0x1005);
}

static void what_cannot_be_resumed_expires(void **state)
{
	struct childkit *x = *state;
	uint8_t slot[ABI_COMMAND_SLOT];
	struct abi_msg m;

	childkit_install(x, 1);
	restart_dataplane(x);
	dataplane_poll(x->d, x->now);
	dataplane_poll(x->d, x->now += CHILDKIT_SEC / 5);
	while (fake_segment_take(&x->f, slot) == 1) {
		memcpy(&m, slot, sizeof(m));
		fake_segment_reply(&x->f, &m, ABI_ERR_EXISTS);
	}
	childkit_turn(x);
	childkit_turn(x);
	assert_int_equal(x->hard, 1);
	assert_int_equal(sa_table_used(children_table(x->c)), 0);
}

static void expired_pairs_are_not_resumed(void **state)
{
	struct childkit *x = *state;

	childkit_install(x, 1);
	x->now += 1800 * CHILDKIT_SEC;
	restart_dataplane(x);
	dataplane_poll(x->d, x->now);
	dataplane_poll(x->d, x->now += CHILDKIT_SEC / 5);
	assert_int_equal(abi_ring_avail(&x->f.command), 0);
	assert_int_equal(x->hard, 1);
}

/* --- control was restarted --- */

static void adopts_what_serves_a_policy(void **state)
{
	struct childkit *x = *state;
	struct sa_pair *p;
	uint32_t spi = childkit_install(x, 1)->in.add.spi;

	x->now += 100 * CHILDKIT_SEC;
	childkit_restart_control(x);
	assert_int_equal(children_adopt(x->c, x->now), 1);
	assert_int_equal(childkit_turn(x), 0); /* nothing is touched */
	p = TAILQ_FIRST(sa_table_all(children_table(x->c)));
	assert_true(p->adopted);
	assert_int_equal(p->in.add.spi, spi);
	assert_int_equal(p->out.add.direction, ABI_DIR_OUT);
	assert_null(p->in.keys);
	assert_string_equal(p->peer, "to_tencent");
	assert_int_equal(p->added_wall, 1661678530);
	assert_true(children_has_adopted(x->c, "to_tencent"));
	assert_false(children_has_adopted(x->c, "another"));
	assert_int_equal(children_adopt(x->c, x->now), 0); /* once */
	assert_int_equal(sa_table_used(children_table(x->c)), 2);
}

static void deletes_what_serves_none(void **state)
{
	struct childkit *x = *state;
	struct sa_pair *p = childkit_install(x, 1);
	uint32_t in = p->in.add.slot;

	childkit_restart_control(x);
	x->known_policy = CHILDKIT_POLICY + 1;
	assert_int_equal(children_adopt(x->c, x->now), 0);
	assert_int_equal(childkit_turn(x), 2);
	assert_int_equal(fake_segment_sa(&x->f, in)->state, ABI_SA_FREE);
}

static void deletes_sas_to_somewhere_else(void **state)
{
	struct childkit *x = *state;

	childkit_install(x, 1);
	childkit_restart_control(x);
	x->known_remote = (struct abi_addr){.family = 4, .bytes = {8, 8, 8, 8}};
	assert_int_equal(children_adopt(x->c, x->now), 0);
	assert_int_equal(childkit_turn(x), 2);
}

static void half_a_pair_is_deleted(void **state)
{
	struct childkit *x = *state;
	struct sa_pair *p = childkit_install(x, 1);

	fake_segment_sa(&x->f, p->out.add.slot)->state = ABI_SA_FREE; /* died mid-install */
	childkit_restart_control(x);
	assert_int_equal(children_adopt(x->c, x->now), 0);
	assert_int_equal(childkit_turn(x), 1);
}

static void lines_we_could_not_have_made_are_not_adopted(void **state)
{
	struct childkit *x = *state;

	for (unsigned int i = 0; i < 7; i++) {
		struct sa_pair *p = childkit_install(x, 100 + i);
		struct abi_sa_status *s = fake_segment_sa(&x->f, p->in.add.slot);

		switch (i) {
		case 0:
			s->spi = 200;
			break;
		case 1:
			s->spi ^= 1;
			break; /* not this slot */
		case 2:
			s->direction = 3;
			break;
		case 3:
			s->cookie ^= 1ull << 40;
			break; /* another policy */
		case 4:
			s->local.family = 9;
			break;
		case 5:
			s->remote.family = 6;
			break;
		case 6:
			s->encap = 2;
			break;
		}
	}
	childkit_restart_control(x);
	assert_int_equal(children_adopt(x->c, x->now), 0);
	assert_int_equal(sa_table_used(children_table(x->c)), 0);
}

static unsigned int count_live(struct childkit *x)
{
	unsigned int n = 0;

	for (uint32_t s = 0; s < 64; s++)
		n += fake_segment_sa(&x->f, s)->state == ABI_SA_MATURE;
	return n;
}

static void turn_for(struct childkit *x, uint64_t ns)
{
	uint64_t until = x->now + ns;

	while (x->now < until)
		childkit_turn(x);
}

static void adopted_pairs_go_after_the_grace(void **state)
{
	struct childkit *x = *state;

	childkit_install(x, 1);
	childkit_restart_control(x);
	children_adopt(x->c, x->now);
	turn_for(x, 30 * CHILDKIT_SEC);
	assert_int_equal(count_live(x), 2); /* nothing replaces it yet */
	childkit_install(x, 2);
	turn_for(x, 9 * CHILDKIT_SEC);
	assert_int_equal(count_live(x), 4);
	turn_for(x, 3 * CHILDKIT_SEC);
	assert_int_equal(count_live(x), 2);
	assert_non_null(sa_table_find(children_table(x->c), 2));
	assert_false(children_has_adopted(x->c, "to_tencent"));
}

static void adopted_pairs_stay_while_packets_arrive(void **state)
{
	struct childkit *x = *state;
	uint32_t slot = childkit_install(x, 1)->in.add.slot;

	childkit_restart_control(x);
	children_adopt(x->c, x->now);
	childkit_install(x, 2);
	for (unsigned int i = 0; i < 30; i++) {
		fake_segment_counters(&x->f, slot, 1)->last_used = x->now;
		turn_for(x, CHILDKIT_SEC);
	}
	assert_int_equal(count_live(x), 4);
	turn_for(x, 12 * CHILDKIT_SEC);
	assert_int_equal(count_live(x), 2);
}

/* Does a command of the kind wait in the ring? Answers all that do. */
static bool saw_current(struct childkit *x)
{
	union {
		struct abi_msg msg;
		struct abi_sa_update u;
		uint8_t slot[ABI_COMMAND_SLOT];
	} c;
	bool seen = false;

	dataplane_poll(x->d, x->now);
	while (fake_segment_take(&x->f, &c) == 1) {
		seen |= c.msg.type == ABI_CMD_SA_UPDATE && c.u.what == ABI_SA_UPD_CURRENT;
		fake_segment_reply(&x->f, &c.msg, ABI_OK);
	}
	return seen;
}

static struct sa_pair *adopt_and_install(struct childkit *x)
{
	struct sa_pair *p;

	childkit_install(x, 1);
	childkit_restart_control(x);
	children_adopt(x->c, x->now);
	p = childkit_install(x, 2);
	assert_false(p->out.add.flags & ABI_SA_F_CURRENT);
	children_current(x->c, 2);
	assert_false(saw_current(x));
	return p;
}

static void the_adopted_pair_sends_until_the_peer_uses_the_new_one(void **state)
{
	struct childkit *x = *state;
	struct sa_pair *p = adopt_and_install(x);

	childkit_event(x, &p->in, p->cookie, ABI_EV_FIRST_TRAFFIC, 0);
	assert_true(saw_current(x));
	turn_for(x, 3 * CHILDKIT_SEC);
	assert_false(saw_current(x));
}

static void or_until_the_peer_has_had_the_time(void **state)
{
	struct childkit *x = *state;

	adopt_and_install(x);
	x->now += CHILDREN_SWITCH - CHILDKIT_SEC / 5;
	children_tick(x->c, x->now);
	assert_false(saw_current(x));
	x->now += CHILDKIT_SEC / 5;
	children_tick(x->c, x->now);
	assert_true(saw_current(x));
}

static void adopted_pairs_end_with_their_lifetime(void **state)
{
	struct childkit *x = *state;
	struct sa_pair *p;

	childkit_install(x, 1);
	childkit_restart_control(x);
	children_adopt(x->c, x->now);
	p = TAILQ_FIRST(sa_table_all(children_table(x->c)));
	childkit_event(x, &p->in, p->cookie, ABI_EV_SA_EXPIRE, ABI_EXPIRE_SOFT);
	assert_int_equal(x->soft, 0); /* the engine knows nothing of it */
	childkit_event(x, &p->in, p->cookie, ABI_EV_SA_EXPIRE, ABI_EXPIRE_HARD);
	childkit_turn(x);
	childkit_turn(x);
	assert_int_equal(x->hard, 0);
	assert_int_equal(sa_table_used(children_table(x->c)), 0);
	assert_int_equal(count_live(x), 0);
}

static void an_orderly_end_removes_everything(void **state)
{
	struct childkit *x = *state;

	childkit_install(x, 1);
	childkit_restart_control(x);
	children_adopt(x->c, x->now);
	childkit_install(x, 2);
	children_remove_all(x->c);
	childkit_turn(x);
	childkit_turn(x);
	assert_int_equal(count_live(x), 0);
	assert_int_equal(sa_table_used(children_table(x->c)), 0);
}

static void flushing_adopted_leaves_the_others(void **state)
{
	struct childkit *x = *state;

	childkit_install(x, 1);
	childkit_restart_control(x);
	children_adopt(x->c, x->now);
	childkit_install(x, 2);
	children_remove_adopted(x->c);
	childkit_turn(x);
	assert_int_equal(count_live(x), 2);
	assert_non_null(sa_table_find(children_table(x->c), 2));
}

#define T(name) cmocka_unit_test_setup_teardown(name, childkit_setup, childkit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(resumes_with_the_marks_of_before),
		T(what_a_dying_dataplane_did_not_hear_counts),
		T(the_segment_says_what_was_current),
		T(wishes_are_repeated_in_their_order),
		T(a_wish_whose_answer_was_late_is_heard_with_the_next),
		T(marks_in_the_new_segment_count_too),
		T(dead_lines_of_others_are_let_go),
		T(what_cannot_be_resumed_expires),
		T(expired_pairs_are_not_resumed),
		T(adopts_what_serves_a_policy),
		T(deletes_what_serves_none),
		T(deletes_sas_to_somewhere_else),
		T(half_a_pair_is_deleted),
		T(lines_we_could_not_have_made_are_not_adopted),
		T(adopted_pairs_go_after_the_grace),
		T(adopted_pairs_stay_while_packets_arrive),
		T(the_adopted_pair_sends_until_the_peer_uses_the_new_one),
		T(or_until_the_peer_has_had_the_time),
		T(adopted_pairs_end_with_their_lifetime),
		T(an_orderly_end_removes_everything),
		T(flushing_adopted_leaves_the_others),
	};

	log_setup(-1, LOG_LEVEL_INFO);
	if (secret_setup(1 << 20) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
