/* SPDX-License-Identifier: BSD-3-Clause */
/* change.c - add, set, remove and move rows of a configuration file; see change.h. */
#include "control/model/change.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/change_doc.h"
#include "control/model/change_pick.h"
#include "control/model/change_rename.h"
#include "control/model/file.h"
#include "control/model/model.h"
#include "control/model/problem.h"

#define LINE_WIDTH 100u

void change_free(struct change *c)
{
	for (size_t i = 0; i < c->n_pairs; i++) {
		if (c->pair[i].text)
			explicit_bzero(c->pair[i].text, strlen(c->pair[i].text));
		free(c->pair[i].text);
	}
	free(c->which);
	free(c->before);
	*c = (struct change){0};
}

void change_made_free(struct change_made *made)
{
	free(made->path);
	text_free(&made->text);
	text_free(&made->before);
	*made = (struct change_made){0};
}

/* --- what is written --- */

static bool is_digits(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && s[n] == '\0' && n < 10 && (s[0] != '0' || n == 1);
}

static void value_text(const struct prop *p, const char *text, struct text *out)
{
	bool yes = strcmp(text, "yes") == 0 || strcmp(text, "true") == 0;

	if (p->type == PROP_BOOL && (yes || strcmp(text, "no") == 0 || strcmp(text, "false") == 0))
		text_puts(out, yes ? "true" : "false");
	else if (p->type == PROP_INT && is_digits(text))
		text_puts(out, text);
	else
		edit_quote(text, out);
}

static void pair_text(const struct change_doc *d, const struct change_pair *pair, struct text *out)
{
	const struct prop *p = &d->menu->props[pair->prop];

	text_printf(out, "%s = ", p->name);
	value_text(p, pair->text, out);
	text_puts(out, ";");
}

/* "{ name = "x"; … }" that begins in a column. */
static void group_text(const struct change_doc *d, const char *name, size_t column,
		       struct text *out)
{
	struct text word = {0};
	size_t used;

	text_puts(out, "{");
	used = column + 1;
	if (name) {
		text_printf(out, " name = \"%s\";", name);
		used += strlen(name) + 11;
	}
	for (size_t i = 0; i < d->change->n_pairs; i++) {
		if (!d->change->pair[i].text ||
		    (name && d->change->pair[i].prop == schema_name_prop(d->menu)))
			continue;
		text_cut(&word, 0);
		pair_text(d, &d->change->pair[i], &word);
		if (used > column + 1 && used + word.len + 3 > LINE_WIDTH) {
			text_puts(out, "\n");
			text_pad(out, column + 2);
			used = column + 2;
		} else {
			text_puts(out, " ");
			used++;
		}
		text_add(out, word.s ? word.s : "", word.len);
		used += word.len;
		out->failed |= word.failed;
	}
	text_puts(out, " }");
	text_free(&word);
}

/* Behind `at`, and behind a comment that ends its line. */
static size_t behind_line(const char *s, size_t end, size_t at)
{
	size_t p = at;

	while (p < end && (s[p] == ' ' || s[p] == '\t' || s[p] == '\r'))
		p++;
	if (p < end && (s[p] == '#' || (s[p] == '/' && p + 1 < end && s[p + 1] == '/')))
		while (p < end && s[p] != '\n')
			p++;
	return p < end && s[p] == '\n' ? p : at;
}

static bool begins_line(const char *s, size_t at)
{
	while (at > 0 && (s[at - 1] == ' ' || s[at - 1] == '\t'))
		at--;
	return at == 0 || s[at - 1] == '\n';
}

/* Does a setting go with this change? */
static bool goes(const struct change_doc *d, const struct edit_setting *have)
{
	const char *name = d->file.source.text.s + have->name.at;
	size_t len = have->name.end - have->name.at;

	for (size_t i = 0; i < d->change->n_pairs; i++) {
		const char *known = d->menu->props[d->change->pair[i].prop].name;

		if (!d->change->pair[i].text && strlen(known) == len &&
		    memcmp(known, name, len) == 0)
			return true;
	}
	return false;
}

/* A setting of about len bytes as the last of a group; its text is filled in by the caller. *start
 * is the column that it begins in. */
