/* SPDX-License-Identifier: BSD-3-Clause */
/* test_neigh.c - the neighbour state machine on a virtual clock. */
#include "tests/unit/dataplane/net/neighkit.h"

static void asks_holds_and_sends_when_answered(void **state)
{
	(void)state;
	assert_false(neighkit_push(LAN_HOST));
	assert_false(neighkit_push(LAN_HOST));
	assert_int_equal(nk.n_sent, 1);
	neighkit_expect_arp(0, neighkit_all, 1, LAN_US, LAN_HOST);
	neighkit_clear();
	neighkit_arp(2, neighkit_a, LAN_HOST, LAN_US, 0);
	assert_int_equal(nk.n_sent, 2);
	for (unsigned int i = 0; i < 2; i++) {
		const uint8_t *b = rte_pktmbuf_mtod(nk.sent[i], const uint8_t *);

		assert_memory_equal(b, neighkit_a, 6);
		assert_memory_equal(b + 6, &ports[0].mac, 6);
		assert_int_equal(get16(b + 12), 0x0800);
		assert_int_equal(b[ETH], 0x45);
		assert_int_equal(pkt_meta(nk.sent[i])->out_port, 0);
	}
	assert_true(neighkit_push(LAN_HOST));
	assert_int_equal(nk.n_dropped[DROP_NET_CONSUMED], 1);
}

static void writes_the_ethernet_header(void **state)
{
	struct rte_mbuf *m;

	(void)state;
	neighkit_arp(1, neighkit_a, LAN_HOST, LAN_US, 0);
	m = neighkit_outgoing(LAN_HOST);
	memset(rte_pktmbuf_mtod(m, void *), 0xee, ETH);
	assert_int_equal(neighkit_stage(m), PKT_FORWARD);
	assert_memory_equal(rte_pktmbuf_mtod(m, void *), neighkit_a, 6);
	assert_memory_equal(rte_pktmbuf_mtod(m, uint8_t *) + 6, &ports[0].mac, 6);
	assert_int_equal(get16(rte_pktmbuf_mtod(m, uint8_t *) + 12), 0x0800);
	rte_pktmbuf_free(m);
}

static void asks_once_a_second_and_gives_up(void **state)
{
	(void)state;
	neighkit_push(LAN_HOST);
	for (unsigned int i = 1; i < NEIGH_TRIES; i++) {
		assert_int_equal(nk.n_sent, i);
		neighkit_pass(900);
		assert_int_equal(nk.n_sent, i);
		neighkit_pass(100);
	}
	assert_int_equal(nk.n_sent, NEIGH_TRIES);
	assert_int_equal(nk.n_dropped[DROP_NET_NO_NEIGHBOUR], 0);
	neighkit_pass(1000);
	assert_int_equal(nk.n_sent, NEIGH_TRIES);
	assert_int_equal(nk.n_dropped[DROP_NET_NO_NEIGHBOUR], 1);
}

static void remembers_who_did_not_answer_for_a_while(void **state)
{
	(void)state;
	neighkit_push(LAN_HOST);
	neighkit_pass(NEIGH_TRIES * 1000);
	neighkit_clear();
	assert_false(neighkit_push(LAN_HOST));
	assert_int_equal(nk.n_dropped[DROP_NET_NO_NEIGHBOUR], 2);
	assert_int_equal(nk.n_sent, 0);
	neighkit_pass(NEIGH_FAILED_S * 1000 - 100);
	assert_false(neighkit_push(LAN_HOST));
	assert_int_equal(nk.n_sent, 0);
	neighkit_pass(100);
	assert_false(neighkit_push(LAN_HOST));
	assert_int_equal(nk.n_sent, 1); /* asked afresh */
}

static void tells_the_sender_about_a_dead_host(void **state)
{
	struct frame f = frame_udp(PEER, LAN_HOST, 1, 2, NULL, 10);
	struct rte_mbuf *m;

	(void)state;
	neighkit_push(LAN_HOST);
	neighkit_pass(NEIGH_TRIES * 1000);
	m = kit_parse(&f);
	pkt_meta(m)->out_port = 0;
	pkt_meta(m)->next_hop = LAN_HOST;
	assert_int_equal(neighkit_stage(m), PKT_DROP);
	assert_int_equal(pkt_meta(m)->reason, DROP_NET_NO_NEIGHBOUR);
	assert_int_equal(kit.n_out, 1);
	assert_int_equal(rte_pktmbuf_mtod(kit.out[0], uint8_t *)[ETH + 20], 3);
	assert_int_equal(rte_pktmbuf_mtod(kit.out[0], uint8_t *)[ETH + 21], 1);
	rte_pktmbuf_free(m);
}

