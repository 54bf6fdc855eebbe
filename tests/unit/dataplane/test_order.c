/* SPDX-License-Identifier: BSD-3-Clause */
/* test_order.c - blocks of one SA leave in turn whoever is late, and nobody waits for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dataplane/ipsec/sad.h"
#include "dataplane/order.h"
#include "tests/unit/dataplane/fixture.h"

#define WORKERS 3u
#define SLOT	5u

static struct harness *h;
static struct order *order[WORKERS];
static struct sa *sa;
static uint64_t now;
static uint64_t gone; /* highest number sent so far */
static uint64_t out_of_turn;

static int setup(void **state)
{
	struct abi_sa_add c = fixture_sa(SLOT, ABI_DIR_OUT, 1);
	uint32_t detail;

	(void)state;
	h = harness_create(64, 4, 8191);
	h->tables.sad = sad_create(64, 4, h->sa_status, SOCKET_ID_ANY);
	c.msg = (struct abi_msg){ABI_CMD_SA_ADD, sizeof(c), 1};
	assert_int_equal(sad_add(h->tables.sad, &c, 0, 1, &detail), ABI_OK);
	sa = sad_slot(h->tables.sad, SLOT);
	for (unsigned int i = 0; i < WORKERS; i++)
		order[i] = order_create(SOCKET_ID_ANY, &out_of_turn);
	now = 1000;
	gone = 0;
	out_of_turn = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < WORKERS; i++)
		order_free(order[i]);
	assert_int_equal(harness_in_use(h), 0);
	sad_free(h->tables.sad);
	harness_free(h);
	return 0;
}

/* A packet that carries its number in meta->next_hop. */
static struct rte_mbuf *numbered(uint64_t seq)
{
	struct rte_mbuf *m = harness_mbuf(h, "p", 1);

	pkt_meta(m)->next_hop = (uint32_t)seq;
	return m;
}

/* It leaves: later than every number before it. */
static void send(struct rte_mbuf *m)
{
	assert_true(pkt_meta(m)->next_hop > gone);
	gone = pkt_meta(m)->next_hop;
	rte_pktmbuf_free(m);
}

static uint64_t take_numbers(unsigned int n)
{
	uint64_t first = sa->seq + 1;

	sa->seq += n;
	return first;
}

/* Worker w encrypts n packets of the numbers from first on and brings them to transmit. */
static void transmit(unsigned int w, uint16_t block, uint64_t first, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct rte_mbuf *m = numbered(first + i);

		if (!order_keep(order[w], h->tables.sad, block, m))
			send(m);
	}
}

/* Worker w is between two steps of a burst. */
static void between(unsigned int w)
{
	struct rte_mbuf *out[WORKER_BURST];
	uint16_t n;

	while (order_next_late(order[w], h->tables.sad, now, out, &n))
		for (uint16_t i = 0; i < n; i++)
			send(out[i]);
}

/* Worker w ends its poll. Returns packets that left now. */
static unsigned int end_poll(unsigned int w)
{
	struct rte_mbuf *out[WORKER_BURST];
	unsigned int total = 0;
	uint16_t n;

	while (order_next(order[w], h->tables.sad, now, out, &n)) {
		for (uint16_t i = 0; i < n; i++)
			send(out[i]);
		total += n;
	}
	return total;
}

static void sends_at_once_when_it_is_its_turn(void **state)
{
	uint64_t first = take_numbers(3);
	uint16_t block = order_take(order[0], sa, first, 3, now);

	(void)state;
	assert_int_not_equal(block, ORDER_NONE);
	transmit(0, block, first, 3);
	assert_int_equal(gone, 3);
	assert_int_equal(sa->sent, 0); /* not before the ports have them */
	assert_int_equal(end_poll(0), 0);
	assert_int_equal(sa->sent, 3);
	assert_int_equal(order_waiting(order[0]), 0);
}

