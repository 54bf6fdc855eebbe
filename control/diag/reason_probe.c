/* SPDX-License-Identifier: BSD-3-Clause */
/* reason_probe.c - silence, and what a probe tells of it and of versions and modes; see reason.h.
 */
#include <string.h>

#include "control/diag/reason.h"
#include "control/ike/peers.h"
#include "control/ike/probe.h"

#define ONE_PACKET 1280u /* bytes that go through everywhere, or nearly */

static bool heard_500(const struct ike_probe *p)
{
	return probe_heard(p, PROBE_IKE2) || probe_heard(p, PROBE_MAIN) ||
	       probe_heard(p, PROBE_AGGRESSIVE) || probe_heard(p, PROBE_SMALL);
}

static bool silent(const struct ike_probe *p, enum probe_ask ask)
{
	return p->rows[ask].said == PROBE_NOTHING;
}

bool diag_probe_blames_path(const struct ike_probe *p, const struct ike_evidence *ev)
{
	if (p == NULL)
		return ev->icmp.heard;
	return ev->icmp.heard || silent(p, PROBE_4500) || silent(p, PROBE_LARGE) ||
	       (silent(p, PROBE_FRAGMENTS) && ev->sent > ONE_PACKET);
}

/* ICMP for IPv4 (IANA "Type 3") or ICMPv6 (type 1). */
static enum diag_say check_of_icmp(const struct ike_icmp *i)
{
	bool v6 = i->from.family == 6;

	if (i->code == (v6 ? 4 : 3))
		return SAY_CHECK_ICMP_PORT;
	if (v6 ? i->code == 1 || i->code == 5 || i->code == 6
	       : i->code == 9 || i->code == 10 || i->code == 13)
		return SAY_CHECK_ICMP_FIREWALL;
	return SAY_CHECK_ICMP_ROUTE;
}

static void fragments(struct diag_finding *f)
{
	diag_check(f, SAY_CHECK_FRAGMENTS);
	(void)diag_set_peer(f, DIAG_SET_FRAGMENTATION);
}

static void by_probe(struct diag_finding *f, const struct ike_probe *p,
		     const struct ike_evidence *ev)
{
	if (!heard_500(p) && !probe_heard(p, PROBE_4500)) {
		diag_say(f, SAY_PROBE_NOTHING);
		diag_check(f, SAY_CHECK_UP);
		diag_check(f, SAY_CHECK_500);
		diag_check(f, SAY_CHECK_4500);
	} else if (!heard_500(p)) {
		diag_say(f, SAY_PROBE_NOT_500);
		diag_check(f, SAY_CHECK_500);
	} else if (silent(p, PROBE_4500)) {
		diag_say(f, SAY_PROBE_NOT_4500);
		diag_check(f, SAY_CHECK_4500);
	} else if (silent(p, PROBE_LARGE)) {
		diag_say(f, SAY_PROBE_NOT_LARGE);
		diag_check(f, SAY_CHECK_LARGE);
	} else if (silent(p, PROBE_FRAGMENTS) && ev->sent > ONE_PACKET) {
		diag_say(f, SAY_PROBE_NOT_FRAGMENTS);
		fragments(f);
	} else {
		diag_say(f, SAY_PROBE_ALL);
		diag_check(f, SAY_CHECK_PEER_LOG);
	}
}

static void by_evidence(struct diag_finding *f, const struct ike_evidence *ev)
{
	bool larger = ev->sent > ev->answered;

	if (ev->cause == IKE_CAUSE_NO_ANSWER) {
		diag_check(f, SAY_CHECK_UP);
		diag_check(f, SAY_CHECK_500);
	} else {
		if (ev->version == 1)
			diag_say(f, SAY_ALSO_PSK);
		if (ev->cause == IKE_CAUSE_PORT_4500)
			diag_check(f, SAY_CHECK_4500);
		if (larger)
			diag_check(f, SAY_CHECK_LARGE);
	}
	diag_check(f, SAY_CHECK_PROBE);
	diag_check(f, SAY_CHECK_PEER_LOG);
}

void diag_p1_silent(struct diag_finding *f, const struct diag_peer *p,
		    const struct ike_evidence *ev)
{
	f->confidence =
		ev->cause == IKE_CAUSE_NO_ANSWER || p->probe != NULL ? DIAG_CERTAIN : DIAG_LIKELY;
	for (size_t i = 0; i < p->n_evidence; i++) {
		if (!p->evidence[i].initiator && p->evidence[i].last >= ev->first) {
			diag_say(f, SAY_ITS_PACKETS_COME);
			break;
		}
	}
	if (ev->icmp.heard)
		diag_check(f, check_of_icmp(&ev->icmp));
	else if (p->probe != NULL)
		by_probe(f, p->probe, ev);
	else
		by_evidence(f, ev);
}