static void a_dead_host_that_speaks_is_back_at_once(void **state)
{
	(void)state;
	neighkit_push(LAN_HOST);
	neighkit_pass(NEIGH_TRIES * 1000);
	neighkit_arp(1, neighkit_a, LAN_HOST, LAN_US, 0);
	assert_true(neighkit_push(LAN_HOST));
}

static void holds_a_few_and_keeps_the_latest(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < NEIGH_HOLD + 5; i++) {
		struct rte_mbuf *m = neighkit_outgoing(LAN_HOST);

		rte_pktmbuf_mtod(m, uint8_t *)[ETH + 28] = (uint8_t)i;
		assert_int_equal(neighkit_stage(m), PKT_SLOW);
		neigh_hold(nk.table, &nk.io, m, nk.now);
	}
	assert_int_equal(nk.n_dropped[DROP_NET_NO_NEIGHBOUR], 5);
	neighkit_clear();
	neighkit_arp(2, neighkit_a, LAN_HOST, LAN_US, 0);
	assert_int_equal(nk.n_sent, NEIGH_HOLD);
	for (unsigned int i = 0; i < NEIGH_HOLD; i++)
		assert_int_equal(rte_pktmbuf_mtod(nk.sent[i], uint8_t *)[ETH + 28], 5 + i);
}

static void hold(uint8_t flags)
{
	struct rte_mbuf *m = neighkit_outgoing(LAN_HOST);

	pkt_meta(m)->flags |= flags;
	neigh_hold(nk.table, &nk.io, m, nk.now);
}

static unsigned int sent_ike(void)
{
	unsigned int n = 0;

	neighkit_clear();
	neighkit_arp(2, neighkit_a, LAN_HOST, LAN_US, 0);
	assert_int_equal(nk.n_sent, NEIGH_HOLD);
	for (unsigned int i = 0; i < NEIGH_HOLD; i++)
		n += (pkt_meta(nk.sent[i])->flags & PKT_F_ORIGIN) != 0;
	return n;
}

static void data_does_not_push_out_ike_that_is_held(void **state)
{
	(void)state;
	hold(0);
	hold(PKT_F_ORIGIN);
	for (unsigned int i = 0; i < 2 * NEIGH_HOLD; i++)
		hold(0);
	assert_int_equal(nk.n_dropped[DROP_NET_NO_NEIGHBOUR], NEIGH_HOLD + 2);
	assert_int_equal(sent_ike(), 1);
}

static void ike_finds_room_among_data_that_is_held(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < NEIGH_HOLD; i++)
		hold(0);
	for (unsigned int i = 0; i < 3; i++)
		hold(PKT_F_ORIGIN);
	assert_int_equal(sent_ike(), 3);
}

static void sends_while_workers_do_not(void *ctx, struct rte_mbuf *m)
{
	uint64_t value = 0;

	assert_true(neigh_table_find(nk.table, 0, neigh_key4(LAN_HOST), &value) >= 0);
	assert_int_not_equal(neigh_value_state(value), NEIGH_KNOWN);
	nk.sent[nk.n_sent++] = m;
	++*(unsigned int *)ctx;
}

/* What a worker sends itself would overtake them, and ESP is to leave in the order of its numbers.
 */
static void what_waits_goes_before_what_comes(void **state)
{
	const struct neigh_io io = nk.io;
	unsigned int sent = 0;

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		assert_false(neighkit_push(LAN_HOST));
	nk.io.send = sends_while_workers_do_not;
	nk.io.ctx = &sent;
	neighkit_arp(2, neighkit_a, LAN_HOST, LAN_US, 0);
	nk.io.send = io.send;
	nk.io.ctx = io.ctx;
	assert_int_equal(sent, 3);
	assert_true(neighkit_push(LAN_HOST));
}

static void refreshes_by_unicast_while_used(void **state)
{
	(void)state;
	neighkit_arp(1, neighkit_a, LAN_HOST, LAN_US, 0);
	neighkit_clear();
	for (unsigned int s = 0; s < 300; s++) {
		assert_true(neighkit_push(LAN_HOST));
		neighkit_pass(1000);
		if (nk.n_sent == 0)
			continue;
		neighkit_expect_arp(0, neighkit_a, 1, LAN_US, LAN_HOST);
		assert_int_equal(nk.n_sent, 1);
		neighkit_clear();
		neighkit_arp(2, neighkit_a, LAN_HOST, LAN_US, 0);
	}
	assert_int_equal(nk.n_dropped[DROP_NET_NO_NEIGHBOUR], 0);
}

