/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * grammar.h - words of a command line to a command.
 *
 *   [/]menu… print [all] [detail|terse] [count-only] [show-sensitive] [where …]
 *   Menus, commands and names of properties may be cut as far as they stay unique.
 *   /ip ipsec installed-sa flush          /ip ipsec active-peers kill-connections [peer=NAME]
 *   /ip ipsec installed-sa rekey [peer=NAME]    /ip ipsec active-peers rekey [peer=NAME]
 *   reload          [/menu…] export [hide-sensitive|show-sensitive]
 *   [/menu…] help   version
 *   /menu… add NAME=VALUE… [place-before=ROW]    /menu… set ROWS NAME=VALUE…
 *   /menu… remove|enable|disable ROWS            /menu… move ROWS [ROW]
 *   /menu… comment ROWS "TEXT"                   /menu… unset ROWS NAME…
 *     ROWS: numbers or names with commas between, *ID, [find], [find CONDITION]
 *   diagnose [PEER] [vendor=NAME] [lang=en|zh] [hide-sensitive]
 *   probe PEER [aggressive|phase2]
 */
#ifndef ESPGW_CONSOLE_GRAMMAR_H
#define ESPGW_CONSOLE_GRAMMAR_H

#include "control/ike/vendor.h"
#include "control/model/change.h"
#include "control/model/menus.h"
#include "control/model/text.h"

#define GRAMMAR_MAX_LINE (64u << 10)

enum grammar_verb {
	GRAMMAR_PRINT,
	GRAMMAR_FLUSH,
	GRAMMAR_KILL,
	GRAMMAR_REKEY_SAS,
	GRAMMAR_REKEY_PEERS,
	GRAMMAR_RELOAD,
	GRAMMAR_CHANGE, /* add, set, remove, enable, disable, move, comment, unset */
	GRAMMAR_DIAGNOSE,
	GRAMMAR_PROBE,
	GRAMMAR_EXPORT,
	GRAMMAR_HELP, /* also a menu and nothing else */
	GRAMMAR_VERSION,
};

struct grammar_command {
	enum grammar_verb verb;
	int menu;      /* enum menu_id, -1: none (path says where) */
	char path[64]; /* words of the menu or of what lies above menus; "" = the root */
	bool detail, terse, count_only, sensitive;
	struct change change;	 /* GRAMMAR_CHANGE */
	char *where;		 /* owned; NULL = all rows */
	char peer[64];		 /* kill-connections, rekey, diagnose; "" = all */
	enum ike_vendor vendor;	 /* diagnose */
	bool zh, hide_sensitive; /* diagnose: Chinese; nothing that narrows a secret down */
	bool aggressive, phase2; /* probe */
};

/** Understand n words. 0, or -EINVAL and why (with the nearest known word). Free it in both cases.
 */
int grammar_parse(struct grammar_command *c, const char *const *args, size_t n_args,
		  struct text *why);
void grammar_free(struct grammar_command *c);

/**
 * Words that may come next behind a line that ends in a word begun: calls fn for each that begins
 * with that word. Paths, verbs, options of print, names of properties behind "where".
 */
void grammar_complete(const char *line, void (*fn)(void *arg, const char *word), void *arg);

#endif
