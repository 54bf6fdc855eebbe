/* SPDX-License-Identifier: BSD-3-Clause */
/* admit.c - admission of first messages; see admit.h. */
#include "control/ike/admit.h"

#include "control/ike/dhwork.h"
#include "control/ike/party.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"

enum ike_rx admit_refused(struct ike_engine *e, struct ike_peer *peer, enum guard_verdict v)
{
	uint64_t *counter = v == GUARD_RATE	     ? &e->counters.guard_rate
			    : v == GUARD_SOURCE_FULL ? &e->counters.guard_source
						     : &e->counters.guard_total;

	++*counter;
	refuse_log_stranger(e, IKE_LOG_DEBUG, peer, NULL, 0, "ignoring first message: %s",
			    guard_text(v));
	return IKE_RX_limited;
}

/* From an address that is one peer's alone? */
static bool is_known(const struct ike_engine *e, const struct ike_datagram *d)
{
	const struct ike_peer *peer = peers_find_addr(&e->peers, &d->src, &d->dst);

	return peer != NULL && peers_can_start(peer);
}

static enum guard_verdict ask(struct ike_engine *e, const struct ike_datagram *d, uint64_t now)
{
	if (dhwork_again(e)) /* it has paid */
		return guard_admit_again(&e->guard, &d->src);
	return is_known(e, d) ? guard_admit(&e->guard, &d->src, now)
			      : guard_admit_any(&e->guard, &d->src, now);
}

static struct ike_sa *victim(const struct ike_engine *e, const struct ike_datagram *d,
			     enum guard_verdict v)
{
	if (v != GUARD_SOURCE_FULL && v != GUARD_TOTAL_FULL)
		return NULL;
	return ike_sa_find_unseen(e, v == GUARD_SOURCE_FULL ? &d->src : NULL);
}

enum guard_verdict admit_room(struct ike_engine *e, const struct ike_datagram *d,
			      enum guard_verdict v, uint64_t now)
{
	struct ike_sa *old = victim(e, d, v);

	if (old == NULL)
		return v;
	++*(v == GUARD_SOURCE_FULL ? &e->counters.guard_source : &e->counters.guard_total);
	party_timed_out(e, old, now);
	return guard_admit_again(&e->guard, &d->src);
}

enum guard_verdict admit_first(struct ike_engine *e, const struct ike_datagram *d, uint64_t now)
{
	return admit_room(e, d, ask(e, d, now), now);
}

enum guard_verdict admit_costly(struct ike_engine *e, const struct ike_datagram *d, uint64_t now,
				bool *room)
{
	enum guard_verdict v = ask(e, d, now);

	*room = v == GUARD_ADMIT || victim(e, d, v) != NULL;
	if (!*room || dhwork_again(e) || guard_admit_costly(&e->guard, is_known(e, d), now))
		return v;
	if (v == GUARD_ADMIT)
		guard_release(&e->guard, &d->src);
	*room = false;
	return GUARD_RATE;
}
