/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * order.h - packets of one outbound SA leave in the order of their sequence numbers, though several
 * workers encrypt for it; and what several workers decrypt for one goes on in the order it came in.
 *
 * Packets of one inner flow are all one worker's and never change places; it is the peer's replay
 * window that asks for this. It need not be wider than 32 numbers and mostly has 64 (RFC 4303
 * section 3.4.3), which is less than one burst: were a burst of higher numbers to overtake another,
 * the peer would drop it whole. So blocks of numbers leave strictly in order, there is no slack to
 * use; but nothing else has to wait for that, neither workers nor encryption.
 *
 * A worker takes numbers in blocks, one per burst and SA. Here it notes each block; when the
 * packets come to transmit, they go at once if every number before the block has gone (sa->sent),
 * else the worker keeps them and looks again. Nobody waits: a block whose turn does not come within
 * ORDER_WAIT_NS (another worker has lost its CPU), or that finds no room here, goes out of turn,
 * which costs the peer some of its replay window and nothing else.
 *
 * Where blocks of two workers alternate, one look lets only one block go, and workers that look
 * once for every block they make never catch up with what once was late: packets grow cold, and in
 * the end workers stop. So a worker looks after every burst and before and after its crypto
 * (order_next_late()), and takes no new packets while many blocks wait (order_busy()).
 *
 * A burst that spray.h has handed over is a block, too: its number is a ticket, and the line that
 * tells whose turn it is belongs to the worker that received it. Its packets wait when they come to
 * transmit; or before that, where a later one must not come first: to be sealed again or put
 * together from pieces.
 *
 * With one worker there is no order to keep: worker.order is NULL and none of this is called.
 */
#ifndef ESPGW_ORDER_H
#define ESPGW_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/worker.h"

struct sa;

#define ORDER_BLOCKS	   32u
#define ORDER_SA_BLOCKS	   28u /* of them at most for SAs, the others are for tickets */
#define ORDER_WAIT_NS	   50000000u
#define ORDER_TURN_WAIT_NS 10000000u /* for a ticket: nothing is received meanwhile */
#define ORDER_NONE	   0u	     /* block number of a packet that is not ordered */

/** What order_next() has found. */
enum order_next {
	ORDER_NOTHING = 0,
	ORDER_SEND, /* to the ports */
	ORDER_HELD, /* what order_hold() has kept: on from there */
};

struct order;

/** NULL when memory is short. *out_of_turn counts the blocks that did not wait for their turn; it
 * must outlive the order. */
struct order *order_create(int socket, uint64_t *out_of_turn);
/** Frees the packets it keeps, too. */
void order_free(struct order *o);

/**
 * esp_out has taken the numbers first..first + n - 1 of sa: the number of the block, to be written
 * into meta->trim of its packets, or ORDER_NONE when there is no room: nobody waits for them then.
 */
uint16_t order_take(struct order *o, struct sa *sa, uint64_t first, uint16_t n, uint64_t now);

/**
 * A burst with that ticket has been taken on: the number of its block, for order_keep(), or
 * ORDER_NONE when there is no room. *done is the last ticket that has gone, shared by the workers;
 * it must outlive the block.
 */
uint16_t order_take_turn(struct order *o, uint64_t *done, uint64_t ticket, uint64_t now);

/** The packet comes to transmit. True: kept here, its turn comes later. False: send it. */
bool order_keep(struct order *o, const struct sad *sad, uint16_t block, struct rte_mbuf *m);

/** The same for n packets of one block: how many of them, the first, are kept here. */
uint16_t order_keep_all(struct order *o, const struct sad *sad, uint16_t block,
			struct rte_mbuf *const *pkts, uint16_t n);

/** The packet comes to where those of a ticket may not overtake others. True: kept here, its turn
 * comes later. False: go on. */
bool order_hold(struct order *o, const struct sad *sad, uint16_t block, struct rte_mbuf *m);

/**
 * All packets that were to be sent have been given to the ports. Tells the other workers, and puts
 * the packets of the next own block whose turn it is into out (room for WORKER_BURST; *n may be 0).
 * Call until ORDER_NOTHING, sending what comes and flushing in between.
 */
enum order_next order_next(struct order *o, const struct sad *sad, uint64_t now,
			   struct rte_mbuf **out, uint16_t *n);

/** The same in the middle of a burst: only blocks whose packets have all come to transmit, and only
 * what is to be sent. False: nothing. */
bool order_next_late(struct order *o, const struct sad *sad, uint64_t now, struct rte_mbuf **out,
		     uint16_t *n);

/** Blocks that still wait for their turn. */
uint16_t order_waiting(const struct order *o);

/** Is any of them a ticket's? */
bool order_has_turns(const struct order *o);

/** So many that the worker should take no new packets before some have gone. */
bool order_busy(const struct order *o);

/** Is there room for a ticket? */
bool order_has_room(const struct order *o);

#endif
