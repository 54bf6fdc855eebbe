/* SPDX-License-Identifier: BSD-3-Clause */
/* test_dataplane_rings.c - commands and their answers, events, and a dataplane that turns hostile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "control/log.h"
#include "control/secret.h"
#include "dpkit.h"

static void reply_reaches_its_command(void **state)
{
	struct dpkit *x = *state;
	uint8_t slot[ABI_COMMAND_SLOT];
	struct abi_msg first, second;

	assert_int_equal(dpkit_sync(x), 0);
	assert_int_equal(dpkit_sync(x), 0);
	dpkit_turn(x);
	assert_int_equal(fake_segment_take(&x->f, slot), 1);
	memcpy(&first, slot, sizeof(first));
	assert_int_equal(fake_segment_take(&x->f, slot), 1);
	memcpy(&second, slot, sizeof(second));
	assert_int_equal(first.length, sizeof(struct abi_generation));
	assert_int_not_equal(first.request_id, second.request_id);
	fake_segment_reply(&x->f, &second, ABI_ERR_NO_SPACE);
	dpkit_turn(x);
	assert_int_equal(x->replies, 1);
	assert_int_equal(x->last_rc, -ENOSPC);
	fake_segment_reply(&x->f, &first, ABI_OK);
	dpkit_turn(x);
	assert_int_equal(x->replies, 2);
	assert_int_equal(x->last_rc, 0);
	assert_int_equal(dataplane_pending(x->d), 0);
}

static void unknown_and_repeated_replies_are_ignored(void **state)
{
	struct dpkit *x = *state;
	uint8_t slot[ABI_COMMAND_SLOT];
	struct abi_msg m, other;

	dpkit_sync(x);
	dpkit_turn(x);
	fake_segment_take(&x->f, slot);
	memcpy(&m, slot, sizeof(m));
	other = m;
	other.request_id ^= 0x80000000;
	fake_segment_reply(&x->f, &other, ABI_OK);
	fake_segment_reply(&x->f, &m, ABI_OK);
	fake_segment_reply(&x->f, &m, ABI_OK);
	dpkit_turn(x);
	assert_int_equal(x->replies, 1);
	assert_int_equal(dataplane_stats(x->d)->late_replies, 2);
}

static void reply_to_another_type_is_bad(void **state)
{
	struct dpkit *x = *state;
	uint8_t slot[ABI_COMMAND_SLOT];
	struct abi_msg m;

	dpkit_sync(x);
	dpkit_turn(x);
	fake_segment_take(&x->f, slot);
	memcpy(&m, slot, sizeof(m));
	m.type = ABI_CMD_SA_ADD;
	fake_segment_reply(&x->f, &m, ABI_OK);
	dpkit_turn(x);
	assert_int_equal(x->replies, 0);
	assert_int_equal(dataplane_stats(x->d)->bad_events, 1);
}

static void unanswered_commands_time_out(void **state)
{
	struct dpkit *x = *state;

	dpkit_sync(x);
	dpkit_turn(x);
	for (unsigned int i = 0; i < 9; i++)
		dpkit_turn(x);
	assert_int_equal(x->replies, 0);
	dpkit_turn(x);
	assert_int_equal(x->replies, 1);
	assert_int_equal(x->last_rc, -ETIMEDOUT);
	assert_int_equal(dataplane_stats(x->d)->timeouts, 1);
}

static void commit(struct dpkit *x)
{
	const struct abi_generation g = {.msg.type = ABI_CMD_POLICY_COMMIT};

	assert_int_equal(dataplane_command(x->d, &g, sizeof(g), dpkit_reply, x), 0);
}

static void turns(struct dpkit *x, unsigned int n)
{
	while (n-- > 0)
		dpkit_turn(x);
}

/* It builds whole tables, and the processor may be busy. */
static void a_commit_has_more_time_and_so_has_what_waits_behind_it(void **state)
{
	struct dpkit *x = *state;

	commit(x);
	dpkit_sync(x);
	turns(x, 50);
	assert_int_equal(x->replies, 0);
	fake_segment_serve(&x->f, x->now);
	dpkit_turn(x);
	assert_int_equal(x->replies, 2);
	assert_int_equal(x->last_rc, 0);
	commit(x);
	turns(x, 160);
	assert_int_equal(x->replies, 3);
	assert_int_equal(x->last_rc, -ETIMEDOUT);
}

