/* SPDX-License-Identifier: BSD-3-Clause */
/* verbs.h - which commands there are, and in which menu. */
#ifndef ESPGW_CONSOLE_VERBS_H
#define ESPGW_CONSOLE_VERBS_H

#include "control/console/grammar.h"

#define GRAMMAR_MAX_WORDS 64
#define GRAMMAR_MAX_WORD  32

#define VERBS_ANY_MENU (-1) /* every menu */
#define VERBS_ROOT     (-2) /* the root alone */
#define VERBS_ANYWHERE (-3) /* every menu, and above them */
#define VERBS_CONFIG   (-4) /* menus of the configuration */
#define VERBS_LIST     (-5) /* those with rows */
#define VERBS_DISABLE  (-6) /* those whose rows can be disabled */
#define VERBS_COMMENT  (-7) /* those whose rows have comments */

struct verb {
	const char *name;
	enum grammar_verb verb;
	int where;		    /* enum menu_id, or one of the above */
	const char *const *options; /* ends with NULL; "peer=" stands for peer=NAME */
	const char *help;
};

/** The word that a word stands for at a place: itself, the one that it alone begins, or for "log"
 * at the root "system log". */
void verbs_expand(const char *path, char *word, size_t size);

/** The verb of that name at a place, or NULL. */
const struct verb *verbs_find(int menu, const char *path, const char *name);
bool verbs_has_option(const struct verb *v, const char *word);

/** Why a command of RouterOS is refused, or NULL when it is none. */
const char *verbs_refused(const char *name);

/** Does a command of ours or of RouterOS, wherever it is one, begin with a word? */
bool verbs_is_begun(const char *word);

/** Is it a command that any menu may have, so that no place of RouterOS's has its name? */
bool verbs_is_common(const char *word);

/** Does a menu lie below path? */
bool verbs_is_folder(const char *path);

/** The words that can follow a path: menus below it, then verbs. Returns how many. */
size_t verbs_at(const char *path, char words[GRAMMAR_MAX_WORDS][GRAMMAR_MAX_WORD]);

/** The i-th verb of all, NULL past the end. */
const struct verb *verbs_at_index(size_t i);

#endif
