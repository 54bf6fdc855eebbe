/* SPDX-License-Identifier: BSD-3-Clause */
/* child_nat.c - transport mode through a NAT; see child_nat.h. */
#include "control/ike/child_nat.h"

#include "control/ike/child_sa.h"
#include "control/ike/ike_sa.h"
#include "control/ike/prop.h"
#include "control/ike/refuse.h"

bool child_nat_hinders(const struct ike_sa *sa, const struct ike_policy *policy)
{
	return child_natt(sa) && (policy == NULL || policy->conf.mode == ABI_MODE_TRANSPORT);
}

void child_nat_refuse(struct ike_engine *e, const struct ike_sa *sa,
		      const struct ike_policy *policy, const char *message, uint32_t msgid)
{
	const struct refuse r = {
		.code = IKE_P2_ENCAP_MISMATCH,
		.message = message,
		.classic = "no acceptable proposal found: transport mode through a NAT",
		.received = sa->nat_local ? "a NAT before us" : "a NAT before the peer",
		.configured = "transport mode",
		.advice = "transport mode does not pass a NAT here: set tunnel=yes for the policy, "
			  "and tunnel mode at the peer",
		.policy_id = policy != NULL ? policy->conf.policy_id : 0,
		.msgid = msgid,
		.cause = IKE_CAUSE_NAT,
	};

	refuse(e, sa->peer, sa, NULL, &r);
}

bool child_nat_postpones(struct ike_engine *e, const struct ike_sa *sa, struct ike_policy *policy,
			 const char *message, uint64_t now)
{
	if (!child_nat_hinders(sa, policy))
		return false;
	child_nat_refuse(e, sa, policy, message, 0);
	child_ensure_in(e, policy, now + CHILD_NAT_AGAIN_S * TIMERS_SEC);
	return true;
}

bool child_nat_asked(const struct prop_sa *props)
{
	for (size_t i = 0; i < props->n_transforms; i++) {
		uint16_t encap = props->transforms[i].encap;

		if (encap == IKE1_ENCAP_TRANSPORT || encap == IKE1_ENCAP_UDP_TRANSPORT ||
		    encap == IKE1_ENCAP_UDP_TRANSPORT_DRAFT)
			return true;
	}
	return false;
}
