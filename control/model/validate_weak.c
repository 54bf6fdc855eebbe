/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * validate_weak.c - weak algorithms and modes work only where allow-weak names them, on the peer or
 * as the default in /ip ipsec settings; those that this OpenSSL lacks do not work at all. What
 * nobody uses is not looked at.
 */
#include <stdlib.h>
#include <string.h>

#include "control/crypto/suite.h"
#include "control/ike/conf.h"
#include "control/model/model.h"
#include "control/model/problem.h"
#include "control/model/templates.h"
#include "control/model/validate.h"
#include "control/model/weak.h"

/* Whose permission counts. */
struct teller {
	struct problems *problems;
	const struct model_row *peer;
	uint32_t allowed;
};

static void tell(const struct teller *t, uint32_t weak, enum menu_id menu,
		 const struct model_row *row, int prop, const char *what)
{
	uint32_t missing = weak & ~t->allowed & ~(uint32_t)SUITE_WEAK_NOTICE;
	const char *preset = row->given & 1ull << prop ? "" : " (the default)";
	const char *name = schema_menu(menu)->props[prop].name;
	/* The built-in default stands nowhere: tell it where it is used. */
	unsigned line = row->line ? model_line(row, prop) : t->peer->line;
	const char *file = row->line ? row->file : t->peer->file;
	char words[SUITE_MAX_NAME * 2], label[192];

	validate_label(menu, row, label, sizeof(label));
	if (missing)
		problems_error(
			t->problems, file, line,
			"%s: %s: %s%s is weak; to use it nevertheless add \"%s\" to "
			"allow-weak of /ip ipsec peer \"%s\" or of /ip ipsec settings%s",
			label, name, what, preset, suite_weak_print(missing, words, sizeof(words)),
			t->peer->values[PEER_NAME].text, *preset ? ", or say another one" : "");
	else if (weak & ~t->allowed & SUITE_WEAK_NOTICE)
		problems_warn(t->problems, file, line,
			      "%s: %s: %s%s is on its way out (RFC 8247); \"%s\" in allow-weak "
			      "silences this",
			      label, name, what, preset,
			      suite_weak_print(weak & SUITE_WEAK_NOTICE, words, sizeof(words)));
}

/* Of IKE; ESP is the dataplane's, which tests its own library. */
static void tell_lacking(const struct teller *t, enum menu_id menu, const struct model_row *row,
			 int prop, const char *what)
{
	char label[192];

	if (suite_lacks(what))
		problems_error(t->problems, row->line ? row->file : t->peer->file,
			       row->line ? model_line(row, prop) : t->peer->line,
			       "%s: %s: %s is not available in this OpenSSL, and peer \"%s\" "
			       "would use it",
			       validate_label(menu, row, label, sizeof(label)),
			       schema_menu(menu)->props[prop].name, what,
			       t->peer->values[PEER_NAME].text);
}

static uint32_t encr_weak(const char *name)
{
	const struct suite_encr *s = suite_encr_find_name(name);

	return s ? s->weak : 0;
}

static uint32_t digest_weak(const char *name)
{
	const struct suite_digest *s = suite_digest_find_name(name);

	return s ? s->weak : 0;
}

static uint32_t integ_weak(const char *name)
{
	const struct suite_integ *s = suite_integ_find_name(name);

	return s ? s->weak : 0;
}

static uint32_t group_weak(const char *name)
{
	const struct suite_group *s = suite_group_find_name(name);

	return s ? s->weak : 0;
}

static void check_list(const struct teller *t, enum menu_id menu, const struct model_row *row,
		       int prop, uint32_t (*weak)(const char *name))
{
	const struct value *v = &row->values[prop];
	const struct domain_word *words = schema_menu(menu)->props[prop].domain->words;

	for (unsigned i = 0; i < v->n; i++)
		tell(t, weak(words[v->list[i]].name), menu, row, prop, words[v->list[i]].name);
}

static void check_profile(const struct teller *t, const struct model_row *row)
{
	static const struct {
		int prop;
		uint32_t (*weak)(const char *name);
	} lists[] = {
		{PROFILE_HASH, digest_weak}, {PROFILE_ENC, encr_weak}, {PROFILE_DH, group_weak}};
	const struct prop *prf = &schema_menu(MENU_PROFILE)->props[PROFILE_PRF];

	for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++) {
		int prop = lists[k].prop;
		const struct value *v = &row->values[prop];
		const struct domain_word *words =
			schema_menu(MENU_PROFILE)->props[prop].domain->words;

		check_list(t, MENU_PROFILE, row, prop, lists[k].weak);
		for (unsigned i = 0; i < v->n; i++)
			tell_lacking(t, MENU_PROFILE, row, prop, words[v->list[i]].name);
	}
	if (!validate_peer_is_ike1(t->peer))
		tell_lacking(t, MENU_PROFILE, row, PROFILE_PRF,
			     prf->domain->words[row->values[PROFILE_PRF].num].name);
}

static void check_proposal(const struct teller *t, const struct model_row *row)
{
	const struct value *pfs = &row->values[PROPOSAL_PFS];
	const char *group =
		schema_menu(MENU_PROPOSAL)->props[PROPOSAL_PFS].domain->words[pfs->num].name;

	check_list(t, MENU_PROPOSAL, row, PROPOSAL_ENC, encr_weak);
	if (validate_esp_uses_auth(row))
		check_list(t, MENU_PROPOSAL, row, PROPOSAL_AUTH, integ_weak);
	tell_lacking(t, MENU_PROPOSAL, row, PROPOSAL_PFS, group);
	if (group_weak(group))
		tell(t, group_weak(group), MENU_PROPOSAL, row, PROPOSAL_PFS, group);
}

