/* SPDX-License-Identifier: BSD-3-Clause */
/* test_spray.c - a saturated worker gives bursts away, and what comes out is whole and in the order
 * it came in, whoever decrypts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_ethdev.h>
#include <rte_pause.h>

#include "dataplane/ipsec/sad.h"
#include "dataplane/net/port.h"
#include "dataplane/order.h"
#include "dataplane/spray.h"
#include "tests/unit/dataplane/sprayed.h"
#include "tests/unit/dataplane/tunnels.h"

static uint64_t helped;
static bool done;

static void keeps_its_packets_when_nobody_is_idle(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w;
	struct rte_mbuf *pkts[WORKER_BURST];

	(void)state;
	sprayed_saturate(w);
	sprayed_sealed(w, 0, pkts, WORKER_BURST);
	pipeline_input(w, 1, pkts, WORKER_BURST);
	assert_int_equal(spray_open(w->spray), 0);
	sprayed_expect_in_order(WORKER_BURST);
}

static void keeps_its_packets_when_it_is_not_saturated(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w;
	struct rte_mbuf *pkts[WORKER_BURST];

	(void)state;
	sprayed_make_idle(&sprayed.crew->member[1]->w);
	for (uint32_t i = 0; i + 1 < SPRAY_FULL_RUNS; i++) {
		sprayed_sealed(w, i * WORKER_BURST, pkts, WORKER_BURST);
		pipeline_input(w, 1, pkts, WORKER_BURST);
	}
	sprayed_sealed(w, (SPRAY_FULL_RUNS - 1) * WORKER_BURST, pkts, WORKER_BURST - 1);
	pipeline_input(w, 1, pkts, WORKER_BURST - 1);
	assert_int_equal(spray_open(w->spray), 0);
	sprayed_expect_in_order(SPRAY_FULL_RUNS * WORKER_BURST - 1);
}

/* Port 1 is a ring whose driver does not say how long it is. */
static void open_ring(void)
{
	const struct port lan = ports[0], wan = ports[1];
	char err[128];

	n_ports = 0;
	assert_int_equal(port_open("ring", "net_ring0", 1500, 1, sprayed.h->pool, err, sizeof(err)),
			 0);
	ports[1] = ports[0];
	ports[1].mac = wan.mac;
	ports[0] = lan;
	n_ports = 2;
}

static void close_ring(void)
{
	ports[0] = ports[1];
	n_ports = 1;
	port_close_all();
}

/* It never has a burst as long as a worker's, and the worker does not take back at once what it has
 * given. */
static void gives_away_what_a_short_queue_brings(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w, *other = &sprayed.crew->member[1]->w;
	struct rte_mbuf *pkts[WORKER_BURST];
	uint16_t n;

	(void)state;
	open_ring();
	n = ports[1].full;
	assert_in_range(n, 1, WORKER_BURST - 1);
	sprayed_make_idle(other);
	for (uint32_t i = 0; i < SPRAY_FULL_RUNS; i++) {
		assert_int_equal(spray_open(w->spray), 0);
		sprayed_sealed(w, i * n, pkts, n);
		assert_int_equal(rte_eth_tx_burst(ports[1].ethdev, 0, pkts, n), n);
		pipeline_poll(w);
	}
	assert_int_equal(spray_open(w->spray), 1);
	assert_int_equal(pipeline_help(other), n);
	sprayed_expect_in_order((uint64_t)SPRAY_FULL_RUNS * n);
	close_ring();
}

static void its_own_bursts_wait_for_those_it_gave_away(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w, *other = &sprayed.crew->member[1]->w;
	struct rte_mbuf *pkts[WORKER_BURST];

	(void)state;
	sprayed_make_idle(other);
	sprayed_saturate(w);
	for (uint32_t i = 0; i < SPRAY_PER_IDLE + 1; i++) {
		sprayed_sealed(w, i * WORKER_BURST, pkts, WORKER_BURST);
		pipeline_input(w, 1, pkts, WORKER_BURST);
	}
	assert_int_equal(sprayed.n_out,
			 0); /* the ring has room for two per idle worker, so the third ... */
	assert_int_equal(order_waiting(w->order), 1); /* ... is decrypted and waits */
	for (uint32_t i = 0; i < SPRAY_PER_IDLE; i++)
		assert_int_equal(pipeline_help(other), WORKER_BURST);
	sprayed_expect_in_order(SPRAY_PER_IDLE * WORKER_BURST);
	assert_int_equal(pipeline_help(other), 0);
	pipeline_poll(w);
	sprayed_expect_in_order((SPRAY_PER_IDLE + 1) * WORKER_BURST);
	assert_int_equal(spray_open(w->spray), 0);
	assert_int_equal(spray_ticket(w->spray, 1), 0); /* what comes now need not wait */
}

