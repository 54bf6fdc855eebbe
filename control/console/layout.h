/* SPDX-License-Identifier: BSD-3-Clause */
/* layout.h - how a menu looks when printed: flags, and columns where RouterOS has columns. */
#ifndef ESPGW_CONSOLE_LAYOUT_H
#define ESPGW_CONSOLE_LAYOUT_H

#include "control/model/menus.h"

#define LAYOUT_FLAG_DEFAULT (-1) /* instead of a property: the row named "default" */

struct layout_flag {
	int prop;
	char letter;
	int slot; /* flags that exclude each other share one */
	const char *text;
};

struct layout_column {
	int prop;
	int width;
	bool right;
};

struct layout {
	const struct layout_flag *flags; /* ends with letter 0 */
	int slots;
	const struct layout_column *columns; /* ends with width 0; NULL: name=value pairs */
	int comment;			     /* property of the ";;;" line, -1 = none */
};

const struct layout *layout_of(enum menu_id menu);

/** Is a property shown by a flag or the comment line, so that text leaves it out of the pairs? */
bool layout_has_prop(const struct layout *l, int prop);

#endif
