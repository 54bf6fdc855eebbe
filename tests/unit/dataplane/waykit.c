/* SPDX-License-Identifier: BSD-3-Clause */
/* waykit.c - see waykit.h. */
#include "tests/unit/dataplane/waykit.h"

#include "dataplane/ipsec/crypto_impl.h"
#include "dataplane/net/ip4.h"
#include "dataplane/net/port.h"
#include "dataplane/net/route.h"
#include "dataplane/pipeline.h"
#include "tests/random.h"

/* What a site has done. */
struct record {
	size_t len;
	uint8_t bytes[8u << 20];
};

struct waykit wk;
const uint32_t waykit_one[] = {0}, waykit_few[] = {0, 1, 2};

static struct record record[2];
static struct record *to;
static struct stages before[2]; /* of both, when they were done */
static struct iv_gen ivs;	/* the same for both */
static uint64_t seed;
static uint32_t number;

static unsigned int any(unsigned int n)
{
	return random_below(&seed, n);
}

static void note(const void *bytes, size_t len)
{
	assert_true(to->len + len <= sizeof(to->bytes));
	memcpy(to->bytes + to->len, bytes, len);
	to->len += len;
}

/* from: the first of its bytes that count. */
static void note_packet(struct rte_mbuf *m, uint16_t from, uint8_t port)
{
	note(&port, 1);
	note(&m->data_len, sizeof(m->data_len));
	note(rte_pktmbuf_mtod_offset(m, void *, from), m->data_len - (size_t)from);
}

unsigned int waykit_look(void)
{
	unsigned int n = wk.h->n_sent;
	struct rte_mbuf *m;

	for (unsigned int i = 0; i < n; i++)
		note_packet(wk.h->sent[i], 0, wk.h->sent_port[i]);
	harness_clear_sent(wk.h);
	while (rte_ring_dequeue(wk.h->worker.slow, (void **)&m) == 0) {
		/* Its frame's header is written later. */
		note_packet(m, RTE_ETHER_HDR_LEN, pkt_meta(m)->reason);
		note(&pkt_meta(m)->next_hop, sizeof(uint32_t));
		rte_pktmbuf_free(m);
	}
	return n;
}

/* --- the site --- */

static struct abi_addr addr4(uint32_t addr)
{
	struct abi_addr a = {.family = 4};

	ip4_store32(a.bytes, addr);
	return a;
}

static struct abi_route route(uint32_t dst, uint8_t len, uint32_t gateway, uint8_t distance)
{
	return (struct abi_route){.port = ABI_PORT_ANY,
				  .prefix_len = len,
				  .distance = distance,
				  .dst = addr4(dst),
				  .gateway = addr4(gateway)};
}

void waykit_routes(uint32_t gateway)
{
	const struct abi_address addrs[] = {
		{.port = WAYKIT_LAN, .prefix_len = 24, .addr = addr4(WAYKIT_LAN_US)},
		{.port = WAYKIT_WAN, .prefix_len = 24, .addr = addr4(WAYKIT_WAN_US)},
		{.port = WAYKIT_FAR, .prefix_len = 24, .addr = addr4(HARNESS_IP(198, 51, 100, 1))},
	};
	struct abi_route routes[4];
	uint32_t n = 0, status;

	for (uint8_t i = 0; i < (wk.slow ? 2 : 1); i++) {
		routes[n++] = route(HARNESS_IP(198, 18, 0, 0), 16, WAYKIT_FAR_GW - 100u * i,
				    (uint8_t)(1 + i));
		if (gateway != 0)
			routes[n++] = route(0, 0, gateway - 100u * i, (uint8_t)(1 + i));
	}
	fib_free(wk.h->tables.fib);
	wk.h->tables.fib = fib_build(addrs, 3, routes, n, n_ports, SOCKET_ID_ANY, &status);
	assert_non_null(wk.h->tables.fib);
}

void waykit_neighbour(uint8_t port, uint32_t addr, enum neigh_state s, uint8_t mac)
{
	const struct rte_ether_addr a = {{2, 0, 0, 0, 9, mac}};
	uint64_t value;
	int at = neigh_table_find(wk.h->tables.neigh, port, neigh_key4(addr), &value);

	if (at >= 0)
		neigh_table_change(wk.h->tables.neigh, at, s, &a);
	else if (s != NEIGH_FREE)
		neigh_table_insert(wk.h->tables.neigh, port, neigh_key4(addr), s, &a);
}

void waykit_move(uint32_t tunnel, uint32_t remote, uint8_t encap)
{
	const struct abi_sa_add c = tunnels_sa_out(wk.h, tunnel, &tunnels_sha1);
	struct abi_sa_update u = {.msg = {.type = ABI_CMD_SA_UPDATE, .length = sizeof(u)},
				  .slot = c.slot,
				  .spi = c.spi,
				  .what = ABI_SA_UPD_ENDPOINT,
				  .encap = encap,
				  .local = c.local,
				  .remote = addr4(remote)};
	uint32_t detail;

	if (encap == ABI_ENCAP_UDP) {
		u.local_port = 4500;
		u.remote_port = 40007;
	}
	assert_int_equal(sad_update(wk.h->tables.sad, &u, &detail), ABI_OK);
}

