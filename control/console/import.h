/* SPDX-License-Identifier: BSD-3-Clause */
/* import.h - "espgw import": a cloud's file as our configuration. */
#ifndef ESPGW_CONSOLE_IMPORT_H
#define ESPGW_CONSOLE_IMPORT_H

#define IMPORT_USAGE                                                                               \
	"espgw import [--local ADDRESS | -c CONFIGURATION] [--name NAME] [--connection ID]\n"      \
	"             [--tunnel N] [--networks OURS=THEIRS]… [--output FILE] FILE"

/** Run it with the words behind "import". The exit code: 0, 1 not done, 2 not understood. */
int import_run(char **args, int n);

#endif
