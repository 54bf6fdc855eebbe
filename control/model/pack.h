/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pack.h - a row of a configuration in few bytes: what differs from the menu's presets, and the
 * lines of what was given. Texts and bytes are not copied, but referred to.
 */
#ifndef ESPGW_MODEL_PACK_H
#define ESPGW_MODEL_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "control/model/value.h"

/* As much as a row can take, of n properties: mask and lines, then each value. */
#define PACK_MAX_VALUE	100u
#define PACK_MAX_ROW(n) (10u + (size_t)(n) * (5u + PACK_MAX_VALUE))

/**
 * n values into out (PACK_MAX_ROW(n) bytes). given: bit per property whose line is kept; base: the
 * row's line. Returns the length.
 */
size_t pack_row(const struct value *values, const struct value *presets, size_t n, uint64_t given,
		const unsigned *lines, unsigned base, uint8_t *out);

/** The reverse. lines of properties that were not given are left alone; NULL: not wanted. */
void pack_open(const uint8_t *in, const struct value *presets, size_t n, uint64_t given,
	       unsigned base, struct value *values, unsigned *lines);

/** One property's value alone. */
void pack_open_one(const uint8_t *in, const struct value *presets, size_t n, uint64_t given,
		   size_t prop, struct value *value);

#endif
