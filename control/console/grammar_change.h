/* SPDX-License-Identifier: BSD-3-Clause */
/* grammar_change.h - what stands behind add, set, remove and the other commands that change rows.
 */
#ifndef ESPGW_CONSOLE_GRAMMAR_CHANGE_H
#define ESPGW_CONSOLE_GRAMMAR_CHANGE_H

#include "control/console/grammar.h"

/** Understand the rest of a line behind verb, for the menu of c. 0, or -EINVAL and why. */
int grammar_change(struct grammar_command *c, const char *verb, const char *rest, struct text *why);

/**
 * Append one word of a shell to a line. The shell has taken the quotes off: behind a command that
 * changes rows (*changing) they are put back around values that need them.
 */
void grammar_join(struct text *line, const char *arg, bool *changing);

/** Is a word a command that changes rows? */
bool grammar_changes(const char *word);

#endif
