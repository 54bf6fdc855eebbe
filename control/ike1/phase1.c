/* SPDX-License-Identifier: BSD-3-Clause */
/* phase1.c - main mode: what both roles share, and what follows an exchange; see phase1.h. */
#include "control/ike1/phase1.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "control/crypto/sk.h"
#include "control/ike/dhwork.h"
#include "control/ike/ident.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"

/* The initiator's own KE or nonce came back. */
static bool is_echo(const struct ike_sa *sa, const struct ike_payload *ke,
		    const struct ike_payload *nonce)
{
	const uint8_t *own;
	size_t len;

	if (sa->responder || sa->hs->dh == NULL)
		return false;
	own = dh_public(sa->hs->dh, &len);
	return (ke->body.len == len && memcmp(ke->body.data, own, len) == 0) ||
	       (nonce->body.len == sa->hs->ni_len &&
		memcmp(nonce->body.data, sa->hs->ni, sa->hs->ni_len) == 0);
}

int phase1_take_ke(struct ike_sa *sa, const struct ike_msg *m)
{
	const struct ike_payload *ke = ike_msg_find(m, IKE1_PLD_KE);
	const struct ike_payload *nonce = ike_msg_find(m, IKE1_PLD_NONCE);
	struct ike1_handshake *hs = sa->hs;

	if (ke == NULL || nonce == NULL || is_echo(sa, ke, nonce) ||
	    ke->body.len > sizeof(hs->peer_public) || nonce->body.len < IKE_MIN_NONCE ||
	    nonce->body.len > IKE_MAX_NONCE ||
	    dh_check_public(sa->group, ke->body.data, ke->body.len) != 0)
		return -EBADMSG;
	memcpy(hs->peer_public, ke->body.data, ke->body.len);
	hs->peer_public_len = ke->body.len;
	memcpy(sa->responder ? hs->ni : hs->nr, nonce->body.data, nonce->body.len);
	*(sa->responder ? &hs->ni_len : &hs->nr_len) = nonce->body.len;
	return 0;
}

int phase1_make_ke(struct ike_engine *e, struct ike_sa *sa)
{
	struct ike1_handshake *hs = sa->hs;
	int r = dhwork_new(e, sa->group, &hs->dh);

	if (r != 0)
		return r;
	*(sa->responder ? &hs->nr_len : &hs->ni_len) = IKE_NONCE_LEN;
	return state_random(e, sa->responder ? hs->nr : hs->ni, IKE_NONCE_LEN);
}

static void put_cookies(const struct ike_sa *sa, uint8_t *i, uint8_t *r)
{
	uint64_t ispi = htobe64(sa->ispi), rspi = htobe64(sa->rspi);

	memcpy(i, &ispi, sizeof(ispi));
	memcpy(r, &rspi, sizeof(rspi));
}

static struct prf_piece own_public(const struct ike_sa *sa)
{
	struct prf_piece p;

	p.data = dh_public(sa->hs->dh, &p.len);
	return p;
}

static struct prf_piece peer_public(const struct ike_sa *sa)
{
	return (struct prf_piece){sa->hs->peer_public, sa->hs->peer_public_len};
}

static int derive(struct ike_sa *sa, struct prf_piece gxy)
{
	const struct ike1_handshake *hs = sa->hs;
	struct keymat_ike1_input in = {
		.hash = sa->hash,
		.encr = sa->encr.id,
		.key_bits = sa->encr.key_bits,
		.psk = {sa->peer->psk, sa->peer->psk_len},
		.ni_b = {hs->ni, hs->ni_len},
		.nr_b = {hs->nr, hs->nr_len},
		.gxy = gxy,
	};

	put_cookies(sa, in.cky_i, in.cky_r);
	return keymat_ike1_psk(sa->keys, &in);
}

int phase1_derive(struct ike_sa *sa)
{
	struct ike1_handshake *hs = sa->hs;
	struct prf_piece own = own_public(sa), peer = peer_public(sa);
	const struct suite_encr *encr = suite_encr_find(sa->encr.id, sa->encr.key_bits);
	uint8_t secret[DH_MAX_SECRET];
	size_t len;
	int r;

	if (encr == NULL)
		return -ENOTSUP;
	r = dh_derive(hs->dh, hs->peer_public, hs->peer_public_len, secret, sizeof(secret), &len);
	if (r != 0)
		return r;
	r = derive(sa, (struct prf_piece){secret, len});
	OPENSSL_cleanse(secret, sizeof(secret));
	if (r != 0)
		return r;
	return keymat_ike1_phase1_iv(sa->hash, sa->responder ? &peer : &own,
				     sa->responder ? &own : &peer, sa->iv, encr->block);
}

int phase1_derive_auth(struct ike_sa *sa)
{
	static const uint8_t none;

	return derive(sa, (struct prf_piece){&none, 0}); /* SKEYID is right, the rest to come */
}

