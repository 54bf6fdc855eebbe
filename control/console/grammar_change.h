/* SPDX-License-Identifier: BSD-3-Clause */
/* grammar_change.h - what stands behind add, set, remove and the other commands that change rows.
 */
#ifndef ESPGW_CONSOLE_GRAMMAR_CHANGE_H
#define ESPGW_CONSOLE_GRAMMAR_CHANGE_H

#include "control/console/grammar.h"

/** Understand the rest of a line behind verb, for the menu of c. 0, or -EINVAL and why. */
int grammar_change(struct grammar_command *c, const char *verb, const char *rest, struct text *why);

/* What the words of a shell so far are: a cut one may be a menu as well. */
enum grammar_joining { GRAMMAR_ASKING, GRAMMAR_MAY_CHANGE, GRAMMAR_CHANGING };

struct grammar_joiner {
	enum grammar_joining state;
	bool brackets; /* [find … was begun */
};

/**
 * Append one word of a shell to a line. The shell has taken the quotes off: behind a command that
 * changes rows they are put back around values that need them. *j is all zero first.
 */
void grammar_join(struct text *line, const char *arg, struct grammar_joiner *j);

#endif
