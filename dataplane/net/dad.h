/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dad.h - which of our own IPv6 addresses are in use: duplicate address detection (RFC 4862 section
 * 5.4) and the announcement that follows (RFC 4861 section 7.2.6). The manager's thread.
 *
 * An address is asked for once; when nobody has answered for a second it is in use and announced.
 * One that somebody else has is reported, and from then on neither claimed by an advertisement nor
 * used to ask for neighbours, until its port's link comes up anew or it is configured anew.
 */
#ifndef ESPGW_NET_DAD_H
#define ESPGW_NET_DAD_H

#include "dataplane/net/fib6.h"
#include "dataplane/net/neigh.h"

#define DAD_WAIT_NS 1000000000ull /* RFC 4861's RetransTimer; DupAddrDetectTransmits is 1 */

enum dad_state { DAD_TENTATIVE = 0, DAD_IN_USE, DAD_DUPLICATE };

struct dad_address {
	struct ip6 addr;
	uint8_t port;
	uint8_t state; /* enum dad_state */
	uint8_t asked;
	bool disputed; /* said once that somebody advertises it while we use it */
	uint64_t since;
};

struct dad {
	unsigned int n;
	struct dad_address addrs[FIB6_MAX_OWN];
	bool link[WORKER_MAX_PORTS];
};

/** The addresses are f's now, or a link has changed: those that are new, and those on a port whose
 * link came up, begin anew; the others keep their state. */
void dad_update(struct dad *d, const struct fib6 *f);
/** Ask, and take into use. Call about every 100 ms. */
void dad_tick(struct dad *d, const struct neigh_io *io, uint64_t now);
/** Send the advertisement again for every address in use on port. */
void dad_announce(struct dad *d, const struct neigh_io *io);
/** Somebody else on port advertises addr, or (solicits) is about to take it. */
void dad_conflict(struct dad *d, uint8_t port, const uint8_t *addr, bool solicits);
/** May addr be used on port? An address that is not ours: no. d NULL: yes. */
bool dad_usable(const struct dad *d, uint8_t port, const uint8_t *addr);

#endif
