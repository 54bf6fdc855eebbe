/* SPDX-License-Identifier: BSD-3-Clause */
/* test_neigh.c - the neighbour state machine on a virtual clock, hostile ARP, and readers beside a
 * writer. */
#include "tests/unit/dataplane/net/netkit.h"

#include <pthread.h>

#include "dataplane/net/neigh.h"
#include "dataplane/net/neigh_table.h"

#define SECOND 1000000000ull
#define MAXREC 4096u

static const uint8_t mac_a[6] = {2, 0, 0, 0, 1, 0x12};
static const uint8_t mac_b[6] = {2, 0, 0, 0, 1, 0x13};
static const uint8_t all[6] = {255, 255, 255, 255, 255, 255};

static struct neigh *table;
static uint64_t now;
static struct rte_mbuf *sent[MAXREC];
static unsigned int n_sent, n_dropped[DROP_MAX];

static void rec_send(void *ctx, struct rte_mbuf *m)
{
	(void)ctx;
	assert_true(n_sent < MAXREC);
	assert_int_equal(pkt_meta(m)->verdict, PKT_LOCAL);
	sent[n_sent++] = m;
}

static void rec_drop(void *ctx, struct rte_mbuf *m, enum drop_reason reason)
{
	(void)ctx;
	n_dropped[reason]++;
	rte_pktmbuf_free(m);
}

static struct neigh_io io = {.send = rec_send, .drop = rec_drop};

static void clear_sent(void)
{
	rte_pktmbuf_free_bulk(sent, n_sent);
	n_sent = 0;
}

static int begin(void **state)
{
	kit_begin(state);
	table = neigh_create(SOCKET_ID_ANY);
	kit.h->tables.neigh = table;
	io.pool = kit.h->pool;
	io.fib = kit.h->tables.fib;
	now = 1000 * SECOND;
	memset(n_dropped, 0, sizeof(n_dropped));
	return table != NULL ? 0 : -1;
}

static int end(void **state)
{
	neigh_flush(table, &io);
	neigh_free(table);
	clear_sent();
	return kit_end(state);
}

/* A packet that route has sent towards next_hop on port 0. */
static struct rte_mbuf *outgoing(uint32_t next_hop)
{
	struct frame f = frame_udp(PEER, next_hop, 1, 2, NULL, 10);
	struct rte_mbuf *m = kit_parse(&f);

	pkt_meta(m)->out_port = 0;
	pkt_meta(m)->next_hop = next_hop;
	return m;
}

static enum pkt_verdict stage(struct rte_mbuf *m)
{
	neigh_burst(kit.w, &m, 1);
	return (enum pkt_verdict)pkt_meta(m)->verdict;
}

/* Through the worker, and through the manager when the worker says so. True: sent at once. */
static bool push(uint32_t next_hop)
{
	struct rte_mbuf *m = outgoing(next_hop);
	enum pkt_verdict v = stage(m);

	if (v == PKT_SLOW) {
		neigh_hold(table, &io, m, now);
		return false;
	}
	if (v == PKT_DROP)
		n_dropped[pkt_meta(m)->reason]++;
	rte_pktmbuf_free(m);
	return v == PKT_FORWARD;
}

static void arp(unsigned int op, const uint8_t *sha, uint32_t spa, uint32_t tpa, uint8_t port)
{
	struct frame f = {.len = 60};
	struct rte_mbuf *m;

	memcpy(f.b, op == 1 ? all : (const uint8_t *)&ports[port].mac, 6);
	memcpy(f.b + 6, sha, 6);
	put16(f.b + 12, 0x0806);
	put16(f.b + 14, 1);
	put16(f.b + 16, 0x0800);
	put16(f.b + 18, 0x0604);
	put16(f.b + 20, op);
	memcpy(f.b + 22, sha, 6);
	put32(f.b + 28, spa);
	put32(f.b + 38, tpa);
	m = harness_mbuf(kit.h, f.b, f.len);
	pkt_meta(m)->in_port = port;
	neigh_arp_input(table, &io, m, now);
}

