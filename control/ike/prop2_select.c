/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * prop2_select.c - choosing among IKEv2 proposals. Each proposal is tried type by type; when none
 * fits, the one that missed least says what differs.
 */
#include <errno.h>
#include <string.h>

#include "control/crypto/suite.h"
#include "control/ike/prop2.h"

/* What a try of one proposal found: the bits of enum prop_type that miss. */
struct attempt {
	struct prop2_choice choice;
	unsigned int misses;
	uint16_t nearest[PROP_TYPES], bits[PROP_TYPES];
};

static enum prop_type prop_type_of(uint8_t type)
{
	switch (type) {
	case IKE2_T_ENCR:
		return PROP_ENCR;
	case IKE2_T_PRF:
		return PROP_HASH;
	case IKE2_T_INTEG:
		return PROP_INTEG;
	case IKE2_T_DH:
		return PROP_GROUP;
	case IKE2_T_ESN:
		return PROP_ESN;
	default:
		return PROP_OTHER;
	}
}

static bool in_list(const uint16_t *list, size_t n, uint16_t id)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] == id)
			return true;
	}
	return false;
}

static bool wants_encr(const struct prop2_want *w, const struct prop2_transform *t)
{
	for (size_t i = 0; i < w->n_encr; i++) {
		if (w->encr[i].id == t->id && w->encr[i].key_bits == t->key_bits)
			return true;
	}
	return false;
}

static bool acceptable(const struct prop2_want *w, const struct prop2_transform *t)
{
	if (t->bad || (t->key_bits != 0 && t->type != IKE2_T_ENCR))
		return false;
	switch (t->type) {
	case IKE2_T_ENCR:
		return wants_encr(w, t);
	case IKE2_T_PRF:
		return in_list(w->prf, w->n_prf, t->id);
	case IKE2_T_INTEG:
		return in_list(w->integ, w->n_integ, t->id);
	case IKE2_T_DH:
		return w->any_dh || in_list(w->dh, w->n_dh, t->id) || (t->id == 0 && w->n_dh == 0);
	case IKE2_T_ESN:
		return t->id == 0 || (t->id == 1 && w->esn);
	default:
		return false;
	}
}

/* The first transform of a type that we accept; prefer: this id if it is among them. *any: there
 * are transforms of the type. */
static const struct prop2_transform *pick(const struct prop2_sa *sa, const struct prop2_proposal *p,
					  const struct prop2_want *w, uint8_t type, uint16_t prefer,
					  bool *any)
{
	const struct prop2_transform *best = NULL;

	*any = false;
	for (size_t i = p->first; i < (size_t)p->first + p->n; i++) {
		const struct prop2_transform *t = &sa->transforms[i];

		if (t->type != type)
			continue;
		*any = true;
		if (!acceptable(w, t))
			continue;
		if (best == NULL || (prefer != 0 && t->id == prefer && best->id != prefer))
			best = t;
	}
	return best;
}

static bool is_aead(const struct prop2_transform *t)
{
	const struct suite_encr *e = suite_encr_find(t->id, t->key_bits);

	return e != NULL && e->icv_len != 0;
}

static void miss(struct attempt *a, enum prop_type type)
{
	a->misses |= 1u << type;
}

