/* SPDX-License-Identifier: BSD-3-Clause */
/* yardstick.c - see yardstick.h. */
#include "tests/bench/yardstick.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_cycles.h>
#include <rte_pause.h>
#include <rte_prefetch.h>

#include "tests/bench/sizes.h"
#include "tests/random.h"

#define LINE   64u
#define PAGE   (2u << 20)
#define LINES  224u /* of a round */
#define ROUNDS 31u
#define CHAIN  2000u
#define WAIT   5000u /* cycles: more than any line takes */

struct yardstick_region {
	uint8_t *
		at; /* on large pages, if there are any: lines that name the next one of a circle */
	uint32_t n; /* lines */
	uint64_t seed;
	uint32_t place;
};

static uint32_t pick(struct yardstick_region *r)
{
	return random_below(&r->seed, r->n);
}

static const volatile uint32_t *line(const struct yardstick_region *r, uint32_t i)
{
	return (const volatile uint32_t *)(const void *)(r->at + (size_t)i * LINE);
}

/* One circle through all lines, at random (Sattolo). */
static int make_circle(struct yardstick_region *r)
{
	uint32_t *order = calloc(r->n, sizeof(*order));

	if (order == NULL)
		return -1;
	for (uint32_t i = 0; i < r->n; i++)
		order[i] = i;
	for (uint32_t i = r->n - 1; i > 0; i--) {
		uint32_t k = pick(r) % i, t = order[i];

		order[i] = order[k];
		order[k] = t;
	}
	for (uint32_t i = 0; i < r->n; i++)
		memcpy(r->at + (size_t)order[i] * LINE, &order[(i + 1) % r->n], sizeof(*order));
	free(order);
	return 0;
}

struct yardstick_region *yardstick_create(size_t bytes)
{
	struct yardstick_region *r = calloc(1, sizeof(*r));

	bytes = (bytes + PAGE - 1) & ~(size_t)(PAGE - 1);
	if (r == NULL)
		return NULL;
	r->seed = 88172645463325252ull;
	r->n = (uint32_t)(bytes / LINE);
	r->at = aligned_alloc(PAGE, bytes);
	if (r->at == NULL || madvise(r->at, bytes, MADV_HUGEPAGE) != 0) {
		yardstick_free(r);
		return NULL;
	}
	memset(r->at, 0, bytes);
	if (make_circle(r) == 0)
		return r;
	yardstick_free(r);
	return NULL;
}

void yardstick_free(struct yardstick_region *r)
{
	if (r == NULL)
		return;
	free(r->at);
	free(r);
}

static double walk(struct yardstick_region *r)
{
	uint64_t start = rte_rdtsc_precise();

	for (unsigned int i = 0; i < CHAIN; i++)
		r->place = *line(r, r->place);
	return (double)(rte_rdtsc_precise() - start) / CHAIN;
}

static void choose(struct yardstick_region *r, uint32_t *at)
{
	for (unsigned int i = 0; i < LINES; i++)
		at[i] = pick(r);
}

static double load_all(const struct yardstick_region *r, const uint32_t *at)
{
	uint64_t start = rte_rdtsc_precise();
	uint32_t sum = 0;

	for (unsigned int i = 0; i < LINES; i++)
		sum += *line(r, at[i]);
	__asm__ volatile("" : : "r"(sum));
	return (double)(rte_rdtsc_precise() - start) / LINES;
}

static double load_prefetched(const struct yardstick_region *r, const uint32_t *at)
{
	uint64_t start;

	for (unsigned int i = 0; i < LINES; i++)
		rte_prefetch1((const void *)(r->at + (size_t)at[i] * LINE));
	start = rte_rdtsc();
	while (rte_rdtsc() - start < WAIT)
		rte_pause();
	return load_all(r, at);
}

struct yardstick yardstick_measure(struct yardstick_region *r)
{
	double alone[ROUNDS], together[ROUNDS], after[ROUNDS], near;
	uint32_t at[LINES];
	struct yardstick y;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		alone[i] = walk(r);
		choose(r, at);
		together[i] = load_all(r, at);
		choose(r, at);
		after[i] = load_prefetched(r, at);
	}
	choose(r, at);
	load_all(r, at);
	near = load_all(r, at);
	y.alone = sizes_quantile(alone, ROUNDS, 0.5);
	y.together = sizes_quantile(together, ROUNDS, 0.5);
	y.prefetched = y.together <= near ? 1
					  : (y.together - sizes_quantile(after, ROUNDS, 0.5)) /
						    (y.together - near);
	y.prefetched = y.prefetched < 0 ? 0 : y.prefetched > 1 ? 1 : y.prefetched;
	return y;
}
