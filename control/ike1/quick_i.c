/* SPDX-License-Identifier: BSD-3-Clause */
/* quick_i.c - quick mode as initiator; see quick.h. */
#include "control/ike1/quick.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include "control/ike/child_nat.h"
#include "control/ike/child_sa.h"
#include "control/ike/dhwork.h"
#include "control/ike/lifetime.h"
#include "control/ike/refuse.h"
#include "control/ike/roam.h"
#include "control/ike/state.h"
#include "control/ike/ts.h"
#include "control/ike1/dpd.h"
#include "control/ike1/info.h"

static int put_msg1(struct quick *q, struct ike1_out *o)
{
	const struct ike_child_conf *conf = &q->policy->conf;
	const struct ike_sa *sa = q->x.sa;
	struct prop_esp_want want = quick_want(sa, q->policy);
	int r;

	want.conf = peers_offer(q->policy);
	seal_begin(o, sa, IKE1_EXCH_QUICK, q->x.msgid, true, true);
	ike_msg_open(&o->b, IKE1_PLD_SA);
	r = prop_build_esp(&o->b.w, &want, q->pair->spi_in);
	if (r != 0)
		return r;
	ike_msg_close(&o->b);
	ike_msg_add(&o->b, IKE1_PLD_NONCE, q->ni, q->ni_len);
	if (q->dh != NULL) {
		size_t len;
		const uint8_t *public = dh_public(q->dh, &len);

		ike_msg_add(&o->b, IKE1_PLD_KE, public, len);
	}
	ike_msg_open(&o->b, IKE1_PLD_ID);
	r = ts_put_id(&o->b.w, &conf->local);
	ike_msg_close(&o->b);
	if (r != 0)
		return r;
	ike_msg_open(&o->b, IKE1_PLD_ID);
	r = ts_put_id(&o->b.w, &conf->remote);
	ike_msg_close(&o->b);
	return r;
}

static int send_msg1(struct ike_engine *e, struct quick *q, uint64_t now)
{
	const struct ike_sa *sa = q->x.sa;
	struct ike1_out o;
	int r;

	q->pair->spi_in = e->ops.spi_alloc(e->ctx);
	if (q->pair->spi_in == 0)
		return -ENOSPC;
	if (e->ops.spi_expect != NULL)
		e->ops.spi_expect(e->ctx, q->pair->spi_in);
	r = quick_make_ke(e, q, peers_offer(q->policy)->pfs_group, q->ni, &q->ni_len);
	if (r == 0)
		r = put_msg1(q, &o);
	if (r == 0)
		r = seal_hash1(&o, sa, q->x.msgid);
	if (r == 0)
		r = seal_close(&o, sa, q->iv);
	return r != 0 ? r : exchange_ask(e, &q->x, o.buf, o.len, now);
}

static unsigned begun(const struct ike_sa *sa)
{
	const struct quick *q;
	unsigned n = 0;

	TAILQ_FOREACH (q, &sa->quicks, of_sa)
		n += q->state == QUICK_I_SENT1 || q->state == QUICK_I_INSTALL;
	return n;
}

static void start_again(struct ike_engine *e, void *who, uint64_t now)
{
	struct ike_policy *policy = who;

	timers_cancel(&e->timers, &policy->ensure);
	child_ensure(e, &policy->ensure, now);
}

/* The key pair for perfect forward secrecy is still to be made. */
static bool awaits_pair(struct ike_engine *e, struct ike_policy *policy, uint64_t now)
{
	uint16_t group = peers_offer(policy)->pfs_group;
	int r = group != 0 ? dhwork_wait(e, group, &policy->dh_waits, start_again, policy) : 0;

	if (r == -EBUSY)
		child_ensure_in(e, policy, now + DHWORK_LATER_MS * TIMERS_MS);
	return r != 0;
}

