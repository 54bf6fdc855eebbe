/* SPDX-License-Identifier: BSD-3-Clause */
/* validate_esp.c - ciphers and integrity of a proposal must go together, and with its peers' IKE.
 */
#include <stdlib.h>
#include <string.h>

#include "control/crypto/suite.h"
#include "control/ike/conf.h"
#include "control/model/model.h"
#include "control/model/problem.h"
#include "control/model/templates.h"
#include "control/model/validate.h"

/* The i-th word of a list property of a proposal. */
static const char *word(const struct model_row *row, int prop, unsigned i)
{
	return schema_menu(MENU_PROPOSAL)
		->props[prop]
		.domain->words[row->values[prop].list[i]]
		.name;
}

/* The first cipher of a proposal that is an AEAD, or that is none. */
static const char *find(const struct model_row *proposal, bool aead)
{
	for (unsigned i = 0; i < proposal->values[PROPOSAL_ENC].n; i++) {
		const struct suite_encr *e = suite_encr_find_name(word(proposal, PROPOSAL_ENC, i));

		if (e && (e->icv_len != 0) == aead)
			return e->name2;
	}
	return NULL;
}

bool validate_esp_uses_auth(const struct model_row *proposal)
{
	return find(proposal, false) != NULL;
}

static void check_integrity(const struct model_row *row, struct problems *problems)
{
	const char *plain = find(row, false), *aead = find(row, true);
	bool null = false, real = false;
	char label[192];

	for (unsigned i = 0; i < row->values[PROPOSAL_AUTH].n; i++) {
		bool is_null = strcmp(word(row, PROPOSAL_AUTH, i), "null") == 0;

		null |= is_null;
		real |= !is_null;
	}
	if (plain && (!real || (null && !aead)))
		problems_error(problems, row->file, model_line(row, PROPOSAL_AUTH),
			       "%s: auth-algorithms: null leaves packets of %s without integrity "
			       "(RFC 8221 section 4); nearest accepted: \"sha256\"",
			       validate_label(MENU_PROPOSAL, row, label, sizeof(label)), plain);
}

/* Peers that cut SHA2-256 to 96 bits agree on the number of RFC 4868's 128 bits: only one of the
 * two can be meant, and an AEAD would be neither. */
static void check_short(const struct model_row *row, struct problems *problems)
{
	bool is_short = false, full = false;
	const char *aead = find(row, true);
	unsigned line = model_line(row, PROPOSAL_AUTH);
	char label[192];

	for (unsigned i = 0; i < row->values[PROPOSAL_AUTH].n; i++) {
		is_short |= strcmp(word(row, PROPOSAL_AUTH, i), "sha256_96") == 0;
		full |= strcmp(word(row, PROPOSAL_AUTH, i), "sha256") == 0;
	}
	if (!is_short)
		return;
	validate_label(MENU_PROPOSAL, row, label, sizeof(label));
	if (full)
		problems_error(problems, row->file, line,
			       "%s: auth-algorithms: sha256_96 and sha256 have one number on the "
			       "wire, so that nobody knows which was agreed on: keep the one that "
			       "the peer uses; nearest accepted: \"sha256\"",
			       label);
	else if (aead)
		problems_error(problems, row->file, line,
			       "%s: auth-algorithms: sha256_96 does not go with %s, which has an "
			       "ICV of its own; nearest accepted: \"null\"",
			       label, aead);
	else
		problems_warn(
			problems, row->file, line,
			"%s: auth-algorithms: sha256_96 cuts the ICV to 96 bits where RFC 4868 "
			"says 128: only for a peer that does the same wrong (old Linux kernels, "
			"strongSwan with sha256_96 = yes); nearest right: \"sha256\"",
			label);
}

/* What IKEv1 has no number for. True when told. */
static bool check_numbers(const struct model_row *row, const struct model_row *peer,
			  struct problems *problems)
{
	char label[192];
	bool told = false;

	if (!validate_peer_is_ike1(peer))
		return false;
	for (unsigned i = 0; i < row->values[PROPOSAL_ENC].n; i++) {
		const char *name = word(row, PROPOSAL_ENC, i);
		const struct suite_encr *e = suite_encr_find_name(name);

		if (!e || e->esp1 != 0)
			continue;
		problems_error(problems, row->file, model_line(row, PROPOSAL_ENC),
			       "%s: enc-algorithms: %s has no number in IKEv1, which peer \"%s\" "
			       "speaks: it needs exchange-mode=ike2; nearest accepted: "
			       "\"aes-256-gcm\"",
			       validate_label(MENU_PROPOSAL, row, label, sizeof(label)), name,
			       peer->values[PEER_NAME].text);
		told = true;
	}
	return told;
}

/* Those of the templates that an identity's peer may have. */
static void check_templates(const struct model *m, const struct model_row *identity, bool *told,
			    struct problems *problems)
{
	const struct model_table *proposals = &m->table[MENU_PROPOSAL];
	const struct model_row *peer, *row;
	size_t at = 0;

	if (!validate_active(identity, IDENTITY_DISABLED))
		return;
	peer = &m->table[MENU_PEER].rows[identity->values[IDENTITY_PEER].num];
	while (validate_active(peer, PEER_DISABLED) && (row = templates_next(m, identity, &at))) {
		uint64_t p = row->values[POLICY_PROPOSAL].num;

		if (!proposals->rows[p].broken && !told[p])
			told[p] = check_numbers(&proposals->rows[p], peer, problems);
	}
}

static void check_uses(const struct model *m, struct problems *problems)
{
	const struct model_table *policies = &m->table[MENU_POLICY];
	const struct model_table *proposals = &m->table[MENU_PROPOSAL];
	bool *told = calloc(proposals->n + 1, sizeof(*told));

	for (size_t i = 0; told && i < policies->n; i++) {
		const struct value *v = policies->rows[i].values;
		const struct model_row *peer;
		uint64_t p = v[POLICY_PROPOSAL].num;

		/* Only then do the references lead to rows. */
		if (!validate_active(&policies->rows[i], POLICY_DISABLED) || !v[POLICY_PEER].set)
			continue;
		peer = &m->table[MENU_PEER].rows[v[POLICY_PEER].num];
		if (validate_active(peer, PEER_DISABLED) && !proposals->rows[p].broken && !told[p])
			told[p] = check_numbers(&proposals->rows[p], peer, problems);
	}
	for (size_t i = 0; told && i < m->table[MENU_IDENTITY].n; i++)
		check_templates(m, &m->table[MENU_IDENTITY].rows[i], told, problems);
	free(told);
}

void validate_esp(const struct model *m, struct problems *problems)
{
	const struct model_table *t = &m->table[MENU_PROPOSAL];

	for (size_t i = 0; i < t->n; i++)
		if (validate_active(&t->rows[i], PROPOSAL_DISABLED)) {
			check_integrity(&t->rows[i], problems);
			check_short(&t->rows[i], problems);
		}
	check_uses(m, problems);
}
