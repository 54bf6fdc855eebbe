/* SPDX-License-Identifier: BSD-3-Clause */
/* quick.c - quick mode: what both roles share; see quick.h. */
#include "control/ike1/quick.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "control/ike/child_sa.h"
#include "control/ike/dhwork.h"
#include "control/ike/lifetime.h"
#include "control/ike/party.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike1/dpd.h"
#include "control/ike1/info.h"
#include "control/ike1/phase1.h"

#define BACKOFF_FIRST_S 5u
#define BACKOFF_LAST_S	60u

static quick_handler *const cells[QUICK_STATES] = {
	[QUICK_I_SENT1] = quick_i_msg2,
	[QUICK_R_SENT2] = quick_r_msg3,
};

quick_handler *quick_cell(enum quick_state state)
{
	return cells[state];
}

static void no_answer(const struct quick *q, struct refuse *r)
{
	*r = (struct refuse){
		.code = IKE_P2_SILENT,
		.message =
			q->state == QUICK_I_SENT1 ? "quick mode message 1" : "quick mode message 2",
		.classic = "giving up, peer not responding to quick mode",
		.received = "nothing",
		.advice = "the IKE SA is up but the peer does not answer quick mode: see its log",
		.policy_id = q->policy->conf.policy_id,
		.msgid = q->x.msgid,
	};
	refuse_silence(r, &q->x);
}

static void silent(struct ike_engine *e, struct exchange *x, uint64_t now)
{
	struct refuse r;

	(void)now;
	no_answer(TABLE_ENTRY(x, struct quick, x), &r);
	refuse_pending(e, x->sa->peer, x->sa, &r);
}

static void give_up(struct ike_engine *e, struct exchange *x, uint64_t now)
{
	struct quick *q = TABLE_ENTRY(x, struct quick, x);
	struct ike_sa *sa = x->sa;
	bool forgotten = q->state == QUICK_I_SENT1 && sa->heard <= q->begun;
	struct refuse r;

	no_answer(q, &r);
	refuse(e, sa->peer, sa, NULL, &r);
	quick_failed(e, q, now);
	if (!forgotten)
		return;
	/* Not a word on this SA in all that time, and DPD did not tell: the peer has lost it. */
	info_delete_ike_sa(e, sa, now);
	party_lost(e, sa, now);
}

static void end_timer(struct ike_engine *e, struct timer *t, uint64_t now)
{
	struct quick *q = TABLE_ENTRY(t, struct quick, end);

	if (q->state == QUICK_I_INSTALL || q->state == QUICK_R_INSTALL)
		quick_result(e, q, -ETIMEDOUT, now);
	else
		quick_free(e, q, now);
}

/* The oldest that has ended makes room; more than that never end at a time. */
static void drop_oldest_done(struct ike_engine *e, struct ike_sa *sa)
{
	struct quick *q;

	TAILQ_FOREACH (q, &sa->quicks, of_sa) {
		if (quick_ended(q)) {
			quick_free(e, q, e->now);
			return;
		}
	}
}

struct quick *quick_new(struct ike_engine *e, struct ike_sa *sa, uint32_t msgid,
			enum quick_state state, struct ike_policy *policy)
{
	struct quick *q = calloc(1, sizeof(*q));
	int r;

	if (q == NULL)
		return NULL;
	if (sa->n_quicks >= QUICK_KEPT)
		drop_oldest_done(e, sa);
	q->begun = e->now;
	r = seal_first_iv(sa, msgid, q->iv);
	if (r != 0) {
		free(q);
		errno = -r;
		return NULL;
	}
	q->state = state;
	q->policy = policy;
	exchange_init(&q->x, sa, msgid, give_up);
	q->x.silent = silent;
	timers_init_one(&q->end, end_timer);
	TAILQ_INSERT_TAIL(&sa->quicks, q, of_sa);
	sa->n_quicks++;
	return q;
}

void quick_free(struct ike_engine *e, struct quick *q, uint64_t now)
{
	struct ike_sa *sa = q->x.sa;

	if (q->pair != NULL) {
		q->pair->quick = NULL;
		child_remove(e, q->pair, now);
	}
	TAILQ_REMOVE(&sa->quicks, q, of_sa);
	sa->n_quicks--;
	exchange_fini(e, &q->x);
	timers_cancel(&e->timers, &q->end);
	dh_free(q->dh);
	free(q->ready);
	OPENSSL_clear_free(q, sizeof(*q));
}

