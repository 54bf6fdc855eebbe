/* SPDX-License-Identifier: BSD-3-Clause */
/* test_children.c - installing, removing, resuming and adopting pairs against a fake dataplane. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/children.h"
#include "control/log.h"
#include "control/secret.h"
#include "fake_segment.h"

#define SEC    1000000000ull
#define START  (1000 * SEC)
#define POLICY 0x77u

struct fixture {
	struct fake_segment f;
	struct dataplane *d;
	struct children *c;
	uint64_t now, seed;
	unsigned int results, soft, hard, first;
	int last_rc;
	uint64_t last_token;
	bool resume; /* what the gateway does when a fresh dataplane is attached */
	uint32_t known_policy;
	struct abi_addr known_remote;
};

static void on_attached(void *ctx, bool fresh)
{
	struct fixture *x = ctx;

	if (fresh && x->resume)
		children_resume(x->c, x->now);
}

static void on_detaching(void *ctx)
{
	children_detaching(((struct fixture *)ctx)->c);
}

static void on_sa(void *ctx, const struct abi_ev_sa *ev)
{
	children_event(((struct fixture *)ctx)->c, ev);
}

static void on_acquire(void *ctx, const struct abi_ev_acquire *ev)
{
	(void)ctx;
	(void)ev;
}

static void on_port(void *ctx, const struct abi_ev_port *ev)
{
	(void)ctx;
	(void)ev;
}

static void on_packet(void *ctx, const struct abi_packet *p)
{
	(void)ctx;
	(void)p;
}

static void on_resync(void *ctx)
{
	children_resync(((struct fixture *)ctx)->c);
}

static const struct dataplane_ops dp_ops = {
	.attached = on_attached,
	.detaching = on_detaching,
	.sa_event = on_sa,
	.acquire = on_acquire,
	.port = on_port,
	.packet = on_packet,
	.resync = on_resync,
};

static void on_result(void *ctx, uint64_t token, int rc)
{
	struct fixture *x = ctx;

	x->results++;
	x->last_token = token;
	x->last_rc = rc;
}

static void on_expired(void *ctx, uint64_t token, bool hard)
{
	struct fixture *x = ctx;

	x->last_token = token;
	x->hard += hard;
	x->soft += !hard;
	if (hard)
		children_remove(x->c, token); /* as the engine does */
}

static void on_first(void *ctx, uint64_t token)
{
	struct fixture *x = ctx;

	x->first++;
	x->last_token = token;
}

static bool policy(void *ctx, uint32_t id, struct children_policy *out)
{
	struct fixture *x = ctx;

	*out = (struct children_policy){
		.peer = "to_tencent", .comment = "comment", .remote = x->known_remote};
	return id == x->known_policy;
}

static int64_t wall(void *ctx)
{
	return 1661678530 + (int64_t)((((struct fixture *)ctx)->now - START) / SEC);
}

static int fake_random(void *ctx, void *buf, size_t len)
{
	struct fixture *x = ctx;
	uint8_t *b = buf;

	while (len-- > 0) {
		x->seed = x->seed * 6364136223846793005ull + 1442695040888963407ull;
		*b++ = (uint8_t)(x->seed >> 56);
	}
	return 0;
}

static const struct children_ops ops = {
	.result = on_result,
	.expired = on_expired,
	.first_traffic = on_first,
	.policy = policy,
	.wall = wall,
	.random = fake_random,
};

/* One turn of the loop, the dataplane answering in between. */
static unsigned int turn(struct fixture *x)
{
	unsigned int n;

	x->now += SEC / 5;
	fake_segment_beat(&x->f, x->now);
	dataplane_poll(x->d, x->now);
	n = fake_segment_serve(&x->f, x->now);
	dataplane_poll(x->d, x->now);
	children_tick(x->c, x->now);
	return n;
}

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	x->now = START;
	x->seed = 42;
	x->known_policy = POLICY;
	fake_segment_make(&x->f, "children", 7, x->now);
	x->d = dataplane_new(x->f.name, &dp_ops, x);
	x->c = children_new(x->d, &ops, x);
	turn(x);
	*state = x;
	return dataplane_link(x->d) != DATAPLANE_UP;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	dataplane_free(x->d);
	children_free(x->c);
	fake_segment_remove(&x->f);
	free(x);
	return 0;
}

