/* SPDX-License-Identifier: BSD-3-Clause */
/* templates.c - policy templates; see templates.h. */
#include "control/model/templates.h"

#include <stdlib.h>
#include <string.h>

#include "control/model/model.h"
#include "control/model/policy_key.h"
#include "control/model/problem.h"
#include "control/model/validate.h"

bool templates_is(const struct model_row *policy)
{
	return validate_active(policy, POLICY_DISABLED) && policy->values[POLICY_TEMPLATE].num != 0;
}

enum ike_generate templates_mode(const struct model_row *identity)
{
	const struct domain *d = schema_menu(MENU_IDENTITY)->props[IDENTITY_GENERATE].domain;

	return (enum ike_generate)d->words[identity->values[IDENTITY_GENERATE].num].value;
}

/* Of a reference that may be left out: the group "default", which always exists. */
static uint64_t group_row(const struct model *m, const struct value *v)
{
	return v->set ? v->num : (uint64_t)model_find_index(m, MENU_GROUP, "default");
}

const struct model_row *templates_group(const struct model *m, const struct model_row *identity)
{
	return &m->table[MENU_GROUP].rows[group_row(m, &identity->values[IDENTITY_TEMPLATES])];
}

const struct model_row *templates_next(const struct model *m, const struct model_row *identity,
				       size_t *at)
{
	const struct model_table *t = &m->table[MENU_POLICY];
	uint64_t group = group_row(m, &identity->values[IDENTITY_TEMPLATES]);

	if (templates_mode(identity) == IKE_GENERATE_NO)
		return NULL;
	while (*at < t->n) {
		const struct model_row *row = &t->rows[(*at)++];

		if (templates_is(row) && group_row(m, &row->values[POLICY_GROUP]) == group)
			return row;
	}
	return NULL;
}

static const char *group_name(const struct model *m, const struct model_row *template)
{
	uint64_t row = group_row(m, &template->values[POLICY_GROUP]);

	return m->table[MENU_GROUP].rows[row].values[GROUP_NAME].text;
}

uint32_t templates_id(const struct model *m, const struct model_row *template)
{
	struct policy_key key;

	policy_key_make(&key, template, 0);
	key.action = 0; /* no policy has that */
	key.peer = group_name(m, template);
	return policy_key_hash(&key);
}

/* --- what can be wrong --- */

static void template_error(const struct model_row *row, int prop, struct problems *problems,
			   const char *what)
{
	problems_error(problems, row->file, model_line(row, prop),
		       "/ip ipsec policy: a template: %s: %s",
		       schema_menu(MENU_POLICY)->props[prop].name, what);
}

static bool given(const struct model_row *row, int prop)
{
	return (row->given & 1ull << prop) != 0;
}

static void check_template(const struct model *m, const struct model_row *row,
			   struct problems *problems)
{
	const struct value *v = row->values;

	if (v[POLICY_PEER].set)
		template_error(row, POLICY_PEER, problems,
			       "it is for all peers whose /ip ipsec identity names its group");
	if (policy_action(row) != ABI_ACT_PROTECT)
		template_error(row, POLICY_ACTION, problems, "only encrypt");
	if (validate_policy_allows_clear(row))
		template_error(row, POLICY_LEVEL, problems,
			       "use would have peers choose what passes in clear; nearest "
			       "accepted: \"require\"");
	if (given(row, POLICY_TUNNEL) && !v[POLICY_TUNNEL].num)
		template_error(row, POLICY_TUNNEL, problems,
			       "generated policies are tunnels; leave it out, or nearest "
			       "accepted: tunnel = true");
	if (v[POLICY_PROPOSAL].set &&
	    m->table[MENU_PROPOSAL].rows[v[POLICY_PROPOSAL].num].values[PROPOSAL_DISABLED].num)
		template_error(row, POLICY_PROPOSAL, problems, "it is disabled");
}

static void check_identity(const struct model *m, const struct model_row *row,
			   struct problems *problems)
{
	const struct model_row *group = templates_group(m, row);
	const char *name = group->values[GROUP_NAME].text;
	size_t at = 0;

	if (templates_mode(row) == IKE_GENERATE_NO) {
		if (given(row, IDENTITY_TEMPLATES) && !group->builtin)
			problems_warn(problems, row->file, model_line(row, IDENTITY_TEMPLATES),
				      "/ip ipsec identity: policy-template-group: \"%s\" is not "
				      "used with generate-policy=no",
				      name);
	} else if (!group->broken && !templates_next(m, row, &at)) {
		problems_error(problems, row->file, model_line(row, IDENTITY_GENERATE),
			       "/ip ipsec identity: generate-policy: group \"%s\" has no policy "
			       "with template = true, so everything would be refused; add one "
			       "with the widest src-address and dst-address that peers may ask for",
			       name);
	}
}

