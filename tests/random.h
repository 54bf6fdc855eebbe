/* SPDX-License-Identifier: BSD-3-Clause */
/* random.h - what tests and benches draw, the same each time: xorshift64*. */
#ifndef ESPGW_TEST_RANDOM_H
#define ESPGW_TEST_RANDOM_H

#include <stdint.h>

/** *state: not 0. */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

/** 0 to n - 1, all of them as likely as the others. */
static inline uint32_t random_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)((random_next(state) >> 32) * n >> 32);
}

#endif
