/* SPDX-License-Identifier: BSD-3-Clause */
/* test_command.c - commands through the ring: each answered once, refused by type, length, field
 * and order, and what they do to SAs, counters and grace periods. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/early.h"
#include "dataplane/ipsec/sad.h"
#include "tests/unit/dataplane/fixture.h"

static struct fixture *f;

static int setup(void **state)
{
	(void)state;
	f = fixture_create();
	return f ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	fixture_free(f);
	return 0;
}

static const struct abi_sa_status *sa_line(uint32_t slot)
{
	return (struct abi_sa_status *)segment_area(&f->segment, ABI_AREA_SA_STATUS) + slot;
}

static uint16_t add(struct abi_sa_add c)
{
	return fixture_ask(f, &c, ABI_CMD_SA_ADD, sizeof(c), NULL);
}

static uint16_t delete (uint32_t slot, uint32_t spi)
{
	struct abi_sa_delete c = {.slot = slot, .spi = spi};

	return fixture_ask(f, &c, ABI_CMD_SA_DELETE, sizeof(c), NULL);
}

static const uint16_t lengths[] = {
	[ABI_CMD_SA_ADD] = sizeof(struct abi_sa_add),
	[ABI_CMD_SA_UPDATE] = sizeof(struct abi_sa_update),
	[ABI_CMD_SA_DELETE] = sizeof(struct abi_sa_delete),
	[ABI_CMD_SA_FLUSH] = sizeof(struct abi_generation),
	[ABI_CMD_POLICY_BEGIN] = sizeof(struct abi_generation),
	[ABI_CMD_POLICY] = sizeof(struct abi_policy),
	[ABI_CMD_POLICY_COMMIT] = sizeof(struct abi_generation),
	[ABI_CMD_NET_BEGIN] = sizeof(struct abi_generation),
	[ABI_CMD_ADDRESS] = sizeof(struct abi_address),
	[ABI_CMD_ROUTE] = sizeof(struct abi_route),
	[ABI_CMD_NET_COMMIT] = sizeof(struct abi_generation),
	[ABI_CMD_SYNC] = sizeof(struct abi_generation),
	[ABI_CMD_SPI_EXPECT] = sizeof(struct abi_spi_expect),
};

static void answers_unknown_types(void **state)
{
	uint8_t record[ABI_COMMAND_SLOT] = {0};

	(void)state;
	for (unsigned int type = 0; type <= UINT16_MAX; type += type < 32 ? 1 : 977) {
		if (type >= ABI_CMD_SA_ADD && type <= ABI_CMD_SPI_EXPECT)
			continue;
		assert_int_equal(fixture_ask(f, record, (uint16_t)type, 64, NULL), ABI_ERR_TYPE);
	}
}

static void refuses_any_length_but_the_type_s_own(void **state)
{
	uint8_t record[ABI_COMMAND_SLOT];

	(void)state;
	for (uint16_t type = ABI_CMD_SA_ADD; type <= ABI_CMD_SPI_EXPECT; type++)
		for (uint16_t len = 8; len <= ABI_COMMAND_SLOT; len += len < 640 ? 1 : 64) {
			if (len == lengths[type])
				continue;
			memset(record, 0, sizeof(record));
			assert_int_equal(fixture_ask(f, record, type, len, NULL), ABI_ERR_LENGTH);
		}
}

static void wipes_keys_from_the_ring(void **state)
{
	const uint8_t *slots = f->segment.command.ring->slots;
	struct abi_sa_add c = fixture_sa(3, ABI_DIR_IN, 0);
	uint8_t any = 0;

	(void)state;
	memset(c.encr_key, 0x77, 16);
	assert_int_equal(add(c), ABI_OK);
	for (size_t i = 0; i < (size_t)f->segment.command.slots * ABI_COMMAND_SLOT; i++)
		any |= slots[i];
	assert_int_equal(any, 0);
}

static void installs_sas_and_says_why_not(void **state)
{
	struct abi_sa_add c;
	uint32_t detail;

	(void)state;
	assert_int_equal(fixture_policy(f, 7), ABI_OK);
	assert_int_equal(add(fixture_sa(1, ABI_DIR_OUT, 7)), ABI_OK);
	assert_int_equal(sa_line(1)->state, ABI_SA_MATURE);
	assert_int_equal(sa_line(1)->current, 1);
	assert_int_equal(add(fixture_sa(2, ABI_DIR_IN, 7)), ABI_OK);
	assert_int_equal(add(fixture_sa(2, ABI_DIR_IN, 7)), ABI_ERR_EXISTS);
	assert_int_equal(add(fixture_sa(3, ABI_DIR_OUT, 8)), ABI_ERR_NOT_FOUND);
	assert_int_equal(add(fixture_sa(4, ABI_DIR_OUT, 0)), ABI_ERR_NOT_FOUND);
	c = fixture_sa(5, 3, 7);
	assert_int_equal(fixture_ask(f, &c, ABI_CMD_SA_ADD, sizeof(c), &detail), ABI_ERR_FIELD);
	assert_int_equal(detail, offsetof(struct abi_sa_add, direction));
	c = fixture_sa(FIXTURE_SAS, ABI_DIR_IN, 7);
	assert_int_equal(fixture_ask(f, &c, ABI_CMD_SA_ADD, sizeof(c), &detail), ABI_ERR_FIELD);
	assert_int_equal(detail, offsetof(struct abi_sa_add, slot));
	assert_int_equal(delete (FIXTURE_SAS, 0x10000), ABI_ERR_FIELD);
	assert_int_equal(delete (1, 255), ABI_ERR_FIELD);
	assert_int_equal(delete (1, 0x10002), ABI_ERR_NOT_FOUND);
	assert_int_equal(delete (9, 0x10009), ABI_ERR_NOT_FOUND);
}

static uint16_t expect(uint32_t slot, uint32_t spi, uint32_t *detail)
{
	struct abi_spi_expect c = {.slot = slot, .spi = spi};

	return fixture_ask(f, &c, ABI_CMD_SPI_EXPECT, sizeof(c), detail);
}

static void expects_spis_of_free_slots(void **state)
{
	uint32_t detail;

	(void)state;
	f->h->tables.early = early_spis_create(FIXTURE_SAS, SOCKET_ID_ANY);
	assert_non_null(f->h->tables.early);
	assert_int_equal(expect(3, 0x10003, NULL), ABI_OK);
	assert_int_equal(f->h->tables.early->spi[3], 0x10003);
	assert_int_equal(expect(3, 0x20003, NULL), ABI_OK); /* instead */
	assert_int_equal(f->h->tables.early->spi[3], 0x20003);
	assert_int_equal(expect(4, 0x10003, &detail), ABI_ERR_FIELD);
	assert_int_equal(detail, offsetof(struct abi_spi_expect, spi));
	assert_int_equal(expect(3, 3, &detail), ABI_ERR_FIELD);
	assert_int_equal(detail, offsetof(struct abi_spi_expect, spi));
	assert_int_equal(expect(FIXTURE_SAS, 0x10000, &detail), ABI_ERR_FIELD);
	assert_int_equal(detail, offsetof(struct abi_spi_expect, slot));
	assert_int_equal(add(fixture_sa(5, ABI_DIR_IN, 0)), ABI_OK);
	assert_int_equal(expect(5, 0x20005, NULL), ABI_ERR_EXISTS);
	assert_int_equal(f->h->tables.early->spi[5], 0);
	assert_int_equal(expect(6, 0x10006, NULL), ABI_OK);
	assert_int_equal(add(fixture_sa(6, ABI_DIR_IN, 0)), ABI_OK);
	assert_int_equal(f->h->tables.early->spi[6],
			 0x10006); /* for packets that are on their way */
	(void)delete (6, 0x10006);
	assert_int_equal(f->h->tables.early->spi[6], 0);
	early_spis_free(f->h->tables.early);
	f->h->tables.early = NULL;
}

