/* SPDX-License-Identifier: BSD-3-Clause */
/* pipeline_impl.h - the pipeline from inside: pipeline.c wires, tx.c sends. */
#ifndef ESPGW_PIPELINE_IMPL_H
#define ESPGW_PIPELINE_IMPL_H

#include "dataplane/pipeline.h"

#define REENTER_MAX (4 * WORKER_BURST)

struct batch {
	uint16_t n;
	struct rte_mbuf *pkts[WORKER_BURST];
};

struct pipeline {
	pipeline_send send;
	void *ctx;
	uint16_t n_reenter;
	struct rte_mbuf *reenter[REENTER_MAX];
	struct batch tx[WORKER_MAX_PORTS];
};

static inline void batch_push(struct batch *b, struct rte_mbuf *m)
{
	b->pkts[b->n++] = m;
}

/** Where packets go when pipeline_create() is not told: the ethdevs. */
uint16_t tx_ethdev(void *ctx, uint8_t port, struct rte_mbuf **pkts, uint16_t n);

/** Into the buffer of meta->out_port, when its turn comes if it is one of several workers' packets
 * of one SA (order.h). Takes it. */
void tx_packet(struct worker *w, struct rte_mbuf *m);
/** The same as it stands, whatever others of its SA do. */
void tx_now(struct worker *w, struct rte_mbuf *m);
/** Send what is in the buffers of all ports. */
void tx_flush(struct worker *w);

#endif