static void check_peer(const struct model *m, const struct model_row *peer,
		       struct problems *problems)
{
	struct teller t = {problems, peer, weak_allowed(m, peer)};
	const struct model_row *profile =
		&m->table[MENU_PROFILE].rows[peer->values[PEER_PROFILE].num];

	if (validate_peer_mode(peer) == IKE_MODE_AGGRESSIVE)
		tell(&t, SUITE_WEAK_IKEV1 | SUITE_WEAK_AGGRESSIVE, MENU_PEER, peer, PEER_MODE,
		     "aggressive, a mode of IKEv1 that shows everybody who asks a hash of the "
		     "secret, to guess it from at leisure,");
	else if (validate_peer_is_ike1(peer))
		tell(&t, SUITE_WEAK_IKEV1, MENU_PEER, peer, PEER_MODE, "main, a mode of IKEv1,");
	if (profile->broken)
		return;
	check_profile(&t, profile);
}

/* RFC 2409 section 5.4: message 2 of aggressive mode has what guesses at the secret are tried on.
 */
static void check_secrets(const struct model *m, struct problems *problems)
{
	const struct model_table *ids = &m->table[MENU_IDENTITY];

	for (size_t i = 0; i < ids->n; i++) {
		const struct model_row *row = &ids->rows[i], *peer;
		struct teller t = {.problems = problems};

		if (row->broken || !validate_active(row, IDENTITY_DISABLED))
			continue;
		peer = &m->table[MENU_PEER].rows[row->values[IDENTITY_PEER].num];
		if (!validate_active(peer, PEER_DISABLED) ||
		    validate_peer_mode(peer) != IKE_MODE_AGGRESSIVE ||
		    row->values[IDENTITY_SECRET].len >= SUITE_SHORT_SECRET)
			continue;
		t.peer = peer;
		t.allowed = weak_allowed(m, peer);
		tell(&t, SUITE_WEAK_SHORT_SECRET, MENU_IDENTITY, row, IDENTITY_SECRET,
		     "one of fewer than 20 bytes in aggressive mode");
	}
}

/* Which peer uses which proposal. */
struct use {
	uint64_t peer, proposal;
};

static int by_use(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct use));
}

/* Those of templates, for each peer that they are for; uses NULL: only counted. */
static size_t template_uses(const struct model *m, struct use *uses)
{
	const struct model_table *ids = &m->table[MENU_IDENTITY];
	const struct model_row *row;
	size_t n = 0;

	for (size_t i = 0; i < ids->n; i++) {
		size_t at = 0;

		if (!validate_active(&ids->rows[i], IDENTITY_DISABLED))
			continue;
		for (; (row = templates_next(m, &ids->rows[i], &at)); n++)
			if (uses)
				uses[n] = (struct use){ids->rows[i].values[IDENTITY_PEER].num,
						       row->values[POLICY_PROPOSAL].num};
	}
	return n;
}

static void check_proposals(const struct model *m, struct problems *problems)
{
	const struct model_table *policies = &m->table[MENU_POLICY];
	struct use *uses = calloc(policies->n + template_uses(m, NULL) + 1, sizeof(*uses));
	size_t n = uses ? template_uses(m, uses) : 0;

	for (size_t i = 0; uses && i < policies->n; i++) {
		const struct value *v = policies->rows[i].values;

		if (validate_active(&policies->rows[i], POLICY_DISABLED) && v[POLICY_PEER].set)
			uses[n++] = (struct use){v[POLICY_PEER].num, v[POLICY_PROPOSAL].num};
	}
	if (n)
		qsort(uses, n, sizeof(*uses), by_use);
	for (size_t i = 0; i < n; i++) {
		const struct model_row *peer = &m->table[MENU_PEER].rows[uses[i].peer];
		const struct model_row *row = &m->table[MENU_PROPOSAL].rows[uses[i].proposal];
		struct teller t = {problems, peer, weak_allowed(m, peer)};

		if (validate_active(peer, PEER_DISABLED) && !row->broken &&
		    (i == 0 || by_use(&uses[i - 1], &uses[i]) != 0))
			check_proposal(&t, row);
	}
	free(uses);
}

uint32_t weak_allowed(const struct model *m, const struct model_row *peer)
{
	const struct value *v = &peer->values[PEER_ALLOW_WEAK];
	const struct domain_word *words =
		schema_menu(MENU_PEER)->props[PEER_ALLOW_WEAK].domain->words;
	uint32_t set = 0;

	if (!v->set)
		v = &model_single(m, MENU_SETTINGS)->values[SETTINGS_ALLOW_WEAK];
	for (unsigned i = 0; v->set && i < v->n; i++)
		set |= words[v->list[i]].value;
	return set;
}

void validate_weak(const struct model *m, struct problems *problems)
{
	const struct model_table *t = &m->table[MENU_PEER];

	for (size_t i = 0; i < t->n; i++)
		if (validate_active(&t->rows[i], PEER_DISABLED))
			check_peer(m, &t->rows[i], problems);
	check_secrets(m, problems);
	check_proposals(m, problems);
}
