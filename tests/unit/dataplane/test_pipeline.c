/* SPDX-License-Identifier: BSD-3-Clause */
/* test_pipeline.c - the wiring: each kind of packet takes its way, is counted once, and none is
 * lost. The site is 192.168.1.0/24 on port 0, the world behind 192.0.2.254 on port 1 (harness.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_ring.h>

#include "dataplane/early.h"
#include "dataplane/ipsec/sad.h"
#include "dataplane/ipsec/spd.h"
#include "dataplane/net/port.h"
#include "dataplane/net/reasm.h"
#include "dataplane/pipeline_impl.h"
#include "tests/unit/dataplane/harness.h"

#define IP(a, b, c, d) HARNESS_IP(a, b, c, d)
#define HOST	       IP(192, 168, 1, 12)
#define CLOUD	       IP(10, 100, 1, 6)
#define LAN_ADDRESS    IP(192, 168, 1, 1)
#define WAN_ADDRESS    IP(192, 0, 2, 1)
#define PEER	       IP(192, 0, 2, 254)
#define LAN	       0
#define WAN	       1
#define POLICY	       5u /* index */

static struct harness *h;

static int setup(void **state)
{
	(void)state;
	h = harness_create(64, 16, 2047);
	return h && harness_pipe_create(h) == 0 ? 0 : -1;
}

/* Every test ends with an empty pool. */
static int teardown(void **state)
{
	void *m;

	(void)state;
	harness_clear_sent(h);
	while (rte_ring_dequeue(h->worker.slow, &m) == 0)
		rte_pktmbuf_free(m);
	assert_int_equal(harness_in_use(h), 0);
	harness_pipe_free(h);
	harness_free(h);
	return 0;
}

/* A UDP or ICMP echo packet, behind Ethernet to the port's MAC. */
static struct rte_mbuf *packet(uint8_t port, uint32_t src, uint32_t dst, uint8_t proto, uint8_t ttl)
{
	uint8_t frame[14 + 20 + 40] = {[12] = 0x08};
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame + 14);
	uint8_t *l4 = frame + 34;
	uint16_t sum;

	memcpy(frame, &ports[port].mac, 6);
	frame[6] = 2;
	frame[11] = 0x77;
	*ip = (struct rte_ipv4_hdr){.version_ihl = 0x45,
				    .total_length = RTE_BE16(60),
				    .time_to_live = ttl,
				    .next_proto_id = proto,
				    .src_addr = rte_cpu_to_be_32(src),
				    .dst_addr = rte_cpu_to_be_32(dst)};
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	if (proto == IPPROTO_ICMP) {
		l4[0] = 8;
		sum = (uint16_t)~rte_raw_cksum(l4, 40);
		memcpy(l4 + 2, &sum, 2);
	} else {
		memcpy(l4, "\x30\x39\x00\x35\x00\x28\x00\x00", 8);
	}
	return harness_mbuf(h, frame, sizeof(frame));
}

static void input(uint8_t port, struct rte_mbuf *m)
{
	pipeline_input(&h->worker, port, &m, 1);
}

static uint64_t drops(enum drop_reason reason)
{
	return h->worker.counters->drops[reason];
}

static const struct rte_ipv4_hdr *sent_ip(unsigned int i)
{
	return rte_pktmbuf_mtod_offset(h->sent[i], const struct rte_ipv4_hdr *, 14);
}

static void use_policy(uint8_t action)
{
	struct abi_policy p = {.policy_id = 1,
			       .action = action,
			       .mode = ABI_MODE_TUNNEL,
			       .local = {.family = 4, .port_hi = 65535, .lo = {192, 168, 1}},
			       .remote = {.family = 4, .port_hi = 65535, .lo = {10, 100, 1}}};
	uint32_t index = POLICY, status = 0, detail = 0;

	memcpy(p.local.hi, "\xc0\xa8\x01\xff", 4);
	memcpy(p.remote.hi, "\x0a\x64\x01\xff", 4);
	spd_free(h->tables.spd);
	h->tables.spd = spd_build(&p, &index, 1, 1, SOCKET_ID_ANY, &status, &detail);
	assert_non_null(h->tables.spd);
}

/* Out: the policy's SA. In: what takes that SA's own packets when their outer ends are swapped. */
static void add_sa(uint32_t slot, uint8_t direction)
{
	struct abi_sa_add c = {.msg = {ABI_CMD_SA_ADD, sizeof(c), 1},
			       .slot = slot,
			       .spi = 0x10000 + 2,
			       .policy_id = 1,
			       .flags = direction == ABI_DIR_OUT ? ABI_SA_F_CURRENT : 0,
			       .direction = direction,
			       .mode = ABI_MODE_TUNNEL,
			       .encr = ABI_ENCR_AES_CBC,
			       .integ = ABI_INTEG_HMAC_SHA1_96,
			       .encr_key_len = 16,
			       .integ_key_len = 20,
			       .replay_window = direction == ABI_DIR_IN ? 128 : 0,
			       .local = {.family = 4, .bytes = {192, 0, 2, 1}},
			       .remote = {.family = 4, .bytes = {192, 0, 2, 254}},
			       .n_local = 1,
			       .n_remote = 1,
			       .ts_local = {{.family = 4, .port_hi = 65535}},
			       .ts_remote = {{.family = 4, .port_hi = 65535}}};
	uint32_t detail;

	memset(c.ts_local[0].hi, 255, 4);
	memset(c.ts_remote[0].hi, 255, 4);
	assert_int_equal(sad_add(h->tables.sad, &c, POLICY, h->worker.now, &detail), ABI_OK);
}

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
	assert_int_equal(h->port_counters[WAN * 2].tx_packets, 1);
	assert_int_equal(h->port_counters[WAN * 2].tx_bytes, 74);
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

