/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sitekit.h - packets, policy and SAs of the site that harness_pipe_create() pretends:
 * 192.168.1.0/24 on port 0, the world behind 192.0.2.254 on port 1. For one test file each.
 */
#ifndef ESPGW_TESTS_SITEKIT_H
#define ESPGW_TESTS_SITEKIT_H

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

#include "dataplane/ipsec/sad.h"
#include "dataplane/ipsec/spd.h"
#include "dataplane/net/port.h"
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
#define SPI	       (0x10000u + 2u)

static struct harness *h;

static inline int setup(void **state)
{
	(void)state;
	h = harness_create(64, 16, 4095);
	return h && harness_pipe_create(h) == 0 ? 0 : -1;
}

/* Every test ends with an empty pool. */
static inline int teardown(void **state)
{
	void *m;

	(void)state;
	harness_clear_sent(h);
	while (rte_ring_dequeue(h->worker.slow, &m) == 0 ||
	       rte_ring_dequeue(h->worker.ike, &m) == 0)
		rte_pktmbuf_free(m);
	assert_int_equal(harness_in_use(h), 0);
	harness_pipe_free(h);
	harness_free(h);
	return 0;
}

/* A UDP or ICMP echo packet, behind Ethernet to the port's MAC. */
static inline struct rte_mbuf *packet(uint8_t port, uint32_t src, uint32_t dst, uint8_t proto,
				      uint8_t ttl)
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

static inline void input(uint8_t port, struct rte_mbuf *m)
{
	pipeline_input(&h->worker, port, &m, 1);
}

static inline uint64_t drops(enum drop_reason reason)
{
	return h->worker.counters->drops[reason];
}

static inline const struct rte_ipv4_hdr *sent_ip(unsigned int i)
{
	return rte_pktmbuf_mtod_offset(h->sent[i], const struct rte_ipv4_hdr *, 14);
}

static inline void use_policy(uint8_t action)
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
static inline void add_sa(uint32_t slot, uint8_t direction)
{
	struct abi_sa_add c = {.msg = {ABI_CMD_SA_ADD, sizeof(c), 1},
			       .slot = slot,
			       .spi = SPI,
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

/* What was sent as the i-th, as the peer sends the same bytes to us; inside is a packet for the
 * site's other end. A copy. */
static inline struct rte_mbuf *sealed(unsigned int i)
{
	struct rte_mbuf *esp = harness_mbuf(h, rte_pktmbuf_mtod(h->sent[i], void *),
					    rte_pktmbuf_pkt_len(h->sent[i]));
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(esp, struct rte_ipv4_hdr *, 14);

	ip->src_addr = rte_cpu_to_be_32(PEER);
	ip->dst_addr = rte_cpu_to_be_32(WAN_ADDRESS);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	memcpy(rte_pktmbuf_mtod(esp, uint8_t *), &ports[WAN].mac, 6);
	return esp;
}

/* The first one, which is not kept besides. */
static inline struct rte_mbuf *returned(void)
{
	struct rte_mbuf *esp = sealed(0);

	rte_pktmbuf_free(h->sent[0]);
	h->n_sent = 0;
	return esp;
}

#endif
