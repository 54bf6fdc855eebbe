/* SPDX-License-Identifier: BSD-3-Clause */
/* export.c - the configuration as RouterOS commands. */
#include "control/console/export.h"

#include <string.h>

#include "control/model/change_doc.h"
#include "control/model/model.h"
#include "control/model/value_print.h"

static bool is_plain(const char *s)
{
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f ||
		    strchr("\"\\;$?(){}[]=#'", *p))
			return false;
	return *s != '\0';
}

/* A word of a RouterOS script: quotes around whatever would end it or mean something. */
static void word(const struct prop *p, const struct value *v, struct text *out)
{
	struct text plain = {0};

	if (p->type == PROP_STRING || p->type == PROP_SECRET) {
		text_puts(&plain, v->text);
	} else {
		value_print(p, v, VALUE_ROUTEROS, &plain);
	}
	text_printf(out, " %s=", p->name);
	if (!is_plain(plain.len ? plain.s : ""))
		value_print_quoted(plain.len ? plain.s : "", plain.len, out);
	else
		text_add(out, plain.s, plain.len);
	text_free(&plain);
}

static void row(enum menu_id id, const struct model_row *r, bool sensitive, struct text *out)
{
	const struct menu *menu = schema_menu((int)id);
	int name = schema_name_prop(menu);
	bool set = menu->flags & MENU_F_SINGLE;

	/* The default profile and proposal exist in RouterOS, too. */
	if (change_doc_has_builtin(id) && strcmp(r->values[name].text, "default") == 0)
		text_puts(out, "set [ find default=yes ]"), set = true;
	else
		text_puts(out, set ? "set" : "add");
	for (size_t i = 0; i < menu->n_props; i++) {
		const struct prop *p = &menu->props[i];

		if (!(r->given & 1ull << i) || !r->values[i].set || p->flags & PROP_F_REFUSED)
			continue;
		if ((p->flags & PROP_F_SECRET && !sensitive) || (set && (int)i == name))
			continue;
		word(p, &r->values[i], out);
	}
	text_puts(out, "\n");
}

/* The settings say which weak things may be in the rows: they come before those. */
static int menu_at(int i)
{
	return i < MENU_PROFILE || i > MENU_SETTINGS ? i
	       : i == MENU_PROFILE		     ? MENU_SETTINGS
						     : i - 1;
}

void export_print(const struct model *m, const char *path, bool sensitive, struct text *out)
{
	for (int i = 0; i < MENU_MAX; i++) {
		int id = menu_at(i);
		const struct menu *menu = schema_menu(id);
		const struct model_table *t = &m->table[id];
		struct model_reading r;
		bool headed = false;

		if (strcmp(menu->path, path) != 0 && !schema_is_below(menu->path, path))
			continue;
		for (size_t k = 0; k < t->n; k++) {
			if (!t->rows[k].given)
				continue;
			if (!headed)
				text_printf(out, "/%s\n", menu->path);
			headed = true;
			row((enum menu_id)id, model_read(m, (enum menu_id)id, k, &r), sensitive,
			    out);
		}
	}
}
