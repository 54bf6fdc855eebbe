/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * prop_select.c - choosing among transforms. What we accept is written once as lists of IKEv1
 * numbers per type, into the struct prop_diff itself; a transform is measured against these lists,
 * and the measure gives both the choice and, when there is none, the difference.
 */
#include <errno.h>
#include <string.h>

#include "control/crypto/suite.h"
#include "control/ike/prop.h"

#define BUNDLE 0x100u /* added to the protocol of a bundled proposal */

static uint16_t value_of(uint8_t phase, const struct prop_proposal *p,
			 const struct prop_transform *t, enum prop_type type)
{
	switch (type) {
	case PROP_PROTOCOL:
		return (uint16_t)(p->protocol | (p->bundle ? BUNDLE : 0));
	case PROP_TRANSFORM:
		return phase == 1 ? t->id : 0;
	case PROP_ENCR:
		return t->encr;
	case PROP_HASH:
		return t->hash;
	case PROP_AUTH:
		return phase == 1 ? t->auth : 0;
	case PROP_GROUP:
		return t->group;
	case PROP_INTEG:
		return phase == 2 ? t->auth : 0;
	case PROP_ENCAP:
		return t->encap;
	case PROP_ESN:
		return t->esn;
	default:
		return t->bad_attr;
	}
}

static void want(struct prop_diff *d, enum prop_type type, uint16_t value, uint16_t bits)
{
	struct prop_diff_type *t = &d->types[type];

	for (size_t i = 0; i < t->n_configured; i++) {
		if (t->configured[i].value == value && t->configured[i].bits == bits)
			return;
	}
	if (t->n_configured < PROP_DIFF_MAX) {
		t->configured[t->n_configured].value = value;
		t->configured[t->n_configured++].bits = bits;
	}
}

static bool wanted(const struct prop_diff_type *t, uint16_t value, uint16_t bits)
{
	for (size_t i = 0; i < t->n_configured; i++) {
		if (t->configured[i].value == value && t->configured[i].bits == bits)
			return true;
	}
	return false;
}

static void note_received(struct prop_diff_type *t, uint16_t value, uint16_t bits)
{
	for (size_t i = 0; i < t->n_received && i < PROP_DIFF_MAX; i++) {
		if (t->received[i].value == value && t->received[i].bits == bits)
			return;
	}
	if (t->n_received < PROP_DIFF_MAX) {
		t->received[t->n_received].value = value;
		t->received[t->n_received].bits = bits;
	}
	t->n_received++;
}

/* Of an ESP transform: integrity comes either from an AEAD or from an algorithm of its own, never
 * from both or from neither (RFC 4106 section 8, RFC 8221 section 4). */
static bool integ_fits(const struct prop_diff_type *types, uint16_t encr, uint16_t auth)
{
	if (suite_esp1_is_aead(encr))
		return auth == 0;
	return auth != 0 && wanted(&types[PROP_INTEG], auth, 0);
}

static bool fits(const struct prop_diff *d, const struct prop_transform *t, unsigned int type,
		 uint16_t value, uint16_t bits)
{
	if (d->phase == 2 && type == PROP_INTEG)
		return integ_fits(d->types, t->encr, value);
	return wanted(&d->types[type], value, bits);
}

/* Measure a transform: a bit per type that misses. */
static unsigned int misses(struct prop_diff *d, const struct prop_proposal *p,
			   const struct prop_transform *t)
{
	unsigned int mask = 0;

	for (unsigned int type = 0; type < PROP_TYPES; type++) {
		uint16_t value = value_of(d->phase, p, t, type);
		uint16_t bits = type == PROP_ENCR ? t->key_bits : 0;

		note_received(&d->types[type], value, bits);
		if (!fits(d, t, type, value, bits))
			mask |= 1u << type;
	}
	return mask;
}

static void set_nearest(struct prop_diff *d, const struct prop_proposal *p,
			const struct prop_transform *t, unsigned int mask)
{
	d->nearest_number = t->number;
	for (unsigned int type = 0; type < PROP_TYPES; type++) {
		d->types[type].mismatch = mask >> type & 1;
		d->types[type].nearest = value_of(d->phase, p, t, type);
		d->types[type].nearest_bits = type == PROP_ENCR ? t->key_bits : 0;
	}
}

static int choose(const struct prop_sa *sa, struct prop_choice *out, struct prop_diff *d)
{
	int fewest = PROP_TYPES + 1;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < sa->n_proposals; i++) {
		const struct prop_proposal *p = &sa->proposals[i];

		for (size_t k = p->first; k < (size_t)p->first + p->n; k++) {
			const struct prop_transform *t = &sa->transforms[k];
			unsigned int mask = misses(d, p, t);

			d->n_transforms++;
			if (mask == 0) {
				out->proposal = p;
				out->transform = t;
				out->seconds = t->seconds;
				out->kilobytes = t->kilobytes;
				return 0;
			}
			if (__builtin_popcount(mask) < fewest) {
				fewest = __builtin_popcount(mask);
				set_nearest(d, p, t, mask);
			}
		}
	}
	return -ENOENT;
}

/* Types that a phase does not have are 0 on both sides. */
static void want_absent(struct prop_diff *d, const enum prop_type *types, size_t n)
{
	for (size_t i = 0; i < n; i++)
		want(d, types[i], 0, 0);
}

