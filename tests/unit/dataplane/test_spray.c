/* SPDX-License-Identifier: BSD-3-Clause */
/* test_spray.c - a saturated worker gives ESP bursts away, and what comes out is whole and in the
 * order it came in, whoever decrypts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_pause.h>

#include "dataplane/ipsec/sad.h"
#include "dataplane/order.h"
#include "dataplane/spray.h"
#include "tests/unit/dataplane/crew.h"
#include "tests/unit/dataplane/tunnels.h"

#define WORKERS 3u
#ifndef __has_feature
#define __has_feature(x) 0 /* gcc */
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define BURSTS 40u /* each is a hundred times as long, and members that wait take the CPU */
#else
#define BURSTS 600u
#endif
#define LEN  100u
#define FLOW 7u

static struct harness *h;
static struct crew *crew;
static uint32_t *out; /* numbers that left, in the order they left */
static uint64_t n_out;
static uint64_t helped;
static bool done;
static uint64_t
	open_when_sent; /* the least number of open turns while packets left, if asked for */
static bool watch;

/* Members send in turn, so a place in the list is a place on the wire. */
static void note(struct crew_member *m, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	uint64_t at = __atomic_fetch_add(&n_out, n, __ATOMIC_RELAXED);

	(void)m;
	if (watch)
		open_when_sent = RTE_MIN(open_when_sent, spray_open(crew->member[0]->w.spray));
	for (uint16_t i = 0; i < n; i++) {
		uint32_t flow = 0, number = 0;

		if (watch && port == 1)
			out[at + i] = tunnels_sequence(pkts[i]) - 1;
		if (at + i < BURSTS * WORKER_BURST && port == 0 &&
		    tunnels_read(pkts[i], &flow, &number) && flow == FLOW)
			out[at + i] = number;
	}
	rte_pktmbuf_free_bulk(pkts, n);
}

static int setup(void **state)
{
	(void)state;
	h = harness_create(tunnels_slots(2), 4, 1023);
	if (h == NULL || harness_pipe_create(h) != 0)
		return -1;
	sad_widen(h->tables.sad, SPRAY_NUMBERS);
	if (tunnels_create(h, 2, &tunnels_sha1, 64) != 0)
		return -1;
	crew = crew_create(h, WORKERS, true, 16383, note);
	out = calloc(BURSTS * WORKER_BURST, sizeof(*out));
	n_out = helped = 0;
	done = watch = false;
	return crew != NULL && out != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(rte_mempool_in_use_count(crew->pool), 0);
	crew_free(crew);
	harness_pipe_free(h);
	harness_free(h);
	free(out);
	return 0;
}

static void sealed(struct worker *w, uint32_t number, struct rte_mbuf **pkts, uint16_t n)
{
	uint32_t tunnel[WORKER_BURST] = {0};
	uint16_t len[WORKER_BURST];

	for (uint16_t i = 0; i < n; i++)
		len[i] = LEN;
	assert_int_equal(tunnels_sealed(w, crew->pool, tunnel, FLOW, number, len, pkts, n), 0);
}

static void expect_in_order(uint64_t n)
{
	assert_int_equal(n_out, n);
	for (uint64_t i = 0; i < n; i++)
		if (out[i] != i)
			fail_msg("packet %lu is number %u", (unsigned long)i, out[i]);
}

/* What has made the worker give away. */
static void saturate(struct worker *w)
{
	for (unsigned int i = 0; i < SPRAY_FULL_RUNS; i++)
		spray_received(w->spray, WORKER_BURST);
}

static void make_idle(struct worker *w)
{
	for (unsigned int i = 0; i <= SPRAY_IDLE_RUNS; i++)
		spray_polled(w->spray, 0);
}

static void keeps_its_packets_when_nobody_is_idle(void **state)
{
	struct worker *w = &crew->member[0]->w;
	struct rte_mbuf *pkts[WORKER_BURST];

	(void)state;
	saturate(w);
	sealed(w, 0, pkts, WORKER_BURST);
	pipeline_input(w, 1, pkts, WORKER_BURST);
	assert_int_equal(spray_open(w->spray), 0);
	expect_in_order(WORKER_BURST);
}

static void keeps_its_packets_when_it_is_not_saturated(void **state)
{
	struct worker *w = &crew->member[0]->w;
	struct rte_mbuf *pkts[WORKER_BURST];

	(void)state;
	make_idle(&crew->member[1]->w);
	for (uint32_t i = 0; i + 1 < SPRAY_FULL_RUNS; i++) {
		sealed(w, i * WORKER_BURST, pkts, WORKER_BURST);
		pipeline_input(w, 1, pkts, WORKER_BURST);
	}
	sealed(w, (SPRAY_FULL_RUNS - 1) * WORKER_BURST, pkts, WORKER_BURST - 1);
	pipeline_input(w, 1, pkts, WORKER_BURST - 1);
	assert_int_equal(spray_open(w->spray), 0);
	expect_in_order(SPRAY_FULL_RUNS * WORKER_BURST - 1);
}

