/* SPDX-License-Identifier: BSD-3-Clause */
/* print_text.c - RouterOS's forms: columns, name=value pairs, one value per line, log lines. */
#include <ctype.h>
#include <string.h>

#include "control/console/print.h"
#include "control/model/value_print.h"

/* Drop blanks at the end of the last line. */
static void end_line(struct text *out)
{
	size_t len = out->len;

	while (len && out->s[len - 1] == ' ')
		len--;
	text_cut(out, len);
	text_puts(out, "\n");
}

static void cell(struct text *out, const struct layout_column *c, const char *s, size_t len)
{
	size_t width = (size_t)c->width, pad = len < width ? width - len : 0;

	if (c->right)
		text_pad(out, pad);
	text_add(out, s, len);
	text_pad(out, c->right ? 1 : pad + 1);
}

void print_table_header(struct printer *p)
{
	char name[64];

	text_puts(p->out, " # ");
	text_pad(p->out, (size_t)p->layout->slots + 1);
	for (const struct layout_column *c = p->layout->columns; c->width; c++) {
		size_t n = strlen(p->menu->props[c->prop].name);

		for (size_t i = 0; i <= n && i < sizeof(name); i++)
			name[i] = (char)toupper((unsigned char)p->menu->props[c->prop].name[i]);
		cell(p->out, c, name, n);
	}
	end_line(p->out);
}

void print_table_row(struct printer *p, size_t number, const struct value *values)
{
	struct text value = {0};

	print_head(p, number, values);
	for (const struct layout_column *c = p->layout->columns; c->width; c++) {
		text_cut(&value, 0);
		if (values[c->prop].set)
			print_value(p, c->prop, &values[c->prop], &value);
		cell(p->out, c, value.len ? value.s : "", value.len);
	}
	end_line(p->out);
	text_free(&value);
}

static void pair(struct printer *p, int prop, const struct value *v, struct text *out)
{
	const struct prop *pr = &p->menu->props[prop];
	bool hidden = pr->flags & PROP_F_SECRET && !p->sensitive;

	text_printf(out, "%s=", pr->name);
	if (hidden || !value_quoted(pr->type))
		print_value(p, prop, v, out);
	else if (pr->type == PROP_KEY) {
		text_puts(out, "\"");
		print_value(p, prop, v, out);
		text_puts(out, "\"");
	} else {
		value_print_quoted(v->text, strlen(v->text), out);
	}
}

void print_pairs_row(struct printer *p, size_t number, const struct value *values)
{
	size_t indent = (size_t)p->layout->slots + 4, column = indent;
	struct text word = {0};

	if (p->rows)
		text_puts(p->out, "\n");
	print_head(p, number, values);
	for (size_t i = 0; i < p->menu->n_props; i++) {
		if (!print_wants(p, (int)i, &values[i]) || layout_has_prop(p->layout, (int)i))
			continue;
		text_cut(&word, 0);
		pair(p, (int)i, &values[i], &word);
		if (column > indent && column + word.len > p->width) {
			end_line(p->out);
			text_pad(p->out, indent);
			column = indent;
		}
		if (word.len)
			text_add(p->out, word.s, word.len);
		text_puts(p->out, " ");
		column += word.len + 1;
	}
	end_line(p->out);
	text_free(&word);
}

/* A line for programs that read lines. */
void print_terse_row(struct printer *p, size_t number, const struct value *values)
{
	print_head(p, number, values);
	for (size_t i = 0; i < p->menu->n_props; i++) {
		if (!print_wants(p, (int)i, &values[i]))
			continue;
		pair(p, (int)i, &values[i], p->out);
		text_puts(p->out, " ");
	}
	end_line(p->out);
}

/* The net's own reasons are ours, not RouterOS's: shown with detail only. */
static bool is_extra(const struct printer *p, size_t prop)
{
	return p->id == MENU_STATISTICS && prop > STAT_ID(DROP_IPSEC_LAST);
}

void print_single_row(struct printer *p, const struct value *values)
{
	size_t longest = 0;

	for (size_t i = 0; i < p->menu->n_props; i++) {
		size_t len = strlen(p->menu->props[i].name);

		if (print_wants(p, (int)i, &values[i]) && len > longest)
			longest = len;
	}
	for (size_t i = 0; i < p->menu->n_props; i++) {
		const char *name = p->menu->props[i].name;

		if (!print_wants(p, (int)i, &values[i]) || (is_extra(p, i) && !p->detail))
			continue;
		if (is_extra(p, i) && !is_extra(p, i - 1))
			text_puts(p->out, "\nnot IPsec:\n");
		text_pad(p->out, 2 + longest - strlen(name));
		text_printf(p->out, "%s: ", name);
		print_value(p, (int)i, &values[i], p->out);
		end_line(p->out);
	}
}

void print_log_row(struct printer *p, const struct value *values)
{
	for (int i = LOG_TIME; i <= LOG_MESSAGE; i++) {
		if (values[i].set)
			print_value(p, i, &values[i], p->out);
		text_puts(p->out, " ");
	}
	end_line(p->out);
}
