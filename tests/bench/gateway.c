/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * gateway.c - see gateway.h.
 *
 *   host 192.168.1.12 - port 0 [gateway] port 1 - next hop 192.0.2.254 ... peer 203.0.113.2,
 * host 10.100.1.6
 *
 * Slots: 1 outbound, 2 inbound, 3 the peer's outbound SA, which makes the packets of GATEWAY_IN
 * through the esp_out stage outside the timed part; those of tunnel number t, to 10.100.(1 + t).6,
 * come 3 * t later. Packets to 10.200.1.6 match no policy and are only forwarded.
 */
#include "tests/bench/gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "dataplane/ipsec/esp.h"
#include "dataplane/ipsec/mtu.h"
#include "dataplane/ipsec/sad.h"
#include "dataplane/ipsec/spd.h"
#include "dataplane/net/parse.h"
#include "dataplane/net/port.h"
#include "dataplane/pipeline.h"
#include "dataplane/pool.h"
#include "tests/bench/gateway6.h"
#include "tests/unit/dataplane/harness.h"

#define ETHER_LEN  14u
#define MAX_SAS	   64u
#define POLICIES   (2 * GATEWAY_TUNNELS)
#define POOL_CACHE 256u
#define LAN_HOST   HARNESS_IP(192, 168, 1, 12)
#define VPC_HOST   HARNESS_IP(10, 100, 1, 6)
#define CLEAR_DST  HARNESS_IP(10, 200, 1, 6)
#define OTHER_NETS HARNESS_IP(20, 0, 0, 0) /* nobody sends there */
#define GW_WAN	   HARNESS_IP(192, 0, 2, 1)
#define PEER	   HARNESS_IP(203, 0, 113, 2)
#define SLOT_OUT   1u
#define SLOT_IN	   2u
#define SLOT_PEER  3u	 /* the last of a tunnel */
#define WIDE_MTU   1600u /* over IPv6 the largest packets with the longest ICV take 1520 bytes */

_Static_assert(SLOT_PEER *GATEWAY_TUNNELS < MAX_SAS, "slots of all tunnels");

struct gateway {
	struct harness *h;
	struct gateway_shape shape;
	struct rte_mempool *pool;
	struct rte_mbuf **pkts;
	unsigned int n;
	unsigned int tunnels;
	uint64_t sent;
	uint32_t next_flow; /* GATEWAY_MISS: no two packets of a gateway are of one flow */
	struct stages stages;
};

static uint16_t count_and_free(void *ctx, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	struct gateway *g = ctx;

	(void)port;
	g->sent += n;
	rte_pktmbuf_free_bulk(pkts, n);
	return n;
}

/* sad_tick() reports first traffic and the like; nobody is told here. */
static void no_event(void *ctx, const struct abi_ev_sa *ev)
{
	(void)ctx;
	(void)ev;
}

static struct abi_addr addr4(uint32_t a)
{
	struct abi_addr out = {.family = 4};
	uint32_t be = rte_cpu_to_be_32(a);

	memcpy(out.bytes, &be, 4);
	return out;
}

static struct abi_range range4(uint32_t lo, uint32_t hi)
{
	struct abi_range r = {.family = 4, .port_hi = 65535};
	uint32_t a = rte_cpu_to_be_32(lo), b = rte_cpu_to_be_32(hi);

	memcpy(r.lo, &a, 4);
	memcpy(r.hi, &b, 4);
	return r;
}

static uint32_t far_host(unsigned int tunnel)
{
	return VPC_HOST + (tunnel << 8);
}

static uint32_t slot_of(unsigned int tunnel, uint32_t slot)
{
	return SLOT_PEER * tunnel + slot;
}

static struct abi_range lan(const struct gateway *g)
{
	return g->shape.inner6 ? gateway6_lan() : range4(LAN_HOST & 0xffffff00, LAN_HOST | 0xff);
}

static struct abi_range behind(const struct gateway *g, unsigned int tunnel)
{
	uint32_t host = far_host(tunnel);

