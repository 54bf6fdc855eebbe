/* SPDX-License-Identifier: BSD-3-Clause */
/* escape.h - what stands behind a backslash in RouterOS's quotes. */
#ifndef ESPGW_MODEL_ESCAPE_H
#define ESPGW_MODEL_ESCAPE_H

#include <stddef.h>

/**
 * The byte that the text behind a backslash stands for: n r t a b f v, _ (a blank), ? $ " \ for
 * themselves, or two hex digits, which are capital: \aB is a bell and a B. Returns how many
 * characters it takes, 0 when it stands for nothing.
 */
size_t escape_take(const char *p, char *byte);

#endif
