/* SPDX-License-Identifier: BSD-3-Clause */
/* transport.c - policies in transport mode; see transport.h. */
#include "control/model/transport.h"

#include <string.h>

#include "control/model/addr.h"
#include "control/model/apply_ipsec.h"
#include "control/model/policy_key.h"
#include "control/model/problem.h"
#include "control/model/selectors.h"
#include "control/model/templates.h"

bool transport_is(const struct model_row *policy)
{
	return !templates_is(policy) && policy_action(policy) == ABI_ACT_PROTECT &&
	       policy->values[POLICY_TUNNEL].num == 0;
}

static void error(const struct model_row *row, int prop, struct problems *problems,
		  const char *what)
{
	problems_error(problems, row->file, model_line(row, prop),
		       "/ip ipsec policy: %s: %s with tunnel=no (RouterOS's default, transport "
		       "mode)",
		       schema_menu(MENU_POLICY)->props[prop].name, what);
}

/* One end of the policy must be the address that the SA has there. */
static void check_end(const struct model_row *row, int prop, const struct abi_addr *sa,
		      const char *whose, struct problems *problems)
{
	const struct value *v = &row->values[prop];
	char text[ADDR_MAX_TEXT];

	if (sa->family == 0 ||
	    (v->prefix_len == addr_bits(sa) && memcmp(&v->addr, sa, sizeof(*sa)) == 0))
		return; /* without an address the peer has been told of already */
	problems_error(problems, row->file, model_line(row, prop),
		       "/ip ipsec policy: %s: with tunnel=no (RouterOS's default, transport mode) "
		       "it must be the SA's address, %s/%u (%s); between networks, say "
		       "tunnel = true",
		       schema_menu(MENU_POLICY)->props[prop].name, addr_text(sa, text),
		       addr_bits(sa), whose);
}

void transport_validate(const struct model *m, const struct model_row *policy,
			struct problems *problems)
{
	const struct value *v = policy->values;
	const struct model_row *peer = &m->table[MENU_PEER].rows[v[POLICY_PEER].num];
	const struct value *remote = &peer->values[PEER_ADDRESS];
	struct abi_addr local;

	if (peer->broken)
		return;
	if (remote->text) {
		error(policy, POLICY_PEER, problems,
		      "a peer whose address is a DNS name cannot be: dst-address must be it");
		return;
	}
	if (remote->prefix_len != addr_bits(&remote->addr)) {
		error(policy, POLICY_PEER, problems, "a peer whose address is a network cannot be");
		return;
	}
	local = apply_local(m, peer);
	check_end(policy, POLICY_SRC, &local, "our address towards the peer", problems);
	check_end(policy, POLICY_DST, &remote->addr, "the peer's address", problems);
	if (selectors_mode(peer) == SELECTORS_ANY)
		error(policy, POLICY_PEER, problems,
		      "its peer's multi-selector=any, which is for routed networks, cannot be");
	if (policy->given & 1ull << POLICY_DF)
		error(policy, POLICY_DF, problems, "there is no outer header to mark");
	if (policy->given & 1ull << POLICY_DSCP)
		error(policy, POLICY_DSCP, problems, "there is no outer header to mark");
}
