/* SPDX-License-Identifier: BSD-3-Clause */
/* input.h - a file that the operator names, as a whole. */
#ifndef ESPGW_CONSOLE_INPUT_H
#define ESPGW_CONSOLE_INPUT_H

#include <stddef.h>

/** At most max bytes of a file, "-": of standard input. To be given back with input_free(). NULL
 * after saying why. */
char *input_read(const char *path, size_t max, size_t *len);
/** Wipes it: it may hold secrets. NULL is fine. */
void input_free(char *data, size_t len);

#endif
