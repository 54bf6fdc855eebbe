/* SPDX-License-Identifier: BSD-3-Clause */
/* algorithms.h - "espgw algorithms dh": the Diffie-Hellman groups, and what each costs here. */
#ifndef ESPGW_CONSOLE_ALGORITHMS_H
#define ESPGW_CONSOLE_ALGORITHMS_H

#include <stdint.h>

#include "control/model/text.h"

#define ALGORITHMS_RUNS 15u /* of each operation; the median counts */

/**
 * Every group of RFC 2409 to RFC 8031 that peers name: number, name, bits, its level in RFC 8247
 * section 2.4, what it takes to use it here, and the time of a key pair and of a shared secret.
 * now: a clock in ns; runs: of each operation, at least 1. 0, or -EIO: OpenSSL failed.
 */
int algorithms_dh(uint64_t (*now)(void), unsigned int runs, bool json, struct text *out);

#endif
