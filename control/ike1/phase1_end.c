/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * phase1_end.c - what follows when main mode succeeds or fails, and when an SA ends: taking over
 * from older SAs, new attempts with back-off. See phase1.h.
 */
#include "control/ike1/phase1.h"

#include <arpa/inet.h>

#include "control/ike/child_sa.h"
#include "control/ike/ident.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike1/info.h"

#define BACKOFF_FIRST_S	 5u
#define BACKOFF_LAST_S	 60u
#define REPLACED_OWN_S	 4u /* an SA that we replaced is deleted after this, */
#define REPLACED_OTHER_S 5u /* one that the peer replaced and left after this */
#define RESPONDER_WAIT_S 3u /* the initiator begins quick modes; after this we do */
#define SAS_PER_ADDRESS	 64u
#define SHORT_LIFE_S	 10u /* an SA that ended sooner counts as failed */

static uint64_t backoff(struct ike_engine *e, unsigned failures)
{
	uint64_t s = BACKOFF_FIRST_S;

	while (failures-- > 1 && s < BACKOFF_LAST_S)
		s *= 2;
	if (s > BACKOFF_LAST_S)
		s = BACKOFF_LAST_S;
	return s * TIMERS_SEC + state_random_below(e, s * TIMERS_SEC / 10);
}

void phase1_connect_in(struct ike_engine *e, struct ike_peer *peer, uint64_t due)
{
	if (peer->conf.passive || peer->n_policies == 0 || peer->attempt != NULL ||
	    !peers_can_start(peer) || peer->start.armed)
		return;
	timers_arm(&e->timers, &peer->start, due);
}

void phase1_start(struct ike_engine *e, struct timer *t, uint64_t now)
{
	struct ike_peer *peer = TABLE_ENTRY(t, struct ike_peer, start);
	struct ike_sa *best = ike_sa_best(peer);

	if (peer->attempt != NULL || (best != NULL && !best->rekey_due))
		return;
	phase1_begin(e, peer, now);
	if (peer->attempt == NULL) { /* no memory, no randomness */
		peer->failures++;
		timers_arm(&e->timers, t, now + backoff(e, peer->failures));
	}
}

void phase1_failed(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike_peer *peer = sa->peer;
	bool ours = peer->attempt == sa;

	e->counters.phase1_failed++;
	ike_sa_free(e, sa, now);
	if (!ours)
		return;
	peer->failures++;
	phase1_connect_in(e, peer, now + backoff(e, peer->failures));
}

void phase1_timed_out(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	refuse_log_stranger(e, IKE_LOG_DEBUG, sa->peer, sa, 0,
			    "half-open IKE_SA timed out in state %s", ike_sa_state_name(sa));
	phase1_failed(e, sa, now);
}

/* What an unprotected notify said about why the attempt failed: a hint, no proof. */
static enum ike_code code_of_hint(uint16_t type)
{
	switch (type) {
	case IKE1_N_NO_PROPOSAL_CHOSEN:
	case IKE1_N_ATTRIBUTES_NOT_SUPPORTED:
	case IKE1_N_BAD_PROPOSAL_SYNTAX:
		return IKE_P1_NO_PROPOSAL;
	case IKE1_N_AUTHENTICATION_FAILED:
	case IKE1_N_INVALID_EXCHANGE_TYPE:
		return IKE_P1_MODE_MISMATCH;
	case IKE1_N_INVALID_MAJOR_VERSION:
		return IKE_P1_VERSION_MISMATCH;
	case IKE1_N_INVALID_KEY_INFORMATION:
		return IKE_P1_PSK_MISMATCH;
	case IKE1_N_INVALID_PAYLOAD_TYPE:
		return IKE_PEER_DOES_NOT_KNOW_US;
	default:
		return IKE_P1_UNEXPLAINED;
	}
}

