/* SPDX-License-Identifier: BSD-3-Clause */
/* lifetime.c - rekey and expiry times; see lifetime.h. */
#include "control/ike/lifetime.h"

#include "control/ike/child_sa.h"
#include "control/ike/ike_sa.h"
#include "control/ike/party.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike/version.h"

/* Percent of the lifetime: earliest rekey by the side that began, by the other, and the jitter that
 * is added (IKE SA) or taken off (child SA, whose announced soft time is IKE_SOFT_PERCENT). */
#define IKE_SA_OWN_PCT	 85u
#define IKE_SA_OTHER_PCT 93u
#define IKE_SA_JITTER	 4u
#define CHILD_OTHER_PCT	 90u
#define CHILD_JITTER	 6u
#define BUSY_S		 30u /* a quick mode may finish after the IKE SA's end */

enum lifetime_verdict lifetime_check(enum ike_proposal_check check, uint32_t ours, uint64_t offered,
				     uint32_t fallback, uint32_t *out)
{
	uint64_t peer = offered != 0 ? offered : fallback;

	if (peer > LIFETIME_MAX_S)
		peer = LIFETIME_MAX_S;
	*out = (uint32_t)peer;
	switch (check) {
	case IKE_CHECK_OBEY:
		return LIFETIME_OK;
	case IKE_CHECK_STRICT:
		return peer > ours ? LIFETIME_REFUSED : LIFETIME_OK;
	case IKE_CHECK_EXACT:
		return peer != ours ? LIFETIME_REFUSED : LIFETIME_OK;
	case IKE_CHECK_CLAIM:
		if (peer <= ours)
			return LIFETIME_OK;
		*out = ours;
		return LIFETIME_SHORTENED;
	}
	return LIFETIME_REFUSED;
}

#define VOLUME_MAX_KB (1ull << 50) /* more is as good as no limit */
#define TELL_AGAIN_S  60u

uint64_t lifetime_less_volume(uint64_t a, uint64_t b)
{
	if (a == 0 || b == 0)
		return a + b;
	return a < b ? a : b;
}

enum lifetime_verdict lifetime_check_volume(enum ike_proposal_check check, uint32_t ours,
					    uint64_t offered, uint64_t *out)
{
	uint64_t peer = offered < VOLUME_MAX_KB ? offered : 0;

	*out = peer != 0 ? peer : ours;
	if (peer == 0)
		return LIFETIME_OK;
	switch (check) {
	case IKE_CHECK_OBEY:
		return LIFETIME_OK;
	case IKE_CHECK_STRICT:
		return ours != 0 && peer > ours ? LIFETIME_REFUSED : LIFETIME_OK;
	case IKE_CHECK_EXACT:
		return peer != ours ? LIFETIME_REFUSED : LIFETIME_OK;
	case IKE_CHECK_CLAIM:
		if (ours == 0 || peer <= ours)
			return LIFETIME_OK;
		*out = ours;
		return LIFETIME_SHORTENED;
	}
	return LIFETIME_REFUSED;
}

uint32_t lifetime_offer_volume(const struct ike_policy *policy)
{
	uint64_t kb = lifetime_less_volume(policy->conf.proposal.lifebytes, policy->kilobytes);

	return kb < UINT32_MAX ? (uint32_t)kb : UINT32_MAX;
}

static uint64_t percent(uint32_t lifetime, uint64_t pct)
{
	return (uint64_t)lifetime * TIMERS_SEC / 100 * pct;
}

static uint64_t jitter(struct ike_engine *e, uint32_t lifetime, uint64_t pct)
{
	return state_random_below(e, percent(lifetime, pct) + 1);
}

void lifetime_start_ike_sa(struct ike_engine *e, struct ike_sa *sa)
{
	bool other = sa->responder;
	unsigned pct;
	uint64_t span;

	if (sa->auth_ends != 0 && sa->auth_ends <= sa->ends) {
		sa->ends = sa->auth_ends;
		other = sa->auth_responder; /* who began comes again, whoever rekeyed since */
	}
	pct = other ? IKE_SA_OTHER_PCT : IKE_SA_OWN_PCT;
	span = sa->ends > sa->established ? sa->ends - sa->established : 0;
	timers_arm(&e->timers, &sa->life,
		   sa->established + span / 100 * pct +
			   state_random_below(e, span / 100 * IKE_SA_JITTER + 1));
}

/* IKEv2: traffic still goes through a pair that ends with it, and there is another SA to make it
 * anew through: now at the latest. */
