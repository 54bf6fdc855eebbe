/* SPDX-License-Identifier: BSD-3-Clause */
/* test_sad_life.c - what time and traffic do to the SAs of the database. */
#include "tests/unit/dataplane/ipsec/espkit.h"

#include <stdlib.h>

#include "dataplane/arena.h"
#include "dataplane/ipsec/crypto.h"

#define S 1000000000ull

static void count_traffic(uint32_t slot, uint64_t packets, uint64_t bytes)
{
	worker_sa(kit.w, slot)->packets += packets;
	worker_sa(kit.w, slot)->bytes += bytes;
}

static void expect_event(unsigned int i, uint16_t type, uint8_t expire, uint8_t limit)
{
	assert_true(i < esp.events);
	assert_int_equal(esp.event[i].msg.type, type);
	assert_int_equal(esp.event[i].msg.length, sizeof(struct abi_ev_sa));
	assert_int_equal(esp.event[i].expire, expire);
	assert_int_equal(esp.event[i].limit, limit);
	assert_int_equal(esp.event[i].slot, OUT_SLOT);
	assert_int_equal(esp.event[i].spi, OUT_SPI);
	assert_int_equal(esp.event[i].cookie, 1001);
}

static void add_out_with(struct abi_lifetime life)
{
	struct abi_sa_add c = espkit_out();

	c.life = life;
	assert_int_equal(espkit_try_add(&c), ABI_OK);
}

static void time_ends_an_sa_softly_then_hard(void **state)
{
	uint64_t t = kit.w->now;

	(void)state;
	add_out_with((struct abi_lifetime){.soft_time = t + 10 * S, .hard_time = t + 20 * S});
	espkit_tick(t + 10 * S - 1);
	assert_int_equal(esp.events, 0);
	espkit_tick(t + 10 * S);
	espkit_tick(t + 11 * S);
	assert_int_equal(esp.events, 1);
	expect_event(0, ABI_EV_SA_EXPIRE, ABI_EXPIRE_SOFT, ABI_LIMIT_TIME);
	assert_int_equal(kit.h->sa_status[OUT_SLOT].state, ABI_SA_DYING);
	assert_int_equal(sad_slot(esp.sad, OUT_SLOT)->state, SA_LIVE);
	espkit_tick(t + 20 * S - 1);
	assert_int_equal(esp.events, 1);
	espkit_tick(t + 20 * S);
	espkit_tick(t + 21 * S);
	assert_int_equal(esp.events, 2);
	expect_event(1, ABI_EV_SA_EXPIRE, ABI_EXPIRE_HARD, ABI_LIMIT_TIME);
	assert_int_equal(kit.h->sa_status[OUT_SLOT].state, ABI_SA_DEAD);
	assert_int_equal(sad_slot(esp.sad, OUT_SLOT)->state, SA_EXPIRED);
	/* It stays to be counted against, cannot be revived, and can be deleted. */
	struct abi_sa_update u = {.msg = {.length = sizeof(u)},
				  .slot = OUT_SLOT,
				  .spi = OUT_SPI,
				  .what = ABI_SA_UPD_LIFETIME};

	assert_int_equal(sad_update(esp.sad, &u, &esp.wrong_at), ABI_ERR_NOT_FOUND);
	espkit_remove(OUT_SLOT);
	assert_int_equal(sad_count(esp.sad), 0);
}

static void an_aged_sa_still_tells_that_it_is_spent(void **state)
{
	uint64_t t = kit.w->now;

	(void)state;
	add_out_with((struct abi_lifetime){.soft_time = t + 10 * S, .soft_bytes = 1000});
	espkit_tick(t + 10 * S);
	expect_event(0, ABI_EV_SA_EXPIRE, ABI_EXPIRE_SOFT, ABI_LIMIT_TIME);
	count_traffic(OUT_SLOT, 1, 1000);
	espkit_tick(t + 11 * S);
	espkit_tick(t + 12 * S);
	assert_int_equal(esp.events, 3);
	expect_event(1, ABI_EV_FIRST_TRAFFIC, 0, 0);
	expect_event(2, ABI_EV_SA_EXPIRE, ABI_EXPIRE_SOFT, ABI_LIMIT_BYTES);
}

