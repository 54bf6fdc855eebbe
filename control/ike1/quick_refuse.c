/* SPDX-License-Identifier: BSD-3-Clause */
/* quick_refuse.c - quick modes that a peer refused, or that make no sense; see quick.h. */
#include "control/ike1/quick.h"

#include <stdio.h>

#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike/ts.h"

enum ike_rx quick_malformed(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in,
			    const char *message, const char *what)
{
	struct refuse r = {
		.code = IKE_P2_MALFORMED,
		.message = message,
		.classic = "message parsing failed",
		.received = what,
		.advice = "nothing to configure here: the message breaks RFC 2409; see the peer's "
			  "software",
		.msgid = in->hdr.msgid,
	};

	refuse(e, sa->peer, sa, &in->d->src, &r);
	return IKE_RX_malformed;
}

static enum ike_code code_of(uint16_t type)
{
	switch (type) {
	case IKE1_N_INVALID_ID_INFORMATION:
		return IKE_P2_TS_MISMATCH;
	case IKE1_N_NO_PROPOSAL_CHOSEN:
	case IKE1_N_ATTRIBUTES_NOT_SUPPORTED:
	case IKE1_N_BAD_PROPOSAL_SYNTAX:
		return IKE_P2_ALG_MISMATCH;
	default:
		return IKE_P2_UNEXPLAINED;
	}
}

static const char *advice_of(enum ike_code code)
{
	if (code == IKE_P2_TS_MISMATCH)
		return "the peer has no connection for these subnets: set src-address and "
		       "dst-address here, or the subnets there, so that each side's local is the "
		       "other's remote, with equal masks";
	if (code == IKE_P2_ALG_MISMATCH)
		return "the peer accepts none of our phase 2 proposals: compare encryption, "
		       "authentication, PFS group and encapsulation (tunnel, NAT-T) of both sides";
	return "see the peer's log for its reason";
}

static void print_classic(uint16_t type, uint32_t msgid, char *classic, size_t cap)
{
	int n = 0;

	if (type == IKE1_N_NO_PROPOSAL_CHOSEN)
		n = snprintf(classic, cap,
			     "parsed INFORMATIONAL_V1 request %u [ HASH N(NO_PROP) ]; ", msgid);
	snprintf(classic + n, cap - (size_t)n, "received %s error notify", ike1_notify_name(type));
	for (char *p = classic + n; *p != '\0'; p++) {
		if (*p == '-')
			*p = '_';
	}
}

void quick_refused(struct ike_engine *e, struct ike_sa *sa, uint16_t type, uint32_t msgid,
		   uint64_t now)
{
	char local[TS_MAX_TEXT], remote[TS_MAX_TEXT], ours[2 * TS_MAX_TEXT + 32], classic[160];
	struct refuse r = {
		.code = code_of(type),
		.message = "quick mode message 1",
		.classic = classic,
		.received = ike1_notify_name(type),
		.configured = ours,
		.advice = advice_of(code_of(type)),
	};
	struct quick *q;

	/* The notify does not say which exchange it means; the oldest of ours waits longest. */
	TAILQ_FOREACH (q, &sa->quicks, of_sa) {
		if (q->state == QUICK_I_SENT1)
			break;
	}
	if (q == NULL)
		return;
	snprintf(ours, sizeof(ours), "%s === %s",
		 ts_print(&q->policy->conf.local, local, sizeof(local)),
		 ts_print(&q->policy->conf.remote, remote, sizeof(remote)));
	print_classic(type, msgid, classic, sizeof(classic));
	r.policy_id = q->policy->conf.policy_id;
	r.notify = type;
	r.proven = true;
	r.msgid = q->x.msgid;
	refuse(e, sa->peer, sa, NULL, &r);
	quick_failed(e, q, now);
}
