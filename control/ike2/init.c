/* SPDX-License-Identifier: BSD-3-Clause */
/* init.c - IKE_SA_INIT as initiator, and NAT detection of both roles (RFC 7296 sections 1.2, 2.6,
 * 2.23). */
#include <errno.h>
#include <string.h>

#include "control/crypto/sk.h"
#include "control/ike/dhwork.h"
#include "control/ike/natd.h"
#include "control/ike/party.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike2/ike2.h"

#define NATD_LEN 20u /* SHA-1 */

int ike2_put_nat(struct ike2_out *o, const struct ike_sa *sa)
{
	uint8_t hash[SUITE_MAX_HASH];
	int r = natd_hash(SUITE_HASH_SHA1, sa->ispi, sa->rspi, &sa->at.local, sa->at.local_port,
			  hash);

	if (r != 0)
		return r;
	ike2_add_notify(o, IKE2_N_NAT_DETECTION_SOURCE_IP, hash, NATD_LEN);
	r = natd_hash(SUITE_HASH_SHA1, sa->ispi, sa->rspi, &sa->at.remote, sa->at.remote_port,
		      hash);
	if (r == 0)
		ike2_add_notify(o, IKE2_N_NAT_DETECTION_DESTINATION_IP, hash, NATD_LEN);
	return r;
}

/* Does one of the notifies of a type hold the hash of an address? *any: there is one. */
static bool has_hash(const struct ike2_in *in, uint16_t type, const struct abi_addr *addr,
		     uint16_t port, bool *any)
{
	const struct ike_payload *p;
	uint8_t hash[SUITE_MAX_HASH];
	bool found = false;

	*any = false;
	if (natd_hash(SUITE_HASH_SHA1, in->hdr.ispi, in->hdr.rspi, addr, port, hash) != 0)
		return true;
	for (p = ike_msg_find(&in->msg, IKE2_PLD_NOTIFY); p != NULL;
	     p = ike_msg_next(&in->msg, p)) {
		if (p->notify.type != type)
			continue;
		*any = true;
		found |= sk_equal(p->notify.data.data, p->notify.data.len, hash, NATD_LEN);
	}
	return found;
}

void ike2_take_nat(struct ike_engine *e, struct ike_sa *sa, const struct ike2_in *in)
{
	bool src, dst, any_src, any_dst;

	src = has_hash(in, IKE2_N_NAT_DETECTION_SOURCE_IP, &in->d->src, in->d->src_port, &any_src);
	dst = has_hash(in, IKE2_N_NAT_DETECTION_DESTINATION_IP, &in->d->dst, in->d->dst_port,
		       &any_dst);
	if (!any_src || !any_dst)
		return;
	sa->natt = NATD_VENDOR_RFC3947; /* in use */
	sa->nat_remote = !src;
	sa->nat_local = !dst;
	if (sa->nat_local)
		refuse_log(e, IKE_LOG_INFO, sa->peer, sa, 0,
			   "local host is behind NAT, sending keep alives");
	if (sa->nat_local)
		ike_sa_tell_private(e, sa);
	if (sa->nat_remote)
		refuse_log(e, IKE_LOG_INFO, sa->peer, sa, 0, "remote host is behind NAT");
}

static int send_request(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike2_sa *v2 = sa->v2;
	struct prop2_want want;
	struct ike2_out o;
	const uint8_t *public;
	size_t len;
	int r;

	prop2_want_ike(&want, &sa->peer->conf.profile, false);
	ike2_seal_begin(&o, sa, IKE2_EXCH_SA_INIT, 0, false, false);
	if (v2->hs->cookie_len != 0) /* the first payload: section 2.6 */
		ike2_add_notify(&o, IKE2_N_COOKIE, v2->hs->cookie, v2->hs->cookie_len);
	ike_msg_open(&o.b, IKE2_PLD_SA);
	r = prop2_build(&o.b.w, &want, NULL);
	ike_msg_close(&o.b);
	if (r != 0)
		return r;
	public = dh_public(v2->hs->dh, &len);
	ike2_msg_add_ke(&o.b, dh_group(v2->hs->dh), public, len);
	ike_msg_add(&o.b, IKE2_PLD_NONCE, v2->ni, v2->ni_len);
	r = ike2_put_nat(&o, sa);
	ike2_add_notify(&o, IKE2_N_FRAGMENTATION_SUPPORTED, NULL, 0);
	if (r == 0)
		r = ike2_seal_finish(e, &o, sa);
	if (r == 0)
		r = ike2_bytes_set(&v2->hs->init_i, o.buf, o.len);
	return r != 0 ? r : exchange_ask(e, &sa->x, o.buf, o.len, now);
}

