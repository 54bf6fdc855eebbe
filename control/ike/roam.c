/* SPDX-License-Identifier: BSD-3-Clause */
/* roam.c - peers that a NAT gives another address or port; see roam.h. */
#include "control/ike/roam.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "control/ike/child_sa.h"
#include "control/ike/record.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike/version.h"

static bool same_place(const struct ike_endpoint *a, const struct ike_endpoint *b)
{
	return a->remote_port == b->remote_port && peers_addr_equal(&a->remote, &b->remote);
}

static struct ike_endpoint place_of(const struct ike_sa *sa, const struct abi_addr *remote,
				    uint16_t port)
{
	struct ike_endpoint at = sa->at;

	at.remote = *remote;
	at.remote_port = port;
	return at;
}

bool roam_can_move(const struct ike_sa *sa)
{
	return sa->nat_remote && !sa->nat_local && sa->at.marker;
}

const struct ike_endpoint *roam_endpoint(const struct ike_sa *sa, bool aside)
{
	return aside && sa->roam != NULL && sa->roam->state != ROAM_HOME ? &sa->roam->to : &sa->at;
}

static bool came_from(const struct ike_datagram *d, const struct ike_endpoint *at)
{
	return d->marker == at->marker && d->src_port == at->remote_port &&
	       peers_addr_equal(&d->src, &at->remote);
}

bool roam_aside(const struct ike_sa *sa, const struct ike_datagram *d)
{
	return sa->roam != NULL && sa->roam->state != ROAM_HOME && came_from(d, &sa->roam->to) &&
	       !came_from(d, &sa->at);
}

bool roam_is_asked(const struct ike_sa *sa, const struct ike_datagram *d)
{
	return sa->roam != NULL && sa->roam->state == ROAM_ASKED && came_from(d, &sa->roam->to);
}

bool roam_may_ask(const struct ike_sa *sa, uint64_t now)
{
	return sa->roam != NULL && sa->roam->state == ROAM_WAITS && now >= sa->roam->pause_until;
}

/* ESP of all pairs of an SA goes where its IKE goes; a dataplane that was told so before is asked
 * to tell again when the peer is elsewhere. */
static void place_pairs(struct ike_engine *e, const struct ike_sa *sa)
{
	const struct child_sa *c;

	if (e->ops.child_moved == NULL)
		return;
	for (size_t i = 0; i < sa->peer->n_policies; i++) {
		TAILQ_FOREACH (c, &sa->peer->policies[i].pairs, of_policy) {
			if (c->owner == sa && c->held)
				e->ops.child_moved(e->ctx, c->token, &sa->at.remote,
						   sa->at.remote_port);
		}
	}
}

void roam_place(struct ike_engine *e, const struct ike_sa *sa)
{
	if (sa->nat_remote && sa->at.marker)
		place_pairs(e, sa);
}

static void print_place(const struct ike_endpoint *at, char *buf, size_t cap)
{
	if (inet_ntop(at->remote.family == 4 ? AF_INET : AF_INET6, at->remote.bytes, buf,
		      (socklen_t)cap) == NULL)
		buf[0] = '\0';
}

static void move(struct ike_engine *e, struct ike_sa *sa, const struct ike_endpoint *to)
{
	const struct ike_endpoint old = sa->at, new = *to;
	char from[INET6_ADDRSTRLEN], where[INET6_ADDRSTRLEN];
	struct ike_sa *other;

	print_place(&old, from, sizeof(from));
	print_place(&new, where, sizeof(where));
	e->counters.roam_moved++;
	refuse_log(e, IKE_LOG_NOTICE, sa->peer, sa, 0, "peer moved from %s[%u] to %s[%u]", from,
		   old.remote_port, where, new.remote_port);
	TAILQ_FOREACH (other, &sa->peer->sas, of_peer) {
		if (!same_place(&other->at, &old) || !other->at.marker ||
		    !ike_sa_same_party(other, sa))
			continue;
		other->at.remote = new.remote;
		other->at.remote_port = new.remote_port;
		if (ike_sa_up(other))
			record_save(e, other);
		place_pairs(e, other);
	}
}

static void on_timer(struct ike_engine *e, struct timer *t, uint64_t now);

static struct roam *make(struct ike_sa *sa)
{
	struct roam *r = sa->roam;

	if (r != NULL)
		return r;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return NULL;
	r->sa = sa;
	timers_init_one(&r->timer, on_timer);
	sa->roam = r;
	return r;
}

void roam_free(struct ike_engine *e, struct ike_sa *sa)
{
	if (sa->roam == NULL)
		return;
	timers_cancel(&e->timers, &sa->roam->timer);
	free(sa->roam);
	sa->roam = NULL;
}

void roam_asked(struct ike_engine *e, struct ike_sa *sa)
{
	if (sa->roam->state != ROAM_ASKED)
		e->counters.roam_asked++;
	sa->roam->state = ROAM_ASKED;
}

void roam_forget(struct ike_sa *sa)
{
	if (sa->roam != NULL && sa->roam->state == ROAM_WAITS)
		sa->roam->state = ROAM_HOME;
}