void phase1_put_ke(struct ike_sa *sa, struct ike1_out *o)
{
	struct ike1_handshake *hs = sa->hs;
	struct prf_piece own = own_public(sa);

	ike_msg_add(&o->b, IKE1_PLD_KE, own.data, own.len);
	if (sa->responder)
		ike_msg_add(&o->b, IKE1_PLD_NONCE, hs->nr, hs->nr_len);
	else
		ike_msg_add(&o->b, IKE1_PLD_NONCE, hs->ni, hs->ni_len);
}

int phase1_put_nat(struct ike_sa *sa, struct ike1_out *o)
{
	if (sa->natt == NATD_VENDOR_UNKNOWN)
		return 0;
	return natd_add(&o->b, sa->natt, sa->hash, sa->ispi, sa->rspi, &sa->at.local,
			sa->at.local_port, &sa->at.remote, sa->at.remote_port);
}

void phase1_put_id(const struct ike_sa *sa, struct ike1_out *o, struct ike_view *id_b)
{
	struct ike_identity_conf id;
	size_t body;

	ike_sa_my_id(sa, &id);
	ike_msg_open(&o->b, IKE1_PLD_ID);
	body = o->b.w.pos;
	ident_put_ike1(&o->b.w, &id, sa->at.marker ? 0 : IKE_PORT);
	*id_b = (struct ike_view){o->buf + body, o->b.w.pos - body};
	ike_msg_close(&o->b);
}

void phase1_put_initial_contact(const struct ike_sa *sa, struct ike1_out *o)
{
	struct ike_pld_notify n = {
		.doi = IKE1_DOI_IPSEC, .protocol = IKE_PROTO_IKE, .type = IKE1_N_INITIAL_CONTACT};
	uint8_t cookies[2 * IKE_COOKIE_LEN];
	struct wire_writer w;

	/* RFC 2407 section 4.6.3.3: the SPI is both cookies. */
	wire_writer_init(&w, cookies, sizeof(cookies));
	wire_put_u64(&w, sa->ispi);
	wire_put_u64(&w, sa->rspi);
	n.spi = (struct ike_view){cookies, sizeof(cookies)};
	ike_msg_add_notify(&o->b, &n);
}

void phase1_take_vendors(struct ike_sa *sa, const struct ike_msg *m)
{
	sa->natt = sa->peer->conf.profile.nat_traversal ? natd_variant(m) : NATD_VENDOR_UNKNOWN;
	sa->dpd = natd_vendor_has(m, NATD_VENDOR_DPD);
	sa->fragments = natd_vendor_has(m, NATD_VENDOR_FRAGMENTATION);
}

int phase1_keep(uint8_t **to, size_t *to_len, const uint8_t *body, size_t len)
{
	uint8_t *copy = malloc(len);

	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, body, len);
	free(*to);
	*to = copy;
	*to_len = len;
	return 0;
}

void phase1_take_nat(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in)
{
	struct natd_result nat;

	if (sa->natt == NATD_VENDOR_UNKNOWN ||
	    natd_check(&in->msg, sa->hash, &in->d->dst, in->d->dst_port, &in->d->src,
		       in->d->src_port, &nat) != 0 ||
	    !nat.seen)
		return;
	sa->nat_local = nat.local_nat;
	sa->nat_remote = nat.remote_nat;
	if (nat.local_nat)
		refuse_log(e, IKE_LOG_INFO, sa->peer, sa, 0,
			   "local host is behind NAT, sending keep alives");
	if (nat.local_nat)
		ike_sa_tell_private(e, sa);
	if (nat.remote_nat)
		refuse_log(e, IKE_LOG_INFO, sa->peer, sa, 0, "remote host is behind NAT");
}

int phase1_hash(const struct ike_sa *sa, bool of_initiator, struct ike_view id_b, uint8_t *out)
{
	struct prf_piece own = own_public(sa), peer = peer_public(sa);
	struct keymat_ike1_auth a = {
		.gxi = sa->responder ? peer : own,
		.gxr = sa->responder ? own : peer,
		.sai_b = {sa->hs->sai_b, sa->hs->sai_len},
		.id_b = {id_b.data, id_b.len},
	};

	put_cookies(sa, a.cky_i, a.cky_r);
	return of_initiator ? keymat_ike1_hash_i(sa->keys, &a, out)
			    : keymat_ike1_hash_r(sa->keys, &a, out);
}

bool phase1_has_initial_contact(const struct ike_msg *m)
{
	const struct ike_payload *p;

	for (p = ike_msg_find(m, IKE1_PLD_NOTIFY); p != NULL; p = ike_msg_next(m, p)) {
		if (p->notify.type == IKE1_N_INITIAL_CONTACT)
			return true;
	}
	return false;
}

enum ike_rx phase1_malformed(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in,
			     const char *message, const char *what)
{
	struct refuse r = {
		.code = IKE_P1_MALFORMED,
		.message = message,
		.classic = "message parsing failed",
		.received = in->msg.error.reason != IKE_PARSE_OK
				    ? ike_parse_reason_text(in->msg.error.reason)
				    : what,
		.advice =
			"nothing to configure here: the message breaks RFC 2408 or RFC 2409; look "
			"for what changes packets on the way, or at the peer's software",
	};

	refuse(e, sa->peer, sa, &in->d->src, &r);
	return IKE_RX_malformed;
}

