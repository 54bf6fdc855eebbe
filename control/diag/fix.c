/* SPDX-License-Identifier: BSD-3-Clause */
/* fix.c - changes of settings, made from evidence; see diag.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control/crypto/suite.h"
#include "control/diag/diag.h"
#include "control/ike/probe_child.h"
#include "control/ike/prop.h"

#define NAMES_MAX 16u
#define LIST_MAX  IKE_CONF_MAX_ALGS
#define WIDE_MAX  3u /* of each kind: 27 transforms, of the 32 that IKEv1 can carry here */

/* A list property under construction: names, in order, each once. */
struct list {
	unsigned n;
	const char *names[NAMES_MAX];
	uint32_t weak; /* what those that were added need */
};

struct diag_change *diag_set_peer(struct diag_finding *f, enum diag_set set)
{
	struct diag_change *c;

	if (f->n_changes >= DIAG_MAX_CHANGES)
		return NULL;
	c = &f->changes[f->n_changes++];
	memset(c, 0, sizeof(*c));
	c->side = DIAG_PEER;
	c->set = set;
	return c;
}

struct diag_change *diag_set_here(struct diag_finding *f, const char *menu, const char *key,
				  const char *value, const char *prop, const char *fmt, ...)
{
	struct diag_change *c = diag_set_peer(f, DIAG_SET_HERE);
	va_list ap;

	if (c == NULL)
		return NULL;
	c->side = DIAG_HERE;
	c->menu = menu;
	c->prop = prop;
	snprintf(c->find[0][0], sizeof(c->find[0][0]), "%s", key);
	snprintf(c->find[0][1], sizeof(c->find[0][1]), "%s", value);
	va_start(ap, fmt);
	vsnprintf(c->text, sizeof(c->text), fmt, ap);
	va_end(ap);
	return c;
}

void diag_find_also(struct diag_change *c, const char *key, const char *value)
{
	if (c == NULL)
		return;
	snprintf(c->find[1][0], sizeof(c->find[1][0]), "%s", key);
	snprintf(c->find[1][1], sizeof(c->find[1][1]), "%s", value);
}

void diag_say(struct diag_finding *f, enum diag_say say)
{
	if (f->n_says < DIAG_MAX_SAYS)
		f->says[f->n_says++] = say;
}

void diag_check(struct diag_finding *f, enum diag_say say)
{
	if (f->n_checks < DIAG_MAX_SAYS)
		f->checks[f->n_checks++] = say;
}

/* --- lists --- */

static bool list_has(const struct list *l, const char *name)
{
	for (unsigned i = 0; i < l->n; i++) {
		if (strcmp(l->names[i], name) == 0)
			return true;
	}
	return false;
}

static void list_add(struct list *l, const char *name, uint32_t weak)
{
	if (l->n >= NAMES_MAX || list_has(l, name))
		return;
	l->names[l->n++] = name;
	l->weak |= weak;
}

/* The value of the property; what does not fit any more pushes the last one out. */
static void list_set(struct diag_finding *f, const char *menu, const char *row, const char *prop,
		     const struct list *l)
{
	char text[256] = "";
	size_t at = 0;

	for (unsigned i = 0; i < l->n && at < sizeof(text); i++) {
		if (i >= LIST_MAX - 1 && i < l->n - 1)
			continue;
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", at > 0 ? "," : "",
				       l->names[i]);
	}
	diag_set_here(f, menu, "name", row, prop, "%s", text);
}

static void list_encr(struct list *l, struct ike_encr_choice e, bool phase2, bool is_new)
{
	const struct suite_encr *s = suite_encr_find(e.id, e.key_bits);

	if (s != NULL && (phase2 ? s->name2 : s->name) != NULL)
		list_add(l, phase2 ? s->name2 : s->name, is_new ? s->weak : 0);
}

