/* SPDX-License-Identifier: BSD-3-Clause */
/* info.c - informational exchanges; see info.h. */
#include "control/ike1/info.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/ike/child_sa.h"
#include "control/ike/lifetime.h"
#include "control/ike/party.h"
#include "control/ike/refuse.h"
#include "control/ike/roam.h"
#include "control/ike/state.h"
#include "control/ike1/contact.h"
#include "control/ike1/dpd.h"
#include "control/ike1/phase1.h"
#include "control/ike1/quick.h"

uint32_t info_new_msgid(struct ike_engine *e, const struct ike_sa *sa)
{
	struct quick *q;
	uint32_t id;

	for (int i = 0; i < 8; i++) {
		bool used = false;

		if (state_random(e, &id, sizeof(id)) != 0)
			return 0;
		TAILQ_FOREACH (q, &sa->quicks, of_sa)
			used |= q->x.msgid == id;
		if (id != 0 && !used && !exchange_msgid_seen(&sa->msgids, id))
			return id;
	}
	return 0;
}

/* HASH(1), IV and off it goes; o was begun with msgid, which is used from now on. */
static int finish(struct ike_engine *e, struct ike_sa *sa, struct ike1_out *o, uint32_t msgid,
		  struct exchange_msgids *used, const struct ike_endpoint *at)
{
	uint8_t iv[SUITE_MAX_BLOCK];
	int r = seal_hash1(o, sa, msgid);

	if (r == 0)
		r = seal_first_iv(sa, msgid, iv);
	if (r == 0)
		r = seal_close(o, sa, iv);
	if (r != 0)
		return r;
	/* HASH(1) does not say who sent it: ours must not count when it comes back. */
	exchange_msgid_add(used, msgid);
	ike_sa_send_to(e, sa, at, o->buf, o->len);
	return 0;
}

static bool is_dpd(uint16_t type)
{
	return type == IKE1_N_R_U_THERE || type == IKE1_N_R_U_THERE_ACK;
}

/* at: where to. */
static int notify(struct ike_engine *e, struct ike_sa *sa, const struct ike_endpoint *at,
		  uint8_t protocol, uint16_t type, bool with_cookies, const void *data, size_t len)
{
	struct ike_pld_notify n = {
		.doi = IKE1_DOI_IPSEC, .protocol = protocol, .type = type, .data = {data, len}};
	uint8_t cookies[2 * IKE_COOKIE_LEN];
	uint32_t msgid = info_new_msgid(e, sa);
	struct wire_writer w;
	struct ike1_out o;

	if (msgid == 0)
		return -EIO;
	if (with_cookies) {
		wire_writer_init(&w, cookies, sizeof(cookies));
		wire_put_u64(&w, sa->ispi);
		wire_put_u64(&w, sa->rspi);
		n.spi = (struct ike_view){cookies, sizeof(cookies)};
	}
	seal_begin(&o, sa, IKE1_EXCH_INFO, msgid, true, true);
	ike_msg_add_notify(&o.b, &n);
	return finish(e, sa, &o, msgid, is_dpd(type) ? &sa->dpd_msgids : &sa->msgids, at);
}

int info_notify(struct ike_engine *e, struct ike_sa *sa, uint8_t protocol, uint16_t type,
		bool with_cookies, const void *data, size_t len)
{
	return notify(e, sa, &sa->at, protocol, type, with_cookies, data, len);
}

int info_notify_dpd(struct ike_engine *e, struct ike_sa *sa, const struct ike_endpoint *at,
		    uint16_t type, const void *data, size_t len)
{
	return notify(e, sa, at, IKE_PROTO_IKE, type, true, data, len);
}

void info_delete_child(struct ike_engine *e, struct ike_peer *peer, struct ike_sa *sa, uint32_t spi,
		       uint64_t now)
{
	struct ike1_out o;
	uint32_t msgid;

	(void)now;
	if (sa == NULL)
		sa = ike_sa_best(peer);
	if (sa == NULL)
		return;
	msgid = info_new_msgid(e, sa);
	if (msgid == 0)
		return;
	seal_begin(&o, sa, IKE1_EXCH_INFO, msgid, true, true);
	ike_msg_add_delete(&o.b, &spi, 1, sa->ispi, sa->rspi);
	if (finish(e, sa, &o, msgid, &sa->msgids, &sa->at) != 0)
		return;
	e->counters.delete_sent++;
	refuse_log(e, IKE_LOG_INFO, peer, sa, msgid,
		   "sending DELETE for ESP CHILD_SA with SPI %08x", spi);
}

void info_delete_ike_sa(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	uint32_t msgid = info_new_msgid(e, sa);
	struct ike1_out o;

	(void)now;
	if (msgid == 0)
		return;
	seal_begin(&o, sa, IKE1_EXCH_INFO, msgid, true, true);
	ike_msg_add_delete(&o.b, NULL, 0, sa->ispi, sa->rspi);
	if (finish(e, sa, &o, msgid, &sa->msgids, &sa->at) != 0)
		return;
	e->counters.delete_sent++;
	refuse_log(e, IKE_LOG_INFO, sa->peer, sa, msgid, "sending DELETE for IKE_SA");
}