static void assert_arp_sent(unsigned int i, const uint8_t *dst, unsigned int op, uint32_t spa,
			    uint32_t tpa)
{
	const uint8_t *b;

	assert_true(i < n_sent);
	b = rte_pktmbuf_mtod(sent[i], const uint8_t *);
	assert_int_equal(sent[i]->data_len, 60);
	assert_memory_equal(b, dst, 6);
	assert_memory_equal(b + 6, &ports[pkt_meta(sent[i])->out_port].mac, 6);
	assert_int_equal(get16(b + 12), 0x0806);
	assert_int_equal(get16(b + 14), 1);
	assert_int_equal(get16(b + 16), 0x0800);
	assert_int_equal(get16(b + 18), 0x0604);
	assert_int_equal(get16(b + 20), op);
	assert_memory_equal(b + 22, b + 6, 6);
	assert_int_equal(get32(b + 28), spa);
	assert_int_equal(get32(b + 38), tpa);
}

/* Advance in ticks of 100 ms. */
static void pass(uint64_t ms)
{
	for (uint64_t i = 0; i < ms; i += 100) {
		now += SECOND / 10;
		neigh_tick(table, &io, now);
	}
}

static void asks_holds_and_sends_when_answered(void **state)
{
	(void)state;
	assert_false(push(LAN_HOST));
	assert_false(push(LAN_HOST));
	assert_int_equal(n_sent, 1);
	assert_arp_sent(0, all, 1, LAN_US, LAN_HOST);
	clear_sent();
	arp(2, mac_a, LAN_HOST, LAN_US, 0);
	assert_int_equal(n_sent, 2);
	for (unsigned int i = 0; i < 2; i++) {
		const uint8_t *b = rte_pktmbuf_mtod(sent[i], const uint8_t *);

		assert_memory_equal(b, mac_a, 6);
		assert_memory_equal(b + 6, &ports[0].mac, 6);
		assert_int_equal(get16(b + 12), 0x0800);
		assert_int_equal(b[ETH], 0x45);
		assert_int_equal(pkt_meta(sent[i])->out_port, 0);
	}
	assert_true(push(LAN_HOST));
	assert_int_equal(n_dropped[DROP_NET_CONSUMED], 1);
}

static void writes_the_ethernet_header(void **state)
{
	struct rte_mbuf *m;

	(void)state;
	arp(1, mac_a, LAN_HOST, LAN_US, 0);
	m = outgoing(LAN_HOST);
	memset(rte_pktmbuf_mtod(m, void *), 0xee, ETH);
	assert_int_equal(stage(m), PKT_FORWARD);
	assert_memory_equal(rte_pktmbuf_mtod(m, void *), mac_a, 6);
	assert_memory_equal(rte_pktmbuf_mtod(m, uint8_t *) + 6, &ports[0].mac, 6);
	assert_int_equal(get16(rte_pktmbuf_mtod(m, uint8_t *) + 12), 0x0800);
	rte_pktmbuf_free(m);
}

static void asks_once_a_second_and_gives_up(void **state)
{
	(void)state;
	push(LAN_HOST);
	for (unsigned int i = 1; i < NEIGH_TRIES; i++) {
		assert_int_equal(n_sent, i);
		pass(900);
		assert_int_equal(n_sent, i);
		pass(100);
	}
	assert_int_equal(n_sent, NEIGH_TRIES);
	assert_int_equal(n_dropped[DROP_NET_NO_NEIGHBOUR], 0);
	pass(1000);
	assert_int_equal(n_sent, NEIGH_TRIES);
	assert_int_equal(n_dropped[DROP_NET_NO_NEIGHBOUR], 1);
}

static void remembers_who_did_not_answer_for_a_while(void **state)
{
	(void)state;
	push(LAN_HOST);
	pass(NEIGH_TRIES * 1000);
	clear_sent();
	assert_false(push(LAN_HOST));
	assert_int_equal(n_dropped[DROP_NET_NO_NEIGHBOUR], 2);
	assert_int_equal(n_sent, 0);
	pass(NEIGH_FAILED_S * 1000 - 100);
	assert_false(push(LAN_HOST));
	assert_int_equal(n_sent, 0);
	pass(100);
	assert_false(push(LAN_HOST));
	assert_int_equal(n_sent, 1); /* asked afresh */
}

static void tells_the_sender_about_a_dead_host(void **state)
{
	struct frame f = frame_udp(PEER, LAN_HOST, 1, 2, NULL, 10);
	struct rte_mbuf *m;

	(void)state;
	push(LAN_HOST);
	pass(NEIGH_TRIES * 1000);
	m = kit_parse(&f);
	pkt_meta(m)->out_port = 0;
	pkt_meta(m)->next_hop = LAN_HOST;
	assert_int_equal(stage(m), PKT_DROP);
	assert_int_equal(pkt_meta(m)->reason, DROP_NET_NO_NEIGHBOUR);
	assert_int_equal(kit.n_out, 1);
	assert_int_equal(rte_pktmbuf_mtod(kit.out[0], uint8_t *)[ETH + 20], 3);
	assert_int_equal(rte_pktmbuf_mtod(kit.out[0], uint8_t *)[ETH + 21], 1);
	rte_pktmbuf_free(m);
}

