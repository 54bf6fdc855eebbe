/* SPDX-License-Identifier: BSD-3-Clause */
/* pipeline_impl.h - the pipeline from inside: pipeline.c wires, rx.c and tx.c do the ends, turn.c
 * waits. */
#ifndef ESPGW_PIPELINE_IMPL_H
#define ESPGW_PIPELINE_IMPL_H

#include <stdbool.h>

#include "dataplane/early.h"
#include "dataplane/net/port.h"
#include "dataplane/pipeline.h"

#define REENTER_MAX (4 * WORKER_BURST)
_Static_assert(WORKER_MAX_PORTS <= 32, "a bit of tx_ports for each");

struct batch {
	uint16_t n;
	struct rte_mbuf *pkts[WORKER_BURST];
};

/* A device's queue is carried, and what comes while one looks at it: a burst of it leaves at once.
 */
#define RX_BACKLOG (PORT_RX_DESCRIPTORS + WORKER_BURST)

/* What one port has given ahead of what is carried; rx.c. */
struct rx_backlog {
	bool pressed; /* the last burst was full */
	uint16_t first, n;
	struct rte_mbuf *pkts[RX_BACKLOG];
};

struct pipeline {
	pipeline_send send;
	void *ctx;
	uint64_t (*clock)(void); /* in cycles */
	uint64_t carry; /* when what the last look at a port gave began to be carried; rx.c */
	struct early early;
	uint16_t n_reenter;
	struct rte_mbuf *reenter[REENTER_MAX];
	uint32_t tx_ports; /* a bit for each that has something in its buffer */
	struct batch tx[WORKER_MAX_PORTS];
	struct rx_backlog backlog[WORKER_MAX_PORTS];
};

static inline void batch_push(struct batch *b, struct rte_mbuf *m)
{
	b->pkts[b->n++] = m;
}

/** Do all have that verdict? The common case, found without writing or branching. */
static inline bool batch_all_are(struct rte_mbuf *const *pkts, uint16_t n, uint8_t verdict)
{
	uint8_t other = 0;

	for (uint16_t i = 0; i < n; i++)
		other |= pkt_meta(pkts[i])->verdict ^ verdict;
	return other == 0;
}

/** A burst of at most WORKER_BURST packets from the port. Large ones are cheaper per packet, but
 * none is waited for: a driver that gives few has no more. When more comes than is carried, IKE,
 * ARP and neighbour discovery come first, and data is dropped here (rx.c says how). */
uint16_t rx_burst(struct worker *w, uint8_t port, struct rte_mbuf **pkts);
enum rx_rank {
	RX_DATA,
	RX_STRANGERS, /* IKE of a host without an SA */
	RX_URGENT     /* other IKE, ARP, neighbour discovery */
};

/** What is a frame that nothing has looked at? known: as in struct tables. */
enum rx_rank rx_rank(const struct known *known, const struct rte_mbuf *m);
/** Free what waits. */
void rx_clear(struct rx_backlog *b);

/** To the manager, through the ring for IKE or the other; dropped when that is full. Takes it. */
void handover(struct worker *w, struct rte_mbuf *m, enum pkt_slow why);
/** Keep what a stage left as PKT_FORWARD, in order; the rest is dropped or goes to the manager. */
void keep_forward(struct worker *w, struct batch *b, enum pkt_slow why);

/** Where packets go when pipeline_create() is not told: the ethdevs. */
uint16_t tx_ethdev(void *ctx, uint8_t port, struct rte_mbuf **pkts, uint16_t n);

/** Fill the meta of a packet for pipeline_reenter(), as that says. DROP_NONE: it goes forward. */
enum drop_reason reenter_parse(struct worker *w, struct rte_mbuf *m);

/** Into the buffers of meta->out_port, when their turn comes if they are among several workers'
 * packets of one SA (order.h). Takes them; n may be 0. */
void tx_burst(struct worker *w, struct rte_mbuf *const *pkts, uint16_t n);
/** The same as they stand, whatever others of their SA do. */
void tx_burst_now(struct worker *w, struct rte_mbuf *const *pkts, uint16_t n);
/** Send what is in the buffers of all ports. */
void tx_flush(struct worker *w);

/** The turn of what came from port behind bursts that were given away and have not gone. */
uint16_t turn_take(struct worker *w, uint8_t port);
/** Those of b that came in a burst whose turn it is not are taken out, to wait for that; verdict
 * says where they go on. */
void turn_hold(struct worker *w, struct batch *b, enum pkt_verdict verdict);
/** Policies speak again about packets that were to be sealed and have waited: the slot of their SA
 * may have become another's. */
void turn_judge_again(struct worker *w, struct batch *b);
/** In the middle of a burst: earlier ones whose turn has come meanwhile are sent. */
void turn_send_late(struct worker *w);

#endif