void quick_start(struct ike_engine *e, struct ike_sa *sa, struct ike_policy *policy, uint64_t now)
{
	struct quick *q;
	uint32_t msgid;
	int r = -ENOMEM;

	if (begun(sa) >= QUICK_MAX_BEGUN) {
		child_ensure_in(e, policy, now + 100 * TIMERS_MS);
		return;
	}
	if (child_nat_postpones(e, sa, policy, "quick mode message 1", now) ||
	    awaits_pair(e, policy, now))
		return;
	msgid = info_new_msgid(e, sa);
	q = msgid != 0 ? quick_new(e, sa, msgid, QUICK_I_SENT1, policy) : NULL;
	if (q == NULL) {
		child_ensure_in(e, policy, now + 5 * TIMERS_SEC);
		return;
	}
	exchange_msgid_add(&sa->msgids, msgid);
	q->pair = child_new(e, policy, true, now);
	if (q->pair != NULL) {
		q->pair->owner = sa;
		q->pair->made_in = sa->created;
		q->pair->quick = q;
		q->pair->msgid = msgid;
		r = send_msg1(e, q, now);
	}
	if (r != 0) {
		refuse_log(e, IKE_LOG_ERROR, sa->peer, sa, msgid, "cannot begin quick mode: %s",
			   r == -ENOSPC ? "no free SPI" : strerror(-r));
		quick_failed(e, q, now);
		return;
	}
	e->counters.quick_started++;
}

/* HASH(2) = prf(SKEYID_a, M-ID | Ni_b | after HASH). */
static bool hash_ok(const struct quick *q, const struct ike1_in *in)
{
	struct prf_piece ni_b = {q->ni, q->ni_len}, rest;
	uint8_t expected[SUITE_MAX_HASH];
	struct ike_view after;

	if (in->msg.n == 0)
		return false;
	after = ike_msg_after(&in->msg, &in->msg.pld[0]);
	rest = (struct prf_piece){after.data, after.len};
	return keymat_ike1_hash2(q->x.sa->keys, in->hdr.msgid, &ni_b, &rest, expected) == 0 &&
	       seal_hash_ok(q->x.sa, in, expected);
}

/* The responder must return the selectors as offered; absent means the same here. */
static bool selectors_ok(const struct quick *q, const struct ike_msg *m)
{
	const struct ike_payload *idci = ike_msg_find(m, IKE1_PLD_ID);
	const struct ike_payload *idcr = idci != NULL ? ike_msg_next(m, idci) : NULL;
	struct abi_range ci, cr;

	if (idci == NULL)
		return true;
	return idcr != NULL && ts_from_id(&ci, &idci->id) == 0 && ts_from_id(&cr, &idcr->id) == 0 &&
	       ts_equal(&ci, &q->policy->conf.local) && ts_equal(&cr, &q->policy->conf.remote);
}

static enum ike_rx wrong_answer(struct ike_engine *e, struct quick *q, const struct ike1_in *in,
				enum ike_code code, const char *what, const struct prop_diff *diff)
{
	char received[IKE_EVIDENCE_TEXT], configured[IKE_EVIDENCE_TEXT];
	struct refuse r = {
		.code = code,
		.message = "quick mode message 2",
		.classic = "no suitable proposal found",
		.received = what,
		.advice = "the peer answered with what we did not offer: an error of the peer",
		.policy_id = q->policy->conf.policy_id,
		.msgid = q->x.msgid,
	};

	if (diff != NULL) {
		r.diff = diff;
		refuse_diff_print(diff, received, configured);
		r.received = received;
		r.configured = configured;
	}
	refuse(e, q->x.sa->peer, q->x.sa, &in->d->src, &r);
	quick_failed(e, q, in->now);
	return IKE_RX_refused;
}

/* Ours, unless the answer shortens them: by a notify or, from some peers, in the transform. */
static void take_lifetimes(struct quick *q, const struct ike_msg *m,
			   const struct prop_choice *choice)
{
	const struct ike_proposal_conf *conf = &q->policy->conf.proposal;
	struct quick_life life = {conf->lifetime, lifetime_offer_volume(q->policy)};

	quick_responder_lifetime(m, IKE_PROTO_ESP, &life);
	if (choice->seconds != 0 && choice->seconds < life.seconds)
		life.seconds = (uint32_t)choice->seconds;
	q->pair->lifetime = life.seconds;
	q->pair->kilobytes = lifetime_less_volume(life.kilobytes, choice->kilobytes);
}

