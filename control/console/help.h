/* SPDX-License-Identifier: BSD-3-Clause */
/* help.h - what there is, from the schema. */
#ifndef ESPGW_CONSOLE_HELP_H
#define ESPGW_CONSOLE_HELP_H

#include "control/model/text.h"

/** Menus and commands at a path; of a menu its properties: type, default, meaning. */
void help_print(int menu, const char *path, unsigned int width, struct text *out);

/** What a property accepts, in words: "yes or no", "md5, sha1, …". */
struct prop;
void help_accepts(const struct prop *p, struct text *out);

#endif
