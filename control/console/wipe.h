/* SPDX-License-Identifier: BSD-3-Clause */
/* wipe.h - memory of the libraries that requests and answers go through: secrets stand in them, so
 * what is given back is wiped. */
#ifndef ESPGW_CONSOLE_WIPE_H
#define ESPGW_CONSOLE_WIPE_H

#include <stddef.h>

/** Wipe and free(); NULL is fine. */
void wipe_free(void *p);

/** realloc() that leaves no copy behind. */
void *wipe_realloc(void *p, size_t len);

/** Have jansson wipe what it gives back. Once, before it is used. */
void wipe_setup(void);

#endif
