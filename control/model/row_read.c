/* SPDX-License-Identifier: BSD-3-Clause */
/* row_read.c - one group of the file into one row of the model. */
#include "control/model/row_read.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/addr.h"
#include "control/model/model.h"
#include "control/model/problem.h"
#include "control/model/source.h"
#include "control/model/suggest.h"
#include "control/model/value_parse.h"

_Static_assert(sizeof(((struct row_reader *)0)->mode_told) == SOURCE_MAX_FILES, "one per file");

static const struct source_file *place(const struct row_reader *r, const config_setting_t *s,
				       unsigned *line)
{
	return source_place(r->source, config_setting_source_line(s), line);
}

void row_read_error(struct row_reader *r, const config_setting_t *s, const char *fmt, ...)
{
	unsigned line;
	const struct source_file *f = place(r, s, &line);
	char *text;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = vasprintf(&text, fmt, ap);
	va_end(ap);
	problems_error(r->problems, f->path, line, "%s", rc < 0 ? "not enough memory" : text);
	if (rc >= 0)
		free(text);
}

/* "/ip ipsec profile "to_tencent": dh-group" for messages. */
static const char *label(const struct menu *menu, config_setting_t *group, const char *prop,
			 char *buf, size_t size)
{
	const char *name = NULL;

	config_setting_lookup_string(group, "name", &name);
	if (name && schema_name_prop(menu) >= 0)
		snprintf(buf, size, "/%s \"%.64s\": %.64s", menu->path, name, prop);
	else
		snprintf(buf, size, "/%s: %.64s", menu->path, prop);
	return buf;
}

static void join(const config_setting_t *s, struct text *out)
{
	for (int i = 0; i < config_setting_length(s); i++) {
		const char *word = config_setting_get_string_elem(s, i);

		text_printf(out, "%s%s", i ? "," : "", word ? word : "?");
	}
}

/* The setting as the text that the console would be given. Returns what is wrong with its type. */
static const char *setting_text(const struct prop *p, const config_setting_t *s, struct text *out)
{
	bool number = p->type == PROP_INT || p->type == PROP_TIME || p->type == PROP_PORT ||
		      p->type == PROP_PROTOCOL || p->flags & PROP_F_REFUSED;

	switch (config_setting_type(s)) {
	case CONFIG_TYPE_STRING:
		text_puts(out, config_setting_get_string(s));
		return NULL;
	case CONFIG_TYPE_BOOL:
		text_puts(out, config_setting_get_bool(s) ? "yes" : "no");
		return p->type == PROP_BOOL || p->flags & PROP_F_REFUSED
			       ? NULL
			       : "true and false are not accepted here; write the value in quotes";
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		text_printf(out, "%lld", config_setting_get_int64(s));
		return number ? NULL : "a number is not accepted here; write the value in quotes";
	case CONFIG_TYPE_ARRAY:
	case CONFIG_TYPE_LIST:
		join(s, out);
		return p->type == PROP_LIST ? NULL : "takes one value, not a list";
	case CONFIG_TYPE_FLOAT:
		return "takes no fractions";
	default:
		return "takes a value, not a group";
	}
}

static void unknown_prop(struct row_reader *r, const config_setting_t *s, const struct menu *menu,
			 const char *where)
{
	char hint[SUGGEST_MAX_LEN * 2];
	struct suggest near;

	suggest_start(&near, config_setting_name(s));
	for (size_t i = 0; i < menu->n_props; i++)
		if (!(menu->props[i].flags & (PROP_F_RUNTIME | PROP_F_REFUSED)))
			suggest_offer(&near, menu->props[i].name);
	row_read_error(r, s, "%s: no such property%s", where,
		       suggest_text(&near, hint, sizeof(hint)));
}

/* Secrets may stand only where their owner alone can read. */
static void check_mode(struct row_reader *r, const config_setting_t *s)
{
	unsigned line;
	const struct source_file *f = place(r, s, &line);
	size_t index = (size_t)(f - r->source->files);

	if (!(f->mode & 066) || r->mode_told[index])
		return;
	r->mode_told[index] = 1;
	problems_error(r->problems, f->path, line,
		       "the file holds a secret, but its mode %04o lets group or others at it; "
		       "make it 0600 (chmod 600)",
		       f->mode & 07777);
}