static void takes_back_what_nobody_took(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w;
	struct rte_mbuf *pkts[WORKER_BURST];

	(void)state;
	sprayed_make_idle(&sprayed.crew->member[1]->w); /* and then it sleeps */
	sprayed_saturate(w);
	sprayed_sealed(w, 0, pkts, WORKER_BURST);
	pipeline_input(w, 1, pkts, WORKER_BURST);
	assert_int_equal(sprayed.n_out, 0);
	assert_int_equal(pipeline_poll(w), WORKER_BURST);
	sprayed_expect_in_order(WORKER_BURST);
}

static void every_port_waits_for_what_may_be_of_any(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w, *other = &sprayed.crew->member[1]->w;
	struct spray_burst b;

	(void)state;
	sprayed_give(w, other);
	assert_int_equal(spray_ticket(w->spray, 9), 0);
	assert_int_equal(spray_ticket(w->spray, SPRAY_ANY_PORT), 2);
	assert_int_equal(spray_ticket(w->spray, 9), 3);
	assert_true(spray_take(other->spray, false, &b));
	sprayed_end_turn(other, &b);
}

/* One that a device gave in two segments. */
static void what_is_in_segments_is_given_away_too(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w, *other = &sprayed.crew->member[1]->w;
	struct rte_mbuf *pkts[WORKER_BURST], *rest = rte_pktmbuf_alloc(sprayed.crew->pool);
	const uint16_t n = 40;

	(void)state;
	assert_non_null(rest);
	sprayed_make_idle(other);
	sprayed_saturate(w);
	sprayed_sealed(w, 0, pkts, WORKER_BURST);
	assert_non_null(rte_pktmbuf_append(rest, n));
	memcpy(rte_pktmbuf_mtod(rest, void *),
	       rte_pktmbuf_mtod_offset(pkts[9], void *, pkts[9]->data_len - n), n);
	rte_pktmbuf_trim(pkts[9], n);
	assert_int_equal(rte_pktmbuf_chain(pkts[9], rest), 0);
	pipeline_input(w, 1, pkts, WORKER_BURST);
	assert_int_equal(pipeline_help(other), WORKER_BURST);
	sprayed_expect_in_order(WORKER_BURST);
}

/* With so many blocks that wait it takes its own, which others' may wait for, and no more. */
static void takes_no_others_bursts_while_much_waits(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w, *other = &sprayed.crew->member[1]->w;
	uint64_t gone = 0;

	(void)state;
	sprayed_give(w, other);
	for (uint64_t i = 0; !order_busy(other->order); i++)
		order_take_turn(other->order, &gone, i + 2, w->now);
	for (uint64_t i = 0; !order_busy(w->order); i++)
		order_take_turn(w->order, &gone, i + 2, w->now);
	assert_int_equal(pipeline_help(other), 0);
	assert_int_equal(pipeline_help(w), WORKER_BURST);
	sprayed_expect_in_order(WORKER_BURST);
}

static void does_not_wait_for_ever_for_a_worker_that_took_one(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w, *other = &sprayed.crew->member[1]->w;
	struct rte_mbuf *pkts[WORKER_BURST];
	struct spray_burst lost;

	(void)state;
	sprayed_make_idle(other);
	sprayed_saturate(w);
	for (uint32_t i = 0; i < SPRAY_PER_IDLE + 1; i++) {
		sprayed_sealed(w, i * WORKER_BURST, pkts, WORKER_BURST);
		pipeline_input(w, 1, pkts, WORKER_BURST);
	}
	for (uint32_t i = 0; i < SPRAY_PER_IDLE; i++) { /* and now it loses its CPU */
		assert_true(spray_take(other->spray, false, &lost));
		rte_pktmbuf_free_bulk(lost.pkts, lost.n);
	}
	w->now += ORDER_TURN_WAIT_NS - 1;
	pipeline_poll(w);
	assert_int_equal(sprayed.n_out, 0);
	w->now++;
	pipeline_poll(w);
	assert_int_equal(sprayed.n_out, WORKER_BURST);
	assert_int_equal(spray_open(w->spray), 0);
}

