/* SPDX-License-Identifier: BSD-3-Clause */
/* test_rx.c - what a port that is given more than is carried does: IKE goes ahead, data waits in
 * order, then is dropped, and all of it is accounted for. The ports are ring devices. */
#include "tests/unit/dataplane/sitekit.h"

#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "dataplane/known.h"
#include "dataplane/net/ip4.h"
#include "dataplane/pipeline_impl.h"

#define DEVICE	 (PORT_RX_DESCRIPTORS - 1) /* packets that a ring device holds */
#define SHORT	 255u			   /* or a short one */
#define STRANGER IP(198, 51, 100, 77)
#define NUMBER	 42u /* where a packet's number is, behind the UDP header */
#define MTU	 1500u

static uint64_t offered, refused;

static struct rte_ring *queues[2];

/* A port whose queue holds so many, of a driver that tells that. */
static int open_device(unsigned int i, unsigned int holds)
{
	struct rte_ether_addr mac = ports[i].mac;
	char name[16], device[32], err[128];

	snprintf(name, sizeof(name), "port%u", i);
	queues[i] = rte_ring_create(name, holds, SOCKET_ID_ANY, RING_F_EXACT_SZ);
	if (!queues[i] || rte_eth_from_rings(name, &queues[i], 1, &queues[i], 1, 0) < 0)
		return -1;
	snprintf(device, sizeof(device), "net_ring_%s", name);
	if (port_open(name, device, MTU, 1, h->pool, err, sizeof(err)) != 0)
		return -1;
	ports[i].mac = mac;
	ports[i].full = port_full_burst(holds + 1);
	return 0;
}

static int begin_with(unsigned int holds)
{
	h = harness_create(64, 16, 16383);
	if (!h || harness_pipe_create(h) != 0)
		return -1;
	offered = refused = 0;
	n_ports = 0;
	return open_device(LAN, holds) == 0 && open_device(WAN, holds) == 0 ? 0 : -1;
}

static int begin(void **state)
{
	(void)state;
	return begin_with(DEVICE);
}

static int begin_short(void **state)
{
	(void)state;
	return begin_with(SHORT);
}

static int end(void **state)
{
	struct rte_mbuf *m;

	for (unsigned int i = 0; i < n_ports; i++)
		while (rte_eth_rx_burst(ports[i].ethdev, 0, &m, 1) == 1)
			rte_pktmbuf_free(m);
	pipeline_free(&h->worker); /* with what waits there */
	port_close_all();
	for (unsigned int i = 0; i < 2; i++)
		rte_ring_free(queues[i]);
	return teardown(state);
}

static void offer(uint8_t port, struct rte_mbuf *m)
{
	offered++;
	if (rte_eth_tx_burst(ports[port].ethdev, 0, &m, 1) == 0) {
		refused++;
		rte_pktmbuf_free(m);
	}
}

static void offer_data(uint32_t number)
{
	struct rte_mbuf *m = packet(WAN, PEER, HOST, IPPROTO_UDP, 64);

	ip4_store32(rte_pktmbuf_mtod_offset(m, uint8_t *, NUMBER), number);
	offer(WAN, m);
}

static void offer_ike_at(uint8_t port, uint32_t from, uint16_t to)
{
	struct rte_mbuf *m =
		packet(port, from, port == WAN ? WAN_ADDRESS : LAN_ADDRESS, IPPROTO_UDP, 64);

	ip4_store16(rte_pktmbuf_mtod_offset(m, uint8_t *, 36), to);
	offer(port, m);
}

static void offer_ike(uint32_t from, uint16_t to)
{
	offer_ike_at(WAN, from, to);
}

static unsigned int taken_ike(void)
{
	unsigned int n;
	void *m;

	for (n = 0; rte_ring_dequeue(h->worker.ike, &m) == 0; n++)
		rte_pktmbuf_free(m);
	return n;
}