static void answers_a_removal_after_its_grace_period(void **state)
{
	struct abi_sa_delete c = {.slot = 2, .spi = 0x10002};
	struct abi_generation sync = {0};
	struct abi_ev_reply ev;
	uint32_t id, sync_id;

	(void)state;
	assert_int_equal(add(fixture_sa(2, ABI_DIR_IN, 0)), ABI_OK);
	id = fixture_send(f, &c, ABI_CMD_SA_DELETE, sizeof(c));
	sync_id = fixture_send(f, &sync, ABI_CMD_SYNC, sizeof(sync));
	fixture_tick(f, 1);
	assert_false(fixture_event(f, ABI_EV_REPLY, &ev, sizeof(ev)));
	assert_null(sad_lookup_in(f->h->tables.sad, 0x10002));
	assert_int_equal(sa_line(2)->state, ABI_SA_DEAD);
	assert_int_equal(add(fixture_sa(2, ABI_DIR_IN, 0)), ABI_ERR_EXISTS);
	assert_int_equal(delete (2, 0x10002), ABI_ERR_NOT_FOUND); /* once is enough */
	fixture_grace(f);
	assert_true(fixture_event(f, ABI_EV_REPLY, &ev, sizeof(ev)));
	assert_int_equal(ev.msg.request_id, id);
	assert_int_equal(ev.command, ABI_CMD_SA_DELETE);
	assert_int_equal(ev.status, ABI_OK);
	assert_true(fixture_event(f, ABI_EV_REPLY, &ev, sizeof(ev)));
	assert_int_equal(ev.msg.request_id, sync_id);
	assert_int_equal(sa_line(2)->state, ABI_SA_FREE);
	assert_int_equal(add(fixture_sa(2, ABI_DIR_IN, 0)), ABI_OK);
}

