/* SPDX-License-Identifier: BSD-3-Clause */
/* dpd.c - dead peer detection; see dpd.h. */
#include "control/ike1/dpd.h"

#include <errno.h>

#include "control/ike/child_sa.h"
#include "control/ike/party.h"
#include "control/ike/refuse.h"
#include "control/ike/roam.h"
#include "control/ike/state.h"
#include "control/ike1/info.h"
#include "control/ike1/phase1.h"
#include "control/ike1/quick.h"

#define DPD_DATA 4u /* RFC 3706 section 5.3: the sequence number */

static uint64_t interval(const struct ike_sa *sa)
{
	return (uint64_t)sa->peer->conf.profile.dpd_interval * TIMERS_SEC;
}

void dpd_start(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	uint32_t first;

	if (!sa->dpd)
		return;
	/* RFC 3706 section 7: random, and far from wrapping. One in use again goes on rising
	 * (section 6.2). */
	if (sa->dpd_sent == 0) {
		sa->dpd_first = state_random(e, &first, sizeof(first)) == 0 ? (first >> 1) | 1 : 1;
		sa->dpd_sent = sa->dpd_acked = sa->dpd_first;
	}
	if (interval(sa) != 0)
		timers_arm(&e->timers, &sa->dpd_timer, now + interval(sa));
}

static void dead(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct refuse r = {
		.code = IKE_PEER_DEAD,
		.message = "DPD R-U-THERE",
		.classic = "DPD check timed out, peer not responding",
		.received = "nothing",
		.advice = "the peer or the path to it is down; its SAs are removed, and made again "
			  "when it answers",
	};

	e->counters.dpd_dead++;
	refuse(e, sa->peer, sa, NULL, &r);
	party_dead(e, sa, now);
}

static bool is_beside(const struct ike_sa *sa, const struct ike_sa *other)
{
	return sa->beside && other != sa && ike_sa_up(other) && ike_sa_same_party(other, sa);
}

/* The SA of the party that is up beside it and was heard last; NULL. */
static const struct ike_sa *beside(const struct ike_sa *sa)
{
	const struct ike_sa *other, *last = NULL;

	TAILQ_FOREACH (other, &sa->peer->sas, of_peer) {
		if (is_beside(sa, other) && (last == NULL || other->heard > last->heard))
			last = other;
	}
	return last;
}

/* When ESP last came in on pairs of it or of any beside it. */
static uint64_t esp_last_seen(struct ike_engine *e, struct ike_sa *sa)
{
	uint64_t last = child_last_seen(e, sa), t;
	struct ike_sa *other;

	TAILQ_FOREACH (other, &sa->peer->sas, of_peer) {
		t = is_beside(sa, other) ? child_last_seen(e, other) : 0;
		last = t > last ? t : last;
	}
	return last;
}

/* The peer lives, but has this one no more, and its DELETE was lost; or it never had it. Pairs
 * stay. */
static void forgotten(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	refuse_log(e, IKE_LOG_INFO, sa->peer, sa, 0,
		   "DPD: the peer lives, but does not answer on this IKE_SA, which ends");
	party_lost(e, sa, now);
}

static int probe(struct ike_engine *e, struct ike_sa *sa, const struct ike_endpoint *at)
{
	uint8_t data[DPD_DATA];
	struct wire_writer w;
	int r;

	sa->dpd_sent++;
	wire_writer_init(&w, data, sizeof(data));
	wire_put_u32(&w, sa->dpd_sent);
	r = info_notify_dpd(e, sa, at, IKE1_N_R_U_THERE, data, sizeof(data));
	e->counters.dpd_sent += r == 0;
	return r;
}

int dpd_probe(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	int r;

	(void)now;
	if (!sa->dpd)
		return -ENOTSUP;
	r = probe(e, sa, &sa->roam->to);
	if (r == 0 && sa->roam->state != ROAM_ASKED)
		sa->roam->first_seq = sa->dpd_sent;
	if (r == 0)
		roam_asked(e, sa);
	return r;
}

/* The last message of phase 1 may be lost: of main mode its sender, of aggressive mode too, is up
 * alone until it hears from the other. */
static bool is_proven(const struct ike_sa *sa)
{
	return sa->heard > sa->established;
}

/* When the peer last showed that it has the SA. One whose ESP comes in lives and is not asked (RFC
 * 3706 section 5); but of two IKE SAs, or of one that nothing was heard on, that says nothing. */
