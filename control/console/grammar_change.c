/* SPDX-License-Identifier: BSD-3-Clause */
/* grammar_change.c - what stands behind add, set, remove and the like; see grammar_change.h. */
#include "control/console/grammar_change.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/addr.h"
#include "control/model/escape.h"
#include "control/model/suggest.h"
#include "control/model/value_print.h"

#define MAX_NAME 64

struct words {
	struct grammar_command *c;
	const char *verb, *p;
	const struct menu *menu;
	char *network; /* of /ip address: what RouterOS says twice */
	struct text *why;
};

/* Is word, which may be cut, a command that changes rows? */
static enum grammar_joining joining(const char *word)
{
	static const char *const verbs[] = {"add",     "set",  "remove",  "enable",
					    "disable", "move", "comment", "unset"};
	enum grammar_joining found = GRAMMAR_ASKING;
	size_t len = strlen(word);

	for (size_t i = 0; len && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strncmp(word, verbs[i], len) == 0 && found != GRAMMAR_CHANGING)
			found = verbs[i][len] == '\0' ? GRAMMAR_CHANGING : GRAMMAR_MAY_CHANGE;
	return found;
}

/* The last word of what may be a path: /ip/ipsec/peer/set. */
static const char *last_word(const char *arg)
{
	const char *last = arg;

	for (const char *p = arg; *p; p++)
		if (*p == '/' || isspace((unsigned char)*p))
			last = p + 1;
	return last;
}

static size_t name_length(const char *s)
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || (n && (s[n] == '-' || s[n] == '.')))
		n++;
	return n;
}

/* "name=", "name!=", "name~" and the like: its length, 0 when there is none. */
static size_t head_length(const char *arg, bool condition)
{
	size_t n = name_length(arg), op = strspn(arg + n, condition ? "!=~<>" : "=");

	return n && op ? n + (condition ? op : 1) : 0;
}

/* A word between the brackets of [find …]: the last one ends with the bracket. */
static void join_condition(struct text *line, const char *arg, bool last)
{
	size_t head = head_length(arg, true), len = strlen(arg) - last;

	if (head && head < len && arg[head] != '"' && strpbrk(arg + head, " \t\"\\()")) {
		text_add(line, arg, head);
		value_print_quoted(arg + head, len - head, line);
		text_puts(line, last ? "]" : "");
	} else {
		text_puts(line, arg);
	}
}

static void join_change(struct text *line, const char *arg)
{
	size_t head = head_length(arg, false), len = strlen(arg);

	if (head && arg[head] != '"' && strncmp(arg + head, "[find", 5) != 0 &&
	    strpbrk(arg + head, " \t\n\r\v\f\"\\;$[]{#")) {
		text_add(line, arg, head);
		value_print_quoted(arg + head, len - head, line);
	} else if (strchr(arg, ' ') && !strpbrk(arg, "[]=\"")) {
		value_print_quoted(arg, len, line); /* comment 0 "two words" */
	} else {
		text_puts(line, arg);
	}
}

void grammar_join(struct text *line, const char *arg, struct grammar_joiner *j)
{
	enum grammar_joining word = joining(last_word(arg));
	size_t len = strlen(arg);

	text_puts(line, line->len ? " " : "");
	if (j->brackets) {
		j->brackets = len == 0 || arg[len - 1] != ']';
		join_condition(line, arg, !j->brackets);
		return;
	}
	if (j->state == GRAMMAR_ASKING)
		text_puts(line, arg);
	else
		join_change(line, arg);
	j->brackets = j->state != GRAMMAR_ASKING && strchr(arg, '[') && !strchr(arg, ']') &&
		      (*arg == '[' || strstr(arg, "=[find"));
	if (j->state == GRAMMAR_MAY_CHANGE && len > 1 && strncmp("print", arg, len) == 0)
		j->state = GRAMMAR_ASKING; /* "ad" was an address */
	else if (j->state != GRAMMAR_CHANGING && word != GRAMMAR_ASKING)
		j->state = word;
}

static int wrong(const struct words *w, const char *what)
{
	text_printf(w->why, "%s: %s", w->verb, what);
	return -EINVAL;
}

/* --- one word with its quotes --- */