static void folds_the_counters_of_a_dead_sa_into_its_policy(void **state)
{
	struct worker *w = f->workers[0];
	uint32_t index;
	struct abi_policy_counters *p;

	(void)state;
	assert_int_equal(fixture_policy(f, 7), ABI_OK);
	index = policies_index(&f->manager.policies, 7);
	p = worker_policy(w, index);
	for (uint64_t round = 1; round <= 3; round++) {
		assert_int_equal(add(fixture_sa(1, ABI_DIR_OUT, 7)), ABI_OK);
		assert_int_equal(add(fixture_sa(2, ABI_DIR_IN, 7)), ABI_OK);
		worker_sa(w, 1)->packets = 10;
		worker_sa(w, 1)->bytes = 1000;
		worker_sa(w, 1)->hits = 12;
		worker_sa(w, 2)->packets = 3;
		worker_sa(w, 2)->bytes = 300;
		worker_count_sa_drop(w, 2, DROP_IN_STATE_EXPIRED);
		delete (1, 0x10001);
		delete (2, 0x10002);
		worker_sa(w, 1)->packets++; /* a worker that has not seen it yet */
		worker_sa(w, 1)->bytes += 100;
		fixture_grace(f);
		assert_int_equal(p->dead_out_packets, 11 * round);
		assert_int_equal(p->dead_out_bytes, 1100 * round);
		assert_int_equal(p->dead_out_hits, 12 * round);
		assert_int_equal(p->dead_in_packets, 3 * round);
		assert_int_equal(p->dead_in_bytes, 300 * round);
		assert_int_equal(worker_sa(w, 1)->packets, 0);
		assert_int_equal(worker_sa(w, 2)->drops, 0);
		assert_int_equal(w->sa_drops[2].count[DROP_IN_STATE_EXPIRED], 0);
	}
}

/* Another number in every word of every line of an area. */
static void fill_area(enum abi_area_id id)
{
	uint64_t *at = segment_area(&f->segment, id);

	for (uint64_t i = 0; i < f->segment.own.area[id].size / sizeof(*at); i++)
		at[i] = 1000 + i;
}

/* Of an area filled so, only the lines of this row are clean. */
static void only_clean(enum abi_area_id id, uint32_t rows, uint32_t clean, size_t line)
{
	const uint64_t *at = segment_area(&f->segment, id);
	uint64_t words = line / sizeof(*at);

	for (uint64_t i = 0; i < f->segment.own.max_workers * rows * words; i++)
		assert_int_equal(at[i], i / words % rows == clean ? 0 : 1000 + i);
}

static void folds_and_cleans_the_lines_of_one_sa(void **state)
{
	const struct abi_hdr *h = &f->segment.own;
	struct worker *w = f->workers[0];
	uint64_t packets = 0, bytes = 0;
	struct abi_policy_counters *p;

	(void)state;
	assert_int_equal(fixture_policies(f, 5, 3), ABI_OK);
	p = worker_policy(w, policies_index(&f->manager.policies, 7));
	assert_int_equal(add(fixture_sa(2, ABI_DIR_IN, 7)), ABI_OK);
	fill_area(ABI_AREA_SA_COUNTERS);
	fill_area(ABI_AREA_SA_DROPS);
	for (uint32_t k = 0; k < h->max_workers; k++) {
		const struct abi_sa_counters *all = segment_area(&f->segment, ABI_AREA_SA_COUNTERS);

		packets += all[abi_line(h->max_sas, 2, k)].packets;
		bytes += all[abi_line(h->max_sas, 2, k)].bytes;
	}
	delete (2, 0x10002);
	fixture_grace(f);
	assert_int_equal(p->dead_in_packets, packets);
	assert_int_equal(p->dead_in_bytes, bytes);
	only_clean(ABI_AREA_SA_COUNTERS, h->max_sas, 2, sizeof(struct abi_sa_counters));
	only_clean(ABI_AREA_SA_DROPS, h->max_sas, 2, sizeof(struct abi_sa_drops));
}

