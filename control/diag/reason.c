/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * reason.c - from evidence to findings; see diag.h.
 *
 * Evidence is left out when it is over: phase 1's when the IKE SA came up since, a policy's when
 * its pair did, and what an attempt in the same direction has left behind since: who is refused for
 * its identity has the right secret. Guesses are left out when something certain explains the same
 * refusal.
 */
#include <string.h>

#include "control/diag/reason.h"

#define SEC UINT64_C(1000000000)

/* How far an attempt had come where this is found. */
static int stage(const struct ike_evidence *ev)
{
	switch (ev->code) {
	case IKE_PEER_NAME_UNRESOLVED:
	case IKE_PEER_NAME_UNUSABLE:
		return 0;
	case IKE_PEER_SILENT:
		return ev->cause == IKE_CAUSE_NO_ANSWER ? 0 : 2;
	case IKE_P1_VERSION_MISMATCH:
	case IKE_PEER_DOES_NOT_KNOW_US:
	case IKE_P1_NO_PROPOSAL:
	case IKE_P1_ALG_MISMATCH:
	case IKE_P1_DH_MISMATCH:
	case IKE_P1_LIFETIME_MISMATCH:
		return 1;
	case IKE_P1_MODE_MISMATCH:
		return ev->proven ? 3 : 1;
	case IKE_P1_PSK_MISMATCH:
	case IKE_P1_MALFORMED:
		return 2;
	case IKE_P1_ID_MISMATCH:
	case IKE_P1_UNEXPLAINED:
		return 3;
	default:
		return 4;
	}
}

bool diag_of_phase2(const struct ike_evidence *ev)
{
	return stage(ev) == 4 && ev->code != IKE_PEER_DEAD;
}

static const struct diag_policy *find_policy(const struct diag_peer *p, uint32_t id)
{
	for (size_t i = 0; id != 0 && i < p->n_policies; i++) {
		if (p->policies[i].conf->policy_id == id)
			return &p->policies[i];
	}
	return NULL;
}

/* That is how it is now, whatever comes about at the address the peer still has. */
static bool of_name(const struct ike_evidence *ev)
{
	return ev->code == IKE_PEER_NAME_UNRESOLVED || ev->code == IKE_PEER_NAME_UNUSABLE;
}

/* Who comes too late comes up again, and is late again the next time. */
static bool late_no_more(const struct diag_peer *p, const struct ike_evidence *ev)
{
	const struct ike_profile_conf *pr = &p->conf->profile;

	return !pr->reauthentication ||
	       (p->up_since > ev->last && p->now - ev->last > 2 * SEC * pr->lifetime);
}

/* Has everything come up since? */
static bool cured(const struct diag_peer *p, const struct ike_evidence *ev)
{
	const struct diag_policy *policy = find_policy(p, ev->policy_id);
	uint64_t since = 0;

	if (of_name(ev))
		return false;
	if (ev->code == IKE_PEER_NO_REAUTH)
		return late_no_more(p, ev);
	if (!diag_of_phase2(ev))
		return p->up_since != 0 && ev->last <= p->up_since;
	if (policy != NULL)
		return policy->up && ev->last <= policy->up_since;
	for (size_t i = 0; i < p->n_policies; i++) {
		if (!p->policies[i].up)
			return false;
		if (p->policies[i].up_since > since)
			since = p->policies[i].up_since;
	}
	return ev->last <= since;
}

/* Attempts of the same side have come further since. */
static bool left_behind(const struct diag_peer *p, const struct ike_evidence *ev)
{
	for (size_t i = 0; !of_name(ev) && i < p->n_evidence; i++) {
		const struct ike_evidence *o = &p->evidence[i];

		if (o->initiator == ev->initiator && stage(o) > stage(ev) && o->last > ev->last &&
		    (stage(o) < 4 || stage(ev) < 4))
			return true;
	}
	return false;
}

static bool is_guess(const struct ike_evidence *ev)
{
	return ev->notify != 0 || ev->code == IKE_PEER_SILENT;
}

/* Does what we are sure of explain why the peer refused, or fell silent? */
static bool explained(const struct diag_peer *p, const struct ike_evidence *ev)
{
	for (size_t i = 0; is_guess(ev) && i < p->n_evidence; i++) {
		const struct ike_evidence *o = &p->evidence[i];

		if (is_guess(o) || cured(p, o))
			continue;
		if (ev->code == IKE_P1_NO_PROPOSAL &&
		    (o->code == IKE_P1_ALG_MISMATCH || o->code == IKE_P1_DH_MISMATCH ||
		     o->code == IKE_P1_VERSION_MISMATCH))
			return true;
		if (ev->code == IKE_P1_MODE_MISMATCH && o->code == IKE_P1_MODE_MISMATCH)
			return true;
		if (o->policy_id == ev->policy_id && ev->code == IKE_P2_ALG_MISMATCH &&
		    (o->code == IKE_P2_ALG_MISMATCH || o->code == IKE_P2_PFS_MISMATCH))
			return true;
		if (ev->code == IKE_P2_TS_MISMATCH && o->code == IKE_P2_TS_MISMATCH)
			return true;
		if (ev->code == IKE_P1_PSK_MISMATCH && o->code == IKE_P1_PSK_MISMATCH)
			return true;
	}
	return false;
}