/* One poll: how much data left; it must go on from *last. */
static unsigned int poll(uint32_t *last)
{
	unsigned int n;

	pipeline_poll(&h->worker);
	n = h->n_sent;
	for (unsigned int i = 0; i < n; i++) {
		uint32_t number =
			ip4_load32(rte_pktmbuf_mtod_offset(h->sent[i], uint8_t *, NUMBER));

		assert_true(number > *last);
		*last = number;
	}
	harness_clear_sent(h);
	return n;
}

/* offered at the rate of "times" what is carried, with a question of a peer in each round */
static void flood(unsigned int times, unsigned int rounds)
{
	uint64_t carried = 0;
	uint32_t number = 0, last = 0;
	unsigned int asked = 0, heard = 0;

	for (unsigned int r = 0; r < rounds; r++) {
		unsigned int bursts = r < 8 ? RTE_MIN(times, 1 + r / 4) : times;

		for (unsigned int i = 0; i < bursts * WORKER_BURST - 1; i++) {
			offer_data(++number);
			if (i == r % WORKER_BURST) {
				asked++;
				offer_ike(PEER, r % 2 ? 500 : 4500);
			}
		}
		carried += poll(&last);
		heard += taken_ike();
		if (r >= 4)
			assert_int_equal(heard, asked); /* in this pass, not in a later one */
	}
	assert_int_equal(refused, 0); /* the queue never overflowed */
	assert_in_range(carried, (WORKER_BURST - 2) * rounds, WORKER_BURST * rounds);
	for (unsigned int i = 0; i < 10; i++)
		carried += poll(&last);
	assert_int_equal(carried + heard + drops(DROP_NET_OVERLOAD), offered);
	assert_int_equal(h->port_counters[WAN].rx_packets, offered);
	assert_int_equal(h->worker.counters->rx_packets, offered);
}

static void twice_the_load_costs_no_question_of_a_peer(void **state)
{
	(void)state;
	flood(2, 300);
	assert_in_range(drops(DROP_NET_OVERLOAD), 294 * WORKER_BURST - RX_BACKLOG,
			300 * WORKER_BURST);
}

static void three_times_the_load_neither(void **state)
{
	(void)state;
	flood(3, 300);
}

/* From nothing to three times the load: what the first pass left behind would overflow the queue.
 */
static void the_first_pass_of_a_flood_looks_on(void **state)
{
	uint32_t number = 0, last = 0;

	(void)state;
	for (unsigned int r = 0; r < 20; r++) {
		for (unsigned int i = 0; i < 3 * WORKER_BURST - 1; i++)
			offer_data(++number);
		offer_ike(PEER, 500);
		poll(&last);
		assert_int_equal(taken_ike(), 1);
	}
	assert_int_equal(refused, 0);
}

/* A queue that no burst of a worker's fits in, given as much as it holds while it is looked at: the
 * bursts carried are shorter than that, or what comes meanwhile would overflow it. */
static void a_short_queue_is_protected(void **state)
{
	enum { ROUNDS = 300 };
	const uint16_t full = ports[WAN].full;
	uint32_t number = 0, last = 0;
	unsigned int heard = 0, carried = 0;

	(void)state;
	assert_in_range(full, SHORT / 2, SHORT - 1);
	for (unsigned int r = 0; r < ROUNDS; r++) {
		unsigned int n;

		for (unsigned int i = 0; i < SHORT - 1; i++)
			offer_data(++number);
		offer_ike(PEER, 500);
		carried += n = poll(&last);
		heard += taken_ike();
		assert_int_equal(heard, r + 1);
		assert_int_equal(n, full - 1);
	}
	assert_int_equal(refused, 0);
	assert_int_not_equal(drops(DROP_NET_OVERLOAD), 0);
	for (unsigned int i = 0; i < RX_BACKLOG / full + 1; i++)
		carried += poll(&last);
	assert_int_equal(carried + heard + drops(DROP_NET_OVERLOAD), offered);
}