/* Notify names as other daemons log them, NO_PROPOSAL_CHOSEN. */
static void log_name(uint16_t type, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s", ike1_notify_name(type));
	for (; *buf != '\0'; buf++) {
		if (*buf == '-')
			*buf = '_';
	}
}

static bool is_error(uint16_t type)
{
	return type < 16384; /* RFC 2408 section 3.14.1 */
}

enum ike_rx info_unprotected(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	const struct ike_payload *p;
	char name[64];

	if (seal_parse(in) != 0)
		return IKE_RX_malformed;
	p = ike_msg_find(&in->msg, IKE1_PLD_NOTIFY);
	if (p == NULL || !is_error(p->notify.type) || sa->hs == NULL)
		return IKE_RX_unprotected;
	log_name(p->notify.type, name, sizeof(name));
	refuse_log(e, sa->hs->told ? IKE_LOG_DEBUG : IKE_LOG_INFO, sa->peer, sa, in->hdr.msgid,
		   "received %s error notify (not protected, so only a hint)", name);
	sa->hs->told = true;
	sa->hs->told_type = p->notify.type;
	exchange_hurry(&sa->x);
	return IKE_RX_unprotected;
}

static void take_delete_esp(struct ike_engine *e, struct ike_sa *sa,
			    const struct ike_pld_delete *del, uint64_t now)
{
	for (size_t i = 0; i < del->count; i++) {
		uint32_t spi = ike_delete_spi(del, i);
		struct child_sa *c = spi != 0 ? child_find_spi_out(sa->peer, spi) : NULL;

		if (c != NULL && c->owner != NULL && !ike_sa_same_party(c->owner, sa))
			c = NULL;
		refuse_log(e, IKE_LOG_INFO, sa->peer, sa, 0,
			   "received DELETE for %sESP CHILD_SA with SPI %08x",
			   c == NULL ? "unknown " : "", spi);
		if (c == NULL)
			continue;
		e->counters.delete_received++;
		child_deleted_by_peer(e, c, now);
	}
}

/* Returns true when sa itself is gone. */
static bool take_delete_ike(struct ike_engine *e, struct ike_sa *sa,
			    const struct ike_pld_delete *del, uint64_t now)
{
	struct wire_reader r;
	bool own = false;

	wire_reader_init(&r, del->spis.data, del->spis.len, 0);
	for (size_t i = 0; i < del->count && del->spi_size == 2 * IKE_COOKIE_LEN; i++) {
		uint64_t ispi = wire_get_u64(&r), rspi = wire_get_u64(&r);
		struct ike_sa *victim = ike_sa_find(e, ispi, rspi);

		if (victim == NULL || !ike_sa_up(victim) || !ike_sa_same_party(victim, sa))
			continue;
		if (victim == sa) {
			own = true;
			continue;
		}
		e->counters.delete_received++;
		refuse_log(e, IKE_LOG_NOTICE, sa->peer, victim, 0, "received DELETE for IKE_SA");
		party_lost(e, victim, now);
	}
	if (own) {
		e->counters.delete_received++;
		refuse_log(e, IKE_LOG_NOTICE, sa->peer, sa, 0, "received DELETE for IKE_SA");
		party_lost(e, sa, now);
	}
	return own;
}

/* The responder says that the IKE SA lives shorter than we asked for (RFC 2407 section 4.6.3.1). */
static void take_lifetime(struct ike_engine *e, struct ike_sa *sa, const struct ike_msg *m)
{
	struct quick_life life = {.seconds = sa->lifetime};

	if (sa->responder)
		return;
	quick_responder_lifetime(m, IKE_PROTO_IKE, &life);
	if (life.seconds == sa->lifetime)
		return;
	refuse_log(e, IKE_LOG_INFO, sa->peer, sa, 0,
		   "received RESPONDER_LIFETIME: the IKE_SA lives %u s, not %u s", life.seconds,
		   sa->lifetime);
	sa->lifetime = life.seconds;
	if (sa->state != SA_ESTABLISHED || sa->rekey_due)
		return; /* it begins with it, or ends anyway */
	sa->ends = sa->established + (uint64_t)sa->lifetime * TIMERS_SEC;
	lifetime_start_ike_sa(e, sa);
}