	return g->shape.inner6 ? gateway6_far(tunnel) : range4(host & 0xffffff00, host | 0xff);
}

static struct abi_addr end_of(const struct gateway *g, bool peer)
{
	if (g->shape.outer6)
		return peer ? gateway6_peer() : gateway6_us();
	return addr4(peer ? PEER : GW_WAN);
}

/* As sad_tick() does when the port has that MTU. */
static void widen(struct sa *sa)
{
	ports[1].mtu = WIDE_MTU;
	sa->mtu = mtu_of(sa, WIDE_MTU);
}

/* slot: that of tunnel 0. */
static int add_sa(struct gateway *g, const struct raw_suite *suite, unsigned int tunnel,
		  uint32_t slot, uint8_t direction, uint32_t policy_index)
{
	const uint16_t natt = g->shape.udp ? 4500 : 0;
	struct abi_sa_add c = {
		.msg = {.type = ABI_CMD_SA_ADD, .length = sizeof(c)},
		.slot = slot_of(tunnel, slot),
		.spi = 0x10000 * slot + SLOT_IN,
		.flags = (direction == ABI_DIR_OUT ? ABI_SA_F_CURRENT : 0) |
			 (g->shape.esn ? ABI_SA_F_ESN : 0),
		.direction = direction,
		.mode = ABI_MODE_TUNNEL,
		.encap = g->shape.udp ? ABI_ENCAP_UDP : ABI_ENCAP_NONE,
		.local_port = natt,
		.remote_port = natt,
		.encr = suite->encr,
		.integ = suite->integ,
		.encr_key_len = suite->encr_key_len,
		.integ_key_len = suite->integ_key_len,
		.salt_len = suite->salt_len,
		.replay_window = direction == ABI_DIR_IN ? 1024 : 0,
		.n_local = 1,
		.n_remote = 1,
	};
	bool peer = slot == SLOT_PEER;
	uint32_t detail = 0;
	uint16_t status;

	c.policy_id = policy_index == SAD_NONE ? 0 : 1 + tunnel;
	c.local = end_of(g, peer);
	c.remote = end_of(g, !peer);
	c.ts_local[0] = peer ? behind(g, tunnel) : lan(g);
	c.ts_remote[0] = peer ? lan(g) : behind(g, tunnel);
	if (slot != SLOT_OUT) /* the two ends of one SA */
		c.spi = 0x20000 + slot_of(tunnel, SLOT_IN);
	memset(c.encr_key, 0x42, suite->encr_key_len);
	memset(c.integ_key, 0x24, suite->integ_key_len);
	status = sad_add(g->h->tables.sad, &c, policy_index, g->h->worker.now, &detail);
	if (status != ABI_OK) {
		fprintf(stderr, "SA %u of %s refused: status %u, field %u\n", slot, suite->name,
			status, detail);
		return -1;
	}
	if (direction == ABI_DIR_OUT && g->shape.outer6)
		widen(sad_slot(g->h->tables.sad, c.slot));
	return 0;
}

static struct abi_policy make_policy(const struct gateway *g, uint32_t id, struct abi_range far)
{
	return (struct abi_policy){
		.msg = {.type = ABI_CMD_POLICY, .length = sizeof(struct abi_policy)},
		.generation = 1,
		.policy_id = id,
		.action = ABI_ACT_PROTECT,
		.mode = ABI_MODE_TUNNEL,
		.local = far.family == 6 ? gateway6_lan()
					 : range4(LAN_HOST & 0xffffff00, LAN_HOST | 0xff),
		.remote = far,
		.tunnel_local = end_of(g, false),
		.tunnel_remote = end_of(g, true)};
}

