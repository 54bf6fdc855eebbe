/* SPDX-License-Identifier: BSD-3-Clause */
/* model.c - a configuration: rows of values by menu. */
#include "control/model/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/memory.h"
#include "control/model/pack.h"
#include "control/model/value_parse.h"

void *model_alloc(struct model *m, size_t len)
{
	return memory_take(m->memory, len);
}

const char *model_strdup(struct model *m, const char *s)
{
	return memory_text(m->memory, s);
}

/* The preset of a property is part of the schema: that it parses is tested, not checked here. */
static int make_presets(struct model *m, enum menu_id id)
{
	const struct menu *menu = schema_menu((int)id);
	struct value *values = calloc(menu->n_props, sizeof(*values));
	struct text why = {0};
	int rc = values ? 0 : -ENOMEM;

	for (size_t i = 0; i < menu->n_props && rc != -ENOMEM; i++) {
		const struct prop *p = &menu->props[i];

		if (p->preset && !(p->flags & PROP_F_REFUSED))
			rc = value_parse(m, p, p->preset, &values[i], &why);
	}
	text_free(&why);
	if (rc == -ENOMEM) {
		free(values);
		return rc;
	}
	m->presets[id] = values;
	return 0;
}

/* Values and lines in one piece. */
static int make_values(struct model_row *row, size_t n)
{
	row->values = calloc(n, sizeof(*row->values) + sizeof(*row->lines));
	if (!row->values)
		return -ENOMEM;
	row->lines = (unsigned *)(void *)(row->values + n);
	return 0;
}

static void drop_values(struct model_row *row)
{
	free(row->values);
	row->values = NULL;
	row->lines = NULL;
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
	if ((!m->presets[menu] && make_presets(m, menu)) || make_values(row, schema->n_props))
		return NULL;
	memcpy(row->values, m->presets[menu], schema->n_props * sizeof(*row->values));
	t->n++;
	return row;
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
	m->memory = memory_new();
	if (!m->path || !m->memory)
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
	if (!m)
		return;
	for (int i = 0; i < MENU_MAX; i++) {
		for (size_t r = 0; r < m->table[i].n; r++)
			free(m->table[i].rows[r].values);
		free(m->table[i].rows);
		free(m->presets[i]);
	}
	memory_free(m->memory);
	free(m->path);
	free(m);
}

int model_find_index(const struct model *m, enum menu_id menu, const char *name)
{
	for (size_t i = 0; i < m->table[menu].n; i++) {
		const char *its = model_name(m, menu, i);

		if (its && strcmp(its, name) == 0)
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

/* --- packed rows --- */

static bool is_list(int menu)
{
	return !(schema_menu(menu)->flags & (MENU_F_SINGLE | MENU_F_RUNTIME));
}

static int pack_one(struct model *m, struct model_row *row, int menu)
{
	uint8_t bytes[PACK_MAX_ROW(MENU_MAX_PROPS)];
	size_t len = pack_row(row->values, m->presets[menu], schema_menu(menu)->n_props, row->given,
			      row->lines, row->line, bytes);
	uint8_t *kept = model_alloc(m, len);

	if (!kept)
		return -ENOMEM;
	row->packed = memcpy(kept, bytes, len);
	return 0;
}

/* The table no larger than it is. */
static void fit(struct model_table *t)
{
	struct model_row *rows = t->n ? reallocarray(t->rows, t->n, sizeof(*rows)) : NULL;

	if (!rows)
		return;
	t->rows = rows;
	t->room = t->n;
}

void model_pack(struct model *m)
{
	for (int menu = 0; menu < MENU_MAX; menu++) {
		struct model_table *t = &m->table[menu];

		for (size_t i = 0; is_list(menu) && i < t->n; i++) {
			struct model_row *row = &t->rows[i];

			if (row->values && (row->packed || pack_one(m, row, menu) == 0))
				drop_values(row);
		}
		fit(t);
	}
	memory_seal(m->memory);
}

static int unpack_one(struct model *m, struct model_row *row, int menu)
{
	size_t n = schema_menu(menu)->n_props;

	if (row->values)
		return 0;
	if (make_values(row, n))
		return -ENOMEM;
	pack_open(row->packed, m->presets[menu], n, row->given, row->line, row->values, row->lines);
	return 0;
}

int model_unpack(struct model *m)
{
	for (int menu = 0; menu < MENU_MAX; menu++) {
		for (size_t i = 0; i < m->table[menu].n; i++) {
			if (unpack_one(m, &m->table[menu].rows[i], menu)) {
				model_pack(m);
				return -ENOMEM;
			}
		}
	}
	return 0;
}

const struct model_row *model_read(const struct model *m, enum menu_id menu, size_t i,
				   struct model_reading *r)
{
	const struct model_row *row = &m->table[menu].rows[i];

	if (row->values)
		return row;
	r->row = *row;
	r->row.values = r->values;
	r->row.lines = r->lines;
	pack_open(row->packed, m->presets[menu], schema_menu((int)menu)->n_props, row->given,
		  row->line, r->values, r->lines);
	return &r->row;
}

const char *model_name(const struct model *m, enum menu_id menu, size_t i)
{
	const struct model_row *row = &m->table[menu].rows[i];
	const struct menu *schema = schema_menu((int)menu);
	int prop = schema_name_prop(schema);
	struct value v;

	if (prop < 0)
		return NULL;
	if (row->values)
		v = row->values[prop];
	else
		pack_open_one(row->packed, m->presets[menu], schema->n_props, row->given,
			      (size_t)prop, &v);
	return v.set ? v.text : NULL;
}
