/* SPDX-License-Identifier: BSD-3-Clause */
/* prop2_build.c - what we offer and accept in IKEv2, and its SA payloads; see prop2.h. */
#include <errno.h>
#include <string.h>

#include "control/crypto/suite.h"
#include "control/ike/prop2.h"

#define LAST	       0u
#define MORE_PROPOSAL  2u
#define MORE_TRANSFORM 3u

/* The integrity algorithm of a hash: PF5 maps one setting to both. */
static uint16_t integ_of(enum suite_hash hash)
{
	const struct suite_integ *a;

	for (size_t i = 0; (a = suite_integ_at(i)) != NULL; i++) {
		if (a->hash == hash)
			return a->id;
	}
	return 0;
}

void prop2_want_ike(struct prop2_want *w, const struct ike_profile_conf *conf, bool rekey)
{
	memset(w, 0, sizeof(*w));
	w->protocol = IKE_PROTO_IKE;
	w->spi_len = rekey ? IKE_COOKIE_LEN : 0;
	for (size_t i = 0; i < conf->n_encr && i < IKE_CONF_MAX_ALGS; i++)
		w->encr[w->n_encr++] = conf->encr[i];
	for (size_t i = 0; i < conf->n_hash && i < IKE_CONF_MAX_ALGS; i++) {
		const struct suite_digest *d = suite_digest_find(conf->hash[i]);

		if (d == NULL)
			continue;
		w->prf[w->n_prf++] = d->prf2;
		w->integ[w->n_integ++] = integ_of(d->hash);
	}
	if (conf->prf != 0 && suite_digest_find(conf->prf) != NULL) {
		w->prf[0] = suite_digest_find(conf->prf)->prf2;
		w->n_prf = 1;
	}
	for (size_t i = 0; i < conf->n_dh && i < IKE_CONF_MAX_ALGS; i++)
		w->dh[w->n_dh++] = conf->dh[i];
}

void prop2_want_esp(struct prop2_want *w, const struct ike_proposal_conf *conf, bool first)
{
	memset(w, 0, sizeof(*w));
	w->protocol = IKE_PROTO_ESP;
	w->spi_len = 4;
	w->any_dh = first;
	w->esn = conf->esn;
	for (size_t i = 0; i < conf->n_encr && i < IKE_CONF_MAX_ALGS; i++)
		w->encr[w->n_encr++] = conf->encr[i];
	for (size_t i = 0; i < conf->n_integ && i < IKE_CONF_MAX_ALGS; i++) {
		const struct suite_integ *a = suite_integ_find(conf->integ[i]);

		w->short_sha256 |= conf->integ[i] == ABI_INTEG_HMAC_SHA2_256_96;
		w->integ[w->n_integ++] = a != NULL ? a->wire : conf->integ[i];
	}
	if (conf->pfs_group != 0 && !first)
		w->dh[w->n_dh++] = conf->pfs_group;
}

/* A proposal being written: its transforms are counted, and the last one is marked at the end. */
struct draft {
	struct wire_writer *w;
	size_t at, count_at, last_at;
	uint8_t n;
};

static struct draft open_proposal(struct wire_writer *w, uint8_t number, uint8_t protocol,
				  const uint8_t *spi, uint8_t spi_len)
{
	struct draft d = {.w = w, .at = w->pos};

	wire_put_u8(w, LAST);
	wire_put_u8(w, 0);
	wire_put_u16(w, 0);
	wire_put_u8(w, number);
	wire_put_u8(w, protocol);
	wire_put_u8(w, spi_len);
	d.count_at = w->pos;
	wire_put_u8(w, 0);
	wire_put_bytes(w, spi, spi_len);
	return d;
}

static void put_transform(struct draft *d, uint8_t type, uint16_t id, uint16_t key_bits)
{
	if (d->n > 0)
		wire_patch_u8(d->w, d->last_at, MORE_TRANSFORM);
	d->last_at = d->w->pos;
	d->n++;
	wire_put_u8(d->w, LAST);
	wire_put_u8(d->w, 0);
	wire_put_u16(d->w, key_bits != 0 ? 12 : 8);
	wire_put_u8(d->w, type);
	wire_put_u8(d->w, 0);
	wire_put_u16(d->w, id);
	if (key_bits == 0)
		return;
	wire_put_u16(d->w, (uint16_t)(IKE1_ATTR_BASIC | IKE2_ATTR_KEY_LENGTH));
	wire_put_u16(d->w, key_bits);
}

