/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kept.h - an SA as it was when it was new, to go back to: an input is to find what every other one
 * found, and to add SAs anew for each costs more than its packets.
 */
#ifndef ESPGW_FUZZ_KEPT_H
#define ESPGW_FUZZ_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/ipsec/sa6.h"

#define KEPT_BYTES 4096u

struct kept {
	struct sa *sa;
	size_t bytes; /* with its keys and the window's cells */
	struct sa6 six;
	_Alignas(64) uint8_t copy[KEPT_BYTES];
};

/** Keep sa as it is now. False: it is larger than that, or its cells lie elsewhere. */
bool kept_take(struct kept *k, struct sa *sa);

/** Make it what it was. Nobody else is using it. */
void kept_undo(const struct kept *k);

/** Is sa, in whatever place, what was kept? */
bool kept_is(const struct kept *k, const struct sa *sa);

#endif