static void a_dead_host_that_speaks_is_back_at_once(void **state)
{
	(void)state;
	push(LAN_HOST);
	pass(NEIGH_TRIES * 1000);
	arp(1, mac_a, LAN_HOST, LAN_US, 0);
	assert_true(push(LAN_HOST));
}

static void holds_a_few_and_keeps_the_latest(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < NEIGH_HOLD + 5; i++) {
		struct rte_mbuf *m = outgoing(LAN_HOST);

		rte_pktmbuf_mtod(m, uint8_t *)[ETH + 28] = (uint8_t)i;
		assert_int_equal(stage(m), PKT_SLOW);
		neigh_hold(table, &io, m, now);
	}
	assert_int_equal(n_dropped[DROP_NET_NO_NEIGHBOUR], 5);
	clear_sent();
	arp(2, mac_a, LAN_HOST, LAN_US, 0);
	assert_int_equal(n_sent, NEIGH_HOLD);
	for (unsigned int i = 0; i < NEIGH_HOLD; i++)
		assert_int_equal(rte_pktmbuf_mtod(sent[i], uint8_t *)[ETH + 28], 5 + i);
}

static void refreshes_by_unicast_while_used(void **state)
{
	(void)state;
	arp(1, mac_a, LAN_HOST, LAN_US, 0);
	clear_sent();
	for (unsigned int s = 0; s < 300; s++) {
		assert_true(push(LAN_HOST));
		pass(1000);
		if (n_sent == 0)
			continue;
		assert_arp_sent(0, mac_a, 1, LAN_US, LAN_HOST);
		assert_int_equal(n_sent, 1);
		clear_sent();
		arp(2, mac_a, LAN_HOST, LAN_US, 0);
	}
	assert_int_equal(n_dropped[DROP_NET_NO_NEIGHBOUR], 0);
}

static void forgets_who_is_not_used(void **state)
{
	(void)state;
	arp(1, mac_a, LAN_HOST, LAN_US, 0);
	clear_sent();
	pass(NEIGH_REACHABLE_S * 1000 - 100);
	assert_int_equal(n_sent, 0);
	assert_int_equal(table->n_entries, 1);
	pass(100);
	assert_int_equal(table->n_entries, 0);
}

static void forgets_who_stops_answering(void **state)
{
	(void)state;
	arp(1, mac_a, LAN_HOST, LAN_US, 0);
	clear_sent();
	push(LAN_HOST);
	pass(NEIGH_REACHABLE_S * 1000);
	assert_int_equal(n_sent, NEIGH_TRIES);
	assert_int_equal(table->n_entries, 0);
	assert_false(push(LAN_HOST));
}

static void answers_for_an_address_on_its_own_port_only(void **state)
{
	(void)state;
	arp(1, mac_a, LAN_HOST, LAN_US, 0);
	assert_int_equal(n_sent, 1);
	assert_arp_sent(0, mac_a, 2, LAN_US, LAN_HOST);
	assert_int_equal(n_dropped[DROP_NET_CONSUMED], 1);
	clear_sent();
	arp(1, mac_b, LAN_HOST + 1, WAN_US, 0); /* ours, but not here */
	arp(1, mac_b, WAN_GW, LAN_US, 1);
	arp(1, mac_b, LAN_HOST + 1, LAN_HOST + 2, 0); /* somebody else's business */
	assert_int_equal(n_sent, 0);
	assert_int_equal(n_dropped[DROP_NET_ARP], 3);
	assert_false(push(LAN_HOST + 1));
}

static void answers_a_probe_without_learning(void **state)
{
	(void)state;
	arp(1, mac_a, 0, LAN_US, 0);
	assert_int_equal(n_sent, 1);
	assert_arp_sent(0, mac_a, 2, LAN_US, 0);
	assert_int_equal(table->n_entries, 0);
}