static void list_hash(struct list *l, uint16_t hash, bool is_new)
{
	const struct suite_digest *s = suite_digest_find(hash);

	if (s != NULL)
		list_add(l, s->name, is_new ? s->weak : 0);
}

static void list_integ(struct list *l, uint16_t integ, bool is_new)
{
	const struct suite_integ *s = suite_integ_find(integ);

	if (s != NULL)
		list_add(l, s->name, is_new ? s->weak : 0);
}

static void list_group(struct list *l, uint16_t group, bool is_new)
{
	const struct suite_group *s = suite_group_find(group);

	if (s != NULL)
		list_add(l, s->name, is_new ? s->weak : 0);
}

static void lists_of_profile(const struct ike_profile_conf *c, struct list *encr, struct list *hash,
			     struct list *dh)
{
	for (unsigned i = 0; i < c->n_encr; i++)
		list_encr(encr, c->encr[i], false, false);
	for (unsigned i = 0; i < c->n_hash; i++)
		list_hash(hash, c->hash[i], false);
	for (unsigned i = 0; i < c->n_dh; i++)
		list_group(dh, c->dh[i], false);
}

static void lists_of_proposal(const struct ike_proposal_conf *c, struct list *encr,
			      struct list *integ)
{
	for (unsigned i = 0; i < c->n_encr; i++)
		list_encr(encr, c->encr[i], true, false);
	for (unsigned i = 0; i < c->n_integ; i++)
		list_integ(integ, c->integ[i], false);
}

/* sha256_96 goes neither with sha256 nor with an AEAD. */
static bool is_short(const struct ike_proposal_conf *c)
{
	for (unsigned i = 0; i < c->n_integ; i++) {
		if (c->integ[i] == ABI_INTEG_HMAC_SHA2_256_96)
			return true;
	}
	return false;
}

/* --- numbers of a diff to those of the suite tables --- */

static bool take_encr(uint8_t phase, uint16_t value, uint16_t bits, struct ike_encr_choice *out)
{
	const struct suite_encr *s = phase == 1	  ? suite_encr_find_ike1(value, bits)
				     : phase == 2 ? suite_encr_find_esp1(value, bits)
						  : suite_encr_find(value, bits);

	if (s == NULL || (phase != 2 && phase != PROP_PHASE_CHILD2 && s->cipher == NULL))
		return false;
	*out = (struct ike_encr_choice){s->id, s->key_bits};
	return true;
}

static bool take_hash(uint8_t phase, uint16_t value, uint16_t *out)
{
	const struct suite_digest *s = suite_digest_find_ike1(value);

	for (size_t i = 0; phase != 1; i++) {
		s = suite_digest_at(i);
		if (s == NULL || s->prf2 == value)
			break;
	}
	if (s == NULL)
		return false;
	*out = (uint16_t)s->hash;
	return true;
}

static bool take_integ(uint8_t phase, uint16_t value, uint16_t *out)
{
	const struct suite_integ *s =
		phase == 2 ? suite_integ_find_auth1(value) : suite_integ_find_wire(value);

	if (s == NULL)
		return false;
	*out = s->id;
	return true;
}

/* One value of a type into a suite. False: not in our tables. */
static bool take(struct diag_suite *s, uint8_t phase, enum prop_type type, uint16_t value,
		 uint16_t bits)
{
	uint16_t integ;

	switch (type) {
	case PROP_ENCR:
		return take_encr(phase, value, bits, &s->encr);
	case PROP_HASH:
		return take_hash(phase, value, &s->hash);
	case PROP_INTEG:
		if (phase == PROP_PHASE_IKE2) { /* IKEv2 phase 1: one list here for both */
			if (!take_integ(phase, value, &integ))
				return false;
			s->hash = (uint16_t)suite_integ_find(integ)->hash;
			return true;
		}
		if (value == 0) {
			s->integ = 0;
			return true;
		}
		return take_integ(phase, value, &s->integ);
	case PROP_GROUP:
		if (value != 0 && suite_group_find(value) == NULL)
			return false;
		s->group = value;
		return true;
	default:
		return false;
	}
}