static void bytes_and_packets_end_an_sa(void **state)
{
	(void)state;
	add_out_with((struct abi_lifetime){
		.soft_bytes = 1000, .hard_bytes = 2000, .soft_packets = 10, .hard_packets = 20});
	count_traffic(OUT_SLOT, 1, 999);
	espkit_tick(kit.w->now);
	assert_int_equal(esp.events, 1);
	expect_event(0, ABI_EV_FIRST_TRAFFIC, 0, 0);
	count_traffic(OUT_SLOT, 1, 1);
	espkit_tick(kit.w->now);
	expect_event(1, ABI_EV_SA_EXPIRE, ABI_EXPIRE_SOFT, ABI_LIMIT_BYTES);
	count_traffic(OUT_SLOT, 18, 0);
	espkit_tick(kit.w->now);
	expect_event(2, ABI_EV_SA_EXPIRE, ABI_EXPIRE_HARD, ABI_LIMIT_PACKETS);
	assert_int_equal(esp.events, 3);
}

/* Of the SA, not of its neighbours. */
static void what_all_workers_carried_ends_an_sa(void **state)
{
	struct abi_sa_counters *all = kit.h->sa_counters;

	(void)state;
	add_out_with((struct abi_lifetime){.hard_bytes = 2000});
	for (uint32_t w = 0; w < HARNESS_LINES; w++) {
		all[abi_line(kit.h->max_sas, OUT_SLOT, w)].bytes = 999 + w;
		all[abi_line(kit.h->max_sas, OUT_SLOT - 1, w)].bytes = 1 << 20;
		all[abi_line(kit.h->max_sas, OUT_SLOT + 1, w)].bytes = 1 << 20;
	}
	espkit_tick(kit.w->now);
	assert_int_equal(esp.events, 0);
	all[abi_line(kit.h->max_sas, OUT_SLOT, 1)].bytes++;
	espkit_tick(kit.w->now);
	assert_int_equal(esp.events, 1);
	expect_event(0, ABI_EV_SA_EXPIRE, ABI_EXPIRE_HARD, ABI_LIMIT_BYTES);
}

/* n packets of 100 bytes through the outbound SA; how many came out. */
static unsigned int send_through(unsigned int n)
{
	struct frame f = espkit_udp_out(100);
	unsigned int sent = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct rte_mbuf *m = espkit_clear(&f);

		sent += espkit_send(&m) == DROP_NONE;
		rte_pktmbuf_free(m);
	}
	return sent;
}

static void workers_stop_at_a_hard_volume_without_the_manager(void **state)
{
	const uint64_t each = 128; /* inner IP bytes of a packet */
	struct frame f = espkit_udp_out(100);
	struct rte_mbuf *m;

	(void)state;
	add_out_with((struct abi_lifetime){.hard_bytes = 10 * each});
	assert_int_equal(send_through(30), 10);
	assert_int_equal(espkit_counters(OUT_SLOT)->bytes, 10 * each);
	m = espkit_clear(&f);
	assert_int_equal(espkit_send(&m), DROP_OUT_STATE_EXPIRED);
	rte_pktmbuf_free(m);
	espkit_remove(OUT_SLOT);
	add_out_with((struct abi_lifetime){.hard_packets = 7});
	assert_int_equal(send_through(30), 7);
}

