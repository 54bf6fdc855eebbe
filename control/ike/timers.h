/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * timers.h - what is due when: an intrusive pairing heap of one-shot timers. Arming never allocates
 * and never fails; arming an armed timer moves it. Times are monotonic nanoseconds.
 */
#ifndef ESPGW_IKE_TIMERS_H
#define ESPGW_IKE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMERS_NEVER UINT64_MAX
#define TIMERS_MS    1000000ULL
#define TIMERS_SEC   1000000000ULL

struct ike_engine;
struct timer;

/* Called with the timer already disarmed; it may arm it again or free what holds it. */
typedef void timer_fn(struct ike_engine *e, struct timer *t, uint64_t now);

struct timer {
	uint64_t due;
	timer_fn *fn;
	bool armed;
	struct timer *child, *sibling;
	struct timer *prev; /* left sibling, or the parent of a first child; NULL at the root */
};

struct timers {
	struct timer *root;
	size_t count;
};

void timers_init_one(struct timer *t, timer_fn *fn);
void timers_arm(struct timers *h, struct timer *t, uint64_t due);
/** No-op when not armed. */
void timers_cancel(struct timers *h, struct timer *t);
/** Takes off and returns the earliest timer due at now or before; NULL when there is none. */
struct timer *timers_pop(struct timers *h, uint64_t now);
/** When the earliest is due; TIMERS_NEVER when none is armed. */
uint64_t timers_next(const struct timers *h);

#endif
