/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spd.h - the security policy database (RFC 4301 section 4.4.1): ordered policies compiled to
 * rte_acl, one context per direction, behind a flow cache per worker. Built whole by the manager
 * off the fast path and swapped as a pointer.
 */
#ifndef ESPGW_IPSEC_SPD_H
#define ESPGW_IPSEC_SPD_H

#include "dataplane/api/messages.h"
#include "dataplane/worker.h"

/**
 * Compile. index[i] is the policy index (counter line) the manager gave policies[i]. A generation
 * without policies compiles to "bypass everything". NULL + *status (enum abi_status), *detail =
 * number of the offending policy.
 */
struct spd *spd_build(const struct abi_policy *policies, const uint32_t *index, uint32_t n,
		      uint32_t generation, int socket, uint32_t *status, uint32_t *detail);
void spd_free(struct spd *s);

/**
 * Stage: what came in clear and would match a policy the other way round (source = remote,
 * destination = local). PROTECT: in-template-mismatches; DISCARD: in-policy-blocked; BYPASS or
 * nothing: goes on. (RFC 4301 section 5.2)
 */
void spd_in_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

/**
 * Stage: first match decides. PROTECT: meta->sa_slot is set and PKT_F_PROTECTED, verdict stays
 * PKT_FORWARD; without an SA verdict PKT_SLOW with meta->sa_slot = policy index (the manager holds
 * it and raises ACQUIRE), or it goes on in clear where the policy allows that. DISCARD:
 * out-policy-blocked. No match: bypass.
 */
void spd_out_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

/** Linear reference matcher, for tests and for "explain": index into policies or -1. addresses in
 * host order. */
int spd_match_linear(const struct abi_policy *policies, uint32_t n, uint32_t src, uint32_t dst,
		     uint8_t proto, uint16_t sport, uint16_t dport, bool inbound);

#endif
