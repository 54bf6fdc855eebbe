/* SPDX-License-Identifier: BSD-3-Clause */
/* change_rename.c - what refers to a row by its name follows when it gets another. */
#include "control/model/change_rename.h"

#include <errno.h>
#include <string.h>

#include "control/model/addr.h"
#include "control/model/device.h"
#include "control/model/model.h"

/* A VLAN's device names the interface it belongs to. */
static bool names_parent(const struct prop *p)
{
	return p == &schema_menu(MENU_INTERFACE)->props[INTERFACE_DEVICE];
}

/* Is the value of a property the name of a row of a menu, or is that part of it? */
static bool refers(const struct prop *p, const struct value *v, enum menu_id menu, const char *name)
{
	if (p->flags & (PROP_F_REFUSED | PROP_F_RUNTIME) || !v->set || !v->text)
		return false;
	if (names_parent(p)) {
		const char *parent = menu == MENU_INTERFACE ? device_parent(v->text) : NULL;

		return parent && strcmp(parent, name) == 0;
	}
	if (p->type == PROP_GATEWAY ? menu != MENU_INTERFACE
				    : p->type != PROP_REF || p->domain->ref != (int)menu)
		return false;
	return strcmp(v->text, name) == 0;
}

static void new_value(const struct prop *p, const struct value *v, const char *to, struct text *out)
{
	struct text all = {0};
	char addr[ADDR_MAX_TEXT];

	if (names_parent(p)) /* vlan100@wan */
		text_add(&all, v->text, (size_t)(device_parent(v->text) - v->text));
	if (v->addr.family) /* fe80::1%wan */
		text_printf(&all, "%s%%", addr_text(&v->addr, addr));
	text_puts(&all, to);
	edit_quote(all.s ? all.s : "", out);
	out->failed |= all.failed;
	text_free(&all);
}

/* What refers to a row by its old name, in one menu. */
static int rename_in(const struct change_doc *of, enum menu_id menu, const char *from,
		     const char *to)
{
	struct change_doc d = {.file = of->file,
			       .model = of->model,
			       .menu_id = menu,
			       .edit = of->edit,
			       .why = of->why};
	const char *s = of->file.source.text.s;
	struct model_reading r;
	int rc;

	rc = change_doc_find(&d);
	for (size_t e = 0; rc == 0 && e < d.n; e++) {
		const struct value *v =
			model_read(of->model, menu, (size_t)d.row_of[e], &r)->values;

		for (size_t p = 0; rc == 0 && p < d.menu->n_props; p++) {
			const struct prop *prop = &d.menu->props[p];
			struct edit_setting have;
			struct text *t;

			if (!refers(prop, &v[p], of->change->menu, from) ||
			    !edit_find_setting(s, edit_inside(d.element[e]), prop->name, &have))
				continue;
			t = edit_patch(d.edit, have.value.at, have.value.end);
			rc = t ? 0 : -ENOMEM;
			if (t)
				new_value(prop, &v[p], to, t);
		}
	}
	change_doc_free(&d);
	return rc;
}

int change_rename(const struct change_doc *d, const size_t *rows, size_t n)
{
	int name = schema_name_prop(d->menu), rc = 0;

	for (size_t i = 0; i < d->change->n_pairs && n == 1; i++) {
		const struct change_pair *pair = &d->change->pair[i];
		const char *from = model_name(d->model, d->change->menu, rows[0]);

		if (pair->prop != name || !pair->text || !from || strcmp(from, pair->text) == 0)
			continue;
		for (int menu = 0; rc == 0 && menu < MENU_MAX; menu++)
			if (!(schema_menu(menu)->flags & (MENU_F_SINGLE | MENU_F_RUNTIME)))
				rc = rename_in(d, (enum menu_id)menu, from, pair->text);
	}
	return rc;
}