static void workers_call_when_a_volume_is_reached(void **state)
{
	(void)state;
	add_out_with((struct abi_lifetime){.soft_packets = 3, .hard_packets = 5});
	espkit_tick(kit.w->now); /* of what other tests have called for */
	assert_int_equal(send_through(2), 2);
	assert_false(sad_called(esp.sad));
	assert_int_equal(send_through(1), 1);
	assert_true(sad_called(esp.sad));
	espkit_tick(kit.w->now);
	assert_false(sad_called(esp.sad));
	expect_event(0, ABI_EV_FIRST_TRAFFIC, 0, 0);
	expect_event(1, ABI_EV_SA_EXPIRE, ABI_EXPIRE_SOFT, ABI_LIMIT_PACKETS);
	assert_int_equal(send_through(3), 2);
	assert_true(sad_called(esp.sad));
	espkit_tick(kit.w->now);
	expect_event(2, ABI_EV_SA_EXPIRE, ABI_EXPIRE_HARD, ABI_LIMIT_PACKETS);
	assert_int_equal(esp.events, 3);
}

static void a_volume_given_later_counts_what_passed_before(void **state)
{
	struct abi_sa_update u = {.msg = {.length = sizeof(u)},
				  .slot = OUT_SLOT,
				  .spi = OUT_SPI,
				  .what = ABI_SA_UPD_LIFETIME,
				  .life = {.hard_packets = 6}};

	(void)state;
	add_out_with((struct abi_lifetime){0});
	assert_int_equal(send_through(4), 4);
	assert_int_equal(sad_update(esp.sad, &u, &esp.wrong_at), ABI_OK);
	espkit_tick(kit.w->now);
	assert_int_equal(send_through(4), 2);
	u.life.hard_packets = 9;
	assert_int_equal(sad_update(esp.sad, &u, &esp.wrong_at), ABI_OK);
	assert_int_equal(send_through(4), 3);
}

static void an_inbound_sa_stops_at_its_volume(void **state)
{
	struct abi_sa_add c = espkit_in();

	(void)state;
	c.life.hard_packets = 2;
	assert_int_equal(espkit_try_add(&c), ABI_OK);
	for (unsigned int i = 0; i < 4; i++) {
		struct frame f = espkit_sealed_udp(60, NULL);

		assert_int_equal(espkit_reason(&f), i < 2 ? DROP_NONE : DROP_IN_STATE_EXPIRED);
	}
	assert_true(sad_called(esp.sad));
}

static void a_new_lifetime_starts_over(void **state)
{
	uint64_t t = kit.w->now;
	struct abi_sa_update u = {.msg = {.length = sizeof(u)},
				  .slot = OUT_SLOT,
				  .spi = OUT_SPI,
				  .what = ABI_SA_UPD_LIFETIME,
				  .life = {.soft_time = t + 5 * S}};

	(void)state;
	add_out_with((struct abi_lifetime){.soft_time = t + S});
	espkit_tick(t + S);
	assert_int_equal(esp.events, 1);
	assert_int_equal(sad_update(esp.sad, &u, &esp.wrong_at), ABI_OK);
	assert_int_equal(kit.h->sa_status[OUT_SLOT].state, ABI_SA_MATURE);
	espkit_tick(t + 2 * S);
	assert_int_equal(esp.events, 1);
	espkit_tick(t + 5 * S);
	assert_int_equal(esp.events, 2);
}

static void first_traffic_is_told_once(void **state)
{
	(void)state;
	add_out_with((struct abi_lifetime){0});
	espkit_tick(kit.w->now);
	assert_int_equal(esp.events, 0);
	assert_int_equal(kit.h->sa_status[OUT_SLOT].seen_traffic, 0);
	count_traffic(OUT_SLOT, 1, 60);
	espkit_tick(kit.w->now + 3);
	count_traffic(OUT_SLOT, 1, 60);
	espkit_tick(kit.w->now + 4);
	assert_int_equal(esp.events, 1);
	expect_event(0, ABI_EV_FIRST_TRAFFIC, 0, 0);
	assert_int_equal(kit.h->sa_status[OUT_SLOT].seen_traffic, 1);
	assert_int_equal(kit.h->sa_status[OUT_SLOT].first_used, kit.w->now + 3);
}

