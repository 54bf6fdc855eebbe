/* SPDX-License-Identifier: BSD-3-Clause */
/* refuse.c - evidence and logs of refusals; see refuse.h. */
#include "control/ike/refuse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ike/ike_sa.h"
#include "control/ike/peers.h"
#include "control/ike/state.h"
#include "control/ike/version.h"

#define LOG_AGAIN      (60 * TIMERS_SEC)
#define LOG_MAX	       1024
#define STRANGER_BURST 20u /* lines, and a tenth of a second brings one more */
#define STRANGER_NS    (TIMERS_SEC / 10)

static void log_text(struct ike_engine *e, enum ike_log_level level, const struct ike_peer *peer,
		     const struct ike_sa *sa, const struct abi_addr *remote, uint32_t msgid,
		     const char *text)
{
	struct ike_log_ctx lc = {.peer = peer != NULL ? peer->conf.name : "", .msgid = msgid};

	if (sa != NULL) {
		lc.remote = sa->at.remote;
		lc.ispi = sa->ispi;
		lc.rspi = sa->rspi;
	} else if (remote != NULL) {
		lc.remote = *remote;
	} else if (peer != NULL) {
		lc.remote = peer->conf.remote;
	}
	e->ops.log(e->ctx, level, &lc, text);
}

void refuse_log(struct ike_engine *e, enum ike_log_level level, const struct ike_peer *peer,
		const struct ike_sa *sa, uint32_t msgid, const char *fmt, ...)
{
	char text[LOG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_text(e, level, peer, sa, NULL, msgid, text);
}

void refuse_log_stranger(struct ike_engine *e, enum ike_log_level level,
			 const struct ike_peer *peer, const struct ike_sa *sa, uint32_t msgid,
			 const char *fmt, ...)
{
	uint64_t came = (e->now - e->stranger_filled) / STRANGER_NS;
	char text[LOG_MAX];
	va_list ap;

	e->stranger_filled += came * STRANGER_NS;
	e->stranger_used -= came < e->stranger_used ? (unsigned)came : e->stranger_used;
	if (e->stranger_used >= STRANGER_BURST) {
		e->stranger_silent++;
		return;
	}
	e->stranger_used++;
	if (e->stranger_silent > 0)
		refuse_log(e, level, NULL, NULL, 0, "%llu messages of strangers not logged",
			   (unsigned long long)e->stranger_silent);
	e->stranger_silent = 0;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_text(e, level, peer, sa, NULL, msgid, text);
}

/* The record of this kind of refusal; a new one may push out the one not seen for longest. */
static struct peer_evidence *find_or_add(struct ike_peer *peer, const struct refuse *r,
					 uint64_t now)
{
	struct peer_evidence *ev, *oldest = NULL;
	unsigned n = 0;

	TAILQ_FOREACH (ev, &peer->evidence, next) {
		if (ev->ev.code == r->code && ev->ev.policy_id == r->policy_id &&
		    (ev->ev.notify != 0) == (r->notify != 0))
			return ev;
		if (oldest == NULL || ev->ev.last < oldest->ev.last)
			oldest = ev;
		n++;
	}
	if (n >= IKE_EVIDENCE_MAX) {
		TAILQ_REMOVE(&peer->evidence, oldest, next);
		free(oldest->ev.diff);
		free(oldest);
	}
	ev = calloc(1, sizeof(*ev));
	if (ev == NULL)
		return NULL;
	ev->ev.code = r->code;
	ev->ev.first = now;
	TAILQ_INSERT_TAIL(&peer->evidence, ev, next);
	return ev;
}

static uint16_t copy_ranges(struct abi_range *to, const struct abi_range *from, uint16_t n)
{
	if (from == NULL)
		return 0;
	if (n > ABI_MAX_SELECTORS)
		n = ABI_MAX_SELECTORS;
	memcpy(to, from, n * sizeof(*to));
	return n;
}

static void keep_diff(struct ike_evidence *ev, const struct prop_diff *diff)
{
	if (diff == NULL) {
		free(ev->diff);
		ev->diff = NULL;
		return;
	}
	if (ev->diff == NULL)
		ev->diff = malloc(sizeof(*ev->diff));
	if (ev->diff != NULL)
		*ev->diff = *diff;
}

static void keep_facts(struct ike_evidence *ev, const struct ike_peer *peer,
		       const struct ike_sa *sa, const struct refuse *r)
{
	ev->policy_id = r->policy_id;
	ev->version = peer->v->number;
	ev->initiator = sa != NULL && !sa->responder;
	ev->nat_local = sa != NULL && sa->nat_local;
	ev->local = sa != NULL ? sa->at.local : peer->conf.local;
	ev->notify = r->notify;
	ev->proven = r->proven;
	ev->cause = r->cause;
	ev->group = r->group;
	ev->sent = r->sent;
	ev->answered = r->answered;
	ev->icmp = r->icmp;
	keep_diff(ev, r->diff);
	if (r->id != NULL)
		ev->id = *r->id;
	ev->n_local = copy_ranges(ev->ts_local, r->ts_local, r->n_local);
	ev->n_remote = copy_ranges(ev->ts_remote, r->ts_remote, r->n_remote);
}

void refuse_silence(struct refuse *r, const struct exchange *x)
{
	const struct ike_peer *peer = x->sa->peer;

	r->sent = (uint16_t)(x->len < UINT16_MAX ? x->len : UINT16_MAX);
	r->answered = (uint16_t)(x->answered < UINT16_MAX ? x->answered : UINT16_MAX);
	if (peer->icmp.heard && peer->icmp.port == x->sa->at.remote_port &&
	    peer->icmp_at >= x->sa->created)
		r->icmp = peer->icmp;
}

static void copy_text(char *out, size_t cap, const char *text)
{
	snprintf(out, cap, "%s", text != NULL ? text : "");
}

static void log_refusal(struct ike_engine *e, struct ike_peer *peer, const struct ike_sa *sa,
			const struct abi_addr *remote, const struct refuse *r, uint64_t before)
{
	char text[LOG_MAX], again[64] = "";

	for (int received = 1; r->diff != NULL && received >= 0; received--) {
		int n = snprintf(text, sizeof(text),
				 "%s proposals: ", received ? "received" : "configured");

		prop_diff_words(r->diff, received, text + n, IKE_EVIDENCE_TEXT);
		log_text(e, IKE_LOG_NOTICE, peer, sa, remote, r->msgid, text);
	}
	if (r->classic != NULL)
		log_text(e, IKE_LOG_NOTICE, peer, sa, remote, r->msgid, r->classic);
	if (before > 0)
		snprintf(again, sizeof(again), " (%llu more times since last said)",
			 (unsigned long long)before);
	snprintf(text, sizeof(text), "%s at %s: %s%s%s%s%s%s", ike_code_name(r->code), r->message,
		 r->received != NULL ? "received " : "", r->received != NULL ? r->received : "",
		 r->configured != NULL ? "; configured " : "",
		 r->configured != NULL ? r->configured : "", again, r->advice != NULL ? ": " : "");
	if (r->advice != NULL)
		strncat(text, r->advice, sizeof(text) - strlen(text) - 1);
	log_text(e, IKE_LOG_WARN, peer, sa, remote, r->msgid, text);
}

static struct peer_evidence *keep(struct ike_engine *e, struct ike_peer *peer,
				  const struct ike_sa *sa, const struct abi_addr *remote,
				  const struct refuse *r)
{
	struct peer_evidence *ev = find_or_add(peer, r, e->now);

	if (ev == NULL)
		return NULL;
	ev->ev.last = e->now;
	ev->ev.count += !ev->ev.pending;
	ev->ev.pending = false;
	ev->ev.remote = *remote;
	keep_facts(&ev->ev, peer, sa, r);
	copy_text(ev->ev.message, sizeof(ev->ev.message), r->message);
	copy_text(ev->ev.received, sizeof(ev->ev.received), r->received);
	copy_text(ev->ev.configured, sizeof(ev->ev.configured), r->configured);
	copy_text(ev->ev.advice, sizeof(ev->ev.advice), r->advice);
	return ev;
}

void refuse_pending(struct ike_engine *e, struct ike_peer *peer, const struct ike_sa *sa,
		    const struct refuse *r)
{
	struct peer_evidence *ev = keep(e, peer, sa, &sa->at.remote, r);

	if (ev != NULL)
		ev->ev.pending = true;
}

void refuse(struct ike_engine *e, struct ike_peer *peer, const struct ike_sa *sa,
	    const struct abi_addr *remote, const struct refuse *r)
{
	struct peer_evidence *ev;

	e->counters.refusals++;
	if (remote == NULL)
		remote = sa != NULL ? &sa->at.remote : &peer->conf.remote;
	ev = keep(e, peer, sa, remote, r);
	if (ev == NULL)
		return;
	if (ev->said && e->now - ev->logged < LOG_AGAIN) {
		ev->silent++;
		return;
	}
	ev->said = true;
	log_refusal(e, peer, sa, remote, r, ev->silent);
	ev->logged = e->now;
	ev->silent = 0;
}

enum ike_code refuse_diff_code(const struct prop_diff *d)
{
	bool algs = false;

	for (int t = 0; t < PROP_TYPES; t++) {
		if (t != PROP_GROUP && t != PROP_ENCAP)
			algs |= d->types[t].mismatch;
	}
	if (d->phase == 1 || d->phase == PROP_PHASE_IKE2)
		return algs || !d->types[PROP_GROUP].mismatch ? IKE_P1_ALG_MISMATCH
							      : IKE_P1_DH_MISMATCH;
	if (algs)
		return IKE_P2_ALG_MISMATCH;
	if (d->types[PROP_GROUP].mismatch)
		return IKE_P2_PFS_MISMATCH;
	return d->types[PROP_ENCAP].mismatch ? IKE_P2_ENCAP_MISMATCH : IKE_P2_ALG_MISMATCH;
}

static void print_values(char *buf, const struct prop_diff *d, enum prop_type type, bool received)
{
	const struct prop_diff_type *t = &d->types[type];
	unsigned n = received ? t->n_received : t->n_configured;
	size_t at = strlen(buf);
	char value[SUITE_MAX_NAME];

	for (unsigned i = 0; i < n && i < PROP_DIFF_MAX && at < IKE_EVIDENCE_TEXT - 1; i++) {
		int len;

		prop_value_print(d->phase, type,
				 received ? t->received[i].value : t->configured[i].value,
				 received ? t->received[i].bits : t->configured[i].bits, value,
				 sizeof(value));
		if (i > 0)
			len = snprintf(buf + at, IKE_EVIDENCE_TEXT - at, ", %s", value);
		else
			len = snprintf(buf + at, IKE_EVIDENCE_TEXT - at, "%s%s %s",
				       at > 0 ? "; " : "", prop_type_name(type), value);
		at += len > 0 ? (size_t)len : 0;
	}
}

void refuse_diff_print(const struct prop_diff *d, char *received, char *configured)
{
	received[0] = configured[0] = '\0';
	for (int t = 0; t < PROP_TYPES; t++) {
		if (!d->types[t].mismatch)
			continue;
		print_values(received, d, t, true);
		print_values(configured, d, t, false);
	}
}
