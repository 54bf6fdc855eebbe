/* SPDX-License-Identifier: BSD-3-Clause */
/* child_install.c - keys of a pair, its way to the data plane, and what follows, in both roles (RFC
 * 7296 section 2.17). */
#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include "control/ike/child_sa.h"
#include "control/ike/party.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike2/ike2.h"

static void cut_keys(struct ike_child_key *key, uint32_t spi, const struct ike_child_sa *sa,
		     const uint8_t *p)
{
	key->spi = spi;
	memcpy(key->encr_key, p, sa->encr_key_len);
	memcpy(key->salt, p + sa->encr_key_len, sa->salt_len);
	memcpy(key->integ_key, p + sa->encr_key_len + sa->salt_len, sa->integ_key_len);
}

/* Keys of both directions: first those of what the initiator of the exchange sends. */
static int derive(const struct ike2_task *t, const struct prf_piece *gir, struct ike_child_sa *sa)
{
	const struct prf_piece ni = {t->ni, t->ni_len}, nr = {t->nr, t->nr_len};
	const struct child_sa *c = t->pair;
	size_t one = (size_t)sa->encr_key_len + sa->salt_len + sa->integ_key_len;
	uint8_t out[2 * KEYMAT_MAX_OUT];
	int r = keymat_ike2_child(&t->sa->v2->keys, gir, &ni, &nr, out, 2 * one);

	if (r == 0) {
		cut_keys(c->initiator ? &sa->out : &sa->in, c->initiator ? c->spi_out : c->spi_in,
			 sa, out);
		cut_keys(c->initiator ? &sa->in : &sa->out, c->initiator ? c->spi_in : c->spi_out,
			 sa, out + one);
	}
	OPENSSL_cleanse(out, sizeof(out));
	return r;
}

int ike2_child_install(struct ike_engine *e, struct ike2_task *t, const struct prop2_choice *choice,
		       const struct prf_piece *gir, uint64_t now)
{
	struct child_sa *c = t->pair;
	struct ike_child_sa sa;
	struct wire_reader spi;
	uint32_t spi_out;
	int r;

	memset(&sa, 0, sizeof(sa));
	wire_reader_init(&spi, choice->spi.data, choice->spi.len, 0);
	spi_out = wire_get_u32(&spi);
	if (spi_out < ABI_SPI_MIN || child_make_way(e, c, spi_out, now) != 0)
		return -EBADMSG; /* RFC 4303 section 2.1 */
	c->spi_out = spi_out;
	sa.esn = choice->esn;
	r = child_set_nonces(c, t->ni, t->ni_len, t->nr, t->nr_len);
	if (r == 0)
		r = child_describe(c, choice->encr, choice->integ, choice->group, &sa);
	if (r == 0)
		r = derive(t, gir, &sa);
	if (r == 0) {
		timers_arm(&e->timers, &t->end, now + IKE2_INSTALL_S * TIMERS_SEC);
		child_install(e, c, &sa, now);
	}
	OPENSSL_cleanse(&sa, sizeof(sa));
	return r;
}

void ike2_child_made(struct child_sa *c)
{
	c->task->pair = NULL;
	c->task = NULL;
}

void ike2_child_abandon(struct ike_engine *e, struct child_sa *c, uint64_t now)
{
	struct ike2_task *t = c->task;
	struct ike_sa *sa = t->sa;
	struct ike2_out o;

	if (t->state == IKE2_ASKED) { /* the answer comes to nothing */
		t->pair = NULL;
		c->task = NULL;
		child_remove(e, c, now);
		return;
	}
	if (t->state == IKE2_ANSWERING && ike_sa_up(sa)) {
		ike2_seal_begin(&o, sa, IKE2_EXCH_CREATE_CHILD, c->msgid, true, true);
		ike2_add_notify(&o, IKE2_N_TEMPORARY_FAILURE, NULL, 0);
		(void)ike2_answer(e, sa, &o, now);
	}
	if (t->state == IKE2_INSTALLING) { /* the peer has its half by now */
		uint32_t spi = t->spi;

		ike2_task_free(e, t, now);
		ike2_delete_child(e, sa->peer, sa, spi, now);
		return;
	}
	ike2_task_free(e, t, now);
}

static void log_install_failed(struct ike_engine *e, const struct ike2_task *t, int status)
{
	struct refuse r = {
		.code = IKE_P2_INSTALL_FAILED,
		.message = "data plane",
		.classic = "unable to install inbound and outbound IPsec SA (SAD)",
		.received = strerror(-status),
		.advice = "the data plane here refused the SA or does not answer: see its log",
		.policy_id = t->policy->conf.policy_id,
		.msgid = t->pair->msgid,
	};

	refuse(e, t->sa->peer, t->sa, NULL, &r);
}

/* The peer asked: it gets its answer, or hears that we cannot now. */
static void answer_result(struct ike_engine *e, struct ike2_task *t, int status, uint64_t now)
{
	struct ike_sa *sa = t->sa;
	struct child_sa *c = t->pair;
	struct ike2_out o;
	bool first = t->kind == IKE2_AUTH;
	int r = status;

	if (r == 0) {
		c->state = CHILD_INSTALLED;
		r = exchange_answer(e, &sa->v2->answer, t->ready.data, t->ready.len, now);
	}
	if (r != 0) {
		log_install_failed(e, t, r);
		ike2_seal_begin(&o, sa, first ? IKE2_EXCH_AUTH : IKE2_EXCH_CREATE_CHILD, c->msgid,
				true, true);
		if (first && ike2_put_auth(&o, sa) != 0)
			return;
		if (first)
			ike2_put_auth_lifetime(&o, sa);
		ike2_add_notify(&o, IKE2_N_TEMPORARY_FAILURE, NULL, 0);
		(void)ike2_answer(e, sa, &o, now);
		ike2_task_free(e, t, now);
		e->counters.quick_failed++;
	}
	if (first)
		party_established(e, sa, now);
	if (r == 0) {
		ike2_report_narrowed(e, c);
		child_established(e, c, now);
		ike2_task_free(e, t, now);
	}
}

void ike2_child_result(struct ike_engine *e, struct child_sa *c, int status, uint64_t now)
{
	struct ike2_task *t = c->task;
	struct ike_sa *sa;
	uint32_t spi = c->spi_in;

	if (t == NULL || (t->state != IKE2_INSTALLING && t->state != IKE2_ANSWERING))
		return;
	timers_cancel(&e->timers, &t->end);
	sa = t->sa;
	if (t->state == IKE2_ANSWERING) {
		answer_result(e, t, status, now);
	} else if (status != 0) {
		log_install_failed(e, t, status);
		ike2_child_failed(e, t, now);
		ike2_delete_child(e, sa->peer, sa, spi, now); /* the peer has it by now */
	} else {
		c->state = CHILD_INSTALLED;
		ike2_report_narrowed(e, c);
		child_established(e, c, now);
		ike2_task_free(e, t, now);
	}
	ike2_task_run(e, sa, now);
}
