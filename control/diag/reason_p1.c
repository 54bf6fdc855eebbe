/* SPDX-License-Identifier: BSD-3-Clause */
/* reason_p1.c - findings of phase 1; see reason.h. */
#include <string.h>

#include "control/diag/reason.h"
#include "control/diag/vendor.h"
#include "control/ike/prop.h"

void diag_p1_proposals(struct diag_finding *f, const struct diag_peer *p,
		       const struct ike_evidence *ev)
{
	const struct ike_child_conf *child = f->policy != NULL ? f->policy->conf : NULL;
	struct diag_change *c;

	if (ev->diff != NULL) {
		f->confidence = DIAG_CERTAIN;
		if (ev->initiator)
			diag_say(f, SAY_PEER_WRONG);
		if (ev->diff->phase == PROP_PHASE_IKE2 && ev->code == IKE_P1_DH_MISMATCH)
			diag_say(f, SAY_DH_RETRY);
		diag_fix_diff(f, p, ev->diff, diag_of_phase2(ev) ? child : NULL);
		return;
	}
	f->confidence = DIAG_LIKELY;
	if (diag_probe_wide(p->probe) == DIAG_WIDE_REFUSED) {
		f->code = IKE_PEER_DOES_NOT_KNOW_US;
		diag_say(f, SAY_PROBE_REFUSED_ALL);
		diag_p1_unknown_to_peer(f, p, ev);
		return;
	}
	if (diag_probe_wide(p->probe) == DIAG_WIDE_TAKEN) {
		f->code = IKE_P1_ALG_MISMATCH;
		diag_say(f, SAY_PROBE_TAKEN_WIDE);
	} else {
		diag_say(f, SAY_ALSO_VERSION);
		diag_say(f, SAY_ALSO_ADDRESS);
	}
	diag_say(f, SAY_WIDE_OFFER);
	if (p->probe == NULL)
		diag_check(f, SAY_CHECK_PROBE);
	diag_check(f, SAY_CHECK_LET_BEGIN);
	diag_check(f, SAY_CHECK_PEER_LOG);
	diag_fix_offer(f, p, NULL);
	/* the peer's lines cover all that its refusal can mean */
	c = diag_set_peer(f, DIAG_SET_MODE);
	if (c != NULL)
		c->mode = p->conf->mode;
	c = diag_set_peer(f, DIAG_SET_REMOTE_ADDRESS);
	if (c != NULL)
		c->addr = ev->local.family != 0 ? ev->local : p->conf->local;
}

/* The peer named the group it wants (RFC 7296 section 1.2). */
void diag_p1_group(struct diag_finding *f, const struct diag_peer *p, const struct ike_evidence *ev)
{
	if (ev->diff != NULL || ev->group == 0) {
		diag_p1_proposals(f, p, ev);
		return;
	}
	f->confidence = DIAG_CERTAIN;
	diag_say(f, SAY_DH_RETRY);
	diag_fix_group(f, p, ev->group);
}

void diag_p1_lifetime1(struct diag_finding *f, const struct diag_peer *p,
		       const struct ike_evidence *ev)
{
	struct diag_change *c;

	(void)ev;
	f->confidence = DIAG_CERTAIN;
	diag_set_here(f, "ip ipsec profile", "name", p->profile, "proposal-check", "obey");
	c = diag_set_peer(f, DIAG_SET_LIFETIME1);
	if (c != NULL)
		c->number = p->conf->profile.lifetime;
}

void diag_p1_version(struct diag_finding *f, const struct diag_peer *p,
		     const struct ike_evidence *ev)
{
	enum ike_exchange_mode ours = p->conf->mode;
	struct diag_change *c;

	f->confidence = ev->notify != 0 ? DIAG_LIKELY : DIAG_CERTAIN;
	diag_say(f, SAY_SAME_IKE2);
	diag_fix_mode_here(f, p, ours == IKE_MODE_IKE2 ? IKE_MODE_MAIN : IKE_MODE_IKE2);
	c = diag_set_peer(f, DIAG_SET_MODE);
	if (c != NULL)
		c->mode = ours;
}

void diag_p1_mode(struct diag_finding *f, const struct diag_peer *p, const struct ike_evidence *ev)
{
	struct diag_change *c;

	f->confidence = ev->notify != 0 ? DIAG_POSSIBLE : DIAG_CERTAIN;
	if (ev->notify != 0) {
		diag_say(f, SAY_ALSO_ID);
		diag_say(f, SAY_ALSO_PSK);
	}
	diag_say(f, SAY_SAME_MAIN);
	if (ev->notify == 0) /* it began in the other one itself */
		diag_fix_mode_here(f, p,
				   p->conf->mode == IKE_MODE_AGGRESSIVE ? IKE_MODE_MAIN
									: IKE_MODE_AGGRESSIVE);
	c = diag_set_peer(f, DIAG_SET_MODE);
	if (c != NULL)
		c->mode = p->conf->mode;
}

void diag_p1_psk(struct diag_finding *f, const struct diag_peer *p, const struct ike_evidence *ev)
{
	const struct ike_peer_conf *c = p->conf;

	if (ev->cause != IKE_CAUSE_NONE && diag_probe_blames_path(p->probe, ev)) {
		f->code = IKE_PEER_SILENT;
		diag_p1_silent(f, p, ev);
		return;
	}
	f->confidence = ev->version == 2 && ev->notify == 0 ? DIAG_CERTAIN : DIAG_LIKELY;
	if (ev->notify != 0)
		diag_say(f, SAY_ALSO_ID);
	if (ev->cause == IKE_CAUSE_PORT_4500)
		diag_say(f, SAY_ALSO_4500);
	if (ev->cause != IKE_CAUSE_NONE && p->probe == NULL)
		diag_check(f, SAY_CHECK_PROBE);
	diag_say(f, SAY_PSK_BOTH);
	if (c->psk_len > 0 && (c->psk[0] == ' ' || c->psk[c->psk_len - 1] == ' '))
		diag_say(f, SAY_PSK_BLANKS);
	if (p->nat_local)
		diag_say(f, SAY_PSK_NAT);
	diag_set_here(f, "ip ipsec identity", "peer", c->name, "secret", "%s", DIAG_THE_SECRET);
	(void)diag_set_peer(f, DIAG_SET_PSK);
}

