/* SPDX-License-Identifier: BSD-3-Clause */
/* phase1_hint.c - main mode without answer, and what notifies say about it; see phase1.h. */
#include <stdio.h>

#include "control/ike/ident.h"
#include "control/ike/party.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike1/phase1.h"

/* What an unprotected notify said about why the attempt failed: a hint, no proof. */
static enum ike_code code_of_hint(uint16_t type)
{
	switch (type) {
	case IKE1_N_NO_PROPOSAL_CHOSEN:
	case IKE1_N_ATTRIBUTES_NOT_SUPPORTED:
	case IKE1_N_BAD_PROPOSAL_SYNTAX:
		return IKE_P1_NO_PROPOSAL;
	case IKE1_N_AUTHENTICATION_FAILED:
	case IKE1_N_INVALID_EXCHANGE_TYPE:
		return IKE_P1_MODE_MISMATCH;
	case IKE1_N_INVALID_MAJOR_VERSION:
		return IKE_P1_VERSION_MISMATCH;
	case IKE1_N_INVALID_KEY_INFORMATION:
		return IKE_P1_PSK_MISMATCH;
	case IKE1_N_INVALID_PAYLOAD_TYPE:
		return IKE_PEER_DOES_NOT_KNOW_US;
	default:
		return IKE_P1_UNEXPLAINED;
	}
}

/* With the names that logs have. */
static const char *classic_of(uint16_t type)
{
	switch (type) {
	case IKE1_N_NO_PROPOSAL_CHOSEN:
		return "received NO_PROPOSAL_CHOSEN error notify; phase1 negotiation failed";
	case IKE1_N_AUTHENTICATION_FAILED:
		return "received AUTHENTICATION_FAILED error notify; phase1 negotiation failed";
	case IKE1_N_INVALID_PAYLOAD_TYPE:
		return "received UNSUPPORTED_CRITICAL_PAYLOAD error notify; phase1 negotiation "
		       "failed";
	default:
		return "phase1 negotiation failed";
	}
}

static void explain_hint(struct refuse *r, uint16_t type)
{
	r->code = code_of_hint(type);
	r->received = ike1_notify_name(type);
	r->notify = type;
	r->classic = classic_of(type);
	switch (r->code) {
	case IKE_P1_NO_PROPOSAL:
		r->advice = "the peer accepts none of our phase 1 proposals, or has no connection "
			    "for our address: compare encryption, hash, DH group and IKE version "
			    "of both sides, and our public address in the peer's configuration";
		break;
	case IKE_P1_MODE_MISMATCH:
		r->advice = "the peer does not take this mode with a pre-shared key from us: set "
			    "the same exchange mode on both sides, or compare identities";
		break;
	case IKE_P1_VERSION_MISMATCH:
		r->advice = "the peer does not speak IKEv1: enable it there, or use ike2 here";
		break;
	case IKE_P1_PSK_MISMATCH:
		r->advice = "the peer has no pre-shared key for our address: enter our public "
			    "address and the secret there";
		break;
	case IKE_PEER_DOES_NOT_KNOW_US:
		r->advice = "the peer does not know our address: enter our public address in its "
			    "gateway object";
		break;
	default:
		r->advice = "see the peer's log for its reason";
		break;
	}
}

