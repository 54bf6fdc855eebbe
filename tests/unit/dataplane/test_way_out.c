/* SPDX-License-Identifier: BSD-3-Clause */
/* test_way_out.c - what is sealed leaves the same whether its way is found for many packets at once
 * or for each of them (waykit.h). */
#include "tests/unit/dataplane/waykit.h"

#include "dataplane/ipsec/crypto_impl.h"
#include "dataplane/net/port.h"
#include "dataplane/net/route.h"
#include "dataplane/pipeline.h"

static void bursts(void)
{
	assert_int_equal(waykit_seal_kinds(WORKER_BURST), WAYKIT_KINDS * WORKER_BURST);
	for (uint16_t n = 1; n < 40; n++)
		assert_int_equal(waykit_seal_kinds(n), WAYKIT_KINDS * n);
}

static void they_leave_the_same(void **state)
{
	(void)state;
	waykit_play(bursts);
	assert_int_equal(waykit_asked(false), 0);
	assert_int_equal(waykit_asked(true), WAYKIT_KINDS * (WORKER_BURST + 39 * 20));
}

static void scatter(void)
{
	for (uint32_t t = 1; t < WAYKIT_TUNNELS; t++)
		waykit_move(t,
			    t % 3 == 1	 ? WAYKIT_FAR_PEER
			    : t % 3 == 2 ? WAYKIT_NEAR
					 : WAYKIT_PEER,
			    t % 5 == 1 ? ABI_ENCAP_UDP : ABI_ENCAP_NONE);
}

static void scattered(void)
{
	static const uint32_t mixed[] = {0, WAYKIT_CLEAR, 1, 2};

	scatter();
	bursts();
	waykit_move(0, WAYKIT_FAR_PEER, ABI_ENCAP_UDP);
	bursts();
	for (unsigned int i = 0; i < 4; i++) {
		/* Clear ones go first, and ask by themselves. */
		waykit_seal(mixed, RTE_DIM(mixed), 100, false);
		assert_int_equal(waykit_look(), 100);
	}
}

static void those_of_several_peers_behind_several_ports_do(void **state)
{
	(void)state;
	waykit_play(scattered);
	assert_int_equal(waykit_asked(false), wk.n_clear);
	assert_in_range(waykit_asked(true), wk.n_clear + 3 * WORKER_BURST, UINT32_MAX);
}

/* --- what changes between bursts --- */

#define N 100u

static void neighbour_is_asked_for(void)
{
	waykit_neighbour(WAYKIT_WAN, WAYKIT_GW, NEIGH_FREE, 0);
	assert_int_equal(waykit_seal_kinds(N), 0);
	waykit_neighbour(WAYKIT_WAN, WAYKIT_GW, NEIGH_ASKED, 0);
	assert_int_equal(waykit_seal_kinds(N), 0);
	waykit_neighbour(WAYKIT_WAN, WAYKIT_GW, NEIGH_KNOWN, 1);
	assert_int_equal(waykit_seal_kinds(N), WAYKIT_KINDS * N);
	waykit_neighbour(WAYKIT_WAN, WAYKIT_GW, NEIGH_KNOWN, 7);
	assert_int_equal(waykit_seal_kinds(N), WAYKIT_KINDS * N);
	waykit_neighbour(WAYKIT_WAN, WAYKIT_GW, NEIGH_FAILED, 0);
	assert_int_equal(waykit_seal_kinds(N), 0);
	assert_int_equal(wk.h->worker.counters->drops[DROP_NET_NO_NEIGHBOUR], WAYKIT_KINDS * N);
}

static void whose_neighbour_comes_changes_and_goes_do(void **state)
{
	(void)state;
	waykit_play(neighbour_is_asked_for);
	assert_int_equal(waykit_asked(false), 3 * WAYKIT_KINDS * N);
	assert_int_equal(waykit_asked(true), 5 * WAYKIT_KINDS * N);
}

/* Of a burst to two peers those to one wait for the manager, the others leave. */
static void one_neighbour_is_asked_for(void)
{
	waykit_move(1, WAYKIT_FAR_PEER, ABI_ENCAP_NONE);
	waykit_neighbour(WAYKIT_FAR, WAYKIT_FAR_GW, NEIGH_FREE, 0);
	for (unsigned int i = 0; i < 20; i++) {
		waykit_seal(waykit_few, RTE_DIM(waykit_few), N, false);
		assert_in_range(waykit_look(), 1, N - 1);
		waykit_seal(waykit_few, RTE_DIM(waykit_few), N, true);
		assert_in_range(waykit_look(), 1, N - 1);
	}
}

static void of_whom_one_neighbour_is_not_known_do(void **state)
{
	(void)state;
	waykit_play(one_neighbour_is_asked_for);
	assert_int_equal(waykit_asked(false), 40 * N);
	assert_int_equal(waykit_asked(true), 40 * N);
}

