/* SPDX-License-Identifier: BSD-3-Clause */
/* site.c - see site.h. */
#include "tests/fuzz/site.h"

#include <stdio.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "dataplane/ipsec/sad.h"
#include "dataplane/ipsec/spd.h"
#include "dataplane/net/fib6.h"
#include "dataplane/net/port.h"
#include "dataplane/net/reasm.h"
#include "dataplane/pipeline.h"
#include "tests/unit/dataplane/harness.h"

#define SLOT_OUT   1u
#define SLOT_PLAIN 2u /* inbound, protocol 50 */
#define SLOT_UDP   3u /* inbound, UDP 4500 */
#define SLOT_OWN   4u /* inbound, transport mode */
#define SPI_HIGH   0xabcd00u
#define GW	   HARNESS_IP(192, 0, 2, 1)
#define PEER	   HARNESS_IP(203, 0, 113, 2)
#define OUTER	   (14u + 20u)
#define UDP	   8u

static struct {
	struct harness *h;
	const struct reference_suite *suite;
	uint8_t encr_key[32], integ_key[64];
	uint32_t seq;
	uint64_t fed, sent, slow;
} site;

static const struct reference_suite *find_suite(void)
{
	for (unsigned int i = 0; i < REFERENCE_SUITES; i++)
		if (reference_suites[i].encr == ABI_ENCR_AES_CBC &&
		    reference_suites[i].integ == ABI_INTEG_HMAC_SHA1_96)
			return &reference_suites[i];
	return NULL;
}

static struct abi_range net24(uint8_t a, uint8_t b, uint8_t c)
{
	return (struct abi_range){
		.family = 4, .port_hi = 65535, .lo = {a, b, c, 0}, .hi = {a, b, c, 255}};
}

/* 2001:db8:x::/64 */
static struct abi_range net64(uint8_t x)
{
	struct abi_range r = {.family = 6, .port_hi = 65535, .lo = {0x20, 1, 0xd, 0xb8, 0, x}};

	memcpy(r.hi, r.lo, 8);
	memset(r.hi + 8, 0xff, 8);
	return r;
}

static struct abi_addr host6(uint8_t x, uint8_t last)
{
	return (struct abi_addr){.family = 6, .bytes = {0x20, 1, 0xd, 0xb8, 0, x, [15] = last}};
}

/* 2001:db8:1::1 on the LAN, 2001:db8:2::1 on the WAN. */
static int add_ipv6(void)
{
	const struct abi_address addrs[] = {
		{.port = SITE_LAN, .prefix_len = 64, .addr = host6(1, 1)},
		{.port = SITE_WAN, .prefix_len = 64, .addr = host6(2, 1)},
	};
	const struct abi_route route = {.port = ABI_PORT_ANY,
					.distance = 1,
					.dst = {.family = 6},
					.gateway = host6(2, 0xfe)};
	uint32_t status;

	site.h->tables.fib6 = fib6_build(addrs, 2, &route, 1, 2, SOCKET_ID_ANY, &status);
	return site.h->tables.fib6 ? 0 : -1;
}

static int add_sa(uint32_t slot, uint8_t direction, uint8_t encap)
{
	bool own = slot == SLOT_OWN;
	struct abi_sa_add c = {
		.msg = {ABI_CMD_SA_ADD, sizeof(c), 1},
		.slot = slot,
		.spi = SPI_HIGH * 256 + slot,
		.policy_id = 1,
		.flags = direction == ABI_DIR_OUT ? ABI_SA_F_CURRENT : 0,
		.direction = direction,
		.mode = own ? ABI_MODE_TRANSPORT : ABI_MODE_TUNNEL,
		.encap = encap,
		.encr = site.suite->encr,
		.integ = site.suite->integ,
		.encr_key_len = site.suite->encr_key_len,
		.integ_key_len = site.suite->integ_key_len,
		.local_port = encap ? 4500 : 0,
		.remote_port = encap ? 4500 : 0,
		.replay_window = direction == ABI_DIR_IN ? 128 : 0,
		.local = {.family = 4, .bytes = {192, 0, 2, 1}},
		.remote = {.family = 4, .bytes = {203, 0, 113, 2}},
		.n_local = 2,
		.n_remote = 2,
		.ts_local = {own ? net24(192, 0, 2) : net24(192, 168, 1), net64(1)},
		.ts_remote = {own ? net24(203, 0, 113) : net24(10, 100, 1), net64(11)}};
	uint32_t detail = 0;
	uint16_t status;

	memcpy(c.encr_key, site.encr_key, c.encr_key_len);
	memcpy(c.integ_key, site.integ_key, c.integ_key_len);
	status = sad_add(site.h->tables.sad, &c, 0, site.h->worker.now, &detail);
	if (status != ABI_OK)
		fprintf(stderr, "SA %u refused: %u, field %u\n", slot, status, detail);
	return status == ABI_OK ? 0 : -1;
}

static int add_policy(void)
{
	const struct abi_policy p[2] = {{.policy_id = 1,
					 .action = ABI_ACT_PROTECT,
					 .mode = ABI_MODE_TUNNEL,
					 .local = net24(192, 168, 1),
					 .remote = net24(10, 100, 1)},
					{.policy_id = 2,
					 .action = ABI_ACT_PROTECT,
					 .mode = ABI_MODE_TUNNEL,
					 .local = net64(1),
					 .remote = net64(11)}};
	const uint32_t index[2] = {0, 0}; /* one SA carries both */
	uint32_t status = 0, detail = 0;
	struct spd *spd = spd_build(p, index, 2, 1, SOCKET_ID_ANY, &status, &detail);

	if (!spd)
		return -1;
	spd_free(site.h->tables.spd);
	site.h->tables.spd = spd;
	return 0;
}