static struct ike_child_sa child(struct fixture *x, uint64_t token)
{
	struct ike_child_sa sa = {
		.token = token,
		.policy_id = POLICY,
		.peer = "to_tencent",
		.comment = "",
		.mode = ABI_MODE_TUNNEL,
		.encap = ABI_ENCAP_UDP,
		.encr = ABI_ENCR_AES_CBC,
		.integ = ABI_INTEG_HMAC_MD5_96,
		.encr_key_len = 16,
		.integ_key_len = 16,
		.current = true,
		.local = {.family = 4, .bytes = {113, 87, 48, 200}},
		.remote = {.family = 4, .bytes = {119, 91, 254, 122}},
		.local_port = 4500,
		.remote_port = 4500,
		.replay_window = 128,
		.soft_time = x->now + 1440 * SEC,
		.hard_time = x->now + 1800 * SEC,
		.n_local = 1,
		.n_remote = 1,
	};

	sa.in.spi = children_take_spi(x->c);
	sa.out.spi = 0xc0000000u + (uint32_t)token;
	memset(sa.in.encr_key, 0xe1, 16);
	memset(sa.in.integ_key, 0xa1, 16);
	memset(sa.out.encr_key, 0xe2, 16);
	memset(sa.out.integ_key, 0xa2, 16);
	return sa;
}

static struct sa_pair *install(struct fixture *x, uint64_t token)
{
	struct ike_child_sa sa = child(x, token);

	children_install(x->c, &sa, x->now);
	turn(x);
	return sa_table_find(children_table(x->c), token);
}

static void adds_inbound_first_with_its_keys(void **state)
{
	struct fixture *x = *state;
	struct ike_child_sa sa = child(x, 1);
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
	assert_int_equal(in.add.cookie >> 32, POLICY);
	assert_int_equal(x->results, 0); /* not before both are confirmed */
	fake_segment_reply(&x->f, &in.add.msg, ABI_OK);
	dataplane_poll(x->d, x->now);
	assert_int_equal(x->results, 0);
	fake_segment_reply(&x->f, &out.add.msg, ABI_OK);
	dataplane_poll(x->d, x->now);
	assert_int_equal(x->results, 1);
	assert_int_equal(x->last_rc, 0);
}

static void no_keys_stay_in_the_record(void **state)
{
	static const uint8_t zero[64];
	struct fixture *x = *state;
	struct sa_pair *p = install(x, 1);

	assert_memory_equal(p->in.add.encr_key, zero, sizeof(p->in.add.encr_key));
	assert_memory_equal(p->in.add.integ_key, zero, sizeof(p->in.add.integ_key));
	assert_int_equal(((struct sa_keys *)(void *)p->in.keys->data)->encr_key[0], 0xe1);
}

static void a_refused_half_takes_the_other_back(void **state)
{
	struct fixture *x = *state;
	struct ike_child_sa sa = child(x, 1);
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
	turn(x);
	assert_int_equal(sa_table_used(children_table(x->c)), 0);
}

static void without_answers_both_are_deleted(void **state)
{
	struct fixture *x = *state;
	struct ike_child_sa sa = child(x, 1);
	uint8_t slot[ABI_COMMAND_SLOT];

	children_install(x->c, &sa, x->now);
	dataplane_poll(x->d, x->now);
	while (fake_segment_take(&x->f, slot) == 1)
		;
	for (unsigned int i = 0; i < 10; i++) {
		x->now += SEC / 4;
		fake_segment_beat(&x->f, x->now);
		dataplane_poll(x->d, x->now);
	}
	assert_int_equal(x->last_rc, -ETIMEDOUT);
	assert_int_equal(turn(x), 2); /* two deletes: the adds may have been done */
	assert_int_equal(sa_table_used(children_table(x->c)), 0);
}

static void a_full_table_is_reported_in_the_next_tick(void **state)
{
	struct fixture *x = *state;
	struct ike_child_sa sa = child(x, 1);

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
	struct fixture *x = *state;
	struct ike_child_sa sa = child(x, 1);

	x->f.hdr->state = ABI_STATE_GONE;
	x->now += SEC;
	dataplane_poll(x->d, x->now);
	children_install(x->c, &sa, x->now);
	children_tick(x->c, x->now);
	assert_int_equal(x->results, 1);
	assert_int_equal(x->last_rc, -ENOTCONN);
}