/* What was sent first, as the peer sends the same bytes to us; inside is a packet for the site's
 * other end. */
static struct rte_mbuf *returned(void)
{
	struct rte_mbuf *esp = h->sent[0];
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(esp, struct rte_ipv4_hdr *, 14);

	h->n_sent = 0;
	ip->src_addr = rte_cpu_to_be_32(PEER);
	ip->dst_addr = rte_cpu_to_be_32(WAN_ADDRESS);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	memcpy(rte_pktmbuf_mtod(esp, uint8_t *), &ports[WAN].mac, 6);
	return esp;
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
	assert_int_equal(h->sa_drops[2 * 2].count[DROP_IN_STATE_SEQUENCE_ERRORS], 1);
	assert_int_equal(worker_sa(&h->worker, 2)->drops, 1);
	assert_int_equal(worker_sa(&h->worker, 2)->packets, 1);
}

/* ESP for an inbound SA that is not there yet, and whose SPI is expected, or is not. */
static struct rte_mbuf *early(bool expected)
{
	use_policy(ABI_ACT_PROTECT);
	add_sa(1, ABI_DIR_OUT);
	if (expected)
		early_expect(h->tables.early, 0x10000 + 2);
	input(LAN, packet(LAN, HOST, CLOUD, IPPROTO_UDP, 64));
	assert_int_equal(h->n_sent, 1);
	return returned();
}

static void what_comes_before_its_sa_waits_for_it(void **state)
{
	(void)state;
	input(WAN, early(true));
	(void)pipeline_poll(&h->worker);
	assert_int_equal(harness_drops(h), 0);
	h->worker.now += EARLY_NS - 1;
	add_sa(2, ABI_DIR_IN);
	(void)pipeline_poll(&h->worker);
	assert_int_equal(worker_sa(&h->worker, 2)->packets, 1);
	assert_int_equal(h->n_sent, 1);
	assert_int_equal(harness_drops(h), 0);
	(void)pipeline_poll(&h->worker); /* once */
	assert_int_equal(worker_sa(&h->worker, 2)->packets, 1);
}

static void what_waits_too_long_is_dropped(void **state)
{
	(void)state;
	input(WAN, early(true));
	h->worker.now += EARLY_NS - 1;
	(void)pipeline_poll(&h->worker);
	assert_int_equal(drops(DROP_IN_NO_STATES), 0);
	h->worker.now++;
	(void)pipeline_poll(&h->worker);
	assert_int_equal(drops(DROP_IN_NO_STATES), 1);
	add_sa(2, ABI_DIR_IN);
	(void)pipeline_poll(&h->worker);
	assert_int_equal(worker_sa(&h->worker, 2)->packets, 0);
}

static void what_nobody_expects_does_not_wait(void **state)
{
	struct rte_mbuf *m = early(false);

	(void)state;
	early_expect(h->tables.early, 0x20000 + 2); /* another one of this slot */
	input(WAN, m);
	assert_int_equal(drops(DROP_IN_NO_STATES), 1);
	m = packet(WAN, PEER, WAN_ADDRESS, IPPROTO_ESP, 64);
	memset(rte_pktmbuf_mtod_offset(m, void *, 34), 0, 4); /* no SPI, as in empty slots */
	input(WAN, m);
	assert_int_equal(drops(DROP_IN_NO_STATES), 2);
}

/* An SA that is there and takes other packets is not waited for. */
static void what_is_to_another_address_does_not_wait(void **state)
{
	struct rte_mbuf *m = early(true);

	(void)state;
	add_sa(2, ABI_DIR_IN);
	sad_slot(h->tables.sad, 2)->endpoint++;
	input(WAN, m);
	assert_int_equal(drops(DROP_IN_NO_STATES), 1);
}

