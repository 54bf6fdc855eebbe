/* SPDX-License-Identifier: BSD-3-Clause */
/* contact.c - INITIAL-CONTACT of a responder; see contact.h. */
#include "control/ike1/contact.h"

#include "control/ike/child_sa.h"
#include "control/ike/generate.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike1/info.h"

/* A pair outlives its IKE SA. Of one that is not tied to one host nobody knows whose it was. */
static bool has_orphan(const struct ike_peer *peer)
{
	const struct child_sa *c;

	if (peer->conf.remote_prefix_len != (peer->conf.remote.family == 4 ? 32 : 128))
		return false;
	for (size_t i = 0; i < peer->n_policies; i++) {
		TAILQ_FOREACH (c, &peer->policies[i].pairs, of_policy) {
			if (c->owner == NULL && c->state != CHILD_DELETING)
				return true;
		}
	}
	return false;
}

/* Two that came to us from different ports of one NAT are two hosts, and neither hears what is said
 * to the other. The port of one that we came to is as configured, and tells nothing. */
static bool same_host(const struct ike_sa *other, const struct ike_sa *sa)
{
	return peers_addr_equal(&other->at.remote, &sa->at.remote) &&
	       (!other->nat_remote || !sa->nat_remote || !other->responder ||
		other->at.remote_port == sa->at.remote_port);
}

/* What else the host of sa has with us, under whatever peer, for many forget by address: another
 * IKE SA, or the pair of one; or what it may have: of main mode, who answered is up first. What an
 * unproven initiator left does not count, anybody can send that. */
static bool has_other(const struct ike_peer *peer, const void *ctx)
{
	const struct ike_sa *sa = ctx, *other;

	TAILQ_FOREACH (other, &peer->sas, of_peer) {
		if (other != sa && (ike_sa_up(other) || other->state == SA_MSG5_SENT) &&
		    (ike_sa_same_party(other, sa) || same_host(other, sa)))
			return true;
	}
	return has_orphan(peer);
}

static bool may_tell(const struct ike_sa *sa)
{
	const struct ike_peer_conf *conf = &sa->peer->conf;

	return conf->send_initial_contact && !conf->suppress_initial_contact;
}

void contact_start(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	if (!sa->initial_contact)
		timers_arm(&e->timers, &sa->contact, now + CONTACT_FIRST_S * TIMERS_SEC);
}

void contact_stop(struct ike_engine *e, struct ike_sa *sa)
{
	timers_cancel(&e->timers, &sa->contact);
}

void contact_tick(struct ike_engine *e, struct timer *t, uint64_t now)
{
	struct ike_sa *sa = TABLE_ENTRY(t, struct ike_sa, contact);

	if (sa->state != SA_ESTABLISHED || !may_tell(sa) || sa->ph2_total > 0 ||
	    generate_has_pair(sa))
		return;
	if (!has_other(sa->peer, sa) &&
	    !peers_any_at(&e->peers, &sa->at.remote, &sa->at.local, has_other, sa) &&
	    info_notify(e, sa, IKE_PROTO_IKE, IKE1_N_INITIAL_CONTACT, true, NULL, 0) == 0)
		refuse_log(
			e, IKE_LOG_INFO, sa->peer, sa, 0,
			"sending INITIAL_CONTACT: the peer begins no CHILD_SA, and there is none");
	if (++sa->contacts < CONTACT_TIMES)
		timers_arm(&e->timers, t, now + (CONTACT_FIRST_S * TIMERS_SEC << sa->contacts));
}