static void keeps_a_block_until_those_before_have_gone(void **state)
{
	uint64_t a = take_numbers(3), b = take_numbers(2);
	uint16_t block_a = order_take(order[0], sa, a, 3, now);
	uint16_t block_b = order_take(order[1], sa, b, 2, now);

	(void)state;
	transmit(1, block_b, b, 2);
	assert_int_equal(gone, 0);
	assert_int_equal(end_poll(1), 0);
	assert_int_equal(order_waiting(order[1]), 1);
	transmit(0, block_a, a, 3);
	assert_int_equal(end_poll(1), 0); /* A's are in its buffers only */
	end_poll(0);
	assert_int_equal(end_poll(1), 2);
	assert_int_equal(gone, 5);
	assert_int_equal(sa->sent, 5);
}

static void passes_over_a_block_whose_packets_were_all_dropped(void **state)
{
	uint64_t a = take_numbers(3), b = take_numbers(2);
	uint16_t block_b;

	(void)state;
	order_take(order[0], sa, a, 3, now);
	block_b = order_take(order[1], sa, b, 2, now);
	transmit(1, block_b, b, 2);
	end_poll(0);
	assert_int_equal(end_poll(1), 2);
}

static void sends_two_blocks_of_one_poll_in_order(void **state)
{
	uint64_t a = take_numbers(3), b = take_numbers(2);
	uint16_t block_a = order_take(order[0], sa, a, 3, now);
	uint16_t block_b = order_take(order[0], sa, b, 2, now);

	(void)state;
	transmit(0, block_a, a, 3);
	transmit(0, block_b, b, 2);
	end_poll(0);
	assert_int_equal(gone, 5);
	assert_int_equal(order_waiting(order[0]), 0);
}

static void waits_no_longer_than_its_bound(void **state)
{
	uint64_t a = take_numbers(3), b = take_numbers(2);
	uint16_t block_a = order_take(order[0], sa, a, 3, now);
	uint16_t block_b = order_take(order[1], sa, b, 2, now);

	(void)state;
	transmit(1, block_b, b, 2);
	now += ORDER_WAIT_NS - 1;
	assert_int_equal(end_poll(1), 0);
	assert_int_equal(out_of_turn, 0);
	now++;
	assert_int_equal(end_poll(1), 2);
	assert_int_equal(out_of_turn, 1);
	assert_int_equal(sa->sent, 5);
	/* The late one comes back and holds nobody up; its numbers are below. */
	gone = 0;
	transmit(0, block_a, a, 3);
	end_poll(0);
	assert_int_equal(gone, 3);
	assert_int_equal(sa->sent, 5);
	assert_int_equal(out_of_turn, 1);
}

static void lets_go_when_the_sa_is_deleted(void **state)
{
	uint64_t a = take_numbers(3), b = take_numbers(2);
	uint16_t block_b;

	(void)state;
	order_take(order[0], sa, a, 3, now);
	block_b = order_take(order[1], sa, b, 2, now);
	transmit(1, block_b, b, 2);
	assert_int_equal(sad_delete(h->tables.sad, SLOT, 0x10000 + SLOT), ABI_OK);
	sad_reclaim(h->tables.sad, SLOT);
	assert_int_equal(end_poll(1), 2);
	end_poll(0);
	assert_int_equal(order_waiting(order[0]) + order_waiting(order[1]), 0);
}

/* Where an outbound SA has its count an inbound one has its window. */
static void touches_no_window_in_the_place_of_what_is_deleted(void **state)
{
	struct abi_sa_add c = fixture_sa(SLOT, ABI_DIR_IN, 1);
	uint64_t a = take_numbers(3), before;
	uint16_t block = order_take(order[0], sa, a, 3, now);
	uint32_t detail;

	(void)state;
	c.msg = (struct abi_msg){ABI_CMD_SA_ADD, sizeof(c), 1};
	c.spi = sa->spi;
	assert_int_equal(sad_delete(h->tables.sad, SLOT, sa->spi), ABI_OK);
	sad_reclaim(h->tables.sad, SLOT);
	assert_int_equal(sad_add(h->tables.sad, &c, 0, 1, &detail), ABI_OK);
	assert_ptr_equal(sad_slot(h->tables.sad, SLOT), sa);
	before = sa->sent;
	transmit(0, block, a, 3);
	end_poll(0);
	assert_int_equal(sa->sent, before);
	assert_int_equal(order_waiting(order[0]), 0);
}

