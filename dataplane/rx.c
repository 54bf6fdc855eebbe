/* SPDX-License-Identifier: BSD-3-Clause */
/* rx.c - the start of the pipeline: what a port has received. */
#include <rte_ethdev.h>

#include "dataplane/net/port.h"
#include "dataplane/pipeline_impl.h"

#define RX_FULL 32u /* what some drivers give at most for one asking */

uint16_t rx_burst(struct worker *w, uint8_t port, struct rte_mbuf **pkts)
{
	struct abi_port_counters *c = &w->port_counters[(uint64_t)port * w->stride];
	uint16_t n = 0, got;

	do {
		got = rte_eth_rx_burst(ports[port].ethdev, (uint16_t)w->index, pkts + n,
				       (uint16_t)(WORKER_BURST - n));
		n = (uint16_t)(n + got);
	} while (got >= RX_FULL && n < WORKER_BURST);
	for (uint16_t i = 0; i < n; i++)
		c->rx_bytes += pkts[i]->pkt_len;
	c->rx_packets += n;
	return n;
}
