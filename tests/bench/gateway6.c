/* SPDX-License-Identifier: BSD-3-Clause */
/* gateway6.c - see gateway6.h. */
#include "tests/bench/gateway6.h"

#include <stdio.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "dataplane/net/fib6.h"
#include "dataplane/net/neigh.h"
#include "dataplane/net/parse.h"

#define ADDR	  16u
#define SOLICIT	  135u /* RFC 4861 section 4.3 */
#define TUNNEL_AT 6u   /* two bytes of a far host */

static const uint8_t lan_us[ADDR] = {0x20, 1, 0x0d, 0xb8, 0, 1, [15] = 1};
static const uint8_t lan_host[ADDR] = {0x20, 1, 0x0d, 0xb8, 0, 1, [15] = 0x12};
static const uint8_t wan_us[ADDR] = {0x20, 1, 0x0d, 0xb8, 0, 0xc8, [14] = 2};
static const uint8_t wan_hop[ADDR] = {0x20, 1, 0x0d, 0xb8, 0, 0xc8, [15] = 1};
static const uint8_t peer[ADDR] = {0x20, 1, 0x0d, 0xb8, 0, 0xfe, [15] = 2};
static const uint8_t far_host[ADDR] = {0x20, 1, 0x0d, 0xb8, 0, 2, [15] = 6};

struct solicitation {
	struct rte_ether_hdr eth;
	struct rte_ipv6_hdr ip;
	uint8_t type, code;
	uint16_t cksum;
	uint32_t reserved;
	uint8_t target[ADDR];
	uint8_t option, units, mac[6];
} __attribute__((packed, aligned(2)));

static struct abi_addr addr6(const uint8_t *bytes)
{
	struct abi_addr a = {.family = 6};

	memcpy(a.bytes, bytes, ADDR);
	return a;
}

static struct abi_range net64(const uint8_t *host)
{
	struct abi_range r = {.family = 6, .port_hi = UINT16_MAX};

	memcpy(r.lo, host, ADDR / 2);
	memcpy(r.hi, host, ADDR / 2);
	memset(r.hi + ADDR / 2, 0xff, ADDR / 2);
	return r;
}

struct abi_addr gateway6_us(void)
{
	return addr6(wan_us);
}

struct abi_addr gateway6_peer(void)
{
	return addr6(peer);
}

struct abi_range gateway6_lan(void)
{
	return net64(lan_host);
}

static void host_behind(uint8_t *host, unsigned int tunnel)
{
	rte_be16_t be = rte_cpu_to_be_16((uint16_t)tunnel);

	memcpy(host, far_host, ADDR);
	memcpy(host + TUNNEL_AT, &be, sizeof(be));
}

struct abi_range gateway6_far(unsigned int tunnel)
{
	uint8_t host[ADDR];

	host_behind(host, tunnel);
	return net64(host);
}

static void no_send(void *ctx, struct rte_mbuf *m)
{
	(void)ctx;
	rte_pktmbuf_free(m);
}

static void no_drop(void *ctx, struct rte_mbuf *m, enum drop_reason reason)
{
	(void)reason;
	no_send(ctx, m);
}

/* A neighbour asks for us, and says by that where it is. */
static int meet(struct harness *h, uint8_t port, const uint8_t *us, const uint8_t *host,
		struct rte_ether_addr mac)
{
	const struct neigh_io io = {.send = no_send,
				    .drop = no_drop,
				    .pool = h->pool,
				    .fib = h->tables.fib,
				    .fib6 = h->tables.fib6};
	struct solicitation s = {
		.eth = {{{2, 0, 0, 0, 0, (uint8_t)(port + 1)}}, mac, RTE_BE16(RTE_ETHER_TYPE_IPV6)},
		.ip = {.vtc_flow = RTE_BE32(0x60000000),
		       .payload_len = RTE_BE16(32),
		       .proto = IPPROTO_ICMPV6,
		       .hop_limits = 255},
		.type = SOLICIT,
		.option = 1,
		.units = 1};
	struct rte_mbuf *m;

