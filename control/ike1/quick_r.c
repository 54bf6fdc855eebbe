/* SPDX-License-Identifier: BSD-3-Clause */
/* quick_r.c - quick mode as responder; see quick.h. */
#include "control/ike1/quick.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "control/ike/child_nat.h"
#include "control/ike/child_sa.h"
#include "control/ike/dhwork.h"
#include "control/ike/generate.h"
#include "control/ike/lifetime.h"
#include "control/ike/party.h"
#include "control/ike/refuse.h"
#include "control/ike/roam.h"
#include "control/ike/state.h"
#include "control/ike/ts.h"
#include "control/ike1/dpd.h"
#include "control/ike1/info.h"

#define NAT_AGAIN_S 600u /* phase 1 ends for the sake of NAT detection at most this often */

/* What message 1 asked for, checked. */
struct request {
	struct ike_policy *policy; /* or template */
	struct abi_range local, remote;
	struct prop_choice choice;
	struct prop_sa props;
	struct ike_view ke, idci, idcr; /* whole bodies; idci.data NULL: none were sent */
	enum lifetime_verdict lifetime;
	struct quick_life life;
	uint16_t refusal; /* notify that says why not; 0 = none */
	bool nat_differs; /* the other kind of encapsulation would do */
};

/* Selectors of message 1: ours is what the initiator calls responder. Without ID payloads they are
 * the two addresses (RFC 2409 section 5.5). */
static int take_selectors(const struct ike_sa *sa, const struct ike_msg *m, struct request *rq,
			  struct abi_range *local, struct abi_range *remote)
{
	const struct ike_payload *ci = ike_msg_find(m, IKE1_PLD_ID);
	const struct ike_payload *cr = ci != NULL ? ike_msg_next(m, ci) : NULL;

	if (ci == NULL)
		return ts_from_addr(local, &sa->at.local) != 0 ||
				       ts_from_addr(remote, &sa->at.remote) != 0
			       ? -EBADMSG
			       : 0;
	if (cr == NULL)
		return -EBADMSG;
	rq->idci = ci->body;
	rq->idcr = cr->body;
	if (ts_from_id(remote, &ci->id) != 0 || ts_from_id(local, &cr->id) != 0)
		return -EBADMSG;
	return 0;
}

/* Generated ones are found through their template, which knows whose they are. */
static struct ike_policy *find_policy(const struct ike_peer *peer, const struct abi_range *local,
				      const struct abi_range *remote)
{
	for (size_t i = 0; i < peer->n_configured; i++) {
		struct ike_policy *policy = &peer->policies[i];

		if (ts_equal(&policy->conf.local, local) && ts_equal(&policy->conf.remote, remote))
			return policy;
	}
	return generate_find(peer, local, remote);
}

static void print_pair(char *buf, size_t cap, const struct abi_range *local,
		       const struct abi_range *remote)
{
	char l[TS_MAX_TEXT], r[TS_MAX_TEXT];

	snprintf(buf, cap, "%s === %s", ts_print(local, l, sizeof(l)),
		 ts_print(remote, r, sizeof(r)));
}

/* why: what a template covers, but cannot be; NULL: nothing covers it. */
static enum ike_rx no_policy(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in,
			     struct request *rq, const char *why)
{
	const struct abi_range *local = &rq->local, *remote = &rq->remote;
	char received[2 * TS_MAX_TEXT], configured[IKE_EVIDENCE_TEXT] = "none",
					classic[2 * TS_MAX_TEXT + 128];
	struct refuse r = {
		.code = IKE_P2_TS_MISMATCH,
		.message = "quick mode message 1",
		.classic = classic,
		.received = received,
		.configured = configured,
		.advice = why,
		.msgid = in->hdr.msgid,
	};
	size_t at = 0;