static void goes_unordered_when_there_is_no_room(void **state)
{
	struct rte_mbuf *m = numbered(1);

	(void)state;
	take_numbers(1); /* somebody's, who does not send them */
	for (unsigned int i = 0; i < ORDER_SA_BLOCKS; i++)
		assert_int_not_equal(order_take(order[0], sa, take_numbers(1), 1, now), ORDER_NONE);
	assert_int_equal(out_of_turn, 0);
	assert_int_equal(order_take(order[0], sa, take_numbers(1), 1, now), ORDER_NONE);
	assert_int_equal(out_of_turn, 1);
	assert_false(order_keep(order[0], h->tables.sad, ORDER_NONE, m));
	rte_pktmbuf_free(m);
}

static void nobody_waits_for_what_found_no_room(void **state)
{
	uint64_t last;
	uint16_t block;

	(void)state;
	for (unsigned int i = 0; i < ORDER_SA_BLOCKS; i++)
		order_take(order[0], sa, take_numbers(1), 1, now);
	assert_int_equal(order_take(order[0], sa, take_numbers(1), 1, now), ORDER_NONE);
	last = take_numbers(2);
	block = order_take(order[1], sa, last, 2, now);
	transmit(1, block, last, 2);
	assert_int_equal(gone, last + 1);
}

static void tickets_go_on_in_turn(void **state)
{
	struct rte_mbuf *a = numbered(1), *b = numbered(2), *out[WORKER_BURST];
	uint64_t done = 0;
	uint16_t one = order_take_turn(order[0], &done, 1, now);
	uint16_t two = order_take_turn(order[1], &done, 2, now), n;

	(void)state;
	assert_true(order_keep(order[1], h->tables.sad, two, b));
	assert_int_equal(order_next(order[1], h->tables.sad, now, out, &n), ORDER_NOTHING);
	assert_false(order_keep(order[0], h->tables.sad, one, a));
	send(a);
	assert_int_equal(order_next(order[0], h->tables.sad, now, out, &n), ORDER_NOTHING);
	assert_int_equal(order_next(order[1], h->tables.sad, now, out, &n), ORDER_SEND);
	assert_int_equal(n, 1);
	assert_int_equal(done, 1); /* not before it has left */
	send(out[0]);
	assert_int_equal(order_next(order[1], h->tables.sad, now, out, &n), ORDER_NOTHING);
	assert_int_equal(done, 2);
}

static void keeps_of_packets_of_one_block_what_there_is_room_for(void **state)
{
	struct rte_mbuf *pkts[WORKER_BURST + 1], *out[WORKER_BURST];
	uint64_t done = 0;
	uint16_t one = order_take_turn(order[0], &done, 1, now);
	uint16_t two = order_take_turn(order[1], &done, 2, now), n;

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(pkts); i++)
		pkts[i] = numbered(i + 1);
	assert_int_equal(order_keep_all(order[0], h->tables.sad, one, pkts, WORKER_BURST), 0);
	assert_int_equal(order_keep_all(order[1], h->tables.sad, two, pkts, 5), 5);
	assert_int_equal(order_keep_all(order[1], h->tables.sad, two, &pkts[5], RTE_DIM(pkts) - 5),
			 WORKER_BURST - 5);
	assert_int_equal(order_next(order[0], h->tables.sad, now, out, &n), ORDER_NOTHING);
	assert_int_equal(order_next(order[1], h->tables.sad, now, out, &n), ORDER_SEND);
	assert_int_equal(n, WORKER_BURST);
	for (unsigned int i = 0; i < n; i++)
		send(out[i]);
	send(pkts[WORKER_BURST]);
	assert_int_equal(order_next(order[1], h->tables.sad, now, out, &n), ORDER_NOTHING);
	assert_int_equal(done, 2);
}