/* What stands behind a backslash in quotes. */
static int take_escape(struct words *w, struct text *out)
{
	char byte;
	size_t took = escape_take(w->p, &byte);

	if (took == 0)
		return wrong(w, "a backslash in quotes needs \\\\ \\\" \\n \\r \\t \\_ \\$ or two "
				"hex digits, capital ones, behind it");
	if (byte == '\0')
		return wrong(w, "a zero byte cannot be part of a value");
	w->p += took;
	text_add(out, &byte, 1);
	return 0;
}

static int take_quoted(struct words *w, struct text *out)
{
	int rc = 0;

	for (w->p++; rc == 0 && *w->p && *w->p != '"';) {
		if (*w->p == '\\') {
			w->p++;
			rc = take_escape(w, out);
		} else if (*w->p == '$') {
			return wrong(w, "variables are not known here; a dollar sign is written "
					"\\$");
		} else {
			text_add(out, w->p++, 1);
		}
	}
	if (rc == 0 && *w->p != '"')
		return wrong(w, "a quote is not closed");
	w->p += rc == 0;
	return rc;
}

/* A value, up to the next blank outside of quotes. */
static int take_value(struct words *w, struct text *out)
{
	int rc = 0;

	text_add(out, "", 0);
	while (rc == 0 && *w->p && !isspace((unsigned char)*w->p)) {
		if (*w->p == '"')
			rc = take_quoted(w, out);
		else if (*w->p == '$' || *w->p == '[' || *w->p == '{' || *w->p == ';')
			return wrong(w, "scripts are not run here: quotes around a value with "
					"$ [ { or ; in it");
		else
			text_add(out, w->p++, 1);
	}
	return rc == 0 && out->failed ? -ENOMEM : rc;
}

static bool more(struct words *w)
{
	while (isspace((unsigned char)*w->p))
		w->p++;
	return *w->p != '\0' && *w->p != '#';
}

/* --- properties --- */

static bool can_be_set(const struct prop *p)
{
	return !(p->flags & (PROP_F_RUNTIME | PROP_F_REFUSED));
}

static int unknown_prop(const struct words *w, const char *name)
{
	char hint[SUGGEST_MAX_LEN * 2];
	struct suggest near;
	const char *sep = "; accepted: ";

	suggest_start(&near, name);
	for (size_t i = 0; i < w->menu->n_props; i++)
		if (can_be_set(&w->menu->props[i]))
			suggest_offer(&near, w->menu->props[i].name);
	text_printf(w->why, "%s: /%s has no property \"%s\"%s", w->verb, w->menu->path, name,
		    suggest_text(&near, hint, sizeof(hint)));
	for (size_t i = 0; i < w->menu->n_props && !*hint; i++) {
		if (!can_be_set(&w->menu->props[i]))
			continue;
		text_printf(w->why, "%s%s", sep, w->menu->props[i].name);
		sep = ", ";
	}
	return -EINVAL;
}

/* A name, or as much of it as no other begins with. */
static int find_prop(const struct words *w, const char *name)
{
	int only = schema_find_prop(w->menu, name);

	for (size_t i = 0; only < 0 && i < w->menu->n_props; i++) {
		if (!can_be_set(&w->menu->props[i]) ||
		    strncmp(w->menu->props[i].name, name, strlen(name)) != 0)
			continue;
		for (size_t k = i + 1; k < w->menu->n_props; k++)
			if (can_be_set(&w->menu->props[k]) &&
			    strncmp(w->menu->props[k].name, name, strlen(name)) == 0)
				return unknown_prop(w, name);
		only = (int)i;
	}
	if (only < 0)
		return unknown_prop(w, name);
	if (w->menu->props[only].flags & PROP_F_RUNTIME) {
		text_printf(w->why, "%s: %s is read-only", w->verb, w->menu->props[only].name);
		return -EINVAL;
	}
	return only;
}

/* RouterOS has it, espgw has not: fine as long as it asks for nothing. */
static int refused_prop(const struct words *w, const struct prop *p, const char *text)
{
	if (p->preset && strcmp(text, p->preset) == 0)
		return 0;
	text_printf(w->why, "%s: %s: %s%s%s", w->verb, p->name, p->help,
		    p->preset ? "; accepted: " : "", p->preset ? p->preset : "");
	return -EINVAL;
}

static int check_network(const struct words *w)
{
	const struct change *ch = &w->c->change;

	for (size_t i = 0; w->network && i < ch->n_pairs; i++)
		if (ch->pair[i].prop == ADDRESS_ADDRESS && ch->pair[i].text &&
		    addr_is_network_of(w->network, ch->pair[i].text))
			return 0;
	return w->network ? refused_prop(w, &w->menu->props[ADDRESS_NETWORK], w->network) : 0;
}