int prop_select_ike(const struct prop_sa *sa, const struct ike_profile_conf *conf,
		    struct prop_choice *out, struct prop_diff *diff)
{
	static const enum prop_type absent[] = {PROP_INTEG, PROP_ENCAP, PROP_ESN, PROP_OTHER};
	struct prop_diff local;
	struct prop_diff *d = diff ? diff : &local;
	const struct suite_encr *e;
	int r;

	memset(d, 0, sizeof(*d));
	d->phase = 1;
	want(d, PROP_PROTOCOL, IKE_PROTO_IKE, 0);
	want(d, PROP_TRANSFORM, IKE1_TRANSFORM_KEY_IKE, 0);
	want(d, PROP_AUTH, IKE1_AUTH_PSK, 0);
	want_absent(d, absent, sizeof(absent) / sizeof(absent[0]));
	for (size_t i = 0; i < conf->n_encr && i < IKE_CONF_MAX_ALGS; i++) {
		e = suite_encr_find(conf->encr[i].id, conf->encr[i].key_bits);
		if (e && e->ike1)
			want(d, PROP_ENCR, e->ike1, e->key_bits);
	}
	for (size_t i = 0; i < conf->n_hash && i < IKE_CONF_MAX_ALGS; i++) {
		const struct suite_digest *h = suite_digest_find(conf->hash[i]);

		if (h)
			want(d, PROP_HASH, h->ike1, 0);
	}
	for (size_t i = 0; i < conf->n_dh && i < IKE_CONF_MAX_ALGS; i++) {
		if (suite_group_find(conf->dh[i]))
			want(d, PROP_GROUP, conf->dh[i], 0);
	}
	r = sa->phase == 1 ? choose(sa, out, d) : -ENOENT;
	if (r)
		return r;
	e = suite_encr_find_ike1(out->transform->encr, out->transform->key_bits);
	out->encr = (struct ike_encr_choice){e->id, e->key_bits};
	out->hash = (uint16_t)suite_digest_find_ike1(out->transform->hash)->hash;
	out->group = out->transform->group;
	return 0;
}

/* RFC 3947 section 5.1 and the drafts number the same modes differently. Both are taken from a peer
 * that mixes them up; the mode itself must be right. */
static void want_encap(struct prop_diff *d, const struct prop_esp_want *w)
{
	bool tunnel = w->mode == ABI_MODE_TUNNEL;

	if (!w->natt) {
		want(d, PROP_ENCAP, tunnel ? IKE1_ENCAP_TUNNEL : IKE1_ENCAP_TRANSPORT, 0);
		return;
	}
	want(d, PROP_ENCAP, w->encap, 0);
	want(d, PROP_ENCAP, tunnel ? IKE1_ENCAP_UDP_TUNNEL : IKE1_ENCAP_UDP_TRANSPORT, 0);
	want(d, PROP_ENCAP, tunnel ? IKE1_ENCAP_UDP_TUNNEL_DRAFT : IKE1_ENCAP_UDP_TRANSPORT_DRAFT,
	     0);
}

/* The one of ours that a number of AUTH_ALGORITHM stands for. */
static uint16_t integ_of(const struct ike_proposal_conf *conf, uint16_t auth)
{
	for (size_t i = 0; i < conf->n_integ && i < IKE_CONF_MAX_ALGS; i++) {
		const struct suite_integ *t = suite_integ_find(conf->integ[i]);

		if (t && t->auth1 == auth)
			return t->id;
	}
	return ABI_INTEG_NONE;
}

int prop_select_esp(const struct prop_sa *sa, const struct prop_esp_want *w,
		    struct prop_choice *out, struct prop_diff *diff)
{
	static const enum prop_type absent[] = {PROP_TRANSFORM, PROP_HASH, PROP_AUTH, PROP_ESN,
						PROP_OTHER};
	const struct ike_proposal_conf *conf = w->conf;
	struct prop_diff local;
	struct prop_diff *d = diff ? diff : &local;
	const struct suite_encr *e;
	struct wire_reader spi;
	int r;

	memset(d, 0, sizeof(*d));
	d->phase = 2;
	want(d, PROP_PROTOCOL, IKE_PROTO_ESP, 0);
	want(d, PROP_GROUP, conf->pfs_group, 0);
	want_absent(d, absent, sizeof(absent) / sizeof(absent[0]));
	want_encap(d, w);
	for (size_t i = 0; i < conf->n_encr && i < IKE_CONF_MAX_ALGS; i++) {
		e = suite_encr_find(conf->encr[i].id, conf->encr[i].key_bits);
		if (e && e->esp1)
			want(d, PROP_ENCR, e->esp1, e->key_bits);
		if (e && e->icv_len)
			want(d, PROP_INTEG, 0, 0);
	}
	for (size_t i = 0; i < conf->n_integ && i < IKE_CONF_MAX_ALGS; i++) {
		const struct suite_integ *t = suite_integ_find(conf->integ[i]);

		if (t)
			want(d, PROP_INTEG, t->auth1, 0);
	}
	r = sa->phase == 2 ? choose(sa, out, d) : -ENOENT;
	if (r)
		return r;
	e = suite_encr_find_esp1(out->transform->encr, out->transform->key_bits);
	out->encr = (struct ike_encr_choice){e->id, e->key_bits};
	if (out->transform->auth != 0)
		out->integ = integ_of(conf, out->transform->auth);
	out->group = out->transform->group;
	wire_reader_init(&spi, out->proposal->spi.data, out->proposal->spi.len, 0);
	out->spi = wire_get_u32(&spi);
	return 0;
}