/* The gateway's own tunnels behind n policies that nobody needs. */
static int set_policies(struct gateway *g, unsigned int others)
{
	unsigned int n = others + g->tunnels;
	struct abi_policy *p = calloc(n, sizeof(*p));
	uint32_t *index = calloc(n, sizeof(*index)), status = 0, detail = 0;
	struct spd *spd = NULL;

	for (unsigned int i = 0; p != NULL && index != NULL && i < n; i++) {
		bool own = i >= others;
		unsigned int tunnel = own ? i - others : 0;

		uint32_t other = OTHER_NETS + (i << 8);

		p[i] = own ? make_policy(g, 1 + tunnel, behind(g, tunnel))
			   : make_policy(g, 1 + g->tunnels + i, range4(other, other | 0xff));
		index[i] = own ? 2 * tunnel : 1 + i % (POLICIES - 1);
	}
	if (p != NULL && index != NULL)
		spd = spd_build(p, index, n, 1, SOCKET_ID_ANY, &status, &detail);
	free(p);
	free(index);
	if (spd == NULL) {
		fprintf(stderr, "%u policies refused: status %u\n", n, status);
		return -1;
	}
	spd_free(g->h->tables.spd);
	g->h->tables.spd = spd;
	return 0;
}

int gateway_change_policies(struct gateway *g, unsigned int n)
{
	return set_policies(g, n - g->tunnels);
}

/* Two policies' places each: that of the peer's SA is none of ours. */
static int add_tunnel(struct gateway *g, const struct raw_suite *suite, unsigned int tunnel)
{
	if (add_sa(g, suite, tunnel, SLOT_OUT, ABI_DIR_OUT, 2 * tunnel) != 0 ||
	    add_sa(g, suite, tunnel, SLOT_IN, ABI_DIR_IN, SAD_NONE) != 0 ||
	    add_sa(g, suite, tunnel, SLOT_PEER, ABI_DIR_OUT, 2 * tunnel + 1) != 0)
		return -1;
	g->tunnels = tunnel + 1;
	return 0;
}

int gateway_add_tunnels(struct gateway *g, const struct raw_suite *suite)
{
	for (unsigned int t = 1; t < GATEWAY_TUNNELS; t++)
		if (add_tunnel(g, suite, t) != 0)
			return -1;
	return set_policies(g, 0);
}

int gateway_change_sas(struct gateway *g, unsigned int n)
{
	struct sad *sad = g->h->tables.sad;

	for (unsigned int i = 0; i < n; i++) {
		uint32_t slot = SLOT_PEER + 1 + i % (MAX_SAS - SLOT_PEER - 1);

		if (add_sa(g, &raw_suites[1], 0, slot, ABI_DIR_OUT, 1 + i % (POLICIES - 1)) != 0)
			return -1;
		if (sad_delete(sad, slot, sad_slot(sad, slot)->spi) != ABI_OK) {
			fprintf(stderr, "SA %u cannot be deleted\n", slot);
			return -1;
		}
		sad_reclaim(sad, slot);
	}
	return 0;
}

struct gateway *gateway_create(const struct raw_suite *suite, struct gateway_shape shape,
			       unsigned int n)
{
	struct gateway *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->n = n;
	g->shape = shape;
	g->pkts = calloc(n, sizeof(*g->pkts));
	g->h = harness_create(MAX_SAS, POLICIES, 1024);
	if (g->pkts == NULL || g->h == NULL || harness_pipe_create(g->h) != 0)
		goto fail;
	/* The process's own pool has a cache per lcore; the harness's has none, to count exactly.
	 * No larger than the packets in flight need: the raw side goes round n buffers, too. */
	g->pool = pool_create("bench", n + 2 * POOL_CACHE, POOL_CACHE, 2176 + RTE_PKTMBUF_HEADROOM,
			      SOCKET_ID_ANY);
	if (g->pool == NULL)
		goto fail;
	g->h->worker.pool = g->pool;
	g->h->worker.stages = &g->stages;
	pipeline_free(&g->h->worker);
	if (pipeline_create(&g->h->worker, count_and_free, g, SOCKET_ID_ANY) != 0 ||
	    ((shape.inner6 || shape.outer6) && gateway6_site(g->h) != 0) ||
	    add_tunnel(g, suite, 0) != 0 || set_policies(g, 0) != 0)
		goto fail;
	return g;
fail:
	fprintf(stderr, "cannot set up the gateway for %s\n", suite->name);
	gateway_free(g);
	return NULL;
}