/* What the peer has of a type: the value in its nearest transform, else its first that we know. */
static bool theirs(struct diag_suite *s, const struct prop_diff *d, enum prop_type type)
{
	const struct prop_diff_type *t = &d->types[type];

	if (take(s, d->phase, type, t->nearest, t->nearest_bits))
		return true;
	for (unsigned i = 0; i < t->n_received && i < PROP_DIFF_MAX; i++) {
		if (take(s, d->phase, type, t->received[i].value, t->received[i].bits))
			return true;
	}
	return false;
}

static bool ours(struct diag_suite *s, const struct prop_diff *d, enum prop_type type)
{
	const struct prop_diff_type *t = &d->types[type];

	for (unsigned i = 0; i < t->n_configured && i < PROP_DIFF_MAX; i++) {
		if (take(s, d->phase, type, t->configured[i].value, t->configured[i].bits))
			return true;
	}
	return false;
}

static bool is_aead(struct ike_encr_choice e)
{
	const struct suite_encr *s = suite_encr_find(e.id, e.key_bits);

	return s != NULL && s->icv_len != 0;
}

/* --- permission for weak things --- */

void diag_fix_weak(struct diag_finding *f, const struct diag_peer *p, uint32_t weak)
{
	char words[SUITE_MAX_NAME * 2];
	uint32_t missing = weak & ~p->weak & ~(uint32_t)SUITE_WEAK_NOTICE;

	if (missing == 0)
		return;
	suite_weak_print(missing, words, sizeof(words));
	diag_set_here(f, "ip ipsec peer", "name", p->conf->name, "allow-weak", "%s%s%s",
		      p->allow_weak, p->allow_weak[0] != '\0' ? "," : "", words);
}

static uint32_t weak_of_mode(const struct ike_peer_conf *conf, enum ike_exchange_mode mode)
{
	if (mode == IKE_MODE_IKE2)
		return 0;
	if (mode == IKE_MODE_MAIN)
		return SUITE_WEAK_IKEV1;
	return SUITE_WEAK_IKEV1 | SUITE_WEAK_AGGRESSIVE |
	       (conf->psk_len < SUITE_SHORT_SECRET ? SUITE_WEAK_SHORT_SECRET : 0);
}

void diag_fix_mode_here(struct diag_finding *f, const struct diag_peer *p,
			enum ike_exchange_mode mode)
{
	static const char *const names[] = {[IKE_MODE_MAIN] = "main",
					    [IKE_MODE_AGGRESSIVE] = "aggressive",
					    [IKE_MODE_IKE2] = "ike2"};

	diag_set_here(f, "ip ipsec peer", "name", p->conf->name, "exchange-mode", "%s",
		      names[mode]);
	if (mode == IKE_MODE_AGGRESSIVE && p->conf->profile.n_dh > 1) {
		const struct suite_group *g = suite_group_find(p->conf->profile.dh[0]);

		diag_set_here(f, "ip ipsec profile", "name", p->profile, "dh-group", "%s",
			      g != NULL ? g->name : "");
	}
	diag_fix_weak(f, p, weak_of_mode(p->conf, mode));
}

/* --- proposals that differ --- */

#define ALG_TYPES (1u << PROP_ENCR | 1u << PROP_HASH | 1u << PROP_INTEG | 1u << PROP_GROUP)

