/* SPDX-License-Identifier: BSD-3-Clause */
/* names_io.c - the gateway's names: when plans are made anew, what the console shows. */
#include <stdio.h>
#include <string.h>

#include "control/gateway.h"
#include "control/ike/evidence.h"
#include "control/log.h"
#include "control/model/addr.h"

#define PLAN_EVERY 2000000000ull  /* ns, while names change all the time, */
#define PLAN_SHARE 10u		  /* or so many times what a plan takes, if that is more */
#define PLAN_AGAIN 10000000000ull /* ns, after a plan was refused */

struct names *names_io_new(void)
{
	uint64_t seed;

	return ike_io_ops.random(NULL, &seed, sizeof(seed)) == 0 ? names_new(seed) : NULL;
}

void names_io_follow(struct gateway *g)
{
	if (names_follow(g->names, g->setup.model, g->now) != 0)
		log_error(&log_system, "no memory for the names of peers: some are not resolved");
}

/* All peers and policies are planned and pushed anew, so what comes soon after waits for more. */
void names_io_tick(struct gateway *g)
{
	if (g->stopping)
		return;
	g->names_changed |= names_tick(g->names, g->now);
	if (!g->names_changed || g->has_pending || g->now < g->names_due)
		return;
	g->replan = true;
	g->names_changed = false;
	g->names_due = g->now + PLAN_EVERY;
}

void names_io_planned(struct gateway *g, uint64_t took)
{
	if (g->names_due < g->now + took * PLAN_SHARE)
		g->names_due = g->now + took * PLAN_SHARE;
}

void names_io_refused(struct gateway *g)
{
	if (names_settle(g->names, false))
		names_io_again(g);
}

void names_io_again(struct gateway *g)
{
	g->names_changed = true;
	g->names_due = g->now + PLAN_AGAIN;
}

static const char *state_text(const struct names_state *s)
{
	if (s->status == NAMES_FOUND && s->verdict != HOST_CHOSEN && s->verdict != HOST_UNKNOWN)
		return hosts_verdict_text(s->verdict);
	return names_status_text(s->status);
}

void names_io_fill(struct gateway *g, const char *peer, struct value *v)
{
	struct names_state s;

	if (!names_look(g->names, peer, &s))
		return;
	v[PEER_ADDRESS].addr = s.addr; /* for filters */
	v[PEER_ADDRESS].prefix_len = addr_bits(&s.addr);
	value_set_addr(&v[PEER_RESOLVED], &s.addr, 0);
	value_set_text(&v[PEER_RESOLVES], state_text(&s));
}

static enum ike_cause cause_of(const struct names_state *s)
{
	static const enum ike_cause by_verdict[] = {
		[HOST_FAMILY] = IKE_CAUSE_NAME_FAMILY,	    [HOST_NO_HOST] = IKE_CAUSE_NAME_ADDRESS,
		[HOST_LINK_LOCAL] = IKE_CAUSE_NAME_ADDRESS, [HOST_OURS] = IKE_CAUSE_NAME_ADDRESS,
		[HOST_TAKEN] = IKE_CAUSE_NAME_TAKEN,	    [HOST_NO_ROUTE] = IKE_CAUSE_NAME_ROUTE,
	};

	switch (s->status) {
	case NAMES_FOUND:
		return by_verdict[s->verdict];
	case NAMES_NO_NAME:
		return IKE_CAUSE_NAME_MISSING;
	case NAMES_NO_ADDRESS:
		return IKE_CAUSE_NAME_FAMILY;
	default:
		return IKE_CAUSE_NAME_SERVER;
	}
}

/* An answer that is refused, or a name that fails. */
static bool is_wrong(const struct names_state *s)
{
	if (s->status == NAMES_FOUND)
		return s->verdict != HOST_CHOSEN && s->verdict != HOST_UNKNOWN;
	return s->status != NAMES_UNASKED;
}

bool names_io_evidence(const struct gateway *g, const struct ike_peer_conf *peer,
		       struct ike_evidence *ev)
{
	char refused[ADDR_MAX_TEXT];
	struct names_state s;

	if (!names_look(g->names, peer->name, &s) || !is_wrong(&s))
		return false;
	memset(ev, 0, sizeof(*ev));
	ev->code = s.status == NAMES_FOUND ? IKE_PEER_NAME_UNUSABLE : IKE_PEER_NAME_UNRESOLVED;
	ev->cause = cause_of(&s);
	ev->first = s.since != 0 ? s.since : g->now;
	ev->last = s.last != 0 ? s.last : g->now;
	ev->count = s.failures != 0 ? s.failures : 1;
	ev->version = peer->mode == IKE_MODE_IKE2 ? 2 : 1;
	ev->initiator = true;
	ev->local = peer->local;
	ev->remote = s.addr;
	snprintf(ev->message, sizeof(ev->message), "DNS");
	snprintf(ev->configured, sizeof(ev->configured), "%s", s.host);
	if (s.status != NAMES_FOUND)
		snprintf(ev->received, sizeof(ev->received), "%s", names_status_text(s.status));
	else
		snprintf(ev->received, sizeof(ev->received), "%s: it %s%s%s",
			 addr_text(&s.refused, refused), hosts_verdict_text(s.verdict),
			 s.rival != NULL ? ", " : "", s.rival != NULL ? s.rival : "");
	return true;
}