void diag_p1_identity(struct diag_finding *f, const struct diag_peer *p,
		      const struct ike_evidence *ev)
{
	const struct ike_peer_conf *conf = p->conf;
	struct diag_change *c;
	char text[320];

	diag_say(f, SAY_ID_TYPE);
	if (p->nat_local || conf->my_id.type == IKE_ID_IPV4)
		diag_say(f, SAY_ID_NAT);
	if (ev->id.type == IKE_ID_AUTO) { /* the peer refused ours */
		f->confidence = DIAG_LIKELY;
		diag_say(f, SAY_ALSO_MODE);
		c = diag_set_peer(f, DIAG_SET_REMOTE_ID);
		if (c != NULL)
			c->id = conf->my_id;
		c = conf->mode != IKE_MODE_IKE2 ? diag_set_peer(f, DIAG_SET_MODE) : NULL;
		if (c != NULL)
			c->mode = conf->mode;
		return;
	}
	f->confidence = DIAG_CERTAIN;
	diag_set_here(f, "ip ipsec identity", "peer", conf->name, "remote-id", "%s",
		      diag_id_text(&ev->id, text, sizeof(text)));
	c = diag_set_peer(f, DIAG_SET_LOCAL_ID);
	if (c != NULL)
		c->id = conf->remote_id;
}

void diag_p1_dead(struct diag_finding *f, const struct diag_peer *p, const struct ike_evidence *ev)
{
	(void)p;
	(void)ev;
	f->confidence = DIAG_CERTAIN;
	diag_check(f, SAY_CHECK_PEER_LIFE);
	diag_check(f, SAY_CHECK_UP);
	diag_check(f, SAY_CHECK_500);
	diag_check(f, SAY_CHECK_4500);
}

void diag_p1_unknown_to_peer(struct diag_finding *f, const struct diag_peer *p,
			     const struct ike_evidence *ev)
{
	struct diag_change *c = diag_set_peer(f, DIAG_SET_REMOTE_ADDRESS);

	f->confidence = DIAG_LIKELY;
	diag_say(f, SAY_ADDRESS_WE_SHOW);
	if (ev->code == IKE_PEER_DOES_NOT_KNOW_US)
		diag_say(f, SAY_ALSO_CRITICAL);
	if (c != NULL)
		c->addr = ev->local.family != 0 ? ev->local : p->conf->local;
}

void diag_p1_malformed(struct diag_finding *f, const struct diag_peer *p,
		       const struct ike_evidence *ev)
{
	(void)p;
	(void)ev;
	f->confidence = DIAG_CERTAIN;
	diag_check(f, SAY_CHECK_PATH_DAMAGE);
	diag_check(f, SAY_CHECK_PEER_LOG);
}

static bool names_nobody(const struct ike_identity_conf *id)
{
	return id->type == IKE_ID_AUTO || id->type == IKE_ID_IPV4 || id->type == IKE_ID_IPV6;
}

/* All agrees, and main mode fails: a responder that finds secrets by identity cannot do so there
 * (RFC 2409 section 5.4). Aggressive mode shows it a name in the first message. */
static void last_aggressive(struct diag_finding *f, const struct diag_peer *p)
{
	struct ike_identity_conf id = p->conf->my_id;
	struct diag_change *c;

	f->together = true;
	diag_say(f, SAY_PSK_BY_ADDRESS);
	diag_say(f, SAY_LAST_AGGRESSIVE);
	diag_fix_mode_here(f, p, IKE_MODE_AGGRESSIVE);
	if (names_nobody(&id)) {
		id = (struct ike_identity_conf){.type = IKE_ID_FQDN};
		id.len = (uint16_t)strnlen(p->conf->name, sizeof(p->conf->name));
		memcpy(id.data, p->conf->name, id.len);
		diag_set_here(f, "ip ipsec identity", "peer", p->conf->name, "my-id", "fqdn:%s",
			      p->conf->name);
		c = diag_set_peer(f, DIAG_SET_REMOTE_ID);
		if (c != NULL)
			c->id = id;
	}
	c = diag_set_peer(f, DIAG_SET_MODE);
	if (c != NULL)
		c->mode = IKE_MODE_AGGRESSIVE;
}

void diag_p1_unexplained(struct diag_finding *f, const struct diag_peer *p,
			 const struct ike_evidence *ev)
{
	f->confidence = DIAG_POSSIBLE;
	if (ev->code == IKE_P1_UNEXPLAINED && ev->initiator && ev->notify == 0 &&
	    p->conf->mode == IKE_MODE_MAIN) {
		last_aggressive(f, p);
	} else if (!diag_of_phase2(ev)) {
		diag_say(f, SAY_ALSO_PSK);
		diag_say(f, SAY_ALSO_ID);
		if (p->conf->mode != IKE_MODE_IKE2)
			diag_say(f, SAY_LAST_AGGRESSIVE);
	}
	diag_check(f, SAY_CHECK_PEER_LOG);
	diag_check(f, SAY_CHECK_SUPPORT);
}
