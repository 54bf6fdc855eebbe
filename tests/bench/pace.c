/* SPDX-License-Identifier: BSD-3-Clause */
/* pace.c - see pace.h. */
#include "tests/bench/pace.h"

#include <rte_common.h>
#include <rte_cycles.h>

#define TIMES 64u

static struct {
	_Alignas(64) uint64_t total;
	_Alignas(64) unsigned int times;
	struct {
		uint64_t at, n;
	} left[TIMES];
} pace;

void pace_start(void)
{
	__atomic_store_n(&pace.times, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&pace.total, 0, __ATOMIC_RELEASE);
}

void pace_left(uint32_t n)
{
	uint64_t now = rte_rdtsc();
	unsigned int i = __atomic_fetch_add(&pace.times, 1, __ATOMIC_RELAXED);

	if (i < TIMES) {
		pace.left[i].at = now;
		pace.left[i].n = n;
	}
	__atomic_fetch_add(&pace.total, n, __ATOMIC_ACQ_REL);
}

uint64_t pace_total(void)
{
	return __atomic_load_n(&pace.total, __ATOMIC_ACQUIRE);
}

double pace_cycles(uint64_t from, uint64_t to)
{
	unsigned int times = RTE_MIN(__atomic_load_n(&pace.times, __ATOMIC_RELAXED), TIMES);
	double n = 0, x = 0, y = 0, xy = 0, xx = 0;
	uint64_t sum = 0;

	for (unsigned int i = 0; i < times; i++) {
		double at = (double)(int64_t)(pace.left[i].at - pace.left[0].at);

		sum += pace.left[i].n;
		if (sum < from || sum > to)
			continue;
		n++;
		x += (double)sum;
		y += at;
		xy += (double)sum * at;
		xx += (double)sum * (double)sum;
	}
	return (xy - x * y / n) / (xx - x * x / n);
}