static void diff_here_phase1(struct diag_finding *f, const struct diag_peer *p,
			     const struct diag_suite *s)
{
	struct list encr = {0}, hash = {0}, dh = {0};

	lists_of_profile(&p->conf->profile, &encr, &hash, &dh);
	if (s->what & 1u << PROP_ENCR) {
		list_encr(&encr, s->encr, false, true);
		list_set(f, "ip ipsec profile", p->profile, "enc-algorithm", &encr);
	}
	if (s->what & (1u << PROP_HASH | 1u << PROP_INTEG)) {
		list_hash(&hash, s->hash, true);
		list_set(f, "ip ipsec profile", p->profile, "hash-algorithm", &hash);
	}
	if (s->what & 1u << PROP_GROUP) {
		if (p->conf->mode == IKE_MODE_AGGRESSIVE)
			dh = (struct list){0}; /* it can offer one only */
		list_group(&dh, s->group, true);
		list_set(f, "ip ipsec profile", p->profile, "dh-group", &dh);
	}
	diag_fix_weak(f, p, encr.weak | hash.weak | dh.weak);
}

static void diff_here_phase2(struct diag_finding *f, const struct diag_peer *p,
			     const struct diag_suite *s, const struct ike_child_conf *child)
{
	struct list encr = {0}, integ = {0}, pfs = {0};
	const char *row = child->proposal.name;

	lists_of_proposal(&child->proposal, &encr, &integ);
	if (s->what & 1u << PROP_ENCR) {
		list_encr(&encr, s->encr, true, true);
		list_set(f, "ip ipsec proposal", row, "enc-algorithms", &encr);
		if (is_short(&child->proposal) && is_aead(s->encr)) {
			integ = (struct list){0};
			list_integ(&integ, ABI_INTEG_HMAC_SHA2_256_128, true);
			list_set(f, "ip ipsec proposal", row, "auth-algorithms", &integ);
		}
	}
	if (s->what & 1u << PROP_INTEG && s->integ != 0) {
		list_integ(&integ, s->integ, true);
		list_set(f, "ip ipsec proposal", row, "auth-algorithms", &integ);
	}
	if (s->what & 1u << PROP_GROUP) {
		list_group(&pfs, s->group, true);
		diag_set_here(f, "ip ipsec proposal", "name", row, "pfs-group", "%s",
			      s->group != 0 ? pfs.names[0] : "none");
	}
	diag_fix_weak(f, p, encr.weak | integ.weak | pfs.weak);
}

void diag_fix_diff(struct diag_finding *f, const struct diag_peer *p, const struct prop_diff *d,
		   const struct ike_child_conf *child)
{
	static const enum prop_type types[] = {PROP_ENCR, PROP_HASH, PROP_INTEG, PROP_GROUP};
	struct diag_suite here = {0}, there = {0};
	struct diag_change *c;
	bool here_ok = true, there_ok = true;

	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		bool differs = d->types[types[i]].mismatch;
		bool got = theirs(&here, d, types[i]);

		if (differs) {
			here.what |= 1u << types[i];
			here_ok &= got;
			there_ok &= ours(&there, d, types[i]);
		} else if (d->phase != PROP_PHASE_IKE2 || types[i] != PROP_INTEG) {
			(void)theirs(&there, d, types[i]);
		}
	}
	if (here.what == 0)
		return;
	there.what = here.what;
	if (is_aead(there.encr))
		there.integ = 0;
	if (here_ok && child != NULL)
		diff_here_phase2(f, p, &here, child);
	else if (here_ok)
		diff_here_phase1(f, p, &here);
	if (!there_ok)
		return;
	c = diag_set_peer(f, child != NULL ? DIAG_SET_ESP_SUITE : DIAG_SET_IKE_SUITE);
	if (c != NULL)
		c->suite = there;
}

void diag_fix_group(struct diag_finding *f, const struct diag_peer *p, uint16_t group)
{
	const struct ike_profile_conf *pr = &p->conf->profile;
	struct diag_suite s = {.what = 1u << PROP_GROUP, .group = group};
	struct diag_change *c;

	if (suite_group_find(group) != NULL)
		diff_here_phase1(f, p, &s);
	c = diag_set_peer(f, DIAG_SET_IKE_SUITE);
	if (c != NULL)
		c->suite = (struct diag_suite){.what = 1u << PROP_GROUP,
					       .encr = pr->encr[0],
					       .hash = pr->hash[0],
					       .group = pr->dh[0]};
}

