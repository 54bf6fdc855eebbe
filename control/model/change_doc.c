/* SPDX-License-Identifier: BSD-3-Clause */
/* change_doc.c - where in a text the rows of a menu stand; see change_doc.h. */
#include "control/model/change_doc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/model.h"

static void find_place(struct change_doc *d)
{
	const char *s = d->file.source.text.s;
	struct change_place *p = &d->place;
	const char *word = "";
	char *dash;

	snprintf(p->words, sizeof(p->words), "%s", d->menu->path);
	dash = strrchr(p->words, ' ');
	if (dash)
		*dash = '\0';
	if (dash && schema_find_menu(p->words) >= 0) { /* beside the list it is below in words */
		*dash = '-';
		dash = strrchr(p->words, ' ');
		if (dash)
			*dash = '\0';
	}
	p->leaf = dash ? dash + 1 : p->words;
	p->inside = (struct edit_span){0, d->file.source.text.len};
	p->missing = "";
	for (word = dash ? p->words : ""; *word;) {
		size_t len = strcspn(word, " ");
		char name[32];
		struct edit_setting group;

		snprintf(name, sizeof(name), "%.*s", (int)len, word);
		if (!edit_find_setting(s, p->inside, name, &group)) {
			p->missing = word;
			return;
		}
		p->inside = edit_inside(group.value);
		word += len + (word[len] == ' ');
	}
	p->there = edit_find_setting(s, p->inside, p->leaf, &p->own);
}

bool change_doc_has_builtin(enum menu_id id)
{
	return id == MENU_PROFILE || id == MENU_PROPOSAL || id == MENU_GROUP;
}

static bool names_default(const char *s, struct edit_span element)
{
	struct edit_setting name;

	return edit_find_setting(s, edit_inside(element), "name", &name) &&
	       name.value.end - name.value.at == 9 &&
	       memcmp(s + name.value.at, "\"default\"", 9) == 0;
}

/* The elements of the list, and which row each of them is. */
static int find_elements(struct change_doc *d)
{
	const struct model_table *t = &d->model->table[d->menu_id];
	size_t room = t->n + 1, at, end;
	const char *s = d->file.source.text.s;
	int next = change_doc_has_builtin(d->menu_id) ? 1 : 0;
	struct edit_span inside;

	d->element = calloc(room, sizeof(*d->element));
	d->comma = calloc(room, sizeof(*d->comma));
	d->row_of = calloc(room, sizeof(*d->row_of));
	if (!d->element || !d->comma || !d->row_of)
		return -ENOMEM;
	if (!d->place.there || d->menu->flags & MENU_F_SINGLE)
		return 0;
	inside = edit_inside(d->place.own.value);
	at = inside.at;
	end = inside.end;
	while (d->n < room && edit_next_element(s, end, &at, &d->element[d->n])) {
		bool builtin = next && names_default(s, d->element[d->n]);

		d->comma[d->n] = at > d->element[d->n].end ? at - 1 : 0;
		d->row_of[d->n] = builtin ? 0 : next++;
		d->n++;
	}
	if ((size_t)next == t->n)
		return 0;
	text_printf(d->why,
		    "/%s: the file is written in a way that cannot be edited from here; "
		    "edit it by hand, then \"reload\"",
		    d->menu->path);
	return -EINVAL;
}

int change_doc_element(const struct change_doc *d, size_t row)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->row_of[i] == (int)row)
			return (int)i;
	return -1;
}

int change_doc_find(struct change_doc *d)
{
	d->menu = schema_menu((int)d->menu_id);
	find_place(d);
	return find_elements(d);
}

void change_doc_free(struct change_doc *d)
{
	free(d->element);
	free(d->comma);
	free(d->row_of);
}
