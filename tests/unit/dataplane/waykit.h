/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * waykit.h - two sites, the same but for one thing: of what is sealed on one the way can be found
 * for many packets at once (net/way.h), on the other never. That one has every route twice, the
 * second of a higher distance, which nothing takes. A scene is played on both, and must leave the
 * same behind: frames byte by byte, their order and ports, what the manager gets, and counters.
 *
 * The site is that of tunnels.h, with a third port: 203.0.113.2, the peer of all tunnels, is behind
 * WAYKIT_GW. Keys, IVs and what is sent are the same on both.
 */
#ifndef ESPGW_TESTS_WAYKIT_H
#define ESPGW_TESTS_WAYKIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/ipsec/sad.h"
#include "dataplane/net/neigh_table.h"
#include "dataplane/order.h"
#include "dataplane/stages.h"
#include "tests/unit/dataplane/tunnels.h"

#define WAYKIT_LAN	0
#define WAYKIT_WAN	1
#define WAYKIT_FAR	2
#define WAYKIT_LAN_US	HARNESS_IP(192, 168, 1, 1)
#define WAYKIT_WAN_US	HARNESS_IP(192, 0, 2, 1)
#define WAYKIT_GW	HARNESS_IP(192, 0, 2, 254)
#define WAYKIT_FAR_GW	HARNESS_IP(198, 51, 100, 254)
#define WAYKIT_PEER	HARNESS_IP(203, 0, 113, 2)
#define WAYKIT_FAR_PEER HARNESS_IP(198, 18, 0, 2) /* behind WAYKIT_FAR_GW */
#define WAYKIT_NEAR	HARNESS_IP(192, 0, 2, 77) /* on the link */
#define WAYKIT_TUNNELS	32u
#define WAYKIT_CLEAR	100u /* the number of a tunnel that is none: in clear, by WAYKIT_GW */
#define WAYKIT_KINDS	3u   /* of waykit_seal_kinds() */

struct waykit {
	struct harness *h;    /* the site of now; all its neighbours are known at first */
	bool slow;	      /* it is the one where no way is found for many */
	struct stages counts; /* its own */
	unsigned int n_clear; /* packets sent of WAYKIT_CLEAR */
};
extern struct waykit wk;

extern const uint32_t waykit_one[1], waykit_few[3];

/** Play the scene on both and compare. */
void waykit_play(void (*scene)(void));
/** Packets that asked for a neighbour one by one, on either of the two. */
uint64_t waykit_asked(bool slow);

/** n packets of an IMIX from the LAN, of these tunnels in runs; many: of the next one each time.
 * So the first one is where a burst tells whether it is of many SAs. */
void waykit_seal(const uint32_t *tunnel, unsigned int n_tunnels, uint16_t n, bool many);
/** Note what has left, and what the manager was given. Returns how many left. */
unsigned int waykit_look(void);
/** A burst of one SA, of few and of many, each looked at. Returns how many packets left. */
unsigned int waykit_seal_kinds(uint16_t n);

/** All goes by gateway (0: nowhere), but 198.18/16 by WAYKIT_FAR_GW. */
void waykit_routes(uint32_t gateway);
/** mac: its last byte. */
void waykit_neighbour(uint8_t port, uint32_t addr, enum neigh_state s, uint8_t mac);
/** The peer of the tunnel is elsewhere, or in UDP. */
void waykit_move(uint32_t tunnel, uint32_t remote, uint8_t encap);
/** The outer packets of the tunnel may be fragmented. */
void waykit_clear_df(uint32_t tunnel);
/** Its outbound SA. */
struct sa *waykit_sa(uint32_t tunnel);

#endif
