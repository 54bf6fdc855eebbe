/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * prop_build.c - building of IKEv1 SA payload bodies: offers and answers.
 */
#include <errno.h>

#include "control/crypto/suite.h"
#include "control/ike/prop.h"

/* A place whose length field is filled in when it is closed. */
static size_t open_nested(struct wire_writer *w, uint8_t next)
{
	size_t at = w->pos;

	wire_put_u8(w, next);
	wire_put_u8(w, 0);
	wire_put_u16(w, 0);
	return at;
}

static void close_nested(struct wire_writer *w, size_t at)
{
	wire_patch_u16(w, at + 2, (uint16_t)(w->pos - at));
}

static void put_basic(struct wire_writer *w, uint16_t type, uint16_t value)
{
	wire_put_u16(w, (uint16_t)(IKE1_ATTR_BASIC | type));
	wire_put_u16(w, value);
}

/* Basic when it fits, else four bytes: RFC 2408 section 3.3. */
static void put_life(struct wire_writer *w, uint16_t type_attr, uint16_t unit, uint32_t value)
{
	uint16_t duration_attr = (uint16_t)(type_attr + 1);

	if (value == 0)
		return;
	put_basic(w, type_attr, unit);
	if (value <= UINT16_MAX) {
		put_basic(w, duration_attr, (uint16_t)value);
		return;
	}
	wire_put_u16(w, duration_attr);
	wire_put_u16(w, 4);
	wire_put_u32(w, value);
}

/* DOI, situation and the head of the only proposal; the transforms follow. */
static size_t open_sa(struct wire_writer *w, uint8_t number, uint8_t protocol, uint8_t n_transforms,
		      const uint32_t *spi)
{
	size_t at;

	wire_put_u32(w, IKE1_DOI_IPSEC);
	wire_put_u32(w, IKE1_SIT_IDENTITY_ONLY);
	at = open_nested(w, IKE_PLD_NONE);
	wire_put_u8(w, number);
	wire_put_u8(w, protocol);
	wire_put_u8(w, spi ? 4 : 0);
	wire_put_u8(w, n_transforms);
	if (spi)
		wire_put_u32(w, *spi);
	return at;
}

static size_t open_transform(struct wire_writer *w, size_t number, size_t of, uint8_t id)
{
	size_t at = open_nested(w, number < of ? IKE1_PLD_TRANSFORM : IKE_PLD_NONE);

	wire_put_u8(w, (uint8_t)number);
	wire_put_u8(w, id);
	wire_put_u16(w, 0);
	return at;
}

static int put_ike_transform(struct wire_writer *w, const struct ike_profile_conf *conf,
			     size_t number, size_t of)
{
	size_t i = number - 1;
	const struct suite_group *g = suite_group_find(conf->dh[i % conf->n_dh]);
	const struct suite_digest *h = suite_digest_find(conf->hash[i / conf->n_dh % conf->n_hash]);
	const struct ike_encr_choice *c = &conf->encr[i / conf->n_dh / conf->n_hash];
	const struct suite_encr *e = suite_encr_find(c->id, c->key_bits);
	size_t at;

	if (!g || !h || !e || e->ike1 == 0)
		return -EINVAL;
	at = open_transform(w, number, of, IKE1_TRANSFORM_KEY_IKE);
	put_basic(w, IKE1_P1_ENCR, e->ike1);
	if (e->key_bits)
		put_basic(w, IKE1_P1_KEY_LENGTH, e->key_bits);
	put_basic(w, IKE1_P1_HASH, h->ike1);
	put_basic(w, IKE1_P1_AUTH, IKE1_AUTH_PSK);
	put_basic(w, IKE1_P1_GROUP, g->id);
	put_life(w, IKE1_P1_LIFE_TYPE, IKE1_LIFE_SECONDS, conf->lifetime);
	put_life(w, IKE1_P1_LIFE_TYPE, IKE1_LIFE_KILOBYTES, conf->lifebytes);
	close_nested(w, at);
	return 0;
}

/* One transform of ESP; integ NULL: an AEAD. */
struct esp_pair {
	const struct suite_encr *encr;
	const struct suite_integ *integ;
};

/* The cross product of the lists, an AEAD once. How many, at most IKE_MAX_TRANSFORMS; 0 when a
 * number is not one of IKEv1's or nothing comes of it. */