static void explain_hint(struct refuse *r, uint16_t type)
{
	r->code = code_of_hint(type);
	r->received = ike1_notify_name(type);
	r->classic = "phase1 negotiation failed";
	switch (r->code) {
	case IKE_P1_NO_PROPOSAL:
		r->advice = "the peer accepts none of our phase 1 proposals, or has no connection "
			    "for our address: compare encryption, hash, DH group and IKE version "
			    "of both sides, and our public address in the peer's configuration";
		break;
	case IKE_P1_MODE_MISMATCH:
		r->advice = "the peer does not take main mode with a pre-shared key from us: set "
			    "main mode at the peer, or compare identities";
		break;
	case IKE_P1_VERSION_MISMATCH:
		r->advice = "the peer does not speak IKEv1: enable it there, or use ike2 here";
		break;
	case IKE_P1_PSK_MISMATCH:
		r->advice = "the peer has no pre-shared key for our address: enter our public "
			    "address and the secret there";
		break;
	case IKE_PEER_DOES_NOT_KNOW_US:
		r->advice = "the peer does not know our address: enter our public address in its "
			    "gateway object";
		break;
	default:
		r->advice = "see the peer's log for its reason";
		break;
	}
}

void phase1_give_up(struct ike_engine *e, struct exchange *x, uint64_t now)
{
	struct ike_sa *sa = x->sa;
	struct refuse r = {
		.code = IKE_PEER_SILENT,
		.message = "main mode message 1",
		.classic = "establishing IKE_SA failed, peer not responding",
		.received = "nothing",
		.advice = "check that the peer is up, that its address is right here and ours is "
			  "there, and that UDP 500 and 4500 pass in both directions",
	};

	if (sa->state == SA_MSG3_SENT) {
		r.message = "main mode message 3";
		r.received = "message 2, then nothing";
		r.advice = "the peer stopped answering after message 2: see its log; large packets "
			   "may be lost on the way";
	} else if (sa->state == SA_MSG5_SENT) {
		r.code = IKE_P1_PSK_MISMATCH;
		r.message = "main mode message 5";
		r.received = sa->hs->undecryptable > 0 ? "answers that do not decrypt"
						       : "no answer to the first encrypted message";
		r.advice =
			sa->at.marker
				? "most likely the pre-shared keys differ: set the same secret on "
				  "both sides; if they agree, UDP 4500 is blocked"
				: "most likely the pre-shared keys differ: set the same secret on "
				  "both sides";
	}
	if (sa->hs->told && sa->hs->undecryptable == 0)
		explain_hint(&r, sa->hs->told_type);
	refuse(e, sa->peer, sa, NULL, &r);
	phase1_failed(e, sa, now);
}

/* What replaced it is gone: it is in use again. */
static void revive(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	sa->state = SA_ESTABLISHED;
	sa->ends = sa->established + (uint64_t)sa->lifetime * TIMERS_SEC;
	ike_sa_start_timers(e, sa, now);
}

void phase1_lost(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike_peer *peer = sa->peer;
	bool short_life = now - sa->established < SHORT_LIFE_S * TIMERS_SEC;
	struct ike_sa *other;

	ike_sa_free(e, sa, now);
	other = ike_sa_best(peer);
	if (other != NULL) {
		if (other->state == SA_REPLACED)
			revive(e, other, now);
		return;
	}
	peer->failures = short_life ? peer->failures + 1 : 0;
	phase1_connect_in(e, peer, now + (short_life ? backoff(e, peer->failures) : TIMERS_SEC));
}

/* All pairs that the party of sa has with us, made before a time. */
static void remove_pairs(struct ike_engine *e, struct ike_sa *sa, uint64_t before, uint64_t now)
{
	struct child_sa *c, *next;

	for (size_t i = 0; i < sa->peer->n_policies; i++) {
		struct policy_pairs *pairs = &sa->peer->policies[i].pairs;

		for (c = TAILQ_FIRST(pairs); c != NULL; c = next) {
			next = TAILQ_NEXT(c, of_policy);
			if (c->added < before &&
			    (c->owner == NULL || ike_sa_same_party(c->owner, sa)))
				child_remove(e, c, now);
		}
	}
}

static void remove_others(struct ike_engine *e, struct ike_sa *sa, uint64_t before, uint64_t now)
{
	struct ike_sa *other, *next;

	for (other = TAILQ_FIRST(&sa->peer->sas); other != NULL; other = next) {
		next = TAILQ_NEXT(other, of_peer);
		if (other != sa && ike_sa_up(other) && other->established < before &&
		    ike_sa_same_party(other, sa))
			ike_sa_free(e, other, now);
	}
}