/* RouterOS says the network of an address twice. */
static bool is_said_twice(const config_setting_t *group, const struct prop *p, const char *text)
{
	const char *address = NULL;

	return p == &schema_menu(MENU_ADDRESS)->props[ADDRESS_NETWORK] &&
	       config_setting_lookup_string(group, "address", &address) &&
	       addr_is_network_of(text, address);
}

static int refused_prop(struct row_reader *r, const config_setting_t *group,
			const config_setting_t *s, const struct prop *p, const char *where,
			const char *text)
{
	if ((p->preset && strcmp(text, p->preset) == 0) || is_said_twice(group, p, text))
		return 0;
	if (p->preset)
		row_read_error(r, s, "%s: \"%.80s\": %s; accepted: \"%s\"", where, text, p->help,
			       p->preset);
	else
		row_read_error(r, s, "%s: %s", where, p->help);
	return -EINVAL;
}

/* One property of a row. 0 or -errno, told. */
static int read_prop(struct row_reader *r, config_setting_t *group, const config_setting_t *s,
		     const struct menu *menu, struct model_row *row)
{
	int id = schema_find_prop(menu, config_setting_name(s));
	struct text text = {0}, why = {0};
	const struct prop *p;
	const char *type_wrong;
	char where[256];
	int rc = -EINVAL;

	label(menu, group, config_setting_name(s), where, sizeof(where));
	if (id < 0) {
		unknown_prop(r, s, menu, where);
		return -EINVAL;
	}
	p = &menu->props[id];
	if (p->flags & PROP_F_SECRET)
		check_mode(r, s);
	type_wrong = setting_text(p, s, &text);
	if (p->flags & PROP_F_RUNTIME) {
		row_read_error(r, s, "%s: read-only", where);
	} else if (type_wrong) {
		row_read_error(r, s, "%s: %s", where, type_wrong);
	} else if (p->flags & PROP_F_REFUSED) {
		rc = refused_prop(r, group, s, p, where, text.s ? text.s : "");
	} else {
		rc = value_parse(r->model, p, text.s ? text.s : "", &row->values[id], &why);
		if (rc)
			row_read_error(r, s, "%s: %s", where, why.s ? why.s : "not enough memory");
		row->given |= 1ull << id;
		place(r, s, &row->lines[id]);
	}
	text_free(&text);
	text_free(&why);
	return rc;
}

static void read_props(struct row_reader *r, config_setting_t *group, const struct menu *menu,
		       struct model_row *row)
{
	unsigned line;

	row->file = model_strdup(r->model, place(r, group, &line)->path);
	row->line = line;
	row->builtin = false;
	if (!row->file)
		row->file = r->model->path;
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *s = config_setting_get_elem(group, (unsigned)i);

		if (read_prop(r, group, s, menu, row))
			row->broken = true;
	}
}

void row_read_single(struct row_reader *r, config_setting_t *group, enum menu_id menu)
{
	read_props(r, group, schema_menu(menu), &r->model->table[menu].rows[0]);
}

void row_read(struct row_reader *r, config_setting_t *group, enum menu_id menu)
{
	struct model_table *t = &r->model->table[menu];
	const char *name = NULL, *builtin = NULL;
	struct model_row *row = NULL;

	/* The built-in row of a menu is its first. */
	if (t->n > 0 && t->rows[0].builtin && config_setting_lookup_string(group, "name", &name))
		builtin = model_name(r->model, menu, 0);
	if (builtin && strcmp(name, builtin) == 0)
		row = &t->rows[0];
	else
		row = model_add_row(r->model, menu, r->model->path, 0);
	if (!row) {
		row_read_error(r, group, "not enough memory");
		return;
	}
	read_props(r, group, schema_menu(menu), row);
}
