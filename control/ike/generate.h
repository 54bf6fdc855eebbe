/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * generate.h - policies that a peer's proposal makes from a template (RouterOS generate-policy).
 *
 * A template bounds what may be asked for. What it covers becomes a policy of its own for as long
 * as it has a pair of SAs; it is in force before its first pair is installed, and gone with its
 * last. What covers traffic of one party (by peer and identity) is not given to another. A
 * generated policy is never begun by us; its pairs are rekeyed by either side.
 */
#ifndef ESPGW_IKE_GENERATE_H
#define ESPGW_IKE_GENERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/messages.h"

struct child_sa;
struct ike_engine;
struct ike_identity_conf;
struct ike_peer;
struct ike_policy;
struct ike_sa;

#define GENERATE_MAX	   256u /* policies of a peer that is a network */
#define GENERATE_MAX_HOST  32u	/* of one that is an address */
#define GENERATE_MAX_PARTY 16u	/* of one party of it */

/* Selectors of one policy. */
struct generate_want {
	struct abi_range local[ABI_MAX_SELECTORS], remote[ABI_MAX_SELECTORS];
	size_t n_local, n_remote;
};

/** The first template that has both ends whole: IKEv1, which cannot narrow. NULL: none. */
struct ike_policy *generate_find(const struct ike_peer *peer, const struct abi_range *local,
				 const struct abi_range *remote);

/** Is it a template, and no policy yet? */
bool generate_is_template(const struct ike_policy *policy);

/**
 * The policy of these selectors: the one that is there, or a new one, in force. NULL + errno:
 * EEXIST, another party has some of it; EINVAL, no packet has both ends; ENOSPC, too many of
 * the peer's or the party's; EAGAIN, the data plane takes no more at present.
 */
struct ike_policy *generate_take(struct ike_engine *e, struct ike_sa *sa,
				 struct ike_policy *template, const struct generate_want *want,
				 uint64_t now);

/** The policy that an engine of before had generated under this id for a party. NULL: no template
 * has it any more, or there is no place. */
struct ike_policy *generate_again(struct ike_engine *e, struct ike_peer *peer,
				  const struct ike_identity_conf *party, uint32_t policy_id,
				  const struct generate_want *want, uint64_t now);

/** A generated policy without pairs ends; any other is left alone. True: it was one. */
bool generate_end(struct ike_engine *e, struct ike_policy *policy, uint64_t now);

/** May sa speak for a pair: it is of the same party, or of nobody any more. What was generated for
 * a party stays that party's also without an IKE SA. */
bool generate_speaks_for(const struct ike_sa *sa, const struct child_sa *c);
/** Is there a pair that sa may speak for, but for those we have deleted? */
bool generate_has_pair(const struct ike_sa *sa);

/** The IKE SA through which the current pair of a generated policy is rekeyed: one of its party.
 * NULL: there is none. */
struct ike_sa *generate_speaker(const struct child_sa *current);

/** With port-override requests of a party that differ in their ports share a policy: are these two
 * pairs of such ones, so that neither is there to replace the other? */
bool generate_beside(const struct child_sa *a, const struct child_sa *b);

/** What the data plane is to have of a selector: with port-override all ports. */
struct abi_range generate_widened(const struct ike_policy *policy, const struct abi_range *r);

/** Append "; template group "x": a === b, c === d" to a text of at bytes, when the peer has
 * templates. Its length now. */
size_t generate_print(const struct ike_peer *peer, char *buf, size_t at, size_t cap);

/** What to change when nothing covers what was asked for; advice is the text without templates. */
const char *generate_advice(const struct ike_peer *peer, const char *advice);

/** Why generate_take() gave none, as words. */
const char *generate_why(int error);

#endif