static void the_mark_stays_ahead_and_never_passes_the_end(void **state)
{
	const struct abi_sa_status *st = &kit.h->sa_status[OUT_SLOT];
	uint64_t last = 0;
	struct sa *sa;

	(void)state;
	add_out_with((struct abi_lifetime){0});
	sa = sad_slot(esp.sad, OUT_SLOT);
	for (uint64_t seq = 0; seq < (1ull << 32) + (1u << 26); seq += 5u << 20) {
		sa->seq = seq;
		espkit_tick(kit.w->now);
		assert_true(st->seq_mark >= last && st->seq_mark <= UINT32_MAX);
		assert_true(sa->seq_limit <= st->seq_mark);
		if (seq + (1u << 24) <= UINT32_MAX)
			assert_true(st->seq_mark >= seq + (1u << 24));
		assert_int_equal(st->seq, seq < UINT32_MAX ? seq : UINT32_MAX);
		last = st->seq_mark;
	}
	assert_int_equal(last, UINT32_MAX);
	/* 75 %, then the end. */
	assert_int_equal(esp.events, 2);
	expect_event(0, ABI_EV_SA_EXPIRE, ABI_EXPIRE_SOFT, ABI_LIMIT_SEQUENCE);
	expect_event(1, ABI_EV_SA_EXPIRE, ABI_EXPIRE_HARD, ABI_LIMIT_SEQUENCE);
}

static void soft_expiry_by_sequence_comes_at_three_quarters(void **state)
{
	struct abi_sa_add c = espkit_out();

	(void)state;
	c.seq_start = SA_SEQ_SOFT - 1;
	assert_int_equal(espkit_try_add(&c), ABI_OK);
	espkit_tick(kit.w->now);
	assert_int_equal(esp.events, 0);
	sad_slot(esp.sad, OUT_SLOT)->seq++;
	espkit_tick(kit.w->now);
	assert_int_equal(esp.events, 1);
	expect_event(0, ABI_EV_SA_EXPIRE, ABI_EXPIRE_SOFT, ABI_LIMIT_SEQUENCE);
}

static void a_resumed_sa_starts_after_its_mark(void **state)
{
	struct abi_sa_add out = espkit_out(), in = espkit_in();

	(void)state;
	out.flags |= ABI_SA_F_RESUME;
	in.flags |= ABI_SA_F_RESUME;
	out.seq_start = in.seq_start = 70000;
	assert_int_equal(espkit_try_add(&out), ABI_OK);
	assert_int_equal(espkit_try_add(&in), ABI_OK);
	assert_int_equal(sad_slot(esp.sad, OUT_SLOT)->seq, 70000);
	assert_int_equal(kit.h->sa_status[IN_SLOT].seq, 70000);
	assert_false(replay_check(sa_replay(sad_slot(esp.sad, IN_SLOT)), 70000));
	assert_true(replay_check(sa_replay(sad_slot(esp.sad, IN_SLOT)), 70001));
}

/* Small ones lie behind the SA, large ones elsewhere: neither over its keys. */
static void windows_of_all_sizes_come_and_go(void **state)
{
	static const uint32_t windows[] = {64, 1024, 1504, 1505, 4096, 65536};
	struct abi_sa_add c = espkit_in();
	size_t before = 0;

	(void)state;
	for (unsigned int i = 0; i < 2 * RTE_DIM(windows); i++) {
		uint8_t keys[512];
		struct sa *sa;
		size_t size;

		c.replay_window = windows[i % RTE_DIM(windows)];
		assert_int_equal(espkit_try_add(&c), ABI_OK);
		sa = sad_slot(esp.sad, IN_SLOT);
		size = crypto_sa_bytes(sa) - offsetof(struct sa, keys) - SA_KEYS_IN;
		assert_true(size <= sizeof(keys));
		memcpy(keys, sa->keys + SA_KEYS_IN, size);
		assert_int_equal((uintptr_t)sa_replay(sa)->cell % 64, 0);
		replay_init(sa_replay(sa), sa_replay(sa)->cell, c.replay_window, UINT32_MAX - 5);
		assert_memory_equal(keys, sa->keys + SA_KEYS_IN, size);
		assert_true(replay_check(sa_replay(sa), UINT32_MAX));
		assert_false(replay_check(sa_replay(sa), UINT32_MAX - 5));
		assert_int_equal(sad_delete(esp.sad, IN_SLOT, c.spi), ABI_OK);
		sad_reclaim(esp.sad, IN_SLOT);
		if (i == 0)
			before = arena_used(0);
		assert_int_equal(arena_used(0), before);
	}
}