static struct text *append_setting(struct change_doc *d, struct edit_span inside, size_t len,
				   size_t *start)
{
	const char *s = d->file.source.text.s;
	struct edit_setting one, last = {0};
	size_t at = inside.at, column = 0, place, added;
	struct text *t;

	while (edit_next_setting(s, inside.end, &at, &one)) {
		if (goes(d, &one))
			continue;
		column = last.end ? column : edit_column(s, one.name.at);
		last = one;
	}
	if (!last.end) {
		t = edit_patch(d->edit, inside.at, inside.at);
		if (t && inside.at)
			text_puts(t, " ");
		*start = edit_column(s, inside.at) + (inside.at != 0);
		return t;
	}
	added = edit_inserted(d->edit, last.end);
	if (!last.closed && added == 0) {
		t = edit_patch(d->edit, last.end, last.end);
		if (t)
			text_puts(t, ";");
	}
	if (!begins_line(s, last.name.at) && edit_column(s, last.end) + added + len < LINE_WIDTH) {
		t = edit_patch(d->edit, last.end, last.end);
		if (t)
			text_puts(t, " ");
		*start = edit_column(s, last.end) + 1;
		return t;
	}
	*start = column;
	place = behind_line(s, inside.end, last.end);
	t = edit_patch(d->edit, place, place);
	if (t) {
		text_puts(t, "\n");
		text_pad(t, column);
	}
	return t;
}

/* A menu that is not there yet, with the groups around it; name: of its row, or NULL. */
static int append_menu(struct change_doc *d, const char *name)
{
	bool single = d->menu->flags & MENU_F_SINGLE;
	size_t depth = 0, start = 0, before;
	struct text *t = append_setting(d, d->place.inside, LINE_WIDTH, &start);
	const char *w = d->place.missing;

	if (!t)
		return -ENOMEM;
	before = t->len;
	for (; *w; depth++) {
		size_t len = strcspn(w, " ");

		text_printf(t, "%.*s = { ", (int)len, w);
		w += len + (w[len] == ' ');
	}
	text_printf(t, "%s = %s", d->place.leaf, single ? "" : "( ");
	group_text(d, name, start + t->len - before, t);
	text_puts(t, single ? ";" : " );");
	while (depth--)
		text_puts(t, " };");
	return 0;
}

static int add_row(struct change_doc *d, int before, const char *name)
{
	const char *s = d->file.source.text.s;
	struct edit_span inside = edit_inside(d->place.own.value);
	const struct edit_span *last = d->n ? &d->element[d->n - 1] : NULL;
	size_t column, at;
	struct text *t;

	if (!d->place.there)
		return append_menu(d, name);
	if (!last) {
		column = edit_column(s, inside.at) + 1;
		t = edit_patch(d->edit, inside.at, inside.at);
		if (t)
			text_puts(t, " "), group_text(d, name, column, t), text_puts(t, " ");
		return t ? 0 : -ENOMEM;
	}
	if (before >= 0) {
		at = d->element[before].at;
		column = edit_column(s, at);
		t = edit_patch(d->edit, at, at);
		if (t) {
			group_text(d, name, column, t);
			text_puts(t, ",\n");
			text_pad(t, column);
		}
		return t ? 0 : -ENOMEM;
	}
	column = edit_column(s, last->at);
	at = d->comma[d->n - 1] ? d->comma[d->n - 1] + 1 : last->end;
	t = d->comma[d->n - 1] ? NULL : edit_patch(d->edit, at, at);
	if (t)
		text_puts(t, ",");
	at = behind_line(s, inside.end, at);
	t = edit_patch(d->edit, at, at);
	if (t) {
		text_puts(t, "\n");
		text_pad(t, column);
		group_text(d, name, column, t);
	}
	return t ? 0 : -ENOMEM;
}

/* --- set --- */

static int unset_pair(struct change_doc *d, const struct edit_setting *have)
{
	const char *s = d->file.source.text.s;
	size_t at = have->name.at, end = have->end;

	if (begins_line(s, at) && s[behind_line(s, d->file.source.text.len, end)] == '\n') {
		at -= edit_column(s, at);
		end = behind_line(s, d->file.source.text.len, end) + 1;
	} else {
		while (s[end] == ' ' || s[end] == '\t')
			end++;
	}
	return edit_patch(d->edit, at, end) ? 0 : -ENOMEM;
}

static int set_pairs(struct change_doc *d, struct edit_span group)
{
	const char *s = d->file.source.text.s;
	struct edit_span inside = edit_inside(group);

	for (size_t i = 0; i < d->change->n_pairs; i++) {
		const struct change_pair *pair = &d->change->pair[i];
		const struct prop *p = &d->menu->props[pair->prop];
		struct edit_setting have;
		bool there = edit_find_setting(s, inside, p->name, &have);
		struct text *t;
		size_t start;

		if (!pair->text) {
			if (there && unset_pair(d, &have))
				return -ENOMEM;
			continue;
		}
		t = there ? edit_patch(d->edit, have.value.at, have.value.end)
			  : append_setting(d, inside, strlen(p->name) + strlen(pair->text) + 6,
					   &start);
		if (!t)
			return -ENOMEM;
		if (there)
			value_text(p, pair->text, t);
		else
			pair_text(d, pair, t);
	}
	return 0;
}