static void the_time_of_a_command_begins_with_the_answer_before_it(void **state)
{
	struct dpkit *x = *state;
	uint8_t slot[ABI_COMMAND_SLOT];
	struct abi_msg first;

	dpkit_sync(x);
	dpkit_sync(x);
	turns(x, 8);
	assert_int_equal(fake_segment_take(&x->f, slot), 1);
	memcpy(&first, slot, sizeof(first));
	fake_segment_reply(&x->f, &first, ABI_OK);
	turns(x, 8);
	assert_int_equal(x->replies, 1);
	turns(x, 4);
	assert_int_equal(x->replies, 2);
	assert_int_equal(x->last_rc, -ETIMEDOUT);
}

static uint16_t to_come; /* events, while each takes the place of the one before */
static struct abi_msg last_command;

static void on_port(void *ctx, const struct abi_ev_port *ev)
{
	struct dpkit *x = ctx;
	struct abi_ev_port next = *ev;

	x->ports++;
	if (--to_come > 0)
		fake_segment_event(&x->f, &next, ABI_EV_PORT, sizeof(next));
	else
		fake_segment_reply(&x->f, &last_command, ABI_OK);
}

/* Answered in time, but behind more events than a turn takes. */
static void an_answer_that_a_turn_had_no_time_for_is_not_missing(void **state)
{
	struct dataplane_ops ops = dpkit_ops;
	struct abi_ev_port port = {.link_up = 1};
	uint8_t slot[ABI_COMMAND_SLOT];
	struct dpkit *x = *state;

	dataplane_free(x->d);
	ops.port = on_port;
	x->d = dataplane_new(x->f.name, &ops, x);
	dpkit_turn(x);
	dpkit_sync(x);
	dpkit_turn(x);
	assert_int_equal(fake_segment_take(&x->f, slot), 1);
	memcpy(&last_command, slot, sizeof(last_command));
	turns(x, 9);
	to_come = 400;
	fake_segment_event(&x->f, &port, ABI_EV_PORT, sizeof(port));
	turns(x, 2); /* its time is over in the midst of them */
	assert_int_equal(x->ports, 400);
	assert_int_equal(dataplane_stats(x->d)->timeouts, 0);
	assert_int_equal(x->replies, 1);
	assert_int_equal(x->last_rc, 0);
}

static void full_rings_push_back(void **state)
{
	struct dpkit *x = *state;
	unsigned int served = 0;

	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(dpkit_sync(x), 0);
	for (unsigned int i = 0; i < 100 && served < 100; i++) {
		dpkit_turn(x);
		/* never more unanswered than half the event ring can hold */
		assert_true(abi_ring_avail(&x->f.command) <= 8);
		served += fake_segment_serve(&x->f, x->now);
	}
	dpkit_turn(x);
	assert_int_equal(served, 100);
	assert_int_equal(x->replies, 100);
	assert_int_equal(dataplane_pending(x->d), 0);
}

static void impossible_lengths_are_refused(void **state)
{
	struct dpkit *x = *state;
	uint8_t big[ABI_COMMAND_SLOT + 1] = {0};

	assert_int_equal(dataplane_command(x->d, big, 7, dpkit_reply, x), -EMSGSIZE);
	assert_int_equal(dataplane_command(x->d, big, sizeof(big), dpkit_reply, x), -EMSGSIZE);
}

static void missed_events_ask_for_a_resync(void **state)
{
	struct dpkit *x = *state;

	dpkit_turn(x);
	assert_int_equal(x->resyncs, 0);
	x->f.hdr->events_missed += 3;
	dpkit_turn(x);
	dpkit_turn(x);
	assert_int_equal(x->resyncs, 1);
}

static void broken_event_ring_detaches_for_good(void **state)
{
	struct dpkit *x = *state;

	x->f.event.ring->head += 1000;
	dpkit_turn(x);
	assert_int_equal(dataplane_link(x->d), DATAPLANE_FAULTY);
	for (unsigned int i = 0; i < 5; i++)
		dpkit_turn(x);
	assert_int_equal(x->attached, 1);
	fake_segment_remove(&x->f);
	fake_segment_make(&x->f, "dp", 9, x->now);
	dpkit_turn(x);
	assert_int_equal(x->attached, 2);
	assert_int_equal(dataplane_link(x->d), DATAPLANE_UP);
}