static void removing_deletes_both_and_frees_the_slots(void **state)
{
	struct fixture *x = *state;
	struct sa_pair *p = install(x, 1);
	uint32_t in = p->in.add.slot, out = p->out.add.slot;

	children_remove(x->c, 1);
	assert_null(sa_table_find(children_table(x->c), 1));
	assert_int_equal(turn(x), 2);
	assert_int_equal(fake_segment_sa(&x->f, in)->state, ABI_SA_FREE);
	assert_int_equal(fake_segment_sa(&x->f, out)->state, ABI_SA_FREE);
	assert_int_equal(sa_table_used(children_table(x->c)), 0);
	children_remove(x->c, 1); /* unknown by now */
	assert_int_equal(turn(x), 0);
}

static void removing_while_adding_waits_for_the_answers(void **state)
{
	struct fixture *x = *state;
	struct ike_child_sa sa = child(x, 1);

	children_install(x->c, &sa, x->now);
	children_remove(x->c, 1);
	turn(x);
	turn(x);
	assert_int_equal(x->results, 0); /* the engine asked for no answer any more */
	assert_int_equal(sa_table_used(children_table(x->c)), 0);
	for (uint32_t s = 0; s < 64; s++)
		assert_int_equal(fake_segment_sa(&x->f, s)->state, ABI_SA_FREE);
}

static void a_delete_that_finds_no_room_is_repeated(void **state)
{
	struct fixture *x = *state;
	uint8_t slot[ABI_COMMAND_SLOT];
	struct abi_msg m;

	install(x, 1);
	children_remove(x->c, 1);
	dataplane_poll(x->d, x->now);
	while (fake_segment_take(&x->f, slot) == 1) {
		memcpy(&m, slot, sizeof(m));
		assert_int_equal(m.type, ABI_CMD_SA_DELETE);
		fake_segment_reply(&x->f, &m, ABI_ERR_NO_SPACE);
	}
	dataplane_poll(x->d, x->now);
	assert_int_equal(sa_table_used(children_table(x->c)), 2);
	assert_int_equal(turn(x), 2);
	assert_int_equal(sa_table_used(children_table(x->c)), 0);
}

static void event(struct fixture *x, const struct sa_half *h, uint64_t cookie, uint16_t type,
		  uint8_t expire)
{
	struct abi_ev_sa ev = {.slot = h->add.slot,
			       .spi = h->add.spi,
			       .cookie = cookie,
			       .expire = expire,
			       .limit = ABI_LIMIT_TIME};

	if (type == ABI_EV_PEER_MOVED) {
		ev.remote = (struct abi_addr){.family = 4, .bytes = {198, 51, 100, 7}};
		ev.remote_port = 40001;
	}
	fake_segment_event(&x->f, &ev, type, sizeof(ev));
	dataplane_poll(x->d, x->now);
}

static void events_reach_the_engine_once(void **state)
{
	struct fixture *x = *state;
	struct sa_pair *p = install(x, 9);

	event(x, &p->in, p->cookie, ABI_EV_FIRST_TRAFFIC, 0);
	event(x, &p->in, p->cookie, ABI_EV_FIRST_TRAFFIC, 0);
	event(x, &p->out, p->cookie, ABI_EV_FIRST_TRAFFIC, 0);
	assert_int_equal(x->first, 1);
	assert_int_equal(x->last_token, 9);
	event(x, &p->in, p->cookie, ABI_EV_SA_EXPIRE, ABI_EXPIRE_SOFT);
	event(x, &p->out, p->cookie, ABI_EV_SA_EXPIRE, ABI_EXPIRE_SOFT);
	assert_int_equal(x->soft, 1);
	event(x, &p->out, p->cookie, ABI_EV_SA_EXPIRE, ABI_EXPIRE_HARD);
	assert_int_equal(x->hard, 1);
}

static void events_of_others_are_ignored(void **state)
{
	struct fixture *x = *state;
	struct sa_pair *p = install(x, 9);
	struct sa_half other = p->in;

	event(x, &p->in, p->cookie + 1, ABI_EV_SA_EXPIRE, ABI_EXPIRE_HARD);
	other.add.spi += 64;
	event(x, &other, p->cookie, ABI_EV_SA_EXPIRE, ABI_EXPIRE_HARD);
	other = p->in;
	other.add.slot = (other.add.slot + 1) & 63;
	if (other.add.slot == p->out.add.slot)
		other.add.slot = (other.add.slot + 1) & 63;
	event(x, &other, p->cookie, ABI_EV_SA_EXPIRE, ABI_EXPIRE_HARD);
	assert_int_equal(x->hard, 0);
}

