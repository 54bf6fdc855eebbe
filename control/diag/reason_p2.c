/* SPDX-License-Identifier: BSD-3-Clause */
/* reason_p2.c - findings of phase 2; see reason.h. */
#include <string.h>

#include "control/diag/reason.h"
#include "control/diag/vendor.h"
#include "control/ike/ts.h"
#include "control/ike/probe_child.h"
#include "control/ike/prop.h"

/* The policy whose selectors the peer's request resembles most. */
static const struct diag_policy *nearest_policy(const struct diag_peer *p,
						const struct abi_range *local,
						const struct abi_range *remote)
{
	const struct diag_policy *best = NULL;
	int best_score = -1;

	for (size_t i = 0; i < p->n_policies; i++) {
		const struct ike_child_conf *c = p->policies[i].conf;
		struct abi_range common;
		int score = 0;

		score += ts_equal(&c->local, local) ? 4 : ts_intersect(&c->local, local, &common);
		score += ts_equal(&c->remote, remote) ? 4
						      : ts_intersect(&c->remote, remote, &common);
		score -= p->policies[i].up; /* what works is not what is meant */
		if (score > best_score) {
			best = &p->policies[i];
			best_score = score;
		}
	}
	return best;
}

static void compare_nets(struct diag_finding *f, const struct ike_child_conf *c,
			 const struct abi_range *local, const struct abi_range *remote)
{
	struct abi_range common;
	bool l = ts_equal(&c->local, local), r = ts_equal(&c->remote, remote);

	if (ts_equal(&c->local, remote) && ts_equal(&c->remote, local))
		diag_say(f, SAY_TS_SWAPPED);
	else if ((l || ts_intersect(&c->local, local, &common)) &&
		 (r || ts_intersect(&c->remote, remote, &common)))
		diag_say(f, SAY_TS_MASK);
	else if (l || r)
		diag_say(f, SAY_TS_ONE_SIDE);
}

static void set_policy_nets(struct diag_finding *f, const struct ike_child_conf *c,
			    const struct abi_range *local, const struct abi_range *remote)
{
	const struct abi_range *is[2] = {&c->local, &c->remote}, *want[2] = {local, remote};
	static const char *const props[2] = {"src-address", "dst-address"};
	char at[2][TS_MAX_TEXT], text[TS_MAX_TEXT];

	diag_net_text(is[0], at[0], sizeof(at[0]));
	diag_net_text(is[1], at[1], sizeof(at[1]));
	for (int i = 0; i < 2; i++) {
		struct diag_change *change;

		if (ts_equal(is[i], want[i]))
			continue;
		diag_net_text(want[i], text, sizeof(text));
		change = diag_set_here(f, "ip ipsec policy", "src-address", at[0], props[i], "%s",
				       text);
		diag_find_also(change, "dst-address", at[1]);
		/* the second line has to find the row as the first one leaves it */
		memcpy(at[i], text, sizeof(text));
	}
}

void diag_p2_selectors(struct diag_finding *f, const struct diag_peer *p,
		       const struct ike_evidence *ev)
{
	const struct ike_child_conf *c;
	struct diag_change *change;

	diag_say(f, SAY_TS_MIRROR);
	if (f->policy == NULL && ev->n_local > 0 && ev->n_remote > 0)
		f->policy = nearest_policy(p, &ev->ts_local[0], &ev->ts_remote[0]);
	if (f->policy == NULL)
		return;
	c = f->policy->conf;
	f->confidence = ev->notify != 0 ? DIAG_LIKELY : DIAG_CERTAIN;
	if (ev->notify != 0 && ev->version == 1)
		diag_say(f, SAY_ALSO_PFS);
	if (ev->n_local > 0 && ev->n_remote > 0) {
		compare_nets(f, c, &ev->ts_local[0], &ev->ts_remote[0]);
		set_policy_nets(f, c, &ev->ts_local[0], &ev->ts_remote[0]);
	}
	change = diag_set_peer(f, DIAG_SET_NETS);
	if (change != NULL) {
		change->local = c->remote;
		change->remote = c->local;
	}
}

/* What a probe has found that the peer takes for the policy; NULL. */
static const struct probe_child_row *taken(const struct diag_peer *p,
					   const struct ike_child_conf *child)
{
	const struct ike_probe_child *found = p->probe_child;

	for (unsigned i = 0; found != NULL && child != NULL && i < found->n; i++) {
		if (found->policy_id == child->policy_id && found->rows[i].said == PROBE_TAKES)
			return &found->rows[i];
	}
	return NULL;
}