	if (why == NULL)
		r.advice = generate_advice(sa->peer,
					   "set src-address and dst-address of a policy here, or "
					   "the subnets at the peer, so that each side's local is "
					   "the other's remote, with equal masks");
	r.ts_local = local;
	r.ts_remote = remote;
	r.n_local = r.n_remote = 1;
	print_pair(received, sizeof(received), local, remote);
	for (size_t i = 0; i < sa->peer->n_configured && at < sizeof(configured) - 1; i++) {
		const struct ike_child_conf *c = &sa->peer->policies[i].conf;
		char one[2 * TS_MAX_TEXT];
		int n;

		print_pair(one, sizeof(one), &c->local, &c->remote);
		n = snprintf(configured + at, sizeof(configured) - at, "%s%s", i > 0 ? ", " : "",
			     one);
		at += n > 0 ? (size_t)n : 0;
	}
	(void)generate_print(sa->peer, configured, at, sizeof(configured));
	snprintf(classic, sizeof(classic),
		 "no matching CHILD_SA config found for %s; sending INVALID_ID_INFORMATION",
		 received);
	refuse(e, sa->peer, sa, &in->d->src, &r);
	rq->refusal = IKE1_N_INVALID_ID_INFORMATION;
	return IKE_RX_refused;
}

static enum ike_rx no_proposal(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in,
			       struct request *rq, const struct prop_diff *diff)
{
	char received[IKE_EVIDENCE_TEXT], configured[IKE_EVIDENCE_TEXT];
	struct refuse r = {
		.code = refuse_diff_code(diff),
		.message = "quick mode message 1",
		.classic = "no suitable proposal found; no matching proposal found, sending "
			   "NO_PROPOSAL_CHOSEN",
		.received = received,
		.configured = configured,
		.advice = "set the proposal (or pfs-group) here to one of the received values, or "
			  "the peer's phase 2 to one of the configured ones",
		.policy_id = rq->policy->conf.policy_id,
		.msgid = in->hdr.msgid,
	};

	r.diff = diff;
	refuse_diff_print(diff, received, configured);
	refuse(e, sa->peer, sa, &in->d->src, &r);
	rq->refusal = IKE1_N_NO_PROPOSAL_CHOSEN;
	return IKE_RX_refused;
}

static void print_life(char *buf, size_t cap, uint32_t seconds, uint64_t kilobytes)
{
	int n = snprintf(buf, cap, "lifetime %u s", seconds);

	if (kilobytes != 0)
		snprintf(buf + n, cap - (size_t)n, ", %llu kB", (unsigned long long)kilobytes);
}

static enum ike_rx wrong_lifetime(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in,
				  struct request *rq)
{
	const struct ike_proposal_conf *ours = &rq->policy->conf.proposal;
	char received[64], configured[64];
	struct refuse r = {
		.code = IKE_P2_LIFETIME_MISMATCH,
		.message = "quick mode message 1",
		.classic = "no suitable proposal found, sending NO_PROPOSAL_CHOSEN",
		.received = received,
		.configured = configured,
		.advice =
			"set the same phase 2 lifetime on both sides, or proposal-check=obey here",
		.policy_id = rq->policy->conf.policy_id,
		.msgid = in->hdr.msgid,
	};

	print_life(received, sizeof(received), rq->life.seconds, rq->choice.kilobytes);
	print_life(configured, sizeof(configured), ours->lifetime, ours->lifebytes);
	refuse(e, sa->peer, sa, &in->d->src, &r);
	rq->refusal = IKE1_N_NO_PROPOSAL_CHOSEN;
	return IKE_RX_refused;
}

/* The worse of both verdicts counts. */
static void check_lifetimes(const struct ike_sa *sa, struct request *rq)
{
	const struct ike_proposal_conf *ours = &rq->policy->conf.proposal;
	enum ike_proposal_check check = sa->peer->conf.profile.proposal_check;
	enum lifetime_verdict volume = lifetime_check_volume(
		check, ours->lifebytes, rq->choice.kilobytes, &rq->life.kilobytes);

	rq->lifetime = lifetime_check(check, ours->lifetime, rq->choice.seconds,
				      IKE1_P2_LIFE_DEFAULT, &rq->life.seconds);
	if (volume > rq->lifetime)
		rq->lifetime = volume;
}

/* Nothing has its selectors: would a policy take its proposals? Who mends the one should know of
 * the other. */
static void also_no_proposal(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in,
			     struct request *rq)
{
	struct prop_esp_want want;
	struct prop_diff diff;

	for (size_t i = sa->peer->n_configured; i-- > 0;) {
		rq->policy = &sa->peer->policies[i];
		want = quick_want(sa, rq->policy);
		if (prop_select_esp(&rq->props, &want, &rq->choice, &diff) == 0)
			return;
	}
	if (rq->policy != NULL)
		(void)no_proposal(e, sa, in, rq, &diff);
}

