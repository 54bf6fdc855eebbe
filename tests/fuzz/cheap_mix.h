/* SPDX-License-Identifier: BSD-3-Clause */
/* cheap_mix.h - the mix of no strength that fuzz targets have in the place of ciphers and hashes:
 * another byte or length still gives another result. */
#ifndef ESPGW_FUZZ_CHEAP_MIX_H
#define ESPGW_FUZZ_CHEAP_MIX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t cheap_stir(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u; /* splitmix64 */
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/** Take data into s; in pieces of whole 8 bytes it comes to the same as at once. */
static inline uint64_t cheap_absorb(uint64_t s, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t v;

	for (; len >= 8; len -= 8, p += 8) {
		memcpy(&v, p, 8);
		s = (s ^ v) * 0x9e3779b97f4a7c15u;
		s ^= s >> 29;
	}
	for (; len > 0; len--)
		s = (s ^ *p++) * 0x100000001b3u;
	return s;
}

/** len bytes that s makes. */
static inline void cheap_squeeze(uint64_t s, uint8_t *out, size_t len)
{
	for (size_t at = 0; at < len; at += 8) {
		uint64_t v = cheap_stir(s += 0x9e3779b97f4a7c15u);

		memcpy(out + at, &v, len - at < 8 ? len - at : 8);
	}
}

#endif
