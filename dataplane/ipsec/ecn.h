/* SPDX-License-Identifier: BSD-3-Clause */
/* ecn.h - congestion marks through a tunnel (RFC 6040, which updates RFC 4301). */
#ifndef ESPGW_IPSEC_ECN_H
#define ESPGW_IPSEC_ECN_H

#include <stdint.h>

#define ECN_MASK 3u
#define ECN_NOT	 0u
#define ECN_ECT1 1u
#define ECN_ECT0 2u
#define ECN_CE	 3u
#define ECN_DROP 0xffu

/**
 * TOS of the outer header: DSCP copied (RFC 4301 section 5.1.2.1), ECN copied (RFC 6040 section
 * 4.1, normal mode).
 */
static inline uint8_t ecn_outer_tos(uint8_t inner)
{
	return inner;
}

/** ECN field of the packet that leaves the tunnel, or ECN_DROP (RFC 6040 section 4.2, figure 4). */
static inline uint8_t ecn_decapsulate(uint8_t inner_tos, uint8_t outer_tos)
{
	uint8_t inner = inner_tos & ECN_MASK, outer = outer_tos & ECN_MASK;

	if (outer == ECN_CE)
		return inner == ECN_NOT ? ECN_DROP : ECN_CE;
	if (outer == ECN_ECT1 && inner == ECN_ECT0)
		return ECN_ECT1;
	return inner;
}

/** Can an outer header with that TOS change the inner one at all? Not with Not-ECT or ECT(0). */
static inline int ecn_may_change(uint8_t outer_tos)
{
	return (outer_tos & 1) != 0;
}

#endif
