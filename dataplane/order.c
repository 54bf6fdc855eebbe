/* SPDX-License-Identifier: BSD-3-Clause */
/* order.c - blocks of sequence numbers on their way out; see order.h. */
#include "dataplane/order.h"

#include <rte_malloc.h>

#include "dataplane/ipsec/sad.h"

#define MASK	    (ORDER_BLOCKS - 1)
#define RAISE_TRIES 8u

enum block_state {
	BLOCK_NEW,  /* nobody has asked yet */
	BLOCK_GOES, /* its packets are in the ports' buffers; those of a ticket perhaps on the way
		     */
	BLOCK_LATE, /* its packets are here */
	BLOCK_SENT, /* they were, and have been given back to be sent */
	BLOCK_GONE,
};

/* An SA is named by slot and SPI, never by pointer: it may be deleted while a block waits. */
struct block {
	uint64_t *done; /* of a ticket; NULL: numbers of an SA */
	uint32_t slot;
	uint32_t spi;
	uint64_t before; /* the number before its first */
	uint64_t last;
	uint64_t since;
	uint8_t state;
	uint16_t n;			     /* to be sent, from the start on */
	uint16_t held;			     /* by order_hold(), from the end on */
	struct rte_mbuf *pkts[WORKER_BURST]; /* both */
};

/* A FIFO: a block's number is its place in it plus one. */
struct order {
	uint16_t first;
	uint16_t used;
	uint16_t turns; /* of tickets */
	uint64_t *out_of_turn;
	struct block blocks[ORDER_BLOCKS];
};

struct order *order_create(int socket, uint64_t *out_of_turn)
{
	struct order *o =
		rte_zmalloc_socket("order", sizeof(struct order), RTE_CACHE_LINE_SIZE, socket);

	if (o)
		o->out_of_turn = out_of_turn;
	return o;
}

void order_free(struct order *o)
{
	if (!o)
		return;
	for (uint16_t i = 0; i < o->used; i++) {
		struct block *b = &o->blocks[(o->first + i) & MASK];

		rte_pktmbuf_free_bulk(b->pkts, b->n);
		rte_pktmbuf_free_bulk(&b->pkts[WORKER_BURST - b->held], b->held);
	}
	rte_free(o);
}

/* Raise a counter of what has gone. It may stand higher already, when somebody has gone out of
 * turn; and when it is contended out of turn and we give up, the next one's wait ends by itself. */
static void raise_to(uint64_t *counter, uint64_t last)
{
	uint64_t gone = __atomic_load_n(counter, __ATOMIC_RELAXED);

	for (unsigned int i = 0; i < RAISE_TRIES && gone < last; i++)
		if (__atomic_compare_exchange_n(counter, &gone, last, false, __ATOMIC_RELEASE,
						__ATOMIC_RELAXED))
			return;
}

/* A new block of the numbers first..first + n - 1. Fields that stay are not set. */
static struct block *append(struct order *o, uint64_t first, uint16_t n, uint64_t now)
{
	struct block *b = &o->blocks[(o->first + o->used) & MASK];

	if (o->used == ORDER_BLOCKS)
		return NULL;
	o->used++;
	b->done = NULL;
	b->before = first - 1;
	b->last = first - 1 + n;
	b->since = now;
	b->state = BLOCK_NEW;
	b->n = b->held = 0;
	return b;
}

static uint16_t number_of(const struct order *o, const struct block *b)
{
	return (uint16_t)(b - o->blocks + 1);
}

uint16_t order_take(struct order *o, struct sa *sa, uint64_t first, uint16_t n, uint64_t now)
{
	struct block *b = NULL;

	if (o->used < ORDER_SA_BLOCKS)
		b = append(o, first, n, now);
	if (!b) {
		++*o->out_of_turn;
		raise_to(&sa->sent, first - 1 + n);
		return ORDER_NONE;
	}
	b->slot = sa->slot;
	b->spi = sa->spi;
	return number_of(o, b);
}

uint16_t order_take_turn(struct order *o, uint64_t *done, uint64_t ticket, uint64_t now)
{
	struct block *b = append(o, ticket, 1, now);

	if (!b) {
		++*o->out_of_turn;
		return ORDER_NONE;
	}
	b->done = done;
	o->turns++;
	return number_of(o, b);
}

/* Where it is written which numbers have gone. NULL: of an SA that is gone. */
static uint64_t *counter_of(const struct sad *sad, const struct block *b)
{
	struct sa *sa;

	if (b->done)
		return b->done;
	sa = sad_slot(sad, b->slot);
	return sa && sa->direction == ABI_DIR_OUT && sa->spi == b->spi ? &sa->sent : NULL;
}

/* Of an SA that is gone nobody waits for anything. */
static bool has_turn(const struct sad *sad, const struct block *b)
{
	const uint64_t *gone = counter_of(sad, b);

	return !gone || __atomic_load_n(gone, __ATOMIC_ACQUIRE) >= b->before;
}

/* May it go, in its turn or because it has waited too long? That is said once: what of it goes
 * later has nothing before it any more. */
