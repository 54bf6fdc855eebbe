/* SPDX-License-Identifier: BSD-3-Clause */
/* test_pipeline.c - the wiring: each kind of packet takes its way, is counted once, and none is
 * lost. The site is 192.168.1.0/24 on port 0, the world behind 192.0.2.254 on port 1 (harness.h).
 */
#include "tests/unit/dataplane/sitekit.h"

#include "dataplane/known.h"
#include "dataplane/net/ip4.h"
#include "dataplane/order.h"
#include "dataplane/pipeline_impl.h"

static void forwards_clear_packets(void **state)
{
	const struct rte_ether_hdr *eth;

	(void)state;
	input(LAN, packet(LAN, HOST, CLOUD, IPPROTO_UDP, 64));
	assert_int_equal(h->n_sent, 1);
	assert_int_equal(h->sent_port[0], WAN);
	eth = rte_pktmbuf_mtod(h->sent[0], const struct rte_ether_hdr *);
	assert_memory_equal(&eth->dst_addr, "\x02\x00\x00\x00\x02\x54", 6);
	assert_memory_equal(&eth->src_addr, &ports[WAN].mac, 6);
	assert_int_equal(sent_ip(0)->time_to_live, 63);
	assert_int_equal(rte_raw_cksum(sent_ip(0), 20), 0xffff);
	assert_int_equal(harness_drops(h), 0);
	assert_int_equal(h->port_counters[WAN].tx_packets, 1);
	assert_int_equal(h->port_counters[WAN].tx_bytes, 74);
}

static void answers_pings_to_itself(void **state)
{
	(void)state;
	input(LAN, packet(LAN, HOST, LAN_ADDRESS, IPPROTO_ICMP, 64));
	assert_int_equal(h->n_sent, 1);
	assert_int_equal(h->sent_port[0], LAN);
	assert_int_equal(rte_be_to_cpu_32(sent_ip(0)->dst_addr), HOST);
	assert_int_equal(*((const uint8_t *)sent_ip(0) + 20), 0);
	assert_int_equal(harness_drops(h), 0);
}

static void drops_what_it_has_no_ear_for(void **state)
{
	(void)state;
	input(LAN, packet(LAN, HOST, LAN_ADDRESS, IPPROTO_UDP, 64));
	assert_int_equal(drops(DROP_NET_LOCAL), 1);
	assert_int_equal(h->n_sent, 0);
}

static void answers_an_expired_ttl_and_drops(void **state)
{
	(void)state;
	input(LAN, packet(LAN, HOST, CLOUD, IPPROTO_UDP, 1));
	assert_int_equal(drops(DROP_NET_TTL), 1);
	assert_int_equal(h->n_sent, 1);
	assert_int_equal(h->sent_port[0], LAN);
	assert_int_equal(sent_ip(0)->next_proto_id, IPPROTO_ICMP);
	assert_int_equal(*((const uint8_t *)sent_ip(0) + 20), 11);
	assert_int_equal(rte_be_to_cpu_32(sent_ip(0)->src_addr), LAN_ADDRESS);
}

static void protects_and_takes_back(void **state)
{
	(void)state;
	use_policy(ABI_ACT_PROTECT);
	add_sa(1, ABI_DIR_OUT);
	add_sa(2, ABI_DIR_IN);
	input(LAN, packet(LAN, HOST, CLOUD, IPPROTO_UDP, 64));
	assert_int_equal(h->n_sent, 1);
	assert_int_equal(sent_ip(0)->next_proto_id, IPPROTO_ESP);
	assert_int_equal(rte_be_to_cpu_32(sent_ip(0)->dst_addr), PEER);
	assert_int_equal(worker_sa(&h->worker, 1)->packets, 1);
	assert_int_equal(worker_sa(&h->worker, 1)->bytes, 60);
	assert_int_equal(worker_sa(&h->worker, 1)->hits, 1);
	input(WAN, returned());
	assert_int_equal(worker_sa(&h->worker, 2)->packets, 1);
	assert_int_equal(worker_sa(&h->worker, 2)->bytes, 60);
	/* It is addressed to the cloud, so it goes there once more, under the same policy. */
	assert_int_equal(h->n_sent, 1);
	assert_int_equal(sent_ip(0)->next_proto_id, IPPROTO_ESP);
	assert_int_equal(worker_sa(&h->worker, 1)->packets, 2);
	assert_int_equal(harness_drops(h), 0);
}

