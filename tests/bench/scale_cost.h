/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * scale_cost.h - what many SAs, policies and flows cost a packet: two sites in one process take
 * turns, one with one tunnel and one with many, each packet of a tunnel and flow at random.
 */
#ifndef ESPGW_BENCH_SCALE_COST_H
#define ESPGW_BENCH_SCALE_COST_H

#include <stdbool.h>
#include <stdint.h>

#define SCALE_COST_ROUNDS 1001u /* at most */

struct scale_cost {
	uint32_t tunnels; /* one SA each way and the peer's */
	uint32_t flows;	  /* of each tunnel */
	unsigned int rounds;
	bool stages; /* where the cycles go, too */
};

struct worker;

/** What is timed, under a name of its own, so that a profiler finds it: a window of prepared
 * packets through the pipeline. */
void scale_cost_input(struct worker *w, bool out) __attribute__((noinline));

/** Print the ratio of their cycles per packet, for each size and direction. 0, or -1 when packets
 * were lost. */
int scale_cost(const struct scale_cost *o);

#endif
