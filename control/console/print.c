/* SPDX-License-Identifier: BSD-3-Clause */
/* print.c - rows to text: what all forms share. */
#include "control/console/print.h"

#include <string.h>

#include "control/model/value_print.h"

void print_init(struct printer *p, enum menu_id id, struct text *out)
{
	*p = (struct printer){
		.id = id, .menu = schema_menu(id), .layout = layout_of(id), .out = out};
}

static bool is_table(const struct printer *p)
{
	return p->layout->columns && !p->detail && !p->terse;
}

static void legend(struct printer *p)
{
	const char *sep = "Flags: ";

	for (const struct layout_flag *f = p->layout->flags; f && f->letter; f++) {
		text_printf(p->out, "%s%c - %s", sep, f->letter, f->text);
		sep = ", ";
	}
	if (p->layout->flags)
		text_puts(p->out, "\n");
}

void print_begin(struct printer *p)
{
	bool single = p->menu->flags & MENU_F_SINGLE;

	if (p->json) {
		text_puts(p->out, single ? "" : "[");
		return;
	}
	if (p->id == MENU_LOG || single)
		return;
	if (!p->terse)
		legend(p);
	if (is_table(p))
		print_table_header(p);
}

void print_row(struct printer *p, size_t number, uint64_t id, const struct value *values)
{
	if (p->json)
		print_json_row(p, id, values);
	else if (p->id == MENU_LOG)
		print_log_row(p, values);
	else if (p->menu->flags & MENU_F_SINGLE)
		print_single_row(p, values);
	else if (p->terse)
		print_terse_row(p, number, values);
	else if (is_table(p))
		print_table_row(p, number, values);
	else
		print_pairs_row(p, number, values);
	p->rows++;
}

void print_end(struct printer *p)
{
	bool single = p->menu->flags & MENU_F_SINGLE;

	if (p->json)
		text_puts(p->out, single ? "\n" : p->rows ? "\n]\n" : "]\n");
}

static bool flag_set(const struct printer *p, const struct layout_flag *f,
		     const struct value *values)
{
	const struct value *name;

	if (f->prop != LAYOUT_FLAG_DEFAULT)
		return values[f->prop].set && values[f->prop].num;
	name = &values[schema_name_prop(p->menu)];
	return name->set && strcmp(name->text, "default") == 0;
}

void print_head(struct printer *p, size_t number, const struct value *values)
{
	const struct value *comment = p->layout->comment < 0 ? NULL : &values[p->layout->comment];
	char slots[8] = "       ";

	for (const struct layout_flag *f = p->layout->flags; f && f->letter; f++)
		if (flag_set(p, f, values))
			slots[f->slot] = f->letter;
	text_printf(p->out, "%2zu %.*s ", number, p->layout->slots, slots);
	if (p->terse || !comment || !comment->set || !*comment->text)
		return;
	text_puts(p->out, ";;; ");
	value_print(&p->menu->props[p->layout->comment], comment, VALUE_ROUTEROS, p->out);
	text_puts(p->out, "\n");
	text_pad(p->out, (size_t)p->layout->slots + 4);
}

bool print_wants(const struct printer *p, int prop, const struct value *v)
{
	uint32_t flags = p->menu->props[prop].flags;

	if (!v->set || flags & PROP_F_REFUSED)
		return false;
	return p->json || p->detail || !(flags & PROP_F_DETAIL);
}

void print_value(const struct printer *p, int prop, const struct value *v, struct text *out)
{
	const struct prop *pr = &p->menu->props[prop];

	if (pr->flags & PROP_F_SECRET && !p->sensitive)
		text_puts(out, "<hidden>");
	else
		value_print(pr, v, p->json ? VALUE_JSON : VALUE_ROUTEROS, out);
}