void gateway_free(struct gateway *g)
{
	if (g == NULL)
		return;
	if (g->h != NULL) {
		harness_pipe_free(g->h);
		harness_free(g->h);
	}
	rte_mempool_free(g->pool);
	free(g->pkts);
	free(g);
}

/* An inner UDP packet of len bytes behind an Ethernet header for port 0. */
static struct rte_mbuf *make_inner(struct gateway *g, uint32_t src, uint32_t dst, uint16_t len,
				   uint32_t flow)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(g->pool);
	struct rte_ether_hdr *eth;
	struct rte_ipv4_hdr *ip;
	struct rte_udp_hdr *udp;

	if (m == NULL)
		return NULL;
	eth = (struct rte_ether_hdr *)rte_pktmbuf_append(m, (uint16_t)(ETHER_LEN + len));
	*eth = (struct rte_ether_hdr){.dst_addr = {{2, 0, 0, 0, 0, 1}},
				      .src_addr = {{2, 0, 0, 0, 1, 0x12}},
				      .ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4)};
	ip = (struct rte_ipv4_hdr *)(eth + 1);
	*ip = (struct rte_ipv4_hdr){.version_ihl = 0x45,
				    .total_length = rte_cpu_to_be_16(len),
				    .time_to_live = 64,
				    .next_proto_id = IPPROTO_UDP,
				    .src_addr = rte_cpu_to_be_32(src),
				    .dst_addr = rte_cpu_to_be_32(dst)};
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	udp = (struct rte_udp_hdr *)(ip + 1);
	*udp = (struct rte_udp_hdr){.src_port = rte_cpu_to_be_16((uint16_t)(10000 + flow % 50000)),
				    .dst_port = RTE_BE16(9),
				    .dgram_len = rte_cpu_to_be_16((uint16_t)(len - 20))};
	memset(udp + 1, 0x5a, len - 28u);
	return m;
}

/* Turn inner packets into what the peer would send: esp_out on the peer's SA, then Ethernet for
 * port 1. first: the number of the first of them. */
static int encapsulate(struct gateway *g, unsigned int first, struct rte_mbuf **pkts, uint16_t n)
{
	const rte_be16_t type =
		g->shape.outer6 ? RTE_BE16(RTE_ETHER_TYPE_IPV6) : RTE_BE16(RTE_ETHER_TYPE_IPV4);

	for (uint16_t i = 0; i < n; i++) {
		struct pkt_meta *meta = pkt_meta(pkts[i]);

		*meta = (struct pkt_meta){.in_port = 1};
		if (g->shape.inner6)
			parse_ipv6(&g->h->worker, pkts[i], ETHER_LEN);
		else
			parse_ipv4(&g->h->worker, pkts[i], ETHER_LEN);
		meta->sa_slot = slot_of((first + i) % g->tunnels, SLOT_PEER);
		meta->flags |= PKT_F_PROTECTED;
	}
	esp_out_burst(&g->h->worker, pkts, n);
	for (uint16_t i = 0; i < n; i++) {
		struct rte_ether_hdr *eth = rte_pktmbuf_mtod(pkts[i], struct rte_ether_hdr *);

		if (pkt_meta(pkts[i])->verdict == PKT_DROP)
			return -1;
		*eth = (struct rte_ether_hdr){.dst_addr = {{2, 0, 0, 0, 0, 2}},
					      .src_addr = {{2, 0, 0, 0, 2, 0x54}},
					      .ether_type = type};
	}
	return 0;
}

static bool comes_sealed(enum gateway_path path)
{
	return path == GATEWAY_IN || path == GATEWAY_FORGED || path == GATEWAY_UNKNOWN;
}

/* What makes a sealed packet one to refuse. */
static void spoil(enum gateway_path path, struct rte_mbuf *m)
{
	uint32_t last = m->data_len - 1u;

	if (path == GATEWAY_FORGED)
		rte_pktmbuf_mtod(m, uint8_t *)[last] ^= 1;
	else if (path == GATEWAY_UNKNOWN) /* the SPI's first byte; the slot in it stays */
		rte_pktmbuf_mtod(m, uint8_t *)[ETHER_LEN + sizeof(struct rte_ipv4_hdr)] ^= 0x40;
}

