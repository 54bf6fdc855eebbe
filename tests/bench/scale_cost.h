/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * scale_cost.h - what many SAs, policies and flows cost a packet: two sites in one process take
 * turns, one with one tunnel and one with many, each packet of a tunnel and flow at random.
 */
#ifndef ESPGW_BENCH_SCALE_COST_H
#define ESPGW_BENCH_SCALE_COST_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "tests/bench/tunnels6.h"

#define SCALE_COST_ROUNDS 1001u /* at most */

struct scale_cost {
	uint32_t tunnels; /* one SA each way and the peer's */
	uint32_t flows;	  /* of each tunnel */
	unsigned int rounds;
	struct tunnels6_shape shape;
	bool stages;  /* where the cycles go, too */
	json_t *rows; /* an array to put the figures into; NULL: they are only printed */
};

struct worker;
struct rte_mbuf;

/** What is timed, under a name of its own, so that a profiler finds it: a window of prepared
 * packets through the pipeline. */
void scale_cost_input(struct worker *w, bool out, struct rte_mbuf **pkts) __attribute__((noinline));

/**
 * Print the ratio of their cycles per packet, for each size and direction, and beside it what of
 * that is the machine's: the same of intel-ipsec-mb alone, and yardstick.h. 0, or -1 when packets
 * were lost.
 *
 * A row of o->rows is an object {direction ("out", "in"), size (bytes of the inner packet, or
 * "imix"), sas, policies, flows, cycles_one, cycles_many, ratio, ratio_low, ratio_high (quartiles),
 * library_one, library_many, library_ratio, line_alone, line_together (cycles), prefetched (0..1)}.
 */
int scale_cost(const struct scale_cost *o);

#endif