static void broken_command_and_punt_rings_detach(void **state)
{
	struct dpkit *x = *state;

	x->f.punt.ring->head -= 1;
	dpkit_turn(x);
	assert_int_equal(dataplane_link(x->d), DATAPLANE_FAULTY);
	fake_segment_remove(&x->f);
	fake_segment_make(&x->f, "dp", 10, x->now);
	dpkit_turn(x);
	assert_int_equal(dataplane_link(x->d), DATAPLANE_UP);
	x->f.command.ring->tail += 5;
	dpkit_sync(x);
	dpkit_turn(x);
	assert_int_equal(dataplane_link(x->d), DATAPLANE_FAULTY);
	assert_int_equal(x->last_rc, -ENOTCONN);
}

/* One field at a time out of its domain. */
static void bad_events_are_counted_not_used(void **state)
{
	const struct abi_ev_sa sa = {.slot = 1, .spi = 0x1001, .expire = 1, .limit = 1};
	const struct abi_addr v4 = {.family = 4};
	const struct abi_ev_acquire acq = {.policy_id = 1, .src = v4, .dst = v4};
	struct dpkit *x = *state;
	uint64_t bad = 0;

	for (unsigned int i = 0; i < 13; i++) {
		union {
			struct abi_ev_sa sa;
			struct abi_ev_acquire acq;
			struct abi_ev_port port;
			struct abi_ev_reply reply;
		} e = {.sa = sa};
		uint16_t type = ABI_EV_SA_EXPIRE;
		size_t len = sizeof(sa);

		switch (i) {
		case 0:
			type = 0;
			break;
		case 1:
			type = ABI_EV_PORT + 1;
			break;
		case 2:
			len -= 1;
			break;
		case 3:
			len += 1;
			break;
		case 4:
			e.sa.slot = 64;
			break;
		case 5:
			e.sa.spi = 255;
			break;
		case 6:
			e.sa.expire = 3;
			break;
		case 7:
			e.sa.limit = 5;
			break;
		case 8:
			e.sa.remote.family = 5;
			break;
		case 9:
			type = ABI_EV_PEER_MOVED;
			break; /* without an address */
		case 10:
			type = ABI_EV_ACQUIRE, e.acq = acq, len = sizeof(acq);
			e.acq.dst.family = 6;
			break;
		case 11:
			type = ABI_EV_PORT, len = sizeof(e.port);
			e.port = (struct abi_ev_port){.port = 2};
			break;
		default:
			type = ABI_EV_REPLY, len = sizeof(e.reply);
			e.reply = (struct abi_ev_reply){.status = 10, .command = 1};
			break;
		}
		fake_segment_event(&x->f, &e, type, len);
		dpkit_turn(x);
		assert_int_equal(dataplane_stats(x->d)->bad_events, ++bad);
	}
	assert_int_equal(x->sa_events + x->acquires + x->ports, 0);
	assert_int_equal(dataplane_link(x->d), DATAPLANE_UP);
}

static void good_events_are_delivered(void **state)
{
	const struct abi_addr v4 = {.family = 4};
	struct dpkit *x = *state;
	struct abi_ev_sa sa = {.slot = 1, .spi = 0x1001, .expire = 1, .limit = 1};
	struct abi_ev_acquire acq = {.policy_id = 1, .src = v4, .dst = v4};
	struct abi_ev_port port = {.port = 1, .link_up = 1};

	fake_segment_event(&x->f, &sa, ABI_EV_SA_EXPIRE, sizeof(sa));
	fake_segment_event(&x->f, &sa, ABI_EV_FIRST_TRAFFIC, sizeof(sa));
	fake_segment_event(&x->f, &acq, ABI_EV_ACQUIRE, sizeof(acq));
	fake_segment_event(&x->f, &port, ABI_EV_PORT, sizeof(port));
	dpkit_turn(x);
	assert_int_equal(x->sa_events, 2);
	assert_int_equal(x->acquires, 1);
	assert_int_equal(x->ports, 1);
}

static void punted_records_are_checked(void **state)
{
	const struct abi_addr v4 = {.family = 4};
	struct dpkit *x = *state;

	for (unsigned int i = 0; i < 7; i++) {
		struct abi_packet p = {
			.msg = {.type = ABI_PACKET_IKE, .length = ABI_PACKET_FIXED + 28},
			.src = v4,
			.dst = v4,
			.data_len = 28};

		switch (i) {
		case 1:
			p.msg.type = 2;
			break;
		case 2:
			p.data_len = 29;
			break;
		case 3:
			p.data_len = UINT32_MAX;
			break;
		case 4:
			p.dst.family = 6;
			break;
		case 5:
			p.port = 2;
			break;
		case 6:
			p.flags = 2;
			break;
		}
		assert_int_equal(abi_ring_put(&x->f.punt, &p, sizeof(p)), 0);
		dpkit_turn(x);
		assert_int_equal(x->packets, 1);
		assert_int_equal(dataplane_stats(x->d)->bad_packets, i);
	}
}

