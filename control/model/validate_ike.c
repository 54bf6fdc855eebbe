/* SPDX-License-Identifier: BSD-3-Clause */
/* validate_ike.c - ciphers of a profile must have a number in the IKE version of its peers. */
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

void validate_ike(const struct model *m, struct problems *problems)
{
	const struct model_table *peers = &m->table[MENU_PEER];

	for (size_t i = 0; i < peers->n; i++) {
		const struct model_row *peer = &peers->rows[i];
		const struct model_row *profile =
			&m->table[MENU_PROFILE].rows[peer->values[PEER_PROFILE].num];

		if (validate_active(peer, PEER_DISABLED) && validate_peer_is_ike1(peer) &&
		    !profile->broken)
			check_profile(profile, peer, problems);
	}
}
