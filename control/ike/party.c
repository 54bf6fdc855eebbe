/* SPDX-License-Identifier: BSD-3-Clause */
/* party.c - IKE SAs of one party come up and go; see party.h. */
#include "control/ike/party.h"

#include <arpa/inet.h>
#include <errno.h>

#include "control/ike/child_sa.h"
#include "control/ike/dhwork.h"
#include "control/ike/generate.h"
#include "control/ike/ident.h"
#include "control/ike/record.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike/version.h"

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

bool party_wants(const struct ike_policy *policy, uint64_t now)
{
	return !policy->peer->conf.on_demand || now < policy->wanted ||
	       child_current(policy) != NULL;
}

static bool wants_any(const struct ike_peer *peer, uint64_t now)
{
	for (size_t i = 0; i < peer->n_configured; i++) {
		if (party_wants(&peer->policies[i], now))
			return true;
	}
	return false;
}

void party_connect_in(struct ike_engine *e, struct ike_peer *peer, uint64_t due)
{
	if (peer->conf.passive || peer->attempt != NULL || !peers_can_start(peer) ||
	    peer->start.armed || !wants_any(peer, e->now))
		return;
	timers_arm(&e->timers, &peer->start, due);
}

static void start_again(struct ike_engine *e, void *who, uint64_t now)
{
	struct ike_peer *peer = who;

	timers_cancel(&e->timers, &peer->start);
	party_start(e, &peer->start, now);
}

/* The key pair for the first message is still to be made. */
static bool awaits_pair(struct ike_engine *e, struct ike_peer *peer, uint64_t now)
{
	uint16_t group = peer->v->begin_group != NULL ? peer->v->begin_group(peer) : 0;
	int r = group != 0 ? dhwork_wait(e, group, &peer->dh_waits, start_again, peer) : 0;

	if (r == -EBUSY)
		timers_arm(&e->timers, &peer->start,
			   now + (DHWORK_LATER_MS + state_random_below(e, DHWORK_LATER_MS)) *
					   TIMERS_MS);
	return r != 0;
}

void party_start(struct ike_engine *e, struct timer *t, uint64_t now)
{
	struct ike_peer *peer = TABLE_ENTRY(t, struct ike_peer, start);
	struct ike_sa *best = ike_sa_best(peer);

	if (peer->attempt != NULL || (best != NULL && !best->rekey_due) || !wants_any(peer, now) ||
	    awaits_pair(e, peer, now))
		return;
	peer->v->begin(e, peer, now);
	if (peer->attempt == NULL) { /* no memory, no randomness */
		peer->failures++;
		timers_arm(&e->timers, t, now + backoff(e, peer->failures));
	}
}

static void tell_failed(struct ike_engine *e, const struct ike_peer *peer)
{
	if (peer->conf.named && e->ops.peer_failed != NULL)
		e->ops.peer_failed(e->ctx, peer->conf.name);
}

void party_failed(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike_peer *peer = sa->peer;
	bool ours = peer->attempt == sa;

	e->counters.phase1_failed++;
	ike_sa_free(e, sa, now);
	if (!ours)
		return;
	tell_failed(e, peer);
	peer->failures++;
	party_connect_in(e, peer, now + backoff(e, peer->failures));
}

void party_timed_out(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	refuse_log_stranger(e, IKE_LOG_DEBUG, sa->peer, sa, 0,
			    "half-open IKE_SA timed out in state %s", ike_sa_state_name(sa));
	if (sa->peer->v->timed_out != NULL)
		sa->peer->v->timed_out(e, sa);
	party_failed(e, sa, now);
}

/* Our own attempt is not needed any more as long as the peer cannot have finished it. */
static void drop_attempt(struct ike_engine *e, struct ike_peer *peer, uint64_t now)
{
	struct ike_sa *attempt = peer->attempt;

	if (attempt == NULL)
		return;
	if (attempt->state == SA_MSG1_SENT || attempt->state == SA_MSG3_SENT ||
	    attempt->state == SA_AGGR1_SENT || attempt->state == SA_INIT_SENT)
		ike_sa_free(e, attempt, now);
}