/* A peer that cannot be asked. */
static void follow_port(struct ike_engine *e, struct roam *r, uint64_t now)
{
	struct ike_sa *sa = r->sa;

	if (!peers_addr_equal(&r->to.remote, &sa->at.remote)) {
		roam_failed(e, sa, now);
		return;
	}
	r->state = ROAM_HOME;
	r->pause_until = now + ROAM_REST_S * TIMERS_SEC;
	move(e, sa, &r->to);
}

static void ask(struct ike_engine *e, struct roam *r, uint64_t now)
{
	int rc;

	if (now < r->pause_until) {
		timers_arm(&e->timers, &r->timer, r->pause_until);
		return;
	}
	rc = r->sa->peer->v->probe(e, r->sa, now);
	if (rc == -ENOTSUP)
		follow_port(e, r, now);
	else if (rc != 0)
		roam_failed(e, r->sa, now);
	else if (r->sa->peer->v->number == 1)
		timers_arm(&e->timers, &r->timer,
			   now + (++r->tries < ROAM_TRIES
					  ? ROAM_TRY_MS
					  : ROAM_WAIT_MS - ROAM_TRY_MS * (ROAM_TRIES - 1)) *
					   TIMERS_MS);
}

static void heard(struct ike_engine *e, struct ike_sa *sa, const struct ike_endpoint *from,
		  uint64_t now)
{
	struct roam *r;

	if (!roam_can_move(sa) || same_place(from, &sa->at) ||
	    from->remote.family != sa->at.remote.family || from->remote_port == 0 ||
	    !peers_addr_is_host(&from->remote))
		return;
	r = make(sa);
	if (r == NULL || r->state == ROAM_ASKED)
		return;
	r->to = *from;
	if (r->state == ROAM_WAITS)
		return;
	r->state = ROAM_WAITS;
	r->tries = 0;
	ask(e, r, now);
}

void roam_heard(struct ike_engine *e, struct ike_sa *sa, const struct ike_datagram *d, uint64_t now)
{
	const struct ike_endpoint from = place_of(sa, &d->src, d->src_port);

	if (!ike_sa_up(sa))
		ike_sa_follow(sa, d); /* as far as the handshake proves it */
	else if (d->marker == sa->at.marker)
		heard(e, sa, &from, now);
}

void roam_heard_esp(struct ike_engine *e, const struct child_sa *c, const struct abi_addr *remote,
		    uint16_t port, uint64_t now)
{
	struct ike_sa *sa = c->owner;
	const struct ike_endpoint from = place_of(sa, remote, port);

	if (!ike_sa_up(sa))
		return;
	/* The SA knows, by its own handshake say, and the data plane does not. */
	if (same_place(&from, &sa->at) && c->held && e->ops.child_moved != NULL)
		e->ops.child_moved(e->ctx, c->token, &sa->at.remote, sa->at.remote_port);
	else
		heard(e, sa, &from, now);
}

void roam_inherit(struct ike_engine *e, const struct ike_sa *old, struct ike_sa *sa, uint64_t now)
{
	bool first = sa->roam == NULL;

	if (old->roam == NULL || make(sa) == NULL)
		return;
	if (first) {
		sa->roam->failures = old->roam->failures;
		sa->roam->pause_until = old->roam->pause_until;
	}
	if (old->roam->state != ROAM_HOME)
		heard(e, sa, &old->roam->to, now);
	else
		roam_place(e, sa);
}

void roam_succeed(struct ike_engine *e, const struct ike_sa *old, struct ike_sa *sa, uint64_t now)
{
	if (ike_sa_up(old) && old->at.marker == sa->at.marker)
		heard(e, sa, &old->at, now);
}

void roam_resync(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct roam *r;

	if (!ike_sa_up(sa) || !roam_can_move(sa))
		return;
	r = make(sa);
	if (r != NULL && r->state == ROAM_HOME && !r->timer.armed)
		timers_arm(&e->timers, &r->timer,
			   now + state_random_below(e, ROAM_SPREAD_MS) * TIMERS_MS);
}

void roam_answered(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct roam *r = sa->roam;

	timers_cancel(&e->timers, &r->timer);
	r->state = ROAM_HOME;
	r->failures = 0;
	r->pause_until = now + ROAM_REST_S * TIMERS_SEC;
	if (!same_place(&r->to, &sa->at)) /* another SA of the party may have heard it first */
		move(e, sa, &r->to);
}

void roam_failed(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct roam *r = sa->roam;
	uint64_t s = ROAM_PAUSE_S;

	if (now >= r->pause_until + ROAM_CALM_S * TIMERS_SEC)
		r->failures = 0;
	for (unsigned i = 0; i < r->failures && s < ROAM_PAUSE_MAX_S; i++)
		s *= 2;
	r->failures++;
	r->state = ROAM_HOME;
	r->pause_until = now + s * TIMERS_SEC;
	e->counters.roam_failed++;
	timers_arm(&e->timers, &r->timer, r->pause_until);
}

static void on_timer(struct ike_engine *e, struct timer *t, uint64_t now)
{
	struct roam *r = TABLE_ENTRY(t, struct roam, timer);

	if (r->state == ROAM_HOME)
		place_pairs(e, r->sa); /* should the peer still be elsewhere, its ESP says so */
	else if (r->state == ROAM_WAITS || r->tries < ROAM_TRIES)
		ask(e, r, now);
	else
		roam_failed(e, r->sa, now);
}
