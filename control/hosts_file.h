/* SPDX-License-Identifier: BSD-3-Clause */
/* hosts_file.h - addresses of a name from a hosts file (hosts(5)). */
#ifndef ESPGW_CONTROL_HOSTS_FILE_H
#define ESPGW_CONTROL_HOSTS_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/messages.h"

/**
 * The first addresses of a name, at most max, of one family (4, 6) or of both (0). What is no line
 * of a hosts file is passed over. Returns how many; 0 also when there is no such file.
 */
size_t hosts_file_find(const char *path, const char *host, uint8_t family, struct abi_addr *out,
		       size_t max);

#endif