struct covered {
	struct policy_key key;
	uint64_t group;
};

static int by_covered(const void *a, const void *b)
{
	const struct covered *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return policy_key_order(&x->key, &y->key);
}

static void check_same(const struct model *m, struct problems *problems)
{
	const struct model_table *t = &m->table[MENU_POLICY];
	struct covered *list = calloc(t->n + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; list && i < t->n; i++) {
		if (!templates_is(&t->rows[i]))
			continue;
		policy_key_make(&list[n].key, &t->rows[i], (uint32_t)i);
		list[n++].group = group_row(m, &t->rows[i].values[POLICY_GROUP]);
	}
	if (n)
		qsort(list, n, sizeof(*list), by_covered);
	for (size_t i = 1; i < n; i++) {
		const struct model_row *first = &t->rows[list[i - 1].key.row];
		const struct model_row *row = &t->rows[list[i].key.row];

		if (list[i].group == list[i - 1].group &&
		    policy_key_same_traffic(&list[i - 1].key, &list[i].key))
			problems_error(
				problems, row->file, row->line,
				"/ip ipsec policy: a template: it covers the same as the one "
				"in line %u of its group",
				first->line);
	}
	free(list);
}

static bool meet(const struct abi_range *a, const struct abi_range *b)
{
	return a->family == b->family &&
	       (a->protocol == 0 || b->protocol == 0 || a->protocol == b->protocol) &&
	       a->port_lo <= b->port_hi && b->port_lo <= a->port_hi &&
	       memcmp(a->lo, b->hi, sizeof(a->lo)) <= 0 && memcmp(b->lo, a->hi, sizeof(b->lo)) <= 0;
}

static bool lies_within(const struct abi_range *in, const struct abi_range *out)
{
	return in->family == out->family && (out->protocol == 0 || out->protocol == in->protocol) &&
	       out->port_lo <= in->port_lo && in->port_hi <= out->port_hi &&
	       memcmp(out->lo, in->lo, sizeof(in->lo)) <= 0 &&
	       memcmp(in->hi, out->hi, sizeof(in->hi)) <= 0;
}

/* What stands behind a template: it loses what peers ask for, and decides about what none has. */
static void check_behind(const struct model *m, size_t template, struct problems *problems)
{
	const struct model_table *t = &m->table[MENU_POLICY];
	const struct model_row *row = &t->rows[template];
	struct policy_key key, other;
	bool closed = false;

	policy_key_make(&key, row, 0);
	for (size_t i = template + 1; i < t->n; i++) {
		if (!validate_active(&t->rows[i], POLICY_DISABLED) || templates_is(&t->rows[i]))
			continue;
		policy_key_make(&other, &t->rows[i], 0);
		if (other.action == ABI_ACT_PROTECT && meet(&key.local, &other.local) &&
		    meet(&key.remote, &other.remote))
			problems_warn(problems, row->file, row->line,
				      "/ip ipsec policy: a template: peers of its group may take "
				      "traffic of the policy in line %u, which stands behind it; "
				      "put the template behind that policy",
				      t->rows[i].line);
		closed |= other.action != ABI_ACT_BYPASS &&
			  !validate_policy_allows_clear(&t->rows[i]) &&
			  lies_within(&key.local, &other.local) &&
			  lies_within(&key.remote, &other.remote);
	}
	if (!closed)
		problems_warn(problems, row->file, row->line,
			      "/ip ipsec policy: a template: while no peer has asked for it, what "
			      "it covers leaves IN CLEAR, and is let in; a policy behind it with "
			      "the same addresses and action=discard prevents that");
}

void templates_validate(const struct model *m, struct problems *problems)
{
	const struct model_table *t = &m->table[MENU_POLICY];

	for (size_t i = 0; i < t->n; i++) {
		if (templates_is(&t->rows[i])) {
			check_template(m, &t->rows[i], problems);
			check_behind(m, i, problems);
		} else if (validate_active(&t->rows[i], POLICY_DISABLED) &&
			   given(&t->rows[i], POLICY_GROUP)) {
			problems_error(problems, t->rows[i].file,
				       model_line(&t->rows[i], POLICY_GROUP),
				       "/ip ipsec policy: group: means nothing without "
				       "template = true");
		}
	}
	check_same(m, problems);
	t = &m->table[MENU_IDENTITY];
	for (size_t i = 0; i < t->n; i++)
		if (validate_active(&t->rows[i], IDENTITY_DISABLED))
			check_identity(m, &t->rows[i], problems);
}
