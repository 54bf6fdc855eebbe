/* SPDX-License-Identifier: BSD-3-Clause */
/* test_cores.c - several workers on the same SAs and tables, while those change under them: nothing
 * is lost, used twice, reordered, or judged by halves. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_rcu_qsbr.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/sad.h"
#include "dataplane/ipsec/spd.h"
#include "dataplane/order.h"
#include "tests/random.h"
#include "tests/unit/dataplane/crew.h"
#include "tests/unit/dataplane/tunnels.h"

#define WORKERS	  3u
#define CREW	  (WORKERS + 1) /* the last is the manager, where one is needed */
#define MANAGER	  WORKERS
#define BURST	  32u
#define BURSTS	  300u
#define PACKETS	  (WORKERS * BURSTS * BURST)
#define LEN	  80u
#define CHUNK	  32u
#define SWAPS	  40u
#define BYSTANDER 64u /* first slot of SAs that come and go without traffic */
#define MAX_SAS	  256u
#define TUNNELS	  2u

static struct harness *h;
static struct crew *crew;
static uint64_t n_out, n_in, n_clear;
static uint32_t *wire; /* sequence numbers or packet numbers, in the order they left */
static bool over;

static void note(struct crew_member *m, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	(void)m;
	for (uint16_t i = 0; i < n; i++) {
		const uint8_t *ip = rte_pktmbuf_mtod_offset(pkts[i], const uint8_t *, 14);
		uint32_t flow, number;
		uint64_t at;

		if (port == 1 && ip[9] == IPPROTO_ESP) {
			at = __atomic_fetch_add(&n_out, 1, __ATOMIC_RELAXED);
			if (at < PACKETS)
				wire[at] = tunnels_sequence(pkts[i]);
		} else if (port == 0 && tunnels_read(pkts[i], &flow, &number)) {
			at = __atomic_fetch_add(&n_in, 1, __ATOMIC_RELAXED);
			if (at < PACKETS)
				wire[at] = number;
		} else {
			__atomic_fetch_add(&n_clear, 1, __ATOMIC_RELAXED);
		}
	}
	rte_pktmbuf_free_bulk(pkts, n);
}

static int setup(void **state)
{
	(void)state;
	h = harness_create(MAX_SAS, 8, 1023);
	if (h == NULL || harness_pipe_create(h) != 0 ||
	    tunnels_create(h, TUNNELS, &tunnels_sha1, 1024) != 0)
		return -1;
	crew = crew_create(h, CREW, false, 24575, note);
	wire = calloc(PACKETS, sizeof(*wire));
	n_out = n_in = n_clear = 0;
	over = false;
	return crew != NULL && wire != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(rte_mempool_in_use_count(crew->pool), 0);
	crew_free(crew);
	harness_pipe_free(h);
	harness_free(h);
	free(wire);
	return 0;
}

static bool is_over(void)
{
	return __atomic_load_n(&over, __ATOMIC_ACQUIRE);
}

/* One burst of the member's own flow out of the site. */
static void send_burst(struct crew_member *m, uint32_t number)
{
	struct rte_mbuf *pkts[BURST];

	for (unsigned int i = 0; i < BURST; i++) {
		pkts[i] = tunnels_clear(crew->pool, 0, m->index, number + i, LEN);
		assert_non_null(pkts[i]);
	}
	pipeline_input(&m->w, 0, pkts, BURST);
	while (order_busy(m->w.order))
		pipeline_poll(&m->w);
	crew_quiescent(m);
}

static void drain(struct crew_member *m)
{
	while (order_waiting(m->w.order) != 0)
		pipeline_poll(&m->w);
}

/* --- one outbound SA --- */

static void send_all(struct crew_member *m)
{
	if (m->index == MANAGER)
		return;
	for (uint32_t i = 0; i < BURSTS; i++)
		send_burst(m, i * BURST);
	drain(m);
}

static void numbers_of_one_sa_leave_once_each_and_in_order(void **state)
{
	(void)state;
	assert_int_equal(crew_run(crew, send_all), 0);
	assert_int_equal(crew_all_drops(crew), 0);
	assert_int_equal(n_out, PACKETS);
	for (uint32_t i = 0; i < PACKETS; i++)
		if (wire[i] != i + 1)
			fail_msg("place %u on the wire has number %u", i + 1, wire[i]);
	assert_int_equal(crew_sa(crew, tunnels_slot_out(0)).packets, PACKETS);
}