static void forgets_who_is_not_used(void **state)
{
	(void)state;
	neighkit_arp(1, neighkit_a, LAN_HOST, LAN_US, 0);
	neighkit_clear();
	neighkit_pass(NEIGH_REACHABLE_S * 1000 - 100);
	assert_int_equal(nk.n_sent, 0);
	assert_int_equal(nk.table->n_entries, 1);
	neighkit_pass(100);
	assert_int_equal(nk.table->n_entries, 0);
}

static void forgets_who_stops_answering(void **state)
{
	(void)state;
	neighkit_arp(1, neighkit_a, LAN_HOST, LAN_US, 0);
	neighkit_clear();
	neighkit_push(LAN_HOST);
	neighkit_pass(NEIGH_REACHABLE_S * 1000);
	assert_int_equal(nk.n_sent, NEIGH_TRIES);
	assert_int_equal(nk.table->n_entries, 0);
	assert_false(neighkit_push(LAN_HOST));
}

/* 192.168.0.0/16 as the LAN, so that a scan has room. */
static struct fib *wide_lan(void)
{
	const struct abi_address a = {.port = 0, .prefix_len = 16, .addr = abi4(LAN_US)};
	uint32_t status;
	struct fib *f = fib_build(&a, 1, NULL, 0, 2, SOCKET_ID_ANY, &status);

	assert_non_null(f);
	return f;
}

static void a_scan_takes_neither_table_nor_pool(void **state)
{
	struct fib *f = wide_lan();

	(void)state;
	nk.io.fib = f;
	neighkit_arp(1, neighkit_a, LAN_HOST, LAN_US, 0);
	neighkit_clear();
	for (uint32_t i = 0; i < 3000; i++) {
		neighkit_push(IP(192, 168, 2, 0) + i);
		neighkit_clear();
	}
	assert_int_equal(nk.table->n_asked, NEIGH_ASKED_MAX);
	assert_int_equal(harness_in_use(kit.h), NEIGH_ASKED_MAX); /* one held for each */
	assert_true(neighkit_push(LAN_HOST));			  /* who is known stays known */
	neighkit_arp(1, neighkit_b, LAN_HOST + 1, LAN_US, 0);
	assert_true(neighkit_push(LAN_HOST + 1)); /* who asks for us is learnt */
	neigh_flush(nk.table, &nk.io);
	nk.io.fib = kit.h->tables.fib;
	fib_free(f);
}

static void a_full_table_lets_the_unused_go(void **state)
{
	struct fib *f = wide_lan();

	(void)state;
	nk.io.fib = f;
	neighkit_arp(1, neighkit_a, LAN_HOST, LAN_US, 0);
	assert_true(neighkit_push(LAN_HOST));
	for (uint32_t i = 0; i < 3 * NEIGH_MAX; i++) {
		neighkit_arp(1, neighkit_b, IP(192, 168, 2, 1) + i, LAN_US, 0);
		neighkit_clear();
		assert_true(nk.table->n_entries <= NEIGH_MAX);
		nk.now += 1000;
	}
	assert_int_equal(nk.table->n_entries, NEIGH_MAX);
	assert_true(neighkit_push(LAN_HOST)); /* used: never a victim */
	assert_true(neighkit_push(IP(192, 168, 2, 1) + 3 * NEIGH_MAX - 1));
	neigh_flush(nk.table, &nk.io);
	assert_int_equal(nk.table->n_entries, 0);
	nk.io.fib = kit.h->tables.fib;
	fib_free(f);
}

static void forgets_who_is_no_longer_on_link(void **state)
{
	const struct abi_address a = {.port = 1, .prefix_len = 24, .addr = abi4(WAN_US)};
	uint32_t status;
	struct fib *f = fib_build(&a, 1, NULL, 0, 2, SOCKET_ID_ANY, &status);

	(void)state;
	neighkit_arp(1, neighkit_a, LAN_HOST, LAN_US, 0);
	neighkit_push(LAN_HOST + 1);
	assert_int_equal(nk.table->n_entries, 2);
	nk.io.fib = f;
	neighkit_pass(100);
	assert_int_equal(nk.table->n_entries, 0);
	assert_int_equal(nk.n_dropped[DROP_NET_NO_NEIGHBOUR], 1);
	fib_free(f);
}

static void drops_what_route_should_not_have_sent(void **state)
{
	(void)state;
	neigh_hold(nk.table, &nk.io, neighkit_outgoing(FAR_HOST), nk.now); /* not on link */
	neigh_hold(nk.table, &nk.io, neighkit_outgoing(LAN_US), nk.now);
	assert_int_equal(nk.n_dropped[DROP_NET_NO_NEIGHBOUR], 2);
	nk.io.fib = NULL;
	neigh_hold(nk.table, &nk.io, neighkit_outgoing(LAN_HOST), nk.now);
	assert_int_equal(nk.n_dropped[DROP_NET_NO_NEIGHBOUR], 3);
	assert_int_equal(nk.n_sent, 0);
}