static void (*const builders[IKE_CODE_COUNT])(struct diag_finding *, const struct diag_peer *,
					      const struct ike_evidence *) = {
	[IKE_P1_PSK_MISMATCH] = diag_p1_psk,
	[IKE_P1_VERSION_MISMATCH] = diag_p1_version,
	[IKE_P1_MODE_MISMATCH] = diag_p1_mode,
	[IKE_P1_NO_PROPOSAL] = diag_p1_proposals,
	[IKE_P1_ALG_MISMATCH] = diag_p1_proposals,
	[IKE_P1_DH_MISMATCH] = diag_p1_group,
	[IKE_P1_LIFETIME_MISMATCH] = diag_p1_lifetime1,
	[IKE_P1_ID_MISMATCH] = diag_p1_identity,
	[IKE_P1_MALFORMED] = diag_p1_malformed,
	[IKE_P1_UNEXPLAINED] = diag_p1_unexplained,
	[IKE_PEER_SILENT] = diag_p1_silent,
	[IKE_PEER_DEAD] = diag_p1_dead,
	[IKE_PEER_NAME_UNRESOLVED] = diag_name,
	[IKE_PEER_NAME_UNUSABLE] = diag_name,
	[IKE_PEER_DOES_NOT_KNOW_US] = diag_p1_unknown_to_peer,
	[IKE_P2_TS_MISMATCH] = diag_p2_selectors,
	[IKE_P2_ALG_MISMATCH] = diag_p2_esp_proposals,
	[IKE_P2_PFS_MISMATCH] = diag_p2_esp_proposals,
	[IKE_P2_ENCAP_MISMATCH] = diag_p2_encapsulation,
	[IKE_P2_LIFETIME_MISMATCH] = diag_p2_lifetime2,
	[IKE_P2_MALFORMED] = diag_p1_malformed,
	[IKE_P2_SILENT] = diag_p2_no_answer2,
	[IKE_P2_INSTALL_FAILED] = diag_p2_not_installed,
	[IKE_P2_UNEXPLAINED] = diag_p1_unexplained,
	[IKE_PEER_NO_REAUTH] = diag_p2_no_reauth,
};

struct diag_finding *diag_add(struct diag_report *r, enum ike_code code)
{
	struct diag_finding *f;

	if (r->n >= DIAG_MAX_FINDINGS)
		return NULL;
	f = &r->findings[r->n++];
	memset(f, 0, sizeof(*f));
	f->code = code;
	return f;
}

static void from_evidence(struct diag_report *r, const struct diag_peer *p,
			  const struct ike_evidence *ev)
{
	struct diag_finding *f;

	if (builders[ev->code] == NULL || cured(p, ev) || left_behind(p, ev) || explained(p, ev) ||
	    diag_probe_explains(p, ev) ||
	    (ev->code == IKE_P1_UNEXPLAINED && ev->cause != IKE_CAUSE_NONE &&
	     diag_probe_blames_path(p->probe, ev)))
		return;
	f = diag_add(r, ev->code);
	if (f == NULL)
		return;
	f->ev = ev;
	f->policy = find_policy(p, ev->policy_id);
	builders[ev->code](f, p, ev);
}

static int rank(const struct diag_finding *f)
{
	return (f->ev != NULL && !diag_of_phase2(f->ev) ? 0
		: f->ev != NULL				? 10
							: 20) +
	       (int)f->confidence;
}

/* Insertion: few, and what is equal keeps its order. */
static void sort(struct diag_report *r)
{
	for (size_t i = 1; i < r->n; i++) {
		struct diag_finding f = r->findings[i];
		size_t k = i;

		for (; k > 0 && rank(&r->findings[k - 1]) > rank(&f); k--)
			r->findings[k] = r->findings[k - 1];
		r->findings[k] = f;
	}
}

void diag_reason(struct diag_report *r, const struct diag_peer *peer)
{
	r->peer = peer;
	r->n = 0;
	for (size_t i = 0; i < peer->n_evidence; i++)
		from_evidence(r, peer, &peer->evidence[i]);
	for (size_t i = 0; i < peer->n_policies; i++)
		diag_traffic(r, &peer->policies[i]);
	diag_partial(r);
	diag_no_evidence(r);
	sort(r);
}