/* Who claims an address of ours, or one that is not on this link, is counted and never learnt. */
static void never_learns_a_spoofed_sender(void **state)
{
	static const uint32_t senders[] = {LAN_US,	 WAN_US,	 WAN_GW, FAR_HOST,
					   LAN_US | 255, LAN_US & ~255u, ~0u,	 IP(127, 0, 0, 1)};

	(void)state;
	for (unsigned int i = 0; i < sizeof(senders) / sizeof(senders[0]); i++) {
		for (unsigned int op = 1; op <= 2; op++) {
			arp(op, mac_b, senders[i], LAN_US, 0);
			arp(op, mac_b, senders[i], senders[i], 0); /* gratuitous */
		}
	}
	assert_int_equal(n_sent, 0);
	assert_int_equal(table->n_entries, 0);
	assert_int_equal(n_dropped[DROP_NET_ARP], 4 * sizeof(senders) / sizeof(senders[0]));
}

static void does_not_learn_from_unasked_replies(void **state)
{
	(void)state;
	arp(2, mac_b, LAN_HOST, LAN_US, 0);
	arp(2, mac_b, LAN_HOST, LAN_HOST, 0);
	arp(1, mac_b, LAN_HOST, LAN_HOST, 0);
	assert_int_equal(table->n_entries, 0);
	assert_int_equal(n_dropped[DROP_NET_ARP], 3);
}

static void follows_a_known_host_to_another_mac_but_not_at_once(void **state)
{
	struct rte_mbuf *m;

	(void)state;
	arp(1, mac_a, LAN_HOST, LAN_US, 0);
	arp(1, mac_b, LAN_HOST, LAN_HOST, 0); /* within the lock */
	m = outgoing(LAN_HOST);
	stage(m);
	assert_memory_equal(rte_pktmbuf_mtod(m, void *), mac_a, 6);
	rte_pktmbuf_free(m);
	now += NEIGH_LOCK_S * SECOND;
	arp(1, mac_b, LAN_HOST, LAN_HOST, 0);
	m = outgoing(LAN_HOST);
	stage(m);
	assert_memory_equal(rte_pktmbuf_mtod(m, void *), mac_b, 6);
	rte_pktmbuf_free(m);
}

static void refuses_malformed_arp(void **state)
{
	static const struct {
		unsigned int off, val;
	} bad[] = {{14, 6}, {16, 0x86dd}, {18, 0x0605}, {18, 0x0804}, {20, 0}, {20, 3}, {20, 9}};
	static const uint8_t group[6] = {1, 0, 0, 0, 0, 1}, zero[6];
	struct frame f = {.len = 42};
	struct rte_mbuf *m;
	unsigned int want = 0;

	(void)state;
	memcpy(f.b + 22, mac_a, 6);
	put16(f.b + 14, 1);
	put16(f.b + 16, 0x0800);
	put16(f.b + 18, 0x0604);
	put16(f.b + 20, 1);
	put32(f.b + 28, LAN_HOST);
	put32(f.b + 38, LAN_US);
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct frame g = f;

		put16(g.b + bad[i].off, bad[i].val);
		m = harness_mbuf(kit.h, g.b, g.len);
		neigh_arp_input(table, &io, m, now);
		assert_int_equal(n_dropped[DROP_NET_ARP], ++want);
	}
	for (size_t len = 0; len < 42; len++) {
		m = harness_mbuf(kit.h, f.b, f.len); /* the rest lies behind its end */
		rte_pktmbuf_trim(m, (uint16_t)(f.len - len));
		neigh_arp_input(table, &io, m, now);
		assert_int_equal(n_dropped[DROP_NET_ARP], ++want);
	}
	arp(1, group, LAN_HOST, LAN_US, 0);
	arp(1, zero, LAN_HOST, LAN_US, 0);
	arp(1, all, LAN_HOST, LAN_US, 0);
	arp(1, (const uint8_t *)&ports[0].mac, LAN_HOST, LAN_US, 0);
	assert_int_equal(n_dropped[DROP_NET_ARP], want + 4);
	assert_int_equal(n_sent, 0);
	m = harness_mbuf(kit.h, f.b, f.len);
	neigh_arp_input(table, &io, m, now);
	assert_int_equal(n_sent, 1);
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
	io.fib = f;
	arp(1, mac_a, LAN_HOST, LAN_US, 0);
	clear_sent();
	for (uint32_t i = 0; i < 3000; i++) {
		push(IP(192, 168, 2, 0) + i);
		clear_sent();
	}
	assert_int_equal(table->n_asked, NEIGH_ASKED_MAX);
	assert_int_equal(harness_in_use(kit.h), NEIGH_ASKED_MAX); /* one held for each */
	assert_true(push(LAN_HOST));				  /* who is known stays known */
	arp(1, mac_b, LAN_HOST + 1, LAN_US, 0);
	assert_true(push(LAN_HOST + 1)); /* who asks for us is learnt */
	neigh_flush(table, &io);
	io.fib = kit.h->tables.fib;
	fib_free(f);
}

