/* SPDX-License-Identifier: BSD-3-Clause */
/* spray.c - bursts of ESP packets from a worker that has too many to those that have none. */
#include "dataplane/spray.h"

#include <stdio.h>

#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#define FAT_SHARE 2u /* one packet in so many or more is ESP where a port is fat */

struct spray {
	/* Read by all, written before they run. */
	struct rte_ring *offers;
	unsigned int index;
	unsigned int n;
	struct spray *all[ABI_MAX_WORKERS_LIMIT];

	/* Written by the owner when it changes, read by those that are saturated. */
	_Alignas(RTE_CACHE_LINE_SIZE) uint32_t idle;

	/* The last ticket gone: written by whoever's turn it was. */
	_Alignas(RTE_CACHE_LINE_SIZE) uint64_t done;

	/* The owner's alone. */
	_Alignas(RTE_CACHE_LINE_SIZE) uint64_t ticket; /* last given */
	unsigned int full_runs;
	unsigned int idle_runs;
	unsigned int next; /* whom to ask first */
	uint32_t fat;	   /* ports whose packets are worth giving away, a bit for each */
	uint64_t any;	   /* the last ticket of what may be of any port, */
	uint64_t last[WORKER_MAX_PORTS]; /* and of what is of each */
	struct spray_burst out;
};

struct spray *spray_create(unsigned int index, unsigned int n, int socket)
{
	static unsigned int serial; /* rings have names; several crews may live in one process */
	struct spray *s = rte_zmalloc_socket("spray", sizeof(*s), RTE_CACHE_LINE_SIZE, socket);
	char name[RTE_RING_NAMESIZE];

	if (!s || n > ABI_MAX_WORKERS_LIMIT || index >= n)
		goto fail;
	s->index = index;
	s->n = n;
	s->next = index;
	s->all[index] = s;
	s->out.from = index;
	snprintf(name, sizeof(name), "spray-%u-%u", serial++, index);
	/* Relaxed ends: a worker that loses its CPU in the middle of taking holds up nobody. */
	s->offers = rte_ring_create_elem(name, sizeof(struct spray_burst), SPRAY_RING, socket,
					 RING_F_SP_ENQ | RING_F_MC_RTS_DEQ);
	if (s->offers)
		return s;
fail:
	rte_free(s);
	return NULL;
}

void spray_link(struct spray *s, struct spray *other)
{
	s->all[other->index] = other;
	other->all[s->index] = s;
}

void spray_free(struct spray *s)
{
	struct spray_burst b;

	if (!s)
		return;
	while (rte_ring_dequeue_elem(s->offers, &b, sizeof(b)) == 0)
		rte_pktmbuf_free_bulk(b.pkts, b.n);
	rte_ring_free(s->offers);
	rte_free(s);
}

static void set_idle(struct spray *s, uint32_t idle)
{
	if (s->idle != idle)
		__atomic_store_n(&s->idle, idle, __ATOMIC_RELAXED);
}

void spray_received(struct spray *s, bool full)
{
	if (!full)
		s->full_runs = 0;
	else if (s->full_runs < SPRAY_FULL_RUNS)
		s->full_runs++;
}

void spray_kept(struct spray *s, uint8_t port, uint16_t n, uint16_t esp)
{
	if (esp * FAT_SHARE >= n)
		s->fat |= 1u << port;
	else
		s->fat &= ~(1u << port);
}

void spray_polled(struct spray *s, uint16_t n)
{
	if (n != 0) {
		s->idle_runs = 0;
		set_idle(s, 0);
		return;
	}
	s->full_runs = 0;
	if (s->idle_runs < SPRAY_IDLE_RUNS)
		s->idle_runs++;
	else
		set_idle(s, 1);
}

static unsigned int count_idle(const struct spray *s)
{
	unsigned int idle = 0;

	for (unsigned int i = 0; i < s->n; i++)
		if (i != s->index && s->all[i])
			idle += __atomic_load_n(&s->all[i]->idle, __ATOMIC_RELAXED);
	return idle;
}

uint64_t spray_open(const struct spray *s)
{
	return s->ticket - __atomic_load_n(&s->done, __ATOMIC_RELAXED);
}

/* As rte_ring_count(), which reads what others write without saying so. */
static unsigned int count_offers(const struct spray *s)
{
	uint32_t taken = __atomic_load_n(&s->offers->cons.tail, __ATOMIC_RELAXED);

	return s->offers->prod.tail - taken;
}

static bool is_wanted(const struct spray *s, uint8_t port, uint16_t n)
{
	return s->full_runs >= SPRAY_FULL_RUNS && (s->fat >> port & 1) != 0 && n <= WORKER_BURST &&
	       spray_open(s) < SPRAY_OPEN && count_offers(s) < SPRAY_PER_IDLE * count_idle(s);
}

bool spray_give(struct spray *s, uint8_t port, struct rte_mbuf *const *pkts, uint16_t n)
{
	if (!is_wanted(s, port, n))
		return false;
	s->out.ticket = s->ticket + 1;
	s->out.port = port;
	s->out.n = n;
	memcpy(s->out.pkts, pkts, n * sizeof(pkts[0]));
	if (rte_ring_enqueue_elem(s->offers, &s->out, sizeof(s->out)) != 0)
		return false;
	s->last[port] = ++s->ticket;
	return true;
}

uint64_t spray_ticket(struct spray *s, uint8_t port)
{
	bool any = port == SPRAY_ANY_PORT;
	uint64_t *last = any ? &s->any : &s->last[port];
	uint64_t before = any ? s->ticket : RTE_MAX(*last, s->any);

	if (__atomic_load_n(&s->done, __ATOMIC_RELAXED) >= before)
		return 0;
	*last = ++s->ticket;
	return *last;
}

/* A look that costs nothing: whoever takes finds out. rte_ring_empty() reads what others write
 * without saying so. */
static bool is_empty(const struct rte_ring *r)
{
	return __atomic_load_n(&r->prod.tail, __ATOMIC_RELAXED) ==
	       __atomic_load_n(&r->cons.tail, __ATOMIC_RELAXED);
}

bool spray_take(struct spray *s, bool own, struct spray_burst *b)
{
	if (rte_ring_dequeue_elem(s->offers, b, sizeof(*b)) == 0)
		return true;
	for (unsigned int i = 0; i < s->n && !own; i++) {
		const struct spray *other;

		s->next = s->next + 1 < s->n ? s->next + 1 : 0;
		other = s->all[s->next];
		if (other && other != s && !is_empty(other->offers) &&
		    rte_ring_dequeue_elem(other->offers, b, sizeof(*b)) == 0)
			return true;
	}
	return false;
}

uint64_t *spray_done(struct spray *s, const struct spray_burst *b)
{
	return b->from < s->n && s->all[b->from] ? &s->all[b->from]->done : &s->done;
}

uint64_t *spray_own_done(struct spray *s)
{
	return &s->done;
}
