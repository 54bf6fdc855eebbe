/* SPDX-License-Identifier: BSD-3-Clause */
/* probe_msg.c - the messages of a probe; see probe.h. */
#include "control/ike/probe_msg.h"

#include <errno.h>
#include <string.h>

#include "control/ike/dhwork.h"
#include "control/ike/ident.h"
#include "control/ike/ike_sa.h"
#include "control/ike/msg.h"
#include "control/ike/prop2.h"
#include "control/ike/state.h"

#define PRIVATE_GROUP  65535u /* RFC 7296 section 3.3.2: 1024 to 65535 */
#define PRIVATE_CIPHER 65001u /* RFC 2409 appendix A: 65001 to 65535 */

static int put_nonce(struct ike_engine *e, struct ike_builder *b, uint8_t type)
{
	uint8_t nonce[IKE_NONCE_LEN];
	int r = state_random(e, nonce, sizeof(nonce));

	if (r == 0)
		ike_msg_add(b, type, nonce, sizeof(nonce));
	return r;
}

/* Nothing is agreed on here, so nothing is too weak to be asked for. */
static const struct ike_profile_conf wide2 = {
	.encr = {{ABI_ENCR_AES_CBC, 256},
		 {ABI_ENCR_AES_CBC, 128},
		 {ABI_ENCR_AES_CBC, 192},
		 {ABI_ENCR_3DES, 0},
		 {ABI_ENCR_AES_GCM_16, 256},
		 {ABI_ENCR_AES_GCM_16, 128}},
	.n_encr = 6,
	.hash = {SUITE_HASH_SHA256, SUITE_HASH_SHA1, SUITE_HASH_SHA384, SUITE_HASH_SHA512,
		 SUITE_HASH_MD5},
	.n_hash = 5,
	.dh = {14, 19, 2, 5, 15, 20, 31, 16},
	.n_dh = 8,
};
/* All combinations; each in one packet. */
static const struct ike_profile_conf wide1 = {
	.encr = {{ABI_ENCR_AES_CBC, 256}, {ABI_ENCR_AES_CBC, 128}, {ABI_ENCR_3DES, 0}},
	.n_encr = 3,
	.hash = {SUITE_HASH_SHA256, SUITE_HASH_SHA1, SUITE_HASH_MD5},
	.n_hash = 3,
	.dh = {14, 2, 5},
	.n_dh = 3,
	.lifetime = 86400,
};
static const struct ike_profile_conf wide1_more = {
	.encr = {{ABI_ENCR_AES_CBC, 256}, {ABI_ENCR_AES_CBC, 128}, {ABI_ENCR_3DES, 0}},
	.n_encr = 3,
	.hash = {SUITE_HASH_SHA256, SUITE_HASH_SHA1, SUITE_HASH_MD5},
	.n_hash = 3,
	.dh = {1, 19, 15},
	.n_dh = 3,
	.lifetime = 86400,
};

static int put_ike2(struct ike_engine *e, struct ike_builder *b,
		    const struct ike_profile_conf *profile)
{
	uint8_t public[32];
	struct prop2_want want;
	int r;

	prop2_want_ike(&want, profile, false);
	ike_msg_open(b, IKE2_PLD_SA);
	r = prop2_build(&b->w, &want, NULL);
	ike_msg_close(b);
	if (r == 0)
		r = state_random(e, public, sizeof(public));
	if (r != 0)
		return r;
	ike2_msg_add_ke(b, PRIVATE_GROUP, public, sizeof(public));
	return put_nonce(e, b, IKE2_PLD_NONCE);
}

static int put_profile1(struct ike_builder *b, const struct ike_profile_conf *profile)
{
	int r;

	ike_msg_open(b, IKE1_PLD_SA);
	r = prop_build_ike(&b->w, profile);
	ike_msg_close(b);
	return r;
}

