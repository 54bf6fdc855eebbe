/* SPDX-License-Identifier: BSD-3-Clause */
/* compare.h - "espgw diagnose --cloud": the cloud's own diagnosis beside ours. */
#ifndef ESPGW_CONSOLE_COMPARE_H
#define ESPGW_CONSOLE_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Hold the file, what Alibaba's DiagnoseVpnConnections answered ("-": standard input), against what
 * this side saw. args: the words behind diagnose; fd: control's socket, -1: it does not answer, and
 * the cloud speaks alone. The exit code, 0 or 1.
 */
int compare_run(int fd, const char *path, const char *const *args, size_t n_args, bool json);

#endif