/* Takes text over; NULL: back to the default. */
static int add_pair(struct words *w, const char *name, struct text *text)
{
	struct change *ch = &w->c->change;
	int prop = find_prop(w, name);

	if (prop < 0)
		return prop;
	if (text && ch->menu == MENU_ADDRESS && prop == ADDRESS_NETWORK && !w->network) {
		w->network = text_steal(text);
		return w->network ? 0 : -ENOMEM;
	}
	if (w->menu->props[prop].flags & PROP_F_REFUSED)
		return text ? refused_prop(w, &w->menu->props[prop], text->s) : 0;
	for (size_t i = 0; i < ch->n_pairs; i++)
		if (ch->pair[i].prop == prop) {
			text_printf(w->why, "%s: %s is said twice", w->verb,
				    w->menu->props[prop].name);
			return -EINVAL;
		}
	if (ch->n_pairs == CHANGE_MAX_PAIRS)
		return wrong(w, "too many properties");
	ch->pair[ch->n_pairs].prop = prop;
	if (text) {
		ch->pair[ch->n_pairs].text = text_steal(text);
		if (!ch->pair[ch->n_pairs].text)
			return -ENOMEM;
	}
	ch->n_pairs++;
	return 0;
}

/* --- rows --- */

/* "[find …]": what is between the brackets goes to the filter as it is. */
static int take_find(struct words *w)
{
	struct change *ch = &w->c->change;
	const char *begin, *end;
	bool quoted = false;

	for (begin = w->p + 1; isspace((unsigned char)*begin);)
		begin++;
	for (end = begin; *end && (quoted || *end != ']'); end++) {
		if (*end == '\\' && end[1])
			end++;
		else if (*end == '"')
			quoted = !quoted;
	}
	if (strncmp(begin, "find", 4) != 0 ||
	    !(isspace((unsigned char)begin[4]) || begin[4] == ']'))
		return wrong(w, "of the expressions in brackets only [find …] is known");
	if (*end != ']')
		return wrong(w, "a bracket is not closed");
	if (ch->pick != CHANGE_NONE)
		return wrong(w, "the rows are said twice");
	w->p = end + 1;
	for (begin += 4; begin < end && isspace((unsigned char)*begin);)
		begin++;
	while (end > begin && isspace((unsigned char)end[-1]))
		end--;
	if (end - begin > 6 && strncmp(begin, "where ", 6) == 0)
		begin += 6;
	ch->pick = CHANGE_WHERE;
	if (end - begin == 11 && strncmp(begin, "default=yes", 11) == 0)
		ch->pick = CHANGE_DEFAULT;
	else if (end > begin)
		ch->which = strndup(begin, (size_t)(end - begin));
	return ch->pick == CHANGE_WHERE && end > begin && !ch->which ? -ENOMEM : 0;
}

static int put(struct words *w, char **to, struct text *text, const char *what)
{
	if (*to) {
		text_printf(w->why, "%s: %s said twice", w->verb, what);
		return -EINVAL;
	}
	*to = text_steal(text);
	return *to ? 0 : -ENOMEM;
}

static int take_items(struct words *w, struct text *text)
{
	struct change *ch = &w->c->change;

	if (ch->pick != CHANGE_NONE)
		return wrong(w, "the rows are said twice");
	ch->pick = CHANGE_ITEMS;
	return put(w, &ch->which, text, "the rows are");
}

/* A word that is not name=value. */
static int take_bare(struct words *w, struct text *text)
{
	struct change *ch = &w->c->change;

	if (strcmp(text->s, "?") == 0) {
		w->c->verb = GRAMMAR_HELP;
		return 0;
	}
	if (text->s[0] == '!' && ch->verb == CHANGE_SET)
		return add_pair(w, text->s + 1, NULL);
	if (ch->verb == CHANGE_ADD || w->menu->flags & MENU_F_SINGLE) {
		if (strcmp(w->verb, "unset") == 0)
			return add_pair(w, text->s, NULL);
		text_printf(w->why, "%s: \"%.80s\" is not of the form name=value", w->verb,
			    text->s);
		return -EINVAL;
	}
	if (ch->pick == CHANGE_NONE)
		return take_items(w, text);
	if (ch->verb == CHANGE_MOVE)
		return put(w, &ch->before, text, "the destination is");
	if (strcmp(w->verb, "unset") == 0)
		return add_pair(w, text->s, NULL);
	if (strcmp(w->verb, "comment") == 0)
		return add_pair(w, "comment", text);
	text_printf(w->why, "%s: \"%.80s\" is not of the form name=value", w->verb, text->s);
	return -EINVAL;
}

