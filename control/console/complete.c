/* SPDX-License-Identifier: BSD-3-Clause */
/* complete.c - what may come next on a command line. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "control/console/verbs.h"

struct place {
	char path[64];
	const struct verb *verb;
	bool where;
};

/* Follow the whole words of a line. False when one of them is not known. */
static bool follow(struct place *at, const char *line, size_t len)
{
	size_t i = 0;

	while (i < len) {
		char word[64], path[160];
		size_t n = 0;

		while (i < len &&
		       (isspace((unsigned char)line[i]) || (!at->verb && line[i] == '/')))
			i++;
		while (i + n < len && !isspace((unsigned char)line[i + n]) &&
		       !(!at->verb && line[i + n] == '/'))
			n++;
		if (n == 0)
			break;
		snprintf(word, sizeof(word), "%.*s", (int)(n < 63 ? n : 63), line + i);
		i += n;
		if (at->verb) {
			at->where |= strcmp(word, "where") == 0;
			continue;
		}
		snprintf(path, sizeof(path), "%s%s%s", at->path, *at->path ? " " : "", word);
		at->verb = verbs_find(schema_find_menu(at->path), at->path, word);
		if (at->verb)
			continue;
		if (strlen(path) >= sizeof(at->path) ||
		    (schema_find_menu(path) < 0 && !verbs_is_folder(path)))
			return false;
		strcpy(at->path, path);
	}
	return true;
}

static void offer(const char *word, const char *begun, void (*fn)(void *, const char *), void *arg)
{
	if (strncmp(word, begun, strlen(begun)) == 0)
		fn(arg, word);
}

void grammar_complete(const char *line, void (*fn)(void *arg, const char *word), void *arg)
{
	char known[GRAMMAR_MAX_WORDS][GRAMMAR_MAX_WORD];
	struct place at = {0};
	size_t len = strlen(line), n;
	const char *begun;

	while (len && !isspace((unsigned char)line[len - 1]) && line[len - 1] != '/' &&
	       line[len - 1] != '(' && line[len - 1] != '!')
		len--;
	begun = line + len;
	if (!follow(&at, line, len))
		return;
	if (at.where) {
		const struct menu *menu = schema_menu(schema_find_menu(at.path));

		for (size_t i = 0; menu && i < menu->n_props; i++)
			if (!(menu->props[i].flags & (PROP_F_REFUSED | PROP_F_SECRET)))
				offer(menu->props[i].name, begun, fn, arg);
	} else if (at.verb) {
		for (const char *const *o = at.verb->options; o && *o; o++)
			offer(*o, begun, fn, arg);
	} else {
		n = verbs_at(at.path, known);
		for (size_t i = 0; i < n; i++)
			offer(known[i], begun, fn, arg);
	}
}