void party_moved(struct ike_engine *e, struct ike_peer *peer, uint64_t due)
{
	peer->moved = e->now;
	peer->failures = 0;
	peer->has_digest = false;
	timers_cancel(&e->timers, &peer->start);
	drop_attempt(e, peer, e->now);
	if (peer->attempt == NULL && (ike_sa_best(peer) == NULL || ike_sa_best(peer)->rekey_due))
		party_connect_in(e, peer, due);
}

/* What replaced it is gone: it is in use again. */
static void revive(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	sa->state = SA_ESTABLISHED;
	sa->ends = sa->established + (uint64_t)sa->lifetime * TIMERS_SEC;
	ike_sa_start_timers(e, sa, now);
	record_save(e, sa);
}

void party_lost(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
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
	tell_failed(e, peer);
	peer->failures = short_life ? peer->failures + 1 : 0;
	party_connect_in(e, peer, now + (short_life ? backoff(e, peer->failures) : TIMERS_SEC));
}

/* All pairs that the party of sa has with us, made before a time or through an IKE SA created
 * before another. How many. */
static unsigned remove_pairs(struct ike_engine *e, struct ike_sa *sa, uint64_t before,
			     uint64_t created_before, uint64_t now)
{
	struct child_sa *c, *next;
	unsigned n = 0;

	for (size_t i = 0; i < sa->peer->n_policies; i++) {
		struct policy_pairs *pairs = &sa->peer->policies[i].pairs;

		for (c = TAILQ_FIRST(pairs); c != NULL; c = next) {
			next = TAILQ_NEXT(c, of_policy);
			if ((c->added >= before && c->made_in >= created_before) ||
			    !generate_speaks_for(sa, c))
				continue;
			child_remove(e, c, now);
			n++;
		}
	}
	return n;
}

static unsigned remove_others(struct ike_engine *e, struct ike_sa *sa, uint64_t before,
			      uint64_t now)
{
	struct ike_sa *other, *next;
	unsigned n = 0;

	for (other = TAILQ_FIRST(&sa->peer->sas); other != NULL; other = next) {
		next = TAILQ_NEXT(other, of_peer);
		if (other == sa || !ike_sa_up(other) || other->established >= before ||
		    !ike_sa_same_party(other, sa))
			continue;
		ike_sa_free(e, other, now);
		n++;
	}
	return n;
}

void party_initial_contact(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	/* Said in an exchange of its own, it is about all that was made through older IKE SAs, be
	 * it after this one. */
	bool alone = !sa->initial_contact;
	unsigned pairs = remove_pairs(e, sa, alone ? sa->established : sa->created,
				      alone ? sa->created : 0, now);
	unsigned others = remove_others(e, sa, sa->created, now);

	e->counters.initial_contact++;
	if (pairs + others > 0)
		refuse_log(e, IKE_LOG_NOTICE, sa->peer, sa, 0,
			   "received INITIAL_CONTACT: the peer has forgotten %u IKE_SA and %u "
			   "CHILD_SA, which go here too",
			   others, pairs);
}

void party_dead(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	(void)remove_pairs(e, sa, UINT64_MAX, 0, now);
	(void)remove_others(e, sa, UINT64_MAX, now);
	party_lost(e, sa, now);
}

bool party_elsewhere(const struct ike_sa *sa)
{
	const struct ike_peer *peer = sa->peer;

	return peer->moved != 0 && sa->placed < peer->moved && !peer->conf.passive &&
	       peers_can_start(peer) && !peers_addr_equal(&sa->at.remote, &peer->conf.remote);
}