void phase1_notify(struct ike_engine *e, const struct ike_sa *sa, uint16_t type)
{
	struct ike_pld_notify n = {.doi = IKE1_DOI_IPSEC, .protocol = IKE_PROTO_IKE, .type = type};
	struct ike1_out o;
	uint32_t msgid;

	if (state_random(e, &msgid, sizeof(msgid)) != 0)
		return;
	seal_begin(&o, sa, IKE1_EXCH_INFO, msgid | 1, false, false);
	ike_msg_add_notify(&o.b, &n);
	if (seal_finish(&o) == 0)
		ike_sa_send(e, sa, o.buf, o.len);
}

enum ike_rx phase1_wrong_key(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in,
			     const char *message)
{
	bool in_clear = !ike_hdr_encrypted(&in->hdr);
	struct refuse r = {
		.code = IKE_P1_PSK_MISMATCH,
		.message = message,
		.classic =
			in_clear ? "received HASH payload does not match; integrity check failed; "
				   "calculated HASH does not match HASH payload"
				 : "invalid ID_V1 payload length, decryption failed?; could not "
				   "decrypt payloads; message parsing failed",
		.received = in_clear ? "a HASH made from another secret than ours"
				     : "a message that does not decrypt with the key made from "
				       "our secret",
		.advice = "the pre-shared keys differ: set the same secret here and at the peer "
			  "(look for blanks at its ends); behind NAT the peer must hold it for the "
			  "address or identity it sees",
	};

	sa->hs->undecryptable++;
	refuse(e, sa->peer, sa, &in->d->src, &r);
	return IKE_RX_undecryptable;
}

enum ike_rx phase1_wrong_id(struct ike_engine *e, struct ike_peer *peer, const struct ike_sa *sa,
			    const struct ike1_in *in, const struct ike_identity_conf *got,
			    const char *message)
{
	char want_text[IDENT_MAX_TEXT], got_text[IDENT_MAX_TEXT], classic[IDENT_MAX_TEXT * 2 + 64];
	struct refuse r = {
		.code = IKE_P1_ID_MISMATCH,
		.message = message,
		.classic = classic,
		.received = got_text,
		.configured = want_text,
		.advice =
			"set remote-id here to what the peer sends, or the peer's own ID (LocalId, "
			"my-id) to what is expected here; type and value must both agree",
	};

	ident_print(&peer->conf.remote_id, want_text, sizeof(want_text));
	r.id = got;
	ident_print(got, got_text, sizeof(got_text));
	snprintf(classic, sizeof(classic), "%s '%s' does not match to '%s'",
		 sa == NULL || sa->responder ? "IDii" : "IDir", got_text, want_text);
	refuse(e, peer, sa, &in->d->src, &r);
	return IKE_RX_refused;
}

/* Opens the message and verifies HASH_I or HASH_R over the identity as received. */
static enum ike_rx take_hash(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in,
			     const struct ike_payload **id, const char *message)
{
	const struct ike_payload *hash;
	uint8_t expected[SUITE_MAX_HASH];
	int r = seal_open(sa, in, sa->iv);

	if (r == -EBADMSG)
		return phase1_wrong_key(e, sa, in, message);
	if (r != 0)
		return IKE_RX_internal;
	*id = ike_msg_find(&in->msg, IKE1_PLD_ID);
	hash = ike_msg_find(&in->msg, IKE1_PLD_HASH);
	if (*id == NULL || hash == NULL)
		return phase1_wrong_key(e, sa, in, message); /* garbage may parse by chance */
	if (phase1_hash(sa, sa->responder, (*id)->body, expected) != 0)
		return IKE_RX_internal;
	if (!sk_equal(hash->body.data, hash->body.len, expected, sa->keys->len)) {
		phase1_wrong_key(e, sa, in, message);
		return IKE_RX_unauthentic;
	}
	return IKE_RX_handled;
}

enum ike_rx phase1_take_auth(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in,
			     const char *message)
{
	const struct ike_identity_conf *want = &sa->peer->conf.remote_id;
	const struct ike_payload *id = NULL;
	struct ike_identity_conf got;
	enum ike_rx rx = take_hash(e, sa, in, &id, message);

	if (rx != IKE_RX_handled)
		return rx;
	if (ident_decode(&got, id->id.type, id->id.data) != 0 || !ident_port_ok(&id->id))
		return phase1_malformed(e, sa, in, message, "an identity of unknown form");
	memcpy(sa->iv, in->next_iv, sizeof(sa->iv)); /* it is authentic: what we say follows it */
	if (want->type != IKE_ID_AUTO && !ident_match(want, &got))
		return phase1_wrong_id(e, sa->peer, sa, in, &got, message);
	sa->id_remote = got;
	sa->last_seen = in->now;
	return IKE_RX_handled;
}
