/* SPDX-License-Identifier: BSD-3-Clause */
/* loop.h - the event loop of control: turns the gateway, serves the socket, takes signals. */
#ifndef ESPGW_CONTROL_LOOP_H
#define ESPGW_CONTROL_LOOP_H

struct gateway;

/**
 * Run until SIGTERM or SIGINT and the orderly end after it; SIGHUP reloads. 0, or -errno when the
 * loop could not be set up.
 */
int loop_run(struct gateway *g, const char *socket_path);

#endif