/* What goes with its IKE SA is made anew through another one. */
static void renew_pairs(struct ike_engine *e, const struct ike_sa *sa, uint64_t now)
{
	struct child_sa *c;

	for (size_t i = 0; i < sa->peer->n_policies; i++) {
		TAILQ_FOREACH (c, &sa->peer->policies[i].pairs, of_policy) {
			if (c->owner == sa)
				child_rekey(e, c, now);
		}
	}
}

/* Older SAs of the party give way, and are deleted some time later: first by who began the new one.
 * IKEv1 SAs that both sides began at the same time stay until they expire: each side may take
 * another of them for the older, and there are peers that hang pairs on the newest one, whichever
 * it is for them, and drop them with it. So none is safe to delete, not even one that made no pair.
 * An idle one is probed, so that one that is gone at the peer goes here, too. */
static void replace_others(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	uint64_t wait = sa->responder ? REPLACED_OTHER_S : REPLACED_OWN_S;
	const struct ike_version *v = sa->peer->v;
	struct ike_sa *other;

	TAILQ_FOREACH (other, &sa->peer->sas, of_peer) {
		bool crossing = other->established >= sa->created;

		if (other == sa || !ike_sa_up(other) || !ike_sa_same_party(other, sa))
			continue;
		other->state = SA_REPLACED;
		sa->beside |= crossing;
		other->beside |= crossing;
		if (crossing && v->crossed != NULL)
			v->crossed(e, sa, other, now);
		if (v->owns_children && !sa->responder)
			renew_pairs(e, sa->state == SA_REPLACED ? sa : other, now);
		if (crossing || other->ends < now + wait * TIMERS_SEC)
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
	sa->peer->v->delete_ike_sa(e, oldest, now);
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

	ike_sa_my_id(sa, &id);
	print_addr(&sa->at.local, local, sizeof(local));
	print_addr(&sa->at.remote, remote, sizeof(remote));
	refuse_log(e, IKE_LOG_NOTICE, sa->peer, sa, 0, "IKE_SA established between %s[%s]...%s[%s]",
		   local, ident_print(&id, mine, sizeof(mine)), remote,
		   ident_print(&sa->id_remote, theirs, sizeof(theirs)));
}

void party_established(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike_peer *peer = sa->peer;

	sa->state = SA_ESTABLISHED;
	sa->established = sa->last_seen = sa->heard = now;
	sa->ends = now + (uint64_t)sa->lifetime * TIMERS_SEC;
	e->counters.phase1_established++;
	log_established(e, sa);
	ike_sa_proven(e, sa);
	ike_sa_drop_handshake(sa);
	if (peer->attempt == sa)
		peer->attempt = NULL;
	drop_attempt(e, peer, now);
	if (sa->initial_contact)
		party_initial_contact(e, sa, now);
	ike_sa_start_timers(e, sa, now);
	replace_others(e, sa, now);
	drop_surplus(e, sa, now);
	child_adopt(e, sa);
	timers_cancel(&e->timers, &peer->start);
	child_ensure_all(e, peer, sa->responder ? now + RESPONDER_WAIT_S * TIMERS_SEC : now);
	record_save(e, sa);
}

bool party_first_contact(const struct ike_sa *sa)
{
	const struct ike_peer *peer = sa->peer;
	const struct child_sa *c;
	const struct ike_sa *other;

	if (!peer->conf.send_initial_contact || peer->conf.suppress_initial_contact ||
	    ike_sa_best(peer) != NULL)
		return false;
	/* What the peer is making with us is not old, but may be up there when it hears of ours. */
	TAILQ_FOREACH (other, &peer->sas, of_peer) {
		if (other->state == SA_AGGR2_SENT || other->state == SA_MSG4_SENT ||
		    other->state == SA_INIT_ANSWERED)
			return false;
	}
	for (size_t i = 0; i < peer->n_policies; i++) {
		TAILQ_FOREACH (c, &peer->policies[i].pairs, of_policy) {
			if (c->state != CHILD_DELETING) /* of those the peer has been told */
				return false;
		}
	}
	return true;
}
