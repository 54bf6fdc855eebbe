/* SPDX-License-Identifier: BSD-3-Clause */
/* traffic.c - findings about tunnels that are up: traffic, and networks that are left out. */
#include <stdio.h>
#include <string.h>

#include "control/diag/reason.h"
#include "control/diag/vendor.h"
#include "control/ike/ts.h"
#include "control/ike/ts2.h"

static void nat_change(struct diag_finding *f, enum diag_set set, const struct diag_policy *policy)
{
	struct diag_change *c = diag_set_peer(f, set);

	if (c != NULL) {
		c->local = policy->conf->remote;
		c->remote = policy->conf->local;
	}
}

static void no_reply(struct diag_finding *f, const struct diag_policy *policy)
{
	diag_say(f, SAY_ALSO_HUAWEI);
	diag_check(f, SAY_CHECK_VPC_ROUTE);
	diag_check(f, SAY_CHECK_SECURITY_GROUP);
	diag_check(f, SAY_CHECK_ESP_PASSES);
	diag_check(f, SAY_CHECK_PUBLIC_PRIVATE);
	nat_change(f, DIAG_SET_ROUTE, policy);
	nat_change(f, DIAG_SET_NO_NAT, policy);
}

static void natted(struct diag_finding *f, const struct diag_policy *policy)
{
	f->confidence = policy->truth.foreign.family != 0 ? DIAG_CERTAIN : DIAG_LIKELY;
	diag_say(f, SAY_NATTED_SOURCE);
	diag_say(f, SAY_ALSO_TS);
	nat_change(f, DIAG_SET_NO_NAT, policy);
}

static void not_verified(struct diag_finding *f, const struct diag_policy *policy)
{
	if (policy->truth.replayed) {
		diag_say(f, SAY_WINDOW_SMALL);
		diag_check(f, SAY_CHECK_REPLAY);
	} else {
		diag_check(f, SAY_CHECK_TRUNCATION);
	}
}

static void not_passing(struct diag_finding *f, const struct diag_policy *policy)
{
	f->confidence = DIAG_LIKELY;
	switch (f->code) {
	case IKE_NO_REPLY_FROM_PEER:
		no_reply(f, policy);
		break;
	case IKE_PEER_NATS_TUNNEL_TRAFFIC:
		natted(f, policy);
		break;
	case IKE_NOT_VERIFIED:
		not_verified(f, policy);
		break;
	case IKE_NO_RETURN_FROM_LAN:
		diag_check(f, SAY_CHECK_LAN_ROUTE);
		diag_check(f, SAY_CHECK_LAN_FIREWALL);
		diag_check(f, SAY_CHECK_ORDER);
		break;
	case IKE_LAN_UNREACHABLE:
		diag_check(f, SAY_CHECK_LAN_ARP);
		break;
	case IKE_NO_SA_FOR_TRAFFIC:
		diag_check(f, SAY_CHECK_PHASE2);
		break;
	default:
		break;
	}
}

static bool silent_both_ways(const struct truth *t)
{
	return t->window != 0 && t->fact[TRUTH_MATCHED] == 0 && t->fact[TRUTH_RECEIVED] == 0;
}

/* Up, and nothing from either side: that is all right, or traffic goes elsewhere. */
static void idle(struct diag_report *r, const struct diag_policy *policy)
{
	struct diag_finding *f = diag_add(r, IKE_NOT_MATCHED);

	if (f == NULL)
		return;
	f->policy = policy;
	f->confidence = policy->shadowed_by != 0 ? DIAG_LIKELY : DIAG_POSSIBLE;
	if (policy->shadowed_by != 0)
		diag_say(f, SAY_NAMED_POLICY);
	diag_check(f, SAY_CHECK_LAN_ROUTE);
	diag_check(f, SAY_CHECK_ORDER);
	f = diag_add(r, IKE_NOTHING_FROM_PEER);
	if (f == NULL)
		return;
	f->policy = policy;
	f->confidence = DIAG_POSSIBLE;
	diag_check(f, SAY_CHECK_VPC_ROUTE);
	diag_check(f, SAY_CHECK_SECURITY_GROUP);
	nat_change(f, DIAG_SET_ROUTE, policy);
}