/* --- one inbound SA --- */

#define GENUINE 9600u
#define COPIES	(GENUINE / 3)

static struct rte_mbuf *list[GENUINE + COPIES];
static uint32_t n_list, next_chunk;
static uint32_t at_chunk[WORKERS]; /* no worker is at an earlier one */
static uint32_t ahead;		   /* chunks that a worker may be ahead of the slowest */

/* All packets, copies of a third of them somewhere behind, and a little disorder. */
static void make_list(void)
{
	static struct rte_mbuf *sealed[GENUINE];
	static const uint32_t tunnel[CHUNK];
	uint16_t len[CHUNK];
	uint64_t seed = 5;

	for (uint32_t i = 0; i < CHUNK; i++)
		len[i] = LEN;
	for (uint32_t i = 0; i < GENUINE; i += CHUNK)
		assert_int_equal(tunnels_sealed(&crew->member[0]->w, crew->pool, tunnel, 0, i, len,
						&sealed[i], CHUNK),
				 0);
	n_list = 0;
	for (uint32_t i = 0; i < GENUINE; i++) {
		list[n_list++] = sealed[i];
		if (i % 3 == 2) {
			list[n_list] = rte_pktmbuf_copy(sealed[i - 2], crew->pool, 0, UINT32_MAX);
			assert_non_null(list[n_list++]);
		}
	}
	for (uint32_t i = 0; i + 64 < n_list; i++) {
		uint32_t k = i + random_below(&seed, 64);
		struct rte_mbuf *m = list[i];

		list[i] = list[k];
		list[k] = m;
	}
}

static uint32_t slowest(void)
{
	uint32_t min = UINT32_MAX;

	for (unsigned int i = 0; i < WORKERS; i++)
		min = RTE_MIN(min, __atomic_load_n(&at_chunk[i], __ATOMIC_SEQ_CST));
	return min;
}

static uint32_t take_chunk(struct crew_member *m)
{
	uint32_t k = __atomic_load_n(&next_chunk, __ATOMIC_SEQ_CST);

	/* Told before it is taken: it can only turn out to be a later one. */
	__atomic_store_n(&at_chunk[m->index], k, __ATOMIC_SEQ_CST);
	k = __atomic_fetch_add(&next_chunk, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&at_chunk[m->index], k, __ATOMIC_SEQ_CST);
	while (k - slowest() > ahead && slowest() < k)
		sched_yield();
	return k;
}

static void receive_all(struct crew_member *m)
{
	uint32_t k;

	if (m->index == MANAGER)
		return;
	while ((k = take_chunk(m)) * CHUNK < n_list)
		pipeline_input(&m->w, 1, &list[k * CHUNK],
			       (uint16_t)RTE_MIN(CHUNK, n_list - k * CHUNK));
	__atomic_store_n(&at_chunk[m->index], UINT32_MAX, __ATOMIC_SEQ_CST);
}

static void receive_list(uint32_t lag)
{
	make_list();
	next_chunk = 0;
	memset(at_chunk, 0, sizeof(at_chunk));
	ahead = lag;
	assert_int_equal(crew_run(crew, receive_all), 0);
}

/* Of n packets and their copies. */
static void expect_each_once(uint32_t n, uint32_t copies)
{
	uint8_t *taken = calloc(1, n);

	for (uint32_t i = 0; i < n_in; i++) {
		assert_true(wire[i] < n);
		if (taken[wire[i]]++)
			fail_msg("packet %u was taken twice", wire[i]);
	}
	free(taken);
	assert_int_equal(n_in, n);
	assert_int_equal(crew_drops(crew, DROP_IN_STATE_SEQUENCE_ERRORS), copies);
	assert_int_equal(crew_all_drops(crew), copies);
}

static void packets_of_one_sa_are_taken_once_each_whoever_has_them(void **state)
{
	(void)state;
	receive_list(2 * WORKERS); /* with the disorder, well inside the window of 1024 */
	expect_each_once(GENUINE, COPIES);
}

static void a_large_window_forgives_workers_that_lag(void **state)
{
	struct abi_sa_add in = tunnels_sa_in(h, 0, &tunnels_sha1, REPLAY_WINDOW_MAX);
	uint32_t detail;

	(void)state;
	assert_int_equal(sad_delete(h->tables.sad, in.slot, in.spi), ABI_OK);
	sad_reclaim(h->tables.sad, in.slot);
	assert_int_equal(sad_add(h->tables.sad, &in, 0, 1, &detail), ABI_OK);
	receive_list(UINT32_MAX);
	expect_each_once(GENUINE, COPIES);
}