int site_create(void)
{
	site.suite = find_suite();
	memset(site.encr_key, 0x11, sizeof(site.encr_key));
	memset(site.integ_key, 0x22, sizeof(site.integ_key));
	site.h = harness_create(64, 16, 2047);
	if (!site.suite || !site.h || harness_pipe_create(site.h) != 0 || add_ipv6() != 0 ||
	    add_policy() != 0)
		return -1;
	return add_sa(SLOT_OUT, ABI_DIR_OUT, ABI_ENCAP_NONE) != 0 ||
			       add_sa(SLOT_PLAIN, ABI_DIR_IN, ABI_ENCAP_NONE) != 0 ||
			       add_sa(SLOT_UDP, ABI_DIR_IN, ABI_ENCAP_UDP) != 0 ||
			       add_sa(SLOT_OWN, ABI_DIR_IN, ABI_ENCAP_NONE) != 0
		       ? -1
		       : 0;
}

void site_free(void)
{
	harness_pipe_free(site.h);
	harness_free(site.h);
	site.h = NULL;
}

static void no_event(void *ctx, const struct abi_ev_sa *ev)
{
	(void)ctx;
	(void)ev;
}

/* What the manager would do between bursts: time goes on, sequence marks move, its packets go. */
static void manage(void)
{
	struct rte_mbuf *m;

	site.h->worker.now += 1000000;
	reasm_expire(&site.h->worker);
	while (rte_ring_dequeue(site.h->worker.slow, (void **)&m) == 0) {
		site.slow++;
		rte_pktmbuf_free(m);
	}
	site.sent += site.h->n_sent;
	harness_clear_sent(site.h);
	sad_tick(site.h->tables.sad,
		 &(struct sad_tick_io){.counters = site.h->sa_counters,
				       .stride = site.h->worker.stride,
				       .workers = 1,
				       .event = no_event},
		 site.h->worker.now);
}

void site_frame(uint8_t port, const uint8_t *bytes, size_t len)
{
	struct rte_mbuf *m = harness_mbuf(site.h, bytes, len > 2176 ? 2176 : len);

	if (!m)
		return; /* the books will tell: a packet leaked */
	site.fed++;
	pipeline_input(&site.h->worker, port, &m, 1);
	manage();
}

static void put_outer(bool udp, uint8_t *out, size_t esp_len)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(out + 14);
	size_t l4 = esp_len + (udp ? UDP : 0);

	memset(out, 0, OUTER);
	memcpy(out, &ports[SITE_WAN].mac, 6);
	out[6] = 2;
	out[11] = 0x54;
	out[12] = 0x08;
	*ip = (struct rte_ipv4_hdr){.version_ihl = 0x45,
				    .total_length = rte_cpu_to_be_16((uint16_t)(20 + l4)),
				    .time_to_live = 60,
				    .next_proto_id = udp ? IPPROTO_UDP : IPPROTO_ESP,
				    .src_addr = rte_cpu_to_be_32(PEER),
				    .dst_addr = rte_cpu_to_be_32(GW)};
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	if (udp)
		*(struct rte_udp_hdr *)(out + OUTER) =
			(struct rte_udp_hdr){.src_port = RTE_BE16(4500),
					     .dst_port = RTE_BE16(4500),
					     .dgram_len = rte_cpu_to_be_16((uint16_t)l4)};
}

size_t site_seal(unsigned int how, struct reference_esp *e, const uint8_t *payload, size_t len,
		 uint8_t *out)
{
	bool udp = (how & SITE_UDP) != 0;
	size_t start = OUTER + (udp ? UDP : 0), esp;

	if (e->spi == 0)
		e->spi = SPI_HIGH * 256 + (udp			  ? SLOT_UDP
					   : how & SITE_TRANSPORT ? SLOT_OWN
								  : SLOT_PLAIN);
	if (e->seq == 0)
		e->seq = ++site.seq;
	esp = reference_seal(site.suite, site.encr_key, site.integ_key, e, payload, len,
			     out + start);
	put_outer(udp, out, esp);
	return start + esp;
}

uint64_t site_fed(void)
{
	return site.fed;
}

uint64_t site_sent(void)
{
	return site.sent;
}

uint64_t site_dropped(void)
{
	return harness_drops(site.h);
}

uint64_t site_drops(unsigned int reason)
{
	return site.h->worker.counters->drops[reason];
}

bool site_check(void)
{
	uint64_t in = site.fed + site.h->worker.counters->made;
	uint32_t held = reasm_held(site.h->worker.reasm); /* fragments without the rest */
	uint64_t out = site.sent + site_dropped() + site.slow + held;
	unsigned int in_use = harness_in_use(site.h);

	if (in == out && in_use == held)
		return true;
	fprintf(stderr,
		"books: fed %lu + made %lu != sent %lu + dropped %lu + manager %lu + held %u; "
		"%u buffers in use\n",
		site.fed, site.h->worker.counters->made, site.sent, site_dropped(), site.slow, held,
		in_use);
	return false;
}
