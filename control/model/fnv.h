/* SPDX-License-Identifier: BSD-3-Clause */
/* fnv.h - FNV-1a of 64 bits. Who knows it can make keys collide, so it is for tables whose keys are
 * the operator's own, or that have a bound which makes all of them in one place cheap. */
#ifndef ESPGW_MODEL_FNV_H
#define ESPGW_MODEL_FNV_H

#include <stddef.h>
#include <stdint.h>

#define FNV_START 0xcbf29ce484222325ull

/** The hash h with one byte more. */
static inline uint64_t fnv_byte(uint64_t h, uint8_t byte)
{
	return (h ^ byte) * 0x100000001b3ull;
}

/** The hash of len bytes. */
static inline uint64_t fnv_hash(const void *data, size_t len)
{
	uint64_t h = FNV_START;

	for (size_t i = 0; i < len; i++)
		h = fnv_byte(h, ((const uint8_t *)data)[i]);
	return h;
}

#endif
