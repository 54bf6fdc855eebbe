/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spray.h - a worker that receives more ESP than it can decrypt lets others decrypt for it.
 *
 * One SA is one outer flow, so receive-side scaling gives all of its packets to one queue and one
 * worker. When that worker's receive bursts are full, several in a row, and others have nothing of
 * their own to do, it offers bursts of ESP packets in a ring of its own, and whoever is idle takes
 * one. The bursts are numbered; what is decrypted waits for the turn of its number (order.h) before
 * it is forwarded, so behind this everything is in the order it came in.
 *
 * The packets are given away as they came, by what was in the port's last burst that the worker has
 * done itself: what it had parsed would lie in its cache, and every line of it that the other one
 * needs costs more than the parsing. So whatever is among them, ESP or not, goes in turn, as does
 * what the worker itself takes from that port meanwhile.
 *
 * Nobody waits for anybody: when the ring is full, or nobody idle, the worker does the burst
 * itself. Two workers write the same cache line only for the ring's ends and for the number of the
 * last burst gone, once per burst each.
 *
 * worker.spray is NULL with one worker, or when it is switched off.
 */
#ifndef ESPGW_SPRAY_H
#define ESPGW_SPRAY_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/segment.h"
#include "dataplane/order.h"
#include "dataplane/worker.h"

#define SPRAY_RING	16u /* bursts one worker offers at most */
#define SPRAY_PER_IDLE	2u  /* of them for every idle worker */
#define SPRAY_FULL_RUNS 4u  /* full receive bursts in a row that make a worker offer */
#define SPRAY_OPEN	16u /* bursts on offer or with others at most */
#define SPRAY_ANY_PORT	UINT8_MAX
#define SPRAY_IDLE_RUNS 16u /* polls without packets that make a worker idle */

/* So much later than their successors bursts may be decrypted: those given away, and those that the
 * worker itself does behind them until order_busy(). For sad_widen(). */
#define SPRAY_NUMBERS ((SPRAY_OPEN + ORDER_BLOCKS - 2) * WORKER_BURST)

struct spray;

/* A burst as worker `from` received it on port. */
struct spray_burst {
	uint64_t ticket;
	uint32_t from;
	uint8_t port;
	uint16_t n;
	struct rte_mbuf *pkts[WORKER_BURST];
};

/** For worker `index` of n (at most ABI_MAX_WORKERS_LIMIT). NULL when memory is short. */
struct spray *spray_create(unsigned int index, unsigned int n, int socket);
/** Make s and other known to each other's worker. Before the workers run, for every pair. */
void spray_link(struct spray *s, struct spray *other);
/** Frees the packets on offer, too. The workers have stopped. */
void spray_free(struct spray *s);

/** The poll that ends brought n packets of the worker's own. */
void spray_polled(struct spray *s, uint16_t n);

/** A receive burst is going to be worked on. full: as in struct port. */
void spray_received(struct spray *s, bool full);

/** Give a receive burst away. False: the worker does it itself, under spray_ticket(). */
bool spray_give(struct spray *s, uint8_t port, struct rte_mbuf *const *pkts, uint16_t n);

/** The worker does n packets from port itself, and so many are ESP. */
void spray_kept(struct spray *s, uint8_t port, uint16_t n, uint16_t esp);

/** The number of a burst from port that the worker does itself; 0 when none of that port before it
 * is still on the way, so it need not wait for any. */
uint64_t spray_ticket(struct spray *s, uint8_t port);

/** Take a burst to parse and decrypt: one of its own that nobody took or, unless own, another's.
 * False: there is none. */
bool spray_take(struct spray *s, bool own, struct spray_burst *b);

/** Where the last ticket that has gone is kept, of the worker a burst is from. */
uint64_t *spray_done(struct spray *s, const struct spray_burst *b);
uint64_t *spray_own_done(struct spray *s);

/** Bursts of this worker that others have taken or may take and that have not gone. */
uint64_t spray_open(const struct spray *s);

#endif