/* --- nothing known of the peer's proposals --- */

/* The defaults of cloud consoles: features of those products, likely when nobody changed them. */
static const struct preset {
	enum ike_vendor vendor;
	struct ike_encr_choice encr;
	uint16_t hash, group, integ;
} presets[] = {
	{IKE_VENDOR_TENCENT, {ABI_ENCR_3DES, 0}, SUITE_HASH_MD5, 1, ABI_INTEG_HMAC_MD5_96},
	{IKE_VENDOR_ALIBABA, {ABI_ENCR_AES_CBC, 128}, SUITE_HASH_SHA1, 2, ABI_INTEG_HMAC_SHA1_96},
	{IKE_VENDOR_HUAWEI,
	 {ABI_ENCR_AES_CBC, 256},
	 SUITE_HASH_SHA256,
	 14,
	 ABI_INTEG_HMAC_SHA2_256_128},
	{IKE_VENDOR_ROUTEROS, {ABI_ENCR_AES_CBC, 128}, SUITE_HASH_SHA1, 14, ABI_INTEG_HMAC_SHA1_96},
};

static const struct preset *preset_of(enum ike_vendor v)
{
	for (unsigned i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
		if (presets[i].vendor == v)
			return &presets[i];
	}
	return NULL;
}

static void cut(struct list *l, unsigned n)
{
	if (l->n > n)
		l->n = n;
}

static void offer_phase1(struct diag_finding *f, const struct diag_peer *p)
{
	static const struct ike_encr_choice ciphers[] = {{ABI_ENCR_AES_CBC, 256},
							 {ABI_ENCR_AES_CBC, 128}};
	static const uint16_t hashes[] = {SUITE_HASH_SHA256, SUITE_HASH_SHA1};
	static const uint16_t groups[] = {14, 19, 2};
	struct list encr = {0}, hash = {0}, dh = {0};
	const struct preset *v = preset_of(p->vendor);

	lists_of_profile(&p->conf->profile, &encr, &hash, &dh);
	cut(&encr, WIDE_MAX - 1);
	cut(&hash, WIDE_MAX - 1);
	cut(&dh, WIDE_MAX - 1);
	if (v != NULL) {
		list_encr(&encr, v->encr, false, true);
		list_hash(&hash, v->hash, true);
		list_group(&dh, v->group, true);
	}
	for (unsigned i = 0; i < 2; i++) {
		list_encr(&encr, ciphers[i], false, true);
		list_hash(&hash, hashes[i], true);
	}
	for (unsigned i = 0; i < 3; i++) {
		const struct suite_group *g = suite_group_find(groups[i]);

		if (g != NULL && (g->weak & ~p->weak) == 0)
			list_group(&dh, groups[i], true);
	}
	cut(&encr, WIDE_MAX);
	cut(&hash, WIDE_MAX);
	cut(&dh, p->conf->mode == IKE_MODE_AGGRESSIVE ? 1 : WIDE_MAX);
	list_set(f, "ip ipsec profile", p->profile, "enc-algorithm", &encr);
	list_set(f, "ip ipsec profile", p->profile, "hash-algorithm", &hash);
	list_set(f, "ip ipsec profile", p->profile, "dh-group", &dh);
	diag_fix_weak(f, p, encr.weak | hash.weak | dh.weak);
}

/* Not what does not go with the lists as they are. */
static void offer_encr(struct list *l, const struct ike_child_conf *child, struct ike_encr_choice e)
{
	if (!is_short(&child->proposal) || !is_aead(e))
		list_encr(l, e, true, true);
}

static void offer_integ(struct list *l, const struct ike_child_conf *child, uint16_t integ)
{
	if (!is_short(&child->proposal) || integ != ABI_INTEG_HMAC_SHA2_256_128)
		list_integ(l, integ, true);
}

