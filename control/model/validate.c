/* SPDX-License-Identifier: BSD-3-Clause */
/* validate.c - required properties, unique names, references. */
#include "control/model/validate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ike/conf.h"
#include "control/model/domains.h"
#include "control/model/model.h"
#include "control/model/problem.h"
#include "control/model/selectors.h"
#include "control/model/suggest.h"
#include "control/model/templates.h"

const char *validate_label(enum menu_id menu, const struct model_row *row, char *buf, size_t size)
{
	const struct menu *schema = schema_menu(menu);
	int name = schema_name_prop(schema);

	if (name >= 0 && row->values[name].set)
		snprintf(buf, size, "/%s \"%s\"", schema->path, row->values[name].text);
	else
		snprintf(buf, size, "/%s", schema->path);
	return buf;
}

enum ike_exchange_mode validate_peer_mode(const struct model_row *peer)
{
	const struct domain *modes = schema_menu(MENU_PEER)->props[PEER_MODE].domain;

	return (enum ike_exchange_mode)modes->words[peer->values[PEER_MODE].num].value;
}

bool validate_peer_is_ike1(const struct model_row *peer)
{
	return validate_peer_mode(peer) != IKE_MODE_IKE2;
}

bool validate_active(const struct model_row *row, int disabled_prop)
{
	return !row->broken && !row->values[disabled_prop].num;
}

static void check_required(const struct model_row *row, enum menu_id menu,
			   struct problems *problems)
{
	const struct menu *schema = schema_menu(menu);
	char label[192];

	for (size_t i = 0; i < schema->n_props; i++) {
		const struct prop *p = &schema->props[i];

		if (!(p->flags & PROP_F_REQUIRED) || row->given & 1ull << i || row->builtin)
			continue;
		problems_error(problems, row->file, row->line, "%s: %s is missing (%s)",
			       validate_label(menu, row, label, sizeof(label)), p->name, p->help);
	}
}

/* Names of a menu, sorted: references are looked up here. */
struct name {
	const char *name;
	const struct model_row *row;
	size_t index;
};

struct names {
	struct name *list;
	size_t n;
};

static int by_name(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : (x->index > y->index) - (x->index < y->index);
}

static int by_name_only(const void *key, const void *elem)
{
	return strcmp(((const struct name *)key)->name, ((const struct name *)elem)->name);
}

static struct names collect(const struct model *m, enum menu_id menu)
{
	const struct model_table *t = &m->table[menu];
	int prop = schema_name_prop(schema_menu(menu));
	struct names names = {0};

	if (prop < 0 || t->n == 0)
		return names;
	names.list = calloc(t->n, sizeof(*names.list));
	for (size_t i = 0; names.list && i < t->n; i++)
		if (t->rows[i].values[prop].set)
			names.list[names.n++] =
				(struct name){t->rows[i].values[prop].text, &t->rows[i], i};
	if (names.n)
		qsort(names.list, names.n, sizeof(*names.list), by_name);
	return names;
}

static void check_unique(const struct names *names, enum menu_id menu, struct problems *problems)
{
	int prop = schema_name_prop(schema_menu(menu));

	for (size_t i = 1; i < names->n; i++) {
		const struct model_row *first = names->list[i - 1].row, *row = names->list[i].row;

		if (strcmp(names->list[i - 1].name, names->list[i].name) != 0)
			continue;
		problems_error(problems, row->file, model_line(row, prop),
			       "/%s: the name \"%s\" stands there twice, first in line %u of %s",
			       schema_menu(menu)->path, names->list[i].name,
			       model_line(first, prop), first->file);
	}
}

static void resolve(struct model_row *row, enum menu_id menu, int prop, const struct names *names,
		    struct problems *problems)
{
	const struct menu *schema = schema_menu(menu);
	const struct menu *target = schema_menu(schema->props[prop].domain->ref);
	struct value *v = &row->values[prop];
	const struct name *found = NULL;
	char label[192], hint[SUGGEST_MAX_LEN * 2];
	struct suggest near;

	if (!v->set)
		return;
	if (names->n)
		found = bsearch(&(struct name){.name = v->text}, names->list, names->n,
				sizeof(*names->list), by_name_only);
	if (found) {
		v->num = found->index;
		return;
	}
	row->broken = true;
	suggest_start(&near, v->text);
	for (size_t i = 0; i < names->n; i++)
		suggest_offer(&near, names->list[i].name);
	problems_error(problems, row->file, model_line(row, prop),
		       "%s: %s: there is no /%s named \"%s\"%s%s",
		       validate_label(menu, row, label, sizeof(label)), schema->props[prop].name,
		       target->path, v->text, suggest_text(&near, hint, sizeof(hint)),
		       names->n ? "" : "; there is none at all");
}

static void resolve_menu(struct model *m, enum menu_id menu, const struct names *names,
			 struct problems *problems)
{
	const struct menu *schema = schema_menu(menu);

	for (size_t p = 0; p < schema->n_props; p++) {
		if (schema->props[p].type != PROP_REF || schema->props[p].flags & PROP_F_REFUSED)
			continue;
		for (size_t i = 0; i < m->table[menu].n; i++)
			resolve(&m->table[menu].rows[i], menu, (int)p,
				&names[schema->props[p].domain->ref], problems);
	}
}

void validate_rows(struct model *m, struct problems *problems)
{
	struct names names[MENU_MAX] = {0};

	for (int id = 0; id < MENU_MAX; id++) {
		for (size_t i = 0; i < m->table[id].n; i++)
			check_required(&m->table[id].rows[i], (enum menu_id)id, problems);
		names[id] = collect(m, (enum menu_id)id);
		check_unique(&names[id], (enum menu_id)id, problems);
	}
	for (int id = 0; id < MENU_MAX; id++)
		resolve_menu(m, (enum menu_id)id, names, problems);
	for (int id = 0; id < MENU_MAX; id++)
		free(names[id].list);
	/* What cannot be looked at is left out of the checks that follow. */
	for (int id = 0; id < MENU_MAX; id++) {
		const struct menu *schema = schema_menu(id);

		for (size_t i = 0; i < m->table[id].n; i++)
			for (size_t p = 0; p < schema->n_props; p++)
				if (schema->props[p].flags & PROP_F_REQUIRED &&
				    !m->table[id].rows[i].values[p].set &&
				    !m->table[id].rows[i].builtin)
					m->table[id].rows[i].broken = true;
	}
}

void model_validate(struct model *m, struct problems *problems)
{
	validate_rows(m, problems);
	validate_net(m, problems);
	validate_ipsec(m, problems);
	validate_policy(m, problems);
	templates_validate(m, problems);
	validate_watch(m, problems);
	validate_esp(m, problems);
	validate_ike(m, problems);
	selectors_validate(m, problems);
	validate_weak(m, problems);
}