/* Whenever it was found empty a short queue fills again, so many times. */
static unsigned int refills;

static uint16_t refill(uint16_t ethdev, uint16_t queue, struct rte_mbuf **pkts, uint16_t n,
		       uint16_t most, void *ctx)
{
	(void)ethdev;
	(void)queue;
	(void)pkts;
	(void)most;
	(void)ctx;
	if (n != 0 || refills == 0)
		return n;
	refills--;
	for (unsigned int i = 0; i < SHORT; i++)
		offer_data(1);
	return n;
}

static uint64_t stands_still(void)
{
	return 1000;
}

/* Packets that one pass takes from it; carried: when what the last look has given began to be. */
static uint64_t taken_in_a_pass(uint64_t carried)
{
	const uint64_t *taken = &h->port_counters[WAN].rx_packets, before = *taken;

	for (unsigned int i = 0; i < SHORT; i++)
		offer_data(1);
	h->worker.pipe->clock = stands_still;
	h->worker.pipe->carry = carried;
	refills = 100;
	pipeline_poll(&h->worker);
	refills = 0;
	harness_clear_sent(h);
	return *taken - before;
}

/* What of a short queue is a full burst counts in its look, and three of those, or as many as there
 * is time for but no more than 24. */
static void a_look_at_a_short_queue_is_bounded(void **state)
{
	const struct rte_eth_rxtx_callback *cb =
		rte_eth_add_rx_callback(ports[WAN].ethdev, 0, refill, NULL);
	const unsigned int full = ports[WAN].full;

	(void)state;
	assert_non_null(cb);
	assert_int_equal(taken_in_a_pass(stands_still()), (3 * full + SHORT - 1) / SHORT * SHORT);
	pipeline_poll(&h->worker); /* what came behind it */
	harness_clear_sent(h);
	assert_int_equal(taken_in_a_pass(0), (24 * full + SHORT - 1) / SHORT * SHORT);
	assert_int_equal(rte_eth_remove_rx_callback(ports[WAN].ethdev, 0, cb), 0);
}

static void nothing_is_dropped_at_what_is_carried(void **state)
{
	(void)state;
	flood(1, 300);
	assert_int_equal(harness_drops(h), 0);
}

static void a_burst_of_a_queues_length_is_carried(void **state)
{
	uint32_t number = 0, last = 0;

	(void)state;
	for (unsigned int r = 0; r < 20; r++) {
		unsigned int carried = 0;

		for (unsigned int i = 0; i < DEVICE; i++)
			offer_data(++number);
		for (unsigned int i = 0; i < 6; i++)
			carried += poll(&last);
		assert_int_equal(carried, DEVICE);
	}
	assert_int_equal(harness_drops(h), 0);
	assert_int_equal(h->worker.pipe->backlog[WAN].n, 0);
}

static uint64_t looked(uint8_t port)
{
	return h->port_counters[port].rx_packets;
}

/* What comes while a full queue is looked at the first time. */
static uint16_t one_burst_more(uint16_t ethdev, uint16_t queue, struct rte_mbuf **pkts, uint16_t n,
			       uint16_t most, void *ctx)
{
	unsigned int more = n != 0 && offered == DEVICE ? WORKER_BURST : 0;

	(void)ethdev;
	(void)queue;
	(void)pkts;
	(void)most;
	for (unsigned int i = 0; i < more; i++)
		offer_data(++*(uint32_t *)ctx);
	return n;
}

/* Of a port that was under load before, or not. What the first pass takes. */
static uint64_t first_look(bool pressed, uint32_t *number)
{
	h->worker.pipe->clock = stands_still;
	h->worker.pipe->carry = 0;
	h->worker.pipe->backlog[WAN].pressed = pressed;
	for (unsigned int i = 0; i < DEVICE; i++)
		offer_data(++*number);
	pipeline_poll(&h->worker);
	harness_clear_sent(h);
	return looked(WAN);
}

