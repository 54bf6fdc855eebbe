/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nd6kit.h - on top of netkit6.h and neighkit.h: the table of IPv6 neighbours, and hosts that speak
 * neighbour discovery.
 */
#ifndef ESPGW_TESTS_ND6KIT_H
#define ESPGW_TESTS_ND6KIT_H

#include "tests/unit/dataplane/net/neighkit.h"
#include "tests/unit/dataplane/net/netkit6.h"

#define ND_S 0x40u /* flags of an advertisement */
#define ND_O 0x20u
#define ND_R 0x80u

/** Per test, in place of neighkit_begin(): nk.table is the table of IPv6. */
int nd6kit_begin(void **state);

/** A message of type 135 or 136; mac NULL: without the link-layer address option. */
struct frame nd6kit_frame(uint8_t type, const char *src, const char *dst, const char *target,
			  uint8_t flags, const uint8_t *mac);
/** It comes in on port, through parse; true when parse lets it pass. */
bool nd6kit_input(const struct frame *f, uint8_t port);
/** A host with mac on port 0 solicits target, or advertises itself. */
void nd6kit_solicit(const char *src, const char *target, const uint8_t *mac);
void nd6kit_advert(const char *target, uint8_t flags, const uint8_t *mac);

/** Route a packet to dst and push it through neigh_burst(), and the manager when that says so.
 * True: sent at once. */
bool nd6kit_push(const char *dst);
/** The MAC a packet to dst is sent to at once; fails when it is not. */
void nd6kit_expect_mac(const char *dst, const uint8_t *mac);

/** The i-th packet sent is a valid message of that kind; src NULL: the unspecified address. */
void nd6kit_expect(unsigned int i, uint8_t type, const char *src, const char *dst,
		   const char *target, uint8_t flags, const uint8_t *dst_mac);
/** How many of the packets sent are of that type. */
unsigned int nd6kit_count(uint8_t type);

#endif