/* Would the proposal do with the other kind of encapsulation? NAT detection has no HASH over it
 * (RFC 3947 section 3.2): what was changed on the way makes two sides find different things. */
static bool nat_differs(const struct ike_sa *sa, const struct request *rq)
{
	struct prop_esp_want want = quick_want(sa, rq->policy);
	struct prop_choice choice;
	struct prop_diff diff;

	want.natt = !want.natt;
	want.encap = natd_encap_mode(sa->natt, want.natt, want.mode);
	return sa->natt != NATD_VENDOR_UNKNOWN &&
	       prop_select_esp(&rq->props, &want, &choice, &diff) == 0;
}

/* Judges an authentic message 1. */
static enum ike_rx judge(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in,
			 struct request *rq)
{
	static const char message[] = "quick mode message 1";
	const struct ike_payload *p = ike_msg_find(&in->msg, IKE1_PLD_SA);
	const struct ike_payload *ke = ike_msg_find(&in->msg, IKE1_PLD_KE);
	struct prop_esp_want want;
	struct prop_diff diff;

	if (p == NULL || prop_decode(&rq->props, 2, &p->sa, &in->msg.error) != 0)
		return quick_malformed(e, sa, in, message, "no or bad SA payload");
	if (take_selectors(sa, &in->msg, rq, &rq->local, &rq->remote) != 0)
		return quick_malformed(e, sa, in, message, "no or bad ID payloads");
	rq->policy = find_policy(sa->peer, &rq->local, &rq->remote);
	if (child_nat_asked(&rq->props) && child_nat_hinders(sa, rq->policy)) {
		child_nat_refuse(e, sa, rq->policy, message, in->hdr.msgid);
		rq->refusal = IKE1_N_NO_PROPOSAL_CHOSEN;
		return IKE_RX_refused;
	}
	if (rq->policy == NULL) {
		also_no_proposal(e, sa, in, rq);
		rq->policy = NULL;
		return no_policy(e, sa, in, rq, NULL);
	}
	want = quick_want(sa, rq->policy);
	if (prop_select_esp(&rq->props, &want, &rq->choice, &diff) != 0) {
		rq->nat_differs = nat_differs(sa, rq);
		return no_proposal(e, sa, in, rq, &diff);
	}
	check_lifetimes(sa, rq);
	if (rq->lifetime == LIFETIME_REFUSED)
		return wrong_lifetime(e, sa, in, rq);
	if (rq->choice.group != 0) {
		if (ke == NULL ||
		    dh_check_public(rq->choice.group, ke->body.data, ke->body.len) != 0)
			return quick_malformed(e, sa, in, message, "no or bad KE payload");
		rq->ke = ke->body;
	}
	return IKE_RX_handled;
}

/* No pair can be made through this SA: it ends, and the next one detects NAT anew. Not all the
 * time, for a peer may always want the one or the other. */
static void detect_anew(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike_peer *peer = sa->peer;

	if (peer->nat_again != 0 && now < peer->nat_again + NAT_AGAIN_S * TIMERS_SEC)
		return;
	peer->nat_again = now;
	refuse_log(e, IKE_LOG_WARN, peer, sa, 0,
		   "the peer finds %s NAT on the way where we find %s: deleting IKE_SA, to detect "
		   "it anew",
		   child_natt(sa) ? "no" : "a", child_natt(sa) ? "one" : "none");
	info_delete_ike_sa(e, sa, now);
	party_lost(e, sa, now);
}

static void put_responder_lifetime(struct ike1_out *o, uint32_t spi, const struct quick_life *life)
{
	struct ike_pld_notify n = {.doi = IKE1_DOI_IPSEC,
				   .protocol = IKE_PROTO_ESP,
				   .type = IKE1_N_RESPONDER_LIFETIME};
	uint8_t spi_bytes[4], data[QUICK_LIFETIME_LEN];
	struct wire_writer w;

	wire_writer_init(&w, spi_bytes, sizeof(spi_bytes));
	wire_put_u32(&w, spi);
	n.spi = (struct ike_view){spi_bytes, sizeof(spi_bytes)};
	wire_writer_init(&w, data, sizeof(data));
	quick_put_lifetime(&w, life);
	n.data = (struct ike_view){data, w.pos};
	ike_msg_add_notify(&o->b, &n);
}

