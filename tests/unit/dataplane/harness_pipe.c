/* SPDX-License-Identifier: BSD-3-Clause */
/* harness_pipe.c - the whole pipeline around the harness's worker, with two pretended ports. */
#include "tests/unit/dataplane/harness.h"

#include <stdio.h>
#include <string.h>

#include <rte_arp.h>
#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/early.h"
#include "dataplane/ipsec/sad.h"
#include "dataplane/ipsec/spd.h"
#include "dataplane/ipsec/spd_cache.h"
#include "dataplane/net/fib6.h"
#include "dataplane/net/neigh.h"
#include "dataplane/net/port.h"
#include "dataplane/net/reasm.h"
#include "dataplane/net/route.h"
#include "dataplane/pipeline.h"

#define IP(a, b, c, d) HARNESS_IP(a, b, c, d)

static uint16_t keep(void *ctx, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	struct harness *h = ctx;
	uint16_t i;

	for (i = 0; i < n && h->n_sent < HARNESS_SENT; i++) {
		h->sent_port[h->n_sent] = port;
		h->sent[h->n_sent++] = pkts[i];
	}
	return i;
}

void harness_clear_sent(struct harness *h)
{
	rte_pktmbuf_free_bulk(h->sent, h->n_sent);
	h->n_sent = 0;
}

static struct abi_addr addr4(uint32_t ip)
{
	rte_be32_t be = rte_cpu_to_be_32(ip);
	struct abi_addr a = {.family = 4};

	memcpy(a.bytes, &be, sizeof(be));
	return a;
}

static struct fib *build_fib(void)
{
	const struct abi_address addrs[] = {
		{.port = 0, .prefix_len = 24, .addr = addr4(IP(192, 168, 1, 1))},
		{.port = 1, .prefix_len = 24, .addr = addr4(IP(192, 0, 2, 1))},
	};
	const struct abi_route routes[] = {
		{.port = ABI_PORT_ANY, .dst = addr4(0), .gateway = addr4(IP(192, 0, 2, 254))},
	};
	uint32_t status = 0;
	struct fib *f = fib_build(addrs, 2, routes, 1, n_ports, SOCKET_ID_ANY, &status);

	if (!f)
		fprintf(stderr, "harness: fib_build: status %u\n", status);
	return f;
}

static void no_send(void *ctx, struct rte_mbuf *m)
{
	(void)ctx;
	rte_pktmbuf_free(m);
}

static void no_drop(void *ctx, struct rte_mbuf *m, enum drop_reason reason)
{
	(void)ctx;
	(void)reason;
	rte_pktmbuf_free(m);
}

/* Teach the table a neighbour the way the wire does: an ARP reply, after a packet that asks. */
static void add_neighbour(struct harness *h, uint8_t port, uint32_t ours, uint32_t ip,
			  const uint8_t mac[6])
{
	const struct neigh_io io = {
		.send = no_send, .drop = no_drop, .pool = h->pool, .fib = h->tables.fib};
	const struct rte_arp_hdr arp = {
		.arp_hardware = RTE_BE16(RTE_ARP_HRD_ETHER),
		.arp_protocol = RTE_BE16(RTE_ETHER_TYPE_IPV4),
		.arp_hlen = 6,
		.arp_plen = 4,
		.arp_opcode = RTE_BE16(RTE_ARP_OP_REPLY),
		.arp_data = {.arp_sip = rte_cpu_to_be_32(ip), .arp_tip = rte_cpu_to_be_32(ours)}};
	uint8_t asks[60] = {[12] = 0x08, [14] = 0x45}, frame[42] = {[12] = 0x08, [13] = 0x06};
	struct rte_mbuf *m = harness_mbuf(h, asks, sizeof(asks));

	pkt_meta(m)->verdict = PKT_SLOW;
	pkt_meta(m)->l3_off = 14;
	pkt_meta(m)->out_port = port;
	pkt_meta(m)->next_hop = ip;
	neigh_hold(h->tables.neigh, &io, m, h->worker.now);
	memcpy(frame, &ports[port].mac, 6);
	memcpy(frame + 6, mac, 6);
	memcpy(frame + 14, &arp, sizeof(arp));
	memcpy(frame + 22, mac, 6);
	memcpy(frame + 32, &ports[port].mac, 6);
	m = harness_mbuf(h, frame, sizeof(frame));
	pkt_meta(m)->in_port = port;
	pkt_meta(m)->l3_off = 14;
	neigh_arp_input(h->tables.neigh, &io, m, h->worker.now);
}

void harness_ports(void)
{
	n_ports = HARNESS_PORTS;
	for (uint8_t i = 0; i < HARNESS_PORTS; i++) {
		ports[i] = (struct port){.ethdev = i,
					 .tx_queues = 1,
					 .mtu = 1500,
					 .full = WORKER_BURST,
					 .link_up = true};
		snprintf(ports[i].name, sizeof(ports[i].name), "port%u", i);
		ports[i].mac.addr_bytes[0] = 2;
		ports[i].mac.addr_bytes[5] = (uint8_t)(i + 1);
	}
}

int harness_pipe_create(struct harness *h)
{
	static const uint8_t mac_lan[6] = {2, 0, 0, 0, 1, 0x12}, mac_wan[6] = {2, 0, 0, 0, 2, 0x54};
	uint32_t status, detail;

	harness_ports();
	h->tables.fib = build_fib();
	h->tables.neigh = neigh_create(SOCKET_ID_ANY);
	h->tables.neigh6 = neigh_create(SOCKET_ID_ANY);
	h->tables.early = early_spis_create(h->max_sas, SOCKET_ID_ANY);
	h->tables.sad = sad_create(h->max_sas, h->max_policies, h->sa_status, SOCKET_ID_ANY);
	h->tables.spd = spd_build(NULL, NULL, 0, 0, SOCKET_ID_ANY, &status, &detail);
	h->worker.crypto = crypto_create(SOCKET_ID_ANY);
	h->worker.spd_cache = spd_cache_create(SOCKET_ID_ANY);
	h->worker.reasm = reasm_create(0, HARNESS_FRAGMENTS, HARNESS_FRAGMENT_MS, SOCKET_ID_ANY);
	if (!h->tables.early || !h->worker.reasm || !h->tables.fib || !h->tables.neigh ||
	    !h->tables.neigh6 || !h->tables.sad || !h->tables.spd || !h->worker.crypto ||
	    !h->worker.spd_cache || pipeline_create(&h->worker, keep, h, SOCKET_ID_ANY) != 0) {
		fprintf(stderr, "harness: a table could not be made\n");
		harness_pipe_free(h);
		return -1;
	}
	add_neighbour(h, 0, IP(192, 168, 1, 1), IP(192, 168, 1, 12), mac_lan);
	add_neighbour(h, 1, IP(192, 0, 2, 1), IP(192, 0, 2, 254), mac_wan);
	return 0;
}

void harness_pipe_free(struct harness *h)
{
	harness_clear_sent(h);
	pipeline_free(&h->worker);
	reasm_free(h->worker.reasm);
	h->worker.reasm = NULL;
	crypto_free(h->worker.crypto);
	h->worker.crypto = NULL;
	spd_cache_free(h->worker.spd_cache);
	h->worker.spd_cache = NULL;
	spd_free(h->tables.spd);
	sad_free(h->tables.sad);
	early_spis_free(h->tables.early);
	neigh_free(h->tables.neigh);
	neigh_free(h->tables.neigh6);
	fib_free(h->tables.fib);
	fib6_free(h->tables.fib6);
	h->tables = (struct tables){0};
}
