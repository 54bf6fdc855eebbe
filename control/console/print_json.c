/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * print_json.c - RouterOS v7's REST shapes: objects whose values are all strings, an array of them,
 * or one alone for menus with a single row. Secrets are left out unless they were asked for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/console/print.h"

/* RFC 8259 section 7. What comes in is UTF-8 without controls: value_print() saw to that. */
static void string(const char *s, size_t len, struct text *out)
{
	text_puts(out, "\"");
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '"' || c == '\\')
			text_printf(out, "\\%c", c);
		else if (c < 0x20)
			text_printf(out, "\\u%04x", c);
		else
			text_add(out, s + i, 1);
	}
	text_puts(out, "\"");
}

void print_json_row(struct printer *p, uint64_t id, const struct value *values)
{
	bool single = p->menu->flags & MENU_F_SINGLE;
	struct text value = {0};
	const char *sep = "";

	text_puts(p->out, single ? "{" : p->rows ? ",\n  {" : "\n  {");
	if (!single) {
		text_printf(p->out, "\".id\":\"*%" PRIX64 "\"", id);
		sep = ",";
	}
	for (size_t i = 0; i < p->menu->n_props; i++) {
		const struct prop *pr = &p->menu->props[i];

		if (!print_wants(p, (int)i, &values[i]))
			continue;
		if (pr->flags & PROP_F_SECRET && !p->sensitive)
			continue;
		text_cut(&value, 0);
		print_value(p, (int)i, &values[i], &value);
		text_printf(p->out, "%s\"%s\":", sep, pr->name);
		string(value.len ? value.s : "", value.len, p->out);
		sep = ",";
	}
	text_puts(p->out, "}");
	text_free(&value);
}
