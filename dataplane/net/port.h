/* SPDX-License-Identifier: BSD-3-Clause */
/* port.h - DPDK ethdevs as ports: one RX and one TX queue per worker where the device has them. */
#ifndef ESPGW_NET_PORT_H
#define ESPGW_NET_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_mempool.h>

#include "dataplane/api/messages.h"
#include "dataplane/worker.h"

/* Of one queue, where the device has so many. A receive queue holds what comes while a burst is
 * carried: of three times as much as we can carry three bursts, and a fourth of that for the look
 * at them. What is sent keeps its buffers until the driver comes round: no longer than two bursts.
 */
#define PORT_RX_DESCRIPTORS 2048u
#define PORT_TX_DESCRIPTORS 1024u

struct port {
	char name[ABI_NAME_LEN];
	uint16_t ethdev;
	uint16_t rx_queues; /* a worker whose index is not below this polls nothing here */
	uint16_t tx_queues; /* always the number of workers */
	uint16_t mtu;
	uint16_t full; /* a receive burst so long says that there is more behind it, or was */
	uint16_t vlan; /* 0: frames without a tag; else rx_queues is 0, and ethdev another's too */
	struct rte_ether_addr mac;
	bool link_up;
};

extern struct port ports[WORKER_MAX_PORTS];
extern uint16_t n_ports;

/** struct port.full of a receive queue that holds so many packets; 0: its driver does not say. */
uint16_t port_full_burst(uint32_t queue);

/** Attach the device of devargs (a PCI address or a vdev string), set it up and start it. 0 or
 * -errno; text in err. */
int port_open(const char *name, const char *devargs, uint16_t mtu, uint16_t workers,
	      struct rte_mempool *pool, char *err, size_t err_len);
void port_close_all(void);
/** Refresh link states; true when one changed. */
bool port_poll_links(void);

#endif
