/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spd.h - the security policy database (RFC 4301 section 4.4.1): ordered policies compiled to
 * rte_acl, behind a flow cache per worker. Built whole by the manager off the fast path and swapped
 * as a pointer.
 *
 * IPv4 and IPv6 have a context and a part of the cache each; a policy is for one of them, and the
 * order is that of all. Policies are symmetric, so one context serves both directions: packets are
 * looked up by local and remote end, which are source and destination outbound and the reverse
 * inbound. What a packet shows to a policy, fragments above all, is in selector.h.
 */
#ifndef ESPGW_IPSEC_SPD_H
#define ESPGW_IPSEC_SPD_H

#include "dataplane/api/messages.h"
#include "dataplane/ipsec/selector.h"
#include "dataplane/worker.h"

#define SPD_MAX_POLICIES ABI_MAX_POLICIES_LIMIT
#define SPD_NO_MATCH	 UINT32_MAX

/**
 * Compile. index[i] is the policy index (counter line) the manager gave policies[i]; ids are
 * unique, which the manager checks. A generation without policies compiles to "bypass everything".
 * NULL + *status (enum abi_status), *detail = number of the offending policy: ABI_ERR_FIELD for a
 * field out of its domain, ABI_ERR_NO_SPACE for too many or too little memory. Not for a worker:
 * allocates, and takes time by the number of policies.
 */
struct spd *spd_build(const struct abi_policy *policies, const uint32_t *index, uint32_t n,
		      uint32_t generation, int socket, uint32_t *status, uint32_t *detail);
/** NULL is fine. */
void spd_free(struct spd *s);
/** The generation it was built of. */
uint32_t spd_generation(const struct spd *s);

/**
 * Stage: what came in clear and would match a policy the other way round (source = remote,
 * destination = local). PROTECT: in-template-mismatches, but where the policy allows clear;
 * DISCARD: in-policy-blocked; BYPASS or nothing: goes on with its verdict. (RFC 4301 section 5.2)
 * Without a table nothing passes: in-policy-errors.
 */
void spd_in_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

/**
 * Stage: first match decides. PROTECT: meta->sa_slot is set and PKT_F_PROTECTED, verdict stays
 * PKT_FORWARD; without an SA verdict PKT_SLOW with meta->sa_slot = policy index (the manager holds
 * it and raises ACQUIRE), or it goes on in clear where the policy allows that; with only an SA past
 * its hard lifetime out-state-expired; a transport mode policy on transit traffic, or an SA of the
 * other mode, out-state-mode-errors. DISCARD: out-policy-blocked. No match: bypass. Without a table
 * nothing passes: out-policy-errors.
 */
void spd_out_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

/** Stage: both at once for packets in transit, with one look-up: spd_in_burst() for what came in
 * clear (neither PKT_F_FROM_SA nor PKT_F_ORIGIN), then spd_out_burst() for what that let through.
 */
void spd_transit_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

/** Does some policy ask for ports, or of IPv6 for a protocol, so that fragments are to be whole
 * before they get here? */
bool spd_selects_ports(const struct worker *w);

/** Number of the first policy that covers a packet with that source and destination, or
 * SPD_NO_MATCH; one lookup without cache. Any thread. */
uint32_t spd_match(const struct spd *s, const struct selector *sel, bool inbound);

/** The same for an IPv6 packet. */
uint32_t spd_match6(const struct spd *s, const struct selector6 *sel, bool inbound);

/** Linear reference matcher, for tests and for "explain": index into policies or -1. */
int spd_match_linear(const struct abi_policy *policies, uint32_t n, const struct selector *sel,
		     bool inbound);

/** The same for an IPv6 packet. */
int spd_match6_linear(const struct abi_policy *policies, uint32_t n, const struct selector6 *sel,
		      bool inbound);

#endif
