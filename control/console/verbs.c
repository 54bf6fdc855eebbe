/* SPDX-License-Identifier: BSD-3-Clause */
/* verbs.c - which commands there are, and in which menu. */
#include "control/console/verbs.h"

#include <stdio.h>
#include <string.h>

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct verb verbs[] = {
	{"print", GRAMMAR_PRINT, VERBS_ANY_MENU,
	 WORDS("all", "brief", "detail", "terse", "stats", "without-paging", "count-only",
	       "show-sensitive", "where"),
	 "show the rows"},
	{"add", GRAMMAR_CHANGE, VERBS_LIST, NULL, "add a row: add name=value …"},
	{"set", GRAMMAR_CHANGE, VERBS_CONFIG, NULL,
	 "change rows: set ROWS name=value …; ROWS are names, numbers of print, or [find …]"},
	{"unset", GRAMMAR_CHANGE, VERBS_CONFIG, NULL, "back to the default: unset ROWS name …"},
	{"remove", GRAMMAR_CHANGE, VERBS_LIST, NULL, "remove rows: remove ROWS"},
	{"enable", GRAMMAR_CHANGE, VERBS_DISABLE, NULL, "have rows count again: enable ROWS"},
	{"disable", GRAMMAR_CHANGE, VERBS_DISABLE, NULL,
	 "have rows as if they were not there: disable ROWS"},
	{"move", GRAMMAR_CHANGE, VERBS_LIST, NULL,
	 "change the order: move ROWS [ROW they come before]"},
	{"comment", GRAMMAR_CHANGE, VERBS_COMMENT, NULL, "comment ROWS \"text\""},
	{"flush", GRAMMAR_FLUSH, MENU_INSTALLED_SA, NULL,
	 "remove all SAs and tell the peers; traffic negotiates new ones"},
	{"kill-connections", GRAMMAR_KILL, MENU_ACTIVE_PEERS, WORDS("peer="),
	 "delete the IKE SAs of all peers, or of one, and tell them"},
	{"rekey", GRAMMAR_REKEY_SAS, MENU_INSTALLED_SA, WORDS("peer="),
	 "replace the SA pairs in use, of all peers or of one"},
	{"rekey", GRAMMAR_REKEY_PEERS, MENU_ACTIVE_PEERS, WORDS("peer="),
	 "replace the IKE SAs of all peers, or of one"},
	{"diagnose", GRAMMAR_DIAGNOSE, VERBS_ROOT, WORDS("vendor=", "lang=", "hide-sensitive"),
	 "say why tunnels are not up or pass nothing, and who must change which setting"},
	{"probe", GRAMMAR_PROBE, VERBS_ROOT, WORDS("aggressive", "phase2"),
	 "ask a peer what it answers: IKE versions and modes, UDP ports, sizes; or what it takes "
	 "in "
	 "phase 2"},
	{"reload", GRAMMAR_RELOAD, VERBS_ROOT, NULL,
	 "read the configuration file again: all of it takes effect, or nothing"},
	{"export", GRAMMAR_EXPORT, VERBS_ANYWHERE,
	 WORDS("hide-sensitive", "show-sensitive", "compact"),
	 "show the configuration as RouterOS commands"},
	{"help", GRAMMAR_HELP, VERBS_ANYWHERE, NULL, "show what there is"},
	{"?", GRAMMAR_HELP, VERBS_ANYWHERE, NULL, "the same"},
	{"version", GRAMMAR_VERSION, VERBS_ROOT, NULL, "show the version"},
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

const struct verb *verbs_at_index(size_t i)
{
	return i < VERBS ? &verbs[i] : NULL;
}

static bool fits_config(int where, const struct menu *menu)
{
	if (menu->flags & MENU_F_RUNTIME)
		return false;
	if (where == VERBS_DISABLE)
		return schema_find_prop(menu, "disabled") >= 0;
	if (where == VERBS_COMMENT)
		return schema_find_prop(menu, "comment") >= 0;
	return where == VERBS_CONFIG || !(menu->flags & MENU_F_SINGLE);
}

static bool fits(const struct verb *v, int menu, const char *path)
{
	switch (v->where) {
	case VERBS_ANY_MENU:
		return menu >= 0;
	case VERBS_ROOT:
		return *path == '\0';
	case VERBS_ANYWHERE:
		return true;
	case VERBS_CONFIG:
	case VERBS_LIST:
	case VERBS_DISABLE:
	case VERBS_COMMENT:
		return menu >= 0 && fits_config(v->where, schema_menu(menu));
	default:
		return v->where == menu;
	}
}

const struct verb *verbs_find(int menu, const char *path, const char *name)
{
	for (size_t i = 0; i < VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0 && fits(&verbs[i], menu, path))
			return &verbs[i];
	return NULL;
}

bool verbs_has_option(const struct verb *v, const char *word)
{
	for (const char *const *o = v->options; o && *o; o++) {
		size_t n = strlen(*o);
		bool value = (*o)[n - 1] == '=';

		if (value ? strncmp(*o, word, n) == 0 && word[n] : strcmp(*o, word) == 0)
			return true;
	}
	return false;
}

static const struct {
	const char *name, *why;
	bool common; /* to all menus */
} refused[] = {
	{"edit", "there is no editor here; \"set\" changes a value", true},
	{"get", "\"print\" shows values; \"print where …\" those of some rows", true},
	{"import", "commands of a file are read by the shell's \"espgw < FILE\"", false},
	{"reset-configuration", "edit or replace the file, then \"reload\"", false},
	{"ping",
	 "the operating system's ping, on a host of the network; /tool netwatch pings "
	 "through tunnels all the time",
	 false},
	{"monitor",
	 "\"print\" shows what is so now; dpdk-telemetry.py has the data "
	 "plane's counters",
	 false},
	{"find", "only behind set, remove, enable, disable, move, comment: set [find …]", true},
};

#define REFUSED (sizeof(refused) / sizeof(refused[0]))

const char *verbs_refused(const char *name)
{
	for (size_t i = 0; i < REFUSED; i++)
		if (strcmp(name, refused[i].name) == 0)
			return refused[i].why;
	return NULL;
}

bool verbs_is_begun(const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < VERBS; i++)
		if (strncmp(verbs[i].name, word, len) == 0)
			return true;
	for (size_t i = 0; i < REFUSED; i++)
		if (strncmp(refused[i].name, word, len) == 0)
			return true;
	return false;
}