static bool may_go(struct order *o, const struct sad *sad, struct block *b, uint64_t now)
{
	if (has_turn(sad, b))
		return true;
	if (now - b->since < (b->done ? ORDER_TURN_WAIT_NS : ORDER_WAIT_NS))
		return false;
	++*o->out_of_turn;
	b->before = 0;
	return true;
}

static void has_gone(const struct sad *sad, const struct block *b)
{
	uint64_t *counter = counter_of(sad, b);

	if (counter)
		raise_to(counter, b->last);
}

/* The block, when its packets have to wait and there is room for another one. */
static struct block *wait_in(struct order *o, const struct sad *sad, uint16_t block)
{
	struct block *b;

	if (block == ORDER_NONE || block > ORDER_BLOCKS)
		return NULL;
	b = &o->blocks[block - 1];
	if (b->state == BLOCK_NEW)
		b->state = has_turn(sad, b) ? BLOCK_GOES : BLOCK_LATE;
	return b->state == BLOCK_LATE && b->n + b->held < WORKER_BURST ? b : NULL;
}

uint16_t order_keep_all(struct order *o, const struct sad *sad, uint16_t block,
			struct rte_mbuf *const *pkts, uint16_t n)
{
	struct block *b = wait_in(o, sad, block);

	if (!b)
		return 0;
	n = RTE_MIN(n, (uint16_t)(WORKER_BURST - b->n - b->held));
	memcpy(&b->pkts[b->n], pkts, n * sizeof(pkts[0]));
	b->n = (uint16_t)(b->n + n);
	return n;
}

bool order_keep(struct order *o, const struct sad *sad, uint16_t block, struct rte_mbuf *m)
{
	return order_keep_all(o, sad, block, &m, 1) != 0;
}

bool order_hold(struct order *o, const struct sad *sad, uint16_t block, struct rte_mbuf *m)
{
	struct block *b = wait_in(o, sad, block);

	if (!b || !b->done) /* what is sealed waits where it is sent */
		return false;
	b->pkts[WORKER_BURST - ++b->held] = m;
	return true;
}

/* What waits to be sent; then, or when there is nothing, the block goes unless more is held. */
static uint16_t give_kept(struct block *b, struct rte_mbuf **out)
{
	uint16_t n = b->n;

	memcpy(out, b->pkts, n * sizeof(out[0]));
	b->n = 0;
	b->state = b->held == 0 ? BLOCK_SENT : BLOCK_LATE;
	return n;
}

static uint16_t give_held(struct block *b, struct rte_mbuf **out)
{
	uint16_t n = b->held;

	for (uint16_t i = 0; i < n; i++)
		out[i] = b->pkts[WORKER_BURST - 1 - i];
	b->held = 0;
	b->state = BLOCK_GOES;
	return n;
}

static void forget_gone(struct order *o)
{
	while (o->used != 0 && o->blocks[o->first].state == BLOCK_GONE) {
		o->turns -= o->blocks[o->first].done != NULL;
		o->first = (o->first + 1) & MASK;
		o->used--;
	}
}

enum order_next order_next(struct order *o, const struct sad *sad, uint64_t now,
			   struct rte_mbuf **out, uint16_t *n)
{
	*n = 0;
	for (uint16_t i = 0; i < o->used; i++) {
		struct block *b = &o->blocks[(o->first + i) & MASK];

		if (b->state == BLOCK_GOES || b->state == BLOCK_SENT) {
			has_gone(sad, b);
			b->state = BLOCK_GONE;
		} else if (b->state != BLOCK_GONE && may_go(o, sad, b, now)) {
			/* One that nobody asked for had all its packets dropped: it goes empty. */
			if (b->n != 0 || b->held == 0) {
				*n = give_kept(b, out);
				return ORDER_SEND;
			}
			*n = give_held(b, out);
			return ORDER_HELD;
		} else if (b->state == BLOCK_NEW) {
			b->state = BLOCK_LATE;
		}
	}
	forget_gone(o);
	return ORDER_NOTHING;
}

/* In the middle of a burst. The packets of a ticket may have passed where they could have been held
 * and not be sealed or sent yet. */
static bool is_through(const struct block *b)
{
	return b->state == BLOCK_SENT || (b->state == BLOCK_GOES && b->done == NULL);
}

bool order_next_late(struct order *o, const struct sad *sad, uint64_t now, struct rte_mbuf **out,
		     uint16_t *n)
{
	for (uint16_t i = 0; i < o->used; i++) {
		struct block *b = &o->blocks[(o->first + i) & MASK];

		if (is_through(b)) {
			has_gone(sad, b);
			b->state = BLOCK_GONE;
		} else if (b->state == BLOCK_LATE && b->n != 0 && may_go(o, sad, b, now)) {
			*n = give_kept(b, out);
			return true;
		}
	}
	forget_gone(o);
	return false;
}

bool order_busy(const struct order *o)
{
	return o->used > ORDER_BLOCKS / 2;
}

bool order_has_turns(const struct order *o)
{
	return o->turns != 0;
}

bool order_has_room(const struct order *o)
{
	return o->used < ORDER_BLOCKS;
}

uint16_t order_waiting(const struct order *o)
{
	return o->used;
}
