/* SPDX-License-Identifier: BSD-3-Clause */
/* mtu.h - sizes of an ESP packet in tunnel mode, exact (RFC 4303 section 2). */
#ifndef ESPGW_IPSEC_MTU_H
#define ESPGW_IPSEC_MTU_H

#include <stdint.h>

#include "dataplane/ipsec/sa.h"

#define MTU_IPV4_MIN 68u /* RFC 791: every link carries that much */

/** Bytes of pad for a payload of len: payload, pad, pad length and next header fill blocks. */
static inline uint16_t mtu_pad(uint16_t len, uint8_t block)
{
	return (uint16_t)(-(unsigned int)(len + SA_ESP_TRAILER) & (block - 1u));
}

/** Outer IPv4 length of an inner packet of len bytes; outer is the outer IP (and UDP) and ESP
 * headers together. */
static inline uint32_t mtu_outer(const struct sa *sa, uint32_t outer, uint16_t len)
{
	return outer + sa->iv_len + len + mtu_pad(len, sa->block) + SA_ESP_TRAILER + sa->icv_len;
}

/** Largest inner packet whose outer one is not larger than path bytes; at least MTU_IPV4_MIN. */
static inline uint16_t mtu_inner(const struct sa *sa, uint32_t outer, uint16_t path)
{
	uint32_t around = outer + sa->iv_len + sa->icv_len, room;

	if (path < around + MTU_IPV4_MIN + SA_ESP_TRAILER + sa->block)
		return MTU_IPV4_MIN;
	room = (path - around) & ~(uint32_t)(sa->block - 1u);
	return (uint16_t)(room - SA_ESP_TRAILER);
}

/** Largest IP packet that the SA carries over a path of that MTU: the inner one of a tunnel; in
 * transport mode the packet itself, with no more than an IP header in front of its payload. */
static inline uint16_t mtu_of(const struct sa *sa, uint16_t path)
{
	uint16_t payload = mtu_inner(sa, sa->outer.length, path);

	if ((sa->shape & SA_SHAPE_TRANSPORT) == 0)
		return payload;
	return (uint16_t)(payload + (sa->shape & SA_SHAPE_OUTER6 ? 40 : 20));
}

#endif
