/* SPDX-License-Identifier: BSD-3-Clause */
/* sizes.h - the packet sizes and the statistics that the benches share. */
#ifndef ESPGW_BENCH_SIZES_H
#define ESPGW_BENCH_SIZES_H

#include <stdint.h>

#define SIZES 4u

/** Bytes of the inner packets; 0: IMIX, 64/570/1420 at 7:4:1. */
extern const uint16_t sizes[SIZES];

/** n lengths, all fixed, or (fixed = 0) IMIX, shuffled alike in every run. Returns the mean. */
double sizes_fill(uint16_t *len, unsigned int n, uint16_t fixed);

/** n lengths in another order: the next of a sequence that starts with sizes_fill(). For windows
 * that are repeated: a core learns hundreds of branches by heart, and an order that no traffic
 * keeps to makes raw a quarter cheaper than it is. */
void sizes_shuffle(uint16_t *len, unsigned int n);

/** The q-quantile (0..1) of n values; leaves them sorted. */
double sizes_quantile(double *v, unsigned int n, double q);

#endif