static bool carries(struct ike_engine *e, const struct ike_sa *sa, uint64_t now)
{
	struct child_sa *c;
	bool any = false;

	for (size_t i = 0; i < sa->peer->n_policies && sa->state == SA_REPLACED; i++) {
		c = child_current(&sa->peer->policies[i]);
		if (c == NULL || c->owner != sa || !sa->peer->v->owns_children)
			continue;
		child_rekey(e, c, now);
		any = true;
	}
	return any;
}

void lifetime_ike_sa(struct ike_engine *e, struct timer *t, uint64_t now)
{
	struct ike_sa *sa = TABLE_ENTRY(t, struct ike_sa, life);

	if (!ike_sa_up(sa)) {
		party_timed_out(e, sa, now);
		return;
	}
	if (now < sa->ends) {
		timers_arm(&e->timers, &sa->life, sa->ends);
		sa->rekey_due = true;
		if (sa->state == SA_ESTABLISHED)
			sa->peer->v->rekey(e, sa, now);
		return;
	}
	if ((sa->peer->v->busy(sa) || carries(e, sa, now)) &&
	    now < sa->ends + BUSY_S * TIMERS_SEC) {
		timers_arm(&e->timers, &sa->life, now + TIMERS_SEC);
		return;
	}
	refuse_log(e, IKE_LOG_INFO, sa->peer, sa, 0, "deleting IKE_SA: its lifetime is over");
	if (sa->state == SA_REPLACED && sa->peer->v->retire != NULL &&
	    sa->peer->v->retire(e, sa, now))
		return;
	sa->peer->v->delete_ike_sa(e, sa, now);
	party_lost(e, sa, now);
}

void lifetime_start_child(struct ike_engine *e, struct child_sa *c, uint64_t now)
{
	uint64_t soft = percent(c->lifetime, IKE_SOFT_PERCENT);

	c->added = now;
	c->soft_time = now + soft;
	c->hard_time = now + (uint64_t)c->lifetime * TIMERS_SEC;
	if (c->initiator)
		c->rekey_time = c->soft_time - jitter(e, c->lifetime, CHILD_JITTER);
	else
		c->rekey_time = now + percent(c->lifetime, CHILD_OTHER_PCT) +
				jitter(e, c->lifetime, CHILD_JITTER);
	timers_arm(&e->timers, &c->life, c->rekey_time);
}

void lifetime_volume(struct ike_engine *e, const struct child_sa *c, struct ike_child_sa *sa)
{
	uint64_t bytes = c->kilobytes < VOLUME_MAX_KB ? c->kilobytes * 1024 : 0;
	uint64_t grace = sa->encr == ABI_ENCR_3DES ? IKE_VOLUME_GRACE_64 : IKE_VOLUME_GRACE;
	uint64_t some = state_random_below(e, bytes / 100 * CHILD_JITTER + 1);

	sa->soft_bytes = sa->hard_bytes = 0;
	if (bytes == 0)
		return;
	/* As with time: who began the pair comes first. */
	if (c->initiator)
		sa->soft_bytes = bytes / 100 * IKE_SOFT_PERCENT - some;
	else
		sa->soft_bytes = bytes / 100 * CHILD_OTHER_PCT + some;
	sa->hard_bytes = sa->soft_bytes + grace;
	if (sa->hard_bytes < bytes)
		sa->hard_bytes = bytes;
}

void lifetime_tell_volume(struct ike_engine *e, struct child_sa *c, uint64_t now)
{
	uint64_t ms = (now - c->added) / TIMERS_MS + 1, kbit = c->kilobytes * 8192 / ms;
	uint64_t hour;

	if (c->kilobytes == 0 || c->kilobytes >= VOLUME_MAX_KB / 8192 ||
	    ms > IKE_VOLUME_SILLY_S * 1000 ||
	    (c->policy->volume_told != 0 &&
	     now < c->policy->volume_told + TELL_AGAIN_S * TIMERS_SEC))
		return;
	c->policy->volume_told = now;
	hour = c->kilobytes * 3600000 / ms;
	refuse_log(
		e, IKE_LOG_WARN, c->policy->peer, c->owner, 0,
		"lifetime of %llu kB is used up in %llu.%llu s (about %llu Mbit/s), so the SAs "
		"are replaced every few seconds; set it to %llu kB or more on the side that asks "
		"for it, which lasts an hour",
		(unsigned long long)c->kilobytes, (unsigned long long)ms / 1000,
		(unsigned long long)ms / 100 % 10, (unsigned long long)kbit / 1000,
		(unsigned long long)hour);
}

void lifetime_child(struct ike_engine *e, struct timer *t, uint64_t now)
{
	struct child_sa *c = TABLE_ENTRY(t, struct child_sa, life);

	if (now < c->hard_time) {
		timers_arm(&e->timers, &c->life, c->hard_time);
		child_rekey(e, c, now);
		return;
	}
	child_delete_now(e, c, now);
}