void waykit_clear_df(uint32_t tunnel)
{
	struct abi_sa_add c = tunnels_sa_out(wk.h, tunnel, &tunnels_sha1);
	uint32_t detail;

	c.df = ABI_DF_CLEAR;
	assert_int_equal(sad_delete(wk.h->tables.sad, c.slot, c.spi), ABI_OK);
	sad_reclaim(wk.h->tables.sad, c.slot);
	assert_int_equal(sad_add(wk.h->tables.sad, &c, tunnel, wk.h->worker.now, &detail), ABI_OK);
}

struct sa *waykit_sa(uint32_t tunnel)
{
	return sad_slot(wk.h->tables.sad, tunnels_slot_out(tunnel));
}

/* The same each time. */
static void build(void)
{
	wk.h = harness_create(tunnels_slots(WAYKIT_TUNNELS), WAYKIT_TUNNELS, 4095);
	assert_non_null(wk.h);
	assert_int_equal(harness_pipe_create(wk.h), 0);
	ports[WAYKIT_FAR] = ports[WAYKIT_WAN];
	ports[WAYKIT_FAR].mac.addr_bytes[5] = WAYKIT_FAR + 1;
	n_ports = WAYKIT_FAR + 1;
	assert_int_equal(tunnels_create(wk.h, WAYKIT_TUNNELS, &tunnels_sha1, 0), 0);
	waykit_routes(WAYKIT_GW);
	waykit_neighbour(WAYKIT_WAN, WAYKIT_GW, NEIGH_KNOWN, 1);
	waykit_neighbour(WAYKIT_WAN, WAYKIT_NEAR, NEIGH_KNOWN, 2);
	waykit_neighbour(WAYKIT_FAR, WAYKIT_FAR_GW, NEIGH_KNOWN, 3);
	if (ivs.left == 0)
		ivs = wk.h->worker.crypto->iv;
	wk.h->worker.crypto->iv = ivs;
	memset(&wk.counts, 0, sizeof(wk.counts));
	wk.h->worker.stages = &wk.counts;
	stages_switch(&wk.h->worker, true);
	seed = 17;
	number = wk.n_clear = 0;
}

/* What was counted, and that nothing is lost. */
static void leave(void)
{
	const struct worker *w = &wk.h->worker;

	waykit_look();
	note(w->counters, sizeof(*w->counters));
	for (uint32_t t = 0; t < WAYKIT_TUNNELS; t++)
		note(worker_sa(w, tunnels_slot_out(t)), sizeof(struct abi_sa_counters));
	for (uint32_t i = 0; i < n_ports; i++)
		note(&w->port_counters[i], sizeof(w->port_counters[0]));
	note(wk.h->samples, ABI_DROP_SLOTS * ABI_SAMPLES * sizeof(wk.h->samples[0]));
	assert_int_equal(harness_in_use(wk.h), 0);
	order_free(wk.h->worker.order);
	wk.h->worker.order = NULL;
	harness_pipe_free(wk.h);
	harness_free(wk.h);
}

uint64_t waykit_asked(bool without)
{
	return before[without].stage[STAGE_NEIGH].packets;
}

void waykit_play(void (*scene)(void))
{
	for (unsigned int i = 0; i < 2; i++) {
		to = &record[i];
		to->len = 0;
		wk.slow = i == 1;
		build();
		scene();
		before[i] = wk.counts;
		leave();
	}
	assert_int_equal(record[0].len, record[1].len);
	for (size_t i = 0; i < record[0].len; i++)
		if (record[0].bytes[i] != record[1].bytes[i])
			fail_msg("byte %zu of %zu differs", i, record[0].len);
}

/* --- bursts --- */

static uint16_t length(void)
{
	static const uint16_t imix[] = {46, 46, 46, 46, 46, 46, 46, 570, 570, 570, 570, 1420};

	return imix[any(RTE_DIM(imix))];
}

void waykit_seal(const uint32_t *tunnel, unsigned int n_tunnels, uint16_t n, bool many)
{
	struct rte_mbuf *pkts[WORKER_BURST];
	uint32_t t = tunnel[0];

	for (uint16_t i = 0; i < n; i++) {
		if (many || any(3) == 0)
			t = tunnel[any(n_tunnels)];
		if (i == 0 || i == n / 2 || i == n - 1)
			t = tunnel[many ? i % n_tunnels : 0];
		pkts[i] = tunnels_clear(wk.h->pool, t, t, number++, length());
		assert_non_null(pkts[i]);
		wk.n_clear += t == WAYKIT_CLEAR;
	}
	pipeline_input(&wk.h->worker, WAYKIT_LAN, pkts, n);
}

unsigned int waykit_seal_kinds(uint16_t n)
{
	uint32_t all[WAYKIT_TUNNELS];
	unsigned int left = 0;

	for (uint32_t i = 0; i < WAYKIT_TUNNELS; i++)
		all[i] = i;
	waykit_seal(waykit_one, 1, n, false);
	left += waykit_look();
	waykit_seal(waykit_few, RTE_DIM(waykit_few), n, false);
	left += waykit_look();
	waykit_seal(all, WAYKIT_TUNNELS, n, true);
	return left + waykit_look();
}
