/* SPDX-License-Identifier: BSD-3-Clause */
/* clock.c - the manager's side of clock.h: measures and publishes. */
#include "dataplane/clock.h"

#include <time.h>

#define NS_PER_S	 1000000000ull
#define SETTLE_NS	 NS_PER_S /* shorter measurements are not used for the factor */
#define RESTART_INTERVAL (3600 * NS_PER_S)

uint64_t clock_monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static void publish(struct clock *c, uint64_t tsc, uint64_t base, uint64_t factor)
{
	uint32_t seq = c->seq;

	__atomic_store_n(&c->seq, seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&c->tsc, tsc, __ATOMIC_RELAXED);
	__atomic_store_n(&c->base, base, __ATOMIC_RELAXED);
	__atomic_store_n(&c->factor, factor, __ATOMIC_RELAXED);
	__atomic_store_n(&c->seq, seq + 2, __ATOMIC_RELEASE);
}

void clock_init(struct clock *c, uint64_t tsc_hz, uint64_t tsc, uint64_t ns)
{
	c->seq = 0;
	c->tsc0 = tsc;
	c->ns0 = ns;
	publish(c, tsc, ns,
		(uint64_t)(((unsigned __int128)NS_PER_S << 32) / (tsc_hz ? tsc_hz : 1)));
}

void clock_calibrate(struct clock *c, uint64_t tsc, uint64_t ns)
{
	uint64_t factor = c->factor;

	if (tsc <= c->tsc0 || ns <= c->ns0)
		return;
	if (ns - c->ns0 >= SETTLE_NS)
		factor = (uint64_t)(((unsigned __int128)(ns - c->ns0) << 32) / (tsc - c->tsc0));
	publish(c, tsc, ns, factor);
	/* CLOCK_MONOTONIC is slewed by NTP: forget measurements that are too old. */
	if (ns - c->ns0 >= RESTART_INTERVAL) {
		c->tsc0 = tsc;
		c->ns0 = ns;
	}
}
