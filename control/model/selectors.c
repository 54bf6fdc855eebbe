/* SPDX-License-Identifier: BSD-3-Clause */
/* selectors.c - which policies of a peer share one pair of SAs; see selectors.h. */
#include "control/model/selectors.h"

#include <stdlib.h>
#include <string.h>

#include "control/model/model.h"
#include "control/model/policy_key.h"
#include "control/model/problem.h"
#include "control/model/text.h"
#include "control/model/transport.h"
#include "control/model/validate.h"
#include "control/model/value_print.h"

/* What policies must have in common; then in order of the file. */
struct member {
	uint64_t peer, proposal, protocol, replay, df, dscp, mss, level, family, transport;
	uint32_t row;
};

/* Members lo to hi-1 of a list have it in common. */
struct group {
	const struct model *m;
	const struct member *list;
	size_t lo, hi;
};

enum selectors_mode selectors_mode(const struct model_row *peer)
{
	const struct domain_word *words =
		schema_menu(MENU_PEER)->props[PEER_SELECTORS].domain->words;

	enum selectors_mode mode =
		(enum selectors_mode)words[peer->values[PEER_SELECTORS].num].value;

	if (mode != SELECTORS_ANY && (validate_peer_is_ike1(peer) || peer->learnt_pairs))
		return SELECTORS_PER_PAIR;
	return mode;
}

static int by_kind(const struct member *x, const struct member *y)
{
	return memcmp(x, y, offsetof(struct member, row));
}

static int order(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int c = by_kind(x, y);

	return c != 0 ? c : (x->row > y->row) - (x->row < y->row);
}

/* Policies of peers that may share, sorted. NULL: no memory. */
static struct member *collect(const struct model *m, size_t *n)
{
	const struct model_table *t = &m->table[MENU_POLICY];
	struct member *list = calloc(t->n + 1, sizeof(*list));

	*n = 0;
	for (size_t i = 0; list != NULL && i < t->n; i++) {
		const struct value *v = t->rows[i].values;
		const struct model_row *peer;

		if (!validate_active(&t->rows[i], POLICY_DISABLED) || !v[POLICY_PEER].set ||
		    policy_action(&t->rows[i]) != ABI_ACT_PROTECT)
			continue;
		peer = &m->table[MENU_PEER].rows[v[POLICY_PEER].num];
		if (peer->broken || selectors_mode(peer) == SELECTORS_PER_PAIR)
			continue;
		list[(*n)++] = (struct member){
			.peer = v[POLICY_PEER].num,
			.proposal = v[POLICY_PROPOSAL].num,
			.protocol = v[POLICY_PROTOCOL].num,
			.replay = v[POLICY_REPLAY].num,
			.df = v[POLICY_DF].num,
			.dscp = v[POLICY_DSCP].num,
			.mss = v[POLICY_MSS].num,
			.level = validate_policy_allows_clear(&t->rows[i]),
			.family = v[POLICY_SRC].addr.family,
			.transport = transport_is(&t->rows[i]),
			.row = (uint32_t)i,
		};
	}
	if (*n > 1)
		qsort(list, *n, sizeof(*list), order);
	return list;
}

static bool next_group(struct group *g, size_t n)
{
	g->lo = g->hi;
	if (g->lo >= n)
		return false;
	while (g->hi < n && by_kind(&g->list[g->lo], &g->list[g->hi]) == 0)
		g->hi++;
	return true;
}

static struct abi_range range_of(const struct model *m, uint32_t row, bool local)
{
	struct policy_key k;

	policy_key_make(&k, &m->table[MENU_POLICY].rows[row], row);
	return local ? k.local : k.remote;
}

size_t selectors_add(struct abi_range *out, size_t n, size_t max, const struct abi_range *r)
{
	for (size_t i = 0; i < n && i < max; i++)
		if (memcmp(&out[i], r, sizeof(*r)) == 0)
			return n;
	if (n < max)
		out[n] = *r;
	return n + 1;
}

static size_t group_ranges(const struct group *g, bool local, struct abi_range *out, size_t max)
{
	size_t n = 0;

	for (size_t i = g->lo; i < g->hi && n <= max; i++) {
		struct abi_range r = range_of(g->m, g->list[i].row, local);

		n = selectors_add(out, n, max, &r);
	}
	return n;
}

static bool fits(const struct group *g, size_t *n_local, size_t *n_remote)
{
	struct abi_range r[ABI_MAX_SELECTORS];

	*n_local = group_ranges(g, true, r, ABI_MAX_SELECTORS);
	*n_remote = group_ranges(g, false, r, ABI_MAX_SELECTORS);
	/* No two policies cover the same packets (validate_ipsec.c), so numbers tell. */
	return *n_local <= ABI_MAX_SELECTORS && *n_remote <= ABI_MAX_SELECTORS &&
	       g->hi - g->lo == *n_local * *n_remote;
}

uint32_t *selectors_leaders(const struct model *m)
{
	size_t n, n_local, n_remote, rows = m->table[MENU_POLICY].n;
	uint32_t *leader = calloc(rows + 1, sizeof(*leader));
	struct member *list = collect(m, &n);
	struct group g = {.m = m, .list = list};

	if (leader == NULL || list == NULL) {
		free(leader);
		free(list);
		return NULL;
	}
	for (size_t i = 0; i < rows; i++)
		leader[i] = (uint32_t)i;
	while (next_group(&g, n))
		for (size_t i = g.lo; fits(&g, &n_local, &n_remote) && i < g.hi; i++)
			leader[list[i].row] = list[g.lo].row;
	free(list);
	return leader;
}

