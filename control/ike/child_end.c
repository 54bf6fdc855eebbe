/* SPDX-License-Identifier: BSD-3-Clause */
/* child_end.c - the end of a pair that the peer may not have heard of; see child_sa.h. */
#include "control/ike/child_sa.h"

#include "control/ike/state.h"
#include "control/ike/version.h"

/* The peer is to make the next pair, and does not: it may still send on this one. In IKEv2 it was
 * told (CHILD_TOLD) whenever one comes here. */
static bool is_missed(const struct child_sa *c)
{
	return c->deletes < CHILD_TOLD && c->owner != NULL && child_current(c->policy) == NULL &&
	       !child_pending(c->policy);
}

bool child_tell_again(struct ike_engine *e, struct child_sa *c, uint64_t now)
{
	uint64_t wait = CHILD_DELETE_GRACE_MS * TIMERS_MS;

	if (c->deletes >= CHILD_DELETES) {
		if (!is_missed(c))
			return false;
		wait <<= c->deletes + 1 - CHILD_DELETES;
		if (c->held) /* it has received long enough */
			e->ops.child_remove(e->ctx, c->token);
		c->held = false;
	}
	c->policy->peer->v->child_delete(e, c->policy->peer, c->owner, c->spi_in, now);
	c->deletes++;
	timers_arm(&e->timers, &c->action, now + wait);
	return true;
}