static void explain_silence(const struct ike_sa *sa, struct refuse *r)
{
	if (sa->state == SA_AGGR1_SENT) {
		r->message = "aggressive mode message 1";
		if (sa->hs->undecryptable > 0) {
			r->code = IKE_P1_PSK_MISMATCH;
			r->received = "answers whose HASH_R is made from another secret";
			r->advice = "the pre-shared keys differ: set the same secret on both sides";
		}
	} else if (sa->state == SA_MSG3_SENT) {
		r->message = "main mode message 3";
		r->cause = IKE_CAUSE_HALF_WAY;
		r->received = "message 2, then nothing";
		r->advice =
			"the peer stopped answering after message 2: see its log; large packets "
			"may be lost on the way";
	} else if (sa->state == SA_MSG5_SENT) {
		r->code = IKE_P1_PSK_MISMATCH;
		r->message = "main mode message 5";
		if (sa->hs->undecryptable == 0)
			r->cause = sa->at.marker ? IKE_CAUSE_PORT_4500 : IKE_CAUSE_HALF_WAY;
		else
			r->cause = IKE_CAUSE_NONE;
		r->received = sa->hs->undecryptable > 0
				      ? "answers that do not decrypt"
				      : "no answer to the first encrypted message";
		r->advice =
			sa->at.marker
				? "most likely the pre-shared keys differ: set the same secret on "
				  "both sides; if they agree, UDP 4500 is blocked"
				: "most likely the pre-shared keys differ: set the same secret on "
				  "both sides";
	}
	if (sa->hs->told && sa->hs->undecryptable == 0)
		explain_hint(r, sa->hs->told_type);
}

static void no_answer(const struct exchange *x, struct refuse *r)
{
	*r = (struct refuse){
		.code = IKE_PEER_SILENT,
		.message = "main mode message 1",
		.classic = "establishing IKE_SA failed, peer not responding",
		.cause = IKE_CAUSE_NO_ANSWER,
		.received = "nothing",
		.advice = "check that the peer is up, that its address is right here and ours is "
			  "there, and that UDP 500 and 4500 pass in both directions",
	};
	explain_silence(x->sa, r);
	refuse_silence(r, x);
}

/* In main mode a responder needs the secret before it sees an identity (RFC 2409 section 5.4), so
 * it looks it up by address. Behind a NAT, or where the peer knows us by name only, equal secrets
 * fail then as different ones do: nothing that can be seen from here tells them apart. */
static bool found_by_address(const struct ike_sa *sa, const struct refuse *r)
{
	uint8_t type = sa->peer->conf.my_id.type;

	return sa->state == SA_MSG5_SENT && r->code == IKE_P1_PSK_MISMATCH && r->notify == 0 &&
	       (sa->nat_local ||
		(type != IKE_ID_AUTO && type != IKE_ID_IPV4 && type != IKE_ID_IPV6));
}

static void unexplained(const struct ike_sa *sa, struct refuse *r, char text[IDENT_MAX_TEXT + 32])
{
	char id[IDENT_MAX_TEXT];

	snprintf(text, IDENT_MAX_TEXT + 32, "my-id %s%s",
		 ident_print(&sa->peer->conf.my_id, id, sizeof(id)),
		 sa->nat_local ? ", behind a NAT" : "");
	r->code = IKE_P1_UNEXPLAINED;
	r->classic = NULL;
	r->configured = text;
	r->advice = "if the secrets agree, the peer finds them by address: aggressive mode with a "
		    "name on both sides helps, but exposes a hash of the secret";
}

void phase1_give_up(struct ike_engine *e, struct exchange *x, uint64_t now)
{
	char text[IDENT_MAX_TEXT + 32];
	struct ike_sa *sa = x->sa;
	struct refuse r;

	no_answer(x, &r);
	refuse(e, sa->peer, sa, NULL, &r);
	if (found_by_address(sa, &r)) {
		unexplained(sa, &r, text);
		refuse(e, sa->peer, sa, NULL, &r);
	}
	party_failed(e, sa, now);
}

void phase1_silent(struct ike_engine *e, struct exchange *x, uint64_t now)
{
	char text[IDENT_MAX_TEXT + 32];
	struct refuse r;

	(void)now;
	if (x->sa->hs == NULL)
		return;
	no_answer(x, &r);
	refuse_pending(e, x->sa->peer, x->sa, &r);
	if (found_by_address(x->sa, &r)) {
		unexplained(x->sa, &r, text);
		refuse_pending(e, x->sa->peer, x->sa, &r);
	}
}