void diag_p2_esp_proposals(struct diag_finding *f, const struct diag_peer *p,
			   const struct ike_evidence *ev)
{
	const struct ike_child_conf *child = f->policy != NULL ? f->policy->conf : NULL;

	if (ev->code == IKE_P2_PFS_MISMATCH)
		diag_say(f, SAY_DEFAULTS_DIFFER);
	if (ev->version == 2 && ev->code == IKE_P2_PFS_MISMATCH)
		diag_say(f, SAY_PFS_LATER);
	if (ev->diff != NULL) {
		diag_p1_proposals(f, p, ev);
		return;
	}
	if (taken(p, child) != NULL) {
		f->confidence = DIAG_CERTAIN;
		diag_say(f, SAY_PROBE_CHILD);
		diag_fix_taken(f, p, child, taken(p, child));
		return;
	}
	f->confidence = DIAG_LIKELY;
	if (p->probe_child == NULL)
		diag_check(f, SAY_CHECK_PROBE_CHILD);
	if (ev->code != IKE_P2_PFS_MISMATCH)
		diag_say(f, SAY_ALSO_PFS);
	diag_say(f, SAY_ALSO_ENCAP);
	diag_say(f, SAY_ALSO_LIFETIME);
	diag_say(f, SAY_WIDE_OFFER);
	diag_check(f, SAY_CHECK_PEER_LOG);
	if (child != NULL)
		diag_fix_offer(f, p, child);
}

void diag_p2_encapsulation(struct diag_finding *f, const struct diag_peer *p,
			   const struct ike_evidence *ev)
{
	const struct ike_child_conf *c = f->policy != NULL ? f->policy->conf : NULL;
	struct diag_change *change;
	uint16_t got = ev->diff != NULL ? ev->diff->types[PROP_ENCAP].nearest : 0;
	bool theirs_tunnel = got == IKE1_ENCAP_TUNNEL || got == IKE1_ENCAP_UDP_TUNNEL ||
			     got == IKE1_ENCAP_UDP_TUNNEL_DRAFT;
	char src[TS_MAX_TEXT], dst[TS_MAX_TEXT];

	f->confidence = DIAG_CERTAIN;
	if (ev->cause == IKE_CAUSE_NAT)
		diag_say(f, SAY_TRANSPORT_NAT);
	if (c == NULL)
		return;
	if (ev->diff == NULL)
		theirs_tunnel = c->mode != ABI_MODE_TUNNEL;
	if (theirs_tunnel == (c->mode == ABI_MODE_TUNNEL)) { /* UDP or not */
		diag_set_here(f, "ip ipsec profile", "name", p->profile, "nat-traversal", "%s",
			      "yes");
		diag_check(f, SAY_CHECK_4500);
		return;
	}
	change = diag_set_here(f, "ip ipsec policy", "src-address",
			       diag_net_text(&c->local, src, sizeof(src)), "tunnel", "%s",
			       theirs_tunnel ? "yes" : "no");
	diag_find_also(change, "dst-address", diag_net_text(&c->remote, dst, sizeof(dst)));
	change = diag_set_peer(f, DIAG_SET_TUNNEL);
	if (change != NULL)
		change->number = c->mode == ABI_MODE_TUNNEL || ev->cause == IKE_CAUSE_NAT;
}

void diag_p2_lifetime2(struct diag_finding *f, const struct diag_peer *p,
		       const struct ike_evidence *ev)
{
	struct diag_change *c;

	(void)ev;
	f->confidence = DIAG_CERTAIN;
	diag_set_here(f, "ip ipsec profile", "name", p->profile, "proposal-check", "obey");
	c = diag_set_peer(f, DIAG_SET_LIFETIME2);
	if (c != NULL && f->policy != NULL)
		c->number = f->policy->conf->proposal.lifetime;
}

void diag_p2_not_installed(struct diag_finding *f, const struct diag_peer *p,
			   const struct ike_evidence *ev)
{
	(void)p;
	(void)ev;
	f->confidence = DIAG_CERTAIN;
	diag_check(f, SAY_CHECK_LOCAL_LOG);
}

void diag_p2_no_reauth(struct diag_finding *f, const struct diag_peer *p,
		       const struct ike_evidence *ev)
{
	(void)ev;
	f->confidence = DIAG_CERTAIN;
	diag_set_here(f, "ip ipsec profile", "name", p->profile, "reauthentication", "no");
	diag_check(f, SAY_CHECK_REAUTH);
}