void ike2_begin(struct ike_engine *e, struct ike_peer *peer, uint64_t now)
{
	struct ike_endpoint at = ike_sa_first_endpoint(peer);
	struct ike_sa *sa = ike_sa_new(e, peer, false, &at, 0, now);
	int r;

	if (sa == NULL) {
		refuse_log(e, IKE_LOG_ERROR, peer, NULL, 0, "cannot begin IKE_SA_INIT: %s",
			   strerror(errno));
		return;
	}
	sa->state = SA_INIT_SENT;
	e->counters.phase1_started++;
	peer->attempt = sa;
	refuse_log(e, IKE_LOG_INFO, peer, sa, 0, "initiating IKE_SA");
	sa->v2->ni_len = IKE_NONCE_LEN;
	r = state_random(e, sa->v2->ni, IKE_NONCE_LEN);
	if (r == 0)
		r = dhwork_new(e, peer->conf.profile.dh[0], &sa->v2->hs->dh);
	if (r == 0)
		r = send_request(e, sa, now);
	if (r == 0)
		return;
	refuse_log(e, IKE_LOG_ERROR, peer, sa, 0, "cannot begin IKE_SA_INIT: %s", strerror(-r));
	ike_sa_free(e, sa, now);
}

static enum ike_rx again_with_cookie(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in,
				     const struct ike_pld_notify *n)
{
	struct ike2_handshake *hs = sa->v2->hs;

	if (n->data.len == 0 || n->data.len > IKE2_MAX_COOKIE || hs->cookies >= IKE2_MAX_RETRIES)
		return IKE_RX_unprotected;
	hs->cookies++;
	memcpy(hs->cookie, n->data.data, n->data.len);
	hs->cookie_len = n->data.len;
	return send_request(e, sa, in->now) == 0 ? IKE_RX_handled : IKE_RX_internal;
}

/* The responder wants another group: only if it is one of ours. */
static enum ike_rx again_with_group(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in,
				    const struct ike_pld_notify *n)
{
	const struct ike_profile_conf *conf = &sa->peer->conf.profile;
	struct ike2_handshake *hs = sa->v2->hs;
	enum ike_rx rx;
	uint16_t group;
	bool ours = false;

	if (n->data.len != 2)
		return IKE_RX_malformed;
	group = (uint16_t)(n->data.data[0] << 8 | n->data.data[1]);
	for (size_t i = 0; i < conf->n_dh; i++)
		ours |= conf->dh[i] == group;
	if (!ours || group == dh_group(hs->dh) || hs->groups >= IKE2_MAX_RETRIES) {
		hs->told = true;
		hs->told_type = n->type;
		hs->told_group = group;
		exchange_hurry(&sa->x);
		return IKE_RX_unprotected;
	}
	if (dhwork_pair(e, sa, group, in->d, &rx))
		return rx;
	hs->groups++;
	refuse_log(e, IKE_LOG_INFO, sa->peer, sa, 0,
		   "peer did not accept DH group %u, it requested %u", dh_group(hs->dh), group);
	if (dhwork_new(e, group, &hs->dh) != 0 || send_request(e, sa, in->now) != 0)
		return IKE_RX_internal;
	return IKE_RX_handled;
}

/* Without SA payload: it says why not, and proves nothing. */
static enum ike_rx take_notifies(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in)
{
	const struct ike_pld_notify *n = ike2_find_notify(&in->msg, IKE2_N_COOKIE);

	if (n != NULL)
		return again_with_cookie(e, sa, in, n);
	n = ike2_find_notify(&in->msg, IKE2_N_INVALID_KE_PAYLOAD);
	if (n != NULL)
		return again_with_group(e, sa, in, n);
	n = ike2_find_error(&in->msg);
	if (n == NULL)
		return IKE_RX_malformed;
	refuse_log(e, sa->v2->hs->told ? IKE_LOG_DEBUG : IKE_LOG_INFO, sa->peer, sa, 0,
		   "received %s notify error (not protected, so only a hint)",
		   ike2_notify_name(n->type));
	sa->v2->hs->told = true;
	sa->v2->hs->told_type = n->type;
	sa->v2->hs->told_payload = /* RFC 7296 section 3.10.1 */
		n->type == IKE2_N_UNSUPPORTED_CRITICAL_PAYLOAD && n->data.len == 1 ? n->data.data[0]
										   : 0;
	exchange_hurry(&sa->x);
	return IKE_RX_unprotected;
}