static void a_full_table_lets_the_unused_go(void **state)
{
	struct fib *f = wide_lan();

	(void)state;
	io.fib = f;
	arp(1, mac_a, LAN_HOST, LAN_US, 0);
	assert_true(push(LAN_HOST));
	for (uint32_t i = 0; i < 3 * NEIGH_MAX; i++) {
		arp(1, mac_b, IP(192, 168, 2, 1) + i, LAN_US, 0);
		clear_sent();
		assert_true(table->n_entries <= NEIGH_MAX);
		now += 1000;
	}
	assert_int_equal(table->n_entries, NEIGH_MAX);
	assert_true(push(LAN_HOST)); /* used: never a victim */
	assert_true(push(IP(192, 168, 2, 1) + 3 * NEIGH_MAX - 1));
	neigh_flush(table, &io);
	assert_int_equal(table->n_entries, 0);
	io.fib = kit.h->tables.fib;
	fib_free(f);
}

static void forgets_who_is_no_longer_on_link(void **state)
{
	const struct abi_address a = {.port = 1, .prefix_len = 24, .addr = abi4(WAN_US)};
	uint32_t status;
	struct fib *f = fib_build(&a, 1, NULL, 0, 2, SOCKET_ID_ANY, &status);

	(void)state;
	arp(1, mac_a, LAN_HOST, LAN_US, 0);
	push(LAN_HOST + 1);
	assert_int_equal(table->n_entries, 2);
	io.fib = f;
	pass(100);
	assert_int_equal(table->n_entries, 0);
	assert_int_equal(n_dropped[DROP_NET_NO_NEIGHBOUR], 1);
	fib_free(f);
}

static void announces_every_address_on_its_port(void **state)
{
	(void)state;
	neigh_announce(table, &io);
	assert_int_equal(n_sent, 2);
	assert_arp_sent(0, all, 1, LAN_US, LAN_US);
	assert_arp_sent(1, all, 1, WAN_US, WAN_US);
	assert_int_equal(pkt_meta(sent[0])->out_port, 0);
	assert_int_equal(pkt_meta(sent[1])->out_port, 1);
}

static void drops_what_route_should_not_have_sent(void **state)
{
	(void)state;
	neigh_hold(table, &io, outgoing(FAR_HOST), now); /* not on link */
	neigh_hold(table, &io, outgoing(LAN_US), now);
	assert_int_equal(n_dropped[DROP_NET_NO_NEIGHBOUR], 2);
	io.fib = NULL;
	neigh_hold(table, &io, outgoing(LAN_HOST), now);
	assert_int_equal(n_dropped[DROP_NET_NO_NEIGHBOUR], 3);
	assert_int_equal(n_sent, 0);
}

/* What the manager holds when the answer overtakes the packet on the slow ring. */
static void sends_what_was_answered_meanwhile(void **state)
{
	struct rte_mbuf *m = outgoing(LAN_HOST);

	(void)state;
	assert_int_equal(stage(m), PKT_SLOW);
	arp(1, mac_a, LAN_HOST, LAN_US, 0);
	clear_sent();
	neigh_hold(table, &io, m, now);
	assert_int_equal(n_sent, 1);
	assert_memory_equal(rte_pktmbuf_mtod(sent[0], void *), mac_a, 6);
}

/* Any order of events, compared with a twin that only knows who answered last. */
static void keeps_count_under_random_events(void **state)
{
	uint64_t seed = 12345;
	unsigned int fed = 0, out = 0;

	(void)state;
	for (unsigned int i = 0; i < 200000; i++) {
		uint32_t host = IP(192, 168, 1, 2 + kit_random(&seed) % 40);
		const uint8_t *mac = kit_random(&seed) % 2 ? mac_a : mac_b;
		unsigned int held = 0;

		switch (kit_random(&seed) % 4) {
		case 0:
			fed++;
			out += push(host);
			break;
		case 1:
			arp(2, mac, host, LAN_US, 0);
			break;
		case 2:
			if (kit_random(&seed) % 8 == 0)
				arp(1, mac, host, LAN_US, 0);
			break;
		default:
			pass(100 * (kit_random(&seed) % 20));
			break;
		}
		for (unsigned int k = 0; k < n_sent; k++)
			out += get16(rte_pktmbuf_mtod(sent[k], uint8_t *) + 12) == 0x0800;
		clear_sent();
		kit_clear();
		kit.w->now += SECOND;
		for (unsigned int k = 0; k < NEIGH_SLOTS && i % 1000 == 0; k++)
			held += table->entries[k].held;
		if (i % 1000 == 0)
			assert_int_equal(fed, out + held + n_dropped[DROP_NET_NO_NEIGHBOUR]);
	}
	assert_true(out > fed / 10);
	assert_true(n_dropped[DROP_NET_NO_NEIGHBOUR] > fed / 100);
}