static void its_own_bursts_wait_for_those_it_gave_away(void **state)
{
	struct worker *w = &crew->member[0]->w, *other = &crew->member[1]->w;
	struct rte_mbuf *pkts[WORKER_BURST];

	(void)state;
	make_idle(other);
	saturate(w);
	for (uint32_t i = 0; i < SPRAY_PER_IDLE + 1; i++) {
		sealed(w, i * WORKER_BURST, pkts, WORKER_BURST);
		pipeline_input(w, 1, pkts, WORKER_BURST);
	}
	assert_int_equal(n_out,
			 0); /* the ring has room for two per idle worker, so the third ... */
	assert_int_equal(order_waiting(w->order), 1); /* ... is decrypted and waits */
	for (uint32_t i = 0; i < SPRAY_PER_IDLE; i++)
		assert_int_equal(pipeline_help(other), WORKER_BURST);
	expect_in_order(SPRAY_PER_IDLE * WORKER_BURST);
	assert_int_equal(pipeline_help(other), 0);
	pipeline_poll(w);
	expect_in_order((SPRAY_PER_IDLE + 1) * WORKER_BURST);
	assert_int_equal(spray_open(w->spray), 0);
}

static void takes_back_what_nobody_took(void **state)
{
	struct worker *w = &crew->member[0]->w;
	struct rte_mbuf *pkts[WORKER_BURST];

	(void)state;
	make_idle(&crew->member[1]->w); /* and then it sleeps */
	saturate(w);
	sealed(w, 0, pkts, WORKER_BURST);
	pipeline_input(w, 1, pkts, WORKER_BURST);
	assert_int_equal(n_out, 0);
	assert_int_equal(pipeline_poll(w), WORKER_BURST);
	expect_in_order(WORKER_BURST);
}

static void does_not_wait_for_ever_for_a_worker_that_took_one(void **state)
{
	struct worker *w = &crew->member[0]->w, *other = &crew->member[1]->w;
	struct rte_mbuf *pkts[WORKER_BURST];
	struct spray_burst lost;

	(void)state;
	make_idle(other);
	saturate(w);
	for (uint32_t i = 0; i < SPRAY_PER_IDLE + 1; i++) {
		sealed(w, i * WORKER_BURST, pkts, WORKER_BURST);
		pipeline_input(w, 1, pkts, WORKER_BURST);
	}
	for (uint32_t i = 0; i < SPRAY_PER_IDLE; i++) { /* and now it loses its CPU */
		assert_true(spray_take(other->spray, false, &lost));
		rte_pktmbuf_free_bulk(lost.pkts, lost.n);
	}
	w->now += ORDER_TURN_WAIT_NS - 1;
	pipeline_poll(w);
	assert_int_equal(n_out, 0);
	w->now++;
	pipeline_poll(w);
	assert_int_equal(n_out, WORKER_BURST);
	assert_int_equal(spray_open(w->spray), 0);
}

/* A burst out of tunnel 0 that goes on in tunnel 1, given away by member 0. */
static void give_sealed_again(uint32_t number)
{
	const struct sa_narrow any = {0, UINT32_MAX, 0, UINT32_MAX};
	struct worker *w = &crew->member[0]->w;
	static const uint32_t tunnel[WORKER_BURST];
	struct rte_mbuf *pkts[WORKER_BURST];

	sad_slot(h->tables.sad, tunnels_slot_in(0))->narrow = any;
	sad_slot(h->tables.sad, tunnels_slot_peer(h->max_sas, 0))->narrow = any;
	for (uint32_t i = 0; i < WORKER_BURST; i++) {
		pkts[i] = tunnels_clear(crew->pool, 1, FLOW, number + i, LEN);
		assert_non_null(pkts[i]);
	}
	assert_int_equal(tunnels_seal(w, tunnel, pkts, WORKER_BURST), 0);
	saturate(w);
	pipeline_input(w, 1, pkts, WORKER_BURST);
	assert_int_equal(n_out, 0);
	open_when_sent = UINT64_MAX;
	watch = true;
}

/* The next burst is sealed as soon as the turn of this one is over. */
static void what_is_sealed_again_keeps_its_turn_until_it_is_sent(void **state)
{
	(void)state;
	make_idle(&crew->member[1]->w);
	give_sealed_again(0);
	assert_int_equal(pipeline_help(&crew->member[1]->w), WORKER_BURST);
	expect_in_order(WORKER_BURST);
	assert_int_equal(open_when_sent, 1);
	assert_int_equal(spray_open(crew->member[0]->w.spray), 0);
}

/* The second of two such bursts waits at w before it is sealed again: the first is another's. */
static void let_one_wait(struct worker *w, struct spray_burst *first)
{
	make_idle(w);
	give_sealed_again(0);
	give_sealed_again(WORKER_BURST);
	assert_true(spray_take(crew->member[2]->w.spray, false, first));
	assert_int_equal(pipeline_help(w), WORKER_BURST);
	assert_int_equal(n_out, 0);
	assert_int_equal(order_waiting(w->order), 1);
	assert_int_equal(crew_sa(crew, tunnels_slot_out(1)).packets, 0);
}