/* Cipher and integrity go together: an AEAD has none beside it, or NONE (RFC 7296 section 3.3). */
static void try_encr(struct attempt *a, const struct prop2_sa *sa, const struct prop2_proposal *p,
		     const struct prop2_want *w)
{
	const struct prop2_transform *encr = NULL, *integ;
	bool any_integ, none = false, wanted = false;

	integ = pick(sa, p, w, IKE2_T_INTEG, 0, &any_integ);
	for (size_t i = p->first; i < (size_t)p->first + p->n; i++)
		none |= sa->transforms[i].type == IKE2_T_INTEG && sa->transforms[i].id == 0;
	for (size_t i = p->first; i < (size_t)p->first + p->n && encr == NULL; i++) {
		const struct prop2_transform *t = &sa->transforms[i];

		if (t->type != IKE2_T_ENCR || !acceptable(w, t))
			continue;
		wanted = true;
		if (is_aead(t) ? !any_integ || none : integ != NULL && integ->id != 0)
			encr = t;
	}
	if (encr == NULL) {
		miss(a, wanted ? PROP_INTEG : PROP_ENCR);
		if (!wanted && any_integ && integ == NULL && !none)
			miss(a, PROP_INTEG);
		return;
	}
	a->choice.encr = (struct ike_encr_choice){encr->id, encr->key_bits};
	a->choice.integ = is_aead(encr) ? 0 : integ->id;
}

static uint16_t hash_of_prf(uint16_t prf)
{
	const struct suite_digest *d;

	for (size_t i = 0; (d = suite_digest_at(i)) != NULL; i++) {
		if (d->prf2 == prf)
			return (uint16_t)d->hash;
	}
	return 0;
}

static void try_prf(struct attempt *a, const struct prop2_sa *sa, const struct prop2_proposal *p,
		    const struct prop2_want *w)
{
	const struct prop2_transform *t;
	bool any;

	t = pick(sa, p, w, IKE2_T_PRF, 0, &any);
	if (w->protocol == IKE_PROTO_IKE ? t == NULL : any)
		miss(a, PROP_HASH);
	else if (t != NULL)
		a->choice.prf = hash_of_prf(t->id);
}

static void try_group(struct attempt *a, const struct prop2_sa *sa, const struct prop2_proposal *p,
		      const struct prop2_want *w, uint16_t ke_group)
{
	const struct prop2_transform *t;
	bool any;

	if (w->any_dh)
		return;
	t = pick(sa, p, w, IKE2_T_DH, ke_group, &any);
	if (t == NULL && (any || w->n_dh != 0))
		miss(a, PROP_GROUP);
	else if (t != NULL)
		a->choice.group = t->id;
}

static void try_esn(struct attempt *a, const struct prop2_sa *sa, const struct prop2_proposal *p,
		    const struct prop2_want *w)
{
	const struct prop2_transform *t;
	bool any;

	t = pick(sa, p, w, IKE2_T_ESN, 0, &any);
	if (any && (w->protocol == IKE_PROTO_IKE || t == NULL))
		miss(a, PROP_ESN);
	a->choice.with_esn = any;
	a->choice.esn = t != NULL && t->id == 1;
}

static void try_proposal(struct attempt *a, const struct prop2_sa *sa,
			 const struct prop2_proposal *p, const struct prop2_want *w,
			 uint16_t ke_group)
{
	memset(a, 0, sizeof(*a));
	a->choice.number = p->number;
	a->choice.protocol = p->protocol;
	a->choice.spi = p->spi;
	if (p->protocol != w->protocol || p->spi.len != w->spi_len)
		miss(a, PROP_PROTOCOL);
	try_encr(a, sa, p, w);
	try_prf(a, sa, p, w);
	try_group(a, sa, p, w, ke_group);
	try_esn(a, sa, p, w);
	for (size_t i = p->first; i < (size_t)p->first + p->n; i++) {
		const struct prop2_transform *t = &sa->transforms[i];
		enum prop_type type = prop_type_of(t->type);

		if (type == PROP_OTHER) /* RFC 7296 section 3.3.6: reject the proposal */
			miss(a, PROP_OTHER);
		if (a->nearest[type] == 0) {
			a->nearest[type] = type == PROP_OTHER ? t->type : t->id;
			a->bits[type] = t->key_bits;
		}
	}
	a->nearest[PROP_PROTOCOL] = p->protocol;
}