/* A burst out of tunnel 0, or in clear, that goes on in tunnel 1, given away by member 0. */
static void give_sealed_again(uint32_t number, bool in_clear)
{
	const struct sa_narrow any = {0, UINT32_MAX, 0, UINT32_MAX};
	struct worker *w = &sprayed.crew->member[0]->w;
	static const uint32_t tunnel[WORKER_BURST];
	struct rte_mbuf *pkts[WORKER_BURST];

	sad_slot(sprayed.h->tables.sad, tunnels_slot_in(0))->narrow = any;
	sad_slot(sprayed.h->tables.sad, tunnels_slot_peer(sprayed.h->max_sas, 0))->narrow = any;
	for (uint32_t i = 0; i < WORKER_BURST; i++)
		pkts[i] = sprayed_clear(number + i, true);
	if (!in_clear)
		assert_int_equal(tunnels_seal(w, tunnel, pkts, WORKER_BURST), 0);
	sprayed_saturate(w);
	pipeline_input(w, 1, pkts, WORKER_BURST);
	assert_int_equal(sprayed.n_out, 0);
	sprayed.open_when_sent = UINT64_MAX;
	sprayed.watch = true;
}

/* The next burst is sealed as soon as the turn of this one is over. */
static void what_is_sealed_again_keeps_its_turn_until_it_is_sent(void **state)
{
	(void)state;
	sprayed_make_idle(&sprayed.crew->member[1]->w);
	give_sealed_again(0, false);
	assert_int_equal(pipeline_help(&sprayed.crew->member[1]->w), WORKER_BURST);
	sprayed_expect_in_order(WORKER_BURST);
	assert_int_equal(sprayed.open_when_sent, 1);
	assert_int_equal(spray_open(sprayed.crew->member[0]->w.spray), 0);
}

/* The second of two such bursts waits at w before it is sealed again: the first is another's. */
static void let_one_wait(struct worker *w, struct spray_burst *first, bool in_clear)
{
	sprayed_make_idle(w);
	give_sealed_again(0, in_clear);
	give_sealed_again(WORKER_BURST, in_clear);
	assert_true(spray_take(sprayed.crew->member[2]->w.spray, false, first));
	assert_int_equal(pipeline_help(w), WORKER_BURST);
	assert_int_equal(sprayed.n_out, 0);
	assert_int_equal(order_waiting(w->order), 1);
	assert_int_equal(crew_sa(sprayed.crew, tunnels_slot_out(1)).packets, 0);
}

static void what_waited_to_be_sealed_again_keeps_its_turn_until_it_is_sent(void **state)
{
	struct worker *w = &sprayed.crew->member[1]->w;
	struct spray_burst first;

	(void)state;
	let_one_wait(w, &first, false);
	sprayed_end_turn(w, &first);
	pipeline_poll(w);
	sprayed_expect_in_order(WORKER_BURST);
	assert_int_equal(sprayed.open_when_sent, 1);
	assert_int_equal(spray_open(sprayed.crew->member[0]->w.spray), 0);
}

static void what_came_in_clear_keeps_its_turn_until_it_is_sealed_and_sent(void **state)
{
	struct worker *w = &sprayed.crew->member[1]->w;
	struct spray_burst first;

	(void)state;
	let_one_wait(w, &first, true);
	sprayed_end_turn(w, &first);
	pipeline_poll(w);
	sprayed_expect_in_order(WORKER_BURST);
	assert_int_equal(sprayed.open_when_sent, 1);
	assert_int_equal(spray_open(sprayed.crew->member[0]->w.spray), 0);
}

/* While it waited its SA was replaced, and the slot given to one of another policy that would carry
 * it, to another peer. */