static void only_so_many_wait(void **state)
{
	struct rte_mbuf *m = early(true), *copy;

	(void)state;
	for (unsigned int i = 0; i < EARLY_MAX + 10; i++) {
		copy = harness_mbuf(h, rte_pktmbuf_mtod(m, void *), rte_pktmbuf_pkt_len(m));
		input(WAN, copy);
	}
	rte_pktmbuf_free(m);
	assert_int_equal(drops(DROP_IN_NO_STATES), 10);
	assert_int_equal(harness_in_use(h), EARLY_MAX);
	add_sa(2, ABI_DIR_IN);
	(void)pipeline_poll(&h->worker);
	assert_int_equal(worker_sa(&h->worker, 2)->packets, 1);
	assert_int_equal(drops(DROP_IN_STATE_SEQUENCE_ERRORS), EARLY_MAX - 1);
	/* What still waits at the end is freed with the worker. */
	assert_int_equal(sad_delete(h->tables.sad, 2, 0x10000 + 2), ABI_OK);
	sad_reclaim(h->tables.sad, 2);
	harness_clear_sent(h);
	input(LAN, packet(LAN, HOST, CLOUD, IPPROTO_UDP, 64));
	input(WAN, returned());
	assert_int_equal(harness_in_use(h), 1);
	early_clear(&h->worker.pipe->early);
}

/* Half a datagram of ESP to us, whose SPI is 0. */
static struct rte_mbuf *half(uint16_t id, bool second)
{
	struct rte_mbuf *m = packet(WAN, PEER, WAN_ADDRESS, IPPROTO_ESP, 64);
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, 14);

	memset(ip + 1, 0, 40);
	ip->packet_id = rte_cpu_to_be_16(id);
	ip->fragment_offset = second ? RTE_BE16(40 / 8) : RTE_BE16(RTE_IPV4_HDR_MF_FLAG);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	return m;
}

/* A batch has no room for all of both. */
static void what_waits_and_fragments_handed_over_are_apart(void **state)
{
	struct reasm *own = h->worker.reasm, *all[2], *another;
	struct rte_mbuf *m = early(true);
	struct worker other = h->worker;

	(void)state;
	/* Both places of the other one's table are this worker: it keeps nothing itself. */
	h->worker.reasm = all[0] = all[1] = reasm_create(0, 1024, 15000, SOCKET_ID_ANY);
	other.reasm = another = reasm_create(7, 16, 15000, SOCKET_ID_ANY);
	assert_non_null(all[0]);
	assert_non_null(another);
	reasm_connect(another, all, 2);
	for (unsigned int i = 0; i < EARLY_MAX; i++)
		input(WAN, harness_mbuf(h, rte_pktmbuf_mtod(m, void *), rte_pktmbuf_pkt_len(m)));
	rte_pktmbuf_free(m);
	for (uint16_t id = 0; id < WORKER_BURST; id++) {
		input(WAN, half(id, false));
		m = half(id, true);
		pipeline_input(&other, WAN, &m, 1);
	}
	assert_int_equal(harness_in_use(h), EARLY_MAX + 2 * WORKER_BURST);
	add_sa(2, ABI_DIR_IN);
	(void)pipeline_poll(&h->worker);
	assert_int_equal(worker_sa(&h->worker, 2)->packets, 1);
	assert_int_equal(drops(DROP_IN_STATE_SEQUENCE_ERRORS), EARLY_MAX - 1);
	assert_int_equal(drops(DROP_IN_NO_STATES), WORKER_BURST);
	h->worker.reasm = own;
	reasm_free(all[0]);
	reasm_free(another);
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
	assert_int_equal(rte_ring_dequeue(h->worker.slow, (void **)&m), 0);
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
	assert_int_equal(drops(DROP_NET_SLOW_FULL), 1100 - rte_ring_get_capacity(h->worker.slow));
	assert_int_equal(h->worker.sa_counters[POLICY * 2].drops, 0); /* an index is no SA */
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

static void bounds_what_it_makes_itself(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		struct rte_mbuf *m = packet(LAN, LAN_ADDRESS, HOST, IPPROTO_ICMP, 64);

		pkt_meta(m)->flags = 0;
		pipeline_reenter(&h->worker, m);
	}
	assert_int_equal(drops(DROP_NET_NO_BUFFER), 1000 - 4 * WORKER_BURST);
	pipeline_input(&h->worker, LAN, NULL, 0);
	assert_int_equal(h->n_sent, 0); /* no pass, nothing is sent */
	input(LAN, packet(LAN, HOST, CLOUD, IPPROTO_UDP, 64));
	assert_int_equal(h->n_sent, 4 * WORKER_BURST + 1);
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
		while (rte_ring_dequeue(h->worker.slow, &m) == 0) {
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
		WITH(what_comes_before_its_sa_waits_for_it),
		WITH(what_waits_too_long_is_dropped),
		WITH(what_nobody_expects_does_not_wait),
		WITH(what_is_to_another_address_does_not_wait),
		WITH(only_so_many_wait),
		WITH(what_waits_and_fragments_handed_over_are_apart),
		WITH(never_lets_a_protected_packet_out_in_clear),
		WITH(lets_no_clear_packet_in_where_a_policy_protects),
		WITH(gives_the_manager_what_it_cannot_finish),
		WITH(punts_ike),
		WITH(drops_when_the_manager_does_not_keep_up),
		WITH(drops_when_a_port_takes_no_more),
		WITH(takes_bursts_of_any_size),
		WITH(bounds_what_it_makes_itself),
		WITH(accounts_for_every_frame_at_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