/* Without one of that name it would be back as RouterOS has it, and another row be there. */
static bool renames_default(const struct change_doc *d, size_t row)
{
	for (size_t i = 0; i < d->change->n_pairs; i++) {
		const struct change_pair *pair = &d->change->pair[i];

		if (row == 0 && change_doc_has_builtin(d->menu_id) &&
		    pair->prop == schema_name_prop(d->menu) &&
		    (!pair->text || strcmp(pair->text, "default") != 0))
			return true;
	}
	return false;
}

static int set_rows(struct change_doc *d, const size_t *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (renames_default(d, rows[i])) {
			text_printf(d->why, "/%s: the default keeps its name", d->menu->path);
			return -EINVAL;
		}
	for (size_t i = 0; i < n; i++) {
		int e = change_doc_element(d, rows[i]);
		int rc = e >= 0 ? set_pairs(d, d->element[e]) : add_row(d, -1, "default");

		if (rc)
			return rc;
	}
	return 0;
}

static int set_single(struct change_doc *d)
{
	return d->place.there ? set_pairs(d, d->place.own.value) : append_menu(d, NULL);
}

/* --- remove and move --- */

static int remove_rows(struct change_doc *d, const size_t *rows, size_t n)
{
	const char *s = d->file.source.text.s;
	bool *gone = calloc(d->n + 1, sizeof(*gone));
	int rc = gone ? 0 : -ENOMEM, kept = -1;

	for (size_t i = 0; gone && i < n; i++) {
		int e = change_doc_element(d, rows[i]);

		if (e >= 0 && d->row_of[e] > (change_doc_has_builtin(d->menu_id) ? 0 : -1)) {
			gone[e] = true;
			continue;
		}
		text_printf(d->why, "/%s: the default is always there; it cannot be removed",
			    d->menu->path);
		rc = -EINVAL;
	}
	for (size_t i = 0; rc == 0 && i < d->n; i++)
		kept = gone[i] ? kept : (int)i;
	for (size_t i = 0; rc == 0 && i < d->n; i++) {
		size_t at = d->element[i].at, end = d->element[i].end;

		if (!gone[i] && (int)i == kept && i + 1 < d->n) /* becomes the last one */
			at = d->comma[i], end = at + 1;
		else if (gone[i] && d->comma[i])
			for (end = d->comma[i] + 1; isspace((unsigned char)s[end]); end++)
				;
		else if (!gone[i])
			continue;
		rc = edit_patch(d->edit, at, end) ? 0 : -ENOMEM;
	}
	free(gone);
	return rc;
}

/* The elements change places; what stands between them stays. */
static int move_rows(struct change_doc *d, const size_t *rows, size_t n, int before)
{
	size_t *order = calloc(d->n + 1, sizeof(*order)), k = 0;
	bool *moved = calloc(d->n + 1, sizeof(*moved));
	int rc = order && moved ? 0 : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		int e = change_doc_element(d, rows[i]);

		if (e >= 0)
			moved[e] = true;
	}
	for (size_t i = 0; rc == 0 && i <= d->n; i++) {
		if ((int)i == before || (i == d->n && before < 0))
			for (size_t j = 0; j < n; j++)
				if (change_doc_element(d, rows[j]) >= 0)
					order[k++] = (size_t)change_doc_element(d, rows[j]);
		if (i < d->n && !moved[i])
			order[k++] = i;
	}
	for (size_t i = 0; rc == 0 && i < d->n; i++) {
		const struct edit_span *from = &d->element[order[i]];
		struct text *t;

		if (order[i] == i)
			continue;
		t = edit_patch(d->edit, d->element[i].at, d->element[i].end);
		if (t)
			text_add(t, d->file.source.text.s + from->at, from->end - from->at);
		rc = t ? 0 : -ENOMEM;
	}
	free(order);
	free(moved);
	return rc;
}

/* --- all of it --- */

static int find_before(struct change_doc *d, int *before)
{
	size_t row;
	int rc;

	*before = -1;
	if (!d->change->before)
		return 0;
	rc = change_pick_one(d->model, d->change, d->change->before, &row, d->why);
	*before = rc == 0 ? change_doc_element(d, row) : -1;
	if (rc == 0 && *before < 0) {
		text_printf(d->why, "/%s: nothing can stand before the default", d->menu->path);
		return -EINVAL;
	}
	return rc;
}