static void a_moved_peer_moves_both_directions(void **state)
{
	struct fixture *x = *state;
	struct sa_pair *p = install(x, 1);
	union {
		struct abi_sa_update u;
		uint8_t slot[ABI_COMMAND_SLOT];
	} c;

	event(x, &p->in, p->cookie, ABI_EV_PEER_MOVED, 0);
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
	struct fixture *x = *state;
	struct sa_pair *a = install(x, 1), *b = install(x, 2);

	fake_segment_sa(&x->f, a->in.add.slot)->seen_traffic = 1;
	fake_segment_sa(&x->f, a->out.add.slot)->state = ABI_SA_DYING;
	fake_segment_sa(&x->f, b->in.add.slot)->state = ABI_SA_FREE;
	x->f.hdr->events_missed = 5;
	turn(x);
	assert_int_equal(x->first, 1);
	assert_int_equal(x->soft, 1);
	assert_int_equal(x->hard, 1);
	turn(x);
	assert_null(sa_table_find(children_table(x->c), 2));
	assert_non_null(sa_table_find(children_table(x->c), 1));
}

/* --- the dataplane was restarted --- */

static void restart_dataplane(struct fixture *x)
{
	fake_segment_remove(&x->f);
	x->now += 2 * SEC;
	fake_segment_make(&x->f, "children", 8, x->now);
	x->resume = true;
}

static void resumes_with_the_marks_of_before(void **state)
{
	struct fixture *x = *state;
	struct sa_pair *p = install(x, 1);
	union {
		struct abi_sa_add add;
		uint8_t slot[ABI_COMMAND_SLOT];
	} in, out;

	fake_segment_sa(&x->f, p->out.add.slot)->seq = 1000;
	fake_segment_sa(&x->f, p->out.add.slot)->seq_mark = 1 << 20;
	fake_segment_sa(&x->f, p->in.add.slot)->seq = 777;
	restart_dataplane(x);
	dataplane_poll(x->d, x->now); /* notices, detaches */
	dataplane_poll(x->d, x->now += SEC / 5);
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
	turn(x);
	assert_int_equal(x->hard, 0);
	assert_int_equal(x->results, 1); /* that of the first install */
	assert_int_equal(sa_table_find(children_table(x->c), 1)->state, SA_PAIR_READY);
}

static void marks_in_the_new_segment_count_too(void **state)
{
	struct fixture *x = *state;
	struct sa_pair *p = install(x, 1);
	union {
		struct abi_sa_add add;
		uint8_t slot[ABI_COMMAND_SLOT];
	} c;

	fake_segment_sa(&x->f, p->out.add.slot)->seq_mark = 5000;
	restart_dataplane(x);
	*fake_segment_sa(&x->f, p->out.add.slot) = (struct abi_sa_status){
		.state = ABI_SA_DEAD, .spi = p->out.add.spi, .seq_mark = 9000};
	dataplane_poll(x->d, x->now);
	dataplane_poll(x->d, x->now += SEC / 5);
	fake_segment_take(&x->f, &c);
	fake_segment_take(&x->f, &c);
	assert_int_equal(c.add.direction, ABI_DIR_OUT);
	assert_int_equal(c.add.seq_start, 9000);
}

static void dead_lines_of_others_are_let_go(void **state)
{
	struct fixture *x = *state;
	union {
		struct abi_sa_delete del;
		uint8_t slot[ABI_COMMAND_SLOT];
	} c;

	restart_dataplane(x);
	*fake_segment_sa(&x->f, 5) = (struct abi_sa_status){.state = ABI_SA_DEAD, .spi = 0x1005};
	dataplane_poll(x->d, x->now);
	dataplane_poll(x->d, x->now += SEC / 5);
	assert_int_equal(fake_segment_take(&x->f, &c), 1);
	assert_int_equal(c.del.msg.type, ABI_CMD_SA_DELETE);
	assert_int_equal(c.del.slot, 5);
	assert_int_equal(c.del.spi, 0x1005);
}