void quick_failed(struct ike_engine *e, struct quick *q, uint64_t now)
{
	struct ike_policy *policy = q->policy;
	uint64_t s = BACKOFF_FIRST_S;

	e->counters.quick_failed++;
	quick_free(e, q, now);
	for (unsigned i = 0; i < policy->failures && s < BACKOFF_LAST_S; i++)
		s *= 2;
	if (s > BACKOFF_LAST_S)
		s = BACKOFF_LAST_S;
	policy->failures++;
	child_ensure_in(e, policy,
			now + s * TIMERS_SEC + state_random_below(e, s * TIMERS_SEC / 10));
}

bool quick_ended(const struct quick *q)
{
	return q->state == QUICK_I_DONE || q->state == QUICK_R_DONE || q->state == QUICK_R_REFUSED;
}

bool quick_busy(const struct ike_sa *sa)
{
	const struct quick *q;

	TAILQ_FOREACH (q, &sa->quicks, of_sa) {
		if (!quick_ended(q))
			return true;
	}
	return false;
}

struct prop_esp_want quick_want(const struct ike_sa *sa, const struct ike_policy *policy)
{
	bool natt = child_natt(sa);

	return (struct prop_esp_want){
		.conf = &policy->conf.proposal,
		.mode = policy->conf.mode,
		.natt = natt,
		.encap = natd_encap_mode(sa->natt, natt, policy->conf.mode),
		.kilobytes = lifetime_offer_volume(policy),
	};
}

int quick_make_ke(struct ike_engine *e, struct quick *q, uint16_t group, uint8_t *nonce,
		  size_t *nonce_len)
{
	int r = state_random(e, nonce, IKE_NONCE_LEN);

	*nonce_len = IKE_NONCE_LEN;
	return r != 0 || group == 0 ? r : dhwork_new(e, group, &q->dh);
}

int quick_take_nonce(const struct ike_msg *m, uint8_t *nonce, size_t *nonce_len)
{
	const struct ike_payload *p = ike_msg_find(m, IKE1_PLD_NONCE);

	if (p == NULL || p->body.len < IKE_MIN_NONCE || p->body.len > IKE_MAX_NONCE)
		return -EBADMSG;
	memcpy(nonce, p->body.data, p->body.len);
	*nonce_len = p->body.len;
	return 0;
}

/* Keys of one direction; the SPI is the receiver's (RFC 2409 section 5.5). */
static int derive(const struct quick *q, const struct prf_piece *gxy, uint32_t spi,
		  struct ike_child_key *key, const struct ike_child_sa *sa)
{
	struct keymat_ike1_quick in = {
		.gxy = gxy,
		.protocol = IKE_PROTO_ESP,
		.spi = spi,
		.ni_b = {q->ni, q->ni_len},
		.nr_b = {q->nr, q->nr_len},
	};
	uint8_t out[KEYMAT_MAX_OUT];
	int r;

	r = keymat_ike1_quick(q->x.sa->keys, &in, out,
			      (size_t)sa->encr_key_len + sa->salt_len + sa->integ_key_len);
	if (r == 0) {
		key->spi = spi;
		memcpy(key->encr_key, out, sa->encr_key_len);
		memcpy(key->salt, out + sa->encr_key_len, sa->salt_len);
		memcpy(key->integ_key, out + sa->encr_key_len + sa->salt_len, sa->integ_key_len);
	}
	OPENSSL_cleanse(out, sizeof(out));
	return r;
}

int quick_install(struct ike_engine *e, struct quick *q, const struct prop_choice *choice,
		  const struct prf_piece *gxy, const struct ike1_out *o, uint64_t now)
{
	struct child_sa *c = q->pair;
	struct ike_child_sa sa;
	int r;

	memset(&sa, 0, sizeof(sa));
	if (choice->spi < ABI_SPI_MIN || child_make_way(e, c, choice->spi, now) != 0)
		return -EBADMSG; /* RFC 4303 section 2.1 */
	c->spi_out = choice->spi;
	q->token = c->token;
	q->spi = c->spi_in;
	r = child_set_nonces(c, q->ni, q->ni_len, q->nr, q->nr_len);
	if (r == 0)
		r = child_describe(c, choice->encr, choice->integ, choice->group, &sa);
	if (r == 0)
		r = derive(q, gxy, c->spi_in, &sa.in, &sa);
	if (r == 0)
		r = derive(q, gxy, c->spi_out, &sa.out, &sa);
	if (r == 0) {
		free(q->ready);
		q->ready = malloc(o->len);
		r = q->ready == NULL ? -ENOMEM : 0;
	}
	if (r == 0) {
		memcpy(q->ready, o->buf, o->len);
		q->ready_len = o->len;
		timers_arm(&e->timers, &q->end, now + QUICK_INSTALL_S * TIMERS_SEC);
		child_install(e, c, &sa, now);
	}
	OPENSSL_cleanse(&sa, sizeof(sa));
	return r;
}