static void what_waited_to_be_sealed_again_goes_by_its_policy(void **state)
{
	struct abi_sa_add next = tunnels_sa_out(sprayed.h, 1, &tunnels_sha1);
	struct abi_sa_add foreign = tunnels_sa_out(sprayed.h, 0, &tunnels_sha1);
	const struct sa_narrow any = {0, UINT32_MAX, 0, UINT32_MAX};
	struct worker *w = &sprayed.crew->member[1]->w;
	struct spray_burst first;
	uint32_t detail;

	(void)state;
	let_one_wait(w, &first, false);
	assert_int_equal(sad_delete(sprayed.h->tables.sad, next.slot, next.spi), ABI_OK);
	sad_reclaim(sprayed.h->tables.sad, next.slot);
	foreign.slot = next.slot;
	foreign.spi = 4096;
	foreign.flags = 0;
	assert_int_equal(sad_add(sprayed.h->tables.sad, &foreign, 0, 1, &detail), ABI_OK);
	sad_slot(sprayed.h->tables.sad, foreign.slot)->narrow = any;
	next.slot = 8;
	next.spi = 4097;
	assert_int_equal(sad_add(sprayed.h->tables.sad, &next, 1, 1, &detail), ABI_OK);
	sprayed_end_turn(w, &first);
	pipeline_poll(w);
	assert_int_equal(crew_sa(sprayed.crew, foreign.slot).packets, 0);
	assert_int_equal(crew_sa(sprayed.crew, next.slot).packets, WORKER_BURST);
	sprayed_expect_in_order(WORKER_BURST);
}

static void frees_what_is_on_offer(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w;

	(void)state;
	sprayed_give(w, &sprayed.crew->member[1]->w);
	assert_int_equal(rte_mempool_in_use_count(sprayed.crew->pool), WORKER_BURST);
	spray_free(w->spray);
	w->spray = NULL; /* teardown wants none in use */
}

static void feed(struct crew_member *m)
{
	struct rte_mbuf *pkts[WORKER_BURST];

	for (uint32_t i = 0; i < SPRAYED_BURSTS; i++) {
		sprayed_mixed(&m->w, i * WORKER_BURST, pkts);
		pipeline_input(&m->w, 1, pkts, WORKER_BURST);
		while (order_busy(m->w.order) || spray_open(m->w.spray) > 8) {
			pipeline_poll(&m->w);
			rte_pause();
		}
		/* pipeline_poll() has found no packets of its own. */
		sprayed_saturate(&m->w);
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
	assert_int_equal(crew_run(sprayed.crew, fat_or_helping), 0);
	assert_int_equal(crew_all_drops(sprayed.crew), 0);
	assert_int_equal(crew_sa(sprayed.crew, tunnels_slot_in(0)).packets,
			 SPRAYED_BURSTS * (WORKER_BURST - WORKER_BURST / SPRAYED_CLEAR_EVERY));
	for (uint32_t i = 0; i < SPRAYED_BURSTS; i++)
		sprayed_sort_burst(i * WORKER_BURST);
	sprayed_expect_in_order(SPRAYED_BURSTS * WORKER_BURST);
	assert_true(helped > 0);
}

int main(void)
{
#define WITH(t) cmocka_unit_test_setup_teardown(t, sprayed_setup, sprayed_teardown)
	const struct CMUnitTest tests[] = {
		WITH(keeps_its_packets_when_nobody_is_idle),
		WITH(keeps_its_packets_when_it_is_not_saturated),
		WITH(gives_away_what_a_short_queue_brings),
		WITH(its_own_bursts_wait_for_those_it_gave_away),
		WITH(takes_back_what_nobody_took),
		WITH(every_port_waits_for_what_may_be_of_any),
		WITH(what_is_in_segments_is_given_away_too),
		WITH(takes_no_others_bursts_while_much_waits),
		WITH(does_not_wait_for_ever_for_a_worker_that_took_one),
		WITH(what_is_sealed_again_keeps_its_turn_until_it_is_sent),
		WITH(what_waited_to_be_sealed_again_keeps_its_turn_until_it_is_sent),
		WITH(what_came_in_clear_keeps_its_turn_until_it_is_sealed_and_sent),
		WITH(what_waited_to_be_sealed_again_goes_by_its_policy),
		WITH(frees_what_is_on_offer),
		WITH(one_sa_over_three_workers_comes_out_whole_and_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
