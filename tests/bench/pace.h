/* SPDX-License-Identifier: BSD-3-Clause */
/* pace.h - how fast packets leave that several workers send in turn. */
#ifndef ESPGW_BENCH_PACE_H
#define ESPGW_BENCH_PACE_H

#include <stdint.h>

/** Nothing has left yet. Nobody may be in pace_left(). */
void pace_start(void);
/** n more packets leave now; by any worker, at any time. */
void pace_left(uint32_t n);
/** So many have left. Who reads all that it waits for may ask for pace_cycles(). */
uint64_t pace_total(void);

/**
 * The TSC cycles a packet took, from when `from` had left until `to` had: the slope of the straight
 * line through the times bursts left at (least squares). Bursts leave in turn, so those of a round
 * of all workers together: the time between two of them would be a round more or less, as it
 * happens.
 */
double pace_cycles(uint64_t from, uint64_t to);

#endif