/* HASH(2) over message 2, complete but for it. */
static int close_msg2(struct quick *q, struct ike1_out *o)
{
	struct prf_piece ni_b = {q->ni, q->ni_len}, rest = seal_covered(o);
	struct ike_sa *sa = q->x.sa;
	uint8_t hash[SUITE_MAX_HASH];
	int r = keymat_ike1_hash2(sa->keys, q->x.msgid, &ni_b, &rest, hash);

	if (r != 0)
		return r;
	seal_set_hash(o, sa, hash);
	return seal_close(o, sa, q->iv);
}

static int put_msg2(struct quick *q, const struct request *rq, struct ike1_out *o)
{
	struct ike_sa *sa = q->x.sa;
	int r;

	seal_begin(o, sa, IKE1_EXCH_QUICK, q->x.msgid, true, true);
	ike_msg_open(&o->b, IKE1_PLD_SA);
	r = prop_build_answer(&o->b.w, &rq->choice, 2, q->pair->spi_in);
	ike_msg_close(&o->b);
	if (r != 0)
		return r;
	ike_msg_add(&o->b, IKE1_PLD_NONCE, q->nr, q->nr_len);
	if (q->dh != NULL) {
		size_t len;
		const uint8_t *public = dh_public(q->dh, &len);

		ike_msg_add(&o->b, IKE1_PLD_KE, public, len);
	}
	if (rq->idci.data != NULL) {
		ike_msg_add(&o->b, IKE1_PLD_ID, rq->idci.data, rq->idci.len);
		ike_msg_add(&o->b, IKE1_PLD_ID, rq->idcr.data, rq->idcr.len);
	}
	if (rq->lifetime == LIFETIME_SHORTENED)
		put_responder_lifetime(o, q->pair->spi_in, &rq->life);
	return close_msg2(q, o);
}

/* Builds message 2 and gives the pair to the data plane. 0 or -errno. */
static int answer(struct ike_engine *e, struct quick *q, struct ike1_in *in,
		  const struct request *rq)
{
	uint8_t secret[DH_MAX_SECRET];
	struct prf_piece gxy = {secret, 0};
	struct ike1_out o;
	int r;

	q->pair = child_new(e, rq->policy, false, in->now);
	if (q->pair == NULL)
		return -ENOMEM;
	q->pair->owner = q->x.sa;
	q->pair->made_in = q->x.sa->created;
	q->pair->quick = q;
	q->pair->msgid = q->x.msgid;
	q->pair->lifetime = rq->life.seconds;
	q->pair->kilobytes = rq->life.kilobytes;
	q->pair->spi_in = e->ops.spi_alloc(e->ctx);
	if (q->pair->spi_in == 0)
		return -ENOSPC;
	r = quick_make_ke(e, q, rq->choice.group, q->nr, &q->nr_len);
	if (r == 0 && q->dh != NULL)
		r = dh_derive(q->dh, rq->ke.data, rq->ke.len, secret, sizeof(secret), &gxy.len);
	if (r == 0)
		r = put_msg2(q, rq, &o);
	if (r == 0)
		r = quick_install(e, q, &rq->choice, q->dh != NULL ? &gxy : NULL, &o, in->now);
	OPENSSL_cleanse(secret, gxy.len);
	return r;
}

static unsigned answering(const struct ike_sa *sa)
{
	const struct quick *q;
	unsigned n = 0;

	TAILQ_FOREACH (q, &sa->quicks, of_sa)
		n += q->state == QUICK_R_INSTALL || q->state == QUICK_R_SENT2;
	return n;
}

/* Says why, and keeps the exchange to say it again when message 1 comes again. */
static void refused(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in,
		    const struct request *rq)
{
	struct quick *q = quick_new(e, sa, in->hdr.msgid, QUICK_R_REFUSED, rq->policy);

	(void)info_notify(e, sa, IKE_PROTO_ESP, rq->refusal, false, NULL, 0);
	if (q == NULL)
		return;
	q->refusal = rq->refusal;
	exchange_took(&q->x, in->d->data, in->d->len);
	quick_done(e, q, QUICK_R_REFUSED, in->now);
}