static void keeps_no_packets_over_those_it_holds(void **state)
{
	struct rte_mbuf *pkts[WORKER_BURST], *held[2], *out[WORKER_BURST];
	uint64_t done = 1;
	uint16_t block = order_take_turn(order[0], &done, 3, now), n;

	(void)state;
	for (unsigned int i = 0; i < WORKER_BURST; i++)
		pkts[i] = numbered(i + 1);
	for (unsigned int i = 0; i < RTE_DIM(held); i++) {
		held[i] = numbered(WORKER_BURST + i + 1);
		assert_true(order_hold(order[0], h->tables.sad, block, held[i]));
	}
	assert_int_equal(order_keep_all(order[0], h->tables.sad, block, pkts, WORKER_BURST),
			 WORKER_BURST - 2);
	done = 2;
	assert_int_equal(order_next(order[0], h->tables.sad, now, out, &n), ORDER_SEND);
	assert_int_equal(n, WORKER_BURST - 2);
	assert_memory_equal(out, pkts, n * sizeof(out[0]));
	assert_int_equal(order_next(order[0], h->tables.sad, now, out, &n), ORDER_HELD);
	assert_int_equal(n, 2);
	assert_memory_equal(out, held, sizeof(held));
	rte_pktmbuf_free_bulk(pkts, WORKER_BURST);
	rte_pktmbuf_free_bulk(held, 2);
}

/* What waits before it was sealed again leaves behind what has only to be sent. */
static void gives_what_it_holds_in_turn_and_in_order(void **state)
{
	struct rte_mbuf *held[2] = {numbered(3), numbered(4)}, *sent = numbered(2),
			*one = numbered(1);
	struct rte_mbuf *out[WORKER_BURST];
	const struct sad *sad = h->tables.sad;
	uint64_t done = 0;
	uint16_t first = order_take_turn(order[0], &done, 1, now);
	uint16_t second = order_take_turn(order[1], &done, 2, now), n;

	(void)state;
	assert_true(order_hold(order[1], sad, second, held[0]));
	assert_true(order_keep(order[1], sad, second, sent));
	assert_true(order_hold(order[1], sad, second, held[1]));
	assert_int_equal(order_next(order[1], sad, now, out, &n), ORDER_NOTHING);
	assert_false(order_hold(order[0], sad, first, one)); /* its turn is now */
	send(one);
	assert_int_equal(order_next(order[0], sad, now, out, &n), ORDER_NOTHING);
	assert_true(order_next_late(order[1], sad, now, out, &n));
	assert_int_equal(n, 1);
	send(out[0]);
	assert_false(order_next_late(order[1], sad, now, out, &n)); /* the others not now */
	assert_int_equal(order_next(order[1], sad, now, out, &n), ORDER_HELD);
	assert_int_equal(n, 2);
	assert_int_equal(done, 1);
	send(out[0]);
	send(out[1]);
	assert_int_equal(order_next(order[1], sad, now, out, &n), ORDER_NOTHING);
	assert_int_equal(done, 2);
}

static void a_block_that_goes_out_of_turn_in_two_steps_counts_once(void **state)
{
	struct rte_mbuf *sent = numbered(1), *held = numbered(2), *out[WORKER_BURST];
	const struct sad *sad = h->tables.sad;
	uint64_t done = 0; /* nobody has ticket 1 */
	uint16_t block = order_take_turn(order[0], &done, 2, now), n;

	(void)state;
	assert_true(order_keep(order[0], sad, block, sent));
	assert_true(order_hold(order[0], sad, block, held));
	now += ORDER_TURN_WAIT_NS;
	assert_int_equal(order_next(order[0], sad, now, out, &n), ORDER_SEND);
	send(out[0]);
	assert_int_equal(order_next(order[0], sad, now, out, &n), ORDER_HELD);
	send(out[0]);
	assert_int_equal(order_next(order[0], sad, now, out, &n), ORDER_NOTHING);
	assert_int_equal(done, 2);
	assert_int_equal(out_of_turn, 1);
}

static void between_steps_leaves_the_burst_at_hand_alone(void **state)
{
	uint64_t a = take_numbers(3), b = take_numbers(2), c = take_numbers(1);
	uint16_t block_a = order_take(order[0], sa, a, 3, now);
	uint16_t block_b = order_take(order[1], sa, b, 2, now);
	uint16_t block_c = order_take(order[1], sa, c, 1, now), n;
	struct rte_mbuf *out[WORKER_BURST];

	(void)state;
	transmit(1, block_b, b, 2);
	transmit(0, block_a, a, 3);
	end_poll(0);
	assert_true(order_next_late(order[1], h->tables.sad, now, out, &n));
	assert_int_equal(n, 2);
	send(out[0]);
	send(out[1]);
	/* c's turn has come, but its packet has not come to transmit. */
	assert_false(order_next_late(order[1], h->tables.sad, now, out, &n));
	assert_int_equal(sa->sent, 5);
	transmit(1, block_c, c, 1);
	assert_int_equal(gone, 6);
}