static void routes_change(void)
{
	assert_int_equal(waykit_seal_kinds(N), WAYKIT_KINDS * N);
	waykit_routes(WAYKIT_FAR_GW);
	assert_int_equal(waykit_seal_kinds(N), WAYKIT_KINDS * N);
	waykit_routes(0);
	assert_int_equal(waykit_seal_kinds(N), 0);
	assert_int_equal(wk.h->worker.counters->drops[DROP_NET_NO_ROUTE], WAYKIT_KINDS * N);
	waykit_routes(WAYKIT_GW);
	assert_int_equal(waykit_seal_kinds(N), WAYKIT_KINDS * N);
	fib_free(wk.h->tables.fib);
	wk.h->tables.fib = NULL;
	assert_int_equal(waykit_seal_kinds(N), 0);
}

static void whose_route_changes_and_goes_do(void **state)
{
	(void)state;
	waykit_play(routes_change);
	assert_int_equal(waykit_asked(false), 0);
	assert_int_equal(waykit_asked(true), 3 * WAYKIT_KINDS * N);
}

static void peers_are_nobody(void)
{
	static const uint32_t bad[] = {WAYKIT_WAN_US | 255, WAYKIT_LAN_US};

	for (unsigned int i = 0; i < RTE_DIM(bad); i++) {
		for (uint32_t t = 0; t < WAYKIT_TUNNELS; t++)
			waykit_move(t, bad[i], ABI_ENCAP_NONE);
		assert_int_equal(waykit_seal_kinds(N), 0);
	}
	assert_int_equal(wk.h->worker.counters->drops[DROP_NET_MARTIAN], 2 * WAYKIT_KINDS * N);
}

static void to_nobody_none_do(void **state)
{
	(void)state;
	waykit_play(peers_are_nobody);
	assert_int_equal(waykit_asked(false), 0);
	assert_int_equal(waykit_asked(true), 0);
}

/* --- what is different in a burst --- */

/* Of tunnel 1 they may be fragmented, others are dropped. */
static void port_takes_less(void)
{
	static const uint16_t mtus[] = {1300, 900, 500, 100};
	static const uint32_t usual[] = {0, 2, 3};

	waykit_clear_df(1);
	for (unsigned int i = 0; i < 4 * RTE_DIM(mtus); i++) {
		ports[WAYKIT_WAN].mtu = mtus[i / 4];
		waykit_seal_kinds(N);
		waykit_seal(&waykit_few[1], 1, N, false);
		assert_in_range(waykit_look(), N + 1, 20 * N);
		waykit_seal(usual, RTE_DIM(usual), N, true);
		waykit_look();
		waykit_seal_kinds(3); /* of which many fit */
		for (unsigned int k = 0; k < 12; k++)
			waykit_seal_kinds(1);
	}
	assert_true(wk.h->worker.counters->drops[DROP_NET_TOO_BIG] > 100);
}

static void too_large_for_the_port_do(void **state)
{
	(void)state;
	waykit_play(port_takes_less);
	assert_in_range(waykit_asked(false), 1, waykit_asked(true) - 1);
}

/* Pieces made before encryption leave behind their burst. */
static void inner_packets_are_split(void)
{
	waykit_sa(0)->mtu = 600;
	for (unsigned int i = 0; i < 8; i++)
		assert_in_range(waykit_seal_kinds(N), WAYKIT_KINDS * N + 1, 9 * N);
	waykit_clear_df(0); /* whose packets are no usual ones */
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(waykit_seal_kinds(N), WAYKIT_KINDS * N);
}

static void pieces_and_unusual_ones_do(void **state)
{
	(void)state;
	waykit_play(inner_packets_are_split);
	assert_in_range(waykit_asked(false), 1, waykit_asked(true) / 4);
}

/* Packets behind number 255, too, are those that failed. */
static void expect_none_of(const struct sa *sa)
{
	assert_in_range(wk.h->n_sent, WORKER_BURST / 2, WORKER_BURST - 1);
	for (unsigned int i = 0; i < wk.h->n_sent; i++)
		assert_int_not_equal(
			ip4_load32(rte_pktmbuf_mtod_offset(wk.h->sent[i], uint8_t *, 34)), sa->spi);
}

/* The library has no such hash. */
static void engine_fails(void)
{
	static const uint32_t mostly[] = {0, 0, 0, 0, 1};

	waykit_sa(1)->hash = CRYPTO_HASHES;
	waykit_sa(1)->kind = UINT8_MAX;
	for (unsigned int i = 0; i < 20; i++)
		for (unsigned int many = 0; many < 2; many++) {
			waykit_seal(mostly, RTE_DIM(mostly), N, many);
			assert_in_range(waykit_look(), N / 2, N - 1);
			waykit_seal(mostly, RTE_DIM(mostly), WORKER_BURST, many);
			expect_none_of(waykit_sa(1));
			waykit_look();
		}
	assert_true(wk.h->worker.counters->drops[DROP_OUT_STATE_PROTOCOL_ERRORS] > 100);
}

static void some_of_which_the_engine_fails_do(void **state)
{
	(void)state;
	waykit_play(engine_fails);
	assert_int_equal(waykit_asked(false), waykit_asked(true));
}