static void counts_a_replay_against_its_sa(void **state)
{
	struct rte_mbuf *esp, *again;

	(void)state;
	use_policy(ABI_ACT_PROTECT);
	add_sa(1, ABI_DIR_OUT);
	add_sa(2, ABI_DIR_IN);
	input(LAN, packet(LAN, HOST, CLOUD, IPPROTO_UDP, 64));
	esp = returned();
	again = harness_mbuf(h, rte_pktmbuf_mtod(esp, void *), rte_pktmbuf_pkt_len(esp));
	input(WAN, esp);
	input(WAN, again);
	assert_int_equal(drops(DROP_IN_STATE_SEQUENCE_ERRORS), 1);
	assert_int_equal(h->sa_drops[2].count[DROP_IN_STATE_SEQUENCE_ERRORS], 1);
	assert_int_equal(worker_sa(&h->worker, 2)->drops, 1);
	assert_int_equal(worker_sa(&h->worker, 2)->packets, 1);
}

static void never_lets_a_protected_packet_out_in_clear(void **state)
{
	struct rte_mbuf *m = NULL;

	(void)state;
	use_policy(ABI_ACT_PROTECT);
	input(LAN, packet(LAN, HOST, CLOUD, IPPROTO_UDP, 64));
	assert_int_equal(h->n_sent, 0);
	assert_int_equal(rte_ring_dequeue(h->worker.slow, (void **)&m), 0);
	assert_int_equal(pkt_meta(m)->reason, PKT_SLOW_ACQUIRE);
	assert_int_equal(pkt_meta(m)->sa_slot, POLICY);
	rte_pktmbuf_free(m);
	/* nor without any table */
	spd_free(h->tables.spd);
	h->tables.spd = NULL;
	input(LAN, packet(LAN, HOST, CLOUD, IPPROTO_UDP, 64));
	assert_int_equal(h->n_sent, 0);
	assert_int_equal(harness_drops(h), 1);
}

static void lets_no_clear_packet_in_where_a_policy_protects(void **state)
{
	(void)state;
	use_policy(ABI_ACT_PROTECT);
	input(WAN, packet(WAN, CLOUD, HOST, IPPROTO_UDP, 64));
	input(WAN, packet(WAN, CLOUD, LAN_ADDRESS, IPPROTO_ICMP, 64)); /* not to ourselves either */
	assert_int_equal(drops(DROP_IN_TEMPLATE_MISMATCHES), 2);
	assert_int_equal(h->n_sent, 0);
	use_policy(ABI_ACT_DISCARD);
	input(WAN, packet(WAN, CLOUD, HOST, IPPROTO_UDP, 64));
	assert_int_equal(drops(DROP_IN_POLICY_BLOCKED), 1);
	input(LAN, packet(LAN, HOST, CLOUD, IPPROTO_UDP, 64));
	assert_int_equal(drops(DROP_OUT_POLICY_BLOCKED), 1);
	use_policy(ABI_ACT_BYPASS);
	input(LAN, packet(LAN, HOST, CLOUD, IPPROTO_UDP, 64));
	assert_int_equal(h->n_sent, 1);
}

