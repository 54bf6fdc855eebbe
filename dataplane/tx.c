/* SPDX-License-Identifier: BSD-3-Clause */
/* tx.c - the end of the pipeline: a buffer for each port, sent when it is full and at the end of a
 * pass. */
#include <errno.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "dataplane/net/port.h"
#include "dataplane/net/vlan.h"
#include "dataplane/order.h"
#include "dataplane/pipeline_impl.h"
#include "dataplane/stages.h"

uint16_t tx_ethdev(void *ctx, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	const struct worker *w = ctx;

	return port < n_ports ? rte_eth_tx_burst(ports[port].ethdev, (uint16_t)w->index, pkts, n)
			      : 0;
}

/* All frames of b with the tag of the port's VLAN; those that have no room for it are dropped. */
static void tag_all(struct worker *w, struct batch *b, uint16_t vlan)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < b->n; i++) {
		if (vlan_tag(b->pkts[i], vlan))
			b->pkts[n++] = b->pkts[i];
		else
			pipeline_drop(w, b->pkts[i], DROP_OUT_ERRORS);
	}
	b->n = n;
}

static void flush_port(struct worker *w, uint8_t port)
{
	struct pipeline *p = w->pipe;
	struct batch *b = &p->tx[port];
	struct abi_port_counters *c = &w->port_counters[port];
	uint64_t bytes = 0, since = stage_start(w);
	uint16_t sent;

	if (unlikely(ports[port].vlan != 0))
		tag_all(w, b, ports[port].vlan);
	for (uint16_t i = 0; i < b->n; i++)
		bytes += b->pkts[i]->pkt_len;
	sent = p->send(p->ctx, port, b->pkts, b->n);
	for (uint16_t i = sent; i < b->n; i++) {
		bytes -= b->pkts[i]->pkt_len;
		pipeline_drop(w, b->pkts[i], DROP_NET_TX_FULL);
	}
	c->tx_packets += sent;
	c->tx_bytes += bytes;
	w->counters->tx_packets += sent;
	stage_end(w, STAGE_TX, since, b->n);
	b->n = 0;
	p->tx_ports &= ~(1u << port);
}

void tx_flush(struct worker *w)
{
	struct pipeline *p = w->pipe;

	while (p->tx_ports != 0)
		flush_port(w, (uint8_t)rte_bsf32(p->tx_ports));
}

static void tx_now(struct worker *w, struct rte_mbuf *m)
{
	struct pipeline *p = w->pipe;
	uint8_t port = pkt_meta(m)->out_port;

	if (port >= WORKER_MAX_PORTS) {
		pipeline_drop(w, m, DROP_OUT_ERRORS);
		return;
	}
	batch_push(&p->tx[port], m);
	p->tx_ports |= 1u << port;
	if (p->tx[port].n == WORKER_BURST)
		flush_port(w, port);
}

/* Do all n go to one port and, where that matters, in one block? A burst mostly does. */
static __rte_always_inline bool are_alike(struct rte_mbuf *const *pkts, uint16_t n, bool blocks)
{
	const struct pkt_meta *first = pkt_meta(pkts[0]);
	unsigned int other = 0;

	for (uint16_t i = 1; i < n; i++) {
		const struct pkt_meta *meta = pkt_meta(pkts[i]);

		other |= meta->out_port ^ first->out_port;
		if (blocks)
			other |= meta->trim ^ first->trim;
	}
	return other == 0;
}

/* All to one port, whose buffer has room for them. False: not so, and nothing is done. */
static bool put_all(struct worker *w, struct rte_mbuf *const *pkts, uint16_t n)
{
	struct pipeline *p = w->pipe;
	uint8_t port = pkt_meta(pkts[0])->out_port;
	struct batch *b;

	if (port >= WORKER_MAX_PORTS || p->tx[port].n + n > WORKER_BURST)
		return false;
	b = &p->tx[port];
	memcpy(&b->pkts[b->n], pkts, n * sizeof(pkts[0]));
	b->n = (uint16_t)(b->n + n);
	p->tx_ports |= 1u << port;
	if (b->n == WORKER_BURST)
		flush_port(w, port);
	return true;
}

void tx_burst_now(struct worker *w, struct rte_mbuf *const *pkts, uint16_t n)
{
	if (n == 0 || (are_alike(pkts, n, false) && put_all(w, pkts, n)))
		return;
	for (uint16_t i = 0; i < n; i++)
		tx_now(w, pkts[i]);
}

/* How many of n packets of one block, the first, wait for its turn. */
static uint16_t keep(struct worker *w, struct rte_mbuf *const *pkts, uint16_t n)
{
	return order_keep_all(w->order, w->tables->sad, pkt_meta(pkts[0])->trim, pkts, n);
}

void tx_burst(struct worker *w, struct rte_mbuf *const *pkts, uint16_t n)
{
	uint16_t kept;

	if (!w->order || n == 0) {
		tx_burst_now(w, pkts, n);
	} else if (are_alike(pkts, n, true)) {
		kept = keep(w, pkts, n);
		tx_burst_now(w, pkts + kept, (uint16_t)(n - kept));
	} else {
		for (uint16_t i = 0; i < n; i++)
			if (keep(w, &pkts[i], 1) == 0)
				tx_now(w, pkts[i]);
	}
}

static uint64_t cycles(void)
{
	return rte_rdtsc();
}

int pipeline_create(struct worker *w, pipeline_send send, void *ctx, int socket)
{
	struct pipeline *p =
		rte_zmalloc_socket("pipeline", sizeof(*p), RTE_CACHE_LINE_SIZE, socket);

	if (!p)
		return -ENOMEM;
	p->send = send ? send : tx_ethdev;
	p->ctx = send ? ctx : w;
	p->clock = cycles;
	w->pipe = p;
	return 0;
}

void pipeline_free(struct worker *w)
{
	struct pipeline *p = w->pipe;

	if (!p)
		return;
	early_clear(&p->early);
	rte_pktmbuf_free_bulk(p->reenter, p->n_reenter);
	for (unsigned int i = 0; i < WORKER_MAX_PORTS; i++) {
		rte_pktmbuf_free_bulk(p->tx[i].pkts, p->tx[i].n);
		rx_clear(&p->backlog[i]);
	}
	rte_free(p);
	w->pipe = NULL;
}