/* HASH(3), and the pair goes to the data plane; message 3 follows when it agreed. */
static int finish(struct ike_engine *e, struct quick *q, struct ike1_in *in,
		  const struct prop_choice *choice, const struct prf_piece *gxy)
{
	struct prf_piece ni_b = {q->ni, q->ni_len}, nr_b = {q->nr, q->nr_len};
	struct ike_sa *sa = q->x.sa;
	uint8_t hash[SUITE_MAX_HASH];
	struct ike1_out o;
	int r;

	seal_begin(&o, sa, IKE1_EXCH_QUICK, q->x.msgid, true, true);
	r = keymat_ike1_hash3(sa->keys, q->x.msgid, &ni_b, &nr_b, hash);
	if (r != 0)
		return r;
	seal_set_hash(&o, sa, hash);
	r = seal_close(&o, sa, q->iv);
	if (r != 0)
		return r;
	q->state = QUICK_I_INSTALL;
	return quick_install(e, q, choice, gxy, &o, in->now);
}

static int shared_secret(const struct quick *q, const struct ike_msg *m, uint8_t *secret,
			 size_t *len)
{
	const struct ike_payload *ke = ike_msg_find(m, IKE1_PLD_KE);

	if (ke == NULL)
		return -EBADMSG;
	return dh_derive(q->dh, ke->body.data, ke->body.len, secret, DH_MAX_SECRET, len);
}

enum ike_rx quick_i_msg2(struct ike_engine *e, struct quick *q, struct ike1_in *in)
{
	static const char message[] = "quick mode message 2";
	struct prop_esp_want want = quick_want(q->x.sa, q->policy);
	struct ike_sa *sa = q->x.sa;
	const struct ike_payload *p;
	uint8_t secret[DH_MAX_SECRET];
	struct prf_piece gxy = {secret, 0};
	struct prop_choice choice;
	struct prop_diff diff;
	struct prop_sa props;
	enum ike_rx rx;
	int r = seal_open(sa, in, q->iv);

	if (r != 0)
		return r == -EBADMSG ? IKE_RX_undecryptable : IKE_RX_internal;
	if (!hash_ok(q, in))
		return IKE_RX_unauthentic;
	want.conf = peers_offer(q->policy);
	p = ike_msg_find(&in->msg, IKE1_PLD_KE);
	if (p != NULL && dhwork_derive(e, sa, q->dh, p->body.data, p->body.len, in->d, &rx))
		return rx;
	memcpy(q->iv, in->next_iv, sizeof(q->iv));
	exchange_took(&q->x, in->d->data, in->d->len);
	exchange_settle(e, &q->x);
	dpd_alive(sa, in->now);
	roam_heard(e, sa, in->d, in->now);
	p = ike_msg_find(&in->msg, IKE1_PLD_SA);
	if (p == NULL || prop_decode(&props, 2, &p->sa, &in->msg.error) != 0 ||
	    !prop_single(&props) || quick_take_nonce(&in->msg, q->nr, &q->nr_len) != 0) {
		quick_malformed(e, sa, in, message, "not one SA with one transform and a nonce");
		quick_failed(e, q, in->now);
		return IKE_RX_malformed;
	}
	if (!selectors_ok(q, &in->msg))
		return wrong_answer(e, q, in, IKE_P2_TS_MISMATCH, "other selectors than offered",
				    NULL);
	if (prop_select_esp(&props, &want, &choice, &diff) != 0)
		return wrong_answer(e, q, in, refuse_diff_code(&diff), NULL, &diff);
	take_lifetimes(q, &in->msg, &choice);
	if (q->dh != NULL && shared_secret(q, &in->msg, secret, &gxy.len) != 0)
		r = -EBADMSG;
	else
		r = finish(e, q, in, &choice, q->dh != NULL ? &gxy : NULL);
	OPENSSL_cleanse(secret, gxy.len);
	if (r == 0)
		return IKE_RX_handled;
	if (r == -EBADMSG)
		quick_malformed(e, sa, in, message,
				"no or bad KE payload, or an SPI that cannot be");
	quick_failed(e, q, in->now);
	return r == -EBADMSG ? IKE_RX_malformed : IKE_RX_internal;
}
