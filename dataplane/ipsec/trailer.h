/* SPDX-License-Identifier: BSD-3-Clause */
/* trailer.h - the end of a decrypted ESP payload: pad bytes, pad length, next header. */
#ifndef ESPGW_IPSEC_TRAILER_H
#define ESPGW_IPSEC_TRAILER_H

#include <string.h>

#include <rte_byteorder.h>

#include "dataplane/api/counters.h"
#include "dataplane/ipsec/sa.h"

#define NEXT_HEADER_IPV4  4u
#define NEXT_HEADER_IPV6  41u
#define NEXT_HEADER_DUMMY 59u /* RFC 4303 section 2.6 */
#define TRAILER_STORE	  16u

/** Are pad bytes 1, 2, 3...? An ICV of at least 12 bytes follows pad length and next header, so
 * from two pad bytes on 16 bytes can be read. */
static inline bool trailer_pad_is_right(const uint8_t *pad, unsigned int n)
{
	uint64_t word[2];
	uint8_t wrong = 0;

	if (n < 2 || n > sizeof(word)) {
		for (unsigned int i = 0; i < n; i++)
			wrong |= pad[i] ^ (uint8_t)(i + 1);
		return wrong == 0;
	}
	memcpy(word, pad, sizeof(word));
	word[0] ^= rte_cpu_to_le_64(0x0807060504030201ull);
	word[1] ^= rte_cpu_to_le_64(0x100f0e0d0c0b0a09ull);
	if (n < 8)
		return rte_le_to_cpu_64(word[0]) << (64 - 8 * n) == 0;
	return word[0] == 0 && (n == 8 || rte_le_to_cpu_64(word[1]) << (128 - 8 * n) == 0);
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
	if (!trailer_pad_is_right(text + payload, pad))
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