static void tickets_find_room_when_sas_have_taken_all_they_may(void **state)
{
	uint64_t done = 0;

	(void)state;
	for (unsigned int i = 0; i < ORDER_BLOCKS; i++)
		order_take(order[0], sa, take_numbers(1), 1, now);
	assert_true(order_has_room(order[0]));
	assert_int_not_equal(order_take_turn(order[0], &done, 1, now), ORDER_NONE);
}

static void frees_what_it_keeps(void **state)
{
	uint64_t a = take_numbers(3), b = take_numbers(2);
	uint16_t block_b;

	(void)state;
	order_take(order[0], sa, a, 3, now);
	block_b = order_take(order[1], sa, b, 2, now);
	transmit(1, block_b, b, 2);
	assert_int_equal(harness_in_use(h), 2); /* teardown wants 0 */
}

/* Three workers, any interleaving of taking, transmitting, dropping and ending polls: send() checks
 * that numbers only rise, and at the end every packet has left. */
static void keeps_the_order_at_random(void **state)
{
	struct {
		uint64_t first;
		uint16_t block;
		uint16_t n;
	} open[WORKERS][4];
	unsigned int n_open[WORKERS] = {0};
	uint64_t highest = 0;

	(void)state;
	srand(8);
	for (int i = 0; i < 200000; i++) {
		unsigned int w = (unsigned int)rand() % WORKERS;

		if (rand() % 2 && n_open[w] < 4 && !order_busy(order[w])) {
			uint16_t n = (uint16_t)(1 + rand() % 8);
			uint64_t first = take_numbers(n);
			uint16_t block = order_take(order[w], sa, first, n, now);

			assert_int_not_equal(block, ORDER_NONE);
			open[w][n_open[w]].first = first;
			open[w][n_open[w]].block = block;
			open[w][n_open[w]++].n = n;
			continue;
		}
		for (unsigned int k = 0; k < n_open[w]; k++) {
			if (rand() % 4 == 0)
				between(w);
			if (rand() % 16 != 0) {
				transmit(w, open[w][k].block, open[w][k].first, open[w][k].n);
				highest = RTE_MAX(highest, open[w][k].first + open[w][k].n - 1);
			}
		}
		n_open[w] = 0;
		end_poll(w);
	}
	for (unsigned int i = 0; i < WORKERS * ORDER_BLOCKS; i++) {
		for (unsigned int w = 0; w < WORKERS; w++)
			end_poll(w);
	}
	assert_int_equal(harness_in_use(h), 0);
	assert_int_equal(gone, highest);
	assert_int_equal(sa->sent, sa->seq);
}

int main(void)
{
#define WITH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH(sends_at_once_when_it_is_its_turn),
		WITH(keeps_a_block_until_those_before_have_gone),
		WITH(passes_over_a_block_whose_packets_were_all_dropped),
		WITH(sends_two_blocks_of_one_poll_in_order),
		WITH(waits_no_longer_than_its_bound),
		WITH(lets_go_when_the_sa_is_deleted),
		WITH(touches_no_window_in_the_place_of_what_is_deleted),
		WITH(goes_unordered_when_there_is_no_room),
		WITH(nobody_waits_for_what_found_no_room),
		WITH(tickets_go_on_in_turn),
		WITH(keeps_of_packets_of_one_block_what_there_is_room_for),
		WITH(keeps_no_packets_over_those_it_holds),
		WITH(gives_what_it_holds_in_turn_and_in_order),
		WITH(a_block_that_goes_out_of_turn_in_two_steps_counts_once),
		WITH(between_steps_leaves_the_burst_at_hand_alone),
		WITH(tickets_find_room_when_sas_have_taken_all_they_may),
		WITH(frees_what_it_keeps),
		WITH(keeps_the_order_at_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