static void gives_the_manager_what_it_cannot_finish(void **state)
{
	static const struct {
		uint32_t dst;
		enum pkt_slow why;
	} cases[] = {{IP(192, 168, 1, 99), PKT_SLOW_NEIGH}};
	uint8_t arp[42] = {[12] = 8, [13] = 6};
	struct rte_mbuf *m = NULL;

	(void)state;
	input(WAN, packet(WAN, PEER, cases[0].dst, IPPROTO_UDP, 64));
	assert_int_equal(rte_ring_dequeue(h->worker.slow, (void **)&m), 0);
	assert_int_equal(pkt_meta(m)->reason, cases[0].why);
	rte_pktmbuf_free(m);
	memset(arp, 255, 6);
	input(LAN, harness_mbuf(h, arp, sizeof(arp)));
	assert_int_equal(rte_ring_dequeue(h->worker.slow, (void **)&m), 0);
	assert_int_equal(pkt_meta(m)->reason, PKT_SLOW_ARP);
	rte_pktmbuf_free(m);
}

static void punts_ike(void **state)
{
	struct rte_mbuf *m = packet(WAN, PEER, WAN_ADDRESS, IPPROTO_UDP, 64);

	(void)state;
	memcpy(rte_pktmbuf_mtod_offset(m, uint8_t *, 36), "\x01\xf4", 2);
	input(WAN, m);
	assert_int_equal(rte_ring_dequeue(h->worker.ike, (void **)&m), 0);
	assert_int_equal(pkt_meta(m)->reason, PKT_SLOW_IKE);
	assert_int_equal(h->worker.counters->punted, 1);
	rte_pktmbuf_free(m);
}

static void drops_when_the_manager_does_not_keep_up(void **state)
{
	(void)state;
	use_policy(ABI_ACT_PROTECT);
	for (unsigned int i = 0; i < 1100; i++)
		input(LAN, packet(LAN, HOST, CLOUD, IPPROTO_UDP, 64));
	assert_int_equal(drops(DROP_NET_SLOW_FULL), 1100 - rte_ring_count(h->worker.slow));
	assert_in_range(rte_ring_free_count(h->worker.slow), 1, UINT32_MAX);
	assert_int_equal(h->worker.sa_counters[POLICY].drops, 0); /* an index is no SA */
}

static struct rte_mbuf *ike(uint32_t src)
{
	struct rte_mbuf *m = packet(WAN, src, WAN_ADDRESS, IPPROTO_UDP, 64);

	memcpy(rte_pktmbuf_mtod_offset(m, uint8_t *, 36), "\x01\xf4", 2);
	return m;
}

/* What has no SA asks for one through the manager, and so does the answer that brings the SA. */
static void keeps_room_for_ike_and_arp_when_data_has_no_sa(void **state)
{
	uint8_t arp[42] = {[12] = 8, [13] = 6};
	unsigned int before;

	(void)state;
	use_policy(ABI_ACT_PROTECT);
	for (unsigned int i = 0; i < 1100; i++)
		input(LAN, packet(LAN, HOST, CLOUD, IPPROTO_UDP, 64));
	before = rte_ring_count(h->worker.slow);
	memset(arp, 255, 6);
	input(LAN, harness_mbuf(h, arp, sizeof(arp)));
	assert_int_equal(rte_ring_count(h->worker.slow), before + 1);
	input(WAN, ike(PEER));
	assert_int_equal(rte_ring_count(h->worker.ike), 1);
}

/* As control's IKE comes from the manager. */
static struct rte_mbuf *injected(uint32_t dst)
{
	struct rte_mbuf *m = packet(LAN, LAN_ADDRESS, dst, IPPROTO_UDP, 64);

	*pkt_meta(m) = (struct pkt_meta){.verdict = PKT_PUNT,
					 .flags = PKT_F_ORIGIN,
					 .proto = IPPROTO_UDP,
					 .l3_off = 14,
					 .l4_off = 34,
					 .ip_len = 60,
					 .src = LAN_ADDRESS,
					 .dst = dst,
					 .sa_slot = PKT_NO_SA};
	return m;
}