/* What the manager holds when the answer overtakes the packet on the slow ring. */
static void sends_what_was_answered_meanwhile(void **state)
{
	struct rte_mbuf *m = neighkit_outgoing(LAN_HOST);

	(void)state;
	assert_int_equal(neighkit_stage(m), PKT_SLOW);
	neighkit_arp(1, neighkit_a, LAN_HOST, LAN_US, 0);
	neighkit_clear();
	neigh_hold(nk.table, &nk.io, m, nk.now);
	assert_int_equal(nk.n_sent, 1);
	assert_memory_equal(rte_pktmbuf_mtod(nk.sent[0], void *), neighkit_a, 6);
}

/* Another network may be there when the link is back. */
static void a_dead_link_forgets_its_neighbours_alone(void **state)
{
	uint64_t value;

	(void)state;
	neighkit_arp(1, neighkit_a, LAN_HOST, LAN_US, 0);
	neighkit_arp(1, neighkit_b, WAN_GW, WAN_US, 1);
	neighkit_clear();
	neighkit_push(LAN_HOST + 1); /* waits for an answer */
	neigh_flush_port(nk.table, &nk.io, 0);
	assert_int_equal(nk.n_dropped[DROP_NET_NO_NEIGHBOUR], 1);
	assert_true(neigh_table_find(nk.table, 0, neigh_key4(LAN_HOST), &value) < 0);
	assert_true(neigh_table_find(nk.table, 0, neigh_key4(LAN_HOST + 1), &value) < 0);
	assert_true(neigh_table_find(nk.table, 1, neigh_key4(WAN_GW), &value) >= 0);
}

/* Any order of events, compared with a twin that only knows who answered last. */
static void keeps_count_under_random_events(void **state)
{
	uint64_t seed = 12345;
	unsigned int fed = 0, out = 0;

	(void)state;
	for (unsigned int i = 0; i < 200000; i++) {
		uint32_t host = IP(192, 168, 1, 2 + random_next(&seed) % 40);
		const uint8_t *mac = random_next(&seed) % 2 ? neighkit_a : neighkit_b;
		unsigned int held = 0;

		switch (random_next(&seed) % 4) {
		case 0:
			fed++;
			out += neighkit_push(host);
			break;
		case 1:
			neighkit_arp(2, mac, host, LAN_US, 0);
			break;
		case 2:
			if (random_next(&seed) % 8 == 0)
				neighkit_arp(1, mac, host, LAN_US, 0);
			break;
		default:
			neighkit_pass(100 * (random_next(&seed) % 20));
			break;
		}
		for (unsigned int k = 0; k < nk.n_sent; k++)
			out += get16(rte_pktmbuf_mtod(nk.sent[k], uint8_t *) + 12) == 0x0800;
		neighkit_clear();
		kit_clear();
		kit.w->now += NEIGHKIT_SECOND;
		for (unsigned int k = 0; k < NEIGH_SLOTS && i % 1000 == 0; k++)
			held += nk.table->entries[k].held;
		if (i % 1000 == 0)
			assert_int_equal(fed, out + held + nk.n_dropped[DROP_NET_NO_NEIGHBOUR]);
	}
	assert_true(out > fed / 10);
	assert_true(nk.n_dropped[DROP_NET_NO_NEIGHBOUR] > fed / 100);
}

#define T(f) cmocka_unit_test_setup_teardown(f, neighkit_begin, neighkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(asks_holds_and_sends_when_answered),
		T(writes_the_ethernet_header),
		T(asks_once_a_second_and_gives_up),
		T(remembers_who_did_not_answer_for_a_while),
		T(tells_the_sender_about_a_dead_host),
		T(a_dead_host_that_speaks_is_back_at_once),
		T(holds_a_few_and_keeps_the_latest),
		T(data_does_not_push_out_ike_that_is_held),
		T(ike_finds_room_among_data_that_is_held),
		T(what_waits_goes_before_what_comes),
		T(refreshes_by_unicast_while_used),
		T(forgets_who_is_not_used),
		T(forgets_who_stops_answering),
		T(a_scan_takes_neither_table_nor_pool),
		T(a_full_table_lets_the_unused_go),
		T(forgets_who_is_no_longer_on_link),
		T(drops_what_route_should_not_have_sent),
		T(sends_what_was_answered_meanwhile),
		T(a_dead_link_forgets_its_neighbours_alone),
		T(keeps_count_under_random_events),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