static void install_failed(struct ike_engine *e, struct quick *q, int status, uint64_t now)
{
	struct ike_sa *sa = q->x.sa;
	struct refuse r = {
		.code = IKE_P2_INSTALL_FAILED,
		.message = "data plane",
		.classic = "unable to install inbound and outbound IPsec SA (SAD)",
		.received = strerror(-status),
		.advice = "the data plane here refused the SA or does not answer: see its log",
		.policy_id = q->policy->conf.policy_id,
		.msgid = q->x.msgid,
	};
	bool responder = q->state == QUICK_R_INSTALL;

	refuse(e, sa->peer, sa, NULL, &r);
	if (responder)
		(void)info_notify(e, sa, IKE_PROTO_ESP, IKE1_N_NO_PROPOSAL_CHOSEN, false, NULL, 0);
	else if (q->pair != NULL) /* the peer has installed it by now */
		info_delete_child(e, sa->peer, sa, q->pair->spi_in, now);
	quick_failed(e, q, now);
}

void quick_done(struct ike_engine *e, struct quick *q, enum quick_state state, uint64_t now)
{
	q->state = state;
	dh_free(q->dh);
	q->dh = NULL;
	OPENSSL_cleanse(q->iv, sizeof(q->iv));
	timers_arm(&e->timers, &q->end, now + QUICK_DONE_S * TIMERS_SEC);
}

void quick_result(struct ike_engine *e, struct quick *q, int status, uint64_t now)
{
	int r;

	if (q->state != QUICK_I_INSTALL && q->state != QUICK_R_INSTALL)
		return;
	timers_cancel(&e->timers, &q->end);
	if (status != 0) {
		install_failed(e, q, status, now);
		return;
	}
	q->pair->state = CHILD_INSTALLED;
	r = q->state == QUICK_I_INSTALL ? exchange_answer(e, &q->x, q->ready, q->ready_len, now)
					: exchange_ask(e, &q->x, q->ready, q->ready_len, now);
	free(q->ready);
	q->ready = NULL;
	if (r != 0) {
		install_failed(e, q, r, now);
		return;
	}
	if (q->state == QUICK_R_INSTALL) {
		q->state = QUICK_R_SENT2;
		return;
	}
	quick_done(e, q, QUICK_I_DONE, now);
	child_established(e, q->pair, now);
}

void quick_proven(struct ike_engine *e, struct quick *q, uint64_t now)
{
	if (q->state != QUICK_R_SENT2)
		return;
	exchange_settle(e, &q->x);
	quick_done(e, q, QUICK_R_DONE, now);
	child_established(e, q->pair, now);
}

static struct quick *find(const struct ike_sa *sa, uint32_t msgid)
{
	struct quick *q;

	TAILQ_FOREACH (q, &sa->quicks, of_sa) {
		if (q->x.msgid == msgid)
			return q;
	}
	return NULL;
}

/* The last message taken up came once more. Message 2 of a responder has a schedule of its own; as
 * soon as it has message 3, or the pair's traffic, its peer waits for nothing: an answer would only
 * be the repeat that the peer answers by message 3. A pair that we deleted meanwhile must not come
 * up at the peer by our message 3. */
static void repeat(struct ike_engine *e, struct quick *q, const struct ike1_in *in)
{
	struct child_sa *c = child_find_token(e, q->token);

	if (q->state == QUICK_R_REFUSED) {
		if (q->x.repeats++ < EXCHANGE_REPEATS)
			(void)info_notify(e, q->x.sa, IKE_PROTO_ESP, q->refusal, false, NULL, 0);
	} else if (q->state == QUICK_I_DONE && (c == NULL || c->state == CHILD_DELETING)) {
		if (q->x.repeats++ < EXCHANGE_REPEATS_AUTH)
			info_delete_child(e, q->x.sa->peer, q->x.sa, q->spi, in->now);
	} else if (q->state == QUICK_I_DONE || q->state == QUICK_R_SENT2) {
		exchange_repeat(e, &q->x, EXCHANGE_REPEATS_AUTH, in->d);
	}
}

enum ike_rx quick_message(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	struct quick *q = find(sa, in->hdr.msgid);
	quick_handler *handler;

	if (q == NULL) {
		if (exchange_msgid_seen(&sa->msgids, in->hdr.msgid))
			return IKE_RX_replayed;
		return quick_r_msg1(e, sa, in);
	}
	if (exchange_is_repeat(&q->x, in->d->data, in->d->len)) {
		repeat(e, q, in);
		return IKE_RX_repeat;
	}
	handler = quick_cell(q->state);
	if (handler == NULL)
		return IKE_RX_wrong_state;
	return handler(e, q, in);
}