/* Nothing was carried before a port's first full burst: what has passed since is no time for it. */
static void a_first_full_burst_has_no_time_to_its_credit(void **state)
{
	uint32_t number = 0;

	(void)state;
	assert_int_equal(first_look(false, &number), 3 * WORKER_BURST);
}

static void a_full_queue_and_a_burst_meanwhile_wait(void **state)
{
	uint32_t number = 0;
	const struct rte_eth_rxtx_callback *cb =
		rte_eth_add_rx_callback(ports[WAN].ethdev, 0, one_burst_more, &number);

	(void)state;
	assert_int_equal(first_look(true, &number), DEVICE + WORKER_BURST);
	assert_int_equal(harness_drops(h), 0);
	assert_int_equal(h->worker.pipe->backlog[WAN].n, DEVICE);
	assert_int_equal(rte_eth_remove_rx_callback(ports[WAN].ethdev, 0, cb), 0);
}

static void a_flood_of_ike_shuts_no_data_out(void **state)
{
	uint32_t number = 0, last = 0;
	unsigned int carried = 0;

	(void)state;
	for (unsigned int r = 0; r < 100; r++) {
		for (unsigned int i = 0; i < WORKER_BURST; i++) {
			offer_data(++number);
			offer_ike(PEER, 500);
		}
		carried += poll(&last);
		taken_ike();
	}
	assert_in_range(carried, 100 * WORKER_BURST / 4, 100 * WORKER_BURST);
}

/* Of twice what is carried, all of it IKE: a peer's comes through in each pass. */
static void a_flood_of_strangers_costs_no_question_of_a_peer(void **state)
{
	static struct known known = {.key = 5};
	const struct abi_addr peer = {.family = 4, .bytes = {192, 0, 2, 254}};
	uint32_t last = 0;
	void *m;

	(void)state;
	known_count(&known, known_slot(&known, &peer), 1);
	h->worker.tables->known = &known;
	for (unsigned int r = 0; r < 200; r++) {
		unsigned int heard = 0;

		for (unsigned int i = 0; i < (r < 8 ? WORKER_BURST : 2 * WORKER_BURST) - 1; i++) {
			offer_ike(STRANGER, 500);
			if (i == r % WORKER_BURST)
				offer_ike(PEER, 500);
		}
		poll(&last);
		while (rte_ring_dequeue(h->worker.ike, &m) == 0) {
			heard += pkt_meta(m)->src == PEER;
			rte_pktmbuf_free(m);
		}
		if (r >= 8)
			assert_int_equal(heard, 1);
	}
	h->worker.tables->known = NULL;
}

static void each_port_has_its_own_backlog(void **state)
{
	uint32_t number = 0;

	(void)state;
	for (unsigned int r = 0; r < 100; r++) {
		struct rte_mbuf *m = packet(LAN, HOST, LAN_ADDRESS, IPPROTO_ICMP, 64);

		for (unsigned int i = 0; i < 2 * WORKER_BURST; i++)
			offer_data(++number);
		offer(LAN, m);
		pipeline_poll(&h->worker);
		assert_int_equal(h->sent_port[0], LAN);
		assert_ptr_equal(h->sent[0],
				 m); /* the answer to the ping, first as WAN is polled later */
		harness_clear_sent(h);
	}
}

static void offer_both(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		offer(LAN, packet(LAN, HOST, CLOUD, IPPROTO_UDP, 64));
		offer(WAN, packet(WAN, PEER, HOST, IPPROTO_UDP, 64));
	}
}

