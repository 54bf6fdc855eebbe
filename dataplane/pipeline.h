/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pipeline.h - the stages and how they are wired. pipeline.c is the only file that knows more than
 * one stage.
 *
 *   rx -> parse -+-> esp_in -> (crypto) -> selector check -+-> local (inner packet to ourselves)
 *                |                                         +-> forward
 *                +-> punt, local
 *                +-> forward: ttl -> spd -+-> esp_out -> (crypto) -+-> route -> neighbour -> tx
 *                                         +-> bypass --------------+
 *
 * What esp_out has sealed mostly knows its way by then (net/way.h) and goes to tx at once.
 *
 * The spd stage looks at what came in clear both ways (inbound, then outbound), at what came out of
 * an SA outbound only.
 *
 * Every stage is void stage(struct worker *, struct rte_mbuf **pkts, uint16_t n) with n <=
 * WORKER_BURST. It leaves its answer in each packet's meta->verdict; it frees nothing and reorders
 * nothing. The pipeline sorts by verdict, counts and frees what is PKT_DROP (the one place that
 * does), and hands PKT_SLOW to the manager.
 */
#ifndef ESPGW_PIPELINE_H
#define ESPGW_PIPELINE_H

#include "dataplane/worker.h"

/** Where finished frames go: takes the first of n packets and says how many (as rte_eth_tx_burst).
 */
typedef uint16_t (*pipeline_send)(void *ctx, uint8_t port, struct rte_mbuf **pkts, uint16_t n);

/**
 * Give w its transmit buffers and re-entry list. send NULL: the ethdevs of dataplane/net/port.h,
 * queue w->index; tests and benches give their own. 0 or -ENOMEM.
 */
int pipeline_create(struct worker *w, pipeline_send send, void *ctx, int socket);
/** Frees what is still in the buffers too. */
void pipeline_free(struct worker *w);

/** One poll of all ports and of the reply ring, and of what others offer when those bring little.
 * Returns packets received. */
uint16_t pipeline_poll(struct worker *w);

/** Parse and decrypt one burst that another worker offers (spray.h), if any. Returns its packets.
 */
uint16_t pipeline_help(struct worker *w);

/** Run packets received on port through the whole pipeline (the entry of tests, fuzzers and
 * benches). Takes them. */
void pipeline_input(struct worker *w, uint8_t port, struct rte_mbuf **pkts, uint16_t n);

/**
 * Send a packet the gateway made itself (ICMP error, echo reply) back through the pipeline from
 * "forward" on, with PKT_F_ORIGIN. The packet starts at Ethernet; meta is filled by this call but
 * for PKT_F_IPV6 and PKT_F_FROM_SA, which the caller sets or clears: an answer to what came out of
 * an SA keeps it and leaves through an SA or not at all. Takes the mbuf; bounded, drops when full.
 */
void pipeline_reenter(struct worker *w, struct rte_mbuf *m);

/**
 * Send a finished ESP packet that esp_out made besides those it was given (PKT_F_PROTECTED, meta
 * filled) on from "route": never through the SPD again. Takes the mbuf; bounded, drops when full.
 */
void pipeline_route(struct worker *w, struct rte_mbuf *m);

/** Count a drop and free the packet: by reason against the worker, and against the SA when meta
 * names one. */
void pipeline_drop(struct worker *w, struct rte_mbuf *m, enum drop_reason reason);

#endif
