/* SPDX-License-Identifier: BSD-3-Clause */
/* export.h - the configuration as RouterOS commands. */
#ifndef ESPGW_CONSOLE_EXPORT_H
#define ESPGW_CONSOLE_EXPORT_H

#include <stdbool.h>

#include "control/model/text.h"

struct model;

/** What was said in the file, in the menus at or below path; secrets only when sensitive. */
void export_print(const struct model *m, const char *path, bool sensitive, struct text *out);

#endif