static void add_value(struct prop_diff_type *t, bool received, uint16_t value, uint16_t bits)
{
	uint16_t *n = received ? &t->n_received : &t->n_configured;

	for (size_t i = 0; i < *n; i++) {
		if (received ? t->received[i].value == value && t->received[i].bits == bits
			     : t->configured[i].value == value && t->configured[i].bits == bits)
			return;
	}
	if (*n == PROP_DIFF_MAX)
		return;
	if (received) {
		t->received[*n].value = value;
		t->received[*n].bits = bits;
	} else {
		t->configured[*n].value = value;
		t->configured[*n].bits = bits;
	}
	++*n;
}

/* Both sides' values of every type. */
static void fill_lists(struct prop_diff *d, const struct prop2_sa *sa, const struct prop2_want *w)
{
	for (size_t i = 0; i < sa->n_transforms; i++) {
		const struct prop2_transform *t = &sa->transforms[i];
		enum prop_type type = prop_type_of(t->type);

		add_value(&d->types[type], true, type == PROP_OTHER ? t->type : t->id, t->key_bits);
	}
	for (size_t i = 0; i < sa->n_proposals; i++)
		add_value(&d->types[PROP_PROTOCOL], true, sa->proposals[i].protocol, 0);
	add_value(&d->types[PROP_PROTOCOL], false, w->protocol, 0);
	for (size_t i = 0; i < w->n_encr; i++)
		add_value(&d->types[PROP_ENCR], false, w->encr[i].id, w->encr[i].key_bits);
	for (size_t i = 0; i < w->n_integ; i++)
		add_value(&d->types[PROP_INTEG], false, w->integ[i], 0);
	for (size_t i = 0; i < w->n_prf; i++)
		add_value(&d->types[PROP_HASH], false, w->prf[i], 0);
	for (size_t i = 0; i < w->n_dh; i++)
		add_value(&d->types[PROP_GROUP], false, w->dh[i], 0);
	if (w->protocol == IKE_PROTO_ESP && w->n_dh == 0)
		add_value(&d->types[PROP_GROUP], false, 0, 0);
	if (d->types[PROP_GROUP].n_received == 0)
		add_value(&d->types[PROP_GROUP], true, 0, 0);
	add_value(&d->types[PROP_ESN], false, 0, 0);
	if (w->esn)
		add_value(&d->types[PROP_ESN], false, 1, 0);
}

static void explain(struct prop_diff *d, const struct prop2_sa *sa, const struct prop2_want *w,
		    const struct attempt *nearest)
{
	memset(d, 0, sizeof(*d));
	d->phase = w->protocol == IKE_PROTO_IKE ? PROP_PHASE_IKE2 : PROP_PHASE_CHILD2;
	d->n_transforms = sa->n_proposals;
	fill_lists(d, sa, w);
	if (nearest == NULL)
		return;
	d->nearest_number = nearest->choice.number;
	for (unsigned int type = 0; type < PROP_TYPES; type++) {
		d->types[type].mismatch = nearest->misses >> type & 1;
		d->types[type].nearest = nearest->nearest[type];
		d->types[type].nearest_bits = nearest->bits[type];
	}
}

int prop2_select(const struct prop2_sa *sa, const struct prop2_want *w, uint16_t ke_group,
		 struct prop2_choice *out, struct prop_diff *diff)
{
	int fewest = PROP_TYPES + 1;
	struct attempt a, nearest;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < sa->n_proposals; i++) {
		int n;

		try_proposal(&a, sa, &sa->proposals[i], w, ke_group);
		if (a.misses == 0) {
			*out = a.choice;
			if (w->short_sha256 && out->integ == ABI_INTEG_HMAC_SHA2_256_128)
				out->integ = ABI_INTEG_HMAC_SHA2_256_96;
			return 0;
		}
		n = __builtin_popcount(a.misses);
		if (n < fewest) {
			fewest = n;
			nearest = a;
		}
	}
	if (diff != NULL)
		explain(diff, sa, w, fewest <= PROP_TYPES ? &nearest : NULL);
	return -ENOENT;
}
