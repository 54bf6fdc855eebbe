/* SPDX-License-Identifier: BSD-3-Clause */
/* edit.c - where things stand in the text of a configuration; see edit.h. */
#include "control/model/edit.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

size_t edit_skip(const char *s, size_t end, size_t at)
{
	while (at < end) {
		if (isspace((unsigned char)s[at])) {
			at++;
		} else if (s[at] == '#' || (s[at] == '/' && at + 1 < end && s[at + 1] == '/')) {
			while (at < end && s[at] != '\n')
				at++;
		} else if (s[at] == '/' && at + 1 < end && s[at + 1] == '*') {
			for (at += 3; at < end && !(s[at] == '/' && s[at - 1] == '*'); at++)
				;
			at = at < end ? at + 1 : end;
		} else {
			break;
		}
	}
	return at;
}

/* Behind a string that begins at `at`. */
static size_t skip_string(const char *s, size_t end, size_t at)
{
	for (at++; at < end && s[at] != '"'; at++)
		if (s[at] == '\\' && at + 1 < end)
			at++;
	return at < end ? at + 1 : end;
}

/* Behind a group, list or array: brackets are counted, whichever they are. */
static size_t skip_brackets(const char *s, size_t end, size_t at)
{
	size_t depth = 0;

	while ((at = edit_skip(s, end, at)) < end) {
		char c = s[at];

		if (c == '"') {
			at = skip_string(s, end, at);
			continue;
		}
		at++;
		if (c == '{' || c == '(' || c == '[')
			depth++;
		else if ((c == '}' || c == ')' || c == ']') && --depth == 0)
			break;
	}
	return at;
}

/* Behind a value. Strings that follow each other are one. */
static size_t skip_value(const char *s, size_t end, size_t at)
{
	size_t behind;

	if (at < end && strchr("{([", s[at]))
		return skip_brackets(s, end, at);
	if (at >= end || s[at] != '"') {
		while (at < end && !isspace((unsigned char)s[at]) && !strchr(";,)}]#/\"", s[at]))
			at++;
		return at;
	}
	do {
		behind = skip_string(s, end, at);
		at = edit_skip(s, end, behind);
	} while (at < end && s[at] == '"');
	return behind;
}

bool edit_next_setting(const char *s, size_t end, size_t *pos, struct edit_setting *out)
{
	size_t at = edit_skip(s, end, *pos);

	*out = (struct edit_setting){.name = {at, at}};
	while (at < end && (isalnum((unsigned char)s[at]) || strchr("-_*", s[at])))
		at++;
	if (at == out->name.at)
		return false;
	out->name.end = at;
	at = edit_skip(s, end, at);
	if (at >= end || (s[at] != '=' && s[at] != ':'))
		return false;
	out->value.at = edit_skip(s, end, at + 1);
	out->value.end = out->end = skip_value(s, end, out->value.at);
	if (out->value.end == out->value.at)
		return false;
	at = edit_skip(s, end, out->end);
	if (at < end && (s[at] == ';' || s[at] == ',')) {
		out->end = at + 1;
		out->closed = true;
	}
	*pos = out->end;
	return true;
}

bool edit_next_element(const char *s, size_t end, size_t *pos, struct edit_span *out)
{
	size_t at = edit_skip(s, end, *pos);

	out->at = at;
	out->end = skip_value(s, end, at);
	if (out->end == at)
		return false;
	at = edit_skip(s, end, out->end);
	*pos = at < end && s[at] == ',' ? at + 1 : out->end;
	return true;
}

bool edit_find_setting(const char *s, struct edit_span inside, const char *name,
		       struct edit_setting *out)
{
	size_t pos = inside.at, len = strlen(name);

	while (edit_next_setting(s, inside.end, &pos, out))
		if (out->name.end - out->name.at == len && memcmp(s + out->name.at, name, len) == 0)
			return true;
	return false;
}

struct edit_span edit_inside(struct edit_span value)
{
	if (value.end < value.at + 2)
		return (struct edit_span){value.at, value.at};
	return (struct edit_span){value.at + 1, value.end - 1};
}

size_t edit_column(const char *s, size_t at)
{
	size_t n = 0;

	while (n < at && s[at - n - 1] != '\n')
		n++;
	return n;
}

void edit_quote(const char *text, struct text *out)
{
	text_puts(out, "\"");
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '"' || c == '\\')
			text_printf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			text_printf(out, "\\x%02x", c);
		else
			text_add(out, p, 1);
	}
	text_puts(out, "\"");
}

struct text *edit_patch(struct edit *e, size_t at, size_t end)
{
	struct edit_patch *p = &e->patch[e->n];

	if (e->n == EDIT_MAX_PATCHES) {
		e->failed = true;
		return NULL;
	}
	e->n++;
	*p = (struct edit_patch){.where = {at, end}};
	return &p->text;
}

size_t edit_inserted(const struct edit *e, size_t at)
{
	size_t n = 0;

	for (size_t i = 0; i < e->n; i++)
		if (e->patch[i].where.at == at && e->patch[i].where.end == at)
			n += e->patch[i].text.len;
	return n;
}

void edit_free(struct edit *e)
{
	for (size_t i = 0; i < e->n; i++)
		text_free(&e->patch[i].text);
	e->n = 0;
}

static int by_place(const void *a, const void *b)
{
	const struct edit_patch *const *x = a, *const *y = b;
	const struct edit_span *v = &(*x)->where, *w = &(*y)->where;

	if (v->at != w->at)
		return v->at < w->at ? -1 : 1;
	if ((v->end == v->at) != (w->end == w->at))
		return v->end == v->at ? -1 : 1; /* what is put before something that goes */
	return *x < *y ? -1 : *x > *y;
}

int edit_apply(const struct edit *e, const char *s, size_t len, struct text *out)
{
	const struct edit_patch **sorted = calloc(e->n + 1, sizeof(*sorted));
	int rc = e->failed || !sorted ? -ENOMEM : 0;
	size_t at = 0;

	for (size_t i = 0; sorted && i < e->n; i++)
		sorted[i] = &e->patch[i];
	if (rc == 0)
		qsort(sorted, e->n, sizeof(*sorted), by_place);
	for (size_t i = 0; rc == 0 && i < e->n; i++) {
		const struct edit_span *w = &sorted[i]->where;

		if (w->at < at || w->end < w->at || w->end > len)
			rc = -EINVAL;
		else if (sorted[i]->text.failed)
			rc = -ENOMEM;
		if (rc)
			break;
		text_add(out, s + at, w->at - at);
		if (sorted[i]->text.len)
			text_add(out, sorted[i]->text.s, sorted[i]->text.len);
		at = w->end;
	}
	if (rc == 0)
		text_add(out, s + at, len - at);
	free(sorted);
	return rc ? rc : out->failed ? -ENOMEM : 0;
}
