/* SPDX-License-Identifier: BSD-3-Clause */
/* validate_policy.c - policies: what each must have, and that none hides another. */
#include <stdio.h>
#include <stdlib.h>

#include "control/model/addr.h"
#include "control/model/model.h"
#include "control/model/policy_key.h"
#include "control/model/problem.h"
#include "control/model/standby.h"
#include "control/model/templates.h"
#include "control/model/transport.h"
#include "control/model/validate.h"

#define PROTO_TCP 6
#define PROTO_UDP 17

static void policy_error(const struct model_row *row, int prop, struct problems *problems,
			 const char *text)
{
	problems_error(problems, row->file, model_line(row, prop), "/ip ipsec policy: %s", text);
}

static uint32_t level_flags(const struct model_row *row)
{
	const struct domain *levels = schema_menu(MENU_POLICY)->props[POLICY_LEVEL].domain;

	return levels->words[row->values[POLICY_LEVEL].num].value;
}

bool validate_policy_allows_clear(const struct model_row *row)
{
	return policy_action(row) == ABI_ACT_PROTECT &&
	       (level_flags(row) & ABI_POL_F_ALLOW_CLEAR) != 0;
}

/* What passes in clear must be meant, twice over. */
static void check_level(const struct model_row *row, struct problems *problems)
{
	bool use = (level_flags(row) & ABI_POL_F_ALLOW_CLEAR) != 0;
	bool allowed = row->values[POLICY_ALLOW_CLEAR].num != 0;

	if (use && policy_action(row) != ABI_ACT_PROTECT)
		policy_error(row, POLICY_LEVEL, problems,
			     "level: use means nothing without action=encrypt");
	else if (use && !allowed)
		policy_error(row, POLICY_LEVEL, problems,
			     "level: use sends what the policy covers in clear, and takes it in "
			     "clear, while there is no SA; add allow-clear = true if that is "
			     "meant; nearest accepted: \"require\"");
	else if (use)
		problems_warn(
			problems, row->file, model_line(row, POLICY_LEVEL),
			"/ip ipsec policy: level: use: while there is no SA, packets leave "
			"IN CLEAR, and clear ones from anybody are let in; with one, neither");
	else if (allowed)
		policy_error(row, POLICY_ALLOW_CLEAR, problems,
			     "allow-clear: means nothing without level=use");
}

static void check_encrypt(const struct model *m, const struct model_row *row,
			  struct problems *problems)
{
	const struct value *v = row->values;

	if (!v[POLICY_PEER].set)
		policy_error(row, POLICY_PEER, problems,
			     "peer is missing; action=encrypt needs one");
	else if (!v[POLICY_TUNNEL].num)
		transport_validate(m, row, problems);
	if (v[POLICY_PROPOSAL].set &&
	    m->table[MENU_PROPOSAL].rows[v[POLICY_PROPOSAL].num].values[PROPOSAL_DISABLED].num)
		policy_error(row, POLICY_PROPOSAL, problems, "proposal: it is disabled");
}

static bool ike1_can_say(const struct value *port)
{
	return port->num == VALUE_ANY || (port->num == port->num2 && port->num != 0);
}

/* An ID payload holds one port, and 0 means all of them there (RFC 2407 section 4.6.2). */
static void check_ike1_ports(const struct model *m, const struct model_row *row,
			     struct problems *problems)
{
	static const int props[] = {POLICY_SRC_PORT, POLICY_DST_PORT};
	const struct model_row *peer;

	if (policy_action(row) != ABI_ACT_PROTECT || !row->values[POLICY_PEER].set)
		return;
	peer = &m->table[MENU_PEER].rows[row->values[POLICY_PEER].num];
	if (peer->broken || !validate_peer_is_ike1(peer))
		return;
	for (size_t i = 0; i < sizeof(props) / sizeof(props[0]); i++) {
		if (ike1_can_say(&row->values[props[i]]))
			continue;
		problems_error(problems, row->file, model_line(row, props[i]),
			       "/ip ipsec policy: %s: IKEv1, which peer \"%s\" speaks, can say "
			       "one port from 1 to 65535, or any; several need exchange-mode = "
			       "\"ike2\", or a policy for each port",
			       schema_menu(MENU_POLICY)->props[props[i]].name,
			       peer->values[PEER_NAME].text);
	}
}