static void what_cannot_be_resumed_expires(void **state)
{
	struct fixture *x = *state;
	uint8_t slot[ABI_COMMAND_SLOT];
	struct abi_msg m;

	install(x, 1);
	restart_dataplane(x);
	dataplane_poll(x->d, x->now);
	dataplane_poll(x->d, x->now += SEC / 5);
	while (fake_segment_take(&x->f, slot) == 1) {
		memcpy(&m, slot, sizeof(m));
		fake_segment_reply(&x->f, &m, ABI_ERR_EXISTS);
	}
	turn(x);
	turn(x);
	assert_int_equal(x->hard, 1);
	assert_int_equal(sa_table_used(children_table(x->c)), 0);
}

static void expired_pairs_are_not_resumed(void **state)
{
	struct fixture *x = *state;

	install(x, 1);
	x->now += 1800 * SEC;
	restart_dataplane(x);
	dataplane_poll(x->d, x->now);
	dataplane_poll(x->d, x->now += SEC / 5);
	assert_int_equal(abi_ring_avail(&x->f.command), 0);
	assert_int_equal(x->hard, 1);
}

/* --- control was restarted --- */

static void restart_control(struct fixture *x)
{
	dataplane_free(x->d);
	children_free(x->c);
	x->d = dataplane_new(x->f.name, &dp_ops, x);
	x->c = children_new(x->d, &ops, x);
	x->resume = false;
	turn(x);
}

static void adopts_what_serves_a_policy(void **state)
{
	struct fixture *x = *state;
	struct sa_pair *p;
	uint32_t spi = install(x, 1)->in.add.spi;

	x->now += 100 * SEC;
	restart_control(x);
	assert_int_equal(children_adopt(x->c, x->now), 1);
	assert_int_equal(turn(x), 0); /* nothing is touched */
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
	struct fixture *x = *state;
	struct sa_pair *p = install(x, 1);
	uint32_t in = p->in.add.slot;

	restart_control(x);
	x->known_policy = POLICY + 1;
	assert_int_equal(children_adopt(x->c, x->now), 0);
	assert_int_equal(turn(x), 2);
	assert_int_equal(fake_segment_sa(&x->f, in)->state, ABI_SA_FREE);
}

static void deletes_sas_to_somewhere_else(void **state)
{
	struct fixture *x = *state;

	install(x, 1);
	restart_control(x);
	x->known_remote = (struct abi_addr){.family = 4, .bytes = {8, 8, 8, 8}};
	assert_int_equal(children_adopt(x->c, x->now), 0);
	assert_int_equal(turn(x), 2);
}

static void half_a_pair_is_deleted(void **state)
{
	struct fixture *x = *state;
	struct sa_pair *p = install(x, 1);

	fake_segment_sa(&x->f, p->out.add.slot)->state = ABI_SA_FREE; /* died mid-install */
	restart_control(x);
	assert_int_equal(children_adopt(x->c, x->now), 0);
	assert_int_equal(turn(x), 1);
}