static void end_turn(struct worker *w, const struct spray_burst *b)
{
	rte_pktmbuf_free_bulk((struct rte_mbuf **)(uintptr_t)b->pkts, b->n);
	__atomic_store_n(spray_done(w->spray, b), b->ticket, __ATOMIC_RELEASE);
}

static void what_waited_to_be_sealed_again_keeps_its_turn_until_it_is_sent(void **state)
{
	struct worker *w = &crew->member[1]->w;
	struct spray_burst first;

	(void)state;
	let_one_wait(w, &first);
	end_turn(w, &first);
	pipeline_poll(w);
	expect_in_order(WORKER_BURST);
	assert_int_equal(open_when_sent, 1);
	assert_int_equal(spray_open(crew->member[0]->w.spray), 0);
}

/* While it waited its SA was replaced, and the slot given to one of another policy that would carry
 * it, to another peer. */
static void what_waited_to_be_sealed_again_goes_by_its_policy(void **state)
{
	struct abi_sa_add next = tunnels_sa_out(h, 1, &tunnels_sha1);
	struct abi_sa_add foreign = tunnels_sa_out(h, 0, &tunnels_sha1);
	const struct sa_narrow any = {0, UINT32_MAX, 0, UINT32_MAX};
	struct worker *w = &crew->member[1]->w;
	struct spray_burst first;
	uint32_t detail;

	(void)state;
	let_one_wait(w, &first);
	assert_int_equal(sad_delete(h->tables.sad, next.slot, next.spi), ABI_OK);
	sad_reclaim(h->tables.sad, next.slot);
	foreign.slot = next.slot;
	foreign.spi = 4096;
	foreign.flags = 0;
	assert_int_equal(sad_add(h->tables.sad, &foreign, 0, 1, &detail), ABI_OK);
	sad_slot(h->tables.sad, foreign.slot)->narrow = any;
	next.slot = 8;
	next.spi = 4097;
	assert_int_equal(sad_add(h->tables.sad, &next, 1, 1, &detail), ABI_OK);
	end_turn(w, &first);
	pipeline_poll(w);
	assert_int_equal(crew_sa(crew, foreign.slot).packets, 0);
	assert_int_equal(crew_sa(crew, next.slot).packets, WORKER_BURST);
	expect_in_order(WORKER_BURST);
}

static void frees_what_is_on_offer(void **state)
{
	struct worker *w = &crew->member[0]->w;
	struct rte_mbuf *pkts[WORKER_BURST];

	(void)state;
	make_idle(&crew->member[1]->w);
	saturate(w);
	sealed(w, 0, pkts, WORKER_BURST);
	pipeline_input(w, 1, pkts, WORKER_BURST);
	assert_int_equal(rte_mempool_in_use_count(crew->pool), WORKER_BURST);
	spray_free(w->spray);
	w->spray = NULL; /* teardown wants none in use */
}

static void feed(struct crew_member *m)
{
	struct rte_mbuf *pkts[WORKER_BURST];

	for (uint32_t i = 0; i < BURSTS; i++) {
		sealed(&m->w, i * WORKER_BURST, pkts, WORKER_BURST);
		pipeline_input(&m->w, 1, pkts, WORKER_BURST);
		while (order_busy(m->w.order) || spray_open(m->w.spray) > 8) {
			pipeline_poll(&m->w);
			rte_pause();
		}
		/* pipeline_poll() has found no packets of its own. */
		saturate(&m->w);
		crew_quiescent(m);
	}
	while (order_waiting(m->w.order) != 0 || spray_open(m->w.spray) != 0)
		pipeline_poll(&m->w);
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
}

static void fat_or_helping(struct crew_member *m)
{
	uint64_t n = 0;

	if (m->index == 0) {
		feed(m);
		return;
	}
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
		n += pipeline_poll(&m->w);
		crew_quiescent(m);
		rte_pause();
	}
	while (order_waiting(m->w.order) != 0)
		pipeline_poll(&m->w);
	__atomic_add_fetch(&helped, n, __ATOMIC_RELAXED);
}

/* The window is the smallest there is. */
static void one_sa_over_three_workers_comes_out_whole_and_in_order(void **state)
{
	(void)state;
	assert_int_equal(crew_run(crew, fat_or_helping), 0);
	assert_int_equal(crew_all_drops(crew), 0);
	assert_int_equal(crew_sa(crew, tunnels_slot_in(0)).packets, BURSTS * WORKER_BURST);
	expect_in_order(BURSTS * WORKER_BURST);
	assert_true(helped > 0);
}

int main(void)
{
#define WITH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH(keeps_its_packets_when_nobody_is_idle),
		WITH(keeps_its_packets_when_it_is_not_saturated),
		WITH(its_own_bursts_wait_for_those_it_gave_away),
		WITH(takes_back_what_nobody_took),
		WITH(does_not_wait_for_ever_for_a_worker_that_took_one),
		WITH(what_is_sealed_again_keeps_its_turn_until_it_is_sent),
		WITH(what_waited_to_be_sealed_again_keeps_its_turn_until_it_is_sent),
		WITH(what_waited_to_be_sealed_again_goes_by_its_policy),
		WITH(frees_what_is_on_offer),
		WITH(one_sa_over_three_workers_comes_out_whole_and_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
