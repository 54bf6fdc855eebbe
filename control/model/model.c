/* SPDX-License-Identifier: BSD-3-Clause */
/* model.c - a configuration: rows of values by menu. */
#include "control/model/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/value_parse.h"

struct model_memory {
	struct model_memory *next;
	size_t len;
	uint8_t data[];
};

void *model_alloc(struct model *m, size_t len)
{
	struct model_memory *mem = calloc(1, sizeof(*mem) + len + 1);

	if (!mem)
		return NULL;
	mem->len = len;
	mem->next = m->memory;
	m->memory = mem;
	return mem->data;
}

char *model_strdup(struct model *m, const char *s)
{
	size_t len = strlen(s);
	char *copy = model_alloc(m, len);

	return copy ? memcpy(copy, s, len + 1) : NULL;
}

/* The preset of a property is part of the schema: that it parses is tested, not checked here. */
static int set_presets(struct model *m, const struct menu *menu, struct value *values)
{
	struct text why = {0};
	int rc = 0;

	for (size_t i = 0; i < menu->n_props && rc != -ENOMEM; i++) {
		const struct prop *p = &menu->props[i];

		if (p->preset && !(p->flags & PROP_F_REFUSED))
			rc = value_parse(m, p, p->preset, &values[i], &why);
	}
	text_free(&why);
	return rc;
}

struct model_row *model_add_row(struct model *m, enum menu_id menu, const char *file, unsigned line)
{
	struct model_table *t = &m->table[menu];
	const struct menu *schema = schema_menu(menu);
	struct model_row *row;

	if (t->n == t->room) {
		size_t room = t->room ? t->room * 2 : 8;

		row = reallocarray(t->rows, room, sizeof(*row));
		if (!row)
			return NULL;
		t->rows = row;
		t->room = room;
	}
	row = &t->rows[t->n];
	*row = (struct model_row){.file = file, .line = line};
	row->values = calloc(schema->n_props, sizeof(*row->values));
	if (!row->values)
		return NULL;
	t->n++; /* model_free() finds it from here on */
	return set_presets(m, schema, row->values) == -ENOMEM ? NULL : row;
}

static int add_builtin(struct model *m, enum menu_id menu)
{
	struct model_row *row = model_add_row(m, menu, m->path, 0);
	int name = schema_name_prop(schema_menu(menu));

	if (!row)
		return -ENOMEM;
	row->builtin = true;
	if (name >= 0)
		value_set_text(&row->values[name], "default");
	return 0;
}

struct model *model_new(const char *path)
{
	static const enum menu_id builtin[] = {MENU_PROFILE, MENU_PROPOSAL, MENU_GROUP,
					       MENU_SETTINGS, MENU_DATAPLANE};
	struct model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->path = strdup(path);
	if (!m->path)
		goto fail;
	for (size_t i = 0; i < sizeof(builtin) / sizeof(builtin[0]); i++)
		if (add_builtin(m, builtin[i]))
			goto fail;
	return m;
fail:
	model_free(m);
	errno = ENOMEM;
	return NULL;
}

void model_free(struct model *m)
{
	struct model_memory *next;

	if (!m)
		return;
	for (int i = 0; i < MENU_MAX; i++) {
		for (size_t r = 0; r < m->table[i].n; r++)
			free(m->table[i].rows[r].values);
		free(m->table[i].rows);
	}
	for (; m->memory; m->memory = next) {
		next = m->memory->next;
		explicit_bzero(m->memory->data, m->memory->len);
		free(m->memory);
	}
	free(m->path);
	free(m);
}

int model_find_index(const struct model *m, enum menu_id menu, const char *name)
{
	const struct model_table *t = &m->table[menu];
	int prop = schema_name_prop(schema_menu(menu));

	for (size_t i = 0; prop >= 0 && i < t->n; i++) {
		const struct value *v = &t->rows[i].values[prop];

		if (v->set && strcmp(v->text, name) == 0)
			return (int)i;
	}
	return -1;
}

const struct model_row *model_find(const struct model *m, enum menu_id menu, const char *name)
{
	int i = model_find_index(m, menu, name);

	return i < 0 ? NULL : &m->table[menu].rows[i];
}

const struct model_row *model_single(const struct model *m, enum menu_id menu)
{
	return &m->table[menu].rows[0];
}

unsigned model_line(const struct model_row *row, int prop)
{
	return row->given & 1ull << prop ? row->lines[prop] : row->line;
}
