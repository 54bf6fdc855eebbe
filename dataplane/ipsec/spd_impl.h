/* SPDX-License-Identifier: BSD-3-Clause */
/* spd_impl.h - the SPD from inside: spd.c builds, spd_lookup.c looks up. */
#ifndef ESPGW_IPSEC_SPD_IMPL_H
#define ESPGW_IPSEC_SPD_IMPL_H

#include <rte_acl.h>
#include <rte_byteorder.h>
#include <rte_prefetch.h>

#include "dataplane/ipsec/sa6.h"
#include "dataplane/ipsec/spd.h"
#include "dataplane/ipsec/spd_cache.h"

/* What rte_acl is shown of a packet: network order, one byte and then groups of four. */
struct spd_key {
	uint8_t proto;
	uint8_t pad[3];
	rte_be32_t local;
	rte_be32_t remote;
	rte_be16_t local_port;
	rte_be16_t remote_port;
	rte_be32_t no_ports; /* all ones: the packet has none */
};
_Static_assert(sizeof(struct spd_key) == 20, "spd_key");

struct spd_key6 {
	uint8_t proto;
	uint8_t pad[3];
	uint8_t local[16];
	uint8_t remote[16];
	rte_be16_t local_port;
	rte_be16_t remote_port;
	rte_be32_t no_ports;
};
_Static_assert(sizeof(struct spd_key6) == 44, "spd_key6");

struct spd_entry {
	uint32_t index; /* of the policy's counter line, and in sad */
	uint8_t action; /* enum abi_action */
	uint8_t mode;	/* enum abi_mode */
	uint8_t flags;	/* ABI_POL_F_* */
	uint8_t pad;
};

/* The networks of 256 addresses of IPv4, a bit each. */
#define SPD_REACH_SHIFT 8u
#define SPD_REACH_WORDS ((1u << (32 - SPD_REACH_SHIFT)) / 64)

/* Addresses in halves, as in struct sa_range6. */
struct spd_range6 {
	uint64_t lo[2];
	uint64_t hi[2];
};

struct spd {
	struct rte_acl_ctx *acl;  /* NULL: no policies for IPv4 */
	struct rte_acl_ctx *acl6; /* NULL: none for IPv6 */
	/* Where remote ends of policies for IPv4 are; NULL: none anywhere. What packets ask it
	 * about is mostly the few networks at this side of the tunnels: a line or two of its 2 MiB.
	 */
	uint64_t *reach;
	struct spd_range6 *reach6; /* the same for IPv6, n_reach6 of them */
	/* Of a flow in the cache: what policies for IPv4 can tell flows apart by. */
	uint64_t shown_addrs;
	uint64_t shown;
	uint64_t shown6;	  /* of struct spd_flow6, what those for IPv6 can: of rest, */
	uint64_t shown_addrs6[2]; /* and of each address, as it is sent */
	uint32_t serial;	  /* of this table in this process, never 0 */
	uint32_t generation;
	uint32_t n_reach6;
	uint32_t n;
	bool ports; /* some policy asks for more than each fragment shows */
	struct spd_entry entry[];
};

/** Ask for what is known of the policy with that number, or of none. */
static inline void spd_warm(const struct spd *s, uint32_t match)
{
	rte_prefetch0(&s->entry[match < s->n ? match : 0]);
}

/** May the address be the remote end of a policy? False: certainly not. */
static inline bool spd_reaches(const struct spd *s, uint32_t addr)
{
	uint32_t net = addr >> SPD_REACH_SHIFT;

	return s->reach != NULL && (s->reach[net / 64] >> (net % 64) & 1) != 0;
}

/** The same of an IPv6 address, and exact. In steps by the logarithm of the number of policies:
 * asked for an address once, not for each packet to it. */
bool spd_reaches6(const struct spd *s, const uint8_t *addr);
/** The same of addresses from lo to hi, in halves: may one of them? */
bool spd_reaches6_any(const struct spd *s, const uint64_t lo[2], const uint64_t hi[2]);

/** Fill reach6. False: no memory. */
bool spd_reach6_all(struct spd *s, const struct abi_policy *policies, uint32_t n, int socket);

#define SPD_FAILED (SPD_NO_MATCH - 1) /* not to be passed */

/** Packets of a burst by which the cache is asked ahead where flows are many: warm.h says why lines
 * are asked for twice. */
#define SPD_FLOW_AHEAD 20u

/** Matches of n <= WORKER_BURST keys: number of the policy or SPD_NO_MATCH; SPD_FAILED when
 * the ACL did not answer. */
void spd_classify(const struct spd *s, const struct spd_key *keys, uint32_t n, uint32_t *match);
void spd_make_key(struct spd_key *k, const struct selector *sel, bool inbound);

/** The same for IPv6. */
void spd_classify6(const struct spd *s, const struct spd_key6 *keys, uint32_t n, uint32_t *match);
void spd_make_key6(struct spd_key6 *k, const struct selector6 *sel, bool inbound);

/** Matches of n <= WORKER_BURST packets, all of IPv6, both ways. */
void spd_look_up6(struct worker *w, const struct spd *s, struct rte_mbuf **pkts, uint16_t n,
		  struct spd_matches *match);

/** A policy has one protocol, written at either end or at both. */
static inline uint8_t spd_protocol(const struct abi_policy *p)
{
	return p->local.protocol != 0 ? p->local.protocol : p->remote.protocol;
}

static inline bool spd_any_port(const struct abi_range *r)
{
	return r->port_lo == 0 && r->port_hi == UINT16_MAX;
}

/** Fill shown_addrs6. */
void spd_show_addrs6(struct spd *s, const struct abi_policy *policies, uint32_t n);

/**
 * Compile those of the n policies that are for IPv6; *acl is NULL when there are none. False
 * without memory, or when they are too many.
 */
bool spd_compile6(const struct abi_policy *policies, uint32_t n, uint32_t serial, int socket,
		  struct rte_acl_ctx **acl);

#endif