/* What is there already is not added. */
static int check_new(struct change_doc *d)
{
	int name = schema_name_prop(d->menu);

	for (size_t i = 0; i < d->change->n_pairs; i++) {
		const struct change_pair *pair = &d->change->pair[i];

		if (pair->prop != name || !pair->text ||
		    model_find_index(d->model, d->change->menu, pair->text) < 0)
			continue;
		text_printf(d->why, "/%s: there is one named \"%s\" already; \"set\" changes it",
			    d->menu->path, pair->text);
		return -EINVAL;
	}
	return 0;
}

static int edit_rows(struct change_doc *d, struct change_made *made)
{
	size_t *rows = NULL, n = 0;
	int before, rc = find_before(d, &before);

	if (rc == 0 && d->change->verb == CHANGE_ADD)
		rc = check_new(d);
	if (rc == 0 && d->change->verb == CHANGE_ADD) {
		made->matched = made->rows = 1;
		return add_row(d, before, NULL);
	}
	if (rc == 0 && d->menu->flags & MENU_F_SINGLE) {
		made->matched = made->rows = 1;
		return set_single(d);
	}
	if (rc == 0)
		rc = change_pick_rows(d->model, d->change, &rows, &n, d->why);
	made->matched = made->rows = n;
	if (rc == 0 && n > CHANGE_MAX_ROWS) {
		text_printf(d->why, "%zu rows at once are too many; at most %d", n,
			    CHANGE_MAX_ROWS);
		rc = -EINVAL;
	}
	if (rc == 0 && d->change->verb == CHANGE_SET)
		rc = set_rows(d, rows, n);
	if (rc == 0 && d->change->verb == CHANGE_SET)
		rc = change_rename(d, rows, n);
	else if (rc == 0 && d->change->verb == CHANGE_REMOVE)
		rc = n ? remove_rows(d, rows, n) : 0;
	else if (rc == 0)
		rc = n ? move_rows(d, rows, n, before) : 0;
	free(rows);
	return rc;
}

/* A change puts in force what was said, and nothing that somebody is writing meanwhile. */
static int check_seen(const struct change_doc *d)
{
	if (!d->change->seen || *d->change->seen == source_hash(&d->file.source))
		return 0;
	text_puts(d->why,
		  "the file was changed by hand and not loaded since, so this would put that in "
		  "force too; nothing was changed: \"reload\" first");
	return -EINVAL;
}

/* The file as it is, text and model. *own: the model has to be freed. */
static int read_file(struct change_doc *d, const char *path, struct problems *problems,
		     struct model **own)
{
	const struct model *shown = d->change->shown;
	int rc = change_file_read(&d->file, path, problems);

	if (rc == 0 && shown && shown->text_hash == source_hash(&d->file.source))
		d->model = shown;
	else if (rc == 0)
		d->model = *own = model_load(path, problems);
	if (rc == 0 && d->model)
		return check_seen(d);
	text_puts(d->why, "the file as it is has problems; mend them first, by hand");
	return -EINVAL;
}

int change_make(const struct change *c, const char *path, struct change_made *made,
		struct problems *problems, struct text *why)
{
	struct change_doc d = {.change = c, .menu_id = c->menu, .why = why};
	struct model *own = NULL;
	int rc;

	*made = (struct change_made){0};
	d.edit = calloc(1, sizeof(*d.edit));
	rc = d.edit ? read_file(&d, path, problems, &own) : -ENOMEM;
	if (rc == 0)
		rc = change_doc_find(&d);
	if (rc == 0)
		rc = edit_rows(&d, made);
	if (rc == 0 && d.edit->n != 0)
		rc = change_file_apply(&d.file, d.edit, made, why);
	if (rc == -EALREADY)
		rc = 0; /* it says so already */
	if (rc == 0 && !made->path)
		made->rows = 0;
	if (rc == -ENOMEM && d.edit && d.edit->failed) {
		text_printf(why, "too much at once: it changes more than %d places in the file",
			    EDIT_MAX_PATCHES);
		rc = -EINVAL;
	} else if (rc == -ENOMEM) {
		text_puts(why, "not enough memory");
	}
	if (d.edit)
		edit_free(d.edit);
	free(d.edit);
	change_doc_free(&d);
	change_file_free(&d.file);
	model_free(own);
	if (rc)
		change_made_free(made);
	return rc;
}
