/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * order.h - packets of one outbound SA leave in the order of their sequence numbers, though several
 * workers encrypt for it.
 *
 * A worker takes numbers in blocks, one per burst and SA. Here it notes each block; when the
 * packets come to transmit, they go at once if every number before the block has gone (sa->sent),
 * else the worker keeps them and looks again at its next poll. Nobody waits: a block whose turn
 * does not come within ORDER_WAIT_NS (another worker has lost its CPU), or that finds no room here,
 * goes out of turn, which costs the peer some of its replay window and nothing else (RFC 4303
 * section 3.4.3).
 *
 * Where blocks of two workers alternate, one look lets only one block go. So a worker looks after
 * every burst, not once per poll, and takes no new packets while many blocks wait (order_busy()).
 *
 * With one worker there is no order to keep: worker.order is NULL and none of this is called.
 */
#ifndef ESPGW_ORDER_H
#define ESPGW_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/worker.h"

struct sa;

#define ORDER_BLOCKS  32u
#define ORDER_WAIT_NS 50000000u
#define ORDER_NONE    0u /* block number of a packet that is not ordered */

struct order;

/** NULL when memory is short. */
struct order *order_create(int socket);
/** Frees the packets it keeps, too. */
void order_free(struct order *o);

/**
 * esp_out has taken the numbers first..first + n - 1 of sa: the number of the block, to be written
 * into meta->trim of its packets, or ORDER_NONE.
 */
uint16_t order_take(struct order *o, const struct sa *sa, uint64_t first, uint16_t n, uint64_t now);

/** The packet comes to transmit. True: kept here, its turn comes later. False: send it. */
bool order_keep(struct order *o, const struct sad *sad, uint16_t block, struct rte_mbuf *m);

/**
 * All packets that were to be sent have been given to the ports. Tells the other workers, and puts
 * the packets of the next own block whose turn it is into out (room for WORKER_BURST; *n may be 0).
 * False when there is no such block. Call until false, sending what comes and flushing in between.
 */
bool order_next(struct order *o, const struct sad *sad, uint64_t now, struct rte_mbuf **out,
		uint16_t *n);

/** Blocks that still wait for their turn. */
uint16_t order_waiting(const struct order *o);

/** So many that the worker should take no new packets before some have gone. */
bool order_busy(const struct order *o);

#endif
