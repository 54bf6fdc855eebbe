/* SPDX-License-Identifier: BSD-3-Clause */
/* trailer.h - the end of a decrypted ESP payload: pad bytes, pad length, next header. */
#ifndef ESPGW_IPSEC_TRAILER_H
#define ESPGW_IPSEC_TRAILER_H

#include <emmintrin.h>
#include <string.h>

#include <rte_byteorder.h>

#include "dataplane/api/counters.h"
#include "dataplane/ipsec/sa.h"

#define NEXT_HEADER_IPV4  4u
#define NEXT_HEADER_IPV6  41u
#define NEXT_HEADER_DUMMY 59u /* RFC 4303 section 2.6 */
#define TRAILER_STORE	  16u

/**
 * Are the n bytes before end 1, 2, 3...n? Sixteen bytes up to end can be read: at least ESP and IP
 * header are before. No branch depends on n as long as it is one that we would send, because from
 * packet to packet it is another one.
 */
static inline bool trailer_pad_is_right(const uint8_t *end, unsigned int n)
{
	const __m128i before =
		_mm_setr_epi8(-15, -14, -13, -12, -11, -10, -9, -8, -7, -6, -5, -4, -3, -2, -1, 0);
	__m128i want = _mm_add_epi8(before, _mm_set1_epi8((char)n));
	__m128i is_pad = _mm_cmpgt_epi8(want, _mm_setzero_si128());
	__m128i wrong =
		_mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)(end - 16)), want);
	uint8_t more = 0;

	if (__builtin_expect(n > 16, 0)) {
		for (unsigned int i = 0; i < n; i++)
			more |= end[(int)i - (int)n] ^ (uint8_t)(i + 1);
		return more == 0;
	}
	wrong = _mm_and_si128(wrong, is_pad);
	return _mm_movemask_epi8(_mm_cmpeq_epi8(wrong, _mm_setzero_si128())) == 0xffff;
}

/**
 * Check pad length and pad bytes (RFC 4303 section 2.4). text is what was decrypted, *len bytes of
 * it, at least two; on success *len is the payload's and *next the next header. A dummy packet is
 * net-consumed (section 2.6), a trailer that is wrong in-state-protocol-errors.
 */
static inline enum drop_reason trailer_check(const uint8_t *text, uint32_t *len, uint8_t *next)
{
	uint8_t pad = text[*len - 2];
	uint32_t payload;

	*next = text[*len - 1];
	if (pad + SA_ESP_TRAILER > *len)
		return DROP_IN_STATE_PROTOCOL_ERRORS;
	payload = *len - SA_ESP_TRAILER - pad;
	if (!trailer_pad_is_right(text + payload + pad, pad))
		return DROP_IN_STATE_PROTOCOL_ERRORS;
	*len = payload;
	return *next == NEXT_HEADER_DUMMY ? DROP_NET_CONSUMED : DROP_NONE;
}

/** Write up to 15 pad bytes 1, 2, 3... (RFC 4303 section 2.4), pad length, next header. At least 12
 * bytes of ICV follow, so two stores of eight always fit. */
static inline void trailer_write(uint8_t *at, uint16_t pad, uint8_t next)
{
	static const uint8_t bytes[TRAILER_STORE] = {1, 2,  3,	4,  5,	6,  7,	8,
						     9, 10, 11, 12, 13, 14, 15, 16};
	uint16_t end = rte_cpu_to_le_16((uint16_t)(pad | next << 8));

	memcpy(at, bytes, 8);
	memcpy(at + (pad & 8), bytes + (pad & 8), 8);
	memcpy(at + pad, &end, sizeof(end));
}

#endif
