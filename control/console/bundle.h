/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bundle.h - what a gateway knows of itself in one file, for somebody else to read: diagnosis,
 * configuration, every menu with the log. Only what the console shows to everybody goes in, so no
 * secret and no key; addresses, names and identities do.
 */
#ifndef ESPGW_CONSOLE_BUNDLE_H
#define ESPGW_CONSOLE_BUNDLE_H

#include <stddef.h>

/**
 * Write the bundle of the gateway at fd (client_connect()) into a new file that only its owner can
 * read; one that exists is left alone. args are the words behind "diagnose": a peer, vendor=,
 * lang=. The exit code; why it is not 0 is said on standard error, and no file is left then.
 */
int bundle_write(int fd, const char *path, const char *const *args, size_t n_args);

#endif