/* Half by the worker, half by the manager. */
static void ends_an_sa_by_what_all_have_carried(void **state)
{
	struct abi_sa_add c = fixture_sa(5, ABI_DIR_IN, 0);
	struct abi_ev_sa ev;

	(void)state;
	c.life.hard_bytes = 1000;
	assert_int_equal(add(c), ABI_OK);
	worker_sa(f->workers[0], 5)->bytes = 500;
	worker_sa(&f->manager.self, 5)->bytes = 499;
	fixture_tick(f, 100000000);
	assert_false(fixture_event(f, ABI_EV_SA_EXPIRE, &ev, sizeof(ev)));
	worker_sa(&f->manager.self, 5)->bytes = 500;
	fixture_tick(f, 100000000);
	assert_true(fixture_event(f, ABI_EV_SA_EXPIRE, &ev, sizeof(ev)));
	assert_int_equal(ev.slot, 5);
	assert_int_equal(ev.expire, ABI_EXPIRE_HARD);
}

static void cleans_the_lines_of_a_policy_that_went(void **state)
{
	uint32_t went;

	(void)state;
	assert_int_equal(fixture_policies(f, 7, 3), ABI_OK);
	went = policies_index(&f->manager.policies, 9);
	fill_area(ABI_AREA_POLICY_COUNTERS);
	assert_int_equal(fixture_policies(f, 7, 2), ABI_OK);
	only_clean(ABI_AREA_POLICY_COUNTERS, FIXTURE_POLICIES, went,
		   sizeof(struct abi_policy_counters));
}

static void flushes_all(void **state)
{
	struct abi_generation g = {0};
	struct abi_ev_reply ev;

	(void)state;
	for (uint32_t i = 0; i < FIXTURE_SAS; i++)
		assert_int_equal(add(fixture_sa(i, ABI_DIR_IN, 0)), ABI_OK);
	fixture_send(f, &g, ABI_CMD_SA_FLUSH, sizeof(g));
	assert_false(fixture_event(f, ABI_EV_REPLY, &ev, sizeof(ev)));
	fixture_grace(f);
	assert_true(fixture_event(f, ABI_EV_REPLY, &ev, sizeof(ev)));
	assert_int_equal(ev.status, ABI_OK);
	for (uint32_t i = 0; i < FIXTURE_SAS; i++)
		assert_int_equal(sa_line(i)->state, ABI_SA_FREE);
	assert_int_equal(sad_count(f->h->tables.sad), 0);
}

/* SA lines that an earlier dataplane left: readable, re-added as they are, or forgotten. */
static void keeps_lines_of_an_earlier_run_until_told(void **state)
{
	struct abi_sa_status *line = segment_area(&f->segment, ABI_AREA_SA_STATUS);

	(void)state;
	for (uint32_t i = 1; i <= 3; i++)
		line[i] = (struct abi_sa_status){
			.state = ABI_SA_DEAD, .spi = 0x10000 + i, .seq_mark = 99};
	fixture_tick(f, 100000000);
	assert_int_equal(line[1].seq_mark, 99);
	assert_int_equal(add(fixture_sa(1, ABI_DIR_IN, 0)), ABI_OK);
	assert_int_equal(line[1].state, ABI_SA_MATURE);
	assert_int_equal(delete (2, 0x10003), ABI_ERR_NOT_FOUND);
	assert_int_equal(delete (2, 0x10002), ABI_OK);
	assert_int_equal(line[2].state, ABI_SA_FREE);
	assert_int_equal(line[2].seq_mark, 0);
	assert_int_equal(line[3].state, ABI_SA_DEAD);
	fixture_generation(f, ABI_CMD_SA_FLUSH, 0, 0);
	fixture_grace(f);
	assert_int_equal(line[3].state, ABI_SA_FREE);
}