static int put_aggressive(struct ike_engine *e, struct ike_builder *b, const struct ike_peer *peer)
{
	struct ike_profile_conf offer = peer->conf.profile;
	struct ike_identity_conf id;
	const uint8_t *public;
	struct dh *dh = NULL;
	size_t len;
	int r;

	offer.n_dh = 1;
	r = put_profile1(b, &offer);
	if (r == 0)
		r = dhwork_new(e, offer.dh[0], &dh);
	if (r != 0)
		return r;
	public = dh_public(dh, &len);
	ike_msg_add(b, IKE1_PLD_KE, public, len);
	dh_free(dh);
	r = put_nonce(e, b, IKE1_PLD_NONCE);
	id = peer->conf.my_id;
	if (id.type == IKE_ID_AUTO || id.len == 0)
		(void)ident_from_addr(&id, &peer->conf.local);
	ike_msg_open(b, IKE1_PLD_ID);
	ident_put_ike1(&b->w, &id, IKE_PORT);
	ike_msg_close(b);
	return r;
}

/* One proposal of one transform, which nobody has (RFC 2408 sections 3.4 to 3.6). */
static void put_private1(struct ike_builder *b)
{
	static const uint16_t attributes[][2] = {{IKE1_P1_ENCR, PRIVATE_CIPHER},
						 {IKE1_P1_HASH, 2},
						 {IKE1_P1_AUTH, IKE1_AUTH_PSK},
						 {IKE1_P1_GROUP, 2}};
	const uint16_t transform = 8 + sizeof(attributes), proposal = 8 + transform;

	ike_msg_open(b, IKE1_PLD_SA);
	wire_put_u32(&b->w, IKE1_DOI_IPSEC);
	wire_put_u32(&b->w, IKE1_SIT_IDENTITY_ONLY);
	wire_put_u16(&b->w, 0);
	wire_put_u16(&b->w, proposal);
	wire_put_u32(&b->w, 1u << 24 | IKE_PROTO_IKE << 16 | 1); /* number, protocol, one */
	wire_put_u16(&b->w, 0);
	wire_put_u16(&b->w, transform);
	wire_put_u32(&b->w, 1u << 24 | IKE1_TRANSFORM_KEY_IKE << 16);
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		wire_put_u16(&b->w, (uint16_t)(IKE1_ATTR_BASIC | attributes[i][0]));
		wire_put_u16(&b->w, attributes[i][1]);
	}
	ike_msg_close(b);
}

static void fill_up(struct ike_builder *b, size_t min, uint8_t type)
{
	size_t have = ike_msg_size(b) + IKE_PLD_HDR_LEN;

	if (have < min)
		(void)ike_msg_add_blank(b, type, min - have);
}

int probe_msg_make(struct ike_engine *e, const struct ike_peer *peer, enum probe_form form,
		   uint64_t spi, size_t min, uint8_t *buf, size_t cap, size_t *len)
{
	bool ike2 = form == PROBE_FORM_IKE2 || form == PROBE_FORM_WIDE2;
	struct ike_hdr hdr = {
		.ispi = spi,
		.version = ike2 ? IKE_VERSION_2 : IKE_VERSION_1,
		.exchange = ike2			    ? IKE2_EXCH_SA_INIT
			    : form == PROBE_FORM_AGGRESSIVE ? IKE1_EXCH_AGGRESSIVE
							    : IKE1_EXCH_MAIN,
		.flags = ike2 ? IKE2_FLAG_INITIATOR : 0,
	};
	struct ike_builder b;
	int r = 0;

	ike_msg_begin(&b, buf, cap, &hdr);
	switch (form) {
	case PROBE_FORM_IKE2:
		r = put_ike2(e, &b, &peer->conf.profile);
		break;
	case PROBE_FORM_MAIN:
		r = put_profile1(&b, &peer->conf.profile);
		break;
	case PROBE_FORM_AGGRESSIVE:
		r = put_aggressive(e, &b, peer);
		break;
	case PROBE_FORM_WIDE2:
		r = put_ike2(e, &b, &wide2);
		break;
	case PROBE_FORM_WIDE1:
		r = put_profile1(&b, &wide1);
		break;
	case PROBE_FORM_WIDE1_MORE:
		r = put_profile1(&b, &wide1_more);
		break;
	case PROBE_FORM_PRIVATE1:
		put_private1(&b);
		break;
	}
	if (r != 0)
		return r;
	fill_up(&b, min, ike2 ? IKE2_PLD_VENDOR : IKE1_PLD_VENDOR);
	return ike_msg_finish(&b, 0, len);
}
