/* SPDX-License-Identifier: BSD-3-Clause */
/* change_pick.h - which rows a command means: numbers, names, ids, or [find …]. */
#ifndef ESPGW_MODEL_CHANGE_PICK_H
#define ESPGW_MODEL_CHANGE_PICK_H

#include "control/model/change.h"

struct model;

/** One row: its number in print, its name, or its id ("*1A"). 0, or -EINVAL + why; a number that is
 * another row in the file than in c->shown means none. */
int change_pick_one(const struct model *m, const struct change *c, const char *which, size_t *row,
		    struct text *why);

/** All rows that a change names, each once, in the order they were named; malloc()ed. 0, or
 * -EINVAL/-ENOMEM + why. [find …] may find none. */
int change_pick_rows(const struct model *m, const struct change *c, size_t **rows, size_t *n,
		     struct text *why);

#endif