static void replaces_policies_as_a_whole(void **state)
{
	const struct abi_policy_status *st = segment_area(&f->segment, ABI_AREA_POLICY_STATUS);
	struct spd *first = f->h->tables.spd, *second;
	uint32_t index;

	(void)state;
	assert_int_equal(fixture_policy(f, 7), ABI_OK);
	second = f->h->tables.spd;
	assert_ptr_not_equal(first, second);
	index = policies_index(&f->manager.policies, 7);
	assert_int_equal(st[index].policy_id, 7);
	assert_int_equal(add(fixture_sa(1, ABI_DIR_OUT, 7)), ABI_OK);
	fixture_tick(f, 200000000);
	assert_int_equal(st[index].sa_out, 1);
	assert_int_equal(fixture_generation(f, ABI_CMD_POLICY_BEGIN, 5, 2), ABI_OK);
	assert_int_equal(fixture_generation(f, ABI_CMD_POLICY_COMMIT, 5, 2), ABI_ERR_SEQUENCE);
	assert_ptr_equal(f->h->tables.spd, second); /* nothing has changed */
	assert_int_equal(fixture_policy(f, 8), ABI_OK);
	assert_int_equal(st[index].policy_id, 0);
	assert_null(sad_lookup_out(f->h->tables.sad, index));
}

/* Where a policy stands in the order of match, by the first of its records; the same generation
 * number, as of a control that was started anew, is no reason to keep that. */
static void says_where_each_policy_stands(void **state)
{
	const struct abi_policy_status *st = segment_area(&f->segment, ABI_AREA_POLICY_STATUS);
	static const uint32_t orders[][4] = {{7, 9, 7, 8}, {8, 7, 9, 7}};

	(void)state;
	for (unsigned int k = 0; k < 2; k++) {
		assert_int_equal(fixture_generation(f, ABI_CMD_POLICY_BEGIN, 3, 4), ABI_OK);
		for (unsigned int i = 0; i < 4; i++) {
			struct abi_policy p = {
				.generation = 3,
				.policy_id = orders[k][i],
				.action = ABI_ACT_PROTECT,
				.mode = ABI_MODE_TUNNEL,
				.local = {.family = 4, .port_hi = 65535, .lo = {10, (uint8_t)i}},
				.remote = {
					.family = 4, .port_hi = 65535, .hi = {255, 255, 255, 255}}};

			memcpy(p.local.hi, p.local.lo, sizeof(p.local.hi));
			assert_int_equal(fixture_ask(f, &p, ABI_CMD_POLICY, sizeof(p), NULL),
					 ABI_OK);
		}
		assert_int_equal(fixture_generation(f, ABI_CMD_POLICY_COMMIT, 3, 4), ABI_OK);
		assert_int_equal(st[policies_index(&f->manager.policies, 7)].place, k);
		assert_int_equal(st[policies_index(&f->manager.policies, 8)].place, k == 0 ? 3 : 0);
		assert_int_equal(st[policies_index(&f->manager.policies, 9)].place, k == 0 ? 1 : 2);
	}
}

static void refuses_generations_out_of_order(void **state)
{
	struct abi_address a = {
		.generation = 4, .prefix_len = 24, .addr = {.family = 4, .bytes = {10}}};
	struct abi_policy p = {.generation = 4};

	(void)state;
	assert_int_equal(fixture_ask(f, &a, ABI_CMD_ADDRESS, sizeof(a), NULL), ABI_ERR_SEQUENCE);
	assert_int_equal(fixture_ask(f, &p, ABI_CMD_POLICY, sizeof(p), NULL), ABI_ERR_SEQUENCE);
	assert_int_equal(fixture_generation(f, ABI_CMD_NET_COMMIT, 4, 0), ABI_ERR_SEQUENCE);
	assert_int_equal(fixture_generation(f, ABI_CMD_NET_BEGIN, 4, 1), ABI_OK);
	a.generation = 5;
	assert_int_equal(fixture_ask(f, &a, ABI_CMD_ADDRESS, sizeof(a), NULL), ABI_ERR_SEQUENCE);
	a.generation = 4;
	assert_int_equal(fixture_ask(f, &a, ABI_CMD_ADDRESS, sizeof(a), NULL), ABI_OK);
	assert_int_equal(fixture_ask(f, &a, ABI_CMD_ADDRESS, sizeof(a), NULL), ABI_ERR_SEQUENCE);
	assert_int_equal(fixture_generation(f, ABI_CMD_NET_COMMIT, 4, 2), ABI_ERR_SEQUENCE);
	assert_int_equal(fixture_generation(f, ABI_CMD_NET_COMMIT, 4, 1), ABI_ERR_SEQUENCE);
	assert_int_equal(fixture_generation(f, ABI_CMD_NET_BEGIN, 4, UINT32_MAX), ABI_ERR_NO_SPACE);
	assert_int_equal(fixture_generation(f, ABI_CMD_POLICY_BEGIN, 4, UINT32_MAX),
			 ABI_ERR_NO_SPACE);
}

