/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * reauth.c - reauthentication (RFC 7296 section 2.8.3, RFC 4478): a new IKE SA from IKE_SA_INIT on
 * takes the place of the old one, with new pairs, and only then the old one is deleted: as soon as
 * it carries no traffic any more.
 */
#include "control/ike/lifetime.h"
#include "control/ike/party.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike2/ike2.h"

#define AUTH_LEAST_S 10u /* what a peer asks for, at least */

void ike2_reauth_begin(struct ike_sa *sa, uint64_t now)
{
	sa->auth_responder = sa->responder;
	if (sa->peer->conf.profile.reauthentication)
		sa->auth_ends = now + (uint64_t)sa->lifetime * TIMERS_SEC;
}

void ike2_put_auth_lifetime(struct ike2_out *o, const struct ike_sa *sa)
{
	uint32_t s = sa->lifetime;
	const uint8_t data[4] = {(uint8_t)(s >> 24), (uint8_t)(s >> 16), (uint8_t)(s >> 8),
				 (uint8_t)s};

	if (sa->peer->conf.profile.reauthentication)
		ike2_add_notify(o, IKE2_N_AUTH_LIFETIME, data, sizeof(data));
}

void ike2_take_auth_lifetime(struct ike_engine *e, struct ike_sa *sa, const struct ike2_in *in)
{
	const struct ike_pld_notify *n = ike2_find_notify(&in->msg, IKE2_N_AUTH_LIFETIME);
	struct wire_reader r;
	uint64_t s, ends;

	if (n == NULL || n->data.len != 4 || sa->auth_responder) /* it is the responder's to say */
		return;
	wire_reader_init(&r, n->data.data, n->data.len, 0);
	s = wire_get_u32(&r);
	refuse_log(e, IKE_LOG_INFO, sa->peer, sa, in->hdr.msgid,
		   "received AUTH_LIFETIME of %u s, scheduling reauthentication", (unsigned)s);
	ends = in->now + (s > AUTH_LEAST_S ? s : AUTH_LEAST_S) * TIMERS_SEC;
	if (sa->auth_ends == 0 || ends < sa->auth_ends)
		sa->auth_ends = ends;
	if (sa->state == SA_ESTABLISHED && !sa->rekey_due)
		lifetime_start_ike_sa(e, sa);
}

/* The initiator was told in time. */
static void report(struct ike_engine *e, struct ike_sa *sa)
{
	struct refuse r = {
		.code = IKE_PEER_NO_REAUTH,
		.message = "IKE_SA at the end of its authentication",
		.classic = "initiator did not reauthenticate as requested",
		.received = "no new IKE_SA, although AUTH_LIFETIME was sent",
		.configured = "reauthentication=yes",
		.advice = "the peer does not know RFC 4478: set reauthentication=no in its profile "
			  "here, or have the peer reauthenticate before our lifetime ends",
		.proven = true,
	};

	refuse(e, sa->peer, sa, NULL, &r);
}

void ike2_reauth(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	if (sa->auth_responder && sa->peer->conf.profile.reauthentication)
		report(e, sa);
	else
		refuse_log(e, IKE_LOG_INFO, sa->peer, sa, 0, "reauthenticating IKE_SA");
	party_connect_in(e, sa->peer, now); /* when it may: else the SA ends */
}