/* SA, KE and nonce of the response; nothing is changed unless all are good. */
static int take_payloads(struct ike_sa *sa, struct ike2_in *in, struct prop_diff *diff)
{
	const struct ike_payload *p = ike_msg_find(&in->msg, IKE2_PLD_SA);
	const struct ike_payload *ke = ike_msg_find(&in->msg, IKE2_PLD_KE);
	struct ike2_handshake *hs = sa->v2->hs;
	struct prop2_choice choice;
	struct prop2_want want;
	struct prop2_sa props;

	if (prop2_decode(&props, &p->sa, &in->msg.error) != 0 || !prop2_single(&props))
		return -EBADMSG;
	prop2_want_ike(&want, &sa->peer->conf.profile, false);
	if (prop2_select(&props, &want, 0, &choice, diff) != 0)
		return -ENOENT;
	if (in->hdr.rspi == 0 || in->hdr.rspi == sa->ispi || ke == NULL ||
	    choice.group != dh_group(hs->dh) || ke->ke.group != choice.group ||
	    ke->ke.data.len > sizeof(hs->peer_public) ||
	    dh_check_public(choice.group, ke->ke.data.data, ke->ke.data.len) != 0 ||
	    ike2_take_nonce(&in->msg, sa->v2->nr, &sa->v2->nr_len) != 0)
		return -EBADMSG;
	memcpy(hs->peer_public, ke->ke.data.data, ke->ke.data.len);
	hs->peer_public_len = ke->ke.data.len;
	ike2_take_choice(sa, &choice);
	return 0;
}

static enum ike_rx wrong_choice(struct ike_engine *e, struct ike_sa *sa, const struct ike2_in *in,
				const struct prop_diff *diff)
{
	char received[IKE_EVIDENCE_TEXT], configured[IKE_EVIDENCE_TEXT];
	struct refuse r = {
		.code = IKE_P1_ALG_MISMATCH,
		.message = "IKE_SA_INIT response",
		.classic = "no suitable proposal found",
		.received = received,
		.configured = configured,
		.advice = "the peer answered with what we did not offer: an error of the peer",
	};

	r.diff = diff;
	refuse_diff_print(diff, received, configured);
	refuse(e, sa->peer, sa, &in->d->src, &r);
	return IKE_RX_refused;
}

enum ike_rx ike2_init_response(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in)
{
	struct ike2_sa *v2 = sa->v2;
	struct prop_diff diff;
	enum ike_rx rx;
	int r;

	if (in->hdr.msgid != 0 || ike2_seal_parse(in) != 0)
		return ike2_malformed(e, sa, in, "IKE_SA_INIT response", "no IKE message");
	if (ike_msg_find(&in->msg, IKE2_PLD_SA) == NULL)
		return take_notifies(e, sa, in);
	r = take_payloads(sa, in, &diff);
	if (r == 0 && dhwork_derive(e, sa, v2->hs->dh, v2->hs->peer_public, v2->hs->peer_public_len,
				    in->d, &rx))
		return rx;
	if (r == -ENOENT)
		return wrong_choice(e, sa, in, &diff);
	if (r != 0)
		return ike2_malformed(e, sa, in, "IKE_SA_INIT response",
				      "not one SA, KE and nonce that fit our request");
	sa->rspi = in->hdr.rspi;
	r = ike2_derive(sa, v2->hs->dh, v2->hs->peer_public, v2->hs->peer_public_len, NULL);
	if (r == 0)
		r = ike2_bytes_set(&v2->hs->init_r, in->d->data, in->d->len);
	if (r != 0) {
		sa->rspi = 0;
		return r == -EINVAL ? IKE_RX_malformed : IKE_RX_internal;
	}
	ike2_take_nat(e, sa, in);
	v2->fragments = ike2_find_notify(&in->msg, IKE2_N_FRAGMENTATION_SUPPORTED) != NULL;
	if (ike2_auth_hindered(e, sa, in->now)) {
		party_failed(e, sa, in->now);
		return IKE_RX_refused;
	}
	ike_sa_float(sa);
	v2->next_out = 1;
	r = ike2_auth_ask(e, sa, in->now);
	if (r != 0) {
		refuse_log(e, IKE_LOG_ERROR, sa->peer, sa, 1, "cannot send IKE_AUTH: %s",
			   strerror(-r));
		sa->rspi = 0; /* the response may come again */
		return IKE_RX_internal;
	}
	sa->state = SA_AUTH_SENT;
	return IKE_RX_handled;
}