/* --- several inbound SAs, by turns in every burst --- */

#define ROUNDS 128u

static struct rte_mbuf *same[ROUNDS][WORKERS][CHUNK]; /* every worker's copies */
static uint32_t n_arrived;

static void make_rounds(void)
{
	uint32_t tunnel[CHUNK];
	uint16_t len[CHUNK];

	for (uint32_t i = 0; i < CHUNK; i++) {
		tunnel[i] = i % TUNNELS;
		len[i] = LEN;
	}
	for (uint32_t r = 0; r < ROUNDS; r++) {
		assert_int_equal(tunnels_sealed(&crew->member[0]->w, crew->pool, tunnel, 0,
						r * CHUNK, len, same[r][0], CHUNK),
				 0);
		for (uint32_t k = 1; k < WORKERS; k++)
			for (uint32_t i = 0; i < CHUNK; i++) {
				same[r][k][i] =
					rte_pktmbuf_copy(same[r][0][i], crew->pool, 0, UINT32_MAX);
				assert_non_null(same[r][k][i]);
			}
	}
}

static __thread uint32_t n_met; /* how often this worker has waited for the others */
static bool together;

/* All workers go on at one time. */
static void meet(void)
{
	uint32_t all = ++n_met * WORKERS;

	__atomic_fetch_add(&n_arrived, 1, __ATOMIC_SEQ_CST);
	for (uint32_t i = 1; __atomic_load_n(&n_arrived, __ATOMIC_SEQ_CST) < all; i++)
		if (i % 1024 == 0)
			sched_yield();
		else
			rte_pause();
}

/* The linker gives calls of crypto_verify() to the first, and its own name to the second. */
void __wrap_crypto_verify(struct crypto *c, struct crypto_op *ops, uint16_t n);
void __real_crypto_verify(struct crypto *c, struct crypto_op *ops, uint16_t n);

/* What comes next is to take the numbers. */
void __wrap_crypto_verify(struct crypto *c, struct crypto_op *ops, uint16_t n)
{
	__real_crypto_verify(c, ops, n);
	if (together)
		meet();
}

static void receive_the_same(struct crew_member *m)
{
	if (m->index == MANAGER)
		return;
	for (uint32_t r = 0; r < ROUNDS; r++) {
		meet();
		pipeline_input(&m->w, 1, same[r][m->index], CHUNK);
	}
}

static void packets_of_many_sas_are_taken_once_each_by_workers_at_a_time(void **state)
{
	(void)state;
	make_rounds();
	n_arrived = 0;
	together = true;
	assert_int_equal(crew_run(crew, receive_the_same), 0);
	together = false;
	expect_each_once(ROUNDS * CHUNK, ROUNDS * CHUNK * (WORKERS - 1));
	for (uint32_t t = 0; t < TUNNELS; t++)
		assert_int_equal(crew_sa(crew, tunnels_slot_in(t)).packets,
				 ROUNDS * CHUNK / TUNNELS);
}

/* --- SAs that come and go --- */

static uint64_t n_bursts; /* that workers have sent */

/* Workers have sent something since, and none looks any more at what it saw before. */
static void wait_grace(void)
{
	uint64_t before = __atomic_load_n(&n_bursts, __ATOMIC_RELAXED);
	uint64_t token = rte_rcu_qsbr_start(crew->rcu);

	while (__atomic_load_n(&n_bursts, __ATOMIC_RELAXED) == before)
		sched_yield();

	while (rte_rcu_qsbr_check(crew->rcu, token, false) != 1)
		sched_yield();
}

static void add(const struct abi_sa_add *c)
{
	uint32_t detail;

	assert_int_equal(sad_add(h->tables.sad, c, 0, 1, &detail), ABI_OK);
}

static void bystanders_come_and_go(uint32_t round)
{
	struct abi_sa_add c = tunnels_sa_out(h, 0, &tunnels_sha1);

	c.flags = 0;
	for (uint32_t i = 0; i < 32; i++) {
		c.slot = BYSTANDER + i;
		c.spi = 4096 + 32 * round + i;
		add(&c);
	}
	for (uint32_t i = 0; i < 32; i++)
		assert_int_equal(sad_delete(h->tables.sad, BYSTANDER + i, 4096 + 32 * round + i),
				 ABI_OK);
	wait_grace();
	for (uint32_t i = 0; i < 32; i++)
		sad_reclaim(h->tables.sad, BYSTANDER + i);
}

