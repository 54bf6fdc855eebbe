/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * clock.h - CLOCK_MONOTONIC nanoseconds from the TSC with one multiplication.
 *
 * The manager's thread measures the TSC against CLOCK_MONOTONIC and publishes base and factor; the
 * workers convert. A sequence number makes a reader notice that it was overtaken; it then keeps the
 * time it had, so nothing waits.
 */
#ifndef ESPGW_CLOCK_H
#define ESPGW_CLOCK_H

#include <stdint.h>

struct clock {
	uint32_t seq; /* odd while the manager writes */
	uint64_t tsc; /* at base */
	uint64_t base;
	uint64_t factor; /* ns per tick, 32.32 fixed point */
	/* the manager's own */
	uint64_t tsc0;
	uint64_t ns0;
};

/** CLOCK_MONOTONIC in ns, by system call: for the manager. */
uint64_t clock_monotonic(void);

/** Start from the TSC frequency that EAL knows. */
void clock_init(struct clock *c, uint64_t tsc_hz, uint64_t tsc, uint64_t ns);

/**
 * Measure again: at time ns the TSC stood at tsc. Call about once a second. The first second after
 * clock_init() only moves the base, as so short a measurement would be worse than the frequency.
 */
void clock_calibrate(struct clock *c, uint64_t tsc, uint64_t ns);

/** Time at tsc; never less than last, which is also the answer while the manager is writing. */
static inline uint64_t clock_at(const struct clock *c, uint64_t tsc, uint64_t last)
{
	uint32_t seq = __atomic_load_n(&c->seq, __ATOMIC_ACQUIRE);
	uint64_t base = __atomic_load_n(&c->base, __ATOMIC_RELAXED);
	uint64_t from = __atomic_load_n(&c->tsc, __ATOMIC_RELAXED);
	uint64_t factor = __atomic_load_n(&c->factor, __ATOMIC_RELAXED);
	uint64_t ns;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if ((seq & 1) != 0 || __atomic_load_n(&c->seq, __ATOMIC_RELAXED) != seq || tsc < from)
		return last;
	ns = base + (uint64_t)(((unsigned __int128)(tsc - from) * factor) >> 32);
	return ns > last ? ns : last;
}

#endif