static void check_policy(const struct model *m, const struct model_row *row,
			 struct problems *problems)
{
	const struct value *v = row->values;
	bool ports = v[POLICY_SRC_PORT].num != VALUE_ANY || v[POLICY_DST_PORT].num != VALUE_ANY;
	uint64_t proto = v[POLICY_PROTOCOL].num;

	if (v[POLICY_SRC].addr.family != v[POLICY_DST].addr.family)
		policy_error(row, POLICY_DST, problems,
			     "dst-address: of another family than src-address; no packet has both");
	if (policy_action(row) == ABI_ACT_PROTECT && !templates_is(row))
		check_encrypt(m, row, problems);
	check_level(row, problems);
	if (ports && proto != PROTO_TCP && proto != PROTO_UDP)
		policy_error(row, POLICY_PROTOCOL, problems,
			     "protocol: src-port and dst-port need tcp or udp");
	if (ports)
		check_ike1_ports(m, row, problems);
	if (v[POLICY_REPLAY].num % 64)
		policy_error(row, POLICY_REPLAY, problems,
			     "replay-window: not a multiple of 64; accepted: 64, 128, … 65536");
}

static void check_same_policy(const struct model *m, struct problems *problems)
{
	const struct model_table *t = &m->table[MENU_POLICY];
	struct policy_key *keys = calloc(t->n + 1, sizeof(*keys));
	size_t n = 0;

	for (size_t i = 0; keys && i < t->n; i++)
		if (validate_active(&t->rows[i], POLICY_DISABLED) && !templates_is(&t->rows[i]))
			policy_key_make(&keys[n++], &t->rows[i], (uint32_t)i);
	if (n)
		qsort(keys, n, sizeof(*keys), policy_key_order);
	for (size_t i = 0; i < n; i++) {
		const struct model_row *row = &t->rows[keys[i].row];
		const struct model_row *first = NULL;

		if (i > 0 && policy_key_same_traffic(&keys[i - 1], &keys[i]))
			first = &t->rows[keys[i - 1].row];
		if (!standby_pairs(first, row, problems) && first != NULL)
			problems_error(problems, row->file, row->line,
				       "/ip ipsec policy: it covers the same packets as the one in "
				       "line %u and would never be used; nearest accepted: standby "
				       "= true",
				       first->line);
	}
	free(keys);
}

/* The property of a policy whose addresses are public; 0.0.0.0/0 is meant. -1: none. */
static int public_prop(const struct model_row *row)
{
	static const int props[] = {POLICY_SRC, POLICY_DST};

	if (policy_action(row) != ABI_ACT_PROTECT || transport_is(row))
		return -1;
	for (size_t i = 0; i < sizeof(props) / sizeof(props[0]); i++) {
		const struct value *v = &row->values[props[i]];

		if (v->prefix_len != 0 && !addr_is_private(&v->addr, v->prefix_len))
			return props[i];
	}
	return -1;
}

/* Public addresses inside of a tunnel are mostly typing errors. One line for all. */
static void check_public(const struct model *m, struct problems *problems)
{
	const struct model_table *t = &m->table[MENU_POLICY];
	const struct model_row *first = NULL;
	char addr[ADDR_MAX_TEXT], others[64] = "";
	const struct value *v;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (!validate_active(&t->rows[i], POLICY_DISABLED) || public_prop(&t->rows[i]) < 0)
			continue;
		if (n++ == 0)
			first = &t->rows[i];
	}
	if (first == NULL)
		return;
	v = &first->values[public_prop(first)];
	if (n > 1)
		snprintf(others, sizeof(others), " (%zu policies have such addresses)", n);
	problems_warn(problems, first->file, model_line(first, public_prop(first)),
		      "/ip ipsec policy: %s: %s/%u is not private address space (RFC 1918, RFC "
		      "6598)%s: a cloud may route it to the internet unless told otherwise "
		      "(Alibaba: by a support ticket), and the policy hides whoever has these "
		      "addresses there",
		      schema_menu(MENU_POLICY)->props[public_prop(first)].name,
		      addr_text(&v->addr, addr), v->prefix_len, others);
}

void validate_policy(const struct model *m, struct problems *problems)
{
	const struct model_table *t = &m->table[MENU_POLICY];

	for (size_t i = 0; i < t->n; i++)
		if (validate_active(&t->rows[i], POLICY_DISABLED))
			check_policy(m, &t->rows[i], problems);
	check_same_policy(m, problems);
	check_public(m, problems);
	validate_overlap(m, problems);
}