static uint16_t path_600(void *ctx, uint32_t remote)
{
	(void)ctx;
	assert_int_equal(remote, PEER);
	return 600;
}

static void ignore(void *ctx, const struct abi_ev_sa *ev)
{
	(void)ctx;
	(void)ev;
}

static void the_mtu_follows_the_path(void **state)
{
	const struct sad_tick_io io = {.counters = kit.h->sa_counters,
				       .rows = kit.h->max_sas,
				       .workers = 1,
				       .event = ignore,
				       .path_mtu = path_600};

	(void)state;
	add_out_with((struct abi_lifetime){0});
	/* 1500 - 20 - 8 - 16 - 12 = 1444, 90 blocks, less the trailer. */
	assert_int_equal(sad_slot(esp.sad, OUT_SLOT)->mtu, 1438);
	sad_tick(esp.sad, &io, kit.w->now);
	/* 600 - 56 = 544, 34 blocks, less the trailer. */
	assert_int_equal(sad_slot(esp.sad, OUT_SLOT)->mtu, 542);
	assert_int_equal(kit.h->sa_status[OUT_SLOT].mtu, 542);
}

static void every_sa_has_its_turn(void **state)
{
	uint32_t n = 4 * SAD_TICK_BUDGET, detail;
	struct abi_sa_status *status = aligned_alloc(64, n * sizeof(*status));
	struct abi_sa_counters *lines = aligned_alloc(64, n * sizeof(*lines));
	struct sad *s;
	struct sad_tick_io io = {
		.counters = lines, .rows = n, .workers = 1, .event = ignore, .path_mtu = NULL};

	(void)state;
	assert_non_null(status);
	assert_non_null(lines);
	memset(status, 0, n * sizeof(*status));
	memset(lines, 0, n * sizeof(*lines));
	s = sad_create(n, 1, status, SOCKET_ID_ANY);
	assert_non_null(s);
	for (uint32_t i = 0; i < n; i++) {
		struct abi_sa_add c = espkit_in();

		c.slot = i;
		c.spi = 7 * n + i;
		c.life.hard_time = kit.w->now + 1;
		assert_int_equal(sad_add(s, &c, 0, kit.w->now, &detail), ABI_OK);
	}
	for (unsigned int i = 0; i < 4; i++)
		sad_tick(s, &io, kit.w->now + 1);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(status[i].state, ABI_SA_DEAD);
	sad_free(s);
	free(status);
	free(lines);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, espkit_begin_empty, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(time_ends_an_sa_softly_then_hard),
		CASE(an_aged_sa_still_tells_that_it_is_spent),
		CASE(bytes_and_packets_end_an_sa),
		CASE(what_all_workers_carried_ends_an_sa),
		CASE(workers_stop_at_a_hard_volume_without_the_manager),
		CASE(workers_call_when_a_volume_is_reached),
		CASE(a_volume_given_later_counts_what_passed_before),
		CASE(an_inbound_sa_stops_at_its_volume),
		CASE(a_new_lifetime_starts_over),
		CASE(first_traffic_is_told_once),
		CASE(the_mark_stays_ahead_and_never_passes_the_end),
		CASE(soft_expiry_by_sequence_comes_at_three_quarters),
		CASE(a_resumed_sa_starts_after_its_mark),
		CASE(windows_of_all_sizes_come_and_go),
		CASE(the_mtu_follows_the_path),
		CASE(every_sa_has_its_turn),
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