static void keeps_room_for_ike_of_ours_when_data_has_no_neighbour(void **state)
{
	const uint32_t nobody = IP(192, 168, 1, 99);
	unsigned int before;

	(void)state;
	for (unsigned int i = 0; i < 1100; i++)
		input(WAN, packet(WAN, PEER, nobody, IPPROTO_UDP, 64));
	before = rte_ring_count(h->worker.slow);
	assert_int_equal(drops(DROP_NET_SLOW_FULL), 1100 - before);
	assert_int_equal(rte_ring_enqueue(h->worker.reply, injected(nobody)), 0);
	pipeline_poll(&h->worker);
	assert_int_equal(rte_ring_count(h->worker.slow), before + 1);
	assert_int_equal(drops(DROP_NET_SLOW_FULL), 1100 - before);
}

static void keeps_room_for_ike_of_peers_when_strangers_flood(void **state)
{
	struct abi_addr peer = {.family = 4};
	struct known *known = calloc(1, sizeof(*known));
	unsigned int before, of_strangers;

	(void)state;
	ip4_store32(peer.bytes, PEER);
	h->tables.known = known;
	for (unsigned int i = 0; i < 1100; i++)
		input(WAN, ike(IP(198, 51, 100, 1) + i));
	of_strangers = rte_ring_count(h->worker.ike);
	assert_int_equal(drops(DROP_NET_SLOW_FULL), 1100 - of_strangers);
	input(WAN, ike(PEER)); /* who is one, too, before he has an SA */
	assert_int_equal(rte_ring_count(h->worker.ike), of_strangers);
	known_count(known, known_slot(known, &peer), 1);
	before = rte_ring_free_count(h->worker.ike);
	for (unsigned int i = 0; i < before; i++)
		input(WAN, ike(PEER));
	assert_int_equal(rte_ring_free_count(h->worker.ike), 0);
	assert_in_range(before, 200, 300);
	known_count(known, known_slot(known, &peer), -1);
	input(WAN, ike(PEER));
	assert_int_equal(drops(DROP_NET_SLOW_FULL), 1100 - of_strangers + 2);
	h->tables.known = NULL;
	free(known);
}

static void drops_when_a_port_takes_no_more(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < HARNESS_SENT + 100; i++)
		input(LAN, packet(LAN, HOST, CLOUD, IPPROTO_UDP, 64));
	assert_int_equal(drops(DROP_NET_TX_FULL), 100);
	assert_int_equal(h->worker.counters->tx_packets, HARNESS_SENT);
}

static void takes_bursts_of_any_size(void **state)
{
	struct rte_mbuf *pkts[300];

	(void)state;
	for (unsigned int i = 0; i < 300; i++)
		pkts[i] = packet(LAN, HOST, CLOUD, i % 2 ? IPPROTO_UDP : IPPROTO_ICMP, 64);
	pipeline_input(&h->worker, LAN, pkts, 300);
	assert_int_equal(h->n_sent, 300);
	for (unsigned int i = 0; i < 300; i++) /* in order */
		assert_ptr_equal(h->sent[i], pkts[i]);
}

/* A burst for both ports, and then one for a port whose buffer has no room for all of it. */
static void sends_each_packet_to_its_port_in_order(void **state)
{
	struct rte_mbuf *pkts[2 * WORKER_BURST];
	unsigned int next[2] = {0, 1}, port;

	(void)state;
	for (unsigned int i = 0; i < 2 * WORKER_BURST; i++)
		pkts[i] = packet(LAN, HOST, i < WORKER_BURST && i % 2 != 0 ? CLOUD : HOST,
				 IPPROTO_UDP, 64);
	pipeline_input(&h->worker, LAN, pkts, 2 * WORKER_BURST);
	assert_int_equal(h->n_sent, 2 * WORKER_BURST);
	for (unsigned int i = 0; i < h->n_sent; i++) {
		port = h->sent_port[i];
		assert_in_range(port, LAN, WAN);
		assert_ptr_equal(h->sent[i], pkts[next[port]]);
		next[port] += next[port] < WORKER_BURST ? 2 : 1;
	}
	assert_int_equal(harness_drops(h), 0);
}

/* To the WAN, from the SA of a block, or what else flags say. */
static struct rte_mbuf *finished(uint8_t flags, uint16_t block)
{
	struct rte_mbuf *m = harness_mbuf(h, "packet", 6);

