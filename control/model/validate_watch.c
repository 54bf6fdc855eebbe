/* SPDX-License-Identifier: BSD-3-Clause */
/* validate_watch.c - what is watched by pings: addresses, and the tunnel they go through. */
#include <string.h>

#include "control/model/addr.h"
#include "control/model/model.h"
#include "control/model/netview.h"
#include "control/model/policy_key.h"
#include "control/model/problem.h"
#include "control/model/standby.h"
#include "control/model/templates.h"
#include "control/model/validate.h"

static void error(const struct model_row *row, int prop, struct problems *problems,
		  const char *what)
{
	const struct value *v = &row->values[prop];
	char addr[ADDR_MAX_TEXT] = "";

	if (schema_menu(MENU_NETWATCH)->props[prop].type == PROP_ADDRESS)
		addr_text(&v->addr, addr);
	problems_error(problems, row->file, model_line(row, prop),
		       "/tool netwatch \"%s\": %s: %s%s%s", row->values[NETWATCH_NAME].text,
		       schema_menu(MENU_NETWATCH)->props[prop].name, addr, *addr ? " " : "", what);
}

static bool in_prefix(const struct value *prefix, const struct abi_addr *a)
{
	return addr_covers(&prefix->addr, prefix->prefix_len, a);
}

/* The policy that decides about a ping: the first that covers it. NULL: none. */
static const struct model_row *policy_of(const struct model *m, const struct model_row *row)
{
	const struct model_table *t = &m->table[MENU_POLICY];

	for (size_t i = 0; i < t->n; i++) {
		const struct value *v = t->rows[i].values;

		if (validate_active(&t->rows[i], POLICY_DISABLED) && !templates_is(&t->rows[i]) &&
		    (v[POLICY_PROTOCOL].num == 0 || v[POLICY_PROTOCOL].num == 1) &&
		    in_prefix(&v[POLICY_SRC], &row->values[NETWATCH_SRC].addr) &&
		    in_prefix(&v[POLICY_DST], &row->values[NETWATCH_HOST].addr))
			return &t->rows[i];
	}
	return NULL;
}

static bool same_prefix(const struct value *a, const struct value *b)
{
	return a->prefix_len == b->prefix_len && addr_equal(&a->addr, &b->addr);
}

static bool has_standby(const struct model *m, const struct model_row *policy)
{
	const struct model_table *t = &m->table[MENU_POLICY];

	for (size_t i = 0; i < t->n; i++) {
		const struct value *v = t->rows[i].values;

		if (validate_active(&t->rows[i], POLICY_DISABLED) && standby_is(&t->rows[i]) &&
		    same_prefix(&v[POLICY_SRC], &policy->values[POLICY_SRC]) &&
		    same_prefix(&v[POLICY_DST], &policy->values[POLICY_DST]))
			return true;
	}
	return false;
}

/* With peer the answers say whether its tunnel carries traffic, so that is where pings must go. */
static void check_tunnel(const struct model *m, const struct model_row *row,
			 struct problems *problems)
{
	const struct value *v = row->values;
	const struct model_row *policy = policy_of(m, row);

	if ((policy == NULL || policy_action(policy) != ABI_ACT_PROTECT) && v[NETWATCH_PEER].set)
		error(row, NETWATCH_PEER, problems,
		      "no policy with action=encrypt covers what goes from src-address to host, so "
		      "it does not go through this peer's tunnel and says nothing of it");
	else if (policy == NULL || policy_action(policy) != ABI_ACT_PROTECT)
		problems_warn(
			problems, row->file, row->line,
			"/tool netwatch \"%s\": no policy with action=encrypt covers what goes "
			"from src-address to host, so it does not go through a tunnel",
			v[NETWATCH_NAME].text);
	else if (!v[NETWATCH_PEER].set || !policy->values[POLICY_PEER].set)
		return;
	else if (strcmp(policy->values[POLICY_PEER].text, v[NETWATCH_PEER].text) != 0)
		error(row, NETWATCH_PEER, problems,
		      "what goes from src-address to host goes through another peer's tunnel, by "
		      "the first policy that covers it");
	else if (has_standby(m, policy))
		error(row, NETWATCH_PEER, problems,
		      "what goes from src-address to host changes tunnels with the traffic, by a "
		      "policy that has a standby, and so says nothing of this peer's; give the two "
		      "addresses a policy of this peer's before that one");
}

static void check(const struct model *m, const struct model_row *row, struct problems *problems)
{
	const struct value *v = row->values;
	const struct abi_addr *host = &v[NETWATCH_HOST].addr, *src = &v[NETWATCH_SRC].addr;

	if (host->family != 4)
		error(row, NETWATCH_HOST, problems, "is not IPv4: other hosts are not watched");
	else if (!addr_is_host(host))
		error(row, NETWATCH_HOST, problems, "cannot be the address of a host");
	else if (netview_own(m, host))
		error(row, NETWATCH_HOST, problems, "is an address of our own");
	else if (!netview_own(m, src))
		error(row, NETWATCH_SRC, problems,
		      "is not an address in /ip address; one with /32 at any interface will do, "
		      "and pings to it are answered then");
	else
		check_tunnel(m, row, problems);
	if (!v[NETWATCH_PROBE].num && v[NETWATCH_EXPECT].num == 0)
		error(row, NETWATCH_PROBE, problems,
		      "no, and no expect-interval either: nothing is watched");
}

/* Two rows of the same two addresses would each take the other's answers. */
static void check_same(const struct model *m, struct problems *problems)
{
	const struct model_table *t = &m->table[MENU_NETWATCH];

	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < i; k++) {
			const struct value *a = t->rows[i].values, *b = t->rows[k].values;

			if (validate_active(&t->rows[i], NETWATCH_DISABLED) &&
			    validate_active(&t->rows[k], NETWATCH_DISABLED) &&
			    addr_equal(&a[NETWATCH_HOST].addr, &b[NETWATCH_HOST].addr) &&
			    addr_equal(&a[NETWATCH_SRC].addr, &b[NETWATCH_SRC].addr))
				error(&t->rows[i], NETWATCH_HOST, problems,
				      "is watched from this src-address already");
		}
}

#define MAX_WATCHES 256u /* each costs a look at each ping */

void validate_watch(const struct model *m, struct problems *problems)
{
	const struct model_table *t = &m->table[MENU_NETWATCH];

	if (t->n > MAX_WATCHES) {
		problems_error(problems, t->rows[MAX_WATCHES].file, t->rows[MAX_WATCHES].line,
			       "/tool netwatch: more than %u hosts", MAX_WATCHES);
		return;
	}
	for (size_t i = 0; i < t->n; i++)
		if (validate_active(&t->rows[i], NETWATCH_DISABLED))
			check(m, &t->rows[i], problems);
	check_same(m, problems);
}