static void two_overloaded_ports_carry_and_cost_no_question(void **state)
{
	unsigned int asked = 0, heard = 0;

	(void)state;
	for (unsigned int r = 0; r < 200; r++) {
		unsigned int from[2] = {0, 0};

		offer_both((r < 8 ? 1 + r / 4 : 3) * WORKER_BURST - 1);
		offer_ike_at(LAN, HOST, 500);
		offer_ike_at(WAN, PEER, 500);
		asked += 2;
		pipeline_poll(&h->worker);
		for (unsigned int i = 0; i < h->n_sent; i++)
			from[h->sent_port[i] == WAN ? LAN : WAN]++;
		harness_clear_sent(h);
		assert_in_range(from[LAN], WORKER_BURST - 2, WORKER_BURST);
		assert_in_range(from[WAN], WORKER_BURST - 2, WORKER_BURST);
		heard += taken_ike();
		if (r >= 8)
			assert_int_equal(heard, asked);
	}
	assert_int_equal(refused, 0);
	assert_int_not_equal(drops(DROP_NET_OVERLOAD), 0);
}

/* One port's packets take long to look at, and nothing takes time to be carried. */
static uint64_t slow_to_look_at(void)
{
	return 10 * looked(LAN) + looked(WAN);
}

static void a_look_at_one_port_is_no_time_for_a_look_at_another(void **state)
{
	(void)state;
	h->worker.pipe->clock = slow_to_look_at;
	for (unsigned int r = 0; r < 20; r++) {
		uint64_t before[2] = {looked(LAN), looked(WAN)};

		offer_both(DEVICE);
		pipeline_poll(&h->worker);
		harness_clear_sent(h);
		for (unsigned int i = 0; i < 2 && r != 0; i++)
			assert_int_equal(looked((uint8_t)i) - before[i], 3 * WORKER_BURST);
	}
}

static void leaves_samples_of_what_found_no_room_last(void **state)
{
	static struct abi_drop_sample samples[ABI_DROP_SLOTS * ABI_SAMPLES];
	const struct abi_drop_sample *s = &samples[DROP_NET_OVERLOAD * ABI_SAMPLES];
	uint64_t dropped, seen = 0;

	(void)state;
	h->worker.samples = samples;
	for (unsigned int r = 0; r < 20; r++) {
		offer_both(3 * WORKER_BURST);
		pipeline_poll(&h->worker);
		harness_clear_sent(h);
	}
	h->worker.samples = NULL;
	dropped = drops(DROP_NET_OVERLOAD);
	for (unsigned int i = 0; i < ABI_SAMPLES; i++) {
		assert_in_range(s[i].number, dropped - ABI_SAMPLES + 1, dropped);
		assert_int_equal(s[i].port, WAN);
		assert_int_equal(s[i].sa_slot, ABI_SAMPLE_NO_SA);
		assert_int_equal(s[i].l2_len, RTE_ETHER_HDR_LEN);
		seen |= 1u << (s[i].number % ABI_SAMPLES);
	}
	assert_int_equal(seen, (1u << ABI_SAMPLES) - 1);
}

int main(void)
{
#define WITH(t) cmocka_unit_test_setup_teardown(t, begin, end)
	const struct CMUnitTest tests[] = {
		WITH(twice_the_load_costs_no_question_of_a_peer),
		WITH(three_times_the_load_neither),
		WITH(the_first_pass_of_a_flood_looks_on),
		cmocka_unit_test_setup_teardown(a_short_queue_is_protected, begin_short, end),
		cmocka_unit_test_setup_teardown(a_look_at_a_short_queue_is_bounded, begin_short,
						end),
		WITH(nothing_is_dropped_at_what_is_carried),
		WITH(a_burst_of_a_queues_length_is_carried),
		WITH(a_first_full_burst_has_no_time_to_its_credit),
		WITH(a_full_queue_and_a_burst_meanwhile_wait),
		WITH(a_flood_of_ike_shuts_no_data_out),
		WITH(a_flood_of_strangers_costs_no_question_of_a_peer),
		WITH(each_port_has_its_own_backlog),
		WITH(two_overloaded_ports_carry_and_cost_no_question),
		WITH(a_look_at_one_port_is_no_time_for_a_look_at_another),
		WITH(leaves_samples_of_what_found_no_room_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