static void close_proposal(struct draft *d)
{
	wire_patch_u8(d->w, d->count_at, d->n);
	wire_patch_u16(d->w, d->at + 2, (uint16_t)(d->w->pos - d->at));
}

static bool aead_at(const struct prop2_want *want, size_t i)
{
	const struct suite_encr *e = suite_encr_find(want->encr[i].id, want->encr[i].key_bits);

	return e != NULL && e->icv_len != 0;
}

static int check(const struct prop2_want *want)
{
	bool plain = false;

	for (size_t i = 0; i < want->n_encr; i++) {
		const struct suite_encr *e =
			suite_encr_find(want->encr[i].id, want->encr[i].key_bits);

		if (e == NULL || (want->protocol == IKE_PROTO_IKE && e->cipher == NULL))
			return -EINVAL;
		plain |= e->icv_len == 0;
	}
	for (size_t i = 0; i < want->n_integ; i++) {
		if (suite_integ_find_wire(want->integ[i]) == NULL)
			return -EINVAL;
	}
	for (size_t i = 0; i < want->n_dh; i++) {
		if (suite_group_find(want->dh[i]) == NULL)
			return -EINVAL;
	}
	if (want->n_encr == 0 || (plain && want->n_integ == 0) ||
	    (want->protocol == IKE_PROTO_IKE && (want->n_prf == 0 || want->n_dh == 0)))
		return -EINVAL;
	return 0;
}

/* One proposal with the AEADs, or with the others. */
static void put_proposal(struct wire_writer *w, const struct prop2_want *want, bool aead,
			 uint8_t number, const uint8_t *spi)
{
	struct draft d = open_proposal(w, number, want->protocol, spi, want->spi_len);

	for (size_t i = 0; i < want->n_encr; i++) {
		if (aead_at(want, i) == aead)
			put_transform(&d, IKE2_T_ENCR, want->encr[i].id, want->encr[i].key_bits);
	}
	for (size_t i = 0; i < want->n_integ && !aead; i++)
		put_transform(&d, IKE2_T_INTEG, want->integ[i], 0);
	for (size_t i = 0; i < want->n_prf; i++)
		put_transform(&d, IKE2_T_PRF, want->prf[i], 0);
	for (size_t i = 0; i < want->n_dh; i++)
		put_transform(&d, IKE2_T_DH, want->dh[i], 0);
	if (want->esn)
		put_transform(&d, IKE2_T_ESN, 1, 0);
	if (want->protocol == IKE_PROTO_ESP)
		put_transform(&d, IKE2_T_ESN, 0, 0);
	close_proposal(&d);
}

int prop2_build(struct wire_writer *w, const struct prop2_want *want, const uint8_t *spi)
{
	size_t at = w->pos, n_aead = 0;
	bool first_is_aead;
	int r = check(want);

	if (r != 0)
		return r;
	for (size_t i = 0; i < want->n_encr; i++)
		n_aead += aead_at(want, i);
	first_is_aead = aead_at(want, 0);
	put_proposal(w, want, first_is_aead, 1, spi);
	if (n_aead != 0 && n_aead != want->n_encr) {
		wire_patch_u8(w, at, MORE_PROPOSAL);
		put_proposal(w, want, !first_is_aead, 2, spi);
	}
	return w->overflow ? -ENOSPC : 0;
}

int prop2_build_answer(struct wire_writer *w, const struct prop2_choice *choice, const uint8_t *spi,
		       uint8_t spi_len)
{
	struct draft d = open_proposal(w, choice->number, choice->protocol, spi, spi_len);
	const struct suite_digest *prf = suite_digest_find(choice->prf);
	const struct suite_integ *integ = suite_integ_find(choice->integ);

	put_transform(&d, IKE2_T_ENCR, choice->encr.id, choice->encr.key_bits);
	if (integ != NULL)
		put_transform(&d, IKE2_T_INTEG, integ->wire, 0);
	if (prf != NULL)
		put_transform(&d, IKE2_T_PRF, prf->prf2, 0);
	if (choice->group != 0)
		put_transform(&d, IKE2_T_DH, choice->group, 0);
	if (choice->with_esn)
		put_transform(&d, IKE2_T_ESN, choice->esn, 0);
	close_proposal(&d);
	return w->overflow ? -ENOSPC : 0;
}