/* The template becomes a policy, now that nothing else speaks against it. */
static enum ike_rx generate(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in,
			    struct request *rq)
{
	const struct generate_want want = {
		.local = {rq->local}, .remote = {rq->remote}, .n_local = 1, .n_remote = 1};
	struct ike_policy *policy = generate_take(e, sa, rq->policy, &want, in->now);

	if (policy == NULL)
		return no_policy(e, sa, in, rq, generate_why(errno));
	rq->policy = policy;
	return IKE_RX_handled;
}

enum ike_rx quick_r_msg1(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	uint8_t iv[SUITE_MAX_BLOCK];
	struct request rq = {0};
	struct quick *q;
	enum ike_rx rx;
	int r;

	if (answering(sa) >= QUICK_MAX_ANSWERED)
		return IKE_RX_limited;
	if (seal_first_iv(sa, in->hdr.msgid, iv) != 0)
		return IKE_RX_internal;
	r = seal_open(sa, in, iv);
	if (r != 0)
		return r == -EBADMSG ? IKE_RX_undecryptable : IKE_RX_internal;
	if (!seal_hash1_ok(sa, in))
		return IKE_RX_unauthentic;
	dpd_alive(sa, in->now);
	roam_heard(e, sa, in->d, in->now);
	rx = judge(e, sa, in, &rq);
	if (rx == IKE_RX_handled && rq.choice.group != 0 &&
	    dhwork_agree(e, sa, rq.choice.group, rq.ke.data, rq.ke.len, in->d, &rx))
		return rx;
	exchange_msgid_add(&sa->msgids, in->hdr.msgid); /* whatever follows: not twice */
	if (rx == IKE_RX_handled && generate_is_template(rq.policy))
		rx = generate(e, sa, in, &rq);
	if (rx != IKE_RX_handled) {
		if (rq.refusal != 0)
			refused(e, sa, in, &rq);
		if (rq.nat_differs)
			detect_anew(e, sa, in->now);
		return rx;
	}
	if (!child_make_room(e, rq.policy, in->now))
		return IKE_RX_limited;
	q = quick_new(e, sa, in->hdr.msgid, QUICK_R_INSTALL, rq.policy);
	if (q == NULL)
		return IKE_RX_internal;
	memcpy(q->iv, in->next_iv, sizeof(q->iv));
	q->x.aside = roam_aside(sa, in->d);
	exchange_took(&q->x, in->d->data, in->d->len);
	e->counters.quick_answered++;
	r = quick_take_nonce(&in->msg, q->ni, &q->ni_len);
	if (r == 0)
		r = answer(e, q, in, &rq);
	if (r == 0)
		return IKE_RX_handled;
	if (r == -EBADMSG)
		quick_malformed(e, sa, in, "quick mode message 1",
				"no or bad nonce payload, or an SPI that cannot be");
	else
		refuse_log(e, IKE_LOG_ERROR, sa->peer, sa, in->hdr.msgid,
			   "cannot answer quick mode: %s",
			   r == -ENOSPC ? "no free SPI" : strerror(-r));
	quick_failed(e, q, in->now);
	return r == -EBADMSG ? IKE_RX_malformed : IKE_RX_internal;
}

enum ike_rx quick_r_msg3(struct ike_engine *e, struct quick *q, struct ike1_in *in)
{
	struct prf_piece ni_b = {q->ni, q->ni_len}, nr_b = {q->nr, q->nr_len};
	uint8_t expected[SUITE_MAX_HASH];
	struct ike_sa *sa = q->x.sa;
	int r = seal_open(sa, in, q->iv);

	if (r != 0)
		return r == -EBADMSG ? IKE_RX_undecryptable : IKE_RX_internal;
	if (keymat_ike1_hash3(sa->keys, in->hdr.msgid, &ni_b, &nr_b, expected) != 0)
		return IKE_RX_internal;
	if (!seal_hash_ok(sa, in, expected))
		return IKE_RX_unauthentic;
	exchange_took(&q->x, in->d->data, in->d->len);
	exchange_settle(e, &q->x);
	dpd_alive(sa, in->now);
	roam_heard(e, sa, in->d, in->now);
	quick_done(e, q, QUICK_R_DONE, in->now);
	child_established(e, q->pair, in->now);
	return IKE_RX_handled;
}
