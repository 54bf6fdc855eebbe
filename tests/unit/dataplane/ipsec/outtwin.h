/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * outtwin.h - on top of shapekit.h: outbound bursts of one SA, or of many, and what disturbs them,
 * against the plain twin: the same packets, each in a burst of its own, which share nothing.
 */
#ifndef ESPGW_TESTS_OUTTWIN_H
#define ESPGW_TESTS_OUTTWIN_H

#include "dataplane/order.h"
#include "tests/unit/dataplane/ipsec/shapekit.h"

#define SLOTS	4u
#define RUN	20u /* the SAs of bursts, and from TWIN on the same for the twin */
#define TWIN	30u
#define NOTHING (RUN + SLOTS) /* no SA is there */
#define ROUNDS	12u	      /* of outtwin_compare_sas() for each inner family */

enum twin_kind {
	PLAIN,
	OTHER_HOST, /* one byte of its addresses is another; of IPv4 it is always outside */
	LARGE,	    /* refused */
	ORIGIN,	    /* ours, or put together here: it might be split, but need not be */
	FRAGMENT,
	SHARED,
	CHAINED,
	SYN,
	NO_ROOM,
	NO_TAIL,
	CUT,   /* shorter than it says */
	SHORT, /* than a header is */
	OTHER_FAMILY,
	OTHER_SA,
	NO_SA,
	SPECIAL
};

/* What the SAs ask for: networks, single hosts, ports or protocols, one of two networks, anything,
 * of both families; or of IPv6 alone, networks or what is none. */
enum twin_selectors { NETS, HOSTS, PORTS, TWO, ANYTHING, SIX, RANGES };

struct twin_sa {
	const char *suite;
	struct shape shape;
	enum twin_selectors selectors;
	bool esn;
	bool limited; /* it has a lifetime in packets, far away */
};

struct outtwin {
	uint64_t seed;
	bool six;	   /* what most packets of a burst are */
	bool among_others; /* bursts are those of one of several workers */
	bool many;	   /* bursts are of all SAs */
	struct twin_sa sa[SLOTS];
	unsigned int sends; /* packets compared that knew their way */
};
extern struct outtwin twins;

/* The next hop's MAC. */
extern const struct rte_ether_addr outtwin_gateway;

struct twin_burst {
	struct rte_mbuf *m[WORKER_BURST], *twin[WORKER_BURST], *given[2][WORKER_BURST];
	uint32_t slot[WORKER_BURST];
	enum twin_kind kind[WORKER_BURST];
	uint16_t n;
};

/** Per test, in place of espkit_begin(). */
int outtwin_begin(void **state);

unsigned int outtwin_any(unsigned int n);
/** Of the SAs. */
uint32_t outtwin_mtu(void);
/** Outer addresses and encapsulation: bits 0 and 1 of k. */
struct shape outtwin_shape(unsigned int k);

/** The SAs of both, twins alike. */
void outtwin_add(const char *suite, struct shape s, enum twin_selectors of);
/** The same as twins.sa says. */
void outtwin_add_all(void);
void outtwin_remove(void);
struct abi_sa_add outtwin_sa(uint32_t slot);

/** Neighbours that make the ways of both families known. */
void outtwin_know_gateways(void);
void outtwin_forget_gateways(void);

/** A packet as it comes to esp_out; how says more of what is special about it. */
struct rte_mbuf *outtwin_packet(const struct frame *f, enum twin_kind kind, uint32_t slot,
				unsigned int how);
/** One more at the end of the burst, and of the twin. */
void outtwin_put(struct twin_burst *p, enum twin_kind kind);
/** As a burst, and one by one. */
void outtwin_send(struct twin_burst *p, struct order *order);
/** All packets, numbers and counters; frees the packets. */
void outtwin_expect_alike(struct twin_burst *p);
/** The outer IP headers, but for the identification and the checksum with it. */
void outtwin_expect_headers_alike(const struct rte_mbuf *m, const struct rte_mbuf *twin);

/** A burst of n packets, one of so many disturbed. */
void outtwin_compare(uint16_t n, unsigned int disturbed, struct order *order);
/** Many such bursts of the SAs of twins.sa, each of all of them. */
void outtwin_compare_all(void);
/** Many such bursts of SAs like that, with each kind alone among plain ones first. */
void outtwin_compare_sas(const char *suite, struct shape s, enum twin_selectors of);

#endif
