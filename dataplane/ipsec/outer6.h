/* SPDX-License-Identifier: BSD-3-Clause */
/* outer6.h - the outer IPv6 header of a tunnel and what is before the IV, written in whole words.
 */
#ifndef ESPGW_IPSEC_OUTER6_H
#define ESPGW_IPSEC_OUTER6_H

#include <string.h>

#include <rte_byteorder.h>

#include "dataplane/ipsec/sa.h"
#include "dataplane/net/ip6.h"

#define OUTER6_PLAIN (IP6_HEADER + SA_ESP_HEADER)

_Static_assert(OUTER6_PLAIN == 6 * sizeof(uint64_t) && RTE_BYTE_ORDER == RTE_LITTLE_ENDIAN,
	       "the first byte is the lowest one of a word");

/** Write OUTER6_PLAIN bytes from ip on: the template o with traffic class, payload length and
 * sequence number put where it holds zeros. len: of the packet. */
static inline void outer6_write(uint8_t *ip, const struct sa_outer *o, uint8_t tos, uint16_t len,
				uint32_t seq)
{
	uint32_t class = rte_cpu_to_be_32((uint32_t)tos << 20);
	uint64_t payload = rte_cpu_to_be_16((uint16_t)(len - IP6_HEADER));
	uint64_t first = o->word[0] | class | payload << 32;
	uint64_t last = o->word[5] | (uint64_t)rte_cpu_to_be_32(seq) << 32;

	memcpy(ip, &first, sizeof(first));
	memcpy(ip + 8, &o->word[1], 4 * sizeof(uint64_t));
	memcpy(ip + 40, &last, sizeof(last));
}

/** The same from the header that sa has now. False: it is being changed, or not of that length;
 * what is at ip is of no use then. */
static inline bool outer6_write_now(uint8_t *ip, const struct sa *sa, uint8_t tos, uint16_t len,
				    uint32_t seq)
{
	struct sa_outer o;
	bool whole = sa_outer_read(sa, &o);

	outer6_write(ip, &o, tos, len, seq);
	return whole && o.length == OUTER6_PLAIN;
}

#endif