static void does_not_wait_for_a_worker_that_hangs(void **state)
{
	uint16_t status = ABI_OK;
	unsigned int rounds = 0;

	(void)state;
	/* No grace period ever passes: in the end new generations are refused, nothing blocks. */
	while (status == ABI_OK && rounds++ < 100000) {
		status = fixture_generation(f, ABI_CMD_POLICY_BEGIN, rounds, 0);
		if (status == ABI_OK)
			status = fixture_generation(f, ABI_CMD_POLICY_COMMIT, rounds, 0);
	}
	assert_int_equal(status, ABI_ERR_NO_SPACE);
	fixture_grace(f);
	assert_int_equal(fixture_policy(f, 1), ABI_OK);
}

static void takes_no_command_whose_answer_finds_no_room(void **state)
{
	struct abi_generation g = {.msg = {ABI_CMD_SYNC, sizeof(g), 1}};
	struct abi_ev_reply ev;
	unsigned int sent = 0, answers = 0;

	(void)state;
	fixture_tick(f, 1);
	fixture_event(f, UINT16_MAX, &ev, 0); /* those of the ports out of the way */
	for (unsigned int i = 0; i < 200; i++) {
		sent += abi_ring_put(&f->command, &g, sizeof(g)) == 0;
		fixture_tick(f, 1);
	}
	assert_int_equal(sent, 64 + 16); /* the event ring, then the command ring is full */
	for (unsigned int i = 0; i < 10; i++) {
		while (fixture_event(f, ABI_EV_REPLY, &ev, sizeof(ev)))
			answers++;
		fixture_tick(f, 1);
	}
	assert_int_equal(answers, sent);
	assert_int_equal(f->segment.events_missed, 0);
}

static void goes_on_when_control_breaks_its_ring(void **state)
{
	struct abi_generation g = {.msg = {ABI_CMD_SYNC, sizeof(g), 1}};
	struct abi_ev_reply ev;

	(void)state;
	assert_int_equal(abi_ring_put(&f->command, &g, sizeof(g)), 0);
	f->command.ring->head += 1000;
	fixture_tick(f, 1);
	assert_false(fixture_event(f, ABI_EV_REPLY, &ev, sizeof(ev)));
	assert_true(f->manager.command_fault);
	f->command.ring->head -= 1000; /* too late */
	fixture_tick(f, 100000000);
	assert_false(fixture_event(f, ABI_EV_REPLY, &ev, sizeof(ev)));
	assert_int_equal(((struct abi_hdr *)f->segment.base)->dataplane_heartbeat, f->now);
}

int main(void)
{
#define WITH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH(answers_unknown_types),
		WITH(refuses_any_length_but_the_type_s_own),
		WITH(wipes_keys_from_the_ring),
		WITH(installs_sas_and_says_why_not),
		WITH(expects_spis_of_free_slots),
		WITH(answers_a_removal_after_its_grace_period),
		WITH(folds_the_counters_of_a_dead_sa_into_its_policy),
		WITH(folds_and_cleans_the_lines_of_one_sa),
		WITH(ends_an_sa_by_what_all_have_carried),
		WITH(cleans_the_lines_of_a_policy_that_went),
		WITH(flushes_all),
		WITH(keeps_lines_of_an_earlier_run_until_told),
		WITH(replaces_policies_as_a_whole),
		WITH(says_where_each_policy_stands),
		WITH(refuses_generations_out_of_order),
		WITH(does_not_wait_for_a_worker_that_hangs),
		WITH(takes_no_command_whose_answer_finds_no_room),
		WITH(goes_on_when_control_breaks_its_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