	*pkt_meta(m) = (struct pkt_meta){.flags = flags, .out_port = WAN, .trim = block};
	return m;
}

static void of_a_burst_those_wait_whose_turn_it_is_not(void **state)
{
	enum { N = 8 };
	static const struct {
		uint8_t flags; /* of every second one; the others' is PKT_F_PROTECTED */
		bool ordered;  /* in a block, whose turn it is */
	} odd[] = {{PKT_F_PROTECTED, true}, {PKT_F_FROM_SA, true}, {0, true}, {0, false}};
	uint64_t out_of_turn, goes = 0, waits = 0;
	struct rte_mbuf *m[N], *out[WORKER_BURST];
	uint16_t block[2], n;

	(void)state;
	for (unsigned int k = 0; k < RTE_DIM(odd); k++) {
		struct order *o = order_create(SOCKET_ID_ANY, &out_of_turn);

		waits = 0;
		block[0] = order_take_turn(o, &goes, goes + 1, h->worker.now);
		block[1] = order_take_turn(o, &waits, 2, h->worker.now);
		h->worker.order = o;
		for (unsigned int i = 0; i < N; i++)
			m[i] = i % 2 ? finished(odd[k].flags,
						odd[k].ordered ? block[0] : ORDER_NONE)
				     : finished(PKT_F_PROTECTED, block[1]);
		tx_burst(&h->worker, m, N);
		tx_flush(&h->worker);
		h->worker.order = NULL;
		assert_int_equal(h->n_sent, N / 2);
		waits = 1;
		n = 0;
		for (unsigned int i = 0; i < 3 && n == 0; i++) /* blocks that go empty come first */
			order_next(o, h->tables.sad, h->worker.now, out, &n);
		assert_int_equal(n, N / 2);
		for (unsigned int i = 0; i < N; i++)
			assert_ptr_equal(i % 2 ? h->sent[i / 2] : out[i / 2], m[i]);
		rte_pktmbuf_free_bulk(out, n);
		harness_clear_sent(h);
		order_free(o);
	}
}

static void what_a_block_has_no_room_for_goes_at_once(void **state)
{
	enum { N = 8, ROOM = 3 };
	uint64_t out_of_turn, done = 0;
	struct order *o = order_create(SOCKET_ID_ANY, &out_of_turn);
	uint16_t block = order_take_turn(o, &done, 2, h->worker.now);
	struct rte_mbuf *m[WORKER_BURST - ROOM];

	(void)state;
	h->worker.order = o;
	for (unsigned int i = 0; i < RTE_DIM(m); i++)
		m[i] = finished(PKT_F_FROM_SA, block);
	tx_burst(&h->worker, m, RTE_DIM(m));
	for (unsigned int i = 0; i < N; i++)
		m[i] = finished(PKT_F_FROM_SA, block);
	tx_burst(&h->worker, m, N);
	for (unsigned int i = 0; i < 2; i++) /* in no block at all, whatever it says */
		m[N + i] = finished(0, block);
	tx_burst(&h->worker, &m[N], 2);
	tx_flush(&h->worker);
	h->worker.order = NULL;
	assert_int_equal(h->n_sent, N - ROOM + 2);
	assert_memory_equal(h->sent, &m[ROOM], h->n_sent * sizeof(m[0]));
	order_free(o);
}

static void to_no_port_nothing_goes(void **state)
{
	struct rte_mbuf *m[2];

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		m[i] = finished(0, 0);
		pkt_meta(m[i])->out_port = WORKER_MAX_PORTS;
	}
	tx_burst(&h->worker, m, 2);
	tx_flush(&h->worker);
	assert_int_equal(h->n_sent, 0);
	assert_int_equal(h->worker.counters->drops[DROP_OUT_ERRORS], 2);
}

