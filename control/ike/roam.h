/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * roam.h - peers behind a NAT that gives them another address or port: where IKE and ESP go.
 *
 * Something authentic and new that comes from elsewhere only says where the peer may be: whoever is
 * on the path can send a captured packet on in another's name. So the peer is asked there, by a
 * request that goes nowhere else (IKEv2: an empty INFORMATIONAL request, IKEv1: R-U-THERE), and
 * when the answer comes from there, IKE and ESP of the party move together; until then answers
 * alone go to where their request came from (RFC 7296 section 2.11). A place that does not answer
 * is not asked again for a while, which doubles with each that fails.
 *
 * Who is behind a NAT itself does not follow (RFC 7296 section 2.23), and without a NAT before the
 * peer nothing changes. A peer that cannot be asked (IKEv1 without DPD) is followed to another port
 * of its address, not to another address.
 */
#ifndef ESPGW_IKE_ROAM_H
#define ESPGW_IKE_ROAM_H

#include "control/ike/ike_sa.h"

struct child_sa;

enum roam_state {
	ROAM_HOME = 0,
	ROAM_WAITS, /* known, and not asked yet: a request is out, or the pause is not over */
	ROAM_ASKED,
};

struct roam {
	struct ike_sa *sa;
	enum roam_state state;
	struct ike_endpoint to; /* where the peer may be */
	unsigned tries;		/* IKEv1: requests sent to there */
	uint32_t first_seq;	/* IKEv1: number of the first */
	unsigned failures;	/* places in a row that did not answer */
	uint64_t pause_until;
	struct timer timer; /* IKEv1: next try; end of the pause */
};

#define ROAM_TRIES	 2u /* requests to a place, */
#define ROAM_TRY_MS	 1000u
#define ROAM_WAIT_MS	 3000u /* IKEv1: and so long in all for an answer */
#define ROAM_SPREAD_MS	 3000u /* many SAs at a time do not ask the data plane all at once */
#define ROAM_REST_S	 1u    /* after a move: each is told to the data plane and logged */
#define ROAM_PAUSE_S	 2u    /* after a place that did not answer, doubled to */
#define ROAM_PAUSE_MAX_S 64u
#define ROAM_CALM_S	 600u /* so long after the pause what failed before is forgotten */

/** An authentic message that is no repeat came in: note where from. */
void roam_heard(struct ike_engine *e, struct ike_sa *sa, const struct ike_datagram *d,
		uint64_t now);
/** ESP of a pair that has an SA came, verified and newer than all before, from there. */
void roam_heard_esp(struct ike_engine *e, const struct child_sa *c, const struct abi_addr *remote,
		    uint16_t port, uint64_t now);
/** What is known of the peer's place goes on with the SA that took over the pairs of another. */
void roam_inherit(struct ike_engine *e, const struct ike_sa *old, struct ike_sa *sa, uint64_t now);
/** An SA of IKEv1 ends, and its pairs went to another one, which may be elsewhere: the peer is
 * asked where the pairs are. */
void roam_succeed(struct ike_engine *e, const struct ike_sa *old, struct ike_sa *sa, uint64_t now);
/** Pairs may be told of another place than their SA is at: it has not had them all the time. */
void roam_place(struct ike_engine *e, const struct ike_sa *sa);
/** The same soon, if there is no word of another place yet: one may have been lost. */
void roam_resync(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
/** Does an answer to this message go elsewhere than to where the peer is known to be? */
bool roam_aside(const struct ike_sa *sa, const struct ike_datagram *d);
/** Where messages of the SA go; aside: to where the peer may be. */
const struct ike_endpoint *roam_endpoint(const struct ike_sa *sa, bool aside);
/** May it come from elsewhere at all? One mapping of the NAT before it carries IKE and ESP when
 * both use port 4500. */
bool roam_can_move(const struct ike_sa *sa);
/** Is this the place that is being asked? */
bool roam_is_asked(const struct ike_sa *sa, const struct ike_datagram *d);
/** It answered: the party moves there. */
void roam_answered(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
/** It did not. */
void roam_failed(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
/** May the peer be asked now? (A request that was out is answered, say.) */
bool roam_may_ask(const struct ike_sa *sa, uint64_t now);
/** A request to the peer leaves now. */
void roam_asked(struct ike_engine *e, struct ike_sa *sa);
/** It will not be asked after all. */
void roam_forget(struct ike_sa *sa);
void roam_free(struct ike_engine *e, struct ike_sa *sa);

#endif
