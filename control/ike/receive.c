/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * receive.c - the way in for datagrams: header, IKE version, which SA, who may begin. Anything may
 * come in here.
 */
#include "control/ike/engine.h"

#include <errno.h>

#include "control/ike/dhwork.h"
#include "control/ike/ike_sa.h"
#include "control/ike/probe.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike/version.h"
#include "control/ike1/aggr.h"
#include "control/ike1/frag1.h"
#include "control/ike1/fsm.h"
#include "control/ike1/phase1.h"
#include "control/ike2/ike2.h"

static const char *mode_name(enum ike_exchange_mode mode)
{
	return mode == IKE_MODE_IKE2	     ? "IKEv2"
	       : mode == IKE_MODE_AGGRESSIVE ? "IKEv1 aggressive mode"
					     : "IKEv1 main mode";
}

/* A known peer speaks the other version: worth saying, not worth an answer. */
static enum ike_rx other_version(struct ike_engine *e, struct ike_peer *peer,
				 const struct ike_datagram *d, unsigned version)
{
	struct refuse r = {
		.code = IKE_P1_VERSION_MISMATCH,
		.message = "first message",
		.classic = version == 2 ? "no IKE config found, ignoring IKEv2 request"
					: "no IKE config found, ignoring IKEv1 request",
		.received = version == 2 ? "IKEv2" : "IKEv1",
		.configured = mode_name(peer->conf.mode),
		.advice = version == 2 ? "set IKEv1 at the peer, or exchange-mode=ike2 here"
				       : "set IKEv2 at the peer, or exchange-mode=main here",
	};

	refuse(e, peer, NULL, &d->src, &r);
	return IKE_RX_version;
}

/* An SA of ours, and a message of the other version: at most a hint that the peer does not speak
 * ours. */
static enum ike_rx mixed_version(struct ike_sa *sa, const struct ike_datagram *d)
{
	if (sa->state == SA_INIT_SENT && peers_addr_equal(&d->src, &sa->at.remote)) {
		sa->v2->hs->told = true;
		sa->v2->hs->told_type = IKE2_N_INVALID_MAJOR_VERSION;
		exchange_hurry(&sa->x);
	}
	return IKE_RX_version;
}

/* A known peer begins in another mode of IKEv1 than it is configured for. */
static enum ike_rx other_mode(struct ike_engine *e, struct ike_peer *peer, const struct ike1_in *in)
{
	bool aggressive = in->hdr.exchange == IKE1_EXCH_AGGRESSIVE;
	struct refuse r = {
		.code = IKE_P1_MODE_MISMATCH,
		.message = "first message",
		.classic = "found 1 matching config, but none allows pre-shared key "
			   "authentication using Main Mode",
		.received = ike_exchange_name(in->hdr.exchange),
		.configured = mode_name(peer->conf.mode),
		.advice = "set aggressive mode at the peer; or exchange-mode=main here, which is "
			  "the safer of both",
	};

	if (aggressive) {
		r.classic = "found 1 matching config, but none allows pre-shared key "
			    "authentication using Aggressive Mode";
		r.advice = "set main mode at the peer; it is the safer of both";
	}
	refuse(e, peer, NULL, &in->d->src, &r);
	return IKE_RX_refused;
}

/* No SA of ours has these cookies: a repeated or a first message 1 of phase 1, or nothing. */
static enum ike_rx stranger(struct ike_engine *e, struct ike1_in *in)
{
	enum fsm_event event = fsm_event_of(&in->hdr);
	bool aggressive = event == FSM_AGGRESSIVE;
	struct ike_peer *peer;
	struct ike_sa *sa;

	if (in->hdr.rspi != 0)
		return IKE_RX_unknown_sa;
	if (in->hdr.ispi == 0)
		return IKE_RX_malformed;
	if (event == FSM_MAIN || aggressive) {
		sa = ike_sa_find_first(e, in->hdr.ispi, &in->d->src);
		if (sa != NULL && exchange_is_repeat(&sa->x, in->d->data, in->d->len))
			return fsm_run(e, sa, in);
		if (sa != NULL)
			return IKE_RX_wrong_state;
	}
	peer = peers_choose(&e->peers, &in->d->src, &in->d->dst,
			    aggressive ? IKE_MODE_AGGRESSIVE : IKE_MODE_MAIN, NULL);
	if (peer != NULL && (event == FSM_MAIN || aggressive)) {
		if (in->hdr.msgid != 0)
			return IKE_RX_malformed;
		return aggressive ? aggr_r_msg1(e, peer, in) : phase1_r_msg1(e, peer, in);
	}
	if (peer == NULL)
		peer = peers_find_addr(&e->peers, &in->d->src, &in->d->dst);
	if (peer == NULL)
		return IKE_RX_unknown_source;
	if (peer->v->number != 1)
		return other_version(e, peer, in->d, 1);
	if (event == FSM_MAIN || aggressive)
		return other_mode(e, peer, in);
	return event == FSM_OTHER ? fsm_refuse(e, peer, NULL, in) : IKE_RX_unknown_sa;
}