	memcpy(s.ip.src_addr, host, ADDR);
	memcpy(s.ip.dst_addr, us, ADDR);
	memcpy(s.target, us, ADDR);
	memcpy(s.mac, &mac, sizeof(s.mac));
	s.cksum = rte_ipv6_udptcp_cksum(&s.ip, &s.type);
	m = harness_mbuf(h, &s, sizeof(s));
	if (m == NULL)
		return -1;
	parse_burst(&h->worker, port, &m, 1);
	if (pkt_meta(m)->verdict != PKT_SLOW) {
		fprintf(stderr, "a neighbour of port %u was not heard\n", port);
		rte_pktmbuf_free(m);
		return -1;
	}
	neigh_nd_input(h->tables.neigh6, &io, m, h->worker.now);
	return 0;
}

int gateway6_site(struct harness *h)
{
	const struct abi_address addrs[] = {
		{.port = 0, .prefix_len = 64, .addr = addr6(lan_us)},
		{.port = 1, .prefix_len = 64, .addr = addr6(wan_us)},
	};
	const struct abi_route route = {.port = ABI_PORT_ANY,
					.distance = 1,
					.dst = {.family = 6},
					.gateway = addr6(wan_hop)};
	uint32_t status = 0;

	h->tables.fib6 = fib6_build(addrs, 2, &route, 1, HARNESS_PORTS, SOCKET_ID_ANY, &status);
	if (h->tables.fib6 == NULL) {
		fprintf(stderr, "IPv6 addresses refused: status %u\n", status);
		return -1;
	}
	if (meet(h, 0, lan_us, lan_host, (struct rte_ether_addr){{2, 0, 0, 0, 1, 0x12}}) != 0)
		return -1;
	return meet(h, 1, wan_us, wan_hop, (struct rte_ether_addr){{2, 0, 0, 0, 2, 0x54}});
}

struct rte_mbuf *gateway6_inner(struct rte_mempool *pool, unsigned int tunnel, bool back,
				uint16_t len, uint32_t flow)
{
	const size_t eth_len = sizeof(struct rte_ether_hdr), ip_len = sizeof(struct rte_ipv6_hdr);
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	struct rte_ether_hdr *eth;
	struct rte_ipv6_hdr *ip;
	struct rte_udp_hdr *udp;
	uint8_t far[ADDR];

	if (m == NULL)
		return NULL;
	host_behind(far, tunnel);
	eth = (struct rte_ether_hdr *)rte_pktmbuf_append(m, (uint16_t)(eth_len + len));
	*eth = (struct rte_ether_hdr){.dst_addr = {{2, 0, 0, 0, 0, 1}},
				      .src_addr = {{2, 0, 0, 0, 1, 0x12}},
				      .ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV6)};
	ip = (struct rte_ipv6_hdr *)(eth + 1);
	*ip = (struct rte_ipv6_hdr){.vtc_flow = RTE_BE32(0x60000000),
				    .payload_len = rte_cpu_to_be_16((uint16_t)(len - ip_len)),
				    .proto = IPPROTO_UDP,
				    .hop_limits = 64};
	memcpy(ip->src_addr, back ? far : lan_host, ADDR);
	memcpy(ip->dst_addr, back ? lan_host : far, ADDR);
	udp = (struct rte_udp_hdr *)(ip + 1);
	*udp = (struct rte_udp_hdr){.src_port = rte_cpu_to_be_16((uint16_t)(10000 + flow % 50000)),
				    .dst_port = RTE_BE16(9),
				    .dgram_len = ip->payload_len};
	memset(udp + 1, 0x5a, len - ip_len - sizeof(*udp));
	udp->dgram_cksum = rte_ipv6_udptcp_cksum(ip, udp);
	return m;
}
