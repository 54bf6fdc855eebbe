/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lifetime.h - when SAs are replaced and when they end. The side that began an SA replaces it
 * first, the other some time later in case it does not, and both add jitter: so they rarely do it
 * together.
 */
#ifndef ESPGW_IKE_LIFETIME_H
#define ESPGW_IKE_LIFETIME_H

#include "control/ike/conf.h"
#include "control/ike/timers.h"

struct ike_engine;
struct ike_sa;
struct child_sa;
struct ike_policy;
struct ike_child_sa;

#define LIFETIME_MAX_S (30u * 86400u) /* longer offers are cut to this */

/** What proposal-check makes of an offered lifetime. */
enum lifetime_verdict { LIFETIME_OK = 0, LIFETIME_SHORTENED, LIFETIME_REFUSED };

/**
 * As responder: ours is configured, offered is the peer's (seconds; 0 = it sent none, then the
 * protocol's default counts). obey takes the offer; strict refuses a longer one and takes a
 * shorter; exact refuses a different one; claim takes the shorter of both and has the peer told
 * (LIFETIME_SHORTENED: RESPONDER-LIFETIME). *out is what to use.
 */
enum lifetime_verdict lifetime_check(enum ike_proposal_check check, uint32_t ours, uint64_t offered,
				     uint32_t fallback, uint32_t *out);

/**
 * The same for a volume in kilobytes; 0 = no limit. Who names none leaves it to the other: then
 * ours counts and nobody is told.
 */
enum lifetime_verdict lifetime_check_volume(enum ike_proposal_check check, uint32_t ours,
					    uint64_t offered, uint64_t *out);
/** What to offer for a policy: the configured volume, or what its peer asked for when that is less:
 * it goes on counting by that, whoever begins the next pair. */
uint32_t lifetime_offer_volume(const struct ike_policy *policy);
/** The smaller of two volumes. */
uint64_t lifetime_less_volume(uint64_t a, uint64_t b);

/** The pair's limits in bytes for the data plane, from its agreed volume and cipher (see ike.h). */
void lifetime_volume(struct ike_engine *e, const struct child_sa *c, struct ike_child_sa *sa);
/** The volume is used up for the most part: warns when that went so fast that rekeying is all the
 * peers do, with the period at that rate and a volume that would last an hour. */
void lifetime_tell_volume(struct ike_engine *e, struct child_sa *c, uint64_t now);

/** Arms the timer of an established SA: rekey, then sa->ends. */
void lifetime_start_ike_sa(struct ike_engine *e, struct ike_sa *sa);
/** Sets the pair's times from its lifetime and arms its timer. */
void lifetime_start_child(struct ike_engine *e, struct child_sa *c, uint64_t now);

timer_fn lifetime_ike_sa; /* timers of struct ike_sa and struct child_sa */
timer_fn lifetime_child;

#endif