static int make_packets(struct gateway *g, enum gateway_path path, const uint16_t *len,
			unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		uint32_t far = far_host(i % g->tunnels);
		uint32_t src = comes_sealed(path) ? far : LAN_HOST;
		uint32_t dst = comes_sealed(path)    ? LAN_HOST
			       : path == GATEWAY_OUT ? far
						     : CLEAR_DST;
		uint32_t flow = path == GATEWAY_MISS ? 16 + g->next_flow++ : i % 16;

		/* Neither ports nor hosts make a flow where no policy asks for them: networks do.
		 */
		if (path == GATEWAY_MISS)
			dst += flow << 8;
		if (g->shape.inner6)
			g->pkts[i] = gateway6_inner(
				g->pool, path == GATEWAY_FORWARD ? GATEWAY6_CLEAR : i % g->tunnels,
				comes_sealed(path), len[i], flow);
		else
			g->pkts[i] = make_inner(g, src, dst, len[i], flow);
		if (g->pkts[i] == NULL)
			return -1;
	}
	if (!comes_sealed(path))
		return 0;
	for (unsigned int i = 0; i < n; i += WORKER_BURST)
		if (encapsulate(g, i, g->pkts + i, (uint16_t)RTE_MIN(n - i, WORKER_BURST)) != 0)
			return -1;
	for (unsigned int i = 0; i < n; i++)
		spoil(path, g->pkts[i]);
	return 0;
}

int gateway_prepare(struct gateway *g, enum gateway_path path, const uint16_t *inner_len,
		    unsigned int n)
{
	if (n > g->n || make_packets(g, path, inner_len, n) != 0)
		return -1;
	/* What sad_tick() does between bursts: without it the sequence mark is never moved on. */
	sad_tick(g->h->tables.sad,
		 &(struct sad_tick_io){.counters = g->h->sa_counters,
				       .rows = g->h->max_sas,
				       .workers = 1,
				       .event = no_event},
		 g->h->worker.now);
	g->sent = 0;
	return 0;
}

void gateway_input(struct gateway *g, enum gateway_path path, unsigned int first, unsigned int n)
{
	uint8_t port = comes_sealed(path) ? 1 : 0;

	for (unsigned int i = 0; i < n; i += WORKER_BURST)
		pipeline_input(&g->h->worker, port, g->pkts + first + i,
			       (uint16_t)RTE_MIN(n - i, WORKER_BURST));
}

void gateway_lose(struct gateway *g, unsigned int first, unsigned int n)
{
	rte_pktmbuf_free_bulk(g->pkts + first, n);
}

uint64_t gateway_sent(const struct gateway *g)
{
	return g->sent;
}

void gateway_measure(struct gateway *g, bool on)
{
	if (on)
		memset(&g->stages, 0, sizeof(g->stages));
	stages_switch(&g->h->worker, on);
}

const struct stages *gateway_stages(const struct gateway *g)
{
	return &g->stages;
}

uint64_t gateway_run(struct gateway *g, enum gateway_path path, const uint16_t *inner_len,
		     unsigned int n)
{
	uint64_t expected = path == GATEWAY_FORGED || path == GATEWAY_UNKNOWN ? 0 : n;
	uint64_t start, end;

	if (gateway_prepare(g, path, inner_len, n) != 0)
		return UINT64_MAX;
	start = rte_rdtsc_precise();
	gateway_input(g, path, 0, n);
	end = rte_rdtsc_precise();
	if (g->sent != expected) {
		fprintf(stderr, "%u packets in, %llu out\n", n, (unsigned long long)g->sent);
		for (unsigned int i = 0; i < ABI_DROP_SLOTS; i++)
			if (g->h->worker.counters->drops[i] != 0)
				fprintf(stderr, "  drop reason %u: %llu\n", i,
					(unsigned long long)g->h->worker.counters->drops[i]);
		return UINT64_MAX;
	}
	return end - start;
}
