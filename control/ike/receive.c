/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * receive.c - the way in for datagrams: header, IKE version, which SA, who may begin. Anything may
 * come in here.
 */
#include "control/ike/engine.h"

#include "control/ike/ike_sa.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike1/fsm.h"
#include "control/ike1/phase1.h"

/* A known peer speaks the other version: worth saying, not worth an answer. */
static enum ike_rx other_version(struct ike_engine *e, const struct ike_datagram *d,
				 const struct ike_hdr *h)
{
	struct ike_peer *peer = peers_find_addr(&e->peers, &d->src, &d->dst);
	struct refuse r = {
		.code = IKE_P1_VERSION_MISMATCH,
		.message = "first message",
		.classic = "no IKE config found, ignoring IKEv2 request",
		.received = "IKEv2",
		.configured = "IKEv1 main mode",
		.advice = "set IKEv1 main mode at the peer, or exchange-mode=ike2 here",
	};

	if (peer != NULL && (h->version >> 4) == 2)
		refuse(e, peer, NULL, &d->src, &r);
	return IKE_RX_version;
}

static enum ike_rx other_mode(struct ike_engine *e, struct ike_peer *peer, const struct ike1_in *in)
{
	struct refuse r = {
		.code = IKE_P1_MODE_MISMATCH,
		.message = "aggressive mode message 1",
		.classic = "found 1 matching config, but none allows pre-shared key "
			   "authentication using Aggressive Mode",
		.received = "aggressive mode",
		.configured = "main mode",
		.advice = "set main mode at the peer; it is the safer of both",
	};

	refuse(e, peer, NULL, &in->d->src, &r);
	return IKE_RX_refused;
}

/* No SA of ours has these cookies. */
static enum ike_rx stranger(struct ike_engine *e, struct ike1_in *in)
{
	struct ike_peer *peer;
	struct ike_sa *sa;
	enum fsm_event event = fsm_event_of(&in->hdr);

	if (in->hdr.rspi != 0)
		return IKE_RX_unknown_sa;
	if (in->hdr.ispi == 0)
		return IKE_RX_malformed;
	if (event == FSM_MAIN) {
		sa = ike_sa_find_first(e, in->hdr.ispi, &in->d->src);
		if (sa != NULL && exchange_is_repeat(&sa->x, in->d->data, in->d->len))
			return fsm_run(e, sa, in);
		if (sa != NULL)
			return IKE_RX_wrong_state;
	}
	peer = peers_find_addr(&e->peers, &in->d->src, &in->d->dst);
	if (peer == NULL)
		return IKE_RX_unknown_source;
	if (event == FSM_AGGRESSIVE)
		return other_mode(e, peer, in);
	if (event != FSM_MAIN)
		return IKE_RX_unknown_sa;
	return in->hdr.msgid == 0 ? phase1_r_msg1(e, peer, in) : IKE_RX_malformed;
}

static enum ike_rx receive(struct ike_engine *e, const struct ike_datagram *d, uint64_t now)
{
	struct ike_parse_error error;
	struct ike1_in in;
	struct ike_sa *sa;
	int r;

	if (d->len == 1 && d->data[0] == 0xff)
		return IKE_RX_keepalive;
	if (d->len < IKE_HDR_LEN || d->len > IKE_MAX_MESSAGE ||
	    (d->src.family != 4 && d->src.family != 6) || d->src.family != d->dst.family)
		return IKE_RX_malformed;
	r = ike_msg_parse_header(&in.hdr, d->data, d->len, &error);
	if (r != 0)
		return error.reason == IKE_PARSE_VERSION ? IKE_RX_version : IKE_RX_malformed;
	if ((in.hdr.version >> 4) != 1)
		return other_version(e, d, &in.hdr);
	in.d = d;
	in.now = now;
	in.msg.n = 0;
	in.msg.error.reason = IKE_PARSE_OK;
	sa = ike_sa_find(e, in.hdr.ispi, in.hdr.rspi);
	return sa != NULL ? fsm_run(e, sa, &in) : stranger(e, &in);
}

void ike_engine_input(struct ike_engine *e, const struct ike_datagram *d, uint64_t now)
{
	e->now = now;
	e->counters.rx++;
	switch (receive(e, d, now)) {
#define COUNT(name, text)                                                                          \
	case IKE_RX_##name:                                                                        \
		e->counters.rx_##name++;                                                           \
		break;
		IKE_RX_CLASSES(COUNT)
	case IKE_RX_CLASS_COUNT:
		break;
	}
}