#define TOO_MANY ((HARNESS_SENT / N + 3) * N)

static void queue_is_full(void)
{
	for (unsigned int i = 0; i < TOO_MANY; i += N)
		waykit_seal(i % 3 == 0 ? waykit_one : waykit_few,
			    i % 3 == 0 ? 1 : RTE_DIM(waykit_few), N, i % 3 == 2);
	assert_int_equal(waykit_look(), HARNESS_SENT);
	assert_true(wk.h->worker.counters->drops[DROP_NET_TX_FULL] != 0);
}

static void for_which_a_queue_has_no_room_do(void **state)
{
	(void)state;
	waykit_play(queue_is_full);
	assert_int_equal(waykit_asked(false), 0);
	assert_int_equal(waykit_asked(true), TOO_MANY);
}

static void port_is_a_vlan(void)
{
	ports[WAYKIT_WAN].vlan = 100;
	assert_int_equal(waykit_seal_kinds(N), WAYKIT_KINDS * N);
	ports[WAYKIT_WAN].vlan = 0;
}

static void through_a_vlan_do(void **state)
{
	(void)state;
	waykit_play(port_is_a_vlan);
	assert_int_equal(waykit_asked(false), 0);
	assert_int_equal(waykit_asked(true), WAYKIT_KINDS * N);
}

/* --- several workers --- */

static void has_others(void)
{
	wk.h->worker.order = order_create(SOCKET_ID_ANY, &wk.h->worker.counters->out_of_turn);
	assert_non_null(wk.h->worker.order);
}

static void one_of_several(void)
{
	has_others();
	scatter();
	bursts();
	for (uint32_t t = 0; t < WAYKIT_TUNNELS; t++)
		assert_int_equal(waykit_sa(t)->sent, waykit_sa(t)->seq);
}

static void of_one_of_several_workers_do(void **state)
{
	(void)state;
	waykit_play(one_of_several);
	assert_int_equal(waykit_asked(false), 0);
	assert_in_range(waykit_asked(true), 2 * WORKER_BURST, UINT32_MAX);
}

/* Another worker has taken numbers and not sent them yet. */
static void another_is_late(void)
{
	has_others();
	waykit_move(1, WAYKIT_FAR_PEER, ABI_ENCAP_NONE);
	for (unsigned int i = 0; i < 10; i++) {
		uint64_t last = waykit_sa(0)->seq + 5;

		waykit_sa(0)->seq = last;
		waykit_seal(waykit_one, 1, N, false);
		assert_int_equal(waykit_look(), 0);
		waykit_seal(waykit_few, RTE_DIM(waykit_few), N, i % 2 != 0);
		assert_in_range(waykit_look(), 1, N - 1);
		waykit_sa(0)->sent = last;
		pipeline_input(&wk.h->worker, WAYKIT_LAN, NULL, 0);
		assert_in_range(waykit_look(), N + 1, 2 * N - 1);
		assert_int_equal(waykit_sa(0)->sent, waykit_sa(0)->seq);
	}
	assert_int_equal(wk.h->worker.counters->out_of_turn, 0);
}

static void that_wait_for_those_of_another_do(void **state)
{
	(void)state;
	waykit_play(another_is_late);
	assert_int_equal(waykit_asked(false), 0);
	assert_int_equal(waykit_asked(true), 20 * N);
}

/* --- where the cycles go --- */

static void is_measured(void)
{
	const struct stage_count *c = wk.counts.stage;

	waykit_seal(waykit_one, 1, N, false);
	assert_int_equal(c[STAGE_OUT_BUILD].packets, N);
	assert_int_equal(c[STAGE_ROUTE].packets, wk.slow ? N : 0);
	waykit_move(1, WAYKIT_FAR_PEER, ABI_ENCAP_NONE); /* of many SAs they ask once more */
	waykit_seal(waykit_few, RTE_DIM(waykit_few), N, true);
	assert_int_equal(c[STAGE_ROUTE].packets, wk.slow ? 2 * N : N);
	assert_int_equal(c[STAGE_NEIGH].packets, wk.slow ? 2 * N : 0);
	assert_true(c[STAGE_ROUTE].cycles != 0);
	assert_int_equal(waykit_look(), 2 * N);
}

static void to_find_a_way_is_measured(void **state)
{
	(void)state;
	waykit_play(is_measured);
}

#define T(f) cmocka_unit_test(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(they_leave_the_same),
		T(those_of_several_peers_behind_several_ports_do),
		T(whose_neighbour_comes_changes_and_goes_do),
		T(of_whom_one_neighbour_is_not_known_do),
		T(whose_route_changes_and_goes_do),
		T(to_nobody_none_do),
		T(too_large_for_the_port_do),
		T(pieces_and_unusual_ones_do),
		T(some_of_which_the_engine_fails_do),
		T(for_which_a_queue_has_no_room_do),
		T(through_a_vlan_do),
		T(of_one_of_several_workers_do),
		T(that_wait_for_those_of_another_do),
		T(to_find_a_way_is_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