/* A message of IKEv2 that no SA of ours is for: first ones of peers that speak it. */
static enum ike_rx receive2(struct ike_engine *e, const struct ike_datagram *d,
			    const struct ike_hdr *hdr, uint64_t now)
{
	const struct ike_sa *sa = ike_sa_find(e, hdr->ispi, hdr->rspi);
	struct ike_peer *peer;

	if (sa == NULL) {
		peer = peers_choose(&e->peers, &d->src, &d->dst, IKE_MODE_IKE2, NULL);
		if (peer == NULL)
			peer = peers_find_addr(&e->peers, &d->src, &d->dst);
		if (peer != NULL && peer->v->number != 2)
			return other_version(e, peer, d, 2);
	}
	return ike2_receive(e, d, hdr, now);
}

/* RFC 7296 section 2.5: a higher major version is answered with ours, in clear; nobody but a peer
 * is told, and with no more bytes than it sent. */
static enum ike_rx later_version(struct ike_engine *e, const struct ike_datagram *d,
				 const struct ike_hdr *hdr)
{
	struct ike_peer *peer = peers_choose(&e->peers, &d->src, &d->dst, IKE_MODE_IKE2, NULL);
	struct ike_sa like = {.peer = peer,
			      .responder = true,
			      .unseen = true,
			      .ispi = hdr->ispi,
			      .rspi = hdr->rspi,
			      .at = {.local = d->dst,
				     .remote = d->src,
				     .local_port = d->dst_port,
				     .remote_port = d->src_port,
				     .marker = d->marker}};
	struct ike2_out o;

	if (hdr->version >> 4 <= 2 || hdr->flags & IKE2_FLAG_RESPONSE || peer == NULL)
		return IKE_RX_version;
	ike2_seal_begin(&o, &like, hdr->exchange, hdr->msgid, true, false);
	ike2_add_notify(&o, IKE2_N_INVALID_MAJOR_VERSION, NULL, 0);
	if (ike_msg_finish(&o.b, 0, &o.len) == 0 && o.len <= d->len)
		ike_sa_send(e, &like, o.buf, o.len);
	return IKE_RX_version;
}

/* A piece of a message of IKEv1: the last one brings the whole. */
static enum ike_rx piece(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	struct ike_datagram whole = *in->d;
	uint8_t buf[IKE_MAX_MESSAGE];
	struct ike_parse_error error;
	enum ike_rx rx;

	switch (frag1_take(sa, in, &whole, buf)) {
	case 0:
		in->d = &whole;
		(void)ike_msg_parse_header(&in->hdr, whole.data, whole.len, &error);
		rx = fsm_run(e, sa, in);
		ike_vendor_note(e, in->d, &in->msg);
		return rx;
	case -EAGAIN:
		return IKE_RX_handled;
	case -EALREADY:
		return IKE_RX_repeat;
	case -EACCES:
		return IKE_RX_wrong_state;
	case -ENOSPC:
		return IKE_RX_limited;
	case -ENOMEM:
		return IKE_RX_internal;
	default:
		return IKE_RX_malformed;
	}
}

static enum ike_rx receive(struct ike_engine *e, const struct ike_datagram *d, uint64_t now)
{
	struct ike_parse_error error;
	struct ike1_in in;
	struct ike_sa *sa;
	unsigned version;
	enum ike_rx rx;
	int r;

	if (d->len == 1 && d->data[0] == 0xff)
		return IKE_RX_keepalive;
	if (d->len < IKE_HDR_LEN || d->len > IKE_MAX_MESSAGE ||
	    (d->src.family != 4 && d->src.family != 6) || d->src.family != d->dst.family)
		return IKE_RX_malformed;
	if (!peers_addr_is_host(&d->src))
		return IKE_RX_unknown_source;
	r = ike_msg_parse_header(&in.hdr, d->data, d->len, &error);
	if (r != 0)
		return error.reason == IKE_PARSE_VERSION ? later_version(e, d, &in.hdr)
							 : IKE_RX_malformed;
	if (probe_take(e, d, &in.hdr, now))
		return IKE_RX_handled;
	version = in.hdr.version >> 4;
	sa = ike_sa_find(e, in.hdr.ispi, in.hdr.rspi);
	if (sa != NULL && sa->peer->v->number != version)
		return mixed_version(sa, d);
	if (version == 2)
		return receive2(e, d, &in.hdr, now);
	in.d = d;
	in.now = now;
	in.msg.n = 0;
	in.msg.error.reason = IKE_PARSE_OK;
	if (in.hdr.next == IKE1_PLD_FRAGMENT)
		return sa != NULL ? piece(e, sa, &in) : IKE_RX_unknown_sa;
	rx = sa != NULL ? fsm_run(e, sa, &in) : stranger(e, &in);
	ike_vendor_note(e, d, &in.msg);
	return rx;
}

void ike_engine_input(struct ike_engine *e, const struct ike_datagram *d, uint64_t now)
{
	e->now = now;
	e->budget = IKE_AMPLIFICATION * d->len;
	e->counters.rx++;
	switch (receive(e, d, now)) {
#define COUNT(name, label, text)                                                                   \
	case IKE_RX_##name:                                                                        \
		e->counters.rx_##name++;                                                           \
		break;
		IKE_RX_CLASSES(COUNT)
	case IKE_RX_ASIDE:
		e->counters.rx--; /* not yet */
		break;
	}
	e->budget = 0;
}