/* Midway in a write a reader finds nobody, and the manager gets the packet. */
static void takes_a_slot_being_written_for_empty(void **state)
{
	uint64_t value;
	int at;

	(void)state;
	arp(1, mac_a, LAN_HOST, LAN_US, 0);
	at = neigh_table_find(table, 0, LAN_HOST, &value);
	assert_true(at >= 0);
	table->slots[at].seq++;
	assert_true(neigh_table_find(table, 0, LAN_HOST, &value) < 0);
	table->slots[at].seq++;
	assert_int_equal(neigh_table_find(table, 0, LAN_HOST, &value), at);
}

static struct rte_ether_addr mac_of(uint32_t addr, uint32_t version)
{
	struct rte_ether_addr m;

	put32(m.addr_bytes, addr * 2654435761u);
	m.addr_bytes[0] &= 0xfe;
	put16(m.addr_bytes + 4, version);
	return m;
}

#define RIVALS 8u

/* Addresses that all want the same slot, so that it changes hands all the time. */
static uint32_t rivals[RIVALS];

static void find_rivals(void)
{
	uint32_t home = neigh_table_hash(table, 0, 1) & (NEIGH_SLOTS - 1), addr = 1;

	for (unsigned int n = 0; n < RIVALS; addr++)
		if ((neigh_table_hash(table, 0, addr) & (NEIGH_SLOTS - 1)) == home)
			rivals[n++] = addr;
}

static void *read_on(void *arg)
{
	const int *stop = arg;
	uint64_t seed = 77, wrong = 0;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		uint32_t addr = rivals[kit_random(&seed) % RIVALS];
		struct rte_ether_addr want = mac_of(addr, 0);
		uint64_t value;

		if (neigh_table_find(table, 0, addr, &value) < 0)
			continue;
		/* The first four bytes belong to the address, whatever the version. */
		wrong += memcmp(&value, &want, 4) != 0;
		wrong += neigh_value_state(value) != NEIGH_KNOWN;
	}
	return (void *)(uintptr_t)wrong;
}

static void readers_never_see_half_a_write(void **state)
{
	pthread_t reader;
	uint64_t seed = 3;
	int stop = 0;
	void *wrong;

	(void)state;
	find_rivals();
	assert_int_equal(pthread_create(&reader, NULL, read_on, &stop), 0);
	for (uint32_t i = 0; i < 2000000; i++) {
		uint32_t addr = rivals[kit_random(&seed) % RIVALS];
		struct rte_ether_addr mac = mac_of(addr, i & 0xffff);
		uint64_t value;
		int at = neigh_table_find(table, 0, addr, &value);

		if (at < 0)
			neigh_table_insert(table, 0, addr, NEIGH_KNOWN, &mac);
		else if (i % 3 != 0)
			neigh_table_change(table, at, NEIGH_FREE, NULL);
		else
			neigh_table_change(table, at, NEIGH_KNOWN, &mac);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	assert_int_equal(pthread_join(reader, &wrong), 0);
	assert_null(wrong);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

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
		T(refreshes_by_unicast_while_used),
		T(forgets_who_is_not_used),
		T(forgets_who_stops_answering),
		T(answers_for_an_address_on_its_own_port_only),
		T(answers_a_probe_without_learning),
		T(never_learns_a_spoofed_sender),
		T(does_not_learn_from_unasked_replies),
		T(follows_a_known_host_to_another_mac_but_not_at_once),
		T(refuses_malformed_arp),
		T(a_scan_takes_neither_table_nor_pool),
		T(a_full_table_lets_the_unused_go),
		T(forgets_who_is_no_longer_on_link),
		T(announces_every_address_on_its_port),
		T(drops_what_route_should_not_have_sent),
		T(sends_what_was_answered_meanwhile),
		T(keeps_count_under_random_events),
		T(takes_a_slot_being_written_for_empty),
		T(readers_never_see_half_a_write),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
