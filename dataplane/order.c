/* SPDX-License-Identifier: BSD-3-Clause */
/* order.c - blocks of sequence numbers on their way out; see order.h. */
#include "dataplane/order.h"

#include <rte_malloc.h>

#include "dataplane/ipsec/sad.h"

#define MASK	    (ORDER_BLOCKS - 1)
#define RAISE_TRIES 8u

enum block_state {
	BLOCK_NEW,  /* nobody has asked yet */
	BLOCK_GOES, /* its packets are in the ports' buffers */
	BLOCK_LATE, /* its packets are here */
	BLOCK_GONE,
};

/* An SA is named by slot and SPI, never by pointer: it may be deleted while a block waits. */
struct block {
	uint32_t slot;
	uint32_t spi;
	uint64_t before; /* the number before its first */
	uint64_t last;
	uint64_t since;
	uint8_t state;
	uint16_t n;
	struct rte_mbuf *pkts[WORKER_BURST];
};

/* A FIFO: a block's number is its place in it plus one. */
struct order {
	uint16_t first;
	uint16_t used;
	struct block blocks[ORDER_BLOCKS];
};

struct order *order_create(int socket)
{
	return rte_zmalloc_socket("order", sizeof(struct order), RTE_CACHE_LINE_SIZE, socket);
}

void order_free(struct order *o)
{
	if (!o)
		return;
	for (uint16_t i = 0; i < o->used; i++) {
		struct block *b = &o->blocks[(o->first + i) & MASK];

		if (b->state == BLOCK_LATE)
			rte_pktmbuf_free_bulk(b->pkts, b->n);
	}
	rte_free(o);
}

uint16_t order_take(struct order *o, const struct sa *sa, uint64_t first, uint16_t n, uint64_t now)
{
	uint16_t at = (o->first + o->used) & MASK;

	if (o->used == ORDER_BLOCKS)
		return ORDER_NONE;
	o->used++;
	o->blocks[at].slot = sa->slot;
	o->blocks[at].spi = sa->spi;
	o->blocks[at].before = first - 1;
	o->blocks[at].last = first - 1 + n;
	o->blocks[at].since = now;
	o->blocks[at].state = BLOCK_NEW;
	o->blocks[at].n = 0;
	return (uint16_t)(at + 1);
}

static struct sa *owner(const struct sad *sad, const struct block *b)
{
	struct sa *sa = sad_slot(sad, b->slot);

	return sa && sa->spi == b->spi ? sa : NULL;
}

/* Of an SA that is gone nobody waits for anything. */
static bool has_turn(const struct sad *sad, const struct block *b)
{
	const struct sa *sa = owner(sad, b);

	return !sa || __atomic_load_n(&sa->sent, __ATOMIC_ACQUIRE) >= b->before;
}

/* Raise sent to the block's last number. It may stand higher already, when somebody has gone out of
 * turn; and when it is contended out of turn and we give up, the next one's wait ends by itself. */
static void has_gone(const struct sad *sad, const struct block *b)
{
	struct sa *sa = owner(sad, b);
	uint64_t sent = sa ? __atomic_load_n(&sa->sent, __ATOMIC_RELAXED) : UINT64_MAX;

	for (unsigned int i = 0; i < RAISE_TRIES && sent < b->last; i++)
		if (__atomic_compare_exchange_n(&sa->sent, &sent, b->last, false, __ATOMIC_RELEASE,
						__ATOMIC_RELAXED))
			return;
}

bool order_keep(struct order *o, const struct sad *sad, uint16_t block, struct rte_mbuf *m)
{
	struct block *b;

	if (block == ORDER_NONE || block > ORDER_BLOCKS)
		return false;
	b = &o->blocks[block - 1];
	if (b->state == BLOCK_NEW)
		b->state = has_turn(sad, b) ? BLOCK_GOES : BLOCK_LATE;
	if (b->state != BLOCK_LATE || b->n == WORKER_BURST)
		return false;
	b->pkts[b->n++] = m;
	return true;
}

bool order_next(struct order *o, const struct sad *sad, uint64_t now, struct rte_mbuf **out,
		uint16_t *n)
{
	*n = 0;
	for (uint16_t i = 0; i < o->used; i++) {
		struct block *b = &o->blocks[(o->first + i) & MASK];

		if (b->state == BLOCK_GOES) {
			has_gone(sad, b);
			b->state = BLOCK_GONE;
		} else if (b->state != BLOCK_GONE &&
			   (has_turn(sad, b) || now - b->since >= ORDER_WAIT_NS)) {
			/* One that nobody asked for had all its packets dropped: it goes empty. */
			memcpy(out, b->pkts, b->n * sizeof(out[0]));
			*n = b->n;
			b->state = BLOCK_GOES;
			return true;
		} else if (b->state == BLOCK_NEW) {
			b->state = BLOCK_LATE;
		}
	}
	while (o->used != 0 && o->blocks[o->first].state == BLOCK_GONE) {
		o->first = (o->first + 1) & MASK;
		o->used--;
	}
	return false;
}

bool order_busy(const struct order *o)
{
	return o->used > ORDER_BLOCKS / 2;
}

uint16_t order_waiting(const struct order *o)
{
	return o->used;
}