static size_t esp_pairs(struct esp_pair *pairs, const struct ike_proposal_conf *conf)
{
	size_t n = 0;

	for (size_t i = 0; i < conf->n_encr; i++) {
		const struct ike_encr_choice *c = &conf->encr[i];
		const struct suite_encr *e = suite_encr_find(c->id, c->key_bits);
		size_t n_integ = e && e->icv_len ? 1 : conf->n_integ;

		if (!e || e->esp1 == 0)
			return 0;
		for (size_t k = 0; k < n_integ && n < IKE_MAX_TRANSFORMS; k++) {
			pairs[n].encr = e;
			pairs[n].integ = e->icv_len ? NULL : suite_integ_find(conf->integ[k]);
			if (!e->icv_len && !pairs[n].integ)
				return 0;
			n++;
		}
	}
	return n;
}

static void put_esp_transform(struct wire_writer *w, const struct prop_esp_want *want,
			      const struct esp_pair *pair, size_t number, size_t of)
{
	const struct ike_proposal_conf *conf = want->conf;
	bool tunnel = want->mode == ABI_MODE_TUNNEL;
	size_t at = open_transform(w, number, of, (uint8_t)pair->encr->esp1);

	if (pair->encr->key_bits)
		put_basic(w, IKE1_P2_KEY_LENGTH, pair->encr->key_bits);
	if (pair->integ)
		put_basic(w, IKE1_P2_AUTH, pair->integ->auth1);
	put_basic(w, IKE1_P2_ENCAP,
		  want->natt ? want->encap : (tunnel ? IKE1_ENCAP_TUNNEL : IKE1_ENCAP_TRANSPORT));
	if (conf->pfs_group)
		put_basic(w, IKE1_P2_GROUP, conf->pfs_group);
	put_life(w, IKE1_P2_LIFE_TYPE, IKE1_LIFE_SECONDS, conf->lifetime);
	put_life(w, IKE1_P2_LIFE_TYPE, IKE1_LIFE_KILOBYTES, want->kilobytes);
	close_nested(w, at);
}

static size_t cap_transforms(size_t n)
{
	return n < IKE_MAX_TRANSFORMS ? n : IKE_MAX_TRANSFORMS;
}

int prop_build_ike(struct wire_writer *w, const struct ike_profile_conf *conf)
{
	size_t n, at;
	int r = 0;

	if (conf->n_encr > IKE_CONF_MAX_ALGS || conf->n_hash > IKE_CONF_MAX_ALGS ||
	    conf->n_dh > IKE_CONF_MAX_ALGS)
		return -EINVAL;
	n = cap_transforms((size_t)conf->n_encr * conf->n_hash * conf->n_dh);
	if (n == 0)
		return -EINVAL;
	at = open_sa(w, 1, IKE_PROTO_IKE, (uint8_t)n, NULL);
	for (size_t i = 1; i <= n && r == 0; i++)
		r = put_ike_transform(w, conf, i, n);
	close_nested(w, at);
	return r == 0 && w->overflow ? -ENOSPC : r;
}

int prop_build_esp(struct wire_writer *w, const struct prop_esp_want *want, uint32_t spi)
{
	const struct ike_proposal_conf *conf = want->conf;
	struct esp_pair pairs[IKE_MAX_TRANSFORMS];
	size_t n, at;

	if (conf->n_encr > IKE_CONF_MAX_ALGS || conf->n_integ > IKE_CONF_MAX_ALGS ||
	    (conf->pfs_group && !suite_group_find(conf->pfs_group)))
		return -EINVAL;
	n = esp_pairs(pairs, conf);
	if (n == 0)
		return -EINVAL;
	at = open_sa(w, 1, IKE_PROTO_ESP, (uint8_t)n, &spi);
	for (size_t i = 0; i < n; i++)
		put_esp_transform(w, want, &pairs[i], i + 1, n);
	close_nested(w, at);
	return w->overflow ? -ENOSPC : 0;
}

int prop_build_answer(struct wire_writer *w, const struct prop_choice *choice, int phase,
		      uint32_t spi)
{
	const struct ike_view *raw = &choice->transform->raw;
	size_t at = open_sa(w, choice->proposal->number, choice->proposal->protocol, 1,
			    phase == 1 ? NULL : &spi);

	/* All of it as it came, but for the byte that says that more follow. */
	wire_put_u8(w, IKE_PLD_NONE);
	wire_put_bytes(w, raw->data + 1, raw->len - 1);
	close_nested(w, at);
	return w->overflow ? -ENOSPC : 0;
}
