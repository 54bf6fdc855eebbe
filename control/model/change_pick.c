/* SPDX-License-Identifier: BSD-3-Clause */
/* change_pick.c - which rows a command means; see change_pick.h. */
#include "control/model/change_pick.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/change_doc.h"
#include "control/model/filter.h"
#include "control/model/model.h"
#include "control/model/suggest.h"
#include "control/model/value_print.h"

#define WHICH "which row? Its number, its name or [find …]"

static int unknown_name(const struct model *m, enum menu_id menu, const char *which,
			struct text *why)
{
	const struct menu *schema = schema_menu((int)menu);
	char hint[SUGGEST_MAX_LEN * 2];
	struct suggest near;

	suggest_start(&near, which);
	for (size_t i = 0; i < m->table[menu].n; i++) {
		const char *name = model_name(m, menu, i);

		if (name)
			suggest_offer(&near, name);
	}
	text_printf(why, "/%s: there is no row \"%s\"%s", schema->path, which,
		    suggest_text(&near, hint, sizeof(hint)));
	if (!*hint)
		text_printf(why,
			    "; a row is named by %sthe number that \"print\" shows, or [find …]",
			    schema_name_prop(schema) >= 0 ? "its name, " : "");
	return -EINVAL;
}

/* Does row i say the same in both, and are there as many? */
static bool is_same_row(const struct model *a, const struct model *b, enum menu_id menu, size_t i)
{
	const struct menu *schema = schema_menu((int)menu);
	const struct model_row *x, *y;
	struct text s = {0}, t = {0};
	struct model_reading r, q;
	bool same;

	if (a->table[menu].n != b->table[menu].n)
		return false;
	x = model_read(a, menu, i, &r);
	y = model_read(b, menu, i, &q);
	same = x->given == y->given;
	for (size_t p = 0; same && p < schema->n_props; p++) {
		text_cut(&s, 0);
		text_cut(&t, 0);
		if (x->given & 1ull << p && !(schema->props[p].flags & PROP_F_SECRET)) {
			value_print(&schema->props[p], &x->values[p], VALUE_ROUTEROS, &s);
			value_print(&schema->props[p], &y->values[p], VALUE_ROUTEROS, &t);
		}
		same = s.len == t.len && (s.len == 0 || memcmp(s.s, t.s, s.len) == 0);
	}
	text_free(&s);
	text_free(&t);
	return same;
}

int change_pick_one(const struct model *m, const struct change *c, const char *which, size_t *row,
		    struct text *why)
{
	enum menu_id menu = c->menu;
	bool id = which[0] == '*';
	char *end;
	unsigned long n;
	int found = model_find_index(m, menu, which);

	if (found >= 0) {
		*row = (size_t)found;
		return 0;
	}
	errno = 0;
	n = strtoul(which + id, &end, id ? 16 : 10);
	if (!which[id] || *end || errno || strspn(which + id, "0123456789abcdefABCDEF") == 0)
		return unknown_name(m, menu, which, why);
	n -= id; /* ids begin with 1 */
	if (n >= m->table[menu].n) {
		text_printf(why, "/%s: there is no row %s; there %s %zu",
			    schema_menu((int)menu)->path, which,
			    m->table[menu].n == 1 ? "is" : "are", m->table[menu].n);
		return -EINVAL;
	}
	if (c->shown && c->shown != m && !is_same_row(m, c->shown, menu, n)) {
		text_printf(why,
			    "/%s: what is in force is not what the file says, so row %s is "
			    "another one there; say its name or [find …]",
			    schema_menu((int)menu)->path, which);
		return -EINVAL;
	}
	*row = n;
	return 0;
}

static void take(size_t *rows, size_t *n, size_t row)
{
	for (size_t i = 0; i < *n; i++)
		if (rows[i] == row)
			return;
	rows[(*n)++] = row;
}

static int pick_items(const struct model *m, const struct change *c, size_t *rows, size_t *n,
		      struct text *why)
{
	const char *p = c->which;
	int rc = 0;

	while (rc == 0 && *p) {
		size_t len = strcspn(p, ","), row;
		char *one = strndup(p, len);

		rc = one ? change_pick_one(m, c, one, &row, why) : -ENOMEM;
		free(one);
		if (rc == 0)
			take(rows, n, row);
		p += len + (p[len] == ',');
	}
	if (rc == 0 && *n == 0) {
		text_puts(why, WHICH);
		rc = -EINVAL;
	}
	return rc;
}

static int pick_where(const struct model *m, const struct change *c, size_t *rows, size_t *n,
		      struct text *why)
{
	const struct model_table *t = &m->table[c->menu];
	struct text hint = {0};
	struct model_reading r;
	const struct prop *runs;
	struct filter *f = NULL;

	if (c->which) {
		f = filter_new(schema_menu((int)c->menu), c->which, why, &hint);
		text_free(&hint);
		if (!f)
			return -EINVAL;
		runs = filter_runtime(f);
		if (runs) { /* nothing of it is in the file: "!=" would find all */
			text_printf(why,
				    "find: %s is what runs, not configuration; look with \"print "
				    "where\", then name the rows",
				    runs->name);
			filter_free(f);
			return -EINVAL;
		}
	}
	for (size_t i = 0; i < t->n; i++)
		if (!f || filter_match(f, model_read(m, c->menu, i, &r)->values))
			rows[(*n)++] = i;
	filter_free(f);
	return 0;
}

int change_pick_rows(const struct model *m, const struct change *c, size_t **rows, size_t *n,
		     struct text *why)
{
	*n = 0;
	*rows = calloc(m->table[c->menu].n + 1, sizeof(**rows));
	if (!*rows)
		return -ENOMEM;
	switch (c->pick) {
	case CHANGE_ITEMS:
		return pick_items(m, c, *rows, n, why);
	case CHANGE_WHERE:
		return pick_where(m, c, *rows, n, why);
	case CHANGE_DEFAULT:
		if (!change_doc_has_builtin(c->menu)) {
			text_printf(why, "/%s: there is no default row here",
				    schema_menu((int)c->menu)->path);
			return -EINVAL;
		}
		return change_pick_one(m, c, "default", &(*rows)[(*n)++], why);
	default:
		text_puts(why, WHICH);
		return -EINVAL;
	}
}