static void offer_phase2(struct diag_finding *f, const struct diag_peer *p,
			 const struct ike_child_conf *child)
{
	static const struct ike_encr_choice ciphers[] = {
		{ABI_ENCR_AES_CBC, 256}, {ABI_ENCR_AES_CBC, 128}, {ABI_ENCR_AES_GCM_16, 256}};
	static const uint16_t integs[] = {ABI_INTEG_HMAC_SHA2_256_128, ABI_INTEG_HMAC_SHA1_96};
	struct list encr = {0}, integ = {0};
	const struct preset *v = preset_of(p->vendor);

	lists_of_proposal(&child->proposal, &encr, &integ);
	if (v != NULL) {
		offer_encr(&encr, child, v->encr);
		offer_integ(&integ, child, v->integ);
	}
	for (unsigned i = 0; i < 3; i++)
		offer_encr(&encr, child, ciphers[i]);
	for (unsigned i = 0; i < 2; i++)
		offer_integ(&integ, child, integs[i]);
	cut(&encr, LIST_MAX);
	cut(&integ, LIST_MAX);
	list_set(f, "ip ipsec proposal", child->proposal.name, "enc-algorithms", &encr);
	list_set(f, "ip ipsec proposal", child->proposal.name, "auth-algorithms", &integ);
	diag_fix_weak(f, p, encr.weak | integ.weak);
}

static void ours_at_peer(struct diag_finding *f, const struct ike_proposal_conf *pc)
{
	struct diag_change *c = diag_set_peer(f, DIAG_SET_ESP_SUITE);

	if (c == NULL)
		return;
	c->suite = (struct diag_suite){
		.what = 1u << PROP_ENCR | 1u << PROP_INTEG | 1u << PROP_GROUP,
		.encr = pc->encr[0],
		.integ = pc->n_integ > 0 && !is_aead(pc->encr[0]) ? pc->integ[0] : 0,
		.group = pc->pfs_group,
	};
}

void diag_fix_taken(struct diag_finding *f, const struct diag_peer *p,
		    const struct ike_child_conf *child, const struct probe_child_row *taken)
{
	const struct ike_proposal_conf *pc = &child->proposal;
	struct diag_suite s = {.what = 1u << PROP_ENCR | 1u << PROP_INTEG | 1u << PROP_GROUP,
			       .encr = taken->encr,
			       .integ = taken->integ,
			       .group = taken->group};

	for (unsigned i = 0; i < pc->n_encr; i++) {
		if (pc->encr[i].id == s.encr.id && pc->encr[i].key_bits == s.encr.key_bits)
			s.what &= ~(1u << PROP_ENCR);
	}
	for (unsigned i = 0; i < pc->n_integ; i++) {
		if (pc->integ[i] == s.integ)
			s.what &= ~(1u << PROP_INTEG);
	}
	if (pc->pfs_group == s.group)
		s.what &= ~(1u << PROP_GROUP);
	diff_here_phase2(f, p, &s, child);
	ours_at_peer(f, pc);
}

void diag_fix_offer(struct diag_finding *f, const struct diag_peer *p,
		    const struct ike_child_conf *child)
{
	const struct ike_profile_conf *pr = &p->conf->profile;
	struct diag_change *c;

	if (child != NULL)
		offer_phase2(f, p, child);
	else
		offer_phase1(f, p);
	if (child != NULL) {
		ours_at_peer(f, &child->proposal);
		return;
	}
	c = diag_set_peer(f, DIAG_SET_IKE_SUITE);
	if (c == NULL)
		return;
	c->suite = (struct diag_suite){
		.what = 1u << PROP_ENCR | 1u << PROP_HASH | 1u << PROP_GROUP,
		.encr = pr->encr[0],
		.hash = pr->hash[0],
		.group = pr->dh[0],
	};
}
