/* SPDX-License-Identifier: BSD-3-Clause */
/* validate_ike.c - what a profile says must mean something in the IKE version of its peers. */
#include "control/crypto/suite.h"
#include "control/model/model.h"
#include "control/model/problem.h"
#include "control/model/validate.h"

static void check_profile(const struct model_row *profile, const struct model_row *peer,
			  struct problems *problems)
{
	const struct domain *words = schema_menu(MENU_PROFILE)->props[PROFILE_ENC].domain;
	char label[192];

	if (validate_peer_mode(peer) == IKE_MODE_AGGRESSIVE && profile->values[PROFILE_DH].n > 1)
		problems_warn(problems, profile->file, model_line(profile, PROFILE_DH),
			      "%s: dh-group: peer \"%s\" speaks aggressive mode, which can offer "
			      "the first group only",
			      validate_label(MENU_PROFILE, profile, label, sizeof(label)),
			      peer->values[PEER_NAME].text);
	for (unsigned i = 0; i < profile->values[PROFILE_ENC].n; i++) {
		const char *name = words->words[profile->values[PROFILE_ENC].list[i]].name;
		const struct suite_encr *e = suite_encr_find_name(name);

		if (!e || e->ike1 != 0)
			continue;
		problems_error(problems, profile->file, model_line(profile, PROFILE_ENC),
			       "%s: enc-algorithm: %s has no number in phase 1 of IKEv1, which "
			       "peer \"%s\" speaks: it needs exchange-mode=ike2; nearest "
			       "accepted: \"aes-256\"",
			       validate_label(MENU_PROFILE, profile, label, sizeof(label)), name,
			       peer->values[PEER_NAME].text);
	}
}

/* What is said in a profile and means nothing to a peer of it. */
static void check_unused(const struct model_row *profile, const struct model_row *peer,
			 struct problems *problems)
{
	static const struct {
		int prop;
		bool ike1; /* said of IKEv1 peers; else of IKEv2 */
		const char *why;
	} unused[] = {
		{PROFILE_PRF, true, "is not used: the PRF of IKEv1 is hash-algorithm"},
		{PROFILE_NATT, true, "NAT is not looked for: behind one, ESP may not get through"},
		{PROFILE_NATT, false,
		 "is not used: IKEv2 always looks for NAT (RFC 7296 section 2.23)"},
		{PROFILE_LIFEBYTES, false, "is not used: IKEv2 tells no lifetimes"},
		{PROFILE_PROPOSAL_CHECK, false, "is not used: IKEv2 negotiates no lifetimes"},
	};
	char label[192];

	for (size_t i = 0; i < sizeof(unused) / sizeof(unused[0]); i++) {
		const struct prop *p = &schema_menu(MENU_PROFILE)->props[unused[i].prop];
		bool preset = unused[i].prop == PROFILE_NATT
				      ? profile->values[PROFILE_NATT].num != 0
				      : profile->values[unused[i].prop].num == 0;

		if (preset || validate_peer_is_ike1(peer) != unused[i].ike1)
			continue;
		problems_warn(problems, profile->file, model_line(profile, unused[i].prop),
			      "%s: %s: with peer \"%s\": %s",
			      validate_label(MENU_PROFILE, profile, label, sizeof(label)), p->name,
			      peer->values[PEER_NAME].text, unused[i].why);
	}
}

void validate_ike(const struct model *m, struct problems *problems)
{
	const struct model_table *peers = &m->table[MENU_PEER];

	for (size_t i = 0; i < peers->n; i++) {
		const struct model_row *peer = &peers->rows[i];
		const struct model_row *profile =
			&m->table[MENU_PROFILE].rows[peer->values[PEER_PROFILE].num];

		if (!validate_active(peer, PEER_DISABLED) || profile->broken)
			continue;
		check_unused(profile, peer, problems);
		if (validate_peer_is_ike1(peer))
			check_profile(profile, peer, problems);
	}
}
