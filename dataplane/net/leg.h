/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * leg.h - several routes of one prefix, the nearest first: those of the lowest distance count that
 * has one whose port has a link, and each flow keeps to one of them. The links are looked at per
 * packet, so nothing is built anew when one comes or goes.
 */
#ifndef ESPGW_NET_LEG_H
#define ESPGW_NET_LEG_H

#include "dataplane/net/port.h"

#define LEG_MAX 16u /* routes of one prefix */

struct leg {
	uint8_t port;
	uint8_t distance;
};

/** Which of n routes count now: their places in up[]. How many; 0: none has a link. */
static inline uint32_t leg_usable(const struct leg *legs, uint32_t n, uint8_t up[LEG_MAX])
{
	uint32_t n_up = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (n_up != 0 && legs[i].distance != legs[up[0]].distance)
			break;
		if (__atomic_load_n(&ports[legs[i].port].link_up, __ATOMIC_RELAXED))
			up[n_up++] = (uint8_t)i;
	}
	return n_up;
}

/** The place of the one that a flow of this hash takes; without any link, the first. */
static inline uint32_t leg_of_flow(const struct leg *legs, uint32_t n, uint32_t hash)
{
	uint8_t up[LEG_MAX];
	uint32_t n_up = leg_usable(legs, n, up);

	return n_up != 0 ? up[(uint64_t)hash * n_up >> 32] : 0;
}

/** The least MTU of those that count; of the first, when none has a link. */
static inline uint16_t leg_mtu(const struct leg *legs, uint32_t n)
{
	uint8_t up[LEG_MAX];
	uint32_t n_up = leg_usable(legs, n, up);
	uint16_t mtu = ports[legs[n_up != 0 ? up[0] : 0].port].mtu;

	for (uint32_t i = 1; i < n_up; i++)
		mtu = RTE_MIN(mtu, ports[legs[up[i]].port].mtu);
	return mtu;
}

/** Spreads any difference of x over all bits of the result. */
static inline uint32_t leg_mix(uint64_t x)
{
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ull;
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ull;
	return (uint32_t)(x ^ x >> 32);
}

#endif