static void inject_counts_what_does_not_fit(void **state)
{
	struct dpkit *x = *state;
	struct abi_packet p = {.msg = {.type = ABI_PACKET_IKE, .length = ABI_PACKET_FIXED + 1},
			       .data_len = 1};

	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(dataplane_inject(x->d, &p), 0);
	assert_int_equal(dataplane_inject(x->d, &p), -ENOBUFS);
	assert_int_equal(dataplane_stats(x->d)->inject_full, 1);
	p.data_len = sizeof(p.data) + 1;
	assert_int_equal(dataplane_inject(x->d, &p), -EMSGSIZE);
}

/* An SPI is announced before the peer hears of it, though both are of one turn. */
static void commands_go_before_the_packet_that_follows_them(void **state)
{
	struct dpkit *x = *state;
	struct abi_packet p = {.msg = {.type = ABI_PACKET_IKE, .length = ABI_PACKET_FIXED + 1},
			       .data_len = 1};
	struct abi_spi_expect c = {.msg.type = ABI_CMD_SPI_EXPECT, .spi = 0x1000};
	uint8_t record[ABI_COMMAND_SLOT];

	assert_int_equal(dataplane_command(x->d, &c, sizeof(c), NULL, NULL), 0);
	assert_int_equal(abi_ring_get(&x->f.command, record), 0);
	assert_int_equal(dataplane_inject(x->d, &p), 0);
	assert_int_equal(abi_ring_get(&x->f.command, record), 1);
	assert_int_equal(((struct abi_msg *)(void *)record)->type, ABI_CMD_SPI_EXPECT);
}

/* Random bytes in every slot of the event and punt rings. */
static void random_records_never_break_it(void **state)
{
	struct dpkit *x = *state;
	uint64_t seed = 0x9e3779b97f4a7c15ull;

	for (unsigned int round = 0; round < 20000; round++) {
		uint64_t rec[ABI_PACKET_SLOT / 8];

		for (size_t i = 0; i < ABI_PACKET_SLOT / 8; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			rec[i] = seed;
		}
		((struct abi_msg *)rec)->type = (uint16_t)(seed % 8);
		if (seed & 0x100)
			((struct abi_msg *)rec)->length = (uint16_t)(seed >> 32) % 256;
		abi_ring_put(&x->f.event, rec, ABI_EVENT_SLOT);
		abi_ring_put(&x->f.punt, rec, ABI_PACKET_SLOT);
		fake_segment_beat(&x->f, x->now);
		dataplane_poll(x->d, x->now += 1000);
	}
	assert_int_equal(dataplane_link(x->d), DATAPLANE_UP);
	assert_int_equal(x->replies, 0);
	assert_true(dataplane_stats(x->d)->bad_events > 10000);
}

#define T(name, up) cmocka_unit_test_setup_teardown(name, up, dpkit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(reply_reaches_its_command, dpkit_setup_attached),
		T(unknown_and_repeated_replies_are_ignored, dpkit_setup_attached),
		T(reply_to_another_type_is_bad, dpkit_setup_attached),
		T(unanswered_commands_time_out, dpkit_setup_attached),
		T(a_commit_has_more_time_and_so_has_what_waits_behind_it, dpkit_setup_attached),
		T(the_time_of_a_command_begins_with_the_answer_before_it, dpkit_setup_attached),
		T(an_answer_that_a_turn_had_no_time_for_is_not_missing, dpkit_setup_attached),
		T(full_rings_push_back, dpkit_setup_attached),
		T(impossible_lengths_are_refused, dpkit_setup_attached),
		T(missed_events_ask_for_a_resync, dpkit_setup_attached),
		T(broken_event_ring_detaches_for_good, dpkit_setup_attached),
		T(broken_command_and_punt_rings_detach, dpkit_setup_attached),
		T(bad_events_are_counted_not_used, dpkit_setup_attached),
		T(good_events_are_delivered, dpkit_setup_attached),
		T(punted_records_are_checked, dpkit_setup_attached),
		T(inject_counts_what_does_not_fit, dpkit_setup_attached),
		T(commands_go_before_the_packet_that_follows_them, dpkit_setup_attached),
		T(random_records_never_break_it, dpkit_setup_attached),
	};

	log_setup(-1, LOG_LEVEL_INFO);
	if (secret_setup(1 << 20) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
