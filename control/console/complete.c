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
		verbs_expand(at->path, word, sizeof(word));
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

/* "name=" of the properties that can be set; behind that, the words a property takes, also behind
 * the commas of a list. */
static void offer_pairs(const struct menu *menu, const char *begun,
			void (*fn)(void *, const char *), void *arg)
{
	const char *sign = strchr(begun, '='), *comma = sign ? strrchr(sign, ',') : NULL;
	char word[192];

	for (size_t i = 0; i < menu->n_props; i++) {
		const struct prop *p = &menu->props[i];
		int head = sign ? (int)((comma ? comma : sign) - begun) + 1 : 0;

		if (p->flags & (PROP_F_RUNTIME | PROP_F_REFUSED))
			continue;
		snprintf(word, sizeof(word), "%s=", p->name);
		if (!sign) {
			offer(word, begun, fn, arg);
			continue;
		}
		if (strncmp(begun, word, strlen(word)) != 0)
			continue;
		for (const struct domain_word *w = p->domain->words; w && w->name; w++) {
			snprintf(word, sizeof(word), "%.*s%s", head, begun, w->name);
			if (!w->refused)
				offer(word, begun, fn, arg);
		}
		for (int k = 0; k < 2 && p->type == PROP_BOOL; k++) {
			snprintf(word, sizeof(word), "%.*s%s", head, begun, k ? "yes" : "no");
			offer(word, begun, fn, arg);
		}
	}
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
	} else if (at.verb && at.verb->verb == GRAMMAR_CHANGE) {
		offer_pairs(schema_menu(schema_find_menu(at.path)), begun, fn, arg);
	} else if (at.verb) {
		for (const char *const *o = at.verb->options; o && *o; o++)
			offer(*o, begun, fn, arg);
	} else {
		n = verbs_at(at.path, known);
		for (size_t i = 0; i < n; i++)
			offer(known[i], begun, fn, arg);
	}
}