bool verbs_is_common(const char *word)
{
	for (size_t i = 0; i < VERBS; i++)
		if (verbs[i].where < 0 && verbs[i].where != VERBS_ROOT &&
		    strcmp(verbs[i].name, word) == 0)
			return true;
	for (size_t i = 0; i < REFUSED; i++)
		if (refused[i].common && strcmp(refused[i].name, word) == 0)
			return true;
	return false;
}

void verbs_expand(const char *path, char *word, size_t size)
{
	char known[GRAMMAR_MAX_WORDS][GRAMMAR_MAX_WORD];
	size_t n = verbs_at(path, known), len = strlen(word);
	const char *only = NULL;

	if (*path == '\0' && strcmp(word, "log") == 0) { /* its name in RouterOS */
		snprintf(word, size, "system log");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (strcmp(known[i], word) == 0)
			return;
		if (strncmp(known[i], word, len) != 0)
			continue;
		if (only)
			return;
		only = known[i];
	}
	if (only && len)
		snprintf(word, size, "%s", only);
}

bool verbs_is_folder(const char *path)
{
	for (int i = 0; i < MENU_MAX; i++)
		if (schema_is_below(schema_menu(i)->path, path))
			return true;
	return false;
}

size_t verbs_at(const char *path, char words[GRAMMAR_MAX_WORDS][GRAMMAR_MAX_WORD])
{
	size_t n = 0, skip = *path ? strlen(path) + 1 : 0;
	int menu = schema_find_menu(path);

	for (int i = 0; i < MENU_MAX && n < GRAMMAR_MAX_WORDS; i++) {
		const char *below = schema_menu(i)->path;
		bool known = false;

		if (!schema_is_below(below, path))
			continue;
		snprintf(words[n], GRAMMAR_MAX_WORD, "%.*s", (int)strcspn(below + skip, " "),
			 below + skip);
		for (size_t k = 0; k < n; k++)
			known |= strcmp(words[k], words[n]) == 0;
		n += !known;
	}
	for (size_t i = 0; i < VERBS && n < GRAMMAR_MAX_WORDS; i++)
		if (fits(&verbs[i], menu, path))
			snprintf(words[n++], GRAMMAR_MAX_WORD, "%s", verbs[i].name);
	return n;
}