void phase1_initial_contact(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	e->counters.initial_contact++;
	remove_pairs(e, sa, sa->created, now);
	remove_others(e, sa, sa->created, now);
}

void phase1_dead(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	remove_pairs(e, sa, UINT64_MAX, now);
	remove_others(e, sa, UINT64_MAX, now);
	phase1_lost(e, sa, now);
}

/* Our own attempt is not needed any more as long as the peer cannot have finished it. */
static void drop_attempt(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike_sa *attempt = sa->peer->attempt;

	if (attempt == NULL || attempt == sa)
		return;
	if (attempt->state == SA_MSG1_SENT || attempt->state == SA_MSG3_SENT)
		ike_sa_free(e, attempt, now);
}

/* Older SAs of the party give way, and are deleted some time later: first by who began the new one.
 * SAs that both sides began at the same time stay until they expire: each side may take another of
 * them for the older. */
static void replace_others(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	uint64_t wait = sa->responder ? REPLACED_OTHER_S : REPLACED_OWN_S;
	struct ike_sa *other;

	TAILQ_FOREACH (other, &sa->peer->sas, of_peer) {
		if (other == sa || !ike_sa_up(other) || !ike_sa_same_party(other, sa))
			continue;
		other->state = SA_REPLACED;
		if (other->established >= sa->created || other->ends < now + wait * TIMERS_SEC)
			continue;
		other->ends = now + wait * TIMERS_SEC;
		timers_arm(&e->timers, &other->life, other->ends);
	}
}

/* Who knows a secret may claim identity after identity: one address holds so many SAs. */
static void drop_surplus(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike_sa *other, *oldest = NULL;
	unsigned n = 0;

	TAILQ_FOREACH (other, &sa->peer->sas, of_peer) {
		if (!ike_sa_up(other) || !peers_addr_equal(&other->at.remote, &sa->at.remote))
			continue;
		n++;
		oldest = other;
	}
	if (n <= SAS_PER_ADDRESS || oldest == sa)
		return;
	info_delete_ike_sa(e, oldest, now);
	ike_sa_free(e, oldest, now);
}

static void print_addr(const struct abi_addr *a, char *buf, size_t cap)
{
	if (inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->bytes, buf, (socklen_t)cap) == NULL)
		buf[0] = '\0';
}

static void log_established(struct ike_engine *e, const struct ike_sa *sa)
{
	char mine[IDENT_MAX_TEXT], theirs[IDENT_MAX_TEXT];
	char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN];
	struct ike_identity_conf id;

	phase1_my_id(sa, &id);
	print_addr(&sa->at.local, local, sizeof(local));
	print_addr(&sa->at.remote, remote, sizeof(remote));
	refuse_log(e, IKE_LOG_NOTICE, sa->peer, sa, 0, "IKE_SA established between %s[%s]...%s[%s]",
		   local, ident_print(&id, mine, sizeof(mine)), remote,
		   ident_print(&sa->id_remote, theirs, sizeof(theirs)));
}

void phase1_established(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike_peer *peer = sa->peer;

	sa->state = SA_ESTABLISHED;
	sa->established = sa->last_seen = now;
	sa->ends = now + (uint64_t)sa->lifetime * TIMERS_SEC;
	e->counters.phase1_established++;
	log_established(e, sa);
	ike_sa_proven(e, sa);
	ike_sa_drop_handshake(sa);
	if (peer->attempt == sa)
		peer->attempt = NULL;
	drop_attempt(e, sa, now);
	if (sa->initial_contact)
		phase1_initial_contact(e, sa, now);
	replace_others(e, sa, now);
	drop_surplus(e, sa, now);
	child_adopt(e, sa);
	ike_sa_start_timers(e, sa, now);
	timers_cancel(&e->timers, &peer->start);
	child_ensure_all(e, peer, sa->responder ? now + RESPONDER_WAIT_S * TIMERS_SEC : now);
}
