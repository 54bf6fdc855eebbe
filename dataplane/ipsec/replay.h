/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * replay.h - the anti-replay window (RFC 4303 section 3.4.3), shared by workers without a lock.
 *
 * The window is a ring of 64-bit cells {block number, 32 bits}, after the ring of blocks of
 * RFC 6479. A cell says which block of 32 sequence numbers it holds and which of them were taken,
 * so one compare-and-swap decides about the packets of a block: same block, test and set; older
 * block in the cell, replace it; newer block in the cell, the packet is left of the window. A
 * number that was taken once can never be taken again, whatever the interleaving, because a cell's
 * block number only grows. `top` is the highest number verified: it makes the left edge exact and
 * is moved after the burst, so the ring has room for the window and a burst of every worker.
 *
 * One worker alone needs no such care, and of thousands of SAs each cache line counts: what was
 * taken of the block of `top`, which is where nearly all packets are, lies beside it (`recent`),
 * and the cell of that block is behind the times until the edge moves to another one. So all
 * functions of a window are those for one worker (replay_..._alone()), or none is.
 */
#ifndef ESPGW_IPSEC_REPLAY_H
#define ESPGW_IPSEC_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPLAY_WINDOW_MIN 64u
#define REPLAY_WINDOW_MAX 65536u
#define REPLAY_SPARE	  512u /* numbers of the ring beyond the window: more than a burst has */

struct replay {
	uint64_t top;	      /* highest sequence number verified */
	uint64_t *cell;	      /* of their own memory, on a cache line: these are near what is read
				 with them */
	uint32_t recent;      /* one worker: which numbers of the block of top were taken */
	uint32_t window : 20; /* packets */
	uint32_t mask : 12;   /* cells - 1, cells being a power of two */
};
#define REPLAY_CELLS_MAX 4096u /* what mask has room for: of 130,528 packets */

/** Cells that a window of that many packets takes. */
static inline uint32_t replay_cells(uint32_t window)
{
	uint32_t need = (window + REPLAY_SPARE + 31) / 32 + 1, cells = 8;

	while (cells < need)
		cells *= 2;
	return cells;
}

/** Bytes of the cells for that window (REPLAY_WINDOW_MIN..REPLAY_WINDOW_MAX): whole cache lines. */
static inline size_t replay_bytes(uint32_t window)
{
	return replay_cells(window) * sizeof(uint64_t);
}

static inline uint64_t replay_cell(uint32_t block, uint32_t bits)
{
	return (uint64_t)block << 32 | bits;
}

/** Start with every number up to `start` taken (0: a new SA). cell: replay_bytes(window), which
 * stay the caller's. Not for use beside workers. */
static inline void replay_init(struct replay *r, uint64_t *cell, uint32_t window, uint64_t start)
{
	uint32_t last = (uint32_t)(start >> 5), cells = replay_cells(window);

	r->top = start;
	r->window = window & 0xfffff;
	r->mask = (cells - 1) & 0xfff;
	r->cell = cell;
	for (uint32_t i = 0; i < cells; i++)
		r->cell[i] = 0;
	for (uint32_t i = 0; i < cells && i <= last; i++)
		r->cell[(last - i) & r->mask] = replay_cell(last - i, UINT32_MAX);
	r->recent = (uint32_t)((2ull << (start & 31)) - 1);
	r->cell[last & r->mask] = replay_cell(last, r->recent);
}

/**
 * The whole of an extended number whose lower half was sent: the first that has this half and is
 * not left of the window, which is what RFC 4303 appendix A2.2 comes to in both of its cases. A
 * guess until the ICV was right. 0, which is never valid, when no such number can be.
 */
static inline uint64_t replay_infer(const struct replay *r, uint32_t low)
{
	uint64_t top = __atomic_load_n(&r->top, __ATOMIC_RELAXED);
	uint32_t others = r->window - 1u;
	uint64_t left = top - others; /* below 0 while the SA is new */
	uint64_t seq = left + (uint32_t)(low - (uint32_t)left);

	return top < others && seq >= left ? 0 : seq;
}

/* Which of the 32 numbers from first (a multiple of 32) on are neither number 0 nor left of the
 * window. */
static inline uint32_t replay_in_window(const struct replay *r, uint64_t first)
{
	uint64_t top = __atomic_load_n(&r->top, __ATOMIC_RELAXED);
	uint64_t edge = top >= r->window ? top - r->window : 0; /* the last one left of it */

	/* RFC 4303 section 3.3.3: the first packet has number 1. */
	if (edge < first)
		return UINT32_MAX;
	return edge - first < 31 ? UINT32_MAX << (edge - first + 1) : 0;
}

/** Which of the 32 numbers from first (a multiple of 32) on would be taken now? Read-only, for use
 * before the integrity check. */
static inline uint32_t replay_open_block(const struct replay *r, uint64_t first)
{
	uint32_t block = (uint32_t)(first >> 5);
	uint64_t cell = __atomic_load_n(&r->cell[block & r->mask], __ATOMIC_RELAXED);
	int32_t ahead = (int32_t)(block - (uint32_t)(cell >> 32));

	if (ahead < 0)
		return 0;
	return replay_in_window(r, first) & (ahead > 0 ? UINT32_MAX : ~(uint32_t)cell);
}