void diag_traffic(struct diag_report *r, const struct diag_policy *policy)
{
	const struct truth *t = &policy->truth;
	struct diag_finding *f;

	if (policy->up && t->state == TRUTH_IDLE && silent_both_ways(t)) {
		idle(r, policy);
		return;
	}
	/* while there is no SA, the handshake's evidence says why */
	if (t->state != TRUTH_NOT_PASSING || (!policy->up && r->n > 0))
		return;
	f = diag_add(r, t->code);
	if (f == NULL)
		return;
	f->policy = policy;
	not_passing(f, policy);
}

/* Does the pair carry all that is configured? */
static bool whole(const struct diag_policy *p)
{
	struct abi_range want[ABI_MAX_SELECTORS];
	size_t n;

	if (p->n_local == 0 || p->n_remote == 0)
		return true;
	n = ts2_of_conf(p->conf, true, want);
	if (!ts2_within(want, n, p->local, p->n_local))
		return false;
	n = ts2_of_conf(p->conf, false, want);
	return ts2_within(want, n, p->remote, p->n_remote);
}

/* Each once. */
static void add_net(char *list, size_t cap, const struct abi_range *r)
{
	char text[TS_MAX_TEXT];
	size_t at = strlen(list), len;

	diag_net_text(r, text, sizeof(text));
	len = strlen(text);
	for (const char *has = list; (has = strstr(has, text)) != NULL; has += len) {
		if ((has == list || has[-1] == ',') && (has[len] == ',' || has[len] == '\0'))
			return;
	}
	if (at + len + 2 <= cap)
		snprintf(list + at, cap - at, "%s%s", at > 0 ? "," : "", text);
}

/* The peer's side needs all networks of all policies. */
static void all_nets(struct diag_finding *f, const struct diag_peer *p)
{
	struct diag_change *c = diag_set_peer(f, DIAG_SET_NETS);
	struct abi_range r[ABI_MAX_SELECTORS];

	if (c == NULL)
		return;
	for (size_t i = 0; i < p->n_policies; i++) {
		for (size_t k = 0, n = ts2_of_conf(p->policies[i].conf, false, r); k < n; k++)
			add_net(c->locals, sizeof(c->locals), &r[k]);
		for (size_t k = 0, n = ts2_of_conf(p->policies[i].conf, true, r); k < n; k++)
			add_net(c->remotes, sizeof(c->remotes), &r[k]);
	}
	c->local = p->policies[0].conf->remote;
	c->remote = p->policies[0].conf->local;
}

void diag_partial(struct diag_report *r)
{
	const struct diag_peer *p = r->peer;
	const struct diag_policy *first = NULL;
	struct diag_finding *f;
	size_t up = 0;

	for (size_t i = 0; i < p->n_policies; i++) {
		const struct diag_policy *one = &p->policies[i];

		up += one->up;
		if (first == NULL && (!one->up || !whole(one)))
			first = one;
	}
	if (first == NULL || up == 0)
		return;
	f = diag_add(r, IKE_TS_PARTIAL);
	if (f == NULL)
		return;
	f->policy = first;
	f->confidence = DIAG_CERTAIN;
	diag_say(f, SAY_TS_SPLIT);
	if (p->conf->mode != IKE_MODE_IKE2)
		diag_say(f, SAY_TS_IKE1_FIRST);
	/* one SA for several networks, and the peer carries only some of them in it */
	if (first->up &&
	    ike_child_more(first->conf)->n_local + ike_child_more(first->conf)->n_remote > 0)
		diag_set_here(f, "ip ipsec peer", "name", p->conf->name, "multi-selector", "%s",
			      "per-pair");
	all_nets(f, p);
}