static void bounds_what_it_makes_itself(void **state)
{
	enum { MADE = REENTER_MAX + 104 };

	_Static_assert(REENTER_MAX + 1 <= HARNESS_SENT, "all that is sent is kept");
	(void)state;
	for (unsigned int i = 0; i < MADE; i++) {
		struct rte_mbuf *m = packet(LAN, LAN_ADDRESS, HOST, IPPROTO_ICMP, 64);

		pkt_meta(m)->flags = 0;
		pipeline_reenter(&h->worker, m);
	}
	assert_int_equal(drops(DROP_NET_NO_BUFFER), MADE - REENTER_MAX);
	pipeline_input(&h->worker, LAN, NULL, 0);
	assert_int_equal(h->n_sent, 0); /* no pass, nothing is sent */
	input(LAN, packet(LAN, HOST, CLOUD, IPPROTO_UDP, 64));
	assert_int_equal(h->n_sent, REENTER_MAX + 1);
}

/* 300000 frames, most of them broken somewhere: each ends in one place. */
static void accounts_for_every_frame_at_random(void **state)
{
	uint64_t fed = 0, out = 0, slow = 0, before;
	void *m;

	(void)state;
	srand(7);
	use_policy(ABI_ACT_PROTECT);
	add_sa(1, ABI_DIR_OUT);
	add_sa(2, ABI_DIR_IN);
	for (int i = 0; i < 300000; i++) {
		uint8_t port = rand() % 2;
		static const uint32_t ends[] = {HOST, CLOUD, LAN_ADDRESS,	 WAN_ADDRESS,
						PEER, 0,     IP(192, 168, 1, 99)};
		struct rte_mbuf *p =
			packet(port, ends[rand() % 7], ends[rand() % 7],
			       rand() % 3 ? IPPROTO_UDP : IPPROTO_ESP, (uint8_t)(2 + rand() % 9));
		uint8_t *b = rte_pktmbuf_mtod(p, uint8_t *);

		for (int k = rand() % 4; k > 0; k--)
			b[rand() % 74] = (uint8_t)rand();
		if (rand() % 8 == 0)
			rte_pktmbuf_trim(p, (uint16_t)(rand() % 74));
		before = h->n_sent;
		input(port, p);
		fed++;
		out += h->n_sent - before;
		harness_clear_sent(h);
		while (rte_ring_dequeue(h->worker.slow, &m) == 0 ||
		       rte_ring_dequeue(h->worker.ike, &m) == 0) {
			rte_pktmbuf_free(m);
			slow++;
		}
		assert_int_equal(harness_in_use(h), 0);
	}
	/* ICMP errors are packets more than were fed; no packet is less. */
	assert_true(out + slow + harness_drops(h) >= fed);
	assert_in_range(out, 1000, UINT64_MAX);
	assert_in_range(slow, 1000, UINT64_MAX);
	assert_int_equal(h->worker.counters->tx_packets, out);
}

int main(void)
{
#define WITH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH(forwards_clear_packets),
		WITH(answers_pings_to_itself),
		WITH(drops_what_it_has_no_ear_for),
		WITH(answers_an_expired_ttl_and_drops),
		WITH(protects_and_takes_back),
		WITH(counts_a_replay_against_its_sa),
		WITH(never_lets_a_protected_packet_out_in_clear),
		WITH(lets_no_clear_packet_in_where_a_policy_protects),
		WITH(gives_the_manager_what_it_cannot_finish),
		WITH(punts_ike),
		WITH(drops_when_the_manager_does_not_keep_up),
		WITH(keeps_room_for_ike_and_arp_when_data_has_no_sa),
		WITH(keeps_room_for_ike_of_ours_when_data_has_no_neighbour),
		WITH(keeps_room_for_ike_of_peers_when_strangers_flood),
		WITH(drops_when_a_port_takes_no_more),
		WITH(takes_bursts_of_any_size),
		WITH(sends_each_packet_to_its_port_in_order),
		WITH(of_a_burst_those_wait_whose_turn_it_is_not),
		WITH(what_a_block_has_no_room_for_goes_at_once),
		WITH(to_no_port_nothing_goes),
		WITH(bounds_what_it_makes_itself),
		WITH(accounts_for_every_frame_at_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