/** The same for one number. */
static inline bool replay_check(const struct replay *r, uint64_t seq)
{
	return (replay_open_block(r, seq & ~31ull) >> (seq & 31) & 1) != 0;
}

/* What a cell becomes when such of the bits are taken of its block as are free: *taken; 0: it stays
 * as it is. */
static inline uint64_t replay_cell_with(uint64_t cell, uint32_t block, uint32_t bits,
					uint32_t *taken)
{
	int32_t ahead = (int32_t)(block - (uint32_t)(cell >> 32));

	*taken = ahead < 0 ? 0 : ahead > 0 ? bits : bits & ~(uint32_t)cell;
	return ahead > 0 ? replay_cell(block, bits) : cell | bits;
}

/**
 * Take numbers of packets whose ICV was good: bit i of bits is the number first + i, first being a
 * multiple of 32. Returns those that were taken now, which each number is once, whoever asks; the
 * others were before, or are left of the window. A retry means that another worker took a number of
 * the same cell, of which there are 32.
 */
static inline uint32_t replay_take_block(struct replay *r, uint64_t first, uint32_t bits)
{
	uint32_t block = (uint32_t)(first >> 5), taken;
	uint64_t *p = &r->cell[block & r->mask];
	uint64_t cell = __atomic_load_n(p, __ATOMIC_RELAXED), next;

	bits &= replay_in_window(r, first);
	do {
		next = replay_cell_with(cell, block, bits, &taken);
		if (taken == 0)
			return 0;
	} while (!__atomic_compare_exchange_n(p, &cell, next, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return taken;
}

/** Move the right edge to the highest number taken, at the latest REPLAY_SPARE numbers on. True
 * when it moved. */
static inline bool replay_advance(struct replay *r, uint64_t seq)
{
	uint64_t top = __atomic_load_n(&r->top, __ATOMIC_RELAXED);

	while (seq > top)
		if (__atomic_compare_exchange_n(&r->top, &top, seq, true, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED))
			return true;
	return false;
}

/* --- one worker alone --- */

/** replay_open_block() where no other worker takes numbers. */
static inline uint32_t replay_open_block_alone(const struct replay *r, uint64_t first)
{
	return first == (r->top & ~31ull) ? ~r->recent : replay_open_block(r, first);
}

/** replay_check() where no other worker takes numbers. */
static inline bool replay_check_alone(const struct replay *r, uint64_t seq)
{
	return (replay_open_block_alone(r, seq & ~31ull) >> (seq & 31) & 1) != 0;
}

/** replay_take_block() where no other worker takes numbers: a locked instruction for each of many
 * SAs would have each wait for the one before, too. */
static inline uint32_t replay_take_block_alone(struct replay *r, uint64_t first, uint32_t bits)
{
	uint32_t block = (uint32_t)(first >> 5), taken;
	uint64_t *p, cell;

	if (__builtin_expect(first == (r->top & ~31ull), 1)) {
		taken = bits & ~r->recent;
		r->recent |= bits;
		return taken;
	}
	p = &r->cell[block & r->mask];
	cell = replay_cell_with(*p, block, bits & replay_in_window(r, first), &taken);
	if (taken != 0)
		*p = cell;
	return taken;
}

/* The edge moves on to the block of seq: what was taken of the old one goes into its cell, unless
 * that is a newer one's by now, and what was of the new one comes out of its own. */
static inline void replay_leave_block(struct replay *r, uint64_t seq)
{
	uint32_t block = (uint32_t)(r->top >> 5), taken;
	uint64_t *p = &r->cell[block & r->mask];
	uint64_t cell = replay_cell_with(*p, block, r->recent, &taken);

	if (taken != 0)
		*p = cell;
	r->recent = ~replay_open_block(r, seq & ~31ull);
}

/** replay_advance() where no other worker does it. */
static inline void replay_advance_alone(struct replay *r, uint64_t seq)
{
	if (seq <= r->top)
		return;
	if (__builtin_expect((seq ^ r->top) > 31, 0))
		replay_leave_block(r, seq);
	__atomic_store_n(&r->top, seq, __ATOMIC_RELAXED); /* which the manager reads */
}

/** Is one number in the block of the edge, and was not taken, or right of it? The cell that the
 * latter will need is asked for. */
static inline bool replay_is_new_alone(const struct replay *r, uint64_t seq)
{
	if (__builtin_expect((seq ^ r->top) > 31, 0)) {
		__builtin_prefetch(&r->cell[seq >> 5 & r->mask]);
		return seq > r->top;
	}
	return (r->recent >> (seq & 31) & 1) == 0;
}

/** replay_take_block_alone() of one number: was it taken now? */
static inline bool replay_take_alone(struct replay *r, uint64_t seq)
{
	return replay_take_block_alone(r, seq & ~31ull, 1u << (seq & 31)) != 0;
}

/** The same, and the edge moved to it. */
static inline bool replay_accept_alone(struct replay *r, uint64_t seq)
{
	uint64_t top = r->top;
	uint32_t taken = r->recent, bit = 1u << (seq & 31);
	bool now;

	if (__builtin_expect((seq ^ top) > 31, 0)) {
		now = replay_take_alone(r, seq);
		replay_advance_alone(r, seq);
		return now;
	}
	r->recent = taken | bit;
	/* The manager reads it. */
	__atomic_store_n(&r->top, seq > top ? seq : top, __ATOMIC_RELAXED);
	return (taken & bit) == 0;
}

#endif