static void lines_we_could_not_have_made_are_not_adopted(void **state)
{
	struct fixture *x = *state;

	for (unsigned int i = 0; i < 7; i++) {
		struct sa_pair *p = install(x, 100 + i);
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
	restart_control(x);
	assert_int_equal(children_adopt(x->c, x->now), 0);
	assert_int_equal(sa_table_used(children_table(x->c)), 0);
}

static unsigned int count_live(struct fixture *x)
{
	unsigned int n = 0;

	for (uint32_t s = 0; s < 64; s++)
		n += fake_segment_sa(&x->f, s)->state == ABI_SA_MATURE;
	return n;
}

static void turn_for(struct fixture *x, uint64_t ns)
{
	uint64_t until = x->now + ns;

	while (x->now < until)
		turn(x);
}

static void adopted_pairs_go_after_the_grace(void **state)
{
	struct fixture *x = *state;

	install(x, 1);
	restart_control(x);
	children_adopt(x->c, x->now);
	turn_for(x, 30 * SEC);
	assert_int_equal(count_live(x), 2); /* nothing replaces it yet */
	install(x, 2);
	turn_for(x, 9 * SEC);
	assert_int_equal(count_live(x), 4);
	turn_for(x, 3 * SEC);
	assert_int_equal(count_live(x), 2);
	assert_non_null(sa_table_find(children_table(x->c), 2));
	assert_false(children_has_adopted(x->c, "to_tencent"));
}

static void adopted_pairs_stay_while_packets_arrive(void **state)
{
	struct fixture *x = *state;
	uint32_t slot = install(x, 1)->in.add.slot;

	restart_control(x);
	children_adopt(x->c, x->now);
	install(x, 2);
	for (unsigned int i = 0; i < 30; i++) {
		fake_segment_counters(&x->f, slot, 1)->last_used = x->now;
		turn_for(x, SEC);
	}
	assert_int_equal(count_live(x), 4);
	turn_for(x, 12 * SEC);
	assert_int_equal(count_live(x), 2);
}

/* Does a command of the kind wait in the ring? Answers all that do. */
static bool saw_current(struct fixture *x)
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

static struct sa_pair *adopt_and_install(struct fixture *x)
{
	struct sa_pair *p;

	install(x, 1);
	restart_control(x);
	children_adopt(x->c, x->now);
	p = install(x, 2);
	assert_false(p->out.add.flags & ABI_SA_F_CURRENT);
	children_current(x->c, 2);
	assert_false(saw_current(x));
	return p;
}

static void the_adopted_pair_sends_until_the_peer_uses_the_new_one(void **state)
{
	struct fixture *x = *state;
	struct sa_pair *p = adopt_and_install(x);

	event(x, &p->in, p->cookie, ABI_EV_FIRST_TRAFFIC, 0);
	assert_true(saw_current(x));
	turn_for(x, 3 * SEC);
	assert_false(saw_current(x));
}

static void or_until_the_peer_has_had_the_time(void **state)
{
	struct fixture *x = *state;

	adopt_and_install(x);
	x->now += CHILDREN_SWITCH - SEC / 5;
	children_tick(x->c, x->now);
	assert_false(saw_current(x));
	x->now += SEC / 5;
	children_tick(x->c, x->now);
	assert_true(saw_current(x));
}

static void adopted_pairs_end_with_their_lifetime(void **state)
{
	struct fixture *x = *state;
	struct sa_pair *p;

	install(x, 1);
	restart_control(x);
	children_adopt(x->c, x->now);
	p = TAILQ_FIRST(sa_table_all(children_table(x->c)));
	event(x, &p->in, p->cookie, ABI_EV_SA_EXPIRE, ABI_EXPIRE_SOFT);
	assert_int_equal(x->soft, 0); /* the engine knows nothing of it */
	event(x, &p->in, p->cookie, ABI_EV_SA_EXPIRE, ABI_EXPIRE_HARD);
	turn(x);
	turn(x);
	assert_int_equal(x->hard, 0);
	assert_int_equal(sa_table_used(children_table(x->c)), 0);
	assert_int_equal(count_live(x), 0);
}

static void an_orderly_end_removes_everything(void **state)
{
	struct fixture *x = *state;

	install(x, 1);
	restart_control(x);
	children_adopt(x->c, x->now);
	install(x, 2);
	children_remove_all(x->c);
	turn(x);
	turn(x);
	assert_int_equal(count_live(x), 0);
	assert_int_equal(sa_table_used(children_table(x->c)), 0);
}

static void flushing_adopted_leaves_the_others(void **state)
{
	struct fixture *x = *state;

	install(x, 1);
	restart_control(x);
	children_adopt(x->c, x->now);
	install(x, 2);
	children_remove_adopted(x->c);
	turn(x);
	assert_int_equal(count_live(x), 2);
	assert_non_null(sa_table_find(children_table(x->c), 2));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(adds_inbound_first_with_its_keys),
		T(no_keys_stay_in_the_record),
		T(a_refused_half_takes_the_other_back),
		T(without_answers_both_are_deleted),
		T(a_full_table_is_reported_in_the_next_tick),
		T(without_a_dataplane_installing_fails),
		T(removing_deletes_both_and_frees_the_slots),
		T(removing_while_adding_waits_for_the_answers),
		T(a_delete_that_finds_no_room_is_repeated),
		T(events_reach_the_engine_once),
		T(events_of_others_are_ignored),
		T(a_moved_peer_moves_both_directions),
		T(lost_events_are_made_up_for),
		T(resumes_with_the_marks_of_before),
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
