/* SPDX-License-Identifier: BSD-3-Clause */
/* client.h - the client's side of the console's socket. */
#ifndef ESPGW_CONSOLE_CLIENT_H
#define ESPGW_CONSOLE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CLIENT_UNREACHABLE 3 /* exit code: no daemon answers */

/** Connect to an instance. A descriptor, or -1 after saying why on standard error. */
int client_connect(const char *instance);

/**
 * Send a command, print the answer: text to standard output, note to standard error. The exit code,
 * or CLIENT_UNREACHABLE after saying why.
 */
int client_run(int fd, const char *const *args, size_t n_args, bool json);

/** The same, with the text and the note elsewhere. */
int client_run_to(int fd, const char *const *args, size_t n_args, bool json, FILE *out,
		  FILE *notes);

/** Read commands from the terminal (or standard input) until its end or "quit". The exit code. */
int client_interactive(const char *instance, bool json);

#endif