static void take_notify(struct ike_engine *e, struct ike_sa *sa, const struct ike_pld_notify *n,
			const struct ike1_in *in)
{
	uint64_t now = in->now;
	char name[64];

	if (is_dpd(n->type)) {
		dpd_take(e, sa, n, in->d, now);
		return;
	}
	if (n->type ==
	    IKE1_N_INITIAL_CONTACT) { /* racoon's children send it alone, after phase 1 */
		contact_stop(e, sa);
		party_initial_contact(e, sa, now);
	}
	log_name(n->type, name, sizeof(name));
	refuse_log(e, is_error(n->type) ? IKE_LOG_NOTICE : IKE_LOG_DEBUG, sa->peer, sa, 0,
		   "received %s %snotify", name, is_error(n->type) ? "error " : "");
	if (is_error(n->type))
		quick_refused(e, sa, n->type, in->hdr.msgid, now);
}

/* An initiator whose message 5 was refused by an authentic notify. */
static enum ike_rx refused_early(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in)
{
	const struct ike_payload *p = ike_msg_find(&in->msg, IKE1_PLD_NOTIFY);
	char name[64], classic[96];
	struct refuse r = {
		.code = IKE_P1_UNEXPLAINED,
		.message = "main mode message 5",
		.classic = classic,
		.received = name,
		.advice = "the peer verified our secret and refused us: most likely it expects "
			  "another identity than ours, or another exchange mode; compare my-id "
			  "here with its remote ID",
	};

	take_lifetime(e, sa, &in->msg); /* it overtook message 6 */
	if (p == NULL || !is_error(p->notify.type))
		return IKE_RX_handled;
	log_name(p->notify.type, name, sizeof(name));
	snprintf(classic, sizeof(classic), "received %s error notify", name);
	r.notify = p->notify.type;
	r.proven = true;
	if (p->notify.type == IKE1_N_AUTHENTICATION_FAILED ||
	    p->notify.type == IKE1_N_INVALID_ID_INFORMATION)
		r.code = IKE_P1_ID_MISMATCH;
	refuse(e, sa->peer, sa, &in->d->src, &r);
	party_failed(e, sa, in->now);
	return IKE_RX_handled;
}

static enum ike_rx take_payloads(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	take_lifetime(e, sa, &in->msg);
	/* Deletes of pairs first, the SA itself last: it may go with it. */
	for (size_t i = 1; i < in->msg.n; i++) {
		const struct ike_payload *p = &in->msg.pld[i];

		if (p->type == IKE1_PLD_NOTIFY)
			take_notify(e, sa, &p->notify, in);
		else if (p->type == IKE1_PLD_DELETE && p->del.protocol == IKE_PROTO_ESP)
			take_delete_esp(e, sa, &p->del, in->now);
	}
	for (size_t i = 1; i < in->msg.n; i++) {
		const struct ike_payload *p = &in->msg.pld[i];

		if (p->type == IKE1_PLD_DELETE && p->del.protocol == IKE_PROTO_IKE &&
		    take_delete_ike(e, sa, &p->del, in->now))
			break;
	}
	return IKE_RX_handled;
}

/* What does not decrypt while message 5 is out: the peer computed other keys. */
static enum ike_rx undecryptable(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in)
{
	if (sa->hs == NULL)
		return IKE_RX_undecryptable;
	/* One may be what the peer sent after a message 6 that was lost. */
	if (sa->hs->undecryptable++ == 0) {
		refuse_log(e, IKE_LOG_NOTICE, sa->peer, sa, in->hdr.msgid,
			   "invalid HASH_V1 payload length, decryption failed?; could not decrypt "
			   "payloads; message parsing failed");
		return IKE_RX_undecryptable;
	}
	exchange_hurry(&sa->x);
	return IKE_RX_undecryptable;
}

enum ike_rx info_message(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	uint8_t iv[SUITE_MAX_BLOCK];
	bool dpd;
	int r;

	if (exchange_msgid_seen(&sa->msgids, in->hdr.msgid) ||
	    exchange_msgid_seen(&sa->dpd_msgids, in->hdr.msgid))
		return IKE_RX_replayed;
	if (seal_first_iv(sa, in->hdr.msgid, iv) != 0)
		return IKE_RX_internal;
	r = seal_open(sa, in, iv);
	if (r == -EBADMSG)
		return undecryptable(e, sa, in);
	if (r != 0)
		return IKE_RX_internal;
	if (!seal_hash1_ok(sa, in)) {
		undecryptable(e, sa, in);
		return IKE_RX_unauthentic;
	}
	/* DPD is frequent, and has numbers of its own against replay. */
	dpd = in->msg.n == 2 && in->msg.pld[1].type == IKE1_PLD_NOTIFY &&
	      is_dpd(in->msg.pld[1].notify.type);
	exchange_msgid_add(dpd ? &sa->dpd_msgids : &sa->msgids, in->hdr.msgid);
	if (dpd && !dpd_fresh(sa, &in->msg.pld[1].notify))
		return IKE_RX_replayed;
	if (sa->state == SA_MSG5_SENT)
		return refused_early(e, sa, in);
	dpd_alive(sa, in->now);
	roam_heard(e, sa, in->d, in->now);
	return take_payloads(e, sa, in);
}