/* Make before break: a new SA becomes current, and the old one goes when nobody looks at it any
 * more. */
static void swap_all(void)
{
	struct abi_sa_add old = tunnels_sa_out(h, 0, &tunnels_sha1), c = old;

	for (uint32_t i = 0; i < SWAPS; i++) {
		c.slot = 8 + i % 2;
		c.spi = 1000 + i;
		add(&c);
		wait_grace();
		assert_int_equal(sad_delete(h->tables.sad, old.slot, old.spi), ABI_OK);
		wait_grace();
		sad_reclaim(h->tables.sad, old.slot);
		old = c;
		bystanders_come_and_go(i);
	}
}

static uint64_t n_fed;

static void swap_or_send(struct crew_member *m)
{
	uint64_t n = 0;

	if (m->index == MANAGER) {
		rte_rcu_qsbr_thread_offline(crew->rcu, MANAGER);
		swap_all();
		__atomic_store_n(&over, true, __ATOMIC_RELEASE);
		return;
	}
	for (; !is_over(); n += BURST) {
		send_burst(m, (uint32_t)n);
		__atomic_add_fetch(&n_bursts, 1, __ATOMIC_RELAXED);
	}
	rte_rcu_qsbr_thread_offline(crew->rcu, m->index);
	drain(m);
	__atomic_add_fetch(&n_fed, n, __ATOMIC_RELAXED);
}

static void nothing_is_lost_when_sas_are_swapped(void **state)
{
	(void)state;
	n_fed = 0;
	assert_int_equal(crew_run(crew, swap_or_send), 0);
	assert_int_equal(crew_all_drops(crew), 0);
	assert_int_equal(n_out, n_fed);
	assert_true(n_fed > 0);
}

/* --- policies that change --- */

/* Protect what leaves the site, or what looks like coming from it: the second drops it on the way
 * in, and would let it out in clear. */
static struct spd *build(bool reverse, uint32_t generation)
{
	struct abi_policy p = {.generation = generation,
			       .policy_id = 1,
			       .action = ABI_ACT_PROTECT,
			       .mode = ABI_MODE_TUNNEL};
	struct abi_sa_add c = tunnels_sa_out(h, 0, &tunnels_sha1);
	uint32_t index = 0, status = 0, detail = 0;
	struct spd *s;

	p.local = reverse ? c.ts_remote[0] : c.ts_local[0];
	p.remote = reverse ? c.ts_local[0] : c.ts_remote[0];
	s = spd_build(&p, &index, 1, generation, SOCKET_ID_ANY, &status, &detail);
	assert_non_null(s);
	return s;
}

static void swap_policies(struct crew_member *m)
{
	if (m->index != MANAGER) {
		swap_or_send(m);
		return;
	}
	rte_rcu_qsbr_thread_offline(crew->rcu, MANAGER);
	for (uint32_t i = 0; i < SWAPS; i++) {
		struct spd *old = h->tables.spd;

		__atomic_store_n(&h->tables.spd, build(i % 2 == 0, i + 2), __ATOMIC_RELEASE);
		wait_grace();
		spd_free(old);
	}
	__atomic_store_n(&over, true, __ATOMIC_RELEASE);
}

static void no_packet_is_judged_by_two_tables(void **state)
{
	(void)state;
	n_fed = 0;
	assert_int_equal(crew_run(crew, swap_policies), 0);
	assert_int_equal(n_clear, 0);
	assert_in_range(n_out, 1, n_fed - 1);
	assert_int_equal(n_out + crew_drops(crew, DROP_IN_TEMPLATE_MISMATCHES), n_fed);
	assert_int_equal(n_out + crew_all_drops(crew), n_fed);
}

int main(void)
{
#define WITH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH(numbers_of_one_sa_leave_once_each_and_in_order),
		WITH(packets_of_one_sa_are_taken_once_each_whoever_has_them),
		WITH(a_large_window_forgives_workers_that_lag),
		WITH(packets_of_many_sas_are_taken_once_each_by_workers_at_a_time),
		WITH(nothing_is_lost_when_sas_are_swapped),
		WITH(no_packet_is_judged_by_two_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