static uint64_t last_sign(struct ike_engine *e, struct ike_sa *sa, const struct ike_sa *other)
{
	uint64_t esp = esp_last_seen(e, sa);
	bool by_esp = other == NULL && is_proven(sa);

	if (esp > sa->last_seen) {
		sa->last_seen = esp;
		if (by_esp)
			sa->dpd_misses = 0;
	}
	return by_esp ? sa->last_seen : sa->heard;
}

/* It is not known yet whether it answers. */
static bool is_asked(const struct ike_sa *sa)
{
	return sa->dpd_timer.armed && sa->dpd_misses <= sa->peer->conf.profile.dpd_max_failures;
}

/* It was asked often enough. True: nothing is certain, it goes on. */
static bool judge(struct ike_engine *e, struct ike_sa *sa, const struct ike_sa *other, uint64_t now)
{
	bool lives = now < sa->last_seen + interval(sa);

	if (other != NULL && other->heard >= sa->heard + interval(sa)) /* since it was asked */
		forgotten(e, sa, now);
	else if (!lives && other != NULL && is_asked(other))
		return true; /* its answer is a word on this one, too */
	else if (!lives)
		dead(e, sa, now);
	else if (other == NULL)
		forgotten(e, sa, now);
	else
		return true; /* no word on either, but ESP */
	return false;
}

void dpd_tick(struct ike_engine *e, struct timer *t, uint64_t now)
{
	struct ike_sa *sa = TABLE_ENTRY(t, struct ike_sa, dpd_timer);
	const struct ike_sa *other = beside(sa);
	uint64_t last;

	if (!ike_sa_up(sa) || (sa->state == SA_REPLACED && other == NULL) || interval(sa) == 0)
		return;
	last = last_sign(e, sa, other);
	if (sa->roam != NULL && sa->roam->state == ROAM_ASKED) { /* that goes elsewhere */
		timers_arm(&e->timers, t, now + TIMERS_SEC);
		return;
	}
	if (now < last + interval(sa)) {
		/* It may have lost the IKE SA alone, which a quick mode then waits on. */
		if (quick_busy(sa) && now >= sa->heard + interval(sa))
			(void)probe(e, sa, &sa->at);
		timers_arm(&e->timers, t, last + interval(sa));
		return;
	}
	if (sa->dpd_misses >= sa->peer->conf.profile.dpd_max_failures && !judge(e, sa, other, now))
		return;
	sa->dpd_misses++;
	(void)probe(e, sa, &sa->at);
	timers_arm(&e->timers, t, now + interval(sa));
}

void dpd_alive(struct ike_sa *sa, uint64_t now)
{
	sa->last_seen = sa->heard = now;
	sa->dpd_misses = 0;
}

static bool get_seq(const struct ike_pld_notify *n, uint32_t *seq)
{
	struct wire_reader r;

	wire_reader_init(&r, n->data.data, n->data.len, 0);
	*seq = wire_get_u32(&r);
	return r.error == 0;
}

bool dpd_fresh(const struct ike_sa *sa, const struct ike_pld_notify *n)
{
	uint32_t seq, sent = sa->dpd_sent - sa->dpd_first;

	if (!get_seq(n, &seq))
		return false;
	if (n->type == IKE1_N_R_U_THERE_ACK)
		return seq - sa->dpd_acked - 1 < sa->dpd_sent - sa->dpd_acked;
	if (seq - sa->dpd_first - 1 < sent)
		return false;
	/* RFC 3706 section 6.2: rising; a repeat is answered too, the ACK may be lost. */
	return !sa->dpd_seen_any || (int32_t)(seq - sa->dpd_seen) >= 0;
}

void dpd_take(struct ike_engine *e, struct ike_sa *sa, const struct ike_pld_notify *n,
	      const struct ike_datagram *d, uint64_t now)
{
	uint32_t seq = 0;

	if (!dpd_fresh(sa, n) || !get_seq(n, &seq))
		return;
	if (n->type == IKE1_N_R_U_THERE_ACK) {
		sa->dpd_acked = seq;
		if (roam_is_asked(sa, d) && (int32_t)(seq - sa->roam->first_seq) >= 0)
			roam_answered(e, sa, now);
		return;
	}
	sa->dpd_seen_any = true;
	sa->dpd_seen = seq;
	e->counters.dpd_received++;
	(void)info_notify_dpd(e, sa, roam_endpoint(sa, roam_aside(sa, d)), IKE1_N_R_U_THERE_ACK,
			      n->data.data, n->data.len);
}
