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

struct port {
	char name[ABI_NAME_LEN];
	uint16_t ethdev;
	uint16_t rx_queues; /* a worker whose index is not below this polls nothing here */
	uint16_t tx_queues; /* always the number of workers */
	uint16_t mtu;
	uint16_t vlan; /* 0: frames without a tag; else rx_queues is 0, and ethdev another's too */
	struct rte_ether_addr mac;
	bool link_up;
};

extern struct port ports[WORKER_MAX_PORTS];
extern uint16_t n_ports;

/** Attach the device of devargs (a PCI address or a vdev string), set it up and start it. 0 or
 * -errno; text in err. */
int port_open(const char *name, const char *devargs, uint16_t mtu, uint16_t workers,
	      struct rte_mempool *pool, char *err, size_t err_len);
void port_close_all(void);
/** Refresh link states; true when one changed. */
bool port_poll_links(void);

#endif
