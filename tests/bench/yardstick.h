/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * yardstick.h - what this machine's memory gives: the part of a bench's figure that no program can
 * change. Cycles for a cache line at random out of a region of some size.
 */
#ifndef ESPGW_BENCH_YARDSTICK_H
#define ESPGW_BENCH_YARDSTICK_H

#include <stddef.h>

struct yardstick {
	double alone;	   /* cycles a line, each address known only from the line before */
	double together;   /* the same, all addresses known: as many at a time as the CPU can */
	double prefetched; /* share of lines that are near some time after prefetcht1 asked for
			      them: some CPUs ignore it at times */
};

struct yardstick_region;

/** NULL without memory. */
struct yardstick_region *yardstick_create(size_t bytes);
void yardstick_free(struct yardstick_region *r);

/** Medians of some milliseconds. */
struct yardstick yardstick_measure(struct yardstick_region *r);

#endif