void diag_p2_no_answer2(struct diag_finding *f, const struct diag_peer *p,
			const struct ike_evidence *ev)
{
	f->confidence = DIAG_CERTAIN;
	if (ev->icmp.heard) {
		diag_check(f, check_of_icmp(&ev->icmp));
	} else if (p->probe != NULL && diag_probe_blames_path(p->probe, ev)) {
		by_probe(f, p->probe, ev);
	} else {
		diag_say(f, SAY_ALSO_TS);
		diag_say(f, SAY_ALSO_PFS);
		if (ev->sent > ONE_PACKET)
			fragments(f);
		else
			diag_check(f, SAY_CHECK_LARGE);
		if (p->probe == NULL)
			diag_check(f, SAY_CHECK_PROBE);
	}
	diag_check(f, SAY_CHECK_PEER_LOG);
}

enum diag_wide diag_probe_wide(const struct ike_probe *p)
{
	enum diag_wide wide = DIAG_WIDE_UNKNOWN;
	static const enum probe_ask asks[] = {PROBE_WIDE2, PROBE_WIDE1, PROBE_WIDE1_MORE};

	for (size_t i = 0; p != NULL && i < sizeof(asks) / sizeof(asks[0]); i++) {
		if (p->rows[asks[i]].said == PROBE_TAKES)
			return DIAG_WIDE_TAKEN;
		if (p->rows[asks[i]].said == PROBE_NO_PROPOSAL)
			wide = DIAG_WIDE_REFUSED;
	}
	return wide;
}

/* --- without evidence --- */

/* Which mode would do instead of ours; ours when none. */
static enum ike_exchange_mode better_mode(const struct diag_peer *p)
{
	enum ike_exchange_mode ours = p->conf->mode;
	const struct probe_row *rows = p->probe->rows;

	if (rows[ours == IKE_MODE_IKE2	 ? PROBE_IKE2
		 : ours == IKE_MODE_MAIN ? PROBE_MAIN
					 : PROBE_AGGRESSIVE]
		    .said == PROBE_TAKES)
		return ours;
	if (rows[PROBE_IKE2].said == PROBE_TAKES)
		return IKE_MODE_IKE2;
	if (rows[PROBE_MAIN].said == PROBE_TAKES)
		return IKE_MODE_MAIN;
	return rows[PROBE_AGGRESSIVE].said == PROBE_TAKES ? IKE_MODE_AGGRESSIVE : ours;
}

bool diag_probe_explains(const struct diag_peer *p, const struct ike_evidence *ev)
{
	return p->probe != NULL && better_mode(p) != p->conf->mode &&
	       (ev->code == IKE_P1_NO_PROPOSAL || ev->code == IKE_P1_UNEXPLAINED ||
		ev->code == IKE_P1_MODE_MISMATCH || ev->code == IKE_PEER_SILENT);
}

static void by_mode(struct diag_report *r, enum ike_exchange_mode mode)
{
	const struct diag_peer *p = r->peer;
	bool version = (mode == IKE_MODE_IKE2) != (p->conf->mode == IKE_MODE_IKE2);
	struct diag_finding *f =
		diag_add(r, version ? IKE_P1_VERSION_MISMATCH : IKE_P1_MODE_MISMATCH);
	struct diag_change *c;

	if (f == NULL)
		return;
	f->confidence = DIAG_LIKELY; /* what it said is not protected */
	diag_say(f, SAY_PROBE_TAKES);
	diag_say(f, version ? SAY_SAME_IKE2 : SAY_SAME_MAIN);
	diag_fix_mode_here(f, p, mode);
	c = diag_set_peer(f, DIAG_SET_MODE);
	if (c != NULL)
		c->mode = p->conf->mode;
}

/* Nobody begins. */
static void both_wait(struct diag_report *r)
{
	const struct diag_peer *p = r->peer;
	struct diag_finding *f = diag_add(r, IKE_PEER_SILENT);

	if (f == NULL)
		return;
	f->confidence = DIAG_POSSIBLE;
	diag_say(f, SAY_WE_WAIT);
	diag_set_here(f, "ip ipsec peer", "name", p->conf->name, "passive", "no");
	(void)diag_set_peer(f, DIAG_SET_BEGIN);
	diag_check(f, SAY_CHECK_ITS_WAY);
}

static bool has_code(const struct diag_report *r, enum ike_code code)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->findings[i].code == code)
			return true;
	}
	return false;
}

void diag_no_evidence(struct diag_report *r)
{
	const struct diag_peer *p = r->peer;
	bool one_address = p->conf->remote_prefix_len == (p->conf->remote.family == 6 ? 128 : 32);

	if (p->up_since != 0)
		return;
	if (p->conf->passive && one_address && p->n_evidence == 0 &&
	    (p->state == NULL || p->state[0] == '\0'))
		both_wait(r);
	if (p->probe != NULL && better_mode(p) != p->conf->mode &&
	    !has_code(r, IKE_P1_VERSION_MISMATCH) && !has_code(r, IKE_P1_MODE_MISMATCH))
		by_mode(r, better_mode(p));
}