bool selectors_learn(struct model *m, const char *peer)
{
	int i = model_find_index(m, MENU_PEER, peer);
	struct model_reading r;

	if (i < 0 || selectors_mode(model_read(m, MENU_PEER, (size_t)i, &r)) != SELECTORS_AUTO)
		return false;
	m->table[MENU_PEER].rows[i].learnt_pairs = true;
	return true;
}

/* A combination that no policy of the group has: the networks of two that have them. */
static void tell_missing(const struct group *g, struct problems *problems)
{
	const struct model_table *t = &g->m->table[MENU_POLICY];
	const struct model_row *first = &t->rows[g->list[g->lo].row];
	const struct model_row *peer = &g->m->table[MENU_PEER].rows[g->list[g->lo].peer];

	for (size_t i = g->lo; i < g->hi; i++) {
		struct abi_range local = range_of(g->m, g->list[i].row, true);

		for (size_t k = g->lo; k < g->hi; k++) {
			struct abi_range remote = range_of(g->m, g->list[k].row, false);
			struct text text = {.limit = 256};
			bool found = false;

			for (size_t j = g->lo; j < g->hi && !found; j++) {
				struct abi_range l = range_of(g->m, g->list[j].row, true);
				struct abi_range r = range_of(g->m, g->list[j].row, false);

				found = memcmp(&l, &local, sizeof(l)) == 0 &&
					memcmp(&r, &remote, sizeof(r)) == 0;
			}
			if (found)
				continue;
			value_print(&schema_menu(MENU_POLICY)->props[POLICY_SRC],
				    &t->rows[g->list[i].row].values[POLICY_SRC], VALUE_ROUTEROS,
				    &text);
			text_puts(&text, " to ");
			value_print(&schema_menu(MENU_POLICY)->props[POLICY_DST],
				    &t->rows[g->list[k].row].values[POLICY_DST], VALUE_ROUTEROS,
				    &text);
			problems_error(problems, first->file, first->line,
				       "/ip ipsec policy: peer \"%s\" has multi-selector=%s, "
				       "and one SA protects each local network to each remote one: "
				       "a policy for %s is missing; or say per-pair",
				       peer->values[PEER_NAME].text,
				       selectors_mode(peer) == SELECTORS_ANY ? "any" : "single-sa",
				       text.s);
			text_free(&text);
			return;
		}
	}
}

/* The option means nothing in IKEv1, which has one pair of networks in a quick mode. */
static void check_ike1(const struct model *m, struct problems *problems)
{
	const struct model_table *t = &m->table[MENU_PEER];

	for (size_t i = 0; i < t->n; i++) {
		const struct model_row *row = &t->rows[i];
		const struct domain_word *words =
			schema_menu(MENU_PEER)->props[PEER_SELECTORS].domain->words;

		if (validate_active(row, PEER_DISABLED) && validate_peer_is_ike1(row) &&
		    words[row->values[PEER_SELECTORS].num].value == SELECTORS_SINGLE)
			problems_error(problems, row->file, model_line(row, PEER_SELECTORS),
				       "/ip ipsec peer \"%s\": multi-selector: single-sa needs "
				       "exchange-mode=ike2: IKEv1 has one pair of networks in an "
				       "SA; nearest accepted: \"per-pair\"",
				       row->values[PEER_NAME].text);
	}
}

/* Is there a group of the same peer and family before it? */
static bool is_second(const struct group *g)
{
	for (size_t i = 0; i < g->lo; i++)
		if (g->list[i].peer == g->list[g->lo].peer &&
		    g->list[i].family == g->list[g->lo].family)
			return true;
	return false;
}

/* With 0.0.0.0/0 on both sides the peer could not tell two SAs apart. */
static void tell_second(const struct group *g, struct problems *problems)
{
	const struct model_row *row = &g->m->table[MENU_POLICY].rows[g->list[g->lo].row];
	const struct model_row *peer = &g->m->table[MENU_PEER].rows[g->list[g->lo].peer];

	problems_error(problems, row->file, row->line,
		       "/ip ipsec policy: peer \"%s\" has multi-selector=any: one SA for all its "
		       "policies, so all need the same proposal, protocol, level, replay-window, "
		       "dont-fragment, dscp and change-tcp-mss",
		       peer->values[PEER_NAME].text);
}

void selectors_validate(const struct model *m, struct problems *problems)
{
	size_t n, n_local, n_remote;
	struct member *list = collect(m, &n);
	struct group g = {.m = m, .list = list};

	check_ike1(m, problems);
	while (list != NULL && next_group(&g, n)) {
		const struct model_row *peer = &m->table[MENU_PEER].rows[list[g.lo].peer];
		const struct model_row *row = &m->table[MENU_POLICY].rows[list[g.lo].row];

		if (selectors_mode(peer) == SELECTORS_ANY && is_second(&g))
			tell_second(&g, problems);
		if (fits(&g, &n_local, &n_remote) || selectors_mode(peer) == SELECTORS_AUTO)
			continue;
		if (n_local <= ABI_MAX_SELECTORS && n_remote <= ABI_MAX_SELECTORS)
			tell_missing(&g, problems);
		else
			problems_error(
				problems, row->file, row->line,
				"/ip ipsec policy: peer \"%s\" shares one SA between policies; "
				"an SA has at most %u networks on either side: use fewer, "
				"wider ones, or say per-pair",
				peer->values[PEER_NAME].text, ABI_MAX_SELECTORS);
	}
	free(list);
}