static int take_pair(struct words *w, const char *name, struct text *text)
{
	struct change *ch = &w->c->change;

	if (strcmp(name, "numbers") == 0 && ch->verb != CHANGE_ADD)
		return take_items(w, text);
	if (strcmp(name, "place-before") == 0 && ch->verb == CHANGE_ADD)
		return put(w, &ch->before, text, "place-before is");
	if (strcmp(name, "destination") == 0 && ch->verb == CHANGE_MOVE)
		return put(w, &ch->before, text, "the destination is");
	if (strcmp(name, "value-name") == 0 && strcmp(w->verb, "unset") == 0)
		return add_pair(w, text->s, NULL);
	if (strcmp(name, "copy-from") == 0 && ch->verb == CHANGE_ADD)
		return wrong(w, "copy-from is not built; say the properties");
	if (strcmp(w->verb, "set") != 0 && strcmp(w->verb, "add") != 0 &&
	    strcmp(w->verb, "comment") != 0) {
		text_printf(w->why, "%s: takes rows alone; to change %s say set", w->verb, name);
		return -EINVAL;
	}
	return add_pair(w, name, text);
}

static int take_word(struct words *w)
{
	size_t n = name_length(w->p);
	struct text text = {0};
	char name[MAX_NAME] = "";
	int rc;

	if (*w->p == '[')
		return take_find(w);
	if (n && n < sizeof(name) && w->p[n] == '=') {
		memcpy(name, w->p, n);
		name[n] = '\0';
		w->p += n + 1;
		if (strncmp(w->p, "[find", 5) == 0 || strncmp(w->p, "[ find", 6) == 0)
			return strcmp(name, "numbers") == 0
				       ? take_find(w)
				       : wrong(w, "a row is named, not found, here");
	}
	rc = take_value(w, &text);
	if (rc == 0)
		rc = *name ? take_pair(w, name, &text) : take_bare(w, &text);
	text_free(&text);
	return rc;
}

/* What a whole command must have. */
static int check(const struct words *w)
{
	const struct change *ch = &w->c->change;
	int rc = check_network(w);

	if (rc)
		return rc;
	if (ch->verb == CHANGE_ADD && ch->n_pairs == 0)
		return wrong(w, "properties are missing: add name=value …; \"add ?\" lists them");
	if (ch->verb != CHANGE_ADD && ch->pick == CHANGE_NONE && !(w->menu->flags & MENU_F_SINGLE))
		return wrong(w, "which rows? Their numbers or names, or [find …]");
	if (ch->verb == CHANGE_SET && ch->n_pairs == 0)
		return wrong(w, "what is to be changed is missing");
	return 0;
}

int grammar_change(struct grammar_command *c, const char *verb, const char *rest, struct text *why)
{
	struct words w = {
		.c = c, .verb = verb, .p = rest, .menu = schema_menu(c->menu), .why = why};
	struct text word = {0};
	int rc = 0;

	c->change.menu = (enum menu_id)c->menu;
	c->change.verb = strcmp(verb, "add") == 0      ? CHANGE_ADD
			 : strcmp(verb, "remove") == 0 ? CHANGE_REMOVE
			 : strcmp(verb, "move") == 0   ? CHANGE_MOVE
						       : CHANGE_SET;
	while (rc == 0 && c->verb == GRAMMAR_CHANGE && more(&w))
		rc = take_word(&w);
	if (rc == 0 && c->verb == GRAMMAR_CHANGE &&
	    (strcmp(verb, "enable") == 0 || strcmp(verb, "disable") == 0)) {
		text_puts(&word, *verb == 'd' ? "yes" : "no");
		rc = add_pair(&w, "disabled", &word);
		text_free(&word);
	}
	if (rc == -ENOMEM)
		text_puts(why, "not enough memory");
	if (rc == 0 && c->verb == GRAMMAR_CHANGE)
		rc = check(&w);
	free(w.network);
	return rc;
}
