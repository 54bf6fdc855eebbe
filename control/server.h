/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * server.h - the UNIX socket of control: frames of the console protocol in and out, for root and
 * the daemon's own user only.
 */
#ifndef ESPGW_CONTROL_SERVER_H
#define ESPGW_CONTROL_SERVER_H

#include <stddef.h>
#include <stdint.h>

struct console_result;
struct event_base;
struct server;

#define SERVER_MAX_CLIENTS 32u

/* Runs one command; result is to be filled in as console_execute() does. With a ticket in it the
 * answer waits for server_turn(). */
typedef void server_run_fn(void *ctx, const char *const *args, size_t n_args, int json,
			   unsigned int width, struct console_result *result);

/**
 * Take the instance (a lock beside the socket; released by the end of the process, however it
 * comes), replace a stale socket, listen with mode 0600. NULL + errno; EADDRINUSE when another
 * control of this instance runs. why tells which step failed.
 */
struct server *server_new(struct event_base *base, const char *path, server_run_fn *run, void *ctx,
			  const char **why);

/** Close all clients, remove the socket. NULL is fine. */
void server_free(struct server *s);

/* What became of a change: 0, -EAGAIN: not known yet, or another -errno. *note: malloc()ed, or
 * NULL.
 */
typedef int server_settled_fn(void *ctx, uint64_t ticket, char **note);

/** Answer those whose change has ended, or has had time enough. Once per turn of the loop. */
void server_turn(struct server *s, uint64_t now, server_settled_fn *settled);

/** The directory of a socket, when it is not there yet. 0 or -errno. */
int server_make_dir(const char *path);

#endif
